"""Routing: the ticket is assigned, the unit travels, sites ask each other for things, people talk to the customer."""

from tests.examples import (
    ANSWER_REQUEST,
    ANSWERED,
    ARRIVED,
    ASSIGN_TICKET,
    ASSIGNED,
    CONTACTED,
    DISPATCH_UNIT,
    DISPATCHED,
    HANDED_BACK,
    MAKE_REQUEST,
    OPENED,
    RECEIVED,
    RECORD_ARRIVAL,
    RECORD_CONTACT,
    REQUESTED,
    but,
)
from tests.spec import given


def test_a_ticket_is_given_to_a_site_and_a_person() -> None:
    given(OPENED).when(ASSIGN_TICKET).then(ASSIGNED)
    ticket = given(OPENED, ASSIGNED).ticket
    assert (ticket.assigned_site, ticket.assigned_person) == ("berlin", "t-1")


def test_only_a_unit_in_the_house_leaves_it() -> None:
    given(OPENED, RECEIVED).when(DISPATCH_UNIT).then(DISPATCHED)
    given(OPENED).when(DISPATCH_UNIT).then_rejected("illegal-transition")
    given(OPENED, RECEIVED, DISPATCHED).when(DISPATCH_UNIT).then_rejected("illegal-transition")
    given(OPENED, RECEIVED, HANDED_BACK).when(DISPATCH_UNIT).then_rejected("illegal-transition")


def test_only_a_unit_on_its_way_arrives() -> None:
    given(OPENED, RECEIVED, DISPATCHED).when(RECORD_ARRIVAL).then(ARRIVED)
    given(OPENED, RECEIVED).when(RECORD_ARRIVAL).then_rejected("illegal-transition")


def test_a_unit_on_its_way_is_at_no_site() -> None:
    assert given(OPENED, RECEIVED).ticket.unit_site == "berlin"
    assert given(OPENED, RECEIVED, DISPATCHED).ticket.unit_site is None
    assert given(OPENED, RECEIVED, DISPATCHED, ARRIVED).ticket.unit_site == "leipzig"


def test_a_request_is_made_once() -> None:
    given(OPENED).when(MAKE_REQUEST).then(REQUESTED)
    given(OPENED, REQUESTED).when(MAKE_REQUEST).then_rejected("already-on-record")


def test_another_request_is_another_request() -> None:
    given(OPENED, REQUESTED).when(but(MAKE_REQUEST, request_id="q-2")).then(but(REQUESTED, request_id="q-2"))


def test_only_a_request_that_was_made_is_answered() -> None:
    given(OPENED, REQUESTED).when(ANSWER_REQUEST).then(ANSWERED)
    given(OPENED).when(ANSWER_REQUEST).then_rejected("unknown-reference")
    given(OPENED, REQUESTED).when(but(ANSWER_REQUEST, request_id="q-2")).then_rejected("unknown-reference")


def test_a_contact_is_recorded() -> None:
    given(OPENED).when(RECORD_CONTACT).then(CONTACTED)
