"""Same unit: which tickets are about the same unit, whatever serial it bears by then.

Laws of this file: tickets that name the same serial are about the same unit, and so is one that was linked to an
earlier one. What a customer gets in exchange carries on the life of the unit that it stands for; the unit taken in
begins another life should it turn up again. Tickets come in order of (opened at, id).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar, cast
from uuid import UUID

from ticketing.domain import events as e
from ticketing.domain.slots import replace
from ticketing.domain.values import Event, Recorded
from ticketing.projections.dimensions import Take
from ticketing.projections.turnaround import TurnaroundRow, with_course

Tie = Literal["exchange", "link"]
TIED = "tied_by IS NOT NULL"
"""More than its serial says which unit a ticket is about; such tickets are few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow(TurnaroundRow):
    """The course of one ticket, and the unit that it is about.

    Attributes:
        number: The ticket's number.
        serial: The HMAC of the serial under which the unit came, as it was identified last.
        serial_after: That of the unit which went: after an exchange the new one's.
        linked_to: The tickets that it was said to repeat.
        tied_by: What else ties it to others, the last of it; None where only the serial does.
    """

    number: str = ""
    serial: str | None = None
    serial_after: str | None = None
    linked_to: tuple[UUID, ...] = ()
    tied_by: Tie | None = None


U = TypeVar("U", bound=UnitRow)


def with_unit(row: U, fact: Recorded[Event]) -> U:
    """The row with one more fact taken into its dimensions, its course and its unit."""
    row = with_course(row, fact)
    take = _TAKES.get(type(fact.event))
    return row if take is None else cast(U, take(row, fact))


def _opened(row: UnitRow, fact: Recorded[e.TicketOpened]) -> UnitRow:
    return row if row.number else _identified(replace(row, number=fact.event.number), fact)


def _identified(row: UnitRow, fact: Recorded[e.TicketOpened | e.UnitIdentified]) -> UnitRow:
    """After an exchange it is the new unit that is at hand and may be looked at."""
    serial = fact.event.serial
    if serial is None or serial.match is None:
        return row
    is_exchanged = row.serial != row.serial_after
    return replace(row, serial=row.serial if is_exchanged else serial.match, serial_after=serial.match)


def _exchanged(row: UnitRow, fact: Recorded[e.UnitExchanged]) -> UnitRow:
    return replace(row, serial_after=fact.event.new_serial.match, tied_by="exchange")


def _linked(row: UnitRow, fact: Recorded[e.RepeatLinked]) -> UnitRow:
    return replace(row, linked_to=(*row.linked_to, fact.event.previous_ticket), tied_by="link")


_TAKES: Mapping[type[Event], Take[UnitRow]] = {
    e.TicketOpened: _opened,
    e.UnitIdentified: _identified,
    e.RepeatLinked: _linked,
    e.UnitExchanged: _exchanged,
}
TAKEN = frozenset(_TAKES)
"""The facts that tell which unit it is."""


class Sighting(NamedTuple):
    """A ticket, as far as it tells which unit it is about; the earlier one comes first in order.

    Attributes:
        opened_at: In microseconds.
        ticket: The hex of its id.
        linked_to: Likewise.
    """

    opened_at: int
    ticket: str
    serial: str | None
    serial_after: str | None
    linked_to: tuple[str, ...] = ()


def units(sightings: Iterable[Sighting]) -> dict[str, str]:
    """By ticket the one ticket that stands for all those of its unit.

    A link to a ticket that is not among them, or not earlier, says nothing. That two serials are one unit is known as
    soon as any ticket says so, and then of all tickets.
    """
    stands_for: dict[str, str] = {}
    borne_on: dict[str, str] = {}

    def found(ticket: str) -> str:
        while stands_for[ticket] != ticket:
            stands_for[ticket] = ticket = stands_for[stands_for[ticket]]
        return ticket

    for one in sorted(sightings):
        stands_for[one.ticket] = one.ticket
        last = None if one.serial is None else borne_on.get(one.serial)
        for earlier in (last, *one.linked_to):
            if earlier is not None and earlier in stands_for:
                stands_for[found(one.ticket)] = found(earlier)
        if one.serial is not None and one.serial != one.serial_after:
            borne_on.pop(one.serial, None)
        if one.serial_after is not None:
            borne_on[one.serial_after] = one.ticket
    return {ticket: found(ticket) for ticket in stands_for}
