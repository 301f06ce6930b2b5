"""`disputes` and `confirm`: who differs over what and where they stand, and a person's word on what follows."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from ticketing.cli.dispute_lines import (
    Line,
    View,
    claim_lines,
    dispute_lines,
    evidence_line,
    opening_lines,
    positions_table,
)
from ticketing.cli.output import TableOrJson, plain_table, say, show_table, stderr, write_json
from ticketing.cli.reference import actor_named
from ticketing.cli.stores import StoreUrl, opened_to_ask
from ticketing.cli.ticket_state import in_json
from ticketing.cli.tickets import TicketName
from ticketing.cli.times import ABOUT_INSTANTS, KnownAt, Zone, instant_given, zone_named
from ticketing.domain.consequences import Proposal, leftovers
from ticketing.domain.disputed import Claim, Dispute
from ticketing.domain.errors import BadInput, CommandRejected, NotFound
from ticketing.domain.roles import MAY_SEND
from ticketing.domain.ticket import Ticket

_COMMANDS = "One ticket"


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.command(epilog=_DISPUTES_EPILOG, rich_help_panel=_COMMANDS)(disputes)
    app.command(epilog=_CONFIRM_EPILOG, rich_help_panel=_COMMANDS)(confirm)


_DISPUTES_EPILOG = f"""{ABOUT_INSTANTS}

Try it:
  ticketing disputes R-1001
  ticketing disputes R-1001 --dispute D-1 --known-at 2026-03-05"""


def disputes(
    ticket: TicketName,
    store: StoreUrl = None,
    dispute: Annotated[str | None, typer.Option("--dispute", metavar="ID", help="Only this one.")] = None,
    known_at: KnownAt = None,
    zone: Zone = "UTC",
    form: TableOrJson = "table",
) -> None:
    """Shows the disputes of one ticket: positions side by side, deadlines, evidence, verdicts, and what follows."""
    local = zone_named(zone)
    known = instant_given("--known-at", known_at, local)
    with opened_to_ask(store) as app:
        facts = app.history(ticket, known_at=known)
        if not facts:
            raise NotFound(f"of ticket {ticket} nothing was known by then")
        found = app.ticket(ticket, known_at=known)
        chosen = [_named(found, ticket, dispute)] if dispute is not None else list(found.disputes.values())
        view = View(found, {fact.version: fact for fact in facts}, app.text, local, known or app.now())
        proposals = {it.dispute_id: app.proposals(ticket, it.dispute_id, known_at=known) for it in chosen}
        if form == "json":
            write_json(_json(chosen, view, proposals))
            return
        for each in chosen:
            _show(each, view, proposals[each.dispute_id])
        _show_rest(view, is_whole=dispute is None)
        if not chosen:
            say(f"{found.number or ticket} has no dispute.")
    say(Text(f"{found.ticket_id}, version {found.version}; times in {zone}", "faint"))


def _named(ticket: Ticket, name: str, dispute_id: str) -> Dispute:
    if dispute_id not in ticket.disputes:
        known = ", ".join(ticket.disputes) or "none"
        raise NotFound(f"ticket {name} has no dispute {dispute_id}; it has {known}")
    return ticket.disputes[dispute_id]


def _show(dispute: Dispute, view: View, proposals: Sequence[Proposal]) -> None:
    ground = dispute.ground.replace("_", " ")
    outcome = dispute.outcome or ("open" if dispute.is_open else "closed")
    blocks = ", blocks closing" if dispute.is_open and dispute.is_blocking else ""
    say(Text.assemble((dispute.dispute_id, "heading"), f"  {ground}: {outcome}{blocks}"))
    show_table(_labelled(opening_lines(dispute, view)))
    say("")
    show_table(positions_table(dispute, view))
    say("")
    lines = _labelled(dispute_lines(dispute, view))
    for number, proposal in enumerate(proposals, 1):
        label = "what follows" if number == 1 else ""
        second = Text(" [needs a second person]", "mark") if proposal.needs_second_person else Text()
        lines.add_row(label, Text.assemble(f"{number}. {proposal.summary}", second))
    for number, left in enumerate(leftovers(view.ticket, dispute.dispute_id)):
        lines.add_row("by hand" if number == 0 else "", Text(left, "mark"))
    if lines.row_count:
        show_table(lines)
        say("")


def _labelled(said: Iterable[Line]) -> Table:
    lines = plain_table(has_header=False)
    lines.add_column(style="faint", no_wrap=True, min_width=len("what follows"))
    lines.add_column()
    for label, line in said:
        lines.add_row(label, line)
    return lines


def _show_rest(view: View, *, is_whole: bool) -> None:
    """What belongs to the ticket and to no single dispute."""
    loose = [it for it in view.ticket.evidence.values() if it.dispute_id is None] if is_whole else []
    said = [("evidence" if number == 0 else "", evidence_line(it, view)) for number, it in enumerate(loose)]
    claims = [line for claim in view.ticket.claims.values() for line in claim_lines(claim, view)]
    lines = _labelled([*said, *claims])
    if lines.row_count:
        show_table(lines)


def _json(chosen: Sequence[Dispute], view: View, proposals: dict[str, tuple[Proposal, ...]]) -> dict[str, object]:
    ticket = view.ticket
    return {
        "ticket_id": str(ticket.ticket_id),
        "number": ticket.number,
        "version": ticket.version,
        "disputes": [_dispute_json(it, view, proposals[it.dispute_id]) for it in chosen],
        "evidence": in_json([it for it in ticket.evidence.values() if it.dispute_id is None], view.text),
        "claims": [_claim_json(claim, view) for claim in ticket.claims.values()],
    }


def _dispute_json(dispute: Dispute, view: View, proposals: Sequence[Proposal]) -> dict[str, object]:
    overdue = dispute.overdue(view.now)
    evidence = [it for it in view.ticket.evidence.values() if it.dispute_id == dispute.dispute_id]
    return {
        **_fields_json(dispute, view),
        "outcome": dispute.outcome,
        "overdue": in_json(overdue, view.text),
        "evidence": in_json(evidence, view.text),
        "proposals": [
            {
                "command": it.kind.__name__,
                "summary": it.summary,
                "reason": it.reason,
                "needs_second_person": it.needs_second_person,
                "fields": in_json(it.fields, view.text),
            }
            for it in proposals
        ],
        "by_hand": list(leftovers(view.ticket, dispute.dispute_id)),
    }


def _claim_json(claim: Claim, view: View) -> dict[str, object]:
    return {**_fields_json(claim, view), "charged_back": in_json(claim.charged_back, view.text)}


def _fields_json(thing: Dispute | Claim, view: View) -> dict[str, object]:
    return {field.name: in_json(getattr(thing, field.name), view.text) for field in fields(thing)}


_CONFIRM_EPILOG = """A number is that of the list which `ticketing disputes` shows.

