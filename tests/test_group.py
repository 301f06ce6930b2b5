"""Group commit by itself: who shares a transaction, and what becomes of those whose transaction fails."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event as Signal

import pytest

from tests.store_examples import FakeClock, append, number
from ticketing.adapters.admission import Request, Standing, appends_of, encoded
from ticketing.adapters.codec import Codec
from ticketing.adapters.group import GroupCommit
from ticketing.adapters.store import Append, CommandRepeated, VersionConflict
from ticketing.domain.errors import StoreError
from ticketing.domain.values import Event, Recorded

Facts = list[tuple[Recorded[Event], ...]]
Check = Callable[[Sequence[Append]], None]


class Interrupted(BaseException):
    """What ends a thread in the middle of a transaction."""


def accept(group: Sequence[Append]) -> None:
    """Lets every transaction be committed."""


class ExampleLog:
    """A log in a list, with the tickets of every transaction that was tried.

    Args:
        check: Looks at a transaction before it commits; what it raises undoes the transaction.
    """

    def __init__(self, check: Check = accept) -> None:
        self.tried: list[list[int]] = []
        self.facts: list[Recorded[Event]] = []
        self.may_commit = Signal()
        self.may_commit.set()
        self._commands: dict[object, object] = {}
        self._check = check
        self.group = GroupCommit(self._commit)

    def append(self, *appends: Append) -> Facts:
        return self.group.append(encoded(Codec(), appends))

    def _commit(self, requests: Sequence[Request]) -> None:
        appends = appends_of(requests)
        self.tried.append([tickets[append.stream_id] for append in appends])
        assert self.may_commit.wait(10)
        standing = Standing(
            position=len(self.facts),
            recorded_at=self.facts[-1].recorded_at if self.facts else None,
            versions={fact.stream_id: fact.version for fact in self.facts},
            commands={append.command_id for append in appends if append.command_id in self._commands},
            holders={},
        )
        admitted = standing.admit_each(requests, FakeClock())
        self._check(appends)
        self._commands.update({one.encoded.append.command_id: None for one in admitted})
        self.facts += [fact for one in admitted for fact in one.facts]


tickets = {number(n): n for n in range(20)}


@contextmanager
def waiting(log: ExampleLog, *calls: Sequence[Append]) -> Iterator[list[Future[Facts]]]:
    """Each call in a thread of its own, waiting in this order behind a transaction of ticket 0, which ends with it."""
    log.may_commit.clear()
    with ThreadPoolExecutor(len(calls) + 1) as threads:
        answers = [threads.submit(log.append, append(0, 0))]
        until(lambda: bool(log.tried))
        for number_waiting, call in enumerate(calls, 1):
            answers.append(threads.submit(log.append, *call))
            until(lambda: len(log.group._waiting) == number_waiting)  # noqa: B023 - asked at once
        log.may_commit.set()
        yield answers


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(5_000):
        if is_so():
            return
        time.sleep(0.001)
    raise AssertionError("it did not come to that in five seconds")


def test_a_call_that_nobody_waits_beside_has_a_transaction_of_its_own() -> None:
    log = ExampleLog()
    ((first,),) = log.append(append(1, 0))
    (second, third) = log.append(append(1, 1), append(2, 0))
    assert log.tried == [[1], [1, 2]]
    assert [first, *second, *third] == log.facts


def test_those_who_wait_share_a_transaction_in_the_order_in_which_they_came() -> None:
    log = ExampleLog()
    with waiting(log, [append(1, 0)], [append(2, 0), append(3, 0)], [append(4, 0)]) as answers:
        facts = [[fact for (fact,) in answer.result()] for answer in answers]
    assert log.tried == [[0], [1, 2, 3, 4]]
    assert [len(one) for one in facts] == [1, 1, 2, 1]
    assert [fact for one in facts for fact in one] == log.facts
    assert [fact.position for fact in log.facts] == [1, 2, 3, 4, 5]


def test_a_conflict_is_the_answer_of_its_own_call_alone() -> None:
    log = ExampleLog()
    with waiting(log, [append(1, 0)], [append(2, 0), append(3, 5)], [append(4, 0)]) as answers:
        with pytest.raises(VersionConflict, match="is at version 0, not 5"):
            answers[2].result()
        assert [len(answer.result()) for answer in (answers[1], answers[3])] == [1, 1]
    assert log.tried == [[0], [1, 2, 3, 4]]
    assert [tickets[fact.stream_id] for fact in log.facts] == [0, 1, 4]


def refuse(ticket: int) -> Check:
    """Fails every transaction with facts of one ticket."""

    def check(group: Sequence[Append]) -> None:
        if number(ticket) in {append.stream_id for append in group}:
            raise StoreError(f"ticket {ticket} does not fit on the disk")

    return check


def test_when_a_shared_transaction_fails_each_call_is_tried_alone() -> None:
    log = ExampleLog(refuse(2))
    with waiting(log, [append(1, 0)], [append(2, 0), append(5, 0)], [append(3, 0)], [append(3, 0)]) as answers:
        with pytest.raises(StoreError, match="ticket 2 does not fit"):
            answers[2].result()
        with pytest.raises(CommandRepeated):
            answers[4].result()
        facts = [fact for answer in (answers[0], answers[1], answers[3]) for (fact,) in answer.result()]
    together, *alone = log.tried[1:]
    assert (together, sorted(alone)) == ([1, 2, 5, 3, 3], [[1], [2, 5], [3], [3]])
    assert sorted(facts, key=lambda fact: fact.position) == log.facts
    assert [fact.position for fact in log.facts] == [1, 2, 3]


def test_a_transaction_of_one_call_that_fails_is_not_tried_again() -> None:
    log = ExampleLog(refuse(2))
    with pytest.raises(StoreError, match="ticket 2 does not fit"):
        log.append(append(2, 0))
    assert log.tried == [[2]]
    log.append(append(3, 0))
    assert log.tried == [[2], [3]]


def test_an_error_that_nobody_foresaw_is_told_to_its_own_call_and_stops_no_other() -> None:
    def divide(group: Sequence[Append]) -> None:
        if number(2) in {append.stream_id for append in group}:
            raise ZeroDivisionError

    log = ExampleLog(divide)
    with waiting(log, *([append(ticket, 0)] for ticket in (1, 2, 3))) as answers:
        errors = [answer.exception(10) for answer in answers]
    assert [type(error) for error in errors] == [type(None), type(None), ZeroDivisionError, type(None)]
    assert {tickets[fact.stream_id] for fact in log.facts} == {0, 1, 3}


def test_what_failed_after_a_long_wait_is_not_waited_for_again_by_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticketing.adapters.group._LONG_SECONDS", 0.0)
    log = ExampleLog(refuse(2))
    with waiting(log, *([append(ticket, 0)] for ticket in (1, 2, 3))) as answers:
        errors = [answer.exception(10) for answer in answers]
    assert log.tried == [[0], [1, 2, 3]]
    assert [type(error) for error in errors] == [type(None), StoreError, StoreError, StoreError]


def test_who_is_interrupted_in_a_shared_transaction_leaves_the_others_to_the_next() -> None:
    def interrupt_the_first_group(group: Sequence[Append]) -> None:
        if len(group) == 3:
            raise Interrupted

    log = ExampleLog(interrupt_the_first_group)
    with waiting(log, *([append(ticket, 0)] for ticket in (1, 2, 3))) as answers:
        errors = [answer.exception(10) for answer in answers]
    (interrupted,) = [ticket for ticket, error in enumerate(errors) if error is not None]
    assert isinstance(errors[interrupted], Interrupted)
    others = [ticket for ticket in (1, 2, 3) if ticket != interrupted]
    assert log.tried == [[0], [1, 2, 3], others]
    assert [tickets[fact.stream_id] for fact in log.facts] == [0, *others]
    assert [fact.position for answer in answers if not answer.exception() for (fact,) in answer.result()] == [1, 2, 3]


def test_who_is_interrupted_while_each_is_tried_alone_leaves_the_rest_to_the_next() -> None:
    def check(group: Sequence[Append]) -> None:
        if len(group) == 3:
            raise StoreError("too much at once")
        if log.tried[-1] == [2] and log.tried.count([2]) == 1:
            raise Interrupted

    log = ExampleLog(check)
    with waiting(log, *([append(ticket, 0)] for ticket in (1, 2, 3))) as answers:
        errors = [answer.exception(10) for answer in answers]
    assert log.tried[:2] == [[0], [1, 2, 3]]
    assert [type(error) for error in errors].count(Interrupted) == 1
    # Whoever is told nothing of an error has what he wanted kept, and nobody else has.
    told = {ticket for ticket, error in enumerate(errors) if error is None}
    assert told == {tickets[fact.stream_id] for fact in log.facts}
    assert len(told) == 3


# who comes back


def test_who_commits_next_waits_a_moment_for_those_who_were_answered() -> None:
    log = ExampleLog()
    log.group._callers, log.group._moment_ends_at = 2, time.monotonic() + 30
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(log.append, append(1, 0))
        until(log.group._committing.locked)
        assert (len(log.group._waiting), log.tried) == (1, [])
        log.append(append(2, 0))
        first.result(10)
    assert log.tried == [[1, 2]]


def test_nobody_waits_for_those_who_do_not_come_back() -> None:
    log = ExampleLog()
    log.group._callers, log.group._moment_ends_at = 2, time.monotonic() + 0.05
    log.append(append(1, 0))
    assert log.tried == [[1]]
    log.group._moment_ends_at = time.monotonic() + 30
    log.append(append(2, 0))  # the last to commit was alone
    assert log.tried == [[1], [2]]


def test_who_waits_behind_a_transaction_shares_the_next_with_those_who_were_in_it() -> None:
    log = ExampleLog()
    with waiting(log, [append(1, 0)], [append(2, 0)]):
        pass
    assert log.tried == [[0], [1, 2]]
    assert log.group._callers == 2
    assert log.group._moment_ends_at < time.monotonic() + 1
