"""Money on a dossier's page: estimates with who bears what, bills, credits, payments, and claims with charge-backs."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from ticketing.domain import events as e
from ticketing.domain.disputed import Claim
from ticketing.domain.ticket import Bill, Estimate
from ticketing.domain.values import Event, Money, Recorded, decimal_text
from ticketing.pages.account import Account, Section, fact_link, money, spaced, table
from ticketing.pages.markup import Html, Part, joined, tag


def amounts(account: Account) -> Section | None:
    """All money of the ticket; None where there is none."""
    parts = [
        _sums(account),
        *(_estimate(account, estimate) for estimate in account.ticket.estimates.values()),
        *(_bill(account, bill) for bill in account.ticket.bills.values()),
        _moved(account),
        _claims(account),
    ]
    return Section("money", "Money", *parts) if any(parts) else None


# by currency


def _sums(account: Account) -> Html | None:
    ticket = account.ticket
    bills = [line.amount for bill in ticket.bills.values() for line in bill.lines]
    claims = ticket.claims.values()
    told: dict[str, dict[str, Decimal]] = {
        "billed": _by_currency(bills),
        "credited": _by_currency(fact.event.amount for fact in account.of(e.BillCredited)),
        "paid": _by_currency(fact.event.amount for fact in account.of(e.PaymentReceived)),
        "claimed": _by_currency(claim.amount for claim in claims),
        "approved of it": _by_currency(claim.amount_approved for claim in claims),
        "charged back": _by_currency(claim.charged_back for claim in claims),
    }
    currencies = sorted({currency for sums in told.values() for currency in sums})
    if not currencies:
        return None
    rows = [[currency, *(_amount(sums.get(currency)) for sums in told.values())] for currency in currencies]
    return table(("currency", *told), rows, numbers=range(1, len(told) + 1))


def _by_currency(amounts: Iterable[Money | None]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for amount in amounts:
        if amount is not None:
            sums[amount.currency] = sums.get(amount.currency, Decimal(0)) + amount.amount
    return sums


def _amount(amount: Decimal | None) -> str:
    return decimal_text(amount) if amount is not None else "–"


# estimates and bills


def _estimate(account: Account, estimate: Estimate) -> Html:
    became = "declined" if estimate.is_declined else "approved" if estimate.approved_lines else "not answered"
    title = tag(
        "h3",
        f"Estimate {estimate.version}, {became}, at most {money(estimate.maximum)}, ",
        account.when(estimate.issued_at),
    )
    rows = [
        [
            f"{line.line_id}: {account.text(line.text)}" if line.text is not None else line.line_id,
            line.finding_id or "none",
            spaced(line.basis),
            money(line.price),
            _borne(estimate, line.line_id),
        ]
        for line in estimate.lines.values()
    ]
    return joined([title, table(("line", "finding", "basis", "price", "who bears it"), rows, numbers=(3,))])


def _borne(estimate: Estimate, line_id: str) -> Html:
    parts = joined((f"{party} {money(amount)}" for party, amount in estimate.borne(line_id).items()), ", ")
    if line_id in estimate.revised:
        return joined([parts, f" (was: {estimate.lines[line_id].payer})"])
    if estimate.approved_lines and line_id not in estimate.approved_lines:
        return joined([parts, " (not approved)"])
    return parts


def _bill(account: Account, bill: Bill) -> Html:
    issued = [fact for fact in account.of(e.BillIssued) if fact.event.bill_id == bill.bill_id]
    when = [part for fact in issued for part in (account.when(fact.occurred_at), " ", fact_link(fact.version))]
    rows = [[line.line_id, _for(account, line), line.payer, money(line.amount)] for line in bill.lines]
    return joined(
        [tag("h3", f"Bill {bill.bill_id}, ", *when), table(("line", "for", "payer", "amount"), rows, numbers=(3,))]
    )


def _for(account: Account, line: e.BillLine) -> Part:
    if line.reason is not None:
        return account.text(line.reason)
    return f"line {line.estimate_line} of the estimate" if line.estimate_line is not None else "no reason given"


# what was paid, credited, claimed


def _moved(account: Account) -> Html | None:
    rows = [row for fact in account.facts for row in _movement(account, fact)]
    if not rows:
        return None
    title = tag("h3", "Payments and credits")
    return joined([title, table(("when", "what", "amount", "fact"), rows, numbers=(2,))])


def _movement(account: Account, fact: Recorded[Event]) -> Iterator[list[Part]]:
    match fact.event:
        case e.PaymentReceived(amount=amount, payer=payer, bill_id=bill_id):
            what: Part = f"the {payer} paid" + (f" for bill {bill_id}" if bill_id is not None else "")
        case e.BillCredited(amount=amount, bill_id=bill_id, reason=reason):
            what = f"credited of bill {bill_id}: {account.text(reason)}"
        case _:
            return
    yield [account.when(fact.occurred_at), what, money(amount), fact_link(fact.version)]


def _claims(account: Account) -> Html | None:
    rows = [row for claim in account.ticket.claims.values() for row in _claim(account, claim)]
    if not rows:
        return None
    return joined([tag("h3", "Claims"), table(("claim", "when", "what", "amount", "fact"), rows, numbers=(3,))])


def _claim(account: Account, claim: Claim) -> Iterator[list[Part]]:
    submitted = [fact for fact in account.of(e.ClaimSubmitted) if fact.event.claim_id == claim.claim_id]
    for fact in submitted:
        to = f"submitted to {fact.event.to} (the {fact.event.to_party})"
        yield [claim.claim_id, account.when(fact.occurred_at), to, money(fact.event.amount), fact_link(fact.version)]
    most = Decimal(0)
    for decision in claim.decisions:
        approved, reason = decision.decided.amount_approved, decision.decided.reason
        is_charge_back = approved.currency == claim.amount.currency and approved.amount < most
        most = max(most, approved.amount) if approved.currency == claim.amount.currency else most
        is_part = approved.currency == claim.amount.currency and approved.amount < claim.amount.amount
        what = "approved, less than before" if is_charge_back else "approved in part" if is_part else "approved"
        what = what if approved.amount else "turned down"
        clause = f" under clause {decision.decided.clause}" if decision.decided.clause is not None else ""
        why = f": {account.text(reason)}" if reason is not None else ""
        link = fact_link(decision.version)
        yield [claim.claim_id, account.when(decision.decided_at), f"{what}{clause}{why}", money(approved), link]
    if claim.charged_back is not None:
        yield [claim.claim_id, None, "charged back of the highest amount approved", money(claim.charged_back), None]
