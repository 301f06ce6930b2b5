"""Many write and some follow: nothing is missed, nothing comes twice, and the order of the log is that of commit."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from threading import Event as Flag
from threading import local

import pytest

from tests.postgres import fresh_schema
from tests.processes import Ready, processes, until
from tests.race import (
    FIRST,
    INTERRUPTING,
    SECOND,
    Attempt,
    Interruption,
    OwnLog,
    Running,
    Seen,
    StockLog,
    StumblingClock,
    Subject,
    Told,
    follow,
    keep_last,
    seen_around_a_stall,
    seen_by,
    stalled,
    write_at_once,
    wrong,
)
from ticketing.adapters.admission import Request
from ticketing.adapters.group import GroupCommit
from ticketing.adapters.store import Store
from ticketing.application import Settings, Ticketing
from ticketing.domain.errors import StoreError
from ticketing.projections.row import fold_row

ATTEMPTS = 40
"""Of each writer; two of them fail or are fought over, and four bring many streams at once."""

POLL = timedelta(milliseconds=1)


def opened(url: str) -> Ticketing:
    return Ticketing(url, clock=StumblingClock(), projections=[INTERRUPTING], settings=Settings(page_size=100))


@contextmanager
def readers(*following: Callable[[], list[Seen]]) -> Iterator[list[list[Seen]]]:
    """What each of those sees who follow the log meanwhile; complete when this ends."""
    seen: list[list[Seen]] = []
    running = Running(*(lambda follow=follow: seen.append(follow()) for follow in following))
    yield seen
    assert running.is_done(), "a reader is stuck"


def from_log(log: Subject, page_size: int) -> Callable[[], list[Seen]]:
    return lambda: follow(log.read, page_size)


def from_app(app: Ticketing) -> Callable[[], list[Seen]]:
    return lambda: seen_by(app.follow(poll=POLL))


# races


def test_in_memory_every_reader_sees_every_fact_once_and_in_order() -> None:
    with closing(opened("memory:")) as app:
        log = OwnLog(app.store)  # with no inline rows: nothing is interrupted where nothing can be rolled back
        with readers(from_log(log, 7), from_log(log, 1000), from_app(app)) as seen:
            told = write_at_once([log], range(32), ATTEMPTS)
            told.kept += keep_last(log)
        require_refusals(told, app.store)
    assert [wrong(told, one) for one in seen] == [{}] * 3


def writer_process(url: str, writers: range, ready: Ready) -> Told:
    with closing(opened(url)) as app:
        ready()
        return write_at_once([OwnLog(app.store)], writers, ATTEMPTS)


def reader_process(url: str, page_size: int, ready: Ready) -> list[Seen]:
    with closing(opened(url)) as app:
        ready()
        return follow(OwnLog(app.store).read, page_size)


def test_among_processes_every_reader_sees_every_fact_once_and_in_order(lasting_url: str) -> None:
    with (
        closing(opened(lasting_url)) as app,
        closing(opened(lasting_url)) as other,
        processes(partial(reader_process, lasting_url, 1000)) as reader,
        processes(*(partial(writer_process, lasting_url, range(n, n + 4)) for n in (16, 20, 24, 28))) as writers,
    ):
        log = OwnLog(app.store)
        app.projections.make_inline(INTERRUPTING)
        with readers(from_log(log, 7), from_app(other)) as seen:
            reader.go()
            writers.go()
            told = write_at_once([log, OwnLog(other.store)], range(16), ATTEMPTS)
            told = sum(writers.answers(), told)
            told.kept += keep_last(log)
        seen += reader.answers()
        rows = list(app.projections.rows(INTERRUPTING))
        histories = app.store.histories()
        assert rows == [fold_row(INTERRUPTING, history[0].stream_id, history) for history in histories]
        require_refusals(told, app.store)
        assert told.refused["rolled back"] > 0
    assert [wrong(told, one) for one in seen] == [{}] * 3


def require_refusals(told: Told, store: Store) -> None:
    """Whoever fails was refused and nobody with him; of those who fight for a number one at most has it."""
    refused = told.refused
    # Twice eight write what is there already, eight fight for one stream, and eight for one number.
    assert refused.total() >= 2 * (8 + 7 + 7)
    assert 0 < refused["version"] <= 2 * (8 + 8)
    assert 0 < refused["claim"] <= 2 * 8
    assert refused["clock"] > 0
    assert all(len(store.holders("number", f"R-{turn}")) <= 1 for turn in (19, 39))


def test_who_is_interrupted_by_what_another_wants_kept_has_nothing_kept_himself() -> None:
    mine = local()
    is_begun, go_on = Flag(), Flag()
    kept: list[str] = []

    def commit(requests: Sequence[Request]) -> None:
        is_begun.set()
        go_on.wait()
        if len(requests) > 1:
            raise StoreError("one of these is to blame")
        if requests[0].encoded is not mine.encoded:
            raise Interruption
        kept.append(mine.writer)

    group = GroupCommit(commit)
    told: dict[str, str] = {}

    def writer(name: str) -> Callable[[], None]:
        def write() -> None:
            mine.writer, mine.encoded = name, []
            try:
                group.append(mine.encoded)
                told[name] = "kept"
            except Interruption:
                told[name] = "interrupted"

        return write

    first = Running(writer("first"))
    assert is_begun.wait(60)
    others = Running(writer("second"), writer("third"))
    until(lambda: len(group._waiting) == 2)
    go_on.set()
    assert first.is_done()
    assert others.is_done()
    assert sorted(told.values()) == ["interrupted", "kept", "kept"]
    assert sorted(kept) == sorted(name for name, answer in told.items() if answer == "kept")


# the library without its lock: what the same checks find


def found_wrong(server_url: str) -> list[dict[str, list[object]]]:
    """What is wrong with what three readers saw of a race on the library's log that takes no lock."""
    with fresh_schema(server_url) as url, closing(StockLog(url, is_unsafe=True)) as log:
        with readers(*(from_log(log, page_size) for page_size in (7, 100, 1000))) as seen:
            told = write_at_once([log], range(32), 2 * ATTEMPTS)
            told.kept += keep_last(log)
        return [wrong(told, one) for one in seen]


