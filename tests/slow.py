"""A host's projection that takes as long as a test wants it to."""

import os
import time
from dataclasses import dataclass, replace

from ticketing.domain.values import Event, Recorded
from ticketing.projections.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowRow(Row):
    """How many facts a ticket has."""

    facts: int = 0


class Slow:
    """Counts facts, `SLOW_SECONDS` for each."""

    name = "slow"
    version = 1
    row = SlowRow

    def apply(self, row: SlowRow, fact: Recorded[Event]) -> SlowRow:
        time.sleep(float(os.environ.get("SLOW_SECONDS") or 0))
        return replace(row, facts=row.facts + 1)


SLOW = Slow()
