"""Telemetry: metrics and traces through `opentelemetry-api`, for whoever has set up its SDK; without it, nothing.

No text, no number of a ticket and no person is in any of it; rules, ids of streams and names of classes are.

| metric | kind, unit | attributes | what |
|---|---|---|---|
| `ticketing.append.duration` | histogram, `s` | `error.type` if it failed | a transaction of appends, waits included |
| `ticketing.append.calls` | histogram, `{call}` | | calls of `append` that shared it |
| `ticketing.append.facts` | counter, `{fact}` | | facts recorded |
| `ticketing.append.conflicts` | counter, `{conflict}` | `error.type` | calls refused: see `Store.append` |
| `ticketing.projection.turn.duration` | histogram, `s` | | a turn of the daemon that folded a page |
| `ticketing.projection.events` | counter, `{event}` | projection | events folded by this process's daemon |
| `ticketing.projection.pending` | gauge, `{event}` | projection | events not folded yet |
| `ticketing.projection.lag` | gauge, `s` | projection | how long ago the first of them was recorded |
| `ticketing.projection.dead_letters` | gauge, `{ticket}` | projection | tickets that wait with an event it failed at |

A projection is `ticketing.projection.name` and `ticketing.projection.version`; a gauge is told by the process that
leads it. Each command is a span `handle <Command>` with `ticketing.command.name`, `ticketing.command.outcome`
(`recorded`, `repeated`, `rejected`, `failed`), `ticketing.stream.id`, and `ticketing.command.rule` or `error.type`.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from ticketing.adapters.admission import Request
from ticketing.adapters.store import Store
from ticketing.adapters.view import ViewId, ViewState
from ticketing.domain.command import Command
from ticketing.domain.errors import CommandRejected, Conflict

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Meter, Observation
    from opentelemetry.trace import Tracer

Commit = Callable[[Sequence[Request]], None]
Said = Callable[[UUID, bool], None]

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_CALLS = (1, 2, 4, 8, 16, 32, 64)
_LOOK_SECONDS = 1.0
"""How often a daemon that is busy asks how far behind it is."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a projection stood at the last look; by the names of its gauges."""

    pending: int
    lag: float
    dead_letters: int


@cache
def telemetry() -> "Telemetry | None":
    """What to record with; None where `opentelemetry-api` is not installed. The first call imports it."""
    try:
        from opentelemetry import metrics, trace
    except ImportError:
        return None
    return Telemetry(metrics.get_meter("ticketing"), trace.get_tracer("ticketing"))


class Telemetry:
    """The instruments of this process."""

    def __init__(self, meter: "Meter", tracer: "Tracer") -> None:
        self._tracer = tracer
        histogram = meter.create_histogram
        self._duration = histogram("ticketing.append.duration", "s", explicit_bucket_boundaries_advisory=_SECONDS)
        self._calls = histogram("ticketing.append.calls", "{call}", explicit_bucket_boundaries_advisory=_CALLS)
        self._facts = meter.create_counter("ticketing.append.facts", "{fact}")
        self._conflicts = meter.create_counter("ticketing.append.conflicts", "{conflict}")
        self._turns = histogram("ticketing.projection.turn.duration", "s", explicit_bucket_boundaries_advisory=_SECONDS)
        self.events = meter.create_counter("ticketing.projection.events", "{event}")
        self.standing: dict[ViewId, _Standing] = {}
        for name, unit in (("pending", "{event}"), ("lag", "s"), ("dead_letters", "{ticket}")):
            meter.create_observable_gauge(f"ticketing.projection.{name}", [self._gauge(name)], unit)

    def _gauge(self, name: str) -> "Callable[[CallbackOptions], Iterable[Observation]]":
        from opentelemetry.metrics import Observation

        def observe(_: "CallbackOptions") -> "Iterable[Observation]":
            # The daemons' threads go on adding and taking away.
            return [Observation(getattr(at, name), _named(view)) for view, at in self.standing.copy().items()]

        return observe

    def measured(self, commit: Commit) -> Commit:
        """The same commit, measured."""

        def commit_and_record(requests: Sequence[Request]) -> None:
            begun = time.perf_counter()
            failed = {}
            try:
                commit(requests)
            except BaseException as error:
                failed = {"error.type": type(error).__name__}
                raise
            finally:
                self._duration.record(time.perf_counter() - begun, failed)
                self._calls.record(len(requests))
            self._facts.add(sum(len(one.facts) for request in requests for one in request.admitted))
            for request in requests:
                if isinstance(request.error, Conflict):
                    self._conflicts.add(1, {"error.type": type(request.error).__name__})

        return commit_and_record

    @contextmanager
    def handling(self, command: Command) -> Iterator[Said]:
        """A span around the handling of a command, and what it is told to end well: the stream, and if repeated."""
        name = type(command).__name__
        # What a refusal says may name somebody's serial or number: its rule is told and its text is not.
        with self._tracer.start_as_current_span(
            f"handle {name}",
            attributes={"ticketing.command.name": name},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:

            def said(stream_id: UUID, is_repeated: bool) -> None:
                span.set_attribute("ticketing.stream.id", str(stream_id))
                span.set_attribute("ticketing.command.outcome", "repeated" if is_repeated else "recorded")

            try:
                yield said
            except CommandRejected as refusal:
                span.set_attribute("ticketing.command.outcome", "rejected")
                span.set_attribute("ticketing.command.rule", refusal.rule)
                raise
            except Exception as error:
                from opentelemetry.trace import StatusCode

                span.set_attribute("ticketing.command.outcome", "failed")
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(StatusCode.ERROR)
                raise

    def turned(self, seconds: float) -> None:
        """Tells how long a turn of a daemon took that folded a page."""
        self._turns.record(seconds)

    @contextmanager
    def folding(self, store: Store) -> Iterator["Folding"]:
        """What a daemon tells while it watches; what it has told of standing ends with it."""
        folding = Folding(self, store)
        try:
            yield folding
        finally:
            folding.look(())


class Folding:
    """What one daemon tells while it watches."""

    def __init__(self, telemetry: Telemetry, store: Store) -> None:
        self._telemetry = telemetry
        self._store = store
        self._positions: dict[ViewId, int] = {}
        self._next_look_at = time.monotonic()

    def look(self, led: Sequence[ViewState]) -> None:
        """Tells where the views stand that the daemon leads, before a turn."""
        for view in self._positions.keys() - {state.id for state in led}:
            del self._positions[view]
            self._telemetry.standing.pop(view, None)
        for state in led:
            folded = state.position - self._positions.get(state.id, state.position)
            if folded > 0:
                self._telemetry.events.add(folded, _named(state.id))
            self._positions[state.id] = state.position
        if led and time.monotonic() >= self._next_look_at:
            self._next_look_at = time.monotonic() + _LOOK_SECONDS
            self._look_behind(led)

    def _look_behind(self, led: Sequence[ViewState]) -> None:
        head = self._store.head()
        lags = {position: self._lag(position) for position in {state.position for state in led} if position < head}
        for state in led:
            pending, lag = max(head - state.position, 0), lags.get(state.position, 0.0)
            self._telemetry.standing[state.id] = _Standing(pending, lag, state.waiting)

    def _lag(self, position: int) -> float:
        """How many seconds ago the fact after a position was recorded."""
        rows = self._store.stored_log(position, 1)
        return max((datetime.now(UTC) - rows[0].recorded_at).total_seconds(), 0.0) if rows else 0.0


def _named(view: ViewId) -> dict[str, str | int]:
    return {"ticketing.projection.name": view.name, "ticketing.projection.version": view.version}
