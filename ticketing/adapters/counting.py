"""Counting: the statements that count rows where they are, the same for every store, and what comes of them."""

import json
import re
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from ticketing.domain.hours import micros
from ticketing.projections.counts import IN_ONE, SPAN, Counted, Counts, dimension, dimensions, holds, literal, one_of
from ticketing.projections.dimensions import PERIODS
from ticketing.projections.sample import Scope

if TYPE_CHECKING:
    from ticketing.adapters.columns import RowForm

_WORD = re.compile(r"\w+")
_PART = 2**32


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a projection as statements see them.

    Attributes:
        rows: A SELECT of all rows: instants as microseconds since 1970, truth as 1 or 0, ids as hex, tuples as JSON.
        form: The form of the rows.
        all_of: The aggregate that gives all values of `{}`.
        each: The table that has each part of the column `{}` as `value`.
        field: What gives the field of a part at a place, by the field's kind.
        fields: What gives several fields, by kind and place: each in a column, or all as the text of one JSON array.
        at_once: What follows a SELECT whose columns shall be worked out once, however often they are named.
    """

    rows: str
    form: "RowForm[Any]"
    all_of: str
    each: str
    field: Callable[[str, int], str]
    fields: Callable[[Sequence[tuple[str, int]]], list[str]]
    at_once: str = ""


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
        # Most rows are native and not ahead: left out, they need not be put into groups.
        return f"""
            SELECT source, max(CASE WHEN {holds(is_ahead)} THEN NULL ELSE imported_until END),
                sum(CASE WHEN {holds(is_ahead)} THEN 1 ELSE 0 END)
            FROM ({table.rows}) AS kept WHERE {_not_aside(aside)} AND (source IS NOT NULL OR {is_ahead}) GROUP BY source
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
    # In two parts: the microseconds of a million tickets may come to more than a store adds up.
    added += [f"sum(({number}) {part} {_PART})" for number in counts.sums.values() for part in "/%"]

    def statement(table: Table) -> str:
        lists = [table.all_of.format(f"({number})") for number in _lists(counts)]
        by = [*groups, *_alike(table, counts)]
        chosen = ", ".join([*by, "count(*)", *added, *lists])
        grouped = f"GROUP BY {', '.join(str(place) for place in range(1, len(by) + 1))}" if by else ""
        return f"SELECT {chosen} FROM ({_rows(table, counts, asked, chosen)}) AS counted {grouped}"  # noqa: S608

    width = 1 + len(added) + len(_lists(counts))
    for group_and_rest in answers(statement):
        group, (tickets, *found) = group_and_rest[:-width], group_and_rest[-width:]
        if not tickets:
            continue
        alike = group[len(groups) :]
        if len(alike) < len(counts.alike):
            alike = json.loads(alike[0])
        numbers = [int(number or 0) for number in found[: len(added)]]
        parts = iter(numbers[len(counts.conditions) :])
        sums = {name: next(parts) * _PART + next(parts) for name in counts.sums}
        lists = map(_numbers, found[len(added) :])
        tally = counted.tally((*group[: len(groups)], *alike))
        tally.add(
            {**dict(zip(counts.conditions, numbers, strict=False)), **sums},
            dict(zip([IN_ONE] if counts.is_in_one else counts.lists, lists, strict=True)),
        )


