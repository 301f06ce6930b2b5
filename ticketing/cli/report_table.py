"""A report as lines for people: what it is about, a line for each figure of each group, and what the words mean.

The counts come first and the figures last, so that a reason can stand where a figure is missing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap

from rich.text import Text

from ticketing.cli.difference_lines import difference_lines, note_on
from ticketing.cli.output import printable
from ticketing.projections.report import Limit, Number, Report, ReportRow

WIDTH = 80
_INDENT = "  "
_LABELS: Mapping[str, str] = {
    "turnaround_closed": "closed only",
    "backlog": "all open",
    "sla": "at present",
    "sites": "clocks",
    "sla_judged_then": "judged then",
    "sla_over_service": "in half the time",
    "sla_overrun": "overrun",
    "promises": "kept",
    "promises_first": "first date kept",
    "promises_remade": "told another",
    "ledger_turnaround": "turnaround",
}
_COHORTS: Mapping[str, str] = {
    "closed_in": "tickets closed",
    "due_in": "clocks due",
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
    "sla": "clocks met ÷ clocks met or breached, by the facts known now; an open one past due is breached",
    "sla_judged_then": "the same as somebody watching every clock saw it first",
    "sla_under": "the same clocks by the version asked about, whatever was in force",
    "sla_over_service": "met in under half of the target ÷ met",
    "sla_overrun": "by how much clocks stopped late were late, in their own time; unseen: late and still open",
    "sites": "those of stays met ÷ met or breached",
    "stays": "how long units were at a site; one that is there counts for as long as it was watched",
    "site_time": "what the stays were made of, and its part of all of them",
    "promises": "kept ÷ kept or broken; a date that was replaced in time is out",
    "promises_first": "the first date of each cycle kept ÷ kept or broken, whatever was told later",
    "promises_remade": "dates after which another was told ÷ dates told",
    "ledger": "where the time went from first receipt to last hand-back, and its part of the turnaround",
    "ledger_overlap": "waits while another one counted; no part of the turnaround",
}
_WORDS = "n: tickets asked of; unseen: not watched long enough to know; out: left out by definition."
_WORDS_OF: Mapping[str, str] = {
    "sla": "n: clocks with a verdict; not due, paused: none yet; out: cancelled.",
    "sites": "n: clocks with a verdict, or stays; unseen: stays that go on; tickets: how many had any.",
    "promises": "n: dates asked of; unseen: not due yet; out: replaced in time, or closed before the date.",
    "ledger": "tickets: how many had any; go on: of these; out: tickets never received.",
}
_WITHIN: Mapping[str, tuple[str, ...]] = {
    "backlog_by_state": ("state", "wait"),
    "ledger": ("party", "cause"),
    "ledger_overlap": ("cause",),
    "site_time": ("cause",),
    "sites": ("policy", "clock"),
}
"""Dimensions that stand in the line itself; all others head the lines of their group."""

_OF_CLOCKS = ("policy", "clock")
_OF_VERDICTS = frozenset({"sla", "sla_judged_then", "sla_under", "sla_over_service", "sites"})
_OF_TIME: Mapping[str, int] = {"ledger_turnaround": 1, "ledger_overlap": 2}
"""What stands below the times that add up."""
_DECIMALS: Mapping[str, int] = {"d": 1, "h": 3, "per 100": 2, "s": 0, "tickets": 0}


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a table, before its columns are as wide as they must be.

    Attributes:
        cells: One for each heading; None where it has nothing to say.
        reason: Why cells are missing.
        note: What else is to be said of it.
    """

    label: str
    cells: Mapping[str, str | None]
    reason: str | None
    note: str | None = None


def report_lines(report: Report) -> Iterator[Text]:
    """The report, ready to print; no line is longer than 80 columns unless a name in it is."""
    yield from _head(report)
    yield Text()
    yield from brief_lines(report)
    yield Text()
    if report.differences is not None:
        yield from difference_lines(report, _faint)
    for figure in dict.fromkeys(row.figure for row in report.rows):
        if figure in _MEANING:
            yield from _faint(f"{_label(figure, report)}: {_MEANING[figure]}.")
    if any(row.ages is None for row in report.rows):  # the backlog has none of these headings
        yield from word_lines(report.figure)


def word_lines(figure: str = "") -> Iterator[Text]:
    """What the headings of the counts mean."""
    yield from _faint(_WORDS_OF.get(figure, _WORDS))


def brief_lines(report: Report) -> Iterator[Text]:
    """The tables of the report alone, an empty line between them."""
    for number, (_, rows) in enumerate(groupby(report.rows, _kind)):
        if number:
            yield Text()
        yield from _laid_out(_grouped(list(rows), report))


def _head(report: Report) -> Iterator[Text]:
    yield Text.assemble((report.figure.replace("_", " "), "heading"), (f"  {report.definition}", "faint"))
    period = {
        (False, False): ", all of them",
        (True, False): f" from {report.from_}",
        (False, True): f" up to {report.to}",
        (True, True): f" from {report.from_} to {report.to}",
    }[report.from_ is not None, report.to is not None]
    cohort = "promises due" if (report.figure, report.cohort) == ("promises", "due_in") else _COHORTS[report.cohort]
    yield Text(f"{cohort}{period if report.cohort != 'open_at' else ''}")
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
    if row.percentiles is not None:
        return "percentiles"
    if row.ages is not None:
        return "ages"
    return "verdicts" if row.figure in _OF_VERDICTS else "hours" if row.unit == "h" else "value"


