"""Open hours: what a person with a paper calendar finds, and everything else against wall clocks."""

from bisect import bisect_right
from datetime import date, datetime, timedelta
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.calendars import calendar, day_windows, local
from tests.time_stories import DAILY, WORKDAYS, windows
from tests.wall_clock import A_DAY, DAYS_WATCHED, QUARTER, Read, Watched
from ticketing.domain.calendar import HolidaySet, MakeUpDay, Window
from ticketing.domain.hours import DAY, ROUND_THE_CLOCK, SECOND, Hours, instant_at, micros
from ticketing.domain.reference import CalendarPublished

HOUR = 3600 * SECOND
BERLIN = "Europe/Berlin"


def due(hours: Hours, start: datetime, open_hours: float) -> datetime:
    """When so many hours are open after a start."""
    reached = hours.reached(hours.opened(micros(start)) + round(open_hours * HOUR))
    assert reached is not None
    return instant_at(reached)


def opens_and_closes(hours: Hours, since: str, until: str, zone: str = "UTC") -> list[str]:
    """What is open between two local times, as `09:00-17:00` in UTC."""
    spans = hours.open_spans(micros(local(since, zone)), micros(local(until, zone)))
    return ["-".join(f"{instant_at(at):%H:%M}" for at in span) for span in spans]


def open_hours(hours: Hours, since: str, until: str, zone: str = "UTC") -> float:
    """How many hours are open between two local times."""
    return (hours.opened(micros(local(until, zone))) - hours.opened(micros(local(since, zone)))) / HOUR


# Days and weeks.


def test_an_hour_that_begins_half_an_hour_before_the_weekend_ends_half_an_hour_after_it() -> None:
    hours = Hours.of([calendar(windows(WORKDAYS, "09:00-17:00"))])
    # Friday 16:30 to 17:00, then Monday 09:00 to 09:30.
    assert due(hours, local("2026-03-06 16:30"), 1) == local("2026-03-09 09:30")


def test_forty_eight_hours_across_two_holidays_end_when_the_fourth_open_day_closes() -> None:
    days = calendar(windows(DAILY, "09:00-21:00"), effective="2016-01-01 00:00", holidays=["2016-11-11", "2016-11-13"])
    hours = Hours.of([days])
    # The 10th, 12th, 14th and 15th, 12 hours each: the end is the close of the 15th, not the opening of the 16th.
    assert due(hours, local("2016-11-09 23:00"), 48) == local("2016-11-15 21:00")


def test_a_break_at_noon_is_not_open() -> None:
    hours = Hours.of([calendar(windows(WORKDAYS, "09:00-12:00", "13:00-17:00"))])
    assert due(hours, local("2026-03-02 11:30"), 1) == local("2026-03-02 13:30")
    assert hours.next_open(micros(local("2026-03-02 12:00"))) == micros(local("2026-03-02 13:00"))


def test_hours_that_are_declared_twice_count_once_and_those_that_meet_are_one() -> None:
    hours = Hours.of([calendar(windows(("mon",), "12:00-17:00", "09:00-13:00", "14:00-15:00", "17:00-18:00"))])
    assert opens_and_closes(hours, "2026-03-02 00:00", "2026-03-03 00:00") == ["09:00-18:00"]


def test_while_it_is_open_the_next_open_instant_is_now_and_at_the_close_it_is_the_next_opening() -> None:
    hours = Hours.of([calendar(windows(WORKDAYS, "09:00-17:00"))])
    opening = micros(local("2026-03-03 09:00"))
    for now in (opening, opening + 1, opening + 8 * HOUR - 1):
        assert hours.next_open(now) == now
    assert hours.next_open(micros(local("2026-03-02 17:00"))) == opening


def test_round_the_clock_every_instant_is_open() -> None:
    for at in (-1, 0, micros(local("2026-03-02 03:00"))):
        assert ROUND_THE_CLOCK.opened(at) == ROUND_THE_CLOCK.reached(at) == ROUND_THE_CLOCK.next_open(at) == at


def test_where_no_window_ever_opens_nothing_is_reached_and_it_ends() -> None:
    hours = Hours.of([calendar([])])
    now = micros(local("2026-03-02 09:00"))
    assert (hours.opened(now), hours.reached(1), hours.next_open(now)) == (0, None, None)
    assert hours.opened(now + 10_000 * DAY) == 0


