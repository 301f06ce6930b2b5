"""Ledger: where every second went, from the first receipt to the last hand-back, and whose it was.

Laws of this file: every instant of that time belongs to exactly one span. The open wait that comes first in the order
of causes counts, else the site where the unit is, in queue or at work; between a hand-back and the next receipt it is
nobody's. The sums are whole microseconds, and the parts add up to the turnaround.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from ticketing.domain import events as e
from ticketing.domain.course import known_before
from ticketing.domain.custody import Custody, custody_of, first_receipt
from ticketing.domain.policy import WAITS, WaitName
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Envelope, Event, Instant, Key, Recorded, Value
from ticketing.domain.waits import InCharge, Wait, waits_of

LedgerCause = WaitName | Literal["queue", "work", "at_home"]
_MICROSECOND = timedelta(microseconds=1)


class Span(Value):
    """A stretch of time that one cause had, half-open.

    Attributes:
        to_at: The first instant after it; None while it goes on.
        party: Whose time it was.
        cause: A wait, else `queue` or `work`; `at_home` between a hand-back and the next receipt.
        site: Where the unit was; None on its way and at home. On site and remote, the site that had the ticket.
        beside: Other waits that were open meanwhile, in the order in which they would have counted.
    """

    from_at: Instant
    to_at: Instant | None = None
    party: InCharge
    cause: LedgerCause
    site: Key | None = None
    beside: tuple[WaitName, ...] = ()

    @property
    def is_still_open(self) -> bool:
        """Whether it goes on."""
        return self.to_at is None


class Part(Value):
    """How long one cause counted at one site."""

    party: InCharge
    cause: LedgerCause
    site: Key | None
    microseconds: int


class Overlap(Value):
    """How long a wait was open while another one counted."""

    cause: WaitName
    microseconds: int


class Ledger(Value):
    """What the spans of a ticket add up to.

    Attributes:
        from_at: The first receipt; None for a unit that was never in custody.
        to_at: The last hand-back, or until when it was counted.
        is_still_open: Whether the unit is not back yet.
        microseconds: The turnaround, which is the sum of the parts.
        parts: By party, cause and site, the longest first.
        beside: What was open while something else counted, the longest first.
    """

    from_at: Instant | None = None
    to_at: Instant | None = None
    is_still_open: bool = False
    microseconds: int = 0
    parts: tuple[Part, ...] = ()
    beside: tuple[Overlap, ...] = ()


def causes_in_order(rules: TimeRules, facts: Sequence[Recorded[Event]]) -> tuple[WaitName, ...]:
    """The order in which the causes of waiting count for a ticket: that of `WAITS` unless a policy names another.

    It is that of the policy in force at the first receipt; of several for the ticket's manufacturer, the first by key.

    Args:
        rules: What was published.
        facts: The surviving ones, in order of version.
    """
    receipt = first_receipt(facts)
    if receipt is None or not rules.policies:
        return WAITS
    manufacturer = None
    for fact in facts:
        if isinstance(fact.event, e.TicketOpened | e.UnitIdentified):
            manufacturer = fact.event.manufacturer or manufacturer
    for key in sorted(rules.policies):
        policy = rules.policy_at(key, receipt.occurred_at, known_before(receipt))
        if policy is not None and policy.causes and policy.manufacturer in {None, manufacturer}:
            return tuple(dict.fromkeys((*policy.causes, *WAITS)))
    return WAITS


def spans_of(
    facts: Sequence[Envelope[Event]], order: Sequence[WaitName], *, until: datetime | None = None
) -> tuple[Span, ...]:
    """The spans of a ticket in order of time, without gaps; the last one goes on while the unit is not back.

    Args:
        facts: The surviving ones, in order of version.
        order: Every cause of waiting, the one that counts before all others first.
        until: Leave out what lies after it, and end there what goes on.
    """
    custody = custody_of(facts)
    waits = sorted(waits_of(facts), key=lambda wait: (order.index(wait.cause), wait.from_at))
    spans: list[Span] = []
    ended: datetime | None = None
    for from_at, to_at in custody.intervals:
        spans += _at_home(ended, from_at)
        if to_at is None or to_at > from_at:
            spans += _within(from_at, to_at, custody, waits)
        ended = to_at
    if custody.last_back_at is not None:
        spans += _at_home(ended, custody.last_back_at)
    return tuple(spans) if until is None else cut_at(spans, until)


def cut_at(spans: Iterable[Span], until: datetime) -> tuple[Span, ...]:
    """The spans up to an instant; what goes on beyond it ends there."""
    return tuple(
        span if span.to_at is not None and span.to_at <= until else span.model_copy(update={"to_at": until})
        for span in spans
        if span.from_at < until
    )


def ledger_of(spans: Sequence[Span], until: datetime) -> Ledger:
    """What spans add up to.

    Args:
        spans: All of one ticket, as `spans_of` gives them.
        until: Up to when what goes on is counted; nothing else is cut.
    """
    if not spans:
        return Ledger()
    counted = [*spans[:-1], *(cut_at(spans[-1:], until) if spans[-1].is_still_open else spans[-1:])]
    parts: Counter[tuple[InCharge, LedgerCause, str | None]] = Counter()
    beside: Counter[WaitName] = Counter()
    for span in counted:
        lasted = microseconds_of(span)
        parts[span.party, span.cause, span.site] += lasted
        beside.update(dict.fromkeys(span.beside, lasted))
    ordered = sorted(parts.items(), key=lambda part: (-part[1], *part[0][:2], part[0][2] or ""))
    return Ledger(
        from_at=spans[0].from_at,
        to_at=counted[-1].to_at if counted else spans[0].from_at,
        is_still_open=spans[-1].is_still_open,
        microseconds=parts.total(),
        parts=tuple(Part(party=it[0], cause=it[1], site=it[2], microseconds=lasted) for it, lasted in ordered),
        beside=tuple(Overlap(cause=cause, microseconds=lasted) for cause, lasted in beside.most_common()),
    )


def microseconds_of(span: Span) -> int:
    """How long a span that has ended lasted; 0 for one that goes on."""
    return 0 if span.to_at is None else (span.to_at - span.from_at) // _MICROSECOND


def _at_home(since: datetime | None, to_at: datetime) -> Iterator[Span]:
    """What lies between the end of a custody, if it has ended, and a later instant."""
    if since is not None and since < to_at:
        yield Span(from_at=since, to_at=to_at, party="nobody", cause="at_home")


def _within(from_at: datetime, to_at: datetime | None, custody: Custody, waits: Sequence[Wait]) -> Iterator[Span]:
    """The spans of one interval of custody; what stays as it is makes one span."""
    marks = {*custody.changed_at, *(at for wait in waits for at in (wait.from_at, wait.to_at) if at is not None)}
    inside = sorted(at for at in marks if at > from_at and (to_at is None or at < to_at))
    present: Span | None = None
    for begins, ends in pairwise([from_at, *inside, to_at]):
        if begins is None:
            continue
        span = _standing(begins, ends, custody, waits)
        if present is None:
            present = span
        elif _same(present, span):
            present = present.model_copy(update={"to_at": ends})
        else:
            yield present
            present = span
    if present is not None:
        yield present


def _standing(from_at: datetime, to_at: datetime | None, custody: Custody, waits: Sequence[Wait]) -> Span:
    standing = custody.standing(from_at)
    waiting = [wait for wait in waits if wait.from_at <= from_at and (wait.to_at is None or wait.to_at > from_at)]
    if not waiting:
        cause: LedgerCause = "work" if standing.is_at_work else "queue"
        return Span(from_at=from_at, to_at=to_at, party="company", cause=cause, site=standing.site)
    first = waiting[0]
    beside = tuple(dict.fromkeys(wait.cause for wait in waiting if wait.cause != first.cause))
    return Span(from_at=from_at, to_at=to_at, party=first.party, cause=first.cause, site=standing.site, beside=beside)


def _same(one: Span, other: Span) -> bool:
    return (one.party, one.cause, one.site, one.beside) == (other.party, other.cause, other.site, other.beside)
