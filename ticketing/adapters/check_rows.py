"""Rows against a fresh fold: of every ticket, in every view whose projection this process has."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from ticketing.adapters.defect import DAMAGE, Advance, Defect, kind_of, read_on
from ticketing.adapters.projector import view_of
from ticketing.adapters.store import Store
from ticketing.adapters.view import DeadLetter, Loaded, View, ViewState
from ticketing.domain.cuts import surviving
from ticketing.domain.errors import Conflict, StoreError
from ticketing.domain.values import Logged, Unreadable
from ticketing.projections.row import Projection, Row, fold_page, fold_row, readable

_ROWS = "Looking for rows of no ticket"
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
        for state in self._store.views():
            reason = self._left_out(state)
            if reason is not None:
                yield Defect(view_name(state), "not-checked", reason)
                continue
            projection = self._known[state.id[:2]]
            try:
                self._looked.append(_Looked(view_name(state), projection, view_of(self._store, projection)))
            except StoreError as error:
                yield Defect(view_name(state), "view", str(error).removeprefix(f"{view_name(state)} "))

    def _left_out(self, state: ViewState) -> str | None:
        if state.id.is_next:
            return "its rows are not served yet"
        if state.id[:2] not in self._known:
            return "this process lacks the projection"
        if not state.is_ready:
            return "its rows are being folded for the first time"
        return None

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
            for ticket_id in some:
                yield from _of_ticket(looked, loaded, ticket_id, by_ticket[ticket_id])

    def _loaded(self, looked: _Looked, ids: Sequence[UUID]) -> Iterator[tuple[Sequence[UUID], Loaded[Any]] | Defect]:
        """What the view has of these tickets; where a row cannot be read, the others all the same."""
        try:
            yield ids, looked.view.load(ids)
        except Conflict:
            with suppress(ValueError):
                self._looked.remove(looked)
                yield Defect(looked.name, "not-checked", "it was removed meanwhile")
        except DAMAGE as error:
            if len(ids) > 1:
                yield from self._loaded(looked, ids[: len(ids) // 2])
                yield from self._loaded(looked, ids[len(ids) // 2 :])
            else:
                yield Defect(looked.place(ids[0]), "row", f"cannot be read: {kind_of(self._store, error)}")

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
        for looked in self._looked:
            yield from self._strangers(looked, advance)
            for letter in looked.view.letters():
                if not self._exists(letter.ticket_id):
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
                yield Defect(looked.place(row.ticket_id), "row", "there is no such ticket")

    def _exists(self, ticket_id: UUID) -> bool:
        return any(row.stream_kind == "ticket" for row in self._store.stored_stream(ticket_id))


def view_name(state: ViewState) -> str:
    """The view as defects name it."""
    name, version, is_next = state.id
    return f"view {name} version {version}{', being rebuilt' if is_next else ''}"


def _of_ticket(looked: _Looked, loaded: Loaded[Any], ticket_id: UUID, history: Sequence[Logged]) -> Iterator[Defect]:
    letters = [letter for letter in loaded.letters if letter.ticket_id == ticket_id]
    dropped = {letter.position for letter in letters if letter.dropped_at is not None}
    waiting = [letter for letter in letters if letter.dropped_at is None]
    for letter in letters:
        yield from _names_its_event(looked, letter, history)
    facts = [fact for fact in history if fact.position <= loaded.position and fact.position not in dropped]
    if waiting:
        yield from _is_right(looked, waiting, facts)
        facts = [fact for fact in facts if fact.position < waiting[0].position]
    if not any(isinstance(fact, Unreadable) for fact in facts):  # which is a defect by itself
        yield from _row(looked, loaded.rows.get(ticket_id), ticket_id, facts)


def _names_its_event(looked: _Looked, letter: DeadLetter, history: Sequence[Logged]) -> Iterator[Defect]:
    named = (letter.position, letter.version, letter.set_aside_at)
    if not any((fact.position, fact.version, fact.recorded_at) == named for fact in history):
        what = f"the letter of position {letter.position}, version {letter.version}, names no event of the ticket"
        yield Defect(looked.place(letter.ticket_id), "dead-letter", what)


def _is_right(looked: _Looked, waiting: Sequence[DeadLetter], facts: Sequence[Logged]) -> Iterator[Defect]:
    """Whether the fold stops where the ticket waits."""
    letter = waiting[0]
    place = looked.place(letter.ticket_id)
    if len(waiting) > 1:
        yield Defect(place, "dead-letter", f"it waits with {len(waiting)} letters, and a fold stops once")
    read = [fact for fact in facts if fact.position <= letter.position]
    stopped = fold_page(looked.projection, {}, read, lambda _: read, looked.view.refusal).stopped
    stop = stopped.get(letter.ticket_id)
    if stop is None:
        what = f"the event at position {letter.position} can be folded now: retry it"
        yield Defect(place, "dead-letter", what)
    elif stop.at.position != letter.position and not isinstance(stop.at, Unreadable):
        what = f"the fold stops at position {stop.at.position} and not at the letter's, {letter.position}"
        yield Defect(place, "dead-letter", what)


def _row(looked: _Looked, row: Row | None, ticket_id: UUID, facts: Sequence[Logged]) -> Iterator[Defect]:
    place = looked.place(ticket_id)
    try:
        fresh = fold_row(looked.projection, ticket_id, surviving(readable(facts))) if facts else None
    except Exception as error:  # noqa: BLE001 - whatever a projection fails with is a defect
        what = f"its facts cannot be folded, and no dead letter says so: {type(error).__name__}"
        yield Defect(place, "row", what)
        return
    if row == fresh:
        return
    if fresh is None:
        yield Defect(place, "row", "there is a row, and no fact to make it of")
    elif row is None:
        yield Defect(place, "row", "there is no row")
    else:
        yield Defect(place, "row", "; ".join(_differences(row, fresh)))


def _differences(row: Row, fresh: Row) -> Iterator[str]:
    for field in fields(fresh):
        is_there, is_right = getattr(row, field.name), getattr(fresh, field.name)
        if is_there != is_right:
            yield f"{field.name} is {_shown(is_there)}, by its facts {_shown(is_right)}"


def _shown(value: object) -> str:
    shown = str(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
