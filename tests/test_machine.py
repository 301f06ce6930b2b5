"""Memory, SQLite and PostgreSQL live through the same cases side by side, and an oracle judges every fact.

`World` sends the same commands to several applications and compares all that they answer. `Case` and `broken` are the
oracle: they know the rules from their wording in the trade, ask them as questions of a list of raw facts, and use
neither `Ticket` nor the rule functions. `make test` runs a few long examples, always the same;
`TICKETING_TEST_EXAMPLES=300 python -m pytest tests/test_machine.py` runs so many, each time others.
"""

import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import ClassVar
from uuid import UUID

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests import postgres
from tests.assessed import assessed, shown
from tests.examples import EXAMPLES, SITES, STANDARD, START, but
from tests.oracle import DECISIONS, LAXER, NOT_JUDGED, PUBLISHED, QUESTIONS, Case, Raw, broken, raw, standing
from tests.talk import ON_THE_RECORD, ROLES, UNITS, Offer, Talk
from ticketing.adapters.codec import Codec
from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain import (
    intake,
    record,
)
from ticketing.domain.command import Command
from ticketing.domain.cuts import surviving
from ticketing.domain.errors import CommandRejected
from ticketing.domain.evolve import evolve, fold
from ticketing.domain.publishing import Publish
from ticketing.domain.values import Actor, Event, Recorded
from ticketing.projections.row import Row

EXAMPLES_WANTED = int(os.environ.get("TICKETING_TEST_EXAMPLES", "0"))
MOMENT = timedelta(microseconds=1)
EVENT_OF: Mapping[type[Command], type[Event]] = {type(command): type(event) for command, event in EXAMPLES}
CODEC = Codec()


@dataclass(frozen=True, slots=True, kw_only=True)
class Diary(Row):
    """A row that shows every fact and the order in which it was told."""

    told: str = ""


class Diaries:
    name = "diaries"
    version = 1
    row = Diary

    def apply(self, row: Diary, fact: Recorded[Event]) -> Diary:
        line = f"{row.told} {fact.version} {type(fact.event).__name__} {CODEC.encode(fact)[0].state.decode()}"
        return replace(row, told=hashlib.sha256(line.encode()).hexdigest())


@dataclass(frozen=True)
class Answer:
    """What an application made of a command; facts to the byte."""

    refused: str | None
    reason: str = ""
    stream: UUID | None = None
    version: int = 0
    facts: tuple[tuple[object, ...], ...] = ()
    is_repeated: bool = False


def to_the_byte(fact: Recorded[Event]) -> tuple[object, ...]:
    stored, _ = CODEC.encode(fact)
    return fact.position, fact.recorded_at, stored.originator_id, stored.originator_version, stored.topic, stored.state


def answer(app: Ticketing, command: Command) -> Answer:
    try:
        handled = app.handle(command)
    except CommandRejected as refusal:
        return Answer(refusal.rule, refusal.reason)
    facts = tuple(map(to_the_byte, handled.events))
    return Answer(None, "", handled.ticket_id, handled.version, facts, handled.is_repeated)


