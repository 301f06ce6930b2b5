"""Time rules: the policies, calendars and sites that clocks are judged by, with the position of each publication.

Laws of this file: a native clock knows only what was published before its start was recorded; one that was imported
knows all. Of the versions that are effective at an instant the latest counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from ticketing.domain.hours import Hours
from ticketing.domain.policy import Conditions, DefinedClock
from ticketing.domain.reference import CalendarPublished, PolicyPublished, Published, SitePublished
from ticketing.domain.values import Event, Recorded
from ticketing.domain.waits import SHOWING

MOVING = (
    "UnitReceived",
    "UnitArrived",
    "UnitDispatched",
    "UnitHandedBack",
    "UnitDisposed",
    "TicketAssigned",
    "TicketClosed",
    "TicketReopened",
)
"""What moves the unit or the ticket."""

TELLING = ("TicketOpened", "UnitIdentified", "EntitlementDecided", "EntitlementRevised")
"""What tells of that which conditions ask about."""

P = TypeVar("P", bound=Published)


@dataclass(frozen=True, slots=True)
class Publication(Generic[P]):
    """One version of one thing, and where it stands on the log."""

    thing: P
    position: int


Versions = Mapping[str, tuple[Publication[P], ...]]


@dataclass(frozen=True, slots=True)
class ClockVersions:
    """One clock of a policy as its versions define it.

    Attributes:
        versions: Each version of the policy that has the clock, with the clock as it defines it.
        facts: Names of the facts that may change how it stands.
        starts: Names of those that may start it.
    """

    policy: str
    id: str
    versions: tuple[tuple[PolicyPublished, DefinedClock], ...]
    facts: frozenset[str]
    starts: frozenset[str]


def clocks_in(policies: Iterable[PolicyPublished]) -> list[ClockVersions]:
    """Every clock that the versions of policies define, in order of policy and clock."""
    found: dict[tuple[str, str], list[tuple[PolicyPublished, DefinedClock]]] = {}
    for policy in policies:
        for clock in policy.clocks:
            found.setdefault((policy.key, clock.id), []).append((policy, clock))
    return [
        ClockVersions(
            *key,
            tuple(versions),
            frozenset(name for version in versions for name in _facts_of(*version)),
            frozenset(name for _, clock in versions for name in (MOVING if clock.binds == "site" else clock.starts)),
        )
        for key, versions in sorted(found.items())
    ]


def _facts_of(policy: PolicyPublished, clock: DefinedClock) -> frozenset[str]:
    facts = {*clock.starts, *clock.stops, "TicketOpened", "TicketReopened", "TicketClosed"}
    facts |= {"EventCorrected", "EventRetracted"}
    if clock.binds == "site":
        facts.update(MOVING)
    if clock.pauses:
        facts.update(event.__name__ for event in SHOWING)
    if policy.manufacturer is not None or clock.conditions != Conditions():
        facts.update(TELLING)
    return frozenset(facts)


@dataclass(frozen=True, slots=True)
class TimeRules:
    """What was published up to a position of the log; of each thing all versions by key, in ascending order.

    Attributes:
        position: Of the last publication; 0 before the first.
        clocks: Every clock in all its versions, in order of policy and clock.
    """

    policies: Versions[PolicyPublished] = field(default_factory=dict)
    calendars: Versions[CalendarPublished] = field(default_factory=dict)
    sites: Versions[SitePublished] = field(default_factory=dict)
    position: int = 0
    clocks: tuple["ClockVersions", ...] = field(init=False)
    _hours: dict[tuple[str, int], Hours] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        policies = [one.thing for versions in self.policies.values() for one in versions]
        object.__setattr__(self, "clocks", tuple(clocks_in(policies)))

    @classmethod
    def of(cls, facts: Iterable[Recorded[Event]]) -> "TimeRules":
        """The rules that facts of reference streams publish, whatever their order; those of standards are left out."""
        kinds: dict[type[Published], dict[str, list[Publication[Published]]]] = {
            PolicyPublished: {},
            CalendarPublished: {},
            SitePublished: {},
        }
        position = 0
        for fact in sorted(facts, key=lambda fact: fact.position):
            things = kinds.get(type(fact.event))  # type: ignore[arg-type]
            if things is not None and isinstance(fact.event, Published):
                things.setdefault(fact.event.key, []).append(Publication(fact.event, fact.position))
                position = fact.position
        policies, calendars, sites = (
            {key: tuple(versions) for key, versions in sorted(things.items())} for things in kinds.values()
        )
        return cls(policies, calendars, sites, position)  # type: ignore[arg-type]

    def policy_at(self, key: str, at: datetime, known_before: int | None) -> PolicyPublished | None:
        """The version of a policy that is effective at an instant, or None.

        Args:
            key: The policy's.
            at: When.
            known_before: Only publications before this position of the log; None for all.
        """
        return _effective(self.policies.get(key, ()), at, known_before)

    def calendar_of_site(self, site: str, at: datetime, known_before: int | None) -> str | None:
        """The key of the calendar that a site has at an instant, if it counts by then; or None."""
        found = _effective(self.sites.get(site, ()), at, known_before)
        calendar = None if found is None else found.calendar
        if calendar is None or _effective(self.calendars.get(calendar, ()), at, known_before) is None:
            return None
        return calendar

    def hours(self, calendar: str, known_before: int | None) -> Hours:
        """The open hours of a calendar, as those versions have them that count, and extensions of the horizon.

        Raises:
            KeyError: No version of it counts.
        """
        versions = self.calendars[calendar]
        known = len(versions) if known_before is None else sum(one.position < known_before for one in versions)
        if not known:
            raise KeyError(calendar)
        found = self._hours.get((calendar, known))
        if found is None:
            things = [one.thing for one in versions]
            found = self._hours[calendar, known] = Hours.of(things[:known], extensions=things[known:])
        return found

    def same_place(self, one: str, other: str, at: datetime, known_before: int | None) -> bool:
        """Whether two sites are one place then: a department lies where its parent does, any other by itself."""
        return one == other or self._place(one, at, known_before) == self._place(other, at, known_before)

    def _place(self, key: str, at: datetime, known_before: int | None) -> str:
        seen = {key}
        while (site := _effective(self.sites.get(key, ()), at, known_before)) is not None:
            if site.kind != "department" or site.parent is None or site.parent in seen:
                break
            key = site.parent
            seen.add(key)
        return key


def _effective(versions: Iterable[Publication[P]], at: datetime, known_before: int | None) -> P | None:
    effective = [
        one.thing
        for one in versions
        if one.thing.effective_from <= at and (known_before is None or one.position < known_before)
    ]
    return max(effective, key=lambda thing: thing.version, default=None)
