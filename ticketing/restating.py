"""Restating: what became of a report printed before, figure by figure and ticket by ticket, and because of what.

The same question is asked twice, with the cuts that were printed and with those of now. What a ticket adds to a figure
is its standing there; `causes` says why one changed.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

from ticketing.adapters.beside import Beside
from ticketing.answering import Single, Told
from ticketing.application import Ticketing
from ticketing.causes import Answer, Because, Otherwise, causes, number_of
from ticketing.domain.errors import BadInput
from ticketing.domain.reference import Published
from ticketing.domain.values import instant_text
from ticketing.projections.report import Report
from ticketing.projections.standings import Standings, standings_of
from ticketing.repeating import Printed, placed, printed

SCORECARD = "scorecard"
_OF_A_ROW = ("figure", "cohort", "group")
"""What of a row is no number."""
_OF_A_CASE = ("ticket_id", "repeat_id", "policy", "clock", "cycle", "subject")
"""What of a case says which one it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A ticket that stands otherwise than it did.

    Attributes:
        ticket: Its number.
        was: How it stood where that changed; empty where it was not in the cohort.
        now: The same now.
        because: The facts of its own recorded since that made a difference, in order.
        otherwise: What else did: time went on (or the source of an imported ticket was taken over further), something
            was published, or other tickets say something else of this one.
        others: The numbers of these, as far as they can be named.
    """

    ticket: str
    ticket_id: str
    was: Standings
    now: Standings
    because: tuple[Because, ...] = ()
    otherwise: tuple[Otherwise, ...] = ()
    others: tuple[str, ...] = ()

    def plain(self) -> dict[str, object]:
        """What JSON has of it."""
        return {
            "ticket": self.ticket,
            "ticket_id": self.ticket_id,
            "was": dict(self.was),
            "now": dict(self.now),
            "because": [one.plain() for one in self.because],
            "otherwise": list(self.otherwise),
            "others": list(self.others),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """A report printed before, and the same asked now.

    Attributes:
        before: As it was printed.
        now: As it is.
        rows: Figure, group and the numbers of each row that changed, before and now; None where there was no such row.
            Where the figure is defined otherwise, also what the definition of now says of what was known then.
        cases: Of the single cases that the report lists, those that are new, gone or changed, before and now.
        published: What was published since: kind, `KEY@VERSION`, when it was recorded.
        tickets: Those that stand otherwise, by the definition of now, in order of number.
    """

    before: Mapping[str, Any]
    now: Report
    rows: tuple[Mapping[str, object], ...]
    cases: tuple[Mapping[str, Any], ...]
    published: tuple[Mapping[str, object], ...]
    tickets: tuple[Changed, ...]

    @property
    def is_defined_otherwise(self) -> bool:
        """Whether the definition of one of its figures changed since."""
        return bool(self.redefined)

    @property
    def redefined(self) -> tuple[tuple[str, str], ...]:
        """The definitions that changed since, before and now."""
        now = {row.figure: row.definition for row in self.now.rows} | {self.now.figure: self.now.definition}
        then = {row["figure"]: row["definition"] for row in self.before["rows"]}
        then[self.now.figure] = self.before["definition"]
        return tuple((was, now[name]) for name, was in then.items() if name in now and now[name] != was)

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
            "cases": [dict(one) for one in self.cases],
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
    place: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    **cuts: Any,  # noqa: ANN401 - as of `Asked`
) -> Restatement:
    """What became of a report printed before.

    Args:
        app: The application on the store that it was made of.
        text: Its JSON.
        place: What it was read from, which messages about it then name.
        on_progress: Told how many facts are done, out of how many.
        cuts: `as_of`, `known_at` or `position` of the second answer; without any it is as of now. With the `as_of`
            that was printed only what was entered late, corrected or published changes anything.

    Raises:
        BadInput: It is no report, or of more facts than the store has.
    """
    with placed(place):
        before = printed(text)
    _require_cuts(cuts)
    last = app.store.head() if cuts.get("position") is None else cuts["position"]
    if before.plain["position"] > last:
        with placed(place):
            raise BadInput(
                f"it was printed at position {before.plain['position']}, after {last}: it is of another store"
            )
    with Beside() as beside:
        told = {"on_progress": on_progress}
        numbers = _Numbers()
        with placed(place):
            again = _stand(app, before, {**before.cuts, **told}, beside, numbers, is_second=False)
            _require_known(before, again.report)
            _require_same(before, again.report)
        now = _stand(app, before, {"as_of": app.now(), "position": last, **cuts, **told}, beside, numbers)
        tickets = sorted(_changed(app, again, now, beside.differing()), key=lambda one: (one.ticket, one.ticket_id))
    return Restatement(
        before=before.plain,
        now=now.report,
        rows=tuple(
            _changed_rows(before.plain["rows"], *([row.plain() for row in one.report.rows] for one in (again, now)))
        ),
        cases=tuple(_changed_cases(before.plain, now.report.plain())),
        published=tuple(_published(app, before.plain["position"], now.report.position)),
        tickets=tuple(tickets),
    )


def _require_cuts(cuts: Mapping[str, object]) -> None:
    for name in cuts:
        if name not in {"as_of", "known_at", "position"}:
            raise BadInput(f"{name} is the printed report's; only as_of, known_at and position may differ")


def _require_known(before: Printed, again: Report) -> None:
    """Refuses a report printed by a definition that is yet to come."""
    today = dict(map(_name_and_version, (again.definition, *(row.definition for row in again.rows))))
    for definition in (before.definition, *(row["definition"] for row in before.plain["rows"])):
        name, version = _name_and_version(definition)
        if version > today.get(name, version):
            raise BadInput(f"it was printed by {definition}, and here there is {name}@{today[name]} at most")


def _name_and_version(definition: str) -> tuple[str, int]:
    name, _, version = definition.partition("@")
    return name, int(version)


def _require_same(before: Printed, again: Report) -> None:
    """Refuses a report whose definitions still hold, and that does not come out as it was printed.

    Where tickets are set aside or no longer are, events have been read or given up since, and so it may.
    """
    rows = [row.plain() for row in again.rows]
    definitions = {before.definition, *(row["definition"] for row in before.plain["rows"])}
    has_changed = not definitions <= {again.definition, *(row.definition for row in again.rows)}
    if not has_changed and before.plain.get("set_aside") == again.set_aside and before.plain["rows"] != rows:
        raise BadInput(
            f"position {again.position} of this store does not give what was printed: it is another store, or the"
            " printed report was changed"
        )


# how tickets stand


class _Numbers:
    """Numbers for what is counted, the same in both answers."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[object, ...], int] = {}

    def of(self, told: Told, others: Mapping[int, Told]) -> int:
        """That of what is counted, by what it is called and from when on it counts; the next of several alike."""
        counts, scope = told.counts, told.asked.scope
        name = (counts.of, *counts.conditions, *counts.sums, *counts.lists, scope.from_at)
        numbers = (self._numbers.setdefault((*name, place), len(self._numbers)) for place in count())
        return next(number for number in numbers if number not in others)


