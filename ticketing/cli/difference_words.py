"""Words for what `diff` compares: the names of a ticket's fields, and their values on one line."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import partial

from pydantic import BaseModel

from ticketing.cli.ticket_state import TextOf, part_line
from ticketing.cli.times import shown
from ticketing.domain.disputed import (
    Appeal,
    Asked,
    ClaimDecision,
    Closing,
    Evidence,
    Held,
    Inspection,
    Position,
    Verdict,
)
from ticketing.domain.events import Finding
from ticketing.domain.values import Money, PrivateText, SerialNumber, decimal_text

_CODES = frozenset({"basis", "case", "cause", "channel", "custody", "entitlement", "ground", "outcome", "work"})
"""Fields whose text is a word of ours, with underscores for blanks."""

_LABELS = {"is_refused": "service refused", "pinned": "pinned standard", "case": "the case"}


def label(path: Sequence[str]) -> str:
    """`claim C-1, amount approved` of `claims`, `C-1`, `amount_approved`."""
    name, *inner = path
    if not inner:
        return _LABELS.get(name, _spaced(name))
    thing = _spaced(inner[0]) if name == "waits" else inner[0]
    return ", ".join((f"{name.removesuffix('s')} {thing}", *map(_spaced, inner[1:])))


def said(value: object, path: Sequence[str], text: TextOf, zone: tzinfo) -> str:
    """A value on one line; of what was said or held in a dispute only by whom, for its fact stands above."""
    inner = partial(said, path=path, text=text, zone=zone)
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case "none" if path[-1] in ("basis", "entitlement"):
            return "not covered"
        case str():
            return _spaced(value) if path[-1] in _CODES else value
        case PrivateText() | SerialNumber():
            return f"“{text(value)}”"
        case Money():
            return f"{decimal_text(value.amount)} {value.currency}"
        case Decimal():
            return decimal_text(value)
        case datetime():
            return shown(value, zone)
        case date():
            return value.isoformat()
        case Mapping() if path[-1] == "payers_revised":
            return ", ".join(f"estimate {version} by fact {fact}" for version, fact in value.items()) or "nothing"
        case Mapping():
            told = {str(key): inner(part) for key, part in value.items() if part not in (None, (), {})}
            return ", ".join(f"{_spaced(key)} {part}" for key, part in told.items()) or "nothing"
        case tuple() | frozenset():
            parts = [inner(part) for part in value]
            return ", ".join(parts if isinstance(value, tuple) else sorted(parts)) or "nothing"
        case _:
            return _thing(value, path, text, zone)


def _thing(value: object, path: Sequence[str], text: TextOf, zone: tzinfo) -> str:
    line = _in_short(value, zone) or part_line(value, zone)
    if line is not None:
        return line
    if isinstance(value, BaseModel):
        return ", ".join(said(part, path, text, zone) for part in vars(value).values() if part is not None)
    if is_dataclass(value):
        return said({field.name: getattr(value, field.name) for field in fields(value)}, path, text, zone)
    return str(value)


def _in_short(value: object, zone: tzinfo) -> str | None:
    match value:
        case Finding():
            code = f" ({value.defect_code.code})" if value.defect_code is not None else ""
            return f"{_spaced(value.cause)}{code}"
        case Evidence():
            return value.kind or value.media_type
        case Asked():
            return f"{value.party}{'' if value.is_pending else ' (answered)' if value.answered_by else ' (silent)'}"
        case Position():
            return f"{value.said.party}{' (silent)' if value.said.is_silence else ''}"
        case Verdict():
            appealed = f" (appealed by {', '.join(appeal.party for appeal in value.appeals)})" if value.appeals else ""
            return f"for the {value.in_favour_of}{appealed}"
        case Appeal():
            return value.party
        case Inspection():
            return shown(value.held_at, zone)
        case Closing():
            return value.how
        case Held():
            return value.holder
        case ClaimDecision():
            return f"{decimal_text(value.decided.amount_approved.amount)} {value.decided.amount_approved.currency}"
        case _:
            return None


def _spaced(name: str) -> str:
    return name.strip("_").replace("_", " ")
