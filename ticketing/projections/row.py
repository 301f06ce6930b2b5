"""Row and Projection: one row per ticket, a pure function of that ticket's facts.

Laws of this file: a row is the fold of `apply` over the surviving facts in order of (`occurred_at`, version). A fact
that arrives in that order is applied to the row as it is; a late entry, a correction or a retraction refolds the one
ticket. Both give the same row. An event that cannot be folded stops its own ticket and no other. Rows that are made of
whole histories are folded in `whole.py`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from traceback import format_exception_only
from types import MappingProxyType
from typing import Generic, Protocol, TypeAlias, TypeVar, runtime_checkable
from uuid import UUID

from ticketing.domain.cuts import surviving
from ticketing.domain.errors import UnreadableEvent
from ticketing.domain.events import EventCorrected, EventRetracted
from ticketing.domain.slots import replace
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Event, Logged, Recorded, Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What every row has. A row is a frozen slots dataclass.

    Its fields are str, int, bool, datetime, UUID, each or None, or tuples of these, or of named tuples of these: parts
    of the ticket.

    Attributes:
        ticket_id: The ticket it is about.
        latest_at: The latest `occurred_at` folded; None before the first fact.
        version: The version of the last fact folded.
    """

    ticket_id: UUID
    latest_at: datetime | None = None
    version: int = 0


LOOKED_UP: Mapping[str, object] = MappingProxyType({"is_looked_up": True})
"""`field(metadata=LOOKED_UP)` says of an instant that rows are looked up by it: every store keeps an index of it."""

SHARED: Mapping[str, object] = MappingProxyType({"is_shared": True})
"""`field(metadata=SHARED)` says of a text that rows are asked for that have it in common: it has an index too."""

R = TypeVar("R", bound=Row)
_REASON_MAX_CHARACTERS = 500


class FactProjection(Protocol[R]):
    """Rows folded fact by fact.

    Rows are of a name and version; a new version is another view and is folded from the first event.
    """

    @property
    def name(self) -> str:
        """Its name: lower case, digits and underscores."""

    @property
    def version(self) -> int:
        """Raised whenever the same facts would give other rows."""

    @property
    def row(self) -> type[R]:
        """The class of its rows; `row(ticket_id=...)` is the row before the first fact."""

    def apply(self, row: R, fact: Recorded[Event]) -> R:
        """The row with one more fact; facts that it does not use leave it as it is."""


@runtime_checkable
class WholeProjection(Protocol[R]):
    """Rows made of a ticket's whole history, as it was recorded, and of what was published."""

    @property
    def name(self) -> str:
        """As of a `FactProjection`."""

    @property
    def version(self) -> int:
        """As of a `FactProjection`."""

    @property
    def row(self) -> type[R]:
        """As of a `FactProjection`."""

    def fold(
        self, ticket_id: UUID, history: Sequence[Recorded[Event]], rules: TimeRules, *, as_of: datetime | None = None
    ) -> R:
        """The row of a history; `latest_at` and `version` are filled in.

        Args:
            ticket_id: Whose row.
            history: All facts in order of version, corrections and retractions not applied.
            rules: What was published.
            as_of: Facts that had occurred by then, inclusive, once corrections apply; None does not cut.
        """

    def is_touched(self, row: R) -> bool:
        """Whether what is published later may change the row, if nothing happens to its ticket."""


Projection: TypeAlias = FactProjection[R] | WholeProjection[R]


def fold_row(projection: FactProjection[R], ticket_id: UUID, facts: Iterable[Recorded[Event]]) -> R:
    """The row that surviving facts add up to, in whatever order they come."""
    row = projection.row(ticket_id=ticket_id)
    for fact in sorted(facts, key=lambda fact: (fact.occurred_at, fact.version)):
        row = _applied(projection, row, fact)
    return row


def _applied(projection: FactProjection[R], row: R, fact: Recorded[Event]) -> R:
    return stamped(projection.apply(row, fact), fact.occurred_at, max(row.version, fact.version))


def stamped(row: R, latest_at: datetime | None, version: int) -> R:
    """The row with what every row has."""
    return replace(row, latest_at=latest_at, version=version)


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the fold of a ticket stopped: at an event that cannot be read, or that the projection failed at.

    Attributes:
        at: What stands on the log there.
        reason: What went wrong, in one line.
    """

    at: Logged
    reason: str


@dataclass(frozen=True, slots=True)
class Folded(Generic[R]):
    """What facts do to the rows.

    Attributes:
        rows: The rows that they change.
        stopped: The tickets that stopped; their rows, if any, are of before.
    """

    rows: dict[UUID, R]
    stopped: dict[UUID, Stop]


History = Callable[[UUID], Iterable[Logged]]
"""A ticket's history, at least up to the last position of the page at hand, without what was dropped."""

