"""Files that belong to a case: looked at before they are taken, and sealed where they lie."""

from __future__ import annotations

import hashlib
import secrets
import shlex
import subprocess
import unicodedata
from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select

from app.core import clock
from app.core.config import settings
from app.core.crypto import key_ring
from app.core.db import current_session
from app.core.errors import CreditLinkError, Invalid, NotFound, Unavailable
from app.core.events import publish, tell
from app.core.storage import storage
from app.core.text import Text
from app.workflow.inbox.events import AttachmentAdded, AttachmentRefused, AttachmentSeen
from app.workflow.inbox.file_types import ENDINGS, FileType, fits_name, sniff
from app.workflow.models import Attachment

CONTEXT: Final = "workflow_attachment.content"
MOST_OF_A_CASE: Final = 50
_SCAN_SECONDS: Final = 60


def size_limit() -> int:
    """The largest file that is taken, in bytes."""
    return settings().attachment_megabytes * 1024 * 1024


def scans() -> bool:
    """Whether files are looked at for viruses."""
    return bool(settings().virus_scan_command.strip())


def add_attachment(
    uploader: str, instance_id: str, name: str, content: bytes, task_id: str | None = None
) -> Attachment:
    """File something with a case. A refusal is told as an event too.

    Raises Invalid (`workflow.attachment_name`, `_empty`, `_large`, `_type`, `_mismatch`, `_infected`, `_many`) and Unavailable
    (`workflow.virus_scan`) where it could not be looked at.
    """
    try:
        kind = _examined(name, content, instance_id)
    except CreditLinkError as problem:
        publish(AttachmentRefused(instance_id, problem.code))
        raise
    path = f"workflow/attachments/{instance_id}/{secrets.token_hex(16)}"
    with storage().write(path) as file:
        file.write(key_ring().encrypt(f"{CONTEXT}:{path}", content))
    made = Attachment(
        instance_id=instance_id,
        task_id=task_id,
        name=clean_name(name),
        media_type=kind.media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        path=path,
        uploaded_at=clock.now(),
        uploaded_by=uploader,
    )
    current_session().add(made)
    current_session().flush()
    publish(AttachmentAdded(instance_id, made.id, made.sha256))
    return made


def attachments_of(instance_id: str) -> Sequence[Attachment]:
    """The files of a case, earliest first."""
    return (
        current_session().scalars(select(Attachment).filter_by(instance_id=instance_id).order_by(Attachment.id)).all()
    )


def find_attachment(number: int) -> Attachment:
    """Raises NotFound (`workflow.attachment`)."""
    found = current_session().get(Attachment, number)
    if found is None:
        raise NotFound("workflow.attachment", Text("没有这个附件", "There is no such attachment"))
    return found


def content_of(attachment: Attachment) -> bytes:
    """The file in the clear; that it was looked at is told. Raises Invalid (`crypto.damaged`) when it is not what it was."""
    with storage().read(attachment.path) as file:
        content = key_ring().decrypt(f"{CONTEXT}:{attachment.path}", file.read())
    tell(AttachmentSeen(attachment.instance_id, attachment.id))
    return content


def clean_name(name: str) -> str:
    """A file's name without folders and without what does not show; at most 120 characters, its ending kept."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    shown = "".join(each for each in last if each.isprintable() and each not in '<>:"|?*').strip(" .")
    stem, dot, ending = shown.rpartition(".")
    return f"{stem[: 119 - len(ending)]}.{ending}" if dot and len(ending) < 10 else shown[:120]


def _examined(name: str, content: bytes, instance_id: str) -> FileType:
    if not clean_name(name):
        raise Invalid("workflow.attachment_name", Text("请选择文件", "Choose a file"))
    if not content:
        raise Invalid("workflow.attachment_empty", Text("文件是空的", "The file is empty"))
    if len(content) > size_limit():
        most = settings().attachment_megabytes
        raise Invalid("workflow.attachment_large", Text(f"文件超过 {most} MB", f"The file is larger than {most} MB"))
    there = current_session().scalar(select(func.count()).select_from(Attachment).filter_by(instance_id=instance_id))
    if (there or 0) >= MOST_OF_A_CASE:
        raise Invalid(
            "workflow.attachment_many",
            Text(f"一件业务至多 {MOST_OF_A_CASE} 个附件", f"A case takes at most {MOST_OF_A_CASE} attachments"),
        )
    kind = sniff(content)
    if kind is None:
        listed = " ".join(ENDINGS)
        raise Invalid(
            "workflow.attachment_type",
            Text(
                f"只接受这些类型的文件：{listed}，且不得含宏",
                f"Only these kinds of files are taken, without macros: {listed}",
            ),
        )
    if not fits_name(kind, clean_name(name)):
        raise Invalid(
            "workflow.attachment_mismatch",
            Text("文件内容与扩展名不符", "What is in the file is not what its name says"),
        )
    _scan(content)
    return kind


def _scan(content: bytes) -> None:
    """Ask the house's virus scanner, where there is one; a file that could not be looked at is not taken."""
    if not scans():
        return
    try:
        done = subprocess.run(  # noqa: S603 - the command is a setting of the installation
            shlex.split(settings().virus_scan_command),
            input=content,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SCAN_SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as problem:
        raise _no_scan() from problem
    if done.returncode == 1:
        raise Invalid(
            "workflow.attachment_infected",
            Text("查毒发现此文件带毒，未保存", "The virus scan found something in this file; it was not kept"),
        )
    if done.returncode != 0:
        raise _no_scan()


def _no_scan() -> Unavailable:
    return Unavailable(
        "workflow.virus_scan",
        Text(
            "查毒程序暂不可用，文件未保存，请稍后再试",
            "The virus scan is not to be had now; the file was not kept, try again later",
        ),
    )
