"""Arrays as PostgreSQL reads them in binary, which the driver is slow to make of lists: it looks for each one's type.

Here the type is said. The arguments of `ticketing_append` take 27 µs instead of 100 for one fact, and 5 instead of 22
for each of 64 that share a transaction, whose every microsecond all threads of a process wait for.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from psycopg.adapt import Dumper
from psycopg.pq import Format

Kind = Literal["uuid", "bigint", "text", "bytea", "timestamptz"]

# Of src/include/catalog/pg_type.dat; array_recv in src/backend/utils/adt/arrayfuncs.c reads the rest.
_OIDS: dict[Kind, int] = {"uuid": 2950, "bigint": 20, "text": 25, "bytea": 17, "timestamptz": 1184}
_HEADER = struct.Struct("!iiIii")
_LENGTH = struct.Struct("!i")
_BIGINT = struct.Struct("!q")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Array(NamedTuple):
    """The values of one column, none of them None."""

    kind: Kind
    values: Sequence[Any]


class ArrayDumper(Dumper):
    """What writes an array; its type is that which the statement asks for."""

    format = Format.BINARY

    def dump(self, obj: Array) -> bytes:
        parts = [_HEADER.pack(1, 0, _OIDS[obj.kind], len(obj.values), 1)]
        for written in map(self._writer(obj.kind), obj.values):
            parts += (_LENGTH.pack(len(written)), written)
        return b"".join(parts)

    def _writer(self, kind: Kind) -> Callable[[Any], bytes]:
        if kind == "text":
            encoding = self.connection.info.encoding if self.connection is not None else "utf-8"
            return lambda text: text.encode(encoding)
        return _WRITERS[kind]


def _instant(instant: datetime) -> bytes:
    return _BIGINT.pack((instant - _EPOCH) // _MICROSECOND)


def _uuid(uuid: UUID) -> bytes:
    return uuid.bytes


_WRITERS: dict[Kind, Callable[[Any], bytes]] = {
    "uuid": _uuid,
    "bigint": _BIGINT.pack,
    "bytea": bytes,
    "timestamptz": _instant,
}
