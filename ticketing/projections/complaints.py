"""Complaints: when customers complained, per ticket, against hand-back and against opening.

Cancelled tickets count here: a cancelled repair may be what the complaint is about.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ticketing.domain import events as e
from ticketing.domain.values import Event, Recorded
from ticketing.projections.report import Figure, ReportRow, rate
from ticketing.projections.sample import DAY, Sample, Scope, micros
from ticketing.projections.turnaround import TurnaroundRow, with_course

COMPLAINT_RATE = Figure("complaint_rate", 1, ("handed_back_in",))
COMPLAINT_RATE_OPENED = Figure("complaint_rate_opened", 1, ("opened_in",))
TAKEN = frozenset({e.ComplaintReceived})
"""The facts that this family uses, beside those that the course of the ticket uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintRow(TurnaroundRow):
    """One ticket and the instants of its complaints."""

    complained_at: tuple[datetime, ...] = ()


class ComplaintRows:
    """The projection: one `ComplaintRow` per ticket."""

    name = "complaints"
    version = 1
    row = ComplaintRow

    def apply(self, row: ComplaintRow, fact: Recorded[Event]) -> ComplaintRow:
        """The row with one more fact."""
        row = with_course(row, fact)
        if not isinstance(fact.event, e.ComplaintReceived):
            return row
        return replace(row, complained_at=(*row.complained_at, fact.occurred_at))


_FOREVER = 1 << 62


def gather(rows: Iterable[ComplaintRow], handed_back: Sample, opened: Sample) -> None:
    """Adds to both samples: instant of the cohort, instant of the first complaint since intake, and source."""
    for row in rows:
        source = handed_back.source(row), opened.source(row)
        if row.opened_at is None:
            continue
        since_intake = (at for at in row.complained_at if at >= row.opened_at)
        first = next((micros(at) for at in since_intake), _FOREVER)
        for sample, at, number in zip((handed_back, opened), (row.first_back_at, row.opened_at), source, strict=True):
            if at is not None and sample.scope.holds(at):
                sample.add(sample.scope.group(row, at), micros(at), first, number)


def samples(scope: Scope) -> tuple[Sample, Sample]:
    """Empty samples of tickets handed back, and of tickets opened, in the period."""
    return Sample(scope, 3), Sample(scope, 3)


def complaint_rate(handed_back: Sample, w_days: int) -> list[ReportRow]:
    """Tickets handed back in the period with a complaint between intake and W days after ÷ those whose W days have
    passed; dated by the first hand-back.
    """
    none = f"no ticket handed back in the period has been back for {w_days} days"
    return _rates(COMPLAINT_RATE, handed_back, w_days, none)


def complaint_rate_opened(opened: Sample, h_days: int) -> list[ReportRow]:
    """Tickets opened in the period with a complaint within H days ÷ those opened at least H days ago, closed or not."""
    return _rates(COMPLAINT_RATE_OPENED, opened, h_days, f"no ticket of the period was opened {h_days} days ago")


def _rates(figure: Figure, sample: Sample, days: int, none: str) -> list[ReportRow]:
    rows = []
    for group, cases in sample.groups():
        tally: Counter[str] = Counter()
        for at, complained_at, source in cases:
            if at + days * DAY > sample.until(source):
                tally["censored"] += 1
            else:
                tally["asked"] += 1
                tally["complained"] += complained_at <= at + days * DAY
        rows.append(
            rate(
                figure,
                figure.cohorts[0],
                group,
                numerator=tally["complained"],
                denominator=tally["asked"],
                reason=none,
                excluded=cases.excluded,
                censored=tally["censored"],
            )
        )
    return rows
