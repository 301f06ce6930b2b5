"""Story: one ticket told in readable lines, and what was known at one instant beside what is known now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.values import Event, Recorded, Role
from ticketing.domain.wording import in_words

LATE_AFTER = timedelta(hours=1)
"""A fact recorded so much later than it occurred is marked as recorded late."""


@dataclass(frozen=True)
class StoryLine:
    """One fact of the story, in plain values.

    Attributes:
        version: The fact's version in its stream.
        when: When it occurred (UTC).
        recorded_at: When the log took it (UTC).
        who: The pseudonym of who acted.
        role: In which role.
        site: At which site, or None.
        what: What happened, in one line of words of the trade, private texts quoted.
        is_late: Whether it was recorded more than an hour after it occurred.
        flags: Slugs of the rules that it breaks.
        corrected: What was corrected of it later, as it is told here already, and by which version.
    """

    version: int
    when: datetime
    recorded_at: datetime
    who: str
    role: Role
    site: str | None
    what: str
    is_late: bool
    flags: tuple[str, ...]
    corrected: tuple[str, ...]


@dataclass(frozen=True)
class Knowledge:
    """One question about a case, answered from what was known then and from what is known now."""

    topic: str
    then: str
    now: str

    @property
    def is_changed(self) -> bool:
        return self.then != self.now


def tell_story(app: Ticketing, number: str, *, known_at: datetime | None = None) -> list[StoryLine]:
    """The ticket's surviving facts in the order in which they occurred, each in one line.

    Args:
        app: The application.
        number: The ticket's number or id.
        known_at: Tell what was on record by then, inclusive; None tells all.

    Raises:
        NotFound: There is no such ticket.
    """
    facts = app.history(number, known_at=known_at)
    corrected: dict[int, tuple[str, ...]] = {}
    for fact in facts:
        if isinstance(fact.event, e.EventCorrected):
            target = fact.event.target_version
            corrected[target] = (*corrected.get(target, ()), f"{fact.event.field} corrected by {fact.version}")
    in_order = sorted(facts, key=lambda fact: (fact.occurred_at, fact.version))
    return [_line(app, fact, corrected.get(fact.version, ())) for fact in in_order]


def _line(app: Ticketing, fact: Recorded[Event], corrected: tuple[str, ...]) -> StoryLine:
    return StoryLine(
        version=fact.version,
        when=fact.occurred_at,
        recorded_at=fact.recorded_at,
        who=fact.actor.id,
        role=fact.actor.role,
        site=fact.actor.site,
        what=in_words(fact, app.text),
        is_late=fact.recorded_at - fact.occurred_at > LATE_AFTER,
        flags=fact.flags,
        corrected=corrected,
    )


_TOPICS: Sequence[tuple[str, tuple[type[Event], ...]]] = (
    ("proof of purchase", (e.ProofOfPurchaseRecorded,)),
    ("tests", (e.TestPerformed,)),
    ("diagnosis", (e.DiagnosisRecorded,)),
    ("standard", (e.StandardPinned,)),
    ("entitlement", (e.EntitlementDecided, e.EntitlementRevised)),
    ("dispute", (e.DisputeOpened, e.VerdictIssued, e.DisputeClosed)),
    ("bill", (e.BillIssued, e.BillCredited, e.PaymentReceived)),
    ("ending", (e.ServiceRefused, e.UnitExchanged, e.RepairCompleted, e.UnitHandedBack, e.TicketClosed)),
)
"""What one asks about a disputed case, and the facts that answer it; the tests all count, else the last one does."""


def compare_knowledge(app: Ticketing, number: str, known_at: datetime) -> list[Knowledge]:
    """What was known at an instant beside what is known now, topic by topic.

    Args:
        app: The application.
        number: The ticket's number or id.
        known_at: The instant, inclusive; such as `World.refused_at`.

    Raises:
        NotFound: There is no such ticket.
    """
    then, now = app.history(number, known_at=known_at), app.history(number)
    return [Knowledge(topic, _answer(app, then, kinds), _answer(app, now, kinds)) for topic, kinds in _TOPICS]


def _answer(app: Ticketing, facts: Iterable[Recorded[Event]], kinds: tuple[type[Event], ...]) -> str:
    found = [in_words(fact, app.text) for fact in facts if isinstance(fact.event, kinds)]
    if not found:
        return "nothing on record"
    return "; ".join(found) if kinds == (e.TestPerformed,) else found[-1]
