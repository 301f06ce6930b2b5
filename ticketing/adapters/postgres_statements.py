"""The statements on a store in PostgreSQL, for one schema; those on the rows of a view are with the view."""

import re
from collections.abc import Mapping
from hashlib import sha256

from psycopg.sql import SQL, Composable, Identifier, Literal

from ticketing.adapters.store import STORE_SCHEMA

_LOCKS = 0x7469636B
"""The class of our advisory locks."""

_WATCHES = _LOCKS + 1
"""The class of those that watchers hold."""

_SILENCE = "60s"
"""How long who holds the log's lock may say nothing before the server takes it from him; no fold takes as long."""

_PARAMETER = re.compile(r"%[sb(]")

_LOCK_SCHEMA = "SELECT pg_advisory_xact_lock({locks}, hashtext({schema}))"
LOCK_LOG = """
SELECT pg_advisory_xact_lock({locks}, {events_name}::regclass::oid::integer),
    set_config('idle_in_transaction_session_timeout', {silence}, true)
"""

_SELECT_STANDING = "SELECT * FROM {standing}({schema_version}, %s::uuid[], %s::uuid[], %s::text[], %s::text[])"
_SELECT_APPEND = """
SELECT {append}(
    %s, {schema_version}, %s::uuid[], %s::bigint[],
    %s,
    %s::uuid[], %s::bigint[], %s::text[], %b::bytea[], %s::timestamptz[], %s::text[],
    %s::uuid[], %s::text[], %s::uuid[], %s::bigint[], %s::bigint[],
    %s::text[], %s::text[], %s::uuid[],
    %s::text[], %s::text[], %s::uuid[],
    %s::text[], %s::uuid[], %b::bytea[], %b::bytea[]
)
"""
_WAKE = "SELECT pg_notify({channel}, '')"
_LISTEN = "LISTEN {channel_name}"
_LOCK_WATCHES = "SELECT pg_advisory_lock_shared({watches}, {events_name}::regclass::oid::integer)"

_COLUMNS = "notification_id, originator_id, originator_version, topic, state, recorded_at, stream_kind"
_SELECT_STREAM = f"""
SELECT {_COLUMNS} FROM {{events}}
WHERE originator_id = %s AND originator_version > %s ORDER BY originator_version
"""  # noqa: S608
_SELECT_STREAMS = f"""
SELECT {_COLUMNS} FROM {{events}}
WHERE originator_id = ANY (%s::uuid[]) ORDER BY originator_id, originator_version
"""  # noqa: S608
_SELECT_PUBLICATIONS = f"""
SELECT {_COLUMNS} FROM {{events}}
WHERE stream_kind <> 'ticket' AND notification_id > %s AND notification_id <= %s ORDER BY notification_id
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
_SELECT_TOPIC = f"""
SELECT {_COLUMNS} FROM {{events}} WHERE notification_id > %s AND topic = %s ORDER BY notification_id LIMIT %s
"""  # noqa: S608
_SELECT_TALLY = """
SELECT (SELECT count(*) FROM {events}),
    (SELECT coalesce(sum(last_version - first_version + 1), 0)::bigint FROM {commands})
"""
_SELECT_COMMANDS = """
SELECT command_id, command_digest, stream_id, first_version, last_version FROM {commands}
WHERE command_id = ANY (%s::uuid[])
"""
_SELECT_HOLDERS = "SELECT stream_id FROM {claims} WHERE kind = %s AND key = %s ORDER BY number"
_SELECT_TEXTS = "SELECT digest, text FROM {texts} WHERE digest = ANY (%s)"
_SELECT_SALTED = "SELECT digest, salt, text FROM {texts} WHERE digest = ANY (%s) AND erased_at IS NULL"
_ERASE_TEXTS = """
UPDATE {texts} SET salt = NULL, text = NULL, erased_at = %s WHERE digest = ANY (%s) AND erased_at IS NULL
"""
_VACUUM_TEXTS = "VACUUM {texts}"
_SELECT_KEPT_TEXTS = "SELECT digest, salt, text FROM {texts} WHERE digest > %s ORDER BY digest LIMIT %s"

_LEAD_KEY = "hashtextextended(concat_ws(' ', 'ticketing', {schema}, name, version, is_next), 0)"
"""The advisory lock of who leads a view. His name stays in the row when he is killed, the lock does not."""

_TRY_LEAD = f"SELECT pg_try_advisory_lock({_LEAD_KEY}) FROM {{views}} WHERE (name, version, is_next) = (%s, %s, %s)"  # noqa: S608
_SELECT_LEAD = "SELECT fence, leader FROM {views} WHERE (name, version, is_next) = (%s, %s, %s)"
_TAKE_LEAD = """
UPDATE {views} SET fence = fence + 1, leader = %s WHERE (name, version, is_next) = (%s, %s, %s) RETURNING fence, leader
"""
_SELECT_STATES = f"""
SELECT name, version, is_next, folded_to, ready_from, is_inline, fence,
    CASE WHEN leader IS NOT NULL AND {_LEAD_KEY} IN (
        SELECT (classid::bigint << 32) | objid::bigint FROM pg_catalog.pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND granted
            AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
    ) THEN leader END,
    rate, coalesce(waiting, 0), coalesce(dropped, 0)
