"""Group commit: calls of `append` that wait for the log's lock are kept in one transaction, each answered by itself.

There is no thread of its own: whoever gets the lock first commits for all who wait, and the others find it done.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock

from ticketing.adapters.admission import Encoded, Request
from ticketing.adapters.telemetry import telemetry
from ticketing.domain.values import Event, Recorded

_LONG_SECONDS = 1.0


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

    def append(self, encoded: Sequence[Encoded]) -> list[tuple[Recorded[Event], ...]]:
        """Keeps the appends in one transaction, perhaps with those of other threads.

        Raises:
            Conflict: As `Store.append` says.
            StoreError: The transaction failed.
        """
        mine = Request(encoded)
        self._waiting.append(mine)
        with self._committing:
            if not mine.is_done:
                self._commit_those_who_wait(mine)
        return mine.answer()

    def _commit_those_who_wait(self, mine: Request) -> None:
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
