"""The hash tree: published figures, another's implementation proof by proof, and what no proof may be made of."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales.reader import TilesReader
from tlog_scales.tlog import ConsistencyProof, ConsistencyProofInvalid, InclusionProof, InclusionProofInvalid

from tests.store_examples import START
from ticketing.domain.errors import DamagedTree
from ticketing.domain.leaf import entry_of, leaf_of
from ticketing.domain.merkle import (
    EMPTY_ROOT,
    Growing,
    Node,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
    root_of,
)
from ticketing.domain.tiles import TILE_HASHES, TileId, grown, hashes_in

# Leaves, roots and proofs of the certificate-transparency reference implementations (Go, C++ and Python alike).
LEAVES = tuple(
    bytes.fromhex(entry)
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
)
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
INCLUSION_PROOFS = {
    (0, 1): (),
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
CONSISTENCY_PROOFS = {
    (1, 1): (),
    (1, 8): INCLUSION_PROOFS[0, 8],
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
    (6, 7): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
}
# An entry of a public certificate log of 2013, in the tree that it then was.
PUBLIC_LEAF, PUBLIC_INDEX, PUBLIC_SIZE = (
    "7a395c866d5ecdb0cccb623e011dbc392cd348d1d1d72776174e127a24b09c78",
    848_049,
    3_630_887,
)
PUBLIC_ROOT = "78316a05c9bcf14a3a4548f5b854a9adfcd46a4c034401b3ce7eb7ac2f1d0ecb"
PUBLIC_PROOF = (
    "1a208aeebcd1b39fe2de247ee8db9454e1e93a312d206b87f6ca9cc6ec6f1ddd",
    "0a1b78b383f580856f433c01a5741e160d451c185910027f6cc9f828687a40c4",
    "3d1745789bc63f2da15850de1c12a5bf46ed81e1cc90f086148b1662e79aab3d",
    "9095b61e14d8990acf390905621e62b1714fb8e399fbb71de5510e0aef45affe",
    "0a332b91b8fab564e6afd1dd452449e04619b18accc0ff9aa8393cd4928451f2",
    "2336f0181d264aed6d8f3a6507ca14a8d3b3c3a23791ac263e845d208c1ee330",
    "b4ce56e300590500360c146c6452edbede25d4ed83919278749ee5dbe178e048",
    "933f6ddc848ea562e4f9c5cfb5f176941301dad0c6fdb9d1fbbe34fac1be6966",
    "b95a6222958a86f74c030be27c44f57dbe313e5e7c7f4ffb98bcbd3a03bb52f2",
    "daeeb3ce5923defd0faeb8e0c210b753b85b809445d7d3d3cd537a9aabaa9c45",
    "7fadd0a13e9138a2aa6c3fdec4e2275af233b94812784f66bcca9aa8e989f2bc",
    "1864e6ba3e32878610546539734fb5eeae2529991f130c575c73a7e25a2a7c56",
    "12842d1202b1dc6828a17ab253c02e7ce9409b5192430feba44189f39cc02d66",
    "29af64b16fa3053c13d02ac63aa75b23aa468506e44c3a2315edc85d2dc22b11",
    "b527b99934a0bd9edd154e449b0502e2c499bba783f3bc3dfe23364b6b532009",
    "4584db8ae8e351ace08e01f306378a92bfd43611714814f3d834a2842d69faa8",
    "86a9a41573b0d6e4292f01e93243d6cc65b30f06606fc6fa57390e7e90ed580f",
    "a88b98fbe84d4c6aae8db9d1605dfac059d9f03fe0fcb0d5dff1295dacba09e6",
    "06326dc617a6d1f7021dc536026dbfd5fffc6f7c5531d48ef6ccd1ed1569f2a1",
    "f41fe8fdc3a2e4e8345e30216e7ebecffee26ff266eeced208a6c2a3cf08f960",
    "40cf5bde8abb76983f3e98ba97aa36240402975674e120f234b3448911090f8d",
    "b3222dc8658538079883d980d7fdc2bef9285344ea34338968f736b04aeb387a",
)


def unhexed(hashes: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(each) for each in hashes]


@dataclass
class Tree:
    """A tree kept in two ways: every node in a dict, and in tiles."""

    nodes: dict[Node, bytes]
    tiles: dict[TileId, bytes]
    roots: list[bytes]

    @classmethod
    def of(cls, entries: Sequence[bytes], page: int = 100) -> "Tree":
        growing = Growing()
        nodes: dict[Node, bytes] = {}
        roots = [growing.root()]
        for entry in entries:
            nodes.update(growing.add(leaf_hash(entry)))
            roots.append(growing.root())
        tiles: dict[TileId, bytes] = {}
        for size in range(0, len(entries), page):
            leaves = [leaf_hash(entry) for entry in entries[size : size + page]]
            tiles.update(grown(size, leaves, lambda tile: tiles.get(tile, b"")))
        return cls(nodes, tiles, roots)


def tiled(tree: Tree) -> Callable[[Node], bytes]:
    return hashes_in(lambda tile: tree.tiles.get(tile, b""))


# published figures


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert Growing().root() == EMPTY_ROOT == hashlib.sha256(b"").digest()
    assert root_of(0, dict[Node, bytes]().__getitem__) == EMPTY_ROOT


def test_the_roots_are_the_published_ones() -> None:
    tree = Tree.of(LEAVES)
    assert [root.hex() for root in tree.roots[1:]] == list(ROOTS)
    assert [root_of(size, tree.nodes.__getitem__).hex() for size in range(1, 9)] == list(ROOTS)
    assert [root_of(size, tiled(tree)).hex() for size in range(1, 9)] == list(ROOTS)


@pytest.mark.parametrize(("index", "size"), INCLUSION_PROOFS)
def test_the_inclusion_proofs_are_the_published_ones(index: int, size: int) -> None:
    published = unhexed(INCLUSION_PROOFS[index, size])
    assert inclusion_proof(index, size, tiled(Tree.of(LEAVES))) == published
    assert is_included(leaf_hash(LEAVES[index]), index, size, published, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("older", "size"), CONSISTENCY_PROOFS)
def test_the_consistency_proofs_are_the_published_ones(older: int, size: int) -> None:
    published = unhexed(CONSISTENCY_PROOFS[older, size])
    assert consistency_proof(older, size, tiled(Tree.of(LEAVES))) == published
    assert is_consistent(older, bytes.fromhex(ROOTS[older - 1]), size, bytes.fromhex(ROOTS[size - 1]), published)


def test_an_entry_of_a_public_log_is_included_where_it_was_and_nowhere_else() -> None:
    leaf, root, proof = bytes.fromhex(PUBLIC_LEAF), bytes.fromhex(PUBLIC_ROOT), unhexed(PUBLIC_PROOF)
    assert is_included(leaf, PUBLIC_INDEX, PUBLIC_SIZE, proof, root)
    assert not is_included(leaf, PUBLIC_INDEX + 1, PUBLIC_SIZE, proof, root)
    assert not is_included(leaf, PUBLIC_INDEX, PUBLIC_SIZE, proof[:-1], root)


# another's implementation

ENTRIES = [b"entry %d" % number for number in range(700)]
SIZES = st.integers(0, len(ENTRIES))


@cache
def large_tree() -> Tree:
    """A tree of three tiles. It is no fixture, which the report of a failed property would show whole."""
    return Tree.of(ENTRIES)


class _Backend:
    """Our tiles, for another's reader."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def get(self, *path: str) -> bytes | None:
        kind, level, number, *partial = path  # of 700 leaves no number is above 999
        assert kind == "tile"
        hashes = self._tree.tiles.get((int(level), int(number.removesuffix(".p"))))
        return hashes if not partial or hashes is None else hashes[: 32 * int(partial[0])]


