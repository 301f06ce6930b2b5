"""Clocks: every clock of a ticket and where its time went, in one row.

The row is a function of the ticket's history, in the order in which it was recorded, and of what was published. What is
published later changes it only where it says so: if a clock or a fact of it was imported, or if a clock of it reaches
beyond what a calendar is frozen for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from ticketing.domain.clocks import clocks_of
from ticketing.domain.course import order_of
from ticketing.domain.cuts import cut
from ticketing.domain.judged import Judged
from ticketing.domain.ledger import Span, causes_in_order, spans_of
from ticketing.domain.promises import Promise, promises_of
from ticketing.domain.slots import replace
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import NATIVE, Event, Recorded
from ticketing.projections.clock_parts import (
    ClockPart,
    OverlapPart,
    PromisePart,
    SpanPart,
    StayPart,
    overlap_parts,
    promise_parts,
    span_parts,
    stay_parts,
)
from ticketing.projections.dimensions import Dimensions, with_dimensions
from ticketing.projections.row import LOOKED_UP

_MARGIN = timedelta(days=2)
"""A local day ends at most so long before or after that of UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRow(Dimensions):
    """The clocks of one ticket.

    Attributes:
        clocks: Its clocks, in order of policy, clock, cycle and start.
        next_within_until: The earliest `within_until` of the clocks that go on without a verdict, by which they are
            found that are about to breach.
        next_notice_at: When the next notice is to go out.
        depends_on_publishing: Whether a later publication may change the row: a clock in it is reconstructed or
            provisional, or it has imported facts.
        is_restated: Whether the first verdict that was seen of a clock in it is not what its facts say now, or was
            seen sooner than they say.
        judged_by: When the last verdict was seen that was seen of a clock in it.
        began_at: When its first span began; None where its unit was never in custody.
        spans: Where its time went, in order of time; the last one may still go on.
        overlaps: What was open beside that.
        stays: Where its unit stayed, in order of time.
        promises: What its customer was told, in the order of making.
    """

    clocks: tuple[ClockPart, ...] = ()
    next_within_until: datetime | None = field(default=None, metadata=LOOKED_UP)
    next_notice_at: datetime | None = field(default=None, metadata=LOOKED_UP)
    depends_on_publishing: bool = False
    is_restated: bool = False
    judged_by: datetime | None = None
    began_at: datetime | None = None
    spans: tuple[SpanPart, ...] = ()
    overlaps: tuple[OverlapPart, ...] = ()
    stays: tuple[StayPart, ...] = ()
    promises: tuple[PromisePart, ...] = ()


class ClockRows:
    """Judges the clocks of whole histories."""

    name = "clocks"
    version = 3
    row = ClockRow

    def fold(
        self, ticket_id: UUID, history: Sequence[Recorded[Event]], rules: TimeRules, *, as_of: datetime | None = None
    ) -> ClockRow:
        facts = cut(history, as_of=as_of)
        row = ClockRow(ticket_id=ticket_id)
        for fact in sorted(facts, key=order_of):
            row = with_dimensions(row, fact)
        clocks = clocks_of(history, rules, as_of=as_of)
        return replace(
            row_with(row, clocks, spans_of(facts, causes_in_order(rules, facts)), promises_of(facts)),
            next_within_until=_next_within_until(clocks),
            next_notice_at=_next_notice_at(clocks),
            depends_on_publishing=_depends_on_publishing(history, clocks, rules),
        )

    def is_touched(self, row: ClockRow) -> bool:
        return row.depends_on_publishing


def row_with(row: ClockRow, clocks: Sequence[Judged], spans: Sequence[Span], promises: Sequence[Promise]) -> ClockRow:
    """The row with the clocks of its ticket, where its time went and what its customer was told."""
    return replace(
        row,
        clocks=tuple(map(ClockPart.of, clocks)),
        is_restated=any(map(_is_restated, clocks)),
        judged_by=max((judged.judged_then_at for judged in clocks if judged.judged_then_at is not None), default=None),
        began_at=spans[0].from_at if spans else None,
        spans=tuple(span_parts(spans)),
        overlaps=tuple(overlap_parts(spans)),
        stays=tuple(stay_parts(spans)),
        promises=tuple(promise_parts(promises, clocks)),
    )


def _is_restated(judged: Judged) -> bool:
    if judged.judged_then != judged.verdict:
        return True
    seen_at, within_until = judged.judged_then_at, judged.within_until
    return judged.is_open and seen_at is not None and within_until is not None and seen_at < within_until


def judged_in(row: ClockRow) -> tuple[Judged, ...]:
    """The clocks that a row says, in its order, without their notices."""
    return tuple(part.judged() for part in row.clocks)


def spans_in(row: ClockRow) -> tuple[Span, ...]:
    """Where the time went that a row says."""
    return tuple(part.span() for part in row.spans)


def promises_in(row: ClockRow) -> tuple[Promise, ...]:
    """The promises that a row says."""
    return tuple(part.promise() for part in row.promises)


def _next_within_until(clocks: Iterable[Judged]) -> datetime | None:
    running = (judged.within_until for judged in clocks if judged.is_open and judged.verdict is None)
    return min((at for at in running if at is not None), default=None)


def _next_notice_at(clocks: Iterable[Judged]) -> datetime | None:
    """A clock that is paused sends none; how it goes on is the next fact's to say."""
    due = (notice.at for judged in clocks if judged.is_open and not judged.is_paused for notice in judged.notices)
    return min((at for at in due if at is not None), default=None)


def _depends_on_publishing(history: Sequence[Recorded[Event]], clocks: Iterable[Judged], rules: TimeRules) -> bool:
    """Whether a version published later may say otherwise.

    Of a native clock only an extension may, of what it says beyond the day to which its calendar was frozen. Which that
    is, is not said of the clock: the first such day of any calendar stands for it.
    """
    if any(fact.source != NATIVE for fact in history):
        return True
    by_calendar = [judged for judged in clocks if judged.measure in {"working", "days"}]
    if not by_calendar:
        return False
    frozen_until = all_frozen_until(rules)
    latest = max(fact.occurred_at for fact in history)
    return frozen_until is None or latest > frozen_until or any(_goes_beyond(one, frozen_until) for one in by_calendar)


def _goes_beyond(judged: Judged, frozen_until: datetime) -> bool:
    due_at = judged.due_at or judged.due_if_resumed_at
    if due_at is None or judged.is_provisional:  # where no hours come, an extension may bring some
        return True
    others = (judged.within_until, judged.stopped_at, judged.cancelled_at, *(notice.at for notice in judged.notices))
    return any(at is not None and at > frozen_until for at in (due_at, *others))


def all_frozen_until(rules: TimeRules) -> datetime | None:
    """Up to when all calendars are frozen, or a little less; None where one is not frozen at all."""
    frozen = [one.thing.frozen for versions in rules.calendars.values() for one in versions]
    days = [date.max if one is None else one.until for one in frozen]
    if None in frozen or not days:
        return None
    return datetime.combine(min(days), time(), UTC) - _MARGIN
