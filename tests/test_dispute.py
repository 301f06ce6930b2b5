"""Dispute: parties differ, state where they stand, and somebody who is not judge in their own case decides."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from tests.examples import (
    APPEAL_VERDICT,
    APPEALED,
    BILLED,
    BOARD_SUBMITTED,
    CLAIM_DECIDED,
    CLAIMED,
    CLOSE_DISPUTE,
    CLOSE_TICKET,
    CLOSED,
    CORRECT_EVENT,
    CORRECTED,
    CUSTOMER,
    CUSTOMERS_POSITION,
    DISPUTE_CLOSED,
    DISPUTE_OFFICER,
    DISPUTED,
    EVIDENCE_HANDED_OVER,
    EVIDENCE_SUBMITTED,
    EXPERT,
    HAND_OVER_EVIDENCE,
    HANDED_BACK,
    HOLD_JOINT_INSPECTION,
    IN_WARRANTY,
    INSPECTED_JOINTLY,
    ISSUE_VERDICT,
    MANAGER,
    MANUFACTURER,
    MANUFACTURERS_POSITION,
    NO_STANDARD,
    OPEN_DISPUTE,
    OPENED,
    PIN_STANDARD,
    PINNED,
    POSITION_REQUESTED,
    RECEIVED,
    REFUSED,
    REOPEN_TICKET,
    REQUEST_POSITION,
    REVISED,
    STATE_POSITION,
    SUBMIT_EVIDENCE,
    TESTED,
    VERDICT,
    WARRANTY_OFFICER,
    but,
    euros,
)
from tests.spec import Fact, fact, given, hour
from ticketing.domain.errors import BadInput
from ticketing.domain.events import PositionRequested, PositionStated, Share
from ticketing.domain.values import Actor, Event, Money

SETTLED = but(DISPUTE_CLOSED, how="settled")
OVER_CLAIMED = but(DISPUTED, ground="rejected_claim", raised_by="company", parties=("manufacturer",))
OVER_CLAIM = but(
    OPEN_DISPUTE, ground="rejected_claim", raised_by="company", parties=("manufacturer",), actor=WARRANTY_OFFICER
)
HEARD = (OPENED, DISPUTED, PINNED, CUSTOMERS_POSITION, MANUFACTURERS_POSITION)
SILENCE = but(MANUFACTURERS_POSITION, statement=None, is_silence=True, deadline=hour(3))


def shares(*percent: str) -> tuple[Share, ...]:
    parties = ("manufacturer", "customer", "seller")
    return tuple(
        Share.model_validate({"party": party, "percent": Decimal(part)})
        for party, part in zip(parties, percent, strict=False)
    )


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


def test_silence_recorded_while_there_was_time_left_to_answer_is_no_position() -> None:
    # Found: recorded at hour 5 with a deadline of its own, hour 3, though the manufacturer had until hour 9.
    asked = but(POSITION_REQUESTED, deadline=hour(9))
    told = given(OPENED, DISPUTED, PINNED, CUSTOMERS_POSITION, asked, SILENCE)
    told.when(ISSUE_VERDICT).then_rejected("verdict-without-positions")


# deadlines and silence: the manufacturer is asked at hour 2, version 3, and has until hour 3.5

ASKED = but(POSITION_REQUESTED, deadline=hour(3.5))
UNANSWERED = (OPENED, DISPUTED, ASKED, PINNED, CUSTOMERS_POSITION)
RECORD_SILENCE = but(
    STATE_POSITION, party="manufacturer", statement=None, on_behalf_of=None, is_silence=True, actor=DISPUTE_OFFICER
)
SILENT = but(MANUFACTURERS_POSITION, clause=None, statement=None, is_silence=True)


def test_a_party_is_asked_where_it_stands() -> None:
    given(OPENED, DISPUTED).when(but(REQUEST_POSITION, deadline=hour(9))).then(but(ASKED, deadline=hour(9)))
    given(OPENED).when(REQUEST_POSITION).then_rejected("unknown-reference")
    given(*HEARD, VERDICT, DISPUTE_CLOSED).when(REQUEST_POSITION).then_rejected("already-on-record")


def test_nobody_is_asked_until_a_time_that_has_passed() -> None:
    # The request comes at hour 2.
    told = given(OPENED, DISPUTED)
    told.when(but(REQUEST_POSITION, deadline=hour(2))).then_rejected("verdict-without-positions")
    told.when(but(REQUEST_POSITION, deadline=hour(2.01))).then(but(ASKED, deadline=hour(2.01)))


def test_silence_is_recorded_of_a_party_that_was_asked_and_whose_deadline_has_passed() -> None:
    given(*UNANSWERED).when(RECORD_SILENCE).then(SILENT)
    given(*UNANSWERED).when(but(RECORD_SILENCE, deadline=hour(3.5))).then(but(SILENT, deadline=hour(3.5)))
    given(*UNANSWERED, SILENT).when(ISSUE_VERDICT).then(VERDICT)


def test_silence_of_a_party_that_was_not_asked_is_not_recorded() -> None:
    told = given(OPENED, DISPUTED, but(ASKED, party="customer"), PINNED, CUSTOMERS_POSITION)
    told.when(but(RECORD_SILENCE, deadline=hour(3))).then_rejected("verdict-without-positions")


@pytest.mark.parametrize("asked_again", [(), (ASKED,)], ids=["once", "twice"])
def test_silence_is_not_recorded_before_the_latest_deadline(asked_again: tuple[PositionRequested, ...]) -> None:
    # The command comes at hour 5, or 6: a later request with an earlier deadline shortens nothing.
    told = given(OPENED, DISPUTED, but(ASKED, deadline=hour(6)), PINNED, CUSTOMERS_POSITION, *asked_again)
    told.when(RECORD_SILENCE).then_rejected("verdict-without-positions")
    told.when(but(RECORD_SILENCE, deadline=hour(3.5))).then_rejected("verdict-without-positions")
    later = but(RECORD_SILENCE, occurred_at=hour(6.1))
    told.where(now=hour(7)).when(later).then(SILENT)


def test_silence_is_not_recorded_ahead_of_the_clock() -> None:
    # The clock says hour 5; what occurs may lie five minutes ahead of it.
    told = given(OPENED, DISPUTED, but(ASKED, deadline=hour(5.02)), PINNED, CUSTOMERS_POSITION)
    told.when(but(RECORD_SILENCE, occurred_at=hour(5.05))).then_rejected("verdict-without-positions")


def test_nobody_is_asked_in_hindsight() -> None:
    asked = but(REQUEST_POSITION, occurred_at=hour(1), deadline=hour(1.5))
    given(OPENED, DISPUTED).when(asked).then_rejected("verdict-without-positions")


@pytest.mark.parametrize(
    "said", [{"statement": "no"}, {"requested_outcome": "nothing"}, {"letter_hash": "ab" * 32}, {"clause": "4.2"}]
)
def test_silence_has_no_words(said: dict[str, str]) -> None:
    given(*UNANSWERED).when(but(RECORD_SILENCE, **said)).then_rejected("verdict-without-positions")


def test_a_position_says_something() -> None:
    told = given(OPENED, DISPUTED)
    told.when(but(STATE_POSITION, statement=None)).then_rejected("verdict-without-positions")


def test_silence_is_recorded_once_for_a_request_and_not_by_the_silent() -> None:
    given(*UNANSWERED).when(but(RECORD_SILENCE, actor=MANUFACTURER)).then_rejected("role-may-not")
    silent = given(*UNANSWERED, SILENT)
    silent.when(RECORD_SILENCE).then_rejected("already-on-record")
    again = given(*UNANSWERED, SILENT, but(ASKED, deadline=hour(6.5)))
    again.where(now=hour(8)).when(RECORD_SILENCE).then(SILENT)


def test_silence_names_no_deadline_that_is_earlier_than_the_one_set_or_has_not_passed() -> None:
    for deadline in (hour(3.4), hour(9)):
        given(*UNANSWERED).when(but(RECORD_SILENCE, deadline=deadline)).then_rejected("verdict-without-positions")


def test_a_party_that_has_answered_is_not_silent_until_it_is_asked_again() -> None:
    answered = (*UNANSWERED, MANUFACTURERS_POSITION)
    given(*answered).when(RECORD_SILENCE).then_rejected("verdict-without-positions")
    again = given(*answered, but(ASKED, deadline=hour(8)))
    again.when(RECORD_SILENCE).then_rejected("verdict-without-positions")
    again.where(now=hour(9)).when(RECORD_SILENCE).then(SILENT)


def test_a_position_stated_late_counts_and_the_silence_stays_on_record() -> None:
    told = given(*UNANSWERED, SILENT, MANUFACTURERS_POSITION).ticket.disputes["D-1"]
    assert [position.said.is_silence for position in told.positions] == [False, True, False]
    assert "manufacturer" in told.heard
    assert (told.asked[0].silence, told.asked[0].answered_by) == (6, 7)


def test_the_desk_is_told_which_deadlines_have_passed_unanswered() -> None:
    both = (OPENED, DISPUTED, but(ASKED, party="customer", deadline=hour(5)), ASKED)
    dispute = given(*both).ticket.disputes["D-1"]
    assert dispute.overdue(hour(3.5)) == ()
    assert [it.party for it in dispute.overdue(hour(4))] == ["manufacturer"]
    assert [it.party for it in dispute.overdue(hour(5.1))] == ["manufacturer", "customer"]
    for dealt_with in (MANUFACTURERS_POSITION, but(SILENT, deadline=hour(3.5))):
        after = given(*both, dealt_with).ticket.disputes["D-1"]
        assert [it.party for it in after.overdue(hour(5.1))] == ["customer"]
    assert given(*both, but(DISPUTE_CLOSED, how="settled")).ticket.disputes["D-1"].overdue(hour(9)) == ()


def test_whoever_got_more_time_is_not_overdue_before_it_has_passed() -> None:
    dispute = given(OPENED, DISPUTED, ASKED, but(ASKED, deadline=hour(8))).ticket.disputes["D-1"]
    assert dispute.overdue(hour(5)) == ()
    assert [it.deadline for it in dispute.overdue(hour(8.5))] == [hour(8)]


# who speaks for whom


@pytest.mark.parametrize("actor", [MANUFACTURER, EXPERT], ids=lambda actor: actor.role)
def test_a_party_speaks_for_itself_only(actor: Actor) -> None:
    told = given(OPENED, DISPUTED, PINNED)
    told.when(but(STATE_POSITION, actor=actor)).then_rejected("role-may-not")
    told.when(but(STATE_POSITION, actor=actor, party=actor.role)).then(but(CUSTOMERS_POSITION, party=actor.role))
    told.when(but(RECORD_SILENCE, actor=actor, party="company")).then_rejected("role-may-not")


def test_staff_who_enter_what_a_party_said_name_for_whom_or_its_letter() -> None:
    told = given(OPENED, DISPUTED)
    staff = but(STATE_POSITION, actor=DISPUTE_OFFICER, on_behalf_of=None)
    told.when(staff).then_rejected("role-may-not")
    for source in ({"on_behalf_of": "cust-1"}, {"letter_hash": "ab" * 32}):
        said = but(CUSTOMERS_POSITION, **{"on_behalf_of": None, **source})
        told.when(but(staff, **source)).then(said)
    told.when(but(staff, party="company")).then(but(CUSTOMERS_POSITION, party="company", on_behalf_of=None))


def test_a_position_says_in_which_language_it_was_written() -> None:
    told = given(OPENED, DISPUTED).and_then(but(STATE_POSITION, statement="无液体进入", language="zh-hans"))
    assert told.ticket.disputes["D-1"].positions[0].said.language == "zh-Hans"
    with pytest.raises(BadInput, match="a language is a BCP 47 tag, such as fr, zh-Hans or pt-BR"):
        but(STATE_POSITION, language="chinese")


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


@pytest.mark.parametrize("percent", [("60", "39.99"), ("60", "40.01"), ("99",), ("50", "50", "50")], ids=str)
def test_the_shares_of_a_verdict_make_a_whole(percent: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match=r"IssueVerdict\.shares: the shares make 100 per cent"):
        but(ISSUE_VERDICT, shares=shares(*percent))


@pytest.mark.parametrize("percent", [(), ("100",), ("60", "40"), ("33.3", "33.3", "33.4")], ids=str)
def test_a_verdict_splits_the_cost_or_says_nothing_of_it(percent: tuple[str, ...]) -> None:
    split = shares(*percent)
    three = but(DISPUTED, parties=("manufacturer", "seller"))
    told = given(OPENED, three, *HEARD[2:], but(CUSTOMERS_POSITION, party="seller"))
    told.when(but(ISSUE_VERDICT, shares=split)).then(but(VERDICT, shares=split))


def test_a_party_bears_one_share() -> None:
    twice = (*shares("60"), *shares("40"))
    with pytest.raises(BadInput, match=r"IssueVerdict\.shares: a party bears one share"):
        but(ISSUE_VERDICT, shares=twice)


def test_only_parties_of_the_dispute_win_it_or_bear_a_share() -> None:
    sellers = {"in_favour_of": "seller"}, {"shares": shares("50", "25", "25")}
    for said in sellers:
        given(*HEARD).when(but(ISSUE_VERDICT, **said)).then_rejected("unknown-reference")


# after the verdict

JUDGED_ANEW = but(ISSUE_VERDICT, by="e-2", actor=Actor(id="e-2", role="expert"))


def test_whoever_gave_or_recorded_the_verdict_does_not_judge_the_appeal() -> None:
    told = given(*HEARD, fact(VERDICT, by=DISPUTE_OFFICER), APPEALED)
    told.when(but(JUDGED_ANEW, by="E-1")).then_rejected("judge-in-own-case")
    told.when(but(JUDGED_ANEW, actor=DISPUTE_OFFICER)).then_rejected("judge-in-own-case")
    told.when(JUDGED_ANEW).then(but(VERDICT, by="e-2"))


def test_a_manufacturer_judges_only_where_it_is_no_party() -> None:
    theirs = but(ISSUE_VERDICT, by="acme", actor=MANUFACTURER)
    given(*HEARD).when(theirs).then_rejected("judge-in-own-case")
    other = but(VERDICT, by="acme", in_favour_of="customer", shares=shares("0", "100"))
    company = (but(DISPUTED, parties=("company",)), PINNED, CUSTOMERS_POSITION)
    told = given(OPENED, *company, but(MANUFACTURERS_POSITION, party="company"))
    told.when(but(theirs, shares=())).then(but(other, shares=()))


def test_a_name_in_other_letters_is_the_same_judge() -> None:
    told = given(OPENED, fact(IN_WARRANTY, by=MANAGER), but(DISPUTED, about_version=2), *HEARD[2:])
    told.when(but(ISSUE_VERDICT, by="M-1")).then_rejected("judge-in-own-case")


def test_a_settlement_is_in_the_currency_of_the_bills() -> None:
    settle = but(CLOSE_DISPUTE, how="settled", amount=Money(amount=Decimal(50), currency="USD"))
    given(*HEARD, BILLED).when(settle).then_rejected("not-approved")
    given(*HEARD).when(settle).then(but(DISPUTE_CLOSED, how="settled", amount=settle.amount))


def test_a_customer_or_manufacturer_opens_a_dispute_of_their_own_only() -> None:
    for actor, party in ((CUSTOMER, "manufacturer"), (MANUFACTURER, "customer")):
        foreign = but(OPEN_DISPUTE, actor=actor, raised_by=party, parties=("customer", "manufacturer"))
        given(OPENED).when(foreign).then_rejected("role-may-not")
        by_staff = but(foreign, actor=DISPUTE_OFFICER)
        assert given(OPENED).when(by_staff).refusal is None


def test_to_a_joint_inspection_somebody_came() -> None:
    with pytest.raises(BadInput, match="attendees"):
        but(HOLD_JOINT_INSPECTION, attendees=())


def test_a_correction_leaves_a_verdict_that_could_have_been_given() -> None:
    told = given(*HEARD, VERDICT)
    for field, is_ in (("in_favour_of", "insurer"), ("shares.0.percent", "40"), ("shares.0.party", "seller")):
        said = {"target_version": 6, "field": field, "is_": is_, "actor": DISPUTE_OFFICER, "approved_by": "m-1"}
        told.when(but(CORRECT_EVENT, **said)).then_rejected("unknown-reference")
        assert told.when(but(CORRECT_EVENT, **{**said, "field": "clause", "is_": "4.2"})).refusal is None


def test_a_verdict_is_about_a_dispute_that_exists() -> None:
    given(OPENED, PINNED).when(ISSUE_VERDICT).then_rejected("unknown-reference")


def test_a_closed_dispute_is_not_decided_again() -> None:
    given(*HEARD, VERDICT, DISPUTE_CLOSED).when(ISSUE_VERDICT).then_rejected("already-on-record")
    given(*HEARD, but(DISPUTE_CLOSED, how="settled")).when(ISSUE_VERDICT).then_rejected("already-on-record")


def test_a_dispute_is_decided_again_only_after_an_appeal() -> None:
    given(*HEARD, VERDICT).when(ISSUE_VERDICT).then_rejected("already-on-record")
    given(*HEARD, VERDICT, APPEALED).when(JUDGED_ANEW).then(but(VERDICT, by="e-2"))


def test_only_a_verdict_is_appealed() -> None:
    given(*HEARD, VERDICT).when(APPEAL_VERDICT).then(APPEALED)
    given(*HEARD).when(APPEAL_VERDICT).then_rejected("unknown-reference")
    given(OPENED).when(APPEAL_VERDICT).then_rejected("unknown-reference")
    given(*HEARD, VERDICT, APPEALED, SETTLED).when(APPEAL_VERDICT).then_rejected("unknown-reference")


def test_only_a_party_of_the_dispute_appeals_and_for_itself() -> None:
    told = given(*HEARD, VERDICT)
    sellers = but(APPEAL_VERDICT, party="seller", actor=DISPUTE_OFFICER)
    told.when(sellers).then_rejected("unknown-reference")
    told.when(but(APPEAL_VERDICT, party="customer")).then_rejected("role-may-not")


def test_each_party_appeals_once_against_one_verdict() -> None:
    told = given(*HEARD, VERDICT, APPEALED)
    told.when(APPEAL_VERDICT).then_rejected("already-on-record")
    told.when(but(APPEAL_VERDICT, party="customer", actor=CUSTOMER)).then(but(APPEALED, party="customer"))
    given(*HEARD, VERDICT, APPEALED, VERDICT).when(APPEAL_VERDICT).then(APPEALED)


def test_an_appeal_opens_the_dispute_again() -> None:
    opened = given(*HEARD, VERDICT, DISPUTE_CLOSED, APPEALED).ticket.disputes["D-1"]
    assert (opened.is_open, opened.closing) == (True, None)
    given(*HEARD, VERDICT, DISPUTE_CLOSED, APPEALED).when(JUDGED_ANEW).then(but(VERDICT, by="e-2"))


AGAINST = but(VERDICT, in_favour_of="manufacturer", shares=shares("0", "100"))
OTHER_SHARES = but(VERDICT, shares=shares("60", "40"))
SAME_SHARES = but(VERDICT, shares=shares("100", "0"))


ENDINGS: Mapping[str, tuple[tuple[Event, ...], str | None]] = {
    "undecided": ((), None),
    "verdict": ((VERDICT,), "decided"),
    "closed": ((VERDICT, DISPUTE_CLOSED), "decided"),
    "appealed": ((VERDICT, APPEALED), None),
    "the same again": ((VERDICT, APPEALED, VERDICT), "upheld"),
    "a share of nothing": ((VERDICT, APPEALED, SAME_SHARES), "upheld"),
    "for the other": ((VERDICT, APPEALED, AGAINST), "overturned"),
    "other shares": ((VERDICT, DISPUTE_CLOSED, APPEALED, OTHER_SHARES, DISPUTE_CLOSED), "overturned"),
    "appealed again": ((VERDICT, APPEALED, AGAINST, APPEALED), None),
    "settled after the appeal": ((VERDICT, APPEALED, SETTLED), "settled"),
    "withdrawn": ((but(DISPUTE_CLOSED, how="withdrawn"),), "withdrawn"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_a_later_verdict_upholds_or_overturns_the_one_appealed(name: str) -> None:
    then, outcome = ENDINGS[name]
    dispute = given(*HEARD, *then).ticket.disputes["D-1"]
    assert dispute.outcome == outcome
    assert dispute.is_overturned == (outcome == "overturned")


def test_a_dispute_closes_as_decided_only_after_a_verdict() -> None:
    given(*HEARD, VERDICT).when(CLOSE_DISPUTE).then(DISPUTE_CLOSED)
    given(*HEARD).when(CLOSE_DISPUTE).then_rejected("unknown-reference")
    given(*HEARD, VERDICT, APPEALED).when(CLOSE_DISPUTE).then_rejected("unknown-reference")


@pytest.mark.parametrize("how", ["settled", "withdrawn"])
def test_a_dispute_is_settled_or_withdrawn_without_a_verdict(how: str) -> None:
    given(*HEARD).when(but(CLOSE_DISPUTE, how=how)).then(but(DISPUTE_CLOSED, how=how))


def test_a_settlement_says_who_bears_what_and_what_the_customer_gets() -> None:
    settled = {"how": "settled", "terms": "half each", "shares": shares("50", "50"), "amount": euros("20.00")}
    given(*HEARD).when(but(CLOSE_DISPUTE, **settled)).then(but(DISPUTE_CLOSED, **settled))
    strangers = but(CLOSE_DISPUTE, how="settled", shares=shares("50", "0", "50"))
    given(*HEARD).when(strangers).then_rejected("unknown-reference")
    for said in ({"shares": shares("50", "50")}, {"amount": euros("20.00")}):
        with pytest.raises(BadInput, match="only a settlement has shares and an amount"):
            but(CLOSE_DISPUTE, **said)
    with pytest.raises(BadInput, match="the shares make 100 per cent"):
        but(CLOSE_DISPUTE, how="settled", shares=shares("50"))


def test_a_dispute_closes_once() -> None:
    given(*HEARD, VERDICT, DISPUTE_CLOSED).when(CLOSE_DISPUTE).then_rejected("already-on-record")


def test_only_a_dispute_that_exists_is_closed() -> None:
    given(OPENED).when(CLOSE_DISPUTE).then_rejected("unknown-reference")


# several, and after closure


def test_a_ticket_has_several_disputes_each_with_its_own_ground() -> None:
    told = given(OPENED, DISPUTED, but(DISPUTED, dispute_id="D-2", ground="price", is_blocking=False), PINNED).ticket
    assert [(it.ground, it.is_open) for it in told.disputes.values()] == [("coverage", True), ("price", True)]
    assert told.blocking_disputes == ("D-1",)


def test_a_dispute_is_fought_out_after_closure_and_reopens_nothing() -> None:
    facts = (DISPUTED, ASKED, PINNED, CUSTOMERS_POSITION, MANUFACTURERS_POSITION, VERDICT, APPEALED, VERDICT)
    told = (
        given(OPENED, RECEIVED, HANDED_BACK, CLOSED)
        .where(now=hour(4))
        .and_then(
            OPEN_DISPUTE,
            but(REQUEST_POSITION, deadline=hour(9)),
            PIN_STANDARD,
            STATE_POSITION,
            but(STATE_POSITION, actor=MANUFACTURER, party="manufacturer"),
            ISSUE_VERDICT,
            APPEAL_VERDICT,
            JUDGED_ANEW,
            CLOSE_DISPUTE,
        )
    )
    ticket = told.ticket
    assert len(told.history) == 4 + len(facts) + 1
    assert (ticket.case, ticket.cycle, ticket.disputes["D-1"].outcome) == ("closed", 1, "upheld")


def test_a_blocking_dispute_opened_after_closure_keeps_only_a_next_cycle_open() -> None:
    after = given(OPENED, RECEIVED, HANDED_BACK, CLOSED).and_then(OPEN_DISPUTE)
    assert after.ticket.case == "closed"
    again = after.and_then(REOPEN_TICKET)
    again.when(CLOSE_TICKET).then_rejected("not-finished")
    again.and_then(but(CLOSE_DISPUTE, how="withdrawn")).when(CLOSE_TICKET).then(CLOSED)


# evidence and where it is


def test_evidence_goes_from_hand_to_hand_without_a_gap() -> None:
    told = given(OPENED, BOARD_SUBMITTED)
    told.when(HAND_OVER_EVIDENCE).then(EVIDENCE_HANDED_OVER)
    on = told.and_then(HAND_OVER_EVIDENCE, but(HAND_OVER_EVIDENCE, from_holder="e-1", to_holder="acme"))
    custody = on.ticket.evidence["E-2"].custody
    assert [(held.holder, held.version) for held in custody] == [("berlin-safe", 2), ("e-1", 3), ("acme", 4)]
    assert [held.since for held in custody] == [hour(1), hour(2), hour(3)]
    on.when(HAND_OVER_EVIDENCE).then_rejected("unknown-reference")


def test_only_a_thing_that_somebody_holds_is_handed_over() -> None:
    given(OPENED).when(HAND_OVER_EVIDENCE).then_rejected("unknown-reference")
    a_file = but(BOARD_SUBMITTED, held_by=None)
    given(OPENED, a_file).when(HAND_OVER_EVIDENCE).then_rejected("unknown-reference")
    assert given(OPENED, a_file).ticket.evidence["E-2"].holder is None


def test_evidence_is_handed_over_to_somebody_else() -> None:
    with pytest.raises(BadInput, match="to somebody else"):
        but(HAND_OVER_EVIDENCE, to_holder="berlin-safe")


def test_of_a_joint_inspection_stands_who_was_asked_who_came_and_the_written_protocol() -> None:
    said = {"invited": ("cust-1", "acme", "e-1"), "protocol_hash": "ab" * 32}
    told = given(OPENED, DISPUTED).and_then(but(HOLD_JOINT_INSPECTION, **said))
    (inspection,) = told.ticket.disputes["D-1"].inspections
    assert inspection.held == but(INSPECTED_JOINTLY, **said)
    assert inspection.held_at == hour(2)


# a claim that was not approved in full


@pytest.mark.parametrize("approved", ["0.00", "29.99"])
def test_the_company_disputes_a_claim_that_was_not_approved_in_full(approved: str) -> None:
    decided = but(CLAIM_DECIDED, amount_approved=euros(approved))
    told = given(OPENED, CLAIMED, decided)
    told.when(but(OVER_CLAIM, about_version=3)).then(but(OVER_CLAIMED, about_version=3))


def test_a_dispute_over_a_rejected_claim_names_the_decision() -> None:
    told = given(OPENED, CLAIMED, but(CLAIM_DECIDED, amount_approved=euros("30.00")))
    for version in (None, 2, 3, 9):
        told.when(but(OVER_CLAIM, about_version=version)).then_rejected("unknown-reference")
