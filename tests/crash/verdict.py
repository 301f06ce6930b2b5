"""Verdict: what is on record held against what clients sent and were told, and the rows against a fresh fold."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any
from uuid import UUID

from tests.crash.commands import EXPECTED_REJECTIONS, Client
from tests.crash.journal import Line
from tests.crash.seen import PROJECTIONS
from ticketing.adapters.private import private_parts
from ticketing.application import Ticketing
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Event, Recorded
from ticketing.projections.row import Projection
from ticketing.projections.whole import row_of

Facts = Sequence[Recorded[Event]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What came of one fault on one store; tallies add up.

    Attributes:
        tried: How often the fault hit something that was running.
        sent: Commands that were sent at least once.
        acknowledged: Those that were acknowledged.
        again: Those of them of which nobody knew the fate, and which were found to be on record when sent again.
        lost: Acknowledged, and not on record where it was said.
        doubled: On record more than once.
        slowest: How many seconds it took at the longest until all went on; 0 where that was not asked.
        rows: Rows compared with a fresh fold.
        wrong: Rows that differ from it, lack or should not be.
        complaints: Whatever else is wrong.
    """

    tried: int = 0
    sent: int = 0
    acknowledged: int = 0
    again: int = 0
    lost: int = 0
    doubled: int = 0
    slowest: float = 0.0
    rows: int = 0
    wrong: int = 0
    complaints: tuple[str, ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        sums = {one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)}
        return Tally(**{**sums, "slowest": max(self.slowest, other.slowest)})

    @property
    def amiss(self) -> "Tally":
        """Only what is wrong, of a look that is followed by another."""
        return replace(self, tried=0, sent=0, acknowledged=0, again=0, rows=0, slowest=0.0)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.doubled or self.wrong or self.complaints)


def judged(app: Ticketing, journals: Mapping[Client, Sequence[Line]], known: Collection[UUID] = ()) -> Tally:
    """What the log says of what clients sent.

    Args:
        app: On the store, while nobody writes.
        journals: Each client's.
        known: The commands that were on record before.
    """
    facts = list(app.follow())
    texts = Counter(text for _, text in _texts(app, facts))
    by_command: dict[UUID, list[Recorded[Event]]] = defaultdict(list)
    for fact in facts:
        by_command[fact.command_id].append(fact)
    tally = Tally(complaints=(*_disorder(facts), *_missing_texts(app, facts)))
    for client, lines in journals.items():
        by_number: dict[int, list[Line]] = defaultdict(list)
        for line in lines:
            if line.kind != "began":
                by_number[line.number].append(line)
        for number, said in by_number.items():
            kept = by_command.pop(client.command_id(number), [])
            tally += _fate(app, client, number, said, kept, texts[client.mark(number)])
    unsent = by_command.keys() - set(known)
    return tally + Tally(complaints=(f"{len(unsent)} commands on record that nobody sent",) if unsent else ())


def _fate(app: Ticketing, client: Client, number: int, said: list[Line], kept: Facts, marks: int) -> Tally:
    """What became of one command."""
    answer = next((line for line in said if line.kind == "acknowledged"), None)
    positions = {fact.position for fact in kept}
    complaints = [
        f"{client.name} {number} was rejected with {line.said}"
        for line in said
        if line.kind == "rejected" and line.said not in EXPECTED_REJECTIONS
    ]
    if kept and any(line.kind == "rejected" for line in said):
        complaints.append(f"{client.name} {number} was rejected and is on record")
    if kept and app.store.command(client.command_id(number)) is None:
        complaints.append(f"{client.name} {number} is on record, and its command is not")
    return Tally(
        sent=1,
        acknowledged=answer is not None,
        again=answer is not None and answer.is_repeated,
        lost=answer is not None and not positions.issuperset(answer.positions),
        doubled=max(len({fact.recorded_at for fact in kept}), marks) > 1,
        complaints=tuple(complaints),
    )


def _disorder(facts: Facts) -> Iterator[str]:
    """What is wrong with positions, versions and stamps."""
    if [fact.position for fact in facts] != list(range(1, len(facts) + 1)):
        yield "positions are not 1, 2, 3 and so on"
    if any(later.recorded_at < earlier.recorded_at for earlier, later in pairwise(facts)):
        yield "stamps go back"
    versions: dict[UUID, list[int]] = defaultdict(list)
    for fact in facts:
        versions[fact.stream_id].append(fact.version)
    broken = sum(of_stream != list(range(1, len(of_stream) + 1)) for of_stream in versions.values())
    if broken:
        yield f"{broken} streams have versions that are not 1, 2, 3 and so on"


def _texts(app: Ticketing, facts: Iterable[Recorded[Event]]) -> Iterator[tuple[str, str | None]]:
    """The digests of all private texts in facts, one by one, with the texts."""
    digests = [part.digest for fact in facts for part in private_parts(fact.event) if part.digest is not None]
    texts = app.store.texts(set(digests))
    for digest in digests:
        yield digest, texts.get(digest)


def _missing_texts(app: Ticketing, facts: Facts) -> Iterator[str]:
    missing = sum(text is None for _, text in _texts(app, facts))
    if missing:
        yield f"{missing} private texts are not there"


def rows_judged(app: Ticketing, projections: Iterable[Projection[Any]] = PROJECTIONS) -> Tally:
    """The rows of projections, as they stand, against a fresh fold of the log."""
    facts = list(app.follow())
    tickets: dict[UUID, list[Recorded[Event]]] = defaultdict(list)
    for fact in facts:
        if fact.stream_kind == "ticket":
            tickets[fact.stream_id].append(fact)
    rules = TimeRules.of(facts)
    tally = Tally()
    for projection in projections:
        folded = {ticket_id: row_of(projection, ticket_id, history, rules) for ticket_id, history in tickets.items()}
        rows = {row.ticket_id: row for row in app.projections.rows(projection)}
        wrong = sum(rows.get(ticket_id) != folded.get(ticket_id) for ticket_id in rows.keys() | folded.keys())
        tally += Tally(rows=len(folded), wrong=wrong)
    letters = [letter for projection in projections for letter in app.projections.dead_letters(projection)]
    behind = [
        status.name
        for status in app.projections.status()
        if status.name in {projection.name for projection in projections} and status.lag_events
    ]
    complaints = [f"a dead letter: {letter.reason}" for letter in letters] + [f"{name} is behind" for name in behind]
    return tally + Tally(complaints=tuple(complaints))
