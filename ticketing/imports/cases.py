"""Cases: the rows of one case of a log, read by a mapping as entries: facts with their times, actors and ids.

Laws of this file: rows are taken in order of time, ties in order of the file. An id is made of source, case, activity,
time and occurrence number and of nothing else, so a row keeps its id when the file grows; what a row causes beyond its
own facts (the opening, the end of a wait) has an id made of the rows that cause it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from operator import itemgetter
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid5

from pydantic import ValidationError

from ticketing.adapters.wrong_keys import first_wrong
from ticketing.domain import events as e
from ticketing.domain.errors import hint
from ticketing.domain.values import Actor, Event, PrivateText
from ticketing.imports.logs import LogError, Row
from ticketing.imports.mapping import NUMBER_TO_COME, Meaning, meanings_of, opening_of
from ticketing.imports.sections import LogMapping, Waiting, label_of
from ticketing.imports.templates import Reading, Template, WrongText

F = TypeVar("F", bound=Event)
Dated = tuple[datetime, Row]
_IMPORTS = UUID("0e2f6f3c-5d0c-5b8e-9a55-6f2b7a1d4c21")
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Entry:
    """What is appended as one command: the facts of one row, the opening of a case, or the end of a wait.

    Attributes:
        line: The row's place in the file.
    """

    command_id: UUID
    line: int
    occurred_at: datetime
    actor: Actor
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One case of the log.

    Attributes:
        name: As the log names it.
        rows: How many it has.
        entries: What they tell, in order of time.
        ignored: The labels of rows left out on purpose.
        skipped: The labels of rows of unknown activities.
        noted: The labels of rows of unknown activities that are kept as notes.
    """

    ticket_id: UUID
    name: str
    rows: int
    entries: tuple[Entry, ...]
    ignored: tuple[str, ...]
    skipped: tuple[str, ...]
    noted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Timed:
    """A row with what is known of it before its facts."""

    row: Row
    occurred_at: datetime
    name: str
    transition: str | None
    occurrence: int
    actor: Actor
    meaning: Meaning | None

    @property
    def label(self) -> str:
        return label_of(self.name, self.transition)

    def id_in(self, source: str, case: str) -> UUID:
        return _id(source, case, self.name, self.transition or "", self.occurred_at.isoformat(), str(self.occurrence))

    def entry(self, command_id: UUID, *events: Event) -> Entry:
        return Entry(command_id, self.row.line, self.occurred_at, self.actor, events)


@dataclass(frozen=True, slots=True)
class _Open:
    """A wait that has begun, and the id of the row that began it."""

    wait: Waiting
    command_id: UUID


