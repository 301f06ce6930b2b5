"""Aftermath: how a ticket's entitlement, disputes and claims ended, and the money that its decisions were about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ticketing.domain import events as e
from ticketing.domain.values import Event, Money, Recorded
from ticketing.projections.agreement import DECISIONS
from ticketing.projections.standing import Standing


@dataclass(frozen=True, slots=True)
class DisputeEnded:
    """How a dispute ended, or stands.

    Attributes:
        about_version: The fact that it is about, if it names one.
        in_favour_of: Whom its last verdict favours; None without one, and where it is not in force: after an appeal, a
            settlement or a withdrawal.
        is_appealed: Whether its last verdict was appealed.
        closed: How it was closed; None while it is open, also after an appeal.
    """

    dispute_id: str
    ground: e.DisputeGround
    about_version: int | None
    in_favour_of: str | None
    is_appealed: bool
    closed: str | None


@dataclass(frozen=True, slots=True)
class ClaimEnded:
    """How a claim ended, or stands.

    Attributes:
        approved: What its last decision approves; None without one.
        charged_back: How much less that is than the most that was ever approved.
    """

    claim_id: str
    amount: Money
    approved: Money | None
    charged_back: Decimal


@dataclass(frozen=True, slots=True)
class Stake:
    """The money that a question is about; several decisions of a ticket may be about the same.

    Attributes:
        of: `customer`, or the claim's id after `claim `.
        money: By currency, in its order; empty where none is on record.
    """

    of: str
    money: Mapping[str, Decimal]


class Aftermath:
    """What the surviving facts of one case say of the end of it, at the audit's cut.

    Args:
        facts: In order of version.

    Attributes:
        entitlement: The last basis decided; None without one.
        pinned: What was pinned last; None without.
        disputes: By id.
        claims: By id.
    """

    def __init__(self, facts: Iterable[Recorded[Event]]) -> None:
        self.entitlement: e.Basis | None = None
        self.pinned: e.StandardPinned | None = None
        self.disputes: dict[str, e.DisputeOpened] = {}
        self.claims: dict[str, e.ClaimSubmitted] = {}
        self._deciding: list[Recorded[Event]] = []
        self._verdicts: dict[str, Recorded[Event]] = {}
        self._appealed: set[int] = set()
        self._closings: dict[str, tuple[int, e.DisputeClosed]] = {}
        self._estimated: list[Money] = []
        self._billed: list[Money] = []
        for fact in facts:
            if isinstance(fact.event, DECISIONS):
                self._deciding.append(fact)
            self._take(fact)
        self.standing = Standing(self._deciding, self.disputes, self.claims, self._appealed, self._closings)

    def _take(self, fact: Recorded[Event]) -> None:
        match event := fact.event:
            case e.EntitlementDecided():
                self.entitlement = event.basis
            case e.EntitlementRevised():
                self.entitlement = event.to_basis
            case e.StandardPinned():
                self.pinned = event
            case e.DisputeOpened():
                self.disputes[event.dispute_id] = event
            case e.DisputeClosed():
                self._closings[event.dispute_id] = fact.version, event
            case e.VerdictIssued():
                self._verdicts[event.dispute_id] = fact
            case e.VerdictAppealed():
                self._closings.pop(event.dispute_id, None)
                if event.dispute_id in self._verdicts:
                    self._appealed.add(self._verdicts[event.dispute_id].version)
            case e.ClaimSubmitted():
                self.claims[event.claim_id] = event
            case e.EstimateIssued():
                customers = [line.price for line in event.lines if line.payer == "customer"]
                self._estimated = customers or self._estimated
            case e.BillIssued():
                self._billed += [line.amount for line in event.lines if line.payer == "customer"]
            case _:
                pass

    def disputes_ended(self) -> tuple[DisputeEnded, ...]:
        """Every dispute, in the order in which they were opened."""
        return tuple(map(self._dispute_ended, self.disputes.values()))

    def _dispute_ended(self, opened: e.DisputeOpened) -> DisputeEnded:
        fact = self._verdicts.get(opened.dispute_id)
        verdict = fact.event if fact is not None and self.standing.is_in_force(fact) else None
        _, closing = self._closings.get(opened.dispute_id, (0, None))
        return DisputeEnded(
            opened.dispute_id,
            opened.ground,
            opened.about_version,
            verdict.in_favour_of if isinstance(verdict, e.VerdictIssued) else None,
            fact is not None and fact.version in self._appealed,
            None if closing is None else closing.how,
        )

    def claims_ended(self) -> tuple[ClaimEnded, ...]:
        """Every claim, in the order in which they were submitted."""
        approved: dict[str, list[Money]] = {key: [] for key in self.claims}
        for fact in self._deciding:
            if isinstance(fact.event, e.ClaimDecided):
                approved.setdefault(fact.event.claim_id, []).append(fact.event.amount_approved)
        return tuple(_claim_ended(claim, approved[key]) for key, claim in self.claims.items())

    def stakes(self, decision: Event) -> tuple[Stake, ...]:
        """The money that a decision is about.

        A decision on a claim: the claim. A verdict on a rejected claim: the claim that the dispute is about, or all of
        the ticket's. Any other decision: the customer's part of the latest estimate that has one, else of the bills.
        """
        if isinstance(decision, e.ClaimDecided):
            return self._claimed([decision.claim_id])
        if isinstance(decision, e.VerdictIssued):
            dispute = self.disputes.get(decision.dispute_id)
            if dispute is not None and dispute.ground == "rejected_claim":
                about = [f.event for f in self._deciding if f.version == dispute.about_version]
                named = [event.claim_id for event in about if isinstance(event, e.ClaimDecided)]
                return self._claimed(named or self.claims)
        return (Stake("customer", added_up(self._estimated or self._billed)),)

    def _claimed(self, claim_ids: Iterable[str]) -> tuple[Stake, ...]:
        known = [(key, self.claims[key]) for key in claim_ids if key in self.claims]
        return tuple(Stake(f"claim {key}", added_up([claim.amount])) for key, claim in known)


def _claim_ended(claim: e.ClaimSubmitted, approved: Sequence[Money]) -> ClaimEnded:
    last = approved[-1] if approved else None
    alike = [money.amount for money in approved if last is not None and money.currency == last.currency]
    charged_back = max(alike) - alike[-1] if alike else Decimal(0)
    return ClaimEnded(claim.claim_id, claim.amount, last, charged_back)


def added_up(amounts: Iterable[Money]) -> dict[str, Decimal]:
    """The sums by currency, in its order."""
    sums: dict[str, Decimal] = {}
    for money in amounts:
        sums[money.currency] = sums.get(money.currency, Decimal(0)) + money.amount
    return dict(sorted(sums.items()))
