"""Appends, rows, projections, clock and randomness for tests of stores."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar
from uuid import UUID, uuid5

from ticketing.adapters.private import SaltedText
from ticketing.adapters.store import Append, Claim
from ticketing.adapters.view import DeadLetter, View
from ticketing.domain.events import EventCorrected, EventRetracted, HostFactRecorded, NoteRecorded, RepairStarted
from ticketing.domain.publishing import kind_of
from ticketing.domain.reference import Published, SitePublished, reference_stream
from ticketing.domain.values import Actor, Envelope, Event, PrivateText, Recorded
from ticketing.projections.row import Row

R = TypeVar("R", bound=Row)
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
    at: datetime = START - timedelta(hours=1),
) -> Append:
    """An append of one fact, or of those given, to the n-th ticket at a version."""
    stream_id = number(ticket)
    command_id = number(1_000_000 * (ticket + 1) + version if command is None else command)
    envelopes = [
        Envelope(
            stream_id=stream_id,
            stream_kind="ticket",
            version=version + offset,
            occurred_at=at,
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
    return publication(SitePublished(key=key, version=1, effective_from=START, kind="branch"))


def publication(thing: Published) -> Append:
    """An append that publishes the next version of a thing."""
    kind = kind_of(thing)
    stream_id = reference_stream(kind, thing.key)
    number_of_it = hash_number(f"{kind} {thing.key} {thing.version}")
    of_ticket = append(0, thing.version - 1, thing, command=number_of_it)
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


def mark(text: str, weight: int = 1) -> HostFactRecorded:
    """A mark on a ticket, which `Marks` takes in."""
    return HostFactRecorded(namespace="tests", name="mark", data={"mark": text, "weight": weight})


def correction(version: int, text: str) -> EventCorrected:
    """What the mark of that version says instead."""
    reason = PrivateText(digest=salted("misread").digest)
    return EventCorrected(target_version=version, field="data.mark", was=None, is_=text, reason=reason)


def retraction(version: int) -> EventRetracted:
    return EventRetracted(target_version=version, reason=PrivateText(digest=salted("not ours").digest))


def envelope_of(fact: Recorded[Event]) -> Envelope[Event]:
    fields: dict[str, Any] = {name: getattr(fact, name) for name in Envelope.__dataclass_fields__}
    return Envelope(**fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleRow(Row):
    """A row with a column of every kind."""

    site: str = "berlin"
    state: Literal["open", "closed"] = "open"
    visits: int | None = None
    is_back: bool = False
    was_asked: bool | None = None
    received_at: datetime | None = None
    previous: UUID | None = None
    marks: tuple[str, ...] = ()
    stays: tuple[tuple[str, datetime | None], ...] = ()


FILLED_ROW = ExampleRow(
    ticket_id=number(7),
    latest_at=START,
    version=3,
    site="b\"erlin'; –",
    state="closed",
    visits=2**62,
    is_back=True,
    was_asked=False,
    received_at=datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    previous=number(8),
    marks=("a", "\0ü"),
    stays=(("berlin", START), ("leipzig", None)),
)


def save(view: View[R], rows: Iterable[R], position: int, *letters: DeadLetter) -> None:
    """Writes to a view as who has seen all that was written to it."""
    view.save(rows, revision=view.load([]).revision, position=position, letters=letters)


def letter(ticket: int, position: int) -> DeadLetter:
    """The letter of an event at a position."""
    return DeadLetter(
        ticket_id=number(ticket),
        position=position,
        version=position,
        topic="ticketing:RepairStarted",
        reason=f'ValueError: nothing can be made of {position}; "it\'s" – ü',
        recorded_at=START + position * MICROSECOND,
    )


ILLEGIBLE, UNSPEAKABLE = "illegible", "unspeakable"
_FAILURES = {ILLEGIBLE: "a mark\nthat is illegible", UNSPEAKABLE: "it's 100 % {} \\ – \0 \ud800"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarksRow(Row):
    """The marks on a ticket, in the order in which they were made."""

    weight: int = 0
    marks: tuple[str, ...] = ()


class Marks:
    """Gathers marks; those that are illegible or unspeakable it cannot take in."""

    name = "marks"
    version = 1
    row = MarksRow

    def apply(self, row: MarksRow, fact: Recorded[Event]) -> MarksRow:
        if not isinstance(fact.event, HostFactRecorded):
            return row
        text, weight = fact.event.data["mark"], fact.event.data["weight"]
        assert isinstance(text, str)
        assert isinstance(weight, int)
        if text in _FAILURES:
            raise ValueError(_FAILURES[text])
        return replace(row, weight=row.weight + weight, marks=(*row.marks, text))


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyRow(Row):
    """How many facts a ticket has."""

    facts: int = 0


class Tally:
    """Counts all facts."""

    name = "tally"
    version = 2
    row = TallyRow

    def apply(self, row: TallyRow, fact: Recorded[Event]) -> TallyRow:
        return replace(row, facts=row.facts + 1)


class Unknown(Tally):
    """A projection that the stores of the tests are not opened with."""

    name = "unknown"


MARKS, TALLY, UNKNOWN = Marks(), Tally(), Unknown()
