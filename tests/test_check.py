"""The check of a store: it finds every kind of damage that SQL can do, and nothing in a store that only is busy."""

import gc
import itertools
import re
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, get_args
from uuid import UUID

import psycopg
import pytest

from tests.examples import (
    CLOSE_TICKET,
    DISPUTED_LIFE,
    MANAGER,
    OPEN_TICKET,
    OTHER_TICKET,
    RECORD_NOTE,
    SITES,
    STANDARD,
    START,
    TICKET,
    but,
)
from tests.postgres import fresh_schema
from tests.store_examples import MARKS, TALLY, Tally, append, number
from ticketing.adapters.check import check
from ticketing.adapters.defect import Defect, Rule
from ticketing.adapters.urls import split_schema
from ticketing.adapters.view import ViewId
from ticketing.application import Ticketing
from ticketing.domain.errors import CommandRejected, StoreError
from ticketing.domain.events import RepairStarted
from ticketing.domain.intake import OpenTicket
from ticketing.domain.publishing import Publish
from ticketing.domain.record import CorrectEvent, RecordHostFact, RetractEvent
from ticketing.domain.values import Recorded
from ticketing.projections.row import Projection

THIRD_TICKET = UUID("00000000-0000-4000-8000-000000000003")
SECOND = timedelta(seconds=1)
PROJECTIONS = (MARKS, TALLY)
TABLES = (
    *("ticketing_events", "ticketing_commands", "ticketing_claims", "ticketing_private_texts"),
    *("ticketing_views", "ticketing_dead_letters", "ticketing_view_marks_1", "ticketing_view_tally_2"),
)


