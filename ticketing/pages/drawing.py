"""Drawing: whether the libraries that draw charts are there; asked before a module is imported that needs them."""

from importlib.util import find_spec

from ticketing.domain.errors import BadInput


def require_drawing() -> None:
    """Returns if charts can be drawn.

    Raises:
        BadInput: Altair or vl-convert-python, of the extra `pages`, is not installed.
    """
    if find_spec("altair") is None or find_spec("vl_convert") is None:
        raise BadInput("charts need altair and vl-convert-python: install ticketing[pages]")
