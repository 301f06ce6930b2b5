"""The questions people ask of repairs: which came back, which were right the first time, where nothing was found."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, starmap
from typing import Any, Unpack

from ticketing.answering import Asked, Rows, counted, understood
from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput, nearest
from ticketing.projections import repeat_cases as cases
from ticketing.projections import repeats as again
from ticketing.projections.asked import days_asked
from ticketing.projections.built_in import REPEAT_ROWS
from ticketing.projections.counts import Counted, Counts, one_of
from ticketing.projections.repeats import Blame, Known, Repair, Repeat
from ticketing.projections.report import Report, ReportRow
from ticketing.projections.same_unit import TIED, Sighting

N_DAYS = 90
"""How long after hand-back a new ticket of the same unit is a repeat, unless a contract says otherwise."""

BLAMES: Mapping[str, Blame] = {"latest": "latest", "first": "first"}


def repeat_rate(app: Ticketing, *, n_days: int = N_DAYS, blame: Blame = "latest", **asked: Unpack[Asked]) -> Report:
    """Repairs whose unit came back within N days of hand-back ÷ repairs; beside it those that were right first time.

    Args:
        app: The application on the store.
        n_days: How long after hand-back a new ticket is a repeat, and must have had the time to come.
        blame: Whether a repeat is charged to the latest repair before it or to the first of the chain.
        asked: See `Asked`.

    Returns:
        Rows of `repeat_rate` and `first_time_fix`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, again.REPEAT_RATE, asked, repeat_rate)
    days, charged_to = days_asked("n_days", n_days), _blame(blame)
    found, read = counted(
        app, REPEAT_ROWS, question, lambda rows: _added(rows, again.counts(days, _repeats(rows, days), charged_to))
    )
    return question.report(again.repeat_rate(found, days), read, n_days=days, blame=charged_to)


def first_time_fix(app: Ticketing, *, n_days: int = N_DAYS, **asked: Unpack[Asked]) -> Report:
    """Repairs that took one cycle, passed every inspection and did not come back, within N days ÷ repairs.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, again.FIRST_TIME_FIX, asked, first_time_fix)
    days = days_asked("n_days", n_days)
    found, read = counted(
        app, REPEAT_ROWS, question, lambda rows: _added(rows, again.fix_counts(days, _repeats(rows, days)))
    )
    return question.report(again.first_time_fix(found, days), read, n_days=days)


def no_fault_found(app: Ticketing, **asked: Unpack[Asked]) -> Report:
    """Tickets handed back in which the last diagnosis found nothing ÷ tickets diagnosed.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, again.NO_FAULT_FOUND, asked, no_fault_found)
    found, read = counted(app, REPEAT_ROWS, question, lambda rows: rows.count(again.NO_FAULT_COUNTS))
    return question.report(again.no_fault_found(found), read)


def repeats(app: Ticketing, *, n_days: int = N_DAYS, blame: Blame = "latest", **asked: Unpack[Asked]) -> Report:
    """Which repairs came back within N days, to whom that is charged, and who pays for the next one, ticket by ticket.

    Repairs count here that have not been back for N days yet.

    Args:
        app: The application on the store.
        n_days: As of `repeat_rate`.
        blame: As of `repeat_rate`.
        asked: See `Asked`.

    Returns:
        Rows of `repeats` and `repeats_by_entitlement`, and every repeat as one of the report's cases.

    Raises:
        BadInput: Something asked cannot be understood.
    """
    question = understood(app, cases.REPEATS, asked, repeats)
    days, charged_to = days_asked("n_days", n_days), _blame(blame)

    def ask(rows: Rows) -> tuple[list[ReportRow], list[cases.Charge]]:
        found = _repeats(rows, days)
        new = rows.tickets(again.TICKETS, one_of("ticket_id", (one.ticket for one in found)), *cases.NEW)
        to = chain.from_iterable(rows.chosen(one, *cases.CHARGED) for one in cases.chosen(found, charged_to))
        charges = cases.charges(found, charged_to, list(starmap(cases.New, new)), list(starmap(cases.Charged, to)))
        return cases.repeats(_added(rows, cases.counts(days, found, charged_to)), charges), charges

    (lines, charges), read = counted(app, REPEAT_ROWS, question, ask)
    report = question.report(lines, read, n_days=days, blame=charged_to)
    return replace(report, cases=tuple(one.plain() for one in charges))


def _added(rows: Rows, several: Iterable[Counts]) -> Counted:
    """What is counted of the rows one after the other, added up."""
    first, *others = several
    counted = rows.count(first)
    for one in others:
        counted.add(rows.count(one))
    return counted


def _blame(given: str) -> Blame:
    if given in BLAMES:
        return BLAMES[given]
    raise BadInput(f"there is no blame {given}; the nearest is {nearest(given, BLAMES)}")


def _repeats(rows: Rows, days: int) -> list[Repeat]:
    """The repeats among all tickets: read are only those that may have to do with another one."""
    several = rows.tickets(again.TICKETS, None, *again.KNOWN, shared="serial")
    tied = rows.tickets(again.TICKETS, TIED, *again.KNOWN)
    known = {columns[1]: _known(columns) for columns in {one[1]: one for one in (*several, *tied)}.values()}
    seen = [known[columns[1]].seen for columns in tied]
    after = {one.serial_after for one in seen if one.serial_after is not None and one.serial_after != one.serial}
    linked = {ticket for one in seen for ticket in one.linked_to if ticket not in known}
    if after or linked:
        # Each of the two is answered by an index.
        condition = " OR ".join([one_of("serial", after), one_of("ticket_id", linked)])
        known |= {columns[1]: _known(columns) for columns in rows.tickets(again.TICKETS, condition, *again.KNOWN)}
    return again.repeats(known.values(), days)


def _known(columns: Sequence[Any]) -> Known:
    opened_at, ticket, serial, serial_after, linked_to, back_at, cycle, further, is_cancelled, is_left_out = columns
    seen = Sighting(opened_at, ticket, serial, serial_after, tickets_linked(linked_to))
    if is_left_out or back_at is None:
        return Known(seen, (), bool(is_cancelled))
    return Known(seen, ((back_at, Repair(ticket, cycle)), *_later(ticket, further)), bool(is_cancelled))


def _later(ticket: str, further: str) -> Iterator[tuple[int, Repair]]:
    """The later repairs of a ticket, of its `further` ones, that were handed back."""
    for one in [] if further == "[]" else json.loads(further):
        cycle, is_first, _, back_at = one[:4]
        if back_at is not None and not is_first:
            yield back_at, Repair(ticket, cycle, is_first=False)


def tickets_linked(linked_to: str) -> tuple[str, ...]:
    """The hexes of the ids that a row's `linked_to` names."""
    return () if linked_to == "[]" else tuple(json.loads(linked_to.replace("-", "")))
