"""Contradictions: what in a standard cannot be meant, each with its key; it is refused before it is published.

They are no validators of `StandardPublished`: what was published once is read for ever, whatever is refused later.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from ticketing.domain.clauses import BurdenOfProof, Clause, Criterion, DefinedTest, Stage
from ticketing.domain.errors import hint
from ticketing.domain.reference import StandardPublished
from ticketing.domain.values import Value

_NO_CRITERIA = frozenset({"id", "title", "effect", "burden_of_proof"})
"""Fields of a clause that do not say whom it is about."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What cannot be meant, and under which key it stands: `clauses.1.inspections.0.unit`."""

    key: str
    said: str

    def __str__(self) -> str:
        return f"{self.key}: {self.said}"


def twice(key: str, names: Iterable[str]) -> Iterator[Contradiction]:
    """A contradiction for each name that stands there more than once."""
    for name, count in Counter(names).items():
        if count > 1:
            yield Contradiction(key, f"{name} stands there {'twice' if count == 2 else f'{count} times'}")


def contradictions(standard: StandardPublished) -> Iterator[Contradiction]:
    """Everything in the standard that cannot be meant, in the order of its keys, then what two clauses say together."""
    defined = {test.id: test for test in standard.tests}
    yield from twice("tests", (test.id for test in standard.tests))
    yield from twice("clauses", (clause.id for clause in standard.clauses))
    for number, clause in enumerate(standard.clauses):
        for found in _in_clause(clause, defined):
            said = f"clause {clause.id}: {found.said}"
            yield Contradiction(f"clauses.{number}{'.' if found.key else ''}{found.key}", said)
    demanded = standard.tests_before_no_fault
    yield from twice("tests_before_no_fault", (f"{test.test} ({test.stage})" for test in demanded))
    is_for_programs = defined or any(clause.effect is not None for clause in standard.clauses)
    for number, test in enumerate(demanded if is_for_programs else ()):
        yield from _undefined(f"tests_before_no_fault.{number}.test", test.test, defined)
    yield from _between_clauses(standard.clauses)


def _between_clauses(clauses: tuple[Clause, ...]) -> Iterator[Contradiction]:
    with_effect = [clause for clause in clauses if clause.effect is not None]
    for one, other in combinations(with_effect, 2):
        if one.effect != other.effect and _criteria(one) == _criteria(other):
            yield Contradiction("clauses", f"{one.id} and {other.id} ask the same, and one covers what one excludes")
        elif one.effect != other.effect:
            covering, excluding = (one, other) if one.effect == "covers" else (other, one)
            if _criteria(excluding) != _criteria(_ASKING_NOTHING) and _is_within(covering, excluding):
                yield Contradiction(
                    "clauses", f"{covering.id} never covers: {excluding.id} excludes all that fulfils it"
                )
    if with_effect and all(clause.effect == "excludes" for clause in with_effect):
        yield Contradiction("clauses", f"{with_effect[0].id} excludes and none covers: nothing would ever be covered")


def _criteria(clause: Clause) -> dict[str, object]:
    """What the clause asks, whatever the order of its lists."""
    asked = {name: getattr(clause, name) for name in Clause.model_fields if name not in _NO_CRITERIA}
    return {name: frozenset(value) if isinstance(value, tuple) else value for name, value in asked.items()}


_ASKING_NOTHING = Clause(id="nothing", title="it asks nothing")


def _is_within(narrow: Clause, wide: Clause) -> bool:
    """Whether whatever fulfils one clause fulfils the other."""
    named = ("models", "causes", "defect_codes")
    days = ("manufactured", "purchased")
    return (
        wide.period in (None, narrow.period)
        and all(_is_among(getattr(narrow, name), getattr(wide, name)) for name in named)
        and all(_is_between(*_limits(narrow, f"{what}_from", f"{what}_to", wide)) for what in days)
        and {*wide.evidence} <= {*narrow.evidence}
        and all(
            any(_is_stricter(mine, theirs, stage) for mine in narrow.inspections)
            for theirs in wide.inspections
            for stage in theirs.stages
        )
    )


def _is_among(some: tuple[object, ...], others: tuple[object, ...]) -> bool:
    """Whether a list asks no less than another; an empty one asks nothing."""
    return not others or (bool(some) and {*some} <= {*others})


def _is_stricter(mine: Criterion, theirs: Criterion, stage: Stage) -> bool:
    has_threshold = theirs.at_least is not None or theirs.at_most is not None
    return (
        mine.test == theirs.test
        and stage in mine.stages
        and theirs.passed in (None, mine.passed)
        and (not has_threshold or mine.unit == theirs.unit)
        and _is_between(*_limits(mine, "at_least", "at_most", theirs))
    )


