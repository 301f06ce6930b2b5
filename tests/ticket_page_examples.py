"""Tickets whose pages are drawn: one that has just been opened, and one of three cycles with many waits."""

from datetime import datetime
from uuid import UUID

from tests.repairs import DAY_0, MANAGER, RECEPTIONIST, TECHNICIAN, WHY, Company, day
from tests.time_stories import EURO, OFFICE, PROMISE, clock, policy
from ticketing.domain import events as e
from ticketing.domain.publishing import Publish
from ticketing.domain.values import Actor, Event, Party

CUSTOMER = Actor(id="c-1", role="customer")
LONG = UUID(int=1)
_WAITS = ("parts_manufacturer", "customer_approval", "manufacturer_decision")
POLICY = policy(
    PROMISE,
    clock("turnaround", working_hours=40, pauses=_WAITS, on_reopening="adds_up"),
    clock("looked-at", elapsed_hours=24, stops="DiagnosisRecorded", binds="statute", on_reopening="anew"),
    clock("a-stay-at-a-branch-or-a-workshop", binds="site", working_hours=16, pauses=_WAITS),
    clock("collection", binds="customer_duty", starts="CustomerNotified", calendar_days=14, calendar="office"),
    key="house-and-manufacturer-contract",
)


def a_company(url: str = "memory:") -> Company:
    """A company with a calendar and a policy of five clocks, before its first ticket."""
    company = Company(url)
    for thing in (OFFICE, POLICY):
        company.app.handle(Publish(actor=MANAGER, thing=thing, occurred_at=DAY_0))
    return company


def just_opens(company: Company) -> None:
    """A ticket of one fact."""
    company.opens(2, company.now, model=None)


def lives_long(company: Company) -> None:
    """A ticket that is repaired three times; of its facts one is late, one is corrected and one is taken back."""
    company.opens(1, day(1.375))
    for event, number in _FIRST:
        _finds(company, event, day(number))
    version = company.finds(LONG, e.CustomerContacted(direction="to_customer", channel="phone", topic="delay"), day(11))
    promise = company.finds(LONG, e.PromiseMade(due_at=day(14)), day(11.1), by=RECEPTIONIST)
    for event, number in _SECOND:
        _finds(company, event, day(number))
    company.retracts(LONG, version, day(25))
    company.corrects(LONG, promise, "due_at", day(15), day(25.1))
    for event, number in _THIRD:
        _finds(company, event, day(number))
    _finds_late(company, e.WaitStarted(cause="customer_information"), day(60), recorded=day(66))
    _finds_late(company, e.WaitEnded(cause="customer_information"), day(61), recorded=day(66))
    company.now = day(70)


def _finds(company: Company, event: Event, at: datetime) -> None:
    is_customers = isinstance(event, e.DisputeOpened | e.ComplaintReceived)
    company.finds(LONG, event, at, by=CUSTOMER if is_customers else TECHNICIAN)


def _finds_late(company: Company, event: Event, at: datetime, *, recorded: datetime) -> None:
    company.now = max(company.now, recorded)
    company.finds(LONG, event, at)


def _dispute(name: str, ground: e.DisputeGround, *, is_blocking: bool = False) -> e.DisputeOpened:
    return e.DisputeOpened(
        dispute_id=name, ground=ground, raised_by="customer", parties=("customer", "company"), is_blocking=is_blocking
    )


def _verdict(name: str, *, for_whom: Party) -> e.VerdictIssued:
    return e.VerdictIssued(dispute_id=name, by="m-2", in_favour_of=for_whom, reasons=WHY)


_FIRST: tuple[tuple[Event, float], ...] = (
    (e.PromiseMade(due_at=day(8)), 1.4),
    (e.UnitReceived(site="berlin"), 1.4),
    (e.TicketAssigned(site="leipzig-workshop", person="t-1"), 1.5),
    (e.UnitDispatched(to="leipzig-workshop"), 1.6),
    (e.UnitArrived(site="leipzig-workshop"), 3.4),
    (e.DiagnosisStarted(), 3.5),
    (e.DiagnosisRecorded(findings=(e.Finding(finding_id="f-1", cause="wear"),)), 3.7),
    (e.EstimateIssued(estimate_version=1, lines=(), maximum=EURO), 4.4),
    (e.WaitStarted(cause="parts_ours"), 4.5),
    (e.WaitStarted(cause="manufacturer_decision"), 5.4),
    (e.EstimateApproved(estimate_version=1, lines=()), 6.5),
    (e.WaitEnded(cause="parts_ours"), 9.5),
    (_dispute("D-1", "coverage", is_blocking=True), 8.5),
    (e.WaitEnded(cause="manufacturer_decision"), 10.5),
)
_SECOND: tuple[tuple[Event, float], ...] = (
    (_verdict("D-1", for_whom="company"), 12.5),
    (e.VerdictAppealed(dispute_id="D-1", party="customer"), 13.4),
    (e.RepairStarted(), 13.5),
    (_verdict("D-1", for_whom="customer"), 14.5),
    (e.DisputeClosed(dispute_id="D-1", how="decided"), 14.6),
    (e.RepairCompleted(actions=()), 14.7),
    (e.QcPassed(checked="repair"), 15.4),
    (e.UnitDispatched(to="berlin"), 15.5),
    (e.UnitArrived(site="berlin"), 16.5),
    (e.CustomerNotified(channel="phone"), 16.6),
    (e.UnitHandedBack(), 19.6),
    (e.TicketClosed(outcome="repaired"), 19.6),
    (e.TicketReopened(ground="same_fault"), 30.4),
    (e.UnitReceived(site="berlin"), 30.4),
    (e.DiagnosisStarted(), 30.5),
    (e.DiagnosisRecorded(findings=(e.Finding(finding_id="f-1", cause="manufacturing"),)), 30.6),
    (e.WaitStarted(cause="parts_manufacturer"), 31.4),
    (e.WaitStarted(cause="expert_opinion"), 33.4),
    (e.WaitEnded(cause="expert_opinion"), 36.4),
    (e.WaitEnded(cause="parts_manufacturer"), 40.4),
    (e.RepairStarted(), 40.5),
    (e.RepairCompleted(actions=()), 40.7),
    (e.QcPassed(checked="repair"), 41.4),
    (e.CustomerNotified(channel="phone"), 41.5),
    (e.UnitHandedBack(), 42.5),
    (e.TicketClosed(outcome="repaired"), 42.5),
)
_THIRD: tuple[tuple[Event, float], ...] = (
    (e.TicketReopened(ground="same_fault"), 58.4),
    (e.UnitReceived(site="berlin"), 58.4),
    (e.PromiseMade(due_at=day(75)), 58.5),
    (_dispute("D-2", "repair_quality"), 59.4),
    (e.ComplaintReceived(complaint_id="C-1", about="service", complaint_class="quality"), 59.5),
    (e.WaitStarted(cause="payment"), 62.5),
    (e.WaitStarted(cause="capacity", responsible="company"), 65.5),
)