class Clock:
    """A clock that goes on by a second at every look."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += SECOND
        return self.now


def opened(url: str, *, clock: Callable[[], datetime] | None = None) -> Ticketing:
    return Ticketing(url, clock=clock or Clock(), random_bytes=Random(1).randbytes, projections=PROJECTIONS)


def mark(ticket_id: UUID, text: str) -> RecordHostFact:
    data: dict[str, object] = {"mark": text, "weight": 1}
    said = {"ticket_id": ticket_id, "actor": MANAGER, "namespace": "tests", "name": "mark", "data": data}
    return RecordHostFact.model_validate(said)


def opening(ticket_id: UUID, ticket_number: str, serial: str) -> OpenTicket:
    return but(OPEN_TICKET, ticket_id=ticket_id, number=ticket_number, serial=serial)


def live(app: Ticketing, projections: Sequence[Projection[Any]] | None = None) -> None:
    """Three tickets: one closed, one open with its unit that waits in the marks, one whose mark was given up.

    Args:
        app: On an empty store.
        projections: Whose rows are kept; None for all that there are.
    """
    clock = app._clock
    assert isinstance(clock, Clock)
    for thing in (STANDARD, *SITES.values()):
        app.handle(Publish(actor=MANAGER, thing=thing))
    app.projections.catch_up(projections)
    app.projections.make_inline(TALLY)
    for hour, command in enumerate(DISPUTED_LIFE):
        clock.now = START + timedelta(hours=hour)
        app.handle(command)
    app.handle(mark(TICKET, "scratched"))
    app.handle(opening(OTHER_TICKET, "R-1002", "sn 001-a"))
    app.handle(mark(OTHER_TICKET, "stained"))
    app.handle(mark(OTHER_TICKET, "illegible"))
    app.handle(mark(OTHER_TICKET, "after it"))
    manager = {"actor": MANAGER, "reason": "misread"}
    app.handle(
        CorrectEvent.model_validate(
            {"ticket_id": OTHER_TICKET, "target_version": 1, "field": "number", "is": "R-1003", **manager}
        )
    )
    app.handle(opening(THIRD_TICKET, "R-1004", "another"))
    app.handle(mark(THIRD_TICKET, "illegible"))
    app.handle(mark(THIRD_TICKET, "cleaned"))
    app.handle(but(RECORD_NOTE, ticket_id=THIRD_TICKET))
    app.handle(RetractEvent.model_validate({"ticket_id": THIRD_TICKET, "target_version": 4, **manager}))
    app.projections.catch_up(projections)
    app.projections.drop(MARKS, THIRD_TICKET)
    app.erase(THIRD_TICKET)


def found(app: Ticketing, *, is_full: bool = True) -> list[Defect]:
    return list(app.check(is_full=is_full))


def found_of_ours(app: Ticketing, *, is_full: bool = True) -> list[Defect]:
    """The same where only `PROJECTIONS` have rows."""
    return list(check(app.store, PROJECTIONS, is_full=is_full))


def test_a_store_that_has_seen_much_is_found_clean(store_url: str) -> None:
    with opened(store_url) as app:
        live(app)
        assert [letter.dropped_at is not None for letter in app.projections.dead_letters(MARKS)] == [False, True]
        assert found(app, is_full=False) == []
        assert found(app) == []


def test_an_empty_store_is_found_clean(store_url: str) -> None:
    with opened(store_url) as app:
        assert found(app) == []


# damage


@dataclass(frozen=True)
class Damage:
    """What is done to a store behind its back, and what is said of it.

    Attributes:
        sql: Statements with `{ticket}`, `{other}`, `{third}` and `{nobody}` for ids, `{at}` for the
            columns of positions, `{text}` for a private text and `{'…'}` for what is written as one, and `{was=>is}`
            for the state with one text in the place of another.
        said: Parts of the defect's place and words.
        is_quiet: Whether that is all that is said.
    """

    sql: tuple[str, ...]
    rule: Rule
    said: tuple[str, ...]
    is_quiet: bool = False


_LAST = "(SELECT max({at}) FROM ticketing_events)"
_MARK = "originator_id = {other} AND originator_version"
_COPY_STAMP = "UPDATE ticketing_events SET recorded_at = (SELECT recorded_at FROM ticketing_events WHERE {at} ="
_INSERT_CLAIM = "INSERT INTO ticketing_claims (kind, key, stream_id)"
_SCRATCH = "WHERE {text} = 'a scratch'"
_ROW = "ticketing_view_marks_1"

DAMAGES = {
    "a fact is gone": Damage(
        (f"DELETE FROM ticketing_events WHERE {_MARK} = 2",),
        "position",
        ("position 44", "nothing is there up to position 45"),
    ),
    "a version is left out": Damage(
        (f"UPDATE ticketing_events SET originator_version = 7 WHERE {_MARK} = 5",),
        "version",
        ("{other} version 5", "nothing is there up to version 7"),
    ),
    "the last fact is gone": Damage(
        (f"DELETE FROM ticketing_events WHERE {{at}} = {_LAST}",),
        "view",
        ("view tally version 2", "stands at position 52, and the log ends at 51"),
    ),
    "the last fact is gone, and the views say that they never saw it": Damage(
        (
            f"DELETE FROM ticketing_events WHERE {{at}} = {_LAST}",
            "UPDATE ticketing_views SET folded_to = 51 WHERE folded_to = 52",
        ),
        "command",
        ("the log", "it has 51 facts, and the commands on record say that they caused 52"),
    ),
    "a fact has no position": Damage(
        ("UPDATE ticketing_events SET {at} = 0 WHERE {at} = 1",),
        "position",
        ("the log", "by position it has 51 facts up to 52, stream by stream 52"),
    ),
    "two facts of two tickets have changed places": Damage(
        (
            "UPDATE ticketing_events SET {at} = -1 WHERE {at} = 42",
            "UPDATE ticketing_events SET {at} = 42 WHERE {at} = 43",
            "UPDATE ticketing_events SET {at} = 43 WHERE {at} = -1",
        ),
        "stamp",
        ("position 43", "before position 42"),
    ),
    "two facts of one ticket have changed places": Damage(
        (
            f"UPDATE ticketing_events SET {{at}} = -1 WHERE {_MARK} = 3",
            f"UPDATE ticketing_events SET {{at}} = 45 WHERE {_MARK} = 4",
            f"UPDATE ticketing_events SET {{at}} = 46 WHERE {_MARK} = 3",
        ),
        "version",
        ("{other} version 4", "it is at position 45, and version 3 at 46"),
    ),
    "a fact has the stamp of another ticket's": Damage(
        (f"{_COPY_STAMP} 42) WHERE {{at}} = 43",),
        "stamp",
        ("position 43", "the stamp of position 42, which is of another stream"),
        is_quiet=True,
    ),
    "a fact has the stamp of its ticket's last command": Damage(
        (f"{_COPY_STAMP} 43) WHERE {{at}} = 44",),
        "stamp",
        ("position 44", "the stamp of version 1, which is of another command"),
        is_quiet=True,
    ),
    "a fact is filed under another kind": Damage(
        (f"UPDATE ticketing_events SET stream_kind = 'site' WHERE {_MARK} = 5",),
        "stream-kind",
        ("{other} version 5", "the log has it as of kind site, its stored form says ticket"),
    ),
    "a fact is filed under no kind": Damage(
        (f"UPDATE ticketing_events SET stream_kind = 'planet' WHERE {_MARK} = 5",),
        "stream-kind",
        ("position 47", "'planet' is none"),
    ),
    "a byte of a fact is changed": Damage(
        (f"UPDATE ticketing_events SET state = {{actor=>acter}} WHERE {_MARK} = 2",),
        "unreadable",
        ("{other} version 2",),
        is_quiet=True,
    ),
    "a byte of a fact is changed, and it can be read": Damage(
        (f"UPDATE ticketing_events SET state = {{stained=>staines}} WHERE {_MARK} = 2",),
        "row",
        ("view marks version 1, ticket {other}", "marks is ('stained',), by its facts ('staines',)"),
        is_quiet=True,
    ),
    "a fact has a name that nobody knows": Damage(
        (f"UPDATE ticketing_events SET topic = 'ticketing:Sneezed' WHERE {_MARK} = 2",),
        "unreadable",
        ("{other} version 2", "knows no such event"),
        is_quiet=True,
    ),
    "nothing is kept of a command": Damage(
        ("DELETE FROM ticketing_commands WHERE stream_id = {other} AND first_version = 2",),
        "command",
        ("nothing is kept of it, and version 2 of stream {other} names it",),
        is_quiet=True,
    ),
    "a command is kept as another ticket's": Damage(
        ("UPDATE ticketing_commands SET stream_id = {third} WHERE stream_id = {other} AND first_version = 2",),
        "command",
        ("version 2 to 2 of stream {third}, not version 2 of stream {other}",),
        is_quiet=True,
    ),
    "a command is kept with too many facts": Damage(
        ("UPDATE ticketing_commands SET last_version = 3 WHERE stream_id = {other} AND first_version = 2",),
        "command",
        ("version 2 to 3 of stream {other}, not version 2 of",),
        is_quiet=True,
    ),
    "a ticket has lost its number": Damage(
        ("DELETE FROM ticketing_claims WHERE key = 'R-1001'",),
        "claim",
        ("number R-1001", "{ticket} does not hold it, and by the log does"),
        is_quiet=True,
    ),
    "a ticket has lost the number that it had first": Damage(
        ("DELETE FROM ticketing_claims WHERE key = 'R-1002'",),
        "claim",
        ("number R-1002", "{other} does not hold it, and by the log does"),
        is_quiet=True,
    ),
    "a ticket's number has gone to another": Damage(
        ("UPDATE ticketing_claims SET stream_id = {third} WHERE key = 'R-1001'",),
        "claim",
        ("number R-1001", "{third} holds it, and by the log does not"),
    ),
    "a number has a second holder": Damage(
        (f"{_INSERT_CLAIM} VALUES ('number', 'R-1001', {{third}})",),
        "claim",
        ("number R-1001", "2 tickets hold it: {ticket}, {third}"),
    ),
    "an open ticket has lost its unit": Damage(
        ("DELETE FROM ticketing_claims WHERE kind = 'unit' AND stream_id = {other}",),
        "claim",
        ("unit ", "{other} does not hold it, and by the log does"),
        is_quiet=True,
    ),
    "a closed ticket holds its unit": Damage(
        (f"{_INSERT_CLAIM} SELECT kind, key, {{ticket}} FROM ticketing_claims WHERE kind = 'unit'",),
        "claim",
        ("unit ", "{ticket} holds it, and by the log does not"),
        is_quiet=True,
    ),
    "a private text is gone": Damage(
        (f"DELETE FROM ticketing_private_texts {_SCRATCH}",),
        "private-text",
        ("{ticket} version 2", "is missing: neither kept nor erased"),
        is_quiet=True,
    ),
    "a byte of a private text is changed": Damage(
        (f"UPDATE ticketing_private_texts SET text = {{'b scratch'}} {_SCRATCH}",),
        "private-text",
        ("its salt and text do not give its digest",),
        is_quiet=True,
    ),
    "a salt is gone": Damage(
        (f"UPDATE ticketing_private_texts SET salt = NULL {_SCRATCH}",),
        "private-text",
        ("its salt and text do not give its digest",),
        is_quiet=True,
    ),
    "a private text is taken out and not erased": Damage(
        (f"UPDATE ticketing_private_texts SET salt = NULL, text = NULL, erased_at = NULL {_SCRATCH}",),
        "private-text",
        ("its text is gone, and it was not erased",),
        is_quiet=True,
    ),
    "a private text is taken out and its salt stays": Damage(
        (f"UPDATE ticketing_private_texts SET text = NULL {_SCRATCH}",),
        "private-text",
        ("its text is gone, and it was not erased",),
        is_quiet=True,
    ),
    "a digest is changed": Damage(
        (f"UPDATE ticketing_private_texts SET digest = substr(digest, 2) || substr(digest, 1, 1) {_SCRATCH}",),
        "private-text",
        ("its salt and text do not give its digest",),
    ),
    "a column of a row is changed": Damage(
        (f"UPDATE {_ROW} SET weight = 2 WHERE ticket_id = {{ticket}}",),
        "row",
        ("view marks version 1, ticket {ticket}", "weight is 2, by its facts 1"),
        is_quiet=True,
    ),
    "a column of a row that waits is changed": Damage(
        (f"UPDATE {_ROW} SET weight = 2 WHERE ticket_id = {{other}}",),
        "row",
        ("view marks version 1, ticket {other}", "weight is 2, by its facts 1"),
        is_quiet=True,
    ),
    "a row is gone": Damage(
        (f"DELETE FROM {_ROW} WHERE ticket_id = {{ticket}}",),
        "row",
        ("view marks version 1, ticket {ticket}", "there is no row"),
        is_quiet=True,
    ),
    "a row is of no ticket": Damage(
        (f"UPDATE {_ROW} SET ticket_id = {{nobody}} WHERE ticket_id = {{ticket}}",),
        "row",
        ("view marks version 1, ticket {nobody}", "there is no such ticket"),
    ),
    "a ticket waits for nothing": Damage(
        ("UPDATE ticketing_dead_letters SET position = 44, event_version = 2 WHERE ticket_id = {other}",),
        "dead-letter",
        ("ticket {other}", "the event at position 44 can be folded now"),
    ),
    "a ticket waits for the wrong event": Damage(
        ("UPDATE ticketing_dead_letters SET position = 46, event_version = 4 WHERE ticket_id = {other}",),
        "dead-letter",
        ("ticket {other}", "the fold stops at position 45 and not at the letter's, 46"),
    ),
    "a letter names no event": Damage(
        ("UPDATE ticketing_dead_letters SET event_version = 4 WHERE ticket_id = {other}",),
        "dead-letter",
        ("ticket {other}", "the letter of position 45, version 4, names no event"),
        is_quiet=True,
    ),
    "a letter is of no ticket": Damage(
        ("UPDATE ticketing_dead_letters SET ticket_id = {nobody} WHERE ticket_id = {other}",),
        "dead-letter",
        ("ticket {nobody}", "there is no such ticket"),
    ),
    "a letter of a ticket that waits is gone": Damage(
        ("DELETE FROM ticketing_dead_letters WHERE ticket_id = {other}",),
        "row",
        ("ticket {other}", "cannot be folded, and no dead letter says so: ValueError"),
        is_quiet=True,
    ),
    "a letter that was dropped is gone": Damage(
        ("DELETE FROM ticketing_dead_letters WHERE ticket_id = {third}",),
        "row",
        ("ticket {third}", "cannot be folded, and no dead letter says so: ValueError"),
        is_quiet=True,
    ),
    "an inline view has stayed behind": Damage(
        ("UPDATE ticketing_views SET folded_to = 51 WHERE name = 'tally'",),
        "view",
        ("view tally version 2", "stands at position 51, the log at 52"),
    ),
    "a view is further than its rows": Damage(
        (
            "UPDATE ticketing_views SET folded_to = 47 WHERE name = 'marks'",
            f"UPDATE {_ROW} SET version = 1 WHERE ticket_id = {{third}}",
        ),
        "row",
        ("ticket {third}", "there is a row, and no fact to make it of"),
    ),
}

IDS = {"ticket": TICKET, "other": OTHER_TICKET, "third": THIRD_TICKET, "nobody": number(99)}


def in_sqlite(statement: str) -> str:
    """The statement as SQLite has it."""
    for name, stream_id in IDS.items():
        statement = statement.replace(f"{{{name}}}", f"'{stream_id.hex}'")
    return _filled(
        statement,
        at="rowid",
        text="text",
        state="CAST(replace(CAST(state AS TEXT), '{}', '{}') AS BLOB)",
        literal="{}",
    )


def in_postgresql(statement: str) -> str:
    """The statement as PostgreSQL has it."""
    for name, stream_id in IDS.items():
        statement = statement.replace(f"{{{name}}}", f"'{stream_id}'::uuid")
    return _filled(
        statement,
        at="notification_id",
        text="convert_from(text, 'UTF8')",
        state="convert_to(replace(convert_from(state, 'UTF8'), '{}', '{}'), 'UTF8')",
        literal="convert_to({}, 'UTF8')",
    )


def _filled(statement: str, *, at: str, text: str, state: str, literal: str) -> str:
    statement = statement.replace("{at}", at).replace("{text}", text)
    statement = re.sub(r"\{([^{}]*)=>([^{}]*)\}", lambda match: state.format(*match.groups()), statement)
    return re.sub(r"\{('[^{}]*')\}", lambda match: literal.format(match[1]), statement)


def require_said(app: Ticketing, damage: Damage) -> None:
    """Requires that the damage is found, without a look at rows if it is not in these, and no other if it is quiet."""
    defects = found_of_ours(app)
    said = [part.format(**IDS) for part in damage.said]
    told = [defect for defect in defects if defect.rule == damage.rule and all(part in str(defect) for part in said)]
    assert told, "\n".join(map(str, defects)) or "nothing was found"
    assert all(defect.is_damage for defect in told)
    if damage.is_quiet:
        assert defects == told
    if damage.rule not in {"row", "dead-letter"}:
        assert set(told) <= set(found_of_ours(app, is_full=False))


def test_there_is_damage_against_every_rule() -> None:
    of_the_tree = {"tree", "checkpoint"}  # in a file of their own
    assert {damage.rule for damage in DAMAGES.values()} == set(get_args(Rule)) - {"not-checked"} - of_the_tree


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite store that has seen much."""
    path = tmp_path_factory.mktemp("lived") / "store.sqlite"
    with opened(f"sqlite:///{path}?synchronous=normal") as app:
        live(app, PROJECTIONS)
    return path


