"""The store in a schema of a PostgreSQL database.

What erasing leaves behind: the server's write-ahead log, its archives, replicas and backups, and the freed space of the
table's file until it is used again. Whoever must be rid of these rotates them and runs `VACUUM FULL`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeVar
from uuid import UUID

from eventsourcing.persistence import NotSupportedError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder

from ticketing.adapters.admission import Admitted, Standing, claims_touched, encoded, utc
from ticketing.adapters.codec import Codec
from ticketing.adapters.postgres_schema import Statements
from ticketing.adapters.postgres_server import Cursor, PostgresServer
from ticketing.adapters.postgres_view import PostgresView
from ticketing.adapters.store import (
    STORE_KEY_BYTES,
    STORE_SCHEMA,
    Append,
    ClaimKind,
    KeptCommand,
    Store,
    View,
    by_stream,
)
from ticketing.domain.errors import StoreError
from ticketing.domain.values import Event, Recorded, StreamKind
from ticketing.projections.row import Row

R = TypeVar("R", bound=Row)

_PAGE = 2000


class PostgresLog(PostgresApplicationRecorder):
    """The library's recorder on our table of events; the store alone writes to it."""

    def __init__(self, server: PostgresServer) -> None:
        super().__init__(server, events_table_name="ticketing_events")

    def create_table(self) -> None:
        """Nothing: the store makes its tables."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: object) -> NoReturn:
        raise NotSupportedError("facts come in through Store.append alone")


class PostgresStore(Store):
    """The store in a schema of a PostgreSQL database, made if there is none.

    Args:
        url: Of libpq, without our own parameter `schema`.
        schema: Where the tables are; the schema is made too, if there is none.
        clock: As for `open_store`.
        random_bytes: As for `open_store`.
        codec: As for `open_store`.

    Attributes:
        recorder: The log for readers that know the library and not us.

    Raises:
        BadInput: The URL has no form.
        StoreError: The server cannot be reached, or the store was made by a newer version.
    """

    def __init__(
        self,
        url: str,
        schema: str,
        *,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        codec: Codec | None = None,
    ) -> None:
        self._clock = clock
        self._codec = codec or Codec()
        self._schema = schema
        self._sql = Statements(schema)
        self._server = PostgresServer(url, schema)
        with self._server.connecting() as cursor:
            self._key = self._key_in(cursor) or self._made(cursor, random_bytes)
        self.recorder = PostgresLog(self._server)

    def _made(self, cursor: Cursor, random_bytes: Callable[[int], bytes]) -> bytes:
        cursor.execute(self._sql.lock_schema)
        key = self._key_in(cursor)
        if key is None:
            key = random_bytes(STORE_KEY_BYTES)
            if cursor.execute(self._sql.has_schema, (self._schema,)).fetchone() is None:
                cursor.execute(self._sql.create_schema)
            for statement in self._sql.create:
                cursor.execute(statement)
            cursor.execute(self._sql.insert_store, (STORE_SCHEMA, key))
        return key

    def _key_in(self, cursor: Cursor) -> bytes | None:
        """The key of the store that is there."""
        if cursor.execute(self._sql.has_store, (self._schema,)).fetchone() is None:
            return None
        (found,) = cursor.execute(self._sql.select_store).fetchall()
        schema_version, key = found
        if schema_version > STORE_SCHEMA:
            raise StoreError(
                f"{self._server.name}: made by a newer version of ticketing "
                f"(its tables are version {schema_version}, this one knows up to {STORE_SCHEMA})"
            )
        return bytes(key)

    @property
    def key(self) -> bytes:
        return self._key

    def append(self, appends: Sequence[Append]) -> list[tuple[Recorded[Event], ...]]:
        waiting = encoded(self._codec, appends)
        with self._server.appending() as cursor:
            standing = self._standing(cursor, appends)
            head = standing.position
            admitted = [standing.admit(one, self._clock) for one in waiting]
            cursor.execute(self._sql.select_append, _arrays(admitted, standing))
            if cursor.fetchone() != (head,):
                raise StoreError(f"{self._server.name}: the log moved under its lock")
        return [one.facts for one in admitted]

    def _standing(self, cursor: Cursor, appends: Sequence[Append]) -> Standing:
        streams = list({append.stream_id for append in appends})
        claims = claims_touched(appends)
        commands = [append.command_id for append in appends]
        kinds, keys = [kind for kind, _ in claims], [key for _, key in claims]
        (found,) = cursor.execute(self._sql.select_standing, (streams, commands, kinds, keys)).fetchall()
        head, stamp, versions, known_commands, held_kinds, held_keys, held_streams = found
        holders: dict[tuple[ClaimKind, str], list[UUID]] = {}
        for kind, key, stream_id in zip(held_kinds or (), held_keys or (), held_streams or (), strict=True):
            holders.setdefault((kind, key), []).append(stream_id)
        return Standing(
            position=head or 0,
            recorded_at=None if stamp is None else stamp.astimezone(UTC),
            versions=dict(zip(streams, versions, strict=True)),
            commands=set(known_commands),
            holders=holders,
        )

    def stream(self, stream_id: UUID, *, after_version: int = 0) -> list[Recorded[Event]]:
        with self._server.reading() as cursor:
            rows = cursor.execute(self._sql.select_stream, (stream_id, after_version)).fetchall()
        return self._decoded(rows)

    def log(self, after: int, limit: int) -> list[Recorded[Event]]:
        with self._server.reading() as cursor:
            rows = cursor.execute(self._sql.select_log, (after, limit)).fetchall()
        return self._decoded(rows)

    def histories(
        self, stream_kind: StreamKind = "ticket", *, up_to: int | None = None
    ) -> Iterator[list[Recorded[Event]]]:
        last = self.head() if up_to is None else up_to
        select = self._sql.select_ticket_page if stream_kind == "ticket" else self._sql.select_reference_page

        def page(after: tuple[UUID, int]) -> list[Recorded[Event]]:
            with self._server.reading() as cursor:
                rows = cursor.execute(select, (*after, stream_kind, last, _PAGE)).fetchall()
            return self._decoded(rows)

        return by_stream(page)

    def head(self) -> int:
        last = self._last()
        return 0 if last is None else last[0]

    def last_recorded_at(self) -> datetime | None:
        last = self._last()
        return None if last is None else last[1]

    def _last(self) -> tuple[int, datetime] | None:
        with self._server.reading() as cursor:
            last = cursor.execute(self._sql.select_last).fetchone()
        return None if last is None else (last[0], last[1].astimezone(UTC))

    def command(self, command_id: UUID) -> KeptCommand | None:
        with self._server.reading() as cursor:
            kept = cursor.execute(self._sql.select_command, (command_id,)).fetchone()
        return None if kept is None else KeptCommand(*kept)

    def holders(self, kind: ClaimKind, key: str) -> tuple[UUID, ...]:
        with self._server.reading() as cursor:
            return tuple(holder for (holder,) in cursor.execute(self._sql.select_holders, (kind, key)))

    def texts(self, digests: Iterable[str]) -> dict[str, str | None]:
        with self._server.reading() as cursor:
            found = cursor.execute(self._sql.select_texts, (list(digests),)).fetchall()
        return {digest: None if text is None else text.decode() for digest, text in found}

    def erase(self, digests: Iterable[str]) -> int:
        with self._server.writing() as cursor:
            erased = cursor.execute(self._sql.erase_texts, (utc(self._clock), list(digests))).rowcount
        with self._server.reading() as cursor:
            cursor.execute(self._sql.vacuum_texts)
        return erased

    def view(self, name: str, version: int, row: type[R]) -> View[R]:
        return PostgresView(self._server, name, version, row)

    def close(self) -> None:
        self._server.close()

    def _decoded(self, rows: Iterable[tuple[int, UUID, int, str, bytes, datetime]]) -> list[Recorded[Event]]:
        recorded = self._codec.recorded
        return [
            recorded(position, stream_id, version, topic, state, recorded_at.astimezone(UTC))
            for position, stream_id, version, topic, state, recorded_at in rows
        ]


def _arrays(admitted: Sequence[Admitted], standing: Standing) -> list[list[Any] | None]:
    """The arguments of ticketing_append: one array per column, None for an empty one, which the driver is slow at."""
    events = [row for one in admitted for row in one.rows]
    appends = [one.encoded.append for one in admitted]
    kept = [append.kept_command for append in appends]
    texts = [(append.stream_id, text) for append in appends for text in append.texts]
    columns: list[list[Any]] = [
        [fact.stream_id for fact, _ in events],
        [fact.version for fact, _ in events],
        [stored.topic for _, stored in events],
        [stored.state for _, stored in events],
        [fact.recorded_at for fact, _ in events],
        [fact.stream_kind for fact, _ in events],
        [append.command_id for append in appends],
        [command.command_digest for command in kept],
        [command.stream_id for command in kept],
        [command.first_version for command in kept],
        [command.last_version for command in kept],
        [held.kind for held in standing.released],
        [held.key for held in standing.released],
        [held.stream_id for held in standing.released],
        [held.kind for held in standing.claimed],
        [held.key for held in standing.claimed],
        [held.stream_id for held in standing.claimed],
        [text.digest for _, text in texts],
        [stream_id for stream_id, _ in texts],
        [text.salt for _, text in texts],
        [text.text.encode() for _, text in texts],
    ]
    return [column or None for column in columns]
