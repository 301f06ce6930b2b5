"""A schema on a PostgreSQL server: its connections, its transactions, and its driver's errors in our words."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import unquote

import psycopg
from eventsourcing.persistence import PersistenceError
from eventsourcing.postgres import PostgresDatastore
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow, dict_row, tuple_row

from ticketing.adapters.postgres_arrays import Array, ArrayDumper
from ticketing.adapters.postgres_pool import Connection, PostgresPool
from ticketing.domain.errors import BadInput, StoreClosed, StoreError

CONNECT_SECONDS = 5
LOCK_SECONDS = 30
# A server that vanished without a word is noticed in about half a minute, by who waits for it too.
_KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
# The server notices a client that vanished as soon: his locks are in everybody's way.
# What is read after a lock was waited for must be as of then, whatever the server's default is. A kept plan would be
# the one for the small tables of the day on which the session began. A reader may take its time between two pages.
_SESSION = f"""
SET default_transaction_isolation = 'read committed';
SET plan_cache_mode = force_custom_plan;
SET lock_timeout = '{LOCK_SECONDS}s';
SET idle_in_transaction_session_timeout = 0;
SET tcp_keepalives_idle = {_KEEPALIVE["keepalives_idle"]};
SET tcp_keepalives_interval = {_KEEPALIVE["keepalives_interval"]};
SET tcp_keepalives_count = {_KEEPALIVE["keepalives_count"]};
SET tcp_user_timeout = {_KEEPALIVE["tcp_user_timeout"]};
SET TIME ZONE 'UTC'
"""
_LOCKED = "canceling statement due to lock timeout"
_MAX_IDENTIFIER_BYTES = 63
_SECRETS = re.compile(r"(?:^[^:]+://[^/?#@]*?:|[?&]password=)([^@&]*)")
"""The password of a URL, wherever it stands."""

Cursor = psycopg.Cursor[TupleRow]
ServerCursor = psycopg.ServerCursor[TupleRow]
T = TypeVar("T")


class Place(Protocol):
    """Where statements run: each on a connection of its own, or all of them in one transaction.

    All of these raise `StoreError`, which is the driver's error in our words.
    """

    @property
    def schema(self) -> str:
        """Where the tables are."""

    def reading(self) -> AbstractContextManager[Cursor]:
        """A cursor for statements that each see one state of the database; results come in binary."""

    def writing(self) -> AbstractContextManager[Cursor]:
        """The same in a transaction."""

    def streaming(self) -> AbstractContextManager[ServerCursor]:
        """A cursor whose result stays on the server and comes piece by piece."""

    def require_process(self) -> None:
        """Nothing where a cursor may be used still.

        Raises:
            StoreClosed: This process was forked since the store was opened.
        """


class PostgresServer(PostgresDatastore):
    """The library's datastore on one schema, with all that a URL can say; each transaction commits at its end.

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
        self._said = {"connect_timeout": CONNECT_SECONDS} | _KEEPALIVE | said
        # The pool that it made knows only those five.
        self._connections = PostgresPool(self.connect)
        self.pool = self._connections  # type: ignore[assignment]  # it has the methods that are called
        self._is_closed = False
        self.name = "postgresql://{}{}/{} schema {}".format(
            said.get("host") or "", f":{said['port']}" if said.get("port") else "", said.get("dbname") or "", schema
        )

    def connect(self) -> Connection:
        """A new connection, with our settings.

        Raises:
            psycopg.Error: There is no server, or it lets nobody in.
        """
        connection = psycopg.connect(**self._said, autocommit=True, row_factory=dict_row)
        try:
            connection.execute(_SESSION)
            connection.adapters.register_dumper(Array, ArrayDumper)
        except BaseException:
            connection.close()
            raise
        return connection

    def register_type_adapters(self) -> None:
        """Nothing: our tables need no composite types."""

    @contextmanager
    def get_connection(self) -> Iterator[Connection]:
        """A connection, for the library's recorder too.

        Raises:
            StoreClosed: The store is closed, or another process's.
        """
        self.require_open()
        with super().get_connection() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with self.translated(), self._connections.connection() as connection, cursor_of(connection) as cursor:
            yield cursor

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with self.reading() as cursor, self._unless_forked(psycopg.Transaction(cursor.connection)):
            yield cursor

    @contextmanager
    def streaming(self) -> Iterator[ServerCursor]:
        with (
            self.translated(),
            self._connections.stream() as connection,
            self._unless_forked(psycopg.Transaction(connection)),
            self._unless_forked(connection.cursor("ticketing", row_factory=tuple_row)) as cursor,
        ):
            yield cursor

    def _unless_forked(self, context: AbstractContextManager[T]) -> "_UnlessForked[T]":
        return _UnlessForked(context, self._connections)

    def close(self) -> None:
        """Closes every connection; those in use, when they are given back."""
        self._is_closed = True
        super().close()

    @property
    def is_inherited(self) -> bool:
        """Whether this process was forked since the store was opened."""
        return self._connections.is_inherited

    def require_process(self) -> None:
        if self.is_inherited:
            raise StoreClosed(f"{self.name}: the store was opened before this process was forked: open it anew")

    def require_open(self) -> None:
        """Nothing where the store may be used.

        Raises:
            StoreClosed: The store is closed, or this process was forked since it was opened.
        """
        self.require_process()
        if self._is_closed:
            raise StoreClosed(f"{self.name}: the store is closed")

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Nothing but the driver's errors in our words.

        Raises:
            StoreClosed: As `require_open` says.
            StoreError: One of them.
        """
        self.require_open()
        try:
            yield
        except (psycopg.Error, PersistenceError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            if reason == _LOCKED:
                reason = f"another process has held it locked for {LOCK_SECONDS} seconds"
            raise StoreError(f"{self.name}: {reason}") from error


class PostgresTransaction:
    """One transaction that is under way: what is read is as it sees it, what is written commits when it does."""

    def __init__(self, server: PostgresServer, connection: psycopg.Connection[Any]) -> None:
        self._server = server
        self._connection = connection
        self._streams = count(1)

    @property
    def schema(self) -> str:
        return self._server.schema

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with self._server.translated(), cursor_of(self._connection) as cursor:
            yield cursor

    writing = reading

    def require_process(self) -> None:
        self._server.require_process()

    @contextmanager
    def streaming(self) -> Iterator[ServerCursor]:
        name = f"ticketing_{next(self._streams)}"
        with self._server.translated(), self._connection.cursor(name, row_factory=tuple_row) as cursor:
            yield cursor


class _UnlessForked(AbstractContextManager[T], Generic[T]):
    """A context that a process which was forked inside it leaves without a word to the server."""

    def __init__(self, context: AbstractContextManager[T], connections: PostgresPool) -> None:
        self._context = context
        self._connections = connections

    def __enter__(self) -> T:
        return self._context.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return None if self._connections.is_inherited else self._context.__exit__(kind, raised, traceback)


def cursor_of(connection: psycopg.Connection[Any]) -> Cursor:
    """A cursor whose results are tuples and come in binary."""
    return connection.cursor(binary=True, row_factory=tuple_row)


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