def test_where_only_one_day_is_worked_no_more_is_reached_than_its_hours() -> None:
    hours = Hours.of([calendar([], make_up=[MakeUpDay(on=date(2026, 3, 7), windows=day_windows("09:00-12:00"))])])
    assert due(hours, local("2026-03-02 09:00"), 3) == local("2026-03-07 12:00")
    assert hours.reached(3 * HOUR + 1) is None
    assert hours.next_open(micros(local("2026-03-07 12:00"))) is None


# Holidays, closed days, and days that are worked in exchange.


def exchanged() -> CalendarPublished:
    """Monday the 2nd to Sunday the 8th: a holiday on Tuesday, for which Saturday and Sunday are worked."""
    made = calendar(
        windows(WORKDAYS, "09:00-17:00"),
        holidays=["2026-03-03", "2026-03-07"],
        make_up=[MakeUpDay(on=date(2026, 3, 8), windows=day_windows("08:00-09:00", "10:00-11:00"))],
        closed=["2026-03-04"],
    )
    assert made.frozen is not None
    worked = made.frozen.model_copy(update={"make_up_days": (date(2026, 3, 7), date(2026, 3, 8))})
    of_holidays = HolidaySet(country="CN", make_up_windows=day_windows("09:00-13:00"))
    return made.model_copy(update={"frozen": worked, "holidays": of_holidays})


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-03-02", ["09:00-17:00"]),  # a weekday
        ("2026-03-03", []),  # a holiday
        ("2026-03-04", []),  # a closed day
        ("2026-03-07", ["09:00-13:00"]),  # worked in exchange, whatever the holidays say
        ("2026-03-08", ["08:00-09:00", "10:00-11:00"]),  # a declared day has its own hours
    ],
)
def test_what_is_said_of_a_day_in_particular_goes_before_what_is_said_of_its_kind(
    day: str, expected: list[str]
) -> None:
    assert opens_and_closes(Hours.of([exchanged()]), f"{day} 00:00", f"{day} 23:59") == expected


def test_a_closed_day_is_closed_even_where_it_is_worked_in_exchange() -> None:
    closed = exchanged().model_copy(update={"closed_days": (date(2026, 3, 7), date(2026, 3, 8))})
    assert opens_and_closes(Hours.of([closed]), "2026-03-07 00:00", "2026-03-09 00:00") == []


# Nights.


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    nights = windows(WORKDAYS, "22:00-06:00")
    hours = Hours.of([calendar(nights, holidays=["2026-03-04"])])
    # The night of Tuesday goes on into the holiday; that of the holiday is none, though Thursday is worked.
    assert opens_and_closes(hours, "2026-03-03 12:00", "2026-03-05 12:00") == ["22:00-06:00"]
    # The night of Friday goes on into Saturday.
    assert due(hours, local("2026-03-06 23:00"), 7) == local("2026-03-07 06:00")
    assert due(hours, local("2026-03-06 23:00"), 7.5) == local("2026-03-09 22:30")


def test_a_night_that_begins_on_the_last_frozen_day_or_just_before_the_first_is_whole() -> None:
    hours = Hours.of([calendar(windows(DAILY, "22:00-06:00"), until="2026-03-04")])
    assert open_hours(hours, "2026-01-01 00:00", "2026-01-01 12:00") == 6
    assert open_hours(hours, "2026-03-04 12:00", "2026-03-05 12:00") == 8
    assert open_hours(hours, "2026-03-05 12:00", "2026-03-06 12:00") == 8


def test_a_holiday_on_the_last_frozen_day_has_no_night_though_the_weekday_has() -> None:
    hours = Hours.of([calendar(windows(DAILY, "22:00-06:00"), until="2026-03-04", holidays=["2026-03-04"])])
    assert opens_and_closes(hours, "2026-03-04 12:00", "2026-03-05 23:00") == ["22:00-23:00"]


# Where the clocks are put forward or back.


def test_a_day_of_twenty_three_or_twenty_five_hours_counts_them() -> None:
    hours = Hours.of([calendar(windows(DAILY, "00:00-24:00"), zone=BERLIN)])
    assert open_hours(hours, "2026-03-29 00:00", "2026-03-30 00:00", BERLIN) == 23
    assert open_hours(hours, "2026-10-25 00:00", "2026-10-26 00:00", BERLIN) == 25
    # From Saturday 12:00, 24 hours by any watch: the clock on the wall shows one more in spring, one less in autumn.
    assert due(hours, local("2026-03-28 12:00", BERLIN), 24) == local("2026-03-29 13:00", BERLIN)
    assert due(hours, local("2026-10-24 12:00", BERLIN), 24) == local("2026-10-25 11:00", BERLIN)


