"""Audits of whole stores: cuts, samples, another version, totals; the same on every store, and nothing is touched."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.examples import but
from tests.repairs import WHY, Company, day
from tests.test_decisions import (
    BOUGHT,
    CLAIMED,
    DISPUTED,
    ESTIMATED,
    FROM_THE_FACTORY,
    IN_WARRANTY,
    LATER_STANDARD,
    MANAGER,
    NOT_FREE,
    OFFICER,
    PAID_WHOLE,
    PINNED,
    REFUSED,
    VERDICT,
    publish,
    record,
)
from ticketing import audits
from ticketing.adapters import sqlite
from ticketing.adapters.urls import split_schema
from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.cuts import surviving
from ticketing.domain.errors import BadInput, CommandRejected, NotFound, UnreadableEvent
from ticketing.domain.known import known_of
from ticketing.domain.publishing import Publish
from ticketing.domain.reference import StandardPublished
from ticketing.domain.standard import assess
from ticketing.domain.values import Event, Recorded
from ticketing.projections.decisions import Decision
from ticketing.projections.statistics import wilson
from ticketing.simulator.run import simulate

MICROSECOND = timedelta(microseconds=1)


def versions(audit: audits.Audit) -> list[tuple[str | None, int]]:
    return [(decision.ticket.number, decision.fact.version) for decision in audit]


def fill(company: Company) -> None:
    """Six tickets, decided on in six ways.

    T-1: refused before the receipt, entitled with it. T-2: refused although version 3 covers. T-3: refused 30 months
    after purchase, which version 4 covers. T-4: a claim paid. T-5: a dispute. T-6: nothing decided.
    """
    publish(company)
    record(company, FROM_THE_FACTORY, PINNED, REFUSED, BOUGHT, IN_WARRANTY, number=1)
    record(company, FROM_THE_FACTORY, PINNED, BOUGHT, REFUSED, ESTIMATED, number=2)
    old = e.ProofOfPurchaseRecorded(purchased_on=date(2023, 7, 1))
    record(company, FROM_THE_FACTORY, PINNED, old, NOT_FREE, REFUSED, ESTIMATED, number=3)
    record(company, FROM_THE_FACTORY, PINNED, BOUGHT, CLAIMED, PAID_WHOLE, number=4)
    record(company, FROM_THE_FACTORY, PINNED, REFUSED, DISPUTED, VERDICT, number=5)
    record(company, FROM_THE_FACTORY, e.UnitHandedBack(), number=6)


@pytest.fixture
def company() -> Iterator[Company]:
    with Company() as company:
        fill(company)
        yield company


# what was known, fact by fact


def test_just_before_and_just_after_each_fact_an_audit_says_what_was_known_by_then() -> None:
    with Company() as company:
        publish(company)
        record(company, FROM_THE_FACTORY, PINNED, REFUSED, BOUGHT, IN_WARRANTY)
        ticket_id = company.app.find("T-1")
        company.corrects(ticket_id, 5, "purchased_on", "2023-07-14", day(9))
        company.retracts(ticket_id, 7, day(10))
        facts = company.app.store.stream(ticket_id)

        def told(before: bool, version: int) -> list[tuple[int, str | None, str | None]]:
            at = facts[version - 1].recorded_at
            audit = audits.disputes(company.app, known_at=at - MICROSECOND if before else at)
            return [(it.fact.version, answer(it, "assessed"), answer(it, "assessed_since")) for it in audit]

        refused = (4, "undecidable", None)
        refused_then_proved = (4, "undecidable", "covered")
        # Before 4 nothing was decided; 5 is the receipt, 6 the entitlement, 7 makes the receipt too old, 8 undoes 7.
        said = {
            1: [],
            2: [],
            3: [],
            4: [refused],
            5: [refused_then_proved],
            6: [refused_then_proved, (6, "covered", None)],
            7: [(4, "undecidable", "not_covered"), (6, "covered", "not_covered")],
            8: [refused_then_proved, (6, "covered", None)],
        }
        for version, after in said.items():
            assert told(False, version) == after
            assert told(True, version) == said.get(version - 1, [])


def answer(decision: Decision, field: str) -> str | None:
    assessed = getattr(decision, field)
    return None if assessed is None else str(assessed.answer)


def test_an_older_position_is_what_was_known_by_then(company: Company) -> None:
    # Two standards, then version 4 of the first ticket: position 6.
    assert versions(audits.disputes(company.app, position=6)) == [("T-1", 4)]
    assert versions(audits.disputes(company.app, position=5)) == []
    (refused,) = audits.disputes(company.app, position=6)
    assert refused.arrived == ()


def test_the_period_is_that_of_the_decisions_in_the_zone(company: Company) -> None:
    # REFUSED of T-1 is of day 3, its entitlement of day 5, both at midnight UTC: in New York the evening before.
    assert versions(audits.disputes(company.app, from_="2026-01-04", to="2026-01-04")) == [
        ("T-1", 4),
        ("T-5", 4),
    ]
    assert versions(audits.disputes(company.app, from_="2026-01-03", to="2026-01-03", zone="America/New_York")) == [
        ("T-1", 4),
        ("T-5", 4),
    ]
    assert versions(audits.disputes(company.app, from_=day(6))) == []


def test_only_tickets_of_the_manufacturer_and_the_site(company: Company) -> None:
    record(company, NOT_FREE, number=7)
    company.finds(company.app.find("T-7"), e.UnitIdentified(manufacturer="Boreas"), day(3))
    assert versions(audits.disputes(company.app, manufacturer="Boreas")) == [("T-7", 2)]
    assert ("T-7", 2) not in versions(audits.disputes(company.app, manufacturer="ACME"))
    assert versions(audits.disputes(company.app, site="leipzig")) == []
    assert len(versions(audits.disputes(company.app, site="berlin"))) == 9


# another version


def test_version_4_would_have_covered_one_refusal_and_lacks_a_receipt_to_say_of_another(company: Company) -> None:
    audit = audits.disputes(company.app, under="ACME-IS@4")
    said = {(it.ticket.number, it.fact.version): answer(it, "under") for it in audit}
    assert said == {
        ("T-1", 4): "undecidable",
        ("T-1", 6): "covered",
        ("T-2", 5): "covered",
        ("T-3", 5): "covered",  # 36 months from 1 July 2023 end on 1 July 2026
        ("T-3", 6): "covered",
        ("T-4", 6): "covered",
        ("T-5", 4): "undecidable",
        ("T-5", 6): "undecidable",
    }
    under = audit.totals.all.under
    assert (under.asked, under.covered, under.not_covered, under.undecidable) == (8, 5, 0, 3)
    assert (under.would_cover, under.would_not_cover) == (3, 0)  # both of T-3, and T-2, which version 3 covers too
    assert under.missing == Counter(purchased_on=3)


def test_another_manufacturers_tickets_are_not_asked_about_unless_they_had_the_key_pinned(company: Company) -> None:
    record(company, FROM_THE_FACTORY, NOT_FREE, PINNED, NOT_FREE, number=7)
    company.corrects(company.app.find("T-7"), 1, "manufacturer", "Boreas", day(5))
    under = audits.disputes(company.app, under="ACME-IS@4", manufacturer="Boreas")
    assert [(it.fact.version, answer(it, "under")) for it in under] == [(3, None), (5, "undecidable")]


def test_a_ticket_of_the_manufacturer_is_asked_about_where_nothing_was_pinned(company: Company) -> None:
    record(company, FROM_THE_FACTORY, NOT_FREE, number=7)
    said = {
        it.ticket.number: (answer(it, "assessed"), answer(it, "under"))
        for it in audits.disputes(company.app, under="ACME-IS@4")
    }
    assert said["T-7"] == (None, "undecidable")


def test_a_version_published_after_the_position_is_asked_all_the_same_and_the_head_says_where_it_is(
    company: Company,
) -> None:
    position = company.app.store.head()
    record(company, NOT_FREE, number=7)
    company.app.handle(Publish(actor=MANAGER, thing=but(LATER_STANDARD, version=5)))
    published_at = company.app.store.head()
    audit = audits.disputes(company.app, under="ACME-IS@5", position=position)
    assert (audit.header.position, audit.header.under_published_at) == (position, published_at)
    assert json.loads("".join(audit.json_parts()))["under_published_at"] == published_at
    assert audit.totals.all.under.would_cover == 3  # it says what version 4 says
    said = "".join(audit.json_parts())
    record(company, NOT_FREE, number=8)
    assert "".join(audits.disputes(company.app, under="ACME-IS@5", position=position).json_parts()) == said


def test_shares_of_all_that_fell_and_of_what_another_version_would_cover_have_their_limits(company: Company) -> None:
    (total,) = audits.disputes(company.app, under="ACME-IS@4").totals.of("all")
    whole: Any = total.plain(with_under=True)

    def share(of: Any) -> tuple[object, ...]:  # noqa: ANN401  # JSON of any shape
        return of["numerator"], of["denominator"], of["low"], of["high"]

    def limits(part: int, of: int) -> tuple[object, ...]:
        return (part, of, *(round(100 * limit, 6) for limit in wilson(part, of)))

    assert share(whole["overturned_share"]) == limits(1, 8)
    (of_a_day,) = audits.disputes(company.app, from_="2026-01-04", to="2026-01-04").totals.of("all")
    assert share(of_a_day.plain(with_under=False)["overturned_share"]) == limits(1, 2)  # neither of the two deviates
    # It says covered of all five of which it says anything; three of them were decided as not covered, two as covered.
    assert share(whole["under"]["covered_share"]) == limits(5, 5)
    assert share(whole["under"]["would_cover_share"]) == limits(3, 3)
    assert share(whole["under"]["would_not_cover_share"]) == limits(0, 2)


# samples


def test_a_sample_is_a_part_of_the_whole_in_its_order_and_the_totals_are_of_all(company: Company) -> None:
    everything = versions(audits.disputes(company.app))
    for number in range(1, len(everything) + 2):
        audit = audits.disputes(company.app, sample=number, seed=7)
        drawn = versions(audit)
        assert len(drawn) == min(number, len(everything))
        assert [one for one in everything if one in drawn] == drawn
        assert audit.totals.all.decided == len(everything)
    smaller = versions(audits.disputes(company.app, sample=2, seed=7))
    assert set(smaller) <= set(versions(audits.disputes(company.app, sample=5, seed=7)))


def test_another_seed_draws_others_and_each_decision_is_drawn_as_often(company: Company) -> None:
    drawn = Counter(one for seed in range(200) for one in versions(audits.disputes(company.app, sample=2, seed=seed)))
    # 200 draws of 2 among 8: 50 each; four deviations of sqrt(200 * 1/4 * 3/4) = 6.1 are 24.5.
    assert len(drawn) == 8
    assert all(25 < count < 75 for count in drawn.values())


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_a_sample_does_not_depend_on_how_the_log_is_read(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    with Company(sqlite_url) as company:
        fill(company)
        whole = "".join(audits.disputes(company.app, sample=3, seed=1).json_parts())
        monkeypatch.setattr(sqlite, "_PAGE", rows)
        assert "".join(audits.disputes(company.app, sample=3, seed=1).json_parts()) == whole


# totals


def test_the_totals_are_those_counted_by_hand(company: Company) -> None:
    totals = audits.disputes(company.app).totals
    whole = totals.all
    # T-1 open, agrees; T-2 deviates; T-3 agrees twice; T-4 agrees; T-5 open twice.
    assert (whole.decided, whole.agreeing, whole.deviating, whole.undecidable) == (8, 4, 1, 3)
    assert (whole.comparable, whole.without_standard, whole.not_comparable) == (5, 0, 0)
    assert whole.missing == Counter(purchased_on=3)
    assert whole.overturned == 1  # the refusal of T-1, by the entitlement
    # The customer's 120 of T-2 and, once for two decisions, of T-3; the claim's 100.
    assert {currency: str(amount) for currency, amount in whole.money.items()} == {"EUR": "340.00"}
    assert whole.without_amount == 4
    (refusals,) = [total for total in totals.of("decision") if total.group == {"decision": "ServiceRefused"}]
    assert (refusals.tally.decided, refusals.tally.deviating, refusals.tally.agreeing) == (4, 1, 1)
    deviation: Any = refusals.plain(with_under=False)["deviation"]
    low, high = wilson(1, 2)
    assert (deviation["value"], deviation["numerator"], deviation["denominator"]) == (50.0, 1, 2)
    assert (deviation["low"], deviation["high"]) == (round(100 * low, 6), round(100 * high, 6))
    clauses = [(total.group["standard"], total.group["clause"], total.tally.decided) for total in totals.of("clause")]
    assert clauses == [("ACME-IS@3", "3.1", 8)]
    assert [total.group["decider"] for total in totals.of("decider")] == ["e-1", "w-1"]


def test_where_nothing_can_be_compared_there_is_no_figure_but_a_reason() -> None:
    with Company() as company:
        record(company, NOT_FREE)
        (total,) = audits.disputes(company.app).totals.of("all")
    deviation: Any = total.plain(with_under=False)["deviation"]
    assert (deviation["value"], deviation["low"], deviation["high"], deviation["denominator"]) == (None, None, None, 0)
    assert deviation["reason"] == "no decision could be held against an assessment"
    assert (total.tally.without_standard, total.tally.without_amount) == (1, 1)


def test_a_decision_that_names_two_clauses_counts_under_both_and_one_that_names_none_under_none() -> None:
    with Company() as company:
        publish(company)
        record(company, PINNED, but(NOT_FREE, clauses=("3.1", "9.1")), but(NOT_FREE, clauses=()))
        totals = audits.disputes(company.app).totals
    assert [(*total.group.values(), total.tally.decided) for total in totals.of("clause")] == [
        (None, None, 1),
        ("ACME-IS@3", "3.1", 1),
        ("ACME-IS@3", "9.1", 1),
    ]


# every store, and nothing changed


def test_files_and_servers_say_the_same_to_the_byte(sqlite_url: str, postgres_url: str) -> None:
    said = set()
    for url in ("memory:", sqlite_url, postgres_url):
        with Company(url) as company:
            fill(company)
            audit = audits.disputes(company.app, under="ACME-IS@4", sample=5, seed=3)
            said.add(("".join(audit.json_parts()), "".join(audits.disputes(company.app).csv_lines())))
    assert len(said) == 1
    (json_text, csv_text) = said.pop()
    assert len(json.loads(json_text)["decisions"]) == 5
    assert csv_text.count("\n") == 9


def test_an_audit_changes_neither_the_file_nor_the_server(sqlite_url: str, postgres_url: str) -> None:
    with Company(sqlite_url) as company:
        fill(company)
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    before = file.read_bytes()
    with Ticketing(sqlite_url) as app:
        assert audits.disputes(app, under="ACME-IS@4").totals.all.decided == 8
    assert file.read_bytes() == before
    with Company(postgres_url) as company:
        fill(company)
        rows = _everything(postgres_url)
        assert audits.disputes(company.app, under="ACME-IS@4").totals.all.decided == 8
        assert _everything(postgres_url) == rows


def _everything(url: str) -> list[tuple[object, ...]]:
    """All rows of the log, texts, commands and views of a store in PostgreSQL."""
    conninfo, schema = split_schema(url)
    with psycopg.connect(conninfo, options=f"-c search_path={schema}") as connection:
        return [
            row
            for table in ("events", "private_texts", "commands", "claims", "views")
            for row in connection.execute(f"SELECT * FROM ticketing_{table} ORDER BY 1, 2").fetchall()
        ]


def test_an_audit_can_be_read_again_and_knows_nothing_that_was_recorded_while_it_was_read(company: Company) -> None:
    audit = audits.disputes(company.app)
    before = versions(audit)
    reading = iter(audit)
    next(reading)
    record(company, NOT_FREE, number=7)
    company.finds(company.app.find("T-6"), NOT_FREE, day(7))
    assert len(list(reading)) == len(before) - 1
    assert versions(audit) == before
    assert audit.totals.all.decided == len(before)
    assert len(versions(audits.disputes(company.app))) == len(before) + 2


# what cannot be read


@pytest.mark.parametrize(
    ("statement", "aside"),
    [
        ("UPDATE ticketing_events SET topic = 'ticketing:Sneezed' WHERE rowid = 4", 1),  # T-1, its diagnosis pinned
        ("UPDATE ticketing_events SET state = x'7b' WHERE rowid = 4", 1),
        # Where nothing was decided nothing is decoded; the last fact is of T-6.
        ("UPDATE ticketing_events SET state = x'7b' WHERE rowid = (SELECT max(rowid) FROM ticketing_events)", 0),
    ],
)
def test_a_ticket_with_an_event_that_cannot_be_read_is_set_aside_and_counted(
    sqlite_url: str, statement: str, aside: int
) -> None:
    with Company(sqlite_url) as company:
        fill(company)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        connection.execute(statement)
    connection.close()
    with Ticketing(sqlite_url) as app:
        audit = audits.disputes(app)
        assert audit.totals.all.decided == 8 - 2 * aside
        assert (audit.read.tickets, audit.read.without_decision, audit.read.set_aside) == (6, 1, aside)


@pytest.mark.parametrize(
    ("change", "aside"),
    [
        # The two standards are the first facts: version 3 at position 1, which five tickets pinned, version 4 at 2.
        ("UPDATE ticketing_events SET state = CAST(replace(state, 'title', 'name') AS BLOB) WHERE rowid = 1", 5),
        ("UPDATE ticketing_events SET state = CAST(replace(state, 'title', 'name') AS BLOB) WHERE rowid = 2", 0),
        ("UPDATE ticketing_events SET state = x'7b' WHERE rowid = 2", 0),
    ],
)
def test_only_tickets_whose_own_version_cannot_be_read_are_set_aside_and_that_is_the_reason(
    sqlite_url: str, change: str, aside: int
) -> None:
    with Company(sqlite_url) as company:
        fill(company)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        connection.execute(change)
    connection.close()
    with Ticketing(sqlite_url) as app:
        audit = audits.disputes(app, under="ACME-IS@4" if aside else "ACME-IS@3")
        whole = json.loads("".join(audit.json_parts()))
        assert (whole["set_aside"], whole["unreadable"]) == (aside, {"standard ACME-IS@3": aside} if aside else {})
        assert len(whole["decisions"]) == (0 if aside else 8)
        with pytest.raises(UnreadableEvent, match="position"):
            audits.disputes(app, under="ACME-IS@3" if aside else "ACME-IS@4")


# what cannot be understood


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"from_": "2026-02-02", "to": "2026-02-01"}, "the period ends before it starts"),
        ({"from_": "tomorrow"}, "from tomorrow: give a date"),
        ({"known_at": "2027-01-01"}, "known_at 2027-01-01T00:00:00.000000Z is after now"),
        ({"position": 1000}, "there is no position 1000: the log ends at"),
        ({"zone": "Mars/Olympus"}, "there is no zone Mars/Olympus"),
        ({"sample": 0}, "sample 0: draw at least one"),
        ({"seed": 4}, "a seed is of a sample"),
        ({"under": "ACME-IS"}, "under ACME-IS: write KEY@VERSION"),
        ({"under": "ACME-IS@" + "4" * 5000}, "…: write KEY@VERSION"),
        ({"under": "ACME-IS@four"}, "under ACME-IS@four: write KEY@VERSION"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_one_line(company: Company, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as refused:
        audits.disputes(company.app, **asked)
    assert said in str(refused.value)


def test_a_version_that_was_never_published_is_not_found(company: Company) -> None:
    with pytest.raises(NotFound):
        audits.disputes(company.app, under="ACME-IS@9")


# laws


@dataclass(frozen=True)
class Deed:
    """Something put on record: a fact, or a correction or retraction of an earlier one."""

    kind: str
    fact: int
    target: int


TOLD: tuple[Event, ...] = (
    BOUGHT,
    but(BOUGHT, purchased_on=date(2023, 7, 1)),
    FROM_THE_FACTORY,
    e.DiagnosisRecorded(findings=(e.Finding(finding_id="f-1", cause="misuse"),)),
    PINNED,
    but(PINNED, standard_version=4),
    e.StandardPinned(none_reason=WHY),
    e.UnitIdentified(manufacturer="Boreas"),
    e.UnitHandedBack(),
    e.TicketClosed(outcome="repaired"),
    e.TicketReopened(ground="same_fault"),
    NOT_FREE,
    IN_WARRANTY,
    e.EntitlementRevised(from_basis="none", to_basis="goodwill", trigger="error", reason=WHY),
    REFUSED,
    but(REFUSED, ground="unrepairable", clause=None),
    but(DISPUTED, about_version=None),
    VERDICT,
    but(VERDICT, in_favour_of="customer", clause=None),
    CLAIMED,
    PAID_WHOLE,
    but(PAID_WHOLE, amount_approved=but(PAID_WHOLE.amount_approved, amount=40)),
    ESTIMATED,
)
KINDS = ("fact", "fact", "fact", "fact", "correction", "retraction")
DEEDS = st.lists(
    st.builds(Deed, st.sampled_from(KINDS), st.integers(0, len(TOLD) - 1), st.integers(1, 20)), min_size=4, max_size=18
)


def do(company: Company, ticket_id: UUID, deed: Deed, at: int) -> None:
    if deed.kind == "fact":
        company.finds(ticket_id, TOLD[deed.fact], day(at), by=OFFICER)
    elif deed.kind == "retraction":
        with suppress(CommandRejected):
            company.retracts(ticket_id, deed.target, day(at))
    else:
        bought = ("2022-05-01", "2025-05-01")[deed.fact % 2]
        with suppress(CommandRejected):
            company.corrects(ticket_id, deed.target, "purchased_on", bought, day(at))


@given(deeds=DEEDS)
# Said twice that no standard applies: the second time nothing became other than it was.
@example(deeds=[Deed("fact", 4, 1), Deed("fact", 11, 1), Deed("fact", 6, 1), Deed("fact", 6, 1)])
@settings(max_examples=60)
def test_an_audit_says_what_the_application_stored_and_nothing_later_changes_that(deeds: list[Deed]) -> None:
    with Company() as company:
        publish(company)
        ticket_id = company.opens(1, day(0))
        seen: dict[int, list[tuple[object, ...]]] = {}
        for at, deed in enumerate(deeds, 1):
            do(company, ticket_id, deed, at)
            seen[company.app.store.head()] = [_then(one) for one in audits.disputes(company.app)]
        decisions = list(audits.disputes(company.app))
        for decision in decisions:
            stored = getattr(decision.fact.event, "assessment", None)
            assert decision.kept == ("none" if stored is None else "same")
            if hasattr(decision.fact.event, "assessment"):
                assert stored == decision.assessed
        _require_what_arrived_to_be_all_that_changed(company.app, ticket_id, decisions)
        for position, then in seen.items():
            # As told when it was the head, and as told now of what was known then: the beginning of what is told now.
            assert [_then(one) for one in audits.disputes(company.app, position=position)] == then
            assert [_then(one) for one in decisions][: len(then)] == then


def _then(decision: Decision) -> tuple[object, ...]:
    """What a decision and its moment say, which nothing recorded later may change."""
    fact = decision.fact
    return (fact.version, decision.said, decision.says, decision.pinned, decision.assessed, decision.agreement)


def _require_what_arrived_to_be_all_that_changed(
    app: Ticketing, ticket_id: UUID, decisions: Sequence[Decision]
) -> None:
    history = app.store.stream(ticket_id)
    facts = surviving(history)
    now, pinned_now = known_of(facts), _pinned(facts)
    for decision in decisions:
        if decision.pinned is None or decision.assessed is None:
            continue
        key, _, version = decision.pinned.rpartition("@")
        standard = app.reference.one("standard", key, int(version))
        assert isinstance(standard, StandardPublished)
        if decision.arrived:
            since = app.reference.one("standard", *pinned_now) if pinned_now is not None else None
            assert since is None or isinstance(since, StandardPublished)
            assert decision.assessed_since == (None if since is None else assess(since, now))
        else:
            assert decision.assessed == assess(standard, now)
        told = [fact.version for fact in decision.arrived]
        earlier = surviving(history[: decision.fact.version - 1])
        before = known_of(earlier), _pinned(earlier)
        for end in range(decision.fact.version, len(history) + 1):
            cut = surviving(history[:end])
            known = known_of(cut), _pinned(cut)
            assert not told or (known != before) == (end in told)
            before = known


def _pinned(facts: Sequence[Recorded[Event]]) -> tuple[str, int] | None:
    """The standard and version pinned last."""
    pins = [fact.event for fact in facts if isinstance(fact.event, e.StandardPinned)]
    if not pins or pins[-1].standard is None or pins[-1].standard_version is None:
        return None
    return pins[-1].standard, pins[-1].standard_version


def test_a_simulated_year_is_audited_as_it_was_decided_and_its_totals_add_up() -> None:
    with simulate("memory:", tickets=60, seed=5) as world:
        head = world.app.store.head()
        audit = audits.disputes(world.app, under="QUORVAN-IS@2")
        decisions = list(audit)
        kept = Counter(decision.kept for decision in decisions if hasattr(decision.fact.event, "assessment"))
        assert kept["differs"] == 0
        assert kept["same"] > 30
        for decision in decisions:
            if decision.pinned == "QUORVAN-IS@2":
                assert decision.under == decision.assessed
        for by in ("decision", "manufacturer", "decider"):
            for count in ("decided", "agreeing", "deviating", "undecidable", "not_comparable", "overturned"):
                parts = [getattr(total.tally, count) for total in audit.totals.of(by)]
                assert sum(parts) == getattr(audit.totals.all, count), (by, count)
        whole = audit.totals.all
        assert (
            whole.decided
            == len(decisions)
            == (whole.agreeing + whole.deviating + whole.undecidable + whole.without_standard + whole.not_comparable)
        )
        assert world.app.store.head() == head
