"""Deliveries that a source system sends: opened with what it will hold, filled in chunks, complete when every checksum fits.

A delivery is known by its idempotency key: opening it again gives the same one, a chunk that has come already is passed over, and
completing twice is completing once. Files lie on this machine until they are a week old; only this user may read them.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from app.audit import Thing, record
from app.core import clock
from app.core.actor import Actor, current_actor
from app.core.config import settings
from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict, Invalid, NotFound, Refused
from app.core.events import publish
from app.core.text import Text
from app.submission.sources.events import DeliveryPushed
from app.submission.sources.models import PushedDelivery, PushedFile, SourceToken

CHUNK_LIMIT: Final = 16 << 20
"""Most bytes of one chunk."""
_DAYS_KEPT: Final = 7
_MOST_FILES: Final = 200
_NAME: Final = re.compile(r"[^/\\\0.][^/\\\0]{0,150}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_KEY: Final = re.compile(r"[A-Za-z0-9_.:-]{8,80}")


@dataclass(frozen=True, slots=True)
class Announced:
    """A file as the sender announces it."""

    name: str
    size: int
    sha256: str


def issue_token(provider: str, source: str, days: int = 365) -> str:
    """A new token for one source system of a legal entity; it is shown now and never again."""
    token = f"clp_{secrets.token_urlsafe(32)}"
    today = clock.today()
    current_session().add(
        SourceToken(
            digest=_digest(token),
            provider=provider,
            source=source,
            issued_by=current_actor().id,
            issued_at=clock.now(),
            expires_on=today + timedelta(days=days),
        )
    )
    current_session().flush()
    record("submission.push_token_issued", Thing("source", source), detail={"entity": provider, "days": days})
    return token


def revoke_tokens(provider: str, source: str) -> int:
    """End all tokens of a legal entity's source; how many."""
    query = select(SourceToken).filter_by(provider=provider, source=source, revoked_at=None)
    found = current_session().scalars(query).all()
    for each in found:
        each.revoked_at = clock.now()
    current_session().flush()
    record("submission.push_tokens_revoked", Thing("source", source), detail={"entity": provider, "tokens": len(found)})
    return len(found)


def sender(source: str, header: str) -> tuple[Actor, str]:
    """Who sends and for which legal entity, by the Authorization header.

    Raises Refused (`submission.push_token`), the same for every reason.
    """
    scheme, _, token = header.partition(" ")
    found = current_session().get(SourceToken, _digest(token)) if scheme.lower() == "bearer" and token else None
    fits = found is not None and found.source == source and found.revoked_at is None
    if found is None or not fits or found.expires_on < clock.today():
        raise Refused("submission.push_token", Text("令牌不可用于该来源", "The token is not good for this source"))
    return Actor(f"source:{source}", source, "client"), found.provider


def open_delivery(provider: str, source: str, key: str, given: Mapping[str, Any], limit: int) -> PushedDelivery:
    """Open a delivery, or find the one opened with this key before.

    Raises Invalid (`submission.push`) with everything that is wrong, Conflict where the key stands for something else.
    """
    announced, day, serial = _announced(key, given, limit)
    session = current_session()
    found = session.scalar(select(PushedDelivery).filter_by(provider=provider, source=source, idempotency_key=key))
    if found is not None:
        if (found.business_date, found.serial, _listed(found)) != (day, serial, set(announced)):
            raise Conflict(
                "submission.push_key", Text("该幂等键已用于另一次送达", "This key was used for another delivery")
            )
        return found
    delivery = PushedDelivery(
        id=secrets.token_hex(16),
        provider=provider,
        source=source,
        business_date=day,
        serial=serial,
        idempotency_key=key,
        state="open",
        opened_at=clock.now(),
    )
    session.add(delivery)
    session.flush()
    session.add_all(
        PushedFile(delivery_id=delivery.id, name=each.name, size=each.size, sha256=each.sha256) for each in announced
    )
    session.flush()
    detail = {"source": source, "business_date": day.isoformat(), "files": len(announced)}
    record("submission.push_opened", Thing("delivery", delivery.id), detail=detail)
    return delivery


def _announced(key: str, given: Mapping[str, Any], limit: int) -> tuple[list[Announced], date, str]:
    faults: list[Text] = []
    if not _KEY.fullmatch(key):
        faults.append(Text("缺少可用的 Idempotency-Key", "a usable Idempotency-Key is missing"))
    try:
        day = date.fromisoformat(str(given.get("business_date")))
    except ValueError:
        day = clock.today()
        faults.append(Text("business_date 不是日期", "business_date is not a date"))
    serial = given.get("serial") or ""
    if not isinstance(serial, str) or len(serial) > 80:
        faults.append(Text("serial 须为不超过 80 字的文字", "serial must be a text of 80 characters at most"))
        serial = ""
    files = given.get("files")
    listed = files if isinstance(files, list) and 0 < len(files) <= _MOST_FILES else []
    if not listed:
        faults.append(Text(f"files 须列出 1 至 {_MOST_FILES} 个文件", f"files must list 1 to {_MOST_FILES} files"))
    announced = []
    for each in listed:
        found = _file(each)
        if found is None:
            faults.append(Text("文件须有 name、size、sha256", "a file needs name, size and sha256"))
        else:
            announced.append(found)
    if len({each.name for each in announced}) < len(announced):
        faults.append(Text("文件名重复", "a file name stands twice"))
    if sum(each.size for each in announced) > limit:
        faults.append(Text(f"超过 {limit >> 20} MB 的上限", f"it is larger than the limit of {limit >> 20} MB"))
    if faults:
        raise Invalid(
            "submission.push", Text("；".join(each.zh for each in faults), "; ".join(each.en for each in faults))
        )
    return announced, day, serial


