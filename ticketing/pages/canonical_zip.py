"""Canonical zip: the one form of zip in which a dossier is written, so that the same content gives the same bytes.

Laws of this file: entries stand in order of path and are stored as they are, never compressed; each is dated 1 January
1980, belongs to a plain file that all may read, and has neither extra fields nor a comment; the sizes stand before the
content. `verify.py` refuses any other form, so it is never changed.

Source: PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12, 4.3.16.
"""

import struct
import zlib
from collections.abc import Callable, Mapping
from typing import BinaryIO

from ticketing.domain.errors import BadInput

Content = bytes | Callable[[], BinaryIO]
"""The content of a file: its bytes, or what opens it."""

_FORM = struct.Struct("<5H3I2H")
"""What stands alike before the content and in the directory: version needed, flags, method, time, date, CRC-32, size
twice, length of the path, length of the extra field."""

_VERSION = 20
_UTF8_PATH = 0x800
_STORED = 0
_MIDNIGHT = 0
_FIRST_DAY = 1 << 5 | 1
_MADE_BY_UNIX = 3
_PLAIN_FILE = 0o100644 << 16
_LARGEST = 0xFFFFFFFF
_MOST_FILES = 0xFFFF
_CHUNK_BYTES = 1 << 20


def write_zip(file: BinaryIO, contents: Mapping[str, Content]) -> None:
    """Writes the zip of these files.

    Args:
        file: Written from where it stands; must be seekable, for a content's checksum is known only at its end.
        contents: By path.

    Raises:
        BadInput: They are too many, or too large, for a zip of this form.
    """
    if len(contents) > _MOST_FILES:
        raise BadInput(f"{len(contents):,} files are more than a dossier holds")
    directory = bytearray()
    begin = file.tell()
    for path, content in sorted(contents.items()):
        at, name = file.tell() - begin, path.encode()
        file.write(b"PK\3\4" + _form(name, 0, 0) + name)
        checksum, size = _copied(content, file)
        end = file.tell()
        if end - begin > _LARGEST:
            raise BadInput("the dossier would be larger than 4 GiB: leave evidence out")
        file.seek(begin + at)
        file.write(b"PK\3\4" + _form(name, checksum, size))
        file.seek(end)
        directory += struct.pack("<4sBB", b"PK\1\2", _VERSION, _MADE_BY_UNIX) + _form(name, checksum, size)
        directory += struct.pack("<3H2I", 0, 0, 0, _PLAIN_FILE, at) + name
    at, count = file.tell() - begin, len(contents)
    file.write(bytes(directory) + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(directory), at, 0))


def _form(name: bytes, checksum: int, size: int) -> bytes:
    return _FORM.pack(_VERSION, _UTF8_PATH, _STORED, _MIDNIGHT, _FIRST_DAY, checksum, size, size, len(name), 0)


def _copied(content: Content, file: BinaryIO) -> tuple[int, int]:
    """Copies a content; CRC-32 and size of what was copied."""
    if isinstance(content, bytes):
        file.write(content)
        return zlib.crc32(content), len(content)
    checksum = size = 0
    with content() as source:
        while chunk := source.read(_CHUNK_BYTES):
            file.write(chunk)
            checksum, size = zlib.crc32(chunk, checksum), size + len(chunk)
            if size > _LARGEST:
                raise BadInput("the dossier would be larger than 4 GiB: leave evidence out")
    return checksum, size