def _stand(
    app: Ticketing,
    before: Printed,
    cuts: Mapping[str, Any],
    beside: Beside,
    numbers: _Numbers,
    *,
    is_second: bool = True,
) -> Answer:
    """The report, and how each ticket stands in it set down."""
    told: dict[int, Told] = {}
    figures = _figures(before)

    def each(one: Told, found: Iterator[Single]) -> None:
        number = numbers.of(one, told)
        told[number] = one
        for ticket_id, standings in standings_of(one.counts, one.by, found, figures):
            if standings and _is_about(standings, before.question.get("manufacturer")):
                line = json.dumps(standings, ensure_ascii=False)
                beside.add(f"{ticket_id} {number}", line, is_second=is_second)

    report = before.report(app, **before.question, **cuts, each=each)
    if not told and "under" in before.question:  # judged by another version, clocks are not counted in the store
        asked = {name: given for name, given in before.question.items() if name != "under"}
        before.report(app, **asked, **cuts, each=each)
    return Answer(report=report, told=told, figures=figures)


def _figures(before: Printed) -> Collection[str] | None:
    """The figures that were printed; None for all, where versions of a contract say which."""
    return None if before.plain["figure"] == SCORECARD else {row["figure"] for row in before.plain["rows"]}


def _is_about(standings: Standings, manufacturer: str | None) -> bool:
    """Whether a scorecard of the manufacturer has the ticket in it; every other report has every ticket."""
    return manufacturer is None or standings.get("manufacturer", manufacturer) == manufacturer


