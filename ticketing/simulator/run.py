"""Run: a world from its first day to its last, command by command in the order of time."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from types import TracebackType
from typing import Self
from uuid import UUID

from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput, CommandRejected
from ticketing.domain.events import CustomerKind
from ticketing.domain.publishing import Publish
from ticketing.simulator import scripted
from ticketing.simulator.case import Case, Confirmation, Life, Scene, Step, Unit, open_at
from ticketing.simulator.chance import Chance, SimulatedClock
from ticketing.simulator.life import ticket_life
from ticketing.simulator.world import (
    BENCH_OF,
    BRANCHES,
    CHANGED_STANDARDS,
    FIRST_DAY,
    LAST_INSTANT,
    MODELS,
    PUBLISHER,
    REFERENCE_DATA,
    WORKSHOPS,
)

_CUSTOMER_KINDS: Mapping[CustomerKind, float] = {"consumer": 80, "dealer": 14, "business": 6}


@dataclass(frozen=True)
class World:
    """A simulated world, and the application in which it happened; a context manager that closes it.

    Attributes:
        app: The application, its clock standing at the world's last instant.
        now: The world's last instant (UTC).
        tickets: How many tickets were opened.
        events: How many facts were recorded, reference data included.
        refused: How often a rule refused a command, as the world meant it to, by slug.
        story_ticket_id: The disputed ticket whose story is worth telling.
        story_number: Its number.
        refused_at: When its service was refused: ask `known_at` this instant for what was known then.
    """

    app: Ticketing
    now: datetime
    tickets: int
    events: int
    refused: Mapping[str, int]
    story_ticket_id: UUID
    story_number: str
    refused_at: datetime

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.app.close()


def simulate(
    url: str, *, tickets: int = 2000, seed: int = 1, on_progress: Callable[[int], None] | None = None
) -> World:
    """A year of a repair company in a new store; the same seed and number give the same events.

    Args:
        url: An empty store.
        tickets: How many tickets are opened, at least 1.
        seed: What everything left to chance is drawn from, ids and salts included.
        on_progress: Called with the number of tickets opened so far, each time another one is.

    Returns:
        The world with the open application; close it, or use it in a `with`.

    Raises:
        BadInput: The store is not empty, or there is to be no ticket.
    """
    if tickets < 1:
        raise BadInput(f"a world needs at least one ticket, not {tickets}")
    chance, clock = Chance(seed), SimulatedClock(FIRST_DAY)
    app = Ticketing(_not_waiting_for_disk(url), clock=clock, random_bytes=chance.bytes)
    try:
        _refuse_used_store(app)
        return _Simulation(app, clock, Scene(chance), on_progress).run(tickets)
    except BaseException:
        app.close()
        raise


def _refuse_used_store(app: Ticketing) -> None:
    head = app.store.head()
    if head > 0:
        raise BadInput(f"a simulated world needs an empty store; this one has {head} facts")


def _not_waiting_for_disk(url: str) -> str:
    """The URL with which commits to an SQLite file do not wait: a world cut short by a power cut is simulated anew."""
    return f"{url}?synchronous=normal" if url.startswith("sqlite:") and "?" not in url else url


class _Simulation:
    """The agenda of a world that is running: who sends what next."""

    def __init__(
        self, app: Ticketing, clock: SimulatedClock, scene: Scene, on_progress: Callable[[int], None] | None
    ) -> None:
        self._app = app
        self._clock = clock
        self._scene = scene
        self._on_progress = on_progress or (lambda opened: None)
        self._agenda: list[tuple[datetime, int, Life[None], Step | Confirmation | None]] = []
        self._entered = 0
        self._refused: Counter[str] = Counter()

    def run(self, tickets: int) -> World:
        self._enter(FIRST_DAY + timedelta(hours=7), _reference_published())
        arrivals = sorted([scripted.ARRIVES_AT, *_arrivals(self._scene.chance, tickets - 1)])
        story = scripted.story_case(self._scene, _number(scripted.ARRIVES_AT, arrivals.index(scripted.ARRIVES_AT) + 1))
        for count, at in enumerate(arrivals, 1):
            self._send_until(at)
            number = _number(at, count)
            if number == story.number:
                self._enter(at, scripted.story_life(story))
            else:
                self._enter(at, ticket_life(self._case(number, at)))
            self._on_progress(count)
        self._send_until(LAST_INSTANT)
        self._clock.advance_to(LAST_INSTANT)
        return self._world(tickets, story)

    def _enter(self, at: datetime, life: Life[None], step: Step | Confirmation | None = None) -> None:
        self._entered += 1
        heappush(self._agenda, (at, self._entered, life, step))

    def _send_until(self, end: datetime) -> None:
        """Sends everything that is due by then, in the order of time."""
        while self._agenda and self._agenda[0][0] <= end:
            at, _, life, step = heappop(self._agenda)
            self._clock.advance_to(at)
            try:
                following = next(life) if step is None else life.send(self._send(step))
            except StopIteration:
                pass
            else:
                self._enter(following.when, life, following)
            for begins_at, begun in self._scene.begun:
                self._enter(begins_at, begun)
            self._scene.begun.clear()

    def _send(self, step: Step | Confirmation) -> int:
        """Sends the command; the version of its stream afterwards, 0 after a refusal that was meant.

        Raises:
            RuntimeError: World and rules disagree about what is refused: a mistake in one of them.
        """
        if isinstance(step, Confirmation):
            return self._confirm(step)
        try:
            handled = self._app.handle(step.command)
        except CommandRejected as refusal:
            if refusal.rule != step.refused_by:
                raise RuntimeError(f"{type(step.command).__name__} at {step.when}: {refusal}") from refusal
            self._refused[refusal.rule] += 1
            return 0
        if step.refused_by is not None:
            raise RuntimeError(f"{type(step.command).__name__} at {step.when} was not refused")
        return handled.version

    def _confirm(self, said: Confirmation) -> int:
        """Records whatever is proposed to follow from a dispute; the version of its ticket afterwards."""
        for proposal in self._app.proposals(said.ticket_id, said.dispute_id):
            second = {"approved_by": said.second.id} if proposal.needs_second_person else {}
            self._app.handle(proposal.command(said.actor, said.ticket_id, **second))
        return self._app.ticket(said.ticket_id).version

    def _case(self, number: str, at: datetime) -> Case:
        """A new case: a unit that was here before, or one that was not."""
        chance, returning = self._scene.chance, self._scene.returning
        previous = None
        if returning and chance.happens(0.05):
            previous = returning.pop(chance.whole(0, len(returning) - 1))
        branch = previous.branch if previous is not None else chance.weighted(BRANCHES)
        unit = previous.unit if previous is not None else self._unit(at)
        has_bench = branch in BENCH_OF and not unit.model.is_heavy and chance.happens(0.45)
        place = BENCH_OF[branch] if has_bench else chance.weighted(WORKSHOPS)
        return Case(
            scene=self._scene,
            ticket_id=chance.uuid(),
            number=number,
            branch=branch,
            unit=unit,
            part=chance.one_of(unit.model.parts),
            technician=self._scene.staff("technician", place),
            opened_at=at,
            now=at,
            unit_at=branch,
            previous=previous,
        )

    def _unit(self, at: datetime) -> Unit:
        chance = self._scene.chance
        model = chance.weighted({model: model.weight for model in MODELS})
        bought = at.date() - timedelta(days=chance.whole(10, 1100))
        serial = f"{model.name[0]}{model.name[-1]}{bought:%y%m}-{chance.whole(10**5, 10**6 - 1)}".upper()
        return Unit(model, serial, self._scene.next_id("customer"), chance.weighted(_CUSTOMER_KINDS), bought)

    def _world(self, tickets: int, story: Case) -> World:
        app = self._app
        refusals = (f for f in app.history(story.ticket_id) if type(f.event).__name__ == "ServiceRefused")
        return World(
            app=app,
            now=app.now(),
            tickets=tickets,
            events=app.store.head(),
            refused=dict(sorted(self._refused.items())),
            story_ticket_id=story.ticket_id,
            story_number=story.number,
            refused_at=next(refusals).recorded_at,
        )


def _number(at: datetime, count: int) -> str:
    return f"R-{at:%y}-{count:05}"


def _arrivals(chance: Chance, count: int) -> Iterator[datetime]:
    for _ in range(count):
        day = FIRST_DAY + timedelta(days=chance.whole(0, 363), hours=8)
        yield min(open_at(day + chance.minutes(5, 530)), LAST_INSTANT - timedelta(hours=2))


def _reference_published() -> Life[None]:
    """The reference data on the first day; the changed standards two weeks before they take effect."""
    at = FIRST_DAY + timedelta(hours=7)
    for thing in REFERENCE_DATA:
        yield Step(at, Publish(actor=PUBLISHER, thing=thing))
    for changed in CHANGED_STANDARDS:
        yield Step(changed.effective_from - timedelta(days=14), Publish(actor=PUBLISHER, thing=changed))
