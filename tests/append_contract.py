"""The contract of every store's appends: what is refused, what threads do to each other; part of `StoreContract`."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from tests.store_examples import MICROSECOND, START, append, mark, note, number, salted
from ticketing.adapters.store import (
    Append,
    Claim,
    ClaimConflict,
    ClaimKind,
    CommandRepeated,
    KeptCommand,
    Store,
    VersionConflict,
)
from ticketing.domain.errors import BadInput, Conflict, StoreError
from ticketing.domain.events import NoteRecorded, RepairStarted
from ticketing.domain.values import Event, PrivateText, Recorded

Answer = list[tuple[Recorded[Event], ...]] | Conflict


def answer(store: Store, appends: Sequence[Append]) -> Answer:
    """What a call of `append` returns, or its conflict."""
    try:
        return store.append(appends)
    except Conflict as conflict:
        return conflict


def answers_together(store: Store, calls: Sequence[Sequence[Append]]) -> list[Answer]:
    """What the calls get that threads make while the log is locked."""
    with ThreadPoolExecutor(len(calls)) as threads:
        with store.locked():
            waiting = [threads.submit(answer, store, call) for call in calls]
            time.sleep(0.2)  # whoever comes later than that is only answered later
        return [one.result(30) for one in waiting]


class AppendContract:
    """What every store does with appends."""

    # what is refused

    def test_a_stream_that_has_moved_on_is_a_conflict(self, store: Store) -> None:
        store.append([append(1, 0)])
        with pytest.raises(VersionConflict, match="is at version 1, not 0"):
            store.append([append(1, 0, command=5)])
        with pytest.raises(VersionConflict, match="is at version 1, not 2"):
            store.append([append(1, 2)])
        assert store.head() == 1

    def test_a_command_is_kept_once(self, store: Store) -> None:
        store.append([append(1, 0, RepairStarted(), RepairStarted(), command=5)])
        kept = KeptCommand(f"digest of {number(5)}", number(1), 1, 2)
        assert store.command(number(5)) == kept
        assert store.command(number(6)) is None
        with pytest.raises(CommandRepeated, match=str(number(5))):
            store.append([append(1, 0, command=5)])
        with pytest.raises(CommandRepeated):
            store.append([append(2, 0, command=6), append(3, 0, command=6)])
        assert store.command(number(6)) is None

    def test_an_exclusive_claim_is_held_by_one_stream(self, store: Store) -> None:
        taken = Claim("number", "R-1")
        store.append([append(1, 0, claims=[taken])])
        with pytest.raises(ClaimConflict, match="number R-1 is held by") as refused:
            store.append([append(2, 0, claims=[taken])])
        assert (refused.value.claim, refused.value.holder) == (taken, number(1))
        with pytest.raises(ClaimConflict):
            store.append([append(3, 0, claims=[Claim("number", "R-2")]), append(4, 0, claims=[Claim("number", "R-2")])])
        store.append([append(1, 1, claims=[taken])])
        store.append([append(5, 0, claims=[Claim("unit", "R-1")])])
        assert store.holders("number", "R-1") == (number(1),)
        assert store.holders("number", "R-2") == ()

    def test_a_flagged_fact_claims_beside_the_holder_in_order_of_claiming(self, store: Store) -> None:
        for ticket in (3, 1, 2):
            store.append([append(ticket, 0, claims=[Claim("unit", "u", is_exclusive=False)])])
        assert store.holders("unit", "u") == (number(3), number(1), number(2))
        with pytest.raises(ClaimConflict) as refused:
            store.append([append(1, 1, claims=[Claim("unit", "u")])])
        assert refused.value.holder == number(3)

    def test_a_released_claim_is_free_and_claimed_again_it_comes_last(self, store: Store) -> None:
        unit = Claim("unit", "u", is_exclusive=False)
        store.append([append(1, 0, claims=[unit]), append(2, 0, claims=[unit])])
        store.append([append(1, 1, releases=[unit])])
        assert store.holders("unit", "u") == (number(2),)
        store.append([append(1, 2, claims=[unit])])
        assert store.holders("unit", "u") == (number(2), number(1))
        store.append([append(1, 3, releases=[unit]), append(2, 1, releases=[unit])])
        store.append([append(3, 0, claims=[Claim("unit", "u")])])
        assert store.holders("unit", "u") == (number(3),)

    def test_the_appends_of_one_call_see_each_other(self, store: Store) -> None:
        unit = Claim("unit", "u")
        store.append(
            [
                append(1, 0, claims=[unit]),
                append(1, 1, releases=[unit]),
                append(2, 0, claims=[unit]),
                append(2, 1, releases=[unit]),
                append(2, 2, claims=[unit]),
            ]
        )
        assert [fact.version for fact in store.stream(number(2))] == [1, 2, 3]
        assert store.holders("unit", "u") == (number(2),)

    def test_of_one_call_all_or_nothing_is_kept(self, store: Store) -> None:
        text = salted("kept with nothing")
        good = append(1, 0, note(text), claims=[Claim("number", "R-1")], texts=[text])
        with pytest.raises(VersionConflict):
            store.append([good, append(2, 5)])
        assert store.head() == 0
        assert store.stream(number(1)) == []
        assert store.command(good.command_id) is None
        assert store.holders("number", "R-1") == ()
        assert store.texts([text.digest]) == {}
        store.append([good])
        assert store.head() == 1

    @pytest.mark.parametrize(
        "broken",
        [
            pytest.param(append(1, 0, NoteRecorded(text=PrivateText(text="my name is"))), id="unsealed text"),
            pytest.param(replace(append(1, 0), stream_id=number(2)), id="another stream's fact"),
            pytest.param(replace(append(1, 0), expected_version=1), id="not the next version"),
        ],
    )
    def test_an_append_that_could_not_be_read_again_is_refused(self, store: Store, broken: Append) -> None:
        with pytest.raises(StoreError) as refused:
            store.append([append(3, 0), broken])
        assert "my name is" not in str(refused.value)
        assert store.head() == 0

    def test_a_key_with_a_zero_character_is_refused(self, store: Store) -> None:
        with pytest.raises(BadInput, match="zero"):
            store.append([append(1, 0, claims=[Claim("number", "R\0")])])

    # those who wait together

    def test_none_of_those_who_wait_together_pays_for_anothers_conflict(self, store: Store) -> None:
        calls = [[append(ticket, 5 if ticket % 4 == 3 else 0)] for ticket in range(12)]
        answers = answers_together(store, calls)
        assert [isinstance(one, VersionConflict) for one in answers] == [ticket % 4 == 3 for ticket in range(12)]
        log = store.log(0, 100)
        kept = [fact for one in answers if isinstance(one, list) for (fact,) in one]
        assert sorted(kept, key=lambda fact: fact.position) == log
        # The clock stands still: 9 stamps, none of them taken for a conflict.
        assert [(fact.position, fact.recorded_at) for fact in log] == [
            (n + 1, START + n * MICROSECOND) for n in range(9)
        ]

    def test_a_call_that_conflicts_in_its_middle_leaves_nothing_and_is_in_nobodys_way(self, store: Store) -> None:
        free, text = Claim("number", "R-1"), salted("kept with nothing")
        unit = Claim("unit", "u")
        store.append([append(8, 0, claims=[unit])])
        in_its_middle = [
            append(20, 0, note(text), command=20, claims=[free], texts=[text]),
            append(8, 1, command=21, releases=[unit]),
            append(21, 5, command=22),
            append(22, 0, command=23),
        ]
        first, *others = ([append(ticket, 0), append(ticket, 1)] for ticket in range(6))
        claiming = [append(30, 0, claims=[free]), append(30, 1)]
        # The first to wait for the log waits alone; those after it wait together.
        first_answer, refused, *more = answers_together(store, [first, in_its_middle, *others, claiming])
        assert isinstance(refused, Conflict)
        kept = [fact for one in (first_answer, *more) if isinstance(one, list) for (fact,) in one]
        assert sorted(kept, key=lambda fact: fact.position) == store.log(1, 100)
        assert [(fact.position, fact.recorded_at) for fact in store.log(0, 100)] == [
            (n + 1, START + n * MICROSECOND) for n in range(15)
        ]
        assert {fact.stream_id for fact in store.log(1, 100)} == {*map(number, range(6)), number(30)}
        assert [store.command(number(command)) for command in (20, 21, 22, 23)] == [None] * 4
        assert (store.holders("number", "R-1"), store.holders("unit", "u")) == ((number(30),), (number(8),))
        assert store.texts([text.digest]) == {}

    @pytest.mark.parametrize("kind", ["number", "unit"])
    def test_of_those_who_wait_together_for_a_claim_one_gets_it(self, store: Store, kind: ClaimKind) -> None:
        claim = Claim(kind, "R-1")
        answers = answers_together(store, [[append(ticket, 0, claims=[claim])] for ticket in range(6)])
        refused = [one for one in answers if isinstance(one, ClaimConflict)]
        (holder,) = store.holders(kind, "R-1")
        assert [(one.claim, one.holder) for one in refused] == [(claim, holder)] * 5
        assert [fact.stream_id for fact in store.log(0, 10)] == [holder]

    # threads

    def test_threads_append_at_once_and_nothing_is_lost_or_doubled(self, store: Store, another: Store) -> None:
        def work(thread: int) -> list[Recorded[Event]]:
            mine, facts = (store, another)[thread % 2], []
            for version in range(25):
                if (thread + version) % 5 == 0:
                    with pytest.raises(VersionConflict):
                        mine.append([append(thread + 100, 0, command=version), append(thread, version + 1)])
                ((fact,),) = mine.append([append(thread, version)])
                facts.append(fact)
            return facts

        with ThreadPoolExecutor(8) as threads:
            returned = [fact for facts in threads.map(work, range(8)) for fact in facts]
        log = store.log(0, 1_000)
        assert [fact.position for fact in log] == list(range(1, 201))
        assert sorted(returned, key=lambda fact: fact.position) == log
        assert len({fact.recorded_at for fact in log}) == 200
        assert [fact.recorded_at for fact in log] == sorted(fact.recorded_at for fact in log)

    @pytest.mark.parametrize("kind", ["number", "unit"])
    def test_of_threads_that_claim_the_same_one_gets_it(self, store: Store, another: Store, kind: ClaimKind) -> None:
        def work(thread: int) -> Answer:
            start.wait()
            return answer((store, another)[thread % 2], [append(thread, 0, claims=[Claim(kind, "R-1")])])

        start = Barrier(8)
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(work, range(8)))
        (kept,) = [thread for thread, one in enumerate(answers) if isinstance(one, list)]
        assert {one.holder for one in answers if isinstance(one, ClaimConflict)} == {number(kept)}
        assert store.holders(kind, "R-1") == (number(kept),)
        assert store.head() == 1

    def test_a_unit_is_handed_from_one_open_ticket_to_the_next(self, store: Store, another: Store) -> None:
        def work(thread: int) -> int:
            mine, version = (store, another)[thread % 2], 0
            for _ in range(30):
                if isinstance(answer(mine, [append(thread, version, claims=[unit])]), list):
                    mine.append([append(thread, version + 1, releases=[unit])])
                    version += 2
            return version

        unit = Claim("unit", "u")
        with ThreadPoolExecutor(4) as threads:
            versions = list(threads.map(work, range(4)))
        log = store.log(0, 1_000)
        assert len(log) == sum(versions) > 0
        # Whoever takes it gives it up before another takes it.
        assert [fact.stream_id for fact in log[::2]] == [fact.stream_id for fact in log[1::2]]
        assert {fact.version % 2 for fact in log[::2]} == {1}
        assert store.holders("unit", "u") == ()

    # retries

    def test_a_command_sent_again_finds_what_it_did_the_first_time(self, store: Store, another: Store) -> None:
        sent = append(1, 1, mark("a"), mark("b"), command=5)
        _, first = store.append([append(1, 0), sent])
        store.append([append(1, 3)])
        for retry in (sent, append(1, 4, command=5), append(2, 0, command=5)):
            with pytest.raises(CommandRepeated):
                another.append([retry])
        kept = another.command(number(5))
        assert kept == KeptCommand(sent.command_digest, number(1), 2, 3)
        history = another.stream(kept.stream_id, after_version=kept.first_version - 1)
        assert tuple(history[: kept.last_version - kept.first_version + 1]) == first
        assert store.head() == 4

    def test_of_one_command_sent_many_times_at_once_one_is_kept(self, store: Store, another: Store) -> None:
        def work(thread: int) -> Answer:
            start.wait()
            return answer((store, another)[thread % 2], [append(1, 0, mark(str(thread)), command=5)])

        start = Barrier(8)
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(work, range(8)))
        (kept,) = [one for one in answers if isinstance(one, list)]
        assert [isinstance(one, CommandRepeated) for one in answers].count(True) == 7
        assert kept == [tuple(store.log(0, 10))]

    def test_what_waits_with_its_own_repetition_is_kept_once(self, store: Store) -> None:
        answers = answers_together(store, [[append(1, 0, command=5)]] * 4 + [[append(2, 0, command=5)]] * 4)
        assert [isinstance(one, CommandRepeated) for one in answers].count(True) == 7
        assert store.head() == 1
