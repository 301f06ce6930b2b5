"""How a clock is explained: what each day counted, what paused it, by which versions, and what changed the verdict."""

from datetime import date
from random import Random

import pytest

from tests.examples import but
from tests.random_clocks import random_case
from tests.time_stories import (
    CLOSED,
    DAILY,
    HANDED_BACK,
    HOUR,
    OFFICE,
    OPENED,
    PARTS,
    PARTS_CAME,
    PAUSING,
    PROMISE,
    RECEIVED,
    REOPENED,
    WARRANTY,
    WHY,
    WORKDAYS,
    Story,
    at,
    calendar,
    clock,
    policy,
    promised,
    received,
    said,
    windows,
)
from ticketing.domain import events as e
from ticketing.domain.calendar import Holiday
from ticketing.domain.clocks import clocks_of
from ticketing.domain.explaining import explained
from ticketing.domain.explanation import Day, Explanation
from ticketing.domain.judged import Judged
from ticketing.domain.reference import CalendarPublished
from ticketing.domain.time_rules import TimeRules

NIGHTS = calendar(*windows(WORKDAYS, "22:00-06:00"), key="office")


def explanation(story: Story, as_of: str, id: str = "turnaround", subject: str | None = None) -> Explanation:  # noqa: A002
    judged = story.clock(id, subject, as_of=as_of)
    return explained(story.history, story.rules, judged, at(as_of), lambda fact: type(fact.event).__name__, "T-1")


