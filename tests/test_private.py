"""Private texts and serials: in one table and nowhere else, gone for good when erased, the same unit found anyway.

Every text entered contains a mark of its own that nothing else contains; what a store keeps is searched for the marks.
"""

import hashlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar, cast, get_args
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg import sql

from tests import postgres
from tests.examples import (
    CLOSE_TICKET,
    DISPUTED_LIFE,
    EXAMPLES,
    MANAGER,
    OPEN_TICKET,
    OTHER_TICKET,
    RECEIVE_COMPLAINT,
    RECORD_NOTE,
    SITES,
    STANDARD,
    START,
    TICKET,
    but,
)
from ticketing.adapters.memory import MemoryStore
from ticketing.adapters.private import Private, private_parts
from ticketing.adapters.urls import split_schema
from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.command import Command, TicketCommand
from ticketing.domain.dispute import RequestPosition, StatePosition
from ticketing.domain.errors import CommandRejected
from ticketing.domain.publishing import Publish
from ticketing.domain.record import CorrectEvent, RecordFinding, RecordHostFact, RetractEvent
from ticketing.domain.values import Event, PrivateText, Recorded, SerialNumber, Value, normalised_serial
from ticketing.projections.row import Row

KINDS = ("memory", "sqlite", "postgresql")
TEXTS = "ticketing_private_texts"
V = TypeVar("V", bound=Value)
SEEDS = st.integers(min_value=0, max_value=2**20)
few = settings(
    max_examples=4,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # one life is long, and shrinking would live it a thousand times
    suppress_health_check=[HealthCheck.too_slow],
)


class Marks:
    """Gives texts with a mark in each, and knows all that it gave."""

    def __init__(self, before: str = "", after: str = "") -> None:
        self.given: list[str] = []
        self._around = before, after

    def __call__(self) -> str:
        mark = f"qxmark{len(self.given):05d}zz"
        self.given.append(mark)
        return mark.join(self._around)

    def found_in(self, kept: Iterable[bytes]) -> set[str]:
        """The marks that some kept value contains, upper case or lower."""
        everything = b"\n".join(kept).lower()
        return {mark for mark in self.given if mark.encode() in everything}


# every text and serial that can be entered


def admits(annotation: object, kind: type[Private]) -> bool:
    return annotation is kind or any(admits(part, kind) for part in get_args(annotation))


def marked(value: V, marks: Marks) -> V:
    """The value with a marked text in every place that may hold one, those that were empty too."""
    told = {
        name: filled(getattr(value, name), field.annotation, marks) for name, field in type(value).model_fields.items()
    }
    return value.model_copy(update=told)


def filled(value: Any, annotation: object, marks: Marks) -> Any:  # noqa: ANN401  # a field of any kind
    if isinstance(value, dict):
        return {**value, "told": PrivateText(text=marks())}
    if isinstance(value, tuple):
        return tuple(marked(part, marks) if isinstance(part, Value) else part for part in value)
    if admits(annotation, PrivateText):
        return PrivateText(text=marks())
    if admits(annotation, SerialNumber):
        return SerialNumber(text=marks())
    return marked(value, marks) if isinstance(value, Value) and not isinstance(value, SerialNumber) else value


def to(ticket_id: UUID, command: TicketCommand) -> TicketCommand:
    return command.model_copy(update={"ticket_id": ticket_id})


def found(event: Event) -> RecordFinding:
    return RecordFinding(ticket_id=OTHER_TICKET, actor=MANAGER, found_by=MANAGER, event=event)


def corrections(marks: Marks) -> Iterator[Command]:
    """Texts and serials set right: as plain text and marked private, at any depth; and a retraction."""
    reason = {"ticket_id": TICKET, "actor": MANAGER, "reason": "as told", "approved_by": "r-1"}
    host_fact = {"namespace": "shop", "name": "Told", "data": {"shelf": "A", "told": {"text": marks()}}}
    yield RecordHostFact.model_validate({"ticket_id": TICKET, "actor": MANAGER, **host_fact})
    host, diagnosis = len(DISPUTED_LIFE) + 1, 8
    for version, field, kinds in (
        (1, "symptom", (str, private_text)),
        (1, "serial", (str, serial_number, private_text)),
        (diagnosis, "findings.0.text", (str, private_text)),
        (host, "data.told", (str, private_text)),
        (host, "data.shelf", (private_text,)),
        (len(DISPUTED_LIFE), "reason", (str, private_text)),
        (host + 1, "reason", (str, private_text)),
    ):
        for kind in kinds:
            told = {"target_version": version, "field": field, "is": kind(marks())}
            yield CorrectEvent.model_validate({**reason, **told})
    taken_back = {"target_version": host, "reason": marks(), "approved_by": "r-1"}
    yield RetractEvent.model_validate({"ticket_id": TICKET, "actor": MANAGER, **taken_back})


