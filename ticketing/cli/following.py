"""What `projections run --follow` says while it runs, and how it is stopped."""

import logging
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Event as Flag
from types import FrameType
from typing import Any

from ticketing.adapters.daemon import Turn
from ticketing.adapters.estimate import Estimate
from ticketing.adapters.upkeep import ProjectionStatus
from ticketing.adapters.view import ViewId
from ticketing.application import Ticketing
from ticketing.cli.output import one_line, tell
from ticketing.cli.progress import LINE_SECONDS, Show, estimated
from ticketing.projections.row import Projection

FOLDING = "Folding facts into rows"
_SHORT_SECONDS = 1.0
"""Catching up that is done within this time shows no bar."""

_AGAIN_SECONDS = 60.0
"""The same warning is not said again before."""


def follow(app: Ticketing, projections: Sequence[Projection[Any]]) -> None:
    """Keeps rows up to date until SIGINT or SIGTERM, and says on stderr what happens.

    Raises:
        StoreError: The store cannot be used at the start; later it may go away and come back.
    """
    stop = Flag()
    teller = _Teller(app, projections)
    # A thread of its own, because a handler that runs in the thread which waits for the flag could wait for itself.
    with _set_by_signals(stop), _warned(teller), ThreadPoolExecutor(1) as pool:
        pool.submit(app.projections.run, stop, projections, on_turn=teller.turned).result()
    teller.say("Stopped; the rows stand where they are.")


def set_aside_text(name: str, count: int, before: int | None = None) -> str:
    """That tickets wait with an event that the projection failed at, and where to look.

    Args:
        name: The projection's.
        count: How many wait.
        before: How many did before something was done; None where nothing was.
    """
    one = "1 ticket waits with an event that stopped it"
    waiting = one if count == 1 else f"{count:,} tickets wait with events that stopped them"
    more = "" if before is None or count <= before else f", {count - before:,} more than before"
    return f"{name}: {waiting}{more}: ticketing projections dead-letters {name}"


@contextmanager
def _set_by_signals(stop: Flag) -> Iterator[None]:
    """Has SIGINT and SIGTERM set the flag; a second one ends the process as if nothing had been arranged."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(_number: int, _frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_DFL)
        stop.set()

    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Warnings(logging.Handler):
    """Hands the package's warnings on, each as it is worded, and what stays wrong as that."""

    def __init__(self, warn: Callable[[str, str], None], fail: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._warn = warn
        self._fail = fail

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            self._fail(record.getMessage())
        else:
            self._warn(str(record.msg), record.getMessage())


@contextmanager
def _warned(teller: "_Teller") -> Iterator[None]:
    log, handler = logging.getLogger("ticketing"), _Warnings(teller.warn, teller.fail)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


class _Teller:
    """Says what a daemon does, a line for what changed and a bar for what takes long."""

    def __init__(self, app: Ticketing, projections: Sequence[Projection[Any]]) -> None:
        self._app = app
        self._asked = [ViewId(projection.name, projection.version) for projection in projections]
        self._led: tuple[ViewId, ...] | None = None
        self._is_new = True
        self._said_at = float("-inf")
        self._set_aside: dict[str, int] = {}
        self._behind_since: float | None = None
        self._bar = ExitStack()
        self._show: Show | None = None
        self._estimate = Estimate()
        self._warned_at: dict[str, float] = {}

    def turned(self, turn: Turn) -> None:
        """Takes note of a turn of the daemon."""
        if self._warned_at:
            self._warned_at.clear()
            self.say("It works again.")
        if turn.led != self._led:
            self._tell_leads(turn.led)
        if turn.position is not None:
            self._tell_progress(turn.position)
        elif turn.led:
            self._tell_up_to_date(turn.led)

    def warn(self, kind: str, text: str) -> None:
        """Says a warning, unless one of its kind was said a moment ago."""
        now = time.monotonic()
        if now - self._warned_at.get(kind, float("-inf")) >= _AGAIN_SECONDS:
            self._warned_at[kind] = now
            self.say(text, style="warning")

    def fail(self, text: str) -> None:
        """Says what is wrong and stays so."""
        self.say(text, style="warning")

    def say(self, text: str, *, style: str | None = None) -> None:
        """Prints a line in place of the bar."""
        self._bar.close()
        self._show = None
        tell(one_line(text), style=style)

    def _tell_leads(self, led: tuple[ViewId, ...]) -> None:
        before, self._led = self._led, led
        if begun := [view.name for view in led if view not in (before or ())]:
            self._is_new = True
            self.say(f"Leading {', '.join(begun)}.")
        lost = {view.name for view in (self._asked if before is None else before) if view not in led}
        beside: dict[str, list[str]] = {}
        for status in self._statuses():
            if status.name in lost:
                who = (
                    "every append writes its rows"
                    if status.mode == "inline"
                    else f"led by {status.leader or 'another'}"
                )
                beside.setdefault(who, []).append(status.name)
        for who, names in beside.items():
            self.say(f"{'Not' if before is None else 'No longer'} leading {', '.join(names)}: {who}.")

    def _tell_progress(self, position: int) -> None:
        now = time.monotonic()
        self._is_new = True
        if self._behind_since is None:
            self._behind_since = now
            self._estimate = Estimate()
        come = self._estimate.at(now, position, max(position, self._app.store.head()))
        if self._show is None and now - self._behind_since >= _SHORT_SECONDS:
            self._show = self._bar.enter_context(estimated(FOLDING))
        if self._show is not None:
            self._show(come)

    def _tell_up_to_date(self, led: tuple[ViewId, ...]) -> None:
        self._behind_since = None
        if self._show is not None:
            self._bar.close()
            self._show = None
        now = time.monotonic()
        if not self._is_new or now - self._said_at < LINE_SECONDS:
            return
        self._is_new = False
        self._said_at = now
        statuses = [status for status in self._statuses() if (status.name, status.version) in _ids(led)]
        self.say(f"Up to date at position {min(status.position for status in statuses):,}.")
        for status in statuses:
            if status.dead_letters > self._set_aside.get(status.name, 0):
                self.say(set_aside_text(status.name, status.dead_letters), style="warning")
            self._set_aside[status.name] = status.dead_letters

    def _statuses(self) -> list[ProjectionStatus]:
        return [status for status in self._app.projections.status() if status.is_known and status.mode != "rebuild"]


def _ids(views: Sequence[ViewId]) -> set[tuple[str, int]]:
    return {(view.name, view.version) for view in views}
