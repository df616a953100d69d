"""Getting report files to the credit centre and its feedback back: over SFTP, or a folder of the centre's own client.

A file is put beside its place and then renamed, so the far end never sees half of one. Files stay in the inbox as the proof
that they came, so whether one has arrived can be asked again after a crash.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import asyncssh

from app.core.config import Settings
from app.core.errors import Unavailable
from app.core.text import Text

T = TypeVar("T")


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
        return {name: _stamp(found.st_size, int(found.st_mtime)) for name, found in lying.items()}

    def fetch(self, name: str, target: Path) -> None:
        shutil.copyfile(self.folder / "outbox" / name, target)


class SftpTransport(Transport):
    """The centre's SFTP server. The host key must be known; the lender signs in with a key."""

    def __init__(self, host: str, port: int, user: str, key: Path, known_hosts: Path) -> None:
        self._options: dict[str, Any] = {
            "host": host,
            "port": port,
            "username": user,
            "client_keys": [str(key)],
            "known_hosts": str(known_hosts),
            "connect_timeout": 15,
            "login_timeout": 15,
        }

    def arrived(self, name: str) -> bool:
        async def ask(sftp: asyncssh.SFTPClient) -> bool:
            return bool(await sftp.exists(f"/inbox/{name}"))

        return self._with(ask)

    def send(self, source: Path, name: str) -> None:
        async def put(sftp: asyncssh.SFTPClient) -> None:
            part = f"/inbox/{name}.part"
            await sftp.put(str(source), part)
            await sftp.posix_rename(part, f"/inbox/{name}")

        self._with(put)

    def feedback(self) -> dict[str, str]:
        async def listing(sftp: asyncssh.SFTPClient) -> dict[str, str]:
            lying = {PurePosixPath(str(entry.filename)).name: entry.attrs for entry in await sftp.readdir("/outbox")}
            return {
                name: _stamp(lying[name].size, lying[name].mtime) for name in sorted(lying) if name.endswith(".enc")
            }

        return self._with(listing)

    def fetch(self, name: str, target: Path) -> None:
        async def get(sftp: asyncssh.SFTPClient) -> None:
            await sftp.get(f"/outbox/{name}", str(target))

        self._with(get)

    def _with(self, work: Callable[[asyncssh.SFTPClient], Awaitable[T]]) -> T:
        async def run() -> T:
            async with asyncssh.connect(**self._options) as connection, connection.start_sftp_client() as sftp:
                return await work(sftp)

        try:
            return asyncio.run(run())
        except (OSError, asyncssh.Error) as problem:
            raise Unavailable(
                "submission.centre",
                Text("暂时连不上征信中心：{why}", "The credit centre cannot be reached now: {why}").format(why=problem),
            ) from problem


def _stamp(size: int | None, changed: int | None) -> str:
    return f"{size or 0}-{changed or 0}"


def transport(settings: Settings) -> Transport:
    """The way to the centre that the settings name."""
    if settings.centre_kind == "folder":
        assert settings.centre_folder is not None  # noqa: S101 - filled by the settings themselves
        return FolderTransport(settings.centre_folder)
    assert settings.centre_key is not None  # noqa: S101 - filled by the settings themselves
    assert settings.centre_known_hosts is not None  # noqa: S101 - filled by the settings themselves
    return SftpTransport(
        settings.centre_host,
        settings.centre_port,
        settings.centre_user,
        settings.centre_key,
        settings.centre_known_hosts,
    )
