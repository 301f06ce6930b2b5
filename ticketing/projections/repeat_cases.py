"""Repeat cases: which repairs came back, one by one and by group, to whom it is charged, and who pays for the next."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from ticketing.domain.hours import instant_at
from ticketing.domain.values import instant_text
from ticketing.projections.counts import Counted, Counts
from ticketing.projections.repeats import FURTHER, IS_LATER, NO_REPAIR, TICKETS, Blame, Repeat, charged, firsts, later
from ticketing.projections.report import Case, Figure, ReportRow
from ticketing.projections.sample import DAY, Group, in_order
from ticketing.projections.statistics import rounded

REPEATS = Figure("repeats", 1, ("handed_back_in",))
BY_ENTITLEMENT = Figure("repeats_by_entitlement", 1, ("handed_back_in",))
AGAIN = "entitlement_again"
"""The dimension of who pays for the repeat."""

NEW = ("ticket_id", "number", "opened_at", "entitlement")
CHARGED = ("ticket_id", "number", "repair_cycle", "cohort_at", "site", "technician")


class New(NamedTuple):
    """The new ticket of a repeat: the columns `NEW`."""

    ticket: str
    number: str
    opened_at: int
    entitlement: str | None


class Charged(NamedTuple):
    """The repair that a repeat is charged to: its group, then the columns `CHARGED`."""

    group: Group
    ticket: str
    number: str
    cycle: int
    back_at: int
    site: str | None
    technician: str | None


def counts(days: int, found: Sequence[Repeat], blame: Blame) -> list[Counts]:
    """What the repairs of each group are counted from, and the repeats that they are charged with, to be added up."""
    is_repair = f"NOT {NO_REPAIR}"
    conditions = {
        "repairs": is_repair,
        "censored": f"{is_repair} AND cohort_at + {days * DAY} > observed_until",
        "excluded": NO_REPAIR,
    }
    first, further = chosen(found, blame)
    later_alone = {name: f"{condition} AND {IS_LATER}" for name, condition in conditions.items()}
    sums = {REPEATS.name: "charged"}
    return [replace(first, conditions=conditions, sums=sums), replace(further, conditions=later_alone, sums=sums)]


def chosen(found: Sequence[Repeat], blame: Blame) -> list[Counts]:
    """The repairs of the cohort that are charged with a repeat: first ones, then later ones."""
    numbers = charged(found, blame)
    return [
        replace(TICKETS, conditions={"charged": "charged > 0"}, given={"charged": firsts(numbers)}),
        replace(FURTHER, conditions={"charged": "charged > 0"}, given={"charged": later(numbers)}),
    ]


@dataclass(frozen=True, slots=True)
class Charge:
    """A repeat, and the repair that it is charged to."""

    new: New
    to: Charged

    def plain(self) -> Case:
        """One line of the report."""
        return {
            "ticket": self.to.number,
            "ticket_id": str(UUID(self.to.ticket)),
            "cycle": self.to.cycle,
            "site": self.to.site,
            "technician": self.to.technician,
            "handed_back_at": instant_text(instant_at(self.to.back_at)),
            "repeat": self.new.number,
            "repeat_id": str(UUID(self.new.ticket)),
            "opened_at": instant_text(instant_at(self.new.opened_at)),
            "days": rounded((self.new.opened_at - self.to.back_at) / DAY),
            AGAIN: self.new.entitlement,
        }


def charges(found: Sequence[Repeat], blame: Blame, new: Sequence[New], to: Sequence[Charged]) -> list[Charge]:
    """The repeats that are charged to one of these repairs, in order of their opening."""
    news, chargeds = {one.ticket: one for one in new}, {(one.ticket, one.cycle): one for one in to}
    places = ((repeat.ticket, repeat.charged(blame)[:2]) for repeat in found)
    return [Charge(news[ticket], chargeds[place]) for ticket, place in places if place in chargeds]


def repeats(counted: Counted, found: Sequence[Charge]) -> list[ReportRow]:
    """How many repeats are charged to the repairs of each group, then the same by who pays for them."""
    by_group = Counter(one.to.group for one in found)
    by_payer = Counter((*one.to.group, one.new.entitlement) for one in found)
    rows = [
        ReportRow(
            figure=REPEATS.name,
            definition=REPEATS.definition,
            cohort="handed_back_in",
            group=group,
            value=tally.numbers[REPEATS.name] if tally.numbers["repairs"] else None,
            reason=None if tally.numbers["repairs"] else "no repair was handed back in the period",
            unit="tickets",
            numerator=tally.numbers[REPEATS.name],
            denominator=tally.numbers["repairs"],
            excluded=tally.numbers["excluded"],
            censored=tally.numbers["censored"],
        )
        for group, tally in counted.groups()
    ]
    names = (*counted.by, AGAIN)
    return rows + [_of_payer(names, group, by_payer[group], by_group[group[:-1]]) for group in in_order(by_payer)]


def _of_payer(names: Sequence[str], group: Group, count: int, of: int) -> ReportRow:
    return ReportRow(
        figure=BY_ENTITLEMENT.name,
        definition=BY_ENTITLEMENT.definition,
        cohort="handed_back_in",
        group=dict(zip(names, group, strict=True)),
        value=count,
        unit="tickets",
        numerator=count,
        denominator=of,
        share=rounded(100 * count / of),
    )
