"""An SQLite file: its connections, its transactions, and its driver's errors in our words."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Literal, Protocol
from weakref import WeakSet

from eventsourcing.persistence import ConnectionPoolClosedError, PersistenceError
from eventsourcing.sqlite import SQLiteConnection, SQLiteConnectionPool, SQLiteDatastore

from ticketing.domain.errors import StoreClosed, StoreError

Synchronous = Literal["FULL", "NORMAL"]
"""Whether a commit waits for the disk; NORMAL may lose the last commits at a power cut, never at a crash of ours."""

BUSY_SECONDS = 30
"""How long a writer waits for another process's transaction; a chunk of an import takes about one."""

_POOLED = 8
_UNPOOLED = 1000
"""Threads bound the connections, the pool does not; those beyond the pooled ones are closed after use."""

_CHECKPOINT_PAGES = 8000
"""The write-ahead log is emptied at 32 MB; at the default of 4 MB a busy writer waits for the disk too often."""

_RETRY_SECONDS = 0.001
_REASONS = {
    "database is locked": f"another process has held it locked for {BUSY_SECONDS} seconds",
    "file is not a database": "this file is no SQLite database",
    "file is encrypted or is not a database": "this file is no SQLite database",
    "unable to open database file": "the file cannot be opened or made",
    "attempt to write a readonly database": "the file cannot be written",
}


class Cursors(Protocol):
    """Where statements run: a file, each in a transaction of its own, or one transaction that is under way.

    Every method raises `StoreError` in place of the driver's errors.
    """

    def reading(self) -> AbstractContextManager[sqlite3.Cursor]:
        """A cursor whose every statement sees one state of the file."""

    def snapshot(self) -> AbstractContextManager[sqlite3.Cursor]:
        """A cursor all of whose statements see the same state of the file."""

    def writing(self) -> AbstractContextManager[sqlite3.Cursor]:
        """A cursor in a transaction that holds the file's write lock from its beginning."""


class _Connection(SQLiteConnection):
    """The library's pooled connection, with the driver's own in reach."""

    def __init__(self, database: sqlite3.Connection) -> None:
        super().__init__(database, max_age=None)
        self.database = database


class _Pool(SQLiteConnectionPool):
    """Connections as we need them: as durable as asked for, and deleted content overwritten."""

    synchronous: Synchronous
    process_id: int

    @property
    def is_inherited(self) -> bool:
        """Whether this process has connections of it from a fork."""
        return os.getpid() != self.process_id and self._num_in_use + self._num_in_pool > 0

    def close_idle(self) -> None:
        """Closes the connections that nobody uses; new ones are made when they are needed."""
        for _ in range(self.num_in_pool if os.getpid() == self.process_id else 0):
            connection = self.get_connection()
            connection.close()
            self.put_connection(connection)

    def close(self) -> None:
        """Closes every connection, but none that this process has from a fork: SQLite forbids that."""
        if os.getpid() == self.process_id:
            super().close()

    def _create_connection(self) -> _Connection:
        database = sqlite3.connect(
            self.db_name,
            timeout=BUSY_SECONDS,
            isolation_level=None,  # transactions begin and end where the code says so
            check_same_thread=False,  # the pool hands a connection to one thread at a time
        )
        try:
            database.execute(f"PRAGMA synchronous = {self.synchronous}")
            database.execute("PRAGMA secure_delete = ON")
            database.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            # A table takes another's name without a look at SQL views, which others may have made of either.
            database.execute("PRAGMA legacy_alter_table = ON")
        except BaseException:
            database.close()
            raise
        database.row_factory = sqlite3.Row  # the library's recorders read columns by name
        return _Connection(database)


@cache
def _closed_at_forks() -> "WeakSet[_Pool]":
    """The pools that give up their idle connections before a fork.

    SQLite in the forked process would take the locks of those it inherited for its own. A store that is opened anew
    there then locks nothing, the last of the others to close deletes its write-ahead log, and what it commits is lost.
    Connections in use at the fork cannot be given up: the forked process may not open their file.
    """
    pools: WeakSet[_Pool] = WeakSet()

    def close_idle() -> None:
        for pool in list(pools):
            pool.close_idle()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=close_idle)
    return pools


