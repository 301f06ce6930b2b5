"""The two times: what survives of a history, and what was true as of then, as known then.

`history` puts version n at hour n - 1, both when it occurred and when it was recorded, unless a test says otherwise.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import BaseModel

from tests.examples import (
    CLOSED,
    COMPLAINED,
    CORRECTED,
    HANDED_BACK,
    IN_WARRANTY,
    NOTED,
    OPENED,
    PROMISED,
    RECEIVED,
    RETRACTED,
    REVISED,
    TICKET,
    WAIT_ENDED,
    WAIT_STARTED,
    but,
)
from tests.spec import Fact, arbitrary_facts, fact, history, hour
from ticketing.domain import events as e
from ticketing.domain.cuts import cut, field_at, surviving, with_field
from ticketing.domain.evolve import fold
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Event, Recorded

TICK = timedelta(microseconds=1)


def retract(version: int) -> e.EventRetracted:
    return but(RETRACTED, target_version=version)


def correct(version: int, field: str, is_: object) -> e.EventCorrected:
    return but(CORRECTED, target_version=version, field=field, was=None, is_=is_)


def ticket(told: list[Recorded[Event]], *, as_of: datetime | None = None, known_at: datetime | None = None) -> Ticket:
    return fold(TICKET, cut(told, as_of=as_of, known_at=known_at))


def versions(told: list[Recorded[Event]]) -> list[int]:
    return [it.version for it in surviving(told)]


def site_received(told: list[Recorded[Event]]) -> str | None:
    """Where the fact of version 2 says that the unit was received; None if it does not stand."""
    for it in surviving(told):
        if it.version == 2:
            assert isinstance(it.event, e.UnitReceived)
            return it.event.site
    return None


# corrections and retractions


def test_without_corrections_everything_survives_as_it_is() -> None:
    told = history(OPENED, RECEIVED, HANDED_BACK)
    assert surviving(told) == told
    assert surviving([]) == []


def test_a_correction_applies_and_stays_on_record_itself() -> None:
    told = history(OPENED, RECEIVED, correct(2, "site", "leipzig"))
    assert site_received(told) == "leipzig"
    assert versions(told) == [1, 2, 3]


def test_a_later_correction_of_the_same_field_wins() -> None:
    told = history(OPENED, RECEIVED, correct(2, "site", "leipzig"), correct(2, "site", "dresden"))
    assert site_received(told) == "dresden"


def test_corrections_of_different_fields_both_apply() -> None:
    told = history(OPENED, RECEIVED, correct(2, "site", "leipzig"), correct(2, "accessories.0", "cable"))
    assert surviving(told)[1].event == but(RECEIVED, site="leipzig", accessories=("cable",), condition={})


def test_a_retraction_takes_a_fact_back_and_stays_on_record_itself() -> None:
    assert versions(history(OPENED, RECEIVED, retract(2))) == [1, 3]


def test_a_retraction_of_a_retraction_restores_the_fact() -> None:
    told = history(OPENED, RECEIVED, retract(2), retract(3))
    assert versions(told) == [1, 2, 4]
    assert ticket(told).custody == "in_house"


def test_a_third_retraction_takes_the_restoring_back() -> None:
    assert versions(history(OPENED, RECEIVED, retract(2), retract(3), retract(4))) == [1, 3, 5]


def test_a_retraction_of_a_correction_restores_the_field() -> None:
    told = history(OPENED, RECEIVED, correct(2, "site", "leipzig"), retract(3))
    assert site_received(told) == "berlin"


def test_a_retraction_of_the_later_correction_lets_the_earlier_speak() -> None:
    told = history(OPENED, RECEIVED, correct(2, "site", "leipzig"), correct(2, "site", "dresden"), retract(4))
    assert site_received(told) == "leipzig"


def test_a_correction_of_a_correction_changes_what_it_says() -> None:
    told = history(OPENED, RECEIVED, correct(2, "site", "leipzig"), correct(3, "is", "dresden"))
    assert site_received(told) == "dresden"


def test_a_correction_of_a_retractions_target_takes_back_another_fact() -> None:
    told = history(OPENED, RECEIVED, NOTED, retract(2), correct(4, "target_version", 3))
    assert versions(told) == [1, 2, 4, 5]


def test_a_corrected_fact_that_is_taken_back_is_gone() -> None:
    told = history(OPENED, RECEIVED, correct(2, "site", "leipzig"), retract(2))
    assert site_received(told) is None


def test_a_correction_of_a_fact_taken_back_waits_for_its_return() -> None:
    told = history(OPENED, RECEIVED, retract(2), correct(2, "site", "leipzig"))
    assert site_received(told) is None
    told = history(OPENED, RECEIVED, retract(2), correct(2, "site", "leipzig"), retract(3))
    assert site_received(told) == "leipzig"


@pytest.mark.parametrize("target", [3, 4, 99, 0, -1])
def test_a_record_takes_back_only_what_came_before_it(target: int) -> None:
    told = history(OPENED, RECEIVED, retract(target), NOTED)
    assert versions(told) == [1, 2, 3, 4]


def test_a_record_corrects_only_what_came_before_it() -> None:
    told = history(OPENED, correct(3, "site", "leipzig"), RECEIVED)
    assert surviving(told)[2].event == RECEIVED


def test_a_correction_that_does_not_fit_its_field_changes_nothing() -> None:
    told = history(OPENED, RECEIVED, correct(2, "paperwork_complete", "perhaps"), correct(2, "colour", "red"))
    assert surviving(told)[1].event == RECEIVED


def test_nothing_but_the_named_field_and_its_fact_changes() -> None:
    told = history(OPENED, RECEIVED, correct(2, "occurred_at", "2026-03-01T12:00:00Z"))
    first, second, third = surviving(told)
    assert (first, third) == (told[0], told[2])
    assert second.event == RECEIVED
    assert (second.recorded_at, second.version, second.position) == (hour(1), 2, 2)
    # 1 March, 12:00, is 21 hours before START, 2 March, 9:00.
    assert second.occurred_at == hour(-21)


# cuts, computed by hand


def test_as_of_shows_a_fact_from_the_instant_at_which_it_occurred() -> None:
    told = history(OPENED, RECEIVED, HANDED_BACK, CLOSED)
    # Opened at hour 0, received at 1, handed back at 2, closed at 3; the bound is inclusive.
    assert [ticket(told, as_of=hour(n) - TICK).case for n in (0, 1, 3, 4)] == ["none", "open", "open", "closed"]
    assert [ticket(told, as_of=hour(n)).case for n in (0, 1, 3)] == ["open", "open", "closed"]
    assert [ticket(told, as_of=hour(n) - TICK).custody for n in (1, 2, 3)] == ["outside", "in_house", "handed_back"]
    assert [ticket(told, as_of=hour(n)).custody for n in (1, 2)] == ["in_house", "handed_back"]


def test_known_at_shows_a_fact_from_the_instant_at_which_it_was_recorded() -> None:
    # Received at hour 1, but entered only at hour 10.
    told = history(OPENED, fact(RECEIVED, at=hour(1), recorded=hour(10)))
    assert ticket(told, known_at=hour(10) - TICK).custody == "outside"
    assert ticket(told, known_at=hour(10)).custody == "in_house"
    # Known at hour 10, it was true from hour 1.
    assert ticket(told, known_at=hour(10), as_of=hour(1) - TICK).custody == "outside"
    assert ticket(told, known_at=hour(10), as_of=hour(1)).custody == "in_house"
    assert ticket(told, known_at=hour(10) - TICK, as_of=hour(5)).custody == "outside"


def test_a_late_entry_stands_where_it_occurred_and_not_where_it_was_entered() -> None:
    # Opened at hour 0; handed back at 2; the receipt of hour 1 is entered last, at hour 3.
    told = history(OPENED, fact(HANDED_BACK, at=hour(2)), fact(RECEIVED, at=hour(1), recorded=hour(3)))
    assert ticket(told, as_of=hour(1) - TICK).custody == "outside"
    assert ticket(told, as_of=hour(1)).custody == "in_house"
    assert ticket(told, as_of=hour(2) - TICK).custody == "in_house"
    assert ticket(told, as_of=hour(2)).custody == "handed_back"
    assert ticket(told, as_of=hour(1.5), known_at=hour(3) - TICK).custody == "outside"
    assert ticket(told).custody == "handed_back"


def test_a_correction_changes_the_past_from_when_it_was_known() -> None:
    # Received at hour 1 at "berlin"; at hour 5 it is set right to "leipzig".
    told = history(OPENED, RECEIVED, fact(correct(2, "site", "leipzig"), at=hour(5), recorded=hour(5)))
    assert ticket(told, known_at=hour(5) - TICK).unit_site == "berlin"
    assert ticket(told, known_at=hour(5)).unit_site == "leipzig"
    # It was always so: as of hour 1 too, once it is known, even though the correction itself occurred at hour 5.
    assert ticket(told, as_of=hour(1)).unit_site == "leipzig"
    assert ticket(told, as_of=hour(1), known_at=hour(5) - TICK).unit_site == "berlin"
    assert ticket(told, as_of=hour(1) - TICK).unit_site is None


def test_a_retraction_changes_the_past_from_when_it_was_known() -> None:
    # Received at hour 1; taken back at hour 6; the retraction is taken back at hour 8.
    told = history(
        OPENED, RECEIVED, fact(retract(2), at=hour(6), recorded=hour(6)), fact(retract(3), at=hour(8), recorded=hour(8))
    )
    asked = [hour(1) - TICK, hour(1), hour(6) - TICK, hour(6), hour(8) - TICK, hour(8)]
    answers = ["outside", "in_house", "in_house", "outside", "outside", "in_house"]
    assert [ticket(told, known_at=at).custody for at in asked] == answers
    # Today nothing of it is left: the unit was there from hour 1 on.
    assert ticket(told, as_of=hour(1)).custody == "in_house"
    assert ticket(told, as_of=hour(7)).custody == "in_house"
    assert ticket(told, as_of=hour(7), known_at=hour(7)).custody == "outside"


def test_a_corrected_time_moves_the_fact_within_as_of() -> None:
    # Handed back at hour 2, by the first entry; at hour 4 the time is corrected to 10:15, that is hour 1.25.
    moved = fact(correct(3, "occurred_at", "2026-03-02T10:15:00Z"), at=hour(4), recorded=hour(4))
    told = history(OPENED, RECEIVED, HANDED_BACK, moved)
    assert ticket(told, as_of=hour(1.25) - TICK).custody == "in_house"
    assert ticket(told, as_of=hour(1.25)).custody == "handed_back"
    assert ticket(told, as_of=hour(2) - TICK).custody == "handed_back"
    assert ticket(told, as_of=hour(1.5), known_at=hour(4) - TICK).custody == "in_house"
    assert ticket(told, known_at=hour(4) - TICK).handed_back_at == hour(2)
    assert ticket(told, known_at=hour(4)).handed_back_at == hour(1.25)


def test_a_time_corrected_to_later_hides_the_fact_until_then() -> None:
    # Received at hour 1, corrected at hour 3 to 11:30, that is hour 2.5.
    told = history(OPENED, RECEIVED, NOTED, correct(2, "occurred_at", "2026-03-02T12:30:00+01:00"))
    assert ticket(told, as_of=hour(1)).custody == "outside"
    assert ticket(told, as_of=hour(2.5) - TICK).custody == "outside"
    assert ticket(told, as_of=hour(2.5)).custody == "in_house"
    assert ticket(told, as_of=hour(1), known_at=hour(3) - TICK).custody == "in_house"


def test_a_corrected_time_decides_which_fact_moved_the_region_last() -> None:
    # Received at hour 1 and handed back at hour 2; the receipt is corrected to hour 2.5, after the handing back.
    told = history(OPENED, RECEIVED, HANDED_BACK, correct(2, "occurred_at", "2026-03-02T11:30:00Z"))
    # In order of version the handing back of hour 2 comes after, but finds a later move, so it moves nothing.
    assert ticket(told).custody == "in_house"
    assert ticket(told, known_at=hour(3) - TICK).custody == "handed_back"
    assert ticket(told, as_of=hour(2.5) - TICK).custody == "handed_back"


def test_a_correction_may_be_recorded_before_the_instant_asked_for_and_its_fact_after_it() -> None:
    # Everything recorded at hour 9 in one go: known at 9 - 1 µs there is nothing, at 9 there is all.
    told = history(*[fact(event, recorded=hour(9)) for event in (OPENED, RECEIVED, correct(2, "site", "leipzig"))])
    assert ticket(told, known_at=hour(9) - TICK) == Ticket(TICKET)
    assert ticket(told, known_at=hour(9)).unit_site == "leipzig"


def test_what_was_known_when_the_warranty_was_taken_away() -> None:
    # In warranty at hour 2, out of it at hour 3 with effect from hour 2.5, which is entered at hour 3.
    out = fact(REVISED, at=hour(2.5), recorded=hour(3))
    told = history(OPENED, RECEIVED, IN_WARRANTY, out)
    assert ticket(told, as_of=hour(2.5) - TICK).entitlement == "warranty"
    assert ticket(told, as_of=hour(2.5)).entitlement == "none"
    assert ticket(told, as_of=hour(2.5), known_at=hour(3) - TICK).entitlement == "warranty"


def test_a_history_is_cut_at_a_version_too() -> None:
    told = history(OPENED, RECEIVED, retract(2), retract(3))
    assert [fold(TICKET, cut(told, at_version=n)).custody for n in (1, 2, 3, 4)] == [
        "outside",
        "in_house",
        "outside",
        "in_house",
    ]


# fields


def test_a_field_is_found_and_set_by_the_names_under_which_it_is_stored() -> None:
    assert field_at(REVISED, "from") == "warranty"
    assert with_field(REVISED, "from", "goodwill") == but(REVISED, from_basis="goodwill", reason={})
    for wrong in ("from_basis", "reason.mood", "approved_by.0"):
        with pytest.raises((KeyError, ValueError)):
            with_field(REVISED, wrong, "goodwill")
    for wrong in ("from_basis", "reason.digest", "reason.text"):
        with pytest.raises(KeyError):
            field_at(REVISED, wrong)


# against a slow oracle, which filters and folds from scratch and knows nothing of cuts.py


class Oracle:
    """What stands of the records known, each question answered anew from the records alone."""

    def __init__(self, records: list[Recorded[Event]]) -> None:
        self.records = {record.version: record for record in records}

    def stands(self, version: int) -> bool:
        """No later record that stands takes this one back."""
        return not any(self.takes_back(later, version) for later in self.records if later > version)

    def takes_back(self, later: int, version: int) -> bool:
        said, _ = self.reading(later)
        return isinstance(said, e.EventRetracted) and said.target_version == version and self.stands(later)

    def reading(self, version: int) -> tuple[Event, datetime]:
        """The record's event and instant, as all the later corrections that stand leave them."""
        event, occurred_at = self.records[version].event, self.records[version].occurred_at
        for later in sorted(self.records):
            if later > version and self.stands(later):
                said, _ = self.reading(later)
                if isinstance(said, e.EventCorrected) and said.target_version == version:
                    event, occurred_at = rewritten(event, occurred_at, said)
        return event, occurred_at

    def facts(self, as_of: datetime | None) -> list[tuple[int, Event, datetime]]:
        standing = [(version, *self.reading(version)) for version in sorted(self.records) if self.stands(version)]
        return [it for it in standing if as_of is None or it[2] <= as_of]


