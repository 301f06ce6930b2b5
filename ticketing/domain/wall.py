"""Wall: what the clock and the calendar on the wall show: local days and times, holidays, and changes of the clock."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal, Protocol

from ticketing.domain.calendar import Frozen
from ticketing.domain.hours import DAY, SECOND, Hours, instant_at, micros
from ticketing.domain.reference import CalendarPublished
from ticketing.domain.values import Instant, Value

DayKind = Literal["weekday", "closed_day", "make_up_day", "holiday", "not_frozen"]
"""Which rule of a calendar speaks of a day; `not_frozen` past the horizon, where only weekdays are known."""


class ClockChange(Value):
    """The clocks went from one local time to another."""

    at: Instant
    from_time: str
    to_time: str


class Wall(Protocol):
    """Local time; days are numbered as `date.toordinal` does, instants are microseconds since 1970."""

    def day_of(self, at: int) -> int:
        """The local day of an instant."""

    def day_ends(self, day: int) -> int:
        """The first instant after a local day."""

    def offset(self, at: int) -> int:
        """What is added to UTC at an instant."""

    def open_spans(self, from_at: int, to_at: int) -> Iterator[tuple[int, int]]:
        """What is open between two instants, in order."""

    def kind(self, day: int) -> tuple[DayKind, str | None]:
        """Which rule speaks of a day, and the name of a holiday."""

    def change(self, day: int) -> ClockChange | None:
        """The change of the clock on a day."""


def time_of_day(wall: Wall, at: int, day: int) -> str:
    """The local time of an instant of a day, to the minute unless there is more to say; its end is `24:00`."""
    if at == wall.day_ends(day):
        return "24:00"
    return _time((at + wall.offset(at)) % DAY)


def _time(of_day: int) -> str:
    seconds, rest = divmod(of_day, SECOND)
    minutes, seconds = divmod(seconds, 60)
    exact = f":{seconds:02}" if seconds or rest else ""
    return f"{minutes // 60:02}:{minutes % 60:02}{exact}{f'.{rest:06}' if rest else ''}"


class UtcWall:
    """Days of UTC, open all day."""

    def day_of(self, at: int) -> int:
        return instant_at(at).toordinal()

    def day_ends(self, day: int) -> int:
        return (day + 1 - _EPOCH_DAY) * DAY

    def offset(self, at: int) -> int:
        return 0

    def open_spans(self, from_at: int, to_at: int) -> Iterator[tuple[int, int]]:
        yield from_at, to_at

    def kind(self, day: int) -> tuple[DayKind, str | None]:
        return "weekday", None

    def change(self, day: int) -> ClockChange | None:
        return None


_EPOCH_DAY = instant_at(0).toordinal()
UTC_WALL = UtcWall()


class CalendarWall:
    """The days of a calendar.

    Args:
        hours: Its open hours.
        versions: Those that count from their effective dates on, by number.
        extensions: Later ones, which count only where the horizon of the first has been passed.
        is_open_all_day: Whether every instant counts, and the calendar gives the days alone.
    """

    def __init__(
        self,
        hours: Hours,
        versions: Sequence[CalendarPublished],
        extensions: Sequence[CalendarPublished],
        *,
        is_open_all_day: bool,
    ) -> None:
        self._hours = hours
        self._is_open_all_day = is_open_all_day
        passed = Hours.of(versions).horizon if extensions else 0
        self._versions = [
            *((micros(one.effective_from), one) for one in versions),
            *((max(passed, micros(one.effective_from)), one) for one in extensions),
        ]
        self.day_of = hours.day_of
        self.day_ends = hours.day_ends

    def version(self, at: int) -> CalendarPublished:
        """The version that counts at an instant; before all of them the first."""
        counting = [version for from_at, version in self._versions if from_at <= at]
        return counting[-1] if counting else self._versions[0][1]

    def offset(self, at: int) -> int:
        frozen = self.version(at).frozen
        return 0 if frozen is None else _offset(frozen, at)

    def open_spans(self, from_at: int, to_at: int) -> Iterator[tuple[int, int]]:
        if self._is_open_all_day:
            yield from_at, to_at
            return
        before: tuple[int, int] | None = None
        for opens, closes in self._hours.open_spans(from_at, to_at):
            if before is not None and before[1] == opens:
                before = before[0], closes
                continue
            if before is not None:
                yield before
            before = opens, closes
        if before is not None:
            yield before

    def kind(self, day: int) -> tuple[DayKind, str | None]:
        version, on = self.version(self.day_ends(day) - 1), date.fromordinal(day)
        frozen = version.frozen or Frozen(since=on, until=on)
        if on > frozen.until:
            return "not_frozen", None
        if self._is_open_all_day:
            return "weekday", None
        if on in version.closed_days:
            return "closed_day", None
        if on in frozen.make_up_days or any(one.on == on for one in version.make_up_days):
            return "make_up_day", None
        names = [holiday.name for holiday in frozen.holidays if holiday.on == on]
        return ("holiday", ", ".join(names)) if names else ("weekday", None)

    def change(self, day: int) -> ClockChange | None:
        begins, ends = self.day_ends(day - 1), self.day_ends(day)
        frozen = self.version(ends - 1).frozen
        for change in () if frozen is None else frozen.transitions:
            at = micros(change.at)
            if begins <= at < ends and frozen is not None:
                before, after = at + _offset(frozen, at - 1), at + _offset(frozen, at)
                if before != after:
                    return ClockChange(at=change.at, from_time=_time(before % DAY), to_time=_time(after % DAY))
        return None


def _offset(frozen: Frozen, at: int) -> int:
    number = bisect_right(frozen.transitions, at, key=lambda change: micros(change.at))
    return (frozen.transitions[number - 1].offset_seconds if number else frozen.offset_seconds) * SECOND
