"""A report as lines for people: what it is about, a line for each figure of each group, and what the words mean.

The counts come first and the figures last, so that a reason can stand where a figure is missing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap

from rich.text import Text

from ticketing.cli import comparison_cells, money_cells
from ticketing.cli.case_lines import case_lines
from ticketing.cli.difference_lines import difference_lines, note_on
from ticketing.cli.output import printable
from ticketing.cli.row_bars import bars_of, is_too_few
from ticketing.cli.scorecard_lines import scorecard_lines
from ticketing.projections.report import Limit, Number, Report, ReportRow
from ticketing.projections.report_words import MEANING, cohort_words, value_words

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
    "tills": "margin",
    "warranty_watch": "moved to paid",
    "warranty_overturned": "overturned",
    "claims": "approved at once",
    "claims_rejected": "rejected",
    "claims_claimed": "claimed",
    "claims_undecided": "undecided",
    "claims_refused": "refused",
    "claims_charged_back": "charged back",
    "handling": "handed around",
    "contacts_before_action": "contacts before",
    "silence": "told nothing",
    "longest_silence_before": "before payment",
    "longest_silence_after": "after payment",
    "honesty": "any of it",
    "hygiene": "recorded late",
    "repeat_rate": "came back",
    "first_time_fix": "right the first time",
    "repeats": "came back",
    "complaints_per_1000": "complaints",
    "complaints_upheld": "upheld",
    "complaint_days_to_answer": "answered",
    "complaint_days_to_resolve": "resolved",
    "complaints_unanswered": "unanswered",
    "complaints_unresolved": "unresolved",
    "response_rate": "rated",
    "satisfied": "rated 4 or 5",
}
_WORDS = (
    "n: tickets asked of; had it: those before the ÷; unseen: not watched long enough to know; out: left out by"
    " definition."
)
_WORDS_OF: Mapping[str, str] = {
    "sla": "n: clocks that are due and have a verdict; not due, paused: none yet; out: cancelled, or of cancelled"
    " tickets.",
    "sites": "n: clocks with a verdict, or stays; unseen: stays that go on; tickets: how many had any.",
    "promises": "n: dates asked of; had it: those before the ÷; unseen: not due yet; out: replaced in time, closed"
    " before the date, or of cancelled tickets.",
    "ledger": "tickets: how many had any; go on: of these; out: tickets never received.",
    "hygiene": "n: facts, waits or tickets; had it: those before the ÷; unseen: closed less than the days ago; out:"
    " imported, or of tickets cancelled or never received.",
    "requests": "n: requests; had it: those before the ÷; unseen: not due, or waiting; out: of cancelled tickets.",
    "complaints": "n: tickets or complaints asked of; had it: those before the ÷; unseen: not watched long enough, or"
    " waiting.",
    **money_cells.WORDS,
}
_WITHIN: Mapping[str, tuple[str, ...]] = {
    "backlog_by_state": ("state", "wait"),
    "ledger": ("party", "cause"),
    "ledger_overlap": ("cause",),
    "claims_rejected_by_clause": ("clause",),
    **dict.fromkeys(money_cells.SUMS, ("currency",)),
    "verdicts_for": ("in_favour_of",),
    "repeats_by_entitlement": ("entitlement_again",),
    "site_time": ("cause",),
    "sites": ("policy", "clock"),
    **dict.fromkeys(("handed_on_by", "bounced_back_to"), ("from_site",)),
    **dict.fromkeys(("requests", "time_to_answer", "requests_unanswered"), ("to_site",)),
}
"""Dimensions that stand in the line itself; all others head the lines of their group."""
_BEFORE: Mapping[str, str] = {
    "claims_rejected_by_clause": "rejected by clause ",
    "handed_on_by": "handed on by ",
    "bounced_back_to": "bounced back to ",
    "ledger_overlap": "beside: ",
    "verdicts_for": "verdicts for ",
    "repeats_by_entitlement": "of these, ",
    "requests": "requests, ",
    "time_to_answer": "time to answer, ",
    "requests_unanswered": "unanswered, ",
}
"""What is said before them, and below the table."""
_UNDER_A_NAME = frozenset({"backlog_by_state", "site_time"})
"""Figures whose lines stand under the figure's name."""
_KEPT = frozenset({"better", "worse", "marked"})
"""Headings that stay where nothing is below them, which says something too."""
_OF_PERIODS = ("month", "quarter")

_OF_CLOCKS = ("policy", "clock")
_OF_VERDICTS = frozenset({"sla", "sla_judged_then", "sla_under", "sla_over_service", "sites"})
_OF_TIME: Mapping[str, int] = {"ledger_turnaround": 1, "ledger_overlap": 2}
"""What stands below the times that add up."""
_DECIMALS: Mapping[str, int] = {
    "d": 1,
    "h": 3,
    "of 5": 2,
    "per 100": 2,
    "per 1,000": 2,
    **dict.fromkeys(("complaints", "figures", "requests", "s", "tickets", "times"), 0),
}


