"""What a process has in memory may be behind the log: no answer shows it, and no command is decided on it alone."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.examples import (
    OPEN_TICKET,
    OTHER_TICKET,
    RECEIVE_UNIT,
    RECORD_NOTE,
    START,
    START_DIAGNOSIS,
    TICKET,
    but,
)
from ticketing.application import Ticketing
from ticketing.domain.command import TicketCommand
from ticketing.domain.errors import CommandRejected


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    return found


@pytest.fixture
def here(url: str) -> Iterator[Ticketing]:
    """An application that has a ticket in memory, just opened."""
    with Ticketing(url, clock=lambda: START) as app:
        app.handle(OPEN_TICKET)
        yield app


@pytest.fixture
def there(here: Ticketing, url: str) -> Iterator[Ticketing]:
    """Another process."""
    with Ticketing(url, clock=lambda: START) as app:
        yield app


def test_a_command_that_memory_alone_would_refuse_is_let_in(here: Ticketing, there: Ticketing) -> None:
    there.handle(RECEIVE_UNIT)
    assert here.handle(START_DIAGNOSIS).version == 3  # a unit is looked at in house, and memory has it outside
    assert here.ticket(TICKET).work == "diagnosing"


def test_a_command_that_memory_alone_would_let_in_is_refused(here: Ticketing, there: Ticketing) -> None:
    there.handle(RECEIVE_UNIT)
    with pytest.raises(CommandRejected):
        here.handle(RECEIVE_UNIT)
    assert here.ticket(TICKET).version == 2


def test_a_command_that_both_let_in_follows_what_the_log_has(here: Ticketing, there: Ticketing) -> None:
    for app, version in ((there, 2), (here, 3), (there, 4), (here, 5)):
        assert app.handle(RECORD_NOTE).version == version
    assert [fact.version for fact in here.history(TICKET)] == [1, 2, 3, 4, 5]


def test_a_callers_version_is_held_against_the_log(here: Ticketing, there: Ticketing) -> None:
    there.handle(RECORD_NOTE)
    assert here.handle(but(RECORD_NOTE, expected_version=2)).version == 3
    there.handle(RECORD_NOTE)
    with pytest.raises(CommandRejected, match="the stream is at version 4, not 3"):
        here.handle(but(RECORD_NOTE, expected_version=3))


@pytest.mark.parametrize("command", [RECEIVE_UNIT, RECORD_NOTE], ids=["no longer allowed", "allowed again"])
def test_a_command_that_another_process_has_handled_gives_its_first_result(
    here: Ticketing, there: Ticketing, command: TicketCommand
) -> None:
    sent = but(command, command_id=uuid4())
    first = there.handle(sent)
    for app in (here, here, there):  # memory is behind, and then it is not
        again = app.handle(sent)
        assert (again.is_repeated, again.events) == (True, first.events)
    with pytest.raises(CommandRejected, match="was sent before with other content"):
        here.handle(but(sent, actor=sent.actor.model_copy(update={"site": "leipzig"})))


def test_a_number_that_another_process_has_given_is_refused(here: Ticketing, there: Ticketing) -> None:
    other = but(OPEN_TICKET, ticket_id=OTHER_TICKET, number="R-2", serial=None)
    there.handle(other)
    with pytest.raises(CommandRejected, match="R-2"):
        here.handle(but(other, ticket_id=None))
