"""A page of the log folded into rows that are made of whole histories.

Law of this file: after a page, every row is what its ticket's history and the rules published up to the page's end make
of it. A ticket's row is made anew if something happened to the ticket, or if rules were published and the row says that
these may touch it, or if the ticket waits with a dead letter.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeVar
from uuid import UUID

from ticketing.adapters.kept_rules import publishes
from ticketing.adapters.spool import Spool
from ticketing.adapters.store import Log
from ticketing.adapters.view import DeadLetter, Loaded, View
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Logged
from ticketing.projections.row import Row, Stop, WholeProjection
from ticketing.projections.whole import fold_whole

R = TypeVar("R", bound=Row)
_TICKETS = 100
"""How many histories are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Made(Generic[R]):
    """What a page does to a view.

    Attributes:
        rows: Those that changed.
        gone: The tickets that have a row no longer.
        stopped: Where tickets stop now.
        healed: Positions of dead letters at which they stop no longer.
    """

    rows: Spool[R]
    gone: list[UUID] = field(default_factory=list)
    stopped: list[Stop] = field(default_factory=list)
    healed: list[int] = field(default_factory=list)


def fold_whole_page(
    log: Log,
    projection: WholeProjection[R],
    view: View[R],
    loaded: Loaded[R],
    page: Sequence[Logged],
    made: Made[R],
    *,
    rules: TimeRules,
    on_batch: Callable[[], object],
) -> None:
    """Makes the rows anew that a page touches.

    Args:
        log: Where the histories are.
        projection: What to fold.
        view: Its view, read through where the page publishes rules.
        loaded: What the view has of the page's tickets.
        page: What stands on the log, in order of position.
        made: Is told what changed.
        rules: As of the page's end.
        on_batch: Called now and then while it goes on.
    """
    letters = view.letters() if publishes(page) else loaded.letters
    waiting = {letter.ticket_id: letter for letter in letters if letter.dropped_at is None}
    dropped = {letter.position for letter in letters if letter.dropped_at is not None}
    last, refusal = page[-1].position, view.refusals()
    touched = _touched(projection, view, loaded, page, waiting)
    while batch := dict(islice(touched, _TICKETS)):
        streams = log.stored_streams(batch)
        for ticket_id, row in batch.items():
            rows = streams.get(ticket_id, ())
            history = log.read_each(row for row in rows if row.position <= last and row.position not in dropped)
            folded = fold_whole(projection, ticket_id, history, rules, refusal)
            _take(made, ticket_id, row, folded.rows.get(ticket_id))
            _judge(made, waiting.get(ticket_id), folded.stopped.get(ticket_id))
        on_batch()


def _touched(
    projection: WholeProjection[R],
    view: View[R],
    loaded: Loaded[R],
    page: Iterable[Logged],
    waiting: Collection[UUID],
) -> Iterator[tuple[UUID, R | None]]:
    """The tickets whose rows are made anew, each with its row so far."""
    of_page = dict.fromkeys(fact.stream_id for fact in page if fact.stream_kind == "ticket")
    for ticket_id in of_page:
        yield ticket_id, loaded.rows.get(ticket_id)
    if publishes(page):
        without_row = set(waiting)
        for row in view.rows():
            without_row.discard(row.ticket_id)
            if row.ticket_id not in of_page and (row.ticket_id in waiting or projection.is_touched(row)):
                yield row.ticket_id, row
        for ticket_id in without_row.difference(of_page):
            yield ticket_id, None


def _take(made: Made[Any], ticket_id: UUID, before: Row | None, after: Row | None) -> None:
    if after is None:
        made.gone.extend([] if before is None else [ticket_id])
    elif after != before:
        made.rows.add(after)


def _judge(made: Made[Any], letter: DeadLetter | None, stop: Stop | None) -> None:
    """Whether a ticket stops, and no longer where it did."""
    if letter is not None and (stop is None or stop.at.position != letter.position):
        made.healed.append(letter.position)
    if stop is not None:
        made.stopped.append(stop)
