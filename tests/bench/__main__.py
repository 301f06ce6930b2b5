"""The long form: `python -m tests.bench [ENTRY]` runs one entry or all, prints a table and keeps the figures.

They go into `bench.json`, entry by entry; what is there of other entries stays. After each,
docs/performance.md is written.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench import page, places
from tests.bench.compared import HEADING, told
from tests.bench.due_dates import due_dates
from tests.bench.import_time import import_time
from tests.bench.places import Places
from tests.bench.reading import catch_up, log_replay, ticket_rebuild
from tests.bench.writing import append, command, imported
from tests.bench_large.__main__ import keep

Entry = Callable[[Places], dict[str, object]]
ENTRIES: Mapping[str, Entry] = {
    "append_64_threads": lambda at: append(at, "postgresql", callers=64, aim=15).figures(),
    "command_1_thread": lambda at: command(at, "postgresql", callers=1, tickets=200, aim=2).figures(),
    "command_64_threads": lambda at: command(at, "postgresql", callers=64, tickets=1000, seconds=4, aim=6).figures(),
    "import": lambda at: imported(at, "postgresql", tickets=1000, aim=4).figures(),
    "catch_up": lambda at: catch_up(at, our_tickets=10_000, their_tickets=100, aim=40, repeats=3).figures(),
    "ticket_rebuild": lambda at: ticket_rebuild(at, aim=3).figures(),
    "log_replay": lambda at: log_replay(at, our_tickets=2000, their_tickets=1000, aim=3).figures(),
    "append_sqlite": lambda at: append(at, "sqlite", callers=1, repeats=3).figures(),
    "command_sqlite": lambda at: command(at, "sqlite", callers=1, tickets=500, repeats=3).figures(),
    "import_sqlite": lambda at: imported(at, "sqlite", tickets=1000, repeats=3).figures(),
    "append_sqlite_normal": lambda at: append(at, "sqlite_normal", callers=1, repeats=3).figures(),
    "command_sqlite_normal": lambda at: command(at, "sqlite_normal", callers=1, tickets=500, repeats=3).figures(),
    "import_sqlite_normal": lambda at: imported(at, "sqlite_normal", tickets=1000, repeats=3).figures(),
    "due_dates": lambda at: due_dates().figures(),
    "import_time": lambda at: import_time(),
}
FIGURES = Path("bench.json")


def main(names: list[str]) -> int:
    """Runs the entries named, or all; 2 where there is none of that name."""
    for name in names:
        if name not in ENTRIES:
            print(f"there is no entry {name}; there are {', '.join(ENTRIES)}", file=sys.stderr)
            return 2
    print(HEADING, flush=True)
    with places.opened() as at:
        for name in names or ENTRIES:
            figures = ENTRIES[name](at)
            keep(name, figures, FIGURES, server=at.server())
            page.write()
            print("\n".join(told(name, figures)), flush=True)
    print(f"written: {FIGURES}, {page.PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
