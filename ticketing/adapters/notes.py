"""Notes: texts that are signed so that others' tools read them, and the checkpoints of a log, which are such notes.

A note is a text, an empty line, and a line for each signature. A log signs the text itself; a witness signs the text
and the second in which it saw it, so that its date is signed as well.

Source: C2SP signed-note, tlog-checkpoint and tlog-cosignature v1, as of 2025.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from ticketing.adapters.keys import (
    KEY_ID_BYTES,
    SIGNATURE_BYTES,
    SigningKey,
    VerifyingKey,
    base64_bytes,
    base64_text,
    is_key_name,
)
from ticketing.domain.errors import BadInput, NotProven
from ticketing.domain.merkle import HASH_BYTES

_TIME_BYTES = 8
_MOST_BYTES = 1_000_000
_MOST_SIGNATURES = 100
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_MARK = "— "


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """A line under a note: who signed it, as he says, and the bytes."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_MARK}{self.name} {base64_text(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that holds.

    Attributes:
        at: When the witness signed, by its own clock, to the second; None for a log's.
    """

    key: VerifyingKey
    at: datetime | None = None

    @property
    def name(self) -> str:
        """The name of its key."""
        return self.key.name


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures under it; `str` prints it as it is sent and kept.

    Attributes:
        body: The text with its last line end.

    Raises:
        BadInput: The text is empty, ends in no line end, or has control characters.
    """

    body: str
    signatures: tuple[SignatureLine, ...] = ()

    def __post_init__(self) -> None:
        if not self.body.endswith("\n"):
            raise BadInput("the text of a note ends in a line end")
        _require_printable(self.body, "the note")

    @classmethod
    def parse(cls, content: bytes | str, called: str = "the note") -> Self:
        """The note of a file's content; nothing is verified yet.

        Args:
            content: The file, exactly as it was signed.
            called: What it is called in messages, such as its path.

        Raises:
            BadInput: It is no signed note; the text names the line.
        """
        text = _text(content, called)
        body, found, signed = text.rpartition("\n\n")
        if not found:
            raise BadInput(f"{called}: it is no signed note: there is no empty line before the signatures")
        first_line = body.count("\n") + 3
        lines = signed.split("\n")
        if lines.pop() or not lines:
            raise BadInput(f"{called}, line {first_line + len(lines)}: a signature ends in a line end, it was cut off")
        if len(lines) > _MOST_SIGNATURES:
            raise BadInput(f"{called}: {len(lines)} signatures are more than {_MOST_SIGNATURES}")
        parsed = tuple(_signature_line(line, f"{called}, line {first_line + at}") for at, line in enumerate(lines))
        return cls(body + "\n", parsed)

    def __str__(self) -> str:
        return f"{self.body}\n{''.join(map(str, self.signatures))}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: its name, how many leaves it has, and the root over them."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, note: Note, called: str = "the checkpoint") -> Self:
        """The checkpoint that a note holds; lines after the third are others' and passed over.

        Raises:
            BadInput: It holds none; the text names the line.
        """
        origin, size, root, *others = [*note.body.removesuffix("\n").split("\n"), "", "", ""]
        if not origin:
            raise BadInput(f"{called}, line 1: there is no name of a log")
        if not _SIZE.fullmatch(size):
            raise BadInput(
                f"{called}, line 2: {size[:40]!r} is no size of a log: a plain number, without zeros before it"
            )
        decoded = base64_bytes(root)
        if decoded is None or len(decoded) != HASH_BYTES:
            raise BadInput(f"{called}, line 3: {root[:60]!r} is no root: {HASH_BYTES} bytes in base64")
        empty = next((at for at, line in enumerate(others[:-3], 4) if not line), None)
        if empty is not None:
            raise BadInput(f"{called}, line {empty}: a checkpoint has no empty lines")
        return cls(origin, int(size), decoded)

    @property
    def body(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64_text(self.root)}\n"


def sign(note: Note, key: SigningKey) -> Note:
    """The note with a log's signature; unchanged where it has it.

    Raises:
        BadInput: The key is a witness's.
    """
    if key.signer != "log":
        raise BadInput(f"{key.name} is a witness's key: it signs no text of its own, it co-signs another's checkpoint")
    made = SignatureLine(key.name, key.verifying.key_id, key.signature(note.body.encode()))
    return note if made in note.signatures else replace(note, signatures=(*note.signatures, made))


