"""Two people press the same button at the same time, through real servers of their own: one wins, the other is told so in
their language, and nothing is done twice."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import reported_days
from moved_to_postgres import moved
from sqlalchemy import func, select
from waitress import create_server

from app.audit.models import AuditEntry
from app.core.actor import SYSTEM, acting
from app.core.config import Settings, override
from app.core.db import current_session, database, unit_of_work
from app.core.people import directory
from app.demo.postgres import PostgresServer
from app.factory import assemble, create_app
from app.security.accounts import create_user
from app.submission.lake import forget, lake
from app.submission.models import Batch, HeldNote, HeldRecord, OperationRequest
from app.submission.stages.hold import keep, key_print
from app.submission.stages.work import Work
from app.submission.tables import RELEASED, accepted_table, operations_on, record_table
from app.workflow.models import ProcessInstance, ProcessTask

pytestmark = [pytest.mark.slow, pytest.mark.whole]

PASSWORD = "Harbour-Lamp-72"
PEOPLE = {
    "lin.hai": ("林海", "operator", "zh"),
    "wu.fan": ("吴帆", "operator", "en"),
    "xu.wen": ("许文", "reviewer", "zh"),
    "he.lan": ("何岚", "reviewer", "en"),
}
_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
DAY = date(2026, 10, 28)


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    location: str


class Person:
    """Somebody signed in, with a connection and a language of their own."""

    def __init__(self, port: int, username: str) -> None:
        self.port, self.cookies = port, {"creditlink_language": PEOPLE[username][2]}
        token = self._token("/sign-in")
        given = {"username": username, "password": PASSWORD, "csrf_token": token}
        assert self.ask("POST", "/sign-in", given).status == 302

    def ask(self, method: str, path: str, given: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        kept = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        form = {"Content-Type": "application/x-www-form-urlencoded"} if given is not None else {}
        connection.request(method, path, urlencode(given) if given is not None else None, kept | form)
        answer = connection.getresponse()
        text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        connection.close()
        return Answer(answer.status, text, answer.headers.get("Location", ""))

    def _token(self, path: str) -> str:
        found = _TOKEN.search(self.ask("GET", path).text)
        assert found
        return found[1]

    def ready(self, path: str, **given: str) -> Callable[[], Answer]:
        """The button, about to be pressed: everything but the press is done."""
        form = given | {"csrf_token": self._token("/account")}
        return lambda: self.ask("POST", path, form)


@dataclass(frozen=True)
class House:
    """The console of a lender with reported days, served; `waiting` is the batch that waits for its review."""

    port: int
    second: str
    waiting: str
    settings: Settings

    def person(self, username: str) -> Person:
        return Person(self.port, username)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest,
    made_once: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: PostgresServer,
) -> Iterator[House]:
    days = reported_days.copied(made_once(reported_days.build), tmp_path_factory.mktemp("lender"))
    settings = days.settings
    if request.param == "postgresql":
        postgres_server.command("CREATE DATABASE same_button")
        with override(settings):
            assemble()
            moved(settings.database_url, postgres_server.url("same_button"))
        settings = settings.changed(database_url=postgres_server.url("same_button"))
    with override(settings):
        with acting(SYSTEM), unit_of_work() as session:
            for username, (name, role, _) in PEOPLE.items():
                create_user(username, name, [role], PASSWORD, must_change=False)
            session.get_one(Batch, days.waiting).begun_by = "lin.hai"
        server = create_server(create_app(), host="127.0.0.1", port=0, threads=8)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield House(server.effective_port, days.second, days.waiting, settings)
        server.close()
        thread.join(30)
        forget()
        database().dispose()


@pytest.fixture(autouse=True)
def settled(house: House, settings_in_force: Settings) -> Iterator[None]:
    """The lender's settings for the whole process, the server in it included."""
    with override(house.settings):
        yield


def together(*buttons: Callable[[], Answer]) -> list[Answer]:
    """Press them all at once; the answers in the order of the buttons."""
    answers: dict[int, Answer] = {}
    line = threading.Barrier(len(buttons))

    def press(number: int) -> None:
        line.wait()
        answers[number] = buttons[number]()

    threads = [threading.Thread(target=press, args=(number,)) for number in range(len(buttons))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[number] for number in range(len(buttons))]


def one_wins(answers: list[Answer], zh: str, en: str) -> int:
    """Whoever of the two came second has 409 and the words in their language; the number of who came first."""
    assert sorted(each.status for each in answers) == [302, 409], [(each.status, each.text[:2000]) for each in answers]
    loser = next(number for number, each in enumerate(answers) if each.status == 409)
    assert (zh, en)[loser] in answers[loser].text
    return 1 - loser


def said(words: str, page: str) -> bool:
    """Whether a page carries a notice, which stands in it as JSON."""
    return json.dumps(words)[1:-1] in page


def id_of(username: str) -> str:
    with unit_of_work(reading=True):
        return next(each.id for each in directory().holders("reviewer") if each.name == PEOPLE[username][0])


def count(statement: Any) -> int:
    with unit_of_work(reading=True):
        return int(current_session().scalar(select(func.count()).select_from(statement.subquery())) or 0)


def audited(action: str, about: str) -> int:
    return count(
        select(AuditEntry.number).where(
            AuditEntry.action == action, AuditEntry.object_id == about, AuditEntry.outcome == "done"
        )
    )


