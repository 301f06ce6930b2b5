"""Waiting: waits that no other fact shows, one open per cause."""

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
from ticketing.domain.values import Instant, Party, Sha256


class StartWait(TicketCommand):
    """The case begins to wait."""

    cause: e.WaitCause
    responsible: Party | None = None
    expected_until: Instant | None = None
    evidence: Sha256 | None = None


class EndWait(TicketCommand):
    """The wait is over."""

    cause: e.WaitCause


def _wait_already_open(event: e.WaitStarted, s: Situation) -> str | None:
    return f"the case already waits for {event.cause}" if event.cause in s.ticket.waits else None


def _no_such_wait(event: e.WaitEnded, s: Situation) -> str | None:
    return None if event.cause in s.ticket.waits else f"the case does not wait for {event.cause}"


CAUSES: Causes = {StartWait: e.WaitStarted, EndWait: e.WaitEnded}
RULES: Rules = {
    e.WaitStarted: (Rule("wait-already-open", _wait_already_open),),
    e.WaitEnded: (Rule("unknown-reference", _no_such_wait),),
}
