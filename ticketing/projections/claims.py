"""Claims: what a ticket's claims on the manufacturer came to, and what may be asked of them.

How a claim ended is what an audit says of it (`ClaimEnded`). Claims on insurers and sellers are left out. A rate leaves
out the claims of cancelled tickets, of those never received, and those that cannot be compared; sums of money leave out
neither of the former, for money is paid on them too.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from ticketing.domain import events as e
from ticketing.domain.values import Event, Recorded
from ticketing.projections.aftermath import Aftermath, ClaimEnded
from ticketing.projections.amounts import in_parts, money_row, ten_thousandths
from ticketing.projections.counts import Counted, Counts, Tally
from ticketing.projections.report import Cohort, Figure, ReportRow, rate
from ticketing.projections.sample import Group, in_order
from ticketing.projections.turnaround import LEFT_OUT

_COUNTED = ("claims", "claims_decided", "claims_foreign", "claims_first_full", "claims_rejected")
_COHORTS: Mapping[Cohort, str] = {"opened_in": "opened_at", "handed_back_in": "first_back_at"}
CLAIMS = Figure("claims", 1, tuple(_COHORTS))
REJECTED = Figure("claims_rejected", 1, tuple(_COHORTS))
REJECTED_BY_CLAUSE = Figure("claims_rejected_by_clause", 1, tuple(_COHORTS))
SUMS: Mapping[str, Figure] = {
    column: Figure(f"claims_{column}", 1, tuple(_COHORTS))
    for column in ("claimed", "undecided", "refused", "charged_back")
}


@dataclass(slots=True)
class Claims:
    """The claims of one ticket on the manufacturer, amounts in ten-thousandths.

    Attributes:
        claims: How many there are.
        claims_decided: How many of them were decided.
        claims_foreign: How many of these cannot be compared: another currency, or amounts that a row cannot hold.
        claims_first_full: How many of the others were approved in full by their first decision.
        claims_rejected: Of how many of the others the last decision approves nothing.
        rejected_by: The clauses that these last decisions name.
        claim_currency: That of the first claim.
        claims_summed: How many claims are in the sums: those in that currency that can be compared.
        claimed: What was claimed.
        undecided: What was claimed and not decided.
        refused: What was claimed and is not approved by the last decision.
        charged_back: How much less the last decision approves than the most that was ever approved.
    """

    claims: int = 0
    claims_decided: int = 0
    claims_foreign: int = 0
    claims_first_full: int = 0
    claims_rejected: int = 0
    rejected_by: tuple[str | None, ...] = ()
    claim_currency: str | None = None
    claims_summed: int = 0
    claimed: int = 0
    undecided: int = 0
    refused: int = 0
    charged_back: int = 0

    def columns(self) -> dict[str, Any]:
        """They as the columns of a row."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def add(self, claim: ClaimEnded, decisions: Sequence[e.ClaimDecided]) -> None:
        """Counts one claim with its decisions, the first one first."""
        money = (claim.amount, *(decided.amount_approved for decided in decisions))
        amounts = [ten_thousandths(one) for one in money if one.currency == claim.amount.currency]
        whole = [amount for amount in amounts if amount is not None]
        self.claims += 1
        self.claims_decided += bool(decisions)
        self.claim_currency = self.claim_currency or claim.amount.currency
        if len(whole) < len(money):
            self.claims_foreign += bool(decisions)
            return
        asked, *approved = whole
        if approved:
            self._compare(asked, approved, decisions[-1].clause)
        if claim.amount.currency == self.claim_currency:
            self.claims_summed += 1
            self.claimed += asked
            self.undecided += 0 if approved else asked
            self.refused += max(0, asked - approved[-1]) if approved else 0
            self.charged_back += in_parts(claim.charged_back) or 0

    def _compare(self, asked: int, approved: Sequence[int], clause: str | None) -> None:
        self.claims_first_full += approved[0] >= asked
        if asked and not approved[-1]:
            self.claims_rejected += 1
            self.rejected_by = (*self.rejected_by, clause)


