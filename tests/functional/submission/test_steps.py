"""The verbs of submission as diagrams call them."""

from __future__ import annotations

import socket
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest

from app.core import clock
from app.core.config import override
from app.core.db import Database, unit_of_work
from app.core.errors import NotFound
from app.core.registry import Registry
from app.demo.stage import make_client_key
from app.submission.lake import forget
from app.submission.models import ReportFile
from app.submission.service import begin_batch
from app.submission.stages.build import sealed_path
from app.submission.stages.work import Work
from app.submission.steps import LAST_POLL_SECONDS, BatchParams, register_steps
from app.workflow.stepping import Later, StepContext

PROVIDER = "A1111111111111"


def test_an_unknown_batch_is_told_at_once(database: Database) -> None:
    registry = Registry()
    registry.room("submission", register_steps)
    for step in registry.steps.values():
        with pytest.raises(NotFound) as told:
            step.run(StepContext(str(uuid4()), 0, None), BatchParams("B-none"))  # type: ignore[arg-type] # asks nothing of its task
        assert told.value.code == "submission.batch"


@pytest.mark.whole
def test_a_centre_that_is_away_is_waited_for_however_long(sqlite_database: Database, tmp_path: Path) -> None:
    registry = Registry()
    registry.room("submission", register_steps)
    make_client_key(tmp_path / "client")
    (tmp_path / "known_hosts").touch()
    address = {"centre_kind": "sftp", "centre_host": "127.0.0.1", "centre_port": _nobody_there(), "centre_user": "x"}
    keys = {"centre_key": tmp_path / "client", "centre_known_hosts": tmp_path / "known_hosts"}
    with override(**address, **keys):
        with unit_of_work() as session:
            batch = begin_batch(date(2026, 10, 30))
            session.add(_file(batch))
        sealed = sealed_path(Work.on(batch), FILE)
        sealed.parent.mkdir(parents=True)
        sealed.write_bytes(b"sealed")
        for verb in ("send", "receive"):
            context = StepContext(str(uuid4()), 3_000, None)  # type: ignore[arg-type] # asks nothing of its task
            answer = registry.steps[f"submission.{verb}"].run(context, BatchParams(batch))
            assert isinstance(answer, Later)
            assert answer.seconds == LAST_POLL_SECONDS
            assert answer.why is not None
            assert "征信中心" in answer.why.zh
        forget()


FILE = "A11111111111112026103121000010"


def _file(batch: str) -> ReportFile:
    known = {"record_type": "210", "serial": "001", "part": 0, "records": 1, "status": "built"}
    return ReportFile(
        prefix=FILE,
        batch_id=batch,
        provider=PROVIDER,
        file_date=date(2026, 10, 31),
        created_at=clock.now(),
        **known,
    )


def _nobody_there() -> int:
    """A port at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
