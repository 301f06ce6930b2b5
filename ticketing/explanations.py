"""Explanations: of one ticket, where every second went, and how each of its clocks comes to its verdict."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ticketing.application import Ticketing
from ticketing.domain.clocks import clocks_of
from ticketing.domain.cuts import cut
from ticketing.domain.errors import BadInput, NotFound, nearest
from ticketing.domain.explaining import explained
from ticketing.domain.explanation import Explanation, VersionTold
from ticketing.domain.judged import Judged
from ticketing.domain.ledger import Ledger, Span, causes_in_order, cut_at, ledger_of, spans_of
from ticketing.domain.no_clock import why_none
from ticketing.domain.phrases import after
from ticketing.domain.policy import WaitName
from ticketing.domain.values import Key, Value
from ticketing.domain.wording import in_words


class TicketLedger(Value):
    """Where every second of one ticket went.

    Attributes:
        causes: The order in which causes of waiting counted.
        spans: In order of time; the last one ends where the ledger does.
    """

    ticket_id: UUID
    number: Key | None
    causes: tuple[WaitName, ...]
    ledger: Ledger
    spans: tuple[Span, ...]


def ledger(
    app: Ticketing, ticket: UUID | str, *, as_of: datetime | None = None, known_at: datetime | None = None
) -> TicketLedger:
    """Where every second of a ticket went, from the first receipt to the last hand-back, or so far.

    Args:
        app: The application on the store.
        ticket: Its id or number.
        as_of: As of then instead of now, by what had occurred, inclusive.
        known_at: By what was recorded by then, inclusive; as of then too, unless `as_of` says otherwise.

    Raises:
        NotFound: There is no such ticket, or nothing of it was known, or had happened, by then.
        BadInput: A bound is no instant with a zone.
    """
    found = app.ticket(ticket, as_of=as_of, known_at=known_at)
    facts = app.history(ticket, as_of=as_of, known_at=known_at)
    if not facts:
        raise NotFound(f"of ticket {ticket} nothing had happened, or nothing was known, by then")
    order = causes_in_order(app.store.rules_at(app.store.known_at(known_at)), facts)
    spans = spans_of(facts, order)
    is_open = bool(spans) and spans[-1].is_still_open
    until = app.clocks.observed_until(ticket, as_of=as_of, known_at=known_at) if is_open else facts[-1].occurred_at
    return TicketLedger(
        ticket_id=found.ticket_id,
        number=found.number,
        causes=order,
        ledger=ledger_of(spans, until),
        spans=cut_at(spans, until) if is_open else spans,
    )


def explain(
    app: Ticketing,
    ticket: UUID | str,
    clock: str,
    *,
    under: str | None = None,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> Explanation:
    """How one clock of a ticket comes to its value and verdict, day by day.

    Args:
        app: The application on the store.
        ticket: Its id or number.
        clock: `policy/clock/subject#cycle`, or what of it tells the clock from the ticket's others.
        under: `POLICY@VERSION`: judged by this version, whatever was in force; see `Clocks.of`.
        as_of: As of then instead of now, by what had occurred, inclusive.
        known_at: By what was recorded by then, inclusive; as of then too, unless `as_of` says otherwise.

    Raises:
        NotFound: There is no such ticket, it has no such clock, or the version was never published.
        BadInput: Several of its clocks are named so, a bound is no instant with a zone, or `under` names no version.
    """
    found = app.ticket(ticket, as_of=as_of, known_at=known_at)
    history = [
        fact for fact in app.history(ticket, as_recorded=True) if known_at is None or fact.recorded_at <= known_at
    ]
    at = app.clocks.observed_until(ticket, as_of=as_of, known_at=known_at)
    policy, rules = app.clocks.rules_under(under, known_at)
    clocks = clocks_of(history, rules, as_of=at, under=policy)
    if not clocks:
        why = "; ".join(why_none(cut(history, as_of=at), rules, under=policy))
        raise NotFound(f"ticket {found.number or ticket} has no clock{after(' under ', under)}: {why}")
    judged = named(clock, clocks, found.number or str(ticket))
    explanation = explained(
        history, rules, judged, at, lambda fact: in_words(fact, app.text), found.number, is_forced=policy is not None
    )
    return explanation.model_copy(
        update={
            "policy": _with_instant(app, explanation.policy),
            "calendar": tuple(_with_instant(app, version) for version in explanation.calendar),
        }
    )


def named(name: str, clocks: Sequence[Judged], ticket: str) -> Judged:
    """The one clock that is named so.

    Raises:
        NotFound: None is.
        BadInput: Several are.
    """
    found = [judged for judged in clocks if name in _names_of(judged)]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInput(f"{name} names several clocks of ticket {ticket}: {_listed(found)}")
    near = nearest(name, [one for judged in clocks for one in _names_of(judged)])
    raise NotFound(f"ticket {ticket} has no clock {name}; the nearest is {near}; it has {_listed(clocks)}")


def _names_of(judged: Judged) -> list[str]:
    """What a clock may be called, from the shortest to the whole."""
    bare = [judged.clock, f"{judged.policy}/{judged.clock}"]
    about = bare if judged.subject is None else [*bare, *(f"{one}/{judged.subject}" for one in bare)]
    return [*about, *(f"{one}#{judged.cycle}" for one in about)]


def _listed(clocks: Sequence[Judged]) -> str:
    is_in_one_cycle = len({judged.cycle for judged in clocks}) == 1
    return ", ".join(
        _names_of(judged)[-1].removesuffix(f"#{judged.cycle}" if is_in_one_cycle else "") for judged in clocks
    )


def _with_instant(app: Ticketing, version: VersionTold) -> VersionTold:
    return version.model_copy(update={"published_at": app.store.recorded_at(version.position)})
