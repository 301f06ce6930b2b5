"""The store in an SQLite file: durable by default, several threads and processes on one file."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NoReturn, TypeVar
from uuid import UUID

from eventsourcing.persistence import NotSupportedError, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder

from ticketing.adapters.admission import Admitted, Standing, claims_touched, encoded, utc
from ticketing.adapters.codec import Codec
from ticketing.adapters.sqlite_file import SqliteFile, Synchronous
from ticketing.adapters.sqlite_view import SqliteView
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
from ticketing.domain.values import Event, Recorded, StreamKind, instant_text
from ticketing.projections.row import Row

R = TypeVar("R", bound=Row)

_EVENTS = "ticketing_events"
_STORE = "ticketing_store"
_PAGE = 2000

# The library's recorder reads the column `rowid` by that name. It inserts neither stamp nor kind, and so inserts not.
_CREATE_EVENTS = """
CREATE TABLE ticketing_events (
    rowid INTEGER PRIMARY KEY,
    originator_id TEXT NOT NULL,
    originator_version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    state BLOB NOT NULL,
    recorded_at TEXT NOT NULL,
    stream_kind TEXT NOT NULL,
    UNIQUE (originator_id, originator_version)
)
"""
_CREATE_REFERENCE_INDEX = """
CREATE INDEX ticketing_events_reference ON ticketing_events (stream_kind, originator_id, originator_version)
WHERE stream_kind <> 'ticket'
"""
# Rows are added at the end and never move, so that overwriting one leaves no copy in the free part of another page.
_CREATE_TEXTS = """
CREATE TABLE ticketing_private_texts (
    number INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    stream_id TEXT NOT NULL,
    salt BLOB,
    text TEXT,
    erased_at TEXT
)
"""
_CREATE_COMMANDS = """
CREATE TABLE ticketing_commands (
    command_id TEXT PRIMARY KEY,
    command_digest TEXT NOT NULL,
    stream_id TEXT NOT NULL,
    first_version INTEGER NOT NULL,
    last_version INTEGER NOT NULL
) WITHOUT ROWID
"""
_CREATE_CLAIMS = """
CREATE TABLE ticketing_claims (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    stream_id TEXT NOT NULL,
    UNIQUE (kind, key, stream_id)
)
"""
_CREATE_VIEWS = """
CREATE TABLE ticketing_views (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    columns TEXT NOT NULL,
    PRIMARY KEY (name, version)
) WITHOUT ROWID
"""
_CREATE_STORE = """
CREATE TABLE ticketing_store (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    schema_version INTEGER NOT NULL,
    key BLOB NOT NULL
)
"""
_CREATE = (
    _CREATE_EVENTS,
    _CREATE_REFERENCE_INDEX,
    _CREATE_TEXTS,
    _CREATE_COMMANDS,
    _CREATE_CLAIMS,
    _CREATE_VIEWS,
    _CREATE_STORE,
)
_SELECT_NAMES = r"SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\'"
_INSERT_STORE = "INSERT INTO ticketing_store (number, schema_version, key) VALUES (1, ?, ?)"
_SELECT_STORE = "SELECT schema_version, key FROM ticketing_store"

_SELECT_LAST = "SELECT rowid, recorded_at FROM ticketing_events ORDER BY rowid DESC LIMIT 1"
_SELECT_VERSIONS = """
SELECT value, (SELECT max(originator_version) FROM ticketing_events WHERE originator_id = value) FROM json_each(?)
"""
_SELECT_KNOWN_COMMANDS = (
    "SELECT command_id FROM ticketing_commands WHERE command_id IN (SELECT value FROM json_each(?))"
)
_SELECT_HOLDERS = "SELECT stream_id FROM ticketing_claims WHERE kind = ? AND key = ? ORDER BY number"
_INSERT_EVENT = """
INSERT INTO ticketing_events (rowid, originator_id, originator_version, topic, state, recorded_at, stream_kind)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_INSERT_COMMAND = """
INSERT INTO ticketing_commands (command_id, command_digest, stream_id, first_version, last_version)
VALUES (?, ?, ?, ?, ?)
"""
_DELETE_CLAIM = "DELETE FROM ticketing_claims WHERE kind = ? AND key = ? AND stream_id = ?"
_INSERT_CLAIM = "INSERT OR IGNORE INTO ticketing_claims (kind, key, stream_id) VALUES (?, ?, ?)"
_INSERT_TEXT = "INSERT OR IGNORE INTO ticketing_private_texts (digest, stream_id, salt, text) VALUES (?, ?, ?, ?)"

