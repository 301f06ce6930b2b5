"""Consequences: what a verdict or a settlement calls for, proposed from the ticket's state, confirmed by a person.

Laws of this file: nothing here records anything; a proposal becomes a fact when a person handles its command. What is
on record already is proposed no more. What an appealed or overturned verdict called for is not proposed.

The shares of a decision divide what the one who raised the dispute was to bear: the claim that was not approved in
full, where that is disputed; else their lines of the estimate and, where it was the customer, the fees that bills
charge them beside it. A line that a later version of the estimate took over counts once, as it stands there; one that
it left out counts where it was billed. What came in a later cycle is not divided. `shares.split` says who bears the
rounding. `leftovers` names what no command makes good by itself.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from ticketing.domain import events as e
from ticketing.domain import phrases as say
from ticketing.domain.billing import CreditBill
from ticketing.domain.claim import CLAIMED_FROM, SubmitClaim
from ticketing.domain.command import TicketCommand
from ticketing.domain.diagnosis import ReviseEntitlement
from ticketing.domain.disputed import Claim, Closing, Dispute, Verdict
from ticketing.domain.estimate import RevisePayers, is_divided
from ticketing.domain.shares import are_whole, split
from ticketing.domain.ticket import Bill, Estimate, Ticket
from ticketing.domain.values import Actor, Money, Party, decimal_text

_BASES: Mapping[e.DisputeGround, e.Basis] = {
    "coverage": "warranty",
    "criterion": "warranty",
    "fault_existence": "warranty",
    "repair_quality": "repair_guarantee",
}
"""On what basis the repair is free where the customer was right; the other grounds say nothing of the entitlement."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A command that a verdict or settlement calls for.

    Attributes:
        kind: The command's class.
        summary: What would be recorded, in words.
        reason: Why, in words; it becomes the reason of the fact.
        fields: The command's own fields.
        needs_second_person: Whether the command must name one who approved it.
    """

    dispute_id: str
    kind: type[TicketCommand]
    summary: str
    reason: str
    fields: Mapping[str, object] = field(default_factory=dict)
    needs_second_person: bool = False

    def command(self, actor: Actor, ticket_id: UUID, **said: object) -> TicketCommand:
        """The command that confirms the proposal.

        Args:
            actor: Who confirms it; the role must be one that may send the command.
            ticket_id: The ticket that the proposal was made for.
            said: Fields said otherwise or besides, such as `approved_by` or `command_id`.
        """
        return self.kind.model_validate({"actor": actor, "ticket_id": ticket_id, **self.fields, **said})


def consequences(ticket: Ticket, dispute_id: str) -> tuple[Proposal, ...]:
    """What is still to follow from the verdict that stands, or the settlement; nothing while there is neither.

    Args:
        ticket: As it is now.
        dispute_id: One of its disputes; of an unknown one nothing follows.
    """
    dispute = ticket.disputes.get(dispute_id)
    if dispute is None or dispute.ruling is None:
        return ()
    case = _Case(ticket, dispute, dispute.ruling)
    return (*_entitlement(case), *_payers(case), *_credits(case), *_claims(case))


class _Case:
    """A decided dispute and what its shares divide."""

    def __init__(self, ticket: Ticket, dispute: Dispute, ruling: Verdict | Closing) -> None:
        self.ticket = ticket
        self.dispute = dispute
        self.ruling = ruling
        self.is_sound = are_whole(ruling.shares) and {share.party for share in ruling.shares} <= {*dispute.parties}
        self.said = ruling.shares if self.is_sound else ()
        self.is_free = _is_free_without_shares(dispute, ruling)
        losers = [party for party in dispute.parties if party != "customer"]
        is_one = self.is_free and len(losers) == 1
        self.shares = (e.Share(party=losers[0], percent=Decimal(100)),) if is_one else self.said
        self.estimate = _estimate_of(ticket, dispute)
        self.claim = _claim_of(ticket, dispute)
        self.bills = [bill for bill in ticket.bills.values() if bill.cycle <= dispute.cycle]

    @property
    def why(self) -> str:
        """The decision in words."""
        if isinstance(self.ruling, Closing):
            said = f"dispute {self.dispute.dispute_id} was settled"
        else:
            said = f"dispute {self.dispute.dispute_id} was decided for the {self.ruling.in_favour_of}"
        borne = ", ".join(f"{share.party} {decimal_text(share.percent)} %" for share in self.said)
        return f"{said} ({borne})" if borne else said

    def percent(self, party: Party) -> Decimal:
        return sum((share.percent for share in self.shares if share.party == party), Decimal(0))

    @property
    def first_cycle(self) -> int:
        """The first cycle of which anything is divided."""
        cycles = [bill.cycle for bill in self.bills if self.fees(bill)]
        return min([*cycles, self.dispute.cycle if self.estimate is None else self.estimate.cycle])

    @property
    def divides(self) -> bool:
        """Whether the decision says what the customer bears of the estimate and the fees."""
        return self.claim is None and (bool(self.shares) or self.is_free)

    def split(self, amount: Money) -> Mapping[Party, Money]:
        """Who bears what; nobody anything where the customer bears nothing and nobody said who does."""
        return split(amount, self.shares) if self.shares else {}

    def is_revised(self, estimate: Estimate) -> bool:
        """Whether somebody has revised the payers of the estimate since the decision."""
        return self.dispute.payers_revised.get(estimate.version, 0) > self.ruling.version

    def estimates(self) -> Iterator[tuple[Estimate, Collection[str]]]:
        """The estimate that counts, then the earlier ones that were billed, each with the lines that it stands for."""
        if self.estimate is None:
            return
        taken = {*(self.estimate.approved_lines or self.estimate.lines)}
        yield self.estimate, frozenset(taken)
        for estimate in reversed(self.ticket.estimates.values()):
            if estimate is not self.estimate and estimate.cycle == self.estimate.cycle:
                of_it = [bill for bill in self.bills if bill.estimate_version == estimate.version]
                billed = {
                    line.estimate_line for bill in of_it for line in bill.lines if line.is_customers_estimate_line
                }
                left_out = {line for line in estimate.lines if line in billed} - taken
                taken |= left_out
                yield estimate, left_out

    def lines(self, estimate: Estimate, counted: Collection[str]) -> dict[str, Mapping[Party, Money]]:
        """Who is to bear what of each line that the decision divides; as it stands where somebody has said so since."""
        if not self.divides:
            return {}
        divided = [line for line in estimate.lines if line in counted and is_divided(line, estimate, self.dispute)]
        if self.is_revised(estimate):
            return {line: estimate.borne(line) for line in divided}
        return {line: self.split(estimate.lines[line].price) for line in divided}

    def all_lines(self) -> dict[str, Mapping[Party, Money]]:
        """Who is to bear what of the lines of all estimates."""
        return {line: borne for each in self.estimates() for line, borne in self.lines(*each).items()}

    def fees(self, bill: Bill) -> list[Money]:
        """What the bill charges the customer beside the estimate, and the decision divides."""
        if not self.divides or self.dispute.raised_by != "customer":
            return []
        return [line.amount for line in bill.lines if line.payer == "customer" and line.estimate_line is None]


def _is_free_without_shares(dispute: Dispute, ruling: Verdict | Closing) -> bool:
    """Whether a customer who was charged wins where the ground says who bears the cost, and no shares are said."""
    is_won = isinstance(ruling, Verdict) and ruling.in_favour_of == "customer" == dispute.raised_by
    return is_won and not ruling.shares and dispute.ground in _BASES


def _claim_of(ticket: Ticket, dispute: Dispute) -> Claim | None:
    """The claim whose decision is disputed, if it is one."""
    version = dispute.about_version
    decided = (claim for claim in ticket.claims.values() if any(it.version == version for it in claim.decisions))
    return next(decided, None)


def _estimate_of(ticket: Ticket, dispute: Dispute) -> Estimate | None:
    """The estimate that was approved last, else the latest that was not declined."""
    issued = [it for it in ticket.estimates.values() if it.cycle <= dispute.cycle and not it.is_declined]
    return next(reversed([it for it in issued if it.approved_lines] or issued), None)


def _entitlement(case: _Case) -> Iterator[Proposal]:
    """The entitlement fits no more where it has the customer pay and they bear nothing, or the other way round."""
    before, is_free = case.ticket.entitlement, _is_free(case)
    if before is None or is_free is None or is_free != (before == "none") or _is_superseded(case):
        return
    right = _BASES.get(case.dispute.ground, "warranty")
    after = right if is_free else "none"
    yield Proposal(
        case.dispute.dispute_id,
        ReviseEntitlement,
        f"revise the entitlement from {before.replace('_', ' ')} to {after.replace('_', ' ')}",
        case.why,
        {"from_basis": before, "to_basis": after, "trigger": "verdict", "reason": case.why},
        needs_second_person=after == "none",
    )


def _is_free(case: _Case) -> bool | None:
    """Whether the decision says that the repair is free for the customer, or is not; None where it says neither."""
    right = _BASES.get(case.dispute.ground)
    if right is None:
        return None
    if not case.shares:
        return (
            True
            if not case.ruling.shares and isinstance(case.ruling, Verdict) and case.ruling.in_favour_of == "customer"
            else None
        )
    if case.percent("customer") == 0:
        return True
    # Who loses over the quality of a repair has not lost the warranty.
    return False if case.percent("customer") == 100 and right == "warranty" else None


def _is_superseded(case: _Case) -> bool:
    """Whether a later decision of another dispute says something of the entitlement."""
    others = ((it, it.ruling) for it in case.ticket.disputes.values())
    later = (_Case(case.ticket, it, said) for it, said in others if said and said.version > case.ruling.version)
    return any(_is_free(it) is not None for it in later)


def _payers(case: _Case) -> Iterator[Proposal]:
    for estimate, counted in case.estimates():
        parts = [
            e.LineShare(line_id=line, payer=payer, amount=amount)
            for line, borne in case.lines(estimate, counted).items()
            if borne and dict(borne) != dict(estimate.borne(line))
            for payer, amount in borne.items()
        ]
        if parts:
            said = ", ".join(f"{part.line_id} {say.money(part.amount)} by the {part.payer}" for part in parts)
            yield Proposal(
                case.dispute.dispute_id,
                RevisePayers,
                f"revise the payers of estimate {estimate.version}: {said}",
                case.why,
                {
                    "dispute_id": case.dispute.dispute_id,
                    "estimate_version": estimate.version,
                    "lines": tuple(parts),
                    "reason": case.why,
                },
            )


def _credits(case: _Case) -> Iterator[Proposal]:
    """What the customer was billed over their share, or what a settlement names, less what disputes credited before."""
    for bill, due in _due(case):
        amount = Money(amount=due, currency=bill.lines[0].amount.currency)
        yield Proposal(
            case.dispute.dispute_id,
            CreditBill,
            f"credit {say.money(amount)} of bill {bill.bill_id}",
            case.why,
            {
                "dispute_id": case.dispute.dispute_id,
                "bill_id": bill.bill_id,
                "amount": amount,
                "reason": case.why,
            },
        )


def _due(case: _Case) -> Iterator[tuple[Bill, Decimal]]:
    """What is still to be credited of which bill; never more than the bill still charges."""
    if isinstance(case.ruling, Closing) and case.ruling.amount is not None:
        yield from _settled(case, case.ruling.amount)
        return
    for bill, over in _over_share(case):
        due = min(over - _credited(case.ticket, bill), bill.charged - bill.credited)
        if due > 0:
            yield bill, due


def _credited(ticket: Ticket, bill: Bill) -> Decimal:
    """What disputes, this one or others, have credited of the bill; what was given for other reasons is none of it."""
    return sum((it.credited.get(bill.bill_id, Decimal(0)) for it in ticket.disputes.values()), Decimal(0))


def _settled(case: _Case, settled: Money) -> Iterator[tuple[Bill, Decimal]]:
    """The amount of a settlement, from the customer's bills in their order."""
    left = settled.amount - sum(case.dispute.credited.values(), Decimal(0))
    for bill in case.bills:
        charged = [line.amount for line in bill.lines if line.payer == "customer"]
        if charged and charged[0].currency == settled.currency:
            due = min(left, bill.charged - bill.credited, sum((money.amount for money in charged), Decimal(0)))
            if due > 0:
                left -= due
                yield bill, due


