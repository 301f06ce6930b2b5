"""Clock parts: the clocks, spans and promises of a ticket as parts of its row, which SQL can count one by one."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from ticketing.domain.hours import instant_at, micros
from ticketing.domain.judged import Because, Judged, Measure, Verdict
from ticketing.domain.ledger import LedgerCause, Span
from ticketing.domain.policy import Binds, WaitName
from ticketing.domain.promises import Promise, Standing
from ticketing.domain.values import Role
from ticketing.domain.waits import InCharge

Outcome = Literal["kept", "replaced", "withdrawn"]
"""What becomes of a promise whatever the time; else it is broken once its date has passed."""


class ClockPart(NamedTuple):
    """One clock of a ticket, as a policy judges it; what lies in the future is said for the case that nothing happens.

    Attributes:
        policy: The policy that has the clock.
        policy_version: The version of the policy that judged it.
        clock: Its id within the policy.
        binds: Whom it binds: customer_promise, site, manufacturer_contract, statute or customer_duty.
        cycle: The cycle of the ticket in which it started, from 1.
        subject: The thing or stay that it is about, where a cycle may have several.
        site: The site where it ran, if it is of a stay.
        measure: What target and used are: microseconds of open time (working), of any time (elapsed), whole days
            (days), or microseconds from the start (until).
        target: How much it may take.
        started_at: When its start fact occurred.
        started_version: The version of that fact in the ticket's history.
        holds_from: From when on its conditions held.
        stopped_at: When its stop fact occurred.
        stopped_version: The version of that fact in the ticket's history.
        cancelled_at: When it ended and nothing stopped it.
        cancelled_because: Why it did: conditions, closed, superseded or withdrawn.
        used: Its value when it was stopped or cancelled, else at the last fact.
        due_at: When the value reaches the target; unknown while it is paused, or where no hours come.
        due_if_resumed_at: While it is paused, what due_at would be if it were resumed at the last fact.
        is_provisional: Whether the due date lies past what the calendar is frozen for.
        within_until: The last instant at which the value is not above the target; unknown where it never will be.
        is_paused: Whether a wait holds it up at the last fact.
        paused_for: The causes of the waits that hold it up.
        verdict: The present verdict, met or breached, if the facts have one; an open clock is breached after
            within_until whatever stands here.
        verdict_at: When the verdict was reached.
        judged_then: The verdict that somebody looking at every instant saw first.
        judged_then_at: When they saw it.
        is_reconstructed: Whether its start was imported.
        restated_by: The versions of the facts that made the present verdict another than the one judged then.
    """

    policy: str
    policy_version: int
    clock: str
    binds: Binds
    cycle: int
    subject: str | None
    site: str | None
    measure: Measure
    target: int
    started_at: datetime
    started_version: int
    holds_from: datetime
    stopped_at: datetime | None
    stopped_version: int | None
    cancelled_at: datetime | None
    cancelled_because: Because | None
    used: int
    due_at: datetime | None
    due_if_resumed_at: datetime | None
    is_provisional: bool
    within_until: datetime | None
    is_paused: bool
    paused_for: tuple[WaitName, ...]
    verdict: Verdict | None
    verdict_at: datetime | None
    judged_then: Verdict | None
    judged_then_at: datetime | None
    is_reconstructed: bool
    restated_by: tuple[int, ...]

    @classmethod
    def of(cls, judged: Judged) -> "ClockPart":
        """That of a clock; its notices are left out."""
        return cls._make(getattr(judged, name) for name in cls._fields)

    @classmethod
    def read(cls, values: Sequence[Any]) -> "ClockPart":
        """That of its fields as SQL gives them."""
        given = zip(cls._fields, values, strict=True)
        return cls._make(None if value is None else _READ.get(name, _as_it_is)(value) for name, value in given)

    def judged(self) -> Judged:
        """The clock that it was made of, without its notices."""
        return Judged.model_construct(None, **self._asdict())


def _as_it_is(value: object) -> object:
    return value


def _tuple(text: str) -> tuple[Any, ...]:
    return tuple(json.loads(text))


_KINDS: Mapping[object, Callable[[Any], object]] = {datetime: instant_at, bool: bool, tuple: _tuple}
_READ = {
    name: _KINDS[kind]
    for name, hint in get_type_hints(ClockPart).items()
    for kind in (get_origin(hint), hint, *get_args(hint))
    if kind in _KINDS
}
"""What makes a field's value of what SQL gives, where that is not the same."""


class SpanPart(NamedTuple):
    """A stretch of a ticket's time that one cause had, from the first receipt to the last hand-back.

    Attributes:
        from_at: Its first instant.
        to_at: The first instant after it; unknown while it goes on.
        party: Whose time it was.
        cause: What took it: a wait, else queue or work; at_home between a hand-back and the next receipt.
        site: The site where the unit was; unknown on its way and at home.
        beside: Other waits that were open meanwhile.
        is_first_of_both: Whether it is the ticket's first of its party and cause.
        is_first_of_party: Whether it is the ticket's first of its party.
        is_first_of_cause: Whether it is the ticket's first of its cause.
        is_first_at_site: Whether it is the ticket's first at its site.
        is_first_of_cause_at_site: Whether it is the ticket's first of its cause at its site.
    """

    from_at: datetime
    to_at: datetime | None
    party: InCharge
    cause: LedgerCause
    site: str | None
    beside: tuple[WaitName, ...]
    is_first_of_both: bool
    is_first_of_party: bool
    is_first_of_cause: bool
    is_first_at_site: bool
    is_first_of_cause_at_site: bool

    def span(self) -> Span:
        """The span that it was made of."""
        return Span.model_construct(None, **{name: getattr(self, name) for name in Span.model_fields})


