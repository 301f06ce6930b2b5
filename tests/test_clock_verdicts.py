"""Verdicts of clocks, computed by hand: by which version, as they are, as they were judged then, and their notices.

The office is open Monday to Friday, nine to five, UTC; 2 March 2026 is a Monday. A clock of eight hours that starts
then at nine is due at 17:00, and its value is above eight hours only after Tuesday 09:00.
"""

import pytest

from tests.time_stories import (
    CLOSED,
    HANDED_BACK,
    HOUR,
    IN_WARRANTY,
    NOT_FREE,
    NOTED,
    OFFICE,
    OPENED,
    PARTS,
    PARTS_CAME,
    PAUSING,
    PROMISE,
    RECEIVED,
    REOPENED,
    WARRANTY,
    Story,
    at,
    clock,
    policy,
    promised,
    received,
    said,
    verdicts,
)
from ticketing.domain import events as e
from ticketing.domain.judged import Judged
from ticketing.domain.policy import DefinedNotice
from ticketing.domain.reference import Published
from ticketing.domain.values import Event

# versions of a policy

STRICTER = policy(clock(working_hours=2), version=2, effective_from="2026-02-01 00:00", is_retroactive=True)


@pytest.mark.parametrize("back", ["2026-03-02 12:00", None])
def test_a_stricter_policy_published_later_changes_no_verdict_and_stands_beside_it(back: str | None) -> None:
    story = received(policy(clock(working_hours=8)))
    if back is not None:
        story.tells(HANDED_BACK, back)
    before = story.clocks()
    story.publishes(STRICTER)
    story.tells(NOTED, "2026-03-02 13:00")
    assert [one.policy_version for one in story.clocks()] == [1]
    assert story.clock().verdict == before[0].verdict == ("met" if back else None)
    under = story.clock(under=STRICTER, as_of="2026-03-02 13:00")
    assert (under.policy_version, under.verdict, said(under.verdict_at)) == (2, "breached", "2026-03-02 11:00")


def test_the_version_in_force_at_the_start_counts_and_not_that_in_force_at_the_stop() -> None:
    later = policy(clock(working_hours=2), version=2, effective_from="2026-03-02 10:00")
    story = received(policy(clock(working_hours=8)), later)
    story.tells(HANDED_BACK, "2026-03-02 15:00")
    assert (story.clock().policy_version, story.clock().verdict) == (1, "met")


def test_a_start_that_is_typed_in_late_knows_what_was_published_meanwhile() -> None:
    story = Story(OFFICE, policy(clock(working_hours=8)))
    story.tells(OPENED, "2026-03-02 08:00")
    story.publishes(STRICTER)
    story.tells(RECEIVED, "2026-03-02 09:00", recorded="2026-03-02 10:00")
    assert story.clock().policy_version == 2


def test_a_receipt_that_is_corrected_is_judged_by_the_version_in_force_at_the_corrected_instant() -> None:
    later = policy(clock(working_hours=2), version=2, effective_from="2026-03-02 10:00")
    story = received(policy(clock(working_hours=8)), later, when="2026-03-02 11:00")
    story.tells(HANDED_BACK, "2026-03-02 15:00")
    assert (story.clock().policy_version, *verdicts(story.clock())) == (2, "breached", "breached", "2026-03-02 13:00")
    correction = story.corrects(2, "occurred_at", "2026-03-02 09:00", "2026-03-03 10:00")
    judged = story.clock()
    assert (judged.policy_version, *verdicts(judged)) == (1, "met", "breached", "2026-03-02 13:00")
    assert judged.restated_by == (correction,)


def test_a_cycle_that_begins_under_another_version_has_the_clock_that_version_gives_it() -> None:
    story = Story(OFFICE, policy(clock(working_hours=8)))
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.tells(HANDED_BACK, "2026-03-02 12:00")
    story.tells(CLOSED, "2026-03-02 12:01")
    story.publishes(
        policy(clock(working_hours=8, on_reopening="adds_up"), version=2, effective_from="2026-03-03 00:00")
    )
    story.tells(REOPENED, "2026-03-04 08:00")
    story.tells(RECEIVED, "2026-03-04 09:00")
    story.tells(NOTED, "2026-03-20 09:00")
    judged = [(one.cycle, one.policy_version, one.verdict) for one in story.clocks()]
    assert judged == [(1, 1, "met"), (2, 2, "breached")]


