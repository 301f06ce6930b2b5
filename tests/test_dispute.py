"""Dispute: parties differ, state where they stand, and somebody who is not judge in their own case decides."""

from decimal import Decimal

import pytest

from tests.examples import (
    APPEAL_VERDICT,
    APPEALED,
    CLOSE_DISPUTE,
    CORRECTED,
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
    REFUSED,
    REVISED,
    STATE_POSITION,
    SUBMIT_EVIDENCE,
    TESTED,
    VERDICT,
    WARRANTY_OFFICER,
    but,
)
from tests.spec import Fact, fact, given, hour
from ticketing.domain.errors import BadInput
from ticketing.domain.events import PositionStated, Share

HEARD = (OPENED, DISPUTED, PINNED, CUSTOMERS_POSITION, MANUFACTURERS_POSITION)
SILENCE = but(MANUFACTURERS_POSITION, statement=None, is_silence=True, deadline=hour(3))


def test_a_party_opens_a_dispute() -> None:
    given(OPENED).when(OPEN_DISPUTE).then(DISPUTED)


@pytest.mark.parametrize("parties", [(), ("customer",), ("customer", "customer")], ids=str)
def test_nobody_has_a_dispute_with_themselves(parties: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="a party beside the one that raises it"):
        but(OPEN_DISPUTE, parties=parties)
    given(OPENED).when(but(OPEN_DISPUTE, parties=("seller",))).then(but(DISPUTED, parties=("seller",)))


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


EMPTY = but(MANUFACTURERS_POSITION, statement=None)


@pytest.mark.parametrize("empty", [EMPTY, but(EMPTY, deadline=hour(3)), but(EMPTY, on_behalf_of="acme")])
def test_a_position_that_says_nothing_is_none(empty: PositionStated) -> None:
    told = given(OPENED, DISPUTED, PINNED, CUSTOMERS_POSITION, empty)
    told.when(ISSUE_VERDICT).then_rejected("verdict-without-positions")


@pytest.mark.parametrize("said", [{"requested_outcome": "a refund"}, {"letter_hash": "ab" * 32}], ids=list)
def test_a_demand_or_a_letter_is_a_position(said: dict[str, str]) -> None:
    told = given(OPENED, DISPUTED, PINNED, CUSTOMERS_POSITION, but(EMPTY, **said))
    told.when(ISSUE_VERDICT).then(VERDICT)


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


def test_whoever_approved_the_disputed_decision_does_not_judge_it_either() -> None:
    # The technician revised it; "m-1" is the second person of REVISED.
    told = given(OPENED, IN_WARRANTY, REVISED, but(DISPUTED, about_version=3), *HEARD[2:])
    told.when(but(ISSUE_VERDICT, by="m-1")).then_rejected("judge-in-own-case")
    told.when(but(ISSUE_VERDICT, actor=MANAGER)).then_rejected("judge-in-own-case")
    told.when(ISSUE_VERDICT).then(VERDICT)


@pytest.mark.parametrize(
    "decision",
    [fact(IN_WARRANTY, by=WARRANTY_OFFICER), fact(REVISED, by=WARRANTY_OFFICER), fact(REFUSED, by=WARRANTY_OFFICER)],
    ids=["decided", "revised", "refused"],
)
def test_a_dispute_about_no_fact_is_not_judged_by_anybody_who_decided_on_the_entitlement(decision: Fact) -> None:
    told = given(OPENED, TESTED, IN_WARRANTY, decision, *HEARD[1:])
    told.when(but(ISSUE_VERDICT, by="w-1")).then_rejected("judge-in-own-case")
    told.when(ISSUE_VERDICT).then(VERDICT)


def test_whoever_corrected_a_decision_or_approved_that_does_not_judge_it() -> None:
    corrected = but(CORRECTED, field="basis", was="warranty", is_="goodwill", approved_by="m-1")
    told = given(OPENED, IN_WARRANTY, fact(corrected, by=WARRANTY_OFFICER), *HEARD[1:])
    told.when(but(ISSUE_VERDICT, by="m-1")).then_rejected("judge-in-own-case")
    told.when(but(ISSUE_VERDICT, by="w-1")).then_rejected("judge-in-own-case")
    told.when(ISSUE_VERDICT).then(VERDICT)


def test_a_dispute_about_no_fact_is_not_judged_by_who_approved_a_revision() -> None:
    told = given(OPENED, IN_WARRANTY, REVISED, *HEARD[1:])
    told.when(but(ISSUE_VERDICT, by="m-1")).then_rejected("judge-in-own-case")
    earlier = given(OPENED, IN_WARRANTY, REVISED, but(DISPUTED, about_version=2), *HEARD[2:])
    earlier.when(but(ISSUE_VERDICT, by="m-1")).then(but(VERDICT, by="m-1"))


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


# shares


def shares(*percent: str) -> tuple[Share, ...]:
    parties = ("manufacturer", "customer", "seller")
    return tuple(
        Share.model_validate({"party": party, "percent": Decimal(part)})
        for party, part in zip(parties, percent, strict=False)
    )


@pytest.mark.parametrize("percent", [("60", "39.99"), ("60", "40.01"), ("99",), ("50", "50", "50")], ids=str)
def test_the_shares_of_a_verdict_make_a_whole(percent: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match=r"IssueVerdict\.shares: the shares of a verdict make 100 per cent"):
        but(ISSUE_VERDICT, shares=shares(*percent))


@pytest.mark.parametrize("percent", [(), ("100",), ("60", "40"), ("33.3", "33.3", "33.4")], ids=str)
def test_a_verdict_splits_the_cost_or_says_nothing_of_it(percent: tuple[str, ...]) -> None:
    split = shares(*percent)
    given(*HEARD).when(but(ISSUE_VERDICT, shares=split)).then(but(VERDICT, shares=split))


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
