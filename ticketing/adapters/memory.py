"""The store in memory: for tests and trials, gone when it is closed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from typing import Any, Generic, NoReturn, TypeVar
from uuid import UUID

from eventsourcing.persistence import NotSupportedError, StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from ticketing.adapters.admission import Admitted, Standing, claims_touched, encoded
from ticketing.adapters.codec import Codec
from ticketing.adapters.store import (
    STORE_KEY_BYTES,
    Append,
    ClaimKind,
    KeptCommand,
    SaltedText,
    Store,
    View,
)
from ticketing.adapters.views import RowForm, table_name
from ticketing.domain.errors import Conflict, StoreError
from ticketing.domain.values import Event, Recorded, StreamKind
from ticketing.projections.row import Row

R = TypeVar("R", bound=Row)


class MemoryLog(POPOApplicationRecorder):
    """The library's recorder, with the stamp of each event beside it; the store alone writes to it."""

    def __init__(self) -> None:
        super().__init__()
        self._recorded_at: list[datetime] = []
        self._positions: dict[UUID, list[int]] = {}

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: object) -> NoReturn:
        raise NotSupportedError("facts come in through Store.append alone")

    def keep(self, stored: StoredEvent, recorded_at: datetime) -> None:
        """Adds one event at the end."""
        (position,) = self._insert_events([stored]) or ()
        self._recorded_at.append(recorded_at)
        self._positions.setdefault(UUID(str(stored.originator_id)), []).append(position)

    def rows(self, after: int, limit: int) -> list[tuple[int, StoredEvent, datetime]]:
        """Position, stored form and stamp of the events that follow a position."""
        last = min(after + limit, len(self._stored_events))
        return [self._row(position) for position in range(after + 1, last + 1)]

    def rows_of(self, stream_id: UUID, after_version: int) -> list[tuple[int, StoredEvent, datetime]]:
        """The same of one stream."""
        return [self._row(position) for position in self._positions.get(stream_id, ())[after_version:]]

    def stream_ids(self) -> list[UUID]:
        """Every stream, in order of id."""
        return sorted(self._positions)

    def version(self, stream_id: UUID) -> int:
        """The last version of a stream; 0 when there is none."""
        return len(self._positions.get(stream_id, ()))

    @property
    def head(self) -> int:
        return len(self._stored_events)

    @property
    def last_recorded_at(self) -> datetime | None:
        return self._recorded_at[-1] if self._recorded_at else None

    def _row(self, position: int) -> tuple[int, StoredEvent, datetime]:
        return position, self._stored_events[position - 1], self._recorded_at[position - 1]


@dataclass(slots=True)
class _Rows(Generic[R]):
    """What is kept of one view."""

    columns: str
    position: int = 0
    by_ticket: dict[UUID, R] = field(default_factory=dict)


class MemoryView(View[R]):
    """A view in memory."""

    def __init__(self, kept: _Rows[R], lock: RLock) -> None:
        self._kept = kept
        self._lock = lock

    def position(self) -> int:
        return self._kept.position

    def load(self, ticket_ids: Iterable[UUID]) -> dict[UUID, R]:
        with self._lock:
            rows = self._kept.by_ticket
            return {ticket_id: rows[ticket_id] for ticket_id in ticket_ids if ticket_id in rows}

    def save(self, rows: Iterable[R], *, expected_position: int, position: int) -> None:
        changed = {row.ticket_id: row for row in rows}
        with self._lock:
            if self._kept.position != expected_position:
                raise Conflict(f"the view is no longer at position {expected_position}")
            self._kept.by_ticket.update(changed)
            self._kept.position = position

    def rows(self) -> Iterator[R]:
        with self._lock:
            rows = sorted(self._kept.by_ticket.items())
        for _, row in rows:
            yield row

    def clear(self) -> None:
        with self._lock:
            self._kept.by_ticket.clear()
            self._kept.position = 0