Refusal = Callable[[R], str | None]
"""Why a row cannot be kept, in one line; None if it can."""


def fold_page(
    projection: FactProjection[R],
    rows: Mapping[UUID, R],
    page: Iterable[Logged],
    history: History,
    refusal: Refusal[R],
    waiting: Collection[UUID] = (),
) -> Folded[R]:
    """The rows that a page of the log changes: the same as if every fact had been a page of its own.

    Args:
        projection: What to fold.
        rows: The rows so far of the page's tickets.
        page: What stands on the log, in order of position.
        history: Asked only where a ticket must be folded anew; what it raises is raised, for it is nobody's poison.
        refusal: Asked of the row after each fact, not after the last alone.
        waiting: Tickets that stopped earlier; what is theirs is left aside.
    """
    folded: Folded[R] = Folded({}, {})
    for fact in page:
        ticket_id = fact.stream_id
        if fact.stream_kind != "ticket" or ticket_id in waiting or ticket_id in folded.stopped:
            continue
        row = folded.rows.get(ticket_id) or rows.get(ticket_id)
        known = history(ticket_id) if _is_folded_anew(row, fact) else None
        after = _next(projection, row, fact, known, refusal)
        if isinstance(after, Stop):
            folded.stopped[ticket_id] = after
        else:
            folded.rows[ticket_id] = after
    return folded


def fold_ticket(
    projection: FactProjection[R], ticket_id: UUID, history: Sequence[Logged], refusal: Refusal[R]
) -> Folded[R]:
    """The row of a whole history, whatever it took to come there; the row up to the first stop where there is none.

    An event that stopped its ticket no longer does when it was taken back or set right since.
    """
    if not history:
        return Folded({}, {})
    whole = _next(projection, None, history[-1], history, refusal)
    if not isinstance(whole, Stop):
        return Folded({ticket_id: whole}, {})
    return fold_page(projection, {}, history, lambda _: history, refusal)


def _is_folded_anew(row: Row | None, fact: Logged) -> bool:
    """Whether a fact belongs before, or changes, what is folded already."""
    if isinstance(fact, Unreadable):
        return False
    if isinstance(fact.event, EventCorrected | EventRetracted):
        return True
    return row is not None and row.latest_at is not None and fact.occurred_at < row.latest_at


def _next(
    projection: FactProjection[R], row: R | None, fact: Logged, known: Iterable[Logged] | None, refusal: Refusal[R]
) -> R | Stop:
    """The row with its next fact; folded anew where a history is given."""
    ticket_id = fact.stream_id
    try:
        if known is not None:
            earlier = [one for one in known if one.version <= fact.version]
            after = fold_row(projection, ticket_id, surviving(readable(earlier)))
        else:
            (read,) = readable([fact])
            before = row or projection.row(ticket_id=ticket_id)
            applied = projection.apply(before, read)
            after = stamped(applied, read.occurred_at, max(before.version, read.version))
            if applied is row:  # it was asked for before, and is another only in what every row has
                return after
        if after.ticket_id != ticket_id:
            return Stop(fact, f"the row of another ticket: {after.ticket_id}")
        refused = refusal(after)
    except Exception as error:  # noqa: BLE001 - whatever a projection fails with stops this ticket alone
        return Stop(fact, one_line(error))
    return after if refused is None else Stop(fact, refused)


def readable(history: Iterable[Logged]) -> list[Recorded[Event]]:
    """The history, if all of it can be read.

    Raises:
        UnreadableEvent: The first that cannot.
    """
    facts = []
    for fact in history:
        if isinstance(fact, Unreadable):
            raise UnreadableEvent(fact.reason)
        facts.append(fact)
    return facts


def one_line(error: Exception) -> str:
    """What went wrong, as every store can keep it, whatever the error says or fails to say."""
    said = str(error) if isinstance(error, UnreadableEvent) else " ".join(format_exception_only(error))
    printable = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in " ".join(said.split()))
    return printable[:_REASON_MAX_CHARACTERS]
