"""An append in one statement: it keeps what the log, left by this process, lets in; anything else is told as ever."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial

import psycopg
import pytest

from tests.crash.proxy import proxy
from tests.store_examples import (
    MARKS,
    MICROSECOND,
    START,
    FakeClock,
    append,
    fake_random_bytes,
    mark,
    number,
    published,
)
from ticketing.adapters.admission import Request, encoded
from ticketing.adapters.postgres import PostgresStore
from ticketing.adapters.projector import make_inline, view_of
from ticketing.adapters.store import (
    Append,
    Claim,
    ClaimConflict,
    CommandRepeated,
    KeptCommand,
    Store,
    VersionConflict,
)
from ticketing.adapters.urls import open_store
from ticketing.domain.errors import Conflict, StoreError

UNIT = Claim("unit", "a unit", is_exclusive=True)


def opened(url: str) -> PostgresStore:
    store = open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes, projections=[MARKS])
    assert isinstance(store, PostgresStore)
    return store


@pytest.fixture
def store(postgres_url: str) -> Iterator[PostgresStore]:
    """A store with two facts of ticket 1, which were appended by this process, and were the last."""
    with closing(opened(postgres_url)) as store:
        store.append([append(1, 0, claims=[UNIT])])
        store.append([append(1, 1)])
        yield store


@pytest.fixture
def other(store: PostgresStore, postgres_url: str) -> Iterator[PostgresStore]:
    """The same store in another process."""
    with closing(opened(postgres_url)) as other:
        yield other


def is_kept_at_once(store: PostgresStore, *calls: Sequence[Append]) -> bool:
    """Whether one statement keeps the calls of as many threads; if not, nothing of them is kept."""
    head = store.head()
    with store._server.reading() as cursor:
        answer = store._kept_at_once(cursor, [Request(encoded(store.codec, call)) for call in calls])
    assert (answer is None) == (store.head() == head)
    return answer is not None


def test_what_nothing_stands_against_is_kept_in_one_statement(store: PostgresStore) -> None:
    first = append(1, 2)
    assert is_kept_at_once(store, [first, append(2, 0, mark("a"), mark("b")), append(2, 2), published("berlin")])
    log = store.log(0, 10)
    assert [fact.position for fact in log] == list(range(1, 8))
    assert [fact.stream_id for fact in log[2:6]] == [number(1), *[number(2)] * 3]
    stamps = [START + n * MICROSECOND for n in (0, 1, 2, 3, 3, 4, 5)]
    assert [fact.recorded_at for fact in log] == stamps  # the clock stands still
    assert store.command(first.command_id) == KeptCommand(first.command_digest, number(1), 3, 3)
    assert is_kept_at_once(store, [append(1, 3)])


def test_what_several_threads_append_together_is_kept_in_a_transaction_of_their_own(store: PostgresStore) -> None:
    assert not is_kept_at_once(store, [append(2, 0)], [append(3, 0)])
    store.append([append(2, 0)])
    assert is_kept_at_once(store, [append(3, 0)])


def test_what_is_told_is_what_is_on_record(store: PostgresStore) -> None:
    assert store._left is not None
    told = [fact for facts in store.append([append(1, 2), append(3, 0, mark("a"), mark("b"))]) for fact in facts]
    assert told == store.log(2, 10)


@pytest.mark.parametrize(
    ("refused", "conflict"),
    [
        (append(1, 1, command=77), VersionConflict),
        (append(1, 3), VersionConflict),
        (append(2, 1), VersionConflict),
        (replace(append(2, 0), command_id=append(1, 0).command_id), CommandRepeated),
        (append(2, 0, claims=[UNIT]), ClaimConflict),
    ],
)
def test_what_something_stands_against_is_refused_and_nothing_of_it_is_kept(
    store: PostgresStore, refused: Append, conflict: type[Conflict]
) -> None:
    assert store._left is not None
    with pytest.raises(conflict):
        store.append([append(5, 0), refused])
    assert store.head() == 2
    assert store.commands([append(5, 0).command_id]) == {}
    assert is_kept_at_once(store, [append(5, 0)])  # a refusal leaves the log as it was


def test_a_unit_may_be_given_up_and_taken_at_once(store: PostgresStore) -> None:
    assert is_kept_at_once(store, [append(1, 2, releases=[UNIT])])
    assert store.holders("unit", UNIT.key) == ()
    assert is_kept_at_once(store, [append(2, 0, claims=[UNIT])])
    assert store.holders("unit", UNIT.key) == (number(2),)
    store.append([append(2, 1, releases=[UNIT]), append(3, 0, claims=[UNIT])])
    assert store.holders("unit", UNIT.key) == (number(3),)


def test_what_another_process_appends_is_seen_before_anything_is_kept(
    store: PostgresStore, other: PostgresStore
) -> None:
    for version in range(0, 20, 2):
        assert store._left is not None
        other.append([append(2, version)])
        assert other._left is not None
        store.append([append(2, version + 1)])
        with pytest.raises(VersionConflict):
            other.append([append(2, version + 1, command=999)])
    log = store.log(0, 100)
    assert [fact.position for fact in log] == list(range(1, 23))
    assert [fact.recorded_at for fact in log] == [START + n * MICROSECOND for n in range(22)]


def test_rows_that_another_process_has_made_part_of_every_append_are_folded(store: PostgresStore, other: Store) -> None:
    make_inline(other, MARKS, 1000)
    assert not is_kept_at_once(store, [append(2, 0, mark("a"))])
    store.append([append(2, 0, mark("b"))])
    store.append([append(2, 1, mark("c"))])
    assert {row.ticket_id: row.marks for row in view_of(store, MARKS).rows()} == {number(1): (), number(2): ("b", "c")}


def test_a_process_whose_store_was_brought_to_newer_tables_is_told_so(store: PostgresStore) -> None:
    assert store._left is not None
    with store._server.writing() as cursor:
        functions = [f"{store._server.schema}.ticketing_{name}" for name in ("standing", "append")]
        select = "SELECT pg_get_functiondef(name::regproc) FROM unnest(%s::text[]) AS name"
        for (definition,) in cursor.execute(select, (functions,)).fetchall():
            assert "known_schema <> " in definition
            cursor.execute(definition.replace("known_schema <> ", "known_schema + 1 <> ").encode())
    for _ in range(2):
        with pytest.raises(StoreError, match="the tables were migrated"):
            store.append([append(2, 0)])
    assert store.head() == 2


def test_after_a_connection_was_lost_nothing_is_taken_for_granted(store: PostgresStore) -> None:
    requests = [Request(encoded(store.codec, [append(2, 0)]))]
    with store._server.reading() as doomed, store._server.reading() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (doomed.connection.info.backend_pid,))
        with pytest.raises(psycopg.Error):
            store._kept_at_once(doomed, requests)
    assert store._left is None
    store.append([append(2, 0)])
    assert [fact.stream_id for fact in store.log(0, 10)] == [number(1), number(1), number(2)]


def has_grown(store: Store, head: int) -> bool:
    return store.head() > head


def test_whose_answer_was_lost_is_told_so_and_sends_it_again_for_the_first_result(
    store: PostgresStore, postgres_url: str
) -> None:
    with proxy(postgres_url) as (between, url), closing(opened(url)) as through:
        for version in range(1, 8, 2):
            through.append([append(2, version - 1)])  # the statement that follows is one that keeps at once
            head, one = store.head(), append(2, version)
            between.lose(partial(has_grown, store, head))
            with pytest.raises(StoreError):
                through.append([one])
            assert (store.head(), through._left) == (head + 1, None)
            with pytest.raises(CommandRepeated):
                through.append([one])
        assert between.lost == 4
    assert [fact.version for fact in store.stream(number(2))] == list(range(1, 9))
