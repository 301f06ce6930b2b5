"""Claim: what the company asks of the manufacturer, an insurer or the seller, and what it gets."""

from decimal import Decimal
from typing import Literal

from pydantic import ValidationInfo, field_validator

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
from ticketing.domain.diagnosis import clause_unknown
from ticketing.domain.dispute import dispute_unknown
from ticketing.domain.values import Key, Money, Party, PrivateText, Sha256

CLAIMED_FROM: tuple[Party, ...] = ("manufacturer", "seller", "insurer")
"""Who is asked to pay for a repair; a customer is billed, and nobody claims from themselves."""


class SubmitClaim(TicketCommand):
    """The warranty officer asks for payment; where a dispute made it due, the claim names it."""

    claim_id: Key
    to: Key
    lines: tuple[e.ClaimLine, ...] = ()
    amount: Money
    to_party: Literal["manufacturer", "seller", "insurer"] = "manufacturer"
    dispute_id: Key | None = None

    @field_validator("amount")
    @classmethod
    def _is_what_the_lines_make(cls, amount: Money, said: ValidationInfo) -> Money:
        lines: tuple[e.ClaimLine, ...] = said.data.get("lines", ())
        total = sum((line.amount.amount for line in lines), Decimal(0))
        if lines and (total != amount.amount or any(line.amount.currency != amount.currency for line in lines)):
            raise ValueError("the lines of a claim make its amount")
        return amount


class DecideClaim(TicketCommand):
    """The manufacturer decides; a later, lower decision is a charge-back.

    Where somebody else entered it, `on_behalf_of` is for whom, `letter_hash` the hash of what they wrote.
    """

    claim_id: Key
    amount_approved: Money
    clause: Key | None = None
    reason: PrivateText | None = None
    on_behalf_of: Key | None = None
    letter_hash: Sha256 | None = None


def _claim_is_new(event: e.ClaimSubmitted, s: Situation) -> str | None:
    return f"claim {event.claim_id} is on record already" if event.claim_id in s.ticket.claims else None


def _claim_unknown(event: e.ClaimDecided, s: Situation) -> str | None:
    return None if event.claim_id in s.ticket.claims else f"there is no claim {event.claim_id}"


def _decided_by_unknown(event: e.ClaimDecided, s: Situation) -> str | None:
    return clause_unknown((event.clause,), s)


def _over_claim(event: e.ClaimDecided, s: Situation) -> str | None:
    claim = s.ticket.claims.get(event.claim_id)
    if claim is None:
        return None
    asked, approved = claim.amount, event.amount_approved
    if approved.currency != asked.currency:
        return f"claim {event.claim_id} is in {asked.currency}, the decision in {approved.currency}"
    if approved.amount > asked.amount:
        return f"{approved.amount} {approved.currency} is more than the {asked.amount} of claim {event.claim_id}"
    return None


def _decided_for_another(event: e.ClaimDecided, s: Situation) -> str | None:
    claim, role = s.ticket.claims.get(event.claim_id), s.actor.role
    if claim is None or role == "unknown":
        return None
    if role == "manufacturer":
        return None if claim.to_party == role else f"a {role} does not decide for the {claim.to_party}"
    if event.on_behalf_of is not None or event.letter_hash is not None:
        return None
    return f"who enters what the {claim.to_party} decided names on whose behalf, or the hash of the letter"


OVER_CLAIM = Rule("not-approved", _over_claim)
CAUSES: Causes = {SubmitClaim: e.ClaimSubmitted, DecideClaim: e.ClaimDecided}
RULES: Rules = {
    e.ClaimSubmitted: (Rule("already-on-record", _claim_is_new), Rule("unknown-reference", dispute_unknown)),
    e.ClaimDecided: (
        Rule("unknown-reference", _claim_unknown),
        Rule("unknown-reference", _decided_by_unknown),
        Rule("role-may-not", _decided_for_another),
        OVER_CLAIM,
    ),
}