@pytest.fixture
def damaged(lived: Path, tmp_path: Path) -> Callable[..., Ticketing]:
    """Opens a copy of it after statements were carried out on it."""

    def open_damaged(*statements: str) -> Ticketing:
        path = tmp_path / "store.sqlite"
        shutil.copy(lived, path)
        with closing(sqlite3.connect(path)) as database:
            for statement in statements:
                assert database.execute(in_sqlite(statement)).rowcount, statement
            database.commit()
        return opened(f"sqlite:///{path}?synchronous=normal")

    return open_damaged


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found_in_sqlite(damaged: Callable[..., Ticketing], name: str) -> None:
    with damaged(*DAMAGES[name].sql) as app:
        require_said(app, DAMAGES[name])


@pytest.fixture(scope="module")
def lived_in_postgresql(postgres_server: str) -> Iterator[tuple[Ticketing, str, str]]:
    """A PostgreSQL store that has seen much, its URL for the driver, and its schema."""
    with fresh_schema(postgres_server) as url, opened(url) as app:
        live(app, PROJECTIONS)
        yield app, *split_schema(url)


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found_in_postgresql(lived_in_postgresql: tuple[Ticketing, str, str], name: str) -> None:
    app, conninfo, schema = lived_in_postgresql
    with psycopg.connect(conninfo, options=f"-c search_path={schema}") as connection:
        kept = {table: f"kept_{table}" for table in TABLES}
        for table, copy in kept.items():
            connection.execute(f"CREATE TABLE {copy} AS TABLE {table}")
        connection.commit()
        try:
            for statement in DAMAGES[name].sql:
                assert connection.execute(in_postgresql(statement)).rowcount, statement
            connection.commit()
            require_said(app, DAMAGES[name])
        finally:
            connection.rollback()
            for table, copy in kept.items():
                connection.execute(f"DELETE FROM {table}")
                connection.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE {copy}")
                connection.execute(f"DROP TABLE {copy}")
            connection.commit()


