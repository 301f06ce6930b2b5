"""The long form: every fault on every store, again and again for its share of the time. `make soak` runs it.

`SOAK_MINUTES` says for how long in all, if each can be tried once in that; `SOAK_SEED` makes another run alike.
"""

import os
import platform
import secrets
import shutil
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import psycopg

from tests import postgres
from tests.crash.faults import places, strike
from tests.crash.page import PAGE, Run, page
from tests.crash.scene import Kind
from tests.crash.verdict import Tally

_TIMES = 5
"""How often a fault hits what runs on one store."""


def main() -> int:
    """Runs it, tells how it goes, and writes the page; 1 if anything is wrong, and then the page stays as it was."""
    minutes = int(os.environ.get("SOAK_MINUTES", "10"))
    seed = int(os.environ.get("SOAK_SEED", secrets.randbelow(10**6)))
    print(f"SOAK_SEED={seed} SOAK_MINUTES={minutes}", flush=True)
    begun = time.monotonic()
    with postgres.mortal_server() as server:
        tallies = _tallies(server, seed, minutes * 60)
        machine = _machine(server.url)
    if not all(tally.is_clean for tally in tallies.values()):
        print("something is wrong; the page stays as it was")
        return 1
    PAGE.write_text(page(Run(seed, max(1, round((time.monotonic() - begun) / 60)), machine, tallies)), encoding="utf-8")
    print(f"written: {PAGE}")
    return 0


def _tallies(server: postgres.MortalServer, seed: int, seconds: float) -> dict[tuple[str, Kind], Tally]:
    """What comes of every fault on every store, each struck for its share of the time and at least once."""
    begun = time.monotonic()
    tallies = {}
    everywhere = list(places())
    for number, (fault, kind) in enumerate(everywhere, 1):
        rng = Random(f"{seed} {fault.name} {kind}")
        tally = Tally()
        while not tally.tried or time.monotonic() < begun + seconds * number / len(everywhere):
            folder = Path(tempfile.mkdtemp(prefix="ticketing-crash-"))
            one = strike(fault, kind, server, folder, seed=rng.getrandbits(30), times=_TIMES)
            tally += one
            if not one.is_clean:
                print(f"{fault.name}, {kind}:", *one.complaints, f"left in {folder}", sep="\n  ", flush=True)
                break
            shutil.rmtree(folder)
        print(f"{fault.name}, {kind}: {_said(tally)}", flush=True)
        tallies[fault.name, kind] = tally
    return tallies


def _said(tally: Tally) -> str:
    return (
        f"tried {tally.tried}, sent {tally.sent:,}, acknowledged {tally.acknowledged:,}, "
        f"lost {tally.lost}, doubled {tally.doubled}, rows {tally.rows:,}, wrong {tally.wrong}"
    )


def _machine(server_url: str) -> str:
    with psycopg.connect(server_url) as connection:
        version = connection.info.server_version
    return (
        f"{os.cpu_count()} cores, {platform.system()} on {platform.machine()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, PostgreSQL {version // 10_000}.{version % 10_000}"
    )


if __name__ == "__main__":
    sys.exit(main())
