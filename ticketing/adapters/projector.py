"""Projector: folds the log into the rows of projections, a page at a time, whoever asks for it.

Laws of this file: a page of many facts gives the rows that pages of one would give. What a projection fails at is set
aside with the later events of its ticket; nothing else waits for it. What time rules say is never left out: a
publication that cannot be read stops the rows that depend on it, and no other projection.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from ticketing.adapters.kept_rules import KeptRules
from ticketing.adapters.spool import Spool
from ticketing.adapters.store import Log, Store, Stored
from ticketing.adapters.view import DeadLetter, Loaded, View, ViewId
from ticketing.adapters.whole_page import Made, fold_whole_page
from ticketing.domain.errors import Conflict, MissingProjection, UnreadableEvent
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Logged, Unreadable
from ticketing.projections.built_in import BUILT_IN
from ticketing.projections.row import History, Projection, Row, Stop, WholeProjection, fold_page
from ticketing.projections.whole import fold_history

R = TypeVar("R", bound=Row)
T = TypeVar("T")
_PAGE = 1000
_OWN_VERSIONS: Mapping[str, int] = {projection.name: projection.version for projection in BUILT_IN}
_TRIES = 50
_TRY_SECONDS = 0.02
_WEIGHT = 0.2
"""Of the latest page in a rate: the last ten pages or so count."""


def view_of(log: Log, projection: Projection[R], *, is_next: bool = False) -> View[R]:
    """The view that holds the projection's rows, or those of its rebuild."""
    return log.view(projection.name, projection.version, projection.row, is_next=is_next)


def _nothing() -> None:
    """Nobody leads, and nothing has to be renewed."""


@dataclass(slots=True)
class Followed(Generic[R]):
    """A projection that is being folded.

    Attributes:
        fence: The leader's fencing number; None for who only catches up.
        rate: Events per second, with all that is done from page to page, smoothed over the last of them; None before
            the first.
        renew: Called now and then within a page that takes its time, so that the lead does not run out.
        rules: What was published, where it is not to be kept with the log's.
        position: Where it left its rows, for who goes on from there; None where they are to be asked.
    """

    projection: Projection[R]
    view: View[R]
    fence: int | None = None
    rate: float | None = None
    renew: Callable[[], object] = _nothing
    rules: KeptRules | None = None
    position: int | None = None
    _measured_at: float | None = None

    def measure(self, facts: int, pace: "_Pace") -> None:
        """Takes in a page of so many facts that is about to be saved; the time that takes is the next page's."""
        now = time.perf_counter()
        latest = facts / max(now - (self._measured_at or pace.begun), 1e-9)
        self.rate = latest if self.rate is None else self.rate + _WEIGHT * (latest - self.rate)
        self._measured_at = now if pace.is_more else None


def rules_for(projection: Projection[Any], log: Log, position: int) -> TimeRules:
    """What was published up to a committed position; nothing for rows that do not depend on it.

    Raises:
        UnreadableEvent: A publication cannot be read.
    """
    return log.rules_at(position) if isinstance(projection, WholeProjection) else TimeRules()


@dataclass(frozen=True, slots=True)
class _Pace:
    """When the reading of a page began, by the clock of `time.perf_counter`, and whether the next follows at once."""

    begun: float
    is_more: bool


def catch_up(
    store: Store,
    projections: Sequence[Projection[Any]],
    *,
    page_size: int = 1000,
    on_page: Callable[[int], None] | None = None,
) -> int:
    """Folds the log into the views of projections up to where it ends now; a page is read once for all of them.

    Args:
        store: The log and the views.
        projections: What to fold; those that the store keeps inline are at its head already.
        page_size: Facts folded and written in one transaction of each view.
        on_page: Told each position that all have reached.

    Returns:
        The position that all have reached.
    """
    views = [view_of(store, projection) for projection in projections]
    inline = {state.id for state in store.views() if state.is_inline}
    followed = [
        Followed(projection, view)
        for projection, view in zip(projections, views, strict=True)
        if ViewId(projection.name, projection.version) not in inline
    ]
    head = store.head()  # not further: with writers about who are faster there would be no end
    while (reached := fold_next_page(store, followed, page_size, up_to=head)) is not None:
        if on_page is not None:
            on_page(reached)
    return min((view.position() for view in views), default=store.head())


