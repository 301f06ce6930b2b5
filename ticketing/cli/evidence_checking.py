"""`evidence check`: holds the files of disputes against their hashes, and against the facts that name them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from uuid import UUID

import typer
from rich.text import Text

from ticketing.adapters.evidence_check import EvidenceFound, State, check_evidence
from ticketing.application import Ticketing
from ticketing.cli.output import TableOrJson, printable, say, write_json
from ticketing.cli.progress import progress
from ticketing.cli.stores import StoreUrl, opened_to_ask

_STATES: Mapping[State, str] = {
    "here": "its file is here",
    "erased": "its file was erased",
    "not here": "its file is not here",
    "missing": "its file was kept here and is missing",
    "damaged": "its file is damaged",
    "unnamed": "no fact names this file",
    "no evidence file": "this is no evidence file",
    "not checked": "the fact cannot be read",
}
_SHOWN = 10
"""Files named in a table that are not here: a whole archive of them may be elsewhere."""


def add_to(app: typer.Typer) -> None:
    """Adds this command to the group."""
    app.command(epilog=_EPILOG)(check)


_EPILOG = """Exit code 1 if a file is damaged or missing, if no fact names it, or if
something else is in the folder. Others may go on working meanwhile.

Try it:
  ticketing evidence check
  ticketing evidence check --format json"""


def check(store: StoreUrl = None, form: TableOrJson = "table") -> None:
    """Reads every evidence file and holds it against its hash, and against the facts that name it."""
    with opened_to_ask(store) as app:
        folder = app.evidence.folder
        with progress("Reading evidence files") as advance:
            found = list(check_evidence(app.store, app.evidence, on_progress=advance))
        if form == "json":
            write_json([_found_json(each) for each in found])
        else:
            wrong = [each for each in found if each.is_wrong or each.state == "not checked"]
            elsewhere = [each for each in found if each.state == "not here"]
            for each in (*wrong, *elsewhere[:_SHOWN]):
                for line in _found_lines(each, app):
                    say(line)
            if more := elsewhere[_SHOWN:]:
                say(Text(f"… and {len(more):,} more not here, all of them with --format json", "faint"))
            say(_summary(found, folder))
    if any(each.is_wrong for each in found):
        raise typer.Exit(1)


def _summary(found: Sequence[EvidenceFound], folder: Path) -> Text:
    counts = Counter(each.state for each in found)
    told = ", ".join(f"{count:,} {state}" for state, count in counts.items()) or "no evidence on record"
    wrong = sum(each.is_wrong for each in found)
    if wrong:
        return Text(f"{wrong:,} {'thing is' if wrong == 1 else 'things are'} wrong in {folder}: {told}.", "heading")
    return Text(f"Nothing is wrong in {folder}: {told}.")


def _found_lines(found: EvidenceFound, app: Ticketing) -> Iterator[Text]:
    if found.what is not None and found.ticket_id is not None:
        number = app.ticket(found.ticket_id).number or found.ticket_id
        name = f"{found.what} of {number}, fact {found.version} at position {found.position}"
    elif found.position is not None:
        name = f"{found.what}, position {found.position}" if found.what is not None else f"position {found.position}"
    else:
        name = str(found.path)
    style = "warning" if found.is_wrong else "faint"
    yield Text(printable(f"{name}: {_STATES[found.state]}"), style)
    if found.is_wrong and found.what is not None:
        yield Text(f"  file     {found.path}")
    if found.reason is not None:
        yield Text(f"  {printable(found.reason)}")
    if found.sha256 is not None:
        yield Text(f"  SHA-256  {found.sha256}", "" if found.is_wrong else "faint")
    if found.actual is not None:
        yield Text(f"  and is   {found.actual}")


def _found_json(found: EvidenceFound) -> dict[str, object]:
    values = {**asdict(found), "is_wrong": found.is_wrong}
    return {name: str(value) if isinstance(value, UUID | Path) else value for name, value in values.items()}
