"""The application on every store: commands, their repetition and their conflicts, and the questions asked of it."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest

from tests.examples import (
    CLOSE_TICKET,
    CORRECT_EVENT,
    DISPUTED_LIFE,
    MAKE_REQUEST,
    MANAGER,
    OPEN_TICKET,
    OPENED,
    OTHER_TICKET,
    PIN_STANDARD,
    RECEIVE_UNIT,
    RECORD_NOTE,
    RETRACT_EVENT,
    SITES,
    STANDARD,
    START,
    START_DIAGNOSIS,
    START_WAIT,
    TECHNICIAN,
    TICKET,
    but,
)
from ticketing.adapters.recent import Recent
from ticketing.application import Handled, Settings, Ticketing
from ticketing.domain import events as e
from ticketing.domain.closure import ReopenTicket
from ticketing.domain.command import Command
from ticketing.domain.errors import BadInput, CommandRejected, Conflict, NotFound, NotReady, StoreError
from ticketing.domain.intake import OpenTicket
from ticketing.domain.publishing import Publish
from ticketing.domain.record import RecordFinding, RecordHostFact, RetractEvent
from ticketing.domain.repair import ExchangeUnit
from ticketing.domain.values import Event, PrivateText, Recorded, SerialNumber
from ticketing.projections.row import Row

HOUR = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)
WRITERS = 8


class Clock:
    """A clock that stands until it is told to go on; what is to happen at its next look happens once."""

    def __init__(self) -> None:
        self.at = START
        self.meanwhile: Callable[[], object] | None = None

    def __call__(self) -> datetime:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(store_url: str, clock: Clock) -> Iterator[Ticketing]:
    with Ticketing(store_url, clock=clock, random_bytes=Random(1).randbytes) as opened:
        yield opened


@pytest.fixture
def opened(app: Ticketing) -> Ticketing:
    app.handle(OPEN_TICKET)
    return app


@pytest.fixture
def other(app: Ticketing, store_url: str, clock: Clock) -> Iterator[Ticketing]:
    """Somebody else's application on the same store; in memory there is only the one."""
    if store_url == "memory:":
        yield app
        return
    with Ticketing(store_url, clock=lambda: clock.at, random_bytes=Random(2).randbytes) as another:
        yield another


def command_id(number: int) -> UUID:
    return UUID(int=(0xC << 124) | number)


def refusal(app: Ticketing, command: Command) -> str:
    with pytest.raises(CommandRejected) as refused:
        app.handle(command)
    return refused.value.rule


def names(facts: tuple[Recorded[Event], ...]) -> list[str]:
    return [type(fact.event).__name__ for fact in facts]


def publish(app: Ticketing) -> None:
    for thing in (STANDARD, *SITES.values()):
        app.handle(Publish(actor=MANAGER, thing=thing))


# commands and questions


def test_a_whole_disputed_life_is_found_by_id_and_by_number(app: Ticketing, clock: Clock) -> None:
    publish(app)
    for command in DISPUTED_LIFE:
        app.handle(command)
        clock.at += HOUR
    ticket = app.ticket(TICKET)
    assert (ticket.case, ticket.outcome, ticket.version) == ("closed", "repaired", len(DISPUTED_LIFE))
    assert app.ticket("R-1001") == app.ticket(str(TICKET)) == ticket
    history = app.history("R-1001", as_recorded=True)
    assert [fact.version for fact in history] == list(range(1, len(DISPUTED_LIFE) + 1))
    assert [fact.occurred_at for fact in history] == [START + n * HOUR for n in range(len(DISPUTED_LIFE))]
    assert history == tuple(fact for fact in app.follow() if fact.stream_id == TICKET)


def test_a_new_ticket_gets_an_id_from_the_injected_randomness(app: Ticketing) -> None:
    handled = app.handle(but(OPEN_TICKET, ticket_id=None))
    assert handled.ticket_id.version == 4
    assert app.find("R-1001") == handled.ticket_id


def test_a_ticket_that_nobody_opened_is_not_found(opened: Ticketing) -> None:
    for unknown in (OTHER_TICKET, str(OTHER_TICKET), "R-7"):
        with pytest.raises(NotFound):
            opened.ticket(unknown)
    assert refusal(opened, but(RECEIVE_UNIT, ticket_id=OTHER_TICKET)) == "unknown-reference"