def fold_next_page(
    log: Log, followed: Sequence[Followed[Any]], page_size: int, *, up_to: int | None = None
) -> int | None:
    """Folds a page for each projection; those that stand at the same position share it.

    Whoever is furthest comes first, so that a new projection, or a slow one, keeps no other from what is new.

    Args:
        log: The log.
        followed: What to fold.
        page_size: The most facts of a page.
        up_to: A position to reach, and perhaps to pass; None asks for all there is.

    Returns:
        The last position of the page of who is least far; None when nothing follows for anybody, or all have reached
        what they should.

    Raises:
        Conflict: A view is no longer there.
        UnreadableEvent: Nobody could go on, and somebody for a publication that cannot be read.
    """
    begun = time.perf_counter()
    standing_at: dict[int, list[Followed[Any]]] = defaultdict(list)
    for one in followed:
        standing_at[one.view.position() if one.position is None else one.position].append(one)
    if up_to is not None and min(standing_at, default=up_to) >= up_to:
        return None
    reached, is_any_further, failure = None, False, None
    for position, together in sorted(standing_at.items(), reverse=True):
        page = log.stored_log(position, page_size)
        if not page:
            for one in together:
                one.position = position
            continue
        reached = page[-1].position
        shared = log.read_each(page) if len(together) > 1 else None
        for one in together:
            facts = shared or log.read_each_in_turn(page)
            try:
                _fold_into(log, one, page, facts, position, _Pace(begun, is_more=len(page) == page_size))
            except Conflict:
                is_any_further = True  # another process has folded this page, or leads; go on from where it stands
                one.position = None
            except UnreadableEvent as error:
                failure = error
            else:
                is_any_further = True
                one.position = reached
    if failure is not None and not is_any_further:
        raise failure
    return reached


def fold_inline(
    log: Log, inline: Collection[ViewId], projections: Sequence[Projection[Any]], facts: Sequence[Logged]
) -> None:
    """Folds facts that were just written, within their transaction.

    Args:
        log: The transaction, which holds the log's lock.
        inline: What the store keeps inline; the process was found to have all of it.
        projections: What the process has.
        facts: All of the transaction's facts, in order of position.
    """
    if not facts or not inline:
        return
    find = require_known(projections)
    for projection in [known for view in inline if (known := find(view)) is not None]:
        followed: Followed[Any] = Followed(projection, view_of(log, projection))
        position = followed.view.position()
        if position == facts[0].position - 1:
            _fold_into(log, followed, facts, facts, position)
        else:  # rows came into the log by another way than an append
            followed.rules = KeptRules()  # pages may end within the transaction, which may come to nothing
            _fold_rest(log, followed, _PAGE)


def require_inline(inline: Collection[ViewId], projections: Sequence[Projection[Any]]) -> None:
    """Nothing where the process has the projection of every view whose rows are part of an append.

    Raises:
        MissingProjection: As `require_known` says.
    """
    if inline:  # most stores have none, and to look through the projections takes as long as the rest of admission
        find = require_known(projections)
        for view in inline:
            find(view)


def is_superseded(view: ViewId) -> bool:
    """Whether its rows are the package's own, of an earlier release: appends leave them as they are."""
    return view.version < _OWN_VERSIONS.get(view.name, 0)


def require_known(projections: Sequence[Projection[Any]]) -> Callable[[ViewId], Projection[Any] | None]:
    """Finds the projection of a view among those that the process has.

    Returns:
        What finds it; None for rows of the package's own that an earlier release kept, which are left as they are.

    Raises:
        MissingProjection: On a view whose projection the process lacks.
    """
    known = {ViewId(projection.name, projection.version): projection for projection in projections}

    def find(view: ViewId) -> Projection[Any] | None:
        if view not in known:
            if is_superseded(view):
                return None
            raise MissingProjection(
                f"the store keeps projection {view.name} version {view.version} inline, and this process lacks it: "
                f"give it to Ticketing, or name it in TICKETING_PROJECTIONS"
            )
        return known[view]

    return find


