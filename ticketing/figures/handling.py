"""The questions of who handles tickets: who hands them around, who is silent, and which site answers the others."""

from collections.abc import Sequence
from typing import Unpack

from ticketing.answering import Asked, Rows, counted, understood
from ticketing.application import Ticketing
from ticketing.projections import handling_counts as counts
from ticketing.projections.asked import days_asked, percentiles_asked, unit_asked
from ticketing.projections.built_in import HANDLING_ROWS
from ticketing.projections.report import Report, Unit

SILENT_DAYS = 3
"""Within how many days of paying a customer is to be told something, unless asked otherwise."""

ANSWER_DAYS = 2
"""Within how many days a site is to answer another, unless asked otherwise."""


def handling(app: Ticketing, *, percentiles: Sequence[int] = (50, 90), **asked: Unpack[Asked]) -> Report:
    """Tickets handed on from site to site three times or more ÷ tickets back; at all, how often, and by which site.

    Args:
        app: The application on the store.
        percentiles: Of the changes of site, and of the contacts before anything was done, from 1 to 99.
        asked: See `Asked`.

    Returns:
        Rows of `handling`, `handed_on` and `bounced`, of `site_changes` and `contacts_before_action`, and by site
        of `handed_on_by` and `bounced_back_to`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, counts.HANDLING, asked, handling)
    shown, cohort = percentiles_asked(percentiles), question.cohort
    rows, read = counted(
        app,
        HANDLING_ROWS,
        question,
        lambda rows: [
            *counts.handling(rows.count(counts.handled(cohort)), cohort, shown),
            *counts.handed_on_by(rows.count(counts.paths(cohort)), cohort),
        ],
    )
    return question.report(rows, read, percentiles=shown)


def silence(
    app: Ticketing,
    *,
    within_days: int = SILENT_DAYS,
    percentiles: Sequence[int] = (50, 90),
    **asked: Unpack[Asked],
) -> Report:
    """Customers told nothing within some days of paying ÷ those who paid so long ago; and the longest silences.

    Args:
        app: The application on the store.
        within_days: Within how many days of the first payment the customer is to be told something.
        percentiles: Of the longest silence of each ticket, from 1 to 99.
        asked: See `Asked`.

    Returns:
        Rows of `silence`, `longest_silence_before` and `longest_silence_after`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, counts.SILENCE, asked, silence)
    days, shown = days_asked("within_days", within_days), percentiles_asked(percentiles)
    found, read = counted(app, HANDLING_ROWS, question, lambda rows: rows.count(counts.silences(question.cohort, days)))
    rows = counts.silence(found, question.cohort, days, shown)
    return question.report(rows, read, within_days=days, percentiles=shown)


def requests(
    app: Ticketing,
    *,
    within_days: int = ANSWER_DAYS,
    percentiles: Sequence[int] = (50, 90),
    unit: Unit = "h",
    **asked: Unpack[Asked],
) -> Report:
    """Requests between sites answered within some days ÷ those made so long ago, by the site asked.

    Args:
        app: The application on the store.
        within_days: Within how many days a site is to answer.
        percentiles: Of the time until the answer, from 1 to 99.
        unit: Of that time: `s`, `h` or `d`.
        asked: See `Asked`.

    Returns:
        Rows of `requests`, `time_to_answer` and `requests_unanswered`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, counts.REQUESTS, asked, requests)
    days, shown, in_unit = days_asked("within_days", within_days), percentiles_asked(percentiles), unit_asked(unit)
    asking = counts.requested(question.cohort)

    def ask(rows: Rows) -> counts.Answering:
        rows.count(asking)  # so that a comparison with an earlier report hears of each ticket
        return counts.Answering(rows.chosen(asking, *counts.OF_REQUESTS), question.scope.by, days)

    answering, read = counted(app, HANDLING_ROWS, question, ask)
    rows = answering.rows(question.cohort, shown, in_unit or unit)
    return question.report(rows, read, within_days=days, percentiles=shown, unit=in_unit)
