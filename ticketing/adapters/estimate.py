"""Estimate: how long something still takes whose end moves while it runs."""

from collections import deque
from dataclasses import dataclass
from datetime import timedelta

_WINDOW_SECONDS = 20.0
_LEAST_SECONDS = 1.0
"""Before there is this much to look back on, nothing is said."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something has come.

    Attributes:
        done: Of `total`, which grows while others append.
        rate: Done per second, lately; None before it is known.
        remaining: How long it takes if both go on as lately; None before that is known, or if the end runs away.
    """

    done: int
    total: int
    rate: float | None
    remaining: timedelta | None


class Estimate:
    """Looks back on the last twenty seconds."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int, int]] = deque()

    def at(self, seconds: float, done: int, total: int) -> Progress:
        """The progress at an instant of a clock that never goes back."""
        self._looks.append((seconds, done, total))
        while seconds - self._looks[0][0] > _WINDOW_SECONDS and len(self._looks) > 2:
            self._looks.popleft()
        begun, done_then, total_then = self._looks[0]
        passed = seconds - begun
        if done >= total:
            return Progress(done, total, None if passed < _LEAST_SECONDS else (done - done_then) / passed, timedelta(0))
        if passed < _LEAST_SECONDS:
            return Progress(done, total, None, None)
        rate = (done - done_then) / passed
        gained = rate - (total - total_then) / passed
        remaining = timedelta(seconds=(total - done) / gained) if gained > 0 else None
        return Progress(done, total, rate, remaining)