def theirs(tree: Tree, size: int = len(ENTRIES)) -> TilesReader:
    reader = TilesReader(_Backend(tree))
    reader.set_size(size)
    return reader


def holds(check: Callable[..., Any], *values: object) -> bool:
    """What another's verification says."""
    try:
        check(*values)
    except (ConsistencyProofInvalid, InclusionProofInvalid):
        return False
    return True


@given(size=SIZES)
def test_another_implementation_reads_the_same_root_from_the_tiles(size: int) -> None:
    tree = large_tree()
    assert theirs(tree).mth(0, size) == tree.roots[size] == root_of(size, tiled(tree))


@given(data=st.data(), size=SIZES.filter(bool))
def test_another_implementation_makes_and_accepts_the_same_inclusion_proof(data: st.DataObject, size: int) -> None:
    tree = large_tree()
    index = data.draw(st.integers(0, size - 1))
    ours = inclusion_proof(index, size, tiled(tree))
    assert ours == theirs(tree).get_inclusion_proof(index, size).node_hashes
    assert ours == inclusion_proof(index, size, tree.nodes.__getitem__)
    leaf = leaf_hash(ENTRIES[index])
    assert holds(InclusionProof(index, size, ours).check, leaf, tree.roots[size])
    assert is_included(leaf, index, size, ours, tree.roots[size])


