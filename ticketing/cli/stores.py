"""Which store a command works on, and with which projections beside the package's."""

import os
from pathlib import Path
from typing import Annotated

import typer

from ticketing.adapters.urls import file_of, is_there, split_schema
from ticketing.application import Ticketing
from ticketing.cli.host import VARIABLE, host_projections
from ticketing.domain.errors import BadInput

StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        envvar="TICKETING_STORE",
        help="Where the events are: sqlite:///file.db, postgresql://…[?schema=name], or memory:.",
    ),
]


def opened(url: str | None) -> Ticketing:
    """The application on the store that the option or the environment names; a new store is made where there is none.

    Raises:
        BadInput: None is named, or the URL or TICKETING_PROJECTIONS is not understood.
        StoreError: The store cannot be opened.
    """
    if not url:
        raise BadInput("no store is named: give --store URL, or set TICKETING_STORE")
    # Commands that append need them too: a store that keeps a host's projection inline refuses who lacks it.
    return Ticketing(url, projections=host_projections(os.environ.get(VARIABLE, "")))


def opened_to_try(url: str | None) -> Ticketing:
    """The application on the store if it is there, else on an empty one in memory: a trial makes no store.

    Raises:
        BadInput: The URL is not understood.
        StoreError: The store cannot be opened.
    """
    return opened("memory:" if url is None or is_missing(url) else url)


def opened_to_ask(url: str | None) -> Ticketing:
    """The application on a store that is there already: a question to a mistyped file makes no empty store.

    Raises:
        BadInput: None is named, the URL is not understood, or there is no store at it.
        StoreError: The store cannot be opened, or the file is another program's.
    """
    if url is not None and is_missing(url):
        raise BadInput(_nothing_at(url))
    return opened(url)


def refuse_the_store(out: Path, url: str | None) -> None:
    """Refuses to write over the events, by whatever path they are named.

    Raises:
        BadInput: It is their file.
    """
    if url is not None and url.startswith("sqlite:") and out.exists() and out.samefile(file_of(url)):
        raise BadInput(f"--out {out}: this is the store; name another file")


def _nothing_at(url: str) -> str:
    if not url.startswith("sqlite:"):
        return f"schema {split_schema(url)[1]} of that database holds no ticketing store"
    path = file_of(url)
    return f"{path} holds no ticketing store" if path.exists() else f"{path}: there is no such file"


def is_missing(url: str | None) -> bool:
    """Whether there is no store at the URL, of those that last.

    Raises:
        BadInput: The URL names no file, or has no form.
        StoreError: The file cannot be opened, is no database, or is another program's; the server cannot be reached.
    """
    return url is not None and not is_there(url)
