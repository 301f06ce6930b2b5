"""One measurement in a process of its own, so that its memory is its own: `python -m tests.bench_large.measured URL`.

It audits the log's first tenth, then all of it, and decodes all of it bare: some of one, as much of the other, and so
on, so that whatever else the machine does disturbs both alike. It writes what they took as one JSON line.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path

from ticketing import audits
from ticketing.application import Ticketing

_PAGE = 1000
_PARTS = 500
"""How many parts of the audit are made at a time."""

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Measured:
    """What it took.

    Attributes:
        audit_seconds: Of `audit disputes --under`, as JSON, until its last line.
        audit_cpu_seconds: For how much of them this process was at work, which a busy machine changes less.
        decode_seconds: Of reading the log by position and decoding each event, with nothing done to it.
        decode_cpu_seconds: Likewise.
        peak_mib: The most memory that the process ever held.
        peak_of_a_tenth_mib: The same up to the end of the audit of the first tenth.
        appended: Events more than before.
        digest: SHA-256 of the audit's JSON.
    """

    events: int
    decisions: int
    audit_seconds: float
    audit_cpu_seconds: float
    decode_seconds: float
    decode_cpu_seconds: float
    peak_mib: float
    peak_of_a_tenth_mib: float
    appended: int
    digest: str

    @property
    def ratio(self) -> float:
        """The audit's time to that of the bare decode."""
        return self.audit_seconds / self.decode_seconds

    @property
    def cpu_ratio(self) -> float:
        """The same of this process's work; a server's is not in it."""
        return self.audit_cpu_seconds / self.decode_cpu_seconds


class _Watch:
    """Adds up what its contexts take."""

    seconds = cpu_seconds = 0.0

    def __enter__(self) -> None:
        self._begun = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._begun[0]
        self.cpu_seconds += time.process_time() - self._begun[1]


def measured(url: str, under: str) -> Measured:
    """Measures on a store that nobody else appends to."""
    with Ticketing(url) as app:
        head = app.store.head()
        for _ in audits.disputes(app, under=under, position=head // 10).json_parts():
            pass
        peak_of_a_tenth = peak_mib()
        reached = decoded = 0

        def reach(done: int, total: int) -> None:
            nonlocal reached
            reached = done

        audit = audits.disputes(app, under=under, position=head, on_progress=reach)
        parts, pages, digest = audit.json_parts(), decoded_pages(app), sha256()
        auditing, decoding = _Watch(), _Watch()
        made = _PARTS
        while made == _PARTS:
            made = 0
            with auditing:
                for part in islice(parts, _PARTS):
                    digest.update(part.encode())
                    made += 1
            with decoding:
                while decoded < reached:
                    decoded += next(pages)
        return Measured(
            events=decoded,
            decisions=audit.totals.all.decided,
            audit_seconds=auditing.seconds,
            audit_cpu_seconds=auditing.cpu_seconds,
            decode_seconds=decoding.seconds,
            decode_cpu_seconds=decoding.cpu_seconds,
            peak_mib=peak_mib(),
            peak_of_a_tenth_mib=peak_of_a_tenth,
            appended=app.store.head() - head,
            digest=digest.hexdigest(),
        )


def decoded_pages(app: Ticketing) -> Iterator[int]:
    """Decodes each event of the log once; how many each page had."""
    after = 0
    while page := app.store.stored_log(after, _PAGE):
        yield len(app.store.read(page))
        after = page[-1].position


def peak_mib() -> float:
    """The most memory that this process held; `ru_maxrss` of Linux would begin with that of whoever started it."""
    if _STATUS.exists():
        lines = _STATUS.read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    print(json.dumps(asdict(measured(*sys.argv[1:]))))
