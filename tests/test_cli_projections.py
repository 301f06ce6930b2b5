"""`projections run`, `status`, `rebuild`, `mode` and `remove`: rows kept up to date, and what is said of them."""

import json
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.program import COLOURS, asked, on_terminal, running, waited
from tests.repairs import MANAGER, RECEPTIONIST, Company, day
from tests.slow import SLOW
from tests.store_examples import MARKS, Tally, TallyRow, mark
from ticketing.adapters.daemon import Turn
from ticketing.adapters.estimate import Progress
from ticketing.adapters.projector import Followed, fold_next_page, view_of
from ticketing.adapters.view import ViewId
from ticketing.application import Ticketing
from ticketing.cli import following, progress
from ticketing.domain.durations import lasting
from ticketing.domain.intake import OpenTicket, ReceiveUnit
from ticketing.domain.record import RecordHostFact
from ticketing.domain.values import Event, Recorded
from ticketing.projections.built_in import BACKLOG_ROWS, BUILT_IN, CLOCK_ROWS

TALLIES = "tests.store_examples:TALLY"
MARKED = "tests.store_examples:MARKS"
SLOWLY = "tests.slow:SLOW"
ALL_OURS = sorted(projection.name for projection in BUILT_IN)
PAGES = 2500
"""Facts of three pages."""


@pytest.fixture
def file(sqlite_url: str) -> str:
    """A store of two tickets, at position 6."""
    with Company(sqlite_url) as company:
        company.repairs(1, 0, 3)
        company.repairs(2, 1, None)
    return sqlite_url


@pytest.fixture
def long(sqlite_url: str) -> str:
    """A store of three pages of facts."""
    with Company(sqlite_url) as company:
        company.imports(1, "elsewhere", [(mark("m"), day(0))] * PAGES)
    return sqlite_url


def opened(url: str, number: int) -> None:
    """A ticket is opened and its unit received: two facts."""
    with Ticketing(url) as app:
        ticket_id = app.handle(OpenTicket(actor=RECEPTIONIST, number=f"T-{number}", site="berlin")).ticket_id
        app.handle(ReceiveUnit(actor=RECEPTIONIST, ticket_id=ticket_id, site="berlin"))


def done(url: str, *arguments: str, projections: str = "") -> str:
    """What a command that must succeed says on stderr."""
    result = asked(url, "projections", *arguments, projections=projections)
    assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    return result.stderr


def shown(url: str, *arguments: str, projections: str = "") -> str:
    """What `status` shows."""
    result = asked(url, "projections", "status", *arguments, projections=projections)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def refused(url: str, *arguments: str, code: int, projections: str = "") -> str:
    """The one line of a command that must fail."""
    result = asked(url, "projections", *arguments, projections=projections)
    assert (result.exit_code, result.stdout) == (code, ""), result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def positions(url: str, projections: str = "") -> dict[str, int]:
    return {one["name"]: one["position"] for one in json.loads(shown(url, "--format", "json", projections=projections))}


# run


def test_rows_are_brought_up_to_date_of_the_projections_named_and_no_others(file: str) -> None:
    assert done(file, "run", "backlog", "complaints", "backlog") == "Up to date at position 6.\n"
    assert positions(file) == dict.fromkeys(ALL_OURS, 0) | {"backlog": 6, "complaints": 6}


def test_rows_of_a_host_are_brought_up_to_date_beside_the_package_s_own(file: str) -> None:
    assert done(file, "run", projections=f"{TALLIES},{MARKED}") == "Up to date at position 6.\n"
    assert set(positions(file, f"{TALLIES},{MARKED}").values()) == {6}


def test_an_unknown_projection_is_refused_with_the_nearest(file: str) -> None:
    for command in (["run", "turnarund"], ["rebuild", "turnarund"], ["mode", "turnarund", "inline"]):
        assert "no projection turnarund here; the nearest is turnaround" in refused(file, *command, code=2)


def test_following_goes_on_with_what_is_recorded_until_ctrl_c(file: str, tmp_path: Path) -> None:
    with running(tmp_path, "projections", "run", "--follow", "--store", file) as program:
        program.waited("Up to date at position 6.\n")
        assert "Led by " in shown(file)
        opened(file, 3)
        program.waited("Up to date at position 8.\n")
        assert program.ended(signal.SIGINT) == 0
    assert program.said().splitlines() == [
        f"Leading {', '.join(ALL_OURS)}.",
        "Up to date at position 6.",
        "Up to date at position 8.",
        "Stopped; the rows stand where they are.",
    ]
    assert "Led by " not in shown(file), "who stops gives up the lead"