def private_text(text: str) -> PrivateText:
    return PrivateText(text=text)


def serial_number(text: str) -> SerialNumber:
    return SerialNumber(text=text)


def refused(marks: Marks) -> Iterator[Command]:
    yield marked(OPEN_TICKET, marks)
    yield marked(to(UUID(int=99), RECORD_NOTE), marks)
    private_site = {"target_version": 2, "field": "site", "is": PrivateText(text=marks()), "reason": marks()}
    yield CorrectEvent.model_validate({"ticket_id": TICKET, "actor": MANAGER, **private_site})


class LifeClock:
    """Stands in the first afternoon until a party is asked where it stands, then on the next day."""

    now = START + timedelta(hours=14)

    def __call__(self) -> datetime:
        return self.now


def live(app: Ticketing, clock: LifeClock, marks: Marks, seed: int) -> None:
    """One whole life by commands, and on a second ticket every event there is by findings, in any order."""
    for thing in (STANDARD, *SITES.values()):
        app.handle(Publish(actor=MANAGER, thing=thing))
    for command in DISPUTED_LIFE:
        is_silence = isinstance(command, StatePosition) and command.is_silence  # which has no words
        is_plain = isinstance(command, CorrectEvent)  # of a list of codes
        app.handle(command if is_silence else but(command, reason=marks()) if is_plain else marked(command, marks))
        if isinstance(command, RequestPosition):
            clock.now = START + timedelta(days=1)
    app.handle(marked(but(OPEN_TICKET, ticket_id=OTHER_TICKET, number="R-2"), marks))
    for command, event in Random(seed).sample(EXAMPLES, len(EXAMPLES)):
        if not isinstance(command, CorrectEvent | RetractEvent):
            named = event.model_copy(update={"number": "R-2"}) if isinstance(event, e.TicketOpened) else event
            app.handle(found(marked(named, marks)))
    for command in corrections(marks):
        app.handle(command)


def refuse(app: Ticketing, marks: Marks) -> None:
    for command in refused(marks):
        with pytest.raises(CommandRejected) as refusal:
            app.handle(command)
        assert "qxmark" not in str(refusal.value)


# what the stores keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Gossip(Row):
    """Everything that a curious projection can learn."""

    told: str = ""


class Gossips:
    name = "gossips"
    version = 1
    row = Gossip

    def apply(self, row: Gossip, fact: Recorded[Event]) -> Gossip:
        return replace(row, told=f"{row.told} {fact!r} {fact.event!r} {fact.event.model_dump_json()}")


@dataclass(frozen=True)
class Kept:
    """A store of one kind, and how to look at what it keeps behind its back.

    Attributes:
        beside: Every value in every table but that of the texts.
        texts: Digest, salt and text of each row in that table; None where erased.
        bytes: Every file of the store; none where it has none to look at.
    """

    url: str
    beside: Callable[[Ticketing], Iterable[bytes]]
    texts: Callable[[Ticketing], Iterable[tuple[str, bytes | None, str | None]]]
    bytes: Callable[[], Iterable[bytes]]


@contextmanager
def a_store(kind: str, server_url: str) -> Iterator[Kept]:
    if kind == "memory":
        yield Kept("memory:", kept_in_memory, texts_in_memory, tuple)
    elif kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "store.sqlite"
            yield Kept(
                f"sqlite:///{path}",
                lambda _: kept_in_sqlite(path),
                lambda _: texts_in_sqlite(path),
                lambda: [file.read_bytes() for file in Path(folder).iterdir()],
            )
    else:
        with postgres.fresh_schema(server_url) as url:
            yield Kept(url, lambda _: kept_in_postgres(url), lambda _: texts_in_postgres(url), tuple)


def as_bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def kept_in_memory(app: Ticketing) -> Iterator[bytes]:
    store = cast(MemoryStore, app.store)
    for stored in store.recorder.select_notifications(start=1, limit=10_000):
        yield stored.state
    for rest in (store._commands, store._holders, store.kept_views):
        yield repr(rest).encode()


