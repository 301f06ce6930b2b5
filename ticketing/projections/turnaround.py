"""Turnaround: from first receipt to last hand-back, per ticket, and what may be asked of it.

A ticket handed back whose case was reopened, or whose unit came in again, is open until the unit is back once more, or
the case closed without it. Disposal and a closing without hand-back are other endings. On site and remote, the start
of the diagnosis stands for receipt and the end of work for hand-back; a closing ends the work that still goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeVar, cast, get_args

from ticketing.domain import events as e
from ticketing.domain.hours import micros
from ticketing.domain.lifecycle import LIFE_CYCLE, START, Move
from ticketing.domain.slots import replace
from ticketing.domain.values import Event, Recorded
from ticketing.projections.counts import Counted, Counts, Rate, conditions_of, holds, one_of, rate_rows
from ticketing.projections.dimensions import WITHOUT_CUSTODY, Dimensions, Take, with_dimensions
from ticketing.projections.report import Cohort, Figure, ReportRow, Unit
from ticketing.projections.sample import DAY, SECOND
from ticketing.projections.statistics import nearest_rank, rounded, scipy_stats
from ticketing.projections.survival import Incidence, incidence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Ending = Literal["open", "handed_back", "closed", "otherwise", "cancelled"]
"""How a ticket stands: back with the customer and still open, or closed; ended without hand-back; cancelled."""
Variant = Literal["to_notice", "in_house", "without_home"]
"""Other spans: to the last notice that the unit is ready (else the hand-back); from complete papers to the end of work;
without the time at home between cycles.
"""

TURNAROUND = Figure("turnaround", 1, ("opened_in",))
VARIANTS: Mapping[Variant, Figure] = {
    name: Figure(f"turnaround_{name}", 1, ("opened_in",)) for name in get_args(Variant)
}
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
        papers_at: When the unit was in and its papers first complete.
        notified_at: When the customer was last told that the unit is ready, in the present cycle.
        at_home: Microseconds between hand-backs and the receipts after them.
        began_at: The first receipt, or what stands for it.
        ended_at: When the ticket ended in the way of `ending`; None while it is open.
        ending: How the ticket stands; nothing is known of one that was never received, and it is open.
        first_back_at: The first hand-back, or what stands for it; rates are dated by it.
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
    papers_at: datetime | None = None
    notified_at: datetime | None = None
    at_home: int = 0
    began_at: datetime | None = None
    ended_at: datetime | None = None
    ending: Ending = "open"
    first_back_at: datetime | None = None


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
    if take is not None:
        row = cast(T, take(row, fact))
    return _dated(row) if kind in _DATING else row


def _dated(row: T) -> T:
    """The row with what its ticket's course comes to."""
    is_without = row.channel in WITHOUT_CUSTODY
    began_at = row.diagnosing_at if is_without else row.received_at
    first_back_at = row.first_work_ended_at if is_without else row.first_handed_back_at
    ended_at, ending = (None, "open") if began_at is None else _end(row, is_without=is_without)
    if (began_at, ended_at, ending, first_back_at) == (row.began_at, row.ended_at, row.ending, row.first_back_at):
        return row
    return replace(row, began_at=began_at, ended_at=ended_at, ending=ending, first_back_at=first_back_at)


def _end(row: TurnaroundRow, *, is_without: bool) -> tuple[datetime | None, Ending]:
    """When and how a ticket ended that was received; a cancelled one when the unit went back, or with the closing."""
    otherwise: Ending = "cancelled" if row.is_cancelled else "otherwise"
    if row.is_done if is_without else row.is_back:
        back: Ending = "handed_back" if row.is_open else "closed"
        return row.work_ended_at if is_without else row.handed_back_at, "cancelled" if row.is_cancelled else back
    if row.unit == "gone":
        return row.disposed_at, otherwise
    return (None, "open") if row.is_open else (row.closed_at, otherwise)


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
    at, back_at = fact.occurred_at, row.handed_back_at
    was_home = row.unit == "back" and back_at is not None
    return replace(
        row,
        received_at=row.received_at or at,
        papers_at=row.papers_at or (at if fact.event.paperwork_complete else None),
        notified_at=None if was_home else row.notified_at,
        at_home=row.at_home + (micros(at) - micros(back_at) if was_home and back_at is not None else 0),
        unit="in",
        is_back=False,
    )


def _with_papers(row: TurnaroundRow, fact: Recorded[e.PaperworkCompleted]) -> TurnaroundRow:
    return replace(row, papers_at=row.papers_at or fact.occurred_at)


def _notified(row: TurnaroundRow, fact: Recorded[e.CustomerNotified]) -> TurnaroundRow:
    return replace(row, notified_at=fact.occurred_at)


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
    return replace(row, is_back=False, notified_at=None)


