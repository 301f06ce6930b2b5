"""Course: what clocks read off a ticket's surviving facts: cycles, stays, waits, and which conditions held when.

Law of this file: facts are read in order of (`occurred_at`, version), whatever the order in which they were recorded.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from ticketing.domain import events as e
from ticketing.domain.policy import Conditions
from ticketing.domain.time_rules import MOVING, TELLING, TimeRules
from ticketing.domain.values import NATIVE, Envelope, Event, Recorded
from ticketing.domain.waits import Wait, waits_of

Fact = Recorded[Event]


def order_of(fact: Envelope[Event]) -> tuple[datetime, int]:
    """By what facts are put in order."""
    return fact.occurred_at, fact.version


def known_before(fact: Fact) -> int | None:
    """Which publications a clock that starts with the fact knows: those before this position, or None for all."""
    return fact.position if fact.source == NATIVE else None


@dataclass(frozen=True, slots=True)
class Stay:
    """A unit at the site that has its ticket.

    Attributes:
        site: Which.
        number: Of the ticket's stays at this site, from 1.
        begun: The fact that began it, and `ended` the one that ended it.
    """

    site: str
    number: int
    begun: Fact
    ended: Fact | None = None

    @property
    def subject(self) -> str:
        """The stay's name among those of its ticket."""
        return self.site if self.number == 1 else f"{self.site}#{self.number}"


@dataclass(frozen=True, slots=True)
class Told:
    """What conditions may ask about, from an instant on."""

    from_at: datetime
    manufacturer: str | None = None
    model: str | None = None
    site: str | None = None
    entitlement: str | None = None
    customer_kind: str | None = None

    def meets(self, conditions: Conditions, manufacturer: str | None, stay: str | None) -> bool:
        """Whether all that is asked holds; a stay stands for the site where there is one."""
        return (
            (manufacturer is None or manufacturer == self.manufacturer)
            and (not conditions.manufacturers or self.manufacturer in conditions.manufacturers)
            and (not conditions.models or self.model in conditions.models)
            and (not conditions.sites or (stay or self.site) in conditions.sites)
            and (not conditions.entitlements or self.entitlement in conditions.entitlements)
            and (not conditions.customer_kinds or self.customer_kind in conditions.customer_kinds)
        )


class Course:
    """The course of one ticket.

    Args:
        facts: The surviving ones, in whatever order.
        rules: Which sites lie at one place.
    """

    def __init__(self, facts: Iterable[Fact], rules: TimeRules) -> None:
        self.facts = sorted(facts, key=order_of)
        self._rules = rules
        self._by_name: dict[str, list[Fact]] = defaultdict(list)
        for fact in self.facts:
            self._by_name[type(fact.event).__name__].append(fact)

    def of(self, names: Iterable[str]) -> list[Fact]:
        """The facts of these names, in order."""
        found = [self._by_name[name] for name in names if name in self._by_name]
        return found[0] if len(found) == 1 else sorted((fact for facts in found for fact in facts), key=order_of)

    @cached_property
    def _reopened(self) -> list[tuple[datetime, int]]:
        return [order_of(fact) for fact in self._by_name.get("TicketReopened", ())]

    def cycle_of(self, fact: Fact) -> int:
        """The cycle in which a fact occurred, from 1."""
        return 1 + sum(reopened <= order_of(fact) for reopened in self._reopened)

    def closing_after(self, fact: Fact) -> Fact | None:
        """The first closing after a fact."""
        closings = self._by_name.get("TicketClosed", ())
        return next((closing for closing in closings if order_of(closing) > order_of(fact)), None)

    @cached_property
    def waits(self) -> tuple[Wait, ...]:
        """Every wait."""
        return waits_of(self.facts)

    @cached_property
    def told(self) -> tuple[Told, ...]:
        """What was told of the ticket, from when to when, in order of time."""
        return tuple(_told(self.of(TELLING)))

    @cached_property
    def stays(self) -> tuple[Stay, ...]:
        """The stays at the sites that had the ticket, in order of their beginning."""
        return tuple(_stays(self.of(MOVING), self._rules))


def _told(facts: Sequence[Fact]) -> Iterator[Told]:
    now: dict[str, str | None] = {}
    for fact in facts:
        match fact.event:
            case e.TicketOpened(manufacturer=manufacturer, model=model, site=site, customer_kind=kind):
                after = now | {"site": now.get("site") or site, "customer_kind": kind}
                after |= {"manufacturer": manufacturer or now.get("manufacturer"), "model": model or now.get("model")}
            case e.UnitIdentified(manufacturer=manufacturer, model=model):
                after = now | {"manufacturer": manufacturer or now.get("manufacturer")}
                after |= {"model": model or now.get("model")}
            case e.EntitlementDecided(basis=basis) | e.EntitlementRevised(to_basis=basis):
                after = now | {"entitlement": basis}
            case _:
                continue
        if after != now:
            now = after
            yield Told(fact.occurred_at, **now)


def _stays(facts: Sequence[Fact], rules: TimeRules) -> Iterator[Stay]:
    """Folds custody and assignment; a stay goes on while case, unit and ticket stay where they are."""
    unit_at: str | None = None
    ticket_at: str | None = None
    is_open = True
    present: Stay | None = None
    numbers: dict[str, int] = defaultdict(int)
    ended: list[Stay] = []
    for fact in facts:
        match fact.event:
            case e.UnitReceived(site=site) | e.UnitArrived(site=site):
                unit_at = site
            case e.TicketAssigned(site=site):
                ticket_at = site
            case e.TicketClosed():
                is_open, ticket_at = False, None
            case e.TicketReopened():
                is_open = True
            case _:
                unit_at = None
        here = _staying_at(unit_at, ticket_at, fact, rules) if is_open else None
        if present is not None and here != present.site:
            ended.append(Stay(present.site, present.number, present.begun, fact))
            present = None
        if present is None and here is not None:
            numbers[here] += 1
            present = Stay(here, numbers[here], fact)
    yield from ended
    if present is not None:
        yield present


def _staying_at(unit_at: str | None, ticket_at: str | None, fact: Fact, rules: TimeRules) -> str | None:
    """The site whose stay it is; a ticket that is nobody's is that of the site where the unit is."""
    if unit_at is None or ticket_at is None or unit_at == ticket_at:
        return unit_at
    return ticket_at if rules.same_place(unit_at, ticket_at, fact.occurred_at, known_before(fact)) else None
