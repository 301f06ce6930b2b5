"""Clock states: how one clock stands at the end of its observation, how it was judged then, and what it counts as."""

from datetime import datetime
from typing import Literal

from ticketing.domain.judged import Judged, State

CountedAs = State | Literal["met_before_due", "of_cancelled"]
"""How a clock counts: as it stands, as met though it is not due yet, or as one of a cancelled ticket."""

_FINAL = ("met", "breached")


def stood(judged: Judged, until: datetime) -> tuple[State, State]:
    """How a clock stands at the end of its observation, and how it was judged then.

    What was judged as of a later instant knows more: that time went on, and verdicts that nobody had seen by then.
    """
    state = judged.state_at(until)
    undecided: State = "paused" if judged.is_paused else "running"
    if state == "breached" and not _has_passed(judged, until):
        state = undecided
    return state, judged_then(judged, until) or (undecided if state in _FINAL else state)


def counted_as(state: State, *, is_due: bool, is_of_cancelled: bool) -> CountedAs:
    """How a clock that stands so counts in a figure."""
    if is_of_cancelled:
        return "of_cancelled"
    if is_due or state not in _FINAL:
        return state
    return "met_before_due" if state == "met" else "running"


def is_due_by(judged: Judged, until: datetime) -> bool:
    """Whether a clock would be breached by then if nothing had stopped it; so is one that has no due date."""
    at = over_at(judged)
    return at is None or at < until


def over_at(judged: Judged) -> datetime | None:
    """The last instant within the target; where no hours come after it, the first at which the target is reached."""
    return judged.within_until or judged.due_at


def _has_passed(judged: Judged, until: datetime) -> bool:
    """Whether an open clock was above its target by then; of one that ended, its verdict says it."""
    return not judged.is_open or judged.within_until is None or judged.within_until < until


def judged_then(judged: Judged, until: datetime) -> State | None:
    """The first verdict that had been seen by then; None where there was none."""
    if judged.judged_then_at is None:
        return "breached" if judged.verdict is None and judged.state_at(until) == "breached" else None
    if judged.judged_then_at > until or (judged.judged_then_at == until and not _has_passed(judged, until)):
        return None
    return judged.judged_then


def verdict_of(state: State | None) -> State | None:
    """The state if it is a verdict."""
    return state if state in _FINAL else None


def ended_at(judged: Judged) -> datetime | None:
    """When a clock was cancelled; of one whose start was taken back, nobody can say it."""
    return None if judged.cancelled_because == "withdrawn" else judged.cancelled_at