# what the stores themselves cannot read


def test_a_private_text_that_is_no_text_is_a_defect_and_is_not_shown(damaged: Callable[..., Ticketing]) -> None:
    sql = "UPDATE ticketing_private_texts SET text = CAST(x'6120ff72617463' AS TEXT) WHERE text = 'a scratch'"
    with damaged(sql) as app:
        (defect,) = found_of_ours(app)
        assert defect.rule == "private-text"
        assert "cannot be read further" in defect.what
        assert "ratc" not in str(defect)


@pytest.mark.parametrize(
    ("column", "value", "places"),
    [
        ("recorded_at", "'yesterday'", {"position 43", "the streams of kind ticket"}),
        ("originator_id", "'somebody'", {"position 43", "the streams of kind ticket"}),
    ],
)
def test_a_row_of_the_log_that_cannot_be_read_is_a_defect_and_the_check_goes_on_behind_it(
    damaged: Callable[..., Ticketing], column: str, value: str, places: set[str]
) -> None:
    scratch = "UPDATE ticketing_private_texts SET salt = NULL WHERE text = 'a scratch'"
    with damaged(f"UPDATE ticketing_events SET {column} = {value} WHERE rowid = 43", scratch) as app:
        defects = found_of_ours(app, is_full=False)
        assert {defect.place for defect in defects if defect.rule != "private-text"} == places
        assert [defect.what for defect in defects if defect.rule == "private-text"] == [
            "its salt and text do not give its digest"
        ]


