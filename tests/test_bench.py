"""The bench in short: no time is asked for, but that both sides do the same, and that a difference is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench import __main__ as bench
from tests.bench import due_dates as entry
from tests.bench import life, page, reading
from tests.bench.compared import Compared, Turn, in_turn, rate, told
from tests.bench.import_time import import_time
from tests.bench.places import Kind, Places, require_ours, require_theirs
from tests.bench.plain import RepairTicket
from tests.bench.writing import append, command, import_ours, imported
from ticketing.application import Ticketing
from ticketing.domain import clock
from ticketing.domain.hours import Hours, micros

KINDS: list[Kind] = ["postgresql", "sqlite", "sqlite_normal"]


@pytest.fixture
def places(postgres_server: str, tmp_path: Path) -> Places:
    return Places(postgres_server, tmp_path)


def is_written(name: str, figures: dict[str, Any], *, has_callers: bool = False) -> bool:
    """Whether an entry has both figures, and is told."""
    json.dumps(figures)
    assert figures["per_second"] > 0
    assert figures["their_per_second"] > 0
    assert figures["ratio"] == pytest.approx(figures["per_second"] / figures["their_per_second"], rel=0.2, abs=0.2)
    assert ("waits_ms" in figures and "their_waits_ms" in figures) == has_callers
    return figures["told"] in "".join(told(name, figures)) and figures["told"].split()[0] in page.page(
        {"machine": "a machine", "entries": {name: figures}}, {}
    )


# the life of a ticket


def test_every_ticket_lives_twenty_facts_that_the_rules_allow() -> None:
    with Ticketing("memory:") as app:
        handled = [app.handle(life.command(3, step)) for step in range(20)]
    caused = [fact.event for one in handled for fact in one.events]
    assert [type(event) for event in caused] == [type(step.event) for step in life.STEPS]
    assert handled[-1].ticket_id == life.ticket_id(3)
    assert [append.envelopes[0].version for append in life.appends(3)] == list(range(1, 21))


def test_theirs_is_told_the_same_as_ours() -> None:
    ticket = RepairTicket(**life.said(3, 0))
    for step in range(1, 20):
        getattr(ticket, life.STEPS[step].call)(**life.said(3, step))
    events = ticket.collect_events()
    assert [type(event).__name__ for event in events] == [type(step.event).__name__ for step in life.STEPS]
    assert ticket.id == life.ticket_id(3)
    with Ticketing("memory:") as app:
        import_ours(app, life.appends(3))
        reading.require_same({ticket.id: app.ticket(ticket.id)}, {ticket.id: ticket})


# what writes


@pytest.mark.parametrize("kind", KINDS)
def test_both_append_what_callers_send_at_once(places: Places, kind: Kind) -> None:
    callers = 4 if kind == "postgresql" else 1
    found = append(places, kind, callers=callers, seconds=0.05, repeats=1, aim=2)
    assert is_written("append", found.figures(), has_callers=True)


@pytest.mark.parametrize("kind", KINDS)
def test_both_handle_the_same_commands(places: Places, kind: Kind) -> None:
    callers = 4 if kind == "postgresql" else 1
    found = command(places, kind, callers=callers, tickets=12, each=2, seconds=0.1, repeats=1, aim=2)
    assert is_written("command", found.figures(), has_callers=True)


@pytest.mark.parametrize("kind", KINDS)
def test_both_import_the_same_tickets(places: Places, kind: Kind) -> None:
    assert is_written("import", imported(places, kind, tickets=6, repeats=1).figures())


def test_what_was_missed_doubled_or_put_out_of_order_is_told(places: Places) -> None:
    with places.ours("sqlite") as app, places.theirs("sqlite") as plain:
        import_ours(app, life.appends(1)[:3])
        plain.save(RepairTicket(**life.said(1, 0)))
        require_ours(app, {life.ticket_id(1): 3})
        require_theirs(plain, {life.ticket_id(1): 1})
        for versions in ({life.ticket_id(1): 4}, {}, {life.ticket_id(1): 3, life.ticket_id(2): 1}):
            with pytest.raises(ValueError, match="those are there"):
                require_ours(app, versions)
            with pytest.raises(ValueError, match="those are there"):
                require_theirs(plain, versions)


# what reads


def test_both_make_the_same_turnaround_rows(places: Places) -> None:
    found = reading.catch_up(places, our_tickets=4, their_tickets=3, repeats=1)
    assert is_written("catch_up", found.figures())


def test_rows_that_differ_are_told(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "their_rows", lambda _: {life.ticket_id(0): ("another",)})
    with pytest.raises(ValueError, match="the rows of both differ"):
        reading.catch_up(places, our_tickets=1, their_tickets=1, repeats=1)


def test_both_rebuild_the_same_ticket_and_the_same_log(places: Places) -> None:
    assert is_written("ticket_rebuild", reading.ticket_rebuild(places, at_least=0.01, repeats=1).figures())
    found = reading.log_replay(places, our_tickets=4, their_tickets=3, repeats=1)
    assert is_written("log_replay", found.figures())


def test_an_import_of_the_package_is_set_beside_that_of_its_dependencies() -> None:
    figures: dict[str, Any] = import_time(repeats=1)
    assert figures["milliseconds"] > 0
    assert figures["modules"] > 3
    assert "its own" in page.page({"machine": "a machine", "entries": {"import_time": figures}}, {})
    assert "import_time" in "".join(told("import_time", figures))


# due dates


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
    ours, theirs = ([Turn(rate, (0.001,) * 99) for rate in rates] for rates in ((900, 1100, 1000), (9, 10, 8)))
    found = Compared(against="theirs 1.0", told="many", unit="things", aim=100, ours=ours, theirs=theirs)
    monkeypatch.setattr(bench, "ENTRIES", {"things": lambda at: found.figures()})
    monkeypatch.setattr(bench, "FIGURES", tmp_path / "bench.json")
    monkeypatch.setattr(page, "FIGURES", tmp_path / "bench.json")
    monkeypatch.setattr(page, "PAGE", tmp_path / "performance.md")
    assert bench.main([]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == [
        *("things", "1,000", "(900–1,100)", "9.0", "(8.0–10.0)", "110", "(100–125)", "100"),
    ]
    row = "| `things` | 1,000 (900–1,100) | 9.0 (8.0–10.0) | 110 (100–125) | 100 | yes |"
    assert row in (tmp_path / "performance.md").read_text()
    written = json.loads((tmp_path / "bench.json").read_text())
    kept = written["entries"]["things"]
    assert "with fsync on" in written["machine"]
    assert kept["waits_ms"] == {"p50": 1.0, "p99": 1.0}
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
    assert "there is no entry due_date; there are append_64_threads, " in capsys.readouterr().err


def test_each_side_is_first_every_other_time() -> None:
    order: list[str] = []

    def side(name: str) -> Turn:
        order.append(name)
        return Turn(len(order))

    ours, theirs = in_turn(lambda: side("ours"), lambda: side("theirs"), 3)
    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert [turn.rate for turn in ours] == [1, 4, 5]
    assert [turn.rate for turn in theirs] == [2, 3, 6]


# the page


def test_the_page_says_of_large_stores_what_was_met() -> None:
    large = {
        "audit": {"aim": 3.0, "stores": {"sqlite": {"ratio": 2.3}, "postgresql": {"ratio": 3.1}}},
        "clocks_due": {"aim": 100.0, "stores": {"sqlite": {"ratio": 90.0}}},
        "growth_sqlite": {"load": {"ratio": 1.2, "aim": 1.3}, "catch_up": {"ratio": 0.9, "aim": 0.8}},
        "report_sla_sqlite": {"aim": 3.0, "by_site": {"ratio": 2.0}},
    }
    lines = page.page({}, {"machine": "a machine", "entries": large}).splitlines()
    assert [line for line in lines if line.startswith("| `")] == [
        "| `audit` | sqlite | 2.30 | ≤ 3 | yes |",
        "| `audit` | postgresql | 3.10 | ≤ 3 | **no** |",
        "| `clocks_due` | sqlite | 90.00 | ≥ 100 | **no** |",
        "| `growth_sqlite` | load | 1.20 | ≤ 1.3 | yes |",
        "| `growth_sqlite` | catch up | 0.90 | ≥ 0.8 | yes |",
        "| `report_sla_sqlite` | by site | 2.00 | ≤ 3 | yes |",
    ]


def test_a_page_of_nothing_measured_says_so() -> None:
    assert "Nothing was measured" in page.page({}, {})
