"""The store in a schema of a PostgreSQL database.

What erasing leaves behind: the server's write-ahead log, its archives, replicas and backups, and the freed space of the
table's file until it is used again. Whoever must be rid of these rotates them and runs `VACUUM FULL`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple, NoReturn, cast
from uuid import UUID

import psycopg
from eventsourcing.persistence import NotSupportedError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder

from ticketing.adapters.admission import Admitted, Request, Standing, appends_of, claims_touched, encoded, utc
from ticketing.adapters.codec import Codec
from ticketing.adapters.group import GroupCommit
from ticketing.adapters.kept_rules import KeptRules
from ticketing.adapters.postgres_arrays import Array, Kind
from ticketing.adapters.postgres_log import PostgresLog, stored
from ticketing.adapters.postgres_report import make_views
from ticketing.adapters.postgres_schema import has_store, made_or_migrated
from ticketing.adapters.postgres_server import Cursor, PostgresServer, PostgresTransaction
from ticketing.adapters.postgres_statements import Statements
from ticketing.adapters.postgres_tree import PostgresTree
from ticketing.adapters.postgres_view import remove_view, state_of
from ticketing.adapters.postgres_watch import PostgresWatch
from ticketing.adapters.private import SaltedText
from ticketing.adapters.projector import fold_inline, require_inline
from ticketing.adapters.store import Append, ClaimKind, KeptCommand, Log, Store, Stored, Watch, by_stream
from ticketing.adapters.view import ViewId, ViewState
from ticketing.domain.values import Event, Recorded, StreamKind
from ticketing.projections.row import Projection, Row

_PAGE = 2000
_TEXT_PAGE = 500


class PostgresRecorder(PostgresApplicationRecorder):
    """The library's recorder on our table of events; the store alone writes to it."""

    def __init__(self, server: PostgresServer) -> None:
        super().__init__(server, events_table_name="ticketing_events")

    def create_table(self) -> None:
        """Nothing: the store makes its tables."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: object) -> NoReturn:
        raise NotSupportedError("facts come in through Store.append alone")


class PostgresStore(PostgresLog, Store):
    """The store in a schema of a PostgreSQL database, made if there is none, migrated if it is of an older version.

    Args:
        url: Of libpq, without our own parameter `schema`.
        schema: Where the tables are; the schema is made too, if there is none.
        clock: As for `open_store`.
        random_bytes: As for `open_store`.
        codec: As for `open_store`.
        projections: As for `open_store`.

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
        projections: Sequence[Projection[Any]] = (),
    ) -> None:
        self._server = PostgresServer(url, schema)
        super().__init__(self._server, Statements(schema), codec or Codec(), KeptRules())
        self._clock = clock
        self._projections = tuple(projections)
        self._group = GroupCommit(self._commit)
        self._left: _Left | None = None
        try:
            with self._server.writing() as cursor:
                self._key = made_or_migrated(cursor, self._sql, self._server.name, random_bytes)
        except BaseException:
            self._server.close()
            raise
        self.recorder = PostgresRecorder(self._server)
        self.tree = PostgresTree(self._server, self._sql)

    @property
    def key(self) -> bytes:
        return self._key

    def append(self, appends: Sequence[Append]) -> list[tuple[Recorded[Event], ...]]:
        self._server.require_open()  # before the group's lock, which another thread may have held when it was forked
        return self._group.append(encoded(self.codec, appends))

    def _commit(self, requests: Sequence[Request]) -> None:
        with self._server.reading() as cursor:
            is_watched = self._kept_at_once(cursor, requests)
            if is_watched is None:
                with cursor.connection.transaction():
                    is_watched, left = self._kept(cursor, requests)
                self._left = left
            if is_watched:
                with suppress(psycopg.Error):  # what is appended is; who was not woken looks by himself
                    cursor.execute(self._sql.wake)

    def _kept_at_once(self, cursor: Cursor, requests: Sequence[Request]) -> bool | None:
        """Keeps a lone request in one statement instead of four, if the log is as this process left it.

        Returns:
            Whether somebody watches the log; None where nothing was kept, since it is not, or something is in the way.
        """
        left, self._left = self._left, None
        if left is None or len(requests) > 1:  # several pay for the four together
            return None
        versions: dict[UUID, int] = {}
        for append in appends_of(requests):
            versions.setdefault(append.stream_id, append.expected_version)
        expected = Standing(
            position=left.position,
            recorded_at=left.recorded_at,
            versions={stream_id: left.versions.get(stream_id, version) for stream_id, version in versions.items()},
            commands=set(),
            holders={},
        )
        admitted = expected.admit_each(requests, self._clock)
        if any(request.error is not None for request in requests):
            return None
        asked = [True, _array("uuid", list(versions)), _array("bigint", list(versions.values())), left.position]
        is_watched = self._appended(cursor, [*asked, *_arrays(admitted, expected)])
        if is_watched is not None:
            self._left = _Left(expected.position, expected.recorded_at, expected.versions)
        return is_watched

    def _kept(self, cursor: Cursor, requests: Sequence[Request]) -> "tuple[bool | None, _Left | None]":
        """Keeps what of the requests is let in.

        Returns:
            Whether somebody watches the log, and how it is left, where the next append may come at once.
        """
        standing = self._standing(cursor, appends_of(requests))
        require_inline(standing.inline, self._projections)
        found = _Left(standing.position, standing.recorded_at, dict(standing.versions))
        admitted = standing.admit_each(requests, self._clock)
        if not admitted:
            return False, found
        is_watched = self._appended(cursor, [False, None, None, found.position, *_arrays(admitted, standing)])
        facts = [fact for one in admitted for fact in one.facts]
        fold_inline(self._inside(cursor), standing.inline, self._projections, facts)
        return is_watched, None if standing.inline else _Left(
            standing.position, standing.recorded_at, standing.versions
        )

    def _appended(self, cursor: Cursor, values: Sequence[object]) -> bool | None:
        ((is_watched,),) = cursor.execute(self._sql.select_append, values).fetchall()
        return cast("bool | None", is_watched)

    def _inside(self, cursor: Cursor) -> Log:
        """The log as the cursor's transaction has it."""
        return PostgresLog(PostgresTransaction(self._server, cursor.connection), self._sql, self.codec, self.rules)

    def _standing(self, cursor: Cursor, appends: Sequence[Append]) -> Standing:
        streams = list({append.stream_id for append in appends})
        claims = claims_touched(appends)
        asked = (
            _array("uuid", streams),
            _array("uuid", [append.command_id for append in appends]),
            _array("text", [kind for kind, _ in claims]),
            _array("text", [key for _, key in claims]),
        )
        (found,) = cursor.execute(self._sql.select_standing, asked).fetchall()
        head, stamp, versions, known_commands, held_kinds, held_keys, held_streams, *inline = found
        holders: dict[tuple[ClaimKind, str], list[UUID]] = {}
        for kind, key, stream_id in zip(held_kinds or (), held_keys or (), held_streams or (), strict=True):
            holders.setdefault((kind, key), []).append(stream_id)
        return Standing(
            position=head or 0,
            recorded_at=None if stamp is None else stamp.astimezone(UTC),
            versions=dict(zip(streams, versions, strict=True)),
            commands=set(known_commands),
            holders=holders,
            inline=tuple(ViewId(name, version) for name, version in zip(*(part or () for part in inline), strict=True)),
        )

    def stored_histories(
        self, stream_kind: StreamKind = "ticket", *, up_to: int | None = None
    ) -> Iterator[list[Stored]]:
        last = self.head() if up_to is None else up_to
        select = self._sql.select_ticket_page if stream_kind == "ticket" else self._sql.select_reference_page

        def page(after: tuple[UUID, int]) -> list[Stored]:
            with self._server.reading() as cursor:
                return stored(cursor.execute(select, (*after, stream_kind, last, _PAGE)))

        return by_stream(page)

    def stored_topic(self, topic: str, after: int, limit: int) -> list[Stored]:
        with self._server.reading() as cursor:
            return stored(cursor.execute(self._sql.select_topic, (after, topic, limit)))

    def last_recorded_at(self) -> datetime | None:
        last = self._last()
        return None if last is None else last[1]

    def commands(self, command_ids: Iterable[UUID]) -> dict[UUID, KeptCommand]:
        with self._server.reading() as cursor:
            found = cursor.execute(self._sql.select_commands, (list(command_ids) or None,)).fetchall()
        return {command_id: KeptCommand(*kept) for command_id, *kept in found}

    def tally(self) -> tuple[int, int]:
        with self._server.reading() as cursor:
            ((facts, named),) = cursor.execute(self._sql.select_tally).fetchall()
        return int(facts), int(named)

    def holders(self, kind: ClaimKind, key: str) -> tuple[UUID, ...]:
        with self._server.reading() as cursor:
            return tuple(holder for (holder,) in cursor.execute(self._sql.select_holders, (kind, key)))

    def texts(self, digests: Iterable[str]) -> dict[str, str | None]:
        with self._server.reading() as cursor:
            found = cursor.execute(self._sql.select_texts, (list(digests),)).fetchall()
        return {digest: None if text is None else text.decode() for digest, text in found}

    def salted(self, digests: Iterable[str]) -> dict[str, SaltedText]:
        with self._server.reading() as cursor:
            found = cursor.execute(self._sql.select_salted, (list(digests),)).fetchall()
        return {digest: SaltedText(digest, bytes(salt), text.decode()) for digest, salt, text in found}

    def erase(self, digests: Iterable[str]) -> int:
        with self._server.writing() as cursor:
            erased = cursor.execute(self._sql.erase_texts, (utc(self._clock), list(digests))).rowcount
        with self._server.reading() as cursor:
            cursor.execute(self._sql.vacuum_texts)
        return erased

    def kept_texts(self) -> Iterator[tuple[str, SaltedText | None]]:
        after = ""
        while True:
            with self._server.reading() as cursor:
                page = cursor.execute(self._sql.select_kept_texts, (after, _TEXT_PAGE)).fetchall()
            if not page:
                return
            for digest, salt, text in page:
                yield digest, None if text is None else SaltedText(digest, salt, text.decode())
            after = page[-1][0]

    def views(self) -> list[ViewState]:
        with self._server.reading() as cursor:
            return [state_of(found) for found in cursor.execute(self._sql.select_all_states)]

    def make_report_views(self, kept: Sequence[tuple[ViewId, type[Row]]]) -> tuple[str, ...]:
        with self._server.writing() as cursor:
            cursor.execute(self._sql.lock_schema)
            return make_views(cursor, self._sql.schema, kept)

    def remove_view(self, view: ViewId) -> None:
        remove_view(self._server, self._sql, view)

    @contextmanager
    def locked(self) -> Iterator[Log]:
        with self._server.writing() as cursor:
            cursor.execute(self._sql.lock_log)
            yield self._inside(cursor)

    def watch(self, leader: str) -> Watch:
        return PostgresWatch(self._server, self._sql, leader)

    def close(self) -> None:
        self._server.close()


