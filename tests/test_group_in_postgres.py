"""Group commit on a real server: what befalls one of many who append at once is his own affair."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace

import psycopg
import pytest

from tests.store_examples import FakeClock, append, fake_random_bytes, number
from ticketing.adapters.postgres import PostgresStore
from ticketing.adapters.store import Append, Store, VersionConflict
from ticketing.adapters.urls import open_store, split_schema
from ticketing.domain.errors import StoreClosed, StoreError

CALLERS = 64
WAITING_FOR_A_LOCK = "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND wait_event_type = 'Lock'"


@pytest.fixture
def store(postgres_url: str) -> Iterator[PostgresStore]:
    _, schema = split_schema(postgres_url)
    url = f"{postgres_url}{'&' if '?' in postgres_url else '?'}application_name={schema}"
    with closing(open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes)) as store:
        assert isinstance(store, PostgresStore)
        yield store


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(5_000):
        if is_so():
            return
        time.sleep(0.001)
    raise AssertionError("it did not come to that in five seconds")


@contextmanager
def leader_of_ticket_0(store: PostgresStore, threads: ThreadPoolExecutor) -> Iterator[None]:
    """Somebody commits ticket 0 and waits for the log's lock, which is given up when this ends."""
    with store.locked():
        first = threads.submit(store.append, [append(0, 0)])
        until(lambda: store._group._committing.locked() and not store._group._waiting)
        yield
    first.result(30)


def tickets_in(store: Store) -> list[int]:
    """The tickets of all facts, in order of the tickets; each fact is at its position."""
    log = store.log(0, 1_000)
    assert [fact.position for fact in log] == list(range(1, len(log) + 1))
    named = {number(n): n for n in range(2 * CALLERS)}
    return sorted(named[fact.stream_id] for fact in log)


def refused_by_the_server(ticket: int) -> Append:
    return replace(append(ticket, 0), command_digest="a zero character, \0, is nothing that a text can have")


def test_who_conflicts_and_who_brings_what_the_server_refuses_are_told_and_the_rest_are_kept(
    store: PostgresStore,
) -> None:
    calls = [[append(n, 5 if n % 8 == 3 else 0)] if n != 20 else [refused_by_the_server(n)] for n in range(CALLERS)]
    with ThreadPoolExecutor(CALLERS) as threads, store.locked():
        answers = [threads.submit(store.append, call) for call in calls]
        until(lambda: len(store._group._waiting) == CALLERS - 1)
    errors = [answer.exception(30) for answer in answers]
    conflicts = {n for n, error in enumerate(errors) if isinstance(error, VersionConflict)}
    assert conflicts == set(range(3, CALLERS, 8))
    assert isinstance(errors[20], StoreError)
    kept = [n for n in range(CALLERS) if n not in {*conflicts, 20}]
    assert [n for n, error in enumerate(errors) if error is None] == kept == tickets_in(store)
    told = [fact for n in kept for (fact,) in answers[n].result()]
    assert sorted(told, key=lambda fact: fact.position) == store.log(0, 1_000)


def test_those_who_come_back_at_once_share_transactions_again(store: PostgresStore) -> None:
    def work(ticket: int) -> None:
        for version in range(10):
            ((fact,),) = store.append([append(ticket, version)])
            assert (fact.stream_id, fact.version) == (number(ticket), version + 1)

    with ThreadPoolExecutor(CALLERS) as threads:
        list(threads.map(work, range(CALLERS)))
    assert tickets_in(store) == sorted(list(range(CALLERS)) * 10)
    assert not store._group._waiting
    assert not store._group._committing.locked()


def test_who_is_interrupted_while_he_waits_has_nothing_kept_and_holds_up_nobody(store: PostgresStore) -> None:
    def interrupt() -> None:
        until(lambda: len(store._group._waiting) == 3)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    with ThreadPoolExecutor(4) as threads:
        with leader_of_ticket_0(store, threads):
            interrupting = threads.submit(interrupt)
            others = [threads.submit(store.append, [append(ticket, 0)]) for ticket in (2, 3)]
            with pytest.raises(KeyboardInterrupt):
                store.append([append(1, 0)])
            interrupting.result(30)
            assert len(store._group._waiting) == 2
        for other in others:
            other.result(30)
    assert tickets_in(store) == [0, 2, 3]
    store.append([append(1, 0)])
    assert tickets_in(store) == [0, 1, 2, 3]


def test_when_the_server_ends_the_connection_of_a_group_each_of_it_is_kept_once(
    store: PostgresStore, postgres_url: str
) -> None:
    def hold_the_log() -> None:
        with store.locked():
            is_held.set()
            assert may_go_on.wait(30)

    def waiting_for_it() -> list[int]:
        rows = connection.execute(WAITING_FOR_A_LOCK, (schema,)).fetchall()
        return [process for (process,) in rows]

    is_held, may_go_on = threading.Event(), threading.Event()
    url, schema = split_schema(postgres_url)
    with psycopg.connect(url, autocommit=True) as connection, ThreadPoolExecutor(CALLERS + 1) as threads:
        with leader_of_ticket_0(store, threads):
            until(lambda: len(waiting_for_it()) == 1)
            answers = [threads.submit(store.append, [append(ticket, 0)]) for ticket in range(1, CALLERS)]
            until(lambda: len(store._group._waiting) == CALLERS - 1)
            holding = threads.submit(hold_the_log)  # whoever waits for the log gets it in turn
            until(lambda: len(waiting_for_it()) == 2)
        assert is_held.wait(30)
        until(lambda: not store._group._waiting and len(waiting_for_it()) == 1)
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", waiting_for_it())
        until(lambda: len(waiting_for_it()) == 1)  # another connection, for the first of them alone
        may_go_on.set()
        holding.result(30)
        assert [len(answer.result(30)) for answer in answers] == [1] * (CALLERS - 1)
    assert tickets_in(store) == list(range(CALLERS))


def test_who_waits_while_the_store_is_closed_is_told_so_and_nothing_of_his_is_kept(
    store: PostgresStore, postgres_url: str
) -> None:
    with ThreadPoolExecutor(9) as threads:
        with leader_of_ticket_0(store, threads):
            answers = [threads.submit(store.append, [append(ticket, 0)]) for ticket in range(1, 9)]
            until(lambda: len(store._group._waiting) == 8)
            store.close()
        assert {type(answer.exception(30)) for answer in answers} == {StoreClosed}
    with closing(open_store(postgres_url, clock=FakeClock(), random_bytes=fake_random_bytes)) as anew:
        assert tickets_in(anew) == [0]
