"""The page docs/performance.md: what `make bench` and `make bench-large` found; `python -m tests.bench.page` writes it.

What a run left out stays out of the page until another run finds it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

from tests.bench.compared import spread_text

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
FIGURES, LARGE_FIGURES = ROOT / "bench.json", ROOT / "bench-large.json"
Kept = Mapping[str, Any]
_WIDTH = 120

_TITLE = """\
# How fast it is

`make bench` runs this package and the plain documented use of `eventsourcing` side by side, on the same tickets and
the same report, and `make bench-large` what needs millions of rows. Both write this page. Rates depend on the machine
and on what else it does; ratios much less.
"""
_SMALL_COLUMNS = ("entry", "ours per second", "plain per second", "times", "aim", "met")
_WAIT_COLUMNS = ("entry", "ours p50", "ours p99", "plain p50", "plain p99")
_LARGE_COLUMNS = ("entry", "of", "ratio", "aim", "met")
_READING = """\
Both sides work in turn, each first every other time, on new and empty stores; the figures are medians, in brackets the
least and the most of all repeats. After every turn the whole log is read: a turn counts only if every event that was
sent is there once and in order. PostgreSQL comes from a wheel, with `fsync` on. Plain is an `Aggregate` with `@event`
methods, an `Application` that is given its store by environment variables, and a `ProjectionRunner` with a view in
PostgreSQL; it checks no rule, keeps no private text apart and knows no repeated command. With `synchronous=normal` an
SQLite store may lose its last commits to a power cut; plain has no such option and runs as it always does.
"""
_WHERE = """\
## What ours takes its time for

Shares of profiles; they say what would have to become cheaper before a missed aim is met.

- A fact is decoded in about 10 µs, half of it pydantic's validation of the event, and folded into its ticket in 2 µs:
  that is all of `ticket_rebuild`, and with 2 µs for its row of `log_replay`. Nothing is read unvalidated.
- `import`: a third encodes each fact and reads it back, so that nothing is stored that could not be read again; a sixth
  admits it and a sixth makes its arrays; a quarter the server writes four tables and their indexes, since each fact is
  a command of its own, with its private texts. COPY would save a sixth, but who is stopped in the midst of it would
  hold the log's lock for as long as he likes.
- `append_64_threads` and `command_64_threads` are bound to one processor by Python's lock. Of an append a fifth is
  encoding and reading back, a sixth admission, a sixth its arrays, and the rest statements and taking turns. Of a
  command on a ticket that is not in memory a third is reading it, a third the append, the rest its digest, rules, seals
  and claims.
- `catch_up`: a third decodes, a third takes the fact into its row and asks whether columns take its new values, the
  rest reads the log and loads and saves rows.
"""
_WHAT = "## What each entry does\n"
_WAITS = "## What a caller waits\n\nMilliseconds of a call, of all repeats.\n"
_IMPORT = "## What an import of the package takes\n"
_IMPORT_SAID = (
    "`import ticketing` in a fresh interpreter takes {bare_milliseconds:,.0f} ms: a name's module is loaded when the "
    "name is first asked for. With every public name, and so with all that a program needs before it opens a store, it "
    "takes {milliseconds:,.0f} ms, what that imports of the three dependencies alone {their_milliseconds:,.0f} ms; "
    "{own_milliseconds:,.0f} ms are its own. These are medians of {repeats} interpreters each, of compiled modules."
)
_LARGE = """\
## Large stores

Ratios of what was measured to what it is held against, such as a bare decode of the same events, a bare aggregate of
the same rows, or a store of a hundredth of the size.

