"""A house in the middle of its day, for pictures of its pages: work that waits, is late, done, paused or has failed."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from drawing import laid_out
from inbox_stage import FORM, GIVEN
from sketch import content
from sqlalchemy import select

from app.core import clock
from app.core.actor import Actor
from app.core.db import current_session
from app.security.accounts import get_user
from app.security.requests import Wish, ask_for_role
from app.workflow import host, takeover
from app.workflow.models import Absence, Clock, Comment, Process, ProcessInstance, ProcessTask
from app.workflow.versions import remember

PROCESS = "test.p"
OPERATOR, REVIEWER, MANAGER = (
    Actor(name, shown, "person") for name, shown in (("lin.hai", "林海"), ("xu.wen", "许文"), ("gao.yi", "高毅"))
)
_DIAGRAM = """
    start S name=收到样本
    user A name=核对样本 role=reviewer form=t/check result=first within=P1D
    user B name=复核结论 role=reviewer form=t/check result=second not_by=start,A
    end E name=归档
    S > A > B > E
"""
_CHECK = {**FORM, "title": {"zh": "核对样本", "en": "Check the sample"}}


@dataclass(frozen=True, slots=True)
class BusyHouse:
    """Where to look. `late` and `failed` are instances, `task` is a late question, `approval` one with evidence."""

    late: str
    task: str
    done: str
    failed: str
    request: str
    approval: str
    batch: int
    paused: int


def furnish(server: Any) -> BusyHouse:
    """Begin everything on a console with accounts and a worker, and wait until the worker has done its share."""
    with server.inside(OPERATOR):
        old = _publish(_DIAGRAM)
        with clock.frozen(clock.now() - timedelta(days=3)):
            late = _sample(1, "陈*")
        done, paused, _ = (_sample(number, name) for number, name in ((2, "周*"), (3, "吴*"), (4, "郑*")))
        new = _publish(_DIAGRAM.replace("复核结论", "第二人复核"))
        for number in range(5, 9):
            _sample(number, "冯*")
        reason = "月末复核人手不足，需协助核对报送例外"
        asked = ask_for_role(get_user(OPERATOR.id), Wish("reviewer", reason, clock.today() + timedelta(days=90)))
        request, approving = asked.id, str(asked.instance_id)
        failed = host.start("security.access_request", "AR-20260101-00000000", {"request": "AR-20260101-00000000"})
        _disturb(late, paused)
        found = BusyHouse(late, _task(late), _task(done), failed, request, "", 0, _clock(paused))
    with server.inside(REVIEWER):
        current_session().get_one(ProcessTask, found.done).assignee = REVIEWER.id
        host.answer(found.done, GIVEN)
    with server.inside(MANAGER):
        batch = takeover.begin(old, new, {"A": "A"}, "新版本自今日起执行", "pictures")
    _until_done(server, batch, {failed: "incident", approving: "waiting"})
    with server.inside():
        return replace(found, batch=batch, approval=_task(approving))


def _publish(diagram: str) -> str:
    made = content(
        diagram,
        forms={"t/check": _CHECK},
        title={"zh": "抽样复核", "en": "Review of samples"},
        start={"role": "operator"},
        data=["sample"],
    )
    version = remember(replace(made, xml=laid_out(made.xml)), "console").version
    current_session().merge(Process(name=PROCESS, live=version))
    current_session().flush()
    return version


def _sample(number: int, subject: str) -> str:
    return host.start(PROCESS, f"CY-2026-{number:03}", {}, subject=subject)


def _disturb(late: str, paused: str) -> None:
    """Something is said, somebody is away, one clock stands still."""
    now, today, session = clock.now(), clock.today(), current_session()
    said = Comment(instance_id=late, task_id=_task(late), at=now, author=MANAGER.id, text="请今天办结", mentions=[])
    away = Absence(person="tang.jun", substitute="qiao.yu", first_day=today, last_day=today + timedelta(days=4))
    session.add_all([said, away])
    stopped = session.get_one(Clock, _clock(paused))
    stopped.state, stopped.paused_at, stopped.pause_reason, stopped.next_at = "paused", now, "等待客户补件", None


def _clock(instance: str) -> int:
    return current_session().scalars(select(Clock.id).filter_by(instance_id=instance)).one()


def _task(instance: str) -> str:
    query = select(ProcessTask.id).filter_by(instance_id=instance, kind="question", status="open")
    return current_session().scalars(query).one()


def _until_done(server: Any, batch: int, states: dict[str, str]) -> None:
    deadline = time.monotonic() + 60
    query = select(ProcessInstance.id, ProcessInstance.status).where(ProcessInstance.id.in_(states))
    while True:
        with server.inside():
            if dict(current_session().execute(query).all()) == states and takeover.find(batch).over:
                return
        assert time.monotonic() < deadline, "the worker has not done its share"
        time.sleep(0.1)
