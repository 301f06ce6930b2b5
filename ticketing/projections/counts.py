"""Counts: what a figure counts of the rows of a projection, in SQL that every store knows.

Laws of this file: an expression is over the columns of a row, in which instants are whole microseconds since 1970 and
truth is 1 or 0. Beside them it may name `cohort_at`, the instant that puts a ticket into the cohort, and
`observed_until`, how far the ticket was observed. What is unknown is NULL, and a condition that is unknown does not
hold. Numbers stand in an expression as they are; text of others goes through `literal`.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from ticketing.domain.hours import instant_at, micros
from ticketing.domain.values import NATIVE
from ticketing.projections.dimensions import PERIODS, UPSTREAM
from ticketing.projections.report import Cohort, Figure, ReportRow, rate
from ticketing.projections.sample import DAY, Group, Scope, in_order
from ticketing.projections.statistics import scipy_stats

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LAST_YEAR = 9999
SPAN = 28 * DAY
"""No month is shorter: of instants that lie in one span of this length two months know at most."""


def literal(text: str) -> str:
    """The text as SQL has it."""
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def one_of(column: str, values: Iterable[str]) -> str:
    """The condition that a column of text is one of these."""
    listed = ", ".join(map(literal, sorted(values)))
    return f"{column} IN ({listed})" if listed else "(1 = 0)"


IN_ONE = "in one"
"""The name of lists that are taken out as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What is counted of each group.

    Attributes:
        at: The instant that puts a ticket into the cohort; NULL where it does not belong to it.
        conditions: By name what holds of the tickets that are counted under it.
        sums: By name a whole number of each ticket, added up.
        lists: By name a whole number of each ticket, all of which are kept, in no order; NULL is left out.
        is_in_one: Whether no ticket is in more than one of the lists, which are then taken out as one.
        by: What it is always grouped by, after what is asked for: names and expressions of text.
        given: Columns beside those of the rows, by name: whole numbers that were worked out elsewhere of single
            tickets, by the hex of the ticket's id; NULL of all others.
        given_by: The text by which they are given instead.
        where: What holds of the tickets that are looked at at all; None looks at all.
        of: A column of parts: they are counted in place of tickets. An expression may name a field of a part too, as
            `part_<field>`.
        own: Columns of the row that a field of the part stands in place of, and which.
        alike: Fields of a part: it is grouped by them last, and groups have their values as JSON has them.
        dimensions: Those that it is grouped by, in place of those asked for.
        has_undated: Whether what has no such instant belongs to every period; where a dimension depends on the instant,
            it is unknown.
    """

    at: str
    conditions: Mapping[str, str] = field(default_factory=dict)
    sums: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    is_in_one: bool = False
    by: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    given_by: str = "ticket_id"
    where: str | None = None
    of: str | None = None
    own: Mapping[str, str] = field(default_factory=dict)
    alike: tuple[str, ...] = ()
    dimensions: tuple[str, ...] | None = None
    has_undated: bool = False


@dataclass(slots=True)
class Tally:
    """What was counted of one group.

    Attributes:
        numbers: Of each condition how many tickets it holds of, and each sum.
        lists: All numbers of each list, in no order.
    """

    numbers: Counter[str] = field(default_factory=Counter)
    lists: dict[str, "array[int]"] = field(default_factory=dict)

    def add(self, numbers: Mapping[str, int], lists: Mapping[str, Iterable[int]]) -> None:
        """Takes in what was counted elsewhere of the same group."""
        self.numbers.update(numbers)
        for name, more in lists.items():
            self.lists.setdefault(name, array("q")).extend(more)

    def list(self, name: str) -> "array[int]":
        """The numbers of a list, in ascending order."""
        return array("q", sorted(self.unordered(name)))

    def unordered(self, name: str) -> "array[int]":
        """The numbers of a list as they came."""
        return self.lists.get(name) or array("q")

    def taken_apart(self, names: Sequence[str]) -> "dict[str, NDArray[np.int64]]":
        """The numbers of each list of `Counts.is_in_one`, in no order: a number's remainder is the place of its list.

        Raises:
            BadInput: numpy, of the extra `figures`, is not installed.
        """
        scipy_stats()
        import numpy as np

        numbers = np.asarray(self.unordered(IN_ONE), dtype=np.int64)
        lengths, places = np.divmod(numbers, len(names))
        return {name: lengths[places == place] for place, name in enumerate(names)}


class Counted:
    """What was counted, by group.

    Args:
        by: The dimensions of a group, in order.
    """

    def __init__(self, by: Sequence[str]) -> None:
        self.by = tuple(by)
        self._tallies: dict[Group, Tally] = {}

    def tally(self, group: Group) -> Tally:
        """That of a group, to be added to."""
        return self._tallies.setdefault(group, Tally())

    def add(self, other: "Counted") -> None:
        """Takes in what was counted of others by the same dimensions."""
        for group, tally in other.each():
            self.tally(tuple(group.values())).add(tally.numbers, tally.lists)

    def groups(self) -> Iterator[tuple[dict[str, str | None], Tally]]:
        """Every group by code point; one that says nothing when there is no ticket at all."""
        if not self._tallies:
            yield {}, Tally()
        for group in in_order(self._tallies):
            yield dict(zip(self.by, group, strict=True)), self._tallies[group]

    def each(self) -> Iterator[tuple[Mapping[str, Any], Tally]]:
        """Every group that there is, in no order."""
        for group, tally in self._tallies.items():
            yield dict(zip(self.by, group, strict=True)), tally


# rates, which most figures are

PARTS = ("excluded", "censored", "asked", "had")
"""What the names of a rate's conditions end in, after the figure's name and a dot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share of tickets, per 100.

    A ticket of the cohort is excluded, else censored, else asked, else none of these; had it are some of those asked.

    Attributes:
        had: The condition of the numerator, beside that of the denominator.
        asked: That of the denominator; None where all are asked.
        censored: Nobody has watched the ticket long enough to know; None where all were.
        excluded: The figure leaves the ticket out by its definition; None where it leaves out none.
        none: Why there is no rate where nobody was asked.
    """

    figure: Figure
    had: str
    asked: str | None = None
    censored: str | None = None
    excluded: str | None = None
    none: str

    def conditions(self) -> dict[str, str]:
        """What is counted for it, by name."""
        out, unseen = holds(self.excluded), holds(self.censored)
        asked = f"NOT {out} AND NOT {unseen}" + (f" AND {holds(self.asked)}" if self.asked is not None else "")
        name = self.figure.name
        return {
            f"{name}.excluded": out,
            f"{name}.censored": f"NOT {out} AND {unseen}",
            f"{name}.asked": asked,
            f"{name}.had": f"{asked} AND {holds(self.had)}",
        }

    def row(self, cohort: Cohort, group: Mapping[str, str | None], tally: Tally) -> ReportRow:
        """What it is of one group."""
        name = self.figure.name
        return rate(
            self.figure,
            cohort,
            group,
            numerator=tally.numbers[f"{name}.had"],
            denominator=tally.numbers[f"{name}.asked"],
            reason=self.none,
            excluded=tally.numbers[f"{name}.excluded"],
            censored=tally.numbers[f"{name}.censored"],
        )


def holds(condition: str | None) -> str:
    """The condition, true or false, never unknown; None never holds."""
    return "(1 = 0)" if condition is None else f"(({condition}) IS TRUE)"


def conditions_of(rates: Iterable[Rate]) -> dict[str, str]:
    """What is counted for several rates."""
    return {name: condition for one in rates for name, condition in one.conditions().items()}


def rate_rows(counted: Counted, cohort: Cohort, rates: Iterable[Rate]) -> list[ReportRow]:
    """The rows of rates, one rate after the other, each by group."""
    groups = list(counted.groups())
    return [one.row(cohort, group, tally) for one in rates for group, tally in groups]


# how groups are called in SQL


def dimensions(counts: Counts, scope: Scope) -> tuple[str, ...]:
    """The names of what it is grouped by first."""
    return scope.by if counts.dimensions is None else counts.dimensions


def dimension(name: str, scope: Scope, spans: Iterable[int]) -> str:
    """The expression of a dimension.

    Args:
        name: Of `DIMENSIONS`.
        scope: Whose zone and sites count.
        spans: The spans of `SPAN` since 1970 in which the cohort has tickets; only periods need them.
    """
    if name in PERIODS:
        return _period(name, scope.zone, spans)
    if name == "site_kind":
        return _site_kind(scope)
    if name == "till":
        upstream = literal(UPSTREAM)
        return f"CASE WHEN entitlement = {upstream} THEN 'upstream' WHEN entitlement IS NOT NULL THEN 'downstream' END"
    return f"coalesce(source, {literal(NATIVE)})" if name == "source" else name


def _site_kind(scope: Scope) -> str:
    """By sites that were always somebody's, then one by one those that changed hands; the latest change first."""
    changes: dict[tuple[int, str], list[str]] = {}
    for site, kinds in scope.site_kinds.since.items():
        for since, kind in kinds:
            changes.setdefault((micros(since), kind), []).append(site)
    if not changes:
        return "CAST(NULL AS TEXT)"
    cases = [
        f"WHEN cohort_at >= {since} AND site IN ({', '.join(map(literal, sites))}) THEN {literal(kind)}"
        for (since, kind), sites in sorted(changes.items(), reverse=True)
    ]
    return f"CASE {' '.join(cases)} END"


