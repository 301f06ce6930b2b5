"""The contract of every store's hash tree and checkpoints; part of `StoreContract`."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.store_examples import append
from ticketing.adapters.leaves import add_leaves, catch_up, leaf
from ticketing.adapters.notary import Notary
from ticketing.adapters.store import Store
from ticketing.adapters.tree import KeptCheckpoint
from ticketing.domain.errors import Conflict, DamagedTree, NotFound
from ticketing.domain.events import RepairStarted
from ticketing.domain.merkle import EMPTY_ROOT, Growing, is_consistent, is_included
from ticketing.domain.tiles import TILE_HASHES

MANY = 2 * TILE_HASHES + 88


def grow(store: Store, count: int, ticket: int = 1) -> None:
    """Appends so many facts at once."""
    store.append([append(ticket, 0, *[RepairStarted()] * count)])


def roots(store: Store) -> list[bytes]:
    """What the root is after each fact, computed from the log alone."""
    growing = Growing()
    computed = [growing.root()]
    for row in store.stored_log(0, store.head()):
        growing.add(leaf(row))
        computed.append(growing.root())
    return computed


def kept(size: int, note: str, keys: str = "") -> KeptCheckpoint:
    return KeptCheckpoint(size, bytes([size]) * 32, note, keys)


class TreeContract:
    """What every store's tree does."""

    def test_an_empty_store_has_an_empty_tree(self, store: Store) -> None:
        assert store.tree.size() == 0
        assert store.tree.tiles([(0, 0)]) == {}
        assert store.tree.checkpoints() == []
        assert Notary(store).catch_up() == 0
        assert Notary(store).root(0) == EMPTY_ROOT

    @pytest.mark.parametrize("page_size", [7, 256, 1000])
    def test_the_tree_has_every_fact_as_a_leaf_in_order(self, store: Store, page_size: int) -> None:
        told: list[int] = []
        notary = Notary(store, page_size=page_size)
        for part in (3, TILE_HASHES - 3, MANY - TILE_HASHES):
            grow(store, part, ticket=part)
            assert notary.catch_up(on_page=told.append) == store.head()
        assert told == sorted(set(told))
        assert told[-1] == notary.size() == MANY
        computed = roots(store)
        assert [notary.root(size) for size in range(0, MANY + 1, 75)] == computed[::75]
        tiles = store.tree.tiles([(0, 0), (0, 1), (0, 2), (0, 3), (1, 0)])
        assert {tile: len(hashes) // 32 for tile, hashes in tiles.items()} == {
            (0, 0): TILE_HASHES,
            (0, 1): TILE_HASHES,
            (0, 2): 88,
            (1, 0): 2,
        }

    def test_proofs_hold_for_what_is_on_the_log(self, store: Store) -> None:
        grow(store, MANY)
        notary = Notary(store)
        notary.catch_up()
        computed = roots(store)
        for row in store.stored_log(0, MANY)[::99]:
            for size in (row.position, MANY - 1, MANY):
                proof = notary.inclusion(row.position, size)
                assert is_included(leaf(row), row.position - 1, size, proof, computed[size])
        for older in range(0, MANY, 99):
            proof = notary.consistency(older, MANY)
            assert is_consistent(older, computed[older], MANY, computed[MANY], proof)

    def test_what_the_tree_does_not_reach_has_no_proof(self, store: Store) -> None:
        grow(store, 5)
        notary = Notary(store)
        with pytest.raises(NotFound, match="the tree has 0 leaves, not 5"):
            notary.inclusion(1, 5)
        notary.catch_up()
        with pytest.raises(NotFound, match="position 5 is not among the first 4"):
            notary.inclusion(5, 4)
        with pytest.raises(NotFound, match="position 0 is not among the first 4"):
            notary.inclusion(0, 4)
        with pytest.raises(NotFound, match="of 4 leaves did not grow out of one of 5"):
            notary.consistency(5, 4)
        with pytest.raises(NotFound, match="the tree has 5 leaves, not 6"):
            notary.root(6)

    def test_any_number_may_add_leaves_at_once(self, store: Store, another: Store) -> None:
        grow(store, 400)
        start = Barrier(4)

        def work(one: Store) -> int:
            start.wait()
            return catch_up(one, 7)

        with ThreadPoolExecutor(4) as threads:
            sizes = list(threads.map(work, [store, another, store, another]))
        assert sizes == [400] * 4
        assert Notary(another).root(400) == roots(store)[400]

    def test_who_does_not_know_how_large_the_tree_is_adds_nothing(self, store: Store, another: Store) -> None:
        store.tree.grow(0, 2, {(0, 0): bytes(64)})
        with pytest.raises(Conflict, match="no longer 0 leaves"):
            another.tree.grow(0, 1, {(0, 0): bytes(32), (0, 1): bytes(32)})
        assert another.tree.size() == 2
        assert another.tree.tiles([(0, 0), (0, 1)]) == {(0, 0): bytes(64)}
        another.tree.grow(2, 3, {(0, 0): bytes(96)})
        assert (store.tree.size(), store.tree.tiles([(0, 0)])) == (3, {(0, 0): bytes(96)})

    def test_a_log_that_ends_before_its_tree_is_told(self, store: Store) -> None:
        grow(store, 2)
        store.tree.grow(0, 3, {(0, 0): bytes(96)})
        with pytest.raises(DamagedTree, match="the tree has 3 leaves, and the log ends at 2: its end is gone"):
            catch_up(store, 10)

    def test_a_tree_that_lacks_hashes_is_told_and_made_anew(self, store: Store) -> None:
        grow(store, 5)
        store.tree.grow(0, 3, {(0, 0): bytes(64)})
        notary = Notary(store)
        with pytest.raises(DamagedTree, match="tile 0 of level 0 of the tree has 2 hashes of 3"):
            notary.catch_up()
        assert notary.rebuild() == 5
        assert notary.root(5) == roots(store)[5]

    def test_where_nothing_is_new_nothing_is_added(self, store: Store) -> None:
        assert add_leaves(store, 10) is None
        grow(store, 3)
        assert add_leaves(store, 2) == 2
        assert add_leaves(store, 2) == 3
        assert add_leaves(store, 2) is None

    # checkpoints

    def test_checkpoints_are_kept_once_and_found_in_order_of_size(self, store: Store, another: Store) -> None:
        first, second, third = kept(5, "a\n"), kept(9, "Zeugin Grün\n", "a key"), kept(5, "b\n")
        for checkpoint in (second, first, third, second):
            store.tree.keep(checkpoint)
        assert another.tree.checkpoints() == [first, third, second]
        assert another.tree.checkpoints(covering=5) == [first, third, second]
        assert another.tree.checkpoints(covering=6) == [second]
        assert another.tree.checkpoints(covering=10) == []

    def test_a_tree_made_anew_leaves_checkpoints_where_they_are(self, store: Store) -> None:
        store.tree.keep(kept(1, "a\n"))
        grow(store, 1)
        Notary(store).catch_up()
        store.tree.clear()
        assert (store.tree.size(), store.tree.tiles([(0, 0)])) == (0, {})
        assert [checkpoint.note for checkpoint in store.tree.checkpoints()] == ["a\n"]
