"""Asked: what a caller wrote for a report's parameters, understood, or refused in one line that names the nearest."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from ticketing.domain.cuts import instant
from ticketing.domain.errors import BadInput, NotFound, nearest
from ticketing.domain.reference import PolicyPublished
from ticketing.domain.time_rules import Publication, TimeRules, Versions
from ticketing.domain.values import instant_text
from ticketing.projections.dimensions import DIMENSIONS
from ticketing.projections.report import Cohort, Figure, Unit
from ticketing.projections.turnaround import SECONDS_OF, VARIANTS, Variant

When = datetime | date | str | None
"""An instant with a zone, or a date, as a value or in ISO 8601; None where nothing was asked."""

_MICROSECOND = timedelta(microseconds=1)

_MOST_DIGITS = 9
"""No version has more, and Python refuses to read a number of thousands of digits."""

_MOST_SHOWN = 60
"""An error shows no more characters of what was asked."""


def period_edge(name: str, given: When, zone: tzinfo, *, is_end: bool) -> tuple[datetime | None, str | None]:
    """An edge of a period: the first instant in it, or for the end the first one after it; and how it is printed.

    Args:
        name: What the caller calls it.
        given: An instant or a day, both part of the period.
        zone: Where the day begins and ends.
        is_end: Whether it is the end.

    Raises:
        BadInput: It is neither.
    """
    day = _day(given)
    try:
        if day is None:
            at = instant_asked(name, given, zone)
            return (None, None) if at is None else (at + _MICROSECOND if is_end else at, instant_text(at))
        return _midnight(day + timedelta(days=1) if is_end else day, zone), day.isoformat()
    except OverflowError:
        raise BadInput(f"{name} {given}: no calendar goes that far") from None


def instant_asked(name: str, given: When, zone: tzinfo) -> datetime | None:
    """The instant in UTC; of a date the first one in the zone.

    Raises:
        BadInput: It is none, or has no zone.
    """
    day = _day(given)
    try:
        if day is not None:
            return _midnight(day, zone)
        return None if given is None else instant(given)
    except (ValueError, OverflowError):
        raise BadInput(f"{name} {given}: give a date, or an instant with a zone like 2026-03-01T12:00Z") from None


def _day(given: When) -> date | None:
    if isinstance(given, date) and not isinstance(given, datetime):
        return given
    try:
        return date.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        return None


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def cohort_asked(figure: Figure, given: str | None) -> Cohort:
    """The cohort, by default the first that the figure is defined over.

    Raises:
        BadInput: The figure is not defined over it.
    """
    for cohort in figure.cohorts:
        if given in (None, cohort):
            return cohort
    raise BadInput(
        f"{figure.name} is not defined over the cohort {given}; the nearest is {nearest(given or '', figure.cohorts)}"
    )


def dimensions_asked(given: Sequence[str], of: Figure) -> tuple[str, ...]:
    """The names of dimensions, of all tickets or of the figure's own.

    Raises:
        BadInput: There is no such dimension, or it is named twice.
    """
    by = (given,) if isinstance(given, str) else tuple(given)
    known = sorted((*DIMENSIONS, *of.dimensions))
    for name in by:
        if name not in known:
            raise BadInput(f"there is no dimension {name}; the nearest is {nearest(name, known)}")
        if by.count(name) > 1:
            raise BadInput(f"the dimension {name} is named twice")
    return by


def percentiles_asked(given: Sequence[int]) -> tuple[int, ...]:
    """The percentiles in ascending order.

    Raises:
        BadInput: There is none, or one is not from 1 to 99.
    """
    if not given or any(not 1 <= percent <= 99 for percent in given):
        raise BadInput(f"percentiles {', '.join(map(str, given))}: name at least one, from 1 to 99")
    return tuple(sorted(set(given)))


def unit_asked(given: Unit | None) -> Unit | None:
    """The unit of durations, or None.

    Raises:
        BadInput: Durations are not shown in it.
    """
    if given is not None and given not in SECONDS_OF:
        raise BadInput(f"there is no unit {given}: a turnaround is in s, h or d")
    return given


def variant_asked(given: Variant) -> Variant:
    """The other span of a turnaround.

    Raises:
        BadInput: There is none of that name.
    """
    if given not in VARIANTS:
        raise BadInput(f"there is no variant {given} of turnaround; the nearest is {nearest(given, VARIANTS)}")
    return given


def version_asked(name: str, given: str, like: str) -> tuple[str, int]:
    """The key and the version that `KEY@VERSION` names.

    Args:
        name: What the caller calls it.
        given: What was written.
        like: An example.

    Raises:
        BadInput: It names none.
    """
    key, at, version = given.rpartition("@")
    if not (at and key and version.isdecimal() and len(version) <= _MOST_DIGITS):
        shown = given if len(given) <= _MOST_SHOWN else f"{given[:_MOST_SHOWN]}…"
        raise BadInput(f"{name} {shown}: write KEY@VERSION, such as {like}")
    return key, int(version)


def policy_asked(under: str, rules: TimeRules) -> Publication[PolicyPublished]:
    """The version of a policy that `POLICY@VERSION` names, and where it stands on the log.

    Raises:
        BadInput: It names none.
        NotFound: It was never published; the text names what was.
    """
    key, version = version_asked("under", under, "phone-contract@2")
    for one in rules.policies.get(key, ()):
        if one.thing.version == version:
            return one
    raise NotFound(f"policy {key}@{version} was never published; {_published(rules.policies, key)}")


def _published(policies: Versions[PolicyPublished], key: str) -> str:
    if not policies:
        return "no policy was"
    if key not in policies:
        return f"the nearest is {nearest(key, policies)}"
    versions = [f"{key}@{one.thing.version}" for one in policies[key]]
    return f"there {'are' if len(versions) > 1 else 'is'} {', '.join(versions)}"


def days_asked(name: str, given: int) -> int:
    """The number of days.

    Raises:
        BadInput: It is negative, or no whole number.
    """
    if type(given) is not int:
        raise BadInput(f"{name} {given}: days are whole numbers")
    if given < 0:
        raise BadInput(f"{name} {given}: days are counted from 0")
    return given
