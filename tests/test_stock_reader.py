"""The library as it comes reads our log: its recorders, its datastores, its event store."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import ApplicationRecorder, EventStore, Notification, NotSupportedError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore
from psycopg.conninfo import conninfo_to_dict

from tests.store_examples import FakeClock, append, fake_random_bytes, note, number, published, salted
from ticketing.adapters.codec import Codec
from ticketing.adapters.memory import MemoryStore
from ticketing.adapters.postgres import PostgresStore
from ticketing.adapters.sqlite import SqliteStore
from ticketing.adapters.store import Store
from ticketing.adapters.urls import open_store, split_schema
from ticketing.domain.events import RepairStarted, UnitReceived
from ticketing.domain.values import Envelope, Event, Recorded


@contextmanager
def stock_recorder(url: str) -> Iterator[ApplicationRecorder]:
    """A recorder of the library, told the name of our table and nothing else."""
    if url.startswith("sqlite:"):
        with closing(SQLiteDatastore(str(Path(url.removeprefix("sqlite:///"))))) as sqlite:
            yield SQLiteApplicationRecorder(sqlite, events_table_name="ticketing_events")
        return
    libpq_url, schema = split_schema(url)
    said: dict[str, Any] = dict(conninfo_to_dict(libpq_url))
    place: dict[str, Any] = {key: str(said.get(key) or "") for key in ("dbname", "host", "port", "user", "password")}
    with closing(PostgresDatastore(**place, schema=schema)) as postgres:
        yield PostgresApplicationRecorder(postgres, events_table_name="ticketing_events")


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    value: str = request.getfixturevalue(request.param)
    return value


def write_a_log(store: Store) -> list[Recorded[Event]]:
    text = salted("one corner is dented")
    store.append(
        [
            append(1, 0, UnitReceived(site="Köln"), note(text), texts=[text]),
            append(2, 0),
            published("berlin"),
            append(1, 2, RepairStarted()),
        ]
    )
    return store.log(0, 10)


def notification(fact: Recorded[Event]) -> Notification:
    form = Codec().to_stored_event(fact)
    return Notification(form.originator_id, form.originator_version, form.topic, form.state, fact.position)


def test_the_stock_recorder_reads_our_streams_and_our_log(url: str) -> None:
    with closing(open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes)) as store:
        log = write_a_log(store)
    with stock_recorder(url) as recorder:
        of_one: Sequence[StoredEvent] = recorder.select_events(number(1))
        assert list(of_one) == [Codec().to_stored_event(fact) for fact in log if fact.stream_id == number(1)]
        assert [form.originator_version for form in recorder.select_events(number(1), gt=1, desc=True)] == [3, 2]
        assert recorder.select_notifications(1, 10) == [notification(fact) for fact in log]
        assert [one.id for one in recorder.select_notifications(3, 1, inclusive_of_start=False)] == [4]
        notes = recorder.select_notifications(1, 10, topics=["ticketing:NoteRecorded"])
        assert [one.id for one in notes] == [2]
        assert recorder.max_notification_id() == len(log) == 5


def test_the_stock_event_store_reads_our_facts_through_our_codec(url: str) -> None:
    with closing(open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes)) as store:
        log = write_a_log(store)
    with stock_recorder(url) as recorder:
        facts = list(EventStore[UUID](mapper=Codec(), recorder=recorder).get(number(1)))
    assert [type(fact) for fact in facts] == [Envelope] * 3
    assert [fact.event for fact in facts if isinstance(fact, Envelope)] == [
        fact.event for fact in log if fact.stream_id == number(1)
    ]


def test_each_stores_own_recorder_reads_and_refuses_to_write(store_url: str) -> None:
    with closing(open_store(store_url, clock=FakeClock(), random_bytes=fake_random_bytes)) as store:
        log = write_a_log(store)
        assert isinstance(store, MemoryStore | SqliteStore | PostgresStore)
        assert store.recorder.select_notifications(1, 10) == [notification(fact) for fact in log]
        assert store.recorder.max_notification_id() == 5
        events = EventStore[UUID](mapper=Codec(), recorder=store.recorder)
        assert len(list(events.get(number(1), gt=1))) == 2
        with pytest.raises(NotSupportedError, match=r"Store\.append"):
            events.put(log[:1])
        assert store.head() == 5
