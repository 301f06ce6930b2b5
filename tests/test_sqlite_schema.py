"""What is SQLite's own: older tables brought up, several starting at once, leases, transactions, SQL of others."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.examples import RECORD_NOTE
from tests.processes import Ready, processes
from tests.store_examples import FILLED_ROW, ExampleRow, FakeClock, append, fake_random_bytes, number, save
from ticketing.adapters.sqlite_watch import LEASE_SECONDS
from ticketing.adapters.store import STORE_SCHEMA, Log, Store
from ticketing.adapters.urls import open_store
from ticketing.adapters.view import View, ViewId
from ticketing.application import Ticketing
from ticketing.domain.errors import Conflict, StoreError
from ticketing.projections.built_in import BUILT_IN

GOLDEN = Path(__file__).parent / "golden"
INSERT_COMMAND_1 = """
INSERT INTO ticketing_commands (command_id, command_digest, stream_id, first_version, last_version)
VALUES ('a', 'b', 'c', 1, 1)
"""
OF_REPORTS = ["backlog", "complaints", "first_pass", "turnaround"]
EXAMPLE = ViewId("example", 1)


@pytest.fixture
def path(sqlite_url: str) -> Path:
    return Path(sqlite_url.removeprefix("sqlite:///"))


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    with closing(opened(sqlite_url)) as store:
        yield store


def opened(url: str) -> Store:
    return open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes)


def example(log: Log, *, is_next: bool = False) -> View[ExampleRow]:
    return log.view("example", 1, ExampleRow, is_next=is_next)


def write_schema(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript((GOLDEN / f"store-schema-{version}.sqlite.sql").read_text("utf-8"))


def tables(path: Path) -> dict[str, tuple[object, ...]]:
    """What the file says of every table and index but those of rows: its SQL without its spacing, and its columns."""
    with closing(sqlite3.connect(path)) as database:
        made = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
        return {
            name: (kind, of, sql and sql.split(), *database.execute("SELECT * FROM pragma_table_xinfo(?)", (name,)))
            for kind, name, of, sql in made
            if not of.startswith("ticketing_view_")
        }


def told(path: Path, statement: str) -> list[tuple[object, ...]]:
    """What SQLite itself answers."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        return database.execute(statement).fetchall()


# older tables


@pytest.mark.parametrize("version", range(1, STORE_SCHEMA))
def test_a_store_of_older_tables_gets_those_of_a_new_store(
    path: Path, sqlite_url: str, tmp_path: Path, version: int
) -> None:
    write_schema(path, version)
    opened(sqlite_url).close()
    opened(f"sqlite:///{tmp_path / 'new.sqlite'}").close()
    assert tables(path) == tables(tmp_path / "new.sqlite")
    assert told(path, "SELECT schema_version FROM ticketing_store") == [(STORE_SCHEMA,)]
    assert told(path, "PRAGMA integrity_check") == [("ok",)]


def test_a_store_of_the_first_tables_keeps_its_key_facts_texts_and_rows(path: Path, sqlite_url: str) -> None:
    write_schema(path, 1)
    (before,) = told(path, "SELECT key FROM ticketing_store")
    rows = told(path, "SELECT * FROM ticketing_view_turnaround_1")
    with closing(opened(sqlite_url)) as store:
        assert (store.key,) == before
        assert [fact.position for fact in store.log(0, 20)] == list(range(1, 16))
        assert [text is None for _, text in store.kept_texts()].count(True) == 2
        states = store.views()
        assert [state.id for state in states] == [ViewId(name, 1) for name in OF_REPORTS]
        assert {(state.position, state.ready_from, state.is_inline, state.fence) for state in states} == {
            (14, 0, False, 0)
        }
        store.append([append(1, 0)])
        assert store.head() == 16
    assert len(rows) == 3
    assert told(path, "SELECT * FROM ticketing_view_turnaround_1") == rows


