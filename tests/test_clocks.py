"""Clocks of a ticket, computed by hand: which there are, how they stand, and what was judged of them and when.

The office is open Monday to Friday, nine to five, UTC; 2 March 2026 is a Monday. A clock of eight hours that starts
then at nine is due at 17:00, and its value is above eight hours only after Tuesday 09:00.
"""

from tests.time_stories import (
    CLOSED,
    EURO,
    HANDED_BACK,
    HOUR,
    NOTED,
    OFFICE,
    OPENED,
    PARTS,
    PARTS_CAME,
    PAUSING,
    PROMISE,
    RECEIVED,
    REOPENED,
    WORKDAYS,
    Story,
    at,
    calendar,
    clock,
    estimate,
    policy,
    promised,
    received,
    said,
    verdicts,
    windows,
)
from ticketing.domain import events as e

# many clocks on one ticket

MANY = policy(
    clock("approve", binds="customer_duty", starts="EstimateIssued", stops=("EstimateApproved",), elapsed_hours=72),
    clock("collect", binds="customer_duty", starts="CustomerNotified", elapsed_hours=24),
    clock("contract", working_hours=24, pauses=("customer_approval",)),
    clock("pay", binds="customer_duty", starts="BillIssued", stops="PaymentReceived", elapsed_hours=48),
    PROMISE,
    clock("site", binds="site", working_hours=24),
    clock("statute", binds="statute", calendar_days=30),
)


def test_the_promise_the_site_the_manufacturer_the_statute_and_the_customer_each_have_a_clock() -> None:
    story = received(MANY)
    story.tells(promised("2026-03-06 17:00"), "2026-03-02 10:00")
    story.tells(estimate(1), "2026-03-03 09:00")
    story.tells(e.EstimateApproved(estimate_version=1, lines=()), "2026-03-03 15:00")
    story.tells(e.CustomerNotified(), "2026-03-04 09:00")
    story.tells(e.BillIssued(bill_id="B-1", lines=()), "2026-03-04 09:30")
    story.tells(e.PaymentReceived(amount=EURO, bill_id="B-1"), "2026-03-05 09:30")
    story.tells(HANDED_BACK, "2026-03-05 10:00")
    story.tells(CLOSED, "2026-03-05 10:30")
    told = {one.clock: (one.subject, one.binds, one.verdict, one.used) for one in story.clocks()}
    assert told == {
        # Tuesday 09–15.
        "approve": ("estimate 1", "customer_duty", "met", 6 * HOUR),
        # Wednesday 09 to Thursday 10 is an hour too long.
        "collect": (None, "customer_duty", "breached", 25 * HOUR),
        # Monday 8, Tuesday 8 less the 6 of waiting for approval, Wednesday 8, Thursday 1.
        "contract": (None, "manufacturer_contract", "met", 19 * HOUR),
        "pay": ("B-1", "customer_duty", "met", 24 * HOUR),
        # Monday 10 to Thursday 10 by any watch.
        "promise": (None, "customer_promise", "met", 72 * HOUR),
        # Monday 8, Tuesday 8, Wednesday 8, Thursday 1: the site does not pause.
        "site": ("berlin", "site", "breached", 25 * HOUR),
        # 3, 4 and 5 March.
        "statute": (None, "statute", "met", 3),
    }


def test_clocks_come_in_the_order_of_policy_clock_cycle_and_start() -> None:
    others = policy(clock("b"), clock("a"), key="another")
    story = received(policy(clock("z"), key="zzz"), others)
    story.tells(HANDED_BACK, "2026-03-02 12:00")
    story.tells(REOPENED, "2026-03-03 09:00")
    story.tells(RECEIVED, "2026-03-03 10:00")
    names = [(one.name, one.cycle) for one in story.clocks()]
    assert names == [
        *(("another/a", 1), ("another/a", 2), ("another/b", 1), ("another/b", 2)),
        *(("zzz/z", 1), ("zzz/z", 2)),
    ]


def test_without_a_policy_in_force_there_is_no_clock() -> None:
    assert received().clocks() == ()
    assert received(policy(clock(), effective_from="2026-03-02 09:01")).clocks() == ()
    (judged,) = received(policy(clock(), effective_from="2026-03-02 09:00")).clocks()
    assert said(judged.due_at) == "2026-03-02 17:00"


