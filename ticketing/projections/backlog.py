"""Backlog: the tickets that are open, in what state, waiting for what, and for how long.

The age runs from the opening of the present cycle, in whole days of 24 h. The state is that of the work where the unit
is in house, or where there is no custody, and else where the unit is. Of several open waits the first in the order of
`WAITS` counts. How an imported ticket stands is known only up to the end of its source, where its age ends too.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from ticketing.domain import events as e
from ticketing.domain.lifecycle import LIFE_CYCLE, START
from ticketing.domain.slots import replace
from ticketing.domain.values import Event, Recorded
from ticketing.projections.counts import Counted, Counts
from ticketing.projections.dimensions import WITHOUT_CUSTODY, Dimensions, Take, with_dimensions
from ticketing.projections.report import Figure, ReportRow, rate
from ticketing.projections.sample import DAY, Group

BACKLOG = Figure("backlog", 1, ("open_at",))
BACKLOG_BY_STATE = Figure("backlog_by_state", 1, ("open_at",))
LONG_TERM = Figure("long_term", 1, ("open_at",))
_ENDLESS = 10**9
AGES: tuple[tuple[str, int, int], ...] = (
    ("0-3", -_ENDLESS, 3),
    ("4-7", 3, 7),
    ("8-14", 7, 14),
    ("15-30", 14, 30),
    ("31-45", 30, 45),
    (">45", 45, _ENDLESS),
)
"""Ages in whole days: after how many each begins, and the last that belongs to it."""

WAITS: tuple[str, ...] = (*get_args(e.WaitCause), "transit", "customer_approval", "customer_collection", "dispute")
"""Recorded causes, then those that other facts show, in the order in which they count."""

_RANK = {cause: rank for rank, cause in enumerate(WAITS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogRow(Dimensions):
    """How one ticket stands.

    Attributes:
        cycle_opened_at: When the present cycle began.
        custody: Where the unit is, in the words of the life cycle.
        work: How far the work is, likewise.
        waits: The causes of open waits, disputes left out.
        disputes: The ids of disputes that wait for a verdict.
        state: The one word for how far it is.
        wait: What it waits for, or `none`.
    """

    cycle_opened_at: datetime | None = None
    custody: str = START["custody"]
    work: str = START["work"]
    waits: tuple[str, ...] = ()
    disputes: tuple[str, ...] = ()
    state: str = START["custody"]
    wait: str = "none"


def _with(known: tuple[str, ...], one: str) -> tuple[str, ...]:
    return known if one in known else (*known, one)


def _without(known: tuple[str, ...], one: str) -> tuple[str, ...]:
    return tuple(other for other in known if other != one)


def _begins(cause: str) -> Take[BacklogRow]:
    return lambda row, fact: replace(row, waits=_with(row.waits, cause))


def _ends(*causes: str) -> Take[BacklogRow]:
    return lambda row, fact: replace(row, waits=tuple(cause for cause in row.waits if cause not in causes))


def _opened(row: BacklogRow, fact: Recorded[e.TicketOpened]) -> BacklogRow:
    return replace(row, cycle_opened_at=row.cycle_opened_at or fact.occurred_at)


def _reopened(row: BacklogRow, fact: Recorded[e.TicketReopened]) -> BacklogRow:
    return replace(row, cycle_opened_at=fact.occurred_at)


def _closed(row: BacklogRow, fact: Recorded[e.TicketClosed]) -> BacklogRow:
    return replace(row, waits=())


def _wait_started(row: BacklogRow, fact: Recorded[e.WaitStarted]) -> BacklogRow:
    return replace(row, waits=_with(row.waits, fact.event.cause))


def _wait_ended(row: BacklogRow, fact: Recorded[e.WaitEnded]) -> BacklogRow:
    return replace(row, waits=_without(row.waits, fact.event.cause))


def _disputed(row: BacklogRow, fact: Recorded[e.DisputeOpened | e.VerdictAppealed]) -> BacklogRow:
    return replace(row, disputes=_with(row.disputes, fact.event.dispute_id))


def _decided(row: BacklogRow, fact: Recorded[e.VerdictIssued | e.DisputeClosed]) -> BacklogRow:
    return replace(row, disputes=_without(row.disputes, fact.event.dispute_id))


_TAKES: Mapping[type[Event], Take[BacklogRow]] = {
    e.TicketOpened: _opened,
    e.UnitReceived: _ends("transit"),
    e.UnitDispatched: _begins("transit"),
    e.UnitArrived: _ends("transit"),
    e.EstimateIssued: _begins("customer_approval"),
    e.EstimateApproved: _ends("customer_approval"),
    e.EstimateDeclined: _ends("customer_approval"),
    e.WaitStarted: _wait_started,
    e.WaitEnded: _wait_ended,
    e.DisputeOpened: _disputed,
    e.VerdictIssued: _decided,
    e.VerdictAppealed: _disputed,
    e.DisputeClosed: _decided,
    e.CustomerNotified: _begins("customer_collection"),
    e.UnitHandedBack: _ends("transit", "customer_collection"),
    e.UnitDisposed: _ends("transit", "customer_collection"),
    e.TicketClosed: _closed,
    e.TicketReopened: _reopened,
}
_MOVES = {event: step for event, step in LIFE_CYCLE.items() if step.custody is not None or step.work is not None}
TAKEN = frozenset(_TAKES) | frozenset(_MOVES)
"""The facts that this family uses, beside those that the dimensions use."""


def _moved(row: BacklogRow, fact: Recorded[Event]) -> BacklogRow:
    step = _MOVES[type(fact.event)]
    custody = row.custody if step.custody is None else step.custody.state_after(row.custody)
    work = row.work if step.work is None else step.work.state_after(row.work)
    return row if (custody, work) == (row.custody, row.work) else replace(row, custody=custody, work=work)


class BacklogRows:
    """The projection: one `BacklogRow` per ticket."""

    name = "backlog"
    version = 2
    row = BacklogRow

    def apply(self, row: BacklogRow, fact: Recorded[Event]) -> BacklogRow:
        """The row with one more fact."""
        kind = type(fact.event)
        row = with_dimensions(row, fact)
        if kind in _MOVES:
            row = _moved(row, fact)
        take = _TAKES.get(kind)
        row = row if take is None else take(row, fact)
        return _summed_up(row) if kind in TAKEN else row


def _summed_up(row: BacklogRow) -> BacklogRow:
    """The row with the words for how it stands."""
    state = row.work if row.custody == "in_house" or row.channel in WITHOUT_CUSTODY else row.custody
    open_waits = (*row.waits, "dispute") if row.disputes else row.waits
    wait = min(open_waits, key=lambda cause: _RANK[cause], default="none")
    return row if (state, wait) == (row.state, row.wait) else replace(row, state=state, wait=wait)


_AGE = f"(observed_until - cycle_opened_at) / {DAY}"


def counts(older_than: int) -> Counts:
    """The open tickets of each state and wait by age, and those older than so many days.

    How an imported one stands is not seen after its source's end.
    """
    return Counts(
        at="CASE WHEN is_open = 1 THEN cycle_opened_at END",
        conditions={
            **{name: f"{_AGE} > {after} AND {_AGE} <= {last}" for name, after, last in AGES},
            "unseen": "source IS NOT NULL AND has_native_facts = 0",
            "long": f"observed_until - cycle_opened_at > {older_than * DAY}",
        },
        by={"state": "state", "wait": "wait"},
    )


def backlog(counted: Counted) -> list[ReportRow]:
    """Open tickets by age: for each group, then for each of its states and wait causes; then those open for long."""
    by = counted.by[:-2]
    totals: dict[Group, Counter[str]] = {}
    found = []
    for split, tally in counted.groups():
        group = tuple(split.get(name) for name in by)
        totals.setdefault(group, Counter()).update(tally.numbers)
        found.append((group, split, tally.numbers))
    rows = [_row(BACKLOG, dict(zip(by, group, strict=True)), total, _open(total)) for group, total in totals.items()]
    rows += [_row(BACKLOG_BY_STATE, split, here, _open(totals[group])) for group, split, here in found if here]
    return rows + [_long(dict(zip(by, group, strict=True)), total) for group, total in totals.items()]


def _long(group: Mapping[str, str | None], total: Counter[str]) -> ReportRow:
    return rate(
        LONG_TERM,
        "open_at",
        group,
        numerator=total["long"],
        denominator=_open(total),
        reason="no ticket is open",
    )


def _open(numbers: Mapping[str, int]) -> int:
    return sum(numbers.get(name, 0) for name, _, _ in AGES)


def _row(figure: Figure, group: Mapping[str, str | None], numbers: Counter[str], of: int) -> ReportRow:
    return ReportRow(
        figure=figure.name,
        definition=figure.definition,
        cohort="open_at",
        group=group,
        value=_open(numbers),
        ages={name: numbers[name] for name, _, _ in AGES},
        unit="tickets",
        numerator=_open(numbers),
        denominator=of,
        censored=numbers["unseen"],
    )
