"""Getting report files to the credit centre and its feedback back: over SFTP, or a folder of the centre's own client.

A file is put beside its place and then renamed, so the far end never sees half of one. Files stay in the inbox as the proof
that they came, so whether one has arrived can be asked again after a crash.
"""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from pathlib import Path

from app.core.config import Settings
from app.core.crypto.keyring import key_ring
from app.submission.entities.entity import Entity

CENTRE_AWAY = "submission.centre"
"""The code of Unavailable where the centre cannot be reached."""


class Transport(ABC):
    """One way to the credit centre."""

    @abstractmethod
    def arrived(self, name: str) -> bool:
        """Whether the centre has got this file whole."""

    @abstractmethod
    def send(self, source: Path, name: str) -> None:
        """Deliver a file under `name`. Raises Unavailable; half a file is never visible."""

    @abstractmethod
    def feedback(self) -> dict[str, str]:
        """The feedback files that lie ready, in order of name, with a stamp that changes when one is written anew."""

    @abstractmethod
    def fetch(self, name: str, target: Path) -> None:
        """Bring one feedback file. Raises Unavailable."""


class FolderTransport(Transport):
    """The exchange folder of the centre's own client, with `inbox` and `outbox`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("inbox", "outbox"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def arrived(self, name: str) -> bool:
        return (self.folder / "inbox" / name).exists()

    def send(self, source: Path, name: str) -> None:
        part = self.folder / "inbox" / f"{name}.part"
        shutil.copyfile(source, part)
        os.replace(part, self.folder / "inbox" / name)

    def feedback(self) -> dict[str, str]:
        lying = {path.name: path.stat() for path in sorted((self.folder / "outbox").glob("*.enc"))}
        return {name: stamp(found.st_size, int(found.st_mtime)) for name, found in lying.items()}

    def fetch(self, name: str, target: Path) -> None:
        shutil.copyfile(self.folder / "outbox" / name, target)


def stamp(size: int | None, changed: int | None) -> str:
    """Differs when a file has been written anew."""
    return f"{size or 0}-{changed or 0}"


def transport(settings: Settings, entity: Entity) -> Transport:
    """A legal entity's way to the centre; `settings` are the entity's own."""
    if settings.centre_kind == "folder":
        assert settings.centre_folder is not None  # noqa: S101 - filled by the settings themselves
        return FolderTransport(settings.centre_folder)
    from app.submission.sftp import SftpTransport  # it takes long to load, and only a worker sends

    assert settings.centre_key is not None  # noqa: S101 - filled by the settings themselves
    assert settings.centre_known_hosts is not None  # noqa: S101 - filled by the settings themselves
    return SftpTransport(
        settings.centre_host,
        settings.centre_port,
        settings.centre_user,
        key_ring().secret(entity.centre_credential) if entity.centre_credential else settings.centre_key,
        entity.centre_host_key or settings.centre_known_hosts,
    )
