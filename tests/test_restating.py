"""Restating: what a late fact, a correction and a reopening change, and nothing else."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.repairs import Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput
from ticketing.projections.report import Report
from ticketing.restating import Restatement, restatement

ASKED: dict[str, tuple[Callable[..., Report], dict[str, Any]]] = {
    "turnaround": (reports.turnaround, {"within_days": 3}),
    "complaint_rate": (reports.complaint_rate, {"w_days": 5, "h_days": 10}),
    "first_pass": (reports.first_pass, {}),
    "backlog": (reports.backlog, {}),
    "ledger": (reports.ledger, {}),
    "promises": (reports.promises, {}),
}


@pytest.fixture
def company() -> Company:
    """Five tickets handed back after one to five days, the last still open; passed by the inspector."""
    company = Company()
    for number in range(1, 6):
        ticket = company.repairs(number, 0, None if number == 5 else number)
        company.finds(ticket, e.RepairCompleted(), day(number - 0.75))
        company.finds(ticket, e.QcPassed(), day(number - 0.5))
        company.finds(ticket, e.PromiseMade(due_at=day(3)), day(0.1))
    company.now = day(30)
    return company


def printed(company: Company) -> dict[str, str]:
    return {name: report(company.app, **asked).to_json() for name, (report, asked) in ASKED.items()}


def restated(company: Company, before: dict[str, str], as_of: datetime | None = None) -> dict[str, Restatement]:
    cuts: dict[str, Any] = {} if as_of is None else {"as_of": as_of}
    found = {name: restatement(company.app, text, **cuts) for name, text in before.items()}
    return {name: one for name, one in found.items() if one.rows or one.tickets}


def test_nothing_is_restated_where_nothing_was_recorded(company: Company) -> None:
    before = printed(company)
    assert restated(company, before) == {}


def test_a_late_complaint_changes_the_complaint_rates_alone(company: Company) -> None:
    before = printed(company)
    company.now = day(40)
    ticket = company.app.ticket("T-2").ticket_id
    complaint = e.ComplaintReceived(complaint_id="late", about="service", complaint_class="delay")
    company.finds(ticket, complaint, day(4))  # recorded on day 40
    found = restated(company, before, as_of=day(30))
    assert found.keys() == {"complaint_rate"}
    one = found["complaint_rate"]
    rows: Any = one.plain()["rows"]
    assert [(row["figure"], row["was"]["numerator"], row["now"]["numerator"]) for row in rows] == [
        ("complaint_rate", 0, 1),
        ("complaint_rate_opened", 0, 1),
    ]
    (changed,) = one.tickets
    assert (changed.ticket, changed.was, changed.now) == (
        "T-2",
        {"complaint_rate": "counted, without", "complaint_rate_opened": "counted, without"},
        {"complaint_rate": "counted, had it", "complaint_rate_opened": "counted, had it"},
    )
    (because,) = changed.because
    assert (because.fact, because.what, because.late_seconds) == ("ComplaintReceived", "late_entry", 36 * 86_400)
    assert json.loads(one.to_json())["tickets"][0]["because"][0]["what"] == "late_entry"


def test_a_correction_changes_what_it_is_about_alone(company: Company) -> None:
    before = printed(company)
    history = company.app.history("T-4")
    (back,) = [fact.version for fact in history if isinstance(fact.event, e.UnitHandedBack)]
    company.corrects(history[0].stream_id, back, "occurred_at", day(2), day(35))
    found = restated(company, before, as_of=day(30))
    assert found.keys() == {"turnaround", "ledger", "promises"}
    (changed,) = found["turnaround"].tickets
    assert changed.was == {"within_days": "counted, without", "ended": "after 4 d", "closed": "after 4 d"}
    assert changed.now == {"within_days": "counted, had it", "ended": "after 2 d", "closed": "after 2 d"}
    assert [(one.fact, one.what, one.field) for one in changed.because] == [
        ("UnitHandedBack", "correction", "occurred_at")
    ]
    (kept,) = found["promises"].tickets
    assert (list(kept.was.values()), list(kept.now.values())) == (["broken"], ["kept"])


def test_a_reopened_ticket_is_open_again_and_in_the_backlog_and_complained_of_no_more_than_before(
    company: Company,
) -> None:
    before = printed(company)
    company.finds(company.app.ticket("T-1").ticket_id, e.TicketReopened(ground="same_fault"), day(31))
    found = restated(company, before, as_of=day(31))
    assert "complaint_rate" not in found
    assert "first_pass" not in found
    ((changed,), (waits,)) = (
        [one for one in found[name].tickets if one.ticket == "T-1"] for name in ("turnaround", "backlog")
    )
    assert (changed.was["ended"], changed.now["censored"]) == ("after 1 d", "still open")
    assert [(one.fact, one.what) for one in changed.because] == [("TicketReopened", "since")]
    assert (waits.was, waits.now["state"]) == ({}, "handed_back")
    assert {one.ticket for name in found for one in found[name].tickets if one.because} == {"T-1"}


def test_a_ticket_that_changed_by_waiting_says_so(company: Company) -> None:
    before = reports.turnaround(company.app, within_days=40).to_json()
    company.now = day(50)
    one = restatement(company.app, before)
    assert {changed.otherwise for changed in one.tickets} == {"time_or_elsewhere"}
    assert {changed.now["within_days"] for changed in one.tickets} == {"counted, had it", "counted, without"}


def test_another_definition_is_told(company: Company) -> None:
    before = json.loads(reports.first_pass(company.app).to_json())
    for told in (before, *before["rows"]):
        told["definition"] = f"{told['definition'][:-1]}0"
    one = restatement(company.app, json.dumps(before))
    assert one.is_defined_otherwise
    assert one.plain()["before"]["definition"] == "first_pass@0"  # type: ignore[index]
    assert not one.tickets


def test_a_report_of_a_longer_log_is_refused(company: Company) -> None:
    before = json.loads(reports.first_pass(company.app).to_json())
    before["position"] = 10_000
    with pytest.raises(BadInput, match="printed at position 10000"):
        restatement(company.app, json.dumps(before))
    with pytest.raises(BadInput, match="zone is the printed report's"):
        restatement(company.app, json.dumps(before), zone="Europe/Berlin")
