"""Policies: the clocks that a contract, a promise, a statute or a site's target sets.

A clock runs from its start fact to the first of its stop facts after that; what counts on the way, and against what, is
said here and computed in `clock.py`.
"""

from decimal import Decimal
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, StrictInt

from ticketing.domain import events as e
from ticketing.domain.values import Key, Number, Value

DerivedWait = Literal["transit", "customer_approval", "customer_collection", "dispute"]
"""Waits that other facts show."""
WaitName = Literal[e.WaitCause, DerivedWait]
WAITS: tuple[WaitName, ...] = (*get_args(e.WaitCause), *get_args(DerivedWait))
"""Recorded causes, then those that other facts show, in the order in which they count in a ledger."""

Binds = Literal["customer_promise", "site", "manufacturer_contract", "statute", "customer_duty"]
Until = Literal["PromiseMade.due_at", "EstimateIssued.valid_until", "PositionRequested.deadline"]
OnReopening = Literal["anew", "adds_up", "first_only"]


def _one_or_more(given: object) -> object:
    return (given,) if isinstance(given, str) else given


FactNames = Annotated[tuple[Key, ...], BeforeValidator(_one_or_more)]


class Target(Value):
    """What a clock's value is held against: exactly one of the four.

    Attributes:
        working_hours: Open hours of the clock's calendar.
        elapsed_hours: Hours by any watch.
        calendar_days: Local days after the start day; the last ends at 24:00. Days that are paused whole do not count.
        until: The field of the start fact that is the due date itself; nothing pauses it, and a later fact of the
            same kind replaces it.
    """

    working_hours: Number | None = None
    elapsed_hours: Number | None = None
    calendar_days: StrictInt | None = None
    until: Until | None = None


class Conditions(Value):
    """Which tickets a clock is for; what is left empty asks nothing, and all that is named must hold.

    Attributes:
        sites: For a site's own clock the site of the stay, for any other the site of the opening.
        entitlements: The basis as last decided; none holds before the first decision.
    """

    manufacturers: tuple[Key, ...] = ()
    models: tuple[Key, ...] = ()
    sites: tuple[Key, ...] = ()
    entitlements: tuple[e.Basis, ...] = ()
    customer_kinds: tuple[e.CustomerKind, ...] = ()


class DefinedNotice(Value):
    """Something to be said of a clock that runs, once: at a share of its target, or so long before it, in its own time.

    Attributes:
        at_percent: Of the target, 1 to 100; of calendar days, those rounded up.
        before_hours: Of the clock's own time, not of calendar days.
        to: Whom it is for.
    """

    kind: Key
    at_percent: StrictInt | None = None
    before_hours: Number | None = None
    to: Key


class DefinedClock(Value):
    """One clock of a policy.

    Attributes:
        id: Its name within the policy.
        binds: Whom it binds. `site` follows custody: it has no facts of its own, every stay at a site is a subject.
        starts: Names of facts, such as `UnitReceived`; the first in a cycle starts it. Facts about a named thing (an
            estimate, bill, request, dispute, claim, complaint) start one clock for each such thing, its subject.
        stops: The first of these after the start stops it; of facts about a named thing, one about the same.
        calendar: The key of the calendar whose open hours, and whose zone, count.
        is_site_calendar: The site's own calendar counts where it has one; `calendar` for the others.
        pauses: Causes of waits during which it does not run.
        on_reopening: `anew` begins another clock with the next cycle's start fact; `adds_up` goes on counting in the
            next cycle from its start fact; `first_only` knows the first cycle alone.
        outlasts_closing: Whether it goes on when the ticket is closed; else the closing cancels what nothing stopped.
    """

    id: Key
    title: str | None = Field(default=None, max_length=500)
    binds: Binds
    starts: FactNames = ()
    stops: FactNames = ()
    target: Target
    calendar: Key | None = None
    is_site_calendar: bool = False
    pauses: tuple[WaitName, ...] = ()
    conditions: Conditions = Conditions()
    notices: tuple[DefinedNotice, ...] = ()
    on_reopening: OnReopening = "anew"
    outlasts_closing: bool = False


def seconds_of(hours: Decimal | int) -> Decimal:
    """So many hours in seconds."""
    return Decimal(hours) * 3600
