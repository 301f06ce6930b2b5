"""The entries `report_past_<name>_<store>`: past reports, which fold the log anew, against a bare decode of it.

They take fewer tickets than the current ones: what is asked for is a ratio, which their number does not change, and the
clocks of a ticket take some milliseconds to be judged anew.
"""

import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import postgres
from tests.bench_large.copies import fill_postgres, fill_sqlite
from tests.bench_large.measured import decoded_pages
from tests.bench_large.reports import BARE, STORES, to_be_closed
from ticketing import reports
from ticketing.application import Ticketing

_TICKETS, _COPIES = 500, 19
"""The world and its copies: ten thousand tickets."""

_LATER = datetime(2200, 1, 1, tzinfo=UTC)
"""After the stamps of all copies."""


def past_entries() -> Mapping[str, Callable[[], dict[str, object]]]:
    """One for each report and store."""
    return {f"report_past_{name}_{store}": _entry(name, store) for name in BARE for store in STORES}


def _entry(name: str, store: str) -> Callable[[], dict[str, object]]:
    return lambda: past_report(name, store)


def past_report(name: str, store: str, *, tickets: int = _TICKETS, copies: int = _COPIES) -> dict[str, object]:
    """What a report as of the end of the world takes, by site, and what a bare decode of the log does.

    Args:
        name: The report.
        store: Which kind of store.
        tickets: How many a simulated world has.
        copies: How often its log is copied.
    """
    with Ticketing(_copied(store, tickets, copies), clock=lambda: _LATER) as app:
        head = app.store.head()
        as_of = app.store.recorded_at(head // (copies + 1))
        begun = time.perf_counter()
        events = sum(decoded_pages(app))
        decode_seconds = time.perf_counter() - begun
        begun = time.perf_counter()
        report = reports.REPORTS[name](app, as_of=as_of, position=head, by=("site",))
        seconds = time.perf_counter() - begun
    ratio = round(seconds / decode_seconds, 2)
    print(
        f"report {name} as of the past, {store}: {seconds:.1f} s, decode of {events:,} events {decode_seconds:.1f} s: "
        f"{ratio} times",
        file=sys.stderr,
    )
    return {
        "tickets": tickets * (copies + 1),
        "events": events,
        "rows": len(report.rows),
        "seconds": round(seconds, 2),
        "decode_seconds": round(decode_seconds, 2),
        "ratio": ratio,
    }


@cache
def _copied(store: str, tickets: int, copies: int) -> str:
    """The URL of a store whose log was copied so many times; it lasts as long as the process."""
    if store == "sqlite":
        folder = Path(to_be_closed().enter_context(TemporaryDirectory(prefix="ticketing-bench-")))
        url = f"sqlite:///{folder}/store.sqlite"
        fill_sqlite(url, tickets=tickets, copies=copies)
        return url
    url = to_be_closed().enter_context(postgres.fresh_schema(to_be_closed().enter_context(postgres.running_server())))
    with Ticketing(_copied("sqlite", tickets, copies)) as source:
        fill_postgres(url, source)
    return url