Try it:
  ticketing confirm R-1001 --dispute D-1 --actor m-1:manager
  ticketing confirm R-1001 --dispute D-1 --actor x-1:dispute_officer --only 2"""


def confirm(
    ticket: TicketName,
    dispute: Annotated[str, typer.Option("--dispute", metavar="ID", help="The dispute that was decided or settled.")],
    actor: Annotated[str, typer.Option("--actor", metavar="ID:ROLE", help="Who confirms; the role must allow it.")],
    store: StoreUrl = None,
    only: Annotated[int | None, typer.Option("--only", metavar="N", min=1, help="Only the one of this number.")] = None,
    approved_by: Annotated[
        str | None, typer.Option("--approved-by", metavar="ID", help="The second person, where one is needed.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Records what a verdict or settlement calls for, after showing it; what was confirmed is proposed no more."""
    who = actor_named(actor)
    with opened_to_ask(store) as app:
        seen = app.ticket(ticket)
        proposals = _chosen(app.proposals(ticket, dispute), only)
        if not proposals:
            stderr().print(f"Nothing is left to confirm of {dispute}.")
            return
        for proposal in proposals:
            if who.role not in MAY_SEND[proposal.kind]:
                raise CommandRejected("role-may-not", f"a {who.role} does not send {proposal.kind.__name__}")
        say(f"{proposals[0].reason}:")
        for number, proposal in enumerate(proposals, only or 1):
            say(f"  {number}. {proposal.summary}")
        if not yes:
            what = "this" if len(proposals) == 1 else f"these {len(proposals)}"
            typer.confirm(f"Record {what} as {who.role.replace('_', ' ')} {who.id}?", abort=True, err=True)
        version = seen.version
        for proposal in proposals:
            second = {"approved_by": approved_by} if proposal.needs_second_person else {}
            # What was shown is confirmed: whoever came in between has it looked at again.
            command = proposal.command(who, seen.ticket_id, expected_version=version, **second)
            version = app.handle(command).version
            stderr().print(f"Recorded as fact {version}: {proposal.summary}.")


def _chosen(proposals: tuple[Proposal, ...], only: int | None) -> tuple[Proposal, ...]:
    if only is None:
        return proposals
    if only > len(proposals):
        raise BadInput(f"--only {only}: there are {len(proposals)} to confirm")
    return proposals[only - 1 : only]
