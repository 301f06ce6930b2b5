"""Random calendars near a change of the clock or a holiday, on a grid of ticks on which all instants of a case lie.

`Random` may be Hypothesis's, so that what fails is made smaller.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from ticketing.adapters.freezing import frozen
from ticketing.domain.calendar import DayWindow, Frozen, HolidaySet, MakeUpDay, Window
from ticketing.domain.reference import CalendarPublished

T = TypeVar("T")
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE = (DayWindow(opens="09:00", closes="17:00"),)


@dataclass(frozen=True)
class Scene:
    """A zone and a time at which something happens to its clock or its days."""

    zone: str
    near: date
    holidays: tuple[str, str | None] | None = None


SCENES = (
    Scene("UTC", date(2026, 3, 4)),
    Scene("Europe/Berlin", date(2026, 3, 29), ("DE", None)),
    Scene("Europe/Berlin", date(2026, 4, 3), ("DE", "BY")),
    Scene("Europe/Berlin", date(2026, 10, 25), ("DE", "BE")),
    Scene("Europe/Berlin", date(2026, 11, 1), ("DE", "BY")),
    Scene("America/New_York", date(2026, 3, 8), ("US", None)),
    Scene("America/New_York", date(2026, 11, 1), ("US", "NY")),
    Scene("America/Santiago", date(2026, 4, 5), ("CL", None)),
    Scene("America/Santiago", date(2026, 9, 6), ("CL", None)),
    Scene("America/Havana", date(2026, 3, 8)),
    Scene("America/Havana", date(2026, 11, 1)),
    Scene("Africa/Cairo", date(2026, 4, 24)),
    Scene("Africa/Cairo", date(2026, 10, 30)),
    Scene("Australia/Lord_Howe", date(2026, 4, 5), ("AU", None)),
    Scene("Australia/Lord_Howe", date(2026, 10, 4)),
    Scene("Asia/Shanghai", date(2025, 9, 28), ("CN", None)),
    Scene("Asia/Shanghai", date(2025, 10, 10), ("CN", None)),
    Scene("Europe/Budapest", date(2025, 10, 18), ("HU", None)),
    Scene("Asia/Kolkata", date(2026, 1, 26), ("IN", None)),
    Scene("America/St_Johns", date(2026, 3, 8)),
    Scene("Asia/Kathmandu", date(2026, 3, 4)),
)
"""None leaves out a whole day, as Pacific/Apia did with 30 December 2011: calendar days count it by its date."""


@dataclass(frozen=True)
class Grid:
    """A stretch of time near a scene, cut into ticks, and the dice.

    Attributes:
        begin: Tick 0.
        tick: In seconds.
        length: The ticks in which facts occur.
        unit: Targets are so many ticks, or a multiple; hours of it have few decimals.
    """

    random: Random
    scene: Scene
    begin: datetime
    tick: int = 1800
    length: int = 200
    unit: int = 1

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def one(self, of: Sequence[T]) -> T:
        return of[self.random.randrange(len(of))]

    def some(self, of: Sequence[T], most: int) -> tuple[T, ...]:
        found = [self.one(of) for _ in range(self.random.randrange(most + 1))]
        return tuple(dict.fromkeys(found))

    def instant(self, tick: int) -> datetime:
        return self.begin + timedelta(seconds=tick * self.tick)


@cache
def _frozen(zone: str, year: int, until: date, holidays: tuple[str, str | None] | None) -> Frozen | None:
    """What publishing takes from the libraries for any calendar there that is effective from that year on."""
    country, subdivision = holidays or (None, None)
    named = None
    if country is not None:
        named = HolidaySet(country=country, subdivision=subdivision, make_up_windows=OFFICE)
    begins = datetime(year, 1, 1, 12, tzinfo=ZoneInfo(zone))
    bare = CalendarPublished(
        key="bare", version=1, effective_from=begins, zone=zone, frozen_until=until, holidays=named
    )
    return frozen(bare).frozen


def random_calendar(grid: Grid, key: str, version: int, zone: str, effective_from: datetime) -> CalendarPublished:
    """A calendar of one version, with windows, holidays, make-up and closed days, and mostly a far horizon."""
    days = [grid.scene.near + timedelta(days=number) for number in range(-3, 4)]
    is_scene = grid.scene.holidays is not None and zone == grid.scene.zone
    holidays = None
    if is_scene and grid.scene.holidays is not None and grid.chance(70):
        country, subdivision = grid.scene.holidays
        holidays = HolidaySet(country=country, subdivision=subdivision, make_up_windows=_windows(grid) or OFFICE)
    until = grid.scene.near + timedelta(days=400)
    if grid.chance(15):
        until = max(grid.one(days), effective_from.date()) + timedelta(days=1)
    named = [day for day in days if effective_from.date() <= day <= until]
    made = CalendarPublished(
        key=key,
        version=version,
        effective_from=effective_from,
        zone=zone,
        windows=tuple(
            Window(day=day, **dict(window))  # type: ignore[arg-type]
            for day in WEEK
            if grid.chance(80)
            for window in _windows(grid)
        ),
        holidays=holidays,
        make_up_days=tuple(MakeUpDay(on=day, windows=_windows(grid)) for day in (grid.some(named, 1) if named else ())),
        closed_days=grid.some(named, 1) if named and grid.chance(40) else (),
        frozen_until=until,
    )
    taken = _frozen(
        zone,
        effective_from.astimezone(ZoneInfo(zone)).year,
        until,
        (holidays.country, holidays.subdivision) if holidays is not None else None,
    )
    return made.model_copy(update={"frozen": taken})


def _windows(grid: Grid) -> tuple[DayWindow, ...]:
    """One or two windows of a day, on the ticks; one may cross midnight."""
    step = max(grid.tick, 60) // 60
    if grid.tick < 1800:
        step = 15 if grid.tick >= 900 else 5
    marks = sorted({grid.random.randrange(24 * 60 // step + 1) * step for _ in range(grid.one((2, 2, 4)))})
    found = [
        DayWindow(opens=_text(opens), closes=_text(closes))
        for opens, closes in zip(marks[::2], marks[1::2], strict=False)
        if opens < 24 * 60
    ]
    if grid.chance(20):
        closes = grid.random.randrange(1, 9 * 60 // step) * step
        opens = grid.random.randrange(15 * 60 // step, 24 * 60 // step) * step
        found = [it for it in found if it.closes <= _text(opens) and it.opens >= _text(closes)]
        found.append(DayWindow(opens=_text(opens), closes=_text(closes), crosses_midnight=True))
    return tuple(found)


def _text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
