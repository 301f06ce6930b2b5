"""What customers say of the service, and whether they come again."""

from collections.abc import Sequence
from typing import Any, Unpack

from ticketing.answering import Asked, Rows, counted, understood
from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput
from ticketing.figures.repairs import tickets_linked
from ticketing.projections import recognition as customers
from ticketing.projections.asked import days_asked
from ticketing.projections.built_in import RECOGNITION_ROWS
from ticketing.projections.counts import Counted
from ticketing.projections.report import Report
from ticketing.projections.same_unit import Sighting

W_DAYS = 30
"""How long after hand-back a rating counts."""

M_MONTHS = 12
"""How long after hand-back another unit counts."""


def recognition(app: Ticketing, *, w_days: int = W_DAYS, m_months: int = M_MONTHS, **asked: Unpack[Asked]) -> Report:
    """How many customers rated the service and how, accepted what they were told, and brought another unit.

    Args:
        app: The application on the store.
        w_days: How long after hand-back a rating counts, and must have had the time to come.
        m_months: How long after hand-back another unit of the same consumer counts, likewise.
        asked: See `Asked`.

    Returns:
        Rows of `response_rate`, `satisfied`, `explanation_accepted`, `came_again` and `mean_rating`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, customers.RECOGNITION, asked, recognition)
    days = days_asked("w_days", w_days)
    if m_months < 0:
        raise BadInput(f"m_months {m_months}: months are counted from 0")

    def ask(rows: Rows) -> Counted:
        visits = rows.tickets(customers.TICKETS, None, *customers.VISIT, shared="consumer")
        return rows.count(customers.counts(days, m_months, customers.came_again(map(_visit, visits), m_months)))

    found, read = counted(app, RECOGNITION_ROWS, question, ask)
    return question.report(customers.recognition(found, days, m_months), read, w_days=days, m_months=m_months)


def _visit(columns: Sequence[Any]) -> customers.Visit:
    opened_at, ticket, serial, serial_after, linked, customer, manufacturer, model, back_at, is_cancelled = columns
    return customers.Visit(
        Sighting(opened_at, ticket, serial, serial_after, tickets_linked(linked)),
        customer,
        None if manufacturer is None or model is None else (manufacturer, model),
        back_at,
        bool(is_cancelled),
    )
