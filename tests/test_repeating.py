"""Repeating: what was printed comes out the same to the byte, on whatever day it is asked again."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.repairs import Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput
from ticketing.projections.report import Report
from ticketing.repeating import repeat
from ticketing.restating import restatement

PRINTED: tuple[tuple[Callable[..., Report], dict[str, Any]], ...] = (
    (reports.turnaround, {"within_days": 3, "variant": "in_house", "percentiles": (50, 75)}),
    (reports.turnaround, {"by": ("site", "month"), "zone": "Europe/Berlin", "from_": "2026-01-01", "to": "2026-02-28"}),
    (reports.turnaround_closed, {"cohort": "closed_in", "unit": "h"}),
    (reports.complaint_rate, {"by": ("model",), "w_days": 5, "h_days": 9, "as_of": day(20)}),
    (reports.backlog, {"older_than": 2, "known_at": day(12)}),
    (reports.ledger, {"by": ("cause", "site")}),
    (reports.sla, {"percentiles": (10,)}),
    (reports.funnel, {"of": "complaint_rate", "by": ("site",), "minimum_n": 1, "w_days": 4}),
    (reports.control_chart, {"of": "first_pass"}),
)


def year(company: Company) -> None:
    for number in range(1, 9):
        ticket = company.repairs(number, number, None if number % 4 == 0 else 2 * number)
        if number % 3 == 0:
            company.complains(ticket, 2 * number + 1)
    company.now = day(30)


@pytest.mark.parametrize(("report", "asked"), PRINTED)
def test_a_printed_report_repeats_to_the_byte_after_all_that_has_happened_since(
    report: Callable[..., Report], asked: dict[str, Any]
) -> None:
    with Company() as company:
        year(company)
        printed = report(company.app, **asked).to_json()
        company.finds(company.repairs(20, 3, 5), e.TicketReopened(ground="same_fault"), day(40))
        company.now = day(60)
        assert repeat(company.app, printed).to_json() == printed
        if report is reports.turnaround and not asked.get("by"):
            assert report(company.app, **asked).to_json() != printed


def test_every_report_repeats(store_url: str) -> None:
    with Company(store_url) as company:
        year(company)
        for name, report in reports.REPORTS.items():
            if name == "scorecard":
                continue  # the test of the scorecard repeats one
            asked = {"by": ("site",)} if name in {"funnel", "good_work"} else {}
            printed = report(company.app, **asked).to_json()
            assert repeat(company.app, printed).to_json() == printed, name


def printed_by(company: Company, **changed: object) -> str:
    plain = reports.complaint_rate(company.app).plain() | changed
    return json.dumps({name: given for name, given in plain.items() if given != "left out"})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"position": "left out"}, "'position' is missing"),
        ({"figure": "complant_rate"}, "no report complant_rate; the nearest is complaint_rate"),
        ({"definition": "complaint_rate@0"}, "printed by complaint_rate@0 and would be by complaint_rate@1 now"),
        ({"position": 999}, "there is no position 999: the log ends at"),
        ({"rows": []}, "does not give what was printed"),
        ({"rows": "none"}, "'rows' cannot be \"none\""),
        ({"rows": [{"figure": "complaint_rate"}]}, "'rows.0.definition' is missing"),
        ({"position": "3"}, "'position' cannot be \"3\""),
        ({"zone": 3}, "'zone' cannot be 3"),
        ({"known_at": 3}, "'known_at' cannot be 3"),
        ({"parameters": {"by": [], "w_day": 3}}, "w_day is no parameter of complaint_rate; the nearest is w_days"),
    ],
)
def test_what_is_no_report_of_this_store_is_refused(changed: dict[str, object], said: str) -> None:
    with Company() as company:
        year(company)
        with pytest.raises(BadInput, match=said):
            repeat(company.app, printed_by(company, **changed))


@pytest.mark.parametrize("text", ["", "[]", "figure", "{}"])
def test_what_is_no_report_at_all_is_refused(text: str) -> None:
    with Company() as company, pytest.raises(BadInput, match="this is no report"):
        repeat(company.app, text)


ROW = {"figure": "complaint_rate", "definition": "complaint_rate@1", "group": {}, "unit": "per 100"} | dict.fromkeys(
    ("numerator", "denominator", "excluded"), 0
)
NO_REPORTS: tuple[tuple[Callable[..., Report], dict[str, Any], str], ...] = (
    (reports.complaint_rate, {"parameters": {"by": [], "app": "x"}}, "app is no parameter of complaint_rate"),
    (reports.complaint_rate, {"parameters": {"by": [], "each": "x"}}, "each is no parameter of complaint_rate"),
    (reports.complaint_rate, {"parameters": {"by": [["a"]]}}, "'parameters.by' cannot be"),
    (reports.complaint_rate, {"parameters": {"w_days": "x"}}, "'parameters.w_days' cannot be \"x\""),
    (reports.sla, {"parameters": {"percentiles": {"a": 1}}}, "'parameters.percentiles' cannot be"),
    (reports.control_chart, {"parameters": {"by": [], "of": "sla", "percentiles": "x"}}, "'parameters.percentiles'"),
    (reports.complaint_rate, {"rows": [{**ROW, "definition": ["x"]}]}, "'rows.0.definition' cannot be"),
    (reports.complaint_rate, {"rows": [{**ROW, "definition": "x"}]}, "'rows.0.definition' cannot be \"x\""),
    (reports.complaint_rate, {"rows": [{**ROW, "figure": ["x"]}]}, "'rows.0.figure' cannot be"),
    (reports.complaint_rate, {"rows": [{**ROW, "group": {"a": {}}}]}, "'rows.0.group.a' cannot be {}"),
    (reports.complaint_rate, {"cases": 5}, "'cases' cannot be 5"),
    (reports.complaint_rate, {"differences": [5]}, "'differences.0' cannot be 5"),
)


@pytest.mark.parametrize(("report", "changed", "said"), NO_REPORTS)
def test_a_report_with_a_place_of_another_kind_is_refused_by_name(
    report: Callable[..., Report], changed: dict[str, Any], said: str
) -> None:
    with Company() as company:
        year(company)
        text = json.dumps(report(company.app).plain() | changed)
        for asked_again in (repeat, restatement):
            with pytest.raises(BadInput, match=rf"^march\.json: .*{re.escape(said)}"):
                asked_again(company.app, text, place="march.json")
