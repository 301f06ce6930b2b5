"""Fixed example facts and commands, one of each, in the order of a ticket's life; and one whole disputed life.

A command example causes the fact example of the same noun, so that `given(...).when(RECEIVE_UNIT).then(RECEIVED)`.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from ticketing.domain import (
    billing,
    claim,
    closure,
    complaint,
    diagnosis,
    dispute,
    estimate,
    intake,
    quality,
    record,
    repair,
    routing,
    waiting,
)
from ticketing.domain import events as e
from ticketing.domain.clauses import Clause, DemandedTest
from ticketing.domain.command import Command, TicketCommand
from ticketing.domain.reference import SitePublished, StandardPublished
from ticketing.domain.values import Actor, Code, Event, Money, PrivateText, Quantity, SerialNumber, Value

TICKET = UUID("00000000-0000-4000-8000-000000000001")
OTHER_TICKET = UUID("00000000-0000-4000-8000-000000000002")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday; the first fact of every example."""

RECEPTIONIST = Actor(id="r-1", role="receptionist", site="berlin")
DISPATCHER = Actor(id="d-1", role="dispatcher", site="berlin")
TECHNICIAN = Actor(id="t-1", role="technician", site="berlin")
OTHER_TECHNICIAN = Actor(id="t-2", role="technician", site="berlin")
INSPECTOR = Actor(id="i-1", role="inspector", site="berlin")
WARRANTY_OFFICER = Actor(id="w-1", role="warranty_officer")
DISPUTE_OFFICER = Actor(id="x-1", role="dispute_officer")
COMPLAINT_OFFICER = Actor(id="k-1", role="complaint_officer")
CASHIER = Actor(id="c-1", role="cashier", site="berlin")
MANAGER = Actor(id="m-1", role="manager")
AUDITOR = Actor(id="a-1", role="auditor")
CUSTOMER = Actor(id="cust-1", role="customer")
MANUFACTURER = Actor(id="acme", role="manufacturer")
EXPERT = Actor(id="e-1", role="expert")
SYSTEM = Actor(id="clock", role="system")
UNKNOWN = Actor(id="somebody", role="unknown")

V = TypeVar("V", bound=Value)
C = TypeVar("C", bound=TicketCommand)


def but(value: V, **changes: object) -> V:
    """The same event or command with some fields changed, validated anew."""
    return type(value).model_validate({**dict(value), **changes})


def causing(command: type[C], event: Event, actor: Actor) -> C:
    """The command that causes just this fact."""
    said = {name: value for name, value in dict(event).items() if name in command.model_fields}
    return command.model_validate({"ticket_id": TICKET, "actor": actor, **said})