def _file(given: Any) -> Announced | None:
    if not isinstance(given, dict):
        return None
    name, size, digest = given.get("name"), given.get("size"), given.get("sha256")
    fits = isinstance(name, str) and _NAME.fullmatch(name) and isinstance(digest, str) and _DIGEST.fullmatch(digest)
    if not fits or not isinstance(size, int) or isinstance(size, bool) or size < 0:
        return None
    return Announced(str(name), size, str(digest))


def add_chunk(delivery: PushedDelivery, name: str, offset: int, chunk: bytes, checksum: str) -> PushedFile:
    """Add bytes to a file at an offset; what has come already is passed over.

    Raises Invalid (`submission.push_chunk`) for a chunk whose checksum does not fit or that goes beyond the file, Conflict
    (`submission.push_offset`) where it would leave a hole: the answer says how much has come.
    """
    file = current_session().get(PushedFile, (delivery.id, name), with_for_update=True)
    if file is None:
        raise NotFound("submission.push_file", Text("没有公告过这个文件", "No such file was announced"))
    if hashlib.sha256(chunk).hexdigest() != checksum.lower():
        raise Invalid("submission.push_chunk", Text("分块校验和不符", "The chunk does not fit its checksum"))
    if len(chunk) > CHUNK_LIMIT or offset < 0 or offset + len(chunk) > file.size:
        raise Invalid("submission.push_chunk", Text("分块超出文件或过大", "The chunk is too large or beyond the file"))
    if delivery.state != "open" or offset + len(chunk) <= file.received:
        return file
    if offset > file.received:
        raise Conflict(
            "submission.push_offset",
            Text(f"已收到 {file.received} 字节，请从那里继续", f"{file.received} bytes have come; go on from there"),
        )
    path = _folder(delivery.id) / name
    with open(path, "r+b" if path.exists() else "wb") as target:
        target.seek(offset)
        target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    file.received = offset + len(chunk)
    current_session().flush()
    return file


def complete(delivery: PushedDelivery) -> PushedDelivery:
    """Close a delivery whose files are all there and fit their checksums. Raises Invalid (`submission.push_incomplete`)."""
    if delivery.state == "complete":
        return delivery
    wrong = [file.name for file in _files(delivery) if not _fits(file)]
    if wrong:
        names = ", ".join(sorted(wrong))
        raise Invalid(
            "submission.push_incomplete",
            Text(f"文件不全或校验和不符：{names}", f"files are not whole or do not fit their checksums: {names}"),
        )
    delivery.state, delivery.completed_at = "complete", clock.now()
    current_session().flush()
    record("submission.push_completed", Thing("delivery", delivery.id), detail={"source": delivery.source})
    publish(DeliveryPushed(delivery.provider, delivery.source, delivery.business_date, delivery.id))
    return delivery


def _fits(file: PushedFile) -> bool:
    path = _folder(file.delivery_id) / file.name
    if file.size == 0:
        path.touch()
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() == file.sha256


def find(provider: str, source: str, delivery_id: str) -> PushedDelivery:
    """Raises NotFound, also for the delivery of another source or legal entity."""
    found = current_session().get(PushedDelivery, delivery_id)
    if found is None or (found.provider, found.source) != (provider, source):
        raise NotFound("submission.push_delivery", Text("没有这次送达", "There is no such delivery"))
    return found


def as_data(delivery: PushedDelivery) -> dict[str, Any]:
    """A delivery as its sender reads it."""
    return {
        "id": delivery.id,
        "source": delivery.source,
        "business_date": delivery.business_date.isoformat(),
        "serial": delivery.serial,
        "state": delivery.state,
        "chunk_limit": CHUNK_LIMIT,
        "files": [{"name": file.name, "size": file.size, "received": file.received} for file in _files(delivery)],
    }


def newest_complete(provider: str, source: str, day: date) -> tuple[Path, str] | None:
    """The folder and serial of the delivery for a day that was completed last."""
    query = select(PushedDelivery).filter_by(provider=provider, source=source, business_date=day, state="complete")
    with unit_of_work(reading=True) as session:
        found = session.scalar(query.order_by(PushedDelivery.completed_at.desc()).limit(1))
        return (_folder(found.id), found.serial) if found else None


def remove_old() -> int:
    """Remove the files of deliveries that were opened more than a week ago; how many deliveries."""
    limit = clock.now() - timedelta(days=_DAYS_KEPT)
    removed = 0
    for each in current_session().scalars(select(PushedDelivery).where(PushedDelivery.opened_at < limit)):
        folder = settings().data_dir / "pushed" / each.id
        if folder.is_dir():
            shutil.rmtree(folder)
            removed += 1
    return removed


def _folder(delivery_id: str) -> Path:
    folder = settings().data_dir / "pushed" / delivery_id
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _files(delivery: PushedDelivery) -> list[PushedFile]:
    query = select(PushedFile).filter_by(delivery_id=delivery.id).order_by(PushedFile.name)
    return list(current_session().scalars(query))


def _listed(delivery: PushedDelivery) -> set[Announced]:
    return set(_as_announced(_files(delivery)))


def _as_announced(files: Iterable[PushedFile]) -> Iterable[Announced]:
    return (Announced(file.name, file.size, file.sha256) for file in files)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