def test_a_store_of_the_second_tables_goes_on_whole_and_gets_its_tree(path: Path, sqlite_url: str) -> None:
    write_schema(path, 2)
    with Ticketing(sqlite_url) as app:
        assert {(state.id.name, state.position, state.is_inline) for state in app.store.views()} == {
            ("backlog", 45, True),
            ("complaints", 43, False),
            ("first_pass", 43, False),
            ("turnaround", 43, False),
        }
        assert [text is None for _, text in app.store.kept_texts()].count(True) == 3
        assert app.store.tree.size() == 0
        assert app.notary.catch_up() == 45
        app.handle(RECORD_NOTE)
        app.projections.catch_up()  # into rows of this release, which were not there yet
        left = {f"view {name} version 1" for name in OF_REPORTS}
        assert {defect.place: defect.rule for defect in app.check(is_full=True)} == dict.fromkeys(left, "not-checked")
        stand = {state.id: state.position for state in app.store.views()}
        assert [stand[ViewId(name, 1)] for name in OF_REPORTS] == [45, 43, 43, 43]
        assert all(stand[ViewId(it.name, it.version)] == 46 for it in BUILT_IN)


def test_a_store_of_the_third_tables_goes_on_whole(path: Path, sqlite_url: str) -> None:
    write_schema(path, 3)
    with Ticketing(sqlite_url) as app:
        assert {(state.id.name, state.position, state.is_inline) for state in app.store.views()} == {
            ("backlog", 43, True),
            ("turnaround", 41, False),
        }
        assert app.store.tree.size() == 42
        app.handle(RECORD_NOTE)
        assert app.notary.catch_up() == 44
        app.projections.catch_up()
        assert list(app.check(is_full=True)) == []


def test_what_is_opened_again_is_not_brought_up_again(path: Path, sqlite_url: str) -> None:
    write_schema(path, 1)
    opened(sqlite_url).close()
    once = path.read_bytes()
    opened(sqlite_url).close()
    assert path.read_bytes() == once


def test_a_store_that_cannot_be_brought_up_stays_as_it_was(path: Path, sqlite_url: str) -> None:
    write_schema(path, 1)
    told(path, "CREATE TABLE ticketing_dead_letters (somebody_elses)")
    with pytest.raises(StoreError, match="already exists"):
        opened(sqlite_url)
    assert told(path, "SELECT schema_version FROM ticketing_store") == [(1,)]
    assert len(told(path, "SELECT * FROM ticketing_views")) == len(OF_REPORTS)


@pytest.mark.parametrize("is_older", [True, False])
def test_a_process_of_the_first_tables_cannot_append_to_the_present_ones(
    path: Path, sqlite_url: str, is_older: bool
) -> None:
    if is_older:
        write_schema(path, 1)
    opened(sqlite_url).close()
    with pytest.raises(sqlite3.OperationalError, match="no column named command_digest"):
        told(path, INSERT_COMMAND_1)


def test_who_opened_the_store_before_a_newer_version_migrated_it_cannot_append(store: Store, path: Path) -> None:
    store.append([append(1, 0)])
    told(path, "UPDATE ticketing_store SET schema_version = schema_version + 1")
    with pytest.raises(StoreError, match=f"version {STORE_SCHEMA + 1}, and this process knows version {STORE_SCHEMA}"):
        store.append([append(2, 0)])
    assert store.head() == 1


def open_at_once(url: str, process: int, ready: Ready) -> bytes:
    ready()
    with closing(opened(url)) as store:
        example(store)
        store.append([append(process, 0)])
        return store.key


def test_processes_that_start_at_once_bring_the_tables_up_once(path: Path, sqlite_url: str) -> None:
    write_schema(path, 1)
    with processes(*(partial(open_at_once, sqlite_url, process) for process in range(5))) as starting:
        starting.go()
        assert len({*starting.answers()}) == 1
    with closing(opened(sqlite_url)) as store:
        assert store.head() == 20
        assert len(store.views()) == len(OF_REPORTS) + 1


# leases


def end_lease(path: Path, in_seconds: float) -> float:
    """Has the lease end in so many seconds; the instant, in seconds since 1970."""
    until = time.time() + in_seconds
    told(path, f"UPDATE ticketing_views SET leased_until = {until!r}")
    return until


def test_a_lead_that_is_not_renewed_runs_out(store: Store, path: Path) -> None:
    view = example(store)
    dead, alive = store.watch("dead"), store.watch("alive")
    assert dead.lead(EXAMPLE) == 1
    assert alive.lead(EXAMPLE) is None
    end_lease(path, in_seconds=-0.001)
    assert view.state().leader is None
    assert alive.lead(EXAMPLE) == 2 == view.state().fence
    assert dead.lead(EXAMPLE) is None
    with pytest.raises(Conflict):
        view.save([FILLED_ROW], revision=view.load([]).revision, position=1, fence=1)
    dead.close()
    assert view.state().leader == "alive"


