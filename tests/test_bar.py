"""Small bars in tables: drawn to one scale, seen without colour, and left out where they would mislead."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.program import asked
from tests.repairs import Company
from ticketing.cli.bar import bar, interval, profile, stretches
from ticketing.cli.row_bars import bars_of, is_too_few
from ticketing.projections.report import ReportRow


def test_a_bar_is_as_long_as_its_value_to_an_eighth_of_a_column() -> None:
    # 3 of 10 on 16 columns are 4.8 columns, which is 4 and six eighths.
    assert [bar(value, 10, 16) for value in (3, 10, 0, 0.001)] == ["████▊", "█" * 16, "", "▏"]


def test_an_interval_has_its_point_between_its_limits() -> None:
    # Columns of 2 each: from 2 to 8 are the second to the fifth, 5 is in the third.
    assert interval(2, 5, 8, 20, 10) == " ░█░░"
    assert interval(0, 0, 3, 20, 10) == "█░"
    assert interval(15, 20, 20, 20, 10) == "       ░░█"


def test_percentiles_lie_within_each_other_and_one_that_is_not_reached_goes_on() -> None:
    assert stretches(4, 8, 8, 9) == "████▒▒▒▒"
    assert stretches(4, None, 8, 9) == "████▒▒▒▒…"
    assert stretches(None, None, 8, 9) == "▒▒▒▒▒▒▒▒…"
    assert stretches(8, 8, 8, 9) == "████████"


def test_ages_stand_beside_each_other_and_none_is_a_blank() -> None:
    assert profile((0, 1, 4, 8)) == " ▁▄█"
    assert profile((0, 0)) == "  "


numbers = st.floats(0, 1e6, allow_nan=False)


@given(numbers, numbers, numbers, st.integers(6, 20))
def test_no_bar_is_wider_than_its_room(one: float, two: float, three: float, width: int) -> None:
    low, value, high = sorted((one, two, three))
    drawn = [
        bar(value, high, width),
        interval(low, value, high, high, width),
        stretches(low, value, high, width),
        stretches(low, None, high, width),
    ]
    assert all(len(each) <= width for each in drawn)
    assert interval(low, value, high, high, width).count("█") == 1


# in tables


def rate(
    value: float | None, low: float = 0.0, high: float = 0.0, *, unit: str = "per 100", **more: object
) -> ReportRow:
    return ReportRow(
        figure="complaint_rate",
        definition="complaint_rate@1",
        cohort="handed_back_in",
        group={},
        value=value,
        low=low,
        high=high,
        unit=unit,
        numerator=1,
        denominator=1,
        **more,  # type: ignore[arg-type]
    )


def test_the_rates_of_a_table_share_a_scale() -> None:
    heading, drawn = bars_of([rate(10.0, 5.0, 20.0), None, rate(30.0, 25.0, 40.0)], 20)
    # Columns of 2 per 100 each.
    assert (heading, drawn) == ("", ["  ░░░█░░░░░", "", " " * 12 + "░░░█░░░░"])


@pytest.mark.parametrize(
    "rows",
    [
        [rate(10.0, 5.0, 20.0)],
        [rate(10.0, 5.0, 20.0), rate(None)],
        [rate(10.0, 5.0, 20.0), rate(10.0, 5.0, 20.0, unit="per 1,000")],
        [rate(10.0, unit="h"), rate(12.0, unit="d")],
    ],
)
def test_what_has_nothing_to_be_compared_with_or_no_common_scale_gets_no_bar(rows: list[ReportRow]) -> None:
    assert bars_of(rows, 20) == ("", [""] * len(rows))


def test_where_the_table_leaves_no_room_there_is_no_bar() -> None:
    rows = [rate(10.0, 5.0, 20.0), rate(30.0, 25.0, 40.0)]
    assert bars_of(rows, 9) == ("", ["", ""])
    assert all(bars_of(rows, 10)[1])


def test_a_group_below_the_minimum_n_has_a_paler_point() -> None:
    few = rate(10.0, 5.0, 20.0, compared={"is_too_few": True})
    assert is_too_few(few)
    assert bars_of([few, rate(30.0, 25.0, 40.0)], 20)[1][0] == "  ░░░▒░░░░░"


def test_bars_stand_in_tables_and_in_nothing_that_a_program_reads(sqlite_url: str) -> None:
    with Company(sqlite_url) as company:
        for number in range(12):
            company.repairs(number + 1, number, number + 3 + number % 3)
    blocks = set("█▒░▁▂▃▄▅▆▇▉▊▋▌▍▎▏")
    asking = ("report", "turnaround", "--as-of", "2026-02-01")
    assert blocks & set(asked(sqlite_url, *asking).stdout)
    printed = asked(sqlite_url, *asking, "--format", "json").stdout
    assert json.loads(printed)["rows"]
    assert not blocks & set(printed + asked(sqlite_url, *asking, "--format", "csv").stdout)
