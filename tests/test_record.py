"""Record: corrections, retractions, notes, notices, host facts, and findings of what should not have happened."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from tests.examples import (
    AUDITOR,
    CLOSED,
    COMPLETE_REPAIR,
    CORRECT_EVENT,
    CORRECTED,
    DIAGNOSED,
    DISPUTE_OFFICER,
    HANDED_BACK,
    HOST_FACT,
    INSPECTOR,
    MANAGER,
    NOTED,
    NOTICE_SENT,
    OPEN_TICKET,
    OPENED,
    OTHER_TICKET,
    PROMISED,
    QC_PASSED,
    RECEIVED,
    RECEPTIONIST,
    RECORD_HOST_FACT,
    RECORD_NOTE,
    REFUSED,
    REPAIR_STARTED,
    REPAIRED,
    RETRACT_EVENT,
    RETRACTED,
    SEND_NOTICE,
    STANDARD,
    TECHNICIAN,
    TESTED,
    TICKET,
    UNKNOWN,
    but,
)
from tests.spec import Outcome, fact, given, hour
from ticketing.domain.events import EventCorrected
from ticketing.domain.record import CorrectEvent, RecordFinding
from ticketing.domain.values import Actor, Event, PrivateText


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


# notes, notices, host facts


def test_a_note_and_a_host_fact_are_recorded() -> None:
    given(OPENED).when(RECORD_NOTE).then(NOTED)
    given(OPENED).when(RECORD_HOST_FACT).then(HOST_FACT)


def test_a_notice_goes_out_once_per_clock_and_kind() -> None:
    given(OPENED).when(SEND_NOTICE).then(NOTICE_SENT)
    given(OPENED, NOTICE_SENT).when(SEND_NOTICE).then_rejected("already-on-record")
    given(OPENED, NOTICE_SENT).when(but(SEND_NOTICE, kind="breached")).then(but(NOTICE_SENT, kind="breached"))
    given(OPENED, NOTICE_SENT).when(but(SEND_NOTICE, clock="stay")).then(but(NOTICE_SENT, clock="stay"))


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
    with pytest.raises(ValueError, match="changes the record, it does not happen"):
        finding(event, by=RECEPTIONIST)


def test_only_a_fact_of_a_ticket_is_found() -> None:
    with pytest.raises(ValidationError, match="StandardPublished is no fact of a ticket"):
        finding(STANDARD)


def test_the_opening_too_is_refused_from_an_unknown_role() -> None:
    given().when(but(OPEN_TICKET, actor=UNKNOWN)).then_rejected("role-may-not")
