"""The vectors of clocks and ledger, computed by hand: what every contract that is settled on this engine rests on."""

from typing import Any

import pytest

from tests.time_stories import (
    DAILY,
    HANDED_BACK,
    HOUR,
    OFFICE,
    OPENED,
    PARTS,
    PARTS_CAME,
    RECEIVED,
    WORKDAYS,
    Story,
    calendar,
    clock,
    policy,
    said,
    site,
    windows,
)
from ticketing.domain import events as e
from ticketing.domain.reference import CalendarPublished

DISPUTED = e.DisputeOpened(
    dispute_id="D-1", ground="coverage", raised_by="customer", parties=("customer", "manufacturer")
)
SETTLED = e.DisputeClosed(dispute_id="D-1", how="settled")


def test_vector_1_a_pause_outside_open_hours_removes_nothing() -> None:
    story = Story(OFFICE, policy(clock(working_hours=8, pauses=("parts_manufacturer",))))
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    # Monday 09–17 is 8 h: due Monday 17:00. The wait from Monday 17:00 to Tuesday 09:00 meets no open hour.
    story.tells(PARTS, "2026-03-02 17:00")
    assert said(story.clock().due_at) == "2026-03-02 17:00"
    story.tells(PARTS_CAME, "2026-03-03 09:00")
    assert said(story.clock().due_at) == "2026-03-02 17:00"


def test_vector_1_a_stop_after_due_and_before_the_next_open_instant_is_met() -> None:
    story = Story(OFFICE, policy(clock(working_hours=8, pauses=("parts_manufacturer",))))
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.tells(PARTS, "2026-03-02 17:00")
    story.tells(HANDED_BACK, "2026-03-02 20:00")
    stopped = story.clock()
    # At 20:00 the value is still the 8 h of 09–17, and 8 h is not above 8 h.
    assert (stopped.verdict, stopped.used, said(stopped.due_at)) == ("met", 8 * HOUR, "2026-03-02 17:00")
    assert (stopped.judged_then, said(stopped.judged_then_at)) == ("met", "2026-03-02 20:00")


def test_vector_2_holidays_have_no_open_hours() -> None:
    closed = ["2016-11-11", "2016-11-13"]
    shop = calendar(*windows(DAILY, "09:00-21:00"), key="shop", closed=closed)
    story = Story(shop, policy(clock(working_hours=48, calendar="shop")))
    story.tells(OPENED, "2016-11-09 22:00")
    story.tells(RECEIVED, "2016-11-09 23:00")
    # Wednesday 9 is over at 21. Thursday 10: 12 h, Friday 11 closed, Saturday 12: 24 h, Sunday 13 closed,
    # Monday 14: 36 h, Tuesday 15: 48 h, reached when it closes.
    assert said(story.clock().due_at) == "2016-11-15 21:00"


TARGETS = policy(
    clock("target-a", binds="site", elapsed_hours=2, conditions={"sites": ("a",)}),
    clock("target-b", binds="site", elapsed_hours=1, conditions={"sites": ("b",)}),
    key="targets",
)
DEPARTMENTS = (
    site("house", "branch"),
    site("a", "department", parent="house"),
    site("b", "department", parent="house"),
)