def rebuild_next(
    store: Store,
    followed: Followed[R],
    *,
    page_size: int,
    on_page: Callable[[int], None],
) -> None:
    """Folds the whole log into rows beside those that are served, and puts them in their place.

    Args:
        store: The log and the views.
        followed: The projection with its `is_next` view, and the lead of it.
        page_size: Facts folded and written in one transaction.
        on_page: Told each position reached.

    Raises:
        Conflict: Another process was given the lead, or a reader kept the old rows for too long; what was folded stays.
    """
    projection, fence = followed.projection, followed.fence
    while True:
        begun = time.perf_counter()
        position = followed.view.position()
        page = store.stored_log(position, page_size)
        if page:
            pace = _Pace(begun, is_more=len(page) == page_size)
            _fold_into(store, followed, page, store.read_each_in_turn(page), position, pace)
            on_page(page[-1].position)
        if len(page) < page_size:
            break
    for letter in followed.view.letters():
        if letter.dropped_at is None:  # it stops nobody if it was taken back or set right since
            mend(store, projection, followed.view, letter.ticket_id)
    with store.locked() as log:
        view = view_of(log, projection, is_next=True)
        _fold_rest(log, Followed(projection, view, fence), page_size)
        served = view_of(log, projection)
        known = {letter.position for letter in view.letters() if letter.dropped_at is not None}
        for letter in served.letters():
            if letter.dropped_at is not None and letter.position not in known:
                mend(log, projection, view, letter.ticket_id, dropped=letter)
        view.switch()


def make_inline(store: Store, projection: Projection[Any], page_size: int) -> None:
    """Folds what is left to fold under the log's lock, and has every append write the rows from then on.

    Raises:
        Conflict: A daemon wrote to the rows each time that it was tried.
    """

    def made_inline() -> None:
        catch_up(store, [projection], page_size=page_size)
        with store.locked() as log:
            view = view_of(log, projection)
            _fold_rest(log, Followed(projection, view), page_size)
            view.set_inline(True)

    despite_conflicts(made_inline)


def despite_conflicts(change: Callable[[], T]) -> T:
    """What a change to a view returns that a daemon may be writing to; it is tried again while they meet.

    Raises:
        Conflict: They met each time.
    """
    for _ in range(_TRIES):
        with suppress(Conflict):
            return change()
        time.sleep(_TRY_SECONDS)
    return change()


def mend(
    log: Log, projection: Projection[R], view: View[R], ticket_id: UUID, *, dropped: DeadLetter | None = None
) -> DeadLetter | None:
    """Folds a ticket anew from its first event; in a transaction that holds the log's lock, where others write too.

    Args:
        log: The transaction.
        projection: What to fold.
        view: Its view in that transaction.
        ticket_id: A ticket with a dead letter.
        dropped: A letter that is given up, with `dropped_at`.

    Returns:
        The letter that it waits for now; None when it is whole.
    """
    loaded = view.load([ticket_id])
    gone = {letter.position for letter in loaded.letters if letter.dropped_at is not None}
    if dropped is not None:
        gone.add(dropped.position)
    rows = log.stored_stream(ticket_id)
    history = log.read_each(row for row in rows if row.position <= loaded.position and row.position not in gone)
    folded = fold_history(projection, ticket_id, history, rules_for(projection, log, loaded.position), view.refusal)
    letters = [_letter(stop) for stop in folded.stopped.values()]
    waiting = {letter.position for letter in loaded.letters if letter.dropped_at is None}
    given_up = [] if dropped is None else [dropped]
    view.save(
        folded.rows.values(),
        revision=loaded.revision,
        position=loaded.position,
        gone=[] if folded.rows else [ticket_id],
        letters=[*given_up, *letters],
        healed=waiting - {letter.position for letter in (*given_up, *letters)},
    )
    return next(iter(letters), None)


