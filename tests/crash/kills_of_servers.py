"""Kills of servers: one backend of PostgreSQL, on which the server drops all of them, and the server as a whole."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import psycopg

from tests.crash.journal import read_journal
from tests.crash.kills_of_programs import ATTEMPTS
from tests.crash.running import Sizes, until
from tests.crash.scene import Scene
from tests.crash.verdict import Tally

_SELECT_BACKENDS = """
SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid
"""


def kill_backend(at: Scene) -> Tally:
    """Kills one backend; the clients and the daemon are cut off and must find back by themselves."""

    def strike(just_before: Callable[[], None]) -> None:
        with psycopg.connect(at.server.url) as connection:
            backend = at.rng.choice([pid for (pid,) in connection.execute(_SELECT_BACKENDS)])
        just_before()
        with suppress(ProcessLookupError):  # it may have ended by itself
            os.kill(backend, signal.SIGKILL)

    return _kill(at, strike)


def kill_server(at: Scene) -> Tally:
    """Kills the server with all of its processes, and starts it again on its data a moment later."""

    def strike(just_before: Callable[[], None]) -> None:
        at.server.kill(just_before)
        at.linger(0.2)
        at.server.start()

    return _kill(at, strike)


def _kill(at: Scene, strike: Callable[[Callable[[], None]], None]) -> Tally:
    at.add_writers(3, threads=2)
    journal = at.add_daemon("daemon")
    tally = Tally()
    with at.working():
        # One that is cut off while it begins ends: nobody has relied on it yet.
        until(lambda: any(line.kind == "turned" for line in read_journal(journal)), "the daemon does not begin")
        for _ in range(at.kills * ATTEMPTS):
            at.linger(0.2)
            sizes: list[Sizes] = []
            strike(lambda: sizes.extend(writer.sizes() for writer in at.writers))  # noqa: B023 - it is called at once
            seconds = at.until_all_go_on(time.monotonic())
            is_hit = any(writer.was_cut_off(since) for writer, since in zip(at.writers, sizes, strict=True))
            tally += Tally(tried=is_hit, slowest=seconds)
            if tally.tried >= at.kills:
                break
        at.end()
    return tally + at.full_verdict(are_rows_kept_up=True)
