"""Bench: the unit is looked at, the entitlement decided, the repair made, and the work inspected."""

from datetime import timedelta
from decimal import Decimal

from ticketing.domain import diagnosis, intake, quality, record, repair, waiting
from ticketing.domain.events import Basis, Checked, CheckResult, Finding, QcPassed
from ticketing.domain.values import Actor, Code, PrivateText, Quantity
from ticketing.simulator.arrival import asked_the_warehouse, promised_by_the_bench, sent_to_the_makers
from ticketing.simulator.case import Case, Life
from ticketing.simulator.sayings import ENTITLED, FINDINGS, NOT_ENTITLED
from ticketing.simulator.world import COVERED_MONTHS, EXCLUSION, FAULTS, FIRST_DAY, defect, euros

_OUTSIDE_CAUSES = ("misuse", "accident", "third_party")
_GUARANTEED: Basis = "repair_guarantee"


def looked_at(case: Case) -> Life[None]:
    """Diagnosis: tests, findings, now and then an opinion of the manufacturer's laboratory."""
    technician, chance, model = case.technician, case.chance, case.unit.model
    case.cause = chance.weighted(model.causes)
    yield case.step(technician, diagnosis.StartDiagnosis)
    if chance.happens(0.2):
        made_on = case.unit.purchased_on - timedelta(days=chance.whole(20, 200))
        yield case.step(technician, intake.IdentifyUnit, serial=case.unit.serial, manufactured_on=made_on)
    yield from standard_pinned(case)
    yield from tested(case, "standard", passed=case.cause in ("none_found", "unknown"))
    if case.cause == "none_found" and chance.happens(0.06):
        nothing = Finding(finding_id="f-0", cause="none_found")
        yield case.refused("tests-missing", technician, diagnosis.RecordDiagnosis, findings=(nothing,))
    if case.cause in ("none_found", "unknown") or chance.happens(0.3):
        yield from tested(case, "under_load", passed=case.cause == "none_found")
    if case.cause == "unknown" and not case.is_at_home:
        yield from sent_to_the_makers(case)
    codes = FAULTS[f"{model.manufacturer} {case.part.clause}"]
    found = Finding(
        finding_id="f-1",
        defect_code=defect(codes[chance.whole(1, 40) % len(codes)]),
        cause=case.cause,
        text=PrivateText(text=chance.one_of(FINDINGS[case.cause])),
    )
    case.pass_hours(0.5, 6)
    yield case.step(technician, diagnosis.RecordDiagnosis, findings=(found,))


def tested(case: Case, stage: str, *, passed: bool) -> Life[None]:
    """One test of the kind that the model's standard names."""
    model = case.unit.model
    reading = Quantity(value=Decimal(case.chance.whole(5, 250)) / 100, unit=model.unit_of_measure)
    yield case.step(
        case.technician, diagnosis.PerformTest, test=model.test, stage=stage, reading=reading, passed=passed
    )


def standard_pinned(case: Case) -> Life[None]:
    """The version that applies is fixed."""
    yield case.step(
        case.staff("warranty_officer"),
        diagnosis.PinStandard,
        standard=case.standard.key,
        standard_version=case.standard.version,
        document_hash=case.standard.document_hash,
        clauses=(case.part.clause,),
        basis="purchase" if case.has_proof else "intake",
    )


