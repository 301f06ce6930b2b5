"""Lanes: what went on at the same time in one ticket, as bars on a common axis of time.

Laws of this file: facts count in order of (`occurred_at`, version). Bars are half-open, and of some length unless they
have just begun; those of one row follow each other. What goes on ends where the lanes do, and says so.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from ticketing.domain import events as e
from ticketing.domain.custody import in_time
from ticketing.domain.disputed import Dispute
from ticketing.domain.ledger import Span
from ticketing.domain.lifecycle import MOVES, START
from ticketing.domain.phrases import spaced
from ticketing.domain.values import Event, Recorded
from ticketing.domain.waits import InCharge, waits_of

Lane = Literal["case", "custody", "work", "waits", "disputes"]
LANES: tuple[Lane, ...] = get_args(Lane)
LANE_NAMES: Mapping[Lane, str] = {
    "case": "case",
    "custody": "unit",
    "work": "work",
    "waits": "wait",
    "disputes": "dispute",
}
Fact = Recorded[Event]

_WORK: dict[str, str] = {"diagnosing": "diagnosis", "repairing": "repair"}
"""The states of work in which somebody is at it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time in one row of a lane.

    Attributes:
        row: The row's name, one of several in its lane or the only one.
        says: What is to be read of it.
        party: Whose time it is, which gives its colour.
        is_faint: Whether nothing happens for the ticket meanwhile, or another lane tells more of it.
        is_going_on: Whether it goes on beyond its end.
    """

    lane: Lane
    row: str
    says: str
    from_at: datetime
    to_at: datetime
    party: InCharge
    is_faint: bool = False
    is_going_on: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant in one row of a lane."""

    lane: Lane
    row: str
    says: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TimeLine:
    """What is drawn of one ticket between two instants, the second that up to which it was watched."""

    from_at: datetime
    to_at: datetime
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]

    @property
    def rows(self) -> tuple[tuple[Lane, str], ...]:
        """The rows, lane by lane, in the order in which they begin."""
        drawn = [*((bar.from_at, bar.lane, bar.row) for bar in self.bars)]
        drawn += [(mark.at, mark.lane, mark.row) for mark in self.marks]
        ordered = sorted(drawn, key=lambda one: (LANES.index(one[1]), one[0], one[2]))
        return tuple(dict.fromkeys((lane, row) for _, lane, row in ordered))


def time_line(
    facts: Sequence[Fact], spans: Sequence[Span], disputes: Collection[Dispute], from_at: datetime, to_at: datetime
) -> TimeLine:
    """The lanes of a ticket between two instants.

    Args:
        facts: The surviving ones.
        spans: Those of its ledger, which tell when its unit was in a queue.
        disputes: Those of the ticket as its facts leave it.
        from_at: Where they begin, not after the first fact.
        to_at: Where what goes on ends, not before the last fact.
    """
    ordered = in_time(facts)
    drawing = _Drawing(from_at, to_at)
    bars = [
        *_cycles(ordered, drawing),
        *_custody(ordered, drawing),
        *_work(ordered, drawing),
        *_queues(spans, drawing),
        *_waits(ordered, drawing),
        *(bar for dispute in disputes for bar in _disputed(dispute, drawing)),
    ]
    marks = [mark for dispute in disputes for mark in _verdicts(dispute)]
    return TimeLine(from_at, to_at, tuple(bars), tuple(marks))


@dataclass(frozen=True, slots=True)
class _Drawing:
    """From when to when bars are drawn."""

    from_at: datetime
    to_at: datetime

    def bar(
        self,
        lane: Lane,
        row: str,
        says: str,
        from_at: datetime,
        to_at: datetime | None,
        party: InCharge,
        *,
        is_faint: bool = False,
    ) -> Iterator[Bar]:
        """A bar as far as it lies between these; one of no length only where it has just begun."""
        begins, ends = max(from_at, self.from_at), min(to_at or self.to_at, self.to_at)
        is_going_on = to_at is None or to_at > self.to_at
        if begins < ends or (to_at is None and begins == ends):
            yield Bar(lane, row, says, begins, ends, party, is_faint=is_faint, is_going_on=is_going_on)


def _cycles(ordered: Sequence[Fact], drawing: _Drawing) -> Iterator[Bar]:
    number, since = 0, None
    for fact in ordered:
        match fact.event:
            case e.TicketOpened() | e.TicketReopened() if since is None:
                number, since = number + 1, fact.occurred_at
            case e.TicketClosed(outcome=outcome) if since is not None:
                says = f"cycle {number}: {spaced(outcome)}"
                yield from drawing.bar("case", "case", says, since, fact.occurred_at, "company")
                since = None
            case _:
                pass
    if since is not None:
        yield from drawing.bar("case", "case", f"cycle {number}: open", since, None, "company")