def texts_in_memory(app: Ticketing) -> list[tuple[str, bytes | None, str | None]]:
    texts = cast(MemoryStore, app.store)._texts
    rows = [(digest, (text.salt, text.text) if text is not None else (None, None)) for digest, text in texts.items()]
    return [(digest, salt, text) for digest, (salt, text) in rows]


def kept_in_sqlite(path: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert TEXTS in tables
        for table in set(tables) - {TEXTS}:
            for row in database.execute(f"SELECT * FROM {table}"):
                yield from map(as_bytes, row)


def texts_in_sqlite(path: Path) -> list[tuple[str, bytes | None, str | None]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(f"SELECT digest, salt, text FROM {TEXTS}").fetchall()


def kept_in_postgres(url: str) -> Iterator[bytes]:
    conninfo, schema = split_schema(url)
    with psycopg.connect(conninfo) as connection:
        found_tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        tables = {name for (name,) in found_tables}
        assert TEXTS in tables
        for table in tables - {TEXTS}:
            for row in connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table))):
                yield from map(as_bytes, row)


def texts_in_postgres(url: str) -> list[tuple[str, bytes | None, str | None]]:
    conninfo, schema = split_schema(url)
    with psycopg.connect(conninfo) as connection:
        query = sql.SQL("SELECT digest, salt, text FROM {}").format(sql.Identifier(schema, TEXTS))
        rows = connection.execute(query).fetchall()
    return [(digest, salt, None if text is None else text.decode()) for digest, salt, text in rows]


def parts_of(app: Ticketing, ticket_id: UUID) -> list[Private]:
    return [part for fact in app.history(ticket_id, as_recorded=True) for part in private_parts(fact.event)]


def proven(app: Ticketing, kept: Kept) -> dict[str, str]:
    """The texts that are there by their digests, each of which proves its text."""
    texts = {digest: (salt, text) for digest, salt, text in kept.texts(app) if salt is not None and text is not None}
    for digest, (salt, text) in texts.items():
        assert hashlib.sha256(salt + text.encode()).hexdigest() == digest
    return {digest: text for digest, (_, text) in texts.items()}


# the properties


def test_every_event_that_may_hold_a_text_is_marked_in_every_such_place() -> None:
    marks = Marks()
    for _, event in EXAMPLES:
        parts = list(private_parts(marked(event, marks)))
        assert all(part.text is not None and "qxmark" in part.text for part in parts)
        assert bool(parts) == (
            "PrivateText" in repr(event.model_json_schema()) or "SerialNumber" in repr(event.model_json_schema())
        )


@pytest.mark.parametrize("kind", KINDS)
@few
@given(seed=SEEDS, before=st.text(max_size=9), after=st.text(max_size=9))
def test_no_text_or_serial_that_was_entered_is_in_any_table_but_the_private_one(
    kind: str, postgres_server: str, seed: int, before: str, after: str
) -> None:
    marks = Marks(before, after)
    with (
        a_store(kind, postgres_server) as kept,
        Ticketing(kept.url, clock=(clock := LifeClock()), random_bytes=Random(3).randbytes) as app,
    ):
        live(app, clock, marks, seed)
        app.projections.catch_up([Gossips()])
        assert marks.found_in(kept.beside(app)) == set()
        texts = proven(app, kept)
        assert marks.found_in(text.encode() for text in texts.values()) == set(marks.given)
        for ticket_id in (TICKET, OTHER_TICKET):
            assert all(app.text(part) == texts[str(part.digest)] for part in parts_of(app, ticket_id))
        refuse(app, marks)
        assert proven(app, kept) == texts


