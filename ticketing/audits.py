"""Audits: decisions replayed as they were known when they were recorded, read from the log and changing nothing.

What an audit says depends on the log up to its position, and on the version named by `under`, wherever that stands in
the log, alone: the same question gives the same bytes on every store.
It is read stream by stream; kept are one ticket, the totals by group, and the sample where one is drawn. A ticket
without a decision is told by the names of its events, and not decoded.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from heapq import heappush, heappushpop
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput, NotFound, UnreadableEvent
from ticketing.domain.reference import StandardPublished, reference_stream
from ticketing.domain.values import Event, Recorded, Unreadable, instant_text
from ticketing.projections import decision_rows as rows
from ticketing.projections.agreement import DECISIONS
from ticketing.projections.asked import When, instant_asked, period_edge, version_asked
from ticketing.projections.decision_totals import Totals
from ticketing.projections.decisions import Decision, Subject, replayed

DEFINITION = "disputes@1"
_TOPICS = frozenset(f"ticketing:{kind.__name__}" for kind in DECISIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What was asked, understood: enough to have the same answer again.

    Attributes:
        from_: The first day or instant of the decisions, by when they were made; None from the beginning.
        to: The last one, inclusive.
        known_at: The log up to then, inclusive; None for all of it up to `position`.
        zone: The IANA zone of days.
        position: The last position of the log that counts.
        under: `KEY@VERSION` of the other version asked about; it may have been published after `position`.
        under_published_at: The position of the log at which it was published.
        sample: How many decisions are shown; None for all.
    """

    from_: str | None
    to: str | None
    known_at: str | None
    zone: str
    position: int
    manufacturer: str | None
    site: str | None
    under: str | None
    sample: int | None
    seed: int | None
    under_published_at: int | None

    @property
    def parameters(self) -> dict[str, str | int | None]:
        """What else was asked."""
        names = ("manufacturer", "site", "under", "sample", "seed")
        return {name: getattr(self, name) for name in names}

    def plain(self) -> dict[str, object]:
        """The head of the audit as JSON has it."""
        return {
            "audit": "disputes",
            "definition": DEFINITION,
            "parameters": self.parameters,
            "cohort": "decided_in",
            "from": self.from_,
            "to": self.to,
            "known_at": self.known_at,
            "zone": self.zone,
            "position": self.position,
            "under_published_at": self.under_published_at,
        }


@dataclass(slots=True)
class Read:
    """What was read of the log.

    Attributes:
        tickets: All of them, up to the position.
        without_decision: Those that nothing was ever decided on.
        set_aside: Those left out.
        unreadable: How many of them for what: an `event` of theirs, or the `standard KEY@VERSION` that they pinned,
            cannot be read.
    """

    tickets: int = 0
    without_decision: int = 0
    set_aside: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)


def disputes(
    app: Ticketing,
    *,
    from_: When = None,
    to: When = None,
    manufacturer: str | None = None,
    site: str | None = None,
    under: str | None = None,
    sample: int | None = None,
    seed: int | None = None,
    known_at: When = None,
    position: int | None = None,
    zone: str = "UTC",
    on_progress: Callable[[int, int], None] | None = None,
) -> "Audit":
    """Every refusal, entitlement, claim decision and verdict beside what the standard said of the facts known then.

    Args:
        app: The application on the store.
        from_: The first instant at which they were made, or the first day in `zone`.
        to: The last instant or day, inclusive.
        manufacturer: Only of tickets of this manufacturer.
        site: Only of tickets of this site: that of the last completed repair, else of the opening.
        under: `KEY@VERSION` of a standard to assess under as well; also one that was published after `position`, for
            what a new version would have said of old decisions is what is asked.
        sample: Show so many of them, drawn by the hash of seed, ticket and version; totals are of all.
        seed: Which sample.
        known_at: The log up to then, inclusive; a date is its first instant in `zone`.
        position: The log up to this position.
        zone: The IANA zone of days.
        on_progress: Told how many facts are done, out of how many.

    Returns:
        The audit; it reads the log when it is asked for its decisions or totals.

    Raises:
        BadInput: Something asked cannot be understood.
        NotFound: The standard to assess under was never published.
    """
    place = _zone(zone)
    from_at, from_text = period_edge("from", from_, place, is_end=False)
    before, to_text = period_edge("to", to, place, is_end=True)
    if from_at is not None and before is not None and before <= from_at:
        raise BadInput(f"the period ends before it starts: from {from_text} to {to_text}")
    if sample is not None and sample < 1:
        raise BadInput(f"sample {sample}: draw at least one")
    if seed is not None and sample is None:
        raise BadInput("a seed is of a sample: say how many to draw")
    known = instant_asked("known_at", known_at, place)
    other, published_at = _standard(app, under) or (None, None)
    header = Header(
        from_=from_text,
        to=to_text,
        known_at=None if known is None else instant_text(known),
        zone=zone,
        position=_last(app, known, position),
        manufacturer=manufacturer,
        site=site,
        under=None if other is None else f"{other.key}@{other.version}",
        sample=sample,
        seed=None if sample is None else seed or 0,
        under_published_at=published_at,
    )
    return Audit(app, header, (from_at, before), other, on_progress or _tell_nobody)


