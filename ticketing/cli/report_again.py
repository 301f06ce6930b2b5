"""`report --repeat` and `report --compare-to`: a printed report once more, and what became of it."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from textwrap import wrap
from typing import Any

from rich.text import Text

from ticketing.causes import Because, Otherwise, Plain
from ticketing.cli.output import printable, say, write
from ticketing.cli.progress import progress
from ticketing.cli.restated_rows import row_lines
from ticketing.cli.stores import opened_to_ask
from ticketing.domain.durations import lasting
from ticketing.domain.errors import BadInput
from ticketing.projections.backlog import AGES
from ticketing.repeating import repeat
from ticketing.restating import Changed, Restatement, restatement

_WORKING = "Working it out"
_MOST_TICKETS = 40
"""How many tickets the table names; JSON has them all."""
_MOST_REASONS = 4
_MOST_TOLD = 5
"""Of more tickets that stand otherwise by no fact of their own, only the numbers are printed."""
_MOST_LINES = 8
_WIDTH = 80
_WHAT: Mapping[str, str] = {
    "late_entry": "entered",
    "since": "came",
    "correction": "corrected",
    "retraction": "taken back",
}
_OTHERWISE: Mapping[Otherwise, str] = {
    "time": "because time went on",
    "publication": "because of what was published",
    "another_ticket": "because of other tickets",
}
_LABELS: Mapping[str, str] = {
    **{name: f"open {name.replace('>', 'more than ')} days" for name, _, _ in AGES},
    "long": "long term",
    "wait": "waits for",
}
_CODES = ("state", "wait")
_STILL_OPEN = "still open"
"""What is said of a ticket that has not ended."""


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
        BadInput: It is no report, or does not come out the same.
    """
    named = {name: cut for name, cut in cuts.items() if cut is not None}
    with opened_to_ask(store) as app, progress(_WORKING) as advance:

        def tell(done: int, total: int) -> None:
            advance(_WORKING, done, total)

        if repeated is not None:
            answer = repeat(app, text_of(repeated), place=str(repeated), on_progress=tell).to_json()
        elif compared is not None:
            found = restatement(app, text_of(compared), place=str(compared), on_progress=tell, **named)
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
    for was, now_is in found.redefined:
        yield Text(f"defined otherwise since: {was} is {now_is} now; tickets are told by {now_is} alone", "warning")
    for one in found.published:
        yield Text(f"published since: {one['kind']} {one['version']}, {one['recorded_at']}", "warning")
    yield from row_lines(found)
    yield from _cases(found)
    yield Text()
    yield from _tickets(found.tickets)
    if found.rows and not found.tickets and found.before["as_of"] != found.now.as_of:
        yield Text("what went on went on for longer", "faint")


def _header(header: Any) -> str:  # noqa: ANN401 - JSON
    known = f", known at {header['known_at']}" if header["known_at"] else ""
    return f"as of {header['as_of']}{known}; position {header['position']:,}; {header['definition']}"


def _cases(found: Restatement) -> Iterator[Text]:
    """The single cases that are listed otherwise, each with what is new of it."""
    if not found.cases:
        return
    yield Text()
    yield Text(f"listed otherwise: {len(found.cases):,} {'case' if len(found.cases) == 1 else 'cases'}", "heading")
    for case in found.cases[:_MOST_TICKETS]:
        was, now = case["was"], case["now"]
        what = "no longer listed" if now is None else "listed now" if was is None else _changes(was, now)
        yield Text(f"  {printable(str(case['ticket']))}{_clock(was or now)}: {what}")
    if len(found.cases) > _MOST_TICKETS:
        yield Text(f"… and {len(found.cases) - _MOST_TICKETS:,} more, with --format json", "faint")


def _clock(case: Mapping[str, Any]) -> str:
    named = [case[name] for name in ("policy", "clock", "repeat") if case.get(name)]
    return f" {printable('/'.join(named))}" if named else ""


def _changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    changed = [name for name in {**was, **now} if was.get(name) != now.get(name)]
    return "; ".join(f"{_words(name)} {_value(was.get(name))} → {_value(now.get(name))}" for name in changed)


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"{len(value)} facts"
    return "none" if value is None else printable(str(value))


