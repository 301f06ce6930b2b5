"""A schema on a PostgreSQL server: its connections, its transactions, and its driver's errors in our words."""

import re
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from urllib.parse import unquote

import psycopg
from eventsourcing.persistence import PersistenceError
from eventsourcing.postgres import ConnectionPool, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, TupleRow, dict_row, tuple_row

from ticketing.domain.errors import BadInput, StoreError

CONNECT_SECONDS = 5
LOCK_SECONDS = 30
_POOL_SECONDS = 10
_MAX_CONNECTIONS = 16
# A kept plan would be the one for the small tables of the day on which the session began.
_SESSION = f"""
SET TIME ZONE 'UTC'; SET lock_timeout = '{LOCK_SECONDS}s'; SET plan_cache_mode = force_custom_plan
"""
_LOCKED = "canceling statement due to lock timeout"
_MAX_IDENTIFIER_BYTES = 63
_SECRETS = re.compile(r"(?:^[^:]+://[^/?#@]*?:|[?&]password=)([^@&]*)")
"""The password of a URL, wherever it stands."""

Cursor = psycopg.Cursor[TupleRow]


class PostgresServer(PostgresDatastore):
    """The library's datastore on one schema, with all that a URL can say and transactions of our own.

    Args:
        url: Of libpq, without our own parameter `schema`.
        schema: Where the tables are.

    Raises:
        BadInput: The URL or the schema's name has no form.
    """

    def __init__(self, url: str, schema: str) -> None:
        if not 0 < len(schema.encode()) <= _MAX_IDENTIFIER_BYTES or "\0" in schema:
            raise BadInput(f"a schema's name has 1 to {_MAX_IDENTIFIER_BYTES} bytes")
        said = _said(url)
        place: dict[str, Any] = {
            key: str(said.get(key) or "") for key in ("dbname", "host", "port", "user", "password")
        }
        super().__init__(**place, schema=schema)
        # The pool that it made knows only those five, and waits for a server that is gone until the time is up.
        self._connect = {"connect_timeout": CONNECT_SECONDS} | said
        self.pool = ConnectionPool(
            kwargs=self._connect | {"row_factory": dict_row},
            connection_class=psycopg.Connection[DictRow],
            min_size=1,
            max_size=_MAX_CONNECTIONS,
            open=False,
            configure=self.after_connect_func(),
            check=_require_alive,
            timeout=_POOL_SECONDS,
        )
        self._is_closed = False
        self.name = "postgresql://{}{}/{} schema {}".format(
            said.get("host") or "", f":{said['port']}" if said.get("port") else "", said.get("dbname") or "", schema
        )
        self._appender = Lock()

    def after_connect_func(self) -> Callable[[psycopg.Connection[Any]], None]:
        """What makes a new connection ours: the session's zone is UTC, and nobody waits for a lock for ever."""
        configure = super().after_connect_func()

        def after_connect(connection: psycopg.Connection[Any]) -> None:
            configure(connection)
            connection.execute(_SESSION)

        return after_connect

    def register_type_adapters(self) -> None:
        """Nothing: our tables need no composite types."""

    @contextmanager
    def connecting(self) -> Iterator[Cursor]:
        """A cursor in a transaction on a connection of its own, to find out at once whether there is a server.

        Raises:
            StoreError: The driver's error, in our words.
        """
        with self._translated(), psycopg.connect(**self._connect) as connection:
            connection.execute(_SESSION)
            with connection.cursor(row_factory=tuple_row) as cursor:
                yield cursor

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """A cursor for statements that each see one state of the database; results come in binary.

        Raises:
            StoreError: The driver's error, in our words.
        """
        with (
            self._translated(),
            self.get_connection() as connection,
            connection.cursor(binary=True, row_factory=tuple_row) as cursor,
        ):
            yield cursor

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        """A cursor in a transaction, committed at the end.

        Raises:
            StoreError: The driver's error, in our words.
        """
        with self.reading() as cursor, cursor.connection.transaction():
            yield cursor

    @contextmanager
    def appending(self) -> Iterator[Cursor]:
        """The same for an append. Threads queue here: on the server, each would keep a connection from those who read.

        Raises:
            StoreError: The driver's error, in our words.
        """
        with self._appender, self.writing() as cursor:
            yield cursor

    @contextmanager
    def streaming(self) -> Iterator[psycopg.ServerCursor[TupleRow]]:
        """A cursor whose result stays on the server and comes piece by piece.

        Raises:
            StoreError: The driver's error, in our words.
        """
        with (
            self._translated(),
            self.get_connection() as connection,
            connection.transaction(),
            connection.cursor("ticketing", row_factory=tuple_row) as cursor,
        ):
            yield cursor

    def close(self) -> None:
        """Closes every connection; those in use, when they are given back."""
        self._is_closed = True
        super().close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if self._is_closed:
            raise StoreError(f"{self.name}: the store is closed")
        try:
            yield
        except (psycopg.Error, PersistenceError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            if reason == _LOCKED:
                reason = f"another process has held it locked for {LOCK_SECONDS} seconds"
            raise StoreError(f"{self.name}: {reason}") from error


def _require_alive(connection: psycopg.Connection[Any]) -> None:
    """Raises if the server has ended the connection; asks it only if it sent something while nobody waited."""
    if connection.closed:
        raise psycopg.OperationalError("the connection is closed")
    silence = select.poll()
    silence.register(connection.fileno(), select.POLLIN)
    if silence.poll(0):
        ConnectionPool.check_connection(connection)


def _said(url: str) -> dict[str, Any]:
    """The parameters of a URL by their names in libpq."""
    try:
        return dict(conninfo_to_dict(url))
    except psycopg.Error as error:
        reason = str(error).strip()
        secrets = [secret for secret in _SECRETS.findall(url) if secret]
        for secret in secrets:
            reason = reason.replace(secret, "…").replace(unquote(secret), "…")
        raise BadInput(f"this is no URL of PostgreSQL: {reason}") from (None if secrets else error)
