"""Ending: the unit goes home, the case is closed, and what comes after: ratings, complaints, reopenings."""

from datetime import datetime, timedelta
from functools import partial

from ticketing.domain import billing, closure, complaint, intake, record
from ticketing.domain.events import DisputeGround, Outcome
from ticketing.domain.values import instant_text
from ticketing.simulator.arrival import moved
from ticketing.simulator.bench import repaired_again
from ticketing.simulator.case import Case, Life, Returning
from ticketing.simulator.money import LABOUR, paid
from ticketing.simulator.quarrel import complained, dispute
from ticketing.simulator.sayings import RATING_WORDS
from ticketing.simulator.world import SYSTEM, WORKSHOPS


def home_again(case: Case, outcome: Outcome, bill_id: str | None, due: int) -> Life[Outcome]:
    """The unit goes to the branch, the customer is told, pays and collects, and the case is closed.

    Args:
        case: The case.
        outcome: How it ended.
        bill_id: The bill to be paid at the desk, if there is one.
        due: What it comes to, in euros.

    Returns:
        How it ended in the end: a unit that nobody collects is disposed of.
    """
    if not case.is_at_home and case.unit_at != case.branch:
        case.pass_hours(0.5, 8)
        yield from moved(case, case.branch)
    desk = case.staff("receptionist", case.branch)
    case.pass_hours(0.2, 4)
    yield case.step(desk, closure.NotifyCustomer, channel=case.chance.one_of(("phone", "message")))
    if outcome != "exchanged" and not case.is_at_home and case.chance.happens(0.012):
        yield case.refused("not-finished", desk, closure.CloseTicket, outcome=outcome)
    if not case.is_at_home and (yield from _never_collected(case)):
        return "disposed"
    if bill_id is not None:
        yield from paid(case, bill_id, due)
    case.pass_hours(0.6, 1.2)
    if case.is_at_home:
        yield from _closed(case, outcome)
        return outcome
    late = case.sometimes_late(0.03, 10, 30)
    to = "dealer" if case.channel == "dealer" else "courier" if case.channel == "courier" else "customer"
    happened_at = late.get("occurred_at", case.now)
    version = yield case.step(desk, closure.HandBackUnit, site=case.branch, to=to, **late)
    yield from _closed(case, outcome)
    if case.chance.happens(0.04):
        case.begin(partial(_hand_back_corrected, version=version, happened_at=happened_at), case.now)
    return outcome


def _never_collected(case: Case) -> Life[bool]:
    """Most collect within days; some are reminded; a few never come, and the unit is disposed of in the end."""
    chance = case.chance
    # A reminder goes out once per clock and kind, and who had to come twice collects soon.
    how = "soon" if case.is_reopened else chance.weighted({"soon": 86, "late": 11, "never": 3})
    if how == "soon":
        case.now += chance.days_with_tail(1.2, 0.8)
        case.pass_hours(0, 2)
        return False
    case.pass_days(14, 16)
    due_at = case.now + timedelta(days=14)
    notice = {"clock": "customer_collection", "due_at": due_at, "to": case.unit.customer_ref}
    yield case.step(SYSTEM, record.SendNotice, kind="first_reminder", **notice)
    if how == "late":
        case.pass_days(2, 40)
        return False
    case.pass_days(28, 32)
    yield case.step(SYSTEM, record.SendNotice, kind="last_reminder", **notice)
    case.pass_days(50, 70)
    manager = case.staff("manager")
    yield case.step(manager, closure.DisposeOfUnit, reason="Not collected after two reminders and three months.")
    yield case.step(manager, closure.CloseTicket, outcome="disposed")
    return True


def _closed(case: Case, outcome: Outcome) -> Life[None]:
    yield case.step(case.staff("receptionist", case.branch), closure.CloseTicket, outcome=outcome)


def after_the_end(case: Case, outcome: Outcome, bill_id: str | None, due: int) -> Life[None]:
    """What comes after closure; a unit that went home for good may come again with a new ticket."""
    chance = case.chance
    if chance.happens(0.28):
        case.begin(_rated, case.now + chance.minutes(1440, 9000))
    if chance.happens(0.045):
        case.begin(complained, case.now + chance.minutes(600, 60000))
    if bill_id is not None and chance.happens(0.025):
        case.begin(partial(_disputed, ground="price"), case.now + chance.minutes(1440, 15000))
    if chance.happens(0.008):
        ground: DisputeGround = "custody_damage" if chance.happens(0.5) else "repair_quality"
        case.begin(partial(_disputed, ground=ground), case.now + chance.minutes(1440, 20000))
    if bill_id is not None and chance.happens(0.06):
        mistake = partial(_paid_twice_by_mistake, bill_id=bill_id, due=due)
        case.begin(mistake, case.now + chance.minutes(900, 3000))
    if outcome == "repaired" and chance.happens(0.035):
        yield from _reopened(case)
    if outcome in ("repaired", "exchanged", "no_fault_found") and not case.is_at_home:
        case.scene.returning.append(Returning(case.unit, case.ticket_id, case.branch, case.now))


def _disputed(case: Case, ground: DisputeGround) -> Life[None]:
    case.pass_hours(0, 2)
    yield from dispute(case, ground)


def _rated(case: Case) -> Life[None]:
    chance = case.chance
    rating = chance.weighted({5: 40, 4: 28, 3: 14, 2: 9, 1: 9})
    words = chance.one_of(RATING_WORDS) if chance.happens(0.3) else None
    yield case.step(case.customer, complaint.RateSatisfaction, rating=rating, text=words)


def _paid_twice_by_mistake(case: Case, bill_id: str, due: int) -> Life[None]:
    """A payment is booked on the wrong ticket, and taken back."""
    case.pass_hours(0, 2)
    cashier = case.staff("cashier", case.branch)
    booked = yield case.step(cashier, billing.RecordPayment, bill_id=bill_id, amount={"amount": due, "currency": "EUR"})
    case.pass_hours(3, 60)
    yield case.step(
        cashier,
        record.RetractEvent,
        target_version=booked,
        reason="Booked on the wrong ticket.",
        approved_by=case.staff("manager").id,
    )


def _hand_back_corrected(case: Case, version: int, happened_at: datetime) -> Life[None]:
    """The hand-back was some minutes earlier than the desk wrote down."""
    case.pass_hours(20, 90)
    yield case.step(
        case.staff("receptionist", case.branch),
        record.CorrectEvent,
        target_version=version,
        **{"field": "occurred_at", "is": instant_text(happened_at - timedelta(minutes=case.chance.whole(5, 30)))},
        reason="The receipt says so.",
        approved_by=case.staff("manager").id,
    )


def _reopened(case: Case) -> Life[None]:
    """The same fault again within days: the same case, the next cycle."""
    case.pass_days(1, 20)
    desk = case.staff("receptionist", case.branch)
    yield case.step(desk, closure.ReopenTicket, ground="same_fault")
    case.is_reopened = True
    if not case.is_at_home:
        yield from _received_again(case)
    case.pass_hours(2, 40)
    yield from repaired_again(case)
    yield from home_again(case, "repaired", None, LABOUR)


def _received_again(case: Case) -> Life[None]:
    desk = case.staff("receptionist", case.branch)
    yield case.step(desk, intake.ReceiveUnit, site=case.branch, condition="As it went out.")
    case.unit_at = case.branch
    if case.place in WORKSHOPS:
        yield from moved(case, case.place)
