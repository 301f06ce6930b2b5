"""Recognition: ratings, explanations, and customers who bring another unit."""

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.repairs import MANAGER, RECEPTIONIST, Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput
from ticketing.domain.intake import OpenTicket
from ticketing.domain.values import SerialNumber
from ticketing.projections import recognition, same_unit
from ticketing.projections.report import Report, ReportRow
from ticketing.projections.sample import DAY


@pytest.fixture
def company() -> Company:
    return Company()


def visits(
    company: Company,
    number: int,
    opened: float,
    back: float | None = None,
    *,
    customer: str | None = "c-1",
    kind: e.CustomerKind = "consumer",
    serial: str | None = None,
    model: str | None = "P7",
    outcome: e.Outcome = "repaired",
) -> UUID:
    """A customer brings a unit and has it back."""
    company.now = max(company.now, day(opened))
    ticket = UUID(int=number)
    company.app.handle(
        OpenTicket(
            ticket_id=ticket,
            number=f"T-{number}",
            site="A",
            customer_ref=customer,
            customer_kind=kind,
            manufacturer="ACME",
            model=model,
            serial=None if serial is None else SerialNumber(text=serial),
            actor=RECEPTIONIST,
            occurred_at=day(opened),
        )
    )
    company.finds(ticket, e.UnitReceived(site="A"), day(opened))
    if back is not None:
        company.finds(ticket, e.UnitHandedBack(), day(back))
        company.finds(ticket, e.TicketClosed(outcome=outcome), day(back))
    return ticket


def rated(company: Company, ticket: UUID, rating: int, at: float) -> None:
    company.finds(ticket, e.SatisfactionRated(rating=rating), day(at), by=MANAGER)


def contacted(company: Company, ticket: UUID, at: float, *, accepted: bool | None) -> None:
    contact = e.CustomerContacted(
        direction="to_customer", channel="phone", topic="verdict", explanation_accepted=accepted
    )
    company.finds(ticket, contact, day(at), by=MANAGER)


def counts(report: Report, figure: str) -> tuple[int, int, int, int]:
    (row,) = report.of(figure)
    return row.numerator, row.denominator, row.excluded, row.censored


def test_what_recognition_is_told_by() -> None:
    assert {e.TicketOpened, e.CustomerContacted, e.SatisfactionRated} == recognition.TAKEN
    assert not {e.ComplaintReceived, e.BillIssued, e.NoteRecorded} & (recognition.TAKEN | same_unit.TAKEN)


def test_what_is_said_of_units_that_never_came_is_left_out_and_counted(company: Company) -> None:
    channels: tuple[e.Channel, ...] = ("courier", "on_site")  # nothing has to be received on site
    for number, channel in enumerate(channels, 1):
        ticket = company.opens(number, day(0), channel=channel)
        contacted(company, ticket, 1, accepted=True)
        company.finds(ticket, e.RepairCompleted(), day(2))
        company.finds(ticket, e.UnitHandedBack(), day(2))
        rated(company, ticket, 5, 3)
    company.now = day(50)
    report = reports.recognition(company.app)
    for figure in ("response_rate", "satisfied", "explanation_accepted"):
        assert counts(report, figure) == (1, 1, 1, 0)
    assert counts(report, "mean_rating") == (5, 1, 1, 0)


def test_a_mean_rating_stands_beside_how_many_rated(company: Company) -> None:
    for number, rating in enumerate((5, 4, 2, None, None), 1):
        ticket = visits(company, number, 0, 10)
        if rating is not None:
            rated(company, ticket, rating, 40)  # on the thirtieth day
    rated(company, UUID(int=4), 5, 41)  # too late to count
    visits(company, 6, 0, 30)  # its days have not passed
    visits(company, 7, 0, 10, outcome="cancelled")
    company.now = day(50)
    report = reports.recognition(company.app)
    assert counts(report, "response_rate") == (3, 5, 1, 1)
    assert counts(report, "satisfied") == (2, 3, 1, 1)  # 5 and 4, not 2
    (mean,) = report.of("mean_rating")
    assert (mean.value, mean.numerator, mean.denominator, mean.unit) == (3.666667, 11, 3, "of 5")


def test_the_first_rating_counts(company: Company) -> None:
    ticket = visits(company, 1, 0, 10)
    rated(company, ticket, 1, 11)
    rated(company, ticket, 5, 12)
    company.now = day(50)
    assert reports.recognition(company.app).of("mean_rating")[0].value == 1.0


def test_without_a_rating_there_is_no_mean_but_a_reason(company: Company) -> None:
    visits(company, 1, 0, 10)
    company.now = day(50)
    told = {row.figure: (row.value, row.reason) for row in reports.recognition(company.app).rows}
    assert told["response_rate"] == (0.0, None)
    assert told["mean_rating"] == told["satisfied"] == (None, "none of these tickets was rated")
    assert told["explanation_accepted"] == (None, "nothing was explained in these tickets")
    assert (
        told["came_again"][1] == "no unit of a known consumer, handed back in the period, has been back for 12 months"
    )


