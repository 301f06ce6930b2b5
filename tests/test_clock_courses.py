"""What clocks follow, computed by hand: conditions, cycles, things with a clock of their own, and stays at sites.

The office is open Monday to Friday, nine to five, UTC; 2 March 2026 is a Monday.
"""

import pytest

from tests.time_stories import (
    CLOSED,
    DAILY,
    EURO,
    FREE_AGAIN,
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
    RECEIVED,
    REOPENED,
    WARRANTY,
    Story,
    at,
    calendar,
    clock,
    estimate,
    policy,
    received,
    said,
    site,
    verdicts,
    windows,
)
from ticketing.domain import events as e

# conditions


def test_a_clock_whose_conditions_come_late_runs_from_its_start() -> None:
    story = received(WARRANTY)
    assert story.clocks() == ()
    story.tells(IN_WARRANTY, "2026-03-02 12:00")
    running = story.clock()
    assert (said(running.started_at), said(running.holds_from)) == ("2026-03-02 09:00", "2026-03-02 12:00")
    assert (running.used, said(running.due_at)) == (3 * HOUR, "2026-03-02 17:00")


def test_a_clock_whose_conditions_come_after_its_due_date_is_breached_from_then_on() -> None:
    story = received(WARRANTY)
    story.tells(IN_WARRANTY, "2026-03-04 12:00")
    story.tells(NOTED, "2026-03-04 13:00")
    assert verdicts(story.clock()) == ("breached", "breached", "2026-03-04 12:00")


def test_a_clock_whose_conditions_come_after_its_stop_is_met_from_then_on() -> None:
    story = received(WARRANTY)
    story.tells(HANDED_BACK, "2026-03-02 15:00")
    story.tells(IN_WARRANTY, "2026-03-04 12:00")
    assert (*verdicts(story.clock()), story.clock().used) == ("met", "met", "2026-03-04 12:00", 6 * HOUR)


def test_a_clock_whose_conditions_cease_is_cancelled_visibly() -> None:
    story = received(WARRANTY)
    story.tells(IN_WARRANTY, "2026-03-02 10:00")
    story.tells(NOT_FREE, "2026-03-02 12:00")
    story.tells(HANDED_BACK, "2026-03-05 12:00")
    cancelled = story.clock()
    assert (said(cancelled.cancelled_at), cancelled.cancelled_because) == ("2026-03-02 12:00", "conditions")
    assert (cancelled.used, *verdicts(cancelled)) == (3 * HOUR, None, None, None)
    assert cancelled.state_at(at("2026-03-09 09:00")) == "cancelled"


def test_a_clock_whose_conditions_hold_again_goes_on_from_its_start() -> None:
    story = received(WARRANTY)
    story.tells(IN_WARRANTY, "2026-03-02 10:00")
    story.tells(NOT_FREE, "2026-03-02 12:00")
    story.tells(FREE_AGAIN, "2026-03-02 14:00")
    again = story.clock()
    assert (again.cancelled_at, again.used, said(again.due_at)) == (None, 5 * HOUR, "2026-03-02 17:00")


@pytest.mark.parametrize(("back", "verdict"), [("2026-03-02 16:00", "met"), ("2026-03-03 09:30", "breached")])
def test_a_verdict_stays_whatever_becomes_of_the_conditions(back: str, verdict: str) -> None:
    story = received(WARRANTY)
    story.tells(IN_WARRANTY, "2026-03-02 10:00")
    story.tells(HANDED_BACK, back)
    story.tells(NOT_FREE, "2026-03-03 10:00")
    judged = story.clock()
    assert (judged.verdict, judged.judged_then, judged.cancelled_at) == (verdict, verdict, None)


