"""The questions people ask of a store, as library calls; each family of figures has its module in `figures`.

A report is always as of an instant, printed in its header: facts count that had occurred by then, and native tickets
were observed until then. Without `as_of`, `known_at` or `position` it is answered from the rows that projections keep,
caught up first; with any of them the log is folded anew, one ticket at a time. Both ways give the same report.
"""

from collections.abc import Callable, Mapping, Sequence

from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput, nearest
from ticketing.figures import comparisons
from ticketing.figures.clocks import ledger, promises, sites, sla
from ticketing.figures.complaints import complaint_rate, complaint_rate_opened, complaints
from ticketing.figures.conduct import honesty, hygiene
from ticketing.figures.disputes import disputes
from ticketing.figures.good_work import good_work
from ticketing.figures.handling import handling, requests, silence
from ticketing.figures.money import claims, tills, warranty_watch
from ticketing.figures.recognition import recognition
from ticketing.figures.repairs import first_time_fix, no_fault_found, repeat_rate, repeats
from ticketing.figures.scorecard import scorecard
from ticketing.figures.turnaround import backlog, first_pass, turnaround, turnaround_closed
from ticketing.projections.complaint_answers import COMPLAINTS
from ticketing.projections.dimensions import DIMENSIONS
from ticketing.projections.disputes import DISPUTES
from ticketing.projections.ledger_totals import LEDGER
from ticketing.projections.promises import PROMISES
from ticketing.projections.report import Report
from ticketing.projections.sites import SITES
from ticketing.projections.sla import SLA
from ticketing.projections.warranty import WARRANTY_WATCH

__all__ = [
    "REPORTS",
    "backlog",
    "claims",
    "complaint_rate",
    "complaint_rate_opened",
    "complaints",
    "control_chart",
    "dimensions_of",
    "disputes",
    "first_pass",
    "first_time_fix",
    "funnel",
    "good_work",
    "handling",
    "honesty",
    "hygiene",
    "ledger",
    "named",
    "no_fault_found",
    "promises",
    "recognition",
    "repeat_rate",
    "repeats",
    "requests",
    "scorecard",
    "silence",
    "sites",
    "sla",
    "tills",
    "turnaround",
    "turnaround_closed",
    "warranty_watch",
]

MINIMUM_N = 20
"""A group of fewer is shown, but not judged."""


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
    app: Ticketing,
    *,
    of: str = "complaint_rate",
    minimum_n: int = MINIMUM_N,
    by: str | Sequence[str] = (),
    **asked: object,
) -> Report:
    """Whether a rate really rose or fell: by month, or by quarter if that is asked for, with limits of chance.

    Args:
        app: The application on the store.
        of: The report that is charted; its own figure is a rate.
        minimum_n: A month of fewer is shown, and counts for the limits, but is no signal.
        by: Dimensions; beside the month, or the quarter, each group has a chart of its own.
        asked: See `Asked`, and the parameters of the report that is charted.

    Returns:
        Its rows, each with `compared`: the `centre`, `sigma_z`, `z`, the limits of the p chart (`low_p`, `high_p`) and
        of Laney's p′ chart (`low_p_prime`, `high_p_prime`), `is_signal_p`, `is_signal_p_prime` and `is_too_few`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    return comparisons.control_chart(app, _compared(of), minimum_n, (by,) if isinstance(by, str) else tuple(by), asked)


def _compared(of: str) -> Callable[..., Report]:
    known = REPORTS.keys() - {"control_chart", "funnel"}
    if of not in known:
        raise BadInput(f"there is no report {of} to compare; the nearest is {nearest(of, sorted(known))}")
    return REPORTS[of]


REPORTS: Mapping[str, Callable[..., Report]] = {
    "backlog": backlog,
    "claims": claims,
    "complaint_rate": complaint_rate,
    "complaint_rate_opened": complaint_rate_opened,
    "complaints": complaints,
    "control_chart": control_chart,
    "disputes": disputes,
    "first_pass": first_pass,
    "first_time_fix": first_time_fix,
    "funnel": funnel,
    "good_work": good_work,
    "handling": handling,
    "honesty": honesty,
    "hygiene": hygiene,
    "ledger": ledger,
    "no_fault_found": no_fault_found,
    "promises": promises,
    "recognition": recognition,
    "repeat_rate": repeat_rate,
    "repeats": repeats,
    "requests": requests,
    "silence": silence,
    "scorecard": scorecard,
    "sites": sites,
    "sla": sla,
    "tills": tills,
    "turnaround": turnaround,
    "turnaround_closed": turnaround_closed,
    "warranty_watch": warranty_watch,
}
"""Every report by its name."""


PART_OF: Mapping[str, str] = {
    "bounced": "handling",
    "came_again": "recognition",
    "complaints_per_1000": "complaints",
    "explanation_accepted": "recognition",
    "long_term": "backlog",
    "promises_first": "promises",
    "reworked": "first_pass",
    "satisfied": "recognition",
    "sla_overrun": "sla",
    "within_days": "turnaround, with within_days",
}
"""Figures that have no report of their own, by the one in which they stand."""


def named(name: str) -> Callable[..., Report]:
    """The report of that name.

    Raises:
        BadInput: There is none; the text names the nearest.
    """
    if name in PART_OF:
        raise BadInput(f"{name} is part of another report: ask for {PART_OF[name]}")
    if name not in REPORTS:
        raise BadInput(f"there is no report {name}; the nearest is {nearest(name, REPORTS)}")
    return REPORTS[name]


_OWN_DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    figure.name: figure.dimensions for figure in (COMPLAINTS, DISPUTES, LEDGER, PROMISES, SITES, SLA, WARRANTY_WATCH)
}


def dimensions_of(name: str) -> tuple[str, ...]:
    """What the report of that name may be grouped by."""
    return tuple(sorted((*DIMENSIONS, *_OWN_DIMENSIONS.get(name, ()))))
