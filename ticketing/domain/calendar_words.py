"""Calendar words: when a place is open, on which days it is not, and what was frozen, for people to read."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import get_args

from ticketing.domain.calendar import DayWindow, Frozen, HolidaySet, Transition, Weekday
from ticketing.domain.changes import Change, changes, side_by_side
from ticketing.domain.phrases import after, day_or_instant
from ticketing.domain.reference import CalendarPublished

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_AFTER = "; what lies after is provisional: weekly hours alone"
_UNFROZEN = "nothing yet, so that no policy can count by it"


def calendar_in_words(calendar: CalendarPublished) -> dict[str, str]:
    """What the calendar says, a heading for each part and a line or more for it; what it does not have is left out."""
    return {heading: said for heading, said in _parts(calendar).items() if said}


def calendar_differences(older: CalendarPublished, newer: CalendarPublished) -> Iterator[Change]:
    """What the newer version says differently: the whole, then weekday by weekday, then day by day.

    What was frozen is compared for the days that both are frozen for.
    """
    yield from changes("calendar", _of_the_whole(older), _of_the_whole(newer))
    yield from changes("open hours", _by_weekday(older), _by_weekday(newer))
    since, until = _both_frozen(older.frozen, newer.frozen)
    told, told_now = (_day_by_day(calendar, since, until) for calendar in (older, newer))
    for kind, days in told.items():
        yield from side_by_side(kind, days, told_now[kind])


def _of_the_whole(calendar: CalendarPublished) -> dict[str, str]:
    parts, holidays = _parts(calendar), calendar.holidays
    said = {heading: parts[heading] for heading in ("title", "effective from", "zone")}
    said["frozen"] = _horizon(calendar.frozen) if calendar.frozen is not None else _UNFROZEN
    if holidays is not None:
        said["public holidays"] = _set(holidays)
        said["days worked in exchange for holidays"] = _hours(holidays.make_up_windows)
    return {heading: words for heading, words in said.items() if words}


def _both_frozen(older: Frozen | None, newer: Frozen | None) -> tuple[date, date]:
    """The first and last day that both are frozen for; the last before the first where there is none."""
    if older is None or newer is None:
        return date.max, date.min
    return max(older.since, newer.since), min(older.until, newer.until)


def _day_by_day(calendar: CalendarPublished, since: date, until: date) -> dict[str, dict[str, dict[str, str]]]:
    frozen = calendar.frozen or Frozen(since=since, until=until)
    told = {day.on: _hours(day.windows) for day in calendar.make_up_days}
    return {
        "closed day": {f"{day}": {"": "no window opens"} for day in sorted(calendar.closed_days)},
        "make-up day": {f"{day}": {"": told[day]} for day in sorted(told)},
        "day worked in exchange": {
            f"{day}": {"": "it is worked"} for day in frozen.make_up_days if since <= day <= until
        },
        "holiday": {f"{day.on}": {"name": day.name} for day in frozen.holidays if since <= day.on <= until},
        "clock change": {
            day_or_instant(change.at): {"offset": _offset(change.offset_seconds)}
            for change in frozen.transitions
            if since <= change.at.date() <= until
        },
    }


def _parts(calendar: CalendarPublished) -> dict[str, str]:
    frozen = calendar.frozen
    holidays = [_set(calendar.holidays), *_named_holidays(frozen)] if calendar.holidays is not None else []
    return {
        "title": calendar.title or "",
        "effective from": day_or_instant(calendar.effective_from),
        "zone": calendar.zone,
        "open": "\n".join(_weekly(calendar)),
        "public holidays": "\n".join(holidays),
        "make-up days": "\n".join(_make_up_days(calendar)),
        "closed days": _listed_days(calendar.closed_days),
        "clock changes": "\n".join(_clock_changes(frozen)) if frozen is not None else "",
        "frozen": f"{_horizon(frozen)}{_AFTER}" if frozen is not None else _UNFROZEN,
    }


def _weekly(calendar: CalendarPublished) -> list[str]:
    """A line for each run of days that are open alike."""
    lines = []
    for said, run in groupby(_by_weekday(calendar).items(), key=lambda one: one[1]):
        days = [day for day, _ in run]
        lines.append(f"{days[0]}–{days[-1]} {said}" if len(days) > 1 else f"{days[0]} {said}")
    return lines


def _by_weekday(calendar: CalendarPublished) -> dict[str, str]:
    return {
        day.title(): _hours([window for window in calendar.windows if window.day == day]) or "closed"
        for day in get_args(Weekday)
    }


def _hours(windows: Sequence[DayWindow]) -> str:
    in_order = sorted(windows, key=lambda window: window.opens)
    return ", ".join(
        f"{window.opens}–{window.closes}{' on the next day' if window.crosses_midnight else ''}" for window in in_order
    )


def _set(holidays: HolidaySet) -> str:
    return f"of {holidays.country}{after(', part ', holidays.subdivision)}"


def _named_holidays(frozen: Frozen | None) -> list[str]:
    """A line for each holiday with its days: those on one day of the year, year after year, in short."""
    days: dict[str, list[date]] = {}
    for holiday in frozen.holidays if frozen is not None else ():
        days.setdefault(holiday.name, []).append(holiday.on)
    return [f"{name}: {_listed_days(found)}" for name, found in days.items()]


def _make_up_days(calendar: CalendarPublished) -> list[str]:
    lines = [f"{_listed_days([day.on])}: {_hours(day.windows)}" for day in calendar.make_up_days]
    told = {*calendar.closed_days, *(day.on for day in calendar.make_up_days)}
    known = calendar.frozen.make_up_days if calendar.frozen is not None else ()
    in_exchange = [day for day in known if day not in told]
    if calendar.holidays is not None and in_exchange:
        windows = _hours(calendar.holidays.make_up_windows)
        lines.append(f"in exchange for holidays: {_listed_days(in_exchange)}: {windows}")
    return lines


def _listed_days(days: Iterable[date]) -> str:
    """The days in order: `1 Jan 2024–2027, 18 Apr 2025`."""
    years: dict[tuple[int, int], list[int]] = {}
    for day in sorted(days):
        years.setdefault((day.month, day.day), []).append(day.year)
    runs = [(_runs(found), month, day) for (month, day), found in years.items()]
    told = [(first, last, month, day) for found, month, day in runs for first, last in found]
    in_order = sorted(told, key=lambda one: (one[0], one[2], one[3]))
    return ", ".join(
        f"{day} {_MONTHS[month - 1]} {first if first == last else f'{first}–{last}'}"
        for first, last, month, day in in_order
    )


def _runs(years: Sequence[int]) -> list[tuple[int, int]]:
    """The first and last of each run of years that follow each other."""
    runs: list[tuple[int, int]] = []
    for year in years:
        if runs and year - runs[-1][1] <= 1:
            runs[-1] = (runs[-1][0], year)
        else:
            runs.append((year, year))
    return runs


def _clock_changes(frozen: Frozen) -> list[str]:
    """The offset on the first day, then a line for each offset with the instants from which on it holds."""
    lines = [f"{_offset(frozen.offset_seconds)} at first"]
    changes: dict[int, list[Transition]] = {}
    for change in frozen.transitions:
        changes.setdefault(change.offset_seconds, []).append(change)
    for offset, found in changes.items():
        lines.append(f"{_offset(offset)} from " + ", ".join(f"{change.at:%Y-%m-%d %H:%M}" for change in found) + " UTC")
    return lines


def _offset(seconds: int) -> str:
    minutes, left = divmod(abs(seconds), 60)
    behind = f":{left:02}" if left else ""
    return f"UTC{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}{behind}"


def _horizon(frozen: Frozen) -> str:
    sources = f", by {' and '.join(frozen.sources)}" if frozen.sources else ""
    return f"from {frozen.since} to {frozen.until}{sources}"
