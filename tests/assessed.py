"""The oracle of assessments: what a standard says of raw facts, asked anew for every question, slowly.

It knows standards as JSON and facts as `oracle.Raw`, and uses neither `Known` nor the functions of `standard.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.oracle import Case, Raw

Truth = bool | None
Said = tuple[Truth, list[str]]
"""Whether it holds, and what is missing to say so."""
TRUE: Said = (True, [])
FALSE: Said = (False, [])


def shown(assessment: Mapping[str, Any]) -> dict[str, Any]:
    """Of an assessment as JSON, what this oracle knows about: all but the figures within its reasons."""
    clauses = [(clause["clause"], clause["answer"], clause["burden"]) for clause in assessment["clauses"]]
    return {**{name: assessment[name] for name in ("standard", "version", "answer", "missing")}, "clauses": clauses}


def assessed(standard: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """The answer, the clauses' answers with who has to prove, and what is missing."""
    clauses = [clause for clause in standard["clauses"] if clause["effect"] is not None]
    answers = {clause["id"]: of_clause(clause, case) for clause in clauses}
    answer = over_all([(clause["effect"], answers[clause["id"]][0]) for clause in clauses])
    missing = [] if clauses else [f"criteria:{clause['id']}" for clause in standard["clauses"]]
    for clause in sorted(clauses, key=lambda it: str(it["effect"])):
        truth, lacks = answers[clause["id"]]
        turns = answer == "undecidable" and truth is None and would_change(clause["id"], clauses, answers)
        missing += [name for name in dict.fromkeys(lacks) if turns and name not in missing]
    told = [(it["id"], named(it["effect"], answers[it["id"]][0]), burden(it, case)) for it in clauses]
    return {
        "standard": standard["key"],
        "version": standard["version"],
        "answer": answer,
        "missing": missing,
        "clauses": told,
    }


def over_all(clauses: Sequence[tuple[str, Truth]]) -> str:
    """Covered where every way to fill in what is not known says so, and so on: the law, by trying them all."""
    if not clauses:
        return "undecidable"
    found = {say(filled) for filled in every_way(clauses)}
    return found.pop() if len(found) == 1 else "undecidable"


def say(clauses: Iterable[tuple[str, Truth]]) -> str:
    holding = {effect for effect, truth in clauses if truth}
    return "covered" if holding == {"covers"} else "not_covered"


def every_way(clauses: Sequence[tuple[str, Truth]]) -> Iterable[list[tuple[str, Truth]]]:
    if not clauses:
        return [[]]
    (effect, truth), *rest = clauses
    values = (True, False) if truth is None else (truth,)
    return [[(effect, value), *more] for value in values for more in every_way(rest)]


def would_change(one: str, clauses: Sequence[Mapping[str, Any]], answers: Mapping[str, Said]) -> bool:
    """Whether the answer may depend on this clause: some way to fill in the others leaves it to it."""
    others = [(clause["effect"], answers[clause["id"]][0]) for clause in clauses if clause["id"] != one]
    effect = next(clause["effect"] for clause in clauses if clause["id"] == one)
    return any(say([*way, (effect, True)]) != say([*way, (effect, False)]) for way in every_way(others))


def named(effect: str, truth: Truth) -> str:
    return {None: "undecidable", True: effect, False: "does_not_apply"}[truth]


def of_clause(clause: Mapping[str, Any], case: Case) -> Said:
    return conjunction(questions(clause, case))


def conjunction(parts: Sequence[Said]) -> Said:
    if any(truth is False for truth, _ in parts):
        return FALSE
    lacks = [name for _, missing in parts for name in missing]
    return (None, lacks) if any(truth is None for truth, _ in parts) else TRUE