def test_a_row_of_a_view_that_cannot_be_read_is_a_defect_and_the_others_are_looked_at(
    damaged: Callable[..., Ticketing],
) -> None:
    unreadable = "UPDATE ticketing_view_marks_1 SET latest_at = 'yesterday' WHERE ticket_id = {other}"
    wrong = "UPDATE ticketing_view_marks_1 SET weight = 7 WHERE ticket_id = {third}"
    with damaged(unreadable, wrong) as app:
        defects = [(defect.place.partition(", ticket ")[2], defect.rule, defect.what) for defect in found_of_ours(app)]
    assert (str(OTHER_TICKET), "row", "cannot be read: StoreError") in defects
    assert (str(THIRD_TICKET), "row", "weight is 7, by its facts 1") in defects


def test_a_store_that_is_gone_is_no_defect(damaged: Callable[..., Ticketing]) -> None:
    with damaged() as app:
        defects = app.check(is_full=True)
    with pytest.raises(StoreError, match="closed"):
        list(defects)


# what is left out


class TallyOfOld(Tally):
    version = 1


def test_a_view_of_another_process_and_one_that_is_not_ready_are_named_and_no_damage(store_url: str) -> None:
    with opened(store_url) as app:
        live(app)
        for projection, is_next in ((TallyOfOld(), False), (MARKS, True)):
            app.store.view(projection.name, projection.version, projection.row, is_next=is_next)
        backlog = app.projections.named("backlog")
        app.store.remove_view(ViewId(backlog.name, backlog.version))
        app.store.view(backlog.name, backlog.version, backlog.row)
        assert found(app, is_full=False) == []
        defects = found(app)
        assert not any(defect.is_damage for defect in defects)
        assert {(defect.place, defect.what) for defect in defects} == {
            (f"view backlog version {backlog.version}", "its rows are being folded for the first time"),
            ("view marks version 1, being rebuilt", "its rows are not served yet"),
            ("view tally version 1", "this process lacks the projection"),
        }


