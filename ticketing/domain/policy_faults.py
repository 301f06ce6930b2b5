"""Policy faults: what in a policy cannot be meant, each with its key; it is refused before it is published."""

from collections.abc import Iterator
from decimal import Decimal

from ticketing.domain import events as e
from ticketing.domain.contradictions import Contradiction, twice
from ticketing.domain.errors import hint
from ticketing.domain.measured_faults import measured_faults
from ticketing.domain.policy import DefinedClock, DefinedNotice, Target, seconds_of
from ticketing.domain.reference import PolicyPublished

_ABOUT_FACTS = (e.EventCorrected, e.EventRetracted, e.NoticeSent)
"""They are about other facts or about clocks; no clock is about them."""
FACTS = tuple(event.__name__ for event in e.TICKET_EVENTS if event not in _ABOUT_FACTS)
"""The names of the facts that may start or stop a clock."""
_ALL_FACTS = frozenset(event.__name__ for event in e.TICKET_EVENTS)
_NAMING = ("/", "#")
_MOST_HOURS = 100 * 366 * 24
"""A hundred years."""


def policy_faults(policy: PolicyPublished) -> Iterator[Contradiction]:
    """Everything in the policy that cannot be meant, in the order of its keys."""
    yield from twice("clocks", (clock.id for clock in policy.clocks))
    for number, clock in enumerate(policy.clocks):
        for found in _in_clock(clock, policy):
            yield Contradiction(f"clocks.{number}.{found.key}", f"clock {clock.id}: {found.said}")
    yield from twice("causes", policy.causes)
    clocks = tuple(clock.id for clock in policy.clocks)
    for number, figure in enumerate(policy.figures):
        for found in measured_faults(figure, clocks):
            yield Contradiction(f"figures.{number}.{found.key}", f"figure {figure.figure}: {found.said}")


def _in_clock(clock: DefinedClock, policy: PolicyPublished) -> Iterator[Contradiction]:
    if any(sign in clock.id for sign in _NAMING):
        yield Contradiction("id", f"{clock.id!r} has one of {' '.join(_NAMING)}, which tell a clock's parts apart")
    yield from _in_starts_and_stops(clock)
    yield from _in_target(clock.target)
    yield from _in_what_counts(clock)
    others = clock.conditions.manufacturers
    if policy.manufacturer is not None and others and policy.manufacturer not in others:
        said = f"the policy is for {policy.manufacturer} alone, so it never holds"
        yield Contradiction("conditions.manufacturers", said)
    yield from twice("notices", (notice.kind for notice in clock.notices))
    for number, notice in enumerate(clock.notices):
        for found in _in_notice(notice, clock.target):
            yield Contradiction(f"notices.{number}.{found.key}", f"notice {notice.kind}: {found.said}")


def _in_starts_and_stops(clock: DefinedClock) -> Iterator[Contradiction]:
    for key in ("starts", "stops"):
        facts = getattr(clock, key)
        if clock.binds == "site" and facts:
            said = "a site's own clock follows custody and has no facts; leave it out, or let it bind somebody else"
            yield Contradiction(key, said)
        elif clock.binds != "site" and not facts:
            yield Contradiction(key, "names no fact; only a clock that binds a site follows custody")
        yield from twice(key, facts)
        for fact in facts:
            if fact in _ALL_FACTS and fact not in FACTS:
                yield Contradiction(key, f"{fact} is about another fact, and no clock can be{hint(fact, FACTS)}")
            elif fact not in FACTS:
                yield Contradiction(key, f"there is no fact {fact!r}{hint(fact, FACTS)}")


def _in_target(target: Target) -> Iterator[Contradiction]:
    given = [name for name in Target.model_fields if getattr(target, name) is not None]
    names = "working_hours, elapsed_hours, calendar_days and until"
    if len(given) != 1:
        yield Contradiction("target", f"exactly one of {names} is due, not {' and '.join(given) or 'none'}")
    for name in ("working_hours", "elapsed_hours"):
        yield from _in_hours(f"target.{name}", getattr(target, name))
    days = target.calendar_days
    if days is not None and days <= 0:
        yield Contradiction("target.calendar_days", f"{days} is not above zero")
    if days is not None and days > _MOST_HOURS // 24:
        yield Contradiction("target.calendar_days", f"{days} is more than a hundred years")


def _in_hours(key: str, hours: Decimal | int | None) -> Iterator[Contradiction]:
    if hours is None:
        return
    if not Decimal(hours).is_finite() or hours <= 0:
        yield Contradiction(key, f"{hours} is not above zero")
    elif hours > _MOST_HOURS:
        yield Contradiction(key, f"{hours} hours are more than a hundred years")
    elif seconds_of(hours) % 1:
        yield Contradiction(key, f"{hours} hours are no whole seconds")


def _in_what_counts(clock: DefinedClock) -> Iterator[Contradiction]:
    target = clock.target
    if target.until is not None:
        fact, _, field = target.until.partition(".")
        if clock.starts != (fact,):
            said = f"the due date is the {field} of {fact}, so that fact alone starts the clock: starts = {fact!r}"
            yield Contradiction("target.until", said)
        if clock.pauses:
            yield Contradiction("pauses", "nothing pauses a clock whose due date is said in the fact")
    if clock.on_reopening == "adds_up" and (target.until is not None or clock.binds == "site"):
        said = "a due date that a fact says" if target.until is not None else "a stay at a site"
        yield Contradiction("on_reopening", f"{said} adds up to nothing: anew and first_only are possible")
    for name in ("working_hours", "calendar_days"):
        if getattr(target, name) is not None and clock.calendar is None:
            what = "open hours" if name == "working_hours" else "zone"
            yield Contradiction("calendar", f"is missing: {name} counts by the {what} of a calendar")
    yield from twice("pauses", clock.pauses)


def _in_notice(notice: DefinedNotice, target: Target) -> Iterator[Contradiction]:
    percent, before = notice.at_percent, notice.before_hours
    if (percent is None) == (before is None):
        yield Contradiction("at_percent", "either at_percent or before_hours is due, and not both")
    if percent is not None and not 1 <= percent <= 100:
        yield Contradiction("at_percent", f"{percent} is not among 1 to 100")
    yield from _in_hours("before_hours", before)
    if before is not None and target.calendar_days is not None:
        yield Contradiction("before_hours", "calendar days have no hours; say at_percent")
    whole = target.working_hours or target.elapsed_hours
    if before is not None and whole is not None and before > whole:
        yield Contradiction("before_hours", f"{before} hours before is before the start: the target is {whole} hours")
