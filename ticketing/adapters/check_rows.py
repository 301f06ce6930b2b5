"""Rows against a fresh fold: of every ticket, in every view whose projection this process has."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from ticketing.adapters.defect import DAMAGE, Advance, Defect, kind_of, read_on
from ticketing.adapters.projector import is_superseded, rules_for, view_of
from ticketing.adapters.store import Store
from ticketing.adapters.view import DeadLetter, Loaded, View, ViewId, ViewState
from ticketing.domain.errors import Conflict, StoreError
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Logged, Unreadable
from ticketing.projections.row import Projection, Row, Stop, WholeProjection, fold_page
from ticketing.projections.whole import fold_history

_ROWS = "Looking for rows of no ticket"
_NEVER_BEGUN = "its rows were never begun"
_EVERY = 1000
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class _Looked:
    """A view that is looked at."""

    name: str
    projection: Projection[Any]
    view: View[Any]

    def place(self, ticket_id: UUID) -> str:
        return f"{self.name}, ticket {ticket_id}"

    def wrong_row(self, ticket_id: UUID, what: str) -> Defect:
        return Defect(self.place(ticket_id), "row", what, self.projection.name)


class RowCheck:
    """Holds rows and dead letters against what the log makes of them; a context manager.

    Args:
        store: The log and the views.
        projections: Those that this process has.
        head: The log's head at the start.
    """

    def __init__(self, store: Store, projections: Sequence[Projection[Any]], head: int) -> None:
        self._store = store
        self._known = {(projection.name, projection.version): projection for projection in projections}
        self._head = head
        self._looked: list[_Looked] = []
        # The ids of all tickets in order, to be held against the rows' in order: on disk, for there may be many.
        self._tickets = TemporaryFile()  # noqa: SIM115 - closed with the check

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tickets.close()

    def begin(self) -> Iterator[Defect]:
        """What is left out, and why."""
        states = self._store.views()
        for state in states:
            reason = self._left_out(state)
            if reason is not None:
                yield Defect(view_name(state.id), "not-checked", reason)
            else:
                yield from self._opened(view_name(state.id), self._known[state.id[:2]])
        listed = {state.id for state in states}
        for name, version in self._known:
            if self._head and ViewId(name, version) not in listed:
                yield Defect(view_name(ViewId(name, version)), "not-checked", _NEVER_BEGUN)

    def _left_out(self, state: ViewState) -> str | None:
        if state.id.is_next:
            return "its rows are not served yet"
        if is_superseded(state.id):
            remove = f"ticketing projections remove {state.id.name} {state.id.version}"
            return f"its rows are of an earlier release, and nothing reads them; {remove} takes them away"
        if state.id[:2] not in self._known:
            return "this process lacks the projection"
        if not state.is_ready:
            return "its rows are being folded for the first time"
        if self._head and not state.position:
            return _NEVER_BEGUN
        return None

    def _opened(self, name: str, projection: Projection[Any]) -> Iterator[Defect]:
        """Has the view looked at; a defect where that cannot be done."""
        try:
            looked = _Looked(name, projection, view_of(self._store, projection))
        except StoreError as error:
            yield Defect(name, "view", str(error).removeprefix(f"{name} "))
            return
        self._looked.append(looked)
        if not self._is_there(looked):
            yield from self._lost(looked)

    def _is_there(self, looked: _Looked) -> bool:
        """Whether rows can be asked for at all."""
        try:
            looked.view.load([])
        except (Conflict, *DAMAGE) as error:
            kind_of(self._store, error)
            return False
        return True

    def _lost(self, looked: _Looked) -> Iterator[Defect]:
        """Looks no more at a view that cannot be asked, and says why, once."""
        if looked not in self._looked:
            return
        self._looked.remove(looked)
        its_id = ViewId(looked.projection.name, looked.projection.version)
        if any(state.id == its_id for state in self._store.views()):
            yield Defect(looked.name, "view", "its rows are gone", looked.projection.name)
        else:
            yield Defect(looked.name, "not-checked", "it was removed meanwhile")

    def of(self, histories: Sequence[Sequence[Logged]]) -> Iterator[Defect]:
        """What is wrong with the rows and letters of tickets.

        Args:
            histories: Theirs up to the head at the start; in order of ticket id, call after call.
        """
        ids = [history[0].stream_id for history in histories]
        self._tickets.write(b"".join(ticket_id.bytes for ticket_id in ids))
        loads: list[tuple[_Looked, Sequence[UUID], Loaded[Any]]] = []
        for looked in list(self._looked):
            for part in self._loaded(looked, ids):
                if isinstance(part, Defect):
                    yield part
                else:
                    loads.append((looked, *part))
        up_to = max((loaded.position for _, _, loaded in loads), default=0)
        by_ticket = dict(zip(ids, self._extended(histories, up_to), strict=True))
        for looked, some, loaded in loads:
            rules = rules_for(looked.projection, self._store, loaded.position)
            for ticket_id in some:
                yield from _of_ticket(looked, loaded, ticket_id, by_ticket[ticket_id], rules)

    def _loaded(self, looked: _Looked, ids: Sequence[UUID]) -> Iterator[tuple[Sequence[UUID], Loaded[Any]] | Defect]:
        """What the view has of these tickets; where a row cannot be read, the others all the same."""
        try:
            yield ids, looked.view.load(ids)
        except Conflict:
            yield from self._lost(looked)
        except DAMAGE as error:
            if not self._is_there(looked):
                yield from self._lost(looked)
            elif len(ids) > 1:
                yield from self._loaded(looked, ids[: len(ids) // 2])
                yield from self._loaded(looked, ids[len(ids) // 2 :])
            else:
                yield looked.wrong_row(ids[0], f"cannot be read: {kind_of(self._store, error)}")

    def _extended(self, histories: Sequence[Sequence[Logged]], up_to: int) -> Iterator[Sequence[Logged]]:
        """The histories with what was appended since the head at the start, where rows are further than that."""
        for history in histories:
            if up_to <= self._head:
                yield history
            else:
                later = self._store.stored_stream(history[0].stream_id, after_version=history[-1].version)
                yield [*history, *self._store.read_each(later)]

    def rest(self, advance: Advance) -> Iterator[Defect]:
        """What the views have of tickets that do not exist; to be called last."""
        for looked in list(self._looked):
            try:
                yield from self._strangers(looked, advance)
                yield from self._letters_of_strangers(looked)
            except Conflict:
                yield from self._lost(looked)

    def _letters_of_strangers(self, looked: _Looked) -> Iterator[Defect]:
        for letter in read_on(self._store, _letters(looked.view), f"{looked.name}, dead letters", "dead-letter"):
            if isinstance(letter, Defect):
                yield letter
            elif not self._exists(letter.ticket_id):
                yield Defect(looked.place(letter.ticket_id), "dead-letter", "there is no such ticket")

    def _strangers(self, looked: _Looked, advance: Advance) -> Iterator[Defect]:
        self._tickets.seek(0)
        known = self._tickets.read(16)
        for number, row in enumerate(read_on(self._store, looked.view.rows(), looked.name, "row")):
            if number % _EVERY == 0:
                advance(_ROWS, number, None)
            if isinstance(row, Defect):
                yield row
                return
            ticket_id = row.ticket_id.bytes
            while known and known < ticket_id:
                known = self._tickets.read(16)
            if known != ticket_id and not self._exists(row.ticket_id):
                yield looked.wrong_row(row.ticket_id, "there is no such ticket")

    def _exists(self, ticket_id: UUID) -> bool:
        try:
            return any(row.stream_kind == "ticket" for row in self._store.stored_stream(ticket_id))
        except DAMAGE as error:  # something is there, and that it cannot be read was said
            kind_of(self._store, error)
            return True


def view_name(view: ViewId) -> str:
    """The view as defects name it."""
    return f"view {view.name} version {view.version}{', being rebuilt' if view.is_next else ''}"


def _letters(view: View[Any]) -> Iterator[DeadLetter]:
    yield from view.letters()


def _of_ticket(
    looked: _Looked, loaded: Loaded[Any], ticket_id: UUID, history: Sequence[Logged], rules: TimeRules
) -> Iterator[Defect]:
    letters = [letter for letter in loaded.letters if letter.ticket_id == ticket_id]
    dropped = {letter.position for letter in letters if letter.dropped_at is not None}
    waiting = [letter for letter in letters if letter.dropped_at is None]
    for letter in letters:
        yield from _names_its_event(looked, letter, history)
    facts = [fact for fact in history if fact.position <= loaded.position and fact.position not in dropped]
    if waiting:
        yield from _is_right(looked, waiting, facts, rules)
        facts = [fact for fact in facts if fact.position < waiting[0].position]
    if not any(isinstance(fact, Unreadable) for fact in facts):  # which is a defect by itself
        yield from _row(looked, loaded.rows.get(ticket_id), ticket_id, facts, rules)


def _names_its_event(looked: _Looked, letter: DeadLetter, history: Sequence[Logged]) -> Iterator[Defect]:
    named = (letter.position, letter.version, letter.recorded_at)
    if not any((fact.position, fact.version, fact.recorded_at) == named for fact in history):
        what = f"the letter of position {letter.position:,}, version {letter.version}, names no event of the ticket"
        yield Defect(looked.place(letter.ticket_id), "dead-letter", what)


def _stopped(looked: _Looked, ticket_id: UUID, facts: Sequence[Logged], rules: TimeRules) -> Stop | None:
    """Where the fold stops, fact by fact if that is how the rows came about."""
    if isinstance(looked.projection, WholeProjection):
        folded = fold_history(looked.projection, ticket_id, facts, rules, looked.view.refusal)
    else:
        folded = fold_page(looked.projection, {}, facts, lambda _: facts, looked.view.refusal)
    return folded.stopped.get(ticket_id)


def _is_right(
    looked: _Looked, waiting: Sequence[DeadLetter], facts: Sequence[Logged], rules: TimeRules
) -> Iterator[Defect]:
    """Whether the fold stops where the ticket waits."""
    letter = waiting[0]
    place = looked.place(letter.ticket_id)
    if len(waiting) > 1:
        yield Defect(place, "dead-letter", f"it waits with {len(waiting)} letters, and a fold stops once")
    read = [fact for fact in facts if fact.position <= letter.position]
    stop = _stopped(looked, letter.ticket_id, read, rules)
    if stop is None:
        what = f"the event at position {letter.position:,} can be folded now: retry it"
        yield Defect(place, "dead-letter", what)
    elif stop.at.position != letter.position and not isinstance(stop.at, Unreadable):
        what = f"the fold stops at position {stop.at.position:,} and not at the letter's, {letter.position:,}"
        yield Defect(place, "dead-letter", what)


def _row(
    looked: _Looked, row: Row | None, ticket_id: UUID, facts: Sequence[Logged], rules: TimeRules
) -> Iterator[Defect]:
    folded = fold_history(looked.projection, ticket_id, facts, rules, looked.view.refusal)
    stop = folded.stopped.get(ticket_id)
    fresh = folded.rows.get(ticket_id)
    if stop is not None:  # of what is private a projection is given the digest, so that its words cannot show any
        yield looked.wrong_row(ticket_id, f"its facts cannot be folded, and no dead letter says so: {stop.reason}")
    elif row == fresh:
        return
    elif fresh is None:
        yield looked.wrong_row(ticket_id, "there is a row, and no fact to make it of")
    elif row is None:
        yield looked.wrong_row(ticket_id, "there is no row")
    else:
        yield looked.wrong_row(ticket_id, "; ".join(_differences(row, fresh)))


def _differences(row: Row, fresh: Row) -> Iterator[str]:
    for field in fields(fresh):
        is_there, is_right = getattr(row, field.name), getattr(fresh, field.name)
        if is_there != is_right:
            yield f"{field.name} is {_shown(is_there)}, by its facts {_shown(is_right)}"


def _shown(value: object) -> str:
    shown = str(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
