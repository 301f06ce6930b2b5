"""Markup: HTML out of parts that are escaped unless they are markup themselves.

Law of this file: a plain string is text. Only what `tag` and `joined` made is markup, so nothing that somebody told can
become a tag, an attribute or a script.
"""

from collections.abc import Iterable
from html import escape

_EMPTY = frozenset({"br", "img", "meta"})
"""Elements without content. Source: HTML Living Standard, 13.1.2."""

_SHOWN = {number: 0x2400 + number for number in range(0x20) if chr(number) not in "\n\t"} | {0x7F: 0x2421}
_SHOWN |= dict.fromkeys((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFFFE, 0xFFFF), 0xFFFD)
"""Control characters as signs that can be seen: they may not stand in HTML, or turn the order of what follows them."""


class Html(str):
    """Markup: what is already escaped."""

    __slots__ = ()


Part = str | Html | None
"""What stands in an element; a plain string is escaped, None is nothing."""


def text(part: str) -> Html:
    """The part as markup; a plain string is escaped."""
    return part if isinstance(part, Html) else _escaped(part)


def visible(plain: str) -> str:
    """The text with signs in place of what may not stand in a page."""
    return plain.translate(_SHOWN)


def _escaped(plain: str) -> Html:
    return Html(escape(visible(plain)))


def joined(parts: Iterable[Part], between: str = "") -> Html:
    """The parts one after another.

    Args:
        parts: Of them None is left out.
        between: Text that stands between them.
    """
    return Html(text(between).join(text(part) for part in parts if part is not None))


def tag(name: str, /, *inside: Part, **attributes: str | None) -> Html:
    """An element.

    Args:
        name: Such as `p`.
        inside: What stands in it.
        attributes: By name, a trailing underscore left out (`class_`) and others as hyphens; None leaves one out.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{joined(inside)}</{name}>")


def lines(parts: Iterable[Part]) -> Html:
    """The parts, each on a line of the source."""
    return joined((part for part in parts if part not in (None, "")), "\n")
