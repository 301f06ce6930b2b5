"""Waiting: waits that no other fact shows, one open per cause."""

from tests.examples import CLOSED, END_WAIT, OPENED, REOPENED, START_WAIT, WAIT_ENDED, WAIT_STARTED, but
from tests.spec import given, hour

CAPACITY = but(WAIT_STARTED, cause="capacity")


def test_one_wait_is_open_per_cause() -> None:
    given(OPENED).when(START_WAIT).then(WAIT_STARTED)
    given(OPENED, WAIT_STARTED).when(START_WAIT).then_rejected("wait-already-open")


def test_waits_for_different_causes_overlap() -> None:
    given(OPENED, CAPACITY).when(START_WAIT).then(WAIT_STARTED)
    assert set(given(OPENED, CAPACITY, WAIT_STARTED).ticket.waits) == {"capacity", "parts_manufacturer"}


def test_a_wait_that_ended_may_begin_again() -> None:
    given(OPENED, WAIT_STARTED, WAIT_ENDED).when(START_WAIT).then(WAIT_STARTED)


def test_only_an_open_wait_ends() -> None:
    given(OPENED, WAIT_STARTED).when(END_WAIT).then(WAIT_ENDED)
    given(OPENED).when(END_WAIT).then_rejected("unknown-reference")
    given(OPENED, CAPACITY).when(END_WAIT).then_rejected("unknown-reference")
    given(OPENED, WAIT_STARTED, WAIT_ENDED).when(END_WAIT).then_rejected("unknown-reference")


def test_a_wait_began_when_it_occurred() -> None:
    assert given(OPENED, WAIT_STARTED).ticket.waits["parts_manufacturer"].started_at == hour(1)


def test_closing_ends_every_wait() -> None:
    given(OPENED, WAIT_STARTED, CLOSED, REOPENED).when(START_WAIT).then(WAIT_STARTED)
