"""The hash tree against the log: its leaves are the facts that are there, and checkpoints are of this log."""

from collections.abc import Iterator

from ticketing.adapters.defect import DAMAGE, Defect, kind_of
from ticketing.adapters.keys import can_verify
from ticketing.adapters.leaves import leaf
from ticketing.adapters.notary import received
from ticketing.adapters.store import Store, Stored
from ticketing.domain.errors import BadInput, DamagedTree
from ticketing.domain.merkle import HASH_BYTES, Growing
from ticketing.domain.tiles import TILE_HASHES, TileId, root_of_tile


class TreeCheck:
    """Holds a store's tree, and the checkpoints that are kept, against its log.

    Args:
        store: Others may go on appending to it.
        head: The last position that is looked at.
        is_full: Compute every hash between the leaves and the root anew, too.

    Raises:
        ValueError, TypeError, AttributeError, StoreError: Its size or a checkpoint is damaged.
    """

    def __init__(self, store: Store, head: int, *, is_full: bool) -> None:
        self._store = store
        self._head = head
        self._is_full = is_full
        self._size = store.tree.size()
        self._kept = store.tree.checkpoints()
        self._sizes = {checkpoint.size for checkpoint in self._kept}
        self._growing = Growing()
        self._roots = {0: self._growing.root()} if self._sizes else {}
        self._tile: tuple[TileId, bytes] = ((0, -1), b"")

    def of(self, row: Stored) -> Iterator[Defect]:
        """What is wrong with the leaf of a row; rows come in order of position, and those that cannot be read not."""
        try:
            hashed = leaf(row)
        except DamagedTree:  # whoever reads the row says so
            return
        if self._sizes and row.position == self._growing.size + 1:
            self._growing.add(hashed)
            if row.position in self._sizes:
                self._roots[row.position] = self._growing.root()
        if row.position <= self._size and hashed != self._leaf(row.position):
            place = f"position {row.position:,}, stream {row.stream_id} version {row.version}"
            yield Defect(place, "tree", "it is not the fact that the hash tree was made of: one of both was changed")

    def _leaf(self, position: int) -> bytes:
        number, at = divmod(position - 1, TILE_HASHES)
        if self._tile[0] != (0, number):
            self._tile = ((0, number), self._hashes((0, number)))
        return self._tile[1][at * HASH_BYTES : (at + 1) * HASH_BYTES]

    def _hashes(self, tile: TileId) -> bytes:
        try:
            return self._store.tree.tiles([tile]).get(tile, b"")
        except DAMAGE as error:
            kind_of(self._store, error)
            return b""

    def rest(self) -> Iterator[Defect]:
        """What is wrong with the tree as a whole, and with the checkpoints, once all rows were looked at."""
        head = self._store.head()
        if self._size > head:
            what = f"it has {self._size:,} leaves, and the log ends at {head:,}: its end is gone"
            yield Defect("the hash tree", "tree", what)
        if self._is_full:
            yield from self._levels()
        yield from self._checkpoints()

    def _levels(self) -> Iterator[Defect]:
        """Tiles that do not follow from those below."""
        level, size = 0, self._size
        while size >= TILE_HASHES:
            above: tuple[int, bytes] = (-1, b"")
            for number in range(size // TILE_HASHES):
                over, at = divmod(number, TILE_HASHES)
                if over != above[0]:
                    above = (over, self._hashes((level + 1, over)))
                tile = self._hashes((level, number))
                expected = above[1][at * HASH_BYTES : (at + 1) * HASH_BYTES]
                if len(tile) != TILE_HASHES * HASH_BYTES or root_of_tile(tile) != expected:
                    place = f"the hash tree, tile {number:,} of level {level}"
                    yield Defect(place, "tree", "the level above has another hash for it")
            level, size = level + 1, size // TILE_HASHES

    def _checkpoints(self) -> Iterator[Defect]:
        if self._kept and not can_verify():
            yield Defect("checkpoints", "not-checked", "signatures need cryptography: pip install 'ticketing[proof]'")
        head = self._store.head()
        for kept in self._kept:
            if self._head < kept.size <= head:  # of facts that were appended since
                continue
            place = f"checkpoint of {kept.size:,} facts"
            if kept.size not in self._roots:
                yield Defect(place, "checkpoint", "the log ends before it, or cannot be read so far")
            elif self._roots[kept.size] != kept.root:
                yield Defect(
                    place, "checkpoint", f"the first {kept.size:,} facts of the log are not those that it is of"
                )
            if can_verify():
                try:
                    received(kept)
                except BadInput as error:
                    yield Defect(place, "checkpoint", str(error))