def _grouped(rows: Sequence[ReportRow], report: Report) -> list[_Line | str]:
    """The lines of each group under its name, in the order in which the groups first come."""
    groups: dict[tuple[str | None, ...], list[ReportRow]] = {}
    for row in rows:
        within = _WITHIN.get(row.figure, ())
        groups.setdefault(tuple(value for name, value in row.group.items() if name not in within), []).append(row)
    lines: list[_Line | str] = []
    for members in groups.values():
        name = _heading(members[0], report)
        lines += [name] if name else []
        lines += [_line(row, report) for row in sorted(members, key=_longest_first)]
    return lines


def _heading(row: ReportRow, report: Report) -> str:
    """What a group is called; nothing where all are one."""
    if not row.group:
        return "none" if report.parameters.get("by") else ""
    within = _WITHIN.get(row.figure, ())
    names = [name for name in row.group if name not in within]
    clock = [_clock(row)] if "policy" in names else []
    return ", ".join([*clock, *(_word(row.group[name]) for name in names if name not in _OF_CLOCKS)])


def _clock(row: ReportRow) -> str:
    """The clock, with the versions of its policy that judged it."""
    versions = "+".join(policy.rpartition("@")[2] for policy in row.policies or ())
    return printable(f"{row.group['policy']}{'@' * bool(versions)}{versions}/{row.group['clock']}")


def _longest_first(row: ReportRow) -> tuple[int, int]:
    """Among times that add up the longest come first, then their sum; everything else stays where it is."""
    if row.unit != "h" or row.percentiles is not None:
        return 0, 0
    return _OF_TIME.get(row.figure, 0), -row.numerator


def _line(row: ReportRow, report: Report) -> _Line:
    names = [name for name in _WITHIN.get(row.figure, ()) if name in row.group and not _is_plain(name, row)]
    within = [_clock(row)] if "policy" in names else [_word(row.group[name]) for name in names]
    label = ", ".join(within) or _label(row.figure, report)
    if row.figure == "ledger_overlap":
        label = f"beside: {label}"
    return _Line(label, _CELLS[_kind(row)](row), row.reason, note_on(row))


def _ages(row: ReportRow) -> dict[str, str | None]:
    return {"open": _count(row.numerator), **{name: _count(count) for name, count in (row.ages or {}).items()}}


def _percentiles(row: ReportRow) -> dict[str, str | None]:
    cells = {"n": _count(row.denominator), "unseen": _some(row.censored), "out": _some(row.excluded)}
    for name, value in (row.percentiles or {}).items():
        number = _number(value, row)
        if row.figure == "sla_overrun":  # hours and days stand in one column
            cells[name] = None if number is None else f"{number} {row.unit}"
        else:
            cells[f"{name} {row.unit}"] = number
        cells[f"{name} 95 %"] = _interval(_limit(row.low, name), _limit(row.high, name), row)
    return cells


def _verdicts(row: ReportRow) -> dict[str, str | None]:
    parts = row.parts or {}
    return {
        "n": _count(row.denominator),
        "met": _count(row.numerator),
        "not due": _some(parts.get("not_due", 0)),
        "paused": _some(parts.get("paused", 0)),
        "out": _some(row.excluded),
        **_rate(row),
    }


def _hours(row: ReportRow) -> dict[str, str | None]:
    return {
        "tickets": _count((row.parts or {}).get("tickets", 0)),
        "go on": _some(row.censored),
        "out": _some(row.excluded),
        "h": _number(row.value, row),
        "per 100": None if row.share is None else f"{row.share:,.{_DECIMALS['per 100']}f}",
    }


def _share(row: ReportRow) -> dict[str, str | None]:
    return {
        "n": _count(row.denominator),
        "had it": _count(row.numerator),
        "unseen": _some(row.censored),
        "out": _some(row.excluded),
        **_rate(row),
    }


def _rate(row: ReportRow) -> dict[str, str | None]:
    return {row.unit: _number(row.value, row), "95 %": _interval(_limit(row.low), _limit(row.high), row)}


_CELLS: Mapping[str, Callable[[ReportRow], Mapping[str, str | None]]] = {
    "ages": _ages,
    "hours": _hours,
    "percentiles": _percentiles,
    "value": _share,
    "verdicts": _verdicts,
}


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
    if figure == "sla_under":
        return f"under {printable(str(report.parameters['under']))}"
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
        if line.note is not None:
            for part in wrap(line.note, WIDTH - len(_INDENT) * 2, break_on_hyphens=False):
                yield Text(f"{_INDENT * 2}{part}", "faint")


def _shown(heading: str) -> str:
    return "95 %" if heading.endswith("95 %") else heading


def _aligned(text: str, heading: str, width: int) -> str:
    return f"{text:<{width}}" if heading.endswith("95 %") else f"{text:>{width}}"


def _faint(text: str) -> Iterator[Text]:
    for part in wrap(text, WIDTH, subsequent_indent=_INDENT, break_on_hyphens=False):
        yield Text(part, "faint")
