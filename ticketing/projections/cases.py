"""Cases: which fault of a ticket a fact is about, where the ticket was reopened for a new one.

A reopening for a new fault begins another case on the same ticket; on any other ground the same case goes on. A fact is
of the case that had begun, on record and in time, when it happened; but a verdict, a statement or a settlement is of
the case of its dispute, a dispute of that of the fact it is about, and what is decided on a claim of that of the claim.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ticketing.domain import events as e
from ticketing.domain.values import Event, Recorded

_DECIDED_NOW = (e.ServiceRefused, e.EntitlementDecided, e.EntitlementRevised, e.StandardPinned, e.TicketReopened)
"""Whoever decides or pins, does so on what is on record, whenever that is said to have been."""

_OF_THE_UNIT = (e.ProofOfPurchaseRecorded, e.UnitIdentified)
"""The receipt and the unit's own data say the same of every fault."""


@dataclass(frozen=True, slots=True)
class Case:
    """The facts of one case, in order of version.

    Attributes:
        own: What happened in it, with what was pinned before it.
        telling: What a standard may ask about in it: all that happened up to its end, and what is said of the unit.
    """

    own: Sequence[Recorded[Event]]
    telling: Sequence[Recorded[Event]]


def case_of(decision: Recorded[Event], facts: Sequence[Recorded[Event]]) -> Case:
    """The case that a decision is about, as the surviving facts of its ticket have it."""
    if not any(isinstance(fact.event, e.TicketReopened) and fact.event.ground == "new_fault" for fact in facts):
        return Case(facts, facts)
    earlier = [fact for fact in facts if fact.version < decision.version]
    *_, number = _numbers([*earlier, decision])
    numbered = list(zip(_numbers(facts), facts, strict=True))
    return Case(
        [fact for at, fact in numbered if at == number or (at < number and isinstance(fact.event, e.StandardPinned))],
        [fact for at, fact in numbered if at <= number or isinstance(fact.event, _OF_THE_UNIT)],
    )


@dataclass(slots=True)
class _Read:
    """The cases read so far: when each after the first began, and which one facts, disputes and claims are of."""

    begun: list[datetime] = field(default_factory=list)
    versions: dict[int, int] = field(default_factory=dict)
    disputes: dict[str, int] = field(default_factory=dict)
    claims: dict[str, int] = field(default_factory=dict)

    def number(self, fact: Recorded[Event]) -> int:
        match fact.event:
            case e.DisputeOpened(about_version=int(version)) if version in self.versions:
                return self.versions[version]
            case e.ClaimDecided(claim_id=claim) if claim in self.claims:
                return self.claims[claim]
        dispute = getattr(fact.event, "dispute_id", None)
        if dispute in self.disputes:
            return self.disputes[dispute]
        if isinstance(fact.event, _DECIDED_NOW):
            return len(self.begun)
        return sum(at <= fact.occurred_at for at in self.begun)


def _numbers(facts: Iterable[Recorded[Event]]) -> Iterator[int]:
    """For each fact the number of its case, from 0."""
    read = _Read()
    for fact in facts:
        if isinstance(fact.event, e.TicketReopened) and fact.event.ground == "new_fault":
            read.begun.append(fact.occurred_at)
        number = read.versions[fact.version] = read.number(fact)
        match fact.event:
            case e.DisputeOpened(dispute_id=dispute):
                read.disputes[dispute] = number
            case e.ClaimSubmitted(claim_id=claim):
                read.claims[claim] = number
            case _:
                """Names nothing that others are about."""
        yield number
