"""A folder on a source's SFTP server. The host key must be known; files are fetched whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import asyncssh

from app.submission.sources.credentials import Credential
from app.submission.sources.places.place import Brought, Place, Wanted, chosen, inside, missing, too_large, unreachable

_MOST_FILES = 1_000


@dataclass(frozen=True)
class SftpPlace(Place):
    """`path` may hold `{date:…}`. The credential's secret is a private key (PEM) or a password."""

    host: str
    path: str
    known_hosts: str
    credential: Credential
    port: int = 22
    timeout_seconds: int = 30
    limit_bytes: int = Place.limit_bytes
    kind = "sftp"

    def bring(self, wanted: Wanted, into: Path) -> Brought:
        try:
            return asyncio.run(self._bring(wanted, into))
        except (OSError, asyncssh.Error, TimeoutError) as problem:
            if isinstance(problem, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
                raise missing(wanted.mapping.source) from problem
            raise unreachable(wanted.mapping.source, problem) from problem

    async def _bring(self, wanted: Wanted, into: Path) -> Brought:
        folder = self.path.format(date=wanted.business_date)
        async with asyncssh.connect(**self._options()) as connection, connection.start_sftp_client() as sftp:
            lying: Mapping[str, Any] = {
                PurePosixPath(str(entry.filename)).name: entry.attrs
                for entry in await sftp.readdir(folder)
                if entry.attrs.type != asyncssh.FILEXFER_TYPE_DIRECTORY
            }
            names = chosen(list(lying)[:_MOST_FILES], wanted)
            if not names:
                raise missing(wanted.mapping.source)
            if sum(int(lying[name].size or 0) for name in names) > self.limit_bytes:
                raise too_large(folder, self.limit_bytes)
            for name in names:
                target = inside(into, name)
                await sftp.get(f"{folder.rstrip('/')}/{name}", str(target))
                if target.stat().st_size != lying[name].size:
                    raise OSError(f"{name}: {target.stat().st_size} of {lying[name].size} bytes")
        return Brought(into)

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "username": self.credential.user,
            "known_hosts": self.known_hosts,
            "connect_timeout": self.timeout_seconds,
            "login_timeout": self.timeout_seconds,
            "config": None,
            "agent_path": None,
        }
        if self.credential.secret.lstrip().startswith("-----BEGIN"):
            return options | {"client_keys": [asyncssh.import_private_key(self.credential.secret)]}
        return options | {"password": self.credential.secret, "client_keys": None}

    def address(self, business_date: date) -> str:
        return f"sftp://{self.host}:{self.port}{self.path.format(date=business_date)}"
