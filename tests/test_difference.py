"""What changed in what was known between two instants.

`history` puts version n at hour n - 1, both when it occurred and when it was recorded, unless a test says otherwise.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from tests.examples import (
    CLAIM_DECIDED,
    CLAIMED,
    CLOSED,
    CORRECTED,
    CUSTOMERS_POSITION,
    DIAGNOSED,
    DISPUTED,
    IDENTIFIED,
    IN_WARRANTY,
    MANAGER,
    NOTED,
    OPENED,
    PINNED,
    POSITION_REQUESTED,
    PROOF_RECORDED,
    RECEIVED,
    REOPENED,
    REQUESTED,
    RETRACTED,
    REVISED,
    TICKET,
    but,
    euros,
)
from tests.repairs import Company, day
from tests.spec import Fact, arbitrary_facts, fact, history, hour
from ticketing.domain import events as e
from ticketing.domain.cuts import instant, known, stored_value, surviving, with_field
from ticketing.domain.difference import Difference, difference
from ticketing.domain.errors import BadInput
from ticketing.domain.evolve import fold
from ticketing.domain.values import Event, PrivateText, Recorded, SerialNumber

TICK = timedelta(microseconds=1)


def between(earlier: float, later: float, *told: Event | Fact) -> Difference:
    """What changed between two hours after `START`."""
    return difference(TICKET, history(*told), earlier=hour(earlier), later=hour(later))


def correct(version: int, field: str, is_: object, was: object = None) -> e.EventCorrected:
    return but(CORRECTED, target_version=version, field=field, was=was, is_=is_)


def retract(version: int) -> e.EventRetracted:
    return but(RETRACTED, target_version=version)


def versions(facts: Sequence[Recorded[Event]]) -> list[int]:
    return [it.version for it in facts]


def read(found: Difference) -> dict[str, tuple[object, object, list[int]]]:
    """By its dotted name: what was, what is, and the versions of the facts that changed it."""
    return {".".join(it.path): (it.was, it.is_, versions(it.by)) for it in found.fields}


# facts


def test_a_stretch_begins_after_its_first_instant_and_ends_with_its_second() -> None:
    # Facts stand at hours 0, 1, 2 and 3.
    told = history(OPENED, RECEIVED, NOTED, NOTED)
    found = difference(TICKET, told, earlier=hour(1), later=hour(2))
    assert versions(found.recorded) == [3]
    assert versions(difference(TICKET, told, earlier=hour(1) - TICK, later=hour(3) - TICK).recorded) == [2, 3]


def test_a_late_entry_counts_when_it_was_recorded_and_says_when_it_happened() -> None:
    proof = fact(PROOF_RECORDED, at=hour(0.5), recorded=hour(9), by=MANAGER)
    found = between(8, 10, OPENED, RECEIVED, proof)
    assert [(it.version, it.occurred_at, it.actor.id) for it in found.recorded] == [(3, hour(0.5), "m-1")]
    assert read(found) == {"purchased_on": (None, date(2025, 7, 14), [3])}
    assert found.fields[0].by[0].recorded_at == hour(9)


def test_a_correction_says_of_which_fact_it_changed_what() -> None:
    found = between(2, 4, OPENED, RECEIVED, DIAGNOSED, correct(3, "findings.0.cause", "misuse"))
    (change,) = found.changes
    assert (change.kind, change.fact.version, change.field) == ("corrected", 3, "findings.0.cause")
    assert (change.was, change.is_, change.by.version) == ("manufacturing", "misuse", 4)
    assert read(found) == {"findings.f-1.cause": ("manufacturing", "misuse", [4])}


def test_a_correction_of_a_correction_changes_what_the_first_one_said() -> None:
    # 4 made the cause misuse; 5 makes 4 say wear; 6 takes 4 back, and with it all that 5 said.
    told = (OPENED, RECEIVED, DIAGNOSED, correct(3, "findings.0.cause", "misuse"), correct(4, "is", "wear"), retract(4))
    second = between(3, 4, *told).changes
    assert [(it.fact.version, it.field, it.was, it.is_) for it in second] == [
        (3, "findings.0.cause", "misuse", "wear"),
        (4, "is", "misuse", "wear"),
    ]
    third = between(4, 5, *told).changes
    assert [(it.kind, it.fact.version, it.was, it.is_) for it in third] == [
        ("corrected", 3, "wear", "manufacturing"),
        ("retracted", 4, None, None),
    ]
    assert read(between(2, 5, *told)) == {}  # there and back again
    assert [it.by.version for it in between(2, 5, *told).changes] == [4, 5, 5, 6, 6]


def test_a_retraction_takes_a_fact_back_and_its_own_retraction_restores_it() -> None:
    told = (OPENED, PROOF_RECORDED, retract(2), retract(3))
    taken = between(1, 2, *told)
    assert [(it.kind, it.fact.version, it.by.version) for it in taken.changes] == [("retracted", 2, 3)]
    assert read(taken) == {"purchased_on": (date(2025, 7, 14), None, [3])}
    restored = between(2, 3, *told)
    assert [(it.kind, it.fact.version) for it in restored.changes] == [("restored", 2), ("retracted", 3)]
    assert read(restored) == {"purchased_on": (None, date(2025, 7, 14), [4])}


def test_a_corrected_time_is_told_as_a_field_of_the_fact() -> None:
    found = between(2, 3, OPENED, RECEIVED, NOTED, correct(3, "occurred_at", "2026-03-02T09:30:00Z"))
    (change,) = found.changes
    assert (change.field, change.was, change.is_) == ("occurred_at", hour(2), hour(0.5))


def test_a_fact_that_was_recorded_and_taken_back_in_one_stretch_is_told_as_both() -> None:
    found = between(0, 2, OPENED, PROOF_RECORDED, retract(2))
    assert versions(found.recorded) == [2, 3]
    assert [(it.kind, it.fact.version) for it in found.changes] == [("retracted", 2)]
    assert found.fields == ()


# how the ticket reads


def test_a_field_names_every_fact_that_changed_it_in_between() -> None:
    # Recorded at hours 1 to 3: in warranty, revised to none, and the revision corrected to goodwill.
    told = (OPENED, IN_WARRANTY, REVISED, correct(3, "to", "goodwill"))
    assert read(between(0, 3, *told))["entitlement"] == (None, "goodwill", [2, 3, 4])
    assert read(between(1, 2, *told))["entitlement"] == ("warranty", "none", [3])
    assert read(between(2, 3, *told))["entitlement"] == ("none", "goodwill", [4])


def test_another_pinned_standard_is_told_whole() -> None:
    was, is_ = PINNED, but(PINNED, standard_version=4, basis="inspection")
    assert read(between(1, 2, OPENED, was, is_)) == {"pinned": (was, is_, [3])}


def test_a_new_claim_is_told_whole_and_a_decision_by_its_amount() -> None:
    told = (OPENED, CLAIMED, CLAIM_DECIDED, but(CLAIM_DECIDED, amount_approved=euros("40.00")))
    new = read(between(0, 1, *told))
    assert [*new] == ["claims.C-1"]
    assert new["claims.C-1"][0] is None
    assert read(between(1, 2, *told))["claims.C-1.amount_approved"] == (None, CLAIM_DECIDED.amount_approved, [3])
    charged_back = read(between(2, 3, *told))["claims.C-1.amount_approved"]
    assert charged_back == (CLAIM_DECIDED.amount_approved, euros("40.00"), [4])


def test_a_claim_that_came_and_was_decided_in_one_stretch_names_both_facts() -> None:
    assert read(between(0, 2, OPENED, CLAIMED, CLAIM_DECIDED))["claims.C-1"][2] == [2, 3]


def test_a_dispute_that_goes_on_tells_what_was_said_in_between_and_not_before() -> None:
    found = read(between(1, 3, OPENED, DISPUTED, POSITION_REQUESTED, CUSTOMERS_POSITION))
    heard = "disputes.D-1.heard"
    assert found[heard] == (frozenset(), frozenset({"customer"}), [4])
    was, is_, by = found["disputes.D-1.asked"]
    assert (was, len(is_), by) == ((), 1, [3])  # type: ignore[arg-type]


def test_findings_of_an_earlier_cycle_stay_known_after_a_reopening() -> None:
    found = read(between(3, 4, OPENED, RECEIVED, DIAGNOSED, CLOSED, REOPENED))
    assert found["case"] == ("closed", "open", [5])
    assert not [name for name in found if name.startswith("findings")]


def test_a_request_without_an_answer_is_not_nothing() -> None:
    assert read(between(0, 1, OPENED, REQUESTED)) == {"requests.q-1": (None, "unanswered", [2])}


def test_the_same_serial_told_again_is_no_change_though_its_digest_is_another() -> None:
    first = SerialNumber(match="aa" * 32, digest="bb" * 32)
    again = SerialNumber(match="aa" * 32, digest="cc" * 32)
    other = SerialNumber(match="dd" * 32, digest="cc" * 32)
    opened = but(OPENED, serial=first)
    assert "serial" not in read(between(0, 1, opened, but(IDENTIFIED, serial=again)))
    assert read(between(0, 1, opened, but(IDENTIFIED, serial=other)))["serial"] == (first, other, [2])


def test_before_the_ticket_was_opened_nothing_was_known_of_it() -> None:
    found = between(-2, 0, OPENED)
    assert read(found)["number"] == (None, "R-1001", [1])
    assert between(-2, -1, OPENED) == Difference(TICKET, hour(-2), hour(-1), (), (), ())


@pytest.mark.parametrize(("earlier", "later", "why"), [(2, 2, "the same"), (2, 1, "the wrong way round")])
def test_two_instants_that_bound_no_stretch_are_refused(earlier: float, later: float, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        between(earlier, later, OPENED)


# of a store


def test_an_erased_text_that_was_corrected_reads_as_erased_and_still_differs() -> None:
    with Company() as company:
        ticket = company.opens(1, day(0))
        note = company.finds(ticket, e.NoteRecorded(text=PrivateText(text="it was dry")), day(1))
        company.corrects(ticket, note, "text", "it was wet", day(2))
        company.app.erase(ticket)
        (change,) = company.app.difference(ticket, between=(day(1), day(2))).changes
        assert isinstance(change.was, PrivateText)
        assert isinstance(change.is_, PrivateText)
        assert change.was.digest != change.is_.digest
        assert (company.app.text(change.was), company.app.text(change.is_)) == ("[erased]", "[erased]")


def test_an_instant_without_a_zone_is_refused_by_name() -> None:
    with Company() as company:
        company.opens(1, day(0))
        with pytest.raises(BadInput, match=r"between: .* is no instant with a zone"):
            company.app.difference("T-1", between=(datetime(2026, 1, 1), day(2)))  # noqa: DTZ001  # that is the point


# properties


def as_stored(it: Recorded[Event]) -> Recorded[Event]:
    """The fact without the private texts that only its sender saw."""
    return replace(it, event=type(it.event).model_validate_json(it.event.model_dump_json()))


ANYTHING = st.lists(arbitrary_facts(e.EventCorrected, e.EventRetracted) | arbitrary_facts(), max_size=8).map(
    lambda facts: [as_stored(it) for it in history(OPENED, *facts)]
)


def rebuilt(before: Sequence[Recorded[Event]], found: Difference) -> list[Recorded[Event]]:
    """The facts that stood before, with what the difference says done to them, field by field."""
    facts = {it.version: it for it in before}
    for record in found.recorded:
        facts[record.version] = record
        for change in (it for it in found.changes if it.by.version == record.version):
            version = change.fact.version
            if change.kind == "retracted":
                del facts[version]
            elif change.field is None:
                facts[version] = change.fact
            else:
                facts[version] = set_right(facts[version], change.field, change.is_)
    return [facts[version] for version in sorted(facts)]


def set_right(it: Recorded[Event], field: str, value: object) -> Recorded[Event]:
    if field == "occurred_at":
        return replace(it, occurred_at=instant(value))
    return replace(it, event=with_field(it.event, field, stored_value(value)))


@settings(max_examples=150)
@for_all(ANYTHING, st.integers(-1, 9), st.integers(1, 9))
def test_the_difference_makes_of_what_was_known_then_what_was_known_later(
    told: list[Recorded[Event]], earlier: int, hours: int
) -> None:
    then, later = hour(earlier), hour(earlier + hours)
    found = difference(TICKET, told, earlier=then, later=later)
    before, after = surviving(known(told, known_at=then)), surviving(known(told, known_at=later))
    assert rebuilt(before, found) == after
    was, is_ = fold(TICKET, before), fold(TICKET, after)
    for name in ("case", "custody", "work", "entitlement", "purchased_on", "promised_at", "pinned", "outcome"):
        values = getattr(was, name), getattr(is_, name)
        stated = [(it.was, it.is_) for it in found.fields if it.path == (name,)]
        assert stated == ([] if values[0] == values[1] else [values])


@settings(max_examples=100)
@for_all(ANYTHING, st.integers(-1, 9), st.integers(1, 5), st.integers(1, 5))
def test_stretches_that_follow_one_another_add_up(
    told: list[Recorded[Event]], begin: int, hours: int, more: int
) -> None:
    first, second, third = hour(begin), hour(begin + hours), hour(begin + hours + more)
    one = difference(TICKET, told, earlier=first, later=second)
    two = difference(TICKET, told, earlier=second, later=third)
    both = difference(TICKET, told, earlier=first, later=third)
    assert (*one.recorded, *two.recorded) == both.recorded
    assert (*one.changes, *two.changes) == both.changes


@settings(max_examples=100)
@for_all(ANYTHING, st.integers(-1, 9), st.integers(1, 9))
def test_a_change_is_laid_to_facts_of_the_stretch_and_to_some(
    told: list[Recorded[Event]], earlier: int, hours: int
) -> None:
    found = difference(TICKET, told, earlier=hour(earlier), later=hour(earlier + hours))
    recorded = {it.version for it in found.recorded}
    for change in found.fields:
        assert change.by
        assert {it.version for it in change.by} <= recorded
