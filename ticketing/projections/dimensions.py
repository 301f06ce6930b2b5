"""Dimensions: what every built-in row is grouped by, and how far its ticket was observed.

A built-in row has these fields before its own, and its projection takes each fact into them first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, TypeVar, cast

from ticketing.domain import events as e
from ticketing.domain.values import NATIVE, Event, Recorded
from ticketing.projections.row import Row

WITHOUT_CUSTODY = frozenset({"on_site", "remote"})
"""Channels whose tickets take `DiagnosisStarted` for receipt and the end of work for hand-back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimensions(Row):
    """What a ticket is counted under.

    Attributes:
        site: The site of the last completed repair, else of the opening. A repair is completed where the unit is, or,
            where it is nowhere, at the actor's site.
        unit_site: Where the unit is; None in transit and with the customer.
        source: `import:<name>` of the log that it came from; None for a native ticket.
        imported_until: The latest `occurred_at` of its imported facts.
        has_native_facts: Whether it has any besides corrections and retractions, which follow no repair but the record.
        is_open: Whether a cycle is open.
    """

    opened_at: datetime | None = None
    closed_at: datetime | None = None
    manufacturer: str | None = None
    model: str | None = None
    site: str | None = None
    unit_site: str | None = None
    channel: str = "counter"
    source: str | None = None
    imported_until: datetime | None = None
    has_native_facts: bool = False
    is_open: bool = False
    is_cancelled: bool = False


D = TypeVar("D", bound=Dimensions)
Take = Callable[[D, Recorded[Any]], D]
"""One more fact, taken into a row."""


def with_dimensions(row: D, fact: Recorded[Event]) -> D:
    """The row with one more fact taken into its dimensions."""
    take = _TAKES.get(type(fact.event))
    seen = _observed(row, fact)
    return seen if take is None else cast(D, take(seen, fact))


def _observed(row: D, fact: Recorded[Event]) -> D:
    if fact.source != NATIVE:
        # Only a native fact that comes later than the source's last one says that the ticket was watched since.
        return replace(row, source=row.source or fact.source, imported_until=fact.occurred_at, has_native_facts=False)
    if row.has_native_facts or isinstance(fact.event, e.EventCorrected | e.EventRetracted):
        return row
    return replace(row, has_native_facts=True)


def _opened(row: Dimensions, fact: Recorded[e.TicketOpened]) -> Dimensions:
    event = fact.event
    return replace(
        row,
        opened_at=row.opened_at or fact.occurred_at,
        manufacturer=event.manufacturer or row.manufacturer,
        model=event.model or row.model,
        site=row.site or event.site,
        channel=event.channel,
        is_open=True,
    )


def _identified(row: Dimensions, fact: Recorded[e.UnitIdentified]) -> Dimensions:
    event = fact.event
    return replace(row, manufacturer=event.manufacturer or row.manufacturer, model=event.model or row.model)


def _came(row: Dimensions, fact: Recorded[e.UnitReceived | e.UnitArrived]) -> Dimensions:
    return replace(row, unit_site=fact.event.site)


def _left(row: Dimensions, fact: Recorded[Event]) -> Dimensions:
    return replace(row, unit_site=None)


def _repaired(row: Dimensions, fact: Recorded[e.RepairCompleted]) -> Dimensions:
    return replace(row, site=row.unit_site or fact.actor.site or row.site)


def _closed(row: Dimensions, fact: Recorded[e.TicketClosed]) -> Dimensions:
    is_cancelled = fact.event.outcome == "cancelled"
    return replace(row, closed_at=fact.occurred_at, is_open=False, is_cancelled=is_cancelled)


def _reopened(row: Dimensions, fact: Recorded[e.TicketReopened]) -> Dimensions:
    return replace(row, is_open=True, is_cancelled=False)


_TAKES: Mapping[type[Event], Take[Dimensions]] = {
    e.TicketOpened: _opened,
    e.UnitReceived: _came,
    e.UnitIdentified: _identified,
    e.UnitDispatched: _left,
    e.UnitArrived: _came,
    e.RepairCompleted: _repaired,
    e.UnitHandedBack: _left,
    e.UnitDisposed: _left,
    e.TicketClosed: _closed,
    e.TicketReopened: _reopened,
}
TAKEN = frozenset(_TAKES)
"""The facts that the dimensions use."""


def _month(row: Dimensions, at: datetime, zone: tzinfo) -> str:
    try:
        local = at.astimezone(zone)
    except OverflowError:  # the zone's first or last month lies beyond the calendar
        local = at
    return f"{local.year:04}-{local.month:02}"


DIMENSIONS: Mapping[str, Callable[[Dimensions, datetime, tzinfo], str | None]] = {
    "channel": lambda row, at, zone: row.channel,
    "manufacturer": lambda row, at, zone: row.manufacturer,
    "model": lambda row, at, zone: row.model,
    "month": _month,
    "site": lambda row, at, zone: row.site,
    "source": lambda row, at, zone: row.source or NATIVE,
}
"""What a report may be grouped by. The month is that of the instant which puts the ticket into the cohort, in the
report's zone."""
