"""Rate axis: rates per 100 from the bottom up, with what they are written above the axis."""

import altair as alt

from ticketing.pages.chart_style import FAINT, WIDE
from ticketing.pages.charts import NUMBER, data, placed, round_ticks

TOP, LEFT = 26, 40
"""The margins that the title and the numbers need."""


def height_of(width: int) -> int:
    """How high a picture so wide is."""
    return 340 if width >= WIDE else 300


def rate_axis(end: float) -> alt.Y:
    """The axis from zero to the end."""
    axis = alt.Axis(values=round_ticks(end), title=None, format=NUMBER)
    return alt.Y("rate:Q", scale=alt.Scale(domain=[0, end], nice=False), axis=axis)


def rate_title(said: str) -> alt.Chart:
    """What the rates are."""
    words = alt.Chart(data([{"said": said}])).mark_text(align="left", color=FAINT)
    return placed(words, x=alt.value(-LEFT + 2), y=alt.value(-14), text="said:N")
