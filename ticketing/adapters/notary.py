"""Notary: what a store can prove of its log: roots, proofs, signed checkpoints, and who witnessed them when."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from ticketing.adapters.defect import DAMAGE, kind_of
from ticketing.adapters.keys import SigningKey, VerifyingKey
from ticketing.adapters.leaves import catch_up, leaf, root_of_events
from ticketing.adapters.notes import Checkpoint, Note, Signature, sign, verified
from ticketing.adapters.private import digest_of, private_parts
from ticketing.adapters.store import Store
from ticketing.adapters.tree import KeptCheckpoint
from ticketing.domain.errors import NotFound, NotProven
from ticketing.domain.merkle import consistency_proof, inclusion_proof, is_included, root_of
from ticketing.domain.tiles import hashes_in
from ticketing.domain.values import Event, Recorded


@dataclass(frozen=True, slots=True)
class Received:
    """A checkpoint of this log that is kept, with the signatures under it that hold."""

    note: Note
    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Witnessed:
    """That a fact existed before a witness signed a checkpoint which covers it.

    Attributes:
        name: The witness's.
        at: When it signed, by its own clock.
        size: Of the checkpoint: how many facts it covers.
    """

    name: str
    at: datetime
    size: int


class Notary:
    """The proofs of one store's log.

    Args:
        store: Its log and its tree.
        page_size: Facts that are added to the tree at a time.
    """

    def __init__(self, store: Store, *, page_size: int = 1000) -> None:
        self._store = store
        self._page_size = page_size
        self._received: dict[KeptCheckpoint, Received] = {}

    # the tree

    def catch_up(self, *, on_page: Callable[[int], None] | None = None) -> int:
        """Adds to the tree what the log has and it lacks, in the memory of a page; others may do the same at once.

        Args:
            on_page: Told after each page how many leaves there are.

        Returns:
            How many leaves the tree has.

        Raises:
            DamagedTree: The log ends before the tree, or has a gap.
        """
        return catch_up(self._store, self._page_size, on_page=on_page)

    def rebuild(self, *, on_page: Callable[[int], None] | None = None) -> int:
        """Makes the tree anew of the log as it is now; checkpoints stay, and tell whether it is the same.

        Returns:
            How many leaves the tree has.
        """
        self._store.tree.clear()
        return self.catch_up(on_page=on_page)

    def size(self) -> int:
        """How many leaves the tree has; the log may have more facts."""
        return self._store.tree.size()

    def root(self, size: int) -> bytes:
        """The hash over the first so many facts, by the tree that is kept.

        Raises:
            NotFound: The tree has not as many.
        """
        self._require(size)
        return root_of(size, hashes_in(self._store.tree.tile_of()))

    def root_of_events(self, size: int, *, on_page: Callable[[int], None] | None = None) -> bytes:
        """The same, computed anew of the facts themselves: whoever rewrites facts and leaves the tree alone is caught.

        Args:
            size: How many facts.
            on_page: Told after each page how many were hashed.

        Raises:
            NotProven: The log ends before that or has a gap, or a fact cannot be hashed.
        """
        return root_of_events(self._store, size, self._page_size, on_page=on_page)

    def inclusion(self, position: int, size: int) -> list[bytes]:
        """The proof that the fact at a position is in the tree of the first so many.

        Raises:
            NotFound: The tree has not as many, or they do not reach the position.
        """
        self._require(size)
        if not 1 <= position <= size:
            raise NotFound(f"position {position:,} is not among the first {size:,}")
        return inclusion_proof(position - 1, size, hashes_in(self._store.tree.tile_of()))

    def consistency(self, older: int, size: int) -> list[bytes]:
        """The proof that the tree of so many facts grew out of an older one without a change to it.

        Raises:
            NotFound: The tree has not as many, or they are fewer than the older.
        """
        self._require(size)
        if not 0 <= older <= size:
            raise NotFound(f"a tree of {size:,} leaves did not grow out of one of {older:,}")
        return consistency_proof(older, size, hashes_in(self._store.tree.tile_of()))

    def _require(self, size: int) -> None:
        present = self.size()
        if size > present:
            raise NotFound(f"the tree has {present:,} leaves, not {size:,}")

    # checkpoints

    def checkpoint(
        self, key: SigningKey, origin: str | None = None, *, on_page: Callable[[int], None] | None = None
    ) -> Note:
        """A signed checkpoint of the log as it is now; every fact of it is hashed anew.

        Args:
            key: The log's.
            origin: What the log is called; the key's name if none is given.
            on_page: Told after each page how many facts were hashed.

        Raises:
            BadInput: The key is a witness's.
            DamagedTree: The log has a gap.
            NotProven: The log ends before the tree, or is not what its tree was made of.
        """
        self.require_whole()
        size = self.catch_up()
        root = self.root_of_events(size, on_page=on_page)
        if root != self.root(size):
            raise NotProven(
                f"the log's {size:,} facts are not those that its hash tree was made of, and it is not signed: "
                "one of both was changed, ticketing check says where"
            )
        return sign(Note(Checkpoint(origin or key.name, size, root).body), key)

    def keep(
        self,
        note: Note,
        keys: Iterable[VerifyingKey],
        called: str = "the checkpoint",
        *,
        on_page: Callable[[int], None] | None = None,
    ) -> list[Signature]:
        """Keeps a checkpoint of this log beside it, such as one that came back with a witness's signature.

        Args:
            note: The checkpoint.
            keys: Whose signatures are looked at; those of others are passed over.
            called: What it is called in messages, such as its path.
            on_page: Told after each page how many facts were hashed.

        Returns:
            The signatures that hold.

        Raises:
            NotProven: None of the keys has signed, a signature does not hold, or this log has another root at that
                size: it was rewritten since, or it is another's.
        """
        held = verified(note, keys, called)
        checkpoint = Checkpoint.parse(note, called)
        self.require_of_log(checkpoint, called, on_page=on_page)
        texts = dict.fromkeys(str(signature.key) for signature in held)
        self._store.tree.keep(KeptCheckpoint(checkpoint.size, checkpoint.root, str(note), "\n".join(texts)))
        return held

    def require_whole(self, called: str = "the log") -> None:
        """Refuses a log that is shorter than its own tree.

        Raises:
            NotProven: It is.
        """
        leaves = self.size()
        head = self._store.head()  # after the tree's size: others may append and add leaves in between
        if leaves > head:
            raise NotProven(
                f"{called}: by its hash tree the log had {leaves:,} facts, and it has {head:,}: its end was cut off"
            )

    def require_of_log(
        self,
        checkpoint: Checkpoint,
        called: str = "the checkpoint",
        *,
        on_page: Callable[[int], None] | None = None,
    ) -> None:
        """Refuses a checkpoint that is not of this log as it was at that size; every fact up to it is hashed anew.

        Args:
            checkpoint: Its signatures are not looked at.
            called: What it is called in messages, such as its path.
            on_page: Told after each page how many facts were hashed.

        Raises:
            NotProven: The log is shorter than the checkpoint or its own tree, or its facts or its tree have another
                root.
            DamagedTree: The tree lacks hashes.
        """
        self.require_whole(called)
        cause = "since, or the checkpoint is of another log"
        head = self._store.head()
        if checkpoint.size > head:
            raise NotProven(
                f"{called}: it covers {checkpoint.size:,} facts, and this log has {head:,}: its end was cut off {cause}"
            )
        if self.root_of_events(checkpoint.size, on_page=on_page) != checkpoint.root:
            raise NotProven(
                f"{called}: the first {checkpoint.size:,} facts of this log have another root: "
                f"they were changed {cause}"
            )
        if self.size() < checkpoint.size:
            self.catch_up()
        if self.root(checkpoint.size) != checkpoint.root:  # proofs would be of another root
            raise NotProven(
                f"{called}: the facts are those that it is of, and the hash tree is not: ticketing notary rebuild"
            )

    def checkpoints(self) -> list[Received]:
        """The checkpoints that are kept, in order of size.

        Raises:
            NotProven: A signature under one of them holds no longer.
        """
        return [self._read(kept) for kept in self._store.tree.checkpoints()]

    def witnessed(self, position: int) -> list[Witnessed]:
        """Who has witnessed that the fact at a position existed, each witness's earliest, in order of time.

        Raises:
            NotFound: There is no such position.
            NotProven: The fact, the tree or a checkpoint was changed since.
        """
        if position < 1:
            raise NotFound(f"the log has no position {position:,}")
        earliest: dict[VerifyingKey, tuple[datetime, Checkpoint]] = {}
        for kept in self._store.tree.checkpoints(covering=position):
            found = self._read(kept)
            for signature in found.signatures:
                seen = earliest.get(signature.key)
                if signature.at is not None and (seen is None or signature.at < seen[0]):
                    earliest[signature.key] = (signature.at, found.checkpoint)
        if not earliest:
            return []
        row = next(iter(self._store.stored_log(position - 1, 1)), None)
        if row is None or row.position != position:
            raise NotProven(f"position {position:,} is gone from the log, and was signed")
        hashed = leaf(row)
        for key, (at, checkpoint) in earliest.items():
            proof = self.inclusion(position, checkpoint.size)
            if not is_included(hashed, position - 1, checkpoint.size, proof, checkpoint.root):
                raise NotProven(
                    f"position {position:,} is not what {key.name} signed on {at:%Y-%m-%d}: "
                    "the log was changed since, ticketing check says where"
                )
        witnessed = [Witnessed(key.name, at, checkpoint.size) for key, (at, checkpoint) in earliest.items()]
        return sorted(witnessed, key=lambda one: one.at)

    def require_texts(self, fact: Recorded[Event]) -> None:
        """Refuses a fact whose private texts beside the log are not those of its digests; erased ones are.

        Raises:
            NotProven: A text or its salt was changed, or is gone without having been erased.
        """
        digests = [part.digest for part in private_parts(fact.event) if part.digest is not None]
        try:
            kept = self._store.texts(digests)
            texts = self._store.salted(digests).values()
            is_whole = kept.keys() >= set(digests) and all(digest_of(it.salt, it.text) == it.digest for it in texts)
        except DAMAGE as error:  # half of it is gone
            kind_of(self._store, error)
            is_whole = False
        if not is_whole:
            raise NotProven(
                f"position {fact.position:,}, version {fact.version}: a private text beside it is not the one that was "
                "recorded: it was changed or removed since, see ticketing check"
            )

    def _read(self, kept: KeptCheckpoint) -> Received:
        """The checkpoint of a row; its signatures are verified once."""
        if kept not in self._received:
            self._received[kept] = received(kept)
        return self._received[kept]


def received(kept: KeptCheckpoint) -> Received:
    """The checkpoint that is kept as that.

    Raises:
        NotProven: A signature under it holds no longer, or it is of another size or root than it is kept as.
    """
    called = f"the checkpoint of {kept.size:,} facts that is kept"
    note = Note.parse(kept.note, called)
    signatures = verified(note, [VerifyingKey.parse(text) for text in kept.keys.splitlines()], called)
    checkpoint = Checkpoint.parse(note, called)
    if (checkpoint.size, checkpoint.root) != (kept.size, kept.root):
        raise NotProven(f"{called}: what was signed is another size or root")
    return Received(note, checkpoint, tuple(signatures))
