"""Witness: what a checkpoint is sent to somebody with, and what he looks at before he signs it too.

Source: C2SP tlog-witness, as of 2025; a submission is the body of its `add-checkpoint`.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from ticketing.adapters.keys import SigningKey, VerifyingKey, base64_bytes, base64_text
from ticketing.adapters.notes import Checkpoint, Note, cosign, verified
from ticketing.domain.errors import BadInput, NotProven
from ticketing.domain.merkle import HASH_BYTES, is_consistent

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_MOST_HASHES = 63


@dataclass(frozen=True, slots=True)
class Submission:
    """A checkpoint on its way to a witness; `str` prints it as it is sent.

    Attributes:
        note: The signed checkpoint.
        older: The size of the checkpoint that the witness has; None where the checkpoint comes alone.
        proof: That the checkpoint grew out of that one.
    """

    note: Note
    older: int | None = None
    proof: tuple[bytes, ...] = ()

    @classmethod
    def parse(cls, content: bytes, called: str) -> Self:
        """The submission, or the checkpoint alone, of a file's content.

        Raises:
            BadInput: It is neither; the text names the line.
        """
        if not content.startswith(b"old "):
            return cls(Note.parse(content, called))
        head, found, rest = content.partition(b"\n\n")
        first, *hashes = head.decode("ascii", "replace").split("\n")
        older = _OLD.fullmatch(first)
        if older is None or not found:
            raise BadInput(
                f"{called}, line 1: a submission begins with 'old SIZE', and has an empty line after its proof"
            )
        if len(hashes) > _MOST_HASHES:
            raise BadInput(f"{called}: a proof has at most {_MOST_HASHES} hashes, not {len(hashes)}")
        proof = []
        for line, encoded in enumerate(hashes, 2):
            decoded = base64_bytes(encoded)
            if decoded is None or len(decoded) != HASH_BYTES:
                raise BadInput(f"{called}, line {line}: {encoded[:60]!r} is no hash: {HASH_BYTES} bytes in base64")
            proof.append(decoded)
        return cls(Note.parse(rest, f"{called}, after the proof"), int(older[1]), tuple(proof))

    def __str__(self) -> str:
        if self.older is None:
            return str(self.note)
        lines = [f"old {self.older}", *map(base64_text, self.proof), "", str(self.note)]
        return "\n".join(lines)

    def require_grown(self, older: Checkpoint, called: str) -> None:
        """Refuses a checkpoint that did not grow out of an older one of the same log.

        Raises:
            NotProven: It is of another log, smaller, has another root, or its proof is of another size or wrong.
        """
        checkpoint = Checkpoint.parse(self.note, called)
        if checkpoint.origin != older.origin:
            raise NotProven(f"{called}: it is of the log {checkpoint.origin!r}, the older one of {older.origin!r}")
        if checkpoint.size < older.size:
            raise NotProven(f"{called}: it covers {checkpoint.size:,} facts, and the older one {older.size:,}")
        if checkpoint.size == older.size:
            if checkpoint.root != older.root:
                raise NotProven(f"{called}: it has another root than the older one, over as many facts")
            return
        if older.size and self.older != older.size:
            there = "has no proof" if self.older is None else f"has a proof from {self.older:,} facts"
            raise NotProven(
                f"{called}: it {there}, not one that it grew out of the older one of {older.size:,}: "
                "ticketing notary checkpoint --since makes it"
            )
        if not is_consistent(older.size, older.root, checkpoint.size, checkpoint.root, self.proof):
            raise NotProven(f"{called}: its proof does not lead from the older one to it: the log was rewritten")


def cosigned(
    submission: Submission,
    key: SigningKey,
    at: datetime,
    *,
    of: VerifyingKey | None = None,
    previous: Note | None = None,
    called: str = "the checkpoint",
) -> Note:
    """The checkpoint with a witness's signature more.

    Args:
        submission: What the witness was sent.
        key: The witness's.
        at: By the witness's clock.
        of: The log's key, where the witness has it: the log's signature must hold.
        previous: The checkpoint that the witness signed last, where it signed one: this one must have grown out of it.
        called: What the submission is called in messages.

    Raises:
        NotProven: The log's signature does not hold, or the checkpoint did not grow out of the previous one.
        BadInput: The key is no witness's, or it is no checkpoint.
    """
    if of is not None:
        verified(submission.note, [of], called)
    if previous is not None:
        verified(previous, [key.verifying], "the previous checkpoint")
        submission.require_grown(Checkpoint.parse(previous, "the previous checkpoint"), called)
    return cosign(submission.note, key, at)
