"""Daemon: keeps the rows of projections, and the hash tree, up to date while it runs.

Of several processes one leads each projection; leaves of the tree are added by any of them.

It is woken by appends and polls beside that, so that a lost wake-up, or rows that came into the log by another way,
cost a second and nothing else. A lost connection is made anew; what a dead leader led, the next one takes over.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from threading import Event as Flag
from typing import Any

from ticketing.adapters.leaves import add_leaves
from ticketing.adapters.projector import Followed, fold_next_page, view_of
from ticketing.adapters.store import Store, Watch
from ticketing.adapters.telemetry import Folding, telemetry
from ticketing.adapters.view import ViewId, ViewState
from ticketing.domain.errors import Conflict, DamagedTree, StoreClosed, StoreError
from ticketing.projections.row import Projection

POLL_SECONDS = 1.0
_RETRY_SECONDS = (0.1, 0.5, 1.0)
"""How long to wait after the first, the second and every further failure in a row."""

_LEAD_SECONDS = 0.05
"""How long it takes its lead for granted between two looks; to look takes as long as a small page."""

_log = logging.getLogger("ticketing")


@dataclass(frozen=True, slots=True)
class Turn:
    """What a daemon did in one turn.

    Attributes:
        led: The projections that it leads.
        position: The last position of the page folded; None where nothing was new.
    """

    led: tuple[ViewId, ...]
    position: int | None


@dataclass(frozen=True, slots=True)
class _Lead:
    """What a daemon leads, by the clock of `time.monotonic` until when it is taken for granted, and how it stood."""

    until: float
    followed: Mapping[ViewId, Followed[Any]]
    _found: Sequence[ViewState]

    @property
    def states(self) -> list[ViewState]:
        """How it stands now."""
        return [replace(state, position=self.followed[state.id].position or state.position) for state in self._found]


class Daemon:
    """Folds what is appended into the views of projections, in the memory of a page of facts.

    Args:
        store: The log and the views. Threads may share it, a daemon uses it from one.
        projections: What to fold; what the store keeps inline is left to the appends.
        leader: Its name, as others see it; no two daemons have the same.
        page_size: Facts folded and written in one transaction of each view.
        poll_seconds: How often it looks though nothing woke it, and tries to lead what others led.
        on_turn: Told after each turn, in its thread.
        keeps_tree: Also adds to the hash tree what the log has and it lacks.

    Raises:
        StoreError: A view cannot be opened, or was made of other columns.
    """

    def __init__(
        self,
        store: Store,
        projections: Sequence[Projection[Any]],
        *,
        leader: str,
        page_size: int = 1000,
        poll_seconds: float = POLL_SECONDS,
        on_turn: Callable[[Turn], None] | None = None,
        keeps_tree: bool = False,
    ) -> None:
        self._store = store
        self._leader = leader
        self._page_size = page_size
        self._poll_seconds = poll_seconds
        self._on_turn = on_turn or _tell_nobody
        self._keeps_tree = keeps_tree
        self._telemetry = telemetry()
        self._projections = tuple(projections)
        self._followed = self._opened()
        self._lead: _Lead | None = None

    def run(self, stop: Flag) -> None:
        """Goes on until it is told to stop, which it notices between two polls, or until the store is closed."""
        failures = 0
        while not stop.is_set():
            try:
                if failures:
                    self._followed = self._opened()
                self._lead = None
                with closing(self._store.watch(self._leader)) as watch, self._telling() as told:
                    while not stop.is_set():
                        self._turn(watch, told)
                        failures = 0
            except StoreClosed:
                return  # nobody can open it again for this daemon
            except (StoreError, Conflict) as error:  # the store went away, or somebody removed a view
                seconds = _RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)]
                failures += 1
                _log.warning("projections: %s; trying again in %s s", error, seconds)
                stop.wait(seconds)

    def _opened(self) -> dict[ViewId, Followed[Any]]:
        return {
            ViewId(projection.name, projection.version): Followed(projection, view_of(self._store, projection))
            for projection in self._projections
        }

    def _telling(self) -> AbstractContextManager[Folding | None]:
        return nullcontext() if self._telemetry is None else self._telemetry.folding(self._store)

    def _turn(self, watch: Watch, told: Folding | None) -> None:
        """Folds one page of what it leads, or waits for the next append."""
        led = self._leading(watch)
        if told is not None:
            told.look(led.states)
        begun = time.perf_counter()
        position = fold_next_page(self._store, list(led.followed.values()), self._page_size)
        if self._telemetry is not None and position is not None:
            self._telemetry.turned(time.perf_counter() - begun)
        self._on_turn(Turn(tuple(led.followed), position))
        if any(followed.position is None for followed in led.followed.values()):
            self._lead = None  # somebody was in the way
        if not self._added_leaves() and position is None:
            self._lead = None
            watch.wait(self._poll_seconds)

    def _leading(self, watch: Watch) -> "_Lead":
        """What it leads, and how that stands."""
        if self._lead is None or time.monotonic() > self._lead.until:
            states = self._store.views()
            led = self._led(watch, states)
            self._lead = _Lead(time.monotonic() + _LEAD_SECONDS, led, [state for state in states if state.id in led])
        return self._lead

    def _added_leaves(self) -> bool:
        """Whether the tree has grown by a page, by whomever."""
        try:
            return self._keeps_tree and add_leaves(self._store, self._page_size) is not None
        except DamagedTree as error:  # it stays so until somebody has looked, and the reports do not wait for that
            self._keeps_tree = False
            _log.error("no leaves are added to the tree until this ends and begins anew: %s", error)
            return False

    def _led(self, watch: Watch, states: Iterable[ViewState]) -> dict[ViewId, Followed[Any]]:
        inline = {state.id for state in states if state.is_inline}
        led = {}
        for view, followed in self._followed.items():
            followed.fence = None if view in inline else watch.lead(view)
            followed.position = None  # somebody may have removed the rows, or put others in their place
            if followed.fence is not None:
                followed.renew = partial(watch.lead, view)
                led[view] = followed
        return led


def _tell_nobody(turn: Turn) -> None:
    """Nobody wants to know."""
