"""A report as lines for people: what it is about, a line for each figure of each group, and what the words mean.

The counts come first and the figures last, so that a reason can stand where a figure is missing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap

from rich.text import Text

from ticketing.cli.output import printable
from ticketing.projections.report import Limit, Number, Report, ReportRow

WIDTH = 80
_INDENT = "  "
_LABELS: Mapping[str, str] = {"turnaround_closed": "closed only", "backlog": "all open"}
_COHORTS: Mapping[str, str] = {
    "closed_in": "tickets closed",
    "due_in": "tickets due",
    "handed_back_in": "tickets handed back",
    "open_at": "tickets open",
    "opened_in": "tickets opened",
    "presented_in": "tickets first presented to the inspector",
}
_MEANING: Mapping[str, str] = {
    "turnaround": "first receipt to last hand-back; an open ticket counts for as long as it was watched",
    "turnaround_closed": "the same of closed tickets only: too short for as long as slow ones are open",
    "within_days": "handed back in time ÷ tickets whose days have passed; open ones past them failed",
    "first_pass": "passed at first presentation ÷ presented",
    "reworked": "sent back by the inspector at least once ÷ presented",
    "complaint_rate": "with a complaint up to W days after hand-back ÷ handed back at least W days ago",
    "complaint_rate_opened": "with a complaint up to H days after opening ÷ opened at least H days ago",
    "backlog": "open tickets by age in days since the present cycle began",
    "backlog_by_state": "the same by what is being done and waited for",
}
_WORDS = "n: tickets asked of; unseen: not watched long enough to know; out: left out by definition."
_DECIMALS: Mapping[str, int] = {"d": 1, "h": 3, "per 100": 2, "s": 0, "tickets": 0}


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a table, before its columns are as wide as they must be.

    Attributes:
        cells: One for each heading; None where it has nothing to say.
        reason: Why cells are missing.
    """

    label: str
    cells: Mapping[str, str | None]
    reason: str | None


def report_lines(report: Report) -> Iterator[Text]:
    """The report, ready to print; no line is longer than 80 columns unless a name in it is."""
    yield from _head(report)
    yield Text()
    yield from brief_lines(report)
    yield Text()
    for figure in dict.fromkeys(row.figure for row in report.rows):
        if figure in _MEANING:
            yield from _faint(f"{_label(figure, report)}: {_MEANING[figure]}.")
    if any(row.ages is None for row in report.rows):  # the backlog has none of these headings
        yield from word_lines()


def word_lines() -> Iterator[Text]:
    """What the headings of the counts mean."""
    yield from _faint(_WORDS)


def brief_lines(report: Report) -> Iterator[Text]:
    """The tables of the report alone, an empty line between them."""
    given = report.parameters.get("by")
    by = [str(name) for name in given] if isinstance(given, tuple) else []
    for number, (_, rows) in enumerate(groupby(report.rows, _kind)):
        if number:
            yield Text()
        yield from _laid_out(_grouped(list(rows), by, report))


def _head(report: Report) -> Iterator[Text]:
    yield Text.assemble((report.figure.replace("_", " "), "heading"), (f"  {report.definition}", "faint"))
    period = {
        (False, False): ", all of them",
        (True, False): f" from {report.from_}",
        (False, True): f" up to {report.to}",
        (True, True): f" from {report.from_} to {report.to}",
    }[report.from_ is not None, report.to is not None]
    yield Text(f"{_COHORTS[report.cohort]}{period if report.cohort != 'open_at' else ''}")
    known = f", known at {report.known_at}" if report.known_at is not None else ""
    yield from _faint(f"as of {report.as_of}{known}; zone {report.zone}; position {report.position:,}")
    given = ", ".join(f"{name} {_given(value)}" for name, value in report.parameters.items() if value not in (None, ()))
    if given:
        yield from _faint(given.replace("_", " "))
    if report.set_aside:
        yield Text(
            f"left out: {report.set_aside:,}, stopped by an event: ticketing projections dead-letters", "warning"
        )


def _given(value: object) -> str:
    return "+".join(map(str, value)) if isinstance(value, tuple) else str(value)


# what stands in the lines


def _kind(row: ReportRow) -> str:
    """Rows of the same kind that follow each other share a table."""
    return "percentiles" if row.percentiles is not None else "ages" if row.ages is not None else "value"