@pytest.mark.parametrize(
    ("window", "in_spring", "in_autumn"),
    [
        # In spring 02:00 to 03:00 is skipped, at 01:00 UTC; in autumn it is shown twice, from 00:00 to 02:00 UTC.
        ("02:30-10:00", ["01:00-08:00"], ["00:30-09:00"]),
        ("00:30-02:30", ["23:30-01:00"], ["22:30-01:30"]),
        ("02:15-02:45", [], ["00:15-01:45"]),
        ("02:00-03:00", [], ["00:00-02:00"]),
        ("01:00-02:00", ["00:00-01:00"], ["23:00-01:00"]),  # it is 02:00 twice, and it closes at the second
        ("03:00-04:00", ["01:00-02:00"], ["02:00-03:00"]),
    ],
)
def test_a_bound_that_is_skipped_is_the_change_and_of_one_that_is_repeated_it_opens_first_and_closes_second(
    window: str, in_spring: list[str], in_autumn: list[str]
) -> None:
    hours = Hours.of([calendar(windows(("sun",), window), zone=BERLIN)])
    assert opens_and_closes(hours, "2026-03-28 12:00", "2026-03-29 12:00", BERLIN) == in_spring
    assert opens_and_closes(hours, "2026-10-24 12:00", "2026-10-25 12:00", BERLIN) == in_autumn


def test_half_an_hour_is_repeated_on_lord_howe_island() -> None:
    zone = "Australia/Lord_Howe"
    hours = Hours.of([calendar(windows(DAILY, "00:00-24:00"), zone=zone)])
    # 5 April 2026: at 02:00, eleven hours ahead, it is 01:30 again. 4 October: 02:00 becomes 02:30.
    assert open_hours(hours, "2026-04-05 00:00", "2026-04-06 00:00", zone) == 24.5
    assert open_hours(hours, "2026-10-04 00:00", "2026-10-05 00:00", zone) == 23.5


def utc(text: str) -> int:
    return micros(local(text))


