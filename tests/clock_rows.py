"""Rows of clocks made by hand, for what reports say of them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from tests.repairs import day
from ticketing.adapters.counting import Asked, sources
from ticketing.adapters.temporary_rows import TemporaryRows
from ticketing.answering import Read, Rows
from ticketing.domain.judged import Judged
from ticketing.projections.built_in import CLOCK_ROWS
from ticketing.projections.clocks import ClockRow, row_with
from ticketing.projections.report import ReportRow
from ticketing.projections.sample import Scope

S = TypeVar("S")

HOUR = 3_600_000_000
NOW = day(40)


def clock(**fields: object) -> Judged:
    """A clock of 24 hours that started on day 1 and is due on day 2; it has no verdict yet."""
    return Judged.model_validate(
        {
            "policy": "contract",
            "policy_version": 1,
            "clock": "repair",
            "binds": "manufacturer_contract",
            "measure": "elapsed",
            "target": 24 * HOUR,
            "started_at": day(1),
            "started_version": 1,
            "holds_from": day(1),
            "due_at": day(2),
            "within_until": day(2),
            **fields,
        }
    )


def met(hours: int, **fields: object) -> Judged:
    """One that was stopped after so many hours, within the 24."""
    at = day(1 + hours / 24)
    said: dict[str, object] = {"verdict": "met", "verdict_at": at, "judged_then": "met", "judged_then_at": at}
    return clock(**{"stopped_at": at, "used": hours * HOUR, **said, **fields})


def late(hours: int, **fields: object) -> Judged:
    """One that was stopped after so many hours, more than the 24."""
    stopped = {"stopped_at": day(1 + hours / 24), "used": hours * HOUR}
    said = {"verdict": "breached", "verdict_at": day(2), "judged_then": "breached", "judged_then_at": day(2)}
    return clock(**{**stopped, **said, **fields})


def paused(**fields: object) -> Judged:
    """One that stands still, and so has no due date."""
    return clock(**{"is_paused": True, "paused_for": ("parts_ours",), "due_at": None, "within_until": None, **fields})


CANCELLED = clock(cancelled_at=day(1.5), cancelled_because="closed")


def row(number: int, *clocks: Judged, **fields: object) -> ClockRow:
    """The row of a ticket that was opened on day 0 in Berlin."""
    known: dict[str, Any] = {"opened_at": day(0), "site": "berlin", "has_native_facts": True, "is_open": True, **fields}
    spans, promises = known.pop("spans", ()), known.pop("promises", ())
    return row_with(ClockRow(ticket_id=UUID(int=number), **known), clocks, spans, promises)


def asked_of(rows: Iterable[ClockRow], scope: Scope, ask: Callable[[Rows], S]) -> S:
    """What is counted of rows, with imported tickets observed as far as their sources go."""
    with TemporaryRows(ClockRow) as table:
        for one in rows:
            table.add(one)
        ends, _ = sources(table.select, NOW)
        return ask(Rows(Read(0, frozenset(), set()), [(table.select, Asked(scope=scope, ends=ends))], CLOCK_ROWS))


def imported(number: int, until: datetime, *clocks: Judged) -> ClockRow:
    """The row of a ticket of which another system knew until then."""
    return row(number, *clocks, source="import:old", imported_until=until, has_native_facts=False)


def only(rows: Sequence[ReportRow]) -> ReportRow:
    """The one row that there is."""
    (one,) = rows
    return one
