"""Standard words: clauses, assessments and the differences of two versions, in sentences of the trade."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.examples import STANDARD, TESTED, but
from tests.oracle import LAXER
from tests.standards import D3, D4, after_tests, covering, excluding, found, reading, standard
from ticketing.adapters.reference_files import read_reference_files
from ticketing.domain.changes import Change
from ticketing.domain.clauses import Clause
from ticketing.domain.known import Known
from ticketing.domain.reference import StandardPublished
from ticketing.domain.standard import assess
from ticketing.domain.standard_words import (
    assessment_in_words,
    clause_in_words,
    differences,
    missing_in_words,
    reason_in_words,
)

EXAMPLES = Path(__file__).parents[1] / "examples" / "reference"


def versions(name: str) -> list[StandardPublished]:
    return [it for it in read_reference_files([EXAMPLES / f"{name}.toml"]) if isinstance(it, StandardPublished)]


def test_a_clause_is_told_with_everything_that_it_asks() -> None:
    clause = covering(
        models=("P7", "P8", "P9"),
        manufactured_from=date(2025, 1, 1),
        purchased_from=date(2025, 1, 1),
        purchased_to=date(2025, 6, 30),
        period={"months": 1, "since": "hand_over", "is_extended_by_repair": True},
        causes=("third_party", "wear"),
        defect_codes=(D3,),
        inspections=[
            {"test": "charge", "stages": ["standard", "under_load"], "unit": "A", "at_least": "0.50", "passed": False},
            {"test": "drop", "passed": True},
        ],
        evidence=("proof_of_purchase",),
        burden_of_proof={"on": "manufacturer", "until_months": 12, "then_on": "customer"},
    )
    assert clause_in_words(clause) == (
        "it covers what fulfils all of this",
        "the model is P7, P8 or P9",
        "the unit was made on 2025-01-01 or later",
        "the unit was bought between 2025-01-01 and 2025-06-30",
        "the fault is reported within 1 month of hand-over, and as many days later as earlier repairs took",
        "a finding has the cause third party or wear and the defect code IRIS D3",
        "charge (standard) reads at least 0.50 A and fails",
        "charge (under load) reads at least 0.50 A and fails",
        "drop (standard) passes",
        "proof of purchase is on record",
        "the manufacturer has to prove it within 12 months of purchase, from then on the customer",
    )
    assert clause_in_words(STANDARD.clauses[0]) == ("it is for people to read",)


KNOWN = Known(model="P9", purchased_on=date(2024, 3, 2), manufactured_on=date(2024, 1, 1), opened_on=date(2026, 3, 3))


@pytest.mark.parametrize(
    ("clause", "known", "said"),
    [
        (covering(models=("P7", "P8")), KNOWN, "the model is P9, not P7 or P8"),
        (covering(models=("P9",)), KNOWN, "the model is P9"),
        (covering(models=("P9",)), Known(), "the model is not known"),
        (
            covering(manufactured_from=date(2025, 1, 1)),
            KNOWN,
            "the unit was made on 2024-01-01, which is not in 2025-01-01/..",
        ),
        (covering(purchased_to=date(2025, 1, 1)), KNOWN, "the unit was bought on 2024-03-02"),
        (covering(purchased_to=date(2025, 1, 1)), Known(), "the day of purchase is not known"),
        (
            covering(period={"months": 24, "since": "purchase"}),
            KNOWN,
            "the fault was reported on 2026-03-03, after the period from purchase on 2024-03-02 to 2026-03-02",
        ),
        (
            covering(period={"months": 25, "since": "purchase"}),
            KNOWN,
            "the fault was reported on 2026-03-03, within the period from purchase on 2024-03-02 to 2026-04-02",
        ),
        (covering(period={"months": 24, "since": "hand_over"}), KNOWN, "the day of hand-over is not known"),
        (covering(causes=("wear",)), Known(), "nothing was diagnosed in this cycle"),
        (
            covering(causes=("wear",)),
            Known(findings=(found("misuse", D3),)),
            "finding f-1 has the cause misuse and the defect code IRIS D3, not the cause wear",
        ),
        (
            covering(defect_codes=(D3,)),
            Known(findings=(found("wear"),)),
            "finding f-1 has the cause wear and no defect code",
        ),
        (
            covering(inspections=[{"test": "charge", "unit": "A", "at_most": "0.5"}]),
            after_tests(reading("0.6")),
            "charge (standard): 0.6 A, asked is <=0.5 A",
        ),
        (
            covering(inspections=[{"test": "charge", "unit": "A", "at_most": "0.5"}]),
            after_tests(but(TESTED, reading=None)),
            "charge (standard): no reading, asked is <=0.5 A",
        ),
        (
            covering(inspections=[{"test": "charge", "unit": "mm2", "at_least": "1", "at_most": "2"}]),
            after_tests(reading("5", "furlongs")),
            "charge (standard): 5 furlongs (in furlongs, not mm2), asked is >=1 <=2 mm2",
        ),
        (
            covering(inspections=[{"test": "charge", "stages": ["under_load"], "passed": True}]),
            Known(),
            "charge (under load): not made, asked is passed",
        ),
        (
            covering(inspections=[{"test": "charge", "passed": False}]),
            after_tests(reading("0.6")),
            "charge (standard): failed, as asked",
        ),
        (covering(evidence=("proof_of_purchase",)), Known(), "no proof of purchase is on record"),
        (covering(evidence=("photo",)), Known(evidence=frozenset({"photo"})), "photo is on record"),
    ],
)
def test_a_reason_is_told_with_the_figures_compared(clause: Clause, known: Known, said: str) -> None:
    (assessed,) = assess(standard(clause), known).clauses
    assert [reason_in_words(reason, clause) for reason in assessed.reasons] == [said]


def test_a_reason_can_be_told_without_its_clause() -> None:
    clause = covering(models=("P7",), causes=("wear",))
    (assessed,) = assess(standard(clause), Known(model="P9", findings=(found("misuse"),))).clauses
    assert [reason_in_words(reason) for reason in assessed.reasons] == [
        "the model is P9",
        "finding f-1 has the cause misuse and no defect code",
    ]


def test_an_assessment_is_told_clause_by_clause_with_the_reasons_on_which_it_turns() -> None:
    published = standard(
        covering("1", models=("P9",), causes=("wear",), burden_of_proof={"on": "manufacturer"}),
        covering("2", models=("P7",), causes=("wear",)),
        covering("3", models=("P9",)),
        excluding("9", evidence=("photo",), models=("P9",)),
    )
    assert assessment_in_words(assess(published, KNOWN), published) == (
        "ACME-IS@1 says: undecidable; missing: photo",
        "clause 1 is undecidable: nothing was diagnosed in this cycle; the manufacturer has to prove it",
        "clause 2 does not apply: the model is P9, not P7",
        "clause 3 covers it: the model is P9",
        "clause 9 is undecidable: no photo is on record",
    )
    excluded = assess(standard(covering("1"), excluding("9", models=("P9",))), KNOWN)
    assert assessment_in_words(excluded) == (
        "ACME-IS@1 says: not covered",
        "clause 1 covers it",
        "clause 9 excludes it: the model is P9",
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("model", "the model"),
        ("opened_on", "the day of the report"),
        ("diagnosis", "a diagnosis with its cause"),
        ("test:a:b:under_load", "the test a:b (under load)"),
        ("reading:charge:standard", "the reading of charge (standard) in the unit asked"),
        ("evidence:proof_of_purchase", "proof of purchase"),
        ("criteria:4.2", "what clause 4.2 asks"),
    ],
)
def test_what_is_missing_is_told_as_people_say_it(name: str, said: str) -> None:
    assert missing_in_words(name) == said


# differences


def test_a_version_says_what_it_changed_clause_by_clause() -> None:
    first, second = versions("boreas")
    assert [change.in_words() for change in differences(first, second)] == [
        (
            "standard, title changed from “Boreas inspection standard, first edition” to “Boreas inspection standard, "
            "second edition”"
        ),
        "standard, effective from changed from “2024-01-01” to “2026-01-01”",
        (
            "standard, tests before no fault changed from “power-on (standard)” to “power-on (standard), charge (under "
            "load)”"
        ),
        "test charge added: Charging current at the socket; measured in A",
        "test board-corrosion added: Corroded area of the board under the microscope; measured in mm2",
        "test liquid-indicator removed: Colour of the indicator at the socket; red is a failure; not measured",
        (
            "clause 4.2, title changed from “Liquid damage is not covered when the indicator at the socket is red” to "
            "“Liquid damage is not covered when corrosion reaches the board; a red indicator is no proof”"
        ),
        "clause 4.2, test liquid-indicator (standard) removed: liquid-indicator (standard) fails",
        "clause 4.2, test board-corrosion (standard) added: board-corrosion (standard) reads at least 1.0 mm2",
    ]


def test_a_clause_that_came_and_one_that_went_are_told_whole() -> None:
    first, second = versions("lumen")
    (came,) = [change for change in differences(first, second) if change.about == "clause A4"]
    (went,) = [change for change in differences(second, first) if change.about == "clause A4"]
    assert came == Change("clause A4", "whole", None, went.before)
    assert (came.kind, went.kind) == ("added", "removed")
    assert came.after is not None
    assert came.after.startswith("A battery of at most 80 % of its capacity within 12 months is a defect of manufactur")
    assert came.after.endswith(
        "; the fault is reported within 12 months of hand-over; capacity (standard) reads at most 80 %"
    )


@pytest.mark.parametrize(
    ("changed", "what", "before", "after"),
    [
        (
            {"period": {"months": 24, "since": "purchase", "is_extended_by_repair": True}},
            "period",
            "the fault is reported within 12 months of purchase, and as many days later as earlier repairs took",
            "the fault is reported within 24 months of purchase, and as many days later as earlier repairs took",
        ),
        (
            {"effect": "excludes"},
            "effect",
            "it covers what fulfils all of this",
            "it excludes what fulfils all of this",
        ),
        (
            {"burden_of_proof": None},
            "burden of proof",
            "the manufacturer has to prove it within 6 months of purchase, from then on the customer",
            None,
        ),
        ({"models": ("P7",)}, "models", None, "the model is P7"),
    ],
)
def test_each_criterion_that_changed_is_told_from_and_to(
    changed: dict[str, object], what: str, before: str | None, after: str | None
) -> None:
    newer = but(LAXER, clauses=(but(LAXER.clauses[0], **changed), *LAXER.clauses[1:]))
    assert differences(LAXER, newer) == (Change("clause 2.1", what, before, after),)


def test_the_whole_is_compared_too_and_equal_versions_say_the_same() -> None:
    newer = but(STANDARD, document_hash="cd" * 32, effective_from=datetime(2027, 1, 1, tzinfo=UTC), manufacturer="ACM")
    assert [(change.about, change.what, change.before, change.after) for change in differences(STANDARD, newer)] == [
        ("standard", "manufacturer", "ACME", "ACM"),
        ("standard", "effective from", "2025-01-26T09:00:00Z", "2027-01-01"),
        ("standard", "document", "ab" * 32, "cd" * 32),
    ]
    assert differences(STANDARD, but(STANDARD, version=4)) == ()


def test_two_instants_of_one_day_differ() -> None:
    (change,) = differences(STANDARD, but(STANDARD, effective_from=STANDARD.effective_from + timedelta(minutes=1)))
    assert change.in_words() == (
        "standard, effective from changed from “2025-01-26T09:00:00Z” to “2025-01-26T09:01:00Z”"
    )


def test_the_order_in_which_things_are_named_says_nothing() -> None:
    demanded = STANDARD.tests_before_no_fault
    clause = covering(models=("P7", "P8", "P9"), causes=("wear", "misuse"), defect_codes=(D3, D4))
    turned = {name: getattr(clause, name)[::-1] for name in ("models", "causes", "defect_codes")}
    one = but(standard(clause, excluding(models=("P7",))), tests_before_no_fault=demanded)
    clauses = tuple(but(it, **turned) if it.id == clause.id else it for it in reversed(one.clauses))
    other = but(one, clauses=clauses, tests=one.tests[::-1], tests_before_no_fault=demanded[::-1])
    assert len(demanded) > 1
    assert differences(one, other) == ()
    (change,) = differences(one, but(other, clauses=(but(clauses[1], models=("P9", "P6", "P8")), clauses[0])))
    assert (change.before, change.after) == ("the model is P7, P8 or P9", "the model is P8, P9 or P6")
