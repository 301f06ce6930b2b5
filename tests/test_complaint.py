"""Complaint: what went wrong in the customer's eyes; nobody's consent is needed, at any time."""

from typing import get_args

import pytest

from tests.examples import (
    ACKNOWLEDGE_COMPLAINT,
    ACKNOWLEDGED,
    CLOSED,
    COMPLAINED,
    HANDED_BACK,
    OPENED,
    RATE_SATISFACTION,
    RATED,
    RECEIVE_COMPLAINT,
    RECEIVED,
    RESOLVE_COMPLAINT,
    RESOLVED,
    but,
)
from tests.spec import given, hour
from ticketing.domain.errors import BadInput
from ticketing.domain.values import Actor, Role

OVER = (OPENED, RECEIVED, HANDED_BACK, CLOSED)


def test_a_complaint_is_received_before_and_after_closure() -> None:
    given(OPENED).when(RECEIVE_COMPLAINT).then(COMPLAINED)
    given(*OVER).when(RECEIVE_COMPLAINT).then(COMPLAINED)


@pytest.mark.parametrize("role", [role for role in get_args(Role) if role != "unknown"])
def test_anybody_may_put_a_complaint_on_record(role: Role) -> None:
    given(*OVER).when(but(RECEIVE_COMPLAINT, actor=Actor(id="p-1", role=role))).then(COMPLAINED)


def test_a_complaint_does_not_reopen_the_case() -> None:
    ticket = given(*OVER, COMPLAINED).ticket
    assert (ticket.case, ticket.cycle) == ("closed", 1)


def test_a_complaint_is_received_once_under_its_id() -> None:
    given(OPENED, COMPLAINED).when(RECEIVE_COMPLAINT).then_rejected("already-on-record")
    given(OPENED, COMPLAINED).when(but(RECEIVE_COMPLAINT, complaint_id="K-2")).then(but(COMPLAINED, complaint_id="K-2"))


def test_only_a_complaint_that_was_received_is_acknowledged() -> None:
    given(OPENED, COMPLAINED).when(ACKNOWLEDGE_COMPLAINT).then(ACKNOWLEDGED)
    given(OPENED).when(ACKNOWLEDGE_COMPLAINT).then_rejected("unknown-reference")


def test_only_a_complaint_that_was_received_is_resolved() -> None:
    given(OPENED, COMPLAINED).when(RESOLVE_COMPLAINT).then(RESOLVED)
    given(OPENED).when(RESOLVE_COMPLAINT).then_rejected("unknown-reference")


def test_a_complaint_shows_how_far_it_came() -> None:
    complaint = given(OPENED, COMPLAINED, ACKNOWLEDGED, RESOLVED).ticket.complaints["K-1"]
    assert (complaint.received_at, complaint.acknowledged_at, complaint.resolved_at) == (hour(1), hour(2), hour(3))
    assert complaint.is_upheld is True


def test_the_customer_rates_from_one_to_five() -> None:
    given(*OVER).when(RATE_SATISFACTION).then(RATED)
    for rating in (1, 5):
        assert but(RATE_SATISFACTION, rating=rating).rating == rating
    for rating in (0, 6):
        with pytest.raises(BadInput, match=r"RateSatisfaction\.rating: "):
            but(RATE_SATISFACTION, rating=rating)
