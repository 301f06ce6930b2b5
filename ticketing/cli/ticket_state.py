"""The state of one ticket, as lines for people and as JSON for programs."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import partial
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel

from ticketing.adapters.private import Private
from ticketing.cli.times import shown
from ticketing.domain.assessment import Assessment
from ticketing.domain.disputed import Claim, Dispute
from ticketing.domain.events import StandardPinned
from ticketing.domain.reference import StandardPublished
from ticketing.domain.standard_words import assessment_in_words
from ticketing.domain.ticket import Bill, Complaint, Estimate, Ticket, Wait
from ticketing.domain.values import Money, PrivateText, SerialNumber, decimal_text, instant_text

T = TypeVar("T")
TextOf = Callable[[Private], str]
Line = tuple[str, str]
"""A label and what it says; a following line of the same matter has no label."""

_OWN_BUSINESS = frozenset({"actors", "in_cycle", "moved_at", "notices"})
"""Fields that the rules need and nobody asks for."""


def state_json(ticket: Ticket, symptom: PrivateText | None, text: TextOf) -> dict[str, object]:
    """The ticket's fields under their own names; private texts with their digests."""
    named = {field.name: getattr(ticket, field.name) for field in fields(ticket) if field.name not in _OWN_BUSINESS}
    return {name: in_json(value, text) for name, value in {**named, "symptom": symptom}.items()}


def in_json(value: object, text: TextOf) -> object:
    """The value in the form of the log, with the text beside the digest of every private part."""
    inner = partial(in_json, text=text)
    match value:
        case PrivateText() | SerialNumber():
            return {**value.model_dump(mode="json"), "text": text(value)}
        case BaseModel():
            infos = type(value).model_fields
            return {info.alias or name: inner(getattr(value, name)) for name, info in infos.items()}
        case datetime():
            return instant_text(value)
        case date():
            return value.isoformat()
        case Decimal():
            return decimal_text(value)
        case UUID():
            return str(value)
        case Mapping():
            return {str(key): inner(part) for key, part in value.items()}
        case set() | frozenset():
            return [inner(part) for part in sorted(value)]
        case list() | tuple():
            return [inner(part) for part in value]
        case _ if is_dataclass(value):
            return {field.name: inner(getattr(value, field.name)) for field in fields(value)}
        case _:
            return value


def state_lines(ticket: Ticket, symptom: PrivateText | None, text: TextOf, zone: tzinfo) -> Iterator[Line]:
    """What is known of the ticket, from the unit to the money; nothing about what there is not."""
    at = partial(shown, zone=zone)
    yield from _whose(ticket, symptom, text, at)
    yield from _where(ticket, at)
    yield from _listed("waits for", ticket.waits.values(), partial(_wait, at=at))
    yield from _covered(ticket)
    yield from _listed("estimate", ticket.estimates.values(), _estimate)
    yield from _listed("dispute", ticket.disputes.values(), partial(_dispute, at=at))
    yield from _listed("claim", ticket.claims.values(), _claim)
    yield from _listed("bill", ticket.bills.values(), _bill)
    for currency, amount in ticket.paid.items():
        yield "paid", f"{decimal_text(amount)} {currency}"
    yield from _listed("complaint", ticket.complaints.values(), partial(_complaint, at=at))


def _whose(ticket: Ticket, symptom: PrivateText | None, text: TextOf, at: Callable[[datetime], str]) -> Iterator[Line]:
    unit = " ".join(name for name in (ticket.manufacturer, ticket.model) if name)
    serial = f"serial {text(ticket.serial)}" if ticket.serial is not None else ""
    made = f"made {ticket.manufactured_on}" if ticket.manufactured_on else ""
    bought = f"bought {ticket.purchased_on}" if ticket.purchased_on else ""
    if said := ", ".join(part for part in (unit, serial, made, bought) if part):
        yield "unit", said
    if ticket.customer_ref:
        yield "customer", f"{ticket.customer_ref} ({ticket.customer_kind})"
    if symptom is not None:
        yield "in their words", f"“{text(symptom)}”"
    if ticket.opened_at is not None:
        cycle = f", in its cycle {ticket.cycle}" if ticket.cycle > 1 else ""
        yield "opened", f"{at(ticket.opened_at)} at {ticket.site} ({_words(ticket.channel)}){cycle}"
    if ticket.promised_at is not None:
        yield "promised for", at(ticket.promised_at)


