"""Answering: what a report was asked, understood, and the rows that answer it, kept or folded anew."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from heapq import merge
from itertools import chain
from operator import itemgetter
from typing import Any, TypedDict, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ticketing.adapters.counting import Answers, ahead, chosen, count, singly, sources, tickets
from ticketing.adapters.counting import Asked as _Asked
from ticketing.adapters.projector import rules_for, view_of
from ticketing.adapters.store import Stored
from ticketing.adapters.temporary_rows import TemporaryRows
from ticketing.adapters.view import View
from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput, nearest
from ticketing.domain.values import Event, Recorded, instant_text
from ticketing.projections.asked import When, cohort_asked, dimensions_asked, instant_asked, period_edge
from ticketing.projections.counts import Counted, Counts, dimensions, one_of
from ticketing.projections.report import Cohort, Figure, Parameter, Report, ReportRow
from ticketing.projections.row import Projection, Row
from ticketing.projections.sample import Scope
from ticketing.projections.site_kinds import SiteKinds
from ticketing.projections.standings import called_by
from ticketing.projections.whole import row_of

R = TypeVar("R", bound=Row)
S = TypeVar("S")
_READS = 3
_OF_ALL_TICKETS = frozenset({"ticket_id", "cohort_at", "observed_until", "source", "has_native_facts"})
"""Columns that say nothing of how a ticket stands."""
_WORD = re.compile(r"\w+")
_RECENT = timedelta(minutes=15)
"""Rows answer as of so long ago still: hardly one knows of a fact after that."""


Single = tuple[UUID, tuple[Any, ...]]
"""What `counting.singly` tells of a ticket, or of a part of it."""

Each = Callable[["Told", Iterator[Single]], None]
"""Takes what is counted, and of each ticket what it adds to that."""


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
        each: Told what each ticket adds to whatever is counted.
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
    each: Each | None


# what was asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
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
    each: Each | None = None

    def report(self, rows: Iterable[ReportRow], read: "Read", **parameters: Parameter) -> Report:
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


def understood(app: Ticketing, figure: Figure, asked: Asked, report: Callable[..., Report]) -> Question:
    """What was asked of a report.

    Args:
        app: The application on the store.
        figure: What the report is about.
        asked: What was asked, beside the report's own parameters.
        report: The report, whose signature says which those are.

    Raises:
        BadInput: It cannot be understood.
    """
    _refuse_unknown(figure, asked, report)
    zone_name = asked.get("zone", "UTC")
    zone = _zone(zone_name)
    as_of, known_at, position = _cuts(app, asked, zone)
    from_at, from_ = period_edge("from", asked.get("from_"), zone, is_end=False)
    before, to = period_edge("to", asked.get("to"), zone, is_end=True)
    if from_at is not None and before is not None and before <= from_at:
        raise BadInput(f"the period ends before it starts: from {from_} to {to}")
    observed_until = as_of if known_at is None else min(as_of, known_at)
    return Question(
        figure=figure,
        cohort=cohort_asked(figure, asked.get("cohort")),
        scope=Scope(
            by=dimensions_asked(asked.get("by", ()), figure),
            from_at=from_at,
            before=before,
            observed_until=observed_until,
            zone=zone,
            site_kinds=_site_kinds(app, position) if "site_kind" in asked.get("by", ()) else SiteKinds(),
        ),
        from_=from_,
        to=to,
        as_of=as_of,
        known_at=known_at,
        zone=zone_name,
        position=position,
        is_stale=asked.get("stale", False),
        tell=asked.get("on_progress") or _tell_nobody,
        each=asked.get("each"),
    )


def _refuse_unknown(figure: Figure, asked: Iterable[str], report: Callable[..., Report]) -> None:
    """Refuses a parameter that there is not, which `**asked` would take and leave unanswered."""
    named = inspect.signature(report).parameters.values()
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
    if known_at is None and position is None and (as_of is None or as_of >= now - _RECENT):
        return now if as_of is None else as_of, None, None
    head = app.store.head()
    if position is not None and not 0 <= position <= head:
        raise BadInput(f"there is no position {position}: the log ends at {head}")
    last = head if position is None else position
    if known_at is not None:
        last = app.store.known_at(known_at, up_to=last)
    if as_of is None:
        as_of = known_at or (app.store.recorded_at(last) if last else now)
    return as_of, known_at, last


def _site_kinds(app: Ticketing, position: int | None) -> SiteKinds:
    last = app.store.head() if position is None else position
    return SiteKinds.of_sites(app.store.rules_at(last).sites, last)


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"there is no zone {name}; one is written like Europe/Berlin") from None


# where the answer comes from


@dataclass(frozen=True, slots=True)
class Read:
    """What was read.

    Attributes:
        position: The last position that counted.
        dropped: Positions of events that were given up, which no row knows of.
        aside: Tickets left out, because an event of theirs cannot be folded.
    """

    position: int
    dropped: frozenset[int]
    aside: set[UUID]


def _read(view: View[Any], position: int) -> Read:
    """What is to be left out of the rows of a view."""
    letters = view.letters()
    return Read(
        position,
        frozenset(letter.position for letter in letters if letter.dropped_at is not None),
        {letter.ticket_id for letter in letters if letter.dropped_at is None},
    )


def together(app: Ticketing, asked: Asked, reports: Sequence[Callable[[Asked], Report]]) -> list[Report]:
    """Several reports as of one instant and one position of the log.

    Args:
        app: The application on the store.
        asked: What all of them are asked.
        reports: Each makes one report of it.
    """
    if asked.get("as_of") is None and asked.get("known_at") is None and asked.get("position") is None:
        asked = {**asked, "as_of": app.now()}
    for _ in range(_READS):
        made = [report(asked) for report in reports]
        if len({report.position for report in made}) <= 1:
            return made
    fixed: Asked = {**asked, "position": app.store.head()}
    return [report(fixed) for report in reports]


def gathered(
    app: Ticketing, projection: Projection[R], question: Question, gather: Callable[[Iterable[R]], S]
) -> tuple[S, Read]:
    """What is gathered from the rows of a projection, and where they stood."""
    if question.position is not None:
        return gathered_anew(app, projection, question, gather, question.position)
    view, position = _caught_up(app, projection, question)
    for _ in range(_READS):
        read = _read(view, position)
        found = gather(_kept(app, projection, view, question, read))
        reached = view.position()
        if reached == position:
            return found, read
        position = reached  # somebody folded a page meanwhile, and the rows are neither before it nor after it
    return gathered_anew(app, projection, question, gather, position)


@dataclass(frozen=True, slots=True)
class Told:
    """What is counted of the rows of a projection, told of each ticket by itself.

    Attributes:
        counts: What is counted.
        by: What a ticket's group is made of.
        projection: Whose rows.
        asked: Which rows are asked.
        read: What was read.
        beside: What was looked at before, of which the numbers are that are given.
    """

    counts: Counts
    by: tuple[str, ...]
    projection: Projection[Any]
    asked: _Asked
    read: Read
    beside: "Beside"

    def singly(self, answers: Answers) -> Iterator[Single]:
        """What each ticket adds, and each part with what it is called by."""
        return singly(answers, self.counts, self.asked, called_by(self.counts))

    def of_rows(self, rows: Iterable[Row]) -> Iterator[Single]:
        """The same of these rows."""
        with TemporaryRows(self.projection.row) as laid_out:
            for row in rows:
                laid_out.add(row)
            yield from self.singly(laid_out.select)


@dataclass(frozen=True, slots=True)
class Beside:
    """Which columns of tickets were looked at before they were counted.

    Attributes:
        columns: Their names.
        shared: By the hex of a ticket's id the value that it may have in common with others that it was looked at
            together with; None where each was looked at by itself.
    """

    columns: frozenset[str] = frozenset()
    shared: Mapping[str, str] | None = None

    def and_of(self, columns: Iterable[str], shared: Mapping[str, str] | None = None) -> "Beside":
        """With more columns, and more tickets."""
        both = {**(self.shared or {}), **(shared or {})}
        names = {name for column in columns for name in _WORD.findall(column)}
        return Beside(self.columns | names, None if self.shared is None and shared is None else both)


@dataclass(slots=True)
class Rows:
    """Rows to be counted where they are.

    Attributes:
        read: What was read.
    """

    read: Read
    _parts: Sequence[tuple[Answers, _Asked]]
    _projection: Projection[Any]
    _each: Each | None = None
    _beside: Beside = field(default_factory=Beside)

    def count(self, counts: Counts) -> Counted:
        """What is counted of them, by group."""
        scope = self._parts[0][1].scope
        counted = Counted((*dimensions(counts, scope), *counts.by, *counts.alike))
        for answers, asked in self._parts:
            count(answers, counts, asked, counted)
        self._tell(counts)
        return counted

    def _tell(self, counts: Counts) -> None:
        """Tells whoever wants to know what each ticket adds to what is counted, in order of ticket id."""
        if self._each is None:
            return
        by = (*dimensions(counts, self._parts[0][1].scope), *counts.by)
        parts = [
            (Told(counts, by, self._projection, asked, self.read, self._beside), answers)
            for answers, asked in self._parts
        ]
        self._each(parts[0][0], merge(*(one.singly(answers) for one, answers in parts), key=itemgetter(0)))

    def chosen(self, counts: Counts, *columns: str) -> Iterator[tuple[Any, ...]]:
        """Columns of tickets, in no order; see `counting.chosen`."""
        if counts.of is None:
            which = " OR ".join(counts.conditions.values()) or "1 = 1"
            told = [name for name in columns if name not in _OF_ALL_TICKETS]
            self._tell(replace(counts, lists={name: f"CASE WHEN {which} THEN {name} END" for name in told}))
        if not counts.given:  # else they are told of what was looked at before
            self._beside = self._beside.and_of(columns)
        return chain.from_iterable(chosen(answers, counts, asked, columns) for answers, asked in self._parts)

    def tickets(
        self, counts: Counts, condition: str | None, *columns: str, shared: str | None = None
    ) -> list[tuple[Any, ...]]:
        """Columns of every ticket that a condition holds of, in no order; of any cohort and period.

        Args:
            counts: What `cohort_at` is.
            condition: What holds of them; None where `shared` says which.
            columns: What is told of each.
            shared: A column of text: tickets that have its value in common with another are told too.
        """
        (answers, asked), *others = self._parts
        if shared is None:
            return [row for one, of in self._parts for row in tickets(one, counts, of, condition, columns)]
        # Those that lie apart are few: all of them, and whatever has a value in common with one of them.
        apart = [row for one, of in others for row in tickets(one, counts, of, "1 = 1", (shared, *columns))]
        known = one_of(shared, {row[0] for row in apart if row[0] is not None})
        which = " OR ".join(one for one in (condition, known) if one is not None)
        found = [*tickets(answers, counts, asked, which, columns, shared), *(row[1:] for row in apart)]
        if self._each is not None:
            ticket, value = columns.index("ticket_id"), columns.index(shared)
            values = {row[ticket]: row[value] for row in found if row[value] is not None}
            self._beside = self._beside.and_of(columns, values)
        return found


def counted(app: Ticketing, projection: Projection[R], question: Question, ask: Callable[[Rows], S]) -> tuple[S, Read]:
    """What is counted of the rows of a projection, and where they stood.

    Args:
        app: The application on the store.
        projection: Whose rows.
        question: What was asked.
        ask: What is made of the rows; it may be called again where somebody writes to them meanwhile.
    """
    if question.position is not None:
        return counted_anew(app, projection, question, ask, question.position)
    view, position = _caught_up(app, projection, question)
    for _ in range(_READS):
        read = _read(view, position)
        with ExitStack() as stack:
            found = ask(_kept_rows(app, projection, view, question, read, stack))
        reached = view.position()
        if reached == position:
            return found, read
        position = reached  # somebody folded a page meanwhile, and the rows are neither before it nor after it
    return counted_anew(app, projection, question, ask, position)


def counted_anew(
    app: Ticketing, projection: Projection[R], question: Question, ask: Callable[[Rows], S], position: int
) -> tuple[S, Read]:
    """The same of rows that are folded anew, up to a position."""
    read = replace(_read(view_of(app.store, projection), position), aside=set())
    with TemporaryRows(projection.row) as laid_out:
        for row in _refolded(app, projection, question, read):
            laid_out.add(row)
        ends, _ = sources(laid_out.select, question.as_of)
        parts: list[tuple[Answers, _Asked]] = [(laid_out.select, _Asked(scope=question.scope, ends=ends))]
        return ask(Rows(read, parts, projection, question.each)), read


def _kept_rows(
    app: Ticketing, projection: Projection[R], view: View[R], question: Question, read: Read, stack: ExitStack
) -> Rows:
    """The rows of a view; those that know of a fact after `as_of` (clocks differ a little) are folded without it."""
    ends, is_ahead = sources(view.select, question.as_of, read.aside)
    late = TemporaryRows(projection.row)
    stack.enter_context(late)
    for ticket_id in ahead(view.select, question.as_of) if is_ahead else ():
        if ticket_id not in read.aside:
            for row in _folded_anew(app, projection, question, read, app.store.stored_stream(ticket_id)):
                late.add(row)
    for source, end in sources(late.select, question.as_of)[0].items():
        ends[source] = max(end, ends.get(source, end))
    latest_at = question.as_of if is_ahead else None  # what need not be looked at costs nothing
    kept = _Asked(scope=question.scope, ends=ends, aside=read.aside, latest_at=latest_at)
    parts: list[tuple[Answers, _Asked]] = [(view.select, kept)]
    if is_ahead:
        parts.append((late.select, _Asked(scope=question.scope, ends=ends)))
    return Rows(read, parts, projection, question.each)


def _caught_up(app: Ticketing, projection: Projection[R], question: Question) -> tuple[View[R], int]:
    """The view of a projection, caught up unless told otherwise, and where it stands."""
    if not question.is_stale:
        head = app.store.head()
        app.projections.catch_up([projection], on_page=lambda reached: question.tell(min(reached, head), head))
    view = app.projections.ready_view(projection)
    return view, view.position()


def gathered_anew(
    app: Ticketing,
    projection: Projection[R],
    question: Question,
    gather: Callable[[Iterable[R]], S],
    position: int,
    *,
    beside: Projection[Any] | None = None,
) -> tuple[S, Read]:
    """What is gathered from rows that are folded anew, up to a position.

    Args:
        app: The application on the store.
        projection: What is folded.
        question: What was asked.
        gather: What is made of the rows.
        position: The last one that counts.
        beside: Whose view knows what was given up, where none is kept of the projection itself.
    """
    read = replace(_read(view_of(app.store, beside or projection), position), aside=set())
    return gather(_refolded(app, projection, question, read)), read


def _kept(app: Ticketing, projection: Projection[R], view: View[R], question: Question, read: Read) -> Iterator[R]:
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


def _refolded(app: Ticketing, projection: Projection[R], question: Question, read: Read) -> Iterator[R]:
    """Rows folded from the log within the cuts, one ticket in memory at a time."""
    done = 0
    for stored in app.store.stored_histories(up_to=read.position):
        yield from _folded_anew(app, projection, question, read, stored)
        done += len(stored)
        question.tell(done, read.position)
    question.tell(read.position, read.position)


def _folded_anew(
    app: Ticketing, projection: Projection[R], question: Question, read: Read, stored: Sequence[Stored]
) -> Iterator[R]:
    """The row of one ticket within the cuts; nothing where there can be none, which is noted."""
    ticket_id = stored[0].stream_id
    known = _known(stored, question, read)
    rules = rules_for(projection, app.store, read.position)
    try:
        row = row_of(projection, ticket_id, app.store.read(known), rules, as_of=question.as_of)
    except Exception:  # noqa: BLE001 - as in a page: whatever the fold of a ticket fails with stops this one alone
        read.aside.add(ticket_id)
    else:
        yield row


def _known(stored: Iterable[Stored], question: Question, read: Read) -> list[Stored]:
    return [
        row
        for row in stored
        if row.position <= read.position
        and row.position not in read.dropped
        and (question.known_at is None or row.recorded_at <= question.known_at)
    ]


def known_history(app: Ticketing, question: Question, read: Read, ticket_id: UUID) -> Sequence[Recorded[Event]]:
    """What a report knew of a ticket, in order of version, corrections not applied."""
    return app.store.read(_known(app.store.stored_stream(ticket_id), question, read))
