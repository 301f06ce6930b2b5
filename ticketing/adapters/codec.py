"""Codec: the stored form of a fact, and the fact of a stored form. A mapper of `eventsourcing` that validates.

Laws of this file: what was stored once can be read for ever, so a form is never edited; a change of form is a new
schema number and an upcast. Nothing is written that could not be read again. No unsealed text is written or read.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from pydantic import ConfigDict, StrictInt, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json
from typing_extensions import TypedDict  # that of the standard library cannot be generic with 3.11 in pydantic

from ticketing.adapters.private import holders_in, private_parts
from ticketing.domain.errors import StoreError, UnreadableEvent
from ticketing.domain.events import TICKET_EVENTS
from ticketing.domain.reference import REFERENCE_EVENTS
from ticketing.domain.slots import maker
from ticketing.domain.values import (
    Actor,
    Envelope,
    Event,
    PrivateText,
    Recorded,
    SerialNumber,
    StreamKind,
    instant_text,
)

E = TypeVar("E", bound=Event)
Stored = dict[str, Any]
"""A stored form as JSON gives it: the envelope's fields, and under `event` the fact's own."""

EVENTS: Mapping[str, type[Event]] = MappingProxyType(
    {f"ticketing:{event.__name__}": event for event in (*TICKET_EVENTS, *REFERENCE_EVENTS.values())}
)
"""Every event by its stored name."""

SCHEMAS: Mapping[str, int] = MappingProxyType({})
"""The present schema number of an event by its class name, where it is not 1."""

UPCASTS: Mapping[tuple[str, int], Callable[[Stored], Stored]] = MappingProxyType({})
"""By class name and schema number: what makes the next schema's stored form of this one's. Never edited, only added."""

_envelope = maker(Envelope)
_recorded = maker(Recorded)


class _Form(TypedDict, Generic[E]):
    """The stored form, its fields in the order in which they are stored; a dict, which is made in half the time."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]  # as pydantic has it

    schema: StrictInt
    stream_kind: StreamKind
    occurred_at: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
    actor: Actor
    source: str
    command_id: UUID
    caused_by: str | None
    flags: tuple[str, ...]
    event: E


class _Reader:
    """What reads one event's stored forms: made when the first of them comes."""

    __slots__ = ("_holders", "beginning", "name", "schema", "validate")

    def __init__(self, event: type[Event], schema: int) -> None:
        self.name = event.__name__
        self.schema = schema
        self.beginning = b'{"schema":%d,' % schema
        form = TypeAdapter(_Form[event])  # type: ignore[valid-type]  # made at run time
        self.validate = form.validator.validate_json
        self._holders = holders_in(event)

    def unsealed(self, event: Event) -> str | None:
        """A field with a private text or serial that is not sealed; None when there is none."""
        for name in self._holders:
            if not all(map(_is_sealed, private_parts(getattr(event, name)))):
                return name
        return None


@cache
def _reader(event: type[Event], schema: int) -> _Reader:
    """The reader, for all codecs of the process: it takes a millisecond to make."""
    return _Reader(event, schema)


