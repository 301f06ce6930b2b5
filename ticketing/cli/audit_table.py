"""An audit as lines for people: what it is about, its totals, and the first of its decisions."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo
from itertools import islice
from textwrap import wrap

from rich.table import Table
from rich.text import Text

from ticketing.audits import DEFINITION, Audit, Header
from ticketing.cli.output import plain_table, printable
from ticketing.cli.times import shown
from ticketing.domain.assessment import Assessment, ClauseAssessed
from ticketing.domain.standard_words import assessment_in_words
from ticketing.projections.agreement import Agreement
from ticketing.projections.decision_rows import claim_text, dispute_text, known_texts, money_text, shares_text
from ticketing.projections.decision_totals import (
    DIMENSIONS,
    Tally,
    Total,
    deviation,
    overturned_share,
    would_cover_share,
    would_not_cover_share,
)
from ticketing.projections.decisions import Decision

FIRST = 10
"""How many decisions a table shows, unless a sample was asked for."""

_GROUPS = 8
"""How many groups of a kind it shows, those with the most to look at first."""

_FACTS = 6
"""How many missing facts it names."""

_CLAUSES = 4
"""For how many clauses it gives reasons."""

WIDTH = 80
_WORDS = (
    "agree, deviate: the decision, held against what the standard pinned then said of the facts known then; per 100: "
    "of those two. open: undecidable by what was known. The rest of n: nothing to hold it against. fell: overturned."
)
_UNDER_WORDS = (
    "covers, covers not, open: what it says of the facts known then. for, against: decided as not covered and it "
    "covers, or the other way round."
)
Cells = Sequence[tuple[str, Callable[[Tally], str]]]


def audit_lines(audit: Audit, zone: tzinfo) -> Iterator[Text | Table]:
    """The audit, ready to print; reads the log."""
    wanted = FIRST if audit.header.sample is None else None
    decisions = iter(audit)
    first = list(islice(decisions, wanted))
    for _ in decisions:  # the totals are of all of them
        pass
    yield from _head(audit)
    yield Text()
    yield _table(audit, _TOTALS, lambda tally: tally.deviating)
    yield from _wrapped(_WORDS, "faint")
    yield from _shared("Overturned", overturned_share(audit.totals.all))
    yield from _missing(audit.totals.all.missing)
    yield from _at_stake(audit.totals.all)
    if audit.header.under is not None:
        yield Text()
        yield Text(f"under {audit.header.under}", "heading")
        yield _table(audit, _UNDER, lambda tally: tally.under.would_cover + tally.under.would_not_cover)
        yield from _wrapped(_UNDER_WORDS, "faint")
        yield from _shared("For, of those decided as not covered", would_cover_share(audit.totals.all.under))
        yield from _shared("Against, of those decided as covered", would_not_cover_share(audit.totals.all.under))
        yield from _missing(audit.totals.all.under.missing)
    for decision in first:
        yield Text()
        yield from _decision(decision, zone)
    more = audit.totals.all.decided - len(first)
    if more and first:
        yield Text()
        yield Text(f"… and {more:,} more, with --format json or csv", "faint")


def _head(audit: Audit) -> Iterator[Text]:
    header, read = audit.header, audit.read
    yield Text.assemble(("disputes", "heading"), (f"  {DEFINITION}", "faint"))
    yield Text(f"decisions made{_period(header)}")
    known = f"known at {header.known_at}; " if header.known_at is not None else ""
    yield Text(f"{known}zone {header.zone}; position {header.position:,}", "faint")
    given = [f"{name} {printable(str(value))}" for name, value in header.parameters.items() if value is not None]
    if given:
        yield Text("; ".join(given), "faint")
    tickets = "ticket" if read.tickets == 1 else "tickets"
    yield Text(f"{read.tickets:,} {tickets}, {read.without_decision:,} without a decision", "faint")
    if header.under_published_at is not None and header.under_published_at > header.position:
        yield Text(f"{header.under} was published later, at position {header.under_published_at:,}", "faint")
    for what, count in sorted(read.unreadable.items()):
        whose = "an event of theirs" if what == "event" else f"{printable(what)}, pinned by them,"
        yield from _wrapped(f"left out: {count:,}, {whose} cannot be read: ticketing check", "warning")


def _period(header: Header) -> str:
    return {
        (False, False): ", all of them",
        (True, False): f" from {header.from_}",
        (False, True): f" up to {header.to}",
        (True, True): f" from {header.from_} to {header.to}",
    }[header.from_ is not None, header.to is not None]


# totals


def _interval(tally: Tally) -> str:
    low, high = (deviation(tally)[name] for name in ("low", "high"))
    return "" if low is None else f"{low:.1f}–{high:.1f}"


def _per_100(tally: Tally) -> str:
    value = deviation(tally)["value"]
    return "" if value is None else f"{value:.1f}"


_TOTALS: Cells = (
    ("n", lambda tally: f"{tally.decided:,}"),
    ("agree", lambda tally: f"{tally.agreeing:,}"),
    ("deviate", lambda tally: f"{tally.deviating:,}"),
    ("per 100", _per_100),
    ("95 %", _interval),
    ("open", lambda tally: f"{tally.undecidable:,}"),
    ("fell", lambda tally: f"{tally.overturned:,}"),
)
_UNDER: Cells = (
    ("n", lambda tally: f"{tally.under.asked:,}"),
    ("covers", lambda tally: f"{tally.under.covered:,}"),
    ("covers not", lambda tally: f"{tally.under.not_covered:,}"),
    ("open", lambda tally: f"{tally.under.undecidable:,}"),
    ("for", lambda tally: f"{tally.under.would_cover:,}"),
    ("against", lambda tally: f"{tally.under.would_not_cover:,}"),
)


def _table(audit: Audit, cells: Cells, weight: Callable[[Tally], int]) -> Table:
    """The totals: of all, then of the groups of each kind that count anything, the weightiest first."""
    table = plain_table()
    table.add_column("", overflow="fold")
    for heading, _ in cells:
        table.add_column(heading, justify="left" if heading == "95 %" else "right", no_wrap=True)
    for by in DIMENSIONS:
        counted = [total for total in audit.totals.of(by) if by == "all" or cells[0][1](total.tally) != "0"]
        totals = sorted(counted, key=lambda total: -weight(total.tally))
        if by != "all":
            table.add_row(Text(f"by {by}", "heading"))
        for total in totals[:_GROUPS]:
            table.add_row(_label(total), *(cell(total.tally) for _, cell in cells))
        if more := len(totals[_GROUPS:]):
            table.add_row(Text(f"  and {more:,} more, with --format json", "faint"))
    return table


def _label(total: Total) -> str:
    names = [name for name in total.group.values() if name is not None]
    if total.by == "all":
        return "all"
    return f"  {printable(' '.join(names)) if names else 'none named' if total.by == 'clause' else 'unknown'}"


def _shared(words: str, share: Mapping[str, object]) -> Iterator[Text]:
    """A share of all with its limits; nothing where there is none."""
    if share["value"] is not None:
        part, of, value, low, high = (share[name] for name in ("numerator", "denominator", "value", "low", "high"))
        yield from _wrapped(f"{words}: {part:,} of {of:,}, {value:.1f} per 100, 95 %: {low:.1f}–{high:.1f}")


def _missing(counted: Counter[str]) -> Iterator[Text]:
    """The facts that are missing most often."""
    if counted:
        most = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        rest = ", …" if len(most) > _FACTS else ""
        named = ", ".join(f"{printable(fact)} {count:,}" for fact, count in most[:_FACTS])
        yield from _wrapped(f"Missing to say: {named}{rest}")


def _at_stake(tally: Tally) -> Iterator[Text]:
    unknown = f"; of {tally.without_amount:,} decisions no amount is on record" if tally.without_amount else ""
    if tally.decided:
        yield from _wrapped(f"At stake: {money_text(dict(sorted(tally.money.items()))) or 'nothing'}{unknown}")


# decisions


def _decision(decision: Decision, zone: tzinfo) -> Iterator[Text]:
    """What was decided, what the standard said of it, and what came of it."""
    fact, ticket = decision.fact, decision.ticket
    name = ticket.number if ticket.number is not None else str(ticket.ticket_id)
    approved = f", approved by {decision.approved_by}" if decision.approved_by is not None else ""
    clauses = f" by {', '.join(decision.clauses)}" if decision.clauses else ""
    yield Text(printable(f"{name} version {fact.version}, {shown(fact.occurred_at, zone)}"), "heading")
    shares = f", {shares_text(decision)}" if shares_text(decision) else ""
    said = f"{type(fact.event).__name__}: {decision.said or 'no ground'}{shares}{clauses}; {decision.decider}{approved}"
    yield from _wrapped(printable(said))
    yield from _wrapped(printable(f"known: {'; '.join(known_texts(decision.known)) or 'nothing'}"))
    if decision.marks:
        yield from _wrapped(f"since {', '.join(decision.marks)}", "mark")
    assessed = f"{decision.pinned}: {_answer(decision.assessed)}" if decision.pinned is not None else "nothing pinned"
    yield from _wrapped(
        printable(f"{assessed}; {_AGREEMENTS[decision.agreement]}"), _STYLES.get(decision.agreement, "")
    )
    yield from _reasons(decision.assessed)
    if decision.kept == "differs":
        yield from _wrapped("the assessment stored beside it says otherwise", "warning")
    if decision.under is not None:
        yield from _wrapped(printable(f"{decision.under.standard}@{decision.under.version}: {_answer(decision.under)}"))
    if decision.arrived:
        later = ", ".join(f"{type(one.event).__name__} ({one.version})" for one in decision.arrived)
        since = f" {decision.pinned_since}:" if decision.pinned_since != decision.pinned else ""
        then = f"; with that{since} {_answer(decision.assessed_since)}" if decision.assessed_since is not None else ""
        yield from _wrapped(printable(f"later: {later}{then}"))
    yield from _wrapped(printable(_end(decision)), "faint")


_AGREEMENTS: Mapping[Agreement, str] = {
    "agrees": "they agree",
    "deviates": "the decision deviates",
    "undecidable": "decided all the same",
    "no_standard": "no standard to hold it against",
    "not_comparable": "not comparable",
}
_STYLES: Mapping[Agreement, str] = {"deviates": "mark"}


def _answer(assessed: Assessment | None) -> str:
    if assessed is None:
        return "not known"
    missing = f", missing {', '.join(assessed.missing)}" if assessed.missing else ""
    return f"{assessed.answer.replace('_', ' ')}{missing}"


def _reasons(assessed: Assessment | None) -> Iterator[Text]:
    """What the clauses say and why: those that apply or may, else all of them."""
    if assessed is not None:
        applying = [clause for clause in assessed.clauses if clause.answer != "does_not_apply"]
        told = _in_words(assessed, applying or assessed.clauses)
        for line in told[:_CLAUSES]:
            yield from _wrapped(printable(line), "faint")
        if more := len(told[_CLAUSES:]):
            yield from _wrapped(f"and {more:,} clauses more, with --format json", "faint")


def _in_words(assessed: Assessment, clauses: Sequence[ClauseAssessed]) -> Sequence[str]:
    """Those clauses of an assessment in sentences."""
    _, *told = assessment_in_words(assessed.model_copy(update={"clauses": tuple(clauses)}))
    return told


def _end(decision: Decision) -> str:
    ended = decision.ended
    by = f" by {decision.overturned_by}" if decision.overturned_by is not None else ""
    stood = f"{'it stands' if decision.stands == 'stands' else decision.stands}{by}"
    disputes = "".join(f"; {dispute_text(dispute)}" for dispute in ended.disputes)
    claims = "".join(f"; claim {claim_text(claim)}" for claim in ended.claims)
    stakes = "; ".join(money_text(stake.money) for stake in decision.stakes if stake.money)
    return f"{stood}; entitlement {ended.entitlement or 'undecided'}{disputes}{claims}; at stake {stakes or 'unknown'}"


def _wrapped(text: str, style: str = "") -> Iterator[Text]:
    for part in wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False):
        yield Text(part, style)
