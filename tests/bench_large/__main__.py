"""The long form: `python -m tests.bench_large [ENTRY]` runs one entry or all, and keeps the figures.

They go into `bench-large.json`, entry by entry; what is there of other entries stays. Then
docs/performance.md is written.
"""

import json
import os
import platform
import sqlite3
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench import page
from tests.bench_large.audit import audit
from tests.bench_large.clocks_due import clocks_due
from tests.bench_large.growth import growth_entries
from tests.bench_large.past_reports import past_entries
from tests.bench_large.reports import entries

ENTRIES: Mapping[str, Callable[[], dict[str, object]]] = {
    "audit": audit,
    "clocks_due": clocks_due,
    **entries(),
    **past_entries(),
    **growth_entries(),
}
FIGURES = Path("bench-large.json")


def main(names: list[str]) -> int:
    """Runs the entries named, or all; 2 where there is none of that name."""
    for name in names:
        if name not in ENTRIES:
            print(f"there is no entry {name}; there are {', '.join(ENTRIES)}", file=sys.stderr)
            return 2
    for name in names or ENTRIES:
        keep(name, ENTRIES[name]())
    page.write()
    print(f"written: {FIGURES}, {page.PAGE.name}")
    return 0


def keep(name: str, figures: dict[str, object], path: Path = FIGURES, *, server: str = "") -> None:
    """Writes an entry's figures beside those of others, and the machine, with the server if there is one."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept |= {
        "machine": ", ".join(filter(None, (_machine(), server))),
        "entries": {**kept.get("entries", {}), name: figures},
    }
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def _machine() -> str:
    return (
        f"{os.cpu_count()} cores, {platform.system()} on {platform.machine()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
