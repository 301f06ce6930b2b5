"""The hash tree in a schema of a PostgreSQL database."""

import hashlib
from collections.abc import Iterable, Mapping

from ticketing.adapters.postgres_server import Place
from ticketing.adapters.postgres_statements import Statements
from ticketing.adapters.tree import KeptCheckpoint, Tree, outgrown, size_in
from ticketing.domain.tiles import TileId

_SELECT_SIZE = "SELECT size FROM {tree}"
_SELECT_TILES = """
SELECT level, number, hashes FROM {tiles} JOIN unnest(%s::bigint[], %s::bigint[]) AS asked (level, number)
USING (level, number)
"""
_UPDATE_SIZE = "UPDATE {tree} SET size = %s WHERE size = %s"
_UPSERT_TILES = """
INSERT INTO {tiles} (level, number, hashes) SELECT * FROM unnest(%s::bigint[], %s::bigint[], %b::bytea[])
ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes
"""
_DELETE_TILES = "DELETE FROM {tiles}"
_CLEAR_SIZE = "UPDATE {tree} SET size = 0"
_INSERT_CHECKPOINT = """
INSERT INTO {checkpoints} (digest, size, root, note, keys) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_SELECT_CHECKPOINTS = "SELECT size, root, note, keys FROM {checkpoints} WHERE size >= %s ORDER BY size, number"


class PostgresTree(Tree):
    """The hash tree in a schema of a PostgreSQL database."""

    def __init__(self, place: Place, sql: Statements) -> None:
        self._place = place
        self._select_size = sql.named(_SELECT_SIZE)
        self._select_tiles = sql.named(_SELECT_TILES)
        self._update_size = sql.named(_UPDATE_SIZE)
        self._upsert_tiles = sql.named(_UPSERT_TILES)
        self._delete_tiles = sql.named(_DELETE_TILES)
        self._clear_size = sql.named(_CLEAR_SIZE)
        self._insert_checkpoint = sql.named(_INSERT_CHECKPOINT)
        self._select_checkpoints = sql.named(_SELECT_CHECKPOINTS)

    def size(self) -> int:
        with self._place.reading() as cursor:
            return size_in(cursor.execute(self._select_size).fetchall())

    def tiles(self, asked: Iterable[TileId]) -> dict[TileId, bytes]:
        tiles = list(asked)
        with self._place.reading() as cursor:
            found = cursor.execute(self._select_tiles, _columns(tiles)).fetchall()
        return {(level, number): bytes(hashes) for level, number, hashes in found}

    def grow(self, older: int, size: int, tiles: Mapping[TileId, bytes]) -> None:
        with self._place.writing() as cursor:
            if not cursor.execute(self._update_size, (size, older)).rowcount:
                raise outgrown(older)
            cursor.execute(self._upsert_tiles, [*_columns(tiles), list(tiles.values())])

    def clear(self) -> None:
        with self._place.writing() as cursor:
            cursor.execute(self._clear_size)
            cursor.execute(self._delete_tiles)

    def keep(self, checkpoint: KeptCheckpoint) -> None:
        digest = hashlib.sha256(checkpoint.note.encode()).hexdigest()
        with self._place.writing() as cursor:
            cursor.execute(self._insert_checkpoint, (digest, *checkpoint))

    def checkpoints(self, *, covering: int = 0) -> list[KeptCheckpoint]:
        with self._place.reading() as cursor:
            found = cursor.execute(self._select_checkpoints, (covering,)).fetchall()
        return [KeptCheckpoint(size, bytes(root), note, keys) for size, root, note, keys in found]


def _columns(tiles: Iterable[TileId]) -> list[list[int]]:
    """Levels, and numbers."""
    ids = list(tiles)
    return [[level for level, _ in ids], [number for _, number in ids]]
