"""Repeats: completed repairs whose unit came back in a new ticket, and to which earlier repair that is charged.

A repair is that of a ticket: it was completed, and handed back since; it is dated by that hand-back, the first one.
Its ticket may be reopened, which is no repeat. A repeat is charged to the latest repair of the unit that was handed
back before the new ticket was opened, if that is no longer ago than so many days; or to the first of a chain of such
repairs. A cancelled ticket is neither a repair nor a repeat.
"""

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import itemgetter
from typing import Literal, NamedTuple

from ticketing.domain import events as e
from ticketing.domain.values import Event, Recorded
from ticketing.projections.counts import Counted, Counts, Rate, conditions_of, rate_rows
from ticketing.projections.dimensions import WITHOUT_CUSTODY, Take
from ticketing.projections.report import Figure, ReportRow
from ticketing.projections.row import SHARED
from ticketing.projections.same_unit import Sighting, Tie, UnitRow, units, with_unit
from ticketing.projections.sample import DAY

Blame = Literal["latest", "first"]
"""Which repair of a unit a repeat is charged to: the latest before it, or the first of the chain."""

REPEAT_RATE = Figure("repeat_rate", 1, ("handed_back_in",))
FIRST_TIME_FIX = Figure("first_time_fix", 1, ("handed_back_in",))
NO_FAULT_FOUND = Figure("no_fault_found", 1, ("handed_back_in",))


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatRow(UnitRow):
    """One ticket and its repair.

    Attributes:
        serial: As of every such row; repeats are found by it.
        tied_by: Likewise.
        repaired_at: When a repair was first completed.
        handed_over_at: The first hand-back after that.
        repair_back_at: The same, or what stands for it: the repair's hand-back, by which it is dated.
        reopened_at: The first reopening.
        failed_at: When an inspector first sent the work back.
        is_without_fault: Whether the last diagnosis found nothing; None before the first.
    """

    serial: str | None = field(default=None, metadata=SHARED)
    tied_by: Tie | None = field(default=None, metadata=SHARED)
    repaired_at: datetime | None = None
    handed_over_at: datetime | None = None
    repair_back_at: datetime | None = None
    reopened_at: datetime | None = None
    failed_at: datetime | None = None
    is_without_fault: bool | None = None


def _repaired(row: RepeatRow, fact: Recorded[e.RepairCompleted]) -> RepeatRow:
    return row if row.repaired_at is not None else replace(row, repaired_at=fact.occurred_at)


def _handed_back(row: RepeatRow, fact: Recorded[e.UnitHandedBack]) -> RepeatRow:
    is_repaired = row.repaired_at is not None and row.handed_over_at is None
    return replace(row, handed_over_at=fact.occurred_at) if is_repaired else row


def _reopened(row: RepeatRow, fact: Recorded[e.TicketReopened]) -> RepeatRow:
    return row if row.reopened_at is not None else replace(row, reopened_at=fact.occurred_at)


def _failed(row: RepeatRow, fact: Recorded[e.QcFailed]) -> RepeatRow:
    return row if row.failed_at is not None else replace(row, failed_at=fact.occurred_at)


def _diagnosed(row: RepeatRow, fact: Recorded[e.DiagnosisRecorded]) -> RepeatRow:
    return replace(row, is_without_fault=fact.event.found_nothing)


_TAKES: Mapping[type[Event], Take[RepeatRow]] = {
    e.DiagnosisRecorded: _diagnosed,
    e.RepairCompleted: _repaired,
    e.QcFailed: _failed,
    e.UnitHandedBack: _handed_back,
    e.TicketReopened: _reopened,
}
TAKEN = frozenset(_TAKES)
"""The facts that this family uses itself, beside what the course and the unit of a ticket use."""


class RepeatRows:
    """The projection: one `RepeatRow` per ticket."""

    name = "repeats"
    version = 1
    row = RepeatRow

    def apply(self, row: RepeatRow, fact: Recorded[Event]) -> RepeatRow:
        """The row with one more fact."""
        before = row
        row = with_unit(row, fact)
        take = _TAKES.get(type(fact.event))
        row = row if take is None else take(row, fact)
        if before.repair_back_at is not None and (row.site, row.technician) != (before.site, before.technician):
            row = replace(row, site=before.site, technician=before.technician)  # those of the repair asked about
        back_at = row.repaired_at if row.channel in WITHOUT_CUSTODY else row.handed_over_at
        return row if back_at == row.repair_back_at else replace(row, repair_back_at=back_at)


# which repair a repeat is charged to


class Known(NamedTuple):
    """A ticket of a unit that may have more of them.

    Attributes:
        back_at: When the completed repair was handed back, in microseconds; None where there is none.
    """

    seen: Sighting
    back_at: int | None
    is_cancelled: bool


