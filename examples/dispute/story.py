"""A whole dispute over liquid in a phone, step by step: every command, who sent it and when.

The customer writes French, the manufacturer Chinese, the workshop Russian. The manufacturer's third standard refuses
where an indicator is red; its fourth, published later, wants the corrosion measured. Clock and randomness are the
story's own, so that it is the same to the last byte whenever it is played.
"""

import hashlib
import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import ticketing as t
from ticketing.adapters.reference_files import read_reference_files, with_document
from ticketing.domain.command import Command
from ticketing.domain.values import Party

FOLDER = Path(__file__).resolve().parent
TICKET = UUID("5d8b7c2e-2f4a-4c1e-9a51-6f6d2041c0de")
NUMBER = "N-2041"

DESK = t.Actor(id="r-1", role="receptionist", site="lyon")
BENCH = t.Actor(id="t-7", role="technician", site="lyon")
INSPECTOR = t.Actor(id="i-2", role="inspector", site="lyon")
OFFICE = t.Actor(id="w-2", role="warranty_officer", site="head")
DISPUTES = t.Actor(id="x-1", role="dispute_officer", site="head")
CHIEF = t.Actor(id="m-1", role="manager", site="head")
CASH = t.Actor(id="c-1", role="cashier", site="lyon")
CUSTOMER = t.Actor(id="customer-4711", role="customer")
TESSEL = t.Actor(id="tessel-claims", role="manufacturer")
EXPERT = t.Actor(id="e-9", role="expert", site="lyon")

Step = tuple[datetime, Command]


