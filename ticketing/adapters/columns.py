"""Columns: the row of a projection as columns of a table, derived from its class; the same for every store."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, fields, is_dataclass
from datetime import UTC, datetime
from itertools import compress, islice
from operator import attrgetter, is_not
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Generic, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter

from ticketing.adapters.view import PART, RowsRefused, ViewId
from ticketing.domain.errors import BadInput, StoreError, hint
from ticketing.domain.hours import instant_at, micros
from ticketing.domain.values import Instant
from ticketing.projections.row import LOOKED_UP, SHARED, Row

Kind = Literal["text", "integer", "boolean", "instant", "id", "json", "parts"]
Convert = Callable[[Any], Any]
R = TypeVar("R", bound=Row)

_KINDS: dict[object, Kind] = {str: "text", int: "integer", bool: "boolean", datetime: "instant", UUID: "id"}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,34}")
"""Leaves room for prefix, version and `_next` in the 63 bytes of an identifier in PostgreSQL."""

_PAST_INTEGER = 2**63
_NUL = "\\u0000"
"""How JSON has the character that PostgreSQL knows in no text."""

_MICROS = Annotated[
    datetime, BeforeValidator(lambda at: instant_at(at) if type(at) is int else at), PlainSerializer(micros)
]
"""An instant as whole microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a row as a column.

    Attributes:
        write: Makes JSON text of a tuple; None for all other kinds.
        read: The inverse.
        check: Whether a tuple can be written and read.
        is_looked_up: Whether rows are looked up by it.
        is_shared: Whether rows are asked for that have it in common.
        part: The class of the parts, for a tuple of named tuples; each of them is an array in JSON, its instants whole
            microseconds since 1970, so that SQL can count them.
    """

    name: str
    kind: Kind
    write: Convert | None = None
    read: Convert | None = None
    check: Callable[[object], bool] | None = None
    is_looked_up: bool = False
    is_shared: bool = False
    part: type[tuple[Any, ...]] | None = None

    def is_kept(self, value: object) -> bool:
        """Whether the column takes a value that is not None: the same in every store."""
        try:
            match self.kind:
                case "text":
                    return type(value) is str and b"\0" not in value.encode()
                case "integer":
                    return type(value) is int and -_PAST_INTEGER <= value < _PAST_INTEGER
                case "boolean":
                    return isinstance(value, bool)
                case "instant":
                    return type(value) is datetime and value.tzinfo is not None and bool(value.astimezone(UTC))
                case "id":
                    return type(value) is UUID
                case "json" | "parts":
                    return self.check is None or self.check(value)
        except (ValueError, OverflowError):  # a lone surrogate, an instant beyond the years of UTC
            return False


class RowForm(Generic[R]):
    """How rows of one class go into a table and come back.

    Args:
        row: The class of the rows.
        write: What a store makes of a value that is not None, by kind; as it is where nothing is named.
        read: The inverse.
        kept_as: What the signature calls a kind that the store has kept otherwise before.
    """

    def __init__(
        self,
        row: type[R],
        write: dict[Kind, Convert],
        read: dict[Kind, Convert],
        kept_as: Mapping[Kind, str] = MappingProxyType({}),
    ) -> None:
        self._row = row
        self._kept_as = kept_as
        self.columns = columns_of(row)
        self.names = tuple(column.name for column in self.columns)
        self._write = [column.write or write.get(column.kind) for column in self.columns]
        self._read = [column.read or read.get(column.kind) for column in self.columns]
        self._fields = {column.name: columns_of_part(column.part) for column in self.columns if column.part is not None}
        self._values: Callable[[R], tuple[object, ...]] = attrgetter(*self.names)

    @property
    def row_class(self) -> type[R]:
        """The class of the rows."""
        return self._row

    @property
    def looked_up(self) -> tuple[str, ...]:
        """The columns by which rows are looked up."""
        return tuple(column.name for column in self.columns if column.is_looked_up)

    def fields_of(self, column: str) -> tuple[Column, ...]:
        """The fields of the parts in a column."""
        return self._fields[column]

    @property
    def indexed(self) -> tuple[str, ...]:
        """These, and the columns that rows have in common."""
        return tuple(column.name for column in self.columns if column.is_looked_up or column.is_shared)

    def require_looked_up(self, column: str) -> None:
        """Refuses a column by which rows are not looked up.

        Raises:
            BadInput: It is none.
        """
        if column not in self.looked_up:
            raise BadInput(f"a {self._row.__name__} is not looked up by {column}{hint(column, self.looked_up)}")

    def values(self, row: R) -> tuple[Any, ...]:
        """The row's values for the table, in the order of the columns."""
        return tuple(
            value if value is None or convert is None else convert(value)
            for value, convert in zip(self._values(row), self._write, strict=True)
        )

    def refusals(self) -> Callable[[R], str | None]:
        """What says of one row after another why no column takes a value of it, in one line; None if all do.

        A fact changes a few values of a row, and to ask every column after every fact took longer than the fold: a
        value that the same column has taken just before is not asked again.
        """
        taken: Sequence[object] = (None,) * len(self.columns)

        def refusal(row: R) -> str | None:
            nonlocal taken
            if type(row) is not self._row:
                return f"a {type(row).__name__} in place of a {self._row.__name__}"
            values = self._values(row)
            for column, value in compress(zip(self.columns, values, strict=True), map(is_not, values, taken)):
                if value is not None and not column.is_kept(value):
                    said = f"{type(value).__name__} {str(value)[:40]!r} is no value for it"
                    return f"{self._row.__name__}.{column.name}: {said}"
            taken = values
            return None

        return refusal

    def parts(self, rows: Iterable[R]) -> Iterator[list[tuple[Any, ...]]]:
        """The values of rows, a part at a time, no ticket twice in one; the first part may be empty.

        Raises:
            RowsRefused: Naming all rows of the part with values that no column takes.
        """
        left = iter(rows)
        part = list(islice(left, PART))
        while True:
            changed = {row.ticket_id: row for row in part}
            self.require_kept(changed.values())
            yield [self.values(row) for row in changed.values()]
            part = list(islice(left, PART))
            if not part:
                return

    def require_kept(self, rows: Iterable[R]) -> None:
        """Refuses rows with values that no column takes.

        Raises:
            RowsRefused: Naming all of them.
        """
        refusal = self.refusals()
        refused = {row.ticket_id: why for row in rows if (why := refusal(row)) is not None}
        if refused:
            raise RowsRefused(refused)

    def require_same(self, view: ViewId, signature: str) -> None:
        """Refuses a view that was made of other columns.

        Raises:
            StoreError: It was.
        """
        if signature != self.signature:
            raise StoreError(
                f"view {view.name} version {view.version} has other columns: raise the projection's version"
            )

    def row(self, values: Sequence[Any]) -> R:
        """The row of a table's values.

        Raises:
            StoreError: One of them is not as it was written.
        """
        try:
            return self._row(
                **{
                    name: value if value is None or convert is None else convert(value)
                    for name, value, convert in zip(self.names, values, self._read, strict=True)
                }
            )
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            raise StoreError(
                f"the {self._row.__name__} of ticket {values[0]} is damaged ({type(error).__name__}): "
                "rebuild the projection"
            ) from error

    def by_ticket(self, table: Iterable[Sequence[Any]]) -> dict[UUID, R]:
        """The rows of a table by ticket."""
        rows = map(self.row, table)
        return {row.ticket_id: row for row in rows}

    @property
    def signature(self) -> str:
        """Names and kinds of the columns: tables are the same if and only if these are."""
        return ",".join(f"{column.name} {self._kept_as.get(column.kind, column.kind)}" for column in self.columns)


