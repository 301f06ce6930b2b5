"""Handling: through whose hands a ticket went, how long its customer was told nothing, and what its sites asked.

A ticket is with the site that its opening, an assignment, a receipt or an arrival named last; a department is a site
like any other. What leaves both unit and ticket where they were is no change, and neither is the arrival where the
ticket was sent before. All of it counts up to the first hand-back; what is asked between sites counts on.

The customer is told by a contact to them, a promise, an estimate, a refusal, a bill of theirs, the notice that the unit
is ready, and an answer to their complaint. A call of the customer's is none, for who has to ask was not told, and no
notice that a clock sent is one. Silence runs from receipt to hand-back, disposal or closing, and from a reopening.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketing.domain import events as e
from ticketing.domain.hours import micros
from ticketing.domain.slots import replace
from ticketing.domain.values import Event, Recorded
from ticketing.projections.dimensions import Take
from ticketing.projections.turnaround import TurnaroundRow, with_course

Asking = tuple[str, str, int, int | None, int | None]
"""What one site asked of another: the id, to whom, and in microseconds when, when it was answered first, and when the
ticket was closed first after it was asked.
"""

LINE = "\n"
"""Stands between the sites of `path`; no key has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlingRow(TurnaroundRow):
    """Through whose hands one ticket went.

    Attributes:
        path: The sites that it was with, in order, a line each.
        worked: For each of them `1` if anything was done there, else `0`.
        changes: How often it went from one site to another.
        bounces: How often it came back to a site without anything done since it had left.
        unit_was_at: Where the unit was last; at first where the ticket was opened.
        assigned_site: To whom the ticket was given last.
        acted_at: When anybody first did anything with the unit.
        contacts_before: How often company and customer had spoken by then.
        silent_since: Since when the customer has been told nothing; None where the company has not got the unit.
        paid_at: When the customer first paid.
        silence_before: The longest silence so far before that, in microseconds; None where there was no such time.
        silence_after: The longest since.
        told_after_payment_at: When the customer was told something after it, or had the unit back.
        requests: What its sites asked each other.
        requests_made: How many that are.
        requests_answered: How many of them were answered.
    """

    path: str | None = None
    worked: str = ""
    changes: int = 0
    bounces: int = 0
    unit_was_at: str | None = None
    assigned_site: str | None = None
    acted_at: datetime | None = None
    contacts_before: int = 0
    silent_since: datetime | None = None
    paid_at: datetime | None = None
    silence_before: int | None = None
    silence_after: int | None = None
    told_after_payment_at: datetime | None = None
    requests: tuple[Asking, ...] = ()
    requests_made: int = 0
    requests_answered: int = 0


# through whose hands it went


def _goes_to(row: HandlingRow, site: str) -> HandlingRow:
    if row.path is None:
        return replace(row, path=site, worked="0")
    path = row.path.split(LINE)
    if path[-1] == site:
        return row
    return replace(
        row,
        path=f"{row.path}{LINE}{site}",
        worked=f"{row.worked}0",
        changes=row.changes + 1,
        bounces=row.bounces + is_bounced(path, row.worked, site),
    )


def is_bounced(path: list[str], worked: str, site: str) -> bool:
    """Whether a ticket that goes to a site comes back to it without anything done since it left."""
    if site not in path:
        return False
    left = len(path) - 1 - path[::-1].index(site)
    return "1" not in worked[left + 1 :]


def _opened(row: HandlingRow, fact: Recorded[e.TicketOpened]) -> HandlingRow:
    if row.unit_was_at is not None:
        return row
    return _goes_to(replace(row, unit_was_at=fact.event.site), fact.event.site)


def _assigned(row: HandlingRow, fact: Recorded[e.TicketAssigned]) -> HandlingRow:
    site = fact.event.site
    return row if site == row.assigned_site else _goes_to(replace(row, assigned_site=site), site)


def _came(row: HandlingRow, fact: Recorded[e.UnitReceived | e.UnitArrived]) -> HandlingRow:
    site = fact.event.site
    return row if site == row.unit_was_at else _goes_to(replace(row, unit_was_at=site), site)


def _worked(row: HandlingRow, fact: Recorded[Event]) -> HandlingRow:
    worked = f"{row.worked[:-1]}1" if row.path is not None else ""
    return replace(row, worked=worked, acted_at=row.acted_at or fact.occurred_at)


# what the customer heard


def _told(row: HandlingRow, fact: Recorded[Event]) -> HandlingRow:
    after = row.told_after_payment_at or (None if row.paid_at is None else fact.occurred_at)
    row = replace(row, told_after_payment_at=after)
    return row if row.silent_since is None else _silent_from(_broken(row, fact.occurred_at), fact.occurred_at)


def _broken(row: HandlingRow, at: datetime) -> HandlingRow:
    """The row after a silence that ends."""
    if row.silent_since is None:
        return row
    lasted = micros(at) - micros(row.silent_since)
    if row.paid_at is None:
        return replace(row, silent_since=None, silence_before=max(row.silence_before or 0, lasted))
    return replace(row, silent_since=None, silence_after=max(row.silence_after or 0, lasted))


