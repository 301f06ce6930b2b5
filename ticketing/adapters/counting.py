"""Counting: the statements that count rows where they are, the same for every store, and what comes of them."""

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from ticketing.domain.hours import micros
from ticketing.projections.counts import SPAN, Counted, Counts, dimension, holds, literal
from ticketing.projections.dimensions import PERIODS
from ticketing.projections.sample import Scope


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a projection as statements see them.

    Attributes:
        rows: A SELECT of all rows: instants as microseconds since 1970, truth as 1 or 0, ids as hex, tuples as JSON.
        all_of: The aggregate that gives all values of `{}`.
    """

    rows: str
    all_of: str


Statement = Callable[[Table], str]


class Answers(Protocol):
    """Runs a statement on rows, as `View.select` does."""

    def __call__(self, statement: Statement, *, is_long: bool = False) -> Iterable[Sequence[Any]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which rows are asked.

    Attributes:
        scope: The period, and what is grouped by.
        ends: How far each source of imports was observed, in microseconds.
        aside: Tickets whose rows do not count.
        latest_at: Rows that know of a later fact do not count; None where all do.
    """

    scope: Scope
    ends: Mapping[str, int]
    aside: Collection[UUID] = ()
    latest_at: datetime | None = None


def sources(answers: Answers, latest_at: datetime, aside: Collection[UUID] = ()) -> tuple[dict[str, int], bool]:
    """How far each source of imports goes, by the rows that know of no fact after an instant; and whether others do."""

    def statement(table: Table) -> str:
        is_ahead = f"latest_at > {micros(latest_at)}"
        return f"""
            SELECT source, max(CASE WHEN {holds(is_ahead)} THEN NULL ELSE imported_until END),
                sum(CASE WHEN {holds(is_ahead)} THEN 1 ELSE 0 END)
            FROM ({table.rows}) AS kept WHERE {_not_aside(aside)} GROUP BY source
        """  # noqa: S608 - names of columns are Python's, numbers are numbers

    found = list(answers(statement))
    ends = {source: end for source, end, _ in found if source is not None and end is not None}
    return ends, any(ahead for *_, ahead in found)


def ahead(answers: Answers, latest_at: datetime) -> list[UUID]:
    """The tickets whose rows know of a fact after an instant."""

    def statement(table: Table) -> str:
        return f"SELECT ticket_id FROM ({table.rows}) AS kept WHERE latest_at > {micros(latest_at)}"  # noqa: S608

    return [UUID(ticket_id) for (ticket_id,) in answers(statement)]


def count(answers: Answers, counts: Counts, asked: Asked, counted: Counted) -> None:
    """Adds to `counted` what is counted of the rows."""
    groups = _groups(answers, counts, asked)
    added = [f"sum(CASE WHEN {condition} THEN 1 ELSE 0 END)" for condition in counts.conditions.values()]
    added += [f"sum({number})" for number in counts.sums.values()]

    def statement(table: Table) -> str:
        lists = [table.all_of.format(f"({number})") for number in counts.lists.values()]
        chosen = ", ".join([*groups, "count(*)", *added, *lists])
        grouped = f"GROUP BY {', '.join(str(place) for place in range(1, len(groups) + 1))}" if groups else ""
        return f"SELECT {chosen} FROM ({_rows(table, counts, asked)}) AS counted {grouped}"  # noqa: S608

    names = (*counts.conditions, *counts.sums)
    for group_and_rest in answers(statement):
        group, (tickets, *found) = group_and_rest[: len(groups)], group_and_rest[len(groups) :]
        if not tickets:
            continue
        numbers = found[: len(names)]
        lists = map(_numbers, found[len(names) :])
        tally = counted.tally(tuple(group))
        tally.add(
            {name: int(number or 0) for name, number in zip(names, numbers, strict=True)},
            dict(zip(counts.lists, lists, strict=True)),
        )


