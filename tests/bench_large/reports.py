"""The entries `report_<name>_<store>`: reports over a million tickets, against bare aggregates of the same rows.

A small simulated world is folded, and its rows are copied by SQL under ids of their own: every ticket counts as often
as it was copied. The bare aggregate stands for the least that an answer takes: how many, and one average, share or sum,
by site or over all, and where rows keep parts as JSON, these taken out of it.
"""

import atexit
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from tests import postgres
from tests.bench_large.copies import fill_postgres
from ticketing import reports
from ticketing.adapters.columns import columns_of, columns_of_part, table_name
from ticketing.adapters.urls import file_of, split_schema
from ticketing.application import Ticketing
from ticketing.projections.built_in import (
    BACKLOG_ROWS,
    BUILT_IN,
    CLOCK_ROWS,
    COMPLAINT_ROWS,
    FIRST_PASS_ROWS,
    TURNAROUND_ROWS,
)
from ticketing.projections.clock_parts import ClockPart, PromisePart, SpanPart
from ticketing.projections.row import Projection
from ticketing.simulator.run import simulate

AIM = 3.0
"""At most so many times the bare aggregate."""

STORES = ("sqlite", "postgresql")
_TICKETS, _COPIES = 2_000, 499
"""The world and its copies: a million tickets."""
_TIMES = 3
"""How often each is asked; the middle one counts."""
_BY: Mapping[str, tuple[str, ...]] = {"over_all": (), "by_site": ("site",)}
_COPY_IN_SQLITE = """
WITH RECURSIVE copies(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM copies WHERE number < {copies})
INSERT INTO {table} ({columns})
SELECT printf('%08x', number) || substr(ticket_id, 9), {others} FROM copies CROSS JOIN {table}
ORDER BY number, ticket_id
"""
_COPY_IN_POSTGRES = """
INSERT INTO {table} ({columns})
SELECT (lpad(to_hex(number), 8, '0') || substr(ticket_id::text, 9))::uuid, {others}
FROM generate_series(1, {copies}) AS number CROSS JOIN {table}
"""


@dataclass(frozen=True, slots=True)
class Bare:
    """A bare aggregate.

    Attributes:
        projection: Of whose rows.
        chosen: What is asked of each group, beside how many there are.
        part: The column of parts that are asked instead, and their class.
        by: Fields of a part that always tell groups apart.
        where: What holds of those that are asked.
    """

    projection: Projection[Any]
    chosen: str
    part: tuple[str, type[tuple[Any, ...]]] | None = None
    by: tuple[str, ...] = ()
    where: str = "1 = 1"


BARE: Mapping[str, Bare] = {
    "turnaround": Bare(TURNAROUND_ROWS, "avg(ended_at - began_at)"),
    "complaint_rate": Bare(COMPLAINT_ROWS, "sum(CASE WHEN first_complaint_at IS NOT NULL THEN 1 ELSE 0 END)"),
    "first_pass": Bare(FIRST_PASS_ROWS, "sum(CASE WHEN failures > 0 THEN 1 ELSE 0 END)"),
    "backlog": Bare(BACKLOG_ROWS, "avg(cycle_opened_at)", where="closed_at IS NULL"),
    "sla": Bare(
        CLOCK_ROWS,
        "sum(CASE WHEN {verdict} = 'met' THEN 1 ELSE 0 END)",
        ("clocks", ClockPart),
        ("policy", "clock"),
    ),
    "promises": Bare(CLOCK_ROWS, "sum(CASE WHEN {outcome} = 'kept' THEN 1 ELSE 0 END)", ("promises", PromisePart)),
    "ledger": Bare(CLOCK_ROWS, "sum({to_at} - {from_at})", ("spans", SpanPart), ("party", "cause")),
}


def entries() -> Mapping[str, Callable[[], dict[str, object]]]:
    """One for each report and store."""
    return {f"report_{name}_{store}": _entry(name, store) for name in BARE for store in STORES}


def _entry(name: str, store: str) -> Callable[[], dict[str, object]]:
    return lambda: report(name, store)


def report(name: str, store: str, *, tickets: int = _TICKETS, copies: int = _COPIES) -> dict[str, object]:
    """What a report takes over all and by site, and what the bare aggregate does.

    Args:
        name: The report.
        store: Which kind of store.
        tickets: How many a simulated world has.
        copies: How often its rows are copied.
    """
    url, now = large(store, tickets, BARE[name].projection.name, copies)
    found: dict[str, object] = {"tickets": tickets * (copies + 1), "aim": AIM}
    with Ticketing(url, clock=lambda: now) as app:
        for of, by in _BY.items():
            found[of] = figures = _figures(app, url, name, by)
            print(
                f"report {name}, {store}, {of.replace('_', ' ')}: {figures['seconds']} s, bare aggregate "
                f"{figures['bare_seconds']} s: {figures['ratio']} times, aim {AIM:.0f}",
                file=sys.stderr,
            )
    return found