@pytest.mark.parametrize("kind", KINDS)
@few
@given(seed=SEEDS, before=st.text(max_size=9))
def test_an_erased_text_is_nowhere_and_everything_else_goes_on(
    kind: str, postgres_server: str, seed: int, before: str
) -> None:
    marks = Marks(before)
    with (
        a_store(kind, postgres_server) as kept,
        Ticketing(kept.url, clock=(clock := LifeClock()), random_bytes=Random(3).randbytes) as app,
    ):
        live(app, clock, marks, seed)
        app.projections.catch_up([Gossips()])
        shown = app.ticket(TICKET), app.history(TICKET), list(app.projections.rows(Gossips()))
        others = parts_of(app, OTHER_TICKET)
        texts = proven(app, kept)
        assert app.erase(TICKET) == len({part.digest for part in parts_of(app, TICKET)})
        assert app.erase(TICKET) == 0
        assert {app.text(part) for part in parts_of(app, TICKET)} == {"[erased]"}
        assert proven(app, kept) == {str(part.digest): texts[str(part.digest)] for part in others}
        assert (app.ticket(TICKET), app.history(TICKET), list(app.projections.rows(Gossips()))) == shown
        of_others = {mark for part in others for mark in marks.given if mark in texts[str(part.digest)]}
        assert marks.found_in(kept.bytes()) <= of_others
        app.erase(OTHER_TICKET)
        assert proven(app, kept) == {}
        assert marks.found_in([*kept.beside(app), *kept.bytes()]) == set()
        complained = app.handle(but(RECEIVE_COMPLAINT, complaint_id="K-9", text="told later"))
        (text,) = private_parts(complained.events[0].event)
        assert app.text(text) == "told later"
        assert app.projections.catch_up([Gossips()]) == app.store.head()
        assert app.erase(TICKET) == 1


def test_a_file_is_clean_of_erased_texts_while_others_read_it_and_after_it_is_closed(tmp_path: Path) -> None:
    marks = Marks()
    path = tmp_path / "store.sqlite"
    with Ticketing(f"sqlite:///{path}") as reader, Ticketing(f"sqlite:///{path}") as app:
        app.handle(marked(OPEN_TICKET, marks))
        for _ in range(200):
            app.handle(marked(RECORD_NOTE, marks))
        next(reader.follow())
        assert marks.found_in([path.read_bytes(), path.with_name("store.sqlite-wal").read_bytes()]) == set(marks.given)
        app.erase(TICKET)
        assert marks.found_in(file.read_bytes() for file in tmp_path.iterdir()) == set()
        assert reader.ticket(TICKET).version == 201
    assert marks.found_in(file.read_bytes() for file in tmp_path.iterdir()) == set()


# serials


@pytest.mark.parametrize(
    "written", ["SN001A", "sn 001 a", "S-N-0-0-1-A", "ＳＮ００１ａ", " sn\t001\u00a0a ", "sn–001—a", "sn\u2011001a"]
)
def test_the_same_serial_written_differently_is_the_same_unit(store_url: str, written: str) -> None:
    with Ticketing(store_url, clock=lambda: START) as app:
        app.handle(OPEN_TICKET)
        second = but(OPEN_TICKET, ticket_id=OTHER_TICKET, number="R-2", serial=SerialNumber(text=written))
        with pytest.raises(CommandRejected, match="unit-already-open"):
            app.handle(second)
        app.handle(but(second, manufacturer="Bolt"))


def test_an_erased_serial_still_finds_the_same_unit(store_url: str) -> None:
    with Ticketing(store_url, clock=lambda: START) as app:
        app.handle(OPEN_TICKET)
        app.erase(TICKET)
        second = but(OPEN_TICKET, ticket_id=OTHER_TICKET, number="R-2")
        with pytest.raises(CommandRejected, match="unit-already-open"):
            app.handle(second)
        app.handle(CLOSE_TICKET)
        app.handle(second)


def serial_of(app: Ticketing) -> SerialNumber:
    serial = app.ticket(TICKET).serial
    assert serial is not None
    return serial


def test_the_same_serial_looks_different_in_another_store_and_the_same_in_one(
    sqlite_url: str, postgres_url: str
) -> None:
    matches, digests = [], []
    for url in (sqlite_url, postgres_url):
        with Ticketing(url) as app:
            app.handle(OPEN_TICKET)
            matches.append(serial_of(app).match)
            digests.append(serial_of(app).digest)
        with Ticketing(url) as again:
            assert again.sealer.match("ACME", "SN-001a") == matches[-1]
    assert len(set(matches)) == len(set(digests)) == 2


@given(serial=st.text(max_size=12), blanks=st.lists(st.sampled_from(" -\t\u00a0\u2010\u2013\u3000"), max_size=4))
def test_blanks_hyphens_and_case_make_no_other_serial(serial: str, blanks: list[str]) -> None:
    normal = normalised_serial(serial)
    assert normalised_serial(normal) == normal
    spread = "".join(blanks) + serial + "".join(blanks)
    assert normalised_serial(spread) == normal
