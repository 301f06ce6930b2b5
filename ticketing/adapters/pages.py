"""Pages: the log in order of stream, in the memory of one page and one stream."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from uuid import UUID

from ticketing.domain.values import Event, Recorded

BEFORE_ALL = (UUID(int=0), 0)


def by_stream(
    page: Callable[[tuple[UUID, int]], Sequence[Recorded[Event]]],
) -> Iterator[list[Recorded[Event]]]:
    """Each stream's facts.

    Args:
        page: The next facts after a stream and version, in order of both; empty at the end.
    """
    after = BEFORE_ALL
    begun: list[Recorded[Event]] = []
    while facts := page(after):
        after = (facts[-1].stream_id, facts[-1].version)
        for stream_id, group in groupby(facts, key=lambda fact: fact.stream_id):
            if begun and begun[-1].stream_id != stream_id:
                yield begun
                begun = []
            begun += group
    if begun:
        yield begun
