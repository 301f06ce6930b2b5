"""Leaf: what of an event goes into the hash tree: its place, its name, its stamp and its bytes as they are stored.

Law of this file: the form is for ever; whoever has a proof from years ago makes the same bytes of the same event.
Every field comes with its length, so that no two events have the same entry.
"""

from datetime import datetime
from uuid import UUID

from ticketing.domain.merkle import leaf_hash
from ticketing.domain.values import instant_text

_LENGTH_BYTES = 4


def entry_of(position: int, stream_id: UUID, version: int, topic: str, recorded_at: datetime, state: bytes) -> bytes:
    """The entry of the event at a position of the log: six fields, each after its length in four bytes, big-endian.

    Args:
        position: From 1; written in decimal.
        stream_id: Written in lower case with hyphens.
        version: Of the stream, from 1; written in decimal.
        topic: The name under which the event is stored, such as `ticketing:TicketOpened`.
        recorded_at: Written in UTC with six digits of microseconds and `Z`.
        state: The stored bytes.
    """
    fields = (
        str(position).encode(),
        str(stream_id).encode(),
        str(version).encode(),
        topic.encode(),
        instant_text(recorded_at).encode(),
        state,
    )
    return b"".join(part for field in fields for part in (len(field).to_bytes(_LENGTH_BYTES, "big"), field))


def leaf_of(position: int, stream_id: UUID, version: int, topic: str, recorded_at: datetime, state: bytes) -> bytes:
    """The hash of that entry as a leaf of the tree, whose index is one less than the position."""
    return leaf_hash(entry_of(position, stream_id, version, topic, recorded_at, state))
