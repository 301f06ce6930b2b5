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
    """Counts facts; each takes as long as `SLOW_SECONDS` says, `60 after 1000` all but a ticket's first thousand."""

    name = "slow"
    version = 1
    row = SlowRow

    def apply(self, row: SlowRow, fact: Recorded[Event]) -> SlowRow:
        seconds, _, after = os.environ.get("SLOW_SECONDS", "").partition(" after ")
        if row.facts >= int(after or 0):
            time.sleep(float(seconds or 0))
        return replace(row, facts=row.facts + 1)


SLOW = Slow()
