"""Estimate: what the repair would cost, line by line, what the customer approved of it, and who pays in the end."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, field_validator

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
from ticketing.domain.dispute import dispute_unknown
from ticketing.domain.disputed import Dispute
from ticketing.domain.shares import are_whole, split
from ticketing.domain.ticket import Estimate
from ticketing.domain.values import Instant, Key, Money, PrivateText, Sha256


class IssueEstimate(TicketCommand):
    """The customer gets an estimate; a later version supersedes it."""

    estimate_version: e.Count
    lines: Annotated[tuple[e.EstimateLine, ...], Field(min_length=1)]
    maximum: Money
    valid_until: Instant | None = None


class ApproveEstimate(TicketCommand):
    """The customer approves lines of the latest version."""

    estimate_version: e.Count
    lines: Annotated[tuple[Key, ...], Field(min_length=1)]
    proof: Sha256 | None = None


class DeclineEstimate(TicketCommand):
    """The customer declines; that ends the work unless it is already under way."""

    estimate_version: e.Count
    reason: PrivateText | None = None


class RevisePayers(TicketCommand):
    """Who bears what of the lines of an estimate follows a verdict or settlement; the parts make each line's price."""

    dispute_id: Key
    estimate_version: e.Count
    lines: Annotated[tuple[e.LineShare, ...], Field(min_length=1)]
    reason: PrivateText

    @field_validator("lines")
    @classmethod
    def _name_a_payer_once(cls, lines: tuple[e.LineShare, ...]) -> tuple[e.LineShare, ...]:
        if len({(part.line_id, part.payer) for part in lines}) < len(lines):
            raise ValueError("of one line a party bears one part")
        return lines


def _version_follows(event: e.EstimateIssued, s: Situation) -> str | None:
    due = max(s.ticket.estimates, default=0) + 1
    return None if event.estimate_version == due else f"the next estimate is version {due}"


def _line_twice(event: e.EstimateIssued, s: Situation) -> str | None:
    names = [line.line_id for line in event.lines]
    twice = [name for name in names if names.count(name) > 1]
    return f"line {twice[0]} stands twice in the estimate" if twice else None


def _finding_unknown(event: e.EstimateIssued, s: Situation) -> str | None:
    unknown = [
        line.finding_id
        for line in event.lines
        if line.finding_id is not None and line.finding_id not in s.ticket.in_cycle.findings
    ]
    return f"the diagnosis has no finding {unknown[0]}" if unknown else None


def _estimate_unknown(event: e.EstimateApproved | e.EstimateDeclined, s: Situation) -> str | None:
    if event.estimate_version in s.ticket.estimates:
        return None
    return f"there is no estimate version {event.estimate_version}"


def _cannot_be_approved(event: e.EstimateApproved, s: Situation) -> str | None:
    estimate = s.ticket.estimates.get(event.estimate_version)
    if estimate is None:
        return None
    latest = max(s.ticket.estimates)
    if estimate.version != latest:
        return f"version {estimate.version} is superseded by version {latest}"
    if estimate.valid_until is not None and s.occurred_at > estimate.valid_until:
        return f"version {estimate.version} expired"
    unknown = [line for line in event.lines if line not in estimate.lines]
    return f"version {estimate.version} has no line {unknown[0]}" if unknown else None


def _no_ruling(event: e.PayersRevised, s: Situation) -> str | None:
    dispute = s.ticket.disputes.get(event.dispute_id)
    if dispute is None or dispute.ruling is not None:
        return None
    return f"dispute {event.dispute_id} has neither a verdict that stands nor a settlement"


def _line_unknown(event: e.PayersRevised, s: Situation) -> str | None:
    estimate = s.ticket.estimates.get(event.estimate_version)
    if estimate is None:
        return f"there is no estimate version {event.estimate_version}"
    unknown = [part.line_id for part in event.lines if part.line_id not in estimate.lines]
    return f"version {event.estimate_version} has no line {unknown[0]}" if unknown else None


def _wrong_parts(event: e.PayersRevised, s: Situation) -> str | None:
    """Why the parts are not those of a line's price, or lay on somebody what nobody decided."""
    dispute, estimate = s.ticket.disputes.get(event.dispute_id), s.ticket.estimates.get(event.estimate_version)
    if dispute is None or estimate is None:
        return None
    for line_id in dict.fromkeys(part.line_id for part in event.lines):
        line = estimate.lines.get(line_id)
        if line is None:
            continue
        parts = [part for part in event.lines if part.line_id == line_id]
        total = sum((part.amount.amount for part in parts), Decimal(0))
        if total != line.price.amount or any(part.amount.currency != line.price.currency for part in parts):
            return f"the parts of line {line_id} do not make {line.price.amount} {line.price.currency}"
        before = estimate.borne(line_id)
        strangers = [part.payer for part in parts if part.payer not in {*dispute.parties, *before}]
        if strangers:
            return f"the {strangers[0]} is no party of dispute {event.dispute_id}"
        most = _customers_most(line_id, estimate, dispute)
        if any(part.payer == "customer" and part.amount.amount > most for part in parts):
            return f"the customer bears at most {most} {line.price.currency} of line {line_id}"
    return None


def _customers_most(line_id: str, estimate: Estimate, dispute: Dispute) -> Decimal:
    """What the decision lays on the customer of a line; what they bear already where it does not divide the line."""
    shares = dispute.ruling.shares if dispute.ruling is not None else ()
    is_said = bool(shares) and are_whole(shares) and is_divided(line_id, estimate, dispute)
    borne = split(estimate.lines[line_id].price, shares) if is_said else estimate.borne(line_id)
    return borne["customer"].amount if "customer" in borne else Decimal(0)


def is_divided(line_id: str, estimate: Estimate, dispute: Dispute) -> bool:
    """Whether a decision of the dispute divides the line: the one who raised it was to bear it, or bears part of it."""
    line = estimate.lines.get(line_id)
    return line is not None and dispute.raised_by in {line.payer, *estimate.borne(line_id)}


CAUSES: Causes = {
    IssueEstimate: e.EstimateIssued,
    ApproveEstimate: e.EstimateApproved,
    DeclineEstimate: e.EstimateDeclined,
    RevisePayers: e.PayersRevised,
}
RULES: Rules = {
    e.EstimateIssued: (
        Rule("unknown-reference", _finding_unknown),
        Rule("already-on-record", _version_follows),
        Rule("already-on-record", _line_twice),
    ),
    e.EstimateApproved: (Rule("unknown-reference", _estimate_unknown), Rule("not-approved", _cannot_be_approved)),
    e.EstimateDeclined: (Rule("unknown-reference", _estimate_unknown),),
    e.PayersRevised: (
        Rule("unknown-reference", dispute_unknown),
        Rule("unknown-reference", _no_ruling),
        Rule("unknown-reference", _line_unknown),
        Rule("wrong-payer", _wrong_parts),
    ),
}
