"""Freezing: what the zone and the holidays libraries say is taken into a calendar at its publication, once."""

import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.examples import MANAGER, but
from ticketing.adapters import freezing
from ticketing.adapters.freezing import frozen, zone_source
from ticketing.application import Ticketing
from ticketing.domain.calendar import DayWindow, Frozen, Holiday, HolidaySet, MakeUpDay, Transition
from ticketing.domain.errors import BadInput
from ticketing.domain.publishing import Publish
from ticketing.domain.reference import CalendarPublished
from ticketing.simulator.world import CALENDAR

CALENDAR_2026 = CalendarPublished(
    key="hours", version=1, effective_from=datetime(2026, 1, 1, tzinfo=UTC), zone="Europe/Berlin"
)
MORNING = (DayWindow(opens="09:00", closes="12:00"),)


def kept(calendar: CalendarPublished) -> Frozen:
    found = frozen(calendar).frozen
    assert found is not None
    return found


def in_zone(zone: str, year: int, until: date) -> Frozen:
    start = datetime(year, 1, 1, tzinfo=ZoneInfo(zone))
    return kept(but(CALENDAR_2026, zone=zone, effective_from=start, frozen_until=until))


def seconds(*, hours: int, minutes: int = 0, left: int = 0) -> int:
    return hours * 3600 + minutes * 60 + left


# zones


@pytest.mark.parametrize(
    ("zone", "year", "offset", "changes"),
    [
        # Last Sundays of March and October, at 01:00 UTC.
        (
            "Europe/Berlin",
            2026,
            seconds(hours=1),
            [("2026-03-29 01:00:00", seconds(hours=2)), ("2026-10-25 01:00:00", seconds(hours=1))],
        ),
        ("UTC", 2026, 0, []),
        # Newfoundland changed its clocks at one minute past midnight until 2011: 00:01 at UTC-03:30 is 03:31 UTC.
        (
            "America/St_Johns",
            2010,
            -seconds(hours=3, minutes=30),
            [
                ("2010-03-14 03:31:00", -seconds(hours=2, minutes=30)),
                ("2010-11-07 02:31:00", -seconds(hours=3, minutes=30)),
            ],
        ),
        # Half an hour, at 02:00 local time: 15:30 UTC and 15:00 UTC of the day before.
        (
            "Australia/Lord_Howe",
            2026,
            seconds(hours=11),
            [
                ("2026-04-04 15:00:00", seconds(hours=10, minutes=30)),
                ("2026-10-03 15:30:00", seconds(hours=11)),
            ],
        ),
        # Liberia went from 44 minutes and 30 seconds behind to UTC.
        (
            "Africa/Monrovia",
            1972,
            -seconds(hours=0, minutes=44, left=30),
            [("1972-01-07 00:44:30", 0)],
        ),
        # Samoa left out 30 December 2011, in the middle of summer time: from UTC-10 to UTC+14.
        (
            "Pacific/Apia",
            2011,
            -seconds(hours=10),
            [
                ("2011-04-02 14:00:00", -seconds(hours=11)),
                ("2011-09-24 14:00:00", -seconds(hours=10)),
                ("2011-12-30 10:00:00", seconds(hours=14)),
            ],
        ),
    ],
)
def test_every_change_of_the_clock_is_kept_to_the_second(
    zone: str, year: int, offset: int, changes: list[tuple[str, int]]
) -> None:
    found = in_zone(zone, year, date(year, 12, 31))
    assert found.offset_seconds == offset
    assert [(f"{change.at:%Y-%m-%d %H:%M:%S}", change.offset_seconds) for change in found.transitions] == changes