class Audit:
    """An audit of decisions: its header at once, the rest from the log.

    Attributes:
        header: What was asked.
    """

    def __init__(
        self,
        app: Ticketing,
        header: Header,
        period: tuple[datetime | None, datetime | None],
        under: StandardPublished | None,
        tell: Callable[[int, int], None],
    ) -> None:
        self.header = header
        self._app = app
        self._period = period
        self._under = under
        self._tell = tell
        self._counts: tuple[Totals, Read] | None = None

    def __iter__(self) -> Iterator[Decision]:
        """The decisions by ticket id and version, all or the sample; reads the log anew each time."""
        totals, read = Totals(), Read()
        drawn: list[tuple[int, int, Decision]] = []
        for number, decision in enumerate(self._counted(totals, read)):
            if self.header.sample is None:
                yield decision
            else:
                _draw(drawn, self.header.sample, (-_lot(self.header.seed, decision), -number, decision))
        self._counts = totals, read
        yield from (decision for _, _, decision in sorted(drawn, key=lambda one: -one[1]))

    @property
    def totals(self) -> Totals:
        """The totals of all decisions asked about; reads the log where nobody has to its end."""
        return self._counted_up()[0]

    @property
    def read(self) -> Read:
        """What was read; reads the log likewise."""
        return self._counted_up()[1]

    def _counted_up(self) -> tuple[Totals, Read]:
        if self._counts is None:
            counts = Totals(), Read()
            for _ in self._counted(*counts):
                pass
            self._counts = counts
        return self._counts

    def json_parts(self) -> Iterator[str]:
        """The audit as JSON, part by part as it is read, a decision a line; the same bytes for the same answer."""
        head = json.dumps(self.header.plain(), ensure_ascii=False, indent=2)
        yield head.removesuffix("\n}") + ',\n  "decisions": ['
        between = ""
        for decision in self:
            yield f"{between}\n    {_on_a_line(rows.plain(decision))}"
            between = ","
        counts = {name: getattr(self.read, name) for name in ("tickets", "without_decision", "set_aside")}
        counts["unreadable"] = dict(sorted(self.read.unreadable.items()))
        yield "\n  ],\n" + "".join(f'  "{name}": {_on_a_line(it)},\n' for name, it in counts.items()) + '  "totals": ['
        totals = [total.plain(with_under=self._under is not None) for total in self.totals]
        yield ",".join(f"\n    {_on_a_line(total)}" for total in totals) + "\n  ]\n}\n"

    def csv_lines(self) -> Iterator[str]:
        """The decisions as CSV as they are read, under one header; head and totals are left to JSON."""
        text = io.StringIO()
        writer = csv.DictWriter(text, rows.COLUMNS, lineterminator="\n")
        writer.writeheader()
        for decision in self:
            yield _taken(text)
            writer.writerow(rows.flat(decision))
        yield _taken(text)

    def _counted(self, totals: Totals, read: Read) -> Iterator[Decision]:
        """Every decision asked about, counted."""
        last, done = self.header.position, 0
        published = _Published(self._app).version
        for stored in self._app.store.stored_histories(up_to=last):
            read.tickets += 1
            done += len(stored)
            self._tell(done, last)
            if not any(row.topic in _TOPICS for row in stored):
                read.without_decision += 1
                continue
            try:
                decisions = replayed(self._app.store.read(stored), published, self._under, self._is_asked)
            except UnreadableEvent as error:
                read.set_aside += 1
                read.unreadable[error.named if isinstance(error, _UnreadableStandard) else "event"] += 1
                continue
            totals.add(decisions)
            yield from decisions
        self._tell(last, last)

    def _is_asked(self, ticket: Subject, fact: Recorded[Event]) -> bool:
        from_at, before = self._period
        return (
            self.header.manufacturer in (None, ticket.manufacturer)
            and self.header.site in (None, ticket.site)
            and (from_at is None or fact.occurred_at >= from_at)
            and (before is None or fact.occurred_at < before)
        )


