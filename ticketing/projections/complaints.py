"""Complaints: when customers complained, per ticket, against hand-back and against opening.

Cancelled tickets count here: a cancelled repair may be what the complaint is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ticketing.domain import events as e
from ticketing.domain.values import Event, Recorded
from ticketing.projections.counts import Counted, Counts, Rate, rate_rows
from ticketing.projections.report import Figure, ReportRow
from ticketing.projections.sample import DAY
from ticketing.projections.turnaround import TurnaroundRow, with_course

COMPLAINT_RATE = Figure("complaint_rate", 1, ("handed_back_in",))
COMPLAINT_RATE_OPENED = Figure("complaint_rate_opened", 1, ("opened_in",))
TAKEN = frozenset({e.ComplaintReceived})
"""The facts that this family uses, beside those that the course of the ticket uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintRow(TurnaroundRow):
    """One ticket and its complaints.

    Attributes:
        complained_at: When each came.
        first_complaint_at: The first since intake.
    """

    complained_at: tuple[datetime, ...] = ()
    first_complaint_at: datetime | None = None


class ComplaintRows:
    """The projection: one `ComplaintRow` per ticket."""

    name = "complaints"
    version = 2
    row = ComplaintRow

    def apply(self, row: ComplaintRow, fact: Recorded[Event]) -> ComplaintRow:
        """The row with one more fact."""
        row = with_course(row, fact)
        if not isinstance(fact.event, e.ComplaintReceived):
            return row
        at = fact.occurred_at
        first = row.first_complaint_at or (None if row.opened_at is None else at)
        return replace(row, complained_at=(*row.complained_at, at), first_complaint_at=first)


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
        censored=f"{at} + {days * DAY} > observed_until",
        had=f"first_complaint_at <= {at} + {days * DAY}",
        none=_NONE[figure].format(days),
    )
