"""Kills of programs: a writer, an importer, a daemon in the middle of a page, a leader, a rebuild."""

import time
from functools import partial
from pathlib import Path

from tests.crash import programs
from tests.crash.imported import Undisturbed
from tests.crash.journal import last_line, read_journal, size_bytes
from tests.crash.running import Program, ended, until
from tests.crash.scene import Scene, are_past, wholeness
from tests.crash.seen import PROJECTIONS, SEEN
from tests.crash.verdict import Tally, rows_judged
from ticketing.adapters.projector import view_of
from ticketing.adapters.view import ViewId
from ticketing.application import Ticketing

ATTEMPTS = 10
"""How often a kill is tried for each that shall hit something at work."""

TAKE_OVER_SECONDS = 10.0
"""A lease in SQLite runs for five seconds, who stands by looks every second; the rest is for a busy machine."""


def kill_writer(at: Scene) -> Tally:
    return _kill_writers(at, is_inline=False)


def kill_inline_writer(at: Scene) -> Tally:
    with at.app() as app:
        for projection in PROJECTIONS:
            app.projections.make_inline(projection)
    return _kill_writers(at, is_inline=True)


def _kill_writers(at: Scene, *, is_inline: bool) -> Tally:
    """Kills one writer after the other while the rest goes on, at last all at the same time."""
    at.add_writers(3, threads=2)
    tally = Tally()
    with at.working():
        for _ in range(at.kills * ATTEMPTS):
            victim = at.rng.choice(at.writers)
            at.linger(0.1)
            tally += Tally(tried=victim.kill() and victim.is_waiting)
            if is_inline:
                tally += _inline_is_at_head(at)
            victim.start()
            at.until_all_go_on(time.monotonic(), [victim])
            if tally.tried >= at.kills:
                break
        for writer in at.writers:
            writer.kill()
        with at.app() as app:
            tally += at.verdict(app).amiss
            if is_inline:
                tally += rows_judged(app).amiss
        for writer in at.writers:
            writer.start()
        at.end()
    return tally + at.full_verdict(are_rows_kept_up=is_inline)


def _inline_is_at_head(at: Scene) -> Tally:
    with at.app() as app, app.store.locked() as log:
        head = log.head()
        behind = [projection.name for projection in PROJECTIONS if view_of(log, projection).position() != head]
    return Tally(complaints=tuple(f"{name} is inline and not at the head" for name in behind))


def kill_importer(at: Scene) -> Tally:
    """Kills an import again and again; each time the log must be the beginning of the undisturbed one."""
    log = at.log(cases=60 * at.kills)
    with Ticketing("memory:") as app:
        begun = time.monotonic()
        app.import_log(log.log, log.mapping)
        seconds = time.monotonic() - begun
        undisturbed = Undisturbed.of(app)
    journal = at.folder / "importer.journal"
    importer = Program(at.folder, "importer", programs.bring_in, at.url, log.log, log.mapping, journal)
    tally = Tally()
    with ended([importer]):
        while tally.tried < at.kills and _last_kind(journal) != "ended":
            _start(importer, journal)
            at.linger(seconds / 2)
            is_hit = importer.kill() and _last_kind(journal) != "ended"
            cases = max((line.number for line in read_journal(journal)), default=0)
            with at.app() as app:
                tally += Tally(tried=is_hit) + undisturbed.beginning(app, cases).amiss
        if _last_kind(journal) != "ended":
            importer.start()
            importer.join()
    with at.app() as app:
        app.projections.catch_up()
        return tally + undisturbed.beginning(app, None) + wholeness(app)


def kill_daemon(at: Scene) -> Tally:
    """Kills a daemon while it folds or writes a page, with a writer going on."""
    at.import_history(cases=50)
    at.add_companion()
    journal = at.add_daemon("daemon", page_size=16)
    (daemon,) = at.daemons
    tried = 0
    with at.working():
        for _ in range(at.kills * ATTEMPTS):
            until(partial(_is_in_page, journal, size_bytes(journal)), "the daemon folds nothing")
            at.linger(0.02)
            tried += daemon.kill() and _last_kind(journal) == "page"
            daemon.start()
            if tried >= at.kills:
                break
        at.end()
    return Tally(tried=tried) + at.full_verdict(are_rows_kept_up=True)


