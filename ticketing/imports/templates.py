"""Templates: the facts that a mapping makes of a row, checked when the mapping is read and filled row by row."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice, zip_longest
from typing import Generic, TypeVar, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from ticketing.adapters.wrong_keys import first_wrong, names_within, one_line
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput, hint
from ticketing.domain.values import Event, PrivateText, SerialNumber
from ticketing.imports.sections import ISO_8601, FromColumn, Times

F = TypeVar("F", bound=Event)
Path = tuple[str | int, ...]
_MADE_ELSEWHERE: Mapping[type[Event], str] = {
    e.TicketOpened: "the first row of a case opens the ticket: put its fields under [opening]",
    e.EventCorrected: "a log cannot correct facts by their version",
    e.EventRetracted: "a log cannot retract facts by their version",
}
_FACTS: Mapping[str, type[Event]] = {event.__name__: event for event in e.TICKET_EVENTS if event not in _MADE_ELSEWHERE}
_REMEMBERED = 4096
_NO_SUCH_TEXT = "\N{REPLACEMENT CHARACTER}"


class MappingError(BadInput):
    """The mapping cannot be used; the text is one line with the file and the key."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is the same in every row."""

    value: object


@dataclass(frozen=True, slots=True)
class Table:
    """A structure, key by key."""

    parts: Mapping[str, "Part"]


@dataclass(frozen=True, slots=True)
class Array:
    """A list, part by part."""

    parts: tuple["Part", ...]


Part = Constant | FromColumn | Table | Array


class WrongText(ValueError):
    """A column's text means nothing.

    Attributes:
        column: The column.
        discreet: The reason without the text, for a column whose text is private.
    """

    def __init__(self, reason: str, column: str | None, discreet: str) -> None:
        super().__init__(reason)
        self.column = column
        self.discreet = discreet


