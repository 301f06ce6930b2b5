"""An oracle of repeat repairs: it compares every ticket with every other, and looks every serial up anew.

It shares nothing with the package but the words of the domain. Instants are whole days, tickets are numbers.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """What is known of a ticket.

    Attributes:
        serial: As noted at the opening.
        corrected: As identified later, before any exchange.
        exchanged: That of the unit given in exchange.
        repaired_on: The completed repair; handed back on `back_on`, or not.
    """

    number: int
    opened_on: int
    serial: str | None = None
    corrected: str | None = None
    exchanged: str | None = None
    links: tuple[int, ...] = ()
    repaired_on: int | None = None
    back_on: int | None = None
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
    def repair(self) -> int | None:
        """The day on which the repair was handed back, if it counts as one."""
        is_one = self.repaired_on is not None and self.back_on is not None and not self.is_cancelled
        return self.back_on if is_one else None


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


def repeats_of(tickets: list[Told], days: int) -> list[tuple[int, int, int]]:
    """Each repeat: its ticket, that of the latest repair before it, that of the first of the chain."""
    sets, by_number = units_of(tickets), {one.number: one for one in tickets}
    latest: dict[int, int] = {}
    for one in order(tickets):
        unit = next(numbers for numbers in sets if one.number in numbers)
        repairs = [
            (other.repair, other.opened_on, other.number)
            for other in (by_number[number] for number in unit)
            if other.repair is not None
            and other.repair <= one.opened_on
            and (other.opened_on, other.number) < (one.opened_on, one.number)
        ]
        if repairs and not one.is_cancelled and one.opened_on - max(repairs)[0] <= days:
            latest[one.number] = max(repairs)[2]
    found = []
    for number, repaired in latest.items():
        first = repaired
        while first in latest:
            first = latest[first]
        found.append((number, repaired, first))
    return found
