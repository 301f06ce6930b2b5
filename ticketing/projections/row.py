"""Row and Projection: one row per ticket, a pure function of that ticket's surviving facts.

Laws of this file: a row is the fold of `apply` over the surviving facts in order of (`occurred_at`, version). A fact
that arrives in that order is applied to the row as it is; a late entry, a correction or a retraction refolds the one
ticket. Both give the same row.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from operator import attrgetter
from types import MemberDescriptorType
from typing import Protocol, TypeVar
from uuid import UUID

from ticketing.domain.cuts import surviving
from ticketing.domain.events import EventCorrected, EventRetracted
from ticketing.domain.values import Event, Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What every row has. A row is a frozen slots dataclass.

    Its fields are str, int, bool, datetime, UUID, each or None, or tuples of these.

    Attributes:
        ticket_id: The ticket it is about.
        latest_at: The latest `occurred_at` folded; None before the first fact.
        version: The version of the last fact folded.
    """

    ticket_id: UUID
    latest_at: datetime | None = None
    version: int = 0


R = TypeVar("R", bound=Row)


class Projection(Protocol[R]):
    """Rows of a name and version; a new version is another view and is folded from the first event."""

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


def fold_row(projection: Projection[R], ticket_id: UUID, facts: Iterable[Recorded[Event]]) -> R:
    """The row that surviving facts add up to, in whatever order they come."""
    row = projection.row(ticket_id=ticket_id)
    for fact in sorted(facts, key=lambda fact: (fact.occurred_at, fact.version)):
        row = _applied(projection, row, fact)
    return row


def _applied(projection: Projection[R], row: R, fact: Recorded[Event]) -> R:
    return _stamped(projection.apply(row, fact), fact.occurred_at, max(row.version, fact.version))


def _stamped(row: R, latest_at: datetime, version: int) -> R:
    """`dataclasses.replace` without the constructor, which was half of what a fold costs: this runs once per fact."""
    read, writers = _slots(type(row))  # type: ignore[arg-type]  # mypy takes the class itself for unhashable
    after = object.__new__(type(row))
    for write, value in zip(writers, read(row), strict=True):
        write(after, value)
    _WRITE_LATEST_AT(after, latest_at)
    _WRITE_VERSION(after, version)
    return after


@cache
def _slots(kind: type[Row]) -> tuple[Callable[[Row], tuple[object, ...]], tuple[Callable[[Row, object], None], ...]]:
    """How all fields of a row are read, and how each is written."""
    names = [field.name for field in fields(kind)]
    return attrgetter(*names), tuple(_writer(kind, name) for name in names)


def _writer(kind: type[Row], name: str) -> Callable[[Row, object], None]:
    slot = getattr(kind, name, None)
    if isinstance(slot, MemberDescriptorType):
        return slot.__set__
    return lambda row, value: object.__setattr__(row, name, value)  # a host's row without slots


_WRITE_LATEST_AT = _writer(Row, "latest_at")
_WRITE_VERSION = _writer(Row, "version")


def fold_page(
    projection: Projection[R],
    rows: dict[UUID, R],
    page: Sequence[Recorded[Event]],
    history: Callable[[UUID], Sequence[Recorded[Event]]],
) -> dict[UUID, R]:
    """The rows that a page of the log changes.

    Args:
        projection: What to fold.
        rows: The rows so far of the page's tickets.
        page: Facts in order of position.
        history: A ticket's history up to the page's last position, asked for only where it must be folded anew.
    """
    by_ticket: dict[UUID, list[Recorded[Event]]] = defaultdict(list)
    for fact in page:
        if fact.stream_kind == "ticket":
            by_ticket[fact.stream_id].append(fact)
    changed = {}
    for ticket_id, facts in by_ticket.items():
        row = rows.get(ticket_id) or projection.row(ticket_id=ticket_id)
        changed[ticket_id] = _continued(projection, row, facts) or fold_row(
            projection, ticket_id, surviving(history(ticket_id))
        )
    return changed


def _continued(projection: Projection[R], row: R, facts: Iterable[Recorded[Event]]) -> R | None:
    """The row with its next facts; None where one of them belongs before, or changes, what is folded already."""
    for fact in facts:
        if isinstance(fact.event, EventCorrected | EventRetracted):
            return None
        if row.latest_at is not None and fact.occurred_at < row.latest_at:
            return None
        row = _applied(projection, row, fact)
    return row