def rewritten(event: Event, occurred_at: datetime, said: e.EventCorrected) -> tuple[Event, datetime]:
    """One correction applied by hand to the few fields that `records` below names."""
    try:
        if said.field == "occurred_at":
            if not isinstance(said.is_, str) or "T" not in said.is_:
                return event, occurred_at
            return event, datetime.fromisoformat(said.is_)
        names = {info.alias or name: name for name, info in type(event).model_fields.items()}
        if said.field not in names:
            return event, occurred_at
        changed = {**without_texts(event), names[said.field]: said.is_}
        if names[said.field] == "due_at" and not isinstance(said.is_, str):
            return event, occurred_at
        return type(event).model_validate(changed), occurred_at
    except ValueError:
        return event, occurred_at


def without_texts(event: BaseModel) -> dict[str, Any]:
    """The fields as the log would give them back: a private text without its text."""
    stored = type(event).model_validate_json(event.model_dump_json())
    return dict(stored)


def promised_last(facts: list[tuple[int, Event, datetime]]) -> datetime | None:
    promises = [event.due_at for _, event, _ in facts if isinstance(event, e.PromiseMade)]
    return promises[-1] if promises else None


def waiting_for(facts: list[tuple[int, Event, datetime]]) -> set[str]:
    waits: set[str] = set()
    for _, event, _ in facts:
        if isinstance(event, e.WaitStarted):
            waits.add(event.cause)
        elif isinstance(event, e.WaitEnded):
            waits.discard(event.cause)
    return waits