def cosign(note: Note, key: SigningKey, at: datetime) -> Note:
    """The note with a witness's signature more, which says that it saw the text at that time.

    Args:
        note: A checkpoint; what a witness checks before it signs is its own affair.
        key: The witness's.
        at: By the witness's clock; kept to the second.

    Raises:
        BadInput: The key is a log's, or it is no checkpoint.
    """
    if key.signer != "witness":
        raise BadInput(f"{key.name} is a log's key: a co-signature takes a witness's, which signs the time as well")
    Checkpoint.parse(note)
    seconds = int(at.timestamp())
    signature = seconds.to_bytes(_TIME_BYTES, "big") + key.signature(_cosigned(note, seconds))
    made = SignatureLine(key.name, key.verifying.key_id, signature)
    return replace(note, signatures=(*note.signatures, made))


def verified(note: Note, keys: Iterable[VerifyingKey], called: str = "the note") -> list[Signature]:
    """The signatures of those keys under a note, in its order; each of them holds, those of other keys are left out.

    Raises:
        NotProven: A signature of one of the keys does not hold, or none of them has signed.
    """
    known = list(keys)
    by_mark = {(key.name, key.key_id): key for key in known}
    held = []
    for line in note.signatures:
        key = by_mark.get((line.name, line.key_id))
        if key is not None:
            held.append(_held(note, line, key, called))
    if not held:
        asked = " or ".join(f"{key.name} ({key.key_id.hex()})" for key in known) or "anybody that was named"
        signed = ", ".join(f"{line.name} ({line.key_id.hex()})" for line in note.signatures) or "nobody"
        raise NotProven(f"{called}: not signed by {asked}; it is signed by {signed}")
    return held


def _held(note: Note, line: SignatureLine, key: VerifyingKey, called: str) -> Signature:
    """The signature of a line, with the time that it states."""
    is_log = key.signer == "log"
    if len(line.signature) != (SIGNATURE_BYTES if is_log else _TIME_BYTES + SIGNATURE_BYTES):
        raise NotProven(f"{called}: the signature of {key.name} has a length that it cannot have")
    if is_log:
        signature, message, at = line.signature, note.body.encode(), None
    else:
        seconds = int.from_bytes(line.signature[:_TIME_BYTES], "big")
        signature, message = line.signature[_TIME_BYTES:], _cosigned(note, seconds)
        at = _instant(seconds, f"{called}: the signature of {key.name}")
    if not key.has_signed(message, signature):
        whose = "signature" if is_log else "co-signature"
        raise NotProven(f"{called}: the {whose} of {key.name} does not hold: the text or the signature was changed")
    return Signature(key, at)


def _cosigned(note: Note, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{note.body}".encode()


def _instant(seconds: int, place: str) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise NotProven(f"{place} states a time beyond the year 9999") from None


def _signature_line(line: str, place: str) -> SignatureLine:
    name, _, encoded = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not is_key_name(name):
        raise BadInput(f"{place}: this is no signature: it has the form '— NAME BASE64'")
    decoded = base64_bytes(encoded)
    if decoded is None or len(decoded) <= KEY_ID_BYTES:
        raise BadInput(f"{place}: the signature of {name} is no base64, or cut off")
    return SignatureLine(name, decoded[:KEY_ID_BYTES], decoded[KEY_ID_BYTES:])


def _text(content: bytes | str, called: str) -> str:
    """The text of a file, which is as others' tools accept it."""
    try:
        encoded = content.encode() if isinstance(content, str) else content
        text = encoded.decode()
    except UnicodeError:
        raise BadInput(f"{called}: it is no text in UTF-8") from None
    if len(encoded) > _MOST_BYTES:
        raise BadInput(f"{called}: {len(encoded):,} bytes are more than the {_MOST_BYTES:,} of a note")
    _require_printable(text, called)
    return text


def _require_printable(text: str, called: str) -> None:
    wrong = re.search(r"[\x00-\x09\x0b-\x1f]", text)
    if wrong is not None:
        line = text.count("\n", 0, wrong.start()) + 1
        what = "a line ends in CR LF, not LF: a mail program or an editor changed it" if wrong[0] == "\r" else None
        raise BadInput(f"{called}, line {line}: {what or 'it has a control character'}")
