"""The entry `import_time`: the package in a fresh interpreter, beside what it imports of its dependencies alone.

The package loads a public name's module when the name is first asked for; so all of them are asked for too, which
brings in all that a program needs before it opens a store. The dependencies are the modules of `eventsourcing`,
`psycopg` and `pydantic` that come in with them, and what those import in turn, in the same order. All are compiled
before, as they are where packages are installed.
"""

import json
import os
import subprocess
import sys
from statistics import median

_OF_DEPENDENCIES = ("eventsourcing", "psycopg", "psycopg_pool", "pydantic")
_ALL_NAMES = "from ticketing import *"
_LOADED = f"import json, sys; {_ALL_NAMES}; print(json.dumps(list(sys.modules)))"
_TIMED = """
import time
begun = time.perf_counter()
{}
print(time.perf_counter() - begun)
"""


def import_time(*, repeats: int = 11) -> dict[str, object]:
    """Milliseconds of each, the middle of several interpreters that were started in turn.

    Args:
        repeats: How many of each.
    """
    loaded = [name for name in json.loads(_said(_LOADED)) if name.partition(".")[0] in _OF_DEPENDENCIES]
    programs = ("import ticketing", _ALL_NAMES, f"import {', '.join(loaded)}")
    turns = [[_milliseconds(program) for program in programs] for _ in range(repeats)]
    bare, ours, theirs = (sorted(part) for part in zip(*turns, strict=True))
    return {
        "against": "its dependencies alone",
        "told": "every public name of ticketing is imported in a fresh interpreter",
        "repeats": repeats,
        "bare_milliseconds": round(median(bare), 1),
        "milliseconds": round(median(ours), 1),
        "their_milliseconds": round(median(theirs), 1),
        "own_milliseconds": round(median(ours) - median(theirs), 1),
        "spread": {
            "bare_milliseconds": [bare[0], bare[-1]],
            "milliseconds": [ours[0], ours[-1]],
            "their_milliseconds": [theirs[0], theirs[-1]],
        },
        "modules": len(loaded),
    }


def _milliseconds(program: str) -> float:
    return round(float(_said(_TIMED.format(program))) * 1000, 1)


def _said(program: str) -> str:
    kept = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, env=kept).stdout
