"""Scene: one store with the programs that run on it, in a folder of its own."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Literal
from uuid import UUID

from tests import postgres
from tests.crash import programs
from tests.crash.commands import Client
from tests.crash.imported import ForeignLog, foreign_log
from tests.crash.journal import read_journal
from tests.crash.running import Program, Writer, ended, until
from tests.crash.seen import PROJECTIONS, SEEN
from tests.crash.verdict import Tally, judged, rows_judged
from ticketing.adapters.view import ViewId
from ticketing.application import Ticketing

Kind = Literal["SQLite", "PostgreSQL"]
_PAUSE_SECONDS = 0.02


@dataclass(slots=True)
class Scene:
    """One store with what runs on it.

    Attributes:
        kills: How often the fault is to be tried here at most.
        rng: Decides when and whom it hits.
        server: Of a store in PostgreSQL.
        known: The commands that were on record before any client sent one.
    """

    folder: Path
    url: str
    seed: int
    kills: int
    rng: Random
    server: postgres.MortalServer
    writers: list[Writer] = field(default_factory=list)
    daemons: list[Program] = field(default_factory=list)
    known: frozenset[UUID] = frozenset()

    def app(self) -> Ticketing:
        """The application on the store."""
        return Ticketing(self.url, projections=[SEEN])

    def log(self, cases: int) -> ForeignLog:
        """A foreign log."""
        return foreign_log(self.folder, self.seed, cases)

    def import_history(self, cases: int) -> None:
        """Imports a log before anything else."""
        log = self.log(cases)
        with self.app() as app:
            app.import_log(log.log, log.mapping)
            self.known = frozenset(fact.command_id for fact in app.follow())

    def add_writers(self, count: int, *, threads: int) -> None:
        """Adds programs that send the commands of so many clients each, as fast as they can."""
        for number in range(count):
            clients = [Client(self.seed, f"c{number}{letter}") for letter in "abcdefgh"[:threads]]
            self._add_writer(clients, pause_seconds=0)

    def add_companion(self) -> None:
        """Adds a program that sends a command now and then, so that there is always something to do."""
        self._add_writer([Client(self.seed, "c")], pause_seconds=_PAUSE_SECONDS)

    def _add_writer(self, clients: Sequence[Client], *, pause_seconds: float) -> None:
        stop = self.folder / "stop-writers"
        self.writers.append(Writer(self.folder, self.url, clients, pause_seconds=pause_seconds, stop=stop))

    def add_daemon(self, name: str, page_size: int = 1000) -> Path:
        """Adds a daemon; returns the journal that it keeps."""
        journal = self.folder / f"{name}.journal"
        stop = self.folder / "stop-daemons"
        self.daemons.append(Program(self.folder, name, programs.keep_up, self.url, journal, page_size, stop))
        return journal

    @contextmanager
    def working(self) -> Iterator[None]:
        """All programs run, and all clients have had answers; whatever still runs at the end is killed."""
        with ended([*self.writers, *self.daemons]):
            for program in (*self.daemons, *self.writers):
                program.start()
            self.until_all_go_on(time.monotonic())
            yield

    def until_all_go_on(self, since: float, writers: Sequence[Writer] | None = None) -> float:
        """Waits until every client has had an answer from now on; returns the seconds since then."""
        asked = [(writer, writer.sizes()) for writer in (self.writers if writers is None else writers)]
        until(lambda: all(writer.has_answers(begin) for writer, begin in asked), "clients get no answers")
        return time.monotonic() - since

    def linger(self, seconds: float) -> None:
        """Lets time pass, up to so much."""
        time.sleep(self.rng.uniform(0, seconds))

    def end(self) -> None:
        """Has every program end by itself: each client with an answer to its last command, daemons at the head."""
        (self.folder / "stop-writers").touch()
        for writer in self.writers:
            writer.join()
        if self.daemons:
            with self.app() as app:
                until(partial(are_past, app, app.store.head() - 1), "no daemon folds the rest")
            (self.folder / "stop-daemons").touch()
            for daemon in self.daemons:
                daemon.join()

    def verdict(self, app: Ticketing) -> Tally:
        """What the log says of what the clients were told, while nobody writes."""
        journals = {client: read_journal(path) for writer in self.writers for client, path in writer.journals.items()}
        return judged(app, journals, self.known)

    def full_verdict(self, *, are_rows_kept_up: bool) -> Tally:
        """The same, with the rows and the store's own check.

        Args:
            are_rows_kept_up: Rows must be at the head already; else they are folded first.
        """
        with self.app() as app:
            if not are_rows_kept_up:
                app.projections.catch_up()
            return self.verdict(app) + wholeness(app)


def wholeness(app: Ticketing) -> Tally:
    """The rows against a fresh fold, and what the store's own check says."""
    return rows_judged(app) + Tally(complaints=tuple(map(str, app.check(is_full=True))))


def are_past(app: Ticketing, position: int) -> bool:
    """Whether the rows of all projections have taken in what follows a position."""
    served = {state.id: state.position for state in app.store.views()}
    return all(served.get(ViewId(one.name, one.version), 0) > position for one in PROJECTIONS)


@contextmanager
def scene(kind: Kind, server: postgres.MortalServer, folder: Path, seed: int, kills: int) -> Iterator[Scene]:
    """An empty store with nothing running."""
    folder.mkdir()
    rng = Random(seed)
    if kind == "SQLite":
        yield Scene(folder, f"sqlite:///{folder / 'store.sqlite'}", seed, kills, rng, server)
    else:
        with postgres.fresh_schema(server.url) as url:
            yield Scene(folder, url, seed, kills, rng, server)
