"""The tables and functions of a store in PostgreSQL, made and migrated.

The log is appended to under one advisory lock per table, held until the transaction ends: order of position is order
of commit. The lock is not the table's, so that readers, vacuum and backups never meet it.

A second advisory lock tells whether anybody waits to be woken. Who watches holds it shared, from when he listens; an
append tries for it alone. Where it gets it nobody listens, and who would begin to waits for its end and then finds its
rows; where not, NOTIFY follows in a transaction of its own. In that of the append it would have all commits of the
whole server queue behind this one's write to disk.
"""

from collections.abc import Callable

from ticketing.adapters.postgres_server import Cursor
from ticketing.adapters.postgres_statements import LOCK_LOG, Statements
from ticketing.adapters.store import STORE_KEY_BYTES, STORE_SCHEMA
from ticketing.domain.errors import StoreError

_HAS_SCHEMA = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s"
_HAS_STORE = "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = %s AND tablename = 'ticketing_store'"

_CREATE_SCHEMA = "CREATE SCHEMA {schema_name}"

# `notification_id` is given by ticketing_append, not by a sequence: a sequence leaves gaps and knows no order.
_CREATE_EVENTS = """
CREATE TABLE {events} (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    notification_id bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    stream_kind text NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
)
"""
_CREATE_POSITION_INDEX = "CREATE UNIQUE INDEX ticketing_events_position ON {events} (notification_id)"
_CREATE_REFERENCE_INDEX = """
CREATE INDEX ticketing_events_reference ON {events} (stream_kind, originator_id, originator_version)
WHERE stream_kind <> 'ticket'
"""
# The text is bytes in UTF-8: PostgreSQL's own text knows no zero character.
_CREATE_TEXTS = """
CREATE TABLE {texts} (
    digest text PRIMARY KEY,
    stream_id uuid NOT NULL,
    salt bytea,
    text bytea,
    erased_at timestamptz
)
"""
_CREATE_COMMANDS = """
CREATE TABLE {commands} (
    command_id uuid PRIMARY KEY,
    command_digest text NOT NULL,
    stream_id uuid NOT NULL,
    first_version bigint NOT NULL,
    last_version bigint NOT NULL
)
"""
_CREATE_CLAIMS = """
CREATE TABLE {claims} (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    key text NOT NULL,
    stream_id uuid NOT NULL,
    UNIQUE (kind, key, stream_id)
)
"""
# `folded_to` was `position` in version 1: a process of that time shall fail, not write rows under an old revision.
_CREATE_VIEWS = """
CREATE TABLE {views} (
    name text NOT NULL,
    version bigint NOT NULL,
    folded_to bigint NOT NULL,
    columns text NOT NULL,
    is_next boolean NOT NULL DEFAULT false,
    revision bigint NOT NULL DEFAULT 0,
    ready_from bigint NOT NULL DEFAULT 0,
    is_inline boolean NOT NULL DEFAULT false,
    fence bigint NOT NULL DEFAULT 0,
    leader text,
    rate double precision,
    PRIMARY KEY (name, version, is_next)
)
"""
_CREATE_LETTERS = """
CREATE TABLE {letters} (
    name text NOT NULL,
    version bigint NOT NULL,
    is_next boolean NOT NULL,
    ticket_id uuid NOT NULL,
    position bigint NOT NULL,
    event_version bigint NOT NULL,
    topic text NOT NULL,
    reason text NOT NULL,
    recorded_at timestamptz NOT NULL,
    dropped_at timestamptz,
    PRIMARY KEY (name, version, is_next, position)
)
"""
_CREATE_LETTERS_INDEX = """
CREATE INDEX ticketing_dead_letters_ticket ON {letters} (name, version, is_next, ticket_id)
"""
# The hash tree over the log: tiles of up to 256 hashes of 32 bytes, and how many leaves it has.
_CREATE_TREE = """
CREATE TABLE {tree} (
    number integer PRIMARY KEY CHECK (number = 1),
    size bigint NOT NULL
)
"""
_INSERT_TREE = "INSERT INTO {tree} (number, size) VALUES (1, 0)"
_CREATE_TILES = """
CREATE TABLE {tiles} (
    level bigint NOT NULL,
    number bigint NOT NULL,
    hashes bytea NOT NULL,
    PRIMARY KEY (level, number)
)
"""
_CREATE_CHECKPOINTS = """
CREATE TABLE {checkpoints} (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL UNIQUE,
    size bigint NOT NULL,
    root bytea NOT NULL,
    note text NOT NULL,
    keys text NOT NULL
)
"""
_CREATE_CHECKPOINTS_INDEX = "CREATE INDEX ticketing_checkpoints_size ON {checkpoints} (size, number)"
_CREATE_PROOF = (_CREATE_TREE, _INSERT_TREE, _CREATE_TILES, _CREATE_CHECKPOINTS, _CREATE_CHECKPOINTS_INDEX)
_CREATE_STORE = """
CREATE TABLE {store} (
    number integer PRIMARY KEY CHECK (number = 1),
    schema_version integer NOT NULL,
    key bytea NOT NULL
)
"""
# Each statement of a volatile function sees what was committed before it: those after the lock see the last append.
# Their plans are kept; one made while the tables were empty must not read all of them ever after.
# Their arguments are others than in version 1: a process of that time shall fail, not append without inline rows.
_CREATE_STANDING = """
CREATE OR REPLACE FUNCTION {standing} (
    known_schema integer,
    asked_streams uuid[], asked_commands uuid[], asked_kinds text[], asked_keys text[],
    OUT head bigint, OUT stamp timestamptz, OUT versions bigint[], OUT known_commands uuid[],
    OUT held_kinds text[], OUT held_keys text[], OUT held_streams uuid[],
    OUT inline_names text[], OUT inline_versions bigint[]
) LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET plan_cache_mode = auto AS $$
BEGIN
    PERFORM pg_advisory_xact_lock({locks}, {events_name}::regclass::oid::integer);
    PERFORM set_config('idle_in_transaction_session_timeout', {silence}, true);
    IF known_schema <> {schema_version} THEN
        RAISE EXCEPTION 'the tables were migrated to version {schema_version}, and this process knows version %',
            known_schema;
    END IF;
    SELECT notification_id, recorded_at INTO head, stamp FROM {events} ORDER BY notification_id DESC LIMIT 1;
    versions := ARRAY(
        SELECT coalesce((SELECT max(originator_version) FROM {events} WHERE originator_id = asked.stream_id), 0)
        FROM unnest(asked_streams) WITH ORDINALITY AS asked (stream_id, number) ORDER BY asked.number
    );
    known_commands := ARRAY(SELECT command_id FROM {commands} WHERE command_id = ANY (asked_commands));
    SELECT array_agg(held.kind ORDER BY held.number), array_agg(held.key ORDER BY held.number),
        array_agg(held.stream_id ORDER BY held.number)
    INTO held_kinds, held_keys, held_streams
    FROM {claims} AS held JOIN unnest(asked_kinds, asked_keys) AS asked (kind, key) USING (kind, key);
    SELECT array_agg(name ORDER BY name, version), array_agg(version ORDER BY name, version)
    INTO inline_names, inline_versions
    FROM {views} WHERE is_inline AND NOT is_next;
END
$$
"""
# Returns whether somebody is to be woken. Who comes at once has not asked how the log stands, and says what he takes
# for granted: null tells him that it is not so, or that rows are to be folded too, and nothing was kept.
_CREATE_APPEND = """
CREATE FUNCTION {append} (
    at_once boolean, known_schema integer, asked_streams uuid[], asked_versions bigint[],
    head bigint,
    event_streams uuid[], event_versions bigint[], event_topics text[], event_states bytea[],
    event_stamps timestamptz[], event_kinds text[],
    command_ids uuid[], command_digests text[], command_streams uuid[], first_versions bigint[], last_versions bigint[],
    released_kinds text[], released_keys text[], released_streams uuid[],
    claimed_kinds text[], claimed_keys text[], claimed_streams uuid[],
    text_digests text[], text_streams uuid[], text_salts bytea[], text_bytes bytea[]
) RETURNS boolean LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET plan_cache_mode = auto AS $$
BEGIN
    PERFORM pg_advisory_xact_lock({locks}, {events_name}::regclass::oid::integer);
    IF at_once AND (
        known_schema <> {schema_version}
        OR head <> (SELECT coalesce(max(notification_id), 0) FROM {events})
        OR EXISTS (
            SELECT FROM unnest(asked_streams, asked_versions) AS asked (stream_id, version)
            WHERE asked.version <> coalesce(
                (SELECT max(originator_version) FROM {events} WHERE originator_id = asked.stream_id), 0
            )
        )
        OR EXISTS (SELECT FROM {commands} WHERE command_id = ANY (command_ids))
        OR EXISTS (SELECT FROM {views} WHERE is_inline AND NOT is_next)
    ) THEN
        RETURN NULL;
    END IF;
    IF at_once AND claimed_kinds IS NOT NULL AND EXISTS (
        SELECT FROM {claims} AS held
        JOIN unnest(claimed_kinds, claimed_keys, claimed_streams) AS claimed (kind, key, stream_id) USING (kind, key)
        WHERE held.stream_id <> claimed.stream_id
    ) THEN
        RETURN NULL;
    END IF;
    IF NOT at_once AND head <> (SELECT coalesce(max(notification_id), 0) FROM {events}) THEN
        RAISE EXCEPTION 'the log moved under its lock';
    END IF;
    INSERT INTO {events}
        (originator_id, originator_version, topic, state, notification_id, recorded_at, stream_kind)
    SELECT added.stream_id, added.version, added.topic, added.state, head + added.number, added.stamp, added.kind
    FROM unnest(event_streams, event_versions, event_topics, event_states, event_stamps, event_kinds)
        WITH ORDINALITY AS added (stream_id, version, topic, state, stamp, kind, number);
    INSERT INTO {commands} (command_id, command_digest, stream_id, first_version, last_version)
    SELECT * FROM unnest(command_ids, command_digests, command_streams, first_versions, last_versions);
    IF released_kinds IS NOT NULL THEN
        DELETE FROM {claims} WHERE (kind, key, stream_id) IN (
            SELECT * FROM unnest(released_kinds, released_keys, released_streams)
        );
    END IF;
    IF claimed_kinds IS NOT NULL THEN
        INSERT INTO {claims} (kind, key, stream_id)
        SELECT claimed.kind, claimed.key, claimed.stream_id
        FROM unnest(claimed_kinds, claimed_keys, claimed_streams)
            WITH ORDINALITY AS claimed (kind, key, stream_id, number)
        ORDER BY claimed.number
        ON CONFLICT DO NOTHING;
    END IF;
    IF text_digests IS NOT NULL THEN
        INSERT INTO {texts} (digest, stream_id, salt, text)
        SELECT * FROM unnest(text_digests, text_streams, text_salts, text_bytes)
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NOT pg_try_advisory_xact_lock({watches}, {events_name}::regclass::oid::integer);
END
$$
"""
_CREATE = (
    _CREATE_EVENTS,
    _CREATE_POSITION_INDEX,
    _CREATE_REFERENCE_INDEX,
    _CREATE_TEXTS,
    _CREATE_COMMANDS,
    _CREATE_CLAIMS,
    _CREATE_VIEWS,
    _CREATE_LETTERS,
    _CREATE_LETTERS_INDEX,
    *_CREATE_PROOF,
    _CREATE_STORE,
    _CREATE_STANDING,
    _CREATE_APPEND,
)
_MIGRATIONS = {
    1: (
        LOCK_LOG,
        # NOT NULL anew: since PostgreSQL 18 it has a name, which would go on to speak of the column as it was called.
        "ALTER TABLE {views} RENAME COLUMN position TO folded_to",
        "ALTER TABLE {views} ALTER COLUMN folded_to DROP NOT NULL",
        """
        ALTER TABLE {views}
            ALTER COLUMN folded_to SET NOT NULL,
            ADD COLUMN is_next boolean NOT NULL DEFAULT false,
            ADD COLUMN revision bigint NOT NULL DEFAULT 0,
            ADD COLUMN ready_from bigint NOT NULL DEFAULT 0,
            ADD COLUMN is_inline boolean NOT NULL DEFAULT false,
            ADD COLUMN fence bigint NOT NULL DEFAULT 0,
            ADD COLUMN leader text,
            ADD COLUMN rate double precision,
            DROP CONSTRAINT ticketing_views_pkey,
            ADD PRIMARY KEY (name, version, is_next)
        """,
        _CREATE_LETTERS,
        _CREATE_LETTERS_INDEX,
        "DROP FUNCTION {standing}(uuid[], uuid[], text[], text[])",
        """
        DROP FUNCTION {append}(
            uuid[], bigint[], text[], bytea[], timestamptz[], text[], uuid[], text[], uuid[], bigint[], bigint[],
            text[], text[], uuid[], text[], text[], uuid[], text[], uuid[], bytea[], bytea[]
        )
        """,
    ),
    2: (LOCK_LOG, *_CREATE_PROOF),
    3: (
        LOCK_LOG,
        """
        DROP FUNCTION IF EXISTS {append}(
            bigint, uuid[], bigint[], text[], bytea[], timestamptz[], text[],
            uuid[], text[], uuid[], bigint[], bigint[],
            text[], text[], uuid[], text[], text[], uuid[], text[], uuid[], bytea[], bytea[]
        )
        """,
    ),
}
"""What makes of each older version of the tables the next; after the last of them come the functions."""

