"""The tables and functions of a store in PostgreSQL, and every statement on them.

The log is appended to under one advisory lock per table, held until the transaction ends: order of position is order
of commit. The lock is not the table's, so that readers, vacuum and backups never meet it.
"""

from psycopg.sql import SQL, Identifier, Literal

_LOCKS = 0x7469636B
"""The class of our advisory locks."""

LOCK_SCHEMA = SQL("SELECT pg_advisory_xact_lock({}, hashtext({}))")

_HAS_SCHEMA = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s"
_HAS_STORE = "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = %s AND tablename = 'ticketing_store'"

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
_CREATE_VIEWS = """
CREATE TABLE {views} (
    name text NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    columns text NOT NULL,
    PRIMARY KEY (name, version)
)
"""
_CREATE_STORE = """
CREATE TABLE {store} (
    number integer PRIMARY KEY CHECK (number = 1),
    schema_version integer NOT NULL,
    key bytea NOT NULL
)
"""
# Each statement of a volatile function sees what was committed before it: those after the lock see the last append.
# Their plans are kept; one made while the tables were empty must not read all of them ever after.
_CREATE_STANDING = """
CREATE FUNCTION {standing} (
    asked_streams uuid[], asked_commands uuid[], asked_kinds text[], asked_keys text[],
    OUT head bigint, OUT stamp timestamptz, OUT versions bigint[], OUT known_commands uuid[],
    OUT held_kinds text[], OUT held_keys text[], OUT held_streams uuid[]
) LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET plan_cache_mode = auto AS $$
BEGIN
    PERFORM pg_advisory_xact_lock({locks}, {events_name}::regclass::oid::integer);
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
END
$$
"""
_CREATE_APPEND = """
CREATE FUNCTION {append} (
    event_streams uuid[], event_versions bigint[], event_topics text[], event_states bytea[],
    event_stamps timestamptz[], event_kinds text[],
    command_ids uuid[], command_digests text[], command_streams uuid[], first_versions bigint[], last_versions bigint[],
    released_kinds text[], released_keys text[], released_streams uuid[],
    claimed_kinds text[], claimed_keys text[], claimed_streams uuid[],
    text_digests text[], text_streams uuid[], text_salts bytea[], text_bytes bytea[]
) RETURNS bigint LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET plan_cache_mode = auto AS $$
DECLARE
    head bigint;
BEGIN
    PERFORM pg_advisory_xact_lock({locks}, {events_name}::regclass::oid::integer);
    SELECT coalesce(max(notification_id), 0) INTO head FROM {events};
    INSERT INTO {events}
        (originator_id, originator_version, topic, state, notification_id, recorded_at, stream_kind)
    SELECT added.stream_id, added.version, added.topic, added.state, head + added.number, added.stamp, added.kind
    FROM unnest(event_streams, event_versions, event_topics, event_states, event_stamps, event_kinds)
        WITH ORDINALITY AS added (stream_id, version, topic, state, stamp, kind, number);
    INSERT INTO {commands} (command_id, command_digest, stream_id, first_version, last_version)
    SELECT * FROM unnest(command_ids, command_digests, command_streams, first_versions, last_versions);
    DELETE FROM {claims} WHERE (kind, key, stream_id) IN (
        SELECT * FROM unnest(released_kinds, released_keys, released_streams)
    );
    INSERT INTO {claims} (kind, key, stream_id)
    SELECT claimed.kind, claimed.key, claimed.stream_id
    FROM unnest(claimed_kinds, claimed_keys, claimed_streams)
        WITH ORDINALITY AS claimed (kind, key, stream_id, number)
    ORDER BY claimed.number
    ON CONFLICT DO NOTHING;
    INSERT INTO {texts} (digest, stream_id, salt, text)
    SELECT * FROM unnest(text_digests, text_streams, text_salts, text_bytes)
    ON CONFLICT DO NOTHING;
    RETURN head;
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
    _CREATE_STORE,
    _CREATE_STANDING,
    _CREATE_APPEND,
)
_INSERT_STORE = "INSERT INTO {store} (number, schema_version, key) VALUES (1, %s, %s)"
_SELECT_STORE = "SELECT schema_version, key FROM {store}"

_SELECT_STANDING = "SELECT * FROM {standing}(%s::uuid[], %s::uuid[], %s::text[], %s::text[])"
_SELECT_APPEND = """
SELECT {append}(
    %s::uuid[], %s::bigint[], %s::text[], %b::bytea[], %s::timestamptz[], %s::text[],
    %s::uuid[], %s::text[], %s::uuid[], %s::bigint[], %s::bigint[],
    %s::text[], %s::text[], %s::uuid[],
    %s::text[], %s::text[], %s::uuid[],
    %s::text[], %s::uuid[], %b::bytea[], %b::bytea[]
)
"""
_COLUMNS = "notification_id, originator_id, originator_version, topic, state, recorded_at"
_SELECT_STREAM = f"""
SELECT {_COLUMNS} FROM {{events}}
WHERE originator_id = %s AND originator_version > %s ORDER BY originator_version
"""  # noqa: S608
_SELECT_LOG = f"SELECT {_COLUMNS} FROM {{events}} WHERE notification_id > %s ORDER BY notification_id LIMIT %s"  # noqa: S608
_SELECT_TICKET_PAGE = f"""
SELECT {_COLUMNS} FROM {{events}}
WHERE (originator_id, originator_version) > (%s, %s) AND stream_kind = %s AND stream_kind = 'ticket'
    AND notification_id <= %s
