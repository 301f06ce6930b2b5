"""Decisions: every decision of a ticket as it was recorded, beside what the standard said of the facts known then.

Laws of this file: what was known is the history before the decision, by version, with the corrections and retractions
of that time. What was recorded later is told apart; it changes neither the decision nor its first assessment.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from uuid import UUID

from ticketing.domain import events as e
from ticketing.domain.assessment import Assessment
from ticketing.domain.cuts import surviving
from ticketing.domain.known import Known, known_of
from ticketing.domain.reference import StandardPublished
from ticketing.domain.standard import assess
from ticketing.domain.values import Event, Money, Recorded, decimal_text
from ticketing.projections.aftermath import Aftermath, ClaimEnded, DisputeEnded, Stake
from ticketing.projections.agreement import (
    DECISIONS,
    Agreement,
    Says,
    agreement,
    basis_says,
    claim_says,
    refusal_says,
    verdict_says,
)
from ticketing.projections.cases import Case, case_of
from ticketing.projections.dimensions import TAKEN, Dimensions, with_dimensions
from ticketing.projections.standing import Stands

Standards = Callable[[str, int, int], StandardPublished | None]
"""The standard of a key and version if it was published before a position of the log, else None.

It raises UnreadableEvent where that version cannot be read.
"""

IsAsked = Callable[["Subject", Recorded[Event]], bool]
"""Whether a decision of a ticket is asked about."""

Kept = Literal["same", "differs", "none"]


@dataclass(frozen=True, slots=True)
class Subject:
    """The ticket of a decision, as it is known at the cut.

    Attributes:
        site: Of the last completed repair, else of the opening, as in every report.
    """

    ticket_id: UUID
    number: str | None
    manufacturer: str | None
    site: str | None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a decision's case ended, or stands at the cut; `pinned` as `KEY@VERSION`."""

    entitlement: e.Basis | None
    pinned: str | None
    disputes: tuple[DisputeEnded, ...]
    claims: tuple[ClaimEnded, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision, replayed.

    Attributes:
        ticket: Whose.
        fact: As it was recorded, whatever was made of it later.
        said: What was decided, in codes: `misuse`, `none, was warranty`, `25.00 of 30.00 EUR`, `for customer`.
        says: The same in the words of an assessment; None where no standard could be held against it.
        clauses: What it names.
        decider: Who decided: the judge of a verdict, else the actor.
        approved_by: Who approved it, if that is on record.
        known: What was known then that a standard may ask about.
        pinned: `KEY@VERSION` of the standard pinned then; None where none was.
        assessed: What that version said of the facts known then; None without it.
        kept: Whether the assessment stored beside the decision is the same; `none` where none is stored.
        agreement: How decision and assessment stand to each other.
        under: What the other version asked about says of the facts known then; None where it is not asked.
        arrived: The facts recorded later, up to the cut, with which what a standard may ask about, or the standard
            pinned, became other than it was then; none where it is the same at the cut.
        pinned_since: `KEY@VERSION` of the standard pinned at the cut; None where nothing arrived, or none is.
        assessed_since: What that version says with them; None without it.
        marks: What later records, as they survive, did to the decision itself: `retracted by 14`.
        stands: Whether it stood at the cut.
        overturned_by: The version of the fact with which it was overturned; None where it was not.
        ended: How its case ended.
        stakes: The money that it is about.
    """

    ticket: Subject
    fact: Recorded[Event]
    said: str
    says: Says | None
    clauses: tuple[str, ...]
    decider: str
    approved_by: str | None
    known: Known
    pinned: str | None
    assessed: Assessment | None
    kept: Kept
    agreement: Agreement
    under: Assessment | None
    arrived: tuple[Recorded[Event], ...]
    pinned_since: str | None
    assessed_since: Assessment | None
    marks: tuple[str, ...]
    stands: Stands
    overturned_by: int | None
    ended: Ended
    stakes: tuple[Stake, ...]


def replayed(
    history: Sequence[Recorded[Event]],
    standards: Standards,
    under: StandardPublished | None = None,
    is_asked: IsAsked = lambda ticket, fact: True,
) -> list[Decision]:
    """The decisions of a ticket in order of version.

    Args:
        history: The ticket's history up to the cut, as recorded, in order of version.
        standards: What was published.
        under: A version to assess under as well, where the ticket is of its manufacturer or had its key pinned.
        is_asked: Which of them; the others are spared the work.
    """
    life = _Life(history, standards, under)
    return [
        life.decision(index)
        for index, fact in enumerate(history)
        if isinstance(fact.event, DECISIONS) and is_asked(life.ticket, fact)
    ]


class _Life:
    """One ticket, as known at the cut, and as known before each of its facts."""

    def __init__(
        self, history: Sequence[Recorded[Event]], standards: Standards, under: StandardPublished | None
    ) -> None:
        self._history = history
        self._standards = standards
        self._under = under
        self._facts = surviving(history)
        self.ticket = _subject(self._facts, history[0].stream_id)

    @cached_property
    def _whole(self) -> "_End":
        """The end of a ticket that is one case: made once, however many decisions it has."""
        return _End(Case(self._facts, self._facts))

    def _end(self, fact: Recorded[Event]) -> "_End":
        case = case_of(fact, self._facts)
        return self._whole if case.own is self._facts else _End(case)

    def decision(self, index: int) -> Decision:
        fact = self._history[index]
        case = case_of(fact, surviving(self._history[:index]))
        then, end = Aftermath(case.own), self._end(fact)
        pinned = then.pinned
        standard = self._pinned(pinned, fact.position)
        known = known_of(case.telling)
        assessed = None if standard is None else assess(standard, known)
        arrived = tuple(self._arrived(index, (known, pinned_name(pinned)), end))
        standard_since = self._pinned(end.aftermath.pinned, self._history[-1].position + 1) if arrived else None
        stands, overturned_by = end.aftermath.standing.of(fact)
        said, says = _said(fact.event, then)
        return Decision(
            ticket=self.ticket,
            fact=fact,
            said=said,
            says=says,
            clauses=clauses_of(fact.event),
            decider=fact.event.by if isinstance(fact.event, e.VerdictIssued) else fact.actor.id,
            approved_by=fact.event.approved_by if isinstance(fact.event, e.EntitlementRevised) else None,
            known=known,
            pinned=pinned_name(pinned),
            assessed=assessed,
            kept=_kept(fact.event, assessed),
            agreement=agreement(says, assessed),
            under=self._assessed_under(pinned, known),
            arrived=arrived,
            pinned_since=pinned_name(end.aftermath.pinned) if arrived else None,
            assessed_since=assess(standard_since, end.known) if standard_since is not None else None,
            marks=tuple(self._marks(fact.version)),
            stands=stands,
            overturned_by=overturned_by,
            ended=end.ended,
            stakes=end.aftermath.stakes(fact.event),
        )

    def _pinned(self, pinned: e.StandardPinned | None, before: int) -> StandardPublished | None:
        if pinned is None or pinned.standard is None or pinned.standard_version is None:
            return None
        return self._standards(pinned.standard, pinned.standard_version, before)

    def _assessed_under(self, pinned: e.StandardPinned | None, known: Known) -> Assessment | None:
        under = self._under
        if under is None:
            return None
        is_pinned = pinned is not None and pinned.standard == under.key
        return assess(under, known) if is_pinned or self.ticket.manufacturer == under.manufacturer else None

    def _arrived(self, index: int, then: tuple[Known, str | None], end: "_End") -> Iterator[Recorded[Event]]:
        if then == (end.known, pinned_name(end.aftermath.pinned)):
            return
        decision, now = self._history[index], then
        for last, fact in enumerate(self._history[index + 1 :], index + 2):
            case = case_of(decision, surviving(self._history[:last]))
            now, before = (known_of(case.telling), pinned_name(Aftermath(case.own).pinned)), now
            if now != before:
                yield fact

    def _marks(self, version: int) -> Iterator[str]:
        for fact in self._facts:
            match fact.event:
                case e.EventRetracted(target_version=target) if target == version:
                    yield f"retracted by {fact.version}"
                case e.EventCorrected(target_version=target, field=field) if target == version:
                    yield f"{field} corrected by {fact.version}"
                case _:
                    pass


class _End:
    """What became of one case, at the cut."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self.aftermath = Aftermath(case.own)
        self.ended = Ended(
            self.aftermath.entitlement,
            pinned_name(self.aftermath.pinned),
            self.aftermath.disputes_ended(),
            self.aftermath.claims_ended(),
        )

    @cached_property
    def known(self) -> Known:
        """What is known of it that a standard may ask about."""
        return known_of(self._case.telling)


def _subject(facts: Sequence[Recorded[Event]], ticket_id: UUID) -> Subject:
    row = Dimensions(ticket_id=ticket_id)
    number = None
    taken = [fact for fact in facts if type(fact.event) in TAKEN]
    for fact in sorted(taken, key=lambda fact: (fact.occurred_at, fact.version)):
        row = with_dimensions(row, fact)
        if isinstance(fact.event, e.TicketOpened):
            number = number or fact.event.number
    return Subject(ticket_id, number, row.manufacturer, row.site)


def _said(event: Event, then: Aftermath) -> tuple[str, Says | None]:
    """What a decision decided, in codes, and in the words of an assessment."""
    match event:
        case e.ServiceRefused():
            return event.ground or "", refusal_says(event)
        case e.EntitlementDecided():
            return event.basis, basis_says(event.basis)
        case e.EntitlementRevised():
            return f"{event.to_basis}, was {event.from_basis}", basis_says(event.to_basis)
        case e.ClaimDecided():
            claim = then.claims.get(event.claim_id)
            return _approved(event.amount_approved, claim), claim_says(event, claim)
        case e.VerdictIssued():
            dispute = then.disputes.get(event.dispute_id)
            return f"for {event.in_favour_of}", verdict_says(event, dispute)
        case _:
            raise TypeError(f"{type(event).__name__} is no decision")


def _approved(approved: Money, claim: e.ClaimSubmitted | None) -> str:
    amount = decimal_text(approved.amount)
    if claim is None:
        return f"{amount} {approved.currency}"
    of = claim.amount
    between = "" if of.currency == approved.currency else f" {approved.currency}"
    return f"{amount}{between} of {decimal_text(of.amount)} {of.currency}"


def clauses_of(event: Event) -> tuple[str, ...]:
    """The clauses that a decision names."""
    match event:
        case e.EntitlementDecided():
            return event.clauses
        case e.ServiceRefused() | e.ClaimDecided() | e.VerdictIssued():
            return (event.clause,) if event.clause is not None else ()
        case _:
            return ()


def pinned_name(pinned: e.StandardPinned | None) -> str | None:
    """`KEY@VERSION` of what was pinned; None where no standard was."""
    if pinned is None or pinned.standard is None:
        return None
    return pinned.standard if pinned.standard_version is None else f"{pinned.standard}@{pinned.standard_version}"


def _kept(event: Event, assessed: Assessment | None) -> Kept:
    stored = getattr(event, "assessment", None)
    if stored is None:
        return "none"
    return "same" if stored == assessed else "differs"
