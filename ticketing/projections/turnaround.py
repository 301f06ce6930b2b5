"""Turnaround: from first receipt to last hand-back, per ticket, and what may be asked of it.

A ticket handed back whose case was reopened, or whose unit came in again, is open until the unit is back once more, or
the case closed without it. Disposal and a closing without hand-back are other endings. On site and remote, the start
of the diagnosis stands for receipt and the end of work for hand-back; a closing ends the work that still goes on.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import TypeVar, cast

from ticketing.domain import events as e
from ticketing.domain.lifecycle import LIFE_CYCLE, START, Move
from ticketing.domain.values import Event, Recorded
from ticketing.projections.dimensions import WITHOUT_CUSTODY, Dimensions, Take, with_dimensions
from ticketing.projections.report import Cohort, Figure, ReportRow, Unit, rate
from ticketing.projections.sample import DAY, SECOND, Cases, Sample, Scope, micros
from ticketing.projections.statistics import Quantile, cumulative_incidence, nearest_rank, quantile, rounded

TURNAROUND = Figure("turnaround", 1, ("opened_in",))
TURNAROUND_CLOSED = Figure("turnaround_closed", 1, ("opened_in", "handed_back_in", "closed_in"))
WITHIN_DAYS = Figure("within_days", 1, ("opened_in",))
SECONDS_OF: Mapping[Unit, int] = {"s": 1, "h": 3_600, "d": 86_400}
_SHOWN_IN_HOURS_S = 72 * 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnaroundRow(Dimensions):
    """The course of one ticket.

    Attributes:
        received_at: The first receipt.
        handed_back_at: The last hand-back.
        first_handed_back_at: The first, by which rates are dated.
        disposed_at: The last disposal.
        unit: Where the unit went last: `outside` (not seen yet), `in`, `back` or `gone`.
        is_back: Whether the last hand-back stands.
        diagnosing_at: The first start of a diagnosis.
        work: The state of the work, in the words of the life cycle.
        work_ended_at: When the work ended last.
        first_work_ended_at: When it ended first.
        is_done: Whether the last end of work stands.
    """

    received_at: datetime | None = None
    handed_back_at: datetime | None = None
    first_handed_back_at: datetime | None = None
    disposed_at: datetime | None = None
    unit: str = "outside"
    is_back: bool = False
    diagnosing_at: datetime | None = None
    work: str = START["work"]
    work_ended_at: datetime | None = None
    first_work_ended_at: datetime | None = None
    is_done: bool = False

    @property
    def first_back_at(self) -> datetime | None:
        """The first hand-back, or what stands for it on site and remote."""
        return self.first_work_ended_at if self.channel in WITHOUT_CUSTODY else self.first_handed_back_at


T = TypeVar("T", bound=TurnaroundRow)
_WORK: Mapping[type[Event], Move] = {
    event: step.work for event, step in LIFE_CYCLE.items() if step.work is not None and step.work.target is not None
}
_WORK_ENDED = frozenset({"finished", "checked", "ended"})


def with_course(row: T, fact: Recorded[Event]) -> T:
    """The row with one more fact taken into its dimensions and its course."""
    kind = type(fact.event)
    row = with_dimensions(row, fact)
    if kind in _WORK:
        row = cast(T, _worked(row, fact))
    take = _TAKES.get(kind)
    return row if take is None else cast(T, take(row, fact))


def _worked(row: TurnaroundRow, fact: Recorded[Event]) -> TurnaroundRow:
    work = _WORK[type(fact.event)].state_after(row.work)
    found_nothing = isinstance(fact.event, e.DiagnosisRecorded) and fact.event.found_nothing
    is_done = work in _WORK_ENDED or (work == "diagnosed" and found_nothing)
    return _ended(row, work, fact.occurred_at) if is_done else replace(row, work=work, is_done=False)


def _ended(row: TurnaroundRow, work: str, at: datetime) -> TurnaroundRow:
    return replace(
        row,
        work=work,
        is_done=True,
        work_ended_at=row.work_ended_at if row.is_done else at,
        first_work_ended_at=row.first_work_ended_at or at,
    )


def _diagnosing(row: TurnaroundRow, fact: Recorded[e.DiagnosisStarted]) -> TurnaroundRow:
    return row if row.diagnosing_at is not None else replace(row, diagnosing_at=fact.occurred_at)


def _received(row: TurnaroundRow, fact: Recorded[e.UnitReceived]) -> TurnaroundRow:
    return replace(row, received_at=row.received_at or fact.occurred_at, unit="in", is_back=False)


def _handed_back(row: TurnaroundRow, fact: Recorded[e.UnitHandedBack]) -> TurnaroundRow:
    at = fact.occurred_at
    return replace(
        row, handed_back_at=at, first_handed_back_at=row.first_handed_back_at or at, unit="back", is_back=True
    )


def _disposed(row: TurnaroundRow, fact: Recorded[e.UnitDisposed]) -> TurnaroundRow:
    return replace(row, disposed_at=fact.occurred_at, unit="gone", is_back=False)


def _closed(row: TurnaroundRow, fact: Recorded[e.TicketClosed]) -> TurnaroundRow:
    if not row.is_done and row.work != START["work"]:
        row = _ended(row, row.work, fact.occurred_at)
    return replace(row, is_back=row.unit == "back", is_done=row.work_ended_at is not None)


def _reopened(row: TurnaroundRow, fact: Recorded[e.TicketReopened]) -> TurnaroundRow:
    return replace(row, is_back=False)


_TAKES: Mapping[type[Event], Take[TurnaroundRow]] = {
    e.UnitReceived: _received,
    e.DiagnosisStarted: _diagnosing,
    e.UnitHandedBack: _handed_back,
    e.UnitDisposed: _disposed,
    e.TicketClosed: _closed,
    e.TicketReopened: _reopened,
}
TAKEN = frozenset(_TAKES) | frozenset(_WORK)
"""The facts that the course uses, beside those that the dimensions use."""


class TurnaroundRows:
    """The projection: one `TurnaroundRow` per ticket."""

    name = "turnaround"
    version = 1
    row = TurnaroundRow

    def apply(self, row: TurnaroundRow, fact: Recorded[Event]) -> TurnaroundRow:
        """The row with one more fact."""
        return with_course(row, fact)


# what is asked of the rows


class Ending(IntEnum):
    """How a ticket stands."""

    OPEN = 0
    BACK = 1
    CLOSED = 2
    OTHERWISE = 3
    CANCELLED = 4


_HANDED_BACK = (Ending.BACK, Ending.CLOSED)


def course(row: TurnaroundRow) -> tuple[datetime, datetime | None, Ending] | None:
    """Receipt, end (None while open) and kind of end; None for a ticket never received.

    A cancelled ticket ended when the unit went back, or with the closing; it counts as another ending.
    """
    received_at, back_at, is_back = row.received_at, row.handed_back_at, row.is_back
    if row.channel in WITHOUT_CUSTODY:
        received_at, back_at, is_back = row.diagnosing_at, row.work_ended_at, row.is_done
    if received_at is None:
        return None
    if is_back:
        ending = Ending.BACK if row.is_open else Ending.CLOSED
        return received_at, back_at, Ending.CANCELLED if row.is_cancelled else ending
    if row.unit == "gone":
        return received_at, row.disposed_at, Ending.CANCELLED if row.is_cancelled else Ending.OTHERWISE
    if not row.is_open:
        return received_at, row.closed_at, Ending.CANCELLED if row.is_cancelled else Ending.OTHERWISE
    return received_at, None, Ending.OPEN


_COHORT_AT: Mapping[str, Callable[[TurnaroundRow], datetime | None]] = {
    "opened_in": lambda row: row.opened_at,
    "handed_back_in": lambda row: row.first_back_at,
    "closed_in": lambda row: None if row.is_open else row.closed_at,
}


def gather(rows: Iterable[TurnaroundRow], scope: Scope, cohort: Cohort) -> Sample:
    """The sample of a cohort: receipt, whole seconds to the end or -1, `Ending`, and source of each case.

    Tickets never received are excluded, and so are those that ended before they were received.
    """
    sample = Sample(scope, 4)
    cohort_at = _COHORT_AT[cohort]
    for row in rows:
        source = sample.source(row)
        at = cohort_at(row)
        if row.opened_at is None or at is None or not scope.holds(at):
            continue
        group = scope.group(row, at)
        found = course(row)
        if found is None or (found[1] is not None and found[1] < found[0]):
            sample.exclude(group)
            continue
        received_at, ended_at, ending = found
        start = micros(received_at)
        seconds = -1 if ended_at is None else (micros(ended_at) - start) // SECOND
        sample.add(group, start, seconds, ending, source)
    return sample


def unit_of(sample: Sample, percentiles: Sequence[int]) -> Unit:
    """Hours if no percentile of any group comes to three days, else days."""
    found = [
        found.at
        for _, cases in sample.groups()
        for found in _survival(sample, cases, percentiles).values()
        if found.at is not None
    ]
    return "h" if max(found, default=0) < _SHOWN_IN_HOURS_S else "d"


def _survival(sample: Sample, cases: Cases, percentiles: Sequence[int]) -> dict[str, Quantile]:
    ended: Counter[int] = Counter()
    competing: Counter[int] = Counter()
    censored: Counter[int] = Counter()
    for start, seconds, ending, source in cases:
        if ending == Ending.OPEN:
            censored[max(0, sample.until(source) - start) // SECOND] += 1
        elif ending in _HANDED_BACK:
            ended[seconds] += 1
        else:
            competing[seconds] += 1
    steps = cumulative_incidence(ended, competing, censored)
    return {f"p{percent}": quantile(steps, percent) for percent in percentiles}


def turnaround(sample: Sample, percentiles: Sequence[int], unit: Unit) -> list[ReportRow]:
    """First receipt to last hand-back over tickets opened in the period: Aalen-Johansen percentiles by group."""
    rows = []
    for group, cases in sample.groups():
        found = _survival(sample, cases, percentiles)
        ends = Counter(ending for _, _, ending, _ in cases)
        missing = [name for name, quantile in found.items() if quantile.at is None]
        rows.append(
            ReportRow(
                figure=TURNAROUND.name,
                definition=TURNAROUND.definition,
                cohort="opened_in",
                group=group,
                percentiles={name: _shown(quantile.at, unit) for name, quantile in found.items()},
                reason=_reason(missing, len(cases), ends) if missing else None,
                unit=unit,
                numerator=sum(ends[ending] for ending in _HANDED_BACK),
                denominator=len(cases),
                excluded=cases.excluded,
                censored=ends[Ending.OPEN],
                low={name: _shown(quantile.low, unit) for name, quantile in found.items()},
                high={name: _shown(quantile.high, unit) for name, quantile in found.items()},
            )
        )
    return rows


def _shown(seconds: int | None, unit: Unit) -> float | None:
    return None if seconds is None else rounded(seconds / SECONDS_OF[unit])


def _reason(missing: list[str], received: int, ends: Counter[int]) -> str:
    if not received:
        return "no ticket opened in the period was received"
    otherwise = ends[Ending.OTHERWISE] + ends[Ending.CANCELLED]
    standing = f"of {received} tickets {ends[Ending.OPEN]} are open and {otherwise} ended otherwise"
    return f"{', '.join(missing)} not reached: {standing}"


def turnaround_closed(sample: Sample, cohort: Cohort, percentiles: Sequence[int], unit: Unit) -> list[ReportRow]:
    """The same of closed tickets only, nearest rank: what most systems print, and why it is too short."""
    rows = []
    for group, cases in sample.groups():
        ordered = sorted(seconds for _, seconds, ending, _ in cases if ending == Ending.CLOSED)
        names = {f"p{percent}": percent for percent in percentiles}
        rows.append(
            ReportRow(
                figure=TURNAROUND_CLOSED.name,
                definition=TURNAROUND_CLOSED.definition,
                cohort=cohort,
                group=group,
                percentiles={
                    name: _shown(nearest_rank(ordered, percent), unit) if ordered else None
                    for name, percent in names.items()
                },
                reason=None if ordered else "no ticket of the cohort was handed back and closed",
                unit=unit,
                numerator=len(ordered),
                denominator=len(ordered),
                excluded=cases.excluded + len(cases) - len(ordered),
            )
        )
    return rows


def within_days(sample: Sample, days: int) -> list[ReportRow]:
    """Handed back within so many days of receipt ÷ those whose so many days have passed; open ones past them failed."""
    rows = []
    for group, cases in sample.groups():
        tally: Counter[str] = Counter()
        for start, seconds, ending, source in cases:
            if ending == Ending.CANCELLED:
                tally["excluded"] += 1
            elif start + days * DAY > sample.until(source):
                tally["censored"] += 1
            else:
                tally["asked"] += 1
                tally["met"] += ending in _HANDED_BACK and seconds * SECOND <= days * DAY
        rows.append(
            rate(
                WITHIN_DAYS,
                "opened_in",
                group,
                numerator=tally["met"],
                denominator=tally["asked"],
                reason=f"no ticket opened in the period was received {days} days ago or earlier",
                excluded=cases.excluded + tally["excluded"],
                censored=tally["censored"],
            )
        )
    return rows