def span_parts(spans: Iterable[Span]) -> Iterator[SpanPart]:
    """The spans of a ticket."""
    seen: set[tuple[str | None, ...]] = set()
    for span in spans:
        party, cause, site = span.party, span.cause, span.site
        named = ((party, cause), (party,), ("", cause), ("", "", site), ("", cause, site))
        firsts = [name not in seen for name in named]
        seen.update(named)
        yield SpanPart(span.from_at, span.to_at, party, cause, site, span.beside, *firsts)


class OverlapPart(NamedTuple):
    """How long a wait of a ticket was open while another cause had the time.

    Attributes:
        cause: The wait.
        microseconds: For how long, in spans that have ended.
        since: Since when it is open beside another that goes on.
    """

    cause: WaitName
    microseconds: int
    since: datetime | None


def overlap_parts(spans: Iterable[Span]) -> Iterator[OverlapPart]:
    """What was open beside something else, each wait once."""
    found: dict[WaitName, OverlapPart] = {}
    for span in spans:
        for cause in span.beside:
            before = found.get(cause) or OverlapPart(cause, 0, None)
            if span.to_at is None:
                found[cause] = before._replace(since=span.from_at)
            else:
                lasted = micros(span.to_at) - micros(span.from_at)
                found[cause] = before._replace(microseconds=before.microseconds + lasted)
    yield from found.values()


class StayPart(NamedTuple):
    """The time in which a unit was at one site without a break.

    Attributes:
        site: The site.
        from_at: When it came.
        to_at: When it left; unknown while it is there.
    """

    site: str
    from_at: datetime
    to_at: datetime | None


def stay_parts(spans: Iterable[Span]) -> Iterator[StayPart]:
    """The stays of a ticket's unit, in order of time."""
    stay: StayPart | None = None
    for span in spans:
        if stay is not None and stay.site == span.site:
            stay = stay._replace(to_at=span.to_at)
            continue
        if stay is not None:
            yield stay
        stay = None if span.site is None else StayPart(span.site, span.from_at, span.to_at)
    if stay is not None:
        yield stay


class PromisePart(NamedTuple):
    """A date that a customer was told.

    Attributes:
        version: The version of the fact in the ticket's history.
        cycle: The cycle of the ticket in which it was made, from 1.
        made_at: When the customer was told.
        due_at: The date that they were told.
        role: The role of who made it.
        site: The site where they made it.
        is_first: Whether it is the first of its cycle.
        remade_at: When the next date was told.
        back_at: When the unit was handed back after it, in the same cycle.
        closed_at: When the cycle was closed after it.
        policy: The policy whose clock says what kept it; none where it is the hand-back.
        policy_version: The version of that policy.
        outcome: What became of it: kept, replaced or withdrawn; else it is broken once due_at has passed.
        outcome_alone: The same as if no other date had been told.
    """

    version: int
    cycle: int
    made_at: datetime
    due_at: datetime
    role: Role
    site: str | None
    is_first: bool
    remade_at: datetime | None
    back_at: datetime | None
    closed_at: datetime | None
    policy: str | None
    policy_version: int | None
    outcome: Outcome | None
    outcome_alone: Outcome | None

    def promise(self) -> Promise:
        """The promise that it was made of."""
        return Promise.model_construct(None, **{name: getattr(self, name) for name in Promise.model_fields})


def promise_parts(promises: Sequence[Promise], clocks: Iterable[Judged]) -> Iterator[PromisePart]:
    """The promises of a ticket; what ended them is said by the clock on the promises of their cycle, if one is."""
    by_cycle = _clocks(promises, clocks)
    for promise in promises:
        end, clock = promise.back_at, by_cycle.get(promise.cycle)
        if clock is not None and (clock.stopped_at is None or clock.stopped_at >= promise.made_at):
            end = clock.stopped_at
        else:
            clock = None
        alone = promise.model_copy(update={"remade_at": None})
        told = [getattr(promise, name) for name in Promise.model_fields]
        told += [None, None] if clock is None else [clock.policy, clock.policy_version]
        standings = (promise.standing(promise.due_at, end), alone.standing(promise.due_at, end))
        yield PromisePart._make((*told, *map(_outcome, standings)))


def _clocks(promises: Iterable[Promise], clocks: Iterable[Judged]) -> Mapping[int, Judged]:
    """The clock on the promises of each cycle: the first by policy and name."""
    cycles = {promise.version: promise.cycle for promise in promises}
    found: dict[int, Judged] = {}
    for judged in clocks:
        if judged.measure == "until" and judged.started_version in cycles:
            found.setdefault(cycles[judged.started_version], judged)
    return found


def _outcome(standing: Standing) -> Outcome | None:
    """What is so whatever the time."""
    match standing:
        case "kept" | "replaced" | "withdrawn":
            return standing
        case "broken" | "not_due":
            return None
