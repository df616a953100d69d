"""The way to the credit centre over SFTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import asyncssh

from app.core.errors import Unavailable
from app.core.text import Text
from app.submission.transport import CENTRE_AWAY, Transport, stamp

T = TypeVar("T")


class SftpTransport(Transport):
    """The centre's SFTP server. The host key must be known; the lender signs in with a key.

    `key` is the private key or the file that holds it, `known_hosts` what such a file says, or the file.
    """

    def __init__(self, host: str, port: int, user: str, key: bytes | Path, known_hosts: str | Path) -> None:
        self._options: dict[str, Any] = {
            "host": host,
            "port": port,
            "username": user,
            "client_keys": [str(key) if isinstance(key, Path) else asyncssh.import_private_key(key)],
            "known_hosts": asyncssh.import_known_hosts(known_hosts)
            if isinstance(known_hosts, str)
            else str(known_hosts),
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
            return {name: stamp(lying[name].size, lying[name].mtime) for name in sorted(lying) if name.endswith(".enc")}

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
                CENTRE_AWAY,
                Text("暂时连不上征信中心：{why}", "The credit centre cannot be reached now: {why}").format(why=problem),
            ) from problem