def test_a_policy_of_a_manufacturer_is_for_its_tickets_alone() -> None:
    story = received(policy(clock(), manufacturer="ACME"), policy(clock(), key="other", manufacturer="Boreas"))
    assert [one.policy for one in story.clocks()] == ["contract"]


# running, paused, breached


def test_a_clock_that_runs_says_what_is_used_and_when_it_is_due() -> None:
    story = received(policy(clock()))
    story.tells(NOTED, "2026-03-02 12:00")
    running = story.clock(as_of="2026-03-02 12:00")
    assert (running.used, said(running.due_at), said(running.within_until)) == (
        3 * HOUR,
        "2026-03-02 17:00",
        "2026-03-03 09:00",
    )
    assert (running.verdict, running.is_paused, running.is_open) == (None, False, True)
    assert running.state_at(at("2026-03-03 09:00")) == "running"
    assert running.then_at(at("2026-03-03 09:00")) is None


def test_a_clock_is_breached_whether_or_not_anybody_looks() -> None:
    story = received(policy(clock()))
    running = story.clock()
    assert running.state_at(at("2026-03-03 09:00:00.000001")) == "breached"
    assert running.then_at(at("2026-03-03 09:00:00.000001")) == "breached"
    story.tells(HANDED_BACK, "2026-03-04 12:00")
    stopped = story.clock()
    # Monday 8, Tuesday 8, Wednesday 3.
    assert (stopped.verdict, stopped.used, said(stopped.verdict_at)) == ("breached", 19 * HOUR, "2026-03-03 09:00")
    assert verdicts(stopped) == ("breached", "breached", "2026-03-03 09:00")


def test_while_it_is_paused_there_is_no_due_date_but_what_it_would_be_if_it_were_resumed() -> None:
    story = received(policy(clock(pauses=PAUSING)))
    story.tells(PARTS, "2026-03-02 12:00")
    story.tells(NOTED, "2026-03-03 10:00")
    paused = story.clock(as_of="2026-03-03 10:00")
    assert (paused.is_paused, paused.paused_for, paused.due_at) == (True, PAUSING, None)
    # 3 h are used; resumed on Tuesday at 10:00 the other 5 h end at 15:00.
    assert (paused.used, said(paused.due_if_resumed_at)) == (3 * HOUR, "2026-03-03 15:00")
    assert paused.state_at(at("2027-01-01 00:00")) == "paused"
    story.tells(PARTS_CAME, "2026-03-03 13:00")
    assert said(story.clock().due_at) == "2026-03-04 10:00"  # from Tuesday 13:00: 4 h, and one on Wednesday


def test_a_wait_after_the_breach_takes_nothing_back() -> None:
    story = received(policy(clock(pauses=PAUSING)))
    story.tells(PARTS, "2026-03-03 10:00")
    story.tells(PARTS_CAME, "2026-03-05 10:00")
    story.tells(HANDED_BACK, "2026-03-05 12:00")
    stopped = story.clock()
    # Monday 8, Tuesday 1, Thursday 2.
    assert (*verdicts(stopped), stopped.used) == ("breached", "breached", "2026-03-03 09:00", 11 * HOUR)


def test_a_breached_clock_that_a_wait_holds_up_says_so() -> None:
    story = received(policy(clock(pauses=PAUSING)))
    story.tells(PARTS, "2026-03-03 10:00")
    story.tells(NOTED, "2026-03-03 12:00")
    held_up = story.clock()
    assert (held_up.verdict, held_up.is_paused, held_up.paused_for) == ("breached", True, PAUSING)
    assert (held_up.used, held_up.due_if_resumed_at) == (9 * HOUR, None)


