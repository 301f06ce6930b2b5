"""The ledger: every second from the first receipt to the last hand-back has one party and one cause."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given as given_any
from hypothesis import settings

from tests.examples import (
    ABANDONED,
    APPROVED,
    ARRIVED,
    CLOSED,
    DIAGNOSED,
    DIAGNOSIS_STARTED,
    DISPATCHED,
    DISPOSED,
    DISPUTE_CLOSED,
    DISPUTED,
    ESTIMATED,
    HANDED_BACK,
    MANAGER,
    NOTHING_FOUND,
    OPENED,
    QC_FAILED,
    RECEIVED,
    REOPENED,
    REPAIR_STARTED,
    REPAIRED,
    START,
    WAIT_ENDED,
    WAIT_STARTED,
    but,
)
from tests.spec import arbitrary_histories, command_id, fact, history, hour
from ticketing.domain.cuts import surviving
from ticketing.domain.ledger import Ledger, Span, causes_in_order, cut_at, ledger_of, microseconds_of, spans_of
from ticketing.domain.policy import WAITS
from ticketing.domain.reference import PolicyPublished, reference_stream
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Event, Recorded

HOUR = 3_600_000_000
DAY = 24 * HOUR


def told(*facts: tuple[float, Event]) -> list[Recorded[Event]]:
    """Facts, each so many hours after `START`."""
    return history(*(fact(event, at=hour(at)) for at, event in facts))


def spans(*facts: tuple[float, Event]) -> list[tuple[float, float | None, str, str, str | None]]:
    """The spans as hours after `START`, party, cause and site."""
    found = spans_of(told(*facts), WAITS)
    return [(_hours(it.from_at) or 0, _hours(it.to_at), it.party, it.cause, it.site) for it in found]


def _hours(at: datetime | None) -> float | None:
    return None if at is None else (at - START) / timedelta(hours=1)


def sums(*facts: tuple[float, Event], until: float = 10_000) -> Ledger:
    return ledger_of(spans_of(told(*facts), WAITS), hour(until))


def hours_of(ledger: Ledger) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for part in ledger.parts:
        name = (part.party, part.cause)
        found[name] = found.get(name, 0) + part.microseconds / HOUR
    return found


def test_a_unit_waits_in_the_queue_until_somebody_works_on_it() -> None:
    assert spans(
        (0, OPENED),
        (1, RECEIVED),
        (3, DIAGNOSIS_STARTED),
        (4, DIAGNOSED),
        (6, REPAIR_STARTED),
        (9, REPAIRED),
        (10, HANDED_BACK),
    ) == [
        (1, 3, "company", "queue", "berlin"),
        (3, 4, "company", "work", "berlin"),
        (4, 6, "company", "queue", "berlin"),
        (6, 9, "company", "work", "berlin"),
        (9, 10, "company", "queue", "berlin"),
    ]


def test_vector_7_of_two_waits_that_overlap_the_first_in_order_counts_and_the_other_is_shown_beside() -> None:
    # Received 9:00. parts_manufacturer 10-12 and dispute 11-13: 2 h and 1 h; 11-12 both were open: overlap 1 h.
    ledger = sums(
        (0, OPENED),
        (0, RECEIVED),
        (1, WAIT_STARTED),
        (2, DISPUTED),
        (3, WAIT_ENDED),
        (4, DISPUTE_CLOSED),
        (5, HANDED_BACK),
    )
    assert hours_of(ledger) == {
        ("company", "queue"): 2,
        ("manufacturer", "parts_manufacturer"): 2,
        ("parties", "dispute"): 1,
    }
    assert [(one.cause, one.microseconds) for one in ledger.beside] == [("dispute", HOUR)]
    assert ledger.microseconds == 5 * HOUR


def test_vector_6_forty_of_fifty_days_are_the_manufacturers_where_its_parts_were_missing() -> None:
    ledger = sums((0, OPENED), (0, RECEIVED), (24, WAIT_STARTED), (41 * 24, WAIT_ENDED), (50 * 24, HANDED_BACK))
    assert hours_of(ledger) == {("manufacturer", "parts_manufacturer"): 40 * 24, ("company", "queue"): 10 * 24}
    assert ledger.microseconds == 50 * DAY


def test_a_policy_may_name_another_order_of_causes() -> None:
    facts = told(
        (0, OPENED),
        (0, RECEIVED),
        (1, WAIT_STARTED),
        (2, DISPUTED),
        (3, WAIT_ENDED),
        (4, DISPUTE_CLOSED),
        (5, HANDED_BACK),
    )
    rules = _published(PolicyPublished(key="p", version=1, effective_from=START, causes=("dispute",)))
    imported = [_imported(it) for it in facts]
    assert causes_in_order(rules, imported)[:2] == ("dispute", "customer_information")
    assert sorted(causes_in_order(rules, imported)) == sorted(WAITS)
    ledger = ledger_of(spans_of(imported, causes_in_order(rules, imported)), hour(5))
    # dispute 11-13 counts first, of parts_manufacturer 10-12 there is 1 h left
    assert hours_of(ledger)["parties", "dispute"] == 2
    assert hours_of(ledger)["manufacturer", "parts_manufacturer"] == 1
    assert [one.cause for one in ledger.beside] == ["parts_manufacturer"]


def test_the_order_is_that_of_a_policy_for_the_manufacturer_in_force_at_the_first_receipt() -> None:
    facts = [_imported(it) for it in told((0, OPENED), (5, RECEIVED))]
    anothers = PolicyPublished(key="a", version=1, effective_from=START, manufacturer="OTHER", causes=("capacity",))
    silent = PolicyPublished(key="b", version=1, effective_from=START)
    later = PolicyPublished(key="c", version=1, effective_from=hour(6), causes=("transit",))
    ours = PolicyPublished(key="d", version=1, effective_from=hour(5), manufacturer="ACME", causes=("payment",))
    assert causes_in_order(_published(anothers, silent, later), facts) == WAITS
    assert causes_in_order(_published(anothers, silent, later, ours), facts)[0] == "payment"


def test_a_receipt_recorded_here_does_not_know_a_policy_published_after_it() -> None:
    facts = told((0, OPENED), (0, RECEIVED))
    policy = PolicyPublished(key="p", version=1, effective_from=START, causes=("dispute",))
    assert causes_in_order(_published(policy, first_position=3), facts) == WAITS
    assert causes_in_order(_published(policy, first_position=3), [_imported(it) for it in facts])[0] == "dispute"


def _published(*policies: PolicyPublished, first_position: int = 1) -> TimeRules:
    return TimeRules.of(
        Recorded(
            stream_id=reference_stream("policy", policy.key),
            stream_kind="policy",
            version=policy.version,
            occurred_at=START,
            actor=MANAGER,
            command_id=command_id(position),
            event=policy,
            position=position,
            recorded_at=START,
        )
        for position, policy in enumerate(policies, first_position)
    )


def _imported(it: Recorded[Event]) -> Recorded[Event]:
    return replace(it, source="import:desk")


def test_a_unit_on_its_way_is_in_transit_and_then_at_the_other_site() -> None:
    assert spans((0, OPENED), (0, RECEIVED), (2, DISPATCHED), (5, ARRIVED), (6, HANDED_BACK)) == [
        (0, 2, "company", "queue", "berlin"),
        (2, 5, "company", "transit", None),
        (5, 6, "company", "queue", "leipzig"),
    ]


def test_an_estimate_is_the_customers_until_it_is_answered() -> None:
    assert spans((0, OPENED), (0, RECEIVED), (1, ESTIMATED), (4, APPROVED), (5, HANDED_BACK)) == [
        (0, 1, "company", "queue", "berlin"),
        (1, 4, "customer", "customer_approval", "berlin"),
        (4, 5, "company", "queue", "berlin"),
    ]


def test_the_time_between_hand_back_and_the_next_receipt_is_nobodys() -> None:
    ledger = sums(
        (0, OPENED), (0, RECEIVED), (3, HANDED_BACK), (3, CLOSED), (10, REOPENED), (12, RECEIVED), (14, HANDED_BACK)
    )
    assert hours_of(ledger) == {("nobody", "at_home"): 9, ("company", "queue"): 5}
    assert (ledger.microseconds, ledger.is_still_open) == (14 * HOUR, False)


def test_what_comes_after_the_last_hand_back_is_not_accounted_for() -> None:
    assert spans((0, OPENED), (0, RECEIVED), (3, HANDED_BACK), (4, DISPUTED)) == [(0, 3, "company", "queue", "berlin")]


def test_a_wait_that_began_before_receipt_counts_from_receipt_on() -> None:
    assert spans((0, OPENED), (0, WAIT_STARTED), (2, RECEIVED), (3, WAIT_ENDED), (4, HANDED_BACK)) == [
        (2, 3, "manufacturer", "parts_manufacturer", "berlin"),
        (3, 4, "company", "queue", "berlin"),
    ]


def test_a_second_receipt_of_a_unit_that_is_here_moves_it_and_begins_nothing() -> None:
    assert spans((0, OPENED), (0, RECEIVED), (2, but(RECEIVED, site="leipzig")), (3, HANDED_BACK)) == [
        (0, 2, "company", "queue", "berlin"),
        (2, 3, "company", "queue", "leipzig"),
    ]


def test_a_unit_that_is_still_here_leaves_the_ledger_open() -> None:
    facts = ((0, OPENED), (0, RECEIVED), (1, WAIT_STARTED))
    assert spans(*facts)[-1] == (1, None, "manufacturer", "parts_manufacturer", "berlin")
    ledger = sums(*facts, until=5)
    assert hours_of(ledger) == {("company", "queue"): 1, ("manufacturer", "parts_manufacturer"): 4}
    assert ledger.is_still_open
    assert (ledger.from_at, ledger.to_at) == (START, hour(5))


def test_a_disposal_ends_custody_as_a_hand_back_does() -> None:
    assert spans((0, OPENED), (0, RECEIVED), (7, DISPOSED)) == [(0, 7, "company", "queue", "berlin")]


def test_a_case_closed_without_a_hand_back_ends_with_its_closing() -> None:
    closed = ((0, OPENED), (0, RECEIVED), (7, CLOSED))
    assert spans(*closed) == [(0, 7, "company", "queue", "berlin")]
    assert spans(*closed, (9, REOPENED)) == [(0, None, "company", "queue", "berlin")]


def test_a_unit_received_after_a_closing_was_away_unless_something_shows_that_it_was_not() -> None:
    again = (0, OPENED), (0, RECEIVED), (7, CLOSED), (9, RECEIVED)
    assert spans(*again) == [
        (0, 7, "company", "queue", "berlin"),
        (7, 9, "nobody", "at_home", None),
        (9, None, "company", "queue", "berlin"),
    ]
    assert spans(*again, (10, CLOSED))[-1] == (9, 10, "company", "queue", "berlin")
    assert spans(*again, (10, HANDED_BACK)) == [(0, 10, "company", "queue", "berlin")]
    assert spans(*again, (10, REOPENED)) == [(0, None, "company", "queue", "berlin")]


def test_a_unit_never_received_has_no_ledger() -> None:
    assert sums((0, OPENED), (1, WAIT_STARTED), (3, CLOSED)) == Ledger()


def test_a_second_unit_handed_over_without_receipt_is_the_last_hand_back() -> None:
    # The first came back after 3 h; the one that replaces it was handed over 7 h later.
    assert spans((0, OPENED), (0, RECEIVED), (3, HANDED_BACK), (10, HANDED_BACK)) == [
        (0, 3, "company", "queue", "berlin"),
        (3, 10, "nobody", "at_home", None),
    ]


def test_on_site_the_diagnosis_stands_for_receipt_and_the_end_of_work_for_hand_back() -> None:
    at_home = but(OPENED, channel="on_site")
    assert spans((0, at_home), (2, DIAGNOSIS_STARTED), (3, DIAGNOSED), (5, REPAIR_STARTED), (6, REPAIRED)) == [
        (2, 3, "company", "work", "berlin"),
        (3, 5, "company", "queue", "berlin"),
        (5, 6, "company", "work", "berlin"),
    ]


def test_on_site_work_sent_back_belongs_to_the_same_visit_and_a_reopened_case_to_another() -> None:
    remote = but(OPENED, channel="remote")
    found = spans(
        (0, remote),
        (0, DIAGNOSIS_STARTED),
        (1, DIAGNOSED),
        (1, REPAIR_STARTED),
        (2, REPAIRED),
        (3, QC_FAILED),
        (4, REPAIR_STARTED),
        (5, REPAIRED),
        (6, CLOSED),
        (8, REOPENED),
        (9, DIAGNOSIS_STARTED),
        (10, ABANDONED),
    )
    assert found == [
        (0, 2, "company", "work", "berlin"),
        (2, 4, "company", "queue", "berlin"),
        (4, 5, "company", "work", "berlin"),
        (5, 9, "nobody", "at_home", None),
        (9, 10, "company", "work", "berlin"),
    ]


def test_on_site_a_closing_ends_what_nothing_else_ended() -> None:
    on_site = but(OPENED, channel="on_site")
    begun = (0, on_site), (1, DIAGNOSIS_STARTED)
    assert spans(*begun, (4, CLOSED)) == [(1, 4, "company", "work", "berlin")]
    assert spans(*begun, (2, REOPENED), (4, CLOSED))[-1] == (2, 4, "company", "queue", "berlin")


def test_on_site_a_fault_found_after_none_was_found_goes_on_with_the_work() -> None:
    remote = but(OPENED, channel="remote")
    found_none = (0, remote), (0, DIAGNOSIS_STARTED), (1, NOTHING_FOUND)
    assert spans(*found_none)[-1][1] == 1
    assert spans(*found_none, (2, DIAGNOSED))[-1][1] is None


def test_a_fact_recorded_late_is_read_where_it_occurred() -> None:
    facts = history(
        fact(OPENED, at=hour(0)),
        fact(RECEIVED, at=hour(0)),
        fact(WAIT_ENDED, at=hour(3)),
        fact(HANDED_BACK, at=hour(4)),
        fact(WAIT_STARTED, at=hour(1)),
    )
    assert [(it.cause, microseconds_of(it) // HOUR) for it in spans_of(facts, WAITS)] == [
        ("queue", 1),
        ("parts_manufacturer", 2),
        ("queue", 1),
    ]


def test_what_is_cut_at_an_instant_ends_there() -> None:
    facts = told((0, OPENED), (0, RECEIVED), (2, WAIT_STARTED), (5, HANDED_BACK))
    assert [it.to_at for it in spans_of(facts, WAITS, until=hour(3))] == [hour(2), hour(3)]
    assert spans_of(facts, WAITS, until=hour(1))[0].to_at == hour(1)


@settings(max_examples=150)
@given_any(arbitrary_histories(max_size=14))
def test_whatever_happened_every_second_belongs_to_one_span(facts: list[Recorded[Event]]) -> None:
    standing = surviving(facts)
    found = spans_of(standing, WAITS)
    assert all(before.to_at == after.from_at for before, after in pairwise(found))
    assert all(span.to_at is None or span.to_at > span.from_at for span in found)
    assert all(not span.is_still_open for span in found[:-1])
    assert all(span.cause not in span.beside for span in found)
    ledger = ledger_of(found, hour(1000))
    assert sum(part.microseconds for part in ledger.parts) == ledger.microseconds
    if found:
        to_at = found[-1].to_at or hour(1000)
        assert ledger.microseconds == (to_at - found[0].from_at) // timedelta(microseconds=1)
        assert sum(map(microseconds_of, cut_at(found, hour(5)))) <= ledger.microseconds


@settings(max_examples=50)
@given_any(arbitrary_histories(max_size=14))
def test_a_span_comes_back_from_its_json_as_it_was(facts: list[Recorded[Event]]) -> None:
    found = spans_of(surviving(facts), WAITS)
    assert [Span.model_validate_json(span.model_dump_json()) for span in found] == list(found)


def test_a_receipt_handed_back_at_once_still_begins_the_ledger() -> None:
    # Logs that know the day alone have many: 4 h at home, then 4 h in the queue.
    ledger = sums((0, OPENED), (0, RECEIVED), (0, HANDED_BACK), (4, RECEIVED), (8, HANDED_BACK))
    assert hours_of(ledger) == {("nobody", "at_home"): 4, ("company", "queue"): 4}


def test_a_receipt_that_is_closed_at_once_ends_the_time_at_home() -> None:
    ledger = sums((0, OPENED), (0, RECEIVED), (3, HANDED_BACK), (10, RECEIVED), (10, CLOSED))
    assert hours_of(ledger) == {("company", "queue"): 3, ("nobody", "at_home"): 7}
