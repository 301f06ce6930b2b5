"""Page file: a page written whole or not at all, and over another file only when that is asked for.

A page may be read by whom the umask lets read any new file.
"""

import os
import tempfile
from pathlib import Path

from ticketing.domain.errors import BadInput


def write_page(path: Path, page: str, *, is_replacing: bool = False) -> None:
    """Writes a page.

    Args:
        path: The file; its folder is there.
        page: The HTML.
        is_replacing: Whether a file that is there may be overwritten.

    Raises:
        BadInput: There is a file already, or it cannot be written.
    """
    refuse_existing(path, is_replacing=is_replacing)
    try:
        # The folder is for the owner alone; a file that is opened in it has the mode that the umask says.
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            temporary = Path(folder) / path.name
            with temporary.open("w", encoding="utf-8", newline="\n") as file:
                file.write(page)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
    except OSError as error:
        raise BadInput(f"{path}: it cannot be written: {error.strerror or error}") from None


def refuse_existing(path: Path, *, is_replacing: bool) -> None:
    """Refuses a path that is a folder, or a file that may not be overwritten.

    Raises:
        BadInput: It is one.
    """
    if path.is_dir():
        raise BadInput(f"{path}: this is a folder; name the file that is to be written")
    if path.exists() and not is_replacing:
        raise BadInput(f"{path}: there is a file of that name already; it is overwritten only with --force")
