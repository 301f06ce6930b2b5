"""Row and Projection: one row per ticket, a pure function of that ticket's surviving facts.

Laws of this file: a row is the fold of `apply` over the surviving facts in order of (`occurred_at`, version). A fact
that arrives in that order is applied to the row as it is; a late entry, a correction or a retraction refolds the one
ticket. Both give the same row.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
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
    after = projection.apply(row, fact)
    return replace(after, latest_at=fact.occurred_at, version=max(row.version, fact.version))


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
    changed: dict[UUID, R] = {}
    refolded: set[UUID] = set()
    for fact in page:
        ticket_id = fact.stream_id
        if fact.stream_kind != "ticket" or ticket_id in refolded:
            continue
        row = changed.get(ticket_id) or rows.get(ticket_id) or projection.row(ticket_id=ticket_id)
        is_late = row.latest_at is not None and fact.occurred_at < row.latest_at
        if is_late or isinstance(fact.event, EventCorrected | EventRetracted):
            changed[ticket_id] = fold_row(projection, ticket_id, surviving(history(ticket_id)))
            refolded.add(ticket_id)
        else:
            changed[ticket_id] = _applied(projection, row, fact)
    return changed
