"""Two real logs, imported by the mappings in `examples/` into stores that tests read and do not change."""

import csv
import gzip
import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ticketing.application import Ticketing
from ticketing.imports.log_import import ImportReport

EXAMPLES = Path(__file__).parent.parent / "examples"
PHONES = "phone-repair.xes.gz"
HELP_DESK = "helpdesk-italy.csv.gz"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""When all of it is imported and asked about: the same stamps in every run."""


@dataclass(frozen=True, slots=True)
class Imported:
    """An SQLite store with one log in it.

    Attributes:
        log: The file that was imported.
        report: What the import said.
    """

    url: str
    log: Path
    report: ImportReport


def opened(url: str) -> Ticketing:
    return Ticketing(url, clock=lambda: NOW, random_bytes=random.Random(1).randbytes)


def imported(app: Ticketing, log: Path) -> ImportReport:
    """Imports a log, or the first cases of one under the same name."""
    return app.import_log(log, EXAMPLES / f"{log.name.partition('.')[0]}.toml")


def stored(log: Path, folder: Path) -> Imported:
    """A store in that folder with the log in it."""
    url = f"sqlite:///{folder / 'store.sqlite'}"
    with opened(url) as app:
        return Imported(url, log, imported(app, log))


def first_phones(log: Path, folder: Path, cases: int) -> Path:
    """A log of the first cases of the phone log."""
    text = gzip.decompress(log.read_bytes()).decode()
    end = [found.end() for found in re.finditer(r"</trace>", text)][cases - 1]
    with gzip.open(folder / PHONES, "wt", encoding="utf-8") as file:
        file.write(f"{text[:end]}</log>")
    return folder / PHONES


def first_of_help_desk(log: Path, folder: Path, cases: int) -> Path:
    """A log of all rows of the first cases of the help-desk log."""
    with gzip.open(log, "rt", encoding="utf-8", newline="") as file, gzip.open(folder / HELP_DESK, "wt") as shorter:
        reader = csv.DictReader(file)
        writer = csv.DictWriter(shorter, reader.fieldnames or ())
        writer.writeheader()
        kept: set[str] = set()
        for row in reader:
            if row["Case ID"] in kept or len(kept) < cases:
                kept.add(row["Case ID"])
                writer.writerow(row)
    return folder / HELP_DESK
