"""What a report looks like as JSON and CSV, and what it refuses to be asked."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.repairs import Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput


@pytest.fixture
def company() -> Company:
    return Company()


def test_a_report_is_one_json_object_in_a_fixed_order(company: Company) -> None:
    company.repairs(1, 0, 1)
    company.now = day(2)
    assert (
        reports.first_pass(company.app).to_json()
        == """\
{
  "figure": "first_pass",
  "definition": "first_pass@2",
  "parameters": {
    "by": []
  },
  "cohort": "presented_in",
  "from": null,
  "to": null,
  "as_of": "2026-01-03T00:00:00.000000Z",
  "known_at": null,
  "zone": "UTC",
  "position": 4,
  "set_aside": 0,
  "rows": [
    {
      "figure": "first_pass",
      "definition": "first_pass@2",
      "cohort": "presented_in",
      "group": {},
      "value": null,
      "reason": "no ticket was presented in the period",
      "unit": "per 100",
      "numerator": 0,
      "denominator": 0,
      "excluded": 0,
      "censored": 0,
      "low": null,
      "high": null
    },
    {
      "figure": "reworked",
      "definition": "reworked@2",
      "cohort": "presented_in",
      "group": {},
      "value": null,
      "reason": "no ticket was presented in the period",
      "unit": "per 100",
      "numerator": 0,
      "denominator": 0,
      "excluded": 0,
      "censored": 0,
      "low": null,
      "high": null
    }
  ]
}"""
    )


def test_a_table_has_one_column_per_number(company: Company) -> None:
    company.repairs(1, 0, 1)
    company.now = day(2)
    report = reports.turnaround(company.app, by=["site"], within_days=1)
    true, closed, share = csv.DictReader(io.StringIO(report.to_csv()))
    assert list(true) == [
        *(
            "figure",
            "definition",
            "cohort",
            "site",
            "value",
            "p50",
            "p50_low",
            "p50_high",
            "p90",
            "p90_low",
            "p90_high",
        ),
        *("unit", "numerator", "denominator", "excluded", "censored", "low", "high", "reason"),
    ]
    assert (true["site"], true["p50"], true["unit"]) == ("berlin", "24.0", "h")
    assert (closed["figure"], closed["p50_low"]) == ("turnaround_closed", "")
    assert (share["value"], share["high"]) == ("100.0", "100.0")


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"by": ["manufaturer"]}, "there is no dimension manufaturer; the nearest is manufacturer"),
        ({"by": ["site", "site"]}, "the dimension site is named twice"),
        ({"cohort": "open_in"}, "turnaround is not defined over the cohort open_in; the nearest is opened_in"),
        ({"zone": "Berlin"}, "there is no zone Berlin; one is written like Europe/Berlin"),
        ({"zone": "../etc"}, "there is no zone ../etc"),
        (
            {"from_": "2026-02-01", "to": "2026-01-31"},
            "the period ends before it starts: from 2026-02-01 to 2026-01-31",
        ),
        ({"from_": "yesterday"}, "from yesterday: give a date, or an instant with a zone"),
        ({"to": "9999-12-31"}, "to 9999-12-31: no calendar goes that far"),
        ({"as_of": datetime(2026, 1, 1)}, "as_of 2026-01-01 00:00:00: give a date, or an instant"),  # noqa: DTZ001
        ({"as_of": day(1)}, "as_of 2026-01-02T00:00:00.000000Z is after now, 2026-01-01T00:00:00.000000Z"),
        ({"position": 1}, "there is no position 1: the log ends at 0"),
        ({"percentiles": (50, 100)}, "percentiles 50, 100: name at least one, from 1 to 99"),
        ({"unit": "min"}, "there is no unit min: a turnaround is in s, h or d"),
        ({"within_days": -1}, "within_days -1: days are counted from 0"),
        ({"to": datetime.max.replace(tzinfo=UTC)}, "to 9999-12-31 23:59:59.999999+00:00: no calendar goes that far"),
        ({"within": 10}, "within is no parameter of turnaround; the nearest is within_days"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_one_line(
    company: Company, asked: dict[str, Any], refusal: str
) -> None:
    with pytest.raises(BadInput) as refused:
        reports.turnaround(company.app, **asked)
    assert str(refused.value).startswith(refusal)
    assert "\n" not in str(refused.value)


def test_a_report_is_found_by_its_name_or_the_nearest_is_named() -> None:
    assert reports.named("backlog") is reports.backlog
    with pytest.raises(BadInput, match="there is no report turnarond; the nearest is turnaround"):
        reports.named("turnarond")


@pytest.mark.parametrize("name", sorted(reports.REPORTS.keys() - {"scorecard"}))  # whose groups are its contract's
def test_no_report_answers_a_question_that_it_does_not_understand(company: Company, name: str) -> None:
    with pytest.raises(BadInput, match=f"bye is no parameter of {name}; the nearest is by"):
        reports.named(name)(company.app, bye=["month"])


@pytest.mark.parametrize("name", sorted(reports.REPORTS.keys() - {"scorecard"}))  # whose groups are its contract's
def test_a_report_is_printed_again_to_the_byte_by_its_as_of_and_position(company: Company, name: str) -> None:
    ticket = company.repairs(1, 0, 3)
    company.finds(ticket, e.QcPassed(), day(2))
    still_here = company.repairs(2, 1, None)
    company.now = day(9.5)
    first = reports.named(name)(company.app, by=["month"])
    # What comes later: a fact of the time before, a correction of what was known, another ticket, another day.
    company.now = day(20)
    company.complains(still_here, 5)
    company.corrects(ticket, 1, "model", "P8", day(21))
    company.finds(still_here, e.UnitHandedBack(), day(22))
    company.repairs(3, 4, 30)
    company.now = day(140)
    again = reports.named(name)(company.app, by=["month"], as_of=first.as_of, position=first.position)
    assert again.to_json() == first.to_json()
    assert again.to_csv() == first.to_csv()
    assert reports.named(name)(company.app, by=["month"]).to_json() != first.to_json()


@pytest.mark.parametrize(
    ("at", "zone", "month"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), "America/New_York", "0001-01"),
        (datetime(2026, 1, 1, tzinfo=UTC), "America/New_York", "2025-12"),
        (datetime(2026, 1, 31, 23, tzinfo=UTC), "Asia/Tokyo", "2026-02"),
    ],
)
def test_a_month_is_that_of_the_zone_as_far_as_the_calendar_goes(
    company: Company, at: datetime, zone: str, month: str
) -> None:
    company.opens(1, at)
    company.now = day(60)
    (row, *_) = reports.complaint_rate_opened(company.app, by=["month"], zone=zone).rows
    assert row.group == {"month": month}
