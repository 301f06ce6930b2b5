"""The contract of every store's inline projections: rows written with the append; part of `StoreContract`."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.store_examples import (
    ILLEGIBLE,
    MARKS,
    MICROSECOND,
    START,
    TALLY,
    UNKNOWN,
    UNSPEAKABLE,
    FakeClock,
    MarksRow,
    append,
    correction,
    mark,
    note,
    number,
    published,
    retraction,
    salted,
)
from ticketing.adapters.projector import Followed, catch_up, make_inline, rebuild_next, view_of
from ticketing.adapters.store import Claim, Log, Store, VersionConflict
from ticketing.adapters.view import DeadLetter, ViewId
from ticketing.domain.cuts import surviving
from ticketing.domain.errors import MissingProjection
from ticketing.domain.events import RepairStarted
from ticketing.projections.row import fold_row

EARLIER = START - timedelta(days=1)


def marks(log: Log) -> dict[int, tuple[str, ...]]:
    """The marks of the first tickets that have a row."""
    rows = {row.ticket_id: row.marks for row in view_of(log, MARKS).rows()}
    return {n: rows[number(n)] for n in range(20) if number(n) in rows}


def folded(store: Store) -> list[MarksRow]:
    """The rows that whole histories add up to."""
    return [fold_row(MARKS, history[0].stream_id, surviving(history)) for history in store.histories()]


class InlineContract:
    """What every store does with the rows that are part of every append."""

    @pytest.fixture
    def inline(self, store: Store) -> Store:
        """The store, keeping marks inline."""
        make_inline(store, MARKS, 10)
        return store

    # the rows

    def test_a_projection_kept_inline_says_so(self, inline: Store, another: Store) -> None:
        view_of(inline, TALLY)
        assert [(state.id, state.is_inline) for state in another.views()] == [
            (ViewId("marks", 1), True),
            (ViewId("tally", 2), False),
        ]

    def test_rows_are_written_with_the_append(self, inline: Store, another: Store) -> None:
        ((fact,),) = inline.append([append(1, 0, mark("a"))])
        view = view_of(another, MARKS)
        assert view.position() == 1
        assert list(view.rows()) == [
            MarksRow(ticket_id=number(1), latest_at=fact.occurred_at, version=1, weight=1, marks=("a",))
        ]

    def test_what_was_there_before_is_in_the_rows(self, store: Store, another: Store) -> None:
        store.append([append(ticket, 0, mark("a"), mark("b")) for ticket in range(15)])
        make_inline(store, MARKS, 10)
        assert marks(another) == dict.fromkeys(range(15), ("a", "b"))
        another.append([append(1, 2, mark("c"))])
        assert marks(store)[1] == ("a", "b", "c")
        assert view_of(store, MARKS).position() == 31

    def test_several_appends_of_one_call_are_all_in_the_rows(self, inline: Store) -> None:
        inline.append(
            [
                append(1, 0, mark("a"), mark("b")),
                published("berlin"),
                append(2, 0, mark("x")),
                append(1, 2, mark("c")),
            ]
        )
        assert marks(inline) == {1: ("a", "b", "c"), 2: ("x",)}
        assert view_of(inline, MARKS).position() == inline.head() == 5

    def test_the_position_moves_with_facts_that_are_no_tickets(self, inline: Store) -> None:
        inline.append([published("berlin")])
        assert (view_of(inline, MARKS).position(), marks(inline)) == (1, {})
        inline.append([])
        assert view_of(inline, MARKS).position() == 1

    def test_appends_of_other_processes_are_in_the_rows(self, inline: Store, another: Store) -> None:
        for version in range(4):
            (inline, another)[version % 2].append([append(1, version, mark(str(version)))])
        assert marks(inline) == marks(another) == {1: ("0", "1", "2", "3")}
        assert view_of(inline, MARKS).position() == 4

    def test_a_late_entry_goes_where_it_belongs(self, inline: Store) -> None:
        inline.append([append(1, 0, mark("b"), mark("c"))])
        inline.append([append(1, 2, mark("a"), at=EARLIER), append(1, 3, mark("d"))])
        assert marks(inline) == {1: ("a", "b", "c", "d")}

    def test_corrections_and_retractions_change_the_rows(self, inline: Store) -> None:
        inline.append([append(1, 0, mark("a"), mark("b"), mark("c"))])
        inline.append([append(1, 3, correction(1, "A"))])
        assert marks(inline) == {1: ("A", "b", "c")}
        inline.append([append(1, 4, retraction(2), mark("d")), append(1, 6, retraction(4))])
        assert marks(inline) == {1: ("a", "c", "d")}

    def test_inline_rows_are_those_of_the_whole_history(self, inline: Store, another: Store) -> None:
        for ticket in range(5):
            inline.append([append(ticket, 0, mark("a"), RepairStarted())])
        another.append([append(1, 2, mark("late"), at=EARLIER), append(2, 2, correction(1, "b"))])
        inline.append([append(1, 3, retraction(1)), append(1, 4, mark("later"), at=EARLIER - timedelta(days=1))])
        another.append([append(3, 2, retraction(1), retraction(3), mark("c")), append(2, 3, retraction(3))])
        inline.append([append(4, 2, mark("x"), at=START), append(4, 3, mark("y"))])
        assert list(view_of(another, MARKS).rows()) == folded(store=inline)
        assert marks(inline) == {0: ("a",), 1: ("later", "late"), 2: ("a",), 3: ("a", "c"), 4: ("a", "y", "x")}

    def test_rows_of_threads_that_append_at_once_are_those_of_the_log(self, inline: Store, another: Store) -> None:
        def work(thread: int) -> None:
            mine = (inline, another)[thread % 2]
            for version in range(15):
                if (thread + version) % 5 == 0:
                    with pytest.raises(VersionConflict):
                        mine.append([append(thread + 6, 0, mark("never")), append(thread, version + 1)])
                mine.append([append(thread, version, mark(str(version)))])

        with ThreadPoolExecutor(6) as threads:
            list(threads.map(work, range(6)))
        assert marks(inline) == dict.fromkeys(range(6), tuple(map(str, range(15))))
        assert view_of(inline, MARKS).position() == inline.head() == 90

    def test_no_reader_sees_the_log_further_than_the_rows(self, inline: Store, another: Store) -> None:
        def read() -> list[tuple[int, int]]:
            view, seen = view_of(another, MARKS), [(0, 0)]
            while seen[-1][0] < 60:
                seen.append((another.head(), view.position()))
            return seen

        with ThreadPoolExecutor(1) as threads:
            reading = threads.submit(read)
            for version in range(60):
                inline.append([append(1, version, mark("a"))])
            seen = reading.result(30)
        assert [(head, position) for head, position in seen if position < head] == []

    def test_a_refused_append_leaves_the_rows_as_they_were(self, inline: Store) -> None:
        inline.append([append(1, 0, mark("a"))])
        with pytest.raises(VersionConflict):
            inline.append([append(1, 1, mark("b")), append(2, 5)])
        assert (view_of(inline, MARKS).position(), marks(inline)) == (1, {1: ("a",)})

    def test_several_projections_are_kept_inline_and_another_is_not(self, inline: Store) -> None:
        make_inline(inline, TALLY, 10)
        view_of(inline, UNKNOWN)
        inline.append([append(1, 0, mark("a"), RepairStarted())])
        assert marks(inline) == {1: ("a",)}
        assert [row.facts for row in view_of(inline, TALLY).rows()] == [2]
        assert view_of(inline, UNKNOWN).position() == 0

    def test_a_projection_no_longer_kept_inline_is_caught_up_with_again(self, inline: Store, another: Store) -> None:
        inline.append([append(1, 0, mark("a"))])
        with inline.locked() as log:
            view_of(log, MARKS).set_inline(False)
        another.append([append(1, 1, mark("b"))])
        assert (view_of(inline, MARKS).position(), marks(inline)) == (1, {1: ("a",)})
        assert catch_up(inline, [MARKS]) == 2
        assert marks(inline) == {1: ("a", "b")}

    def test_a_rebuild_of_inline_rows_takes_their_place_and_stays_inline(self, inline: Store, another: Store) -> None:
        def append_once(position: int) -> None:
            if position == 3:
                inline.append([append(2, 3, mark("3"))])

        inline.append([append(1, 0, mark("a"), mark("b")), append(2, 0, mark("0"), mark("1"), mark("2"))])
        rebuilt = Followed(MARKS, view_of(another, MARKS, is_next=True))
        rebuild_next(another, rebuilt, page_size=3, on_page=append_once)
        another.append([append(1, 2, mark("c"))])
        assert marks(inline) == {1: ("a", "b", "c"), 2: ("0", "1", "2", "3")}
        (state,) = inline.views()
        assert (state.id, state.position, state.is_inline) == (ViewId("marks", 1), 7, True)

    # what a projection fails at

    def test_an_event_that_cannot_be_taken_in_is_set_aside_and_the_append_is_kept(
        self, inline: Store, clock: FakeClock
    ) -> None:
        inline.append([append(1, 0, mark("a")), append(2, 0, mark("x"))])
        clock.now = START + timedelta(hours=1)
        _, (_, poison) = inline.append([append(2, 1, mark("y")), append(1, 1, mark("b"), mark(ILLEGIBLE))])
        assert poison in inline.log(0, 10)
        assert inline.command(poison.command_id) is not None
        view = view_of(inline, MARKS)
        assert view.letters() == [
            DeadLetter(
                ticket_id=number(1),
                position=5,
                version=3,
                topic="ticketing:HostFactRecorded",
                reason="ValueError: a mark that is illegible",
                recorded_at=START + timedelta(hours=1) + MICROSECOND,
            )
        ]
        assert (view.state().waiting, view.position()) == (1, 5)
        assert marks(inline) == {1: ("a", "b"), 2: ("x", "y")}

    def test_later_events_of_its_ticket_wait_with_it_and_others_go_on(self, inline: Store, another: Store) -> None:
        inline.append([append(1, 0, mark("a"), mark(ILLEGIBLE), mark("b")), append(2, 0, mark("x"))])
        another.append([append(1, 3, mark("c"), mark("d", 5)), append(2, 1, mark("y"))])
        inline.append([append(1, 5, mark(ILLEGIBLE)), append(1, 6, mark("e"), at=EARLIER), append(1, 7, retraction(2))])
        assert marks(another) == {1: ("a",), 2: ("x", "y")}
        assert [one.position for one in view_of(inline, MARKS).letters()] == [2]
        assert view_of(inline, MARKS).position() == inline.head() == 10

    def test_a_correction_that_makes_a_mark_illegible_is_set_aside(self, inline: Store) -> None:
        inline.append([append(1, 0, mark("a"), mark("b"))])
        inline.append([append(1, 2, correction(1, ILLEGIBLE)), append(1, 3, mark("c"))])
        (letter,) = view_of(inline, MARKS).letters()
        assert (letter.position, letter.topic) == (3, "ticketing:EventCorrected")
        assert marks(inline) == {1: ("a", "b")}

    def test_a_value_that_no_column_takes_sets_aside_its_ticket_alone(self, inline: Store) -> None:
        inline.append([append(1, 0, mark("a"), mark("b", 2**63), mark("c")), append(2, 0, mark("x"))])
        (letter,) = view_of(inline, MARKS).letters()
        assert (letter.ticket_id, letter.position) == (number(1), 2)
        assert "MarksRow.weight" in letter.reason
        assert marks(inline) == {1: ("a",), 2: ("x",)}
        assert view_of(inline, MARKS).position() == inline.head() == 4

    def test_an_event_is_set_aside_whatever_its_failure_says(self, inline: Store) -> None:
        inline.append([append(1, 0, mark("a"), mark(UNSPEAKABLE)), append(2, 0, mark("x"))])
        (letter,) = view_of(inline, MARKS).letters()
        assert letter.position == 2
        assert letter.reason.startswith("ValueError: it's 100 % {} \\ – ")
        assert marks(inline) == {1: ("a",), 2: ("x",)}

    # who lacks it

    def test_a_process_that_lacks_it_may_read_and_may_not_append(self, store: Store) -> None:
        text = salted("kept with nothing")
        store.append([append(1, 0, mark("a"))])
        make_inline(store, UNKNOWN, 10)
        refused = append(2, 0, note(text), claims=[Claim("number", "R-1")], texts=[text])
        for _ in range(2):
            with pytest.raises(MissingProjection, match="projection unknown version 2 inline"):
                store.append([refused])
        assert (store.head(), store.stream(number(2)), store.command(refused.command_id)) == (1, [], None)
        assert (store.holders("number", "R-1"), store.texts([text.digest])) == ((), {})
        assert [fact.stream_id for fact in store.log(0, 10)] == [number(1)]
        assert [row.facts for row in view_of(store, UNKNOWN).rows()] == [1]
        with store.locked() as log:
            view_of(log, UNKNOWN).set_inline(False)
        store.append([refused])
        assert store.head() == 2
