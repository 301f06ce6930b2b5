"""Consequences: what a verdict or a settlement calls for, proposed until a person has confirmed it.

The estimate of the examples: board 80.00 and labour 40.00 for the customer, battery 30.00 for the manufacturer; the
customer was billed 120.00.
"""

from decimal import Decimal

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from tests.examples import (
    APPEALED,
    APPROVED,
    BILLED,
    CLAIM_DECIDED,
    CLAIMED,
    CLOSED,
    CREDIT_BILL,
    CREDITED,
    CUSTOMERS_POSITION,
    DECLINED,
    DIAGNOSED,
    DISPUTE_CLOSED,
    DISPUTE_OFFICER,
    DISPUTED,
    ESTIMATED,
    HANDED_BACK,
    IN_WARRANTY,
    ISSUE_BILL,
    MANAGER,
    MANUFACTURERS_POSITION,
    OPENED,
    OUT_OF_WARRANTY,
    PAYERS_REVISED,
    PINNED,
    RECEIVED,
    REOPENED,
    REVISE_PAYERS,
    TICKET,
    VERDICT,
    but,
    euros,
)
from tests.spec import Fact, Given, given, hour
from ticketing.domain import events as e
from ticketing.domain.billing import CreditBill
from ticketing.domain.claim import SubmitClaim
from ticketing.domain.consequences import Proposal, consequences, leftovers
from ticketing.domain.diagnosis import ReviseEntitlement
from ticketing.domain.estimate import RevisePayers
from ticketing.domain.values import Event

BEFORE = (OPENED, RECEIVED, DIAGNOSED, OUT_OF_WARRANTY, ESTIMATED, APPROVED, BILLED)
DISPUTE = (DISPUTED, PINNED, CUSTOMERS_POSITION, MANUFACTURERS_POSITION)


def shares(**percent: int) -> tuple[e.Share, ...]:
    return tuple(e.Share.model_validate({"party": party, "percent": part}) for party, part in percent.items())


ALL_ON_THE_MANUFACTURER = VERDICT
DIVIDED = but(VERDICT, shares=shares(manufacturer=70, customer=30))
ALL_ON_THE_CUSTOMER = but(VERDICT, in_favour_of="manufacturer", shares=shares(customer=100))


def proposed(told: Given, dispute_id: str = "D-1") -> list[str]:
    return [proposal.summary for proposal in consequences(told.ticket, dispute_id)]


def confirmed(told: Given, *proposals: Proposal) -> Given:
    """What was proposed, confirmed by a manager, and what was for two approved by another."""
    for proposal in proposals:
        second = {"approved_by": "p-2"} if proposal.needs_second_person else {}
        told = told.and_then(proposal.command(MANAGER, TICKET, **second))
    return told


def bill(number: int, *lines: tuple[str | None, str, str]) -> e.BillIssued:
    """A bill of lines: which of the estimate, who pays, how much."""
    told = [
        {"line_id": str(place), "estimate_line": line, "reason": "a fee", "payer": payer, "amount": euros(amount)}
        for place, (line, payer, amount) in enumerate(lines)
    ]
    return e.BillIssued.model_validate({"bill_id": f"B-{number}", "lines": told})


def events_of(told: Given) -> list[Event]:
    return [fact.event for fact in told.history]


# what is proposed


def test_who_wins_all_pays_nothing_and_the_one_who_lost_pays() -> None:
    told = given(*BEFORE, *DISPUTE, ALL_ON_THE_MANUFACTURER)
    assert proposed(told) == [
        "revise the entitlement from none to warranty",
        "revise the payers of estimate 1: board 80.00 EUR by the manufacturer, labour 40.00 EUR by the manufacturer",
        "credit 120.00 EUR of bill B-1",
        "claim 120.00 EUR from the manufacturer (D-1-manufacturer to ACME)",
    ]


