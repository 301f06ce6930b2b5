"""Plain: the same ticket life and the same report by the documented use of `eventsourcing`, with nothing of ours.

An aggregate whose methods are decorated with `@event`, an application that saves it and gets it from its repository,
and a projection whose view keeps its rows and its position in one transaction. It checks no rule, keeps no private
text apart and knows no command ids: ours does all that as well.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection
from psycopg.sql import SQL, Identifier, Placeholder

NUMBERS = UUID("0f0e6a4e-33f2-5a34-8f6e-5d5a52a40c11")
Plain = dict[str, Any]


class RepairTicket(Aggregate):
    """A ticket; every method is an event, and its body what the event does to the ticket."""

    @event("TicketOpened")
    def __init__(
        self,
        number: str,
        site: str,
        customer_ref: str,
        manufacturer: str,
        model: str,
        serial: str,
        symptom: str,
        symptom_code: Plain,
        basis_claimed: str,
        by: str,
        role: str,
        occurred_at: datetime,
    ) -> None:
        self.number, self.site, self.customer_ref = number, site, customer_ref
        self.manufacturer, self.model, self.serial = manufacturer, model, serial
        self.symptom, self.symptom_code, self.basis_claimed = symptom, symptom_code, basis_claimed
        self.opened_at = occurred_at
        self.case, self.custody, self.work = "open", "outside", "none"
        self.entitlement: str | None = None
        self.findings: list[Plain] = []
        self.tests: list[tuple[str, bool]] = []
        self.estimates: dict[int, list[Plain]] = {}
        self.approved: list[str] = []
        self.waits: dict[str, datetime] = {}
        self.parts: list[str] = []
        self.minutes = 0

    @staticmethod
    def create_id(number: str) -> UUID:
        return uuid5(NUMBERS, number)

    @event("UnitReceived")
    def receive(
        self, site: str, condition: str, accessories: list[str], by: str, role: str, occurred_at: datetime
    ) -> None:
        self.custody, self.unit_site, self.received_at = "in", site, occurred_at
        self.condition, self.accessories = condition, accessories

    @event("ProofOfPurchaseRecorded")
    def record_proof(self, purchased_on: str, seller: str, by: str, role: str, occurred_at: datetime) -> None:
        self.purchased_on, self.seller = purchased_on, seller

    @event("TicketAssigned")
    def assign(self, site: str, person: str, by: str, role: str, occurred_at: datetime) -> None:
        self.assigned_site, self.assigned_person = site, person

    @event("DiagnosisStarted")
    def start_diagnosis(self, by: str, role: str, occurred_at: datetime) -> None:
        self.work, self.technician = "diagnosing", by

    @event("TestPerformed")
    def perform_test(self, test: str, reading: Plain, passed: bool, by: str, role: str, occurred_at: datetime) -> None:
        self.tests.append((test, passed))

    @event("DiagnosisRecorded")
    def record_diagnosis(self, findings: list[Plain], by: str, role: str, occurred_at: datetime) -> None:
        self.work, self.findings = "diagnosed", findings

    @event("EntitlementDecided")
    def decide_entitlement(
        self, basis: str, clauses: list[str], reason: str, by: str, role: str, occurred_at: datetime
    ) -> None:
        self.entitlement, self.clauses = basis, clauses

    @event("EstimateIssued")
    def issue_estimate(
        self,
        estimate_version: int,
        lines: list[Plain],
        maximum: Plain,
        valid_until: datetime,
        by: str,
        role: str,
        occurred_at: datetime,
    ) -> None:
        self.estimates[estimate_version] = lines
        self.maximum: Decimal = maximum["amount"]

    @event("EstimateApproved")
    def approve_estimate(
        self, estimate_version: int, lines: list[str], proof: str, by: str, role: str, occurred_at: datetime
    ) -> None:
        self.approved = lines

    @event("WaitStarted")
    def start_wait(
        self, cause: str, responsible: str, expected_until: datetime, by: str, role: str, occurred_at: datetime
    ) -> None:
        self.waits[cause] = occurred_at

    @event("WaitEnded")
    def end_wait(self, cause: str, by: str, role: str, occurred_at: datetime) -> None:
        del self.waits[cause]

    @event("RepairStarted")
    def start_repair(self, by: str, role: str, occurred_at: datetime) -> None:
        self.work = "repairing"

    @event("PartFitted")
    def fit_part(
        self, part_number: str, serial_in: str, serial_out: str, by: str, role: str, occurred_at: datetime
    ) -> None:
        self.parts.append(part_number)

    @event("WorkLogged")
    def log_work(self, minutes: int, by: str, role: str, occurred_at: datetime) -> None:
        self.minutes += minutes

    @event("RepairCompleted")
    def complete_repair(self, actions: list[Plain], by: str, role: str, occurred_at: datetime) -> None:
        self.work, self.technician, self.actions = "finished", by, actions

    @event("QcPassed")
    def pass_qc(self, checklist_version: str, results: list[Plain], by: str, role: str, occurred_at: datetime) -> None:
        self.work = "checked"

    @event("CustomerNotified")
    def notify_customer(self, by: str, role: str, occurred_at: datetime) -> None:
        self.notified_at = occurred_at

    @event("UnitHandedBack")
    def hand_back(self, site: str, by: str, role: str, occurred_at: datetime) -> None:
        self.custody, self.handed_back_at = "back", occurred_at

    @event("TicketClosed")
    def close(self, outcome: str, by: str, role: str, occurred_at: datetime) -> None:
        self.case, self.outcome, self.closed_at = "closed", outcome, occurred_at


class RepairTickets(Application[UUID]):
    """The application."""

    def tell(self, ticket_id: UUID, call: str, said: Mapping[str, Any]) -> None:
        """Loads a ticket, calls a method of it, and saves it."""
        ticket: RepairTicket = self.repository.get(ticket_id)
        getattr(ticket, call)(**said)
        self.save(ticket)


# the report

COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(("manufacturer", "model", "site", "technician", "symptom", "cause", "entitlement"), "text"),
    **dict.fromkeys(("opened_at", "received_at", "papers_at", "diagnosing_at", "work_ended_at"), "timestamptz"),
    **dict.fromkeys(("notified_at", "handed_back_at", "closed_at", "began_at", "ended_at"), "timestamptz"),
    "ending": "text",
    "is_open": "boolean",
}
"""What a row has, beside the id of its ticket."""

_CREATE = "CREATE TABLE IF NOT EXISTS {} (ticket_id uuid PRIMARY KEY, {})"
_UPSERT = "INSERT INTO {} (ticket_id, {}) VALUES (%(ticket_id)s, {}) ON CONFLICT (ticket_id) DO UPDATE SET {}"


class TurnaroundView(PostgresTrackingRecorder):
    """The rows, and the position up to which they are folded."""

    def __init__(self, datastore: PostgresDatastore, **kwargs: Any) -> None:  # noqa: ANN401  # as the library has it
        super().__init__(datastore, **kwargs)
        self._table = Identifier(datastore.schema, "turnaround")
        columns = SQL(", ").join(SQL(f"{name} {kind}") for name, kind in COLUMNS.items())
        self.sql_create_statements.append(SQL(_CREATE).format(self._table, columns))

    def save(self, tracking: Tracking, ticket_id: UUID, changes: Mapping[str, object]) -> None:
        """Changes columns of a ticket's row, which is made if there is none."""
        names = [Identifier(name) for name in changes]
        upsert = SQL(_UPSERT).format(
            self._table,
            SQL(", ").join(names),
            SQL(", ").join(map(Placeholder, changes)),
            SQL(", ").join(SQL("{0} = EXCLUDED.{0}").format(name) for name in names),
        )
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(upsert, {"ticket_id": ticket_id, **changes}, prepare=True)