class World:
    """Some tickets in one or several stores of the same clock and the same dice, and all that was ever said."""

    def __init__(self, urls: Sequence[str], seed: int = 0) -> None:
        self.now = START
        self.apps = [Ticketing(url, clock=lambda: self.now, random_bytes=Random(seed).randbytes) for url in urls]
        self.streams: dict[UUID, list[Raw]] = {}
        self.sent: list[tuple[Command, Answer]] = []
        self.commands = 0
        self.position = 0
        self.recorded_at = datetime.min.replace(tzinfo=UTC)
        self.focus: UUID | None = None
        self.refused: Counter[str] = Counter()
        self.flagged: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        manager = Actor(id="manager-1", role="manager")
        for thing in (STANDARD, LAXER, *SITES.values()):
            self.tell(Publish(actor=manager, thing=thing, command_id=self.next_id()))

    def close(self) -> None:
        for app in self.apps:
            app.close()

    def next_id(self) -> UUID:
        self.commands += 1
        return UUID(int=(0xC << 124) | self.commands)

    # saying

    def tell(self, command: Command) -> Answer:
        """The one answer that all applications give; what they recorded is judged."""
        answers = [answer(app, command) for app in self.apps]
        assert all(it == answers[0] for it in answers), (command, answers)
        said = answers[0]
        if not said.is_repeated:
            self._judge(command, said)
        return said

    def _judge(self, command: Command, said: Answer) -> None:
        new = self.apps[0].store.log(self.position, 100)
        assert tuple(map(to_the_byte, new)) == said.facts
        if said.refused is not None:
            self.refused[said.refused] += 1
            self._judge_refusal(command, said.refused)
        elif command.command_id is not None:
            self.sent.append((command, said))
        for fact in new:
            self._judge_order(fact)
            if fact.stream_kind == "ticket":
                self._judge_fact(raw(fact))

    def _judge_order(self, fact: Recorded[Event]) -> None:
        assert fact.position == self.position + 1
        assert fact.recorded_at > self.recorded_at
        assert fact.recorded_at >= self.now
        self.position, self.recorded_at = fact.position, fact.recorded_at

    def _judge_fact(self, fact: Raw) -> None:
        before = self.streams.get(fact.ticket, [])
        assert fact.version == len(before) + 1
        case = Case(standing(before))
        wrong = broken(fact, case, self.now)
        assert wrong <= fact.flags, f"{wrong - fact.flags} of {fact} was let through"
        assert fact.flags <= wrong | NOT_JUDGED, f"{fact.flags - wrong} of {fact} is out of place"
        if fact.name in DECISIONS:
            self._judge_assessment(fact, case)
        self.flagged.update(fact.flags)
        self._judge_claims(fact, case, Case(standing([*before, fact])))
        self.streams[fact.ticket] = [*before, fact]

    def _judge_assessment(self, fact: Raw, case: Case) -> None:
        """Beside a decision stands what the version pinned says of the facts before it, if one is pinned."""
        pinned, beside = case.pinned, fact.said["assessment"]
        standard = PUBLISHED.get((pinned["standard"], pinned["standard_version"])) if pinned is not None else None
        if standard is None or beside is None:
            assert (standard, beside) == (None, None)
            return
        assert shown(beside) == assessed(standard, case), f"{fact} has another assessment beside it"
        self.answers[beside["answer"]] += 1

    def _judge_claims(self, fact: Raw, before: Case, after: Case) -> None:
        others = [Case(standing(it)) for ticket, it in self.streams.items() if ticket != fact.ticket]
        if after.number is not None:
            assert after.number not in [other.number for other in others]
        if after.unit is not None and after.unit != before.unit and after.unit in [other.unit for other in others]:
            assert "unit-already-open" in fact.flags, f"{fact} opens a second ticket of one unit"

    def _judge_refusal(self, command: Command, slug: str) -> None:
        """A refusal names a rule that is really broken, as far as the oracle can tell."""
        if type(command) not in EVENT_OF or isinstance(command, record.CorrectEvent) or slug in NOT_JUDGED:
            return
        if slug in ("stale-version", "command-id-reused"):
            return
        ticket = command.ticket_id  # type: ignore[attr-defined]  # every command in EVENT_OF is to a ticket
        history = self.streams.get(ticket, [])
        event = EVENT_OF[type(command)](
            # What the store adds beside a decision is no part of what was asked for.
            **{name: getattr(command, name) for name in EVENT_OF[type(command)].model_fields if name != "assessment"}
        )
        said = Raw(
            ticket=ticket,
            version=len(history) + 1,
            position=0,
            name=type(event).__name__,
            at=command.occurred_at or self.now,
            recorded_at=self.now,
            by=command.actor.id,
            role=command.actor.role,
            site=command.actor.site,
            flags=frozenset(),
            said=event.model_dump(mode="json"),
        )
        assert slug in broken(said, Case(standing(history)), self.now), f"{slug} is no reason to refuse {command}"

    # living

    def pass_time(self, rng: Random) -> None:
        """Time goes on, or stands still."""
        steps: tuple[dict[str, int], ...] = (
            {},
            {"microseconds": 1},
            {"minutes": rng.randrange(300)},
            {"hours": rng.randrange(60)},
        )
        self.now += timedelta(**rng.choice(steps))

    def live(self, rng: Random) -> Answer:
        """Somebody does what comes next: mostly the sensible, sometimes not."""
        self.pass_time(rng)
        if self.focus is None or (len(self.streams) < 5 and rng.random() < 0.05):
            return self._open(rng)
        if rng.random() < 0.12:
            self.focus = rng.choice(list(self.streams))
        talk = Talk(Case(standing(self.streams[self.focus])), rng, self.now)
        turn = rng.random()
        if turn < 0.08:
            return self._say(rng, rng.choice(talk.offers), is_sensible=False)
        if turn < 0.12:
            return self._find(rng, rng.choice([it for it in talk.offers if it[1] not in ON_THE_RECORD]))
        (offer,) = rng.choices(talk.offers, [weight for weight, *_ in talk.offers])
        return self._say(rng, offer, is_late=turn < 0.18)

    def _open(self, rng: Random) -> Answer:
        manufacturer, serial = rng.choice(UNITS)
        command = intake.OpenTicket.model_validate(
            {
                "actor": self._actor(rng, "receptionist", None),
                "command_id": self.next_id(),
                "number": f"R-{rng.randrange(12)}",
                "site": "berlin",
                "channel": rng.choice(("counter", "counter", "courier", "on_site")),
                "manufacturer": manufacturer,
                "serial": rng.choice((serial, None)),
                "symptom": "does not charge",
            }
        )
        said = self.tell(command)
        self.focus = said.stream or self.focus
        return said

    def _actor(self, rng: Random, role: str, site: str | None) -> Actor:
        return Actor.model_validate({"id": f"{role}-{rng.choice('12')}", "role": role, "site": site})

    def _say(self, rng: Random, offer: Offer, *, is_sensible: bool = True, is_late: bool = False) -> Answer:
        _, kind, role, fields = offer
        history = self.streams[self.focus] if self.focus is not None else []
        whose = "technician" if role == "inspector" and rng.random() < 0.1 else role
        actor = self._actor(rng, whose, rng.choice((None, Case(standing(history)).place)))
        actor = actor.model_copy(update={"role": role})
        if not is_sensible:
            who = rng.choice((role, rng.choice(ROLES)))
            whose = rng.choice((who, "technician", "expert"))
            actor = self._actor(rng, whose, rng.choice((None, *SITES))).model_copy(update={"role": who})
        told: dict[str, object] = {**fields, "ticket_id": self.focus, "actor": actor, "command_id": self.next_id()}
        if is_late:
            told["occurred_at"] = rng.choice(history).at + timedelta(minutes=rng.randrange(-90, 90))
        elif not is_sensible and rng.random() < 0.2:
            told["occurred_at"] = self.now + timedelta(minutes=rng.randrange(20))
        expected = rng.choice((None, None, None, len(history), len(history) - (not is_sensible)))
        told["expected_version"] = expected
        said = self.tell(kind.model_validate(told))
        if expected is not None:
            assert (said.refused == "stale-version") == (expected != len(history))
        return said

    def _find(self, rng: Random, offer: Offer) -> Answer:
        """A finding of what happened anyway."""
        _, kind, role, fields = offer
        did = self._actor(rng, rng.choice((role, "unknown", *ROLES)), rng.choice((None, *SITES)))
        finder = self._actor(rng, rng.choice(("manager", "auditor", "dispute_officer", "manager", "cashier")), None)
        event = EVENT_OF[kind].model_validate(fields)
        at = rng.choice((None, self.now - timedelta(hours=rng.randrange(48))))
        told = {
            "ticket_id": self.focus,
            "actor": did,
            "command_id": self.next_id(),
            "found_by": finder,
            "occurred_at": at,
        }
        said = self.tell(record.RecordFinding.model_validate({**told, "event": event}))
        if finder.role == "cashier":
            assert said.refused == "role-may-not"
        else:
            assert said.refused in (None, "number-taken")
        return said

    def repeat(self, rng: Random) -> None:
        """A command comes again: the same gives the first result, another under its id is refused."""
        command, first = rng.choice(self.sent)
        assert self.tell(command) == replace(first, is_repeated=True)
        other = but(command, actor=Actor(id="somebody-else", role=command.actor.role))
        assert self.tell(other).refused == "command-id-reused"

    # looking

    def look_back(self, rng: Random) -> None:
        """Under any cuts all applications show the same ticket, and the one that its raw facts tell of."""
        if not self.streams:
            return
        history = rng.choice(list(self.streams.values()))
        aside = rng.choice((-1, 0, 1)) * MOMENT
        as_of = rng.choice((None, rng.choice(history).at + aside))
        known_at = rng.choice((None, rng.choice(history).recorded_at + aside))
        at_version = rng.choice((None, rng.randrange(len(history) + 2)))
        which = history[0].ticket
        tickets = [app.ticket(which, as_of=as_of, known_at=known_at, at_version=at_version) for app in self.apps]
        assert all(it == tickets[0] for it in tickets)
        shown = [app.history(which, as_of=as_of, known_at=known_at, at_version=at_version) for app in self.apps]
        assert all([*map(to_the_byte, it)] == [*map(to_the_byte, shown[0])] for it in shown)
        known = [it for it in history if known_at is None or it.recorded_at <= known_at]
        left = standing([it for it in known if at_version is None or it.version <= at_version])
        facts = [it for it in left if as_of is None or it.at <= as_of]
        assert [raw(fact) for fact in shown[0]] == facts
        told, ticket = Case(facts), tickets[0]
        assert (ticket.case == "open", ticket.number, ticket.entitlement) == (
            told.is_open,
            told.number,
            told.entitlement,
        )
        assert (ticket.custody, ticket.unit_site, ticket.work) == (told.custody, told.place, told.work)
        assert set(ticket.waits) == told.waits

    def look_through(self) -> None:
        """All logs are the same to the byte; any prefix and the rest make the whole; rows are what a refold gives."""
        logs = [tuple(map(to_the_byte, app.follow())) for app in self.apps]
        assert all(it == logs[0] for it in logs)
        assert [it[0] for it in logs[0]] == list(range(1, len(logs[0]) + 1))
        kept = [self._rows(app) for app in self.apps]
        assert all(rows == kept[0] for rows in kept)
        for ticket_id in self.streams:
            facts = surviving(self.apps[0].store.stream(ticket_id))
            whole = fold(ticket_id, facts)
            for cut in range(0, len(facts), 7):
                part = fold(ticket_id, facts[:cut])
                for fact in facts[cut:]:
                    evolve(part, fact)
                assert part == whole
            row = Diary(ticket_id=ticket_id)
            for fact in sorted(facts, key=lambda it: (it.occurred_at, it.version)):
                row = Diaries().apply(row, fact)
            assert kept[0][ticket_id].told == row.told

    def _rows(self, app: Ticketing) -> dict[UUID, Diary]:
        app.projections.catch_up([Diaries()])
        return {row.ticket_id: row for row in app.projections.rows(Diaries())}

    @property
    def names(self) -> set[str]:
        return {fact.name for history in self.streams.values() for fact in history}

    @property
    def closed_and_on(self) -> tuple[bool, bool]:
        """Whether a ticket reached closure, and whether its life went on after it."""
        after = [
            [it.name for it in history[at + 1 :]]
            for history in self.streams.values()
            for at, fact in enumerate(history)
            if fact.name == "TicketClosed" and not fact.flags
        ]
        return bool(after), any(it for it in after)