def _over_share(case: _Case) -> Iterator[tuple[Bill, Decimal]]:
    """What bills charge the customer over their share; of a line billed twice, the later bill does."""
    left = {line: _customers(borne) for line, borne in case.all_lines().items()}
    cycle = case.estimate.cycle if case.estimate is not None else None
    for bill in case.bills:
        over = sum((fee.amount - _customers(case.split(fee)) for fee in case.fees(bill)), Decimal(0))
        estimate = case.ticket.estimates.get(bill.estimate_version) if bill.estimate_version is not None else None
        for line in bill.lines:
            is_theirs = line.is_customers_estimate_line and estimate is not None and estimate.cycle == cycle
            if is_theirs and line.estimate_line in left:
                fair = min(line.amount.amount, left[line.estimate_line])
                left[line.estimate_line] -= fair
                over += line.amount.amount - fair
        yield bill, over


def _customers(borne: Mapping[Party, Money]) -> Decimal:
    return borne["customer"].amount if "customer" in borne else Decimal(0)


def _claims(case: _Case) -> Iterator[Proposal]:
    """The shares of those outside the company, less what they approved of it or are still to decide."""
    taken = {*case.ticket.claims}
    for party in case.dispute.parties:
        if party not in CLAIMED_FROM:
            continue
        owed = _owed(case, party)
        for claim in case.ticket.claims.values():
            if claim.to_party == party:
                said = _counted(case, claim)
                owed[said.currency] = owed.get(said.currency, Decimal(0)) - said.amount
        for currency, amount in owed.items():
            if amount > 0:
                claim_id = _unused(f"{case.dispute.dispute_id}-{party}", taken)
                taken.add(claim_id)
                yield _claim(case, party, claim_id, Money(amount=amount, currency=currency))


