"""Ticket: what the surviving facts of one case add up to.

A mutable slots dataclass, because a frozen one costs ten times as much to fold; nobody but `evolve` writes to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from ticketing.domain import events as e
from ticketing.domain.lifecycle import START
from ticketing.domain.values import Money, SerialNumber


@dataclass(slots=True)
class Wait:
    """A recorded wait that is still open."""

    cause: e.WaitCause
    started_at: datetime
    responsible: e.Party | None


@dataclass(slots=True)
class Estimate:
    """One version of the estimate and what became of it."""

    version: int
    lines: Mapping[str, e.EstimateLine]
    maximum: Money
    valid_until: datetime | None
    is_declined: bool = False
    approved_lines: frozenset[str] = frozenset()


@dataclass(slots=True)
class Dispute:
    """One dispute, with who has said where they stand."""

    dispute_id: str
    ground: e.DisputeGround
    parties: tuple[e.Party, ...]
    about_version: int | None
    is_blocking: bool
    opened_at: datetime
    heard: set[e.Party] = field(default_factory=set)
    verdicts: list[e.VerdictIssued] = field(default_factory=list)
    is_open: bool = True


@dataclass(slots=True)
class Claim:
    """One claim and its latest decision."""

    claim_id: str
    amount: Money
    amount_approved: Money | None = None


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
    """One bill, with what was credited of it."""

    bill_id: str
    lines: tuple[e.BillLine, ...]
    credited: Decimal = Decimal(0)


@dataclass(slots=True)
class CycleFacts:
    """What the present cycle has seen; a reopening begins it anew."""

    has_diagnosis: bool = False
    has_looked: bool = False
    finished: set[e.Checked] = field(default_factory=set)
    technicians: set[str] = field(default_factory=set)
    is_exchanged: bool = False
    findings: dict[str, e.Finding] = field(default_factory=dict)
    notices: set[tuple[str, str]] = field(default_factory=set)

    @property
    def found_nothing(self) -> bool:
        """Whether the diagnosis of this cycle found no fault."""
        return bool(self.findings) and all(finding.cause == "none_found" for finding in self.findings.values())


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
    tests: set[tuple[str, str]] = field(default_factory=set)
    estimates: dict[int, Estimate] = field(default_factory=dict)
    performed: dict[str, Decimal] = field(default_factory=dict)
    waits: dict[e.WaitCause, Wait] = field(default_factory=dict)
    requests: dict[str, bool | None] = field(default_factory=dict)
    disputes: dict[str, Dispute] = field(default_factory=dict)
    evidence: set[str] = field(default_factory=set)
    claims: dict[str, Claim] = field(default_factory=dict)
    complaints: dict[str, Complaint] = field(default_factory=dict)
    bills: dict[str, Bill] = field(default_factory=dict)
    paid: Decimal = Decimal(0)
    actors: dict[int, str] = field(default_factory=dict)

    @property
    def approved_estimate(self) -> Estimate | None:
        """The estimate version that the customer approved last, or None."""
        approved = [estimate for estimate in self.estimates.values() if estimate.approved_lines]
        return approved[-1] if approved else None

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