def test_what_adds_up_goes_on_under_the_version_it_began_under() -> None:
    first, second = (
        policy(clock(working_hours=hours, on_reopening="adds_up"), version=version, effective_from=f"2026-{day} 00:00")
        for version, hours, day in ((1, 8, "01-01"), (2, 2, "03-03"))
    )
    story = Story(OFFICE, first, second)
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.tells(HANDED_BACK, "2026-03-02 12:00")
    story.tells(CLOSED, "2026-03-02 12:01")
    story.tells(REOPENED, "2026-03-04 08:00")
    story.tells(RECEIVED, "2026-03-04 09:00")
    story.tells(HANDED_BACK, "2026-03-04 12:00")
    judged = story.clock()
    assert (judged.policy_version, judged.verdict, judged.used) == (1, "met", 6 * HOUR)


def test_judged_under_one_version_the_clocks_of_other_policies_are_left_out() -> None:
    story = received(policy(clock(working_hours=8)), policy(clock("other"), key="other"))
    assert [one.name for one in story.clocks(under=STRICTER)] == ["contract/turnaround"]


# as judged then


def test_a_wait_that_is_typed_in_after_due_changes_the_present_verdict_and_not_the_one_judged_then() -> None:
    story = received(policy(clock(pauses=PAUSING)))
    story.tells(HANDED_BACK, "2026-03-03 12:00")
    assert verdicts(story.clock()) == ("breached", "breached", "2026-03-03 09:00")
    wait = story.tells(PARTS, "2026-03-02 15:00", recorded="2026-03-03 14:00")
    story.tells(PARTS_CAME, "2026-03-03 11:00", recorded="2026-03-03 14:01")
    judged = story.clock()
    # Monday 09–15 is 6 h, Tuesday 11–12 is 1 h.
    assert (*verdicts(judged), judged.used) == ("met", "breached", "2026-03-03 09:00", 7 * HOUR)
    assert judged.restated_by == (wait,)
    assert verdicts(story.clock(known_at="2026-03-03 13:00")) == ("breached", "breached", "2026-03-03 09:00")


def test_a_wait_that_is_typed_in_before_due_restates_nothing() -> None:
    story = received(policy(clock(pauses=PAUSING)))
    story.tells(PARTS, "2026-03-02 10:00", recorded="2026-03-02 16:00")
    story.tells(PARTS_CAME, "2026-03-02 12:00", recorded="2026-03-02 16:01")
    story.tells(HANDED_BACK, "2026-03-03 11:00")
    judged = story.clock()
    # Monday 8 less 2, Tuesday 2.
    assert (*verdicts(judged), judged.used, judged.restated_by) == ("met", "met", "2026-03-03 11:00", 8 * HOUR, ())


def test_a_hand_back_that_is_typed_in_after_due_was_seen_as_a_breach() -> None:
    story = received(policy(clock()))
    back = story.tells(HANDED_BACK, "2026-03-02 16:00", recorded="2026-03-04 10:00")
    judged = story.clock()
    assert (*verdicts(judged), judged.restated_by) == ("met", "breached", "2026-03-03 09:00", (back,))
    assert said(judged.verdict_at) == "2026-03-02 16:00"


def test_a_hand_back_that_is_typed_in_before_the_breach_could_be_seen_was_judged_when_it_was_known() -> None:
    story = received(policy(clock()))
    story.tells(HANDED_BACK, "2026-03-02 16:00", recorded="2026-03-03 08:00")
    assert verdicts(story.clock()) == ("met", "met", "2026-03-03 08:00")


def test_a_receipt_told_a_little_ahead_counts_though_something_else_becomes_known_at_that_instant() -> None:
    story = Story(OFFICE, policy(clock(working_hours=8)))
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(RECEIVED, "2026-03-02 09:05", recorded="2026-03-02 09:01")
    story.tells(NOTED, "2026-03-02 09:05")
    judged = story.clock(as_of="2026-03-20 09:00")
    assert (judged.judged_then, said(judged.judged_then_at)) == ("breached", "2026-03-03 09:05")