def entitled(case: Case) -> Life[None]:
    """The warranty officer decides; a wrong first decision is moved only with a second person's name."""
    chance, officer = case.chance, case.staff("warranty_officer")
    months = (case.opened_at.date() - case.unit.purchased_on).days // 30
    is_outside = case.cause in _OUTSIDE_CAUSES
    clause = EXCLUSION[case.unit.model.manufacturer] if is_outside else case.part.clause
    covered = COVERED_MONTHS[case.standard.key, case.standard.version]
    case.is_covered = case.is_claimable = months <= covered[clause]
    is_moved = not case.is_covered and chance.happens(0.06)
    basis: Basis = "warranty" if case.is_covered or is_moved else "none"
    reason = chance.one_of(ENTITLED if basis == "warranty" else NOT_ENTITLED)
    yield case.step(officer, diagnosis.DecideEntitlement, basis=basis, clauses=(clause,), reason=reason)
    if is_moved:
        case.pass_hours(2, 30)
        change = {"from_basis": "warranty", "to_basis": "none", "trigger": "diagnosis", "reason": NOT_ENTITLED[1]}
        if chance.happens(0.3):
            yield case.refused("one-person-moved-warranty", officer, diagnosis.ReviseEntitlement, **change)
        approved_by = case.staff("manager").id
        yield case.step(officer, diagnosis.ReviseEntitlement, **change, approved_by=approved_by)
    elif not case.is_covered and chance.happens(0.05):
        yield from as_goodwill(case, "complaint")
    case.is_paid_by_customer = not case.is_covered


def as_goodwill(case: Case, trigger: str) -> Life[None]:
    """The company bears what nobody has to bear."""
    case.is_covered = True
    yield case.step(
        case.staff("complaint_officer"),
        diagnosis.ReviseEntitlement,
        from_basis="none",
        to_basis="goodwill",
        trigger=trigger,
        reason="A good customer, and one day out of time.",
        approved_by=case.staff("manager").id,
    )


def waited_for_parts(case: Case) -> Life[None]:
    """Parts come at once, after days from our own warehouse, or after weeks from the manufacturer."""
    chance, clerk = case.chance, case.staff("dispatcher", case.place)
    if chance.happens(0.12):
        yield from asked_the_warehouse(case)
    short_from = case.unit.model.short_from
    is_short = short_from is not None and case.now >= FIRST_DAY + timedelta(days=short_from)
    if chance.happens(0.75 if is_short else 0.16):
        expected = case.now + timedelta(days=14)
        evidence = chance.sha256() if chance.happens(0.6) else None
        yield case.step(
            clerk,
            waiting.StartWait,
            cause="parts_manufacturer",
            responsible="manufacturer",
            expected_until=expected,
            evidence=evidence,
        )
        case.now += chance.days_with_tail(150 if is_short else 20, 0.7)
        case.pass_hours(0, 1)
        if case.now - expected > timedelta(days=7):
            desk = case.staff("receptionist", case.branch)
            yield case.step(desk, intake.MakePromise, due_at=case.now + timedelta(days=5))
        late = case.sometimes_late(0.12, 8, 60)
        yield case.step(clerk, waiting.EndWait, cause="parts_manufacturer", **late)
    elif chance.happens(0.12):
        yield case.step(clerk, waiting.StartWait, cause="parts_ours", responsible="company")
        case.pass_days(1, 5)
        yield case.step(clerk, waiting.EndWait, cause="parts_ours")


def repaired(case: Case, *, is_paid: bool = False) -> Life[bool]:
    """The repair, its parts and minutes, and the inspection until the inspector is content.

    Args:
        case: The case.
        is_paid: Whether the customer pays, on approved lines for the part and for the labour.

    Returns:
        Whether it is repaired; False when the repair was given up.
    """
    chance, technician = case.chance, case.technician
    yield case.step(technician, repair.StartRepair)
    if chance.happens(0.015):
        yield from promised_by_the_bench(case)
    yield from waited_for_parts(case)
    if chance.happens(0.02):
        case.pass_hours(2, 20)
        yield case.step(technician, repair.AbandonRepair, reason="The board breaks when it is taken out.")
        return False
    yield from _worked_on(case, is_paid=is_paid)
    yield from _completed(case)
    yield from inspected(case, "repair", case.unit.model.qc_failure)
    return True


def _worked_on(case: Case, *, is_paid: bool) -> Life[None]:
    """The part is fitted and the time logged; on the approved lines where the customer pays."""
    chance, technician = case.chance, case.technician
    has_serial = chance.happens(0.3)
    yield case.step(
        technician,
        repair.FitPart,
        part_number=case.part.number,
        serial_in=f"P{chance.whole(10**6, 10**7 - 1)}" if has_serial else None,
        serial_out=f"P{chance.whole(10**6, 10**7 - 1)}" if has_serial else None,
        cost=euros(case.part.price) if is_paid else None,
        estimate_line="part" if is_paid else None,
    )
    case.pass_hours(0.5, 5)
    yield case.step(
        technician,
        repair.LogWork,
        minutes=chance.whole(15, 120),
        cost=euros(40) if is_paid else None,
        estimate_line="labour" if is_paid else None,
    )


