"""Repeats: completed repairs whose unit came back in a new ticket, and to which earlier repair that is charged.

Which repairs a ticket has, `repair_rows` says: one of each cycle, each dated by its hand-back. A repeat is charged to
the latest repair of the unit that was handed back before the new ticket was opened, if that is no longer ago than so
many days; or to the first of a chain of such repairs. A reopening is no repeat and no link of a chain: a chain goes
from the repair of a ticket's first cycle to the one that this ticket is a repeat of, and that of a later cycle begins
another. A cancelled ticket is neither a repair nor a repeat; one whose unit never came is no repair.
"""

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Literal, NamedTuple

from ticketing.projections.counts import Counted, Counts, Rate, rate_rows
from ticketing.projections.report import Figure, ReportRow
from ticketing.projections.same_unit import Sighting, units
from ticketing.projections.sample import DAY
from ticketing.projections.turnaround import LEFT_OUT

Blame = Literal["latest", "first"]
"""Which repair of a unit a repeat is charged to: the latest before it, or the first of the chain."""

REPEAT_RATE = Figure("repeat_rate", 1, ("handed_back_in",))
FIRST_TIME_FIX = Figure("first_time_fix", 1, ("handed_back_in",))
NO_FAULT_FOUND = Figure("no_fault_found", 1, ("handed_back_in",))


# which repair a repeat is charged to


class Repair(NamedTuple):
    """A repair that was handed back.

    Attributes:
        ticket: The hex of its ticket's id.
        cycle: The ticket's cycle.
        is_first: Whether it is the ticket's first, which its row has in columns of its own.
    """

    ticket: str
    cycle: int = 1
    is_first: bool = True


class Known(NamedTuple):
    """A ticket of a unit that may have more of them.

    Attributes:
        repairs: Its repairs, each after the instant of its hand-back in microseconds.
    """

    seen: Sighting
    repairs: tuple[tuple[int, Repair], ...]
    is_cancelled: bool


class Repeat(NamedTuple):
    """A new ticket of a unit that was repaired not long before.

    Attributes:
        ticket: The hex of its id.
        latest: The latest repair before it.
        first: The first repair of the chain.
    """

    ticket: str
    latest: Repair
    first: Repair

    def charged(self, blame: Blame) -> Repair:
        """The repair that it is charged to."""
        return self.latest if blame == "latest" else self.first


def repeats(tickets: Collection[Known], days: int) -> list[Repeat]:
    """The repeats among tickets, in order of their opening.

    Args:
        tickets: At least those of units that have more than one.
        days: How long after the hand-back a new ticket is a repeat, inclusive.
    """
    unit_of = units(one.seen for one in tickets)
    repaired: dict[str, list[tuple[int, int, Repair]]] = {}
    firsts: dict[str, Repair] = {}
    found = []
    for one in sorted(tickets):
        if one.is_cancelled:
            continue
        opened_at, ticket = one.seen.opened_at, one.seen.ticket
        before = repaired.setdefault(unit_of[ticket], [])
        place = bisect_right(before, opened_at, key=itemgetter(0))
        if place and opened_at - before[place - 1][0] <= days * DAY:
            latest = before[place - 1][-1]
            firsts[ticket] = firsts.get(latest.ticket, latest) if latest.cycle == 1 else latest
            found.append(Repeat(ticket, latest, firsts[ticket]))
        for back_at, repair in one.repairs:
            insort(before, (back_at, opened_at, repair))
    return found


# what is asked of the rows

KNOWN = (
    *("opened_at", "ticket_id", "serial", "serial_after", "linked_to", "repair_back_at", "repair_cycle"),
    *("CAST(further AS TEXT)", "is_cancelled", f"CASE WHEN {LEFT_OUT} THEN 1 ELSE 0 END"),
)
"""The columns of a `Known`, in which `linked_to` and `further` are JSON; last whether its repairs do not count."""
TICKETS = Counts(at="coalesce(repair_back_at, first_back_at)")
"""Tickets handed back: repaired ones by the hand-back of their first repair, others by their first."""
_OWN: Mapping[str, str] = {
    "repair_back_at": "back_at",
    "repair_cycle": "cycle",
    "site": "site",
    "technician": "technician",
}
FURTHER = Counts(
    at="repair_back_at",
    of="further",
    own=_OWN,
    given_by="ticket_id || '/' || repair_cycle",
    where="apart IS NOT NULL",
)
"""The further repairs of tickets, as if each were the first."""
_ATTEMPTS = replace(FURTHER, own={**_OWN, "site": "attempt_site", "technician": "attempt_technician"})
"""The same, with who attempted them; also first repairs that are redone."""
IS_LATER = "part_is_first = 0"
NO_REPAIR = f"(repair_back_at IS NULL OR {LEFT_OUT})"
"""There was no repair, or it does not count."""


