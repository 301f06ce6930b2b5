"""The page docs/reliability.md: what a run of `make soak` found, in the form that only the program writes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

from tests.crash.faults import FAULTS, places
from tests.crash.scene import Kind
from tests.crash.verdict import Tally

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"

Tallies = Mapping[tuple[str, Kind], Tally]
"""By the fault's name and the store."""

_TITLE = """\
# What a crash leaves

A crash must lose nothing that was acknowledged and double nothing that was sent, and the rows of every projection must
be those of a fresh fold. `make soak` looks whether that is so: it starts real processes on real stores, kills them with
SIGKILL while they work, looks at what is left, and writes this page.
"""
_RUN = "This run: seed {seed}, {minutes} minutes, {machine}."
_RUN_WRITTEN = re.compile(r"^This run: seed (\d+), (\d+) minutes, (.+)\.$", flags=re.MULTILINE)
_COLUMNS = (
    *("fault", "store", "tried", "sent", "acknowledged", "found", "lost", "doubled"),
    *("rows", "wrong", "seconds"),
)
_READING = """\
- **tried**: how often the fault hit something that was at work. A kill that hit nothing in flight does not count.
- **sent** and **acknowledged**: commands. The others were refused by a rule, such as a number that two want.
- **found**: sent again with the same id because nobody knew their fate, and found to be on record: the answer is the
  first result. Where a fault hits before the commit, the command is recorded when it is sent again.
- **lost**: acknowledged, and not on record at the positions that were told.
- **doubled**: on record more than once, by command id or by content.
- **rows** and **wrong**: rows of five projections held against a fresh fold of the log, and those that differ.
- **seconds**: the longest that it took until all went on; where nothing is said, nothing has to be waited for.
"""
_JUDGED = """\
## How it is judged

A client makes each command from the run's seed, its name and a number. Before it sends one it writes that into a
journal, and what it is told after, and waits for the disk both times. Killed and started again, it repeats the command
whose fate it does not know, with the same id, and goes on. Clients work on tickets of their own, write into tickets
that all share, and contend for numbers; among the commands are late entries, corrections and retractions.

Then the log is read from the first position to the last: every command of a journal is looked for by its id and by a
private text that it alone has, and whatever nobody sent, was rejected, or lacks its text is found. Positions and
versions have no gaps, stamps do not go back, and `ticketing check --full` finds nothing. A run that finds anything
wrong writes no page.
"""
_NOT_CLAIMED = """\
## What this does not show

- **A power cut.** A killed process loses nothing that it had given to the operating system. Both stores ran as they do
  by default: every commit waits for the disk. What a power cut leaves was not tried. With `?synchronous=normal` an
  SQLite store may lose its last commits to one; a server with `fsync=off` may lose its data.
- **A disk that lies**: that reports as written what is not, or gives back something else than was written.
- **A backup that is restored under running processes.** They remember facts that the store no longer has.
- **Several machines.** All processes ran on one; an SQLite file on a network drive is not supported.
"""
_AGAIN = """\
## To run it again

`make soak` runs for ten minutes and writes this page; `SOAK_MINUTES=60 SOAK_SEED=7 make soak` runs for an hour with a
seed of your own. The seed decides what is sent and where a kill is aimed; when exactly it hits is up to the machine, so
a run with the same seed is alike and not the same. The tests try each fault a few times on every run.
"""
_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Run:
    """What the page tells of a run.

    Attributes:
        machine: Its kind: cores and versions.
    """

    seed: int
    minutes: int
    machine: str
    tallies: Tallies


def page(run: Run) -> str:
    """The page; Markdown."""
    said = _RUN.format(seed=run.seed, minutes=run.minutes, machine=run.machine)
    faults = "\n".join(fill(f"- **{fault.name}**: {fault.what}", _WIDTH, subsequent_indent="  ") for fault in FAULTS)
    blocks = (
        *(_TITLE, f"{said}\n", "\n".join(_table(run.tallies)) + "\n", _READING),
        *(f"## The faults\n\n{faults}\n", _JUDGED, _NOT_CLAIMED, _AGAIN),
    )
    return "\n".join(blocks)


def run_on(written: str) -> Run:
    """What a page tells of its run.

    Raises:
        ValueError: It is no such page.
    """
    found = _RUN_WRITTEN.search(written)
    if found is None:
        raise ValueError("the page tells of no run")
    tallies: dict[tuple[str, Kind], Tally] = {}
    for fault, kind in places():
        row = re.search(rf"^\| {re.escape(fault.name)} \| {kind} \| (.+) \|$", written, flags=re.MULTILINE)
        if row is None:
            raise ValueError(f"the page has no row for {fault.name} on {kind}")
        tried, sent, acknowledged, again, lost, doubled, rows, wrong, seconds = row[1].split(" | ")
        tallies[fault.name, kind] = Tally(
            tried=_number(tried),
            sent=_number(sent),
            acknowledged=_number(acknowledged),
            again=_number(again),
            lost=_number(lost),
            doubled=_number(doubled),
            rows=_number(rows),
            wrong=_number(wrong),
            slowest=0.0 if seconds == "–" else float(seconds),
        )
    return Run(int(found[1]), int(found[2]), found[3], tallies)


def _table(tallies: Tallies) -> Iterator[str]:
    yield f"| {' | '.join(_COLUMNS)} |"
    yield f"|---|---|{'---:|' * (len(_COLUMNS) - 2)}"
    for fault, kind in places():
        one = tallies[fault.name, kind]
        numbers = (one.tried, one.sent, one.acknowledged, one.again, one.lost, one.doubled, one.rows, one.wrong)
        seconds = f"{one.slowest:.1f}" if one.slowest else "–"
        yield f"| {' | '.join((fault.name, kind, *(f'{number:,}' for number in numbers), seconds))} |"


def _number(written: str) -> int:
    return int(written.replace(",", ""))
