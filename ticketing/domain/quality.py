"""Quality: the inspector signs off what is finished, or sends it back."""

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
from ticketing.domain.diagnosis import NOT_RECEIVED
from ticketing.domain.values import Code, Key, PrivateText


class PassQc(TicketCommand):
    """The inspector signs the unit off."""

    checked: e.Checked = "repair"
    checklist_version: Key | None = None
    results: tuple[e.CheckResult, ...] = ()


class FailQc(TicketCommand):
    """The inspector sends the unit back."""

    defects: tuple[Code, ...] = ()
    back_to: Key | None = None


class WaiveQc(TicketCommand):
    """A manager lets the unit go without inspection."""

    by: Key | None = None
    reason: PrivateText


def _no_finished_work(event: e.QcPassed, s: Situation) -> str | None:
    if event.checked in s.ticket.in_cycle.finished:
        return None
    return f"nothing of the kind {event.checked} is finished in cycle {s.ticket.cycle}"


def _nothing_to_waive(event: e.QcWaived, s: Situation) -> str | None:
    return None if s.ticket.in_cycle.finished else f"nothing is finished in cycle {s.ticket.cycle}"


def _inspector_did_the_work(event: e.QcPassed | e.QcFailed, s: Situation) -> str | None:
    if s.actor.id not in s.ticket.in_cycle.technicians:
        return None
    return f"{s.actor.id} worked on the unit in cycle {s.ticket.cycle}"


NO_FINISHED_WORK = Rule("no-finished-work", _no_finished_work)
INSPECTOR_DID_THE_WORK = Rule("inspector-did-the-work", _inspector_did_the_work)

CAUSES: Causes = {PassQc: e.QcPassed, FailQc: e.QcFailed, WaiveQc: e.QcWaived}
RULES: Rules = {
    e.QcPassed: (NOT_RECEIVED, NO_FINISHED_WORK, INSPECTOR_DID_THE_WORK),
    e.QcFailed: (NOT_RECEIVED, INSPECTOR_DID_THE_WORK),
    e.QcWaived: (Rule(NO_FINISHED_WORK.slug, _nothing_to_waive),),
}
