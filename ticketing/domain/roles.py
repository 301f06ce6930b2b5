"""Which role sends which command: the one table. `unknown` is known only to imports, which it does not break."""

from collections.abc import Mapping
from typing import get_args

from ticketing.domain import (
    billing,
    claim,
    closure,
    complaint,
    diagnosis,
    dispute,
    estimate,
    intake,
    publishing,
    quality,
    record,
    repair,
    routing,
    waiting,
)
from ticketing.domain.command import Command
from ticketing.domain.values import Role

_ANYBODY: frozenset[Role] = frozenset(get_args(Role)) - {"unknown"}
_STAFF: frozenset[Role] = _ANYBODY - {"customer", "manufacturer", "expert", "system"}
_DESK: frozenset[Role] = frozenset({"receptionist", "dispatcher", "manager"})
_BENCH: frozenset[Role] = frozenset({"technician", "inspector", "expert"})
_SEND: frozenset[Role] = _DESK | {"technician", "inspector", "parts_clerk"}
_OFFICE: frozenset[Role] = frozenset({"warranty_officer", "dispute_officer", "complaint_officer", "manager"})

MAY_SEND: Mapping[type[Command], frozenset[Role]] = {
    intake.OpenTicket: _DESK | _OFFICE | {"system", "customer"},
    intake.ReceiveUnit: _SEND | {"system"},
    intake.IdentifyUnit: _STAFF | {"system"},
    intake.CompletePaperwork: _DESK | _OFFICE,
    intake.RecordProofOfPurchase: _DESK | _OFFICE | {"customer"},
    intake.MakePromise: _ANYBODY,  # who may promise is a rule of its own, `may-not-promise`
    intake.LinkRepeat: _STAFF | {"system"},
    routing.AssignTicket: _DESK | {"complaint_officer", "dispute_officer", "system"},
    routing.DispatchUnit: _SEND | {"system"},
    routing.RecordArrival: _SEND | {"system"},
    routing.MakeRequest: _STAFF,
    routing.AnswerRequest: _STAFF,
    routing.RecordContact: _STAFF | {"system"},
    diagnosis.StartDiagnosis: _BENCH,
    diagnosis.PerformTest: _BENCH,
    diagnosis.RecordDiagnosis: _BENCH,
    diagnosis.PinStandard: _OFFICE | {"technician", "inspector"},
    diagnosis.DecideEntitlement: _OFFICE | {"receptionist", "technician"},
    diagnosis.ReviseEntitlement: _OFFICE | {"technician"},
    diagnosis.RefuseService: _OFFICE | {"receptionist", "technician"},
    estimate.IssueEstimate: _DESK | {"technician", "cashier", "parts_clerk"},
    estimate.ApproveEstimate: _DESK | {"customer", "complaint_officer"},
    estimate.DeclineEstimate: _DESK | {"customer", "complaint_officer"},
    estimate.RevisePayers: frozenset({"warranty_officer", "dispute_officer", "cashier", "manager"}),
    waiting.StartWait: _STAFF | {"system"},
    waiting.EndWait: _STAFF | {"system"},
    dispute.OpenDispute: _ANYBODY,
    dispute.RequestPosition: _OFFICE | {"system"},
    dispute.StatePosition: _ANYBODY,
    dispute.SubmitEvidence: _ANYBODY,
    dispute.HandOverEvidence: _STAFF | {"expert"},
    dispute.HoldJointInspection: _OFFICE | {"inspector", "expert"},
    dispute.IssueVerdict: frozenset({"dispute_officer", "manager", "expert", "manufacturer"}),
    dispute.AppealVerdict: _ANYBODY,
    dispute.CloseDispute: _OFFICE,
    claim.SubmitClaim: frozenset({"warranty_officer", "dispute_officer", "manager"}),
    claim.DecideClaim: frozenset({"warranty_officer", "manufacturer", "manager"}),
    repair.StartRepair: frozenset({"technician"}),
    repair.FitPart: frozenset({"technician"}),
    repair.LogWork: frozenset({"technician"}),
    repair.CompleteRepair: frozenset({"technician"}),
    repair.AbandonRepair: frozenset({"technician", "manager"}),
    repair.ExchangeUnit: frozenset({"technician", "warranty_officer", "manager", "receptionist"}),
    quality.PassQc: frozenset({"inspector"}),
    quality.FailQc: frozenset({"inspector"}),
    quality.WaiveQc: frozenset({"manager"}),
    billing.IssueBill: frozenset({"cashier", "receptionist", "manager"}),
    billing.CreditBill: frozenset({"cashier", "complaint_officer", "dispute_officer", "manager"}),
    billing.RecordPayment: frozenset({"cashier", "receptionist", "manager", "system"}),
    closure.NotifyCustomer: _DESK | {"system"},
    closure.HandBackUnit: _DESK | {"cashier"},
    closure.DisposeOfUnit: frozenset({"manager", "parts_clerk"}),
    closure.CloseTicket: _DESK | _OFFICE | {"cashier"},
    closure.ReopenTicket: _DESK | _OFFICE,
    complaint.ReceiveComplaint: _ANYBODY,
    complaint.AcknowledgeComplaint: _OFFICE | {"receptionist", "system"},
    complaint.ResolveComplaint: _OFFICE,
    complaint.RateSatisfaction: _ANYBODY,
    record.CorrectEvent: _STAFF,
    record.RetractEvent: _STAFF,
    record.RecordNote: _ANYBODY,
    record.SendNotice: frozenset({"system"}),
    record.RecordHostFact: _ANYBODY,
    record.RecordFinding: record.FINDERS,
    publishing.Publish: publishing.PUBLISHERS,
}
