"""The connections of a process to a PostgreSQL server: made when they are needed, kept, and replaced when dead.

The driver's own pool makes them in the background and tries ever more seldom while the server is away: who asks waits
for a server that is gone until his time is up, and for one that is back until the next try. This one says at once
that there is no server, and finds it at once when it is back.
"""

import select
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Semaphore

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow

MAX_CONNECTIONS = 16
ROOM_SECONDS = 10
"""How long a thread waits for one of those in use."""

Connection = psycopg.Connection[DictRow]


class PostgresPool:
    """Connections for the threads of a process.

    Args:
        connect: Makes one that commits each statement.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._room = Semaphore(MAX_CONNECTIONS)
        self._idle: deque[Connection] = deque()
        self._is_closed = False

    def open(self, wait: bool, timeout: float) -> None:
        """Nothing: a connection is made when it is needed."""

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection that was alive when it was last heard of.

        Raises:
            psycopg.Error: There is no server, or every connection is in use for too long.
        """
        if not self._room.acquire(timeout=ROOM_SECONDS):
            raise psycopg.OperationalError(f"all {MAX_CONNECTIONS} connections were in use for {ROOM_SECONDS} seconds")
        try:
            connection = self._kept() or self._connect()
            try:
                yield connection
            finally:
                self._keep(connection)
        finally:
            self._room.release()

    def _kept(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if _is_alive(connection):
                return connection
            connection.close()
        return None

    def _keep(self, connection: Connection) -> None:
        if connection.info.transaction_status == TransactionStatus.IDLE:
            self._idle.append(connection)
        else:
            connection.close()
        if self._is_closed:
            self.close()

    def close(self) -> None:
        """Closes every connection; those in use, when they are given back."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()


def _is_alive(connection: Connection) -> bool:
    """Whether the server has not ended it; it is asked only if it sent something while nobody waited."""
    if connection.closed:
        return False
    silence = select.poll()
    silence.register(connection.fileno(), select.POLLIN)
    if silence.poll(0):
        try:
            connection.execute("")
        except psycopg.Error:
            return False
    return True