_INSERT_STORE = "INSERT INTO {store} (number, schema_version, key) VALUES (1, {schema_version}, %s)"
_UPDATE_STORE = "UPDATE {store} SET schema_version = {schema_version}"
_SELECT_STORE = "SELECT schema_version, key FROM {store}"


def made_or_migrated(cursor: Cursor, sql: Statements, server: str, random_bytes: Callable[[int], bytes]) -> bytes:
    """The key of the store, which is made where there is none, and migrated where it is of an older version.

    Args:
        cursor: In a transaction. Of those who begin at once one does it, the others wait for it and find it done.
        sql: The statements for the store's schema.
        server: What the store is called.
        random_bytes: Makes the key of a new store.

    Raises:
        StoreError: The store was made by a newer version.
    """
    kept = _kept(cursor, sql, server)
    if kept is not None and kept[0] == STORE_SCHEMA:
        return kept[1]
    cursor.execute(sql.lock_schema)
    kept = _kept(cursor, sql, server)
    if kept is None:
        return _made(cursor, sql, random_bytes(STORE_KEY_BYTES))
    version, key = kept
    if version == STORE_SCHEMA:
        return key
    for older in range(version, STORE_SCHEMA):
        for statement in _MIGRATIONS[older]:
            cursor.execute(sql.named(statement))
    # They know the version: a process of an older one is told so at its next append.
    for statement in (_CREATE_STANDING, _CREATE_APPEND):
        cursor.execute(sql.named(statement))
    cursor.execute(sql.named(_UPDATE_STORE))
    return key


def _made(cursor: Cursor, sql: Statements, key: bytes) -> bytes:
    if cursor.execute(sql.named(_HAS_SCHEMA), (sql.schema,)).fetchone() is None:
        cursor.execute(sql.named(_CREATE_SCHEMA))
    for statement in _CREATE:
        cursor.execute(sql.named(statement))
    cursor.execute(sql.named(_INSERT_STORE), (key,))
    return key


def has_store(cursor: Cursor, sql: Statements) -> bool:
    """Whether a store's tables are there."""
    return cursor.execute(sql.named(_HAS_STORE), (sql.schema,)).fetchone() is not None


def _kept(cursor: Cursor, sql: Statements, server: str) -> tuple[int, bytes] | None:
    """The version of the tables that are there, and the key."""
    if not has_store(cursor, sql):
        return None
    kept = cursor.execute(sql.named(_SELECT_STORE)).fetchone()
    if kept is None:
        raise StoreError(f"{server}: the table ticketing_store has lost its row, and with it the store's key")
    version, key = kept
    if version > STORE_SCHEMA:
        raise StoreError(
            f"{server}: made by a newer version of ticketing "
            f"(its tables are version {version}, this one knows up to {STORE_SCHEMA})"
        )
    return version, bytes(key)