def test_a_fact_carries_who_said_it_when_and_by_which_command(app: Ticketing, clock: Clock) -> None:
    app.handle(OPEN_TICKET)
    clock.at = (START + HOUR).astimezone(timezone(timedelta(hours=9)))
    (fact,) = app.handle(but(RECEIVE_UNIT, command_id=command_id(5), occurred_at=START)).events
    assert (fact.occurred_at, fact.recorded_at, fact.recorded_at.tzinfo) == (START, START + HOUR, UTC)
    assert (fact.actor, fact.source, fact.command_id) == (RECEIVE_UNIT.actor, "native", command_id(5))
    assert (fact.flags, fact.caused_by, fact.position) == ((), None, 2)


def test_the_log_is_followed_from_any_position_in_pages(store_url: str, clock: Clock) -> None:
    with Ticketing(store_url, clock=clock, settings=Settings(page_size=2)) as app:
        app.handle(OPEN_TICKET)
        for _ in range(6):
            app.handle(RECORD_NOTE)
        assert [fact.position for fact in app.follow()] == [1, 2, 3, 4, 5, 6, 7]
        assert [fact.position for fact in app.follow(4)] == [5, 6, 7]
        assert list(app.follow(7)) == []


def test_a_log_that_is_polled_shows_what_comes_later(opened: Ticketing) -> None:
    facts = opened.follow(poll=timedelta(milliseconds=1))
    assert next(facts).position == 1
    opened.handle(RECORD_NOTE)
    assert next(facts).position == 2


def test_what_was_known_is_cut_by_when_it_was_recorded_and_what_was_true_by_when_it_occurred(
    opened: Ticketing, clock: Clock
) -> None:
    # Version 2 occurs at 10:00 and is recorded at 12:00; version 3, at 13:00, moves it to 11:00.
    clock.at = START + 3 * HOUR
    opened.handle(but(RECEIVE_UNIT, occurred_at=START + HOUR))
    clock.at = START + 4 * HOUR
    at_eleven = (START + 2 * HOUR).isoformat()
    opened.handle(but(CORRECT_EVENT, field="occurred_at", is_=at_eleven))
    for known_at, as_of, custody in (
        (START + 3 * HOUR - MOMENT, None, "outside"),
        (START + 3 * HOUR, None, "in_house"),
        (START + 3 * HOUR, START + HOUR - MOMENT, "outside"),
        (START + 3 * HOUR, START + HOUR, "in_house"),
        (START + 4 * HOUR, START + HOUR, "outside"),
        (START + 4 * HOUR, START + 2 * HOUR, "in_house"),
    ):
        assert opened.ticket(TICKET, known_at=known_at, as_of=as_of).custody == custody
    assert opened.ticket(TICKET, at_version=1).custody == "outside"
    assert opened.ticket(TICKET, at_version=2, as_of=START + HOUR).custody == "in_house"


def test_a_history_shows_the_surviving_facts_or_all_as_recorded(opened: Ticketing) -> None:
    opened.handle(RECEIVE_UNIT)
    opened.handle(RETRACT_EVENT)
    assert names(opened.history(TICKET)) == ["TicketOpened", "EventRetracted"]
    assert names(opened.history(TICKET, as_recorded=True)) == ["TicketOpened", "UnitReceived", "EventRetracted"]
    assert names(opened.history(TICKET, as_recorded=True, at_version=2)) == ["TicketOpened", "UnitReceived"]


def test_nothing_is_said_to_have_occurred_later_than_the_skew_allows(store_url: str, clock: Clock) -> None:
    with Ticketing(store_url, clock=clock, settings=Settings(skew=timedelta(minutes=1))) as app:
        late = START + timedelta(minutes=1)
        assert refusal(app, but(OPEN_TICKET, occurred_at=late + MOMENT)) == "from-the-future"
        app.handle(but(OPEN_TICKET, occurred_at=late))


# the same command again


def test_a_command_that_comes_again_gives_the_first_result_again(opened: Ticketing, clock: Clock) -> None:
    command = but(RECEIVE_UNIT, command_id=command_id(1))
    first = opened.handle(command)
    clock.at += HOUR
    opened.handle(RECORD_NOTE)
    again = opened.handle(command)
    assert not first.is_repeated
    assert again == replace(first, is_repeated=True)
    assert opened.ticket(TICKET).version == 3