class MemoryStore(Store):
    """The store in memory. One lock for everything; what is read is decoded as from any other store.

    Attributes:
        recorder: The log for readers that know the library and not us.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        codec: Codec | None = None,
    ) -> None:
        self._clock = clock
        self._codec = codec or Codec()
        self._key = random_bytes(STORE_KEY_BYTES)
        self._lock = RLock()
        self._commands: dict[UUID, KeptCommand] = {}
        self._holders: dict[tuple[ClaimKind, str], list[UUID]] = {}
        self._texts: dict[str, SaltedText | None] = {}
        self._views: dict[str, _Rows[Any]] = {}
        self.recorder = MemoryLog()

    @property
    def key(self) -> bytes:
        return self._key

    def append(self, appends: Sequence[Append]) -> list[tuple[Recorded[Event], ...]]:
        waiting = encoded(self._codec, appends)
        with self._lock:
            standing = self._standing(appends)
            admitted = [standing.admit(one, self._clock) for one in waiting]
            self._holders.update(standing.holders)
            for one in admitted:
                self._keep(one)
        return [one.facts for one in admitted]

    def _standing(self, appends: Sequence[Append]) -> Standing:
        return Standing(
            position=self.recorder.head,
            recorded_at=self.recorder.last_recorded_at,
            versions={append.stream_id: self.recorder.version(append.stream_id) for append in appends},
            commands={append.command_id for append in appends if append.command_id in self._commands},
            holders={claim: list(self._holders.get(claim, ())) for claim in claims_touched(appends)},
        )

    def _keep(self, admitted: Admitted) -> None:
        for fact, stored in admitted.rows:
            self.recorder.keep(stored, fact.recorded_at)
        append = admitted.encoded.append
        self._commands[append.command_id] = append.kept_command
        for text in append.texts:
            self._texts.setdefault(text.digest, text)

    def stream(self, stream_id: UUID, *, after_version: int = 0) -> list[Recorded[Event]]:
        with self._lock:
            return [self._decoded(row) for row in self.recorder.rows_of(stream_id, after_version)]

    def log(self, after: int, limit: int) -> list[Recorded[Event]]:
        with self._lock:
            return [self._decoded(row) for row in self.recorder.rows(after, limit)]

    def histories(
        self, stream_kind: StreamKind = "ticket", *, up_to: int | None = None
    ) -> Iterator[list[Recorded[Event]]]:
        with self._lock:
            stream_ids = self.recorder.stream_ids()
            last = self.recorder.head if up_to is None else up_to
        for stream_id in stream_ids:
            facts = [fact for fact in self.stream(stream_id) if fact.position <= last]
            if facts and facts[0].stream_kind == stream_kind:
                yield facts

    def head(self) -> int:
        return self.recorder.head

    def last_recorded_at(self) -> datetime | None:
        return self.recorder.last_recorded_at

    def command(self, command_id: UUID) -> KeptCommand | None:
        return self._commands.get(command_id)

    def holders(self, kind: ClaimKind, key: str) -> tuple[UUID, ...]:
        return tuple(self._holders.get((kind, key), ()))

    def texts(self, digests: Iterable[str]) -> dict[str, str | None]:
        with self._lock:
            kept = {digest: self._texts[digest] for digest in digests if digest in self._texts}
        return {digest: None if text is None else text.text for digest, text in kept.items()}

    def erase(self, digests: Iterable[str]) -> int:
        with self._lock:
            there = {digest for digest in digests if self._texts.get(digest) is not None}
            self._texts.update(dict.fromkeys(there))
        return len(there)

    def view(self, name: str, version: int, row: type[R]) -> View[R]:
        columns = RowForm(row, {}, {}).signature
        with self._lock:
            kept = self._views.setdefault(table_name(name, version), _Rows(columns))
        if kept.columns != columns:
            raise StoreError(f"view {name} version {version} has other columns: raise the projection's version")
        return MemoryView(kept, self._lock)

    def close(self) -> None:
        """Nothing to give back: the memory goes when the store does."""

    def _decoded(self, row: tuple[int, StoredEvent, datetime]) -> Recorded[Event]:
        position, stored, recorded_at = row
        stream_id = UUID(str(stored.originator_id))
        return self._codec.recorded(
            position, stream_id, stored.originator_version, stored.topic, stored.state, recorded_at
        )
