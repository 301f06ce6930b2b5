"""Leaves: hashes a store's log page by page, and adds to its hash tree what the log has and the tree lacks."""

from collections.abc import Callable

from ticketing.adapters.defect import DAMAGE, kind_of
from ticketing.adapters.store import Store, Stored
from ticketing.domain.errors import Conflict, DamagedTree, NotProven
from ticketing.domain.leaf import leaf_of
from ticketing.domain.merkle import Growing
from ticketing.domain.tiles import grown


def leaf(row: Stored) -> bytes:
    """The hash of a row of the log as a leaf of the tree.

    Raises:
        DamagedTree: The row has other types than it was stored with.
    """
    try:
        return leaf_of(row.position, row.stream_id, row.version, row.topic, row.recorded_at, row.state)
    except (ValueError, TypeError, AttributeError) as error:
        raise DamagedTree(f"position {row.position:,} cannot be hashed: ticketing check") from error


def add_leaves(store: Store, page_size: int) -> int | None:
    """Adds the leaves of the next page of facts.

    Returns:
        How many leaves the tree has now, whoever added them; None where the log has no more.

    Raises:
        DamagedTree: The log ends before the tree or has a gap, or a fact or a tile is damaged.
    """
    size = store.tree.size()
    rows = store.stored_log(size, page_size)
    if not rows:
        head = store.head()
        if size > head:
            raise DamagedTree(f"the tree has {size:,} leaves, and the log ends at {head:,}: its end is gone")
        return None
    if rows[-1].position != size + len(rows):
        raise DamagedTree(
            f"the log has a gap between positions {size + 1:,} and {rows[-1].position:,}: ticketing check"
        )
    tiles = grown(size, [leaf(row) for row in rows], store.tree.tile_of())
    try:
        store.tree.grow(size, size + len(rows), tiles)
    except Conflict:  # another process was faster, with the same leaves
        return store.tree.size()
    return size + len(rows)


def catch_up(store: Store, page_size: int, *, on_page: Callable[[int], None] | None = None) -> int:
    """Adds the leaves of all facts up to the log's head, in the memory of a page of them.

    Args:
        store: Others may append to it and add leaves meanwhile.
        page_size: Facts read and added at a time.
        on_page: Told after each page how many leaves there are.

    Returns:
        How many leaves the tree has.

    Raises:
        DamagedTree: As `add_leaves` says.
    """
    head = store.head()
    while (size := add_leaves(store, page_size)) is not None:
        if on_page is not None:
            on_page(size)
        if size >= head:
            return size
    return store.tree.size()


def root_of_events(store: Store, size: int, page_size: int, *, on_page: Callable[[int], None] | None = None) -> bytes:
    """The hash over the first so many facts, computed of the facts as they are and of nothing else that is kept.

    Args:
        store: Others may append to it.
        size: How many facts.
        page_size: Facts read at a time; no more are held in memory.
        on_page: Told after each page how many were hashed.

    Raises:
        NotProven: The log ends before that or has a gap, or a fact cannot be hashed.
        StoreError: The store is gone.
    """
    growing = Growing()
    while growing.size < size:
        try:
            rows = store.stored_log(growing.size, min(page_size, size - growing.size))
            leaves = [leaf(row) for row in rows]
        except DAMAGE as error:
            kind_of(store, error)
            place = f"positions {growing.size + 1:,} to {min(growing.size + page_size, size):,}"
            raise NotProven(f"{place}: a fact among them cannot be read, it was changed: ticketing check") from error
        if not rows:
            raise NotProven(f"the log ends at {growing.size:,}, before {size:,}: its end was cut off")
        for row, hashed in zip(rows, leaves, strict=True):
            if row.position != growing.size + 1:
                raise NotProven(f"position {growing.size + 1:,} is gone from the log: ticketing check")
            growing.add(hashed)
        if on_page is not None:
            on_page(growing.size)
    return growing.root()
