"""Chance: the one source of randomness of a simulated world, and the clock of that world."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random  # a simulation draws; nothing else of the package does
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")


class SimulatedClock:
    """A clock that stands still until it is set; injected into `Ticketing` as its clock.

    Args:
        start: The first instant, with a zone.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def __call__(self) -> datetime:
        return self._now

    def advance_to(self, instant: datetime) -> None:
        """Sets the clock; it never goes back."""
        self._now = max(self._now, instant.astimezone(UTC))


class Chance:
    """Everything that a simulated world leaves to chance; the same seed draws the same."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # nobody's secret: a made-up world is to be made up again

    def bytes(self, count: int) -> bytes:
        """So many bytes, for ids, salts and the store's key."""
        return self._random.randbytes(count)

    def uuid(self) -> UUID:
        return UUID(bytes=self.bytes(16), version=4)

    def sha256(self) -> str:
        """What the hash of some document would look like."""
        return self.bytes(32).hex()

    def happens(self, probability: float) -> bool:
        return self._random.random() < probability

    def one_of(self, things: Sequence[T]) -> T:
        return things[int(self._random.random() * len(things))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One of the keys, each as likely as its weight among all."""
        left = self._random.random() * sum(weights.values())
        for thing, weight in weights.items():
            left -= weight
            if left < 0:
                return thing
        return list(weights)[-1]

    def whole(self, low: int, high: int) -> int:
        """A whole number, both bounds included."""
        return low + int(self._random.random() * (high - low + 1))

    def minutes(self, low: float, high: float) -> timedelta:
        """A span between two numbers of minutes, in whole seconds."""
        return timedelta(seconds=round(60 * (low + self._random.random() * (high - low))))

    def days_with_tail(self, median: float, spread: float) -> timedelta:
        """A span whose median is so many days, log-normal: most are near it, a few take many times as long."""
        return timedelta(minutes=round(1440 * median * self._random.lognormvariate(0, spread)))
