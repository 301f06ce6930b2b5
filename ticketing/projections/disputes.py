"""Disputes: what became of a ticket's disputes, and what may be asked of them.

Rates are of tickets and their disputes, those opened in the period being the cohort. A dispute that was settled or
withdrawn before a verdict, or whose ticket was cancelled, can no longer come to one: a competing ending. Shares leave
out disputes of cancelled tickets, and all of these figures those of tickets never received.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ticketing.domain import events as e
from ticketing.domain.hours import micros
from ticketing.domain.values import Event, Recorded
from ticketing.projections.aftermath import Aftermath
from ticketing.projections.agreement import DECISIONS
from ticketing.projections.cases import case_of
from ticketing.projections.counts import Counted, Counts, Rate
from ticketing.projections.decisions import clauses_of, pinned_name
from ticketing.projections.report import Figure, ReportRow, rate
from ticketing.projections.sample import DAY, SECOND, Group, in_order
from ticketing.projections.statistics import rounded
from ticketing.projections.survival import incidence
from ticketing.projections.turnaround import LEFT_OUT, NEVER_RECEIVED

OWN = ("clause", "ground", "standard")
DISPUTES = Figure("disputes", 1, ("opened_in",), OWN)
DAYS_TO_VERDICT = Figure("days_to_verdict", 1, ("opened_in",))
VERDICTS_FOR = Figure("verdicts_for", 1, ("opened_in",))
DISPUTED_OVERTURNED = Figure("disputed_overturned", 1, ("opened_in",))

Disputed = tuple[
    str, str, int, int | None, int | None, str | None, str | None, bool | None, str | None, tuple[str, ...]
]
"""A `Dispute` as a row has it."""


class Dispute(NamedTuple):
    """One dispute, instants in microseconds.

    Attributes:
        opened_at: When it was opened.
        verdict_at: When its first verdict was issued.
        closed_at: When it was closed last; None while it is open.
        in_favour_of: Whom its last verdict favours; None where none is in force.
        closed: How it was closed; None while it is open.
        is_overturned: Whether the decision that it is about did not stand; None where it names none.
        standard: What was pinned when that decision was made, as `KEY@VERSION`; without one, what is pinned.
        clauses: Those that the decision names, else that of the last verdict.
    """

    dispute_id: str
    ground: str
    opened_at: int
    verdict_at: int | None
    closed_at: int | None
    in_favour_of: str | None
    closed: str | None
    is_overturned: bool | None
    standard: str | None
    clauses: Sequence[str]

    def under(self, own: Sequence[str]) -> set[Group]:
        """What it counts under, by dimensions of its own; one that names several clauses counts under each."""
        clauses = self.clauses if "clause" in own else ()
        names = [{"clause": clause, "ground": self.ground, "standard": self.standard} for clause in clauses or (None,)]
        return {tuple(one[name] for name in own) for one in names}


def disputes_of(facts: Sequence[Recorded[Event]]) -> tuple[Disputed, ...]:
    """The disputes of a ticket.

    Args:
        facts: Those that `kept_facts` keeps, in order of version.
    """
    opened = {fact.event.dispute_id: fact for fact in facts if isinstance(fact.event, e.DisputeOpened)}
    return tuple(_disputed(dispute_id, fact, facts) for dispute_id, fact in opened.items())


def _disputed(dispute_id: str, opened: Recorded[Event], facts: Sequence[Recorded[Event]]) -> Disputed:
    own = case_of(opened, facts).own
    ended = next(one for one in Aftermath(own).disputes_ended() if one.dispute_id == dispute_id)
    verdicts = _about(dispute_id, e.VerdictIssued, own)
    closings = _about(dispute_id, e.DisputeClosed, own) if ended.closed is not None else []
    decision = _decision(facts, ended.about_version)
    before, is_overturned, clauses = own, None, clauses_of(verdicts[-1].event) if verdicts else ()
    if decision is not None:
        whole = case_of(decision, facts).own
        before = [fact for fact in whole if fact.version < decision.version]
        is_overturned = Aftermath(whole).standing.overturned_by(decision) is not None
        clauses = clauses_of(decision.event) or clauses
    return (
        dispute_id,
        ended.ground,
        micros(opened.occurred_at),
        min((micros(fact.occurred_at) for fact in verdicts), default=None),
        micros(closings[-1].occurred_at) if closings else None,
        ended.in_favour_of,
        ended.closed,
        is_overturned,
        pinned_name(Aftermath(before).pinned),
        tuple(dict.fromkeys(clauses)),
    )


def _about(dispute_id: str, kind: type[Event], facts: Iterable[Recorded[Event]]) -> list[Recorded[Event]]:
    return [
        one for one in facts if isinstance(one.event, kind) and getattr(one.event, "dispute_id", None) == dispute_id
    ]


def _decision(facts: Sequence[Recorded[Event]], version: int | None) -> Recorded[Event] | None:
    return next((fact for fact in facts if fact.version == version and isinstance(fact.event, DECISIONS)), None)


# what is asked of the rows


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket with a dispute, instants in microseconds.

    Attributes:
        cancelled_at: When it was closed as cancelled; None if it was not.
        was_received: Whether its unit came, or none had to.
        disputes: Its disputes.
    """

    group: Group
    opened_at: int
    observed_until: int
    cancelled_at: int | None
    was_received: bool
    disputes: Sequence[Dispute]

    @property
    def is_left_out(self) -> bool:
        return self.cancelled_at is not None or not self.was_received