class Repeat(NamedTuple):
    """A new ticket of a unit that was repaired not long before; tickets are hexes of their ids.

    Attributes:
        ticket: The new one.
        latest: That of the latest repair before it.
        first: That of the first repair of the chain.
    """

    ticket: str
    latest: str
    first: str

    def charged(self, blame: Blame) -> str:
        """The ticket of the repair that it is charged to."""
        return self.latest if blame == "latest" else self.first


def repeats(tickets: Collection[Known], days: int) -> list[Repeat]:
    """The repeats among tickets, in order of their opening.

    Args:
        tickets: At least those of units that have more than one.
        days: How long after the hand-back a new ticket is a repeat, inclusive.
    """
    unit_of = units(one.seen for one in tickets)
    repaired: dict[str, list[tuple[int, int, str]]] = {}
    firsts: dict[str, str] = {}
    found = []
    for one in sorted(tickets):
        if one.is_cancelled:
            continue
        opened_at, ticket = one.seen.opened_at, one.seen.ticket
        before = repaired.setdefault(unit_of[ticket], [])
        place = bisect_right(before, opened_at, key=itemgetter(0))
        if place and opened_at - before[place - 1][0] <= days * DAY:
            latest = before[place - 1][-1]
            firsts[ticket] = firsts.get(latest, latest)
            found.append(Repeat(ticket, latest, firsts[ticket]))
        if one.back_at is not None:
            insort(before, (one.back_at, opened_at, ticket))
    return found


# what is asked of the rows

KNOWN = ("opened_at", "ticket_id", "serial", "serial_after", "linked_to", "repair_back_at", "is_cancelled")
"""The columns of a `Known`, in which `linked_to` is JSON."""
TICKETS = Counts(at="coalesce(repair_back_at, first_back_at)")
"""Tickets handed back: repaired ones by the hand-back of the repair, others by their first."""


def counts(days: int, found: Sequence[Repeat], blame: Blame) -> Counts:
    """What `repeat_rate` and `first_time_fix` are counted from.

    Args:
        days: How long after the hand-back a new ticket is a repeat.
        found: The repeats.
        blame: Which repair each is charged to.
    """
    return replace(
        TICKETS,
        conditions=conditions_of(_rates(days)),
        given={"came_back": _came_back(found, blame)},
    )


def _came_back(found: Iterable[Repeat], blame: Blame) -> dict[str, int]:
    """Each repair that was followed by a repeat: 2 where it is charged with any, else 1; one number is one look-up."""
    marks = {repeat.latest: 1 for repeat in found}
    return marks | dict.fromkeys(charged(found, blame), 2)


def charged(found: Iterable[Repeat], blame: Blame) -> Counter[str]:
    """How many repeats each repair is charged with."""
    return Counter(repeat.charged(blame) for repeat in found)


def _rates(days: int) -> tuple[Rate, Rate]:
    window = f"cohort_at + {days * DAY}"
    none = f"no repair handed back in the period has been back for {days} days"
    is_once = f"coalesce(reopened_at > {window}, 1 = 1) AND coalesce(failed_at > {window}, 1 = 1)"
    excluded = "repair_back_at IS NULL OR is_cancelled = 1"
    censored = f"{window} > observed_until"
    return (
        Rate(figure=REPEAT_RATE, had="came_back = 2", excluded=excluded, censored=censored, none=none),
        Rate(
            figure=FIRST_TIME_FIX,
            had=f"came_back IS NULL AND {is_once}",
            excluded=excluded,
            censored=censored,
            none=none,
        ),
    )


def repeat_rate(counted: Counted, days: int) -> list[ReportRow]:
    """Repairs with a repeat ÷ repairs handed back so many days ago, then those that were all it took ÷ the same."""
    return rate_rows(counted, "handed_back_in", _rates(days))


def first_time_fix(counted: Counted, days: int) -> list[ReportRow]:
    """Repairs of one cycle, never sent back by an inspector and without a repeat, within so many days ÷ repairs."""
    return rate_rows(counted, "handed_back_in", _rates(days)[1:])


_NO_FAULT = Rate(
    figure=NO_FAULT_FOUND,
    excluded="is_without_fault IS NULL OR is_cancelled = 1",
    had="is_without_fault = 1",
    none="no ticket handed back in the period was diagnosed",
)
NO_FAULT_COUNTS = Counts(at="first_back_at", conditions=_NO_FAULT.conditions())
"""Tickets handed back; those never diagnosed are left out."""


def no_fault_found(counted: Counted) -> list[ReportRow]:
    """Tickets whose last diagnosis found nothing ÷ tickets diagnosed."""
    return rate_rows(counted, "handed_back_in", [_NO_FAULT])
