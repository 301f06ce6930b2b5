"""Standing: whether a decision still stood at the end, and which later fact overturned it.

A decision did not stand if the last later fact that decides the same question decides it otherwise:

- entitlement, and refusal over coverage: a later entitlement on another basis (goodwill counts as none, for it concedes
  nothing), a later refusal over coverage, or, where the promise is what it turned on, a verdict on the promise;
- decision on a claim: a later one on the same claim with another amount, or a verdict on a rejected claim;
- verdict: a later one in the same dispute in favour of another party, or with other shares.

A verdict in a dispute about one decision overturns no other. A refusal on another ground has no such question.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from ticketing.domain import events as e
from ticketing.domain.values import Event, Recorded
from ticketing.projections.agreement import Says, claim_says, refusal_says, side_favoured

_Stance = Says | Literal["statutory", "repair_guarantee"]
_STANCES: Mapping[e.Basis, _Stance] = {
    "warranty": "covered",
    "statutory": "statutory",
    "repair_guarantee": "repair_guarantee",
    "goodwill": "not_covered",
    "none": "not_covered",
}


class Standing:
    """The surviving facts of one ticket, asked which of its decisions stood.

    Args:
        deciding: Its surviving decisions in order of version.
        disputes: Its disputes by id.
        claims: Its claims by id.
    """

    def __init__(
        self,
        deciding: Iterable[Recorded[Event]],
        disputes: Mapping[str, e.DisputeOpened],
        claims: Mapping[str, e.ClaimSubmitted],
    ) -> None:
        self._deciding = tuple(deciding)
        self._decisions = frozenset(fact.version for fact in self._deciding)
        self._disputes = disputes
        self._claims = claims

    def overturned_by(self, fact: Recorded[Event]) -> int | None:
        """The version of the fact with which the decision ceased to stand; None where it stands."""
        by = None
        for later in self._deciding:
            differs = self._differs(fact, later.event) if later.version > fact.version else None
            if differs is not None:
                by = (by or later.version) if differs else None
        return by

    def _differs(self, fact: Recorded[Event], later: Event) -> bool | None:
        """Whether a later fact decides the same question otherwise; None where it decides another."""
        match fact.event:
            case e.VerdictIssued() as verdict:
                if isinstance(later, e.VerdictIssued) and later.dispute_id == verdict.dispute_id:
                    return _ruling(later) != _ruling(verdict)
                return None
            case e.ClaimDecided() as decided:
                return self._claim_differs(decided, fact.version, later)
            case event:
                return self._entitlement_differs(_stance(event), fact.version, later)

    def _claim_differs(self, decided: e.ClaimDecided, version: int, later: Event) -> bool | None:
        if isinstance(later, e.ClaimDecided) and later.claim_id == decided.claim_id:
            return later.amount_approved != decided.amount_approved
        side = self._side_on(version, later, is_over_claim=True)
        if side is None:
            return None
        is_paid_whole = claim_says(decided, self._claims.get(decided.claim_id)) == "covered"
        return is_paid_whole != (side == "covered")

    def _entitlement_differs(self, own: _Stance | None, version: int, later: Event) -> bool | None:
        then = _stance(later)
        if then is None and own in {"covered", "not_covered"}:
            then = self._side_on(version, later, is_over_claim=False)
        return None if own is None or then is None else then != own

    def _side_on(self, version: int, later: Event, *, is_over_claim: bool) -> Says | None:
        """Which side a verdict takes on the decision at a version; None where it is about something else."""
        if not isinstance(later, e.VerdictIssued):
            return None
        dispute = self._disputes.get(later.dispute_id)
        if dispute is None or (dispute.ground == "rejected_claim") != is_over_claim:
            return None
        is_about_another = dispute.about_version != version and dispute.about_version in self._decisions
        return None if is_about_another else side_favoured(later, dispute)


def _ruling(verdict: e.VerdictIssued) -> object:
    return verdict.in_favour_of, {share.party: share.percent for share in verdict.shares if share.percent}


def _stance(event: Event) -> _Stance | None:
    """On what the customer's repair is free after this fact, or that it is not; None where it does not say."""
    match event:
        case e.EntitlementDecided():
            return _STANCES[event.basis]
        case e.EntitlementRevised():
            return _STANCES[event.to_basis]
        case e.ServiceRefused():
            return refusal_says(event)
        case _:
            return None
