"""Restating: what a late fact, a correction and a reopening change, and nothing else."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.repairs import RECEPTIONIST, WHY, Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput
from ticketing.domain.intake import OpenTicket
from ticketing.domain.values import PrivateText, SerialNumber, instant_text
from ticketing.projections.report import Report
from ticketing.restating import Changed, Restatement, restatement

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
    assert changed.was == {"within_days": "counted, without", "closed": "after 4 d"}
    assert changed.now == {"within_days": "counted, had it", "closed": "after 2 d"}
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
    assert (changed.was["closed"], changed.now["censored"]) == ("after 1 d", "still open")
    assert [(one.fact, one.what) for one in changed.because] == [("TicketReopened", "since")]
    assert (waits.was, waits.now["state"]) == ({}, "handed_back")
    assert {one.ticket for name in found for one in found[name].tickets if one.because} == {"T-1"}


def test_a_ticket_that_changed_by_waiting_says_so(company: Company) -> None:
    before = reports.turnaround(company.app, within_days=40).to_json()
    company.now = day(50)
    one = restatement(company.app, before)
    assert {changed.otherwise for changed in one.tickets} == {("time",)}
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


def of_ticket(found: Restatement, number: str) -> Changed:
    (one,) = [changed for changed in found.tickets if changed.ticket == number]
    return one


def test_of_the_facts_since_only_those_that_made_the_difference_are_named(company: Company) -> None:
    before = printed(company)
    history = company.app.history("T-4")
    ticket = history[0].stream_id
    (back,) = [fact.version for fact in history if isinstance(fact.event, e.UnitHandedBack)]
    company.finds(ticket, e.NoteRecorded(text=PrivateText(text="he called")), day(31))
    company.corrects(ticket, back, "occurred_at", day(2), day(32))
    company.finds(ticket, e.NoteRecorded(text=PrivateText(text="he called again")), day(33))
    for name in ("turnaround", "ledger", "promises"):
        (because,) = of_ticket(restatement(company.app, before[name], as_of=day(30)), "T-4").because
        assert (because.what, because.fact, because.field) == ("correction", "UnitHandedBack", "occurred_at")
        assert (because.was, because.is_now) == (instant_text(day(4)), instant_text(day(2)))


def test_time_and_a_late_fact_are_told_apart_where_both_made_a_difference(company: Company) -> None:
    before = printed(company)["backlog"]
    company.finds(company.app.ticket("T-5").ticket_id, e.WaitStarted(cause="payment", responsible="customer"), day(20))
    company.now = day(60)
    one = of_ticket(restatement(company.app, before, as_of=day(60)), "T-5")
    assert [because.fact for because in one.because] == ["WaitStarted"]
    assert one.otherwise == ("time",)


def test_a_case_that_is_listed_now_is_told_and_whose_it_is() -> None:
    with Company() as company:
        repaired = company.repairs(1, 0, 5)
        company.finds(repaired, e.RepairCompleted(), day(4))
        company.now = day(40)
        before = reports.repeats(company.app).to_json()
        again = company.opens(2, day(20))
        company.finds(again, e.RepeatLinked(previous_ticket=repaired, basis="same_unit"), day(41))
        one = restatement(company.app, before)
        assert [(case["ticket"], case["was"], case["now"]["repeat"]) for case in one.cases] == [("T-1", None, "T-2")]
        assert of_ticket(one, "T-1").otherwise == ("another_ticket",)
        company.retracts(again, company.app.history("T-2")[-1].version, day(42))
        two = restatement(company.app, reports.repeats(company.app, position=one.now.position).to_json())
        assert [(case["was"]["repeat"], case["now"]) for case in two.cases] == [("T-2", None)]


def test_an_open_imported_ticket_is_told_by_the_end_of_its_source() -> None:
    with Company() as company:
        opened = e.TicketOpened(number="T-1", site="berlin", channel="counter")
        company.imports(1, "log", [(opened, day(0)), (e.PromiseMade(due_at=day(3)), day(1))])
        company.now = day(50)
        before = reports.promises(company.app).to_json()
        other = e.TicketOpened(number="T-2", site="berlin", channel="counter")
        company.imports(2, "log", [(other, day(10))])
        found = restatement(company.app, before, as_of=day(50))
        one = of_ticket(found, "T-1")
        assert (list(one.was.values()), list(one.now.values())) == (["not due"], ["broken"])
        assert (one.because, one.otherwise) == ((), ("time",))
        assert {row["figure"] for row in found.rows} >= {"promises"}


def test_a_ticket_that_moves_to_another_group_is_told_in_reports_about_clocks(company: Company) -> None:
    asked: dict[str, tuple[Callable[..., Report], tuple[str, ...]]] = {
        "promises": (reports.promises, ("model",)),
        "ledger": (reports.ledger, ("model",)),
        "sites": (reports.sites, ("model",)),
    }
    before = {name: report(company.app, by=by).to_json() for name, (report, by) in asked.items()}
    company.corrects(company.app.ticket("T-2").ticket_id, 1, "model", "P8", day(31))
    for name, text in before.items():
        found = restatement(company.app, text, as_of=day(30))
        assert [one.ticket for one in found.tickets] == ["T-2"], name
        told = of_ticket(found, "T-2")
        assert [because.field for because in told.because] == ["model"], name
        assert any("P7" in how for how in told.was.values()), name
        assert any("P8" in how for how in told.now.values()), name


def test_how_long_a_unit_was_at_a_site_is_told(company: Company) -> None:
    before = reports.sites(company.app).to_json()
    history = company.app.history("T-4")
    (back,) = [fact.version for fact in history if isinstance(fact.event, e.UnitHandedBack)]
    company.corrects(history[0].stream_id, back, "occurred_at", day(3.5), day(35))
    (one,) = restatement(company.app, before, as_of=day(30)).tickets
    stay = f"stay at berlin from {day(0):%Y-%m-%dT%H:%M:%S.%fZ}"
    assert (one.was[stay], one.now[stay]) == ("4 d", "3 d 12 h")


def test_another_definition_is_told_apart_from_other_facts(company: Company) -> None:
    before = json.loads(reports.complaint_rate(company.app, w_days=5, h_days=10).to_json())
    for told in (before, *before["rows"]):
        told["definition"] = f"{told['definition'][:-1]}0"
    before["rows"][0]["numerator"] = 4
    company.complains(company.app.ticket("T-2").ticket_id, 4)
    rows: Any = restatement(company.app, json.dumps(before), as_of=day(30)).plain()["rows"]
    assert [rows[0][name]["numerator"] for name in ("was", "redefined", "now")] == [4, 0, 1]


def test_a_report_of_another_store_is_refused(company: Company) -> None:
    text = reports.turnaround(company.app).to_json()
    with Company() as other:
        for number in range(1, 20):
            other.repairs(number, 0, 9)
        other.now = day(30)
        with pytest.raises(BadInput, match="does not give what was printed: it is another store"):
            restatement(other.app, text)


def test_every_report_says_the_same_as_long_as_nothing_is_recorded(company: Company) -> None:
    for name, report in reports.REPORTS.items():
        if name == "scorecard":
            continue  # it needs a contract; what it is made of is asked here
        text = report(company.app, by=("site",)).to_json()
        found = restatement(company.app, text)
        assert (found.rows, found.cases, found.tickets) == ((), (), ()), name


def test_a_late_complaint_is_told_in_each_report_that_it_changes_and_in_no_other(company: Company) -> None:
    company.now = day(200)
    before = {
        name: report(company.app, by=("site",)).to_json()
        for name, report in reports.REPORTS.items()
        if name != "scorecard"
    }
    ticket = company.app.ticket("T-3").ticket_id
    company.finds(ticket, e.ComplaintReceived(complaint_id="late", about="service", complaint_class="delay"), day(4))
    told = {name: restatement(company.app, text, as_of=day(200)) for name, text in before.items()}
    changed = {name: one for name, one in told.items() if one.rows or one.tickets}
    of_complaints = {"complaint_rate", "complaint_rate_opened", "complaints", "control_chart", "funnel", "good_work"}
    assert changed.keys() == {*of_complaints, "hygiene"}
    for name, one in changed.items():
        (ticket_told,) = one.tickets
        assert ticket_told.ticket == "T-3", name
        assert [because.fact for because in ticket_told.because] == ["ComplaintReceived"], name
        assert ticket_told.otherwise == (), name


def of_unit(company: Company, number: int, opened: float, back: float) -> UUID:
    """A ticket of the one unit that all of these are about, repaired and handed back."""
    ticket = company.opens(number, day(opened))
    company.finds(ticket, e.UnitIdentified(manufacturer="ACME", serial=SerialNumber(text="S")), day(opened))
    company.finds(ticket, e.UnitReceived(site="berlin"), day(opened))
    company.finds(ticket, e.RepairCompleted(), day(back - 0.5))
    company.finds(ticket, e.UnitHandedBack(), day(back))
    return ticket


def test_where_another_ticket_is_why_that_one_is_named_and_no_fact_of_its_own_that_says_nothing_of_it() -> None:
    of_no_account = e.EntitlementDecided(basis="goodwill", reason=WHY)
    for fact in (of_no_account, e.TicketReopened(ground="same_fault")):
        with Company() as company:
            earlier = of_unit(company, 3, 0, 1)
            ticket = of_unit(company, 1, 10, 15)
            company.now = day(99)
            before = reports.repeat_rate(company.app, n_days=30).to_json()
            company.finds(ticket, fact, day(98))
            company.finds(earlier, of_no_account, day(98))
            of_unit(company, 2, 30, 31)
            told = of_ticket(restatement(company.app, before, as_of=day(99)), "T-1")
            assert (told.because, told.otherwise, told.others) == ((), ("another_ticket",), ("T-2",)), fact
            assert told.plain()["others"] == ["T-2"]


def test_a_serial_that_was_taken_back_is_why_a_repair_did_not_come_back() -> None:
    with Company() as company:
        repaired = of_unit(company, 1, 0, 5)
        of_unit(company, 2, 20, 21)
        company.now = day(200)
        before = reports.repeat_rate(company.app, n_days=30).to_json()
        company.retracts(repaired, 2, day(201))
        told = of_ticket(restatement(company.app, before, as_of=day(200)), "T-1")
        assert [(one.fact, one.what) for one in told.because] == [("UnitIdentified", "retraction")]
        assert (told.otherwise, told.others) == ((), ())


def test_a_message_to_the_customer_is_not_why_the_customer_came_again() -> None:
    with Company() as company:

        def opened(number: int, at: float, model: str) -> UUID:
            ticket = UUID(int=number)
            asked = OpenTicket(
                ticket_id=ticket,
                number=f"T-{number}",
                site="berlin",
                channel="counter",
                manufacturer="ACME",
                model=model,
                customer_ref="somebody",
                customer_kind="consumer",
                actor=RECEPTIONIST,
                occurred_at=day(at),
            )
            company.now = max(company.now, day(at))
            company.app.handle(asked)
            return ticket

        ticket = opened(1, 0, "P7")
        company.finds(ticket, e.UnitReceived(site="berlin"), day(0))
        company.finds(ticket, e.UnitHandedBack(), day(2))
        company.now = day(400)
        before = reports.recognition(company.app).to_json()
        company.finds(ticket, e.CustomerNotified(), day(1))
        opened(2, 50, "P8")
        told = of_ticket(restatement(company.app, before, as_of=day(400)), "T-1")
        assert (told.was["came_again"], told.now["came_again"]) == ("counted, without", "counted, had it")
        assert (told.because, told.otherwise, told.others) == ((), ("another_ticket",), ("T-2",))


def test_complaints_that_may_be_counted_by_now_are_told_by_time_alone() -> None:
    with Company() as company:
        company.complains(company.repairs(1, 0, 5), 8)
        company.now = day(20)
        before = reports.complaints(company.app, h_days=30).to_json()
        company.now = day(60)
        told = of_ticket(restatement(company.app, before), "T-1")
        assert "complaints_per_1000" in told.now
        assert (told.because, told.otherwise) == ((), ("time",))


@pytest.mark.parametrize("is_complaint_first", [True, False])
def test_two_late_facts_that_count_only_together_are_both_named(is_complaint_first: bool) -> None:
    with Company() as company:
        ticket = company.repairs(1, 0, None)
        company.now = day(80)
        before = reports.complaint_rate(company.app).to_json()
        if is_complaint_first:
            company.complains(ticket, 12)
        company.finds(ticket, e.UnitHandedBack(), day(10))
        if not is_complaint_first:
            company.complains(ticket, 12)
        company.finds(ticket, e.NoteRecorded(text=PrivateText(text="he called")), day(13))
        told = of_ticket(restatement(company.app, before, as_of=day(80)), "T-1")
        names = ["ComplaintReceived", "UnitHandedBack"]
        assert [one.fact for one in told.because] == (names if is_complaint_first else names[::-1])
        assert told.otherwise == ()


def test_a_ticket_is_told_only_by_the_figures_that_the_report_shows() -> None:
    with Company() as company:
        for number in range(1, 5):
            company.repairs(number, 0, 3)
        company.now = day(100)
        before = {
            "funnel": reports.funnel(company.app, by=["site"], minimum_n=1),
            "good_work": reports.good_work(company.app),
            "requests": reports.requests(company.app),
            "disputes": reports.disputes(company.app, h_days=10),
        }
        texts = {name: report.to_json() for name, report in before.items()}
        company.opens(9, day(50))  # never received, without request or dispute
        found = {name: restatement(company.app, text, as_of=day(100)).tickets for name, text in texts.items()}
        assert {name: [dict(one.now) for one in tickets] for name, tickets in found.items() if tickets} == {
            "disputes": [{"disputes": "left out"}]
        }


def test_a_report_of_a_definition_that_is_yet_to_come_is_refused(company: Company) -> None:
    before = json.loads(reports.complaint_rate(company.app).to_json())
    before["rows"][0] |= {"definition": "complaint_rate@7", "value": 55.0}
    with pytest.raises(BadInput, match=r"march\.json: it was printed by complaint_rate@7, and here there is"):
        restatement(company.app, json.dumps(before), place="march.json")


def test_what_is_wrong_with_a_report_names_its_file_and_what_is_wrong_with_the_question_does_not(
    company: Company,
) -> None:
    text = reports.complaint_rate(company.app).to_json()
    with pytest.raises(BadInput, match=r"^march\.json: this is no report"):
        restatement(company.app, text[:-1], place="march.json")
    with pytest.raises(BadInput, match=r"^as_of"):
        restatement(company.app, text, place="march.json", as_of=day(900))
