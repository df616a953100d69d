"""Stage 7: files go to the centre, each exactly once.

A file is marked as being sent before the first byte leaves. After a crash the far end is asked first; only a file that it has
not got is sent again, under its one name.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import unit_of_work
from app.submission.models import ReportFile
from app.submission.stages.build import file_order, sealed_file
from app.submission.stages.work import Work
from app.submission.transport import Transport, transport


def send(work: Work) -> dict[str, Any]:
    """Send all built files of the batch in order. Raises Unavailable when the centre cannot be reached; call again later."""
    way = transport(work.settings, work.entity)
    with unit_of_work(reading=True) as session:
        query = select(ReportFile).where(ReportFile.batch_id == work.batch, ReportFile.status.in_(("built", "sending")))
        files = sorted(session.scalars(query), key=lambda file: (file_order().index(file.record_type), file.part))
    for number, file in enumerate(files):
        _send_one(work, way, file)
        work.progress(number + 1, len(files))
    return {"files": len(files)}


def _send_one(work: Work, way: Transport, file: ReportFile) -> None:
    name = f"{file.prefix}.enc"
    if file.status == "built":
        _mark(file.prefix, "sending")
        way.send(sealed_file(work, file.prefix), name)
    elif not way.arrived(name):
        way.send(sealed_file(work, file.prefix), name)
    _mark(file.prefix, "sent")


def _mark(prefix: str, status: str) -> None:
    with unit_of_work() as session:
        file = session.get_one(ReportFile, prefix)
        file.status = status
        if status == "sent":
            file.sent_at = clock.now()
