"""The store in an SQLite file: durable by default, several threads and processes on one file."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

from eventsourcing.persistence import NotSupportedError, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder

from ticketing.adapters.admission import Admitted, Request, Standing, appends_of, claims_touched, encoded, utc
from ticketing.adapters.codec import Codec
from ticketing.adapters.group import GroupCommit
from ticketing.adapters.kept_rules import KeptRules
from ticketing.adapters.private import SaltedText
from ticketing.adapters.projector import fold_inline, require_inline
from ticketing.adapters.sqlite_file import SqliteFile, Synchronous
from ticketing.adapters.sqlite_log import COLUMNS, SqliteLog, last_of, stored
from ticketing.adapters.sqlite_schema import bring_up_to_date, is_store, kept_store, require_present_tables
from ticketing.adapters.sqlite_tree import SqliteTree
from ticketing.adapters.sqlite_view import remove, states
from ticketing.adapters.sqlite_watch import SqliteWatch
from ticketing.adapters.store import (
    STORE_SCHEMA,
    Append,
    ClaimKind,
    KeptCommand,
    Log,
    Store,
    Stored,
    Watch,
    by_stream,
)
from ticketing.adapters.view import ViewId, ViewState
from ticketing.domain.errors import StoreError
from ticketing.domain.values import Event, Recorded, StreamKind, instant_text
from ticketing.projections.row import Projection

_EVENTS = "ticketing_events"
_PAGE = 2000

_SELECT_VERSIONS = """
SELECT value, (SELECT max(originator_version) FROM ticketing_events WHERE originator_id = value) FROM json_each(?)
"""
_SELECT_KNOWN_COMMANDS = (
    "SELECT command_id FROM ticketing_commands WHERE command_id IN (SELECT value FROM json_each(?))"
)
_SELECT_INLINE = """
SELECT name, version, is_next FROM ticketing_views WHERE is_inline ORDER BY name, version, is_next
"""
_SELECT_HOLDERS = "SELECT stream_id FROM ticketing_claims WHERE kind = ? AND key = ? ORDER BY number"
_INSERT_EVENT = """
INSERT INTO ticketing_events (rowid, originator_id, originator_version, topic, state, recorded_at, stream_kind)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_INSERT_COMMAND = """
INSERT INTO ticketing_commands (command_id, digest, stream_id, first_version, last_version)
VALUES (?, ?, ?, ?, ?)
"""
_DELETE_CLAIM = "DELETE FROM ticketing_claims WHERE kind = ? AND key = ? AND stream_id = ?"
_INSERT_CLAIM = "INSERT OR IGNORE INTO ticketing_claims (kind, key, stream_id) VALUES (?, ?, ?)"
_INSERT_TEXT = "INSERT OR IGNORE INTO ticketing_private_texts (digest, stream_id, salt, text) VALUES (?, ?, ?, ?)"

_SELECT_PAGE = f"""
SELECT {COLUMNS} FROM ticketing_events
WHERE (originator_id, originator_version) > (?, ?) AND stream_kind = ? AND {{kind}} AND rowid <= ?
ORDER BY originator_id, originator_version LIMIT ?
"""  # noqa: S608
_SELECT_TICKET_PAGE = _SELECT_PAGE.format(kind="stream_kind = 'ticket'")
_SELECT_REFERENCE_PAGE = _SELECT_PAGE.format(kind="stream_kind <> 'ticket'")  # lets SQLite use the index of that kind
_SELECT_TOPIC = f"""
SELECT {COLUMNS} FROM ticketing_events WHERE rowid > ? AND topic = ? ORDER BY rowid LIMIT ?
"""  # noqa: S608
_SELECT_COMMANDS = """
SELECT command_id, digest, stream_id, first_version, last_version FROM ticketing_commands
WHERE command_id IN (SELECT value FROM json_each(?))
"""
_SELECT_TALLY = """
SELECT (SELECT count(*) FROM ticketing_events),
    (SELECT coalesce(sum(last_version - first_version + 1), 0) FROM ticketing_commands)
"""
_SELECT_TEXTS = """
SELECT digest, text FROM ticketing_private_texts WHERE digest IN (SELECT value FROM json_each(?))
"""
_SELECT_TEXTS_PAGE = """
SELECT digest, salt, text FROM ticketing_private_texts WHERE digest > ? ORDER BY digest LIMIT ?
"""
_SELECT_SALTED = """
SELECT digest, salt, text FROM ticketing_private_texts
WHERE digest IN (SELECT value FROM json_each(?)) AND erased_at IS NULL
"""
_ERASE_TEXTS = """
UPDATE ticketing_private_texts SET salt = NULL, text = NULL, erased_at = ?
WHERE digest IN (SELECT value FROM json_each(?)) AND erased_at IS NULL
"""


