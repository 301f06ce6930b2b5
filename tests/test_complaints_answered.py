"""Complaints per 1,000 tickets, how long they waited for an answer, and which of them still do."""

from uuid import UUID

import pytest

from tests.repairs import MANAGER, Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput
from ticketing.projections.report import Number


@pytest.fixture
def company() -> Company:
    return Company()


def complains(
    company: Company, ticket: UUID, number: int, at: float, about: str = "service", complaint_class: str = "delay"
) -> None:
    said = e.ComplaintReceived(
        complaint_id=f"c-{number}",
        about=about,  # type: ignore[arg-type]  # one of the two
        complaint_class=complaint_class,
    )
    company.finds(ticket, said, day(at))


def acknowledged(company: Company, ticket: UUID, number: int, at: float) -> int:
    return company.finds(ticket, e.ComplaintAcknowledged(complaint_id=f"c-{number}"), day(at), by=MANAGER)


def resolved(company: Company, ticket: UUID, number: int, at: float, *, is_upheld: bool = True) -> None:
    company.finds(ticket, e.ComplaintResolved(complaint_id=f"c-{number}", is_upheld=is_upheld), day(at), by=MANAGER)


def test_three_complaints_about_four_hundred_tickets_are_seven_and_a_half_per_thousand(company: Company) -> None:
    for number in range(1, 401):
        company.opens(number, day(0))
    for number, at in enumerate((1, 2, 90, 91), 1):  # the last one comes after ninety days
        complains(company, UUID(int=1 if number < 3 else number), number, at)
    company.opens(500, day(20))  # not yet opened ninety days ago
    complains(company, UUID(int=500), 9, 21)
    company.now = day(100)
    (row,) = reports.complaints(company.app).of("complaints_per_1000")
    # Garwood for 3: 0.6187 to 8.7673; ÷ 400 × 1,000 is × 2.5: 1.5467 to 21.9183.
    assert (row.value, row.numerator, row.denominator, row.censored) == (7.5, 3, 400, 1)
    assert isinstance(row.low, float)
    assert isinstance(row.high, float)
    assert (round(row.low, 2), round(row.high, 2)) == (1.55, 21.92)
    assert (row.unit, row.cohort) == ("per 1,000", "opened_in")


def test_over_tickets_handed_back_a_complaint_counts_up_to_thirty_days_after(company: Company) -> None:
    ticket = company.repairs(1, 0, 10)
    for number, at in enumerate((5, 40, 41)):
        complains(company, ticket, number, at)
    company.repairs(2, 0, None)  # still open: not of the cohort
    company.now = day(50)
    report = reports.complaints(company.app, cohort="handed_back_in")
    (row,) = report.of("complaints_per_1000")
    assert (row.value, row.numerator, row.denominator) == (2000.0, 2, 1)
    assert report.parameters["w_days"] == 30
    assert "h_days" not in report.parameters


def test_of_no_ticket_there_is_no_rate_but_a_reason(company: Company) -> None:
    report = reports.complaints(company.app)
    assert {row.reason for row in report.rows if row.value is None} == {
        "no ticket of the period was opened 90 days ago",
        "there is no complaint about these tickets",
    }
    assert [row.value for row in report.of("complaints_unanswered")] == [None]
    complains(company, company.opens(1, day(0)), 1, 1)
    (upheld,) = reports.complaints(company.app).of("complaints_upheld")
    assert (upheld.reason, upheld.censored) == ("none of the complaints about these tickets was resolved", 1)


def p50(company: Company, figure: str) -> Number | None:
    (row,) = reports.complaints(company.app).of(figure)
    assert row.percentiles is not None
    return row.percentiles["p50"]


def test_days_to_an_answer_count_those_that_still_wait(company: Company) -> None:
    ticket = company.opens(1, day(0))
    for number in range(1, 5):
        complains(company, ticket, number, 10)
    acknowledged(company, ticket, 1, 11)
    acknowledged(company, ticket, 2, 13)
    resolved(company, ticket, 2, 20)
    resolved(company, ticket, 3, 18)  # never acknowledged: resolved is answered too
    company.now = day(30)
    # Answered after 1, 3 and 8 days, one still waits after 20: half of four after 3 days.
    assert p50(company, "complaint_days_to_answer") == 3.0
    # Resolved after 8 and 10 days, two still wait after 20: half of four after 10.
    assert p50(company, "complaint_days_to_resolve") == 10.0
    (row,) = reports.complaints(company.app, percentiles=[90]).of("complaint_days_to_answer")
    assert (row.numerator, row.denominator, row.censored) == (3, 4, 1)
    assert row.reason == "p90 not reached: 1 of 4 complaints still wait"


def test_answers_on_record_before_the_complaint_took_no_time(company: Company) -> None:
    ticket = company.opens(1, day(0))
    complains(company, ticket, 1, 10)
    version = acknowledged(company, ticket, 1, 12)
    company.corrects(ticket, version, "occurred_at", day(9), day(13))
    assert p50(company, "complaint_days_to_answer") == 0.0


