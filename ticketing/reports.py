"""The questions people ask of a store, as library calls; each family of figures has its module in `figures`.

A report is always as of an instant, printed in its header: facts count that had occurred by then, and native tickets
were observed until then. Without `as_of`, `known_at` or `position` it is answered from the rows that projections keep,
caught up first; with any of them the log is folded anew, one ticket at a time. Both ways give the same report.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Unpack

from ticketing.answering import Asked, Question, gathered, understood
from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput, nearest
from ticketing.figures.clocks import ledger, promises, sites, sla
from ticketing.projections import backlog as backlogs
from ticketing.projections import complaints
from ticketing.projections import first_pass as first_passes
from ticketing.projections import turnaround as turnarounds
from ticketing.projections.asked import days_asked, percentiles_asked, unit_asked
from ticketing.projections.built_in import BACKLOG_ROWS, COMPLAINT_ROWS, FIRST_PASS_ROWS, TURNAROUND_ROWS
from ticketing.projections.dimensions import DIMENSIONS
from ticketing.projections.ledger_totals import LEDGER
from ticketing.projections.promises import PROMISES
from ticketing.projections.report import Parameter, Report, ReportRow, Unit
from ticketing.projections.sites import SITES
from ticketing.projections.sla import SLA

__all__ = [
    "REPORTS",
    "backlog",
    "complaint_rate",
    "complaint_rate_opened",
    "dimensions_of",
    "first_pass",
    "ledger",
    "named",
    "promises",
    "sites",
    "sla",
    "turnaround",
    "turnaround_closed",
]

W_DAYS = 30
"""How long after hand-back a complaint counts against it, unless a contract says otherwise."""

H_DAYS = 90
"""How long after opening one does, closed or not."""


def turnaround(
    app: Ticketing,
    *,
    within_days: int | None = None,
    percentiles: Sequence[int] = (50, 90),
    unit: Unit | None = None,
    **asked: Unpack[Asked],
) -> Report:
    """First receipt to last hand-back, open tickets counted as such; beside it what closed tickets alone would say.

    Args:
        app: The application on the store.
        within_days: Adds the share handed back within so many days.
        percentiles: Which, from 1 to 99.
        unit: `s`, `h` or `d`; None takes hours where all percentiles are under three days, else days.
        asked: See `Asked`.

    Returns:
        Rows of `turnaround` (Aalen-Johansen), `turnaround_closed` (nearest rank), and `within_days` if asked for.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing for `within_days`.
    """
    question = understood(app, turnarounds.TURNAROUND, asked, turnaround)
    shown = percentiles_asked(percentiles)
    sample, read = gathered(
        app, TURNAROUND_ROWS, question, lambda rows: turnarounds.gather(rows, question.scope, question.cohort)
    )
    in_unit = unit_asked(unit) or turnarounds.unit_of(sample, shown)
    rows = turnarounds.turnaround(sample, shown, in_unit)
    rows += turnarounds.turnaround_closed(sample, question.cohort, shown, in_unit)
    if within_days is not None:
        rows += turnarounds.within_days(sample, days_asked("within_days", within_days))
    return question.report(rows, read, percentiles=shown, unit=in_unit, within_days=within_days)


def turnaround_closed(
    app: Ticketing, *, percentiles: Sequence[int] = (50, 90), unit: Unit | None = None, **asked: Unpack[Asked]
) -> Report:
    """The turnaround of closed tickets alone, which is too short: for other cohorts than `turnaround` shows it for.

    Raises:
        BadInput: Something asked cannot be understood.
    """
    question = understood(app, turnarounds.TURNAROUND_CLOSED, asked, turnaround_closed)
    shown = percentiles_asked(percentiles)
    sample, read = gathered(
        app, TURNAROUND_ROWS, question, lambda rows: turnarounds.gather(rows, question.scope, question.cohort)
    )
    in_unit = unit_asked(unit) or turnarounds.unit_of(sample, shown)
    rows = turnarounds.turnaround_closed(sample, question.cohort, shown, in_unit)
    return question.report(rows, read, percentiles=shown, unit=in_unit)


def first_pass(app: Ticketing, **asked: Unpack[Asked]) -> Report:
    """Tickets passed at first presentation ÷ presented, and beside it `reworked`: sent back at least once.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, first_passes.FIRST_PASS, asked, first_pass)
    sample, read = gathered(app, FIRST_PASS_ROWS, question, lambda rows: first_passes.gather(rows, question.scope))
    return question.report(first_passes.first_pass(sample), read)


