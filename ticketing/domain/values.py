"""Values of the trade: instants, codes, money, private texts, actors, and the envelope around every event."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NoReturn, TypeVar
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    field_validator,
    model_validator,
)
from pydantic.functional_validators import AfterValidator
from pydantic.types import StringConstraints


class Value(BaseModel):
    """A frozen value that accepts no unknown field."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True, hide_input_in_errors=True
    )


def _no_epoch(instant: object) -> object:
    if isinstance(instant, int | float) or (
        isinstance(instant, str) and instant.lstrip("+-").replace(".", "").isdigit()
    ):
        raise ValueError("a bare number is no instant: give date, time and zone")
    return instant


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("the instant lies outside the years 1 to 9999 of UTC") from None


def instant_text(instant: datetime) -> str:
    """The instant as stored and printed: UTC, `Z`, always six digits of microseconds."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no zone")
    utc = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")[:-6] + "Z"


def _no_float(number: object) -> object:
    if isinstance(number, float):
        raise ValueError("a float loses digits: give a decimal as text or Decimal")
    return number


def decimal_text(number: Decimal) -> str:
    """The number in plain digits, with the decimals it was given."""
    return format(number, "f")


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_no_epoch),
    AfterValidator(_in_utc),
    PlainSerializer(instant_text, return_type=str, when_used="json"),
]
# The limits stand next to the type, where pydantic checks them itself: behind a function they would be functions too.
Number = Annotated[
    Decimal,
    Field(max_digits=20),
    BeforeValidator(_no_float),
    PlainSerializer(decimal_text, return_type=str, when_used="json"),
]
"""A decimal of at most 20 digits in plain notation, so that sums stay within Decimal's 28."""
Amount = Annotated[
    Decimal,
    Field(max_digits=20, ge=0),
    BeforeValidator(_no_float),
    PlainSerializer(decimal_text, return_type=str, when_used="json"),
]
"""The same, never negative."""
Key = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]*$")
]
"""An identifier or a code: one line, never free text about a person."""
_TAG = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*$"


def _canonical_tag(tag: object) -> object:
    """The tag with the upper and lower case that RFC 5646, section 2.1.1, recommends."""
    if not isinstance(tag, str):
        return tag
    first, *rest = tag.split("-")
    by_length = {2: str.upper, 4: str.title}
    cased = "-".join([first.lower(), *(by_length.get(len(part), str.lower)(part) for part in rest)])
    if re.fullmatch(_TAG, cased) is None:
        raise ValueError("a language is a BCP 47 tag, such as fr, zh-Hans or pt-BR")
    return cased


