"""Scorecard lines: each contract's figures with their targets, met, missed, or too few to say."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from textwrap import wrap

from rich.text import Text

from ticketing.cli.output import printable
from ticketing.projections.report import Compared, Report, ReportRow
from ticketing.projections.report_words import MEANING

_WORDS = (
    "n: tickets, repairs, claims or clocks asked of, those after the ÷; unseen: not watched long enough to know; W, H"
    " and N days: those beside the figure. A target is judged by the figure itself, not by its limits, and of fewer"
    " than the contract's least number not at all. Only a percentile that is not reached yet, and so has no figure,"
    " misses its target once its lower limit is past it, or too few were handed back by then."
)
_HEADINGS = ("", "n", "unseen", "figure", "95 %", "target", "")
_LEFT = (0, 4, 6)
"""The columns that are not numbers."""
_WIDTH = 80


def scorecard_lines(report: Report) -> Iterator[Text]:
    """The figures of each version of a contract, and what the headings mean."""
    lines = {id(row): _cells(row) for row in report.rows}
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *lines.values(), strict=True)]
    for contract, rows in groupby(report.rows, key=lambda row: row.group):
        yield Text.assemble((printable(str(contract["contract"])), "heading"), (f"  {_term(contract)}", "faint"))
        yield Text(_laid_out(_HEADINGS, widths), "faint")
        for row in rows:
            compared = row.compared or {}
            style = {True: "", False: "warning", None: "faint"}[_met(compared)]
            yield Text(_laid_out(lines[id(row)], widths), style)
            if row.reason is not None:
                yield from (Text(f"    {part}", "mark") for part in wrap(row.reason, _WIDTH - 4))
        yield Text()
    for figure in dict.fromkeys(row.figure for row in report.rows):
        meant = f"{_name(figure)}: {MEANING[figure]}."
        yield from (Text(part, "faint") for part in wrap(meant, _WIDTH, subsequent_indent="  ", break_on_hyphens=False))
    yield from (Text(part, "faint") for part in wrap(_WORDS, _WIDTH, subsequent_indent="  "))


def _term(group: Mapping[str, str | None]) -> str:
    return f"from {group['from']}" + ("" if group["to"] is None else f" to {group['to']}")


def _cells(row: ReportRow) -> tuple[str, ...]:
    compared = row.compared or {}
    low, high = (None if isinstance(limit, Mapping) else limit for limit in (row.low, row.high))
    interval = "" if low is None and high is None else f"{_number(low)}–{_number(high)}"
    unit = {"d": "d", "per 1,000": "‰"}.get(row.unit, "%")
    name = "at_most" if "at_most" in compared else "at_least"
    bound, target = name.replace("_", " "), compared[name]
    return (
        f"  {measured(row.figure, compared)}",
        f"{row.denominator:,}",
        f"{row.censored:,}" if row.censored else "",
        "" if row.value is None else f"{_number(row.value)} {unit}",
        interval,
        f"{bound} {target:g} {unit}" if isinstance(target, int | float) else "",
        verdict(compared),
    )


def measured(figure: str, compared: Compared) -> str:
    """The figure with the contract's own days, clock or percentile."""
    name = _name(figure)
    if "days" in compared:
        name = f"{name}, {compared['days']} d"
    said = (f"p{compared['percentile']}" if "percentile" in compared else "", str(compared.get("clock", "")))
    return printable(" ".join(part for part in (name, *said) if part))


def _name(figure: str) -> str:
    return "handed back within" if figure == "within_days" else figure.replace("_", " ")


def verdict(compared: Compared) -> str:
    """Whether the target is met, in a word; empty where nothing can be said."""
    return {True: "met", False: "missed", None: "too few" if compared.get("is_too_few") else ""}[_met(compared)]


def _met(compared: Compared) -> bool | None:
    met = compared.get("is_met")
    return met if isinstance(met, bool) else None


def _number(value: float | None) -> str:
    return "…" if value is None else f"{value:,.1f}"


def _laid_out(cells: Sequence[str], widths: Sequence[int]) -> str:
    sides = ("<" if place in _LEFT else ">" for place in range(len(cells)))
    padded = (f"{cell:{side}{width}}" for cell, side, width in zip(cells, sides, widths, strict=True))
    return "  ".join(padded).rstrip()
