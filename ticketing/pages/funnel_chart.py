"""Funnel chart: the rates of groups by their size, between the limits of what chance does to groups of that size.

A rate beyond the axis is a triangle at its upper end, which says the rate where it has room for words.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import altair as alt

from ticketing.pages.chart_style import BESIDE, FAINT, FIGURE, SIGNAL
from ticketing.pages.charts import (
    NUMBER,
    TEXT,
    Row,
    data,
    fitting,
    framed,
    literal,
    pixels,
    placed,
    room,
    round_end,
    round_ticks,
)
from ticketing.pages.rate_axis import LEFT, TOP, height_of, rate_axis, rate_title

_RIGHT, _BOTTOM = 18, 46

_FEW = 12
"""So many groups are all named, where there is room."""

_LIMITS = ("95 %", "99.8 %")
"""What the limits are called."""

_HIGHEST = 3
"""Of more groups so many."""

Align = Literal["left", "right"]
Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A group in a funnel.

    Attributes:
        name: What it is called.
        n: How many tickets it was asked of.
        rate: Per 100 of them.
        is_signal: Whether it stands out by more than chance.
        is_too_few: Whether it has too few to be judged.
    """

    name: str
    n: int
    rate: float
    is_signal: bool = False
    is_too_few: bool = False

    @property
    def colour(self) -> str:
        """That of its meaning."""
        return SIGNAL if self.is_signal else BESIDE if self.is_too_few else FIGURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Between which rates of groups of one size lie that differ by chance alone."""

    n: int
    low: float
    high: float


def funnel_chart(
    points: Sequence[Point], pooled: float, limits: Sequence[Sequence[Limits]], titles: tuple[str, str], width: int
) -> alt.LayerChart:
    """The groups between the limits of their sizes.

    Args:
        points: The groups, each of at least one ticket.
        pooled: The rate of all of them together, per 100.
        limits: The 95 % and the 99.8 % limits by size.
        titles: What the rate and the size are called.
        width: Of the picture.
    """
    height = height_of(width)
    largest = max(point.n for point in points) * 1.08
    judged = [point.rate for point in points if not point.is_too_few] or [point.rate for point in points]
    smallest = min([point.n for point in points if not point.is_too_few] or [1])
    shown = [one.high for one in limits[0] if one.n >= smallest]
    end = min(100.0, round_end(max(*judged, *shown, pooled, 1) * 1.05))
    x = alt.X(
        "n:Q",
        scale=alt.Scale(domain=[0, largest], nice=False),
        axis=alt.Axis(values=round_ticks(largest, 5), title=titles[1], format=NUMBER, grid=False),
    )
    y = rate_axis(end)
    layers = [
        *(_limit_lines(some, end, largest, x, y, dash) for some, dash in zip(limits, ([1, 0], [3, 3]), strict=True)),
        placed(alt.Chart(data([{"rate": pooled}])).mark_rule(color=FAINT), y=y),
        _dots(points, end, x, y),
        rate_title(titles[0]),
    ]
    inside = _Inside(width - LEFT - _RIGHT, height - TOP - _BOTTOM, largest, end)
    ends = [(name, some[-1].high) for name, some in zip(_LIMITS, limits, strict=True) if some and some[-1].high <= end]
    layers += [_names(points, [(f"all {pooled:,.1f}", pooled), *ends], inside)]
    return framed(layers, width=width, height=height, left=LEFT, right=_RIGHT, top=TOP, bottom=_BOTTOM)


def _limit_lines(
    limits: Sequence[Limits], end: float, largest: float, x: alt.X, y: alt.Y, dash: Sequence[float]
) -> alt.Chart:
    rows: list[Row] = []
    for one in limits:
        if one.n <= largest:
            rows += [{"n": one.n, "rate": one.low, "side": "low"}]
            rows += [{"n": one.n, "rate": one.high, "side": "high"}] if one.high <= end else []
    lines = alt.Chart(data(rows)).mark_line(color=BESIDE, strokeWidth=1, strokeDash=list(dash))
    return placed(lines, x=x, y=y, detail="side:N")


def _dots(points: Sequence[Point], end: float, x: alt.X, y: alt.Y) -> alt.Chart:
    rows = [
        {
            "n": point.n,
            "rate": min(point.rate, end),
            "colour": point.colour,
            "shape": "circle" if point.rate <= end else "triangle-up",
        }
        for point in points
    ]
    dots = alt.Chart(data(rows)).mark_point(filled=True, size=64, opacity=0.9)
    return placed(dots, x=x, y=y, color=literal("colour"), shape=alt.Shape("shape:N", scale=None))


@dataclass(frozen=True, slots=True)
class _Inside:
    """What the axes span: so many pixels, so many tickets and so much rate."""

    width: float
    height: float
    largest: float
    end: float

    def at(self, n: float, rate: float) -> tuple[float, float]:
        """Where it is, in pixels from the upper left corner."""
        return self.width * n / self.largest, self.height * (1 - min(rate, self.end) / self.end)

    def holds(self, box: "Box") -> bool:
        """Whether a name may stand there; to the right there is a margin."""
        return box[0] >= 0 and box[2] <= self.width + _RIGHT - 4 and box[1] >= 0 and box[3] <= self.height


def _names(points: Sequence[Point], levels: Sequence[tuple[str, float]], inside: _Inside) -> alt.Chart:
    """Names beside the lines and the groups; one that finds no room is left to the ranking.

    Args:
        points: The groups.
        levels: What the lines are called at their right end, that of the pooled rate first.
        inside: What the axes span.
    """
    rows: list[Row] = []
    dots = [inside.at(point.n, point.rate) for point in points]
    taken: list[Box] = [(x - 5, y - 5, x + 5, y + 5) for x, y in dots]

    def name(said: str, colour: str, places: Iterable[tuple[Align, Box]]) -> None:
        for align, box in places:
            if inside.holds(box) and not any(_meet(box, other) for other in taken):
                taken.append(box)
                x = box[0] if align == "left" else box[2]
                rows.append({"name": said, "x": x, "y": (box[1] + box[3]) / 2, "align": align, "colour": colour})
                break

    for said, rate in levels:
        name(said, FAINT, _beside_line(inside.at(0, rate)[1], room(said), inside))
    across = inside.at(0, levels[0][1])[1]
    taken.append((0.0, across - 2, inside.width, across + 2))
    worthy = _worth_naming(points) | {point.name for point in points if point.rate > inside.end}
    for point, (x, y) in sorted(zip(points, dots, strict=True), key=lambda one: _named_first(one[0])):
        if point.name in worthy:
            beyond = f" ↑ {point.rate:,.1f}" if point.rate > inside.end else ""
            said = fitting(point.name, 150) + beyond
            name(said, SIGNAL if point.is_signal else FAINT, _beside_point(x, y, room(said)))
    words = alt.Chart(data(rows)).mark_text(align=alt.ExprRef("datum.align"))
    x_at = alt.X("x:Q", scale=None, axis=None)
    return placed(words, x=x_at, y=pixels("y"), text="name:N", color=literal("colour"))


def _named_first(point: Point) -> tuple[bool, bool, int]:
    """Those that stand out, then those that are judged, then the largest."""
    return not point.is_signal, point.is_too_few, -point.n


def _worth_naming(points: Sequence[Point]) -> set[str]:
    """All of a few; of many those that stand out, and those with the highest rates."""
    judged = sorted((point for point in points if not point.is_too_few), key=lambda point: -point.rate)
    shown = points if len(points) <= _FEW else [*judged[:_HIGHEST], *(point for point in points if point.is_signal)]
    return {point.name for point in shown}


def _beside_point(x: float, y: float, takes: float) -> Iterator[tuple[Align, Box]]:
    """Where the name of a group may stand: to its right or left, level with it, above or below."""
    half = TEXT / 2 + 2
    for shift in (0, -13, 13):
        yield "left", (x + 8, y + shift - half, x + 8 + takes, y + shift + half)
        yield "right", (x - 8 - takes, y + shift - half, x - 8, y + shift + half)


def _beside_line(y: float, takes: float, inside: _Inside) -> Iterator[tuple[Align, Box]]:
    """Where the name of a line may stand: above or below it, from its right end to its left one."""
    half = TEXT / 2 + 2
    for right in (inside.width, inside.width * 0.75, inside.width * 0.5, takes):
        for middle in (y - half - 1, y + half + 1):
            yield "right", (right - takes, middle - half, right, middle + half)


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
