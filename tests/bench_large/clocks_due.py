"""The entry `clocks_due`: the clocks that are about to breach, found by an index, against a scan of all rows.

The rows go straight into the view: what is measured is how those of open tickets are found among all of them. Every
ticket has one clock that runs, and their last instants lie evenly in the next sixty days.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from tests import postgres
from ticketing.adapters.projector import view_of
from ticketing.adapters.store import Store
from ticketing.adapters.urls import open_store
from ticketing.adapters.view import View
from ticketing.domain.judged import Judged
from ticketing.projections.built_in import CLOCK_ROWS
from ticketing.projections.clock_parts import ClockPart
from ticketing.projections.clocks import ClockRow, judged_in

AIM = 100.0
"""At least so many times faster than the scan."""

WITHIN = timedelta(hours=4)
_TICKETS = 1_000_000
_NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
_DAYS = 60
_TIMES = 5
"""How often the rows are looked up; the middle one counts."""


def clocks_due(*, tickets: int = _TICKETS) -> dict[str, object]:
    """What it takes to find the clocks that breach within four hours, on each kind of store.

    Args:
        tickets: How many are open.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ticketing-bench-") as folder,
        postgres.running_server() as server,
        postgres.fresh_schema(server) as schema,
    ):
        urls = {"sqlite": f"sqlite:///{folder}/store.sqlite", "postgresql": schema}
        stores = {name: _figures(name, url, tickets) for name, url in urls.items()}
    return {"tickets": tickets, "within_hours": WITHIN // timedelta(hours=1), "aim": AIM, "stores": stores}


def _figures(name: str, url: str, tickets: int) -> dict[str, object]:
    with closing(_opened(url)) as store:
        view = view_of(store, CLOCK_ROWS)
        begun = time.perf_counter()
        view.save(_rows(tickets), revision=view.load([]).revision, position=0)
        written = time.perf_counter() - begun
        scanned, scan_seconds = _scanned(view)
        looked_up = [_looked_up(view) for _ in range(_TIMES)]
        seconds = sorted(taken for _, taken in looked_up)[_TIMES // 2]
    is_equal = all(found == scanned for found, _ in looked_up)
    ratio = scan_seconds / seconds
    print(
        f"{name}: {len(scanned):,} of {tickets:,} rows in {seconds * 1000:,.1f} ms by the index, "
        f"in {scan_seconds:,.2f} s by a scan: {ratio:,.0f} times faster; written in {written:,.0f} s",
        file=sys.stderr,
    )
    return {
        "found": len(scanned),
        "is_equal": is_equal,
        "index_seconds": round(seconds, 6),
        "scan_seconds": round(scan_seconds, 3),
        "ratio": round(ratio, 1),
    }


def _opened(url: str) -> Store:
    return open_store(url, clock=lambda: _NOW, random_bytes=Random(1).randbytes)


def _looked_up(view: View[ClockRow]) -> tuple[list[tuple[str, datetime | None]], float]:
    begun = time.perf_counter()
    found = [_said(row) for row in view.earliest("next_within_until", _NOW + WITHIN)]
    return found, time.perf_counter() - begun


def _scanned(view: View[ClockRow]) -> tuple[list[tuple[str, datetime | None]], float]:
    begun = time.perf_counter()
    until = _NOW + WITHIN
    due = [row for row in view.rows() if row.next_within_until is not None and row.next_within_until <= until]
    found = [_said(row) for row in sorted(due, key=lambda row: (row.next_within_until or until, row.ticket_id))]
    return found, time.perf_counter() - begun


def _said(row: ClockRow) -> tuple[str, datetime | None]:
    return f"{row.ticket_id} {judged_in(row)[0].name}", row.next_within_until


def _rows(tickets: int) -> Iterator[ClockRow]:
    rng = Random(1)
    judged = Judged(
        policy="contract",
        policy_version=1,
        clock="turnaround",
        binds="manufacturer_contract",
        measure="working",
        target=40 * 3_600_000_000,
        started_at=_NOW,
        started_version=1,
        holds_from=_NOW,
    )
    clock = ClockPart.of(judged)
    for _ in range(tickets):
        until = _NOW + timedelta(seconds=rng.randrange(_DAYS * 86_400))
        yield ClockRow(
            ticket_id=UUID(bytes=rng.randbytes(16)),
            latest_at=_NOW,
            version=1,
            opened_at=_NOW,
            site="north",
            manufacturer="ACME",
            is_open=True,
            clocks=(clock._replace(within_until=until),),
            next_within_until=until,
        )
