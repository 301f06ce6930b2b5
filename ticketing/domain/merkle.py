"""Merkle tree: the hash tree of RFC 9162 over a log, and the proofs that need only a part of it.

Laws of this file: a leaf's hash begins with a zero byte and a node's with a one, so that neither passes for the other;
a tree of n leaves splits at the largest power of two below n. Hashes are SHA-256, 32 bytes. Positions of the log begin
at 1 and indices of the tree at 0.

Source: RFC 9162 (2021), sections 2.1.1 to 2.1.4; for these the same as RFC 6962.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
_LEAF = b"\x00"
_NODE = b"\x01"

Node = tuple[int, int]
"""A whole subtree: its level, 0 for a leaf, and its index among those of that level."""

NodeHash = Callable[[Node], bytes]
"""The hash of a whole subtree."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry as a leaf."""
    return hashlib.sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees that stand side by side."""
    return hashlib.sha256(_NODE + left + right).digest()


class Growing:
    """A tree that leaves are added to, in the memory of one hash per level.

    Args:
        size: How many leaves it has already.
        peaks: The hashes of `peaks_of(size)`, in that order.
    """

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        self.size = size
        self._peaks = list(peaks)

    def add(self, leaf: bytes) -> list[tuple[Node, bytes]]:
        """Adds the hash of the next leaf.

        Returns:
            The subtrees that are whole with it, from the leaf upwards.
        """
        level, index, made = 0, self.size, leaf
        whole = [((level, index), made)]
        while index % 2:
            made = node_hash(self._peaks.pop(), made)
            level, index = level + 1, index // 2
            whole.append(((level, index), made))
        self._peaks.append(made)
        self.size += 1
        return whole

    def root(self) -> bytes:
        """The hash of the whole tree."""
        return _joined(self._peaks)


def peaks_of(size: int, begin: int = 0) -> list[Node]:
    """The whole subtrees that the leaves from `begin` to before `size` fall into, from left to right.

    Args:
        size: Past the last leaf.
        begin: The first leaf: one at which a subtree as large as what follows may begin, such as 0.
    """
    peaks = []
    while begin < size:
        level = (size - begin).bit_length() - 1
        peaks.append((level, begin >> level))
        begin += 1 << level
    return peaks


def root_of(size: int, hash_of: NodeHash) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return _range_hash(0, size, hash_of)


def inclusion_proof(index: int, size: int, hash_of: NodeHash) -> list[bytes]:
    """The hashes that lead from a leaf to the root of the tree of the first `size` leaves, from below.

    Args:
        index: Of the leaf, from 0, below `size`.
        size: Of the tree.
        hash_of: Gives the hashes of its whole subtrees.

    Raises:
        ValueError: There is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    proof: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            proof.append(_range_hash(middle, end, hash_of))
            end = middle
        else:
            proof.append(_range_hash(begin, middle, hash_of))
            begin = middle
    proof.reverse()
    return proof


def consistency_proof(older: int, size: int, hash_of: NodeHash) -> list[bytes]:
    """The hashes that show that a tree grew out of an older one without a change to its leaves.

    Args:
        older: The size of the older tree, from 0 to `size`.
        size: Of the tree.
        hash_of: Gives the hashes of its whole subtrees.

    Raises:
        ValueError: The older tree is larger.
    """
    if not 0 <= older <= size:
        raise ValueError(f"a tree of {size} leaves did not grow out of one of {older}")
    if older in (0, size):
        return []
    proof: list[bytes] = []
    begin, end = 0, size
    is_old_root = True
    while end != older:
        middle = begin + _split(end - begin)
        if older <= middle:
            proof.append(_range_hash(middle, end, hash_of))
            end = middle
        else:
            proof.append(_range_hash(begin, middle, hash_of))
            begin = middle
            is_old_root = False
    if not is_old_root:
        proof.append(_range_hash(begin, end, hash_of))
    proof.reverse()
    return proof


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf's hash to the root; RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    at, last, made = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at % 2 or at == last:
            made = node_hash(step, made)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            made = node_hash(made, step)
        at, last = at >> 1, last >> 1
    return last == 0 and made == root


def is_consistent(older: int, older_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree grew out of the older one; RFC 9162, section 2.1.4.2.

    Every tree grew out of the empty one, and out of itself; for both the proof is empty.
    """
    if not 0 <= older <= size:
        return False
    if older == size:
        return not proof and older_root == root
    if older == 0:
        return not proof and older_root == EMPTY_ROOT
    steps = [older_root, *proof] if older & (older - 1) == 0 else list(proof)
    if not steps:
        return False
    at, last = older - 1, size - 1
    while at % 2:
        at, last = at >> 1, last >> 1
    made_older = made = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at % 2 or at == last:
            made_older, made = node_hash(step, made_older), node_hash(step, made)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            made = node_hash(made, step)
        at, last = at >> 1, last >> 1
    return last == 0 and made_older == older_root and made == root


def _split(size: int) -> int:
    """The largest power of two below a size of at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _range_hash(begin: int, end: int, hash_of: NodeHash) -> bytes:
    """The hash of the leaves from `begin` to before `end`, which a split of the tree has made."""
    return _joined([hash_of(peak) for peak in peaks_of(end, begin)])


def _joined(peaks: Iterable[bytes]) -> bytes:
    """The hash over whole subtrees that stand side by side, the largest first."""
    *others, made = list(peaks) or [EMPTY_ROOT]
    for peak in reversed(others):
        made = node_hash(peak, made)
    return made
