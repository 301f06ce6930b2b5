"""Assessment: what a version of a standard says of the facts known, clause by clause. It decides nothing.

Reasons are codes with what they are about, and no sentences: what is on record must not change its meaning when a
sentence is worded better. `standard.py` makes assessments, `standard_words.py` words them.
"""

from typing import Annotated, Literal

from pydantic.types import StringConstraints

from ticketing.domain.values import Key, Party, Value

Answer = Literal["covered", "not_covered", "undecidable"]
Asks = Literal["model", "manufactured", "purchased", "period", "finding", "inspection", "evidence"]
ClauseAnswer = Literal["covers", "excludes", "does_not_apply", "undecidable"]
Figure = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A code, a day or a measured number with its unit: one line, longer than a `Key` because it may be made of several."""


class Reason(Value):
    """One thing that a clause asks, and how it stands.

    Attributes:
        asks: The criterion.
        holds: Whether the facts fulfil it; None where they do not say.
        about: What is compared, in codes and figures: what is asked, then what is known, which is left out where it is
            not known. A list that is asked for stands in the clause alone. By criterion, with an example:

            - `model`: the model; `Q7`
            - `manufactured`, `purchased`: the days asked as in ISO 8601, the day; `2024-01-01/..`, `2024-05-03`
            - `period`: since what, since when, its last day, the day on which the fault was reported; `purchase`,
              `2024-03-01`, `2026-03-01`, `2026-03-02`
            - `finding`: its id, cause and defect code; `f-1`, `misuse`, `IRIS`, `110`
            - `inspection`: test, stage, what is asked, what was found; `charge`, `under_load`, `>=0.5 A`, `0.31 A`, or
              `charge`, `standard`, `passed`, `failed`
            - `evidence`: its kind; `photograph`
        missing: What has to be known to say; empty where `holds` is told.
    """

    asks: Asks
    holds: bool | None
    about: tuple[Figure, ...] = ()
    missing: tuple[Figure, ...] = ()


class ClauseAssessed(Value):
    """What one clause says.

    Attributes:
        reasons: Everything that the clause asks, in the order of its fields.
        burden: Who has to prove what is missing, if the clause says so and it can be told.
    """

    clause: Key
    answer: ClauseAnswer
    reasons: tuple[Reason, ...] = ()
    burden: Party | None = None


class Assessment(Value):
    """What a version of a standard says.

    Attributes:
        clauses: Every clause with an effect, in the order of the standard.
        missing: What has to be known to say more, over the clauses on which it turns, each once, in their order. What
            is missing has one of these names: `model`, `manufactured_on`, `purchased_on`, `handed_over_on`,
            `opened_on`, `diagnosis` (one of this cycle that tells the cause), `defect_code`, `test:<test>:<stage>`,
            `reading:<test>:<stage>` (in the unit asked), `evidence:<kind>`, or `criteria:<clause>` where no clause has
            an effect.
    """

    standard: Key
    version: int
    answer: Answer
    clauses: tuple[ClauseAssessed, ...] = ()
    missing: tuple[Figure, ...] = ()
