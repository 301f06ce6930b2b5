"""Life: one ticket from the counter to whatever end it finds."""

from ticketing.domain import diagnosis, record
from ticketing.domain.events import Outcome, ServiceRefused
from ticketing.domain.values import Party
from ticketing.simulator import bench, money
from ticketing.simulator.arrival import arrived, brought_to_the_bench
from ticketing.simulator.case import Case, Life
from ticketing.simulator.ending import after_the_end, home_again
from ticketing.simulator.quarrel import complained, dispute
from ticketing.simulator.sayings import NOTES, REFUSALS

_GROUND_OF = {"misuse": "misuse", "accident": "accident", "third_party": "third_party_work"}


def ticket_life(case: Case) -> Life[None]:
    """Everything that happens to one ticket; what goes on beside it begins lives of its own."""
    if not (yield from arrived(case)):
        return
    chance = case.chance
    if not case.is_at_home and chance.happens(0.006):
        yield from _refused_at_the_desk(case)
    if chance.happens(0.03):
        case.begin(_complained_early, case.now + chance.minutes(3000, 30000))
    yield from brought_to_the_bench(case)
    if not case.is_at_home and chance.happens(0.01):
        receptionist = case.staff("receptionist", case.branch)
        yield case.refused("refusal-without-look", receptionist, diagnosis.RefuseService, ground="out_of_warranty")
    yield from bench.looked_at(case)
    outcome, bill_id, due = yield from _worked_on(case)
    ended = yield from home_again(case, outcome, bill_id, due)
    if case.is_claimable and outcome in ("repaired", "exchanged"):
        case.begin(money.claimed, case.now)
    if chance.happens(0.02):
        case.begin(_note_taken_back, case.now)
    if ended != "disposed":
        yield from after_the_end(case, outcome, bill_id, due)


Ended = tuple[Outcome, str | None, int]
"""The outcome, the id of the bill to be paid, and what it comes to in euros."""


def _worked_on(case: Case) -> Life[Ended]:
    """No fault found, or covered, or refused, or paid by the customer."""
    if case.cause == "none_found":
        yield from bench.inspected(case, "no_fault")
        return ("no_fault_found", None, 0)
    yield from bench.entitled(case)
    chance = case.chance
    if not case.is_covered and case.has_proof and chance.happens(0.03):
        yield from money.statutory_instead(case)
    if case.is_covered:
        return (yield from _repaired_free(case))
    if (case.cause in _GROUND_OF and chance.happens(0.3)) or chance.happens(0.05):
        return (yield from _refused(case))
    if not (yield from money.offered(case)):
        yield from bench.inspected(case, "returned")
        if chance.happens(0.4):
            return ("returned_unrepaired", (yield from money.fee_billed(case)), 25)
        return ("returned_unrepaired", None, 0)
    if not (yield from bench.repaired(case, is_paid=True)):
        return ("unrepairable", None, 0)
    return ("repaired", (yield from money.billed(case)), case.part.price + money.LABOUR)


def _repaired_free(case: Case) -> Life[Ended]:
    case.is_paid_by_customer = False
    if not case.is_at_home and case.chance.happens(0.04):
        yield from money.decision_awaited(case)
        yield from bench.exchanged(case)
        return ("exchanged", None, 0)
    if case.chance.happens(0.012):
        case.begin(_delay_disputed, case.now + case.chance.minutes(20000, 40000))
    is_repaired = yield from bench.repaired(case)
    return ("repaired" if is_repaired else "unrepairable", None, 0)


def _delay_disputed(case: Case) -> Life[None]:
    case.pass_hours(0, 2)
    yield from dispute(case, "delay")


def _refused(case: Case) -> Life[Ended]:
    """The service is refused with an explanation; some customers do not accept that."""
    chance = case.chance
    officer = case.staff("manager" if chance.happens(0.3) else "warranty_officer")
    ground = _GROUND_OF.get(case.cause, "out_of_warranty")
    version = yield case.step(
        officer,
        diagnosis.RefuseService,
        ground=ground,
        clause=case.part.clause,
        explanation=chance.one_of(REFUSALS),
    )
    if chance.happens(0.25):
        case.pass_days(0.5, 8)
        is_blocking = chance.happens(0.7)
        against: Party = "manufacturer" if chance.happens(0.3) else "company"
        favoured = yield from dispute(
            case,
            "coverage" if chance.happens(0.6) else "criterion",
            against=against,
            about_version=version,
            is_blocking=is_blocking,
            decider=officer if officer.role == "manager" and chance.happens(0.4) else None,
        )
        if favoured == "customer":
            return (yield from _repaired_after_all(case))
    yield from bench.inspected(case, "returned")
    return ("refused", None, 0)


def _repaired_after_all(case: Case) -> Life[Ended]:
    """The verdict has moved the entitlement, and the work begins."""
    case.is_claimable, case.is_paid_by_customer = True, False
    is_repaired = yield from bench.repaired(case)
    return ("repaired" if is_repaired else "unrepairable", None, 0)


def _refused_at_the_desk(case: Case) -> Life[None]:
    """Refused at the counter without anyone looking; an auditor finds it, and the case goes its way after all."""
    receptionist = case.staff("receptionist", case.branch)
    happened_at = case.now
    case.pass_hours(20, 90)
    yield from complained(case, "not_looked_at")
    refusal = ServiceRefused.model_validate({"ground": "out_of_warranty", "explanation": "Too old, says the desk."})
    yield case.step(
        receptionist,
        record.RecordFinding,
        event=refusal,
        found_by=case.staff("auditor"),
        occurred_at=happened_at,
    )


def _complained_early(case: Case) -> Life[None]:
    case.pass_hours(0, 2)
    yield from complained(case)


def _note_taken_back(case: Case) -> Life[None]:
    """A note meant for another ticket."""
    clerk = case.staff("receptionist", case.branch)
    case.pass_hours(1, 9)
    noted = yield case.step(clerk, record.RecordNote, text=case.chance.one_of(NOTES))
    case.pass_hours(1, 30)
    yield case.step(clerk, record.RetractEvent, target_version=noted, reason="Another customer's note.")
