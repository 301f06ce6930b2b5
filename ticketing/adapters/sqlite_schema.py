"""The tables of a store in SQLite, and how older ones are brought up to them."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ticketing.adapters.store import STORE_KEY_BYTES, STORE_SCHEMA
from ticketing.domain.errors import StoreError

_STORE = "ticketing_store"

# The library's recorder reads the column `rowid` by that name. It inserts neither stamp nor kind, and so inserts not.
_CREATE_EVENTS = """
CREATE TABLE ticketing_events (
    rowid INTEGER PRIMARY KEY,
    originator_id TEXT NOT NULL,
    originator_version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    state BLOB NOT NULL,
    recorded_at TEXT NOT NULL,
    stream_kind TEXT NOT NULL,
    UNIQUE (originator_id, originator_version)
)
"""
_CREATE_REFERENCE_INDEX = """
CREATE INDEX ticketing_events_reference ON ticketing_events (stream_kind, originator_id, originator_version)
WHERE stream_kind <> 'ticket'
"""
# Rows are added at the end and never move, so that overwriting one leaves no copy in the free part of another page.
_CREATE_TEXTS = """
CREATE TABLE ticketing_private_texts (
    number INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    stream_id TEXT NOT NULL,
    salt BLOB,
    text TEXT,
    erased_at TEXT
)
"""
_CREATE_COMMANDS = """
CREATE TABLE ticketing_commands (
    command_id TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    stream_id TEXT NOT NULL,
    first_version INTEGER NOT NULL,
    last_version INTEGER NOT NULL
) WITHOUT ROWID
"""
_CREATE_CLAIMS = """
CREATE TABLE ticketing_claims (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    stream_id TEXT NOT NULL,
    UNIQUE (kind, key, stream_id)
)
"""
# `leased_until` is the wall clock's, in seconds since 1970.
_CREATE_VIEWS = """
CREATE TABLE ticketing_views (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    is_next INTEGER NOT NULL,
    columns TEXT NOT NULL,
    ready_from INTEGER NOT NULL,
    folded_to INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 0,
    is_inline INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,
    leader TEXT,
    leased_until REAL,
    rate REAL,
    PRIMARY KEY (name, version, is_next)
) WITHOUT ROWID
"""
_CREATE_LETTERS = """
CREATE TABLE ticketing_dead_letters (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    is_next INTEGER NOT NULL,
    ticket_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    event_version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    reason TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    dropped_at TEXT,
    PRIMARY KEY (name, version, is_next, position)
) WITHOUT ROWID
"""
_CREATE_LETTERS_INDEX = """
CREATE INDEX ticketing_dead_letters_ticket ON ticketing_dead_letters (name, version, is_next, ticket_id)
"""
# The hash tree over the log: tiles of up to 256 hashes of 32 bytes, and how many leaves it has.
_CREATE_TREE = """
CREATE TABLE ticketing_tree (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    size INTEGER NOT NULL
)
"""
_INSERT_TREE = "INSERT INTO ticketing_tree (number, size) VALUES (1, 0)"
_CREATE_TILES = """
CREATE TABLE ticketing_tree_tiles (
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, number)
)
"""
_CREATE_CHECKPOINTS = """
CREATE TABLE ticketing_checkpoints (
    number INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    note TEXT NOT NULL,
    keys TEXT NOT NULL
)
"""
_CREATE_CHECKPOINTS_INDEX = "CREATE INDEX ticketing_checkpoints_size ON ticketing_checkpoints (size, number)"
_CREATE_PROOF = (_CREATE_TREE, _INSERT_TREE, _CREATE_TILES, _CREATE_CHECKPOINTS, _CREATE_CHECKPOINTS_INDEX)
_CREATE_STORE = """
CREATE TABLE ticketing_store (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    schema_version INTEGER NOT NULL,
    key BLOB NOT NULL
)
"""
_CREATE = (
    _CREATE_EVENTS,
    _CREATE_REFERENCE_INDEX,
    _CREATE_TEXTS,
    _CREATE_COMMANDS,
    _CREATE_CLAIMS,
    _CREATE_VIEWS,
    _CREATE_LETTERS,
    _CREATE_LETTERS_INDEX,
    *_CREATE_PROOF,
    _CREATE_STORE,
)

# A table that a later version makes otherwise must be written out in the migrations that are older.
_MIGRATIONS = {
    2: (
        "ALTER TABLE ticketing_views RENAME TO ticketing_views_1",
        _CREATE_VIEWS,
        """
        INSERT INTO ticketing_views (name, version, is_next, columns, ready_from, folded_to)
        SELECT name, version, 0, columns, 0, position FROM ticketing_views_1
        """,
        "DROP TABLE ticketing_views_1",
        _CREATE_LETTERS,
        _CREATE_LETTERS_INDEX,
        # A process of version 1 that still runs looks at no version: it fails here, rather than append without rows.
        "ALTER TABLE ticketing_commands RENAME COLUMN command_digest TO digest",
    ),
    3: _CREATE_PROOF,
    4: (),  # PostgreSQL's alone
}
"""What leads to a version from the one before."""

_SELECT_NAMES = r"SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\'"
_SELECT_STORE = "SELECT schema_version, key FROM ticketing_store"
_SELECT_SCHEMA_VERSION = "SELECT schema_version FROM ticketing_store"
_INSERT_STORE = "INSERT INTO ticketing_store (number, schema_version, key) VALUES (1, ?, ?)"
_UPDATE_SCHEMA_VERSION = "UPDATE ticketing_store SET schema_version = ?"


class KeptStore(NamedTuple):
    """What a file says of the store in it."""

    schema_version: int
    key: bytes


def kept_store(cursor: sqlite3.Cursor, path: Path) -> KeptStore | None:
    """The store that is there; None in an empty file.

    Raises:
        StoreError: The file is another program's, or the store was made by a newer version.
    """
    if not is_store(cursor, path):
        return None
    kept = cursor.execute(_SELECT_STORE).fetchone()
    if kept is None:
        raise StoreError(f"{path}: the table ticketing_store has lost its row, and with it the store's key")
    schema_version, key = kept
    if schema_version > STORE_SCHEMA:
        raise StoreError(
            f"{path}: made by a newer version of ticketing "
            f"(its tables are version {schema_version}, this one knows up to {STORE_SCHEMA})"
        )
    return KeptStore(schema_version, bytes(key))


def require_present_tables(cursor: sqlite3.Cursor, path: Path) -> None:
    """Refuses a process that opened the store before a newer version brought the tables up.

    Args:
        cursor: In a transaction that holds the file's write lock.
        path: The file, for messages.

    Raises:
        StoreError: The tables are of another version.
    """
    (schema_version,) = cursor.execute(_SELECT_SCHEMA_VERSION).fetchone()
    if schema_version != STORE_SCHEMA:
        raise StoreError(
            f"{path}: the tables were migrated to version {schema_version}, "
            f"and this process knows version {STORE_SCHEMA}: start it anew with the newer ticketing"
        )


def is_store(cursor: sqlite3.Cursor, path: Path) -> bool:
    """Whether our tables are there; all of them were made in one transaction.

    Raises:
        StoreError: The file is another program's.
    """
    names = {name for (name,) in cursor.execute(_SELECT_NAMES)}
    if names and _STORE not in names:
        raise StoreError(f"{path} holds no ticketing store, but another program's tables")
    return bool(names)


def bring_up_to_date(cursor: sqlite3.Cursor, path: Path, random_bytes: Callable[[int], bytes]) -> bytes:
    """The key of the store, which is made, or brought to the present tables, unless another process was faster.

    Args:
        cursor: In a transaction that holds the file's write lock.
        path: The file, for messages.
        random_bytes: Makes the key of a new store.

    Raises:
        StoreError: As `kept_store` says.
    """
    kept = kept_store(cursor, path)
    if kept is None:
        kept = KeptStore(STORE_SCHEMA, random_bytes(STORE_KEY_BYTES))
        for statement in _CREATE:
            cursor.execute(statement)
        cursor.execute(_INSERT_STORE, kept)
    elif kept.schema_version < STORE_SCHEMA:
        for version in range(kept.schema_version + 1, STORE_SCHEMA + 1):
            for statement in _MIGRATIONS[version]:
                cursor.execute(statement)
        cursor.execute(_UPDATE_SCHEMA_VERSION, (STORE_SCHEMA,))
    return kept.key
