"""Clocks: every clock of a ticket, by the policies in force, with its verdicts: the present one, and as judged then.

Law of this file: what was judged then is what somebody looking at every instant, with the facts known by that instant,
saw first. A native fact is known from when it was recorded, an imported one from when it occurred.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from ticketing.domain import events as e
from ticketing.domain.course import Course, Fact
from ticketing.domain.cuts import cut, instant, surviving
from ticketing.domain.hours import micros
from ticketing.domain.judged import Judged, Verdict
from ticketing.domain.reference import PolicyPublished
from ticketing.domain.standing import Key, Standing, judged_of, standings_of
from ticketing.domain.time_rules import ClockVersions, TimeRules, clocks_in
from ticketing.domain.values import NATIVE, Event, Recorded


def clocks_of(
    history: Sequence[Recorded[Event]],
    rules: TimeRules,
    *,
    as_of: datetime | None = None,
    under: PolicyPublished | None = None,
) -> tuple[Judged, ...]:
    """Every clock of a ticket, in order of policy, clock, cycle and start.

    Args:
        history: All that is known of the ticket, in order of version, with corrections not yet applied.
        rules: What was published.
        as_of: Judge as of then, by the facts that had occurred; None judges as of the last instant at which one
            occurred or became known.
        under: Judge the clocks of this policy alone, by this version, whatever was in force.
    """
    if not history:
        return ()
    knowledge = _Knowledge(history, rules, as_of)
    clocks = rules.clocks if under is None else clocks_in([under])
    judged = (_judged(clock, knowledge, is_forced=under is not None) for clock in clocks)
    return tuple(one for ones in judged for one in ones)


_CHANGING = (e.EventCorrected, e.EventRetracted)


def _known_from(fact: Fact) -> datetime:
    return fact.recorded_at if fact.source == NATIVE else fact.occurred_at


class _Knowledge:
    """What was known of a ticket, and when.

    Args:
        history: All that is known, at least one fact, in order of version.
        rules: What was published.
        as_of: What occurred later is left out; None for no bound.

    Attributes:
        moments: When something became known, or what was known occurred, in order of time.
        news: The facts that became known at each of these.
        now: The present: `as_of`, or the last of these.
        present: The ticket's course by all that is known.
        names: Of all facts.
    """

    def __init__(self, history: Sequence[Fact], rules: TimeRules, as_of: datetime | None) -> None:
        self.rules = rules
        self.as_of = as_of
        self._occurring = _occurring_later(history)
        self.moments = sorted(self._occurring.union(map(_known_from, history)))
        self.news: dict[datetime, list[Fact]] = {moment: [] for moment in self.moments}
        for fact in history:
            self.news[_known_from(fact)].append(fact)
        self.now = as_of or self.moments[-1]
        self.present = Course(cut(history, as_of=as_of), rules)
        self._history = history
        self.names = frozenset(type(fact.event).__name__ for fact in history)
        self._courses: dict[datetime, Course] = {}

    def is_in_order(self, names: frozenset[str]) -> bool:
        """Whether facts of these names became known in the order in which they occurred, none of them before."""
        telling = [fact for fact in self._history if type(fact.event).__name__ in names]
        return all(
            one.occurred_at <= following.occurred_at and _known_from(one) <= _known_from(following)
            for one, following in pairwise(telling)
        ) and not any(fact.occurred_at > fact.recorded_at or isinstance(fact.event, _CHANGING) for fact in telling)

    def telling(self, names: frozenset[str]) -> list[datetime]:
        """The moments at which something of these names became known, or anything that was known occurred."""
        return [
            moment
            for moment, news in self.news.items()
            if moment in self._occurring or any(type(fact.event).__name__ in names for fact in news)
        ]

    def course(self, moment: datetime) -> Course:
        """The ticket's course by what was known at a moment, and had occurred."""
        found = self._courses.get(moment)
        if found is None:
            known = [fact for at, news in self.news.items() if at <= moment for fact in news]
            until = moment if self.as_of is None else min(moment, self.as_of)
            facts = surviving(sorted(known, key=lambda fact: fact.version))
            course = Course((fact for fact in facts if fact.occurred_at <= until), self.rules)
            found = self._courses[moment] = course
        return found


def _occurring_later(history: Sequence[Fact]) -> set[datetime]:
    """When facts occur that were known before, or are moved to."""
    found = {fact.occurred_at for fact in history if fact.occurred_at > fact.recorded_at}
    for fact in history:
        if isinstance(fact.event, e.EventCorrected) and fact.event.field == "occurred_at":
            moved_to = _instant(fact.event.is_)
            if moved_to is not None and moved_to > fact.recorded_at:
                found.add(moved_to)
    return found


def _instant(said: object) -> datetime | None:
    try:
        return instant(said)
    except ValueError:
        return None


