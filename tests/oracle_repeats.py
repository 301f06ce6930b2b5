"""An oracle of repeat repairs: it compares every ticket with every other, and looks every serial up anew.

It shares nothing with the package but the words of the domain. Instants are whole days, tickets are numbers.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cycle:
    """What happened between an opening or reopening and the next.

    Attributes:
        begun_on: When the unit came in.
        repaired_on: The completed repair, at `site`; None where there was none.
        back_on: The hand-back, if there was one.
        failed_at: Another site whose work was sent back by the inspector before.
    """

    begun_on: int
    repaired_on: int | None = None
    back_on: int | None = None
    site: str = "A"
    failed_at: str | None = None


@dataclass(frozen=True)
class Repair:
    """A repair that was handed back.

    Attributes:
        site: Who completed it.
        attempted_at: Whose work was sent back first, else the same.
        reopened_on: When its ticket was reopened for the first time; None where it never was.
    """

    number: int
    cycle: int
    back_on: int
    site: str
    attempted_at: str
    has_failed: bool
    reopened_on: int | None


@dataclass(frozen=True)
class Told:
    """What is known of a ticket, which is opened at site A.

    Attributes:
        serial: As noted at the opening.
        corrected: As identified later, before any exchange.
        exchanged: That of the unit given in exchange.
    """

    number: int
    opened_on: int
    serial: str | None = None
    corrected: str | None = None
    exchanged: str | None = None
    links: tuple[int, ...] = ()
    cycles: tuple[Cycle, ...] = ()
    is_cancelled: bool = False

    @property
    def came_as(self) -> str | None:
        """The serial under which the unit came."""
        return self.corrected or self.serial

    @property
    def went_as(self) -> str | None:
        """The serial under which it went."""
        return self.exchanged or self.came_as

    @property
    def repairs(self) -> list[Repair]:
        """Those that count; one that was not handed back before its ticket was reopened may be so afterwards."""
        found: list[Repair] = []
        waiting, failed = None, None
        for number, cycle in enumerate(self.cycles, 1):
            failed = failed or cycle.failed_at
            if cycle.repaired_on is not None:
                waiting = number, cycle.site
            if waiting is None:
                failed = None
            elif cycle.back_on is not None:
                of, site = waiting
                reopened_on = self.cycles[1].begun_on if len(self.cycles) > 1 else None
                found.append(
                    Repair(self.number, of, cycle.back_on, site, failed or site, failed is not None, reopened_on)
                )
                waiting, failed = None, None
        return [] if self.is_cancelled else found

    @property
    def was_back(self) -> bool:
        """Whether the unit was ever handed back."""
        return any(cycle.back_on is not None for cycle in self.cycles)


def order(tickets: list[Told]) -> list[Told]:
    """By opening."""
    return sorted(tickets, key=lambda one: (one.opened_on, one.number))


def last_with(serial: str, earlier: list[Told]) -> Told | None:
    """The last ticket after which the unit with this serial was with a customer."""
    for one in reversed(earlier):
        if one.went_as == serial:
            return one
        if one.came_as == serial:  # it was taken in
            return None
    return None


def units_of(tickets: list[Told]) -> list[set[int]]:
    """The tickets of each unit."""
    ordered = order(tickets)
    pairs = []
    for place, one in enumerate(ordered):
        earlier = ordered[:place]
        before = None if one.came_as is None else last_with(one.came_as, earlier)
        pairs += [(one.number, before.number)] if before is not None else []
        pairs += [(one.number, link) for link in one.links if link in {other.number for other in earlier}]
    sets = [{one.number} for one in ordered]
    for a, b in pairs:
        with_a = next(one for one in sets if a in one)
        with_b = next(one for one in sets if b in one)
        if with_a is not with_b:
            sets.remove(with_b)
            with_a |= with_b
    return sets


Charged = tuple[int, int]
"""A repair: its ticket and cycle."""


def repeats_of(tickets: list[Told], days: int) -> list[tuple[int, Charged, Charged]]:
    """Each repeat: its ticket, the latest repair before it, the first of the chain."""
    sets, by_number = units_of(tickets), {one.number: one for one in tickets}
    latest: dict[int, Charged] = {}
    for one in order(tickets):
        unit = next(numbers for numbers in sets if one.number in numbers)
        others = [by_number[number] for number in unit]
        before = [other for other in others if (other.opened_on, other.number) < (one.opened_on, one.number)]
        repairs = [
            (repair.back_on, other.opened_on, other.number, repair.cycle)
            for other in before
            for repair in other.repairs
            if repair.back_on <= one.opened_on
        ]
        if repairs and not one.is_cancelled and one.opened_on - max(repairs)[0] <= days:
            latest[one.number] = max(repairs)[2:]
    found = []
    for number, repaired in latest.items():
        first = repaired
        while first[1] == 1 and first[0] in latest:  # a later cycle follows a reopening, which is no repeat
            first = latest[first[0]]
        found.append((number, repaired, first))
    return found


def is_fixed(repair: Repair, tickets: list[Told], days: int) -> bool:
    """Whether it took one cycle, passed every inspection and was not followed by a repeat."""
    came_back = {latest for _, latest, _ in repeats_of(tickets, days)}
    is_once = repair.cycle == 1 and (repair.reopened_on is None or repair.reopened_on > repair.back_on + days)
    return is_once and not repair.has_failed and (repair.number, repair.cycle) not in came_back
