"""Contradictions: what in a standard cannot be meant is refused before it is published, with its key."""

from collections.abc import Mapping
from datetime import date

import pytest

from tests.examples import MANAGER, STANDARD, START, but
from tests.oracle import LAXER
from ticketing.domain.contradictions import contradictions
from ticketing.domain.errors import BadInput
from ticketing.domain.publishing import Publish
from ticketing.domain.reference import StandardPublished

TESTS = [{"id": "charge", "unit": "A"}, {"id": "drop"}]
COVERS = {"id": "1", "title": "Faults", "effect": "covers", "causes": ["wear"]}
EXCLUDES = {"id": "2", "title": "Misuse", "effect": "excludes", "causes": ["misuse"]}


def standard(*clauses: Mapping[str, object], **changes: object) -> StandardPublished:
    told = {
        "key": "ACME-IS",
        "version": 1,
        "effective_from": START,
        "manufacturer": "ACME",
        "tests": TESTS,
        "clauses": clauses,
    }
    return StandardPublished.model_validate({**told, **changes})


def asking(**inspection: object) -> Mapping[str, object]:
    return {**COVERS, "inspections": [{"test": "charge", **inspection}]}


NO_EFFECT = {"id": "1", "title": "Faults", "causes": ["wear"]}
WANTED = {"at_least": "0.5", "unit": "A"}