class CaseReader:
    """Reads the cases of one log by one mapping.

    Args:
        mapping: What the rows mean.
        path: The log, for errors.
        key: The store's secret, under which pseudonyms are made.

    Raises:
        MappingError: A fact, field or value of the mapping does not exist.
    """

    def __init__(self, mapping: LogMapping, path: Path, key: bytes) -> None:
        self._mapping = mapping
        self._path = path
        self._reading = Reading(mapping.time, key)
        place = f"mapping {mapping.source}"
        self._opening = opening_of(mapping, place)
        self._meanings = meanings_of(mapping, place)
        self._actors: dict[tuple[str, str], Actor] = {}
        self._asked = {column for column in (mapping.columns.transition, mapping.columns.actor) if column is not None}
        self._seen: set[str] = set()
        meanings = (meaning for activity in self._meanings.values() for meaning in activity)
        told = (template.private_columns for meaning in meanings for template in meaning.templates)
        self._private = self._opening.private_columns.union(*told)
        if mapping.actor.pseudonym and mapping.columns.actor is not None:
            self._private |= {mapping.columns.actor}

    def dated(self, rows: Sequence[Row]) -> list[Dated]:
        """The rows of a case in order of time, ties in order of the file, each proved to be understood.

        Raises:
            LogError: A row cannot be understood; names the file, the line and the column.
        """
        dated = sorted(((self._instant(row), row) for row in rows), key=itemgetter(0))
        timed = list(self._timed(dated))
        self._opened(timed[0])
        for row in timed:
            self._seen.update(row.row.columns)
            self._facts(row)
        return dated

    def case(self, name: str, dated: Sequence[Dated]) -> Case:
        """The case that rows make which `dated` has put in order.

        Raises:
            LogError: A row cannot be understood; names the file, the line and the column.
        """
        timed = list(self._timed(dated))
        ticket_id = _id(self._mapping.source, name)
        entries = [timed[0].entry(uuid5(ticket_id, "opened"), self._opened(timed[0]))]
        waits: dict[e.WaitCause, _Open] = {}
        ignored: list[str] = []
        skipped: list[str] = []
        noted: list[str] = []
        for row in timed:
            command_id = row.id_in(self._mapping.source, name)
            entries += _ended(waits, row, command_id)
            facts = self._facts(row)
            if row.meaning is None:
                (noted if facts else skipped).append(row.label)
            elif row.meaning.activity.ignore:
                ignored.append(row.label)
            elif row.meaning.activity.wait is not None:
                waits[row.meaning.activity.wait.cause] = _Open(row.meaning.activity.wait, command_id)
            if facts:
                entries.append(row.entry(command_id, *facts))
        return Case(ticket_id, name, len(timed), tuple(entries), tuple(ignored), tuple(skipped), tuple(noted))

    def require_columns(self) -> None:
        """Refuses a column that was asked for and that no row of the log has.

        Raises:
            LogError: Names the column and the nearest that exists.
        """
        for column in sorted(self._asked - self._seen):
            reason = f"the mapping names it and no row has it{hint(column, sorted(self._seen))}"
            raise LogError(self._path, reason, column=column)

    def _timed(self, dated: Sequence[Dated]) -> Iterator[_Timed]:
        columns = self._mapping.columns
        occurrences: Counter[tuple[datetime, str, str | None]] = Counter()
        for occurred_at, row in dated:
            name = self._text(row, columns.activity)
            transition = row.columns.get(columns.transition, "").strip() or None if columns.transition else None
            occurrence = occurrences[occurred_at, name, transition]
            occurrences[occurred_at, name, transition] += 1
            actor, meaning = self._actor(row, name), self._meaning(row, name, transition)
            yield _Timed(row, occurred_at, name, transition, occurrence, actor, meaning)

    def _instant(self, row: Row) -> datetime:
        column = self._mapping.columns.time
        text = self._text(row, column)
        try:
            return self._reading.instant(text)
        except ValueError as error:
            discreet = f"no time as {self._mapping.time.format!r} writes it, or one that a clock change leaves open"
            raise self._wrong(str(error), discreet, row, column) from None

    def _wrong(self, reason: str, discreet: str, row: Row, column: str | None) -> LogError:
        """The line about a row; it quotes nothing of a column that is private anywhere in the mapping."""
        said = discreet if column in self._private else reason
        return LogError(self._path, said, line=row.line, column=column)

    def _text(self, row: Row, column: str) -> str:
        text = row.columns.get(column)
        if text is None:
            raise LogError(self._path, f"missing{hint(column, row.columns)}", line=row.line, column=column)
        if not text.strip():
            raise LogError(self._path, "empty", line=row.line, column=column)
        return text.strip()

    def _meaning(self, row: Row, name: str, transition: str | None) -> Meaning | None:
        meanings = self._meanings.get(name, ())
        for meaning in meanings:
            self._asked.update(meaning.activity.when)
            if meaning.fits(row.columns, transition):
                return meaning
        if self._mapping.unknown_activities == "fail":
            label = label_of(name, transition)
            why = f"no rule for {label!r} fits this row" if meanings else f"{label!r} is not in the mapping"
            instead = "" if meanings else hint(name, self._meanings)
            raise self._wrong(
                why + instead, "no rule of the mapping fits this row", row, self._mapping.columns.activity
            )
        return None

    def _actor(self, row: Row, activity: str) -> Actor:
        said, column = self._mapping.actor, self._mapping.columns.actor
        resource = row.columns.get(column, "").strip() if column is not None else ""
        actor = self._actors.get((activity, resource))
        if actor is None:
            fitting = (
                pattern.role
                for pattern in said.roles
                if fnmatchcase(activity, pattern.activity) and fnmatchcase(resource, pattern.resource)
            )
            pseudonym = self._reading.pseudonym(resource) if resource and said.pseudonym else resource
            try:
                actor = Actor(id=pseudonym or said.default, role=next(fitting, said.role), site=said.site)
            except ValidationError as error:
                discreet = f"{error.errors()[0]['msg']}, as an actor's id"
                raise self._wrong(first_wrong(error, Actor), discreet, row, column) from None
            if len(self._actors) >= _REMEMBERED:
                self._actors.clear()
            self._actors[activity, resource] = actor
        return actor

    def _opened(self, first: _Timed) -> e.TicketOpened:
        opened = self._fact(self._opening, first)
        if opened.number != NUMBER_TO_COME:
            return opened
        column = self._mapping.columns.case
        number = f"{self._mapping.source}/{first.row.columns[column]}"
        try:
            return e.TicketOpened.model_validate({**dict(opened), "number": number})
        except ValidationError as error:
            reason, discreet = first_wrong(error, e.TicketOpened), f"number: {error.errors()[0]['msg']}"
            raise self._wrong(reason, discreet, first.row, column) from None

    def _facts(self, row: _Timed) -> tuple[Event, ...]:
        if row.meaning is not None:
            facts = tuple([self._fact(template, row) for template in row.meaning.templates])
            wait = row.meaning.activity.wait
            return facts if wait is None else (*facts, e.WaitStarted(cause=wait.cause, responsible=wait.responsible))
        if self._mapping.unknown_activities == "skip":
            return ()
        return (e.NoteRecorded(topic="activity", text=PrivateText(text=row.label)),)

    def _fact(self, template: Template[F], row: _Timed) -> F:
        self._asked.update(of.column for of in template.columns.values() if not of.optional)
        try:
            return template.fact(row.row.columns, self._reading)
        except WrongText as error:
            raise self._wrong(str(error), error.discreet, row.row, error.column) from None


def _id(*parts: str) -> UUID:
    # No text of a log has a zero byte, so different parts are never the same text.
    return uuid5(_IMPORTS, "\0".join(parts))


def _ended(waits: dict[e.WaitCause, _Open], row: _Timed, command_id: UUID) -> Iterator[Entry]:
    """The ends of the waits that the row ends; they leave the open ones."""
    again = row.meaning.activity.wait if row.meaning is not None else None
    for cause, open_ in list(waits.items()):
        until = open_.wait.until
        if not until or row.name in until or (again is not None and again.cause == cause):
            del waits[cause]
            yield row.entry(uuid5(open_.command_id, f"ended by {command_id}"), e.WaitEnded(cause=cause))
