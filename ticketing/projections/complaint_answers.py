"""Complaint answers: how many complaints came for every thousand tickets, and how long they waited for what answer.

A complaint is answered once it was acknowledged or resolved, whichever came first. Of how many came, only those count
that did within so many days of the tickets' opening or hand-back, once these have passed; of the answers all do.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketing.domain.hours import micros
from ticketing.projections.backlog import AGES
from ticketing.projections.complaints import Complaint
from ticketing.projections.counts import Counted, Counts, holds
from ticketing.projections.report import Cohort, Figure, ReportRow, rate
from ticketing.projections.sample import DAY, SECOND, Group, in_order
from ticketing.projections.statistics import poisson, rounded
from ticketing.projections.survival import incidence

COMPLAINTS = Figure("complaints", 1, ("opened_in", "handed_back_in"), ("about", "class"))
PER_1000 = Figure("complaints_per_1000", 1, COMPLAINTS.cohorts)
UPHELD = Figure("complaints_upheld", 1, COMPLAINTS.cohorts)
ANSWERED = Figure("complaint_days_to_answer", 1, COMPLAINTS.cohorts)
RESOLVED = Figure("complaint_days_to_resolve", 1, COMPLAINTS.cohorts)
UNANSWERED = Figure("complaints_unanswered", 1, COMPLAINTS.cohorts)
UNRESOLVED = Figure("complaints_unresolved", 1, COMPLAINTS.cohorts)

COLUMNS = ("ticket_id", "complaints", "opened_at", "cohort_at", "observed_until", "source", "has_native_facts")
_AT: Mapping[Cohort, str] = {"opened_in": "opened_at", "handed_back_in": "first_back_at"}
_ASKED, _CENSORED = f"{PER_1000.name}.asked", f"{PER_1000.name}.censored"
_NONE = "there is no complaint about these tickets"
_PER = 1000


@dataclass(frozen=True, slots=True)
class Filed:
    """One complaint about a ticket of the cohort; instants in microseconds.

    Attributes:
        group: The ticket's.
        ticket: The hex of its id.
        about: `service` or `manufacturer_policy`.
        kind: Its class.
        is_counted: Whether it came within the days that are asked about, and they have passed.
        answered_at: The first acknowledgement or decision; None before it.
        until: How far the ticket was observed.
        is_unseen: Whether nobody has looked since, as of an import.
    """

    group: Group
    ticket: str
    about: str | None
    kind: str | None
    is_counted: bool
    received_at: int
    answered_at: int | None
    resolved_at: int | None
    is_upheld: bool | None
    until: int
    is_unseen: bool

    def under(self, by: Sequence[str], tickets_by: Sequence[str]) -> Group:
        """Its group by all dimensions asked for, those of tickets being some of them."""
        values = dict(zip(tickets_by, self.group, strict=True)) | {"about": self.about, "class": self.kind}
        return tuple(values[name] for name in by)


def tickets(cohort: Cohort, days: int, found: Sequence[Filed]) -> Counts:
    """What the tickets are counted from, and beside them their complaints."""
    is_unseen = holds(f"cohort_at + {days * DAY} > observed_until")
    given = {
        PER_1000.name: Counter(one.ticket for one in found if one.is_counted),
        "received": Counter(one.ticket for one in found),
        "answered": Counter(one.ticket for one in found if one.answered_at is not None),
        "resolved": Counter(one.ticket for one in found if one.resolved_at is not None),
        "upheld": Counter(one.ticket for one in found if one.is_upheld),
    }
    return Counts(
        at=_AT[cohort],
        conditions={_ASKED: f"NOT {is_unseen}", _CENSORED: is_unseen},
        sums={name: name for name in given},
        given=given,
    )


def complained(cohort: Cohort) -> Counts:
    """The tickets of which `COLUMNS` tell the complaints."""
    return Counts(at=_AT[cohort], conditions={"complaints": "has_complaint = 1"})


def filed(chosen: Iterable[Sequence[Any]], days: int) -> Iterator[Filed]:
    """The complaints of tickets, each with its group before its `COLUMNS`."""
    for group, ticket, complaints, opened_at, cohort_at, until, source, has_native_facts in chosen:
        last = cohort_at + days * DAY
        for one in json.loads(complaints):
            complaint = Complaint(*one)
            at, acknowledged_at, resolved_at = map(_micros, one[3:6])
            if at is None:
                continue
            yield Filed(
                group,
                ticket,
                complaint.about,
                complaint.complaint_class,
                is_counted=opened_at <= at <= last <= until,
                received_at=at,
                answered_at=min((end for end in (acknowledged_at, resolved_at) if end is not None), default=None),
                resolved_at=resolved_at,
                is_upheld=complaint.is_upheld,
                until=until,
                is_unseen=source is not None and not has_native_facts,
            )


def _micros(instant: str | None) -> int | None:
    return None if instant is None else micros(datetime.fromisoformat(instant))


@dataclass(frozen=True, slots=True)
class Answers:
    """The complaints of a group among its tickets.

    Attributes:
        group: By the dimensions that were asked for; empty where there is nothing at all.
        tickets: Of the cohort whose days have passed, with complaints or without.
        censored: Those whose days have not.
    """

    group: Mapping[str, str | None]
    complaints: Sequence[Filed]
    tickets: int
    censored: int


def grouped(counted: Counted, complaints: Sequence[Filed], by: Sequence[str]) -> list[Answers]:
    """The groups in order; where they go by class or by what it is about, only those that have a complaint."""
    found: dict[Group, list[Filed]] = {}
    numbers = {tuple(group.values()): tally.numbers for group, tally in counted.groups()}
    if counted.by == tuple(by):
        found = {group: [] for group in numbers}
    for one in complaints:
        found.setdefault(one.under(by, counted.by), []).append(one)
    if not found:
        return [Answers({}, (), *(sum(tally[name] for tally in numbers.values()) for name in (_ASKED, _CENSORED)))]
    places = [by.index(name) for name in counted.by]
    return [
        Answers(
            dict(zip(by, group, strict=False)),
            found[group],
            *(numbers[tuple(group[place] for place in places if group)][name] for name in (_ASKED, _CENSORED)),
        )
        for group in in_order(found)
    ]


def answers(groups: Sequence[Answers], cohort: Cohort, days: int, percentiles: Sequence[int]) -> list[ReportRow]:
    """Complaints per 1,000 tickets, then which were upheld, how long their answers took, and which still wait."""
    rows = [_per_1000(one, cohort, days) for one in groups]
    rows += [_upheld(one, cohort) for one in groups]
    for figure, end in ((ANSWERED, _answered_at), (RESOLVED, _resolved_at)):
        rows += [_lasting(figure, end, one, cohort, percentiles) for one in groups]
    for figure, end in ((UNANSWERED, _answered_at), (UNRESOLVED, _resolved_at)):
        rows += [_waiting(figure, end, one, cohort) for one in groups]
    return rows


_End = Callable[[Filed], int | None]


def _answered_at(one: Filed) -> int | None:
    return one.answered_at


def _resolved_at(one: Filed) -> int | None:
    return one.resolved_at


def _per_1000(of: Answers, cohort: Cohort, days: int) -> ReportRow:
    count = sum(one.is_counted for one in of.complaints)
    shares = [_PER * number / of.tickets for number in (count, *poisson(count))] if of.tickets else []
    value, low, high = map(rounded, shares) if shares else (None, None, None)
    past = "opened" if cohort == "opened_in" else "handed back"
    return ReportRow(
        figure=PER_1000.name,
        definition=PER_1000.definition,
        cohort=cohort,
        group=of.group,
        value=value,
        reason=None if of.tickets else f"no ticket of the period was {past} {days} days ago",
        unit="per 1,000",
        numerator=count,
        denominator=of.tickets,
        censored=of.censored,
        low=low,
        high=high,
    )


def _upheld(of: Answers, cohort: Cohort) -> ReportRow:
    resolved = [one for one in of.complaints if one.resolved_at is not None]
    return rate(
        UPHELD,
        cohort,
        of.group,
        numerator=sum(bool(one.is_upheld) for one in resolved),
        denominator=len(resolved),
        reason="none of the complaints about these tickets was resolved" if of.complaints else _NONE,
        censored=len(of.complaints) - len(resolved),
    )


def _lasting(figure: Figure, end: _End, of: Answers, cohort: Cohort, percentiles: Sequence[int]) -> ReportRow:
    ended = [max(at - one.received_at, 0) // SECOND for one in of.complaints if (at := end(one)) is not None]
    open_ = [max(one.until - one.received_at, 0) // SECOND for one in of.complaints if end(one) is None]
    curve = incidence(ended, (), open_)
    found = {f"p{percent}": curve.quantile(percent) for percent in percentiles}
    missing = ", ".join(name for name, quantile in found.items() if quantile.at is None)
    standing = f"{missing} not reached: {len(open_)} of {len(of.complaints)} complaints still wait"
    return ReportRow(
        figure=figure.name,
        definition=figure.definition,
        cohort=cohort,
        group=of.group,
        percentiles={name: _days(quantile.at) for name, quantile in found.items()},
        reason=(standing if of.complaints else _NONE) if missing else None,
        unit="d",
        numerator=len(ended),
        denominator=len(of.complaints),
        censored=len(open_),
        low={name: _days(quantile.low) for name, quantile in found.items()},
        high={name: _days(quantile.high) for name, quantile in found.items()},
    )


def _days(seconds: int | None) -> float | None:
    return None if seconds is None else rounded(seconds * SECOND / DAY)


def _waiting(figure: Figure, end: _End, of: Answers, cohort: Cohort) -> ReportRow:
    waiting = [one for one in of.complaints if end(one) is None]
    ages = [(one.until - one.received_at) // DAY for one in waiting]
    return ReportRow(
        figure=figure.name,
        definition=figure.definition,
        cohort=cohort,
        group=of.group,
        value=len(waiting) if of.complaints else None,
        reason=None if of.complaints else _NONE,
        ages={name: sum(after < age <= last for age in ages) for name, after, last in AGES},
        unit="complaints",
        numerator=len(waiting),
        denominator=len(of.complaints),
        censored=sum(one.is_unseen for one in waiting),
    )
