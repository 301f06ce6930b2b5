"""The bench in short: no time is asked for, but that both sides do the same, and that a difference is told."""

import json
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import due_dates as entry
from tests.bench.compared import Compared, rate
from ticketing.domain import clock
from ticketing.domain.hours import Hours, micros


def test_both_find_the_same_due_dates_by_a_calendar_with_holidays() -> None:
    calendar = entry.two_years()
    assert calendar.frozen is not None
    # Ten public holidays a year in Berlin, and the 8th of May 2025.
    assert len(calendar.frozen.holidays) == 21
    hours, rules = Hours.of([calendar]), entry.rules_of(calendar)
    some = entry.asked(150)
    found = [entry.ours(hours, one) for one in some]
    assert found == [entry.theirs(rules, one) for one in some]
    assert max(micros(due) for due in found if due is not None) < hours.horizon
    # Most are later than they would be without their pauses.
    targets = [(micros(one.start), int(one.target.total_seconds()) * 10**6) for one in some]
    without = [clock.due(hours, start, target, ()) for start, target in targets]
    assert sum(due is not None and micros(due) != plain for due, plain in zip(found, without, strict=True)) > 75


def test_due_dates_that_differ_are_told_and_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = entry.two_years()
    assert calendar.frozen is not None
    one_holiday = calendar.frozen.model_copy(update={"holidays": calendar.frozen.holidays[-1:]})
    rules = entry.rules_of(calendar.model_copy(update={"frozen": one_holiday}))
    monkeypatch.setattr(entry, "rules_of", lambda _: rules)
    with pytest.raises(ValueError, match=r"ours is .*, theirs "):
        entry.due_dates(count=150, repeats=1)


def test_an_entry_is_printed_and_its_figures_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Compared("theirs 1.0", "many things", 100, ours=(900.0, 1100.0, 1000.0), theirs=(9.0, 10.0, 8.0))
    monkeypatch.setattr(bench, "ENTRIES", {"things": lambda: found})
    monkeypatch.setattr(bench, "FIGURES", tmp_path / "bench.json")
    assert bench.main([]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == [
        *("things", "1,000", "(900–1,100)", "9", "(8–10)", "110", "(100–125)", "100"),
    ]
    kept = json.loads((tmp_path / "bench.json").read_text())["entries"]["things"]
    assert (kept["per_second"], kept["their_per_second"], kept["ratio"]) == (1000, 9, 110)
    assert kept["spread"]["ratio"] == [100, 125]
    assert kept["repeats"] == 3


def test_a_rate_counts_every_call_that_was_made() -> None:
    calls: list[int] = []

    def work() -> None:
        calls.append(sum(range(20_000)))

    assert rate(3, work, at_least=0.01) <= 3 * len(calls) / 0.01
    assert len(calls) >= 1


def test_an_entry_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["due_date"]) == 2
    assert "there is no entry due_date; there are due_dates" in capsys.readouterr().err