def kill_leader(at: Scene) -> Tally:
    """Kills a daemon that leads, with another standing by: what is appended after that must be folded in time."""
    at.add_companion()
    for name in ("one", "two"):
        at.add_daemon(name)
    tally = Tally()
    with at.working(), at.app() as app:
        while tally.tried < at.kills:
            until(partial(_leaders, at, app), "nobody leads")
            at.linger(0.2)
            leader = at.rng.choice(_leaders(at, app))
            leader.kill()
            begun = time.monotonic()
            until(partial(are_past, app, app.store.head()), "nobody takes over")
            seconds = time.monotonic() - begun
            late = (f"the take-over took {seconds:.1f} s",) if seconds > TAKE_OVER_SECONDS else ()
            tally += Tally(tried=1, slowest=seconds, complaints=late)
            leader.start()
        at.end()
    return tally + at.full_verdict(are_rows_kept_up=True)


def _leaders(at: Scene, app: Ticketing) -> list[Program]:
    """The daemons that lead a projection."""
    leaders = {state.leader for state in app.store.views() if state.leader is not None}
    return [daemon for daemon in at.daemons if any(f":{daemon.pid}:" in leader for leader in leaders)]


def kill_rebuild(at: Scene) -> Tally:
    """Kills a rebuild again and again, with a writer going on; it must go on from where it was, and serve meanwhile."""
    at.import_history(cases=60)
    at.add_companion()
    journal = at.folder / "rebuild.journal"
    program = Program(at.folder, "rebuild", programs.rebuild, at.url, journal, 8)
    tally = Tally()
    with at.app() as app:
        app.projections.catch_up()
        served = sum(1 for _ in app.projections.rows(SEEN))
        with at.working(), ended([program]):
            for _ in range(at.kills * ATTEMPTS):
                tally += _kill_one_rebuild(at, app, program, journal)
                if sum(1 for _ in app.projections.rows(SEEN)) < served:
                    tally += Tally(complaints=("rows were missing during a rebuild",))
                if tally.tried >= at.kills:
                    break
            if _last_kind(journal) != "ended":
                program.start()
                program.join()
            at.end()
    return tally + at.full_verdict(are_rows_kept_up=False)


def _kill_one_rebuild(at: Scene, app: Ticketing, program: Program, journal: Path) -> Tally:
    stood = _rebuilt(app)
    begin = _start(program, journal)
    until(lambda: _last_kind(journal) != "began", "the rebuild folds nothing")
    at.linger(0.1)
    is_hit = program.kill() and _last_kind(journal) == "reached"
    reached = [line.number for line in read_journal(journal, begin) if line.kind == "reached"]
    complaints = []
    if reached and reached[0] <= stood:
        complaints.append(f"a rebuild stood at {stood} and began anew")
    if is_hit and 0 < _rebuilt(app) < reached[-1]:
        complaints.append(f"a rebuild had come to {reached[-1]} and stands at {_rebuilt(app)}")
    return Tally(tried=is_hit, complaints=tuple(complaints))


def _rebuilt(app: Ticketing) -> int:
    """How far the rows of a rebuild are; 0 where there is none."""
    states = {state.id: state.position for state in app.store.views()}
    return states.get(ViewId(SEEN.name, SEEN.version, is_next=True), 0)


def _start(program: Program, journal: Path) -> int:
    """Starts a program and waits until it is at work; returns where what it notes from now on begins."""
    begin = size_bytes(journal)
    program.start()
    until(lambda: any(line.kind == "began" for line in read_journal(journal, begin)), "a program does not begin")
    return begin


def _last_kind(journal: Path) -> str | None:
    last = last_line(journal)
    return None if last is None else last.kind


def _is_in_page(journal: Path, begin: int) -> bool:
    return size_bytes(journal) > begin and _last_kind(journal) == "page"
