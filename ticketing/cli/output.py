"""What the command line writes: figures and facts to stdout, all else to stderr; colour only on a terminal."""

import json
import sys
from typing import Annotated, Literal

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

TableOrJson = Annotated[
    Literal["table", "json"], typer.Option("--format", help="A table for people, or JSON for programs.")
]
_THEME = Theme(
    {
        "bar.back": "grey37",
        "command": "cyan",
        "faint": "grey58",
        "figure": "bold",
        "heading": "bold",
        "mark": "yellow",
        "title": "bold",
        "warning": "bold yellow",
        "who": "bold",
    }
)
STOPPED = 130
"""What Ctrl-C ends with: 128 and the number of the signal."""

TERMINATED = 143
"""The same of SIGTERM."""

_WIDE = 1000
"""Columns of an output that is no terminal: nothing is folded or cut for a reader that is a program."""


def stdout() -> Console:
    """Where answers and the summaries of `import` and `publish` go."""
    return _console(is_error=False)


def stderr() -> Console:
    """Where progress, one-line reports of what was done, and errors go."""
    return _console(is_error=True)


def _console(*, is_error: bool) -> Console:
    console = Console(stderr=is_error, theme=_THEME, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDE
    return console


def say(text: str | Text) -> None:
    """Prints a line as it is, so that a long command can still be copied whole."""
    stdout().print(text, soft_wrap=True)


def tell(text: str | Text, *, style: str | None = None) -> None:
    """The same on stderr."""
    stderr().print(text, style=style, soft_wrap=True)


def show_table(table: Table) -> None:
    """Prints a table, to a file without the blanks that fill its last column."""
    console = stdout()
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    write("\n".join(line.rstrip() for line in captured.get().splitlines()))


def write_json(value: object) -> None:
    """Writes one JSON value and a line break to stdout."""
    write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def write(text: str) -> None:
    """Writes text to stdout as it is; it ends with a line break."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def plain_table(*, has_header: bool = True) -> Table:
    """A table without frames, two blanks between columns."""
    return Table(
        box=box.SIMPLE_HEAD if has_header else None,
        show_header=has_header,
        show_edge=False,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        collapse_padding=True,
        header_style="heading",
        border_style="faint",
    )


def one_line(text: str) -> str:
    """The text on one line, printable."""
    return printable(" ".join(line.strip() for line in text.splitlines()))


def printable(text: str) -> str:
    """The text with what could steer a terminal written out; whoever told a symptom must not do that."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else letter.encode("unicode_escape").decode()
        for letter in text
    )
