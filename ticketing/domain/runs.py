"""Runs: from where to where each clock of a policy goes on a ticket, by its start and stop facts, or by the stays."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ticketing.domain.course import Course, Fact, order_of
from ticketing.domain.events import EstimateIssued
from ticketing.domain.judged import Because
from ticketing.domain.policy import DefinedClock
from ticketing.domain.values import Event

THINGS: Mapping[str, tuple[str, ...]] = {
    "EstimateIssued": ("estimate_version",),
    "BillIssued": ("bill_id",),
    "RequestMade": ("request_id",),
    "DisputeOpened": ("dispute_id",),
    "PositionRequested": ("dispute_id", "party"),
    "ClaimSubmitted": ("claim_id",),
    "ComplaintReceived": ("complaint_id",),
}
"""Start facts about a named thing, and the fields that name it: such a clock has one run for each thing."""


@dataclass(slots=True)
class Stretch:
    """From a start fact to what ended it.

    Attributes:
        stop: The stop fact, and `ending` what ended it without one, and `because` why.
    """

    start: Fact
    stop: Fact | None = None
    ending: Fact | None = None
    because: Because | None = None

    @property
    def end(self) -> Fact | None:
        """What ended it either way."""
        return self.stop or self.ending


@dataclass(slots=True)
class Run:
    """One clock on its way: one stretch, or as many as there are cycles over which it adds up.

    Attributes:
        told: Its start facts of each cycle after the first, which may replace what it runs until.
    """

    cycle: int
    subject: str | None
    site: str | None
    stretches: list[Stretch]
    told: list[Fact] = field(default_factory=list)

    @property
    def start(self) -> Fact:
        """Its first start fact."""
        return self.stretches[0].start

    @property
    def last(self) -> Stretch:
        """The stretch that is on, or was last."""
        return self.stretches[-1]


def runs_of(clock: DefinedClock, course: Course, is_in_force: Callable[[Fact], bool]) -> list[Run]:
    """The runs of a clock, in order of their start.

    Args:
        clock: As one version of its policy defines it.
        course: The facts.
        is_in_force: Whether that version is the one that judges a clock which starts with a fact.
    """
    if clock.binds == "site":
        return [
            Run(course.cycle_of(stay.begun), stay.subject, stay.site, [Stretch(stay.begun, stay.ended)])
            for stay in course.stays
            if is_in_force(stay.begun)
            if clock.on_reopening != "first_only" or course.cycle_of(stay.begun) == 1
        ]
    runs = list(_begun(clock, course, is_in_force))
    for run in runs:
        _end(run.last, clock, course)
    _stop(runs, clock, course)
    return _added_up(runs) if clock.on_reopening == "adds_up" else runs


def _begun(clock: DefinedClock, course: Course, is_in_force: Callable[[Fact], bool]) -> Iterator[Run]:
    """A run for the first start fact of each cycle and thing; what adds up goes on under the version it began under."""
    begun: dict[tuple[int, str | None], Run] = {}
    adding_up: set[str | None] = set()
    for fact in course.of(clock.starts):
        cycle, subject = course.cycle_of(fact), _subject(fact.event)
        if cycle > 1 and clock.on_reopening == "first_only":
            break
        run = begun.get((cycle, subject))
        if run is None:
            if subject not in adding_up and not is_in_force(fact):
                continue
            if clock.on_reopening == "adds_up":
                adding_up.add(subject)
            begun[cycle, subject] = run = Run(cycle, subject, None, [Stretch(fact)])
        run.told.append(fact)
    yield from begun.values()


def _subject(event: Event) -> str | None:
    fields = THINGS.get(type(event).__name__)
    if fields is None:
        return None
    name = " ".join(str(getattr(event, field)) for field in fields)
    return f"estimate {name}" if isinstance(event, EstimateIssued) else name


def _end(stretch: Stretch, clock: DefinedClock, course: Course) -> None:
    """Finds what ends a stretch that nothing stops: the closing, or another estimate in its place."""
    if not clock.outlasts_closing:
        stretch.ending = course.closing_after(stretch.start)
        stretch.because = None if stretch.ending is None else "closed"
    if isinstance(stretch.start.event, EstimateIssued):
        later = (fact for fact in course.of(["EstimateIssued"]) if order_of(fact) > order_of(stretch.start))
        instead = next((fact for fact in later if _subject(fact.event) != _subject(stretch.start.event)), None)
        if instead is not None and (stretch.ending is None or order_of(instead) < order_of(stretch.ending)):
            stretch.ending, stretch.because = instead, "superseded"


def _stop(runs: list[Run], clock: DefinedClock, course: Course) -> None:
    """Gives every run its stop fact; one that does not say which thing it is about stops the earliest."""
    for stop in course.of(clock.stops):
        on = [run.last for run in runs if _is_on(run.last, stop)]
        about = [(stretch, _is_about(stop.event, stretch.start.event)) for stretch in on]
        sure = [stretch for stretch, is_about in about if is_about]
        for stretch in sure or [stretch for stretch, is_about in about if is_about is None][:1]:
            stretch.stop, stretch.ending, stretch.because = stop, None, None


def _is_on(stretch: Stretch, stop: Fact) -> bool:
    has_ended = stretch.ending is not None and order_of(stretch.ending) < order_of(stop)
    return stretch.stop is None and not has_ended and order_of(stop) > order_of(stretch.start)


def _is_about(stop: Event, start: Event) -> bool | None:
    """Whether a stop fact is about the thing of a start fact; None where it may be, but does not say."""
    for name in THINGS.get(type(start).__name__, ()):
        if name in type(stop).model_fields:
            said = getattr(stop, name)
            if said is None:
                return None
            if said != getattr(start, name):
                return False
    return True


def _added_up(runs: list[Run]) -> list[Run]:
    """One run for each subject, over all cycles."""
    whole: dict[str | None, Run] = {}
    for run in runs:
        first = whole.setdefault(run.subject, run)
        if first is run:
            continue
        if first.last.end is None or order_of(first.last.end) > order_of(run.start):
            first.last.stop, first.last.ending, first.last.because = run.last.stop, run.last.ending, run.last.because
        else:
            first.stretches += run.stretches
        first.told += run.told
    return list(whole.values())