def _counted(case: _Case, claim: Claim) -> Money:
    """What of a claim is for the work that the decision divides, so that nothing is claimed twice."""
    said = claim.amount if claim.amount_approved is None else claim.amount_approved
    nothing = Money(amount=Decimal(0), currency=said.currency)
    if claim is case.claim or claim.dispute_id == case.dispute.dispute_id:
        return said
    if case.claim is not None or claim.cycle < case.first_cycle:
        return nothing
    # A claim that names lines of the estimate beside those divided is for other work.
    divided, known = case.all_lines(), {line for estimate in case.ticket.estimates.values() for line in estimate.lines}
    lines = [line for line in claim.lines if line.line_id in divided or line.line_id not in known]
    if not claim.lines:
        return said
    total = sum((line.amount.amount for line in lines), Decimal(0))
    return Money(amount=min(said.amount, total), currency=said.currency)


def _owed(case: _Case, party: Party) -> dict[str, Decimal]:
    """What a party is to bear of all that the decision divides, by currency."""
    amounts = [fee for bill in case.bills for fee in case.fees(bill)]
    if case.claim is not None and case.shares:
        amounts.append(case.claim.amount)
    divided = [*case.all_lines().values(), *(case.split(amount) for amount in amounts)]
    owed: dict[str, Decimal] = {}
    for part in (parts[party] for parts in divided if party in parts):
        owed[part.currency] = owed.get(part.currency, Decimal(0)) + part.amount
    return owed