def _completed(case: Case) -> Life[None]:
    action = Code(system="ACTION", code=f"A{case.chance.whole(1, 12)}")
    yield case.step(case.technician, repair.CompleteRepair, actions=(action,))


def inspected(case: Case, checked: Checked, failure: float = 0) -> Life[None]:
    """The inspector signs off, sends back, or a manager lets it go without."""
    case.pass_hours(0.5, 10)
    chance, technician = case.chance, case.technician
    results = (CheckResult(point="works", passed=True), CheckResult(point="clean", passed=chance.happens(0.95)))
    signed: dict[str, object] = {"checked": checked, "checklist_version": "checklist-4", "results": results}
    if chance.happens(0.015):
        yield case.step(case.staff("manager"), quality.WaiveQc, reason="The inspector is ill, the customer waits.")
        return
    if checked == "repair" and chance.happens(0.012):
        yield from _own_work_signed_off(case, signed)
        return
    inspector = case.staff("inspector", case.place)
    while chance.happens(failure):
        defects = (Code(system="DEFECT", code=f"D{chance.whole(1, 40)}"),)
        yield case.step(inspector, quality.FailQc, defects=defects, back_to=technician.id)
        case.pass_hours(2, 24)
        yield case.step(technician, repair.StartRepair)
        yield case.step(technician, repair.LogWork, minutes=chance.whole(10, 60))
        yield from _completed(case)
        case.pass_hours(0.5, 8)
    yield case.step(inspector, quality.PassQc, **signed)


def _own_work_signed_off(case: Case, signed: dict[str, object]) -> Life[None]:
    """A technician signs off what they repaired: refused; the unit goes out all the same, and the auditor finds it."""
    own = Actor(id=case.technician.id, role="inspector", site=case.place)
    happened_at = case.now
    yield case.refused("inspector-did-the-work", own, quality.PassQc, **signed)
    case.pass_hours(3, 20)
    yield case.step(
        own,
        record.RecordFinding,
        event=QcPassed.model_validate(signed),
        found_by=case.staff("auditor"),
        occurred_at=happened_at,
    )


def exchanged(case: Case) -> Life[None]:
    """The customer gets another unit instead of a repair."""
    case.pass_days(1, 6)
    case.unit.serial = f"{case.unit.serial[:3]}X{case.chance.whole(10**6, 10**7 - 1)}"
    yield case.step(case.staff("warranty_officer"), repair.ExchangeUnit, new_serial=case.unit.serial)
    yield from inspected(case, "exchange")


def repaired_again(case: Case) -> Life[None]:
    """A reopened case: looked at anew, repaired under the repair guarantee, and inspected."""
    technician = case.technician
    yield case.step(technician, diagnosis.StartDiagnosis)
    yield from tested(case, "standard", passed=False)
    yield from tested(case, "under_load", passed=False)
    found = Finding(finding_id="f-2", cause="manufacturing", text=PrivateText(text="The same part failed again."))
    yield case.step(technician, diagnosis.RecordDiagnosis, findings=(found,))
    if case.is_paid_by_customer:
        yield case.step(
            case.staff("warranty_officer"),
            diagnosis.ReviseEntitlement,
            from_basis="none",
            to_basis=_GUARANTEED,
            trigger="diagnosis",
            reason="Our own repair failed within its guarantee.",
        )
        case.is_paid_by_customer = False
    yield case.step(technician, repair.StartRepair)
    case.pass_hours(1, 30)
    yield case.step(technician, repair.LogWork, minutes=case.chance.whole(15, 60))
    yield from _completed(case)
    yield from inspected(case, "repair", 0.05)
