"""`report page`: all figures as one page for a browser, written to a file."""

from collections.abc import Mapping
from pathlib import Path

from ticketing.adapters.urls import name_of
from ticketing.cli.output import say
from ticketing.cli.progress import progress
from ticketing.cli.stores import StoreUrl, opened_to_ask, refuse_the_store
from ticketing.domain.errors import BadInput
from ticketing.domain.phrases import spaced
from ticketing.pages.page_file import refuse_existing, write_page
from ticketing.pages.report_page import report_page

PAGE = "page"
"""What the page is called among the reports."""

_WORKING = "Working it out"


def write_report_page(store: StoreUrl, out: Path | None, asked: Mapping[str, object], *, is_forced: bool) -> None:
    """Writes the page and says so in one line.

    Raises:
        BadInput: There is no file named, it is there already, or something asked cannot be understood.
    """
    if out is None:
        raise BadInput("a page is written to a file: give --out FILE")
    refuse_existing(out, is_replacing=is_forced)
    if not out.parent.is_dir():
        raise BadInput(f"{out}: it cannot be written: there is no folder {out.parent}")
    with opened_to_ask(store) as app, progress(_WORKING) as advance:
        doing = _WORKING

        def begin(figure: str) -> None:
            nonlocal doing
            doing = spaced(figure)
            advance(doing, 0, None)

        refuse_the_store(out, store)
        page = report_page(
            app,
            store=name_of(store or ""),
            on_figure=begin,
            on_progress=lambda done, total: advance(doing, done, total),
            **asked,  # type: ignore[arg-type]  # the command line made them, and the page refuses the rest
        )
    write_page(out, page, is_replacing=is_forced)
    say(f"{out}: {len(page.encode()) // 1024:,} KiB; open it in a browser, or print it.")