def test_a_receipt_that_is_typed_in_after_due_is_judged_from_then_on() -> None:
    story = Story(OFFICE, policy(clock()))
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(RECEIVED, "2026-03-02 09:00", recorded="2026-03-04 10:00")
    story.tells(NOTED, "2026-03-04 12:00")
    judged = story.clock()
    assert (*verdicts(judged), judged.restated_by) == ("breached", "breached", "2026-03-04 10:00", ())


def test_a_new_promise_that_is_typed_in_too_late_restates_and_does_not_undo() -> None:
    story = received(policy(PROMISE))
    story.tells(promised("2026-03-04 12:00"), "2026-03-02 10:00")
    again = story.tells(promised("2026-03-06 12:00"), "2026-03-03 10:00", recorded="2026-03-05 09:00")
    story.tells(HANDED_BACK, "2026-03-05 12:00")
    judged = story.clock("promise")
    assert verdicts(judged) == ("met", "breached", "2026-03-04 12:00")
    assert judged.restated_by[0] == again


def test_a_condition_that_ceased_before_the_breach_but_was_typed_in_after_it_restates() -> None:
    story = received(WARRANTY)
    story.tells(IN_WARRANTY, "2026-03-02 10:00")
    late = story.tells(NOT_FREE, "2026-03-02 12:00", recorded="2026-03-03 12:00")
    judged = story.clock()
    assert verdicts(judged) == (None, "breached", "2026-03-03 09:00")
    assert (judged.restated_by, judged.cancelled_because) == ((late,), "conditions")


def test_a_corrected_receipt_restates_and_names_the_correction() -> None:
    story = received(policy(clock()))
    story.tells(HANDED_BACK, "2026-03-03 10:00")
    correction = story.corrects(2, "occurred_at", "2026-03-02 11:00", "2026-03-04 10:00")
    judged = story.clock()
    # Monday 11–17 is 6 h, Tuesday 09–10 is 1 h.
    assert (said(judged.started_at), judged.used) == ("2026-03-02 11:00", 7 * HOUR)
    assert (*verdicts(judged), judged.restated_by) == ("met", "breached", "2026-03-03 09:00", (correction,))


def test_a_hand_back_that_is_taken_back_leaves_the_clock_running_and_what_was_judged() -> None:
    story = received(policy(clock()))
    back = story.tells(HANDED_BACK, "2026-03-02 16:00")
    taken = story.retracts(back, "2026-03-03 08:00")
    running = story.clock()
    assert (*verdicts(running), running.restated_by) == (None, "met", "2026-03-02 16:00", (taken,))
    assert (running.is_open, said(running.due_at)) == (True, "2026-03-02 17:00")
    story.tells(HANDED_BACK, "2026-03-03 12:00")
    judged = story.clock()
    assert (judged.verdict, judged.judged_then, judged.used) == ("breached", "met", 11 * HOUR)


def test_a_receipt_that_is_taken_back_withdraws_the_clock_but_not_what_was_judged() -> None:
    story = received(policy(clock()))
    story.tells(HANDED_BACK, "2026-03-03 12:00")
    taken = story.retracts(2, "2026-03-04 10:00")
    gone = story.clock()
    assert (*verdicts(gone), gone.restated_by) == (None, "breached", "2026-03-03 09:00", (taken,))
    assert (gone.cancelled_because, gone.state_at(at("2026-03-04 11:00"))) == ("withdrawn", "cancelled")


def test_a_receipt_that_is_taken_back_before_any_verdict_leaves_no_clock() -> None:
    story = received(policy(clock()))
    story.retracts(2, "2026-03-02 10:00")
    assert story.clocks() == ()


def test_a_retraction_that_is_taken_back_itself_leaves_everything_as_it_was() -> None:
    story = received(policy(clock()))
    back = story.tells(HANDED_BACK, "2026-03-02 16:00")
    taken = story.retracts(back, "2026-03-03 08:00")
    story.retracts(taken, "2026-03-04 08:30")
    assert (*verdicts(story.clock()), story.clock().restated_by) == ("met", "met", "2026-03-02 16:00", ())


