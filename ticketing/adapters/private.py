"""Sealing: private texts and serials leave an event as digests, before the log sees it.

A text's digest is sha256(salt + text in UTF-8) with 16 random bytes of salt. A serial's match is HMAC-SHA256 under the
store's key of manufacturer, a zero byte, and the normalised serial.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from types import NoneType
from typing import Annotated, Literal, TypeVar, get_args, get_origin
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from ticketing.domain.command import Command
from ticketing.domain.errors import BadInput
from ticketing.domain.values import Event, PrivateText, SerialNumber, Value, normalised_serial

Private = PrivateText | SerialNumber
ERASED = "[erased]"
_SALT_BYTES = 16
V = TypeVar("V")
Ev = TypeVar("Ev", bound=Event)


@dataclass(frozen=True, slots=True)
class SaltedText:
    """A private text on its way beside the log. `digest` is sha256 of salt and text in UTF-8, lower-case hex."""

    digest: str
    salt: bytes
    text: str


def private_parts(value: object) -> Iterator[Private]:
    """Every private text and serial within a value, in order of its fields."""
    if isinstance(value, PrivateText | SerialNumber):
        yield value
    elif isinstance(value, BaseModel):
        for name in holders_in(type(value)):
            yield from private_parts(getattr(value, name))
    elif isinstance(value, tuple):
        for part in value:
            yield from private_parts(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from private_parts(part)


@cache
def holders_in(kind: type[BaseModel]) -> tuple[str, ...]:
    """The fields of a class whose values may have private texts or serials in them, at any depth."""
    return tuple(name for name, field in kind.model_fields.items() if _may_hold(field.annotation))


def _may_hold(annotation: object) -> bool:
    if get_origin(annotation) is Annotated:
        return _may_hold(get_args(annotation)[0])
    if annotation in _PLAIN or get_origin(annotation) is Literal:
        return False
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in _PRIVATE:
        # Where there are kinds of it, one of them will be there, whose own fields are looked at.
        return bool(annotation.__subclasses__() or holders_in(annotation))
    parts = [part for part in get_args(annotation) if part is not ...]
    return any(map(_may_hold, parts)) if parts else True


_PRIVATE = (PrivateText, SerialNumber)
_PLAIN = (str, int, bool, NoneType, AwareDatetime, datetime, date, timedelta, UUID, Decimal)


def _replaced(value: V, change: Callable[[Private], Private]) -> V:
    """The value with its private parts changed; the value itself where it has none."""
    if isinstance(value, PrivateText | SerialNumber):
        return change(value)  # type: ignore[return-value]  # a private part stays of its kind
    if isinstance(value, Value):
        changed = {}
        for name in holders_in(type(value)):
            before = getattr(value, name)
            after = _replaced(before, change)
            if after is not before:
                changed[name] = after
        return value.model_copy(update=changed) if changed else value
    if isinstance(value, tuple):
        after_all = tuple(_replaced(part, change) for part in value)
        is_same = all(after is before for after, before in zip(after_all, value, strict=True))
        return value if is_same else after_all  # type: ignore[return-value]
    if isinstance(value, dict):
        return {name: _replaced(part, change) for name, part in value.items()}  # type: ignore[return-value]
    return value


class Sealer:
    """Seals events under one store's key, with salts from the application's randomness."""

    def __init__(self, key: bytes, random_bytes: Callable[[int], bytes]) -> None:
        self._key = key
        self._random_bytes = random_bytes

    def seal(self, event: Ev, manufacturer: str | None) -> tuple[Ev, tuple[SaltedText, ...]]:
        """The event as the log may see it, and the texts to be kept beside the log.

        Args:
            event: As decided; parts that are sealed already stay as they are.
            manufacturer: Of the unit; a serial is unique only within one manufacturer's.
        """
        texts: list[SaltedText] = []

        def sealed(part: Private) -> Private:
            if part.text is None:
                return part
            salt = self._random_bytes(_SALT_BYTES)
            digest = digest_of(salt, part.text)
            texts.append(SaltedText(digest, salt, part.text))
            if isinstance(part, PrivateText):
                return PrivateText(digest=digest)
            return SerialNumber(match=self.match(manufacturer, part.text), digest=digest)

        return _replaced(event, sealed), tuple(texts)

    def match(self, manufacturer: str | None, serial: str) -> str:
        """What the same serial of the same manufacturer always gives in this store; lower-case hex."""
        message = (manufacturer or "").encode() + b"\0" + normalised_serial(serial).encode()
        return hmac.digest(self._key, message, "sha256").hex()

    def command_digest(self, command: Command) -> str:
        """A keyed digest of what the caller sent, texts included, before defaults; lower-case hex."""
        sent = command.model_dump(mode="json", exclude_unset=True, exclude={"command_id"})
        texts = [part.text or part.digest for part in private_parts(command)]
        message = json.dumps([type(command).__name__, sent, texts], ensure_ascii=False, sort_keys=True)
        return hmac.digest(self._key, message.encode(), "sha256").hex()


def digest_of(salt: bytes, text: str) -> str:
    """The digest of a private text; lower-case hex."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def refuse_ready_digests(said: Value) -> None:
    """Refuses a digest from outside: with it one ticket could show, and erase, another's text.

    Raises:
        BadInput: A private part of the command or event comes without its text.
    """
    if any(part.text is None for part in private_parts(said)):
        raise BadInput(f"{type(said).__name__}: a private text is given as text; its digest is made by the store")


def drawn_uuid(random_bytes: Callable[[int], bytes]) -> UUID:
    """A random UUID (version 4) from injected randomness."""
    return UUID(bytes=random_bytes(16), version=4)
