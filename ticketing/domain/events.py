"""Every fact of a repair ticket, in the order of its life.

A stored name never changes; a field is only added, with a default. Anything else needs a new schema number, an
upcast and a golden file. Narrative is `PrivateText`; every plain `str` is an identifier or a code.
"""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StrictStr, field_validator

from ticketing.domain.assessment import Assessment
from ticketing.domain.values import (
    Cause,
    Code,
    Event,
    FrozenDict,
    Instant,
    Key,
    Language,
    Money,
    Number,
    Party,
    PrivateText,
    Quantity,
    SerialNumber,
    Sha256,
    Value,
)

Channel = Literal["counter", "dealer", "courier", "on_site", "remote"]
CustomerKind = Literal["consumer", "dealer", "business"]
Basis = Literal["warranty", "statutory", "repair_guarantee", "goodwill", "none"]
Payer = Literal["customer", "manufacturer", "company", "insurer"]
WaitCause = Literal[
    "customer_information",
    "proof_of_purchase",
    "payment",
    "parts_ours",
    "parts_manufacturer",
    "manufacturer_decision",
    "expert_opinion",
    "capacity",
    "force_majeure",
]
DisputeGround = Literal[
    "coverage",
    "criterion",
    "fault_existence",
    "repair_quality",
    "custody_damage",
    "price",
    "delay",
    "rejected_claim",
]
Checked = Literal["repair", "no_fault", "returned", "exchange"]
Outcome = Literal[
    "repaired",
    "no_fault_found",
    "unrepairable",
    "exchanged",
    "refunded",
    "returned_unrepaired",
    "refused",
    "disposed",
    "cancelled",
]
Count = Annotated[int, Field(ge=1)]
Minutes = Annotated[int, Field(ge=0)]


# intake


class TicketOpened(Event):
    """A customer's case was taken in."""

    number: Key
    site: Key
    channel: Channel = "counter"
    customer_ref: Key | None = None
    customer_kind: CustomerKind = "consumer"
    manufacturer: Key | None = None
    model: Key | None = None
    serial: SerialNumber | None = None
    symptom: PrivateText | None = None
    symptom_code: Code | None = None
    basis_claimed: Basis | None = None


class UnitReceived(Event):
    """The unit came into the company's custody at a site."""

    site: Key
    condition: PrivateText | None = None
    accessories: tuple[Key, ...] = ()
    paperwork_complete: bool = True


class UnitIdentified(Event):
    """What the unit is was found out; may come late or correct the intake."""

    manufacturer: Key | None = None
    model: Key | None = None
    serial: SerialNumber | None = None
    manufactured_on: date | None = None


class PaperworkCompleted(Event):
    """The papers that were missing at receipt are there."""


class ProofOfPurchaseRecorded(Event):
    """A proof of purchase was shown."""

    purchased_on: date
    seller: Key | None = None
    handed_over_on: date | None = None


class PromiseMade(Event):
    """The customer was promised a date; a later promise replaces it, both stay visible."""

    due_at: Instant


class RepeatLinked(Event):
    """The case was linked to an earlier ticket of the same unit."""

    previous_ticket: UUID
    basis: Literal["same_fault", "same_unit", "customer_says"]


# routing


class TicketAssigned(Event):
    """The ticket was given to a site, and to a person or none."""

    site: Key
    person: Key | None = None
    reason: PrivateText | None = None


class UnitDispatched(Event):
    """The unit left for another site or a party outside."""

    to: Key
    to_kind: Literal["site", "party"] = "site"


class UnitArrived(Event):
    """The dispatched unit arrived at a site."""

    site: Key


class RequestMade(Event):
    """One site asked another for something."""

    request_id: Key
    from_site: Key | None = None
    to_site: Key
    about: Literal["part", "tool", "information", "decision"]
    text: PrivateText | None = None


class RequestAnswered(Event):
    """A site answered another's request."""

    request_id: Key
    is_granted: bool
    text: PrivateText | None = None


