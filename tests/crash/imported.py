"""A log for imports that are killed, and what is on record of it, to be held against another store's."""

import csv
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from tests.crash.verdict import Tally
from ticketing.adapters.private import private_parts
from ticketing.application import Ticketing
from ticketing.domain.values import Envelope, Event, Recorded, SerialNumber

_BEGIN = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
_COLUMNS = ("case", "activity", "time", "who", "what")
_MAPPING = """
source = "shop"

[columns]
case = "case"
activity = "activity"
time = "time"
actor = "who"

[time]
format = "%Y-%m-%d %H:%M"
zone = "UTC"

[actor]
pseudonym = false

[opening]
site = "berlin"
manufacturer = "acme"

[[activity]]
name = "take in"
events = [{ event = "UnitReceived", site = "berlin" }]

[[activity]]
name = "read serial"
events = [{ event = "UnitIdentified", serial = { column = "what" } }]

[[activity]]
name = "say"
events = [{ event = "NoteRecorded", text = { column = "what", default = "nothing" } }]

[[activity]]
name = "repair"
events = [{ event = "RepairStarted" }, { event = "RepairCompleted" }]

[[activity]]
name = "close"
events = [{ event = "UnitHandedBack" }, { event = "TicketClosed", outcome = "repaired" }]
"""


@dataclass(frozen=True, slots=True)
class ForeignLog:
    """A log and its mapping."""

    log: Path
    mapping: Path


def foreign_log(folder: Path, seed: int, cases: int) -> ForeignLog:
    """A log of so many cases; units come back while they are still open elsewhere, so facts are flagged."""
    rng = random.Random(seed)
    written = ForeignLog(folder / f"log-{cases}.csv", folder / "mapping.toml")
    written.mapping.write_text(_MAPPING, encoding="utf-8")
    with written.log.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(_COLUMNS)
        for case in range(cases):
            at = _BEGIN + timedelta(minutes=rng.randrange(100_000))
            for activity, what in _case(rng, case, cases):
                at += timedelta(minutes=rng.randrange(600))
                rows.writerow((case, activity, at.strftime("%Y-%m-%d %H:%M"), f"w-{rng.randrange(9)}", what))
    return written


def _case(rng: random.Random, case: int, cases: int) -> Iterator[tuple[str, str]]:
    yield "take in", ""
    yield "read serial", f"SN-{rng.randrange(cases)}"
    for number in range(rng.randrange(4)):
        yield "say", f"no. {number} of case {case}"
    if rng.random() < 0.7:
        yield "repair", ""
        yield "close", ""


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What an import puts on record that nothing disturbs.

    Attributes:
        facts: In order of the log.
        told: The same as anybody would tell them.
    """

    facts: Sequence[Recorded[Event]]
    told: Sequence[tuple[str, ...]]

    @classmethod
    def of(cls, app: Ticketing) -> Self:
        """What is on record in a store with nothing else in it."""
        facts = list(app.follow())
        return cls(facts, told(app, facts))

    def beginning(self, app: Ticketing, cases: int | None) -> Tally:
        """What a disturbed import has put on record, which must be the beginning of this.

        Args:
            app: On its store.
            cases: How many of the cases were acknowledged; None when the import has ended.
        """
        on_record = list(app.follow())
        found = told(app, on_record)
        acknowledged = set(list(dict.fromkeys(fact.stream_id for fact in self.facts))[:cases])
        sent = Counter(fact.command_id for fact in self.facts)
        due = {fact.command_id for fact in self.facts if fact.stream_id in acknowledged}
        missing = {
            fact.command_id
            for place, (fact, said) in enumerate(zip(self.facts, self.told, strict=True))
            if fact.command_id in due and found[place : place + 1] != [said]
        }
        doubled = Counter(fact.command_id for fact in on_record) - sent
        is_beginning = found == list(self.told[: len(found)])
        complaints = () if is_beginning else ("the log is no beginning of the undisturbed one",)
        return Tally(
            sent=len(sent), acknowledged=len(due), lost=len(missing), doubled=len(doubled), complaints=complaints
        )


def told(app: Ticketing, facts: Iterable[Recorded[Event]]) -> list[tuple[str, ...]]:
    """Facts as anybody would tell them: without the times of recording, and without what a store's salts and key make.

    Private texts stand in the place of their digests.
    """
    kept = list(facts)
    texts = app.store.texts({part.digest for fact in kept for part in private_parts(fact.event) if part.digest})
    return [_told(fact, texts) for fact in kept]


def _told(fact: Recorded[Event], texts: dict[str, str | None]) -> tuple[str, ...]:
    event = f"{type(fact.event).__name__} {fact.event.model_dump_json()}"
    for part in private_parts(fact.event):
        if part.digest is not None:
            event = event.replace(part.digest, texts.get(part.digest) or "missing")
        if isinstance(part, SerialNumber) and part.match is not None:
            event = event.replace(part.match, "match")
    envelope = [str(getattr(fact, field.name)) for field in fields(Envelope) if field.name != "event"]
    return (str(fact.position), *envelope, event)
