"""Values: instants, decimals, serial numbers and private texts, as they enter and as they are stored."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tests.examples import (
    CREDIT_BILL,
    EXAMPLES,
    IDENTIFY_UNIT,
    ISSUE_BILL,
    OPEN_TICKET,
    OPENED,
    PROMISED,
    RECEIVE_UNIT,
    RECORD_HOST_FACT,
    RECORD_PAYMENT,
    TICKET,
    UNKNOWN,
    but,
)
from ticketing.domain.billing import IssueBill
from ticketing.domain.command import Command
from ticketing.domain.errors import BadInput
from ticketing.domain.events import EstimateIssued, HostFactRecorded, NoteRecorded, PromiseMade, Share, TicketOpened
from ticketing.domain.roles import MAY_SEND
from ticketing.domain.values import (
    Actor,
    Event,
    Instant,
    Key,
    Money,
    Number,
    PrivateText,
    Quantity,
    SerialNumber,
    instant_text,
    normalised_serial,
)

INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
NUMBER: TypeAdapter[Decimal] = TypeAdapter(Number)
KEY: TypeAdapter[str] = TypeAdapter(Key)


# instants


def test_an_instant_is_stored_in_utc_with_six_digits_and_a_z() -> None:
    berlin = datetime(2026, 3, 2, 10, 0, tzinfo=timezone(timedelta(hours=1)))
    assert PromiseMade(due_at=berlin).model_dump_json() == '{"due_at":"2026-03-02T09:00:00.000000Z"}'


def test_two_ways_to_write_an_instant_are_one_instant() -> None:
    assert but(PROMISED, due_at="2026-03-02T10:00:00+01:00") == but(PROMISED, due_at="2026-03-02T09:00:00Z")


def test_an_instant_of_an_early_year_keeps_its_four_digits() -> None:
    assert instant_text(datetime(33, 4, 3, tzinfo=UTC)) == "0033-04-03T00:00:00.000000Z"


@pytest.mark.parametrize("naive", [datetime(2026, 3, 2, 9, 0), "2026-03-02T09:00:00", "2026-03-02"])  # noqa: DTZ001
def test_an_instant_without_a_zone_is_refused(naive: object) -> None:
    with pytest.raises(ValidationError):
        PromiseMade.model_validate({"due_at": naive})
    with pytest.raises(BadInput, match=r"ReceiveUnit\.occurred_at: "):
        but(RECEIVE_UNIT, occurred_at=naive)


@pytest.mark.parametrize("number", [1772442000, 1772442000.5, "1772442000", "-1.5"], ids=repr)
def test_a_bare_number_is_no_instant(number: object) -> None:
    with pytest.raises(ValidationError, match="no instant"):
        INSTANT.validate_python(number)


def test_an_instant_beyond_the_years_of_utc_is_refused() -> None:
    with pytest.raises(ValidationError, match="outside the years"):
        INSTANT.validate_python("0001-01-01T00:00:00+14:00")


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_comes_back_as_it_was_stored(instant: datetime) -> None:
    assert INSTANT.validate_json(INSTANT.dump_json(instant)) == instant


# decimals


@pytest.mark.parametrize("number", [1.5, 0.1, float("nan"), True])
def test_a_float_is_no_amount(number: object) -> None:
    for refuse in (
        lambda: Money.model_validate({"amount": number, "currency": "EUR"}),
        lambda: Quantity.model_validate({"value": number, "unit": "V"}),
        lambda: Share.model_validate({"party": "customer", "percent": number}),
    ):
        with pytest.raises(ValidationError):
            refuse()


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1E+30", "9E+999999", "1e-21", "123456789012345678901"])
def test_a_number_has_at_most_twenty_digits(text: str) -> None:
    with pytest.raises(ValidationError):
        NUMBER.validate_python(text)


def test_an_amount_is_stored_as_text_with_the_decimals_it_was_given() -> None:
    money = Money(amount=Decimal("12.50"), currency="EUR")
    assert money.model_dump_json() == '{"amount":"12.50","currency":"EUR"}'
    assert NUMBER.dump_json(Decimal("1E+3")) == b'"1000"'


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**15), max_value=10**15))
def test_an_amount_comes_back_as_it_was_stored(amount: Decimal) -> None:
    stored = NUMBER.dump_json(amount)
    assert NUMBER.validate_json(stored) == amount
    assert NUMBER.dump_json(NUMBER.validate_json(stored)) == stored


@pytest.mark.parametrize("currency", ["eur", "EURO", "", "€"])
def test_a_currency_has_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValidationError):
        Money(amount=Decimal(1), currency=currency)


@pytest.mark.parametrize("amount", ["-0.01", "-1", "-99999999999"])
def test_no_money_is_negative(amount: str) -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        Money(amount=Decimal(amount), currency="EUR")
    assert Money(amount=Decimal("0.00"), currency="EUR").amount == 0


# keys


@pytest.mark.parametrize("text", ["", "   ", "two\nlines", "tab\tbed", "carriage\rreturn", "x" * 201])
def test_a_key_is_one_short_line(text: str) -> None:
    with pytest.raises(ValidationError):
        KEY.validate_python(text)


def test_a_key_has_no_blanks_around_it() -> None:
    assert KEY.validate_python("  R-1001 ") == "R-1001"
    assert KEY.validate_python("x" * 200) == "x" * 200


# serial numbers


@pytest.mark.parametrize(
    "written",
    ["SN001A", "sn 001-a", " SN\u2009001\u2011A ", "ｓｎ００１ａ", "SN\u2013001\u2014A", "sn\t001\na"],
)
def test_one_serial_is_one_serial_however_it_is_written(written: str) -> None:
    assert normalised_serial(written) == "SN001A"


@pytest.mark.parametrize("other", ["SN001B", "SN001", "SN.001A", "SN_001A"])
def test_other_letters_are_another_serial(other: str) -> None:
    assert normalised_serial(other) != "SN001A"


@given(st.text(max_size=30))
def test_normalising_a_serial_twice_changes_nothing_more(text: str) -> None:
    once = normalised_serial(text)
    assert normalised_serial(once) == once


@pytest.mark.parametrize("blank", ["", "  ", " - ", "\u2013\u2014", "\t-\n"], ids=repr)
def test_what_has_nothing_but_blanks_and_hyphens_is_no_serial(blank: str) -> None:
    with pytest.raises(ValidationError, match="more than blanks and hyphens"):
        SerialNumber(text=blank)
    assert SerialNumber(text=f"{blank}7").text == f"{blank}7"
    assert SerialNumber(match="ab" * 32, digest="cd" * 32).text is None


# private texts


@pytest.mark.parametrize("blank", ["", "  ", "\n\t", "\u2003"], ids=repr)
def test_a_private_text_says_something(blank: str) -> None:
    with pytest.raises(ValidationError, match="leave out what is blank"):
        PrivateText(text=blank)
    assert PrivateText(text=f"{blank}.").text == f"{blank}."


@pytest.mark.parametrize("half", ["\ud800", "Mrs \udfff Smith"], ids=ascii)
@pytest.mark.parametrize("kind", [PrivateText, SerialNumber])
def test_half_a_character_is_refused_before_it_meets_the_store(
    kind: type[PrivateText | SerialNumber], half: str
) -> None:
    for given_as in (half, {"text": half}):
        with pytest.raises(ValidationError, match="half a character"):
            kind.model_validate(given_as)
    assert kind.model_validate("\U0001f600 7").text == "\U0001f600 7"


def test_a_plain_string_is_taken_where_a_private_text_is_due() -> None:
    note = NoteRecorded.model_validate({"text": "Mrs Smith called"})
    assert note.text == PrivateText(text="Mrs Smith called")


@pytest.mark.parametrize("event", [event for _, event in EXAMPLES], ids=lambda event: type(event).__name__)
def test_no_private_text_and_no_serial_is_ever_stored_or_printed(event: Event) -> None:
    shown = event.model_dump_json() + str(event.model_dump()) + repr(event)
    for text in private_texts(event):
        assert text not in shown


def private_texts(value: object) -> list[str]:
    if isinstance(value, PrivateText | SerialNumber):
        return [value.text] if value.text else []
    if isinstance(value, tuple):
        return [text for part in value for text in private_texts(part)]
    return [text for _, part in value for text in private_texts(part)] if isinstance(value, Event) else []


@given(st.text(min_size=8))
def test_a_private_text_is_not_in_the_json_of_its_event(text: str) -> None:
    hidden = f"<<{text}>>"
    opened = but(OPENED, symptom=hidden, serial=hidden)
    host = HostFactRecorded(namespace="shop", name="Note", data={"said": PrivateText(text=hidden)})
    for event in (opened, NoteRecorded(text=PrivateText(text=hidden)), host):
        stored = type(event).model_validate_json(event.model_dump_json())
        assert private_texts(stored) == []
        assert "<<" not in event.model_dump_json()
    assert isinstance(opened.symptom, PrivateText)
    assert opened.symptom.text == hidden


@pytest.mark.parametrize("digest", ["AB" * 32, "ab" * 31, "zz" * 32])
def test_a_digest_is_sixty_four_lower_case_hex_digits(digest: str) -> None:
    assert PrivateText(digest="ab" * 32).digest == "ab" * 32
    with pytest.raises(ValidationError):
        PrivateText(digest=digest)


# all values


@pytest.mark.parametrize("event", [event for _, event in EXAMPLES], ids=lambda event: type(event).__name__)
def test_an_event_with_an_unknown_field_is_refused(event: Event) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        type(event).model_validate({**dict(event), "colour": "red"})


@pytest.mark.parametrize(
    ("command", "entered", "said"),
    [
        (RECEIVE_UNIT, {"sight": "SECRET"}, "ReceiveUnit has no field sight; the nearest is site"),
        (RECEIVE_UNIT, {"site": " "}, "ReceiveUnit.site: String should have at least 1 character"),
        (RECEIVE_UNIT, {"site": "two\nSECRETS"}, "ReceiveUnit.site: String should match pattern"),
        (RECEIVE_UNIT, {"condition": " \n"}, "ReceiveUnit.condition.text: a private text says something"),
        (RECEIVE_UNIT, {"condition": "SECRET \ud800"}, "ReceiveUnit.condition.text: the text has half a character"),
        (RECEIVE_UNIT, {"site": "SECRET \udfff"}, "ReceiveUnit.site: Input should be a valid string"),
        (IDENTIFY_UNIT, {"serial": " - "}, "IdentifyUnit.serial.text: a serial number has more than blanks"),
        (IDENTIFY_UNIT, {"serial": "SECRET\ud800"}, "IdentifyUnit.serial.text: the text has half a character"),
        (CREDIT_BILL, {"amount": {"amount": "-0.01", "currency": "EUR"}}, "CreditBill.amount.amount: Input should be"),
        (RECORD_PAYMENT, {"payer": "SECRET"}, "RecordPayment.payer: Input should be 'customer'"),
        (RECORD_HOST_FACT, {"data": {"a\nb": "\ud800"}}, "RecordHostFact.data.a b"),
        (OPEN_TICKET, {"numbers": 1, "number": None}, "OpenTicket has no field numbers; the nearest is number"),
    ],
)
def test_a_command_that_cannot_be_understood_says_where_and_why_and_not_what(
    command: Command, entered: dict[str, object], said: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        but(command, **entered)
    told = str(refusal.value)
    assert told.startswith(said)
    assert "\n" not in told
    assert "SECRET" not in told
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize("command", MAY_SEND, ids=lambda command: command.__name__)
def test_no_command_checks_itself_outside_the_one_line(command: type[Command]) -> None:
    # A model validator of a subclass would run around the base's and let pydantic's own error out.
    assert set(command.__pydantic_decorators__.model_validators) == {"_in_one_line"}
    with pytest.raises(BadInput, match=f"^{command.__name__} has no field colour; the nearest is "):
        command.model_validate({"colour": "red"})


def test_a_field_that_is_missing_is_named() -> None:
    with pytest.raises(BadInput, match=r"^IssueBill\.actor: Field required$"):
        IssueBill.model_validate({"ticket_id": TICKET, "bill_id": "B-1", "lines": ISSUE_BILL.lines})
    with pytest.raises(BadInput, match=r"^IssueBill: "):
        IssueBill.model_validate("a bill of 80 euros")


@pytest.mark.parametrize("event", [event for _, event in EXAMPLES], ids=lambda event: type(event).__name__)
def test_an_event_is_frozen_and_its_stored_form_is_stable(event: Event) -> None:
    stored = event.model_dump_json()
    assert type(event).model_validate_json(stored).model_dump_json() == stored
    for name in type(event).model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(event, name, None)


def test_a_wrong_role_or_code_list_is_refused() -> None:
    with pytest.raises(ValidationError):
        Actor.model_validate({"id": "p-1", "role": "plumber"})
    with pytest.raises(ValidationError):
        but(OPENED, channel="telepathy")
    with pytest.raises(ValidationError):
        EstimateIssued.model_validate({"estimate_version": 0, "lines": (), "maximum": None})


def test_equal_values_are_equal_and_can_be_counted() -> None:
    assert Actor(id="somebody", role="unknown") == UNKNOWN
    assert len({TicketOpened(number="1", site="a"), TicketOpened(number="1", site="a")}) == 1
    assert RECEIVE_UNIT.ticket_id == TICKET
