"""Judged: what is to be said of one clock of one ticket, as far as its facts go."""

from datetime import datetime
from typing import Literal

from ticketing.domain.policy import Binds, WaitName
from ticketing.domain.values import Instant, Key, Value

Verdict = Literal["met", "breached"]
State = Literal["running", "paused", "met", "breached", "cancelled"]
Measure = Literal["working", "elapsed", "days", "until"]
Because = Literal["conditions", "closed", "superseded", "withdrawn"]


class NoticeDue(Value):
    """A notice that has not gone out; `at` is when, unless something happens before, and None while nobody can say."""

    kind: Key
    to: Key
    at: Instant | None = None


class Judged(Value):
    """One clock: (ticket, policy and clock, cycle, subject), judged by one version of its policy.

    What lies in the future is said for the case that nothing more happens.

    Attributes:
        clock: Its id within the policy.
        cycle: In which it started, from 1.
        subject: The thing or stay that it is about, where a cycle may have several: `north`, `north#2`, `estimate 1`.
        site: Where it ran, for a stay; else None.
        measure: What `target` and `used` are: microseconds of open time, of any time, whole days, or for `until`
            microseconds from the start.
        started_at: When its start fact occurred.
        started_version: That fact's version.
        holds_from: From when on its conditions held; not before `started_at`.
        stopped_at: When its stop fact occurred, and `stopped_version` that fact's version; a stop after the verdict is
            kept too.
        cancelled_at: When it ended and nothing stopped it, and `cancelled_because` why: its conditions ceased, the case
            was closed, another thing took the place of its subject, or its start was taken back (`withdrawn`, where a
            verdict had been seen). A breach before stays one.
        used: Its value when it was stopped or cancelled, whichever came first, else at the last fact.
        due_at: The first instant at which the value reaches the target; for days the end of the day with which it
            does. None while it is paused, or where no hours come.
        due_if_resumed_at: While paused: what `due_at` would be if it were resumed at the last fact.
        is_provisional: Whether the due date lies past what the calendar is frozen for.
        within_until: The last instant at which the value is not above the target; above it at every later one. None
            where it never will be.
        is_paused: Whether a wait holds it up at the last fact; `paused_for` names its causes.
        verdict: The present verdict, if the facts have one already; a stop is not needed for a breach.
        verdict_at: When it was reached: of a met clock the stop, of a breached one the last instant within the target.
        judged_then: What somebody looking at every instant saw first, `judged_then_at` when; None if nothing so far.
        is_reconstructed: Whether its start was imported.
        restated_by: Versions of the facts that were recorded after `judged_then_at` and made the present verdict
            another than the one judged then; empty while both are the same.
        notices: Those that have not gone out, the next one first.
    """

    policy: Key
    policy_version: int
    clock: Key
    binds: Binds
    cycle: int = 1
    subject: Key | None = None
    site: Key | None = None
    measure: Measure
    target: int
    started_at: Instant
    started_version: int
    holds_from: Instant
    stopped_at: Instant | None = None
    stopped_version: int | None = None
    cancelled_at: Instant | None = None
    cancelled_because: Because | None = None
    used: int = 0
    due_at: Instant | None = None
    due_if_resumed_at: Instant | None = None
    is_provisional: bool = False
    within_until: Instant | None = None
    is_paused: bool = False
    paused_for: tuple[WaitName, ...] = ()
    verdict: Verdict | None = None
    verdict_at: Instant | None = None
    judged_then: Verdict | None = None
    judged_then_at: Instant | None = None
    is_reconstructed: bool = False
    restated_by: tuple[int, ...] = ()
    notices: tuple[NoticeDue, ...] = ()

    @property
    def name(self) -> str:
        """The clock as people name it: policy, clock, and subject where there is one."""
        return f"{self.policy}/{self.clock}" + ("" if self.subject is None else f" ({self.subject})")

    @property
    def is_open(self) -> bool:
        """Whether it still goes on, breached or not."""
        return self.stopped_at is None and self.cancelled_at is None

    def state_at(self, at: datetime) -> State:
        """Its state at an instant not before its last fact."""
        if self.verdict is not None:
            return self.verdict
        if self.cancelled_at is not None:
            return "cancelled"
        if self.within_until is not None and at > self.within_until:
            return "breached"
        return "paused" if self.is_paused else "running"

    def then_at(self, at: datetime) -> Verdict | None:
        """What had been judged by an instant not before its last fact."""
        if self.judged_then is not None:
            return self.judged_then
        return "breached" if self.state_at(at) == "breached" else None
