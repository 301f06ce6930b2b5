"""Keys that sign notes and verify them: Ed25519, as text that others' tools read too.

Which kind of signature a key makes is part of its number and of its text: a log signs a text, a witness signs that it
saw a text at a time, and neither passes for the other.

Source: C2SP signed-note and tlog-cosignature v1, as of 2025; the texts are those of Go's `sumdb/note`.
"""

import hashlib
import re
from base64 import b64encode
from binascii import Error as NoBase64
from binascii import a2b_base64
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Literal, Self

from ticketing.domain.errors import BadInput

Signer = Literal["log", "witness"]
"""What a key signs: the text, or that it saw the text at a time."""

KEY_ID_BYTES = 4
SEED_BYTES = 32
SIGNATURE_BYTES = 64

_PUBLIC_BYTES = 32
_KINDS: dict[int, Signer] = {0x01: "log", 0x04: "witness"}
_NUMBERS = {signer: number for number, signer in _KINDS.items()}
_PRIVATE = "PRIVATE+KEY+"
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A key that tells whether a signature holds; anybody may have it. Printed as `<name>+<number>+<key>`.

    Raises:
        BadInput: The name or the key cannot be one.
    """

    name: str
    signer: Signer
    public: bytes

    def __post_init__(self) -> None:
        _require_name(self.name)
        if len(self.public) != _PUBLIC_BYTES:
            raise BadInput(f"the key {self.name} has {len(self.public)} bytes, an Ed25519 key has {_PUBLIC_BYTES}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key of a text such as `repairs.example/log+1b2c3d4e+AZ…`.

        Raises:
            BadInput: It is none, or one letter of it is wrong.
        """
        stripped = text.strip()
        if stripped.startswith(_PRIVATE):
            raise BadInput("this is a signing key, which stays secret: give the verifier key that belongs to it")
        name, number, signer, public = _key_parts(stripped, "verifier key")
        key = cls(name, signer, public)
        if key.key_id.hex() != number:
            raise BadInput(
                f"the verifier key {name} is damaged: its number is {number}, its key has {key.key_id.hex()}"
            )
        return key

    @property
    def key_id(self) -> bytes:
        """What marks its signatures: the first four bytes of a hash over name, kind and key."""
        named = self.name.encode() + b"\n" + bytes([_NUMBERS[self.signer]]) + self.public
        return hashlib.sha256(named).digest()[:KEY_ID_BYTES]

    def has_signed(self, message: bytes, signature: bytes) -> bool:
        """Whether the Ed25519 signature of the message is this key's."""
        invalid = _cryptography("cryptography.exceptions").InvalidSignature
        try:
            _ed25519().Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except invalid:
            return False
        return True

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64_text(bytes([_NUMBERS[self.signer]]) + self.public)}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs; whoever has it can sign in its name. `secret_text` writes it down."""

    name: str
    signer: Signer
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _require_name(self.name)
        if len(self.seed) != SEED_BYTES:
            raise BadInput(f"the signing key {self.name} has {len(self.seed)} secret bytes, it takes {SEED_BYTES}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key of a text such as `PRIVATE+KEY+repairs.example/log+1b2c3d4e+AZ…`; no message shows it.

        Raises:
            BadInput: It is none, or one letter of it is wrong.
        """
        stripped = text.strip()
        if not stripped.startswith(_PRIVATE):
            raise BadInput(f"this is no signing key: one begins with {_PRIVATE}")
        name, number, signer, seed = _key_parts(stripped.removeprefix(_PRIVATE), "signing key")
        key = cls(name, signer, seed)
        if key.verifying.key_id.hex() != number:
            raise BadInput(f"the signing key {name} is damaged: its number does not fit it")
        return key

    @property
    def verifying(self) -> VerifyingKey:
        """The key that its signatures are verified with."""
        return VerifyingKey(self.name, self.signer, _private(self.seed).public_key().public_bytes_raw())

    @property
    def secret_text(self) -> str:
        """The key as text, to be kept secret."""
        secret = base64_text(bytes([_NUMBERS[self.signer]]) + self.seed)
        return f"{_PRIVATE}{self.name}+{self.verifying.key_id.hex()}+{secret}"

    def signature(self, message: bytes) -> bytes:
        """Its Ed25519 signature of a message."""
        signed: bytes = _private(self.seed).sign(message)
        return signed


def can_verify() -> bool:
    """Whether what verifies signatures is installed."""
    return find_spec("cryptography") is not None


def is_key_name(name: str) -> bool:
    """Whether a key may be called so: something, without blanks and plus."""
    return _NAME.fullmatch(name) is not None


def base64_text(content: bytes) -> str:
    """The bytes in base64, with its padding."""
    return b64encode(content).decode()


def base64_bytes(encoded: str) -> bytes | None:
    """What the base64 says; None where it is none, or not in the one form that the same bytes always have."""
    try:
        decoded = a2b_base64(encoded.encode("ascii"), strict_mode=True)
    except (NoBase64, UnicodeError):
        return None
    return decoded if base64_text(decoded) == encoded else None


def _require_name(name: str) -> None:
    if not is_key_name(name):
        raise BadInput(f"{name[:60]!r} names no key: a name has neither blanks nor a plus, such as repairs.example/log")


def _key_parts(text: str, what: str) -> tuple[str, str, Signer, bytes]:
    """Name, number, kind and bytes of a key's text."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise BadInput(f"this is no {what}: it has the form NAME+NUMBER+KEY")
    name, number, encoded = parts
    _require_name(name)
    decoded = base64_bytes(encoded)
    if not decoded:
        raise BadInput(f"the {what} {name} is no base64, or cut off")
    signer = _KINDS.get(decoded[0])
    if signer is None:
        raise BadInput(
            f"the {what} {name} is of a kind unknown here: a log's Ed25519 (1) and a witness's (4) are known"
        )
    return name, number, signer, decoded[1:]


def _private(seed: bytes) -> Any:  # noqa: ANN401 - the extra's key
    return _ed25519().Ed25519PrivateKey.from_private_bytes(seed)


def _ed25519() -> ModuleType:
    return _cryptography("cryptography.hazmat.primitives.asymmetric.ed25519")


def _cryptography(module: str) -> ModuleType:
    """A part of the extra `proof`."""
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise BadInput("signatures need cryptography: pip install 'ticketing[proof]'") from None