# the runs

REACHED: Counter[str] = Counter()
SEEDS = st.integers(min_value=0, max_value=2**20)


class SideBySide(RuleBasedStateMachine):
    """The same life in memory, in an SQLite file and in PostgreSQL."""

    server_url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        schema = self.stack.enter_context(postgres.fresh_schema(self.server_url))
        self.world = World(["memory:", f"sqlite:///{Path(folder) / 'store.sqlite'}", schema])
        self.stack.callback(self.world.close)

    def teardown(self) -> None:
        try:
            self.world.look_through()
            closed, on = self.world.closed_and_on
            REACHED.update(runs=1, closed=closed, on=on)
            hypothesis.event(f"reached closure: {closed}, went on: {on}")
        finally:
            self.stack.close()

    def _lived(self, seed: int, commands: int) -> Random:
        """Lives on for some commands; the dice fall otherwise though Hypothesis likes the same seed again."""
        rng = Random(f"{seed} {self.world.commands} {self.world.position}")
        for _ in range(commands):
            self.world.live(rng)
        return rng

    @rule(seed=SEEDS, commands=st.integers(min_value=5, max_value=9))
    def life_goes_on(self, seed: int, commands: int) -> None:
        self._lived(seed, commands)

    # Hypothesis leaves whole rules out of some runs, so there is life in each of them.

    @rule(seed=SEEDS)
    def a_command_comes_again(self, seed: int) -> None:
        self.world.repeat(self._lived(seed, 3))

    @rule(seed=SEEDS)
    def somebody_looks_back(self, seed: int) -> None:
        self.world.look_back(self._lived(seed, 3))

    @rule(seed=SEEDS)
    def a_report_is_brought_up_to_date(self, seed: int) -> None:
        self._lived(seed, 3).choice(self.world.apps).projections.catch_up([Diaries()])