def test_vector_3_a_unit_that_is_handed_over_in_the_house_starts_the_next_department_s_clock() -> None:
    story = Story(OFFICE, *DEPARTMENTS, TARGETS)
    story.tells(OPENED, "2026-03-02 08:55")
    story.tells(e.UnitReceived(site="a"), "2026-03-02 09:00")
    story.tells(e.TicketAssigned(site="b"), "2026-03-02 10:30")
    first, second = story.clocks()
    # 09:00 to 10:30 is 1.5 h of 2 h; from 10:30 with 1 h: 11:30.
    assert (first.clock, first.subject, first.verdict, first.used) == ("target-a", "a", "met", 3 * HOUR // 2)
    assert (second.clock, second.subject, said(second.started_at)) == ("target-b", "b", "2026-03-02 10:30")
    assert said(second.due_at) == "2026-03-02 11:30"


def test_vector_3_a_site_s_clock_starts_when_the_unit_arrives_and_not_when_it_is_told_of_it() -> None:
    story = Story(OFFICE, *DEPARTMENTS, TARGETS)
    story.tells(OPENED, "2026-03-02 08:55")
    story.tells(e.TicketAssigned(site="b"), "2026-03-02 09:00")
    assert story.clocks() == ()
    story.tells(e.UnitArrived(site="b"), "2026-03-02 14:00")
    arrived = story.clock("target-b")
    assert (said(arrived.started_at), said(arrived.due_at)) == ("2026-03-02 14:00", "2026-03-02 15:00")


def test_vector_4_what_is_left_on_friday_evening_goes_on_on_monday() -> None:
    story = Story(OFFICE, policy(clock(working_hours=1)))
    story.tells(OPENED, "2026-03-06 16:00")
    story.tells(RECEIVED, "2026-03-06 16:30")
    # Friday 16:30–17:00 is half an hour, the other half is Monday 09:00–09:30.
    assert said(story.clock().due_at) == "2026-03-09 09:30"


def test_vector_5_a_stricter_target_later_changes_no_verdict_and_stands_beside_it() -> None:
    story = Story(OFFICE, policy(clock(working_hours=4)))
    story.tells(OPENED, "2026-03-02 08:55")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.tells(HANDED_BACK, "2026-03-02 11:30")
    stricter = policy(clock(working_hours=2), version=2, effective_from="2026-04-01 00:00")
    story.publishes(stricter)
    then, now = story.clock(), story.clock(under=stricter)
    # 09:00 to 11:30 is 2.5 h: not above 4 h, above 2 h since 11:00.
    assert (then.policy_version, then.verdict, then.used, then.target) == (1, "met", 5 * HOUR // 2, 4 * HOUR)
    assert (now.policy_version, now.verdict, now.used, now.target) == (2, "breached", 5 * HOUR // 2, 2 * HOUR)
    assert said(now.verdict_at) == "2026-03-02 11:00"


@pytest.mark.parametrize("unit", ["elapsed", "days"])
def test_vector_6_a_contract_pauses_for_parts_and_a_statute_does_not(unit: str) -> None:
    target: dict[str, Any] = {"elapsed_hours": 45 * 24} if unit == "elapsed" else {"calendar_days": 45}
    contract = clock("contract", pauses=("parts_manufacturer",), **target)
    statute = clock("statute", binds="statute", **target)
    story = Story(OFFICE, policy(contract, statute))
    story.tells(OPENED, "2026-03-01 10:00")
    story.tells(RECEIVED, "2026-03-01 10:00")
    # 1 March and 50 d is 20 April; the 40 d from 6 March are over on 15 April.
    story.tells(PARTS, "2026-03-06 00:00")
    story.tells(PARTS_CAME, "2026-04-15 00:00")
    story.tells(HANDED_BACK, "2026-04-20 10:00")
    paused, not_paused = story.clock("contract"), story.clock("statute")
    # By calendar days: 2 March to 20 April are 30 + 20 = 50, of which 6 March to 14 April, 26 + 14 = 40, are paused
    # whole.
    day = 24 * HOUR if unit == "elapsed" else 1
    assert (paused.verdict, paused.used) == ("met", 10 * day)
    assert (not_paused.verdict, not_paused.used) == ("breached", 50 * day)


def test_vector_7_overlapping_waits_pause_once() -> None:
    story = Story(OFFICE, policy(clock(working_hours=8, pauses=("parts_manufacturer", "dispute"))))
    _two_waits(story)
    stopped = story.clock()
    # 09–17 is 8 h; 10–12 and 11–13 together are 10–13, 3 h.
    assert (stopped.verdict, stopped.used) == ("met", 5 * HOUR)


def test_vector_7_in_the_ledger_each_second_has_one_cause_and_the_overlap_stands_beside() -> None:
    story = Story()
    _two_waits(story)
    ledger = story.ledger("2026-03-02 17:00")
    lasted = {(part.party, part.cause): part.microseconds // HOUR for part in ledger.parts}
    # parts_manufacturer counts before dispute: 10–12 is its, 12–13 the dispute's; 11–12 stands beside.
    assert lasted == {("company", "queue"): 5, ("manufacturer", "parts_manufacturer"): 2, ("parties", "dispute"): 1}
    assert [(one.cause, one.microseconds // HOUR) for one in ledger.beside] == [("dispute", 1)]
    assert ledger.microseconds == 8 * HOUR


def _two_waits(story: Story) -> None:
    story.tells(OPENED, "2026-03-02 09:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.tells(PARTS, "2026-03-02 10:00")
    story.tells(DISPUTED, "2026-03-02 11:00")
    story.tells(PARTS_CAME, "2026-03-02 12:00")
    story.tells(SETTLED, "2026-03-02 13:00")
    story.tells(HANDED_BACK, "2026-03-02 17:00")


def test_vector_8_a_split_shift_is_closed_at_noon() -> None:
    shifts = calendar(*windows(WORKDAYS, "09:00-12:00", "13:00-17:00"), key="shifts")
    story = Story(shifts, policy(clock(working_hours=1, calendar="shifts")))
    story.tells(OPENED, "2026-03-02 09:00")
    story.tells(RECEIVED, "2026-03-02 11:30")
    # 11:30–12:00 is half an hour, the other half is 13:00–13:30.
    assert said(story.clock().due_at) == "2026-03-02 13:30"


BERLIN = calendar(*windows(DAILY, "00:00-24:00"), key="berlin", zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("begins", "ends", "hours"),
    [
        # 29 March 2026, clocks go forward at 02:00: from 00:00 +01:00 to 24:00 +02:00.
        ("2026-03-28 23:00", "2026-03-29 22:00", 23),
        # 25 October 2026, clocks go back at 03:00: from 00:00 +02:00 to 24:00 +01:00.
        ("2026-10-24 22:00", "2026-10-25 23:00", 25),
    ],
)
@pytest.mark.parametrize("unit", ["working_hours", "elapsed_hours"])
def test_vector_8_a_day_of_23_or_25_hours_counts_real_time(begins: str, ends: str, hours: int, unit: str) -> None:
    target: dict[str, Any] = {unit: hours}
    story = Story(BERLIN, policy(clock(calendar="berlin", **target)))
    story.tells(OPENED, begins)
    story.tells(RECEIVED, begins)
    assert said(story.clock().due_at) == ends
    story.tells(HANDED_BACK, ends)
    assert (story.clock().verdict, story.clock().used) == ("met", hours * HOUR)


def test_vector_8_a_calendar_day_ends_at_midnight_however_long_it_was() -> None:
    story = Story(BERLIN, policy(clock(calendar="berlin", calendar_days=1)))
    story.tells(OPENED, "2026-03-28 12:00")
    story.tells(RECEIVED, "2026-03-28 12:00")
    # The day after Saturday 28 March is the one of 23 hours; 24:00 of it is 22:00 UTC.
    assert said(story.clock().due_at) == "2026-03-29 22:00"


def test_the_calendars_of_these_vectors_are_frozen_with_what_they_need() -> None:
    def changes(thing: CalendarPublished) -> list[str | None]:
        assert thing.frozen is not None
        return [said(change.at) for change in thing.frozen.transitions if change.at.year == 2026]

    assert changes(OFFICE) == []
    assert changes(BERLIN) == ["2026-03-29 01:00", "2026-10-25 01:00"]
