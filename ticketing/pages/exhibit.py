"""Exhibit: a picture of a report with what is needed to judge it: what it means, of which tickets, and its numbers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ticketing.domain.phrases import spaced
from ticketing.pages.account import listed, table
from ticketing.pages.markup import Html, Part, joined, lines, tag
from ticketing.projections.report import Number, Report, ReportRow
from ticketing.projections.report_words import MEANING, cohort_words

Cell = Callable[[ReportRow], Part | Number]
"""What a row has to say in a column."""

_NAMES: Mapping[str, str] = {
    "ledger_turnaround": "turnaround",
    "sla": "at present",
    "sla_over_service": "in half the time",
    "sla_judged_then": "judged then",
}
"""What figures are called beside each other, as they are in a terminal; the others by their own name."""

_MEANING: Mapping[str, str] = {
    **MEANING,
    "ledger_turnaround": "first receipt to last hand-back of all tickets together: what the parts add up to",
}

_DAYS = {"h_days": "complaint_rate_opened", "w_days": "complaint_rate"}
"""The figure that goes by each number of days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """What is shown of one report.

    Attributes:
        anchor: What a link to it names.
        title: The question that it answers.
        told: The answer in words.
        report: The report.
        main: The row whose counts are told; None where there are several.
        pictures: Its charts; none where there is nothing to draw.
        numbers: The table behind it.
        beside: The figures that the pictures show beside the report's own.
        tabled: The rows that the table shows; None for all.
    """

    anchor: str
    title: str
    told: str
    report: Report
    main: ReportRow | None
    pictures: Sequence[Html]
    numbers: Html
    beside: Sequence[str] = ()
    tabled: Sequence[ReportRow] | None = None

    def shown(self) -> Html:
        """The exhibit as markup."""
        pictures = tag("div", lines(self.pictures), class_="pictures") if self.pictures else None
        inside = [
            tag("div", tag("h3", self.title), tag("p", self.told, class_="told"), class_="head"),
            tag("div", pictures, self._about(), class_="shown" if pictures else None),
            tag("details", tag("summary", "The numbers behind it"), lines(self._behind())),
        ]
        return tag("figure", lines(inside), id=self.anchor)

    def _figures(self) -> set[str]:
        """The figures that the pictures show."""
        return {self.report.figure, str(self.report.parameters.get("of")), *self.beside}

    def _about(self) -> Html:
        """What the pictures mean, and of what they are."""
        meant = _meant(row for row in self.report.rows if row.figure in self._figures())
        if not meant:
            meant = [joined([tag("code", self.report.definition), f" {_MEANING.get(self.report.figure, '')}"])]
        of = self.report.parameters.get("of")
        if of is not None:
            meant.insert(0, joined([tag("code", self.report.definition), f" of {spaced(str(of))}"]))
        provenance = tag("p", _provenance(self.report, self.main), class_="provenance")
        return tag("div", listed(meant, "definitions"), provenance, class_="about")

    def _behind(self) -> list[Html]:
        """The table, and what those of its figures mean that no picture shows."""
        tabled = self.report.rows if self.tabled is None else self.tabled
        others = _meant(row for row in tabled if row.figure not in self._figures())
        rows = tag("div", self.numbers, class_="wide-table")
        return [rows, listed(others, "definitions")] if others else [rows]


def _meant(rows: Iterable[ReportRow]) -> list[Html]:
    """What the figures of the rows mean, each once."""
    meanings = dict.fromkeys((row.definition, _meaning(row.figure)) for row in rows)
    return [joined([tag("code", definition), meaning and f" {meaning}"]) for definition, meaning in meanings]


def _meaning(figure: str) -> str | None:
    """What a figure means, after the name that it has in the table where that is another."""
    name, meaning = _NAMES.get(figure), _MEANING.get(figure)
    return f"{name}: {meaning}" if name and meaning else meaning


