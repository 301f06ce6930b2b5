"""Claim: what the company asks of the manufacturer, and what it gets."""

from tests.examples import CLAIM_DECIDED, CLAIMED, DECIDE_CLAIM, OPENED, SUBMIT_CLAIM, but, euros
from tests.spec import given


def test_the_company_claims_payment_once_under_one_id() -> None:
    given(OPENED).when(SUBMIT_CLAIM).then(CLAIMED)
    given(OPENED, CLAIMED).when(SUBMIT_CLAIM).then_rejected("already-on-record")
    given(OPENED, CLAIMED).when(but(SUBMIT_CLAIM, claim_id="C-2")).then(but(CLAIMED, claim_id="C-2"))


def test_only_a_claim_that_was_submitted_is_decided() -> None:
    given(OPENED, CLAIMED).when(DECIDE_CLAIM).then(CLAIM_DECIDED)
    given(OPENED).when(DECIDE_CLAIM).then_rejected("unknown-reference")
    given(OPENED, CLAIMED).when(but(DECIDE_CLAIM, claim_id="C-2")).then_rejected("unknown-reference")


def test_a_later_lower_decision_is_a_charge_back_and_stands() -> None:
    charge_back = but(CLAIM_DECIDED, amount_approved=euros("5.00"))
    given(OPENED, CLAIMED, CLAIM_DECIDED).when(but(DECIDE_CLAIM, amount_approved=euros("5.00"))).then(charge_back)
    assert given(OPENED, CLAIMED, CLAIM_DECIDED, charge_back).ticket.claims["C-1"].amount_approved == euros("5.00")
