"""Comparisons: which site stands out, and which month, as reports of a store."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.program import asked
from tests.repairs import MANAGER, Company, day
from tests.time_stories import clock, policy
from ticketing import reports
from ticketing.cli.report_table import report_lines
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput
from ticketing.domain.publishing import Publish
from ticketing.projections.outliers import binomial_limits, funnel, laney
from ticketing.projections.report import Report, ReportRow

WORKSHOPS = {"berlin": (30, 2), "munich": (24, 11), "ulm": (4, 2), None: (3, 3)}
"""How many tickets each handed back, and how many of them were complained about, by model, each repaired at a site of
its name; those of None say no model."""


def live(company: Company) -> None:
    """Every fourth day each workshop hands one back, until it has none left."""
    number = 0
    for site, (repairs, complaints) in WORKSHOPS.items():
        for place in range(repairs):
            number += 1
            ticket = company.opens(number, day(4 * place), site=site or "berlin", model=site)
            company.finds(ticket, e.UnitReceived(site=site or "berlin"), day(4 * place))
            company.finds(ticket, e.UnitHandedBack(), day(4 * place + 1))
            if place < complaints:
                company.complains(ticket, 4 * place + 2)
    company.now = day(400)


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with Company() as company:
        live(company)
        yield company


def _compared(row: ReportRow) -> Mapping[str, Any]:
    assert row.compared is not None
    return row.compared


def _by_model(report: Report) -> dict[str | None, ReportRow]:
    return {row.group["model"]: row for row in report.rows}


def test_each_group_is_compared_with_all_others_of_a_known_value(company: Company) -> None:
    report = reports.funnel(company.app, by=["model"])
    rows = _by_model(report)
    assert list(rows) == [None, "berlin", "munich", "ulm"]
    # Of 58 tickets of a known model 15: 25.862069 per 100; the 3 of 3 of none are nobody's.
    assert {_compared(row)["pooled"] for row in report.rows} == {25.862069}
    [_, munich, _] = funnel([(2, 30), (11, 24), (2, 4)], 20)
    assert munich.p is not None
    assert munich.p_adjusted is not None
    assert munich.limits is not None
    assert munich.wide_limits is not None
    assert rows["munich"].value == 45.833333
    assert _compared(rows["munich"]) == {
        "pooled": 25.862069,
        "low_95": round(100 * munich.limits[0], 6),
        "high_95": round(100 * munich.limits[1], 6),
        "low_998": round(100 * munich.wide_limits[0], 6),
        "high_998": round(100 * munich.wide_limits[1], 6),
        "p": round(munich.p, 6),
        "p_adjusted": round(munich.p_adjusted, 6),
        "rank": 1,
        "stands_out": "above",
        "is_too_few": False,
    }
    assert (_compared(rows["berlin"])["stands_out"], _compared(rows["berlin"])["rank"]) == ("below", 2)


def test_a_group_of_too_few_is_shown_and_not_judged(company: Company) -> None:
    ulm = _by_model(reports.funnel(company.app, by="model"))["ulm"]
    assert (ulm.value, ulm.denominator, ulm.reason) == (50.0, 4, "fewer than 20: not ranked")
    [limits] = binomial_limits(15 / 58, [4], 0.025)
    assert limits is not None
    assert (_compared(ulm)["low_95"], _compared(ulm)["high_95"]) == tuple(round(100 * limit, 6) for limit in limits)
    assert [_compared(ulm)[name] for name in ("p", "rank", "stands_out", "is_too_few")] == [None, None, None, True]
    assert _compared(_by_model(reports.funnel(company.app, by="model", minimum_n=4))["ulm"])["rank"] == 1


def test_tickets_of_an_unknown_model_are_shown_and_compared_with_nothing(company: Company) -> None:
    unknown = _by_model(reports.funnel(company.app, by="model", minimum_n=1))[None]
    assert (unknown.value, unknown.reason) == (100.0, "model unknown: compared with no other")
    assert [_compared(unknown)[name] for name in ("low_95", "p", "rank", "stands_out")] == [None] * 4


def test_a_comparison_takes_and_names_the_parameters_of_the_rate(company: Company) -> None:
    report = reports.funnel(company.app, of="complaint_rate", by=("site", "model"), w_days=0, to="2026-06-30")
    assert {row.numerator for row in report.rows} == {0}
    assert (report.figure, report.definition, report.cohort, report.to) == (
        "funnel",
        "funnel@1",
        "handed_back_in",
        "2026-06-30",
    )
    assert report.parameters == {
        "by": ("site", "model"),
        "of": "complaint_rate",
        "minimum_n": 20,
        "w_days": 0,
        "h_days": 90,
    }
    assert {(row.figure, row.definition) for row in report.rows} == {("complaint_rate", "complaint_rate@1")}
    header: dict[str, Any] = {**report.parameters, "to": report.to, "as_of": report.as_of, "position": report.position}
    again = reports.funnel(company.app, **header)
    assert again.to_json() == report.to_json()


def test_months_are_compared_with_all_of_them(company: Company) -> None:
    report = reports.control_chart(company.app, minimum_n=1)
    assert report.parameters == {
        "by": ("month",),
        "of": "complaint_rate",
        "minimum_n": 1,
        "w_days": 30,
        "h_days": 90,
    }
    rates = [(row.numerator, row.denominator) for row in report.rows]
    assert [row.group["month"] for row in report.rows] == ["2026-01", "2026-02", "2026-03", "2026-04"]
    chart = laney(rates)
    assert chart.centre == 18 / 61
    for row, point in zip(report.rows, chart.points, strict=True):
        assert chart.sigma_z is not None
        assert point is not None
        assert point.z is not None
        assert point.limits is not None
        assert point.limits_prime is not None
        assert _compared(row) == {
            "centre": 29.508197,
            "sigma_z": round(chart.sigma_z, 6),
            "z": round(point.z, 6),
            "low_p": round(100 * point.limits[0], 6),
            "high_p": round(100 * point.limits[1], 6),
            "low_p_prime": round(100 * point.limits_prime[0], 6),
            "high_p_prime": round(100 * point.limits_prime[1], 6),
            "is_signal_p": point.is_signal,
            "is_signal_p_prime": point.is_signal_prime,
            "is_too_few": False,
        }


def test_a_month_of_too_few_is_shown_and_no_signal(company: Company) -> None:
    report = reports.control_chart(company.app, minimum_n=24)
    assert [(row.value, row.reason, _compared(row)["is_signal_p"]) for row in report.rows][:1] == [
        (65.217391, "fewer than 24: not judged", False)
    ]
    assert {_compared(row)["is_too_few"] for row in report.rows} == {True}
    first = reports.control_chart(company.app, minimum_n=23).rows[0]
    assert _compared(first)["is_signal_p"] is True


def test_each_group_has_a_control_chart_of_its_own(company: Company) -> None:
    report = reports.control_chart(company.app, by=["site"], minimum_n=1)
    centres = {(row.group["site"], _compared(row)["centre"]) for row in report.rows}
    # Berlin 2 of 30 and the 3 of 3 of no model; one month of Ulm is alone.
    assert centres == {("berlin", 15.151515), ("munich", 45.833333), ("ulm", 50.0)}
    [ulm] = [row for row in report.rows if row.group["site"] == "ulm"]
    assert (_compared(ulm)["high_p_prime"], ulm.reason) == (None, "alone: neighbours are compared for p′")


def test_like_is_compared_with_like_where_a_report_tells_more_apart() -> None:
    slow_and_fast = policy(
        clock("fast", elapsed_hours=12, calendar=None), clock("slow", elapsed_hours=48, calendar=None)
    )
    with Company() as company:
        company.app.handle(Publish(thing=slow_and_fast, actor=MANAGER))
        for number, (site, days) in enumerate([("berlin", 1), ("berlin", 3), ("ulm", 1), ("ulm", 0.25)], 1):
            ticket = company.opens(number, day(0), site=site)
            company.finds(ticket, e.UnitReceived(site=site), day(0))
            company.finds(ticket, e.UnitHandedBack(), day(days))
        company.now = day(9)
        report = reports.funnel(company.app, of="sla", by=["site"], minimum_n=1)
    # In half a day none of Berlin's two and one of Ulm's; in two days one and two.
    found = {(row.group["clock"], row.group["site"]): (row.numerator, _compared(row)) for row in report.rows}
    assert {key: (met, compared["pooled"], compared["rank"]) for key, (met, compared) in found.items()} == {
        ("fast", "berlin"): (0, 25.0, 2),
        ("fast", "ulm"): (1, 25.0, 1),
        ("slow", "berlin"): (1, 75.0, 2),
        ("slow", "ulm"): (2, 75.0, 1),
    }
    assert report.differences is None


def test_a_period_without_tickets_has_no_rate_and_says_so(company: Company) -> None:
    for report in (
        reports.funnel(company.app, by=["site"], from_="2029-01-01"),
        reports.control_chart(company.app, from_="2029-01-01"),
    ):
        [row] = report.rows
        assert (row.value, row.reason) == (None, "no ticket handed back in the period has been back for 30 days")
        assert not any(_compared(row).values())


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "a funnel compares groups: name at least one dimension to group by, such as site"),
        ({"by": "sight"}, "there is no dimension sight; the nearest is site"),
        ({"by": "site", "minimum_n": 0}, "minimum_n 0: a group is judged by at least one case"),
        ({"by": "site", "of": "funnel"}, "there is no report funnel to compare; the nearest is"),
        ({"by": "site", "of": "complaint_rat"}, "no report complaint_rat to compare; the nearest is complaint_rate"),
        ({"of": "turnaround"}, "turnaround has no rate per 100 to compare, as complaint_rate has"),
        ({"by": "site", "of": "turnaround"}, "turnaround has no rate per 100 to compare, as complaint_rate has"),
        ({"by": "site", "w_day": 3}, "w_day is no parameter of funnel; the nearest is w_days"),
    ],
)
def test_what_cannot_be_compared_is_refused(company: Company, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        reports.funnel(company.app, **asked)


def test_a_chart_goes_by_one_kind_of_period(company: Company) -> None:
    with pytest.raises(BadInput, match="by month or by quarter, not by both"):
        reports.control_chart(company.app, by=["month", "quarter"])


def test_a_table_has_a_column_for_every_number_compared(company: Company) -> None:
    [first, *_] = csv.DictReader(io.StringIO(reports.funnel(company.app, by="site").to_csv()))
    assert first["pooled"] == "29.508197"
    assert set(first) > {"low_95", "high_95", "low_998", "high_998", "p", "p_adjusted", "rank", "stands_out"}


def test_people_read_who_stands_out_and_why(company: Company) -> None:
    lines = [line.plain for line in report_lines(reports.funnel(company.app, by="model"))]
    assert lines[:12] == [
        "funnel  funnel@1",
        "tickets handed back, all of them",
        "as of 2027-02-05T00:00:00.000000Z; zone UTC; position 201",
        "by model, of complaint rate, minimum n 20, w days 30, h days 90",
        "",
        "           n had it per 100 95 %          by chance     p rank stands out",
        "  unknown  3      3  100.00 43.85–100.00",
        "          model unknown: compared with no other",
        "  berlin  30      2    6.67 1.85–21.32   9.25–43.97 0.001    2      below",
        "  munich  24     11   45.83 27.89–64.93  7.08–46.36 0.006    1      above",
        "  ulm      4      2   50.00 15.00–85.00  0.00–90.00               too few",
        "  all     58     15   25.86",
    ]
    assert all(len(line) <= 80 for line in lines)


def test_people_read_which_month_is_a_signal(company: Company) -> None:
    lines = [line.plain for line in report_lines(reports.control_chart(company.app))]
    assert lines[5:11] == [
        "            n  had it  per 100    p limits    p′ limits   signal",
        "  2026-01  23      15    65.22  0.98–58.04   0.00–89.37        p         ░░░░█░░",
        "  2026-02  14       3    21.43  0.00–66.08  0.00–100.00  too few   ░░▒░░░░░",
        "  2026-03  16       0     0.00  0.00–63.71  0.00–100.00  too few  ▒░░░",
        "  2026-04   8       0     0.00  0.00–77.88  0.00–100.00  too few  ▒░░░░░",
        "  all      61      18    29.51                 σ_z 2.10",
    ]
    assert all(len(line) <= 80 for line in lines)


def _printed(url: str, *arguments: str) -> str:
    result = asked(url, "report", *arguments, "--as-of", "2026-07-31", "--format", "json")
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_every_store_and_the_command_give_the_same_comparisons(sqlite_url: str, postgres_url: str) -> None:
    given: list[dict[str, Any]] = [
        {"by": ["model"], "of": "complaint_rate_opened", "h_days": 60, "minimum_n": 4},
        {"by": ["site"], "w_days": 20},
    ]
    words = ["--by model --of complaint_rate_opened --h-days 60 --minimum-n 4", "--by site --w-days 20"]
    answers = []
    for url in (sqlite_url, postgres_url, "memory:"):
        with Company(url) as company:
            live(company)
            cut: dict[str, Any] = {"as_of": "2026-07-31"}
            answers.append(
                [
                    reports.funnel(company.app, **given[0], **cut).to_json() + "\n",
                    reports.control_chart(company.app, **given[1], **cut).to_json() + "\n",
                ]
            )
    assert answers[0] == answers[1] == answers[2]
    assert [
        _printed(sqlite_url, "funnel", *words[0].split()),
        _printed(sqlite_url, "control_chart", *words[1].split()),
    ] == answers[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("funnel", "a funnel compares groups"),
        ("funnel --by site --of complaint", "complaint"),
        ("funnel --by site --within 3", "--within is no parameter of funnel"),
        ("control_chart --minimum-n 0", "--minimum-n"),
        ("complaint_rate --of first_pass", "--of is no parameter of complaint_rate"),
    ],
)
def test_the_command_refuses_what_cannot_be_compared(sqlite_url: str, words: str, said: str) -> None:
    with Company(sqlite_url):
        result = asked(sqlite_url, "report", *words.split())
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert said in result.stderr
