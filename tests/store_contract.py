"""The contract of every store, for a fixture `store_url` that names an empty one. Subclass it for a store of yours."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from uuid import UUID

import pytest

from tests.store_examples import (
    MICROSECOND,
    START,
    FakeClock,
    append,
    envelope_of,
    fake_random_bytes,
    note,
    number,
    published,
    salted,
)
from tests.view_contract import ViewContract
from ticketing.adapters.codec import Codec
from ticketing.adapters.store import Append, Claim, ClaimConflict, CommandRepeated, KeptCommand, Store, VersionConflict
from ticketing.adapters.urls import open_store
from ticketing.domain.errors import BadInput, StoreError, UnreadableEvent
from ticketing.domain.events import NoteRecorded, RepairStarted, UnitReceived
from ticketing.domain.reference import reference_stream
from ticketing.domain.values import Event, PrivateText, Recorded


class StoreContract(ViewContract):
    """What every store does."""

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

    def test_an_event_of_a_newer_version_is_unreadable_and_says_where_it_is(
        self, store_url: str, clock: FakeClock
    ) -> None:
        newer = Codec(schemas={"RepairStarted": 2})
        with closing(open_store(store_url, clock=clock, random_bytes=fake_random_bytes, codec=newer)) as store:
            store.append([append(1, 0)])
            store._codec = Codec()  # type: ignore[attr-defined]  # every store of ours has one
            where = rf"^position 1: stream {number(1)} version 1, ticketing:RepairStarted: schema 2 was written by"
            reads: list[Callable[[], object]] = [
                lambda: store.log(0, 1),
                lambda: store.stream(number(1)),
                lambda: list(store.histories()),
            ]
            for read in reads:
                with pytest.raises(UnreadableEvent, match=where):
                    read()

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

    # private texts

    def test_texts_are_found_by_digest(self, store: Store) -> None:
        first, second = salted("Straße 7, \0 «Hof»"), salted("")
        store.append([append(1, 0, note(first), note(second), texts=[first, second])])
        digests = [first.digest, second.digest, "ab" * 32]
        assert store.texts(digests) == {first.digest: first.text, second.digest: ""}
        assert store.texts([]) == {}

    def test_erased_texts_stay_erased_and_the_facts_stay(self, store: Store) -> None:
        first, second = salted("the neighbour did it"), salted("nobody did it")
        store.append([append(1, 0, note(first), note(second), texts=[first, second])])
        assert store.erase([first.digest, "ab" * 32]) == 1
        assert store.erase([first.digest]) == 0
        assert store.erase([]) == 0
        store.append([append(2, 0, note(first), texts=[first])])
        assert store.texts([first.digest, second.digest]) == {first.digest: None, second.digest: second.text}
        assert store.stream(number(1))[0].event == note(first)

    # threads

    def test_threads_append_at_once_and_nothing_is_lost_or_doubled(self, store: Store) -> None:
        def work(thread: int) -> list[Recorded[Event]]:
            mine = [append(thread, version) for version in range(25)]
            return [fact for one in mine for (fact,) in store.append([one])]

        with ThreadPoolExecutor(8) as threads:
            returned = [fact for facts in threads.map(work, range(8)) for fact in facts]
        log = store.log(0, 1_000)
        assert [fact.position for fact in log] == list(range(1, 201))
        assert sorted(returned, key=lambda fact: fact.position) == log
        assert len({fact.recorded_at for fact in log}) == 200
        assert [fact.recorded_at for fact in log] == sorted(fact.recorded_at for fact in log)

    def test_of_threads_that_claim_the_same_number_one_gets_it(self, store: Store) -> None:
        def work(thread: int) -> UUID | None:
            try:
                store.append([append(thread, 0, claims=[Claim("number", "R-1")])])
            except ClaimConflict as refused:
                return refused.holder
            return None

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(work, range(8)))
        assert answers.count(None) == 1
        assert set(answers) - {None} == {number(answers.index(None))}
        assert store.head() == 1
