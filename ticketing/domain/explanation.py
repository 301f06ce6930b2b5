"""Explanation: all that makes one clock of one ticket what it is, as plain values."""

from datetime import date
from uuid import UUID

from ticketing.domain.judged import Judged, State, Verdict
from ticketing.domain.policy import Conditions, WaitName
from ticketing.domain.values import Actor, Instant, Key, Value
from ticketing.domain.waits import InCharge
from ticketing.domain.wall import ClockChange, DayKind


class FactTold(Value):
    """A fact that made the clock what it is."""

    version: int
    event: Key
    occurred_at: Instant
    recorded_at: Instant
    is_imported: bool
    actor: Actor
    words: str


class VersionTold(Value):
    """A version of a policy or calendar that counted.

    Attributes:
        position: At which it stands on the log.
        published_at: When it was published; None where nobody looked.
        is_extension: Whether it counts only where the horizon of the earlier ones has been passed.
    """

    key: Key
    version: int
    title: str | None
    effective_from: Instant
    position: int
    published_at: Instant | None = None
    is_extension: bool = False


class Held(Value):
    """From when to when conditions held; `to_at` None where they still do."""

    from_at: Instant
    to_at: Instant | None = None


class WaitTold(Value):
    """A wait while the clock went on, and whether it is one of those that pause it."""

    cause: WaitName
    party: InCharge
    dispute_id: Key | None
    from_at: Instant
    to_at: Instant | None
    from_version: int
    to_version: int | None
    is_pausing: bool


class Stretch(Value):
    """A part of a day, with its local times; `24:00` is the end of the day."""

    from_at: Instant
    to_at: Instant
    begins: str
    ends: str


class Pause(Stretch):
    """A part of a day on which the clock stood still.

    Attributes:
        causes: The waits; none between a stop and the next start of a clock that adds up.
        versions: The facts that began them, and ended them.
    """

    causes: tuple[WaitName, ...] = ()
    versions: tuple[int, ...] = ()


class Day(Value):
    """One local day of the clock, or the part of it that is meant.

    Attributes:
        kind: Which rule of the calendar speaks of the day, and `name` the holiday's name.
        windows: All that is open on the day; the whole day for a clock that goes by any watch.
        ran: From when to when the clock was on that day.
        pauses: What of the open time in `ran` did not count.
        counted: In the clock's measure, as `Judged.used`.
        total: Counted up to the end of this day.
        clock_change: Where the clocks were changed on that day.
        is_ahead: Whether it is still to come, and holds only if nothing more happens.
    """

    on: date
    kind: DayKind
    name: str | None = None
    windows: tuple[Stretch, ...] = ()
    ran: Stretch
    pauses: tuple[Pause, ...] = ()
    counted: int
    total: int
    clock_change: ClockChange | None = None
    is_ahead: bool = False


class Explanation(Value):
    """All that makes one clock of one ticket what it is.

    Attributes:
        at: As of when.
        then: What had been judged by then.
        is_forced: Whether the version judges because it was asked about, whatever was in force.
        zone: Whose days these are.
        frozen_until: The last day that the calendar is frozen for; what lies after is provisional.
        conditions: What the clock asks of a ticket, and `held` from when to when it had that.
        stop: What stopped it, or `ending` what ended it without a verdict.
        told: For a clock that runs until a date: the facts that named one, in order.
        days: In order; of a clock that goes on, then those up to its due date. None for one that runs until a date.
        restated: The facts that made the present verdict another than the one judged then.
        notices: The notices that went out.
    """

    ticket_id: UUID
    number: Key | None
    at: Instant
    judged: Judged
    state: State
    then: Verdict | None
    title: str | None
    policy: VersionTold
    is_forced: bool = False
    calendar: tuple[VersionTold, ...] = ()
    zone: Key = "UTC"
    frozen_until: date | None = None
    manufacturer: Key | None = None
    conditions: Conditions = Conditions()
    held: tuple[Held, ...] = ()
    start: FactTold
    stop: FactTold | None = None
    ending: FactTold | None = None
    told: tuple[FactTold, ...] = ()
    waits: tuple[WaitTold, ...] = ()
    days: tuple[Day, ...] = ()
    restated: tuple[FactTold, ...] = ()
    notices: tuple[FactTold, ...] = ()