def test_where_no_lock_is_taken_the_same_race_finds_facts_missed(postgres_server: str) -> None:
    # In each of forty races some reader missed some fact; in ten one must.
    races = (found_wrong(postgres_server) for _ in range(10))
    found = next((found for found in races if any("missed" in one for one in found)), [])
    assert {kind for one in found for kind in one} == {"missed", "gaps"}


# one interleaving


def test_who_comes_second_waits_for_who_has_taken_a_position_and_stalls(lasting_url: str) -> None:
    with closing(opened(lasting_url)) as app, closing(opened(lasting_url)) as other:
        log = OwnLog(app.store)
        seen, has_waited = seen_around_a_stall(
            stalled(lasting_url), lambda: OwnLog(other.store).keep(Attempt(facts=(SECOND,))), log.read
        )
        assert seen == [Seen(1, FIRST), Seen(2, SECOND)]
        assert has_waited
        assert wrong(Told(log.read(0, 10)), seen) == {}


def second_process(url: str, ready: Ready) -> list[Seen]:
    with closing(opened(url)) as app:
        ready()
        return OwnLog(app.store).keep(Attempt(facts=(SECOND,)))


def test_so_does_another_process(lasting_url: str) -> None:
    with closing(opened(lasting_url)) as app, processes(partial(second_process, lasting_url)) as other:

        def write_too() -> None:
            other.go()
            assert other.answers() == [[Seen(2, SECOND)]]

        log = OwnLog(app.store)
        seen, has_waited = seen_around_a_stall(stalled(lasting_url), write_too, log.read)
        assert has_waited
        assert wrong(Told(log.read(0, 10)), seen) == {}
        assert seen == [Seen(1, FIRST), Seen(2, SECOND)]


def test_so_does_who_comes_second_to_the_librarys_log(postgres_url: str) -> None:
    with closing(StockLog(postgres_url, is_unsafe=False)) as log:
        second = Attempt(facts=(SECOND,))
        seen, has_waited = seen_around_a_stall(log.stalled(), lambda: log.keep(second), log.read)
        assert has_waited
        assert wrong(Told(log.read(0, 10)), seen) == {}


def test_where_no_lock_is_taken_the_fact_of_who_stalled_is_never_seen(postgres_url: str) -> None:
    with closing(StockLog(postgres_url, is_unsafe=True)) as log:
        second = Attempt(facts=(SECOND,))
        seen, has_waited = seen_around_a_stall(log.stalled(), lambda: log.keep(second), log.read)
        assert not has_waited
        assert seen == [Seen(2, SECOND)]
        assert wrong(Told(log.read(0, 10)), seen) == {"missed": [FIRST], "gaps": [1]}


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def lasting_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store that outlives its process."""
    url: str = request.getfixturevalue(request.param)
    return url
