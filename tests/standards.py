"""Standards and what they ask about: clauses, findings and tests by hand, and any standard and history whatever."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.examples import CLOSED, EXCHANGED, HANDED_BACK, OPENED, RECEIVED, REOPENED, REPAIRED, START, TESTED, but
from tests.spec import Fact, history
from ticketing.domain import events as e
from ticketing.domain.clauses import BurdenOfProof, Clause, CoveragePeriod, DefinedTest
from ticketing.domain.known import Known
from ticketing.domain.reference import StandardPublished
from ticketing.domain.values import Cause, Code, Event, Quantity

D3, D4 = Code(system="IRIS", code="D3"), Code(system="IRIS", code="D4")
CHARGE, DROP = DefinedTest(id="charge", unit="A"), DefinedTest(id="drop")


def standard(*clauses: Clause) -> StandardPublished:
    return StandardPublished(
        key="ACME-IS", version=1, effective_from=START, manufacturer="ACME", tests=(CHARGE, DROP), clauses=clauses
    )


def covering(clause: str = "1", **asked: object) -> Clause:
    return Clause.model_validate({"id": clause, "title": "a clause", "effect": "covers", **asked})


def excluding(clause: str = "9", **asked: object) -> Clause:
    return Clause.model_validate({"id": clause, "title": "a clause", "effect": "excludes", **asked})


def found(cause: Cause, code: Code | None = None, finding_id: str = "f-1") -> e.Finding:
    return e.Finding(finding_id=finding_id, cause=cause, defect_code=code)


def reading(value: str, unit: str = "A", *, passed: bool = False, stage: str = "standard") -> e.TestPerformed:
    return but(TESTED, reading=Quantity(value=Decimal(value), unit=unit), passed=passed, stage=stage)


def after_tests(*tests: e.TestPerformed) -> Known:
    return Known(tests={(test.test, test.stage): test for test in tests})


def at(day: int, hours: float = 0) -> datetime:
    """So many days and hours after the opening, which is at nine."""
    return START + timedelta(days=day, hours=hours)


# any standard, and any history


def some(*values: object) -> SearchStrategy[Any]:
    return st.lists(st.sampled_from(values), unique=True, max_size=2).map(tuple)


REOPENED_FOR_ANOTHER = but(REOPENED, ground="new_fault")
DAYS = st.dates(date(2025, 11, 1), date(2026, 5, 31))
MODELS, KINDS = ("P7", "P8"), ("photograph", "proof_of_purchase")
CAUSES: tuple[Cause, ...] = ("manufacturing", "misuse", "none_found", "unknown")
CRITERIA = st.fixed_dictionaries(
    {
        "test": st.just("charge"),
        "unit": st.just("A"),
        "stages": st.sampled_from([("standard",), ("under_load",), ("standard", "under_load")]),
    },
    optional={"at_least": st.just("0.2"), "at_most": st.just("0.4"), "passed": st.booleans()},
).filter(lambda criterion: len(criterion) > 3)
CLAUSES = st.fixed_dictionaries(
    {"effect": st.sampled_from(["covers", "excludes", None])},
    optional={
        "models": some(*MODELS),
        "manufactured_from": DAYS,
        "purchased_to": DAYS,
        "period": st.builds(
            CoveragePeriod,
            months=st.integers(1, 4),
            since=st.sampled_from(["purchase", "manufacture", "hand_over"]),
            is_extended_by_repair=st.booleans(),
        ),
        "causes": some(*CAUSES),
        "defect_codes": some(D3, D4),
        "inspections": st.lists(CRITERIA, max_size=1),
        "evidence": some(*KINDS),
        "burden_of_proof": st.builds(
            BurdenOfProof,
            on=st.just("seller"),
            until_months=st.one_of(st.none(), st.integers(1, 4)),
            since=st.sampled_from(["purchase", "hand_over"]),
            then_on=st.just("customer"),
        ),
    },
)
STANDARDS = st.lists(CLAUSES, max_size=4).map(
    lambda clauses: standard(
        *(Clause.model_validate({"id": str(n), "title": "a clause", **it}) for n, it in enumerate(clauses))
    )
)
FINDINGS = st.builds(found, st.sampled_from(CAUSES), st.sampled_from([None, D3, D4]))
READINGS = st.sampled_from([None, *(Quantity(value=Decimal(it), unit="A") for it in ("0.1", "0.2", "0.3", "0.5"))])
LOOKS: SearchStrategy[Event] = st.one_of(
    st.builds(e.DiagnosisRecorded, findings=st.lists(FINDINGS, max_size=2).map(tuple)),
    st.builds(
        e.TestPerformed,
        test=st.just("charge"),
        stage=st.sampled_from(["standard", "under_load"]),
        reading=READINGS | st.just(Quantity(value=Decimal(300), unit="mA")),
        passed=st.booleans(),
    ),
    st.just(e.EvidenceSubmitted(evidence_id="E-1", sha256="ef" * 32, media_type="image/jpeg", kind="photograph")),
)
MOVES: SearchStrategy[Event] = st.one_of(
    st.builds(e.UnitIdentified, model=st.sampled_from([None, *MODELS]), manufactured_on=st.none() | DAYS),
    st.builds(e.ProofOfPurchaseRecorded, purchased_on=DAYS, handed_over_on=st.none() | DAYS),
    st.sampled_from([RECEIVED, HANDED_BACK, CLOSED, REOPENED, REOPENED_FOR_ANOTHER, REPAIRED, EXCHANGED, OPENED]),
)
HOURS = st.integers(-40 * 24, 60 * 24).map(lambda hours: START + timedelta(hours=hours))
OPENINGS = st.sampled_from([OPENED, but(OPENED, model=None)]).map(Fact)
HISTORIES = st.tuples(OPENINGS, st.lists(st.builds(Fact, LOOKS | MOVES, at=HOURS), max_size=14)).map(
    lambda told: history(told[0], *told[1])
)