def test_shares_divide_what_the_one_who_raised_the_dispute_was_to_bear() -> None:
    # 70 % of 80.00 is 56.00, of 40.00 28.00, together 84.00. The battery was never the customer's: nobody disputes it.
    told = given(*BEFORE, *DISPUTE, DIVIDED)
    assert proposed(told) == [
        (
            "revise the payers of estimate 1: board 56.00 EUR by the manufacturer, board 24.00 EUR by the customer, "
            "labour 28.00 EUR by the manufacturer, labour 12.00 EUR by the customer"
        ),
        "credit 84.00 EUR of bill B-1",
        "claim 84.00 EUR from the manufacturer (D-1-manufacturer to ACME)",
    ]


def test_the_reason_says_what_was_decided() -> None:
    reasons = {it.reason for it in consequences(given(*BEFORE, *DISPUTE, DIVIDED).ticket, "D-1")}
    assert reasons == {"dispute D-1 was decided for the customer (manufacturer 70 %, customer 30 %)"}


def test_a_rounding_is_never_the_customers() -> None:
    # A third of 80.00 is 26.67 and two thirds 53.33: the customer bears 26.66 of the board, and 13.33 of the labour.
    third = but(
        VERDICT,
        shares=(
            e.Share(party="customer", percent=Decimal("33.333333")),
            e.Share(party="manufacturer", percent=Decimal("66.666667")),
        ),
    )
    payers, credit, claim = consequences(given(*BEFORE, *DISPUTE, third).ticket, "D-1")
    assert [str(part.amount.amount) for part in payers.fields["lines"]] == ["26.66", "53.34", "13.33", "26.67"]  # type: ignore[attr-defined]
    assert credit.fields["amount"] == claim.fields["amount"] == euros("80.01")


def test_whoever_loses_all_pays_and_what_was_free_needs_a_second_person_to_be_so_no_more() -> None:
    told = given(*BEFORE, IN_WARRANTY, *DISPUTE, ALL_ON_THE_CUSTOMER)
    (revised,) = consequences(told.ticket, "D-1")
    assert (revised.kind, revised.needs_second_person) == (ReviseEntitlement, True)
    told.when(revised.command(MANAGER, TICKET)).then_rejected("one-person-moved-warranty")
    assert confirmed(told, revised).ticket.entitlement == "none"


@pytest.mark.parametrize(
    ("ground", "becomes"),
    [
        ("criterion", "warranty"),
        ("fault_existence", "warranty"),
        ("repair_quality", "repair guarantee"),
        ("price", None),
        ("delay", None),
        ("custody_damage", None),
    ],
)
def test_the_ground_says_on_what_basis_the_repair_is_free(ground: str, becomes: str | None) -> None:
    told = given(OPENED, OUT_OF_WARRANTY, but(DISPUTED, ground=ground), *DISPUTE[1:], but(VERDICT, shares=()))
    assert proposed(told) == ([] if becomes is None else [f"revise the entitlement from none to {becomes}"])


def test_who_loses_over_the_quality_of_a_repair_has_not_lost_the_warranty() -> None:
    told = given(OPENED, IN_WARRANTY, but(DISPUTED, ground="repair_quality"), *DISPUTE[1:], ALL_ON_THE_CUSTOMER)
    assert proposed(told) == []


def test_a_customer_who_wins_without_shares_bears_nothing_and_the_one_other_party_does() -> None:
    told = given(*BEFORE, *DISPUTE, but(VERDICT, shares=()))
    assert proposed(told) == proposed(given(*BEFORE, *DISPUTE, ALL_ON_THE_MANUFACTURER))
    assert leftovers(told.ticket, "D-1") == ()


def test_of_several_who_lost_without_shares_somebody_says_who_bears_it() -> None:
    three = but(DISPUTED, parties=("company", "manufacturer"))
    told = given(*BEFORE, three, *DISPUTE[1:], but(VERDICT, shares=()))
    assert proposed(told) == ["revise the entitlement from none to warranty", "credit 120.00 EUR of bill B-1"]
    (left,) = leftovers(told.ticket, "D-1")
    assert left.startswith("shares are missing: the customer bears nothing")


