"""The entries that read: `catch_up`, `ticket_rebuild` and `log_replay`, on logs that are filled beforehand.

Theirs has a shorter log of the same tickets: what it does in a second does not depend on how much is left.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

from eventsourcing.application import project_aggregate
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from eventsourcing.projection import ProjectionRunner
from psycopg.sql import SQL, Identifier

from tests.bench import life
from tests.bench.compared import Compared, Turn, in_turn, rate, timed
from tests.bench.places import Places, require_ours, require_theirs
from tests.bench.plain import COLUMNS, RepairTicket, RepairTickets, Turnaround, TurnaroundView
from tests.bench.writing import AGAINST, import_ours, import_theirs, their_ticket
from ticketing.adapters.view import ViewId
from ticketing.application import Ticketing
from ticketing.domain.cuts import surviving
from ticketing.domain.evolve import evolve, fold
from ticketing.domain.ticket import Ticket
from ticketing.projections.built_in import TURNAROUND_ROWS

_STEPS = len(life.STEPS)
_PAGE = 1000
_TIMEOUT_SECONDS = 120.0
Row = tuple[object, ...]


@contextmanager
def our_log(places: Places, tickets: int) -> Iterator[Ticketing]:
    """A log of so many whole lives."""
    with places.ours("postgresql") as app:
        import_ours(app, (one for ticket in range(tickets) for one in life.copied(ticket)))
        require_ours(app, {life.ticket_id(ticket): _STEPS for ticket in range(tickets)})
        yield app


@contextmanager
def their_log(places: Places, tickets: int) -> Iterator[RepairTickets]:
    """The same of theirs."""
    with places.theirs("postgresql") as app:
        import_theirs(app, [their_ticket(ticket) for ticket in range(tickets)])
        require_theirs(app, {life.ticket_id(ticket): _STEPS for ticket in range(tickets)})
        yield app


# catch_up


def catch_up(
    places: Places, *, our_tickets: int, their_tickets: int, aim: float | None = None, repeats: int = 5
) -> Compared:
    """How many events are folded into turnaround rows in a second.

    Raises:
        ValueError: The rows of both differ.
    """
    with our_log(places, our_tickets) as app, their_log(places, their_tickets) as plain:

        def ours() -> Turn:
            app.store.remove_view(ViewId(TURNAROUND_ROWS.name, TURNAROUND_ROWS.version))
            turn = timed(our_tickets * _STEPS, lambda: app.projections.catch_up([TURNAROUND_ROWS]))
            require_count(our_rows(app), our_tickets)
            return turn

        def theirs() -> Turn:
            forget(plain)
            turn = timed(their_tickets * _STEPS, lambda: run(plain))
            rows = their_rows(plain)
            require_count(rows, their_tickets)
            if rows.items() - our_rows(app).items():
                raise ValueError("the rows of both differ")
            return turn

        our_turns, their_turns = in_turn(ours, theirs, repeats)
    return Compared(
        against=f"{AGAINST}, ProjectionRunner",
        told=f"turnaround rows are made of {our_tickets * _STEPS:,} events; PostgreSQL",
        unit="events",
        aim=aim,
        ours=our_turns,
        theirs=their_turns,
    )


def run(plain: RepairTickets) -> None:
    """Runs their projection up to the head of the log."""
    with ProjectionRunner(
        application_class=RepairTickets, projection_class=Turnaround, view_class=TurnaroundView, env=dict(plain.env)
    ) as runner:
        runner.wait(plain.recorder.max_notification_id(), timeout=_TIMEOUT_SECONDS)


def forget(plain: RepairTickets) -> None:
    """Removes their rows."""
    datastore = _datastore(plain)
    with datastore.transaction(commit=True) as cursor:
        for table in ("turnaround", f"{Turnaround.name}_tracking"):
            cursor.execute(SQL("DROP TABLE IF EXISTS {}").format(Identifier(datastore.schema, table)))


def our_rows(app: Ticketing) -> dict[UUID, Row]:
    """What both keep of our rows, by ticket."""
    return {
        row.ticket_id: tuple(getattr(row, name) for name in COLUMNS) for row in app.projections.rows(TURNAROUND_ROWS)
    }


def their_rows(plain: RepairTickets) -> dict[UUID, Row]:
    """The same of theirs."""
    datastore = _datastore(plain)
    names = SQL(", ").join(map(Identifier, COLUMNS))
    statement = SQL("SELECT ticket_id, {} FROM {}").format(names, Identifier(datastore.schema, "turnaround"))
    with datastore.transaction(commit=False) as cursor:
        cursor.execute(statement)
        return {row["ticket_id"]: tuple(row[name] for name in COLUMNS) for row in cursor.fetchall()}


# ticket_rebuild


def ticket_rebuild(places: Places, *, aim: float | None = None, at_least: float = 0.3, repeats: int = 7) -> Compared:
    """How many tickets of twenty events are decoded and folded in a second of processor time.

    Raises:
        ValueError: One side has another ticket than was told.
    """
    with our_log(places, 1) as app, their_log(places, 1) as plain:
        ticket_id = life.ticket_id(0)
        rows, stored = app.store.stored_stream(ticket_id), plain.recorder.select_events(ticket_id)

        def ours() -> Ticket:
            return fold(ticket_id, surviving(app.store.read(rows)))

        def theirs() -> RepairTicket | None:
            return project_aggregate(None, map(plain.mapper.to_domain_event, stored))

        require_same({ticket_id: ours()}, {ticket_id: theirs()})
        our_turns, their_turns = in_turn(
            lambda: Turn(rate(1, ours, at_least=at_least)), lambda: Turn(rate(1, theirs, at_least=at_least)), repeats
        )
    return Compared(
        against=f"{AGAINST}, @event aggregate",
        told=f"a ticket of {len(rows)} events is decoded and folded, counted in processor time",
        unit="tickets",
        aim=aim,
        ours=our_turns,
        theirs=their_turns,
    )


# log_replay


def log_replay(
    places: Places, *, our_tickets: int, their_tickets: int, aim: float | None = None, repeats: int = 5
) -> Compared:
    """How many events of the whole log are read, decoded and folded in a second.

    Raises:
        ValueError: The tickets of both differ.
    """
    with our_log(places, our_tickets) as app, their_log(places, their_tickets) as plain:

        def ours() -> Turn:
            found: list[dict[UUID, Ticket]] = []
            turn = timed(our_tickets * _STEPS, lambda: found.append(replay_ours(app)))
            require_count(found[0], our_tickets)
            return turn

        def theirs() -> Turn:
            found: list[dict[UUID, RepairTicket | None]] = []
            turn = timed(their_tickets * _STEPS, lambda: found.append(replay_theirs(plain)))
            require_count(found[0], their_tickets)
            return turn

        require_same(replay_ours(app), replay_theirs(plain))
        our_turns, their_turns = in_turn(ours, theirs, repeats)
    return Compared(
        against=f"{AGAINST}, @event aggregate",
        told=f"the whole log of {our_tickets * _STEPS:,} events is read in order, decoded and folded; PostgreSQL",
        unit="events",
        aim=aim,
        ours=our_turns,
        theirs=their_turns,
    )


def replay_ours(app: Ticketing) -> dict[UUID, Ticket]:
    """Every ticket as the whole log leaves it."""
    tickets: dict[UUID, Ticket] = {}
    for fact in app.follow():
        ticket = tickets.get(fact.stream_id)
        if ticket is None:
            ticket = tickets[fact.stream_id] = Ticket(fact.stream_id)
        evolve(ticket, fact)
    return tickets


def replay_theirs(plain: RepairTickets) -> dict[UUID, RepairTicket | None]:
    """The same of theirs."""
    tickets: dict[UUID, RepairTicket | None] = {}
    after = 0
    while page := plain.recorder.select_notifications(start=after, limit=_PAGE, inclusive_of_start=False):
        for told in map(plain.mapper.to_domain_event, page):
            tickets[told.originator_id] = project_aggregate(tickets.get(told.originator_id), (told,))
        after = page[-1].id
    return tickets


def require_same(ours: Mapping[UUID, Ticket], theirs: Mapping[UUID, RepairTicket | None]) -> None:
    """Raises `ValueError` unless theirs are as ours, as far as both have them."""
    for ticket_id, their in theirs.items():
        if their is None or _essence(ours[ticket_id]) != _essence(their):
            raise ValueError(f"the tickets of both differ: {ticket_id}")


def require_count(found: Mapping[UUID, object], tickets: int) -> None:
    """Raises `ValueError` unless there are so many."""
    if len(found) != tickets:
        raise ValueError(f"{len(found)} tickets of {tickets} were found")


def _essence(ticket: Ticket | RepairTicket) -> tuple[object, ...]:
    names = ("version", "site", "manufacturer", "opened_at", "handed_back_at", "closed_at", "case", "entitlement")
    return tuple(getattr(ticket, name) for name in names)


def _datastore(plain: RepairTickets) -> PostgresDatastore:
    assert isinstance(plain.recorder, PostgresApplicationRecorder)
    return plain.recorder.datastore
