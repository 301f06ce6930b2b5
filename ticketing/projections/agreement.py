"""Agreement: what a decision says in the words of an assessment, and whether the two agree.

What a decision says (C covered, N not covered, – nothing that a standard could be held against):

| decision | C | N | – |
|---|---|---|---|
| entitlement decided or revised | warranty | none | statutory, repair_guarantee, goodwill |
| service refused | | for out_of_warranty, misuse, accident, third_party_work or no_proof, or naming a clause | else |
| claim of the manufacturer decided | all that was claimed, or more | nothing | a part; another currency |
| claim of an insurer or seller decided, or one that is not on record | | | always |
| verdict, cost divided | | | always: it says both |

| verdict on | for the customer | for the company | for the manufacturer | for others |
|---|---|---|---|---|
| coverage, criterion, fault_existence | C | N against the customer, C against the manufacturer | N | – |
| rejected_claim, the manufacturer being a party | C | C | N | – |
| repair_quality, custody_damage, price, delay | – | – | – | – |

The company is against whoever raised the dispute, the customer or the manufacturer; where neither did, against the one
of them who is a party, and where both are nobody can tell. A seller, insurer or expert may stand on either side.
"""

from collections.abc import Mapping
from typing import Literal

from ticketing.domain import events as e
from ticketing.domain.assessment import Assessment
from ticketing.domain.values import Event, Party

Says = Literal["covered", "not_covered"]
Agreement = Literal["agrees", "deviates", "undecidable", "no_standard", "not_comparable"]

DECISIONS: tuple[type[Event], ...] = (
    e.ServiceRefused,
    e.EntitlementDecided,
    e.EntitlementRevised,
    e.ClaimDecided,
    e.VerdictIssued,
)
"""What is audited."""

_OF_BASIS: Mapping[e.Basis, Says] = {"warranty": "covered", "none": "not_covered"}
_REFUSED_AS_NOT_COVERED = frozenset({"out_of_warranty", "misuse", "accident", "third_party_work", "no_proof"})
_ABOUT_THE_PROMISE = frozenset({"coverage", "criterion", "fault_existence"})


def basis_says(basis: e.Basis) -> Says | None:
    """What an entitlement on that basis says of the manufacturer's promise."""
    return _OF_BASIS.get(basis)


def refusal_says(refused: e.ServiceRefused) -> Says | None:
    """What a refusal says of it."""
    is_for_coverage = refused.ground in _REFUSED_AS_NOT_COVERED or refused.clause is not None
    return "not_covered" if is_for_coverage else None


def claim_says(decided: e.ClaimDecided, claim: e.ClaimSubmitted | None) -> Says | None:
    """What a decision on a claim says of it.

    Args:
        decided: The decision.
        claim: What was claimed; None where nothing of the kind is on record.
    """
    approved = decided.amount_approved
    if claim is None or claim.to_party != "manufacturer":
        return None
    if claim.amount.currency != approved.currency or not claim.amount.amount:
        return None
    if not approved.amount:
        return "not_covered"
    return "covered" if approved.amount >= claim.amount.amount else None


def verdict_says(verdict: e.VerdictIssued, dispute: e.DisputeOpened | None) -> Says | None:
    """What a verdict says of it; nothing where it divides the cost."""
    if any(0 < share.percent < 100 for share in verdict.shares):
        return None
    return side_favoured(verdict, dispute)


def side_favoured(verdict: e.VerdictIssued, dispute: e.DisputeOpened | None) -> Says | None:
    """Which side of the quarrel over the promise the verdict takes, however it divides the cost.

    Args:
        verdict: The verdict.
        dispute: What it decides; None where nothing of the kind is on record.
    """
    if dispute is None:
        return None
    others = {dispute.raised_by, *dispute.parties}
    if dispute.ground == "rejected_claim":
        sides: Mapping[str, Says] = {"customer": "covered", "company": "covered", "manufacturer": "not_covered"}
        return sides.get(verdict.in_favour_of) if "manufacturer" in others else None
    if dispute.ground not in _ABOUT_THE_PROMISE:
        return None
    match verdict.in_favour_of:
        case "customer":
            return "covered"
        case "manufacturer":
            return "not_covered"
        case "company":
            return _for_the_company(dispute, others)
        case _:
            return None


def _for_the_company(dispute: e.DisputeOpened, parties: set[Party]) -> Says | None:
    against = {dispute.raised_by} & {"customer", "manufacturer"} or parties & {"customer", "manufacturer"}
    if against == {"customer"}:
        return "not_covered"
    return "covered" if against == {"manufacturer"} else None


def agreement(says: Says | None, assessed: Assessment | None) -> Agreement:
    """How a decision stands to the assessment of its moment.

    Args:
        says: What the decision says; None where no standard could be held against it.
        assessed: What the pinned standard said; None where none was pinned.
    """
    if says is None:
        return "not_comparable"
    if assessed is None:
        return "no_standard"
    if assessed.answer == "undecidable":
        return "undecidable"
    return "agrees" if assessed.answer == says else "deviates"
