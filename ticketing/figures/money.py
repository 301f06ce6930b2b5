"""The questions people ask of money: what moved from warranty to paid, which till earns, and what is claimed."""

from dataclasses import replace
from typing import Unpack

from ticketing.answering import Asked, counted, understood
from ticketing.application import Ticketing
from ticketing.projections import claims as claimed
from ticketing.projections import tills as money
from ticketing.projections import warranty
from ticketing.projections.built_in import CONTESTED_ROWS, TILL_ROWS
from ticketing.projections.report import Report


def warranty_watch(app: Ticketing, **asked: Unpack[Asked]) -> Report:
    """Tickets moved to the customer's account after a diagnosis in warranty ÷ diagnosed in warranty, and which.

    Returns:
        Rows of `warranty_watch` and of `warranty_overturned`, which is the share of the moves that did not stand; the
        tickets moved are its `cases`. Beside the usual dimensions there are `decided_by`, who moved the ticket or else
        left it in warranty, and `approved_by`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, warranty.WARRANTY_WATCH, asked, warranty_watch)
    cohort = question.cohort
    (found, moved), read = counted(
        app,
        CONTESTED_ROWS,
        question,
        lambda rows: (
            rows.count(warranty.counts(cohort)),
            warranty.cases(rows.chosen(warranty.moved(cohort), *warranty.COLUMNS)),
        ),
    )
    return replace(question.report(warranty.warranty_watch(found, cohort), read), cases=moved)


def tills(app: Ticketing, **asked: Unpack[Asked]) -> Report:
    """What each till earned, revenue less cost, for each currency; ask it by site, or whatever else.

    Returns:
        Rows of `tills`, `revenue` and `cost`. Currency and till are always part of the group; the till is that of who
        pays, and a ticket may stand in both. The numerator is the amount in whole ten-thousandths, the denominator how
        many tickets it is from.

    Raises:
        BadInput: Something asked cannot be understood.
    """
    question = understood(app, money.TILLS, asked, tills)
    found, read = counted(
        app, TILL_ROWS, question, lambda rows: rows.count(money.counts(question.cohort, question.scope))
    )
    return question.report(money.tills(found, question.cohort, question.scope), read)


def claims(app: Ticketing, **asked: Unpack[Asked]) -> Report:
    """Claims on the manufacturer approved in full at once ÷ decided, what was rejected, and the money at stake.

    Returns:
        Rows of `claims`, `claims_rejected` and `claims_rejected_by_clause`, which count claims; and by currency of
        `claims_claimed`, `claims_undecided`, `claims_refused` and `claims_charged_back`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, claimed.CLAIMS, asked, claims)
    cohort = question.cohort
    rows, read = counted(
        app,
        CONTESTED_ROWS,
        question,
        lambda rows: claimed.claims(
            rows.count(claimed.counts(cohort)),
            rows.count(claimed.amounts(cohort)),
            rows.chosen(claimed.rejections(cohort), "rejected_by"),
            cohort,
        ),
    )
    return question.report(rows, read)
