"""Phrases: the parts that lines of `wording` are made of."""

from collections.abc import Callable, Iterable
from datetime import datetime

from ticketing.domain.values import Money, PrivateText, Quantity, SerialNumber, decimal_text, instant_text

Text = Callable[[PrivateText | SerialNumber], str]
"""Gives the text behind a private part, such as `Ticketing.text`."""


def quoted(private: PrivateText | None, text: Text, before: str = ": ") -> str:
    """The private text in quotation marks, after a few words; nothing where there is none."""
    return f"{before}“{text(private)}”" if private is not None else ""


def serial(number: SerialNumber | None, text: Text) -> str:
    """The serial number; nothing where there is none."""
    return f"serial {text(number)}" if number is not None else ""


def after(before: str, value: object, behind: str = "") -> str:
    """The value between what comes before and behind it; nothing where it is none."""
    return f"{before}{value}{behind}" if value not in (None, "") else ""


def listed(parts: Iterable[str]) -> str:
    """The parts that say something, with commas."""
    return ", ".join(part for part in parts if part)


def either(parts: Iterable[str]) -> str:
    """The parts with commas, and `or` before the last."""
    *most, last = [*parts] or [""]
    return f"{', '.join(most)} or {last}" if most else last


def spaced(code: str) -> str:
    """A code in words."""
    return code.replace("_", " ")


def money(amount: Money | None) -> str:
    """The amount with its currency; nothing where there is none."""
    return f"{decimal_text(amount.amount)} {amount.currency}" if amount is not None else ""


def reading(quantity: Quantity | None) -> str:
    """The number with its unit of measure."""
    return f"{decimal_text(quantity.value)} {quantity.unit}" if quantity is not None else ""


def minute(instant: datetime | None) -> str:
    """The instant to the minute."""
    return instant.strftime("%Y-%m-%d %H:%M UTC") if instant is not None else ""


def day_or_instant(instant: datetime) -> str:
    """The instant without the parts of it that are zero: `2026-01-01`, `2026-01-01T09:30:00Z`."""
    return instant_text(instant).replace(".000000Z", "Z").removesuffix("T00:00:00Z")


def digest(sha256: str) -> str:
    """The beginning of a hash, enough to be told apart."""
    return f"{sha256[:12]}…"