Language = Annotated[str, BeforeValidator(_canonical_tag), StringConstraints(pattern=_TAG)]
"""A language as a BCP 47 tag: language, and perhaps script, region and variants. Source: RFC 5646, section 2.1."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]

Role = Literal[
    "receptionist",
    "dispatcher",
    "technician",
    "inspector",
    "parts_clerk",
    "warranty_officer",
    "dispute_officer",
    "complaint_officer",
    "cashier",
    "manager",
    "auditor",
    "customer",
    "manufacturer",
    "expert",
    "system",
    "unknown",
]
Party = Literal["customer", "company", "manufacturer", "seller", "insurer", "expert"]
Cause = Literal["manufacturing", "wear", "misuse", "accident", "software", "third_party", "none_found", "unknown"]
StreamKind = Literal["ticket", "site", "standard", "policy", "calendar"]
NATIVE = "native"


class Money(Value):
    """An amount in one currency (ISO 4217), never negative: what goes back has a fact of its own."""

    amount: Amount
    currency: Currency


class Code(Value):
    """A code and the list it comes from, such as `Code(system="IRIS", code="110")`."""

    system: Key
    code: Key


class Quantity(Value):
    """A measured number with its unit of measure (UCUM)."""

    value: Number
    unit: Key


class Actor(Value):
    """Who acts: a pseudonym, the role and the site at that moment. Callers are trusted to say so."""

    id: Key
    role: Role
    site: Key | None = None


class PrivateText(Value):
    """Free text. In the log it is a salted digest; the text itself lies beside the log and can be erased.

    A plain string is accepted where a private text is due. `text` is what the caller entered; a private text that
    comes from the log has only its `digest` (sha256 of salt and text, lower-case hex).
    """

    digest: Sha256 | None = None
    text: str | None = Field(default=None, exclude=True, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: object) -> object:
        return {"text": given} if isinstance(given, str) else given

    @field_validator("text")
    @classmethod
    def _says_something(cls, text: str | None) -> str | None:
        if text is not None and not _storable(text).strip():
            raise ValueError("a private text says something; leave out what is blank")
        return text


class SerialNumber(Value):
    """A serial number: `match` finds the same unit again without the text, `digest` discloses the text.

    `match` is the HMAC-SHA256 of (manufacturer, normalised serial) under the store's key; both are lower-case hex.
    """

    match: Sha256 | None = None
    digest: Sha256 | None = None
    text: str | None = Field(default=None, exclude=True, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: object) -> object:
        return {"text": given} if isinstance(given, str) else given

    @field_validator("text")
    @classmethod
    def _names_a_unit(cls, text: str | None) -> str | None:
        if text is not None and not normalised_serial(_storable(text)):
            raise ValueError("a serial number has more than blanks and hyphens")
        return text


class FrozenDict(dict[str, Any]):
    """A dict that nobody changes: what is on record is shared by all who read it."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("what is on record does not change")

    __setitem__ = __delitem__ = update = setdefault = pop = popitem = clear = __ior__ = _refuse


def _storable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("the text has half a character, which UTF-8 cannot store") from None
    return text


def normalised_serial(text: str) -> str:
    """The serial as compared: NFKC, upper case, without blanks or hyphens of any kind."""
    folded = unicodedata.normalize("NFKC", text).upper()
    kept = "".join(letter for letter in folded if not letter.isspace() and unicodedata.category(letter) != "Pd")
    # What upper case or a blank left out held apart may now compose.
    return unicodedata.normalize("NFKC", kept)


class Event(Value):
    """A fact: what happened, without who, when and where in the log. See `Envelope`."""


E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope(Generic[E_co]):
    """A fact with everything said about it before the log took it.

    Attributes:
        stream_id: The ticket, or the reference thing, that the fact belongs to.
        stream_kind: What the stream is about.
        version: Its place in the stream, from 1, without gaps.
        occurred_at: When it was true (UTC).
        actor: Who acted.
        source: `native`, or `import:<name of the log>`.
        command_id: The command, or the imported row, that caused it.
        caused_by: What made it be recorded other than the actor's own command, such as `finding:manager:m-1`.
        flags: Slugs of the rules it breaks; only findings and imports have any.
        schema: The schema number of the event as stored.
        event: The fact.
    """

    stream_id: UUID
    stream_kind: StreamKind
    version: int
    occurred_at: datetime
    actor: Actor
    source: str = NATIVE
    command_id: UUID
    caused_by: str | None = None
    flags: tuple[str, ...] = ()
    schema: int = 1
    event: E_co

    @property
    def originator_id(self) -> UUID:
        """The stream, in the words of `eventsourcing`."""
        return self.stream_id

    @property
    def originator_version(self) -> int:
        """The version, in the words of `eventsourcing`."""
        return self.version


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Envelope[E_co]):
    """A fact as the log has it.

    Attributes:
        position: Its place in the log, from 1, without gaps, in order of commit.
        recorded_at: When the log took it (UTC), later than any earlier append's.
    """

    position: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A fact on the log that this version cannot read: a newer one wrote it, or the bytes were changed.

    Attributes:
        topic: The name under which the event is stored.
        reason: Why it cannot be read, in one line with its place.
    """

    stream_id: UUID
    stream_kind: StreamKind
    version: int
    position: int
    recorded_at: datetime
    topic: str
    reason: str


Logged = Recorded[Event] | Unreadable
"""What stands at a position of the log."""