def test_a_verdict_without_shares_on_what_says_nothing_of_the_cost_says_nothing_of_money() -> None:
    told = given(*BEFORE, but(DISPUTED, ground="delay"), *DISPUTE[1:], but(VERDICT, shares=()))
    assert proposed(told) == []
    against = but(VERDICT, shares=(), in_favour_of="manufacturer")
    assert proposed(given(*BEFORE, *DISPUTE, against)) == []


def test_nothing_is_revised_where_nothing_was_decided() -> None:
    assert proposed(given(OPENED, *DISPUTE, ALL_ON_THE_MANUFACTURER)) == []


def test_a_fee_beside_the_estimate_is_divided_too() -> None:
    # 25.00 was billed for the look; 70 % of it are 17.50.
    fee = bill(1, (None, "customer", "25.00"))
    both = but(DISPUTED, parties=("company", "manufacturer"))
    verdict = but(VERDICT, shares=shares(manufacturer=70, company=30))
    told = given(OPENED, OUT_OF_WARRANTY, fee, both, *DISPUTE[1:], verdict)
    assert proposed(told)[1:] == [
        "credit 25.00 EUR of bill B-1",
        "claim 17.50 EUR from the manufacturer (D-1-manufacturer to ACME)",
    ]


def test_what_a_dispute_credited_before_is_not_credited_again() -> None:
    told = given(*BEFORE, *DISPUTE, but(CREDITED, dispute_id="D-1"), DIVIDED)
    assert "credit 74.00 EUR of bill B-1" in proposed(told)  # 84.00 less 10.00


def test_what_was_credited_for_other_reasons_is_no_part_of_it_and_no_more_than_is_left_is_credited() -> None:
    assert "credit 84.00 EUR of bill B-1" in proposed(given(*BEFORE, CREDITED, *DISPUTE, DIVIDED))
    much = but(CREDITED, amount=euros("100.00"))
    assert "credit 20.00 EUR of bill B-1" in proposed(given(*BEFORE, much, *DISPUTE, DIVIDED))


def test_what_comes_in_a_later_cycle_is_not_divided() -> None:
    second = but(ESTIMATED, estimate_version=2)
    later = (HANDED_BACK, CLOSED, REOPENED, DIAGNOSED, second, but(APPROVED, estimate_version=2))
    told = given(*BEFORE, *DISPUTE, *later, but(BILLED, bill_id="B-2"), DIVIDED)
    assert proposed(told)[0].startswith("revise the payers of estimate 1:")
    assert [it for it in proposed(told) if it.startswith("credit")] == ["credit 84.00 EUR of bill B-1"]


def test_a_fee_of_a_later_cycle_is_not_divided() -> None:
    later = (RECEIVED, HANDED_BACK, CLOSED, REOPENED)
    told = given(OPENED, DISPUTED, *later, bill(1, (None, "customer", "25.00")), *DISPUTE[1:], ALL_ON_THE_MANUFACTURER)
    assert proposed(told) == []


def test_a_fee_is_divided_only_where_the_customer_raised_the_dispute() -> None:
    theirs = but(DISPUTED, raised_by="manufacturer", parties=("customer",))
    told = given(OPENED, bill(1, (None, "customer", "25.00")), theirs, *DISPUTE[1:], ALL_ON_THE_MANUFACTURER)
    assert proposed(told) == []


def test_an_estimate_that_was_declined_is_not_divided() -> None:
    told = given(OPENED, RECEIVED, DIAGNOSED, ESTIMATED, DECLINED, *DISPUTE, ALL_ON_THE_MANUFACTURER)
    assert proposed(told) == []


def test_the_estimate_that_was_approved_counts_before_a_later_one_without_an_answer() -> None:
    told = given(*BEFORE, but(ESTIMATED, estimate_version=2), *DISPUTE, ALL_ON_THE_MANUFACTURER)
    assert proposed(told)[1].startswith("revise the payers of estimate 1:")


EXTRA = but(ESTIMATED.lines[0], line_id="extra", price=euros("50.00"))
OF_EXTRA = (e.BillLine(line_id="1", estimate_line="extra", payer="customer", amount=euros("50.00")),)


