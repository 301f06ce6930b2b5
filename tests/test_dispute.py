"""Dispute: parties differ, state where they stand, and somebody who is not judge in their own case decides."""

import pytest

from tests.examples import (
    APPEAL_VERDICT,
    APPEALED,
    CLOSE_DISPUTE,
    CUSTOMERS_POSITION,
    DISPUTE_CLOSED,
    DISPUTED,
    EVIDENCE_SUBMITTED,
    EXPERT,
    HOLD_JOINT_INSPECTION,
    IN_WARRANTY,
    INSPECTED_JOINTLY,
    ISSUE_VERDICT,
    MANAGER,
    MANUFACTURERS_POSITION,
    NO_STANDARD,
    OPEN_DISPUTE,
    OPENED,
    PINNED,
    RECEIVED,
    STATE_POSITION,
    SUBMIT_EVIDENCE,
    VERDICT,
    but,
)
from tests.spec import fact, given, hour

HEARD = (OPENED, DISPUTED, PINNED, CUSTOMERS_POSITION, MANUFACTURERS_POSITION)
SILENCE = but(MANUFACTURERS_POSITION, statement=None, is_silence=True, deadline=hour(3))


def test_a_party_opens_a_dispute() -> None:
    given(OPENED).when(OPEN_DISPUTE).then(DISPUTED)


def test_a_dispute_is_opened_once_under_its_id() -> None:
    given(OPENED, DISPUTED).when(OPEN_DISPUTE).then_rejected("already-on-record")
    given(OPENED, DISPUTED).when(but(OPEN_DISPUTE, dispute_id="D-2")).then(but(DISPUTED, dispute_id="D-2"))


def test_a_dispute_is_about_a_fact_of_this_ticket() -> None:
    given(OPENED, RECEIVED).when(but(OPEN_DISPUTE, about_version=2)).then(but(DISPUTED, about_version=2))
    given(OPENED, RECEIVED).when(but(OPEN_DISPUTE, about_version=3)).then_rejected("unknown-reference")


def test_a_position_is_stated_in_a_dispute_that_exists() -> None:
    given(OPENED, DISPUTED).when(STATE_POSITION).then(CUSTOMERS_POSITION)
    given(OPENED).when(STATE_POSITION).then_rejected("unknown-reference")


def test_evidence_may_belong_to_a_dispute_or_to_none() -> None:
    given(OPENED, DISPUTED).when(SUBMIT_EVIDENCE).then(EVIDENCE_SUBMITTED)
    given(OPENED).when(SUBMIT_EVIDENCE).then_rejected("unknown-reference")
    given(OPENED).when(but(SUBMIT_EVIDENCE, dispute_id=None)).then(but(EVIDENCE_SUBMITTED, dispute_id=None))


def test_evidence_is_submitted_once_under_its_id() -> None:
    given(OPENED, DISPUTED, EVIDENCE_SUBMITTED).when(SUBMIT_EVIDENCE).then_rejected("already-on-record")


def test_the_parties_look_together_in_a_dispute_that_exists() -> None:
    given(OPENED, DISPUTED).when(HOLD_JOINT_INSPECTION).then(INSPECTED_JOINTLY)
    given(OPENED).when(HOLD_JOINT_INSPECTION).then_rejected("unknown-reference")


# verdict-without-positions


def test_a_dispute_is_decided_when_everybody_was_heard() -> None:
    given(*HEARD).when(ISSUE_VERDICT).then(VERDICT)


@pytest.mark.parametrize("position", [CUSTOMERS_POSITION, MANUFACTURERS_POSITION], ids=["customer", "manufacturer"])
def test_nothing_is_decided_while_a_party_was_not_heard(position: object) -> None:
    told = [each for each in HEARD if each is not position]
    given(*told).when(ISSUE_VERDICT).then_rejected("verdict-without-positions")


def test_nothing_is_decided_without_a_standard_or_the_statement_that_none_applies() -> None:
    told = [each for each in HEARD if each is not PINNED]
    given(*told).when(ISSUE_VERDICT).then_rejected("verdict-without-positions")
    given(*told, NO_STANDARD).when(ISSUE_VERDICT).then(VERDICT)