COLUMNS = (
    *("cohort_at", "observed_until", "CASE WHEN is_cancelled = 1 THEN closed_at END"),
    *(f"CASE WHEN {NEVER_RECEIVED} THEN 0 ELSE 1 END", "disputes"),
)
DISPUTED = Counts(at="opened_at", conditions={"disputed": "first_dispute_at IS NOT NULL"})
"""The tickets of which `COLUMNS` are asked."""


def tickets(chosen: Iterable[tuple[Any, ...]]) -> list[Ticket]:
    """The tickets that were chosen."""
    return [
        Ticket(group, opened_at, until, cancelled_at, bool(received), [Dispute(*one) for one in json.loads(text)])
        for group, opened_at, until, cancelled_at, received, text in chosen
    ]


def opened(h_days: int) -> Counts:
    """The tickets that are asked whether they had a dispute."""
    return Counts(at="opened_at", conditions=_rate(h_days).conditions())


def _rate(h_days: int) -> Rate:
    return Rate(
        figure=DISPUTES,
        excluded=LEFT_OUT,
        censored=f"opened_at + {h_days * DAY} > observed_until",
        had=f"first_dispute_at <= opened_at + {h_days * DAY}",
        none=f"no ticket of the period was opened {h_days} days ago",
    )


@dataclass(slots=True)
class _Counted:
    """The disputes of one group."""

    tickets: int = 0
    ended: list[int] = field(default_factory=list)
    competing: list[int] = field(default_factory=list)
    censored: list[int] = field(default_factory=list)
    never_received: int = 0
    left_out: int = 0
    favoured: dict[str, int] = field(default_factory=dict)
    without_verdict: int = 0
    about_none: int = 0
    undecided: int = 0
    stood: int = 0
    overturned: int = 0


def disputes(
    counted: Counted, found: Iterable[Ticket], own: Sequence[str], h_days: int, percentiles: Sequence[int]
) -> list[ReportRow]:
    """Tickets disputed ÷ opened; days to the verdict; whom verdicts favour; disputed decisions that did not stand.

    Args:
        counted: What `opened` counts, by dimensions of tickets.
        found: The tickets with disputes.
        own: Dimensions of disputes, which tickets do not have.
        h_days: How long after opening a dispute counts.
        percentiles: Of the days.
    """
    groups: dict[Group, _Counted] = defaultdict(_Counted)
    for ticket in found:
        _count(groups, ticket, own, h_days)
    tallies = {tuple(group.values()): tally.numbers for group, tally in counted.groups()}
    every = groups or tallies if own else tallies
    width, names = len(counted.by), (*counted.by, *own)
    parts = [(dict(zip(names, part, strict=False)), part[:width], groups[part]) for part in in_order(every)]
    rows = [_disputed_rate(group, tallies[of], one, h_days) for group, of, one in parts]
    rows += [_days(group, one, percentiles) for group, _, one in parts]
    rows += [row for group, _, one in parts for row in _favoured(group, one)]
    return rows + [_overturned(group, one) for group, _, one in parts]


def _disputed_rate(
    group: Mapping[str, str | None], numbers: Mapping[str, int], one: _Counted, h_days: int
) -> ReportRow:
    return rate(
        DISPUTES,
        "opened_in",
        group,
        numerator=one.tickets,
        denominator=numbers.get("disputes.asked", 0),
        reason=_rate(h_days).none,
        excluded=numbers.get("disputes.excluded", 0),
        censored=numbers.get("disputes.censored", 0),
    )


