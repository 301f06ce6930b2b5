"""The upkeep of projections: waited for, kept inline or beside, removed, and where they stand."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.daemons import LONG, appends_all_the_time, meanwhile, running
from tests.store_examples import (
    ILLEGIBLE,
    MARKS,
    START,
    TALLY,
    FakeClock,
    Marks,
    MarksRow,
    Tally,
    TallyRow,
    append,
    fake_random_bytes,
    mark,
    number,
    published,
)
from ticketing.adapters.memory import MemoryStore
from ticketing.adapters.projector import view_of
from ticketing.adapters.store import Store, Stored
from ticketing.adapters.upkeep import ProjectionStatus, Upkeep, known_projections
from ticketing.adapters.urls import open_store
from ticketing.adapters.view import ViewId
from ticketing.domain.errors import BadInput, Conflict, MissingProjection, NotFound, NotReady
from ticketing.domain.values import Event, Recorded
from ticketing.projections.built_in import BUILT_IN
from ticketing.projections.row import Projection

NO_TIME = timedelta(0)


class NewMarks(Marks):
    """The next version of the projection: the latest mark comes first."""

    version = 2

    def apply(self, row: MarksRow, fact: Recorded[Event]) -> MarksRow:
        after = super().apply(row, fact)
        return row if after is row else replace(after, marks=(after.marks[-1], *row.marks))


NEW_MARKS = NewMarks()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(store_url: str, clock: FakeClock) -> Iterator[Store]:
    known = (MARKS, TALLY)
    with closing(open_store(store_url, clock=clock, random_bytes=fake_random_bytes, projections=known)) as store:
        yield store


def upkeep(store: Store, clock: FakeClock, *projections: Projection[Any], page_size: int = 10) -> Upkeep:
    return Upkeep(store, projections, clock=clock, random_bytes=fake_random_bytes, page_size=page_size)


@pytest.fixture
def kept(store: Store, clock: FakeClock) -> Upkeep:
    return upkeep(store, clock, MARKS, TALLY)


def marks(kept: Upkeep, projection: Projection[MarksRow] = MARKS) -> dict[int, tuple[str, ...]]:
    """The marks of the first tickets that have a row."""
    rows = {row.ticket_id: row.marks for row in kept.rows(projection)}
    return {n: rows[number(n)] for n in range(9) if number(n) in rows}


# catching up


def test_catching_up_ends_where_the_log_ended_though_others_go_on_appending(clock: FakeClock) -> None:
    store = open_store("memory:", clock=clock, random_bytes=fake_random_bytes)
    told = iter(range(100, 1_000))

    class Chatty(Tally):
        """Whoever reads a fact of it causes another."""

        def apply(self, row: TallyRow, fact: Recorded[Event]) -> TallyRow:
            store.append([append(next(told), 0)])
            return super().apply(row, fact)

    kept = upkeep(store, clock, Chatty(), page_size=2)
    store.append([append(ticket, 0) for ticket in range(5)])
    reached: list[int] = []
    # Pages of two: the third begins at position 4 and passes the end that was seen, 5, by what came meanwhile.
    assert kept.catch_up(on_page=reached.append) == 6
    assert reached == [2, 4, 6]
    assert store.head() == 11


def test_of_two_that_catch_up_at_once_one_folds_each_page(clock: FakeClock) -> None:
    class Overtaken(MemoryStore):
        """While one reads a page, another catches up."""

        overtakes: Upkeep | None = None

        def stored_log(self, after: int, limit: int) -> list[Stored]:
            page = super().stored_log(after, limit)
            other, self.overtakes = self.overtakes, None
            if other is not None:
                other.catch_up()
            return page

    store = Overtaken(clock=clock, random_bytes=fake_random_bytes)
    store.append([append(1, 0, mark("a"), mark("b"), mark("c"))])
    kept = upkeep(store, clock, MARKS, TALLY, page_size=2)
    store.overtakes = upkeep(store, clock, MARKS, page_size=1)
    assert kept.catch_up() == 3
    assert marks(kept) == {1: ("a", "b", "c")}
    assert [row.facts for row in kept.rows(TALLY)] == [3]


def test_projections_that_stand_at_different_places_are_brought_to_the_same(kept: Upkeep, store: Store) -> None:
    for _ in range(2):
        store.append([append(store.head(), 0, mark("a"))])
        kept.catch_up([TALLY])
    store.append([append(ticket, 0, mark("a")) for ticket in (2, 3)])
    assert kept.catch_up() == 4
    assert [row.facts for row in kept.rows(TALLY)] == [1, 1, 1, 1]
    assert marks(kept) == dict.fromkeys(range(4), ("a",))
    assert upkeep(store, FakeClock()).catch_up() == 4


def test_facts_of_published_things_make_no_rows_and_are_passed(kept: Upkeep, store: Store) -> None:
    store.append([published("berlin")])
    assert kept.catch_up() == 1
    assert (list(kept.rows(TALLY)), marks(kept)) == ([], {})


# waiting


def test_who_waits_for_what_is_folded_already_waits_no_time(kept: Upkeep, store: Store) -> None:
    kept.wait(0, timeout=NO_TIME)
    store.append([append(1, 0, mark("a"))])
    kept.catch_up()
    kept.wait(1, timeout=NO_TIME)
    kept.wait(1, [MARKS], timeout=NO_TIME)


def test_who_waits_where_nobody_folds_is_told_how_far_it_is(kept: Upkeep, store: Store) -> None:
    store.append([append(1, 0, mark("a"), mark("b"))])
    kept.catch_up([TALLY])
    kept.wait(2, [TALLY], timeout=NO_TIME)
    with pytest.raises(NotReady, match="marks is at position 0, not 2 yet"):
        kept.wait(2, timeout=timedelta(milliseconds=30))


def test_who_waits_reads_what_he_wrote(kept: Upkeep, store: Store) -> None:
    with running(kept):
        for version in range(5):
            ((fact,),) = store.append([append(1, version, mark(str(version)))])
            kept.wait(fact.position, timeout=LONG)
            assert marks(kept) == {1: tuple(map(str, range(version + 1)))}
            assert [row.facts for row in kept.rows(TALLY)] == [version + 1]


# inline, and beside


def test_rows_made_inline_are_written_by_every_append_until_they_are_left_to_a_daemon(
    kept: Upkeep, store: Store
) -> None:
    store.append([append(ticket, 0, mark("a")) for ticket in range(8)])
    kept.make_inline(MARKS)
    assert (len(marks(kept)), [it.mode for it in kept.status()]) == (8, ["inline", "daemon"])
    store.append([append(1, 1, mark("b"))])
    kept.wait(9, [MARKS], timeout=NO_TIME)
    assert marks(kept)[1] == ("a", "b")
    kept.make_inline(MARKS)
    kept.leave_to_daemon(MARKS)
    store.append([append(1, 2, mark("c"))])
    assert (marks(kept)[1], [it.mode for it in kept.status()]) == (("a", "b"), ["daemon", "daemon"])
    kept.catch_up()
    assert marks(kept)[1] == ("a", "b", "c")


def test_rows_are_made_inline_while_others_append_and_a_daemon_folds(kept: Upkeep, store: Store) -> None:
    with running(kept, poll=timedelta(milliseconds=20)), meanwhile(appends_all_the_time(store)):
        for _ in range(8):
            kept.make_inline(MARKS)
            kept.wait(store.head(), [MARKS], timeout=NO_TIME)
            kept.leave_to_daemon(MARKS)
        kept.make_inline(MARKS)
    kept.catch_up()
    for projection in (MARKS, TALLY):
        kept.rebuild(projection)
    head = store.head()
    assert head > 0
    assert {it.name: it.position for it in kept.status()} == {"marks": head, "tally": head}
    assert sum(row.facts for row in kept.rows(TALLY)) == head
    assert sum(row.weight for row in kept.rows(MARKS)) == head


def test_a_process_that_lacks_an_inline_projection_reads_and_may_not_append(
    kept: Upkeep, store: Store, clock: FakeClock
) -> None:
    upgraded = upkeep(store, clock, NEW_MARKS)
    store.append([append(1, 0, mark("a"))])
    upgraded.make_inline(NEW_MARKS)  # which the store here was not opened with
    with pytest.raises(MissingProjection, match="projection marks version 2 inline, and this process lacks it"):
        store.append([append(1, 1, mark("b"))])
    kept.catch_up()
    assert marks(kept) == marks(upgraded, NEW_MARKS) == {1: ("a",)}
    # Who lacks it can take it away, and nobody is kept from appending any more.
    kept.remove("marks", 2)
    store.append([append(1, 1, mark("b"))])


# where they stand


def test_the_status_says_where_every_projection_stands(kept: Upkeep, store: Store, clock: FakeClock) -> None:
    store.append([append(1, 0, mark("a"), mark(ILLEGIBLE))])
    clock.now = START + timedelta(seconds=60)
    store.append([append(2, 0, mark(ILLEGIBLE))])
    kept.catch_up([MARKS])
    kept.drop(MARKS, number(2))
    clock.now = START + timedelta(seconds=100)
    store.append([append(3, 0, mark("z")), append(3, 1, mark("y"))])
    clock.now = START + timedelta(seconds=130.5)
    here = ProjectionStatus(
        name="marks",
        version=1,
        mode="daemon",
        is_known=True,
        is_ready=True,
        position=3,
        head=5,
        lag_events=2,
        # The first that is not folded, at position 4, was recorded at 100 s, and it is 130.5 s now.
        lag_seconds=30.5,
        rate=None,
        leader=None,
        dead_letters=1,
        dropped=1,
    )
    not_begun = replace(
        here,
        name="tally",
        version=2,
        is_ready=False,
        position=0,
        lag_events=5,
        lag_seconds=130.5,
        dead_letters=0,
        dropped=0,
    )
    status = kept.status()
    assert [replace(it, rate=None) for it in status] == [here, not_begun]
    folded, never = (it.rate for it in status)
    assert folded is not None
    assert folded > 0
    assert never is None
    assert here.plain()["lag_seconds"] == 30.5
    kept.catch_up()
    assert [replace(it, rate=None) for it in kept.status()] == [
        replace(it, is_ready=True, position=5, lag_events=0, lag_seconds=0.0) for it in (here, not_begun)
    ]


def test_the_status_shows_rows_that_this_process_has_no_projection_for_and_rows_being_rebuilt(
    kept: Upkeep, store: Store, clock: FakeClock
) -> None:
    store.append([append(1, 0, mark("a"), mark("b"))])
    kept.catch_up([MARKS])
    upgraded = upkeep(store, clock, NEW_MARKS, page_size=1)
    upgraded.catch_up()

    def give_up(progress: object) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        upgraded.rebuild(NEW_MARKS, on_progress=give_up)
    seen = [(it.name, it.version, it.mode, it.is_known, it.position, it.lag_events) for it in upgraded.status()]
    assert seen == [
        ("marks", 1, "daemon", False, 2, 0),
        ("marks", 2, "daemon", True, 2, 0),
        ("marks", 2, "rebuild", True, 1, 1),
    ]


@pytest.mark.parametrize(("seconds", "lag"), [(0.9, 0.0), (3600, None)])
def test_how_long_it_is_behind_nobody_can_say_where_stamps_are_ahead_of_the_clock(
    kept: Upkeep, store: Store, clock: FakeClock, seconds: float, lag: float | None
) -> None:
    store.append([append(1, 0)])
    clock.now = START - timedelta(seconds=seconds)
    assert {it.lag_seconds for it in kept.status()} == {lag}


def test_the_status_names_who_leads_and_how_fast_it_went(kept: Upkeep, store: Store) -> None:
    store.append([append(ticket, 0) for ticket in range(25)])
    assert {(it.leader, it.rate) for it in kept.status()} == {(None, None)}
    with running(kept):
        kept.wait(25, timeout=LONG)
        leaders = {it.leader for it in kept.status()}
        (leader,) = leaders - {None}
        assert leader is not None
        assert leader.endswith(":00010203")  # after the machine and the process
        assert all(it.rate is not None and it.rate > 0 for it in kept.status())
    assert {it.leader for it in kept.status()} == {None}


# names and versions


def test_a_projection_is_found_by_its_name(kept: Upkeep) -> None:
    assert kept.named("tally") is TALLY
    with pytest.raises(BadInput, match="there is no projection taly here; the nearest is tally"):
        kept.named("taly")


def test_of_one_name_there_is_one_projection() -> None:
    assert list(known_projections([MARKS, *BUILT_IN, MARKS, Marks()])) == [*(it.name for it in BUILT_IN), "marks"]

    class OtherMarks(Marks):
        """Another projection of the same name and version."""

    for second in (NEW_MARKS, OtherMarks()):
        with pytest.raises(BadInput, match="two projections are given under the name marks"):
            known_projections([MARKS, second])


def test_rows_that_nobody_folds_any_more_are_removed(kept: Upkeep, store: Store, clock: FakeClock) -> None:
    store.append([append(1, 0, mark("a"), mark(ILLEGIBLE))])
    kept.catch_up()
    upgraded = upkeep(store, clock, NEW_MARKS)
    upgraded.catch_up()
    view_of(store, MARKS, is_next=True)  # begun to be rebuilt, and left
    for name, version in (("marks", 2), ("tally", 2)):
        with pytest.raises(Conflict, match=f"{name} version 2 is in use here"):
            upkeep(store, clock, NEW_MARKS, TALLY).remove(name, version)
    for name, version in (("marks", 3), ("mark", 1)):
        with pytest.raises(NotFound, match=f"there are no rows of {name} version {version}"):
            upgraded.remove(name, version)
    upgraded.remove("marks", 1)
    assert [state.id for state in store.views()] == [ViewId("marks", 2), ViewId("tally", 2)]
    assert marks(upgraded, NEW_MARKS) == {1: ("a",)}
    assert [letter.position for letter in upgraded.dead_letters(NEW_MARKS)] == [2]
    # Whoever still has it begins anew, and nothing is left of before.
    assert (marks_or_not_ready(kept), kept.dead_letters(MARKS)) == (None, [])
    kept.catch_up()
    assert marks(kept) == {1: ("a",)}


def marks_or_not_ready(kept: Upkeep) -> dict[int, tuple[str, ...]] | None:
    try:
        return marks(kept)
    except NotReady:
        return None
