"""The connections of a process to a PostgreSQL server: made when they are needed, kept, and replaced when dead.

The driver's own pool makes them in the background and tries ever more seldom while the server is away: who asks waits
for a server that is gone until his time is up, and for one that is back until the next try. This one says at once
that there is no server, and finds it at once when it is back.
"""

import os
import select
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Semaphore

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow

MAX_CONNECTIONS = 16
MAX_STREAMS = 16
"""How many more there are for those who read piece by piece."""
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
        self._process = os.getpid()
        self._room = Semaphore(MAX_CONNECTIONS)
        self._room_for_streams = Semaphore(MAX_STREAMS)
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
        with _room_in(self._room, f"all {MAX_CONNECTIONS} connections"):
            connection = self._kept() or self._connect()
            try:
                yield connection
            finally:
                self._keep(connection)

    @contextmanager
    def stream(self) -> Iterator[Connection]:
        """A connection of one's own: who reads piece by piece may take his time, and ask other things meanwhile.

        Raises:
            psycopg.Error: There is no server, or too many read piece by piece for too long.
        """
        with _room_in(self._room_for_streams, f"all {MAX_STREAMS} connections for reading piece by piece"):
            connection = self._connect()
            try:
                yield connection
            finally:
                if not self.is_inherited:
                    connection.close()

    @property
    def is_inherited(self) -> bool:
        """Whether this process was forked since: the connections are the other's, who feels it when they are closed."""
        return os.getpid() != self._process

    def _kept(self) -> Connection | None:
        while (connection := self._idle_one()) is not None:
            if _is_alive(connection):
                return connection
            connection.close()
        return None

    def _idle_one(self) -> Connection | None:
        # Not asked whether there is one: another thread may take it before the answer is used.
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _keep(self, connection: Connection) -> None:
        if self.is_inherited:
            return
        if connection.info.transaction_status == TransactionStatus.IDLE:
            self._idle.append(connection)
        else:
            connection.close()
        if self._is_closed:
            self.close()

    def close(self) -> None:
        """Closes every connection; those in use, when they are given back."""
        self._is_closed = True
        if self.is_inherited:
            return
        while (connection := self._idle_one()) is not None:
            connection.close()


@contextmanager
def _room_in(room: Semaphore, those: str) -> Iterator[None]:
    if not room.acquire(timeout=ROOM_SECONDS):
        raise psycopg.OperationalError(f"{those} were in use for {ROOM_SECONDS} seconds")
    try:
        yield
    finally:
        room.release()


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
