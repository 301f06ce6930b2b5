"""Report: one answer as a plain value, with everything needed to print it again, and its JSON and CSV."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ticketing.domain.values import Currency
from ticketing.projections.restated import Difference
from ticketing.projections.statistics import rounded, wilson

Cohort = Literal["opened_in", "handed_back_in", "closed_in", "presented_in", "due_in", "open_at", "by_figure"]
"""Which tickets; `by_figure` heads a report of several figures, whose rows name their own."""
Unit = Literal["s", "h", "d", "per 100", "tickets", "times", "requests", "per 1,000", "complaints", "of 5", "figures"]
Number = int | float
Limit = Number | Mapping[str, Number | None] | None
Parameter = int | str | tuple[int, ...] | tuple[str, ...] | None
Compared = Mapping[str, Number | str | bool | None]
Case = Mapping[str, Number | str | None]

PER_100: Unit = "per 100"


@dataclass(frozen=True, slots=True)
class Figure:
    """A definition: its name, its version, and the cohorts it is defined over, the default first.

    Attributes:
        dimensions: What it may be grouped by beside `DIMENSIONS`.
    """

    name: str
    version: int
    cohorts: tuple[Cohort, ...]
    dimensions: tuple[str, ...] = ()

    @property
    def definition(self) -> str:
        """The name at its version."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """What one figure says of one group.

    Attributes:
        figure: Which figure of the report: its own, or one that is always shown beside it.
        definition: The figure's name@version.
        cohort: Which tickets it is about.
        group: The dimensions asked for with the group's values, None where unknown; empty for all.
        value: The figure, if it is one number; None has a reason.
        percentiles: `p50` and so on, if the figure is these; None is not reached, or has no ticket.
        ages: Tickets by age in days, if the figure is a count of open ones.
        reason: Why something is None; None where nothing is.
        unit: Of value, percentiles and limits; of money its currency.
        numerator: The tickets that had it (turnaround: were handed back).
        denominator: The tickets it was asked of.
        excluded: Tickets of the cohort that the figure leaves out by its definition.
        censored: Tickets of the cohort whose end, or whose days, nobody has seen yet. They are part of a turnaround's
            denominator, and not of a rate's.
        low: The lower 95 % limit, for percentiles one each; None where there is none.
        high: The upper 95 % limit, likewise.
        share: The part that the group is of what it is a part of, per 100, if the figure is such parts.
        parts: What the counts are made of, if the figure says so.
        policies: The policies with the versions that its clocks were judged by, if it is about clocks.
        compared: How its rate stands to those of the other groups, if the report is a comparison.
    """

    figure: str
    definition: str
    cohort: Cohort
    group: Mapping[str, str | None]
    value: Number | None = None
    percentiles: Mapping[str, Number | None] | None = None
    ages: Mapping[str, int] | None = None
    reason: str | None = None
    unit: Unit | Currency
    numerator: int
    denominator: int
    excluded: int = 0
    censored: int = 0
    low: Limit = None
    high: Limit = None
    share: Number | None = None
    parts: Mapping[str, int] | None = None
    policies: tuple[str, ...] | None = None
    compared: Compared | None = None

    def plain(self) -> dict[str, object]:
        """The row as JSON has it: `percentiles` in place of `value` where the figure is those."""
        number: dict[str, object] = {"value": self.value}
        if self.percentiles is not None:
            number = {"percentiles": dict(self.percentiles)}
        return {
            "figure": self.figure,
            "definition": self.definition,
            "cohort": self.cohort,
            "group": dict(self.group),
            **number,
            **({"ages": dict(self.ages)} if self.ages is not None else {}),
            "reason": self.reason,
            "unit": self.unit,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "excluded": self.excluded,
            "censored": self.censored,
            "low": _plain_limit(self.low),
            "high": _plain_limit(self.high),
            **({"share": self.share} if self.share is not None else {}),
            **({"parts": dict(self.parts)} if self.parts is not None else {}),
            **({"policies": list(self.policies)} if self.policies is not None else {}),
            **({"compared": dict(self.compared)} if self.compared is not None else {}),
        }

    def flat(self) -> dict[str, object]:
        """The row as a table has it: one column per number."""
        plain = self.plain()
        flat = {key: plain[key] for key in ("figure", "definition", "cohort")} | dict(self.group)
        flat["value"] = self.value
        for name, number in (self.percentiles or {}).items():
            flat[name] = number
            flat[f"{name}_low"] = _limit_of(self.low, name)
            flat[f"{name}_high"] = _limit_of(self.high, name)
        flat |= {f"days_{name}": count for name, count in (self.ages or {}).items()}
        flat |= {key: plain[key] for key in ("unit", "numerator", "denominator", "excluded", "censored")}
        flat |= {"low": None, "high": None} if self.percentiles is not None else {"low": self.low, "high": self.high}
        flat |= {"share": self.share} if self.share is not None else {}
        flat |= self.parts or {}
        flat |= {"policies": " ".join(self.policies)} if self.policies is not None else {}
        flat |= self.compared or {}
        return flat | {"reason": self.reason}


def _plain_limit(limit: Limit) -> object:
    return dict(limit) if isinstance(limit, Mapping) else limit


def _limit_of(limit: Limit, name: str) -> Number | None:
    return limit.get(name) if isinstance(limit, Mapping) else None


def rate(
    figure: Figure,
    cohort: Cohort,
    group: Mapping[str, str | None],
    *,
    numerator: int,
    denominator: int,
    reason: str,
    excluded: int = 0,
    censored: int = 0,
) -> ReportRow:
    """A rate per 100 tickets with its Wilson limits; of no tickets it is None, for the reason given.

    Raises:
        BadInput: scipy, of the extra `figures`, is not installed.
    """
    shares = (numerator / denominator, *wilson(numerator, denominator)) if denominator else ()
    value, low, high = (rounded(100 * share) for share in shares) if shares else (None, None, None)
    return ReportRow(
        figure=figure.name,
        definition=figure.definition,
        cohort=cohort,
        group=group,
        value=value,
        reason=None if denominator else reason,
        unit=PER_100,
        numerator=numerator,
        denominator=denominator,
        excluded=excluded,
        censored=censored,
        low=low,
        high=high,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A figure, and those always shown beside it, as of an instant.

    Attributes:
        figure: What was asked for.
        definition: Its name@version.
        parameters: What else was asked: `by`, limits in days, percentiles, unit.
        cohort: The cohort of the figure asked for; every row names its own.
        from_: The first date or instant of the period, as given; None from the beginning.
        to: The last date or instant, inclusive.
        as_of: Facts count that had occurred by then, and native tickets were observed until then.
        known_at: Facts count that were recorded by then; None for all up to `position`.
        zone: The IANA zone of dates and months.
        position: The last position of the log that was read.
        set_aside: Tickets left out of all rows, because an event of theirs cannot be read or folded.
        rows: By figure, then by group in order of code points.
        differences: Of clocks that were judged twice, those judged otherwise; None where the figure is not about such.
        cases: The single tickets behind the figure, if it is one that lists them; each with the same keys.
    """

    figure: str
    definition: str
    parameters: Mapping[str, Parameter]
    cohort: Cohort
    from_: str | None
    to: str | None
    as_of: str
    known_at: str | None
    zone: str
    position: int
    set_aside: int = 0
    rows: tuple[ReportRow, ...]
    differences: tuple[Difference, ...] | None = None
    cases: tuple[Case, ...] | None = None

    def of(self, figure: str) -> tuple[ReportRow, ...]:
        """The rows of one of its figures."""
        return tuple(row for row in self.rows if row.figure == figure)

    def plain(self) -> dict[str, object]:
        """The report as JSON has it: one object."""
        return {
            "figure": self.figure,
            "definition": self.definition,
            "parameters": {
                name: list(given) if isinstance(given, tuple) else given for name, given in self.parameters.items()
            },
            "cohort": self.cohort,
            "from": self.from_,
            "to": self.to,
            "as_of": self.as_of,
            "known_at": self.known_at,
            "zone": self.zone,
            "position": self.position,
            "set_aside": self.set_aside,
            "rows": [row.plain() for row in self.rows],
            **({} if self.differences is None else {"differences": [one.plain() for one in self.differences]}),
            **({} if self.cases is None else {"cases": [dict(one) for one in self.cases]}),
        }

    def to_json(self) -> str:
        """The report as JSON, the same to the byte for the same answer: fixed order of keys, two blanks, UTF-8."""
        return json.dumps(self.plain(), ensure_ascii=False, indent=2, allow_nan=False)

    def to_csv(self) -> str:
        """The rows as CSV (RFC 4180, but lines end in a newline) under one header; the report's own is left to JSON."""
        rows = [row.flat() for row in self.rows]
        widest = max(rows, key=len, default={})
        columns = list(dict.fromkeys([*widest, *(name for row in rows for name in row)]))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()
