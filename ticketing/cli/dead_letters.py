"""`projections dead-letters`, `retry` and `drop`: the events that a projection failed at, and what becomes of them."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.text import Text

from ticketing.adapters.upkeep import Retried
from ticketing.adapters.view import DeadLetter
from ticketing.application import Ticketing
from ticketing.cli.output import TableOrJson, one_line, printable, say, tell, write_json
from ticketing.cli.stores import StoreUrl, opened_to_ask
from ticketing.domain.errors import NotFound
from ticketing.domain.events import TicketOpened
from ticketing.domain.values import Unreadable, instant_text
from ticketing.projections.row import Projection

_Name = Annotated[str, typer.Argument(metavar="NAME", help="Which projection.")]
_ABOUT = """A projection that fails at an event sets it aside with the later events of its
ticket; all other tickets go on, and reports say how many they left out."""


def add_to(projections: typer.Typer) -> None:
    """Adds these commands to the group."""
    projections.command("dead-letters", epilog=_LIST_EPILOG)(list_dead_letters)
    projections.command("retry", epilog=_RETRY_EPILOG)(retry)
    projections.command("drop", epilog=_DROP_EPILOG)(drop)


_LIST_EPILOG = f"""{_ABOUT}

Try it:
  ticketing projections dead-letters
  ticketing projections dead-letters turnaround --format json"""


def list_dead_letters(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Only those of this projection.", show_default=False)
    ] = None,
    store: StoreUrl = None,
    form: TableOrJson = "table",
) -> None:
    """Lists the events that projections failed at, with the reason and what became of them."""
    with opened_to_ask(store) as app:
        names = sorted(app.projections.known) if name is None else [name]
        found = [
            (each, letter, _name_of(app, letter.ticket_id))
            for each in names
            for letter in app.projections.dead_letters(app.projections.named(each))
        ]
    if form == "json":
        write_json([_plain(*one) for one in found])
        return
    if not found:
        say("There are no dead letters.")
        return
    for each, letter, ticket in found:  # reasons are too long for a column
        recorded = f"recorded {letter.recorded_at:%Y-%m-%d %H:%M}"
        state = recorded if letter.dropped_at is None else f"dropped {letter.dropped_at:%Y-%m-%d %H:%M}"
        say(
            Text.assemble(
                (f"{each}  {ticket}", "heading"), f"  position {letter.position:,}, ", (f"{state} UTC", "faint")
            )
        )
        say(Text(f"  {one_line(_why(letter))}"))


_RETRY_EPILOG = """Each ticket is folded anew from its first event, after an upcast was added or
the projection mended. Exit code 1 if any waits still.

Try it:
  ticketing projections retry turnaround
  ticketing projections retry turnaround R-1001"""


def retry(
    name: _Name,
    ticket: Annotated[
        str | None,
        typer.Argument(metavar="TICKET", help="Number or id; all that wait if none is given.", show_default=False),
    ] = None,
    store: StoreUrl = None,
) -> None:
    """Folds tickets anew that an event stopped, and says which are whole now."""
    with opened_to_ask(store) as app:
        projection = app.projections.named(name)
        tried = app.projections.retry(
            projection, None if ticket is None else _waiting(app, projection, ticket).ticket_id
        )
        for one in tried:
            say(_outcome(_name_of(app, one.letter.ticket_id), one, "healed"))
    if not tried:
        say(f"Nothing waits in {name}.")
    if any(one.now is not None for one in tried):
        raise typer.Exit(1)


_DROP_EPILOG = """The fact stays on the log. The row of its ticket goes on without it, and so do
the figures, also after a rebuild.

Try it:
  ticketing projections drop turnaround R-1001"""


def drop(
    name: _Name,
    ticket: Annotated[str, typer.Argument(metavar="TICKET", help="The ticket's number or id.")],
    store: StoreUrl = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Gives up the event that a ticket waits for: the figures go on without this event for good."""
    with opened_to_ask(store) as app:
        projection = app.projections.named(name)
        letter = _waiting(app, projection, ticket)
        if not yes:
            what = f"{letter.topic} at position {letter.position:,}"
            question = f"Leave {what} out of the row of {ticket} in {name} for good? Its figures go on without it."
            typer.confirm(question, abort=True, err=True)
        done = app.projections.drop(projection, letter.ticket_id)
    tell(_outcome(ticket, done, f"dropped position {done.letter.position:,}; its figures go on without it"))
    if done.now is not None:
        raise typer.Exit(1)


def _waiting(app: Ticketing, projection: Projection[Any], ticket: str) -> DeadLetter:
    """What a ticket waits with.

    Raises:
        NotFound: There is no such ticket, or it does not wait.
    """
    ticket_id = app.find(ticket)
    for letter in app.projections.dead_letters(projection):
        if letter.ticket_id == ticket_id and letter.dropped_at is None:
            return letter
    raise NotFound(f"ticket {ticket} does not wait in {projection.name}")


def _name_of(app: Ticketing, ticket_id: UUID) -> str:
    """The number that the ticket was opened with if that can be read, else its id."""
    for fact in app.store.read_each(app.store.stored_stream(ticket_id)):
        if not isinstance(fact, Unreadable) and isinstance(fact.event, TicketOpened) and fact.event.number:
            return printable(fact.event.number)
    return str(ticket_id)


def _outcome(ticket: str, done: Retried, whole: str) -> Text:
    if done.now is None:
        return Text.assemble((ticket, "heading"), f": {whole}")
    again = "still" if done.now.position == done.letter.position else "now"
    waits = f"waits {again} at position {done.now.position:,}: {_why(done.now)}"
    return Text.assemble((ticket, "heading"), ": ", (one_line(waits), "warning"))


def _why(letter: DeadLetter) -> str:
    reason = letter.reason.removeprefix(f"position {letter.position}: ")
    return reason if letter.topic in reason else f"{letter.topic}: {reason}"


def _plain(projection: str, letter: DeadLetter, ticket: str) -> dict[str, object]:
    dropped = None if letter.dropped_at is None else instant_text(letter.dropped_at)
    return {
        "projection": projection,
        "ticket": ticket,
        **asdict(letter),
        "ticket_id": str(letter.ticket_id),
        "recorded_at": instant_text(letter.recorded_at),
        "dropped_at": dropped,
    }