@given(data=st.data(), size=SIZES)
def test_another_implementation_makes_and_accepts_the_same_consistency_proof(data: st.DataObject, size: int) -> None:
    tree = large_tree()
    older = data.draw(st.integers(0, size))
    ours = consistency_proof(older, size, tiled(tree))
    if older:  # theirs splits a tree of nothing
        assert ours == theirs(tree).get_consistency_proof(older, size).node_hashes
    assert ours == consistency_proof(older, size, tree.nodes.__getitem__)
    assert holds(ConsistencyProof(older, size, ours).check, tree.roots[older], tree.roots[size])
    assert is_consistent(older, tree.roots[older], size, tree.roots[size], ours)


@dataclass(frozen=True)
class Damage:
    """What is done to a proof, each number taken modulo what there is.

    Attributes:
        way: A hash is changed, left out or put in, or the parts change places.
        at: At which hash.
        other: Which hash comes in its place.
        said: Which sizes or indices are said in place of the right ones, if any.
    """

    way: str
    at: int
    other: int
    said: tuple[int, int] | None

    def on(self, proof: Sequence[bytes], roots: Sequence[bytes]) -> list[bytes]:
        known = [*proof, *roots, bytes(32)]
        at, other = self.at % (len(proof) + 1), known[self.other % len(known)]
        if self.way == "swap":
            return [*proof[at:], *proof[:at]]
        come = [] if self.way == "leave out" else [other]
        gone = 0 if self.way == "put in" else 1
        return [*proof[:at], *come, *proof[at + gone :]]


DAMAGES = st.builds(
    Damage,
    way=st.sampled_from(["put in", "leave out", "change", "swap"]),
    at=st.integers(0, 7),
    other=st.integers(0, 60),
    said=st.none() | st.tuples(st.integers(1, 41), st.integers(1, 41)),
)
PAIRS = st.tuples(st.integers(1, 40), st.integers(1, 40)).map(sorted)


@given(pair=PAIRS, damage=DAMAGES)
def test_both_say_the_same_of_a_wrong_inclusion_proof(pair: list[int], damage: Damage) -> None:
    tree = large_tree()
    index, size = pair[0] - 1, pair[1]
    right = inclusion_proof(index, size, tree.nodes.__getitem__)
    proof = damage.on(right, tree.roots[: size + 1])
    said_index, said_size = damage.said or (index, size)
    leaf = leaf_hash(ENTRIES[index])
    ours = is_included(leaf, said_index, said_size, proof, tree.roots[size])
    assert ours == holds(InclusionProof(said_index, said_size, proof).check, leaf, tree.roots[size])
    if damage.said is None:  # a root does not tell its size: that it is of this many leaves, the checkpoint signs
        assert ours == (proof == right)


@given(pair=PAIRS, damage=DAMAGES)
def test_both_say_the_same_of_a_wrong_consistency_proof(pair: list[int], damage: Damage) -> None:
    tree = large_tree()
    older, size = pair
    right = consistency_proof(older, size, tree.nodes.__getitem__)
    proof = damage.on(right, tree.roots[: size + 1])
    said_older, said_size = damage.said or (older, size)
    ours = is_consistent(said_older, tree.roots[older], said_size, tree.roots[size], proof)
    assert ours == holds(ConsistencyProof(said_older, said_size, proof).check, tree.roots[older], tree.roots[size])
    if damage.said is None:
        assert ours == (proof == right)


# what no proof is made of


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_what_is_not_in_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match=f"a tree of {size} leaves has no leaf {index}"):
        inclusion_proof(index, size, Tree.of(LEAVES).nodes.__getitem__)
    assert not is_included(leaf_hash(b""), index, size, [], EMPTY_ROOT)


@pytest.mark.parametrize(("older", "size"), [(4, 3), (-1, 3)])
def test_a_tree_grew_out_of_no_larger_one(older: int, size: int) -> None:
    tree = Tree.of(LEAVES)
    with pytest.raises(ValueError, match=f"of {size} leaves did not grow out of one of {older}"):
        consistency_proof(older, size, tree.nodes.__getitem__)
    assert not is_consistent(older, tree.roots[older], size, tree.roots[size], [])


@given(pair=PAIRS.filter(lambda pair: pair[0] < pair[1]), other=st.integers(0, 700))
def test_a_tree_grew_out_of_the_one_with_that_root_and_no_other(pair: list[int], other: int) -> None:
    tree = large_tree()
    older, size = pair
    proof = consistency_proof(older, size, tree.nodes.__getitem__)
    is_so = is_consistent(older, tree.roots[other], size, tree.roots[size], proof)
    assert is_so == (other == older)
    assert is_so == holds(ConsistencyProof(older, size, proof).check, tree.roots[other], tree.roots[size])
    assert is_consistent(older, tree.roots[older], size, tree.roots[other], proof) == (other == size)


