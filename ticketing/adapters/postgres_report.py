"""Report views: rows as other tools see them, in a PostgreSQL schema beside the store's, with what each column means.

Laws of this file: a view names its columns as the rows' class does, with instants as instants, and says of them what
its docstring says. There is one view of a projection's tickets, and one of each column of parts, a line for each part.
Whoever may read a view need not be able to read the tables. A view is locked before its table, as readers lock them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import psycopg
from psycopg.errors import DependentObjectsStillExist, InvalidTableDefinition
from psycopg.sql import SQL, Composable, Identifier, Literal

from ticketing.adapters.columns import Column, Kind, columns_of, columns_of_part, table_name
from ticketing.adapters.postgres_server import Cursor
from ticketing.adapters.row_words import about, fields_of
from ticketing.adapters.urls import DEFAULT_SCHEMA
from ticketing.adapters.view import ViewId
from ticketing.domain.errors import BadInput, StoreError
from ticketing.projections.row import Row

_NAME = "ticketing_report"
_MAX_IDENTIFIER_BYTES = 63
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
"""A name that SQL takes without quotes."""

_INSTANT = "timestamptz 'epoch' + {} * interval '1 microsecond'"
_AS_SHOWN: dict[Kind, str] = {"instant": _INSTANT, "json": "{}::jsonb"}
_PART_AS_SHOWN: dict[Kind, str] = {
    "integer": "(part.value ->> {})::bigint",
    "boolean": "(part.value ->> {})::boolean",
    "instant": _INSTANT.format("(part.value ->> {})::bigint"),
    "id": "(part.value ->> {})::uuid",
    "json": "part.value -> {}",
}
_PARTS = "CROSS JOIN LATERAL jsonb_array_elements(whole.{}) WITH ORDINALITY AS part(value, number)"
_CREATE_SCHEMA = "CREATE SCHEMA IF NOT EXISTS {schema}"
_ABOUT_SCHEMA = (
    "The rows of repair tickets for other tools, made by ticketing projections views; see docs/other-tools.md."
)
_CREATE = "CREATE OR REPLACE VIEW {view} ({names}) AS SELECT {columns} FROM {table} AS whole {joined}"
_DROP = "DROP VIEW {view}"
_SELECT_SHOWING = """
SELECT DISTINCT shown.relname FROM pg_catalog.pg_depend AS depends
JOIN pg_catalog.pg_rewrite AS rule ON rule.oid = depends.objid
JOIN pg_catalog.pg_class AS shown ON shown.oid = rule.ev_class AND shown.relkind = 'v'
JOIN pg_catalog.pg_namespace AS place ON place.oid = shown.relnamespace AND place.nspname = %s
WHERE depends.classid = 'pg_catalog.pg_rewrite'::regclass AND depends.refclassid = 'pg_catalog.pg_class'::regclass
    AND depends.refobjid = to_regclass(%s)
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A view of rows, or of their parts.

    Attributes:
        about: What a line of it is.
        columns: By name the expression that gives each column, and what it means.
        joined: What its lines are joined from, beside the table `whole`.
    """

    name: str
    about: str
    columns: Mapping[str, tuple[Composable, str]]
    joined: Composable


def report_schema(schema: str) -> str:
    """The schema of the views of a store; each store in a database has its own.

    Raises:
        BadInput: The name of the store's schema is too long for it.
    """
    name = _NAME if schema == DEFAULT_SCHEMA else f"{_NAME}_{schema}"
    if len(name.encode()) > _MAX_IDENTIFIER_BYTES:
        raise BadInput(f"the schema {name} of the views would have a name of more than {_MAX_IDENTIFIER_BYTES} bytes")
    return name


def shown(view: ViewId, row: type[Row]) -> Iterator[Shown]:
    """The views of a projection's rows."""
    meanings, columns = fields_of(row), columns_of(row)
    plain = {
        column.name: (_as_shown(column), meanings.get(column.name, "")) for column in columns if column.part is None
    }
    parted = [column for column in columns if column.part is not None]
    name = f"{view.name}_tickets" if any(column.name == view.name for column in parted) else view.name
    yield Shown(name, f"{about(row)} One line for each ticket.", plain, SQL(""))
    for column in parted:
        yield _shown_parts(view, column, plain)


