"""Metrics and traces, with the real SDK and its readers in memory; and nothing of it where the API is not installed."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from tests.examples import MANAGER, OPEN_TICKET, OTHER_TICKET, RECORD_NOTE, SITES, TICKET, but
from tests.store_examples import MARKS, START, FakeClock, append, fake_random_bytes, mark
from ticketing.adapters import telemetry
from ticketing.adapters.daemon import Daemon, Turn
from ticketing.adapters.store import Claim, ClaimConflict, Store, VersionConflict
from ticketing.adapters.urls import open_store
from ticketing.application import Settings, Ticketing
from ticketing.domain.errors import CommandRejected, Conflict
from ticketing.domain.publishing import Publish

GAUGES = {f"ticketing.projection.{name}" for name in ("pending", "lag", "dead_letters")}
DELTA = AggregationTemporality.DELTA
Points = dict[str, dict[tuple[object, ...], Any]]


class Collected:
    """What was recorded since it was last asked."""

    def __init__(self, reader: InMemoryMetricReader, spans: InMemorySpanExporter) -> None:
        self._reader = reader
        self._spans = spans

    def metrics(self) -> Points:
        """Data points by name of the metric and values of their attributes."""
        data = self._reader.get_metrics_data()
        return {
            metric.name: {tuple((point.attributes or {}).values()): point for point in metric.data.data_points}
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            if scope.scope.name == "ticketing"
            for metric in scope.metrics
        }

    def units(self) -> dict[str, str]:
        data = self._reader.get_metrics_data()
        assert data is not None
        return {
            metric.name: metric.unit or ""
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def spans(self) -> list[ReadableSpan]:
        finished = list(self._spans.get_finished_spans())
        self._spans.clear()
        return finished


@pytest.fixture(scope="module")
def sdk() -> Iterator[Collected]:
    """The SDK, which a process sets up once and for all."""
    reader = InMemoryMetricReader(preferred_temporality={Counter: DELTA, Histogram: DELTA})
    spans = InMemorySpanExporter()
    meters, tracers = MeterProvider([reader]), TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    metrics.set_meter_provider(meters)
    trace.set_tracer_provider(tracers)
    yield Collected(reader, spans)
    tracers.shutdown()
    meters.shutdown()


@pytest.fixture
def collected(sdk: Collected) -> Collected:
    sdk.metrics()
    sdk.spans()
    return sdk


# appends


def test_a_transaction_of_appends_is_measured_with_its_calls_and_facts(collected: Collected, store_url: str) -> None:
    with closing(open_store(store_url, clock=FakeClock(), random_bytes=fake_random_bytes)) as store:
        store.append([append(1, 0), append(2, 0, mark("a"), mark("b"))])
        store.append([append(1, 1)])
    points = collected.metrics()
    assert points["ticketing.append.duration"][()].count == 2
    assert 0 < points["ticketing.append.duration"][()].sum < 10
    assert (points["ticketing.append.calls"][()].count, points["ticketing.append.calls"][()].sum) == (2, 2)
    assert points["ticketing.append.facts"][()].value == 4
    assert "ticketing.append.conflicts" not in points


def test_conflicts_are_counted_by_their_kind(collected: Collected, store_url: str) -> None:
    taken = (Claim("number", "R-1"),)
    with closing(open_store(store_url, clock=FakeClock(), random_bytes=fake_random_bytes)) as store:
        store.append([append(1, 0, claims=taken)])
        for late, kind in ((append(1, 0, command=7), VersionConflict), (append(2, 0, claims=taken), ClaimConflict)):
            with pytest.raises(kind):
                store.append([late])
    points = collected.metrics()
    assert {kind: point.value for kind, point in points["ticketing.append.conflicts"].items()} == {
        ("VersionConflict",): 1,
        ("ClaimConflict",): 1,
    }
    assert points["ticketing.append.facts"][()].value == 1


def test_a_transaction_that_fails_says_so(collected: Collected, sqlite_url: str) -> None:
    store = open_store(sqlite_url, clock=lambda: START.replace(tzinfo=None), random_bytes=fake_random_bytes)
    with closing(store), pytest.raises(Exception, match="without a zone"):
        store.append([append(1, 0)])
    points = collected.metrics()
    assert [(kind, point.count) for kind, point in points["ticketing.append.duration"].items()] == [
        (("StoreError",), 1)
    ]
    assert "ticketing.append.facts" not in points


# commands


@pytest.fixture
def app(store_url: str) -> Iterator[Ticketing]:
    with Ticketing(store_url, clock=FakeClock(), random_bytes=Random(1).randbytes, projections=[MARKS]) as opened:
        yield opened


def attributes(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


def test_a_command_is_a_span_with_its_outcome(collected: Collected, app: Ticketing) -> None:
    command = but(OPEN_TICKET, command_id=OTHER_TICKET)
    app.handle(command)
    app.handle(command)
    recorded, repeated = collected.spans()
    assert recorded.name == repeated.name == "handle OpenTicket"
    assert attributes(recorded) == {
        "ticketing.command.name": "OpenTicket",
        "ticketing.command.outcome": "recorded",
        "ticketing.stream.id": str(TICKET),
    }
    assert attributes(repeated) == attributes(recorded) | {"ticketing.command.outcome": "repeated"}
    assert recorded.status.status_code is StatusCode.UNSET


def test_a_refusal_is_no_error_and_names_its_rule_and_nothing_else(collected: Collected, app: Ticketing) -> None:
    app.handle(OPEN_TICKET)
    with pytest.raises(CommandRejected):
        app.handle(but(OPEN_TICKET, ticket_id=OTHER_TICKET, serial="another"))
    _, refused = collected.spans()
    assert attributes(refused) == {
        "ticketing.command.name": "OpenTicket",
        "ticketing.command.outcome": "rejected",
        "ticketing.command.rule": "number-taken",
    }
    assert refused.status.status_code is StatusCode.UNSET
    assert not refused.events


def test_a_command_that_fails_is_an_error_without_its_text(collected: Collected, store_url: str) -> None:
    clock = FakeClock()
    with Ticketing(store_url, clock=clock, settings=Settings(attempts=1)) as app:
        app.handle(OPEN_TICKET)

        def at_the_same_moment() -> datetime:
            clock_of_others, app._clock = app._clock, clock
            app.handle(RECORD_NOTE)
            app._clock = clock_of_others
            return clock()

        app._clock = at_the_same_moment
        with pytest.raises(Conflict):
            app.handle(RECORD_NOTE)
    failed = collected.spans()[-1]
    assert attributes(failed) == {
        "ticketing.command.name": "RecordNote",
        "ticketing.command.outcome": "failed",
        "error.type": "VersionConflict",
    }
    assert failed.status.status_code is StatusCode.ERROR
    assert failed.status.description is None
    assert not failed.events


def test_publishing_is_a_span_with_the_stream_of_the_thing(collected: Collected, app: Ticketing) -> None:
    handled = app.handle(Publish(actor=MANAGER, thing=SITES["berlin"]))
    (span,) = collected.spans()
    assert attributes(span)["ticketing.stream.id"] == str(handled.ticket_id)


def test_a_span_stands_within_the_callers(collected: Collected, app: Ticketing) -> None:
    with trace.get_tracer("host").start_as_current_span("request"):
        app.handle(OPEN_TICKET)
    handled, request = collected.spans()
    assert handled.parent is not None
    assert request.context is not None
    assert handled.parent.span_id == request.context.span_id


# projections


def a_store(url: str) -> Store:
    """A store with four facts of an hour ago, one of which nothing can be made of."""
    clock = FakeClock(datetime.now(UTC) - timedelta(hours=1))
    store = open_store(url, clock=clock, random_bytes=fake_random_bytes, projections=[MARKS])
    store.append([append(ticket, 0, mark("illegible" if ticket == 1 else "a")) for ticket in range(4)])
    return store


def test_a_daemon_tells_what_it_folded_and_where_it_stood(collected: Collected, store_url: str) -> None:
    stop = threading.Event()
    told: list[Points] = []

    def on_turn(turn: Turn) -> None:
        told.append(collected.metrics())
        if turn.position is None:
            stop.set()

    with closing(a_store(store_url)) as store:
        collected.metrics()
        Daemon(store, [MARKS], leader="a", page_size=3, poll_seconds=0.01, on_turn=on_turn).run(stop)
    # The first turn folds three facts, the second one, the third finds nothing; each tells of the one before.
    marks = ("marks", 1)
    assert told[0]["ticketing.projection.pending"][marks].value == 4
    assert 3590 < told[0]["ticketing.projection.lag"][marks].value < 3700
    assert told[0]["ticketing.projection.dead_letters"][marks].value == 0
    events = [points.get("ticketing.projection.events", {}) for points in told]
    assert [by[marks].value if by else 0 for by in events] == [0, 3, 1]
    turns = [points.get("ticketing.projection.turn.duration", {}) for points in told]
    assert [by[()].count if by else 0 for by in turns] == [1, 1, 0]


def is_caught_up(points: Points) -> bool:
    pending = points.get("ticketing.projection.pending")
    return pending is not None and all(point.value == 0 for point in pending.values())


def test_a_daemon_that_has_caught_up_is_not_behind_and_one_that_has_ended_says_nothing(
    collected: Collected, store_url: str
) -> None:
    stop = threading.Event()
    marks = ("marks", 1)
    with closing(a_store(store_url)) as store:
        thread = threading.Thread(target=Daemon(store, [MARKS], leader="a", poll_seconds=0.05).run, args=[stop])
        thread.start()
        try:
            deadline = time.monotonic() + 10
            points = collected.metrics()
            while not is_caught_up(points):
                assert time.monotonic() < deadline
                time.sleep(0.05)
                points = collected.metrics()
        finally:
            stop.set()
            thread.join()
    assert points["ticketing.projection.lag"][marks].value == 0
    assert points["ticketing.projection.dead_letters"][marks].value == 1
    assert not [name for name in collected.metrics() if name in GAUGES]


# its names, and its absence


def test_every_metric_is_in_the_table_with_its_unit(collected: Collected, sqlite_url: str) -> None:
    table = dict(re.findall(r"^\| `([a-z_.]+)` \| [a-z]+, `([^`]+)`", telemetry.__doc__ or "", re.MULTILINE))
    stop = threading.Event()
    units: dict[str, str] = {}

    def on_turn(turn: Turn) -> None:
        units.update(collected.units())
        if turn.position is None:
            stop.set()

    with closing(a_store(sqlite_url)) as store:
        with pytest.raises(VersionConflict):
            store.append([append(1, 0, command=7)])
        Daemon(store, [MARKS], leader="a", on_turn=on_turn).run(stop)
    assert units == table


def test_a_process_imports_it_when_it_opens_a_store_and_not_before() -> None:
    run(
        "import sys, ticketing",
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]",
        "ticketing.Ticketing('memory:')",
        "assert 'opentelemetry.metrics' in sys.modules",
    )


def test_a_process_without_it_does_the_same(sqlite_url: str) -> None:
    run(
        "import sys",
        "sys.modules['opentelemetry'] = None",
        "from tests.examples import OPEN_TICKET",
        "from ticketing import Ticketing",
        "from threading import Event",
        "stop = Event()",
        f"with Ticketing({sqlite_url!r}) as app:",
        "    app.handle(OPEN_TICKET)",
        "    app.projections.run(stop, on_turn=lambda turn: turn.position is None and stop.set())",
        "    assert {state.position for state in app.store.views()} == {1}",
        "assert not [name for name in sys.modules if name.startswith('opentelemetry.')]",
    )


def run(*lines: str) -> None:
    """Runs a program in a process of its own, whose modules nobody has imported yet."""
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, timeout=60)
