"""Charts: the theme that all charts share, and a chart as SVG that stands in a page, at two widths.

Laws of this file: the same rows give the same bytes on every machine, so no position depends on the fonts that are
there: margins are fixed, labels are cut by `fitting`. Colours are custom properties of the page (`chart_style`), so
that a chart follows light and dark. Nothing has an id, since several charts stand in one page. Nothing is loaded.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor, log10
from unicodedata import east_asian_width

import altair as alt
import vl_convert

from ticketing.pages.chart_style import FAINT, GRID, INK, NARROW, WIDE
from ticketing.pages.markup import Html, tag, visible

Row = Mapping[str, object]
"""What one mark is drawn from."""

TEXT = 12
"""The size of all text, in CSS pixels."""

NUMBER = ",.6~f"
"""How the numbers of an axis are written: thousands apart, no zeros behind the point."""

_LANGUAGE = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
_THEME = {
    "aria": False,
    "background": None,
    "font": "inherit",
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "grid": True,
        "gridColor": GRID,
        "labelColor": FAINT,
        "labelFlush": False,
        "labelFontSize": TEXT,
        "labelLimit": 0,
        "labelOverlap": False,
        "labelPadding": 6,
        "ticks": False,
        "titleColor": FAINT,
        "titleFontSize": TEXT,
        "titleFontWeight": "normal",
        "titleLimit": 0,
        "titlePadding": 6,
    },
    "text": {"color": INK, "fontSize": TEXT, "limit": 0},
}
_LONGEST_NAME = 200


def data(rows: Sequence[Row]) -> alt.InlineData:
    """The rows, for `alt.Chart`; text that a picture cannot hold is shown as signs."""
    shown = [
        {key: _on_one_line(value) if isinstance(value, str) else value for key, value in row.items()} for row in rows
    ]
    return alt.InlineData(values=shown)


def _on_one_line(text: str) -> str:
    """The text without what ends a line or must not stand in XML: the drawing library would abort the whole process."""
    return visible(" ".join(text[:_LONGEST_NAME].split()))


_FIELDS = {"detail": alt.Detail, "order": alt.Order, "text": alt.Text, "x2": alt.X2, "y2": alt.Y2}
_VALUES = {"color": alt.ColorValue, "text": alt.TextValue, "x": alt.XValue, "y": alt.YValue}


def placed(mark: alt.Chart, **channels: object) -> alt.Chart:
    """The mark with what places and colours it.

    Args:
        mark: The mark.
        channels: By name: a channel, what `alt.value` gives, or a field. Altair makes channels of the last two as well,
            but takes ten times as long.
    """
    made = {name: _channel(name, given) for name, given in channels.items()}
    drawn: alt.Chart = mark.encode(**made)  # type: ignore[arg-type]  # each channel takes kinds of its own
    return drawn


def _channel(name: str, given: object) -> object:
    if isinstance(given, str) and name in _FIELDS:
        return _FIELDS[name](given)
    if isinstance(given, dict) and name in _VALUES:
        return _VALUES[name](given["value"])
    return given


def pixels(field: str) -> alt.Y:
    """The vertical place that a field gives in pixels from the top."""
    return alt.Y(f"{field}:Q", scale=None, axis=None)


def literal(field: str) -> alt.Color:
    """The colour that a field names."""
    return alt.Color(f"{field}:N", scale=None)


def framed(
    layers: Sequence[alt.Chart], *, width: int, height: int, left: int, right: int, top: int, bottom: int
) -> alt.LayerChart:
    """The layers over each other in a frame of fixed size.

    Args:
        layers: The lowest first.
        width: Of the whole picture, in CSS pixels, margins included.
        height: Likewise.
        left: Margin beside what the axes span, where labels stand.
        right: Likewise.
        top: Likewise.
        bottom: Likewise.
    """
    return alt.LayerChart(
        layer=list(layers),
        width=width - left - right,
        height=height - top - bottom,
        padding={"left": left, "right": right, "top": top, "bottom": bottom},
        autosize=alt.AutoSizeParams(type="none"),
    )


def svg(chart: alt.LayerChart, said: str, class_: str | None = None) -> Html:
    """The chart as an SVG element.

    Args:
        chart: One that `framed` made.
        said: What it shows, for who cannot see it.
        class_: The element's class.
    """
    meant = chart.to_dict(validate=False)  # each part was validated when it was made
    drawn = vl_convert.vegalite_to_svg(meant, vl_version=_LANGUAGE, config=_THEME, allowed_base_urls=[])
    head, _, inside = drawn.partition(">")
    width, height = re.findall(r' (?:width|height)="([0-9.]+)"', head)
    inside = inside.removesuffix("</svg>")
    return tag(
        "svg",
        Html(inside),
        xmlns="http://www.w3.org/2000/svg",
        class_=class_,
        role="img",
        aria_label=said,
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
    )


def both_widths(draw: Callable[[int], alt.LayerChart], said: str) -> Html:
    """The chart drawn for a phone, and for a wide screen or paper; the page's style shows one of the two.

    Args:
        draw: Draws it so many CSS pixels wide.
        said: What it shows, for who cannot see it.
    """
    wide, narrow = (svg(draw(width), said, class_) for width, class_ in ((WIDE, "wide"), (NARROW, "narrow")))
    return tag("div", wide, narrow, class_="chart")


# round numbers on an axis


_STEPS = (1, 2, 2.5, 5, 10)


def round_end(end: float, parts: int = 4) -> float:
    """The first number not below it that as many round steps reach, or a step more."""
    step = _step(end, parts)
    return ceil(end / step - 1e-9) * step


def round_ticks(end: float, parts: int = 4, *, least: float = 0) -> list[float]:
    """Round numbers from zero to the end, about so many steps, none shorter than the least."""
    step = max(least, _step(end, parts))
    return [round(step * number, 9) for number in range(floor(end / step + 1e-9) + 1)]


def _step(end: float, parts: int) -> float:
    if end <= 0:
        return 1.0
    rough = end / parts
    power = 10.0 ** floor(log10(rough))
    return next(one * power for one in _STEPS if one * power >= rough * (1 - 1e-9))


# how much room text takes


_WIDTHS = ((frozenset("ijl.,:;'|! "), 0.35), (frozenset("frtI()[]/-"), 0.43), (frozenset("mwMWQOGCDHNU@%—…↑"), 1.0))
"""Of letters that are thinner or broader than most, in parts of the size of the text."""


def room(text: str) -> float:
    """The width that the text takes at most in a common sans-serif font, in CSS pixels."""
    return TEXT * sum(_width_of(letter) for letter in text)


def _width_of(letter: str) -> float:
    for letters, width in _WIDTHS:
        if letter in letters:
            return width
    if east_asian_width(letter) in "WF":
        return 1.0
    return 0.72 if letter.isupper() else 0.64


def fitting(text: str, width: float) -> str:
    """The text, its middle left out where it would take more room than that: names often differ at their end."""
    text = _on_one_line(text)
    kept = len(text)
    shown = text
    while room(shown) > width and kept > 1:
        kept -= 1
        begins = (kept + 1) // 2
        shown = f"{text[:begins].rstrip()}…{text[len(text) - kept + begins :].lstrip()}"
    return shown
