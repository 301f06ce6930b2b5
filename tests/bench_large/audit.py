"""The entry `audit`: every decision of a large store replayed, against a bare decode of the same events."""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests import postgres
from tests.bench_large.copies import fill_postgres, fill_sqlite
from tests.bench_large.measured import Measured
from ticketing.application import Ticketing

AIM = 3.0
"""At most so many times the bare decode."""

UNDER = "QUORVAN-IS@2"
_ROOT = Path(__file__).parents[2]
_TICKETS, _COPIES = 2_000, 49
"""The world and its copies: 100,000 tickets."""


def audit(*, tickets: int = _TICKETS, copies: int = _COPIES) -> dict[str, object]:
    """What `audit disputes --under` takes on each kind of store.

    Args:
        tickets: How many a simulated world has.
        copies: How often it is copied.
    """
    with tempfile.TemporaryDirectory(prefix="ticketing-bench-") as folder, postgres.running_server() as server:
        file = f"sqlite:///{folder}/store.sqlite"
        with postgres.fresh_schema(server) as schema:
            _tell(f"simulating {tickets:,} tickets and copying them {copies} times")
            fill_sqlite(file, tickets=tickets, copies=copies)
            with Ticketing(file) as source:
                fill_postgres(schema, source)
            stores = {}
            for name, url in (("sqlite", file), ("postgresql", schema)):
                stores[name] = taken = _measured(url)
                _tell(_said(name, taken))
    return {
        "tickets": tickets * (copies + 1),
        "under": UNDER,
        "aim": AIM,
        "is_equal": len({taken.digest for taken in stores.values()}) == 1,
        "stores": {name: _figures(taken) for name, taken in stores.items()},
    }


def _measured(url: str) -> Measured:
    command = [sys.executable, "-m", "tests.bench_large.measured", url, UNDER]
    done = subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(**json.loads(done.stdout))


def _figures(taken: Measured) -> dict[str, object]:
    return asdict(taken) | {"ratio": round(taken.ratio, 2), "cpu_ratio": round(taken.cpu_ratio, 2)}


def _said(name: str, taken: Measured) -> str:
    return (
        f"audit, {name}: {taken.decisions:,} decisions of {taken.events:,} events in {taken.audit_seconds:.1f} s, "
        f"bare decode {taken.decode_seconds:.1f} s; ratio {taken.ratio:.2f}, of its own work {taken.cpu_ratio:.2f}, "
        f"aim {AIM:.0f}; peak {taken.peak_mib:.0f} MiB, of the audit of a tenth {taken.peak_of_a_tenth_mib:.0f} MiB; "
        f"appended {taken.appended}"
    )


def _tell(line: str) -> None:
    print(line, flush=True)
