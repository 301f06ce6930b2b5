"""Every command and every option of the program is named in its documentation, and explained in its help."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from ticketing.cli.program import app

DOCS = (Path(__file__).parents[1] / "docs" / "cli.md").read_text(encoding="utf-8")


def commands(command: object, names: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command under its full name."""
    inner = getattr(command, "commands", {})
    if not inner:
        yield " ".join(names), command
    for name, part in inner.items():
        yield from commands(part, (*names, name))


ALL = dict(commands(get_command(app)))


def section(name: str) -> str:
    """What the documentation says of a command, up to the next heading."""
    _, heading, rest = DOCS.partition(f"\n## {name}\n")
    assert heading, f"docs/cli.md has no section {name!r}"
    return rest.partition("\n## ")[0]


@pytest.mark.parametrize("name", ALL)
def test_every_option_of_a_command_is_named_in_its_section(name: str) -> None:
    said = section(name)
    options = [option for parameter in ALL[name].params for option in parameter.opts if option.startswith("--")]
    missing = [option for option in options if option != "--help" and option not in said]
    assert not missing, f"docs/cli.md, section {name!r}, does not name {missing}"


@pytest.mark.parametrize("name", ALL)
def test_every_parameter_of_a_command_is_explained_in_its_help(name: str) -> None:
    assert ALL[name].help
    assert not [parameter.name for parameter in ALL[name].params if not getattr(parameter, "help", None)]


def test_the_documentation_has_a_section_for_no_command_that_does_not_exist() -> None:
    headings = {line.removeprefix("## ") for line in DOCS.splitlines() if line.startswith("## ")}
    assert headings - set(ALL) == {"Exit codes", "What the options share"}


@pytest.mark.parametrize("name", ["", *ALL])
def test_examples_in_the_help_are_commands_that_exist_and_fit_on_a_line(name: str) -> None:
    epilog = ALL[name].epilog if name else get_command(app).epilog
    examples = [line for line in (epilog or "").splitlines() if line.startswith("  ticketing ")]
    for example in examples:
        words = example.split()[1:]
        found = ALL.get(words[0]) or ALL[" ".join(words[:2])]
        known = {option for parameter in found.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, example
        assert len(example) <= 78, example