_ALONE = frozenset({"of 5", "per 1,000"})
"""Units of figures that have a table of their own."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a table, before its columns are as wide as they must be.

    Attributes:
        cells: One for each heading; None where it has nothing to say.
        reason: Why cells are missing.
        note: What else is to be said of it.
        row: What a bar may be drawn of.
    """

    label: str
    cells: Mapping[str, str | None]
    reason: str | None
    note: str | None = None
    row: ReportRow | None = None


def report_lines(report: Report) -> Iterator[Text]:
    """The report, ready to print; no line is longer than 80 columns unless a name in it is."""
    yield from _head(report)
    yield Text()
    if report.figure == "scorecard":
        yield from scorecard_lines(report)
        return
    yield from brief_lines(report)
    yield Text()
    if report.differences is not None:
        yield from difference_lines(report, _faint)
    if report.cases is not None:
        yield from case_lines(report, _faint)
    for figure in dict.fromkeys(row.figure for row in report.rows):
        if figure in MEANING:
            yield from _faint(f"{_label(figure, report)}: {MEANING[figure]}.")
    if any(row.ages is None and not _is_nobody(row, report) for row in report.rows):  # the backlog has no such headings
        yield from word_lines(report.figure)


def word_lines(figure: str = "") -> Iterator[Text]:
    """What the headings of the counts mean."""
    yield from _faint(_WORDS_OF.get(figure, _WORDS))
    if figure in comparison_cells.WORDS:
        yield from _faint(comparison_cells.WORDS[figure])


def brief_lines(report: Report) -> Iterator[Text]:
    """The tables of the report alone, an empty line between them."""
    for number, ((_, figure), rows) in enumerate(groupby(report.rows, _table)):
        if number:
            yield Text()
        told = list(rows)
        of_groups = [row for row in told if not _is_nobody(row, report)]
        if of_groups:
            if figure and report.figure == "good_work":
                yield Text(_label(figure, report), "heading")
            yield from _laid_out(_grouped(of_groups, report))
        for row in told:
            if _is_nobody(row, report):
                yield from _faint(f"{_label(row.figure, report)}: {row.reason}")
        if of_groups and of_groups[0].figure == "good_work":
            yield from map(Text, wrap(comparison_cells.who_is_marked(of_groups), WIDTH, subsequent_indent=_INDENT))


def _head(report: Report) -> Iterator[Text]:
    yield Text.assemble((report.figure.replace("_", " "), "heading"), (f"  {report.definition}", "faint"))
    yield Text(cohort_words(report))
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


def _table(row: ReportRow) -> tuple[str, str]:
    """Rows of the same kind that follow each other share a table; of figures that are compared each has its own."""
    return _kind(row), row.figure if comparison_cells.compared_in(row) else ""


def _kind(row: ReportRow) -> str:
    """How the cells of a row are made."""
    if row.unit == "figures":
        return "good_work"
    if row.percentiles is not None:
        return "percentiles"
    if row.ages is not None:
        return "ages"
    if row.unit not in _DECIMALS:
        return "money"
    if row.unit in _ALONE:
        return row.unit
    return "verdicts" if row.figure in _OF_VERDICTS else "hours" if row.unit == "h" else "value"


def _grouped(rows: Sequence[ReportRow], report: Report) -> list[_Line | str]:
    """The lines of each group under its name, in the order in which the groups first come."""
    groups: dict[tuple[str | None, ...], list[ReportRow]] = {}
    for row in rows:
        within = _within(row, report)
        groups.setdefault(tuple(value for name, value in row.group.items() if name not in within), []).append(row)
    lines: list[_Line | str] = []
    for members in groups.values():
        name = _heading(members[0], report)
        above = ""
        for row in sorted(money_cells.told(members), key=_longest_first):
            parts = (name, _label(row.figure, report) if row.figure in _UNDER_A_NAME else "")
            heading = ", ".join(part for part in parts if part)
            lines += [heading] if heading not in {"", above} else []
            above = heading
            lines.append(_line(row, report))
        if members[0].group and (compared := comparison_cells.compared_in(members[0])):
            lines.append(_Line("all", comparison_cells.cells_of_all(members, compared), None))
    return lines


def _is_nobody(row: ReportRow, report: Report) -> bool:
    """Whether the row stands for all groups, because there is none: it has a reason and nothing else."""
    return bool(report.parameters.get("by")) and not row.group and not row.denominator and row.reason is not None


def _within(row: ReportRow, report: Report) -> Sequence[str]:
    """The dimensions that stand in the line itself: of a comparison those that it compares."""
    compared = comparison_cells.compared_in(row)
    if compared is None:
        return _by(report) if row.figure == "good_work" else _WITHIN.get(row.figure, ())
    return [name for name in row.group if name in _OF_PERIODS] if "centre" in compared else _by(report)


