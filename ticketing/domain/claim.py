"""Claim: what the company asks of the manufacturer, and what it gets."""

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
from ticketing.domain.values import Key, Money, PrivateText


class SubmitClaim(TicketCommand):
    """The warranty officer asks for payment."""

    claim_id: Key
    to: Key
    lines: tuple[e.ClaimLine, ...] = ()
    amount: Money


class DecideClaim(TicketCommand):
    """The manufacturer decides; a later, lower decision is a charge-back."""

    claim_id: Key
    amount_approved: Money
    clause: Key | None = None
    reason: PrivateText | None = None


def _claim_is_new(event: e.ClaimSubmitted, s: Situation) -> str | None:
    return f"claim {event.claim_id} is on record already" if event.claim_id in s.ticket.claims else None


def _claim_unknown(event: e.ClaimDecided, s: Situation) -> str | None:
    return None if event.claim_id in s.ticket.claims else f"there is no claim {event.claim_id}"


CAUSES: Causes = {SubmitClaim: e.ClaimSubmitted, DecideClaim: e.ClaimDecided}
RULES: Rules = {
    e.ClaimSubmitted: (Rule("already-on-record", _claim_is_new),),
    e.ClaimDecided: (Rule("unknown-reference", _claim_unknown),),
}