def claims_of(facts: Sequence[Recorded[Event]]) -> Claims:
    """The claims of a ticket on the manufacturer.

    Args:
        facts: Those that `kept_facts` keeps, in order of version.
    """
    decided: dict[str, list[e.ClaimDecided]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact.event, e.ClaimDecided):
            decided[fact.event.claim_id].append(fact.event)
    claims, aftermath = Claims(), Aftermath(facts)
    for claim in aftermath.claims_ended():
        if aftermath.claims[claim.claim_id].to_party == "manufacturer":
            claims.add(claim, decided[claim.claim_id])
    return claims


# what is asked of the rows

_IN_RATES = {name: f"CASE WHEN {LEFT_OUT} THEN 0 ELSE {name} END" for name in _COUNTED}


def counts(cohort: Cohort) -> Counts:
    """What the rates are counted from."""
    return Counts(at=_COHORTS[cohort], sums={"all": "claims", **_IN_RATES})


def amounts(cohort: Cohort) -> Counts:
    """What the sums of money are added up from, each currency for itself."""
    at = f"CASE WHEN claims > 0 THEN {_COHORTS[cohort]} END"
    sums = {name: name for name in ("claims", "claims_summed", *SUMS)}
    return Counts(at=at, sums=sums, by={"currency": "claim_currency"})


def rejections(cohort: Cohort) -> Counts:
    """The tickets of which `rejected_by` is asked."""
    return Counts(at=_COHORTS[cohort], conditions={"rejected": f"claims_rejected > 0 AND NOT {LEFT_OUT}"})


def claims(counted: Counted, added: Counted, rejected: Iterable[tuple[Group, str]], cohort: Cohort) -> list[ReportRow]:
    """Approved in full at first ÷ decided; rejected ÷ decided, and by which clause; the money, by currency.

    Args:
        counted: What `counts` counts.
        added: What `amounts` adds up.
        rejected: The groups and `rejected_by` of the tickets of `rejections`.
        cohort: Which tickets.
    """
    groups = [(group, Counter(tally.numbers)) for group, tally in counted.groups()]
    by_clause: dict[Group, Counter[str | None]] = defaultdict(Counter)
    for of, clauses in rejected:
        by_clause[of].update(json.loads(clauses))
    rows = [_rate(CLAIMS, cohort, group, numbers, numbers["claims_first_full"]) for group, numbers in groups]
    rows += [_rate(REJECTED, cohort, group, numbers, numbers["claims_rejected"]) for group, numbers in groups]
    for group, numbers in groups:
        here = by_clause[tuple(group.values())]
        rows += [
            _rate(REJECTED_BY_CLAUSE, cohort, {**group, "clause": clause}, numbers, here[clause])
            for (clause,) in in_order((clause,) for clause in here)
        ]
    return rows + [_money(name, cohort, group, tally) for name in SUMS for group, tally in added.groups()]


def _money(name: str, cohort: Cohort, group: Mapping[str, str | None], tally: Tally) -> ReportRow:
    numbers = tally.numbers
    return money_row(
        SUMS[name],
        cohort,
        group,
        amount=numbers[name],
        of=numbers["claims_summed"],
        excluded=numbers["claims"] - numbers["claims_summed"],
        reason="nothing was claimed of the manufacturer",
    )


def _rate(
    figure: Figure, cohort: Cohort, group: Mapping[str, str | None], number: Counter[str], numerator: int
) -> ReportRow:
    return rate(
        figure,
        cohort,
        group,
        numerator=numerator,
        denominator=number["claims_decided"] - number["claims_foreign"],
        reason="no claim on the manufacturer was decided",
        excluded=number["all"] - number["claims"] + number["claims_foreign"],
        censored=number["claims"] - number["claims_decided"],
    )
