"""Reports of two real logs, each figure recomputed from the raw file by a few lines that share nothing with ours."""

import csv
import gzip
import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.real_logs import EXAMPLES, NOW, PHONES, Imported, first_phones, imported, opened
from ticketing import reports
from ticketing.adapters.reference_files import read_reference_files
from ticketing.application import Ticketing
from ticketing.domain.publishing import Publish
from ticketing.domain.values import Actor
from ticketing.projections.report import Report

Case = list[tuple[str, datetime, str]]
"""Activity with its transition, time, and whether the defect was fixed."""


def attribute(event: str, key: str) -> str:
    found = re.search(rf'key="{key}" value="([^"]*)"', event)
    return found[1] if found else ""


@pytest.fixture(scope="module")
def phones(shared_data: Path) -> list[Case]:
    """The raw phone log, read by regular expressions; in order of time, ties in file order."""
    text = gzip.decompress((shared_data / "phone-repair.xes.gz").read_bytes()).decode()
    return [
        sorted(
            (
                (
                    f"{attribute(event, 'concept:name')} {attribute(event, 'lifecycle:transition')}",
                    datetime.fromisoformat(attribute(event, "time:timestamp")),
                    attribute(event, "defectFixed"),
                )
                for event in re.findall(r"<event>(.*?)</event>", trace, re.DOTALL)
            ),
            key=lambda row: row[1],
        )
        for trace in re.findall(r"<trace>(.*?)</trace>", text, re.DOTALL)
    ]


@pytest.fixture(scope="module")
def phone_store(stored_phones: Imported) -> Iterator[Ticketing]:
    """The phone log in an SQLite store."""
    with opened(stored_phones.url) as app:
        yield app


def hours(case: Case, end: datetime) -> float:
    register = next(at for activity, at, _ in case if activity == "Register complete")
    return (end - register).total_seconds() / 3600


def archived_at(case: Case) -> datetime | None:
    return next((at for activity, at, _ in case if activity == "Archive Repair complete"), None)


def percentiles(report: Report, figure: str) -> tuple[float | int | None, float | int | None]:
    (row,) = report.of(figure)
    assert row.percentiles is not None
    return row.percentiles["p50"], row.percentiles["p90"]


def test_turnaround_of_the_phones(phones: list[Case], phone_store: Ticketing) -> None:
    log_end = max(at for case in phones for _, at, _ in case)
    times = sorted((hours(case, archived_at(case) or log_end), archived_at(case) is None) for case in phones)
    # Kaplan and Meier, from their product: of those still there at a time, how many ended at it.
    reached: dict[float, float] = {}
    survival = 1.0
    for at in sorted({at for at, is_open in times if not is_open}):
        there = sum(1 for other, _ in times if other >= at)
        survival *= 1 - sum(1 for other, is_open in times if other == at and not is_open) / there
        for level in (0.5, 0.9):
            if survival <= 1 - level + 1e-9:
                reached.setdefault(level, at)
    report = reports.turnaround(phone_store)
    assert percentiles(report, "turnaround") == (round(reached[0.5], 6), round(reached[0.9], 6)) == (1.083333, 2.033333)
    closed = sorted(at for at, is_open in times if not is_open)
    by_rank = tuple(round(closed[ceil(len(closed) * level) - 1], 6) for level in (0.5, 0.9))
    assert percentiles(report, "turnaround_closed") == by_rank == (1.05, 1.533333)
    (true, alone) = report.rows
    assert (true.numerator, true.denominator, true.censored, true.unit) == (1000, 1104, 104, "h")
    assert (alone.numerator, alone.excluded, alone.unit) == (1000, 104, "h")


def test_first_pass_of_the_phones(phones: list[Case], phone_store: Ticketing) -> None:
    verdicts = [[fixed for activity, _, fixed in case if activity == "Test Repair complete"] for case in phones]
    presented = [case for case in verdicts if case]
    at_once = sum(1 for case in presented if case[0] == "true")
    restarted = sum(1 for case in phones if any(activity.startswith("Restart Repair") for activity, _, _ in case))
    first, reworked = reports.first_pass(phone_store).rows
    assert (first.numerator, first.denominator) == (at_once, len(presented)) == (809, 1102)
    assert reworked.numerator == restarted == 293
    assert first.value == round(100 * 809 / 1102, 6)


def test_backlog_of_the_phones(phones: list[Case], phone_store: Ticketing) -> None:
    (total, *_) = reports.backlog(phone_store).rows
    assert total.value == total.censored == sum(1 for case in phones if archived_at(case) is None) == 104


def test_complaints_of_the_phones_are_not_known(phone_store: Ticketing) -> None:
    # The whole log takes less than thirty days.
    rate, opened = reports.complaint_rate(phone_store).rows
    assert (rate.value, rate.denominator, rate.censored) == (None, 0, 1000)
    assert (opened.value, opened.denominator, opened.censored) == (None, 0, 1104)


ASKED: tuple[tuple[Callable[..., Report], dict[str, Any]], ...] = (
    (reports.turnaround, {"by": ("model",), "within_days": 1}),
    (reports.turnaround, {}),
    (reports.first_pass, {"by": ("month", "site")}),
    (reports.complaint_rate, {"w_days": 3, "h_days": 3}),
    (reports.backlog, {"by": ("source",)}),
)


