"""Scripted: the one life that every simulated world has: refused, disputed, looked at together, decided, made good.

A socket that does not charge comes in after the manufacturer has narrowed its standard. The desk sees the receipt and
does not write it down, so the version of the day of intake is pinned and the service refused as misuse after one test
without load. The receipt is recorded nine days later, the test under load is made before witnesses, and the version of
the day of purchase covers the part.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from ticketing.domain import (
    billing,
    claim,
    closure,
    complaint,
    diagnosis,
    dispute,
    intake,
    quality,
    record,
    repair,
    routing,
    waiting,
)
from ticketing.domain.events import BillLine, CheckResult, Finding, Share
from ticketing.domain.values import Actor, Code, PrivateText, Quantity, SerialNumber
from ticketing.simulator.case import Case, Life, Scene, Step, Unit, open_at
from ticketing.simulator.world import HEAD_OFFICE, MODELS, euros, manufacturers_desk, standard_on

ARRIVES_AT = datetime(2025, 7, 22, 9, 10, tzinfo=UTC)
BRANCH = "berlin"
_BENCH = "leipzig-workshop"
_BOUGHT_ON = date(2025, 3, 14)
_DEFECT = Code(system="DEFECT", code="D17")
_DISPUTE = {"dispute_id": "D-STORY"}
_SOCKET = "Q7-SOC"
_CABLE = "E-STORY-2"
_SAFE = f"{BRANCH}-safe"


def story_case(scene: Scene, number: str) -> Case:
    """The case of the story as it comes in."""
    model = MODELS[0]
    return Case(
        scene=scene,
        ticket_id=scene.chance.uuid(),
        number=number,
        branch=BRANCH,
        unit=Unit(model, "QV7-2503-STORY", "customer-story", "consumer", _BOUGHT_ON),
        part=next(part for part in model.parts if part.number == _SOCKET),
        technician=TECHNICIAN,
        opened_at=ARRIVES_AT,
        now=ARRIVES_AT,
        unit_at=BRANCH,
    )


def _person(role: str, site: str, number: int = 1) -> Actor:
    return Actor.model_validate({"id": f"{site}-{role}-{number}", "role": role, "site": site})


RECEPTIONIST = _person("receptionist", BRANCH)
TECHNICIAN = _person("technician", _BENCH, 2)
INSPECTOR = _person("inspector", _BENCH)
WARRANTY_OFFICER = _person("warranty_officer", HEAD_OFFICE)
DISPUTE_OFFICER = _person("dispute_officer", HEAD_OFFICE)
COMPLAINT_OFFICER = _person("complaint_officer", HEAD_OFFICE)
MANAGER = _person("manager", HEAD_OFFICE)
EXPERT = _person("expert", HEAD_OFFICE)
CASHIER = _person("cashier", BRANCH)
DISPATCHER = _person("dispatcher", BRANCH)
SENDER = _person("dispatcher", _BENCH)


def _later(case: Case, days: float) -> None:
    case.now = open_at(case.now + timedelta(days=days))


def story_life(case: Case) -> Life[None]:
    """The scripted life from the counter to the last word."""
    yield from _looked_at(case)
    refused = yield from _refused(case)
    yield from _disputed(case, refused)
    yield from _proved(case)
    yield from _inspected(case)
    yield from _decided(case)
    yield from _made_good(case)
    yield from _aftermath(case)


def _opened(case: Case) -> Step:
    opened = intake.OpenTicket(
        actor=RECEPTIONIST,
        ticket_id=case.ticket_id,
        number=case.number,
        site=BRANCH,
        customer_ref=case.unit.customer_ref,
        manufacturer=case.unit.model.manufacturer,
        model=case.unit.model.name,
        serial=SerialNumber(text=case.unit.serial),
        symptom=PrivateText(text="It stops charging as soon as I use it. The cable is new. Here is my receipt."),
        symptom_code=Code(system="SYMPTOM", code="S11"),
        basis_claimed="warranty",
    )
    step = Step(case.now, opened)
    case.now += timedelta(minutes=4)
    return step


def _looked_at(case: Case) -> Life[None]:
    """Taken in, sent to the workshop and looked at without load."""
    yield _opened(case)
    yield case.step(RECEPTIONIST, intake.ReceiveUnit, site=BRANCH, condition="Used, no damage to be seen.")
    yield case.step(RECEPTIONIST, intake.MakePromise, due_at=case.now + timedelta(days=7))
    yield case.step(DISPATCHER, routing.AssignTicket, site=_BENCH, person=TECHNICIAN.id)
    yield case.step(DISPATCHER, routing.DispatchUnit, to=_BENCH)
    _later(case, 1)
    yield case.step(SENDER, routing.RecordArrival, site=_BENCH)
    yield case.step(TECHNICIAN, diagnosis.StartDiagnosis)
    yield from _tested(case, "standard", "0.48", passed=True)
    bent = Finding(
        finding_id="f-1", defect_code=_DEFECT, cause="misuse", text=PrivateText(text="Contact pin slightly bent.")
    )
    yield case.step(TECHNICIAN, diagnosis.RecordDiagnosis, findings=(bent,))


def _refused(case: Case) -> Life[int]:
    """Refused by the version of the day of intake; the fee is paid all the same.

    Returns:
        The version of the refusal.
    """
    _later(case, 0.8)
    yield from _pinned(case, case.opened_at.date(), "intake")
    no_cover = "No proof of purchase; under the version of today the socket is wear."
    yield case.step(WARRANTY_OFFICER, diagnosis.DecideEntitlement, basis="none", clauses=("4.2",), reason=no_cover)
    refused = yield case.step(
        WARRANTY_OFFICER,
        diagnosis.RefuseService,
        ground="misuse",
        clause="4.2",
        explanation="The pin is bent and the socket charges on our bench. This is not covered.",
    )
    fee = BillLine(
        line_id="1",
        reason=PrivateText(text="Fee for the inspection, as told at the counter."),
        payer="customer",
        amount=_FEE,
    )
    yield case.step(CASHIER, billing.IssueBill, bill_id="B-STORY", lines=(fee,))
    _later(case, 1)
    yield case.step(
        RECEPTIONIST,
        routing.RecordContact,
        direction="to_customer",
        channel="phone",
        topic="refusal",
        explanation_accepted=False,
        text="She says that she showed the receipt when she handed it in.",
    )
    yield case.step(CASHIER, billing.RecordPayment, amount=_FEE, bill_id="B-STORY")
    return refused


_FEE = euros(25)


def _tested(case: Case, stage: str, reading: str, *, passed: bool) -> Life[None]:
    amperes = Quantity(value=Decimal(reading), unit="A")
    yield case.step(TECHNICIAN, diagnosis.PerformTest, test="charge", stage=stage, reading=amperes, passed=passed)


def _pinned(case: Case, day: date, basis: str) -> Life[None]:
    standard = standard_on(case.unit.model.manufacturer, day)
    yield case.step(
        WARRANTY_OFFICER,
        diagnosis.PinStandard,
        standard=standard.key,
        standard_version=standard.version,
        document_hash=standard.document_hash,
        clauses=("4.2",),
        basis=basis,
    )


def _disputed(case: Case, refused: int) -> Life[None]:
    """Opened and heard."""
    _later(case, 2)
    yield case.step(
        case.customer,
        dispute.OpenDispute,
        **_DISPUTE,
        ground="coverage",
        raised_by="customer",
        parties=("customer", "company", "manufacturer"),
        about_version=refused,
        is_blocking=True,
        text="Bought in March, and nobody tried it while it was in use.",
    )
    yield case.step(
        RECEPTIONIST,
        dispute.StatePosition,
        **_DISPUTE,
        party="customer",
        statement="It fails when the phone is in use. Test it that way.",
        requested_outcome="Repair under warranty, and my fee back.",
        on_behalf_of=case.unit.customer_ref,
        letter_hash=case.chance.sha256(),
        language="en",
    )
    yield case.step(
        WARRANTY_OFFICER,
        dispute.StatePosition,
        **_DISPUTE,
        party="company",
        clause="4.2",
        statement="The bench test passed, and no proof of purchase is on record.",
    )


def _proved(case: Case) -> Life[None]:
    """A photograph and the cable come in, the receipt is written down, and the manufacturer does not answer."""
    photograph = {"evidence_id": "E-STORY", "sha256": case.chance.sha256(), "media_type": "image/jpeg", "kind": "photo"}
    captured: Mapping[str, object] = {
        "captured_at": case.now - timedelta(hours=2),
        "captured_by": case.unit.customer_ref,
    }
    yield case.step(case.customer, dispute.SubmitEvidence, **_DISPUTE, **photograph, **captured)
    cable = {**photograph, "evidence_id": _CABLE, "sha256": case.chance.sha256(), "kind": "cable"}
    yield case.step(RECEPTIONIST, dispute.SubmitEvidence, **_DISPUTE, **cable, held_by=_SAFE)
    deadline = case.now + timedelta(days=7)
    asked: Mapping[str, object] = {"party": "manufacturer", "deadline": deadline}
    yield case.step(
        DISPUTE_OFFICER,
        dispute.RequestPosition,
        **_DISPUTE,
        **asked,
        text="Does the version of the day of purchase cover the socket?",
    )
    case.now = open_at(case.opened_at + timedelta(days=9))
    yield case.step(
        RECEPTIONIST,
        intake.RecordProofOfPurchase,
        purchased_on=_BOUGHT_ON,
        seller="shop-12",
        occurred_at=case.opened_at + timedelta(minutes=3),
    )
    case.now = open_at(deadline + timedelta(hours=20))
    silence = {"party": "manufacturer", "is_silence": True, "deadline": deadline}
    yield case.step(DISPUTE_OFFICER, dispute.StatePosition, **_DISPUTE, **silence)


def _inspected(case: Case) -> Life[None]:
    """Looked at together, tested under load, pinned anew, and the diagnosis corrected."""
    _later(case, 2)
    handed_over: Mapping[str, object] = {"evidence_id": _CABLE, "from_holder": _SAFE, "to_holder": EXPERT.id}
    yield case.step(RECEPTIONIST, dispute.HandOverEvidence, **handed_over, note="In a sealed bag.")
    yield from _tested(case, "under_load", "0.03", passed=False)
    yield case.step(
        EXPERT,
        dispute.HoldJointInspection,
        **_DISPUTE,
        attendees=(EXPERT.id, case.unit.customer_ref, WARRANTY_OFFICER.id),
        invited=(EXPERT.id, case.unit.customer_ref, WARRANTY_OFFICER.id, _makers(case).id),
        protocol="Under load the current falls to 0.03 A at once. The pin is within the maker's tolerance.",
    )
    yield from _pinned(case, _BOUGHT_ON, "purchase")
    yield case.step(
        TECHNICIAN,
        record.CorrectEvent,
        target_version=9,
        **{"field": "findings.0.cause", "is": "manufacturing"},
        reason="The joint inspection showed a faulty socket; the pin is within tolerance.",
        approved_by=MANAGER.id,
    )


def _decided(case: Case) -> Life[None]:
    """Decided by an expert; what follows (entitlement, credit, claim) is proposed, and confirmed."""
    _later(case, 2)
    shares = (Share(party="manufacturer", percent=Decimal(70)), Share(party="company", percent=Decimal(30)))
    yield case.step(
        EXPERT,
        dispute.IssueVerdict,
        **_DISPUTE,
        by=EXPERT.id,
        in_favour_of="customer",
        shares=shares,
        clause="4.2",
        reasons="The version of the day of purchase covers the socket when it fails under load. Nobody had tried that.",
    )
    _later(case, 1)
    yield case.step(DISPUTE_OFFICER, dispute.CloseDispute, **_DISPUTE, how="decided")
    yield case.confirmed(DISPUTE_OFFICER, "D-STORY")


def _made_good(case: Case) -> Life[None]:
    """Repaired, inspected, and handed back."""
    yield case.step(RECEPTIONIST, intake.MakePromise, due_at=case.now + timedelta(days=6))
    yield case.step(TECHNICIAN, repair.StartRepair)
    waiting_for: Mapping[str, object] = {"cause": "parts_manufacturer", "responsible": "manufacturer"}
    yield case.step(SENDER, waiting.StartWait, **waiting_for, expected_until=case.now + timedelta(days=4))
    _later(case, 11)
    yield case.step(SENDER, waiting.EndWait, cause="parts_manufacturer")
    yield case.step(TECHNICIAN, repair.FitPart, part_number=_SOCKET, serial_in="P7730021", serial_out="P6914407")
    yield case.step(TECHNICIAN, repair.LogWork, minutes=35)
    yield case.step(TECHNICIAN, repair.CompleteRepair, actions=(Code(system="ACTION", code="A3"),))
    _later(case, 0.2)
    results = (CheckResult(point="charges under load", passed=True),)
    yield case.step(INSPECTOR, quality.PassQc, checked="repair", checklist_version="checklist-4", results=results)
    yield case.step(SENDER, routing.DispatchUnit, to=BRANCH)
    _later(case, 1)
    yield case.step(DISPATCHER, routing.RecordArrival, site=BRANCH)
    yield case.step(RECEPTIONIST, closure.NotifyCustomer, channel="phone")
    _later(case, 1)
    yield case.step(RECEPTIONIST, closure.HandBackUnit, site=BRANCH)
    yield case.step(RECEPTIONIST, closure.CloseTicket, outcome="repaired")


def _aftermath(case: Case) -> Life[None]:
    """The claims, the complaint that comes after closure, and what the customer thinks of it."""
    _later(case, 2)
    amount = euros(52)
    makers = _makers(case)
    yield case.step(WARRANTY_OFFICER, claim.SubmitClaim, claim_id="C-STORY", to=makers.id, amount=amount)
    _later(case, 3)
    yield case.step(
        case.customer,
        complaint.ReceiveComplaint,
        complaint_id="K-STORY",
        about="service",
        complaint_class="not_looked_at",
        remedy_sought="apology",
        text="I paid for a look that nobody took, and heard nothing for nine days.",
    )
    _later(case, 1)
    yield case.step(COMPLAINT_OFFICER, complaint.AcknowledgeComplaint, complaint_id="K-STORY")
    _later(case, 5)
    yield case.step(
        COMPLAINT_OFFICER,
        complaint.ResolveComplaint,
        complaint_id="K-STORY",
        is_upheld=True,
        remedy="Apology; receipts are recorded at the counter from now on.",
    )
    yield case.step(case.customer, complaint.RateSatisfaction, rating=2, text="In the end they did what they owed me.")
    _later(case, 6)
    # The verdict's 70 % of the fee of 25.00, as it was proposed and confirmed, and of the repair.
    for claim_id, approved in (("D-STORY-manufacturer", euros(Decimal("17.50"))), ("C-STORY", euros(36))):
        decided: Mapping[str, object] = {"claim_id": claim_id, "amount_approved": approved, "clause": "4.2"}
        yield case.step(makers, claim.DecideClaim, **decided, reason="Seventy per cent, as the verdict says.")


def _makers(case: Case) -> Actor:
    return manufacturers_desk(case.unit.model.manufacturer)
