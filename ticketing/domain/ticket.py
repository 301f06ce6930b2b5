"""Ticket: what the surviving facts of one case add up to.

A mutable slots dataclass, because a frozen one costs ten times as much to fold; nobody but `evolve` writes to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from ticketing.domain import events as e
from ticketing.domain.disputed import Claim, Dispute, Evidence
from ticketing.domain.lifecycle import START
from ticketing.domain.values import Money, Party, SerialNumber


@dataclass(slots=True)
class Wait:
    """A recorded wait that is still open."""

    cause: e.WaitCause
    started_at: datetime
    responsible: Party | None


@dataclass(slots=True)
class Estimate:
    """One version of the estimate and what became of it.

    Attributes:
        performed: The customer's part of the work done on it.
        revised: By line, who bears what of its price since a verdict or settlement changed that.
    """

    version: int
    lines: Mapping[str, e.EstimateLine]
    maximum: Money
    valid_until: datetime | None
    issued_at: datetime
    performed: Decimal = Decimal(0)
    is_declined: bool = False
    approved_lines: frozenset[str] = frozenset()
    revised: dict[str, dict[Party, Money]] = field(default_factory=dict)
    cycle: int = 0

    def borne(self, line_id: str) -> Mapping[Party, Money]:
        """Who bears what of a line's price; nobody anything of a line that there is not."""
        line = self.lines.get(line_id)
        return self.revised.get(line_id, {line.payer: line.price}) if line is not None else {}


@dataclass(slots=True)
class Complaint:
    """One complaint and how far it came."""

    complaint_id: str
    about: str
    received_at: datetime
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    is_upheld: bool | None = None


@dataclass(slots=True)
class Bill:
    """One bill, with what was credited of it, and the estimate version that was approved when it was issued."""

    bill_id: str
    lines: tuple[e.BillLine, ...]
    estimate_version: int | None
    credited: Decimal = Decimal(0)
    cycle: int = 0

    @property
    def charged(self) -> Decimal:
        """What the bill charges all payers together; a bill has one currency."""
        return sum((line.amount.amount for line in self.lines), Decimal(0))

    @property
    def charged_to_customer(self) -> Decimal:
        """What the customer still owes on approved lines; a credit counts only where nobody else is charged."""
        charged = sum((line.amount.amount for line in self.lines if line.is_customers_estimate_line), Decimal(0))
        is_customers_alone = all(line.payer == "customer" for line in self.lines)
        return max(Decimal(0), charged - self.credited) if is_customers_alone else charged


Notice = tuple[str | None, str, int | None, str | None, str]
"""A notice that went out: policy, clock, cycle, subject, kind."""


@dataclass(slots=True)
class CycleFacts:
    """What the present cycle has seen; a reopening begins it anew."""

    has_diagnosis: bool = False
    has_looked: bool = False
    finished: set[e.Checked] = field(default_factory=set)
    technicians: set[str] = field(default_factory=set)
    is_exchanged: bool = False
    findings: dict[str, e.Finding] = field(default_factory=dict)
    found_nothing: bool = False
    tests: set[tuple[str, str]] = field(default_factory=set)
    notices: set[Notice] = field(default_factory=set)


@dataclass(slots=True)
class Ticket:
    """A repair ticket as its surviving facts leave it.

    Regions `case`, `custody` and `work` are those of `lifecycle`; instants are UTC; `version` is the last fact's.
    """

    ticket_id: UUID
    version: int = 0
    number: str | None = None
    site: str | None = None
    assigned_site: str | None = None
    assigned_person: str | None = None
    channel: e.Channel = "counter"
    customer_ref: str | None = None
    customer_kind: e.CustomerKind = "consumer"
    manufacturer: str | None = None
    model: str | None = None
    serial: SerialNumber | None = None
    manufactured_on: date | None = None
    purchased_on: date | None = None
    paperwork_complete: bool = False
    previous_ticket: UUID | None = None

    case: str = START["case"]
    custody: str = START["custody"]
    work: str = START["work"]
    moved_at: dict[str, datetime] = field(default_factory=dict)
    unit_site: str | None = None
    was_received: bool = False
    cycle: int = 0
    cycle_opened_at: datetime | None = None
    in_cycle: CycleFacts = field(default_factory=CycleFacts)
    opened_at: datetime | None = None
    handed_back_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: e.Outcome | None = None

    promised_at: datetime | None = None
    entitlement: e.Basis | None = None
    is_refused: bool = False
    pinned: e.StandardPinned | None = None
    estimates: dict[int, Estimate] = field(default_factory=dict)
    waits: dict[e.WaitCause, Wait] = field(default_factory=dict)
    requests: dict[str, bool | None] = field(default_factory=dict)
    disputes: dict[str, Dispute] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    complaints: dict[str, Complaint] = field(default_factory=dict)
    bills: dict[str, Bill] = field(default_factory=dict)
    paid: dict[str, Decimal] = field(default_factory=dict)
    actors: dict[int, str] = field(default_factory=dict)
    deciders: dict[int, frozenset[str]] = field(default_factory=dict)
    notices: set[Notice] = field(default_factory=set)

    def is_in_cycle(self, occurred_at: datetime) -> bool:
        """Whether what occurred then belongs to the present cycle, and not to an earlier one."""
        return self.cycle_opened_at is None or occurred_at >= self.cycle_opened_at

    @property
    def approved_estimate(self) -> Estimate | None:
        """The estimate version that the customer approved last, or None."""
        approved = [estimate for estimate in self.estimates.values() if estimate.approved_lines]
        return approved[-1] if approved else None

    @property
    def approved_in_cycle(self) -> Estimate | None:
        """The estimate version approved last, if it was issued in the present cycle, or None."""
        approved = self.approved_estimate
        return approved if approved is not None and self.is_in_cycle(approved.issued_at) else None

    @property
    def work_has_ended(self) -> bool:
        """Whether work never began or has come to an end; a diagnosis that found no fault is one."""
        done = self.work in ("idle", "finished", "checked", "ended")
        return done or (self.work == "diagnosed" and self.in_cycle.found_nothing)

    @property
    def unit_is_back(self) -> bool:
        """Whether the company no longer owes the customer the unit."""
        return self.custody in ("outside", "handed_back", "disposed") or self.in_cycle.is_exchanged

    @property
    def blocking_disputes(self) -> tuple[str, ...]:
        """The ids of open disputes that keep the ticket from closing."""
        return tuple(d.dispute_id for d in self.disputes.values() if d.is_open and d.is_blocking)
