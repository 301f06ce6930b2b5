"""No clock: why a ticket has none: of each policy the reason that is nearest to its having one."""

from collections.abc import Iterator, Sequence

from ticketing.domain.course import Course, Fact, known_before
from ticketing.domain.phrases import day_or_instant, either, spaced
from ticketing.domain.policy import Conditions, DefinedClock
from ticketing.domain.reference import PolicyPublished
from ticketing.domain.runs import runs_of
from ticketing.domain.standing import forced, in_force
from ticketing.domain.time_rules import Publication, TimeRules

_MOST_POLICIES = 5
_Reason = tuple[int, str]
"""How near it is to a clock, and the reason."""


def why_none(facts: Sequence[Fact], rules: TimeRules, *, under: PolicyPublished | None = None) -> tuple[str, ...]:
    """Why a ticket has no clock: a line for each of at most five policies, the nearest first.

    Args:
        facts: The surviving ones, of a ticket without a clock.
        rules: What was published.
        under: Speak of this version alone, whatever was in force.
    """
    course = Course(facts, rules)
    if under is not None:
        return (max(_forced(under, course), default=_defining_none(under))[1],)
    if not rules.policies:
        return ("no policy was published",)
    nearest = [
        max(
            (reason for one in versions for reason in _reasons(one, course, rules)),
            default=_defining_none(versions[-1].thing),
        )
        for versions in rules.policies.values()
    ]
    lines = [line for _, line in sorted(nearest, key=lambda reason: -reason[0])]
    more = len(lines) - _MOST_POLICIES
    return tuple(lines) if more <= 0 else (*lines[:_MOST_POLICIES], f"and {more} more policies have none")


def asked_of(conditions: Conditions, manufacturer: str | None) -> str:
    """What a policy of a manufacturer and the conditions of a clock ask of a ticket; empty where that is nothing."""
    makers = conditions.manufacturers or ((manufacturer,) if manufacturer is not None else ())
    asked = (
        ("manufacturer", makers),
        ("model", conditions.models),
        ("site", conditions.sites),
        ("entitlement", conditions.entitlements),
        ("customer", conditions.customer_kinds),
    )
    return "; ".join(f"{name} {either(map(spaced, values))}" for name, values in asked if values)


def _defining_none(policy: PolicyPublished) -> _Reason:
    return 0, f"{_named(policy)} defines no clock"


def _forced(policy: PolicyPublished, course: Course) -> Iterator[_Reason]:
    for clock in policy.clocks:
        if other := _of_another(policy, course):
            yield 1, other
        else:
            yield _unmet(policy, clock) if runs_of(clock, course, forced) else _not_started(policy)


def _reasons(publication: Publication[PolicyPublished], course: Course, rules: TimeRules) -> Iterator[_Reason]:
    """Of each clock of a version, what it failed at."""
    policy = publication.thing

    def is_known(fact: Fact) -> bool:
        before = known_before(fact)
        return before is None or publication.position < before

    def is_effective(fact: Fact) -> bool:
        return is_known(fact) and policy.effective_from <= fact.occurred_at

    for clock in policy.clocks:
        if other := _of_another(policy, course):
            yield 1, other
        elif not runs_of(clock, course, forced):
            yield _not_started(policy)
        elif not runs_of(clock, course, is_known):
            yield 4, f"{_named(policy)} was published only after what would start its clocks was recorded"
        elif not runs_of(clock, course, is_effective):
            since = day_or_instant(policy.effective_from)
            yield 5, f"{_named(policy)} is effective only from {since}, after what would start its clocks"
        elif not runs_of(clock, course, in_force(policy, rules)):
            yield 3, f"a later version than {_named(policy)} was in force, and has no clock that its facts start"
        else:
            yield _unmet(policy, clock)


def _not_started(policy: PolicyPublished) -> _Reason:
    return 2, f"of {_named(policy)} none of the start facts has occurred"


def _unmet(policy: PolicyPublished, clock: DefinedClock) -> _Reason:
    asked = asked_of(clock.conditions, policy.manufacturer)
    return 6, f"the conditions of {_named(policy)} never held: {clock.id} asks for {asked}"


def _of_another(policy: PolicyPublished, course: Course) -> str | None:
    """Whose policy it is, where that is not the maker of this ticket's unit; else None."""
    makers = dict.fromkeys(told.manufacturer for told in course.told if told.manufacturer is not None)
    if policy.manufacturer is None or policy.manufacturer in makers:
        return None
    its = f"this ticket's manufacturer is {[*makers][-1]}" if makers else "this ticket names no manufacturer"
    return f"{policy.key} is for {policy.manufacturer}; {its}"


def _named(policy: PolicyPublished) -> str:
    return f"{policy.key}@{policy.version}"
