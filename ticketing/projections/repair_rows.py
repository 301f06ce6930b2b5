"""Repair rows: the repairs of a ticket, one of each cycle in which the unit was repaired and handed back since.

Laws of this file: a repair is of the cycle in which it was completed, and is dated by the first hand-back after that
(on site and remote by its completion). Work that was completed again before the unit was handed back is one repair, of
who completed it last; its attempt is that of whose work an inspector sent back first, else the same. What happens after
the hand-back changes neither. The first repair is in columns of its own, since hardly a ticket has more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from ticketing.domain import events as e
from ticketing.domain.slots import replace
from ticketing.domain.values import Event, Recorded
from ticketing.projections.dimensions import WITHOUT_CUSTODY, Take
from ticketing.projections.row import SHARED
from ticketing.projections.same_unit import Tie, UnitRow, with_unit

Apart = Literal["attempt", "cycle"]


class Further(NamedTuple):
    """What the columns of a ticket's first repair do not tell: a later one, or who attempted the first.

    Attributes:
        cycle: The cycle of the ticket in which it was completed, from 1.
        is_first: Whether it is the first repair, whose attempt was another's.
        repaired_at: When it was first completed.
        back_at: The hand-back by which it is dated; unknown before it.
        site: Where it was completed last.
        technician: Who completed it last; before that, who began the diagnosis.
        is_sent_back: Whether an inspector sent it back.
        attempt_site: Where the work was done that was sent back first; where none was, that of the repair.
        attempt_technician: Whose it was, likewise.
    """

    cycle: int
    is_first: bool
    repaired_at: datetime | None
    back_at: datetime | None
    site: str | None
    technician: str | None
    is_sent_back: bool
    attempt_site: str | None
    attempt_technician: str | None

    def worked(self, site: str | None, technician: str) -> "Further":
        """The same after somebody has worked on it; who did so before the first inspector's no made the attempt."""
        if self.is_sent_back:
            return self._replace(site=site, technician=technician)
        return self._replace(site=site, technician=technician, attempt_site=site, attempt_technician=technician)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatRow(UnitRow):
    """One ticket and its repairs; site and technician are those of the first.

    Attributes:
        serial: As of every such row; repeats are found by it.
        tied_by: Likewise.
        repaired_at: When a repair was first completed.
        handed_over_at: The first hand-back after that.
        repair_back_at: The same, or what stands for it: the repair's hand-back, by which it is dated.
        repair_cycle: The cycle of that repair, from 1.
        reopened_at: The first reopening.
        failed_at: When an inspector first sent the work of that repair back.
        attempt_site: Where that work was done.
        attempt_technician: Whose it was.
        is_redone: Whether it was done elsewhere, or by somebody else, than what was handed back.
        is_without_fault: Whether the last diagnosis found nothing; None before the first.
        cycle: The present cycle, from 1.
        further: The repairs of later cycles, and the first one where it is redone.
        apart: What there is of these: the attempt at the first, or a later cycle, the last of it; None if nothing.
    """

    serial: str | None = field(default=None, metadata=SHARED)
    tied_by: Tie | None = field(default=None, metadata=SHARED)
    repaired_at: datetime | None = None
    handed_over_at: datetime | None = None
    repair_back_at: datetime | None = None
    repair_cycle: int = 1
    reopened_at: datetime | None = None
    failed_at: datetime | None = None
    attempt_site: str | None = None
    attempt_technician: str | None = None
    is_redone: bool = False
    is_without_fault: bool | None = None
    cycle: int = 1
    further: tuple[Further, ...] = ()
    apart: Apart | None = field(default=None, metadata=SHARED)


# the first repair, until it is handed back


def _repaired(row: RepeatRow, fact: Recorded[e.RepairCompleted]) -> RepeatRow:
    if row.repaired_at is not None and row.repair_cycle == row.cycle:
        return row
    return replace(row, repaired_at=fact.occurred_at, repair_cycle=row.cycle)


def _handed_back(row: RepeatRow, fact: Recorded[e.UnitHandedBack]) -> RepeatRow:
    return row if row.repaired_at is None else replace(row, handed_over_at=fact.occurred_at)


def _failed(row: RepeatRow, fact: Recorded[e.QcFailed]) -> RepeatRow:
    if row.attempt_technician is not None:
        return row
    at = row.failed_at or fact.occurred_at
    return replace(row, failed_at=at, attempt_site=row.unit_site or row.site, attempt_technician=row.technician)


def _reopened(row: RepeatRow, fact: Recorded[e.TicketReopened]) -> RepeatRow:
    row = replace(row, cycle=row.cycle + 1, reopened_at=row.reopened_at or fact.occurred_at)
    if row.repaired_at is not None:
        return row
    return replace(row, failed_at=None, attempt_site=None, attempt_technician=None)  # of what was not repaired


def _diagnosed(row: RepeatRow, fact: Recorded[e.DiagnosisRecorded]) -> RepeatRow:
    return replace(row, is_without_fault=fact.event.found_nothing)


