"""Restated: clocks that were judged twice with different verdicts, and the facts that made the difference."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ticketing.domain import events as e
from ticketing.domain.judged import Judged, State
from ticketing.domain.values import Event, Recorded, instant_text

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """One fact that was recorded after the first verdict, and changed it.

    Attributes:
        version: The fact's place in the ticket's history.
        what: What it is: something entered late, or a correction or retraction of an earlier fact.
        fact: The name of the fact, for a correction or retraction that of the fact it is about.
        field: Which field was corrected.
        late_seconds: How long after it was true it was recorded; of a late entry only.
    """

    version: int
    what: Literal["late_entry", "correction", "retraction"]
    fact: str
    recorded_at: datetime
    field: str | None = None
    late_seconds: int | None = None

    def plain(self) -> dict[str, object]:
        """What JSON has of it."""
        return {
            "version": self.version,
            "what": self.what,
            "fact": self.fact,
            "field": self.field,
            "recorded_at": instant_text(self.recorded_at),
            "late_seconds": self.late_seconds,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A clock whose second judgement is not the first.

    Attributes:
        ticket: The ticket's number.
        first: How it stood as judged then, or by the version in force; None where that version had no such clock.
        first_at: When it came to that; None where it had no verdict.
        first_by: The policy with the version that judged.
        second: The same at present, or by the version asked about.
        because: What changed the verdict, in the order in which it was recorded; empty where another version did.
    """

    ticket: str
    ticket_id: str
    policy: str
    clock: str
    cycle: int
    subject: str | None
    started_at: datetime
    first: State | None
    first_at: datetime | None
    first_by: str | None
    second: State | None
    second_at: datetime | None
    second_by: str
    because: tuple[Because, ...] = ()

    @property
    def clock_of_ticket(self) -> tuple[str, str, int, datetime, str]:
        """What sorts the clocks of a ticket."""
        return self.policy, self.clock, self.cycle, self.started_at, self.subject or ""

    def plain(self) -> dict[str, object]:
        """What JSON has of it."""
        return {
            "ticket": self.ticket,
            "ticket_id": self.ticket_id,
            "policy": self.policy,
            "clock": self.clock,
            "cycle": self.cycle,
            "subject": self.subject,
            "started_at": instant_text(self.started_at),
            "first": self.first,
            "first_at": _shown(self.first_at),
            "first_by": self.first_by,
            "second": self.second,
            "second_at": _shown(self.second_at),
            "second_by": self.second_by,
            "because": [one.plain() for one in self.because],
        }


def _shown(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


def reasons(judged: Judged, history: Sequence[Recorded[Event]]) -> tuple[Because, ...]:
    """The facts that made the present verdict of a clock another than the one judged then.

    Args:
        judged: The clock.
        history: The ticket's, in order of version, corrections not applied.
    """
    by_version = {fact.version: fact for fact in history}
    return tuple(_because(by_version[version], by_version) for version in judged.restated_by if version in by_version)


def _because(fact: Recorded[Event], by_version: dict[int, Recorded[Event]]) -> Because:
    event = fact.event
    if isinstance(event, e.EventCorrected | e.EventRetracted):
        target = by_version.get(event.target_version, fact)
        return Because(
            version=fact.version,
            what="correction" if isinstance(event, e.EventCorrected) else "retraction",
            fact=type(target.event).__name__,
            recorded_at=fact.recorded_at,
            field=event.field if isinstance(event, e.EventCorrected) else None,
        )
    return Because(
        version=fact.version,
        what="late_entry",
        fact=type(event).__name__,
        recorded_at=fact.recorded_at,
        late_seconds=(fact.recorded_at - fact.occurred_at) // _SECOND,
    )
