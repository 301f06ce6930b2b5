"""Report style: how the exhibits of a report page stand on a screen, on a phone, and on A4."""

REPORT_STYLE = """
header { margin-bottom: 1rem; }
.truth { font-size: 1.3rem; line-height: 1.4; max-width: 44rem; margin: .75rem 0 1rem; }
figure { margin: 1.5rem 0 3rem; }
figure h3 { font-size: 1.2rem; margin: 0 0 .25rem; }
.shown { display: grid; grid-template-columns: 42rem minmax(0, 1fr); gap: 1rem 2.5rem; align-items: start; }
.pictures { display: grid; gap: 1.5rem; }
.about { font-size: .9em; }
.told { max-width: 44rem; margin: 0 0 1.25rem; }
.definitions { list-style: none; padding: 0; color: var(--faint); }
.definitions li { margin: .25rem 0; }
.definitions code { color: var(--ink); }
.provenance, .missing { color: var(--faint); }
details { margin-top: .75rem; }
summary { cursor: pointer; color: var(--link); font-size: .95em; }
.wide-table { overflow-x: auto; }
.wide-table table { margin-top: .5rem; font-size: .85em; font-variant-numeric: tabular-nums; }
.wide-table .number { padding-right: .6rem; }
.wide-table th { white-space: normal; vertical-align: bottom; }

@media screen and (max-width: 72rem) {
  .shown { grid-template-columns: minmax(0, 1fr); }
  .about { max-width: 44rem; }
}
@media screen and (max-width: 45rem) {
  .truth { font-size: 1.15rem; }
}
@media print {
  .shown, .pictures { display: block; }
  figure { margin: 4mm 0 9mm; }
  .head { break-inside: avoid; break-after: avoid; }
  .chart { break-inside: avoid; margin-bottom: 4mm; }
  .about { break-inside: avoid; break-before: avoid; }
  summary { display: none; }
  details::details-content { content-visibility: visible; display: block; block-size: auto; }
}
"""