def complaint_rate(app: Ticketing, *, w_days: int = W_DAYS, h_days: int = H_DAYS, **asked: Unpack[Asked]) -> Report:
    """Tickets complained about by W days after hand-back, per 100; beside it within H days of opening.

    Args:
        app: The application on the store.
        w_days: How long after hand-back a complaint counts, and must have had the time to come.
        h_days: The same after opening, for `complaint_rate_opened`, which not closing a ticket cannot improve.
        asked: See `Asked`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, complaints.COMPLAINT_RATE, asked, complaint_rate)
    return _complaints(app, question, days_asked("w_days", w_days), days_asked("h_days", h_days))


def complaint_rate_opened(app: Ticketing, *, h_days: int = H_DAYS, **asked: Unpack[Asked]) -> Report:
    """Tickets complained about within H days of opening, per 100 opened at least H days ago.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    return _complaints(
        app,
        understood(app, complaints.COMPLAINT_RATE_OPENED, asked, complaint_rate_opened),
        None,
        days_asked("h_days", h_days),
    )


def backlog(app: Ticketing, **asked: Unpack[Asked]) -> Report:
    """The tickets open at an instant by age in days; beside it each state and wait cause.

    Raises:
        BadInput: Something asked cannot be understood; so is a period, since a backlog has none.
    """
    question = understood(app, backlogs.BACKLOG, asked, backlog)
    if question.from_ is not None or question.to is not None:
        raise BadInput("a backlog is of one instant: name it by as_of, not by from and to")
    sample, read = gathered(app, BACKLOG_ROWS, question, lambda rows: backlogs.gather(rows, question.scope))
    return question.report(backlogs.backlog(sample), read)


REPORTS: Mapping[str, Callable[..., Report]] = {
    "backlog": backlog,
    "complaint_rate": complaint_rate,
    "complaint_rate_opened": complaint_rate_opened,
    "first_pass": first_pass,
    "ledger": ledger,
    "promises": promises,
    "sites": sites,
    "sla": sla,
    "turnaround": turnaround,
    "turnaround_closed": turnaround_closed,
}
"""Every report by its name."""


def named(name: str) -> Callable[..., Report]:
    """The report of that name.

    Raises:
        BadInput: There is none; the text names the nearest.
    """
    if name not in REPORTS:
        raise BadInput(f"there is no report {name}; the nearest is {nearest(name, REPORTS)}")
    return REPORTS[name]


_OWN_DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    figure.name: figure.dimensions for figure in (LEDGER, PROMISES, SITES, SLA)
}


def dimensions_of(name: str) -> tuple[str, ...]:
    """What the report of that name may be grouped by."""
    return tuple(sorted((*DIMENSIONS, *_OWN_DIMENSIONS.get(name, ()))))


def _complaints(app: Ticketing, question: Question, w_days: int | None, h_days: int) -> Report:
    def gather(rows: Iterable[complaints.ComplaintRow]) -> list[ReportRow]:
        handed_back, opened = complaints.samples(question.scope)
        complaints.gather(rows, handed_back, opened)
        first = [] if w_days is None else complaints.complaint_rate(handed_back, w_days)
        return first + complaints.complaint_rate_opened(opened, h_days)

    rows, read = gathered(app, COMPLAINT_ROWS, question, gather)
    days: dict[str, Parameter] = {"h_days": h_days} if w_days is None else {"w_days": w_days, "h_days": h_days}
    return question.report(rows, read, **days)
