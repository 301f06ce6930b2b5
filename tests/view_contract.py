"""The contract of every store's views; part of `StoreContract`."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from threading import Event as Signal
from typing import Any

import pytest

from tests.store_examples import FILLED_ROW, START, ExampleRow, append, letter, number, save
from ticketing.adapters.store import Log, Store
from ticketing.adapters.view import RowsRefused, View, ViewId, ViewState
from ticketing.domain.errors import BadInput, Conflict, StoreError
from ticketing.projections.row import LOOKED_UP, Row

SERVED = ViewId("example", 1)
REBUILT = ViewId("example", 1, is_next=True)


class StreetName(StrEnum):
    """Texts that are more than texts, and would come back as less."""

    BACHSTRASSE = "Bachstraße"


WITHOUT_ZONE = START.replace(tzinfo=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRow(Row):
    """A row of the same view in another shape."""

    site: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow(Row):
    """A row that is looked up by two instants."""

    due_at: datetime | None = field(default=None, metadata=LOOKED_UP)
    next_at: datetime | None = field(default=None, metadata=LOOKED_UP)
    site: str = "berlin"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoughtRow(Row):
    """A row that no store looks up by its site."""

    site: str = field(default="", metadata=LOOKED_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatRow(Row):
    """A row that no store keeps."""

    share: float = 0.0


def example(log: Log, version: int = 1, *, is_next: bool = False) -> View[ExampleRow]:
    return log.view("example", version, ExampleRow, is_next=is_next)


def rows_at(site: str, count: int = 1_500) -> list[ExampleRow]:
    """A whole set of rows that can be told from another."""
    return [ExampleRow(ticket_id=number(n), site=site) for n in range(count)]


def switched(view: View[ExampleRow]) -> None:
    """Switches, again when a reader was in the way."""
    for _ in range(100):
        try:
            return view.switch()
        except Conflict:
            time.sleep(0.02)
    raise AssertionError("readers were in the way a hundred times")


class ViewContract:
    """What every store does with the rows of projections."""

    # rows

    def test_a_view_begins_empty_at_position_0(self, store: Store) -> None:
        view = example(store)
        assert view.position() == 0
        assert list(view.rows()) == []
        assert view.letters() == []
        loaded = view.load([number(1)])
        assert (loaded.position, dict(loaded.rows), loaded.letters) == (0, {}, ())

    def test_rows_of_every_kind_of_column_come_back_as_they_were(self, store: Store) -> None:
        view = example(store)
        empty = ExampleRow(ticket_id=number(1))
        save(view, [FILLED_ROW, empty], 5)
        loaded = view.load([number(7), number(1), number(2)])
        assert (loaded.position, loaded.rows) == (5, {number(7): FILLED_ROW, number(1): empty})
        assert sorted(view.rows(), key=lambda row: row.ticket_id) == list(view.rows())
        (received_at,) = {row.received_at for row in view.rows()} - {None}
        assert received_at is not None
        assert received_at.tzinfo is UTC

    @pytest.mark.parametrize(
        "extreme",
        [
            ExampleRow(ticket_id=number(7), visits=2**63 - 1, received_at=datetime.max.replace(tzinfo=UTC)),
            ExampleRow(ticket_id=number(7), visits=-(2**63), received_at=datetime.min.replace(tzinfo=UTC)),
            ExampleRow(ticket_id=number(7), site="", marks=("", "\N{SNOWMAN}", "\U0001f527"), stays=(("", None),)),
        ],
    )
    def test_values_at_the_limits_come_back_as_they_were(self, store: Store, extreme: ExampleRow) -> None:
        view = example(store)
        assert view.refusal(extreme) is None
        save(view, [extreme], 1)
        assert list(view.rows()) == [extreme]

    def test_a_saved_row_replaces_the_one_before(self, store: Store) -> None:
        view = example(store)
        save(view, [FILLED_ROW], 1)
        later = ExampleRow(ticket_id=number(7), site="leipzig")
        save(view, [later], 2)
        assert list(view.rows()) == [later]
        assert example(store).position() == 2

    def test_rows_are_taken_away_with_the_same_save(self, store: Store) -> None:
        view = example(store)
        others = [ExampleRow(ticket_id=number(1)), ExampleRow(ticket_id=number(2))]
        save(view, [FILLED_ROW, *others], 1)
        loaded = view.load([])
        view.save([], revision=loaded.revision, position=2, gone=[number(7), number(9)])
        assert list(view.rows()) == sorted(others, key=lambda row: row.ticket_id)
        with pytest.raises(Conflict):
            view.save([], revision=loaded.revision, position=3, gone=[number(1)])
        assert len(list(view.rows())) == 2

    def test_versions_of_a_view_are_apart(self, store: Store) -> None:
        save(example(store), [FILLED_ROW], 3, letter(7, 2))
        second = example(store, 2)
        assert (second.position(), list(second.rows()), second.letters()) == (0, [], [])

    def test_a_view_of_other_columns_asks_for_another_version(self, store: Store) -> None:
        example(store)
        with pytest.raises(StoreError, match="example version 1 has other columns"):
            store.view("example", 1, OtherRow)

    @pytest.mark.parametrize(("name", "version"), [("Example", 1), ("a;b", 1), ("", 1), ("example", 0), ("e" * 36, 1)])
    def test_a_view_has_a_name_that_can_be_a_tables(self, store: Store, name: str, version: int) -> None:
        with pytest.raises(BadInput, match="projection"):
            store.view(name, version, ExampleRow)

    def test_the_longest_name_may_be_rebuilt_too(self, store: Store) -> None:
        name = "e" * 35
        save(store.view(name, 99_999, ExampleRow), [FILLED_ROW], 1)
        save(store.view(name, 99_999, ExampleRow, is_next=True), [], 2)
        assert list(store.view(name, 99_999, ExampleRow).rows()) == [FILLED_ROW]
        store.view(name, 99_999, ExampleRow, is_next=True).switch()
        assert list(store.view(name, 99_999, ExampleRow).rows()) == []

    def test_a_row_with_a_float_is_refused(self, store: Store) -> None:
        with pytest.raises(BadInput, match=r"FloatRow\.share"):
            store.view("float", 1, FloatRow)

    def test_a_thousand_rows_come_in_order(self, store: Store) -> None:
        view = example(store)
        save(view, rows_at("berlin"), 1)
        assert [row.ticket_id for row in view.rows()] == sorted(map(number, range(1_500)))

    def test_rows_that_are_not_read_to_the_end_hold_nobody_up(self, store: Store) -> None:
        view = example(store)
        save(view, rows_at("berlin"), 1)
        rows = view.rows()
        next(rows)
        save(view, [FILLED_ROW], 2)
        del rows
        assert len(list(view.rows())) == 1_500

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("site", "ber\0lin"),
            ("site", "\ud800"),
            ("site", 7),
            ("site", StreetName.BACHSTRASSE),
            ("state", True),
            ("visits", 2**63),
            ("visits", -(2**63) - 1),
            ("visits", "1"),
            ("visits", 1.0),
            ("visits", True),
            ("is_back", 1),
            ("was_asked", "no"),
            ("received_at", WITHOUT_ZONE),
            ("received_at", START.isoformat()),
            ("received_at", datetime.max.replace(tzinfo=timezone(timedelta(hours=-11)))),
            ("previous", str(number(8))),
            ("previous", 8),
            ("marks", ["a"]),
            ("marks", "a"),
            ("marks", (1,)),
            ("marks", ("\ud800",)),
            ("stays", (("berlin",),)),
            ("stays", (("berlin", WITHOUT_ZONE),)),
            ("latest_at", WITHOUT_ZONE),
            ("version", 2**63),
        ],
    )
    def test_rows_with_a_value_that_its_column_does_not_take_are_refused_as_a_whole(
        self, store: Store, column: str, value: object
    ) -> None:
        view = example(store)
        save(view, [FILLED_ROW], 1)
        revision = view.load([]).revision
        broken: Any = {column: value}
        bad = replace(ExampleRow(ticket_id=number(9)), **broken)
        good = ExampleRow(ticket_id=number(7), site="leipzig")
        with pytest.raises(RowsRefused, match=rf"ExampleRow\.{column}") as refused:
            view.save([good, bad], revision=revision, position=2, letters=[letter(7, 2)])
        assert refused.value.reasons == {bad.ticket_id: view.refusal(bad)}
        assert "\n" not in str(refused.value)
        assert view.refusal(good) is None
        assert (view.position(), list(view.rows()), view.letters()) == (1, [FILLED_ROW], [])
        view.save([good], revision=revision, position=2)
        assert list(view.rows()) == [good]

    def test_all_refused_rows_are_named_by_their_tickets(self, store: Store) -> None:
        refused = [replace(FILLED_ROW, ticket_id=number(n), visits=2**63) for n in (1, 2)]
        with pytest.raises(RowsRefused) as said:
            save(example(store), [FILLED_ROW, *refused], 1)
        assert set(said.value.reasons) == {number(1), number(2)}

    def test_a_row_of_another_class_is_refused(self, store: Store) -> None:
        other: Any = OtherRow(ticket_id=number(1))
        with pytest.raises(RowsRefused, match="a OtherRow in place of a ExampleRow"):
            save(example(store), [other], 1)
        assert example(store).position() == 0

    # rows by an instant

    def test_rows_come_by_an_instant_the_soonest_first_up_to_another(self, store: Store) -> None:
        view = store.view("due", 1, DueRow)
        due_at = [START + timedelta(hours=hours) for hours in (3, 1, 2, 1, 4)]
        rows = [DueRow(ticket_id=number(n), due_at=at, next_at=START) for n, at in enumerate(due_at)]
        save(view, [*rows, DueRow(ticket_id=number(7), next_at=START), DueRow(ticket_id=number(8))], 1)
        in_order = sorted(rows, key=lambda row: (row.due_at or START, row.ticket_id))
        assert list(view.earliest("due_at", START + timedelta(hours=3))) == in_order[:4]
        assert list(view.earliest("due_at", START + timedelta(hours=3) - timedelta(microseconds=1))) == in_order[:3]
        assert list(view.earliest("due_at", START + timedelta(days=9), limit=2)) == in_order[:2]
        assert list(view.earliest("due_at", START)) == []
        assert len(list(view.earliest("next_at", START))) == 6

    def test_rows_by_an_instant_are_those_last_saved(self, store: Store, another: Store) -> None:
        view = store.view("due", 1, DueRow)
        save(view, [DueRow(ticket_id=number(n), due_at=START) for n in range(3)], 1)
        save(view, [DueRow(ticket_id=number(0)), DueRow(ticket_id=number(1), due_at=START + timedelta(days=1))], 2)
        view.save([], revision=view.load([]).revision, position=3, gone=[number(2)])
        found = another.view("due", 1, DueRow).earliest("due_at", START + timedelta(days=2))
        assert [row.ticket_id for row in found] == [number(1)]

    def test_a_thousand_rows_come_by_an_instant_in_order(self, store: Store) -> None:
        view = store.view("due", 1, DueRow)
        save(view, [DueRow(ticket_id=number(n), due_at=START - timedelta(hours=n)) for n in range(1_500)], 1)
        found = [row.due_at for row in view.earliest("due_at", START)]
        assert found == [START - timedelta(hours=n) for n in reversed(range(1_500))]

    def test_rows_that_were_rebuilt_come_by_an_instant_too(self, store: Store) -> None:
        for build in range(1, 4):
            save(store.view("due", 1, DueRow), [], 1)
            rebuilt = store.view("due", 1, DueRow, is_next=True)
            save(rebuilt, [DueRow(ticket_id=number(build), due_at=START)], 1)
            rebuilt.switch()
            found = store.view("due", 1, DueRow).earliest("due_at", START)
            assert [row.ticket_id for row in found] == [number(build)]

    @pytest.mark.parametrize("column", ["site", "latest_at", "due", 'due_at"; --'])
    def test_rows_are_looked_up_by_nothing_but_what_is_marked_for_it(self, store: Store, column: str) -> None:
        with pytest.raises(BadInput, match="DueRow is not looked up by"):
            store.view("due", 1, DueRow).earliest(column, START)

    def test_rows_are_looked_up_by_instants_alone(self, store: Store) -> None:
        with pytest.raises(BadInput, match=r"SoughtRow\.site: rows are looked up by instants"):
            store.view("sought", 1, SoughtRow)

    def test_many_rows_are_written_as_a_whole_or_not_at_all(
        self, store: Store, another: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ticketing.adapters.columns.PART", 4)
        view = example(store)
        save(view, iter(rows_at("berlin", 21)), 1)
        assert len(list(example(another).rows())) == 21
        revision = view.load([]).revision
        with pytest.raises(RowsRefused):
            view.save([*rows_at("ulm", 10), replace(FILLED_ROW, visits=2**63)], revision=revision, position=2)
        assert (view.position(), {row.site for row in view.rows()}) == (1, {"berlin"})
        with pytest.raises(Conflict):
            view.save(rows_at("ulm", 10), revision=revision - 1, position=2)
        twice = [*rows_at("ulm", 6), *rows_at("bonn", 6)]
        view.save(twice, revision=revision, position=2)
        assert sorted(row.site for row in example(another).rows()) == ["berlin"] * 15 + ["bonn"] * 6

    # who has seen what

    def test_who_has_not_seen_the_last_save_writes_nothing(self, store: Store, another: Store) -> None:
        view = example(store)
        seen = view.load([]).revision
        save(example(another), [FILLED_ROW], 4)
        with pytest.raises(Conflict, match="example version 1 was written to"):
            view.save([replace(FILLED_ROW, site="leipzig")], revision=seen, position=5, letters=[letter(7, 5)])
        assert (view.position(), list(view.rows()), view.letters()) == (4, [FILLED_ROW], [])

    def test_a_save_that_moves_nothing_is_seen_too(self, store: Store) -> None:
        view = example(store)
        save(view, [FILLED_ROW], 4)
        seen = view.load([]).revision
        view.save([], revision=seen, position=4, letters=[letter(7, 4)])
        with pytest.raises(Conflict):
            view.save([], revision=seen, position=5)

    def test_of_threads_that_have_seen_the_same_one_writes(self, store: Store) -> None:
        def work(thread: int) -> bool:
            view = example(store)
            try:
                view.save([replace(FILLED_ROW, visits=thread)], revision=revision, position=1)
            except Conflict:
                return False
            return True

        revision = example(store).load([]).revision
        with ThreadPoolExecutor(6) as threads:
            wrote = list(threads.map(work, range(6)))
        assert wrote.count(True) == 1
        assert [row.visits for row in example(store).rows()] == [wrote.index(True)]

    # dead letters

    def test_dead_letters_are_listed_in_order_and_loaded_by_ticket(self, store: Store) -> None:
        view = example(store)
        save(view, [], 9, letter(1, 7), letter(2, 9), letter(1, 3))
        assert view.letters() == [letter(1, 3), letter(1, 7), letter(2, 9)]
        assert view.load([number(1), number(3)]).letters == (letter(1, 3), letter(1, 7))
        assert view.load([]).letters == ()
        assert {one.recorded_at.tzinfo for one in view.letters()} == {UTC}

    def test_a_letter_replaces_the_one_of_its_position(self, store: Store) -> None:
        view = example(store)
        save(view, [], 5, letter(1, 3), letter(1, 5))
        anew = replace(letter(1, 3), reason="ValueError: something else", dropped_at=START + timedelta(days=1))
        save(view, [], 5, anew)
        assert view.letters() == [anew, letter(1, 5)]

    def test_a_healed_letter_is_gone_and_a_dropped_one_stays(self, store: Store) -> None:
        view = example(store)
        dropped = replace(letter(1, 2), dropped_at=START)
        save(view, [], 5, dropped, letter(1, 3), letter(2, 4))
        view.save([FILLED_ROW], revision=view.load([]).revision, position=5, healed=[3])
        assert view.letters() == [dropped, letter(2, 4)]
        save(view, [FILLED_ROW], 6)
        assert view.load([number(1)]).letters == (dropped,)

    # where it stands

    def test_a_view_says_where_it_stands(self, store: Store) -> None:
        view = example(store)
        assert view.state() == ViewState(id=SERVED, position=0, ready_from=0)
        dropped = replace(letter(1, 2), dropped_at=START)
        save(view, [FILLED_ROW], 5, dropped, letter(1, 3), letter(2, 4))
        view.save([], revision=view.load([]).revision, position=6, rate=1_250.5)
        save(view, [], 7)
        stands = ViewState(id=SERVED, position=7, ready_from=0, rate=1_250.5, waiting=2, dropped=1)
        assert view.state() == stands
        assert store.views() == [stands]

    def test_a_view_is_ready_from_the_head_when_it_was_made(self, store: Store) -> None:
        store.append([append(ticket, 0) for ticket in range(3)])
        view = example(store)
        assert (view.state().ready_from, view.state().is_ready) == (3, False)
        store.append([append(4, 0)])
        save(example(store), [], 2)
        assert not view.state().is_ready
        save(view, [], 3)
        assert (view.state().ready_from, view.state().is_ready) == (3, True)

    def test_all_views_are_listed_in_order_what_is_rebuilt_after_what_is_served(
        self, store: Store, another: Store
    ) -> None:
        assert store.views() == []
        for name, version in (("other", 1), ("example", 2), ("example", 10), ("example", 1), ("example_b", 1)):
            store.view(name, version, ExampleRow)
        store.view("example", 1, ExampleRow, is_next=True)
        store.view("other", 1, ExampleRow, is_next=True)
        ids = [SERVED, REBUILT, ViewId("example", 2), ViewId("example", 10), ViewId("example_b", 1)]
        assert [state.id for state in another.views()] == [*ids, ViewId("other", 1), ViewId("other", 1, is_next=True)]

    def test_a_removed_view_is_gone_with_its_rows_and_letters(self, store: Store) -> None:
        for is_next in (False, True):
            save(example(store, is_next=is_next), [FILLED_ROW], 3, letter(1, 2))
        save(example(store, 2), [FILLED_ROW], 4)
        store.remove_view(SERVED)
        assert [state.id for state in store.views()] == [REBUILT, ViewId("example", 2)]
        store.remove_view(REBUILT)
        assert [state.id for state in store.views()] == [ViewId("example", 2)]
        for is_next in (False, True):
            anew = example(store, is_next=is_next)
            assert (anew.position(), list(anew.rows()), anew.letters()) == (0, [], [])
        assert list(example(store, 2).rows()) == [FILLED_ROW]

    def test_a_view_is_removed_whatever_its_columns_and_if_there_is_none_nothing_happens(self, store: Store) -> None:
        store.remove_view(SERVED)
        example(store)
        store.remove_view(SERVED)
        save(store.view("example", 1, OtherRow), [OtherRow(ticket_id=number(1), site=3)], 1)
        store.remove_view(REBUILT)
        assert [row.site for row in store.view("example", 1, OtherRow).rows()] == [3]

    @pytest.mark.parametrize("is_next", [False, True])
    def test_who_goes_on_with_a_view_that_is_gone_has_a_conflict(
        self, store: Store, another: Store, is_next: bool
    ) -> None:
        example(store)
        view = example(store, is_next=is_next)
        revision = view.load([]).revision
        if is_next:
            example(another, is_next=True).switch()
        else:
            another.remove_view(SERVED)
        goes_on: list[Callable[[], object]] = [
            lambda: view.save([FILLED_ROW], revision=revision, position=1),
            lambda: view.load([]),
            view.position,
            view.state,
            view.letters,
            lambda: list(view.rows()),
            lambda: view.set_inline(True),
        ]
        for go_on in goes_on:
            with pytest.raises(Conflict):
                go_on()

    # rebuilds

    def test_what_is_being_rebuilt_lies_beside_what_is_served(self, store: Store, another: Store) -> None:
        served, rebuilt = example(store), example(store, is_next=True)
        save(served, [FILLED_ROW], 9, letter(1, 4))
        anew = replace(FILLED_ROW, site="leipzig")
        save(rebuilt, [anew], 3, letter(2, 2))
        assert (served.position(), list(served.rows()), served.letters()) == (9, [FILLED_ROW], [letter(1, 4)])
        assert (rebuilt.position(), list(rebuilt.rows()), rebuilt.letters()) == (3, [anew], [letter(2, 2)])
        assert dict(example(another, is_next=True).load([number(7)]).rows) == {number(7): anew}
        assert (rebuilt.state().id, rebuilt.state().position) == (REBUILT, 3)
        store.remove_view(REBUILT)
        assert list(example(another).rows()) == [FILLED_ROW]

    def test_a_switch_puts_the_rebuilt_rows_in_place_of_the_served(self, store: Store, another: Store) -> None:
        served, elsewhere, rebuilt = example(store), example(another), example(store, is_next=True)
        gone = ExampleRow(ticket_id=number(1))
        save(served, [FILLED_ROW, gone], 3, letter(1, 2))
        assert len(list(elsewhere.rows())) == 2
        anew = replace(FILLED_ROW, site="leipzig")
        save(rebuilt, [anew], 4, letter(2, 4))
        rebuilt.switch()
        for view in (served, elsewhere, example(store), example(another)):
            assert (view.position(), list(view.rows()), view.letters()) == (4, [anew], [letter(2, 4)])
            assert view.load([number(1), number(7)]).rows == {number(7): anew}
        assert [state.id for state in another.views()] == [SERVED]
        save(elsewhere, [gone], 5)
        assert {row.ticket_id for row in served.rows()} == {number(1), number(7)}

    def test_mode_and_fence_stay_when_a_rebuild_takes_the_place(self, store: Store, another: Store) -> None:
        with store.locked() as log:
            example(log).set_inline(True)
        watch = another.watch("leader")
        try:
            fence = watch.lead(SERVED)
            save(example(store, is_next=True), [FILLED_ROW], 0)
            example(store, is_next=True).switch()
            state = example(store).state()
            assert (state.is_inline, state.leader, state.fence) == (True, "leader", fence)
            assert watch.lead(SERVED) == fence
        finally:
            watch.close()

    def test_a_rebuild_that_is_not_as_far_as_what_is_served_does_not_take_its_place(self, store: Store) -> None:
        served, rebuilt = example(store), example(store, is_next=True)
        save(served, [FILLED_ROW], 5)
        anew = replace(FILLED_ROW, site="leipzig")
        save(rebuilt, [anew], 4)
        with pytest.raises(Conflict):
            rebuilt.switch()
        assert (served.position(), list(served.rows())) == (5, [FILLED_ROW])
        assert (rebuilt.position(), list(rebuilt.rows())) == (4, [anew])
        save(rebuilt, [], 5)
        rebuilt.switch()
        assert list(served.rows()) == [anew]

    @pytest.mark.parametrize("saves", [0, 1, 2])
    def test_who_has_not_seen_the_switch_writes_nothing(self, store: Store, saves: int) -> None:
        served, rebuilt = example(store), example(store, is_next=True)
        save(served, [FILLED_ROW], 0)
        for _ in range(saves):
            save(rebuilt, [], 0)
        seen = served.load([]).revision
        rebuilt.switch()
        with pytest.raises(Conflict):
            served.save([FILLED_ROW], revision=seen, position=6)
        assert (served.position(), list(served.rows())) == (0, [])

    def test_after_a_switch_the_next_rebuild_begins_at_0(self, store: Store) -> None:
        example(store)
        save(example(store, is_next=True), [FILLED_ROW], 5, letter(1, 3))
        example(store, is_next=True).switch()
        rebuilt = example(store, is_next=True)
        assert (rebuilt.position(), list(rebuilt.rows()), rebuilt.letters()) == (0, [], [])
        save(rebuilt, [replace(FILLED_ROW, site="leipzig")], 6)
        rebuilt.switch()
        assert [row.site for row in example(store).rows()] == ["leipzig"]

    def test_rows_that_were_begun_before_a_switch_come_as_one_whole_set(self, store: Store, another: Store) -> None:
        save(example(store), rows_at("before"), 1)
        save(example(store, is_next=True), rows_at("after"), 1)
        rows: Iterator[ExampleRow] = example(another).rows()
        first = next(rows)
        try:
            example(store, is_next=True).switch()
            is_switched = True
        except Conflict:  # a store may have the reader finish first
            is_switched = False
        assert [row.site for row in (first, *rows)] == ["before"] * 1_500
        if not is_switched:
            example(store, is_next=True).switch()
        assert [row.site for row in example(another).rows()] == ["after"] * 1_500

    def test_who_reads_all_the_time_never_sees_part_of_a_set(self, store: Store, another: Store) -> None:
        def read() -> list[tuple[int, set[str]]]:
            view, seen = example(another), []
            while not is_over.is_set():
                sites = [row.site for row in view.rows()]
                seen.append((len(sites), set(sites)))
            return seen

        is_over = Signal()
        save(example(store), rows_at("0", 700), 1)
        with ThreadPoolExecutor(2) as threads:
            readers = [threads.submit(read) for _ in range(2)]
            try:
                for rebuild in range(1, 6):
                    rebuilt = example(store, is_next=True)
                    save(rebuilt, rows_at(str(rebuild), 700), 1)
                    switched(rebuilt)
            finally:
                is_over.set()
            seen = [one for reader in readers for one in reader.result(20)]
        assert {count for count, _ in seen} == {700}
        assert {len(sites) for _, sites in seen} == {1}
        assert [row.site for row in example(store).rows()] == ["5"] * 700