def singly(answers: Answers, counts: Counts, asked: Asked) -> Iterator[tuple[UUID, tuple[Any, ...]]]:
    """What each ticket of the cohort adds to what is counted, in order of ticket id.

    Yields:
        The ticket; its group, `cohort_at`, then 1 or 0 for each condition, and a number or None for each sum and list.
    """
    groups = _groups(answers, counts, asked)
    added = [f"CASE WHEN {condition} THEN 1 ELSE 0 END" for condition in counts.conditions.values()]
    added += [*counts.sums.values(), *counts.lists.values()]

    def statement(table: Table) -> str:
        chosen = ", ".join(["ticket_id", *groups, "cohort_at", *added])
        return f"SELECT {chosen} FROM ({_rows(table, counts, asked)}) AS counted ORDER BY ticket_id"  # noqa: S608

    for ticket_id, *found in answers(statement, is_long=True):
        yield UUID(ticket_id), tuple(found)


def chosen(answers: Answers, counts: Counts, asked: Asked, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Of each ticket of the cohort that a condition of `counts` holds of, or each if there is none: some columns.

    Yields:
        Its group as a tuple, then the values of the columns.
    """
    groups = _groups(answers, counts, asked)
    where = " OR ".join(counts.conditions.values())

    def statement(table: Table) -> str:
        return f"""
            SELECT {", ".join([*groups, *columns])} FROM ({_rows(table, counts, asked)}) AS counted
            {f"WHERE {where}" if where else ""} ORDER BY ticket_id
        """  # noqa: S608

    for found in answers(statement, is_long=True):
        yield tuple(found[: len(groups)]), *found[len(groups) :]


def _groups(answers: Answers, counts: Counts, asked: Asked) -> list[str]:
    scope = asked.scope
    spans: list[int] = []
    if any(name in PERIODS for name in scope.by):

        def statement(table: Table) -> str:
            rows = _rows(table, counts, asked)
            return f"SELECT DISTINCT cohort_at / {SPAN} FROM ({rows}) AS counted"  # noqa: S608

        spans = [span for (span,) in answers(statement)]
    return [*(dimension(name, scope, spans) for name in scope.by), *counts.by.values()]


def _rows(table: Table, counts: Counts, asked: Asked) -> str:
    """The rows of the cohort, with `cohort_at` and `observed_until`."""
    scope = asked.scope
    until = str(micros(scope.observed_until))
    if asked.ends:
        ends = " ".join(f"WHEN {literal(source)} THEN {end}" for source, end in sorted(asked.ends.items()))
        until = f"CASE WHEN has_native_facts = 1 THEN {until} ELSE CASE source {ends} ELSE {until} END END"
    where = ["opened_at IS NOT NULL", _not_aside(asked.aside)]
    if asked.latest_at is not None:
        where.append(f"(latest_at IS NULL OR latest_at <= {micros(asked.latest_at)})")
    period = ["cohort_at IS NOT NULL"]
    if scope.from_at is not None:
        period.append(f"cohort_at >= {micros(scope.from_at)}")
    if scope.before is not None:
        period.append(f"cohort_at < {micros(scope.before)}")
    return f"""
        SELECT * FROM (
            SELECT kept.*, {counts.at} AS cohort_at, {until} AS observed_until
            FROM ({table.rows}) AS kept WHERE {" AND ".join(where)}
        ) AS dated WHERE {" AND ".join(period)}
    """  # noqa: S608


def _not_aside(aside: Collection[UUID]) -> str:
    tickets = ", ".join(literal(one.hex) for one in sorted(aside))
    return f"ticket_id NOT IN ({tickets})" if aside else "1 = 1"


def _numbers(found: str | Sequence[int] | None) -> "array[int]":
    """The numbers that an aggregate gave: an array, or text with commas."""
    if found is None:
        return array("q")
    return array("q", map(int, found.split(",")) if isinstance(found, str) else found)