ORDER BY originator_id, originator_version LIMIT %s
"""  # noqa: S608
_SELECT_REFERENCE_PAGE = _SELECT_TICKET_PAGE.replace("stream_kind = 'ticket'", "stream_kind <> 'ticket'")
_SELECT_LAST = "SELECT notification_id, recorded_at FROM {events} ORDER BY notification_id DESC LIMIT 1"
_SELECT_COMMAND = """
SELECT command_digest, stream_id, first_version, last_version FROM {commands} WHERE command_id = %s
"""
_SELECT_HOLDERS = "SELECT stream_id FROM {claims} WHERE kind = %s AND key = %s ORDER BY number"
_SELECT_TEXTS = "SELECT digest, text FROM {texts} WHERE digest = ANY (%s)"
_ERASE_TEXTS = """
UPDATE {texts} SET salt = NULL, text = NULL, erased_at = %s WHERE digest = ANY (%s) AND erased_at IS NULL
"""
_VACUUM_TEXTS = "VACUUM {texts}"


class Statements:
    """Every statement on a store, for one schema."""

    def __init__(self, schema: str) -> None:
        self._names = {
            name: Identifier(schema, f"ticketing_{table}")
            for name, table in {
                "events": "events",
                "texts": "private_texts",
                "commands": "commands",
                "claims": "claims",
                "views": "views",
                "store": "store",
                "standing": "standing",
                "append": "append",
            }.items()
        }
        self._schema = schema
        self.has_schema = SQL(_HAS_SCHEMA)
        self.has_store = SQL(_HAS_STORE)
        self.lock_schema = LOCK_SCHEMA.format(_LOCKS, Literal(schema))
        self.create_schema = SQL("CREATE SCHEMA {}").format(Identifier(schema))
        self.create = tuple(map(self._named, _CREATE))
        self.insert_store = self._named(_INSERT_STORE)
        self.select_store = self._named(_SELECT_STORE)
        self.select_standing = self._named(_SELECT_STANDING)
        self.select_append = self._named(_SELECT_APPEND)
        self.select_stream = self._named(_SELECT_STREAM)
        self.select_log = self._named(_SELECT_LOG)
        self.select_ticket_page = self._named(_SELECT_TICKET_PAGE)
        self.select_reference_page = self._named(_SELECT_REFERENCE_PAGE)
        self.select_last = self._named(_SELECT_LAST)
        self.select_command = self._named(_SELECT_COMMAND)
        self.select_holders = self._named(_SELECT_HOLDERS)
        self.select_texts = self._named(_SELECT_TEXTS)
        self.erase_texts = self._named(_ERASE_TEXTS)
        self.vacuum_texts = self._named(_VACUUM_TEXTS)

    def _named(self, statement: str) -> bytes:
        events = self._names["events"].as_string()
        # Composed once: the driver would do it again at every execution.
        return SQL(statement).format(**self._names, locks=_LOCKS, events_name=Literal(events)).as_bytes()
