"""Charts of one ticket: its lanes, and its clocks and promises, on the same axis of time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from ticketing.domain.durations import lasting
from ticketing.domain.phrases import spaced
from ticketing.pages.chart_style import FAINT, FIGURE, SIGNAL
from ticketing.pages.markup import Html
from ticketing.pages.ticket_lanes import LANE_NAMES, Bar, Lane, Mark, TimeLine
from ticketing.pages.ticket_style import party_colour
from ticketing.pages.ticket_tracks import Pace, Track
from ticketing.pages.time_axis import TimeAxis
from ticketing.pages.timed_rows import Shape, TimedRow, timed_rows

_COLOURS: Mapping[Pace, str] = {"running": FIGURE, "paused": FIGURE, "over": SIGNAL}
_BAD = frozenset({"breached", "broken"})
_OF_ONE_ROW = frozenset({"case", "custody", "work"})


def lane_chart(line: TimeLine, axis: TimeAxis, now: datetime) -> Html:
    """The lanes of a ticket."""
    rows = [_lane_row(lane, name, line.bars, line.marks) for lane, name in line.rows]
    said = f"Time line: {', '.join(dict.fromkeys(LANE_NAMES[lane] for lane, _ in line.rows))}"
    return timed_rows(rows, axis, now, said)


def _lane_row(lane: Lane, name: str, bars: Iterable[Bar], marks: Iterable[Mark]) -> TimedRow:
    heading, _, more = name.removesuffix(")").rpartition(" (")
    return TimedRow(
        name=LANE_NAMES[lane] if lane in _OF_ONE_ROW else heading,
        more="" if lane in _OF_ONE_ROW else more,
        shapes=tuple(_shape(bar) for bar in bars if (bar.lane, bar.row) == (lane, name)),
        marks=tuple(mark.at for mark in marks if (mark.lane, mark.row) == (lane, name)),
    )


def _shape(bar: Bar) -> Shape:
    return Shape(
        from_at=bar.from_at,
        to_at=bar.to_at,
        colour=party_colour(bar.party),
        is_faint=bar.is_faint,
        says=lasting(bar.to_at - bar.from_at) if bar.lane == "waits" else bar.says,
        is_quiet=bar.lane == "work" and bar.is_faint,
    )


def track_chart(tracks: Sequence[Track], axis: TimeAxis, now: datetime) -> Html:
    """The clocks under the versions of the policies that judge them, then the promises."""
    rows = [row for group, members in groupby(tracks, _group) for row in _track_rows(group, list(members))]
    return timed_rows(rows, axis, now, "Clocks and promises")


def _group(track: Track) -> str:
    return track.name.partition("/")[0] if track.kind == "clock" else "promises"


def _track_rows(group: str, tracks: Iterable[Track]) -> Iterator[TimedRow]:
    yield TimedRow(name=group, is_heading=True)
    for track in tracks:
        shapes = tuple(
            Shape(from_at=part.from_at, to_at=part.to_at, colour=_COLOURS[part.pace], is_faint=part.pace == "paused")
            for part in track.parts
        )
        yield TimedRow(
            name=track.name.removeprefix(f"{group}/"),
            shapes=shapes,
            more=f"{spaced(track.state)}{f', judged then: {track.then}' if track.then is not None else ''}",
            colour=SIGNAL if track.state in _BAD or track.then in _BAD else FAINT,
            due=(track.due_at,) if track.due_at is not None else (),
        )