def _grouped(rows: Sequence[ReportRow], by: Sequence[str], report: Report) -> list[_Line | str]:
    """The lines of each group under its name, in the order in which the groups first come."""
    groups: dict[str, list[_Line]] = {}
    for row in rows:
        name = ", ".join(_word(row.group.get(dimension)) for dimension in by) if row.group else "none"
        groups.setdefault(name, []).append(_line(row, by, report))
    return [part for name, lines in groups.items() for part in (*((name,) if by else ()), *lines)]


def _line(row: ReportRow, by: Sequence[str], report: Report) -> _Line:
    within = [_word(value) for name, value in row.group.items() if name not in by and not _is_plain(name, row)]
    cells: dict[str, str | None] = {}
    if row.ages is not None:
        cells = {"open": _count(row.numerator), **{name: _count(count) for name, count in row.ages.items()}}
    elif row.percentiles is not None:
        cells = {"n": _count(row.denominator), "unseen": _some(row.censored), "out": _some(row.excluded)}
        for name, value in row.percentiles.items():
            cells[f"{name} {row.unit}"] = _number(value, row)
            cells[f"{name} 95 %"] = _interval(_limit(row.low, name), _limit(row.high, name), row)
    else:
        cells = {
            "n": _count(row.denominator),
            "had it": _count(row.numerator),
            "unseen": _some(row.censored),
            "out": _some(row.excluded),
            row.unit: _number(row.value, row),
            "95 %": _interval(_limit(row.low), _limit(row.high), row),
        }
    return _Line(", ".join(within) or _label(row.figure, report), cells, row.reason)


def _is_plain(name: str, row: ReportRow) -> bool:
    """Whether the state alone says what the ticket waits for."""
    wait = row.group[name]
    return name == "wait" and (wait == "none" or (wait, row.group.get("state")) == ("transit", "in_transit"))


def _word(value: str | None) -> str:
    return "unknown" if value is None else printable(value.replace("_", " "))


def _label(figure: str, report: Report) -> str:
    if figure == "within_days":
        days = report.parameters["within_days"]
        return f"within {days} {'day' if days == 1 else 'days'}"
    return _LABELS.get(figure, figure.replace("_", " "))


def _count(number: int) -> str:
    return f"{number:,}"


def _some(number: int) -> str | None:
    return f"{number:,}" if number else None


def _number(number: Number | None, row: ReportRow) -> str | None:
    return None if number is None else f"{number:,.{_DECIMALS[row.unit]}f}"


def _interval(low: Number | None, high: Number | None, row: ReportRow) -> str | None:
    if low is None and high is None:
        return None
    return f"{_number(low, row) or '…'}–{_number(high, row) or '…'}"


def _limit(limit: Limit, name: str = "") -> Number | None:
    return limit.get(name) if isinstance(limit, Mapping) else limit


# how the lines stand beside each other


def _laid_out(lines: Sequence[_Line | str]) -> Iterator[Text]:
    """The lines under their headings; a line that is only a name heads a group."""
    full = [line for line in lines if isinstance(line, _Line)]
    headings = [name for name in full[0].cells if any(line.cells.get(name) for line in full)]
    widths = {name: max(len(_shown(name)), *(len(line.cells.get(name) or "") for line in full)) for name in headings}
    label_width = len(_INDENT) + max(len(line.label) for line in full)
    gap = "  " if label_width + sum(width + 2 for width in widths.values()) <= WIDTH else " "
    titles = gap.join(_aligned(_shown(name), name, widths[name]) for name in headings)
    yield Text(f"{'':{label_width}}{gap}{titles}".rstrip(), "faint")
    for line in lines:
        if isinstance(line, str):
            yield Text(line, "heading")
            continue
        cells = [_aligned(line.cells.get(name) or "", name, widths[name]) for name in headings]
        yield Text(f"{_INDENT + line.label:{label_width}}{gap}{gap.join(cells)}".rstrip())
        if line.reason is not None:
            at = " " * (label_width + len(gap))
            for part in wrap(line.reason, max(WIDTH - len(at), 30)):
                yield Text(f"{at}{part}", "mark")


def _shown(heading: str) -> str:
    return "95 %" if heading.endswith("95 %") else heading


def _aligned(text: str, heading: str, width: int) -> str:
    return f"{text:<{width}}" if heading.endswith("95 %") else f"{text:>{width}}"


def _faint(text: str) -> Iterator[Text]:
    for part in wrap(text, WIDTH, subsequent_indent=_INDENT, break_on_hyphens=False):
        yield Text(part, "faint")
