"""Timed rows: rows of bars on an axis of time, as a chart.

Laws of this file: charts of the same instants have the same margins and edges, so that what stands below each other
happened at once. A label stands whole in its bar, or beside it where nothing else is, or not at all; the table behind
the chart says it then. What a label takes is reckoned by `room`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import altair as alt

from ticketing.pages.chart_style import FAINT, GRID, INK, NARROW, WIDE
from ticketing.pages.charts import Row, data, framed, literal, pixels, room, svg
from ticketing.pages.markup import Html, tag
from ticketing.pages.ticket_style import BROAD
from ticketing.pages.time_axis import TimeAxis

_GUTTER = 190
"""Where the names of rows stand on a wide screen; on a phone they stand above their bars."""

_LINE, _BAR, _AXIS, _EDGE, _MARK, _UNDER = 16, 18, 40, 4, 7, 3
_TICK = 64.0
"""The least distance of ticks, which is more than the longest label takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A bar as it is drawn.

    Attributes:
        says: What is written in it or beside it; up to a colon, where the whole has no room.
        is_quiet: Whether it may say so only within itself.
    """

    from_at: datetime
    to_at: datetime
    colour: str
    is_faint: bool = False
    says: str = ""
    is_quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRow:
    """A row of bars, or without any a heading of those that follow.

    Attributes:
        name: What stands beside the bars, or above them.
        more: What stands with it, and in which colour.
        due: Instants that a line across the bars marks.
        marks: Those that a lozenge marks.
    """

    name: str
    shapes: tuple[Shape, ...] = ()
    more: str = ""
    colour: str = FAINT
    due: tuple[datetime, ...] = ()
    marks: tuple[datetime, ...] = ()
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class _Placed:
    """A row with its place.

    Attributes:
        words: Its name and what stands with it, ready to draw.
        clear: Where the lines of the axis begin, which cross no words.
        middle: Of its bars.
        bottom: Where it ends.
    """

    row: TimedRow
    words: tuple[Row, ...]
    clear: float
    middle: float
    bottom: float


def timed_rows(rows: Sequence[TimedRow], axis: TimeAxis, now: datetime, said: str) -> Html:
    """The chart for a phone, for paper, and as broad as the page: a time line shows more the longer it is.

    Args:
        rows: The first on top.
        axis: What it spans; its place on the picture is found here.
        now: As of when, marked where the axis goes on after it.
        said: What it shows, for who cannot see it.
    """
    draw = partial(_drawn, rows, axis, now)
    widths = (("narrow", NARROW), ("wide", WIDE), ("broad", BROAD))
    return tag("div", *(svg(draw(width), said, class_) for class_, width in widths), class_="chart timed")


def _drawn(rows: Sequence[TimedRow], spanned: TimeAxis, now: datetime, width: int) -> alt.LayerChart:
    is_wide = width >= WIDE
    left = _GUTTER if is_wide else _EDGE
    axis = spanned.between(left, width - _EDGE)
    placed = list(_below_each_other(rows, width, _beside if is_wide else _above))
    bottom = placed[-1].bottom
    layers = [
        _rules(list(_grid(axis, placed)), GRID),
        _texts(list(_tick_labels(axis, bottom))),
        *_bars(placed, axis),
        _rules(list(_now(axis, now, placed)), FAINT, dash=[4, 3]),
        _rules(list(_due(axis, placed)), INK, width=2),
        _lozenges([(axis.place(at), one.middle) for one in placed for at in one.row.marks]),
        _texts([line for one in placed for line in one.words]),
        _texts([label for one in placed for label in _labels(one, axis)]),
    ]
    return framed(layers, width=width, height=round(bottom) + _AXIS, left=0, right=0, top=0, bottom=0)


# the rows below each other


def _below_each_other(
    rows: Iterable[TimedRow], width: int, place: Callable[[TimedRow, float, int], _Placed]
) -> Iterator[_Placed]:
    top = 0.0
    for row in rows:
        placed = _heading(row, top, width) if row.is_heading else place(row, top, width)
        top = placed.bottom
        yield placed


def _heading(row: TimedRow, top: float, width: int) -> _Placed:
    lines = folded(row.name, width)
    words = _under_each_other([(line, INK) for line in lines], top + 10, is_bold=True)
    bottom = top + 12 + _LINE * len(lines)
    return _Placed(row, words, bottom, bottom, bottom)


def _beside(row: TimedRow, top: float, _: int) -> _Placed:
    """Its words to the left of its bars."""
    lines = [(line, INK) for line in folded(row.name, _GUTTER - 3 * _EDGE)]
    lines += [(line, row.colour) for line in (folded(row.more, _GUTTER - 3 * _EDGE) if row.more else ())]
    text = _LINE * len(lines)
    bottom = top + max(text, _BAR) + 8
    middle = (top + bottom) / 2
    return _Placed(row, _under_each_other(lines, middle - text / 2), top, middle, bottom)


def _above(row: TimedRow, top: float, width: int) -> _Placed:
    """Its words above its bars, those that stand with the name to the right if they have room."""
    names = folded(row.name, width)
    lines = [(line, INK) for line in names]
    right: tuple[Row, ...] = ()
    if row.more and room(names[-1]) + room(row.more) + 2 * _EDGE <= width:
        right = (_text(width, top + 6 + _LINE * (len(names) - 0.5), row.more, row.colour, "right"),)
    else:
        lines += [(line, row.colour) for line in (folded(row.more, width) if row.more else ())]
    text = _LINE * len(lines)
    middle = top + 6 + text + _UNDER + _BAR / 2
    words = (*_under_each_other(lines, top + 6), *right)
    return _Placed(row, words, middle - _BAR / 2 - _UNDER, middle, middle + _BAR / 2 + 4)


def _under_each_other(lines: Iterable[tuple[str, str]], top: float, *, is_bold: bool = False) -> tuple[Row, ...]:
    return tuple(
        _text(0, top + _LINE * (number + 0.5), line, colour, weight="bold" if is_bold else "normal")
        for number, (line, colour) in enumerate(lines)
    )


def folded(text: str, width: float) -> list[str]:
    """The text on as many lines as it takes, broken behind blanks and signs, whatever has no such place whole."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and room((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str) -> Iterator[str]:
    """The text cut behind every sign at which a line may end."""
    piece = ""
    for letter in text:
        piece += letter
        if letter in " /-@,_":
            yield piece
            piece = ""
    yield piece


