"""Decision rows: a replayed decision as JSON and as one line of CSV; codes and figures only, no private text."""

from collections.abc import Mapping
from decimal import Decimal

from ticketing.domain.assessment import Assessment
from ticketing.domain.values import Event, Money, Recorded, decimal_text, instant_text
from ticketing.projections.aftermath import ClaimEnded, DisputeEnded
from ticketing.projections.decisions import Decision

COLUMNS = (
    *("ticket_id", "number", "manufacturer", "site", "version", "position", "event", "occurred_at", "recorded_at"),
    *("source", "dispute_id", "claim_id", "said", "says", "decider", "recorded_by", "role", "approved_by", "clauses"),
    *("flags", "pinned", "assessed", "missing", "kept", "agreement", "under", "under_missing", "arrived"),
    *("assessed_since", "marks", "overturned_by", "entitlement", "pinned_last", "disputes", "claims", "at_stake"),
)
"""What `flat` has, in its order."""


def plain(decision: Decision) -> dict[str, object]:
    """The decision as JSON has it."""
    return {
        **_decided(decision),
        "clauses": list(decision.clauses),
        "flags": list(decision.fact.flags),
        "pinned": decision.pinned,
        "assessed": _assessment(decision.assessed),
        "kept": decision.kept,
        "agreement": decision.agreement,
        "under": _assessment(decision.under),
        "arrived": [_arrived(one) for one in decision.arrived],
        "assessed_since": _assessment(decision.assessed_since),
        "marks": list(decision.marks),
        "overturned_by": decision.overturned_by,
        "ended": {
            "entitlement": decision.ended.entitlement,
            "pinned": decision.ended.pinned,
            "disputes": [_dispute(one) for one in decision.ended.disputes],
            "claims": [_claim(one) for one in decision.ended.claims],
        },
        "at_stake": {stake.of: _amounts(stake.money) for stake in decision.stakes},
    }


def flat(decision: Decision) -> dict[str, object]:
    """The decision as a table has it: one column a value, several values in one parted by `; `."""
    ended = decision.ended
    return {
        **_decided(decision),
        "clauses": "; ".join(decision.clauses),
        "flags": "; ".join(decision.fact.flags),
        "pinned": decision.pinned,
        "assessed": _answer(decision.assessed),
        "missing": _missing(decision.assessed),
        "kept": decision.kept,
        "agreement": decision.agreement,
        "under": _answer(decision.under),
        "under_missing": _missing(decision.under),
        "arrived": "; ".join(map(_arrived_text, decision.arrived)),
        "assessed_since": _answer(decision.assessed_since),
        "marks": "; ".join(decision.marks),
        "overturned_by": decision.overturned_by,
        "entitlement": ended.entitlement,
        "pinned_last": ended.pinned,
        "disputes": "; ".join(map(dispute_text, ended.disputes)),
        "claims": "; ".join(map(claim_text, ended.claims)),
        "at_stake": "; ".join(money_text(stake.money) for stake in decision.stakes if stake.money),
    }


def money_text(money: Mapping[str, Decimal]) -> str:
    """The amounts by currency in words, such as `25.00 EUR; 3 USD`."""
    return "; ".join(f"{amount} {currency}" for currency, amount in _amounts(money).items())


def _decided(decision: Decision) -> dict[str, object]:
    ticket, fact = decision.ticket, decision.fact
    return {
        "ticket_id": str(ticket.ticket_id),
        "number": ticket.number,
        "manufacturer": ticket.manufacturer,
        "site": ticket.site,
        "version": fact.version,
        "position": fact.position,
        "event": type(fact.event).__name__,
        "occurred_at": instant_text(fact.occurred_at),
        "recorded_at": instant_text(fact.recorded_at),
        "source": fact.source,
        "dispute_id": getattr(fact.event, "dispute_id", None),
        "claim_id": getattr(fact.event, "claim_id", None),
        "said": decision.said,
        "says": decision.says,
        "decider": decision.decider,
        "recorded_by": fact.actor.id,
        "role": fact.actor.role,
        "approved_by": decision.approved_by,
    }


def _assessment(assessed: Assessment | None) -> dict[str, object] | None:
    if assessed is None:
        return None
    return {
        "answer": assessed.answer,
        "clauses": {clause.clause: clause.answer for clause in assessed.clauses},
        "missing": list(assessed.missing),
    }


def _answer(assessed: Assessment | None) -> str | None:
    return None if assessed is None else assessed.answer


def _missing(assessed: Assessment | None) -> str:
    return "" if assessed is None else "; ".join(assessed.missing)


def _arrived(fact: Recorded[Event]) -> dict[str, object]:
    return {
        "version": fact.version,
        "event": type(fact.event).__name__,
        "target_version": getattr(fact.event, "target_version", None),
        "recorded_at": instant_text(fact.recorded_at),
    }


def _arrived_text(fact: Recorded[Event]) -> str:
    target = getattr(fact.event, "target_version", None)
    return f"{fact.version} {type(fact.event).__name__}{'' if target is None else f' of {target}'}"


def _dispute(dispute: DisputeEnded) -> dict[str, object]:
    return {
        "dispute_id": dispute.dispute_id,
        "ground": dispute.ground,
        "about_version": dispute.about_version,
        "in_favour_of": dispute.in_favour_of,
        "closed": dispute.closed,
    }


def dispute_text(dispute: DisputeEnded) -> str:
    """How a dispute ended, in codes: `D-1 coverage for customer, decided`."""
    favoured = "" if dispute.in_favour_of is None else f" for {dispute.in_favour_of}"
    return f"{dispute.dispute_id} {dispute.ground}{favoured}, {dispute.closed or 'open'}"


def _claim(claim: ClaimEnded) -> dict[str, object]:
    return {
        "claim_id": claim.claim_id,
        "amount": _money(claim.amount),
        "approved": None if claim.approved is None else _money(claim.approved),
        "charged_back": decimal_text(claim.charged_back),
    }


def claim_text(claim: ClaimEnded) -> str:
    """How a claim ended: `C-1 0 EUR of 30.00 EUR, charged back 25.00`."""
    approved = "undecided" if claim.approved is None else _money(claim.approved)
    back = f", charged back {decimal_text(claim.charged_back)}" if claim.charged_back else ""
    return f"{claim.claim_id} {approved} of {_money(claim.amount)}{back}"


def _money(money: Money) -> str:
    return f"{decimal_text(money.amount)} {money.currency}"


def _amounts(money: Mapping[str, Decimal]) -> dict[str, str]:
    return {currency: decimal_text(amount) for currency, amount in money.items()}