class CustomerContacted(Event):
    """The company and the customer spoke."""

    direction: Literal["to_customer", "from_customer"]
    channel: Literal["counter", "phone", "mail", "letter", "message"]
    topic: Key
    explanation_accepted: bool | None = None
    text: PrivateText | None = None


# diagnosis


class DiagnosisStarted(Event):
    """Somebody began to look at the unit."""


class TestPerformed(Event):
    """One test was made, with its reading."""

    __test__ = False  # not a test class, whatever pytest makes of the name

    test: Key
    stage: Literal["standard", "under_load"] = "standard"
    reading: Quantity | None = None
    passed: bool


class Finding(Value):
    """One thing that the diagnosis found."""

    finding_id: Key
    defect_code: Code | None = None
    cause: Cause
    text: PrivateText | None = None


class DiagnosisRecorded(Event):
    """What is wrong with the unit, and why."""

    findings: tuple[Finding, ...]

    @property
    def found_nothing(self) -> bool:
        """Whether every finding says that there is no fault."""
        return bool(self.findings) and all(finding.cause == "none_found" for finding in self.findings)


class StandardPinned(Event):
    """The manufacturer's standard that applies was fixed; or none, with the reason."""

    standard: Key | None = None
    standard_version: Count | None = None
    document_hash: Sha256 | None = None
    clauses: tuple[Key, ...] = ()
    basis: Literal["purchase", "intake", "inspection"] | None = None
    none_reason: PrivateText | None = None


class EntitlementDecided(Event):
    """On what basis the repair is free, or that it is not; beside it what the pinned standard said of the facts."""

    basis: Basis
    clauses: tuple[Key, ...] = ()
    reason: PrivateText
    assessment: Assessment | None = None


class EntitlementRevised(Event):
    """The decision on the entitlement was changed."""

    from_basis: Basis = Field(alias="from")
    to_basis: Basis = Field(alias="to")
    trigger: Literal["diagnosis", "proof_of_purchase", "verdict", "manufacturer", "complaint", "error"]
    reason: PrivateText
    approved_by: Key | None = None
    assessment: Assessment | None = None


class ServiceRefused(Event):
    """The company refused the service asked for."""

    ground: (
        Literal["out_of_warranty", "misuse", "accident", "third_party_work", "no_proof", "unrepairable", "other"] | None
    ) = None
    clause: Key | None = None
    explanation: PrivateText | None = None
    assessment: Assessment | None = None


# estimate


class EstimateLine(Value):
    """One line of an estimate: for which finding, who pays, on what basis, how much."""

    line_id: Key
    finding_id: Key | None = None
    payer: Payer
    basis: Basis
    price: Money
    text: PrivateText | None = None


class EstimateIssued(Event):
    """The customer got an estimate."""

    estimate_version: Count
    lines: tuple[EstimateLine, ...]
    maximum: Money
    valid_until: Instant | None = None


class EstimateApproved(Event):
    """The customer approved lines of one estimate version."""

    estimate_version: Count
    lines: tuple[Key, ...]
    proof: Sha256 | None = None


class EstimateDeclined(Event):
    """The customer declined the estimate."""

    estimate_version: Count
    reason: PrivateText | None = None


# waiting


class WaitStarted(Event):
    """The case began to wait for something that no other fact shows."""

    cause: WaitCause
    responsible: Party | None = None
    expected_until: Instant | None = None
    evidence: Sha256 | None = None


class WaitEnded(Event):
    """The wait for that cause is over."""

    cause: WaitCause


# dispute


class DisputeOpened(Event):
    """Parties differ, and one of them says so."""

    dispute_id: Key
    ground: DisputeGround
    raised_by: Party
    parties: tuple[Party, ...]
    about_version: int | None = None
    is_blocking: bool = False
    text: PrivateText | None = None


class PositionRequested(Event):
    """A party was asked where it stands, and until when."""

    dispute_id: Key
    party: Party
    deadline: Instant
    text: PrivateText | None = None