def test_rows_of_an_earlier_release_are_named_and_no_damage_though_appends_wrote_them(store_url: str) -> None:
    with opened(store_url) as app:
        live(app)
        app.store.view("backlog", 1, app.projections.named("backlog").row).set_inline(True)
        app.handle(but(RECORD_NOTE, ticket_id=OTHER_TICKET))
        assert found(app, is_full=False) == []
        (defect,) = (one for one in found(app) if one.place == "view backlog version 1")
    assert (defect.is_damage, defect.projection) == (False, None)
    assert "of an earlier release" in defect.what
    assert "ticketing projections remove backlog 1 takes them away" in defect.what


def test_rows_that_were_never_begun_are_named_and_no_damage(store_url: str) -> None:
    with opened(store_url) as app:
        app.store.view(MARKS.name, MARKS.version, MARKS.row)
        app.handle(opening(OTHER_TICKET, "R-1002", "sn 001-a"))
        defects = found(app)
    assert {defect.what for defect in defects} == {"its rows were never begun"}
    assert {defect.rule for defect in defects} == {"not-checked"}
    assert len(defects) == len(app.projections.known)


def test_what_a_projection_said_when_it_failed_is_told(damaged: Callable[..., Ticketing]) -> None:
    with damaged("DELETE FROM ticketing_dead_letters WHERE ticket_id = {other}") as app:
        (defect,) = found_of_ours(app)
    assert defect.what.endswith("no dead letter says so: ValueError: a mark that is illegible")
    assert defect.projection == "marks"