class Codec(Mapper[UUID]):
    """Facts to and from their stored form: named `ticketing:<Event>`, canonical UTF-8 JSON in declared field order.

    Args:
        schemas: As `SCHEMAS`.
        upcasts: As `UPCASTS`.
    """

    def __init__(
        self,
        *,
        schemas: Mapping[str, int] = SCHEMAS,
        upcasts: Mapping[tuple[str, int], Callable[[Stored], Stored]] = UPCASTS,
    ) -> None:
        super().__init__(JSONTranscoder())  # unused: pydantic reads and writes the JSON
        self._schemas = schemas
        self._upcasts = upcasts
        self._readers: dict[str, _Reader] = {}

    def encode(self, envelope: Envelope[Event]) -> tuple[StoredEvent, Envelope[Event]]:
        """The stored form, and the fact exactly as it will be read again.

        Raises:
            StoreError: It has no stored form: an unsealed text, a naive instant, a float, an unknown event.
        """
        name = type(envelope.event).__name__
        topic = f"ticketing:{name}"
        if EVENTS.get(topic) is not type(envelope.event):
            raise StoreError(f"{topic} cannot be stored: no such event")
        if envelope.occurred_at.tzinfo is None:
            raise StoreError(f"{topic} cannot be stored: occurred_at has no zone")
        try:
            state = to_json(
                {
                    "schema": self._schemas.get(name, 1),
                    "stream_kind": envelope.stream_kind,
                    "occurred_at": instant_text(envelope.occurred_at),
                    "actor": envelope.actor,
                    "source": envelope.source,
                    "command_id": envelope.command_id,
                    "caused_by": envelope.caused_by,
                    "flags": envelope.flags,
                    "event": envelope.event,
                }
            )
        except (PydanticSerializationError, ValueError, TypeError, OverflowError) as error:
            raise StoreError(f"{topic} cannot be stored: {_one_line(error)}") from error
        stored = StoredEvent(envelope.stream_id, envelope.version, topic, state)
        try:
            return stored, self.decode(stored)
        except UnreadableEvent as error:
            raise StoreError(f"cannot be stored: {error}") from error

    def decode(self, stored: StoredEvent) -> Envelope[Event]:
        """The fact of a stored form, validated.

        Raises:
            UnreadableEvent: Nobody can read it.
        """
        stream_id, version = _uuid(stored.originator_id), stored.originator_version
        number, occurred_at, form = self._read(stored.topic, stored.state, (None, stream_id, version))
        envelope: Envelope[Event] = _envelope(
            stream_id,
            form["stream_kind"],
            version,
            occurred_at,
            form["actor"],
            form["source"],
            form["command_id"],
            form["caused_by"],
            form["flags"],
            number,
            form["event"],
        )
        return envelope

    def recorded(
        self, position: int, stream_id: UUID, version: int, topic: str, state: bytes, recorded_at: datetime
    ) -> Recorded[Event]:
        """The fact of one row of the log, validated; the arguments are the row's columns.

        Raises:
            UnreadableEvent: Nobody can read it.
        """
        number, occurred_at, form = self._read(topic, state, (position, stream_id, version))
        fact: Recorded[Event] = _recorded(
            stream_id,
            form["stream_kind"],
            version,
            occurred_at,
            form["actor"],
            form["source"],
            form["command_id"],
            form["caused_by"],
            form["flags"],
            number,
            form["event"],
            position,
            recorded_at,
        )
        return fact

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """The stored form of an `Envelope`, for the library's own `EventStore`."""
        if not isinstance(domain_event, Envelope):
            raise StoreError(f"{type(domain_event).__name__} cannot be stored: it is no Envelope")
        return self.encode(domain_event)[0]

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """The `Envelope` of a stored form, for the library's own `EventStore`."""
        return self.decode(stored_event)

    def _read(self, topic: str, state: bytes, place: "_Place") -> tuple[int, datetime, _Form[Event]]:
        """The schema number as stored, `occurred_at`, and the form as of today."""
        reader = self._readers.get(topic)
        if reader is None:
            event = EVENTS.get(topic)
            if event is None:
                raise _unreadable(place, topic, "this version knows no such event")
            reader = self._readers[topic] = _reader(event, self._schemas.get(event.__name__, 1))
        try:
            if state.startswith(reader.beginning):
                number, form = reader.schema, reader.validate(state)
            else:
                number, present = self._upcast(reader, from_json(state))
                form = reader.validate(to_json(present))
            occurred_at = datetime.fromisoformat(form["occurred_at"])
        except ValidationError as error:
            raise _unreadable(place, topic, _first_of(error)) from error
        except _NoSuchForm as error:
            raise _unreadable(place, topic, str(error)) from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise _unreadable(place, topic, _one_line(error)) from error
        unsealed = reader.unsealed(form["event"])
        if unsealed is not None:
            raise _unreadable(place, topic, f"event.{unsealed} is not sealed")
        return number, occurred_at, form

    def _upcast(self, reader: _Reader, stored: object) -> tuple[int, Stored]:
        if not isinstance(stored, dict):
            raise _NoSuchForm("the state is no JSON object")
        number = stored.get("schema")
        if type(number) is not int or number < 1:
            raise _NoSuchForm(f"the schema number {number!r} is none")
        if number > reader.schema:
            raise _NoSuchForm(f"schema {number} was written by a newer version, this one knows up to {reader.schema}")
        present = stored
        for schema in range(number, reader.schema):
            upcast = self._upcasts.get((reader.name, schema))
            if upcast is None:
                raise _NoSuchForm(f"there is no upcast from schema {schema}")
            present = upcast(present) | {"schema": schema + 1}
        return number, present


class _NoSuchForm(Exception):
    """The stored form has a schema that cannot be brought to today's."""


_Place = tuple[int | None, UUID, int]


def _uuid(originator_id: UUID | str) -> UUID:
    return originator_id if isinstance(originator_id, UUID) else UUID(originator_id)


def _unreadable(place: _Place, topic: str, why: str) -> UnreadableEvent:
    position, stream_id, version = place
    where = "" if position is None else f"position {position}: "
    return UnreadableEvent(f"{where}stream {stream_id} version {version}, {topic}: {why}")


def _first_of(error: ValidationError) -> str:
    """The first thing wrong, without the value: it may be somebody's."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(map(str, first["loc"]))
    return f"{field}: {first['msg']}" if field else first["msg"]


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _is_sealed(part: PrivateText | SerialNumber) -> bool:
    return part.digest is not None and part.text is None
