"""Restated rows: what became of each row of a printed report, as far as a line of text tells it."""

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from rich.text import Text

from ticketing.cli.output import printable
from ticketing.cli.scorecard_lines import measured, verdict
from ticketing.cli.times import zone_named
from ticketing.restating import SCORECARD, Restatement

_MOST_ROWS = 40
_BESIDE: Mapping[str, str] = {"censored": "unseen", "excluded": "left out"}
"""Numbers that a line has only where it would say the same without them."""
_UNSHOWN: Mapping[str, str] = {
    "compared": "how they compare",
    "high": "limits",
    "low": "limits",
    "percentiles": "further digits",
    "value": "further digits",
}
"""What else may change, where it is not called as it is in JSON."""


def row_lines(found: Restatement) -> Iterator[Text]:
    """Each row of which a line tells what changed, and how many changed in nothing that one tells."""
    if not found.rows:
        yield Text("no figure changed")
    changed = [row for row in found.rows if not _says_the_same(row)]
    told = [(row, steps) for row in changed if not _are_alike(steps := _steps(row))]
    zone = zone_named(found.now.zone)
    for row, steps in told[:_MOST_ROWS]:
        name, group = _named(found.now.figure, row, zone)
        yield Text.assemble((name, "heading"), f"  {group}".rstrip())
        yield Text(f"  {'  →  '.join(f'{by}{numbers}' for by, numbers in steps)}")
    if len(told) > _MOST_ROWS:
        yield Text(f"… and {len(told) - _MOST_ROWS:,} more rows, with --format json", "faint")
    if len(told) < len(changed):
        alike = [row for row in changed if _are_alike(_steps(row))]
        yield Text(f"{_rows(len(alike), 'changed')} only in {_unshown(alike)}: with --format json", "faint")
    if len(changed) < len(found.rows):
        same = len(found.rows) - len(changed)
        why = "only their definition" if found.redefined else "only what they are a part of"
        yield Text(f"{_rows(same, 'say' if same > 1 else 'says')} the same: {why} changed", "faint")


def _rows(count: int, what: str) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'} {what}"


def _says_the_same(row: Mapping[str, Any]) -> bool:
    """Whether the numbers are what they were; of a stretch of time, whatever the whole is that it is a part of."""
    was, now = row["was"], row["now"]
    if was is None or now is None:
        return False
    beside = {"definition"} | ({"denominator", "share", "censored"} if was["unit"] == "h" and "value" in was else set())
    return not _differing(row) - beside


def _differing(row: Mapping[str, Any]) -> set[str]:
    was, now = row["was"] or {}, row["now"] or {}
    return {name for name in {*was, *now} if was.get(name) != now.get(name)}


def _unshown(rows: list[Mapping[str, Any]]) -> str:
    names = {name for row in rows for name in _differing(row) - {"definition"}}
    return ", ".join(sorted({_UNSHOWN.get(name, name) for name in names})) or "their definition"


def _named(report: str, row: Mapping[str, Any], zone: tzinfo) -> tuple[str, str]:
    """The figure and its group; of a scorecard as it names them itself."""
    group = row["group"]
    if report != SCORECARD:
        told = (printable(str(value)) if value is not None else "unknown" for value in group.values())
        name = str(row["figure"])
        return name if "@" in name else name.replace("_", " "), ", ".join(told)
    until = "" if group["to"] is None else f" to {_day(group['to'], zone)}"
    said = f"{printable(group['contract'])} from {_day(group['from'], zone)}{until}"
    return measured(row["figure"], (row["now"] or row["was"])["compared"]), said


def _day(instant: str, zone: tzinfo) -> str:
    return datetime.fromisoformat(instant).astimezone(zone).date().isoformat()


def _steps(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The numbers as printed, by another definition, and now, each with what stands before it."""
    then = row.get("redefined")
    among = [("", row["was"]), *([] if then is None else [(f"by {then['definition']} ", then)]), ("", row["now"])]
    steps = [(by, _numbers(one, [])) for by, one in among]
    if not _are_alike(steps):
        return steps
    beside = [name for name in _BESIDE if name in _differing(row)]
    return [(by, _numbers(one, beside)) for by, one in among]


def _are_alike(steps: list[tuple[str, str]]) -> bool:
    return len({numbers for _, numbers in steps}) == 1


def _numbers(numbers: Any, beside: list[str]) -> str:  # noqa: ANN401 - JSON
    if numbers is None:
        return "no such row"
    counted = f"{numbers['numerator']:,} of {numbers['denominator']:,}"
    if numbers.get("share") is not None:
        counted = f"{numbers['share']:.1f} per 100 of all"
    counted += "".join(f", {numbers.get(name, 0):,} {_BESIDE[name]}" for name in beside)
    judged = verdict(numbers.get("compared") or {})
    return f"{_figure(numbers)} ({counted}){', ' if judged else ''}{judged}"


def _figure(numbers: Mapping[str, Any]) -> str:
    """The number and its unit; a percentile of some tickets that is none is not reached."""
    percentiles = numbers.get("percentiles")
    is_percentile = percentiles is not None or "percentile" in (numbers.get("compared") or {})
    none = "not reached" if is_percentile and numbers["denominator"] else "none"
    if percentiles is None:
        value = numbers["value"]
        return none if value is None else f"{value:,.6g} {numbers['unit']}"
    told = (f"{name} {none if value is None else f'{value:,.6g}'}" for name, value in percentiles.items())
    unit = "" if set(percentiles.values()) == {None} else f" {numbers['unit']}"
    return f"{', '.join(told)}{unit}"