def entitled_to(facts: list[tuple[int, Event, datetime]]) -> str | None:
    basis: str | None = None
    for _, event, _ in facts:
        if isinstance(event, e.EntitlementDecided):
            basis = event.basis
        elif isinstance(event, e.EntitlementRevised):
            basis = event.to_basis
    return basis


def complained_of(facts: list[tuple[int, Event, datetime]]) -> set[str]:
    return {event.complaint_id for _, event, _ in facts if isinstance(event, e.ComplaintReceived)}


PLAIN = st.sampled_from([OPENED, RECEIVED, PROMISED, IN_WARRANTY, REVISED, WAIT_STARTED, WAIT_ENDED, COMPLAINED])
FIELD = st.sampled_from(
    [
        ("occurred_at", "2026-03-02T10:30:00Z"),
        ("occurred_at", "2026-03-02T20:00:00+01:00"),
        ("occurred_at", "soon"),
        ("site", "leipzig"),
        ("due_at", "2026-03-09T00:00:00Z"),
        ("to", "goodwill"),
        ("basis", "statutory"),
        ("basis", "telepathy"),
        ("cause", "capacity"),
        ("complaint_id", "K-9"),
        ("is", "dresden"),
        ("is", "2026-03-02T13:00:00Z"),
        ("field", "occurred_at"),
        ("target_version", 1),
        ("target_version", 2),
        ("target_version", 3),
        ("colour", "red"),
    ]
)
TARGET = st.integers(0, 9)
RECORDS = st.one_of(
    PLAIN,
    st.builds(retract, TARGET),
    st.builds(lambda version, change: correct(version, *change), TARGET, FIELD),
)


