"""What kind of file something is, by its content; names and what browsers claim are not believed."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final


@dataclass(frozen=True, slots=True)
class FileType:
    """A kind of file that may be filed."""

    media_type: str
    endings: tuple[str, ...]


_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
PDF: Final = FileType("application/pdf", ("pdf",))
PNG: Final = FileType("image/png", ("png",))
JPEG: Final = FileType("image/jpeg", ("jpg", "jpeg"))
DOCX: Final = FileType(f"{_OFFICE}wordprocessingml.document", ("docx",))
XLSX: Final = FileType(f"{_OFFICE}spreadsheetml.sheet", ("xlsx",))
OFD: Final = FileType("application/ofd", ("ofd",))
TEXT: Final = FileType("text/plain", ("txt", "csv"))
ALLOWED: Final = (PDF, PNG, JPEG, DOCX, XLSX, OFD, TEXT)
ENDINGS: Final = tuple(ending for each in ALLOWED for ending in each.endings)

_STARTS: Final = ((b"%PDF-", PDF), (b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG))
_MACROS: Final = ("vbaproject.bin", "activex", "embeddings/")
_MOST_ENTRIES: Final = 5_000


def sniff(content: bytes) -> FileType | None:
    """The type by its content; None for what may not be filed, documents with macros among it."""
    for start, kind in _STARTS:
        if content.startswith(start):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _archive(content)
    return TEXT if content and _is_text(content) else None


def fits_name(kind: FileType, name: str) -> bool:
    """Whether the ending of `name` is one of the type's."""
    return PurePosixPath(name).suffix.lower().lstrip(".") in kind.endings


def _archive(content: bytes) -> FileType | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [each.lower() for each in archive.namelist()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    if len(names) > _MOST_ENTRIES or any(mark in name for name in names for mark in _MACROS):
        return None
    if "ofd.xml" in names:
        return OFD
    if "[content_types].xml" not in names:
        return None
    if "word/document.xml" in names:
        return DOCX
    return XLSX if "xl/workbook.xml" in names else None


def _is_text(content: bytes) -> bool:
    if any(byte < 32 and byte not in (9, 10, 13) for byte in set(content)):
        return False
    if content.lstrip()[:1] == b"<":
        return False  # markup: a browser might be talked into showing it
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