def _claim(case: _Case, party: Party, claim_id: str, amount: Money) -> Proposal:
    to = case.claim.to if case.claim is not None and case.claim.to_party == party else None
    to = to or (case.ticket.manufacturer if party == "manufacturer" else None) or party
    return Proposal(
        case.dispute.dispute_id,
        SubmitClaim,
        f"claim {say.money(amount)} from the {party} ({claim_id} to {to})",
        case.why,
        {
            "dispute_id": case.dispute.dispute_id,
            "claim_id": claim_id,
            "to": to,
            "to_party": party,
            "amount": amount,
        },
    )


def _unused(name: str, taken: Collection[str]) -> str:
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found


# what is left to do by hand


def leftovers(ticket: Ticket, dispute_id: str) -> tuple[str, ...]:
    """What a decision calls for, or has left behind, that nobody is proposed: a person sees to it.

    Args:
        ticket: As it is now.
        dispute_id: One of its disputes; of an unknown one nothing is left.
    """
    dispute = ticket.disputes.get(dispute_id)
    if dispute is None:
        return ()
    if dispute.ruling is None:
        return tuple(_left_by_a_withdrawal(dispute, ticket)) if dispute.outcome == "withdrawn" else ()
    case = _Case(ticket, dispute, dispute.ruling)
    return (*_unsaid(case), *_to_pay_out(case), *_credited_too_much(case), *_claimed_too_much(case))


