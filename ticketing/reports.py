"""The questions people ask of a store, as library calls; each family of figures has its module in `figures`.

A report is always as of an instant, printed in its header: facts count that had occurred by then, and native tickets
were observed until then. Without `as_of`, `known_at` or `position` it is answered from the rows that projections keep,
caught up first; with any of them the log is folded anew, one ticket at a time. Both ways give the same report.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Unpack

from ticketing.answering import Asked, Question, Rows, counted, understood
from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput, nearest
from ticketing.figures import comparisons
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
    "control_chart",
    "dimensions_of",
    "first_pass",
    "funnel",
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

MINIMUM_N = 20
"""A group of fewer is shown, but not judged."""


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
    days = None if within_days is None else days_asked("within_days", within_days)
    found, read = counted(
        app, TURNAROUND_ROWS, question, lambda rows: rows.count(turnarounds.counts(question.cohort, days=days))
    )
    in_unit = unit_asked(unit) or turnarounds.unit_of(found, shown)
    rows = turnarounds.turnaround(found, shown, in_unit)
    rows += turnarounds.turnaround_closed(found, question.cohort, shown, in_unit)
    if days is not None:
        rows += turnarounds.within_days(found, days)
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
    found, read = counted(app, TURNAROUND_ROWS, question, lambda rows: rows.count(turnarounds.counts(question.cohort)))
    in_unit = unit_asked(unit) or turnarounds.unit_of(found, shown)
    rows = turnarounds.turnaround_closed(found, question.cohort, shown, in_unit)
    return question.report(rows, read, percentiles=shown, unit=in_unit)


def first_pass(app: Ticketing, **asked: Unpack[Asked]) -> Report:
    """Tickets passed at first presentation ÷ presented, and beside it `reworked`: sent back at least once.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, first_passes.FIRST_PASS, asked, first_pass)
    found, read = counted(app, FIRST_PASS_ROWS, question, lambda rows: rows.count(first_passes.COUNTS))
    return question.report(first_passes.first_pass(found), read)


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
    found, read = counted(app, BACKLOG_ROWS, question, lambda rows: rows.count(backlogs.COUNTS))
    return question.report(backlogs.backlog(found), read)


def funnel(
    app: Ticketing,
    *,
    of: str = "complaint_rate",
    minimum_n: int = MINIMUM_N,
    by: str | Sequence[str] = (),
    **asked: object,
) -> Report:
    """Which site, technician or model stands out, and whether it is by more than chance.

    Args:
        app: The application on the store.
        of: The report that is compared; its own figure is a rate.
        minimum_n: A group of fewer is shown, but neither ranked nor tested.
        by: What is compared, at least one dimension.
        asked: See `Asked`, and the parameters of the report that is compared.

    Returns:
        Its rows, each with `compared`: the `pooled` rate, the limits of chance about it for a group of that size
        (`low_95`, `high_95`, `low_998`, `high_998`), `p`, `p_adjusted`, `rank`, `stands_out` and `is_too_few`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    return comparisons.funnel(app, _compared(of), minimum_n, (by,) if isinstance(by, str) else tuple(by), asked)


def control_chart(
    app: Ticketing, *, of: str = "complaint_rate", by: str | Sequence[str] = (), **asked: object
) -> Report:
    """Whether a rate really rose or fell: by month, or by quarter if that is asked for, with limits of chance.

    Args:
        app: The application on the store.
        of: The report that is charted; its own figure is a rate.
        by: Dimensions; beside the month, or the quarter, each group has a chart of its own.
        asked: See `Asked`, and the parameters of the report that is charted.

    Returns:
        Its rows, each with `compared`: the `centre`, `sigma_z`, `z`, the limits of the p chart (`low_p`, `high_p`) and
        of Laney's p′ chart (`low_p_prime`, `high_p_prime`), `is_signal_p` and `is_signal_p_prime`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    return comparisons.control_chart(app, _compared(of), (by,) if isinstance(by, str) else tuple(by), asked)


def _compared(of: str) -> Callable[..., Report]:
    known = REPORTS.keys() - {"control_chart", "funnel"}
    if of not in known:
        raise BadInput(f"there is no report {of} to compare; the nearest is {nearest(of, sorted(known))}")
    return REPORTS[of]


REPORTS: Mapping[str, Callable[..., Report]] = {
    "backlog": backlog,
    "complaint_rate": complaint_rate,
    "complaint_rate_opened": complaint_rate_opened,
    "control_chart": control_chart,
    "first_pass": first_pass,
    "funnel": funnel,
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
    def ask(rows: Rows) -> list[ReportRow]:
        first = [] if w_days is None else complaints.complaint_rate(rows.count(complaints.handed_back(w_days)), w_days)
        return first + complaints.complaint_rate_opened(rows.count(complaints.opened(h_days)), h_days)

    rows, read = counted(app, COMPLAINT_ROWS, question, ask)
    days: dict[str, Parameter] = {"h_days": h_days} if w_days is None else {"w_days": w_days, "h_days": h_days}
    return question.report(rows, read, **days)
