"""Group commit: calls of `append` that wait for the log's lock are kept in one transaction, each answered by itself.

There is no thread of its own: whoever finds nobody committing commits for all who wait. They sleep until they have
their answer or it is their turn to commit. They do not queue for the lock, since who came back first would commit for
himself alone while the others, answered already, left it one by one: so 64 threads append six times as much.

Who commits next waits a moment for those who were answered just now, since they may come back at once: else two halves
of the callers take turns, and each waits for the other's commit.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock

from ticketing.adapters.admission import Encoded, Request
from ticketing.adapters.telemetry import telemetry
from ticketing.domain.values import Event, Recorded

_MOMENT = 0.25
"""How long that moment is at most, as a part of the last commit's time,"""

_MOMENT_SECONDS = 0.005
"""and in seconds, from its end."""

_NAP_SECONDS = 0.0002

_LONG_SECONDS = 1.0
"""Also how long one sleeps at most before one looks oneself: who should have woken him may have been interrupted."""


class GroupCommit:
    """Gathers the calls of all threads of one store.

    Args:
        commit: Keeps several requests in one transaction and notes on each what was let in or why it was not. An error
            that it raises means that nothing was kept, or that nobody knows.
    """

    def __init__(self, commit: Callable[[Sequence[Request]], None]) -> None:
        measure = telemetry()
        self._commit = commit if measure is None else measure.measured(commit)
        self._waiting: deque[Request] = deque()
        self._committing = Lock()
        self._callers = 0
        self._moment_ends_at = 0.0

    def append(self, encoded: Sequence[Encoded]) -> list[tuple[Recorded[Event], ...]]:
        """Keeps the appends in one transaction, perhaps with those of other threads.

        Raises:
            Conflict: As `Store.append` says.
            StoreError: The transaction failed.
        """
        mine = Request(encoded)
        try:
            self._waiting.append(mine)
            while not mine.is_done:
                # Who holds the lock looks for who waits once he has released it, and so sees whoever saw it held.
                if self._committing.locked():
                    mine.gate.acquire(timeout=_LONG_SECONDS)
                    continue
                with self._committing:
                    if not mine.is_done:
                        self._commit_those_who_wait(mine)
                self._wake_the_next()
        except BaseException:
            # This thread was interrupted: what nobody has taken up yet is withdrawn.
            with suppress(ValueError):
                self._waiting.remove(mine)
            self._wake_the_next()
            raise
        return mine.answer()

    def _wake_the_next(self) -> None:
        with suppress(IndexError):  # nobody waits
            self._waiting[0].wake()

    def _commit_those_who_wait(self, mine: Request) -> None:
        while len(self._waiting) < self._callers and time.monotonic() < self._moment_ends_at:
            time.sleep(_NAP_SECONDS)
        group = [self._waiting.popleft() for _ in range(len(self._waiting))]
        others = [request for request in group if request is not mine]
        begun = time.monotonic()
        try:
            error = self._failure_of(group)
            # It was no one's fault if it took long: the log was locked, or the server silent, and is so for each alone.
            if error is not None and others and time.monotonic() - begun < _LONG_SECONDS:
                # One of them may be to blame, and the rest shall not pay for it. This thread's own comes last: whatever
                # stops it before that, it was not kept.
                for request in (*others, mine):
                    _tell([request], self._failure_of([request]))
            else:
                _tell(group, error)
        except BaseException:
            # This thread was interrupted. What it may have kept of others is a repeated command when they try again.
            self._waiting.extendleft(one for one in reversed(others) if not one.is_done)
            raise
        ended = time.monotonic()
        self._callers = len(group) + len(self._waiting)
        self._moment_ends_at = ended + min(_MOMENT * (ended - begun), _MOMENT_SECONDS)

    def _failure_of(self, group: Sequence[Request]) -> Exception | None:
        """Why none of the group was kept, or nobody knows; None where each was told."""
        try:
            self._commit(group)
        except Exception as error:  # noqa: BLE001 - it is told to those whom it concerns
            return error
        return None


def _tell(group: Sequence[Request], error: Exception | None) -> None:
    for request in group:
        request.error = error or request.error
        request.is_done = True
        request.wake()
