"""Arrays as PostgreSQL reads them in binary, which the driver is slow to make of lists: it looks for each one's type.

Here the type is said. The arguments of `ticketing_append` take 27 µs instead of 100 for one fact, and 5 instead of 22
for each of 64 that share a transaction, whose every microsecond all threads of a process wait for. Long texts, of which
rows have many, it would look through for signs to be quoted.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from psycopg.adapt import Dumper
from psycopg.pq import Format

Kind = Literal["uuid", "bigint", "boolean", "text", "jsonb", "bytea", "timestamptz"]

# Of src/include/catalog/pg_type.dat; array_recv in src/backend/utils/adt/arrayfuncs.c reads the rest.
_OIDS: dict[Kind, int] = {
    "uuid": 2950,
    "bigint": 20,
    "boolean": 16,
    "text": 25,
    "jsonb": 3802,
    "bytea": 17,
    "timestamptz": 1184,
}
_HEADER = struct.Struct("!iiIii")
_LENGTH = struct.Struct("!i")
_NULL = _LENGTH.pack(-1)
_BIGINT = struct.Struct("!q")
_JSONB_VERSION = b"\x01"
"""Of jsonb_recv in src/backend/utils/adt/jsonb.c."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Array(NamedTuple):
    """The values of one column; None where there is none."""

    kind: Kind
    values: Sequence[Any]


class ArrayDumper(Dumper):
    """What writes an array; its type is that which the statement asks for."""

    format = Format.BINARY

    def dump(self, obj: Array) -> bytes:
        write, length = self._writer(obj.kind), _LENGTH.pack
        parts = [_HEADER.pack(1, None in obj.values, _OIDS[obj.kind], len(obj.values), 1)]
        for value in obj.values:
            if value is None:
                parts.append(_NULL)
            else:
                written = write(value)
                parts += (length(len(written)), written)
        return b"".join(parts)

    def _writer(self, kind: Kind) -> Callable[[Any], bytes]:
        if kind not in {"text", "jsonb"}:
            return _WRITERS[kind]
        encoding = self.connection.info.encoding if self.connection is not None else "utf-8"
        if kind == "jsonb":
            return lambda text: _JSONB_VERSION + text.encode(encoding)
        return lambda text: text.encode(encoding)


def _instant(instant: datetime) -> bytes:
    return _BIGINT.pack((instant - _EPOCH) // _MICROSECOND)


def _boolean(is_so: bool) -> bytes:
    return b"\1" if is_so else b"\0"


def _uuid(uuid: UUID) -> bytes:
    return uuid.bytes


_WRITERS: dict[Kind, Callable[[Any], bytes]] = {
    "uuid": _uuid,
    "bigint": _BIGINT.pack,
    "boolean": _boolean,
    "bytea": bytes,
    "timestamptz": _instant,
}