def _judged(clock: ClockVersions, knowledge: _Knowledge, *, is_forced: bool) -> Iterator[Judged]:
    if not clock.starts.isdisjoint(knowledge.names):
        present = standings_of(clock, knowledge.present, knowledge.rules, knowledge.now, is_forced=is_forced)
        seen = _seen_in_order(present, knowledge) if knowledge.is_in_order(clock.facts) else None
        if seen is None:
            seen = _looked(clock, knowledge, is_forced=is_forced)
        gone = {key: _withdrawn(one) for key, one in seen.items() if one.first is not None and key not in present}
        for key, standing in sorted((present | gone).items(), key=_by_cycle_and_start):
            one = seen.get(key)
            yield judged_of(standing, *((one.first, one.changes) if one is not None else (None, ())))


def _withdrawn(seen: "_Seen") -> Standing:
    """How a run stood that somebody saw judged, and that is gone since."""
    standing = seen.standing
    standing.verdict = standing.verdict_at = None
    standing.cancelled_at, standing.because = seen.gone_at, "withdrawn"
    return standing


def _by_cycle_and_start(one: tuple[Key, Standing]) -> tuple[int, datetime, str]:
    (cycle, subject), standing = one
    return cycle, standing.run.start.occurred_at, subject or ""


# as judged then


@dataclass(slots=True)
class _Seen:
    """What was seen of one run.

    Attributes:
        standing: How it stood when it was there last.
        first: The first verdict with its instant.
        latest: The latest verdict.
        changes: Versions of the facts that have changed the verdict since the first.
        gone_at: When it became known that there is no such run; None where there is.
    """

    standing: Standing
    first: tuple[Verdict, int] | None = None
    latest: Verdict | None = None
    changes: tuple[int, ...] = ()
    gone_at: int | None = None

    def look(
        self, standing: Standing | None, moment: int, limit: int, news: Sequence[Fact], *, is_too_late: bool
    ) -> None:
        """Looks at how it stands now that there is news, and until an instant at which there will be more.

        What becomes known too late, after the present, changes a verdict all the same; nobody has judged by it.
        """
        self.gone_at = None if standing is not None else (self.gone_at or moment)
        self.standing = standing or self.standing
        at_once = None if standing is None else standing.verdict
        if self.first is not None and at_once != self.latest:
            self.changes = (*self.changes, *(fact.version for fact in news))
        verdict = None if standing is None else standing.verdict_by(limit)
        self.latest = None if verdict is None else verdict[0]
        if not is_too_late:
            self.first = self.first or verdict


def _seen_in_order(present: Mapping[Key, Standing], knowledge: _Knowledge) -> dict[Key, _Seen] | None:
    """What was seen where facts became known in the order in which they occurred; None where one must look closely.

    It spares nine tickets in ten the looking, which is nine tenths of what their clocks cost. No wait brings a breach
    forward: a run that would be within its target even without its pauses when its end was known was never seen
    breached, and one without pauses was seen breached when it was.
    """
    seen = {}
    for key, one in present.items():
        ended = one.run.last.end
        if len(one.run.stretches) > 1 or len(one.run.told) > 1 or not one.has_held:
            return None
        known_at = knowledge.now if ended is None else min(knowledge.now, _known_from(ended))
        earliest = one.reading.without_pauses().within_until()
        if earliest is None or earliest >= micros(known_at):
            met = one.verdict == "met" and ended is not None and _known_from(ended) <= knowledge.now
            seen[key] = _Seen(one, ("met", micros(known_at)) if met else None)
        elif one.verdict == "breached" and not one.was_paused and _known_from(one.run.start) <= knowledge.now:
            seen[key] = _Seen(one, ("breached", max(earliest, micros(_known_from(one.run.start)))))
        else:
            return None
    return seen


def _looked(clock: ClockVersions, knowledge: _Knowledge, *, is_forced: bool) -> dict[Key, _Seen]:
    """What somebody saw who looked at every moment, and at the time between it and the next."""
    seen: dict[Key, _Seen] = {}
    as_of = knowledge.as_of
    moments = knowledge.telling(clock.facts)
    for number, moment in enumerate(moments):
        now = moment if as_of is None else min(moment, as_of)
        judged = standings_of(clock, knowledge.course(moment), knowledge.rules, now, is_forced=is_forced)
        following = moments[number + 1] if number + 1 < len(moments) else knowledge.now
        limit = following if as_of is None else min(following, as_of)
        for key in seen.keys() | judged.keys():
            one = seen.get(key)
            if one is None:
                one = seen[key] = _Seen(judged[key])
            news = knowledge.news[moment]
            one.look(judged.get(key), micros(moment), micros(limit), news, is_too_late=moment > knowledge.now)
    return seen