_COLUMNS = "rowid, originator_id, originator_version, topic, state, recorded_at"
_SELECT_STREAM = f"""
SELECT {_COLUMNS} FROM ticketing_events
WHERE originator_id = ? AND originator_version > ? ORDER BY originator_version
"""  # noqa: S608
_SELECT_LOG = f"SELECT {_COLUMNS} FROM ticketing_events WHERE rowid > ? ORDER BY rowid LIMIT ?"  # noqa: S608
_SELECT_PAGE = f"""
SELECT {_COLUMNS} FROM ticketing_events
WHERE (originator_id, originator_version) > (?, ?) AND stream_kind = ? AND {{kind}} AND rowid <= ?
ORDER BY originator_id, originator_version LIMIT ?
"""  # noqa: S608
_SELECT_TICKET_PAGE = _SELECT_PAGE.format(kind="stream_kind = 'ticket'")
_SELECT_REFERENCE_PAGE = _SELECT_PAGE.format(kind="stream_kind <> 'ticket'")  # lets SQLite use the index of that kind
_SELECT_COMMAND = """
SELECT command_digest, stream_id, first_version, last_version FROM ticketing_commands WHERE command_id = ?
"""
_SELECT_TEXTS = """
SELECT digest, text FROM ticketing_private_texts WHERE digest IN (SELECT value FROM json_each(?))
"""
_ERASE_TEXTS = """
UPDATE ticketing_private_texts SET salt = NULL, text = NULL, erased_at = ?
WHERE digest IN (SELECT value FROM json_each(?)) AND erased_at IS NULL
"""


class SqliteLog(SQLiteApplicationRecorder):
    """The library's recorder on our table of events; the store alone writes to it."""

    def __init__(self, file: SqliteFile) -> None:
        super().__init__(file, events_table_name=_EVENTS)

    def construct_create_table_statements(self) -> list[str]:
        """Nothing: the store makes its tables."""
        return []

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: object) -> NoReturn:
        raise NotSupportedError("facts come in through Store.append alone")


