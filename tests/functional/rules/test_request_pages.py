"""Submitting, retiring, withdrawing and following a request through pages, up to the form of the approval and what is recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime

import pytest
from inbox_stage import Stage, Window
from sqlalchemy import select

from app.core import clock
from app.core.actor import Actor, acting
from app.core.clock import CHINA
from app.core.db import Database, unit_of_work
from app.core.jobs import Worker
from app.rules.registry import drafts, in_force, requests
from app.rules.registry.models import ReleaseRequest
from app.workflow.models import ProcessTask

NOW = datetime(2026, 11, 2, 9, tzinfo=CHINA)
NAME = "submission.personal_credit_agreement_deletion"
FILE = "submission/personal_credit_agreement_deletion/ruleset.yaml"
ONE = f"/rules/sets/{NAME}"
GIVEN = {"effective_from": "2026-11-05", "note": "按新口径改为提示"}
PEOPLE = {
    "he.lan": ("何岚", "compliance"),
    "xu.wen": ("许文", "compliance"),
    "gao.yi": ("高毅", "manager"),
    "lin.hai": ("林海", "admin_audit"),
}


class House(Stage):
    """A house with an executor that works when it is told to."""

    def work(self) -> None:
        Worker(self.app.extensions["creditlink.registry"]).run_until_idle()

    def write(self, old: str = "severity: block", new: str = "severity: warn") -> int:
        with acting(Actor("he.lan", "何岚", "person")), unit_of_work():
            draft = drafts.open_draft(NAME)
            assert old in draft.texts[FILE]
            return drafts.save(NAME, draft.lock, {FILE: draft.texts[FILE].replace(old, new)})

    def request(self) -> ReleaseRequest:
        with unit_of_work(reading=True) as session:
            return session.scalars(select(ReleaseRequest).order_by(ReleaseRequest.asked_at.desc())).first()

    def approval(self) -> str:
        with unit_of_work(reading=True) as session:
            return session.scalars(select(ProcessTask.id).filter_by(node="Approve", status="open")).one()


@pytest.fixture
def house(sqlite_database: Database) -> Iterator[House]:
    with clock.frozen(NOW):
        made = House()
        made.persons(PEOPLE)
        yield made


@pytest.fixture
def each_house(database: Database) -> Iterator[House]:
    """On each kind of database in turn."""
    with clock.frozen(NOW):
        made = House()
        made.persons(PEOPLE)
        yield made


@pytest.fixture
def writer(house: House) -> Window:
    return house.window("he.lan")


def submit(house: House, writer: Window, **given: str) -> str:
    """Submit the draft through its dialog; the address of the request."""
    lock = house.write()
    answer = writer.post(f"{ONE}/submit", {**GIVEN, "lock": str(lock), **given})
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def test_a_draft_goes_its_way_and_is_followed(each_house: House) -> None:
    house, writer = each_house, each_house.window("he.lan")
    assert writer.get("/rules/requests?q=%00x").status_code == 200
    assert writer.get("/rules/requests/%00").status_code == 404
    address = submit(house, writer)
    waiting = writer.page(address)
    assert 'hx-get="' in waiting, "the page fetches itself anew while it is checked"
    house.work()

    page = writer.page(address)
    assert "已试跑，待批准" in page
    assert "hx-trigger" not in page.partition('id="request"')[2][:200]
    for told in ("<del>拦截</del>", "<ins>提示</ins>", "按新口径改为提示", "不一致 0 条", "没有已判断的业务日可供试跑"):
        assert told in page, told
    assert "去批准或退回" not in page, "an author may not approve"
    assert writer.page("/rules/requests?state=open").count("data-task-row") == 1
    assert "编辑草稿" not in writer.page(ONE), "while it is asked for nobody changes it"

    approver = house.window("xu.wen")
    task = f"/workflow/tasks/{house.approval()}"
    assert task in approver.page(address)
    form = approver.page(task)
    assert f'href="{address}"' in form
    assert f'href="{ONE}/compare"' in form
    assert "新增 0，删除 0，修改 1" in form
    assert approver.post(f"{task}/answer", {"decision": "approve", "comment": "依据充分"}).status_code == 302
    house.work()

    done = writer.page(address)
    assert "已批准" in done
    assert "<ins>提示</ins>" in done, "what it changed can still be seen"
    history = writer.page(f"{ONE}?tab=history")
    assert "许文" in history
    assert "2026-11-05" in history
    with clock.frozen(NOW.replace(day=6)):
        writer = house.window("he.lan")
        rule = writer.page(f"{ONE}/rules/P224-001")
        assert "第 2 版" in rule
        assert "第 1 版" in writer.page(f"{ONE}/rules/P224-001?edition=1")
        assert "拦截" in writer.page(f"{ONE}/rules/P224-001?edition=1").partition("历次变化")[0]
        assert "拦截" not in rule.partition("历次变化")[0]
        assert "<ins>提示</ins>" in writer.page(f"{ONE}/compare?from=1&to=2")


def test_what_is_wrong_with_the_asking_is_told_on_the_page(house: House, writer: Window) -> None:
    lock = str(house.write())
    for given, status, told in (
        ({**GIVEN, "lock": lock, "effective_from": "2026-11-01"}, 422, "生效日不能早于今天"),
        ({**GIVEN, "lock": lock, "effective_from": "soon"}, 422, "日期无效"),
        ({**GIVEN, "lock": lock, "effective_from": ""}, 422, "请填写日期"),
        ({**GIVEN, "lock": lock, "note": "x"}, 422, "2–500"),
        ({**GIVEN, "lock": lock, "note": "很" * 900}, 422, "2–500"),
        ({**GIVEN, "lock": "99"}, 409, "已被他人修改"),
        ({**GIVEN, "lock": "9" * 40}, 422, "锁号"),
        (GIVEN, 422, "锁号"),
    ):
        answer = writer.post(f"{ONE}/submit", given)
        assert answer.status_code == status, given
        assert told in answer.text, told
    assert house.request() is None
    assert writer.post("/rules/sets/submission.nothing/submit", GIVEN).status_code == 404


def test_a_returned_request_tells_each_fault_with_its_place(house: House, writer: Window) -> None:
    lock = str(house.write("severity: block", "severity: blok"))
    address = writer.post(f"{ONE}/submit", {**GIVEN, "lock": lock}).location
    house.work()
    page = writer.page(address)
    assert "已退回" in page
    assert re.search(r"personal_credit_agreement_deletion/ruleset\.yaml:\d+", page)
    assert "severity须是block, warn, info之一" in page
    assert f"{ONE}/draft" in page
    writer.speak("en")
    assert "severity must be one of block, warn, info" in writer.page(address)


def test_a_request_is_taken_back_and_talked_about(house: House, writer: Window) -> None:
    address = submit(house, writer)
    early = writer.post(f"{address}/withdraw")
    assert early.status_code == 409
    assert "不能撤回" in early.text
    house.work()
    assert writer.post(f"{address}/comments", {"text": "请 @许文 看一下依据"}).status_code == 302
    assert "看一下依据" in writer.page(address)
    assert writer.post(f"{address}/comments", {"text": " "}).status_code == 422
    reader = house.window("gao.yi")
    for act in ("withdraw", "comments"):
        assert reader.post(f"{address}/{act}", {"text": "x"}).status_code == 403
    assert writer.post(f"{address}/withdraw").status_code == 302
    house.work()
    assert "已撤回" in writer.page(address)
    assert "提交生效" in writer.page(ONE)


def test_a_retirement_is_asked_for_and_shown(house: House, writer: Window) -> None:
    address = writer.post(f"{ONE}/retire", {"effective_from": "2026-11-05", "note": "该类请求不再报送"}).location
    house.work()
    page = writer.page(address)
    assert "停用" in page
    assert "改了什么" not in page
    again = writer.post(f"{ONE}/retire", {"effective_from": "2026-11-05", "note": "再来一次"})
    assert again.status_code == 409
    assert "已有申请在办理" in again.text
    approver = house.window("xu.wen")
    task = f"/workflow/tasks/{house.approval()}"
    approver.post(f"{task}/answer", {"decision": "approve", "comment": "不再需要"})
    house.work()
    with clock.frozen(NOW.replace(day=6)):
        writer = house.window("he.lan")
        assert NAME in writer.page("/rules/sets?work=retired")
        assert "已停用" in writer.page(f"{ONE}?tab=history")
        assert "没有符合条件" in writer.page("/rules?q=P224-001")
        assert writer.get(f"{ONE}/export.zip").status_code == 200


def test_a_table_that_decides_is_put_in_force_and_judges_no_record(house: House, writer: Window) -> None:
    table, file = "risk.overdue_to_five_level", "risk/overdue_to_five_level/ruleset.yaml"
    with acting(Actor("he.lan", "何岚", "person")), unit_of_work():
        draft = drafts.open_draft(table)
        text = draft.texts[file].replace("没有逾期，无其他迹象时为正常", "没有逾期且无其他迹象的为正常")
        lock = drafts.save(table, draft.lock, {file: text})
    assert "无其他迹象" in writer.page(f"/rules/sets/{table}/compare")
    address = writer.post(f"/rules/sets/{table}/submit", {**GIVEN, "lock": str(lock)}).location
    house.work()
    assert "已试跑，待批准" in writer.page(address)
    approver = house.window("xu.wen")
    approver.post(f"/workflow/tasks/{house.approval()}/answer", {"decision": "approve", "comment": "只改措辞"})
    house.work()
    assert "已批准" in writer.page(address)
    with unit_of_work(reading=True):
        force = in_force(date(2026, 11, 6))
        judging = force.about_record("410")
        assert force.places[table].release is not None
        assert judging is not None
        assert judging.name == "submission.corporate_loan_account"


def test_what_was_done_is_recorded_under_words(house: House, writer: Window) -> None:
    submit(house, writer)
    house.work()
    record = house.window("lin.hai").page("/audit/")
    assert "规则集生效或停用申请有进展" in record
    with unit_of_work(reading=True):
        assert requests.find(house.request().id).state == "tried"
