"""A race: many write to one log at once, some follow it, and what each follower saw is held against what was kept.

The log may be ours or the library's: whoever keeps attempts and gives pages can be raced.
"""

import itertools
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Event as Flag
from threading import Thread
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID, uuid4

from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow

from tests.store_examples import CLERK, START, Tally, TallyRow, mark, number
from ticketing.adapters.store import Append, Claim, ClaimConflict, Store, VersionConflict
from ticketing.adapters.urls import open_store, split_schema
from ticketing.domain.errors import StoreError
from ticketing.domain.events import HostFactRecorded, RepairStarted
from ticketing.domain.values import Envelope, Event, Recorded

DEADLINE_SECONDS = 120
BULK = 25
CONTENDED = 999
"""The writer who is none, whose streams the others fight over."""
Why = Literal["version", "claim", "clock", "rolled back"]


class Fact(NamedTuple):
    """Which fact it is, wherever it stands."""

    stream_id: UUID
    version: int


class Seen(NamedTuple):
    """A fact where it stands in the log."""

    position: int
    fact: Fact


LAST = Fact(number(-1), 1)
"""Written when all writers are done: who has seen it has seen the end of the log."""

FIRST, SECOND = Fact(number(-2), 1), Fact(number(-3), 1)
"""Of the writer that stalls, and of the one that comes after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What a writer tries to have kept, all of it or nothing.

    Attributes:
        facts: In this order.
        claim: A ticket number that their first stream claims for itself.
        is_interrupted: Fails when its facts are written already, just before they are committed.
    """

    facts: tuple[Fact, ...]
    claim: str | None = None
    is_interrupted: bool = False


class Refused(Exception):
    """Nothing of an attempt was kept."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class Subject(Protocol):
    """A log that can be raced."""

    def keep(self, attempt: Attempt) -> list[Seen]:
        """Where the facts of an attempt stand.

        Raises:
            Refused: Nothing of it was kept.
        """
        ...

    def read(self, after: int, limit: int) -> list[Seen]:
        """At most so many facts after a position, in order."""
        ...


@dataclass(slots=True)
class Told:
    """What writers were told: of which facts that they are kept, and how often they were refused, and why."""

    kept: list[Seen] = field(default_factory=list)
    refused: Counter[Why] = field(default_factory=Counter)

    def __add__(self, other: "Told") -> "Told":
        return Told(self.kept + other.kept, self.refused + other.refused)


# who writes what


def attempts_of(writer: int, count: int) -> Iterator[Attempt]:
    """A writer's attempts: one in ten brings many streams, one in twenty fails or is fought over."""
    for turn in range(count):
        mine = Fact(_stream(writer, turn), 1)
        if turn % 20 == 19:
            yield _doubtful(writer, turn, mine)
        else:
            others = range(1, BULK) if turn % 10 == 5 else ()
            facts = (Fact(mine.stream_id, version) for version in range(1, turn % 3 + 2))
            yield Attempt(facts=(*facts, *(Fact(_stream(writer, turn, other), 1) for other in others)))