def _shown_parts(view: ViewId, column: Column, plain: Mapping[str, tuple[Composable, str]]) -> Shown:
    """The view of a column of parts; where a field is called as a column of the ticket, that is `ticket_<name>`."""
    part = column.part
    if part is None:
        raise TypeError(f"{column.name} is no column of parts")
    meanings, fields = fields_of(part), columns_of_part(part)
    names = {field.name for field in fields}
    of_ticket = {f"ticket_{name}" if name in names else name: of for name, of in plain.items()}
    number = {"part_number": (SQL("part.number"), "Its place among those of its ticket, from 1.")}
    of_part = {
        field.name: (
            SQL(_PART_AS_SHOWN.get(field.kind, "part.value ->> {}")).format(Literal(place)),
            meanings.get(field.name, ""),
        )
        for place, field in enumerate(fields)
    }
    name = column.name if column.name == view.name else f"{view.name}_{column.name}"
    said = f"{about(part)} One line for each, with its ticket."
    return Shown(name, said, {**of_ticket, **number, **of_part}, SQL(_PARTS).format(Identifier(column.name)))


def _as_shown(column: Column) -> Composable:
    return SQL(_AS_SHOWN.get(column.kind, "{}")).format(Identifier("whole", column.name))


def make_views(cursor: Cursor, schema: str, kept: Iterable[tuple[ViewId, type[Row]]]) -> tuple[str, ...]:
    """Makes the views of the rows of projections, or makes them anew, in one transaction; their names as SQL has them.

    Args:
        cursor: In a transaction.
        schema: Of the store.
        kept: The projections, whose tables are there.
    """
    report = report_schema(schema)
    cursor.execute(SQL(_CREATE_SCHEMA).format(schema=Identifier(report)))
    cursor.execute(SQL("COMMENT ON SCHEMA {} IS {}").format(Identifier(report), Literal(_ABOUT_SCHEMA)))
    names = []
    for view, row in kept:
        table = Identifier(schema, table_name(view.name, view.version))
        for one in shown(view, row):
            _make(cursor, report, one, table)
            names.append(".".join(map(_as_written, (report, one.name))))
    return tuple(names)


def show_instead(cursor: Cursor, schema: str, view: ViewId, row: type[Row]) -> None:
    """Has the views of a projection's rows show those of its rebuild, whose table then takes the place of theirs."""
    report, served = report_schema(schema), Identifier(schema, table_name(view.name, view.version))
    showing = {name for (name,) in cursor.execute(_SELECT_SHOWING, (report, served.as_string()))}
    for one in shown(view, row) if showing else ():
        if one.name in showing:
            _make(cursor, report, one, Identifier(schema, table_name(view.name, view.version, is_next=True)))


def _make(cursor: Cursor, report: str, view: Shown, table: Identifier) -> None:
    """Makes a view, or has it show a table with the rights that were given to it; one of other columns is made anew."""
    name = Identifier(report, view.name)
    create = SQL(_CREATE).format(
        view=name,
        names=SQL(", ").join(map(Identifier, view.columns)),
        columns=SQL(", ").join(expression for expression, _ in view.columns.values()),
        table=table,
        joined=view.joined,
    )
    try:
        with psycopg.Transaction(cursor.connection):
            cursor.execute(create)
    except InvalidTableDefinition:
        _drop(cursor, name)
        cursor.execute(create)
    cursor.execute(SQL("COMMENT ON VIEW {} IS {}").format(name, Literal(view.about)))
    for column, (_, meaning) in view.columns.items():
        place = Identifier(report, view.name, column)
        cursor.execute(SQL("COMMENT ON COLUMN {} IS {}").format(place, Literal(meaning)))


def _as_written(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else Identifier(name).as_string()


def _drop(cursor: Cursor, name: Identifier) -> None:
    """Removes a view.

    Raises:
        StoreError: Somebody made another view of it.
    """
    try:
        cursor.execute(SQL(_DROP).format(view=name))
    except DependentObjectsStillExist as error:
        raise StoreError(
            f"the view {name.as_string()} has other columns now, and other views are made of it: drop these first"
        ) from error
