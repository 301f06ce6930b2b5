"""Wording: every fact of a ticket in one readable line, in the words of the trade.

A line says what happened; who did it, when and where stand beside it. Private texts are quoted as the caller's `text`
gives them, so that an erased one reads `[erased]`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ticketing.domain import events as e
from ticketing.domain import phrases as say
from ticketing.domain.assessment import Assessment
from ticketing.domain.phrases import Text
from ticketing.domain.standard_words import ANSWERS
from ticketing.domain.values import Envelope, Event, PrivateText, SerialNumber
from ticketing.domain.wording_disputes import WORDING_OF_DISPUTES


def in_words(fact: Envelope[Event], text: Text) -> str:
    """One line that says what the fact says.

    Args:
        fact: A fact of a ticket; a fact of a reference stream is none.
        text: Gives the private texts.
    """
    return " ".join(WORDING[type(fact.event)](fact.event, text).split())


_BASES: Mapping[e.Basis, str] = {
    "warranty": "in warranty",
    "statutory": "by statute",
    "repair_guarantee": "under the repair guarantee",
    "goodwill": "as goodwill",
    "none": "not free, the customer pays",
}


# intake and routing


def _opened(event: e.TicketOpened, text: Text) -> str:
    unit = say.listed([say.after("", event.manufacturer), say.after("", event.model), say.serial(event.serial, text)])
    claimed = f"; claimed {_BASES[event.basis_claimed]}" if event.basis_claimed is not None else ""
    told = say.quoted(event.symptom, text, "; symptom as told: ")
    where = f"{event.site} ({say.spaced(event.channel)})"
    return f"took in case {event.number} at {where}{say.after(', ', unit)}{claimed}{told}"


def _received(event: e.UnitReceived, text: Text) -> str:
    papers = "" if event.paperwork_complete else "; papers incomplete"
    with_it = say.after(", with ", say.listed(event.accessories))
    return f"received the unit at {event.site}{with_it}{papers}{say.quoted(event.condition, text, '; condition: ')}"


def _identified(event: e.UnitIdentified, text: Text) -> str:
    made = say.after("made on ", event.manufactured_on)
    found = [say.after("", event.manufacturer), say.after("", event.model), say.serial(event.serial, text), made]
    return f"identified the unit{say.after(': ', say.listed(found))}"


def _proof(event: e.ProofOfPurchaseRecorded, text: Text) -> str:
    bought = f"bought on {event.purchased_on}{say.after(' from ', event.seller)}"
    return f"recorded the proof of purchase: {bought}{say.after(', handed over on ', event.handed_over_on)}"


def _repeat(event: e.RepeatLinked, text: Text) -> str:
    return f"linked it as a repeat of ticket {event.previous_ticket} ({say.spaced(event.basis)})"


def _assigned(event: e.TicketAssigned, text: Text) -> str:
    return f"assigned the ticket to {event.site}{say.after(', ', event.person)}{say.quoted(event.reason, text)}"


def _dispatched(event: e.UnitDispatched, text: Text) -> str:
    return f"sent the unit to {event.to}{' (outside the company)' if event.to_kind == 'party' else ''}"


def _requested(event: e.RequestMade, text: Text) -> str:
    return f"asked {event.to_site} for a {event.about} ({event.request_id}){say.quoted(event.text, text)}"


def _answered(event: e.RequestAnswered, text: Text) -> str:
    return (
        f"{'granted' if event.is_granted else 'turned down'} request {event.request_id}{say.quoted(event.text, text)}"
    )


def _contacted(event: e.CustomerContacted, text: Text) -> str:
    way = "told the customer" if event.direction == "to_customer" else "heard from the customer"
    took = {True: ", explanation accepted", False: ", explanation not accepted", None: ""}[event.explanation_accepted]
    return f"{way} by {event.channel} about {say.spaced(event.topic)}{took}{say.quoted(event.text, text)}"


# diagnosis


def _tested(event: e.TestPerformed, text: Text) -> str:
    stage = "under load" if event.stage == "under_load" else "standard"
    reading = say.after(", reading ", say.reading(event.reading))
    return f"tested {say.spaced(event.test)} ({stage}): {'passed' if event.passed else 'failed'}{reading}"


def _diagnosed(event: e.DiagnosisRecorded, text: Text) -> str:
    found = [
        f"{finding.finding_id} {say.spaced(finding.cause)}"
        f"{say.after(' (', finding.defect_code.code if finding.defect_code else None, ')')}"
        f"{say.quoted(finding.text, text, ' ')}"
        for finding in event.findings
    ]
    return f"diagnosed: {'; '.join(found) or 'nothing'}"


def _pinned(event: e.StandardPinned, text: Text) -> str:
    if event.standard is None:
        return f"stated that no standard applies{say.quoted(event.none_reason, text)}"
    clauses = say.after(", clauses ", say.listed(event.clauses))
    by = say.after(" by date of ", event.basis)
    return f"pinned standard {event.standard} version {event.standard_version}{by}{clauses}"


def _entitled(event: e.EntitlementDecided, text: Text) -> str:
    clauses = say.after(", clauses ", say.listed(event.clauses))
    decided = f"decided the entitlement: {_BASES[event.basis]}{clauses}{say.quoted(event.reason, text)}"
    return f"{decided}{_says(event.assessment)}"


def _revised(event: e.EntitlementRevised, text: Text) -> str:
    approved = say.after(", approved by ", event.approved_by)
    change = f"from {say.spaced(event.from_basis)} to {say.spaced(event.to_basis)}"
    revised = f"revised the entitlement {change} because of the {say.spaced(event.trigger)}{approved}"
    return f"{revised}{say.quoted(event.reason, text)}{_says(event.assessment)}"


def _refused(event: e.ServiceRefused, text: Text) -> str:
    why = say.listed([say.after("", say.spaced(event.ground or "")), say.after("clause ", event.clause)])
    explained = say.quoted(event.explanation, text)
    return f"refused the service{say.after(' (', why, ')')}{explained}{_says(event.assessment)}"


def _says(assessment: Assessment | None) -> str:
    """What the standard said of it, so that a decision against it is seen at once."""
    if assessment is None:
        return ""
    return f"; {assessment.standard}@{assessment.version} says {ANSWERS[assessment.answer]}"


# estimate and waiting


def _estimated(event: e.EstimateIssued, text: Text) -> str:
    lines = say.listed(f"{line.line_id} {say.money(line.price)} by {line.payer}" for line in event.lines)
    valid = say.after(", valid until ", say.minute(event.valid_until))
    return f"issued estimate {event.estimate_version}: {lines}; at most {say.money(event.maximum)}{valid}"


def _waiting(event: e.WaitStarted, text: Text) -> str:
    until = say.after(", expected until ", say.minute(event.expected_until))
    proof = "" if event.evidence is None else ", with evidence"
    who = say.after(" (up to the ", event.responsible, ")")
    return f"began to wait for {say.spaced(event.cause)}{who}{until}{proof}"


# repair and quality


def _fitted(event: e.PartFitted, text: Text) -> str:
    into = say.after("in: ", say.serial(event.serial_in, text))
    out = say.after("out: ", say.serial(event.serial_out, text))
    what = say.listed([into, out, say.money(event.cost), say.after("line ", event.estimate_line)])
    return f"fitted {event.quantity} × {event.part_number}{say.after(' (', what, ')')}"


def _logged(event: e.WorkLogged, text: Text) -> str:
    what = say.listed([say.money(event.cost), say.after("line ", event.estimate_line)])
    return f"logged {event.minutes} minutes of work{say.after(' (', what, ')')}"


def _repaired(event: e.RepairCompleted, text: Text) -> str:
    return f"completed the repair{say.after(': ', say.listed(f'{code.system} {code.code}' for code in event.actions))}"


def _passed(event: e.QcPassed, text: Text) -> str:
    failed = say.listed(result.point for result in event.results if not result.passed)
    by = say.after(" by checklist ", event.checklist_version)
    return f"signed the unit off ({say.spaced(event.checked)}){by}{say.after(', not met: ', failed)}"


def _failed(event: e.QcFailed, text: Text) -> str:
    defects = say.after(": ", say.listed(f"{code.system} {code.code}" for code in event.defects))
    return f"sent the unit back{say.after(' to ', event.back_to)}{defects}"


# bill and closure


def _billed(event: e.BillIssued, text: Text) -> str:
    return f"issued bill {event.bill_id}: {say.listed(_bill_line(line, text) for line in event.lines)}"


def _bill_line(line: e.BillLine, text: Text) -> str:
    of = say.after("", line.estimate_line, " ")
    return f"{of}{say.money(line.amount)} by {line.payer}{say.quoted(line.reason, text, ' ')}"


def _credited(event: e.BillCredited, text: Text) -> str:
    after = say.after(" after dispute ", event.dispute_id)
    return f"credited {say.money(event.amount)} of bill {event.bill_id}{after}{say.quoted(event.reason, text)}"


def _paid(event: e.PaymentReceived, text: Text) -> str:
    return f"took {say.money(event.amount)} from the {event.payer}{say.after(' for bill ', event.bill_id)}"


# complaint and record


def _complained(event: e.ComplaintReceived, text: Text) -> str:
    about = "the service" if event.about == "service" else "the manufacturer's policy"
    wants = say.after(", wants: ", event.remedy_sought)
    of = say.spaced(event.complaint_class)
    return f"made complaint {event.complaint_id} about {about} ({of}){wants}{say.quoted(event.text, text)}"


def _resolved(event: e.ComplaintResolved, text: Text) -> str:
    upheld = "upheld" if event.is_upheld else "not upheld"
    return f"resolved complaint {event.complaint_id}: {upheld}{say.quoted(event.remedy, text, ', ')}"


def _value(value: e.Corrected, text: Text) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, PrivateText | SerialNumber):
        return f"“{text(value)}”"
    if isinstance(value, tuple):
        return f"({say.listed(str(part) for part in value)})"
    return "nothing" if value is None else str(value)


def _corrected(event: e.EventCorrected, text: Text) -> str:
    change = f"from {_value(event.was, text)} to {_value(event.is_, text)}"
    approved = say.after(", approved by ", event.approved_by)
    return f"corrected {event.field} of fact {event.target_version} {change}{approved}{say.quoted(event.reason, text)}"


def _retracted(event: e.EventRetracted, text: Text) -> str:
    approved = say.after(", approved by ", event.approved_by)
    return f"took fact {event.target_version} back{approved}{say.quoted(event.reason, text)}"


def _noted(event: e.NoteRecorded, text: Text) -> str:
    return f"noted{say.after(' on ', event.topic if event.topic != 'note' else None)}{say.quoted(event.text, text)}"


def _notice(event: e.NoticeSent, text: Text) -> str:
    about = say.after(" of policy ", event.policy) + say.after(" for ", event.subject)
    if event.cycle is not None and event.cycle > 1:
        about += f" in cycle {event.cycle}"
    due = say.after(", due ", say.minute(event.due_at))
    return f"sent notice {say.spaced(event.kind)} of clock {say.spaced(event.clock)}{about} to {event.to}{due}"


def _host_fact(event: e.HostFactRecorded, text: Text) -> str:
    data = say.listed(f"{say.spaced(name)} {_value(value, text)}" for name, value in event.data.items())
    return f"{event.namespace} recorded {event.name}{say.after(': ', data)}"


WORDING: Mapping[type[Event], Callable[[Any, Text], str]] = {
    e.TicketOpened: _opened,
    e.UnitReceived: _received,
    e.UnitIdentified: _identified,
    e.PaperworkCompleted: lambda event, text: "completed the papers",
    e.ProofOfPurchaseRecorded: _proof,
    e.PromiseMade: lambda event, text: f"promised the unit by {say.minute(event.due_at)}",
    e.RepeatLinked: _repeat,
    e.TicketAssigned: _assigned,
    e.UnitDispatched: _dispatched,
    e.UnitArrived: lambda event, text: f"recorded the unit's arrival at {event.site}",
    e.RequestMade: _requested,
    e.RequestAnswered: _answered,
    e.CustomerContacted: _contacted,
    e.DiagnosisStarted: lambda event, text: "began to look at the unit",
    e.TestPerformed: _tested,
    e.DiagnosisRecorded: _diagnosed,
    e.StandardPinned: _pinned,
    e.EntitlementDecided: _entitled,
    e.EntitlementRevised: _revised,
    e.ServiceRefused: _refused,
    e.EstimateIssued: _estimated,
    e.EstimateApproved: lambda event, text: f"approved estimate {event.estimate_version}: {say.listed(event.lines)}",
    e.EstimateDeclined: lambda event, text: (
        f"declined estimate {event.estimate_version}{say.quoted(event.reason, text)}"
    ),
    e.WaitStarted: _waiting,
    e.WaitEnded: lambda event, text: f"ended the wait for {say.spaced(event.cause)}",
    **WORDING_OF_DISPUTES,
    e.RepairStarted: lambda event, text: "began the repair",
    e.PartFitted: _fitted,
    e.WorkLogged: _logged,
    e.RepairCompleted: _repaired,
    e.RepairAbandoned: lambda event, text: f"gave the repair up{say.quoted(event.reason, text)}",
    e.UnitExchanged: lambda event, text: f"exchanged the unit for {say.serial(event.new_serial, text)}",
    e.QcPassed: _passed,
    e.QcFailed: _failed,
    e.QcWaived: lambda event, text: f"let the unit go without inspection{say.quoted(event.reason, text)}",
    e.BillIssued: _billed,
    e.BillCredited: _credited,
    e.PaymentReceived: _paid,
    e.CustomerNotified: lambda event, text: f"told the customer by {event.channel} that the unit is ready",
    e.UnitHandedBack: lambda event, text: f"handed the unit back to the {event.to}{say.after(' at ', event.site)}",
    e.UnitDisposed: lambda event, text: f"disposed of the unit{say.quoted(event.reason, text)}",
    e.TicketClosed: lambda event, text: f"closed the case: {say.spaced(event.outcome)}",
    e.TicketReopened: lambda event, text: f"reopened the case: {say.spaced(event.ground)}",
    e.ComplaintReceived: _complained,
    e.ComplaintAcknowledged: lambda event, text: f"acknowledged complaint {event.complaint_id}",
    e.ComplaintResolved: _resolved,
    e.SatisfactionRated: lambda event, text: f"rated the service {event.rating} of 5{say.quoted(event.text, text)}",
    e.EventCorrected: _corrected,
    e.EventRetracted: _retracted,
    e.NoteRecorded: _noted,
    e.NoticeSent: _notice,
    e.HostFactRecorded: _host_fact,
}
