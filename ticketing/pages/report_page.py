"""Report page: the figures of a store as one file of HTML, for people, without network and without scripts."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Unpack

from ticketing import reports
from ticketing.answering import Asked, together
from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput
from ticketing.pages.account import Section, listed
from ticketing.pages.chart_style import CHART_STYLE
from ticketing.pages.drawing import require_drawing
from ticketing.pages.markup import Html, lines, tag
from ticketing.pages.report_style import REPORT_STYLE
from ticketing.pages.style import STYLE
from ticketing.projections.report import Report

if TYPE_CHECKING:
    from ticketing.pages.exhibit import Exhibit

COMPARED = ("site", "technician", "model")
"""What is compared unless it is said."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Nothing is loaded, and nothing is run."""


def report_page(
    app: Ticketing,
    *,
    store: str = "",
    on_figure: Callable[[str], None] | None = None,
    **asked: Unpack[Asked],
) -> str:
    """The page as HTML, all of it as of one instant and one position of the log; the same answers give the same text.

    Args:
        app: The application on the store.
        store: What the store is called in the heading.
        on_figure: Told the name of each report that is begun, and at last that the page is drawn.
        asked: See `Asked`; `by` names what is compared, each dimension for itself, and every figure has its own cohort.

    Raises:
        BadInput: Something asked cannot be understood, or a library that draws or computes is missing.
    """
    require_drawing()
    from ticketing.pages.section_comparisons import over_time, standing_out
    from ticketing.pages.section_overview import backlog, complaints, compliance, ledger
    from ticketing.pages.section_turnaround import PERCENTS, truth, turnaround

    if asked.get("cohort") is not None:
        raise BadInput("a page has figures of several cohorts: ask one report for one cohort")
    by = asked.get("by") or COMPARED
    shared: Asked = {**asked}
    shared.pop("by", None)
    tell = on_figure or _tell_nobody

    def report(name: str, **more: object) -> Callable[[Asked], Report]:
        def made(given: Asked) -> Report:
            tell(name)
            return reports.named(name)(app, **given | more)

        return made

    compared = (by,) if isinstance(by, str) else tuple(by)
    times, clocks, complained, spent, open_now, by_month, *beside = together(
        app,
        shared,
        [
            report("turnaround", percentiles=PERCENTS),
            *map(report, ("sla", "complaint_rate", "ledger")),
            report("backlog", from_=None, to=None),
            report("control_chart"),
            *(report("funnel", by=[name]) for name in compared),
        ],
    )
    funnels = dict(zip(compared, beside, strict=True))
    tell("drawing")
    stands = [turnaround(times), compliance(clocks), complaints(complained), backlog(open_now), ledger(spent)]
    sections = [
        _section("overview", "How things stand", stands),
        _section("time", "Over time", [over_time(by_month)]),
        _section("groups", "Beside each other", [standing_out(answered, name) for name, answered in funnels.items()]),
    ]
    return _page(_head(times, store, truth(times)), store, sections)


def _tell_nobody(name: str) -> None:
    """Nobody wants to know which figure is being worked out."""


def _section(anchor: str, title: str, exhibits: Sequence["Exhibit"]) -> Section:
    return Section(anchor, title, *(exhibit.shown() for exhibit in exhibits))


def _page(head: Html, store: str, sections: Sequence[Section]) -> str:
    links = listed(tag("a", section.title, href=f"#{section.anchor}") for section in sections)
    body = lines([head, tag("nav", links), tag("main", lines(section.shown() for section in sections))])
    return f"<!DOCTYPE html>\n{tag('html', _html_head(store), tag('body', body), lang='en')}\n"


def _html_head(store: str) -> Html:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"Repair figures of {store}" if store else "Repair figures"),
        tag("style", Html(STYLE + CHART_STYLE + REPORT_STYLE)),
    )


def _head(first: Report, store: str, truth: str) -> Html:
    from ticketing.pages.exhibit import cut_said

    period = {
        (False, False): "all tickets",
        (True, False): f"from {first.from_}",
        (False, True): f"up to {first.to}",
        (True, True): f"{first.from_} to {first.to}",
    }[first.from_ is not None, first.to is not None]
    told = [
        tag("p", store, class_="kicker") if store else None,
        tag("h1", "Repair figures"),
        tag("p", truth, class_="truth"),
        tag("p", f"{period}; {cut_said(first)}", class_="aside"),
    ]
    return tag("header", lines(told))
