"""Views for other tools: rows in PostgreSQL with what they mean, kept through rebuilds; rows in pandas and polars."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event as Signal
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pandas as pd  # type: ignore[import-untyped]
import polars as pl
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import create_engine

from tests.postgres import with_schema
from tests.program import asked
from tests.repairs import RECEPTIONIST, Company, day
from tests.test_reports_of_clocks import CONTRACT, publishes
from tests.time_stories import OFFICE
from ticketing.adapters.postgres_report import report_schema
from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput, StoreError
from ticketing.domain.intake import OpenTicket
from ticketing.domain.values import Event, Recorded
from ticketing.projections.built_in import BUILT_IN, CLOCK_ROWS, TURNAROUND_ROWS
from ticketing.projections.row import Row

PAGE = Path(__file__).parent.parent / "docs/other-tools.md"
QUERIES: list[str] = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


class Look(NamedTuple):
    """One look at a unit.

    Attributes:
        at: When somebody looked.
        by: Who did, by
            pseudonym.
        found: What they found.
    """

    at: datetime
    by: str
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt(Row):
    """Who looked at a unit.

    Attributes:
        looks: Each look.
        times: How often, `all` told.
    """

    looks: tuple[Look, ...] = ()
    times: int = 0
    untold: str | None = None


class LookedAtRows:
    """A host's projection, whose rows have parts; version 2 has other columns."""

    name = "looked_at"
    version = 1
    row: type[Row] = LookedAt

    def apply(self, row: Row, fact: Recorded[Event]) -> Row:
        assert isinstance(row, LookedAt)
        looks = (*row.looks, Look(fact.occurred_at, fact.actor.id, ("é",)))
        return LookedAt(ticket_id=row.ticket_id, looks=looks, times=len(looks))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Row):
    """Whether a unit was seen."""

    is_seen: bool = False


class SeenRows:
    """The same projection after a change of mind."""

    name = "looked_at"
    version = 2
    row: type[Row] = Seen

    def apply(self, row: Row, fact: Recorded[Event]) -> Row:
        return Seen(ticket_id=row.ticket_id, is_seen=True)


LOOKED_AT, SEEN = LookedAtRows(), SeenRows()