def test_turnaround_of_the_help_desk(stored_help_desk: Imported) -> None:
    # A remote service, closed tickets only: from the first Take in charge to the Resolve ticket after which none was
    # taken in charge any more, or to Closed if that came first.
    began: dict[str, datetime] = {}
    ended: dict[str, datetime] = {}
    closed: set[str] = set()
    text = gzip.decompress(stored_help_desk.log.read_bytes()).decode()
    for case, activity, _, time, *_ in sorted(csv.reader(text.splitlines()[1:]), key=lambda row: row[3]):
        at = datetime.strptime(f"{time}000", "%Y/%m/%d %H:%M:%S.%f").replace(tzinfo=ZoneInfo("Europe/Rome"))
        if activity == "Take in charge ticket":
            began.setdefault(case, at)
            ended.pop(case, None)
        if activity in {"Resolve ticket", "Closed"} and case in began:
            ended.setdefault(case, at)
        if activity == "Closed":
            closed.add(case)
    assert len(closed) == 4559
    seconds = sorted(int(ended[case].timestamp() - began[case].timestamp()) for case in closed & ended.keys())
    with opened(stored_help_desk.url) as app:
        report = reports.turnaround(app, unit="s")
        (total, *_) = reports.backlog(app).rows
    assert total.value == 4580 - 4559
    assert report.of("turnaround_closed")[0].denominator == len(seconds)
    assert percentiles(report, "turnaround_closed") == (
        seconds[ceil(len(seconds) * 0.5) - 1],
        seconds[ceil(len(seconds) * 0.9) - 1],
    )


# of some of them

FEW = int(os.environ.get("TICKETING_PHONES", "100"))
"""How many of the 1,104 phones come into stores of their own; `make phone-clocks` takes them all."""


@pytest.fixture(scope="module")
def few_phones(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return first_phones(shared_data / PHONES, tmp_path_factory.mktemp("few"), FEW)


def test_reports_of_a_hundred_phones_are_the_same_to_the_byte_on_postgresql_and_from_the_log(
    few_phones: Path, sqlite_url: str, postgres_url: str
) -> None:
    with opened(sqlite_url) as here, opened(postgres_url) as there:
        for app in (here, there):
            imported(app, few_phones)
        for report, asked in ASKED:
            on_sqlite = report(here, **asked).to_json()
            assert report(there, **asked).to_json() == on_sqlite
            assert report(here, **asked, position=here.store.head(), as_of=NOW).to_json() == on_sqlite


# clocks


CLOCKS_ASKED: tuple[tuple[Callable[..., Report], dict[str, Any]], ...] = (
    (reports.sla, {}),
    (reports.sla, {"by": ("month", "model"), "cohort": "opened_in"}),
    (reports.sla, {"under": "phone-service@1"}),
    (reports.sites, {}),
    (reports.ledger, {"by": ("model",)}),
)


def published(app: Ticketing) -> None:
    for thing in read_reference_files([EXAMPLES / "phone-policy.toml"]):
        app.handle(Publish(thing=thing, actor=Actor(id="m-1", role="manager")))


def of_clocks(app: Ticketing) -> list[str]:
    return [report(app, **asked).to_json() for report, asked in CLOCKS_ASKED]


def test_clocks_of_a_hundred_phones_are_the_same_on_every_store_published_before_the_import_or_after_it(
    few_phones: Path, tmp_path: Path, postgres_url: str
) -> None:
    before, after = (
        Ticketing(f"sqlite:///{tmp_path / name}.sqlite", clock=lambda: NOW) for name in ("before", "after")
    )
    with before, after, Ticketing(postgres_url, clock=lambda: NOW) as on_server:
        for app in (before, on_server):
            published(app)
            imported(app, few_phones)
        imported(after, few_phones)
        assert not any(row.group for row in reports.sla(after).rows), "rows are folded before there is a policy"
        published(after)
        printed = of_clocks(before)
        assert [of_clocks(after), of_clocks(on_server)] == [printed, printed]
        assert reports.sla(before, position=before.store.head(), as_of=NOW).to_json() == printed[0]


def test_a_hundred_customers_were_told_within_three_quarters_of_an_hour_or_not(
    phones: list[Case], few_phones: Path
) -> None:
    cases = phones[:FEW]
    until = max(at for case in cases for _, at, _ in case)
    met = breached = not_due = 0
    overruns = []
    for case in cases:
        (register,) = (at for activity, at, _ in case if activity == "Register complete")
        told = next((at for activity, at, _ in case if activity == "Inform User complete"), None)
        minutes = ((told or until) - register).total_seconds() / 60
        is_due = (until - register).total_seconds() / 60 > 45  # the log may end before somebody told early is due
        met += is_due and minutes <= 45
        breached += minutes > 45
        not_due += not is_due
        overruns += [minutes - 45] if told is not None and minutes > 45 else []
    with Ticketing("memory:", clock=lambda: NOW) as app:
        published(app)
        imported(app, few_phones)
        report = reports.sla(app)
    of_told = {row.figure: row for row in report.rows if row.group.get("clock") == "told"}
    share = of_told["sla"]
    assert (share.numerator, share.denominator, share.censored) == (met, met + breached, not_due)
    assert share.value == round(100 * met / (met + breached), 6)
    assert 0 < met < len(cases)
    late = of_told["sla_overrun"].percentiles
    ranked = [sorted(overruns)[ceil(len(overruns) * level) - 1] for level in (0.5, 0.9)]
    assert late == {"p50": round(ranked[0] / 60, 6), "p90": round(ranked[1] / 60, 6)}


def test_the_ledger_of_a_hundred_phones_is_their_turnaround(phones: list[Case], few_phones: Path) -> None:
    cases = phones[:FEW]
    until = max(at for case in cases for _, at, _ in case)
    with Ticketing("memory:", clock=lambda: NOW) as app:
        imported(app, few_phones)
        report = reports.ledger(app)
    (whole,) = report.of("ledger_turnaround")
    assert whole.value == round(sum(hours(case, archived_at(case) or until) for case in cases), 6)
    assert whole.numerator == sum(row.numerator for row in report.of("ledger"))