def test_all_stores_give_the_same_answers_and_no_rule_is_broken_unseen(postgres_server: str) -> None:
    settings = hypothesis.settings(
        max_examples=EXAMPLES_WANTED or 9,
        stateful_step_count=30,
        derandomize=not EXAMPLES_WANTED,
        # What fails always fails the same; to shrink it would take minutes.
        phases=tuple(hypothesis.Phase) if EXAMPLES_WANTED else (hypothesis.Phase.generate,),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    SideBySide.server_url = postgres_server
    REACHED.clear()
    run_state_machine_as_test(SideBySide, settings=settings)
    assert REACHED["closed"] * 3 >= REACHED["runs"], REACHED
    assert REACHED["on"] * 5 >= REACHED["runs"], REACHED


def test_over_many_lives_every_event_and_every_refusal_occurs_and_most_go_on_after_closure() -> None:
    names: set[str] = set()
    met: Counter[str] = Counter()
    reached: Counter[str] = Counter()
    events = {event.__name__ for event in e.TICKET_EVENTS}
    answers = {*QUESTIONS, "number-taken", "unit-already-open", "stale-version", "command-id-reused"}
    answers |= {"covered", "undecidable"}
    for seed in range(60):
        rng = Random(seed)
        world = World(["memory:"], seed)
        for _ in range(9):
            for _ in range(10):
                world.live(rng)
            world.repeat(rng)
            world.look_back(rng)
        names |= world.names
        met += world.refused + world.flagged + world.answers
        closed, on = world.closed_and_on
        reached.update(runs=1, closed=closed, on=on)
        if names == events and answers <= met.keys():
            break
    assert names == events
    assert answers <= met.keys()
    assert reached["closed"] * 3 >= reached["runs"], reached
    assert reached["on"] * 5 >= reached["runs"], reached
