"""Random tickets, and what was published before, between and after their facts, as a log would have them."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.examples import MANAGER, RECEPTIONIST, TICKET, but
from tests.random_calendars import SCENES, Grid, random_calendar
from tests.random_courses import WHY, Said, random_course, spoilt
from tests.random_policies import random_policy
from ticketing.domain import events as e
from ticketing.domain.reference import PolicyPublished, Published, SitePublished, reference_stream
from ticketing.domain.values import Event, Recorded, StreamKind

SITES = (("berlin", "branch", None), ("bench-1", "department", "berlin"), ("bench-2", "department", "berlin"))
Publication = tuple[StreamKind, Published, int]


@dataclass(frozen=True)
class Case:
    """One ticket, and what was published before, between and after its facts; instants lie on ticks of some seconds."""

    history: tuple[Recorded[Event], ...]
    publications: tuple[Recorded[Event], ...]
    tick: int
    as_of: datetime | None = None
    under: PolicyPublished | None = None


def random_case(random: Random) -> Case:
    """A ticket and what was published, all at random."""
    grid = random_grid(random)
    said = random_course(grid)
    publications = _published(grid, {type(it.event).__name__ for it in said})
    return _laid_down(grid, spoilt(grid, said), publications)


def random_grid(random: Random) -> Grid:
    """A scene and ticks of half an hour to a second, so that what happens to its clock happens among them."""
    scene = SCENES[random.randrange(len(SCENES))]
    sizes = ((1800, 240, 1), (1800, 120, 1), (1800, 240, 1), (900, 200, 1), (60, 300, 3), (60, 300, 3), (1, 240, 36))
    tick, length, unit = sizes[random.randrange(len(sizes))]
    if scene.zone == "Asia/Kathmandu":
        tick = min(tick, 900)  # its midnight is at a quarter past the hour in UTC
    near = datetime.combine(scene.near, time(), ZoneInfo(scene.zone)).astimezone(UTC)
    return Grid(random, scene, near - timedelta(seconds=tick * random.randrange(1, length)), tick, length, unit)


def _published(grid: Grid, told: set[str]) -> list[Publication]:
    early = grid.begin - timedelta(days=40)
    found: list[Publication] = []
    for key, zone in (("shop", grid.scene.zone), ("bench", grid.one(("UTC", "Europe/Berlin", grid.scene.zone)))):
        found.append(("calendar", random_calendar(grid, key, 1, zone, early), -10))
        for version in range(2, grid.one((2, 2, 3, 4))):
            at = grid.instant(grid.random.randrange(grid.length))
            later = but(random_calendar(grid, key, version, zone, at), is_retroactive=True)
            found.append(("calendar", later, grid.random.randrange(max(found[-1][2], -5), grid.length + 40)))
    for key, kind, parent in (*SITES, ("leipzig", "workshop", None)):
        said = {"key": key, "version": 1, "effective_from": early, "kind": kind, "parent": parent}
        place = SitePublished.model_validate({**said, "calendar": grid.one((None, "shop", "bench"))})
        found.append(("site", place, -9))
    for key in ("a-contract", "b-promise")[: grid.random.randrange(1, 3)]:
        found += [("policy", policy, told_at) for policy, told_at in random_policy(grid, key, early, told)]
    return found


def _laid_down(grid: Grid, said: list[Said], published: list[Publication]) -> Case:
    """Facts and publications in the order in which they were recorded; at one instant either come first."""
    facts = sorted(said, key=lambda it: (it.recorded, it is not said[0]))
    versions = {id(it): version for version, it in enumerate(facts, 1)}
    place = grid.one((0, 2))
    entries: list[tuple[int, int, Said | Publication]] = [(it.recorded, 1, it) for it in facts]
    entries += [(it[2], place, it) for it in published]
    history: list[Recorded[Event]] = []
    publications: list[Recorded[Event]] = []
    for position, (recorded, _, entry) in enumerate(sorted(entries, key=lambda it: it[:2]), 1):
        if isinstance(entry, Said):
            history.append(_recorded(grid, entry, versions, position))
        else:
            publications.append(logged(entry[0], entry[1], position, grid.instant(recorded)))
    as_of = grid.instant(grid.random.randrange(grid.length)) if grid.chance(20) else None
    policies = [it.event for it in publications if isinstance(it.event, PolicyPublished)]
    under = grid.one(policies) if grid.chance(10) else None
    return Case(tuple(history), tuple(publications), grid.tick, as_of, under)


def _recorded(grid: Grid, said: Said, versions: dict[int, int], position: int) -> Recorded[Event]:
    event = said.event
    if said.about is not None:
        target = versions[id(said.about)]
        event = e.EventRetracted(target_version=target, reason=WHY)
        if said.field:
            event = e.EventCorrected(target_version=target, field=said.field, was="", is_=said.becomes, reason=WHY)
    return Recorded(
        stream_id=TICKET,
        stream_kind="ticket",
        version=versions[id(said)],
        occurred_at=grid.instant(said.at),
        actor=RECEPTIONIST,
        source="import:old" if said.is_imported else "native",
        command_id=UUID(int=versions[id(said)]),
        event=event,
        position=position,
        recorded_at=grid.instant(said.recorded),
    )


def logged(kind: StreamKind, thing: Published, position: int, at: datetime) -> Recorded[Event]:
    """A publication as a log would have it."""
    return Recorded(
        stream_id=reference_stream(kind, thing.key),
        stream_kind=kind,
        version=thing.version,
        occurred_at=at,
        actor=MANAGER,
        command_id=UUID(int=(1 << 100) + position),
        event=thing,
        position=position,
        recorded_at=at,
    )