def test_one_of_two_programs_leads_and_the_other_takes_over(file: str, tmp_path: Path) -> None:
    follow = ("projections", "run", "--follow", "backlog", "--store", file)
    with running(tmp_path, *follow) as first:
        first.waited("Up to date at position 6.\n")
        with running(tmp_path, *follow) as second:
            assert second.waited("\n").startswith("Not leading backlog: led by ")
            assert first.ended(signal.SIGTERM) == 0
            assert second.waited("Up to date at position 6.\n").splitlines()[1] == "Leading backlog."
            assert second.ended(signal.SIGTERM) == 0


def test_a_projection_that_becomes_inline_is_no_longer_led(file: str, tmp_path: Path) -> None:
    with running(tmp_path, "projections", "run", "--follow", "backlog", "--store", file) as program:
        program.waited("Up to date at position 6.\n")
        done(file, "mode", "backlog", "inline")
        program.waited("No longer leading backlog: every append writes its rows.\n")


def test_a_store_that_is_away_is_said_once_and_that_it_is_back(capsys: pytest.CaptureFixture[str]) -> None:
    with Company() as company:
        teller = following._Teller(company.app, [BACKLOG_ROWS])
        for seconds in (0.1, 0.5, 1.0):
            teller.warn("%s; trying again in %s s", f"gone; trying again in {seconds} s")
        teller.turned(Turn((), None))
        teller.warn("%s; trying again in %s s", "gone again; trying again in 0.1 s")
    warned, back, _, again = capsys.readouterr().err.splitlines()
    assert (warned, back) == ("gone; trying again in 0.1 s", "It works again.")
    assert again == "gone again; trying again in 0.1 s"


# status


def test_status_says_where_each_projection_stands_and_who_leads_it(file: str) -> None:
    done(file, "run", "backlog")
    opened(file, 3)
    table = shown(file).splitlines()
    assert table[0] == "The log is at position 8."
    assert table[2].split() == ["projection", "mode", "position", "behind", "rate", "dead", "letters"]
    backlog, clocks = table[4].split(), table[5].split()
    assert backlog[:4] == [f"backlog@{BACKLOG_ROWS.version}", "daemon", "6", "2"]
    assert clocks[:5] == [f"clocks@{CLOCK_ROWS.version}", "first", "fold", "0", "8"]
    assert clocks[-1] == "–", "nobody has folded it"


def test_status_in_json_is_that_of_the_library(file: str) -> None:
    done(file, "run")
    with Ticketing(file) as app:
        assert json.loads(shown(file, "--format", "json")) == [status.plain() for status in app.projections.status()]


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (["--max-lag-events", "5"], "backlog: 6 events behind, more than 5"),
        (["--max-lag-seconds", "60"], "behind, more than 1 min"),
    ],
)
def test_a_projection_past_a_limit_is_named_and_found_wanting(file: str, limit: list[str], said: str) -> None:
    result = asked(file, "projections", "status", *limit)
    assert result.exit_code == 1
    assert said in result.stderr.splitlines()[0]
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == ALL_OURS
    assert result.stdout.startswith("The log is at position 6.")
    done(file, "run")
    assert shown(file, *limit)


def test_where_the_log_s_stamps_are_ahead_nobody_can_say_how_long_it_is_behind(sqlite_url: str) -> None:
    with Ticketing(sqlite_url, clock=lambda: datetime.now(UTC) + timedelta(hours=1)) as app:
        app.handle(OpenTicket(actor=RECEPTIONIST, number="T-1", site="berlin"))
    assert "1 (clock behind)" in shown(sqlite_url, "--max-lag-events", "1")
    assert {one["lag_seconds"] for one in json.loads(shown(sqlite_url, "--format", "json"))} == {None}
    past = asked(sqlite_url, "projections", "status", "--max-lag-seconds", "9999")
    assert past.exit_code == 1
    assert "backlog: nobody can say how long it is behind" in past.stderr


def test_a_limit_that_is_just_reached_is_kept(file: str) -> None:
    assert shown(file, "--max-lag-events", "6")


def test_rows_of_another_program_are_shown_and_held_to_no_limit(file: str) -> None:
    class Earlier(Tally):
        version = 1

    with Ticketing(file, projections=[Earlier(), MARKS]) as app:
        view_of(app.store, Earlier())
        view_of(app.store, MARKS)
    done(file, "run", projections=TALLIES)
    seen = shown(file, "--max-lag-events", "0", projections=TALLIES)
    assert "tally@1 is older than the version here, 2; if no other program uses it: ticketing projections r" in seen
    assert "marks@1 is not of this program: name it in TICKETING_PROJECTIONS, or: ticketing projections rem" in seen


