"""Known: what of a ticket's facts a standard may ask about."""

from datetime import date

import pytest
from hypothesis import given as drawn
from hypothesis import settings

from tests.examples import CLOSED, EXCHANGED, HANDED_BACK, OPENED, RECEIVED, REOPENED, REPAIRED, START, TESTED, but
from tests.spec import fact, history
from tests.standards import HISTORIES, REOPENED_FOR_ANOTHER, at, found, reading
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
    assert again.cycle_opened_on == START.date()  # seven hours after the opening
    late = known_of(history(*once, REOPENED, fact(TESTED, at=at(0, 2))))
    assert late.tests == {}
    assert known_of(history(*once, REOPENED, TESTED)).tests.keys() == {("charge", "standard")}


def on(day: int) -> date:
    return at(day).date()


@pytest.mark.parametrize("ground", ["same_fault", "complaint", "verdict", "closed_in_error"])
def test_a_fault_stays_reported_when_it_was_first_reported_unless_another_is(ground: str) -> None:
    once = (OPENED, RECEIVED, fact(CLOSED, at=at(5)))
    again = known_of(history(*once, fact(but(REOPENED, ground=ground), at=at(60))))
    assert (again.opened_on, again.cycle_opened_on) == (on(0), on(60))
    another = (*once, fact(REOPENED_FOR_ANOTHER, at=at(60)))
    assert (known_of(history(*another)).opened_on, known_of(history(*another)).cycle_opened_on) == (on(60), on(60))
    third = known_of(history(*another, fact(CLOSED, at=at(70)), fact(but(REOPENED, ground=ground), at=at(90))))
    assert (third.opened_on, third.cycle_opened_on) == (on(60), on(90))


def test_the_unit_was_handed_over_at_the_last_hand_back_after_a_repair_or_as_the_proof_says() -> None:
    assert known_of(history(OPENED)).handed_over_on is None
    assert known_of(history(OPENED, but(PROOF, handed_over_on=None))).handed_over_on is None
    for mended in (REPAIRED, EXCHANGED):
        once = (OPENED, PROOF, RECEIVED, fact(mended, at=at(4)), fact(HANDED_BACK, at=at(5)))
        assert known_of(history(*once)).handed_over_on == date(2025, 7, 20)
        again = known_of(history(*once, fact(CLOSED, at=at(5)), fact(REOPENED, at=at(9))))
        assert again.handed_over_on == on(5)


def test_a_unit_that_came_back_unrepaired_was_not_handed_over_anew() -> None:
    refused = (OPENED, PROOF, RECEIVED, fact(HANDED_BACK, at=at(5)), fact(CLOSED, at=at(5)), fact(REOPENED, at=at(9)))
    assert known_of(history(*refused)).handed_over_on == date(2025, 7, 20)
    # Repaired only after it had been handed back, and repaired in another cycle.
    assert known_of(history(*refused, fact(REPAIRED, at=at(7)))).handed_over_on == date(2025, 7, 20)
    repaired = (*refused, fact(RECEIVED, at=at(9)), fact(REPAIRED, at=at(10)), fact(HANDED_BACK, at=at(11)))
    unrepaired = (fact(RECEIVED, at=at(21)), fact(HANDED_BACK, at=at(22)))
    closed = (fact(CLOSED, at=at(12)), fact(REOPENED, at=at(20)), *unrepaired, fact(CLOSED, at=at(23)))
    assert known_of(history(*repaired, *closed, fact(REOPENED, at=at(30)))).handed_over_on == on(11)


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
    assert known_of(history(*once)).stays == ()
    ((first, last),) = known_of(history(*once, fact(REOPENED, at=at(back + 9)))).stays
    assert (first, (last - first).days + 1) == (on(0), days)


def test_each_stay_before_this_cycle_is_known_and_what_is_still_in_hand_counts_up_to_the_reopening() -> None:
    stays = (fact(RECEIVED, at=at(0)), fact(HANDED_BACK, at=at(2)), fact(RECEIVED, at=at(2, 3)))
    back = known_of(history(OPENED, *stays, fact(HANDED_BACK, at=at(3)), CLOSED, fact(REOPENED, at=at(10))))
    assert back.stays == ((on(0), on(2)), (on(2), on(3)))
    kept = known_of(history(OPENED, *stays, fact(CLOSED, at=at(5)), fact(REOPENED, at=at(10))))
    assert kept.stays == ((on(0), on(2)), (on(2), on(10)))
    present = known_of(history(OPENED, *stays, CLOSED, fact(REOPENED, at=at(10)), fact(RECEIVED, at=at(12))))
    assert present.stays == kept.stays


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
    assert known.cycle_opened_on == ticket.cycle_opened_at.date()


@drawn(HISTORIES)
@settings(max_examples=50, deadline=None)
def test_what_somebody_else_records_about_something_else_changes_nothing(facts: list[Recorded[Event]]) -> None:
    note = e.NoteRecorded.model_validate({"text": "it rained"})
    told = [fact(it.event, at=it.occurred_at) for it in facts]
    assert known_of(history(*told, fact(note, at=at(70)))) == known_of(facts)
