"""Recent: the streams that were read last, so that only what is new in them is read and decoded again.

A recorded fact never changes and a stream only grows, so what was read once stays true; the store is asked each time
for what follows it. A store must not be put back to an older state under a running process.
"""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from uuid import UUID

from ticketing.adapters.store import Store
from ticketing.domain.values import Event, Recorded

_FACTS = 20_000
"""How many facts are kept: some 60 MB at 3 kB each, and about a thousand tickets."""


class Recent:
    """Reads streams of one store, and keeps the latest of them in memory. Threads may share it."""

    def __init__(self, store: Store, facts: int = _FACTS) -> None:
        self._store = store
        self._most = facts
        self._count = 0
        self._kept: OrderedDict[UUID, tuple[Recorded[Event], ...]] = OrderedDict()
        self._lock = Lock()

    def known(self, stream_id: UUID) -> tuple[Recorded[Event], ...]:
        """The facts of one stream as far as they are in memory: the store is not asked, and may have more of them."""
        with self._lock:
            known = self._kept.get(stream_id, ())
            if known:
                self._kept.move_to_end(stream_id)
        return known

    def stream(self, stream_id: UUID) -> tuple[Recorded[Event], ...]:
        """The facts of one stream as the store has them now, in order of version; empty when there is none."""
        known = self.known(stream_id)
        new = self._store.stream(stream_id, after_version=len(known))
        if not new:
            return known
        facts = (*known, *new)
        self._keep(stream_id, facts)
        return facts

    def extend(self, facts: Sequence[Recorded[Event]]) -> None:
        """Takes in facts that were just appended to one stream."""
        stream_id = facts[0].stream_id
        with self._lock:
            known = self._kept.get(stream_id, ())
        if len(known) == facts[0].version - 1:
            self._keep(stream_id, (*known, *facts))

    def _keep(self, stream_id: UUID, facts: tuple[Recorded[Event], ...]) -> None:
        with self._lock:
            before = len(self._kept.get(stream_id, ()))
            if len(facts) > before:
                self._kept[stream_id] = facts
                self._count += len(facts) - before
            self._kept.move_to_end(stream_id)
            while self._count > self._most:
                _, oldest = self._kept.popitem(last=False)
                self._count -= len(oldest)