@pytest.mark.parametrize(
    ("published", "said"),
    [
        (standard(NO_EFFECT), "clauses.0.causes: clause 1: it asks something and has no effect"),
        (standard(COVERS, {"id": "2", "title": "All", "effect": "excludes"}), "clauses.1.effect: clause 2: it asks no"),
        (standard(COVERS, {**EXCLUDES, "period": {"months": 3, "since": "purchase"}}), "clauses.1.period: clause 2: "),
        (standard(COVERS, {**EXCLUDES, "id": "1"}), "clauses: 1 stands there twice"),
        (standard(COVERS, {**COVERS, "id": "2", "effect": "excludes"}), "clauses: 1 and 2 ask the same, and one cover"),
        (standard(EXCLUDES), "clauses: 2 excludes and none covers: nothing would ever be covered"),
        (standard({**COVERS, "models": ["P7", "P8", "P7"]}), "clauses.0.models: clause 1: P7 stands there twice"),
        (standard({**COVERS, "causes": ["wear"] * 3}), "clauses.0.causes: clause 1: wear stands there 3 times"),
        (standard({**COVERS, "evidence": ["photo", "photo"]}), "clauses.0.evidence: clause 1: photo stands there tw"),
        (
            standard({**COVERS, "defect_codes": [{"system": "IRIS", "code": "D3"}] * 2}),
            "clauses.0.defect_codes: clause 1: IRIS D3 stands there twice",
        ),
        (
            standard({**COVERS, "manufactured_from": date(2026, 1, 2), "manufactured_to": date(2026, 1, 1)}),
            "clauses.0.manufactured_from: clause 1: 2026-01-02 is after manufactured_to, 2026-01-01",
        ),
        (
            standard({**COVERS, "purchased_from": date(2026, 1, 2), "purchased_to": date(2026, 1, 1)}),
            "clauses.0.purchased_from: clause 1: 2026-01-02 is after purchased_to, 2026-01-01",
        ),
        (standard(asking()), "clauses.0.inspections.0.test: clause 1: charge is asked for neither a threshold nor"),
        (
            standard(asking(**WANTED, at_most="0.4")),
            "clauses.0.inspections.0.at_least: clause 1: 0.5 is more than at_most, 0.4",
        ),
        (standard(asking(at_least="0.5")), "clauses.0.inspections.0.unit: clause 1: a threshold needs the unit"),
        (
            standard(asking(at_least="0.5", unit="mA")),
            "clauses.0.inspections.0.unit: clause 1: mA, but charge is measured in A",
        ),
        (
            standard(asking(test="drop", **WANTED)),
            "clauses.0.inspections.0.unit: clause 1: A, but drop has no unit of measure",
        ),
        (standard(asking(passed=True, unit="A")), "clauses.0.inspections.0.unit: clause 1: there is no threshold in A"),
        (standard(asking(passed=True, stages=[])), "clauses.0.inspections.0.stages: clause 1: names no stage"),
        (
            standard(asking(passed=True, stages=["standard", "standard"])),
            "clauses.0.inspections.0.stages: clause 1: standard stands there twice",
        ),
        (
            standard({**COVERS, "inspections": [{"test": "drop", "passed": passed} for passed in (True, False)]}),
            "clauses.0.inspections: clause 1: drop (standard) stands there twice",
        ),
        (
            standard(asking(test="chrage", passed=True)),
            "clauses.0.inspections.0.test: clause 1: 'chrage' is no test that the standard defines; the nearest is 'ch",
        ),
        (
            standard(asking(passed=True), tests=[]),
            "clauses.0.inspections.0.test: clause 1: 'charge' is no test that the standard defines",
        ),
        (standard(COVERS, tests=[*TESTS, TESTS[0]]), "tests: charge stands there twice"),
        (
            standard(COVERS, tests_before_no_fault=[{"test": "charge"}, {"test": "dorp"}]),
            "tests_before_no_fault.1.test: 'dorp' is no test that the standard defines; the nearest is 'drop'",
        ),
        (
            standard(COVERS, tests_before_no_fault=[{"test": "drop"}] * 2),
            "tests_before_no_fault: drop (standard) stands there twice",
        ),
        (
            standard({**COVERS, "burden_of_proof": {"on": "seller", "then_on": "customer"}}),
            "clauses.0.burden_of_proof.then_on: clause 1: the seller has to prove for ever without until_months",
        ),
        (
            standard({**COVERS, "burden_of_proof": {"on": "seller", "until_months": 6, "then_on": "seller"}}),
            "clauses.0.burden_of_proof.then_on: clause 1: it is the seller before and after",
        ),
        (
            standard({**COVERS, "manufactured_from": date(2026, 1, 2), "purchased_to": date(2026, 1, 1)}),
            "clauses.0.manufactured_from: clause 1: 2026-01-02 is after purchased_to, 2026-01-01: no unit is bought",
        ),
        (
            standard({**COVERS, "causes": ["none_found"], "defect_codes": [{"system": "IRIS", "code": "D3"}]}),
            "clauses.0.defect_codes: clause 1: where no fault is found there is no defect code, so it never holds",
        ),
        (
            standard(COVERS, tests=[], tests_before_no_fault=[{"test": "drop"}]),
            "tests_before_no_fault.0.test: 'drop' is no test that the standard defines",
        ),
    ],
)
def test_what_cannot_be_meant_is_named_with_its_key_and_not_published(published: StandardPublished, said: str) -> None:
    found = [str(one) for one in contradictions(published)]
    assert len(found) == 1
    assert found[0].startswith(said)
    with pytest.raises(BadInput) as refused:
        Publish(actor=MANAGER, thing=published)
    assert str(refused.value) == f"Publish.thing: {found[0]}"


def test_what_can_be_meant_is_not_refused() -> None:
    twice = standard(COVERS, {**COVERS, "id": "3"}, EXCLUDES)
    for published in (STANDARD, LAXER, twice, but(STANDARD, clauses=(), tests_before_no_fault=())):
        assert list(contradictions(published)) == []
        assert Publish(actor=MANAGER, thing=published).thing == published


def test_tests_are_asked_before_no_fault_without_being_defined_as_before() -> None:
    assert STANDARD.tests == ()
    assert STANDARD.tests_before_no_fault
    assert list(contradictions(STANDARD)) == []


