"""The entries that write: `append`, `command` and `import`, each on PostgreSQL and, as rows of their own, on SQLite."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from itertools import count, islice
from random import Random
from uuid import UUID

from tests import examples
from tests.bench import life
from tests.bench.compared import Compared, Turn, in_turn, settle, timed
from tests.bench.places import Kind, Places, require_ours, require_theirs
from tests.bench.plain import RepairTicket, RepairTickets
from ticketing.adapters.private import drawn_uuid
from ticketing.adapters.store import Append
from ticketing.application import Ticketing
from ticketing.domain.values import Envelope

AGAINST = f"eventsourcing {version('eventsourcing')}"
_BATCH = 1000
"""How many facts are imported at a time, on both sides."""

_STAGES = len(life.STEPS)
_NAMES = {"postgresql": "PostgreSQL", "sqlite": "SQLite", "sqlite_normal": "SQLite, ours with synchronous=normal"}


# append


def append(
    places: Places,
    kind: Kind,
    *,
    callers: int,
    aim: float | None = None,
    seconds: float = 1.5,
    repeats: int = 5,
) -> Compared:
    """How many appends of one event callers get done in a second, each to a ticket of its own.

    Args:
        places: Where.
        kind: On which kind of store.
        callers: How many there are.
        aim: As `Compared` has it.
        seconds: How long each turn lasts.
        repeats: How often each side has its turn.
    """

    def ours() -> Turn:
        with places.ours(kind) as app:
            turn, done = _called(callers, lambda caller: _our_appends(app, caller), seconds)
            require_ours(app, {life.ticket_id(caller): done[caller] for caller in range(callers)})
            return turn

    def theirs() -> Turn:
        with places.theirs(kind) as app:
            tickets = [RepairTicket(**life.said(caller, 0)) for caller in range(callers)]
            for ticket in tickets:
                app.save(ticket)
            turn, done = _called(callers, lambda caller: _their_appends(app, tickets[caller]), seconds)
            require_theirs(app, {ticket.id: 1 + done[caller] for caller, ticket in enumerate(tickets)})
            return turn

    our_turns, their_turns = in_turn(ours, theirs, repeats)
    return Compared(
        against=AGAINST,
        told=f"one event is appended at a time, {_by(callers)}, each to a ticket of its own; {_NAMES[kind]}",
        unit="events",
        aim=aim,
        ours=our_turns,
        theirs=their_turns,
    )


def _our_appends(app: Ticketing, caller: int) -> Iterator[Callable[[], object]]:
    stream_id, at = life.ticket_id(caller), life.occurred_at(1)
    random_bytes = Random(caller).randbytes
    for number in count():
        command_id = drawn_uuid(random_bytes)
        fact = Envelope(
            stream_id=stream_id,
            stream_kind="ticket",
            version=number + 1,
            occurred_at=at,
            actor=examples.TECHNICIAN,
            command_id=command_id,
            event=examples.WORK_LOGGED,
        )
        one = Append(
            stream_id=stream_id,
            stream_kind="ticket",
            expected_version=number,
            command_id=command_id,
            command_digest="00" * 32,
            envelopes=(fact,),
        )
        yield partial(app.store.append, [one])


def _their_appends(app: RepairTickets, ticket: RepairTicket) -> Iterator[Callable[[], object]]:
    actor, at = examples.TECHNICIAN, life.occurred_at(1)
    while True:
        ticket.log_work(minutes=45, by=actor.id, role=actor.role, occurred_at=at)
        yield partial(app.save, ticket)


# command


def command(
    places: Places,
    kind: Kind,
    *,
    callers: int,
    tickets: int,
    each: int = 8,
    aim: float | None = None,
    seconds: float = 1.5,
    repeats: int = 5,
) -> Compared:
    """How many commands callers get done in a second, on tickets at all stages of their life.

    Args:
        places: Where.
        kind: On which kind of store.
        callers: Among whom the tickets are shared out.
        tickets: How many there are.
        each: How many commands each ticket gets at most, one in every round.
        aim: As `Compared` has it.
        seconds: How long each turn lasts.
        repeats: How often each side has its turn.
    """
    stages = {ticket: 1 + ticket % (_STAGES - each) for ticket in range(tickets)}

    def rounds(caller: int) -> list[tuple[int, int]]:
        mine = range(caller, tickets, callers)
        return [(ticket, stages[ticket] + number) for number in range(each) for ticket in mine]

    def expected(done: Sequence[int]) -> dict[UUID, int]:
        steps = Counter(ticket for caller in range(callers) for ticket, _ in rounds(caller)[: done[caller]])
        return {life.ticket_id(ticket): stage + steps[ticket] for ticket, stage in stages.items()}

    def ours() -> Turn:
        with places.ours(kind) as app:
            import_ours(app, (one for ticket, stage in stages.items() for one in life.appends(ticket)[:stage]))
            commands = [[life.command(*step) for step in rounds(caller)] for caller in range(callers)]
            turn, done = _called(
                callers, lambda caller: (partial(app.handle, one) for one in commands[caller]), seconds
            )
            require_ours(app, expected(done))
            return turn

    def theirs() -> Turn:
        with places.theirs(kind) as app:
            import_theirs(app, (their_ticket(ticket, stage) for ticket, stage in stages.items()))
            calls = [[_call(*step) for step in rounds(caller)] for caller in range(callers)]
            turn, done = _called(callers, lambda caller: (partial(app.tell, *one) for one in calls[caller]), seconds)
            require_theirs(app, expected(done))
            return turn

    our_turns, their_turns = in_turn(ours, theirs, repeats)
    return Compared(
        against=AGAINST,
        told=(
            f"a ticket is loaded, decided on and appended to, {_by(callers)}, "
            f"of {tickets:,} tickets at all stages of their life; {_NAMES[kind]}"
        ),
        unit="commands",
        aim=aim,
        ours=our_turns,
        theirs=their_turns,
    )


def _call(ticket: int, step: int) -> tuple[UUID, str, dict[str, object]]:
    return life.ticket_id(ticket), life.STEPS[step].call, life.said(ticket, step)


def their_ticket(ticket: int, stages: int = _STAGES) -> RepairTicket:
    """A ticket of theirs with the beginning of its life, not saved yet."""
    made = RepairTicket(**life.said(ticket, 0))
    for step in range(1, stages):
        getattr(made, life.STEPS[step].call)(**life.said(ticket, step))
    return made


def _called(
    callers: int, calls_of: Callable[[int], Iterator[Callable[[], object]]], seconds: float
) -> tuple[Turn, list[int]]:
    """All callers' calls, made at the same time for so long or until there are no more; and how many each made."""

    def called(caller: int) -> list[float]:
        waits = []
        for call in calls_of(caller):
            begun = time.perf_counter()
            call()
            ended = time.perf_counter()
            waits.append(ended - begun)
            if ended > until:
                break
        return waits

    settle()
    with ThreadPoolExecutor(callers) as pool:
        begun = time.perf_counter()
        until = begun + seconds
        waits = list(pool.map(called, range(callers)))
        taken = time.perf_counter() - begun
    done = [len(part) for part in waits]
    return Turn(sum(done) / taken, [wait for part in waits for wait in part]), done


