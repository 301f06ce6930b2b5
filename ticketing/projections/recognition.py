"""Recognition: what customers say of the service, and whether they bring another unit.

Of several ratings the first counts, so that nobody is talked out of a bad one; of several explanations the last does,
since the first may have been a poor one. A month is the twelfth part of 365.25 days. Cancelled tickets and those never
received are left out; whoever opens a ticket for another unit comes again, whether or not that one is in yet.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from ticketing.domain import events as e
from ticketing.domain.slots import replace
from ticketing.domain.values import Event, Recorded
from ticketing.projections.counts import Counted, Counts, Rate, Tally, conditions_of, rate_rows
from ticketing.projections.dimensions import Take
from ticketing.projections.report import Cohort, Figure, ReportRow
from ticketing.projections.row import SHARED
from ticketing.projections.same_unit import Sighting, UnitRow, units, with_unit
from ticketing.projections.sample import DAY
from ticketing.projections.statistics import rounded
from ticketing.projections.turnaround import LEFT_OUT

_COHORTS: tuple[Cohort, ...] = ("handed_back_in",)
RECOGNITION = Figure("recognition", 1, _COHORTS)
RESPONSE = Figure("response_rate", 1, _COHORTS)
SATISFIED = Figure("satisfied", 1, _COHORTS)
RATING = Figure("mean_rating", 1, _COHORTS)
EXPLAINED = Figure("explanation_accepted", 1, _COHORTS)
CAME_AGAIN = Figure("came_again", 1, _COHORTS)
MONTH = 365 * DAY // 12 + DAY // 48


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionRow(UnitRow):
    """One ticket and what its customer said of it.

    Attributes:
        consumer: The customer's pseudonym; None of a dealer, who brings units every day, whatever the service is like.
        rated_at: The first rating.
        rating: What it was, from 1 (worst) to 5.
        is_explanation_accepted: How the customer took the last explanation; None where there was none.
    """

    consumer: str | None = field(default=None, metadata=SHARED)
    rated_at: datetime | None = None
    rating: int | None = None
    is_explanation_accepted: bool | None = None


def _opened(row: RecognitionRow, fact: Recorded[e.TicketOpened]) -> RecognitionRow:
    is_consumer = fact.event.customer_kind == "consumer"
    return replace(row, consumer=row.consumer or (fact.event.customer_ref if is_consumer else None))


def _contacted(row: RecognitionRow, fact: Recorded[e.CustomerContacted]) -> RecognitionRow:
    is_accepted = fact.event.explanation_accepted
    return row if is_accepted is None else replace(row, is_explanation_accepted=is_accepted)


def _rated(row: RecognitionRow, fact: Recorded[e.SatisfactionRated]) -> RecognitionRow:
    return row if row.rated_at is not None else replace(row, rated_at=fact.occurred_at, rating=fact.event.rating)


_TAKES: Mapping[type[Event], Take[RecognitionRow]] = {
    e.TicketOpened: _opened,
    e.CustomerContacted: _contacted,
    e.SatisfactionRated: _rated,
}
TAKEN = frozenset(_TAKES)
"""The facts that this family uses itself, beside what the course and the unit of a ticket use."""


class RecognitionRows:
    """The projection: one `RecognitionRow` per ticket."""

    name = "recognition"
    version = 1
    row = RecognitionRow

    def apply(self, row: RecognitionRow, fact: Recorded[Event]) -> RecognitionRow:
        """The row with one more fact."""
        row = with_unit(row, fact)
        take = _TAKES.get(type(fact.event))
        return row if take is None else take(row, fact)


# who brings another unit


class Visit(NamedTuple):
    """A ticket of a customer who has more than one.

    Attributes:
        model: Manufacturer and model; None where either is unknown.
        back_at: The first hand-back, in microseconds; None before it.
    """

    seen: Sighting
    customer: str
    model: tuple[str, str] | None
    back_at: int | None
    is_cancelled: bool

    def is_surely_other(self, other: "Visit") -> bool:
        """Whether two tickets that nothing ties together are about different units: by serial, else by model."""
        if self.seen.serial_after is not None and other.seen.serial is not None:
            return True
        return self.model is not None and other.model is not None and self.model != other.model


VISIT = (
    *("opened_at", "ticket_id", "serial", "serial_after", "linked_to", "consumer", "manufacturer", "model"),
    *("first_back_at", "is_cancelled"),
)
"""The columns of a `Visit`, in which `linked_to` is JSON."""
TICKETS = Counts(at="first_back_at")


def came_again(visits: Iterable[Visit], months: int) -> dict[str, int]:
    """The tickets within so many months of whose hand-back the customer brought another unit, each with 1."""
    by_customer: dict[str, list[Visit]] = defaultdict(list)
    for visit in visits:
        by_customer[visit.customer].append(visit)
    return {visit.seen.ticket: 1 for of_one in by_customer.values() for visit in _followed(sorted(of_one), months)}


def _followed(visits: Sequence[Visit], months: int) -> Iterable[Visit]:
    unit_of = units(visit.seen for visit in visits)
    for visit in visits:
        if visit.back_at is None or visit.is_cancelled:
            continue
        for later in visits[bisect_left(visits, visit.back_at, key=attrgetter("seen.opened_at")) :]:
            if later.seen.opened_at > visit.back_at + months * MONTH:
                break
            is_other = unit_of[later.seen.ticket] != unit_of[visit.seen.ticket]
            if is_other and not later.is_cancelled and visit.is_surely_other(later):
                yield visit
                break


# what is asked of the rows


def counts(w_days: int, months: int, again: Mapping[str, int]) -> Counts:
    """What recognition is counted from: tickets handed back.

    Args:
        w_days: How long after hand-back a rating counts.
        months: How long after it another unit does.
        again: What `came_again` found.
    """
    response, *_ = rates = _rates(w_days, months)
    asked = response.conditions()[f"{RESPONSE.name}.had"]
    return Counts(
        at=TICKETS.at,
        conditions=conditions_of(rates),
        sums={"ratings": f"CASE WHEN {asked} THEN rating ELSE 0 END"},
        given={"came_again": again},
    )


def _rates(w_days: int, months: int) -> tuple[Rate, ...]:
    unseen, is_rated = f"cohort_at + {w_days * DAY} > observed_until", f"rated_at <= cohort_at + {w_days * DAY}"
    return (
        Rate(
            figure=RESPONSE,
            had=is_rated,
            excluded=LEFT_OUT,
            censored=unseen,
            none=f"no ticket handed back in the period has been back for {w_days} days",
        ),
        Rate(
            figure=SATISFIED,
            had="rating >= 4",
            asked=is_rated,
            excluded=LEFT_OUT,
            censored=unseen,
            none="none of these tickets was rated",
        ),
        Rate(
            figure=EXPLAINED,
            had="is_explanation_accepted = 1",
            asked="is_explanation_accepted IS NOT NULL",
            excluded=LEFT_OUT,
            none="nothing was explained in these tickets",
        ),
        Rate(
            figure=CAME_AGAIN,
            had="came_again = 1",
            excluded=f"{LEFT_OUT} OR consumer IS NULL",
            censored=f"cohort_at + {months * MONTH} > observed_until",
            none=f"no unit of a known consumer, handed back in the period, has been back for {months} months",
        ),
    )


def recognition(counted: Counted, w_days: int, months: int) -> list[ReportRow]:
    """How many rated the service, and how many well; explanations accepted; who came again; the mean rating."""
    return [
        *rate_rows(counted, "handed_back_in", _rates(w_days, months)),
        *(_mean(group, tally) for group, tally in counted.groups()),
    ]


def _mean(group: Mapping[str, str | None], tally: Tally) -> ReportRow:
    count, total = tally.numbers[f"{RESPONSE.name}.had"], tally.numbers["ratings"]
    return ReportRow(
        figure=RATING.name,
        definition=RATING.definition,
        cohort="handed_back_in",
        group=group,
        value=rounded(total / count) if count else None,
        reason=None if count else "none of these tickets was rated",
        unit="of 5",
        numerator=total,
        denominator=count,
        excluded=tally.numbers[f"{RESPONSE.name}.excluded"],
        censored=tally.numbers[f"{RESPONSE.name}.censored"],
    )
