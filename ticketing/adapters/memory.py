"""The store in memory: for tests and trials, gone when it is closed.

It has no rollback: a process that is interrupted in the middle of an append, by Ctrl-C say, does not go on with it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from operator import itemgetter
from threading import Condition, RLock
from typing import Any, Generic, NoReturn, TypeVar
from uuid import UUID

from eventsourcing.persistence import NotSupportedError, StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from ticketing.adapters.admission import Admitted, Request, Standing, appends_of, claims_touched, encoded
from ticketing.adapters.codec import Codec
from ticketing.adapters.columns import RowForm, table_name
from ticketing.adapters.counting import Statement
from ticketing.adapters.group import GroupCommit
from ticketing.adapters.kept_rules import KeptRules
from ticketing.adapters.memory_tree import MemoryTree
from ticketing.adapters.private import SaltedText
from ticketing.adapters.projector import fold_inline, require_inline
from ticketing.adapters.store import STORE_KEY_BYTES, Append, ClaimKind, KeptCommand, Log, Store, Stored, Watch
from ticketing.adapters.temporary_rows import TemporaryRows
from ticketing.adapters.view import DeadLetter, Loaded, View, ViewId, ViewState, moved
from ticketing.domain.values import Event, Recorded, StreamKind
from ticketing.projections.row import Projection, Row

R = TypeVar("R", bound=Row)


class MemoryLog(POPOApplicationRecorder):
    """The library's recorder, with the stamp and kind of each event beside it; the store alone writes to it."""

    def __init__(self) -> None:
        super().__init__()
        self._recorded_at: list[datetime] = []
        self._kinds: list[StreamKind] = []
        self._positions: dict[UUID, list[int]] = {}

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: object) -> NoReturn:
        raise NotSupportedError("facts come in through Store.append alone")

    def keep(self, stored: StoredEvent, recorded_at: datetime, kind: StreamKind) -> None:
        """Adds one event at the end."""
        (position,) = self._insert_events([stored]) or ()
        self._recorded_at.append(recorded_at)
        self._kinds.append(kind)
        self._positions.setdefault(UUID(str(stored.originator_id)), []).append(position)

    def rows(self, after: int, limit: int) -> list[Stored]:
        """The rows that follow a position."""
        last = min(after + limit, len(self._stored_events))
        return [self._row(position) for position in range(after + 1, last + 1)]

    def rows_of(self, stream_id: UUID, after_version: int) -> list[Stored]:
        """The same of one stream."""
        return [self._row(position) for position in self._positions.get(stream_id, ())[after_version:]]

    def stream_ids(self) -> list[UUID]:
        """Every stream, in order of id."""
        return sorted(self._positions)

    def version(self, stream_id: UUID) -> int:
        """The last version of a stream; 0 when there is none."""
        return len(self._positions.get(stream_id, ()))

    @property
    def head(self) -> int:
        return len(self._stored_events)

    @property
    def last_recorded_at(self) -> datetime | None:
        return self._recorded_at[-1] if self._recorded_at else None

    def _row(self, position: int) -> Stored:
        event = self._stored_events[position - 1]
        return Stored(
            position,
            UUID(str(event.originator_id)),
            event.originator_version,
            event.topic,
            event.state,
            self._recorded_at[position - 1],
            self._kinds[position - 1],
        )


@dataclass(slots=True)
class _Kept(Generic[R]):
    """What is kept of one view."""

    columns: str
    ready_from: int
    position: int = 0
    revision: int = 0
    is_inline: bool = False
    fence: int = 0
    leader: str | None = None
    rate: float | None = None
    rows: dict[UUID, R] = field(default_factory=dict)
    letters: dict[int, DeadLetter] = field(default_factory=dict)


