"""Complaints: when customers complained, per ticket, against hand-back and against opening, and what they were told.

Cancelled tickets count here: a cancelled repair may be what the complaint is about.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, cast

from ticketing.domain import events as e
from ticketing.domain.slots import replace
from ticketing.domain.values import Event, Recorded
from ticketing.projections.counts import Counted, Counts, Rate, rate_rows
from ticketing.projections.dimensions import Take
from ticketing.projections.report import Figure, ReportRow
from ticketing.projections.sample import DAY
from ticketing.projections.turnaround import NEVER_RECEIVED, TurnaroundRow, with_course

COMPLAINT_RATE = Figure("complaint_rate", 1, ("handed_back_in",))
COMPLAINT_RATE_OPENED = Figure("complaint_rate_opened", 1, ("opened_in",))
Entry = tuple[str, str | None, str | None, datetime | None, datetime | None, datetime | None, bool | None]
"""A `Complaint` as rows have it."""


class Complaint(NamedTuple):
    """One complaint; answers may be on record without it, or before it.

    Attributes:
        received_at: When it first came; None where only answers are on record.
        acknowledged_at: When the customer was first told that it had arrived.
        resolved_at: When it was first decided.
        is_upheld: Whether it was upheld, as said last.
    """

    complaint_id: str
    about: str | None = None
    complaint_class: str | None = None
    received_at: datetime | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    is_upheld: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintRow(TurnaroundRow):
    """One ticket and its complaints.

    Attributes:
        complaints: Each of them, in the order in which they are first heard of.
        has_complaint: Whether there is any.
        first_complaint_at: When the first since intake came.
    """

    complaints: tuple[Entry, ...] = ()
    has_complaint: bool = False
    first_complaint_at: datetime | None = None


def _told(row: ComplaintRow, complaint_id: str, tell: Callable[[Complaint], Complaint]) -> ComplaintRow:
    known = {one[0]: one for one in row.complaints}
    told = tell(Complaint(*known.get(complaint_id, (complaint_id,))))
    return replace(row, complaints=tuple((known | {complaint_id: cast(Entry, tuple(told))}).values()))


def _received(row: ComplaintRow, fact: Recorded[e.ComplaintReceived]) -> ComplaintRow:
    event, at = fact.event, fact.occurred_at

    def tell(one: Complaint) -> Complaint:
        if one.received_at is not None:
            return one
        return one._replace(about=event.about, complaint_class=event.complaint_class, received_at=at)

    first = row.first_complaint_at or (None if row.opened_at is None else at)
    return replace(_told(row, event.complaint_id, tell), has_complaint=True, first_complaint_at=first)


def _acknowledged(row: ComplaintRow, fact: Recorded[e.ComplaintAcknowledged]) -> ComplaintRow:
    return _told(
        row,
        fact.event.complaint_id,
        lambda one: one._replace(acknowledged_at=one.acknowledged_at or fact.occurred_at),
    )


def _resolved(row: ComplaintRow, fact: Recorded[e.ComplaintResolved]) -> ComplaintRow:
    return _told(
        row,
        fact.event.complaint_id,
        lambda one: one._replace(resolved_at=one.resolved_at or fact.occurred_at, is_upheld=fact.event.is_upheld),
    )


_TAKES: Mapping[type[Event], Take[ComplaintRow]] = {
    e.ComplaintReceived: _received,
    e.ComplaintAcknowledged: _acknowledged,
    e.ComplaintResolved: _resolved,
}
TAKEN = frozenset(_TAKES)
"""The facts that this family uses, beside those that the course of the ticket uses."""


class ComplaintRows:
    """The projection: one `ComplaintRow` per ticket."""

    name = "complaints"
    version = 3
    row = ComplaintRow

    def apply(self, row: ComplaintRow, fact: Recorded[Event]) -> ComplaintRow:
        """The row with one more fact."""
        take = _TAKES.get(type(fact.event))
        row = with_course(row, fact)
        return row if take is None else take(row, fact)


def handed_back(w_days: int) -> Counts:
    """What `complaint_rate` is counted from: tickets handed back, dated by the first hand-back."""
    return Counts(at="first_back_at", conditions=_rate(COMPLAINT_RATE, "first_back_at", w_days).conditions())


def opened(h_days: int) -> Counts:
    """What `complaint_rate_opened` is counted from: tickets opened, closed or not."""
    return Counts(at="opened_at", conditions=_rate(COMPLAINT_RATE_OPENED, "opened_at", h_days).conditions())


def complaint_rate(counted: Counted, w_days: int) -> list[ReportRow]:
    """Tickets handed back in the period with a complaint between intake and W days after ÷ those whose W days have
    passed.
    """
    return rate_rows(counted, "handed_back_in", [_rate(COMPLAINT_RATE, "first_back_at", w_days)])


def complaint_rate_opened(counted: Counted, h_days: int) -> list[ReportRow]:
    """Tickets opened in the period with a complaint within H days ÷ those opened at least H days ago, closed or not."""
    return rate_rows(counted, "opened_in", [_rate(COMPLAINT_RATE_OPENED, "opened_at", h_days)])


_NONE: Mapping[Figure, str] = {
    COMPLAINT_RATE: "no ticket handed back in the period has been back for {} days",
    COMPLAINT_RATE_OPENED: "no ticket of the period was opened {} days ago",
}


def _rate(figure: Figure, at: str, days: int) -> Rate:
    return Rate(
        figure=figure,
        excluded=NEVER_RECEIVED if figure is COMPLAINT_RATE else None,
        censored=f"{at} + {days * DAY} > observed_until",
        had=f"first_complaint_at <= {at} + {days * DAY}",
        none=_NONE[figure].format(days),
    )