def holds_store(url: str, schema: str) -> bool:
    """Whether there is a store in the schema of that database; looking changes nothing.

    Raises:
        BadInput: The URL has no form.
        StoreError: The server cannot be reached.
    """
    with closing(PostgresServer(url, schema)) as server, server.reading() as cursor:
        return has_store(cursor, Statements(schema))


class _Left(NamedTuple):
    """How this process left the log: its last position and stamp, and the versions of the streams of its last append.

    Of several threads that append to one stream all but one are refused by these before the server is asked.
    """

    position: int
    recorded_at: datetime | None
    versions: Mapping[UUID, int]


def _arrays(admitted: Sequence[Admitted], standing: Standing) -> list[Array | None]:
    """The arguments of ticketing_append behind the first five: one array per column."""
    events = [row for one in admitted for row in one.rows]
    appends = [one.encoded.append for one in admitted]
    kept = [append.kept_command for append in appends]
    texts = [(append.stream_id, text) for append in appends for text in append.texts]
    return [
        _array("uuid", [fact.stream_id for fact, _ in events]),
        _array("bigint", [fact.version for fact, _ in events]),
        _array("text", [stored.topic for _, stored in events]),
        _array("bytea", [stored.state for _, stored in events]),
        _array("timestamptz", [fact.recorded_at for fact, _ in events]),
        _array("text", [fact.stream_kind for fact, _ in events]),
        _array("uuid", [append.command_id for append in appends]),
        _array("text", [command.command_digest for command in kept]),
        _array("uuid", [command.stream_id for command in kept]),
        _array("bigint", [command.first_version for command in kept]),
        _array("bigint", [command.last_version for command in kept]),
        _array("text", [held.kind for held in standing.released]),
        _array("text", [held.key for held in standing.released]),
        _array("uuid", [held.stream_id for held in standing.released]),
        _array("text", [held.kind for held in standing.claimed]),
        _array("text", [held.key for held in standing.claimed]),
        _array("uuid", [held.stream_id for held in standing.claimed]),
        _array("text", [text.digest for _, text in texts]),
        _array("uuid", [stream_id for stream_id, _ in texts]),
        _array("bytea", [text.salt for _, text in texts]),
        _array("bytea", [text.text.encode() for _, text in texts]),
    ]


def _array(kind: Kind, values: Sequence[Any]) -> Array | None:
    """The values as an argument; None is as good as none of them, and shorter."""
    return Array(kind, values) if values else None