def test_a_table_of_rows_that_is_gone_is_one_defect(damaged: Callable[..., Ticketing]) -> None:
    with damaged("DROP TABLE ticketing_view_marks_1") as app:
        assert found_of_ours(app) == [Defect("view marks version 1", "view", "its rows are gone", "marks")]


def test_a_table_of_rows_that_is_gone_in_postgresql_is_one_defect(postgres_server: str) -> None:
    with fresh_schema(postgres_server) as url, opened(url) as app:
        live(app, PROJECTIONS)
        conninfo, schema = split_schema(url)
        with psycopg.connect(conninfo, options=f"-c search_path={schema}") as connection:
            connection.execute("DROP TABLE ticketing_view_marks_1")
        assert found_of_ours(app) == [Defect("view marks version 1", "view", "its rows are gone", "marks")]


def test_rows_that_are_removed_meanwhile_are_no_damage(store_url: str) -> None:
    with opened(store_url) as app:
        live(app)

        def remove(what: str, _done: int, _total: int | None) -> None:
            if what == "Checking streams":
                app.store.remove_view(ViewId("marks", 1))

        own = tuple(app.projections.known.values())
        told = list(check(app.store, own, is_full=True, page_size=1, on_progress=remove))
    assert told == [Defect("view marks version 1", "not-checked", "it was removed meanwhile")]