def _count(groups: Mapping[Group, _Counted], ticket: Ticket, own: Sequence[str], h_days: int) -> None:
    last_at = ticket.opened_at + h_days * DAY
    is_asked = not ticket.is_left_out and last_at <= ticket.observed_until
    asked: set[Group] = set()
    for dispute in ticket.disputes:
        for under in dispute.under(own):
            group = (*ticket.group, *under)
            _count_days(groups[group], ticket, dispute)
            _count_outcome(groups[group], ticket, dispute)
            if is_asked and dispute.opened_at <= last_at:
                asked.add(group)
    for group in asked:
        groups[group].tickets += 1


def _count_days(counted: _Counted, ticket: Ticket, dispute: Dispute) -> None:
    if not ticket.was_received:
        counted.never_received += 1
    elif ticket.cancelled_at is not None:
        ends = [at for at in (dispute.verdict_at, dispute.closed_at, ticket.cancelled_at) if at is not None]
        counted.competing.append(_seconds(dispute, min(ends)))
    elif dispute.verdict_at is not None:
        counted.ended.append(_seconds(dispute, dispute.verdict_at))
    elif dispute.closed_at is not None:
        counted.competing.append(_seconds(dispute, dispute.closed_at))
    else:
        counted.censored.append(_seconds(dispute, ticket.observed_until))


def _count_outcome(counted: _Counted, ticket: Ticket, dispute: Dispute) -> None:
    if ticket.is_left_out:
        counted.left_out += 1
        return
    if dispute.in_favour_of is None:
        counted.without_verdict += 1
    else:
        counted.favoured[dispute.in_favour_of] = counted.favoured.get(dispute.in_favour_of, 0) + 1
    if dispute.is_overturned is None:
        counted.about_none += 1
    elif dispute.closed is None and dispute.in_favour_of is None:
        counted.undecided += 1
    else:
        counted.stood += not dispute.is_overturned
        counted.overturned += dispute.is_overturned


def _seconds(dispute: Dispute, until: int) -> int:
    return max(0, until - dispute.opened_at) // SECOND


def _days(group: Mapping[str, str | None], one: _Counted, percentiles: Sequence[int]) -> ReportRow:
    curve = incidence(one.ended, one.competing, one.censored)
    found = {f"p{percent}": curve.quantile(percent) for percent in percentiles}
    ended, competing, censored = len(one.ended), len(one.competing), len(one.censored)
    missing = [name for name, quantile in found.items() if quantile.at is None]
    reason = f"{', '.join(missing)} not reached: of {ended + competing + censored} disputes {censored} wait for a"
    reason += f" verdict and {competing} ended without one"
    if not ended + competing + censored:
        reason = "no ticket of the period was disputed"
    return ReportRow(
        figure=DAYS_TO_VERDICT.name,
        definition=DAYS_TO_VERDICT.definition,
        cohort="opened_in",
        group=group,
        percentiles={name: _in_days(quantile.at) for name, quantile in found.items()},
        reason=reason if missing else None,
        unit="d",
        numerator=ended,
        denominator=ended + competing + censored,
        excluded=one.never_received,
        censored=censored,
        low={name: _in_days(quantile.low) for name, quantile in found.items()},
        high={name: _in_days(quantile.high) for name, quantile in found.items()},
    )


def _in_days(seconds: int | None) -> float | None:
    return None if seconds is None else rounded(seconds * SECOND / DAY)


def _favoured(group: Mapping[str, str | None], one: _Counted) -> Iterator[ReportRow]:
    """For each party that a verdict in force favours, how many of these verdicts do."""
    for party in sorted(one.favoured):
        yield rate(
            VERDICTS_FOR,
            "opened_in",
            {**group, "in_favour_of": party},
            numerator=one.favoured[party],
            denominator=sum(one.favoured.values()),
            reason="",
            excluded=one.without_verdict + one.left_out,
        )


def _overturned(group: Mapping[str, str | None], one: _Counted) -> ReportRow:
    return rate(
        DISPUTED_OVERTURNED,
        "opened_in",
        group,
        numerator=one.overturned,
        denominator=one.stood + one.overturned,
        reason="no dispute about a decision on record is over",
        excluded=one.about_none + one.left_out,
        censored=one.undecided,
    )