def test_a_hand_back_that_is_corrected_to_a_later_one_that_was_still_in_time_restates_nothing() -> None:
    story = received(policy(clock()))
    back = story.tells(HANDED_BACK, "2026-03-02 12:00")
    story.corrects(back, "occurred_at", "2026-03-02 13:00", "2026-03-04 09:00")
    judged = story.clock()
    assert (*verdicts(judged), judged.used, judged.restated_by) == ("met", "met", "2026-03-02 12:00", 4 * HOUR, ())


def test_what_is_not_known_yet_is_not_judged() -> None:
    story = received(policy(clock()))
    story.tells(HANDED_BACK, "2026-03-03 12:00")
    assert story.clock(known_at="2026-03-02 12:00").verdict is None
    as_of = story.clock(as_of="2026-03-02 12:00")
    assert (as_of.verdict, as_of.stopped_at, as_of.used) == (None, None, 3 * HOUR)


def test_as_of_an_instant_nobody_has_judged_by_what_was_recorded_after_it() -> None:
    story = received(policy(clock()))
    story.tells(HANDED_BACK, "2026-03-02 11:00", recorded="2026-03-04 09:00")
    as_of = story.clock(as_of="2026-03-02 12:00")
    assert (*verdicts(as_of), as_of.restated_by) == ("met", None, None, ())


# taken over from another log


def imported(*things: Published, facts: list[tuple[Event, str]], recorded: str = "2026-06-01 09:00") -> Story:
    """A story that was taken over from another system's log, long after."""
    story = Story(OFFICE, *things)
    for event, when in [(OPENED, "2026-03-02 08:00"), (RECEIVED, "2026-03-02 09:00"), *facts]:
        story.imports(event, when, recorded=recorded)
    return story


def test_an_imported_verdict_is_reconstructed_as_if_it_had_been_looked_at_then() -> None:
    met = imported(policy(clock()), facts=[(HANDED_BACK, "2026-03-02 16:00")]).clock()
    assert (met.is_reconstructed, *verdicts(met)) == (True, "met", "met", "2026-03-02 16:00")
    late = imported(policy(clock()), facts=[(HANDED_BACK, "2026-03-03 16:00")]).clock()
    assert (late.is_reconstructed, *verdicts(late)) == (True, "breached", "breached", "2026-03-03 09:00")
    assert not received(policy(clock())).clock().is_reconstructed


@pytest.mark.parametrize("is_imported", [False, True])
def test_a_promise_that_was_moved_into_the_past_was_broken_when_that_was_said(is_imported: bool) -> None:
    story = Story(OFFICE, policy(PROMISE))
    tells = story.imports if is_imported else story.tells
    tells(OPENED, "2026-03-02 08:00")
    tells(promised("2026-03-06 12:00"), "2026-03-02 10:00")
    tells(promised("2026-03-03 12:00"), "2026-03-04 10:00")
    assert verdicts(story.clock("promise")) == ("breached", "breached", "2026-03-04 10:00")


def test_publishing_and_importing_may_come_in_either_order() -> None:
    things = (policy(clock(working_hours=8)), STRICTER)
    facts: list[tuple[Event, str]] = [(HANDED_BACK, "2026-03-02 16:00")]
    first = imported(*things, facts=facts)
    then = imported(facts=facts)
    then.publishes(*things)
    between = imported(things[0], facts=facts)
    between.publishes(things[1])
    assert first.clocks() == then.clocks() == between.clocks()
    assert (first.clock().policy_version, first.clock().verdict) == (2, "breached")


def test_a_native_hand_back_of_an_imported_ticket_is_known_from_when_it_was_recorded() -> None:
    story = imported(policy(clock(working_hours=800)), facts=[], recorded="2026-03-03 09:00")
    story.tells(HANDED_BACK, "2026-03-04 12:00", recorded="2026-03-04 15:00")
    judged = story.clock()
    # Monday 8, Tuesday 8, Wednesday 3.
    assert (judged.is_reconstructed, judged.used) == (True, 19 * HOUR)
    assert verdicts(judged) == ("met", "met", "2026-03-04 15:00")


# notices

WARNED = policy(
    clock(
        pauses=PAUSING,
        notices=(
            {"kind": "late", "at_percent": 100, "to": "manager"},
            {"kind": "half", "at_percent": 50, "to": "workshop"},
            {"kind": "soon", "before_hours": 1, "to": "workshop"},
        ),
    )
)


