"""Tree: the port through which a store keeps the hash tree over its log, and the checkpoints that came back signed.

Laws of this port: leaf n - 1 is the event at position n; tiles and size change in one transaction, and only for who
knows the size as it is, so that any number of processes may add leaves at once. The tree follows the log and never
leads it: what it lacks is added by whoever comes first, and no append waits for it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ticketing.domain.errors import Conflict, DamagedTree
from ticketing.domain.tiles import TileId, TileOf


class KeptCheckpoint(NamedTuple):
    """A checkpoint of the log as it is kept.

    Attributes:
        size: How many leaves the tree had.
        root: The hash over them.
        note: The signed note, as it came.
        keys: The texts of the keys whose signatures under it held, one a line.
    """

    size: int
    root: bytes
    note: str
    keys: str


class Tree(ABC):
    """The hash tree of one store, in tiles, and the checkpoints beside it."""

    @abstractmethod
    def size(self) -> int:
        """How many leaves it has."""

    @abstractmethod
    def tiles(self, asked: Iterable[TileId]) -> dict[TileId, bytes]:
        """The hashes of tiles, one after the other; no entry where there is no such tile."""

    @abstractmethod
    def grow(self, older: int, size: int, tiles: Mapping[TileId, bytes]) -> None:
        """Puts tiles in the place of those that are there, and says how many leaves the tree has with them.

        Args:
            older: How many it has.
            size: How many it has then.
            tiles: Those that are new or longer.

        Raises:
            Conflict: It has not as many as `older` any more.
        """

    @abstractmethod
    def clear(self) -> None:
        """Removes every tile, so that the tree is made anew of the log; checkpoints stay."""

    @abstractmethod
    def keep(self, checkpoint: KeptCheckpoint) -> None:
        """Keeps a checkpoint; nothing happens where the same note is kept already."""

    @abstractmethod
    def checkpoints(self, *, covering: int = 0) -> list[KeptCheckpoint]:
        """Those that have at least so many leaves, in order of size, and of when they were kept."""

    def tile_of(self) -> TileOf:
        """What gives its tiles, each read once."""
        kept: dict[TileId, bytes] = {}

        def tile_of(tile: TileId) -> bytes:
            if tile not in kept:
                kept.update({tile: b""} | self.tiles([tile]))
            return kept[tile]

        return tile_of


def size_in(rows: Sequence[Sequence[object]]) -> int:
    """The size in the one row of the table that has it.

    Raises:
        DamagedTree: It is gone, or no number.
    """
    match rows:
        case [[int(size)]]:
            return size
        case _:
            raise DamagedTree("the table ticketing_tree has lost its row, or the number in it")


def outgrown(older: int) -> Conflict:
    """The refusal of leaves that another process has added meanwhile."""
    return Conflict(f"the tree has no longer {older} leaves")
