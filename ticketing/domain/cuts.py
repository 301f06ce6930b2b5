"""The two times and their cuts: which facts of a history survive, and as what.

Laws: `known_at` selects facts and corrections by `recorded_at`; corrections and retractions then apply, to
`occurred_at` too; `as_of` cuts last, on the corrected `occurred_at`. All three bounds are inclusive. A retraction may
itself be retracted or corrected, and so may a correction: a record speaks only of earlier facts, as later, surviving
records leave it.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter

from ticketing.domain.events import EventCorrected, EventRetracted
from ticketing.domain.values import Envelope, Event, Instant, PrivateText, Recorded, SerialNumber

En = TypeVar("En", bound=Envelope[Event])
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
_JSON: TypeAdapter[object] = TypeAdapter(object)


def instant(value: object) -> datetime:
    """The instant that a stored value says, in UTC.

    Raises:
        ValueError: It says none, or has no zone.
    """
    return _INSTANT.validate_python(value)


def with_field(event: Event, path: str, value: object) -> Event:
    """The event with the field at a dotted path set, validated anew.

    Raises:
        KeyError: The path names no field.
        ValueError: The value does not fit the field.
    """
    stored: Any = event.model_dump(mode="json")
    *outer, last = path.split(".")
    inner = stored
    for step in outer:
        inner = _inner(inner, step)
    inner[_key(inner, last)] = value
    return type(event).model_validate_json(_JSON.dump_json(stored))


def field_at(value: object, path: str) -> object:
    """The value at a dotted path of stored names.

    Raises:
        KeyError: The path names no field.
    """
    for step in path.split("."):
        if isinstance(value, PrivateText | SerialNumber):
            raise KeyError(step)  # a digest is not a field: correct the text, and it is sealed anew
        if isinstance(value, BaseModel):
            names = {info.alias or name: name for name, info in type(value).model_fields.items()}
            value = getattr(value, names[step])
        else:
            value = _inner(value, step)
    return value


def _inner(container: Any, step: str) -> Any:  # noqa: ANN401  # plain JSON of any shape
    return container[_key(container, step)]


def _key(container: object, step: str) -> str | int:
    if isinstance(container, dict) and step in container:
        return step
    if isinstance(container, list | tuple) and step.isdecimal() and int(step) < len(container):
        return int(step)
    raise KeyError(step)


def stored_value(value: object) -> object:
    """A field's value in the form in which it is stored."""
    return _JSON.dump_python(value, mode="json")


def corrected(envelope: En, correction: EventCorrected) -> En:
    """The envelope with one field set as the correction says.

    Raises:
        KeyError: The fact has no such field.
        ValueError: The value does not fit the field.
    """
    if correction.field == "occurred_at":
        return replace(envelope, occurred_at=instant(correction.is_))
    return replace(envelope, event=with_field(envelope.event, correction.field, stored_value(correction.is_)))


def surviving(history: Sequence[En]) -> list[En]:
    """The facts that no retraction takes back, with their corrections applied, in order of version."""
    taken_back: set[int] = set()
    corrections: dict[int, list[EventCorrected]] = {}
    facts: list[En] = []
    for envelope in reversed(history):
        if envelope.version in taken_back:
            continue
        fact = envelope
        for correction in reversed(corrections.get(envelope.version, [])):
            # One that fitted only a correction since taken back has nothing left to correct.
            with suppress(KeyError, ValueError):
                fact = corrected(fact, correction)
        # Going backwards, whoever targets a later fact, or itself, comes too late to touch it.
        if isinstance(fact.event, EventRetracted):
            taken_back.add(fact.event.target_version)
        elif isinstance(fact.event, EventCorrected):
            corrections.setdefault(fact.event.target_version, []).append(fact.event)
        facts.append(fact)
    facts.reverse()
    return facts


def known(
    history: Iterable[Recorded[Event]], *, known_at: datetime | None = None, at_version: int | None = None
) -> list[Recorded[Event]]:
    """What the log had by that instant and that version, both inclusive; None does not cut."""
    return [
        recorded
        for recorded in history
        if (known_at is None or recorded.recorded_at <= known_at)
        and (at_version is None or recorded.version <= at_version)
    ]


def cut(
    history: Iterable[Recorded[Event]],
    *,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    at_version: int | None = None,
) -> list[Recorded[Event]]:
    """The surviving facts within the cuts, in order of version; None does not cut."""
    facts = surviving(known(history, known_at=known_at, at_version=at_version))
    return facts if as_of is None else [fact for fact in facts if fact.occurred_at <= as_of]
