"""Evidence: the folder of evidence files beside a store, each under the SHA-256 of its content.

Content is bytes here: never unpacked, run or shown. A name says what is under it, so the same content is kept once.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from ticketing.adapters.evidence_content import Verified, copied, opened, refuse_size
from ticketing.adapters.media_types import media_type_of, refuse_type
from ticketing.adapters.whole_files import (
    TEMPORARY,
    Mark,
    as_store_error,
    clear,
    locked,
    make_durable,
    make_folder,
    mark_of,
    move_into_place,
    temporary,
)
from ticketing.domain.errors import BadInput, CommandRejected, Conflict, NotFound

Whereabouts = Literal["here", "erased", "not here"]

_ERASED = ".erased"
_DIGITS = frozenset("0123456789abcdef")
_NOTHING_RECORDED = (BadInput, CommandRejected, Conflict, NotFound, ValueError)
"""What a command fails with that certainly left nothing on record; after anything else its file must stay."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is kept.

    Attributes:
        sha256: The hash of its content, lower-case hex.
        media_type: What its content is.
        size_bytes: How long it is.
        mark: What tells this copy from a later one; None if the content was here before.
    """

    sha256: str
    media_type: str
    size_bytes: int
    mark: Mark | None


class EvidenceFolder:
    """The evidence files of one store. Processes and threads may share it.

    Args:
        folder: Made when the first file is kept; None where none is named: then no file is here, nor can be kept.
        limit_bytes: The longest file that is taken.
        media_types: Types that are taken beside those of `media_types.EXTENSIONS`.
    """

    def __init__(self, folder: Path | None, *, limit_bytes: int, media_types: Collection[str] = ()) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._media_types = media_types

    @property
    def is_named(self) -> bool:
        """Whether there is a folder, or could be."""
        return self._folder is not None

    @property
    def folder(self) -> Path:
        """Where the files are.

        Raises:
            BadInput: No folder is named.
        """
        if self._folder is None:
            raise BadInput(
                "no folder for evidence files is named: give Ticketing(evidence=…) or set TICKETING_EVIDENCE"
            )
        return self._folder

    def path(self, sha256: str) -> Path:
        """Where the file with this content is, or would be.

        Raises:
            BadInput: This is no hash, or no folder is named.
        """
        if len(sha256) != 64 or not _DIGITS.issuperset(sha256):
            raise BadInput(f"{sha256!r} is no SHA-256 in 64 lower-case hexadecimal digits")
        return self.folder / sha256[:2] / sha256[2:]

    def whereabouts(self, sha256: str) -> Whereabouts:
        """Whether the file is here, was erased, or never was here; its content is not looked at."""
        if not self.is_named:
            return "not here"
        path = self.path(sha256)
        with as_store_error(path):
            if path.is_file() and not path.is_symlink():
                return "here"
            return "erased" if _stone(path).exists() else "not here"

    def has(self, sha256: str) -> bool:
        """Whether the file is here."""
        return self.whereabouts(sha256) == "here"

    def keep(
        self,
        source: Path | str | BinaryIO,
        *,
        media_type: str | None = None,
        sha256: str | None = None,
        limit_bytes: int | None = None,
    ) -> Kept:
        """Keeps a copy of a file, durable when this returns. What is here already is replaced, and so mended.

        Args:
            source: A path, or an open stream, which is read to its end and not closed.
            media_type: What the content is said to be; None asks the content.
            sha256: The hash that the content must have.
            limit_bytes: Another limit than the folder's.

        Raises:
            BadInput: It is no plain file, empty, over the limit or not what it is said to be; or no folder is named.
            StoreError: The folder cannot be written.
        """
        said = None if media_type is None else media_type.partition(";")[0].strip().lower()
        if said is not None:
            refuse_type(said, self._media_types)
        limit = self._limit_bytes if limit_bytes is None else limit_bytes
        with opened(source) as (stream, name, announced_bytes), as_store_error(self.folder):
            refuse_size(name, announced_bytes, limit)
            make_folder(self.folder)
            clear(self.folder)
            with temporary(self.folder) as (file, written):
                copy = copied(stream, file, name, limit)
                if sha256 not in (None, copy.sha256):
                    raise BadInput(f"{name}: its SHA-256 must be {sha256}, and is {copy.sha256}")
                found = media_type_of(copy.content, said, name, self._media_types)
                path = self.path(copy.sha256)
                with locked(self.folder):
                    was_here = self.has(copy.sha256)
                    move_into_place(file, written, path)
                    mark = None if was_here else mark_of(path)
        return Kept(copy.sha256, found, copy.size_bytes, mark)

    @contextmanager
    def keeping(
        self,
        source: Path | str | BinaryIO,
        *,
        media_type: str | None = None,
        sha256: str | None = None,
        limit_bytes: int | None = None,
    ) -> Iterator[Kept]:
        """Keeps a copy as `keep` does, and takes it back if the block is refused and it was not here before.

        It stays where nobody can say whether the block left something on record, as after a `StoreError`.
        """
        kept = self.keep(source, media_type=media_type, sha256=sha256, limit_bytes=limit_bytes)
        try:
            yield kept
        except _NOTHING_RECORDED:
            self._take_back(kept)
            raise

    def _take_back(self, kept: Kept) -> None:
        path = self.path(kept.sha256)
        with as_store_error(self.folder), locked(self.folder), suppress(FileNotFoundError):
            if kept.mark == mark_of(path):  # nobody has kept the same in the meantime
                path.unlink()
                with suppress(OSError):  # others may be in it
                    path.parent.rmdir()

    def open(self, sha256: str) -> BinaryIO:
        """The content, to be read once from its beginning; closing it is the caller's.

        Its end is not handed out unless all of it fits its name: reading raises `StoreError` in its place.

        Raises:
            NotFound: It is not here.
            StoreError: It cannot be read.
        """
        whereabouts = self.whereabouts(sha256)
        if whereabouts != "here":
            raise NotFound(f"the evidence file {sha256} {'was' if whereabouts == 'erased' else 'is'} {whereabouts}")
        path = self.path(sha256)
        with as_store_error(path):
            return Verified.opened(path, sha256)

    def erase(self, sha256: str) -> bool:
        """Removes a file for good; that it was erased stays known.

        Returns:
            Whether it was here.
        """
        if not self.has(sha256):
            return False
        path = self.path(sha256)
        with as_store_error(self.folder), locked(self.folder):
            _stone(path).touch(mode=0o400)
            path.unlink(missing_ok=True)
            make_durable(path.parent)
        return True

    def files(self) -> Iterator[Path]:
        """All that is in the folder and should be a file with a hash for its name, in order of name.

        What killed processes left is cleared away first.
        """
        with as_store_error(self.folder):
            clear(self.folder)
            for path in sorted(self.folder.glob("*")):
                if path.is_dir() and not path.is_symlink():
                    yield from (one for one in sorted(path.iterdir()) if one.suffix != _ERASED)
                elif not path.name.startswith(TEMPORARY):
                    yield path


def _stone(path: Path) -> Path:
    """What stays of a file that was erased."""
    return path.with_name(path.name + _ERASED)
