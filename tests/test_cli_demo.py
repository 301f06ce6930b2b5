"""`demo`: a company that never was, told so that one wants to read it."""

import re
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from ticketing.application import Ticketing
from ticketing.cli.program import app


def shown(*options: str) -> Result:
    return CliRunner().invoke(app, ["demo", "--tickets", "12", *options])


@pytest.fixture(scope="module")
def seen() -> list[str]:
    result = shown("--store", "memory:")
    assert result.exit_code == 0, result.stderr
    assert "\x1b" not in result.stdout
    return result.stdout.splitlines()


def test_it_tells_one_disputed_story_from_the_counter_to_the_end(seen: list[str]) -> None:
    story = next(place for place, line in enumerate(seen) if line.startswith("The story of R-"))
    knowledge = next(place for place, line in enumerate(seen) if line.startswith("What was known when it was refused"))
    told = "\n".join(seen[story:knowledge])
    for deed in ("took in case", "refused the service", "opened dispute", "decided dispute", "closed the case"):
        assert deed in told
    assert "How it ended: repaired; D-STORY decided for the customer" in told


def test_it_sets_what_was_known_then_beside_what_is_known_now(seen: list[str]) -> None:
    place = seen.index("proof of purchase")
    assert seen[place + 1] == "  then  nothing on record"
    assert seen[place + 2].startswith("  now   recorded the proof of purchase")


def test_closed_only_and_true_turnaround_stand_below_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticketing.cli.demo._FEWEST", 1)
    seen = shown("--store", "memory:").stdout.splitlines()
    place = next(place for place, line in enumerate(seen) if line.startswith("Why closed tickets alone mislead"))
    figures = [line.split()[0] for line in seen[place:] if line.startswith("  ")]
    assert figures.index("turnaround") < figures.index("closed")
    place = seen.index("90 of 100 of them are back within")
    said = [line[15:].split(",")[0] for line in seen[place + 1 : place + 4]]
    assert said[:2] == ["by the closed tickets alone", "by the same report"]
    assert said[2].startswith("as it turned out: by now ")


def test_of_few_tickets_the_closed_ones_are_not_set_beside_all(seen: list[str]) -> None:
    assert "Why closed tickets alone mislead" not in seen
    assert any("tickets are too few to show why closed ones alone mislead" in line for line in seen)


def test_its_commands_ask_as_of_the_end_of_the_simulated_year(seen: list[str]) -> None:
    after = "\n".join(seen[seen.index("Go on from here") :]).replace("\\\n", "")
    assert "Without --as-of the made-up tickets go on ageing until today." in after
    commands = [line for line in after.splitlines() if line.startswith(("ticketing show", "ticketing report"))]
    assert len(commands) == 4
    (as_of,) = {line.partition("--as-of ")[2] for line in commands}
    assert as_of.endswith("Z")


def test_the_story_says_its_zone_and_what_was_corrected(seen: list[str]) -> None:
    story = next(place for place, line in enumerate(seen) if line.startswith("The story of R-"))
    assert seen[story + 2] == "times in UTC"
    corrected = [line for line in seen if " corrected " in line or line.strip().startswith("corrected ")]
    assert corrected, "the story of the disputed ticket has a correction"
    assert re.search(r"\[\S+ corrected\s+by\s+\d+\]", "\n".join(seen))


def test_the_backlog_shows_the_states_with_most_tickets_and_counts_the_rest() -> None:
    seen = shown("--store", "memory:", "--tickets", "120").stdout.splitlines()
    place = seen.index("backlog")
    table = [line for line in seen[place + 2 : seen.index("", place)] if line != "backlog by state"]
    sizes = [int(re.split(r"\s{2,}", line.strip())[1]) for line in table]
    assert (len(table), table[0].split()[:2]) == (6, ["all", "open"])
    assert sizes[1:] == sorted(sizes[1:], reverse=True)
    rest = next(place for place, line in enumerate(seen) if re.match(r"The backlog has \d+ more states", line))
    assert seen[rest + 1].startswith("ticketing report backlog --as-of 2")
    legend = next(number for number, line in enumerate(seen) if line.startswith("n: tickets asked of"))
    assert legend < place, "a backlog has none of these headings"


def test_no_line_is_longer_than_a_terminal_is_wide(seen: list[str]) -> None:
    assert not [line for line in seen if cell_len(line) > 80 and not line.startswith("export ")]


def test_the_same_seed_tells_the_same_story(seen: list[str]) -> None:
    again = shown("--store", "memory:").stdout.splitlines()
    assert again[1:] == seen[1:], "only the first line, which says how long it took, may differ"


def test_it_goes_into_a_new_file_and_never_into_the_store_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tmp_path / "real.sqlite"
    monkeypatch.setenv("TICKETING_STORE", f"sqlite:///{real}")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = shown()
    assert result.exit_code == 0, result.stderr
    assert not real.exists()
    (export,) = (line for line in result.stdout.splitlines() if line.startswith("export TICKETING_STORE="))
    url = export.partition("=")[2].strip("'")
    with Ticketing(url) as store:
        assert store.store.head() > 100


def test_a_store_that_is_not_empty_is_refused(sqlite_url: str) -> None:
    assert shown("--store", sqlite_url).exit_code == 0
    again = shown("--store", sqlite_url)
    assert (again.exit_code, again.stdout) == (2, "")
    assert "needs an empty store" in again.stderr