def questions(clause: Mapping[str, Any], case: Case) -> list[Said]:
    asked: list[Said] = []
    if clause["models"]:
        asked.append(known_as(model(case), "model", lambda it: it in clause["models"]))
    for name, day in (("manufactured", made_on(case)), ("purchased", bought_on(case))):
        first, last = clause[f"{name}_from"] or "0001-01-01", clause[f"{name}_to"] or "9999-12-31"
        if clause[f"{name}_from"] or clause[f"{name}_to"]:
            asked.append(known_as(day, f"{name}_on", lambda it, f=first, t=last: f <= it <= t))
    if clause["period"] is not None:
        asked.append(in_period(clause["period"], case))
    if clause["causes"] or clause["defect_codes"]:
        asked.append(has_finding(clause, case))
    for criterion in clause["inspections"]:
        for stage in criterion["stages"]:
            asked += inspection(criterion, stage, case)
    for kind in clause["evidence"]:
        asked.append(TRUE if kind in kinds(case) else (None, [f"evidence:{kind}"]))
    return asked


def known_as(value: Any, name: str, holds: Any) -> Said:  # noqa: ANN401  # plain JSON of any shape
    return (None, [name]) if value is None else (TRUE if holds(value) else FALSE)


# facts


def model(case: Case) -> str | None:
    told = [it.said["model"] for it in (*case.all("TicketOpened")[:1], *case.all("UnitIdentified"))]
    return next((it for it in reversed(told) if it is not None), None)


def made_on(case: Case) -> str | None:
    told = [it.said["manufactured_on"] for it in case.all("UnitIdentified")]
    return next((it for it in reversed(told) if it is not None), None)


def bought_on(case: Case) -> str | None:
    proof = case.last("ProofOfPurchaseRecorded")
    return proof.said["purchased_on"] if proof is not None else None


def got_on(case: Case) -> str | None:
    before = [
        it.at
        for it in case.all("UnitHandedBack")
        if case.begun is not None
        and it.at < case.begun.at
        and any(
            done.at <= it.at and cycle_of(done.at, case) == cycle_of(it.at, case)
            for done in case.all("RepairCompleted", "UnitExchanged")
        )
    ]
    proof = case.last("ProofOfPurchaseRecorded")
    return day(max(before)) if before else (proof.said["handed_over_on"] if proof is not None else None)


def kinds(case: Case) -> set[str]:
    proved = {"proof_of_purchase"} if case.all("ProofOfPurchaseRecorded") else set()
    return {it.said["kind"] for it in case.all("EvidenceSubmitted")} | proved


def day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def last_by_time(facts: Sequence[Raw]) -> Raw | None:
    return max(facts, key=lambda it: (it.at, it.version), default=None)


def beginnings(case: Case) -> list[Raw]:
    """What began each cycle so far, by asking of every fact whether it began one when it came."""
    prefixes = (Case(case.facts[: number + 1]).begun for number in range(len(case.facts)))
    return list({it.version: it for it in prefixes if it is not None}.values())


def cycle_of(at: datetime, case: Case) -> int:
    return len([it for it in beginnings(case) if it.at <= at])


def reported(case: Case) -> Raw | None:
    """The first report of the present fault."""
    told = beginnings(case)
    return next((it for it in reversed(told) if it.said.get("ground") == "new_fault"), told[0] if told else None)


def reported_after(since: str, case: Case) -> str | None:
    """The day of the report that a period is about: the first, or the present one where it had not begun."""
    first = reported(case)
    if first is None or case.begun is None:
        return None
    return day(first.at) if day(first.at) >= since else day(case.begun.at)


def days_in_hand(since: str, case: Case) -> int:
    """The calendar days with the company before the present cycle, of stays after a day and before the report."""
    report = reported_after(since, case)
    if case.begun is None or report is None:
        return 0
    moved = sorted(case.all("UnitReceived", "UnitHandedBack", "UnitDisposed"), key=lambda it: (it.at, it.version))
    days: set[str] = set()
    came: datetime | None = None
    for at, name in [(it.at, it.name) for it in moved if it.at < case.begun.at] + [(case.begun.at, "")]:
        if name == "UnitReceived":
            came = came or at
        elif came is not None:
            here = came
            while since < day(came) < report and day(here) <= min(day(at), report):
                days.add(day(here))
                here += timedelta(days=1)
            came = None
    return len(days)


