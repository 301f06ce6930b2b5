"""Money: estimates and what customers say to them, bills, payments, and claims to the manufacturer."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from ticketing.domain import billing, claim, diagnosis, estimate, record, repair, routing, waiting
from ticketing.domain.events import BillLine, ClaimLine, EstimateLine
from ticketing.domain.values import PrivateText
from ticketing.simulator.case import Case, Life
from ticketing.simulator.quarrel import dispute
from ticketing.simulator.world import SYSTEM, euros, manufacturers_desk

LABOUR = 40


def offered(case: Case) -> Life[bool]:
    """An estimate goes out, and the customer approves it, declines it, or does not answer.

    Returns:
        Whether the work may begin.
    """
    chance = case.chance
    yield from _issued(case, 1)
    answer = chance.weighted({"approve": 62, "decline": 20, "silence": 18})
    if answer == "silence":
        return (yield from _not_answered(case))
    case.pass_days(0.2, 5)
    if answer == "decline":
        yield case.step(case.customer, estimate.DeclineEstimate, estimate_version=1, reason="For that I buy a new one.")
        return False
    if chance.happens(0.03):
        yield case.refused("not-approved", case.technician, repair.StartRepair)
    yield from _approved(case, 1)
    return True


def _issued(case: Case, version: int) -> Life[None]:
    price = case.part.price
    lines = (
        EstimateLine(line_id="part", finding_id="f-1", payer="customer", basis="none", price=euros(price)),
        EstimateLine(line_id="labour", finding_id="f-1", payer="customer", basis="none", price=euros(LABOUR)),
    )
    maximum = euros(Decimal(price + LABOUR) * Decimal("1.10"))
    desk = case.staff("receptionist", case.branch)
    yield case.step(
        desk,
        estimate.IssueEstimate,
        estimate_version=version,
        lines=lines,
        maximum=maximum,
        valid_until=case.now + timedelta(days=14),
    )
    yield case.step(
        desk,
        routing.RecordContact,
        direction="to_customer",
        channel="phone",
        topic="estimate",
        explanation_accepted=case.chance.happens(0.8),
        **case.sometimes_late(0.05, 6, 50),
    )


def _approved(case: Case, version: int) -> Life[None]:
    yield case.step(
        case.customer,
        estimate.ApproveEstimate,
        estimate_version=version,
        lines=("part", "labour"),
        proof=case.chance.sha256() if case.chance.happens(0.7) else None,
    )


def _not_answered(case: Case) -> Life[bool]:
    """A reminder, a call, perhaps a late yes to a second version; some never answer."""
    case.pass_days(7, 9)
    yield case.step(SYSTEM, record.SendNotice, clock="customer_approval", kind="reminder", to=case.unit.customer_ref)
    case.pass_days(8, 20)
    if case.chance.happens(0.5):
        yield case.refused(
            "not-approved",
            case.customer,
            estimate.ApproveEstimate,
            estimate_version=1,
            lines=("part", "labour"),
        )
        yield from _issued(case, 2)
        case.pass_hours(1, 30)
        yield from _approved(case, 2)
        return True
    case.pass_days(15, 40)
    desk = case.staff("receptionist", case.branch)
    yield case.step(
        desk, estimate.DeclineEstimate, estimate_version=1, reason="No answer to two calls and a letter; declined."
    )
    return False


def billed(case: Case) -> Life[str]:
    """The bill for the approved lines.

    Returns:
        The bill's id.
    """
    bill_id = case.scene.next_id("B")
    lines = (
        BillLine(line_id="1", estimate_line="part", payer="customer", amount=euros(case.part.price)),
        BillLine(line_id="2", estimate_line="labour", payer="customer", amount=euros(LABOUR)),
    )
    yield case.step(case.staff("cashier", case.branch), billing.IssueBill, bill_id=bill_id, lines=lines)
    return bill_id


def fee_billed(case: Case) -> Life[str]:
    """A fee for having looked, where the customer goes without a repair.

    Returns:
        The bill's id.
    """
    bill_id = case.scene.next_id("B")
    line = BillLine(
        line_id="1", reason=PrivateText(text="Agreed fee for the inspection."), payer="customer", amount=euros(25)
    )
    yield case.step(case.staff("cashier", case.branch), billing.IssueBill, bill_id=bill_id, lines=(line,))
    return bill_id


def paid(case: Case, bill_id: str, amount: int) -> Life[None]:
    """The customer pays; some let the company wait for it."""
    cashier = case.staff("cashier", case.branch)
    if case.chance.happens(0.04):
        yield case.step(cashier, waiting.StartWait, cause="payment", responsible="customer")
        case.pass_days(2, 12)
        yield case.step(cashier, waiting.EndWait, cause="payment")
    yield case.step(cashier, billing.RecordPayment, amount=euros(amount), bill_id=bill_id)


_DECISIONS: Mapping[str, float] = {"full": 80, "reduced": 10, "rejected": 10}


def claimed(case: Case) -> Life[None]:
    """The warranty officer claims the work; it is paid, cut down or rejected, and now and then charged back."""
    case.pass_days(1, 6)
    amount = case.part.price + 25
    claim_id = case.scene.next_id("C")
    makers = manufacturers_desk(case.unit.model.manufacturer)
    officer = case.staff("warranty_officer")
    lines = (ClaimLine(line_id="part", amount=euros(case.part.price)), ClaimLine(line_id="labour", amount=euros(25)))
    yield case.step(officer, claim.SubmitClaim, claim_id=claim_id, to=makers.id, lines=lines, amount=euros(amount))
    case.pass_days(4, 28)
    decision = case.chance.weighted(_DECISIONS)
    approved = {"full": amount, "reduced": amount // 2, "rejected": 0}[decision]
    fields: dict[str, object] = {"claim_id": claim_id, "amount_approved": euros(approved), "clause": case.part.clause}
    reason = {"full": None, "reduced": "Labour is not paid.", "rejected": "No photograph of the fault."}[decision]
    version = yield case.step(makers, claim.DecideClaim, **fields, reason=reason)
    if approved:
        yield case.step(
            case.staff("cashier", case.branch), billing.RecordPayment, amount=euros(approved), payer="manufacturer"
        )
    if decision == "rejected" and case.chance.happens(0.2):
        yield from dispute(case, "rejected_claim", raised_by="company", against="manufacturer", about_version=version)
    elif decision == "full" and case.chance.happens(0.03):
        case.pass_days(30, 90)
        back: dict[str, object] = {**fields, "amount_approved": euros(0)}
        yield case.step(makers, claim.DecideClaim, **back, reason="Charged back after an audit of the papers.")


def decision_awaited(case: Case) -> Life[None]:
    """The manufacturer is asked beforehand whether it will pay, and takes its time."""
    officer = case.staff("warranty_officer")
    yield case.step(officer, waiting.StartWait, cause="manufacturer_decision", responsible="manufacturer")
    case.pass_days(3, 15)
    yield case.step(officer, waiting.EndWait, cause="manufacturer_decision")


def statutory_instead(case: Case) -> Life[None]:
    """The seller's statutory duty covers what the manufacturer's promise does not."""
    yield case.step(
        case.staff("warranty_officer"),
        diagnosis.ReviseEntitlement,
        from_basis="none",
        to_basis="statutory",
        trigger="proof_of_purchase",
        reason="Bought from our own shop within the time.",
    )
    case.is_covered, case.is_paid_by_customer = True, False
