"""The oracle of ledgers: whose each tick of a ticket's time was, and why."""

from collections.abc import Sequence

from tests.oracle import Raw
from tests.oracle_desk import CAUSES, Desk, Rules, Told
from tests.oracle_hours import seconds
from ticketing.domain.reference import PolicyPublished


def time_went(facts: Sequence[Raw], told: Told, rules: Rules, until: int) -> dict[int, tuple[str, str, str | None]]:
    """Whose each tick was, why, and where the unit was: from the first receipt to the last hand-back, or to `until`."""
    left = sorted(facts, key=lambda fact: (fact.at, fact.version))
    desk, order = Desk(rules), causes_in_order(facts, told, rules)
    found: dict[int, tuple[str, str, str | None]] = {}
    is_received = False
    at = seconds(left[0].at) if left else until
    while at < until:
        while left and seconds(left[0].at) <= at:
            is_received |= left[0].name == "UnitReceived"
            desk.take(left.pop(0))
        comes = [it.name for it in left if it.name in {"UnitReceived", "UnitHandedBack", "TicketReopened"}]
        goes_on = "TicketReopened" in comes or "UnitHandedBack" in comes
        comes_again = "UnitReceived" in comes or "UnitHandedBack" in comes
        if is_received and (desk.custody == "here" or (desk.custody == "left" and goes_on)):
            waits = sorted(desk.waits, key=lambda wait: order.index(wait[0]))
            if waits:
                found[at] = desk.waits[waits[0]], waits[0][0], desk.unit_at
            else:
                found[at] = "company", "work" if desk.is_at_work else "queue", desk.unit_at
        elif is_received and comes_again:
            found[at] = "nobody", "at_home", None
        at += rules.tick
    return found


def causes_in_order(facts: Sequence[Raw], told: Told, rules: Rules) -> list[str]:
    """In which order waits count: as the first policy that says so does, in force at the first receipt."""
    receipts = sorted((fact for fact in facts if fact.name == "UnitReceived"), key=lambda fact: (fact.at, fact.version))
    desk = Desk(rules)
    for fact in sorted(facts, key=lambda fact: (fact.at, fact.version)):
        desk.take(fact)
    named: Sequence[str] = ()
    for key in reversed(rules.policies if receipts else []):
        before = float("inf") if receipts[0].version in told.imported else receipts[0].position
        policy = rules.effective(PolicyPublished, key, seconds(receipts[0].at), before)
        if policy is not None and policy.causes and policy.manufacturer in {None, desk.manufacturer}:
            named = policy.causes
    return [*named, *(cause for cause in CAUSES if cause not in named)]