def test_recorded_silence_after_the_deadline_stands_for_a_position() -> None:
    # The silence, version 5, occurs at hour 4; the deadline was hour 3.
    given(OPENED, DISPUTED, PINNED, CUSTOMERS_POSITION, SILENCE).when(ISSUE_VERDICT).then(VERDICT)


@pytest.mark.parametrize("deadline", [hour(4), None], ids=["not-passed", "none-set"])
def test_silence_before_the_deadline_is_no_position(deadline: object) -> None:
    early = but(SILENCE, deadline=deadline)
    told = given(OPENED, DISPUTED, PINNED, CUSTOMERS_POSITION, early)
    told.when(ISSUE_VERDICT).then_rejected("verdict-without-positions")


def test_who_raised_the_dispute_is_a_party_to_it() -> None:
    told = given(OPENED, but(DISPUTED, parties=("manufacturer",)), PINNED, MANUFACTURERS_POSITION)
    told.when(ISSUE_VERDICT).then_rejected("verdict-without-positions")


def test_a_position_in_another_dispute_counts_there_only() -> None:
    second = but(DISPUTED, dispute_id="D-2")
    given(*HEARD, second).when(but(ISSUE_VERDICT, dispute_id="D-2")).then_rejected("verdict-without-positions")


# judge-in-own-case


def test_the_judge_is_not_the_one_whose_decision_is_disputed() -> None:
    by_manager = (fact(IN_WARRANTY, by=MANAGER), but(DISPUTED, about_version=2))
    told = given(OPENED, *by_manager, PINNED, CUSTOMERS_POSITION, MANUFACTURERS_POSITION)
    told.when(but(ISSUE_VERDICT, by="m-1")).then_rejected("judge-in-own-case")
    told.when(but(ISSUE_VERDICT, actor=MANAGER)).then_rejected("judge-in-own-case")
    told.when(ISSUE_VERDICT).then(VERDICT)


def test_whoever_did_something_else_on_the_ticket_may_judge() -> None:
    told = given(
        OPENED,
        fact(IN_WARRANTY, by=MANAGER),
        fact(RECEIVED, by=EXPERT),
        but(DISPUTED, about_version=2),
        PINNED,
        CUSTOMERS_POSITION,
        MANUFACTURERS_POSITION,
    )
    told.when(ISSUE_VERDICT).then(VERDICT)


# after the verdict


def test_a_verdict_is_about_a_dispute_that_exists() -> None:
    given(OPENED, PINNED).when(ISSUE_VERDICT).then_rejected("unknown-reference")


def test_a_closed_dispute_is_not_decided_again() -> None:
    given(*HEARD, VERDICT, DISPUTE_CLOSED).when(ISSUE_VERDICT).then_rejected("already-on-record")


def test_only_a_verdict_is_appealed() -> None:
    given(*HEARD, VERDICT).when(APPEAL_VERDICT).then(APPEALED)
    given(*HEARD).when(APPEAL_VERDICT).then_rejected("unknown-reference")
    given(OPENED).when(APPEAL_VERDICT).then_rejected("unknown-reference")


def test_an_appeal_opens_the_dispute_again() -> None:
    given(*HEARD, VERDICT, DISPUTE_CLOSED, APPEALED).when(ISSUE_VERDICT).then(VERDICT)


def test_a_dispute_closes_as_decided_only_after_a_verdict() -> None:
    given(*HEARD, VERDICT).when(CLOSE_DISPUTE).then(DISPUTE_CLOSED)
    given(*HEARD).when(CLOSE_DISPUTE).then_rejected("unknown-reference")


@pytest.mark.parametrize("how", ["settled", "withdrawn"])
def test_a_dispute_is_settled_or_withdrawn_without_a_verdict(how: str) -> None:
    given(*HEARD).when(but(CLOSE_DISPUTE, how=how)).then(but(DISPUTE_CLOSED, how=how))


def test_a_dispute_closes_once() -> None:
    given(*HEARD, VERDICT, DISPUTE_CLOSED).when(CLOSE_DISPUTE).then_rejected("already-on-record")


def test_only_a_dispute_that_exists_is_closed() -> None:
    given(OPENED).when(CLOSE_DISPUTE).then_rejected("unknown-reference")
