"""Disputes on a dossier's page: who stands where, side by side; what was looked at together, and what was decided."""

from collections.abc import Iterable, Iterator

from ticketing.domain import events as e
from ticketing.domain.disputed import Appeal, Asked, Closing, Dispute, Inspection, Position, Verdict
from ticketing.domain.values import Party, decimal_text
from ticketing.pages.account import Account, Section, fact_link, money, pairs, spaced
from ticketing.pages.markup import Html, Part, joined, lines, tag


def disputes(account: Account) -> Section | None:
    """The disputes that are told; None where there is none."""
    told = [dispute for dispute in account.ticket.disputes.values() if account.is_told(dispute.dispute_id)]
    if not told:
        return None
    return Section("disputes", "Who says what", *(_dispute(account, dispute) for dispute in told))


def _dispute(account: Account, dispute: Dispute) -> Html:
    opened = next(fact for fact in account.of(e.DisputeOpened) if fact.event.dispute_id == dispute.dispute_id)
    about = fact_link(dispute.about_version) if dispute.about_version is not None else None
    told = pairs(
        (
            ("raised by", f"the {dispute.raised_by}"),
            ("about", about),
            ("opened", joined([account.when(dispute.opened_at), " ", fact_link(opened.version)])),
            ("blocks closing", "yes" if dispute.is_blocking else None),
            ("ended", _ending(account, dispute)),
        )
    )
    return tag(
        "article",
        lines(
            [
                tag("h3", f"Dispute {dispute.dispute_id} over {spaced(dispute.ground)}"),
                told,
                account.quote(dispute.text),
                _side_by_side(account, dispute),
                *(_inspection(account, inspection) for inspection in dispute.inspections),
                *(_verdict(account, verdict) for verdict in dispute.verdicts),
                _closing(account, dispute.closing),
            ]
        ),
        class_="dispute",
    )


def _ending(account: Account, dispute: Dispute) -> Part:
    if dispute.outcome is None:
        return "not yet" if dispute.is_open else "closed; no verdict stands"
    said = {
        "decided": "by a verdict",
        "upheld": "by a verdict that upholds the one before",
        "overturned": "by a verdict that overturns the one before",
        "settled": "by a settlement",
        "withdrawn": "it was withdrawn",
    }[dispute.outcome]
    closing = dispute.closing
    if closing is None:
        return f"{said}; not closed yet" if dispute.is_open else said
    return joined([f"{said}, closed ", account.when(closing.closed_at), " ", fact_link(closing.version)])


# positions


def _side_by_side(account: Account, dispute: Dispute) -> Html:
    stated = [position.said.party for position in dispute.positions]
    parties = dict.fromkeys((dispute.raised_by, *dispute.parties, *stated, *(asked.party for asked in dispute.asked)))
    return tag("div", *(_column(account, dispute, party) for party in parties), class_="sides")


def _column(account: Account, dispute: Dispute, party: Party) -> Html:
    told = [(asked.version, _asked(account, asked)) for asked in dispute.asked if asked.party == party]
    told += [(p.version, _position(account, p)) for p in dispute.positions if p.said.party == party]
    cards = [card for _, card in sorted(told, key=lambda pair: pair[0])]
    if party not in dispute.heard:
        cards.append(tag("p", "No position is on record.", class_="untold"))
    return tag("div", tag("h4", f"The {party}"), lines(cards), class_="side")


def _asked(account: Account, asked: Asked) -> Html:
    until = joined([account.when(asked.asked_at), ", until ", account.when(asked.deadline)])
    request = next(fact.event for fact in account.of(e.PositionRequested) if fact.version == asked.version)
    told = tag("p", "Asked ", until, ". ", fact_link(asked.version), class_="aside")
    return tag("div", told, account.quote(request.text), class_="card")