def test_a_newer_version_says_that_this_program_is_out_of_date(file: str) -> None:
    class Later(Tally):
        version = 3

    with Ticketing(file, projections=[Later()]) as app:
        view_of(app.store, Later())
    assert "tally@3 is newer than the version here, 2: this program is out of date" in shown(file, projections=TALLIES)


def test_an_inline_projection_is_held_to_limits_by_every_program(file: str) -> None:
    done(file, "mode", "marks", "inline", projections=MARKED)
    with Ticketing(file, projections=[MARKS]) as app:
        illegible = {"mark": "illegible", "weight": 1}
        fact = {"namespace": "tests", "name": "mark", "data": illegible, "actor": MANAGER, "ticket_id": app.find("T-1")}
        app.handle(RecordHostFact.model_validate(fact))
    done(file, "run")
    result = asked(file, "projections", "status", "--max-dead-letters", "0")
    assert (result.exit_code, result.stderr) == (1, "marks: 1 dead letter, more than 0\n")


def test_a_wrong_limit_is_refused(file: str) -> None:
    assert "--max-lag-events" in refused(file, "status", "--max-lag-events", "-1", code=2)


# rebuild


def test_a_rebuild_says_how_long_it_took_and_where_the_rows_stand(file: str) -> None:
    done(file, "run")
    assert done(file, "rebuild", "backlog") == "Rebuilt backlog in under 1 s; its rows stand at position 6.\n"


