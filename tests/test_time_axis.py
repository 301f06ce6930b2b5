"""The axis of time of a ticket's page: ticks that people read, in the zone that was asked for."""

from datetime import UTC, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.time_stories import at
from ticketing.pages.time_axis import TimeAxis

BERLIN = ZoneInfo("Europe/Berlin")
LEAST = 64.0


def ticks(begins: str, ends: str, zone: str = "UTC", width: float = 640.0) -> list[str]:
    axis = TimeAxis(at(begins), at(ends), UTC if zone == "UTC" else ZoneInfo(zone), 0, width)
    return [tick.label for tick in axis.ticks(LEAST)]


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        ("2026-03-02 09:00", "2026-03-02 09:05", ["09:00", "09:01", "09:02", "09:03", "09:04", "09:05"]),
        ("2026-03-02 22:10", "2026-03-03 01:10", ["22:30", "23:00", "23:30", "3 Mar", "00:30", "01:00"]),
        (
            "2026-03-02 09:00",
            "2026-03-06 09:00",
            ["12:00", "3 Mar", "12:00", "4 Mar", "12:00", "5 Mar", "12:00", "6 Mar"],
        ),
        ("2026-02-25 09:00", "2026-03-03 09:00", ["26 Feb", "27 Feb", "28 Feb", "1 Mar", "2 Mar", "3 Mar"]),
        ("2026-03-01 09:00", "2026-04-05 09:00", ["2 Mar", "9 Mar", "16 Mar", "23 Mar", "30 Mar"]),
        ("2025-11-02 09:00", "2026-04-05 09:00", ["Dec 2025", "Jan 2026", "Feb 2026", "Mar 2026", "Apr 2026"]),
        ("2020-06-01 00:00", "2026-06-01 00:00", ["2021", "2022", "2023", "2024", "2025", "2026"]),
    ],
)
def test_the_ticks_are_times_of_day_then_days_mondays_months_and_years(
    begins: str, ends: str, expected: list[str]
) -> None:
    assert ticks(begins, ends) == expected


def test_the_ticks_are_those_of_a_wall_clock_in_the_zone() -> None:
    # Midnight in Berlin is 23:00 UTC in winter.
    axis = TimeAxis(at("2026-01-05 20:00"), at("2026-01-06 02:00"), BERLIN, 0, 640)
    (midnight,) = (tick.at for tick in axis.ticks(LEAST) if tick.label == "6 Jan")
    assert midnight == at("2026-01-05 23:00")


def test_the_hour_that_is_left_out_in_spring_has_no_tick() -> None:
    # On 29 March 2026 clocks in Berlin go from 02:00 to 03:00, which is 01:00 UTC.
    assert ticks("2026-03-29 00:00", "2026-03-29 03:00", "Europe/Berlin") == [
        "01:00",
        "01:30",
        "03:00",
        "03:30",
        "04:00",
        "04:30",
        "05:00",
    ]


def test_an_instant_beyond_an_edge_is_at_the_edge() -> None:
    axis = TimeAxis(at("2026-03-02 00:00"), at("2026-03-12 00:00"), UTC, 100, 200)
    assert [axis.place(at(text)) for text in ("2026-03-01 00:00", "2026-03-07 00:00", "2026-03-13 00:00")] == [
        100,
        150,
        200,
    ]


@given(
    minute=st.integers(0, 60 * 24 * 365 * 100),
    minutes=st.integers(10, 60 * 24 * 365 * 30),
    zone=st.sampled_from([UTC, BERLIN, ZoneInfo("America/St_Johns"), ZoneInfo("Australia/Lord_Howe")]),
    width=st.sampled_from([320, 478, 862]),
)
def test_ticks_stand_in_order_on_the_axis_and_are_never_too_many(
    minute: int, minutes: int, zone: ZoneInfo, width: int
) -> None:
    begins = at("1970-01-03 00:00") + timedelta(minutes=minute)
    axis = TimeAxis(begins, begins + timedelta(minutes=minutes), zone, 0, width)
    found = axis.ticks(LEAST)
    assert all(axis.from_at <= tick.at <= axis.to_at for tick in found)
    assert all(one.at < other.at for one, other in pairwise(found))
    # February is shorter than the months by which the step was chosen, and a day may lack an hour.
    assert all(axis.place(other.at) - axis.place(one.at) > LEAST * 0.89 for one, other in pairwise(found))
