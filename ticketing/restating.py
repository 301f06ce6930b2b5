"""Restating: what became of a report printed before, figure by figure and ticket by ticket, and because of what.

The same question is asked twice, with the cuts that were printed and with those of now. What a ticket adds to a figure
is its standing there. A standing that changed did so because of facts recorded since; where there is none of the
ticket's own, because time went on, or because of another ticket or a publication.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Literal
from uuid import UUID

from ticketing.adapters.beside import Beside
from ticketing.answering import gathered, understood
from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.cuts import instant
from ticketing.domain.errors import BadInput
from ticketing.domain.reference import Published
from ticketing.domain.values import Event, Recorded, instant_text
from ticketing.projections.built_in import CLOCK_ROWS
from ticketing.projections.counts import Counts
from ticketing.projections.report import Report
from ticketing.projections.standings import OF_CLOCKS, Standings, clock_standings, standing_of
from ticketing.repeating import Printed, printed

What = Literal["late_entry", "since", "correction", "retraction"]
Otherwise = Literal["time_or_elsewhere", "elsewhere"]
"""Time went on, or another ticket or a publication is why; as of one and the same instant only these."""

_SECOND = timedelta(seconds=1)
_OF_ALL = ("by", "from_", "to", "cohort", "zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """A fact recorded since, or a publication.

    Attributes:
        fact: Its name; of a correction or retraction that of the fact it is about.
        what: Whether it was true before the report was printed and entered late, came to be since, or set an earlier
            fact right or took it back.
        field: Which field was corrected.
    """

    version: int
    fact: str
    what: What
    occurred_at: datetime
    recorded_at: datetime
    field: str | None = None

    @property
    def late_seconds(self) -> int:
        """How long after it was true it was recorded."""
        return (self.recorded_at - self.occurred_at) // _SECOND

    def plain(self) -> dict[str, object]:
        """What JSON has of it."""
        return {
            "version": self.version,
            "fact": self.fact,
            "what": self.what,
            "field": self.field,
            "occurred_at": instant_text(self.occurred_at),
            "recorded_at": instant_text(self.recorded_at),
            "late_seconds": self.late_seconds,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A ticket that stands otherwise than it did.

    Attributes:
        ticket: Its number.
        was: How it stood where that changed; empty where it was not in the cohort.
        now: The same now.
        because: The facts of its own recorded since, in order.
        otherwise: What else it must be, where there is no such fact.
    """

    ticket: str
    ticket_id: str
    was: Standings
    now: Standings
    because: tuple[Because, ...] = ()
    otherwise: Otherwise | None = None

    def plain(self) -> dict[str, object]:
        """What JSON has of it."""
        return {
            "ticket": self.ticket,
            "ticket_id": self.ticket_id,
            "was": dict(self.was),
            "now": dict(self.now),
            "because": [one.plain() for one in self.because],
            "otherwise": self.otherwise,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """A report printed before, and the same asked now.

    Attributes:
        before: As it was printed.
        now: As it is.
        rows: Figure, group and the numbers of each row that changed, before and now; None where there was no such row.
        published: What was published since: kind, `KEY@VERSION`, when it was recorded.
        tickets: Those that stand otherwise, in order of number.
    """

    before: Mapping[str, Any]
    now: Report
    rows: tuple[Mapping[str, object], ...]
    published: tuple[Mapping[str, object], ...]
    tickets: tuple[Changed, ...]

    @property
    def is_defined_otherwise(self) -> bool:
        """Whether the figure's definition changed since."""
        return bool(self.before["definition"] != self.now.definition)

    def plain(self) -> dict[str, object]:
        """The restatement as JSON has it."""
        header = ("definition", "as_of", "known_at", "position")
        after = self.now.plain()
        return {
            "figure": self.now.figure,
            "parameters": after["parameters"],
            "cohort": self.now.cohort,
            "from": self.now.from_,
            "to": self.now.to,
            "zone": self.now.zone,
            "before": {name: self.before[name] for name in header},
            "now": {name: after[name] for name in header},
            "rows": [dict(row) for row in self.rows],
            "published": [dict(one) for one in self.published],
            "tickets": [one.plain() for one in self.tickets],
        }

    def to_json(self) -> str:
        """The restatement as JSON: fixed order of keys, two blanks, UTF-8."""
        return json.dumps(self.plain(), ensure_ascii=False, indent=2, allow_nan=False)


def restatement(
    app: Ticketing,
    text: str,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    **cuts: Any,  # noqa: ANN401 - as of `Asked`
) -> Restatement:
    """What became of a report printed before.

    Args:
        app: The application on the store that it was made of.
        text: Its JSON.
        on_progress: Told how many facts are done, out of how many.
        cuts: `as_of`, `known_at` or `position` of the second answer; without any it is as of now. With the `as_of`
            that was printed only what was entered late, corrected or published changes anything.

    Raises:
        BadInput: It is no report, or of more facts than the store has.
    """
    before = printed(text)
    _require_cuts(cuts)
    last = app.store.head() if cuts.get("position") is None else cuts["position"]
    if before.plain["position"] > last:
        raise BadInput(f"it was printed at position {before.plain['position']}, after {last}: it is of another store")
    with Beside() as beside:
        told = {"on_progress": on_progress}
        _stand(app, before, {**before.cuts, **told}, beside, is_second=False)
        now = _stand(app, before, {"as_of": app.now(), "position": last, **cuts, **told}, beside, is_second=True)
        tickets = _changed(app, before, now, beside.differing())
        return Restatement(
            before=before.plain,
            now=now,
            rows=tuple(_changed_rows(before.plain["rows"], [row.plain() for row in now.rows])),
            published=tuple(_published(app, before.plain["position"], now.position)),
            tickets=tuple(sorted(tickets, key=lambda one: (one.ticket, one.ticket_id))),
        )


def _require_cuts(cuts: Mapping[str, object]) -> None:
    for name in cuts:
        if name not in {"as_of", "known_at", "position"}:
            raise BadInput(f"{name} is the printed report's; only as_of, known_at and position may differ")


# how tickets stand


def _stand(app: Ticketing, before: Printed, cuts: Mapping[str, Any], beside: Beside, *, is_second: bool) -> Report:
    """The report, and how each ticket stands in it set down."""
    place = count(1)

    def each(counts: Counts, by: tuple[str, ...], found: Iterator[tuple[UUID, tuple[Any, ...]]]) -> None:
        number = next(place)
        for ticket_id, values in found:
            set_down(number, ticket_id, standing_of(counts, by, values))

    def set_down(number: int, ticket_id: UUID, standings: Standings) -> None:
        beside.add(f"{ticket_id} {number}", json.dumps(standings, ensure_ascii=False), is_second=is_second)

    report = before.report(app, **before.question, **cuts, each=each)
    figure = OF_CLOCKS.get(report.figure)
    if figure is not None:
        asked = {name: before.question[name] for name in _OF_ALL if name in before.question}
        question = understood(app, figure, {**asked, **cuts}, before.report)  # type: ignore[typeddict-item]
        gather = clock_standings(figure)
        found, _ = gathered(app, CLOCK_ROWS, question, lambda rows: gather(rows, question.scope, question.cohort))
        for ticket_id, standings in found:
            set_down(0, ticket_id, standings)
    return report


def _changed(
    app: Ticketing, before: Printed, now: Report, differing: Iterable[tuple[str, str | None, str | None]]
) -> list[Changed]:
    """The tickets that stand otherwise, with what changed in all that is counted of them."""
    pairs: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
    for key, first, second in differing:
        ticket_id, _, number = key.partition(" ")
        was, is_now = pairs.setdefault(ticket_id, ({}, {}))
        for standings, line in ((was, first), (is_now, second)):
            told: dict[str, str] = json.loads(line) if line else {}
            standings |= {name if name not in standings else f"{name} ({number})": how for name, how in told.items()}
    changed = []
    for ticket_id, (was, is_now) in pairs.items():
        alike = {name for name in was if was[name] == is_now.get(name)}
        facts = app.store.read(app.store.stored_stream(UUID(ticket_id)))
        because = tuple(_because(fact, facts, before.plain["as_of"]) for fact in facts if _is_since(fact, before, now))
        has_time_gone_on = before.plain["as_of"] != now.as_of
        changed.append(
            Changed(
                ticket=next((fact.event.number for fact in facts if isinstance(fact.event, e.TicketOpened)), ""),
                ticket_id=ticket_id,
                was={name: how for name, how in was.items() if name not in alike},
                now={name: how for name, how in is_now.items() if name not in alike},
                because=because,
                otherwise=None if because else "time_or_elsewhere" if has_time_gone_on else "elsewhere",
            )
        )
    return changed


def _is_since(fact: Recorded[Event], before: Printed, now: Report) -> bool:
    """Whether the second answer knows the fact, and the first did not."""
    was, is_now = before.plain, now.plain()
    return _is_known(fact, is_now) and not _is_known(fact, was)


def _is_known(fact: Recorded[Event], header: Mapping[str, Any]) -> bool:
    is_about_another = isinstance(fact.event, e.EventCorrected | e.EventRetracted)  # these apply before `as_of` cuts
    if fact.position > header["position"]:
        return False
    if fact.occurred_at > instant(header["as_of"]) and not is_about_another:
        return False
    return header["known_at"] is None or fact.recorded_at <= instant(header["known_at"])


def _because(fact: Recorded[Event], facts: Sequence[Recorded[Event]], as_of: str) -> Because:
    event = fact.event
    if isinstance(event, e.EventCorrected | e.EventRetracted):
        target = next((one.event for one in facts if one.version == event.target_version), event)
        is_correction = isinstance(event, e.EventCorrected)
        name, what = type(target).__name__, "correction" if is_correction else "retraction"
    else:
        name, what = type(event).__name__, "late_entry" if fact.occurred_at <= instant(as_of) else "since"
    return Because(
        version=fact.version,
        fact=name,
        what=what,  # type: ignore[arg-type]  # mypy widens the choice to a string
        occurred_at=fact.occurred_at,
        recorded_at=fact.recorded_at,
        field=event.field if isinstance(event, e.EventCorrected) else None,
    )


# what else changed


def _changed_rows(
    before: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]]
) -> Iterator[Mapping[str, object]]:
    """Each row of either report that is not the same in both."""
    was, is_now = _by_name(before), _by_name(now)
    for name in [*was, *(name for name in is_now if name not in was)]:
        first, second = was.get(name), is_now.get(name)
        if first != second:
            row = first or second or {}
            yield {
                "figure": row["figure"],
                "group": row["group"],
                "was": None if first is None else _numbers(first),
                "now": None if second is None else _numbers(second),
            }


def _by_name(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], Mapping[str, Any]]:
    """The rows by figure and group, and where a scorecard has several of these by their order."""
    found: dict[tuple[str, int], Mapping[str, Any]] = {}
    for row in rows:
        name = json.dumps([row["figure"], row["group"]])
        found[name, next(place for place in count() if (name, place) not in found)] = row
    return found


def _numbers(row: Mapping[str, Any]) -> dict[str, object]:
    return {name: said for name, said in row.items() if name not in {"figure", "cohort", "group"}}


def _published(app: Ticketing, after: int, up_to: int) -> Iterator[Mapping[str, object]]:
    """What was published between two positions, in order."""
    for fact in app.store.read(app.store.stored_publications(min(after, up_to), up_to)):
        if isinstance(fact.event, Published):
            yield {
                "kind": fact.stream_kind,
                "version": f"{fact.event.key}@{fact.event.version}",
                "recorded_at": instant_text(fact.recorded_at),
            }