def test_an_opening_that_comes_again_finds_the_ticket_that_it_opened(app: Ticketing) -> None:
    command = but(OPEN_TICKET, ticket_id=None, command_id=command_id(1))
    first = app.handle(command)
    assert app.handle(command) == replace(first, is_repeated=True)
    assert len(list(app.follow())) == 1


def test_a_command_that_comes_again_is_not_asked_for_its_version_again(opened: Ticketing) -> None:
    command = but(RECEIVE_UNIT, command_id=command_id(1), expected_version=1)
    opened.handle(command)
    assert opened.handle(command).is_repeated


@pytest.mark.parametrize(
    "changes",
    [
        {"actor": MANAGER},
        {"condition": "another scratch"},
        {"condition": None},
        {"paperwork_complete": True},
        {"occurred_at": START},
        {"ticket_id": OTHER_TICKET},
    ],
)
def test_a_command_id_with_other_content_is_refused(opened: Ticketing, changes: dict[str, object]) -> None:
    sent = RECEIVE_UNIT.model_dump(exclude_unset=True, exclude={"condition", "paperwork_complete"})
    told = {**sent, "command_id": command_id(1), "condition": "a scratch"}
    opened.handle(type(RECEIVE_UNIT).model_validate(told))
    other_content = type(RECEIVE_UNIT).model_validate({**told, **changes})
    assert refusal(opened, other_content) == "command-id-reused"
    assert opened.ticket(TICKET).version == 2


def test_a_command_id_is_not_taken_for_another_command(opened: Ticketing) -> None:
    opened.handle(but(RECEIVE_UNIT, command_id=command_id(1)))
    assert refusal(opened, but(RECORD_NOTE, command_id=command_id(1))) == "command-id-reused"


def test_a_refused_command_leaves_nothing_behind_and_may_be_sent_again(opened: Ticketing) -> None:
    command = but(START_DIAGNOSIS, command_id=command_id(1))
    assert refusal(opened, command) == "not-received"
    assert opened.store.command(command_id(1)) is None
    opened.handle(RECEIVE_UNIT)
    assert not opened.handle(command).is_repeated


def test_a_caller_that_has_not_seen_the_latest_version_is_refused(opened: Ticketing) -> None:
    assert refusal(opened, but(RECEIVE_UNIT, expected_version=0)) == "stale-version"
    assert refusal(opened, but(RECEIVE_UNIT, expected_version=2)) == "stale-version"
    assert opened.handle(but(RECEIVE_UNIT, expected_version=1)).version == 2
    assert refusal(opened, but(OPEN_TICKET, ticket_id=OTHER_TICKET, expected_version=1)) == "stale-version"


# somebody else is first


def test_a_command_is_decided_anew_when_somebody_else_was_first(
    opened: Ticketing, other: Ticketing, clock: Clock
) -> None:
    clock.meanwhile = lambda: other.handle(RECORD_NOTE)
    handled = opened.handle(but(RECEIVE_UNIT, occurred_at=START))
    assert (handled.version, names(opened.history(TICKET))[1:]) == (3, ["NoteRecorded", "UnitReceived"])


def test_a_command_that_was_legal_is_refused_when_somebody_else_was_first(
    opened: Ticketing, other: Ticketing, clock: Clock
) -> None:
    clock.meanwhile = lambda: other.handle(START_WAIT)
    assert refusal(opened, but(START_WAIT, occurred_at=START)) == "wait-already-open"
    assert opened.ticket(TICKET).version == 2


def test_an_expected_version_is_looked_at_anew_when_somebody_else_was_first(
    opened: Ticketing, other: Ticketing, clock: Clock
) -> None:
    clock.meanwhile = lambda: other.handle(RECORD_NOTE)
    assert refusal(opened, but(RECEIVE_UNIT, occurred_at=START, expected_version=1)) == "stale-version"


def test_of_two_that_send_the_same_command_at_once_both_get_the_one_result(
    opened: Ticketing, other: Ticketing, clock: Clock
) -> None:
    command = but(RECEIVE_UNIT, command_id=command_id(1), occurred_at=START)
    first: list[Handled] = []
    clock.meanwhile = lambda: first.append(other.handle(command))
    assert opened.handle(command) == replace(first[0], is_repeated=True)
    assert opened.ticket(TICKET).version == 2