def test_every_tree_grew_out_of_nothing_and_out_of_itself_and_needs_no_proof_of_it() -> None:
    tree = Tree.of(LEAVES)
    root = tree.roots[5]
    assert is_consistent(0, EMPTY_ROOT, 5, root, [])
    assert is_consistent(5, root, 5, root, [])
    assert is_consistent(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    for older, older_root, proof in [
        (0, root, []),
        (0, EMPTY_ROOT, [root]),
        (5, root, [root]),
        (5, tree.roots[4], []),
        (4, tree.roots[4], []),
    ]:
        assert not is_consistent(older, older_root, 5, root, proof)


def test_a_leaf_passes_for_no_node() -> None:
    left, right = leaf_hash(b"left"), leaf_hash(b"right")
    assert leaf_hash(left + right) != node_hash(left, right)
    assert not is_included(leaf_hash(left + right), 0, 1, [], node_hash(left, right))


# tiles


@given(sizes=st.lists(st.integers(0, 600), max_size=4))
def test_tiles_are_the_same_however_the_leaves_came(sizes: list[int]) -> None:
    entries = [b"%d" % number for number in range(sum(sizes) % 1500)]
    tiles: dict[TileId, bytes] = {}
    begin = 0
    for added in [*sizes, len(entries)]:
        leaves = [leaf_hash(entry) for entry in entries[begin : begin + added]]
        tiles.update(grown(begin, leaves, lambda tile: tiles.get(tile, b"")))
        begin += len(leaves)
    assert tiles == Tree.of(entries, page=len(entries) or 1).tiles


def test_a_tile_of_the_second_level_has_the_hash_of_each_full_one_below() -> None:
    tiles = Tree.of(ENTRIES).tiles
    assert {tile: len(hashes) // 32 for tile, hashes in tiles.items()} == {
        (0, 0): TILE_HASHES,
        (0, 1): TILE_HASHES,
        (0, 2): 700 - 2 * TILE_HASHES,
        (1, 0): 2,
    }
    assert tiles[1, 0][:32] == Tree.of(ENTRIES[:TILE_HASHES]).roots[-1]


def test_a_tile_that_lacks_hashes_is_named() -> None:
    tree = large_tree()
    cut = {**tree.tiles, (0, 2): tree.tiles[0, 2][:-32]}
    with pytest.raises(DamagedTree, match="tile 2 of level 0 of the tree has 187 hashes of 188"):
        root_of(700, hashes_in(lambda tile: cut.get(tile, b"")))
    with pytest.raises(DamagedTree, match="tile 2 of level 0 of the tree has 187 hashes of 188"):
        grown(700, [bytes(32)], lambda tile: cut.get(tile, b""))
    with pytest.raises(DamagedTree, match="tile 0 of level 1 of the tree has 0 hashes of 2"):
        root_of(700, hashes_in(lambda tile: tree.tiles.get(tile, b"") if tile[0] == 0 else b""))


# leaves

STREAM = UUID("00000000-0000-4000-8000-00000000ABCD")


def test_the_entry_of_an_event_is_six_fields_with_their_lengths() -> None:
    assert entry_of(7, STREAM, 2, "ticketing:Ünusual", START, b'{"a":1}') == (
        b"\x00\x00\x00\x017"
        b"\x00\x00\x00\x2400000000-0000-4000-8000-00000000abcd"
        b"\x00\x00\x00\x012"
        b"\x00\x00\x00\x12ticketing:\xc3\x9cnusual"
        b"\x00\x00\x00\x1b2026-03-02T09:00:00.123456Z"
        b'\x00\x00\x00\x07{"a":1}'
    )


def test_a_stamp_is_the_same_in_every_zone() -> None:
    elsewhere = START.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert entry_of(1, STREAM, 1, "t", elsewhere, b"") == entry_of(1, STREAM, 1, "t", START, b"")


FIELDS = st.tuples(st.integers(1, 9), st.uuids(), st.integers(1, 9), st.text(max_size=3), st.datetimes(), st.binary())


@given(one=FIELDS, other=FIELDS)
def test_no_two_events_have_the_same_leaf(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    stamped = [(*fields[:4], fields[4].replace(tzinfo=START.tzinfo), fields[5]) for fields in (one, other)]
    assert (leaf_of(*stamped[0]) == leaf_of(*stamped[1])) == (one == other)