def _lot(seed: int | None, decision: Decision) -> int:
    """What is drawn: the smallest of these."""
    drawn = f"{seed} {decision.ticket.ticket_id} {decision.fact.version}"
    return int.from_bytes(sha256(drawn.encode()).digest())


def _draw(drawn: list[tuple[int, int, Decision]], sample: int, one: tuple[int, int, Decision]) -> None:
    if len(drawn) < sample:
        heappush(drawn, one)
    else:
        heappushpop(drawn, one)


class _UnreadableStandard(UnreadableEvent):
    """A version of a standard that cannot be read; `named` is which."""

    def __init__(self, key: str, version: int, unreadable: Unreadable) -> None:
        self.named = f"standard {key}@{version}"
        super().__init__(f"{self.named}, published at position {unreadable.position}: {unreadable.reason}")


class _Published:
    """The standards of the store, each read once, version by version."""

    def __init__(self, app: Ticketing) -> None:
        self._store = app.store
        self._read: dict[str, list[tuple[int, int | None, StandardPublished | Unreadable]]] = {}

    def version(self, key: str, version: int, before: int) -> StandardPublished | None:
        """The version if it was published before that position.

        Raises:
            UnreadableEvent: It was, or as far as anybody can tell it was, and cannot be read.
        """
        found = self.found(key, version, before)
        return None if found is None else found[1]

    def found(self, key: str, version: int, before: int | None = None) -> tuple[int, StandardPublished] | None:
        """The same, with the position at which it was published; before any position where none is given."""
        if key not in self._read:
            self._read[key] = self._versions(key)
        there = [(at, one) for at, number, one in self._read[key] if number in (version, None)]
        # A version whose number cannot be read either may be any, but not one that is there.
        for at, one in sorted(there, key=lambda it: isinstance(it[1], Unreadable)):
            if isinstance(one, StandardPublished):
                return (at, one) if before is None or at < before else None
            if before is None or at < before:
                raise _UnreadableStandard(key, version, one)
        return None

    def _versions(self, key: str) -> list[tuple[int, int | None, StandardPublished | Unreadable]]:
        versions: list[tuple[int, int | None, StandardPublished | Unreadable]] = []
        stored = self._store.stored_stream(reference_stream("standard", key))
        for row, fact in zip(stored, self._store.read_each(stored), strict=True):
            if isinstance(fact, Unreadable):
                versions.append((row.position, _version_in(row.state), fact))
            elif isinstance(fact.event, StandardPublished):
                versions.append((row.position, fact.event.version, fact.event))
        return versions


def _version_in(state: bytes) -> int | None:
    """The version that bytes which are no event of ours name all the same, if they do."""
    try:
        version = json.loads(state)["event"]["version"]
    except (ValueError, KeyError, TypeError):
        return None
    return version if isinstance(version, int) else None


def _standard(app: Ticketing, named: str | None) -> tuple[StandardPublished, int] | None:
    if named is None:
        return None
    key, version = version_asked("under", named, "ACME-IS-7@4")
    found = _Published(app).found(key, version)
    if found is None:
        raise NotFound(f"standard {key}@{version} was never published")
    return found[1], found[0]


def _last(app: Ticketing, known_at: datetime | None, position: int | None) -> int:
    """The last position that counts."""
    head, now = app.store.head(), app.now()
    if position is not None and not 0 <= position <= head:
        raise BadInput(f"there is no position {position}: the log ends at {head}")
    if known_at is not None and known_at > now + app.settings.skew:
        raise BadInput(f"known_at {instant_text(known_at)} is after now, {instant_text(now)}")
    last = head if position is None else position
    return app.store.known_at(known_at, up_to=last)


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"there is no zone {name}; one is written like Europe/Berlin") from None


def _on_a_line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _taken(text: io.StringIO) -> str:
    """What was written to it, which it no longer has."""
    written = text.getvalue()
    text.seek(0)
    text.truncate()
    return written


def _tell_nobody(done: int, total: int) -> None:
    """Nobody wants to know how far it is."""
