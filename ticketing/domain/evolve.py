"""evolve: one surviving fact into the ticket. It never refuses and reads only its arguments.

Laws of this file: state folds the surviving facts in order of version. A fact moves a region of the life cycle only if
no fact with a later `occurred_at` has moved it, and it counts for the present cycle only if it occurred in it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ticketing.domain import events as e
from ticketing.domain import evolve_disputes as disputes
from ticketing.domain.cuts import surviving
from ticketing.domain.lifecycle import MOVES
from ticketing.domain.ticket import Bill, Complaint, CycleFacts, Estimate, Ticket, Wait
from ticketing.domain.values import Envelope, Event

Evolve = Callable[[Ticket, Any, Envelope[Event]], None]


def _opened(t: Ticket, event: e.TicketOpened, at: Envelope[Event]) -> None:
    if t.cycle:  # a second opening, found or imported: the number is kept for ever, and no cycle begins
        return
    t.number, t.site, t.channel = event.number, event.site, event.channel
    t.customer_ref, t.customer_kind = event.customer_ref, event.customer_kind
    t.manufacturer, t.model, t.serial = event.manufacturer, event.model, event.serial
    t.opened_at = t.cycle_opened_at = at.occurred_at
    t.cycle = 1


def _received(t: Ticket, event: e.UnitReceived, at: Envelope[Event]) -> None:
    t.was_received = True
    t.paperwork_complete = event.paperwork_complete
    _place(t, event.site, at)


def _place(t: Ticket, site: str | None, at: Envelope[Event]) -> None:
    if t.moved_at["custody"] == at.occurred_at:
        t.unit_site = site


def _identified(t: Ticket, event: e.UnitIdentified, at: Envelope[Event]) -> None:
    t.manufacturer = event.manufacturer or t.manufacturer
    t.model = event.model or t.model
    t.serial = event.serial or t.serial
    t.manufactured_on = event.manufactured_on or t.manufactured_on


def _paperwork(t: Ticket, event: e.PaperworkCompleted, at: Envelope[Event]) -> None:
    t.paperwork_complete = True


def _purchased(t: Ticket, event: e.ProofOfPurchaseRecorded, at: Envelope[Event]) -> None:
    t.purchased_on = event.purchased_on


def _promised(t: Ticket, event: e.PromiseMade, at: Envelope[Event]) -> None:
    t.promised_at = event.due_at


def _repeat(t: Ticket, event: e.RepeatLinked, at: Envelope[Event]) -> None:
    t.previous_ticket = event.previous_ticket


def _assigned(t: Ticket, event: e.TicketAssigned, at: Envelope[Event]) -> None:
    t.assigned_site, t.assigned_person = event.site, event.person


def _left(t: Ticket, event: e.UnitDispatched | e.UnitDisposed, at: Envelope[Event]) -> None:
    _place(t, None, at)


def _arrived(t: Ticket, event: e.UnitArrived, at: Envelope[Event]) -> None:
    _place(t, event.site, at)


def _requested(t: Ticket, event: e.RequestMade, at: Envelope[Event]) -> None:
    t.requests[event.request_id] = None


def _answered(t: Ticket, event: e.RequestAnswered, at: Envelope[Event]) -> None:
    if event.request_id in t.requests:
        t.requests[event.request_id] = event.is_granted


def _tested(t: Ticket, event: e.TestPerformed, at: Envelope[Event]) -> None:
    _on_the_bench(t, at)
    if t.is_in_cycle(at.occurred_at):
        t.in_cycle.tests.add((event.test, event.stage))
        t.in_cycle.has_looked = True


def _diagnosed(t: Ticket, event: e.DiagnosisRecorded, at: Envelope[Event]) -> None:
    if not event.findings or not t.is_in_cycle(at.occurred_at):
        return
    _on_the_bench(t, at)
    cycle = t.in_cycle
    cycle.has_diagnosis = cycle.has_looked = True
    cycle.findings = {finding.finding_id: finding for finding in event.findings}
    cycle.found_nothing = event.found_nothing
    if cycle.found_nothing:
        cycle.finished.add("no_fault")
    else:
        cycle.finished.discard("no_fault")


def _pinned(t: Ticket, event: e.StandardPinned, at: Envelope[Event]) -> None:
    t.pinned = event


def _entitled(t: Ticket, event: e.EntitlementDecided, at: Envelope[Event]) -> None:
    t.entitlement = event.basis
    t.deciders[at.version] = frozenset({at.actor.id})


def _revised(t: Ticket, event: e.EntitlementRevised, at: Envelope[Event]) -> None:
    t.entitlement = event.to_basis
    t.deciders[at.version] = frozenset({at.actor.id, event.approved_by or at.actor.id})


def _refused(t: Ticket, event: e.ServiceRefused, at: Envelope[Event]) -> None:
    t.is_refused = True
    t.deciders[at.version] = frozenset({at.actor.id})
    _finished(t, "returned", at)


def _estimated(t: Ticket, event: e.EstimateIssued, at: Envelope[Event]) -> None:
    t.estimates[event.estimate_version] = Estimate(
        version=event.estimate_version,
        lines={line.line_id: line for line in event.lines},
        maximum=event.maximum,
        valid_until=event.valid_until,
        issued_at=at.occurred_at,
        cycle=t.cycle,
    )


def _approved(t: Ticket, event: e.EstimateApproved, at: Envelope[Event]) -> None:
    estimate = t.estimates.get(event.estimate_version)
    if estimate is not None:
        estimate.approved_lines = frozenset(event.lines)
        estimate.is_declined = False


def _declined(t: Ticket, event: e.EstimateDeclined, at: Envelope[Event]) -> None:
    estimate = t.estimates.get(event.estimate_version)
    if estimate is not None:
        estimate.is_declined = True
        estimate.approved_lines = frozenset()
    _finished(t, "returned", at)


def _wait_started(t: Ticket, event: e.WaitStarted, at: Envelope[Event]) -> None:
    t.waits[event.cause] = Wait(event.cause, at.occurred_at, event.responsible)


def _wait_ended(t: Ticket, event: e.WaitEnded, at: Envelope[Event]) -> None:
    t.waits.pop(event.cause, None)


def _on_the_bench(t: Ticket, at: Envelope[Event]) -> None:
    # Inspectors and experts test and diagnose too; only a technician's own finding is theirs to leave to others.
    if at.actor.role == "technician":
        _at_work(t, at)


def _at_work(t: Ticket, at: Envelope[Event]) -> None:
    if t.is_in_cycle(at.occurred_at):
        t.in_cycle.technicians.add(at.actor.id)


def _finished(t: Ticket, what: e.Checked, at: Envelope[Event]) -> None:
    if t.is_in_cycle(at.occurred_at):
        t.in_cycle.finished.add(what)


def _not_finished(t: Ticket, at: Envelope[Event]) -> None:
    if t.is_in_cycle(at.occurred_at) and t.moved_at["work"] == at.occurred_at:
        t.in_cycle.finished.clear()


def _repair_started(t: Ticket, event: e.RepairStarted, at: Envelope[Event]) -> None:
    _at_work(t, at)
    _not_finished(t, at)


def _spent(t: Ticket, event: e.PartFitted | e.WorkLogged, at: Envelope[Event]) -> None:
    _at_work(t, at)
    approved = t.approved_in_cycle
    if approved is None or event.cost is None or event.estimate_line is None or not t.is_in_cycle(at.occurred_at):
        return
    line = approved.lines.get(event.estimate_line)
    if line is not None and line.payer == "customer":
        approved.performed += event.cost.amount


def _repaired(t: Ticket, event: e.RepairCompleted, at: Envelope[Event]) -> None:
    _at_work(t, at)
    _finished(t, "repair", at)


def _abandoned(t: Ticket, event: e.RepairAbandoned, at: Envelope[Event]) -> None:
    _at_work(t, at)
    _finished(t, "returned", at)


def _exchanged(t: Ticket, event: e.UnitExchanged, at: Envelope[Event]) -> None:
    _at_work(t, at)
    _finished(t, "exchange", at)
    t.serial = event.new_serial
    t.in_cycle.is_exchanged |= t.is_in_cycle(at.occurred_at)


def _qc_failed(t: Ticket, event: e.QcFailed, at: Envelope[Event]) -> None:
    _not_finished(t, at)


def _billed(t: Ticket, event: e.BillIssued, at: Envelope[Event]) -> None:
    approved = t.approved_estimate
    version = approved.version if approved is not None else None
    t.bills[event.bill_id] = Bill(event.bill_id, event.lines, version, cycle=t.cycle)


def _paid(t: Ticket, event: e.PaymentReceived, at: Envelope[Event]) -> None:
    currency = event.amount.currency
    t.paid[currency] = t.paid.get(currency, Decimal(0)) + event.amount.amount


def _handed_back(t: Ticket, event: e.UnitHandedBack, at: Envelope[Event]) -> None:
    t.handed_back_at = at.occurred_at if t.handed_back_at is None else max(t.handed_back_at, at.occurred_at)
    _place(t, None, at)


def _closed(t: Ticket, event: e.TicketClosed, at: Envelope[Event]) -> None:
    if t.moved_at["case"] == at.occurred_at:
        t.outcome, t.closed_at = event.outcome, at.occurred_at
        t.waits.clear()


def _reopened(t: Ticket, event: e.TicketReopened, at: Envelope[Event]) -> None:
    t.cycle += 1
    if t.moved_at["case"] == at.occurred_at:
        t.outcome = t.closed_at = None
        t.is_refused = False
        t.cycle_opened_at = at.occurred_at
        t.in_cycle = CycleFacts()


def _complained(t: Ticket, event: e.ComplaintReceived, at: Envelope[Event]) -> None:
    t.complaints[event.complaint_id] = Complaint(event.complaint_id, event.about, at.occurred_at)


def _acknowledged(t: Ticket, event: e.ComplaintAcknowledged, at: Envelope[Event]) -> None:
    complaint = t.complaints.get(event.complaint_id)
    if complaint is not None:
        complaint.acknowledged_at = at.occurred_at


def _resolved(t: Ticket, event: e.ComplaintResolved, at: Envelope[Event]) -> None:
    complaint = t.complaints.get(event.complaint_id)
    if complaint is not None:
        complaint.resolved_at, complaint.is_upheld = at.occurred_at, event.is_upheld


def _corrected(t: Ticket, event: e.EventCorrected, at: Envelope[Event]) -> None:
    decided = t.deciders.get(event.target_version)
    if decided is not None:
        t.deciders[event.target_version] = decided | {at.actor.id, event.approved_by or at.actor.id}


def _noticed(t: Ticket, event: e.NoticeSent, at: Envelope[Event]) -> None:
    if event.cycle is not None:
        t.notices.add(event.told_once)
    elif t.is_in_cycle(at.occurred_at):
        t.in_cycle.notices.add(event.told_once)


def _nothing(t: Ticket, event: Event, at: Envelope[Event]) -> None:
    """The fact says nothing more than its step in the life cycle."""


EVOLVE: Mapping[type[Event], Evolve] = {
    e.TicketOpened: _opened,
    e.UnitReceived: _received,
    e.UnitIdentified: _identified,
    e.PaperworkCompleted: _paperwork,
    e.ProofOfPurchaseRecorded: _purchased,
    e.PromiseMade: _promised,
    e.RepeatLinked: _repeat,
    e.TicketAssigned: _assigned,
    e.UnitDispatched: _left,
    e.UnitArrived: _arrived,
    e.RequestMade: _requested,
    e.RequestAnswered: _answered,
    e.CustomerContacted: _nothing,
    e.DiagnosisStarted: _nothing,
    e.TestPerformed: _tested,
    e.DiagnosisRecorded: _diagnosed,
    e.StandardPinned: _pinned,
    e.EntitlementDecided: _entitled,
    e.EntitlementRevised: _revised,
    e.ServiceRefused: _refused,
    e.EstimateIssued: _estimated,
    e.EstimateApproved: _approved,
    e.EstimateDeclined: _declined,
    e.WaitStarted: _wait_started,
    e.WaitEnded: _wait_ended,
    e.DisputeOpened: disputes.opened,
    e.PositionRequested: disputes.requested,
    e.PositionStated: disputes.stated,
    e.EvidenceSubmitted: disputes.submitted,
    e.EvidenceHandedOver: disputes.handed_over,
    e.JointInspectionHeld: disputes.inspected,
    e.VerdictIssued: disputes.decided,
    e.VerdictAppealed: disputes.appealed,
    e.DisputeClosed: disputes.closed,
    e.PayersRevised: disputes.payers_revised,
    e.ClaimSubmitted: disputes.claimed,
    e.ClaimDecided: disputes.claim_decided,
    e.RepairStarted: _repair_started,
    e.PartFitted: _spent,
    e.WorkLogged: _spent,
    e.RepairCompleted: _repaired,
    e.RepairAbandoned: _abandoned,
    e.UnitExchanged: _exchanged,
    e.QcPassed: _nothing,
    e.QcFailed: _qc_failed,
    e.QcWaived: _nothing,
    e.BillIssued: _billed,
    e.BillCredited: disputes.credited,
    e.PaymentReceived: _paid,
    e.CustomerNotified: _nothing,
    e.UnitHandedBack: _handed_back,
    e.UnitDisposed: _left,
    e.TicketClosed: _closed,
    e.TicketReopened: _reopened,
    e.ComplaintReceived: _complained,
    e.ComplaintAcknowledged: _acknowledged,
    e.ComplaintResolved: _resolved,
    e.SatisfactionRated: _nothing,
    e.EventCorrected: _corrected,
    e.EventRetracted: _nothing,
    e.NoteRecorded: _nothing,
    e.NoticeSent: _noticed,
    e.HostFactRecorded: _nothing,
}


def evolve(ticket: Ticket, at: Envelope[Event]) -> None:
    """Takes one surviving fact into the ticket, in order of version."""
    kind = type(at.event)
    for region, move in MOVES[kind]:
        if move.target is not None and not _moved_later(ticket, region, at.occurred_at):
            state = getattr(ticket, region)
            if state not in move.keeps:
                setattr(ticket, region, move.state_after(state))
                ticket.moved_at[region] = at.occurred_at
    EVOLVE[kind](ticket, at.event, at)
    ticket.actors[at.version] = at.actor.id
    ticket.version = at.version


def _moved_later(ticket: Ticket, region: str, occurred_at: datetime) -> bool:
    moved_at = ticket.moved_at.get(region)
    return moved_at is not None and moved_at > occurred_at


def fold(ticket_id: UUID, facts: Iterable[Envelope[Event]]) -> Ticket:
    """The ticket that surviving facts, in order of version, add up to."""
    ticket = Ticket(ticket_id)
    for fact in facts:
        evolve(ticket, fact)
    return ticket


def replay(ticket_id: UUID, history: Sequence[Envelope[Event]]) -> Ticket:
    """The ticket after a whole history, in order of version; corrections and retractions apply."""
    ticket = fold(ticket_id, surviving(history))
    ticket.version = history[-1].version if history else 0
    return ticket