# the axis


def _grid(axis: TimeAxis, placed: Iterable[_Placed]) -> Iterator[Row]:
    """The lines of the ticks through the rows; a heading has none."""
    ticks = axis.ticks(_TICK)
    for one in placed:
        if not one.row.is_heading:
            yield from (_rule(axis.place(tick.at), one.clear, one.bottom) for tick in ticks)


def _tick_labels(axis: TimeAxis, bottom: float) -> Iterator[Row]:
    """The labels that touch neither each other nor the edges, and under them what the axis spans."""
    free, right = axis.left - _EDGE, axis.right + _EDGE
    for tick in axis.ticks(_TICK):
        half = room(tick.label) / 2
        x = min(max(axis.place(tick.at), axis.left - _EDGE + half), right - half)
        if x - half >= free:
            yield _text(x, bottom + 10, tick.label, FAINT, "center")
            free = x + half + _EDGE
    spans = f"{_minute(axis.from_at, axis)} to {_minute(axis.to_at, axis)}, {axis.zone}"
    yield _text(axis.left - _EDGE, bottom + 28, spans, FAINT)


def _minute(at: datetime, axis: TimeAxis) -> str:
    return f"{at.astimezone(axis.zone):%Y-%m-%d %H:%M}"


def _now(axis: TimeAxis, now: datetime, placed: Iterable[_Placed]) -> Iterator[Row]:
    if axis.from_at < now < axis.to_at:
        yield from (_rule(axis.place(now), one.clear, one.bottom) for one in placed if not one.row.is_heading)


def _due(axis: TimeAxis, placed: Iterable[_Placed]) -> Iterator[Row]:
    for one in placed:
        for at in one.row.due:
            if axis.from_at <= at <= axis.to_at:
                yield _rule(axis.place(at), one.middle - _BAR / 2 - 2, one.middle + _BAR / 2 + 2)


# the bars


def _bars(placed: Iterable[_Placed], axis: TimeAxis) -> Iterator[alt.Chart]:
    drawn: dict[bool, list[Row]] = {True: [], False: []}
    for one in placed:
        for shape in one.row.shapes:
            begins, ends = _ends_of(shape, axis)
            edges = {"y": one.middle - _BAR / 2, "to_y": one.middle + _BAR / 2, "colour": shape.colour}
            drawn[shape.is_faint].append({"x": begins, "to_x": ends, **edges})
    yield _rectangles(drawn[True], opacity=0.1, dash=[2, 2])
    yield _rectangles(drawn[False], opacity=0.42, dash=[])