@st.composite
def records(draw: st.DrawFn) -> list[Recorded[Event]]:
    """Up to nine facts, late or not, recorded in groups of one instant."""
    told: list[Fact] = []
    recorded_at = 0
    for event in draw(st.lists(RECORDS, max_size=9)):
        recorded_at += draw(st.integers(0, 2))
        told.append(Fact(event, at=hour(draw(st.integers(-2, 10))), recorded=hour(recorded_at)))
    return history(*told)


INSTANTS = st.one_of(
    st.none(), st.builds(lambda n, tick: hour(n) + tick, st.integers(-2, 18), st.sampled_from([-TICK, 0 * TICK]))
)


@settings(max_examples=600)
@for_all(records(), INSTANTS, INSTANTS)
def test_every_cut_is_what_a_slow_oracle_filters_and_folds_from_scratch(
    told: list[Recorded[Event]], as_of: datetime | None, known_at: datetime | None
) -> None:
    expected = Oracle([it for it in told if known_at is None or it.recorded_at <= known_at]).facts(as_of)
    facts = cut(told, as_of=as_of, known_at=known_at)
    assert [(it.version, stored(it.event), it.occurred_at) for it in facts] == [
        (version, stored(event), occurred_at) for version, event, occurred_at in expected
    ]
    folded = fold(TICKET, facts)
    assert folded.promised_at == promised_last(expected)
    assert folded.entitlement == entitled_to(expected)
    assert set(folded.complaints) == complained_of(expected)
    assert set(folded.waits) == waiting_for(expected)


def stored(event: Event) -> str:
    return f"{type(event).__name__} {event.model_dump_json()}"


@for_all(records(), st.lists(arbitrary_facts(), max_size=3))
def test_what_is_recorded_later_changes_no_earlier_answer(told: list[Recorded[Event]], more: list[Fact]) -> None:
    before = len(told)
    known_at = told[-1].recorded_at if told else hour(0)
    later = [Fact(it.event, it.by, it.at, known_at + TICK) for it in more]
    grown = history(*[Fact(it.event, it.actor, it.occurred_at, it.recorded_at) for it in told], *later)
    assert grown[:before] == told
    assert cut(grown, known_at=known_at) == cut(told)
    assert cut(grown, at_version=before) == cut(told)


@for_all(records())
def test_cutting_at_no_bound_is_what_survives(told: list[Recorded[Event]]) -> None:
    assert cut(told) == surviving(told) == cut(told, as_of=hour(999), known_at=hour(999), at_version=99)
