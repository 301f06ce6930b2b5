"""Hygiene: whether the record of a ticket is clean: when its facts were recorded, what its waits rest on, and closings.

Only what was recorded here counts of the first two: what was imported counts as recorded when it occurred, and has the
evidence of the system that it came from. Corrections and retractions are no facts of the repair.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ticketing.domain import events as e
from ticketing.domain.errors import BadInput
from ticketing.domain.near_due import pausing, recorded
from ticketing.domain.slots import replace
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import NATIVE, Event, Recorded
from ticketing.domain.waits import waits_of
from ticketing.projections.clocks import all_frozen_until
from ticketing.projections.counts import Counted, Counts, Rate, holds, rate_rows
from ticketing.projections.honesty import HonestyRow
from ticketing.projections.report import Cohort, Figure, ReportRow, rate
from ticketing.projections.sample import DAY
from ticketing.projections.turnaround import LEFT_OUT

HYGIENE = Figure("hygiene", 1, ("opened_in", "closed_in"))
NEAR_DUE = Figure("waits_near_due", 1, HYGIENE.cohorts)
WITHOUT_EVIDENCE = Figure("waits_without_evidence", 1, HYGIENE.cohorts)
REOPENED = Figure("closed_and_reopened", 1, HYGIENE.cohorts)
LATE_AFTER: Mapping[int, str] = {hours: f"late_{hours}h" for hours in (1, 4, 8, 24, 72, 168)}
"""By hours after which a fact may be called late: the column that counts those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HygieneRow(HonestyRow):
    """How one ticket was recorded, beside what was quoted, done and billed on it.

    Attributes:
        facts: Native facts, without corrections and retractions.
        late_1h: Those recorded more than an hour after they occurred.
        late_4h: Those recorded more than 4 hours after.
        late_8h: Those recorded more than 8 hours after.
        late_24h: Those recorded more than 24 hours after.
        late_72h: Those recorded more than 72 hours after.
        late_168h: Those recorded more than 168 hours after.
        imported_facts: Facts that were imported.
        waits: Native waits that somebody put on record, without those that other facts show.
        unproven_waits: Those without evidence.
        imported_waits: Waits that were imported.
        pausing_waits: Recorded waits that began while a clock ran which they pause.
        waits_near_due: Those of them that began when a tenth or less of such a clock was left.
        first_closed_at: When the ticket was closed first.
        reopened_at: When it was first reopened after that.
        depends_on_publishing: Whether a later publication may change the row.
    """

    facts: int = 0
    late_1h: int = 0
    late_4h: int = 0
    late_8h: int = 0
    late_24h: int = 0
    late_72h: int = 0
    late_168h: int = 0
    imported_facts: int = 0
    waits: int = 0
    unproven_waits: int = 0
    imported_waits: int = 0
    pausing_waits: int = 0
    waits_near_due: int = 0
    first_closed_at: datetime | None = None
    reopened_at: datetime | None = None
    depends_on_publishing: bool = False


def with_hygiene(
    row: HygieneRow, facts: Sequence[Recorded[Event]], history: Sequence[Recorded[Event]], rules: TimeRules
) -> HygieneRow:
    """The row with what is to be said of its ticket's record.

    Args:
        row: The row so far.
        facts: The surviving facts in the order of time.
        history: All facts, corrections and retractions among them.
        rules: What was published.
    """
    for fact in facts:
        row = _closed_or_reopened(row, fact)
    row = _with_waits(_timely(row, facts), facts)
    if not row.waits and not row.imported_waits:  # most tickets, whose clocks need not be looked at
        return row
    near = pausing(facts, rules)
    return replace(
        row,
        pausing_waits=len(near),
        waits_near_due=sum(is_near for _, is_near in near),
        depends_on_publishing=_depends_on_publishing(history, rules),
    )


def _closed_or_reopened(row: HygieneRow, fact: Recorded[Event]) -> HygieneRow:
    if isinstance(fact.event, e.TicketClosed):
        return replace(row, first_closed_at=row.first_closed_at or fact.occurred_at)
    if isinstance(fact.event, e.TicketReopened) and row.first_closed_at is not None:
        return replace(row, reopened_at=row.reopened_at or fact.occurred_at)
    return row


def _timely(row: HygieneRow, facts: Sequence[Recorded[Event]]) -> HygieneRow:
    """The row with what was recorded late; a corrected fact by when it is now said to have occurred."""
    counted = [fact for fact in facts if not isinstance(fact.event, e.EventCorrected | e.EventRetracted)]
    lags = [fact.recorded_at - fact.occurred_at for fact in counted if fact.source == NATIVE]

    def later_than(hours: int) -> int:
        return sum(lag > timedelta(hours=hours) for lag in lags)

    return replace(
        row,
        facts=len(lags),
        imported_facts=len(counted) - len(lags),
        late_1h=later_than(1),
        late_4h=later_than(4),
        late_8h=later_than(8),
        late_24h=later_than(24),
        late_72h=later_than(72),
        late_168h=later_than(168),
    )