def _ends_of(shape: Shape, axis: TimeAxis) -> tuple[float, float]:
    """The pixels between which a bar is drawn; what is too short to be seen gets one."""
    begins = axis.place(shape.from_at)
    return begins, max(axis.place(shape.to_at), begins + 1)


def _labels(placed: _Placed, axis: TimeAxis) -> Iterator[Row]:
    """What the bars say: in them, else behind them, else before them, where there is room."""
    bars = [_ends_of(shape, axis) for shape in placed.row.shapes]
    taken = [(axis.place(at) - _MARK, axis.place(at) + _MARK) for at in placed.row.marks]
    for number, shape in enumerate(placed.row.shapes):
        others = [*bars[:number], *bars[number + 1 :], *taken]
        found = next(_places(shape, bars[number], axis, others), None)
        if found is not None:
            x, said = found
            taken.append((x, x + room(said) + 2 * _EDGE))
            yield _text(x + _EDGE, placed.middle, said, INK)


def _places(
    shape: Shape, bar: tuple[float, float], axis: TimeAxis, others: Sequence[tuple[float, float]]
) -> Iterator[tuple[float, str]]:
    """Where a bar may be labelled, and with what, the best first."""
    begins, ends = bar
    for said in dict.fromkeys((shape.says, shape.says.partition(":")[0])):
        needed = room(said) + 2 * _EDGE
        beside = () if shape.is_quiet else (ends, ends + _MARK, begins - needed)
        for x in (begins,) if ends - begins >= needed else beside:
            is_free = all(x + needed <= other_begins or x >= other_ends for other_begins, other_ends in others)
            if said and is_free and axis.left <= x and x + needed <= axis.right:
                yield x, said


# marks


def _text(x: float, y: float, said: str, colour: str, align: str = "left", *, weight: str = "normal") -> Row:
    return {"x": x, "y": y, "said": said, "colour": colour, "align": align, "weight": weight}


def _rule(x: float, from_y: float, to_y: float) -> Row:
    return {"x": x, "to_x": x, "y": from_y, "to_y": to_y}


def _level(field: str) -> alt.X:
    """The horizontal place that a field gives in pixels from the left."""
    return alt.X(f"{field}:Q", scale=None, axis=None)


def _texts(rows: Sequence[Row]) -> alt.Chart:
    marks: alt.Chart = alt.Chart(data(rows)).mark_text(
        align=alt.ExprRef("datum.align"), fontWeight=alt.ExprRef("datum.weight"), baseline="middle"
    )
    return marks.encode(x=_level("x"), y=pixels("y"), text=alt.Text("said:N"), color=literal("colour"))


def _rules(rows: Sequence[Row], colour: str, *, width: int = 1, dash: Sequence[int] = ()) -> alt.Chart:
    marks: alt.Chart = alt.Chart(data(rows)).mark_rule(color=colour, strokeWidth=width, strokeDash=[*dash])
    return marks.encode(x=_level("x"), y=pixels("y"), x2=alt.X2("to_x:Q"), y2=alt.Y2("to_y:Q"))


def _rectangles(rows: Sequence[Row], *, opacity: float, dash: Sequence[int]) -> alt.Chart:
    marks: alt.Chart = alt.Chart(data(rows)).mark_rect(fillOpacity=opacity, strokeWidth=1, strokeDash=[*dash])
    return marks.encode(
        x=_level("x"),
        x2=alt.X2("to_x:Q"),
        y=pixels("y"),
        y2=alt.Y2("to_y:Q"),
        fill=alt.Fill("colour:N", scale=None, legend=None),
        stroke=alt.Stroke("colour:N", scale=None, legend=None),
    )


def _lozenges(places: Iterable[tuple[float, float]]) -> alt.Chart:
    rows: list[Row] = [{"x": x, "y": y} for x, y in places]
    marks: alt.Chart = alt.Chart(data(rows)).mark_point(shape="diamond", size=70, fill=INK, opacity=1, strokeWidth=0)
    return marks.encode(x=_level("x"), y=pixels("y"))
