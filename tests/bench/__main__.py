"""The long form: `python -m tests.bench [ENTRY]` runs one entry or all, prints a table and keeps the figures.

They go into `bench.json`, entry by entry; what is there of other entries stays.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median

from tests.bench.compared import Compared
from tests.bench.due_dates import due_dates
from tests.bench_large.__main__ import keep

ENTRIES: Mapping[str, Callable[[], Compared]] = {"due_dates": due_dates}
FIGURES = Path("bench.json")
_LINE = "{:<12}{:>28}{:>28}{:>20}{:>6}"


def main(names: list[str]) -> int:
    """Runs the entries named, or all; 2 where there is none of that name."""
    for name in names:
        if name not in ENTRIES:
            print(f"there is no entry {name}; there are {', '.join(ENTRIES)}", file=sys.stderr)
            return 2
    found = {name: ENTRIES[name]() for name in names or ENTRIES}
    for name, compared in found.items():
        keep(name, compared.figures(), FIGURES)
    print("\n".join(table(found)))
    print(f"written: {FIGURES}")
    return 0


def table(found: Mapping[str, Compared]) -> Iterator[str]:
    """Two lines an entry: medians, in brackets the least and the most of all repeats; and what was done."""
    yield _LINE.format("entry", "ours per second", "theirs per second", "times", "aim")
    for name, one in found.items():
        yield _LINE.format(name, *map(spread, (one.ours, one.theirs, one.ratios)), f"{one.aim:,.0f}")
        yield f"  against {one.against}: {one.told}"


def spread(rates: Iterable[float]) -> str:
    """The median, the least and the most: `63,120 (61,004–65,310)`."""
    found = list(rates)
    return f"{median(found):,.0f} ({min(found):,.0f}–{max(found):,.0f})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
