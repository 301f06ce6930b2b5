"""The record on a dossier's page: every fact in words, in the order in which the log took them."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from ticketing.domain.events import EventCorrected, EventRetracted
from ticketing.domain.values import NATIVE, Event, Recorded
from ticketing.domain.wording import in_words
from ticketing.pages.account import Account, Section, fact_link, table
from ticketing.pages.markup import Html, Part, joined, tag

_LATE = timedelta(hours=1)
"""A fact recorded longer than this after it occurred is marked."""


def record(account: Account) -> Section:
    """The time line."""
    changed = _changed(account)
    rows = [list(_row(account, fact, changed.get(fact.version, []))) for fact in account.history]
    note = (
        "Each fact as it was recorded. What was corrected or taken back later stands here as it first stood, with a "
        "mark that leads to the later fact."
    )
    return Section(
        "record", "The record, fact by fact", tag("p", note), table(("fact", "occurred", "who", "what"), rows)
    )


def _row(account: Account, fact: Recorded[Event], changed: list[Html]) -> Iterator[Part]:
    yield tag("span", str(fact.version), id=f"fact-{fact.version}")
    yield account.when(fact.occurred_at)
    yield account.who(fact)
    words = in_words(fact, account.text)
    is_taken_back = all(survivor.version != fact.version for survivor in account.facts)
    told = tag("s", words) if is_taken_back else words
    yield joined([told, *(tag("span", mark, class_="mark") for mark in (*_marks(account, fact), *changed))], " ")


def _marks(account: Account, fact: Recorded[Event]) -> Iterator[Html]:
    if fact.source != NATIVE:
        yield joined([f"taken over from {fact.source.removeprefix('import:')}"])
    elif fact.recorded_at - fact.occurred_at > _LATE:
        yield joined(["recorded only ", account.when(fact.recorded_at)])
    for slug in fact.flags:
        yield joined([f"against the rule {slug}"])


def _changed(account: Account) -> Mapping[int, list[Html]]:
    """By version, what surviving corrections and retractions say of a fact."""
    said: dict[int, list[Html]] = {}
    for fact in account.facts:
        event = fact.event
        if isinstance(event, EventCorrected | EventRetracted):
            what = "taken back" if isinstance(event, EventRetracted) else f"{event.field} corrected"
            said.setdefault(event.target_version, []).append(joined([f"{what} by ", fact_link(fact.version)]))
    return said
