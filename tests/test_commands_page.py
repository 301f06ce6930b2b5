"""The page of the commands says what the code says."""

import re

from tests.commands_page import PAGE, page
from ticketing.domain.roles import MAY_SEND

WRITTEN = PAGE.read_text(encoding="utf-8")


def test_the_page_of_the_commands_is_what_the_code_says() -> None:
    assert page(WRITTEN) == WRITTEN, "write it anew: python -m tests.commands_page"


def test_the_page_of_the_commands_has_every_command_once() -> None:
    headings = re.findall(r"^### `(\w+)`$", WRITTEN.partition("## Values within commands")[0], flags=re.MULTILINE)
    assert sorted(headings) == sorted(command.__name__ for command in MAY_SEND)


def test_every_link_within_the_page_of_the_commands_leads_to_a_heading() -> None:
    headings = {name.lower() for name in re.findall(r"^### `(\w+)`$", WRITTEN, flags=re.MULTILINE)}
    assert set(re.findall(r"\]\(#(\w+)\)", WRITTEN)) <= headings
