"""Row chart: figures under each other, each with its name, its number, and a dot with its interval or a bar.

On a narrow picture name and number stand above the mark, on a wide one beside it. An interval that goes on behind the
axis ends in an arrow head.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

import altair as alt

from ticketing.pages.chart_style import FAINT, FIGURE, INK, WIDE
from ticketing.pages.charts import (
    NUMBER,
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

_AXIS_BELOW = 46
_GAP = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure, or the heading of those that follow.

    Attributes:
        name: What it is of.
        said: Its number in words.
        more: What else a wide picture has room to say of it.
        value: Where its mark is; None for a heading, which has none.
        low: Where its interval begins; None where it has none.
        high: Where it ends.
        colour: That of its meaning.
        is_bar: Whether a bar from zero stands for it, in place of a dot.
        is_faint: Whether it is shown without being weighed.
    """

    name: str
    said: str = ""
    more: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    colour: str = FIGURE
    is_bar: bool = False
    is_faint: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The axis below.

    Attributes:
        title: What it measures, with its unit.
        end: What it must reach; it begins at zero.
        least: The shortest step between ticks: 1 where things are counted.
        held_against: A value that all lines are compared with.
        held_name: What that is called.
    """

    title: str
    end: float
    least: float = 0
    held_against: float | None = None
    held_name: str = ""


def row_chart(lines: Sequence[Line], scale: Scale, width: int) -> alt.LayerChart:
    """The lines, the first on top."""
    return _Rows(lines, scale, width).drawn()


class _Rows:
    """Where everything stands."""

    def __init__(self, lines: Sequence[Line], scale: Scale, width: int) -> None:
        self.lines = lines
        self.scale = scale
        self.width = width
        self.is_wide = width >= WIDE
        self.more = max(ceil(room(line.more)) + _GAP if line.more else 0 for line in lines) if self.is_wide else 0
        said = max(ceil(room(line.said)) for line in lines)
        self.left = min(250, max(ceil(room(line.name)) for line in lines) + _GAP) if self.is_wide else 10
        self.right = said + self.more + _GAP if self.is_wide else 18
        self.top = 22 if scale.held_against is not None else 4
        self.end = round_end(scale.end)

    def drawn(self) -> alt.LayerChart:
        rows, y = [], 0
        for number, line in enumerate(self.lines):
            y += 6 if line.value is None and number else 0
            rows.append(self._row(line, y))
            y += 26 if self.is_wide or line.value is None else 44
        marked = [row for row in rows if row["value"] is not None]
        layers = [self._axis()]
        if self.scale.held_against is not None:
            layers += self._held_against(self.scale.held_against)
        layers += [self._intervals([row for row in marked if row["low"] is not None])]
        layers += [self._arrow_heads([row for row in marked if row["goes_on"]])]
        layers += [self._bars([row for row in marked if row["is_bar"]])]
        layers += [self._dots([row for row in marked if not row["is_bar"]]), *self._words(rows)]
        return framed(
            layers,
            width=self.width,
            height=self.top + y + 4 + _AXIS_BELOW,
            left=self.left,
            right=self.right,
            top=self.top,
            bottom=_AXIS_BELOW,
        )

    def _row(self, line: Line, top: int) -> Row:
        beside = room(line.said) + _GAP if line.said else 0
        free = self.left - _GAP if self.is_wide and line.value is not None else self.width - beside - self.more - _GAP
        return {
            "name": fitting(line.name, free),
            "said": line.said,
            "more": line.more,
            "value": line.value,
            "low": line.low,
            "high": None if line.high is None else min(line.high, self.end),
            "goes_on": line.high is not None and line.high > self.end,
            "zero": 0,
            "colour": line.colour,
            "is_bar": line.is_bar,
            "words": FAINT if line.is_faint else INK,
            "weight": "bold" if line.value is None and not line.is_faint else "normal",
            "y": top + (13 if self.is_wide else 30),
            "y_name": top + (13 if self.is_wide else 12),
        }

    def _x(self, field: str) -> alt.X:
        axis = alt.Axis(values=round_ticks(self.end, least=self.scale.least), title=self.scale.title, format=NUMBER)
        return alt.X(f"{field}:Q", scale=alt.Scale(domain=[0, self.end], nice=False, zero=True), axis=axis)

    def _axis(self) -> alt.Chart:
        return placed(alt.Chart(data([{"zero": 0}])).mark_rule(opacity=0), x=self._x("zero"))

    def _held_against(self, value: float) -> list[alt.Chart]:
        rows = data([{"value": value, "name": self.scale.held_name}])
        at = self.left + (self.width - self.left - self.right) * value / self.end
        half = room(self.scale.held_name) / 2
        align: Literal["left", "center", "right"] = (
            "left" if at < half else "right" if at > self.width - half else "center"
        )
        line, name = alt.Chart(rows), alt.Chart(rows)
        return [
            placed(line.mark_rule(color=FAINT, strokeDash=[3, 3]), x=self._x("value")),
            placed(
                name.mark_text(align=align, color=FAINT, baseline="bottom"),
                x=self._x("value"),
                y=alt.value(-6),
                text="name:N",
            ),
        ]

    def _intervals(self, rows: Sequence[Row]) -> alt.Chart:
        lines = alt.Chart(data(rows)).mark_rule(strokeWidth=3, strokeCap="round", opacity=0.45)
        return placed(lines, x=self._x("low"), x2="high:Q", y=pixels("y"), color=literal("colour"))

    def _arrow_heads(self, rows: Sequence[Row]) -> alt.Chart:
        heads = alt.Chart(data(rows)).mark_point(shape="triangle-right", filled=True, size=70, opacity=1)
        return placed(heads, x=self._x("high"), y=pixels("y"), color=literal("colour"))

    def _dots(self, rows: Sequence[Row]) -> alt.Chart:
        dots = alt.Chart(data(rows)).mark_point(filled=True, size=70, opacity=1)
        return placed(dots, x=self._x("value"), y=pixels("y"), color=literal("colour"))

    def _bars(self, rows: Sequence[Row]) -> alt.Chart:
        bars = alt.Chart(data(rows)).mark_bar(size=12)
        return placed(bars, x=self._x("zero"), x2="value:Q", y=pixels("y"), color=literal("colour"))

    def _words(self, rows: Sequence[Row]) -> list[alt.Chart]:
        """Names to the left, numbers to the right, as far as the picture goes."""
        ends = self.width - self.left
        return [
            self._column(rows, "name", -self.left, align="left"),
            self._column(rows, "said", ends - self.more, align="right"),
            *([self._column(rows, "more", ends, align="right")] if self.more else []),
        ]

    def _column(self, rows: Sequence[Row], field: str, at: int, *, align: Literal["left", "right"]) -> alt.Chart:
        words = alt.Chart(data(rows)).mark_text(align=align, fontWeight=alt.ExprRef("datum.weight"))
        colour = alt.value(FAINT) if field == "more" else literal("words")
        return placed(words, x=alt.value(at), y=pixels("y_name"), color=colour, text=f"{field}:N")
