"""evolve, for disputes, evidence and claims: one surviving fact into the ticket; see `evolve` for the laws."""

from decimal import Decimal

from ticketing.domain import events as e
from ticketing.domain.disputed import (
    Appeal,
    Asked,
    Claim,
    ClaimDecision,
    Closing,
    Dispute,
    Evidence,
    Held,
    Inspection,
    Position,
    Verdict,
)
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Envelope, Event, Money, Party


def opened(t: Ticket, event: e.DisputeOpened, at: Envelope[Event]) -> None:
    t.disputes[event.dispute_id] = Dispute(
        dispute_id=event.dispute_id,
        ground=event.ground,
        raised_by=event.raised_by,
        parties=tuple(dict.fromkeys((event.raised_by, *event.parties))),
        about_version=event.about_version,
        is_blocking=event.is_blocking,
        opened_at=at.occurred_at,
        cycle=t.cycle,
        text=event.text,
    )


def requested(t: Ticket, event: e.PositionRequested, at: Envelope[Event]) -> None:
    dispute = t.disputes.get(event.dispute_id)
    if dispute is not None:
        dispute.asked.append(Asked(at.version, event.party, at.occurred_at, event.deadline))


def stated(t: Ticket, event: e.PositionStated, at: Envelope[Event]) -> None:
    dispute = t.disputes.get(event.dispute_id)
    if dispute is None:
        return
    dispute.positions.append(Position(at.version, at.occurred_at, at.actor.id, event))
    if event.is_silence:
        # Facts from before there were requests name a deadline of their own.
        deadlines = [it for it in (event.deadline, dispute.deadline_of(event.party)) if it is not None]
        if deadlines and max(deadlines) < at.occurred_at:
            dispute.heard.add(event.party)
            for asked in dispute.asked:
                if asked.party == event.party and asked.is_pending:
                    asked.silence = at.version
    elif event.says_something:
        dispute.heard.add(event.party)
        for asked in dispute.asked:
            if asked.party == event.party and asked.answered_by is None:
                asked.answered_by = at.version


def submitted(t: Ticket, event: e.EvidenceSubmitted, at: Envelope[Event]) -> None:
    t.evidence[event.evidence_id] = Evidence(
        evidence_id=event.evidence_id,
        dispute_id=event.dispute_id,
        sha256=event.sha256,
        media_type=event.media_type,
        kind=event.kind,
        submitted_at=at.occurred_at,
        version=at.version,
        custody=[Held(event.held_by, at.occurred_at, at.version)] if event.held_by is not None else [],
    )


def handed_over(t: Ticket, event: e.EvidenceHandedOver, at: Envelope[Event]) -> None:
    evidence = t.evidence.get(event.evidence_id)
    if evidence is not None:
        evidence.custody.append(Held(event.to_holder, at.occurred_at, at.version))


def inspected(t: Ticket, event: e.JointInspectionHeld, at: Envelope[Event]) -> None:
    dispute = t.disputes.get(event.dispute_id)
    if dispute is not None:
        dispute.inspections.append(Inspection(at.version, at.occurred_at, event))


def decided(t: Ticket, event: e.VerdictIssued, at: Envelope[Event]) -> None:
    dispute = t.disputes.get(event.dispute_id)
    if dispute is not None:
        dispute.verdicts.append(
            Verdict(
                version=at.version,
                issued_at=at.occurred_at,
                dispute_id=event.dispute_id,
                by=event.by,
                in_favour_of=event.in_favour_of,
                shares=event.shares,
                clause=event.clause,
                reasons=event.reasons,
                entered_by=at.actor.id,
            )
        )


def appealed(t: Ticket, event: e.VerdictAppealed, at: Envelope[Event]) -> None:
    dispute = t.disputes.get(event.dispute_id)
    if dispute is None:
        return
    dispute.is_open, dispute.closing = True, None
    if dispute.verdicts:
        dispute.verdicts[-1].appeals.append(Appeal(at.version, at.occurred_at, event.party, event.reasons))


def closed(t: Ticket, event: e.DisputeClosed, at: Envelope[Event]) -> None:
    dispute = t.disputes.get(event.dispute_id)
    if dispute is not None:
        dispute.is_open = False
        dispute.closing = Closing(at.version, at.occurred_at, event.how, event.terms, event.shares, event.amount)


def payers_revised(t: Ticket, event: e.PayersRevised, at: Envelope[Event]) -> None:
    dispute = t.disputes.get(event.dispute_id)
    if dispute is not None:
        dispute.payers_revised[event.estimate_version] = at.version
    estimate = t.estimates.get(event.estimate_version)
    if estimate is None:
        return
    borne: dict[str, dict[Party, Money]] = {}
    for share in event.lines:
        borne.setdefault(share.line_id, {})[share.payer] = share.amount
    estimate.revised.update(borne)


def credited(t: Ticket, event: e.BillCredited, at: Envelope[Event]) -> None:
    bill = t.bills.get(event.bill_id)
    if bill is None:
        return
    bill.credited += event.amount.amount
    dispute = t.disputes.get(event.dispute_id) if event.dispute_id is not None else None
    if dispute is not None:
        dispute.credited[event.bill_id] = dispute.credited.get(event.bill_id, Decimal(0)) + event.amount.amount


def claimed(t: Ticket, event: e.ClaimSubmitted, at: Envelope[Event]) -> None:
    t.claims[event.claim_id] = Claim(
        claim_id=event.claim_id,
        to=event.to,
        to_party=event.to_party,
        dispute_id=event.dispute_id,
        amount=event.amount,
        cycle=t.cycle,
        lines=event.lines,
    )


def claim_decided(t: Ticket, event: e.ClaimDecided, at: Envelope[Event]) -> None:
    claim = t.claims.get(event.claim_id)
    if claim is not None:
        claim.amount_approved = event.amount_approved
        claim.decisions.append(ClaimDecision(at.version, at.occurred_at, event))
