"""A thousand small worlds of known truth, and what the reports say of them; `make worlds` writes docs/figures.md.

    python -m tests.worlds --number 1000 --seed 1
    python -m tests.worlds --seed 1 --only 17

The same seed makes the same worlds. Fewer than a thousand are told, and not written.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.worlds.page import PAGE, Figures, Run, part, said_lines, with_run
from tests.worlds.saying import numbered, said, simply_said, told
from tests.worlds.tally import faults, tallied

_WRITTEN_FROM = 1000
_AT_ONCE = 10


def looked_at(seed: int, number: int) -> tuple[float, Figures, Figures]:
    """The day that the world of that number is asked about, what the reports say of it, and what simpler figures do."""
    world, tickets = numbered(seed, number)
    return world.day, said(world, told(world, tickets)), simply_said(world, tickets)


def _run(seed: int, number: int, processes: int | None) -> Run:
    """Looks at so many worlds, saying how far it has come."""
    began = time.monotonic()
    found = []
    with ProcessPoolExecutor(processes) as pool:
        for one in pool.map(looked_at, [seed] * number, range(number), chunksize=_AT_ONCE):
            found.append(one)
            print(f"\r{len(found)} of {number} worlds, {time.monotonic() - began:.0f} s", end="", flush=True)
    print()
    return Run(seed, *zip(*found, strict=True))


def main() -> int:
    """0 when the figures are as true as they are said to be, 1 otherwise; then the page stays as it was."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--number", type=int, default=_WRITTEN_FROM, help="how many worlds; 1000 unless given")
    parser.add_argument("--seed", type=int, default=1, help="which worlds; 1 unless given")
    parser.add_argument("--only", type=int, help="tell of the world of this number alone")
    parser.add_argument("--processes", type=int, help="as many as there are processors, unless given")
    chosen = parser.parse_args()
    if chosen.only is not None:
        _, reported, simple = looked_at(chosen.seed, chosen.only)
        print(*said_lines(reported, simple), sep="\n")
        return 0
    run = _run(chosen.seed, chosen.number, chosen.processes)
    print(part(run))
    if chosen.number < _WRITTEN_FROM:
        return 0
    found = faults(tallied(run.reported))
    if found:
        print(*found, "the page stays as it was", sep="\n")
        return 1
    PAGE.write_text(with_run(PAGE.read_text(encoding="utf-8"), run), encoding="utf-8")
    print(f"written: {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
