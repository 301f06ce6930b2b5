"""The bench of large stores in short: no time is asked for, but that it measures what it says, and changes nothing."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.bench_large import __main__ as bench
from tests.bench_large.audit import audit
from tests.bench_large.clocks_due import clocks_due
from tests.bench_large.measured import measured
from tests.repairs import Company
from tests.test_audits import fill
from ticketing import audits


def test_the_audit_of_a_copied_world_is_the_same_on_both_stores_and_appends_nothing() -> None:
    figures: Any = audit(tickets=8, copies=2)
    assert (figures["tickets"], figures["is_equal"]) == (24, True)
    one, other = figures["stores"]["sqlite"], figures["stores"]["postgresql"]
    assert one["digest"] == other["digest"]
    assert one["appended"] == other["appended"] == 0
    assert one["events"] == other["events"] > 24 * 5
    assert one["decisions"] == other["decisions"] > 0
    assert one["decisions"] % 3 == 0  # the world and two copies of it
    assert 10 < one["peak_of_a_tenth_mib"] <= one["peak_mib"]


@pytest.mark.parametrize("parts", [1, 4, 500])
def test_what_is_measured_is_the_whole_audit_and_every_event(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, parts: int
) -> None:
    with Company(sqlite_url) as company:
        fill(company)
        whole = "".join(audits.disputes(company.app, under="ACME-IS@4").json_parts())
    monkeypatch.setattr("tests.bench_large.measured._PARTS", parts)
    taken = measured(sqlite_url, "ACME-IS@4")
    assert (taken.events, taken.decisions, taken.appended) == (36, 8, 0)
    assert taken.digest == sha256(whole.encode()).hexdigest()


def test_what_is_about_to_breach_is_the_same_by_an_index_as_by_a_scan_on_both_stores() -> None:
    figures: Any = clocks_due(tickets=2_000)
    sqlite, postgresql = figures["stores"]["sqlite"], figures["stores"]["postgresql"]
    assert (sqlite["is_equal"], postgresql["is_equal"]) == (True, True)
    assert 0 < sqlite["found"] == postgresql["found"] < 50
    assert sqlite["ratio"] > 1


def test_figures_of_an_entry_are_kept_beside_those_of_others(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    bench.keep("audit", {"ratio": 2}, path)
    bench.keep("growth", {"ratio": 1}, path)
    bench.keep("audit", {"ratio": 3}, path)
    kept = json.loads(path.read_text())
    assert kept["entries"] == {"audit": {"ratio": 3}, "growth": {"ratio": 1}}
    assert "Python" in kept["machine"]


def test_an_entry_that_there_is_not_is_refused() -> None:
    assert bench.main(["ausit"]) == 2
