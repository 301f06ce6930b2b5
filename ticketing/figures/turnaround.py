"""How long tickets take, how many are open for how long, and how they fare before the inspector."""

from collections.abc import Sequence
from typing import Unpack

from ticketing.answering import Asked, counted, understood
from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput
from ticketing.projections import backlog as backlogs
from ticketing.projections import first_pass as first_passes
from ticketing.projections import turnaround as turnarounds
from ticketing.projections.asked import days_asked, percentiles_asked, unit_asked, variant_asked
from ticketing.projections.built_in import BACKLOG_ROWS, FIRST_PASS_ROWS, TURNAROUND_ROWS
from ticketing.projections.report import Report, Unit
from ticketing.projections.turnaround import Variant

LONG_DAYS = 30
"""After how many days an open ticket is pending for long, unless a contract says otherwise."""


def turnaround(
    app: Ticketing,
    *,
    within_days: int | None = None,
    variant: Variant | None = None,
    percentiles: Sequence[int] = (50, 90),
    unit: Unit | None = None,
    **asked: Unpack[Asked],
) -> Report:
    """First receipt to last hand-back, open tickets counted as such; beside it what closed tickets alone would say.

    Args:
        app: The application on the store.
        within_days: Adds the share handed back within so many days.
        variant: Adds another span: `to_notice` (to the last notice that the unit is ready, else the hand-back),
            `in_house` (from complete papers to the end of work), `without_home` (less the time at home between cycles).
        percentiles: Which, from 1 to 99.
        unit: `s`, `h` or `d`; None takes hours where all percentiles are under three days, else days.
        asked: See `Asked`.

    Returns:
        Rows of `turnaround` (Aalen-Johansen), `turnaround_closed` (nearest rank), and of `within_days` and the variant
        if asked for.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing for `within_days`.
    """
    question = understood(app, turnarounds.TURNAROUND, asked, turnaround)
    shown = percentiles_asked(percentiles)
    days = None if within_days is None else days_asked("within_days", within_days)
    spans = [turnarounds.counts(question.cohort, days=days)]
    spans += [] if variant is None else [turnarounds.counts(question.cohort, variant=variant_asked(variant))]
    (found, *other), read = counted(app, TURNAROUND_ROWS, question, lambda rows: list(map(rows.count, spans)))
    courses = turnarounds.courses(found)
    in_unit = unit_asked(unit) or turnarounds.unit_of(courses, shown)
    rows = turnarounds.turnaround(courses, shown, in_unit)
    rows += turnarounds.turnaround_closed(courses, question.cohort, shown, in_unit)
    if days is not None:
        rows += turnarounds.within_days(found, days)
    for spanned in other:
        rows += turnarounds.turnaround(turnarounds.courses(spanned), shown, in_unit, variant)
    return question.report(rows, read, percentiles=shown, unit=in_unit, within_days=within_days, variant=variant)


def turnaround_closed(
    app: Ticketing, *, percentiles: Sequence[int] = (50, 90), unit: Unit | None = None, **asked: Unpack[Asked]
) -> Report:
    """The turnaround of closed tickets alone, which is too short: for other cohorts than `turnaround` shows it for.

    Raises:
        BadInput: Something asked cannot be understood.
    """
    question = understood(app, turnarounds.TURNAROUND_CLOSED, asked, turnaround_closed)
    shown = percentiles_asked(percentiles)
    found, read = counted(app, TURNAROUND_ROWS, question, lambda rows: rows.count(turnarounds.counts(question.cohort)))
    courses = turnarounds.courses(found)
    in_unit = unit_asked(unit) or turnarounds.unit_of(courses, shown)
    rows = turnarounds.turnaround_closed(courses, question.cohort, shown, in_unit)
    return question.report(rows, read, percentiles=shown, unit=in_unit)


def first_pass(app: Ticketing, **asked: Unpack[Asked]) -> Report:
    """Tickets passed at first presentation ÷ presented, and beside it `reworked`: sent back at least once.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, first_passes.FIRST_PASS, asked, first_pass)
    found, read = counted(app, FIRST_PASS_ROWS, question, lambda rows: rows.count(first_passes.COUNTS))
    return question.report(first_passes.first_pass(found), read)


def backlog(app: Ticketing, *, older_than: int = LONG_DAYS, **asked: Unpack[Asked]) -> Report:
    """The tickets open at an instant by age in days; beside it each state and wait cause, and those pending for long.

    Args:
        app: The application on the store.
        older_than: A ticket open for longer than so many days is pending for long.
        asked: See `Asked`.

    Raises:
        BadInput: Something asked cannot be understood; so is a period, since a backlog has none.
    """
    question = understood(app, backlogs.BACKLOG, asked, backlog)
    if question.from_ is not None or question.to is not None:
        raise BadInput("a backlog is of one instant: name it by as_of, not by from and to")
    days = days_asked("older_than", older_than)
    found, read = counted(app, BACKLOG_ROWS, question, lambda rows: rows.count(backlogs.counts(days)))
    return question.report(backlogs.backlog(found), read, older_than=days)