@pytest.mark.parametrize("zone", ["Africa/Casablanca", "America/New_York", "Antarctica/Troll", "Asia/Gaza"])
def test_what_is_kept_says_the_same_as_the_zone_at_every_hour(zone: str) -> None:
    found = in_zone(zone, 2024, date(2026, 12, 31))
    at, until = datetime(2024, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC), datetime(2026, 12, 31, 20, tzinfo=UTC)
    offset, changes = found.offset_seconds, list(found.transitions)
    while at < until:
        while changes and changes[0].at <= at:
            offset = changes.pop(0).offset_seconds
        said = at.astimezone(ZoneInfo(zone)).utcoffset()
        assert said == timedelta(seconds=offset), at
        at += timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "effective_from", "since", "until"),
    [
        ("Europe/Berlin", datetime(2026, 7, 1, tzinfo=UTC), date(2026, 1, 1), date(2036, 12, 31)),
        # The year begins in Berlin an hour before it does in UTC, in New York five hours after.
        ("Europe/Berlin", datetime(2025, 12, 31, 23, tzinfo=UTC), date(2026, 1, 1), date(2036, 12, 31)),
        ("America/New_York", datetime(2026, 1, 1, tzinfo=UTC), date(2025, 1, 1), date(2035, 12, 31)),
    ],
)
def test_a_calendar_is_frozen_from_the_beginning_of_its_first_year_to_the_end_of_the_tenth_after_it(
    zone: str, effective_from: datetime, since: date, until: date
) -> None:
    found = kept(but(CALENDAR_2026, zone=zone, effective_from=effective_from))
    assert (found.since, found.until) == (since, until)


def test_a_calendar_is_frozen_for_as_long_as_it_says() -> None:
    assert kept(but(CALENDAR_2026, frozen_until=date(2027, 6, 30))).until == date(2027, 6, 30)


def test_the_zone_data_is_named_with_its_version_where_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept(CALENDAR_2026).sources[0].startswith(("tzdata 20", "zone data of the system"))
    monkeypatch.setattr(freezing, "TZPATH", ())
    monkeypatch.setattr("importlib.metadata.version", {"tzdata": "2026.1"}.__getitem__)
    assert zone_source("Europe/Berlin") == "tzdata 2026.1"


# holidays


def test_no_year_counts_as_known_for_which_the_days_worked_in_exchange_are_not_announced_yet() -> None:
    china = HolidaySet(country="CN", make_up_windows=MORNING)
    found = kept(but(CALENDAR_2026, zone="Asia/Shanghai", holidays=china))
    assert found.make_up_days
    assert found.until == date(found.make_up_days[-1].year, 12, 31) < date(2036, 12, 31)
    germany = kept(but(CALENDAR_2026, holidays=HolidaySet(country="DE")))
    assert (germany.make_up_days, germany.until) == ((), date(2036, 12, 31))