# criteria


def in_period(period: Mapping[str, Any], case: Case) -> Said:
    since, name = start(period["since"], case)
    if since is None:
        return None, [name]
    if case.begun is None:
        return None, ["opened_on"]
    last = date.fromisoformat(months_after(since, period["months"]))
    if period["is_extended_by_repair"]:
        last += timedelta(days=days_in_hand(since, case))
    report = reported_after(since, case)
    return TRUE if report is not None and report <= last.isoformat() else FALSE


def start(since: str, case: Case) -> tuple[str | None, str]:
    return {
        "purchase": (bought_on(case), "purchased_on"),
        "manufacture": (made_on(case), "manufactured_on"),
        "hand_over": (got_on(case), "handed_over_on"),
    }[since]


def months_after(since: str, months: int) -> str:
    """Month by month on the calendar, then the same number of the day, or the last that there is."""
    year, month, number = map(int, since.split("-"))
    for _ in range(months):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    while True:
        try:
            return date(year, month, number).isoformat()
        except ValueError:
            number -= 1


def burden(clause: Mapping[str, Any], case: Case) -> str | None:
    told = clause["burden_of_proof"]
    if told is None or told["until_months"] is None:
        return told["on"] if told is not None else None
    since, _ = start(told["since"], case)
    if since is None or case.begun is None:
        return None
    is_early = (reported_after(since, case) or "") <= months_after(since, told["until_months"])
    who: str | None = told["on"] if is_early else told["then_on"]
    return who


def has_finding(clause: Mapping[str, Any], case: Case) -> Said:
    diagnosed = last_by_time([it for it in case.in_cycle("DiagnosisRecorded") if it.said["findings"]])
    if diagnosed is None:
        return None, ["diagnosis"]
    found = [finding_fits(clause, finding) for finding in diagnosed.said["findings"]]
    if TRUE in found:
        return TRUE
    lacks = [name for truth, missing in found if truth is None for name in missing]
    return (None, lacks) if lacks else FALSE


def finding_fits(clause: Mapping[str, Any], finding: Mapping[str, Any]) -> Said:
    cause, code = finding["cause"], finding["defect_code"]
    parts: list[Said] = []
    if clause["causes"]:
        is_unsaid = cause == "unknown" and cause not in clause["causes"]
        parts.append((None, ["diagnosis"]) if is_unsaid else TRUE if cause in clause["causes"] else FALSE)
    if clause["defect_codes"]:
        is_unsaid = code is None and cause != "none_found"
        parts.append((None, ["defect_code"]) if is_unsaid else TRUE if code in clause["defect_codes"] else FALSE)
    truth, lacks = conjunction(parts)
    return truth, lacks[:1]


def inspection(criterion: Mapping[str, Any], stage: str, case: Case) -> list[Said]:
    place = f"{criterion['test']}:{stage}"
    made = [it for it in case.in_cycle("TestPerformed") if f"{it.said['test']}:{it.said['stage']}" == place]
    last = last_by_time(made)
    if last is None:
        return [(None, [f"test:{place}"])]
    said: list[Said] = []
    if criterion["at_least"] is not None or criterion["at_most"] is not None:
        reading = last.said["reading"]
        if reading is None or reading["unit"] != criterion["unit"]:
            said.append((None, [f"reading:{place}"]))
        else:
            low, high = criterion["at_least"] or "-Infinity", criterion["at_most"] or "Infinity"
            said.append(TRUE if Decimal(low) <= Decimal(reading["value"]) <= Decimal(high) else FALSE)
    if criterion["passed"] is not None:
        said.append(TRUE if last.said["passed"] is criterion["passed"] else FALSE)
    return said
