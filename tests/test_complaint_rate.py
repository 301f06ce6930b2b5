"""Complaint rates: of what was handed back, and of what was opened, closed or not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.repairs import Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.projections import complaints, dimensions, turnaround
from ticketing.projections.report import Number


@pytest.fixture
def company() -> Company:
    return Company()


def test_complaints_are_used_beside_the_course_of_the_ticket() -> None:
    assert {e.ComplaintReceived, e.ComplaintAcknowledged, e.ComplaintResolved} == complaints.TAKEN
    assert not complaints.TAKEN & (turnaround.TAKEN | dimensions.TAKEN)


def test_the_complaint_rate_of_day_100_with_thirty_days(company: Company) -> None:
    # W is 30 days, as of day 100, and the bounds: 60 + 30 and 70 + 30 have passed on day 100, 80 + 30 has not.
    before = company.repairs(1, 50, 60)
    company.complains(before, 55)  # before hand-back: counts
    late = company.repairs(2, 50, 60)
    company.complains(late, 95)  # 35 days after hand-back: does not
    company.complains(company.repairs(3, 70, 80), 81)  # handed back on day 80: censored
    company.complains(company.repairs(4, 20, None), 40)  # still open: only in complaint_rate_opened
    company.complains(company.repairs(5, 65, 70), 100)  # handed back 30 days ago, complaint on the thirtieth: counts
    company.now = day(100)
    rate, opened = reports.complaint_rate(company.app, w_days=30, h_days=50).rows
    assert (rate.numerator, rate.denominator, rate.censored, rate.value) == (2, 3, 1, 66.666667)
    # Opened at least 50 days before day 100, on days 50, 50 and 20 (70 and 65 are censored), with a complaint within
    # 50 days: on days 5, 45 and 20 of theirs, all three.
    assert (opened.numerator, opened.denominator, opened.censored) == (3, 3, 2)
    assert (opened.figure, opened.cohort) == ("complaint_rate_opened", "opened_in")


def test_the_complaint_rate_of_no_ticket_is_null_with_a_reason(company: Company) -> None:
    company.repairs(1, 0, 5)
    (rate, _) = reports.complaint_rate(company.app).rows
    assert (rate.value, rate.low, rate.high) == (None, None, None)
    assert rate.reason == "no ticket handed back in the period has been back for 30 days"
    assert rate.censored == 1


def test_cancelled_tickets_count(company: Company) -> None:
    ticket = company.repairs(1, 0, 5, closed=False)
    company.finds(ticket, e.TicketClosed(outcome="cancelled"), day(5))
    company.complains(ticket, 6)
    company.now = day(100)
    assert [row.numerator for row in reports.complaint_rate(company.app).rows] == [1, 1]


def test_a_second_complaint_of_the_same_ticket_adds_nothing(company: Company) -> None:
    ticket = company.repairs(1, 0, 5)
    company.complains(ticket, 6)
    company.complains(ticket, 7)
    company.now = day(100)
    assert reports.complaint_rate(company.app).rows[0].numerator == 1


def test_the_rate_is_dated_by_the_first_hand_back(company: Company) -> None:
    ticket = company.repairs(1, 0, 5)
    company.finds(ticket, e.TicketReopened(ground="same_fault"), day(50))
    company.finds(ticket, e.UnitReceived(site="berlin"), day(50))
    company.finds(ticket, e.UnitHandedBack(), day(60))
    company.complains(ticket, 61)
    company.now = day(100)
    (rate, _) = reports.complaint_rate(company.app, from_=day(5), to=day(5)).rows
    assert (rate.numerator, rate.denominator) == (0, 1)


def test_on_site_the_end_of_work_stands_for_hand_back(company: Company) -> None:
    ticket = company.opens(1, day(0), channel="on_site")
    company.finds(ticket, e.RepairStarted(), day(1))
    company.finds(ticket, e.RepairCompleted(), day(1))
    company.complains(ticket, 2)
    company.now = day(31)
    (rate, _) = reports.complaint_rate(company.app).rows
    assert (rate.numerator, rate.denominator) == (1, 1)


TICKETS = st.lists(
    st.tuples(
        st.integers(0, 60),  # the day of opening
        st.integers(0, 40),  # the days to hand-back
        st.none() | st.integers(0, 80),  # the days to a complaint
        st.sampled_from(["closed", "not closed", "not even handed back"]),
    ),
    min_size=1,
    max_size=6,
)


@given(TICKETS, st.integers(60, 200))
@settings(max_examples=20)
def test_not_closing_never_improves_the_rate_of_the_opened(
    tickets: list[tuple[int, int, int | None, str]], asked_on: int
) -> None:
    def rate(*, closing: bool) -> Number | None:
        with Company() as company:
            for number, (opened, days, complained, how) in enumerate(tickets, 1):
                is_back = closing or how != "not even handed back"
                back = opened + days if is_back else None
                ticket = company.repairs(number, opened, back, closed=closing or how == "closed")
                if complained is not None:
                    company.complains(ticket, opened + complained)
            company.now = day(200)
            (row,) = reports.complaint_rate_opened(company.app, h_days=60, as_of=day(asked_on)).rows
            return row.value

    assert rate(closing=False) == rate(closing=True)


def test_not_handing_back_improves_the_rate_of_those_handed_back_alone(company: Company) -> None:
    company.repairs(1, 0, 10)
    company.complains(company.repairs(2, 0, None), 20)  # kept in the house: of one handed back none, of two opened one
    company.now = day(100)
    rate, opened = reports.complaint_rate(company.app, w_days=30, h_days=30).rows
    assert (rate.numerator, rate.denominator) == (0, 1)
    assert (opened.numerator, opened.denominator) == (1, 2)
