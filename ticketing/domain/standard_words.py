"""Standard words: clauses, assessments and the differences of two versions, in sentences of the trade."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeVar

from ticketing.domain.assessment import Answer, Assessment, ClauseAnswer, ClauseAssessed, Reason
from ticketing.domain.changes import Change, changes, side_by_side
from ticketing.domain.clauses import BurdenOfProof, Clause, CoveragePeriod, Criterion, Since
from ticketing.domain.phrases import day_or_instant, either, spaced
from ticketing.domain.reference import StandardPublished
from ticketing.domain.values import decimal_text

T = TypeVar("T")
ANSWERS: Mapping[Answer, str] = {"covered": "covered", "not_covered": "not covered", "undecidable": "undecidable"}
_CLAUSE_ANSWERS: Mapping[ClauseAnswer, str] = {
    "covers": "covers it",
    "excludes": "excludes it",
    "does_not_apply": "does not apply",
    "undecidable": "is undecidable",
}
_EFFECTS: Mapping[str | None, str] = {
    "covers": "it covers what fulfils all of this",
    "excludes": "it excludes what fulfils all of this",
    None: "it is for people to read",
}
_SINCE: Mapping[Since, str] = {"purchase": "purchase", "manufacture": "manufacture", "hand_over": "hand-over"}
_MOST_CODES = 5
"""A reason names no more defect codes than these; the clause names them all."""


# clauses


def clause_in_words(clause: Clause) -> tuple[str, ...]:
    """What the clause does, then a sentence for each thing that it asks; all of them have to hold."""
    return tuple(_asked(clause).values())


def _asked(clause: Clause) -> dict[str, str]:
    """The same by name, so that two versions can be held against each other."""
    said = {"effect": _EFFECTS[clause.effect]}
    if clause.models:
        said["models"] = f"the model is {either(clause.models)}"
    if clause.manufactured_from or clause.manufactured_to:
        said["manufacture"] = f"the unit was made {_days(clause.manufactured_from, clause.manufactured_to)}"
    if clause.purchased_from or clause.purchased_to:
        said["purchase"] = f"the unit was bought {_days(clause.purchased_from, clause.purchased_to)}"
    if clause.period is not None:
        said["period"] = f"the fault is reported {_within(clause.period)}"
    if clause.causes or clause.defect_codes:
        said["finding"] = f"a finding has {_finding(clause)}"
    for criterion in clause.inspections:
        for stage in criterion.stages:
            said[f"test {_test(criterion.test, stage)}"] = f"{_test(criterion.test, stage)} {_demand(criterion)}"
    for kind in clause.evidence:
        said[f"evidence {spaced(kind)}"] = f"{spaced(kind)} is on record"
    if clause.burden_of_proof is not None:
        said["burden of proof"] = _burden(clause.burden_of_proof)
    return said


def _finding(clause: Clause, most_codes: int | None = None) -> str:
    """Causes and defect codes asked; more codes than so many are only counted."""
    causes = f"the cause {either(map(spaced, clause.causes))}" if clause.causes else ""
    codes = f"the defect code {either(f'{code.system} {code.code}' for code in clause.defect_codes)}"
    if most_codes is not None and len(clause.defect_codes) > most_codes:
        codes = f"one of its {len(clause.defect_codes)} defect codes"
    return " and ".join(part for part in (causes, codes if clause.defect_codes else "") if part)


def _within(period: CoveragePeriod) -> str:
    longer = ", and as many days later as earlier repairs took" if period.is_extended_by_repair else ""
    return f"within {_months(period.months)} of {_SINCE[period.since]}{longer}"


def _demand(criterion: Criterion) -> str:
    unit = f" {criterion.unit}" if criterion.unit is not None else ""
    least = f"reads at least {decimal_text(criterion.at_least)}{unit}" if criterion.at_least is not None else ""
    most = f"reads at most {decimal_text(criterion.at_most)}{unit}" if criterion.at_most is not None else ""
    passed = {True: "passes", False: "fails", None: ""}[criterion.passed]
    return " and ".join(part for part in (least, most, passed) if part)


def _burden(burden: BurdenOfProof) -> str:
    if burden.until_months is None:
        return f"the {burden.on} has to prove it"
    then = f", from then on the {burden.then_on}" if burden.then_on is not None else ""
    return f"the {burden.on} has to prove it within {_months(burden.until_months)} of {_SINCE[burden.since]}{then}"


# assessments


def assessment_in_words(assessment: Assessment, standard: StandardPublished | None = None) -> tuple[str, ...]:
    """The answer with what is missing, then a line for each clause with its reasons.

    Args:
        assessment: As recorded or made now.
        standard: The version assessed, for what a reason leaves to its clause.
    """
    clauses = {clause.id: clause for clause in standard.clauses} if standard is not None else {}
    missing = ", ".join(map(missing_in_words, assessment.missing))
    answer = f"{assessment.standard}@{assessment.version} says: {ANSWERS[assessment.answer]}"
    lines = (_assessed(clause, clauses.get(clause.clause)) for clause in assessment.clauses)
    return (f"{answer}{f'; missing: {missing}' if missing else ''}", *lines)


def _assessed(said: ClauseAssessed, clause: Clause | None) -> str:
    """What one clause says and why: the reasons on which its answer turns."""
    is_false, is_open = said.answer == "does_not_apply", said.answer == "undecidable"
    turning = [r for r in said.reasons if (r.holds is False if is_false else r.holds is None or not is_open)]
    why = "; ".join(reason_in_words(reason, clause) for reason in turning)
    burden = f"; the {said.burden} has to prove it" if is_open and said.burden is not None else ""
    return f"clause {said.clause} {_CLAUSE_ANSWERS[said.answer]}{f': {why}' if why else ''}{burden}"


def reason_in_words(reason: Reason, clause: Clause | None = None) -> str:
    """One reason as a sentence; with its clause also which models or findings it asks for."""
    is_false = reason.holds is False
    match reason.asks, reason.about:
        case "model", (model,):
            other = f", not {either(clause.models)}" if is_false and clause is not None else ""
            return f"the model is {model}{other}"
        case ("manufactured" | "purchased") as what, (days, day):
            done = "made" if what == "manufactured" else "bought"
            return f"the unit was {done} on {day}{f', which is not in {days}' if is_false else ''}"
        case "period", (since, start, last, day):
            place = "after" if is_false else "within"
            return f"the fault was reported on {day}, {place} the period from {spaced(since)} on {start} to {last}"
        case "finding", (finding, cause, *code):
            of = f"the defect code {' '.join(code)}" if code else "no defect code"
            asked = _finding(clause, _MOST_CODES) if is_false and clause is not None else ""
            return f"finding {finding} has the cause {spaced(cause)} and {of}{f', not {asked}' if asked else ''}"
        case "inspection", (test, stage, wanted, *found):
            missing = "not made" if reason.missing == (f"test:{test}:{stage}",) else "no reading"
            asked = "as asked" if found == [wanted] else f"asked is {wanted}"
            return f"{_test(test, stage)}: {found[0] if found else missing}{_units(wanted, found)}, {asked}"
        case "evidence", (kind,):
            return f"{'' if reason.holds else 'no '}{spaced(kind)} is on record"
        case "finding", ():
            return "nothing was diagnosed in this cycle"
        case _:
            return " and ".join(f"{missing_in_words(name)} is not known" for name in reason.missing)


def _units(wanted: str, found: list[str]) -> str:
    """In which unit it was read instead of which, where they differ: ` (in mA, not A)`."""
    thresholds = wanted.split(" ")
    unit = " ".join(part for part in thresholds if not part.startswith((">=", "<=")))
    read_in = found[0].partition(" ")[2] if found and unit != wanted else unit
    return f" (in {read_in}, not {unit})" if unit and read_in != unit else ""


def missing_in_words(name: str) -> str:
    """What is missing, as people say it: `test:charge:under_load` is the test charge (under load)."""
    kind, _, rest = name.partition(":")
    subject, _, stage = rest.rpartition(":")
    match kind:
        case "test":
            return f"the test {_test(subject, stage)}"
        case "reading":
            return f"the reading of {_test(subject, stage)} in the unit asked"
        case "evidence":
            return spaced(rest)
        case "criteria":
            return f"what clause {rest} asks"
        case _:
            return _MISSING.get(name, spaced(name))


_MISSING: Mapping[str, str] = {
    "model": "the model",
    "manufactured_on": "the day of manufacture",
    "purchased_on": "the day of purchase",
    "handed_over_on": "the day of hand-over",
    "opened_on": "the day of the report",
    "diagnosis": "a diagnosis with its cause",
    "defect_code": "the defect code",
}


# differences


def differences(older: StandardPublished, newer: StandardPublished) -> tuple[Change, ...]:
    """What the newer version says differently: the whole, then its tests and clauses, then those that are gone.

    The order in which a version names models, causes, codes or tests says nothing.
    """
    newer = _in_order_of(older, newer)
    return (
        *changes("standard", _of_the_whole(older), _of_the_whole(newer)),
        *side_by_side("test", _tests(older), _tests(newer)),
        *side_by_side("clause", _clauses(older), _clauses(newer)),
    )


def _in_order_of(older: StandardPublished, newer: StandardPublished) -> StandardPublished:
    """The newer version, what its lists share with those of the older in the order of these."""
    before = {clause.id: clause for clause in older.clauses}
    clauses = tuple(_clause_in_order_of(before.get(clause.id, clause), clause) for clause in newer.clauses)
    demanded = _list_in_order_of(older.tests_before_no_fault, newer.tests_before_no_fault)
    return newer.model_copy(update={"clauses": clauses, "tests_before_no_fault": demanded})


def _clause_in_order_of(older: Clause, newer: Clause) -> Clause:
    names = ("models", "causes", "defect_codes")
    return newer.model_copy(
        update={name: _list_in_order_of(getattr(older, name), getattr(newer, name)) for name in names}
    )


def _list_in_order_of(older: Iterable[T], newer: Iterable[T]) -> tuple[T, ...]:
    place = {one: number for number, one in enumerate(older)}
    return tuple(sorted(newer, key=lambda one: place.get(one, len(place))))


def _of_the_whole(standard: StandardPublished) -> dict[str, str]:
    demanded = ", ".join(_test(test.test, test.stage) for test in standard.tests_before_no_fault)
    said = {
        "manufacturer": standard.manufacturer,
        "title": standard.title,
        "effective from": day_or_instant(standard.effective_from),
        "document": standard.document_hash,
        "tests before no fault": demanded,
    }
    return {name: value for name, value in said.items() if value}


def _tests(standard: StandardPublished) -> dict[str, dict[str, str]]:
    return {
        test.id: {
            "title": test.title or spaced(test.id),
            "unit": f"measured in {test.unit}" if test.unit else "not measured",
        }
        for test in standard.tests
    }


def _clauses(standard: StandardPublished) -> dict[str, dict[str, str]]:
    return {clause.id: {"title": clause.title, **_asked(clause)} for clause in standard.clauses}


# parts of a sentence


def _days(first: date | None, last: date | None) -> str:
    if first is not None and last is not None:
        return f"between {first} and {last}"
    return f"on {first} or later" if first is not None else f"on {last} or earlier"


def _months(months: int) -> str:
    return f"{months} month{'s' if months > 1 else ''}"


def _test(test: str, stage: str) -> str:
    return f"{spaced(test)} ({spaced(stage)})"