def _position(account: Account, position: Position) -> Html:
    said, fact = position.said, account.fact(position.version)
    if said.is_silence:
        deadline = joined([" after the deadline of ", account.when(said.deadline)]) if said.deadline is not None else ""
        stated: Part = tag("p", "Silence is on record", deadline, ".")
    else:
        stated = account.quote(said.statement, said.language)
    wanted = account.quote(said.requested_outcome, said.language)
    behalf = f", on behalf of {said.on_behalf_of}" if said.on_behalf_of is not None else ""
    return tag(
        "div",
        lines(
            [
                stated,
                lines([tag("p", "Wants:", class_="aside"), wanted]) if wanted is not None else None,
                tag("p", f"Relies on clause {said.clause}.", class_="aside") if said.clause is not None else None,
                tag("p", "Letter ", account.hash_of(said.letter_hash), class_="aside") if said.letter_hash else None,
                tag(
                    "p",
                    joined([account.when(position.stated_at), f", entered by {account.who(fact)}{behalf}"]),
                    f", language {said.language}" if said.language is not None else None,
                    ". ",
                    fact_link(position.version),
                    class_="aside",
                ),
            ]
        ),
        class_="card",
    )


# what was looked at, and decided


def _inspection(account: Account, inspection: Inspection) -> Html:
    held = inspection.held
    absent = [name for name in held.invited if name not in held.attendees]
    return tag(
        "div",
        lines(
            [
                tag("h4", "Joint inspection, ", account.when(inspection.held_at), " ", fact_link(inspection.version)),
                pairs(
                    (
                        ("there", ", ".join(held.attendees)),
                        ("invited and absent", ", ".join(absent)),
                        ("protocol", account.hash_of(held.protocol_hash) if held.protocol_hash else None),
                    )
                ),
                account.quote(held.protocol),
            ]
        ),
        class_="card",
    )


def _verdict(account: Account, verdict: Verdict) -> Html:
    under = f" under clause {verdict.clause}" if verdict.clause is not None else ""
    return tag(
        "div",
        lines(
            [
                tag(
                    "h4",
                    f"Verdict for the {verdict.in_favour_of}, ",
                    account.when(verdict.issued_at),
                    " ",
                    fact_link(verdict.version),
                ),
                tag("p", f"Decided by {_judge(account, verdict)}{under}."),
                _shares(verdict.shares),
                account.quote(verdict.reasons),
                *(_appeal(account, appeal) for appeal in verdict.appeals),
            ]
        ),
        class_="card verdict",
    )


def _judge(account: Account, verdict: Verdict) -> str:
    fact = account.fact(verdict.version)
    who = account.who(fact)
    return who if fact.actor.id == verdict.by else f"{verdict.by}, entered by {who}"


def _appeal(account: Account, appeal: Appeal) -> Html:
    said = joined([f"The {appeal.party} appealed ", account.when(appeal.appealed_at), ". ", fact_link(appeal.version)])
    return tag("div", tag("p", said), account.quote(appeal.reasons), class_="appeal")


def _closing(account: Account, closing: Closing | None) -> Html | None:
    if closing is None or (closing.how == "decided" and closing.terms is None):
        return None
    credited = f"{money(closing.amount)} credited to the customer" if closing.amount is not None else None
    ended = joined([f"{closing.how.capitalize()}, ", account.when(closing.closed_at), " ", fact_link(closing.version)])
    parts = [
        tag("h4", ended),
        _shares(closing.shares),
        tag("p", credited) if credited else None,
        account.quote(closing.terms),
    ]
    return tag("div", lines(parts), class_="card verdict")


def _shares(shares: Iterable[e.Share]) -> Html | None:
    bars = list(_bars(shares))
    return tag("ul", *bars, class_="shares") if bars else None


def _bars(shares: Iterable[e.Share]) -> Iterator[Html]:
    for share in shares:
        percent = decimal_text(share.percent)
        yield tag("li", f"{share.party} {percent} %", style=f"flex-grow: {percent}")