_FIRST: Mapping[type[Event], Take[RepeatRow]] = {
    e.DiagnosisRecorded: _diagnosed,
    e.RepairCompleted: _repaired,
    e.QcFailed: _failed,
    e.UnitHandedBack: _handed_back,
    e.TicketReopened: _reopened,
}


def _dated(row: RepeatRow) -> RepeatRow:
    """The row with the hand-back of its first repair, if there is one by now."""
    back_at = row.repaired_at if row.channel in WITHOUT_CUSTODY else row.handed_over_at
    if back_at is None:
        return row
    attempt, done = (row.attempt_site, row.attempt_technician), (row.site, row.technician)
    if row.attempt_technician is None or attempt == done:
        return replace(row, repair_back_at=back_at)
    first = Further(row.repair_cycle, True, row.repaired_at, back_at, *done, True, *attempt)
    return replace(row, repair_back_at=back_at, is_redone=True, further=(first,), apart="attempt")


# repairs of later cycles


def _latest(row: RepeatRow) -> Further | None:
    """The repair of the present cycle; None if it has none, or only one that was handed back before."""
    last = row.further[-1] if row.further else None
    if last is not None and last.back_at is None:
        return last
    known = row.repair_cycle if last is None else max(last.cycle, row.repair_cycle)
    return None if known == row.cycle else Further(row.cycle, False, None, None, None, None, False, None, None)


def _with(row: RepeatRow, latest: Further) -> RepeatRow:
    is_known = bool(row.further) and row.further[-1].back_at is None
    earlier = row.further[:-1] if is_known else row.further
    return replace(row, further=(*earlier, latest), apart="cycle" if latest.back_at is not None else row.apart)


def _site(row: RepeatRow, fact: Recorded[e.DiagnosisStarted | e.RepairCompleted]) -> str | None:
    return row.unit_site or fact.actor.site or row.site


def _begun_again(row: RepeatRow, fact: Recorded[e.DiagnosisStarted]) -> RepeatRow:
    latest = _latest(row)
    if latest is None or latest.repaired_at is not None:
        return row
    return _with(row, latest.worked(_site(row, fact), fact.actor.id))


def _repaired_again(row: RepeatRow, fact: Recorded[e.RepairCompleted]) -> RepeatRow:
    latest, at = _latest(row), fact.occurred_at
    if latest is None:
        return row
    latest = latest.worked(_site(row, fact), fact.actor.id)
    if latest.repaired_at is None or latest.cycle != row.cycle:
        latest = latest._replace(repaired_at=at, cycle=row.cycle)
    return _with(row, latest._replace(back_at=at) if row.channel in WITHOUT_CUSTODY else latest)


def _failed_again(row: RepeatRow, fact: Recorded[e.QcFailed]) -> RepeatRow:
    if row.cycle == row.repair_cycle:
        return row if row.failed_at is not None else replace(row, failed_at=fact.occurred_at)
    latest = _latest(row)
    is_one = latest is not None and latest.technician is not None
    return _with(row, latest._replace(is_sent_back=True)) if is_one and latest is not None else row


def _handed_back_again(row: RepeatRow, fact: Recorded[e.UnitHandedBack]) -> RepeatRow:
    latest = _latest(row)
    is_one = latest is not None and latest.repaired_at is not None
    return _with(row, latest._replace(back_at=fact.occurred_at)) if is_one and latest is not None else row


def _reopened_again(row: RepeatRow, fact: Recorded[e.TicketReopened]) -> RepeatRow:
    is_left = bool(row.further) and row.further[-1].repaired_at is None
    further = row.further[:-1] if is_left else row.further
    return replace(row, cycle=row.cycle + 1, reopened_at=row.reopened_at or fact.occurred_at, further=further)


_LATER: Mapping[type[Event], Take[RepeatRow]] = {
    e.DiagnosisStarted: _begun_again,
    e.DiagnosisRecorded: _diagnosed,
    e.RepairCompleted: _repaired_again,
    e.QcFailed: _failed_again,
    e.UnitHandedBack: _handed_back_again,
    e.TicketReopened: _reopened_again,
}
TAKEN = frozenset(_FIRST) | frozenset(_LATER)
"""The facts that this family uses itself, beside what the course and the unit of a ticket use."""


class RepeatRows:
    """The projection: one `RepeatRow` per ticket."""

    name = "repeats"
    version = 1
    row = RepeatRow

    def apply(self, row: RepeatRow, fact: Recorded[Event]) -> RepeatRow:
        """The row with one more fact."""
        before, kind = row, type(fact.event)
        row = with_unit(row, fact)
        if before.repair_back_at is None:
            take = _FIRST.get(kind)
            return (
                row if take is None and kind is not e.TicketOpened else _dated(row if take is None else take(row, fact))
            )
        if (row.site, row.technician) != (before.site, before.technician):
            row = replace(row, site=before.site, technician=before.technician)  # those of the first repair
        take = _LATER.get(kind)
        return row if take is None else take(row, fact)
