"""An event-sourced life cycle for repair tickets: what happened, what was known when, and what it adds up to.

A name's module is loaded when the name is first asked for: who names a few commands does not wait for stores and rows.
`_NAMES` says to a program what the imports above it say to type checkers and editors.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ticketing.adapters.keys import SigningKey, VerifyingKey
    from ticketing.adapters.notes import Checkpoint, Note, cosign, verified
    from ticketing.application import Handled, Settings, Ticketing
    from ticketing.clocks import DueClock, Notice, Notified
    from ticketing.domain.assessment import Assessment
    from ticketing.domain.billing import CreditBill, IssueBill, RecordPayment
    from ticketing.domain.calendar import DayWindow, HolidaySet, MakeUpDay, Window
    from ticketing.domain.claim import DecideClaim, SubmitClaim
    from ticketing.domain.clauses import BurdenOfProof, Clause, CoveragePeriod, Criterion, DefinedTest, DemandedTest
    from ticketing.domain.closure import CloseTicket, DisposeOfUnit, HandBackUnit, NotifyCustomer, ReopenTicket
    from ticketing.domain.complaint import AcknowledgeComplaint, RateSatisfaction, ReceiveComplaint, ResolveComplaint
    from ticketing.domain.consequences import Proposal
    from ticketing.domain.diagnosis import (
        DecideEntitlement,
        PerformTest,
        PinStandard,
        RecordDiagnosis,
        RefuseService,
        ReviseEntitlement,
        StartDiagnosis,
    )
    from ticketing.domain.dispute import (
        AppealVerdict,
        CloseDispute,
        HandOverEvidence,
        HoldJointInspection,
        IssueVerdict,
        OpenDispute,
        RequestPosition,
        StatePosition,
        SubmitEvidence,
    )
    from ticketing.domain.errors import (
        BadInput,
        CommandRejected,
        Conflict,
        MissingProjection,
        NotFound,
        NotProven,
        NotReady,
        StoreError,
        TicketingError,
        UnreadableEvent,
    )
    from ticketing.domain.estimate import ApproveEstimate, DeclineEstimate, IssueEstimate, RevisePayers
    from ticketing.domain.events import BillLine, CheckResult, ClaimLine, EstimateLine, Finding, LineShare, Share
    from ticketing.domain.intake import (
        CompletePaperwork,
        IdentifyUnit,
        LinkRepeat,
        MakePromise,
        OpenTicket,
        ReceiveUnit,
        RecordProofOfPurchase,
    )
    from ticketing.domain.judged import Judged
    from ticketing.domain.known import Known, known_of
    from ticketing.domain.policy import Conditions, DefinedClock, DefinedNotice, Target
    from ticketing.domain.publishing import Publish
    from ticketing.domain.quality import FailQc, PassQc, WaiveQc
    from ticketing.domain.record import (
        CorrectEvent,
        RecordFinding,
        RecordHostFact,
        RecordNote,
        RetractEvent,
        SendNotice,
    )
    from ticketing.domain.reference import (
        CalendarPublished,
        PolicyPublished,
        SitePublished,
        StandardPublished,
    )
    from ticketing.domain.repair import AbandonRepair, CompleteRepair, ExchangeUnit, FitPart, LogWork, StartRepair
    from ticketing.domain.routing import (
        AnswerRequest,
        AssignTicket,
        DispatchUnit,
        MakeRequest,
        RecordArrival,
        RecordContact,
    )
    from ticketing.domain.standard import assess
    from ticketing.domain.ticket import Ticket
    from ticketing.domain.values import (
        Actor,
        Code,
        Envelope,
        Event,
        Money,
        PrivateText,
        Quantity,
        Recorded,
        SerialNumber,
    )
    from ticketing.domain.waiting import EndWait, StartWait
    from ticketing.projections.row import LOOKED_UP, FactProjection, Projection, Row, WholeProjection

_NAMES = {
    "adapters.keys": ("SigningKey", "VerifyingKey"),
    "adapters.notes": ("Checkpoint", "Note", "cosign", "verified"),
    "application": ("Handled", "Settings", "Ticketing"),
    "clocks": ("DueClock", "Notice", "Notified"),
    "domain.assessment": ("Assessment",),
    "domain.billing": ("CreditBill", "IssueBill", "RecordPayment"),
    "domain.calendar": ("DayWindow", "HolidaySet", "MakeUpDay", "Window"),
    "domain.claim": ("DecideClaim", "SubmitClaim"),
    "domain.clauses": ("BurdenOfProof", "Clause", "CoveragePeriod", "Criterion", "DefinedTest", "DemandedTest"),
    "domain.closure": ("CloseTicket", "DisposeOfUnit", "HandBackUnit", "NotifyCustomer", "ReopenTicket"),
    "domain.complaint": ("AcknowledgeComplaint", "RateSatisfaction", "ReceiveComplaint", "ResolveComplaint"),
    "domain.consequences": ("Proposal",),
    "domain.diagnosis": (
        "DecideEntitlement",
        "PerformTest",
        "PinStandard",
        "RecordDiagnosis",
        "RefuseService",
        "ReviseEntitlement",
        "StartDiagnosis",
    ),
    "domain.dispute": (
        "AppealVerdict",
        "CloseDispute",
        "HandOverEvidence",
        "HoldJointInspection",
        "IssueVerdict",
        "OpenDispute",
        "RequestPosition",
        "StatePosition",
        "SubmitEvidence",
    ),
    "domain.errors": (
        "BadInput",
        "CommandRejected",
        "Conflict",
        "MissingProjection",
        "NotFound",
        "NotProven",
        "NotReady",
        "StoreError",
        "TicketingError",
        "UnreadableEvent",
    ),
    "domain.estimate": ("ApproveEstimate", "DeclineEstimate", "IssueEstimate", "RevisePayers"),
    "domain.events": ("BillLine", "CheckResult", "ClaimLine", "EstimateLine", "Finding", "LineShare", "Share"),
    "domain.intake": (
        "CompletePaperwork",
        "IdentifyUnit",
        "LinkRepeat",
        "MakePromise",
        "OpenTicket",
        "ReceiveUnit",
        "RecordProofOfPurchase",
    ),
    "domain.judged": ("Judged",),
    "domain.known": ("Known", "known_of"),
    "domain.policy": ("Conditions", "DefinedClock", "DefinedNotice", "Target"),
    "domain.publishing": ("Publish",),
    "domain.quality": ("FailQc", "PassQc", "WaiveQc"),
    "domain.record": ("CorrectEvent", "RecordFinding", "RecordHostFact", "RecordNote", "RetractEvent", "SendNotice"),
    "domain.reference": ("CalendarPublished", "PolicyPublished", "SitePublished", "StandardPublished"),
    "domain.repair": ("AbandonRepair", "CompleteRepair", "ExchangeUnit", "FitPart", "LogWork", "StartRepair"),
    "domain.routing": (
        "AnswerRequest",
        "AssignTicket",
        "DispatchUnit",
        "MakeRequest",
        "RecordArrival",
        "RecordContact",
    ),
    "domain.standard": ("assess",),
    "domain.ticket": ("Ticket",),
    "domain.values": (
        "Actor",
        "Code",
        "Envelope",
        "Event",
        "Money",
        "PrivateText",
        "Quantity",
        "Recorded",
        "SerialNumber",
    ),
    "domain.waiting": ("EndWait", "StartWait"),
    "projections.row": ("LOOKED_UP", "FactProjection", "Projection", "Row", "WholeProjection"),
}
"""The public names by the module of the package that has them."""
_MODULES = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "LOOKED_UP",
    "AbandonRepair",
    "AcknowledgeComplaint",
    "Actor",
    "AnswerRequest",
    "AppealVerdict",
    "ApproveEstimate",
    "Assessment",
    "AssignTicket",
    "BadInput",
    "BillLine",
    "BurdenOfProof",
    "CalendarPublished",
    "CheckResult",
    "Checkpoint",
    "ClaimLine",
    "Clause",
    "CloseDispute",
    "CloseTicket",
    "Code",
    "CommandRejected",
    "CompletePaperwork",
    "CompleteRepair",
    "Conditions",
    "Conflict",
    "CorrectEvent",
    "CoveragePeriod",
    "CreditBill",
    "Criterion",
    "DayWindow",
    "DecideClaim",
    "DecideEntitlement",
    "DeclineEstimate",
    "DefinedClock",
    "DefinedNotice",
    "DefinedTest",
    "DemandedTest",
    "DispatchUnit",
    "DisposeOfUnit",
    "DueClock",
    "EndWait",
    "Envelope",
    "EstimateLine",
    "Event",
    "ExchangeUnit",
    "FactProjection",
    "FailQc",
    "Finding",
    "FitPart",
    "HandBackUnit",
    "HandOverEvidence",
    "Handled",
    "HoldJointInspection",
    "HolidaySet",
    "IdentifyUnit",
    "IssueBill",
    "IssueEstimate",
    "IssueVerdict",
    "Judged",
    "Known",
    "LineShare",
    "LinkRepeat",
    "LogWork",
    "MakePromise",
    "MakeRequest",
    "MakeUpDay",
    "MissingProjection",
    "Money",
    "NotFound",
    "NotProven",
    "NotReady",
    "Note",
    "Notice",
    "Notified",
    "NotifyCustomer",
    "OpenDispute",
    "OpenTicket",
    "PassQc",
    "PerformTest",
    "PinStandard",
    "PolicyPublished",
    "PrivateText",
    "Projection",
    "Proposal",
    "Publish",
    "Quantity",
    "RateSatisfaction",
    "ReceiveComplaint",
    "ReceiveUnit",
    "RecordArrival",
    "RecordContact",
    "RecordDiagnosis",
    "RecordFinding",
    "RecordHostFact",
    "RecordNote",
    "RecordPayment",
    "RecordProofOfPurchase",
    "Recorded",
    "RefuseService",
    "ReopenTicket",
    "RequestPosition",
    "ResolveComplaint",
    "RetractEvent",
    "ReviseEntitlement",
    "RevisePayers",
    "Row",
    "SendNotice",
    "SerialNumber",
    "Settings",
    "Share",
    "SigningKey",
    "SitePublished",
    "StandardPublished",
    "StartDiagnosis",
    "StartRepair",
    "StartWait",
    "StatePosition",
    "StoreError",
    "SubmitClaim",
    "SubmitEvidence",
    "Target",
    "Ticket",
    "Ticketing",
    "TicketingError",
    "UnreadableEvent",
    "VerifyingKey",
    "WaiveQc",
    "WholeProjection",
    "Window",
    "assess",
    "cosign",
    "known_of",
    "verified",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if not TYPE_CHECKING:  # else a type checker would take every name for one of ours

    def __getattr__(name):
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        return found
