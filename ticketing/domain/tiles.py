"""Tiles: the hash tree cut into pieces of 256 hashes, so that few rows keep it and few are read for a proof.

Laws of this file: tile N of level L has the hashes of whole subtrees of 256^L leaves, from the one of index 256 * N on;
what lies between two levels is computed. A hash that is there never changes, and the last tile of a level grows.

Source: C2SP tlog-tiles, as of 2025.
"""

from collections.abc import Callable, Mapping, Sequence

from ticketing.domain.errors import DamagedTree
from ticketing.domain.merkle import HASH_BYTES, Node, NodeHash, node_hash

TILE_LEVELS = 8
TILE_HASHES = 1 << TILE_LEVELS
_TILE_BYTES = TILE_HASHES * HASH_BYTES

TileId = tuple[int, int]
"""A tile: its level, 0 for leaves, and its number among those of that level."""

TileOf = Callable[[TileId], bytes]
"""The hashes of a tile, one after the other, at least as many as are needed; empty where there is none."""


def hashes_in(tile_of: TileOf) -> NodeHash:
    """What gives the hash of a whole subtree from the tiles.

    It raises `DamagedTree` where a tile has not all the hashes that it should have.
    """

    def hash_of(node: Node) -> bytes:
        level, index = node
        tile_level, height = divmod(level, TILE_LEVELS)
        number, at = divmod(index << height, TILE_HASHES)
        return root_of_tile(_slice(tile_of, (tile_level, number), at, at + (1 << height)))

    return hash_of


def grown(size: int, leaves: Sequence[bytes], tile_of: TileOf) -> Mapping[TileId, bytes]:
    """The tiles that are new or longer with more leaves.

    Args:
        size: How many leaves the tree has.
        leaves: The hashes of those that follow.
        tile_of: Gives the tiles as they are; asked for the last of each level.

    Raises:
        DamagedTree: A tile has not all the hashes that it should have.
    """
    longer: dict[TileId, bytes] = {}
    level, begin, added = 0, size, b"".join(leaves)
    while added:
        number, at = divmod(begin, TILE_HASHES)
        hashes = (_slice(tile_of, (level, number), 0, at) if at else b"") + added
        whole = []
        for start in range(0, len(hashes), _TILE_BYTES):
            tile = longer[level, number] = hashes[start : start + _TILE_BYTES]
            if len(tile) == _TILE_BYTES:
                whole.append(root_of_tile(tile))
            number += 1
        level, begin, added = level + 1, begin // TILE_HASHES, b"".join(whole)
    return longer


def root_of_tile(hashes: bytes) -> bytes:
    """The hash over a tile that is full, or over as many of its hashes as a power of two."""
    level = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    while len(level) > 1:
        level = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]


def _slice(tile_of: TileOf, tile: TileId, begin: int, end: int) -> bytes:
    hashes = tile_of(tile)
    if len(hashes) < end * HASH_BYTES:
        kept = len(hashes) // HASH_BYTES
        raise DamagedTree(f"tile {tile[1]} of level {tile[0]} of the tree has {kept} hashes of {end}: ticketing check")
    return hashes[begin * HASH_BYTES : end * HASH_BYTES]