FROM {{views}} LEFT JOIN (
    SELECT name, version, is_next, count(*) - count(dropped_at) AS waiting, count(dropped_at) AS dropped
    FROM {{letters}} GROUP BY name, version, is_next
) AS counted USING (name, version, is_next)
"""  # noqa: S608
_SELECT_ALL_STATES = _SELECT_STATES + ' ORDER BY name COLLATE "C", version, is_next'
_SELECT_STATE = _SELECT_STATES + "WHERE (name, version, is_next) = (%s, %s, %s)"
_UNLOCK_ALL = "SELECT pg_advisory_unlock_all()"


class Statements:
    """Every statement on a store but for those on the rows of its views, for one schema."""

    def __init__(self, schema: str) -> None:
        tables = {
            "events": "events",
            "texts": "private_texts",
            "commands": "commands",
            "claims": "claims",
            "views": "views",
            "letters": "dead_letters",
            "store": "store",
            "tree": "tree",
            "tiles": "tree_tiles",
            "checkpoints": "checkpoints",
            "standing": "standing",
            "append": "append",
        }
        self.schema = schema
        self.names = {name: Identifier(schema, f"ticketing_{table}") for name, table in tables.items()}
        # A schema's name may take all the bytes that a channel's may.
        channel = f"ticketing_{sha256(schema.encode()).hexdigest()[:32]}"
        self._values = {
            "schema": Literal(schema),
            "schema_name": Identifier(schema),
            "schema_version": Literal(STORE_SCHEMA),
            "events_name": Literal(self.names["events"].as_string()),
            "locks": Literal(_LOCKS),
            "watches": Literal(_WATCHES),
            "silence": Literal(_SILENCE),
            "channel": Literal(channel),
            "channel_name": Identifier(channel),
        }
        self.lock_schema = self.named(_LOCK_SCHEMA)
        self.lock_log = self.named(LOCK_LOG)
        self.select_standing = self.named(_SELECT_STANDING)
        self.select_append = self.named(_SELECT_APPEND)
        self.wake = self.named(_WAKE)
        self.listen = self.named(_LISTEN)
        self.lock_watches = self.named(_LOCK_WATCHES)
        self.select_stream = self.named(_SELECT_STREAM)
        self.select_streams = self.named(_SELECT_STREAMS)
        self.select_publications = self.named(_SELECT_PUBLICATIONS)
        self.select_log = self.named(_SELECT_LOG)
        self.select_ticket_page = self.named(_SELECT_TICKET_PAGE)
        self.select_reference_page = self.named(_SELECT_REFERENCE_PAGE)
        self.select_topic = self.named(_SELECT_TOPIC)
        self.select_last = self.named(_SELECT_LAST)
        self.select_commands = self.named(_SELECT_COMMANDS)
        self.select_tally = self.named(_SELECT_TALLY)
        self.select_holders = self.named(_SELECT_HOLDERS)
        self.select_texts = self.named(_SELECT_TEXTS)
        self.select_salted = self.named(_SELECT_SALTED)
        self.select_kept_texts = self.named(_SELECT_KEPT_TEXTS)
        self.erase_texts = self.named(_ERASE_TEXTS)
        self.vacuum_texts = self.named(_VACUUM_TEXTS)
        self.try_lead = self.named(_TRY_LEAD)
        self.select_lead = self.named(_SELECT_LEAD)
        self.take_lead = self.named(_TAKE_LEAD)
        self.unlock_all = self.named(_UNLOCK_ALL)
        self.select_state = self.named(_SELECT_STATE)
        self.select_all_states = self.named(_SELECT_ALL_STATES)

    def named(self, statement: str) -> bytes:
        """The statement with the names of this schema's tables in it."""
        return composed(statement, {**self.names, **self._values})


def composed(statement: str, parts: Mapping[str, Composable]) -> bytes:
    """The statement with its parts in it, composed once: the driver would do it again at every execution."""
    if _PARAMETER.search(statement):  # then the driver looks for more of them, in names too
        parts = {name: _escaped(part) for name, part in parts.items()}
    return SQL(statement).format(**parts).as_bytes()


def _escaped(part: Composable) -> Composable:
    return SQL(part.as_string().replace("%", "%%")) if isinstance(part, Identifier | Literal) else part
