"""`publish`, `reference list`, `show` and `diff`: sites, standards, policies and calendars."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer
from pydantic import ValidationError
from rich.markup import escape
from rich.text import Text

from ticketing.adapters.freezing import frozen
from ticketing.adapters.reference_files import FromFile, read_with_paths, with_document
from ticketing.application import Ticketing
from ticketing.cli.output import TableOrJson, plain_table, printable, say, show_table, write_json
from ticketing.cli.stores import StoreUrl, opened, opened_to_ask
from ticketing.domain.errors import BadInput, CommandRejected, NotFound
from ticketing.domain.phrases import day_or_instant
from ticketing.domain.publishing import Publish, decide_publish, kind_of
from ticketing.domain.reference import Published, StandardPublished
from ticketing.domain.values import Actor, Role, instant_text
from ticketing.domain.version_words import version_differences, version_in_words

Kind = Literal["site", "standard", "policy", "calendar"]
_COMMANDS = "Reference data"


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.command(epilog=_PUBLISH_EPILOG, rich_help_panel=_COMMANDS)(publish)
    reference = typer.Typer(no_args_is_help=False)
    reference.command("list")(list_reference)
    reference.command("show", epilog=_SHOW_EPILOG)(show_reference)
    reference.command("diff", epilog=_DIFF_EPILOG)(diff_reference)
    app.add_typer(
        reference, name="reference", help="Lists, shows and compares what was published.", rich_help_panel=_COMMANDS
    )


_PUBLISH_EPILOG = escape("""A file holds [site], [standard], [policy] or [calendar], or arrays such as [[site]]:
  [[site]]
  key = "harbour"
  version = 1
  effective_from = 2026-01-01T00:00:00Z
  kind = "branch"

