"""The contract of every store's views; part of `StoreContract`."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import pytest

from tests.store_examples import (
    START,
    FakeClock,
    fake_random_bytes,
    number,
)
from ticketing.adapters.store import Store
from ticketing.adapters.urls import open_store
from ticketing.domain.errors import BadInput, Conflict, StoreError
from ticketing.projections.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleRow(Row):
    """A row with a column of every kind."""

    site: str = "berlin"
    state: Literal["open", "closed"] = "open"
    visits: int | None = None
    is_back: bool = False
    was_asked: bool | None = None
    received_at: datetime | None = None
    previous: UUID | None = None
    marks: tuple[str, ...] = ()
    stays: tuple[tuple[str, datetime | None], ...] = ()


FILLED_ROW = ExampleRow(
    ticket_id=number(7),
    latest_at=START,
    version=3,
    site="b\"erlin'; –",
    state="closed",
    visits=2**62,
    is_back=True,
    was_asked=False,
    received_at=datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    previous=number(8),
    marks=("a", "\0ü"),
    stays=(("berlin", START), ("leipzig", None)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRow(Row):
    """A row of the same view in another shape."""

    site: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatRow(Row):
    """A row that no store keeps."""

    share: float = 0.0


class ViewContract:
    """What every store does with the rows of projections."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def store(self, store_url: str, clock: FakeClock) -> Iterator[Store]:
        with closing(open_store(store_url, clock=clock, random_bytes=fake_random_bytes)) as store:
            yield store

    def test_a_view_begins_empty_at_position_0(self, store: Store) -> None:
        view = store.view("example", 1, ExampleRow)
        assert view.position() == 0
        assert list(view.rows()) == []
        assert view.load([number(1)]) == {}

    def test_rows_of_every_kind_of_column_come_back_as_they_were(self, store: Store) -> None:
        view = store.view("example", 1, ExampleRow)
        empty = ExampleRow(ticket_id=number(1))
        view.save([FILLED_ROW, empty], expected_position=0, position=5)
        assert view.load([number(7), number(1), number(2)]) == {number(7): FILLED_ROW, number(1): empty}
        assert sorted(view.rows(), key=lambda row: row.ticket_id) == list(view.rows())
        (received_at,) = {row.received_at for row in view.rows()} - {None}
        assert received_at is not None
        assert received_at.tzinfo is UTC

    def test_a_saved_row_replaces_the_one_before(self, store: Store) -> None:
        view = store.view("example", 1, ExampleRow)
        view.save([FILLED_ROW], expected_position=0, position=1)
        later = ExampleRow(ticket_id=number(7), site="leipzig")
        view.save([later], expected_position=1, position=2)
        assert list(view.rows()) == [later]
        assert store.view("example", 1, ExampleRow).position() == 2

    def test_a_view_that_has_moved_on_is_a_conflict_and_nothing_is_written(self, store: Store) -> None:
        view = store.view("example", 1, ExampleRow)
        view.save([], expected_position=0, position=4)
        with pytest.raises(Conflict, match="position 0"):
            view.save([FILLED_ROW], expected_position=0, position=5)
        assert (view.position(), list(view.rows())) == (4, [])

    def test_versions_of_a_view_are_apart(self, store: Store) -> None:
        store.view("example", 1, ExampleRow).save([FILLED_ROW], expected_position=0, position=3)
        second = store.view("example", 2, ExampleRow)
        assert (second.position(), list(second.rows())) == (0, [])

    def test_a_cleared_view_begins_again(self, store: Store) -> None:
        view = store.view("example", 1, ExampleRow)
        view.save([FILLED_ROW], expected_position=0, position=3)
        view.clear()
        assert (view.position(), list(view.rows())) == (0, [])
        view.save([FILLED_ROW], expected_position=0, position=3)

    def test_a_view_of_other_columns_asks_for_another_version(self, store: Store) -> None:
        store.view("example", 1, ExampleRow)
        with pytest.raises(StoreError, match="example version 1 has other columns"):
            store.view("example", 1, OtherRow)

    @pytest.mark.parametrize(("name", "version"), [("Example", 1), ("a;b", 1), ("", 1), ("example", 0), ("e" * 41, 1)])
    def test_a_view_has_a_name_that_can_be_a_tables(self, store: Store, name: str, version: int) -> None:
        with pytest.raises(BadInput, match="projection"):
            store.view(name, version, ExampleRow)

    def test_a_row_with_a_float_is_refused(self, store: Store) -> None:
        with pytest.raises(BadInput, match=r"FloatRow\.share"):
            store.view("float", 1, FloatRow)

    def test_a_thousand_rows_come_in_order(self, store: Store) -> None:
        view = store.view("example", 1, ExampleRow)
        view.save([ExampleRow(ticket_id=number(n)) for n in range(1_500)], expected_position=0, position=1)
        assert [row.ticket_id for row in view.rows()] == sorted(map(number, range(1_500)))

    def test_rows_that_are_not_read_to_the_end_hold_nobody_up(self, store: Store) -> None:
        view = store.view("example", 1, ExampleRow)
        view.save([ExampleRow(ticket_id=number(n)) for n in range(1_500)], expected_position=0, position=1)
        rows = view.rows()
        next(rows)
        view.save([FILLED_ROW], expected_position=1, position=2)
        del rows
        assert len(list(view.rows())) == 1_500