class MemoryView(View[R]):
    """A view in memory; it is looked up by its id each time, because a rebuild may have taken its place."""

    def __init__(self, views: dict[ViewId, _Kept[Any]], view: ViewId, form: RowForm[R], lock: RLock) -> None:
        self._views = views
        self._id = view
        self._form = form
        self._lock = lock

    @property
    def _kept(self) -> _Kept[R]:
        if self._id not in self._views:
            raise moved(self._id)
        return self._views[self._id]

    def state(self) -> ViewState:
        with self._lock:
            return _state(self._id, self._kept)

    def position(self) -> int:
        with self._lock:
            return self._kept.position

    def load(self, ticket_ids: Iterable[UUID]) -> Loaded[R]:
        asked = set(ticket_ids)
        with self._lock:
            kept = self._kept
            letters = [letter for letter in kept.letters.values() if letter.ticket_id in asked]
            return Loaded(
                kept.position,
                kept.revision,
                {ticket_id: kept.rows[ticket_id] for ticket_id in asked if ticket_id in kept.rows},
                tuple(sorted(letters, key=lambda letter: letter.position)),
            )

    def refusals(self) -> Callable[[R], str | None]:
        return self._form.refusals()

    def save(
        self,
        rows: Iterable[R],
        *,
        revision: int,
        position: int,
        gone: Iterable[UUID] = (),
        letters: Iterable[DeadLetter] = (),
        healed: Iterable[int] = (),
        fence: int | None = None,
        rate: float | None = None,
    ) -> None:
        changed = {row.ticket_id: row for row in rows}
        self._form.require_kept(changed.values())
        with self._lock:
            kept = self._kept
            if kept.revision != revision or fence not in (None, kept.fence):
                raise moved(self._id)
            kept.revision += 1
            kept.position = position
            kept.rows.update(changed)
            for ticket_id in gone:
                kept.rows.pop(ticket_id, None)
            for letter_position in healed:
                kept.letters.pop(letter_position, None)
            kept.letters.update({letter.position: letter for letter in letters})
            kept.rate = kept.rate if rate is None else rate

    def rows(self) -> Iterator[R]:
        with self._lock:
            rows = sorted(self._kept.rows.items())
        for _, row in rows:
            yield row

    def select(self, statement: Statement, *, is_long: bool = False) -> Iterator[Sequence[Any]]:
        with TemporaryRows(self._form.row_class) as laid_out:
            for row in self.rows():
                laid_out.add(row)
            yield from laid_out.select(statement, is_long=is_long)

    def earliest(self, column: str, until: datetime, limit: int | None = None) -> Iterator[R]:
        self._form.require_looked_up(column)
        with self._lock:
            rows = [(getattr(row, column), ticket_id, row) for ticket_id, row in self._kept.rows.items()]
        due = [(at, ticket_id, row) for at, ticket_id, row in rows if at is not None and at <= until]
        return iter([row for _, _, row in sorted(due, key=itemgetter(0, 1))[:limit]])

    def letters(self) -> list[DeadLetter]:
        with self._lock:
            return [letter for _, letter in sorted(self._kept.letters.items())]

    def set_inline(self, is_inline: bool) -> None:
        with self._lock:
            self._kept.is_inline = is_inline
            self._kept.revision += 1

    def switch(self) -> None:
        served = self._id._replace(is_next=False)
        with self._lock:
            new, old = self._kept, self._views[served]
            if new.position < old.position:
                raise moved(served)
            revision = old.revision + 1
            self._views[served] = replace(
                new, is_inline=old.is_inline, fence=old.fence, leader=old.leader, rate=old.rate, revision=revision
            )
            del self._views[self._id]


@cache
def _form(row: type[R]) -> RowForm[R]:
    """How rows of one class are checked. It is made once: an append needs it for every inline view."""
    return RowForm(row, {}, {})


def _state(view: ViewId, kept: _Kept[Any]) -> ViewState:
    dropped = sum(letter.dropped_at is not None for letter in kept.letters.values())
    return ViewState(
        id=view,
        position=kept.position,
        ready_from=kept.ready_from,
        is_inline=kept.is_inline,
        fence=kept.fence,
        leader=kept.leader,
        rate=kept.rate,
        waiting=len(kept.letters) - dropped,
        dropped=dropped,
    )