@pytest.mark.parametrize("lines", [(*ESTIMATED.lines, EXTRA), (EXTRA,)], ids=["with the same lines", "of more work"])
def test_bills_on_two_estimates_are_credited_and_what_is_credited_is_claimed(lines: tuple[e.EstimateLine, ...]) -> None:
    second = (
        but(ESTIMATED, estimate_version=2, lines=lines),
        but(APPROVED, estimate_version=2, lines=tuple(line.line_id for line in lines)),
    )
    told = given(*BEFORE, *second, but(BILLED, bill_id="B-2", lines=OF_EXTRA), *DISPUTE, ALL_ON_THE_MANUFACTURER)
    assert [it for it in proposed(told) if it.startswith(("credit", "claim"))] == [
        "credit 120.00 EUR of bill B-1",
        "credit 50.00 EUR of bill B-2",
        "claim 170.00 EUR from the manufacturer (D-1-manufacturer to ACME)",
    ]
    assert proposed(confirmed(told, *consequences(told.ticket, "D-1"))) == []


@pytest.mark.parametrize(
    ("earlier", "left"),
    [((), "0.00"), (("board",), "40.00"), (("battery",), "120.00"), (("work",), "0.00")],
    ids=str,
)
def test_what_was_claimed_for_the_same_work_before_is_not_claimed_again(earlier: tuple[str, ...], left: str) -> None:
    amount = {"board": "80.00", "battery": "30.00"}.get(earlier[0] if earlier else "", "120.00")
    lines = tuple(e.ClaimLine(line_id=line, amount=euros(amount)) for line in earlier)
    asked = but(CLAIMED, amount=euros(amount), lines=lines)
    told = given(*BEFORE, asked, but(CLAIM_DECIDED, amount_approved=euros(amount)), *DISPUTE, ALL_ON_THE_MANUFACTURER)
    claims = [it for it in proposed(told) if it.startswith("claim")]
    due = f"claim {left} EUR from the manufacturer (D-1-manufacturer to ACME)"
    assert claims == ([] if left == "0.00" else [due])


# left to do by hand


def test_what_of_a_settlement_no_bill_charges_is_paid_out_by_hand() -> None:
    told = given(*BEFORE, *DISPUTE, but(DISPUTE_CLOSED, how="settled", amount=euros("500.00")))
    left = ("380.00 EUR of the settlement are more than is left of the bills: to be paid out by hand",)
    assert leftovers(told.ticket, "D-1") == left
    assert leftovers(confirmed(told, *consequences(told.ticket, "D-1")).ticket, "D-1") == left


def test_what_an_overturned_verdict_credited_and_claimed_is_named() -> None:
    told = given(*BEFORE, *DISPUTE, ALL_ON_THE_MANUFACTURER)
    told = confirmed(told, *consequences(told.ticket, "D-1"))
    assert leftovers(told.ticket, "D-1") == ()
    overturned = given(*events_of(told), APPEALED, ALL_ON_THE_CUSTOMER)
    credited, claimed = leftovers(overturned.ticket, "D-1")
    assert credited.startswith("120.00 EUR more of bill B-1 were credited than the decision calls for")
    assert claimed.startswith("120.00 EUR more were claimed from the manufacturer than the decision calls for")
    withdrawn = given(*events_of(told), APPEALED, but(DISPUTE_CLOSED, how="withdrawn"))
    assert len(leftovers(withdrawn.ticket, "D-1")) == 2


def test_shares_that_make_no_whole_are_named() -> None:
    told = given(*BEFORE, *DISPUTE, but(VERDICT, shares=shares(customer=60)))
    assert proposed(told) == []
    assert [it.partition(":")[2] for it in leftovers(told.ticket, "D-1")] == [" set them right, nothing is divided"]


def test_of_a_line_that_was_billed_twice_the_second_bill_is_over() -> None:
    # Of the board's 80.00 the customer bears 24.00, once: 56.00 of the first bill and all of the second are over.
    first, second = (bill(number, ("board", "customer", "80.00")) for number in (1, 2))
    told = given(*BEFORE[:-1], first, second, *DISPUTE, DIVIDED)
    credit = [it for it in proposed(told) if it.startswith("credit")]
    assert credit == ["credit 56.00 EUR of bill B-1", "credit 80.00 EUR of bill B-2"]


