"""Decision rows: a replayed decision as JSON and as one line of CSV; codes and figures only, no private text."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from ticketing.domain.assessment import Assessment, Reason
from ticketing.domain.events import TestPerformed, VerdictIssued
from ticketing.domain.known import Known
from ticketing.domain.values import Code, Event, Money, Recorded, decimal_text, instant_text
from ticketing.projections.aftermath import ClaimEnded, DisputeEnded
from ticketing.projections.decisions import Decision

COLUMNS = (
    *("ticket_id", "number", "manufacturer", "site", "version", "position", "event", "occurred_at", "recorded_at"),
    *("source", "dispute_id", "claim_id", "said", "says", "decider", "recorded_by", "role", "approved_by", "clauses"),
    *(
        "shares",
        "flags",
        "known",
        "pinned",
        "assessed",
        "missing",
        "kept",
        "agreement",
        "under",
        "under_missing",
        "arrived",
    ),
    *(
        "pinned_since",
        "assessed_since",
        "marks",
        "stands",
        "overturned_by",
        "entitlement",
        "pinned_last",
        "disputes",
        "claims",
        "at_stake",
    ),
)
"""What `flat` has, in its order."""


def plain(decision: Decision) -> dict[str, object]:
    """The decision as JSON has it."""
    return {
        **_decided(decision),
        "clauses": list(decision.clauses),
        "shares": shares(decision),
        "flags": list(decision.fact.flags),
        "known": _known(decision.known),
        "pinned": decision.pinned,
        "assessed": _assessment(decision.assessed),
        "kept": decision.kept,
        "agreement": decision.agreement,
        "under": _assessment(decision.under),
        "arrived": [_arrived(one) for one in decision.arrived],
        "pinned_since": decision.pinned_since,
        "assessed_since": _assessment(decision.assessed_since),
        "marks": list(decision.marks),
        "stands": decision.stands,
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
        "shares": shares_text(decision),
        "flags": "; ".join(decision.fact.flags),
        "known": "; ".join(known_texts(decision.known)),
        "pinned": decision.pinned,
        "assessed": _answer(decision.assessed),
        "missing": _missing(decision.assessed),
        "kept": decision.kept,
        "agreement": decision.agreement,
        "under": _answer(decision.under),
        "under_missing": _missing(decision.under),
        "arrived": "; ".join(map(_arrived_text, decision.arrived)),
        "pinned_since": decision.pinned_since,
        "assessed_since": _answer(decision.assessed_since),
        "marks": "; ".join(decision.marks),
        "stands": decision.stands,
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
        "reasons": {clause.clause: [_reason(reason) for reason in clause.reasons] for clause in assessed.clauses},
        "missing": list(assessed.missing),
    }


def _reason(reason: Reason) -> dict[str, object]:
    return {
        "asks": reason.asks,
        "holds": reason.holds,
        "about": list(reason.about),
        "missing": list(reason.missing),
    }


_DAYS = ("manufactured_on", "purchased_on", "handed_over_on", "opened_on")


def _known(known: Known) -> dict[str, object]:
    """What was known that a standard may ask about."""
    return {
        "model": known.model,
        **{name: _day(getattr(known, name)) for name in _DAYS},
        "findings": [
            {"id": it.finding_id, "cause": it.cause, "code": None if it.defect_code is None else _code(it.defect_code)}
            for it in known.findings
        ],
        "tests": [
            {"test": it.test, "stage": it.stage, "reading": _reading(it), "passed": it.passed} for it in _tests(known)
        ],
        "evidence": sorted(known.evidence),
    }


def known_texts(known: Known) -> Iterator[str]:
    """The same in codes, thing by thing: `purchased_on 2025-07-14`, `finding f-1 misuse IRIS 110`; nothing unknown."""
    for name in ("model", *_DAYS):
        value = getattr(known, name)
        if value is not None:
            yield f"{name} {value}"
    for finding in known.findings:
        code = "" if finding.defect_code is None else f" {_code(finding.defect_code)}"
        yield f"finding {finding.finding_id} {finding.cause}{code}"
    for test in _tests(known):
        reading = "" if test.reading is None else f" {_reading(test)}"
        yield f"test {test.test} {test.stage}{reading} {'passed' if test.passed else 'failed'}"
    for kind in sorted(known.evidence):
        yield f"evidence {kind}"


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _code(code: Code) -> str:
    return f"{code.system} {code.code}"


def _tests(known: Known) -> list[TestPerformed]:
    return [known.tests[name] for name in sorted(known.tests)]


def _reading(test: TestPerformed) -> str | None:
    return None if test.reading is None else f"{decimal_text(test.reading.value)} {test.reading.unit}"


def shares(decision: Decision) -> dict[str, str]:
    """What percentage of the cost each party bears by a verdict; empty for others, and where it says nothing of it."""
    event = decision.fact.event
    if not isinstance(event, VerdictIssued):
        return {}
    return {share.party: decimal_text(share.percent) for share in event.shares}


def shares_text(decision: Decision) -> str:
    """The same in words: `company 70 %; manufacturer 30 %`."""
    return "; ".join(f"{party} {percent} %" for party, percent in shares(decision).items())


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
        "is_appealed": dispute.is_appealed,
        "closed": dispute.closed,
    }


def dispute_text(dispute: DisputeEnded) -> str:
    """How a dispute ended, in codes: `D-1 coverage for customer, decided`."""
    favoured = "" if dispute.in_favour_of is None else f" for {dispute.in_favour_of}"
    end = dispute.closed or ("appealed" if dispute.is_appealed else "open")
    return f"{dispute.dispute_id} {dispute.ground}{favoured}, {end}"


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