class MemoryWatch(Watch):
    """A watch over a log in memory."""

    def __init__(self, store: "MemoryStore", leader: str) -> None:
        self._store = store
        self._leader = leader
        self._seen = store.head()

    def lead(self, view: ViewId) -> int | None:
        with self._store.appended:
            kept = self._store.kept_views.get(view)
            if kept is None:
                raise moved(view)
            if kept.leader is None:
                kept.leader = self._leader
                kept.fence += 1
            return kept.fence if kept.leader == self._leader else None

    def wait(self, seconds: float) -> None:
        with self._store.appended:
            self._store.appended.wait_for(lambda: self._store.head() > self._seen, seconds)
            self._seen = self._store.head()

    def close(self) -> None:
        with self._store.appended:
            for kept in self._store.kept_views.values():
                if kept.leader == self._leader:
                    kept.leader = None


class MemoryStore(Store):
    """The store in memory. One lock for everything; what is read is decoded as from any other store.

    Attributes:
        recorder: The log for readers that know the library and not us.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        codec: Codec | None = None,
        projections: Sequence[Projection[Any]] = (),
    ) -> None:
        self.codec = codec or Codec()
        self.rules = KeptRules()
        self._clock = clock
        self._projections = tuple(projections)
        self._key = random_bytes(STORE_KEY_BYTES)
        self._lock = RLock()
        self._group = GroupCommit(self._commit)
        self._commands: dict[UUID, KeptCommand] = {}
        self._holders: dict[tuple[ClaimKind, str], list[UUID]] = {}
        self._texts: dict[str, SaltedText | None] = {}
        self.kept_views: dict[ViewId, _Kept[Any]] = {}
        self.appended = Condition(self._lock)
        self.recorder = MemoryLog()
        self.tree = MemoryTree(self._lock)

    @property
    def key(self) -> bytes:
        return self._key

    def append(self, appends: Sequence[Append]) -> list[tuple[Recorded[Event], ...]]:
        return self._group.append(encoded(self.codec, appends))

    def _commit(self, requests: Sequence[Request]) -> None:
        with self._lock:
            standing = self._standing(appends_of(requests))
            require_inline(standing.inline, self._projections)
            admitted = standing.admit_each(requests, self._clock)
            if not admitted:
                return
            self._holders.update(standing.holders)
            for one in admitted:
                self._keep(one)
            facts = [fact for one in admitted for fact in one.facts]
            fold_inline(self, standing.inline, self._projections, facts)
            self.appended.notify_all()

    def _standing(self, appends: Sequence[Append]) -> Standing:
        return Standing(
            position=self.recorder.head,
            recorded_at=self.recorder.last_recorded_at,
            versions={append.stream_id: self.recorder.version(append.stream_id) for append in appends},
            commands={append.command_id for append in appends if append.command_id in self._commands},
            holders={claim: list(self._holders.get(claim, ())) for claim in claims_touched(appends)},
            inline=tuple(view for view, kept in sorted(self.kept_views.items()) if kept.is_inline),
        )

    def _keep(self, admitted: Admitted) -> None:
        for fact, stored in admitted.rows:
            self.recorder.keep(stored, fact.recorded_at, fact.stream_kind)
        append = admitted.encoded.append
        self._commands[append.command_id] = append.kept_command
        for text in append.texts:
            self._texts.setdefault(text.digest, text)

    def stored_stream(self, stream_id: UUID, *, after_version: int = 0) -> list[Stored]:
        with self._lock:
            return self.recorder.rows_of(stream_id, after_version)

    def stored_streams(self, stream_ids: Collection[UUID]) -> dict[UUID, list[Stored]]:
        with self._lock:
            streams = {stream_id: self.recorder.rows_of(stream_id, 0) for stream_id in stream_ids}
        return {stream_id: rows for stream_id, rows in streams.items() if rows}

    def stored_publications(self, after: int, up_to: int) -> list[Stored]:
        with self._lock:
            return [row for row in self.recorder.rows(after, up_to - after) if row.stream_kind != "ticket"]

    def stored_log(self, after: int, limit: int) -> list[Stored]:
        with self._lock:
            return self.recorder.rows(after, limit)

    def stored_histories(
        self, stream_kind: StreamKind = "ticket", *, up_to: int | None = None
    ) -> Iterator[list[Stored]]:
        with self._lock:
            stream_ids = self.recorder.stream_ids()
            last = self.recorder.head if up_to is None else up_to
        for stream_id in stream_ids:
            rows = [row for row in self.stored_stream(stream_id) if row.position <= last]
            if rows and rows[0].stream_kind == stream_kind:
                yield rows

    def stored_topic(self, topic: str, after: int, limit: int) -> list[Stored]:
        with self._lock:
            rows = self.recorder.rows(after, self.recorder.head)
        return [row for row in rows if row.topic == topic][:limit]

    def head(self) -> int:
        with self._lock:
            return self.recorder.head

    def last_recorded_at(self) -> datetime | None:
        return self.recorder.last_recorded_at

    def commands(self, command_ids: Iterable[UUID]) -> dict[UUID, KeptCommand]:
        with self._lock:
            return {
                command_id: self._commands[command_id] for command_id in command_ids if command_id in self._commands
            }

    def tally(self) -> tuple[int, int]:
        with self._lock:
            named = sum(kept.last_version - kept.first_version + 1 for kept in self._commands.values())
            return self.recorder.head, named

    def holders(self, kind: ClaimKind, key: str) -> tuple[UUID, ...]:
        return tuple(self._holders.get((kind, key), ()))

    def texts(self, digests: Iterable[str]) -> dict[str, str | None]:
        with self._lock:
            kept = {digest: self._texts[digest] for digest in digests if digest in self._texts}
        return {digest: None if text is None else text.text for digest, text in kept.items()}

    def salted(self, digests: Iterable[str]) -> dict[str, SaltedText]:
        with self._lock:
            kept = {digest: self._texts.get(digest) for digest in digests}
        return {digest: text for digest, text in kept.items() if text is not None}

    def erase(self, digests: Iterable[str]) -> int:
        with self._lock:
            there = {digest for digest in digests if self._texts.get(digest) is not None}
            self._texts.update(dict.fromkeys(there))
        return len(there)

    def kept_texts(self) -> Iterator[tuple[str, SaltedText | None]]:
        with self._lock:
            kept = sorted(self._texts.items())
        yield from kept

    def view(self, name: str, version: int, row: type[R], *, is_next: bool = False) -> View[R]:
        table_name(name, version, is_next=is_next)
        form: RowForm[R] = _form(row)  # type: ignore[arg-type]  # mypy takes the class for unhashable
        view = ViewId(name, version, is_next)
        with self._lock:
            kept = self.kept_views.setdefault(view, _Kept(form.signature, ready_from=self.recorder.head))
        form.require_same(view, kept.columns)
        return MemoryView(self.kept_views, view, form, self._lock)

    def views(self) -> list[ViewState]:
        with self._lock:
            return [_state(view, kept) for view, kept in sorted(self.kept_views.items())]

    def remove_view(self, view: ViewId) -> None:
        with self._lock:
            self.kept_views.pop(view, None)

    @contextmanager
    def locked(self) -> Iterator[Log]:
        with self._lock:
            before = {
                view: replace(kept, rows=dict(kept.rows), letters=dict(kept.letters))
                for view, kept in self.kept_views.items()
            }
            try:
                yield self
            except BaseException:
                self.kept_views.clear()
                self.kept_views.update(before)
                raise

    def watch(self, leader: str) -> Watch:
        return MemoryWatch(self, leader)

    def close(self) -> None:
        """Nothing to give back: the memory goes when the store does."""
