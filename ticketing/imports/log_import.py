"""Imports: the histories of other systems, taken into a store as facts.

Laws of this file: the whole log is understood before a single fact is stored. A fact is never refused; it carries the
slugs of the rules it breaks. Only a case whose number belongs to another ticket stays out, as a whole. Cases are
appended whole, many in one transaction, under ids that the log itself gives: an import that was killed, or that comes
again with a longer log, adds what is not there yet.
"""

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal

from ticketing.adapters.private import Sealer
from ticketing.adapters.store import Store
from ticketing.imports.batches import Batches, Decided
from ticketing.imports.cases import Case, CaseReader, Dated
from ticketing.imports.logs import Row, read_cases, size_bytes
from ticketing.imports.mapping import LogMapping

_BATCH_ENTRIES = 800
_REFUSALS_NAMED = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come.

    Attributes:
        step: The log is read and understood; then it is stored.
        done: Bytes of the file while it is checked, cases while it is stored.
        total: Of the same.
    """

    step: Literal["checking", "storing"]
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did, or with `is_dry_run` would have done.

    Attributes:
        cases: In the log.
        rows: In the log.
        tickets_added: New tickets.
        events_added: New facts.
        events_there: Facts that an earlier import had added.
        changed: Rows already on record of which log or mapping now say something else; nothing was added for them.
        ignored: Rows left out on purpose, by activity.
        skipped: Rows of unknown activities left out, by activity.
        noted: Rows of unknown activities kept as notes, by activity.
        flags: Facts added that break a rule, by its slug.
        cases_refused: Cases left out because another ticket has their number.
        refusals: The first hundred of them, each a line with file, line, rule and reason.
    """

    is_dry_run: bool
    cases: int
    rows: int
    tickets_added: int
    events_added: int
    events_there: int
    changed: int
    ignored: Mapping[str, int]
    skipped: Mapping[str, int]
    noted: Mapping[str, int]
    flags: Mapping[str, int]
    cases_refused: int
    refusals: tuple[str, ...]


def check_log(path: Path, mapping: LogMapping, *, on_progress: Callable[[Progress], None] | None = None) -> None:
    """Reads the whole log as `import_log` does before it stores anything; needs no store.

    Raises:
        MappingError: The mapping names what does not exist; nothing was read.
        LogError: The log, or a row of it, cannot be understood.
    """
    # What a pseudonym is depends on the store's key; whether one can be made does not.
    reader = CaseReader(mapping, path, key=b"")
    with closing(_understood(reader, path, mapping, on_progress or _tell_nobody)) as cases:
        for _ in cases:
            pass


def import_log(
    store: Store,
    sealer: Sealer,
    path: Path,
    mapping: LogMapping,
    *,
    clock: Callable[[], datetime],
    skew: timedelta = timedelta(minutes=5),
    attempts: int = 20,
    dry_run: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> ImportReport:
    """Takes the log into the store, in bounded memory; what is there already stays as it is.

    The rows that have been understood wait in a temporary file (in `TMPDIR`, about as large as the uncompressed log)
    until all have been.

    Args:
        store: Where the facts go; others may append meanwhile.
        sealer: The store's.
        path: XES or CSV, plain or gzipped.
        mapping: What the rows mean; see `read_mapping`.
        clock: Gives now in UTC, to flag what is said to have occurred later.
        skew: How far `occurred_at` may be ahead of it.
        attempts: How often a batch is decided anew when somebody else appended first.
        dry_run: Decide everything and store nothing; numbers and units from columns are then kept in memory.
        on_progress: Told now and then how far it has come.

    Raises:
        MappingError: The mapping names what does not exist; nothing was read.
        LogError: The log, or a row of it, cannot be understood; nothing was stored.
        Conflict: Others kept appending to the same tickets for as many attempts.
    """
    tell = on_progress or _tell_nobody
    reader = CaseReader(mapping, path, store.key)
    with TemporaryFile("w+", encoding="utf-8") as understood:
        cases = 0
        with closing(_understood(reader, path, mapping, tell)) as read:
            for name, dated in read:
                kept = [(at.isoformat(), row.line, row.columns) for at, row in dated]
                understood.write(json.dumps([name, kept]) + "\n")
                cases += 1
        understood.seek(0)
        tally = _Tally()
        source = f"import:{mapping.source}"
        batches = Batches(
            store,
            sealer,
            path,
            source,
            clock=clock,
            skew=skew,
            attempts=attempts,
            dry_run=dry_run,
            are_numbers_made="number" not in mapping.opening,
        )
        for batch in _batches(reader.case(name, dated) for name, dated in _again(understood)):
            decided = batches.record(batch)
            for case, one in zip(batch, decided, strict=True):
                tally.add(case, one)
            tell(Progress("storing", tally.cases, cases))
    return tally.report(dry_run)


def _tell_nobody(progress: Progress) -> None:
    """Nobody asked."""


def _understood(
    reader: CaseReader, path: Path, mapping: LogMapping, tell: Callable[[Progress], None]
) -> Generator[tuple[str, list[Dated]], None, None]:
    """Each case with its rows in order of time; at the end every row and column has been proved to be understood."""
    total = size_bytes(path)
    cases = read_cases(
        path,
        mapping.columns.case,
        on_bytes=lambda done: tell(Progress("checking", done, total)),
        delimiter=mapping.csv.delimiter,
        encoding=mapping.csv.encoding,
    )
    with closing(cases):
        for name, rows in cases:
            yield name, reader.dated(rows)
    reader.require_columns()


def _batches(cases: Iterable[Case]) -> Iterator[list[Case]]:
    batch: list[Case] = []
    entries = 0
    for case in cases:
        batch.append(case)
        entries += len(case.entries)
        if entries >= _BATCH_ENTRIES:
            yield batch
            batch, entries = [], 0
    if batch:
        yield batch


def _again(understood: Iterable[str]) -> Iterator[tuple[str, list[Dated]]]:
    for line in understood:
        name, dated = json.loads(line)
        yield name, [(datetime.fromisoformat(at), Row(number, columns)) for at, number, columns in dated]


@dataclass(slots=True)
class _Tally:
    """What a report adds up."""

    cases: int = 0
    rows: int = 0
    tickets_added: int = 0
    events_added: int = 0
    events_there: int = 0
    changed: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    cases_refused: int = 0
    refusals: list[str] = field(default_factory=list)

    def add(self, case: Case, decided: Decided) -> None:
        self.cases += 1
        self.rows += case.rows
        self.ignored.update(case.ignored)
        self.skipped.update(case.skipped)
        self.noted.update(case.noted)
        self.changed += decided.changed
        self.events_there += decided.events_there
        for append in decided.appends:
            self.tickets_added += append.expected_version == 0
            self.events_added += len(append.envelopes)
            for envelope in append.envelopes:
                self.flags.update(envelope.flags)
        if decided.refusal is not None:
            self.cases_refused += 1
            if len(self.refusals) < _REFUSALS_NAMED:
                self.refusals.append(decided.refusal)

    def report(self, is_dry_run: bool) -> ImportReport:
        by_name = {name: dict(sorted(getattr(self, name).items())) for name in ("ignored", "skipped", "noted", "flags")}
        return ImportReport(
            is_dry_run=is_dry_run,
            cases=self.cases,
            rows=self.rows,
            tickets_added=self.tickets_added,
            events_added=self.events_added,
            events_there=self.events_there,
            changed=self.changed,
            cases_refused=self.cases_refused,
            refusals=tuple(self.refusals),
            **by_name,
        )
