"""Claim: what the company asks of the manufacturer, and what it gets."""

from decimal import Decimal

import pytest

from tests.examples import (
    CLAIM_DECIDED,
    CLAIMED,
    CORRECT_EVENT,
    DECIDE_CLAIM,
    DISPUTED,
    OPENED,
    SUBMIT_CLAIM,
    WARRANTY_OFFICER,
    but,
    euros,
)
from tests.spec import given
from ticketing.domain.errors import BadInput
from ticketing.domain.events import ClaimLine
from ticketing.domain.values import Money


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


def test_a_decision_is_never_over_the_claim_nor_in_another_currency() -> None:
    given(OPENED, CLAIMED).when(but(DECIDE_CLAIM, amount_approved=euros("30.01"))).then_rejected("not-approved")
    foreign = Money(amount=Decimal("25.00"), currency="CHF")
    given(OPENED, CLAIMED).when(but(DECIDE_CLAIM, amount_approved=foreign)).then_rejected("not-approved")
    in_full = but(DECIDE_CLAIM, amount_approved=euros("30.00"))
    given(OPENED, CLAIMED).when(in_full).then(but(CLAIM_DECIDED, amount_approved=euros("30.00")))


@pytest.mark.parametrize("lines", [("10.00", "19.99"), ("30.01",)], ids=str)
def test_the_lines_of_a_claim_make_its_amount(lines: tuple[str, ...]) -> None:
    of_claim = tuple(ClaimLine(line_id=f"l-{number}", amount=euros(line)) for number, line in enumerate(lines))
    with pytest.raises(BadInput, match=r"SubmitClaim\.amount: the lines of a claim make its amount"):
        but(SUBMIT_CLAIM, lines=of_claim)
    given(OPENED).when(but(SUBMIT_CLAIM, lines=())).then(but(CLAIMED, lines=()))


def test_a_claim_after_a_dispute_names_one_that_exists() -> None:
    after = but(SUBMIT_CLAIM, dispute_id="D-1", to_party="insurer")
    given(OPENED, DISPUTED).when(after).then(but(CLAIMED, dispute_id="D-1", to_party="insurer"))
    given(OPENED).when(after).then_rejected("unknown-reference")


def test_whom_a_claim_is_to_decides_it_or_whoever_entered_that_names_them() -> None:
    told = given(OPENED, CLAIMED)
    told.when(but(DECIDE_CLAIM, actor=WARRANTY_OFFICER)).then_rejected("role-may-not")
    insurers = given(OPENED, but(CLAIMED, to_party="insurer"))
    insurers.when(DECIDE_CLAIM).then_rejected("role-may-not")


@pytest.mark.parametrize("party", ["customer", "company", "expert"])
def test_nothing_is_claimed_from_those_who_bear_no_repair_for_others(party: str) -> None:
    with pytest.raises(BadInput, match="to_party"):
        but(SUBMIT_CLAIM, to_party=party)


def test_a_correction_approves_no_more_than_was_claimed() -> None:
    said = {"target_version": 3, "field": "amount_approved.amount", "actor": WARRANTY_OFFICER, "approved_by": "m-1"}
    told = given(OPENED, CLAIMED, CLAIM_DECIDED)
    told.when(but(CORRECT_EVENT, **said, is_="5000.00")).then_rejected("unknown-reference")
    assert told.when(but(CORRECT_EVENT, **said, is_="30.00")).refusal is None


def test_who_entered_a_decision_says_for_whom_and_keeps_the_hash_of_the_letter() -> None:
    entered = {"on_behalf_of": "acme", "letter_hash": "cd" * 32}
    told = given(OPENED, CLAIMED)
    told.when(but(DECIDE_CLAIM, actor=WARRANTY_OFFICER, **entered)).then(but(CLAIM_DECIDED, **entered))


@pytest.mark.parametrize(
    ("approved", "charged_back"),
    [
        (("25.00",), None),
        (("25.00", "5.00"), "20.00"),
        (("25.00", "5.00", "0.00"), "25.00"),
        (("25.00", "5.00", "15.00"), "10.00"),  # what was given back is charged back no more
        (("5.00", "25.00"), None),
    ],
    ids=str,
)
def test_what_was_charged_back_is_what_is_left_of_the_most_ever_approved(
    approved: tuple[str, ...], charged_back: str | None
) -> None:
    decisions = [but(CLAIM_DECIDED, amount_approved=euros(amount)) for amount in approved]
    claim = given(OPENED, CLAIMED, *decisions).ticket.claims["C-1"]
    assert [it.decided.amount_approved for it in claim.decisions] == [euros(amount) for amount in approved]
    assert [it.version for it in claim.decisions] == list(range(3, 3 + len(approved)))
    assert claim.charged_back == (None if charged_back is None else euros(charged_back))


def test_of_an_undecided_claim_nothing_was_charged_back() -> None:
    assert given(OPENED, CLAIMED).ticket.claims["C-1"].charged_back is None
