"""Rows made of whole histories: what a history, and what was published, makes of a ticket's row.

Laws of this file: a row is a function of the ticket's history, in the order in which it was recorded, and of the rules
published up to the position at which its view stands; in what pages it came there does not matter. Where the whole
history cannot be folded, the row is that of its beginning up to the first event that stops it. A ticket that stopped is
tried again whenever something happens to it, or is published.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from ticketing.domain.cuts import cut
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Event, Logged, Recorded, Unreadable
from ticketing.projections.row import (
    Folded,
    Projection,
    Refusal,
    Row,
    Stop,
    WholeProjection,
    fold_row,
    fold_ticket,
    one_line,
    readable,
    stamped,
)

R = TypeVar("R", bound=Row)


def row_of(
    projection: Projection[R],
    ticket_id: UUID,
    history: Sequence[Recorded[Event]],
    rules: TimeRules,
    *,
    as_of: datetime | None = None,
) -> R:
    """The row of a projection of either kind; what the fold raises is raised.

    Args:
        projection: Whose row.
        ticket_id: Of which ticket.
        history: All facts in order of version, corrections and retractions not applied.
        rules: What was published; rows folded fact by fact do not depend on it.
        as_of: Facts that had occurred by then, inclusive; None does not cut.
    """
    facts = cut(history, as_of=as_of)
    if not isinstance(projection, WholeProjection):
        return fold_row(projection, ticket_id, facts)
    row = projection.fold(ticket_id, history, rules, as_of=as_of)
    latest_at = max((fact.occurred_at for fact in facts), default=None)
    return stamped(row, latest_at, max((fact.version for fact in facts), default=0))


def fold_history(
    projection: Projection[R], ticket_id: UUID, history: Sequence[Logged], rules: TimeRules, refusal: Refusal[R]
) -> Folded[R]:
    """The row of a projection of either kind, and where the history stops it; the row up to the stop where it does."""
    if isinstance(projection, WholeProjection):
        return fold_whole(projection, ticket_id, history, rules, refusal)
    return fold_ticket(projection, ticket_id, history, refusal)


def fold_whole(
    projection: WholeProjection[R], ticket_id: UUID, history: Sequence[Logged], rules: TimeRules, refusal: Refusal[R]
) -> Folded[R]:
    """The row of a whole history, or of its beginning up to the first event that stops it.

    Args:
        projection: What to fold.
        ticket_id: Whose row.
        history: What the log has of the ticket, in order of version, without what was dropped.
        rules: What was published.
        refusal: Why no table takes a row.
    """
    if not history:
        return Folded({}, {})
    whole = _row_or_stop(projection, ticket_id, history, rules, refusal)
    if not isinstance(whole, Stop):
        return Folded({ticket_id: whole}, {})
    rows: dict[UUID, R] = {}
    for count in range(1, len(history)):
        row = _row_or_stop(projection, ticket_id, history[:count], rules, refusal)
        if isinstance(row, Stop):
            return Folded(rows, {ticket_id: row})
        rows[ticket_id] = row
    return Folded(rows, {ticket_id: whole})


def _row_or_stop(
    projection: WholeProjection[R], ticket_id: UUID, history: Sequence[Logged], rules: TimeRules, refusal: Refusal[R]
) -> R | Stop:
    last = history[-1]
    if isinstance(last, Unreadable):
        return Stop(last, last.reason)
    try:
        row = row_of(projection, ticket_id, readable(history), rules)
        if row.ticket_id != ticket_id:
            return Stop(last, f"the row of another ticket: {row.ticket_id}")
        refused = refusal(row)
    except Exception as error:  # noqa: BLE001 - whatever a projection fails with stops this ticket alone
        return Stop(last, one_line(error))
    return row if refused is None else Stop(last, refused)