def _fold_rest(log: Log, followed: Followed[Any], page_size: int) -> None:
    """Folds up to the head of a log that is locked.

    Raises:
        Conflict: Another process wrote to the view meanwhile, or leads it.
    """
    while page := log.stored_log(position := followed.view.position(), page_size):
        _fold_into(log, followed, page, log.read_each_in_turn(page), position)


def _fold_into(
    log: Log,
    followed: Followed[R],
    page: Sequence[Stored | Logged],
    facts: Iterable[Logged],
    position: int,
    pace: _Pace | None = None,
) -> None:
    """Folds a page that follows the position, at a pace that is measured if one is given.

    Args:
        log: Where the rest of a history is, if it is needed.
        followed: The projection.
        page: The places of the facts on the log, in order.
        facts: What stands there; read once.
        position: Where the projection stands.
        pace: Of a page that is measured.

    Raises:
        Conflict: The view is no longer there, or another process leads it.
    """
    projection, view = followed.projection, followed.view
    loaded = view.load({fact.stream_id for fact in page if fact.stream_kind == "ticket"})
    if loaded.position != position:
        raise Conflict(f"view {projection.name} is no longer at position {position}")
    if isinstance(projection, WholeProjection):
        _make_whole(log, followed, projection, loaded, list(facts), pace)
        return
    history = _history(log, page[-1].position, loaded)
    waiting = {letter.ticket_id for letter in loaded.letters if letter.dropped_at is None}
    dropped = {letter.position for letter in loaded.letters if letter.dropped_at is not None}
    # A rebuild knows from the start what was dropped, also of what is still to come.
    todo = (fact for fact in facts if fact.position not in dropped) if dropped else facts

    folded = fold_page(projection, loaded.rows, todo, history, view.refusals(), waiting)
    if pace is not None:
        followed.measure(len(page), pace)
    view.save(
        folded.rows.values(),
        revision=loaded.revision,
        position=page[-1].position,
        letters=map(_letter, folded.stopped.values()),
        fence=followed.fence,
        rate=followed.rate,
    )


def _make_whole(
    log: Log,
    followed: Followed[R],
    projection: WholeProjection[R],
    loaded: Loaded[R],
    page: Sequence[Logged],
    pace: _Pace | None,
) -> None:
    """The same for rows that are made of whole histories.

    Raises:
        Conflict: As there.
        UnreadableEvent: A publication cannot be read.
    """
    view = followed.view
    rules = (followed.rules or log.rules).after(loaded.position, log.published, page)
    with Spool(projection.row) as rows:
        made = Made(rows)
        fold_whole_page(log, projection, view, loaded, page, made, rules=rules, on_batch=followed.renew)
        if pace is not None:
            followed.measure(len(page), pace)
        view.save(
            rows,
            revision=loaded.revision,
            position=page[-1].position,
            gone=made.gone,
            letters=map(_letter, made.stopped),
            healed=made.healed,
            fence=followed.fence,
            rate=followed.rate,
        )


def _history(log: Log, last: int, loaded: Loaded[Any]) -> History:
    """Each ticket's history up to a position, read once, without what was dropped."""
    dropped = {letter.position for letter in loaded.letters if letter.dropped_at is not None}

    @cache
    def history(ticket_id: UUID) -> list[Logged]:
        rows = log.stored_stream(ticket_id)
        return log.read_each(row for row in rows if row.position <= last and row.position not in dropped)

    return history


def _letter(stop: Stop) -> DeadLetter:
    at = stop.at
    return DeadLetter(
        ticket_id=at.stream_id,
        position=at.position,
        version=at.version,
        topic=at.topic if isinstance(at, Unreadable) else f"ticketing:{type(at.event).__name__}",
        reason=stop.reason,
        recorded_at=at.recorded_at,
    )