def _changed(
    app: Ticketing, before: Answer, now: Answer, differing: Iterable[tuple[str, str | None, str | None]]
) -> Iterator[Changed]:
    """The tickets that stand otherwise, with what changed in all that is counted of them."""
    stood: dict[UUID, dict[int, tuple[Standings, Standings]]] = {}
    for key, *lines in differing:
        ticket, _, number = key.partition(" ")
        first, second = (json.loads(line) if line else {} for line in lines)
        stood.setdefault(UUID(ticket), {})[int(number)] = first, second
    for ticket_id, history, why in causes(app, before, now, stood.items()):
        was, is_now = _differing(stood[ticket_id])
        yield Changed(
            ticket=number_of(history),
            ticket_id=str(ticket_id),
            was=was,
            now=is_now,
            because=why.because,
            otherwise=why.otherwise,
            others=why.others,
        )


def _differing(stood: Mapping[int, tuple[Standings, Standings]]) -> tuple[Standings, Standings]:
    """What changed in all that is counted; what is called alike and says something else gets a number."""
    was: dict[str, str] = {}
    is_now: dict[str, str] = {}
    for _, (first, second) in sorted(stood.items()):
        for name in {**first, **second}:
            pair = first.get(name), second.get(name)
            labels = (f"{name} ({number})" if number > 1 else name for number in count(1))
            label = next(one for one in labels if (was.get(one), is_now.get(one)) in {(None, None), pair})
            if pair[0] != pair[1]:
                was |= {} if pair[0] is None else {label: pair[0]}
                is_now |= {} if pair[1] is None else {label: pair[1]}
    return was, is_now


# what else changed


def _changed_rows(
    before: Iterable[Mapping[str, Any]], again: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]]
) -> Iterator[Mapping[str, object]]:
    """Each row that is not the same in what was printed and now; where it is defined otherwise, what it would say."""
    was, then, is_now = map(_by_name, (before, again, now))
    for name in [*was, *(name for name in is_now if name not in was)]:
        first, second, redefined = was.get(name), is_now.get(name), then.get(name)
        if first == second:
            continue
        row = first or second or {}
        told = {"figure": row["figure"], "group": row["group"], "was": _numbers(first)}
        if first is not None and redefined is not None and redefined["definition"] != first["definition"]:
            told["redefined"] = _numbers(redefined)
        yield told | {"now": _numbers(second)}


def _by_name(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], Mapping[str, Any]]:
    """The rows by figure and group, and where a scorecard has several of these by their order."""
    found: dict[tuple[str, int], Mapping[str, Any]] = {}
    for row in rows:
        name = json.dumps([row["figure"], row["group"]])
        found[name, next(place for place in count() if (name, place) not in found)] = row
    return found


def _numbers(row: Mapping[str, Any] | None) -> Mapping[str, object] | None:
    return None if row is None else {name: said for name, said in row.items() if name not in _OF_A_ROW}


def _changed_cases(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Each single case that is not the same in both, of those that the report lists."""
    for listed in ("differences", "cases"):
        was, is_now = (_by_case(one.get(listed) or ()) for one in (before, now))
        for name in [*was, *(name for name in is_now if name not in was)]:
            first, second = was.get(name), is_now.get(name)
            if first != second:
                yield {"ticket": (first or second or {}).get("ticket"), "was": first, "now": second}


def _by_case(cases: Iterable[Mapping[str, Any]]) -> dict[tuple[object, ...], Mapping[str, Any]]:
    found: dict[tuple[object, ...], Mapping[str, Any]] = {}
    for case in cases:
        name = [case.get(part) for part in _OF_A_CASE]
        found[next(full for place in count() if (full := (*name, place)) not in found)] = case
    return found


def _published(app: Ticketing, after: int, up_to: int) -> Iterator[Mapping[str, object]]:
    """What was published between two positions, in order."""
    for fact in app.store.read(app.store.stored_publications(min(after, up_to), up_to)):
        if isinstance(fact.event, Published):
            yield {
                "kind": fact.stream_kind,
                "version": f"{fact.event.key}@{fact.event.version}",
                "recorded_at": instant_text(fact.recorded_at),
            }
