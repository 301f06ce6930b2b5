"""The bench of large stores in short: no time is asked for, but that it measures what it says, and changes nothing."""

import json
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.bench_large import __main__ as bench
from tests.bench_large.audit import audit
from tests.bench_large.clocks_due import clocks_due
from tests.bench_large.growth import growth
from tests.bench_large.measured import measured
from tests.bench_large.past_reports import past_report
from tests.bench_large.reports import BARE, STORES, bare, large, report, world
from tests.repairs import Company
from tests.test_audits import fill
from ticketing import audits, reports
from ticketing.application import Ticketing
from ticketing.projections.report import Report


@pytest.fixture
def one_server(postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would start a server of its own takes the one that is there."""
    monkeypatch.setenv("TICKETING_TEST_POSTGRES", postgres_server)


@pytest.mark.usefixtures("one_server")
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


@pytest.mark.usefixtures("one_server")
def test_what_is_about_to_breach_is_the_same_by_an_index_as_by_a_scan_on_both_stores() -> None:
    figures: Any = clocks_due(tickets=2_000)
    sqlite, postgresql = figures["stores"]["sqlite"], figures["stores"]["postgresql"]
    assert (sqlite["is_equal"], postgresql["is_equal"]) == (True, True)
    assert 0 < sqlite["found"] == postgresql["found"] < 50
    assert sqlite["ratio"] > 1


def asked(url: str, name: str, now: datetime, position: int | None) -> Report:
    with Ticketing(url, clock=lambda: now) as app:
        return reports.REPORTS[name](app, by=("site",), as_of=now, position=position)


def head(url: str) -> int:
    with Ticketing(url) as app:
        return app.store.head()


@pytest.mark.parametrize("store", STORES)
def test_rows_that_were_copied_give_the_report_so_many_times(store: str) -> None:
    for name, of in BARE.items():
        found: Any = report(name, store, tickets=8, copies=3)
        assert (found["tickets"], found["by_site"]["ratio"] > 0) == (32, True)
        url, now = large(store, 8, of.projection.name, 3)
        copied, once = (
            asked(one, name, now, position).rows for one, position in ((url, None), (world(8)[0], head(world(8)[0])))
        )
        assert [(row.figure, row.group, row.numerator, row.denominator, row.excluded) for row in copied] == [
            (row.figure, row.group, 4 * row.numerator, 4 * row.denominator, 4 * row.excluded) for row in once
        ]
        answer, _ = bare(url, of, ("site",))
        assert sum(line[1 + len(of.by)] for line in answer) % 4 == 0


@pytest.mark.parametrize("store", STORES)
def test_a_past_report_is_measured_beside_the_decode_of_the_whole_log(store: str) -> None:
    found: Any = past_report("sla", store, tickets=8, copies=2)
    assert found["tickets"] == 24
    assert found["events"] > 24 * 5
    assert found["rows"] > 8
    assert found["ratio"] > 0


@pytest.mark.parametrize("store", STORES)
def test_growth_is_measured_on_two_stores_one_of_which_has_more_copies_of_the_same_tickets(store: str) -> None:
    found: Any = growth(store, tickets=8, few=1, many=20, times=3)
    small, large = found["events"]
    assert large > 9 * small > 8 * 5
    for name in ("load", "append", "catch_up"):
        assert found[name]["ratio"] > 0
    for name in ("catch_up", "past_report", "audit"):
        assert 10 < found[name]["peak_of_a_tenth_mib"] <= found[name]["peak_mib"]


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
