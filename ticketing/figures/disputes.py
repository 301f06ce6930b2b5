"""The questions people ask of disputes: how many, how long, in whose favour, and which decisions did not stand."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Unpack

from ticketing.answering import Asked, counted, understood
from ticketing.application import Ticketing
from ticketing.projections import disputes as contested
from ticketing.projections.asked import days_asked, percentiles_asked
from ticketing.projections.built_in import CONTESTED_ROWS
from ticketing.projections.report import Report

H_DAYS = 90
"""How long after opening a dispute counts, unless asked otherwise."""


def disputes(
    app: Ticketing, *, h_days: int = H_DAYS, percentiles: Sequence[int] = (50, 90), **asked: Unpack[Asked]
) -> Report:
    """Tickets disputed within H days of opening ÷ opened at least H days ago; and what became of the disputes.

    Args:
        app: The application on the store.
        h_days: How long after opening a dispute counts, and must have had the time to come.
        percentiles: Of the days to the verdict, from 1 to 99.
        asked: See `Asked`. Disputes have the dimensions `ground`, `standard` and `clause` of their own.

    Returns:
        Rows of `disputes`, `days_to_verdict`, `verdicts_for` and `disputed_overturned`; all but the first are of all
        disputes of the tickets, whenever they were opened.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, contested.DISPUTES, asked, disputes)
    shown, days = percentiles_asked(percentiles), days_asked("h_days", h_days)
    own = tuple(name for name in question.scope.by if name in contested.OWN)
    of_tickets = tuple(name for name in question.scope.by if name not in contested.OWN)
    rows, read = counted(
        app,
        CONTESTED_ROWS,
        replace(question, scope=replace(question.scope, by=of_tickets)),
        lambda rows: contested.disputes(
            rows.count(contested.opened(days)),
            contested.tickets(rows.chosen(contested.DISPUTED, *contested.COLUMNS)),
            own,
            days,
            shown,
        ),
    )
    return question.report(rows, read, h_days=days, percentiles=shown)
