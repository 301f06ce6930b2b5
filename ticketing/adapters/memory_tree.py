"""The hash tree in memory."""

from collections.abc import Iterable, Mapping
from threading import RLock

from ticketing.adapters.tree import KeptCheckpoint, Tree, outgrown
from ticketing.domain.tiles import TileId


class MemoryTree(Tree):
    """The hash tree in memory."""

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._size = 0
        self._tiles: dict[TileId, bytes] = {}
        self._checkpoints: dict[str, KeptCheckpoint] = {}

    def size(self) -> int:
        with self._lock:
            return self._size

    def tiles(self, asked: Iterable[TileId]) -> dict[TileId, bytes]:
        with self._lock:
            return {tile: self._tiles[tile] for tile in asked if tile in self._tiles}

    def grow(self, older: int, size: int, tiles: Mapping[TileId, bytes]) -> None:
        with self._lock:
            if self._size != older:
                raise outgrown(older)
            self._size = size
            self._tiles.update(tiles)

    def clear(self) -> None:
        with self._lock:
            self._size = 0
            self._tiles.clear()

    def keep(self, checkpoint: KeptCheckpoint) -> None:
        with self._lock:
            self._checkpoints.setdefault(checkpoint.note, checkpoint)

    def checkpoints(self, *, covering: int = 0) -> list[KeptCheckpoint]:
        with self._lock:
            kept = [checkpoint for checkpoint in self._checkpoints.values() if checkpoint.size >= covering]
        return sorted(kept, key=lambda checkpoint: checkpoint.size)
