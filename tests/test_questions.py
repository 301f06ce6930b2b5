"""The questions of the trade: every command of the page answers, and so does the call of the same name."""

import re
from pathlib import Path

import pytest

from tests.program import asked
from ticketing import reports
from ticketing.simulator.run import simulate

PAGE = Path(__file__).parents[1] / "docs" / "questions.md"
COMMANDS = re.findall(r"`ticketing report ([a-z_]+[^`]*)`", PAGE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('questions') / 'company.db'}"
    simulate(url, tickets=60, seed=3).app.close()
    return url


@pytest.mark.parametrize("command", [command for command in COMMANDS if not command.startswith("page")])
def test_the_command_answers_its_question(company: str, command: str) -> None:
    name, *options = command.split()
    result = asked(company, "report", name, *options)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith(name.replace("_", " "))


def test_every_report_answers_a_question() -> None:
    told = {command.split()[0] for command in COMMANDS}
    compared = {name for command in COMMANDS for name in re.findall(r"--of ([a-z_]+)", command)}
    # These stand beside others.
    beside = {"complaint_rate_opened", "first_pass", "no_fault_found", "sites", "turnaround_closed"}
    assert told | compared | beside == reports.REPORTS.keys() | {"page"}