def columns_of(row: type[Row]) -> tuple[Column, ...]:
    """The columns of a class of rows, `ticket_id` first.

    Raises:
        BadInput: It is no dataclass, or a field has a type that rows may not have, or cannot be looked up by.
    """
    if not is_dataclass(row):
        raise BadInput(f"{row.__name__} is no dataclass, as the row of a projection must be")
    hints = get_type_hints(row, include_extras=True)
    columns = tuple(_column(row, field, hints[field.name]) for field in fields(row))
    for column in columns:
        if column.is_looked_up and column.kind != "instant":
            raise BadInput(f"{row.__name__}.{column.name}: rows are looked up by instants, and by nothing else")
        if column.is_shared and column.kind != "text":
            raise BadInput(f"{row.__name__}.{column.name}: rows have texts in common, and nothing else")
    return columns


def table_name(name: str, version: int, *, is_next: bool = False) -> str:
    """The table of a projection's rows, or of those that a rebuild makes.

    Raises:
        BadInput: The name cannot be part of a table's name.
    """
    if not _NAME.fullmatch(name) or version < 1:
        raise BadInput(f"projection {name!r} version {version}: lower case, digits, underscores, at most 35; from 1")
    return f"ticketing_view_{name}_{version}{'_next' if is_next else ''}"


