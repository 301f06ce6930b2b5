"""Programs: what the processes do that are killed. Each runs until it is done, is told to stop, or is killed."""

import logging
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Event as Flag
from threading import Thread

from tests.crash.commands import Client
from tests.crash.journal import Journal, Line, in_doubt, read_journal
from tests.crash.seen import PROJECTIONS, SEEN, Seen
from ticketing.adapters.daemon import Turn
from ticketing.application import Settings, Ticketing
from ticketing.domain.errors import CommandRejected, Conflict, StoreError
from ticketing.imports.log_import import Progress

LIFETIME_SECONDS = 240
"""Nobody is left running by a harness that was killed itself."""

_AGAIN_SECONDS = 0.02


def run(program: Callable[..., None], errors: Path, *arguments: object) -> None:
    """Runs a program; what goes wrong is left in a file."""
    signal.alarm(LIFETIME_SECONDS)
    logging.basicConfig(filename=errors.with_suffix(".log"))
    try:
        program(*arguments)
    except BaseException:  # noqa: BLE001 - who started it shall see it
        errors.write_text(traceback.format_exc())
        raise SystemExit(1) from None


def write(url: str, clients: Sequence[Client], folder: Path, pause_seconds: float, stop: Path) -> None:
    """Sends each client's commands, in a thread each, until the file `stop` is there."""
    with closing(_opened(url)) as app:
        failed: list[str] = []
        threads = [Thread(target=_write, args=(app, client, folder, pause_seconds, stop, failed)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failed:
        raise RuntimeError("\n".join(failed))


def _write(app: Ticketing, client: Client, folder: Path, pause_seconds: float, stop: Path, failed: list[str]) -> None:
    try:
        with Journal(journal_of(folder, client), is_synced=True) as journal:
            for _ in _answered(app, client, journal, read_journal(journal_of(folder, client)), stop):
                time.sleep(pause_seconds)
    except Exception:  # noqa: BLE001 - the process shall fail with it, not only this thread
        failed.append(traceback.format_exc())


def journal_of(folder: Path, client: Client) -> Path:
    """Where a client's journal is."""
    return folder / f"{client.name}.journal"


def _answered(app: Ticketing, client: Client, journal: Journal, lines: list[Line], stop: Path) -> Iterator[int]:
    """Sends first the command whose fate is unknown, with the same id, then what follows; each number once answered."""
    unknown = in_doubt(lines)
    number = max((line.number + 1 for line in lines if line.kind == "sent"), default=0) if unknown is None else unknown
    journal.note(Line(kind="began"))
    while unknown is not None or not stop.exists():
        journal.note(Line(kind="sent", number=number))
        said = answer(app, client, number)
        journal.note(said)
        if said.kind == "unanswered":
            unknown = number
            time.sleep(_AGAIN_SECONDS)
        else:
            unknown = None
            yield number
            number += 1


def answer(app: Ticketing, client: Client, number: int) -> Line:
    """What a client is told that sends its command of a number."""
    try:
        handled = app.handle(client.command(number))
    except CommandRejected as rejected:
        return Line(kind="rejected", number=number, said=rejected.rule)
    except (StoreError, Conflict) as error:
        return Line(kind="unanswered", number=number, said=str(error))
    positions = (handled.events[0].position, handled.events[-1].position)
    return Line(kind="acknowledged", number=number, positions=positions, is_repeated=handled.is_repeated)


def bring_in(url: str, log: Path, mapping: Path, journal: Path) -> None:
    """Imports a log."""
    with closing(_opened(url)) as app, Journal(journal, is_synced=True) as journal_file:
        journal_file.note(Line(kind="began"))

        def tell(progress: Progress) -> None:
            if progress.step == "storing":
                journal_file.note(Line(kind="reached", number=progress.done))

        app.import_log(log, mapping, on_progress=tell)
        journal_file.note(Line(kind="ended"))


def keep_up(url: str, journal: Path, page_size: int, stop: Path) -> None:
    """Is a daemon until the file `stop` is there; tells when a page is begun and when it has been written."""
    is_in_page = False
    with ExitStack() as stack:
        kept = stack.enter_context(Journal(journal, is_synced=False))

        def fact() -> None:
            nonlocal is_in_page
            if not is_in_page:
                is_in_page = True
                kept.note(Line(kind="page"))

        def turned(turn: Turn) -> None:
            nonlocal is_in_page
            is_in_page = False
            if turn.position is not None:
                kept.note(Line(kind="turned", number=turn.position))
            if stop.exists():
                told.set()

        told = Flag()
        seen = Seen(fact)
        app = stack.enter_context(_opened(url, seen, page_size))
        kept.note(Line(kind="began"))
        app.projections.run(told, [seen, *PROJECTIONS[1:]], on_turn=turned)


def rebuild(url: str, journal: Path, page_size: int) -> None:
    """Rebuilds the rows of `Seen`; where another rebuild still has the lead, it waits for that."""
    with closing(_opened(url, page_size=page_size)) as app, Journal(journal, is_synced=False) as kept:
        kept.note(Line(kind="began"))
        while True:
            try:
                app.projections.rebuild(
                    SEEN, on_progress=lambda progress: kept.note(Line(kind="reached", number=progress.done))
                )
            except Conflict:
                time.sleep(_AGAIN_SECONDS)
            else:
                break
        kept.note(Line(kind="ended"))


def _opened(url: str, seen: Seen = SEEN, page_size: int = 1000) -> Ticketing:
    """The application, as soon as the store can be opened."""
    while True:
        try:
            return Ticketing(url, projections=[seen], settings=Settings(page_size=page_size))
        except StoreError:
            time.sleep(_AGAIN_SECONDS)
