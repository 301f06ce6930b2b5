"""Judged anew: rows that hold beside a ticket's clocks those of one policy, judged by another version of it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from ticketing.domain.clocks import clocks_of
from ticketing.domain.judged import Judged
from ticketing.domain.reference import PolicyPublished
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Event, Recorded
from ticketing.projections.clock_parts import ClockPart
from ticketing.projections.clocks import ClockRow
from ticketing.projections.row import WholeProjection


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAnewRow(ClockRow):
    """The clocks of one ticket.

    Attributes:
        anew: Those of the policy asked about by the version asked about, in the order of the others.
    """

    anew: tuple[ClockPart, ...] = ()


class JudgedAnewRows:
    """The projection: one `JudgedAnewRow` per ticket; no view keeps it.

    Args:
        rows: What it is folded beside.
        policy: The version that judges anew, whatever was in force.
        rules: What was published up to that version, or up to the report's position if that is later.
    """

    row = JudgedAnewRow

    def __init__(self, rows: WholeProjection[ClockRow], policy: PolicyPublished, rules: TimeRules) -> None:
        self.name = rows.name
        self.version = rows.version
        self._rows = rows
        self._policy = policy
        self._rules = rules

    def fold(
        self, ticket_id: UUID, history: Sequence[Recorded[Event]], rules: TimeRules, *, as_of: datetime | None = None
    ) -> JudgedAnewRow:
        """The row of a whole history."""
        row = self._rows.fold(ticket_id, history, rules, as_of=as_of)
        anew = clocks_of(history, self._rules, as_of=as_of, under=self._policy)
        kept = {field.name: getattr(row, field.name) for field in fields(ClockRow)}
        return JudgedAnewRow(**kept, anew=tuple(map(ClockPart.of, anew)))

    def is_touched(self, row: JudgedAnewRow) -> bool:
        """Never: the row is not kept."""
        return False


def judged_anew_in(row: JudgedAnewRow) -> tuple[Judged, ...]:
    """The clocks of the policy asked about, as the version asked about judges them."""
    return tuple(part.judged() for part in row.anew)