def counts(days: int, found: Sequence[Repeat], blame: Blame) -> list[Counts]:
    """What `repeat_rate` and `first_time_fix` are counted from, one by one, to be added up.

    Args:
        days: How long after the hand-back a new ticket is a repeat.
        found: The repeats.
        blame: Which repair each is charged to.
    """
    came_back = _rates(days)[0].conditions()
    first, attempts = fix_counts(days, found, blame)
    return [
        replace(first, conditions=came_back | dict(first.conditions)),
        replace(FURTHER, conditions=_where(IS_LATER, came_back), given={"came_back": later(_marks(found, blame))}),
        attempts,
    ]


def fix_counts(days: int, found: Sequence[Repeat], blame: Blame = "latest") -> list[Counts]:
    """What `first_time_fix` alone is counted from, likewise."""
    fix = _rates(days)[1]
    return [
        replace(
            TICKETS,
            conditions=_where("is_redone = 0", fix.conditions()),
            given={"came_back": firsts(_marks(found, blame))},
        ),
        replace(_ATTEMPTS, conditions=replace(fix, had=_NEVER).conditions()),
    ]


_NEVER = "1 = 0"
"""What had to be done again, or in a later cycle, is right the second time at best."""


def _where(condition: str, conditions: dict[str, str]) -> dict[str, str]:
    return {name: f"({one}) AND {condition}" for name, one in conditions.items()}


def _marks(found: Iterable[Repeat], blame: Blame) -> dict[Repair, int]:
    """Each repair that was followed by a repeat: 2 where it is charged with any, else 1; one number is one look-up."""
    marks = {repeat.latest: 1 for repeat in found}
    return marks | dict.fromkeys(charged(found, blame), 2)


def charged(found: Iterable[Repeat], blame: Blame) -> Counter[Repair]:
    """How many repeats each repair is charged with."""
    return Counter(repeat.charged(blame) for repeat in found)


def firsts(numbers: Mapping[Repair, int]) -> dict[str, int]:
    """Numbers of tickets' first repairs, as `TICKETS` are given them."""
    return {repair.ticket: number for repair, number in numbers.items() if repair.is_first}


def later(numbers: Mapping[Repair, int]) -> dict[str, int]:
    """Numbers of later repairs, as `FURTHER` are given them."""
    return {f"{one.ticket}/{one.cycle}": number for one, number in numbers.items() if not one.is_first}


def _rates(days: int) -> tuple[Rate, Rate]:
    window = f"cohort_at + {days * DAY}"
    none = f"no repair handed back in the period has been back for {days} days"
    is_once = f"coalesce(reopened_at > {window}, 1 = 1) AND coalesce(failed_at > {window}, 1 = 1)"
    censored = f"{window} > observed_until"
    return (
        Rate(figure=REPEAT_RATE, had="came_back = 2", excluded=NO_REPAIR, censored=censored, none=none),
        Rate(
            figure=FIRST_TIME_FIX,
            had=f"{is_once} AND came_back IS NULL",
            excluded=NO_REPAIR,
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
    excluded=f"is_without_fault IS NULL OR {LEFT_OUT}",
    had="is_without_fault = 1",
    none="no ticket handed back in the period was diagnosed",
)
NO_FAULT_COUNTS = Counts(at="first_back_at", conditions=_NO_FAULT.conditions())
"""Tickets handed back; those never diagnosed are left out."""


def no_fault_found(counted: Counted) -> list[ReportRow]:
    """Tickets whose last diagnosis found nothing ÷ tickets diagnosed."""
    return rate_rows(counted, "handed_back_in", [_NO_FAULT])
