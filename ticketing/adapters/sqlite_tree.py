"""The hash tree in an SQLite file."""

import hashlib
from collections.abc import Iterable, Mapping

from ticketing.adapters.sqlite_file import Cursors
from ticketing.adapters.tree import KeptCheckpoint, Tree, outgrown, size_in
from ticketing.domain.tiles import TileId

_SELECT_SIZE = "SELECT size FROM ticketing_tree"
_SELECT_TILE = "SELECT hashes FROM ticketing_tree_tiles WHERE level = ? AND number = ?"
_UPDATE_SIZE = "UPDATE ticketing_tree SET size = ? WHERE size = ?"
_UPSERT_TILE = """
INSERT INTO ticketing_tree_tiles (level, number, hashes) VALUES (?, ?, ?)
ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes
"""
_DELETE_TILES = "DELETE FROM ticketing_tree_tiles"
_CLEAR_SIZE = "UPDATE ticketing_tree SET size = 0"
_INSERT_CHECKPOINT = """
INSERT OR IGNORE INTO ticketing_checkpoints (digest, size, root, note, keys) VALUES (?, ?, ?, ?, ?)
"""
_SELECT_CHECKPOINTS = """
SELECT size, root, note, keys FROM ticketing_checkpoints WHERE size >= ? ORDER BY size, number
"""


class SqliteTree(Tree):
    """The hash tree in an SQLite file."""

    def __init__(self, cursors: Cursors) -> None:
        self._cursors = cursors

    def size(self) -> int:
        with self._cursors.reading() as cursor:
            return size_in(cursor.execute(_SELECT_SIZE).fetchall())

    def tiles(self, asked: Iterable[TileId]) -> dict[TileId, bytes]:
        with self._cursors.snapshot() as cursor:
            found = {tile: cursor.execute(_SELECT_TILE, tile).fetchone() for tile in asked}
        return {tile: bytes(row[0]) for tile, row in found.items() if row is not None}

    def grow(self, older: int, size: int, tiles: Mapping[TileId, bytes]) -> None:
        with self._cursors.writing() as cursor:
            if not cursor.execute(_UPDATE_SIZE, (size, older)).rowcount:
                raise outgrown(older)
            cursor.executemany(_UPSERT_TILE, [(*tile, hashes) for tile, hashes in tiles.items()])

    def clear(self) -> None:
        with self._cursors.writing() as cursor:
            cursor.execute(_DELETE_TILES)
            cursor.execute(_CLEAR_SIZE)

    def keep(self, checkpoint: KeptCheckpoint) -> None:
        digest = hashlib.sha256(checkpoint.note.encode()).hexdigest()
        with self._cursors.writing() as cursor:
            cursor.execute(_INSERT_CHECKPOINT, (digest, *checkpoint))

    def checkpoints(self, *, covering: int = 0) -> list[KeptCheckpoint]:
        with self._cursors.reading() as cursor:
            return [KeptCheckpoint(*kept) for kept in cursor.execute(_SELECT_CHECKPOINTS, (covering,))]
