"""Clock counts: how the clocks of rows stand at the end of their observation, in SQL that every store knows.

It is what `clock_states` says of one clock. A clock that is open is breached once its last instant within the target
has passed, whether or not anybody looked; of what was judged as of a later instant that counts too. Stopped or not, a
clock counts once that instant has passed.
"""

from dataclasses import replace
from datetime import datetime

from ticketing.domain.hours import micros
from ticketing.projections.clock_parts import ClockPart
from ticketing.projections.counts import Counts, holds

_IS_OPEN = "(part_stopped_at IS NULL AND part_cancelled_at IS NULL)"
_IS_WITHIN = holds(f"{_IS_OPEN} AND part_within_until >= observed_until")
_VERDICT = f"""
    CASE WHEN {_IS_WITHIN} THEN NULL WHEN part_verdict IS NOT NULL THEN part_verdict
    WHEN part_cancelled_at IS NULL AND part_within_until < observed_until THEN 'breached' END
"""
_VERDICT_THEN = f"""
    CASE WHEN part_judged_then_at IS NULL THEN CASE WHEN part_verdict IS NULL THEN {_VERDICT} END
    WHEN part_judged_then_at < observed_until OR (part_judged_then_at = observed_until AND NOT {_IS_WITHIN})
    THEN part_judged_then END
"""
_UNDECIDED = "CASE WHEN part_is_paused = 1 THEN 'paused' ELSE 'running' END"
_STATE = f"""
    coalesce({_VERDICT}, CASE WHEN part_cancelled_at IS NOT NULL AND part_verdict IS NULL THEN 'cancelled'
    ELSE {_UNDECIDED} END)
"""
_STATE_THEN = f"""
    coalesce({_VERDICT_THEN}, CASE WHEN {_VERDICT} IS NOT NULL THEN {_UNDECIDED} ELSE {_STATE} END)
"""
_ENDED_AT = "CASE WHEN part_cancelled_because = 'withdrawn' THEN NULL ELSE part_cancelled_at END"
DATED_AT = f"coalesce(part_due_at, part_verdict_at, {_ENDED_AT}, part_judged_then_at)"
"""What puts a clock into a period: when it is due, else when it ended; unknown of one that stands still."""

_IS_DUE = "coalesce(part_within_until, part_due_at, observed_until - 1) < observed_until"
_COUNTED_AS = f"""
    CASE WHEN is_cancelled = 1 THEN 'of_cancelled' WHEN {_IS_DUE} THEN {{0}}
    ELSE CASE {{0}} WHEN 'met' THEN 'met_before_due' WHEN 'paused' THEN 'paused' WHEN 'cancelled' THEN 'cancelled'
    ELSE 'running' END END
"""

_NEVER_WAS = f"part_cancelled_because = 'withdrawn' AND ({_VERDICT_THEN}) IS NULL"
"""One whose start was taken back before anybody had judged it."""

_IS_LATE = "is_cancelled = 0 AND part_stopped_at IS NOT NULL AND part_verdict = 'breached'"
_ALIKE = ("policy", "clock", "policy_version", "measure", "is_reconstructed")


def _flag(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 1 ELSE 0 END"


def clocks(at: str, dimensions: tuple[str, ...], dated_at: str, alike: tuple[str, ...] = ()) -> Counts:
    """What is counted of clocks: those that stand alike together.

    Args:
        at: What puts a clock into the cohort; where that is `DATED_AT`, one that has none belongs to every period.
        dimensions: What of its ticket it is grouped by.
        dated_at: What it is undated without.
        alike: More fields of a clock that it is grouped by.
    """
    return Counts(
        of="clocks",
        at=at,
        has_undated=at == DATED_AT,
        dimensions=dimensions,
        conditions={"clocks": "1 = 1"},
        by={
            "state": _COUNTED_AS.format(_STATE),
            "then": _COUNTED_AS.format(_STATE_THEN),
            "is_known": _flag(f"NOT {holds(_NEVER_WAS)}"),
            "is_open": _flag(_IS_OPEN),
            "is_early": _flag("part_verdict = 'met' AND 2 * part_used < part_target"),
            "is_undated": _flag(f"{dated_at} IS NULL"),
        },
        lists={"late": f"CASE WHEN {_IS_LATE} THEN part_used - part_target END"},
        alike=(*_ALIKE, *alike),
    )


OTHERWISE = ("ticket_id", *(f"part_{name}" for name in ClockPart._fields), _STATE, _STATE_THEN)
"""What is told of a clock that was judged otherwise then: whose it is, all of it, how it stands and how it stood."""


def judged_otherwise(of: Counts, observed_until: datetime) -> Counts:
    """Those of them whose verdict is not the one that was seen first.

    Most tickets need not be looked into: all their verdicts are those seen first, and were seen while the ticket was
    observed. Corrections are recorded after the end of an imported ticket, and what they brought was seen then.
    """
    differs = f"coalesce({_VERDICT}, '') <> coalesce({_VERDICT_THEN}, '') AND NOT {holds(_NEVER_WAS)}"
    after_source = "has_native_facts = 0 AND judged_by > imported_until"
    may_differ = f"is_restated = 1 OR judged_by >= {micros(observed_until)} OR ({after_source})"
    return replace(of, where=may_differ, by={}, lists={}, alike=(), conditions={"differs": differs})
