"""Store: the port through which everything is kept. Memory, SQLite and PostgreSQL pass the same contract.

Laws of this port: appends are serialised by one lock held until they are committed, so the order of the log is the
order of commit; positions are gap-free from 1; `recorded_at` is max(clock, last + 1 microsecond), one stamp per
append, taken under the lock. An append is kept whole or not at all.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Generic, Literal, TypeVar
from uuid import UUID

from ticketing.domain.errors import Conflict
from ticketing.domain.values import Envelope, Event, Recorded, StreamKind
from ticketing.projections.row import Row

ClaimKind = Literal["number", "unit"]
R = TypeVar("R", bound=Row)

STORE_KEY_BYTES = 32

STORE_SCHEMA = 1
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


@dataclass(frozen=True, slots=True)
class SaltedText:
    """A private text on its way beside the log. `digest` is sha256 of salt and text in UTF-8, lower-case hex."""

    digest: str
    salt: bytes
    text: str


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


class View(ABC, Generic[R]):
    """The rows of one projection, kept together with the position up to which they are folded."""

    @abstractmethod
    def position(self) -> int:
        """The position of the last event folded; 0 before the first."""

    @abstractmethod
    def load(self, ticket_ids: Iterable[UUID]) -> dict[UUID, R]:
        """The rows of these tickets, where there are any."""

    @abstractmethod
    def save(self, rows: Iterable[R], *, expected_position: int, position: int) -> None:
        """Writes rows and position in one transaction.

        Raises:
            Conflict: The view is no longer at the expected position; nothing was written.
        """

    @abstractmethod
    def rows(self) -> Iterator[R]:
        """All rows, in order of ticket id, in bounded memory."""

    @abstractmethod
    def clear(self) -> None:
        """Drops the rows and puts the position back to 0."""


class Store(ABC):
    """One log with its private texts and its views."""

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
        """

    @abstractmethod
    def stream(self, stream_id: UUID, *, after_version: int = 0) -> list[Recorded[Event]]:
        """The facts of one stream in order of version; empty when there is none."""

    @abstractmethod
    def log(self, after: int, limit: int) -> list[Recorded[Event]]:
        """At most `limit` facts with a position above `after`, in order of position."""

    @abstractmethod
    def histories(
        self, stream_kind: StreamKind = "ticket", *, up_to: int | None = None
    ) -> Iterator[list[Recorded[Event]]]:
        """Stream by stream in order of id, each stream's facts in order of version, in bounded memory.

        Args:
            stream_kind: The kind of streams asked for.
            up_to: Leave out facts with a higher position.
        """

    @abstractmethod
    def head(self) -> int:
        """The last position of the log; 0 when it is empty."""

    @abstractmethod
    def last_recorded_at(self) -> datetime | None:
        """The last stamp of the log; None when it is empty."""

    @abstractmethod
    def command(self, command_id: UUID) -> KeptCommand | None:
        """What is kept of a command, or None."""

    @abstractmethod
    def holders(self, kind: ClaimKind, key: str) -> tuple[UUID, ...]:
        """The streams that hold a key, in the order in which they claimed it."""

    @abstractmethod
    def texts(self, digests: Iterable[str]) -> dict[str, str | None]:
        """The private texts behind digests; None where one was erased, no entry where there never was one."""

    @abstractmethod
    def erase(self, digests: Iterable[str]) -> int:
        """Erases texts and salts behind digests for good, from the file too.

        Returns:
            How many were erased now; those already erased do not count.
        """

    @abstractmethod
    def view(self, name: str, version: int, row: type[R]) -> View[R]:
        """The view of one projection's rows, made if it is not there."""

    @abstractmethod
    def close(self) -> None:
        """Gives back every connection; a closed store is not used again."""


def by_stream(page: Callable[[tuple[UUID, int]], Sequence[Recorded[Event]]]) -> Iterator[list[Recorded[Event]]]:
    """Each stream's facts, for a store that reads them in pages; in the memory of one page and one stream.

    Args:
        page: The next facts after a stream and version, in order of both; empty at the end.
    """
    after = (UUID(int=0), 0)
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
