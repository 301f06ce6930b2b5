"""What the engine says of a ticket's clocks and ledger, held against the oracle, and the smallest that differs."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from tests.oracle_clocks import Expected, Key, expected_of
from tests.oracle_desk import Rules, Told
from tests.oracle_hours import seconds
from tests.oracle_ledger import time_went
from tests.random_clocks import Case
from ticketing.domain.clocks import clocks_of
from ticketing.domain.cuts import cut
from ticketing.domain.judged import Judged
from ticketing.domain.ledger import causes_in_order, ledger_of, spans_of
from ticketing.domain.policy import Conditions
from ticketing.domain.reference import CalendarPublished, PolicyPublished
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Event

MICRO = 1_000_000


def differences(case: Case) -> list[str]:
    """Where engine and oracle differ, a line each; empty where they agree."""
    return [*clock_differences(case), *ledger_differences(case)]


def clock_differences(case: Case) -> Iterator[str]:
    published = Rules(case.publications, case.tick)
    expected = expected_of(case.history, published, as_of=case.as_of, under=case.under)
    found: dict[Key, Judged] = {}
    for clock in clocks_of(case.history, TimeRules.of(case.publications), as_of=case.as_of, under=case.under):
        key = (clock.policy, clock.clock, clock.cycle, clock.subject)
        if key in found:
            yield f"twice; {key}"
        found[key] = clock
    for key in sorted(expected.keys() - found.keys(), key=str):
        yield f"missing; {key}: expected {_text(expected[key])}"
    for key in sorted(found.keys() - expected.keys(), key=str):
        yield f"not expected; {key}: got {found[key]!r}"
    for key in sorted(expected.keys() & found.keys(), key=str):
        for name, wanted, got in compared(expected[key], found[key]):
            if wanted != got:
                yield f"{name}; {key}: expected {_shown(wanted)}, got {_shown(got)}"


def compared(expected: Expected, judged: Judged) -> Iterator[tuple[str, object, object]]:
    """What both say, by name."""
    clock = expected.clock
    yield "judged_then", expected.judged_then and expected.judged_then[0], judged.judged_then
    yield "judged_then_at", expected.judged_then and expected.judged_then[1], _at(judged.judged_then_at)
    yield "withdrawn", clock.is_withdrawn, judged.cancelled_because == "withdrawn"
    if clock.is_withdrawn:
        return
    yield "policy_version", clock.policy.version, judged.policy_version
    yield "measure", clock.measure, judged.measure
    yield "started_at", clock.start, _at(judged.started_at)
    yield "started_version", clock.begun.version, judged.started_version
    is_other = judged.judged_then is not None and judged.judged_then != judged.verdict
    yield "is_restated", is_other, bool(judged.restated_by)
    yield "is_reconstructed", expected.is_reconstructed, judged.is_reconstructed
    yield "target", clock.target * (1 if clock.measure == "days" else MICRO), judged.target
    yield "site", clock.site, judged.site
    yield "holds_from", clock.holds_from, _at(judged.holds_from)
    yield "verdict", clock.verdict, judged.verdict
    yield "verdict_at", clock.verdict_at, _at(judged.verdict_at)
    if clock.cancelled is None or clock.cancelled[0] != "conditions":
        yield "stopped_at", clock.end_at if clock.ended == "stopped" else None, _at(judged.stopped_at)
        yield "stopped_version", clock.stopped_by, judged.stopped_version
    because, at = clock.cancelled or (None, None)
    yield "cancelled_because", because, judged.cancelled_because
    yield "cancelled_at", at, _at(judged.cancelled_at)
    used = clock.used_then if because == "conditions" else clock.used
    yield "used", used * (1 if clock.measure == "days" else MICRO), judged.used
    if clock.ended is None and clock.ceased_at is None:
        yield "is_paused", expected.is_paused, judged.is_paused
        yield "paused_for", set(expected.paused_for), set(judged.paused_for)
        yield from _compared_future(expected, judged)


def _compared_future(expected: Expected, judged: Judged) -> Iterator[tuple[str, object, object]]:
    """What lies within reach of the oracle; further off there must be nothing nearer."""
    for name, wanted, at in (
        ("due_at", expected.due, judged.due_at),
        ("due_if_resumed_at", expected.due_if_resumed, judged.due_if_resumed_at),
        ("within_until", expected.within, judged.within_until),
    ):
        got = _at(at)
        is_far = wanted is None and got is not None and got >= expected.far
        yield name, wanted, None if is_far else got
    if expected.due is not None:
        yield "is_provisional", expected.is_provisional, judged.is_provisional


def ledger_differences(case: Case) -> Iterator[str]:
    """Tick by tick; and whether the parts add up to the turnaround, which is said beside them."""
    facts = cut(case.history, as_of=case.as_of)
    rules = TimeRules.of(case.publications)
    now = case.as_of or max(max(fact.occurred_at, fact.recorded_at) for fact in (*case.history, *facts))
    spans = spans_of(facts, causes_in_order(rules, facts), until=now)
    told = Told(case.history)
    expected = time_went(told.facts(seconds(now)), told, Rules(case.publications, case.tick), seconds(now))
    found: dict[int, tuple[str, str, str | None]] = {}
    for span in spans:
        to_at = seconds(span.to_at or now)
        for at in range(seconds(span.from_at), to_at, case.tick):
            if at in found:
                yield f"ledger; {_shown(at)}: twice"
            found[at] = (span.party, span.cause, span.site)
    for at in sorted(expected.keys() | found.keys()):
        if expected.get(at) != found.get(at):
            yield f"ledger; {_shown(at)}: expected {expected.get(at)}, got {found.get(at)}"
            return
    added_up = ledger_of(spans, now)
    if {added_up.microseconds, sum(part.microseconds for part in added_up.parts)} != {
        len(expected) * case.tick * MICRO
    }:
        yield f"ledger; sum: {len(expected) * case.tick} s, got {added_up!r}"


def _at(at: datetime | None) -> int | None:
    return None if at is None else seconds(at)


def _shown(value: object) -> str:
    if isinstance(value, int) and 10**9 < value < 3 * 10**9:
        return datetime.fromtimestamp(value, UTC).isoformat()
    return repr(value)


def _text(expected: Expected) -> str:
    clock = expected.clock
    return f"started {_shown(clock.start)} by {clock.begun.version}, {clock.verdict}, then {expected.judged_then}"


def smallest(case: Case) -> Case:
    """A case that still differs in the same way, and of which nothing can be left out: no fact, version or clock."""
    ways = _ways(case)
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for tried in smaller(case):
            if ways & _ways(tried):
                case, is_smaller = tried, True
                break
    return case


def _ways(case: Case) -> set[str]:
    """What the differences are about; none where what was left out is named by what is left."""
    try:
        return {line.split("; ")[0] for line in differences(case)}
    except KeyError:
        return set()


def smaller(case: Case) -> Iterator[Case]:
    """The case with one thing left out, in every way."""
    if case.as_of is not None:
        yield replace(case, as_of=None)
    if case.under is not None:
        yield replace(case, under=None)
    for fact in reversed(case.history[1:]):
        yield replace(case, history=tuple(it for it in case.history if it is not fact))
    for fact in reversed(case.publications):
        yield replace(case, publications=tuple(it for it in case.publications if it is not fact))
    for place, fact in enumerate(case.publications):
        for event in _plainer(fact.event):
            changed = replace(fact, event=event)
            yield replace(case, publications=(*case.publications[:place], changed, *case.publications[place + 1 :]))


def _plainer(event: Event) -> Iterator[Event]:
    if isinstance(event, CalendarPublished) and event.windows:
        yield event.model_copy(update={"windows": event.windows[1:]})
    if not isinstance(event, PolicyPublished):
        return
    for clock in event.clocks:
        others = tuple(it for it in event.clocks if it is not clock)
        yield event.model_copy(update={"clocks": others})
        for name, plain in (("pauses", ()), ("conditions", Conditions())):
            if getattr(clock, name) != plain:
                changed = clock.model_copy(update={name: plain})
                yield event.model_copy(update={"clocks": tuple(changed if it is clock else it for it in event.clocks)})


def told(case: Case) -> Iterator[str]:
    """The case, a line for each fact, so that a person can check it."""
    under = "" if case.under is None else f", under {case.under.key}@{case.under.version}"
    yield f"ticks of {case.tick} s, as of {case.as_of}{under}"
    facts = sorted((*case.history, *case.publications), key=lambda fact: fact.position)
    for fact in facts:
        said = fact.event.model_dump(mode="json", exclude_defaults=True, exclude={"frozen"})
        late = "" if fact.recorded_at == fact.occurred_at else f", recorded {fact.recorded_at:%d %H:%M:%S}"
        by = "" if fact.source == "native" else " imported"
        yield (
            f"{fact.position} v{fact.version}{by} {fact.occurred_at:%d %b %H:%M:%S}{late}: "
            f"{type(fact.event).__name__} {json.dumps(said, ensure_ascii=False)}"
        )
