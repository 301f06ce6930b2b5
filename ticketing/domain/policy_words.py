"""Policy words: each clock of a policy in a sentence or two, for people to read."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from ticketing.domain.phrases import after, day_or_instant, either, spaced
from ticketing.domain.policy import WAITS, Binds, DefinedClock, DefinedNotice, OnReopening, Target, Until
from ticketing.domain.policy_faults import FACTS
from ticketing.domain.reference import PolicyPublished
from ticketing.domain.values import decimal_text

_BINDS: Mapping[Binds, str] = {
    "customer_promise": "it is a promise to the customer",
    "site": "it is a target for each stay at a site",
    "manufacturer_contract": "it is part of the contract with the manufacturer",
    "statute": "it is set by statute",
    "customer_duty": "it is a duty of the customer",
}
_UNTIL: Mapping[Until, str] = {
    "PromiseMade.due_at": "the date promised",
    "EstimateIssued.valid_until": "the date until which the estimate is valid",
    "PositionRequested.deadline": "the date until which the position was asked for",
}
_ON_REOPENING: Mapping[OnReopening, str] = {
    "anew": "when the ticket is reopened, another clock begins",
    "adds_up": "when the ticket is reopened, it goes on counting",
    "first_only": "it knows the first cycle alone",
}
_CONDITIONS: Mapping[str, str] = {
    "manufacturers": "the manufacturer is",
    "models": "the model is",
    "sites": "the site is",
    "entitlements": "the entitlement is",
    "customer_kinds": "the customer is a",
}


def policy_in_words(policy: PolicyPublished) -> dict[str, str]:
    """What the policy says beside its clocks, by heading; what it does not have is left out."""
    said = {
        "title": policy.title or "",
        "effective from": day_or_instant(policy.effective_from),
        "manufacturer": policy.manufacturer or "",
        **{f"parameter {name}": str(value) for name, value in sorted(policy.parameters.items())},
        "order of causes": ", ".join(map(spaced, policy.causes)),
        **{f"measured by, {number}": figure.said for number, figure in enumerate(policy.figures, 1)},
    }
    return {heading: words for heading, words in said.items() if words}


def clock_in_words(clock: DefinedClock) -> dict[str, str]:
    """What the clock says, a sentence for each part of it; what it does not have is left out."""
    said = {
        "title": clock.title or "",
        "binds": _BINDS[clock.binds],
        "run": _run(clock),
        "target": f"its target is {_target(clock.target)}{_by(clock)}",
        "pauses": _pauses(clock),
        "conditions": _conditions(clock),
        "reopening": "" if clock.binds == "site" else _ON_REOPENING[clock.on_reopening],
        "closing": "it outlasts the closing of the ticket" if clock.outlasts_closing else "",
        **{f"notice {notice.kind}": _notice(notice) for notice in clock.notices},
    }
    return {part: words for part, words in said.items() if words}


def _pauses(clock: DefinedClock) -> str:
    if clock.target.until is not None:
        return ""
    causes = either(map(spaced, _in_order(clock.pauses, WAITS)))
    return f"it pauses for {causes}" if causes else "nothing pauses it"


def _run(clock: DefinedClock) -> str:
    if clock.binds == "site":
        return "it runs while the unit stays at the site that has the ticket"
    starts, stops = (either(map(_fact, _in_order(facts, FACTS))) for facts in (clock.starts, clock.stops))
    return f"it runs from {starts} to {stops}"


def _in_order(names: Iterable[str], known: Sequence[str]) -> list[str]:
    """The names in an order that does not depend on who wrote them down."""
    return sorted(names, key=lambda name: (known.index(name) if name in known else len(known), name))


def _fact(name: str) -> str:
    """The fact in words: `UnitHandedBack` is `unit handed back`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _target(target: Target) -> str:
    if target.working_hours is not None:
        return f"{_hours(target.working_hours)} of open time"
    if target.elapsed_hours is not None:
        return f"{_hours(target.elapsed_hours)}, open or not"
    if target.calendar_days is not None:
        days = target.calendar_days
        return f"the end of the {days}{_ordinal(days)} day after the day of the start"
    return f"{_UNTIL[target.until]}; a later one replaces it" if target.until is not None else "nothing"


def _ordinal(number: int) -> str:
    return "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _hours(hours: Decimal | int) -> str:
    return f"{decimal_text(Decimal(hours))} hour{'' if hours == 1 else 's'}"


def _by(clock: DefinedClock) -> str:
    if clock.calendar is None or clock.target.elapsed_hours is not None or clock.target.until is not None:
        return ""
    return f", by the calendar {clock.calendar}{', or that of the site' if clock.is_site_calendar else ''}"


def _conditions(clock: DefinedClock) -> str:
    asked = {words: sorted(getattr(clock.conditions, name)) for name, words in _CONDITIONS.items()}
    said = [f"{words} {either(values)}" for words, values in asked.items() if values]
    return f"it is for tickets of which {' and '.join(said)}" if said else ""


def _notice(notice: DefinedNotice) -> str:
    when = after("at ", notice.at_percent, " % of the target")
    if notice.before_hours is not None:
        when = f"{_hours(notice.before_hours)} before it is due"
    return f"{when}, {spaced(notice.kind)} goes to {notice.to}"
