"""Ticket style: the colours of a ticket's page, and how its bars, keys and tables look."""

from ticketing.pages.chart_style import CHART_STYLE, FAINT, OTHER_PARTY, PARTIES
from ticketing.pages.style import STYLE

BROAD = 1056
"""The width of the page on a screen that is wide enough, in CSS pixels."""


def party_colour(party: str) -> str:
    """The colour of a party; that of no time of anybody's is faint."""
    return PARTIES.get(party, FAINT if party == "nobody" else OTHER_PARTY)


TICKET_STYLE = (
    STYLE
    + CHART_STYLE
    + """
.key {
  display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; list-style: none; margin: .75rem 0; padding: 0;
  break-after: avoid;
}
.key li { display: flex; align-items: center; gap: .4rem; font-size: .9em; color: var(--faint); }
.swatch { width: 1.1rem; height: .8rem; border: 1px solid var(--c); position: relative; }
.swatch::before { content: ""; position: absolute; inset: 0; background: var(--c); opacity: .42; }
.swatch.faint { border-style: dashed; }
.swatch.faint::before { opacity: .1; }
.swatch.line { width: 0; border: 0; border-left: 2px solid var(--c); height: 1rem; }
.swatch.lozenge { width: .6rem; height: .6rem; transform: rotate(45deg); background: var(--c); border: 0; }
.shared { display: flex; align-items: center; gap: .6rem; }
.shared .percent { min-width: 4rem; text-align: right; font-variant-numeric: tabular-nums; }
.shared .share { height: .7rem; print-color-adjust: exact; }
.timed text { stroke: none; }
.timed .broad { display: none; }
@media screen and (min-width: 72rem) {
  .timed .broad { display: block; }
  .timed .wide { display: none; }
}
.chart svg, .swatch { print-color-adjust: exact; }
.behind { margin: 1rem 0; }
summary { cursor: pointer; color: var(--link); }
@media print {
  .behind summary { display: none; }
  .behind::details-content { content-visibility: visible; display: block; }
}
"""
)