def test_each_of_those_outside_is_asked_for_its_own_share() -> None:
    both = but(DISPUTED, parties=("manufacturer", "insurer"))
    halves = but(VERDICT, shares=shares(manufacturer=50, insurer=50))
    asked = but(CLAIMED, claim_id="C-9", dispute_id="D-1", amount=euros("60.00"), lines=())
    told = given(*BEFORE, both, *DISPUTE[1:], halves, asked)
    claims = [it for it in proposed(told) if it.startswith("claim")]
    assert claims == ["claim 60.00 EUR from the insurer (D-1-insurer to insurer)"]


def test_what_is_owed_in_two_currencies_is_claimed_in_two_claims() -> None:
    francs = e.BillLine.model_validate(
        {"line_id": "1", "reason": "a look", "payer": "customer", "amount": {"amount": "9.00", "currency": "CHF"}}
    )
    told = given(*BEFORE, but(BILLED, bill_id="B-2", lines=(francs,)), *DISPUTE, ALL_ON_THE_MANUFACTURER)
    claims = [it for it in proposed(told) if it.startswith("claim")]
    assert claims == [
        "claim 120.00 EUR from the manufacturer (D-1-manufacturer to ACME)",
        "claim 9.00 CHF from the manufacturer (D-1-manufacturer-2 to ACME)",
    ]


def test_a_disputed_claim_leaves_the_lines_of_the_estimate_alone() -> None:
    ours = but(ESTIMATED.lines[2], payer="company")
    over_claim = but(DISPUTED, ground="rejected_claim", raised_by="company", parties=("manufacturer",), about_version=6)
    estimated = but(ESTIMATED, lines=(*ESTIMATED.lines[:2], ours))
    told = given(OPENED, DIAGNOSED, estimated, APPROVED, CLAIMED, CLAIM_DECIDED, over_claim, *DISPUTE[1:], VERDICT)
    assert proposed(told) == ["claim 5.00 EUR from the manufacturer (D-1-manufacturer to ACME)"]


def test_a_disputed_claim_is_what_is_divided_less_what_was_approved_of_it() -> None:
    # 30.00 were claimed and 25.00 approved; of the whole the manufacturer is to bear 90 %, 27.00.
    over_claim = but(DISPUTED, ground="rejected_claim", raised_by="company", parties=("manufacturer",), about_version=9)
    verdict = but(VERDICT, in_favour_of="company", shares=shares(manufacturer=90, company=10))
    told = given(*BEFORE, CLAIMED, CLAIM_DECIDED, over_claim, *DISPUTE[1:], verdict)
    assert proposed(told) == ["claim 2.00 EUR from the manufacturer (D-1-manufacturer to ACME)"]
    on = confirmed(told, *consequences(told.ticket, "D-1"))
    assert proposed(on) == []
    cut_down = given(*events_of(on), but(CLAIM_DECIDED, claim_id="D-1-manufacturer", amount_approved=euros("1.50")))
    assert proposed(cut_down) == ["claim 0.50 EUR from the manufacturer (D-1-manufacturer-2 to ACME)"]


# settlements


def test_a_settlement_credits_its_amount_and_no_more_than_was_billed() -> None:
    settled = but(DISPUTE_CLOSED, how="settled", amount=euros("50.00"))
    told = given(*BEFORE, *DISPUTE, settled)
    assert proposed(told) == ["credit 50.00 EUR of bill B-1"]
    assert proposed(given(*BEFORE, *DISPUTE, settled, but(CREDITED, dispute_id="D-1"))) == [
        "credit 40.00 EUR of bill B-1"
    ]
    assert proposed(given(*BEFORE, *DISPUTE, settled, CREDITED)) == ["credit 50.00 EUR of bill B-1"]
    little_left = but(CREDITED, amount=euros("100.00"))
    assert proposed(given(*BEFORE, *DISPUTE, settled, little_left)) == ["credit 20.00 EUR of bill B-1"]
    much = but(settled, amount=euros("500.00"))
    assert proposed(given(*BEFORE, *DISPUTE, much)) == ["credit 120.00 EUR of bill B-1"]


