"""Daemons, writers and readers in threads of their own, for as long as a test needs them."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

from tests.store_examples import append, mark
from ticketing.adapters.daemon import Turn
from ticketing.adapters.store import Store
from ticketing.adapters.upkeep import Upkeep
from ticketing.projections.row import Projection

LONG = timedelta(seconds=30)
"""Nothing in a test takes so long; who waits for it fails."""

POLL = timedelta(milliseconds=200)
_PAUSE_SECONDS = 0.001


@contextmanager
def running(
    upkeep: Upkeep,
    projections: Sequence[Projection[Any]] | None = None,
    *,
    poll: timedelta = POLL,
    on_turn: Callable[[Turn], None] | None = None,
) -> Iterator[threading.Event]:
    """A running daemon; what ends it before its time is raised at the end. Gives what stops it."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        ended = threads.submit(upkeep.run, stop, projections, poll=poll, on_turn=on_turn)
        try:
            yield stop
            assert stop.is_set() or not ended.done(), ended.exception()
        finally:
            stop.set()
            ended.result(LONG.total_seconds())


def until(is_so: Callable[[], bool]) -> None:
    """Looks until it is so."""
    deadline = time.monotonic() + LONG.total_seconds()
    while not is_so():
        assert time.monotonic() < deadline, "it never comes about"
        time.sleep(0.005)


@contextmanager
def meanwhile(*works: Callable[[threading.Event], object]) -> Iterator[threading.Event]:
    """Pieces of work that go on until they are told to stop; what one of them raises is raised at the end."""
    stop = threading.Event()
    with ThreadPoolExecutor(len(works)) as threads:
        ended = [threads.submit(work, stop) for work in works]
        try:
            yield stop
        finally:
            stop.set()
            for one in ended:
                one.result(LONG.total_seconds())


def appends_all_the_time(
    store: Store, *, tickets: range = range(20), version: int = 0
) -> Callable[[threading.Event], None]:
    """A writer that marks tickets in turn, four of them in one call; each mark is the version that it comes after."""

    def write(stop: threading.Event) -> None:
        for at in count(version):
            for first in tickets[::4]:
                store.append([append(ticket, at, mark(str(at))) for ticket in range(first, first + 4)])
                if stop.wait(_PAUSE_SECONDS):
                    return

    return write
