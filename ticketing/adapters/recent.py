"""Recent: the streams that were read last, so that only what is new in them is read and decoded again.

A recorded fact never changes and a stream only grows, so what was read once stays true; the store is asked each time
for what follows it.
"""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from uuid import UUID

from ticketing.adapters.store import Store
from ticketing.domain.values import Event, Recorded

_STREAMS = 512


class Recent:
    """Reads streams of one store, and keeps the latest of them in memory. Threads may share it."""

    def __init__(self, store: Store, streams: int = _STREAMS) -> None:
        self._store = store
        self._streams = streams
        self._kept: OrderedDict[UUID, tuple[Recorded[Event], ...]] = OrderedDict()
        self._lock = Lock()

    def stream(self, stream_id: UUID) -> tuple[Recorded[Event], ...]:
        """The facts of one stream as the store has them now, in order of version; empty when there is none."""
        with self._lock:
            known = self._kept.get(stream_id, ())
            if known:
                self._kept.move_to_end(stream_id)
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
            if len(facts) >= len(self._kept.get(stream_id, ())):
                self._kept[stream_id] = facts
            self._kept.move_to_end(stream_id)
            if len(self._kept) > self._streams:
                self._kept.popitem(last=False)