def test_a_number_that_somebody_else_takes_meanwhile_is_refused(app: Ticketing, other: Ticketing, clock: Clock) -> None:
    clock.meanwhile = lambda: other.handle(but(OPEN_TICKET, ticket_id=OTHER_TICKET, serial=None))
    assert refusal(app, but(OPEN_TICKET, serial=None, occurred_at=START)) == "number-taken"
    assert app.find("R-1001") == OTHER_TICKET


def test_a_unit_that_somebody_else_opens_meanwhile_is_refused(app: Ticketing, other: Ticketing, clock: Clock) -> None:
    clock.meanwhile = lambda: other.handle(but(OPEN_TICKET, ticket_id=OTHER_TICKET, number="R-2"))
    assert refusal(app, but(OPEN_TICKET, occurred_at=START)) == "unit-already-open"
    with pytest.raises(NotFound):
        app.ticket(TICKET)


def test_a_command_gives_up_when_others_are_first_every_time(store_url: str, clock: Clock) -> None:
    with Ticketing(store_url, clock=clock, settings=Settings(attempts=3)) as app:
        app.handle(OPEN_TICKET)

        def a_note() -> None:
            app.handle(but(RECORD_NOTE, occurred_at=START))
            clock.meanwhile = a_note

        clock.meanwhile = a_note
        with pytest.raises(Conflict):
            app.handle(but(RECEIVE_UNIT, occurred_at=START))
        clock.meanwhile = None
        assert app.ticket(TICKET).custody == "outside"


# numbers and units


def test_a_number_belongs_to_one_ticket_for_ever(opened: Ticketing) -> None:
    opened.handle(CLOSE_TICKET)
    assert refusal(opened, but(OPEN_TICKET, ticket_id=OTHER_TICKET, serial=None)) == "number-taken"
    found = RecordFinding(ticket_id=TICKET, actor=MANAGER, found_by=MANAGER, event=but(OPENED, number="R-2"))
    opened.handle(found)
    assert opened.ticket(TICKET).number == "R-1001"
    assert refusal(opened, but(OPEN_TICKET, ticket_id=OTHER_TICKET, serial=None)) == "number-taken"


def test_not_even_a_correction_or_a_finding_takes_the_number_of_another_ticket(opened: Ticketing) -> None:
    second = but(OPEN_TICKET, ticket_id=OTHER_TICKET, number="R-2", serial=None)
    opened.handle(second)
    move = {"ticket_id": OTHER_TICKET, "target_version": 1, "field": "number"}
    assert refusal(opened, but(CORRECT_EVENT, **move, is_="R-1001")) == "number-taken"
    opening = but(OPENED, serial=None)
    found = {"ticket_id": OTHER_TICKET, "actor": MANAGER, "found_by": MANAGER}
    assert refusal(opened, RecordFinding.model_validate({**found, "event": opening})) == "number-taken"
    opened.handle(but(CORRECT_EVENT, **move, is_="R-3"))
    assert opened.find("R-3") == OTHER_TICKET


def test_one_ticket_is_open_for_a_unit_and_the_next_when_it_is_closed(opened: Ticketing) -> None:
    second = but(OPEN_TICKET, ticket_id=OTHER_TICKET, number="R-2")
    assert refusal(opened, second) == "unit-already-open"
    opened.handle(CLOSE_TICKET)
    opened.handle(second)
    reopen = ReopenTicket(ticket_id=TICKET, actor=MANAGER, ground="same_fault")
    assert refusal(opened, reopen) == "unit-already-open"


def test_a_unit_cannot_be_exchanged_for_one_that_has_an_open_ticket(opened: Ticketing) -> None:
    opened.handle(but(OPEN_TICKET, ticket_id=OTHER_TICKET, number="R-2", serial="SN002"))
    exchange = ExchangeUnit(ticket_id=TICKET, actor=MANAGER, new_serial=SerialNumber(text="sn 002"))
    assert refusal(opened, exchange) == "unit-already-open"


def test_taking_back_a_closing_is_refused_while_the_unit_has_another_open_ticket(opened: Ticketing) -> None:
    opened.handle(CLOSE_TICKET)
    opened.handle(but(OPEN_TICKET, ticket_id=OTHER_TICKET, number="R-2"))
    retract = RetractEvent(ticket_id=TICKET, actor=MANAGER, target_version=2, reason=PrivateText(text="never closed"))
    assert refusal(opened, retract) == "unit-already-open"


