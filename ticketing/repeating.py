"""Repeating: a report printed before, asked again from its own header; it comes out the same to the byte."""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from ticketing import reports
from ticketing.answering import Asked
from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput
from ticketing.projections.report import Report

_CUTS = ("as_of", "known_at", "position")
_STRICT = ConfigDict(strict=True, allow_inf_nan=False)

_LONGEST = 60
"""Characters of a value that a message repeats."""

Definition = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+@[0-9]{1,6}$")]
Number = int | float | None
Said = str | int | float | bool | None


class PrintedRow(BaseModel):
    """A row of a printed report."""

    model_config = _STRICT
    figure: str
    definition: Definition
    group: dict[str, str | None]
    unit: str
    numerator: int
    denominator: int
    excluded: int
    censored: int = 0
    reason: str | None = None
    value: Number = None
    percentiles: dict[str, Number] | None = None
    ages: dict[str, int] | None = None
    low: Number | dict[str, Number] = None
    high: Number | dict[str, Number] = None
    share: Number = None
    parts: dict[str, int] | None = None
    policies: list[str] | None = None
    compared: dict[str, Said] | None = None


class PrintedReport(BaseModel):
    """What a printed report is; what else it says may be of another version of this package."""

    model_config = _STRICT
    figure: str
    definition: Definition
    parameters: dict[str, str | int | list[int] | list[str] | None]
    cohort: str
    from_: str | None = Field(alias="from")
    to: str | None
    as_of: str
    known_at: str | None
    zone: str
    position: Annotated[int, Field(ge=0)]
    set_aside: int = 0
    rows: list[PrintedRow]
    differences: list[dict[str, Said | list[dict[str, Said]]]] | None = None
    cases: list[dict[str, Said]] | None = None


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


@contextmanager
def placed(place: str | None) -> Iterator[None]:
    """What is refused within is refused under the name of its place; None has no name."""
    try:
        yield
    except BadInput as error:
        if place is None:
            raise
        raise BadInput(f"{place}: {error}") from error


def printed(text: str) -> Printed:
    """What a printed report says of itself.

    Args:
        text: The JSON that `Report.to_json` gave.

    Raises:
        BadInput: It is no such report, or of one that there is no more.
    """
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"this is no report: no JSON ({error})") from None
    if not isinstance(plain, dict):
        raise BadInput("this is no report: JSON, but no object")
    try:
        PrintedReport.model_validate(plain)
    except ValidationError as error:
        raise BadInput(_wrong(plain, error)) from None
    report = reports.named(plain["figure"])
    _require_parameters(plain, report)
    asked = {"from_": plain["from"], "to": plain["to"], "zone": plain["zone"], **plain["parameters"]}
    if plain["cohort"] != "by_figure":
        asked["cohort"] = plain["cohort"]
    known = _own(report)
    question = {name: given for name, given in asked.items() if given is not None or name not in known}
    return Printed(plain, report, question, {name: plain[name] for name in _CUTS})


def _wrong(plain: object, error: ValidationError) -> str:
    """The first thing that is wrong with it, and where: without the kinds that it might have been instead."""
    first = error.errors()[0]
    place, here = [], plain
    for part in first["loc"]:
        if isinstance(here, dict | list) and (part in here if isinstance(here, dict) else part in range(len(here))):
            place.append(str(part))
            here = here[part]  # type: ignore[index]  # mypy keeps both kinds apart
    if first["type"] == "missing":
        return f"this is no report: {'.'.join([*place, str(first['loc'][-1])])!r} is missing"
    return _cannot_be(".".join(place), here)


def _cannot_be(place: str, value: object) -> str:
    said = json.dumps(value, ensure_ascii=False)
    return f"this is no report: {place!r} cannot be {said if len(said) <= _LONGEST else said[:_LONGEST] + '…'}"


def _own(report: Callable[..., Report]) -> dict[str, inspect.Parameter]:
    """The parameters that a report has beside `Asked`."""
    named = inspect.signature(report).parameters.values()
    return {one.name: one for one in named if one.kind is one.KEYWORD_ONLY}


def _require_parameters(plain: Mapping[str, Any], report: Callable[..., Report]) -> None:
    """Refuses parameters that nobody may print, or of another kind than the report's."""
    given: Mapping[str, Any] = plain["parameters"]
    own = _own(report)
    if isinstance(given.get("of"), str) and "of" in own:
        own = {**_own(reports.named(given["of"])), **own}
    for name, value in given.items():
        if name in {"app", *Asked.__annotations__} - {"by"}:
            raise BadInput(f"{name} is no parameter of {plain['figure']}")
        kind = list[str] if name == "by" else own[name].annotation | None if name in own else Any
        try:
            TypeAdapter(kind).validate_python(value, strict=True)
        except ValidationError:
            raise BadInput(_cannot_be(f"parameters.{name}", value)) from None


def repeat(
    app: Ticketing, text: str, *, place: str | None = None, on_progress: Callable[[int, int], None] | None = None
) -> Report:
    """The report printed before, asked again with its own parameters, cuts and position.

    Args:
        app: The application on the store that it was made of.
        text: Its JSON.
        place: What it was read from, which messages then name.
        on_progress: Told how many facts are done, out of how many.

    Returns:
        The same report; `to_json` gives the same bytes as then.

    Raises:
        BadInput: It is no report, its figure is defined otherwise now, or it does not come out the same: the store is
            another one, or events of it cannot be read that could be then.
    """
    with placed(place):
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
