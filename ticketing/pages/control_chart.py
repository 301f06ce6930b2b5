"""Control chart: a rate by month about its mean, between the limits of what months do by chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import altair as alt

from ticketing.pages.chart_style import BESIDE, FAINT, FIGURE, SIGNAL
from ticketing.pages.charts import TEXT, Row, data, framed, literal, pixels, placed, room, round_end
from ticketing.pages.rate_axis import LEFT, TOP, height_of, rate_axis, rate_title

_BOTTOM = 44
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month in a control chart; None where there is nothing.

    Attributes:
        name: `2026-03`.
        rate: Per 100.
        low: The lower limit, per 100.
        high: The upper one.
        is_signal: Whether the rate lies outside.
    """

    name: str
    rate: float | None
    low: float | None
    high: float | None
    is_signal: bool = False


def control_chart(months: Sequence[Month], mean: float, title: str, width: int) -> alt.LayerChart:
    """The months in order between their limits.

    Args:
        months: At least one.
        mean: The line in the middle, per 100.
        title: What the rate is called.
        width: Of the picture.
    """
    right, height = ceil(room(f"mean {mean:,.1f}")) + 10, height_of(width)
    numbers = [number for month in months for number in (month.rate, month.high) if number is not None]
    end = min(100.0, round_end(max(*numbers, mean, 1) * 1.05))
    scale = alt.Scale(domain=[-0.5, len(months) - 0.5], nice=False)
    x, y = alt.X("place:Q", scale=scale, axis=None), rate_axis(end)
    layers = [
        *(_limit_steps(months, side, end, x, y) for side in ("low", "high")),
        placed(alt.Chart(data([{"rate": mean}])).mark_rule(color=FAINT), y=y),
        *_course(months, end, x, y),
        rate_title(title),
        *_month_names(months, x, width - LEFT - right, height - TOP - _BOTTOM),
    ]
    last = months[-1]
    ends = [(mean, f"mean {mean:,.1f}"), (last.high, "limit"), (last.low, "limit")]
    layers += [
        _beside([(at, said) for at, said in ends if at is not None], end, height - TOP - _BOTTOM, width - LEFT - right)
    ]
    return framed(layers, width=width, height=height, left=LEFT, right=right, top=TOP, bottom=_BOTTOM)


def _limit_steps(months: Sequence[Month], side: str, end: float, x: alt.X, y: alt.Y) -> alt.Chart:
    """A limit as level as a month is wide, since each month has its own."""
    rows = []
    for place, month in enumerate(months):
        limit = month.low if side == "low" else month.high
        if limit is not None:
            rows.append({"place": place - 0.5, "to": place + 0.5, "rate": min(limit, end)})
    lines = alt.Chart(data(rows)).mark_rule(color=BESIDE, strokeDash=[4, 3])
    return placed(lines, x=x, x2="to:Q", y=y)


def _course(months: Sequence[Month], end: float, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    rows = [
        {
            "place": place,
            "rate": month.rate,
            "colour": SIGNAL if month.is_signal else FIGURE,
            "said": f"{month.rate:,.1f}" if month.is_signal else "",
            "dy": -13 if month.rate < 0.9 * end else 15,
        }
        for place, month in enumerate(months)
        if month.rate is not None
    ]
    chart = alt.Chart(data(rows))
    return [
        placed(chart.mark_line(color=FIGURE, strokeWidth=1.5, opacity=0.6), x=x, y=y),
        placed(chart.mark_point(filled=True, size=64, opacity=1), x=x, y=y, color=literal("colour")),
        placed(chart.mark_text(dy=alt.ExprRef("datum.dy"), color=SIGNAL), x=x, y=y, text="said:N"),
    ]


def _month_names(months: Sequence[Month], x: alt.X, width: float, height: float) -> list[alt.Chart]:
    """The month below each that has room for it, and the year below the first of its months that is shown."""
    every = next(step for step in (1, 2, 3, 6, 12, 24, 60, 120, 1200) if width / len(months) * step >= 32)
    rows: list[Row] = []
    year = ""
    for place, month in enumerate(months):
        if place % every == 0:
            named = month.name[:4]
            rows.append({"place": place, "month": _MONTHS[int(month.name[5:7]) - 1], "year": named * (named != year)})
            year = named
    words = alt.Chart(data(rows)).mark_text(color=FAINT)
    return [
        placed(words, x=x, y=alt.value(height + 14), text="month:N"),
        placed(words, x=x, y=alt.value(height + 30), text="year:N"),
    ]


def _beside(ends: Sequence[tuple[float, str]], end: float, height: float, left: float) -> alt.Chart:
    """What the lines are, at their right end, none over another."""
    rows: list[Row] = []
    below = -float(TEXT)
    for at, said in sorted(ends, reverse=True):
        y = max(height * (1 - min(at, end) / end), below + TEXT + 3)
        rows.append({"said": said, "y": y})
        below = y
    words = alt.Chart(data(rows)).mark_text(align="left", color=FAINT)
    return placed(words, x=alt.value(left + 6), y=pixels("y"), text="said:N")
