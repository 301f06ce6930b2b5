"""Known: what of a ticket's facts a standard may ask about."""

from datetime import date, timedelta

import pytest
from hypothesis import given as drawn
from hypothesis import settings

from tests.examples import CLOSED, HANDED_BACK, OPENED, RECEIVED, REOPENED, START, TESTED, but
from tests.spec import fact, history
from tests.standards import HISTORIES, at, found, reading
from ticketing.domain import events as e
from ticketing.domain.evolve import fold
from ticketing.domain.known import known_of
from ticketing.domain.values import Event, Recorded

PROOF = e.ProofOfPurchaseRecorded(purchased_on=date(2025, 7, 14), handed_over_on=date(2025, 7, 20))


def test_the_latest_test_of_a_stage_counts_whenever_it_was_recorded() -> None:
    first, second = fact(reading("0.4"), at=at(0, 3)), fact(reading("0.1"), at=at(0, 5))
    for order in ((first, second), (second, first)):
        known = known_of(history(OPENED, RECEIVED, *order))
        assert known.tests == {("charge", "standard"): reading("0.1")}


def test_the_latest_diagnosis_counts_whenever_it_was_recorded() -> None:
    first = fact(e.DiagnosisRecorded(findings=(found("misuse"),)), at=at(0, 3))
    second = fact(e.DiagnosisRecorded(findings=(found("wear"),)), at=at(0, 5))
    for order in ((first, second), (second, first)):
        assert known_of(history(OPENED, RECEIVED, *order)).findings == (found("wear"),)


def test_what_was_found_in_an_earlier_cycle_says_nothing_of_this_one() -> None:
    looked = (TESTED, e.DiagnosisRecorded(findings=(found("wear"),)))
    once = (OPENED, RECEIVED, *looked, HANDED_BACK, CLOSED)
    again = known_of(history(*once, REOPENED))
    assert (again.tests, again.findings) == ({}, ())
    assert again.opened_on == START.date()  # seven hours after the opening
    late = known_of(history(*once, REOPENED, fact(TESTED, at=at(0, 2))))
    assert late.tests == {}
    assert known_of(history(*once, REOPENED, TESTED)).tests.keys() == {("charge", "standard")}


def test_the_unit_was_handed_over_at_the_last_hand_back_before_this_cycle_or_as_the_proof_says() -> None:
    assert known_of(history(OPENED)).handed_over_on is None
    assert known_of(history(OPENED, but(PROOF, handed_over_on=None))).handed_over_on is None
    once = (OPENED, PROOF, RECEIVED, fact(HANDED_BACK, at=at(5)))
    assert known_of(history(*once)).handed_over_on == date(2025, 7, 20)
    again = known_of(history(*once, fact(CLOSED, at=at(5)), fact(REOPENED, at=at(9))))
    assert again.handed_over_on == (START + timedelta(days=5)).date()
    assert again.opened_on == (START + timedelta(days=9)).date()


@pytest.mark.parametrize(
    ("back", "hours", "days"),
    [
        (0, 5, 1),  # out on the day it came in
        (1, -8, 2),  # in on Monday at nine, out on Tuesday at one: two days begun
        (57, 8, 58),
    ],
)
def test_days_in_repair_are_those_from_receipt_to_hand_back_both_counted(back: int, hours: float, days: int) -> None:
    once = (OPENED, fact(RECEIVED, at=at(0)), fact(HANDED_BACK, at=at(back, hours)), fact(CLOSED, at=at(back, hours)))
    assert known_of(history(*once)).days_in_repair == 0
    assert known_of(history(*once, fact(REOPENED, at=at(back + 9)))).days_in_repair == days


def test_days_in_repair_of_several_stays_count_each_day_once() -> None:
    # Days 0 to 2, then 2 to 3 of the same cycle: four days. What is still in hand at the reopening counts up to it.
    stays = (fact(RECEIVED, at=at(0)), fact(HANDED_BACK, at=at(2)), fact(RECEIVED, at=at(2, 3)))
    back = known_of(history(OPENED, *stays, fact(HANDED_BACK, at=at(3)), CLOSED, fact(REOPENED, at=at(10))))
    assert back.days_in_repair == 4
    kept = known_of(history(OPENED, *stays, fact(CLOSED, at=at(5)), fact(REOPENED, at=at(10))))
    assert kept.days_in_repair == 11
    present = known_of(history(OPENED, *stays, CLOSED, fact(REOPENED, at=at(10)), fact(RECEIVED, at=at(12))))
    assert present.days_in_repair == 11


def test_evidence_is_known_by_its_kind_and_a_proof_of_purchase_is_one() -> None:
    photograph = e.EvidenceSubmitted(evidence_id="E-1", sha256="ef" * 32, media_type="image/jpeg", kind="photograph")
    assert known_of(history(OPENED, photograph, but(photograph, kind=None))).evidence == {"photograph"}
    assert known_of(history(OPENED, PROOF)).evidence == {"proof_of_purchase"}


# properties


@settings(max_examples=100, deadline=None)
@drawn(HISTORIES)
def test_what_is_known_agrees_with_the_ticket(facts: list[Recorded[Event]]) -> None:
    known, ticket = known_of(facts), fold(facts[0].stream_id, facts)
    assert (known.model, known.manufactured_on, known.purchased_on) == (
        ticket.model,
        ticket.manufactured_on,
        ticket.purchased_on,
    )
    assert ticket.cycle_opened_at is not None
    assert known.opened_on == ticket.cycle_opened_at.date()


@drawn(HISTORIES)
@settings(max_examples=50, deadline=None)
def test_what_somebody_else_records_about_something_else_changes_nothing(facts: list[Recorded[Event]]) -> None:
    note = e.NoteRecorded.model_validate({"text": "it rained"})
    told = [fact(it.event, at=it.occurred_at) for it in facts]
    assert known_of(history(*told, fact(note, at=at(70)))) == known_of(facts)
