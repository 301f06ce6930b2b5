"""The questions of conduct: whether lists and bills are honest, and whether the record itself is clean."""

from typing import Unpack

from ticketing.answering import Asked, counted, understood
from ticketing.application import Ticketing
from ticketing.projections import honesty as bills
from ticketing.projections import hygiene as records
from ticketing.projections.asked import days_asked
from ticketing.projections.built_in import CONDUCT_ROWS
from ticketing.projections.report import Report

LATE_AFTER_HOURS = 24
"""How long after it occurred a fact is recorded late, unless asked otherwise."""

REOPENED_DAYS = 7
"""Within how many days of closing a reopening counts against it, unless asked otherwise."""


def honesty(app: Ticketing, **asked: Unpack[Asked]) -> Report:
    """Whether lists and bills say what was found, approved and done; how promises were kept is in `promises`.

    Returns:
        Rows of `honesty`, `quoted_without_finding`, `performed_without_approval`, `billed_without_performance` and
        `over_the_maximum`, and of `lines_without_finding`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, bills.HONESTY, asked, honesty)
    found, read = counted(app, CONDUCT_ROWS, question, lambda rows: rows.count(bills.counts(question.cohort)))
    return question.report(bills.honesty(found, question.cohort), read)


def hygiene(
    app: Ticketing,
    *,
    late_after_hours: int = LATE_AFTER_HOURS,
    within_days: int = REOPENED_DAYS,
    **asked: Unpack[Asked],
) -> Report:
    """Whether the record is clean: late entries, waits just before due or without evidence, closings taken back.

    Args:
        app: The application on the store.
        late_after_hours: A fact is late that was recorded more than so many hours after it occurred; 1, 4, 8, 24, 72
            or 168.
        within_days: A closing is taken back by a reopening within so many days.
        asked: See `Asked`.

    Returns:
        Rows of `hygiene` (facts recorded late), `waits_near_due`, `waits_without_evidence` and `closed_and_reopened`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, records.HYGIENE, asked, hygiene)
    hours, days = records.hours_asked(late_after_hours), days_asked("within_days", within_days)
    counts = records.counts(question.cohort, hours, days)
    found, read = counted(app, CONDUCT_ROWS, question, lambda rows: rows.count(counts))
    rows = records.hygiene(found, question.cohort, days)
    return question.report(rows, read, late_after_hours=hours, within_days=days)
