"""Promises: every date that a customer was told, and what became of it.

A promise is kept by its end: the hand-back, unless a policy's clock says otherwise; on site and remote the end of the
work stands for that. It is broken once its date has passed, whatever is promised afterwards; another date told in time
replaces it. Closing the case before the date, without an end, leaves it without a verdict.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from ticketing.domain import events as e
from ticketing.domain.course import order_of
from ticketing.domain.custody import custody_of
from ticketing.domain.values import Event, Instant, Key, Recorded, Role, Value

Standing = Literal["kept", "broken", "replaced", "withdrawn", "not_due"]
_WITHOUT_CUSTODY = frozenset({"on_site", "remote"})


class Promise(Value):
    """One date that the customer was told.

    Attributes:
        version: The fact's place in the ticket's history.
        cycle: In which it was made, from 1.
        role: Of who made it, and `site` where they made it.
        is_first: Whether it is the first of its cycle.
        remade_at: When the next date was told.
        back_at: When the unit was handed back after it, in the same cycle.
        closed_at: When the cycle was closed after it.
    """

    version: int
    cycle: int
    made_at: Instant
    due_at: Instant
    role: Role
    site: Key | None = None
    is_first: bool = True
    remade_at: Instant | None = None
    back_at: Instant | None = None
    closed_at: Instant | None = None

    def standing(self, until: datetime, end: datetime | None) -> Standing:
        """How it stands at an instant, `end` being when what was promised was done, or None."""
        is_done_first = end is not None and (self.remade_at is None or end <= self.remade_at)
        if self.remade_at is not None and self.remade_at <= self.due_at and not is_done_first:
            return "replaced"
        if end is not None and end <= self.due_at:
            return "kept"
        if end is None and self.closed_at is not None and self.closed_at <= self.due_at:
            return "withdrawn"
        return "broken" if until > self.due_at else "not_due"


def promises_of(facts: Sequence[Recorded[Event]]) -> tuple[Promise, ...]:
    """The promises that surviving facts, in whatever order they come, show; in the order in which they were made."""
    if not any(isinstance(fact.event, e.PromiseMade) for fact in facts):
        return ()
    found: list[Promise] = []
    cycle = 1
    back = _ends_of_work(facts)
    for fact in sorted(facts, key=order_of):
        at = fact.occurred_at
        match fact.event:
            case e.PromiseMade():
                _tell(found, fact, fact.event.due_at, cycle)
            case e.TicketReopened():
                cycle += 1
            case e.TicketClosed():
                _end(found, cycle, "closed_at", at)
            case e.UnitHandedBack() if back is None:
                _end(found, cycle, "back_at", at)
            case _:
                pass
        if back is not None and at in back:
            _end(found, cycle, "back_at", at)
    return tuple(found)


def _ends_of_work(facts: Iterable[Recorded[Event]]) -> frozenset[datetime] | None:
    """When the work of a ticket without custody ended; None for one whose unit is handed back."""
    channels = (fact.event.channel for fact in facts if isinstance(fact.event, e.TicketOpened))
    if next(channels, None) not in _WITHOUT_CUSTODY:
        return None
    return frozenset(ended_at for _, ended_at in custody_of(facts).intervals if ended_at is not None)


def _tell(found: list[Promise], fact: Recorded[Event], due_at: datetime, cycle: int) -> None:
    is_first = not found or found[-1].cycle != cycle
    if not is_first:
        found[-1] = found[-1].model_copy(update={"remade_at": fact.occurred_at})
    found.append(
        Promise(
            version=fact.version,
            cycle=cycle,
            made_at=fact.occurred_at,
            due_at=due_at,
            role=fact.actor.role,
            site=fact.actor.site,
            is_first=is_first,
        )
    )


def _end(found: list[Promise], cycle: int, name: Literal["back_at", "closed_at"], at: datetime) -> None:
    for place, promise in enumerate(found):
        if promise.cycle == cycle and getattr(promise, name) is None:
            found[place] = promise.model_copy(update={name: at})
