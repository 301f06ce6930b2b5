"""URLs: which store a URL means, opened; with a password in no message."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from ticketing.adapters.codec import Codec
from ticketing.adapters.sqlite_file import Synchronous
from ticketing.adapters.store import Store
from ticketing.domain.errors import BadInput
from ticketing.projections.row import Projection

KNOWN = "memory:, sqlite:///file.db, sqlite:////path/to/file.db or postgresql://…[?schema=name]"
_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgres://")
DEFAULT_SCHEMA = "public"


def open_store(
    url: str,
    *,
    clock: Callable[[], datetime],
    random_bytes: Callable[[int], bytes],
    codec: Codec | None = None,
    projections: Sequence[Projection[Any]] = (),
) -> Store:
    """The store at the URL, made if there is none.

    Args:
        url: `memory:`, `sqlite:///` and a relative or absolute path, or a libpq URL of PostgreSQL; a parameter
            `schema` of it names the schema, `public` if none does. An SQLite store is durable unless its URL ends in
            `?synchronous=normal`: then a power cut may take the last commits, and commits are much faster.
        clock: Asked under the append lock for every append's `recorded_at`.
        random_bytes: Makes the key of a new store.
        codec: Another than the package's own, such as one with more upcasts.
        projections: What the process can keep inline, if the store is told to.

    Raises:
        BadInput: The URL means no store.
        StoreError: The store cannot be opened, or was made by a newer version.
    """
    if url == "memory:":
        from ticketing.adapters.memory import MemoryStore

        return MemoryStore(clock=clock, random_bytes=random_bytes, codec=codec, projections=projections)
    if url.startswith(_SQLITE):
        from ticketing.adapters.sqlite import SqliteStore

        path, synchronous = _file(url)
        return SqliteStore(
            path, clock=clock, random_bytes=random_bytes, codec=codec, projections=projections, synchronous=synchronous
        )
    if url.startswith(_POSTGRESQL):
        from ticketing.adapters.postgres import PostgresStore

        conninfo, schema = split_schema(url)
        return PostgresStore(
            conninfo, schema, clock=clock, random_bytes=random_bytes, codec=codec, projections=projections
        )
    scheme, colon, _ = url.partition(":")
    raise BadInput(f"unknown store {f'scheme {scheme}:' if colon else repr(url)}; a store is {KNOWN}")


def is_there(url: str) -> bool:
    """Whether there is a store at the URL; looking makes none. Of memory it is said to be there.

    Raises:
        BadInput: The URL names no file, or has no form.
        StoreError: The file cannot be opened, is no database, or is another program's; the server cannot be reached.
    """
    if url.startswith(_SQLITE):
        from ticketing.adapters.sqlite import holds_store

        return holds_store(file_of(url))
    if url.startswith(_POSTGRESQL):
        from ticketing.adapters import postgres

        return postgres.holds_store(*split_schema(url))
    return True


def file_of(url: str) -> Path:
    """The file that the URL of an SQLite store names.

    Raises:
        BadInput: It names none.
    """
    return _file(url)[0]


def name_of(url: str) -> str:
    """What people call the store at the URL: its file, or its database and schema; no place, user or password.

    Raises:
        BadInput: The URL names no file, or has no form.
    """
    if url.startswith(_SQLITE):
        return file_of(url).name
    if not url.startswith(_POSTGRESQL):
        return url.partition(":")[0]
    from psycopg.conninfo import conninfo_to_dict

    place, schema = split_schema(url)
    database = str(conninfo_to_dict(place).get("dbname") or "PostgreSQL")
    return database if schema == DEFAULT_SCHEMA else f"{database}, schema {schema}"


def evidence_folder(url: str) -> Path | None:
    """Where a store's evidence files are unless it is said: beside the file of an SQLite store; None of others."""
    if not url.startswith(_SQLITE):
        return None
    file = file_of(url)
    return file.with_name(f"{file.name}.evidence")


def _file(url: str) -> tuple[Path, Synchronous]:
    path, _, query = url.removeprefix(_SQLITE).partition("?")
    if not path or path == ":memory:" or "\0" in path:
        raise BadInput(f"{url!r} names no file; a store is {KNOWN}")
    if query in ("", "synchronous=full"):
        return Path(path), "FULL"
    if query == "synchronous=normal":
        return Path(path), "NORMAL"
    raise BadInput(f"{url!r}: the only parameter of an SQLite store is synchronous=full or synchronous=normal")


def split_schema(url: str) -> tuple[str, str]:
    """The URL without its parameter `schema`, which libpq would refuse, and the schema.

    Raises:
        BadInput: The URL has no form.
    """
    place, _, parameters = url.partition("?")
    try:
        query = parse_qsl(parameters, keep_blank_values=True, strict_parsing=bool(parameters))
    except ValueError as error:
        raise BadInput(f"this is no URL of PostgreSQL; a store is {KNOWN}") from error
    schemas = [value for key, value in query if key == "schema"]
    if len(schemas) > 1 or "" in schemas:
        raise BadInput("a store lies in one schema: schema=name")
    others = [(key, value) for key, value in query if key != "schema"]
    rest = urlencode(others, quote_via=quote, safe="")
    return f"{place}?{rest}" if rest else place, schemas[0] if schemas else DEFAULT_SCHEMA