def _by(report: Report) -> Sequence[str]:
    by = report.parameters.get("by")
    return [str(name) for name in by] if isinstance(by, tuple) else []


def _heading(row: ReportRow, report: Report) -> str:
    """What a group is called; nothing where all are one."""
    if not row.group:
        return "none" if report.parameters.get("by") else ""
    within = _within(row, report)
    names = [name for name in row.group if name not in within]
    clock = [_clock(row)] if "policy" in names else []
    return ", ".join([*clock, *(_word(row, name) for name in names if name not in _OF_CLOCKS)])


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
    names = [name for name in _within(row, report) if name in row.group and not _is_plain(name, row)]
    within = [_clock(row)] if "policy" in names else [_word(row, name) for name in names]
    label = f"{_BEFORE.get(row.figure, '')}{', '.join(within)}" if within else _label(row.figure, report)
    compared = comparison_cells.compared_in(row)
    if compared is None:
        return _Line(label, _CELLS[_kind(row)](row), row.reason, note_on(row), row)
    is_said = row.value is not None and compared.get("is_too_few")
    return _Line(label, comparison_cells.cells_of(row, compared), None if is_said else row.reason, row=row)


def _ages(row: ReportRow) -> dict[str, str | None]:
    return {"open": _count(row.numerator), **{name: _count(count) for name, count in (row.ages or {}).items()}}


def _percentiles(row: ReportRow) -> dict[str, str | None]:
    cells = {"n": _count(row.denominator), "unseen": _some(row.censored), "out": _some(row.excluded)}
    for name, value in (row.percentiles or {}).items():
        number = _number(value, row) or ("…" if row.denominator else None)  # without it the column had no heading
        if row.figure == "sla_overrun":  # hours and days stand in one column
            cells[name] = f"{number} {row.unit}" if value is not None else number
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


def _mean(row: ReportRow) -> dict[str, str | None]:
    return {
        "n": _count(row.denominator),
        "unseen": _some(row.censored),
        "out": _some(row.excluded),
        row.unit: _number(row.value, row),
    }


def _rate(row: ReportRow) -> dict[str, str | None]:
    return {row.unit: _number(row.value, row), "95 %": _interval(_limit(row.low), _limit(row.high), row)}


_CELLS: Mapping[str, Callable[[ReportRow], Mapping[str, str | None]]] = {
    "ages": _ages,
    "good_work": comparison_cells.cells_of_good_work,
    "hours": _hours,
    "money": money_cells.cells_of,
    "percentiles": _percentiles,
    "value": _share,
    "per 1,000": _share,
    "of 5": _mean,
    "verdicts": _verdicts,
}


def _is_plain(name: str, row: ReportRow) -> bool:
    """Whether the state alone says what the ticket waits for; a currency stands with its amount."""
    wait = row.group[name]
    is_said = wait == "none" or (wait, row.group.get("state")) == ("transit", "in_transit")
    return name == "currency" or (name == "wait" and is_said)


def _word(row: ReportRow, dimension: str) -> str:
    return printable(value_words(row.figure, dimension, row.group[dimension]))


def _label(figure: str, report: Report) -> str:
    if figure == "within_days":
        days = report.parameters["within_days"]
        return f"within {days} {'day' if days == 1 else 'days'}"
    if figure == "sla_under":
        return f"under {printable(str(report.parameters['under']))}"
    return _LABELS.get(figure, _BEFORE.get(figure, figure.replace("_", " ")).strip(" ,:"))


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
    headings = [name for name in full[0].cells if name in _KEPT or any(line.cells.get(name) for line in full)]
    widths = {name: max(len(_shown(name)), *(len(line.cells.get(name) or "") for line in full)) for name in headings}
    label_width = len(_INDENT) + max(len(line.label) for line in full)
    gap = "  " if label_width + sum(width + 2 for width in widths.values()) <= WIDTH else " "
    used = label_width + sum(width + len(gap) for width in widths.values()) + len(gap)
    heading, bars = bars_of([line.row for line in full], WIDTH - used)
    titles = gap.join([*(_aligned(_shown(name), name, widths[name]) for name in headings), heading])
    yield Text(f"{'':{label_width}}{gap}{titles}".rstrip(), "faint")
    drawn = iter(bars)
    for line in lines:
        if isinstance(line, str):
            yield Text(line, "heading")
            continue
        cells = [*(_aligned(line.cells.get(name) or "", name, widths[name]) for name in headings), next(drawn)]
        style = "faint" if is_too_few(line.row) else ""
        yield Text(f"{_INDENT + line.label:{label_width}}{gap}{gap.join(cells)}".rstrip(), style)
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