Try it:
  ticketing publish examples/reference/*.toml
  ticketing publish standard.toml --document standard.pdf
  ticketing publish standard.toml --actor w-7:warranty_officer""")


def publish(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="TOML files; all are checked first.")],
    actor: Annotated[
        str, typer.Option(metavar="ID:ROLE", help="Who publishes, perhaps with :SITE; the role must allow it.")
    ] = "command-line:system",
    document: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The document of the one standard in the files: its hash is kept."),
    ] = None,
    store: StoreUrl = None,
) -> None:
    """Publishes reference data: versions of sites, manufacturers' standards, policies and calendars."""
    who = actor_named(actor)
    given = read_with_paths(files)
    if document is not None:
        things = with_document([one.thing for one in given], document)
        given = tuple(FromFile(thing, one.path) for thing, one in zip(things, given, strict=True))
    with opened(store) as app:
        refuse_what_would_be_refused(app, who, given)
        lines = plain_table(has_header=False)
        for thing in (one.thing for one in given):
            handled = app.handle(Publish(actor=who, thing=thing))
            done = "published" if handled.events else "unchanged"
            lines.add_row(
                done, kind_of(thing), f"{thing.key}@{thing.version}", f"from {day_or_instant(thing.effective_from)}"
            )
        show_table(lines)


def refuse_what_would_be_refused(app: Ticketing, actor: Actor, given: Sequence[FromFile]) -> None:
    """Decides everything before anything is recorded, so that a refusal leaves nothing half-done.

    Raises:
        CommandRejected: Publishing one of the things would be refused; the text names its file.
    """
    now = app.now()
    known: dict[tuple[str, str], tuple[Published, ...]] = {}
    for thing, path in ((one.thing, one.path) for one in given):
        kind = kind_of(thing)
        before = known.get((kind, thing.key)) or app.reference.versions(kind, thing.key)
        calendars = {
            **app.reference.calendars(thing),
            **{key: versions for (of, key), versions in known.items() if of == "calendar"},
        }
        try:
            decided = decide_publish(
                Publish(actor=actor, thing=thing),
                before,
                occurred_at=now,
                latest=now,
                pins=app.reference.pins(thing, now=now),
                calendars=calendars,
            )
        except CommandRejected as refused:
            raise CommandRejected(refused.rule, f"{path}: {refused.reason}") from refused
        known[kind, thing.key] = before + tuple(map(frozen, decided))


def actor_named(text: str) -> Actor:
    """The actor that `ID:ROLE` or `ID:ROLE:SITE` says.

    Raises:
        BadInput: It says none.
    """
    identity, _, role_and_site = text.partition(":")
    role, _, site = role_and_site.partition(":")
    roles = ", ".join(get_args(Role))
    if role and role not in get_args(Role):
        raise BadInput(f"--actor {text}: there is no role {role}; the roles are {roles}")
    try:
        return Actor.model_validate({"id": identity, "role": role, "site": site or None})
    except ValidationError:
        raise BadInput(f"--actor {text}: write ID:ROLE, such as m-1:manager; the roles are {roles}") from None


def list_reference(
    kind: Annotated[Kind | None, typer.Argument(help="Only things of this kind.")] = None,
    store: StoreUrl = None,
    form: TableOrJson = "table",
) -> None:
    """Lists what was published: one line per thing, with its latest version."""
    kinds: tuple[Kind, ...] = get_args(Kind) if kind is None else (kind,)
    with opened_to_ask(store) as app:
        found = [versions for each in kinds for versions in app.reference.all(each)]
    if form == "json":
        write_json([_summary(versions) for versions in found])
        return
    table = plain_table()
    for heading in ("kind", "key@version", "effective from"):
        table.add_column(heading, no_wrap=True)
    table.add_column("what it is", style="faint")
    for versions in found:
        latest = versions[-1]
        table.add_row(
            kind_of(latest),
            f"{latest.key}@{latest.version}",
            day_or_instant(latest.effective_from),
            printable(_name(latest)),
        )
    if found:
        show_table(table)
    else:
        say("Nothing has been published yet.")


_SHOW_EPILOG = """Try it:
  ticketing reference show standard BOREAS-IS
  ticketing reference show standard BOREAS-IS@1 --format json"""


def show_reference(
    kind: Annotated[Kind, typer.Argument(help="What it is.")],
    key: Annotated[str, typer.Argument(metavar="KEY[@VERSION]", help="Which one; the latest if no version is named.")],
    store: StoreUrl = None,
    form: TableOrJson = "table",
) -> None:
    """Shows one version of one thing, whole."""
    name, version = _key_and_version(key)
    with opened_to_ask(store) as app:
        thing = app.reference.one(kind, name, version)
        versions = [each.version for each in app.reference.versions(kind, name)]
    if form == "json":
        write_json({"kind": kind, **thing.model_dump(mode="json")})
        return
    lines = plain_table(has_header=False)
    lines.add_column(style="faint", no_wrap=True)
    lines.add_column(overflow="fold")
    for heading, said in _fields(thing) if isinstance(thing, StandardPublished) else version_in_words(thing).items():
        lines.add_row(heading, Text(printable(said)))
    lines.add_row("published", "versions " + ", ".join(map(str, versions)))
    say(Text(f"{kind} {thing.key}@{thing.version}", "heading"))
    show_table(lines)


_DIFF_EPILOG = """Try it:
  ticketing reference diff BOREAS-IS@1 BOREAS-IS@2
  ticketing reference diff office-hours@1 office-hours --kind calendar
  ticketing reference diff BOREAS-IS@1 BOREAS-IS --format json"""


def diff_reference(
    older: Annotated[str, typer.Argument(metavar="KEY[@VERSION]", help="A version of anything published.")],
    newer: Annotated[str, typer.Argument(metavar="KEY[@VERSION]", help="The one of its kind to compare with it.")],
    kind: Annotated[Kind | None, typer.Option(help="What they are, where several kinds have the key.")] = None,
    store: StoreUrl = None,
    form: TableOrJson = "table",
) -> None:
    """Says in words what one version of a standard, policy, calendar or site has changed of another."""
    with opened_to_ask(store) as app:
        both = [_key_and_version(name) for name in (older, newer)]
        found = kind or _kind_with(app, [key for key, _ in both])
        before, after = (app.reference.one(found, *name) for name in both)
    changes = version_differences(before, after)
    names = [f"{thing.key}@{thing.version}" for thing in (before, after)]
    if form == "json":
        told = [{**asdict(change), "kind": change.kind, "words": change.in_words()} for change in changes]
        write_json({"kind": found, "older": names[0], "newer": names[1], "changes": told})
        return
    say(Text(" to ".join(names), "heading"))
    for change in changes:
        say(printable(change.in_words()))
    if not changes:
        say("They say the same.")


def _kind_with(app: Ticketing, keys: Sequence[str]) -> Kind:
    """The one kind of thing that has all the keys.

    Raises:
        NotFound: None has.
        BadInput: Several have.
    """
    found: list[Kind] = [kind for kind in get_args(Kind) if all(app.reference.versions(kind, key) for key in keys)]
    named = " and ".join(dict.fromkeys(keys))
    if not found:
        said = "was never published" if len({*keys}) == 1 else "are of no one kind"
        raise NotFound(f"{named} {said}")
    if len(found) > 1:
        raise BadInput(f"{named}: there is a {' and a '.join(found)}; say which with --kind")
    return found[0]


def _fields(standard: StandardPublished) -> Iterator[tuple[str, str]]:
    """A standard's fields as they are, its clauses in sentences."""
    for field, value in standard.model_dump(mode="json").items():
        if field == "clauses":
            yield from version_in_words(standard).items()
        elif value not in (None, [], {}, False):
            yield field.replace("_", " "), _in_lines(value)


def _in_lines(value: object) -> str:
    """A value as people read it: a line for each part of a list or table, the parts of a part side by side."""
    if isinstance(value, dict):
        return "\n".join(f"{name} = {part}" for name, part in value.items())
    if isinstance(value, list):
        return "\n".join(_on_a_line(part) for part in value)
    return str(value)


def _on_a_line(value: object) -> str:
    if isinstance(value, dict):
        return "  ".join(str(part) for part in value.values() if part is not None)
    return str(value)


_MOST_DIGITS = 18
"""A longer number is no version; Python turns none of more than 4,300 digits into one."""


def _key_and_version(text: str) -> tuple[str, int | None]:
    key, at, version = text.rpartition("@")
    is_version = bool(at) and version.isdecimal() and len(version) <= _MOST_DIGITS
    return (key, int(version)) if is_version else (text, None)


def _summary(versions: Sequence[Published]) -> dict[str, object]:
    latest = versions[-1]
    return {
        "kind": kind_of(latest),
        "key": latest.key,
        "versions": [thing.version for thing in versions],
        "effective_from": instant_text(latest.effective_from),
        "name": _name(latest),
    }


def _name(thing: Published) -> str:
    """The title or name that it was given, else what it is."""
    told = (getattr(thing, field, None) for field in ("title", "name", "kind", "zone"))
    return next((str(one).replace("_", " ") for one in told if one), "")