def _limits(narrow: Value, low: str, high: str, wide: Value) -> tuple[Any, Any, Any, Any]:
    return getattr(narrow, low), getattr(narrow, high), getattr(wide, low), getattr(wide, high)


def _is_between(low: Any, high: Any, lowest: Any, highest: Any) -> bool:  # noqa: ANN401  # days or numbers
    """Whether all between two limits lies between two others, all inclusive; None leaves a side open."""
    return (lowest is None or (low is not None and low >= lowest)) and (
        highest is None or (high is not None and high <= highest)
    )


def _in_clause(clause: Clause, defined: dict[str, DefinedTest]) -> Iterator[Contradiction]:
    asked = [name for name in Clause.model_fields if name not in {"id", "title", "effect"} and getattr(clause, name)]
    if clause.effect is None and asked:
        yield Contradiction(asked[0], "it asks something and has no effect; give it effect = 'covers' or 'excludes'")
    if clause.effect == "excludes" and set(asked) <= _NO_CRITERIA:
        yield Contradiction("effect", "it asks nothing, so it would exclude everything")
    if clause.effect == "excludes" and clause.period is not None:
        yield Contradiction("period", "a period says how long a clause covers, and this one excludes")
    for name in ("models", "causes", "evidence"):
        yield from twice(name, getattr(clause, name))
    yield from twice("defect_codes", (f"{code.system} {code.code}" for code in clause.defect_codes))
    for what in ("manufactured", "purchased"):
        first, last = getattr(clause, f"{what}_from"), getattr(clause, f"{what}_to")
        if first is not None and last is not None and first > last:
            yield Contradiction(f"{what}_from", f"{first} is after {what}_to, {last}")
    if clause.manufactured_from and clause.purchased_to and clause.manufactured_from > clause.purchased_to:
        said = f"{clause.manufactured_from} is after purchased_to, {clause.purchased_to}"
        yield Contradiction("manufactured_from", f"{said}: no unit is bought before it is made")
    if clause.effect is not None and clause.causes == ("none_found",) and clause.defect_codes:
        yield Contradiction("defect_codes", "where no fault is found there is no defect code, so it never holds")
    yield from twice("inspections", (f"{one.test} ({stage})" for one in clause.inspections for stage in {*one.stages}))
    for number, criterion in enumerate(clause.inspections):
        for found in _in_criterion(criterion, defined):
            yield Contradiction(f"inspections.{number}.{found.key}", found.said)
    if clause.burden_of_proof is not None:
        yield from _in_burden(clause.burden_of_proof)


def _in_criterion(criterion: Criterion, defined: dict[str, DefinedTest]) -> Iterator[Contradiction]:
    yield from _undefined("test", criterion.test, defined)
    if not criterion.stages:
        yield Contradiction("stages", "names no stage in which the test is to be made")
    yield from twice("stages", criterion.stages)
    low, high = criterion.at_least, criterion.at_most
    if low is None and high is None:
        if criterion.passed is None:
            yield Contradiction("test", f"{criterion.test} is asked for neither a threshold nor whether it passed")
        if criterion.unit is not None:
            yield Contradiction("unit", f"there is no threshold in {criterion.unit}")
        return
    if low is not None and high is not None and low > high:
        yield Contradiction("at_least", f"{low} is more than at_most, {high}")
    test = defined.get(criterion.test)
    if criterion.unit is None:
        yield Contradiction("unit", "a threshold needs the unit of measure of its test")
    elif test is not None and criterion.unit != test.unit:
        measured = f"is measured in {test.unit}" if test.unit is not None else "has no unit of measure"
        yield Contradiction("unit", f"{criterion.unit}, but {criterion.test} {measured}")


def _in_burden(burden: BurdenOfProof) -> Iterator[Contradiction]:
    if burden.then_on is not None and burden.until_months is None:
        yield Contradiction("burden_of_proof.then_on", f"the {burden.on} has to prove for ever without until_months")
    if burden.then_on == burden.on:
        yield Contradiction("burden_of_proof.then_on", f"it is the {burden.on} before and after")


def _undefined(key: str, test: str, defined: dict[str, DefinedTest]) -> Iterator[Contradiction]:
    if test not in defined:
        yield Contradiction(key, f"{test!r} is no test that the standard defines{hint(test, defined)}")
