"""Estimate: what the repair would cost, line by line, and what the customer approved of it."""

from datetime import timedelta

import pytest

from tests.examples import (
    APPROVE_ESTIMATE,
    APPROVED,
    DECLINE_ESTIMATE,
    DECLINED,
    DIAGNOSED,
    ESTIMATED,
    ISSUE_ESTIMATE,
    OPENED,
    RECEIVED,
    REPAIR_STARTED,
    but,
)
from tests.spec import given, hour
from ticketing.domain.errors import BadInput

QUOTED = (OPENED, RECEIVED, DIAGNOSED, ESTIMATED)
SECOND = but(ESTIMATED, estimate_version=2)


def test_the_customer_gets_an_estimate() -> None:
    given(OPENED, RECEIVED, DIAGNOSED).when(ISSUE_ESTIMATE).then(ESTIMATED)


def test_an_estimate_quotes_only_what_the_diagnosis_found() -> None:
    given(OPENED, RECEIVED).when(ISSUE_ESTIMATE).then_rejected("unknown-reference")
    by_the_way = tuple(line for line in ESTIMATED.lines if line.finding_id is None)
    given(OPENED, RECEIVED).when(but(ISSUE_ESTIMATE, lines=by_the_way)).then(but(ESTIMATED, lines=by_the_way))


def test_the_versions_of_an_estimate_are_counted_without_gaps() -> None:
    given(OPENED, RECEIVED, DIAGNOSED).when(but(ISSUE_ESTIMATE, estimate_version=2)).then_rejected("already-on-record")
    given(*QUOTED).when(ISSUE_ESTIMATE).then_rejected("already-on-record")
    given(*QUOTED).when(but(ISSUE_ESTIMATE, estimate_version=2)).then(SECOND)


def test_a_line_stands_once_in_an_estimate() -> None:
    (board, labour, _) = ESTIMATED.lines
    told = given(OPENED, RECEIVED, DIAGNOSED)
    twice = (board, but(labour, line_id="board"))
    told.when(but(ISSUE_ESTIMATE, lines=twice)).then_rejected("already-on-record")
    told.when(but(ISSUE_ESTIMATE, lines=(board, labour))).then(but(ESTIMATED, lines=(board, labour)))


def test_an_estimate_and_an_approval_have_a_line() -> None:
    with pytest.raises(BadInput, match=r"IssueEstimate\.lines: "):
        but(ISSUE_ESTIMATE, lines=())
    with pytest.raises(BadInput, match=r"ApproveEstimate\.lines: "):
        but(APPROVE_ESTIMATE, lines=())


def test_the_customer_approves_the_latest_version() -> None:
    given(*QUOTED).when(APPROVE_ESTIMATE).then(APPROVED)
    given(*QUOTED, SECOND).when(but(APPROVE_ESTIMATE, estimate_version=2)).then(but(APPROVED, estimate_version=2))


def test_a_superseded_version_cannot_be_approved() -> None:
    given(*QUOTED, SECOND).when(APPROVE_ESTIMATE).then_rejected("not-approved")


def test_a_version_can_be_approved_until_it_expires() -> None:
    assert ESTIMATED.valid_until is not None
    just_then = but(APPROVE_ESTIMATE, occurred_at=ESTIMATED.valid_until)
    too_late = but(APPROVE_ESTIMATE, occurred_at=ESTIMATED.valid_until + timedelta(microseconds=1))
    later = given(*QUOTED).where(now=ESTIMATED.valid_until + timedelta(days=1))
    later.when(just_then).then(APPROVED)
    later.when(too_late).then_rejected("not-approved")


def test_a_version_without_an_end_does_not_expire() -> None:
    endless = but(ESTIMATED, valid_until=None)
    years_later = given(OPENED, RECEIVED, DIAGNOSED, endless).where(now=hour(24 * 3000))
    years_later.when(APPROVE_ESTIMATE).then(APPROVED)


def test_only_lines_of_the_version_are_approved() -> None:
    given(*QUOTED).when(but(APPROVE_ESTIMATE, lines=("board", "gold"))).then_rejected("not-approved")
    given(*QUOTED).when(but(APPROVE_ESTIMATE, lines=("board",))).then(but(APPROVED, lines=("board",)))


def test_an_estimate_that_was_never_issued_is_neither_approved_nor_declined() -> None:
    given(OPENED, RECEIVED).when(APPROVE_ESTIMATE).then_rejected("unknown-reference")
    given(OPENED, RECEIVED).when(DECLINE_ESTIMATE).then_rejected("unknown-reference")


def test_a_declined_estimate_ends_the_work() -> None:
    given(*QUOTED).when(DECLINE_ESTIMATE).then(DECLINED)
    assert given(*QUOTED, DECLINED).ticket.work_has_ended


def test_declining_does_not_end_a_repair_that_is_under_way() -> None:
    ticket = given(*QUOTED, APPROVED, REPAIR_STARTED, DECLINED).ticket
    assert (ticket.work, ticket.work_has_ended) == ("repairing", False)


def test_declining_takes_the_approval_back() -> None:
    assert given(*QUOTED, APPROVED).ticket.approved_estimate is not None
    assert given(*QUOTED, APPROVED, DECLINED).ticket.approved_estimate is None


def test_a_customer_who_declined_may_approve_after_all() -> None:
    given(*QUOTED, DECLINED).when(APPROVE_ESTIMATE).then(APPROVED)
    assert given(*QUOTED, DECLINED, APPROVED).ticket.approved_estimate is not None
