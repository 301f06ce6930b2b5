"""Freezing: what the zone and the holidays libraries say of a calendar is taken into it, once, at its publication.

A later release of either changes nothing that is on record. Holidays need the extra `calendars`; without a set of them
a calendar needs no more than the zones of the system, or of the package `tzdata`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TypeVar
from zoneinfo import TZPATH, ZoneInfo, available_timezones

from ticketing.domain.calendar import Frozen, Holiday, HolidaySet, Transition
from ticketing.domain.calendar_faults import calendar_faults
from ticketing.domain.contradictions import Contradiction
from ticketing.domain.errors import BadInput, hint
from ticketing.domain.reference import CalendarPublished, Published, SitePublished

_YEARS, _MOST_YEARS = 10, 100
_STEP = timedelta(hours=6)
"""No zone has ever changed its clock twice within so little and come back to where it was."""
_SECOND = timedelta(seconds=1)
_MOST_NAMED = 5
_THIS_MACHINES_OWN = {"localtime", "posixrules", "Factory"}


P = TypeVar("P", bound=Published)


def frozen(thing: P) -> P:
    """A calendar with what the libraries say of it now; one that is frozen already, and anything else, unchanged.

    Raises:
        BadInput: Nobody knows its zone or holidays, or it is not to be frozen for its own time; the text names the key.
    """
    for found in cannot_be_frozen(thing):
        raise BadInput(f"Publish.thing: {found}")
    if not isinstance(thing, CalendarPublished) or thing.frozen is not None:
        return thing
    since, until = horizon(thing)
    offset, *changes = _offsets(thing.zone, since, until)
    known = _known_holidays(thing.holidays, since, until) if thing.holidays is not None else _NONE
    kept = Frozen(
        since=since,
        until=until,
        offset_seconds=offset.offset_seconds,
        transitions=tuple(changes),
        holidays=known.holidays,
        make_up_days=known.make_up_days,
        sources=(zone_source(thing.zone), *known.sources),
    )
    return thing.model_copy(update={"frozen": kept})


def horizon(calendar: CalendarPublished) -> tuple[date, date]:
    """The first and the last local day to freeze: from the beginning of the year in which it is effective."""
    since = date(calendar.effective_from.astimezone(ZoneInfo(calendar.zone)).year, 1, 1)
    return since, calendar.frozen_until or _as_far_as_known(calendar.holidays, since)


@cache
def _as_far_as_known(asked: HolidaySet | None, since: date) -> date:
    """The last day to freeze where none is named.

    Days worked in exchange for holidays are announced from year to year: where there are such days, no year counts as
    known for which there are none yet.
    """
    last = date(since.year + _YEARS, 12, 31)
    if asked is None or asked.subdivision not in (None, *_countries().get(asked.country, ())):
        return last
    if asked.country not in _countries() or not _years_known(asked.country)[0] <= since.year:
        return last
    until = min(last, date(_years_known(asked.country)[1], 12, 31))
    worked = _known_holidays(asked, since, until).make_up_days
    return date(worked[-1].year, 12, 31) if worked else last


def cannot_be_frozen(thing: Published) -> Iterator[Contradiction]:
    """The zone, country, part of it or days of a calendar or site that cannot be frozen, each with its key.

    Raises:
        BadInput: There are holidays, and the extra `calendars` is not installed.
    """
    if isinstance(thing, SitePublished | CalendarPublished) and thing.zone not in _zones():
        yield Contradiction("zone", f"unknown zone {thing.zone!r}{hint(thing.zone, _zones())}")
    elif isinstance(thing, CalendarPublished) and not any(calendar_faults(thing)):
        yield from _about_the_horizon(thing)
        if thing.holidays is not None:
            yield from _about_holidays(thing, thing.holidays)


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones() - _THIS_MACHINES_OWN))


def _about_the_horizon(calendar: CalendarPublished) -> Iterator[Contradiction]:
    since, until = horizon(calendar)
    first = calendar.effective_from.astimezone(ZoneInfo(calendar.zone)).date()
    if until < first:
        yield Contradiction("frozen_until", f"{until} is before effective_from, {first}")
    if until.year > first.year + _MOST_YEARS:
        yield Contradiction("frozen_until", f"{until} is more than {_MOST_YEARS} years after effective_from, {first}")
    named = [(f"closed_days.{number}", day) for number, day in enumerate(calendar.closed_days)]
    named += [(f"make_up_days.{number}.on", day.on) for number, day in enumerate(calendar.make_up_days)]
    for key, day in named:
        if day > until:
            yield Contradiction(key, f"{day} would count for nothing: the calendar is frozen until {until}")
    given = calendar.frozen
    if given is not None and (given.since, given.until) != (since, until):
        yield Contradiction("frozen", f"it holds from {given.since} to {given.until}, not from {since} to {until}")


# zones


@cache
def _offsets(name: str, since: date, until: date) -> tuple[Transition, ...]:
    """The offset at the beginning of the first day, then every change of it before the end of the last."""
    zone = ZoneInfo(name)
    days = (since, until + timedelta(days=1))
    at, end = (datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) for day in days)
    found = [Transition(at=at, offset_seconds=_offset(at, zone))]
    while at < end:
        later = min(at + _STEP, end)
        if _offset(later, zone) != found[-1].offset_seconds:
            later = _first_change(at, later, zone)
            found.append(Transition(at=later, offset_seconds=_offset(later, zone)))
        at = later
    return tuple(change for change in found if change.at < end)


def _first_change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second with another offset than before, by halves."""
    offset = _offset(before, zone)
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        before, after = (middle, after) if _offset(middle, zone) == offset else (before, middle)
    return after


