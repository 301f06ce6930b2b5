"""Wording: every fact of a ticket in one readable line, in the words of the trade.

A line says what happened; who did it, when and where stand beside it. Private texts are quoted as the caller's `text`
gives them, so that an erased one reads `[erased]`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from ticketing.domain import events as e
from ticketing.domain.values import Envelope, Event, Money, PrivateText, Quantity, SerialNumber, decimal_text

Text = Callable[[PrivateText | SerialNumber], str]
"""Gives the text behind a private part, such as `Ticketing.text`."""


def in_words(fact: Envelope[Event], text: Text) -> str:
    """One line that says what the fact says.

    Args:
        fact: A fact of a ticket; a fact of a reference stream is none.
        text: Gives the private texts.
    """
    return " ".join(WORDING[type(fact.event)](fact.event, text).split())


# parts of a line


def _quoted(private: PrivateText | None, text: Text, before: str = ": ") -> str:
    return f"{before}“{text(private)}”" if private is not None else ""


def _serial(serial: SerialNumber | None, text: Text) -> str:
    return f"serial {text(serial)}" if serial is not None else ""


def _after(before: str, value: object, behind: str = "") -> str:
    return f"{before}{value}{behind}" if value not in (None, "") else ""


def _list(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)


def _spaced(code: str) -> str:
    return code.replace("_", " ")


def _money(money: Money | None) -> str:
    return f"{decimal_text(money.amount)} {money.currency}" if money is not None else ""


def _reading(quantity: Quantity | None) -> str:
    return f"{decimal_text(quantity.value)} {quantity.unit}" if quantity is not None else ""


def _minute(instant: datetime | None) -> str:
    return instant.strftime("%Y-%m-%d %H:%M UTC") if instant is not None else ""


_BASES: Mapping[e.Basis, str] = {
    "warranty": "in warranty",
    "statutory": "by statute",
    "repair_guarantee": "under the repair guarantee",
    "goodwill": "as goodwill",
    "none": "not free, the customer pays",
}


# intake and routing


def _opened(event: e.TicketOpened, text: Text) -> str:
    unit = _list([_after("", event.manufacturer), _after("", event.model), _serial(event.serial, text)])
    claimed = f"; claimed {_BASES[event.basis_claimed]}" if event.basis_claimed is not None else ""
    told = _quoted(event.symptom, text, "; symptom as told: ")
    return f"took in case {event.number} at {event.site} ({_spaced(event.channel)}){_after(', ', unit)}{claimed}{told}"


def _received(event: e.UnitReceived, text: Text) -> str:
    papers = "" if event.paperwork_complete else "; papers incomplete"
    with_it = _after(", with ", _list(event.accessories))
    return f"received the unit at {event.site}{with_it}{papers}{_quoted(event.condition, text, '; condition: ')}"


def _identified(event: e.UnitIdentified, text: Text) -> str:
    made = _after("made on ", event.manufactured_on)
    found = [_after("", event.manufacturer), _after("", event.model), _serial(event.serial, text), made]
    return f"identified the unit{_after(': ', _list(found))}"


def _proof(event: e.ProofOfPurchaseRecorded, text: Text) -> str:
    return f"recorded the proof of purchase: bought on {event.purchased_on}{_after(' from ', event.seller)}"


def _repeat(event: e.RepeatLinked, text: Text) -> str:
    return f"linked it as a repeat of ticket {event.previous_ticket} ({_spaced(event.basis)})"


def _assigned(event: e.TicketAssigned, text: Text) -> str:
    return f"assigned the ticket to {event.site}{_after(', ', event.person)}{_quoted(event.reason, text)}"


def _dispatched(event: e.UnitDispatched, text: Text) -> str:
    return f"sent the unit to {event.to}{' (outside the company)' if event.to_kind == 'party' else ''}"


def _requested(event: e.RequestMade, text: Text) -> str:
    return f"asked {event.to_site} for a {event.about} ({event.request_id}){_quoted(event.text, text)}"


def _answered(event: e.RequestAnswered, text: Text) -> str:
    return f"{'granted' if event.is_granted else 'turned down'} request {event.request_id}{_quoted(event.text, text)}"


def _contacted(event: e.CustomerContacted, text: Text) -> str:
    way = "told the customer" if event.direction == "to_customer" else "heard from the customer"
    took = {True: ", explanation accepted", False: ", explanation not accepted", None: ""}[event.explanation_accepted]
    return f"{way} by {event.channel} about {_spaced(event.topic)}{took}{_quoted(event.text, text)}"


# diagnosis


def _tested(event: e.TestPerformed, text: Text) -> str:
    stage = "under load" if event.stage == "under_load" else "standard"
    reading = _after(", reading ", _reading(event.reading))
    return f"tested {_spaced(event.test)} ({stage}): {'passed' if event.passed else 'failed'}{reading}"


def _diagnosed(event: e.DiagnosisRecorded, text: Text) -> str:
    found = [
        f"{finding.finding_id} {_spaced(finding.cause)}"
        f"{_after(' (', finding.defect_code.code if finding.defect_code else None, ')')}"
        f"{_quoted(finding.text, text, ' ')}"
        for finding in event.findings
    ]
    return f"diagnosed: {'; '.join(found) or 'nothing'}"


def _pinned(event: e.StandardPinned, text: Text) -> str:
    if event.standard is None:
        return f"stated that no standard applies{_quoted(event.none_reason, text)}"
    clauses = _after(", clauses ", _list(event.clauses))
    by = _after(" by date of ", event.basis)
    return f"pinned standard {event.standard} version {event.standard_version}{by}{clauses}"


def _entitled(event: e.EntitlementDecided, text: Text) -> str:
    clauses = _after(", clauses ", _list(event.clauses))
    return f"decided the entitlement: {_BASES[event.basis]}{clauses}{_quoted(event.reason, text)}"


def _revised(event: e.EntitlementRevised, text: Text) -> str:
    approved = _after(", approved by ", event.approved_by)
    change = f"from {_spaced(event.from_basis)} to {_spaced(event.to_basis)}"
    trigger = _spaced(event.trigger)
    return f"revised the entitlement {change} because of the {trigger}{approved}{_quoted(event.reason, text)}"


def _refused(event: e.ServiceRefused, text: Text) -> str:
    why = _list([_after("", _spaced(event.ground or "")), _after("clause ", event.clause)])
    return f"refused the service{_after(' (', why, ')')}{_quoted(event.explanation, text)}"


# estimate and waiting


def _estimated(event: e.EstimateIssued, text: Text) -> str:
    lines = _list(f"{line.line_id} {_money(line.price)} by {line.payer}" for line in event.lines)
    valid = _after(", valid until ", _minute(event.valid_until))
    return f"issued estimate {event.estimate_version}: {lines}; at most {_money(event.maximum)}{valid}"


def _waiting(event: e.WaitStarted, text: Text) -> str:
    until = _after(", expected until ", _minute(event.expected_until))
    proof = "" if event.evidence is None else ", with evidence"
    who = _after(" (up to the ", event.responsible, ")")
    return f"began to wait for {_spaced(event.cause)}{who}{until}{proof}"


# dispute and claim


def _disputed(event: e.DisputeOpened, text: Text) -> str:
    about = _after(", about fact ", event.about_version)
    blocks = ", blocks closing" if event.is_blocking else ""
    who = f"raised by the {event.raised_by} against {_list(p for p in event.parties if p != event.raised_by)}"
    ground = _spaced(event.ground)
    return f"opened dispute {event.dispute_id} over {ground}, {who}{about}{blocks}{_quoted(event.text, text)}"


def _position(event: e.PositionStated, text: Text) -> str:
    if event.is_silence:
        after = _after(" after the deadline of ", _minute(event.deadline))
        return f"recorded the {event.party}'s silence in dispute {event.dispute_id}{after}"
    behalf = _after(" on behalf of ", event.on_behalf_of)
    wants = _quoted(event.requested_outcome, text, "; wants ")
    clause = _after(" (clause ", event.clause, ")")
    stated = f"stated the {event.party}'s position in dispute {event.dispute_id}"
    return f"{stated}{behalf}{clause}{_quoted(event.statement, text)}{wants}"


def _evidence(event: e.EvidenceSubmitted, text: Text) -> str:
    taken = _list([_after("captured ", _minute(event.captured_at)), _after("by ", event.captured_by)])
    of = _after(" in dispute ", event.dispute_id)
    what = _list([event.media_type, f"{event.sha256[:12]}…", taken])
    return f"put evidence {event.evidence_id} on record{of}: {what}"


def _inspected(event: e.JointInspectionHeld, text: Text) -> str:
    with_whom = _list(event.attendees)
    return f"held a joint inspection in dispute {event.dispute_id} with {with_whom}{_quoted(event.protocol, text)}"


def _verdict(event: e.VerdictIssued, text: Text) -> str:
    shares = _list(f"{share.party} {decimal_text(share.percent)} %" for share in event.shares)
    clause = _after(", clause ", event.clause)
    judged = f"decided dispute {event.dispute_id} for the {event.in_favour_of} (judge {event.by})"
    return f"{judged}{_after(', shares: ', shares)}{clause}{_quoted(event.reasons, text)}"


def _appealed(event: e.VerdictAppealed, text: Text) -> str:
    reasons = _quoted(event.reasons, text)
    return f"appealed against the verdict in dispute {event.dispute_id} for the {event.party}{reasons}"


def _dispute_closed(event: e.DisputeClosed, text: Text) -> str:
    return f"closed dispute {event.dispute_id}: {event.how}{_quoted(event.terms, text, ', ')}"


def _claim_decided(event: e.ClaimDecided, text: Text) -> str:
    clause = _after(", clause ", event.clause)
    granted = f"{_money(event.amount_approved)} approved{clause}"
    return f"decided claim {event.claim_id}: {granted}{_quoted(event.reason, text)}"


# repair and quality


def _fitted(event: e.PartFitted, text: Text) -> str:
    into = _after("in: ", _serial(event.serial_in, text))
    out = _after("out: ", _serial(event.serial_out, text))
    what = _list([into, out, _money(event.cost), _after("line ", event.estimate_line)])
    return f"fitted {event.quantity} × {event.part_number}{_after(' (', what, ')')}"


def _logged(event: e.WorkLogged, text: Text) -> str:
    what = _list([_money(event.cost), _after("line ", event.estimate_line)])
    return f"logged {event.minutes} minutes of work{_after(' (', what, ')')}"


def _repaired(event: e.RepairCompleted, text: Text) -> str:
    return f"completed the repair{_after(': ', _list(f'{code.system} {code.code}' for code in event.actions))}"


def _passed(event: e.QcPassed, text: Text) -> str:
    failed = _list(result.point for result in event.results if not result.passed)
    by = _after(" by checklist ", event.checklist_version)
    return f"signed the unit off ({_spaced(event.checked)}){by}{_after(', not met: ', failed)}"


def _failed(event: e.QcFailed, text: Text) -> str:
    defects = _after(": ", _list(f"{code.system} {code.code}" for code in event.defects))
    return f"sent the unit back{_after(' to ', event.back_to)}{defects}"


# bill and closure


def _billed(event: e.BillIssued, text: Text) -> str:
    lines = _list(
        f"{_after('', line.estimate_line, ' ')}{_money(line.amount)} by {line.payer}{_quoted(line.reason, text, ' ')}"
        for line in event.lines
    )
    return f"issued bill {event.bill_id}: {lines}"


def _credited(event: e.BillCredited, text: Text) -> str:
    return f"credited {_money(event.amount)} of bill {event.bill_id}{_quoted(event.reason, text)}"


def _paid(event: e.PaymentReceived, text: Text) -> str:
    return f"took {_money(event.amount)} from the {event.payer}{_after(' for bill ', event.bill_id)}"


# complaint and record


def _complained(event: e.ComplaintReceived, text: Text) -> str:
    about = "the service" if event.about == "service" else "the manufacturer's policy"
    wants = _after(", wants: ", event.remedy_sought)
    of = _spaced(event.complaint_class)
    return f"made complaint {event.complaint_id} about {about} ({of}){wants}{_quoted(event.text, text)}"


def _resolved(event: e.ComplaintResolved, text: Text) -> str:
    upheld = "upheld" if event.is_upheld else "not upheld"
    return f"resolved complaint {event.complaint_id}: {upheld}{_quoted(event.remedy, text, ', ')}"


def _value(value: e.Corrected, text: Text) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, PrivateText | SerialNumber):
        return f"“{text(value)}”"
    if isinstance(value, tuple):
        return f"({_list(str(part) for part in value)})"
    return "nothing" if value is None else str(value)


def _corrected(event: e.EventCorrected, text: Text) -> str:
    change = f"from {_value(event.was, text)} to {_value(event.is_, text)}"
    approved = _after(", approved by ", event.approved_by)
    return f"corrected {event.field} of fact {event.target_version} {change}{approved}{_quoted(event.reason, text)}"


def _retracted(event: e.EventRetracted, text: Text) -> str:
    approved = _after(", approved by ", event.approved_by)
    return f"took fact {event.target_version} back{approved}{_quoted(event.reason, text)}"


def _noted(event: e.NoteRecorded, text: Text) -> str:
    return f"noted{_after(' on ', event.topic if event.topic != 'note' else None)}{_quoted(event.text, text)}"


def _notice(event: e.NoticeSent, text: Text) -> str:
    due = _after(", due ", _minute(event.due_at))
    return f"sent notice {_spaced(event.kind)} of clock {_spaced(event.clock)} to {event.to}{due}"


def _host_fact(event: e.HostFactRecorded, text: Text) -> str:
    data = _list(f"{_spaced(name)} {_value(value, text)}" for name, value in event.data.items())
    return f"{event.namespace} recorded {event.name}{_after(': ', data)}"


WORDING: Mapping[type[Event], Callable[[Any, Text], str]] = {
    e.TicketOpened: _opened,
    e.UnitReceived: _received,
    e.UnitIdentified: _identified,
    e.PaperworkCompleted: lambda event, text: "completed the papers",
    e.ProofOfPurchaseRecorded: _proof,
    e.PromiseMade: lambda event, text: f"promised the unit by {_minute(event.due_at)}",
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
    e.EstimateApproved: lambda event, text: f"approved estimate {event.estimate_version}: {_list(event.lines)}",
    e.EstimateDeclined: lambda event, text: f"declined estimate {event.estimate_version}{_quoted(event.reason, text)}",
    e.WaitStarted: _waiting,
    e.WaitEnded: lambda event, text: f"ended the wait for {_spaced(event.cause)}",
    e.DisputeOpened: _disputed,
    e.PositionStated: _position,
    e.EvidenceSubmitted: _evidence,
    e.JointInspectionHeld: _inspected,
    e.VerdictIssued: _verdict,
    e.VerdictAppealed: _appealed,
    e.DisputeClosed: _dispute_closed,
    e.ClaimSubmitted: lambda event, text: f"submitted claim {event.claim_id} to {event.to} for {_money(event.amount)}",
    e.ClaimDecided: _claim_decided,
    e.RepairStarted: lambda event, text: "began the repair",
    e.PartFitted: _fitted,
    e.WorkLogged: _logged,
    e.RepairCompleted: _repaired,
    e.RepairAbandoned: lambda event, text: f"gave the repair up{_quoted(event.reason, text)}",
    e.UnitExchanged: lambda event, text: f"exchanged the unit for {_serial(event.new_serial, text)}",
    e.QcPassed: _passed,
    e.QcFailed: _failed,
    e.QcWaived: lambda event, text: f"let the unit go without inspection{_quoted(event.reason, text)}",
    e.BillIssued: _billed,
    e.BillCredited: _credited,
    e.PaymentReceived: _paid,
    e.CustomerNotified: lambda event, text: f"told the customer by {event.channel} that the unit is ready",
    e.UnitHandedBack: lambda event, text: f"handed the unit back to the {event.to}{_after(' at ', event.site)}",
    e.UnitDisposed: lambda event, text: f"disposed of the unit{_quoted(event.reason, text)}",
    e.TicketClosed: lambda event, text: f"closed the case: {_spaced(event.outcome)}",
    e.TicketReopened: lambda event, text: f"reopened the case: {_spaced(event.ground)}",
    e.ComplaintReceived: _complained,
    e.ComplaintAcknowledged: lambda event, text: f"acknowledged complaint {event.complaint_id}",
    e.ComplaintResolved: _resolved,
    e.SatisfactionRated: lambda event, text: f"rated the service {event.rating} of 5{_quoted(event.text, text)}",
    e.EventCorrected: _corrected,
    e.EventRetracted: _retracted,
    e.NoteRecorded: _noted,
    e.NoticeSent: _notice,
    e.HostFactRecorded: _host_fact,
}
