"""Ten thousand random tickets, their clocks and ledgers held against the oracle; `make clocks` runs it.

    python -m tests.clock_histories --number 10000 --seed 7
    python -m tests.clock_histories --seed 7 --only 4711

It writes nothing. The same seed makes the same tickets. The first that differs is made as small as it can be, and told.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from random import Random

from tests.clock_differences import differences, smallest, told
from tests.random_clocks import Case, random_case

_AT_ONCE = 100


def numbered(seed: int, number: int) -> Case:
    """The ticket of that number."""
    return random_case(Random(f"{seed}/{number}"))


def first_that_differs(seed: int, numbers: range) -> int | None:
    """The first of these tickets of which engine and oracle say different things, or None."""
    return next((number for number in numbers if differences(numbered(seed, number))), None)


def told_of(seed: int, number: int) -> Iterator[str]:
    """What differs, line by line, and the smallest ticket of which it does."""
    case = numbered(seed, number)
    found = differences(case)
    yield f"ticket {number} of seed {seed}: {len(found)} differences"
    if found:
        small = smallest(case)
        yield from chain(found, ("", "as small as it can be:"), told(small), differences(small))


def _looked_at(seed: int, number: int, processes: int) -> int | None:
    """Looks at so many tickets, saying how far it has come; the first that differs, or None."""
    began = time.monotonic()
    batches = [range(first, min(first + _AT_ONCE, number)) for first in range(0, number, _AT_ONCE)]
    with ProcessPoolExecutor(processes) as pool:
        found = pool.map(first_that_differs, [seed] * len(batches), batches)
        for batch, differing in zip(batches, found, strict=True):
            if differing is not None:
                pool.shutdown(cancel_futures=True)
                return differing
            print(f"\r{batch.stop} of {number} tickets, {time.monotonic() - began:.0f} s", end="", flush=True)
    print(": clocks and ledgers are what the oracle counts")
    return None


def main() -> int:
    """0 when nothing differed, 1 otherwise."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--number", type=int, default=10_000, help="how many tickets; 10000 unless given")
    parser.add_argument("--seed", type=int, default=1, help="which tickets; 1 unless given")
    parser.add_argument("--only", type=int, help="look at the ticket of this number alone")
    parser.add_argument("--processes", type=int, help="as many as there are processors, unless given")
    chosen = parser.parse_args()
    number = chosen.only
    if number is None:
        number = _looked_at(chosen.seed, chosen.number, chosen.processes)
    if number is None:
        return 0
    lines = list(told_of(chosen.seed, number))
    print("", *lines, sep="\n")
    return int(len(lines) > 1)


if __name__ == "__main__":
    sys.exit(main())