def _column(row: type[Row], field: Field[Any], hint: object) -> Column:
    name, plain = field.name, _without_none(hint)
    part = _part(plain)
    kind = _kind(plain) if part is None else "parts"
    if kind is None:
        raise BadInput(f"{row.__name__}.{name}: a row has str, int, bool, datetime, UUID, and tuples of these")
    if kind not in {"json", "parts"}:
        is_looked_up, is_shared = (mark.items() <= field.metadata.items() for mark in (LOOKED_UP, SHARED))
        return Column(name, kind, is_looked_up=is_looked_up, is_shared=is_shared)
    return _of_tuples(name, plain) if part is None else _of_parts(name, part)


def _of_tuples(name: str, plain: object) -> Column:
    """A column of tuples as JSON."""
    adapter = _adapter(_with_instants(plain, Instant))

    def write(value: object) -> str:
        return adapter.dump_json(value).decode()

    def check(value: object) -> bool:
        return type(value) is tuple and bool(write(adapter.validate_python(value, strict=True)))

    return Column(name, "json", write, adapter.validate_json, check)


def _of_parts(name: str, part: type[tuple[Any, ...]]) -> Column:
    """A column of parts, each an array in JSON."""
    columns = columns_of_part(part)
    plain: object = tuple[tuple[tuple(hint for _, hint in _fields(part))], ...]  # type: ignore[misc]  # made at run time
    strict, adapter = (_adapter(_with_instants(plain, instant)) for instant in (Instant, _MICROS))

    def write(value: object) -> str:
        return adapter.dump_json(value).decode()

    def read(found: str | list[Any]) -> object:
        values = adapter.validate_json(found) if isinstance(found, str) else adapter.validate_python(found)
        return tuple(part(*one) for one in values)

    def check(value: object) -> bool:
        if type(value) is not tuple or not all(type(one) is part for one in value):
            return False
        fields = ((column, field) for one in value for column, field in zip(columns, one, strict=True))
        are_kept = all(field is None or column.is_kept(field) for column, field in fields)
        return are_kept and _NUL not in write(strict.validate_python(value, strict=True))

    return Column(name, "parts", write, read, check, part=part)


def _adapter(form: object) -> TypeAdapter[Any]:
    return TypeAdapter(cast("type[Any]", form))


def _part(plain: object) -> type[tuple[Any, ...]] | None:
    """The class of named tuples, if it is of a tuple of any number of them."""
    one, *rest = get_args(plain) or (None,)
    is_many = get_origin(plain) is tuple and rest == [Ellipsis]
    return one if is_many and isinstance(one, type) and hasattr(one, "_fields") else None


def columns_of_part(part: type[tuple[Any, ...]]) -> tuple[Column, ...]:
    """The fields of a class of parts as columns, in their order."""
    return tuple(Column(name, kind) for name, hint in _fields(part) if (kind := _kind(_without_none(hint))) is not None)


def _fields(part: type[tuple[Any, ...]]) -> list[tuple[str, object]]:
    """The fields of a class of parts with their types.

    Raises:
        BadInput: One has a type that parts may not have.
    """
    fields = list(get_type_hints(part).items())
    for name, of in fields:
        if _kind(_without_none(of)) is None:
            raise BadInput(f"{part.__name__}.{name}: a part has str, int, bool, datetime, UUID, and tuples of these")
    return fields


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
    if get_origin(plain) in {Union, UnionType}:
        several = {_kind(part) for part in get_args(plain)}
        return several.pop() if len(several) == 1 else None
    if get_origin(plain) is tuple:
        parts = [_without_none(part) for part in get_args(plain) if part is not Ellipsis]
        return "json" if all(_kind(part) for part in parts) else None
    return _KINDS.get(plain)


def _with_instants(hint: object, instant: object) -> object:
    """The type with its instants in another form."""
    if hint is datetime:
        return instant
    if get_origin(hint) is tuple:
        return tuple[tuple(_with_instants(part, instant) for part in get_args(hint))]  # type: ignore[misc]  # made at run time
    if get_origin(hint) in {Union, UnionType}:
        return Union[tuple(_with_instants(part, instant) for part in get_args(hint))]  # noqa: UP007 - made at run time
    return hint
