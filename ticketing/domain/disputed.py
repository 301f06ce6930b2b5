"""Disputed: what the facts of a ticket's disputes, evidence and claims add up to; parts of `Ticket`.

Mutable slots dataclasses as `Ticket` is; nobody but the fold writes to them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from ticketing.domain import events as e
from ticketing.domain.values import Money, Party, PrivateText

Ended = Literal["decided", "upheld", "overturned", "settled", "withdrawn"]


@dataclass(slots=True)
class Asked:
    """A party that was asked where it stands, and until when.

    Attributes:
        answered_by: The version of its next statement, None while there is none.
        silence: The version of the fact that put its silence on record, None while there is none.
    """

    version: int
    party: Party
    asked_at: datetime
    deadline: datetime
    answered_by: int | None = None
    silence: int | None = None

    @property
    def is_pending(self) -> bool:
        """Whether neither an answer nor its lack is on record."""
        return self.answered_by is None and self.silence is None


@dataclass(slots=True)
class Position:
    """What a party said, or its recorded silence; `entered_by` is who put it on record."""

    version: int
    stated_at: datetime
    entered_by: str
    said: e.PositionStated

    @property
    def party(self) -> Party:
        """Whose position it is."""
        return self.said.party


@dataclass(slots=True)
class Inspection:
    """A joint inspection."""

    version: int
    held_at: datetime
    held: e.JointInspectionHeld


@dataclass(slots=True)
class Appeal:
    """A party that does not accept a verdict."""

    version: int
    appealed_at: datetime
    party: Party
    reasons: PrivateText | None


@dataclass(slots=True)
class Verdict:
    """One verdict, who recorded it, and who appealed against it."""

    version: int
    issued_at: datetime
    dispute_id: str
    by: str
    in_favour_of: Party
    shares: tuple[e.Share, ...]
    clause: str | None
    reasons: PrivateText
    entered_by: str
    appeals: list[Appeal] = field(default_factory=list)

    def says_the_same_as(self, other: "Verdict") -> bool:
        """Whether it favours the same party with the same shares."""
        return (self.in_favour_of, _by_party(self.shares)) == (other.in_favour_of, _by_party(other.shares))


def _by_party(shares: tuple[e.Share, ...]) -> Mapping[Party, Decimal]:
    return {share.party: share.percent for share in shares if share.percent}


@dataclass(slots=True)
class Closing:
    """How a dispute came to its end, and what was settled."""

    version: int
    closed_at: datetime
    how: Literal["decided", "settled", "withdrawn"]
    terms: PrivateText | None
    shares: tuple[e.Share, ...]
    amount: Money | None


@dataclass(slots=True)
class Dispute:
    """One dispute: who differs from whom over what, who said where they stand, and how it was decided.

    Attributes:
        about_version: The fact that is disputed, if it is one.
        heard: The parties whose position, or silence after a deadline, is on record.
        payers_revised: By estimate version, the version of the fact that last revised its payers for this dispute.
        credited: What was credited for this dispute, by bill.
    """

    dispute_id: str
    ground: e.DisputeGround
    raised_by: Party
    parties: tuple[Party, ...]
    about_version: int | None
    is_blocking: bool
    opened_at: datetime
    cycle: int
    text: PrivateText | None = None
    asked: list[Asked] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    heard: set[Party] = field(default_factory=set)
    inspections: list[Inspection] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    closing: Closing | None = None
    is_open: bool = True
    payers_revised: dict[int, int] = field(default_factory=dict)
    credited: dict[str, Decimal] = field(default_factory=dict)

    def deadline_of(self, party: Party) -> datetime | None:
        """Until when the party may answer what it was asked; None where it was not asked, or has answered."""
        return max((it.deadline for it in self.asked if it.party == party and it.answered_by is None), default=None)

    def overdue(self, at: datetime) -> tuple[Asked, ...]:
        """The requests, one a party, whose deadline has passed without answer or recorded silence; by deadline."""
        if not self.is_open:
            return ()
        last: dict[Party, Asked] = {}
        for asked in sorted(self.asked, key=lambda it: (it.deadline, it.version)):
            if asked.is_pending:
                last[asked.party] = asked
        passed = [asked for asked in last.values() if asked.deadline < at]
        return tuple(sorted(passed, key=lambda it: (it.deadline, it.version)))

    @property
    def standing(self) -> Verdict | None:
        """The last verdict, unless it was appealed or the parties ended the dispute in another way."""
        if not self.verdicts or self.verdicts[-1].appeals:
            return None
        return None if self.closing is not None and self.closing.how != "decided" else self.verdicts[-1]

    @property
    def ruling(self) -> Verdict | Closing | None:
        """The verdict that stands, or the settlement; None while nothing is decided, and after a withdrawal."""
        if self.closing is not None and self.closing.how == "settled":
            return self.closing
        return self.standing

    @property
    def outcome(self) -> Ended | None:
        """How it ended; `upheld` and `overturned` are what a later verdict made of the one before. None while open."""
        if self.closing is not None and self.closing.how != "decided":
            return self.closing.how
        if self.standing is None:
            return None
        if len(self.verdicts) == 1:
            return "decided"
        return "upheld" if self.standing.says_the_same_as(self.verdicts[-2]) else "overturned"

    @property
    def is_overturned(self) -> bool:
        """Whether the verdict that stands says otherwise than the one before it."""
        return self.outcome == "overturned"


@dataclass(slots=True)
class Held:
    """Who has a piece of evidence, and since when."""

    holder: str
    since: datetime
    version: int


@dataclass(slots=True)
class Evidence:
    """One piece of evidence; `custody` says where the thing itself has been, without a gap, and is empty for a file."""

    evidence_id: str
    dispute_id: str | None
    sha256: str
    media_type: str
    kind: str | None
    submitted_at: datetime
    version: int
    custody: list[Held] = field(default_factory=list)

    @property
    def holder(self) -> str | None:
        """Who has the thing now; None for a file."""
        return self.custody[-1].holder if self.custody else None


@dataclass(slots=True)
class ClaimDecision:
    """One decision on a claim."""

    version: int
    decided_at: datetime
    decided: e.ClaimDecided


@dataclass(slots=True)
class Claim:
    """One claim with all its decisions; `amount_approved` is the latest, None while it is undecided."""

    claim_id: str
    to: str
    to_party: Party
    dispute_id: str | None
    amount: Money
    cycle: int
    amount_approved: Money | None = None
    lines: tuple[e.ClaimLine, ...] = ()
    decisions: list[ClaimDecision] = field(default_factory=list)

    @property
    def charged_back(self) -> Money | None:
        """What was taken back of the highest amount ever approved; None if nothing was."""
        if self.amount_approved is None:
            return None
        currency = self.amount_approved.currency
        approved = [it.decided.amount_approved for it in self.decisions]
        most = max((money.amount for money in approved if money.currency == currency), default=Decimal(0))
        back = most - self.amount_approved.amount
        return Money(amount=back, currency=currency) if back > 0 else None
