"""A watch over a store in PostgreSQL: woken by NOTIFY, leading by advisory locks, on a connection of its own.

The server gives the locks up when the connection ends, however it ends. Who takes a lead raises the view's fencing
number, so that a leader who has lost his connection and does not know it yet writes nothing any more.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from ticketing.adapters.postgres_server import Cursor, PostgresServer, cursor_of
from ticketing.adapters.postgres_statements import Statements
from ticketing.adapters.store import Watch
from ticketing.adapters.view import ViewId, moved


class PostgresWatch(Watch):
    """A watch over a store in a schema of a PostgreSQL database.

    Raises:
        StoreError: The server cannot be reached.
    """

    def __init__(self, server: PostgresServer, sql: Statements, leader: str) -> None:
        self._server = server
        self._sql = sql
        self._leader = leader
        self._fences: dict[ViewId, int | None] = {}
        with server.translated():
            self._connection = server.connect()
            try:
                # In this order: an append that finds the lock free has committed before anything is read after this.
                self._connection.execute(sql.listen)
                self._connection.execute(sql.lock_watches)
            except BaseException:
                self._connection.close()
                raise

    @contextmanager
    def _asking(self) -> Iterator[Cursor]:
        with self._server.translated(), cursor_of(self._connection) as cursor:
            yield cursor

    def lead(self, view: ViewId) -> int | None:
        with self._asking() as cursor:
            if view not in self._fences:
                is_free = cursor.execute(self._sql.try_lead, view).fetchone()
                if is_free is None:
                    raise moved(view)
                if is_free == (False,):
                    return None
                self._fences[view] = None
            stands = cursor.execute(self._sql.select_lead, view).fetchone()
            # Another number than ours, though the lock is: the view was made anew, or the server is another's copy.
            if stands is not None and stands != (self._fences[view], self._leader):
                stands = cursor.execute(self._sql.take_lead, (self._leader, *view)).fetchone()
        if stands is None:
            raise moved(view)
        self._fences[view] = stands[0]
        return self._fences[view]

    def wait(self, seconds: float) -> None:
        with self._server.translated():
            for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                pass
            # Those that came together mean one look at the log.
            for _ in self._connection.notifies(timeout=0):
                pass

    def close(self) -> None:
        if self._server.is_inherited:
            return
        with suppress(psycopg.Error):  # the server does the same when it notices that the connection is gone
            self._connection.execute(self._sql.unlock_all)
        self._connection.close()