def test_of_a_wait_that_began_before_the_clock_only_what_the_clock_ran_counts() -> None:
    story = Story(OFFICE, policy(clock(pauses=PAUSING)))
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(PARTS, "2026-03-02 08:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.tells(PARTS_CAME, "2026-03-02 10:00")
    # From 10:00: 7 h on Monday, and one on Tuesday.
    assert said(story.clock().due_at) == "2026-03-03 10:00"


def test_the_unit_on_its_way_and_waiting_to_be_collected_pause_a_clock_that_says_so() -> None:
    story = received(policy(clock(pauses=("transit", "customer_collection"))))
    story.tells(e.UnitDispatched(to="leipzig"), "2026-03-02 10:00")
    story.tells(e.UnitArrived(site="leipzig"), "2026-03-02 12:00")
    story.tells(e.CustomerNotified(), "2026-03-02 13:00")
    assert story.clock().paused_for == ("customer_collection",)
    story.tells(HANDED_BACK, "2026-03-04 13:00")
    # Monday 09–10 and 12–13.
    assert (story.clock().verdict, story.clock().used) == ("met", 2 * HOUR)


def test_a_unit_that_is_back_pauses_nothing_any_more() -> None:
    story = received(policy(clock(stops="TicketClosed", pauses=("transit", "customer_collection"))))
    story.tells(e.CustomerNotified(), "2026-03-02 10:00")
    story.tells(e.UnitDispatched(to="customer", to_kind="party"), "2026-03-02 11:00")
    story.tells(HANDED_BACK, "2026-03-02 12:00")
    # One hour is used; from Monday 12:00 there are 5 h, and 2 h on Tuesday.
    assert (story.clock().paused_for, said(story.clock().due_at)) == ((), "2026-03-03 11:00")


def test_a_wait_from_due_to_the_next_night_leaves_the_clock_within_its_target_until_the_morning_after() -> None:
    story = received(policy(clock(pauses=PAUSING)))
    story.tells(PARTS, "2026-03-02 17:00")
    story.tells(PARTS_CAME, "2026-03-03 20:00")
    story.tells(HANDED_BACK, "2026-03-04 09:00")
    # The 8 h of Monday, and no open instant since.
    assert (*verdicts(story.clock()), said(story.clock().due_at)) == (
        "met",
        "met",
        "2026-03-04 09:00",
        "2026-03-02 17:00",
    )


def test_the_closing_ends_a_wait_that_nobody_ended() -> None:
    story = received(policy(clock(pauses=PAUSING, outlasts_closing=True)))
    story.tells(PARTS, "2026-03-02 10:00")
    story.tells(CLOSED, "2026-03-02 11:00")
    assert (story.clock().is_paused, said(story.clock().due_at)) == (False, "2026-03-03 10:00")


def test_a_cause_that_the_clock_does_not_name_does_not_pause_it() -> None:
    story = received(policy(clock(pauses=("capacity",))))
    story.tells(PARTS, "2026-03-02 12:00")
    assert (story.clock().is_paused, said(story.clock().due_at)) == (False, "2026-03-02 17:00")


def test_where_no_hours_come_a_clock_is_never_due() -> None:
    closed = calendar(key="closed")
    story = Story(closed, policy(clock(calendar="closed")))
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    never = story.clock()
    assert (never.due_at, never.within_until, never.state_at(at("9999-12-31 00:00"))) == (None, None, "running")


def test_at_each_instant_the_version_of_the_calendar_counts_that_is_effective_then() -> None:
    shorter = calendar(*windows(WORKDAYS, "10:00-14:00"), version=2, effective_from="2026-03-04 00:00")
    story = received(shorter, policy(clock()), when="2026-03-03 16:00")
    # Tuesday 16–17: 1 h, Wednesday 10–14: 4 h, Thursday from 10: 3 h.
    assert said(story.clock().due_at) == "2026-03-05 13:00"


def test_a_calendar_published_after_the_start_changes_nothing() -> None:
    story = received(policy(clock()))
    story.publishes(calendar(*windows(WORKDAYS, "10:00-11:00"), version=2, effective_from="2026-01-01 00:00"))
    assert said(story.clock().due_at) == "2026-03-02 17:00"


def test_a_due_date_past_the_horizon_is_provisional_until_the_calendar_is_extended() -> None:
    short = calendar(*windows(WORKDAYS, "09:00-17:00"), key="short", frozen_until="2026-03-06")
    longer = calendar(
        *windows(WORKDAYS, "09:00-17:00"),
        key="short",
        version=2,
        effective_from="2026-01-01 00:00",
        closed=["2026-03-04", "2026-03-10"],
    )
    story = received(short, policy(clock(working_hours=56, calendar="short")))
    # Five days to Friday 6 March, Monday 9 and Tuesday 10, which nobody has frozen yet.
    before = story.clock()
    assert (said(before.due_at), before.is_provisional) == ("2026-03-10 17:00", True)
    story.publishes(longer)
    # That 10 March is closed counts, for it lies past the horizon; that 4 March is counts for later clocks alone.
    after = story.clock()
    assert (said(after.due_at), after.is_provisional) == ("2026-03-11 17:00", False)
    story.tells(REOPENED, "2026-03-02 10:00")
    story.tells(RECEIVED, "2026-03-02 11:00")
    # From Monday 11:00: 6 h, Tuesday, Thursday, Friday, Monday 9, Wednesday 11, Thursday 12: 48 h, Friday 13: 2 h.
    assert said(story.clock(cycle=2).due_at) == "2026-03-13 11:00"


# days, and until


def test_calendar_days_exclude_the_day_of_the_start_and_end_at_midnight() -> None:
    story = received(policy(clock(calendar_days=2)))
    assert said(story.clock().due_at) == "2026-03-05 00:00"
    story.tells(HANDED_BACK, "2026-03-05 00:00")
    # At midnight nothing of 5 March has passed.
    assert (story.clock().verdict, story.clock().used) == ("met", 2)


def test_a_day_that_is_paused_only_in_part_counts() -> None:
    story = received(policy(clock(calendar_days=2, pauses=PAUSING)))
    story.tells(PARTS, "2026-03-03 12:00")
    story.tells(PARTS_CAME, "2026-03-05 12:00")
    # 3 March counts, 4 March does not, 5 March does.
    assert said(story.clock().due_at) == "2026-03-06 00:00"


def test_a_promise_is_kept_up_to_the_instant_that_was_promised() -> None:
    story = received(policy(PROMISE))
    story.tells(promised("2026-03-04 12:00"), "2026-03-02 10:00")
    story.tells(HANDED_BACK, "2026-03-04 12:00")
    assert verdicts(story.clock("promise")) == ("met", "met", "2026-03-04 12:00")


def test_a_promise_that_is_made_again_in_time_replaces_the_first() -> None:
    story = received(policy(PROMISE))
    story.tells(promised("2026-03-04 12:00"), "2026-03-02 10:00")
    story.tells(promised("2026-03-06 12:00"), "2026-03-04 12:00")  # at the last instant of the first
    assert said(story.clock("promise").due_at) == "2026-03-06 12:00"
    story.tells(HANDED_BACK, "2026-03-05 12:00")
    assert verdicts(story.clock("promise")) == ("met", "met", "2026-03-05 12:00")


def test_a_promise_that_is_made_again_when_it_was_broken_mends_nothing() -> None:
    story = received(policy(PROMISE))
    story.tells(promised("2026-03-04 12:00"), "2026-03-02 10:00")
    story.tells(promised("2026-03-06 12:00"), "2026-03-04 12:01")
    story.tells(HANDED_BACK, "2026-03-05 12:00")
    broken = story.clock("promise")
    assert (*verdicts(broken), said(broken.due_at)) == ("breached", "breached", "2026-03-04 12:00", "2026-03-04 12:00")


def test_a_promise_of_the_next_cycle_has_a_clock_of_its_own() -> None:
    story = received(policy(PROMISE))
    story.tells(promised("2026-03-04 12:00"), "2026-03-02 10:00")
    story.tells(HANDED_BACK, "2026-03-03 12:00")
    story.tells(CLOSED, "2026-03-03 12:00")
    story.tells(REOPENED, "2026-03-05 09:00")
    story.tells(promised("2026-03-06 12:00"), "2026-03-05 10:00")
    first, second = story.clocks()
    assert (first.cycle, first.verdict, said(first.due_at)) == (1, "met", "2026-03-04 12:00")
    assert (second.cycle, second.verdict, said(second.due_at)) == (2, None, "2026-03-06 12:00")


def test_a_question_that_names_no_last_day_is_never_due() -> None:
    offer = clock(
        "offer", binds="customer_duty", starts="EstimateIssued", until="EstimateIssued.valid_until", calendar=None
    )
    story = received(policy(offer))
    story.tells(estimate(1), "2026-03-03 09:00")
    assert (story.clock("offer").due_at, story.clock("offer").state_at(at("2030-01-01 00:00"))) == (None, "running")
    story.tells(estimate(2, "2026-03-09 09:00"), "2026-03-04 09:00")
    assert said(story.clock("offer", "estimate 2").due_at) == "2026-03-09 09:00"
