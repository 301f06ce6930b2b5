"""Standing: whether a decision still stood at the end, and which later fact overturned it.

A decision did not stand if the last later fact that decides the same question decides it otherwise:

- entitlement, and refusal over coverage: a later entitlement on another basis (goodwill counts as none, for it concedes
  nothing), a later refusal over coverage, or, where the promise is what it turned on, a verdict on the promise;
- decision on a claim: a later one on the same claim with another amount, or a verdict on a rejected claim;
- verdict: a later one in the same dispute in favour of another party, or with other shares, or a settlement with other
  shares.

A verdict in a dispute about one decision overturns no other. A refusal on another ground has no such question. A
verdict that was appealed, or whose dispute was settled or withdrawn, overturns nothing, and neither does it stand. A
settlement concedes nothing about the promise, as goodwill does not: what is decided because of it overturns, as a fact
of its own.
"""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Literal

from ticketing.domain import events as e
from ticketing.domain.values import Event, Party, Recorded
from ticketing.projections.agreement import Says, claim_says, refusal_says, side_favoured

Stands = Literal["stands", "overturned", "appealed", "settled", "withdrawn"]
"""`appealed`, `settled` and `withdrawn` are of verdicts: no longer in force, and contradicted by nothing."""

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
        appealed: The versions of the verdicts that were appealed.
        closings: How its closed disputes were closed last, by id, with the version of that fact.
    """

    def __init__(
        self,
        deciding: Iterable[Recorded[Event]],
        disputes: Mapping[str, e.DisputeOpened],
        claims: Mapping[str, e.ClaimSubmitted],
        appealed: Collection[int],
        closings: Mapping[str, tuple[int, e.DisputeClosed]],
    ) -> None:
        self._deciding = tuple(deciding)
        self._decisions = frozenset(fact.version for fact in self._deciding)
        self._disputes = disputes
        self._claims = claims
        self._appealed = appealed
        self._closings = closings

    def of(self, fact: Recorded[Event]) -> tuple[Stands, int | None]:
        """Whether the decision stands, and the version of the fact with which it was overturned, if it was."""
        by = self.overturned_by(fact)
        if by is not None:
            return "overturned", by
        if not isinstance(fact.event, e.VerdictIssued):
            return "stands", None
        how = self._ended_otherwise(fact.event.dispute_id)
        if how is not None:
            return how, None
        is_upheld = any(
            later.version > fact.version and self._differs(fact, later.event) is False
            for later in self._deciding
            if later.version not in self._appealed
        )
        return "appealed" if fact.version in self._appealed and not is_upheld else "stands", None

    def is_in_force(self, fact: Recorded[Event]) -> bool:
        """Whether a verdict was neither appealed nor replaced by another end of its dispute; other facts always are."""
        if not isinstance(fact.event, e.VerdictIssued):
            return True
        return fact.version not in self._appealed and self._ended_otherwise(fact.event.dispute_id) is None

    def _ended_otherwise(self, dispute_id: str) -> Literal["settled", "withdrawn"] | None:
        _, closing = self._closings.get(dispute_id, (0, None))
        return None if closing is None or closing.how == "decided" else closing.how

    def overturned_by(self, fact: Recorded[Event]) -> int | None:
        """The version of the fact with which the decision was overturned; None where it was not."""
        by = None
        for later in self._deciding:
            counts = later.version > fact.version and self.is_in_force(later)
            differs = self._differs(fact, later.event) if counts else None
            if differs is not None:
                by = (by or later.version) if differs else None
        return by if by is not None else self._settled_otherwise(fact)

    def _settled_otherwise(self, fact: Recorded[Event]) -> int | None:
        """The settlement whose shares are not those of the verdict; where one of them names none nobody can tell."""
        if not isinstance(fact.event, e.VerdictIssued):
            return None
        version, closing = self._closings.get(fact.event.dispute_id, (0, None))
        if closing is None or closing.how != "settled" or version < fact.version:
            return None
        settled, decided = _by_party(closing.shares), _by_party(fact.event.shares)
        return version if settled and decided and settled != decided else None

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
    return verdict.in_favour_of, _by_party(verdict.shares)


def _by_party(shares: Iterable[e.Share]) -> Mapping[Party, Decimal]:
    return {share.party: share.percent for share in shares if share.percent}


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
