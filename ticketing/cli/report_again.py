"""`report --repeat` and `report --compare-to`: a printed report once more, and what became of it."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from textwrap import wrap
from typing import Any

from rich.text import Text

from ticketing.cli.output import printable, say, write
from ticketing.cli.progress import progress
from ticketing.cli.stores import opened_to_ask
from ticketing.domain.durations import lasting
from ticketing.domain.errors import BadInput
from ticketing.repeating import repeat
from ticketing.restating import Because, Changed, Restatement, restatement

_WORKING = "Working it out"
_MOST_TICKETS = 40
"""How many tickets the table names; JSON has them all."""
_MOST_REASONS = 4
_WIDTH = 80
_WHAT: Mapping[str, str] = {
    "late_entry": "entered",
    "since": "came",
    "correction": "corrected",
    "retraction": "taken back",
}
_OTHERWISE: Mapping[str | None, str] = {
    "time_or_elsewhere": "no fact of their own since: time went on, or another ticket came",
    "elsewhere": "no fact of their own since: because of another ticket, or a publication",
}


def text_of(path: Path) -> str:
    """What a printed report says.

    Raises:
        BadInput: The file cannot be read as text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: no report can be read from it ({type(error).__name__})") from None


def report_again(
    store: str | None, repeated: Path | None, compared: Path | None, cuts: Mapping[str, Any], *, is_json: bool
) -> None:
    """Prints a printed report once more, or what became of it.

    Raises:
        BadInput: It is no report, does not come out the same, or a repetition is asked for with cuts of its own.
    """
    named = {name: cut for name, cut in cuts.items() if cut is not None}
    if repeated is not None and named:
        raise BadInput("--repeat takes the cuts that were printed: leave out --as-of, --known-at and --position")
    with opened_to_ask(store) as app, progress(_WORKING) as advance:

        def tell(done: int, total: int) -> None:
            advance(_WORKING, done, total)

        if repeated is not None:
            answer = repeat(app, text_of(repeated), on_progress=tell).to_json()
        elif compared is not None:
            found = restatement(app, text_of(compared), on_progress=tell, **named)
    if repeated is not None:
        write(answer)
    elif is_json:
        write(found.to_json())
    else:
        for line in restatement_lines(found):
            say(line)


def restatement_lines(found: Restatement) -> Iterator[Text]:
    """What became of a report, ready to print: figures first, then tickets, the most telling first."""
    plain = found.plain()
    yield Text.assemble((found.now.figure.replace("_", " "), "heading"), ("  what became of a printed report", "faint"))
    for name, header in (("printed", plain["before"]), ("now", plain["now"])):
        yield Text(f"{name:8} {_header(header)}", "faint")
    yield Text()
    if found.is_defined_otherwise:
        yield Text("the figure is defined otherwise now: the numbers cannot be compared", "warning")
    for one in found.published:
        yield Text(f"published since: {one['kind']} {one['version']}, {one['recorded_at']}", "warning")
    yield from _figures(found)
    yield Text()
    yield from _tickets(found.tickets)


def _header(header: Any) -> str:  # noqa: ANN401 - JSON
    known = f", known at {header['known_at']}" if header["known_at"] else ""
    return f"as of {header['as_of']}{known}; position {header['position']:,}; {header['definition']}"


def _figures(found: Restatement) -> Iterator[Text]:
    if not found.rows:
        yield Text("no figure changed")
    for row in found.rows:
        group: Any = row["group"]
        names = ", ".join(printable(str(value)) if value is not None else "unknown" for value in group.values())
        yield Text.assemble((f"{_words(str(row['figure']))}", "heading"), f"  {names}".rstrip())
        yield Text(f"  {_numbers(row['was'])}  →  {_numbers(row['now'])}")


def _numbers(numbers: Any) -> str:  # noqa: ANN401 - JSON
    if numbers is None:
        return "no such row"
    if "percentiles" in numbers:
        shown = ", ".join(f"{name} {_number(value)}" for name, value in numbers["percentiles"].items())
    else:
        shown = _number(numbers["value"])
    return f"{shown} {numbers['unit']} ({numbers['numerator']:,} of {numbers['denominator']:,})"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:,.6g}"


def _tickets(tickets: tuple[Changed, ...]) -> Iterator[Text]:
    told = [one for one in tickets if one.because]
    untold = [one for one in tickets if not one.because]
    if told:
        yield Text(f"stand otherwise, with facts recorded since: {len(told):,} {_noun(told)}", "heading")
    for one in told[:_MOST_TICKETS]:
        yield from _ticket(one)
    if len(told) > _MOST_TICKETS:
        yield Text(f"… and {len(told) - _MOST_TICKETS:,} more, with --format json", "faint")
    for why in ("time_or_elsewhere", "elsewhere"):
        others = [one for one in untold if one.otherwise == why]
        if others:
            yield Text(f"{_OTHERWISE[why]}: {len(others):,} {_noun(others)}", "heading")
            names = ", ".join(printable(one.ticket or one.ticket_id) for one in others[:_MOST_TICKETS])
            more = " …" if len(others) > _MOST_TICKETS else ""
            yield from (Text(f"  {part}", "faint") for part in wrap(names + more, _WIDTH - 2))
    if not tickets:
        yield Text("no ticket stands otherwise")


def _words(name: str) -> str:
    return name if "@" in name else name.replace("_", " ")


def _noun(tickets: list[Changed]) -> str:
    return "ticket" if len(tickets) == 1 else "tickets"


def _ticket(one: Changed) -> Iterator[Text]:
    yield Text(f"  {printable(one.ticket or one.ticket_id)}")
    for name in dict.fromkeys([*one.was, *one.now]):
        was, now = (standings.get(name, "not there") for standings in (one.was, one.now))
        yield Text(f"    {printable(_words(name))}: {printable(was)} → {printable(now)}")
    for because in one.because[:_MOST_REASONS]:
        yield Text(f"    {_reason(because)}", "mark")
    if len(one.because) > _MOST_REASONS:
        yield Text(f"    and {len(one.because) - _MOST_REASONS:,} more facts", "mark")


def _reason(because: Because) -> str:
    what = _WHAT[because.what]
    field = f".{because.field}" if because.field is not None else ""
    late = f", {lasting(timedelta(seconds=because.late_seconds))} late" if because.what == "late_entry" else ""
    return f"{because.fact}{field} {what} {because.recorded_at:%Y-%m-%d %H:%M}Z{late} (fact {because.version})"
