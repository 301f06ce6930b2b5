"""Running programs: started, killed, started again; and those that write, each with its clients' journals."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from tests.crash import programs
from tests.crash.commands import Client
from tests.crash.journal import ANSWERS, Line, last_line, read_journal, size_bytes

PATIENCE_SECONDS = 60
_LOOK_SECONDS = 0.003
# What takes long to import is imported once, in the process that the others are forked from.
_PRELOADED = ["pytest", "tests.crash.programs", "ticketing.adapters.sqlite", "ticketing.adapters.postgres"]

Sizes = Mapping[Client, int]


class Program:
    """A program that is run in a process of its own, again and again.

    Args:
        folder: Where it leaves what went wrong.
        name: Its own in the folder.
        program: One of `programs`.
        arguments: Its arguments.
    """

    def __init__(self, folder: Path, name: str, program: Callable[..., None], *arguments: object) -> None:
        self._errors = folder / f"{name}.errors"
        self._program = program
        self._arguments = arguments
        self._process: ForkServerProcess | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def start(self) -> None:
        arguments = (self._program, self._errors, *self._arguments)
        self._process = _context().Process(target=programs.run, args=arguments, daemon=True)
        self._process.start()

    def kill(self) -> bool:
        """Kills it; returns whether it was running until then."""
        if self._process is None:
            return False
        self._process.kill()
        return self._ended() == -signal.SIGKILL

    def join(self) -> None:
        """Waits until it has ended by itself."""
        self._ended()

    def _ended(self) -> int | None:
        """How it ended.

        Raises:
            RuntimeError: It failed, or did not end in time.
        """
        if self._process is None:
            return None
        self._process.join(PATIENCE_SECONDS)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            self._process.join()
        self._process.close()
        self._process = None
        if code not in (0, -signal.SIGKILL):
            said = self._errors.read_text() if self._errors.exists() else "it left no word"
            raise RuntimeError(f"{self._errors.stem} ended with {code}: {said}")
        return code


class Writer(Program):
    """A program that sends the commands of some clients."""

    def __init__(self, folder: Path, url: str, clients: Sequence[Client], *, pause_seconds: float, stop: Path) -> None:
        name = f"writer-{clients[0].name}"
        super().__init__(folder, name, programs.write, url, clients, folder, pause_seconds, stop)
        self.journals = {client: programs.journal_of(folder, client) for client in clients}

    def sizes(self) -> Sizes:
        """How long each client's journal is."""
        return {client: size_bytes(path) for client, path in self.journals.items()}

    def has_answers(self, since: Sizes) -> bool:
        """Whether every client was told something since then."""
        return all(any(line.kind in ANSWERS for line in new) for new in self._new(since).values())

    @property
    def is_waiting(self) -> bool:
        """Whether one of its clients waits for an answer."""
        lasts = [last_line(path) for path in self.journals.values()]
        return any(last is not None and last.kind == "sent" for last in lasts)

    def was_cut_off(self, since: Sizes) -> bool:
        """Whether a client that waited for an answer then got none."""
        for client, new in self._new(since).items():
            last = last_line(self.journals[client], since[client])
            if last is not None and last.kind == "sent" and new and new[0].kind == "unanswered":
                return True
        return False

    def _new(self, since: Sizes) -> dict[Client, list[Line]]:
        return {client: read_journal(path, since[client]) for client, path in self.journals.items()}


def until(is_so: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> float:
    """Looks until it is so.

    Returns:
        How many seconds that took.

    Raises:
        RuntimeError: It took too long.
    """
    begun = time.monotonic()
    while not is_so():
        if time.monotonic() > begun + seconds:
            raise RuntimeError(f"waited {seconds} s in vain: {what}")
        time.sleep(_LOOK_SECONDS)
    return time.monotonic() - begun


@contextmanager
def ended(running: Sequence[Program]) -> Iterator[None]:
    """Whatever of these still runs at the end is killed."""
    try:
        yield
    finally:
        for program in running:
            program.kill()


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context
