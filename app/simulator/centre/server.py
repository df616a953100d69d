"""The SFTP door of the centre and the loop that keeps its office working."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import posixpath
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from app.core.errors import CreditLinkError
from app.simulator.centre.control import control_in_force, take_drop
from app.simulator.centre.office import CENTRE_KEY, LENDER_KEY, Office, own_key

USER = "lender"
ENDPOINT_FILE = "endpoint.json"
CLIENTS_FILE = "authorized_keys"
_HOST_KEY = "ssh_host_key"
_IDLE_SECONDS = 0.1
_WRITING = asyncssh.FXF_WRITE | asyncssh.FXF_APPEND | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a client is writing."""

    file: object
    name: str


class Desk:
    """What all connections share: which inbox files are open, which became complete."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.open: Counter[str] = Counter()
        self.completed: Callable[[str], None] = lambda name: None

    def busy(self, name: str) -> bool:
        return self.open[name] > 0


def _denied(reason: str) -> asyncssh.SFTPPermissionDenied:
    return asyncssh.SFTPPermissionDenied(reason)


class Door(asyncssh.SFTPServer):
    """What one client may do: write and rename in /inbox, read everywhere, remove drafts and fetched feedback. No
    links, no folders."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], desk: Desk) -> None:
        user = str(channel.get_extra_info("username"))
        place = desk.root / "sftp"
        super().__init__(channel, chroot=os.fsencode(place if user == USER else place / user))
        self._desk = desk
        self._section = "" if user == USER else user
        self._uploads: dict[int, Upload] = {}

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        await asyncio.sleep(control_in_force(self._desk.root).slow)
        if not pflags & _WRITING:
            return super().open(path, pflags, attrs)
        name = self._inbox_name(path)
        return self._opened(super().open(path, pflags, asyncssh.SFTPAttrs(permissions=0o600)), name)

    async def open56(self, path: bytes, desired_access: int, flags: int, attrs: asyncssh.SFTPAttrs) -> object:
        await asyncio.sleep(control_in_force(self._desk.root).slow)
        if desired_access & asyncssh.ACE4_WRITE_DATA or desired_access & asyncssh.ACE4_APPEND_DATA:
            name = self._inbox_name(path)
            file = super().open56(path, desired_access, flags, asyncssh.SFTPAttrs(permissions=0o600))
            return self._opened(file, name)
        return super().open56(path, desired_access, flags, attrs)

    def _opened(self, file: object, name: str) -> object:
        self._uploads[id(file)] = Upload(file, name)
        self._desk.open[name] += 1
        return file

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        if id(file_obj) in self._uploads and take_drop(self._desk.root):
            super().write(file_obj, offset, data[: len(data) // 2])
            _log.info("told to drop the connection during %s", self._uploads[id(file_obj)].name)
            self.connection.abort()
            raise asyncssh.SFTPConnectionLost("dropped")
        written = super().write(file_obj, offset, data)
        return int(written) if isinstance(written, int) else len(data)

    def close(self, file_obj: object) -> None:
        upload = self._uploads.pop(id(file_obj), None)
        super().close(file_obj)
        if upload is not None:
            self._desk.open[upload.name] -= 1

    def exit(self) -> None:
        for upload in list(self._uploads.values()):
            self.close(upload.file)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        self._inbox_name(oldpath)
        name = self._inbox_name(newpath)
        super().rename(oldpath, newpath)
        self._desk.completed(name)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        self._inbox_name(oldpath)
        name = self._inbox_name(newpath)
        super().posix_rename(oldpath, newpath)
        self._desk.completed(name)

    def remove(self, path: bytes) -> None:
        whole = self._whole(path)
        if not (whole.startswith("/outbox/") or (whole.startswith("/inbox/") and whole.endswith(".part"))):
            raise _denied("only drafts and feedback may be removed")
        super().remove(path)

    def _whole(self, path: bytes) -> str:
        return posixpath.normpath(posixpath.join("/", os.fsdecode(path)))

    def _inbox_name(self, path: bytes) -> str:
        """The name of a file directly in the inbox; everything else is refused."""
        folder, name = posixpath.split(self._whole(path))
        if folder != "/inbox" or not name.removesuffix(".part").endswith(".enc"):
            raise _denied("files go to /inbox as <name>.enc or <name>.enc.part")
        if not name.startswith(self._section):
            raise _denied("the name of a file begins with the section code of its lender")
        return name

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        raise _denied("no folders can be made here")

    def rmdir(self, path: bytes) -> None:
        raise _denied("no folders can be removed here")

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        raise _denied("no links can be made here")

    def link(self, oldpath: bytes, newpath: bytes) -> None:
        raise _denied("no links can be made here")

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Accepted and ignored: clients that keep times and modes would fail otherwise."""

    def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """As `setstat`."""

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        """As `setstat`."""


class Porter(asyncssh.SSHServer):
    """Lets everybody in by own keys alone: who uses the common place, and each lender that has one of its own."""

    def __init__(self, root: Path, lenders: list[str]) -> None:
        self._root = root
        self._lenders = lenders
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn

    def begin_auth(self, username: str) -> bool:
        if self._connection is not None and username in (USER, *self._lenders):
            keys = clients_file(self._root, username)
            keys.touch(mode=0o600)
            self._connection.set_authorized_keys(str(keys))
        return True


def clients_file(root: Path, user: str) -> Path:
    """Where the SSH public keys stand by which a user may sign in."""
    return root / (CLIENTS_FILE if user == USER else f"{CLIENTS_FILE}.{user}")


def host_key(root: Path) -> asyncssh.SSHKey:
    """The centre's SSH host key, made on first use; the public half lies beside it for the client's known hosts."""
    path = root / _HOST_KEY
    if not path.exists():
        key = asyncssh.generate_private_key("ssh-ed25519")
        draft = path.with_name(f".{_HOST_KEY}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_bytes(key.export_private_key())
        os.replace(draft, path)
    key = asyncssh.read_private_key(path)
    path.with_suffix(".pub").write_bytes(key.export_public_key())
    return key


@dataclass(frozen=True, slots=True)
class Address:
    """Where and how a running centre is reached: what `endpoint.json` holds."""

    host: str
    port: int
    user: str
    host_key: str
    public_key: str
    suite: str


async def run(root: Path, host: str, port: int, suite_name: str, ready: Callable[[Address], None]) -> None:
    """Serve until cancelled. `ready` is called once connections are taken, with the real port.

    Raises NotFound if the lender's public key, which feedback is sealed for, is not there.
    """
    desk = Desk(root)
    office = await asyncio.to_thread(Office, root, suite_name, desk.busy)
    desk.completed = office.announce
    lenders = [door.name for door in office.folders.doors()[1:]]
    for name in [own_key(section) for section in lenders] or [LENDER_KEY]:
        office.keys.public_key(name, office.suite)
    key = host_key(root)
    acceptor = await asyncssh.listen(
        host,
        port,
        server_host_keys=[key],
        server_factory=lambda: Porter(root, lenders),
        sftp_factory=lambda channel: Door(channel, desk),
        allow_scp=False,
        login_timeout=30,
        server_version="pretend-credit-centre",
    )
    address = Address(
        host,
        acceptor.get_port(),
        USER,
        str(root / f"{_HOST_KEY}.pub"),
        str(office.keys.folder / f"{CENTRE_KEY}.{office.suite.name}.public.pem"),
        office.suite.name,
    )
    _write_endpoint(root, address)
    ready(address)
    round_at_work = asyncio.ensure_future(asyncio.to_thread(office.round))
    try:
        while True:
            if not await _finished(round_at_work):
                await asyncio.sleep(_IDLE_SECONDS)
            round_at_work = asyncio.ensure_future(asyncio.to_thread(office.round))
    finally:
        acceptor.close()
        # a stop waits for the file at hand; a kill need not
        await asyncio.gather(round_at_work, return_exceptions=True)
        office.store.close()


async def _finished(round_at_work: asyncio.Future[bool]) -> bool:
    """Whether the round, once finished, had anything to do; what is wrong with the centre's set-up is logged."""
    try:
        return await asyncio.shield(round_at_work)
    except CreditLinkError as error:
        _log.error("%s", error)
        return False


def _write_endpoint(root: Path, address: Address) -> None:
    draft = root / f".{ENDPOINT_FILE}.{secrets.token_hex(4)}"
    content = {name: getattr(address, name) for name in Address.__slots__}
    draft.write_text(json.dumps(content, indent=2), encoding="utf-8")
    os.replace(draft, root / ENDPOINT_FILE)