class SqliteStore(Store):
    """The store in an SQLite file, made if there is none.

    Attributes:
        recorder: The log for readers that know the library and not us.

    Raises:
        StoreError: The file cannot be opened, is no database or another program's, or was made by a newer version.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        codec: Codec | None = None,
        synchronous: Synchronous = "FULL",
    ) -> None:
        _require_place(path)
        self._clock = clock
        self._codec = codec or Codec()
        self._file = SqliteFile(path, synchronous)
        try:
            key = self._opened()  # looks before it changes anything: the file may be another program's
            self._file.require_wal()
            self._key = key or self._made(random_bytes)
        except BaseException:
            self._file.close()
            raise
        self.recorder = SqliteLog(self._file)

    def _opened(self) -> bytes | None:
        """The key of the store that is there."""
        with self._file.reading() as cursor:
            return self._key_in(cursor)

    def _made(self, random_bytes: Callable[[int], bytes]) -> bytes:
        with self._file.writing() as cursor:
            key = self._key_in(cursor)
            if key is None:
                key = random_bytes(STORE_KEY_BYTES)
                for statement in _CREATE:
                    cursor.execute(statement)
                cursor.execute(_INSERT_STORE, (STORE_SCHEMA, key))
            return key

    def _key_in(self, cursor: sqlite3.Cursor) -> bytes | None:
        if not _is_store(cursor, self._file.path):
            return None
        schema_version, key = cursor.execute(_SELECT_STORE).fetchone()
        if schema_version > STORE_SCHEMA:
            raise StoreError(
                f"{self._file.path}: made by a newer version of ticketing "
                f"(its tables are version {schema_version}, this one knows up to {STORE_SCHEMA})"
            )
        return bytes(key)

    @property
    def key(self) -> bytes:
        return self._key

    def append(self, appends: Sequence[Append]) -> list[tuple[Recorded[Event], ...]]:
        waiting = encoded(self._codec, appends)
        with self._file.writing() as cursor:
            standing = _standing(cursor, appends)
            admitted = [standing.admit(one, self._clock) for one in waiting]
            _keep(cursor, admitted, standing)
        return [one.facts for one in admitted]

    def stream(self, stream_id: UUID, *, after_version: int = 0) -> list[Recorded[Event]]:
        with self._file.reading() as cursor:
            rows = cursor.execute(_SELECT_STREAM, (stream_id.hex, after_version)).fetchall()
        return self._decoded(rows)

    def log(self, after: int, limit: int) -> list[Recorded[Event]]:
        with self._file.reading() as cursor:
            rows = cursor.execute(_SELECT_LOG, (after, limit)).fetchall()
        return self._decoded(rows)

    def histories(
        self, stream_kind: StreamKind = "ticket", *, up_to: int | None = None
    ) -> Iterator[list[Recorded[Event]]]:
        last = self.head() if up_to is None else up_to
        select = _SELECT_TICKET_PAGE if stream_kind == "ticket" else _SELECT_REFERENCE_PAGE

        def page(after: tuple[UUID, int]) -> list[Recorded[Event]]:
            with self._file.reading() as cursor:
                rows = cursor.execute(select, (after[0].hex, after[1], stream_kind, last, _PAGE)).fetchall()
            return self._decoded(rows)

        return by_stream(page)

    def head(self) -> int:
        with self._file.reading() as cursor:
            last = cursor.execute(_SELECT_LAST).fetchone()
        return 0 if last is None else int(last[0])

    def last_recorded_at(self) -> datetime | None:
        with self._file.reading() as cursor:
            last = cursor.execute(_SELECT_LAST).fetchone()
        return None if last is None else datetime.fromisoformat(last[1])

    def command(self, command_id: UUID) -> KeptCommand | None:
        with self._file.reading() as cursor:
            kept = cursor.execute(_SELECT_COMMAND, (command_id.hex,)).fetchone()
        return None if kept is None else KeptCommand(kept[0], UUID(kept[1]), kept[2], kept[3])

    def holders(self, kind: ClaimKind, key: str) -> tuple[UUID, ...]:
        with self._file.reading() as cursor:
            return _holders(cursor, kind, key)

    def texts(self, digests: Iterable[str]) -> dict[str, str | None]:
        with self._file.reading() as cursor:
            return dict(cursor.execute(_SELECT_TEXTS, (json.dumps(list(digests)),)))

    def erase(self, digests: Iterable[str]) -> int:
        with self._file.writing() as cursor:
            erased_at = instant_text(utc(self._clock))
            erased = cursor.execute(_ERASE_TEXTS, (erased_at, json.dumps(list(digests)))).rowcount
        # Also when nothing is left to erase: the last attempt may have ended before this.
        self._file.forget_deleted()
        return erased

    def view(self, name: str, version: int, row: type[R]) -> View[R]:
        return SqliteView(self._file, name, version, row)

    def close(self) -> None:
        self._file.close()

    def _decoded(self, rows: Iterable[tuple[int, str, int, str, bytes, str]]) -> list[Recorded[Event]]:
        recorded = self._codec.recorded
        return [
            recorded(position, UUID(stream_id), version, topic, state, datetime.fromisoformat(recorded_at))
            for position, stream_id, version, topic, state, recorded_at in rows
        ]


def holds_store(path: Path) -> bool:
    """Whether the file is there and holds a store; looking changes nothing.

    Raises:
        StoreError: It cannot be opened, is no database, or is another program's.
    """
    _require_place(path)
    if not path.exists():
        return False
    with closing(SqliteFile(path)) as file, file.reading() as cursor:
        return _is_store(cursor, path)


def _require_place(path: Path) -> None:
    try:
        wrong = "this is a folder" if path.is_dir() else None if path.parent.is_dir() else "there is no such folder"
        path.exists()  # refuses a name that is too long, and a folder that may not be entered
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error
    if wrong is not None:
        raise StoreError(f"{path}: {wrong}")


def _is_store(cursor: sqlite3.Cursor, path: Path) -> bool:
    """Whether our tables are there; all of them were made in one transaction."""
    names = {name for (name,) in cursor.execute(_SELECT_NAMES)}
    if names and _STORE not in names:
        raise StoreError(f"{path} holds no ticketing store, but another program's tables")
    return bool(names)


def _standing(cursor: sqlite3.Cursor, appends: Sequence[Append]) -> Standing:
    last = cursor.execute(_SELECT_LAST).fetchone()
    streams = json.dumps(list({append.stream_id.hex for append in appends}))
    commands = json.dumps([append.command_id.hex for append in appends])
    return Standing(
        position=0 if last is None else last[0],
        recorded_at=None if last is None else datetime.fromisoformat(last[1]),
        versions={UUID(stream): version or 0 for stream, version in cursor.execute(_SELECT_VERSIONS, (streams,))},
        commands={UUID(command) for (command,) in cursor.execute(_SELECT_KNOWN_COMMANDS, (commands,))},
        holders={claim: list(_holders(cursor, *claim)) for claim in claims_touched(appends)},
    )


def _holders(cursor: sqlite3.Cursor, kind: ClaimKind, key: str) -> tuple[UUID, ...]:
    return tuple(UUID(holder) for (holder,) in cursor.execute(_SELECT_HOLDERS, (kind, key)))


def _keep(cursor: sqlite3.Cursor, admitted: Sequence[Admitted], standing: Standing) -> None:
    cursor.executemany(
        _INSERT_EVENT,
        [
            (
                fact.position,
                fact.stream_id.hex,
                fact.version,
                stored.topic,
                stored.state,
                instant_text(fact.recorded_at),
                fact.stream_kind,
            )
            for one in admitted
            for fact, stored in one.rows
        ],
    )
    appends = [one.encoded.append for one in admitted]
    commands = [(append.command_id, append.kept_command) for append in appends]
    cursor.executemany(
        _INSERT_COMMAND,
        [
            (command_id.hex, kept.command_digest, kept.stream_id.hex, kept.first_version, kept.last_version)
            for command_id, kept in commands
        ],
    )
    cursor.executemany(_DELETE_CLAIM, [(held.kind, held.key, held.stream_id.hex) for held in standing.released])
    cursor.executemany(_INSERT_CLAIM, [(held.kind, held.key, held.stream_id.hex) for held in standing.claimed])
    cursor.executemany(
        _INSERT_TEXT,
        [(text.digest, append.stream_id.hex, text.salt, text.text) for append in appends for text in append.texts],
    )
