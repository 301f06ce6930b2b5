"""Case: what the people around one simulated ticket know, and how they send their commands.

A life is a generator that yields steps: when, which command, and by which rule it is meant to be refused, if it is; or
that somebody confirms what follows from a dispute. It gets back the ticket's version. The steps of all lives are sent
in the order of time.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID

from ticketing.domain.command import Command, TicketCommand
from ticketing.domain.events import Channel, CustomerKind
from ticketing.domain.reference import StandardPublished
from ticketing.domain.values import Actor, Cause, Role
from ticketing.simulator.chance import Chance
from ticketing.simulator.world import CLOSES_AT, HEAD_OFFICE, HOLIDAYS, OPENS_AT, STAFF, Model, Part, standard_on

R = TypeVar("R")


@dataclass(frozen=True)
class Step:
    """One command on its way.

    Attributes:
        when: When it is sent.
        refused_by: The slug of the rule that is to refuse it; None for a command that is to be accepted.
    """

    when: datetime
    command: Command
    refused_by: str | None = None


@dataclass(frozen=True)
class Confirmation:
    """Somebody's word on whatever is proposed by then to follow from a dispute; `second` approves what needs two."""

    when: datetime
    ticket_id: UUID
    dispute_id: str
    actor: Actor
    second: Actor


Life = Generator[Step | Confirmation, int, R]


@dataclass
class Unit:
    """One article and whose it is."""

    model: Model
    serial: str
    customer_ref: str
    customer_kind: CustomerKind
    purchased_on: date


@dataclass
class Returning:
    """A unit that went home, and may come again."""

    unit: Unit
    ticket_id: UUID
    branch: str
    handed_back_at: datetime


@dataclass
class Scene:
    """What all cases of one world share.

    Attributes:
        returning: Units whose case is over.
        begun: Lives that began beside others and are not scheduled yet.
    """

    chance: Chance
    returning: list[Returning] = field(default_factory=list)
    begun: list[tuple[datetime, Life[None]]] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)

    def staff(self, role: Role, site: str = HEAD_OFFICE) -> Actor:
        """Somebody of that role at a site."""
        return Actor(id=f"{site}-{role}-{self.chance.whole(1, STAFF[site][role])}", role=role, site=site)

    def next_id(self, kind: str) -> str:
        """The next running id of its kind, such as `K-17`."""
        self.counted[kind] = self.counted.get(kind, 0) + 1
        return f"{kind}-{self.counted[kind]}"


@dataclass
class Case:
    """One ticket, seen by those who deal with it.

    Attributes:
        part: The part that fails, if one does.
        technician: Who works on it, at the bench of a branch or in a workshop.
        opened_at: When the case is opened.
        now: When the next step of this life is sent.
        unit_at: The site where the unit stands.
        is_covered: Whether the customer gets the repair for nothing.
        is_claimable: Whether the manufacturer's standard says so, and the manufacturer is to pay.
    """

    scene: Scene
    ticket_id: UUID
    number: str
    branch: str
    unit: Unit
    part: Part
    technician: Actor
    opened_at: datetime
    now: datetime
    unit_at: str
    channel: Channel = "counter"
    previous: Returning | None = None
    has_proof: bool = True
    cause: Cause = "unknown"
    is_covered: bool = False
    is_claimable: bool = False
    is_paid_by_customer: bool = False
    is_reopened: bool = False

    @property
    def chance(self) -> Chance:
        return self.scene.chance

    @property
    def is_at_home(self) -> bool:
        """Whether the company goes to the unit instead of the unit to the company."""
        return self.channel in ("on_site", "remote")

    @property
    def place(self) -> str:
        """Where it is worked on: the bench of a branch, or a workshop."""
        return self.technician.site or self.branch

    @property
    def standard(self) -> StandardPublished:
        """The version in force on the day of purchase where that is proved, else on the day of intake."""
        day = self.unit.purchased_on if self.has_proof else self.opened_at.date()
        return standard_on(self.unit.model.manufacturer, day)

    @property
    def customer(self) -> Actor:
        return Actor(id=self.unit.customer_ref, role="customer")

    def staff(self, role: Role, site: str = HEAD_OFFICE) -> Actor:
        """Somebody of that role at a site."""
        return self.scene.staff(role, site)

    def pass_hours(self, low: float, high: float) -> None:
        """Some hours pass, and then until somebody is there."""
        self.now = open_at(self.now + self.chance.minutes(60 * low, 60 * high))

    def pass_days(self, low: float, high: float) -> None:
        """Some days pass, and then until somebody is there."""
        self.pass_hours(24 * low, 24 * high)

    def step(self, actor: Actor, command: type[TicketCommand], /, **fields: object) -> Step:
        """The command as it is sent now; the next one is sent some minutes later.

        Args:
            actor: Who sends it.
            command: What is sent.
            fields: The command's own fields; `occurred_at` is for what happened earlier.
        """
        sent = command.model_validate({"actor": actor, "ticket_id": self.ticket_id, **fields})
        step = Step(self.now, sent)
        self.now = open_at(self.now + self.chance.minutes(2, 14))
        return step

    def refused(self, rule: str, actor: Actor, command: type[TicketCommand], /, **fields: object) -> Step:
        """A command that the rule of this slug is to refuse, as it is sent now."""
        return replace(self.step(actor, command, **fields), refused_by=rule)

    def confirmed(self, actor: Actor, dispute_id: str) -> Confirmation:
        """What follows from a dispute, confirmed now; the next command is sent some minutes later."""
        confirmation = Confirmation(self.now, self.ticket_id, dispute_id, actor, self.staff("manager"))
        self.now = open_at(self.now + self.chance.minutes(5, 20))
        return confirmation

    def told_later(self, low: float, high: float) -> Mapping[str, datetime]:
        """What happens now gets recorded only some hours later: the field `occurred_at` that says so."""
        happened_at = self.now
        self.pass_hours(low, high)
        return {"occurred_at": happened_at}

    def sometimes_late(self, probability: float, low: float, high: float) -> Mapping[str, datetime]:
        """Now and then a fact is recorded only some hours after it happened; otherwise at once."""
        return self.told_later(low, high) if self.chance.happens(probability) else {}

    def begin(self, life: Callable[["Case"], Life[None]], at: datetime) -> None:
        """Lets another life of this ticket begin at an instant, beside this one and with a time of its own."""
        self.scene.begun.append((at, life(replace(self, now=at))))


def open_at(instant: datetime) -> datetime:
    """The instant itself while somebody is there, else a while after the doors open next."""
    day = instant
    while day.weekday() == 6 or day.date() in HOLIDAYS or day.hour >= CLOSES_AT:
        day = datetime.combine(day.date() + timedelta(days=1), time(0), UTC)
    if day is instant and day.hour >= OPENS_AT:
        return instant
    return day.replace(hour=OPENS_AT, minute=instant.minute, second=instant.second)
