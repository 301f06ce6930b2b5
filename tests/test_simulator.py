"""The simulated world: the same seed is the same world, every fact occurs, and one story is worth telling."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.decide import RULES_OF
from ticketing.domain.errors import BadInput
from ticketing.domain.reference import REFERENCE_EVENTS
from ticketing.domain.values import Event, Recorded
from ticketing.simulator import SimulatedClock, World, compare_knowledge, simulate, tell_story
from ticketing.simulator.chance import Chance
from ticketing.simulator.world import CHANGED_STANDARDS, FIRST_DAY, LAST_INSTANT

LARGE = 450
SMALL = 30


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A world large enough that every kind of fact occurs in it."""
    with simulate("memory:", tickets=LARGE, seed=2) as made:
        yield made


@pytest.fixture(scope="module")
def histories(world: World) -> list[list[Recorded[Event]]]:
    return list(world.app.store.histories())


def log_of(url: str, seed: int) -> tuple[list[Recorded[Event]], dict[str, str | None]]:
    """Everything that a small world put on record, its private texts included."""
    with simulate(url, tickets=SMALL, seed=seed) as made:
        facts = list(made.app.follow())
        digests = [digest for fact in facts for digest in fact.event.model_dump_json().split('"') if len(digest) == 64]
        return facts, made.app.store.texts(digests)


def test_the_same_seed_gives_the_same_events_to_the_byte_and_another_seed_others(sqlite_url: str) -> None:
    first = log_of("memory:", 3)
    assert first == log_of("memory:", 3)
    assert first == log_of(sqlite_url, 3)
    others, _ = log_of("memory:", 4)
    assert [fact.event for fact in first[0]] != [fact.event for fact in others]


def test_a_world_needs_an_empty_store(sqlite_url: str) -> None:
    simulate(sqlite_url, tickets=1).app.close()
    with pytest.raises(BadInput, match="empty store"):
        simulate(sqlite_url, tickets=1)


def test_a_world_needs_a_ticket() -> None:
    with pytest.raises(BadInput, match="at least one ticket"):
        simulate("memory:", tickets=0)


def test_the_only_ticket_of_the_smallest_world_is_the_story() -> None:
    with simulate("memory:", tickets=1) as smallest:
        assert [facts[0].stream_id for facts in smallest.app.store.histories()] == [smallest.story_ticket_id]


def test_progress_counts_the_tickets_opened() -> None:
    counts: list[int] = []
    with simulate("memory:", tickets=12, on_progress=counts.append) as made:
        assert counts == list(range(1, 13))
        assert made.tickets == 12


def test_as_many_tickets_are_opened_as_were_asked_for(world: World, histories: list[list[Recorded[Event]]]) -> None:
    assert len(histories) == LARGE == world.tickets
    assert world.events == world.app.store.head()


def test_every_kind_of_fact_occurs(world: World) -> None:
    occurred = {type(fact.event) for fact in world.app.follow()}
    assert occurred == {*e.TICKET_EVENTS, *REFERENCE_EVENTS.values()}


def test_rules_refuse_what_the_world_tries_on_purpose(world: World) -> None:
    slugs = {rule.slug for rules in RULES_OF.values() for rule in rules}
    assert set(world.refused) <= slugs
    assert len(world.refused) >= 6
    assert sum(world.refused.values()) < LARGE / 5


def test_only_findings_carry_flags(histories: list[list[Recorded[Event]]]) -> None:
    flagged = [fact for facts in histories for fact in facts if fact.flags]
    assert flagged
    assert all(fact.caused_by is not None and fact.caused_by.startswith("finding:") for fact in flagged)


def test_nothing_occurs_before_intake_or_after_it_is_recorded(histories: list[list[Recorded[Event]]]) -> None:
    for facts in histories:
        assert isinstance(facts[0].event, e.TicketOpened)
        for fact in facts:
            assert facts[0].occurred_at <= fact.occurred_at <= fact.recorded_at


def test_the_log_is_written_in_the_order_of_time_within_the_year(world: World) -> None:
    stamps = [fact.recorded_at for fact in world.app.follow()]
    assert stamps == sorted(set(stamps))
    assert stamps[0] >= FIRST_DAY
    assert stamps[-1] <= LAST_INSTANT == world.now


