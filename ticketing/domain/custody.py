"""Custody: from when to when the company had the unit, where it was, and whether anybody worked on it.

Laws of this file: facts count in order of time. Custody runs from a receipt to the hand-back or disposal after it; a
case that is closed with the unit still there ends it. On site and remote, the first start of a diagnosis in a cycle
stands for receipt, and for hand-back the end of that cycle's work, which a closing ends too.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from ticketing.domain import events as e
from ticketing.domain.course import order_of
from ticketing.domain.lifecycle import MOVES, START
from ticketing.domain.values import Envelope, Event

En = TypeVar("En", bound=Envelope[Event])
_WITHOUT_CUSTODY = frozenset({"on_site", "remote"})
_AT_WORK = frozenset({"diagnosing", "repairing"})
_WORK_ENDED = frozenset({"finished", "checked", "ended"})


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the unit is, and whether it is worked on.

    Attributes:
        site: None on its way and with the customer. On site and remote, the site that has the ticket.
    """

    site: str | None = None
    is_at_work: bool = False


@dataclass(slots=True)
class Custody:
    """When and where the company had a unit.

    Attributes:
        intervals: From when to when it was with the company, in order of time; the last may go on.
        changed_at: When its standing changed, in order of time, with what it was from then on in `standings`.
        last_back_at: The last hand-back or disposal, or end of work.
    """

    intervals: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    changed_at: list[datetime] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    last_back_at: datetime | None = None

    def standing(self, at: datetime) -> Standing:
        """How the unit stood at an instant."""
        place = bisect_right(self.changed_at, at)
        return self.standings[place - 1] if place else Standing()

    def change(self, at: datetime, standing: Standing) -> None:
        """From an instant on, not before the last change, the unit stands so."""
        if self.standings and self.standings[-1] == standing:
            return
        self.changed_at.append(at)
        self.standings.append(standing)

    def keep(self, from_at: datetime | None, to_at: datetime | None) -> None:
        """The company had the unit, unless it never came."""
        if from_at is not None and (to_at is None or to_at >= from_at):
            self.intervals.append((from_at, to_at))


def in_time(facts: Iterable[En]) -> list[En]:
    """The facts in order of time, and of version where they occurred at once."""
    return sorted(facts, key=order_of)


def first_receipt(facts: Iterable[En]) -> En | None:
    """The first fact that brought the unit into custody, or stands for that; None if there is none."""
    ordered = in_time(facts)
    receipt = e.DiagnosisStarted if _is_without_custody(ordered) else e.UnitReceived
    return next((fact for fact in ordered if isinstance(fact.event, receipt)), None)


def custody_of(facts: Iterable[Envelope[Event]]) -> Custody:
    """The custody that surviving facts tell of."""
    ordered = in_time(facts)
    return _without_custody(ordered) if _is_without_custody(ordered) else _in_custody(ordered)


def _is_without_custody(facts: Iterable[Envelope[Event]]) -> bool:
    channels = (fact.event.channel for fact in facts if isinstance(fact.event, e.TicketOpened))
    return next(channels, None) in _WITHOUT_CUSTODY


def _in_custody(ordered: Iterable[Envelope[Event]]) -> Custody:
    custody, work, here = Custody(), START["work"], _Here()
    site: str | None = None
    for fact in ordered:
        event, at = fact.event, fact.occurred_at
        work = _work_after(work, event)
        match event:
            case e.UnitReceived():
                here.receive(at)
                site = event.site
            case e.UnitArrived():
                site = event.site
            case e.UnitDispatched():
                site = None
            case e.UnitHandedBack() | e.UnitDisposed():
                custody.keep(here.since, at)
                custody.last_back_at, site, here = at, None, _Here()
            case e.TicketClosed():
                here.closed_at = here.closed_at or at
            case e.TicketReopened():
                here = _Here(here.since)
            case _:
                pass
        custody.change(at, Standing(site, work in _AT_WORK))
    for from_at, to_at in (*here.before, (here.begun, here.closed_at)):
        custody.keep(from_at, to_at)
    return custody


class _Here:
    """A unit that is here, as long as nothing hands it back.

    A closing ends that, and a receipt after it begins anew; that it is reopened, or handed back after all, shows that
    the unit was here all the while.
    """

    def __init__(self, since: datetime | None = None) -> None:
        self.since = self.begun = since
        self.closed_at: datetime | None = None
        self.before: list[tuple[datetime | None, datetime]] = []

    def receive(self, at: datetime) -> None:
        if self.since is None:
            self.since = self.begun = at
            self.closed_at = None
        elif self.closed_at is not None:
            self.before.append((self.begun, self.closed_at))
            self.begun, self.closed_at = at, None


def _without_custody(ordered: Iterable[Envelope[Event]]) -> Custody:
    custody, work = Custody(), START["work"]
    began_at: datetime | None = None
    ended_at: datetime | None = None
    site: str | None = None
    for fact in ordered:
        event, at = fact.event, fact.occurred_at
        if isinstance(event, e.TicketReopened) and ended_at is not None:
            custody.keep(began_at, ended_at)
            began_at = ended_at = None
        elif isinstance(event, e.DiagnosisStarted):
            began_at = began_at or at
        elif isinstance(event, e.TicketAssigned) or (isinstance(event, e.TicketOpened) and site is None):
            site = event.site
        moved = _work_after(work, event)
        if _ends_work(event, moved) or (isinstance(event, e.TicketClosed) and began_at is not None):
            custody.last_back_at = ended_at = ended_at or at
        elif _is_work(event):
            ended_at = None
        work = moved
        custody.change(at, Standing(site, work in _AT_WORK and ended_at is None))
    custody.keep(began_at, ended_at)
    return custody


def _work_after(work: str, event: Event) -> str:
    return next((move.state_after(work) for region, move in MOVES[type(event)] if region == "work"), work)


def _is_work(event: Event) -> bool:
    return any(region == "work" and move.target is not None for region, move in MOVES[type(event)])


def _ends_work(event: Event, work: str) -> bool:
    if isinstance(event, e.TicketClosed):
        return work != START["work"]
    found_nothing = isinstance(event, e.DiagnosisRecorded) and event.found_nothing
    return _is_work(event) and (work in _WORK_ENDED or (work == "diagnosed" and found_nothing))
