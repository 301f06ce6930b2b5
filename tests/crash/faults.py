"""Faults: what goes wrong while programs run, on which stores it is tried, and how the page tells it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.crash import kills_of_programs, kills_of_servers, lost_answers
from tests.crash.scene import Kind, Scene, scene
from tests.crash.verdict import Tally
from tests.postgres import MortalServer

_SCENES = 10
"""How many scenes are set for a fault at most, until it has hit often enough."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        what: What it is, how it is caused, and when it counts as tried.
        strike: Does it to a scene, up to `Scene.kills` times, and judges what is left.
        leaves_lead: Whether it kills who leads a view: in SQLite a lease of five seconds must run out each time.
    """

    name: str
    what: str
    stores: tuple[Kind, ...]
    strike: Callable[[Scene], Tally]
    leaves_lead: bool = False


_BOTH: tuple[Kind, ...] = ("SQLite", "PostgreSQL")
_SERVER: tuple[Kind, ...] = ("PostgreSQL",)

FAULTS = (
    Fault(
        "writer killed",
        "Three processes send commands, each from two threads that share transactions. One is killed while the others "
        "go on, at last all at the same time, and the store is looked at before any is started again. It counts as "
        "tried when a client of the process waited for an answer.",
        _BOTH,
        kills_of_programs.kill_writer,
    ),
    Fault(
        "writer killed, inline projections",
        "The same on a store that keeps the rows of every projection inline. After each kill all rows are at the head "
        "of the log, and nobody has to fold what is left.",
        _BOTH,
        kills_of_programs.kill_inline_writer,
    ),
    Fault(
        "import killed",
        "A log is imported, and the import killed and started again until it gets to the end. After each kill the "
        "store has the beginning of what an undisturbed import puts on record, at the end all of it: the same facts "
        "at the same positions, but for the times of recording and what comes of the store's key and salts. "
        "Each row of the log is a command; acknowledged are those of the cases that the import has told of as stored.",
        _BOTH,
        kills_of_programs.kill_importer,
    ),
    Fault(
        "daemon killed in a page",
        "A daemon folds a log into the rows of five projections, with a writer going on, and is killed and started "
        "again. It counts as tried when it had begun a page and not ended it.",
        _BOTH,
        kills_of_programs.kill_daemon,
        leaves_lead=True,
    ),
    Fault(
        "leader killed",
        "Of two daemons one that leads is killed, with a writer going on. The seconds are those until the rows of all "
        "projections had taken in what was appended after the kill: in SQLite a lease must run out, in PostgreSQL "
        "the server notices that the connection is gone.",
        _BOTH,
        kills_of_programs.kill_leader,
        leaves_lead=True,
    ),
    Fault(
        "rebuild killed",
        "A projection is rebuilt, with a writer going on; the rebuild is killed and started again. It must go on "
        "behind what it had folded, and the old rows must be served meanwhile. It counts as tried when the rebuild "
        "had begun to fold and not ended.",
        _BOTH,
        kills_of_programs.kill_rebuild,
        leaves_lead=True,
    ),
    Fault(
        "backend killed",
        "One process of the server that serves a connection is killed; the server then ends all connections and "
        "recovers from its log. Three processes of writers and a daemon must find back by themselves. It counts as "
        "tried when a client that waited was cut off. The seconds are those until every client had an answer again; "
        "most of them are the server's own recovery.",
        _SERVER,
        kills_of_servers.kill_backend,
    ),
    Fault(
        "server killed",
        "All processes of the server are killed at once, and it is started again on its data up to 0.2 seconds later. "
        "It counts as tried as with the backend; the seconds begin when the server is back.",
        _SERVER,
        kills_of_servers.kill_server,
    ),
    Fault(
        "acknowledgement lost",
        "Between client and server a proxy lets a commit through and cuts the connection before the server's answer. "
        "The client gets an error, sends the command again, and is given the first result.",
        _SERVER,
        lost_answers.lose_answer,
    ),
    Fault(
        "shared acknowledgement lost",
        "The same with six threads of one process whose commands are committed together. What each of them is told is "
        "true, and who is told nothing gets the first result when it sends its command again.",
        _SERVER,
        lost_answers.lose_shared_answer,
    ),
)


def places() -> Iterator[tuple[Fault, Kind]]:
    """Every fault on every store that it is tried on."""
    for fault in FAULTS:
        for kind in fault.stores:
            yield fault, kind


def strike(fault: Fault, kind: Kind, server: MortalServer, folder: Path, *, seed: int, times: int) -> Tally:
    """What comes of a fault that hits something so many times; it is no tally to be trusted if it never did.

    Args:
        fault: Which.
        kind: On which store.
        server: For stores in PostgreSQL.
        folder: Empty; what is left in it tells what happened.
        seed: Of all that is left to chance but the timing of processes.
        times: How often it shall hit.
    """
    tally = Tally()
    for number in range(_SCENES):
        with scene(kind, server, folder / f"scene-{number}", seed + number, times - tally.tried) as at:
            try:
                tally += fault.strike(at)
            except RuntimeError as error:  # something ended, or did not go on
                with at.app() as app:
                    return tally + Tally(complaints=(str(error),)) + at.verdict(app)
        if tally.tried >= times:
            return tally
    return tally + Tally(complaints=(f"{fault.name}: hit something {tally.tried} times of {times}",))