class Turnaround(Projection[TurnaroundView]):
    """Folds events into the rows, one transaction an event."""

    name = "turnaround"
    topics: tuple[str, ...] = ()

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:  # noqa: ANN401  # as the library has it
        changes = _changes(domain_event)
        if changes:
            self.view.save(tracking, domain_event.originator_id, changes)
        else:
            self.view.insert_tracking(tracking)


def _changes(told: Any) -> Plain:  # noqa: ANN401  # `@event` makes the classes of events
    """What an event changes in the row of its ticket."""
    at = told.occurred_at
    match type(told).__name__:
        case "TicketOpened":
            code = f"{told.symptom_code['system']}:{told.symptom_code['code']}"
            row = {"opened_at": at, "is_open": True, "ending": "open", "symptom": code}
            return row | {name: getattr(told, name) for name in ("manufacturer", "model", "site")}
        case "UnitReceived":
            return {"received_at": at, "papers_at": at, "began_at": at}
        case "DiagnosisStarted":
            return {"diagnosing_at": at, "technician": told.by}
        case "DiagnosisRecorded":
            return {"cause": told.findings[0]["cause"]}
        case "EntitlementDecided":
            return {"entitlement": told.basis}
        case "RepairCompleted":
            return {"work_ended_at": at, "technician": told.by}
        case "CustomerNotified":
            return {"notified_at": at}
        case "UnitHandedBack":
            return {"handed_back_at": at, "ended_at": at, "ending": "handed_back"}
        case "TicketClosed":
            return {"closed_at": at, "is_open": False, "ending": "closed"}
        case _:
            return {}
