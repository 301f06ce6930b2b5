"""Curve chart: how many of 100 units are back after how long: the true curve, and a misleading one beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

import altair as alt

from ticketing.pages.chart_style import BESIDE, FAINT, FIGURE, WIDE
from ticketing.pages.charts import NUMBER, Row, data, framed, placed, room, round_ticks

_TOP, _BOTTOM, _LEFT, _RIGHT = 24, 46, 46, 16
_LEVELS = (50, 90)
_SPANNED = 97
"""Up to here the axis has room for all: the last few units would make all others small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Times within which so many percent are back.

    Attributes:
        name: What the curve is of.
        at: The time by percent; None where it is not reached.
        low: The lower limit of the time, likewise.
        high: The upper one.
    """

    name: str
    at: Mapping[int, float | None]
    low: Mapping[int, float | None]
    high: Mapping[int, float | None]

    def reached(self) -> list[tuple[int, float]]:
        """The percents that are reached, each with its time."""
        return [(percent, at) for percent, at in sorted(self.at.items()) if at is not None]


def curve_chart(true: Curve, beside: Curve, unit: str, width: int) -> alt.LayerChart:
    """The two curves over one time.

    Args:
        true: The one with limits.
        beside: What is held against it.
        unit: Of the times, in words.
        width: Of the picture.
    """
    height = 330 if width >= WIDE else 290
    reached = [one for curve in (true, beside) for one in curve.reached()]
    latest = max((at for percent, at in reached if percent <= _SPANNED), default=1.0)
    x, end = _time(latest, f"{unit} from receipt to hand-back")
    title = alt.Chart(data([{"said": "back, of 100 units"}])).mark_text(align="left", color=FAINT)
    layers = [
        _levels(),
        _band(true, x, end),
        _line(beside, x, end, BESIDE),
        _line(true, x, end, FIGURE),
        *_marks(beside, x, end, width, BESIDE, "right"),
        *_marks(true, x, end, width, FIGURE, "left"),
        placed(title, x=alt.value(-_LEFT + 2), y=alt.value(-12), text="said:N"),
    ]
    return framed(layers, width=width, height=height, left=_LEFT, right=_RIGHT, top=_TOP, bottom=_BOTTOM)


def _time(latest: float, title: str) -> tuple[alt.X, float]:
    end = latest * 1.04
    ticks = round_ticks(end, 6)
    axis = alt.Axis(values=ticks, title=title, format=NUMBER, grid=False)
    return alt.X("time:Q", scale=alt.Scale(domain=[0, end], nice=False), axis=axis), end


def _share() -> alt.Y:
    axis = alt.Axis(values=[0, *_LEVELS, 100], title=None)
    return alt.Y("percent:Q", scale=alt.Scale(domain=[0, 100], nice=False), axis=axis)


def _levels() -> alt.Chart:
    """An invisible mark that brings the axis with it."""
    return placed(alt.Chart(data([{"percent": 0}])).mark_rule(opacity=0), y=_share())


def _line(curve: Curve, x: alt.X, end: float, colour: str) -> alt.Chart:
    """The curve as far as the axis goes; where it goes on behind it, level up to there."""
    reached = curve.reached()
    seen = [(percent, at) for percent, at in reached if at <= end]
    points: list[Row] = [{"time": 0, "percent": 0}]
    points += [{"time": at, "percent": percent} for percent, at in seen]
    if seen and len(seen) < len(reached):
        points.append({"time": end, "percent": seen[-1][0]})
    lines = alt.Chart(data(points)).mark_line(interpolate="step-after", color=colour, strokeWidth=2)
    return placed(lines, x=x, y=_share(), order="percent:Q")


def _band(curve: Curve, x: alt.X, end: float) -> alt.Chart:
    """Between the limits, also of what is not reached; where there is no upper one, up to the end of the picture."""
    rows: list[Row] = []
    for percent in sorted(curve.at):
        low, high = curve.low.get(percent), curve.high.get(percent)
        if (low is not None or high is not None) and (low or 0) <= end:
            ends = {"time": low or 0, "high": end if high is None else min(high, end)}
            rows += [] if rows else [{"percent": percent - 1, **ends}]
            rows.append({"percent": percent, **ends})
    # A horizontal area is drawn from the top down: only so each edge steps to a percent at the limit of that percent.
    area = alt.Chart(data(rows)).mark_area(orient="horizontal", color=FIGURE, opacity=0.16, interpolate="step-before")
    return placed(area, x=x, x2="high:Q", y=_share())


Side = Literal["left", "right"]


def _marks(curve: Curve, x: alt.X, end: float, width: int, colour: str, align: Side) -> list[alt.Chart]:
    """The times of the levels, above the line to the left of it or below to the right, so that no two can meet."""
    rows = _marked(curve)
    dots = alt.Chart(data([row for row in rows if row["percent"] in _LEVELS]))
    layers = [placed(dots.mark_point(filled=True, size=60, opacity=1, color=colour), x=x, y=_share())]
    for row in rows:
        is_end = row["percent"] not in _LEVELS
        at = (width - _LEFT - _RIGHT) * row["time"] / end
        takes = room(row["said"]) + 8
        if is_end or (align == "right" and takes <= at):
            layers.append(_word(row, colour, "right", x, dx=-7, dy=-11))
        elif align == "left":
            is_last = at + takes > width - _LEFT
            layers.append(_word(row, colour, "right" if is_last else "left", x, dx=-7 if is_last else 7, dy=11))
        elif row["said"].startswith(curve.name):  # there is no room to its left: it begins where the picture does
            layers.append(_word(row, colour, "left", alt.value(4), dx=0, dy=-11))
    return layers


class _Mark(TypedDict):
    time: float
    percent: int
    said: str


def _marked(curve: Curve) -> list[_Mark]:
    """What is written at the levels; where too few are back to reach any, at the end of the curve."""
    reached = curve.reached()
    marks: list[_Mark] = []
    if reached and reached[-1][0] < _LEVELS[0]:
        percent, last = reached[-1]
        marks.append({"time": last, "percent": percent, "said": f"{curve.name}, {percent} so far"})
    for level in _LEVELS:
        if (at := curve.at.get(level)) is not None:
            is_named = level == _LEVELS[-1] or curve.at.get(_LEVELS[-1]) is None
            marks.append(
                {"time": at, "percent": level, "said": f"{curve.name} {at:,.1f}" if is_named else f"{at:,.1f}"}
            )
    return marks


def _word(row: _Mark, colour: str, align: Side, x: object, *, dx: int, dy: int) -> alt.Chart:
    word = alt.Chart(data([dict(row)])).mark_text(align=align, color=colour, dx=dx, dy=dy)
    return placed(word, x=x, y=_share(), text="said:N")