def test_a_finding_of_a_unit_in_two_open_tickets_is_recorded_with_its_flag(opened: Ticketing) -> None:
    opened.handle(CLOSE_TICKET)
    opened.handle(but(OPEN_TICKET, ticket_id=OTHER_TICKET, number="R-2"))
    found = {"ticket_id": TICKET, "actor": MANAGER, "found_by": MANAGER}
    reopened = e.TicketReopened(ground="same_fault")
    (fact,) = opened.handle(RecordFinding.model_validate({**found, "event": reopened})).events
    assert (fact.flags, fact.caused_by) == (("unit-already-open",), "finding:manager:m-1")
    assert opened.ticket(TICKET).case == "open"
    exchanged = e.UnitExchanged(new_serial=SerialNumber(text="sn 001-a"))
    opened.handle(but(OPEN_TICKET, ticket_id=UUID(int=3), number="R-3", serial="another"))
    (fact,) = opened.handle(
        RecordFinding.model_validate({**found, "ticket_id": UUID(int=3), "event": exchanged})
    ).events
    assert fact.flags == ("unit-already-open",)


def test_an_answer_to_a_request_that_nobody_made_does_not_make_it(opened: Ticketing) -> None:
    answered = e.RequestAnswered(request_id="q-1", is_granted=True)
    found = RecordFinding(ticket_id=TICKET, actor=MANAGER, found_by=MANAGER, event=answered)
    (fact,) = opened.handle(found).events
    assert fact.flags == ("unknown-reference",)
    opened.handle(MAKE_REQUEST)


# at once


def at_once(work: Callable[[int], object]) -> list[object]:
    """What each of the writers got, an error included; all begin together."""
    ready = threading.Barrier(WRITERS)

    def one(number: int) -> object:
        ready.wait()
        try:
            return work(number)
        except CommandRejected as refused:
            return refused.rule

    with ThreadPoolExecutor(WRITERS) as writers:
        return list(writers.map(one, range(WRITERS)))


def opening(ticket: int, **fields: object) -> OpenTicket:
    told = {**OPEN_TICKET.model_dump(exclude={"serial", "symptom"}), "ticket_id": UUID(int=ticket + 1), **fields}
    return OpenTicket.model_validate(told)


