"""Standard: what a version says of the facts known; every figure by hand, and an oracle beside it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from tests.assessed import assessed, shown
from tests.examples import (
    CLOSED,
    HANDED_BACK,
    MANAGER,
    OPENED,
    RECEIVED,
    REFUSED,
    REOPENED,
    REPAIRED,
    TESTED,
    but,
)
from tests.oracle import Case, raw
from tests.spec import fact, history
from tests.standards import (
    D3,
    D4,
    HISTORIES,
    LOOKS,
    REOPENED_FOR_ANOTHER,
    STANDARDS,
    after_tests,
    at,
    covering,
    excluding,
    found,
    reading,
    standard,
)
from ticketing.domain import events as e
from ticketing.domain.assessment import Assessment, ClauseAssessed, Reason
from ticketing.domain.clauses import BurdenOfProof, Clause
from ticketing.domain.known import Known, known_of
from ticketing.domain.reference import StandardPublished
from ticketing.domain.standard import assess, end_of_period
from ticketing.domain.values import Event, Quantity, Recorded


def said(clause: Clause, known: Known) -> ClauseAssessed:
    """What one clause says of what is known."""
    return assess(standard(clause), known).clauses[0]


def only_reason(clause: Clause, known: Known) -> Reason:
    (reason,) = said(clause, known).reasons
    return reason


# the calendar


@pytest.mark.parametrize(
    ("since", "months", "last"),
    [
        (date(2024, 3, 1), 24, date(2026, 3, 1)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),  # a leap year's February has no 31st
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 28), 12, date(2025, 2, 28)),
        (date(2023, 10, 31), 6, date(2024, 4, 30)),
        (date(2023, 12, 31), 2, date(2024, 2, 29)),
        (date(9999, 6, 1), 12, date.max),
    ],
)
def test_a_period_ends_on_the_day_of_the_same_number_or_the_last_of_its_month(
    since: date, months: int, last: date
) -> None:
    assert end_of_period(since, months) == last


def test_days_of_repair_are_added_to_the_day_on_which_the_months_end() -> None:
    # 31 January and a month: 29 February; three days more: 3 March.
    assert end_of_period(date(2024, 1, 31), 1, days=3) == date(2024, 3, 3)
    assert end_of_period(date(9999, 11, 30), 1, days=2) == date.max


# each criterion


def test_a_clause_for_some_models_says_nothing_of_others() -> None:
    clause = covering(models=("P7", "P8"))
    assert only_reason(clause, Known(model="P8")) == Reason(asks="model", holds=True, about=("P8",))
    assert only_reason(clause, Known(model="P9")) == Reason(asks="model", holds=False, about=("P9",))
    assert only_reason(clause, Known()) == Reason(asks="model", holds=None, missing=("model",))


@pytest.mark.parametrize(
    ("day", "holds"),
    [(date(2024, 12, 31), False), (date(2025, 1, 1), True), (date(2025, 6, 30), True), (date(2025, 7, 1), False)],
)
def test_days_of_manufacture_and_purchase_are_both_inclusive(day: date, holds: bool) -> None:
    made = covering(manufactured_from=date(2025, 1, 1), manufactured_to=date(2025, 6, 30))
    about = ("2025-01-01/2025-06-30", str(day))
    assert only_reason(made, Known(manufactured_on=day)) == Reason(asks="manufactured", holds=holds, about=about)
    bought = covering(purchased_from=date(2025, 1, 1), purchased_to=date(2025, 6, 30))
    assert only_reason(bought, Known(purchased_on=day)) == Reason(asks="purchased", holds=holds, about=about)


def test_a_side_without_a_day_is_open() -> None:
    since = covering(manufactured_from=date(2025, 1, 1))
    until = covering(purchased_to=date(2025, 1, 1))
    assert only_reason(since, Known(manufactured_on=date(9000, 1, 1))).about == ("2025-01-01/..", "9000-01-01")
    assert only_reason(since, Known(manufactured_on=date(9000, 1, 1))).holds is True
    assert only_reason(until, Known(purchased_on=date(1900, 1, 1))).holds is True
    unknown = only_reason(until, Known())
    assert (unknown.holds, unknown.about, unknown.missing) == (None, ("../2025-01-01",), ("purchased_on",))


@pytest.mark.parametrize(
    ("since", "known", "missing"),
    [
        ("purchase", Known(purchased_on=date(2024, 3, 2)), "purchased_on"),
        ("manufacture", Known(manufactured_on=date(2024, 3, 2)), "manufactured_on"),
        ("hand_over", Known(handed_over_on=date(2024, 3, 2)), "handed_over_on"),
    ],
)
def test_a_period_ends_with_its_last_day(since: str, known: Known, missing: str) -> None:
    clause = covering(period={"months": 24, "since": since})
    last = replace(known, opened_on=date(2026, 3, 2))
    about = (since, "2024-03-02", "2026-03-02", "2026-03-02")
    assert only_reason(clause, last) == Reason(asks="period", holds=True, about=about)
    late = replace(known, opened_on=date(2026, 3, 3))
    assert only_reason(clause, late) == Reason(asks="period", holds=False, about=(*about[:3], "2026-03-03"))
    unknown = Known(opened_on=date(2026, 3, 2))
    assert only_reason(clause, unknown) == Reason(asks="period", holds=None, about=(since,), missing=(missing,))


def test_a_period_is_longer_by_days_in_repair_only_where_it_says_so() -> None:
    # Bought on 30 December 2013 for a year, 58 days in repair: 30 December 2014 and 58 days are 26 February 2015.
    repaired = Known(purchased_on=date(2013, 12, 30), stays=((date(2014, 3, 1), date(2014, 4, 27)),))
    extended = covering(period={"months": 12, "since": "purchase", "is_extended_by_repair": True})
    plain = covering(period={"months": 12, "since": "purchase"})
    assert said(extended, replace(repaired, opened_on=date(2015, 2, 26))).answer == "covers"
    assert said(extended, replace(repaired, opened_on=date(2015, 2, 27))).answer == "does_not_apply"
    assert said(plain, replace(repaired, opened_on=date(2014, 12, 31))).answer == "does_not_apply"


@pytest.mark.parametrize(
    ("stays", "last"),
    [
        ((), date(2026, 2, 1)),
        # Days 10 to 12, then 12 to 14: five days, each once.
        (((10, 12), (12, 14)), date(2026, 2, 6)),
        # One that began before the period, on its first day, or ended on it is not counted again.
        (((-5, 20),), date(2026, 2, 1)),
        (((-5, 0), (0, 3)), date(2026, 2, 1)),
        (((-5, 3), (2, 4)), date(2026, 2, 4)),  # of the second one, days 2 to 4
        # One that began when the fault had been reported, on 10 February, is its own.
        (((40, 60),), date(2026, 2, 1)),
        (((41, 60),), date(2026, 2, 1)),
        (((38, 60),), date(2026, 2, 4)),  # days 38, 39 and 40, the one of the report
    ],
)
def test_only_stays_within_the_period_make_it_longer(stays: tuple[tuple[int, int], ...], last: date) -> None:
    start = date(2026, 1, 1)
    days = tuple((start + timedelta(days=first), start + timedelta(days=end)) for first, end in stays)
    clause = covering(period={"months": 1, "since": "hand_over", "is_extended_by_repair": True})
    known = Known(handed_over_on=start, opened_on=date(2026, 2, 10), stays=days)
    assert only_reason(clause, known).about[2] == str(last)


def test_a_fault_reported_in_time_is_covered_though_the_case_is_reopened_later() -> None:
    # Bought 700 days before the report, refused, and reopened 60 days later: 24 months are 730 or 731 days.
    proof = e.ProofOfPurchaseRecorded(purchased_on=at(-700).date())
    told = (OPENED, proof, RECEIVED, TESTED, REFUSED, fact(HANDED_BACK, at=at(1)), fact(CLOSED, at=at(1)))
    clause = covering(period={"months": 24, "since": "purchase"})
    assert said(clause, known_of(history(*told, fact(REOPENED, at=at(60))))).answer == "covers"
    another = known_of(history(*told, fact(REOPENED_FOR_ANOTHER, at=at(60))))
    assert said(clause, another).answer == "does_not_apply"


def test_a_fault_reported_too_late_is_not_in_time_because_it_was_worked_on() -> None:
    proof = e.ProofOfPurchaseRecorded(purchased_on=at(-32).date())
    told = (OPENED, proof, RECEIVED, fact(HANDED_BACK, at=at(20)), fact(CLOSED, at=at(20)), fact(REOPENED, at=at(21)))
    clause = covering(period={"months": 1, "since": "purchase", "is_extended_by_repair": True})
    assert said(clause, known_of(history(*told))).answer == "does_not_apply"


@pytest.mark.parametrize(("back", "answer"), [(30, "covers"), (40, "does_not_apply")])
def test_a_period_from_the_hand_over_after_a_repair_asks_when_the_fault_came_back(back: int, answer: str) -> None:
    # Handed back on 7 March 2026: a month ends on 7 April, 36 days after the opening.
    told = (OPENED, RECEIVED, REPAIRED, fact(HANDED_BACK, at=at(5)), fact(CLOSED, at=at(5)))
    known = known_of(history(*told, fact(REOPENED, at=at(back))))
    burden = BurdenOfProof(on="company", until_months=1, since="hand_over", then_on="customer")
    clause = said(covering(period={"months": 1, "since": "hand_over"}, burden_of_proof=burden), known)
    assert (clause.answer, clause.burden) == (answer, "company" if answer == "covers" else "customer")


@pytest.mark.parametrize(
    ("findings", "holds", "missing"),
    [
        ((), None, ("diagnosis",)),
        ((found("wear"),), True, ()),
        ((found("misuse"),), False, ()),
        ((found("none_found"),), False, ()),
        ((found("unknown"),), None, ("diagnosis",)),
        ((found("misuse"), found("wear")), True, ()),
        ((found("misuse"), found("unknown")), None, ("diagnosis",)),
    ],
)
def test_one_finding_has_to_have_one_of_the_causes(
    findings: tuple[e.Finding, ...], holds: bool | None, missing: tuple[str, ...]
) -> None:
    reason, *_ = said(covering(causes=("manufacturing", "wear")), Known(findings=findings)).reasons
    assert (reason.holds, reason.missing) == (holds, missing)


@pytest.mark.parametrize(
    ("finding", "holds", "missing"),
    [
        (found("wear", D3), True, ()),
        (found("unknown", D3), True, ()),
        (found("wear", D4), False, ()),
        (found("wear"), None, ("defect_code",)),
        (found("none_found"), False, ()),
    ],
)
def test_a_defect_code_that_was_not_given_does_not_say(
    finding: e.Finding, holds: bool | None, missing: tuple[str, ...]
) -> None:
    reason = only_reason(covering(defect_codes=(D3,)), Known(findings=(finding,)))
    assert (reason.holds, reason.missing) == (holds, missing)


def test_cause_and_defect_code_have_to_stand_in_the_same_finding() -> None:
    clause = covering(causes=("wear",), defect_codes=(D3,))
    apart = Known(findings=(found("wear", D4), found("misuse", D3, "f-2")))
    assert said(clause, apart).answer == "does_not_apply"
    assert [reason.about for reason in said(clause, apart).reasons] == [
        ("f-1", "wear", "IRIS", "D4"),
        ("f-2", "misuse", "IRIS", "D3"),
    ]
    together = Known(findings=(found("misuse", D3), found("wear", D3, "f-2")))
    assert only_reason(clause, together) == Reason(asks="finding", holds=True, about=("f-2", "wear", "IRIS", "D3"))
    # Of another cause, it is out of the question whatever the code.
    assert said(clause, Known(findings=(found("misuse"),))).answer == "does_not_apply"


def test_a_clause_may_ask_for_an_unknown_cause_by_name() -> None:
    assert said(covering(causes=("unknown",)), Known(findings=(found("unknown"),))).answer == "covers"


@pytest.mark.parametrize(
    ("value", "holds"), [("0.49", False), ("0.50", True), ("0.5", True), ("2", True), ("2.01", False)]
)
def test_a_threshold_is_inclusive_on_both_sides(value: str, holds: bool) -> None:
    clause = covering(inspections=[{"test": "charge", "unit": "A", "at_least": "0.5", "at_most": "2"}])
    about = ("charge", "standard", ">=0.5 <=2 A", f"{value} A")
    assert only_reason(clause, after_tests(reading(value))) == Reason(asks="inspection", holds=holds, about=about)


def test_a_reading_in_another_unit_does_not_say() -> None:
    clause = covering(inspections=[{"test": "charge", "unit": "A", "at_most": "0.5"}])
    other = only_reason(clause, after_tests(reading("20", "mA")))
    assert (other.holds, other.missing) == (None, ("reading:charge:standard",))
    assert other.about == ("charge", "standard", "<=0.5 A", "20 mA")
    without = only_reason(clause, after_tests(but(TESTED, reading=None)))
    assert (without.holds, without.missing) == (None, ("reading:charge:standard",))


def test_a_test_that_was_not_made_is_missing_in_each_stage_in_which_it_is_asked() -> None:
    clause = covering(inspections=[{"test": "charge", "stages": ["standard", "under_load"], "passed": False}])
    assert said(clause, after_tests(TESTED)).reasons == (
        Reason(asks="inspection", holds=True, about=("charge", "standard", "failed", "failed")),
        Reason(
            asks="inspection",
            holds=None,
            about=("charge", "under_load", "failed"),
            missing=("test:charge:under_load",),
        ),
    )
    both = after_tests(TESTED, but(TESTED, stage="under_load", passed=True))
    assert [reason.holds for reason in said(clause, both).reasons] == [True, False]


def test_a_threshold_and_a_failure_are_two_questions_of_one_test() -> None:
    clause = covering(inspections=[{"test": "charge", "unit": "A", "at_most": "0.5", "passed": False}])
    assert [it.holds for it in said(clause, after_tests(reading("0.4", passed=True))).reasons] == [True, False]
    # Whether it passed is told even where the reading is not.
    assert [it.holds for it in said(clause, after_tests(but(TESTED, reading=None))).reasons] == [None, True]


def test_evidence_that_is_not_on_record_may_still_come() -> None:
    clause = covering(evidence=("photograph", "proof_of_purchase"))
    assert [it.missing for it in said(clause, Known(evidence=frozenset({"photograph"}))).reasons] == [
        (),
        ("evidence:proof_of_purchase",),
    ]
    assert said(clause, Known(evidence=frozenset({"photograph", "proof_of_purchase"}))).answer == "covers"


@pytest.mark.parametrize(
    ("opened_on", "who"),
    [(date(2025, 3, 1), "manufacturer"), (date(2025, 3, 2), "customer"), (None, None)],
)
def test_the_burden_of_proof_moves_when_its_months_have_passed(opened_on: date | None, who: str | None) -> None:
    burden = BurdenOfProof(on="manufacturer", until_months=12, since="purchase", then_on="customer")
    clause = covering(burden_of_proof=burden, causes=("wear",))
    assert said(clause, Known(purchased_on=date(2024, 3, 1), opened_on=opened_on)).burden == who
    assert said(clause, Known(opened_on=opened_on)).burden is None


def test_a_burden_without_an_end_stays_and_one_that_nobody_takes_over_ends() -> None:
    known = Known(purchased_on=date(2024, 3, 1), opened_on=date(2026, 1, 1))
    assert said(covering(burden_of_proof=BurdenOfProof(on="seller")), Known()).burden == "seller"
    assert said(covering(burden_of_proof=BurdenOfProof(on="seller", until_months=12)), known).burden is None
    assert said(covering(), known).burden is None


# three values, and the whole


P7, P8, NO_MODEL = Known(model="P7"), Known(model="P8"), Known()


def test_a_clause_applies_where_all_holds_and_does_not_where_anything_does_not() -> None:
    clause = covering(models=("P7",), causes=("wear",))
    assert said(clause, Known(model="P7", findings=(found("wear"),))).answer == "covers"
    assert said(clause, P7).answer == "undecidable"
    assert said(clause, P8).answer == "does_not_apply"
    assert said(excluding(models=("P7",)), P7).answer == "excludes"
    assert said(covering(), Known()).answer == "covers"


COVERS, EXCLUDES = covering("c", models=("P7",)), excluding("x", models=("P7",))
MAY_COVER, MAY_EXCLUDE = covering("c?", causes=("wear",)), excluding("x?", evidence=("photograph",))
NEVER_COVERS, NEVER_EXCLUDES = covering("c-", models=("P8",)), excluding("x-", models=("P8",))


@pytest.mark.parametrize(
    ("clauses", "answer", "missing"),
    [
        ((COVERS,), "covered", ()),
        ((COVERS, NEVER_COVERS, NEVER_EXCLUDES), "covered", ()),
        ((COVERS, MAY_COVER), "covered", ()),
        ((COVERS, EXCLUDES), "not_covered", ()),
        ((MAY_COVER, EXCLUDES), "not_covered", ()),
        ((NEVER_COVERS,), "not_covered", ()),
        ((NEVER_COVERS, MAY_EXCLUDE), "not_covered", ()),
        ((COVERS, MAY_EXCLUDE), "undecidable", ("evidence:photograph",)),
        ((COVERS, MAY_COVER, MAY_EXCLUDE), "undecidable", ("evidence:photograph",)),
        ((MAY_COVER,), "undecidable", ("diagnosis",)),
        ((NEVER_COVERS, MAY_COVER, NEVER_EXCLUDES), "undecidable", ("diagnosis",)),
        ((MAY_EXCLUDE, MAY_COVER), "undecidable", ("diagnosis", "evidence:photograph")),
        ((MAY_COVER, but(MAY_COVER, id="c??")), "undecidable", ("diagnosis",)),
        ((MAY_EXCLUDE,), "not_covered", ()),
    ],
)
def test_exclusions_come_before_coverage_and_only_what_it_turns_on_is_missing(
    clauses: tuple[Clause, ...], answer: str, missing: tuple[str, ...]
) -> None:
    assessment = assess(standard(*clauses), P7)
    assert (assessment.answer, assessment.missing) == (answer, missing)
    assert [clause.clause for clause in assessment.clauses] == [clause.id for clause in clauses]


def test_a_clause_for_people_says_nothing_and_is_missing_only_where_none_is_for_programs() -> None:
    for_people = Clause(id="7", title="Drop damage is not covered")
    assert [clause.clause for clause in assess(standard(for_people, COVERS), P7).clauses] == ["c"]
    assert assess(standard(for_people, but(for_people, id="8")), P7) == Assessment(
        standard="ACME-IS", version=1, answer="undecidable", missing=("criteria:7", "criteria:8")
    )


# properties


@settings(max_examples=150, deadline=None)
@drawn(STANDARDS, HISTORIES)
def test_the_assessment_is_the_one_that_a_slow_oracle_gives(
    published: StandardPublished, facts: list[Recorded[Event]]
) -> None:
    assessment = assess(published, known_of(facts)).model_dump(mode="json")
    assert shown(assessment) == assessed(published.model_dump(mode="json"), Case([raw(it) for it in facts]))


@settings(max_examples=100, deadline=None)
@drawn(STANDARDS, st.lists(LOOKS, max_size=8), st.randoms(use_true_random=False))
def test_an_assessment_depends_on_what_happened_and_not_on_order_place_or_person(
    published: StandardPublished, looks: list[Event], rng: Random
) -> None:
    facts = [fact(it, at=at(0, 1 + number)) for number, it in enumerate(looks)]
    told = history(OPENED, *facts)
    rng.shuffle(facts)
    elsewhere = history(OPENED, *(fact(it.event, at=it.at, by=MANAGER, recorded=at(99)) for it in facts))
    assert assess(published, known_of(elsewhere)) == assess(published, known_of(told))


def supply(name: str, known: Known) -> Event:
    """A fact that says what is missing, whole."""
    kind, *rest = name.split(":")
    proof = {"purchased_on": known.purchased_on or date(2026, 1, 5), "handed_over_on": date(2026, 1, 6)}
    whole = Quantity(value=Decimal("0.3"), unit="A")
    supplied: Mapping[str, Event] = {
        "model": e.UnitIdentified(model="P7"),
        "manufactured_on": e.UnitIdentified(manufactured_on=date(2026, 1, 4)),
        "purchased_on": e.ProofOfPurchaseRecorded.model_validate(proof),
        "handed_over_on": e.ProofOfPurchaseRecorded.model_validate(proof),
        "diagnosis": e.DiagnosisRecorded(findings=(found("manufacturing", D3),)),
        "defect_code": e.DiagnosisRecorded(findings=(found("misuse", D4),)),
    }
    if kind in supplied:
        return supplied[kind]
    if kind == "evidence" and rest == ["proof_of_purchase"]:
        return e.ProofOfPurchaseRecorded.model_validate(proof)
    if kind == "evidence":
        return e.EvidenceSubmitted(evidence_id="E-9", sha256="ef" * 32, media_type="image/png", kind=rest[0])
    return e.TestPerformed.model_validate({"test": rest[0], "stage": rest[1], "reading": whole, "passed": True})


@settings(max_examples=150, deadline=None)
@drawn(STANDARDS, HISTORIES)
def test_who_supplies_what_is_missing_gets_an_answer_and_is_never_asked_for_it_again(
    published: StandardPublished, facts: list[Recorded[Event]]
) -> None:
    told = [fact(it.event, at=it.occurred_at) for it in facts]
    asked: set[str] = set()
    while (assessment := assess(published, known := known_of(history(*told)))).answer == "undecidable":
        if not assessment.clauses:
            return
        assert assessment.missing
        assert asked.isdisjoint(assessment.missing)
        asked |= set(assessment.missing)
        told += [fact(supply(name, known), at=at(100, len(asked))) for name in assessment.missing]
