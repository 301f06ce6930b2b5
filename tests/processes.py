"""Real processes for tests: made ready one by one, let go at the same moment, ended with the test at the latest."""

import multiprocessing
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Generic, TypeVar

R = TypeVar("R")
Ready = Callable[[], None]
"""Called by the work of a process when it could begin; returns when all are let go."""

ANSWER_SECONDS = 120
# What takes long to import is imported once, in the process that the others are forked from.
PRELOADED = [
    "pytest",
    "tests.race",
    "ticketing.application",
    "ticketing.adapters.postgres",
    "ticketing.adapters.sqlite",
]


@dataclass(frozen=True, slots=True)
class _IsReady:
    """A process waits to be let go."""


@dataclass(frozen=True, slots=True)
class _Answer(Generic[R]):
    """What a process's work gave."""

    value: R


@dataclass(frozen=True, slots=True)
class _Failure:
    """What went wrong in a process, as it would have been printed."""

    trace: str


class Processes(Generic[R]):
    """Processes at their work."""

    def __init__(self, processes: Sequence[ForkServerProcess], pipes: Sequence[Connection], gate: Connection) -> None:
        self._processes = processes
        self._pipes = pipes
        self._gate = gate

    def go(self) -> None:
        """Waits until all are ready, and lets them go."""
        for number in range(len(self._processes)):
            said = self._said(number)
            assert said == _IsReady(), f"a process has not waited to be let go: {said}"
        self._gate.close()  # all of them wait for the end of the same pipe

    def answers(self) -> list[R]:
        """What their work gave, in the order in which they were named."""
        answers = []
        for number in range(len(self._processes)):
            said = self._said(number)
            assert isinstance(said, _Answer), said.trace if isinstance(said, _Failure) else said
            answers.append(said.value)
        return answers

    def _said(self, number: int) -> object:
        try:
            assert self._pipes[number].poll(ANSWER_SECONDS), f"no answer within {ANSWER_SECONDS} seconds"
            return self._pipes[number].recv()
        except EOFError:
            self._processes[number].join(1)
            raise AssertionError(f"a process ended with code {self._processes[number].exitcode}") from None


@contextmanager
def processes(*work: Callable[[Ready], R]) -> Iterator[Processes[R]]:
    """A process for each piece of work; what is named must be importable, or a `partial` of that.

    Whoever is not let go stays where it is; all that still run at the end are killed.
    """
    context = _context()
    with ExitStack() as stack:
        gate, opener = context.Pipe(duplex=False)
        stack.enter_context(opener)
        started = []
        pipes = []
        for one in work:
            pipe, answers = context.Pipe(duplex=False)
            stack.enter_context(pipe)
            process = context.Process(target=_run, args=(one, gate, answers), daemon=True)
            process.start()
            stack.callback(_end, process)
            answers.close()
            started.append(process)
            pipes.append(pipe)
        gate.close()
        yield Processes(started, pipes, opener)


def until(is_so: Callable[[], bool], seconds: float = ANSWER_SECONDS) -> float:
    """Looks until it is so; returns how many seconds that took, or fails when it has been too many."""
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() < begun + seconds, f"not so within {seconds} seconds"
        time.sleep(0.002)
    return time.monotonic() - begun


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def _run(work: Callable[[Ready], R], gate: Connection, answers: Connection) -> None:
    def ready() -> None:
        answers.send(_IsReady())
        gate.poll(None)

    try:
        answer = work(ready)
    except BaseException:  # noqa: BLE001 - the test that started it shall see it
        answers.send(_Failure(traceback.format_exc()))
    else:
        answers.send(_Answer(answer))


def _end(process: ForkServerProcess) -> None:
    process.kill()
    process.join()
    process.close()
