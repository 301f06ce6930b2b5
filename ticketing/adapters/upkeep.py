"""Upkeep: the projections of a store: kept up to date, waited for, rebuilt, and mended where an event stopped them."""

import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from threading import Event as Flag
from typing import Any, Literal, TypeVar
from uuid import UUID

from ticketing.adapters.daemon import POLL_SECONDS, Daemon, Turn
from ticketing.adapters.estimate import Progress
from ticketing.adapters.projector import catch_up, despite_conflicts, is_superseded, make_inline, mend, view_of
from ticketing.adapters.rebuild import Rebuild
from ticketing.adapters.store import Store
from ticketing.adapters.view import DeadLetter, View, ViewId, ViewState
from ticketing.domain.errors import BadInput, Conflict, NotFound, NotReady
from ticketing.projections.built_in import BUILT_IN, refuse_built_in_names
from ticketing.projections.row import Projection, Row

R = TypeVar("R", bound=Row)
_LOOK_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05)
"""How long `wait` sleeps between its first looks; the last of them ever after."""

_CLOCKS_DIFFER_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionStatus:
    """Where a projection stands.

    Attributes:
        mode: `inline`, written by every append; `daemon`, folded beside; `rebuild`, rows that are to replace others;
            `superseded`, rows of the package's own of an earlier release, which appends leave as they are.
        is_known: Whether this process has the projection at this version.
        is_ready: Whether its rows may be read: they were once as far as the log was when they were begun.
        position: The last position folded.
        head: The last position of the log.
        lag_events: How many positions are not folded.
        lag_seconds: How long ago the first of them was recorded; 0 where there is none. None where its stamp is ahead
            of this machine's clock, as all are for a while after another's clock was: then nobody can say.
        rate: Events per second while it was last folded; None before, and where only appends wrote it.
        leader: Which process leads it, or None.
        dead_letters: How many tickets wait with an event that it failed at.
        dropped: How many events were given up.
    """

    name: str
    version: int
    mode: Literal["inline", "daemon", "rebuild", "superseded"]
    is_known: bool
    is_ready: bool
    position: int
    head: int
    lag_events: int
    lag_seconds: float | None
    rate: float | None
    leader: str | None
    dead_letters: int
    dropped: int

    def plain(self) -> dict[str, object]:
        """The same by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of a dead letter that was tried again, or dropped.

    Attributes:
        letter: What it was.
        now: What its ticket waits for now; None when its row is whole.
    """

    letter: DeadLetter
    now: DeadLetter | None


