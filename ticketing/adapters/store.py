"""Store: the port through which everything is kept. Memory, SQLite and PostgreSQL pass the same contract.

Laws of this port: appends are serialised by one lock held until they are committed, so the order of the log is the
order of commit; positions are gap-free from 1; `recorded_at` is max(clock, last + 1 microsecond), one stamp per
append, taken under the lock. A call of `append` is kept whole or not at all; calls of several threads may share a
transaction, and none is the worse for another's conflict. Rows of inline projections are part of that transaction.
"""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Literal, NamedTuple, TypeVar
from uuid import UUID

from ticketing.adapters.codec import Codec
from ticketing.adapters.kept_rules import KeptRules
from ticketing.adapters.private import SaltedText
from ticketing.adapters.tree import Tree
from ticketing.adapters.view import View, ViewId, ViewState
from ticketing.domain.errors import BadInput, Conflict, UnreadableEvent
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Envelope, Event, Logged, Recorded, StreamKind, Unreadable
from ticketing.projections.row import Row

ClaimKind = Literal["number", "unit"]
R = TypeVar("R", bound=Row)

STORE_KEY_BYTES = 32

STORE_SCHEMA = 4
"""The version of the tables, not of the events in them."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that a stream holds: its ticket number for ever, its unit while the ticket is open.

    Attributes:
        is_exclusive: Refuse the append when another stream holds the key; a flagged fact claims it beside the other.
    """

    kind: ClaimKind
    key: str
    is_exclusive: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """The facts of one command, with everything that has to be kept or refused together with them.

    Attributes:
        expected_version: The stream's version before; 0 for a new stream.
        command_digest: Keyed digest of what the caller sent, to tell a repetition from a reuse of its id.
        releases: Claims that the stream gives up.
    """

    stream_id: UUID
    stream_kind: StreamKind
    expected_version: int
    command_id: UUID
    command_digest: str
    envelopes: tuple[Envelope[Event], ...]
    claims: tuple[Claim, ...] = ()
    releases: tuple[Claim, ...] = ()
    texts: tuple[SaltedText, ...] = ()

    @property
    def kept_command(self) -> "KeptCommand":
        """What is kept of its command."""
        last_version = self.expected_version + len(self.envelopes)
        return KeptCommand(self.command_digest, self.stream_id, self.expected_version + 1, last_version)


@dataclass(frozen=True, slots=True)
class KeptCommand:
    """What is kept of a command: what its caller sent, as a keyed digest, and which facts it caused."""

    command_digest: str
    stream_id: UUID
    first_version: int
    last_version: int


class VersionConflict(Conflict):
    """The stream is not at the expected version."""


class ClaimConflict(Conflict):
    """Another stream holds a key that was claimed exclusively."""

    def __init__(self, claim: Claim, holder: UUID) -> None:
        super().__init__(f"{claim.kind} {claim.key} is held by {holder}")
        self.claim = claim
        self.holder = holder


class CommandRepeated(Conflict):
    """The command id is on record already."""


class Stored(NamedTuple):
    """One row of the log, as it is stored; times in UTC."""

    position: int
    stream_id: UUID
    version: int
    topic: str
    state: bytes
    recorded_at: datetime
    stream_kind: StreamKind