def euros(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


# reference data

STANDARD = StandardPublished(
    key="ACME-IS-7",
    version=3,
    effective_from=START - timedelta(days=400),
    manufacturer="ACME",
    document_hash="ab" * 32,
    clauses=(Clause(id="4.2", title="Liquid damage"),),
    tests_before_no_fault=(DemandedTest(test="charge"), DemandedTest(test="charge", stage="under_load")),
)
SITES = {
    site.key: site
    for site in (
        SitePublished(key="head", version=1, effective_from=START, kind="head_office"),
        SitePublished(key="berlin", version=1, effective_from=START, kind="branch", parent="head"),
        SitePublished(key="bench-2", version=1, effective_from=START, kind="department", parent="berlin"),
        SitePublished(key="leipzig", version=1, effective_from=START, kind="workshop", parent="head"),
    )
}

# intake

OPENED = e.TicketOpened(
    number="R-1001",
    site="berlin",
    customer_ref="cust-1",
    manufacturer="ACME",
    model="P7",
    serial=SerialNumber(text="sn 001-a"),
    symptom=PrivateText(text="does not charge, I swear"),
    symptom_code=Code(system="IRIS", code="110"),
    basis_claimed="warranty",
)
RECEIVED = e.UnitReceived(site="berlin", condition=PrivateText(text="a scratch"), accessories=("charger",))
IDENTIFIED = e.UnitIdentified(serial=SerialNumber(text="SN001B"), manufactured_on=date(2025, 6, 1))
PAPERWORK_COMPLETED = e.PaperworkCompleted()
PROOF_RECORDED = e.ProofOfPurchaseRecorded(purchased_on=date(2025, 7, 14), seller="shop-9")
PROMISED = e.PromiseMade(due_at=START + timedelta(days=5))
REPEAT_LINKED = e.RepeatLinked(previous_ticket=OTHER_TICKET, basis="same_fault")

OPEN_TICKET = intake.OpenTicket.model_validate({"ticket_id": TICKET, "actor": RECEPTIONIST, **dict(OPENED)})
RECEIVE_UNIT = causing(intake.ReceiveUnit, RECEIVED, RECEPTIONIST)
IDENTIFY_UNIT = causing(intake.IdentifyUnit, IDENTIFIED, TECHNICIAN)
COMPLETE_PAPERWORK = causing(intake.CompletePaperwork, PAPERWORK_COMPLETED, RECEPTIONIST)
RECORD_PROOF = causing(intake.RecordProofOfPurchase, PROOF_RECORDED, RECEPTIONIST)
MAKE_PROMISE = causing(intake.MakePromise, PROMISED, RECEPTIONIST)
LINK_REPEAT = causing(intake.LinkRepeat, REPEAT_LINKED, RECEPTIONIST)

# routing

ASSIGNED = e.TicketAssigned(site="berlin", person="t-1")
DISPATCHED = e.UnitDispatched(to="leipzig")
ARRIVED = e.UnitArrived(site="leipzig")
REQUESTED = e.RequestMade(request_id="q-1", to_site="leipzig", about="part")
ANSWERED = e.RequestAnswered(request_id="q-1", is_granted=True)
CONTACTED = e.CustomerContacted(direction="to_customer", channel="phone", topic="estimate", explanation_accepted=True)

ASSIGN_TICKET = causing(routing.AssignTicket, ASSIGNED, DISPATCHER)
DISPATCH_UNIT = causing(routing.DispatchUnit, DISPATCHED, DISPATCHER)
RECORD_ARRIVAL = causing(routing.RecordArrival, ARRIVED, DISPATCHER)
MAKE_REQUEST = causing(routing.MakeRequest, REQUESTED, TECHNICIAN)
ANSWER_REQUEST = causing(routing.AnswerRequest, ANSWERED, DISPATCHER)
RECORD_CONTACT = causing(routing.RecordContact, CONTACTED, RECEPTIONIST)

# diagnosis

DIAGNOSIS_STARTED = e.DiagnosisStarted()
TESTED = e.TestPerformed(test="charge", reading=Quantity(value=Decimal("0.02"), unit="A"), passed=False)
TESTED_UNDER_LOAD = but(TESTED, stage="under_load")
FINDING = e.Finding(finding_id="f-1", defect_code=Code(system="IRIS", code="D3"), cause="manufacturing")
DIAGNOSED = e.DiagnosisRecorded(findings=(FINDING,))
NOTHING_FOUND = e.DiagnosisRecorded(findings=(e.Finding(finding_id="f-0", cause="none_found"),))
PINNED = e.StandardPinned(
    standard="ACME-IS-7", standard_version=3, document_hash="ab" * 32, clauses=("4.2",), basis="purchase"
)
NO_STANDARD = e.StandardPinned(none_reason=PrivateText(text="no standard was ever published for this model"))
IN_WARRANTY = e.EntitlementDecided(basis="warranty", clauses=("4.2",), reason=PrivateText(text="within two years"))
OUT_OF_WARRANTY = e.EntitlementDecided(basis="none", reason=PrivateText(text="five years old"))
REVISED = e.EntitlementRevised(
    from_basis="warranty",
    to_basis="none",
    trigger="diagnosis",
    reason=PrivateText(text="liquid inside"),
    approved_by="m-1",
)
REFUSED = e.ServiceRefused(ground="misuse", clause="4.2", explanation=PrivateText(text="liquid damage is not covered"))

START_DIAGNOSIS = causing(diagnosis.StartDiagnosis, DIAGNOSIS_STARTED, TECHNICIAN)
PERFORM_TEST = causing(diagnosis.PerformTest, TESTED, TECHNICIAN)
RECORD_DIAGNOSIS = causing(diagnosis.RecordDiagnosis, DIAGNOSED, TECHNICIAN)
FIND_NOTHING = causing(diagnosis.RecordDiagnosis, NOTHING_FOUND, TECHNICIAN)
PIN_STANDARD = causing(diagnosis.PinStandard, PINNED, WARRANTY_OFFICER)
DECIDE_ENTITLEMENT = causing(diagnosis.DecideEntitlement, IN_WARRANTY, WARRANTY_OFFICER)
REVISE_ENTITLEMENT = causing(diagnosis.ReviseEntitlement, REVISED, WARRANTY_OFFICER)
REFUSE_SERVICE = causing(diagnosis.RefuseService, REFUSED, WARRANTY_OFFICER)

# estimate: two lines for the customer, one for the manufacturer

ESTIMATED = e.EstimateIssued(
    estimate_version=1,
    lines=(
        e.EstimateLine(line_id="board", finding_id="f-1", payer="customer", basis="none", price=euros("80.00")),
        e.EstimateLine(line_id="labour", payer="customer", basis="none", price=euros("40.00")),
        e.EstimateLine(line_id="battery", payer="manufacturer", basis="warranty", price=euros("30.00")),
    ),
    maximum=euros("130.00"),
    valid_until=START + timedelta(days=14),
)
APPROVED = e.EstimateApproved(estimate_version=1, lines=("board", "labour", "battery"), proof="cd" * 32)
DECLINED = e.EstimateDeclined(estimate_version=1)

ISSUE_ESTIMATE = causing(estimate.IssueEstimate, ESTIMATED, RECEPTIONIST)
APPROVE_ESTIMATE = causing(estimate.ApproveEstimate, APPROVED, CUSTOMER)
DECLINE_ESTIMATE = causing(estimate.DeclineEstimate, DECLINED, CUSTOMER)

# waiting

WAIT_STARTED = e.WaitStarted(
    cause="parts_manufacturer", responsible="manufacturer", expected_until=START + timedelta(days=9)
)
WAIT_ENDED = e.WaitEnded(cause="parts_manufacturer")

START_WAIT = causing(waiting.StartWait, WAIT_STARTED, DISPATCHER)
END_WAIT = causing(waiting.EndWait, WAIT_ENDED, DISPATCHER)

# dispute

DISPUTED = e.DisputeOpened(
    dispute_id="D-1",
    ground="coverage",
    raised_by="customer",
    parties=("customer", "manufacturer"),
    is_blocking=True,
    text=PrivateText(text="it never touched water"),
)
POSITION_REQUESTED = e.PositionRequested(
    dispute_id="D-1", party="manufacturer", deadline=START + timedelta(hours=15.5), text=PrivateText(text="please say")
)
CUSTOMERS_POSITION = e.PositionStated(
    dispute_id="D-1", party="customer", statement=PrivateText(text="a fault from the factory"), on_behalf_of="cust-1"
)
MANUFACTURERS_POSITION = e.PositionStated(
    dispute_id="D-1", party="manufacturer", clause="4.2", statement=PrivateText(text="the indicator is red")
)
EVIDENCE_SUBMITTED = e.EvidenceSubmitted(
    evidence_id="E-1", dispute_id="D-1", sha256="ef" * 32, media_type="image/jpeg", captured_at=START
)
BOARD_SUBMITTED = e.EvidenceSubmitted(
    evidence_id="E-2", sha256="fe" * 32, media_type="image/jpeg", kind="part", held_by="berlin-safe"
)
EVIDENCE_HANDED_OVER = e.EvidenceHandedOver(evidence_id="E-2", from_holder="berlin-safe", to_holder="e-1")
INSPECTED_JOINTLY = e.JointInspectionHeld(dispute_id="D-1", attendees=("cust-1", "e-1"))
VERDICT = e.VerdictIssued(
    dispute_id="D-1",
    by="e-1",
    in_favour_of="customer",
    shares=(e.Share(party="manufacturer", percent=Decimal(100)),),
    reasons=PrivateText(text="the indicator reddens in humid air"),
)
APPEALED = e.VerdictAppealed(dispute_id="D-1", party="manufacturer")
DISPUTE_CLOSED = e.DisputeClosed(dispute_id="D-1", how="decided")
PAYERS_REVISED = e.PayersRevised(
    dispute_id="D-1",
    estimate_version=1,
    lines=(e.LineShare(line_id="board", payer="manufacturer", amount=euros("80.00")),),
    reason=PrivateText(text="as the expert decided"),
)

OPEN_DISPUTE = causing(dispute.OpenDispute, DISPUTED, CUSTOMER)
REQUEST_POSITION = causing(dispute.RequestPosition, POSITION_REQUESTED, DISPUTE_OFFICER)
STATE_POSITION = causing(dispute.StatePosition, CUSTOMERS_POSITION, CUSTOMER)
SUBMIT_EVIDENCE = causing(dispute.SubmitEvidence, EVIDENCE_SUBMITTED, CUSTOMER)
HAND_OVER_EVIDENCE = causing(dispute.HandOverEvidence, EVIDENCE_HANDED_OVER, RECEPTIONIST)
HOLD_JOINT_INSPECTION = causing(dispute.HoldJointInspection, INSPECTED_JOINTLY, EXPERT)
ISSUE_VERDICT = causing(dispute.IssueVerdict, VERDICT, EXPERT)
APPEAL_VERDICT = causing(dispute.AppealVerdict, APPEALED, MANUFACTURER)
CLOSE_DISPUTE = causing(dispute.CloseDispute, DISPUTE_CLOSED, DISPUTE_OFFICER)
REVISE_PAYERS = causing(estimate.RevisePayers, PAYERS_REVISED, DISPUTE_OFFICER)

# claim

CLAIMED = e.ClaimSubmitted(
    claim_id="C-1", to="ACME", lines=(e.ClaimLine(line_id="battery", amount=euros("30.00")),), amount=euros("30.00")
)
CLAIM_DECIDED = e.ClaimDecided(claim_id="C-1", amount_approved=euros("25.00"), clause="4.2")

SUBMIT_CLAIM = causing(claim.SubmitClaim, CLAIMED, WARRANTY_OFFICER)
DECIDE_CLAIM = causing(claim.DecideClaim, CLAIM_DECIDED, MANUFACTURER)

# repair

REPAIR_STARTED = e.RepairStarted()
PART_FITTED = e.PartFitted(
    part_number="B-77", serial_in=SerialNumber(text="BAT-2"), serial_out=SerialNumber(text="BAT-1")
)
WORK_LOGGED = e.WorkLogged(minutes=45)
REPAIRED = e.RepairCompleted(actions=(Code(system="IRIS", code="R1"),))
ABANDONED = e.RepairAbandoned(reason=PrivateText(text="no board to be had"))
EXCHANGED = e.UnitExchanged(new_serial=SerialNumber(text="SN002"))

START_REPAIR = causing(repair.StartRepair, REPAIR_STARTED, TECHNICIAN)
FIT_PART = causing(repair.FitPart, PART_FITTED, TECHNICIAN)
LOG_WORK = causing(repair.LogWork, WORK_LOGGED, TECHNICIAN)
COMPLETE_REPAIR = causing(repair.CompleteRepair, REPAIRED, TECHNICIAN)
ABANDON_REPAIR = causing(repair.AbandonRepair, ABANDONED, TECHNICIAN)
EXCHANGE_UNIT = causing(repair.ExchangeUnit, EXCHANGED, WARRANTY_OFFICER)

# quality

QC_PASSED = e.QcPassed(checklist_version="v4", results=(e.CheckResult(point="charges", passed=True),))
QC_FAILED = e.QcFailed(defects=(Code(system="IRIS", code="D9"),), back_to="t-1")
QC_WAIVED = e.QcWaived(reason=PrivateText(text="the inspector is ill"))

PASS_QC = causing(quality.PassQc, QC_PASSED, INSPECTOR)
FAIL_QC = causing(quality.FailQc, QC_FAILED, INSPECTOR)
WAIVE_QC = causing(quality.WaiveQc, QC_WAIVED, MANAGER)

# bill

BILLED = e.BillIssued(
    bill_id="B-1",
    lines=(
        e.BillLine(line_id="1", estimate_line="board", payer="customer", amount=euros("80.00")),
        e.BillLine(line_id="2", estimate_line="labour", payer="customer", amount=euros("40.00")),
    ),
)
CREDITED = e.BillCredited(bill_id="B-1", amount=euros("10.00"), reason=PrivateText(text="it took too long"))
PAID = e.PaymentReceived(amount=euros("110.00"), bill_id="B-1")

ISSUE_BILL = causing(billing.IssueBill, BILLED, CASHIER)
CREDIT_BILL = causing(billing.CreditBill, CREDITED, CASHIER)
RECORD_PAYMENT = causing(billing.RecordPayment, PAID, CASHIER)

# closure

NOTIFIED = e.CustomerNotified()
HANDED_BACK = e.UnitHandedBack(site="berlin")
DISPOSED = e.UnitDisposed(reason=PrivateText(text="never collected"))
CLOSED = e.TicketClosed(outcome="repaired")
REOPENED = e.TicketReopened(ground="same_fault")

NOTIFY_CUSTOMER = causing(closure.NotifyCustomer, NOTIFIED, RECEPTIONIST)
HAND_BACK = causing(closure.HandBackUnit, HANDED_BACK, RECEPTIONIST)
DISPOSE_OF_UNIT = causing(closure.DisposeOfUnit, DISPOSED, MANAGER)
CLOSE_TICKET = causing(closure.CloseTicket, CLOSED, RECEPTIONIST)
REOPEN_TICKET = causing(closure.ReopenTicket, REOPENED, RECEPTIONIST)

# complaint

COMPLAINED = e.ComplaintReceived(
    complaint_id="K-1",
    about="service",
    complaint_class="silence",
    remedy_sought="apology",
    text=PrivateText(text="nobody called"),
)
ACKNOWLEDGED = e.ComplaintAcknowledged(complaint_id="K-1")
RESOLVED = e.ComplaintResolved(complaint_id="K-1", is_upheld=True)
RATED = e.SatisfactionRated(rating=2)

RECEIVE_COMPLAINT = causing(complaint.ReceiveComplaint, COMPLAINED, CUSTOMER)
ACKNOWLEDGE_COMPLAINT = causing(complaint.AcknowledgeComplaint, ACKNOWLEDGED, COMPLAINT_OFFICER)
RESOLVE_COMPLAINT = causing(complaint.ResolveComplaint, RESOLVED, COMPLAINT_OFFICER)
RATE_SATISFACTION = causing(complaint.RateSatisfaction, RATED, CUSTOMER)

# record: the second fact of the examples is RECEIVED

CORRECTED = e.EventCorrected(
    target_version=2, field="site", was="berlin", is_="leipzig", reason=PrivateText(text="wrong desk")
)
RETRACTED = e.EventRetracted(target_version=2, reason=PrivateText(text="another customer's unit"))
NOTED = e.NoteRecorded(text=PrivateText(text="the customer is friendly"))
NOTICE_SENT = e.NoticeSent(clock="promise", kind="due_soon", to="m-1")
HOST_FACT = e.HostFactRecorded(
    namespace="shop", name="ShelfPicked", data={"shelf": "A-4", "crates": 2, "is_big": False}
)

CORRECT_EVENT = record.CorrectEvent(
    ticket_id=TICKET,
    actor=RECEPTIONIST,
    target_version=2,
    field="site",
    is_="leipzig",
    reason=PrivateText(text="wrong desk"),
)
RETRACT_EVENT = causing(record.RetractEvent, RETRACTED, RECEPTIONIST)
RECORD_NOTE = causing(record.RecordNote, NOTED, TECHNICIAN)
SEND_NOTICE = causing(record.SendNotice, NOTICE_SENT, SYSTEM)
RECORD_HOST_FACT = causing(record.RecordHostFact, HOST_FACT, SYSTEM)

EXAMPLES: tuple[tuple[Command, Event], ...] = (
    (OPEN_TICKET, OPENED),
    (RECEIVE_UNIT, RECEIVED),
    (IDENTIFY_UNIT, IDENTIFIED),
    (COMPLETE_PAPERWORK, PAPERWORK_COMPLETED),
    (RECORD_PROOF, PROOF_RECORDED),
    (MAKE_PROMISE, PROMISED),
    (LINK_REPEAT, REPEAT_LINKED),
    (ASSIGN_TICKET, ASSIGNED),
    (DISPATCH_UNIT, DISPATCHED),
    (RECORD_ARRIVAL, ARRIVED),
    (MAKE_REQUEST, REQUESTED),
    (ANSWER_REQUEST, ANSWERED),
    (RECORD_CONTACT, CONTACTED),
    (START_DIAGNOSIS, DIAGNOSIS_STARTED),
    (PERFORM_TEST, TESTED),
    (RECORD_DIAGNOSIS, DIAGNOSED),
    (PIN_STANDARD, PINNED),
    (DECIDE_ENTITLEMENT, IN_WARRANTY),
    (REVISE_ENTITLEMENT, REVISED),
    (REFUSE_SERVICE, REFUSED),
    (ISSUE_ESTIMATE, ESTIMATED),
    (APPROVE_ESTIMATE, APPROVED),
    (DECLINE_ESTIMATE, DECLINED),
    (START_WAIT, WAIT_STARTED),
    (END_WAIT, WAIT_ENDED),
    (OPEN_DISPUTE, DISPUTED),
    (REQUEST_POSITION, POSITION_REQUESTED),
    (STATE_POSITION, CUSTOMERS_POSITION),
    (SUBMIT_EVIDENCE, EVIDENCE_SUBMITTED),
    (HAND_OVER_EVIDENCE, EVIDENCE_HANDED_OVER),
    (HOLD_JOINT_INSPECTION, INSPECTED_JOINTLY),
    (ISSUE_VERDICT, VERDICT),
    (APPEAL_VERDICT, APPEALED),
    (CLOSE_DISPUTE, DISPUTE_CLOSED),
    (REVISE_PAYERS, PAYERS_REVISED),
    (SUBMIT_CLAIM, CLAIMED),
    (DECIDE_CLAIM, CLAIM_DECIDED),
    (START_REPAIR, REPAIR_STARTED),
    (FIT_PART, PART_FITTED),
    (LOG_WORK, WORK_LOGGED),
    (COMPLETE_REPAIR, REPAIRED),
    (ABANDON_REPAIR, ABANDONED),
    (EXCHANGE_UNIT, EXCHANGED),
    (PASS_QC, QC_PASSED),
    (FAIL_QC, QC_FAILED),
    (WAIVE_QC, QC_WAIVED),
    (ISSUE_BILL, BILLED),
    (CREDIT_BILL, CREDITED),
    (RECORD_PAYMENT, PAID),
    (NOTIFY_CUSTOMER, NOTIFIED),
    (HAND_BACK, HANDED_BACK),
    (DISPOSE_OF_UNIT, DISPOSED),
    (CLOSE_TICKET, CLOSED),
    (REOPEN_TICKET, REOPENED),
    (RECEIVE_COMPLAINT, COMPLAINED),
    (ACKNOWLEDGE_COMPLAINT, ACKNOWLEDGED),
    (RESOLVE_COMPLAINT, RESOLVED),
    (RATE_SATISFACTION, RATED),
    (CORRECT_EVENT, CORRECTED),
    (RETRACT_EVENT, RETRACTED),
    (RECORD_NOTE, NOTED),
    (SEND_NOTICE, NOTICE_SENT),
    (RECORD_HOST_FACT, HOST_FACT),
)
"""Every command of a ticket with the fact that it causes, in the order of `TICKET_EVENTS`."""

DISPUTED_LIFE: tuple[Command, ...] = (
    OPEN_TICKET,
    RECEIVE_UNIT,
    MAKE_PROMISE,
    ASSIGN_TICKET,
    RECORD_PROOF,
    START_DIAGNOSIS,
    PERFORM_TEST,
    RECORD_DIAGNOSIS,
    PIN_STANDARD,
    DECIDE_ENTITLEMENT,
    REVISE_ENTITLEMENT,
    REFUSE_SERVICE,
    but(OPEN_DISPUTE, about_version=11, parties=("customer", "company", "manufacturer")),
    but(REQUEST_POSITION, occurred_at=START + timedelta(hours=13)),
    STATE_POSITION,
    but(STATE_POSITION, party="company", actor=WARRANTY_OFFICER, statement="the indicator is red"),
    but(
        STATE_POSITION,
        party="manufacturer",
        actor=DISPUTE_OFFICER,
        statement=None,
        is_silence=True,
        deadline=POSITION_REQUESTED.deadline,
    ),
    SUBMIT_EVIDENCE,
    HOLD_JOINT_INSPECTION,
    ISSUE_VERDICT,
    CLOSE_DISPUTE,
    but(REVISE_ENTITLEMENT, from_basis="none", to_basis="warranty", trigger="verdict", approved_by=None),
    START_REPAIR,
    START_WAIT,
    END_WAIT,
    FIT_PART,
    LOG_WORK,
    COMPLETE_REPAIR,
    PASS_QC,
    HAND_BACK,
    CLOSE_TICKET,
    SUBMIT_CLAIM,
    RECEIVE_COMPLAINT,
    ACKNOWLEDGE_COMPLAINT,
    RESOLVE_COMPLAINT,
    but(CORRECT_EVENT, target_version=2, field="accessories.0", is_="charger-eu"),
)
"""From the counter to the audit: refused, disputed, decided for the customer, repaired, closed, complained of."""