def waiting(judged: Judged) -> list[tuple[str, str | None]]:
    return [(notice.kind, said(notice.at)) for notice in judged.notices]


def test_notices_come_at_a_share_of_the_target_and_so_long_before_it() -> None:
    story = received(WARNED)
    assert waiting(story.clock()) == [
        ("half", "2026-03-02 13:00"),
        ("soon", "2026-03-02 16:00"),
        ("late", "2026-03-02 17:00"),
    ]
    assert [notice.to for notice in story.clock().notices] == ["workshop", "workshop", "manager"]


def test_a_notice_that_went_out_does_not_wait_any_more() -> None:
    story = received(WARNED)
    story.tells(e.NoticeSent(policy="contract", clock="turnaround", kind="half", cycle=1, to="w"), "2026-03-02 13:00")
    assert [kind for kind, _ in waiting(story.clock())] == ["soon", "late"]


def test_a_pause_puts_notices_off_in_the_clock_s_own_time() -> None:
    story = received(WARNED)
    story.tells(PARTS, "2026-03-02 12:00")
    assert waiting(story.clock()) == [("late", None), ("half", None), ("soon", None)]
    story.tells(PARTS_CAME, "2026-03-02 14:00")
    # Two hours later each: 15:00; 18:00 is Tuesday 10:00, and 19:00 Tuesday 11:00.
    assert waiting(story.clock()) == [
        ("half", "2026-03-02 15:00"),
        ("soon", "2026-03-03 10:00"),
        ("late", "2026-03-03 11:00"),
    ]


def test_a_clock_that_is_over_has_nothing_to_say_and_one_that_is_breached_still_escalates() -> None:
    story = received(WARNED)
    story.tells(NOTED, "2026-03-03 12:00")
    assert [kind for kind, _ in waiting(story.clock(as_of="2026-03-03 12:00"))] == ["half", "soon", "late"]
    story.tells(HANDED_BACK, "2026-03-03 13:00")
    assert waiting(story.clock()) == []
    closed = received(WARNED)
    closed.tells(CLOSED, "2026-03-02 10:00")
    assert waiting(closed.clock()) == []


def test_the_next_cycle_s_notices_go_out_again() -> None:
    story = received(WARNED)
    for kind in ("half", "soon", "late"):
        sent = e.NoticeSent(policy="contract", clock="turnaround", kind=kind, cycle=1, to="w")
        story.tells(sent, "2026-03-02 16:00")
    story.tells(HANDED_BACK, "2026-03-02 17:00")
    story.tells(REOPENED, "2026-03-03 09:00")
    story.tells(RECEIVED, "2026-03-03 09:00")
    assert len(waiting(story.clock(cycle=2))) == 3


def test_notices_of_a_promise_follow_it_when_it_is_made_again() -> None:
    notices = (
        {"kind": "half", "at_percent": 50, "to": "receptionist"},
        {"kind": "soon", "before_hours": 1, "to": "receptionist"},
    )
    story = received(policy(PROMISE.model_copy(update={"notices": tuple(map(DefinedNotice.model_validate, notices))})))
    story.tells(promised("2026-03-04 12:00"), "2026-03-02 10:00")
    # Half of the 50 h from Monday 10:00 are over on Tuesday at 11:00, half of 98 h on Wednesday at 11:00.
    assert waiting(story.clock("promise")) == [("half", "2026-03-03 11:00"), ("soon", "2026-03-04 11:00")]
    story.tells(promised("2026-03-06 12:00"), "2026-03-02 12:00")
    assert waiting(story.clock("promise")) == [("half", "2026-03-04 11:00"), ("soon", "2026-03-06 11:00")]


def test_of_calendar_days_a_share_is_rounded_up() -> None:
    notice = {"kind": "half", "at_percent": 50, "to": "manager"}
    story = received(policy(clock("statute", binds="statute", calendar_days=5, notices=(notice,))))
    # Half of 5 days are 3: 3, 4 and 5 March, to midnight.
    assert waiting(story.clock("statute")) == [("half", "2026-03-06 00:00")]
