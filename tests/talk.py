"""What people might say next about a case: most of it sensible, some of it not."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from tests import oracle_disputes as disputes
from tests.examples import STANDARD
from tests.oracle import Case, Raw
from ticketing.domain import (
    billing,
    claim,
    closure,
    complaint,
    diagnosis,
    dispute,
    estimate,
    intake,
    quality,
    record,
    repair,
    routing,
    waiting,
)
from ticketing.domain.command import Command

Offer = tuple[float, type[Command], str, dict[str, object]]
ROLES = (
    *("receptionist", "dispatcher", "technician", "inspector", "parts_clerk", "warranty_officer", "dispute_officer"),
    *("complaint_officer", "cashier", "manager", "auditor", "customer", "manufacturer", "expert", "system"),
)
PARTIES = ("customer", "company", "manufacturer", "seller")
UNITS = (("ACME", "sn 001-a"), ("ACME", "SN001A"), ("ACME", "SN-002"), ("Bolt", "SN 001A"), (None, "x 9"))
CAUSES_OF_WAITS = ("customer_information", "parts_manufacturer", "capacity")
CURRENCIES = ("EUR", "EUR", "EUR", "EUR", "CHF")
A_HASH = "ef" * 32
ON_THE_RECORD = (record.CorrectEvent, record.RetractEvent)
"""Commands whose facts change the record: nobody finds that they happened."""


class Talk:
    """What people might say next about one case: the sensible with a weight, the rest with none."""

    def __init__(self, case: Case, rng: Random, now: datetime) -> None:
        self.case = case
        self.rng = rng
        self.now = now
        self.offers: list[Offer] = []
        for phase in (self._intake, self._diagnosis, self._estimate, self._repair, self._money, self._closure):
            phase()
        self._dispute()
        self._beside()

    def _offer(self, weight: float, command: type[Command], role: str, **fields: object) -> None:
        self.offers.append((weight, command, role, fields))

    def _text(self) -> str:
        return f"as told, no. {self.rng.randrange(10**9)}"

    def _new(self, letter: str, name: str) -> str:
        return f"{letter}-{len(self.case.ids(name)) + 1}"

    def _old(self, letter: str, name: str) -> str:
        return self.rng.choice(self.case.ids(name) or [self._new(letter, name)])

    def _site(self) -> str:
        return self.rng.choice(("berlin", "leipzig"))

    def _price(self) -> dict[str, str]:
        return {"amount": self.rng.choice(("20.00", "40.00", "65.50")), "currency": "EUR"}

    def _at_work(self) -> bool:
        opened = self.case.all("TicketOpened")
        away = bool(opened) and opened[0].said["channel"] in ("on_site", "remote")
        return self.case.is_open and (away or self.case.custody == "in_house")

    def _intake(self) -> None:
        case, rng = self.case, self.rng
        is_open = case.is_open
        manufacturer, serial = rng.choice(UNITS)
        papers = rng.random() < 0.8
        to_come = is_open and case.custody in ("outside", "handed_back") and case.work == "idle"
        self._offer(
            20 * to_come,
            *(intake.ReceiveUnit, "receptionist"),
            site=self._site(),
            condition=rng.choice((None, self._text())),
            accessories=rng.choice(((), ("charger",), ("charger", "bag"))),
            paperwork_complete=papers,
        )
        identified = {"manufacturer": manufacturer, "serial": rng.choice((serial, None)), "model": "P7"}
        self._offer(0.6 * is_open, intake.IdentifyUnit, "technician", **identified)
        self._offer(0.5 * is_open, intake.CompletePaperwork, "receptionist")
        bought = (self.now - timedelta(days=rng.randrange(900))).date()
        self._offer(0.7, intake.RecordProofOfPurchase, "receptionist", purchased_on=bought, seller="shop-9")
        due_at = self.now + timedelta(days=rng.randrange(1, 9))
        self._offer(is_open, intake.MakePromise, rng.choice(("receptionist", "manager", "technician")), due_at=due_at)
        self._offer(0.4 * is_open, intake.LinkRepeat, "receptionist", previous_ticket=UUID(int=7), basis="same_unit")
        assigned = {"site": self._site(), "person": rng.choice((None, "technician-1")), "reason": self._text()}
        self._offer(is_open, routing.AssignTicket, "dispatcher", **assigned)
        leaves = is_open and case.custody == "in_house" and case.work not in ("checked", "ended")
        self._offer(0.8 * leaves, routing.DispatchUnit, "dispatcher", to=self._site())
        arrives = is_open and case.custody == "in_transit"
        self._offer(20 * arrives, routing.RecordArrival, "dispatcher", site=self._site())

    def _diagnosis(self) -> None:
        case, rng = self.case, self.rng
        at_work = self._at_work()
        tested = {
            "test": rng.choice(("charge", "charge", "drop")),
            "stage": rng.choice(("standard", "under_load")),
            "reading": {"value": "0.02", "unit": "A"},
            "passed": rng.random() < 0.5,
        }
        cause = rng.choice(("manufacturing", "wear", "misuse", "none_found"))
        findings = [{"finding_id": "f-1", "cause": cause, "text": self._text()}]
        if rng.random() < 0.3:
            findings.append({"finding_id": "f-2", "cause": rng.choice(("wear", "none_found")), "text": self._text()})
        self._offer((20 if case.work == "idle" else 0.2) * at_work, diagnosis.StartDiagnosis, "technician")
        self._offer((8 if case.work == "diagnosing" else 0.3) * at_work, diagnosis.PerformTest, "technician", **tested)
        looks = at_work and case.work in ("diagnosing", "rework")
        self._offer(20 * looks, diagnosis.RecordDiagnosis, "technician", findings=findings)
        pinned = rng.choice(
            (
                {
                    "standard": STANDARD.key,
                    "standard_version": rng.choice((3, 4)),
                    "clauses": ["4.2"],
                    "basis": "intake",
                },
                {"none_reason": self._text()},
            )
        )
        self._offer(0.5 + 4 * (case.pinned is None), diagnosis.PinStandard, "warranty_officer", **pinned)
        diagnosed = at_work and case.work == "diagnosed"
        undecided = diagnosed and case.entitlement is None
        basis = rng.choice(("warranty", "none", "none", "goodwill"))
        decided = {"basis": basis, "clauses": ["4.2"], "reason": self._text()}
        self._offer(15 * undecided + 0.1, diagnosis.DecideEntitlement, "warranty_officer", **decided)
        revised = {
            "from_basis": case.entitlement or "warranty",
            "to_basis": rng.choice(("none", "warranty", "statutory")),
            "trigger": "diagnosis",
            "reason": self._text(),
            "approved_by": rng.choice(("manager-1", "manager-1", "warranty_officer-1", None)),
        }
        self._offer(0.8 * (case.entitlement is not None), diagnosis.ReviseEntitlement, "warranty_officer", **revised)
        ground = rng.choice(("misuse", "out_of_warranty", None))
        refused = {
            "ground": ground,
            "clause": rng.choice(("4.2", "4.2", "4.2", "8.8", None)),
            "explanation": self._text(),
        }
        self._offer(1.5 * diagnosed, diagnosis.RefuseService, "warranty_officer", **refused)

    def _estimate(self) -> None:
        case, rng = self.case, self.rng
        latest = max(case.estimates, default=0)
        found = case.in_cycle("DiagnosisRecorded")[-1:]
        line = {"finding_id": "f-1" if found else None, "basis": "none", "text": self._text()}
        lines = [
            {"line_id": "board", "payer": "customer", "price": self._price(), **line},
            {"line_id": "battery", "payer": rng.choice(("manufacturer", "customer")), "price": self._price(), **line},
        ]
        pays = case.entitlement == "none"
        asks = self._at_work() and case.work == "diagnosed" and case.approved_in_cycle is None
        issued = {
            "estimate_version": latest + rng.choice((1, 1, 1, 1, 2)),
            "lines": lines,
            "maximum": {"amount": rng.choice(("30.00", "90.00", "120.00")), "currency": "EUR"},
            "valid_until": rng.choice((None, self.now + timedelta(days=rng.randrange(-1, 9)))),
        }
        is_first = not any(case.has_begun_by(it.issued.at) for it in case.estimates.values())
        self._offer((12 * pays if is_first else 0.5) * asks, estimate.IssueEstimate, "receptionist", **issued)
        waiting_for = case.is_open and latest > 0 and not case.estimates[latest].approved
        approved = {"lines": rng.choice((["board"], *[["board", "battery"]] * 5, ["board", "frame"])), "proof": A_HASH}
        version = max(1, latest - rng.choice((0, 0, 0, 1)))
        self._offer(12 * waiting_for, estimate.ApproveEstimate, "customer", estimate_version=version, **approved)
        declined = {"estimate_version": max(1, latest), "reason": self._text()}
        self._offer(2 * waiting_for, estimate.DeclineEstimate, "customer", **declined)

    def _repair(self) -> None:
        case, rng = self.case, self.rng
        at_work, work = self._at_work(), case.work
        ready = (
            at_work
            and work in ("diagnosed", "rework")
            and (case.entitlement != "none" or case.approved_in_cycle is not None)
        )
        self._offer((16 if not case.has_found_nothing else 1) * ready, repair.StartRepair, "technician")
        repairing = at_work and work == "repairing"
        line = rng.choice([*(case.approved.approved if case.approved else []), None])
        cost = rng.choice((None, self._price())) if line is None and case.entitlement != "none" else None
        cost = self._price() if line is not None else cost
        part = {"part_number": "B-77", "serial_in": "BAT 2", "serial_out": "BAT-1", "cost": cost, "estimate_line": line}
        self._offer(5 * repairing, repair.FitPart, "technician", **part)
        logged = {"minutes": rng.randrange(90), "cost": cost, "estimate_line": line}
        self._offer(3 * repairing, repair.LogWork, "technician", **logged)
        actions = [{"system": "IRIS", "code": "R1"}]
        self._offer(14 * repairing, repair.CompleteRepair, "technician", actions=actions)
        begun = at_work and work in ("diagnosed", "repairing", "rework")
        self._offer(0.8 * begun, repair.AbandonRepair, "technician", reason=self._text())
        self._offer(0.8 * begun, repair.ExchangeUnit, "warranty_officer", new_serial=rng.choice(UNITS)[1])
        kinds = [kind for kind in ("repair", "exchange", "no_fault", "returned") if case.is_finished(kind)]
        to_check = at_work and bool(kinds) and work in ("diagnosed", "finished", "ended")
        checked = {
            "checked": rng.choice([*kinds * 4, "repair", "exchange"]),
            "results": [{"point": "charges", "passed": True}],
        }
        self._offer(16 * to_check, quality.PassQc, "inspector", **checked)
        defects = {"defects": [{"system": "IRIS", "code": "D9"}], "back_to": "technician-1"}
        self._offer(2 * (to_check and work == "finished"), quality.FailQc, "inspector", **defects)
        self._offer(1.5 * to_check, quality.WaiveQc, "manager", reason=self._text())

    def _money(self) -> None:
        case, rng = self.case, self.rng
        lines = case.approved.issued.said["lines"] if case.approved else []
        approved = case.approved.approved if case.approved else ()
        billed = [
            {
                "line_id": f"b-{line['line_id']}",
                "estimate_line": line["line_id"],
                "payer": line["payer"],
                "amount": line["price"],
            }
            for line in lines
            if line["line_id"] in approved
        ]
        if rng.random() < 0.3:
            billed = [{**line, "payer": "customer"} for line in billed]
        freight = {"line_id": "freight", "payer": "customer", "amount": self._price(), "reason": self._text()}
        bill = {"bill_id": self._new("B", "BillIssued"), "lines": billed or [freight]}
        over = case.work in ("checked", "finished", "ended")
        self._offer((9 if billed else 0.4) * over, billing.IssueBill, "cashier", **bill)
        has_bill = bool(case.ids("BillIssued"))
        to_credit = {
            "bill_id": self._old("B", "BillIssued"),
            "amount": self._price(),
            "reason": self._text(),
            "dispute_id": rng.choice((None, self._old("D", "DisputeOpened"))),
        }
        self._offer(0.5 * has_bill, billing.CreditBill, "cashier", **to_credit)
        paid = {"amount": self._price(), "bill_id": self._old("B", "BillIssued")}
        self._offer(2.0 * has_bill, billing.RecordPayment, "cashier", **paid)
        amount = self._price()
        claimed = {
            "claim_id": self._new("C", "ClaimSubmitted"),
            "to": "ACME",
            "lines": rng.choice(((), [{"line_id": "battery", "amount": amount}])),
            "amount": amount,
            "dispute_id": rng.choice((None, None, self._old("D", "DisputeOpened"))),
        }
        self._offer(0.8 * over, claim.SubmitClaim, "warranty_officer", **claimed)
        decided: dict[str, object] = {
            "claim_id": self._old("C", "ClaimSubmitted"),
            "amount_approved": {"amount": rng.choice(("0.00", "20.00", "65.50")), "currency": rng.choice(CURRENCIES)},
            "reason": self._text(),
        }
        if rng.random() < 0.2:
            decided["letter_hash"] = A_HASH if rng.random() < 0.5 else None
        enters = "warranty_officer" if "letter_hash" in decided else "manufacturer"
        self._offer(2.0 * bool(case.ids("ClaimSubmitted")), claim.DecideClaim, enters, **decided)

    def _closure(self) -> None:
        case, rng = self.case, self.rng
        is_open, over = case.is_open, case.is_work_over and case.work != "idle"
        to_go = is_open and over and case.custody == "in_house" and case.work != "finished"
        self._offer(3 * to_go, closure.NotifyCustomer, "receptionist", channel="phone")
        self._offer(16 * to_go, closure.HandBackUnit, "receptionist", site=case.place)
        self._offer(0.6 * to_go, closure.DisposeOfUnit, "manager", reason=self._text())
        to_close = is_open and over and case.is_unit_back and not case.blocking
        no_fault = case.has_found_nothing and not case.missing_tests
        outcome = "no_fault_found" if no_fault else rng.choice(("repaired", "refused", "exchanged"))
        self._offer(25 * to_close + 0.1 * is_open, closure.CloseTicket, "receptionist", outcome=outcome)
        ground = rng.choice(("same_fault", "complaint"))
        self._offer(2.5 * (not is_open and case.is_begun), closure.ReopenTicket, "manager", ground=ground)
        told = {
            "complaint_id": self._new("K", "ComplaintReceived"),
            "about": "service",
            "complaint_class": "silence",
            "remedy_sought": "apology",
            "text": self._text(),
        }
        self._offer(0.5 + (not is_open), complaint.ReceiveComplaint, "customer", **told)
        has_complaint = bool(case.ids("ComplaintReceived"))
        which = {"complaint_id": self._old("K", "ComplaintReceived")}
        self._offer(has_complaint, complaint.AcknowledgeComplaint, "complaint_officer", **which)
        resolved = {**which, "is_upheld": rng.random() < 0.5, "remedy": self._text()}
        self._offer(has_complaint, complaint.ResolveComplaint, "complaint_officer", **resolved)
        rated = {"rating": rng.randrange(1, 6), "text": self._text()}
        self._offer(0.7 * (not is_open), complaint.RateSatisfaction, "customer", **rated)

    def _dispute(self) -> None:
        case, rng = self.case, self.rng
        about = [
            it.version for it in case.all("EntitlementDecided", "EntitlementRevised", "ServiceRefused", "QcPassed")
        ]
        decided = [it.version for it in case.all("ClaimDecided")]
        over_claim = bool(decided) and rng.random() < 0.5
        raised_by = rng.choice(("customer", "customer", "customer", "company"))
        opened = {
            "dispute_id": self._new("D", "DisputeOpened"),
            "ground": "rejected_claim" if over_claim else rng.choice(("coverage", "price")),
            "raised_by": raised_by,
            "parties": rng.choice((["customer", "company"], ["company", "manufacturer"], ["manufacturer"])),
            "about_version": rng.choice([*(decided * 9 if over_claim else about), None]),
            "is_blocking": rng.random() < 0.5,
            "text": self._text(),
        }
        by = "customer" if raised_by == "customer" or rng.random() < 0.1 else "dispute_officer"
        self._offer(1.5 if about or decided else 0.2, dispute.OpenDispute, by, **opened)
        under_way = [it for it in dict.fromkeys(case.ids("DisputeOpened")) if case.is_dispute_open(it)]
        which = rng.choice(under_way or [self._old("D", "DisputeOpened")])
        facts = case.dispute(which)
        self._positions(which, facts)
        self._things(which, known=bool(facts))
        self._verdicts(which, facts, is_under_way=bool(under_way))

    def _positions(self, which: str, facts: Sequence[Raw]) -> None:
        rng, unheard = self.rng, disputes.unheard(facts) if facts else []
        party = rng.choice(unheard or PARTIES)
        asked = bool(facts) and bool(disputes.due(party, facts))
        until = self.now + timedelta(minutes=rng.choice((-1, 1, 60, 600)))
        request = {"dispute_id": which, "party": party, "deadline": until, "text": self._text()}
        to_ask = (3 if unheard and not asked else 0.3) * bool(facts)
        self._offer(to_ask, dispute.RequestPosition, "dispute_officer", **request)
        silence = {"is_silence": True, "deadline": rng.choice((None, None, self.now - timedelta(days=1), self.now))}
        position = {
            "clause": "4.2",
            "statement": self._text(),
            "requested_outcome": self._text(),
            "on_behalf_of": rng.choice(("somebody", "somebody", None)),
            "language": rng.choice((None, "fr")),
        }
        said = {"dispute_id": which, "party": party, **rng.choice((position, position, silence))}
        by = rng.choice(("dispute_officer", party if party in ("customer", "manufacturer") else "dispute_officer"))
        self._offer(8 * bool(unheard) + 0.3 * bool(facts), dispute.StatePosition, by, **said)

    def _things(self, which: str, *, known: bool) -> None:
        rng = self.rng
        evidence = {
            "evidence_id": self._new("E", "EvidenceSubmitted"),
            "sha256": A_HASH,
            "media_type": "image/jpeg",
            "dispute_id": rng.choice((None, which)),
            "held_by": rng.choice((None, "safe")),
        }
        self._offer(known, dispute.SubmitEvidence, "customer", **evidence)
        thing = self._old("E", "EvidenceSubmitted")
        has_it = disputes.holder(thing, self.case)
        to = rng.choice([it for it in ("safe", "expert-1", "acme") if it != has_it])
        moved = {"evidence_id": thing, "from_holder": has_it or "nobody", "to_holder": to, "note": self._text()}
        self._offer(1.5 * bool(self.case.ids("EvidenceSubmitted")), dispute.HandOverEvidence, "receptionist", **moved)
        met = {"dispute_id": which, "attendees": ["customer-1", "expert-1"], "protocol": self._text()}
        self._offer(0.6 * known, dispute.HoldJointInspection, "expert", **met)

    def _verdicts(self, which: str, facts: Sequence[Raw], *, is_under_way: bool) -> None:
        rng = self.rng
        parties = disputes.parties(facts[0]) if facts else ["customer"]
        shares = self._shares(parties)
        judge = rng.choice(("expert", "dispute_officer", "manager"))
        verdict = {
            "dispute_id": which,
            "by": rng.choice((f"{judge}-1", "expert-2", self._whose_decision(which))),
            "in_favour_of": rng.choice([*parties * 3, "seller"]),
            "shares": shares,
            "reasons": self._text(),
        }
        stands = disputes.standing_verdict(facts) is not None
        heard = is_under_way and bool(facts) and not disputes.unheard(facts) and self.case.pinned is not None
        to_judge = (8 if not stands else 0.3) * heard + 0.3 * is_under_way
        self._offer(to_judge, dispute.IssueVerdict, judge, **verdict)
        party = rng.choice([*parties * 3, "seller"])
        role = party if party in ("customer", "manufacturer") else "dispute_officer"
        appeal = {"dispute_id": which, "party": party, "reasons": self._text()}
        self._offer(1.2 * stands, dispute.AppealVerdict, role, **appeal)
        how: dict[str, object] = {"how": "decided" if stands else rng.choice(("settled", "withdrawn"))}
        if how["how"] == "settled":
            amount = {**self._price(), "currency": rng.choice(CURRENCIES)}
            how |= {"shares": rng.choice(((), shares)), "amount": rng.choice((None, amount))}
        closed = {"dispute_id": which, **how, "terms": self._text()}
        self._offer((4 if stands else 0.5) * is_under_way, dispute.CloseDispute, "dispute_officer", **closed)
        self._payers(which, is_ruled=bool(facts) and disputes.ruling(facts) is not None)

    def _shares(self, parties: Sequence[str]) -> list[dict[str, str]]:
        first, last = self.rng.choice(parties), self.rng.choice(parties)
        if first == last:
            return [{"party": first, "percent": "100"}]
        return [{"party": first, "percent": "50"}, {"party": last, "percent": "50"}]

    def _payers(self, which: str, *, is_ruled: bool) -> None:
        """Half of a line each, or all of it on one; or a part too little, or more than there is."""
        case, rng = self.case, self.rng
        version = rng.choice([*case.estimates, 1])
        lines = case.estimates[version].issued.said["lines"] if version in case.estimates else []
        line = rng.choice([*lines, {"line_id": "frame", "price": self._price()}])
        price = Decimal(line["price"]["amount"])
        one, other = rng.sample(("customer", "company", "manufacturer"), 2)
        half = (price / 2).quantize(Decimal("0.01"))
        parts = rng.choice(([(one, price)], [(one, half), (other, price - half)], [(one, half)]))
        told = [
            {"line_id": line["line_id"], "payer": payer, "amount": {"amount": part, "currency": "EUR"}}
            for payer, part in parts
        ]
        revised = {"dispute_id": which, "estimate_version": version, "lines": told, "reason": self._text()}
        self._offer((4 if lines else 0.5) * is_ruled, estimate.RevisePayers, "dispute_officer", **revised)

    def _whose_decision(self, dispute_id: str) -> str:
        facts = self.case.dispute(dispute_id)
        disputed = self.case.versions.get(facts[0].said["about_version"]) if facts else None
        return disputed.by if disputed is not None else "expert-3"

    def _beside(self) -> None:
        case, rng = self.case, self.rng
        is_open = case.is_open
        asked = {
            "request_id": self._new("q", "RequestMade"),
            "to_site": "leipzig",
            "about": "part",
            "text": self._text(),
        }
        self._offer(0.7 * is_open, routing.MakeRequest, "technician", **asked)
        answered = {"request_id": self._old("q", "RequestMade"), "is_granted": rng.random() < 0.7, "text": self._text()}
        self._offer(is_open and bool(case.ids("RequestMade")), routing.AnswerRequest, "dispatcher", **answered)
        spoken = {"direction": "to_customer", "channel": "phone", "topic": "estimate", "text": self._text()}
        self._offer(0.6, routing.RecordContact, "receptionist", **spoken)
        cause = rng.choice(CAUSES_OF_WAITS)
        wait = {"cause": cause, "responsible": rng.choice((None, "customer")), "evidence": rng.choice((None, A_HASH))}
        self._offer(1.2 * is_open, waiting.StartWait, "dispatcher", **wait)
        ending = rng.choice([*sorted(case.waits), cause])
        self._offer(2 * (is_open and bool(case.waits)), waiting.EndWait, "dispatcher", cause=ending)
        self._offer(0.4, record.RecordNote, "technician", text=self._text())
        notice = {"clock": "promise", "kind": rng.choice(("due_soon", "breached")), "to": "manager-1"}
        of_policy = {"policy": "house", "cycle": 1 + len(case.facts) % 3 // 2, "subject": "berlin"}
        self._offer(0.3, record.SendNotice, "system", **notice, **(of_policy if len(case.facts) % 3 else {}))
        data = {"shelf": "A-4", "crates": 2, "is_big": False, "note": {"text": self._text()}}
        self._offer(0.3, record.RecordHostFact, "system", namespace="shop", name="ShelfPicked", data=data)
        versions = [it.version for it in case.facts if it.version > 1]
        taken_back = {"target_version": rng.choice(versions or [1]), "reason": self._text(), "approved_by": "manager-1"}
        self._offer(0.5 if versions else 0, record.RetractEvent, "receptionist", **taken_back)
        self._offer(1 if versions else 0, record.CorrectEvent, "receptionist", **self._correction())

    def _correction(self) -> dict[str, object]:
        """A field of some fact set right; a correction or retraction is turned to another fact of the same kind."""
        rng = self.rng
        corrected = {it.said["target_version"] for it in self.case.all("EventCorrected")}
        often = [it for it in self.case.facts if it.version in corrected] * 6
        fact = rng.choice([*self.case.facts, *often]) if self.case.facts else None
        name = fact.name if fact is not None else ""
        earlier = self.now - timedelta(minutes=rng.randrange(6000))
        of_this: dict[str, list[tuple[str, object]]] = {
            "TicketOpened": [("symptom", self._text()), ("serial", rng.choice(UNITS)[1]), ("channel", "dealer")],
            "UnitReceived": [("site", self._site()), ("accessories", ["bag", "case"]), ("condition", self._text())],
            "DiagnosisRecorded": [("findings.0.cause", "none_found"), ("findings.0.text", self._text())],
            "EntitlementDecided": [("basis", "none"), ("reason", self._text())],
            "EstimateIssued": [("lines.0.payer", "manufacturer"), ("maximum.amount", "25.00")],
            "EstimateApproved": [("lines", ["battery"])],
            "WaitStarted": [("cause", rng.choice(CAUSES_OF_WAITS))],
            "PositionStated": [("party", rng.choice(PARTIES)), ("is_silence", True)],
            "DisputeOpened": [("is_blocking", False)],
            "QcPassed": [("checked", rng.choice(("repair", "no_fault", "returned")))],
            "TestPerformed": [("stage", "under_load"), ("passed", True)],
            "HostFactRecorded": [("data.note", self._text()), ("data.shelf", "B-1")],
            "ClaimSubmitted": [("lines.0.amount.amount", "7.00")],
        }
        fields = [("occurred_at", earlier.isoformat()), *of_this.get(name, [])]
        if fact is not None and name in ("EventCorrected", "EventRetracted"):
            target = next((it for it in self.case.facts if it.version == fact.said["target_version"]), fact)
            alike = [it.version for it in self.case.facts if it.name == target.name]
            fields.append(("target_version", rng.choice(alike)))
        field, is_ = rng.choice(fields)
        approver = rng.choice((None, "manager-1"))
        version = fact.version if fact is not None else 1
        return {"target_version": version, "field": field, "is": is_, "reason": self._text(), "approved_by": approver}
