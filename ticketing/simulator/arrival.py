"""Arrival: a case comes in, the unit is taken over, identified and brought to where it is worked on."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import cast

from ticketing.domain import closure, intake, record, routing, waiting
from ticketing.domain.events import Channel, PromiseMade
from ticketing.domain.values import Code, PrivateText, SerialNumber
from ticketing.simulator.case import Case, Life, Step, open_at
from ticketing.simulator.sayings import CONDITIONS, NOTES, SYMPTOMS
from ticketing.simulator.world import SYSTEM, WAREHOUSE, WORKSHOPS, manufacturers_desk

CHANNELS = {"counter": 62, "dealer": 14, "courier": 14, "on_site": 6, "remote": 4}


def opening(case: Case) -> Step:
    """The receptionist opens the case; the serial is not always read at once."""
    unit = case.unit
    sent = intake.OpenTicket(
        actor=case.staff("receptionist", case.branch),
        ticket_id=case.ticket_id,
        number=case.number,
        site=case.branch,
        channel=case.channel,
        customer_ref=unit.customer_ref,
        customer_kind=unit.customer_kind,
        manufacturer=unit.model.manufacturer,
        model=unit.model.name,
        serial=SerialNumber(text=unit.serial) if case.previous is not None or case.chance.happens(0.85) else None,
        symptom=PrivateText(text=case.chance.one_of(SYMPTOMS[unit.model.manufacturer])),
        symptom_code=Code(system="SYMPTOM", code=f"S{case.chance.whole(10, 39)}"),
        basis_claimed=case.chance.weighted({"warranty": 8.0, "statutory": 1.0, "none": 2.0}),
    )
    step = Step(case.now, sent)
    case.now += case.chance.minutes(2, 8)
    return step


def arrived(case: Case) -> Life[bool]:
    """The case is opened and the unit comes in.

    Returns:
        Whether there is something to work on; a unit that never comes cancels the case.
    """
    chosen = "on_site" if case.unit.model.is_heavy else case.chance.weighted(CHANNELS)
    case.channel = cast("Channel", chosen)
    yield opening(case)
    if case.previous is not None:
        basis = case.chance.weighted({"same_fault": 5, "same_unit": 3, "customer_says": 2})
        desk = case.staff("receptionist", case.branch)
        yield case.step(desk, intake.LinkRepeat, previous_ticket=case.previous.ticket_id, basis=basis)
    if case.is_at_home:
        yield from _visit(case)
        return True
    if case.channel == "courier":
        case.pass_days(1, 4)
        if case.chance.happens(0.06):
            case.pass_days(10, 30)
            yield case.step(case.staff("manager"), closure.CloseTicket, outcome="cancelled")
            return False
    yield from _received(case)
    return True


def _visit(case: Case) -> Life[None]:
    """Somebody drives or calls there; the unit stays where it is."""
    desk = case.staff("dispatcher", case.branch)
    yield case.step(desk, routing.AssignTicket, site=case.place, person=case.technician.id)
    yield case.step(desk, intake.MakePromise, due_at=case.now + timedelta(days=case.chance.whole(3, 7)))
    case.pass_days(1, 5)


def _received(case: Case) -> Life[None]:
    desk = case.staff("receptionist", case.branch)
    is_complete = case.chance.happens(0.88)
    yield case.step(
        desk,
        intake.ReceiveUnit,
        site=case.branch,
        condition=case.chance.one_of(CONDITIONS),
        accessories=("charger",) if case.chance.happens(0.4) else (),
        paperwork_complete=is_complete,
    )
    yield from _proof(case)
    if not is_complete:
        yield case.step(desk, waiting.StartWait, cause="customer_information", responsible="customer")
        case.pass_days(0.5, 4)
        yield case.step(desk, intake.CompletePaperwork)
        yield case.step(desk, waiting.EndWait, cause="customer_information")
    if case.chance.happens(0.7):
        yield case.step(desk, intake.MakePromise, due_at=case.now + timedelta(days=case.chance.whole(4, 10)))
    if case.chance.happens(0.04):
        yield case.step(desk, record.RecordNote, text=case.chance.one_of(NOTES))
    if case.chance.happens(0.05):
        shelf = {"shelf": f"{case.chance.one_of('ABC')}-{case.chance.whole(1, 40)}", "crates": 1, "is_fragile": True}
        yield case.step(SYSTEM, record.RecordHostFact, namespace="storage", name="ShelfPicked", data=shelf)
    if case.chance.happens(0.004):
        # The customer brings it to another desk as well.
        again = intake.OpenTicket(
            actor=desk,
            ticket_id=case.chance.uuid(),
            number=f"{case.number}-B",
            site=case.branch,
            manufacturer=case.unit.model.manufacturer,
            serial=SerialNumber(text=case.unit.serial),
        )
        yield case.step(desk, intake.IdentifyUnit, serial=case.unit.serial)
        yield Step(case.now, again, refused_by="unit-already-open")


def _proof(case: Case) -> Life[None]:
    """The proof of purchase is shown at once, later, late on record, or never."""
    desk = case.staff("receptionist", case.branch)
    shown: dict[str, object] = {"purchased_on": case.unit.purchased_on, "seller": f"shop-{case.chance.whole(1, 60)}"}
    if case.chance.happens(0.6):
        yield case.step(desk, intake.RecordProofOfPurchase, **shown)
    elif case.chance.happens(0.3):
        yield case.step(desk, waiting.StartWait, cause="proof_of_purchase", responsible="customer")
        case.pass_days(0.5, 3)
        yield case.step(desk, intake.RecordProofOfPurchase, **shown)
        yield case.step(desk, waiting.EndWait, cause="proof_of_purchase")
    elif case.chance.happens(0.3):
        # It was shown at the counter, and somebody wrote it down only days later.
        shown |= {"occurred_at": case.now}
        case.begin(partial(_written_down_late, shown=shown), open_at(case.now + case.chance.minutes(1800, 12000)))
        case.has_proof = False
    else:
        case.has_proof = False


def _written_down_late(case: Case, shown: Mapping[str, object]) -> Life[None]:
    desk = case.staff("receptionist", case.branch)
    yield case.step(desk, intake.RecordProofOfPurchase, **shown)


def brought_to_the_bench(case: Case) -> Life[None]:
    """The ticket goes to the branch's own bench or, with the unit, to a workshop; some go on to another one."""
    if case.is_at_home:
        return
    if case.place not in WORKSHOPS:
        desk = case.staff("dispatcher", case.branch)
        yield case.step(desk, routing.AssignTicket, site=case.place, person=case.technician.id)
    else:
        yield from moved(case, case.place)
        if case.chance.happens(0.05):
            case.pass_days(1, 4)
            others = {key: weight for key, weight in WORKSHOPS.items() if key != case.place}
            yield from moved(case, case.chance.weighted(others), "Not our brand; no bench free.")
    case.pass_hours(1, 16)
    if case.chance.happens(0.05):
        clerk = case.staff("dispatcher", case.place)
        yield case.step(clerk, waiting.StartWait, cause="capacity", responsible="company")
        case.pass_days(0.5, 4)
        yield case.step(clerk, waiting.EndWait, cause="capacity")