def _offset(at: datetime, zone: ZoneInfo) -> int:
    offset = at.astimezone(zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


def zone_source(name: str) -> str:
    """Where the zone's rules are from, with the version where it is told: `tzdata 2025b (system)`."""
    for folder in map(Path, TZPATH):
        if (folder / name).is_file():
            version = _version_in(folder / "tzdata.zi") or _version_in(folder / "+VERSION")
            return f"tzdata {version} (system)" if version else "zone data of the system"
    return f"tzdata {metadata.version('tzdata')}"


def _version_in(path: Path) -> str | None:
    """The version in the first line, such as `# version 2025b`, or `2025b` alone."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline(100).strip().removeprefix("# version ") or None
    except OSError:
        return None


# holidays


@dataclass(frozen=True, slots=True)
class _KnownHolidays:
    holidays: tuple[Holiday, ...] = ()
    make_up_days: tuple[date, ...] = ()
    sources: tuple[str, ...] = ()


_NONE = _KnownHolidays()


def _about_holidays(calendar: CalendarPublished, holidays: HolidaySet) -> Iterator[Contradiction]:
    countries = _countries()
    country, subdivision = holidays.country, holidays.subdivision
    if country not in countries:
        said = f"no holidays of {country!r} are known; a country is two letters of ISO 3166-1"
        yield Contradiction("holidays.country", f"{said}{hint(country.upper(), countries)}")
        return
    parts = countries[country]
    if subdivision is not None and subdivision not in parts:
        known = f"no part {subdivision!r} of {country} is known{hint(subdivision, parts)}"
        yield Contradiction("holidays.subdivision", known if parts else f"no parts of {country} are known")
        return
    since, until = horizon(calendar)
    first, last = _years_known(country)
    if since.year < first:
        yield Contradiction("effective_from", f"the holidays of {country} are known from {first} on")
    elif until.year > last:
        said = f"{until}: the holidays of {country} are known until {last}; say frozen_until = {last}-12-31"
        yield Contradiction("frozen_until", said)
    elif not holidays.make_up_windows:
        yield from _without_windows(calendar, _known_holidays(holidays, since, until).make_up_days)


def _without_windows(calendar: CalendarPublished, worked: tuple[date, ...]) -> Iterator[Contradiction]:
    told = {*calendar.closed_days, *(day.on for day in calendar.make_up_days)}
    days = [day.isoformat() for day in worked if day not in told]
    if days:
        named = ", ".join(days[:_MOST_NAMED]) + (f" and {len(days) - _MOST_NAMED} more" if days[_MOST_NAMED:] else "")
        said = f"is missing: {named} will be worked in exchange for holidays; name their windows, or each of the days"
        yield Contradiction("holidays.make_up_windows", f"{said} in make_up_days or closed_days")


@cache
def _countries() -> Mapping[str, list[str]]:
    try:
        import holidays
    except ImportError:
        raise BadInput("public holidays need holidays: pip install 'ticketing[calendars]'") from None
    return holidays.list_supported_countries(include_aliases=False)


@cache
def _years_known(country: str) -> tuple[int, int]:
    import holidays

    found = holidays.country_holidays(country)
    return found.start_year, found.end_year


@cache
def _known_holidays(asked: HolidaySet, since: date, until: date) -> _KnownHolidays:
    import holidays

    def found(language: str | None) -> holidays.HolidayBase:
        years = range(since.year, until.year + 1)
        return holidays.country_holidays(
            asked.country, subdiv=asked.subdivision, years=years, expand=False, language=language
        )

    # Without a language the names would be in that of whoever publishes.
    calendar = found(holidays.country_holidays(asked.country).default_language)
    days = sorted((day, name) for day, name in calendar.items() if since <= day <= until)
    return _KnownHolidays(
        tuple(Holiday(on=day, name=name[:200]) for day, name in days),
        tuple(sorted(day for day in calendar.weekend_workdays if since <= day <= until)),
        (f"holidays {metadata.version('holidays')}",),
    )