def test_the_last_explanation_is_accepted_or_not(company: Company) -> None:
    answers: tuple[tuple[bool | None, ...], ...] = ((True,), (True, False), (False, True, None), (None,), ())
    for number, accepted in enumerate(answers, 1):
        ticket = visits(company, number, 0)
        for one in accepted:
            contacted(company, ticket, 1, accepted=one)
        company.finds(ticket, e.UnitHandedBack(), day(2))
    # Explained in three of five, accepted at last in the first and the third.
    assert counts(reports.recognition(company.app), "explanation_accepted") == (2, 3, 0, 0)


def came_again(company: Company, months: int = 12) -> ReportRow:
    (row,) = reports.recognition(company.app, m_months=months).of("came_again")
    return row


def test_a_customer_with_another_unit_within_twelve_months_has_come_again(company: Company) -> None:
    visits(company, 1, 0, 10, serial="S1")
    visits(company, 2, 10 + 365.25, serial="S2")  # the last instant of the twelfth month
    company.now = day(400)
    row = came_again(company)
    assert (row.numerator, row.denominator, row.censored) == (1, 1, 0)
    assert came_again(company, months=11).numerator == 0


@pytest.mark.parametrize(
    ("later", "is_other"),
    [
        ({"serial": "S2"}, True),
        ({"serial": "S1"}, False),  # a repeat is no recognition
        ({"serial": None}, False),  # nobody knows
        ({"serial": None, "model": "P8"}, True),
        ({"serial": None, "model": None}, False),
        ({"serial": "S2", "customer": "c-2"}, False),
        ({"serial": "S2", "customer": None}, False),
        ({"serial": "S2", "outcome": "cancelled", "back": 21}, False),
    ],
)
def test_it_is_another_unit_by_serial_or_else_by_model(
    company: Company, later: dict[str, object], is_other: bool
) -> None:
    visits(company, 1, 0, 10, serial="S1")
    visits(company, 2, 20, **later)  # type: ignore[arg-type]
    company.now = day(400)
    assert came_again(company).numerator == int(is_other)


def test_a_unit_given_in_exchange_is_not_another(company: Company) -> None:
    ticket = visits(company, 1, 0, serial="S1")
    company.finds(ticket, e.UnitExchanged(new_serial=SerialNumber(text="S2")), day(5))
    company.finds(ticket, e.UnitHandedBack(), day(10))
    company.finds(ticket, e.TicketClosed(outcome="exchanged"), day(10))
    visits(company, 2, 20, 30, serial="S2")
    company.now = day(500)
    assert came_again(company).numerator == 0


def test_dealers_and_strangers_are_left_out_and_young_hand_backs_are_censored(company: Company) -> None:
    visits(company, 1, 0, 10, kind="dealer", serial="S1")
    visits(company, 2, 20, 30, kind="dealer", serial="S2")
    visits(company, 3, 0, 10, customer=None, serial="S3")
    visits(company, 4, 0, 10, customer="c-4", serial="S4", outcome="cancelled")
    visits(company, 5, 0, 10, customer="c-5", serial="S5")
    company.now = day(100)
    row = came_again(company)
    assert (row.numerator, row.denominator, row.excluded, row.censored) == (0, 0, 4, 1)


def test_every_hand_back_is_asked(company: Company) -> None:
    # Two units at once, and a third later: both hand-backs were followed by another unit, the third was not.
    visits(company, 1, 0, 10, serial="S1")
    visits(company, 2, 0, 10, serial="S2")
    visits(company, 3, 20, 30, serial="S3")
    company.now = day(500)
    row = came_again(company)
    assert (row.numerator, row.denominator) == (2, 3)
    assert reports.recognition(company.app, as_of=day(19)).of("came_again")[0].censored == 2


def test_months_are_counted_from_none(company: Company) -> None:
    with pytest.raises(BadInput, match="m_months -1: months are counted from 0"):
        reports.recognition(company.app, m_months=-1)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 60),
            st.integers(0, 20),
            st.sampled_from(["c-1", "c-2"]),
            st.sampled_from(["S1", "S2", "S3", None]),
            st.sampled_from(["P7", "P8", None]),
            st.booleans(),
        ),
        max_size=8,
    )
)
@settings(max_examples=200)
def test_every_pair_of_tickets_of_a_customer_is_compared(
    told: list[tuple[int, int, str, str | None, str | None, bool]],
) -> None:
    """Serials stay as they are here; exchanges and links are those of repeats."""
    made = [
        recognition.Visit(
            same_unit.Sighting(opened * DAY, f"{number:032x}", serial, serial),
            customer,
            None if model is None else ("ACME", model),
            (opened + stay) * DAY,
            is_cancelled,
        )
        for number, (opened, stay, customer, serial, model, is_cancelled) in enumerate(told)
    ]
    expected = set()
    for a, (opened, stay, customer, serial, model, is_cancelled) in enumerate(told):
        for b, (opened_b, _, customer_b, serial_b, model_b, is_cancelled_b) in enumerate(told):
            is_later = a != b and 0 <= opened_b - (opened + stay) <= 30  # a month is 30.4375 days
            both_serials = serial is not None and serial_b is not None
            is_same = both_serials and serial == serial_b
            is_other = both_serials or (model is not None and model_b is not None and model != model_b)
            is_of_repair = customer == customer_b and not is_cancelled and not is_cancelled_b
            if is_later and is_of_repair and is_other and not is_same:
                expected.add(f"{a:032x}")
    assert set(recognition.came_again(made, 1)) == expected
