"""What users of other ticket systems complained of, each as a case computed by hand: see docs/comparison.md."""

import importlib
import re
from decimal import Decimal
from pathlib import Path

import pytest

from tests.repairs import Company, day
from tests.time_stories import (
    CLOSED,
    HANDED_BACK,
    HOUR,
    IN_WARRANTY,
    OFFICE,
    OPENED,
    RECEIVED,
    REOPENED,
    WORKDAYS,
    Story,
    calendar,
    clock,
    policy,
    said,
    site,
    windows,
)
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.values import Money
from ticketing.projections.report import Cohort

PAGE = Path(__file__).parents[1] / "docs" / "comparison.md"
ASKED = e.WaitStarted(cause="customer_information")
ANSWERED = e.WaitEnded(cause="customer_information")
FIVE_EUROS = Money(amount=Decimal(5), currency="EUR")


# holds


def test_a_hold_outside_office_hours_was_added_to_the_due_date() -> None:
    story = Story(OFFICE, policy(clock(working_hours=8, pauses=("customer_information",))))
    story.tells(OPENED, "2026-03-06 12:00")
    story.tells(RECEIVED, "2026-03-06 13:00")
    story.tells(ASKED, "2026-03-06 16:00")
    story.tells(ANSWERED, "2026-03-09 10:00")
    # Friday 13–16 is 3 h. The hold lasts 66 h, of which Friday 16–17 and Monday 09–10 are open: 2 h. The other 5 h are
    # Monday 10–15; without the hold it would have been Friday 13–17 and Monday 09–13.
    assert said(story.clock().due_at) == "2026-03-09 15:00"
    story.tells(HANDED_BACK, "2026-03-09 15:00")
    assert (story.clock().verdict, story.clock().used) == ("met", 8 * HOUR)