class PositionStated(Event):
    """A party said where it stands, or its silence after a deadline was recorded.

    Where somebody else entered it, `on_behalf_of` is for whom, `letter_hash` the hash of what they wrote; `language` is
    that of the texts.
    """

    dispute_id: Key
    party: Party
    is_silence: bool = False
    deadline: Instant | None = None
    clause: Key | None = None
    requested_outcome: PrivateText | None = None
    statement: PrivateText | None = None
    on_behalf_of: Key | None = None
    letter_hash: Sha256 | None = None
    language: Language | None = None

    @property
    def says_something(self) -> bool:
        """Whether it has a statement, a demand or a letter."""
        return any(part is not None for part in (self.statement, self.requested_outcome, self.letter_hash))


class EvidenceSubmitted(Event):
    """Evidence was put on record by its hash; `held_by` is who keeps the thing itself, where it is more than a file."""

    evidence_id: Key
    dispute_id: Key | None = None
    sha256: Sha256
    media_type: Key
    kind: Key | None = None
    size_bytes: Annotated[int, Field(ge=0)] | None = None
    captured_at: Instant | None = None
    captured_by: Key | None = None
    held_by: Key | None = None


class EvidenceHandedOver(Event):
    """A piece of evidence went from one holder to the next."""

    evidence_id: Key
    from_holder: Key
    to_holder: Key
    note: PrivateText | None = None


class JointInspectionHeld(Event):
    """The parties looked at the unit together; `invited` are all who were asked to come."""

    dispute_id: Key
    attendees: tuple[Key, ...]
    protocol: PrivateText | None = None
    invited: tuple[Key, ...] = ()
    protocol_hash: Sha256 | None = None


class Share(Value):
    """What part of the cost one party bears."""

    party: Party
    percent: Annotated[Number, Field(ge=0, le=100)]


class VerdictIssued(Event):
    """Somebody who is not judge in their own case decided the dispute."""

    dispute_id: Key
    by: Key
    in_favour_of: Party
    shares: tuple[Share, ...] = ()
    clause: Key | None = None
    reasons: PrivateText


class VerdictAppealed(Event):
    """A party does not accept the verdict."""

    dispute_id: Key
    party: Party
    reasons: PrivateText | None = None


class DisputeClosed(Event):
    """The dispute is over. A settlement may say who bears which share, and what the customer is credited."""

    dispute_id: Key
    how: Literal["decided", "settled", "withdrawn"]
    terms: PrivateText | None = None
    shares: tuple[Share, ...] = ()
    amount: Money | None = None


class LineShare(Value):
    """What one party bears of the price of one line of an estimate."""

    line_id: Key
    payer: Party
    amount: Money


class PayersRevised(Event):
    """Who bears what of lines of an estimate was changed, because of a verdict or settlement."""

    dispute_id: Key
    estimate_version: Count
    lines: tuple[LineShare, ...]
    reason: PrivateText


# claim


class ClaimLine(Value):
    """One line of a claim to the manufacturer."""

    line_id: Key
    amount: Money


class ClaimSubmitted(Event):
    """The company asked the manufacturer (or an insurer, or the seller) to pay, perhaps because of a dispute."""

    claim_id: Key
    to: Key
    lines: tuple[ClaimLine, ...] = ()
    amount: Money
    to_party: Party = "manufacturer"
    dispute_id: Key | None = None


class ClaimDecided(Event):
    """The manufacturer decided the claim; a later, lower decision is a charge-back."""

    claim_id: Key
    amount_approved: Money
    clause: Key | None = None
    reason: PrivateText | None = None
    on_behalf_of: Key | None = None
    letter_hash: Sha256 | None = None


# repair


class RepairStarted(Event):
    """The repair began."""


