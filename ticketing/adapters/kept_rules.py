"""Kept rules: the time rules of a store as of any position, read once and kept."""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import Lock

from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Event, Logged, Recorded
from ticketing.projections.row import readable

PUBLISHING = frozenset({"policy", "calendar", "site"})
"""The kinds of streams that time rules are read from."""

_MADE = 8
"""How many are kept, which is more than there are projections at different positions."""

Publications = Callable[[int, int], Iterable[Logged]]
"""What was published after a position, up to another."""


class KeptRules:
    """What one store published. Threads may share it: what is committed never changes.

    A store must not be put back to an older state under a running process.
    """

    def __init__(self) -> None:
        self._read_to = 0
        self._facts: tuple[Recorded[Event], ...] = ()
        self._made: OrderedDict[int, TimeRules] = OrderedDict()
        self._lock = Lock()

    def at(self, position: int, published: Publications) -> TimeRules:
        """The rules as of a position whose transaction is committed; the same object while nothing is published.

        Raises:
            UnreadableEvent: One publication cannot be read.
        """
        with self._lock:
            if position > self._read_to:
                self._facts = (*self._facts, *_rules_among(published(self._read_to, position)))
                self._read_to = position
            known = bisect_right(self._facts, position, key=lambda fact: fact.position)
            if known not in self._made:
                self._made[known] = TimeRules.of(self._facts[:known])
                if len(self._made) > _MADE:
                    self._made.popitem(last=False)
            self._made.move_to_end(known)
            return self._made[known]

    def after(self, position: int, published: Publications, page: Iterable[Logged]) -> TimeRules:
        """The rules as of a committed position and what a page that follows it publishes, committed or not.

        Raises:
            UnreadableEvent: One publication cannot be read.
        """
        before, latest = self.at(position, published), _rules_among(page)
        if not latest:
            return before
        with self._lock:
            known = bisect_right(self._facts, position, key=lambda fact: fact.position)
            return TimeRules.of([*self._facts[:known], *latest])


def publishes(page: Iterable[Logged]) -> bool:
    """Whether rules are published among what stands on the log."""
    return any(fact.stream_kind in PUBLISHING for fact in page)


def _rules_among(published: Iterable[Logged]) -> list[Recorded[Event]]:
    return readable(fact for fact in published if fact.stream_kind in PUBLISHING)
