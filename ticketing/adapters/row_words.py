"""Row words: what the docstring of a class of rows, or of their parts, says of it and of its fields."""

import inspect
import re
from collections.abc import Mapping

_SECTION = re.compile(r"^Attributes:\n((?:(?: .*)?\n?)*)", re.MULTILINE)
_FIELD = re.compile(r"^    (\w+): (.*(?:\n {5,}.*)*)", re.MULTILINE)


def about(kind: type) -> str:
    """The first sentence that is said of a class."""
    return _plain(_said(kind).partition("\n\n")[0])


def fields_of(kind: type) -> Mapping[str, str]:
    """What is said of the fields of a class and of those before it, by name."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        section = _SECTION.search(_said(one))
        if section is not None:
            found |= {name: _plain(text) for name, text in _FIELD.findall(section[1])}
    return found


def _said(kind: type) -> str:
    return inspect.cleandoc(kind.__dict__.get("__doc__") or "")


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())