def test_a_unit_that_is_identified_late_gets_its_manufacturer_s_clock_from_its_start() -> None:
    story = Story(OFFICE, policy(clock(conditions={"models": ("P7",)}), manufacturer="ACME"))
    story.tells(e.TicketOpened(number="T-1", site="berlin"), "2026-03-02 08:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.tells(e.UnitIdentified(manufacturer="ACME"), "2026-03-02 10:00")
    assert story.clocks() == ()
    story.tells(e.UnitIdentified(model="P7"), "2026-03-02 11:00")
    assert (said(story.clock().holds_from), said(story.clock().due_at)) == ("2026-03-02 11:00", "2026-03-02 17:00")


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({"sites": ("berlin",)}, True),
        ({"sites": ("leipzig",)}, False),
        ({"customer_kinds": ("dealer", "consumer")}, True),
        ({"customer_kinds": ("dealer",)}, False),
        ({"manufacturers": ("ACME",), "models": ("P8",)}, False),
        ({"entitlements": ("none",)}, False),
    ],
)
def test_all_that_a_clock_asks_must_hold(conditions: dict[str, tuple[str, ...]], holds: bool) -> None:
    assert bool(received(policy(clock(conditions=conditions))).clocks()) is holds


def test_a_clock_that_asks_nothing_needs_no_opening() -> None:
    story = Story(OFFICE, policy(clock()))
    story.tells(RECEIVED, "2026-03-02 09:00")
    assert said(story.clock().due_at) == "2026-03-02 17:00"
    story.tells(HANDED_BACK, "2026-03-02 15:00")
    story.tells(OPENED, "2026-03-02 16:00")
    assert (said(story.clock().holds_from), said(story.clock().verdict_at)) == ("2026-03-02 09:00", "2026-03-02 15:00")


# cycles and closing


def mended_twice(on_reopening: str) -> Story:
    """Six hours in the first cycle and four in the second."""
    story = received(policy(clock(on_reopening=on_reopening)))
    story.tells(HANDED_BACK, "2026-03-02 15:00")
    story.tells(CLOSED, "2026-03-02 15:30")
    story.tells(REOPENED, "2026-03-04 09:00")
    story.tells(RECEIVED, "2026-03-04 10:00")
    story.tells(HANDED_BACK, "2026-03-04 14:00")
    return story


def test_anew_the_next_cycle_has_another_clock() -> None:
    first, second = mended_twice("anew").clocks()
    assert (first.cycle, first.verdict, first.used) == (1, "met", 6 * HOUR)
    assert (second.cycle, second.verdict, second.used) == (2, "met", 4 * HOUR)
    assert said(second.started_at) == "2026-03-04 10:00"


def test_adding_up_the_next_cycle_goes_on_where_the_first_one_stopped() -> None:
    story = mended_twice("adds_up")
    whole = story.clock()
    # 6 h in the first cycle; the other 2 h are reached on Wednesday at 12:00. Nothing between the cycles counts.
    assert (whole.cycle, whole.verdict, whole.used) == (1, "breached", 10 * HOUR)
    assert (said(whole.due_at), said(whole.verdict_at)) == ("2026-03-04 12:00", "2026-03-04 12:00")
    # Whoever looked on Monday evening saw it met; the second receipt made it go on.
    assert (verdicts(whole), whole.restated_by[0]) == (("breached", "met", "2026-03-02 15:00"), 6)


def test_adding_up_a_clock_that_the_closing_cancelled_goes_on_in_the_next_cycle() -> None:
    story = received(policy(clock(on_reopening="adds_up")))
    story.tells(CLOSED, "2026-03-02 12:00")
    story.tells(REOPENED, "2026-03-04 09:00")
    assert (story.clock().cancelled_because, story.clock().used) == ("closed", 3 * HOUR)
    story.tells(RECEIVED, "2026-03-04 10:00")
    # 3 h are used: the other 5 h end on Wednesday at 15:00.
    assert (story.clock().cancelled_at, said(story.clock().due_at)) == (None, "2026-03-04 15:00")
    story.tells(HANDED_BACK, "2026-03-04 14:00")
    assert (story.clock().verdict, story.clock().used) == ("met", 7 * HOUR)


def test_first_only_the_next_cycle_has_none() -> None:
    only = mended_twice("first_only").clock()
    assert (only.cycle, only.verdict, only.used) == (1, "met", 6 * HOUR)