class Log(ABC):
    """The log and the views beside it, as a store has them or one transaction of it."""

    codec: Codec
    rules: KeptRules

    @abstractmethod
    def head(self) -> int:
        """The last position of the log; 0 when it is empty."""

    @abstractmethod
    def stored_log(self, after: int, limit: int) -> list[Stored]:
        """At most `limit` rows with a position above `after`, in order of position."""

    @abstractmethod
    def stored_stream(self, stream_id: UUID, *, after_version: int = 0) -> list[Stored]:
        """The rows of one stream in order of version; empty when there is none."""

    @abstractmethod
    def stored_streams(self, stream_ids: Collection[UUID]) -> dict[UUID, list[Stored]]:
        """The same of several streams at once, by id; no entry where there is none."""

    @abstractmethod
    def stored_publications(self, after: int, up_to: int) -> list[Stored]:
        """The rows of reference streams above one position and up to another, in order of position."""

    @abstractmethod
    def view(self, name: str, version: int, row: type[R], *, is_next: bool = False) -> View[R]:
        """The view of one projection's rows, made if it is not there.

        Raises:
            StoreError: It was made of other columns.
        """

    def log(self, after: int, limit: int) -> list[Recorded[Event]]:
        """At most `limit` facts with a position above `after`, in order of position.

        Raises:
            UnreadableEvent: One of them cannot be read.
        """
        return self.read(self.stored_log(after, limit))

    def stream(self, stream_id: UUID, *, after_version: int = 0) -> list[Recorded[Event]]:
        """The facts of one stream in order of version; empty when there is none.

        Raises:
            UnreadableEvent: One of them cannot be read.
        """
        return self.read(self.stored_stream(stream_id, after_version=after_version))

    def published(self, after: int, up_to: int) -> list[Logged]:
        """What reference streams have above one position and up to another, in order of position."""
        return self.read_each(self.stored_publications(after, up_to))

    def recorded_at(self, position: int) -> datetime:
        """When the log took what stands at a position, which is there."""
        return self.stored_log(position - 1, 1)[0].recorded_at

    def known_at(self, instant: datetime | None, *, up_to: int | None = None) -> int:
        """The last position that was recorded by an instant, inclusive; None cuts nothing.

        Args:
            instant: With a zone.
            up_to: A position that is not passed; None is the head.
        """
        last = self.head() if up_to is None else up_to
        return last if instant is None else bisect_right(range(1, last + 1), instant, key=self.recorded_at)

    def rules_at(self, position: int) -> TimeRules:
        """What clocks are judged by as of a position, which is committed.

        Raises:
            UnreadableEvent: A publication cannot be read.
        """
        return self.rules.at(position, self.published)

    def read(self, rows: Iterable[Stored]) -> list[Recorded[Event]]:
        """The facts of stored rows.

        Raises:
            UnreadableEvent: One of them cannot be read.
        """
        return list(self.read_in_turn(rows))

    def read_in_turn(self, rows: Iterable[Stored]) -> Iterator[Recorded[Event]]:
        """The same, each when it is asked for: who lets go of one before the next has it read in two thirds the time.

        Raises:
            UnreadableEvent: The next of them cannot be read.
        """
        recorded = self.codec.recorded
        return (recorded(*row[:6]) for row in rows)

    def read_each(self, rows: Iterable[Stored]) -> list[Logged]:
        """The same, what cannot be read as such."""
        return list(self.read_each_in_turn(rows))

    def read_each_in_turn(self, rows: Iterable[Stored]) -> Iterator[Logged]:
        """The same, each when it is asked for."""
        return map(self._logged, rows)

    def _logged(self, row: Stored) -> Logged:
        try:
            return self.codec.recorded(*row[:6])
        except UnreadableEvent as error:
            return Unreadable(
                stream_id=row.stream_id,
                stream_kind=row.stream_kind,
                version=row.version,
                position=row.position,
                recorded_at=row.recorded_at,
                topic=row.topic,
                reason=str(error),
            )


class Watch(ABC):
    """One process's watch over the log: it is woken by appends, and leads views while nobody else does.

    Every method raises `StoreError` once its connection is lost; its leads are lost with it.
    """

    @abstractmethod
    def lead(self, view: ViewId) -> int | None:
        """Takes or keeps the lead of a view that is there.

        Returns:
            The fencing number; None while another process leads.
        """

    @abstractmethod
    def wait(self, seconds: float) -> None:
        """Returns when something may have been appended since the last call, at the latest after so many seconds."""

    @abstractmethod
    def close(self) -> None:
        """Gives up every lead; does not fail."""


