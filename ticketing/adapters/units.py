"""Units of measure: whether a code is one of UCUM, the Unified Code for Units of Measure. Needs the extra `standards`.

The grammar and its three hundred units are those of `ucumvert`, made from UCUM's own `ucum-essence.xml`. It brings
`pint` along and takes half a second to import, so that it is imported only for a standard that names a unit.
"""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from ticketing.domain.contradictions import Contradiction
from ticketing.domain.errors import BadInput
from ticketing.domain.reference import Published, StandardPublished

if TYPE_CHECKING:
    from lark import Lark


def unknown_units(thing: Published) -> Iterator[Contradiction]:
    """The units of measure in a standard that UCUM does not have, each with its key.

    Raises:
        BadInput: There is a unit, and the extra `standards` is not installed.
    """
    for number, test in enumerate(thing.tests if isinstance(thing, StandardPublished) else ()):
        if test.unit is not None and not _is_unit(test.unit):
            said = f"{test.unit!r} is no unit of measure of UCUM (https://ucum.org), such as A, mL/min, Cel or %"
            yield Contradiction(f"tests.{number}.unit", said)


def refuse_unknown_units(thing: Published) -> None:
    """Refuses a standard with a unit of measure that UCUM does not have.

    Raises:
        BadInput: There is one; the text names its key.
    """
    for found in unknown_units(thing):
        raise BadInput(f"Publish.thing: {found}")


def _is_unit(code: str) -> bool:
    """Whether UCUM has the code; upper and lower case differ."""
    try:
        from ucumvert import InvalidUcumError, parse_ucum
    except ImportError:
        raise BadInput("units of measure need ucumvert: pip install 'ticketing[standards]'") from None
    try:
        parse_ucum(code, _grammar())
    except InvalidUcumError:
        return False
    return True


@cache
def _grammar() -> "Lark":
    from ucumvert import get_ucum_parser

    grammar: Lark = get_ucum_parser()
    return grammar
