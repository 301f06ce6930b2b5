"""Row bars: what stands for a figure at the end of its line, drawn to the scale of its table.

A rate is a point in its interval, percentiles lie within each other, a part of the time is as long as its share, and
ages stand beside each other. Where numbers of several units share a table nothing is drawn: they have no common scale.
"""

from collections.abc import Mapping, Sequence

from ticketing.cli.bar import bar, interval, profile, stretches
from ticketing.projections.report import Limit, ReportRow

_LEAST, _LEAST_OF_SHARES, _MOST = 10, 6, 20
"""Columns between which bars are drawn: one from zero on needs fewer to be read."""
_RATES = frozenset({"per 100", "per 1,000"})


def bars_of(rows: Sequence[ReportRow | None], columns: int) -> tuple[str, list[str]]:
    """The heading of the bars and one for each row; all are empty where bars would not help or have no room.

    Args:
        rows: Those of one table; None for a line that is no figure's.
        columns: How many are free behind the table.
    """
    width = min(columns, _MOST)
    drawn = [row for row in rows if row is not None and _longest(row) is not None]
    nothing = "", [""] * len(rows)
    if not drawn or len({(row.unit, _kind(row)) for row in drawn}) > 1:
        return nothing
    kind = _kind(drawn[0])
    least = _LEAST_OF_SHARES if kind == "share" else _LEAST
    if (len(drawn) < 2 or width < least) and kind != "ages":
        return nothing
    end = max(_longest(row) or 0.0 for row in drawn)
    bars = ["" if row is None else _drawn(row, end, width) for row in rows]
    return (_heading(drawn[0], width), bars) if max(map(len, bars)) <= columns else nothing


def is_too_few(row: ReportRow | None) -> bool:
    """Whether the row is of fewer than it takes to be weighed."""
    return row is not None and bool((row.compared or {}).get("is_too_few"))


def _kind(row: ReportRow) -> str:
    if row.ages is not None:
        return "ages"
    if row.percentiles is not None:
        return "percentiles"
    return "share" if row.share is not None else "rate" if row.unit in _RATES else "value"


def _longest(row: ReportRow) -> float | None:
    """How far the bar of a row reaches; None where it has none."""
    match _kind(row):
        case "ages":
            return float(max((row.ages or {}).values(), default=0))
        case "percentiles":
            return max((float(value) for value in (row.percentiles or {}).values() if value is not None), default=None)
        case "share":
            return None if row.figure == "ledger_turnaround" else float(row.share or 0)
        case "rate":
            value = _number(row.value)
            return None if value is None else max(value, _limit(row.high, value))
        case _:
            return None


def _drawn(row: ReportRow, end: float, width: int) -> str:
    if _longest(row) is None:
        return ""
    match _kind(row):
        case "ages":
            return profile([*(row.ages or {}).values()])
        case "percentiles":
            values = [*(row.percentiles or {}).values()]
            return stretches(values[0], values[-1], end, width)
        case "share":
            return bar(float(row.share or 0), end, width)
        case _:
            value = _number(row.value) or 0.0
            point = "▒" if is_too_few(row) else "█"
            return interval(_limit(row.low, value), value, _limit(row.high, value), end, width, point=point)


def _heading(row: ReportRow, width: int) -> str:
    names = [*(row.percentiles or {})]
    heading = f"█ {names[0]} ▒ {names[-1]}" if len(names) > 1 else ""
    return heading if len(heading) <= width else ""


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _limit(limit: Limit, otherwise: float) -> float:
    return otherwise if limit is None or isinstance(limit, Mapping) else float(limit)