def counted(found: Explanation) -> list[tuple[str, int, int]]:
    """Of each day up to now, what it counted and the sum."""
    return [(day.on.isoformat(), day.counted // HOUR, day.total // HOUR) for day in found.days if not day.is_ahead]


def hours(day: Day) -> list[str]:
    return [f"{window.begins}-{window.ends}" for window in day.windows]


def test_each_day_says_what_was_open_what_of_that_counted_and_the_sum_so_far() -> None:
    story = received(policy(clock(working_hours=20)), when="2026-03-06 16:30")
    story.tells(HANDED_BACK, "2026-03-10 10:00")
    found = explanation(story, "2026-03-11 09:00")
    # Friday 16:30-17:00, no weekend, Monday 8 h, Tuesday 09:00-10:00: 9.5 h.
    assert [(day.on.day, day.counted) for day in found.days] == [
        (6, HOUR // 2),
        (7, 0),
        (8, 0),
        (9, 8 * HOUR),
        (10, HOUR),
    ]
    assert found.days[-1].total == found.judged.used == 19 * HOUR // 2
    assert [hours(day) for day in found.days] == [["09:00-17:00"], [], [], ["09:00-17:00"], ["09:00-17:00"]]
    assert [(day.ran.begins, day.ran.ends) for day in found.days][::4] == [("16:30", "24:00"), ("00:00", "10:00")]


def test_vector_8_a_split_shift_shows_both_windows_and_the_lunch_between_counts_nothing() -> None:
    office = calendar(*windows(WORKDAYS, "09:00-12:00", "13:00-17:00"))
    story = Story(office, policy(clock(working_hours=1)))
    story.tells(OPENED, "2026-03-02 11:30")
    story.tells(RECEIVED, "2026-03-02 11:30")
    found = explanation(story, "2026-03-02 11:30")
    # 11:30-12:00 and 13:00-13:30 are 1 h: due 13:30, and all of it is still to come.
    assert [(hours(day), day.counted, day.is_ahead) for day in found.days] == [
        (["09:00-12:00", "13:00-17:00"], HOUR, True)
    ]
    assert (found.days[0].ran.ends, said(found.judged.due_at)) == ("13:30", "2026-03-02 13:30")


def test_a_pause_names_its_cause_and_the_facts_that_began_and_ended_it() -> None:
    story = received(policy(clock(working_hours=20, pauses=PAUSING)))
    begun = story.tells(PARTS, "2026-03-02 15:00")
    ended = story.tells(PARTS_CAME, "2026-03-04 11:00")
    story.tells(HANDED_BACK, "2026-03-04 17:00")
    found = explanation(story, "2026-03-05 09:00")
    # Monday 09-15, Tuesday nothing, Wednesday 11-17: 12 h.
    assert counted(found) == [("2026-03-02", 6, 6), ("2026-03-03", 0, 6), ("2026-03-04", 6, 12)]
    (pause,) = found.days[1].pauses
    assert (pause.begins, pause.ends, pause.causes) == ("00:00", "24:00", ("parts_manufacturer",))
    assert pause.versions == (begun, ended)
    assert [(pause.begins, pause.ends) for day in found.days[::2] for pause in day.pauses] == [
        ("15:00", "24:00"),
        ("00:00", "11:00"),
    ]
    assert found.waits[0].is_pausing


def test_a_wait_that_is_no_cause_of_the_clock_is_named_as_no_pause() -> None:
    story = received(policy(clock(working_hours=20)))
    story.tells(PARTS, "2026-03-02 15:00")
    found = explanation(story, "2026-03-02 17:00")
    assert [(wait.cause, wait.is_pausing, wait.to_at) for wait in found.waits] == [("parts_manufacturer", False, None)]
    assert counted(found) == [("2026-03-02", 8, 8)]
    assert not found.days[0].pauses


def test_vector_7_two_waits_that_overlap_are_one_pause_with_both_causes() -> None:
    story = received(policy(clock(working_hours=8, pauses=("parts_manufacturer", "dispute"))))
    opened = e.DisputeOpened(
        dispute_id="D-1", ground="coverage", raised_by="customer", parties=("customer", "manufacturer")
    )
    story.tells(PARTS, "2026-03-02 10:00")
    story.tells(opened, "2026-03-02 11:00")
    story.tells(PARTS_CAME, "2026-03-02 12:00")
    story.tells(e.DisputeClosed(dispute_id="D-1", how="settled"), "2026-03-02 13:00")
    found = explanation(story, "2026-03-02 17:00")
    # 09-17 without 10-13, which is 3 h and not 4: 5 h.
    (pause,) = found.days[0].pauses
    assert (pause.begins, pause.ends, pause.causes) == ("10:00", "13:00", ("parts_manufacturer", "dispute"))
    assert found.days[0].counted == 5 * HOUR


def test_vector_6_the_same_wait_pauses_the_contract_and_not_the_statute() -> None:
    contract = clock("contract", calendar_days=30, pauses=PAUSING)
    story = received(policy(contract, clock("statute", binds="statute", calendar_days=30)), when="2026-03-01 09:00")
    story.tells(PARTS, "2026-03-03 00:00")
    story.tells(PARTS_CAME, "2026-04-12 00:00")
    story.tells(HANDED_BACK, "2026-04-20 09:00")
    # 2 March to 20 April are 50 days; 3 March to 11 April are 40 days paused whole.
    contracts, statutes = (explanation(story, "2026-05-01 00:00", name) for name in ("contract", "statute"))
    assert (contracts.days[-1].total, contracts.judged.verdict) == (10, "met")
    assert (statutes.days[-1].total, statutes.judged.verdict) == (50, "breached")
    assert [day.on for day in contracts.days if day.counted == 0] == [
        date(2026, 3, 1),
        *(date.fromordinal(date(2026, 3, 3).toordinal() + day) for day in range(40)),
    ]


def test_a_holiday_is_named_and_a_closed_day_said_to_be_one() -> None:
    office = calendar(*windows(WORKDAYS, "09:00-17:00"), closed=["2026-03-04"])
    assert office.frozen is not None
    holidays = (Holiday(on=date(2026, 3, 3), name="Foundation Day"),)
    office = office.model_copy(update={"frozen": office.frozen.model_copy(update={"holidays": holidays})})
    story = Story(office, policy(clock(working_hours=40)))
    story.tells(OPENED, "2026-03-02 09:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    found = explanation(story, "2026-03-06 09:00")
    assert [(day.kind, day.name, day.counted // HOUR) for day in found.days if not day.is_ahead] == [
        ("weekday", None, 8),
        ("holiday", "Foundation Day", 0),
        ("closed_day", None, 0),
        ("weekday", None, 8),
        ("weekday", None, 0),
    ]


@pytest.mark.parametrize(
    ("day", "length", "was", "is_"),
    [("2026-03-29", 23, "02:00", "03:00"), ("2026-10-25", 25, "03:00", "02:00")],
)
def test_vector_8_a_day_on_which_the_clock_is_changed_counts_real_time(
    day: str, length: int, was: str, is_: str
) -> None:
    berlin = calendar(*windows(DAILY, "00:00-24:00"), zone="Europe/Berlin")
    story = Story(berlin, policy(clock(working_hours=200)))
    story.tells(OPENED, f"{day[:7]}-20 09:00")
    story.tells(RECEIVED, f"{day[:7]}-20 09:00")
    (changed,) = [one for one in explanation(story, f"{day[:7]}-30 09:00").days if one.on.isoformat() == day]
    assert changed.counted == length * HOUR
    assert changed.clock_change is not None
    assert (changed.clock_change.from_time, changed.clock_change.to_time) == (was, is_)


def test_a_window_across_midnight_is_shown_on_both_days() -> None:
    story = Story(NIGHTS, policy(clock(working_hours=8)))
    story.tells(OPENED, "2026-03-02 23:00")
    story.tells(RECEIVED, "2026-03-02 23:00")
    story.tells(HANDED_BACK, "2026-03-03 05:00")
    found = explanation(story, "2026-03-03 06:00")
    assert [hours(day) for day in found.days] == [["22:00-24:00"], ["00:00-06:00", "22:00-24:00"]]
    assert [day.counted // HOUR for day in found.days] == [1, 5]


def test_what_is_still_to_come_reaches_the_target_at_the_due_date() -> None:
    story = received(policy(clock(working_hours=20)))
    found = explanation(story, "2026-03-03 11:00")
    # Monday 8 h and Tuesday 2 h; then Tuesday 6 h and Wednesday 4 h, up to 13:00.
    assert counted(found) == [("2026-03-02", 8, 8), ("2026-03-03", 2, 10)]
    ahead = [(day.on.day, day.counted // HOUR, day.total // HOUR, day.ran.ends) for day in found.days if day.is_ahead]
    assert ahead == [(3, 6, 16, "24:00"), (4, 4, 20, "13:00")]


def test_a_clock_that_adds_up_stands_still_between_two_cycles_without_a_cause() -> None:
    story = received(policy(clock(working_hours=20, on_reopening="adds_up")))
    story.tells(HANDED_BACK, "2026-03-02 13:00")
    story.tells(CLOSED, "2026-03-02 13:00")
    story.tells(REOPENED, "2026-03-04 09:00")
    story.tells(RECEIVED, "2026-03-04 12:00")
    found = explanation(story, "2026-03-04 17:00")
    # Monday 09-13 and Wednesday 12-17.
    assert counted(found) == [("2026-03-02", 4, 4), ("2026-03-03", 0, 4), ("2026-03-04", 5, 9)]
    assert [pause.causes for pause in found.days[1].pauses] == [()]


def test_the_version_that_counted_is_named_with_its_place_on_the_log() -> None:
    story = Story(OFFICE, policy(clock(working_hours=4)))
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.publishes(policy(clock(working_hours=2), version=2, effective_from="2026-03-02 00:00"))
    found = explanation(story, "2026-03-02 10:00")
    # Version 2 is effective at the start, and was published after the start had been recorded.
    assert (found.policy.version, found.policy.position, found.judged.target) == (1, 2, 4 * HOUR)
    assert [(one.key, one.version, one.is_extension) for one in found.calendar] == [("office", 1, False)]
    assert (found.zone, found.frozen_until) == ("UTC", date(2027, 12, 31))


def test_a_fact_recorded_late_is_named_as_what_changed_the_verdict() -> None:
    story = received(policy(clock(pauses=PAUSING)))
    story.tells(HANDED_BACK, "2026-03-03 17:00")
    begun = story.tells(PARTS, "2026-03-02 10:00", recorded="2026-03-05 09:00")
    ended = story.tells(PARTS_CAME, "2026-03-03 16:00", recorded="2026-03-05 09:00")
    found = explanation(story, "2026-03-06 09:00")
    # Monday 09-10 and Tuesday 16-17 are left of 16 h.
    assert (found.judged.verdict, found.then, found.days[-1].total) == ("met", "breached", 2 * HOUR)
    assert {fact.version for fact in found.restated} <= {begun, ended}
    assert found.restated


def test_conditions_are_told_with_when_they_held() -> None:
    story = received(WARRANTY)
    story.tells(e.EntitlementDecided(basis="warranty", reason=WHY), "2026-03-02 10:00")
    refused = e.EntitlementRevised(from_basis="warranty", to_basis="none", trigger="diagnosis", reason=WHY)
    story.tells(refused, "2026-03-02 12:00")
    found = explanation(story, "2026-03-02 16:00")
    assert [(said(held.from_at), said(held.to_at)) for held in found.held] == [("2026-03-02 10:00", "2026-03-02 12:00")]
    assert (found.state, found.judged.cancelled_because) == ("cancelled", "conditions")
    # It runs from its start, 09:00, to when it was cancelled, whatever comes after.
    assert counted(found) == [("2026-03-02", 3, 3)]
    story.tells(HANDED_BACK, "2026-03-02 15:00")
    found = explanation(story, "2026-03-02 16:00")
    assert (found.state, counted(found)) == ("cancelled", [("2026-03-02", 3, 3)])


def test_a_promise_lists_every_date_that_was_told_and_no_days() -> None:
    story = received(policy(PROMISE))
    first = story.tells(promised("2026-03-04 17:00"), "2026-03-02 09:30")
    second = story.tells(promised("2026-03-06 17:00"), "2026-03-03 09:30")
    found = explanation(story, "2026-03-05 09:00", "promise")
    assert [fact.version for fact in found.told] == [first, second]
    assert (said(found.judged.due_at), found.days) == ("2026-03-06 17:00", ())


def test_a_clock_whose_start_was_taken_back_is_explained_by_that() -> None:
    story = received(policy(clock(working_hours=1)))
    story.tells(HANDED_BACK, "2026-03-03 09:00")
    story.retracts(2, "2026-03-04 09:00")
    found = explanation(story, "2026-03-05 09:00")
    assert (found.state, found.judged.cancelled_because, found.then) == ("cancelled", "withdrawn", "breached")
    assert (found.start.version, found.start.event, found.days) == (2, "UnitReceived", ())


def test_a_notice_that_went_out_is_listed_with_its_clock_and_not_with_another() -> None:
    story = received(policy(clock("one", working_hours=8), clock("two", working_hours=8)))
    notice = e.NoticeSent(clock="one", kind="soon", to="m-1", policy="contract", cycle=1)
    version = story.tells(notice, "2026-03-02 15:00")
    story.tells(but(notice, cycle=2), "2026-03-02 15:01")
    assert [fact.version for fact in explanation(story, "2026-03-02 16:00", "one").notices] == [version]
    assert explanation(story, "2026-03-02 16:00", "two").notices == ()


def test_an_extension_is_listed_as_what_counts_past_the_horizon_alone() -> None:
    short: CalendarPublished = calendar(*windows(WORKDAYS, "09:00-17:00"), frozen_until="2026-03-31")
    longer = calendar(*windows(WORKDAYS, "09:00-17:00"), version=2, effective_from="2026-01-01 00:00")
    story = Story(short, policy(clock(working_hours=8)))
    story.tells(OPENED, "2026-03-31 16:00")
    story.tells(RECEIVED, "2026-03-31 16:00")
    assert explanation(story, "2026-03-31 17:00").days[-1].kind == "not_frozen"
    story.publishes(longer)
    found = explanation(story, "2026-03-31 17:00")
    assert [(one.version, one.is_extension) for one in found.calendar] == [(1, False), (2, True)]
    assert found.days[-1].kind == "weekday"


def test_the_days_of_any_clock_add_up_to_what_was_judged_of_it() -> None:
    seen = 0
    for seed in range(60):
        case = random_case(Random(seed))
        rules = TimeRules.of(case.publications)
        now = case.as_of or max(max(fact.occurred_at, fact.recorded_at) for fact in case.history)
        for judged in clocks_of(case.history, rules, as_of=now):
            found = explained(case.history, rules, judged, now, lambda fact: type(fact.event).__name__, None)
            if _has_days(judged):
                seen += 1
                total = next((day.total for day in reversed(found.days) if not day.is_ahead), 0)
                assert total == judged.used, f"seed {seed}: {judged.name}"
    assert seen > 100


def test_the_days_add_up_under_a_version_that_was_not_in_force_too() -> None:
    story = received(policy(clock(working_hours=8)))
    story.tells(HANDED_BACK, "2026-03-03 11:00")
    shop = calendar(*windows(WORKDAYS, "08:00-20:00"), key="shop", effective_from="2026-01-01 00:00")
    later = policy(clock(working_hours=12, calendar="shop"), version=2, effective_from="2026-04-01 00:00")
    story.publishes(shop, later)
    (judged,) = story.clocks(under=later)
    found = explained(story.history, story.rules, judged, at("2026-03-04 09:00"), lambda _: "", None, is_forced=True)
    # Monday 09-20 is 11 h, Tuesday 08-11 3 h, by a calendar that nobody knew when the unit was received.
    assert counted(found) == [("2026-03-02", 11, 11), ("2026-03-03", 3, 14)]
    assert (found.is_forced, found.judged.verdict, found.calendar[0].is_extension) == (True, "breached", False)


def _has_days(judged: Judged) -> bool:
    return judged.measure != "until" and judged.cancelled_because != "withdrawn"
