"""File storage through fsspec: a local folder, an S3 bucket or memory, by setting, behind the same few verbs."""

from __future__ import annotations

import posixpath
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Final

import fsspec

from app.core.config import settings
from app.core.errors import Invalid, NotFound
from app.core.text import Text

_BLOCK: Final = 1 << 20


class Storage:
    """Files under one root. Paths are relative, with `/`, and cannot leave the root."""

    def __init__(self, url: str) -> None:
        self.url = url
        filesystem, root = fsspec.core.url_to_fs(url)
        self._files: Any = filesystem
        self._root = str(root).rstrip("/")
        self._renames = "file" in (
            filesystem.protocol if isinstance(filesystem.protocol, tuple) else (filesystem.protocol,)
        )

    @contextmanager
    def write(self, path: str) -> Iterator[IO[bytes]]:
        """A file to write. It appears under `path`, replacing what was there, only if the block ends well."""
        target = self._full(path)
        self._files.makedirs(posixpath.dirname(target), exist_ok=True)
        draft = f"{posixpath.dirname(target)}/.{posixpath.basename(target)}.{secrets.token_hex(4)}"
        try:
            with self._files.open(draft, "wb") as file:
                yield file
            if self._renames:
                Path(draft).replace(target)
            else:
                self._files.mv(draft, target)
        finally:
            if self._files.exists(draft):
                self._files.rm(draft)

    @contextmanager
    def read(self, path: str) -> Iterator[IO[bytes]]:
        """A file to read; raises NotFound (`core.file`)."""
        try:
            file = self._files.open(self._full(path), "rb")
        except (FileNotFoundError, IsADirectoryError) as error:
            raise NotFound("core.file", Text(f"没有文件 {path}", f"there is no file {path}")) from error
        with file:
            yield file

    def put(self, source: Path, path: str) -> int:
        """Copy a local file in; the number of bytes."""
        size = 0
        with open(source, "rb") as reading, self.write(path) as writing:
            while block := reading.read(_BLOCK):
                size += writing.write(block)
        return size

    def fetch(self, path: str, target: Path) -> int:
        """Copy a file out to a local path, whole or not at all; the number of bytes."""
        draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        size = 0
        try:
            with self.read(path) as reading, open(draft, "wb") as writing:
                while block := reading.read(_BLOCK):
                    size += writing.write(block)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        return size

    def exists(self, path: str) -> bool:
        return bool(self._files.isfile(self._full(path)))

    def size(self, path: str) -> int:
        """The length in bytes; raises NotFound (`core.file`)."""
        if not self.exists(path):
            raise NotFound("core.file", Text(f"没有文件 {path}", f"there is no file {path}"))
        return int(self._files.size(self._full(path)))

    def list(self, folder: str = "") -> list[str]:
        """The paths of all files in a folder and below, sorted; those still being written are left out."""
        full = self._full(folder) if folder else self._root
        if not self._files.isdir(full):
            return []
        self._files.invalidate_cache()
        found = (str(each)[len(self._root) + 1 :] for each in self._files.find(full))
        return sorted(path for path in found if not posixpath.basename(path).startswith("."))

    def delete(self, path: str) -> None:
        """Remove a file; nothing happens when it is gone already."""
        if self.exists(path):
            self._files.rm(self._full(path))

    def _full(self, path: str) -> str:
        parts = path.split("/")
        if "\\" in path or "\x00" in path or any(part in ("", ".", "..") for part in parts):
            raise Invalid("core.file_path", Text(f"路径 {path!r} 不可用", f"{path!r} cannot be used as a path"))
        return f"{self._root}/{path}"


@lru_cache(maxsize=8)
def _storage(url: str) -> Storage:
    return Storage(url)


def storage() -> Storage:
    """The file storage of the settings in force."""
    return _storage(settings().storage_url)
