"""The log in an SQLite file, and the views beside it, as the file has them or one transaction of it."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from ticketing.adapters.codec import Codec
from ticketing.adapters.kept_rules import KeptRules
from ticketing.adapters.sqlite_file import Cursors
from ticketing.adapters.sqlite_view import SqliteView
from ticketing.adapters.store import Log, Stored
from ticketing.adapters.view import View, ViewId
from ticketing.domain.errors import StoreError
from ticketing.domain.values import StreamKind
from ticketing.projections.row import Row

R = TypeVar("R", bound=Row)
StoredRow = tuple[int, str, int, str, bytes, str, StreamKind]

COLUMNS = "rowid, originator_id, originator_version, topic, state, recorded_at, stream_kind"
_SELECT_LAST = "SELECT rowid, recorded_at FROM ticketing_events ORDER BY rowid DESC LIMIT 1"
_SELECT_LOG = f"SELECT {COLUMNS} FROM ticketing_events WHERE rowid > ? ORDER BY rowid LIMIT ?"  # noqa: S608
_SELECT_STREAM = f"""
SELECT {COLUMNS} FROM ticketing_events
WHERE originator_id = ? AND originator_version > ? ORDER BY originator_version
"""  # noqa: S608
_SELECT_STREAMS = f"""
SELECT {COLUMNS} FROM ticketing_events
WHERE originator_id IN (SELECT value FROM json_each(?)) ORDER BY originator_id, originator_version
"""  # noqa: S608
# By itself SQLite goes through the log by position, for the order; publications are few, and have an index.
_SELECT_PUBLICATIONS = f"""
SELECT {COLUMNS} FROM ticketing_events INDEXED BY ticketing_events_reference
WHERE stream_kind <> 'ticket' AND +rowid > ? AND +rowid <= ? ORDER BY +rowid
"""  # noqa: S608


class SqliteLog(Log):
    """The log and the views, wherever statements run."""

    def __init__(self, cursors: Cursors, codec: Codec, rules: KeptRules) -> None:
        self.codec = codec
        self.rules = rules
        self._cursors = cursors

    def head(self) -> int:
        with self._cursors.reading() as cursor:
            last = cursor.execute(_SELECT_LAST).fetchone()
        return 0 if last is None else int(last[0])

    def stored_log(self, after: int, limit: int) -> list[Stored]:
        with self._cursors.reading() as cursor:
            return stored(cursor.execute(_SELECT_LOG, (after, limit)))

    def stored_stream(self, stream_id: UUID, *, after_version: int = 0) -> list[Stored]:
        with self._cursors.reading() as cursor:
            return stored(cursor.execute(_SELECT_STREAM, (stream_id.hex, after_version)))

    def stored_streams(self, stream_ids: Collection[UUID]) -> dict[UUID, list[Stored]]:
        streams: dict[UUID, list[Stored]] = defaultdict(list)
        with self._cursors.reading() as cursor:
            asked = json.dumps([stream_id.hex for stream_id in stream_ids])
            for row in stored(cursor.execute(_SELECT_STREAMS, (asked,))):
                streams[row.stream_id].append(row)
        return streams

    def stored_publications(self, after: int, up_to: int) -> list[Stored]:
        with self._cursors.reading() as cursor:
            return stored(cursor.execute(_SELECT_PUBLICATIONS, (after, up_to)))

    def view(self, name: str, version: int, row: type[R], *, is_next: bool = False) -> View[R]:
        return SqliteView(self._cursors, ViewId(name, version, is_next), row)


def last_of(cursor: sqlite3.Cursor) -> tuple[int, datetime | None]:
    """The last position and stamp of the log; 0 and None when it is empty."""
    last = cursor.execute(_SELECT_LAST).fetchone()
    return (0, None) if last is None else (last[0], _stamp(last[0], last[1]))


def stored(rows: Iterable[StoredRow]) -> list[Stored]:
    """The rows of a table of events with `COLUMNS`.

    Raises:
        StoreError: A stream's id or a stamp was damaged.
    """
    read = []
    for position, stream_id, version, topic, state, recorded_at, kind in rows:
        try:
            stream = UUID(stream_id)
        except (ValueError, TypeError, AttributeError) as error:
            raise StoreError(f"position {position}: its stream's id is damaged: ticketing check") from error
        read.append(Stored(position, stream, version, topic, state, _stamp(position, recorded_at), kind))
    return read


def _stamp(position: int, recorded_at: str) -> datetime:
    try:
        return datetime.fromisoformat(recorded_at)
    except (ValueError, TypeError) as error:
        raise StoreError(f"position {position}: its stamp is damaged: ticketing check") from error