Of `growth`: what an append, and the load of a ticket, costs in a store of two million events against one of twenty
thousand; how fast the last tenth of the log is folded against the first; and how much memory a past report and an audit
take at most over the whole log against its first tenth.
"""
_AT_LEAST = frozenset({"clocks_due", "catch_up"})
"""Entries of large stores, and parts of entries, whose ratio is to be at least the aim; of the others at most."""

_NOTHING = "Nothing was measured yet: `make bench` does it.\n"


def write() -> None:
    """Writes the page anew from the figures that are kept."""
    PAGE.write_text(page(_kept(FIGURES), _kept(LARGE_FIGURES)), encoding="utf-8")


def page(small: Kept, large: Kept) -> str:
    """The page; Markdown.

    Args:
        small: What `bench.json` has; empty if there is none.
        large: What `bench-large.json` has.
    """
    blocks = [_TITLE, *_of_small(small), *_of_large(large)]
    return "\n".join(blocks if len(blocks) > 1 else (_TITLE, _NOTHING))


def _of_small(kept: Kept) -> Iterator[str]:
    entries = kept.get("entries", {})
    compared = {name: one for name, one in entries.items() if "ratio" in one}
    if compared:
        yield f"The machine: {kept['machine']}.\n"
        yield _table(_SMALL_COLUMNS, 1, (_row(name, one) for name, one in compared.items()))
        yield _READING
        yield _WHERE
        yield _WHAT
        yield "\n".join(_told(name, one) for name, one in compared.items()) + "\n"
    waited = {name: one for name, one in compared.items() if "waits_ms" in one}
    if waited:
        yield _WAITS
        yield _table(_WAIT_COLUMNS, 1, (_wait_row(name, one) for name, one in waited.items()))
    if one := entries.get("import_time"):
        yield _IMPORT
        yield f"{fill(_IMPORT_SAID.format_map(one), _WIDTH)}\n"


def _row(name: str, one: Kept) -> tuple[str, ...]:
    spread, aim = one["spread"], one["aim"]
    shown = (spread_text(one[part], spread[part]) for part in ("per_second", "their_per_second", "ratio"))
    return (f"`{name}`", *shown, *_aim(aim, is_met=aim is None or one["ratio"] >= aim))


def _told(name: str, one: Kept) -> str:
    said = f"- `{name}`: {one['told']}. Against {one['against']}; {one['unit']} a second, {one['repeats']} repeats."
    return fill(said, _WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _wait_row(name: str, one: Kept) -> tuple[str, ...]:
    waits = (one[part][which] for part in ("waits_ms", "their_waits_ms") for which in ("p50", "p99"))
    return (f"`{name}`", *(f"{wait:,.2f}" for wait in waits))


def _of_large(kept: Kept) -> Iterator[str]:
    rows = [row for name, one in kept.get("entries", {}).items() for row in _large_rows(name, one)]
    if rows:
        yield _LARGE
        yield f"The machine: {kept['machine']}.\n"
        yield _table(_LARGE_COLUMNS, 2, iter(rows))


def _large_rows(name: str, one: Kept) -> Iterator[tuple[str, ...]]:
    """One row for each ratio of an entry, wherever it stands in it."""
    for path, part in _with_ratio(one, ()):
        aim = part.get("aim", one.get("aim"))
        is_least = not _AT_LEAST.isdisjoint((name, *path))
        is_met = aim is None or (part["ratio"] >= aim if is_least else part["ratio"] <= aim)
        least = "≥ " if is_least else "≤ "
        aimed, met = _aim(aim, is_met=is_met)
        yield f"`{name}`", " ".join(path).replace("_", " "), f"{part['ratio']:,.2f}", aimed and least + aimed, met


def _with_ratio(part: Kept, path: Sequence[str]) -> Iterator[tuple[Sequence[str], Kept]]:
    if "ratio" in part:
        yield path, part
    for name, inner in part.items():
        if isinstance(inner, dict):
            yield from _with_ratio(inner, path if name == "stores" else (*path, name))


def _aim(aim: float | None, *, is_met: bool) -> tuple[str, str]:
    return ("", "") if aim is None else (f"{aim:,g}", "yes" if is_met else "**no**")


def _table(columns: Sequence[str], texts: int, rows: Iterator[tuple[str, ...]]) -> str:
    heads = (f"| {' | '.join(columns)} |", f"|{'---|' * texts}{'---:|' * (len(columns) - texts)}")
    return "\n".join((*heads, *(f"| {' | '.join(row)} |" for row in rows))) + "\n"


def _kept(path: Path) -> Kept:
    kept: Kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return kept


if __name__ == "__main__":
    write()