class PartFitted(Event):
    """A part was built in."""

    part_number: Key
    serial_in: SerialNumber | None = None
    serial_out: SerialNumber | None = None
    quantity: Count = 1
    cost: Money | None = None
    estimate_line: Key | None = None


class WorkLogged(Event):
    """Time was spent on the unit."""

    minutes: Minutes
    cost: Money | None = None
    estimate_line: Key | None = None


class RepairCompleted(Event):
    """The technician reported the unit repaired."""

    actions: tuple[Code, ...] = ()


class RepairAbandoned(Event):
    """The repair was given up."""

    reason: PrivateText


class UnitExchanged(Event):
    """The customer gets another unit; the work ends."""

    new_serial: SerialNumber


# quality


class CheckResult(Value):
    """One point of the inspector's checklist."""

    point: Key
    passed: bool


class QcPassed(Event):
    """The inspector signed the unit off."""

    checked: Checked = "repair"
    checklist_version: Key | None = None
    results: tuple[CheckResult, ...] = ()


class QcFailed(Event):
    """The inspector sent the unit back."""

    defects: tuple[Code, ...] = ()
    back_to: Key | None = None


class QcWaived(Event):
    """Somebody let the unit go without inspection; `by` is who decided it, where that is not the actor."""

    by: Key | None = None
    reason: PrivateText


# bill


class BillLine(Value):
    """One line of a bill: an approved estimate line, or the reason why there is none."""

    line_id: Key
    estimate_line: Key | None = None
    reason: PrivateText | None = None
    payer: Payer
    amount: Money

    @property
    def is_customers_estimate_line(self) -> bool:
        """Whether the customer is charged for a line of the estimate."""
        return self.payer == "customer" and self.estimate_line is not None


class BillIssued(Event):
    """A bill was issued."""

    bill_id: Key
    lines: tuple[BillLine, ...]


class BillCredited(Event):
    """A bill was credited, in whole or in part, perhaps because of a dispute."""

    bill_id: Key
    amount: Money
    reason: PrivateText
    dispute_id: Key | None = None


class PaymentReceived(Event):
    """Money came in."""

    amount: Money
    payer: Payer = "customer"
    bill_id: Key | None = None


# closure


class CustomerNotified(Event):
    """The customer was told that the unit is ready."""

    channel: Literal["counter", "phone", "mail", "letter", "message"] = "phone"


class UnitHandedBack(Event):
    """The customer has the unit again."""

    site: Key | None = None
    to: Literal["customer", "dealer", "courier"] = "customer"


class UnitDisposed(Event):
    """The unit was disposed of."""

    reason: PrivateText


class TicketClosed(Event):
    """The case was closed; the cycle ends."""

    outcome: Outcome


class TicketReopened(Event):
    """The same case goes on: the next cycle begins."""

    ground: Literal["same_fault", "new_fault", "complaint", "verdict", "closed_in_error"]


# complaint


class ComplaintReceived(Event):
    """Somebody complained."""

    complaint_id: Key
    about: Literal["service", "manufacturer_policy"]
    complaint_class: Key
    remedy_sought: Literal["apology", "explanation", "repair", "refund", "exchange", "compensation", "other"] | None = (
        None
    )
    text: PrivateText | None = None


class ComplaintAcknowledged(Event):
    """The complaint got an answer that it arrived."""

    complaint_id: Key


class ComplaintResolved(Event):
    """The complaint was decided."""

    complaint_id: Key
    is_upheld: bool
    remedy: PrivateText | None = None


class SatisfactionRated(Event):
    """The customer rated the service, 1 (worst) to 5."""

    rating: Annotated[int, Field(ge=1, le=5)]
    text: PrivateText | None = None


# record


def _recognised(value: object) -> object:
    """A digest read back from the log is the private value that it was when it was written."""
    if isinstance(value, dict) and value.keys() == {"digest"}:
        return PrivateText.model_validate(value)
    if isinstance(value, dict) and value.keys() == {"match", "digest"}:
        return SerialNumber.model_validate(value)
    return value