def test_holidays_are_kept_with_their_names_in_the_language_of_the_country(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en_US")
    hamburg = HolidaySet(country="DE", subdivision="HH")
    found = kept(but(CALENDAR_2026, holidays=hamburg, frozen_until=date(2026, 12, 31)))
    assert [(day.on.isoformat(), day.name) for day in found.holidays] == [
        ("2026-01-01", "Neujahr"),
        ("2026-04-03", "Karfreitag"),
        ("2026-04-06", "Ostermontag"),
        ("2026-05-01", "Erster Mai"),
        ("2026-05-14", "Christi Himmelfahrt"),
        ("2026-05-25", "Pfingstmontag"),
        ("2026-10-03", "Tag der Deutschen Einheit"),
        ("2026-10-31", "Reformationstag"),
        ("2026-12-25", "Erster Weihnachtstag"),
        ("2026-12-26", "Zweiter Weihnachtstag"),
    ]
    assert found.make_up_days == ()
    assert found.sources[1].startswith("holidays 0.")


def test_days_worked_in_exchange_for_holidays_are_kept() -> None:
    # Hungary exchanged 2 May, 24 October and 24 December 2025 for these Saturdays.
    hungary = HolidaySet(country="HU", make_up_windows=MORNING)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    found = kept(but(CALENDAR_2026, effective_from=start, holidays=hungary, frozen_until=date(2025, 12, 31)))
    assert found.make_up_days == (date(2025, 5, 17), date(2025, 10, 18), date(2025, 12, 13))
    # The library has Chinese ones of 2001 whatever year it is asked for.
    china = HolidaySet(country="CN", make_up_windows=MORNING)
    later = kept(but(CALENDAR_2026, effective_from=start, holidays=china, frozen_until=date(2025, 12, 31)))
    assert later.make_up_days[0] == date(2025, 1, 26)


def test_the_holidays_of_every_country_there_is_can_be_kept() -> None:
    for country in freezing._countries():
        asked = HolidaySet(country=country, make_up_windows=MORNING)
        assert kept(but(CALENDAR_2026, holidays=asked, frozen_until=date(2026, 12, 31))).sources[1:]


def test_a_make_up_day_that_has_windows_of_its_own_or_is_closed_needs_none_from_the_set() -> None:
    hungary = HolidaySet(country="HU")
    start = datetime(2025, 1, 1, tzinfo=UTC)
    calendar = but(CALENDAR_2026, effective_from=start, holidays=hungary, frozen_until=date(2025, 12, 31))
    with pytest.raises(BadInput, match=r"holidays\.make_up_windows: is missing: 2025-05-17, 2025-10-18, 2025-12-13 wi"):
        frozen(calendar)
    worked = MakeUpDay(on=date(2025, 5, 17), windows=MORNING)
    told = but(calendar, make_up_days=(worked,), closed_days=(date(2025, 10, 18), date(2025, 12, 13)))
    assert len(kept(told).make_up_days) == 3


def test_holidays_are_not_left_out_unsaid_where_the_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    freezing._countries.cache_clear()
    with pytest.raises(BadInput, match=r"pip install 'ticketing\[calendars\]'"):
        frozen(but(CALENDAR_2026, holidays=HolidaySet(country="DE")))
    assert kept(CALENDAR_2026).holidays == ()


def test_holidays_are_not_kept_for_years_of_which_the_library_knows_none() -> None:
    germany = but(CALENDAR_2026, holidays=HolidaySet(country="DE"))
    with pytest.raises(BadInput, match=r"effective_from: the holidays of DE are known from 1991 on"):
        frozen(but(germany, effective_from=datetime(1985, 1, 1, tzinfo=UTC)))
    with pytest.raises(
        BadInput, match=r"frozen_until: 2101-01-01: the holidays of DE are known until 2100; say frozen_u"
    ):
        frozen(but(germany, frozen_until=date(2101, 1, 1)))


# publishing


def test_a_calendar_is_frozen_when_it_is_published(store_url: str) -> None:
    calendar = but(CALENDAR_2026, holidays=HolidaySet(country="DE"))
    with Ticketing(store_url) as app:
        app.handle(Publish(actor=MANAGER, thing=calendar))
        assert app.reference.one("calendar", "hours") == frozen(calendar)


def test_publishing_it_again_under_another_release_of_the_libraries_changes_nothing(store_url: str) -> None:
    calendar = but(CALENDAR_2026, holidays=HolidaySet(country="DE"))
    other = but(
        kept(calendar),
        holidays=(Holiday(on=date(2026, 2, 28), name="A day that another release knows"),),
        transitions=(Transition(at=datetime(2026, 4, 1, tzinfo=UTC), offset_seconds=0),),
        sources=("tzdata 2099z", "holidays 99"),
    )
    with Ticketing(store_url) as app:
        app.handle(Publish(actor=MANAGER, thing=calendar))
        again = app.handle(Publish(actor=MANAGER, thing=but(frozen(calendar), frozen=other)))
        assert (again.events, again.version) == ((), 1)
        assert not app.handle(Publish(actor=MANAGER, thing=calendar)).events
        assert app.reference.one("calendar", "hours") == frozen(calendar)


def test_what_a_host_has_frozen_itself_stays_as_it_is_unless_it_is_for_another_time() -> None:
    told = Frozen(since=date(2026, 1, 1), until=date(2036, 12, 31), sources=("a host's own tables",))
    with Ticketing("memory:") as app:
        app.handle(Publish(actor=MANAGER, thing=but(CALENDAR_2026, frozen=told)))
        published = app.reference.one("calendar", "hours")
        assert isinstance(published, CalendarPublished)
        assert published.frozen == told
        later = but(CALENDAR_2026, key="later", frozen=but(told, since=date(2026, 6, 1)))
        with pytest.raises(BadInput, match=r"Publish\.thing: frozen: it holds from 2026-06-01 to 2036-12-31, not"):
            app.handle(Publish(actor=MANAGER, thing=later))


def test_the_calendar_of_the_made_up_world_is_frozen_as_publishing_would() -> None:
    assert CALENDAR.frozen is not None
    assert but(kept(but(CALENDAR, frozen=None)), sources=()) == CALENDAR.frozen