@pytest.mark.parametrize(
    ("zone", "day", "begins", "ends"),
    [
        ("UTC", "2026-03-02", "2026-03-02 00:00", "2026-03-03 00:00"),
        (BERLIN, "2026-03-29", "2026-03-28 23:00", "2026-03-29 22:00"),
        # 4 November 2018 began at 01:00, two hours behind UTC.
        ("America/Sao_Paulo", "2018-11-03", "2018-11-03 03:00", "2018-11-04 03:00"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04 03:00", "2018-11-05 02:00"),
        # 17 February 2018 was 25 hours long: at 24:00 it was 23:00 again.
        ("America/Sao_Paulo", "2018-02-17", "2018-02-17 02:00", "2018-02-18 03:00"),
        ("Africa/Cairo", "2024-10-31", "2024-10-30 21:00", "2024-10-31 22:00"),
        ("Africa/Cairo", "2024-04-26", "2024-04-25 22:00", "2024-04-26 21:00"),
        # At 01:00 it is 00:00 again: the hour before that is of the new day already.
        ("America/Havana", "2026-10-31", "2026-10-31 04:00", "2026-11-01 04:00"),
        ("America/Havana", "2026-11-01", "2026-11-01 04:00", "2026-11-02 05:00"),
        # Samoa had no 30 December 2011.
        ("Pacific/Apia", "2011-12-29", "2011-12-29 10:00", "2011-12-30 10:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30 10:00", "2011-12-31 10:00"),
    ],
)
def test_a_day_goes_from_where_its_date_is_first_shown_to_where_a_later_one_is(
    zone: str, day: str, begins: str, ends: str
) -> None:
    hours = Hours.of([calendar(windows(DAILY, "09:00-17:00"), zone=zone, effective=f"{day[:4]}-01-01 00:00")])
    number = date.fromisoformat(day).toordinal()
    assert hours.day_of(utc(begins)) == hours.day_of(utc(ends) - 1) == number
    assert hours.day_of(utc(begins) - 1) < number < hours.day_of(utc(ends))
    assert (hours.day_ends(number - 1), hours.day_ends(number)) == (utc(begins), utc(ends))


# Versions.


def test_before_the_first_version_is_effective_nothing_is_open() -> None:
    hours = Hours.of([calendar(windows(WORKDAYS, "09:00-17:00"), effective="2026-03-03 12:00")])
    assert open_hours(hours, "2020-01-01 00:00", "2026-03-03 12:00") == 0
    assert due(hours, local("2026-03-02 09:00"), 1) == local("2026-03-03 13:00")
    assert hours.next_open(utc("2020-01-01 00:00")) == hours.reached(0) == utc("2026-03-03 12:00")


def test_a_night_across_a_change_of_version_is_open_as_far_as_the_version_of_each_instant_says() -> None:
    by_night = calendar(windows(DAILY, "22:00-06:00"))
    by_day = calendar(windows(DAILY, "09:00-17:00"), version=2, effective="2026-03-04 03:00")
    assert opens_and_closes(Hours.of([by_night, by_day]), "2026-03-03 12:00", "2026-03-05 00:00") == [
        "22:00-03:00",
        "09:00-17:00",
    ]
    by_day = calendar(windows(DAILY, "09:00-17:00"))
    by_night = calendar(windows(DAILY, "22:00-06:00"), version=2, effective="2026-03-04 03:00")
    assert opens_and_closes(Hours.of([by_day, by_night]), "2026-03-03 12:00", "2026-03-05 00:00") == [
        "12:00-17:00",
        "03:00-06:00",
        "22:00-00:00",
    ]


def test_a_version_with_a_higher_number_counts_from_its_date_on_though_an_earlier_one_begins_later() -> None:
    versions = [
        calendar(windows(DAILY, "09:00-10:00")),
        calendar(windows(DAILY, "11:00-12:00"), version=2, effective="2026-03-10 00:00"),
        calendar(windows(DAILY, "13:00-14:00"), version=3, effective="2026-03-05 00:00"),
    ]
    for given_order in (versions, versions[::-1]):
        hours = Hours.of(given_order)
        assert opens_and_closes(hours, "2026-03-04 00:00", "2026-03-06 00:00") == ["09:00-10:00", "13:00-14:00"]
        assert opens_and_closes(hours, "2026-03-10 00:00", "2026-03-11 00:00") == ["13:00-14:00"]


def test_a_change_of_zone_is_a_change_of_the_clock() -> None:
    berlin = calendar(windows(DAILY, "09:00-17:00"), zone=BERLIN)
    reykjavik = calendar(
        windows(DAILY, "09:00-17:00"), zone="Atlantic/Reykjavik", version=2, effective="2026-03-10 00:00"
    )
    hours = Hours.of([berlin, reykjavik])
    assert opens_and_closes(hours, "2026-03-09 00:00", "2026-03-11 00:00") == ["08:00-16:00", "09:00-17:00"]
    # The first hour of the 10th is shown in Berlin, and then once more in Reykjavik.
    assert hours.day_ends(date(2026, 3, 9).toordinal()) == utc("2026-03-09 23:00")
    assert hours.day_ends(date(2026, 3, 10).toordinal()) == utc("2026-03-11 00:00")
    # In July it is two hours later in Berlin, which no longer counts.
    assert hours.day_of(utc("2026-07-01 23:00")) == date(2026, 7, 1).toordinal()


# Where the frozen days end.


def test_past_the_horizon_there_are_the_weekly_windows_alone_at_the_last_offset() -> None:
    frozen_to_july = calendar(windows(WORKDAYS, "09:00-17:00"), zone=BERLIN, until="2026-07-31", closed=["2026-07-31"])
    hours = Hours.of([frozen_to_july])
    assert hours.horizon == micros(local("2026-08-01 00:00", BERLIN))
    assert open_hours(hours, "2026-07-31 00:00", "2026-08-01 00:00", BERLIN) == 0
    # Christmas Day 2026 is a Friday; nobody froze that the clocks are put back before it.
    assert opens_and_closes(hours, "2026-12-25 00:00", "2026-12-28 12:00") == ["07:00-15:00", "07:00-12:00"]
    assert hours.day_of(utc("2026-12-25 22:00")) == date(2026, 12, 26).toordinal()
    # From Friday the 31st 17:00 in Berlin, 400 hours are ten weeks of 40: they end on a Friday at 17:00.
    assert due(hours, local("2026-07-31 17:00", BERLIN), 400) == local("2026-10-09 17:00", BERLIN)
    # 52 000 weeks later the sum is still exact.
    assert due(hours, local("2026-07-31 17:00", BERLIN), 52_000 * 40 + 1) == local("2026-08-03 08:00") + timedelta(
        weeks=52_000
    )


def test_a_version_published_later_counts_past_the_horizon_alone() -> None:
    known = calendar(windows(WORKDAYS, "09:00-17:00"), until="2026-03-06")
    later = calendar(windows(DAILY, "20:00-21:00"), version=2, effective="2026-02-01 00:00", until="2026-04-30")
    hours = Hours.of([known], extensions=[later])
    assert opens_and_closes(hours, "2026-03-06 00:00", "2026-03-08 00:00") == ["09:00-17:00", "20:00-21:00"]
    assert hours.horizon == utc("2026-05-01 00:00")


def test_a_version_published_later_that_begins_past_the_horizon_leaves_the_days_before_it_provisional() -> None:
    known = calendar(windows(WORKDAYS, "09:00-17:00"), until="2026-03-06")
    later = calendar(windows(WORKDAYS, "20:00-21:00"), version=2, effective="2026-03-11 00:00")
    for hours in (Hours.of([known], extensions=[later]), Hours.of([known, later])):
        assert hours.horizon == utc("2026-03-07 00:00")
        assert opens_and_closes(hours, "2026-03-09 00:00", "2026-03-12 00:00") == [
            "09:00-17:00",
            "09:00-17:00",
            "20:00-21:00",
        ]


def test_a_calendar_that_nobody_froze_is_one_of_utc() -> None:
    declared = calendar(windows(WORKDAYS, "09:00-17:00"), closed=["2026-03-03"]).model_copy(update={"frozen": None})
    hours = Hours.of([declared])
    assert opens_and_closes(hours, "2026-03-03 00:00", "2026-03-05 00:00") == ["09:00-17:00"]
    assert hours.horizon == utc("2026-03-04 00:00")
    nothing_said = Hours.of([calendar(windows(WORKDAYS, "09:00-17:00")).model_copy(update={"frozen": None})])
    assert nothing_said.horizon == nothing_said.begins == utc("2026-01-01 00:00")
    assert due(nothing_said, local("2026-03-06 16:30"), 1) == local("2026-03-09 09:30")


# Everything else against wall clocks.

CHANGES = (
    (BERLIN, "2026-03-27"),
    (BERLIN, "2026-10-23"),
    ("America/Sao_Paulo", "2018-02-16"),
    ("America/Sao_Paulo", "2018-11-02"),
    ("Africa/Cairo", "2024-10-30"),
    ("Australia/Lord_Howe", "2026-04-03"),
    ("Australia/Lord_Howe", "2026-10-02"),
    ("America/Havana", "2026-03-06"),
    ("America/Havana", "2026-10-30"),
    ("Pacific/Apia", "2011-12-28"),
    ("Asia/Tokyo", "2026-12-29"),
)
"""Zones, and a day shortly before one on which their clock changes; Japan's never does, but a year does."""
NEVER_WAS = "2011-12-30"
"""In Samoa; no calendar is frozen up to it."""


def times() -> SearchStrategy[str]:
    whole_hours = st.integers(0, 23).map(lambda hour: f"{hour:02}:00")
    quarters = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
    return st.one_of(whole_hours, quarters)


def spans() -> SearchStrategy[str]:
    some = st.tuples(times(), st.one_of(times(), st.just("24:00"))).map("-".join)
    return st.one_of(some, st.sampled_from(("09:00-12:00", "13:00-17:00", "22:00-06:00", "00:00-24:00", "01:30-02:30")))


@st.composite
def published(draw: st.DrawFn, zone: str, begin: date, number: int) -> CalendarPublished:
    days = [(begin + timedelta(days=day)).isoformat() for day in range(-1, DAYS_WATCHED + 2)]
    some_days = st.lists(st.sampled_from(days), max_size=2, unique=True)
    some_days_of = some_days.map(lambda some: [date.fromisoformat(day) for day in sorted(some)])
    weekly: list[Window] = []
    for hours in draw(st.lists(spans(), max_size=3)):
        named = draw(st.one_of(st.just(DAILY), st.just(WORKDAYS), st.sampled_from(DAILY).map(lambda day: (day,))))
        weekly += windows(named, hours)
    begun = 0 if number == 1 else draw(st.integers(1, DAYS_WATCHED * A_DAY))
    effective = datetime.combine(begin, datetime.min.time()) + begun * QUARTER
    within = [day for day in days if day >= f"{effective:%Y-%m-%d}" and day != NEVER_WAS]
    until = draw(st.sampled_from([*within, f"{begin.year + 1}-12-31"]))
    made = calendar(
        weekly,
        zone=zone,
        version=number,
        effective=f"{effective:%Y-%m-%d %H:%M}",
        until=until,
        holidays=draw(some_days),
    )
    assert made.frozen is not None
    exchanged_days = made.frozen.model_copy(update={"make_up_days": tuple(draw(some_days_of))})
    # Publishing would refuse days past the horizon, and one that is closed and made up; hours are defined for them too.
    declared = {
        "frozen": exchanged_days,
        "holidays": HolidaySet(country="CN", make_up_windows=day_windows("08:00-20:00")),
        "make_up_days": tuple(MakeUpDay(on=day, windows=day_windows(draw(spans()))) for day in draw(some_days_of)),
        "closed_days": tuple(draw(some_days_of)),
    }
    return made.model_copy(update=declared)


@st.composite
def watched_calendars(draw: st.DrawFn) -> Watched:
    zone, day = draw(st.sampled_from(CHANGES))
    begin = date.fromisoformat(day)
    count = draw(st.integers(1, 3))
    zones = [zone, *(draw(st.sampled_from((zone, zone, "UTC"))) for _ in range(1, count))]
    versions = tuple(draw(published(zone, begin, number)) for number, zone in enumerate(zones, 1))
    return Watched(versions, known=draw(st.integers(1, count)))


@settings(max_examples=60)
@given(watched_calendars())
def test_what_is_open_equals_a_wall_clock_that_is_read_every_quarter_of_an_hour(watched: Watched) -> None:
    hours, read = watched.hours, Read(watched)
    instants = list(map(micros, watched.instants()))
    assert hours.begins == instants[0]
    assert [hours.opened(at) for at in instants] == [0, *accumulate(900 * SECOND * was for was in read.is_open[:-1])]
    assert [hours.day_of(at) for at in instants] == [day.toordinal() for day in read.days]
    if read.horizon is None:
        assert hours.horizon > instants[-1]
    else:
        assert hours.horizon == micros(read.horizon)


@settings(max_examples=60)
@given(watched_calendars(), st.data())
def test_reached_is_the_first_instant_of_a_sum_that_never_falls(watched: Watched, data: st.DataObject) -> None:
    hours = watched.hours
    first = hours.begins - DAY
    instants = sorted(data.draw(st.lists(st.integers(first, first + 40 * DAY), min_size=20, max_size=20)))
    sums = [hours.opened(at) for at in instants]
    assert sums == sorted(sums)
    for at, amount in zip(instants, sums, strict=True):
        reached, next_open = hours.reached(amount), hours.next_open(at)
        assert reached is not None
        assert hours.opened(reached) == amount
        if amount:
            assert reached <= at
            assert hours.opened(reached - 1) == amount - 1
        if next_open is None:
            assert hours.opened(at + 1000 * DAY) == amount
        else:
            assert next_open >= at
            assert hours.opened(next_open) == amount
            assert hours.opened(next_open + 1) == amount + 1


@settings(max_examples=60)
@given(watched_calendars(), st.data())
def test_the_spans_between_two_instants_add_up_to_what_is_open_between_them(
    watched: Watched, data: st.DataObject
) -> None:
    hours = watched.hours
    begin, end = sorted(data.draw(st.tuples(*[st.integers(hours.begins - DAY, hours.begins + 40 * DAY)] * 2)))
    found = list(hours.open_spans(begin, end))
    assert sum(closes - opens for opens, closes in found) == hours.opened(end) - hours.opened(begin)
    bounds = [at for span in found for at in span]
    assert bounds == sorted(bounds)
    assert not found or (begin <= bounds[0] and bounds[-1] <= end)
    assert bisect_right(bounds, begin) <= 1


@settings(max_examples=60)
@given(watched_calendars(), st.data())
def test_a_day_ends_with_the_last_instant_of_it(watched: Watched, data: st.DataObject) -> None:
    hours = watched.hours
    day = hours.day_of(hours.begins + data.draw(st.integers(0, 20)) * DAY)
    ends = hours.day_ends(day)
    assert hours.day_of(ends - 1) <= day < hours.day_of(ends)