class SqliteFile(SQLiteDatastore):
    """The library's datastore on one file in WAL mode, with transactions of our own.

    Its own begin deferred, and its queue for writers makes readers wait too; ours take the write lock at once.
    """

    def __init__(self, path: Path, synchronous: Synchronous = "FULL") -> None:
        super().__init__(str(path))  # its pool connects to nothing, and is replaced
        place = path.resolve()
        if any(pool.is_inherited and Path(pool.db_name).resolve() == place for pool in _closed_at_forks()):
            raise StoreError(f"{path}: this process was forked while the store was in use: fork before, or spawn")
        self.path = path
        self._process_id = os.getpid()
        self.pool = pool = _Pool(
            db_name=str(path), pool_size=_POOLED, max_overflow=_UNPOOLED, pool_timeout=float(BUSY_SECONDS)
        )
        pool.synchronous = synchronous
        pool.process_id = self._process_id
        _closed_at_forks().add(pool)
        self._writer = Lock()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Cursor]:
        """As `Cursors` says."""
        self.require_open()
        with _translated(self.path), self._connection() as database, _cursor(database) as cursor:
            yield cursor

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Cursor]:
        """As `Cursors` says; the state is that of the first statement."""
        with self.reading() as cursor:
            cursor.execute("BEGIN")
            with _committed(cursor):
                yield cursor

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Cursor]:
        """As `Cursors` says; committed at the end."""
        self.require_open()
        # Threads queue here rather than in SQLite, whose waiting sleeps and is not fair.
        with self._writer, self.reading() as cursor:
            _insist(cursor, "BEGIN IMMEDIATE")
            with _committed(cursor):
                yield cursor

    @contextmanager
    def locked(self) -> Iterator["SqliteTransaction"]:
        """A transaction that holds the file's write lock from its beginning; committed at the end.

        Raises:
            StoreError: The driver's error, in our words.
        """
        with self.writing() as cursor, closing(SqliteTransaction(self.path, cursor.connection)) as transaction:
            yield transaction

    def require_open(self) -> None:
        """Refuses what comes too late, or in another process.

        Raises:
            StoreClosed: The file was closed, or opened before this process was forked.
        """
        if os.getpid() != self._process_id:
            raise StoreClosed(f"{self.path}: the store was opened before this process was forked: open it anew")
        if self.pool.closed:
            raise _closed(self.path)

    @contextmanager
    def get_connection(self, *, commit: bool) -> Iterator[SQLiteConnection]:
        """A connection for the library's recorders."""
        self.require_open()
        with super().get_connection(commit=commit) as connection:
            yield connection

    def require_wal(self) -> None:
        """Puts the file into WAL mode, where it stays.

        Raises:
            StoreError: It cannot be.
        """
        with self.reading() as cursor:
            # SQLite does not wait for its lock here when several processes start at once.
            (mode,) = _insist(cursor, "PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StoreError(f"{self.path}: SQLite cannot keep a write-ahead log there (its mode is {mode})")

    def forget_deleted(self) -> None:
        """Empties the write-ahead log into the file, so that overwritten content is in neither.

        Raises:
            StoreError: A reader kept it open for too long; it can be tried again.
        """
        self.require_open()
        with self._writer, self.reading() as cursor:
            (is_busy, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if is_busy:
            raise StoreError(
                f"{self.path}: erased, but an open reader keeps the old content in the write-ahead log: erase again"
            )

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = self.pool.get_connection()
        if not isinstance(connection, _Connection):
            raise StoreError(f"{self.path}: the pool gave a foreign connection")
        try:
            yield connection.database
        finally:
            try:
                self.pool.put_connection(connection)
            except ConnectionPoolClosedError:  # closed meanwhile, the connection in use with it
                connection.close()


class SqliteTransaction:
    """One transaction of a file: what it reads and writes is part of it, and ends with it."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self._path = path
        self._database = database
        self._open: list[sqlite3.Cursor] = []
        self._is_over = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Cursor]:
        """As `Cursors` says."""
        if self._is_over:
            raise StoreError(f"{self._path}: the transaction is over")
        with _translated(self._path), _cursor(self._database) as cursor:
            self._open.append(cursor)
            try:
                yield cursor
            finally:
                self._open.remove(cursor)

    snapshot = reading
    writing = reading

    def close(self) -> None:
        """Closes what is still being read, which would hold the connection's next user to the state of this one."""
        self._is_over = True
        for cursor in self._open:
            cursor.close()


@contextmanager
def _cursor(database: sqlite3.Connection) -> Iterator[sqlite3.Cursor]:
    with closing(database.cursor()) as cursor:
        cursor.row_factory = None
        yield cursor


@contextmanager
def _committed(cursor: sqlite3.Cursor) -> Iterator[None]:
    try:
        yield
        cursor.execute("COMMIT")
    except BaseException:
        if cursor.connection.in_transaction:
            cursor.execute("ROLLBACK")
        raise


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except ConnectionPoolClosedError as error:
        raise _closed(path) from error
    except (sqlite3.Error, OverflowError, UnicodeError, PersistenceError) as error:
        reason = str(error)
        if reason.startswith("Could not decode"):  # it goes on with the text, which may be somebody's
            raise StoreError(f"{path}: a text in it is damaged") from None
        raise StoreError(f"{path}: {_REASONS.get(reason, reason)}") from error


def _closed(path: Path) -> StoreClosed:
    return StoreClosed(f"{path}: the store is closed")


def _insist(cursor: sqlite3.Cursor, statement: str) -> sqlite3.Cursor:
    """The cursor, once the statement got the lock that it takes.

    SQLite itself sleeps longer after each refusal. Of five busy processes one then waits for seconds while another
    takes the lock a thousand times, and a leader loses its lease.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    cursor.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                return cursor.execute(statement)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECONDS)
    finally:
        cursor.connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