def test_a_dead_letter_that_cannot_be_read_is_a_defect(damaged: Callable[..., Ticketing]) -> None:
    with damaged("UPDATE ticketing_dead_letters SET recorded_at = 'garbage' WHERE ticket_id = {other}") as app:
        defects = found_of_ours(app)
    assert ("view marks version 1, dead letters", "dead-letter") in {(one.place, one.rule) for one in defects}


def test_a_last_row_of_the_log_that_cannot_be_read_is_a_defect(damaged: Callable[..., Ticketing]) -> None:
    with damaged("UPDATE ticketing_events SET recorded_at = 'garbage' WHERE rowid = 52") as app:
        row, streams = found_of_ours(app)
    assert (row.place, row.rule) == ("position 52", "unreadable")
    assert (streams.place, streams.rule) == ("the streams of kind ticket", "unreadable")


def test_a_view_of_other_columns_is_a_defect(damaged: Callable[..., Ticketing]) -> None:
    with damaged("UPDATE ticketing_views SET columns = 'ticket_id id' WHERE name = 'marks'") as app:
        (defect,) = found_of_ours(app)
        assert (defect.place, defect.rule) == ("view marks version 1", "view")
        assert "other columns" in defect.what


def test_a_view_that_was_not_folded_for_long_is_compared_as_of_its_own_position(store_url: str) -> None:
    with opened(store_url) as app:
        live(app)
        app.handle(mark(TICKET, "polished"))
        assert found(app) == []


# a busy store


def test_a_store_that_many_write_to_meanwhile_is_found_clean(store_url: str) -> None:
    with opened(store_url) as app:
        live(app)
        stop = threading.Event()
        failed: list[Exception] = []

        def write(writer: int) -> None:
            dice = Random(writer)
            for count in itertools.count():
                ticket_id = UUID(int=(writer + 1) << 32 | count)
                serial = f"unit {dice.randrange(4)} of {writer}"
                commands = [
                    opening(ticket_id, f"W-{writer}-{count}", serial),
                    mark(ticket_id, "scratched"),
                    mark(ticket_id, dice.choice(("stained", "illegible"))),
                    but(RECORD_NOTE, ticket_id=dice.choice((ticket_id, TICKET))),
                    but(CLOSE_TICKET, ticket_id=ticket_id, outcome="cancelled"),
                ]
                for command in commands:
                    if stop.is_set():
                        return
                    try:
                        app.handle(command)
                    except CommandRejected as error:
                        failed.append(error)

        def fold() -> None:
            app.projections.run(stop)

        threads = [threading.Thread(target=write, args=(writer,)) for writer in range(3)]
        threads.append(threading.Thread(target=fold))
        for thread in threads:
            thread.start()
        try:
            before = app.store.head()
            for _ in range(3):
                defects = found(app)
                assert defects == []
            assert app.store.head() > before
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        app.projections.catch_up()
        assert failed == []
        assert found(app) == []


# memory and progress


def facts_in_memory() -> int:
    return sum(type(one) is Recorded for one in gc.get_objects())


def test_it_holds_a_page_and_not_the_log(store_url: str) -> None:
    with opened(store_url) as app:
        app.store.append([append(ticket, 0, RepairStarted(), RepairStarted()) for ticket in range(150)])
        app.projections.catch_up([TALLY])
        gc.collect()  # what earlier tests have left would make room meanwhile
        before = facts_in_memory()
        held: list[int] = []
        told = check(
            app.store, [TALLY], is_full=True, page_size=50, on_progress=lambda *_: held.append(facts_in_memory())
        )
        assert list(told) == []
        assert 50 <= max(held) - before < 100


def test_it_tells_how_far_it_has_come(store_url: str) -> None:
    with opened(store_url) as app:
        live(app)
        told: list[tuple[str, int, int | None]] = []
        assert list(app.check(is_full=True, on_progress=lambda *progress: told.append(progress))) == []
        assert told[0] == ("Reading the log", 0, 52)
        assert ("Checking streams", 52, 52) in told