class Upkeep:
    """The package's projections and the host's, on one store.

    Args:
        store: The log and the views.
        projections: All that this process has.
        clock: Gives now, in UTC.
        random_bytes: Makes this process's name as a leader its own.
        page_size: Facts read, folded and written at a time.

    Attributes:
        known: All that this process has, by name.
    """

    def __init__(
        self,
        store: Store,
        projections: Sequence[Projection[Any]],
        *,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        page_size: int,
    ) -> None:
        self.known = {projection.name: projection for projection in projections}
        self._store = store
        self._clock = clock
        self._random_bytes = random_bytes
        self._page_size = page_size

    def named(self, name: str) -> Projection[Any]:
        """The projection of that name.

        Raises:
            BadInput: This process has none; the text names one that is near, or all.
        """
        if name not in self.known:
            near = get_close_matches(name, self.known, n=1)
            all_here = ", ".join(sorted(self.known))
            yours = f": name a projection of your own in TICKETING_PROJECTIONS; there are {all_here}"
            hint = f"; the nearest is {near[0]}" if near else yours
            raise BadInput(f"there is no projection {name} here{hint}")
        return self.known[name]

    # keeping up

    def catch_up(
        self, projections: Iterable[Projection[Any]] | None = None, *, on_page: Callable[[int], None] | None = None
    ) -> int:
        """Folds the log into the rows of projections up to its head; all that are known if none are named.

        Returns:
            The position that all of them have reached.
        """
        return catch_up(self._store, self._asked(projections), page_size=self._page_size, on_page=on_page)

    def run(
        self,
        stop: Flag,
        projections: Iterable[Projection[Any]] | None = None,
        *,
        poll: timedelta = timedelta(seconds=POLL_SECONDS),
        on_turn: Callable[[Turn], None] | None = None,
    ) -> None:
        """Keeps rows up to date until `stop` is set; to be given a thread or a process of its own.

        Any number of processes may do so at once: one leads each projection, another takes over when it ends. Who keeps
        all projections that are known keeps the hash tree too.

        Raises:
            StoreError: A view cannot be opened at the start. Later the store may go away and come back.
        """
        asked = self._asked(projections)
        Daemon(
            self._store,
            asked,
            leader=self._leader(),
            page_size=self._page_size,
            poll_seconds=poll.total_seconds(),
            on_turn=on_turn,
            keeps_tree=len(asked) == len(self.known),
        ).run(stop)

    def rows(self, projection: Projection[R]) -> Iterator[R]:
        """The projection's rows as they stand, in order of ticket id.

        Raises:
            NotReady: They are a part of a first fold.
        """
        return self.ready_view(projection).rows()

    def ready_view(self, projection: Projection[R]) -> View[R]:
        """The view of the projection's rows, for who reads more than these.

        Raises:
            NotReady: They are a part of a first fold.
        """
        view = view_of(self._store, projection)
        state = view.state()
        if not state.is_ready:
            raise NotReady(
                f"the rows of {projection.name} version {projection.version} are being folded for the first time: "
                f"position {state.position:,} of {state.ready_from:,}"
            )
        return view

    def wait(
        self,
        position: int,
        projections: Iterable[Projection[Any]] | None = None,
        *,
        timeout: timedelta = timedelta(seconds=10),
    ) -> None:
        """Returns when the rows of projections, all that are known if none are named, have reached a position.

        Args:
            position: Such as `Handled.position`: who waits for it reads what he wrote.
            projections: Which.
            timeout: How long at most; somebody must be folding them, or they must be inline.

        Raises:
            NotReady: They have not within that time.
        """
        views = [view_of(self._store, projection) for projection in self._asked(projections)]
        until = time.monotonic() + timeout.total_seconds()
        looks = 0
        for view in views:
            while view.position() < position:
                if time.monotonic() >= until:
                    state = view.state()
                    raise NotReady(f"{state.id.name} is at position {state.position:,}, not {position:,} yet")
                time.sleep(_LOOK_SECONDS[min(looks, len(_LOOK_SECONDS) - 1)])
                looks += 1

    # modes and rebuilding

    def make_inline(self, projection: Projection[Any]) -> None:
        """Has every append to the store write the projection's rows too, from all processes and from now on.

        A process that lacks the projection may then read, and no longer append.
        """
        make_inline(self._store, projection, self._page_size)

    def leave_to_daemon(self, projection: Projection[Any]) -> None:
        """Has appends no longer write the projection's rows."""
        with self._store.locked() as log:
            view_of(log, projection).set_inline(False)

    def rebuild(
        self,
        projection: Projection[Any],
        *,
        is_afresh: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        """Folds the whole log anew beside the rows that are served, then puts the new rows in their place.

        A rebuild that was interrupted goes on from where it was. Readers are served the old rows until the new ones
        are as far, appends go on meanwhile.

        Args:
            projection: What to fold.
            is_afresh: Begin again where one was interrupted: to be said when the projection was changed since.
            on_progress: Told after each page; `remaining` is None while readers of the old rows are in the way.

        Raises:
            Conflict: Another process is rebuilding it, or a reader kept the old rows for a minute.
            StoreError: The store went away; rebuild again to go on.
        """
        dropped = [letter for letter in self.dead_letters(projection) if letter.dropped_at is not None]
        with closing(self._store.watch(self._leader())) as watch:
            Rebuild(self._store, projection, watch, page_size=self._page_size, on_progress=on_progress).run(
                dropped, is_afresh=is_afresh
            )

    def make_views(self) -> tuple[str, ...]:
        """Makes views of the rows of every projection for other tools, or makes them anew; first it catches up.

        They are kept where rows are rebuilt; after an upgrade that raised versions they have to be made anew.

        Returns:
            Their names as SQL has them.

        Raises:
            BadInput: The store is not in PostgreSQL.
        """
        kept = [(ViewId(one.name, one.version), one.row) for one in self.known.values()]
        self._store.make_report_views(())  # says so before all is folded for nothing
        self.catch_up()
        return self._store.make_report_views(kept)

    def remove(self, name: str, version: int) -> None:
        """Removes the rows of a projection that nobody folds any more, such as an older version's.

        Raises:
            NotFound: There are none.
            Conflict: This process has it: it would come back.
        """
        if name in self.known and self.known[name].version == version:
            raise Conflict(f"{name} version {version} is in use here; rebuild it instead")
        found = [state.id for state in self._store.views() if state.id[:2] == (name, version)]
        if not found:
            raise NotFound(f"there are no rows of {name} version {version}")
        for view in found:
            self._store.remove_view(view)

    # what it stands at

    def status(self) -> list[ProjectionStatus]:
        """Where every projection stands, those that this process has and those that the store has rows of."""
        head = self._store.head()
        now = self._clock()
        there = {state.id: state for state in self._store.views()}
        known = {ViewId(projection.name, projection.version) for projection in self.known.values()}
        begun = {view: ViewState(id=view, position=0, ready_from=head) for view in known}
        return [
            self._status(state, head, now, is_known=view._replace(is_next=False) in known)
            for view, state in sorted((begun | there).items())
        ]

    def _status(self, state: ViewState, head: int, now: datetime, *, is_known: bool) -> ProjectionStatus:
        position = min(state.position, head)
        first_left = self._store.stored_log(position, 1) if position < head else []
        lag = (now - first_left[0].recorded_at).total_seconds() if first_left else 0.0
        return ProjectionStatus(
            name=state.id.name,
            version=state.id.version,
            mode=_mode(state),
            is_known=is_known,
            is_ready=state.is_ready,
            position=position,
            head=head,
            lag_events=head - position,
            lag_seconds=max(lag, 0.0) if lag > -_CLOCKS_DIFFER_SECONDS else None,
            rate=state.rate,
            leader=state.leader,
            dead_letters=state.waiting,
            dropped=state.dropped,
        )

    # dead letters

    def dead_letters(self, projection: Projection[Any]) -> list[DeadLetter]:
        """The events that a projection failed at, in order of position, those that were dropped too."""
        return view_of(self._store, projection).letters()

    def retry(self, projection: Projection[Any], ticket_id: UUID | None = None) -> list[Retried]:
        """Folds tickets that wait anew from their first event: one, or all.

        Raises:
            NotFound: That ticket does not wait.
        """
        return [
            Retried(letter, self._mended(projection, letter, dropped=None))
            for letter in self._waiting(projection, ticket_id)
        ]

    def drop(self, projection: Projection[Any], ticket_id: UUID) -> Retried:
        """Gives up the event that a ticket waits for: it is left out of the row, and the ticket goes on without it.

        Raises:
            NotFound: That ticket does not wait.
        """
        (letter,) = self._waiting(projection, ticket_id)
        return Retried(letter, self._mended(projection, letter, dropped=replace(letter, dropped_at=self._clock())))

    def _waiting(self, projection: Projection[Any], ticket_id: UUID | None) -> list[DeadLetter]:
        waiting = [
            letter
            for letter in self.dead_letters(projection)
            if letter.dropped_at is None and ticket_id in (None, letter.ticket_id)
        ]
        if ticket_id is not None and not waiting:
            raise NotFound(f"ticket {ticket_id} does not wait in {projection.name}")
        return waiting

    def _mended(
        self, projection: Projection[Any], letter: DeadLetter, *, dropped: DeadLetter | None
    ) -> DeadLetter | None:
        def mended() -> DeadLetter | None:
            with self._store.locked() as log:
                view = view_of(log, projection)
                if dropped is not None and letter not in view.load([letter.ticket_id]).letters:
                    raise NotFound(f"ticket {letter.ticket_id} waits for that event no more: look again")
                return mend(log, projection, view, letter.ticket_id, dropped=dropped)

        return despite_conflicts(mended)

    def _asked(self, projections: Iterable[Projection[Any]] | None) -> tuple[Projection[Any], ...]:
        return tuple(self.known.values()) if projections is None else tuple(projections)

    def _leader(self) -> str:
        return f"{socket.gethostname()}:{os.getpid()}:{self._random_bytes(4).hex()}"


def _mode(state: ViewState) -> Literal["inline", "daemon", "rebuild", "superseded"]:
    if state.id.is_next:
        return "rebuild"
    if is_superseded(state.id):
        return "superseded"
    return "inline" if state.is_inline else "daemon"


def known_projections(projections: Sequence[Projection[Any]]) -> dict[str, Projection[Any]]:
    """The package's projections and a host's, by name; one may be given twice.

    Raises:
        BadInput: Two have the same name.
    """
    refuse_built_in_names(projections)
    known: dict[str, Projection[Any]] = {}
    for projection in (*BUILT_IN, *projections):
        first = known.setdefault(projection.name, projection)
        if (type(first), first.version) != (type(projection), projection.version):
            raise BadInput(f"two projections are given under the name {projection.name}")
    return known
