"""The scorecard: a contract measures by its own days, clocks, targets and least numbers, in its own version."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args

import pytest

from tests.repairs import MANAGER, Company, day
from ticketing import reports
from ticketing.cli.restated_rows import row_lines
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput, CommandRejected, NotFound
from ticketing.domain.measured import MEASURABLE, Asks, MeasuredFigure
from ticketing.domain.measured_faults import measured_faults
from ticketing.domain.policy import DefinedClock, Target
from ticketing.domain.publishing import Publish
from ticketing.domain.reference import PolicyPublished
from ticketing.domain.values import Money, SerialNumber
from ticketing.figures import scorecard
from ticketing.projections.report import ReportRow
from ticketing.repeating import repeat
from ticketing.restating import restatement

BACK = DefinedClock(
    id="back",
    binds="manufacturer_contract",
    starts=("UnitReceived",),
    stops=("UnitHandedBack",),
    target=Target(elapsed_hours=Decimal(72)),
)
ALL = (
    MeasuredFigure(figure="claims", at_least=Decimal(90), minimum_n=1),
    MeasuredFigure(figure="complaint_rate", days=5, at_most=Decimal(10), minimum_n=1),
    MeasuredFigure(figure="complaint_rate_opened", days=9, at_most=Decimal("12.5"), minimum_n=1),
    MeasuredFigure(figure="complaints_per_1000", days=9, at_most=Decimal(400), minimum_n=1),
    MeasuredFigure(figure="first_pass", at_least=Decimal(90), minimum_n=1),
    MeasuredFigure(figure="first_time_fix", days=30, at_least=Decimal(80), minimum_n=1),
    MeasuredFigure(figure="long_term", days=30, at_most=Decimal(10), minimum_n=1),
    MeasuredFigure(figure="no_fault_found", at_most=Decimal(20), minimum_n=1),
    MeasuredFigure(figure="promises", at_least=Decimal(95), minimum_n=1),
    MeasuredFigure(figure="repeat_rate", days=30, at_most=Decimal(5), minimum_n=1),
    MeasuredFigure(figure="sla", clock="back", at_least=Decimal(50), minimum_n=1),
    MeasuredFigure(figure="turnaround", percentile=90, at_most=Decimal(7), minimum_n=1),
    MeasuredFigure(figure="within_days", days=3, at_least=Decimal(40), minimum_n=1),
)


FOUND = e.DiagnosisRecorded(findings=(e.Finding(finding_id="f", cause="wear"),))
EUROS = Money(amount=Decimal(10), currency="EUR")


def contract(
    company: Company,
    *figures: MeasuredFigure,
    key: str = "acme",
    version: int = 1,
    since: float = -100,
    manufacturer: str = "ACME",
) -> None:
    thing = PolicyPublished(
        key=key, version=version, effective_from=day(since), manufacturer=manufacturer, clocks=(BACK,), figures=figures
    )
    company.app.handle(Publish(actor=MANAGER, thing=thing))


def repaired(company: Company, number: int, opened: float, back: float, serial: str | None = None) -> None:
    ticket = company.opens(number, day(opened))
    if serial is not None:
        company.finds(ticket, e.UnitIdentified(manufacturer="ACME", serial=SerialNumber(text=serial)), day(opened))
    company.finds(ticket, e.UnitReceived(site="berlin"), day(opened))
    company.finds(ticket, FOUND, day(back))
    company.finds(ticket, e.RepairCompleted(), day(back))
    company.finds(ticket, e.QcPassed(), day(back))
    company.finds(ticket, e.UnitHandedBack(), day(back))
    company.finds(ticket, e.TicketClosed(outcome="repaired"), day(back))


@pytest.fixture
def company() -> Iterator[Company]:
    with Company() as company:
        yield company


def card(company: Company, **asked: object) -> list[ReportRow]:
    return list(reports.scorecard(company.app, manufacturer="ACME", **asked).rows)  # type: ignore[arg-type]


def test_every_figure_that_a_contract_may_name_is_reported_and_told_met_or_not(company: Company) -> None:
    contract(company, *ALL)
    company.opens(99, day(0), manufacturer="Brutus")  # another's tickets do not count
    for number, back in enumerate((1, 2, 4, 8), 1):
        repaired(company, number, 0, back)
    company.complains(company.app.ticket("T-2").ticket_id, 4)
    two = company.app.ticket("T-2").ticket_id
    company.finds(two, e.ClaimSubmitted(claim_id="C", to="ACME", amount=EUROS), day(9))
    company.finds(two, e.ClaimDecided(claim_id="C", amount_approved=EUROS), day(10))
    company.now = day(60)
    found = {row.figure: row for row in card(company)}
    assert list(found) == [figure.figure for figure in ALL]
    told = {name: (row.value, row.compared["is_met"]) for name, row in found.items() if row.compared is not None}
    assert told == {
        "claims": (100.0, True),
        "complaint_rate": (25.0, False),
        "complaint_rate_opened": (25.0, False),
        "complaints_per_1000": (250.0, True),
        "first_pass": (100.0, True),
        "first_time_fix": (100.0, True),
        "long_term": (None, None),
        "no_fault_found": (0.0, True),
        "promises": (None, None),
        "repeat_rate": (0.0, True),
        "sla": (50.0, True),
        "turnaround": (8.0, False),
        "within_days": (50.0, True),
    }
    assert {row.group["contract"] for row in found.values()} == {"acme@1"}
    assert found["sla"].denominator == 4
    assert (found["turnaround"].unit, found["turnaround"].percentiles) == ("d", None)
    assert {found[name].reason for name in ("long_term", "promises")} == {"no ticket of ACME in the period"}
    assert found["complaints_per_1000"].unit == "per 1,000"


def test_two_contracts_with_different_days_give_different_repeat_rates_from_the_same_facts(company: Company) -> None:
    contract(company, MeasuredFigure(figure="repeat_rate", days=30, at_most=Decimal(5), minimum_n=1), key="short")
    contract(company, MeasuredFigure(figure="repeat_rate", days=90, at_most=Decimal(5), minimum_n=1), key="long")
    repaired(company, 1, 0, 2, "S-1")
    repaired(company, 2, 62, 63, "S-1")  # sixty days after the hand-back
    company.now = day(400)
    shown = [(row.group["contract"], row.numerator, row.denominator, row.compared["is_met"]) for row in card(company)]  # type: ignore[index]
    assert shown == [("long@1", 1, 2, False), ("short@1", 0, 2, True)]


def test_of_fewer_than_the_least_number_nothing_is_judged(company: Company) -> None:
    contract(company, MeasuredFigure(figure="within_days", days=3, at_least=Decimal(90), minimum_n=5))
    for number in range(1, 5):
        repaired(company, number, 0, 1)
    company.now = day(9)
    (row,) = card(company)
    assert row.compared is not None
    assert (row.value, row.compared["is_met"], row.compared["is_too_few"]) == (100.0, None, True)
    assert row.reason == "fewer than 5: not judged"
    repaired(company, 5, 0, 1)
    company.now = day(9)
    (row,) = card(company)
    assert row.compared is not None
    assert (row.compared["is_met"], row.reason) == (True, None)


def test_a_version_measures_what_came_while_it_was_in_force(company: Company) -> None:
    contract(company, MeasuredFigure(figure="within_days", days=1, at_least=Decimal(90), minimum_n=1))
    contract(
        company,
        MeasuredFigure(figure="within_days", days=3, at_least=Decimal(90), minimum_n=1),
        version=2,
        since=10,
    )
    repaired(company, 1, 9, 11)
    repaired(company, 2, 10, 12)
    company.now = day(30)
    shown = [(row.group["contract"], row.group["from"], row.numerator, row.denominator) for row in card(company)]
    assert shown == [
        ("acme@1", "2025-09-23T00:00:00.000000Z", 0, 1),
        ("acme@2", "2026-01-11T00:00:00.000000Z", 1, 1),
    ]
    within = [row.group for row in card(company, from_=day(10), to=day(11))]
    assert within == [
        {"contract": "acme@2", "from": "2026-01-11T00:00:00.000000Z", "to": "2026-01-12T00:00:00.000000Z"}
    ]


def test_a_clock_counts_under_the_version_that_judges_it_whenever_it_is_due(company: Company) -> None:
    figure = MeasuredFigure(figure="sla", clock="back", at_least=Decimal(50), minimum_n=1)
    contract(company, figure)
    contract(company, figure, version=2, since=10)
    # Due three days after receipt: the first one under version 1; the second, begun under it, while 2 is in force.
    for number, opened, back in ((1, 1, 2), (2, 9, 20), (3, 11, 12), (4, 12, 13)):
        repaired(company, number, opened, back)
    company.now = day(30)
    shown = [(row.group["contract"], row.numerator, row.denominator, row.excluded) for row in card(company)]
    assert shown == [("acme@1", 1, 2, 0), ("acme@2", 2, 2, 0)]
    late = card(company, from_=day(11), to=day(13))
    assert [(row.group["contract"], row.numerator, row.denominator) for row in late] == [
        ("acme@1", 0, 1),
        ("acme@2", 0, 0),
    ]
    (later,) = card(company, from_=day(13), to=day(15))
    assert (later.group["contract"], later.numerator, later.denominator) == ("acme@2", 2, 2)


def test_a_period_before_the_contract_has_no_scorecard_and_a_contract_without_a_due_clock_a_reason(
    company: Company,
) -> None:
    contract(company, MeasuredFigure(figure="sla", clock="back", at_least=Decimal(50), minimum_n=1), since=0)
    with pytest.raises(NotFound, match="no contract of 'ACME' was in force in the period"):
        card(company, from_=day(-90), to=day(-80))
    company.now = day(1)
    (row,) = card(company)
    assert (row.value, row.denominator, row.reason) == (None, 0, "no ticket of ACME in the period")


def test_a_later_version_changes_nothing_of_the_time_before_it_was_published(company: Company) -> None:
    contract(company, MeasuredFigure(figure="within_days", days=3, at_least=Decimal(50), minimum_n=1))
    repaired(company, 1, 0, 2)
    company.now = day(50)
    contract(
        company,
        MeasuredFigure(figure="within_days", days=1, at_least=Decimal(50), minimum_n=1),
        version=2,
        since=-5,
    )
    company.now = day(60)
    told = [(row.group["contract"], row.value, row.group["from"]) for row in card(company)]
    assert told == [
        ("acme@1", 100.0, "2025-09-23T00:00:00.000000Z"),
        ("acme@2", None, "2026-02-20T00:00:00.000000Z"),
    ]


def test_figures_of_one_name_are_restated_each_for_itself(company: Company) -> None:
    contract(company, *(MeasuredFigure(figure="within_days", days=days, at_least=Decimal(50)) for days in (1, 100)))
    company.repairs(1, 0, 2)
    company.now = day(200)
    before = reports.scorecard(company.app, manufacturer="ACME").to_json()
    back = next(fact for fact in company.app.history("T-1") if isinstance(fact.event, e.UnitHandedBack))
    company.corrects(back.stream_id, back.version, "occurred_at", day(0.5), day(201))
    rows: Any = restatement(company.app, before).rows
    assert [(row["was"]["numerator"], row["now"]["numerator"]) for row in rows] == [(0, 1)]


def test_tickets_open_for_long_are_those_of_the_last_instant_of_a_version_and_none_of_one_to_come(
    company: Company,
) -> None:
    for version, since in enumerate((-100, 40, 90), 1):
        long_term = MeasuredFigure(figure="long_term", days=30, at_most=Decimal(40), minimum_n=1)
        contract(company, long_term, version=version, since=since)
    company.repairs(1, 0, None)
    company.repairs(2, 0, 45)
    company.repairs(3, 20, None)
    company.now = day(60)
    told = [(row.group["from"], row.numerator, row.denominator, row.censored) for row in card(company)]
    # Version 1 up to day 40: open are 1 and 2 for 40 days, 3 for 20. Version 2 as of day 60: 1 for 60 days, 3 for 40.
    assert [(numerator, denominator) for _, numerator, denominator, _ in told] == [(2, 3), (2, 2), (0, 0)]
    printed = reports.scorecard(company.app, manufacturer="ACME")
    assert printed.as_of == "2026-03-02T00:00:00.000000Z"
    company.now = day(200)
    assert repeat(company.app, printed.to_json()) == printed


def test_a_percentile_that_is_not_reached_because_late_tickets_are_left_open_is_missed(company: Company) -> None:
    contract(company, MeasuredFigure(figure="turnaround", percentile=90, at_most=Decimal(3), minimum_n=1))
    for number in range(1, 31):
        company.repairs(number, 0, 1 if number <= 10 else 5 if number <= 20 else None)
    company.now = day(60)
    (row,) = card(company)
    assert row.compared is not None
    assert (row.value, row.low, row.compared["is_met"]) == (None, None, False)
    company.now = day(2)
    (row,) = card(company, as_of=day(2))
    assert row.compared is not None
    assert (row.value, row.compared["is_met"]) == (None, None)  # nobody can say yet


def test_a_scorecard_repeats_to_the_byte(company: Company) -> None:
    contract(company, *ALL)
    for number in range(1, 5):
        repaired(company, number, 0, number)
    company.now = day(60)
    printed = reports.scorecard(company.app, manufacturer="ACME", from_="2026-01-01").to_json()
    repaired(company, 9, 1, 2)
    contract(company, *ALL[:2], version=2, since=0)
    company.now = day(90)
    assert repeat(company.app, printed).to_json() == printed


def test_what_became_of_a_scorecard_is_told_in_its_own_words(company: Company) -> None:
    contract(company, MeasuredFigure(figure="turnaround", percentile=90, at_most=Decimal(3), minimum_n=1), since=0)
    repaired(company, 1, 0, 1)
    ticket = company.repairs(2, 0, None)
    company.now = day(2)
    printed = reports.scorecard(company.app, manufacturer="ACME").to_json()
    company.finds(ticket, e.UnitHandedBack(), day(50))
    heading, numbers, *_ = map(str, row_lines(restatement(company.app, printed)))
    assert heading == "turnaround p90  acme@1 from 2026-01-01"
    assert numbers == "  not reached (1 of 2)  →  50 d (2 of 2), missed"


def test_a_scorecard_asks_for_nothing_that_the_contract_says(company: Company) -> None:
    with pytest.raises(NotFound, match="no contract of 'ACME' names figures"):
        card(company)
    contract(company, *ALL[:1], manufacturer="ACMEE")
    with pytest.raises(NotFound, match="the nearest manufacturer is ACMEE"):
        card(company)
    with pytest.raises(BadInput, match="give manufacturer; there are ACMEE"):
        reports.scorecard(company.app)
    for wrong in ({"by": ("site",)}, {"cohort": "opened_in"}):
        with pytest.raises(BadInput, match="leave out by and cohort"):
            card(company, **wrong)
    with pytest.raises(BadInput, match="the period ends before it starts"):
        card(company, from_="2026-02-01", to="2026-01-01")


def test_the_reports_know_every_figure_that_a_contract_may_name() -> None:
    assert MEASURABLE.keys() == scorecard.FIGURES


@pytest.mark.parametrize(
    ("given", "key", "said"),
    [
        (
            {"figure": "complant_rate"},
            "figure",
            "no contract measures by 'complant_rate'; the nearest is 'complaint_rate'",
        ),
        ({"figure": "repeat_rate", "at_most": 5}, "days", "is missing: repeat_rate needs it"),
        ({"figure": "first_pass", "at_least": 5, "days": 3}, "days", "first_pass has none"),
        ({"figure": "sla", "at_least": 5, "clock": "bakc"}, "clock", "the policy has no clock 'bakc'"),
        ({"figure": "first_pass"}, "at_most", "either at_most or at_least is due, and not both"),
        ({"figure": "first_pass", "at_least": 5, "at_most": 6}, "at_most", "not both"),
        ({"figure": "first_pass", "at_least": 101}, "at_least", "101 is more than 100 per 100"),
        ({"figure": "first_pass", "at_least": -1}, "at_least", "-1 is no number from 0 on"),
        ({"figure": "first_pass", "at_least": 1, "minimum_n": 0}, "minimum_n", "0 is below 1"),
        ({"figure": "turnaround", "at_most": 300, "percentile": 100}, "percentile", "100 is not among 1 to 99"),
        ({"figure": "within_days", "at_least": 3, "days": -1}, "days", "-1 is not among 0 to 36600"),
    ],
)
def test_a_figure_that_cannot_be_meant_is_refused(given: dict[str, object], key: str, said: str) -> None:
    (fault,) = [one for one in measured_faults(MeasuredFigure.model_validate(given), ("back",)) if one.key == key]
    assert said in fault.said


def test_a_policy_with_such_a_figure_is_not_published(company: Company) -> None:
    with pytest.raises((BadInput, CommandRejected), match="repeat_rate needs it"):
        contract(company, MeasuredFigure(figure="repeat_rate", at_most=Decimal(5)))
    assert company.app.store.head() == 0


def test_what_a_contract_measures_by_is_said_in_words() -> None:
    assert [figure.said for figure in ALL[-3:]] == [
        "sla of back: at least 50 per 100, of 1 or more",
        "turnaround p90: at most 7 days, of 1 or more",
        "within days 3 days: at least 40 per 100, of 1 or more",
    ]
    assert set(get_args(Asks)) == {name for one in MEASURABLE.values() for name in one.asks}