Single = StrictStr | StrictInt | StrictBool | None
Corrected = Annotated[
    Single | tuple[Single, ...] | PrivateText | SerialNumber,
    Field(union_mode="left_to_right"),
    BeforeValidator(_recognised),
]
"""The value of one field in stored form. Never a structure: free text inside one would reach the log."""


class EventCorrected(Event):
    """A field of an earlier fact was wrong. The fact stays as it was; readers see it corrected.

    `field` is a dotted path into the fact (`findings.0.cause`) or `occurred_at`; `was` and `is` are the values in their
    stored form, a digest for private texts.
    """

    target_version: int
    field: Key
    was: Corrected
    is_: Corrected = Field(alias="is")
    reason: PrivateText
    approved_by: Key | None = None


class EventRetracted(Event):
    """An earlier fact never happened. It stays in the log; readers leave it out."""

    target_version: int
    reason: PrivateText
    approved_by: Key | None = None


class NoteRecorded(Event):
    """Somebody wrote something down."""

    topic: Key = "note"
    text: PrivateText


class NoticeSent(Event):
    """A clock's notice went out; once per policy, clock, cycle, subject and kind.

    Attributes:
        policy: Whose clock it is; None of a clock that is no policy's.
        cycle: In which the clock started; None is the cycle in which the notice went out.
        subject: The thing or stay that the clock is about, where a cycle may have several.
    """

    clock: Key
    kind: Key
    due_at: Instant | None = None
    to: Key
    policy: Key | None = None
    cycle: Count | None = None
    subject: Key | None = None

    @property
    def told_once(self) -> tuple[str | None, str, int | None, str | None, str]:
        """What no other notice has in common with it."""
        return self.policy, self.clock, self.cycle, self.subject, self.kind


HostValue = Annotated[StrictBool | StrictInt | Key | PrivateText | None, Field(union_mode="left_to_right")]


class HostFactRecorded(Event):
    """What the embedding application wants to keep; the core ignores it. Mark private values with `PrivateText`."""

    namespace: Key
    name: Key
    data: dict[Key, HostValue] = Field(default_factory=dict)

    @field_validator("data")
    @classmethod
    def _unchanging(cls, data: dict[str, object]) -> dict[str, object]:
        return FrozenDict(data)


TICKET_EVENTS: tuple[type[Event], ...] = (
    TicketOpened,
    UnitReceived,
    UnitIdentified,
    PaperworkCompleted,
    ProofOfPurchaseRecorded,
    PromiseMade,
    RepeatLinked,
    TicketAssigned,
    UnitDispatched,
    UnitArrived,
    RequestMade,
    RequestAnswered,
    CustomerContacted,
    DiagnosisStarted,
    TestPerformed,
    DiagnosisRecorded,
    StandardPinned,
    EntitlementDecided,
    EntitlementRevised,
    ServiceRefused,
    EstimateIssued,
    EstimateApproved,
    EstimateDeclined,
    WaitStarted,
    WaitEnded,
    DisputeOpened,
    PositionRequested,
    PositionStated,
    EvidenceSubmitted,
    EvidenceHandedOver,
    JointInspectionHeld,
    VerdictIssued,
    VerdictAppealed,
    DisputeClosed,
    PayersRevised,
    ClaimSubmitted,
    ClaimDecided,
    RepairStarted,
    PartFitted,
    WorkLogged,
    RepairCompleted,
    RepairAbandoned,
    UnitExchanged,
    QcPassed,
    QcFailed,
    QcWaived,
    BillIssued,
    BillCredited,
    PaymentReceived,
    CustomerNotified,
    UnitHandedBack,
    UnitDisposed,
    TicketClosed,
    TicketReopened,
    ComplaintReceived,
    ComplaintAcknowledged,
    ComplaintResolved,
    SatisfactionRated,
    EventCorrected,
    EventRetracted,
    NoteRecorded,
    NoticeSent,
    HostFactRecorded,
)
