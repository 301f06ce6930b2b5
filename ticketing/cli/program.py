"""The program: its commands, and the one place where an error becomes one line and an exit code.

Law of this file: 0 done; 1 refused or found wanting (a rule refuses, nothing is recorded under that name, somebody
else was faster, rows are not there yet, something is past its limit, wrong or not proven); 2 wrong use or bad input (an
argument, a file, a store or an output that cannot be used); 130 stopped with Ctrl-C, 143 a rebuild with SIGTERM. Any
other exception is a defect of the program and keeps its traceback.
"""

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from io import TextIOWrapper
from typing import Annotated, NoReturn

import typer
from rich.text import Text
from typer.core import TyperGroup

from ticketing.cli import (
    audit,
    checking,
    clocks,
    demo,
    difference,
    disputes,
    dossiers,
    evidence,
    explain,
    imports,
    ledger,
    notary,
    projections,
    reference,
    report,
    tickets,
)
from ticketing.cli.output import STOPPED, one_line, stderr
from ticketing.domain.errors import CommandRejected, Conflict, NotFound, NotProven, NotReady, TicketingError

_EPILOG = """Try it:
  ticketing demo
  export TICKETING_STORE=sqlite:///repairs.db
  ticketing import LOG.xes.gz --mapping MAPPING.toml
  ticketing report turnaround --by site

Exit codes: 0 done; 1 refused or found wanting; 2 wrong use or bad input; 130 stopped."""


class Program(TyperGroup):
    """The group of all commands; it turns what they raise into one line on stderr and an exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: object,
    ) -> NoReturn:
        """Runs the command that the arguments name, and exits."""
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
            sys.stdout.flush()  # what cannot be written is found out here, and not when Python ends
        except TicketingError as error:
            _fail(str(error), exit_code(error))
        except typer.TyperException as error:
            _fail(_usage(error), error.exit_code)
        except typer.Abort:
            _fail("stopped; nothing was done", 1)
        except OSError as error:
            _give_up_output()
            if isinstance(error, BrokenPipeError):  # who read it has seen enough
                sys.exit(1)
            _fail(f"{error.filename or 'the output cannot be written'}: {error.strerror or error}", 2)
        if code == STOPPED:
            _fail("stopped; what was recorded until now stays", code)
        sys.exit(code or 0)


def exit_code(error: TicketingError) -> int:
    """1 where the store answered and the answer is no; 2 where the question or the store cannot be used."""
    return 1 if isinstance(error, CommandRejected | Conflict | NotFound | NotProven | NotReady) else 2


def _usage(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    where = f" (see {context.command_path} --help)" if context is not None else ""
    message = error.format_message().replace("Value error, ", "").rstrip(".")
    return f"{message}{where}"


def _fail(message: str, code: int) -> NoReturn:
    line = Text.assemble(("ticketing: ", "bold red"), one_line(message))
    stderr().print(line, soft_wrap=True)
    sys.exit(code)


def _give_up_output() -> None:
    """Has what is left of the output go nowhere, for Python writes it at its end and tells of it if it cannot."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_version(is_asked: bool) -> None:
    if is_asked:
        try:
            typer.echo(f"ticketing {version('ticketing')}")
        except PackageNotFoundError:
            typer.echo("ticketing, run from its source without being installed")
        raise typer.Exit


app = typer.Typer(
    name="ticketing",
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EPILOG,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback(invoke_without_command=True)
def ticketing(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Repair tickets kept as events: every fact stays, every figure can be computed again."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


for group in (
    demo,
    imports,
    report,
    clocks,
    audit,
    tickets,
    disputes,
    difference,
    explain,
    ledger,
    evidence,
    notary,
    dossiers,
    reference,
    projections,
    checking,
):
    group.add_to(app)


def run() -> NoReturn:
    """Runs the program with the arguments of the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.isatty():
            stream.reconfigure(errors="replace")
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8")  # JSON and CSV are, whatever the locale says
    # Facts and rows are trees without cycles, and many: by default a tenth of a long run goes into looking for some.
    gc.set_threshold(100_000, 50, 50)
    typer.main.get_command(app)()
    sys.exit()