def test_a_few_per_cent_are_disputed_and_some_stay_open(histories: list[list[Recorded[Event]]]) -> None:
    kinds = [Counter(type(fact.event) for fact in facts) for facts in histories]
    disputed = sum(1 for kind in kinds if kind[e.DisputeOpened])
    still_open = sum(1 for kind in kinds if kind[e.TicketClosed] <= kind[e.TicketReopened])
    assert 0.02 * LARGE <= disputed <= 0.09 * LARGE
    assert 0.03 * LARGE <= still_open <= 0.25 * LARGE


def test_some_that_are_still_open_wait_for_parts(world: World, histories: list[list[Recorded[Event]]]) -> None:
    waiting = [
        ticket
        for ticket in (world.app.ticket(facts[0].stream_id) for facts in histories)
        if ticket.case == "open" and "parts_manufacturer" in ticket.waits
    ]
    assert len(waiting) >= 5
    assert max(world.now - ticket.waits["parts_manufacturer"].started_at for ticket in waiting) > timedelta(days=30)


def test_some_facts_are_recorded_late(histories: list[list[Recorded[Event]]]) -> None:
    late = {
        type(fact.event)
        for facts in histories
        for fact in facts
        if fact.recorded_at - fact.occurred_at > timedelta(hours=5)
    }
    assert {e.ProofOfPurchaseRecorded, e.WaitEnded} <= late


def test_standards_change_in_the_middle_of_the_year(world: World) -> None:
    pinned = {
        (event.standard, event.standard_version)
        for fact in world.app.follow()
        if isinstance(event := fact.event, e.StandardPinned)
    }
    assert {(standard.key, standard.version) for standard in CHANGED_STANDARDS} <= pinned


def test_every_standard_is_published_before_it_takes_effect(world: World) -> None:
    for fact in world.app.follow():
        if any(fact.event == changed for changed in CHANGED_STANDARDS):
            assert fact.recorded_at < next(c.effective_from for c in CHANGED_STANDARDS if c == fact.event)


def test_the_standards_say_all_that_can_be_said_and_decisions_go_against_them(world: World) -> None:
    decided = [fact.event for fact in world.app.follow() if isinstance(fact.event, e.EntitlementDecided)]
    said = Counter((event.basis, event.assessment.answer) for event in decided if event.assessment is not None)
    assert {answer for _, answer in said} == {"covered", "not_covered", "undecidable"}
    assert said["warranty", "covered"] > said["warranty", "not_covered"] > 0
    assert said["none", "not_covered"] > 0 == said["none", "covered"]


