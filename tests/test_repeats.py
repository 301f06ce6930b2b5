"""Repeat repairs: which repair a new ticket of the same unit is charged to, by hand and by an independent oracle."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle_repeats import Told, repeats_of
from tests.repairs import RECEPTIONIST, WHY, Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput
from ticketing.domain.intake import OpenTicket
from ticketing.domain.values import Actor, Event, SerialNumber
from ticketing.projections import dimensions, repeats, same_unit, turnaround
from ticketing.projections.report import Report
from ticketing.projections.sample import DAY


@pytest.fixture
def company() -> Company:
    return Company()


def at_site(site: str) -> Actor:
    return Actor(id=f"t-{site}", role="technician", site=site)


def comes(
    company: Company,
    number: int,
    opened: float,
    serial: str | None = "S1",
    *,
    site: str = "A",
    channel: str = "counter",
) -> UUID:
    """A unit is brought to a site."""
    company.now = max(company.now, day(opened))
    ticket_id = UUID(int=number)
    company.app.handle(
        OpenTicket(
            ticket_id=ticket_id,
            number=f"T-{number}",
            site=site,
            channel=channel,  # type: ignore[arg-type]  # one of the channels
            manufacturer="ACME",
            model="P7",
            serial=None if serial is None else SerialNumber(text=serial),
            actor=RECEPTIONIST,
            occurred_at=day(opened),
        )
    )
    if channel == "counter":
        company.finds(ticket_id, e.UnitReceived(site=site), day(opened))
    return ticket_id


def goes(company: Company, ticket: UUID, back: float, *, site: str = "A", outcome: str = "repaired") -> UUID:
    """The unit is repaired, unless it ends otherwise, handed back, and the ticket closed."""
    if outcome == "repaired":
        company.finds(ticket, e.RepairCompleted(), day(back), by=at_site(site))
    company.finds(ticket, e.UnitHandedBack(), day(back))
    company.finds(ticket, e.TicketClosed(outcome=outcome), day(back))  # type: ignore[arg-type]  # one of the outcomes
    return ticket


def repaired(
    company: Company, number: int, opened: float, back: float, serial: str | None = "S1", *, site: str = "A"
) -> UUID:
    return goes(company, comes(company, number, opened, serial, site=site), back, site=site)


def counts(report: Report, figure: str = "repeat_rate") -> list[tuple[int, int, int, int]]:
    return [(row.numerator, row.denominator, row.excluded, row.censored) for row in report.of(figure)]


def charged(company: Company, **asked: object) -> list[tuple[object, ...]]:
    """Each repeat: the ticket charged, the new one, the days between, the site charged."""
    cases = reports.repeats(company.app, **asked).cases or ()  # type: ignore[arg-type]
    return [(one["ticket"], one["repeat"], one["days"], one["site"]) for one in cases]


def test_what_repeats_are_told_by() -> None:
    assert {e.TicketOpened, e.UnitIdentified, e.RepeatLinked, e.UnitExchanged} == same_unit.TAKEN
    own = {e.DiagnosisRecorded, e.RepairCompleted, e.QcFailed, e.UnitHandedBack, e.TicketReopened}
    assert own == repeats.TAKEN
    # Proofs, prices and waits say nothing of it; a part's serial is not the unit's.
    left_out = {e.PartFitted, e.ProofOfPurchaseRecorded, e.BillIssued, e.WaitStarted, e.ComplaintReceived}
    assert not left_out & (repeats.TAKEN | same_unit.TAKEN | turnaround.TAKEN | dimensions.TAKEN)


@pytest.mark.parametrize(
    ("opened", "site", "counts_against_a"), [(25, "A", 1), (25, "B", 1), (90, "B", 1), (91, "A", 0)]
)
def test_a_new_ticket_within_ninety_days_counts_against_the_site_of_the_earlier_repair(
    company: Company, opened: float, site: str, counts_against_a: int
) -> None:
    repaired(company, 1, -3, 0, site="A")
    comes(company, 2, opened, site=site)
    company.now = day(100)
    (row,) = reports.repeat_rate(company.app, by=["site"]).of("repeat_rate")
    assert (row.group, row.numerator, row.denominator) == ({"site": "A"}, counts_against_a, 1)
    first_time = reports.first_time_fix(company.app).rows[0]
    assert (first_time.numerator, first_time.denominator) == (1 - counts_against_a, 1)


def test_the_last_instant_of_the_ninetieth_day_is_the_last_that_counts(company: Company) -> None:
    repaired(company, 1, -3, 0)
    comes(company, 2, 90 + 1e-6)  # 86 ms late
    company.now = day(100)
    assert counts(reports.repeat_rate(company.app)) == [(0, 1, 0, 0)]


def test_a_repair_whose_days_have_not_passed_is_censored_even_if_it_came_back(company: Company) -> None:
    repaired(company, 1, -3, 0)
    comes(company, 2, 25)
    company.now = day(90) - timedelta(microseconds=1)
    assert counts(reports.repeat_rate(company.app)) == [(0, 0, 0, 1)]
    company.now = day(90)
    assert counts(reports.repeat_rate(company.app)) == [(1, 1, 0, 0)]
    assert charged(company) == [("T-1", "T-2", 25.0, "A")]


def test_two_contracts_with_different_days_have_different_rates(company: Company) -> None:
    repaired(company, 1, -3, 0)
    repaired(company, 2, 25, 30)
    repaired(company, 3, 75, 80)
    company.now = day(200)
    # 25 days after the first, 45 after the second.
    assert counts(reports.repeat_rate(company.app, n_days=30)) == [(1, 3, 0, 0)]
    assert counts(reports.repeat_rate(company.app, n_days=60)) == [(2, 3, 0, 0)]


def test_a_repeat_counts_once_against_the_latest_repair_or_the_first_of_the_chain(company: Company) -> None:
    repaired(company, 1, -3, 0, site="A")
    repaired(company, 2, 25, 30, site="B")
    repaired(company, 3, 50, 55, site="C")  # within ninety days of both
    company.now = day(200)
    assert charged(company) == [("T-1", "T-2", 25.0, "A"), ("T-2", "T-3", 20.0, "B")]
    assert charged(company, blame="first") == [("T-1", "T-2", 25.0, "A"), ("T-1", "T-3", 50.0, "A")]
    latest = reports.repeat_rate(company.app, by=["site"])
    assert [(row.group["site"], row.numerator) for row in latest.of("repeat_rate")] == [("A", 1), ("B", 1), ("C", 0)]
    first = reports.repeat_rate(company.app, by=["site"], blame="first")
    assert [(row.group["site"], row.numerator) for row in first.of("repeat_rate")] == [("A", 1), ("B", 0), ("C", 0)]
    # Whoever is blamed, the first and the second did not do at the first attempt.
    assert [row.numerator for row in first.of("first_time_fix")] == [0, 0, 1]
    with pytest.raises(BadInput, match="there is no blame last; the nearest is latest"):
        reports.repeat_rate(company.app, blame="last")  # type: ignore[arg-type]


def test_reopening_is_no_repeat_but_it_was_no_first_time_fix(company: Company) -> None:
    ticket = repaired(company, 1, -3, 0)
    company.finds(ticket, e.TicketReopened(ground="same_fault"), day(10))
    goes(company, ticket, 12)
    company.now = day(300)
    report = reports.repeat_rate(company.app, from_=day(0), to=day(0))  # dated by the first hand-back
    assert counts(report) == [(0, 1, 0, 0)]
    assert counts(report, "first_time_fix") == [(0, 1, 0, 0)]


def test_what_happens_after_the_days_changes_a_first_time_fix_no_more(company: Company) -> None:
    ticket = repaired(company, 1, -3, 0)
    company.finds(ticket, e.TicketReopened(ground="new_fault"), day(91))
    company.finds(ticket, e.QcFailed(), day(92))
    company.now = day(300)
    assert counts(reports.first_time_fix(company.app), "first_time_fix") == [(1, 1, 0, 0)]


def test_work_that_an_inspector_sent_back_was_no_first_time_fix(company: Company) -> None:
    ticket = comes(company, 1, 0)
    company.finds(ticket, e.RepairCompleted(), day(1))
    company.finds(ticket, e.QcFailed(), day(1))
    goes(company, ticket, 2)
    company.now = day(300)
    assert counts(reports.first_time_fix(company.app), "first_time_fix") == [(0, 1, 0, 0)]


def test_only_repairs_that_were_handed_back_are_asked(company: Company) -> None:
    goes(company, comes(company, 1, 0, "S1"), 1, outcome="returned_unrepaired")
    goes(company, comes(company, 2, 0, "S2"), 1, outcome="cancelled")
    company.finds(comes(company, 3, 0, "S3"), e.RepairCompleted(), day(1))  # still here
    comes(company, 4, 10, "S1")
    company.now = day(300)
    assert counts(reports.repeat_rate(company.app)) == [(0, 0, 2, 0)]
    assert charged(company) == []


def test_a_unit_first_handed_back_unrepaired_is_dated_by_the_hand_back_of_its_repair(company: Company) -> None:
    ticket = goes(company, comes(company, 1, 0), 1, outcome="returned_unrepaired")
    company.finds(ticket, e.TicketReopened(ground="same_fault"), day(10))
    goes(company, ticket, 20)
    comes(company, 2, 100)
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 80.0, "A")]


def test_a_ticket_that_was_not_repaired_is_a_repeat_and_the_next_is_charged_to_the_same_repair(
    company: Company,
) -> None:
    repaired(company, 1, -3, 0, site="A")
    goes(company, comes(company, 2, 10, site="B"), 11, site="B", outcome="no_fault_found")
    comes(company, 3, 20, site="B")
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 10.0, "A"), ("T-1", "T-3", 20.0, "A")]
    assert counts(reports.repeat_rate(company.app)) == [(1, 1, 1, 0)]


def test_a_cancelled_ticket_is_no_repeat(company: Company) -> None:
    repaired(company, 1, -3, 0)
    goes(company, comes(company, 2, 10), 10, outcome="cancelled")
    company.now = day(300)
    assert charged(company) == []


def test_on_site_the_completed_repair_stands_for_the_hand_back(company: Company) -> None:
    ticket = comes(company, 1, 0, channel="on_site")
    company.finds(ticket, e.RepairCompleted(), day(2), by=at_site("A"))
    company.finds(ticket, e.TicketClosed(outcome="repaired"), day(3))
    comes(company, 2, 92)
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 90.0, "A")]


def exchanged(company: Company, number: int, opened: float, back: float, old: str | None, new: str) -> UUID:
    ticket = comes(company, number, opened, old)
    company.finds(ticket, e.UnitExchanged(new_serial=SerialNumber(text=new)), day(back))
    return goes(company, ticket, back, outcome="exchanged")


def test_serials_are_followed_through_exchanges(company: Company) -> None:
    repaired(company, 1, -3, 0, "S1", site="A")
    exchanged(company, 2, 10, 12, "S1", "S2")
    exchanged(company, 3, 20, 22, "S2", "S3")
    comes(company, 4, 30, "S3")
    company.now = day(300)
    # An exchange is no repair: all of them are charged to the first.
    assert charged(company) == [("T-1", "T-2", 10.0, "A"), ("T-1", "T-3", 20.0, "A"), ("T-1", "T-4", 30.0, "A")]


def test_a_unit_looked_at_after_the_exchange_is_the_new_one(company: Company) -> None:
    repaired(company, 1, -3, 0, "S1")
    ticket = comes(company, 2, 10, "S1")
    company.finds(ticket, e.UnitExchanged(new_serial=SerialNumber(text="S2")), day(11))
    company.finds(ticket, e.UnitIdentified(serial=SerialNumber(text="S3")), day(12))  # S2 was misread
    goes(company, ticket, 12, outcome="exchanged")
    comes(company, 3, 20, "S3")
    comes(company, 4, 30, "S2")
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 10.0, "A"), ("T-1", "T-3", 20.0, "A")]


def test_a_unit_taken_in_begins_another_life(company: Company) -> None:
    repaired(company, 1, -3, 0, "S1")
    exchanged(company, 2, 10, 12, "S1", "S2")
    repaired(company, 3, 30, 32, "S1")  # set right and given to somebody else
    comes(company, 4, 40, "S2")
    comes(company, 5, 50, "S1")
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 10.0, "A"), ("T-1", "T-4", 40.0, "A"), ("T-3", "T-5", 18.0, "A")]


def test_a_serial_may_be_found_out_or_set_right_later(company: Company) -> None:
    repaired(company, 1, -3, 0, "S1")
    ticket = comes(company, 2, 10, "S7")
    company.now = day(100)
    assert charged(company) == []
    company.finds(ticket, e.UnitIdentified(serial=SerialNumber(text="s-1")), day(12))  # as compared, S1
    company.now = day(101)
    assert charged(company) == [("T-1", "T-2", 10.0, "A")]
    assert charged(company, as_of=day(11)) == []


def test_a_link_says_that_it_is_the_same_unit_where_there_is_no_serial(company: Company) -> None:
    first = repaired(company, 1, -3, 0, None)
    second = repaired(company, 2, 10, 12, None)
    third = comes(company, 3, 20, "S1")
    link = company.finds(second, e.RepeatLinked(previous_ticket=first, basis="customer_says"), day(10))
    # To the first, but a repeat is charged to the latest.
    company.finds(third, e.RepeatLinked(previous_ticket=second, basis="same_unit"), day(20))
    company.finds(third, e.RepeatLinked(previous_ticket=UUID(int=99), basis="same_unit"), day(20))  # there is none
    company.finds(first, e.RepeatLinked(previous_ticket=third, basis="same_unit"), day(20))  # not earlier
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 10.0, "A"), ("T-2", "T-3", 8.0, "A")]
    company.retracts(second, link, day(300))
    assert charged(company) == [("T-2", "T-3", 8.0, "A")]


def test_the_new_ticket_must_have_been_opened_by_then(company: Company) -> None:
    repaired(company, 1, -3, 0)
    comes(company, 2, 25)
    company.now = day(300)
    assert charged(company, as_of=day(25)) == [("T-1", "T-2", 25.0, "A")]
    assert charged(company, as_of=day(25) - timedelta(microseconds=1)) == []


def test_a_ticket_opened_a_little_ahead_of_the_clock_is_no_repeat_yet(company: Company) -> None:
    repaired(company, 1, -30, -3)
    ahead = timedelta(minutes=3) / timedelta(days=1)
    ticket = repaired(company, 2, -2, 0 + ahead)  # a fact of its ticket is ahead, its opening is not
    assert ticket == UUID(int=2)
    company.now = day(0)
    assert charged(company) == [("T-1", "T-2", 1.0, "A")]
    comes(company, 3, 1 + ahead)
    company.now = day(1)
    assert charged(company) == [("T-1", "T-2", 1.0, "A")]
    company.now = day(2)
    assert charged(company) == [("T-1", "T-2", 1.0, "A"), ("T-2", "T-3", 1.0, "A")]


def test_a_serial_set_right_a_little_ahead_of_the_clock_is_not_known_yet(company: Company) -> None:
    repaired(company, 1, -3, 0, "S1")
    ticket = comes(company, 2, 10, "S1")
    ahead = day(11) + timedelta(minutes=3)
    company.finds(ticket, e.UnitIdentified(serial=SerialNumber(text="S9")), ahead)
    company.now = day(11)
    assert charged(company) == [("T-1", "T-2", 10.0, "A")]
    company.now = ahead
    assert charged(company) == []


def test_repeats_tell_who_pays_for_them(company: Company) -> None:
    bases: tuple[e.Basis | None, ...] = ("warranty", "repair_guarantee", None, "repair_guarantee")
    for number, basis in enumerate(bases, 1):
        repaired(company, 10 * number, -3, 0, f"S{number}", site="A" if number < 4 else "B")
        again = comes(company, 10 * number + 1, number, f"S{number}", site="C")
        if basis is not None:
            company.finds(again, e.EntitlementDecided(basis=basis, reason=WHY), day(number))
    company.now = day(300)
    report = reports.repeats(company.app, by=["site"])
    assert [(row.group, row.value, row.denominator) for row in report.of("repeats")] == [
        ({"site": "A"}, 3, 3),
        ({"site": "B"}, 1, 1),
    ]
    # A: three repeats, of which one each under warranty, as a repair guarantee and undecided: 33.333333 % each.
    split = report.of("repeats_by_entitlement")
    assert [(*row.group.values(), row.value, row.share) for row in split] == [
        ("A", None, 1, 33.333333),
        ("A", "repair_guarantee", 1, 33.333333),
        ("A", "warranty", 1, 33.333333),
        ("B", "repair_guarantee", 1, 100.0),
    ]
    assert report.cases is not None
    assert dict(report.cases[0]) == {
        "ticket": "T-10",
        "ticket_id": str(UUID(int=10)),
        "site": "A",
        "technician": "t-A",
        "handed_back_at": "2026-01-01T00:00:00.000000Z",
        "repeat": "T-11",
        "repeat_id": str(UUID(int=11)),
        "opened_at": "2026-01-02T00:00:00.000000Z",
        "days": 1.0,
        "entitlement_again": "warranty",
    }


def test_repeats_of_no_repair_are_none(company: Company) -> None:
    report = reports.repeats(company.app)
    (nothing,) = report.rows
    assert (nothing.figure, nothing.value, nothing.reason) == (
        "repeats",
        None,
        "no repair was handed back in the period",
    )
    assert report.cases == ()
    row = reports.repeat_rate(company.app).rows[0]
    assert (row.value, row.reason) == (None, "no repair handed back in the period has been back for 90 days")


def test_no_fault_found_is_what_the_last_diagnosis_says(company: Company) -> None:
    nothing = e.DiagnosisRecorded(findings=(e.Finding(finding_id="f", cause="none_found"),))
    something = e.DiagnosisRecorded(findings=(e.Finding(finding_id="f", cause="wear"),))
    for number, diagnoses in enumerate(((nothing,), (nothing, something), (something, nothing), ()), 1):
        ticket = comes(company, number, 0, None)
        for diagnosis in diagnoses:
            company.finds(ticket, diagnosis, day(1))
        goes(company, ticket, 2)
    company.now = day(3)
    # Of three diagnosed, nothing at last in the first and the third; one was never diagnosed.
    assert counts(reports.no_fault_found(company.app), "no_fault_found") == [(2, 3, 1, 0)]


# against the oracle

SERIALS = st.sampled_from(["S1", "S2", "S3", None])
STORIES = st.lists(
    st.builds(
        lambda opened, serial, corrected, exchanged, links, work, back, is_cancelled: Told(
            0, opened, serial, corrected, exchanged, links, opened + work, opened + work + back, is_cancelled
        ),
        st.integers(0, 30),
        SERIALS,
        st.one_of(st.none(), st.none(), SERIALS),
        st.one_of(st.none(), st.none(), SERIALS),
        st.lists(st.integers(1, 8), max_size=2).map(tuple),
        st.integers(0, 4),
        st.integers(0, 4),
        st.sampled_from([False, False, False, True]),
    ),
    max_size=8,
).map(lambda told: [replace(one, number=number) for number, one in enumerate(told, 1)])
"""Tickets that are repaired and handed back within a few days."""


def unrepaired(told: list[Told], which: set[int]) -> list[Told]:
    return [replace(one, repaired_on=None) if one.number in which else one for one in told]


def known(one: Told) -> repeats.Known:
    links = tuple(f"{link:032x}" for link in one.links)
    seen = same_unit.Sighting(one.opened_on * DAY, f"{one.number:032x}", one.came_as, one.went_as, links)
    is_back = one.repaired_on is not None and one.back_on is not None
    return repeats.Known(seen, one.back_on * DAY if is_back and one.back_on is not None else None, one.is_cancelled)


@given(STORIES, st.sets(st.integers(1, 8)), st.integers(0, 20))
@settings(max_examples=300)
def test_repeats_are_those_of_the_oracle(told: list[Told], not_repaired: set[int], days: int) -> None:
    story = unrepaired(told, not_repaired)
    found = repeats.repeats([known(one) for one in story], days)
    assert [tuple(int(ticket, 16) for ticket in repeat) for repeat in found] == repeats_of(story, days)


def sealed(serial: str | None) -> SerialNumber | None:
    if serial is None:
        return None
    digest = sha256(serial.encode()).hexdigest()
    return SerialNumber(match=digest, digest=digest)


def put_on_record(company: Company, story: list[Told]) -> None:
    for one in story:
        facts: list[tuple[Event, int]] = [
            (e.TicketOpened(number=str(one.number), site="A", serial=sealed(one.serial)), one.opened_on),
            (e.UnitReceived(site="A"), one.opened_on),
            *((e.RepeatLinked(previous_ticket=UUID(int=link), basis="same_unit"), one.opened_on) for link in one.links),
        ]
        if one.corrected is not None:
            facts.append((e.UnitIdentified(serial=sealed(one.corrected)), one.opened_on))
        if one.exchanged is not None:
            new = sealed(one.exchanged)
            assert new is not None
            facts.append((e.UnitExchanged(new_serial=new), one.opened_on))
        if one.repaired_on is not None:
            facts.append((e.RepairCompleted(), one.repaired_on))
        if one.back_on is not None:
            facts.append((e.UnitHandedBack(), one.back_on))
        if one.is_cancelled and one.back_on is not None:
            facts.append((e.TicketClosed(outcome="cancelled"), one.back_on))
        company.imports(one.number, "old", [(fact, day(on)) for fact, on in facts])


def expected(story: list[Told], days: int, blame: str) -> tuple[tuple[int, int, int, int], list[tuple[str, str]]]:
    """The counts of the rate, and the repeats charged."""
    found = repeats_of(story, days)
    blamed = [(latest if blame == "latest" else first, number) for number, latest, first in found]
    until = max(max(one.opened_on, one.repaired_on or 0, one.back_on or 0) for one in story)
    repairs = {one.number: one.repair for one in story if one.repair is not None}
    mature = {number for number, back_on in repairs.items() if back_on + days <= until}
    others = sum(one.back_on is not None for one in story) - len(repairs)
    had = len(mature & {number for number, _ in blamed})
    return (had, len(mature), others, len(repairs) - len(mature)), [(str(a), str(b)) for a, b in blamed]


def agree(company: Company, story: list[Told], days: int) -> None:
    for blame in ("latest", "first"):
        for cut in ({}, {"position": company.app.store.head(), "as_of": company.now}):
            asked: dict[str, Any] = {"n_days": days, "blame": blame, **cut}
            rate, cases = expected(story, days, blame)
            assert counts(reports.repeat_rate(company.app, **asked)) == [rate]
            assert [(one[0], one[1]) for one in charged(company, **asked)] == cases


@given(STORIES.filter(bool), st.sets(st.integers(1, 8)), st.integers(0, 20))
@settings(max_examples=30)
def test_the_report_says_of_any_story_what_the_oracle_says(told: list[Told], not_repaired: set[int], days: int) -> None:
    story = unrepaired(told, not_repaired)
    with Company() as company:
        put_on_record(company, story)
        company.now = day(100)
        agree(company, story, days)


def test_every_store_says_of_a_long_story_what_the_oracle_says(store_url: str) -> None:
    chance = Random(11)
    story = []
    for number in range(1, 81):
        opened, serial = chance.randrange(200), f"S{chance.randrange(40)}"
        story.append(
            Told(
                number,
                opened,
                serial if chance.random() < 0.9 else None,
                exchanged=f"S{chance.randrange(40)}" if chance.random() < 0.1 else None,
                links=(chance.randrange(1, 81),) if chance.random() < 0.1 else (),
                repaired_on=opened + 1 if chance.random() < 0.9 else None,
                back_on=opened + chance.randrange(2, 9) if chance.random() < 0.95 else None,
                is_cancelled=chance.random() < 0.05,
            )
        )
    with Company(store_url) as company:
        put_on_record(company, story)
        company.now = day(300)
        agree(company, story, 60)
