"""The entries `growth_<store>`: a store of two million events beside one of twenty thousand, or beside its own tenth.

Appends and loads are measured in turn on the small store and the large one, so that whatever else the machine does
disturbs both alike; what is loaded is the same ticket in both, or a copy of it. The rest runs on the large store, each
in a process of its own: first up to a tenth of the log, then all of it. `python -m tests.bench_large.growth WHAT URL`
is such a process; it writes what it took as one JSON line.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from uuid import UUID

from tests import postgres
from tests.bench_large.copies import copied_id, fill_postgres, fill_sqlite
from tests.bench_large.measured import peak_mib
from ticketing import audits, reports
from ticketing.application import Ticketing
from ticketing.domain.intake import OpenTicket
from ticketing.domain.values import Actor
from ticketing.projections.built_in import TURNAROUND_ROWS

STORES = ("sqlite", "postgresql")
COST_AIM = 1.3
"""An append or a load in the large store takes at most so many times what it takes in the small one."""

RATE_AIM = 0.8
"""The last tenth of the log is folded at least at so many times the rate of the first."""

UNDER = "QUORVAN-IS@2"
_ROOT = Path(__file__).parents[2]
_TICKETS, _FEW, _MANY = 400, 1, 206
"""The world and its copies: twenty thousand events and two million."""

_TIMES = 500
_LATER = datetime(2400, 1, 1, tzinfo=UTC)
"""After the stamps of all copies."""

_DESK = Actor(id="r-1", role="receptionist", site="north")


def growth_entries() -> Mapping[str, Callable[[], dict[str, object]]]:
    """One for each kind of store."""
    return {f"growth_{store}": _entry(store) for store in STORES}


def _entry(store: str) -> Callable[[], dict[str, object]]:
    return lambda: growth(store)


def growth(
    store: str, *, tickets: int = _TICKETS, few: int = _FEW, many: int = _MANY, times: int = _TIMES
) -> dict[str, object]:
    """How much more a large store takes than a small one.

    Args:
        store: Which kind of store.
        tickets: How many a simulated world has.
        few: How often its tickets are copied in the small store.
        many: How often in the large one.
        times: How often is appended and loaded; the middle one counts.
    """
    with (
        TemporaryDirectory(prefix="ticketing-bench-") as folder,
        _both(store, Path(folder), tickets, few, many) as urls,
    ):
        with Ticketing(urls[0], clock=_after_all()) as small, Ticketing(urls[1], clock=_after_all()) as large:
            events = [app.store.head() for app in (small, large)]
            loads, appends = _in_turn(small, large, few=few, many=many, times=times)
        folded = _measured("catch_up", urls[1])
        with ThreadPoolExecutor() as both:  # of these the memory counts, not the time
            past, audited = both.map(_measured, ("past_report", "audit"), [urls[1]] * 2)
    figures: dict[str, object] = {
        "events": events,
        "load": _costs(loads) | {"aim": COST_AIM},
        "append": _costs(appends) | {"aim": COST_AIM},
        "catch_up": folded | {"aim": RATE_AIM},
        "past_report": past,
        "audit": audited,
    }
    print(f"growth, {store}: {json.dumps(figures)}", file=sys.stderr)
    return figures


@contextmanager
def _both(store: str, folder: Path, tickets: int, few: int, many: int) -> Iterator[tuple[str, str]]:
    """The URLs of the small store and the large one."""
    small, large = (f"sqlite:///{folder}/{name}.sqlite" for name in ("small", "large"))
    fill_sqlite(small, tickets=tickets, copies=few)
    fill_sqlite(large, tickets=tickets, copies=many)
    if store == "sqlite":
        yield small, large
        return
    with (
        postgres.mortal_server() as server,  # its commits wait for the disk
        postgres.fresh_schema(server.url) as first,
        postgres.fresh_schema(server.url) as second,
    ):
        for file, url in ((small, first), (large, second)):
            with Ticketing(file) as source:
                fill_postgres(url, source)
        yield first, second


def _after_all() -> Callable[[], datetime]:
    return lambda: _LATER


def _in_turn(
    small: Ticketing, large: Ticketing, *, few: int, many: int, times: int
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """What loads of tickets and openings of new ones took, each in the small store and in the large one."""
    rng = Random(1)
    tickets = [history[0].stream_id for history in small.store.histories()]
    originals = [ticket for ticket in tickets if copied_id(1, ticket) in set(tickets)]
    loads, appends = [], []
    for number in range(times):
        ticket = rng.choice(originals)
        one, other = copied_id(rng.randint(1, few), ticket), copied_id(rng.randint(1, many), ticket)
        loads.append((_loaded(small, one), _loaded(large, other)))
        appends.append((_opened(small, number), _opened(large, number)))
    return loads, appends


def _loaded(app: Ticketing, ticket: UUID) -> float:
    begun = time.perf_counter()
    app.ticket(ticket)
    return time.perf_counter() - begun


def _opened(app: Ticketing, number: int) -> float:
    begun = time.perf_counter()
    app.handle(OpenTicket(actor=_DESK, number=f"growth {number}", site="north", occurred_at=_LATER))
    return time.perf_counter() - begun


def _costs(taken: list[tuple[float, float]]) -> dict[str, float]:
    small, large = (median(one) for one in zip(*taken, strict=True))
    return {
        "small_microseconds": round(small * 1e6, 1),
        "large_microseconds": round(large * 1e6, 1),
        "ratio": round(large / small, 2),
    }


# in processes of their own


def catch_up(app: Ticketing) -> dict[str, float]:
    """The rates at which the turnaround rows of the log's first tenth and of its last were folded, and the peaks."""
    head = app.store.head()
    reached = [(0, time.perf_counter())]
    peaks: list[float] = []

    def on_page(position: int) -> None:
        reached.append((position, time.perf_counter()))
        if position >= head // 10 and not peaks:
            peaks.append(peak_mib())

    app.projections.catch_up([TURNAROUND_ROWS], on_page=on_page)
    first = _rate([one for one in reached if one[0] <= max(head // 10, reached[1][0])])
    last = _rate([one for one in reached if one[0] >= min(head - head // 10, reached[-2][0])])
    return {
        "first_tenth_per_second": round(first),
        "last_tenth_per_second": round(last),
        "ratio": round(last / first, 2),
        "peak_mib": round(peak_mib(), 1),
        "peak_of_a_tenth_mib": round(peaks[0], 1),
    }


def _rate(reached: list[tuple[int, float]]) -> float:
    (first, begun), (last, ended) = reached[0], reached[-1]
    return (last - first) / (ended - begun)


def past_report(app: Ticketing) -> dict[str, float]:
    """The peaks of the turnaround as of a day, of a tenth of the log and of all of it."""
    head = app.store.head()
    as_of = app.store.recorded_at(head // 10)
    return _peaks(
        app, lambda position: reports.REPORTS["turnaround"](app, as_of=as_of, position=position, by=("site",))
    )


def audit(app: Ticketing) -> dict[str, float]:
    """The peaks of the audit of all decisions, of a tenth of the log and of all of it."""

    def audited(position: int) -> None:
        for _ in audits.disputes(app, under=UNDER, position=position).json_parts():
            pass

    return _peaks(app, audited)


def _peaks(app: Ticketing, ask: Callable[[int], object]) -> dict[str, float]:
    head = app.store.head()
    ask(head // 10)
    of_a_tenth = peak_mib()
    begun = time.perf_counter()
    ask(head)
    seconds = time.perf_counter() - begun
    return {
        "seconds": round(seconds, 1),
        "peak_mib": round(peak_mib(), 1),
        "peak_of_a_tenth_mib": round(of_a_tenth, 1),
        "ratio": round(peak_mib() / of_a_tenth, 2),
    }


_MEASURED: Mapping[str, Callable[[Ticketing], dict[str, float]]] = {
    "catch_up": catch_up,
    "past_report": past_report,
    "audit": audit,
}


def _measured(what: str, url: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench_large.growth", what, url]
    done = subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(what: str, url: str) -> None:
    """Measures one thing on a store, and writes what it took."""
    with Ticketing(url, clock=_after_all()) as app:
        print(json.dumps(_MEASURED[what](app)))


if __name__ == "__main__":
    main(*sys.argv[1:])