class TestStory:
    def test_it_was_refused_disputed_inspected_decided_and_made_good(self, world: World) -> None:
        told = [type(fact.event) for fact in world.app.history(world.story_number)]
        turns = (
            e.ServiceRefused,
            e.DisputeOpened,
            e.JointInspectionHeld,
            e.VerdictIssued,
            e.DisputeClosed,
            e.EntitlementRevised,
            e.BillCredited,
            e.RepairCompleted,
            e.UnitHandedBack,
            e.TicketClosed,
            e.ComplaintReceived,
        )
        assert [turn for turn in told if turn in turns] == list(turns)

    def test_the_standard_did_not_cover_it_then_and_covers_it_now(self, world: World) -> None:
        facts = [fact.event for fact in world.app.history(world.story_number)]
        decided = [it for it in facts if isinstance(it, e.EntitlementDecided | e.ServiceRefused | e.EntitlementRevised)]
        said = [(it.assessment.version, it.assessment.answer) for it in decided if it.assessment is not None]
        assert said == [(2, "not_covered"), (2, "not_covered"), (1, "covered")]

    def test_its_verdict_names_the_shares(self, world: World) -> None:
        (verdict,) = [f.event for f in world.app.history(world.story_ticket_id) if isinstance(f.event, e.VerdictIssued)]
        assert {share.party: int(share.percent) for share in verdict.shares} == {"manufacturer": 70, "company": 30}

    def test_what_its_verdict_called_for_was_confirmed_and_nothing_is_left(self, world: World) -> None:
        # The customer bears nothing of the fee of 25.00, the manufacturer 70 %: 17.50.
        ticket = world.app.ticket(world.story_number)
        assert str(ticket.bills["B-STORY"].credited) == "25.00"
        assert str(ticket.claims["D-STORY-manufacturer"].amount.amount) == "17.50"
        assert ticket.entitlement == "warranty"
        assert world.app.proposals(world.story_number, "D-STORY") == ()

    def test_its_cable_went_to_the_expert_and_the_manufacturer_let_its_deadline_pass(self, world: World) -> None:
        ticket = world.app.ticket(world.story_number)
        assert [it.holder for it in ticket.evidence["E-STORY-2"].custody] == ["berlin-safe", "head-office-expert-1"]
        (asked,) = ticket.disputes["D-STORY"].asked
        assert (asked.party, asked.answered_by) == ("manufacturer", None)
        assert asked.silence is not None

    def test_what_was_known_when_it_was_refused_differs_from_what_is_known_now(self, world: World) -> None:
        then = world.app.ticket(world.story_number, known_at=world.refused_at)
        now = world.app.ticket(world.story_number)
        assert then.is_refused
        assert then.purchased_on is None
        assert now.purchased_on is not None
        assert then.in_cycle.tests == {("charge", "standard")}
        assert now.in_cycle.tests == {("charge", "standard"), ("charge", "under_load")}
        assert then.pinned is not None
        assert now.pinned is not None
        assert (then.pinned.standard_version, then.pinned.basis) == (2, "intake")
        assert (now.pinned.standard_version, now.pinned.basis) == (1, "purchase")
        assert (then.entitlement, now.entitlement) == ("none", "warranty")

    def test_the_receipt_had_been_shown_before_the_refusal_all_the_same(self, world: World) -> None:
        """What was true then, and what the company knew of it, are two questions."""
        as_of = world.app.ticket(world.story_number, as_of=world.refused_at)
        assert as_of.purchased_on is not None

    def test_both_are_told_side_by_side(self, world: World) -> None:
        told = {line.topic: line for line in compare_knowledge(world.app, world.story_number, world.refused_at)}
        assert told["proof of purchase"].then == "nothing on record"
        assert told["proof of purchase"].now == "recorded the proof of purchase: bought on 2025-03-14 from shop-12"
        assert "misuse" in told["diagnosis"].then
        assert "manufacturing" in told["diagnosis"].now
        assert "under load" not in told["tests"].then
        assert "under load" in told["tests"].now
        assert told["ending"].now == "closed the case: repaired"
        assert all(line.is_changed for line in told.values())

    def test_it_is_told_in_the_order_in_which_it_occurred(self, world: World) -> None:
        lines = tell_story(world.app, world.story_number)
        assert [line.when for line in lines] == sorted(line.when for line in lines)
        assert len(lines) == len(world.app.history(world.story_number))
        assert "Here is my receipt." in lines[0].what
        (receipt,) = [line for line in lines if "proof of purchase:" in line.what]
        assert receipt.is_late
        assert (receipt.recorded_at - receipt.when).days == 8
        assert [line.version for line in lines if line.is_late] == [receipt.version]

    def test_told_as_it_was_known_it_ends_with_the_refusal(self, world: World) -> None:
        lines = tell_story(world.app, world.story_number, known_at=world.refused_at)
        assert lines[-1].what.startswith("refused the service (misuse, clause 4.2)")
        assert lines[-1].role == "warranty_officer"
        assert not any("proof of purchase:" in line.what for line in lines)


def test_a_flagged_fact_is_told_with_its_flags(world: World, histories: list[list[Recorded[Event]]]) -> None:
    found = next(facts for facts in histories if any(fact.flags for fact in facts))
    lines = tell_story(world.app, str(found[0].stream_id))
    assert [line.flags for line in lines if line.flags]


def test_every_fact_of_the_world_can_be_told(world: World, histories: list[list[Recorded[Event]]]) -> None:
    for facts in histories[:80]:
        assert all(line.what for line in tell_story(world.app, str(facts[0].stream_id)))


def test_a_simulated_clock_never_goes_back() -> None:
    clock = SimulatedClock(FIRST_DAY)
    clock.advance_to(FIRST_DAY + timedelta(hours=2))
    clock.advance_to(FIRST_DAY)
    assert clock() == FIRST_DAY + timedelta(hours=2)
    with Ticketing("memory:", clock=clock) as app:
        assert app.now() == FIRST_DAY + timedelta(hours=2)


def test_chance_draws_by_weight() -> None:
    chance = Chance(1)
    drawn = Counter(chance.weighted({"often": 9, "seldom": 1, "never": 0}) for _ in range(1000))
    assert drawn["often"] > 800
    assert drawn["never"] == 0