def test_a_complaint_recorded_twice_is_one_and_an_answer_to_none_is_none(company: Company) -> None:
    ticket = company.opens(1, day(0))
    complains(company, ticket, 1, 10)
    complains(company, ticket, 1, 20)
    resolved(company, ticket, 7, 20)
    company.now = day(200)
    report = reports.complaints(company.app)
    assert report.of("complaints_per_1000")[0].numerator == 1
    assert report.of("complaints_unresolved")[0].ages == {
        **dict.fromkeys(("0-3", "4-7", "8-14", "15-30", "31-45"), 0),
        ">45": 1,
    }


def test_unanswered_complaints_are_told_by_age(company: Company) -> None:
    ticket = company.opens(1, day(0))
    # On day 100, they are 3.9, 4, 7, 8, 14, 30, 31, 45 and 46 days old.
    for number, age in enumerate((3.9, 4, 7, 8, 14, 30, 31, 45, 46)):
        complains(company, ticket, number, 100 - age)
    acknowledged(company, ticket, 1, 100)
    company.now = day(100)
    report = reports.complaints(company.app)
    (waiting,) = report.of("complaints_unanswered")
    assert waiting.ages == {"0-3": 1, "4-7": 1, "8-14": 2, "15-30": 1, "31-45": 2, ">45": 1}
    assert (waiting.value, waiting.denominator, waiting.unit) == (8, 9, "complaints")
    assert report.of("complaints_unresolved")[0].value == 9


def test_of_an_import_nobody_sees_what_is_answered_after_its_end(company: Company) -> None:
    opened = e.TicketOpened(number="L-1", site="berlin")
    came = e.ComplaintReceived(complaint_id="c", about="service", complaint_class="delay")
    company.imports(1, "old", [(opened, day(0)), (came, day(2))])
    company.imports(2, "old", [(e.TicketOpened(number="L-2", site="berlin"), day(7))])
    company.now = day(100)
    report = reports.complaints(company.app)
    (waiting,) = report.of("complaints_unanswered")
    # The log ends on day 7, where the complaint of day 2 is five days old.
    assert (waiting.censored, waiting.ages) == (1, {**dict.fromkeys(waiting.ages or {}, 0), "4-7": 1})
    assert (report.rows[0].denominator, report.rows[0].censored) == (0, 2)


def test_the_last_word_says_whether_a_complaint_was_upheld(company: Company) -> None:
    ticket = company.opens(1, day(0))
    for number in range(4):
        complains(company, ticket, number, 1)
    resolved(company, ticket, 0, 2)
    resolved(company, ticket, 1, 2)
    resolved(company, ticket, 1, 3, is_upheld=False)
    resolved(company, ticket, 2, 2, is_upheld=False)
    (row,) = reports.complaints(company.app).of("complaints_upheld")
    # One of three; the fourth is not resolved.
    assert (row.value, row.numerator, row.denominator, row.censored) == (33.333333, 1, 3, 1)


def test_complaints_are_told_apart_by_class_and_by_what_they_are_about(company: Company) -> None:
    for number, site in enumerate(("A", "A", "B"), 1):
        company.opens(number, day(0), site=site)
    complains(company, UUID(int=1), 1, 1, "service", "rude")
    complains(company, UUID(int=1), 2, 1, "manufacturer_policy", "price")
    complains(company, UUID(int=3), 3, 1, "service", "rude")
    company.now = day(100)
    report = reports.complaints(company.app, by=["class", "site"])
    # Of each class against all tickets of the site: two of A, one of B.
    assert [(row.group, row.numerator, row.denominator) for row in report.of("complaints_per_1000")] == [
        ({"class": "price", "site": "A"}, 1, 2),
        ({"class": "rude", "site": "A"}, 1, 2),
        ({"class": "rude", "site": "B"}, 1, 1),
    ]
    about = reports.complaints(company.app, by=["about"]).of("complaints_upheld")
    assert [(row.group["about"], row.censored) for row in about] == [("manufacturer_policy", 1), ("service", 2)]
    sites = reports.complaints(company.app, by=["site"], from_=day(0), to=day(0)).of("complaints_per_1000")
    assert [(row.group["site"], row.value) for row in sites] == [("A", 1000.0), ("B", 1000.0)]
    with pytest.raises(BadInput, match="there is no dimension clas; the nearest is class"):
        reports.complaints(company.app, by=["clas"])


def test_a_site_without_complaints_has_none_and_so_has_a_class(company: Company) -> None:
    company.opens(1, day(0), site="A")
    company.now = day(100)
    (row,) = reports.complaints(company.app, by=["site"]).of("complaints_per_1000")
    assert (row.group, row.value, row.denominator) == ({"site": "A"}, 0.0, 1)
    (row,) = reports.complaints(company.app, by=["site", "class"]).of("complaints_per_1000")
    assert (row.group, row.value, row.denominator) == ({}, 0.0, 1)


def test_complaints_about_cancelled_tickets_count(company: Company) -> None:
    ticket = company.repairs(1, 0, 5, closed=False)
    company.finds(ticket, e.TicketClosed(outcome="cancelled"), day(5))
    complains(company, ticket, 1, 6)
    company.now = day(100)
    assert reports.complaints(company.app).of("complaints_per_1000")[0].value == 1000.0