def test_first_only_the_stays_of_the_next_cycle_have_none() -> None:
    story = received(policy(clock("site", binds="site", on_reopening="first_only")))
    story.tells(CLOSED, "2026-03-02 12:00")
    story.tells(REOPENED, "2026-03-03 09:00")
    story.tells(RECEIVED, "2026-03-03 10:00")
    assert [(one.subject, one.verdict) for one in story.clocks()] == [("berlin", "met")]


def test_a_clock_that_nothing_stopped_is_cancelled_by_the_closing() -> None:
    story = received(policy(clock(), clock("close", stops="TicketClosed"), clock("after", outlasts_closing=True)))
    story.tells(CLOSED, "2026-03-02 12:00")
    cancelled = story.clock()
    assert (said(cancelled.cancelled_at), cancelled.cancelled_because) == ("2026-03-02 12:00", "closed")
    assert (cancelled.used, *verdicts(cancelled)) == (3 * HOUR, None, None, None)
    assert verdicts(story.clock("close")) == ("met", "met", "2026-03-02 12:00")
    assert (story.clock("after").is_open, said(story.clock("after").due_at)) == (True, "2026-03-02 17:00")
    story.tells(HANDED_BACK, "2026-03-02 16:00")
    assert story.clock("after").verdict == "met"
    assert story.clock().cancelled_because == "closed"


def test_a_clock_that_was_breached_stays_so_when_the_ticket_is_closed_and_goes_on_no_more() -> None:
    story = received(policy(clock()))
    story.tells(CLOSED, "2026-03-03 12:00")
    story.tells(NOTED, "2026-03-04 12:00")
    judged = story.clock()
    assert (*verdicts(judged), judged.is_open) == ("breached", "breached", "2026-03-03 09:00", False)
    assert (said(judged.cancelled_at), judged.cancelled_because) == ("2026-03-03 12:00", "closed")
    # Monday 8, Tuesday 3, and nothing of Wednesday.
    assert judged.used == 11 * HOUR


def test_of_a_stop_and_a_closing_at_one_instant_that_counts_which_was_told_first() -> None:
    stopped = received(policy(clock()))
    stopped.tells(HANDED_BACK, "2026-03-02 12:00")
    stopped.tells(CLOSED, "2026-03-02 12:00")
    assert stopped.clock().verdict == "met"
    closed = received(policy(clock()))
    closed.tells(CLOSED, "2026-03-02 12:00")
    closed.tells(HANDED_BACK, "2026-03-02 12:00")
    assert (closed.clock().verdict, closed.clock().cancelled_because) == (None, "closed")


def test_only_the_first_stop_after_the_start_counts() -> None:
    story = Story(OFFICE, policy(clock()))
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(HANDED_BACK, "2026-03-02 08:30")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.tells(RECEIVED, "2026-03-02 10:00")
    story.tells(HANDED_BACK, "2026-03-02 12:00")
    story.tells(HANDED_BACK, "2026-03-05 12:00")
    judged = story.clock()
    assert (said(judged.started_at), said(judged.stopped_at)) == ("2026-03-02 09:00", "2026-03-02 12:00")
    assert (judged.verdict, judged.used) == ("met", 3 * HOUR)


# subjects

ANSWER = clock(
    "answer", binds="statute", starts="ComplaintReceived", stops="ComplaintResolved", elapsed_hours=48, calendar=None
)
PAY = clock(
    "pay",
    binds="customer_duty",
    starts="BillIssued",
    stops="PaymentReceived",
    elapsed_hours=48,
    calendar=None,
    outlasts_closing=True,
)
APPROVE = clock(
    "approve",
    binds="customer_duty",
    starts="EstimateIssued",
    stops=("EstimateApproved", "EstimateDeclined"),
    elapsed_hours=48,
    calendar=None,
)


def complaint(name: str) -> e.ComplaintReceived:
    return e.ComplaintReceived(complaint_id=name, about="service", complaint_class="delay")