def _by(callers: int) -> str:
    return "by one caller" if callers == 1 else f"by {callers} callers at once"


# import


def imported(places: Places, kind: Kind, *, tickets: int, aim: float | None = None, repeats: int = 5) -> Compared:
    """How many facts of new tickets are stored in a second.

    Args:
        places: Where.
        kind: On which kind of store.
        tickets: How many whole lives there are.
        aim: As `Compared` has it.
        repeats: How often each side has its turn.
    """
    expected = {life.ticket_id(ticket): _STAGES for ticket in range(tickets)}
    appends = [one for ticket in range(tickets) for one in life.appends(ticket)]

    def ours() -> Turn:
        with places.ours(kind) as app:
            turn = timed(len(appends), lambda: import_ours(app, appends))
            require_ours(app, expected)
            return turn

    def theirs() -> Turn:
        with places.theirs(kind) as app:
            made = [their_ticket(ticket) for ticket in range(tickets)]
            turn = timed(len(appends), lambda: import_theirs(app, made))
            require_theirs(app, expected)
            return turn

    our_turns, their_turns = in_turn(ours, theirs, repeats)
    return Compared(
        against=AGAINST,
        told=(
            f"{tickets:,} new tickets of {_STAGES} validated facts each are stored, {_BATCH:,} facts at a time, ours "
            f"each as a command of its own and with its private texts; {_NAMES[kind]}"
        ),
        unit="events",
        aim=aim,
        ours=our_turns,
        theirs=their_turns,
    )


def import_ours(app: Ticketing, appends: Iterable[Append]) -> None:
    """Stores facts of new tickets as an import does."""
    rest = iter(appends)
    while batch := list(islice(rest, _BATCH)):
        app.store.append(batch)


def import_theirs(app: RepairTickets, tickets: Iterable[RepairTicket]) -> None:
    """Saves whole tickets, as many at a time as have so many events."""
    rest = iter(tickets)
    while batch := list(islice(rest, _BATCH // _STAGES)):
        app.save(*batch)