_TAKES: Mapping[type[Event], Take[TurnaroundRow]] = {
    e.UnitReceived: _received,
    e.PaperworkCompleted: _with_papers,
    e.DiagnosisStarted: _diagnosing,
    e.CustomerNotified: _notified,
    e.UnitHandedBack: _handed_back,
    e.UnitDisposed: _disposed,
    e.TicketClosed: _closed,
    e.TicketReopened: _reopened,
}
TAKEN = frozenset(_TAKES) | frozenset(_WORK)
"""The facts that the course uses, beside those that the dimensions use."""
_DATING = TAKEN | {e.TicketOpened}
"""Those after which it may have come to something else."""


class TurnaroundRows:
    """The projection: one `TurnaroundRow` per ticket."""

    name = "turnaround"
    version = 2
    row = TurnaroundRow

    def apply(self, row: TurnaroundRow, fact: Recorded[Event]) -> TurnaroundRow:
        """The row with one more fact."""
        return with_course(row, fact)


# what is asked of the rows

COHORTS: Mapping[Cohort, str] = {
    "opened_in": "opened_at",
    "handed_back_in": "first_back_at",
    "closed_in": "CASE WHEN is_open = 0 THEN closed_at END",
}
"""The instant that puts a ticket into each cohort."""

NEVER_RECEIVED = f"(began_at IS NULL AND NOT {one_of('channel', WITHOUT_CUSTODY)})"
"""The unit never came; on site and remotely none has to, and a diagnosis may be recorded that nobody began."""

LEFT_OUT = f"(is_cancelled = 1 OR {NEVER_RECEIVED})"
"""What no rate is of, save those of complaints: cancelled tickets, and those never received."""

_BACK = "ending IN ('handed_back', 'closed')"


@dataclass(frozen=True, slots=True)
class _Span:
    """What is measured: from where, to where, and of which tickets it has come to its end."""

    begins: str
    ends: str
    has_ended: str


_WHOLE = _Span("began_at", "ended_at", _BACK)
_SPANS: Mapping[Variant, _Span] = {
    "to_notice": _Span(
        "began_at",
        "coalesce(CASE WHEN notified_at >= began_at THEN notified_at END, ended_at)",
        f"ending <> 'cancelled' AND (notified_at >= began_at OR {_BACK})",
    ),
    "in_house": _Span(
        "CASE WHEN papers_at < began_at THEN began_at ELSE papers_at END",
        "work_ended_at",
        "ending <> 'cancelled' AND is_done = 1",
    ),
    "without_home": _Span("began_at", "ended_at - at_home", _BACK),
}


_LISTS = ("closed", "ended", "competing", "censored")
"""What each ticket is counted in: back and closed, back and open still, ended otherwise, or not yet."""


def counts(cohort: Cohort, *, variant: Variant | None = None, days: int | None = None) -> Counts:
    """What a turnaround is counted from.

    Tickets never received are left out, and so are those that ended before they were received.

    Args:
        cohort: Which tickets.
        variant: Another span than from first receipt to last hand-back.
        days: Adds the share handed back within so many.
    """
    span = _WHOLE if variant is None else _SPANS[variant]
    is_there = f"({span.begins} IS NOT NULL AND coalesce({_end_of(span)} >= {span.begins}, 1 = 1))"
    has_ended, is_open, is_closed = holds(span.has_ended), "ending = 'open'", "ending = 'closed'"
    watched = f"CASE WHEN observed_until > {span.begins} THEN observed_until - {span.begins} ELSE 0 END"

    def seconds(condition: str, length: str) -> str:
        return f"CASE WHEN {is_there} AND {condition} THEN ({length}) / {SECOND} END"

    return Counts(
        at=COHORTS[cohort],
        conditions={
            "excluded": f"NOT {is_there}",
            **({} if days is None else conditions_of([_within(days, is_there)])),
        },
        lists={
            "closed": seconds(f"{has_ended} AND {is_closed}", f"{span.ends} - {span.begins}"),
            "ended": seconds(f"{has_ended} AND NOT {is_closed}", f"{span.ends} - {span.begins}"),
            "competing": seconds(f"NOT {has_ended} AND NOT {is_open}", f"ended_at - {span.begins}"),
            "censored": seconds(f"NOT {has_ended} AND {is_open}", watched),
        },
        is_in_one=True,
    )


def _end_of(span: _Span) -> str:
    return span.ends if span is _WHOLE else f"CASE WHEN {holds(span.has_ended)} THEN {span.ends} ELSE ended_at END"


def _within(days: int, is_there: str = "began_at IS NOT NULL") -> Rate:
    return Rate(
        figure=WITHIN_DAYS,
        excluded=f"NOT {is_there} OR ending = 'cancelled'",
        censored=f"began_at + {days * DAY} > observed_until",
        had=f"{_BACK} AND (ended_at - began_at) / {SECOND} <= {days * DAY // SECOND}",
        none=f"no ticket opened in the period was received {days} days ago or earlier",
    )


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """How long the tickets of one group took.

    Attributes:
        excluded: How many the figure leaves out.
        seconds: The lengths of the others, by the list in which they are counted.
        curve: The share that was handed back, by duration.
    """

    group: Mapping[str, str | None]
    excluded: int
    seconds: "Mapping[str, NDArray[np.int64]]"
    curve: Incidence

    @property
    def received(self) -> int:
        """How many it counts."""
        return sum(map(len, self.seconds.values()))

    def closed(self) -> "NDArray[np.int64]":
        """The lengths of those closed, in ascending order."""
        import numpy as np

        return np.sort(self.seconds["closed"])


def courses(counted: Counted) -> list[Course]:
    """How long the tickets of every group took, by code point.

    Raises:
        BadInput: scipy is missing.
    """
    scipy_stats()
    import numpy as np

    found = []
    for group, tally in counted.groups():
        seconds = tally.taken_apart(_LISTS)
        ended = np.concatenate((seconds["closed"], seconds["ended"]))
        curve = incidence(ended, seconds["competing"], seconds["censored"])
        found.append(Course(group, tally.numbers["excluded"], seconds, curve))
    return found


def unit_of(found: Sequence[Course], percentiles: Sequence[int]) -> Unit:
    """Hours if no percentile of any group comes to three days, else days."""
    reached = [one.curve.quantile(percent).at for one in found for percent in percentiles]
    return "h" if max((at for at in reached if at is not None), default=0) < _SHOWN_IN_HOURS_S else "d"


def turnaround(
    found: Sequence[Course], percentiles: Sequence[int], unit: Unit, variant: Variant | None = None
) -> list[ReportRow]:
    """First receipt to last hand-back over tickets opened in the period: Aalen-Johansen percentiles by group."""
    figure = TURNAROUND if variant is None else VARIANTS[variant]
    rows = []
    for one in found:
        quantiles = {f"p{percent}": one.curve.quantile(percent) for percent in percentiles}
        closed, ended, competing, censored = (len(one.seconds[name]) for name in _LISTS)
        missing = [name for name, quantile in quantiles.items() if quantile.at is None]
        rows.append(
            ReportRow(
                figure=figure.name,
                definition=figure.definition,
                cohort="opened_in",
                group=one.group,
                percentiles={name: _shown(quantile.at, unit) for name, quantile in quantiles.items()},
                reason=_reason(missing, one.received, censored, competing) if missing else None,
                unit=unit,
                numerator=closed + ended,
                denominator=one.received,
                excluded=one.excluded,
                censored=censored,
                low={name: _shown(quantile.low, unit) for name, quantile in quantiles.items()},
                high={name: _shown(quantile.high, unit) for name, quantile in quantiles.items()},
            )
        )
    return rows


def _shown(seconds: int | None, unit: Unit) -> float | None:
    return None if seconds is None else rounded(seconds / SECONDS_OF[unit])


def _reason(missing: list[str], received: int, still_open: int, otherwise: int) -> str:
    if not received:
        return "no ticket opened in the period was received"
    standing = f"of {received} tickets {still_open} are open and {otherwise} ended otherwise"
    return f"{', '.join(missing)} not reached: {standing}"


def turnaround_closed(
    found: Sequence[Course], cohort: Cohort, percentiles: Sequence[int], unit: Unit
) -> list[ReportRow]:
    """The same of closed tickets only, nearest rank: what most systems print, and why it is too short."""
    rows = []
    for one in found:
        ordered = one.closed()
        rows.append(
            ReportRow(
                figure=TURNAROUND_CLOSED.name,
                definition=TURNAROUND_CLOSED.definition,
                cohort=cohort,
                group=one.group,
                percentiles={
                    f"p{percent}": _shown(nearest_rank(ordered, percent), unit) if len(ordered) else None
                    for percent in percentiles
                },
                reason=None if len(ordered) else "no ticket of the cohort was handed back and closed",
                unit=unit,
                numerator=len(ordered),
                denominator=len(ordered),
                excluded=one.excluded + one.received - len(ordered),
            )
        )
    return rows


def within_days(counted: Counted, days: int) -> list[ReportRow]:
    """Handed back within so many days of receipt ÷ those whose so many days have passed; open ones past them failed."""
    return rate_rows(counted, "opened_in", [_within(days)])
