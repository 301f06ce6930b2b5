"""The contract of every store, for a fixture `store_url` that names an empty one. Subclass it for a store of yours."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest

from tests.append_contract import AppendContract
from tests.inline_contract import InlineContract
from tests.store_examples import (
    FILLED_ROW,
    MARKS,
    MICROSECOND,
    START,
    TALLY,
    ExampleRow,
    FakeClock,
    append,
    envelope_of,
    fake_random_bytes,
    letter,
    note,
    number,
    published,
    salted,
    save,
)
from tests.tree_contract import TreeContract
from tests.view_contract import ViewContract, example
from tests.watch_contract import WatchContract
from ticketing.adapters.codec import Codec
from ticketing.adapters.store import KeptCommand, Store, VersionConflict
from ticketing.adapters.urls import open_store
from ticketing.domain.errors import StoreError, UnreadableEvent
from ticketing.domain.events import RepairStarted, UnitReceived
from ticketing.domain.reference import reference_stream
from ticketing.domain.values import Unreadable


class BrokenOff(Exception):
    """What a test breaks off a transaction with."""


class StoreContract(AppendContract, ViewContract, InlineContract, WatchContract, TreeContract):
    """What every store does."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def store(self, store_url: str, clock: FakeClock) -> Iterator[Store]:
        projections = (MARKS, TALLY)
        store = open_store(store_url, clock=clock, random_bytes=fake_random_bytes, projections=projections)
        with closing(store):
            yield store

    @pytest.fixture
    def another(self, store: Store, store_url: str, clock: FakeClock) -> Iterator[Store]:
        """The store as another process has it open; of one in memory there is only one."""
        if store_url == "memory:":
            yield store
        else:
            projections = (MARKS, TALLY)
            another = open_store(store_url, clock=clock, random_bytes=fake_random_bytes, projections=projections)
            with closing(another):
                yield another

    # the log

    def test_an_empty_store_has_a_key_and_nothing_else(self, store: Store) -> None:
        assert store.key == fake_random_bytes(32)
        assert store.head() == 0
        assert store.last_recorded_at() is None
        assert store.log(0, 10) == []
        assert store.stream(number(1)) == []
        assert list(store.histories()) == []

    def test_positions_are_gap_free_from_1_in_order_of_append(self, store: Store) -> None:
        store.append([append(1, 0), append(2, 0, RepairStarted(), RepairStarted())])
        with pytest.raises(VersionConflict):
            store.append([append(3, 0), append(1, 0, command=99)])
        store.append([append(1, 1)])
        log = store.log(0, 10)
        assert [fact.position for fact in log] == [1, 2, 3, 4]
        assert [(fact.stream_id, fact.version) for fact in log] == [
            (number(1), 1),
            (number(2), 1),
            (number(2), 2),
            (number(1), 2),
        ]
        assert store.head() == 4

    def test_an_append_returns_what_the_log_has(self, store: Store) -> None:
        text = salted("it smells of vinegar")
        whole = replace(
            append(1, 0, UnitReceived(site="berlin", accessories=("Ladegerät",)), note(text), texts=[text]),
        )
        whole = replace(
            whole,
            envelopes=tuple(
                replace(one, source="import:old", caused_by="finding:manager:m-1", flags=("number-taken",))
                for one in whole.envelopes
            ),
        )
        (returned,) = store.append([whole])
        assert list(returned) == store.stream(number(1)) == store.log(0, 10)
        assert [envelope_of(fact) for fact in returned] == list(whole.envelopes)

    def test_the_log_is_read_in_pages(self, store: Store) -> None:
        store.append([append(ticket, 0) for ticket in range(7)])
        assert [fact.position for fact in store.log(2, 3)] == [3, 4, 5]
        assert [fact.position for fact in store.log(5, 3)] == [6, 7]
        assert store.log(7, 3) == []

    def test_a_stream_is_read_after_a_version(self, store: Store) -> None:
        store.append([append(1, 0, RepairStarted(), RepairStarted(), RepairStarted()), append(2, 0)])
        assert [fact.version for fact in store.stream(number(1), after_version=1)] == [2, 3]
        assert store.stream(number(1), after_version=3) == []

    def test_each_append_has_one_stamp_later_than_the_last_even_if_the_clock_stands_still(self, store: Store) -> None:
        first, second = store.append([append(1, 0, RepairStarted(), RepairStarted()), append(2, 0)])
        (third,) = store.append([append(3, 0)])
        stamps = [fact.recorded_at for fact in (*first, *second, *third)]
        assert stamps == [START, START, START + MICROSECOND, START + 2 * MICROSECOND]

    def test_stamps_never_go_back_when_the_clock_does(self, store: Store, clock: FakeClock) -> None:
        store.append([append(1, 0)])
        clock.now = START - timedelta(days=1)
        ((late,),) = store.append([append(2, 0)])
        assert late.recorded_at == START + MICROSECOND
        clock.now = START + timedelta(days=1)
        ((on_time,),) = store.append([append(3, 0)])
        assert on_time.recorded_at == clock.now == store.last_recorded_at()

    def test_stamps_are_utc_whatever_the_clocks_zone(self, store: Store, clock: FakeClock) -> None:
        clock.now = START.astimezone(timezone(timedelta(hours=5, minutes=45)))
        store.append([append(1, 0)])
        (fact,) = store.stream(number(1))
        assert (fact.recorded_at, fact.recorded_at.tzinfo) == (START, UTC)
        assert (fact.occurred_at, fact.occurred_at.tzinfo) == (START - timedelta(hours=1), UTC)
        last = store.last_recorded_at()
        assert last is not None
        assert last.tzinfo is UTC

    def test_a_clock_without_zone_is_refused(self, store: Store, clock: FakeClock) -> None:
        clock.now = START.replace(tzinfo=None)
        with pytest.raises(StoreError, match="zone"):
            store.append([append(1, 0)])
        assert store.head() == 0

    def test_an_append_of_nothing_keeps_its_command(self, store: Store) -> None:
        nothing = replace(append(1, 0), envelopes=())
        assert store.append([nothing]) == [()]
        assert store.command(nothing.command_id) == KeptCommand(nothing.command_digest, number(1), 1, 0)
        assert store.append([]) == []
        assert store.head() == 0

    # what cannot be read

    def test_an_event_of_a_newer_version_is_unreadable_and_says_where_it_is(self, store: Store) -> None:
        store.codec = Codec(schemas={"RepairStarted": 2})
        store.append([append(1, 0)])
        store.codec = Codec()
        where = rf"^position 1: stream {number(1)} version 1, ticketing:RepairStarted: schema 2 was written by"
        reads: list[Callable[[], object]] = [
            lambda: store.log(0, 1),
            lambda: store.stream(number(1)),
            lambda: list(store.histories()),
        ]
        for read in reads:
            with pytest.raises(UnreadableEvent, match=where):
                read()

    def test_what_cannot_be_read_is_listed_with_its_place_among_what_can(self, store: Store) -> None:
        store.append([append(1, 0), published("berlin")])
        store.codec = Codec(schemas={"UnitReceived": 2})
        store.append([append(1, 1, UnitReceived(site="berlin"))])
        store.append([append(1, 2)])
        store.codec = Codec()
        first, site, unreadable, last = store.read_each(store.stored_log(0, 10))
        assert isinstance(unreadable, Unreadable)
        where = f"position 3: stream {number(1)} version 2, ticketing:UnitReceived: schema 2 was written by"
        assert unreadable.reason.startswith(where)
        assert unreadable == Unreadable(
            stream_id=number(1),
            stream_kind="ticket",
            version=2,
            position=3,
            recorded_at=START + 2 * MICROSECOND,
            topic="ticketing:UnitReceived",
            reason=unreadable.reason,
        )
        assert unreadable.recorded_at.tzinfo is UTC
        assert [first, site] == store.log(0, 2)
        assert [last] == store.log(3, 1)
        assert store.read_each(store.stored_stream(number(1))) == [first, unreadable, last]
        assert [store.read_each(rows) for rows in store.stored_histories()] == [[first, unreadable, last]]

    def test_stored_rows_are_the_facts_in_their_stored_form(self, store: Store) -> None:
        store.append([append(1, 0), published("berlin"), append(1, 1), append(2, 0)])
        rows = store.stored_log(0, 10)
        assert [(row.position, row.version, row.stream_kind) for row in rows] == [
            (1, 1, "ticket"),
            (2, 1, "site"),
            (3, 2, "ticket"),
            (4, 1, "ticket"),
        ]
        assert {row.recorded_at.tzinfo for row in rows} == {UTC}
        assert store.read(rows) == store.log(0, 10)
        assert store.stored_stream(number(1)) == [rows[0], rows[2]]
        assert store.stored_stream(number(1), after_version=1) == [rows[2]]
        assert sorted(store.stored_histories()) == sorted([[rows[0], rows[2]], [rows[3]]])
        assert list(store.stored_histories("site", up_to=1)) == []

    # histories

    def test_histories_come_stream_by_stream_in_order_of_id_and_version(self, store: Store) -> None:
        store.append([append(ticket, 0) for ticket in range(10)])
        store.append([append(ticket, 1) for ticket in range(0, 10, 2)])
        histories = list(store.histories())
        assert [history[0].stream_id for history in histories] == sorted(map(number, range(10)))
        assert histories == [store.stream(history[0].stream_id) for history in histories]

    def test_histories_are_of_one_kind_of_stream(self, store: Store) -> None:
        store.append([append(1, 0), published("berlin"), append(2, 0), published("leipzig")])
        assert {history[0].stream_id for history in store.histories()} == {number(1), number(2)}
        sites = list(store.histories("site"))
        assert [history[0].stream_id for history in sites] == sorted(
            reference_stream("site", key) for key in ("berlin", "leipzig")
        )
        assert list(store.histories("policy")) == []

    def test_histories_end_at_a_position(self, store: Store) -> None:
        store.append([append(1, 0), append(2, 0), append(1, 1), append(3, 0)])
        seen = {history[0].stream_id: len(history) for history in store.histories(up_to=2)}
        assert seen == {number(1): 1, number(2): 1}
        assert {len(history) for history in store.histories(up_to=3)} == {1, 2}
        assert list(store.histories(up_to=0)) == []

    def test_histories_leave_out_what_is_appended_while_they_are_read(self, store: Store) -> None:
        store.append([append(ticket, 0) for ticket in range(3)])
        histories = store.histories()
        first = next(histories)
        store.append([append(ticket, 1) for ticket in range(3)])
        assert [len(history) for history in (first, *histories)] == [1, 1, 1]

    def test_histories_longer_than_a_page_come_whole(self, store: Store) -> None:
        many = [RepairStarted()] * 2_100
        store.append([append(1, 0, *many), append(2, 0), append(3, 0, *many)])
        assert sorted(len(history) for history in store.histories()) == [1, 2_100, 2_100]

    def test_rows_of_one_stored_name_are_found_in_order_of_the_log(self, store: Store) -> None:
        received = UnitReceived(site="berlin")
        store.append([append(1, 0, received), append(2, 0), append(3, 0, received, received), append(1, 1, received)])
        found = store.stored_topic("ticketing:UnitReceived", 0, 3)
        assert [row.position for row in found] == [1, 3, 4]
        assert found == [row for row in store.stored_log(0, 9) if row.topic == "ticketing:UnitReceived"][:3]
        assert [row.position for row in store.stored_topic("ticketing:UnitReceived", 4, 3)] == [5]
        assert store.stored_topic("ticketing:UnitDisposed", 0, 3) == []

    # private texts

    def test_texts_are_found_by_digest(self, store: Store) -> None:
        first, second = salted("Straße 7, \0 «Hof»"), salted("")
        store.append([append(1, 0, note(first), note(second), texts=[first, second])])
        digests = [first.digest, second.digest, "ab" * 32]
        assert store.texts(digests) == {first.digest: first.text, second.digest: ""}
        assert store.texts([]) == {}

    def test_texts_come_with_their_salts_unless_they_were_erased(self, store: Store) -> None:
        first, second = salted("Straße 7, \0 «Hof»"), salted("")
        store.append([append(1, 0, note(first), note(second), texts=[first, second])])
        digests = [first.digest, second.digest, "ab" * 32]
        assert store.salted(digests) == {first.digest: first, second.digest: second}
        store.erase([first.digest])
        assert store.salted(digests) == {second.digest: second}
        assert store.salted([]) == {}

    def test_erased_texts_stay_erased_and_the_facts_stay(self, store: Store) -> None:
        first, second = salted("the neighbour did it"), salted("nobody did it")
        store.append([append(1, 0, note(first), note(second), texts=[first, second])])
        assert store.erase([first.digest, "ab" * 32]) == 1
        assert store.erase([first.digest]) == 0
        assert store.erase([]) == 0
        store.append([append(2, 0, note(first), texts=[first])])
        assert store.texts([first.digest, second.digest]) == {first.digest: None, second.digest: second.text}
        assert store.stream(number(1))[0].event == note(first)

    def test_all_texts_are_listed_by_their_digests_the_erased_ones_without_what_they_said(self, store: Store) -> None:
        assert list(store.kept_texts()) == []
        texts = sorted((salted(f"text {n}") for n in range(1_200)), key=lambda text: text.digest)
        store.append([append(1, 0, note(texts[0]), texts=reversed(texts))])  # type: ignore[arg-type]
        assert list(store.kept_texts()) == [(text.digest, text) for text in texts]
        store.erase([texts[1].digest])
        assert list(store.kept_texts())[:3] == [
            (texts[0].digest, texts[0]),
            (texts[1].digest, None),
            (texts[2].digest, texts[2]),
        ]

    # the locked log

    def test_nobody_appends_while_the_log_is_locked(self, store: Store, another: Store, clock: FakeClock) -> None:
        store.append([append(1, 0)])
        with ThreadPoolExecutor(2) as threads:
            with store.locked() as log:
                waiting = [
                    threads.submit(one.append, [append(ticket, 0)]) for ticket, one in ((2, store), (3, another))
                ]
                time.sleep(0.2)
                assert not any(one.done() for one in waiting)
                assert (log.head(), len(log.log(0, 10))) == (1, 1)
                clock.now = START + timedelta(hours=1)
            facts = [fact for one in waiting for ((fact,),) in [one.result(30)]]
        assert {fact.position for fact in facts} == {2, 3}
        # The stamp is taken under the lock, not when the caller began to wait for it.
        assert min(fact.recorded_at for fact in facts) == START + timedelta(hours=1)

    def test_what_is_there_is_read_under_the_lock(self, store: Store) -> None:
        store.append([append(1, 0), published("berlin"), append(1, 1)])
        save(example(store), [FILLED_ROW], 3)
        rows, facts = store.stored_log(0, 10), store.log(0, 10)
        with store.locked() as log:
            assert (log.head(), log.log(1, 1), log.stored_log(0, 10)) == (3, facts[1:2], rows)
            assert log.stream(number(1), after_version=1) == facts[2:]
            assert log.read_each(log.stored_stream(number(1))) == [facts[0], facts[2]]
            assert list(example(log).rows()) == [FILLED_ROW]

    def test_what_is_written_under_the_lock_is_there_at_its_end(self, store: Store, another: Store) -> None:
        dropped = replace(letter(1, 2), dropped_at=START)
        with store.locked() as log:
            view = example(log)
            save(view, [FILLED_ROW], 3, letter(1, 2))
            save(view, [], 4, dropped)
            assert (view.position(), list(view.rows()), view.letters()) == (4, [FILLED_ROW], [dropped])
            view.set_inline(True)
        view = example(another)
        assert (view.position(), list(view.rows()), view.letters()) == (4, [FILLED_ROW], [dropped])
        assert view.state().is_inline

    def test_what_is_written_under_the_lock_is_undone_by_an_error(self, store: Store, another: Store) -> None:
        def read() -> tuple[int, list[ExampleRow]]:
            return elsewhere.position(), list(elsewhere.rows())

        def break_off() -> None:
            with store.locked() as log:
                locked = example(log)
                locked.save([anew], revision=locked.load([]).revision, position=4, letters=[letter(1, 4)], healed=[2])
                locked.set_inline(True)
                example(log, is_next=True).switch()
                assert list(example(log).rows()) == [anew]
                readings.append(threads.submit(read))
                time.sleep(0.1)
                raise BrokenOff

        anew = replace(FILLED_ROW, site="leipzig")
        view, rebuilt, elsewhere = example(store), example(store, is_next=True), example(another)
        save(view, [FILLED_ROW], 3, letter(1, 2))
        save(rebuilt, [anew], 5)
        before, readings = store.views(), list[Future[tuple[int, list[ExampleRow]]]]()
        with ThreadPoolExecutor(1) as threads, pytest.raises(BrokenOff):
            break_off()
        assert [reading.result() for reading in readings] == [(3, [FILLED_ROW])]
        assert store.views() == another.views() == before
        assert (view.position(), list(view.rows()), view.letters()) == (3, [FILLED_ROW], [letter(1, 2)])
        assert (rebuilt.position(), list(rebuilt.rows())) == (5, [anew])
        save(view, [anew], 4)
        store.append([append(1, 0)])

    def test_who_locks_the_log_is_alone_with_it(self, store: Store, another: Store) -> None:
        def work(thread: int) -> None:
            for _ in range(10):
                with (store, another)[thread % 2].locked() as log:
                    view = example(log)
                    save(view, [], view.position() + 1)

        example(store)
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(work, range(4)))
        assert example(store).position() == 40
