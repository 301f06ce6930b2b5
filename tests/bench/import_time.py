"""The entry `import_time`: `import ticketing` in a fresh interpreter, beside what it imports of its dependencies alone.

These are the modules of `eventsourcing`, `psycopg` and `pydantic`, and what those import in turn, in the same order.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

_OF_DEPENDENCIES = ("eventsourcing", "psycopg", "psycopg_pool", "pydantic")
_LOADED = "import json, sys, ticketing; print(json.dumps(list(sys.modules)))"
_TIMED = """
import time
begun = time.perf_counter()
import {}
print(time.perf_counter() - begun)
"""


def import_time(*, repeats: int = 11) -> dict[str, object]:
    """Milliseconds of both, each the middle of several interpreters that were started in turn.

    Args:
        repeats: How many of each.
    """
    loaded = [name for name in json.loads(_said(_LOADED)) if name.partition(".")[0] in _OF_DEPENDENCIES]
    both = [(_milliseconds(["ticketing"]), _milliseconds(loaded)) for _ in range(repeats)]
    ours, theirs = (sorted(part) for part in zip(*both, strict=True))
    return {
        "against": "its dependencies alone",
        "told": "ticketing is imported in a fresh interpreter",
        "repeats": repeats,
        "milliseconds": round(median(ours), 1),
        "their_milliseconds": round(median(theirs), 1),
        "own_milliseconds": round(median(ours) - median(theirs), 1),
        "spread": {"milliseconds": [ours[0], ours[-1]], "their_milliseconds": [theirs[0], theirs[-1]]},
        "modules": len(loaded),
    }


def _milliseconds(modules: Sequence[str]) -> float:
    return round(float(_said(_TIMED.format(", ".join(modules)))) * 1000, 1)


def _said(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