def _with_waits(row: HygieneRow, facts: Sequence[Recorded[Event]]) -> HygieneRow:
    begun = {wait.from_version for wait in recorded(waits_of(facts))}
    waits = [(fact.source, fact.event) for fact in facts if fact.version in begun]
    native = [event for source, event in waits if source == NATIVE]
    unproven = [event for event in native if isinstance(event, e.WaitStarted) and event.evidence is None]
    return replace(row, waits=len(native), unproven_waits=len(unproven), imported_waits=len(waits) - len(native))


def _depends_on_publishing(history: Sequence[Recorded[Event]], rules: TimeRules) -> bool:
    """Whether a version published later may say otherwise; of native clocks only beyond the days that are frozen."""
    if any(fact.source != NATIVE for fact in history):
        return True
    until = all_frozen_until(rules)
    latest = max(fact.occurred_at for fact in history)
    return bool(rules.calendars) and (until is None or latest > until)


def hours_asked(given: int) -> int:
    """The hours after which a fact is late.

    Raises:
        BadInput: Rows do not count those.
    """
    if given not in LATE_AFTER:
        nearest = min(LATE_AFTER, key=lambda hours: (abs(hours - given), hours))
        known = ", ".join(map(str, LATE_AFTER))
        raise BadInput(f"late_after_hours {given}: facts are counted by {known} hours; the nearest is {nearest}")
    return given


# what is asked of the rows

_AT: Mapping[Cohort, str] = {"opened_in": "opened_at", "closed_in": "CASE WHEN is_open = 0 THEN closed_at END"}
_OUT = holds(LEFT_OUT)


def counts(cohort: Cohort, late_after_hours: int, days: int) -> Counts:
    """What hygiene is counted from: facts, waits and closings of tickets received and not cancelled."""
    added = {"late": LATE_AFTER[late_after_hours]}
    added |= {name: name for name in ("facts", "waits", "unproven_waits", "pausing_waits", "waits_near_due")}
    left_out = {"facts.out": ("facts", "imported_facts"), "waits.out": ("waits", "imported_waits")}
    return Counts(
        at=_AT[cohort],
        conditions=_reopened(days).conditions(),
        sums={
            **{name: f"CASE WHEN {_OUT} THEN 0 ELSE {column} END" for name, column in added.items()},
            **{
                name: f"{theirs} + CASE WHEN {_OUT} THEN {ours} ELSE 0 END" for name, (ours, theirs) in left_out.items()
            },
            "pausing.out": f"CASE WHEN {_OUT} THEN pausing_waits ELSE 0 END",
        },
    )


def _reopened(days: int) -> Rate:
    return Rate(
        figure=REOPENED,
        excluded=LEFT_OUT,
        asked="first_closed_at IS NOT NULL",
        censored=f"first_closed_at + {days * DAY} > observed_until",
        had=f"reopened_at <= first_closed_at + {days * DAY}",
        none=f"no ticket of the cohort was closed {days} days ago or earlier",
    )


@dataclass(frozen=True, slots=True)
class _Share:
    """A share of facts or waits: the names under which it is counted, and why there is none."""

    figure: Figure
    had: str
    asked: str
    excluded: str
    none: str


_SHARES = (
    _Share(HYGIENE, "late", "facts", "facts.out", "no fact of the cohort's tickets was recorded here"),
    _Share(
        NEAR_DUE, "waits_near_due", "pausing_waits", "pausing.out", "no wait of the cohort's tickets paused a clock"
    ),
    _Share(
        WITHOUT_EVIDENCE, "unproven_waits", "waits", "waits.out", "no wait of the cohort's tickets was recorded here"
    ),
)


def hygiene(counted: Counted, cohort: Cohort, days: int) -> list[ReportRow]:
    """Facts recorded late ÷ facts; waits near due ÷ those that paused a clock; unproven ÷ waits; reopened ÷ closed."""
    groups = list(counted.groups())
    rows = [
        rate(
            share.figure,
            cohort,
            group,
            numerator=tally.numbers[share.had],
            denominator=tally.numbers[share.asked],
            excluded=tally.numbers[share.excluded],
            reason=share.none,
        )
        for share in _SHARES
        for group, tally in groups
    ]
    return rows + rate_rows(counted, cohort, [_reopened(days)])
