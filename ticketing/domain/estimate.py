"""Estimate: what the repair would cost, line by line, and what the customer approved of it."""

from typing import Annotated

from pydantic import Field

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
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


CAUSES: Causes = {
    IssueEstimate: e.EstimateIssued,
    ApproveEstimate: e.EstimateApproved,
    DeclineEstimate: e.EstimateDeclined,
}
RULES: Rules = {
    e.EstimateIssued: (
        Rule("unknown-reference", _finding_unknown),
        Rule("already-on-record", _version_follows),
        Rule("already-on-record", _line_twice),
    ),
    e.EstimateApproved: (Rule("unknown-reference", _estimate_unknown), Rule("not-approved", _cannot_be_approved)),
    e.EstimateDeclined: (Rule("unknown-reference", _estimate_unknown),),
}
