"""Repeating: a report printed before, asked again from its own header; it comes out the same to the byte."""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ticketing import reports
from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput
from ticketing.projections.report import Report

_CUTS = ("as_of", "known_at", "position")
_HEADER = ("figure", "definition", "parameters", "cohort", "from", "to", *_CUTS, "zone", "rows")
_ROW = {"figure", "definition", "group", "unit", "numerator", "denominator", "excluded"}


@dataclass(frozen=True, slots=True)
class Printed:
    """A report as it was printed.

    Attributes:
        plain: What its JSON says.
        report: What makes it.
        question: What was asked beside the cuts.
        cuts: As of when, known when, and up to which position.
    """

    plain: Mapping[str, Any]
    report: Callable[..., Report]
    question: Mapping[str, Any]
    cuts: Mapping[str, Any]

    @property
    def definition(self) -> str:
        """Its name@version."""
        return str(self.plain["definition"])


def printed(text: str) -> Printed:
    """What a printed report says of itself.

    Args:
        text: The JSON that `Report.to_json` gave.

    Raises:
        BadInput: It is no such report, or of one that there is no more.
    """
    try:
        plain = json.loads(text)
    except ValueError as error:
        raise BadInput(f"this is no report: no JSON ({error})") from None
    if not isinstance(plain, dict):
        raise BadInput("this is no report: JSON, but no object")
    for name in _HEADER:
        if name not in plain:
            raise BadInput(f"this is no report: {name!r} is missing")
    if not isinstance(plain["parameters"], dict) or not isinstance(plain["rows"], list):
        raise BadInput("this is no report: 'parameters' must be an object, and 'rows' a list")
    _require_header(plain)
    report = reports.named(plain["figure"])
    asked = {"from_": plain["from"], "to": plain["to"], "zone": plain["zone"], **plain["parameters"]}
    if plain["cohort"] != "by_figure":
        asked["cohort"] = plain["cohort"]
    known = {name for name, one in inspect.signature(report).parameters.items() if one.kind is one.KEYWORD_ONLY}
    question = {name: given for name, given in asked.items() if given is not None or name not in known}
    return Printed(plain, report, question, {name: plain[name] for name in _CUTS})


def _require_header(plain: Mapping[str, Any]) -> None:
    """Refuses a header of the wrong kinds of values, and rows that are none."""
    for name in ("figure", "definition", "cohort", "as_of", "zone"):
        if not isinstance(plain[name], str):
            raise BadInput(f"this is no report: {name!r} must be text")
    for name in ("from", "to", "known_at"):
        if not isinstance(plain[name], str | None):
            raise BadInput(f"this is no report: {name!r} must be text or null")
    if not isinstance(plain["position"], int) or isinstance(plain["position"], bool) or plain["position"] < 0:
        raise BadInput("this is no report: 'position' must be a whole number")
    for row in plain["rows"]:
        if not isinstance(row, dict) or not row.keys() >= _ROW or not isinstance(row["group"], dict):
            raise BadInput("this is no report: a row of it lacks what every row has")


def repeat(app: Ticketing, text: str, *, on_progress: Callable[[int, int], None] | None = None) -> Report:
    """The report printed before, asked again with its own parameters, cuts and position.

    Args:
        app: The application on the store that it was made of.
        text: Its JSON.
        on_progress: Told how many facts are done, out of how many.

    Returns:
        The same report; `to_json` gives the same bytes as then.

    Raises:
        BadInput: It is no report, its figure is defined otherwise now, or it does not come out the same: the store is
            another one, or events of it cannot be read that could be then.
    """
    before = printed(text)
    again = before.report(app, **before.question, **before.cuts, on_progress=on_progress)
    if again.definition != before.definition:
        raise BadInput(
            f"it was printed by {before.definition} and would be by {again.definition} now; a comparison tells what"
            " changed"
        )
    if again.plain() != before.plain:
        raise BadInput(
            f"position {again.position} of this store does not give what was printed: it is another store, or the"
            " printed report was changed"
        )
    return again
