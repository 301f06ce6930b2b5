"""Reports of clocks from a store: restated visibly, judged again without a trace; rows and log give the same."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings

from tests.repairs import MANAGER, RECEPTIONIST, Company, day
from tests.test_reports import DEEDS, FIXED, Deed, live
from tests.time_stories import DAILY, OFFICE, PROMISE, calendar, clock, policy, windows
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput, NotFound
from ticketing.domain.publishing import Publish
from ticketing.domain.reference import Published
from ticketing.projections.report import Report, ReportRow
from ticketing.projections.restated import Difference

REPAIR = clock("repair", elapsed_hours=48, pauses=("parts_manufacturer", "dispute"))
CONTRACT = policy(REPAIR, PROMISE, clock("stay", binds="site", working_hours=16), clock("days", calendar_days=3))
ASKED: tuple[tuple[Callable[..., Report], dict[str, Any]], ...] = (
    (reports.sla, {}),
    (reports.sla, {"by": ("month", "site"), "cohort": "opened_in", "zone": "Asia/Kathmandu"}),
    (reports.sla, {"from_": "2026-01-04", "to": "2026-01-31", "percentiles": (10, 75)}),
    (reports.sites, {"by": ("model",)}),
    (reports.promises, {"by": ("role", "site")}),
    (reports.ledger, {"by": ("manufacturer",)}),
    (reports.ledger, {"by": ("party", "month"), "cohort": "closed_in"}),
)


def publishes(company: Company, *things: Published) -> None:
    for thing in things:
        company.app.handle(Publish(thing=thing, actor=MANAGER))


@pytest.fixture
def company() -> Company:
    company = Company()
    publishes(company, OFFICE, CONTRACT)
    return company


def of(report: Report, clock: str = "repair", figure: str = "sla") -> ReportRow:
    (row,) = (row for row in report.of(figure) if row.group["clock"] == clock)
    return row


def differences(report: Report, clock: str = "repair") -> Sequence[Difference]:
    assert report.differences is not None
    return [one for one in report.differences if one.clock == clock]


# restated visibly


def test_a_wait_typed_in_after_due_is_listed_with_how_late_it_came(company: Company) -> None:
    ticket = company.repairs(1, 1, None)
    company.finds(ticket, e.UnitHandedBack(), day(6))
    assert (of(reports.sla(company.app)).value, differences(reports.sla(company.app))) == (0.0, [])
    company.now = day(10)
    company.finds(ticket, e.WaitStarted(cause="parts_manufacturer"), day(2))
    company.finds(ticket, e.WaitEnded(cause="parts_manufacturer"), day(5.5))
    report = reports.sla(company.app)
    # Received on day 1, back on day 6; three and a half of these five days waited for parts: 36 hours of 48.
    assert of(report).value == 100.0
    assert of(report, figure="sla_judged_then").value == 0.0
    (one,) = differences(report)
    assert (one.ticket, one.first, one.first_at, one.second, one.second_at) == (
        "T-1",
        "breached",
        day(3),
        "met",
        day(6),
    )
    assert (one.first_by, one.second_by) == ("contract@1", "contract@1")
    # Once the wait was known, which nothing ended yet, the clock was met; its end changed the verdict no more.
    assert [(because.what, because.fact) for because in one.because] == [("late_entry", "WaitStarted")]
    assert one.because[0].late_seconds == 8 * 86_400


def test_a_corrected_hand_back_is_listed_with_the_field_that_was_wrong(company: Company) -> None:
    ticket = company.repairs(1, 1, None)
    version = company.finds(ticket, e.UnitHandedBack(), day(6))
    company.corrects(ticket, version, "occurred_at", day(2), day(7))
    (one,) = differences(reports.sla(company.app))
    (because,) = one.because
    assert (one.first, one.second, one.second_at) == ("breached", "met", day(2))
    assert (because.what, because.fact, because.field, because.recorded_at) == (
        "correction",
        "UnitHandedBack",
        "occurred_at",
        day(7),
    )


def test_a_hand_back_that_was_taken_back_leaves_a_clock_that_was_met_then_breached_now(company: Company) -> None:
    ticket = company.repairs(1, 1, None)
    version = company.finds(ticket, e.UnitHandedBack(), day(2))
    company.retracts(ticket, version, day(2.5))
    (before,) = differences(reports.sla(company.app))
    assert (before.first, before.second, before.second_at) == ("met", "running", None)
    company.now = day(9)
    (after,) = differences(reports.sla(company.app))
    assert (after.first, after.second, after.second_at) == ("met", "breached", day(3))
    assert [(one.what, one.fact) for one in after.because] == [("retraction", "UnitHandedBack")]


def test_differences_are_in_order_of_ticket_number_and_whole_in_json(company: Company) -> None:
    for number in range(12, 0, -1):
        ticket = company.repairs(number, 1, None)
        company.finds(ticket, e.UnitHandedBack(), day(6))
    for number in range(1, 13):
        company.now = day(10)
        company.finds(company.app.find(f"T-{number}"), e.WaitStarted(cause="parts_manufacturer"), day(2))
    told = json.loads(reports.sla(company.app).to_json())["differences"]
    assert [one["ticket"] for one in told] == sorted(f"T-{number}" for number in range(1, 13))
    assert told[0]["because"][0]["what"] == "late_entry"


# judged again


STRICTER = policy(clock("repair", elapsed_hours=12), PROMISE, version=2, effective_from="2026-06-01 00:00")


def test_a_stricter_version_published_later_changes_no_verdict_and_under_shows_both(company: Company) -> None:
    company.repairs(1, 1, 2)
    company.repairs(2, 1, 4)
    before = reports.sla(company.app)
    publishes(company, STRICTER)
    after = reports.sla(company.app)
    assert after.rows == before.rows
    head = company.app.store.head()
    report = reports.sla(company.app, under="contract@2")
    assert company.app.store.head() == head, "judging again records nothing"
    assert (of(report).value, of(report, figure="sla_under").value) == (50.0, 0.0)
    assert (of(report).policies, of(report, figure="sla_under").policies) == (("contract@1",), ("contract@2",))
    (one,) = differences(report)
    assert (one.ticket, one.first, one.first_by) == ("T-1", "met", "contract@1")
    assert (one.second, one.second_at, one.second_by) == ("breached", day(1.5), "contract@2")


def test_a_clock_that_only_one_of_the_versions_has_is_a_difference(company: Company) -> None:
    company.repairs(1, 1, 2)
    publishes(company, policy(clock("call", stops="CustomerNotified"), version=2, effective_from="2026-05-01 00:00"))
    report = reports.sla(company.app, under="contract@2")
    told = {one.clock: (one.first, one.second) for one in report.differences or ()}
    assert told == {"repair": ("met", None), "days": ("met", None), "stay": ("met", None)}
    assert of(report, "call", "sla").reason == "no clock belongs to the cohort"
    assert of(report, "call", "sla_under").excluded == 1, "it was cancelled by the closing"


def test_judging_again_by_the_version_in_force_differs_in_nothing(company: Company) -> None:
    live(company, FIXED)
    report = reports.sla(company.app, under="contract@1")
    assert report.differences == ()
    of_both = [[replaced(row) for row in report.of(figure)] for figure in ("sla", "sla_under")]
    assert of_both[0] == of_both[1]
    assert of_both[0] == [replaced(row) for row in reports.sla(company.app).of("sla")]


def replaced(row: ReportRow) -> dict[str, object]:
    return {name: value for name, value in row.plain().items() if name not in {"figure", "definition"}}


def test_only_the_clocks_of_the_policy_asked_about_are_judged_again(company: Company) -> None:
    publishes(company, policy(clock("pay", elapsed_hours=5), key="statute"))
    company.repairs(1, 1, 2)
    assert {row.group["policy"] for row in reports.sla(company.app, under="contract@1").rows} == {"contract"}
    assert {row.group["policy"] for row in reports.sla(company.app).rows} == {"contract", "statute"}


def test_what_was_judged_by_a_version_published_since_is_printed_again_to_the_byte(company: Company) -> None:
    company.repairs(1, 1, 2)
    company.now = day(5)
    shop = calendar(*windows(DAILY, "08:00-20:00"), key="shop")
    publishes(company, shop, policy(clock("repair", calendar="shop"), version=2, effective_from="2026-06-01 00:00"))
    first = reports.sla(company.app, under="contract@2")
    assert of(first, figure="sla_under").value == 0.0, "from midnight to midnight the shop is open for 12 hours"
    company.repairs(2, 6, 30)
    company.now = day(40)
    publishes(company, policy(clock("repair", elapsed_hours=1), version=3, effective_from="2026-07-01 00:00"))
    again = reports.sla(company.app, under="contract@2", as_of=first.as_of, position=first.position)
    assert again.to_json() == first.to_json()
    # Also at a position before the version and its calendar were published.
    early = reports.sla(company.app, under="contract@2", as_of=first.as_of, position=first.position - 2)
    assert early.rows == first.rows


@pytest.mark.parametrize(
    ("under", "error", "said"),
    [
        ("contract@7", NotFound, "policy contract@7 was never published; there is contract@1"),
        ("contrat@1", NotFound, "policy contrat@1 was never published; the nearest is contract"),
        ("contract", BadInput, "under contract: write KEY@VERSION, such as phone-contract@2"),
    ],
)
def test_a_version_that_there_is_not_is_answered_with_what_there_is(
    company: Company, under: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as refused:
        reports.sla(company.app, under=under)
    assert str(refused.value) == said


def test_without_any_policy_there_is_nothing_to_judge_by() -> None:
    with Company() as company:
        company.repairs(1, 1, 2)
        with pytest.raises(NotFound, match="policy contract@1 was never published; no policy was"):
            reports.sla(company.app, under="contract@1")
        assert reports.sla(company.app).rows[0].reason == "no clock belongs to the cohort"
        assert {row.figure for row in reports.sites(company.app).rows} == {"stays", "site_time"}
        assert reports.ledger(company.app).of("ledger_turnaround")[0].value == 24.0


# promises


def test_promises_are_those_of_who_made_them(company: Company) -> None:
    kept, broken = company.opens(1, day(0)), company.opens(2, day(0))
    for ticket, due in ((kept, 5), (broken, 3)):
        company.finds(ticket, e.UnitReceived(site="berlin"), day(0))
        by = RECEPTIONIST if ticket == kept else MANAGER
        company.finds(ticket, e.PromiseMade(due_at=day(due)), day(1), by=by)
    company.finds(broken, e.PromiseMade(due_at=day(9)), day(4), by=RECEPTIONIST)
    for ticket in (kept, broken):
        company.finds(ticket, e.UnitHandedBack(), day(5))
    company.now = day(6)
    told = {row.group["role"]: row for row in reports.promises(company.app, by=["role"]).of("promises")}
    assert (told["receptionist"].numerator, told["receptionist"].denominator) == (1, 1)
    assert (told["manager"].numerator, told["manager"].denominator) == (0, 1)
    # Made for day 3, 5 and 9; the last one is not due yet, though it was kept.
    remade = reports.promises(company.app).of("promises_remade")[0]
    assert remade.parts == {"made": 3, "remade_in_time": 0, "remade_late": 1}
    assert (remade.numerator, remade.denominator, remade.censored) == (1, 2, 1)


def test_a_promise_kept_before_its_date_counts_once_the_date_has_passed(company: Company) -> None:
    for number, back in ((1, 2), (2, None)):
        ticket = company.repairs(number, 0, None)
        company.finds(ticket, e.PromiseMade(due_at=day(4)), day(1))
        if back is not None:
            company.finds(ticket, e.UnitHandedBack(), day(back))
    told = {}
    for now in (4, 4.1):
        company.now = day(now)
        for row in reports.promises(company.app).rows[:2]:
            told[row.figure, now] = (row.numerator, row.denominator, row.censored)
            assert row.parts is not None
            assert row.parts["kept_before_due"] == (now == 4)
    # One kept on day 2, one not at all; both are for day 4, and neither says anything sooner.
    assert told == dict.fromkeys((("promises", 4), ("promises_first", 4)), (0, 0, 2)) | dict.fromkeys(
        (("promises", 4.1), ("promises_first", 4.1)), (1, 2, 0)
    )


def test_promises_and_clocks_of_cancelled_tickets_are_left_out_and_counted(company: Company) -> None:
    for number, outcome in ((1, "repaired"), (2, "cancelled")):
        ticket = company.repairs(number, 0, None)
        company.finds(ticket, e.PromiseMade(due_at=day(3)), day(1))
        company.finds(ticket, e.UnitHandedBack(), day(2))
        company.finds(ticket, e.TicketClosed.model_validate({"outcome": outcome}), day(2))
    company.now = day(30)
    for row in reports.promises(company.app).rows:
        assert (row.denominator, row.excluded) == (1, 1)
    for report in (reports.sla(company.app), reports.sla(company.app, under="contract@1"), reports.sites(company.app)):
        clocks = [row for row in report.rows if row.group.get("clock") is not None and row.percentiles is None]
        assert clocks
        assert {(row.denominator, row.excluded) for row in clocks} <= {(1, 1), (0, 1)}
        assert all(row.parts["of_cancelled"] == 1 for row in clocks if row.parts is not None)


def test_a_ticket_cancelled_after_a_finished_cycle_counts_all_the_same(company: Company) -> None:
    ticket = company.repairs(1, 0, 1)
    company.finds(ticket, e.TicketReopened(ground="complaint"), day(5))
    company.finds(ticket, e.TicketClosed(outcome="cancelled"), day(6))
    company.now = day(30)
    assert (of(reports.sla(company.app)).denominator, of(reports.sla(company.app)).excluded) == (1, 0)


def test_on_site_a_promise_is_kept_by_the_end_of_the_work(company: Company) -> None:
    ticket = company.opens(1, day(0), channel="on_site")
    company.finds(ticket, e.PromiseMade(due_at=day(2)), day(0))
    company.finds(ticket, e.DiagnosisStarted(), day(1))
    company.finds(ticket, e.RepairStarted(), day(1))
    company.finds(ticket, e.RepairCompleted(), day(1.5))
    company.now = day(9)
    with Company() as without_policy:
        for fact in company.app.history(ticket):
            if isinstance(fact.event, e.TicketOpened):
                without_policy.opens(1, day(0), channel="on_site")
            else:
                without_policy.finds(ticket, fact.event, fact.occurred_at)
        without_policy.now = day(9)
        assert reports.promises(without_policy.app).of("promises")[0].value == 100.0
    # The policy's clock waits for a hand-back, which never comes on site.
    assert reports.promises(company.app).of("promises")[0].value == 0.0


# from rows and from the log


def agree(company: Company) -> None:
    head = company.app.store.head()
    for report, asked in ASKED:
        current = report(company.app, **asked)
        past = report(company.app, **asked, as_of=company.now, position=head)
        assert current.to_json() == past.to_json()
        assert current.to_csv() == past.to_csv()


MADE = e.PromiseMade(due_at=day(20))


def lived(company: Company, deeds: list[Deed]) -> None:
    publishes(company, OFFICE, CONTRACT)
    live(company, deeds)
    for number in (1, 2):
        company.finds(company.app.find(f"T-{number}"), MADE, day(number))


@given(DEEDS)
@settings(max_examples=12)
def test_rows_and_log_give_the_same_reports_of_clocks(deeds: list[Deed]) -> None:
    with Company() as company:
        lived(company, deeds)
        agree(company)


def test_reports_of_clocks_are_the_same_to_the_byte_on_every_store(sqlite_url: str, postgres_url: str) -> None:
    printed = []
    for url in ("memory:", sqlite_url, postgres_url):
        with Company(url) as company:
            lived(company, FIXED)
            agree(company)
            printed.append([report(company.app, **asked).to_json() for report, asked in ASKED])
    assert printed[0] == printed[1] == printed[2]
    sla = json.loads(printed[0][0])
    assert sum(row["denominator"] for row in sla["rows"]) > 0, "something was judged"


def test_the_parts_of_the_ledger_are_the_turnaround_of_each_group(company: Company) -> None:
    live(company, FIXED)
    report = reports.ledger(company.app, by=["manufacturer"])
    wholes = {row.group["manufacturer"]: row.numerator for row in report.of("ledger_turnaround")}
    parts = dict.fromkeys(wholes, 0)
    for row in report.of("ledger"):
        parts[row.group["manufacturer"]] += row.numerator
    assert parts == wholes
    assert wholes["ACME"] > 0, "somebody was received"