class SqliteRecorder(SQLiteApplicationRecorder):
    """The library's recorder on our table of events; the store alone writes to it."""

    def __init__(self, file: SqliteFile) -> None:
        super().__init__(file, events_table_name=_EVENTS)

    def construct_create_table_statements(self) -> list[str]:
        """Nothing: the store makes its tables."""
        return []

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: object) -> NoReturn:
        raise NotSupportedError("facts come in through Store.append alone")


class SqliteStore(SqliteLog, Store):
    """The store in an SQLite file, made if there is none, and brought to the present tables.

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
        projections: Sequence[Projection[Any]] = (),
        synchronous: Synchronous = "FULL",
    ) -> None:
        _require_place(path)
        self._clock = clock
        self._projections = tuple(projections)
        self._file = SqliteFile(path, synchronous)
        super().__init__(self._file, codec or Codec(), KeptRules())
        try:
            self._key = self._opened(random_bytes)
        except BaseException:
            self._file.close()
            raise
        self._group = GroupCommit(self._commit)
        self.recorder = SqliteRecorder(self._file)
        self.tree = SqliteTree(self._file)

    def _opened(self, random_bytes: Callable[[int], bytes]) -> bytes:
        """The key of the store."""
        with self._file.snapshot() as cursor:  # looks before it changes anything: the file may be another program's
            kept = kept_store(cursor, self._file.path)
        self._file.require_wal()
        if kept is not None and kept.schema_version == STORE_SCHEMA:
            return kept.key
        with self._file.writing() as cursor:
            return bring_up_to_date(cursor, self._file.path, random_bytes)

    @property
    def key(self) -> bytes:
        return self._key

    def append(self, appends: Sequence[Append]) -> list[tuple[Recorded[Event], ...]]:
        self._file.require_open()  # the group's lock may have been held when this process was forked
        return self._group.append(encoded(self.codec, appends))

    def _commit(self, requests: Sequence[Request]) -> None:
        with self._file.locked() as transaction, transaction.writing() as cursor:
            require_present_tables(cursor, self._file.path)
            standing = _standing(cursor, appends_of(requests))
            require_inline(standing.inline, self._projections)
            admitted = standing.admit_each(requests, self._clock)
            if not admitted:
                return
            _keep(cursor, admitted, standing)
            facts = [fact for one in admitted for fact in one.facts]
            fold_inline(SqliteLog(transaction, self.codec, self.rules), standing.inline, self._projections, facts)

    @contextmanager
    def locked(self) -> Iterator[Log]:
        with self._file.locked() as transaction:
            yield SqliteLog(transaction, self.codec, self.rules)

    def stored_histories(
        self, stream_kind: StreamKind = "ticket", *, up_to: int | None = None
    ) -> Iterator[list[Stored]]:
        last = self.head() if up_to is None else up_to
        select = _SELECT_TICKET_PAGE if stream_kind == "ticket" else _SELECT_REFERENCE_PAGE

        def page(after: tuple[UUID, int]) -> list[Stored]:
            with self._file.reading() as cursor:
                return stored(cursor.execute(select, (after[0].hex, after[1], stream_kind, last, _PAGE)))

        return by_stream(page)

    def stored_topic(self, topic: str, after: int, limit: int) -> list[Stored]:
        with self._file.reading() as cursor:
            return stored(cursor.execute(_SELECT_TOPIC, (after, topic, limit)))

    def last_recorded_at(self) -> datetime | None:
        with self._file.reading() as cursor:
            return last_of(cursor)[1]

    def commands(self, command_ids: Iterable[UUID]) -> dict[UUID, KeptCommand]:
        asked = json.dumps([command_id.hex for command_id in command_ids])
        with self._file.reading() as cursor:
            kept = cursor.execute(_SELECT_COMMANDS, (asked,)).fetchall()
        return {
            UUID(command_id): KeptCommand(digest, UUID(stream_id), first, last)
            for command_id, digest, stream_id, first, last in kept
        }

    def tally(self) -> tuple[int, int]:
        with self._file.reading() as cursor:
            facts, named = cursor.execute(_SELECT_TALLY).fetchone()
        return int(facts), int(named)

    def holders(self, kind: ClaimKind, key: str) -> tuple[UUID, ...]:
        with self._file.reading() as cursor:
            return _holders(cursor, kind, key)

    def texts(self, digests: Iterable[str]) -> dict[str, str | None]:
        with self._file.reading() as cursor:
            return dict(cursor.execute(_SELECT_TEXTS, (json.dumps(list(digests)),)))

    def salted(self, digests: Iterable[str]) -> dict[str, SaltedText]:
        with self._file.reading() as cursor:
            found = cursor.execute(_SELECT_SALTED, (json.dumps(list(digests)),)).fetchall()
        return {digest: SaltedText(digest, salt, text) for digest, salt, text in found}

    def erase(self, digests: Iterable[str]) -> int:
        with self._file.writing() as cursor:
            erased_at = instant_text(utc(self._clock))
            erased = cursor.execute(_ERASE_TEXTS, (erased_at, json.dumps(list(digests)))).rowcount
        # Also when nothing is left to erase: the last attempt may have ended before this.
        self._file.forget_deleted()
        return erased

    def kept_texts(self) -> Iterator[tuple[str, SaltedText | None]]:
        after = ""
        while page := self._texts_after(after):
            for digest, salt, text in page:
                yield digest, None if text is None else SaltedText(digest, salt, text)
            after = page[-1][0]

    def _texts_after(self, digest: str) -> list[tuple[str, bytes, str | None]]:
        with self._file.reading() as cursor:
            return cursor.execute(_SELECT_TEXTS_PAGE, (digest, _PAGE)).fetchall()

    def views(self) -> list[ViewState]:
        with self._file.reading() as cursor:
            return states(cursor)

    def remove_view(self, view: ViewId) -> None:
        with self._file.writing() as cursor:
            remove(cursor, view)

    def watch(self, leader: str) -> Watch:
        return SqliteWatch(self, self._file, leader)

    def close(self) -> None:
        self._file.close()


def holds_store(path: Path) -> bool:
    """Whether the file is there and holds a store; looking changes nothing.

    Raises:
        StoreError: It cannot be opened, is no database, or is another program's.
    """
    _require_place(path)
    if not path.exists():
        return False
    with closing(SqliteFile(path)) as file, file.reading() as cursor:
        return is_store(cursor, path)


def _require_place(path: Path) -> None:
    try:
        wrong = "this is a folder" if path.is_dir() else None if path.parent.is_dir() else "there is no such folder"
        path.exists()  # refuses a name that is too long, and a folder that may not be entered
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error
    if wrong is not None:
        raise StoreError(f"{path}: {wrong}")


def _standing(cursor: sqlite3.Cursor, appends: Sequence[Append]) -> Standing:
    position, recorded_at = last_of(cursor)
    streams = json.dumps(list({append.stream_id.hex for append in appends}))
    commands = json.dumps([append.command_id.hex for append in appends])
    return Standing(
        position=position,
        recorded_at=recorded_at,
        versions={UUID(stream): version or 0 for stream, version in cursor.execute(_SELECT_VERSIONS, (streams,))},
        commands={UUID(command) for (command,) in cursor.execute(_SELECT_KNOWN_COMMANDS, (commands,))},
        holders={claim: list(_holders(cursor, *claim)) for claim in claims_touched(appends)},
        inline=tuple(ViewId(name, version, bool(is_next)) for name, version, is_next in cursor.execute(_SELECT_INLINE)),
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
