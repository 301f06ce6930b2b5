"""The command line: `main` is the program `ticketing`. Everything it needs beyond the core is the extra `cli`."""

import sys

_EXTRA = frozenset({"cryptography", "defusedxml", "rich", "scipy", "typer"})
_MISSING = "ticketing: the command line needs {name}: pip install 'ticketing[cli]'"


def main() -> None:
    """Runs the program and exits: 0 done; 1 refused or found wanting; 2 wrong use or bad input."""
    try:
        from ticketing.cli.program import run

        run()
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _EXTRA:
            raise
        print(_MISSING.format(name=error.name), file=sys.stderr)  # noqa: T201  # rich itself may be what is missing
        sys.exit(2)
