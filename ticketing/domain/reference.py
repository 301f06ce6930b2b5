"""Reference data: sites, manufacturer standards, service policies and work calendars, published in versions.

A version is effective from a date and never edited. Each thing has a stream of its own in the same log.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, Literal, TypeVar
from uuid import UUID, uuid5

from pydantic import Field, field_validator

from ticketing.domain.assessment import Assessment
from ticketing.domain.calendar import Frozen, HolidaySet, MakeUpDay, Window
from ticketing.domain.clauses import Clause, DefinedTest, DemandedTest
from ticketing.domain.measured import MeasuredFigure
from ticketing.domain.policy import DefinedClock, WaitName
from ticketing.domain.values import Envelope, Event, FrozenDict, Instant, Key, Sha256, StreamKind

_REFERENCE_STREAMS = UUID("5f0c2f5e-6f0a-5f0e-9d53-3b2a3c1f7a10")
Version = Annotated[int, Field(ge=1)]


class Published(Event):
    """One version of one thing; `key` names the thing.

    A version that is effective from no later than an earlier one says so: `is_retroactive`.
    """

    key: Key
    version: Version
    effective_from: Instant
    is_retroactive: bool = False


class SitePublished(Published):
    """A place in the organisation, as from a date."""

    name: Key | None = None
    parent: Key | None = None
    kind: Literal["head_office", "branch", "workshop", "department", "warehouse"]
    ownership: Literal["own", "subcontracted"] = "own"
    brands: tuple[Key, ...] = ()
    zone: Key = "UTC"
    calendar: Key | None = None


class StandardPublished(Published):
    """A manufacturer's inspection standard, as from a date."""

    manufacturer: Key
    title: str | None = Field(default=None, max_length=500)
    document_hash: Sha256 | None = None
    tests: tuple[DefinedTest, ...] = ()
    clauses: tuple[Clause, ...] = ()
    tests_before_no_fault: tuple[DemandedTest, ...] = ()


class PolicyPublished(Published):
    """A service policy: its clocks, and the parameters of figures that a contract fixes.

    Attributes:
        manufacturer: Whose tickets alone it is for; None for all.
        causes: The order in which causes of waiting count in a ledger; those not named follow in the order of `WAITS`.
        figures: What the contract measures the company by, in the order of its scorecard.
    """

    title: str | None = Field(default=None, max_length=500)
    manufacturer: Key | None = None
    parameters: dict[Key, int | Key] = Field(default_factory=dict)
    clocks: tuple[DefinedClock, ...] = ()
    causes: tuple[WaitName, ...] = ()
    figures: tuple[MeasuredFigure, ...] = ()

    @field_validator("parameters")
    @classmethod
    def _unchanging(cls, parameters: dict[str, object]) -> dict[str, object]:
        return FrozenDict(parameters)


class CalendarPublished(Published):
    """The open hours of a place, as from a date.

    Attributes:
        holidays: Public holidays, on which no window opens.
        make_up_days: Days worked with windows of their own, beside those that come with the holidays.
        closed_days: Days on which no window opens, whatever else is said of them.
        frozen_until: The last day to freeze holidays and zone for; None takes the end of the tenth year after that of
            `effective_from`, or of the last for which days worked in exchange for holidays are announced.
        frozen: What publishing took from the libraries; nobody declares it.
    """

    title: str | None = Field(default=None, max_length=500)
    zone: Key = "UTC"
    windows: tuple[Window, ...] = ()
    holidays: HolidaySet | None = None
    make_up_days: tuple[MakeUpDay, ...] = ()
    closed_days: tuple[date, ...] = ()
    frozen_until: date | None = None
    frozen: Frozen | None = None


REFERENCE_EVENTS: Mapping[StreamKind, type[Published]] = {
    "calendar": CalendarPublished,
    "site": SitePublished,
    "standard": StandardPublished,
    "policy": PolicyPublished,
}
"""In the order in which things of one delivery are published: each names only things of kinds before its own."""


P = TypeVar("P", bound=Published)


def in_force(versions: Iterable[P], day: date) -> P | None:
    """The version that is in force on a day (UTC): the last of those that are effective by its end, or None."""
    effective = [thing for thing in versions if thing.effective_from.date() <= day]
    return max(effective, key=lambda thing: thing.version, default=None)


def reference_stream(kind: StreamKind, key: str) -> UUID:
    """The stream of one reference thing; the same in every store."""
    return uuid5(_REFERENCE_STREAMS, f"{kind}:{key}")


@dataclass(frozen=True, slots=True)
class Reference:
    """What a decision needs to know beside the ticket, frozen at the moment of deciding.

    Attributes:
        now: The application's clock (UTC).
        skew: How far `occurred_at` may be ahead of `now`.
        number_holder: The ticket that already has the number asked for, or None.
        unit_open_on: Another open ticket of the same serial, or None.
        standards: Every published version by (key, version).
        sites: The latest version of every site by key.
        target: The fact that a correction or retraction is about, as it stands now, or None.
        assessment: What the pinned standard says of the facts known; None where none is pinned.
    """

    now: datetime
    skew: timedelta = timedelta(minutes=5)
    number_holder: UUID | None = None
    unit_open_on: UUID | None = None
    standards: Mapping[tuple[str, int], StandardPublished] = field(default_factory=dict)
    sites: Mapping[str, SitePublished] = field(default_factory=dict)
    target: Envelope[Event] | None = None
    assessment: Assessment | None = None

    def same_place(self, one: str, other: str) -> bool:
        """Whether two sites are one place: a department lies where its parent does, any other site by itself."""
        return self._place(one) == self._place(other)

    def _place(self, key: str) -> str:
        seen = {key}
        while (site := self.sites.get(key)) is not None and site.kind == "department" and site.parent is not None:
            if site.parent in seen:
                break
            key = site.parent
            seen.add(key)
        return key