@pytest.fixture
def apps(app: Ticketing, store_url: str) -> Iterator[list[Ticketing]]:
    """One application for each two writers, where several can open the store."""
    if store_url == "memory:":
        yield [app]
        return
    others = [Ticketing(store_url) for _ in range(WRITERS // 2)]
    yield others
    for another in others:
        another.close()


def test_of_many_that_take_one_number_at_once_one_gets_it(apps: list[Ticketing]) -> None:
    results = at_once(lambda n: apps[n % len(apps)].handle(opening(n)))
    assert results.count("number-taken") == WRITERS - 1
    assert len(list(apps[0].follow())) == 1


def test_of_many_that_open_one_unit_at_once_one_does(apps: list[Ticketing]) -> None:
    spellings = ("sn-1", "SN 1", "Sn1")
    results = at_once(lambda n: apps[n % len(apps)].handle(opening(n, number=f"R-{n}", serial=spellings[n % 3])))
    assert results.count("unit-already-open") == WRITERS - 1
    assert len(list(apps[0].follow())) == 1


def test_threads_that_share_applications_lose_and_mix_nothing(store_url: str, apps: list[Ticketing]) -> None:
    apps[0].handle(OPEN_TICKET)

    def note(writer: int) -> None:
        app = apps[writer % len(apps)]
        for number in range(5):
            while True:
                try:
                    app.handle(
                        but(RECORD_NOTE, command_id=command_id(100 * writer + number), topic=f"{writer}.{number}")
                    )
                    break
                except Conflict:
                    continue

    at_once(note)
    facts = list(apps[0].follow())
    assert [fact.position for fact in facts] == [fact.version for fact in facts] == list(range(1, 5 * WRITERS + 2))
    assert all(one.recorded_at < next_one.recorded_at for one, next_one in pairwise(facts))
    topics = [fact.event.topic for fact in facts if isinstance(fact.event, e.NoteRecorded)]
    assert sorted(topics) == sorted(f"{writer}.{number}" for writer in range(WRITERS) for number in range(5))
    for writer in range(WRITERS):
        own = [topic for topic in topics if topic.startswith(f"{writer}.")]
        assert own == [f"{writer}.{number}" for number in range(5)]


# opening and closing


def test_an_application_gives_its_store_back(sqlite_url: str, postgres_url: str) -> None:
    for url in (sqlite_url, postgres_url):
        with Ticketing(url) as app:
            app.handle(OPEN_TICKET)
        with pytest.raises(StoreError):
            app.handle(RECORD_NOTE)
        with Ticketing(url) as again:
            assert again.ticket("R-1001").ticket_id == TICKET


def test_the_environment_names_the_store_where_none_is_given(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETING_STORE", sqlite_url)
    with Ticketing() as app:
        app.handle(OPEN_TICKET)
    with Ticketing(sqlite_url) as app:
        assert app.ticket(TICKET).number == "R-1001"
    monkeypatch.delenv("TICKETING_STORE")
    with pytest.raises(BadInput, match="TICKETING_STORE"):
        Ticketing()


def test_the_same_commands_clock_and_dice_give_the_same_log(
    store_url: str, clock: Clock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    logs = []
    for url in (store_url, f"sqlite:///{tmp_path_factory.mktemp('second') / 'store.sqlite'}"):
        with Ticketing(url, clock=clock, random_bytes=Random(7).randbytes) as app:
            app.handle(but(OPEN_TICKET, ticket_id=None))
            logs.append(list(app.follow()))
    assert logs[0] == logs[1]


# a host's own projection


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf(Row):
    """Where the host keeps the unit, and everything it was told, in order of occurrence."""

    shelf: str | None = None
    told: tuple[str, ...] = ()


class Shelves:
    name = "shelves"
    version = 1
    row = Shelf

    def apply(self, row: Shelf, fact: Recorded[Event]) -> Shelf:
        told = (*row.told, type(fact.event).__name__)
        if isinstance(fact.event, e.HostFactRecorded):
            return replace(row, told=told, shelf=str(fact.event.data["shelf"]))
        return replace(row, told=told)


class LabelledShelves(Shelves):
    version = 2

    def apply(self, row: Shelf, fact: Recorded[Event]) -> Shelf:
        after = super().apply(row, fact)
        return replace(after, shelf=None if after.shelf is None else f"shelf {after.shelf.removeprefix('shelf ')}")


def put_on_shelf(shelf: str, **more: object) -> RecordHostFact:
    told = {"ticket_id": TICKET, "actor": MANAGER, "namespace": "shop", "name": "Shelved", "data": {"shelf": shelf}}
    return RecordHostFact.model_validate({**told, **more})


@pytest.fixture
def shop(store_url: str, clock: Clock) -> Iterator[Ticketing]:
    """An application with the host's projection and one ticket, which lies on shelf A since 11:00."""
    settings = Settings(page_size=2)
    with Ticketing(store_url, projections=[Shelves()], clock=clock, settings=settings) as opened:
        publish(opened)
        opened.handle(OPEN_TICKET)
        clock.at = START + 4 * HOUR
        opened.handle(put_on_shelf("A", occurred_at=START + 2 * HOUR))
        yield opened


def the_row(app: Ticketing, projection: Shelves | None = None) -> Shelf:
    projections = None if projection is None else [projection]
    assert app.projections.catch_up(projections) == app.store.head()
    (row,) = app.projections.rows(projection or Shelves())
    return row


def test_a_hosts_projection_has_a_row_per_ticket_and_none_for_reference_data(shop: Ticketing) -> None:
    row = the_row(shop)
    assert (row.ticket_id, row.shelf, row.told) == (TICKET, "A", ("TicketOpened", "HostFactRecorded"))
    assert (row.version, row.latest_at) == (2, START + 2 * HOUR)


def test_rows_stand_still_until_they_are_brought_up_to_date(shop: Ticketing) -> None:
    with pytest.raises(NotReady, match="shelves version 1 are being folded for the first time: position 0 of 7"):
        shop.projections.rows(Shelves())
    the_row(shop)
    shop.handle(put_on_shelf("B"))
    assert [row.shelf for row in shop.projections.rows(Shelves())] == ["A"]
    assert the_row(shop).shelf == "B"


def test_a_late_fact_finds_its_place_among_the_earlier_ones(shop: Ticketing) -> None:
    the_row(shop)
    shop.handle(put_on_shelf("B", occurred_at=START + HOUR))
    shop.handle(but(RECEIVE_UNIT, occurred_at=START + HOUR))
    row = the_row(shop)
    assert row.shelf == "A"
    assert row.told == ("TicketOpened", "HostFactRecorded", "UnitReceived", "HostFactRecorded")
    assert row.version == 4


def test_a_correction_and_a_retraction_fold_the_row_anew(shop: Ticketing) -> None:
    the_row(shop)
    shop.handle(put_on_shelf("B"))
    shop.handle(but(CORRECT_EVENT, target_version=3, field="data.shelf", is_="C"))
    assert the_row(shop).shelf == "C"
    shop.handle(but(RETRACT_EVENT, target_version=3))
    row = the_row(shop)
    assert (row.shelf, row.told[-2:]) == ("A", ("EventCorrected", "EventRetracted"))


def test_a_new_version_of_a_projection_is_folded_from_the_first_fact(shop: Ticketing) -> None:
    the_row(shop)
    assert the_row(shop, LabelledShelves()).shelf == "shelf A"
    assert [row.shelf for row in shop.projections.rows(Shelves())] == ["A"]


def test_bringing_rows_up_to_date_tells_how_far_it_has_come(shop: Ticketing) -> None:
    # Five publications and two facts, two to a page.
    reached: list[int] = []
    assert shop.projections.catch_up(on_page=reached.append) == 7
    assert reached == [2, 4, 6, 7]
    assert shop.projections.catch_up(on_page=reached.append) == 7
    assert reached == [2, 4, 6, 7]


# reference data


def test_reference_data_is_published_in_versions_and_loaded(app: Ticketing) -> None:
    handled = app.handle(Publish(actor=MANAGER, thing=STANDARD))
    assert (handled.version, names(handled.events)) == (1, ["StandardPublished"])
    laxer = but(STANDARD, version=5, effective_from=START, tests_before_no_fault=())
    assert app.handle(Publish(actor=MANAGER, thing=laxer, expected_version=1)).version == 2
    assert app.reference.versions("standard", STANDARD.key) == (STANDARD, laxer)
    assert app.reference.one("standard", STANDARD.key) == laxer
    assert app.reference.one("standard", STANDARD.key, 3) == STANDARD
    assert list(app.reference.all("standard")) == [(STANDARD, laxer)]
    assert list(app.reference.all("site")) == []
    for key, version in (("ACME-IS-8", None), (STANDARD.key, 4)):
        with pytest.raises(NotFound):
            app.reference.one("standard", key, version)


def test_publishing_a_version_to_the_letter_again_changes_nothing(app: Ticketing) -> None:
    first = app.handle(Publish(actor=MANAGER, thing=STANDARD))
    again = app.handle(Publish(actor=MANAGER, thing=STANDARD))
    assert (again.ticket_id, again.version, again.events) == (first.ticket_id, 1, ())
    assert again.is_repeated


def test_a_published_version_is_never_edited(app: Ticketing) -> None:
    app.handle(Publish(actor=MANAGER, thing=STANDARD))
    for version in (3, 2):
        edited = but(STANDARD, version=version, title="another")
        assert refusal(app, Publish(actor=MANAGER, thing=edited)) == "already-on-record"
    assert refusal(app, Publish(actor=TECHNICIAN, thing=but(STANDARD, version=4))) == "role-may-not"
    stale = Publish(actor=MANAGER, thing=but(STANDARD, version=4), expected_version=2)
    assert refusal(app, stale) == "stale-version"


def test_a_publication_that_comes_again_by_its_command_gives_the_first_result(app: Ticketing) -> None:
    command = Publish(actor=MANAGER, thing=STANDARD, command_id=command_id(1))
    first = app.handle(command)
    app.handle(Publish(actor=MANAGER, thing=but(STANDARD, version=4, effective_from=START)))
    assert app.handle(command) == replace(first, is_repeated=True)
    reused = but(command, thing=but(STANDARD, version=5))
    assert refusal(app, reused) == "command-id-reused"


def test_nothing_is_published_in_the_future(app: Ticketing) -> None:
    ahead = Publish(actor=MANAGER, thing=STANDARD, occurred_at=START + HOUR)
    assert refusal(app, ahead) == "from-the-future"


def test_an_id_spent_on_a_publication_that_changed_nothing_is_spent(app: Ticketing) -> None:
    app.handle(Publish(actor=MANAGER, thing=STANDARD))
    nothing_new = Publish(actor=MANAGER, thing=STANDARD, command_id=command_id(1))
    assert app.handle(nothing_new).events == ()
    assert app.handle(nothing_new).is_repeated
    assert refusal(app, but(nothing_new, thing=but(STANDARD, version=4))) == "command-id-reused"


def test_reference_data_is_no_ticket(app: Ticketing) -> None:
    stream = app.handle(Publish(actor=MANAGER, thing=STANDARD)).ticket_id
    with pytest.raises(NotFound):
        app.ticket(stream)
    assert refusal(app, but(RECORD_NOTE, ticket_id=stream)) == "unknown-reference"
    assert refusal(app, but(OPEN_TICKET, ticket_id=stream)) == "unknown-reference"


def test_what_was_answered_cannot_be_changed_for_the_next_who_asks(opened: Ticketing) -> None:
    told = RecordHostFact(ticket_id=TICKET, actor=MANAGER, namespace="shop", name="Shelf", data={"shelf": "A"})
    fact = opened.handle(told).events[0].event
    assert isinstance(fact, e.HostFactRecorded)
    with pytest.raises(TypeError, match="does not change"):
        fact.data["shelf"] = "B"
    answered = opened.history(TICKET)[-1].event
    assert isinstance(answered, e.HostFactRecorded)
    with pytest.raises(TypeError, match="does not change"):
        answered.data.clear()


def test_a_found_identification_takes_the_serial_to_the_manufacturer_it_names(opened: Ticketing) -> None:
    renamed = e.UnitIdentified(manufacturer="Bolt")
    opened.handle(RecordFinding(ticket_id=TICKET, actor=MANAGER, found_by=MANAGER, event=renamed))
    same_unit = but(OPEN_TICKET, ticket_id=OTHER_TICKET, number="R-2", manufacturer="Bolt")
    assert refusal(opened, same_unit) == "unit-already-open"


def test_a_standard_is_pinned_once_it_is_published(opened: Ticketing) -> None:
    assert refusal(opened, PIN_STANDARD) == "unknown-reference"
    opened.handle(Publish(actor=MANAGER, thing=STANDARD))
    opened.handle(PIN_STANDARD)


def test_work_is_done_where_the_unit_is_or_in_a_part_of_that_place(opened: Ticketing) -> None:
    opened.handle(RECEIVE_UNIT)
    in_the_next_room = but(START_DIAGNOSIS, actor=but(TECHNICIAN, site="bench-2"))
    assert refusal(opened, in_the_next_room) == "not-received"
    publish(opened)
    opened.handle(in_the_next_room)
    assert refusal(opened, but(START_DIAGNOSIS, actor=but(TECHNICIAN, site="leipzig"))) == "not-received"


# private texts


def test_a_text_is_read_where_it_is_shown_and_erased_for_good(opened: Ticketing) -> None:
    opened.handle(RECORD_NOTE)
    _, noted = opened.history(TICKET)
    assert isinstance(noted.event, e.NoteRecorded)
    assert noted.event.text.text is None
    assert opened.text(noted.event.text) == "the customer is friendly"
    assert opened.text(PrivateText(text="not sealed yet")) == "not sealed yet"
    # The symptom and the serial of the opening, and the note.
    assert opened.erase("R-1001") == 3
    assert opened.text(noted.event.text) == "[erased]"
    assert opened.erase(TICKET) == 0
    with pytest.raises(NotFound):
        opened.text(PrivateText(digest="00" * 32))


def test_erasing_one_ticket_leaves_the_texts_of_another(opened: Ticketing) -> None:
    opened.handle(but(OPEN_TICKET, ticket_id=OTHER_TICKET, number="R-2", serial="another one", symptom="it hums"))
    opened.erase(TICKET)
    (fact,) = opened.history(OTHER_TICKET)
    assert isinstance(fact.event, e.TicketOpened)
    assert fact.event.symptom is not None
    assert opened.text(fact.event.symptom) == "it hums"


def test_a_store_of_many_facts_keeps_only_some_of_them_in_memory(opened: Ticketing) -> None:
    recent = Recent(opened.store, facts=10)
    for number in range(2, 8):
        opened.handle(but(OPEN_TICKET, ticket_id=UUID(int=number), number=f"R-{number}", serial=None))
        for _ in range(3):
            opened.handle(but(RECORD_NOTE, ticket_id=UUID(int=number), command_id=None))
        assert [fact.version for fact in recent.stream(UUID(int=number))] == [1, 2, 3, 4]
        assert sum(map(len, recent._kept.values())) == recent._count <= 10
    assert len(recent.stream(UUID(int=2))) == 4