def _provenance(report: Report, main: ReportRow | None) -> str:
    """Of which tickets, how many, of when and from where in the log."""
    counts = []
    if main is not None:
        counts = [f"n {main.denominator:,}"]
        counts += [f"{main.censored:,} not seen to the end"] if main.censored else []
        counts += [f"{main.excluded:,} left out by definition"] if main.excluded else []
    figures = {row.figure for row in report.rows}
    given = [
        f"{name.removesuffix('_days').upper()} {value} days"
        for name, value in report.parameters.items()
        if value is not None and _DAYS.get(name) in figures
    ]
    given += [f"minimum n {report.parameters['minimum_n']}"] if "minimum_n" in report.parameters else []
    aside = f"{report.set_aside:,} tickets set aside, stopped by an event" if report.set_aside else ""
    parts = (cohort_words(report), ", ".join(counts), ", ".join(given), cut_said(report), aside)
    return "; ".join(part for part in parts if part) + "."


def cut_said(report: Report) -> str:
    """Of when the report is, and from where in the log."""
    known = [f"known at {_second(report.known_at)}"] if report.known_at is not None else []
    said = [f"as of {_second(report.as_of)}", *known, f"zone {report.zone}", f"position {report.position:,} of the log"]
    return ", ".join(said)


def _second(instant: str) -> str:
    return f"{instant[:19].replace('T', ' ')} UTC"


# its numbers


def numbers(rows: Sequence[ReportRow], columns: Mapping[str, Cell]) -> Html:
    """The rows as a table; columns in which nothing stands are left out, and reasons come last.

    Args:
        rows: Those of the report.
        columns: What stands in each column, by its heading.
    """
    every: dict[str, Cell] = {**columns, "why not": lambda row: row.reason}
    cells = {heading: [cell(row) for row in rows] for heading, cell in every.items()}
    kept = {heading: column for heading, column in cells.items() if any(part not in (None, "") for part in column)}
    right = [place for place, column in enumerate(kept.values()) if not any(isinstance(part, str) for part in column)]
    shown = ([_written(column[number]) for column in kept.values()] for number in range(len(rows)))
    return table(list(kept), shown, numbers=right)


def _written(part: Part | Number) -> Part:
    if part is None or isinstance(part, str):
        return part
    if isinstance(part, int):
        return f"{part:,}"
    return f"{part:,.2f}" if abs(part) >= 0.1 or not part else f"{part:.3g}"


def rate_columns(first: Mapping[str, Cell]) -> dict[str, Cell]:
    """The columns of a rate, after those given."""
    return {
        **first,
        "per 100": lambda row: row.value,
        "95 % from": lambda row: limits(row)[0],
        "to": lambda row: limits(row)[1],
        "had it": lambda row: row.numerator,
        "of": lambda row: row.denominator,
        "not known yet": lambda row: row.censored or None,
        "left out": lambda row: row.excluded or None,
    }


def figure_cell(row: ReportRow) -> str:
    """The figure in words."""
    return _NAMES.get(row.figure) or spaced(row.figure)


def of_group(name: str) -> Cell:
    """A column of what the groups have in a dimension."""
    return lambda row: group_name(row, name) if name in row.group else None


def group_name(row: ReportRow, name: str) -> str:
    """What the group has in a dimension, as it is; unknown where that is not known."""
    return row.group.get(name) or "unknown"


# rates


def limits(row: ReportRow) -> tuple[Number | None, Number | None]:
    """The 95 % limits of a value."""
    low, high = row.low, row.high
    return low if isinstance(low, int | float) else None, high if isinstance(high, int | float) else None


def rate_said(row: ReportRow) -> str:
    """A rate with what it is of."""
    return f"{row.value or 0:,.1f} · {row.numerator:,} of {row.denominator:,}"


def interval_said(row: ReportRow) -> str:
    """Its limits; nothing where there are none."""
    low, high = limits(row)
    return "" if low is None or high is None else f"{low:,.1f}–{high:,.1f}"


def known(rows: Iterable[ReportRow]) -> list[ReportRow]:
    """Those that have a value."""
    return [row for row in rows if row.value is not None]


def nothing_said(rows: Iterable[ReportRow], otherwise: str) -> str:
    """Why there is nothing to show."""
    reasons = dict.fromkeys(row.reason for row in rows if row.reason)
    return f"There is nothing to show: {'; '.join(reasons) or otherwise}."
