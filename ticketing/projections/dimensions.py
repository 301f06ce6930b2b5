"""Dimensions: what every built-in row is grouped by, and how far its ticket was observed.

A built-in row has these fields before its own, and its projection takes each fact into them first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Protocol, TypeVar, cast

from ticketing.domain import events as e
from ticketing.domain.events import Basis
from ticketing.domain.slots import replace
from ticketing.domain.values import NATIVE, Event, Recorded
from ticketing.projections.row import Row
from ticketing.projections.site_kinds import SiteKinds

UPSTREAM: Basis = "warranty"
"""The entitlement on which the manufacturer pays."""

WITHOUT_CUSTODY = frozenset({"on_site", "remote"})
"""Channels whose tickets take `DiagnosisStarted` for receipt and the end of work for hand-back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimensions(Row):
    """What a ticket is counted under.

    Attributes:
        opened_at: When it was opened.
        closed_at: When it was closed last, reopened since or not.
        manufacturer: Whose article it is, as last told.
        model: Which, as last told.
        channel: How it came in: counter, dealer, courier, on_site or remote.
        site: The site of the last completed repair, else of the opening. A repair is completed where the unit is, or,
            where it is nowhere, at the actor's site.
        technician: Who completed the last repair; else who started the last diagnosis.
        symptom: The code at the opening, as `SYSTEM:CODE`.
        cause: That of the first finding of the last diagnosis.
        entitlement: The basis as last decided; None before the first decision.
        unit_site: Where the unit is; None in transit and with the customer.
        source: `import:<name>` of the log that it came from; None for a native ticket.
        imported_until: The latest `occurred_at` of its imported facts.
        has_native_facts: Whether it has any besides corrections and retractions, which follow no repair but the record.
        has_repair: Whether a repair was completed.
        is_open: Whether a cycle is open.
        is_cancelled: Whether its last cycle was cancelled, and none before it came to another end: what happened in one
            that did is not undone by cancelling the next.
        was_finished: Whether a cycle was closed otherwise than cancelled.
    """

    opened_at: datetime | None = None
    closed_at: datetime | None = None
    manufacturer: str | None = None
    model: str | None = None
    site: str | None = None
    technician: str | None = None
    symptom: str | None = None
    cause: str | None = None
    entitlement: str | None = None
    unit_site: str | None = None
    channel: str = "counter"
    source: str | None = None
    imported_until: datetime | None = None
    has_native_facts: bool = False
    has_repair: bool = False
    is_open: bool = False
    is_cancelled: bool = False
    was_finished: bool = False

    @property
    def till(self) -> str | None:
        """`upstream` where the manufacturer pays, `downstream` where the customer or the company does, by entitlement;
        None before that is decided.
        """
        if self.entitlement is None:
            return None
        return "upstream" if self.entitlement == UPSTREAM else "downstream"


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
    code = event.symptom_code
    return replace(
        row,
        opened_at=row.opened_at or fact.occurred_at,
        manufacturer=event.manufacturer or row.manufacturer,
        model=event.model or row.model,
        site=row.site or event.site,
        symptom=row.symptom if code is None else f"{code.system}:{code.code}",
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


def _looked_at(row: Dimensions, fact: Recorded[e.DiagnosisStarted]) -> Dimensions:
    return row if row.has_repair else replace(row, technician=fact.actor.id)


def _diagnosed(row: Dimensions, fact: Recorded[e.DiagnosisRecorded]) -> Dimensions:
    findings = fact.event.findings
    return replace(row, cause=findings[0].cause) if findings else row


def _decided(row: Dimensions, fact: Recorded[e.EntitlementDecided]) -> Dimensions:
    return replace(row, entitlement=fact.event.basis)


def _revised(row: Dimensions, fact: Recorded[e.EntitlementRevised]) -> Dimensions:
    return replace(row, entitlement=fact.event.to_basis)


def _repaired(row: Dimensions, fact: Recorded[e.RepairCompleted]) -> Dimensions:
    site = row.unit_site or fact.actor.site or row.site
    return replace(row, site=site, technician=fact.actor.id, has_repair=True)


def _closed(row: Dimensions, fact: Recorded[e.TicketClosed]) -> Dimensions:
    is_cancelled = fact.event.outcome == "cancelled" and not row.was_finished
    was_finished = row.was_finished or fact.event.outcome != "cancelled"
    return replace(row, closed_at=fact.occurred_at, is_open=False, is_cancelled=is_cancelled, was_finished=was_finished)


def _reopened(row: Dimensions, fact: Recorded[e.TicketReopened]) -> Dimensions:
    return replace(row, is_open=True, is_cancelled=False)


_TAKES: Mapping[type[Event], Take[Dimensions]] = {
    e.TicketOpened: _opened,
    e.UnitReceived: _came,
    e.UnitIdentified: _identified,
    e.UnitDispatched: _left,
    e.UnitArrived: _came,
    e.DiagnosisStarted: _looked_at,
    e.DiagnosisRecorded: _diagnosed,
    e.EntitlementDecided: _decided,
    e.EntitlementRevised: _revised,
    e.RepairCompleted: _repaired,
    e.UnitHandedBack: _left,
    e.UnitDisposed: _left,
    e.TicketClosed: _closed,
    e.TicketReopened: _reopened,
}
TAKEN = frozenset(_TAKES)
"""The facts that the dimensions use."""


# what a report may be grouped by


class Under(Protocol):
    """What a group depends on beside the row."""

    @property
    def zone(self) -> tzinfo:
        """That of months and quarters."""

    @property
    def site_kinds(self) -> SiteKinds:
        """Whose each site is."""


def month_of(at: datetime, zone: tzinfo) -> str:
    """The month of an instant, as `2026-03`."""
    local = _local(at, zone)
    return f"{local.year:04}-{local.month:02}"


def quarter_of(at: datetime, zone: tzinfo) -> str:
    """The quarter of an instant, as `2026-Q1`."""
    local = _local(at, zone)
    return f"{local.year:04}-Q{(local.month + 2) // 3}"


def _local(at: datetime, zone: tzinfo) -> datetime:
    try:
        return at.astimezone(zone)
    except OverflowError:  # the zone's first or last month lies beyond the calendar
        return at


PERIODS: Mapping[str, Callable[[datetime, tzinfo], str]] = {"month": month_of, "quarter": quarter_of}
"""The dimensions that are of the instant which puts the ticket into the cohort, in the report's zone."""

DIMENSIONS: Mapping[str, Callable[[Dimensions, datetime, Under], str | None]] = {
    "cause": lambda row, at, under: row.cause,
    "channel": lambda row, at, under: row.channel,
    "entitlement": lambda row, at, under: row.entitlement,
    "manufacturer": lambda row, at, under: row.manufacturer,
    "model": lambda row, at, under: row.model,
    "month": lambda row, at, under: month_of(at, under.zone),
    "quarter": lambda row, at, under: quarter_of(at, under.zone),
    "site": lambda row, at, under: row.site,
    "site_kind": lambda row, at, under: under.site_kinds.of(row.site, at),
    "source": lambda row, at, under: row.source or NATIVE,
    "symptom": lambda row, at, under: row.symptom,
    "technician": lambda row, at, under: row.technician,
    "till": lambda row, at, under: row.till,
}
"""What a report may be grouped by."""