def _custody(ordered: Sequence[Fact], drawing: _Drawing) -> Iterator[Bar]:
    """Where the unit was, fact by fact; nothing after it was disposed of."""
    where: tuple[str, InCharge, bool] | None = ("with the customer", "customer", True)
    since = drawing.from_at
    for fact in ordered:
        moved = _moved(fact.event)
        if moved is None or moved == where:
            continue
        if where is not None:
            says, party, is_faint = where
            yield from drawing.bar("custody", "unit", says, since, fact.occurred_at, party, is_faint=is_faint)
        where = None if isinstance(fact.event, e.UnitDisposed) else moved
        since = fact.occurred_at
    if where is not None:
        says, party, is_faint = where
        yield from drawing.bar("custody", "unit", says, since, None, party, is_faint=is_faint)


def _moved(event: Event) -> tuple[str, InCharge, bool] | None:
    """Where a fact brings the unit; None for one that leaves it where it is."""
    match event:
        case e.UnitReceived(site=site) | e.UnitArrived(site=site):
            return f"at {site}", "company", False
        case e.UnitDispatched(to=to):
            return f"on the way to {to}", "company", True
        case e.UnitHandedBack():
            return "with the customer", "customer", True
        case e.UnitDisposed():
            return "disposed of", "nobody", True
        case _:
            return None


def _work(ordered: Sequence[Fact], drawing: _Drawing) -> Iterator[Bar]:
    """When somebody was at work; a closing ends it."""
    state, since = START["work"], drawing.from_at
    for fact in ordered:
        moves = (move for region, move in MOVES[type(fact.event)] if region == "work")
        following = next((move.state_after(state) for move in moves), state)
        if isinstance(fact.event, e.TicketClosed):
            following = START["work"]
        if following != state:
            if state in _WORK:
                yield from drawing.bar("work", "work", _WORK[state], since, fact.occurred_at, "company")
            state, since = following, fact.occurred_at
    if state in _WORK:
        yield from drawing.bar("work", "work", _WORK[state], since, None, "company")


def _queues(spans: Iterable[Span], drawing: _Drawing) -> Iterator[Bar]:
    for span in spans:
        if span.cause == "queue":
            yield from drawing.bar("work", "work", "queue", span.from_at, span.to_at, "company", is_faint=True)


def _waits(ordered: Iterable[Fact], drawing: _Drawing) -> Iterator[Bar]:
    """The waits, a row for each cause and party; those for a dispute have a lane of their own."""
    for wait in waits_of(ordered):
        if wait.dispute_id is None:
            cause = spaced(wait.cause)
            row = f"{cause} ({wait.party})"
            yield from drawing.bar("waits", row, cause, wait.from_at, wait.to_at, wait.party)


def _disputed(dispute: Dispute, drawing: _Drawing) -> Iterator[Bar]:
    """A dispute: waiting for a verdict, and faint from a verdict until an appeal or the end."""
    row = f"{dispute.dispute_id} ({spaced(dispute.ground)})"
    turns = [(dispute.opened_at, "waits for a verdict", False)]
    for verdict in dispute.verdicts:
        turns.append((verdict.issued_at, f"decided for the {verdict.in_favour_of}", True))
        turns += [(appeal.appealed_at, f"appealed by the {appeal.party}", False) for appeal in verdict.appeals]
    turns.sort(key=lambda turn: turn[0])
    ended = dispute.closing.closed_at if dispute.closing is not None else None
    for place, (since, says, is_faint) in enumerate(turns):
        until = turns[place + 1][0] if place + 1 < len(turns) else ended
        yield from drawing.bar("disputes", row, says, since, until, "parties", is_faint=is_faint)


def _verdicts(dispute: Dispute) -> Iterator[Mark]:
    row = f"{dispute.dispute_id} ({spaced(dispute.ground)})"
    for verdict in dispute.verdicts:
        yield Mark("disputes", row, f"verdict for the {verdict.in_favour_of}", verdict.issued_at)
        for appeal in verdict.appeals:
            yield Mark("disputes", row, f"appeal by the {appeal.party}", appeal.appealed_at)
    if dispute.closing is not None:
        yield Mark("disputes", row, dispute.closing.how, dispute.closing.closed_at)