def moved(case: Case, to: str, reason: str | None = None) -> Life[None]:
    """The unit travels to another site, and the ticket with it."""
    sender = case.staff("dispatcher", case.unit_at)
    yield case.step(sender, routing.AssignTicket, site=to, reason=reason)
    case.pass_hours(0.5, 5)
    yield case.step(sender, routing.DispatchUnit, to=to)
    case.pass_days(0.6, 1.4)
    yield case.step(case.staff("dispatcher", to), routing.RecordArrival, site=to)
    case.unit_at = to
    if to in WORKSHOPS and to != case.place:
        case.technician = case.staff("technician", to)


def sent_to_the_makers(case: Case) -> Life[None]:
    """The unit goes to the manufacturer's own laboratory for an opinion, and comes back."""
    sender = case.staff("dispatcher", case.place)
    laboratory = f"{manufacturers_desk(case.unit.model.manufacturer).id}-laboratory"
    yield case.step(sender, waiting.StartWait, cause="expert_opinion", responsible="manufacturer")
    yield case.step(sender, routing.DispatchUnit, to=laboratory, to_kind="party")
    case.pass_days(6, 20)
    yield case.step(sender, routing.RecordArrival, site=case.unit_at)
    yield case.step(sender, waiting.EndWait, cause="expert_opinion")


def asked_the_warehouse(case: Case) -> Life[None]:
    """The bench asks the warehouse for a part."""
    request = case.scene.next_id("Q")
    yield case.step(
        case.technician,
        routing.MakeRequest,
        request_id=request,
        to_site=WAREHOUSE,
        about="part",
        text="Urgent, please.",
    )
    case.pass_hours(1, 8)
    clerk = case.staff("parts_clerk", WAREHOUSE)
    yield case.step(clerk, routing.AnswerRequest, request_id=request, is_granted=case.chance.happens(0.8))


def promised_by_the_bench(case: Case) -> Life[None]:
    """A technician promises a date: refused, and put on record by a manager who hears of it."""
    due_at = case.now + timedelta(days=2)
    happened_at = case.now
    yield case.refused("may-not-promise", case.technician, intake.MakePromise, due_at=due_at)
    case.pass_hours(20, 60)
    yield case.step(
        case.technician,
        record.RecordFinding,
        event=PromiseMade(due_at=due_at),
        found_by=case.staff("manager"),
        occurred_at=happened_at,
    )
    yield case.step(case.staff("complaint_officer"), intake.MakePromise, due_at=case.now + timedelta(days=6))