def _where(ticket: Ticket, at: Callable[[datetime], str]) -> Iterator[Line]:
    site = f" at {ticket.unit_site}" if ticket.unit_site is not None else ""
    back = ticket.custody == "handed_back" and ticket.handed_back_at is not None
    when = f" {at(ticket.handed_back_at)}" if back and ticket.handed_back_at is not None else ""
    yield "unit is", f"{_words(ticket.custody)}{site}{when}"
    if ticket.assigned_site is not None:
        person = f", {ticket.assigned_person}" if ticket.assigned_person else ""
        yield "assigned to", f"{ticket.assigned_site}{person}"
    yield "work", _words(ticket.work)


def _covered(ticket: Ticket) -> Iterator[Line]:
    if ticket.entitlement is not None:
        basis = "not covered" if ticket.entitlement == "none" else _words(ticket.entitlement)
        yield "covered by", f"{basis}; service was refused" if ticket.is_refused else basis
    elif ticket.is_refused:
        yield "covered by", "service refused"
    if ticket.pinned is not None:
        yield "standard", _pinned(ticket.pinned)


def part_line(part: object, zone: tzinfo) -> str | None:
    """A part of a ticket as `state_lines` has it; None of what has no line of its own there."""
    at = partial(shown, zone=zone)
    match part:
        case Wait():
            return _wait(part, at)
        case StandardPinned():
            return _pinned(part)
        case Estimate():
            return _estimate(part)
        case Dispute():
            return _dispute(part, at)
        case Claim():
            return _claim(part)
        case Bill():
            return _bill(part)
        case Complaint():
            return _complaint(part, at)
        case _:
            return None


def _pinned(pinned: StandardPinned) -> str:
    clauses = f", clause {', '.join(pinned.clauses)}" if pinned.clauses else ""
    return f"{pinned.standard}@{pinned.standard_version}{clauses}" if pinned.standard else "none applies"


def assessed_lines(assessment: Assessment, standard: StandardPublished | None) -> Iterator[Line]:
    """What the pinned standard says of what is known, clause by clause."""
    yield from _listed("assessment", assessment_in_words(assessment, standard), str)


def _listed(label: str, things: Iterable[T], line: Callable[[T], str]) -> Iterator[Line]:
    for number, thing in enumerate(things):
        yield (label if number == 0 else "", line(thing))


def _wait(wait: Wait, at: Callable[[datetime], str]) -> str:
    by = f" ({wait.responsible})" if wait.responsible else ""
    return f"{_words(wait.cause)}{by} since {at(wait.started_at)}"


def _estimate(estimate: Estimate) -> str:
    approved = f"approved ({len(estimate.approved_lines)} of {len(estimate.lines)} lines)"
    state = "declined" if estimate.is_declined else approved if estimate.approved_lines else "unanswered"
    return f"version {estimate.version}, at most {_money(estimate.maximum)}: {state}"


def _dispute(dispute: Dispute, at: Callable[[datetime], str]) -> str:
    last = dispute.verdicts[-1] if dispute.verdicts else None
    verdict = f", verdict for the {last.in_favour_of}{', appealed' if last.appeals else ''}" if last is not None else ""
    blocking = ", blocks closing" if dispute.is_open and dispute.is_blocking else ""
    state = "open" if dispute.is_open else dispute.outcome or "closed"
    about = f"{dispute.dispute_id} about {_words(dispute.ground)}, {', '.join(dispute.parties)}"
    return f"{about}, since {at(dispute.opened_at)}: {state}{verdict}{blocking}"


def _claim(claim: Claim) -> str:
    decided = "undecided" if claim.amount_approved is None else f"{_money(claim.amount_approved)} approved"
    back = f", charged back {_money(claim.charged_back)}" if claim.charged_back is not None else ""
    return f"{claim.claim_id} over {_money(claim.amount)}: {decided}{back}"


def _bill(bill: Bill) -> str:
    lines = ", ".join(f"{_money(line.amount)} by {line.payer}" for line in bill.lines)
    credited = f", {decimal_text(bill.credited)} credited" if bill.credited else ""
    return f"{bill.bill_id}: {lines}{credited}"


def _complaint(complaint: Complaint, at: Callable[[datetime], str]) -> str:
    if complaint.resolved_at is not None:
        state = f"{'upheld' if complaint.is_upheld else 'not upheld'} {at(complaint.resolved_at)}"
    else:
        state = "unanswered" if complaint.acknowledged_at is None else "acknowledged"
    return f"{complaint.complaint_id} about {_words(complaint.about)} {at(complaint.received_at)}: {state}"


def _money(money: Money) -> str:
    return f"{decimal_text(money.amount)} {money.currency}"


def _words(name: str) -> str:
    return name.replace("_", " ")
