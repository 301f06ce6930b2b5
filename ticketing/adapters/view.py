"""View: the port of one projection's rows, kept with the position up to which they are folded.

Laws of this port: rows, dead letters and position are written in one transaction; nobody writes over what he has not
seen, and a leader writes only while its fencing number is the last that was given.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from ticketing.adapters.counting import Statement
from ticketing.domain.errors import Conflict, StoreError
from ticketing.projections.row import Row

R = TypeVar("R", bound=Row)
PART = 5000
"""How many rows are written at a time."""


class ViewId(NamedTuple):
    """Which view: rows being rebuilt (`is_next`) lie beside those that are served."""

    name: str
    version: int
    is_next: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An event that a projection could not take in.

    Its ticket's later events are set aside with it, until it is retried with success or dropped. A dropped event is
    left out of the ticket's row for good.

    Attributes:
        position: Of the event, in the log.
        version: Of the event, in its stream.
        topic: The name under which it is stored.
        reason: What went wrong, in one line.
        recorded_at: When the log took the event.
        dropped_at: When somebody gave it up; None while its ticket waits.
    """

    ticket_id: UUID
    position: int
    version: int
    topic: str
    reason: str
    recorded_at: datetime
    dropped_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewState:
    """Where a view stands.

    Attributes:
        position: Of the last event folded; 0 before the first.
        ready_from: The position from which its rows may be read: the log's head when the view was made.
        is_inline: Whether its rows are written in the transaction of every append.
        fence: The last fencing number given to a leader.
        leader: Who leads it, or None.
        rate: Events per second when it was last folded; None before, and where appends write it.
        waiting: How many dead letters wait.
        dropped: How many were dropped.
    """

    id: ViewId
    position: int
    ready_from: int
    is_inline: bool = False
    fence: int = 0
    leader: str | None = None
    rate: float | None = None
    waiting: int = 0
    dropped: int = 0

    @property
    def is_ready(self) -> bool:
        """Whether the rows are more than a part of a first fold."""
        return self.position >= self.ready_from


@dataclass(frozen=True, slots=True)
class Loaded(Generic[R]):
    """What a view has of some tickets, as of one moment.

    Attributes:
        revision: How often the view was written to, to be given back when it is written to again.
        rows: Their rows, where there are any.
        letters: Their dead letters, in order of position, the dropped ones too.
    """

    position: int
    revision: int
    rows: Mapping[UUID, R]
    letters: tuple[DeadLetter, ...]


class RowsRefused(StoreError):
    """Rows with a value that no column takes; nothing was written.

    Attributes:
        reasons: By ticket, in one line.
    """

    def __init__(self, reasons: Mapping[UUID, str]) -> None:
        super().__init__("; ".join(f"the row of ticket {ticket_id}: {reason}" for ticket_id, reason in reasons.items()))
        self.reasons = reasons


def moved(view: ViewId) -> Conflict:
    """The refusal of a save by who has not seen the last one, or leads no longer."""
    return Conflict(f"view {view.name} version {view.version} was written to, or is led, by another")


class View(ABC, Generic[R]):
    """The rows of one projection; every method raises `Conflict` once somebody has removed them, or switched them."""

    @abstractmethod
    def state(self) -> ViewState:
        """Where it stands."""

    @abstractmethod
    def position(self) -> int:
        """The position of the last event folded; 0 before the first."""

    @abstractmethod
    def load(self, ticket_ids: Iterable[UUID]) -> Loaded[R]:
        """What there is of these tickets."""

    @abstractmethod
    def refusals(self) -> Callable[[R], str | None]:
        """What says `refusal` of rows one after another, at a fraction of the cost."""

    def refusal(self, row: R) -> str | None:
        """Why no column takes a value of the row, in one line; None if all do."""
        return self.refusals()(row)

    @abstractmethod
    def save(
        self,
        rows: Iterable[R],
        *,
        revision: int,
        position: int,
        gone: Iterable[UUID] = (),
        letters: Iterable[DeadLetter] = (),
        healed: Iterable[int] = (),
        fence: int | None = None,
        rate: float | None = None,
    ) -> None:
        """Writes rows, letters and position in one transaction.

        Args:
            rows: Each replaces the row of its ticket; they are taken a part at a time.
            revision: Of the view when it was loaded.
            position: Where it stands after; the same where only tickets are mended.
            gone: Tickets whose rows are taken away; none of those in `rows`.
            letters: Each replaces the letter of its position.
            healed: Positions of the letters that are taken away.
            fence: The leader's fencing number; None for who catches up without leading.
            rate: Events per second of the fold, to be shown; None leaves what is shown.

        Raises:
            RowsRefused: Rows with values that no column takes; nothing was written.
            Conflict: Somebody wrote to the view since it was loaded, or was given the lead; nothing was written.
        """

    @abstractmethod
    def rows(self) -> Iterator[R]:
        """All rows, in order of ticket id, in bounded memory."""

    @abstractmethod
    def select(self, statement: Statement, *, is_long: bool = False) -> Iterator[Sequence[Any]]:
        """What a statement gives that is made for the rows as they are kept.

        Args:
            statement: See `counting.Table`.
            is_long: Whether it gives many lines, which then come in bounded memory.
        """

    @abstractmethod
    def earliest(self, column: str, until: datetime, limit: int | None = None) -> Iterator[R]:
        """The rows whose instant in a column is not after another, soonest first, then in order of ticket id.

        They are found by an index, and come in bounded memory.

        Args:
            column: One that is marked as `LOOKED_UP`.
            until: The last instant that counts.
            limit: How many at most; None gives all.

        Raises:
            BadInput: Rows are not looked up by that column.
        """

    @abstractmethod
    def letters(self) -> list[DeadLetter]:
        """All dead letters, in order of position, the dropped ones too."""

    @abstractmethod
    def set_inline(self, is_inline: bool) -> None:
        """Whether every append writes the rows; called on a view of a locked log that stands at its head."""

    @abstractmethod
    def switch(self) -> None:
        """Puts the rows of a rebuild in the place of those that are served; mode and fence stay.

        Raises:
            Conflict: A reader of the old rows was in the way, or the old rows are further; it can be tried again.
        """
