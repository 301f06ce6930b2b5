"""Record: corrections, retractions, notes, notices, host facts, and findings of what should not have happened."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.examples import (
    APPEALED,
    APPROVED,
    AUDITOR,
    BILLED,
    CLAIMED,
    CLOSED,
    COMPLAINED,
    COMPLETE_REPAIR,
    CORRECT_EVENT,
    CORRECTED,
    CREDITED,
    CUSTOMERS_POSITION,
    DIAGNOSED,
    DISPUTE_CLOSED,
    DISPUTE_OFFICER,
    DISPUTED,
    ESTIMATED,
    EVIDENCE_HANDED_OVER,
    EVIDENCE_SUBMITTED,
    HANDED_BACK,
    HOST_FACT,
    IN_WARRANTY,
    INSPECTED_JOINTLY,
    INSPECTOR,
    MANAGER,
    MANUFACTURERS_POSITION,
    NOTED,
    NOTHING_FOUND,
    NOTICE_SENT,
    OPEN_TICKET,
    OPENED,
    OTHER_TECHNICIAN,
    OTHER_TICKET,
    OUT_OF_WARRANTY,
    PAID,
    PART_FITTED,
    PAYERS_REVISED,
    PINNED,
    POSITION_REQUESTED,
    PROMISED,
    QC_FAILED,
    QC_PASSED,
    RECEIVED,
    RECEPTIONIST,
    RECORD_HOST_FACT,
    RECORD_NOTE,
    REFUSED,
    REOPENED,
    REPAIR_STARTED,
    REPAIRED,
    REPEAT_LINKED,
    RETRACT_EVENT,
    RETRACTED,
    REVISED,
    SEND_NOTICE,
    STANDARD,
    TECHNICIAN,
    TESTED,
    TESTED_UNDER_LOAD,
    TICKET,
    UNKNOWN,
    VERDICT,
    WARRANTY_OFFICER,
    but,
    euros,
)
from tests.spec import Outcome, fact, given, hour
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput
from ticketing.domain.events import EventCorrected
from ticketing.domain.record import CorrectEvent, RecordFinding
from ticketing.domain.values import Actor, Event, Money, PrivateText, SerialNumber

FRANC = Money(amount=Decimal("1.00"), currency="CHF")


def finding(event: Event, *, by: Actor = TECHNICIAN, found_by: Actor = AUDITOR, **more: object) -> RecordFinding:
    return RecordFinding.model_validate(
        {"ticket_id": TICKET, "actor": by, "event": event, "found_by": found_by, **more}
    )


def correcting(field: str, is_: object, target_version: int = 2) -> CorrectEvent:
    return but(CORRECT_EVENT, field=field, is_=is_, target_version=target_version)


def correction(outcome: Outcome) -> EventCorrected:
    assert outcome.decision is not None, outcome.refusal
    (event,) = outcome.decision.events
    assert isinstance(event, EventCorrected)
    return event


def reason(refused: Outcome, slug: str) -> str:
    """Why the command was refused by this rule."""
    refused.then_rejected(slug)
    return str(refused.refusal)


# corrections


def test_a_correction_says_what_the_field_was() -> None:
    given(OPENED, RECEIVED).when(CORRECT_EVENT).then(CORRECTED)


def test_a_correction_of_a_correction_says_what_the_first_one_made_of_it() -> None:
    again = correction(given(OPENED, RECEIVED, CORRECTED).when(correcting("site", "dresden")))
    assert (again.was, again.is_) == ("leipzig", "dresden")


def test_only_a_fact_that_stands_is_corrected() -> None:
    given(OPENED).when(CORRECT_EVENT).then_rejected("unknown-reference")
    given(OPENED, RECEIVED, RETRACTED).when(CORRECT_EVENT).then_rejected("unknown-reference")


@pytest.mark.parametrize("field", ["colour", "accessories.7", "condition.mood", "recorded_at", "version"])
def test_only_a_field_that_exists_is_corrected(field: str) -> None:
    given(OPENED, RECEIVED).when(correcting(field, "leipzig")).then_rejected("unknown-reference")


@pytest.mark.parametrize("field", ["serial.match", "serial.digest", "serial.text", "symptom.digest", "symptom.text"])
def test_what_lies_inside_a_private_text_or_a_serial_is_no_field(field: str) -> None:
    given(OPENED).when(correcting(field, "ab" * 32, target_version=1)).then_rejected("unknown-reference")
    whole = correction(given(OPENED).when(correcting(field.partition(".")[0], "SN 7", target_version=1)))
    assert isinstance(whole.is_, PrivateText | SerialNumber)


@pytest.mark.parametrize(
    ("field", "entered"),
    [("condition", " \n"), ("condition", "Mrs \ud800"), ("site", "Mrs \ud800"), ("paperwork_complete", "Mrs Smith")],
)
def test_a_correction_that_does_not_fit_is_refused_without_repeating_it(field: str, entered: str) -> None:
    told = reason(given(OPENED, RECEIVED).when(correcting(field, entered)), "unknown-reference")
    assert f"UnitReceived.{field}" in told
    assert "Mrs" not in told


@pytest.mark.parametrize(
    ("field", "is_"), [("paperwork_complete", "perhaps"), ("site", None), ("occurred_at", "2026-03-02T09:00:00")]
)
def test_a_field_is_corrected_only_to_what_fits_it(field: str, is_: object) -> None:
    given(OPENED, RECEIVED).when(correcting(field, is_)).then_rejected("unknown-reference")


def test_one_part_of_a_list_is_corrected_by_its_place() -> None:
    corrected = correction(given(OPENED, RECEIVED).when(correcting("accessories.0", "cable")))
    assert (corrected.was, corrected.is_) == ("charger", "cable")


def test_a_whole_list_of_codes_may_be_corrected_but_no_structure() -> None:
    corrected = correction(given(OPENED, RECEIVED).when(correcting("accessories", ("cable", "box"))))
    assert (corrected.was, corrected.is_) == (("charger",), ("cable", "box"))
    given(OPENED, DIAGNOSED).when(correcting("findings", None)).then_rejected("unknown-reference")
    given(OPENED, DIAGNOSED).when(correcting("findings.0.defect_code", None)).then_rejected("unknown-reference")


def test_a_corrected_text_stays_private() -> None:
    corrected = correction(given(OPENED, RECEIVED).when(correcting("condition", "dented by Mrs Smith")))
    assert isinstance(corrected.is_, PrivateText)
    assert isinstance(corrected.was, PrivateText)
    assert "Smith" not in corrected.model_dump_json()


def test_the_time_of_a_fact_is_corrected() -> None:
    corrected = correction(given(OPENED, RECEIVED).when(correcting("occurred_at", "2026-03-02T10:30:00+01:00")))
    assert (corrected.was, corrected.is_) == ("2026-03-02T10:00:00.000000Z", "2026-03-02T09:30:00.000000Z")


def test_no_correction_moves_a_fact_into_the_future() -> None:
    # The correction comes at hour 2, 11:00; the skew is 5 minutes.
    told = given(OPENED, RECEIVED)
    told.when(correcting("occurred_at", "2026-03-02T11:05:00.000001Z")).then_rejected("from-the-future")
    corrected = correction(told.when(correcting("occurred_at", "2026-03-02T11:05:00Z")))
    assert corrected.is_ == "2026-03-02T11:05:00.000000Z"


# retractions


def test_a_fact_is_taken_back() -> None:
    given(OPENED, RECEIVED).when(RETRACT_EVENT).then(RETRACTED)
    assert given(OPENED, RECEIVED, RETRACTED).ticket.custody == "outside"


def test_only_a_fact_that_stands_is_taken_back() -> None:
    given(OPENED).when(RETRACT_EVENT).then_rejected("unknown-reference")
    given(OPENED, RECEIVED, RETRACTED).when(RETRACT_EVENT).then_rejected("unknown-reference")


def test_the_opening_is_not_taken_back() -> None:
    given(OPENED, RECEIVED).when(but(RETRACT_EVENT, target_version=1)).then_rejected("illegal-transition")


def test_a_retraction_is_taken_back_too() -> None:
    told = given(OPENED, RECEIVED, RETRACTED)
    told.when(but(RETRACT_EVENT, target_version=3)).then(but(RETRACTED, target_version=3))
    assert given(OPENED, RECEIVED, RETRACTED, but(RETRACTED, target_version=3)).ticket.custody == "in_house"


# one-person-moved-warranty: what was decided on the entitlement

ENTITLED = (OPENED, fact(IN_WARRANTY, by=WARRANTY_OFFICER), fact(REVISED, by=WARRANTY_OFFICER))
AGAIN = but(CORRECT_EVENT, actor=WARRANTY_OFFICER)
AWAY = but(RETRACT_EVENT, actor=WARRANTY_OFFICER)


@pytest.mark.parametrize(
    ("target_version", "field", "is_"),
    [(2, "basis", "none"), (3, "from", "goodwill"), (3, "to", "goodwill"), (3, "approved_by", "w-2")],
)
def test_what_was_decided_on_the_entitlement_is_corrected_by_two_people(
    target_version: int, field: str, is_: str
) -> None:
    told, command = given(*ENTITLED), but(AGAIN, target_version=target_version, field=field, is_=is_)
    told.when(command).then_rejected("one-person-moved-warranty")
    told.when(but(command, approved_by="w-1")).then_rejected("one-person-moved-warranty")
    assert correction(told.when(but(command, approved_by="m-1"))).is_ == is_


def test_one_person_corrects_what_does_not_move_the_entitlement() -> None:
    told = given(*ENTITLED)
    for field, is_ in (("clauses.0", "4.3"), ("reason", "bought last year"), ("occurred_at", "2026-03-02T09:30:00Z")):
        assert correction(told.when(but(AGAIN, target_version=2, field=field, is_=is_))).field == field


@pytest.mark.parametrize("target_version", [2, 3])
def test_what_was_decided_on_the_entitlement_is_taken_back_by_two_people(target_version: int) -> None:
    told, command = given(*ENTITLED), but(AWAY, target_version=target_version)
    told.when(command).then_rejected("one-person-moved-warranty")
    told.when(but(command, approved_by="w-1")).then_rejected("one-person-moved-warranty")
    told.when(but(command, approved_by="m-1")).then(but(RETRACTED, target_version=target_version, approved_by="m-1"))


def test_one_person_takes_back_what_is_no_decision_on_the_entitlement() -> None:
    given(*ENTITLED, NOTED).when(but(AWAY, target_version=4)).then(but(RETRACTED, target_version=4))


# role-may-not: facts that others send


def test_a_fact_that_a_role_may_not_send_it_changes_only_with_a_second_person() -> None:
    told = given(OPENED, RECEIVED, TESTED)
    for command in (correcting("test", "display", target_version=3), but(RETRACT_EVENT, target_version=3)):
        told.when(command).then_rejected("role-may-not")
        told.when(but(command, approved_by=RECEPTIONIST.id)).then_rejected("role-may-not")
        assert told.when(but(command, approved_by="m-1")).refusal is None
        assert told.when(but(command, actor=OTHER_TECHNICIAN)).refusal is None


def test_whoever_did_it_sets_it_right_whatever_their_role_now() -> None:
    told = given(OPENED, RECEIVED, fact(TESTED, by=TECHNICIAN))
    command = but(RETRACT_EVENT, target_version=3)
    told.when(but(command, actor=Actor(id="t-9", role="receptionist"))).then_rejected("role-may-not")
    told.when(but(command, actor=Actor(id="t-1", role="receptionist"))).then(but(RETRACTED, target_version=3))


def test_what_two_people_changed_one_person_does_not_change_back() -> None:
    taken_back, restoring = but(RETRACTED, target_version=3, approved_by="m-1"), but(AWAY, target_version=4)
    told = given(*ENTITLED, taken_back)
    assert told.ticket.entitlement == "warranty"
    told.when(restoring).then_rejected("role-may-not")
    assert told.when(but(restoring, approved_by="m-1")).refusal is None


@pytest.mark.parametrize("field", ["field", "target_version", "is", "was", "approved_by"])
def test_a_correction_stands_as_it_was_said_but_for_its_reason(field: str) -> None:
    told = given(*ENTITLED[:2], but(CORRECTED, target_version=2, field="clauses.0", was="4.2", is_="none"))
    told.when(but(AGAIN, target_version=3, field=field, is_="basis")).then_rejected("unknown-reference")
    assert told.when(but(AGAIN, target_version=3, field="reason", is_="a slip")).refusal is None
    told.when(but(AWAY, target_version=3)).then(but(RETRACTED, target_version=3))


RELIED_ON: tuple[Event, ...] = (
    *(ESTIMATED, APPROVED, DISPUTED, POSITION_REQUESTED, CUSTOMERS_POSITION, EVIDENCE_SUBMITTED, EVIDENCE_HANDED_OVER),
    *(INSPECTED_JOINTLY, APPEALED, DISPUTE_CLOSED, PAYERS_REVISED, CLAIMED, COMPLAINED, QC_FAILED, BILLED, CREDITED),
)


@pytest.mark.parametrize("event", RELIED_ON, ids=lambda event: type(event).__name__)
def test_what_others_rely_on_is_taken_back_by_two_people_only(event: Event) -> None:
    told, command = given(OPENED, RECEIVED, fact(event, by=MANAGER)), but(RETRACT_EVENT, target_version=3)
    told.when(but(command, actor=MANAGER)).then_rejected("role-may-not")
    told.when(but(command, actor=MANAGER, approved_by="M-1")).then_rejected("role-may-not")
    assert told.when(but(command, actor=MANAGER, approved_by="r-1")).refusal is None


def test_the_manufacturer_of_a_unit_with_a_serial_is_identified_not_corrected() -> None:
    command = but(CORRECT_EVENT, target_version=1, field="manufacturer", is_="Bolt")
    given(OPENED).when(command).then_rejected("unknown-reference")
    assert given(but(OPENED, serial=None)).when(command).refusal is None


# notes, notices, host facts


def test_a_note_and_a_host_fact_are_recorded() -> None:
    given(OPENED).when(RECORD_NOTE).then(NOTED)
    given(OPENED).when(RECORD_HOST_FACT).then(HOST_FACT)


def test_a_notice_goes_out_once_per_clock_and_kind() -> None:
    given(OPENED).when(SEND_NOTICE).then(NOTICE_SENT)
    given(OPENED, NOTICE_SENT).when(SEND_NOTICE).then_rejected("already-on-record")
    given(OPENED, NOTICE_SENT).when(but(SEND_NOTICE, kind="breached")).then(but(NOTICE_SENT, kind="breached"))
    given(OPENED, NOTICE_SENT).when(but(SEND_NOTICE, clock="stay")).then(but(NOTICE_SENT, clock="stay"))


@pytest.mark.parametrize("other", [{"policy": "house"}, {"cycle": 2}, {"subject": "berlin#2"}], ids=str)
def test_clocks_of_one_name_in_another_policy_cycle_or_of_another_subject_have_notices_of_their_own(
    other: dict[str, object],
) -> None:
    of_first = but(NOTICE_SENT, policy="acme", cycle=1, subject="berlin")
    send = but(SEND_NOTICE, policy="acme", cycle=1, subject="berlin")
    given(OPENED, of_first).when(send).then_rejected("already-on-record")
    given(OPENED, of_first).when(but(send, **other)).then(but(of_first, **other))


def test_a_notice_that_names_its_cycle_goes_out_once_also_after_a_reopening() -> None:
    of_first = but(NOTICE_SENT, policy="acme", cycle=1)
    again = given(OPENED, of_first, CLOSED, REOPENED)
    again.when(but(SEND_NOTICE, policy="acme", cycle=1)).then_rejected("already-on-record")
    given(OPENED, NOTICE_SENT, CLOSED, REOPENED).when(SEND_NOTICE).then(NOTICE_SENT)


def test_a_notice_recorded_late_for_an_earlier_cycle_stands_in_no_ones_way() -> None:
    late = fact(NOTICE_SENT, at=hour(1))
    told = given(OPENED, fact(CLOSED, at=hour(2)), fact(REOPENED, at=hour(3)), late)
    told.when(SEND_NOTICE).then(NOTICE_SENT)


# from-the-future


def test_nothing_occurs_later_than_the_clock_allows() -> None:
    limit = hour(1) + timedelta(minutes=5)
    given(OPENED).when(but(RECORD_NOTE, occurred_at=limit)).then(NOTED)
    too_late = but(RECORD_NOTE, occurred_at=limit + timedelta(microseconds=1))
    given(OPENED).when(too_late).then_rejected("from-the-future")


def test_a_fact_earlier_than_the_one_before_is_normal() -> None:
    given(OPENED, RECEIVED).when(but(RECORD_NOTE, occurred_at=hour(-48))).then(NOTED)


# findings


def test_what_broke_a_rule_is_recorded_and_flagged() -> None:
    unfounded = given(OPENED, RECEIVED, REPAIR_STARTED)
    unfounded.when(COMPLETE_REPAIR).then_rejected("no-diagnosis-in-cycle")
    unfounded.when(finding(REPAIRED)).then_flagged("no-diagnosis-in-cycle")


def test_a_finding_says_who_found_it() -> None:
    decision = given(OPENED, RECEIVED, REPAIR_STARTED).when(finding(REPAIRED)).decision
    assert decision is not None
    assert (decision.events, decision.caused_by) == ((REPAIRED,), "finding:auditor:a-1")


def test_a_finding_carries_every_rule_that_was_broken() -> None:
    # Nobody received the unit, nobody looked, no state allows it, and a customer does no repairs.
    told = given(OPENED)
    told.when(finding(REPAIRED, by=Actor(id="cust-1", role="customer"))).then_flagged(
        "role-may-not", "illegal-transition", "not-received", "no-diagnosis-in-cycle"
    )


def test_a_finding_that_breaks_no_rule_has_no_flag() -> None:
    given(OPENED).when(finding(RECEIVED, by=RECEPTIONIST)).then(RECEIVED)


def test_a_finding_after_closure_is_flagged_and_not_refused() -> None:
    told = given(OPENED, RECEIVED, HANDED_BACK, CLOSED)
    told.when(finding(TESTED)).then_flagged("illegal-transition", "not-received")


def test_a_finding_of_a_refusal_without_a_look_is_recorded() -> None:
    given(OPENED, RECEIVED).when(finding(REFUSED)).then_flagged("refusal-without-look")


def test_a_finding_of_an_inspector_who_checked_their_own_work_is_recorded() -> None:
    own = (OPENED, RECEIVED, DIAGNOSED, fact(REPAIR_STARTED, by=INSPECTOR), REPAIRED)
    given(*own).when(finding(QC_PASSED, by=INSPECTOR)).then_flagged("inspector-did-the-work")


CYCLE_1 = (OPENED, RECEIVED, PINNED, TESTED, TESTED_UNDER_LOAD, DIAGNOSED, OUT_OF_WARRANTY, ESTIMATED, APPROVED)
CYCLE_2 = (*CYCLE_1, BILLED, HANDED_BACK, CLOSED, REOPENED, RECEIVED)
PAID_PART = but(PART_FITTED, cost=euros("1.00"), estimate_line="board")
IN_DISPUTE = (but(DISPUTED, parties=("manufacturer",)), CUSTOMERS_POSITION, MANUFACTURERS_POSITION)
OUT = but(REFUSED, ground="out_of_warranty")
TWICE = but(ESTIMATED, estimate_version=2, lines=ESTIMATED.lines[1:2] * 2)


@pytest.mark.parametrize(
    ("before", "event", "slug"),
    [
        (CYCLE_2, REPAIR_STARTED, "not-approved"),
        ((*CYCLE_2, REPAIR_STARTED), PAID_PART, "not-approved"),
        (CYCLE_2, NOTHING_FOUND, "tests-missing"),
        (CYCLE_1, TWICE, "already-on-record"),
        ((*CYCLE_1, BILLED), but(CREDITED, amount=euros("120.01")), "not-approved"),
        ((*CYCLE_1, BILLED), but(CREDITED, amount=FRANC), "not-approved"),
        (CYCLE_1, but(REPEAT_LINKED, previous_ticket=TICKET), "unknown-reference"),
        ((OPENED, RECEIVED, TESTED, IN_WARRANTY), OUT, "one-person-moved-warranty"),
        ((*CYCLE_1, *IN_DISPUTE), but(VERDICT, by="r-1"), "judge-in-own-case"),
        ((*CYCLE_1, IN_DISPUTE[0]), VERDICT, "verdict-without-positions"),
    ],
)
def test_a_finding_of_what_the_rules_refuse_is_recorded_and_flagged(
    before: tuple[Event, ...], event: Event, slug: str
) -> None:
    given(*before).when(finding(event, by=UNKNOWN)).then_flagged(slug)


FRANC_LINE = but(BILLED.lines[0], amount=FRANC)
MALFORMED = [
    but(DIAGNOSED, findings=()),
    but(ESTIMATED, estimate_version=2, lines=()),
    but(APPROVED, lines=()),
    but(BILLED, bill_id="B-2", lines=()),
    but(BILLED, bill_id="B-2", lines=(BILLED.lines[0], FRANC_LINE)),
    but(DISPUTED, parties=()),
    but(CUSTOMERS_POSITION, statement=None),
    but(CUSTOMERS_POSITION, is_silence=True),
    but(VERDICT, shares=(e.Share(party="seller", percent=Decimal(1)),)),
]


@pytest.mark.parametrize("event", MALFORMED, ids=range(len(MALFORMED)))
def test_what_no_command_may_say_a_finding_puts_on_record_and_the_ticket_bears_it(event: Event) -> None:
    told = given(*CYCLE_1, *IN_DISPUTE)
    decision = told.when(finding(event, by=UNKNOWN)).decision
    assert decision is not None
    assert decision.events == (event,)
    ticket = given(*CYCLE_1, *IN_DISPUTE, *decision.events, CREDITED, PAID_PART, PAID).ticket
    assert ticket.version == len(told.history) + 4
    assert [bill.charged_to_customer >= 0 for bill in ticket.bills.values()] == [True] * len(ticket.bills)


def test_a_finding_of_a_bill_in_two_currencies_is_flagged() -> None:
    mixed = but(BILLED, lines=(BILLED.lines[0], FRANC_LINE))
    given(*CYCLE_1).when(finding(mixed, by=UNKNOWN)).then_flagged("not-approved")


def test_a_finding_in_the_future_is_recorded_and_flagged() -> None:
    given(OPENED).when(finding(NOTED, occurred_at=hour(48))).then_flagged("from-the-future")


def test_not_even_a_finding_takes_another_tickets_number() -> None:
    given().where(number_holder=OTHER_TICKET).when(finding(OPENED, by=RECEPTIONIST)).then_rejected("number-taken")


def test_a_finding_of_a_second_open_ticket_for_one_unit_is_recorded() -> None:
    told = given().where(unit_open_on=OTHER_TICKET)
    told.when(finding(OPENED, by=RECEPTIONIST)).then_flagged("unit-already-open")


@pytest.mark.parametrize("found_by", [MANAGER, AUDITOR, DISPUTE_OFFICER], ids=lambda actor: actor.role)
def test_a_finding_is_made_by_those_who_may(found_by: Actor) -> None:
    given(OPENED).when(finding(PROMISED, found_by=found_by)).then_flagged("may-not-promise")


@pytest.mark.parametrize("found_by", [TECHNICIAN, RECEPTIONIST, UNKNOWN], ids=lambda actor: actor.role)
def test_nobody_else_makes_a_finding(found_by: Actor) -> None:
    given(OPENED).when(finding(PROMISED, found_by=found_by)).then_rejected("role-may-not")


def test_who_did_it_may_be_unknown() -> None:
    given(OPENED).when(finding(RECEIVED, by=UNKNOWN)).then(RECEIVED)


@pytest.mark.parametrize("event", [CORRECTED, RETRACTED], ids=lambda event: type(event).__name__)
def test_a_correction_or_retraction_is_no_finding(event: Event) -> None:
    with pytest.raises(BadInput, match="changes the record, it does not happen"):
        finding(event, by=RECEPTIONIST)


def test_only_a_fact_of_a_ticket_is_found() -> None:
    with pytest.raises(BadInput, match="StandardPublished is no fact of a ticket"):
        finding(STANDARD)


def test_the_opening_too_is_refused_from_an_unknown_role() -> None:
    given().when(but(OPEN_TICKET, actor=UNKNOWN)).then_rejected("role-may-not")
