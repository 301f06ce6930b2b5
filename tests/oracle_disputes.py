"""The oracle's questions about disputes, evidence, and who bears what; asked of raw facts as those of `oracle` are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.oracle import Case, Raw

OUTSIDERS = ("customer", "manufacturer", "expert")
CENT = Decimal("0.01")
Parts = dict[str, Decimal]


def amount(money: Mapping[str, str]) -> Decimal:
    return Decimal(money["amount"])


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


# who said what, and who was asked


def says_something(position: "Raw") -> bool:
    parts = ("statement", "requested_outcome", "letter_hash")
    return not position.said["is_silence"] and any(position.said[part] is not None for part in parts)


def due(party: str, earlier: Sequence["Raw"]) -> list[datetime]:
    """Until when the party may answer what it was asked since it last said something."""
    of_party = [it for it in earlier if it.said.get("party") == party]
    answers = [it.version for it in of_party if it.name == "PositionStated" and says_something(it)]
    asked = [it for it in of_party if it.name == "PositionRequested" and it.version > max(answers, default=0)]
    return [instant(it.said["deadline"]) for it in asked]


def is_heard(position: "Raw", earlier: Sequence["Raw"]) -> bool:
    if not position.said["is_silence"]:
        return says_something(position)
    own = [instant(position.said["deadline"])] if position.said["deadline"] is not None else []
    deadlines = [*own, *due(position.said["party"], earlier)]
    return bool(deadlines) and max(deadlines) < position.at


def unheard(facts: Sequence["Raw"]) -> list[str]:
    """The parties of a dispute, given from its opening on, that neither said anything nor were silent too long."""
    opened, *rest = facts
    heard = {
        it.said["party"] for place, it in enumerate(rest) if it.name == "PositionStated" and is_heard(it, rest[:place])
    }
    return [party for party in parties(opened) if party not in heard]


def parties(opened: "Raw") -> list[str]:
    return list(dict.fromkeys((opened.said["raised_by"], *opened.said["parties"])))


def is_heard_wrongly(fact: "Raw", case: "Case", now: datetime) -> bool:
    """Whether it is a request made too late, words that are none, or a silence with words or before its time."""
    if fact.name == "PositionRequested":
        return instant(fact.said["deadline"]) <= max(fact.at, now)
    if fact.name != "PositionStated":
        return False
    words = [fact.said[part] for part in ("statement", "requested_outcome", "letter_hash")]
    if not fact.said["is_silence"]:
        return not any(word is not None for word in words)
    return any(word is not None for word in (*words, fact.said["clause"])) or is_silence_too_early(fact, case, now)


def is_silence_too_early(fact: "Raw", case: "Case", now: datetime) -> bool:
    if not (facts := case.dispute(fact.said["dispute_id"])):
        return False
    deadlines = due(fact.said["party"], facts)
    own = instant(fact.said["deadline"]) if fact.said["deadline"] is not None else None
    if not deadlines or (own is not None and own < max(deadlines)):
        return True
    return max([*deadlines, *([own] if own is not None else [])]) >= min(fact.at, now)


def is_silence_twice(fact: "Raw", facts: Sequence["Raw"]) -> bool:
    party = fact.said["party"]
    of_party = [(place, it) for place, it in enumerate(facts) if it.said.get("party") == party]
    told = [(place, it) for place, it in of_party if it.name == "PositionStated"]
    answered = max((place for place, it in told if says_something(it)), default=-1)
    silent = [place for place, it in told if it.said["is_silence"] and is_heard(it, facts[:place])]
    asked = [place for place, it in of_party if it.name == "PositionRequested" and place > answered]
    return bool(asked) and max(silent, default=-1) > max(asked)


def is_said_for_another(fact: "Raw", case: "Case") -> bool:
    if fact.name == "DisputeOpened":
        return fact.role in ("customer", "manufacturer") and fact.said["raised_by"] != fact.role
    if fact.name == "ClaimDecided" and fact.role != "unknown":
        claims = case.of_id("ClaimSubmitted", fact.said["claim_id"])
        if fact.role == "manufacturer":
            return bool(claims) and claims[-1].said["to_party"] != fact.role
        return bool(claims) and fact.said["on_behalf_of"] is None and fact.said["letter_hash"] is None
    if fact.name not in ("PositionStated", "VerdictAppealed") or fact.role == "unknown":
        return False
    said = fact.said
    if fact.role in OUTSIDERS and said["party"] != fact.role:
        return True
    if fact.name == "PositionStated" and said["is_silence"]:
        return bool(said["party"] == fact.role)
    if fact.name == "VerdictAppealed" or said["party"] in ("company", fact.role):
        return False
    return said["on_behalf_of"] is None and said["letter_hash"] is None


# verdicts and how it ended


def ending(facts: Sequence["Raw"]) -> "Raw | None":
    """The fact that closed the dispute, unless an appeal opened it again."""
    turns = [it for it in facts if it.name in ("DisputeClosed", "VerdictAppealed")]
    return turns[-1] if turns and turns[-1].name == "DisputeClosed" else None


def standing_verdict(facts: Sequence["Raw"]) -> "Raw | None":
    turns = [it for it in facts if it.name in ("VerdictIssued", "VerdictAppealed")]
    closed = ending(facts)
    is_over = closed is not None and closed.said["how"] != "decided"
    return turns[-1] if turns and turns[-1].name == "VerdictIssued" and not is_over else None


def ruling(facts: Sequence["Raw"]) -> "Raw | None":
    """The fact whose shares count: a settlement, or the verdict that stands."""
    closed = ending(facts)
    if closed is not None and closed.said["how"] == "settled":
        return closed
    return standing_verdict(facts)


def is_decided_twice(fact: "Raw", case: "Case") -> bool:
    facts = case.dispute(fact.said["dispute_id"])
    if not facts:
        return False
    if fact.name in ("VerdictIssued", "DisputeClosed", "PositionRequested") and ending(facts) is not None:
        return True
    if fact.name == "VerdictIssued":
        return standing_verdict(facts) is not None
    if fact.name == "PositionStated":
        return bool(fact.said["is_silence"]) and is_silence_twice(fact, facts)
    if fact.name == "VerdictAppealed":
        since = [it for it in facts if it.name in ("VerdictIssued", "VerdictAppealed")]
        last = max((place for place, it in enumerate(since) if it.name == "VerdictIssued"), default=len(since))
        return fact.said["party"] in [it.said["party"] for it in since[last + 1 :]]
    return False


def names_nothing(fact: "Raw", case: "Case") -> bool:
    """Whether what it says of a dispute, a verdict, a party, a holder or a claim is not there."""
    said = fact.said
    named = said.get("dispute_id")
    if fact.name != "DisputeOpened" and named is not None and named not in case.ids("DisputeOpened"):
        return True
    if fact.name == "EvidenceHandedOver":
        return bool(said["from_holder"] != holder(said["evidence_id"], case))
    if fact.name == "DisputeOpened":
        if said["ground"] == "rejected_claim":
            return not is_below_the_claim(said["about_version"], case)
        version: int | None = said["about_version"]
        return version is not None and version not in case.versions
    facts = case.dispute(named) if named is not None else []
    if not facts:
        return False
    if fact.name == "PayersRevised":
        estimate = case.estimates.get(said["estimate_version"])
        is_known = estimate is not None and {part["line_id"] for part in said["lines"]} <= estimate.payers.keys()
        return ruling(facts) is None or not is_known
    closed = ending(facts)
    if fact.name == "VerdictAppealed":
        is_over = closed is not None and closed.said["how"] != "decided"
        has_verdict = any(it.name == "VerdictIssued" for it in facts)
        return is_over or not has_verdict or not {said["party"]} <= set(parties(facts[0]))
    if fact.name == "DisputeClosed" and said["how"] == "decided" and standing_verdict(facts) is None:
        return True
    told = [share["party"] for share in said.get("shares", ())]
    told += [said["in_favour_of"]] if fact.name == "VerdictIssued" else []
    return not set(told) <= set(parties(facts[0]))


def is_below_the_claim(version: int | None, case: "Case") -> bool:
    decided = case.versions.get(version) if version is not None else None
    if decided is None or decided.name != "ClaimDecided":
        return False
    claims = case.of_id("ClaimSubmitted", decided.said["claim_id"])
    if not claims or claims[-1].version > decided.version:
        return False
    asked, approved = claims[-1].said["amount"], decided.said["amount_approved"]
    return approved["currency"] != asked["currency"] or amount(approved) < amount(asked)


def holder(evidence_id: str, case: "Case") -> str | None:
    submitted = case.of_id("EvidenceSubmitted", evidence_id)
    if not submitted:
        return None
    moved = [it for it in case.all("EvidenceHandedOver") if it.said["evidence_id"] == evidence_id]
    after = [it.said["to_holder"] for it in moved if it.version > submitted[-1].version]
    held_by: str | None = [submitted[-1].said["held_by"], *after][-1]
    return held_by


def is_judged_by_a_party(fact: "Raw", case: "Case") -> bool:
    """Whether the one who judges is a party, or judged it before the appeal."""
    facts = case.dispute(fact.said["dispute_id"])
    if not facts:
        return False
    if fact.role in ("customer", "manufacturer") and fact.role in parties(facts[0]):
        return True
    judged = [who for it in facts if it.name == "VerdictIssued" for who in (it.by, it.said["by"])]
    return not {who.lower() for who in judged}.isdisjoint((fact.by.lower(), fact.said["by"].lower()))


def is_settled_in_another_currency(fact: "Raw", case: "Case") -> bool:
    bills = {it.said["bill_id"]: it for it in case.all("BillIssued")}.values()
    currencies = {line["amount"]["currency"] for it in bills for line in it.said["lines"]}
    settled = fact.said["amount"]
    return settled is not None and bool(currencies) and settled["currency"] not in currencies


# who bears what


def revised(version: int, case: "Case") -> dict[str, Parts]:
    """By line of an estimate, who bears what since a dispute changed it."""
    issued = case.estimates[version].issued.version
    facts = [it for it in case.all("PayersRevised") if it.said["estimate_version"] == version and it.version > issued]
    borne: dict[str, Parts] = {}
    for fact in facts:
        for line in {part["line_id"] for part in fact.said["lines"]}:
            borne[line] = {
                part["payer"]: amount(part["amount"]) for part in fact.said["lines"] if part["line_id"] == line
            }
    return borne


def lines_of(version: int, case: "Case") -> Mapping[str, Any]:
    return {line["line_id"]: line for line in case.estimates[version].issued.said["lines"]}


def borne(line_id: str, version: int, case: "Case") -> Parts:
    line = lines_of(version, case)[line_id]
    return revised(version, case).get(line_id, {line["payer"]: amount(line["price"])})


def is_billed_over_the_share(fact: "Raw", case: "Case") -> bool:
    if case.approved is None:
        return False
    version = case.approved.issued.said["estimate_version"]
    billed: Parts = {}
    for line in fact.said["lines"]:
        of = line["estimate_line"]
        if line["payer"] == "customer" and of in lines_of(version, case):
            if "customer" not in borne(of, version, case):
                return True
            billed[of] = billed.get(of, Decimal(0)) + amount(line["amount"])
    divided = revised(version, case)
    return any(line in divided and billed[line] > divided[line]["customer"] for line in billed)


def is_divided_wrongly(fact: "Raw", case: "Case") -> bool:
    facts, version = case.dispute(fact.said["dispute_id"]), fact.said["estimate_version"]
    if not facts or version not in case.estimates:
        return False
    named = {part["line_id"] for part in fact.said["lines"]} & lines_of(version, case).keys()
    return any(is_line_divided_wrongly(line, fact, facts, case) for line in named)


def is_line_divided_wrongly(line_id: str, fact: "Raw", facts: Sequence["Raw"], case: "Case") -> bool:
    version = fact.said["estimate_version"]
    line = lines_of(version, case)[line_id]
    parts = [part for part in fact.said["lines"] if part["line_id"] == line_id]
    if sum((amount(part["amount"]) for part in parts), Decimal(0)) != amount(line["price"]):
        return True
    if {part["amount"]["currency"] for part in parts} != {line["price"]["currency"]}:
        return True
    before = borne(line_id, version, case)
    if not {part["payer"] for part in parts} <= {*parties(facts[0]), *before}:
        return True
    decided = ruling(facts)
    percent = {share["party"]: Decimal(share["percent"]) for share in decided.said["shares"]} if decided else {}
    is_about = facts[0].said["raised_by"] in {line["payer"], *before}
    most = before.get("customer", Decimal(0))
    if sum(percent.values()) == 100 and is_about:
        most = (amount(line["price"]) * percent.get("customer", Decimal(0)) / 100).quantize(CENT, ROUND_FLOOR)
    return any(part["payer"] == "customer" and amount(part["amount"]) > most for part in parts)


def is_over_the_claim(fact: "Raw", case: "Case") -> bool:
    claims = case.of_id("ClaimSubmitted", fact.said["claim_id"])
    if not claims:
        return False
    asked, approved = claims[-1].said["amount"], fact.said["amount_approved"]
    return asked["currency"] != approved["currency"] or amount(approved) > amount(asked)
