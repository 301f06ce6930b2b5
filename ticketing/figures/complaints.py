"""How many customers complained, of what, and how long they waited for an answer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Unpack

from ticketing.answering import Asked, Question, Rows, counted, understood
from ticketing.application import Ticketing
from ticketing.projections import complaint_answers as answers
from ticketing.projections import complaints as rates
from ticketing.projections.asked import days_asked, percentiles_asked
from ticketing.projections.built_in import COMPLAINT_ROWS
from ticketing.projections.report import Parameter, Report, ReportRow

W_DAYS = 30
"""How long after hand-back a complaint counts against it, unless a contract says otherwise."""

H_DAYS = 90
"""How long after opening one does, closed or not."""


def complaint_rate(app: Ticketing, *, w_days: int = W_DAYS, h_days: int = H_DAYS, **asked: Unpack[Asked]) -> Report:
    """Tickets complained about by W days after hand-back, per 100; beside it within H days of opening.

    Args:
        app: The application on the store.
        w_days: How long after hand-back a complaint counts, and must have had the time to come.
        h_days: The same after opening, for `complaint_rate_opened`, which not closing a ticket cannot improve.
        asked: See `Asked`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, rates.COMPLAINT_RATE, asked, complaint_rate)
    return _complaints(app, question, days_asked("w_days", w_days), days_asked("h_days", h_days))


def complaint_rate_opened(app: Ticketing, *, h_days: int = H_DAYS, **asked: Unpack[Asked]) -> Report:
    """Tickets complained about within H days of opening, per 100 opened at least H days ago.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    return _complaints(
        app,
        understood(app, rates.COMPLAINT_RATE_OPENED, asked, complaint_rate_opened),
        None,
        days_asked("h_days", h_days),
    )


def complaints(
    app: Ticketing,
    *,
    w_days: int = W_DAYS,
    h_days: int = H_DAYS,
    percentiles: Sequence[int] = (50, 90),
    **asked: Unpack[Asked],
) -> Report:
    """Complaints for every 1,000 tickets, how many were upheld, how long answers took, and which wait for one.

    Args:
        app: The application on the store.
        w_days: Over tickets handed back: how long after it a complaint counts.
        h_days: Over tickets opened: how long after it one does.
        percentiles: Of the days to an answer, from 1 to 99.
        asked: See `Asked`; `by` may also have `class` and `about`.

    Returns:
        Rows of `complaints_per_1000`, `complaints_upheld`, `complaint_days_to_answer`, `complaint_days_to_resolve`,
        `complaints_unanswered` and `complaints_unresolved`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, answers.COMPLAINTS, asked, complaints)
    shown, cohort, by = percentiles_asked(percentiles), question.cohort, question.scope.by
    w_asked, h_asked = days_asked("w_days", w_days), days_asked("h_days", h_days)
    days = h_asked if cohort == "opened_in" else w_asked
    of_tickets = tuple(name for name in by if name not in answers.COMPLAINTS.dimensions)

    def ask(rows: Rows) -> list[ReportRow]:
        chosen = rows.chosen(answers.complained(cohort), *answers.COLUMNS)
        found = list(answers.filed(chosen, days))
        groups = answers.grouped(rows.count(answers.tickets(cohort, days, found)), found, by)
        return answers.answers(groups, cohort, days, shown)

    rows, read = counted(app, COMPLAINT_ROWS, replace(question, scope=replace(question.scope, by=of_tickets)), ask)
    named = {"h_days": days} if cohort == "opened_in" else {"w_days": days}
    return question.report(rows, read, percentiles=shown, **named)


def _complaints(app: Ticketing, question: Question, w_days: int | None, h_days: int) -> Report:
    def ask(rows: Rows) -> list[ReportRow]:
        first = [] if w_days is None else rates.complaint_rate(rows.count(rates.handed_back(w_days)), w_days)
        return first + rates.complaint_rate_opened(rows.count(rates.opened(h_days)), h_days)

    rows, read = counted(app, COMPLAINT_ROWS, question, ask)
    days: dict[str, Parameter] = {"h_days": h_days} if w_days is None else {"w_days": w_days, "h_days": h_days}
    return question.report(rows, read, **days)
