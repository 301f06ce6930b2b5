"""Sections: the tables of a mapping file, key by key."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from ticketing.domain.events import WaitCause
from ticketing.domain.values import Key, Party, Role, Value

Name = Annotated[str, StringConstraints(min_length=1)]
ISO_8601 = "iso8601"
_SAMPLE = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)


class Section(Value):
    """A part of the file: frozen, no unknown key, no value taken for another type."""

    model_config = ConfigDict(strict=True)


class Columns(Section):
    """Which column, or XES attribute, says what."""

    case: Name
    activity: Name
    time: Name
    transition: Name | None = None
    actor: Name | None = None


class Csv(Section):
    """How a CSV file is written; an XES file says so itself."""

    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    encoding: Name = "utf-8"


class Times(Section):
    """How times are written.

    Attributes:
        format: `iso8601`, or a format of Python's `strptime` with at least year, month and day.
        zone: The IANA zone of times that come without an offset; None refuses them.
        fold: Which instant a local time means that a clock change repeats or skips; None refuses it.
    """

    format: Name = ISO_8601
    zone: Name | None = None
    fold: Literal["earlier", "later"] | None = None

    @field_validator("format")
    @classmethod
    def _is_usable(cls, written: str) -> str:
        if written == ISO_8601:
            return written
        if "%Z" in written:
            raise ValueError("%Z does not tell the offset; use %z, or name the zone")
        try:
            again = datetime.strptime(_SAMPLE.strftime(written), written)  # noqa: DTZ007 - only its date is looked at
        except ValueError as error:
            raise ValueError(f"neither {ISO_8601!r} nor a usable strptime format: {error}") from error
        if again.date() != _SAMPLE.date():
            raise ValueError(f"neither {ISO_8601!r} nor a strptime format with year, month and day")
        return written

    @field_validator("zone")
    @classmethod
    def _is_known(cls, zone: str | None) -> str | None:
        try:
            return zone if zone is None else ZoneInfo(zone).key
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{zone!r} is no IANA time zone, such as 'Europe/Rome'") from error


class RolePattern(Section):
    """The role of whoever does such an activity; shell patterns such as `Tester*`."""

    role: Role
    activity: Name = "*"
    resource: Name = "*"


class Actors(Section):
    """Who acts.

    Attributes:
        default: The actor's id where the column is empty or none is named.
        role: Where no pattern fits.
        roles: The first that fits counts.
        site: Where they all are, if the log is of one site.
        pseudonym: Whether a keyed digest stands for what the column says; false only if it says pseudonyms already.
    """

    default: Key = "unknown"
    role: Role = "unknown"
    roles: Annotated[tuple[RolePattern, ...], Field(strict=False)] = ()
    site: Key | None = None
    pseudonym: bool = True


class Waiting(Section):
    """A wait that a row starts.

    A later row of the case ends it, whatever becomes of that row: the first whose activity `until` names (any, where it
    names none), or one that starts a wait for the same cause. So of two wait rows in a row the first wait ends where
    the second begins, and no second is lost or counted twice.
    """

    cause: WaitCause
    responsible: Party | None = None
    until: Annotated[tuple[Name, ...], Field(strict=False)] = ()


class Activity(Section):
    """What the rows of one activity mean; the first of several that fits a row counts.

    Attributes:
        transition: Only rows with this life-cycle transition; None for any.
        when: Only rows whose column has this text, or one of these.
        events: Tables with the key `event`, the name of a fact, beside its fields; each a value or `FromColumn`.
        wait: The wait that such a row starts.
        ignore: Leave the rows out on purpose; they are counted.
    """

    name: Name
    transition: Name | None = None
    when: dict[str, str | list[str]] = Field(default_factory=dict)
    events: Annotated[tuple[dict[str, object], ...], Field(strict=False)] = ()
    wait: Waiting | None = None
    ignore: bool = False

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Activity":
        if self.ignore and (self.events or self.wait):
            raise ValueError("ignore = true leaves no room for events or a wait")
        if not (self.ignore or self.events or self.wait):
            raise ValueError("name its events, a wait, or say ignore = true")
        return self

    @property
    def label(self) -> str:
        """The activity as reports name it."""
        return label_of(self.name, self.transition)

    def covers(self, other: "Activity") -> bool:
        """Whether every row of the other is one of this."""
        return self.name == other.name and self.transition in (None, other.transition) and not self.when


class FromColumn(Section):
    """A value that a column of the row tells.

    Attributes:
        column: Its text, without blanks at both ends. An empty column leaves the field out; a table inside an event
            whose columns are all empty is left out as a whole.
        values: What each text means; another text is an error, unless `otherwise` says what it means.
        default: What an empty column means.
        prefix: Is put before the text.
        is_time: Whether it is a time, written like those of the time column.
        pseudonym: Whether a keyed digest stands for the text, the same as for the same actor.
        optional: Whether a log in which no row has the column is right.
    """

    column: Name
    values: dict[str, object] | None = None
    otherwise: object = None
    default: object = None
    prefix: str = ""
    is_time: bool = False
    pseudonym: bool = False
    optional: bool = False

    @property
    def constants(self) -> tuple[object, ...]:
        """What it may say whatever the row says."""
        named = (*(self.values or {}).values(), self.otherwise, self.default)
        return tuple(value for value in named if value is not None)


class LogMapping(Section):
    """A whole mapping file.

    Attributes:
        source: The name of the log. Ids and numbers are made of it, so it never changes.
        opening: The fields of `TicketOpened`. The first row of a case opens the ticket, whatever its activity; the
            number is `<source>/<case>` unless a field says otherwise.
        activity: The activities.
        unknown_activities: What becomes of other activities: the import fails, or they are skipped and counted, or
            kept as notes.
    """

    source: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    columns: Columns
    csv: Csv = Csv()
    time: Times = Times()
    actor: Actors = Actors()
    opening: dict[str, object]
    activity: Annotated[tuple[Activity, ...], Field(strict=False)]
    unknown_activities: Literal["fail", "skip", "note"] = "fail"


def label_of(activity: str, transition: str | None) -> str:
    """An activity with its transition, if it has one."""
    return activity if transition is None else f"{activity} ({transition})"
