"""Coverage on a dossier's page: the clauses that were pinned, and every decision beside what they said of the facts."""

from collections.abc import Iterator

from ticketing.domain import events as e
from ticketing.domain.clauses import Clause
from ticketing.domain.reference import StandardPublished
from ticketing.domain.standard_words import assessment_in_words, clause_in_words
from ticketing.domain.values import Event, Recorded
from ticketing.domain.wording import in_words
from ticketing.pages.account import Account, Section, fact_link, listed, pairs
from ticketing.pages.markup import Html, joined, lines, tag
from ticketing.projections.agreement import Agreement, Says, agreement, basis_says, refusal_says

Decided = e.EntitlementDecided | e.EntitlementRevised | e.ServiceRefused
"""The decisions beside which an assessment is recorded."""

_COMPARED: dict[Agreement, str] = {
    "agrees": "The decision says the same.",
    "deviates": "The decision says otherwise.",
    "undecidable": "The standard left it to the decision.",
    "not_comparable": "The decision is on another ground than the standard.",
    "no_standard": "",
}


def pinned_clauses(account: Account) -> Section | None:
    """Every pinned version with its clauses in words; None where no standard was pinned or ruled out."""
    pins = account.of(e.StandardPinned)
    if not pins:
        return None
    return Section("clauses", "What the standard says", *(_pin(account, pin) for pin in pins))


def _pin(account: Account, pin: Recorded[e.StandardPinned]) -> Html:
    said = pin.event
    pinned = joined(["pinned ", account.when(pin.occurred_at), f" by {account.who(pin)} ", fact_link(pin.version)])
    if said.standard is None or said.standard_version is None:
        return tag("article", tag("h3", "No standard applies"), tag("p", pinned), account.quote(said.none_reason))
    standard = account.standards.get((said.standard, said.standard_version))
    basis = f"the day of {said.basis}" if said.basis is not None else None
    told = pairs(
        (
            ("title", standard.title if standard is not None else None),
            ("effective from", account.when(standard.effective_from) if standard is not None else None),
            ("chosen by", basis),
            ("recorded", pinned),
            ("document", account.hash_of(said.document_hash) if said.document_hash is not None else None),
        )
    )
    title = tag("h3", f"{said.standard}, version {said.standard_version}")
    return tag("article", lines([title, told, *_clauses(account, standard, said)]))


def _clauses(account: Account, standard: StandardPublished | None, pin: e.StandardPinned) -> Iterator[Html]:
    """The clauses that were pinned or that somebody relied on; all of them where none was named."""
    if standard is None:
        yield tag("p", "This version was never published in this store.", class_="untold")
        return
    named = {*pin.clauses, *_relied_on(account)}
    shown = [clause for clause in standard.clauses if clause.id in named] or standard.clauses
    for clause in shown:
        yield _clause(clause, is_pinned=clause.id in pin.clauses)
    left_out = len(standard.clauses) - len(shown)
    if left_out:
        more = "one more clause" if left_out == 1 else f"{left_out} more clauses"
        yield tag("p", f"The version has {more} that nobody relied on; they stand in events.jsonl.", class_="aside")


def _clause(clause: Clause, *, is_pinned: bool) -> Html:
    effect, *asked = clause_in_words(clause)
    mark = tag("span", "pinned", class_="mark") if is_pinned else None
    said = listed(asked) if asked else None
    return tag(
        "div",
        tag("h4", f"Clause {clause.id}: {clause.title} ", mark),
        tag("p", f"{effect}{':' if asked else '.'}"),
        said,
        class_="card",
    )


def _relied_on(account: Account) -> set[str]:
    """The clauses that decisions, positions and verdicts name."""
    named: set[str] = set()
    for fact in account.facts:
        match fact.event:
            case e.EntitlementDecided():
                named.update(fact.event.clauses)
            case e.ServiceRefused() | e.PositionStated() | e.VerdictIssued() | e.ClaimDecided():
                named.update({fact.event.clause} - {None})  # type: ignore[arg-type]  # None was left out
            case _:
                pass
    return named


def decisions(account: Account) -> Section | None:
    """Every decision on the entitlement beside what the pinned standard said then; None where there is none."""
    made = [_decision(account, fact, fact.event) for fact in account.facts if isinstance(fact.event, Decided)]
    if not made:
        return None
    note = (
        "Beside each decision stands what the pinned version of the standard said of the facts known at that moment. "
        "It was recorded with the decision, and decided nothing."
    )
    return Section("decisions", "What was decided", tag("p", note), *made)


def _decision(account: Account, fact: Recorded[Event], decided: Decided) -> Html:
    said = tag(
        "div",
        tag("h4", account.when(fact.occurred_at), " ", fact_link(fact.version)),
        tag("p", f"{account.who(fact)} {in_words(fact, account.text)}"),
        class_="card",
    )
    return tag("div", said, _assessed(account, decided), class_="sides")


def _assessed(account: Account, decided: Decided) -> Html:
    assessed = decided.assessment
    if assessed is None:
        return tag("div", tag("p", "No assessment stands beside this decision.", class_="untold"), class_="card")
    answer, *clauses = assessment_in_words(assessed, account.standards.get((assessed.standard, assessed.version)))
    return tag(
        "div",
        tag("h4", answer),
        listed(clauses) if clauses else None,
        tag("p", _COMPARED[agreement(_says(decided), assessed)], class_="aside"),
        class_=f"card {assessed.answer.replace('_', '-')}",
    )


def _says(decided: Decided) -> Says | None:
    match decided:
        case e.EntitlementDecided():
            return basis_says(decided.basis)
        case e.EntitlementRevised():
            return basis_says(decided.to_basis)
        case e.ServiceRefused():
            return refusal_says(decided)
