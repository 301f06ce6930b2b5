"""Publishing: a version of reference data is put on record; it is never edited, a later one follows it."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import SerializeAsAny

from ticketing.domain.command import Command
from ticketing.domain.errors import CommandRejected
from ticketing.domain.reference import REFERENCE_EVENTS, Published
from ticketing.domain.values import Role, StreamKind, instant_text

PUBLISHERS: frozenset[Role] = frozenset({"manager", "warranty_officer", "dispute_officer", "auditor", "system"})


class Publish(Command):
    """One version of a site, a manufacturer's standard, a service policy or a work calendar is published."""

    thing: SerializeAsAny[Published]


def kind_of(thing: Published) -> StreamKind:
    """The kind of stream in which the thing is kept."""
    return next(kind for kind, event in REFERENCE_EVENTS.items() if type(thing) is event)


def decide_publish(
    command: Publish, earlier: Sequence[Published], *, occurred_at: datetime, latest: datetime
) -> tuple[Published, ...]:
    """The fact to record; none when exactly this version is published already.

    Raises:
        CommandRejected: `role-may-not`; `from-the-future` after the `latest` instant that the clock allows;
            `already-on-record` when the version does not follow the last one.
    """
    thing = command.thing
    if command.actor.role not in PUBLISHERS:
        raise CommandRejected("role-may-not", f"a {command.actor.role} publishes no reference data")
    if occurred_at > latest:
        raise CommandRejected("from-the-future", f"{instant_text(occurred_at)} is after the application's clock")
    if thing in earlier:
        return ()
    last = max((published.version for published in earlier), default=0)
    if thing.version <= last:
        name = f"{kind_of(thing)} {thing.key}"
        is_there = any(published.version == thing.version for published in earlier)
        said = "is on record with other content" if is_there else f"comes before version {last}, which is on record"
        raise CommandRejected(
            "already-on-record", f"{name}: version {thing.version} {said}; publish it as version {last + 1}"
        )
    return (thing,)
