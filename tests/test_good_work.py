"""Good work: who is marked, by which figures, and who has too few cases to be judged."""

import pytest

from tests.repairs import Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput
from ticketing.domain.values import Actor
from ticketing.projections.good_work import good_work_rows
from ticketing.projections.report import Compared, Report, ReportRow


@pytest.fixture
def company() -> Company:
    return Company()


def repairs(company: Company, technician: str, number: int, *, failed: int = 0, complained: int = 0) -> None:
    """So many tickets of a technician, handed back on day 5, some failed at first, some complained about."""
    by = Actor(id=technician, role="technician", site="berlin")
    first = company.app.store.head()
    for place in range(number):
        ticket = company.opens(first + place + 1, day(0))
        company.finds(ticket, e.UnitReceived(site="berlin"), day(0))
        company.finds(ticket, e.RepairCompleted(), day(2), by=by)
        if place < failed:
            company.finds(ticket, e.QcFailed(), day(3))
        company.finds(ticket, e.QcPassed(), day(4))
        company.finds(ticket, e.UnitHandedBack(), day(5))
        company.finds(ticket, e.TicketClosed(outcome="repaired"), day(5))
        if place < complained:
            company.complains(ticket, 6)


def marks(report: Report) -> dict[str | None, Compared | None]:
    return {row.group["technician"]: row.compared for row in report.of("good_work")}


def test_who_stands_out_for_the_better_and_nowhere_for_the_worse_is_marked(company: Company) -> None:
    repairs(company, "t-careful", 30, complained=1)
    repairs(company, "t-hasty", 30, failed=15, complained=1)
    repairs(company, "t-usual", 30, failed=6, complained=1)
    repairs(company, "t-rude", 30, complained=12)
    repairs(company, "t-new", 5)
    company.now = day(120)
    report = reports.good_work(company.app)
    assert marks(report) == {
        "t-careful": {"better": "first_pass first_time_fix", "worse": None, "is_marked": True},
        "t-hasty": {"better": None, "worse": "first_pass first_time_fix", "is_marked": False},
        "t-new": {"better": None, "worse": None, "is_marked": None},
        # As good a hand as any, and customers complain.
        "t-rude": {"better": "first_pass first_time_fix", "worse": "complaint_rate", "is_marked": False},
        "t-usual": {"better": None, "worse": None, "is_marked": False},
    }
    new = next(row for row in report.of("good_work") if row.group["technician"] == "t-new")
    assert (new.value, new.reason, new.denominator) == (None, "too few cases of every figure", 0)
    # Beside it every figure with its n and interval, and the limits of chance.
    hasty = next(row for row in report.of("first_pass") if row.group["technician"] == "t-hasty")
    assert (hasty.numerator, hasty.denominator, hasty.value) == (15, 30, 50.0)
    assert hasty.compared is not None
    assert hasty.compared["stands_out"] == "below"
    assert {row.figure for row in report.rows} == {
        "good_work",
        "first_time_fix",
        "first_pass",
        "complaint_rate",
        "explanation_accepted",
    }


def test_a_lower_minimum_judges_more(company: Company) -> None:
    repairs(company, "t-1", 6)
    repairs(company, "t-2", 6, failed=6)
    company.now = day(120)
    assert {it and it["is_marked"] for it in marks(reports.good_work(company.app)).values()} == {None}
    judged = marks(reports.good_work(company.app, minimum_n=5))
    assert judged["t-1"] == {"better": "first_pass first_time_fix", "worse": None, "is_marked": True}


def test_sites_are_asked_about_in_the_same_way(company: Company) -> None:
    repairs(company, "t-1", 3)
    report = reports.good_work(company.app, by="site")
    assert report.parameters["by"] == ("site",)
    assert [row.group for row in report.of("good_work")] == [{"site": "berlin"}]


def test_where_nothing_is_known_nobody_is_marked(company: Company) -> None:
    (row,) = reports.good_work(company.app).of("good_work")
    assert (row.group, row.value, row.reason) == ({}, None, "nothing is known of anybody")


def test_a_cohort_is_refused_for_every_figure_has_its_own(company: Company) -> None:
    with pytest.raises(BadInput, match="good_work is not defined over the cohort opened_in"):
        reports.good_work(company.app, cohort="opened_in")


def test_tickets_of_nobody_known_are_not_compared() -> None:
    row = ReportRow(
        figure="first_pass",
        definition="first_pass@1",
        cohort="presented_in",
        group={"technician": None},
        unit="per 100",
        numerator=0,
        denominator=30,
        compared={"stands_out": "below", "is_too_few": False},
    )
    (nobody,) = good_work_rows(("technician",), [[row]])
    assert nobody.group == {}