def _silent_from(row: HandlingRow, at: datetime) -> HandlingRow:
    if row.paid_at is None:
        return replace(row, silent_since=at, silence_before=row.silence_before or 0)
    return replace(row, silent_since=at, silence_after=row.silence_after or 0)


def _contacted(row: HandlingRow, fact: Recorded[e.CustomerContacted]) -> HandlingRow:
    if row.acted_at is None:
        row = replace(row, contacts_before=row.contacts_before + 1)
    return _told(row, fact) if fact.event.direction == "to_customer" else row


def _billed(row: HandlingRow, fact: Recorded[e.BillIssued]) -> HandlingRow:
    return _told(row, fact) if any(line.payer == "customer" for line in fact.event.lines) else row


def _paid(row: HandlingRow, fact: Recorded[e.PaymentReceived]) -> HandlingRow:
    if row.paid_at is not None or fact.event.payer != "customer":
        return row
    at, is_running = fact.occurred_at, row.silent_since is not None
    row = replace(_broken(row, at), paid_at=at)
    return _silent_from(row, at) if is_running else row


def _ended(row: HandlingRow, fact: Recorded[e.UnitDisposed | e.TicketClosed]) -> HandlingRow:
    return _broken(row, fact.occurred_at)


def _reopened(row: HandlingRow, fact: Recorded[e.TicketReopened]) -> HandlingRow:
    return row if row.began_at is None else _silent_from(row, fact.occurred_at)


_WORK: tuple[type[Event], ...] = (
    e.DiagnosisStarted,
    e.TestPerformed,
    e.DiagnosisRecorded,
    e.RepairStarted,
    e.PartFitted,
    e.WorkLogged,
    e.RepairCompleted,
    e.RepairAbandoned,
    e.UnitExchanged,
    e.QcPassed,
    e.QcFailed,
)
_TAKES: Mapping[type[Event], Take[HandlingRow]] = {
    e.TicketOpened: _opened,
    e.UnitReceived: _came,
    e.PromiseMade: _told,
    e.TicketAssigned: _assigned,
    e.UnitArrived: _came,
    e.CustomerContacted: _contacted,
    e.ServiceRefused: _told,
    e.EstimateIssued: _told,
    **dict.fromkeys(_WORK, _worked),
    e.BillIssued: _billed,
    e.PaymentReceived: _paid,
    e.CustomerNotified: _told,
    e.UnitDisposed: _ended,
    e.TicketClosed: _ended,
    e.TicketReopened: _reopened,
    e.ComplaintAcknowledged: _told,
    e.ComplaintResolved: _told,
}


# what sites asked each other


def _asked(row: HandlingRow, fact: Recorded[e.RequestMade]) -> HandlingRow:
    event = fact.event
    if any(request_id == event.request_id for request_id, *_ in row.requests):
        return row
    asking: Asking = (event.request_id, event.to_site, micros(fact.occurred_at), None, None)
    return replace(row, requests=(*row.requests, asking), requests_made=row.requests_made + 1)


def _answered(row: HandlingRow, fact: Recorded[e.RequestAnswered]) -> HandlingRow:
    at = micros(fact.occurred_at)
    requests = tuple(
        (request_id, to, asked_at, at, closed_at)
        if request_id == fact.event.request_id and answered_at is None
        else (request_id, to, asked_at, answered_at, closed_at)
        for request_id, to, asked_at, answered_at, closed_at in row.requests
    )
    answered = sum(answered_at is not None for _, _, _, answered_at, _ in requests)
    return replace(row, requests=requests, requests_answered=answered)


def _left_unanswered(row: HandlingRow, fact: Recorded[e.TicketClosed]) -> HandlingRow:
    at = micros(fact.occurred_at)
    return replace(
        row,
        requests=tuple(
            (request_id, to, asked_at, answered_at, at if answered_at is None and closed_at is None else closed_at)
            for request_id, to, asked_at, answered_at, closed_at in row.requests
        ),
    )


_ASKS: Mapping[type[Event], Take[HandlingRow]] = {
    e.RequestMade: _asked,
    e.RequestAnswered: _answered,
    e.TicketClosed: _left_unanswered,
}
TAKEN = frozenset(_TAKES) | frozenset(_ASKS)
"""The facts that this family uses, beside those that the course of the ticket uses."""


class HandlingRows:
    """The projection: one `HandlingRow` per ticket."""

    name = "handling"
    version = 1
    row = HandlingRow

    def apply(self, row: HandlingRow, fact: Recorded[Event]) -> HandlingRow:
        """The row with one more fact."""
        before, kind = row, type(fact.event)
        row = with_course(row, fact)
        asks: Take[Any] | None = _ASKS.get(kind)
        row = row if asks is None else asks(row, fact)
        if before.first_back_at is not None:
            return row
        take = _TAKES.get(kind)
        row = row if take is None else take(row, fact)
        if row.first_back_at is not None:
            told_at = row.told_after_payment_at or (None if row.paid_at is None else fact.occurred_at)
            return replace(_broken(row, fact.occurred_at), told_after_payment_at=told_at)
        if before.began_at is None and row.began_at is not None:
            return _silent_from(row, fact.occurred_at)
        return row
