"""Dossier page: a ticket's record for people, on a screen or on paper, without network and without scripts."""

from collections.abc import Iterator, Mapping

from ticketing.domain.disputed import Ended
from ticketing.pages.account import Account, listed, pairs, spaced
from ticketing.pages.markup import Html, Part, joined, lines, tag
from ticketing.pages.section_coverage import decisions, pinned_clauses
from ticketing.pages.section_disputes import disputes
from ticketing.pages.section_evidence import evidence
from ticketing.pages.section_money import amounts
from ticketing.pages.section_proof import proof
from ticketing.pages.section_record import record
from ticketing.pages.style import STYLE

_POLICY = "default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'"
"""Nothing is loaded but the pictures beside the page, and nothing is run."""
_STANDS: Mapping[Ended, str] = {
    "decided": "decided",
    "upheld": "upheld on appeal",
    "overturned": "decided anew on appeal",
    "settled": "settled",
    "withdrawn": "withdrawn",
}


def dossier_page(account: Account) -> str:
    """The page as HTML; the same account always gives the same text."""
    told = (disputes, decisions, pinned_clauses, evidence, amounts, record, proof)
    sections = [section for section in (tell(account) for tell in told) if section is not None]
    links = listed(tag("a", section.title, href=f"#{section.anchor}") for section in sections)
    body = lines([_head(account), tag("nav", links), tag("main", lines(section.shown() for section in sections))])
    return f"<!DOCTYPE html>\n{tag('html', _html_head(account), tag('body', body), lang='en')}\n"


def _html_head(account: Account) -> Html:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"Dossier of repair ticket {account.ticket.number}"),
        tag("style", Html(STYLE)),
    )


def _head(account: Account) -> Html:
    ticket, last = account.ticket, account.history[-1]
    until = joined(
        [
            f"version {last.version}, recorded ",
            account.when(last.recorded_at),
            f", position {last.position:,} of the log",
        ]
    )
    only = (
        f"of dispute {account.dispute_id} only; the record below is whole" if account.dispute_id is not None else None
    )
    told = pairs(
        (
            ("unit", _unit(account)),
            ("customer", _customer(account)),
            ("taken in", joined([f"{ticket.site}, ", account.when(ticket.opened_at)]) if ticket.opened_at else None),
            ("state", _state(account)),
            ("disputes", joined(_disputes(account), "; ")),
            ("as of", until),
            ("positions, evidence and verdicts", only),
            ("witnessed", _witnesses(account)),
            ("private texts", _told(account)),
        )
    )
    times = f"Times are in {account.zone}. What stands in quotes is what somebody said, word for word."
    return tag(
        "header",
        lines(
            [
                tag("p", "Dossier of repair ticket", class_="kicker"),
                tag("h1", ticket.number or "without a number"),
                told,
                tag("p", times, class_="aside"),
            ]
        ),
    )


def _unit(account: Account) -> Part:
    ticket = account.ticket
    serial = f"serial {account.text(ticket.serial)}" if ticket.serial is not None else None
    made = f"made on {ticket.manufactured_on}" if ticket.manufactured_on is not None else None
    bought = f"bought on {ticket.purchased_on}" if ticket.purchased_on is not None else None
    named = " ".join(part for part in (ticket.manufacturer, ticket.model) if part)
    return ", ".join(part for part in (named, serial, made, bought) if part)


def _customer(account: Account) -> Part:
    ticket = account.ticket
    return f"{ticket.customer_ref or 'not named'} ({ticket.customer_kind})"


def _state(account: Account) -> Part:
    ticket = account.ticket
    outcome = f"{ticket.case}, {spaced(ticket.outcome)}" if ticket.outcome is not None else ticket.case
    entitlement = None
    if ticket.entitlement is not None:
        entitlement = f"entitlement: {spaced(ticket.entitlement)}"
    return "; ".join(part for part in (outcome, "service refused" if ticket.is_refused else None, entitlement) if part)


def _disputes(account: Account) -> Iterator[Html]:
    """Each dispute in a line: over what, who against whom, and how it stands."""
    for dispute in account.ticket.disputes.values():
        if account.is_told(dispute.dispute_id):
            others = ", ".join(party for party in dispute.parties if party != dispute.raised_by)
            stands = _STANDS[dispute.outcome] if dispute.outcome else "open" if dispute.is_open else "closed"
            favoured = f" for the {dispute.standing.in_favour_of}" if dispute.standing is not None else ""
            named = f"{dispute.dispute_id} over {spaced(dispute.ground)}"
            yield joined([f"{named}, the {dispute.raised_by} against {others}: {stands}{favoured}"])


def _witnesses(account: Account) -> Part:
    seen = [
        joined([f"{signature.name} saw the log on ", account.second(signature.at), ": what is in here existed then"])
        for signature in account.signatures
        if signature.at is not None
    ]
    if not seen:
        return "by nobody but the company, which signed it itself"
    return joined(seen, "; ")


def _told(account: Account) -> str:
    disclosure = account.disclosure
    said = f"{len(disclosure.texts)} of {disclosure.count} told"
    return f"{said}, {len(disclosure.erased)} erased" if disclosure.erased else said
