"""Workbooks handed in: read by the executor, then taken, whole or only what is good in them, or thrown away."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from app.core import clock
from app.core.actor import Actor, acting, current_actor
from app.core.crypto.keyring import key_ring
from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict, Invalid, NotFound
from app.core.jobs import TaskContext, enqueue
from app.core.text import Text
from app.rules.tables.workbook_guard import MAX_BYTES
from app.submission.entities.keeping import meant_entity
from app.submission.supplement.entry import entry_form
from app.submission.supplement.models import SupplementUpload
from app.submission.supplement.verdict import Verdict, verdicts
from app.submission.supplement.workbook_in import ReadRow, read_rows, read_sheet
from app.submission.supplement.writing import drafted, hand_in, keep

READ: Final = "submission.read_supplements"
"""The executor's task: read what was handed in, and take it when somebody has asked for that."""
_CONTEXT: Final = "submission_supplement_upload.content"
MOST_FAULTS: Final = 2_000
"""So many faults at most are kept of one workbook."""


def hand_over(provider: str, form_name: str, file_name: str, content: bytes) -> SupplementUpload:
    """Keep a legal entity's workbook, sealed, and have it read.

    Raises Invalid (`submission.workbook`) for one that is too large or empty, and as `meant_entity`.
    """
    form = entry_form(form_name)
    if not content or len(content) > MAX_BYTES:
        most = MAX_BYTES // 1_000_000
        raise Invalid(
            "submission.workbook",
            Text(f"请选择一个不超过 {most}MB 的 .xlsx 文件", f"choose an .xlsx file of at most {most} MB"),
        )
    upload = SupplementUpload(
        id=f"UP-{clock.today():%Y%m%d}-{secrets.token_hex(5)}",
        provider=meant_entity(provider).provider,
        form=form.name,
        file_name=file_name.replace("\x00", "")[-120:],
        content=key_ring().encrypt(_CONTEXT, content),
        author=current_actor().id,
        created_at=clock.now(),
        state="reading",
        rows=0,
        good=0,
        faults=[],
    )
    current_session().add(upload)
    current_session().flush()
    _ask(upload, "read")
    return upload


def _ask(upload: SupplementUpload, act: str) -> None:
    actor = current_actor()
    params = {"upload": upload.id, "act": act, "by": actor.id, "name": actor.name}
    enqueue(READ, params, f"{upload.id}:{act}")


def find_upload(number: str) -> SupplementUpload:
    """One's own upload. Raises NotFound (`submission.upload`)."""
    found = current_session().get(SupplementUpload, number)
    if found is None or found.author != current_actor().id:
        raise NotFound("submission.upload", Text("没有这个工作簿", "there is no such workbook of yours"))
    return found


def take(upload: SupplementUpload, *, good_only: bool) -> None:
    """Have what was read handed to review: all of it, or only the rows without a fault.

    Raises Conflict (`submission.upload_state`) where it was not read, is taken already, or is not wholly good and not only the
    good rows are wanted.
    """
    if upload.state != "read" or not upload.good or (upload.faults and not good_only):
        raise Conflict("submission.upload_state", Text("该工作簿现在不能提交", "this workbook cannot be taken now"))
    upload.state = "taking"
    current_session().flush()
    _ask(upload, "take")


def drop(upload: SupplementUpload) -> None:
    """Throw it away, what is in it as well."""
    if upload.state in ("read", "refused"):
        upload.state, upload.content, upload.faults = "dropped", None, []
        current_session().flush()


def content_of(upload: SupplementUpload) -> bytes:
    """The workbook as it was handed in. Raises NotFound (`submission.upload`) once it is gone."""
    if upload.content is None:
        raise NotFound("submission.upload", Text("工作簿已不再保存", "the workbook is not kept any more"))
    return key_ring().decrypt(_CONTEXT, upload.content)


def run(context: TaskContext) -> None:
    """Read or take a workbook. What takes long only reads; then all is written at once, if nobody has done it meanwhile."""
    number, taking = str(context.params["upload"]), context.params["act"] == "take"
    with acting(Actor(str(context.params["by"]), str(context.params["name"]), "person")):
        with unit_of_work(reading=True):
            upload = find_upload(number)
            if upload.state != ("taking" if taking else "reading"):
                return
            form = entry_form(upload.form)
            sheet = read_sheet(form, content_of(upload))
            rows = read_rows(upload.provider, form, sheet)
            good = [row for row in rows if row.good]
            said = verdicts(form, [row.look.entry for row in good]) if taking else []
        with unit_of_work():
            upload = find_upload(number)
            if taking and upload.state == "taking":
                _take(upload, good, said)
            elif not taking and upload.state == "reading":
                upload.state = "read" if sheet.readable else "refused"
                upload.rows, upload.good, upload.faults = len(sheet.rows), len(good), sheet.faults[:MOST_FAULTS]


def _take(upload: SupplementUpload, good: Sequence[ReadRow], said: Sequence[Verdict]) -> None:
    if good:
        drafts = [drafted(row.look, row.wish) for row in good]
        keep(drafts)
        hand_in(list(zip(drafts, said, strict=True)))
    upload.state, upload.good, upload.content, upload.faults = "taken", len(good), None, []
    current_session().flush()
