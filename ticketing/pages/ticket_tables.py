"""Tables of one ticket's page: what is behind each chart, where the time went, and the record."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta

from ticketing.domain.apportioning import apportioned
from ticketing.domain.durations import amount, lasting
from ticketing.domain.events import EventCorrected, EventRetracted
from ticketing.domain.judged import Judged
from ticketing.domain.phrases import either, spaced
from ticketing.domain.values import NATIVE, Event, Recorded
from ticketing.domain.wording import in_words
from ticketing.pages.account import fact_link, table
from ticketing.pages.markup import Html, Part, joined, tag
from ticketing.pages.ticket_account import TicketAccount
from ticketing.pages.ticket_lanes import LANE_NAMES, LANES, Bar
from ticketing.pages.ticket_style import party_colour
from ticketing.pages.ticket_tracks import clock_name

_SECOND = 1_000_000
_LATE = timedelta(hours=1)
"""A fact recorded longer than this after it occurred is marked."""


def lane_table(account: TicketAccount) -> Html:
    """Every bar of the time line."""
    bars = sorted(account.line.bars, key=lambda bar: (LANES.index(bar.lane), bar.from_at, bar.row))
    rows = [
        (
            LANE_NAMES[bar.lane],
            bar.says if bar.lane not in {"waits", "disputes"} else bar.row if bar.lane == "waits" else _about(bar),
            account.when(bar.from_at),
            "goes on" if bar.is_going_on else account.when(bar.to_at),
            lasting(bar.to_at - bar.from_at),
        )
        for bar in bars
    ]
    return table(("lane", "what", "from", "until", "lasted"), rows, numbers=(4,))


def _about(bar: Bar) -> str:
    return f"{bar.row}: {bar.says}"


def clock_table(account: TicketAccount) -> Html:
    """Every clock with what it used, and what was judged then."""
    headings = ("clock", "binds", "state", "used", "of", "due", "judged then")
    rows = [
        (
            clock_name(judged),
            spaced(judged.binds),
            _state(judged, account.at),
            *_used(judged),
            _due(account, judged),
            judged.then_at(account.at) or "",
        )
        for judged in account.clocks
    ]
    return table(headings, rows, numbers=(3, 4))


def _state(judged: Judged, at: datetime) -> str:
    state = judged.state_at(at)
    if state == "paused" and judged.paused_for:
        return f"paused for {either(map(spaced, judged.paused_for))}"
    if state == "cancelled" and judged.cancelled_because is not None:
        return f"cancelled ({judged.cancelled_because})"
    return f"{state} (reconstructed)" if judged.verdict is not None and judged.is_reconstructed else state


def _used(judged: Judged) -> tuple[str, str]:
    """What was used, and of how much; of a date that was told nothing is used."""
    if judged.measure == "until":
        return "", ""
    whole = [
        value if judged.measure == "days" else value // _SECOND * _SECOND for value in (judged.used, judged.target)
    ]
    return amount(whole[0], judged.measure), amount(whole[1], judged.measure)


def _due(account: TicketAccount, judged: Judged) -> Part:
    if judged.due_at is not None:
        return joined([account.when(judged.due_at), " (provisional)" if judged.is_provisional else None])
    if judged.due_if_resumed_at is not None:
        return joined([account.when(judged.due_if_resumed_at), " if resumed"])
    return "–"


def promise_table(account: TicketAccount) -> Html:
    """Every date told to the customer, and what became of it."""
    tracks = [track for track in account.tracks if track.kind == "promise"]
    rows = [
        (
            fact_link(promise.version),
            f"{spaced(promise.role)}{f' at {promise.site}' if promise.site is not None else ''}",
            account.when(promise.made_at),
            account.when(promise.due_at),
            spaced(track.state),
        )
        for promise, track in zip(account.promises, tracks, strict=True)
    ]
    return table(("promise", "by", "made", "due", "state"), rows)


def ledger_table(account: TicketAccount) -> Html:
    """Where the time went, the longest first; shares add up to the whole."""
    parts = account.ledger.parts
    shares = apportioned([part.microseconds for part in parts], 1000)
    seconds = apportioned([part.microseconds for part in parts], account.ledger.microseconds // _SECOND)
    rows: list[list[Part]] = [
        [
            part.party,
            spaced(part.cause),
            part.site or "",
            f"{lasted / 3600:,.2f}",
            _bar(share / 10, party_colour(part.party)),
        ]
        for part, lasted, share in zip(parts, seconds, shares, strict=True)
    ]
    rows.append(["all", "", "", f"{account.ledger.microseconds // _SECOND / 3600:,.2f}", _bar(100.0, None)])
    return table(("party", "cause", "site", "hours", "share"), rows, numbers=(3,))


def _bar(percent: float, colour: str | None) -> Html:
    """A share, and beside it a bar as long."""
    drawn = tag("span", class_="share", style=f"width: {percent * 0.6:.1f}%; background: {colour}")
    return tag("span", tag("span", f"{percent:.1f} %", class_="percent"), drawn if colour else None, class_="shared")


# the record


def record_table(account: TicketAccount) -> Html:
    """Every fact in words, in the order in which the log took them."""
    survivors = {fact.version: fact for fact in account.record}
    told = {fact.version for fact in account.history}
    changed = _changed(account, told)
    rows = [
        _fact(account, fact, survivors.get(fact.version), changed.get(fact.version, [])) for fact in account.history
    ]
    return table(("fact", "occurred", "who", "what"), rows)


def _fact(
    account: TicketAccount, fact: Recorded[Event], survivor: Recorded[Event] | None, changed: list[Html]
) -> tuple[Part, ...]:
    marks = (tag("span", mark, class_="mark") for mark in (*_marks(account, fact), *changed))
    return (
        tag("span", str(fact.version), id=f"fact-{fact.version}"),
        _as_it_stands(account.when(fact.occurred_at), None if survivor is None else account.when(survivor.occurred_at)),
        account.who(fact),
        joined(
            [_as_it_stands(_words(account, fact), None if survivor is None else _words(account, survivor)), *marks], " "
        ),
    )


def _words(account: TicketAccount, fact: Recorded[Event]) -> str:
    return in_words(fact, account.text)


def _as_it_stands(recorded: str, now: str | None) -> Part:
    """What was recorded, struck through where it was taken back, and what stands in its place."""
    if now == recorded:
        return recorded
    return joined([tag("s", recorded), now], " ")


def _marks(account: TicketAccount, fact: Recorded[Event]) -> Iterator[Html]:
    if fact.source != NATIVE:
        yield from () if the_only_source(account) else (joined([f"taken over from {_log_of(fact)}"]),)
    elif fact.recorded_at - fact.occurred_at > _LATE:
        yield joined(["recorded only ", account.when(fact.recorded_at)])
    for slug in fact.flags:
        yield joined([f"against the rule {slug}"])


def the_only_source(account: TicketAccount) -> str | None:
    """The log from which every fact was taken over; None where one is of this house, or of another log."""
    logs = {_log_of(fact) if fact.source != NATIVE else None for fact in account.history}
    return logs.pop() if len(logs) == 1 else None


def _log_of(fact: Recorded[Event]) -> str:
    return fact.source.removeprefix("import:")


def _changed(account: TicketAccount, told: Collection[int]) -> Mapping[int, list[Html]]:
    """By version, what surviving corrections and retractions say of a fact."""
    said: dict[int, list[Html]] = {}
    for fact in account.record:
        event = fact.event
        if isinstance(event, EventRetracted | EventCorrected):
            what = "taken back" if isinstance(event, EventRetracted) else f"{event.field} corrected"
            by: Part = fact_link(fact.version) if fact.version in told else f"fact {fact.version}"
            said.setdefault(event.target_version, []).append(joined([f"{what} by ", by]))
    return said