def _left_by_a_withdrawal(dispute: Dispute, ticket: Ticket) -> Iterator[str]:
    for bill in ticket.bills.values():
        if (amount := dispute.credited.get(bill.bill_id, Decimal(0))) > 0 and bill.lines:
            money = Money(amount=amount, currency=bill.lines[0].amount.currency)
            yield f"{say.money(money)} of bill {bill.bill_id} were credited and the dispute is withdrawn: {_OWES_AGAIN}"
    for claim in ticket.claims.values():
        said = claim.amount if claim.amount_approved is None else claim.amount_approved
        if claim.dispute_id == dispute.dispute_id and said.amount > 0:
            yield f"claim {claim.claim_id} over {say.money(said)} stands and the dispute is withdrawn: {_TAKE_BACK}"


_OWES_AGAIN = "bill it anew or waive it"
_TAKE_BACK = "have it reduced or pay it back"


def _unsaid(case: _Case) -> Iterator[str]:
    if case.ruling.shares and not case.is_sound:
        yield "the shares of the decision are not of its parties, or make no whole: set them right, nothing is divided"
    if case.divides and not case.shares:
        losers = " and ".join(f"the {party}" for party in case.dispute.parties if party != "customer")
        yield f"shares are missing: the customer bears nothing, and nobody said who of {losers} does"


def _to_pay_out(case: _Case) -> Iterator[str]:
    settled = case.ruling.amount if isinstance(case.ruling, Closing) else None
    if settled is None:
        return
    credited = sum(case.dispute.credited.values(), Decimal(0))
    rest = settled.amount - credited - sum((due for _, due in _settled(case, settled)), Decimal(0))
    if rest > 0:
        money = Money(amount=rest, currency=settled.currency)
        yield f"{say.money(money)} of the settlement are more than is left of the bills: to be paid out by hand"


def _credited_too_much(case: _Case) -> Iterator[str]:
    settled = case.ruling.amount if isinstance(case.ruling, Closing) else None
    if settled is not None:
        over = sum(case.dispute.credited.values(), Decimal(0)) - settled.amount
        if over > 0:
            money = Money(amount=over, currency=settled.currency)
            yield f"{say.money(money)} more were credited than was settled: {_OWES_AGAIN}"
        return
    for bill, fair in _over_share(case):
        own = case.dispute.credited.get(bill.bill_id, Decimal(0))
        over = min(own, _credited(case.ticket, bill) - fair)
        if over > 0 and bill.lines:
            money = Money(amount=over, currency=bill.lines[0].amount.currency)
            said = f"{say.money(money)} more of bill {bill.bill_id} were credited than the decision calls for"
            yield f"{said}: {_OWES_AGAIN}"


def _claimed_too_much(case: _Case) -> Iterator[str]:
    own = [it for it in case.ticket.claims.values() if it.dispute_id == case.dispute.dispute_id]
    for party in dict.fromkeys(claim.to_party for claim in own):
        owed = _owed(case, party)
        for claim in own:
            if claim.to_party == party:
                said = claim.amount if claim.amount_approved is None else claim.amount_approved
                owed[said.currency] = owed.get(said.currency, Decimal(0)) - said.amount
        for currency, amount in owed.items():
            if amount < 0:
                money = Money(amount=-amount, currency=currency)
                yield f"{say.money(money)} more were claimed from the {party} than the decision calls for: {_TAKE_BACK}"
