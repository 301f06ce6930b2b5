"""A watch over a store in SQLite: it looks for appends many times a second, and leads by leases with fencing numbers.

A lease is a time on the wall clock, which all processes of one file share. Should the clock be set, two may lead for
a moment; the fencing number lets the later one write and not the earlier.
"""

import sqlite3
import time
from contextlib import suppress
from typing import NamedTuple

from ticketing.adapters.sqlite_file import SqliteFile
from ticketing.adapters.store import Log, Watch
from ticketing.adapters.view import ViewId, moved
from ticketing.domain.errors import StoreError

LEASE_SECONDS = 5.0
"""How long a leader that died is waited for."""

_RENEWED_BELOW = 2 / 3
"""Of a lease: with more of it left nothing is written, or leaders with nothing to do would write all the time."""

_LOOK_SECONDS = 0.02
"""Between two looks at the log; a look takes a few microseconds."""

_SELECT_LEASE = """
SELECT fence, leader, leased_until FROM ticketing_views WHERE name = ? AND version = ? AND is_next = ?
"""
_UPDATE_LEASE = """
UPDATE ticketing_views SET fence = ?, leader = ?, leased_until = ? WHERE name = ? AND version = ? AND is_next = ?
"""
_SELECT_LED = "SELECT 1 FROM ticketing_views WHERE leader = ? LIMIT 1"
_GIVE_UP = "UPDATE ticketing_views SET leader = NULL, leased_until = NULL WHERE leader = ?"


class _Lease(NamedTuple):
    fence: int
    leader: str | None
    leased_until: float | None

    def left(self, now: float) -> float:
        """The seconds left of it. More than a whole one means that the clock was put back, and ends it."""
        left = 0.0 if self.leased_until is None else self.leased_until - now
        return left if left <= LEASE_SECONDS else 0.0


class SqliteWatch(Watch):
    """A watch over a store in an SQLite file."""

    def __init__(self, log: Log, file: SqliteFile, leader: str) -> None:
        self._log = log
        self._file = file
        self._leader = leader
        self._seen = log.head()

    def lead(self, view: ViewId) -> int | None:
        with self._file.reading() as cursor:
            lease = _lease(cursor, view)
        left = lease.left(time.time())
        if lease.leader == self._leader and left > LEASE_SECONDS * _RENEWED_BELOW:
            return lease.fence
        return None if self._is_anothers(lease) else self._lead_on(view)

    def _lead_on(self, view: ViewId) -> int | None:
        with self._file.writing() as cursor:
            lease = _lease(cursor, view)
            if self._is_anothers(lease):
                return None
            fence = lease.fence if lease.leader == self._leader else lease.fence + 1
            cursor.execute(_UPDATE_LEASE, (fence, self._leader, time.time() + LEASE_SECONDS, *view))
        return fence

    def _is_anothers(self, lease: _Lease) -> bool:
        return lease.leader not in (None, self._leader) and lease.left(time.time()) > 0

    def wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (head := self._log.head()) == self._seen and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_SECONDS))
        self._seen = head

    def close(self) -> None:
        with suppress(StoreError):  # what is not given up runs out
            with self._file.reading() as cursor:
                leads = cursor.execute(_SELECT_LED, (self._leader,)).fetchone()
            if leads is not None:
                with self._file.writing() as cursor:
                    cursor.execute(_GIVE_UP, (self._leader,))


def _lease(cursor: sqlite3.Cursor, view: ViewId) -> _Lease:
    lease = cursor.execute(_SELECT_LEASE, view).fetchone()
    if lease is None:
        raise moved(view)
    return _Lease(*lease)