def _tickets(tickets: tuple[Changed, ...]) -> Iterator[Text]:
    """Those with a fact of their own first; the others together, by why they stand otherwise."""
    told = [one for one in tickets if one.because]
    if told:
        yield Text(f"stand otherwise by what was recorded since: {len(told):,} {_noun(told)}", "heading")
    for one in told[:_MOST_TICKETS]:
        yield from _ticket(one)
    if len(told) > _MOST_TICKETS:
        yield Text(f"… and {len(told) - _MOST_TICKETS:,} more, with --format json", "faint")
    untold = [one for one in tickets if not one.because]
    for why, named in dict.fromkeys((one.otherwise, one.others) for one in untold):
        others = [one for one in untold if (one.otherwise, one.others) == (why, named)]
        yield Text(f"stand otherwise {_otherwise(why, named)}: {len(others):,} {_noun(others)}", "heading")
        if "time" in why or len(others) > _MOST_TOLD:
            yield from _named(others)
            continue
        for one in others[:_MOST_TICKETS]:
            yield from _ticket(one)
    if not tickets:
        yield Text("no ticket stands otherwise")


def _named(tickets: list[Changed]) -> Iterator[Text]:
    names = ", ".join(printable(one.ticket or one.ticket_id) for one in tickets[:_MOST_TICKETS])
    more = " …" if len(tickets) > _MOST_TICKETS else ""
    yield from (Text(f"  {part}", "faint") for part in wrap(names + more, _WIDTH - 2))


def _otherwise(why: tuple[Otherwise, ...], others: tuple[str, ...]) -> str:
    return " and ".join(_because_of(one, others) for one in why) or "for no reason that the record gives"


def _because_of(one: Otherwise, others: tuple[str, ...]) -> str:
    if one != "another_ticket" or not others:
        return _OTHERWISE[one]
    more = " …" if len(others) > _MOST_REASONS else ""
    return f"because of {printable(', '.join(others[:_MOST_REASONS]))}{more}"


def _words(name: str) -> str:
    return name if "@" in name else name.replace("_", " ")


def _noun(tickets: list[Changed]) -> str:
    return "ticket" if len(tickets) == 1 else "tickets"


def _ticket(one: Changed) -> Iterator[Text]:
    yield Text(f"  {printable(one.ticket or one.ticket_id)}")
    names = list(dict.fromkeys([*one.was, *one.now]))
    for name in names[:_MOST_LINES]:
        yield Text(f"    {printable(_standing(name, one.was.get(name), one.now.get(name)))}")
    if len(names) > _MOST_LINES:
        yield Text(f"    and {len(names) - _MOST_LINES:,} more lines, with --format json", "faint")
    if not one.because:
        return
    for because in one.because[:_MOST_REASONS]:
        yield Text(f"    {_reason(because)}", "mark")
    if len(one.because) > _MOST_REASONS:
        yield Text(f"    and {len(one.because) - _MOST_REASONS:,} more facts, with --format json", "mark")
    for why in one.otherwise:
        yield Text(f"    and {_because_of(why, one.others)}", "mark")


def _standing(name: str, was: str | None, now: str | None) -> str:
    """What changed of a ticket, in words: of what is so or not, whether it is."""
    known = {was, now} - {None}
    label = _LABELS.get(name, _words(name))
    if known == {_STILL_OPEN}:
        label = f"{name.rpartition('.')[0].replace('_', ' ')} {_STILL_OPEN}".strip()
    if known <= {"yes", _STILL_OPEN}:
        return f"{label}: {' → '.join('no' if one is None else 'yes' for one in (was, now))}"
    told = ("not there" if one is None else one for one in (was, now))
    if name in _CODES:
        told = ("nothing" if one == "none" else one.replace("_", " ") for one in told)
    return f"{label}: {' → '.join(told)}"


def _reason(because: Because) -> str:
    what = _WHAT[because.what]
    field = f".{because.field}" if because.field is not None else ""
    late = f", {lasting(timedelta(seconds=because.late_seconds))} late" if because.what == "late_entry" else ""
    change = f" from {_plain(because.was)} to {_plain(because.is_now)}" if because.what == "correction" else ""
    when = f"{because.recorded_at:%Y-%m-%d %H:%M}Z"
    return f"{because.fact}{field} {what} {when}{change}{late} (fact {because.version})"


def _plain(value: Plain) -> str:
    return (
        "nothing" if value is None else printable(", ".join(map(str, value)) if isinstance(value, list) else str(value))
    )
