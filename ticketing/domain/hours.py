"""Hours: the open time of a calendar as a sum that only grows, and its inverse.

Laws of this file. Instants are whole microseconds since 1970 (UTC), intervals are half-open. `opened` never falls;
`reached` is its exact inverse, the first instant at which the sum is so much. A window belongs to the local day on
which it opens, and that day's rule is the first of these that speaks of it: closed day, declared make-up day, make-up
day that came with the holidays, holiday, weekday. A bound that the clocks skip is the instant of their change; of one
that they repeat a window opens at the first and closes at the second. At each instant the version effective then
counts. Past the horizon there are weekly windows alone, at the last offset. Everything is laid out once; a question is
answered by bisection, and none loops over days.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise, zip_longest
from operator import add
from typing import Protocol, get_args

from ticketing.domain.calendar import DayWindow, Frozen, Weekday
from ticketing.domain.reference import CalendarPublished

SECOND = 1_000_000
DAY = 86_400 * SECOND
_WEEK = 7 * DAY
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)
_WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

Span = tuple[int, int]
"""From an instant up to another, which is not part of it."""


def micros(at: datetime) -> int:
    """The instant as microseconds since 1970 (UTC)."""
    return (at - _EPOCH) // _MICROSECOND


def instant_at(at: int) -> datetime:
    """The instant (UTC) of so many microseconds since 1970.

    Raises:
        OverflowError: It lies outside the years 1 to 9999.
    """
    return _EPOCH + timedelta(microseconds=at)


class OpenTime(Protocol):
    """Open time as a clock needs it."""

    def opened(self, at: int) -> int:
        """The open microseconds up to an instant, from an origin that is always the same."""

    def reached(self, amount: int) -> int | None:
        """The first instant at which `opened` is `amount`; None where that much never opens."""

    def next_open(self, at: int) -> int | None:
        """The last instant from `at` on up to which nothing opens: `at` itself where it is open; None means never."""


class RoundTheClock:
    """Every instant is open."""

    def opened(self, at: int) -> int:
        return at

    def reached(self, amount: int) -> int | None:
        return amount

    def next_open(self, at: int) -> int | None:
        return at


ROUND_THE_CLOCK = RoundTheClock()


@dataclass(frozen=True, slots=True)
class Hours:
    """The open hours of one calendar over all versions of it that count.

    Attributes:
        begins: When its first version becomes effective; nothing is open before.
        horizon: The first instant that is not frozen any more; what is said of later ones is provisional.
    """

    begins: int
    horizon: int
    _laid_out: "_Spans"
    _weekly_from: int
    _week: "_Spans"
    _local: "_LocalTime"

    @classmethod
    def of(cls, versions: Sequence[CalendarPublished], extensions: Sequence[CalendarPublished] = ()) -> "Hours":
        """The hours by one version or more of a calendar.

        Args:
            versions: Those that count from their effective dates on.
            extensions: Later ones, which count only where the one of the first that is effective has nothing frozen.
        """
        reigns = _reigns((micros(version.effective_from), _Days(version)) for version in _by_number(versions))
        if extensions:
            reigns = _extended(reigns, [(micros(one.effective_from), _Days(one)) for one in _by_number(extensions)])
        spans = [span for reign in reigns for span in reign.days.open_spans(reign.from_at, reign.last_at)]
        last = reigns[-1]
        return cls(
            begins=reigns[0].from_at,
            horizon=_horizon(reigns),
            _laid_out=_Spans(spans),
            _weekly_from=last.last_at,
            _week=_Spans(last.days.week_from(last.last_at)),
            _local=_joined(reigns),
        )

    def opened(self, at: int) -> int:
        """The open microseconds from `begins` up to an instant."""
        if at <= self._weekly_from:
            return self._laid_out.opened(at)
        weeks, rest = divmod(at - self._weekly_from, _WEEK)
        return self._laid_out.total + weeks * self._week.total + self._week.opened(rest)

    def reached(self, amount: int) -> int | None:
        """The first instant, from `begins` on, at which `opened` is `amount`; None where that much never opens."""
        if amount <= 0:
            return self.begins
        beyond = amount - self._laid_out.total
        if beyond <= 0:
            return self._laid_out.reached(amount)
        if not self._week.total:
            return None
        weeks, rest = divmod(beyond - 1, self._week.total)
        return self._weekly_from + weeks * _WEEK + self._week.reached(rest + 1)

    def next_open(self, at: int) -> int | None:
        """The next instant from `at` on that is open, `at` itself included; None where nothing opens any more."""
        if at < self._weekly_from:
            found = self._laid_out.next_open(at)
            if found is not None:
                return found
            at = self._weekly_from
        if not self._week.total:
            return None
        weeks, rest = divmod(at - self._weekly_from, _WEEK)
        found = self._week.next_open(rest)
        return self._weekly_from + weeks * _WEEK + (_WEEK + self._week.opens[0] if found is None else found)

    def open_spans(self, from_at: int, to_at: int) -> Iterator[Span]:
        """What is open between two instants, in order; a span that goes on across a cut may come in two."""
        at = self.next_open(from_at)
        while at is not None and at < to_at:
            closes = self._closes(at)
            yield at, min(closes, to_at)
            at = self.next_open(closes)

    def day_of(self, at: int) -> int:
        """The local day of an instant, as `date.toordinal` numbers it."""
        return self._local.day_of(at)

    def day_ends(self, day: int) -> int:
        """The instant from which the local date is later than `day`, numbered as `date.toordinal` does."""
        return self._local.day_ends(day)

    def _closes(self, at: int) -> int:
        """When the span that is open at an instant closes."""
        if at < self._weekly_from:
            return self._laid_out.closes_after(at)
        weeks, rest = divmod(at - self._weekly_from, _WEEK)
        return self._weekly_from + weeks * _WEEK + self._week.closes_after(rest)


class _Spans:
    """Open spans that do not overlap, in order, with the sum of what is open up to the end of each."""

    __slots__ = ("closes", "opens", "sums", "total")

    def __init__(self, spans: Iterable[Span]) -> None:
        merged = list(spans)
        self.opens = [opens for opens, _ in merged]
        self.closes = [closes for _, closes in merged]
        self.sums = list(accumulate(closes - opens for opens, closes in merged))
        self.total = self.sums[-1] if merged else 0

    def opened(self, at: int) -> int:
        begun = bisect_right(self.opens, at) - 1
        if begun < 0:
            return 0
        ahead = self.closes[begun] - at
        return self.sums[begun] - ahead if ahead > 0 else self.sums[begun]

    def reached(self, amount: int) -> int:
        """When so much is open, which is from 1 up to the total."""
        span = bisect_left(self.sums, amount)
        return self.closes[span] - (self.sums[span] - amount)

    def next_open(self, at: int) -> int | None:
        span = bisect_right(self.closes, at)
        return max(at, self.opens[span]) if span < len(self.opens) else None

    def closes_after(self, at: int) -> int:
        return self.closes[bisect_right(self.closes, at)]


class _LocalTime:
    """What a clock on the wall shows: offsets from UTC, each from one change to the next.

    `_ends` and `_begins` hold, for each offset, the local time with which it ends and begins; where the clocks are put
    back these overlap, and bisection needs them in order.
    """

    def __init__(self, changes: Sequence[int], offsets: Sequence[int]) -> None:
        self.changes = changes
        self.offsets = offsets
        self._ends = list(accumulate(map(add, changes, offsets), max))
        self._begins = list(accumulate(map(add, reversed(changes), reversed(offsets)), min))[::-1]

    @classmethod
    def of(cls, frozen: Frozen) -> "_LocalTime":
        offsets = [frozen.offset_seconds, *(change.offset_seconds for change in frozen.transitions)]
        return cls([micros(change.at) for change in frozen.transitions], [offset * SECOND for offset in offsets])

    def day_of(self, at: int) -> int:
        return _EPOCH_ORDINAL + (at + self.offsets[bisect_right(self.changes, at)]) // DAY

    def day_ends(self, day: int) -> int:
        midnight = _midnight(day + 1)
        return self._until(midnight, bisect_left(self._begins, midnight))

    def first(self, local: int) -> int:
        """The first instant at which local time is so late."""
        offset = bisect_right(self._ends, local)
        at = local - self.offsets[offset]
        return max(at, self.changes[offset - 1]) if offset else at

    def last(self, local: int) -> int:
        """The last instant up to which local time is no later."""
        return self._until(local, bisect_right(self._begins, local))

    def _until(self, local: int, offset: int) -> int:
        at = local - self.offsets[offset]
        return min(at, self.changes[offset]) if offset < len(self.changes) else at


class _Days:
    """The windows that each local day has by one version of a calendar."""

    def __init__(self, version: CalendarPublished) -> None:
        frozen = version.frozen or _unfrozen(version)
        self.local = _LocalTime.of(frozen)
        self.until = frozen.until.toordinal()
        self.horizon = self.local.day_ends(self.until)
        self._weekly = [_bounds(one for one in version.windows if one.day == weekday) for weekday in _WEEKDAYS]
        in_exchange = _bounds(version.holidays.make_up_windows) if version.holidays else []
        self._special = {
            **{holiday.on.toordinal(): [] for holiday in frozen.holidays},
            **{day.toordinal(): in_exchange for day in frozen.make_up_days},
            **{day.on.toordinal(): _bounds(day.windows) for day in version.make_up_days},
            **{day.toordinal(): [] for day in version.closed_days},
        }

    def open_spans(self, from_at: int, to_at: int) -> Iterator[Span]:
        """What is open between two instants, merged and in order."""
        # A window closes on the day after it opens at the latest, and an hour later where clocks are put back.
        days = range(self.local.day_of(from_at) - 2, self.local.day_of(to_at) + 1)
        return _merged(self._windows(days), from_at, to_at)

    def week_from(self, from_at: int) -> Iterator[Span]:
        """What is open of the week after a midnight past the last frozen day, counted from there."""
        first = self.local.day_of(from_at)
        midnight = _midnight(first)
        weekly = (
            (_midnight(day) - midnight + opens, _midnight(day) - midnight + closes)
            for day in range(first - 1, first + 7)
            for opens, closes in self._weekly[(day - 1) % 7]
        )
        return _merged(weekly, 0, _WEEK)

    def _windows(self, days: range) -> Iterator[Span]:
        first, last, special, weekly = self.local.first, self.local.last, self._special, self._weekly
        for day in days:
            windows = special.get(day) if day <= self.until else None
            midnight = _midnight(day)
            for opens, closes in weekly[(day - 1) % 7] if windows is None else windows:
                yield first(midnight + opens), last(midnight + closes)


@dataclass(frozen=True, slots=True)
class _Reign:
    """From when up to when a version counts; the last counts for ever, and is laid out up to `last_at`."""

    days: _Days
    from_at: int
    last_at: int


def _by_number(versions: Iterable[CalendarPublished]) -> list[CalendarPublished]:
    return sorted(versions, key=lambda version: version.version)


def _reigns(effective: Iterable[tuple[int, _Days]]) -> list[_Reign]:
    """When each version counts: from its effective date on it displaces all before it, which are in order of number."""
    standing: list[tuple[int, _Days]] = []
    for from_at, days in effective:
        while standing and standing[-1][0] >= from_at:
            standing.pop()
        standing.append((from_at, days))
    reigns = [_Reign(days, from_at, next_at) for (from_at, days), (next_at, _) in pairwise(standing)]
    from_at, days = standing[-1]
    # One day more than is frozen, for the windows of the last that cross its midnight.
    weekly_from = days.local.day_ends(max(days.until, days.local.day_of(from_at)) + 1)
    return [*reigns, _Reign(days, from_at, weekly_from)]


def _extended(reigns: Sequence[_Reign], later: Sequence[tuple[int, _Days]]) -> list[_Reign]:
    """The reigns, with later versions in the place of what none of them has frozen."""
    pieces: list[tuple[int, _Days]] = []
    for reign, following in zip_longest(reigns, reigns[1:]):
        unfrozen_from = max(reign.from_at, reign.days.horizon)
        pieces.append((reign.from_at, reign.days))
        if following is None or unfrozen_from < following.from_at:
            in_time = ((at, days) for at, days in later if following is None or at < following.from_at)
            gap = _reigns([(unfrozen_from, reign.days), *((max(unfrozen_from, at), days) for at, days in in_time)])
            pieces += [(one.from_at, one.days) for one in gap]
    return _reigns(pieces)


def _horizon(reigns: Sequence[_Reign]) -> int:
    """Where the first version runs out of frozen days before the next takes over."""
    last = reigns[-1]
    gaps = (max(one.from_at, one.days.horizon) for one in reigns if one is last or one.days.horizon < one.last_at)
    return next(gaps)


def _joined(reigns: Sequence[_Reign]) -> _LocalTime:
    """The local time of the calendar: at each instant that of the version which counts."""
    changes: list[int] = []
    offsets: list[int] = []
    for reign in reigns:
        local = reign.days.local
        begun = bisect_right(local.changes, reign.from_at)
        over = len(local.changes) if reign is reigns[-1] else bisect_left(local.changes, reign.last_at)
        changes += [reign.from_at, *local.changes[begun:over]]
        offsets += local.offsets[begun : over + 1]
    return _LocalTime(changes[1:], offsets)


def _unfrozen(version: CalendarPublished) -> Frozen:
    """A calendar that no publishing froze is one of UTC, up to the last day that it speaks of."""
    since = version.effective_from.date()
    special = [*version.closed_days, *(day.on for day in version.make_up_days)]
    return Frozen(since=since, until=max(special, default=since - timedelta(days=1)))


def _bounds(windows: Iterable[DayWindow]) -> list[Span]:
    """Windows as microseconds after their midnight, in order."""
    return sorted((_time(one.opens), _time(one.closes) + DAY * one.crosses_midnight) for one in windows)


def _time(text: str) -> int:
    hours, minutes = text.split(":")
    return (int(hours) * 60 + int(minutes)) * 60 * SECOND


def _midnight(day: int) -> int:
    """The beginning of a day in local time, as microseconds since the local beginning of 1970."""
    return (day - _EPOCH_ORDINAL) * DAY


def _merged(spans: Iterable[Span], from_at: int, to_at: int) -> Iterator[Span]:
    """The spans between two instants; those that overlap or touch are one, and those without length none.

    Args:
        spans: In order of their beginnings.
        from_at: What lies before is cut off.
        to_at: What lies after is cut off.
    """
    opens = closes = from_at
    for begins, ends in spans:
        if begins > closes:
            if opens < closes:
                yield opens, closes
            opens = closes = begins
        closes = max(closes, min(ends, to_at))
    if opens < min(closes, to_at):
        yield opens, closes