def _figures(app: Ticketing, url: str, name: str, by: tuple[str, ...]) -> dict[str, float]:
    """The middle of a few times, the two asked in turns, so that whatever else the machine does disturbs both."""
    taken: list[tuple[float, float]] = []
    for _ in range(_TIMES):
        begun = time.perf_counter()
        reports.REPORTS[name](app, by=by)
        taken.append((time.perf_counter() - begun, bare(url, BARE[name], by)[1]))
    seconds, bare_seconds = (sorted(times)[_TIMES // 2] for times in zip(*taken, strict=True))
    return {
        "seconds": round(seconds, 3),
        "bare_seconds": round(bare_seconds, 3),
        "ratio": round(seconds / bare_seconds, 2),
    }


# the bare aggregate


def bare(url: str, asked: Bare, by: tuple[str, ...]) -> tuple[list[tuple[Any, ...]], float]:
    """Its answer, and how many seconds the database took."""
    is_sqlite = url.startswith("sqlite")
    table = table_name(asked.projection.name, asked.projection.version)
    chosen, groups = asked.chosen, list(by)
    if asked.part is not None:
        column, part = asked.part
        field = _field_in_sqlite if is_sqlite else _field_in_postgres
        fields = {column.name: field(place, column.kind) for place, column in enumerate(columns_of_part(part))}
        chosen = chosen.format_map(fields)
        groups += [fields[name] for name in asked.by]
        table += f", {'json_each' if is_sqlite else 'jsonb_array_elements'}({column}) AS part"
    grouped = f"GROUP BY {', '.join(groups)}" if groups else ""
    statement = f"SELECT {', '.join([*groups, 'count(*)', chosen])} FROM {table} WHERE {asked.where} {grouped}"
    if is_sqlite:
        with closing(sqlite3.connect(file_of(url))) as database:
            begun = time.perf_counter()
            return database.execute(statement).fetchall(), time.perf_counter() - begun
    conninfo, schema = split_schema(url)
    with psycopg.connect(conninfo, options=f"-c search_path={schema}") as server:
        begun = time.perf_counter()
        return server.execute(statement.encode()).fetchall(), time.perf_counter() - begun


def _field_in_sqlite(place: int, kind: str) -> str:
    return f"json_extract(part.value, '$[{place}]')"


def _field_in_postgres(place: int, kind: str) -> str:
    return f"(part.value ->> {place})" + ("::bigint" if kind in {"instant", "integer"} else "")


# large stores, which last as long as the process


@cache
def large(store: str, tickets: int, name: str, copies: int) -> tuple[str, datetime]:
    """The URL of a store in which the rows of a projection are copied so many times, and the last instant in it."""
    projection = next(one for one in BUILT_IN if one.name == name)
    file, now = world(tickets)
    url = file if store == "sqlite" else _in_postgres(file, now)
    with Ticketing(url, clock=lambda: now) as app:
        app.projections.catch_up([projection])
    table = table_name(projection.name, projection.version)
    columns = [f'"{column.name}"' for column in columns_of(projection.row)]
    names = {"table": table, "columns": ", ".join(columns), "others": ", ".join(columns[1:]), "copies": copies}
    if store == "sqlite":
        with closing(sqlite3.connect(file_of(url))) as database, database:
            database.execute("PRAGMA synchronous = OFF")
            database.execute(_COPY_IN_SQLITE.format_map(names))
    else:
        conninfo, schema = split_schema(url)
        with psycopg.connect(conninfo, options=f"-c search_path={schema}", autocommit=True) as server:
            server.execute(_COPY_IN_POSTGRES.format_map(names).encode())
            server.execute(f"VACUUM ANALYZE {table}".encode())
    return url, now


@cache
def world(tickets: int) -> tuple[str, datetime]:
    """The URL of a simulated world, and its last instant."""
    folder = Path(to_be_closed().enter_context(tempfile.TemporaryDirectory(prefix="ticketing-bench-")))
    with simulate(f"sqlite:///{folder}/store.sqlite", tickets=tickets) as world:
        return f"sqlite:///{folder}/store.sqlite", world.now


@cache
def _in_postgres(file: str, now: datetime) -> str:
    """The URL of a store in PostgreSQL with the same log."""
    url = to_be_closed().enter_context(postgres.fresh_schema(to_be_closed().enter_context(postgres.running_server())))
    with Ticketing(file) as source:
        fill_postgres(url, source)
    return url


@cache
def to_be_closed() -> ExitStack:
    """What is to be closed with the process."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack
