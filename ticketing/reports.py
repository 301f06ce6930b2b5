"""The questions people ask of a store: turnaround, first pass, complaint rates and backlog, as library calls.

A report is always as of an instant, printed in its header: facts count that had occurred by then, and native tickets
were observed until then. Without `as_of`, `known_at` or `position` it is answered from the rows that projections keep,
caught up first; with any of them the log is folded anew, one ticket at a time. Both ways give the same report.
"""

import inspect
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, TypedDict, TypeVar, Unpack
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ticketing.adapters.projector import view_of
from ticketing.adapters.store import Stored
from ticketing.adapters.view import View
from ticketing.application import Ticketing
from ticketing.domain.cuts import cut
from ticketing.domain.errors import BadInput, nearest
from ticketing.domain.values import instant_text
from ticketing.projections import backlog as backlogs
from ticketing.projections import complaints
from ticketing.projections import first_pass as first_passes
from ticketing.projections import turnaround as turnarounds
from ticketing.projections.asked import (
    When,
    cohort_asked,
    days_asked,
    dimensions_asked,
    instant_asked,
    percentiles_asked,
    period_edge,
    unit_asked,
)
from ticketing.projections.built_in import BACKLOG_ROWS, COMPLAINT_ROWS, FIRST_PASS_ROWS, TURNAROUND_ROWS
from ticketing.projections.report import Cohort, Figure, Parameter, Report, ReportRow, Unit
from ticketing.projections.row import Projection, Row, fold_row
from ticketing.projections.sample import Scope

R = TypeVar("R", bound=Row)
S = TypeVar("S")
W_DAYS = 30
"""How long after hand-back a complaint counts against it, unless a contract says otherwise."""

H_DAYS = 90
"""How long after opening one does, closed or not."""

_READS = 3


class Asked(TypedDict, total=False):
    """What every report may be asked with.

    Attributes:
        by: Dimensions to group by (`DIMENSIONS`); none is one group of all.
        from_: The first instant of the cohort's period, or its first day in `zone`.
        to: The last instant, or the last day, inclusive.
        cohort: Which tickets; each figure names those it is defined over, the default first.
        as_of: Facts that had occurred by then, inclusive; a date is its first instant in `zone`. Default: now.
        known_at: Facts and corrections that were recorded by then, inclusive.
        position: Facts up to this position of the log.
        zone: The IANA zone of dates and months.
        stale: Read the rows as they stand instead of catching up first.
        on_progress: Told how many facts are done, out of how many, while rows are folded.
    """

    by: Sequence[str]
    from_: When
    to: When
    cohort: str | None
    as_of: When
    known_at: When
    position: int | None
    zone: str
    stale: bool
    on_progress: Callable[[int, int], None] | None


def turnaround(
    app: Ticketing,
    *,
    within_days: int | None = None,
    percentiles: Sequence[int] = (50, 90),
    unit: Unit | None = None,
    **asked: Unpack[Asked],
) -> Report:
    """First receipt to last hand-back, open tickets counted as such; beside it what closed tickets alone would say.

    Args:
        app: The application on the store.
        within_days: Adds the share handed back within so many days.
        percentiles: Which, from 1 to 99.
        unit: `s`, `h` or `d`; None takes hours where all percentiles are under three days, else days.
        asked: See `Asked`.

    Returns:
        Rows of `turnaround` (Aalen-Johansen), `turnaround_closed` (nearest rank), and `within_days` if asked for.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing for `within_days`.
    """
    question = _question(app, turnarounds.TURNAROUND, asked)
    shown = percentiles_asked(percentiles)
    sample, read = _gathered(
        app, TURNAROUND_ROWS, question, lambda rows: turnarounds.gather(rows, question.scope, question.cohort)
    )
    in_unit = unit_asked(unit) or turnarounds.unit_of(sample, shown)
    rows = turnarounds.turnaround(sample, shown, in_unit)
    rows += turnarounds.turnaround_closed(sample, question.cohort, shown, in_unit)
    if within_days is not None:
        rows += turnarounds.within_days(sample, days_asked("within_days", within_days))
    return question.report(rows, read, percentiles=shown, unit=in_unit, within_days=within_days)


def turnaround_closed(
    app: Ticketing, *, percentiles: Sequence[int] = (50, 90), unit: Unit | None = None, **asked: Unpack[Asked]
) -> Report:
    """The turnaround of closed tickets alone, which is too short: for other cohorts than `turnaround` shows it for.

    Raises:
        BadInput: Something asked cannot be understood.
    """
    question = _question(app, turnarounds.TURNAROUND_CLOSED, asked)
    shown = percentiles_asked(percentiles)
    sample, read = _gathered(
        app, TURNAROUND_ROWS, question, lambda rows: turnarounds.gather(rows, question.scope, question.cohort)
    )
    in_unit = unit_asked(unit) or turnarounds.unit_of(sample, shown)
    rows = turnarounds.turnaround_closed(sample, question.cohort, shown, in_unit)
    return question.report(rows, read, percentiles=shown, unit=in_unit)


def first_pass(app: Ticketing, **asked: Unpack[Asked]) -> Report:
    """Tickets passed at first presentation ÷ presented, and beside it `reworked`: sent back at least once.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = _question(app, first_passes.FIRST_PASS, asked)
    sample, read = _gathered(app, FIRST_PASS_ROWS, question, lambda rows: first_passes.gather(rows, question.scope))
    return question.report(first_passes.first_pass(sample), read)


def complaint_rate(app: Ticketing, *, w_days: int = W_DAYS, h_days: int = H_DAYS, **asked: Unpack[Asked]) -> Report:
    """Tickets complained about by W days after hand-back, per 100; beside it within H days of opening.

    Args:
        app: The application on the store.
        w_days: How long after hand-back a complaint counts, and must have had the time to come.
        h_days: The same after opening, for `complaint_rate_opened`, which not closing a ticket cannot improve.
        asked: See `Asked`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = _question(app, complaints.COMPLAINT_RATE, asked)
    return _complaints(app, question, days_asked("w_days", w_days), days_asked("h_days", h_days))


def complaint_rate_opened(app: Ticketing, *, h_days: int = H_DAYS, **asked: Unpack[Asked]) -> Report:
    """Tickets complained about within H days of opening, per 100 opened at least H days ago.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    return _complaints(app, _question(app, complaints.COMPLAINT_RATE_OPENED, asked), None, days_asked("h_days", h_days))


def backlog(app: Ticketing, **asked: Unpack[Asked]) -> Report:
    """The tickets open at an instant by age in days; beside it each state and wait cause.

    Raises:
        BadInput: Something asked cannot be understood; so is a period, since a backlog has none.
    """
    question = _question(app, backlogs.BACKLOG, asked)
    if question.from_ is not None or question.to is not None:
        raise BadInput("a backlog is of one instant: name it by as_of, not by from and to")
    sample, read = _gathered(app, BACKLOG_ROWS, question, lambda rows: backlogs.gather(rows, question.scope))
    return question.report(backlogs.backlog(sample), read)


REPORTS: Mapping[str, Callable[..., Report]] = {
    "backlog": backlog,
    "complaint_rate": complaint_rate,
    "complaint_rate_opened": complaint_rate_opened,
    "first_pass": first_pass,
    "turnaround": turnaround,
    "turnaround_closed": turnaround_closed,
}
"""Every report by its name."""


def named(name: str) -> Callable[..., Report]:
    """The report of that name.

    Raises:
        BadInput: There is none; the text names the nearest.
    """
    if name not in REPORTS:
        raise BadInput(f"there is no report {name}; the nearest is {nearest(name, REPORTS)}")
    return REPORTS[name]


def _complaints(app: Ticketing, question: "_Question", w_days: int | None, h_days: int) -> Report:
    def gather(rows: Iterable[complaints.ComplaintRow]) -> list[ReportRow]:
        handed_back, opened = complaints.samples(question.scope)
        complaints.gather(rows, handed_back, opened)
        first = [] if w_days is None else complaints.complaint_rate(handed_back, w_days)
        return first + complaints.complaint_rate_opened(opened, h_days)

    rows, read = _gathered(app, COMPLAINT_ROWS, question, gather)
    days: dict[str, Parameter] = {"h_days": h_days} if w_days is None else {"w_days": w_days, "h_days": h_days}
    return question.report(rows, read, **days)


# what was asked


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What was asked, understood.

    Attributes:
        position: The last position that counts; None asks the rows as they are now.
    """

    figure: Figure
    cohort: Cohort
    scope: Scope
    from_: str | None
    to: str | None
    as_of: datetime
    known_at: datetime | None
    zone: str
    position: int | None
    is_stale: bool
    tell: Callable[[int, int], None]

    def report(self, rows: Iterable[ReportRow], read: "_Read", **parameters: Parameter) -> Report:
        """The report with its header."""
        return Report(
            figure=self.figure.name,
            definition=self.figure.definition,
            parameters={"by": self.scope.by, **parameters},
            cohort=self.cohort,
            from_=self.from_,
            to=self.to,
            as_of=instant_text(self.as_of),
            known_at=None if self.known_at is None else instant_text(self.known_at),
            zone=self.zone,
            position=read.position,
            set_aside=len(read.aside),
            rows=tuple(rows),
        )


def _question(app: Ticketing, figure: Figure, asked: Asked) -> _Question:
    _refuse_unknown(figure, asked)
    zone_name = asked.get("zone", "UTC")
    zone = _zone(zone_name)
    as_of, known_at, position = _cuts(app, asked, zone)
    from_at, from_ = period_edge("from", asked.get("from_"), zone, is_end=False)
    before, to = period_edge("to", asked.get("to"), zone, is_end=True)
    if from_at is not None and before is not None and before <= from_at:
        raise BadInput(f"the period ends before it starts: from {from_} to {to}")
    observed_until = as_of if known_at is None else min(as_of, known_at)
    return _Question(
        figure=figure,
        cohort=cohort_asked(figure, asked.get("cohort")),
        scope=Scope(
            by=dimensions_asked(asked.get("by", ())),
            from_at=from_at,
            before=before,
            observed_until=observed_until,
            zone=zone,
        ),
        from_=from_,
        to=to,
        as_of=as_of,
        known_at=known_at,
        zone=zone_name,
        position=position,
        is_stale=asked.get("stale", False),
        tell=asked.get("on_progress") or _tell_nobody,
    )


def _refuse_unknown(figure: Figure, asked: Iterable[str]) -> None:
    """Refuses a parameter that there is not, which `**asked` would take and leave unanswered."""
    named = inspect.signature(REPORTS[figure.name]).parameters.values()
    known = [*Asked.__annotations__, *(one.name for one in named if one.kind is one.KEYWORD_ONLY)]
    for name in asked:
        if name not in known:
            raise BadInput(f"{name} is no parameter of {figure.name}; the nearest is {nearest(name, known)}")


def _tell_nobody(done: int, total: int) -> None:
    """Nobody wants to know how far it is."""


def _cuts(app: Ticketing, asked: Asked, zone: tzinfo) -> tuple[datetime, datetime | None, int | None]:
    """As of when, known when, and the last position that counts; no position without any cut.

    Unless told otherwise, a report of what was known then is as of then.
    """
    as_of = instant_asked("as_of", asked.get("as_of"), zone)
    known_at = instant_asked("known_at", asked.get("known_at"), zone)
    position = asked.get("position")
    now = app.now().astimezone(UTC)
    for name, given in (("as_of", as_of), ("known_at", known_at)):
        if given is not None and given > now + app.settings.skew:
            raise BadInput(f"{name} {instant_text(given)} is after now, {instant_text(now)}")
    if as_of is None and known_at is None and position is None:
        return now, None, None
    head = app.store.head()
    if position is not None and not 0 <= position <= head:
        raise BadInput(f"there is no position {position}: the log ends at {head}")
    last = head if position is None else position
    if known_at is not None:
        last = bisect_right(range(1, last + 1), known_at, key=lambda at: _recorded_at(app, at))
    if as_of is None:
        as_of = known_at or (_recorded_at(app, last) if last else now)
    return as_of, known_at, last


def _recorded_at(app: Ticketing, position: int) -> datetime:
    return app.store.stored_log(position - 1, 1)[0].recorded_at


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"there is no zone {name}; one is written like Europe/Berlin") from None


# where the answer comes from


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read.

    Attributes:
        position: The last position that counted.
        dropped: Positions of events that were given up, which no row knows of.
        aside: Tickets left out, because an event of theirs cannot be folded.
    """

    position: int
    dropped: frozenset[int]
    aside: set[UUID]


def _read(view: View[Any], position: int) -> _Read:
    """What is to be left out of the rows of a view."""
    letters = view.letters()
    return _Read(
        position,
        frozenset(letter.position for letter in letters if letter.dropped_at is not None),
        {letter.ticket_id for letter in letters if letter.dropped_at is None},
    )


def _gathered(
    app: Ticketing, projection: Projection[R], question: _Question, gather: Callable[[Iterable[R]], S]
) -> tuple[S, _Read]:
    """What is gathered from the rows, and where they stood."""
    if question.position is not None:
        return _gathered_anew(app, projection, question, gather, question.position)
    if not question.is_stale:
        head = app.store.head()
        app.projections.catch_up([projection], on_page=lambda reached: question.tell(min(reached, head), head))
    view = app.projections.ready_view(projection)
    position = view.position()
    for _ in range(_READS):
        read = _read(view, position)
        found = gather(_kept(app, projection, view, question, read))
        reached = view.position()
        if reached == position:
            return found, read
        position = reached  # somebody folded a page meanwhile, and the rows are neither before it nor after it
    return _gathered_anew(app, projection, question, gather, position)


def _gathered_anew(
    app: Ticketing,
    projection: Projection[R],
    question: _Question,
    gather: Callable[[Iterable[R]], S],
    position: int,
) -> tuple[S, _Read]:
    read = replace(_read(view_of(app.store, projection), position), aside=set())
    return gather(_refolded(app, projection, question, read)), read


def _kept(app: Ticketing, projection: Projection[R], view: View[R], question: _Question, read: _Read) -> Iterator[R]:
    """The rows of a view; those that know of a fact after `as_of` (clocks differ a little) are folded without it."""
    ahead = []
    for row in view.rows():
        if row.ticket_id in read.aside:
            continue
        if row.latest_at is not None and row.latest_at > question.as_of:
            ahead.append(row.ticket_id)
        else:
            yield row
    for ticket_id in ahead:
        yield from _folded_anew(app, projection, question, read, app.store.stored_stream(ticket_id))


def _refolded(app: Ticketing, projection: Projection[R], question: _Question, read: _Read) -> Iterator[R]:
    """Rows folded from the log within the cuts, one ticket in memory at a time."""
    done = 0
    for stored in app.store.stored_histories(up_to=read.position):
        yield from _folded_anew(app, projection, question, read, stored)
        done += len(stored)
        question.tell(done, read.position)
    question.tell(read.position, read.position)


def _folded_anew(
    app: Ticketing, projection: Projection[R], question: _Question, read: _Read, stored: Sequence[Stored]
) -> Iterator[R]:
    """The row of one ticket within the cuts; nothing where there can be none, which is noted."""
    ticket_id = stored[0].stream_id
    known = [
        row
        for row in stored
        if row.position <= read.position
        and row.position not in read.dropped
        and (question.known_at is None or row.recorded_at <= question.known_at)
    ]
    try:
        row = fold_row(projection, ticket_id, cut(app.store.read(known), as_of=question.as_of))
    except Exception:  # noqa: BLE001 - as in a page: whatever the fold of a ticket fails with stops this one alone
        read.aside.add(ticket_id)
    else:
        yield row
