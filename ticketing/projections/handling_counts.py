"""Handling counts: who hands tickets around, who is silent towards the customer, and which site answers the others."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ticketing.projections.backlog import AGES
from ticketing.projections.counts import Counted, Counts, Rate, conditions_of, holds, rate_rows
from ticketing.projections.handling import LINE, is_bounced
from ticketing.projections.report import Cohort, Figure, Number, ReportRow, Unit, rate
from ticketing.projections.sample import DAY, SECOND, Group, in_order
from ticketing.projections.statistics import nearest_rank, rounded
from ticketing.projections.survival import incidence
from ticketing.projections.turnaround import COHORTS, SECONDS_OF

HANDLING = Figure("handling", 1, ("handed_back_in", "opened_in", "closed_in"))
HANDED_ON = Figure("handed_on", 1, HANDLING.cohorts)
BOUNCED = Figure("bounced", 1, HANDLING.cohorts)
SITE_CHANGES = Figure("site_changes", 1, HANDLING.cohorts)
CONTACTS_BEFORE = Figure("contacts_before_action", 1, HANDLING.cohorts)
HANDED_ON_BY = Figure("handed_on_by", 1, HANDLING.cohorts)
BOUNCED_BACK_TO = Figure("bounced_back_to", 1, HANDLING.cohorts)

SILENCE = Figure("silence", 1, ("opened_in", "handed_back_in", "closed_in"))
LONGEST_SILENCES: Mapping[str, Figure] = {
    name: Figure(f"longest_{name}", 1, SILENCE.cohorts) for name in ("silence_before", "silence_after")
}

REQUESTS = Figure("requests", 1, ("opened_in", "handed_back_in", "closed_in"))
TIME_TO_ANSWER = Figure("time_to_answer", 1, REQUESTS.cohorts)
UNANSWERED = Figure("requests_unanswered", 1, REQUESTS.cohorts)

_AROUND = 3
"""Changes of site: a workshop and back are two."""
_OUT = "is_cancelled = 1 OR began_at IS NULL"
_GOES_ON = "first_back_at IS NULL AND is_open = 1"
_NONE = "no ticket of the cohort was handed back or closed"


# who hands tickets around

_RATES = (
    Rate(figure=HANDLING, excluded=_OUT, censored=_GOES_ON, had=f"changes >= {_AROUND}", none=_NONE),
    Rate(figure=HANDED_ON, excluded=_OUT, censored=_GOES_ON, had="changes > 0", none=_NONE),
    Rate(figure=BOUNCED, excluded=_OUT, censored=_GOES_ON, had="bounces > 0", none=_NONE),
)
_IS_ASKED = f"NOT {holds(_OUT)} AND NOT {holds(_GOES_ON)}"


def handled(cohort: Cohort) -> Counts:
    """What hand-offs, bounces and contacts before the first action are counted from.

    Cancelled tickets and those never received are left out; those that are neither back nor closed may be handed on
    yet. Who was never looked at has no first action.
    """
    before = f"CASE WHEN NOT {holds(_OUT)} AND acted_at IS NOT NULL THEN contacts_before END"
    return Counts(
        at=COHORTS[cohort],
        conditions={
            **conditions_of(_RATES),
            "contacts.excluded": f"{holds(_OUT)} OR (acted_at IS NULL AND NOT {holds(_GOES_ON)})",
            "contacts.censored": f"NOT {holds(_OUT)} AND acted_at IS NULL AND {holds(_GOES_ON)}",
        },
        lists={"changes": f"CASE WHEN {_IS_ASKED} THEN changes END", "contacts": before},
    )


def paths(cohort: Cohort) -> Counts:
    """The ways that tickets went from site to site, and how many went each."""
    return Counts(
        at=COHORTS[cohort],
        conditions={
            "went": _IS_ASKED,
            "excluded": holds(_OUT),
            "censored": f"NOT {holds(_OUT)} AND {holds(_GOES_ON)}",
        },
        by={"path": "path", "worked": "worked"},
    )


def handling(counted: Counted, cohort: Cohort, percentiles: Sequence[int]) -> list[ReportRow]:
    """Handed around, handed on at all, and bounced ÷ back or closed; how often; contacts before anything was done."""
    rows = rate_rows(counted, cohort, _RATES)
    groups = list(counted.groups())
    for group, tally in groups:
        out, unseen = (tally.numbers[f"{HANDLING.name}.{name}"] for name in ("excluded", "censored"))
        row = _ranked(SITE_CHANGES, cohort, group, tally.list("changes"), percentiles, "times", _NONE)
        rows.append(replace(row, excluded=out, censored=unseen))
    for group, tally in groups:
        none = "nothing was done with any unit of the cohort"
        row = _ranked(CONTACTS_BEFORE, cohort, group, tally.list("contacts"), percentiles, "times", none)
        out, unseen = tally.numbers["contacts.excluded"], tally.numbers["contacts.censored"]
        rows.append(replace(row, excluded=out, censored=unseen))
    return rows


@dataclass(slots=True)
class _Hands:
    """What one site did with the tickets that it had.

    Attributes:
        had: Tickets that it had.
        handed_on: Those that it handed on, `bounced` those of them that came back without anything done.
        times: How often it handed one on, `unworked` how often it had done nothing.
        excluded: Tickets that it had and that do not count, `censored` those that go on.
    """

    had: int = 0
    handed_on: int = 0
    bounced: int = 0
    times: int = 0
    unworked: int = 0
    excluded: int = 0
    censored: int = 0


def handed_on_by(counted: Counted, cohort: Cohort) -> list[ReportRow]:
    """By site: tickets that it handed on ÷ those that it had, and of those it handed on the ones that bounced."""
    by = (*counted.by[:-2], "from_site")
    found: dict[Group, _Hands] = {}
    for split, tally in counted.groups():
        path = split.get("path")
        if path is not None:
            group = tuple(split[name] for name in by[:-1])
            _count_path(found, group, path.split(LINE), split["worked"] or "", tally.numbers)
    named: list[tuple[dict[str, str | None], _Hands]] = [
        (dict(zip(by, group, strict=True)), found[group]) for group in in_order(found)
    ]
    return [
        *(_handed_on(cohort, group, hands) for group, hands in named or [({}, _Hands())]),
        *(_bounced_back(cohort, group, hands) for group, hands in named or [({}, _Hands())]),
    ]


def _handed_on(cohort: Cohort, group: Mapping[str, str | None], hands: _Hands) -> ReportRow:
    row = rate(
        HANDED_ON_BY,
        cohort,
        group,
        numerator=hands.handed_on,
        denominator=hands.had,
        reason=_NONE,
        excluded=hands.excluded,
        censored=hands.censored,
    )
    return replace(row, parts={"times": hands.times, "unworked": hands.unworked})


def _bounced_back(cohort: Cohort, group: Mapping[str, str | None], hands: _Hands) -> ReportRow:
    none = "no ticket of the cohort was handed on"
    return rate(BOUNCED_BACK_TO, cohort, group, numerator=hands.bounced, denominator=hands.handed_on, reason=none)


def _count_path(
    found: dict[Group, _Hands], group: Group, path: list[str], worked: str, numbers: Mapping[str, int]
) -> None:
    left, tickets = path[:-1], numbers["went"]
    bounced = {site for place, site in enumerate(path) if is_bounced(path[:place], worked[:place], site)}
    for site in dict.fromkeys(path):
        hands = found.setdefault((*group, site), _Hands())
        hands.had += tickets
        hands.handed_on += tickets * (site in left)
        hands.bounced += tickets * (site in bounced)
        hands.times += tickets * left.count(site)
        hands.unworked += tickets * sum(one == site and did == "0" for one, did in zip(left, worked, strict=False))
        hands.excluded += numbers["excluded"]
        hands.censored += numbers["censored"]


# who is silent


def silences(cohort: Cohort, days: int) -> Counts:
    """What silences towards the customer are counted from; one that goes on lasts as long as it was observed."""
    goes_on = {
        "silence_before": "silent_since IS NOT NULL AND paid_at IS NULL",
        "silence_after": "silent_since IS NOT NULL AND paid_at IS NOT NULL",
    }
    out = holds(_OUT)
    now = "observed_until - silent_since"
    ended = {
        name: f"CASE WHEN NOT {out} AND NOT {holds(so)} THEN {name} / {SECOND} END" for name, so in goes_on.items()
    }
    running = {
        f"{name}.censored": f"CASE WHEN NOT {out} AND {holds(so)} THEN "
        f"(CASE WHEN {now} > {name} THEN {now} ELSE {name} END) / {SECOND} END"
        for name, so in goes_on.items()
    }
    return Counts(
        at=COHORTS[cohort],
        conditions={
            **_silent(days).conditions(),
            **{f"{name}.excluded": f"{out} OR {name} IS NULL" for name in goes_on},
        },
        lists=ended | running,
    )


def _silent(days: int) -> Rate:
    return Rate(
        figure=SILENCE,
        excluded=_OUT,
        censored=f"paid_at + {days * DAY} > observed_until",
        asked="paid_at IS NOT NULL",
        had=f"told_after_payment_at IS NULL OR told_after_payment_at - paid_at > {days * DAY}",
        none=f"no ticket of the cohort was paid for before its hand-back and {days} days ago",
    )


def silence(counted: Counted, cohort: Cohort, days: int, percentiles: Sequence[int]) -> list[ReportRow]:
    """Told nothing within so many days of paying ÷ paid so many days ago; the longest silences before and after."""
    rows = rate_rows(counted, cohort, [_silent(days)])
    for name, figure in LONGEST_SILENCES.items():
        for group, tally in counted.groups():
            running = tally.list(f"{name}.censored")
            ordered = sorted([*tally.list(name), *running])
            row = _ranked(figure, cohort, group, ordered, percentiles, "d", _NO_SILENCE[name])
            rows.append(replace(row, censored=len(running), excluded=tally.numbers[f"{name}.excluded"]))
    return rows


_NO_SILENCE = {
    "silence_before": "no unit of the cohort was received before it was paid for",
    "silence_after": "no ticket of the cohort was paid for before its hand-back",
}


# which site answers


def requested(cohort: Cohort) -> Counts:
    """The tickets on which sites asked each other for something, and how often."""
    return Counts(
        at=COHORTS[cohort],
        conditions={"asked": "requests_made > 0"},
        sums={name: name for name in ("requests_made", "requests_answered")},
    )


OF_REQUESTS = ("requests", "observed_until", "is_cancelled")
"""What is told of each of these tickets."""

_NOTHING_ASKED = "no site of the cohort's tickets was asked for anything"


@dataclass(slots=True)
class _Answers:
    """What became of the requests to one site.

    Attributes:
        answered: After how many seconds each was.
        closed: After how many seconds the ticket of each unanswered one was closed.
        waiting: For how many seconds the others wait.
        in_time: Answered within the days, of those whose days have passed: `due`.
        left_out: Those of cancelled tickets, which are neither.
    """

    answered: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    in_time: int = 0
    due: int = 0
    left_out: int = 0


class Answering:
    """The requests of a cohort by group and site asked.

    Args:
        chosen: Of each ticket its group, its requests as JSON, how far it was observed, and whether it was cancelled.
        by: The dimensions of a group.
        days: Within how many days an answer is asked for.
    """

    def __init__(self, chosen: Iterable[tuple[Any, ...]], by: Sequence[str], days: int) -> None:
        self._by = (*by, "to_site")
        self._days = days
        self._found: dict[Group, _Answers] = {}
        for group, requests, until, is_cancelled in chosen:
            for _, to_site, asked_at, answered_at, closed_at in json.loads(requests):
                answers = self._found.setdefault((*group, to_site), _Answers())
                self._count(answers, asked_at, answered_at, closed_at, until)
                if is_cancelled:
                    answers.left_out += 1
                elif (last := asked_at + self._days * DAY) <= until:
                    answers.due += 1
                    answers.in_time += answered_at is not None and answered_at <= last

    @staticmethod
    def _count(answers: _Answers, asked_at: int, answered_at: int | None, closed_at: int | None, until: int) -> None:
        if answered_at is not None:
            answers.answered.append((answered_at - asked_at) // SECOND)
        elif closed_at is not None:
            answers.closed.append((closed_at - asked_at) // SECOND)
        else:
            answers.waiting.append(max(0, until - asked_at) // SECOND)

    def groups(self) -> Iterator[tuple[dict[str, str | None], _Answers]]:
        """Every group with its answers, by code point; one that says nothing where nothing was asked."""
        if not self._found:
            yield {}, _Answers()
        for group in in_order(self._found):
            yield dict(zip(self._by, group, strict=True)), self._found[group]

    def rows(self, cohort: Cohort, percentiles: Sequence[int], unit: Unit) -> list[ReportRow]:
        """By site asked: answered within the days ÷ asked so many days ago; the time it took; what waits, by age."""
        groups = list(self.groups())
        return [
            *(self._in_time(cohort, group, answers) for group, answers in groups),
            *(_time_to_answer(cohort, group, answers, percentiles, unit) for group, answers in groups),
            *(_unanswered(cohort, group, answers) for group, answers in groups),
        ]

    def _in_time(self, cohort: Cohort, group: Mapping[str, str | None], answers: _Answers) -> ReportRow:
        asked = len(answers.answered) + len(answers.closed) + len(answers.waiting)
        return rate(
            REQUESTS,
            cohort,
            group,
            numerator=answers.in_time,
            denominator=answers.due,
            reason=f"{_NOTHING_ASKED} {self._days} days ago",
            excluded=answers.left_out,
            censored=asked - answers.left_out - answers.due,
        )


def _time_to_answer(
    cohort: Cohort, group: Mapping[str, str | None], answers: _Answers, percentiles: Sequence[int], unit: Unit
) -> ReportRow:
    curve = incidence(sorted(answers.answered), sorted(answers.closed), sorted(answers.waiting))
    found = {f"p{percent}": curve.quantile(percent) for percent in percentiles}
    answered, waiting = len(answers.answered), len(answers.waiting)
    asked = answered + len(answers.closed) + waiting
    missing = [name for name, one in found.items() if one.at is None]
    reason = f"{', '.join(missing)} not reached: of {asked} requests {waiting} wait, {len(answers.closed)} were closed"
    return ReportRow(
        figure=TIME_TO_ANSWER.name,
        definition=TIME_TO_ANSWER.definition,
        cohort=cohort,
        group=group,
        percentiles={name: _in_unit(one.at, unit) for name, one in found.items()},
        reason=(reason if asked else _NOTHING_ASKED) if missing else None,
        unit=unit,
        numerator=answered,
        denominator=asked,
        censored=waiting,
        low={name: _in_unit(one.low, unit) for name, one in found.items()},
        high={name: _in_unit(one.high, unit) for name, one in found.items()},
    )


def _unanswered(cohort: Cohort, group: Mapping[str, str | None], answers: _Answers) -> ReportRow:
    ages = Counter[str]()
    for seconds in answers.waiting:
        days = seconds // SECONDS_OF["d"]
        ages.update(name for name, after, last in AGES if after < days <= last)
    waiting = len(answers.waiting)
    asked = waiting + len(answers.answered) + len(answers.closed)
    return ReportRow(
        figure=UNANSWERED.name,
        definition=UNANSWERED.definition,
        cohort=cohort,
        group=group,
        value=waiting if asked else None,
        ages={name: ages[name] for name, _, _ in AGES},
        reason=None if asked else _NOTHING_ASKED,
        unit="requests",
        numerator=waiting,
        denominator=asked,
    )


def _ranked(
    figure: Figure,
    cohort: Cohort,
    group: Mapping[str, str | None],
    ordered: Sequence[int],
    percentiles: Sequence[int],
    unit: Unit,
    none: str,
) -> ReportRow:
    """Percentiles of whole numbers, by nearest rank; of seconds in the unit."""
    return ReportRow(
        figure=figure.name,
        definition=figure.definition,
        cohort=cohort,
        group=group,
        percentiles={
            f"p{percent}": _in_unit(nearest_rank(ordered, percent), unit) if ordered else None
            for percent in percentiles
        },
        reason=None if ordered else none,
        unit=unit,
        numerator=len(ordered),
        denominator=len(ordered),
    )


def _in_unit(number: int | None, unit: Unit) -> Number | None:
    seconds = SECONDS_OF.get(unit)
    return number if number is None or seconds is None else rounded(number / seconds)
