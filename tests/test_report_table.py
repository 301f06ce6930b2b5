"""Tables of reports: every name as it is written, every heading where it belongs, and a legend of what is shown."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.repairs import MANAGER, WHY, Company, day
from ticketing import reports
from ticketing.cli.report_table import report_lines
from ticketing.domain import events as e
from ticketing.domain.measured import MeasuredFigure
from ticketing.domain.publishing import Publish
from ticketing.domain.reference import PolicyPublished
from ticketing.domain.values import SerialNumber
from ticketing.projections.good_work import GOOD_WORK
from ticketing.projections.report import Compared, Report, ReportRow


def shown(report: Report) -> list[str]:
    return [line.plain for line in report_lines(report)]


@pytest.fixture
def company() -> Company:
    return Company()


def marked(**of: Compared) -> list[str]:
    """A table of good work of these technicians."""
    rows = tuple(
        ReportRow(
            figure=GOOD_WORK.name,
            definition=GOOD_WORK.definition,
            cohort="by_figure",
            group={"technician": name},
            value=0,
            unit="figures",
            numerator=0,
            denominator=2,
            compared=compared,
        )
        for name, compared in of.items()
    )
    report = replace(reports.good_work(Company().app), rows=rows)
    return shown(report)


NOTHING: Compared = {"better": None, "worse": None, "is_marked": False}
BETTER: Compared = {"better": "first_pass", "worse": None, "is_marked": True}
BOTH: Compared = {"better": "first_pass", "worse": "complaint_rate", "is_marked": False}


def test_good_work_says_in_one_line_whom_it_marks_or_that_nobody_stands_out() -> None:
    headings, line, said = marked(t_1=NOTHING)[5:8]
    assert headings.split() == ["judged", "by", "better", "worse", "marked"]
    assert line.split() == ["t_1", "2", "no"]
    assert said == "nobody stands out: what differs is within chance"
    assert "marked: t_2" in marked(t_1=NOTHING, t_2=BETTER)
    assert "nobody is marked: whoever stands out is worse than the others in a figure" in marked(t_1=NOTHING, t_2=BOTH)


def test_a_percentile_that_no_line_reaches_keeps_its_heading(company: Company) -> None:
    for number in range(1, 11):
        company.repairs(number, number, 2 * number if number < 9 else None)
    company.now = day(40)
    report = reports.turnaround(company.app)
    headings, line = shown(replace(report, rows=report.of("turnaround")))[5:7]
    assert line[headings.index("p90 d") :].split()[0] == "…"


def test_names_and_ids_are_printed_as_they_are_and_words_of_ours_with_blanks(company: Company) -> None:
    ticket = company.opens(1, day(0), site="north_west")
    company.finds(ticket, e.UnitReceived(site="north_west"), day(0))
    company.finds(ticket, e.WaitStarted(cause="parts_manufacturer"), day(1))
    company.now = day(9)
    lines = shown(reports.backlog(company.app, by=["site"]))
    assert "north_west" in lines
    assert any("parts manufacturer" in line for line in lines)
    assert not any("parts_manufacturer" in line or "north west" in line for line in lines)


def test_every_block_of_a_table_is_called_as_its_legend_calls_it(company: Company) -> None:
    company.repairs(1, 0, None)
    company.now = day(9)
    lines = shown(reports.backlog(company.app))
    assert "backlog by state" in lines
    assert any(line.startswith("backlog by state: ") for line in lines)


@pytest.mark.parametrize(("basis", "said"), [(None, "undecided"), ("none", "customer pays")])
def test_a_repeat_is_said_to_be_paid_for_alike_in_the_table_and_in_the_list(
    company: Company, basis: e.Basis | None, said: str
) -> None:
    first = company.repairs(1, 0, 2)
    company.finds(first, e.UnitIdentified(serial=SerialNumber(text="S")), day(0))
    company.finds(first, e.RepairCompleted(), day(1))
    again = company.opens(2, day(10))
    company.finds(again, e.UnitIdentified(serial=SerialNumber(text="S")), day(10))
    if basis is not None:
        company.finds(again, e.EntitlementDecided(basis=basis, reason=WHY), day(11))
    company.now = day(300)
    lines = shown(reports.repeats(company.app))
    assert any(line.startswith(f"  of these, {said} ") for line in lines)
    assert any(line.endswith(f", {said}") for line in lines)


@pytest.mark.parametrize("name", ["funnel", "control_chart", "good_work"])
def test_where_there_is_no_group_the_reason_stands_alone(company: Company, name: str) -> None:
    asked = {"by": ["site"]} if name == "funnel" else {}
    lines = shown(reports.REPORTS[name](company.app, **asked))
    assert "none" not in lines
    assert "complaint rate: no ticket handed back in the period has been back for 30 days" in lines


def test_a_comparison_says_which_end_its_rank_begins_at(company: Company) -> None:
    company.repairs(1, 0, 2)
    company.now = day(90)
    told = " ".join(line.strip() for line in shown(reports.funnel(company.app, by="site")))
    assert "rank: 1 is the highest rate, which is the worst of what went wrong" in told


def test_a_scorecard_says_what_its_figures_mean_and_when_an_empty_one_is_missed(company: Company) -> None:
    figures = (
        MeasuredFigure(figure="turnaround", percentile=90, at_most=Decimal(3), minimum_n=1),
        MeasuredFigure(figure="within_days", days=3, at_least=Decimal(60), minimum_n=1),
    )
    thing = PolicyPublished(key="c", version=1, effective_from=day(0), manufacturer="ACME", figures=figures)
    company.app.handle(Publish(actor=MANAGER, thing=thing))
    company.repairs(1, 0, None)
    company.now = day(9)
    lines = shown(reports.scorecard(company.app, manufacturer="ACME"))
    assert any(line.startswith("  handed back within, 3 d ") for line in lines)
    told = " ".join(line.strip() for line in lines)
    assert "handed back within: handed back within the days of first receipt ÷" in told
    assert "misses its target once its lower limit is past it" in told
