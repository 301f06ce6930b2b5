"""Decisions replayed, by hand: a small standard, a late receipt, a correction, an appeal, a charge-back."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal, get_args

import pytest

from tests.examples import but, euros
from tests.repairs import WHY, Company, day
from ticketing import audits
from ticketing.domain import events as e
from ticketing.domain.assessment import Answer, Assessment
from ticketing.domain.clauses import Clause, CoveragePeriod
from ticketing.domain.publishing import Publish
from ticketing.domain.reference import StandardPublished
from ticketing.domain.values import Actor, Code, Event, Money, Party, PrivateText, Quantity
from ticketing.projections.agreement import DECISIONS, agreement, claim_says, refusal_says, side_favoured, verdict_says
from ticketing.projections.decision_rows import COLUMNS, flat, plain
from ticketing.projections.decisions import Decision

OFFICER = Actor(id="w-1", role="warranty_officer")
MANAGER = Actor(id="m-1", role="manager")
EVER = datetime(2020, 1, 1, tzinfo=UTC)

STANDARD = StandardPublished(
    key="ACME-IS",
    version=3,
    effective_from=EVER,
    manufacturer="ACME",
    clauses=(
        Clause(
            id="3.1",
            title="Faults of manufacture: 24 months",
            effect="covers",
            period=CoveragePeriod(months=24, since="purchase"),
            causes=("manufacturing",),
        ),
        Clause(id="9.1", title="Misuse", effect="excludes", causes=("misuse",)),
    ),
)
"""Covers a fault of manufacture for 24 months from purchase."""

LATER_STANDARD = StandardPublished(
    key="ACME-IS",
    version=4,
    effective_from=EVER,
    is_retroactive=True,
    manufacturer="ACME",
    clauses=(
        but(STANDARD.clauses[0], period=CoveragePeriod(months=36, since="purchase")),
        but(STANDARD.clauses[1], causes=("misuse", "accident")),
    ),
)
"""Covers the same for 36 months."""

PINNED = e.StandardPinned(standard="ACME-IS", standard_version=3, clauses=("3.1",), basis="intake")
FROM_THE_FACTORY = e.DiagnosisRecorded(findings=(e.Finding(finding_id="f-1", cause="manufacturing"),))
BOUGHT = e.ProofOfPurchaseRecorded(purchased_on=date(2025, 7, 14))
IN_WARRANTY = e.EntitlementDecided(basis="warranty", clauses=("3.1",), reason=WHY)
NOT_FREE = e.EntitlementDecided(basis="none", clauses=("3.1",), reason=WHY)
REFUSED = e.ServiceRefused(ground="no_proof", clause="3.1", explanation=WHY)
DISPUTED = e.DisputeOpened(
    dispute_id="D-1", ground="coverage", raised_by="customer", parties=("customer", "company"), about_version=4
)
VERDICT = e.VerdictIssued(dispute_id="D-1", by="e-1", in_favour_of="company", clause="3.1", reasons=WHY)
CLAIMED = e.ClaimSubmitted(claim_id="C-1", to="acme", amount=euros("100.00"))
PAID_WHOLE = e.ClaimDecided(claim_id="C-1", amount_approved=euros("100.00"), clause="3.1")
ESTIMATED = e.EstimateIssued(
    estimate_version=1,
    lines=(
        e.EstimateLine(line_id="board", payer="customer", basis="none", price=euros("80.00")),
        e.EstimateLine(line_id="labour", payer="customer", basis="none", price=euros("40.00")),
        e.EstimateLine(line_id="battery", payer="manufacturer", basis="warranty", price=euros("30.00")),
    ),
    maximum=euros("130.00"),
)


def publish(company: Company) -> None:
    for standard in (STANDARD, LATER_STANDARD):
        company.app.handle(Publish(actor=MANAGER, thing=standard))


def case(company: Company, *facts: Event, number: int = 1) -> list[Decision]:
    """The decisions of a ticket that is opened, and has one of these facts a day from day 1: version 2 and so on."""
    record(company, *facts, number=number)
    return list(audits.disputes(company.app))


def record(company: Company, *facts: Event, number: int = 1) -> None:
    ticket_id = company.opens(number, day(0))
    for at, fact in enumerate(facts, 1):
        company.finds(ticket_id, fact, day(at), by=OFFICER)


@pytest.fixture
def company() -> Company:
    company = Company()
    publish(company)
    return company


def answer(assessed: Assessment | None) -> str | None:
    return None if assessed is None else assessed.answer


def arrived(decision: Decision) -> list[int]:
    return [fact.version for fact in decision.arrived]


# what was known


def test_a_refusal_before_the_receipt_was_recorded_is_undecidable_and_says_what_is_missing(company: Company) -> None:
    refused, decided = case(company, FROM_THE_FACTORY, PINNED, REFUSED, BOUGHT, IN_WARRANTY)
    assert refused.fact.version == 4
    assert refused.assessed is not None
    assert (refused.assessed.answer, refused.assessed.missing) == ("undecidable", ("purchased_on",))
    assert (refused.said, refused.says, refused.agreement) == ("no_proof", "not_covered", "undecidable")
    # The receipt came later: 24 months from 14 July 2025 end on 14 July 2027, and the fault was told on 1 January 2026.
    assert arrived(refused) == [5]
    assert answer(refused.assessed_since) == "covered"
    assert (answer(decided.assessed), decided.says, decided.agreement) == ("covered", "covered", "agrees")
    assert arrived(decided) == []
    assert decided.assessed_since is None


def test_a_correction_recorded_later_changes_what_is_said_now_and_not_what_was_said_then(company: Company) -> None:
    record(company, FROM_THE_FACTORY, PINNED, BOUGHT, IN_WARRANTY)
    ticket_id = company.app.find("T-1")
    company.corrects(ticket_id, 4, "purchased_on", "2023-07-14", day(9))  # 24 months ended on 14 July 2025
    (decided,) = audits.disputes(company.app)
    assert (answer(decided.assessed), decided.agreement, decided.kept) == ("covered", "agrees", "same")
    assert arrived(decided) == [6]
    assert answer(decided.assessed_since) == "not_covered"


def test_a_correction_recorded_before_the_decision_was_known_to_it(company: Company) -> None:
    record(company, FROM_THE_FACTORY, PINNED, BOUGHT)
    ticket_id = company.app.find("T-1")
    company.corrects(ticket_id, 4, "purchased_on", "2023-07-14", day(4))
    company.finds(ticket_id, IN_WARRANTY, day(5))
    (decided,) = audits.disputes(company.app)
    assert (answer(decided.assessed), decided.agreement, arrived(decided)) == ("not_covered", "deviates", [])


def test_a_receipt_taken_back_later_is_missing_since(company: Company) -> None:
    record(company, FROM_THE_FACTORY, PINNED, BOUGHT, IN_WARRANTY)
    company.retracts(company.app.find("T-1"), 4, day(9))
    (decided,) = audits.disputes(company.app)
    assert answer(decided.assessed) == "covered"
    assert (arrived(decided), answer(decided.assessed_since)) == ([6], "undecidable")


def test_a_fact_that_no_standard_asks_about_has_not_arrived(company: Company) -> None:
    (decided,) = case(company, FROM_THE_FACTORY, PINNED, BOUGHT, IN_WARRANTY, e.CustomerNotified(), e.UnitHandedBack())
    assert arrived(decided) == []


def test_each_decision_is_held_against_the_version_pinned_then(company: Company) -> None:
    # Bought 30 months before: past the 24 of version 3, within the 36 of version 4.
    old = e.ProofOfPurchaseRecorded(purchased_on=date(2023, 7, 1))
    repinned = but(PINNED, standard_version=4)
    first, second = case(company, FROM_THE_FACTORY, old, PINNED, NOT_FREE, repinned, IN_WARRANTY)
    assert (first.pinned, answer(first.assessed), first.agreement) == ("ACME-IS@3", "not_covered", "agrees")
    assert (second.pinned, answer(second.assessed), second.agreement) == ("ACME-IS@4", "covered", "agrees")
    assert first.ended.pinned == "ACME-IS@4"


def test_a_decision_without_a_pinned_standard_has_nothing_to_be_held_against(company: Company) -> None:
    none = e.StandardPinned(none_reason=WHY)
    first, second = case(company, FROM_THE_FACTORY, NOT_FREE, none, REFUSED)
    for decision in (first, second):
        assert (decision.pinned, decision.assessed, decision.agreement) == (None, None, "no_standard")
        assert decision.kept == "none"


def test_a_standard_published_after_the_decision_was_not_there(company: Company) -> None:
    unheard_of = but(PINNED, standard_version=5)
    record(company, FROM_THE_FACTORY, unheard_of, NOT_FREE)
    company.app.handle(Publish(actor=MANAGER, thing=but(LATER_STANDARD, version=5)))
    (decided,) = audits.disputes(company.app)
    assert (decided.pinned, decided.assessed, decided.agreement) == ("ACME-IS@5", None, "no_standard")


def test_a_stored_assessment_that_is_not_what_the_facts_say_is_told(company: Company) -> None:
    stored = Assessment(standard="ACME-IS", version=3, answer="not_covered")
    sealed = PrivateText(digest="00" * 32)
    opened = e.TicketOpened(number="T-1", site="berlin", manufacturer="ACME")
    decision = e.EntitlementDecided(basis="none", reason=sealed, assessment=stored)
    facts = (opened, FROM_THE_FACTORY, PINNED, decision)
    company.imports(1, "old-system", [(fact, day(at)) for at, fact in enumerate(facts)])
    (decided,) = audits.disputes(company.app)
    assert (decided.kept, answer(decided.assessed), decided.agreement) == ("differs", "undecidable", "undecidable")


def test_a_decision_that_was_corrected_or_taken_back_is_shown_as_recorded_with_a_mark(company: Company) -> None:
    record(company, FROM_THE_FACTORY, PINNED, BOUGHT, NOT_FREE, REFUSED)
    ticket_id = company.app.find("T-1")
    company.corrects(ticket_id, 5, "basis", "warranty", day(9))
    company.retracts(ticket_id, 6, day(10))
    decided, refused = audits.disputes(company.app)
    assert (decided.said, decided.agreement, decided.marks) == ("none", "deviates", ("basis corrected by 7",))
    assert (refused.said, refused.agreement, refused.marks) == ("no_proof", "deviates", ("retracted by 8",))
    company.retracts(ticket_id, 8, day(11))  # the refusal stands again
    _, refused = audits.disputes(company.app)
    assert refused.marks == ()


def test_what_was_known_then_is_told_and_nothing_that_came_later(company: Company) -> None:
    identified = e.UnitIdentified(model="Q7", manufactured_on=date(2025, 5, 2))
    coded = e.DiagnosisRecorded(
        findings=(e.Finding(finding_id="f-1", cause="wear", defect_code=Code(system="IRIS", code="110")),)
    )
    tested = e.TestPerformed(
        test="charge", stage="under_load", reading=Quantity(value=Decimal("0.31"), unit="A"), passed=False
    )
    refused, _ = case(company, identified, tested, coded, BOUGHT, REFUSED, FROM_THE_FACTORY, IN_WARRANTY)
    assert plain(refused)["known"] == {
        "model": "Q7",
        "manufactured_on": "2025-05-02",
        "purchased_on": "2025-07-14",
        "handed_over_on": None,
        "opened_on": "2026-01-01",
        "findings": [{"id": "f-1", "cause": "wear", "code": "IRIS 110"}],
        "tests": [{"test": "charge", "stage": "under_load", "reading": "0.31 A", "passed": False}],
        "evidence": ["proof_of_purchase"],
    }
    assert flat(refused)["known"] == (
        "model Q7; manufactured_on 2025-05-02; purchased_on 2025-07-14; opened_on 2026-01-01; "
        "finding f-1 wear IRIS 110; test charge under_load 0.31 A failed; evidence proof_of_purchase"
    )


@pytest.mark.parametrize("how", ["corrected", "retracted", "pinned anew"])
def test_a_pin_that_was_changed_later_has_arrived_and_what_it_says_is_told(company: Company, how: str) -> None:
    old = e.ProofOfPurchaseRecorded(purchased_on=date(2023, 7, 1))  # 30 months before: only version 4 covers it
    record(company, FROM_THE_FACTORY, old, PINNED, NOT_FREE)
    ticket_id = company.app.find("T-1")
    match how:
        case "corrected":
            company.corrects(ticket_id, 4, "standard_version", "4", day(9))
        case "retracted":
            company.retracts(ticket_id, 4, day(9))
        case _:
            company.finds(ticket_id, but(PINNED, standard_version=4), day(9))
    (decided,) = audits.disputes(company.app)
    assert (decided.pinned, answer(decided.assessed), arrived(decided)) == ("ACME-IS@3", "not_covered", [6])
    since = (decided.pinned_since, answer(decided.assessed_since))
    assert since == ((None, None) if how == "retracted" else ("ACME-IS@4", "covered"))


# one fault and the next

MISUSED = e.DiagnosisRecorded(findings=(e.Finding(finding_id="f-9", cause="misuse"),))


@pytest.mark.parametrize("ground", ["new_fault", "same_fault", "complaint"])
def test_what_happens_after_a_reopening_for_a_new_fault_says_nothing_of_the_fault_before(
    company: Company, ground: Literal["new_fault", "same_fault", "complaint"]
) -> None:
    dearer = but(ESTIMATED, estimate_version=2, lines=(but(ESTIMATED.lines[0], price=euros("500.00")),))
    facts = (FROM_THE_FACTORY, PINNED, BOUGHT, IN_WARRANTY, ESTIMATED, e.TicketReopened(ground=ground))
    # 5 entitled, 6 estimated at 120, 7 reopened, 8 misuse found, 9 not free, 10 estimated at 500
    first, second = case(company, *facts, MISUSED, NOT_FREE, dearer)
    is_another = ground == "new_fault"
    assert first.overturned_by == (None if is_another else 9)
    assert first.stakes[0].money == {"EUR": Decimal(120 if is_another else 500)}
    assert (arrived(first) == [], answer(first.assessed_since)) == (is_another, None if is_another else "not_covered")
    assert first.ended.entitlement == ("warranty" if is_another else "none")
    assert (second.pinned, answer(second.assessed), second.overturned_by) == ("ACME-IS@3", "not_covered", None)
    assert second.stakes[0].money == {"EUR": Decimal(500)}


def test_the_money_of_the_fault_before_is_not_at_stake_in_the_next(company: Company) -> None:
    reopened = e.TicketReopened(ground="new_fault")
    first, second = case(company, NOT_FREE, ESTIMATED, reopened, NOT_FREE)
    assert [one.stakes[0].money for one in (first, second)] == [{"EUR": Decimal(120)}, {}]


def test_a_verdict_and_a_claim_of_the_fault_before_overturn_its_decisions_alone_whenever_they_come(
    company: Company,
) -> None:
    reopened = e.TicketReopened(ground="new_fault")
    favoured = but(VERDICT, in_favour_of="customer")
    less = but(PAID_WHOLE, amount_approved=euros("40.00"))
    # 2 pinned, 3 not free, 4 refused, 5 claimed, 6 paid, 7 reopened, 8 not free, 9 dispute about 4, 10 verdict, 11 less
    told = case(company, PINNED, NOT_FREE, REFUSED, CLAIMED, PAID_WHOLE, reopened, NOT_FREE, DISPUTED, favoured, less)
    by = {one.fact.version: one.overturned_by for one in told}
    assert by == {3: None, 4: 10, 6: 11, 8: None, 10: None, 11: None}


def test_a_receipt_that_comes_with_the_next_fault_speaks_of_the_unit_and_so_of_the_first(company: Company) -> None:
    reopened = e.TicketReopened(ground="new_fault")
    (refused,) = case(company, FROM_THE_FACTORY, PINNED, REFUSED, reopened, MISUSED, BOUGHT)
    assert (arrived(refused), answer(refused.assessed_since)) == ([7], "covered")


# what became of it


HALF = tuple(e.Share(party=party, percent=Decimal(50)) for party in ("customer", "company"))
THE_COMPANYS = (e.Share(party="company", percent=Decimal(100)),)
APPEALED = e.VerdictAppealed(dispute_id="D-1", party="company")


def test_an_appealed_verdict_neither_stands_nor_overturns(company: Company) -> None:
    favoured = but(VERDICT, in_favour_of="customer", shares=THE_COMPANYS)
    wear = e.DiagnosisRecorded(findings=(e.Finding(finding_id="f-1", cause="wear"),))
    refused, verdict = case(company, wear, PINNED, REFUSED, DISPUTED, favoured, APPEALED)
    assert (refused.stands, refused.overturned_by) == ("stands", None)
    assert (verdict.stands, verdict.overturned_by) == ("appealed", None)
    (dispute,) = refused.ended.disputes
    assert (dispute.in_favour_of, dispute.is_appealed, dispute.closed) == (None, True, None)
    company.finds(company.app.find("T-1"), favoured, day(9))  # upheld by the second, 8
    refused, first, second = audits.disputes(company.app)
    assert [(one.stands, one.overturned_by) for one in (refused, first, second)] == [
        ("overturned", 8),
        ("stands", None),
        ("stands", None),
    ]


@pytest.mark.parametrize(
    ("how", "shares", "stands", "by"),
    [
        ("settled", HALF, "overturned", 7),
        ("settled", THE_COMPANYS, "settled", None),
        ("settled", (), "settled", None),
        ("withdrawn", (), "withdrawn", None),
        ("decided", (), "stands", None),
    ],
)
def test_a_settlement_overturns_a_verdict_of_other_shares_and_no_refusal(
    company: Company,
    how: Literal["decided", "settled", "withdrawn"],
    shares: tuple[e.Share, ...],
    stands: str,
    by: int | None,
) -> None:
    favoured = but(VERDICT, in_favour_of="customer", shares=THE_COMPANYS)
    closed = e.DisputeClosed(dispute_id="D-1", how=how, shares=shares)
    refused, verdict = case(company, FROM_THE_FACTORY, PINNED, REFUSED, DISPUTED, favoured, closed)
    assert (verdict.stands, verdict.overturned_by) == (stands, by)
    assert refused.overturned_by == (6 if how == "decided" else None)
    assert plain(verdict)["shares"] == {"company": "100"}


def test_a_refusal_is_overturned_on_appeal_by_the_second_verdict(company: Company) -> None:
    favoured = but(VERDICT, in_favour_of="customer", shares=(e.Share(party="company", percent=Decimal(100)),))
    appealed = e.VerdictAppealed(dispute_id="D-1", party="customer")
    closed = e.DisputeClosed(dispute_id="D-1", how="decided")
    wear = e.DiagnosisRecorded(findings=(e.Finding(finding_id="f-1", cause="wear"),))
    # 2 wear, 3 pinned, 4 refused, 5 disputed, 6 for the company, 7 appealed, 8 for the customer, 9 closed
    refused, first, second = case(company, wear, PINNED, REFUSED, DISPUTED, VERDICT, appealed, favoured, closed)
    assert (refused.agreement, refused.overturned_by) == ("agrees", 8)
    assert (first.says, first.agreement, first.overturned_by) == ("not_covered", "agrees", 8)
    assert (second.says, second.agreement, second.overturned_by) == ("covered", "deviates", None)
    assert second.decider == "e-1"
    (dispute,) = refused.ended.disputes
    assert (dispute.about_version, dispute.in_favour_of, dispute.closed) == (4, "customer", "decided")


def test_what_comes_back_to_where_it_was_stands(company: Company) -> None:
    to_warranty = e.EntitlementRevised(from_basis="none", to_basis="warranty", trigger="verdict", reason=WHY)
    back = but(to_warranty, from_basis="warranty", to_basis="none", trigger="error", approved_by="m-2")
    decided, revised, last = case(company, FROM_THE_FACTORY, NOT_FREE, to_warranty, back)
    assert [one.overturned_by for one in (decided, revised, last)] == [None, 5, None]
    assert (last.said, last.approved_by, last.ended.entitlement) == ("none, was warranty", "m-2", "none")


def test_an_appeal_reopens_a_dispute_that_was_closed(company: Company) -> None:
    closed = e.DisputeClosed(dispute_id="D-1", how="decided")
    appealed = e.VerdictAppealed(dispute_id="D-1", party="customer")
    decided, _ = case(company, REFUSED, DISPUTED, VERDICT, closed)
    assert [one.closed for one in decided.ended.disputes] == ["decided"]
    company.finds(company.app.find("T-1"), appealed, day(9))
    decided, _ = audits.disputes(company.app)
    assert [one.closed for one in decided.ended.disputes] == [None]


def test_a_decision_taken_back_is_overturned_by_what_came_later_alone(company: Company) -> None:
    record(company, NOT_FREE, IN_WARRANTY)
    company.retracts(company.app.find("T-1"), 3, day(9))
    first, second = audits.disputes(company.app)
    assert (first.overturned_by, second.overturned_by) == (None, None)
    assert second.marks == ("retracted by 4",)


@pytest.mark.parametrize(
    ("basis", "is_overturned"),
    [("goodwill", False), ("none", False), ("warranty", True), ("statutory", True), ("repair_guarantee", True)],
)
def test_goodwill_concedes_nothing_and_another_entitlement_does(
    company: Company, basis: e.Basis, is_overturned: bool
) -> None:
    revised = e.EntitlementRevised(from_basis="none", to_basis=basis, trigger="complaint", reason=WHY)
    decided, _ = case(company, FROM_THE_FACTORY, NOT_FREE, revised)
    assert (decided.overturned_by is not None) == is_overturned


def test_a_verdict_about_one_decision_overturns_no_other(company: Company) -> None:
    favoured = but(VERDICT, in_favour_of="customer")
    # 2 not free, 3 refused, 4 refused again, 5 a dispute about 4, 6 the verdict
    decided, refused, again, _ = case(company, NOT_FREE, REFUSED, REFUSED, DISPUTED, favoured)
    assert [one.overturned_by for one in (decided, refused, again)] == [None, None, 6]


def test_a_verdict_on_the_promise_leaves_what_rests_on_a_statute_alone(company: Company) -> None:
    statutory = e.EntitlementDecided(basis="statutory", reason=WHY)
    dispute = but(DISPUTED, about_version=None)
    decided, _ = case(company, statutory, dispute, VERDICT)
    assert decided.overturned_by is None


def test_a_claim_paid_whole_and_then_in_part_is_charged_back(company: Company) -> None:
    less = but(PAID_WHOLE, amount_approved=euros("40.00"))
    first, second = case(company, FROM_THE_FACTORY, PINNED, BOUGHT, CLAIMED, PAID_WHOLE, less)
    assert (first.said, first.says, first.agreement, first.overturned_by) == (
        "100.00 of 100.00 EUR",
        "covered",
        "agrees",
        7,
    )
    assert (second.said, second.says, second.agreement, second.overturned_by) == (
        "40.00 of 100.00 EUR",
        None,
        "not_comparable",
        None,
    )
    (claim,) = first.ended.claims
    assert claim.approved == euros("40.00")
    assert claim.charged_back == Decimal("60.00")  # 100 less 40
    assert plain(first)["at_stake"] == {"claim C-1": {"EUR": "100.00"}}


def test_a_rejected_claim_deviates_where_the_standard_covers_and_falls_with_the_verdict(company: Company) -> None:
    rejected = but(PAID_WHOLE, amount_approved=euros("0"))
    dispute = but(
        DISPUTED, ground="rejected_claim", raised_by="company", parties=("company", "manufacturer"), about_version=6
    )
    facts = (FROM_THE_FACTORY, PINNED, BOUGHT, CLAIMED, rejected, dispute, VERDICT)  # the claim's decision is 6
    claim, verdict = case(company, *facts)
    assert (claim.says, claim.agreement, claim.overturned_by) == ("not_covered", "deviates", 8)
    assert (verdict.says, verdict.agreement) == ("covered", "agrees")
    assert plain(verdict)["at_stake"] == {"claim C-1": {"EUR": "100.00"}}


def test_the_money_is_the_customers_part_of_the_latest_estimate_that_has_one(company: Company) -> None:
    all_the_makers = but(ESTIMATED, estimate_version=2, lines=(but(ESTIMATED.lines[0], payer="manufacturer"),))
    bill = e.BillIssued(
        bill_id="B-1", lines=(e.BillLine(line_id="1", payer="customer", amount=euros("25.00"), reason=WHY),)
    )
    (refused,) = case(company, REFUSED, ESTIMATED, all_the_makers, bill)
    assert plain(refused)["at_stake"] == {"customer": {"EUR": "120.00"}}  # 80 and 40; the battery is the maker's
    (refused,) = [one for one in case(company, REFUSED, bill, number=2) if one.ticket.number == "T-2"]
    assert plain(refused)["at_stake"] == {"customer": {"EUR": "25.00"}}
    (refused,) = [one for one in case(company, REFUSED, number=3) if one.ticket.number == "T-3"]
    assert plain(refused)["at_stake"] == {"customer": {}}


# what decisions say


@pytest.mark.parametrize(
    ("ground", "raised_by", "others", "favoured", "says"),
    [
        ("coverage", "customer", ("company",), "customer", "covered"),
        ("criterion", "customer", ("company",), "company", "not_covered"),
        ("fault_existence", "customer", ("company", "manufacturer"), "company", "not_covered"),
        ("coverage", "customer", ("manufacturer",), "manufacturer", "not_covered"),
        ("coverage", "company", ("manufacturer",), "company", "covered"),
        ("coverage", "company", ("customer",), "company", "not_covered"),
        ("coverage", "manufacturer", ("company", "customer"), "company", "covered"),
        ("coverage", "company", ("manufacturer", "customer"), "company", None),
        ("coverage", "customer", ("seller",), "seller", None),
        ("rejected_claim", "company", ("manufacturer",), "company", "covered"),
        ("rejected_claim", "company", ("manufacturer", "customer"), "customer", "covered"),
        ("rejected_claim", "company", ("manufacturer",), "manufacturer", "not_covered"),
        ("rejected_claim", "company", ("insurer",), "company", None),
        ("price", "customer", ("company",), "customer", None),
        ("delay", "customer", ("company",), "customer", None),
        ("repair_quality", "customer", ("company",), "company", None),
        ("custody_damage", "customer", ("company",), "company", None),
    ],
)
def test_a_verdict_says_what_its_ground_and_sides_say(
    ground: e.DisputeGround, raised_by: Party, others: tuple[Party, ...], favoured: Party, says: str | None
) -> None:
    dispute = but(DISPUTED, ground=ground, raised_by=raised_by, parties=(raised_by, *others))
    assert verdict_says(but(VERDICT, in_favour_of=favoured), dispute) == says


def test_a_verdict_that_divides_the_cost_says_both_and_still_takes_a_side() -> None:
    half = tuple(e.Share(party=party, percent=Decimal(50)) for party in ("customer", "company"))
    divided = but(VERDICT, in_favour_of="customer", shares=half)
    assert verdict_says(divided, DISPUTED) is None
    assert side_favoured(divided, DISPUTED) == "covered"


def test_a_verdict_in_a_dispute_that_nobody_knows_says_nothing() -> None:
    assert verdict_says(VERDICT, None) is None


@pytest.mark.parametrize(
    ("ground", "clause", "says"),
    [
        ("out_of_warranty", None, "not_covered"),
        ("misuse", None, "not_covered"),
        ("accident", None, "not_covered"),
        ("third_party_work", None, "not_covered"),
        ("no_proof", None, "not_covered"),
        ("unrepairable", None, None),
        ("other", None, None),
        ("other", "9.1", "not_covered"),
        (None, "9.1", "not_covered"),
    ],
)
def test_a_refusal_says_not_covered_on_a_ground_of_coverage_or_by_a_clause(
    ground: str | None, clause: str | None, says: str | None
) -> None:
    assert refusal_says(but(REFUSED, ground=ground, clause=clause)) == says


@pytest.mark.parametrize(
    ("amount", "says"), [("100.00", "covered"), ("101.00", "covered"), ("99.99", None), ("0.00", "not_covered")]
)
def test_a_decision_on_a_claim_says_covered_only_where_all_is_paid(amount: str, says: str | None) -> None:
    decided = but(PAID_WHOLE, amount_approved=euros(amount))
    assert claim_says(decided, CLAIMED) == says
    assert claim_says(decided, None) is None


def test_what_an_insurer_pays_says_nothing_of_the_manufacturers_promise() -> None:
    assert claim_says(PAID_WHOLE, but(CLAIMED, to_party="insurer")) is None


def test_amounts_of_two_currencies_are_not_compared() -> None:
    assert claim_says(but(PAID_WHOLE, amount_approved=Money(amount=Decimal(100), currency="USD")), CLAIMED) is None
    assert claim_says(PAID_WHOLE, but(CLAIMED, amount=euros("0"))) is None


def test_only_what_is_decided_one_way_or_the_other_agrees_or_deviates() -> None:
    said = {answer: Assessment(standard="S", version=1, answer=answer) for answer in get_args(Answer)}
    table = {
        (says, name): agreement(says, assessed)
        for says in ("covered", "not_covered", None)
        for name, assessed in [*said.items(), (None, None)]
    }
    assert table == {
        ("covered", "covered"): "agrees",
        ("covered", "not_covered"): "deviates",
        ("covered", "undecidable"): "undecidable",
        ("covered", None): "no_standard",
        ("not_covered", "covered"): "deviates",
        ("not_covered", "not_covered"): "agrees",
        ("not_covered", "undecidable"): "undecidable",
        ("not_covered", None): "no_standard",
        (None, "covered"): "not_comparable",
        (None, "not_covered"): "not_comparable",
        (None, "undecidable"): "not_comparable",
        (None, None): "not_comparable",
    }


# how it is written


def test_a_line_of_csv_has_the_columns_of_its_header_and_says_what_json_says(company: Company) -> None:
    refused, _ = case(company, FROM_THE_FACTORY, PINNED, REFUSED, BOUGHT, IN_WARRANTY)
    line, whole = flat(refused), plain(refused)
    assert tuple(line) == COLUMNS
    assert (line["missing"], line["arrived"], line["assessed_since"]) == (
        "purchased_on",
        "5 ProofOfPurchaseRecorded",
        "covered",
    )
    assert whole["assessed"] == {
        "answer": "undecidable",
        "clauses": {"3.1": "undecidable", "9.1": "does_not_apply"},
        "reasons": {
            "3.1": [
                {"asks": "period", "holds": None, "about": ["purchase"], "missing": ["purchased_on"]},
                {"asks": "finding", "holds": True, "about": ["f-1", "manufacturing"], "missing": []},
            ],
            "9.1": [{"asks": "finding", "holds": False, "about": ["f-1", "manufacturing"], "missing": []}],
        },
        "missing": ["purchased_on"],
    }


def test_every_kind_of_decision_can_be_told(company: Company) -> None:
    revised = e.EntitlementRevised(from_basis="warranty", to_basis="none", trigger="error", reason=WHY)
    told = case(company, IN_WARRANTY, revised, REFUSED, DISPUTED, VERDICT, CLAIMED, PAID_WHOLE)
    assert {type(one.fact.event) for one in told} == set(DECISIONS)
    assert [one.said for one in told] == [
        "warranty",
        "none, was warranty",
        "no_proof",
        "for company",
        "100.00 of 100.00 EUR",
    ]