def test_without_a_terminal_a_rebuild_says_how_far_it_is_line_by_line(
    long: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    said = done(long, "rebuild", "slow", projections=SLOWLY).splitlines()
    assert said[0] == "Rebuilding slow: position 1,000 of 2,500; time left: unknown yet."
    assert said[-2] == "Rebuilding slow: position 2,500 of 2,500; under 1 s left."


def test_on_a_terminal_a_rebuild_shows_a_bar_and_what_is_left(long: str) -> None:
    seen = on_terminal("projections", "rebuild", "slow", store=long, projections=SLOWLY, slow="0.001")
    plain = COLOURS.sub("", seen)
    assert "Rebuilding slow ━" in plain
    assert " s left" in plain
    assert plain.splitlines()[-1].startswith("Rebuilt slow in ")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_rebuild_that_was_stopped_says_so_and_goes_on_later(
    long: str, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    done(long, "run", projections=SLOWLY)
    rebuild = ("projections", "rebuild", "slow", "--store", long)
    with (
        Ticketing(long, projections=[SLOW]) as app,
        # The second page takes longer than anybody waits.
        running(tmp_path, *rebuild, projections=SLOWLY, slow="60 after 1000") as program,
    ):
        waited(lambda: any(state.id.is_next and state.position for state in app.store.views()))
        assert program.ended(number) == code, program.said()
        assert [state.leader for state in app.store.views() if state.id.is_next] == [None]
    stopped = "; the old rows are served. To go on: ticketing projections rebuild slow\n"
    assert program.said().startswith("Stopped at position 1,000 of 2,500")
    assert program.said().endswith(stopped)
    told = shown(long, "--max-lag-events", "0", projections=SLOWLY)
    assert "The rebuild of slow@1 was stopped; to go on: ticketing projections rebuild slow" in told
    assert done(long, "rebuild", "slow", projections=SLOWLY).startswith("Rebuilt slow in ")
    assert "rebuild" not in shown(long, projections=SLOWLY)


def test_a_rebuild_afresh_takes_over_nothing_from_one_that_was_stopped(file: str) -> None:
    class Before(Tally):
        def apply(self, row: TallyRow, fact: Recorded[Event]) -> TallyRow:
            return replace(row, facts=row.facts + 100)

    done(file, "run", projections=TALLIES)
    with Ticketing(file, projections=[Before()]) as app:
        fold_next_page(app.store, [Followed(Before(), view_of(app.store, Before(), is_next=True))], 3)
    assert done(file, "rebuild", "tally", "--afresh", projections=TALLIES).startswith("Rebuilt tally in ")
    assert asked(file, "check", "--full", projections=TALLIES).exit_code == 0


def test_a_rebuild_by_another_process_is_said_in_one_line(file: str) -> None:
    with Company(file) as company:
        store = company.app.store
        view_of(store, BACKLOG_ROWS, is_next=True)
        watch = store.watch("another")
        assert watch.lead(ViewId("backlog", BACKLOG_ROWS.version, is_next=True)) is not None
        assert refused(file, "rebuild", "backlog", code=1) == "ticketing: another process is rebuilding backlog\n"
        watch.close()


@pytest.mark.parametrize(
    ("rate", "remaining", "said"),
    [
        (None, None, "time left: unknown yet"),
        (3.0, None, "time left: never done at this rate"),
        (3.0, timedelta(seconds=125), "2 min 5 s left"),
    ],
)
def test_what_is_left_is_not_guessed(rate: float | None, remaining: timedelta | None, said: str) -> None:
    assert progress.left_text(Progress(1, 2, rate, remaining)) == said


def test_rows_that_are_only_to_be_put_in_their_place_wait_for_readers() -> None:
    assert progress.left_text(Progress(2, 2, 3.0, None)) == "waiting for readers of the old rows"


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        (timedelta(0), "under 1 s"),
        (timedelta(seconds=59.7), "1 min"),
        (timedelta(hours=2, seconds=7), "2 h"),
        (timedelta(hours=2, minutes=3, seconds=7), "2 h 3 min"),
        (timedelta(days=684, hours=14), "684 d 14 h"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(duration: timedelta, said: str) -> None:
    assert lasting(duration) == said


# mode


def test_rows_of_an_inline_projection_are_never_behind(file: str) -> None:
    assert done(file, "mode", "backlog", "inline") == "backlog is inline: every append writes its rows.\n"
    opened(file, 3)
    assert positions(file)["backlog"] == 8
    assert next(line.split()[1] for line in shown(file).splitlines() if line.startswith("backlog@")) == "inline"
    assert done(file, "mode", "backlog", "daemon").startswith("backlog is left to a daemon: ")
    opened(file, 4)
    assert positions(file)["backlog"] == 8


def test_a_program_that_lacks_an_inline_projection_may_ask_and_not_record(file: str, tmp_path: Path) -> None:
    said = done(file, "mode", "tally", "inline", projections=TALLIES)
    assert said == "tally is inline: every append writes its rows; a process that lacks it can no longer append.\n"
    site = tmp_path / "site.toml"
    site.write_text('[site]\nkey = "harbour"\nversion = 1\neffective_from = 2026-01-01T00:00:00Z\nkind = "branch"\n')
    assert asked(file, "show", "T-1").exit_code == 0
    lacking = asked(file, "publish", str(site))
    assert (lacking.exit_code, lacking.stderr.count("\n")) == (2, 1)
    assert "keeps projection tally version 2 inline, and this process lacks it" in lacking.stderr
    assert asked(file, "publish", str(site), projections=TALLIES).exit_code == 0


def test_a_mode_that_there_is_not_is_refused(file: str) -> None:
    assert "is not one of 'inline', 'daemon'" in refused(file, "mode", "backlog", "sometimes", code=2)


# remove


def test_rows_that_nobody_uses_are_removed_after_asking(file: str) -> None:
    done(file, "run", projections=TALLIES)
    declined = asked(file, "projections", "remove", "tally", "2", answer="n\n")
    assert declined.exit_code == 1
    assert "Remove the rows of tally version 2?" in declined.stderr
    assert "tally" in positions(file)
    assert done(file, "remove", "tally", "2", "--yes") == "Removed the rows of tally version 2.\n"
    assert "tally" not in positions(file)


def test_rows_that_are_in_use_or_not_there_are_not_removed(file: str) -> None:
    done(file, "run")
    here = str(BACKLOG_ROWS.version)
    assert f"backlog version {here} is in use here" in refused(file, "remove", "backlog", here, code=1)
    assert "there are no rows of backlog version 99" in refused(file, "remove", "backlog", "99", code=1)
    assert "VERSION" in refused(file, "remove", "backlog", "first", code=2)


def test_rows_of_an_earlier_release_are_told_as_such_and_taken_away(file: str) -> None:
    with Company(file) as company:
        company.app.store.view("backlog", 1, BACKLOG_ROWS.row).set_inline(True)
    opened(file, 3)
    done(file, "run")
    assert "backlog@1 is of an earlier release, and left as it is; to take its rows away: ticketing proj" in shown(file)
    checked = asked(file, "check", "--full")
    assert checked.exit_code == 0
    assert "view backlog version 1: its rows are of an earlier release" in checked.stdout + checked.stderr
    assert shown(file, "--max-lag-events", "0"), "they are behind, and nobody is to be alarmed"
    asked_for = asked(file, "projections", "remove", "backlog", "1", answer="y\n")
    assert (asked_for.exit_code, "Remove the rows of backlog version 1?" in asked_for.stderr) == (0, True)
    assert "backlog@1" not in shown(file)


def test_whoever_removes_rows_that_appends_write_is_told(file: str) -> None:
    done(file, "mode", "tally", "inline", projections=TALLIES)
    asked_for = asked(file, "projections", "remove", "tally", "2", answer="y\n")
    assert asked_for.exit_code == 0
    assert "Remove the rows of tally version 2, which every append writes?" in asked_for.stderr
    opened(file, 3)
    assert "tally" not in positions(file)