def test_each_complaint_has_a_clock_of_its_own() -> None:
    story = received(policy(ANSWER))
    story.tells(complaint("K-1"), "2026-03-02 10:00")
    story.tells(complaint("K-2"), "2026-03-02 12:00")
    story.tells(e.ComplaintResolved(complaint_id="K-2", is_upheld=True), "2026-03-03 12:00")
    story.tells(e.ComplaintResolved(complaint_id="K-1", is_upheld=True), "2026-03-04 12:00")
    told = [(one.subject, one.verdict, one.used // HOUR) for one in story.clocks()]
    assert told == [("K-1", "breached", 50), ("K-2", "met", 24)]


def test_money_for_a_bill_stops_that_bill_s_clock_and_money_for_none_the_earliest() -> None:
    story = received(policy(PAY))
    for name, when in [("B-1", "2026-03-02 10:00"), ("B-2", "2026-03-02 11:00"), ("B-3", "2026-03-02 12:00")]:
        story.tells(e.BillIssued(bill_id=name, lines=()), when)
    story.tells(CLOSED, "2026-03-02 13:00")
    story.tells(e.PaymentReceived(amount=EURO, bill_id="B-2"), "2026-03-03 11:00")
    story.tells(e.PaymentReceived(amount=EURO), "2026-03-03 12:00")
    told = [(one.subject, one.verdict, one.used // HOUR) for one in story.clocks()]
    # B-3 goes on, 24 h up to the last fact; none was cancelled by the closing.
    assert told == [("B-1", "met", 26), ("B-2", "met", 24), ("B-3", None, 24)]


def test_a_later_estimate_takes_the_place_of_the_one_that_nobody_answered() -> None:
    story = received(policy(APPROVE))
    story.tells(estimate(1), "2026-03-02 10:00")
    story.tells(estimate(2), "2026-03-03 10:00")
    story.tells(e.EstimateDeclined(estimate_version=2), "2026-03-04 10:00")
    first, second = story.clocks()
    assert (first.subject, said(first.cancelled_at), first.cancelled_because) == (
        "estimate 1",
        "2026-03-03 10:00",
        "superseded",
    )
    assert (first.verdict, second.subject, second.verdict) == (None, "estimate 2", "met")


def test_an_estimate_that_was_answered_is_not_superseded() -> None:
    story = received(policy(APPROVE))
    story.tells(estimate(1), "2026-03-02 10:00")
    story.tells(e.EstimateApproved(estimate_version=1, lines=()), "2026-03-02 16:00")
    story.tells(estimate(2), "2026-03-05 10:00")
    first = story.clock("approve", "estimate 1")
    assert (first.verdict, first.cancelled_at) == ("met", None)


def test_an_estimate_that_nobody_answered_in_time_stays_breached_when_it_is_superseded() -> None:
    story = received(policy(APPROVE))
    story.tells(estimate(1), "2026-03-02 10:00")
    story.tells(estimate(2), "2026-03-05 10:00")
    first = story.clock("approve", "estimate 1")
    assert (*verdicts(first), first.cancelled_because) == ("breached", "breached", "2026-03-04 10:00", "superseded")


def test_each_party_has_its_own_time_to_state_its_position() -> None:
    asked = clock(
        "position",
        binds="customer_duty",
        starts="PositionRequested",
        stops="PositionStated",
        until="PositionRequested.deadline",
        calendar=None,
    )
    story = received(policy(asked))
    for party in ("customer", "manufacturer"):
        request = e.PositionRequested(dispute_id="D-1", party=party, deadline=at("2026-03-04 12:00"))
        story.tells(request, "2026-03-02 10:00")
    story.tells(e.PositionStated(dispute_id="D-1", party="manufacturer"), "2026-03-03 12:00")
    story.tells(NOTED, "2026-03-04 13:00")
    told = [(one.subject, one.verdict) for one in story.clocks(as_of="2026-03-04 13:00")]
    assert told == [("D-1 customer", "breached"), ("D-1 manufacturer", "met")]


# sites


def test_every_stay_has_a_clock_and_the_unit_on_its_way_none() -> None:
    story = Story(OFFICE, site("berlin", "branch"), site("leipzig"), policy(clock("site", binds="site")))
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.tells(e.TicketAssigned(site="leipzig"), "2026-03-02 12:00")  # handed on, though the unit is still here
    story.tells(e.UnitDispatched(to="leipzig"), "2026-03-02 15:00")
    story.tells(e.UnitArrived(site="leipzig"), "2026-03-03 10:00")
    story.tells(e.UnitDispatched(to="berlin"), "2026-03-03 14:00")
    story.tells(e.TicketAssigned(site="berlin"), "2026-03-03 15:00")
    story.tells(e.UnitArrived(site="berlin"), "2026-03-04 10:00")
    story.tells(CLOSED, "2026-03-04 11:00")
    told = [(one.subject, one.site, said(one.started_at), one.used // HOUR) for one in story.clocks()]
    assert told == [
        ("berlin", "berlin", "2026-03-02 09:00", 3),
        ("leipzig", "leipzig", "2026-03-03 10:00", 4),
        ("berlin#2", "berlin", "2026-03-04 10:00", 1),
    ]
    assert {one.verdict for one in story.clocks()} == {"met"}


def test_a_department_and_the_house_it_is_in_are_one_place() -> None:
    story = Story(
        OFFICE,
        site("house", "branch"),
        site("bench", "department", parent="house"),
        policy(clock("site", binds="site")),
    )
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(e.UnitReceived(site="house"), "2026-03-02 09:00")
    story.tells(e.TicketAssigned(site="bench"), "2026-03-02 10:00")
    story.tells(e.TicketAssigned(site="house"), "2026-03-02 12:00")
    assert [(one.subject, one.used // HOUR) for one in story.clocks()] == [("house", 1), ("bench", 2), ("house#2", 0)]


def test_a_unit_that_came_to_a_site_that_has_not_the_ticket_is_nobody_s_stay() -> None:
    story = Story(OFFICE, site("berlin", "branch"), site("leipzig"), policy(clock("site", binds="site")))
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(e.TicketAssigned(site="leipzig"), "2026-03-02 08:30")
    story.tells(RECEIVED, "2026-03-02 09:00")
    assert story.clocks() == ()
    story.tells(e.TicketAssigned(site="berlin"), "2026-03-02 10:00")
    assert said(story.clock("site", "berlin").started_at) == "2026-03-02 10:00"


def test_a_site_s_own_calendar_counts_where_it_has_one() -> None:
    nights = calendar(*windows(DAILY, "22:00-06:00"), key="nights")
    own = clock("site", binds="site", is_site_calendar=True, working_hours=4)
    story = Story(OFFICE, nights, site("berlin", calendar="nights"), site("leipzig"), policy(own))
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    # Monday 22 to Tuesday 02.
    assert said(story.clock("site").due_at) == "2026-03-03 02:00"
    story.tells(e.UnitDispatched(to="leipzig"), "2026-03-02 10:00")
    story.tells(e.TicketAssigned(site="leipzig"), "2026-03-02 10:00")
    story.tells(e.UnitArrived(site="leipzig"), "2026-03-02 12:00")
    # Leipzig has none: by the office's, Monday 12 to 16.
    assert said(story.clock("site", "leipzig").due_at) == "2026-03-02 16:00"


def test_a_wait_that_turned_out_to_be_none_held_the_breach_back_for_as_long_as_nobody_knew() -> None:
    story = Story(OFFICE, policy(clock(working_hours=8, pauses=PAUSING)))
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.tells(PARTS, "2026-03-02 12:00")
    story.tells(PARTS_CAME, "2026-03-02 12:00", recorded="2026-03-03 12:00")
    judged = story.clock(as_of="2026-03-04 09:00")
    assert (judged.judged_then, said(judged.judged_then_at)) == ("breached", "2026-03-03 12:00")
