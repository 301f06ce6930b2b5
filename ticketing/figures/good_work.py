"""Good work: whose work stands out for the better, and who deserves thanks, by figures beside each other.

The rule is simple, so that everybody can check it: a group (a technician, unless asked otherwise) is marked if it
stands out for the better in at least one of the figures and for the worse in none. Standing out is what a funnel says:
by more than chance, against all others, in a figure of which the group has enough cases. It is nobody's rank.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Unpack

from ticketing.answering import Asked, together, understood
from ticketing.application import Ticketing
from ticketing.figures.comparisons import funnel
from ticketing.figures.complaints import W_DAYS, complaint_rate
from ticketing.figures.recognition import recognition
from ticketing.figures.repairs import N_DAYS, first_time_fix
from ticketing.figures.turnaround import first_pass
from ticketing.projections.good_work import GOOD_WORK, good_work_rows
from ticketing.projections.report import Report

MINIMUM_N = 20
"""A group of fewer cases is shown, but not judged."""

_DIMENSION = ("technician",)


def good_work(
    app: Ticketing,
    *,
    n_days: int = N_DAYS,
    w_days: int = W_DAYS,
    minimum_n: int = MINIMUM_N,
    **asked: Unpack[Asked],
) -> Report:
    """Who deserves a bonus: whose work stands out for the better in a figure, and for the worse in none.

    Args:
        app: The application on the store.
        n_days: How long a repair must have held, as `first_time_fix` has it.
        w_days: How long after hand-back a complaint counts, as `complaint_rate` has it.
        minimum_n: A group of fewer cases is shown, but not judged.
        asked: See `Asked`; without `by` it is asked by technician, and each figure has a cohort of its own.

    Returns:
        Rows of `good_work`, which are counts of figures, then those of `first_time_fix`, `first_pass`,
        `complaint_rate` and `explanation_accepted` as a funnel has them. The first have as `compared` in what the group
        is `better` and `worse`, whether it is marked (`is_marked`, None where it has too few cases of everything).

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    by = understood(app, GOOD_WORK, asked, good_work).scope.by or _DIMENSION
    rest: Asked = {**asked}
    for name in ("by", "cohort"):
        rest.pop(name, None)  # type: ignore[misc]  # mypy wants the literal key

    def compared(report: Callable[..., Report], **parameters: int) -> Callable[[Asked], Report]:
        return lambda common: funnel(app, report, minimum_n, by, {**common, **parameters})

    answers = together(
        app,
        rest,
        [
            compared(first_time_fix, n_days=n_days),
            compared(first_pass),
            compared(_complained, w_days=w_days),
            compared(_explained),
        ],
    )
    first = answers[0]
    return replace(
        first,
        figure=GOOD_WORK.name,
        definition=GOOD_WORK.definition,
        parameters={"by": by, "n_days": n_days, "w_days": w_days, "minimum_n": minimum_n},
        cohort="by_figure",
        set_aside=max(answer.set_aside for answer in answers),
        rows=(*good_work_rows(by, [answer.rows for answer in answers]), *(row for it in answers for row in it.rows)),
    )


def _complained(app: Ticketing, *, w_days: int = W_DAYS, **asked: Unpack[Asked]) -> Report:
    return _only("complaint_rate", complaint_rate(app, w_days=w_days, **asked))


def _explained(app: Ticketing, **asked: Unpack[Asked]) -> Report:
    return _only("explanation_accepted", recognition(app, **asked))


def _only(figure: str, report: Report) -> Report:
    return replace(report, figure=figure, rows=report.of(figure))
