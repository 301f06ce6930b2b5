"""What one entry found: how much a second of processor time does of ours, and of what it is compared with."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Compared:
    """The rates of every repeat, ours and theirs in turn.

    Attributes:
        against: What it is compared with, and its version.
        told: What was done, in one line.
        aim: How many times theirs ours is to be.
        ours: So many a second.
        theirs: So many a second.
    """

    against: str
    told: str
    aim: float
    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """How many times theirs ours was, of every repeat."""
        return tuple(ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True))

    def figures(self) -> dict[str, object]:
        """The medians, with the least and the most of all repeats."""
        rates = {"per_second": self.ours, "their_per_second": self.theirs, "ratio": self.ratios}
        return {
            "against": self.against,
            "told": self.told,
            "aim": self.aim,
            "repeats": len(self.ours),
            **{name: round(median(found), 1) for name, found in rates.items()},
            "spread": {name: [round(min(found), 1), round(max(found), 1)] for name, found in rates.items()},
        }


def rate(done: int, work: Callable[[], object], *, at_least: float = 0.2) -> float:
    """How many are done in a second of this process's own time.

    Args:
        done: How many one call does.
        work: It is called until it has taken so long.
        at_least: So many seconds.
    """
    calls = 0
    begun = time.process_time()
    while (taken := time.process_time() - begun) < at_least:
        work()
        calls += 1
    return done * calls / taken