def test_a_settlement_takes_its_amount_from_one_bill_after_the_other() -> None:
    settled = but(DISPUTE_CLOSED, how="settled", amount=euros("130.00"))
    told = given(*BEFORE, but(BILLED, bill_id="B-2", lines=BILLED.lines[:1]), *DISPUTE, settled)
    assert proposed(told) == ["credit 120.00 EUR of bill B-1", "credit 10.00 EUR of bill B-2"]


def test_the_shares_of_a_settlement_count_as_those_of_a_verdict() -> None:
    settled = but(DISPUTE_CLOSED, how="settled", shares=shares(manufacturer=70, customer=30))
    told = given(*BEFORE, *DISPUTE, settled)
    assert proposed(told) == proposed(given(*BEFORE, *DISPUTE, DIVIDED))
    assert {it.reason for it in consequences(told.ticket, "D-1")} == {
        "dispute D-1 was settled (manufacturer 70 %, customer 30 %)"
    }


@pytest.mark.parametrize("then", [(), (but(DISPUTE_CLOSED, how="withdrawn"),), (DIVIDED, APPEALED)], ids=len)
def test_nothing_is_proposed_while_nothing_is_decided(then: tuple[Event, ...]) -> None:
    assert proposed(given(*BEFORE, *DISPUTE, *then)) == []
    assert proposed(given(*BEFORE, *DISPUTE, *then), "D-9") == []


# confirmed by a person


@pytest.mark.parametrize("verdict", [ALL_ON_THE_MANUFACTURER, DIVIDED], ids=["all", "divided"])
def test_what_was_confirmed_is_proposed_no_more(verdict: Event) -> None:
    told = given(*BEFORE, *DISPUTE, verdict)
    left = list(consequences(told.ticket, "D-1"))
    while left:
        told = confirmed(told, left.pop(0))
        assert [it.summary for it in left] == proposed(told)


def test_after_the_payers_are_revised_nobody_bills_the_customer_for_more() -> None:
    told = given(*BEFORE, *DISPUTE, DIVIDED)
    told = confirmed(told, *consequences(told.ticket, "D-1"))
    assert told.ticket.estimates[1].borne("board") == {"manufacturer": euros("56.00"), "customer": euros("24.00")}
    line = BILLED.lines[0]
    bill = but(ISSUE_BILL, bill_id="B-2")
    told.when(but(bill, lines=(but(line, amount=euros("24.01")),))).then_rejected("wrong-payer")
    twice = (but(line, amount=euros("12.01")), but(line, line_id="2", amount=euros("12.00")))
    told.when(but(bill, lines=twice)).then_rejected("wrong-payer")
    fair = (but(line, amount=euros("24.00")),)
    told.when(but(bill, lines=fair)).then(but(BILLED, bill_id="B-2", lines=fair))


def test_after_all_was_laid_on_the_manufacturer_nobody_bills_the_customer_at_all() -> None:
    told = given(*BEFORE, *DISPUTE, ALL_ON_THE_MANUFACTURER, PAYERS_REVISED)
    told.when(but(ISSUE_BILL, bill_id="B-2", lines=BILLED.lines[:1])).then_rejected("wrong-payer")


def test_an_overturned_verdict_calls_for_nothing_and_the_new_one_for_what_it_says() -> None:
    told = given(*BEFORE, *DISPUTE, DIVIDED)
    told = confirmed(told, *consequences(told.ticket, "D-1"))
    overturned = given(*events_of(told), APPEALED, ALL_ON_THE_CUSTOMER)
    assert proposed(overturned) == [
        "revise the payers of estimate 1: board 80.00 EUR by the customer, labour 40.00 EUR by the customer"
    ]


