"""Random courses of a ticket: plausible, and sometimes odd.

Facts are entered late, corrected, retracted, imported, doubled or missing; there may be several cycles.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tests import examples as ex
from tests.examples import but
from tests.random_calendars import Grid
from ticketing.domain import events as e
from ticketing.domain.policy import WAITS
from ticketing.domain.values import Event, PrivateText

WHY = PrivateText(text="typed wrongly")
NOTE = e.NoteRecorded(text=WHY)


@dataclass
class Said:
    """A fact before the log has it; instants are ticks after the beginning.

    Attributes:
        about: The fact that it corrects (`field` `becomes` another) or, without a field, takes back.
    """

    event: Event
    at: int
    recorded: int
    is_imported: bool = False
    about: "Said | None" = None
    field: str = ""
    becomes: str = ""


def random_course(grid: Grid) -> list[Said]:
    """What happened to a ticket, each fact recorded when it occurred; first the opening."""
    site = grid.one(("berlin", "leipzig", "bench-1"))
    kind, manufacturer = grid.one(("consumer", "consumer", "dealer")), grid.one(("ACME", "ACME", "Other", None))
    at = grid.random.randrange(grid.length // 4)
    found = [_said(but(ex.OPENED, customer_kind=kind, site=site, manufacturer=manufacturer), at)]
    cycles = grid.one((1, 1, 1, 2, 3))
    for number in range(cycles):
        if number:
            found.append(_said(ex.REOPENED, at))
        end = at + (grid.length - at) // (cycles - number)
        found += _cycle(grid, at, end, site, is_last=number == cycles - 1)
        at = end
    return found


def _said(event: Event, at: int) -> Said:
    return Said(event, at, at)


def _cycle(grid: Grid, start: int, end: int, site: str, *, is_last: bool) -> Iterator[Said]:
    """The backbone of a cycle, in order of time, and whatever else happens meanwhile."""
    room = max(end - start, 2)
    backbone = _backbone(grid, site)
    if is_last and grid.chance(50):
        backbone = backbone[: grid.random.randrange(len(backbone) + 1)]
    ticks = sorted(start + grid.random.randrange(room) for _ in backbone)
    yield from map(_said, backbone, ticks)
    for _ in range(grid.random.randrange(5)):
        thread = grid.one(THREADS)
        ticks = sorted(start + grid.random.randrange(room + 5) for _ in range(8))
        yield from map(_said, thread(grid, ticks), ticks)


def _backbone(grid: Grid, site: str) -> list[Event]:
    """What happens in a cycle, some of it missing."""
    other = grid.one(("leipzig", "berlin", "bench-2"))
    found: list[Event] = [e.UnitReceived(site=site)]
    if grid.chance(40):
        assigned = e.TicketAssigned(site=grid.one((site, other, "bench-1", "bench-2")))
        found.insert(grid.random.randrange(2), assigned)
    if grid.chance(40):
        found += [e.UnitDispatched(to=other), e.UnitArrived(site=other)]
    if grid.chance(40):
        found.insert(grid.random.randrange(1, len(found) + 1), e.TicketAssigned(site=other))
    found += [ex.DIAGNOSIS_STARTED, ex.DIAGNOSED]
    if grid.chance(50):
        decided = but(ex.IN_WARRANTY, basis=grid.one(("warranty", "goodwill", "none")))
        found.insert(grid.random.randrange(len(found)), decided)
    if grid.chance(25):
        found.append(but(ex.REVISED, to_basis=grid.one(("warranty", "none"))))
    found += [ex.REPAIR_STARTED, ex.REPAIRED, ex.QC_PASSED, ex.NOTIFIED, e.UnitHandedBack(site=site), ex.CLOSED]
    return [event for event in found if not grid.chance(8)]


# what goes wrong on the record


def spoilt(grid: Grid, course: list[Said]) -> list[Said]:
    """The course as it came onto the record; the opening stays the first fact."""
    said = [replace(it) for it in course]
    if grid.chance(15):
        said.append(_said(grid.one(said).event, grid.random.randrange(said[0].at, grid.length)))
    lateness = grid.one((0, 0, 20, 50))
    for it in said:
        if grid.chance(lateness):
            it.recorded = it.at + grid.random.randrange(1, grid.length // 3)
    if grid.chance(25):
        _import(grid, said)
    opened = said[0]
    if not opened.is_imported:
        opened.recorded = min(it.recorded for it in said)
        opened.at = min(opened.at, opened.recorded)
    for _ in range(grid.one((0, 0, 0, 1, 2))):
        said += _amended(grid, said)
    return said


def _import(grid: Grid, said: list[Said]) -> None:
    """Takes the whole ticket from another log, or what happened up to some time."""
    until = grid.one((grid.random.randrange(grid.length + 1), 2 * grid.length))
    recorded = min(until, grid.random.randrange(grid.length, grid.length + 30))
    for it in said:
        it.is_imported = it.at < until
        it.recorded = recorded if it.is_imported else max(it.recorded, recorded)


def _amended(grid: Grid, said: list[Said]) -> Iterator[Said]:
    """A correction or retraction of one of the facts."""
    facts = [it for it in said[1:] if it.about is None]
    if not facts:
        return
    about = grid.one(facts)
    at = about.recorded + grid.random.randrange(grid.length // 2)
    field, becomes = "occurred_at", _stored(grid.instant(max(said[0].at, about.at + grid.one((-9, -2, 1, 7)))))
    match about.event:
        case e.WaitStarted() if grid.chance(60):
            field, becomes = "cause", grid.one(WAITS[:9])
        case e.PromiseMade() if grid.chance(60):
            field, becomes = "due_at", _stored(grid.instant(about.at + grid.random.randrange(1, grid.length)))
        case e.UnitReceived() | e.UnitArrived() | e.TicketAssigned() if grid.chance(40):
            field, becomes = "site", grid.one(("berlin", "leipzig", "bench-1"))
        case e.EntitlementDecided() if grid.chance(60):
            field, becomes = "basis", grid.one(("warranty", "none"))
        case _:
            """When it occurred."""
    if grid.chance(30):
        field = ""
    yield Said(NOTE, at, at, about=about, field=field, becomes=becomes)


def _stored(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")[:-6] + "Z"


# what else happens meanwhile: the instants of its facts are `ticks`


def _wait(grid: Grid, ticks: Sequence[int]) -> Iterator[Event]:
    cause = grid.one(WAITS[:9])
    responsible = grid.one((None, None, "insurer"))
    yield e.WaitStarted.model_validate({"cause": cause, "responsible": responsible})
    if grid.chance(85):
        yield e.WaitEnded.model_validate({"cause": cause})


def _estimate(grid: Grid, ticks: Sequence[int]) -> Iterator[Event]:
    for number in range(1, grid.random.randrange(1, 4)):
        yield but(
            ex.ESTIMATED,
            estimate_version=number,
            valid_until=grid.instant(ticks[number - 1] + grid.random.randrange(1, grid.length // 2)),
        )
    if grid.chance(80):
        yield grid.one((ex.APPROVED, ex.DECLINED, but(ex.APPROVED, estimate_version=2)))


def _bill(grid: Grid, ticks: Sequence[int]) -> Iterator[Event]:
    yield ex.BILLED
    if grid.chance(40):
        yield but(ex.BILLED, bill_id="B-2")
    for _ in range(grid.random.randrange(3)):
        yield but(ex.PAID, bill_id=grid.one(("B-1", "B-2", None)))


def _dispute(grid: Grid, ticks: Sequence[int]) -> Iterator[Event]:
    dispute_id = grid.one(("D-1", "D-2"))
    yield but(ex.DISPUTED, dispute_id=dispute_id)
    if grid.chance(60):
        party = grid.one(("customer", "manufacturer"))
        deadline = grid.instant(ticks[1] + grid.random.randrange(1, grid.length // 2))
        yield but(ex.POSITION_REQUESTED, dispute_id=dispute_id, party=party, deadline=deadline)
        if grid.chance(30):
            yield but(ex.POSITION_REQUESTED, dispute_id=dispute_id, party=party, deadline=grid.instant(ticks[2] + 9))
        if grid.chance(60):
            yield but(ex.CUSTOMERS_POSITION, dispute_id=dispute_id, party=grid.one((party, "customer")))
    if grid.chance(70):
        yield but(ex.VERDICT, dispute_id=dispute_id)
        if grid.chance(30):
            yield but(ex.APPEALED, dispute_id=dispute_id)
        if grid.chance(50):
            yield but(ex.DISPUTE_CLOSED, dispute_id=dispute_id)


def _complaint(grid: Grid, ticks: Sequence[int]) -> Iterator[Event]:
    complaint_id = grid.one(("K-1", "K-2"))
    yield but(ex.COMPLAINED, complaint_id=complaint_id)
    if grid.chance(60):
        yield but(ex.ACKNOWLEDGED, complaint_id=complaint_id)
    if grid.chance(50):
        yield but(ex.RESOLVED, complaint_id=complaint_id)


def _request(grid: Grid, ticks: Sequence[int]) -> Iterator[Event]:
    request_id = grid.one(("q-1", "q-2"))
    yield but(ex.REQUESTED, request_id=request_id)
    if grid.chance(70):
        yield but(ex.ANSWERED, request_id=request_id)


def _claim(grid: Grid, ticks: Sequence[int]) -> Iterator[Event]:
    yield ex.CLAIMED
    if grid.chance(70):
        yield ex.CLAIM_DECIDED


def _promise(grid: Grid, ticks: Sequence[int]) -> Iterator[Event]:
    for number in range(grid.random.randrange(1, 4)):
        yield e.PromiseMade(due_at=grid.instant(ticks[number] + grid.random.randrange(1, grid.length // 2)))


def _identified(grid: Grid, ticks: Sequence[int]) -> Iterator[Event]:
    yield e.UnitIdentified(manufacturer=grid.one(("ACME", "Other", None)), model=grid.one(("P7", "P8", None)))


THREADS: tuple[Callable[[Grid, Sequence[int]], Iterator[Event]], ...] = (
    *(_wait, _wait, _wait, _wait, _estimate, _bill, _dispute, _complaint, _request, _claim, _promise, _identified),
)
