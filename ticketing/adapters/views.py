"""Columns: the row of a projection as columns of a table, derived from its class; the same for every store."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Generic, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import TypeAdapter

from ticketing.domain.errors import BadInput
from ticketing.domain.values import Instant
from ticketing.projections.row import Row

Kind = Literal["text", "integer", "boolean", "instant", "id", "json"]
Convert = Callable[[Any], Any]
R = TypeVar("R", bound=Row)

_KINDS: dict[object, Kind] = {str: "text", int: "integer", bool: "boolean", datetime: "instant", UUID: "id"}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""Leaves room for prefix and version in the 63 bytes of an identifier in PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a row as a column.

    Attributes:
        write: Makes JSON text of a tuple; None for all other kinds.
        read: The inverse.
    """

    name: str
    kind: Kind
    write: Convert | None = None
    read: Convert | None = None


class RowForm(Generic[R]):
    """How rows of one class go into a table and come back.

    Args:
        row: The class of the rows.
        write: What a store makes of a value that is not None, by kind; as it is where nothing is named.
        read: The inverse.
    """

    def __init__(self, row: type[R], write: dict[Kind, Convert], read: dict[Kind, Convert]) -> None:
        self._row = row
        self.columns = columns_of(row)
        self.names = tuple(column.name for column in self.columns)
        self._write = [column.write or write.get(column.kind) for column in self.columns]
        self._read = [column.read or read.get(column.kind) for column in self.columns]

    def values(self, row: R) -> tuple[Any, ...]:
        """The row's values for the table, in the order of the columns."""
        return tuple(
            value if value is None or convert is None else convert(value)
            for value, convert in zip((getattr(row, name) for name in self.names), self._write, strict=True)
        )

    def row(self, values: Sequence[Any]) -> R:
        """The row of a table's values."""
        return self._row(
            **{
                name: value if value is None or convert is None else convert(value)
                for name, value, convert in zip(self.names, values, self._read, strict=True)
            }
        )

    def by_ticket(self, table: Iterable[Sequence[Any]]) -> dict[UUID, R]:
        """The rows of a table by ticket."""
        rows = map(self.row, table)
        return {row.ticket_id: row for row in rows}

    @property
    def signature(self) -> str:
        """Names and kinds of the columns: tables are the same if and only if these are."""
        return ",".join(f"{column.name} {column.kind}" for column in self.columns)


def columns_of(row: type[Row]) -> tuple[Column, ...]:
    """The columns of a class of rows, `ticket_id` first.

    Raises:
        BadInput: It is no dataclass, or a field has a type that rows may not have.
    """
    if not is_dataclass(row):
        raise BadInput(f"{row.__name__} is no dataclass, as the row of a projection must be")
    hints = get_type_hints(row, include_extras=True)
    return tuple(_column(row, field.name, hints[field.name]) for field in fields(row))


def table_name(name: str, version: int) -> str:
    """The table of a projection's rows.

    Raises:
        BadInput: The name cannot be part of a table's name.
    """
    if not _NAME.fullmatch(name) or version < 1:
        raise BadInput(f"projection {name!r} version {version}: lower case, digits, underscores, at most 40; from 1")
    return f"ticketing_view_{name}_{version}"


def _column(row: type[Row], name: str, hint: object) -> Column:
    plain = _without_none(hint)
    kind = _kind(plain)
    if kind is None:
        raise BadInput(f"{row.__name__}.{name}: a row has str, int, bool, datetime, UUID, and tuples of these")
    if kind != "json":
        return Column(name, kind)
    adapter: TypeAdapter[object] = TypeAdapter(cast("type[object]", _with_instants(plain)))

    def write(value: object) -> str:
        return adapter.dump_json(value).decode()

    return Column(name, kind, write, adapter.validate_json)


def _without_none(hint: object) -> object:
    if get_origin(hint) is Annotated:
        return _without_none(get_args(hint)[0])
    if get_origin(hint) in {Union, UnionType}:
        others = [part for part in get_args(hint) if part is not NoneType]
        if len(others) == 1:
            return _without_none(others[0])
    return hint


def _kind(plain: object) -> Kind | None:
    if get_origin(plain) is Literal:
        kinds = {_KINDS.get(type(choice)) for choice in get_args(plain)}
        return kinds.pop() if len(kinds) == 1 else None
    if get_origin(plain) is tuple:
        parts = [_without_none(part) for part in get_args(plain) if part is not Ellipsis]
        return "json" if all(_kind(part) for part in parts) else None
    return _KINDS.get(plain)


def _with_instants(hint: object) -> object:
    """The type with its instants in the form in which everything of ours is stored."""
    if hint is datetime:
        return Instant
    if get_origin(hint) is tuple:
        return tuple[tuple(_with_instants(part) for part in get_args(hint))]  # type: ignore[misc]  # made at run time
    if get_origin(hint) in {Union, UnionType}:
        return Union[tuple(_with_instants(part) for part in get_args(hint))]  # noqa: UP007 - made at run time
    return hint
