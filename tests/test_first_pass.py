"""First pass: how finished units fare when they are first presented."""

import pytest

from tests.repairs import WHY, Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.values import Event
from ticketing.projections import dimensions, first_pass
from ticketing.projections.report import ReportRow


@pytest.fixture
def company() -> Company:
    return Company()


def presented(company: Company, number: int, at: float, *verdicts: Event) -> None:
    ticket = company.repairs(number, at, None)
    for verdict in verdicts:
        company.finds(ticket, verdict, day(at))


def asked(company: Company, **what: object) -> tuple[ReportRow, ...]:
    return reports.first_pass(company.app, **what).rows  # type: ignore[arg-type]


def test_only_inspections_and_dimensions_are_used() -> None:
    inspections = {e.QcPassed, e.QcFailed}
    assert inspections == first_pass.TAKEN
    assert not first_pass.TAKEN & dimensions.TAKEN


def test_first_pass_is_passed_at_first_presentation_of_those_presented(company: Company) -> None:
    presented(company, 1, 0, e.QcPassed())
    presented(company, 2, 0, e.QcPassed(), e.QcFailed())
    presented(company, 3, 0, e.QcFailed(), e.QcPassed())
    presented(company, 4, 0, e.QcFailed(), e.QcFailed())
    presented(company, 5, 0, e.QcWaived(reason=WHY))  # let go without inspection: not presented
    passed, reworked = asked(company)
    assert (passed.numerator, passed.denominator, passed.value, passed.unit) == (2, 4, 50.0, "per 100")
    assert (reworked.figure, reworked.numerator, reworked.denominator) == ("reworked", 3, 4)


def test_a_cancelled_ticket_is_excluded_and_counted(company: Company) -> None:
    presented(company, 1, 0, e.QcPassed(), e.TicketClosed(outcome="cancelled"))
    passed, _ = asked(company)
    assert (passed.value, passed.reason, passed.excluded) == (None, "no ticket was presented in the period", 1)


def test_a_unit_presented_that_was_never_received_is_excluded_and_counted(company: Company) -> None:
    channels: tuple[e.Channel, ...] = ("counter", "on_site")  # nothing has to be received on site
    for number, channel in enumerate(channels, 1):
        company.finds(company.opens(number, day(0), channel=channel), e.QcPassed(), day(0))
    for row, passed in zip(asked(company), (1, 0), strict=True):
        assert (row.numerator, row.denominator, row.excluded) == (passed, 1, 1)


def test_the_period_is_that_of_the_first_presentation(company: Company) -> None:
    presented(company, 1, 5, e.QcPassed())
    presented(company, 2, 8, e.QcFailed())
    assert [row.denominator for row in asked(company, from_=day(5), to=day(5))] == [1, 1]
    assert asked(company, from_=day(6))[0].value == 0.0


def test_limits_are_given_per_100(company: Company) -> None:
    # Wilson of 1 of 1 begins at 1 / (1 + 1.959964²) = 1 / 4.841459 = 0.20654931.
    presented(company, 1, 0, e.QcPassed())
    passed, _ = asked(company)
    assert (passed.low, passed.high) == (20.654931, 100.0)