def test_what_a_person_divided_otherwise_is_not_proposed_again() -> None:
    # The manufacturer takes 60.00 of the board instead of 56.00: of 120.00 billed the customer bears 20.00 and 12.00.
    other = (
        e.LineShare(line_id="board", payer="manufacturer", amount=euros("60.00")),
        e.LineShare(line_id="board", payer="customer", amount=euros("20.00")),
    )
    told = given(*BEFORE, *DISPUTE, DIVIDED).and_then(but(REVISE_PAYERS, lines=other))
    assert proposed(told)[0] == "credit 60.00 EUR of bill B-1"  # 80.00 less 20.00; the labour is the customer's whole


def test_what_a_later_verdict_of_another_dispute_changed_is_not_changed_back() -> None:
    later = (but(DISPUTED, dispute_id="D-2", ground="criterion"), but(ALL_ON_THE_CUSTOMER, dispute_id="D-2"))
    told = given(OPENED, OUT_OF_WARRANTY, *DISPUTE, ALL_ON_THE_MANUFACTURER)
    assert proposed(told) == ["revise the entitlement from none to warranty"]
    told = given(*events_of(confirmed(told, *consequences(told.ticket, "D-1"))), *later)
    assert (proposed(told, "D-1"), proposed(told, "D-2")) == ([], ["revise the entitlement from warranty to none"])
    told = confirmed(told, *consequences(told.ticket, "D-2"))
    assert (proposed(told, "D-1"), proposed(told, "D-2")) == ([], [])


def test_a_confirmation_may_say_more_than_was_proposed() -> None:
    told = given(*BEFORE, *DISPUTE, ALL_ON_THE_MANUFACTURER)
    *_, claim = consequences(told.ticket, "D-1")
    sent = claim.command(DISPUTE_OFFICER, TICKET, to="ACME Claims Desk")
    assert isinstance(sent, SubmitClaim)
    assert (sent.to, sent.amount, sent.dispute_id) == ("ACME Claims Desk", euros("120.00"), "D-1")


def test_a_credit_after_a_dispute_names_one_that_exists() -> None:
    after = but(CREDIT_BILL, dispute_id="D-1")
    given(*BEFORE, DISPUTED).when(after).then(but(CREDITED, dispute_id="D-1"))
    given(*BEFORE).when(after).then_rejected("unknown-reference")


# who revises payers, and of what


def test_payers_are_revised_after_a_verdict_or_settlement_only() -> None:
    for then in ((), (DIVIDED, APPEALED), (but(DISPUTE_CLOSED, how="withdrawn"),)):
        given(*BEFORE, *DISPUTE, *then).when(REVISE_PAYERS).then_rejected("unknown-reference")
    given(*BEFORE, *DISPUTE, ALL_ON_THE_MANUFACTURER).when(REVISE_PAYERS).then(PAYERS_REVISED)
    given(*BEFORE).when(REVISE_PAYERS).then_rejected("unknown-reference")


def test_payers_are_revised_of_lines_that_there_are() -> None:
    told = given(*BEFORE, *DISPUTE, ALL_ON_THE_MANUFACTURER)
    told.when(but(REVISE_PAYERS, estimate_version=2)).then_rejected("unknown-reference")
    frame = (e.LineShare(line_id="frame", payer="manufacturer", amount=euros("80.00")),)
    told.when(but(REVISE_PAYERS, lines=frame)).then_rejected("unknown-reference")


def parts(line_id: str, **amounts: str) -> tuple[e.LineShare, ...]:
    return tuple(
        e.LineShare.model_validate({"line_id": line_id, "payer": payer, "amount": euros(amount)})
        for payer, amount in amounts.items()
    )


@pytest.mark.parametrize(
    "lines",
    [
        parts("board", manufacturer="79.99"),
        parts("board", manufacturer="56.00", seller="24.00"),
        parts("board", manufacturer="55.99", customer="24.01"),
        parts("battery", manufacturer="29.99", customer="0.01"),  # nobody disputed the battery
        parts("board", manufacturer="56.00", customer="24.00") + parts("labour", manufacturer="20.00"),
    ],
    ids=["too little", "a stranger", "over the share", "not disputed", "another line"],
)
def test_payers_are_revised_as_the_verdict_says(lines: tuple[e.LineShare, ...]) -> None:
    told = given(*BEFORE, *DISPUTE, DIVIDED)
    told.when(but(REVISE_PAYERS, lines=lines)).then_rejected("wrong-payer")