class Store(Log):
    """One log with its private texts and its views."""

    tree: Tree
    """The hash tree over the log, and the checkpoints of it that came back signed."""

    @property
    @abstractmethod
    def key(self) -> bytes:
        """The store's secret key for matches and command digests; made with the store, never changed."""

    @abstractmethod
    def append(self, appends: Sequence[Append]) -> list[tuple[Recorded[Event], ...]]:
        """Keeps the appends in order in one transaction; each gets a stamp of its own.

        Returns:
            The recorded facts, append by append.

        Raises:
            VersionConflict: A stream is not at its expected version.
            ClaimConflict: Another stream holds an exclusive claim.
            CommandRepeated: A command id is on record already.
            MissingProjection: The store keeps a projection inline that this process lacks.
        """

    @abstractmethod
    def stored_histories(
        self, stream_kind: StreamKind = "ticket", *, up_to: int | None = None
    ) -> Iterator[list[Stored]]:
        """Stream by stream in order of id, each stream's rows in order of version, in bounded memory.

        Args:
            stream_kind: The kind of streams asked for.
            up_to: Leave out rows with a higher position; None leaves out what is appended while they are read.
        """

    @abstractmethod
    def stored_topic(self, topic: str, after: int, limit: int) -> list[Stored]:
        """At most `limit` rows of one stored name with a position above `after`, in order; it looks at all of them."""

    def histories(
        self, stream_kind: StreamKind = "ticket", *, up_to: int | None = None
    ) -> Iterator[list[Recorded[Event]]]:
        """The same as facts.

        Raises:
            UnreadableEvent: One of them cannot be read.
        """
        return map(self.read, self.stored_histories(stream_kind, up_to=up_to))

    def make_report_views(self, kept: Sequence[tuple[ViewId, type[Row]]]) -> tuple[str, ...]:
        """Makes views of the rows of projections for other tools, or makes them anew.

        Args:
            kept: Those whose rows are shown, with the class of these.

        Returns:
            Their names as SQL has them.

        Raises:
            BadInput: The store is not in PostgreSQL.
        """
        raise BadInput("views for other tools are made in PostgreSQL; elsewhere, read rows: app.projections.rows(…)")

    @abstractmethod
    def last_recorded_at(self) -> datetime | None:
        """The last stamp of the log; None when it is empty."""

    def command(self, command_id: UUID) -> KeptCommand | None:
        """What is kept of a command, or None."""
        return self.commands([command_id]).get(command_id)

    @abstractmethod
    def commands(self, command_ids: Iterable[UUID]) -> dict[UUID, KeptCommand]:
        """What is kept of many commands, by id; no entry where there is nothing."""

    @abstractmethod
    def tally(self) -> tuple[int, int]:
        """How many facts the log has, and how many its commands say that it has: of one moment, twice the same."""

    @abstractmethod
    def holders(self, kind: ClaimKind, key: str) -> tuple[UUID, ...]:
        """The streams that hold a key, in the order in which they claimed it."""

    @abstractmethod
    def texts(self, digests: Iterable[str]) -> dict[str, str | None]:
        """The private texts behind digests; None where one was erased, no entry where there never was one."""

    @abstractmethod
    def salted(self, digests: Iterable[str]) -> dict[str, SaltedText]:
        """The same with their salts, to be disclosed; no entry where there is none or it was erased."""

    @abstractmethod
    def erase(self, digests: Iterable[str]) -> int:
        """Erases texts and salts behind digests for good, from the file too.

        Returns:
            How many were erased now; those already erased do not count.
        """

    @abstractmethod
    def views(self) -> list[ViewState]:
        """Where every view stands, in order of name and version, what is being rebuilt after what is served."""

    @abstractmethod
    def remove_view(self, view: ViewId) -> None:
        """Removes a view with its rows and letters, whatever its columns; nothing happens where there is none.

        Raises:
            Conflict: Readers kept the rows in use for too long.
        """

    @abstractmethod
    def locked(self) -> AbstractContextManager[Log]:
        """The log in one transaction under its append lock: nobody appends, and what is written commits at the end."""

    @abstractmethod
    def watch(self, leader: str) -> Watch:
        """A watch of its own, for one thread.

        Args:
            leader: Who watches, as others shall see it; no two watches have the same.
        """

    @abstractmethod
    def kept_texts(self) -> Iterator[tuple[str, SaltedText | None]]:
        """Every private text by its digest, in order of digest, None where it was erased; in bounded memory."""

    @abstractmethod
    def close(self) -> None:
        """Gives back every connection; a closed store is not used again."""


def by_stream(page: Callable[[tuple[UUID, int]], Sequence[Stored]]) -> Iterator[list[Stored]]:
    """Each stream's rows, for a store that reads them in pages; in the memory of one page and one stream.

    Args:
        page: The next rows after a stream and version, in order of both; empty at the end.
    """
    after = (UUID(int=0), 0)
    begun: list[Stored] = []
    while rows := page(after):
        after = (rows[-1].stream_id, rows[-1].version)
        for stream_id, group in groupby(rows, key=lambda row: row.stream_id):
            if begun and begun[-1].stream_id != stream_id:
                yield begun
                begun = []
            begun += group
    if begun:
        yield begun