def _period(name: str, zone: tzinfo, spans: Iterable[int]) -> str:
    """The period in which `cohort_at` lies, found by halves among those that are needed."""
    periods: dict[int, str] = {}
    for span in spans:
        for at in (span - 1, span, span + 1, span + 2):
            instant = _instant(at * SPAN)
            periods[_begins(name, instant, zone)] = PERIODS[name](instant, zone)
    ordered = sorted(periods.items())
    return _halved(ordered) if ordered else "CAST(NULL AS TEXT)"


def _halved(periods: Sequence[tuple[int, str]]) -> str:
    if len(periods) == 1:
        return literal(periods[0][1])
    middle = len(periods) // 2
    earlier, later = _halved(periods[:middle]), _halved(periods[middle:])
    return f"CASE WHEN cohort_at < {periods[middle][0]} THEN {earlier} ELSE {later} END"


def _begins(name: str, at: datetime, zone: tzinfo) -> int:
    """The first instant of the period in which an instant lies."""
    try:
        local = at.astimezone(zone)
        month = local.month if name == "month" else (local.month + 2) // 3 * 3 - 2
        return micros(datetime(local.year, month, 1, tzinfo=zone))
    except OverflowError:  # the zone's first or last period lies beyond the calendar
        return micros(at)


def _instant(at: int) -> datetime:
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(_LAST_YEAR, 12, 31, 23, 59, 59, tzinfo=UTC)
    return instant_at(min(max(at, micros(first)), micros(last)))
