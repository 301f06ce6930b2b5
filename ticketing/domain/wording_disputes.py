"""Wording of the facts of disputes and claims; see `wording`."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ticketing.domain import events as e
from ticketing.domain import phrases as say
from ticketing.domain.phrases import Text
from ticketing.domain.values import Event, decimal_text


def _disputed(event: e.DisputeOpened, text: Text) -> str:
    about = say.after(", about fact ", event.about_version)
    blocks = ", blocks closing" if event.is_blocking else ""
    who = f"raised by the {event.raised_by} against {say.listed(p for p in event.parties if p != event.raised_by)}"
    ground = say.spaced(event.ground)
    return f"opened dispute {event.dispute_id} over {ground}, {who}{about}{blocks}{say.quoted(event.text, text)}"


def _asked(event: e.PositionRequested, text: Text) -> str:
    until = f"until {say.minute(event.deadline)}{say.quoted(event.text, text)}"
    return f"asked the {event.party} for its position in dispute {event.dispute_id} {until}"


def _position(event: e.PositionStated, text: Text) -> str:
    if event.is_silence:
        after = say.after(" after the deadline of ", say.minute(event.deadline))
        return f"recorded the {event.party}'s silence in dispute {event.dispute_id}{after}"
    behalf = say.after(" on behalf of ", event.on_behalf_of)
    wants = say.quoted(event.requested_outcome, text, "; wants ")
    clause = say.after(" (clause ", event.clause, ")")
    letter = f", letter {say.digest(event.letter_hash)}" if event.letter_hash is not None else ""
    language = say.after(" [", event.language, "]")
    stated = f"stated the {event.party}'s position in dispute {event.dispute_id}"
    return f"{stated}{behalf}{letter}{clause}{language}{say.quoted(event.statement, text)}{wants}"


def _evidence(event: e.EvidenceSubmitted, text: Text) -> str:
    taken = say.listed([say.after("captured ", say.minute(event.captured_at)), say.after("by ", event.captured_by)])
    of = say.after(" in dispute ", event.dispute_id)
    kept = say.after("held by ", event.held_by)
    what = say.listed([say.spaced(event.kind or ""), event.media_type, say.digest(event.sha256), taken, kept])
    return f"put evidence {event.evidence_id} on record{of}: {what}"


def _handed_over(event: e.EvidenceHandedOver, text: Text) -> str:
    way = f"from {event.from_holder} to {event.to_holder}"
    return f"handed evidence {event.evidence_id} over {way}{say.quoted(event.note, text)}"


def _inspected(event: e.JointInspectionHeld, text: Text) -> str:
    absent = [name for name in event.invited if name not in event.attendees]
    missing = say.after("; invited and absent: ", say.listed(absent))
    written = f"; protocol {say.digest(event.protocol_hash)}" if event.protocol_hash is not None else ""
    with_whom = f"{say.listed(event.attendees)}{missing}{written}"
    return f"held a joint inspection in dispute {event.dispute_id} with {with_whom}{say.quoted(event.protocol, text)}"


def _shares(shares: Iterable[e.Share]) -> str:
    return say.after(", shares: ", say.listed(f"{share.party} {decimal_text(share.percent)} %" for share in shares))


def _verdict(event: e.VerdictIssued, text: Text) -> str:
    clause = say.after(", clause ", event.clause)
    judged = f"decided dispute {event.dispute_id} for the {event.in_favour_of} (judge {event.by})"
    return f"{judged}{_shares(event.shares)}{clause}{say.quoted(event.reasons, text)}"


def _appealed(event: e.VerdictAppealed, text: Text) -> str:
    reasons = say.quoted(event.reasons, text)
    return f"appealed against the verdict in dispute {event.dispute_id} for the {event.party}{reasons}"


def _dispute_closed(event: e.DisputeClosed, text: Text) -> str:
    credited = say.after(", credited to the customer: ", say.money(event.amount))
    ended = f"closed dispute {event.dispute_id}: {event.how}{_shares(event.shares)}{credited}"
    return f"{ended}{say.quoted(event.terms, text, ', ')}"


def _payers(event: e.PayersRevised, text: Text) -> str:
    parts = say.listed(f"{part.line_id} {say.money(part.amount)} by the {part.payer}" for part in event.lines)
    of = f"estimate {event.estimate_version} after dispute {event.dispute_id}"
    return f"revised the payers of {of}: {parts}{say.quoted(event.reason, text)}"


def _claimed(event: e.ClaimSubmitted, text: Text) -> str:
    to = event.to if event.to_party == "manufacturer" else f"{event.to} (the {event.to_party})"
    after = say.after(" after dispute ", event.dispute_id)
    return f"submitted claim {event.claim_id} to {to} for {say.money(event.amount)}{after}"


def _claim_decided(event: e.ClaimDecided, text: Text) -> str:
    clause = say.after(", clause ", event.clause)
    behalf = say.after(" on behalf of ", event.on_behalf_of)
    letter = f", letter {say.digest(event.letter_hash)}" if event.letter_hash is not None else ""
    granted = f"{say.money(event.amount_approved)} approved{clause}{letter}"
    return f"decided claim {event.claim_id}{behalf}: {granted}{say.quoted(event.reason, text)}"


WORDING_OF_DISPUTES: Mapping[type[Event], Callable[[Any, Text], str]] = {
    e.DisputeOpened: _disputed,
    e.PositionRequested: _asked,
    e.PositionStated: _position,
    e.EvidenceSubmitted: _evidence,
    e.EvidenceHandedOver: _handed_over,
    e.JointInspectionHeld: _inspected,
    e.VerdictIssued: _verdict,
    e.VerdictAppealed: _appealed,
    e.DisputeClosed: _dispute_closed,
    e.PayersRevised: _payers,
    e.ClaimSubmitted: _claimed,
    e.ClaimDecided: _claim_decided,
}
