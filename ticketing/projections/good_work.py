"""Good work: of each group, in which figures it stands out for the better and in which for the worse."""

from collections.abc import Iterable, Mapping, Sequence

from ticketing.projections.report import Compared, Figure, ReportRow
from ticketing.projections.sample import Group, in_order

GOOD_WORK = Figure("good_work", 1, ("by_figure",))

_BETTER: Mapping[str, str] = {
    "complaint_rate": "below",
    "explanation_accepted": "above",
    "first_pass": "above",
    "first_time_fix": "above",
}
"""On which side of the others a group is better."""


def good_work_rows(by: Sequence[str], figures: Iterable[Sequence[ReportRow]]) -> list[ReportRow]:
    """Each group of known name with the number of figures in which it is better than the others by more than chance.

    Args:
        by: The dimensions.
        figures: The rows of each figure as a funnel has them.
    """
    standing: dict[Group, dict[str, Compared]] = {}
    for row in (row for rows in figures for row in rows if row.group):
        group = tuple(row.group[name] for name in by)
        if None not in group and row.compared is not None:
            standing.setdefault(group, {})[row.figure] = row.compared
    if not standing:
        return [_row({}, {})]
    return [_row(dict(zip(by, group, strict=True)), standing[group]) for group in in_order(standing)]


def _row(group: Mapping[str, str | None], standing: Mapping[str, Compared]) -> ReportRow:
    judged = {name: compared["stands_out"] for name, compared in standing.items() if not compared["is_too_few"]}
    better = sorted(name for name, side in judged.items() if side == _BETTER[name])
    worse = sorted(name for name, side in judged.items() if side not in (None, _BETTER[name]))
    reason = "too few cases of every figure" if group else "nothing is known of anybody"
    return ReportRow(
        figure=GOOD_WORK.name,
        definition=GOOD_WORK.definition,
        cohort="by_figure",
        group=group,
        value=len(better) if judged else None,
        reason=None if judged else reason,
        unit="figures",
        numerator=len(better),
        denominator=len(judged),
        excluded=len(standing) - len(judged),
        compared={
            "better": " ".join(better) or None,
            "worse": " ".join(worse) or None,
            "is_marked": bool(better and not worse) if judged else None,
        },
    )
