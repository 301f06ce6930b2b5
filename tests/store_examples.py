"""Appends, rows, clock and randomness for tests of stores."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from ticketing.adapters.store import (
    Append,
    Claim,
    SaltedText,
)
from ticketing.domain.events import NoteRecorded, RepairStarted
from ticketing.domain.reference import SitePublished, reference_stream
from ticketing.domain.values import Actor, Envelope, Event, PrivateText, Recorded, StreamKind

START = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CLERK = Actor(id="r-1", role="receptionist", site="berlin")
_IDS = UUID("6f1bb7a2-0000-4000-8000-000000000000")


def number(n: int) -> UUID:
    """The n-th example id."""
    return uuid5(_IDS, str(n))


@dataclass
class FakeClock:
    """A clock that stands still until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


def fake_random_bytes(count: int) -> bytes:
    return bytes(range(count))


def append(
    ticket: int,
    version: int,
    *events: Event,
    command: int | None = None,
    claims: Sequence[Claim] = (),
    releases: Sequence[Claim] = (),
    texts: Sequence[SaltedText] = (),
) -> Append:
    """An append of one fact, or of those given, to the n-th ticket at a version."""
    stream_id = number(ticket)
    command_id = number(1_000_000 * (ticket + 1) + version if command is None else command)
    envelopes = [
        Envelope(
            stream_id=stream_id,
            stream_kind="ticket",
            version=version + offset,
            occurred_at=START - timedelta(hours=1),
            actor=CLERK,
            command_id=command_id,
            event=event,
        )
        for offset, event in enumerate(events or (RepairStarted(),), 1)
    ]
    return Append(
        stream_id=stream_id,
        stream_kind="ticket",
        expected_version=version,
        command_id=command_id,
        command_digest=f"digest of {command_id}",
        envelopes=tuple(envelopes),
        claims=tuple(claims),
        releases=tuple(releases),
        texts=tuple(texts),
    )


def published(key: str) -> Append:
    """An append that publishes a site."""
    stream_id = reference_stream("site", key)
    event = SitePublished(key=key, version=1, effective_from=START, kind="branch")
    of_ticket = append(0, 0, event, command=hash_number(key))
    kind: StreamKind = "site"
    return replace(
        of_ticket,
        stream_id=stream_id,
        stream_kind=kind,
        envelopes=tuple(replace(one, stream_id=stream_id, stream_kind=kind) for one in of_ticket.envelopes),
    )


def hash_number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def salted(text: str, salt: bytes = b"0123456789abcdef") -> SaltedText:
    return SaltedText(hashlib.sha256(salt + text.encode()).hexdigest(), salt, text)


def note(text: SaltedText) -> NoteRecorded:
    return NoteRecorded(text=PrivateText(digest=text.digest))


def envelope_of(fact: Recorded[Event]) -> Envelope[Event]:
    fields: dict[str, Any] = {name: getattr(fact, name) for name in Envelope.__dataclass_fields__}
    return Envelope(**fields)
