"""Check: holds a store against its own laws and against its log, while others go on appending.

Laws of this file: everything up to the head at the start is looked at; what is appended later is no defect. A page of
streams is held in memory, never the log. What cannot be read is a defect, and the check goes on behind it.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, get_args
from uuid import UUID

from ticketing.adapters.check_claims import ClaimCheck
from ticketing.adapters.check_rows import RowCheck, view_name
from ticketing.adapters.check_tree import TreeCheck
from ticketing.adapters.defect import DAMAGE, Advance, Defect, kind_of, read_on
from ticketing.adapters.private import SaltedText, digest_of, private_parts
from ticketing.adapters.projector import is_superseded
from ticketing.adapters.store import KeptCommand, Store, Stored
from ticketing.domain.values import Logged, Recorded, StreamKind, Unreadable
from ticketing.projections.row import Projection

_LOG, _STREAMS, _TEXTS = "Reading the log", "Checking streams", "Checking private texts"
_KINDS: tuple[StreamKind, ...] = get_args(StreamKind)


def check(
    store: Store,
    projections: Sequence[Projection[Any]],
    *,
    is_full: bool = False,
    page_size: int = 1000,
    on_progress: Advance | None = None,
) -> Iterator[Defect]:
    """What is wrong with a store, as it is found; nothing where all is well.

    Args:
        store: Others may go on appending to it.
        projections: Those that this process has.
        is_full: Hold every row against a fresh fold of its ticket, too, and compute every hash of the tree anew.
        page_size: Facts held in memory at a time, or those of one stream if it has more.
        on_progress: Told now and then how far it has come.

    Raises:
        StoreError: The store is gone.
    """
    try:
        head = store.head()
    except DAMAGE as error:
        what = f"its last row cannot be read, and nothing else was looked at: {kind_of(store, error)}"
        yield Defect("the log", "unreadable", what)
        return
    yield from _views(store, head)
    with RowCheck(store, projections, head) as rows:
        tree = None
        try:
            tree = TreeCheck(store, head, is_full=is_full)
        except DAMAGE as error:
            what = f"what is kept of it cannot be read, and it was not looked at: {kind_of(store, error)}"
            yield Defect("the hash tree", "tree", what)
        yield from _Check(store, head, page_size, on_progress or _tell_nobody, rows if is_full else None, tree).all()


def _views(store: Store, head: int) -> Iterator[Defect]:
    """Views further than the log, and inline views behind it."""
    states = store.views()
    latest = store.head()
    for state in states:
        if state.position > latest:
            what = f"it stands at {_position(state.position)}, and the log ends at {latest:,}"
            yield Defect(view_name(state.id), "view", what)
        elif state.is_inline and state.position < head and not is_superseded(state.id):
            what = f"every append writes it, and it stands at {_position(state.position)}, the log at {head:,}"
            yield Defect(view_name(state.id), "view", what, state.id.name)


class _Check:
    """One check of one store."""

    def __init__(
        self, store: Store, head: int, page_size: int, advance: Advance, rows: RowCheck | None, tree: TreeCheck | None
    ) -> None:
        self._store = store
        self._head = head
        self._page_size = page_size
        self._advance = advance
        self._rows = rows
        self._tree = tree
        self._claims = ClaimCheck(store)
        self._in_log = 0
        self._in_streams = 0
        self._wrong_commands = 0
        self._are_streams_read = True

    def all(self) -> Iterator[Defect]:
        yield from self._log()
        if self._tree is not None:
            yield from self._tree.rest()
        if self._rows is not None:
            yield from self._rows.begin()
        for kind in _KINDS:
            yield from self._streams(kind)
        if self._in_log != self._in_streams and self._are_streams_read:
            what = (
                f"by position it has {self._in_log:,} facts up to {self._head:,}, stream by stream {self._in_streams:,}"
            )
            yield Defect("the log", "position", what)
        facts, named = self._store.tally()
        if facts != named and not self._wrong_commands:  # the end of the log is gone, and nothing else tells
            what = f"it has {facts:,} facts, and the commands on record say that they caused {named:,}"
            yield Defect("the log", "command", what)
        if self._rows is not None:
            yield from self._rows.rest(self._advance)
        yield from self._texts()

    # by position

    def _log(self) -> Iterator[Defect]:
        before: Stored | None = None
        expected = 1
        for row in self._rows_of_log():
            if isinstance(row, Defect):
                yield row
                before = None
                expected += 1
                continue
            if row.position != expected:
                yield Defect(_position(expected), "position", f"nothing is there up to {_position(row.position)}")
            if before is not None:
                yield from _stamps(before, row)
            if self._tree is not None:
                yield from self._tree.of(row)
            if row.stream_kind not in _KINDS:
                yield Defect(_position(row.position), "stream-kind", f"{row.stream_kind!r} is none")
            else:
                self._in_log += 1
            before = row
            expected = row.position + 1

    def _rows_of_log(self) -> Iterator[Stored | Defect]:
        """The rows in order of position; a defect in place of one that cannot be read."""
        after, limit = 0, self._page_size
        while after < self._head:
            self._advance(_LOG, after, self._head)
            try:
                page = self._store.stored_log(after, min(limit, self._head - after))
            except DAMAGE as error:
                if limit == 1:
                    after += 1
                    yield Defect(
                        _position(after), "unreadable", f"the row cannot be read: {kind_of(self._store, error)}"
                    )
                limit = max(limit // 2, 1)
            else:
                if not page:
                    return
                yield from page
                after = page[-1].position
                limit = min(limit * 2, self._page_size)

    # stream by stream

    def _streams(self, kind: StreamKind) -> Iterator[Defect]:
        batch: list[list[Stored]] = []
        size = 0
        streams = self._store.stored_histories(kind, up_to=self._head)
        for rows in read_on(self._store, streams, f"the streams of kind {kind}", "unreadable"):
            if isinstance(rows, Defect):
                self._are_streams_read = False
                yield rows
                continue
            batch.append(rows)
            size += len(rows)
            if size >= self._page_size:
                yield from self._batch(kind, batch)
                batch, size = [], 0
        if batch:
            yield from self._batch(kind, batch)

    def _batch(self, kind: StreamKind, batch: Sequence[Sequence[Stored]]) -> Iterator[Defect]:
        histories = []
        for rows in batch:
            yield from _versions(rows)
            history = self._store.read_each(rows)
            yield from _readability(history, kind)
            yield from _stamps_of_commands(history)
            histories.append(history)
            self._in_streams += len(rows)
        yield from self._commands(histories)
        yield from self._digests(histories)
        if kind == "ticket":
            for history in histories:
                yield from self._claims.of(history)
            if self._rows is not None:
                yield from self._rows.of(histories)
        self._advance(_STREAMS, self._in_streams, self._head)

    def _commands(self, histories: Sequence[Sequence[Logged]]) -> Iterator[Defect]:
        named = {fact.command_id for history in histories for fact in history if isinstance(fact, Recorded)}
        kept = self._store.commands(named)
        for history in histories:
            versions: dict[UUID, set[int]] = {}
            unreadable: set[int] = set()
            for fact in history:
                if isinstance(fact, Unreadable):
                    unreadable.add(fact.version)
                else:
                    versions.setdefault(fact.command_id, set()).add(fact.version)
            for command_id, its in versions.items():
                what = _wrong_command(kept.get(command_id), history[0].stream_id, its, unreadable)
                if what is not None:
                    self._wrong_commands += 1
                    yield Defect(f"command {command_id}", "command", what)

    def _digests(self, histories: Sequence[Sequence[Logged]]) -> Iterator[Defect]:
        named = {
            part.digest: fact
            for history in histories
            for fact in history
            if isinstance(fact, Recorded)
            for part in private_parts(fact.event)
            if part.digest is not None
        }
        kept = self._kept(list(named))
        for digest, fact in named.items():
            if digest not in kept:
                what = f"its private text {digest} is missing: neither kept nor erased"
                yield Defect(_place(fact), "private-text", what)

    def _kept(self, digests: list[str]) -> set[str]:
        """Which of the texts are there, readable or not."""
        try:
            return set(self._store.texts(digests))
        except DAMAGE as error:
            kind_of(self._store, error)
            half = len(digests) // 2
            return self._kept(digests[:half]) | self._kept(digests[half:]) if half else set(digests)

    # private texts

    def _texts(self) -> Iterator[Defect]:
        place = "private texts"
        without: list[str] = []
        for number, kept in enumerate(read_on(self._store, self._store.kept_texts(), place, "private-text"), 1):
            if isinstance(kept, Defect):
                yield kept
            elif kept[1] is None:
                without.append(kept[0])
            elif not _is_of_digest(kept[0], kept[1]):
                yield Defect(f"private text {kept[0]}", "private-text", "its salt and text do not give its digest")
            if number % self._page_size == 0:
                self._advance(_TEXTS, number, None)
            if len(without) == self._page_size:
                yield from self._without_text(without)
                without = []
        yield from self._without_text(without)

    def _without_text(self, digests: list[str]) -> Iterator[Defect]:
        """Texts that are gone and were not erased; a store gives those that were erased no salt at all."""
        for digest in self._not_erased(digests):
            yield Defect(f"private text {digest}", "private-text", "its text is gone, and it was not erased")

    def _not_erased(self, digests: list[str]) -> list[str]:
        if not digests:
            return []
        try:
            return sorted(self._store.salted(digests))
        except DAMAGE as error:  # one of them at least has no text
            kind_of(self._store, error)
            half = len(digests) // 2
            return self._not_erased(digests[:half]) + self._not_erased(digests[half:]) if half else digests


def _stamps(before: Stored, row: Stored) -> Iterator[Defect]:
    if row.recorded_at < before.recorded_at:
        what = f"it was recorded at {row.recorded_at}, before {_position(before.position)}, at {before.recorded_at}"
        yield Defect(_position(row.position), "stamp", what)
    elif row.recorded_at == before.recorded_at and row.stream_id != before.stream_id:
        what = f"it has the stamp of {_position(before.position)}, which is of another stream"
        yield Defect(_position(row.position), "stamp", what)


def _versions(rows: Sequence[Stored]) -> Iterator[Defect]:
    expected = 1
    for row in rows:
        if row.version != expected:
            yield Defect(_version(row.stream_id, expected), "version", f"nothing is there up to version {row.version}")
        expected = row.version + 1
    for before, row in pairwise(rows):
        if row.position <= before.position:
            what = f"it is at {_position(row.position)}, and version {before.version} at {before.position:,}"
            yield Defect(_version(row.stream_id, row.version), "version", what)


def _readability(history: Sequence[Logged], kind: StreamKind) -> Iterator[Defect]:
    for fact in history:
        if isinstance(fact, Unreadable):
            yield Defect(_place(fact), "unreadable", fact.reason.partition(", ")[2])  # it begins with the same place
        elif fact.stream_kind != kind:
            what = f"the log has it as of kind {kind}, its stored form says {fact.stream_kind}"
            yield Defect(_place(fact), "stream-kind", what)


def _stamps_of_commands(history: Sequence[Logged]) -> Iterator[Defect]:
    """One stamp per command, whose facts stand side by side."""
    for before, fact in pairwise(history):
        if isinstance(before, Unreadable) or isinstance(fact, Unreadable):
            continue
        is_one_command = fact.command_id == before.command_id
        if is_one_command != (fact.recorded_at == before.recorded_at):
            said = "another stamp than" if is_one_command else "the stamp of"
            whose = "the same" if is_one_command else "another"
            what = f"it has {said} version {before.version}, which is of {whose} command"
            yield Defect(_place(fact), "stamp", what)
        elif is_one_command and fact.position != before.position + 1:
            what = f"version {before.version} is of the same command, and stands at {_position(before.position)}"
            yield Defect(_place(fact), "position", what)


def _wrong_command(kept: KeptCommand | None, stream_id: UUID, versions: set[int], unreadable: set[int]) -> str | None:
    """What is wrong with what is kept of a command whose facts are those versions; None where it is right."""
    here = f"version {', '.join(map(str, sorted(versions)))} of stream {stream_id}"
    if kept is None:
        return f"nothing is kept of it, and {here} names it"
    named = set(range(kept.first_version, kept.last_version + 1))
    if kept.stream_id == stream_id and versions <= named <= versions | unreadable:
        return None
    return f"it is kept as version {kept.first_version} to {kept.last_version} of stream {kept.stream_id}, not {here}"


def _is_of_digest(digest: str, text: SaltedText) -> bool:
    """Whether it is the digest of the text."""
    try:
        return digest == text.digest == digest_of(text.salt, text.text)
    except DAMAGE:  # half of it is gone
        return False


def _position(position: int) -> str:
    return f"position {position:,}"


def _version(stream_id: UUID, version: int) -> str:
    return f"stream {stream_id} version {version}"


def _place(fact: Logged) -> str:
    return f"{_position(fact.position)}, {_version(fact.stream_id, fact.version)}"


def _tell_nobody(what: str, done: int, total: int | None) -> None:
    """Nobody wants to know."""