def rejected(code: str, nth: int) -> int:
    """A record of the second day, held once more as if the centre had refused it; the number of its correction."""
    (row,) = lake().rows(
        f"SELECT key, batch, record_id, content FROM {record_table(code).path}"
        f" WHERE key IN (SELECT key FROM {accepted_table(code).path}) ORDER BY key, business_date LIMIT 1 OFFSET {nth}"
    )
    key, batch, record_id, content = row
    with acting(SYSTEM), unit_of_work() as session:
        keep(Work.on(batch), code, key, "rejected", record_id, content, [["", "CLR029", "AcctBal"]])
        session.flush()
    with unit_of_work(reading=True) as session:
        wanted = select(HeldRecord.id).where(HeldRecord.key_print == key_print(code, key), HeldRecord.status == "open")
        return int(session.scalars(wanted).one())


def test_a_batch_is_begun(house: House) -> None:
    people = [house.person(each) for each in ("lin.hai", "wu.fan")]
    answers = together(*(each.ready("/submission/begin", day=DAY.isoformat()) for each in people))
    assert [each.status for each in answers] == [302, 302]
    told = [each.ask("GET", answer.location).text for each, answer in zip(people, answers, strict=True)]
    begun = [said("批次已发起", told[0]), said("The batch has begun", told[1])]
    known = [said("该业务日的批次已经发起", told[0]), said("The batch of that day had been begun already", told[1])]
    assert sorted(begun) == sorted(known) == [False, True]
    assert begun != known
    batch = house.waiting.replace("20261031", f"{DAY:%Y%m%d}")
    assert count(select(Batch.id).where(Batch.business_date == DAY)) == 1
    assert count(select(ProcessInstance.id).where(ProcessInstance.business_key == batch)) == 1
    assert audited("submission.batch.begin", batch) == 1


def test_a_failed_step_is_retried(house: House) -> None:
    with unit_of_work() as session:
        batch = session.get_one(Batch, house.second)
        batch.status = "running"
        step = session.query(ProcessTask).filter_by(instance_id=batch.instance_id, node="Receive").one()
        step.status, step.error = "failed", "征信中心无法连接 / the centre cannot be reached"
        session.get_one(ProcessInstance, batch.instance_id).status = "incident"
        task = step.id
    people = [house.person(each) for each in ("lin.hai", "wu.fan")]
    address = f"/submission/batches/{house.second}/tasks/{task}/retry"
    one_wins(together(*(each.ready(address) for each in people)), "该步骤并未失败", "This step has not failed")
    assert audited("submission.batch.retry", house.second) == 1


def test_a_batch_is_released_by_one_and_stopped_by_the_other(house: House) -> None:
    first, second = house.person("xu.wen"), house.person("he.lan")
    address = f"/submission/batches/{house.waiting}/release"
    answers = together(
        first.ready(address, decision="release", reason="例行放行"),
        second.ready(address, decision="stop", reason="too many of one kind"),
    )
    winner = one_wins(answers, "已由他人", "already")
    with unit_of_work(reading=True) as session:
        instance = session.get_one(Batch, house.waiting).instance_id
        answered = session.query(ProcessTask).filter_by(instance_id=instance, kind="question").one()
        assert (answered.status, answered.finished_by) == ("done", id_of(("xu.wen", "he.lan")[winner]))
    assert audited("submission.batch.release", house.waiting) == 1


def test_a_refused_record_is_let_go_once_more(house: House) -> None:
    number = rejected("410", 0)
    people = [house.person(each) for each in ("lin.hai", "wu.fan")]
    answers = together(*(each.ready(f"/submission/corrections/{number}", do="release") for each in people))
    one_wins(answers, "已有人安排原样重报", "Somebody has let it go already")
    assert count(select(HeldNote.id).where(HeldNote.held_id == number, HeldNote.what == "released")) == 1
    with unit_of_work(reading=True) as session:
        key = session.get_one(HeldRecord, number).key
    assert lake().value(f"SELECT count(*) FROM {RELEASED.path} WHERE key = ?", [key]) == 1


def test_the_same_operation_is_asked_for_and_then_decided(house: House) -> None:
    number = rejected("410", 1)
    deletion = next(each for each in operations_on("410") if each.endswith("4"))
    people = [house.person(each) for each in ("lin.hai", "wu.fan")]
    asking = {"do": "request", "operation": deletion, "reason": "误报，整笔删除"}
    answers = together(*(each.ready(f"/submission/corrections/{number}", **asking) for each in people))
    one_wins(answers, "已有未办结的操作申请", "has been asked for and is not finished")
    with unit_of_work(reading=True) as session:
        (bundle,) = session.scalars(select(OperationRequest.bundle).where(OperationRequest.held_id == number))

    first, second = house.person("xu.wen"), house.person("he.lan")
    address = f"/submission/corrections/requests/{bundle}"
    answers = together(
        first.ready(address, decision="approve"), second.ready(address, decision="refuse", why="not our mistake")
    )
    winner = one_wins(answers, "该申请已办理", "This request has been decided")
    with unit_of_work(reading=True) as session:
        found = session.scalars(select(OperationRequest).where(OperationRequest.bundle == bundle)).one()
        assert found.status == ("approved", "refused")[winner]
        assert found.decided_by == id_of(("xu.wen", "he.lan")[winner])
        notes = session.scalars(select(HeldNote.what).where(HeldNote.held_id == number)).all()
    assert [each for each in notes if each in ("approved", "refused")] == [found.status]