def singly(
    answers: Answers, counts: Counts, asked: Asked, columns: Sequence[str] = ()
) -> Iterator[tuple[UUID, tuple[Any, ...]]]:
    """What each ticket of the cohort, or each part of it, adds to what is counted, in order of ticket id.

    Yields:
        The ticket; its group without what parts are alike in, `cohort_at`, then 1 or 0 for each condition, a number or
        None for each sum and list, and the columns.
    """
    groups = _groups(answers, counts, asked)
    added = [f"CASE WHEN {condition} THEN 1 ELSE 0 END" for condition in counts.conditions.values()]
    added += [*counts.sums.values(), *counts.lists.values(), *columns]
    one_by_one = replace(counts, alike=())

    def statement(table: Table) -> str:
        chosen = ", ".join(["ticket_id", *groups, "cohort_at", *added])
        rows = _rows(table, one_by_one, asked, chosen)
        return f"SELECT {chosen} FROM ({rows}) AS counted ORDER BY ticket_id"  # noqa: S608

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
        chosen = ", ".join([*groups, *columns])
        rows = _rows(table, counts, asked, f"ticket_id {chosen} {where}")
        return f"SELECT {chosen} FROM ({rows}) AS counted {f'WHERE {where}' if where else ''} ORDER BY ticket_id"  # noqa: S608

    for found in answers(statement, is_long=True):
        yield tuple(found[: len(groups)]), *found[len(groups) :]


def tickets(
    answers: Answers,
    counts: Counts,
    asked: Asked,
    condition: str | None,
    columns: Sequence[str],
    shared: str | None = None,
) -> Iterator[tuple[Any, ...]]:
    """Columns of every ticket that a condition holds of, or whose value of the column `shared` is another's too.

    They are of any cohort and period. A ticket that does not count may be that other.
    """

    def statement(table: Table) -> str:
        rows = _dated(table, counts, asked, "")
        return f"SELECT {', '.join(columns)} FROM ({rows}) AS counted WHERE {condition}"  # noqa: S608

    def statement_of_shared(table: Table) -> str:
        rows = _dated(table, counts, asked, "")
        # Of all rows, counted or not, for so the index is enough. SQLite joins in the order in which it is told to, and
        # would else rather look through all rows.
        again = f"WHERE {shared} IS NOT NULL GROUP BY {shared} HAVING count(*) > 1"
        values = f"SELECT {shared} AS value_shared FROM ({table.rows}) AS every {again}"  # noqa: S608
        others = "" if condition is None else f"AND ({condition}) IS NOT TRUE"
        return f"""
            SELECT {", ".join(columns)} FROM ({values}) AS several CROSS JOIN ({rows}) AS counted
            WHERE {shared} = value_shared {others}
        """  # noqa: S608

    if condition is not None:
        yield from map(tuple, answers(statement, is_long=True))
    if shared is not None:
        yield from map(tuple, answers(statement_of_shared, is_long=True))


def _groups(answers: Answers, counts: Counts, asked: Asked) -> list[str]:
    scope = asked.scope
    by = dimensions(counts, scope)
    spans: list[int] = []
    if any(name in PERIODS for name in by):

        def statement(table: Table) -> str:
            rows = _rows(table, counts, asked, "")
            return f"SELECT DISTINCT cohort_at / {SPAN} FROM ({rows}) AS counted WHERE cohort_at IS NOT NULL"  # noqa: S608

        spans = [span for (span,) in answers(statement)]
    return [*(_of_undated(counts, dimension(name, scope, spans)) for name in by), *counts.by.values()]


def _alike(table: Table, counts: Counts) -> list[str]:
    """The columns that have the fields in which parts are alike."""
    if counts.of is None:
        return []
    width = len(table.fields([("text", 0)] * len(counts.alike)))
    return [f"alike_{number}" for number in range(width)]


def _of_undated(counts: Counts, dimension: str) -> str:
    """The dimension, unknown where it depends on an instant that there is not."""
    if not counts.has_undated or "cohort_at" not in dimension:
        return dimension
    return f"CASE WHEN cohort_at IS NOT NULL THEN {dimension} END"


def _rows(table: Table, counts: Counts, asked: Asked, said: str) -> str:
    """The rows of the cohort, with `cohort_at` and `observed_until`."""
    scope = asked.scope
    period = [] if counts.has_undated else ["cohort_at IS NOT NULL"]
    if scope.from_at is not None:
        period.append(f"cohort_at >= {micros(scope.from_at)}")
    if scope.before is not None:
        period.append(f"cohort_at < {micros(scope.before)}")
    where = " AND ".join(period) or "1 = 1"
    if counts.has_undated and period:
        where = f"cohort_at IS NULL OR ({where})"
    return f"SELECT * FROM ({_dated(table, counts, asked, said)}) AS dated WHERE {where}"  # noqa: S608


