"""Admission: what every store does under the log's lock: whether an append may come in, its positions and its stamp."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from threading import Lock
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from ticketing.adapters.codec import Codec
from ticketing.adapters.store import (
    Append,
    Claim,
    ClaimConflict,
    ClaimKind,
    CommandRepeated,
    VersionConflict,
)
from ticketing.adapters.view import ViewId
from ticketing.domain.errors import BadInput, Conflict, StoreError
from ticketing.domain.slots import maker
from ticketing.domain.values import Envelope, Event, Recorded

_MICROSECOND = timedelta(microseconds=1)
_fields_of = attrgetter(*(field.name for field in fields(Envelope)))
_make_recorded = maker(Recorded)


@dataclass(frozen=True, slots=True)
class Encoded:
    """An append on its way in: encoded before the lock is taken.

    Attributes:
        stored: The stored forms.
        facts: The same as they will be read.
    """

    append: Append
    stored: tuple[StoredEvent, ...]
    facts: tuple[Envelope[Event], ...]


@dataclass(frozen=True, slots=True)
class Admitted:
    """An append that was let in, its facts as recorded."""

    encoded: Encoded
    facts: tuple[Recorded[Event], ...]

    @property
    def rows(self) -> Iterator[tuple[Recorded[Event], StoredEvent]]:
        """Each fact with its stored form."""
        return zip(self.facts, self.encoded.stored, strict=True)


def _shut() -> Lock:
    gate = Lock()
    gate.acquire()
    return gate


@dataclass(slots=True, eq=False)
class Request:
    """One call of `append` on its way.

    Attributes:
        admitted: What was let in of it; it is kept only when its transaction is.
        error: Why it was not.
        is_done: Whether it has its answer.
        gate: Shut until there is a reason for its thread to look again.
    """

    encoded: Sequence[Encoded]
    admitted: Sequence[Admitted] = ()
    error: Exception | None = None
    is_done: bool = False
    gate: Lock = field(default_factory=_shut)

    def wake(self) -> None:
        """Has its thread look again, though it may not sleep."""
        with suppress(RuntimeError):  # it is open already
            self.gate.release()

    def answer(self) -> list[tuple[Recorded[Event], ...]]:
        """The recorded facts, append by append.

        Raises:
            Conflict: It was not let in.
            StoreError: Its transaction failed.
            Exception: Whatever else stopped it.
        """
        if self.error is not None:
            raise self.error
        return [one.facts for one in self.admitted]


@dataclass(frozen=True, slots=True)
class Held:
    """A claim and the stream that holds it."""

    kind: ClaimKind
    key: str
    stream_id: UUID


@dataclass(slots=True, kw_only=True)
class Standing:
    """What the log has, as far as the appends at hand touch it; read under the lock and kept up as they are let in.

    Attributes:
        position: The last position.
        recorded_at: The last stamp.
        versions: The last version by stream; of streams that do not exist, 0 or nothing.
        commands: Those ids of the appends' commands that are on record.
        holders: Who holds the claims asked for.
        inline: The views whose rows are part of every append.
        released: What the appends have given up; to be deleted before `claimed` is inserted.
        claimed: What they hold in the end and did not before, in order of claiming.
    """

    position: int
    recorded_at: datetime | None
    versions: dict[UUID, int]
    commands: set[UUID]
    holders: dict[tuple[ClaimKind, str], list[UUID]]
    inline: tuple[ViewId, ...] = ()
    released: dict[Held, None] = field(default_factory=dict)
    claimed: dict[Held, None] = field(default_factory=dict)

    def admit_each(self, requests: Sequence[Request], clock: Callable[[], datetime]) -> list[Admitted]:
        """What of the requests is let in, in order; each is told, and none pays for what stops another."""
        for request in requests:
            before = self._copy() if len(requests) > 1 and len(request.encoded) > 1 else None
            request.admitted, request.error = (), None
            try:
                request.admitted = [self._admit(one, clock) for one in request.encoded]
            except Exception as error:  # a conflict, or a clock that fails
                if len(requests) == 1 and not isinstance(error, Conflict):
                    raise  # there is nobody to be spared: its transaction fails
                request.error = error
                if before is not None:
                    self._restore(before)
                elif len(requests) == 1:
                    return []
        return [one for request in requests for one in request.admitted]

    def _copy(self) -> "Standing":
        return replace(
            self,
            versions=dict(self.versions),
            commands=set(self.commands),
            holders={claim: list(held) for claim, held in self.holders.items()},
            released=dict(self.released),
            claimed=dict(self.claimed),
        )

    def _restore(self, before: "Standing") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(before, name))

    def _admit(self, encoded: Encoded, clock: Callable[[], datetime]) -> Admitted:
        """The append with positions and one stamp.

        Raises:
            Conflict: As `Store.append` says; nothing of it was noted.
            Exception: The clock's; the same.
        """
        append = encoded.append
        if append.command_id in self.commands:
            raise CommandRepeated(f"command {append.command_id} is on record already")
        version = self.versions.get(append.stream_id, 0)
        if version != append.expected_version:
            raise VersionConflict(f"stream {append.stream_id} is at version {version}, not {append.expected_version}")
        for claim in append.claims:
            self._require_free(claim, append)
        facts = self._recorded(encoded.facts, clock)
        self.commands.add(append.command_id)
        self.versions[append.stream_id] = version + len(encoded.facts)
        for claim in append.releases:
            self._release(Held(claim.kind, claim.key, append.stream_id))
        for claim in append.claims:
            self._claim(Held(claim.kind, claim.key, append.stream_id))
        return Admitted(encoded, facts)

    def _require_free(self, claim: Claim, append: Append) -> None:
        if claim.is_exclusive:
            for holder in self.holders.get((claim.kind, claim.key), ()):
                if holder != append.stream_id:
                    raise ClaimConflict(claim, holder)

    def _release(self, held: Held) -> None:
        holders = self.holders.get((held.kind, held.key), [])
        if held.stream_id in holders:
            holders.remove(held.stream_id)
        self.claimed.pop(held, None)
        self.released[held] = None

    def _claim(self, held: Held) -> None:
        holders = self.holders.setdefault((held.kind, held.key), [])
        if held.stream_id not in holders:
            holders.append(held.stream_id)
            self.claimed[held] = None

    def _recorded(self, facts: Sequence[Envelope[Event]], clock: Callable[[], datetime]) -> tuple[Recorded[Event], ...]:
        if not facts:
            return ()
        now = utc(clock)
        stamp = now if self.recorded_at is None else max(now, self.recorded_at + _MICROSECOND)
        first = self.position + 1
        self.position += len(facts)
        self.recorded_at = stamp
        return tuple(_recorded(fact, position, stamp) for position, fact in enumerate(facts, first))


def encoded(codec: Codec, appends: Sequence[Append]) -> list[Encoded]:
    """The appends, encoded and proved readable.

    Raises:
        StoreError: An envelope has no stored form, or is not its stream's next.
        BadInput: A text or key holds what a store cannot keep.
    """
    return [_encoded(codec, append) for append in appends]


def _encoded(codec: Codec, append: Append) -> Encoded:
    for number, envelope in enumerate(append.envelopes, append.expected_version + 1):
        if (envelope.stream_id, envelope.stream_kind, envelope.version) != (
            append.stream_id,
            append.stream_kind,
            number,
        ):
            raise StoreError(f"an append to stream {append.stream_id} holds a fact that is not its version {number}")
    for claim in append.claims:
        if "\0" in claim.key:
            raise BadInput(f"{claim.kind} {claim.key!r}: a zero character cannot be kept")
    pairs = [codec.encode(envelope) for envelope in append.envelopes]
    return Encoded(append, tuple(stored for stored, _ in pairs), tuple(fact for _, fact in pairs))


def utc(clock: Callable[[], datetime]) -> datetime:
    """What the clock says, in UTC.

    Raises:
        StoreError: It names no zone.
    """
    now = clock()
    if now.tzinfo is None:
        raise StoreError("the clock gives an instant without a zone")
    return now.astimezone(UTC)


def appends_of(requests: Sequence[Request]) -> list[Append]:
    """The appends of all requests, in order."""
    return [one.append for request in requests for one in request.encoded]


def claims_touched(appends: Sequence[Append]) -> list[tuple[ClaimKind, str]]:
    """The keys that the appends claim or give up."""
    return list(
        dict.fromkeys((claim.kind, claim.key) for append in appends for claim in (*append.releases, *append.claims))
    )


def _recorded(fact: Envelope[Event], position: int, recorded_at: datetime) -> Recorded[Event]:
    recorded: Recorded[Event] = _make_recorded(*_fields_of(fact), position, recorded_at)
    return recorded
