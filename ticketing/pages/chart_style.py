"""Chart style: the colours of charts, one for each meaning, light, dark and on paper, and how a chart stands in a page.

Source of the hues: Okabe and Ito (2008), "Color Universal Design", which people with any kind of colour vision can tell
apart; on white they are darkened to a contrast of 3:1 or more (WCAG 2.2, 1.4.11).
"""

from collections.abc import Mapping

INK = "var(--ink)"
FAINT = "var(--faint)"
GRID = "var(--line)"
PAPER = "var(--paper)"

FIGURE = "var(--figure)"
"""What a figure says, and its interval."""

BESIDE = "var(--beside)"
"""What is shown beside it only to compare, or is too little to judge by."""

SIGNAL = "var(--signal)"
"""What stands out by more than chance, or broke its limit."""

PARTIES: Mapping[str, str] = {
    "company": "var(--company)",
    "customer": "var(--customer)",
    "manufacturer": "var(--manufacturer)",
}
"""Who has the next step; everybody else has the colour of `OTHER_PARTY`."""

OTHER_PARTY = "var(--other-party)"

NARROW, WIDE = 328, 672
"""The widths at which every chart is drawn, in CSS pixels: those of a small phone and of A4 without their margins."""

CHART_STYLE = """
:root {
  --figure: #0072b2; --beside: #69737c; --signal: #c04f00;
  --company: #3d4852; --customer: #00855f; --manufacturer: #bf7f00; --other-party: #ad5a8c;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --figure: #56b4e9; --beside: #8a949d; --signal: #ff8a47;
    --company: #c3ccd4; --customer: #2fc39a; --manufacturer: #e69f00; --other-party: #dc92b9;
  }
}
.chart svg { display: block; max-width: 100%; height: auto; }
.chart text {
  font-family: inherit; font-variant-numeric: tabular-nums; paint-order: stroke; stroke: var(--paper);
  stroke-width: 4px; stroke-linejoin: round;
}
.chart .narrow { display: none; }
@media screen and (max-width: 47rem) {
  .chart .wide { display: none; }
  .chart .narrow { display: block; width: 100%; max-width: 26rem; }
}
"""