def test_who_comes_back_to_a_lead_that_nobody_took_keeps_its_number(store: Store, path: Path) -> None:
    example(store)
    watch = store.watch("slow")
    assert watch.lead(EXAMPLE) == 1
    end_lease(path, in_seconds=-60)
    assert watch.lead(EXAMPLE) == 1
    assert store.watch("late").lead(EXAMPLE) is None


@pytest.mark.parametrize(("left", "is_renewed"), [(0.75, False), (0.6, True), (-1, True), (10, True)])
def test_a_lease_is_renewed_when_a_third_of_it_is_over(store: Store, path: Path, left: float, is_renewed: bool) -> None:
    example(store)
    watch = store.watch("idle")
    assert watch.lead(EXAMPLE) == 1
    until = end_lease(path, in_seconds=left * LEASE_SECONDS)
    assert watch.lead(EXAMPLE) == 1
    ((leased_until,),) = told(path, "SELECT leased_until FROM ticketing_views")
    assert (leased_until != until) is is_renewed


def test_a_lease_from_before_the_clock_was_put_back_keeps_nobody_away(store: Store, path: Path) -> None:
    example(store)
    assert store.watch("dead").lead(EXAMPLE) == 1
    end_lease(path, in_seconds=3600)
    assert store.watch("alive").lead(EXAMPLE) == 2


def test_a_watch_of_a_closed_store_is_closed_without_a_word_and_its_lead_runs_out(sqlite_url: str) -> None:
    with closing(opened(sqlite_url)) as store:
        example(store)
        watch = store.watch("cut off")
        watch.lead(EXAMPLE)
    watch.close()
    with pytest.raises(StoreError, match="closed"):
        watch.wait(0)
    with pytest.raises(StoreError, match="closed"):
        watch.lead(EXAMPLE)
    with closing(opened(sqlite_url)) as store:
        assert [state.leader for state in store.views()] == ["cut off"]


def test_a_view_that_is_gone_is_led_by_nobody(store: Store) -> None:
    with pytest.raises(Conflict, match="example version 1"):
        store.watch("nobody").lead(EXAMPLE)


# views that are gone, transactions that are over


def test_who_holds_on_to_a_rebuild_after_its_switch_is_told(store: Store) -> None:
    example(store)
    rebuilt = example(store, is_next=True)
    example(store, is_next=True).switch()
    for ask in (
        rebuilt.state,
        rebuilt.position,
        rebuilt.letters,
        rebuilt.switch,
        lambda: rebuilt.load([]),
        lambda: list(rebuilt.rows()),
        lambda: rebuilt.save([FILLED_ROW], revision=0, position=1),
    ):
        with pytest.raises(Conflict, match="example version 1"):
            ask()
    assert [state.id for state in store.views()] == [EXAMPLE]


def test_what_was_read_under_the_lock_ends_with_it(store: Store) -> None:
    save(example(store), [ExampleRow(ticket_id=number(n)) for n in range(1_500)], 1)
    with store.locked() as log:
        rows = example(log).rows()
        next(rows)
    store.append([append(1, 0)])
    with pytest.raises(StoreError, match="closed"):
        list(rows)
    with pytest.raises(StoreError, match="transaction is over"):
        log.head()


def test_a_view_made_under_the_lock_is_not_there_when_that_was_undone(store: Store, path: Path) -> None:
    def make_and_fail() -> None:
        with store.locked() as log:
            save(example(log), [FILLED_ROW], 1)
            raise KeyError("something else")

    with pytest.raises(KeyError, match="something else"):
        make_and_fail()
    assert store.views() == []
    assert told(path, "SELECT name FROM sqlite_master WHERE name = 'ticketing_view_example_1'") == []


def test_an_sql_view_that_somebody_made_of_a_report_outlives_its_rebuild(store: Store, path: Path) -> None:
    save(example(store), [FILLED_ROW], 1)
    told(path, "CREATE VIEW theirs AS SELECT site, version FROM ticketing_view_example_1")
    rebuilt = example(store, is_next=True)
    save(rebuilt, [ExampleRow(ticket_id=number(7), site="leipzig", version=4)], 1)
    rebuilt.switch()
    assert told(path, "SELECT * FROM theirs") == [("leipzig", 4)]