class Reading:
    """How texts of columns are understood: times, pseudonyms, translations.

    Args:
        times: How times are written.
        key: The store's secret, under which pseudonyms are made.
    """

    def __init__(self, times: Times, key: bytes) -> None:
        self._times = times
        self._zone = ZoneInfo(times.zone) if times.zone is not None else None
        self._key = key

    def pseudonym(self, text: str) -> str:
        """What stands for the text, always the same in this store; 20 hex digits."""
        return hmac.new(self._key, b"pseudonym\0" + text.encode(), hashlib.sha256).hexdigest()[:20]

    def instant(self, text: str) -> datetime:
        """The instant that the text means, in UTC.

        Raises:
            ValueError: It cannot be read, or a clock change makes it mean two instants or none.
        """
        written = self._times.format
        try:
            if written == ISO_8601:
                if len(text) <= len("2012-10-09"):
                    raise ValueError("no time of day")  # noqa: TRY301 - said like any other unreadable time
                time = datetime.fromisoformat(text)
            else:
                time = datetime.strptime(text, written)  # noqa: DTZ007 - the zone is put to it below
        except ValueError:
            raise ValueError(f"{text!r} is no time as {written!r} writes it") from None
        try:
            return time.astimezone(UTC) if time.tzinfo is not None else self._from_local(time)
        except OverflowError:
            raise ValueError(f"{text!r} lies outside the years 1 to 9999 of UTC") from None

    def _from_local(self, time: datetime) -> datetime:
        if self._zone is None:
            raise ValueError(f"{time.isoformat(' ')} has no offset and the mapping names no zone: set time.zone")
        before, after = (time.replace(tzinfo=self._zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if before == after:
            return before
        if self._times.fold is None:
            does = "repeats" if before < after else "skips"
            raise ValueError(
                f"a clock change in {self._zone.key} {does} {time.isoformat(' ')}: say time.fold = 'earlier' or 'later'"
            )
        return min(before, after) if self._times.fold == "earlier" else max(before, after)

    def value(self, of: FromColumn, columns: Mapping[str, str]) -> object:
        """What the column of a row says, or None for nothing.

        Raises:
            WrongText: The text cannot be read or translated.
        """
        text = columns.get(of.column, "").strip()
        if not text:
            return of.default
        if of.values is not None:
            value = of.values.get(text, of.otherwise)
            if value is None:
                reason = "is not among the mapping's values"
                raise WrongText(f"{text!r} {reason}{hint(text, of.values)}", of.column, f"the text {reason}")
            return value
        if of.is_time:
            try:
                return self.instant(text)
            except ValueError as error:
                discreet = (
                    f"the text is no time as {self._times.format!r} writes it, or one that a clock change leaves open"
                )
                raise WrongText(str(error), of.column, discreet) from error
        return of.prefix + (self.pseudonym(text) if of.pseudonym else text)


@dataclass(slots=True)
class Template(Generic[F]):
    """One fact as a mapping describes it.

    Attributes:
        event: Which fact.
        fields: Its fields.
        columns: The columns it reads, with where they stand in it.
        private_columns: Those of them whose text is private here: no error may quote it.
    """

    event: type[F]
    fields: Table
    columns: Mapping[Path, FromColumn]
    private_columns: frozenset[str]
    _made: dict[tuple[str | None, ...], F] = field(default_factory=dict)

    def fact(self, columns: Mapping[str, str], reading: Reading) -> F:
        """The fact that a row tells; facts are frozen, so rows that say the same get the same one.

        Raises:
            WrongText: A column says what cannot be.
        """
        texts = tuple([columns.get(of.column) for of in self.columns.values()])
        made = self._made.get(texts)
        if made is None:
            filled = {key: _filled(part, columns, reading) for key, part in self.fields.parts.items()}
            given = {key: value for key, value in filled.items() if value is not None}
            try:
                made = self.event.model_validate(given)
            except ValidationError as error:
                raise self._wrong_text(error) from error
            if len(self._made) >= _REMEMBERED:
                self._made.clear()
            self._made[texts] = made
        return made

    def _wrong_text(self, error: ValidationError) -> WrongText:
        first = error.errors()[0]
        column = next((of.column for path, of in self.columns.items() if _within(first["loc"], path)), None)
        discreet = f"{self.event.__name__}: {'.'.join(map(str, first['loc']))}: {one_line(first['msg'])}"
        reason = f"{self.event.__name__}: {first_wrong(error, self.event)}"
        return WrongText(reason if column is not None or first["type"] == "missing" else discreet, column, discreet)


def _filled(part: Part, columns: Mapping[str, str], reading: Reading) -> object:
    """The part's value in a row, None where its columns are empty."""
    match part:
        case Constant():
            return part.value
        case FromColumn():
            return reading.value(part, columns)
        case Table():
            table = {key: _filled(inner, columns, reading) for key, inner in part.parts.items()}
            told = [table[key] for key, inner in part.parts.items() if isinstance(inner, FromColumn)]
            if told and all(value is None for value in told):
                return None
            return {key: value for key, value in table.items() if value is not None}
        case Array():
            values = [_filled(inner, columns, reading) for inner in part.parts]
            return [value for value in values if value is not None]


def fact_template(place: str, written: Mapping[str, object]) -> Template[Event]:
    """The template of a table with the key `event`.

    Args:
        place: The file and the key of the table, for errors.
        written: The table.

    Raises:
        MappingError: It names no fact, or a field or value that the fact does not have.
    """
    name = written.get("event")
    if not isinstance(name, str):
        raise MappingError(f"{place}: the key 'event' is missing; it names the fact")
    elsewhere = next((why for event, why in _MADE_ELSEWHERE.items() if event.__name__ == name), None)
    if elsewhere is not None:
        raise MappingError(f"{place}.event: {elsewhere}")
    if name not in _FACTS:
        raise MappingError(f"{place}.event: there is no fact {name!r}{hint(name, _FACTS)}")
    return template_of(place, _FACTS[name], {key: value for key, value in written.items() if key != "event"})


def template_of(place: str, event: type[F], written: Mapping[str, object]) -> Template[F]:
    """The template of one fact, proved to fit it as far as that can be said without a row.

    Raises:
        MappingError: A field or value that the fact does not have.
    """
    fields = Table({key: _part(f"{place}.{key}", value) for key, value in written.items()})
    columns = dict(_columns_in(fields, ()))
    ready = next(_ready_digests(event, fields, ()), None)
    if ready is not None:
        raise MappingError(
            f"{'.'.join((place, *map(str, ready)))}: a digest is made by the store, of the text in the log"
        )
    for sample in _samples(fields, columns):
        try:
            event.model_validate(sample)
        except ValidationError as error:
            _refuse(place, event, error, columns)
    private = {of.column for path, of in columns.items() if of.pseudonym or _is_private(event, path)}
    return Template(event, fields, columns, frozenset(private))


def _part(place: str, written: object) -> Part:
    if isinstance(written, Mapping):
        if "column" not in written:
            return Table({key: _part(f"{place}.{key}", value) for key, value in written.items()})
        try:
            return FromColumn.model_validate(written)
        except ValidationError as error:
            raise MappingError(f"{place}.{first_wrong(error, FromColumn)}") from error
    if isinstance(written, Sequence) and not isinstance(written, str):
        return Array(tuple(_part(f"{place}.{number}", value) for number, value in enumerate(written)))
    return Constant(written)


def _columns_in(part: Part, path: Path) -> Iterator[tuple[Path, FromColumn]]:
    match part:
        case FromColumn():
            yield path, part
        case Table():
            for key, inner in part.parts.items():
                yield from _columns_in(inner, (*path, key))
        case Array():
            for number, inner in enumerate(part.parts):
                yield from _columns_in(inner, (*path, number))
        case Constant():
            pass


def _ready_digests(event: type[Event], part: object, path: Path) -> Iterator[Path]:
    """Where the mapping gives a digest instead of the text that it is made of."""
    match part:
        case FromColumn():
            for constant in part.constants:
                yield from _ready_digests(event, constant, path)
        case Table() | Mapping():
            inner = part.parts if isinstance(part, Table) else part
            if _is_private(event, path):
                yield from ((*path, key) for key in ("digest", "match") if key in inner)
            for key, value in inner.items():
                yield from _ready_digests(event, value, (*path, key))
        case Array() | list():
            for number, value in enumerate(part.parts if isinstance(part, Array) else part):
                yield from _ready_digests(event, value, (*path, number))
        case _:
            pass


def _is_private(annotation: object, path: Path) -> bool:
    """Whether a private text or a serial number may stand at the path, or around it."""
    if annotation in (PrivateText, SerialNumber):
        return True
    parts = get_args(annotation)
    if isinstance(annotation, type) and not parts:
        if not path or not issubclass(annotation, BaseModel):
            return False
        fields = {info.alias or name: info.annotation for name, info in annotation.model_fields.items()}
        return _is_private(fields.get(str(path[0])), path[1:])
    if get_origin(annotation) in (tuple, dict):
        return bool(path) and any(_is_private(part, path[1:]) for part in parts)
    return any(_is_private(part, path) for part in parts)


def _samples(fields: Table, columns: Mapping[Path, FromColumn]) -> Iterator[object]:
    """The fact as it would be raw, often enough that every constant of every column occurs."""
    constants = [of.constants or (_NO_SUCH_TEXT,) for of in columns.values()]
    for round_ in islice(zip_longest(*constants), 1, None) if constants else ():
        yield _sample(fields, dict(zip(columns, round_, strict=True)), ())
    first = {path: (of.constants or (_NO_SUCH_TEXT,))[0] for path, of in columns.items()}
    yield _sample(fields, first, ())


def _sample(part: Part, values: Mapping[Path, object], path: Path) -> object:
    match part:
        case Constant():
            return part.value
        case FromColumn():
            named = (values[path], *part.constants, _NO_SUCH_TEXT)
            return next(value for value in named if value is not None)
        case Table():
            return {key: _sample(inner, values, (*path, key)) for key, inner in part.parts.items()}
        case Array():
            return [_sample(inner, values, (*path, number)) for number, inner in enumerate(part.parts)]


def _refuse(place: str, event: type[Event], error: ValidationError, columns: Mapping[Path, FromColumn]) -> None:
    """Raises unless everything that is wrong only waits for a row's text."""
    open_paths = [path for path, of in columns.items() if not of.constants]
    lines = [one for one in error.errors(include_url=False) if not any(_within(one["loc"], p) for p in open_paths)]
    if not lines:
        return
    unknown = next((one for one in lines if one["type"] == "extra_forbidden"), None)
    first = unknown or lines[0]
    key = ".".join((place, *map(str, first["loc"])))
    if unknown is not None:
        name, outer = str(unknown["loc"][-1]), unknown["loc"][:-1]
        owner = event.__name__ if not outer else "it"
        raise MappingError(f"{key}: {owner} has no field {name!r}{hint(name, names_within(event, outer))}")
    if first["type"] == "missing":
        raise MappingError(f"{key}: {event.__name__} needs this field")
    misspelt = ""
    if isinstance(first["input"], Mapping):
        keys = list(FromColumn.model_fields)
        misspelt = "".join(hint(str(one), keys) for one in first["input"] if one not in keys) or "; a column is missing"
    raise MappingError(f"{key}: {one_line(first['msg'])}, not {one_line(first['input'])}{misspelt}")


def _within(where: Sequence[str | int], path: Path) -> bool:
    """Whether an error's place is the path or lies within it; a union puts steps of its own between."""
    steps = iter(where)
    return all(any(step == wanted for step in steps) for wanted in path)