def test_the_same_criteria_in_another_order_are_the_same() -> None:
    one = {**COVERS, "models": ["P7", "P8"]}
    other = {**COVERS, "id": "2", "effect": "excludes", "models": ["P8", "P7"]}
    (found,) = contradictions(standard(one, other))
    assert str(found) == "clauses: 1 and 2 ask the same, and one covers what one excludes"
    assert list(contradictions(standard(one, {**other, "models": ["P8"]}))) == []


D3, D4 = {"system": "IRIS", "code": "D3"}, {"system": "IRIS", "code": "D4"}
WEAK = {"test": "charge", "unit": "A", "at_most": "0.5"}


@pytest.mark.parametrize(
    ("covers", "excludes"),
    [
        ({"causes": ["misuse"]}, {"causes": ["misuse", "accident"]}),
        ({"causes": ["misuse"], "models": ["P7"]}, {"causes": ["misuse"]}),
        ({"models": ["P7"]}, {"models": ["P7", "P8"]}),
        ({"defect_codes": [D3]}, {"defect_codes": [D3, D4]}),
        ({"evidence": ["photo", "letter"]}, {"evidence": ["photo"]}),
        ({"period": {"months": 3, "since": "purchase"}, "models": ["P7"]}, {"models": ["P7"]}),
        (
            {"manufactured_from": date(2025, 2, 1), "manufactured_to": date(2025, 3, 1)},
            {"manufactured_from": date(2025, 1, 1)},
        ),
        ({"purchased_to": date(2025, 1, 1)}, {"purchased_to": date(2025, 1, 2)}),
        ({"inspections": [{**WEAK, "at_most": "0.4"}]}, {"inspections": [WEAK]}),
        ({"inspections": [{**WEAK, "passed": False}]}, {"inspections": [{"test": "charge", "passed": False}]}),
        ({"inspections": [{**WEAK, "stages": ["standard", "under_load"]}]}, {"inspections": [WEAK]}),
    ],
)
def test_a_clause_that_can_never_cover_is_refused(covers: Mapping[str, object], excludes: Mapping[str, object]) -> None:
    one = {"id": "1", "title": "Covers", "effect": "covers"}
    other = {"id": "2", "title": "Excludes", "effect": "excludes"}
    never = "clauses: 1 never covers: 2 excludes all that fulfils it"
    for clauses in (({**one, **covers}, {**other, **excludes}), ({**other, **excludes}, {**one, **covers})):
        assert [str(found) for found in contradictions(standard(*clauses))] == [never]
    # The other way about, the exclusion takes out a part, and the rest is covered.
    excluded = {name: value for name, value in covers.items() if name != "period"}
    swapped = contradictions(standard({**one, **excludes}, {**other, **excluded}))
    assert [str(found) for found in swapped] == (
        [] if excluded == covers else ["clauses: 1 and 2 ask the same, and one covers what one excludes"]
    )


@pytest.mark.parametrize(
    ("covers", "excludes"),
    [
        ({}, {"causes": ["misuse"]}),
        ({"causes": ["misuse", "wear"]}, {"causes": ["misuse", "accident"]}),
        ({"inspections": [WEAK]}, {"inspections": [{**WEAK, "stages": ["under_load"]}]}),
        ({"inspections": [WEAK]}, {"inspections": [{**WEAK, "passed": True}]}),
        ({"inspections": [WEAK]}, {"inspections": [{"test": "drop", "passed": False}]}),
        ({"inspections": [WEAK], "models": ["P7"]}, {"inspections": [{**WEAK, "at_most": "0.4"}]}),
        ({"manufactured_from": date(2025, 1, 1)}, {"manufactured_to": date(2025, 1, 1)}),
    ],
)
def test_a_clause_of_which_an_exclusion_leaves_something_is_not_refused(
    covers: Mapping[str, object], excludes: Mapping[str, object]
) -> None:
    one = {"id": "1", "title": "Covers", "effect": "covers", **covers}
    other = {"id": "2", "title": "Excludes", "effect": "excludes", **excludes}
    assert list(contradictions(standard(one, other))) == []