def test_a_settlement_without_shares_lays_no_more_on_the_customer_than_they_bore() -> None:
    told = given(*BEFORE, *DISPUTE, but(DISPUTE_CLOSED, how="settled"))
    half = parts("board", manufacturer="40.00", customer="40.00")
    told.when(but(REVISE_PAYERS, lines=half)).then(but(PAYERS_REVISED, lines=half))
    battery = parts("battery", manufacturer="29.00", customer="1.00")
    told.when(but(REVISE_PAYERS, lines=battery)).then_rejected("wrong-payer")


# any history whatever

EVERYBODY = ("customer", "company", "manufacturer")
WHOLE = (
    *((), shares(customer=100), shares(manufacturer=100), shares(customer=33, manufacturer=67)),
    *(shares(company=20, manufacturer=30, customer=50), shares(seller=100), shares(customer=60)),
)


DISPUTES = [
    but(DISPUTED, dispute_id=dispute_id, raised_by=raised_by, parties=EVERYBODY, ground=ground, about_version=version)
    for dispute_id in ("D-1", "D-2")
    for raised_by, ground, version in (
        *(("customer", "coverage", None), ("customer", "price", 3), ("company", "rejected_claim", 6)),
        ("manufacturer", "criterion", None),
    )
]
RULINGS: list[Event] = [
    ruling
    for dispute_id in ("D-1", "D-2")
    for divided in WHOLE
    for ruling in (
        but(VERDICT, dispute_id=dispute_id, shares=divided),
        but(DISPUTE_CLOSED, dispute_id=dispute_id, how="settled", shares=divided),
        but(DISPUTE_CLOSED, dispute_id=dispute_id, how="settled", shares=divided, amount=euros("33.33")),
        but(APPEALED, dispute_id=dispute_id),
    )
]
MONEY: list[Event] = [
    *(ESTIMATED, but(ESTIMATED, estimate_version=2), APPROVED, but(APPROVED, estimate_version=2, lines=("board",))),
    *(DECLINED, IN_WARRANTY, OUT_OF_WARRANTY, CLOSED, REOPENED, PAYERS_REVISED, but(PAYERS_REVISED, dispute_id="D-2")),
    *(BILLED, bill(1, ("board", "customer", "70.01"), (None, "customer", "9.99"), ("battery", "manufacturer", "5.00"))),
    *(bill(2, ("board", "customer", "80.00")), bill(3, (None, "customer", "25.01")), CREDITED),
    *(
        but(CREDITED, dispute_id="D-1"),
        CLAIMED,
        CLAIM_DECIDED,
        but(CLAIMED, dispute_id="D-1", claim_id="D-1-manufacturer"),
    ),
    but(CLAIM_DECIDED, claim_id="D-1-manufacturer", amount_approved=euros("0.00")),
]
FACTS = st.one_of(*(st.sampled_from(pool) for pool in (DISPUTES, RULINGS, RULINGS, MONEY, MONEY, MONEY)))


@settings(max_examples=500)
@drawn(st.sampled_from(DISPUTES), st.lists(FACTS, min_size=1, max_size=12))
def test_whatever_happened_all_that_is_proposed_can_be_confirmed_and_then_nothing_is_left(
    first: Event, facts: list[Event]
) -> None:
    told = given(*BEFORE, *(Fact(each, by=MANAGER) for each in (first, *facts))).where(now=hour(100))
    for dispute_id in told.ticket.disputes:
        told = confirmed(told, *consequences(told.ticket, dispute_id))
        assert consequences(told.ticket, dispute_id) == ()


def test_the_commands_of_all_kinds_are_proposed() -> None:
    told = given(*BEFORE, *DISPUTE, ALL_ON_THE_MANUFACTURER)
    kinds = [proposal.kind for proposal in consequences(told.ticket, "D-1")]
    assert kinds == [ReviseEntitlement, RevisePayers, CreditBill, SubmitClaim]