class StoryClock:
    """A clock that stands where the story puts it."""

    now = datetime(2025, 1, 20, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def opened(url: str) -> tuple[t.Ticketing, StoryClock]:
    """The application on the store, on the story's clock and with its randomness."""
    clock = StoryClock()
    return t.Ticketing(url, clock=clock, random_bytes=random.Random(2041).randbytes), clock


def at(month: int, day: int, time: str) -> datetime:
    """An instant of 2026, UTC."""
    return datetime.fromisoformat(f"2026-{month:02}-{day:02}T{time}:00+00:00")


def euros(amount: str) -> t.Money:
    return t.Money(amount=Decimal(amount), currency="EUR")


def words(name: str) -> str:
    """What a letter says."""
    return (FOLDER / name).read_text(encoding="utf-8").strip()


def sha256_of(name: str) -> str:
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()


def play(app: t.Ticketing, clock: StoryClock, tell: Callable[[t.Handled], None] = lambda _: None) -> None:
    """Sends every command of the story at its time; the versions of the standard are published when they came out."""
    for when, command in sorted([*published(), *steps(), *afterwards()], key=lambda step: step[0]):
        clock.now = when
        tell(app.handle(command))
        if isinstance(command, t.CloseDispute) and command.dispute_id == "D-1":
            confirm(app, clock, tell)


def published() -> Iterator[Step]:
    """The two editions of the standard."""
    dates = {3: datetime(2025, 1, 20, 9, tzinfo=UTC), 4: at(8, 20, "09:00")}
    for version, day in dates.items():
        things = read_reference_files([FOLDER / f"standard-{version}.toml"])
        for thing in with_document(things, FOLDER / f"standard-{version}.txt"):
            yield day, t.Publish(actor=OFFICE, thing=thing)


def steps() -> Iterator[Step]:
    """From the counter to the last word."""
    yield from refused()
    yield from repaired_and_paid()
    yield from disputed()
    yield from looked_at_together()
    yield from decided()


def refused() -> Iterator[Step]:
    """Taken in, looked at without a microscope, and refused under the third edition."""
    here = {"ticket_id": TICKET}
    yield (
        at(6, 1, "09:05"),
        t.OpenTicket(
            actor=DESK,
            ticket_id=TICKET,
            number=NUMBER,
            site="lyon",
            customer_ref=CUSTOMER.id,
            manufacturer="Tessel",
            model="Aria 5",
            serial="AR5-2602-0017",
            symptom="Il ne charge plus depuis hier, le câble est neuf.",
            basis_claimed="warranty",
        ),
    )
    yield at(6, 1, "09:10"), t.ReceiveUnit(actor=DESK, **here, site="lyon", condition="Aucune trace de choc.")
    yield at(6, 1, "09:15"), t.RecordProofOfPurchase(actor=DESK, **here, purchased_on=date(2026, 2, 14))
    yield (
        at(6, 1, "09:20"),
        t.PinStandard(
            actor=OFFICE, **here, standard="TESSEL-IS", standard_version=3, clauses=("2.1", "4.2"), basis="purchase"
        ),
    )
    yield at(6, 2, "08:30"), t.StartDiagnosis(actor=BENCH, **here)
    yield at(6, 2, "08:45"), t.PerformTest(actor=BENCH, **here, test="charge", reading=amperes("0.02"), passed=False)
    yield at(6, 2, "08:50"), t.PerformTest(actor=BENCH, **here, test="liquid-indicator", passed=False)
    yield (
        at(6, 2, "09:00"),
        t.RecordDiagnosis(
            actor=BENCH,
            **here,
            findings=(t.Finding(finding_id="F1", cause="accident", text="Индикатор у разъёма красный."),),
        ),
    )
    yield (
        at(6, 2, "10:00"),
        t.DecideEntitlement(actor=OFFICE, **here, basis="none", clauses=("4.2",), reason="The indicator is red."),
    )
    yield (
        at(6, 2, "10:05"),
        t.RefuseService(
            actor=OFFICE, **here, ground="accident", clause="4.2", explanation="L'indicateur de la prise est rouge."
        ),
    )


def repaired_and_paid() -> Iterator[Step]:
    """The customer needs the telephone, pays under reserve, and has it back the next day."""
    here = {"ticket_id": TICKET}
    line = t.EstimateLine(line_id="L1", finding_id="F1", payer="customer", basis="none", price=euros("186.00"))
    yield (
        at(6, 2, "11:00"),
        t.IssueEstimate(actor=DESK, **here, estimate_version=1, lines=(line,), maximum=euros("186.00")),
    )
    yield at(6, 2, "12:00"), t.ApproveEstimate(actor=CUSTOMER, **here, estimate_version=1, lines=("L1",))
    yield at(6, 3, "08:30"), t.StartRepair(actor=BENCH, **here)
    yield (
        at(6, 3, "09:30"),
        t.FitPart(actor=BENCH, **here, part_number="AR5-SOC", cost=euros("61.00"), estimate_line="L1"),
    )
    yield at(6, 3, "10:30"), t.CompleteRepair(actor=BENCH, **here)
    yield at(6, 3, "11:00"), t.PassQc(actor=INSPECTOR, **here)
    charged = t.BillLine(line_id="B1", estimate_line="L1", payer="customer", amount=euros("186.00"))
    yield at(6, 3, "14:00"), t.IssueBill(actor=CASH, **here, bill_id="B-1", lines=(charged,))
    yield at(6, 3, "14:05"), t.RecordPayment(actor=CASH, **here, amount=euros("186.00"), bill_id="B-1")
    yield at(6, 3, "14:10"), t.HandBackUnit(actor=DESK, **here, site="lyon")
    yield at(6, 3, "14:15"), t.CloseTicket(actor=DESK, **here, outcome="repaired")


def disputed() -> Iterator[Step]:
    """After closure: the customer objects, the company claims, the manufacturer declines."""
    here = {"ticket_id": TICKET}
    first, both = {**here, "dispute_id": "D-1"}, ("company", "manufacturer")
    yield (
        at(6, 8, "10:00"),
        t.OpenDispute(actor=DESK, **first, ground="coverage", raised_by="customer", parties=both, about_version=9),
    )
    yield (
        at(6, 8, "10:10"),
        t.StatePosition(
            actor=DESK,
            **first,
            party="customer",
            statement=words("letter-customer.txt"),
            requested_outcome="Remboursement de 186,00 EUR.",
            on_behalf_of=CUSTOMER.id,
            letter_hash=sha256_of("letter-customer.txt"),
            language="fr",
        ),
    )
    yield (
        at(6, 8, "10:20"),
        t.SubmitEvidence(
            actor=DESK,
            **first,
            evidence_id="E-1",
            sha256=sha256_of("indicator.png"),
            media_type="image/png",
            kind="photograph",
            size_bytes=(FOLDER / "indicator.png").stat().st_size,
            captured_at=at(6, 2, "08:51"),
            captured_by=BENCH.id,
        ),
    )
    yield (
        at(6, 9, "09:00"),
        t.SubmitClaim(
            actor=OFFICE, **here, claim_id="C-1", to=TESSEL.id, lines=(), amount=euros("186.00"), dispute_id="D-1"
        ),
    )
    for minute, party in (("09:10", "company"), ("09:15", "manufacturer")):
        yield at(6, 9, minute), t.RequestPosition(actor=DISPUTES, **first, party=party, deadline=at(6, 19, "17:00"))
    yield (
        at(6, 12, "15:00"),
        t.StatePosition(
            actor=OFFICE,
            **first,
            party="company",
            clause="4.2",
            statement="Индикатор красный; под микроскопом плату при приёмке никто не смотрел.",
            language="ru",
        ),
    )
    yield (
        at(6, 15, "03:00"),
        t.DecideClaim(
            actor=TESSEL, **here, claim_id="C-1", amount_approved=euros("0.00"), clause="4.2", reason="指示标已变红。"
        ),
    )
    yield (
        at(6, 15, "03:05"),
        t.StatePosition(
            actor=TESSEL,
            **first,
            party="manufacturer",
            clause="4.2",
            statement=words("letter-manufacturer.txt"),
            letter_hash=sha256_of("letter-manufacturer.txt"),
            language="zh-Hans",
        ),
    )


def looked_at_together() -> Iterator[Step]:
    """The telephone comes back and is opened before all parties."""
    here = {"ticket_id": TICKET}
    yield at(6, 22, "09:00"), t.ReopenTicket(actor=DISPUTES, **here, ground="complaint")
    yield at(6, 22, "09:05"), t.ReceiveUnit(actor=DESK, **here, site="lyon")
    yield at(6, 22, "10:00"), t.StartDiagnosis(actor=EXPERT, **here)
    yield (
        at(6, 22, "10:20"),
        t.PerformTest(
            actor=EXPERT,
            **here,
            test="board-corrosion",
            reading=t.Quantity(value=Decimal("0.2"), unit="mm2"),
            passed=True,
        ),
    )
    found = t.Finding(
        finding_id="F2",
        cause="manufacturing",
        defect_code=t.Code(system="TESSEL", code="SEAL-7"),
        text="Уплотнение разъёма смещено на заводе.",
    )
    yield at(6, 22, "11:00"), t.RecordDiagnosis(actor=EXPERT, **here, findings=(found,))
    everybody = (EXPERT.id, CUSTOMER.id, OFFICE.id, TESSEL.id)
    yield (
        at(6, 22, "11:30"),
        t.HoldJointInspection(
            actor=EXPERT,
            **here,
            dispute_id="D-1",
            invited=everybody,
            attendees=everybody,
            protocol=words("protocol-inspection.txt"),
            protocol_hash=sha256_of("protocol-inspection.txt"),
        ),
    )
    yield at(6, 22, "14:00"), t.AbandonRepair(actor=CHIEF, **here, reason="It was repaired on 3 June and works.")
    yield at(6, 22, "14:20"), t.PassQc(actor=INSPECTOR, **here, checked="returned")
    yield at(6, 22, "15:00"), t.HandBackUnit(actor=DESK, **here, site="lyon")
    yield at(6, 22, "15:05"), t.CloseTicket(actor=DESK, **here, outcome="returned_unrepaired")


def decided() -> Iterator[Step]:
    """A verdict, an appeal, and the verdict that stands."""
    here = {"ticket_id": TICKET, "dispute_id": "D-1"}
    yield (
        at(7, 1, "10:00"),
        t.IssueVerdict(
            actor=DISPUTES,
            **here,
            by=DISPUTES.id,
            in_favour_of="customer",
            shares=(share("manufacturer", "100"),),
            clause="2.1",
            reasons="The seal was let in at the factory; a red indicator alone does not show how liquid came in.",
        ),
    )
    yield (
        at(7, 6, "04:00"),
        t.AppealVerdict(
            actor=TESSEL, **here, party="manufacturer", reasons="贵方未经显微镜检查即予拒修，相应费用不应由我方承担。"
        ),
    )
    yield (
        at(7, 20, "10:00"),
        t.IssueVerdict(
            actor=EXPERT,
            **here,
            by=EXPERT.id,
            in_favour_of="customer",
            shares=(share("manufacturer", "70"), share("company", "30")),
            clause="2.1",
            reasons="Дефект заводской; но компания отказала, не осмотрев плату, и несёт свою часть.",
        ),
    )
    yield at(7, 27, "10:00"), t.CloseDispute(actor=DISPUTES, **here, how="decided")


def confirm(app: t.Ticketing, clock: StoryClock, tell: Callable[[t.Handled], None]) -> None:
    """What the verdict calls for, confirmed by the manager on the day after, one every ten minutes."""
    clock.now = at(7, 28, "09:00")
    while proposals := app.proposals(TICKET, "D-1"):
        approved = {"approved_by": DISPUTES.id} if proposals[0].needs_second_person else {}
        tell(app.handle(proposals[0].command(CHIEF, TICKET, **approved)))
        clock.now += timedelta(minutes=10)


def afterwards() -> Iterator[Step]:
    """The manufacturer pays its share, and takes a part of it back in the autumn."""
    here = {"ticket_id": TICKET}
    yield (
        at(8, 10, "03:00"),
        t.DecideClaim(
            actor=TESSEL,
            **here,
            claim_id="D-1-manufacturer",
            amount_approved=euros("130.20"),
            clause="2.1",
            reason="按裁决支付。",
        ),
    )
    yield (
        at(10, 5, "03:00"),
        t.DecideClaim(
            actor=TESSEL,
            **here,
            claim_id="D-1-manufacturer",
            amount_approved=euros("111.60"),
            clause="2.1",
            reason="工时标准调整。",
        ),
    )


def amperes(value: str) -> t.Quantity:
    return t.Quantity(value=Decimal(value), unit="A")


def share(party: Party, percent: str) -> t.Share:
    return t.Share(party=party, percent=Decimal(percent))
