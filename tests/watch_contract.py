"""The contract of every store's watches: who is woken, and who leads; part of `StoreContract`."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest

from tests.store_examples import FILLED_ROW, append, save
from tests.view_contract import REBUILT, SERVED, example
from ticketing.adapters.store import Store, Watch
from ticketing.domain.errors import Conflict

LONG_S = 10.0
"""So long a watch would wait; with something appended it must come back in less than half of it."""


def waited(watch: Watch, seconds: float) -> float:
    """How long it waited."""
    begun = time.monotonic()
    watch.wait(seconds)
    return time.monotonic() - begun


class WatchContract:
    """What every store's watches do."""

    # wake-ups

    def test_a_watch_is_woken_by_an_append_of_another(self, store: Store, another: Store) -> None:
        def append_later() -> None:
            time.sleep(0.1)
            another.append([append(1, 0)])

        begun = time.monotonic()
        with closing(store.watch("first")) as watch, ThreadPoolExecutor(1) as threads:
            appended = threads.submit(append_later)
            while not store.head():
                watch.wait(LONG_S)
            assert time.monotonic() - begun < LONG_S / 2
            appended.result()

    def test_every_watch_is_woken(self, store: Store, another: Store) -> None:
        def watch(leader: str) -> float:
            with closing(another.watch(leader)) as watch:
                ready.wait()
                return waited(watch, LONG_S)

        ready = Barrier(4)
        with ThreadPoolExecutor(3) as threads:
            watching = [threads.submit(watch, f"watch {n}") for n in range(3)]
            ready.wait()
            store.append([append(1, 0)])
            assert max(one.result() for one in watching) < LONG_S / 2

    def test_a_watch_waits_no_longer_than_it_is_told(self, store: Store) -> None:
        store.append([append(1, 0)])
        with closing(store.watch("first")) as watch:
            assert 0.25 < waited(watch, 0.3) < LONG_S / 2
            store.append([append(1, 1)])
            assert waited(watch, LONG_S) < LONG_S / 2
            assert 0.25 < waited(watch, 0.3) < LONG_S / 2  # one append wakes it once

    def test_an_append_between_the_last_look_and_the_wait_is_not_lost(self, store: Store, another: Store) -> None:
        with closing(store.watch("first")) as watch:
            for version in range(3):
                another.append([append(1, version)])
                assert waited(watch, LONG_S) < LONG_S / 2
            store.append([append(1, 3)])
            assert waited(watch, LONG_S) < LONG_S / 2

    def test_an_append_while_the_lead_is_asked_for_is_not_lost(self, store: Store, another: Store) -> None:
        example(store)
        with closing(store.watch("first")) as watch:
            for version in range(3):
                another.append([append(1, version)])
                watch.lead(SERVED)
                assert waited(watch, LONG_S) < LONG_S / 2

    # leads

    def test_of_two_watches_one_leads_until_it_is_closed(self, store: Store, another: Store) -> None:
        example(store)
        with closing(another.watch("second")) as second:
            with closing(store.watch("first")) as first:
                fence = first.lead(SERVED)
                assert fence is not None
                assert second.lead(SERVED) is None
                assert first.lead(SERVED) == fence
                (state,) = another.views()
                assert (state.leader, state.fence) == ("first", fence)
            assert example(another).state().leader is None
            after = second.lead(SERVED)
            assert after is not None
            assert after > fence
            (state,) = store.views()
            assert (state.leader, state.fence) == ("second", after)
            assert second.lead(SERVED) == after

    def test_each_view_has_a_lead_of_its_own(self, store: Store, another: Store) -> None:
        example(store)
        example(store, is_next=True)
        with closing(another.watch("second")) as second:
            with closing(store.watch("first")) as first:
                assert first.lead(SERVED) is not None
                assert second.lead(REBUILT) is not None
                assert (first.lead(REBUILT), second.lead(SERVED)) == (None, None)
                assert [state.leader for state in store.views()] == ["first", "second"]
            assert [state.leader for state in store.views()] == [None, "second"]
            assert second.lead(SERVED) is not None

    def test_of_those_who_ask_for_the_lead_at_once_one_gets_it(self, store: Store, another: Store) -> None:
        def ask(n: int) -> bool:
            with closing((store, another)[n % 2].watch(f"watch {n}")) as watch:
                ready.wait()
                fence = watch.lead(SERVED)
                ready.wait()  # nobody gives it up before all have asked
                return fence is not None

        ready = Barrier(4)
        example(store)
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(ask, range(4))).count(True) == 1

    def test_who_was_given_the_lead_before_another_writes_no_more(self, store: Store, another: Store) -> None:
        view = example(store)
        with closing(store.watch("first")) as first:
            fence = first.lead(SERVED)
            view.save([], revision=view.load([]).revision, position=1, fence=fence)
        with closing(another.watch("second")) as second:
            after = second.lead(SERVED)
            revision = view.load([]).revision
            with pytest.raises(Conflict, match="led, by another"):
                view.save([FILLED_ROW], revision=revision, position=2, fence=fence)
            assert (view.position(), list(view.rows())) == (1, [])
            view.save([FILLED_ROW], revision=revision, position=2, fence=after)
        save(view, [], 3)
        assert (view.position(), list(view.rows())) == (3, [FILLED_ROW])

    def test_the_leader_of_a_rebuild_leads_no_more_when_another_took_it_over(self, store: Store) -> None:
        example(store)
        view = example(store, is_next=True)
        with closing(store.watch("first")) as first:
            fence = first.lead(REBUILT)
        with closing(store.watch("second")) as second:
            after = second.lead(REBUILT)
            with pytest.raises(Conflict):
                view.save([FILLED_ROW], revision=view.load([]).revision, position=1, fence=fence)
            view.save([FILLED_ROW], revision=view.load([]).revision, position=1, fence=after)
        view.switch()
        assert list(example(store).rows()) == [FILLED_ROW]

    def test_a_closed_watch_may_be_closed_again(self, store: Store) -> None:
        watch = store.watch("first")
        watch.close()
        watch.close()
        with closing(store.watch("first")) as again:
            assert waited(again, 0) < LONG_S / 2
