"""Running processes in the console: found, looked at, intervened in, taken over to a new version, and counted."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from inbox_stage import FORM, GIVEN, Stage, Window
from sketch import content
from sqlalchemy import select

from app.core.actor import SYSTEM, Actor, acting
from app.core.db import Database, unit_of_work
from app.core.jobs import Worker
from app.security.accounts import create_user
from app.workflow import host
from app.workflow.models import Act, Process, ProcessInstance, ProcessTask
from app.workflow.versions import remember

PASSWORD = "Harbour-Lamp-72"
STEP = """
    start S
    service C step=submission.collect result=collected batch=batch
    x G
    user A role=operator form=t/check result=first
    end E
    S > C > G
    G >> A
    G > E : collected.due > 3
    A > E
"""
NEXT = """
    start S
    user A role=operator form=t/check result=first
    user C role=reviewer form=t/check result=second name=名B
    user D role=manager form=t/check result=third
    end E
    S > A > C > D > E
"""
ID_NUMBER = "110101199003071234"


@pytest.fixture
def stage(sqlite_database: Database) -> Stage:
    stage = Stage()
    stage.people("wu.fan", "xu.wen", "gao.yi")
    return stage


def publish(text: str, **more: Any) -> str:
    """Make it the live version; its hash."""
    with acting(SYSTEM), unit_of_work() as session:
        made = remember(content(text, forms={"t/check": FORM}, **more), "console")
        session.get_one(Process, "test.p").live = made.version
        return made.version


def started(key: str, **data: Any) -> str:
    with acting(Actor("wu.fan", "吴帆", "person")), unit_of_work():
        return host.start("test.p", key, data, subject="张*")


def failed(key: str) -> tuple[str, str]:
    """A case whose step has failed: ids of instance and task."""
    publish(STEP, facts={"collected": {"due": "number"}})
    instance = started(key, batch=ID_NUMBER)
    with unit_of_work() as session:
        task = session.scalars(select(ProcessTask).filter_by(instance_id=instance)).one()
        task.status, task.error = "failed", "NO_FILE: 文件不存在 / the file is missing"
        session.get_one(ProcessInstance, instance).status = "incident"
        return instance, task.id


def row_of(instance: str) -> ProcessInstance:
    with unit_of_work(reading=True) as session:
        found = session.get_one(ProcessInstance, instance)
        session.expunge(found)
        return found


def open_at(instance: str) -> list[str]:
    with unit_of_work(reading=True) as session:
        query = select(ProcessTask.node).filter_by(instance_id=instance, status="open")
        return sorted(session.scalars(query))


def acts(instance: str) -> list[tuple[str, str, str]]:
    with unit_of_work(reading=True) as session:
        query = select(Act).filter_by(instance_id=instance).order_by(Act.id)
        return [(each.kind, each.actor, each.reason) for each in session.scalars(query)]


def keys_of(page: str) -> list[str]:
    table = BeautifulSoup(page, "html.parser").select("#instances tbody tr td:first-child")
    return [each.get_text(strip=True) for each in table]


def act(window: Window, instance: str, name: str, **data: str) -> Any:
    return window.post(f"/workflow/instances/{instance}/{name}", data)


def test_the_list_is_filtered_sorted_counted_and_exported(stage: Stage) -> None:
    first = started("K-1", case={})
    publish(NEXT)
    started("K-2", case={})
    window = stage.window("gao.yi")
    with acting(SYSTEM), unit_of_work():
        for task in (stage.task("A", "K-1").id,):
            host.answer(task, GIVEN)
        host.answer(stage.task("B", "K-1").id, GIVEN)

    assert keys_of(window.page("/workflow/instances?sort=business_key")) == ["K-1", "K-2"]
    assert keys_of(window.page("/workflow/instances?state=waiting")) == ["K-2"]
    assert keys_of(window.page("/workflow/instances?version=1")) == ["K-1"]
    assert keys_of(window.page("/workflow/instances?q=k-2")) == ["K-2"]
    assert keys_of(window.page("/workflow/instances?q=张&process=test.p&sort=-business_key")) == ["K-2", "K-1"]
    assert keys_of(window.page("/workflow/instances?from=2199-01-01")) == []
    assert len(keys_of(window.page("/workflow/instances?from=2020-01-01&until=2199-12-31&version=x"))) == 2

    tiles = BeautifulSoup(window.page("/workflow/instances?state=done"), "html.parser").select("a.stat")
    told = {
        each.select_one(".stat-label").get_text(strip=True): each.select_one(".stat-value").get_text(strip=True)
        for each in tiles
    }  # type: ignore[union-attr]
    assert (told["等待办理"], told["已办结"], told["步骤失败"]) == ("1", "1", "0")
    assert "state=waiting" in str(next(each for each in tiles if "等待办理" in each.text)["href"])

    export = window.get("/workflow/instances.csv?state=done").get_data(as_text=True)
    assert "K-1" in export
    assert "K-2" not in export
    assert first in export


def test_a_case_is_told_on_its_own_version_without_its_data(stage: Stage) -> None:
    instance = started("K-1", case={"id_number": ID_NUMBER})
    old = row_of(instance).version
    publish(NEXT)
    with acting(Actor("wu.fan", "吴帆", "person")), unit_of_work():
        host.answer(stage.task("A", "K-1").id, GIVEN)
    window = stage.window("xu.wen")
    page = window.page(f"/workflow/instances/{instance}")
    assert f"/workflow/diagrams/{old}.bpmn" in page
    assert "第 1 版" in page
    drawn = BeautifulSoup(page, "html.parser").select_one("[data-diagram]")
    assert drawn is not None
    marks = json.loads(str(drawn["data-marks"]))
    assert marks == {"S": "done", "S_A": "done", "A": "done", "A_B": "done", "B": "waiting"}
    assert "张*" in page
    assert "吴帆" in page
    # Who may only look neither sees the data nor is offered anything.
    assert ID_NUMBER not in page
    assert "流程数据" not in page
    assert "干预" not in page
    assert act(window, instance, "suspend", reason="等待核实").status_code == 403
    assert window.post(f"/workflow/instances/{instance}/reveal").status_code == 403
    assert window.get(f"/workflow/diagrams/{old}.bpmn").mimetype == "application/xml"
    assert window.get("/workflow/instances/nothing").status_code == 404
    window.speak("en")
    assert "What happened" in window.page(f"/workflow/instances/{instance}")


def test_in_english_steps_have_their_english_names(stage: Stage) -> None:
    instance, task = failed("K-1")
    window = stage.window("gao.yi")
    drawing = f"/workflow/diagrams/{row_of(instance).version}.bpmn"
    assert 'name="名C"' in window.page(drawing)
    window.speak("en")
    step = stage.app.extensions["creditlink.registry"].steps["submission.collect"].title.en
    assert f'name="{step}"' in window.page(drawing)
    page = window.page(f"/workflow/instances/{instance}")
    assert f"Step failed: {step}" in page
    assert "NO_FILE: the file is missing" in page
    assert step in window.page("/workflow/insight/test.p")
    assert act(window, instance, "move", task=task, place="A", reason="by hand").status_code == 302
    assert open_at(instance) == ["A"]
    assert row_of(instance).status == "waiting"


def test_a_failed_step_is_retried_repaired_or_skipped_in_words(stage: Stage) -> None:
    window = stage.window("gao.yi")
    instance, task = failed("K-1")
    page = window.page(f"/workflow/instances/{instance}")
    assert "文件不存在" in page
    assert ID_NUMBER not in page
    assert "文本，18 字" in page

    refused = act(window, instance, "retry", task=task, reason=" ")
    assert refused.status_code == 422
    assert "请填写 2–500 字的理由" in refused.text
    assert row_of(instance).status == "incident"
    assert stage.events("instance_acted_on") == []
    assert act(window, instance, "repair", task=task, reason="改正批次号").status_code == 422
    assert act(window, instance, "retry", task="x", reason="再试一次").status_code == 404
    assert act(window, instance, "vanish", task=task, reason="再试一次").status_code == 404

    assert act(window, instance, "repair", task=task, reason="改正批次号", **{"param-batch": "B2"}).status_code == 302
    with unit_of_work(reading=True) as session:
        mended = session.get_one(ProcessTask, task)
        assert (mended.params, mended.status, mended.error) == ({"batch": "B2"}, "open", None)
    assert act(window, instance, "retry", task=task, reason="再试一次").status_code == 409

    resting, held = failed("K-3")
    assert act(window, resting, "suspend", reason="等待核实").status_code == 302
    assert act(window, resting, "retry", task=held, reason="再试一次").status_code == 409
    assert row_of(resting).status == "suspended", "a step that is tried again does not resume its case"

    other, step = failed("K-2")
    wrong = act(window, other, "skip", task=step, reason="线下已办", **{"result-due": "many"})
    assert wrong.status_code == 422
    assert "“due”应为数字" in wrong.text
    assert act(window, other, "skip", task=step, reason="线下已办", result="{").status_code == 422
    assert act(window, other, "skip", task=step, reason="线下已办", **{"result-due": "5"}).status_code == 302
    assert row_of(other).status == "done", "the result that was given decides the way on"
    assert acts(instance) == [("repair", "gao.yi", "改正批次号")]
    assert acts(other) == [("skip", "gao.yi", "线下已办")]
    assert "线下已办" in window.page(f"/workflow/instances/{other}")


def test_a_case_is_suspended_resumed_moved_and_cancelled(stage: Stage) -> None:
    instance = started("K-1", case={})
    window = stage.window("gao.yi")
    assert act(window, instance, "suspend", reason="等待核实").status_code == 302
    assert act(window, instance, "suspend", reason="等待核实").status_code == 409
    assert "恢复" in window.page(f"/workflow/instances/{instance}")
    resting = stage.task("A", "K-1").id
    assert act(window, instance, "move", task=resting, place="B", reason="材料已齐").status_code == 409
    assert act(window, instance, "resume", reason="核实完毕").status_code == 302
    task = stage.task("A", "K-1").id
    assert act(window, instance, "move", task=task, place="S", reason="材料已齐").status_code == 422
    assert open_at(instance) == ["A"]
    assert act(window, instance, "move", task=task, place="B", reason="材料已齐").status_code == 302
    assert open_at(instance) == ["B"]
    assert "名A → 名B：材料已齐" in window.page(f"/workflow/instances/{instance}")
    assert act(window, instance, "cancel", reason="客户撤回").status_code == 302
    assert act(window, instance, "move", task=task, place="B", reason="再来一次").status_code in (409, 422)
    assert [kind for kind, _, _ in acts(instance)] == ["suspend", "resume", "move", "cancel"]
    assert row_of(instance).status == "cancelled"
    assert window.client.post(f"/workflow/instances/{instance}/resume", data={"reason": "无令牌"}).status_code == 400


def test_data_are_shown_in_the_clear_only_by_grant_and_that_is_told(stage: Stage) -> None:
    instance = started("K-1", case={"id_number": ID_NUMBER})
    with acting(SYSTEM), unit_of_work():
        create_user("song.ke", "宋珂", ["admin_system"], PASSWORD, must_change=False)
        create_user("tang.jun", "唐军", ["compliance", "manager"], PASSWORD, must_change=False)
    administrator = stage.window("song.ke")
    at = f"/workflow/instances/{instance}"
    assert "一组 1 项" in administrator.page(at)
    assert "查看明文" not in administrator.page(at)
    assert administrator.post(f"{at}/reveal").status_code == 403
    assert stage.events("instance_data_seen") == []

    granted = stage.window("tang.jun")
    assert "查看明文" in granted.page(at)
    assert ID_NUMBER not in granted.page(at)
    shown = granted.post(f"{at}/reveal")
    assert ID_NUMBER in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert stage.events("instance_data_seen") == [
        {"instance": instance, "process": "test.p", "business_key": "K-1", "part": "", "by": "tang.jun"}
    ]


def test_running_cases_are_taken_over_with_a_dry_run_and_its_progress(stage: Stage) -> None:
    at_one, at_two = started("K-1", case={}), started("K-2", case={})
    with acting(SYSTEM), unit_of_work():
        host.answer(stage.task("A", "K-2").id, GIVEN)
    window = stage.window("gao.yi")
    path = "/workflow/processes/test.p/migrate"
    assert "没有可迁移的版本" in window.page(path)
    new = publish(NEXT)

    page = BeautifulSoup(window.page(path), "html.parser")
    chosen = page.select_one("select[name='map-B'] option[selected]")
    assert chosen is not None
    assert chosen["value"] == "C", "an element of the same name and kind is suggested"
    assert [each.get_text(strip=True) for each in page.select(".stats .stat-value")] == ["2", "2", "0"]

    broken = window.page(f"{path}?from=1&to=2&map-A=A&map-B=")
    numbers = BeautifulSoup(broken, "html.parser").select(".stats .stat-value")
    assert [each.get_text(strip=True) for each in numbers] == ["2", "1", "1"]
    assert f"/workflow/instances/{at_two}" in broken
    assert "在新版本中没有对应" in broken

    wish = {"from": "1", "to": "2", "key": "k1", "map-A": "A", "map-B": ""}
    assert window.post(path, {**wish, "reason": ""}).status_code == 422
    assert stage.window("xu.wen").post(path, {**wish, "reason": "第二版生效"}).status_code == 403
    answer = window.post(path, {**wish, "reason": "第二版生效"})
    assert answer.status_code == 302
    again = window.post(path, {**wish, "reason": "第二版生效"})
    assert again.location == answer.location, "sent twice it is one batch"
    assert "hx-trigger" in window.page(answer.location)

    Worker(stage.app.extensions["creditlink.registry"]).run_until_idle()
    done = window.page(answer.location)
    assert 'hx-get="/workflow/processes/test.p/migrate/' not in done
    numbers = BeautifulSoup(done, "html.parser").select(".stats .stat-value")
    assert [each.get_text(strip=True) for each in numbers] == ["1", "1"]
    assert (row_of(at_one).version == new, row_of(at_two).version == new) == (True, False)
    assert f"/workflow/instances/{at_two}" in done
    assert acts(at_one) == [("migrate", "gao.yi", "第二版生效")]

    answer = window.post(path, {**wish, "key": "k2", "map-B": "C", "reason": "补充对应"})
    Worker(stage.app.extensions["creditlink.registry"]).run_until_idle()
    assert row_of(at_two).version == new
    assert open_at(at_two) == ["C"]
    assert window.get("/workflow/processes/test.none/migrate").status_code == 404
    number = re.search(r"\d+$", answer.location)
    assert number
    assert window.get(f"/workflow/processes/test.p/migrate/{int(number[0]) + 999}").status_code == 404


def test_insight_shows_the_figures_and_exports_each(stage: Stage) -> None:
    window = stage.window("xu.wen")
    assert window.get("/workflow/insight/test.none").status_code == 404
    for key in ("K-1", "K-2", "K-3"):
        started(key, case={})
    with acting(SYSTEM), unit_of_work():
        host.answer(stage.task("A", "K-1").id, GIVEN)
    page = BeautifulSoup(window.page("/workflow/insight/test.p"), "html.parser")
    section = page.select_one("[data-heat]")
    assert section is not None
    heat = json.loads(str(section["data-heat"]))
    assert heat["A"]["waiting"] == {"text": "2", "level": 5}
    assert heat["B"]["waiting"] == {"text": "1", "level": 2}
    assert heat["B"]["done"] == {"text": "0", "level": 0}
    cells = [each.get_text(strip=True) for each in section.select("tbody tr:first-child td")]
    assert (cells[0], cells[1], cells[3]) == ("名A", "2", "1")
    for table in ("steps", "bottlenecks", "teams", "clocks", "rework", "throughput"):
        answer = window.get(f"/workflow/insight/test.p/{table}.csv?days=7")
        assert answer.get_data(as_text=True).count(",") > 0, table
    days = window.get("/workflow/insight/test.p/throughput.csv?days=7").get_data(as_text=True).splitlines()
    assert len(days) == 8
    assert days[-1].endswith(",3,0")
    assert window.get("/workflow/insight/test.p/nothing.csv").status_code == 404
    window.speak("en")
    assert "Heat map" in window.page("/workflow/insight/test.p?days=9999")
