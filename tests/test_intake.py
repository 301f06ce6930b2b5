"""Intake: a case is opened, the unit comes in and is identified, papers arrive, a date is promised."""

import pytest

from tests.examples import (
    CASHIER,
    COMPLAINT_OFFICER,
    COMPLETE_PAPERWORK,
    DISPATCHER,
    HANDED_BACK,
    IDENTIFIED,
    IDENTIFY_UNIT,
    INSPECTOR,
    LINK_REPEAT,
    MAKE_PROMISE,
    MANAGER,
    OPEN_TICKET,
    OPENED,
    OTHER_TICKET,
    PAPERWORK_COMPLETED,
    PROMISED,
    PROOF_RECORDED,
    RECEIVE_UNIT,
    RECEIVED,
    RECEPTIONIST,
    RECORD_PROOF,
    REPEAT_LINKED,
    TECHNICIAN,
    TICKET,
    but,
)
from tests.spec import given
from ticketing.domain.values import Actor


def test_a_case_is_opened() -> None:
    given().when(OPEN_TICKET).then(OPENED)


def test_a_ticket_is_opened_once() -> None:
    given(OPENED).when(OPEN_TICKET).then_rejected("illegal-transition")


def test_a_number_that_another_ticket_has_is_taken() -> None:
    given().where(number_holder=OTHER_TICKET).when(OPEN_TICKET).then_rejected("number-taken")


def test_a_number_that_only_this_ticket_has_is_free() -> None:
    given().where(number_holder=TICKET).when(OPEN_TICKET).then(OPENED)


def test_a_unit_has_one_open_ticket_at_a_time() -> None:
    given().where(unit_open_on=OTHER_TICKET).when(OPEN_TICKET).then_rejected("unit-already-open")


def test_the_open_ticket_of_the_unit_may_be_this_one() -> None:
    given().where(unit_open_on=TICKET).when(OPEN_TICKET).then(OPENED)


def test_a_late_identification_may_not_name_a_unit_that_is_open_elsewhere() -> None:
    given(OPENED).where(unit_open_on=OTHER_TICKET).when(IDENTIFY_UNIT).then_rejected("unit-already-open")


def test_a_late_identification_of_this_tickets_own_unit_is_recorded() -> None:
    given(OPENED).where(unit_open_on=TICKET).when(IDENTIFY_UNIT).then(IDENTIFIED)


def test_an_identification_keeps_what_it_does_not_name() -> None:
    ticket = given(OPENED, IDENTIFIED).ticket
    assert (ticket.manufacturer, ticket.model, ticket.serial) == ("ACME", "P7", IDENTIFIED.serial)
    assert ticket.manufactured_on == IDENTIFIED.manufactured_on


def test_a_unit_is_received_once() -> None:
    given(OPENED).when(RECEIVE_UNIT).then(RECEIVED)
    given(OPENED, RECEIVED).when(RECEIVE_UNIT).then_rejected("illegal-transition")


def test_a_unit_that_was_handed_back_may_come_again() -> None:
    given(OPENED, RECEIVED, HANDED_BACK).when(RECEIVE_UNIT).then(RECEIVED)


def test_nothing_is_received_before_the_case_is_opened() -> None:
    given().when(RECEIVE_UNIT).then_rejected("illegal-transition")


def test_papers_missing_at_receipt_come_later() -> None:
    told = given(OPENED, but(RECEIVED, paperwork_complete=False))
    assert told.ticket.paperwork_complete is False
    told.when(COMPLETE_PAPERWORK).then(PAPERWORK_COMPLETED)
    assert told.and_then(COMPLETE_PAPERWORK).ticket.paperwork_complete is True


def test_a_proof_of_purchase_is_recorded() -> None:
    given(OPENED).when(RECORD_PROOF).then(PROOF_RECORDED)
    assert given(OPENED, PROOF_RECORDED).ticket.purchased_on == PROOF_RECORDED.purchased_on


@pytest.mark.parametrize("actor", [RECEPTIONIST, DISPATCHER, MANAGER, COMPLAINT_OFFICER], ids=lambda actor: actor.role)
def test_a_promise_is_made_by_those_who_may(actor: Actor) -> None:
    given(OPENED).when(but(MAKE_PROMISE, actor=actor)).then(PROMISED)


@pytest.mark.parametrize("actor", [TECHNICIAN, INSPECTOR, CASHIER], ids=lambda actor: actor.role)
def test_nobody_else_makes_a_promise(actor: Actor) -> None:
    given(OPENED).when(but(MAKE_PROMISE, actor=actor)).then_rejected("may-not-promise")


def test_a_later_promise_replaces_the_earlier() -> None:
    later = but(PROMISED, due_at="2026-03-20T12:00:00Z")
    assert given(OPENED, PROMISED, later).ticket.promised_at == later.due_at


def test_a_case_is_no_repeat_of_itself() -> None:
    given(OPENED).when(but(LINK_REPEAT, previous_ticket=TICKET)).then_rejected("unknown-reference")


def test_a_case_is_linked_to_an_earlier_one_of_the_same_unit() -> None:
    given(OPENED).when(LINK_REPEAT).then(REPEAT_LINKED)
    assert given(OPENED, REPEAT_LINKED).ticket.previous_ticket == OTHER_TICKET
