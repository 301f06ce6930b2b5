"""Style: how a page looks on a screen, light or dark, on a phone, and on A4."""

STYLE = """
:root {
  --ink: #1d2125; --faint: #59626b; --paper: #ffffff; --card: #f5f6f7; --line: #d5d9dd; --link: #0a4f8f;
  --mark: #7a4b00; --mark-paper: #fdf1da; --good: #17663a; --bad: #a02622; --open: #7a4b00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e8ea; --faint: #a2abb3; --paper: #16191c; --card: #20252a; --line: #3a4149; --link: #8fc1f3;
    --mark: #f0c987; --mark-paper: #3a2e18; --good: #7fd0a0; --bad: #f09a95; --open: #f0c987;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 1.5rem clamp(1rem, 4vw, 3rem) 4rem; max-width: 72rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, "Noto Sans", "DejaVu Sans", "Noto Sans CJK SC", sans-serif;
  overflow-wrap: break-word;
}
h1, h2, h3, h4 { line-height: 1.25; margin: 0; }
h1 { font-size: 2rem; }
h2 { font-size: 1.4rem; margin: 2.5rem 0 .75rem; padding-top: .75rem; border-top: 2px solid var(--ink); }
h3 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
h4 { font-size: 1rem; }
p, ul, ol, dl, blockquote { margin: .5rem 0; }
ul, ol { padding-left: 1.25rem; }
a { color: var(--link); }
a.fact { white-space: nowrap; font-size: .85em; }
time { white-space: nowrap; }
.kicker { margin: 0; color: var(--faint); }
.aside, .untold { color: var(--faint); font-size: .9em; }
.untold { font-style: italic; }
.hash, code { font: .85em/1.4 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
dt { color: var(--faint); }
dd { margin: 0; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 1rem 0 0; padding: 0; }
blockquote {
  margin: .5rem 0; padding: .1rem 0 .1rem .8rem; border-left: 3px solid var(--line); white-space: pre-wrap;
  unicode-bidi: plaintext;
}
.sides {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: 1rem; margin: 1rem 0;
}
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: .4rem; padding: .7rem .9rem; margin: .5rem 0;
}
.sides > .card { margin: 0; }
.card > :first-child { margin-top: 0; }
.card > :last-child { margin-bottom: 0; }
.appeal { border-top: 1px solid var(--line); margin-top: .6rem; padding-top: .2rem; }
.covered h4 { color: var(--good); } .not-covered h4 { color: var(--bad); } .undecidable h4 { color: var(--open); }
.shares { display: flex; gap: 2px; list-style: none; padding: 0; }
.shares li {
  flex: 1 1 5.5rem; padding: .15rem .5rem; background: var(--mark-paper); color: var(--mark); font-size: .9em;
}
.mark {
  display: inline-block; background: var(--mark-paper); color: var(--mark); border-radius: .25rem; padding: 0 .4rem;
  font-size: .85em; font-weight: normal;
}
.mark a { color: inherit; }
table { border-collapse: collapse; width: 100%; font-size: .95em; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--faint); font-weight: normal; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding-right: 1.2rem; }
#record td:nth-child(3) { width: 20%; }
#record td:nth-child(4) { width: 62%; }
td img { display: block; max-width: 14rem; max-height: 10rem; border: 1px solid var(--line); margin-bottom: .3rem; }
:target { background: var(--mark-paper); }

@media screen and (max-width: 45rem) {
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .4rem; }
  table, tbody, tr, td { display: block; }
  thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden; width: 1px; }
  tr { border-bottom: 1px solid var(--line); padding: .5rem 0; }
  td { border: 0; padding: 0; }
  td:empty { display: none; }
  td::before { content: attr(data-label) " "; color: var(--faint); font-size: .85em; }
  td.number { text-align: left; }
  #record td:nth-child(n) { width: auto; }
}

@page {
  size: A4; margin: 18mm 16mm 20mm;
  @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt; }
}
@media print {
  :root {
    --ink: #000000; --faint: #444444; --paper: #ffffff; --card: #ffffff; --line: #b5b5b5; --link: #000000;
    --mark: #000000; --mark-paper: #ececec; --good: #000000; --bad: #000000; --open: #000000;
  }
  html { font-size: 9pt; }
  body { max-width: none; padding: 0; line-height: 1.4; }
  nav { display: none; }
  h2 { margin-top: 1.75rem; }
  h2, h3, h4, thead { break-after: avoid; }
  .card, tr, dl, li { break-inside: avoid; }
  .side .card, .card:has(blockquote) { break-inside: auto; }
  blockquote { orphans: 3; widows: 3; }
  thead { display: table-header-group; }
  a { text-decoration: none; }
  .sides { grid-template-columns: repeat(auto-fit, minmax(52mm, 1fr)); gap: 4mm; }
}
"""
