"""Version words: calendars, policies and sites in sentences, and what one version has changed of another."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.examples import but
from ticketing.adapters.freezing import frozen
from ticketing.adapters.reference_files import read_reference_files
from ticketing.domain.calendar import DayWindow, Frozen, Holiday, HolidaySet, MakeUpDay, Transition, Window
from ticketing.domain.policy import DefinedClock, DefinedNotice, Target
from ticketing.domain.reference import CalendarPublished, PolicyPublished, SitePublished
from ticketing.domain.version_words import version_differences, version_in_words

EXAMPLES = Path(__file__).parents[1] / "examples"
START = datetime(2024, 12, 31, 23, tzinfo=UTC)
DAY = Window(day="mon", opens="09:00", closes="17:00")
CALENDAR = CalendarPublished(
    key="hours",
    version=1,
    effective_from=START,
    zone="Europe/Budapest",
    windows=(
        but(DAY, opens="13:30", closes="18:00"),
        but(DAY, closes="12:30"),
        but(DAY, day="tue", opens="13:30", closes="18:00"),
        but(DAY, day="tue", closes="12:30"),
        but(DAY, day="sat", opens="22:00", closes="06:00", crosses_midnight=True),
    ),
    holidays=HolidaySet(country="HU", make_up_windows=(DayWindow(opens="08:00", closes="14:00"),)),
    make_up_days=(MakeUpDay(on=date(2025, 5, 17), windows=(DayWindow(opens="10:00", closes="12:00"),)),),
    closed_days=(date(2025, 12, 24), date(2026, 12, 24)),
    frozen=Frozen(
        since=date(2025, 1, 1),
        until=date(2026, 12, 31),
        offset_seconds=3600,
        transitions=(
            Transition(at=datetime(2025, 3, 30, 1, tzinfo=UTC), offset_seconds=7200),
            Transition(at=datetime(2025, 10, 26, 1, tzinfo=UTC), offset_seconds=3600),
            Transition(at=datetime(2026, 3, 29, 1, tzinfo=UTC), offset_seconds=7200),
        ),
        holidays=(
            Holiday(on=date(2025, 1, 1), name="Újév"),
            Holiday(on=date(2025, 4, 18), name="Nagypéntek"),
            Holiday(on=date(2026, 1, 1), name="Újév"),
            Holiday(on=date(2026, 4, 3), name="Nagypéntek"),
        ),
        make_up_days=(date(2025, 5, 17), date(2025, 10, 18)),
        sources=("tzdata 2025b (system)", "holidays 0.109"),
    ),
)


def test_a_calendar_says_when_it_is_open_and_what_was_frozen() -> None:
    assert version_in_words(CALENDAR) == {
        "effective from": "2024-12-31T23:00:00Z",
        "zone": "Europe/Budapest",
        "open": "Mon–Tue 09:00–12:30, 13:30–18:00\nWed–Fri closed\nSat 22:00–06:00 on the next day\nSun closed",
        "public holidays": "of HU\nÚjév: 1 Jan 2025–2026\nNagypéntek: 18 Apr 2025, 3 Apr 2026",
        "make-up days": "17 May 2025: 10:00–12:00\nin exchange for holidays: 18 Oct 2025: 08:00–14:00",
        "closed days": "24 Dec 2025–2026",
        "clock changes": "UTC+01:00 at first\n"
        "UTC+02:00 from 2025-03-30 01:00, 2026-03-29 01:00 UTC\n"
        "UTC+01:00 from 2025-10-26 01:00 UTC",
        "frozen": "from 2025-01-01 to 2026-12-31, by tzdata 2025b (system) and holidays 0.109; "
        "what lies after is provisional: weekly hours alone",
    }
    old = version_in_words(but(CALENDAR, frozen=None))
    assert (old["frozen"], old["public holidays"]) == ("nothing yet, so that no policy can count by it", "of HU")


def test_two_versions_of_a_calendar_differ_by_weekdays_and_by_the_days_that_both_are_frozen_for() -> None:
    later = but(
        CALENDAR,
        version=2,
        windows=(DAY, *CALENDAR.windows[2:]),
        closed_days=(date(2026, 12, 24), date(2026, 12, 31)),
        make_up_days=(),
        frozen=Frozen(
            since=date(2026, 1, 1),
            until=date(2036, 12, 31),
            transitions=(Transition(at=datetime(2026, 3, 29, 2, tzinfo=UTC), offset_seconds=7200),),
            holidays=(
                Holiday(on=date(2026, 1, 1), name="Újév"),
                Holiday(on=date(2026, 4, 6), name="Húsvéthétfő"),
                Holiday(on=date(2027, 1, 1), name="Újév"),
            ),
        ),
    )
    assert [change.in_words() for change in version_differences(CALENDAR, later)] == [
        (
            "calendar, frozen changed from “from 2025-01-01 to 2026-12-31, by tzdata 2025b (system) and holidays "
            "0.109” to “from 2026-01-01 to 2036-12-31”"
        ),
        "open hours, Mon changed from “09:00–12:30, 13:30–18:00” to “09:00–17:00”",
        "closed day 2026-12-31 added: no window opens",
        "closed day 2025-12-24 removed: no window opens",
        "make-up day 2025-05-17 removed: 10:00–12:00",
        "holiday 2026-04-06 added: Húsvéthétfő",
        "holiday 2026-04-03 removed: Nagypéntek",
        "clock change 2026-03-29T02:00:00Z added: UTC+02:00",
        "clock change 2026-03-29T01:00:00Z removed: UTC+02:00",
    ]


CLOCK = DefinedClock(
    id="back",
    title="Back soon",
    binds="manufacturer_contract",
    starts=("UnitReceived",),
    stops=("UnitHandedBack", "UnitDisposed"),
    target=Target(working_hours=Decimal(8)),
    calendar="hours",
    pauses=("dispute", "parts_manufacturer"),
    notices=(DefinedNotice(kind="near", at_percent=75, to="manager"),),
)
POLICY = PolicyPublished(key="it", version=1, effective_from=START, clocks=(CLOCK,), parameters={"within_days": 10})


def in_words(clock: DefinedClock) -> list[str]:
    return version_in_words(but(POLICY, clocks=(clock,)))[f"clock {clock.id}"].splitlines()


def test_a_clock_says_in_sentences_what_it_is() -> None:
    assert in_words(CLOCK) == [
        "Back soon",
        "it is part of the contract with the manufacturer",
        "it runs from unit received to unit handed back or unit disposed",
        "its target is 8 hours of open time, by the calendar hours",
        "it pauses for parts manufacturer or dispute",
        "when the ticket is reopened, another clock begins",
        "at 75 % of the target, near goes to manager",
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"target": Target(elapsed_hours=Decimal(1)), "pauses": ()},
            ["its target is 1 hour, open or not", "nothing pauses it"],
        ),
        (
            {"target": Target(calendar_days=1)},
            ["its target is the end of the 1st day after the day of the start, by the"],
        ),
        ({"target": Target(calendar_days=112)}, ["its target is the end of the 112th day after the day of the start"]),
        (
            {"starts": ("PromiseMade",), "target": Target(until="PromiseMade.due_at"), "pauses": ()},
            [
                "it runs from promise made to unit handed back",
                "its target is the date promised; a later one replaces it",
            ],
        ),
        (
            {"binds": "site", "starts": (), "stops": (), "is_site_calendar": True},
            [
                "it is a target for each stay at a site",
                "it runs while the unit stays",
                ", by the calendar hours, or that of",
            ],
        ),
        (
            {"conditions": {"entitlements": ["warranty", "goodwill"], "customer_kinds": ["dealer"]}},
            ["it is for tickets of which the entitlement is goodwill or warranty and the customer is a dealer"],
        ),
        (
            {
                "on_reopening": "adds_up",
                "outlasts_closing": True,
                "notices": [{**dict(CLOCK.notices[0]), "kind": "soon"}],
            },
            [
                "it goes on counting",
                "it outlasts the closing of the ticket",
                "at 75 % of the target, soon goes to manager",
            ],
        ),
        (
            {"notices": [{"kind": "last_call", "before_hours": "0.5", "to": "manager"}]},
            ["0.5 hours before it is due, last call goes to manager"],
        ),
    ],
)
def test_what_a_clock_counts_and_whom_it_is_for_is_said(changes: dict[str, object], said: list[str]) -> None:
    told = "\n".join(in_words(but(CLOCK, **changes)))
    assert [part for part in said if part not in told] == []


def test_two_versions_of_a_policy_differ_clock_by_clock_whatever_the_order_of_what_they_list() -> None:
    same = but(CLOCK, stops=CLOCK.stops[::-1], pauses=CLOCK.pauses[::-1])
    assert version_differences(POLICY, but(POLICY, version=2, clocks=(same,))) == ()
    stricter = but(CLOCK, target=Target(working_hours=Decimal(4)))
    added = but(
        CLOCK, id="soon", title=None, pauses=(), notices=(), target=Target(elapsed_hours=Decimal(2)), calendar=None
    )
    later = but(POLICY, version=2, clocks=(stricter, added), parameters={"within_days": 5})
    assert [change.in_words() for change in version_differences(POLICY, later)] == [
        "policy, parameter within_days changed from “10” to “5”",
        (
            "clock back, target changed from “its target is 8 hours of open time, by the calendar hours” to "
            "“its target is 4 hours of open time, by the calendar hours”"
        ),
        (
            "clock soon added: it is part of the contract with the manufacturer; it runs from unit received to "
            "unit handed back or unit disposed; its target is 2 hours, open or not; nothing pauses it; when the ticket "
            "is reopened, another clock begins"
        ),
    ]


def test_two_versions_of_a_site_differ_field_by_field() -> None:
    site = SitePublished(key="quay", version=1, effective_from=START, kind="branch", brands=("B", "A"))
    later = but(site, version=2, name="Quay", kind="workshop", brands=("A", "B"), calendar="hours")
    assert version_in_words(site)["brands"] == "A, B"
    assert [change.in_words() for change in version_differences(site, later)] == [
        "site, kind changed from “branch” to “workshop”",
        "site, name added: Quay",
        "site, calendar added: hours",
    ]


def test_every_example_is_told_in_words_and_differs_from_itself_in_nothing() -> None:
    files = [*EXAMPLES.glob("reference/*.toml"), *EXAMPLES.glob("policies/*.toml"), EXAMPLES / "phone-policy.toml"]
    for thing in map(frozen, read_reference_files(files)):
        assert all(version_in_words(thing).values())
        assert version_differences(thing, thing) == ()