def test_a_hold_was_counted_twice() -> None:
    story = Story(OFFICE, policy(clock(working_hours=8, pauses=("customer_information", "payment"))))
    story.tells(OPENED, "2026-03-02 09:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.tells(ASKED, "2026-03-02 10:00")
    story.tells(e.WaitStarted(cause="payment"), "2026-03-02 11:00")
    story.tells(ANSWERED, "2026-03-02 12:00")
    story.tells(e.WaitEnded(cause="payment"), "2026-03-02 13:00")
    # On hold 10–13, 3 h and not 4: Monday 09–10 and 13–17 are 5 h, the other 3 h are Tuesday 09–12.
    assert said(story.clock().due_at) == "2026-03-03 12:00"
    story.tells(HANDED_BACK, "2026-03-02 17:00")
    assert story.clock().used == 5 * HOUR


def test_raising_the_priority_forgot_the_time_on_hold() -> None:
    pauses = ("customer_information",)
    usual = clock("usual", working_hours=40, pauses=pauses, conditions={"entitlements": ("none",)})
    urgent = clock("urgent", working_hours=4, pauses=pauses, conditions={"entitlements": ("warranty",)})
    story = Story(OFFICE, policy(usual, urgent))
    story.tells(OPENED, "2026-03-02 09:00")
    story.tells(e.EntitlementDecided(basis="none", reason=IN_WARRANTY.reason), "2026-03-02 09:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.tells(ASKED, "2026-03-02 10:00")
    story.tells(ANSWERED, "2026-03-02 16:00")
    raised = e.EntitlementRevised(from_basis="none", to_basis="warranty", trigger="error", reason=IN_WARRANTY.reason)
    story.tells(raised, "2026-03-02 16:00")
    # From the same receipt 09–10 is 1 h, the 6 h on hold count for nothing, 16–17 is 1 h, the other 2 h are Tuesday
    # 09–11. Without the hold the stricter clock would have been due on Monday at 13:00, before it was asked for.
    now = story.clock("urgent", as_of="2026-03-02 16:00")
    assert (now.used, said(now.due_at), now.verdict) == (HOUR, "2026-03-03 11:00", None)
    assert said(now.started_at) == "2026-03-02 09:00"
    ceased = story.clock("usual")
    assert (ceased.cancelled_because, said(ceased.cancelled_at)) == ("conditions", "2026-03-02 16:00")


def test_the_clock_ran_while_the_customer_was_to_answer() -> None:
    story = Story(OFFICE, policy(clock(working_hours=4, pauses=("customer_approval",))))
    story.tells(OPENED, "2026-03-02 09:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.tells(e.EstimateIssued(estimate_version=1, lines=(), maximum=FIVE_EUROS), "2026-03-02 10:00")
    # Nobody sets a state for it: that an estimate went out says that the customer is to answer. 1 h is used.
    waiting = story.clock(as_of="2026-03-05 09:00")
    assert (waiting.is_paused, waiting.paused_for, waiting.used) == (True, ("customer_approval",), HOUR)
    assert (waiting.verdict, waiting.due_at) == (None, None)
    assert said(waiting.due_if_resumed_at) == "2026-03-05 12:00"  # Thursday 09:00 and the 3 h that are left
    story.tells(e.EstimateApproved(estimate_version=1, lines=()), "2026-03-05 10:00")
    assert said(story.clock().due_at) == "2026-03-05 13:00"


# calendars


def test_the_due_date_and_the_time_used_disagreed_about_holidays() -> None:
    # Monday 9 March is a holiday.
    holidays = calendar(*windows(WORKDAYS, "09:00-17:00"), closed=["2026-03-09"])
    story = Story(holidays, policy(clock(working_hours=8, pauses=("customer_information",))))
    story.tells(OPENED, "2026-03-06 13:00")
    story.tells(RECEIVED, "2026-03-06 13:00")
    story.tells(ASKED, "2026-03-06 15:00")
    story.tells(ANSWERED, "2026-03-10 11:00")
    # Friday 13–15 is 2 h. On hold over the weekend and the holiday; Tuesday 11–17 is 6 h.
    assert said(story.clock().due_at) == "2026-03-10 17:00"
    assert story.clock(as_of="2026-03-10 17:00").used == 8 * HOUR
    story.tells(HANDED_BACK, "2026-03-10 17:00")
    stopped = story.clock()
    assert (stopped.verdict, stopped.used, said(stopped.due_at)) == ("met", 8 * HOUR, "2026-03-10 17:00")


def test_a_target_in_days_counted_a_weekend_on_hold_twice() -> None:
    story = Story(OFFICE, policy(clock(calendar_days=5, pauses=("customer_information",))))
    story.tells(OPENED, "2026-03-05 12:00")
    story.tells(RECEIVED, "2026-03-05 12:00")
    story.tells(ASKED, "2026-03-06 16:00")
    story.tells(ANSWERED, "2026-03-09 10:00")
    # Thursday is the start day. Friday is 1; Saturday and Sunday are on hold whole; Monday is 2, Tuesday 3,
    # Wednesday 4, Thursday the 12th is 5 and ends at 24:00.
    assert said(story.clock().due_at) == "2026-03-13 00:00"
    assert story.clock(as_of="2026-03-12 12:00").used == 5


def test_a_lunch_break_could_not_be_said() -> None:
    shifts = calendar(*windows(WORKDAYS, "08:00-12:00", "13:30-18:00"))
    story = Story(shifts, policy(clock(working_hours=1)))
    story.tells(OPENED, "2026-03-02 12:30")
    story.tells(RECEIVED, "2026-03-02 12:30")
    # It came in the break: the hour is 13:30–14:30, and one that is answered at 13:30 has used nothing.
    assert said(story.clock().due_at) == "2026-03-02 14:30"
    assert story.clock(as_of="2026-03-02 13:30").used == 0


# whose time it was


def test_one_clock_for_all_blamed_the_last_team() -> None:
    house = (site("house", "branch"), site("first", "department", parent="house"))
    contract = policy(clock(working_hours=16))
    targets = policy(
        clock("first-line", binds="site", working_hours=4, conditions={"sites": ("first",)}),
        clock("second-line", binds="site", working_hours=12, conditions={"sites": ("second",)}),
        key="targets",
    )
    story = Story(OFFICE, *house, site("second", "department", parent="house"), contract, targets)
    story.tells(OPENED, "2026-03-02 09:00")
    story.tells(e.UnitReceived(site="first"), "2026-03-02 09:00")
    story.tells(e.TicketAssigned(site="second"), "2026-03-04 09:00")
    story.tells(HANDED_BACK, "2026-03-04 10:00")
    # Monday and Tuesday at the first, 16 h of 4; Wednesday 09–10 at the second, 1 h of 12; 17 h of 16 in all.
    whole, first, second = story.clock(), story.clock("first-line"), story.clock("second-line")
    assert (whole.verdict, whole.used, said(whole.verdict_at)) == ("breached", 17 * HOUR, "2026-03-04 09:00")
    assert (first.verdict, first.used, said(first.verdict_at)) == ("breached", 16 * HOUR, "2026-03-02 13:00")
    assert (second.verdict, second.used) == ("met", HOUR)


def test_a_unit_at_home_was_counted_as_waiting() -> None:
    story = Story(OFFICE)
    story.tells(OPENED, "2026-03-02 09:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.tells(ASKED, "2026-03-02 10:00")
    story.tells(ANSWERED, "2026-03-02 11:00")
    story.tells(HANDED_BACK, "2026-03-02 12:00")
    story.tells(CLOSED, "2026-03-02 12:00")
    story.tells(REOPENED, "2026-03-05 12:00")
    story.tells(RECEIVED, "2026-03-05 12:00")
    story.tells(HANDED_BACK, "2026-03-05 14:00")
    parts = {(part.party, part.cause): part.microseconds // HOUR for part in story.ledger("2026-03-05 14:00").parts}
    # 09–10 and 11–12 in the house, then 12–14 again: 4 h; on hold 10–11; at home three days: 72 h.
    assert parts == {
        ("company", "queue"): 4,
        ("customer", "customer_information"): 1,
        ("nobody", "at_home"): 72,
    }


# reopening


def test_reopening_broke_the_figures_of_a_ticket() -> None:
    anew = clock("each-time", working_hours=8)
    in_all = clock("in-all", working_hours=8, on_reopening="adds_up")
    story = Story(OFFICE, policy(anew, in_all))
    for number, (begins, ends) in enumerate(
        [
            ("2026-03-02 09:00", "2026-03-02 12:00"),
            ("2026-03-05 09:00", "2026-03-05 13:00"),
            ("2026-03-12 15:00", "2026-03-13 10:00"),
        ]
    ):
        story.tells(OPENED if number == 0 else REOPENED, begins)
        story.tells(RECEIVED, begins)
        story.tells(HANDED_BACK, ends)
        story.tells(CLOSED, ends)
    # 3 h, then 4 h, then Thursday 15–17 and Friday 09–10: 3 h. Each is within 8 h; together they are 10 h, and the 8 h
    # were over 1 h into the third time.
    each = [story.clock("each-time", cycle=cycle) for cycle in (1, 2, 3)]
    assert [(one.verdict, one.used // HOUR) for one in each] == [("met", 3), ("met", 4), ("met", 3)]
    together = story.clock("in-all")
    assert (together.verdict, together.used, said(together.verdict_at)) == (
        "breached",
        10 * HOUR,
        "2026-03-12 16:00",
    )


# what was said once


def test_the_result_of_a_clock_was_lost_when_the_ticket_was_closed() -> None:
    story = Story(OFFICE, policy(clock(working_hours=4)))
    story.tells(OPENED, "2026-03-02 09:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    story.tells(HANDED_BACK, "2026-03-02 11:30")
    story.tells(CLOSED, "2026-03-02 11:30")
    closed = story.clock(cycle=1)
    # 09:00 to 11:30: 2.5 h of 4, 1.5 h to spare. It says so when the ticket is closed, and after it was opened again.
    assert (closed.verdict, closed.used, closed.target - closed.used) == ("met", 5 * HOUR // 2, 3 * HOUR // 2)
    story.tells(REOPENED, "2026-03-09 09:00")
    story.tells(RECEIVED, "2026-03-09 09:00")
    assert story.clock(cycle=1) == closed


def test_changing_a_policy_judged_open_tickets_anew() -> None:
    first = policy(clock(working_hours=8))
    dropped = policy(version=2, effective_from="2026-03-02 08:00", is_retroactive=True)
    story = Story(OFFICE, first)
    story.tells(OPENED, "2026-03-02 09:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    before = story.clock(as_of="2026-03-03 10:00")
    # The clock is dropped, even from before it began: who was promised 8 h on Monday keeps them, and sees them broken.
    story.publishes(dropped)
    assert story.clock(as_of="2026-03-03 10:00") == before
    assert (before.policy_version, before.verdict, said(before.verdict_at)) == (1, "breached", "2026-03-03 09:00")
    assert story.clocks(as_of="2026-03-03 10:00", under=dropped) == ()


def test_changing_a_calendar_moved_the_due_dates_of_open_tickets() -> None:
    story = Story(OFFICE, policy(clock(working_hours=8)))
    story.tells(OPENED, "2026-03-02 09:00")
    story.tells(RECEIVED, "2026-03-02 13:00")
    longer = calendar(*windows(WORKDAYS, "06:00-22:00"), version=2, effective_from="2026-03-02 14:00")
    story.publishes(longer)
    # Monday 13–17 and Tuesday 09–13 by the hours that held when it began; by the longer ones it would be Monday 21:00.
    assert said(story.clock().due_at) == "2026-03-03 13:00"


def test_an_overdue_ticket_counted_only_once_it_was_closed() -> None:
    story = Story(OFFICE, policy(clock(working_hours=8)))
    story.tells(OPENED, "2026-03-02 09:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    # 8 h are over on Monday at 17:00; above 8 h it is from Tuesday 09:00 on, whether or not anything happens.
    assert story.clock(as_of="2026-03-03 09:00").verdict is None
    assert story.clock(as_of="2026-03-03 09:01").verdict == "breached"


@pytest.mark.parametrize(
    ("cohort", "month"), [("opened_in", "2026-01"), ("handed_back_in", "2026-02"), ("closed_in", "2026-03")]
)
def test_reports_knew_tickets_by_one_date_alone(cohort: Cohort, month: str) -> None:
    with Company() as company:
        # Received on 6 January, handed back on 10 February after 35 days, closed on 12 March.
        ticket = company.repairs(1, 5, 40, closed=False)
        company.finds(ticket, CLOSED, day(70))
        report = reports.turnaround_closed(company.app, cohort=cohort, by=["month"], unit="d")
    (row,) = report.rows
    assert (row.group, row.denominator, row.percentiles) == ({"month": month}, 1, {"p50": 35.0, "p90": 35.0})
    assert report.cohort == cohort


# the page


def test_the_page_names_tests_that_exist_and_every_test_of_this_file() -> None:
    named = re.findall(r"`tests/(test_\w+)\.py::(test_\w+)`", PAGE.read_text(encoding="utf-8"))
    for module, test in named:
        assert callable(getattr(importlib.import_module(f"tests.{module}"), test, None)), f"{module}::{test}"
    here = {name for name in globals() if name.startswith("test_") and not name.startswith("test_the_page")}
    assert here == {test for module, test in named if module == "test_complaints_of_others"}


def test_the_page_names_a_thread_for_every_complaint() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if "`tests/" in line]
    assert len(rows) >= 15
    assert not [row for row in rows if "https://github.com/" not in row]