@pytest.fixture
def database(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database; a store in it lies in the schema public."""
    name = sql.Identifier(f"test_{uuid4().hex}")
    with psycopg.connect(postgres_server, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(name))
        yield urlsplit(postgres_server)._replace(path=f"/{name.as_string().strip(chr(34))}").geturl()
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def app(database: str) -> Iterator[Ticketing]:
    """A store of three tickets with clocks."""
    with Company(database) as company:
        publishes(company, OFFICE, CONTRACT)
        company.repairs(1, 1, 6)
        company.repairs(2, 2, 3)
        company.repairs(3, 4, None)
    with Ticketing(database, clock=lambda: day(10), projections=[LOOKED_AT]) as app:
        yield app


def lines(app: Ticketing, database: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database, options="-c timezone=UTC") as server:
        return server.execute(query.encode()).fetchall()


def test_every_view_and_every_column_says_what_it_means(app: Ticketing, database: str) -> None:
    made = app.projections.make_views()
    assert {"ticketing_report.turnaround", "ticketing_report.clocks", "ticketing_report.clocks_promises"} <= set(made)
    assert len(made) >= len(BUILT_IN)
    said = lines(
        app,
        database,
        """
        SELECT c.relname, a.attname, col_description(c.oid, a.attnum), obj_description(c.oid)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'ticketing_report'::regnamespace AND a.attnum > 0
        """,
    )
    ours = [(view, column, meaning) for view, column, meaning, _ in said if not view.startswith("looked_at")]
    assert [(view, column) for view, column, meaning in ours if not meaning] == []
    assert all(about for *_, about in said)
    meanings = {(view, column): meaning for view, column, meaning, _ in said}
    assert meanings["turnaround", "received_at"] == "The first receipt."
    assert meanings["clocks", "ticket_site"].startswith("The site of the last completed repair, else of the opening.")
    assert meanings["looked_at", "times"] == "How often, all told."
    assert meanings["looked_at_looks", "by"] == "Who did, by pseudonym."
    assert meanings["looked_at_looks", "untold"] is None
    assert {f"ticketing_report.{view}" for view, *_ in said} == set(made)


def test_a_view_says_what_the_rows_say(app: Ticketing, database: str) -> None:
    app.projections.make_views()
    rows = {row.ticket_id: row for row in app.projections.rows(TURNAROUND_ROWS)}
    found = lines(app, database, "SELECT ticket_id, received_at, ended_at, is_open FROM ticketing_report.turnaround")
    assert {ticket_id: told for ticket_id, *told in found} == {
        row.ticket_id: [row.received_at, row.ended_at, row.is_open] for row in rows.values()
    }
    clocks = [
        (row.ticket_id, number, one.clock, one.due_at, one.verdict, one.is_paused, list(one.restated_by))
        for row in app.projections.rows(CLOCK_ROWS)
        for number, one in enumerate(row.clocks, 1)
    ]
    assert len(clocks) > 3
    query = """
        SELECT ticket_id, part_number, clock, due_at, verdict, is_paused, restated_by FROM ticketing_report.clocks
        ORDER BY ticket_id, part_number
    """
    assert lines(app, database, query) == clocks
    looks = "SELECT part_number, at, by, found FROM ticketing_report.looked_at_looks ORDER BY ticket_id, part_number"
    kept = [row.looks for row in app.projections.rows(LOOKED_AT) if isinstance(row, LookedAt)]
    assert lines(app, database, looks) == [
        (number, look.at, look.by, ["é"]) for looks in kept for number, look in enumerate(looks, 1)
    ]


def test_a_rebuild_changes_the_rows_under_a_view_and_leaves_it_its_rights_and_what_was_made_of_it(
    app: Ticketing, database: str
) -> None:
    app.projections.make_views()
    role = f"reader_{uuid4().hex}"
    with psycopg.connect(database, autocommit=True) as server:
        server.execute(f"CREATE ROLE {role}; GRANT USAGE ON SCHEMA ticketing_report TO {role}".encode())
        server.execute(f"GRANT SELECT ON ticketing_report.turnaround TO {role}".encode())
        server.execute("CREATE VIEW mine AS SELECT model, count(*) FROM ticketing_report.turnaround GROUP BY model")
        server.execute(f"UPDATE ticketing_view_turnaround_{TURNAROUND_ROWS.version} SET model = 'wrong'".encode())
        try:
            assert lines(app, database, "SELECT * FROM mine") == [("wrong", 3)]
            app.projections.rebuild(TURNAROUND_ROWS)
            app.projections.rebuild(CLOCK_ROWS)
            assert ("wrong", 3) not in lines(app, database, "SELECT * FROM mine")
            assert lines(app, database, "SELECT count(*) FROM ticketing_report.clocks")[0][0] > 3
            server.execute(f"SET ROLE {role}".encode())
            assert server.execute("SELECT count(*) FROM ticketing_report.turnaround").fetchall() == [(3,)]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                server.execute("SELECT count(*) FROM ticketing_events")
            server.execute("RESET ROLE")
        finally:
            server.execute(f"RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}".encode())


def test_who_reads_a_view_all_the_time_sees_whole_rows_through_every_rebuild(app: Ticketing, database: str) -> None:
    app.projections.make_views()
    is_done = Signal()

    def read() -> set[int]:
        seen = set()
        with psycopg.connect(database, autocommit=True) as server:
            while not is_done.is_set():
                seen |= set(server.execute("SELECT count(*) FROM ticketing_report.turnaround").fetchall())
        return {count for (count,) in seen}

    with ThreadPoolExecutor(2) as threads:
        readers = [threads.submit(read) for _ in range(2)]
        try:
            for _ in range(3):
                app.projections.rebuild(TURNAROUND_ROWS)
        finally:
            is_done.set()
        assert [reader.result() for reader in readers] == [{3}, {3}]


def test_rows_that_a_view_shows_cannot_be_removed_until_it_shows_others(app: Ticketing, database: str) -> None:
    app.projections.make_views()
    with Ticketing(database, projections=[SEEN]) as later:
        with pytest.raises(StoreError, match="views for other tools show the rows of looked_at version 1"):
            later.projections.remove("looked_at", 1)
        assert lines(app, database, "SELECT times > 0 FROM ticketing_report.looked_at") == [(True,)] * 3
        later.projections.make_views()
        assert lines(app, database, "SELECT DISTINCT is_seen FROM ticketing_report.looked_at") == [(True,)]
        with pytest.raises(StoreError, match=r"show the rows of looked_at version 1"):
            later.projections.remove("looked_at", 1)  # its parts are shown still
        with psycopg.connect(database, autocommit=True) as server:
            server.execute("DROP VIEW ticketing_report.looked_at_looks")
        later.projections.remove("looked_at", 1)


def test_a_view_of_other_columns_is_not_made_anew_under_a_view_that_was_made_of_it(
    app: Ticketing, database: str
) -> None:
    app.projections.make_views()
    with psycopg.connect(database, autocommit=True) as server:
        server.execute("CREATE VIEW mine AS SELECT times FROM ticketing_report.looked_at")
    with (
        Ticketing(database, projections=[SEEN]) as later,
        pytest.raises(StoreError, match=r'the view "ticketing_report"\."looked_at" has other columns now'),
    ):
        later.projections.make_views()
    assert lines(app, database, "SELECT times > 0 FROM mine") == [(True,)] * 3


def test_stores_in_one_database_have_views_of_their_own(app: Ticketing, database: str) -> None:
    app.projections.make_views()
    other = with_schema(database, "Other one")
    with psycopg.connect(database, autocommit=True) as server:
        server.execute('CREATE SCHEMA "Other one"')
    with Ticketing(other) as beside:
        beside.handle(OpenTicket(actor=RECEPTIONIST, number="T-9", site="ulm"))
        assert '"ticketing_report_Other one".backlog' in beside.projections.make_views()
    assert lines(app, database, 'SELECT site FROM "ticketing_report_Other one".backlog') == [("ulm",)]
    assert len(lines(app, database, "SELECT site FROM ticketing_report.backlog")) == 3
    with pytest.raises(BadInput, match="more than 63 bytes"):
        report_schema("s" * 60)


def test_where_there_is_no_postgresql_no_views_are_made(sqlite_url: str) -> None:
    Company(sqlite_url).app.close()
    said = asked(sqlite_url, "projections", "views")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "views for other tools are made in PostgreSQL" in said.stderr


def test_the_command_names_the_views_that_it_made(app: Ticketing, database: str) -> None:
    said = asked(database, "projections", "views")
    assert said.exit_code == 0
    assert "ticketing_report.turnaround" in said.stdout.splitlines()
    assert "views; a reader needs USAGE" in said.stderr


@pytest.mark.parametrize("query", [query for query in QUERIES if query.lstrip().startswith(("SELECT", "WITH"))])
def test_the_queries_of_the_page_answer(app: Ticketing, database: str, query: str) -> None:
    app.projections.make_views()
    with psycopg.connect(database) as server:
        found = server.execute(query.encode())
        assert found.description is not None
        assert len(found.fetchall()) > 0 or "BETWEEN now()" in query


def test_the_rights_that_the_page_gives_are_enough_to_read(app: Ticketing, database: str) -> None:
    app.projections.make_views()
    (rights,) = [query for query in QUERIES if query.startswith("CREATE ROLE")]
    role = f"reader_{uuid4().hex}"
    with psycopg.connect(database, autocommit=True) as server:
        server.execute(rights.replace("dashboards", role).encode())
        try:
            server.execute(f"SET ROLE {role}".encode())
            assert server.execute("SELECT count(*) FROM ticketing_report.clocks_stays").fetchone() == (3,)
        finally:
            server.execute(f"RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}".encode())


def test_rows_go_into_pandas_and_polars_in_one_line(app: Ticketing, database: str) -> None:
    app.projections.catch_up()
    rows = list(app.projections.rows(TURNAROUND_ROWS))
    in_pandas = pd.DataFrame(app.projections.rows(TURNAROUND_ROWS))
    ids = pl.col("ticket_id").map_elements(UUID.__str__, return_dtype=pl.String)
    in_polars = pl.DataFrame(app.projections.rows(TURNAROUND_ROWS)).with_columns(ids)
    assert in_polars["ticket_id"].to_list() == [str(row.ticket_id) for row in app.projections.rows(TURNAROUND_ROWS)]
    assert in_pandas["received_at"].tolist() == [row.received_at for row in rows]
    assert in_polars["received_at"].dt.replace_time_zone("UTC").to_list() == [row.received_at for row in rows]
    assert in_pandas["ending"].tolist() == in_polars["ending"].to_list() == [row.ending for row in rows]
    clocks = pl.DataFrame(app.projections.rows(CLOCK_ROWS)).select("clocks").explode("clocks").unnest("clocks")
    verdicts = [one.verdict for row in app.projections.rows(CLOCK_ROWS) for one in row.clocks]
    assert clocks["verdict"].to_list() == verdicts


def test_a_view_is_read_by_pandas(app: Ticketing, database: str) -> None:
    app.projections.make_views()
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database))
    read = pd.read_sql("SELECT * FROM ticketing_report.clocks ORDER BY ticket_id, part_number", engine)
    engine.dispose()
    assert read["due_at"].dt.tz_convert("UTC").tolist() == due(app)
    assert read["clock"].notna().all()


def due(app: Ticketing) -> Sequence[datetime | None]:
    return [one.due_at for row in app.projections.rows(CLOCK_ROWS) for one in row.clocks]
