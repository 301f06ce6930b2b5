"""Clauses: what a manufacturer's standard demands, in a form that a program can hold against the facts.

A clause covers or excludes where all of its criteria hold; one without an effect has only its title, for people. What
contradicts itself is refused when it is published (`contradictions.py`), and never when it is read back.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from ticketing.domain.values import Cause, Code, Key, Number, Party, Value

Stage = Literal["standard", "under_load"]
Since = Literal["purchase", "manufacture", "hand_over"]
Months = Annotated[int, Field(ge=1, le=1200)]


class DemandedTest(Value):
    """A test that must have been made, in one stage, before no fault may be found."""

    test: Key
    stage: Stage = "standard"


class DefinedTest(Value):
    """A test that the standard knows, with the unit of measure (UCUM) of its reading, if it has one."""

    id: Key
    title: str | None = Field(default=None, max_length=500)
    unit: Key | None = None


class CoveragePeriod(Value):
    """How long a clause covers: until the end of the day so many calendar months after the day it counts from.

    Attributes:
        since: The day of purchase, of manufacture, or on which the customer got the unit: the day of the last
            hand-back after a completed repair or an exchange in an earlier cycle, else what the proof of purchase says.
        is_extended_by_repair: Adds the days, begun ones whole, that the unit was in the company's hands in earlier
            cycles, of stays that began after the day it counts from and before the fault was reported.
    """

    months: Months
    since: Since
    is_extended_by_repair: bool = False


class Criterion(Value):
    """What a test has to have said: a threshold for its reading, that it passed or failed, or both.

    Attributes:
        test: One that the standard defines among its `tests`.
        stages: In each of these the test must have been made, and the last reading of each must fulfil it.
        at_least: Lowest reading that fulfils it, inclusive, in `unit`.
        at_most: Highest reading that fulfils it, inclusive, in `unit`.
        passed: Whether the test has to have passed or failed; None where only the reading counts.
    """

    test: Key
    stages: tuple[Stage, ...] = ("standard",)
    unit: Key | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    passed: bool | None = None


class BurdenOfProof(Value):
    """Who has to prove: one party until so many months have passed, another from then on."""

    on: Party
    until_months: Months | None = None
    since: Since = "purchase"
    then_on: Party | None = None


class Clause(Value):
    """One clause of a manufacturer's standard. What is left empty asks nothing.

    Attributes:
        effect: What follows where every criterion holds; None for a clause that is only for people to read.
        models: Units of these models only.
        manufactured_from: Units made on this day or later; and so on, all days inclusive.
        causes: One finding has to have one of these causes, and, where both are given, one of the defect codes. A
            finding whose cause is unknown does not say.
        evidence: Kinds of evidence that must be on record; `proof_of_purchase` is one.
    """

    id: Key
    title: str = Field(min_length=1, max_length=500)
    effect: Literal["covers", "excludes"] | None = None
    models: tuple[Key, ...] = ()
    manufactured_from: date | None = None
    manufactured_to: date | None = None
    purchased_from: date | None = None
    purchased_to: date | None = None
    period: CoveragePeriod | None = None
    causes: tuple[Cause, ...] = ()
    defect_codes: tuple[Code, ...] = ()
    inspections: tuple[Criterion, ...] = ()
    evidence: tuple[Key, ...] = ()
    burden_of_proof: BurdenOfProof | None = None