def _doubtful(writer: int, turn: int, mine: Fact) -> Attempt:
    match (turn // 20 + writer) % 4:
        case 0:  # many writers begin the same stream at about the same time: one of them may
            return Attempt(facts=(Fact(_stream(CONTENDED, turn), 1), Fact(_stream(CONTENDED, turn), 2)))
        case 1:  # many ask for the same ticket number, each for a ticket of its own
            return Attempt(facts=(mine,), claim=f"R-{turn}")
        case 2:  # the last of a bulk is there already
            return Attempt(facts=(mine, Fact(_stream(writer, turn, 1), 1), Fact(_stream(writer, 0), 1)))
        case _:
            return Attempt(facts=(mine, Fact(mine.stream_id, 2)), is_interrupted=True)


def _stream(writer: int, turn: int, other: int = 0) -> UUID:
    return number((writer * 1000 + turn) * 1000 + other)


def write(subject: Subject, attempts: Iterable[Attempt]) -> Told:
    """Tries one after the other; what is refused is given up."""
    told = Told()
    for attempt in attempts:
        try:
            told.kept += subject.keep(attempt)
        except Refused as refused:
            told.refused[refused.why] += 1
    return told


def keep_last(subject: Subject) -> list[Seen]:
    """Where `LAST` stands, however often it is refused at first."""
    while True:
        with suppress(Refused):
            return subject.keep(Attempt(facts=(LAST,)))


def follow(read: Callable[[int, int], Sequence[Seen]], page_size: int) -> list[Seen]:
    """All that somebody sees who follows the log from its beginning to `LAST`."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    seen: list[Seen] = []
    while not seen or seen[-1].fact != LAST:
        assert time.monotonic() < deadline, f"the end of the log has not come: {len(seen)} facts seen"
        page = read(seen[-1].position if seen else 0, page_size)
        seen += page
        if not page:
            time.sleep(0.0005)
    return seen


# what is wrong


def wrong(told: Told, seen: Sequence[Seen]) -> dict[str, list[object]]:
    """What is wrong with what a reader saw; empty if it saw each fact that was kept, once, in order and in its place.

    Returns:
        By kind of wrong the facts or positions; `gaps` are positions at which nothing stands.
    """
    times = Counter(one.fact for one in seen)
    place = {one.fact: one.position for one in told.kept}
    kept = Counter(one.fact for one in told.kept)
    positions = [one.position for one in seen]
    found: dict[str, Sequence[object]] = {
        "missed": [fact for fact in place if fact not in times],
        "kept twice": [fact for fact, count in kept.items() if count > 1],
        "twice": [fact for fact, count in times.items() if count > 1],
        "refused, but there": [fact for fact in times if fact not in place],
        "elsewhere": [one for one in seen if place.get(one.fact, one.position) != one.position],
        "out of order": [after for before, after in itertools.pairwise(positions) if after <= before],
        "gaps": sorted(set(range(1, max(positions, default=0) + 1)) - set(positions)),
    }
    return {kind: list(those) for kind, those in found.items() if those}


# the races


class Running:
    """Threads at their work."""

    def __init__(self, *work: Callable[[], object]) -> None:
        self._errors: list[BaseException] = []
        self._threads = [Thread(target=self._run, args=(one,), daemon=True) for one in work]
        for thread in self._threads:
            thread.start()

    def _run(self, work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            self._errors.append(error)

    def is_done(self, seconds: float = DEADLINE_SECONDS) -> bool:
        """Whether all have ended, within so many seconds; raises what one of them raised."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0))
        if self._errors:
            raise self._errors[0]
        return not any(thread.is_alive() for thread in self._threads)


def write_at_once(subjects: Sequence[Subject], writers: Iterable[int], count: int) -> Told:
    """What writers were told that wrote at once, each in a thread of its own, over the subjects in turn."""
    told: list[Told] = []

    def writing(subject: Subject, writer: int) -> Callable[[], None]:
        attempts = list(attempts_of(writer, count))
        return lambda: told.append(write(subject, attempts))

    running = Running(*map(writing, itertools.cycle(subjects), writers))
    assert running.is_done(), "a writer is stuck"
    return sum(told, Told())


def seen_around_a_stall(
    stalled: AbstractContextManager[None],
    write_too: Callable[[], object],
    read: Callable[[int, int], Sequence[Seen]],
    *,
    patience_seconds: float = 0.3,
) -> tuple[list[Seen], bool]:
    """One writer takes its position and stalls, another writes, somebody reads, the first commits, he reads on.

    Args:
        stalled: A writer between taking its position and committing, as long as this lasts.
        write_too: Returns when the other's fact is committed.
        read: The log, for who follows it.
        patience_seconds: How long the other is given before somebody reads.

    Returns:
        What the reader saw, and whether the other had to wait for the first.
    """
    with stalled:
        other = Running(write_too)
        has_waited = not other.is_done(patience_seconds)
        seen = list(read(0, 10))
    assert other.is_done(), "the other writer is stuck"
    return [*seen, *read(seen[-1].position if seen else 0, 10)], has_waited


# ours


class Interruption(BaseException):
    """What ends a thread in the middle of its work, such as an operator's Ctrl-C."""


class Interrupting(Tally):
    """Kept inline, it counts facts, and is interrupted at some: when these are written, and not committed."""

    name = "interrupting"

    def apply(self, row: TallyRow, fact: Recorded[Event]) -> TallyRow:
        if isinstance(fact.event, HostFactRecorded):
            raise Interruption
        return super().apply(row, fact)


INTERRUPTING = Interrupting()


class NoTime(StoreError):
    """The clock cannot be read, and says so in the words of the house."""


class BrokenClock(Exception):
    """The clock cannot be read, and fails with what nobody has foreseen."""


class StumblingClock:
    """The machine's clock, which now and then cannot be read: under the append lock, in the middle of a bulk too."""

    def __init__(self, every: int = 199) -> None:
        self._every = every
        self._calls = itertools.count(1)

    def __call__(self) -> datetime:
        stumbles, rest = divmod(next(self._calls), self._every)
        if rest == 0:
            raise NoTime if stumbles % 2 else BrokenClock
        return datetime.now(UTC)


class OwnLog:
    """A store of ours, to be raced."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, attempt: Attempt) -> list[Seen]:
        try:
            kept = self._store.append(_appends(attempt))
        except VersionConflict as error:
            raise Refused("version") from error
        except ClaimConflict as error:
            raise Refused("claim") from error
        except (NoTime, BrokenClock) as error:
            raise Refused("clock") from error
        except Interruption as error:
            raise Refused("rolled back") from error
        return [_seen(fact) for facts in kept for fact in facts]

    def read(self, after: int, limit: int) -> list[Seen]:
        return [_seen(fact) for fact in self._store.log(after, limit)]


def seen_by(facts: Iterable[Recorded[Event]]) -> list[Seen]:
    """Where facts stand, up to the last."""
    seen = []
    for fact in facts:
        seen.append(_seen(fact))
        if seen[-1].fact == LAST:
            break
    return seen


def _seen(fact: Recorded[Event]) -> Seen:
    return Seen(fact.position, Fact(fact.stream_id, fact.version))


def _appends(attempt: Attempt) -> list[Append]:
    by_stream = itertools.groupby(attempt.facts, key=lambda fact: fact.stream_id)
    appends = [_append(stream_id, [fact.version for fact in facts], attempt) for stream_id, facts in by_stream]
    claims = (Claim("number", attempt.claim),) if attempt.claim else ()
    return [replace(appends[0], claims=claims), *appends[1:]]


def _append(stream_id: UUID, versions: Sequence[int], attempt: Attempt) -> Append:
    command_id = uuid4()
    envelopes: list[Envelope[Event]] = [
        Envelope(
            stream_id=stream_id,
            stream_kind="ticket",
            version=version,
            occurred_at=START,
            actor=CLERK,
            command_id=command_id,
            event=mark("interrupt") if attempt.is_interrupted else RepairStarted(),
        )
        for version in versions
    ]
    return Append(
        stream_id=stream_id,
        stream_kind="ticket",
        expected_version=versions[0] - 1,
        command_id=command_id,
        command_digest=str(command_id),
        envelopes=tuple(envelopes),
    )


@contextmanager
def stalled(url: str) -> Iterator[None]:
    """A writer of ours that has taken the position of `FIRST`, and stands there for as long as this lasts."""
    is_there, go_on = Flag(), Flag()

    def clock() -> datetime:
        is_there.set()
        go_on.wait(DEADLINE_SECONDS)
        return START

    with closing(open_store(url, clock=clock, random_bytes=secrets.token_bytes)) as store:
        writer = Running(lambda: OwnLog(store).keep(Attempt(facts=(FIRST,))))
        try:
            assert is_there.wait(DEADLINE_SECONDS), "the clock is never asked"
            yield
        finally:
            go_on.set()
        assert writer.is_done(), "the writer that stalled is stuck"


# the library's


class StockLog:
    """The library's log in PostgreSQL.

    Args:
        url: Of an empty schema.
        is_unsafe: As with `POSTGRES_ENABLE_DB_FUNCTIONS=y`, which takes its lock away.
    """

    def __init__(self, url: str, *, is_unsafe: bool) -> None:
        conninfo, schema = split_schema(url)
        said: dict[str, Any] = dict(conninfo_to_dict(conninfo))
        place: dict[str, Any] = {
            key: str(said.get(key) or "") for key in ("dbname", "host", "port", "user", "password")
        }
        self._datastore = PostgresDatastore(**place, schema=schema, pool_size=20, enable_db_functions=is_unsafe)
        self._recorder = PostgresApplicationRecorder(self._datastore)
        self._recorder.create_table()

    def keep(self, attempt: Attempt) -> list[Seen]:
        forms = [StoredEvent(*fact, "raced", b"{}") for fact in attempt.facts]
        if attempt.is_interrupted:
            with self._datastore.transaction(commit=False) as cursor:
                self._insert(cursor, forms)
            raise Refused("rolled back")
        try:
            positions = self._recorder.insert_events(forms)
        except IntegrityError as error:
            raise Refused("version") from error
        return [Seen(position, fact) for position, fact in zip(positions or (), attempt.facts, strict=True)]

    def read(self, after: int, limit: int) -> list[Seen]:
        page = self._recorder.select_notifications(after, limit, inclusive_of_start=False)
        return [Seen(one.id, Fact(UUID(str(one.originator_id)), one.originator_version)) for one in page]

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """A writer that has taken the position of `FIRST`, and commits when this ends."""
        with self._datastore.transaction(commit=True) as cursor:
            self._insert(cursor, [StoredEvent(*FIRST, "raced", b"{}")])
            yield

    def close(self) -> None:
        self._datastore.close()

    def _insert(self, cursor: Cursor[DictRow], forms: Sequence[StoredEvent]) -> None:
        """What `insert_events` does, in a transaction that is ended elsewhere."""
        if self._datastore.enable_db_functions:
            made = self._recorder.construct_pg_stored_event
            events = [made(one.originator_id, one.originator_version, one.topic, one.state) for one in forms]
            cursor.execute(self._recorder.sql_invoke_pg_function_insert_events, (events,))
        else:
            self._recorder._insert_stored_events(cursor, forms)