def _dated(table: Table, counts: Counts, asked: Asked, said: str) -> str:
    """The rows of all tickets that count, in the cohort or not, with `cohort_at` and `observed_until`."""
    until = str(micros(asked.scope.observed_until))
    if asked.ends:
        ends = " ".join(f"WHEN {literal(source)} THEN {end}" for source, end in sorted(asked.ends.items()))
        until = f"CASE WHEN has_native_facts = 1 THEN {until} ELSE CASE source {ends} ELSE {until} END END"
    where = ["opened_at IS NOT NULL", _not_aside(asked.aside)]
    if asked.latest_at is not None:
        where.append(f"(latest_at IS NULL OR latest_at <= {micros(asked.latest_at)})")
    if counts.where is not None:
        where.append(f"({counts.where})")
    given = "".join(_given(name, numbers, counts.given_by) for name, numbers in counts.given.items())
    dated = f"{counts.at} AS cohort_at, {until} AS observed_until"
    if counts.of is not None:
        parts = _parts(table, counts, " AND ".join(where), f"{dated} {counts.given_by} {said}")
        return f"SELECT kept.*, {given}{dated} FROM ({parts}) AS kept"  # noqa: S608
    return f"""
        SELECT kept.*, {given}{dated} FROM ({table.rows}) AS kept WHERE {" AND ".join(where)}
    """  # noqa: S608


def _parts(table: Table, counts: Counts, where: str, said: str) -> str:
    """The parts of a column, each with what is said of it and of its ticket and nothing else: it is all worked out."""
    words = set(_WORD.findall(said))
    fields = table.form.fields_of(counts.of or "")
    columns = [f"whole.{name}" for name in table.form.names if name in words and name not in counts.own]
    for place, field in enumerate(fields):
        if f"part_{field.name}" in words:
            columns.append(f"{table.field(field.kind, place)} AS part_{field.name}")
    places = {field.name: (field.kind, place) for place, field in enumerate(fields)}
    columns += [f"{table.field(*places[own])} AS {name}" for name, own in counts.own.items() if name in words]
    alike = table.fields([places[name] for name in counts.alike])
    columns += [f"{found} AS alike_{number}" for number, found in enumerate(alike)]
    each = table.each.format(f"whole.{counts.of}")
    return f"SELECT {', '.join(columns)} FROM ({table.rows}) AS whole, {each} AS part WHERE {where} {table.at_once}"  # noqa: S608


def _given(name: str, numbers: Mapping[str, int], by: str) -> str:
    """The column that is given, by its few numbers: joined to so many values, SQLite would look through all of them."""
    tickets: dict[int, list[str]] = {}
    for ticket, number in numbers.items():
        tickets.setdefault(number, []).append(ticket)
    cases = " ".join(f"WHEN {one_of(by, tickets[number])} THEN {number}" for number in sorted(tickets))
    return f"CASE {cases} END AS {name}, " if cases else f"CAST(NULL AS BIGINT) AS {name}, "


def _not_aside(aside: Collection[UUID]) -> str:
    tickets = ", ".join(literal(one.hex) for one in sorted(aside))
    return f"ticket_id NOT IN ({tickets})" if aside else "1 = 1"


def _lists(counts: Counts) -> list[str]:
    """What is taken out: each list, or of those that are taken out as one what `Tally.taken_apart` needs."""
    if not counts.is_in_one:
        return list(counts.lists.values())
    several = (f"({number}) * {len(counts.lists)} + {place}" for place, number in enumerate(counts.lists.values()))
    return [f"coalesce({', '.join(several)})"]


def _numbers(found: str | Sequence[int] | None) -> "array[int]":
    """The numbers that an aggregate gave: an array, or text with commas."""
    if found is None:
        return array("q")
    return array("q", json.loads(f"[{found}]") if isinstance(found, str) else found)
