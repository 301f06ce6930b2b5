"""Conduct: what was quoted, done and billed on a ticket, and how that was recorded, in one row.

What was approved, and which clocks a wait pauses, is a matter of the whole ticket, and so the row is made of its whole
history. It is one row for both, because to read the history is most of what it costs.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ticketing.domain.course import order_of
from ticketing.domain.cuts import cut
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Event, Recorded
from ticketing.projections.honesty import with_honesty
from ticketing.projections.hygiene import HygieneRow, with_hygiene
from ticketing.projections.turnaround import with_course


class ConductRows:
    """Looks at whole histories."""

    name = "conduct"
    version = 1
    row = HygieneRow

    def fold(
        self, ticket_id: UUID, history: Sequence[Recorded[Event]], rules: TimeRules, *, as_of: datetime | None = None
    ) -> HygieneRow:
        facts = sorted(cut(history, as_of=as_of), key=order_of)
        row = HygieneRow(ticket_id=ticket_id)
        for fact in facts:
            row = with_course(row, fact)
        return with_hygiene(with_honesty(row, facts), facts, history, rules)

    def is_touched(self, row: HygieneRow) -> bool:
        return row.depends_on_publishing
