"""The log in PostgreSQL, and the views beside it, as the server has them or one transaction on it."""

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from ticketing.adapters.codec import Codec
from ticketing.adapters.kept_rules import KeptRules
from ticketing.adapters.postgres_arrays import Array
from ticketing.adapters.postgres_server import Cursor, Place
from ticketing.adapters.postgres_statements import Statements
from ticketing.adapters.postgres_view import PostgresView
from ticketing.adapters.store import Log, Stored
from ticketing.adapters.view import View, ViewId
from ticketing.domain.values import StreamKind
from ticketing.projections.row import Row

R = TypeVar("R", bound=Row)
StoredRow = tuple[int, UUID, int, str, bytes, datetime, StreamKind]


class PostgresLog(Log):
    """The log and the views, wherever statements run."""

    def __init__(self, place: Place, sql: Statements, codec: Codec, rules: KeptRules) -> None:
        self.codec = codec
        self.rules = rules
        self._place = place
        self._sql = sql

    def head(self) -> int:
        last = self._last()
        return 0 if last is None else last[0]

    def stored_log(self, after: int, limit: int) -> list[Stored]:
        with self._place.reading() as cursor:
            return stored(cursor.execute(self._sql.select_log, (after, limit)))

    def stored_stream(self, stream_id: UUID, *, after_version: int = 0) -> list[Stored]:
        with self._place.reading() as cursor:
            return stored(cursor.execute(self._sql.select_stream, (stream_id, after_version)))

    def stored_streams(self, stream_ids: Collection[UUID]) -> dict[UUID, list[Stored]]:
        streams: dict[UUID, list[Stored]] = defaultdict(list)
        with self._place.reading() as cursor:
            for row in stored(cursor.execute(self._sql.select_streams, (Array("uuid", list(stream_ids)),))):
                streams[row.stream_id].append(row)
        return streams

    def stored_publications(self, after: int, up_to: int) -> list[Stored]:
        with self._place.reading() as cursor:
            return stored(cursor.execute(self._sql.select_publications, (after, up_to)))

    def view(self, name: str, version: int, row: type[R], *, is_next: bool = False) -> View[R]:
        return PostgresView(self._place, self._sql, ViewId(name, version, is_next), row)

    def _last(self) -> tuple[int, datetime] | None:
        with self._place.reading() as cursor:
            last = cursor.execute(self._sql.select_last).fetchone()
        return None if last is None else (last[0], last[1].astimezone(UTC))


def stored(cursor: Cursor) -> list[Stored]:
    """The rows of the table of events that a statement gives, times in UTC."""
    rows: list[StoredRow] = cursor.fetchall()  # all at once: the driver takes twice as long to give them one by one
    return [
        Stored(position, stream_id, version, topic, state, recorded_at.astimezone(UTC), kind)
        for position, stream_id, version, topic, state, recorded_at, kind in rows
    ]
