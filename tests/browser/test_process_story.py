"""The life of a process, all through the pages: drawn, published, worked, drawn anew, and its cases taken over."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import yaml
from desk import Desk

from app.core import clock
from app.core.db import current_session
from app.submission.models import Batch

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.whole]

PROCESS = "objection.intake"
AT = f"/workflow/processes/{PROCESS}"


def looked_at(window: Any, name: str) -> None:
    """Nothing serious is wrong with the page; where pictures are wanted there is one in each language."""
    assert window.serious_findings() == [], name
    window.picture(f"story-{name}-zh")
    if window.pictures is not None:
        window.choose("en")
        window.page.reload()
        window.page.wait_for_load_state("networkidle")
        window.picture(f"story-{name}-en")
        window.choose("zh")
        window.page.reload()


def until(window: Any, address: str, there: Callable[[], bool]) -> None:
    """Open a page again and again until the worker has done what it is to show."""
    deadline = time.monotonic() + 30
    window.go(address)
    while not there():
        assert time.monotonic() < deadline, window.page.locator("#instances-rows").inner_text()
        window.go(address)


def test_from_an_empty_canvas_to_running_on_the_second_version(visit: Any, server: Any, worker: None) -> None:
    analyst = visit(user="qiao.yu", language="zh")
    others = ("tang.jun", "lin.hai", "xu.wen", "gao.yi")
    second, operator, reviewer, manager = (visit(user=each, language="zh") for each in others)
    for window in (analyst, second, operator, reviewer, manager):
        window.page.set_default_timeout(10_000)
    review, reply = drawn(analyst)
    published(second, "第 1 版")
    begun(server, operator)
    worked(reviewer)
    stepped(analyst, reply)
    seen_as_heat(analyst, review, reply)
    drawn_anew(analyst, review, reply)
    published(second, "第 2 版")
    taken_over(manager, reply)


def drawn(analyst: Any) -> tuple[str, str]:
    """Three steps from an empty canvas, with their form, conditions and cases; the ids of the two that people do."""
    page = analyst.page
    analyst.go("/workflow/processes")
    page.get_by_role("button", name="新建流程").click()
    for label, value in (
        ("中文名称", "异议受理"),
        ("英文名称", "Objection intake"),
        ("负责岗位（中文）", "征信异议岗"),
        ("负责岗位（英文）", "Objection desk"),
        ("代码", PROCESS),
    ):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="开始绘制").click()
    desk = Desk(analyst)
    desk.panel.get_by_label("名字", exact=True).fill("batch")
    for language, words in (("中文", "受理并核实异议"), ("英文", "Take and verify an objection")):
        desk.panel.get_by_label(f"用途（{language}）").fill(words)
    desk.panel.get_by_label("可由人员发起").check()
    desk.choose("发起岗位", "operator")
    looked_at_here(analyst, "start-panel")
    desk.palette("create.start-event", 150, 200)
    assert desk.call("收到异议").startswith("Event_")
    review = desk.append_question("核实异议", "reviewer", within="3")
    make_form(desk)
    gateway = desk.append("gateway", "异议成立？")
    refused = desk.append("end-event", "不予更正")
    desk.select(gateway)
    stop = desk.append_step("submission.stop", "中止问题批次")
    assert desk.panel.get_by_label(re.compile("^batch")).input_value() == "batch"
    reply = desk.append_question("答复客户", "reviewer")
    desk.choose("表单", "objection/verify")
    desk.panel.get_by_label("答复存为").fill("reply")
    desk.panel.get_by_label("答复存为").press("Tab")
    corrected = desk.append("end-event", "已更正")
    decide(desk)
    simulate(desk)
    desk.write_cases(cases(review, [review, stop, reply], [review], reply, corrected, refused), 2)
    looked_at_here(analyst, "cases")
    desk.submit("新流程：异议受理")
    looked_at(analyst, "process-submitted")
    return review, reply


def make_form(desk: Desk) -> None:
    page = desk.page
    desk.panel.get_by_role("button", name="新建表单").click()
    for label, value in (("中文标题", "核实异议"), ("英文标题", "Verify the objection"), ("代码", "objection/verify")):
        page.locator("dialog[open]").get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="新建", exact=True).click()
    page.locator(".drawn-form-editor .fjs-form-field-radio").wait_for()
    looked_at_here(desk.window, "form")
    desk.tab("流程图")
    assert desk.panel.get_by_label("答复存为").input_value() == "verify"


def looked_at_here(window: Any, name: str) -> None:
    """As `looked_at`, where to open the page anew would lose the place: the parts of the editor."""
    assert window.serious_findings() == [], name
    window.picture(f"story-{name}-zh")


def decide(desk: Desk) -> None:
    """Give one way out its condition; the checks miss the default; make the other way the default."""
    to_refused, to_stop = desk.flows()[2:4]
    desk.select(to_stop)
    desk.choose("数据", "verify.decision")
    desk.choose("值", "agree")
    desk.panel.get_by_role("button", name="填入条件").click()
    desk.panel.locator(".wording", has_text="等于").wait_for()
    assert desk.panel.get_by_label("条件", exact=True).input_value() == "verify.decision == 'agree'"
    desk.page.locator(".bjsl-overlay").first.wait_for()
    desk.page.get_by_role("button", name="检查", exact=True).click()
    report = desk.page.locator("[data-report]")
    report.locator("li", has_text="没有默认出线").wait_for()
    looked_at_here(desk.window, "lint")
    report.locator("li", has_text="异议成立？ → 不予更正").get_by_role("button").first.click()
    desk.panel.get_by_text(to_refused, exact=True).wait_for()
    desk.panel.get_by_label("默认出线", exact=False).check()
    desk.saved()


def simulate(desk: Desk) -> None:
    button = desk.page.locator("[data-tools]").get_by_role("button", name="模拟")
    button.click()
    desk.page.locator(".bts-context-pad").first.click()
    desk.page.locator(".bts-token, .bts-token-count").first.wait_for()
    looked_at_here(desk.window, "simulation")
    button.click()


def cases(review: str, upheld: list[str], refused: list[str], reply: str, good: str, bad: str) -> str:
    """Two cases, one for each end."""
    agree, refuse = "{decision: agree, reason: 属实}", "{decision: refuse, reason: 与合同一致}"
    return (
        f"- name: {{zh: 成立, en: Upheld}}\n  data: {{batch: B1}}\n"
        f"  answers: {{{review}: {agree}, {reply}: {agree}}}\n  path: [{', '.join(upheld)}]\n  end: {good}\n"
        f"- name: {{zh: 不成立, en: Refused}}\n  data: {{batch: B1}}\n"
        f"  answers: {{{review}: {refuse}}}\n  path: [{', '.join(refused)}]\n  end: {bad}\n"
    )


def published(second: Any, words: str) -> None:
    """Somebody who has drawn none of it looks at the review and publishes."""
    second.go(f"{AT}/review")
    second.page.locator(".diagram .djs-shape, .diff-side .djs-shape").first.wait_for()
    looked_at(second, f"review-{words[2]}")
    second.page.get_by_role("button", name="发布").click()
    second.page.locator("#confirm-dialog").get_by_role("button", name="确认").click()
    second.page.wait_for_url(f"**{AT}")
    second.page.get_by_text(words).first.wait_for()


def begun(server: Any, operator: Any) -> None:
    """Four objections, begun by hand; the first is sent a second time, which begins nothing."""
    with server.inside():
        given: dict[str, Any] = {
            "provider": "A1111111111111",
            "business_date": date(2026, 1, 30),
            "begun_by": "lin.hai",
        }
        current_session().add(Batch(id="B1", created_at=clock.now(), **given))
    page = operator.page
    for number, subject in enumerate(("王芳", "李强", "赵敏", "孙丽", "王芳"), start=1):
        operator.go("/workflow/inbox")
        page.get_by_text("发起业务").click()
        if number == 1:
            looked_at_here(operator, "doors")
        page.get_by_role("link", name="异议受理").click()
        page.get_by_label("业务编号").fill(f"YY-2026-{(number - 1) % 4 + 1:03}")
        page.get_by_label("客户").fill(subject)
        if number == 1:
            page.get_by_role("button", name="发起", exact=True).click()
            assert page.get_by_label("batch").evaluate("(each) => each.validity.valueMissing")
            looked_at(operator, "start")
            page.get_by_label("业务编号").fill("YY-2026-001")
            page.get_by_label("客户").fill(subject)
        page.get_by_label("batch").fill("B1")
        page.get_by_role("button", name="发起", exact=True).click()
        page.wait_for_url(re.compile(r"/workflow/instances/[0-9a-f-]{36}$"))
        page.locator("#toasts", has_text="已经发起过" if number == 5 else "已发起").wait_for()
        assert page.get_by_text(subject[0] + "*", exact=True).is_visible()
    operator.go(f"/workflow/instances?process={PROCESS}")
    assert page.locator("#instances tbody tr").count() == 4


def worked(reviewer: Any) -> None:
    """Two tasks are claimed and answered without a mouse, the second as it comes after the first."""
    page = reviewer.page
    reviewer.go("/workflow/inbox?tab=unassigned")
    looked_at(reviewer, "inbox")
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    page.get_by_text("已勾选 2 件").wait_for()
    page.keyboard.press("c")
    page.wait_for_function("() => document.querySelectorAll('[data-task-row]').length === 2")
    page.get_by_role("navigation", name="任务列表").get_by_role("link", name="我的").click()
    page.wait_for_url("**tab=mine**")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.locator("[data-task-form]").wait_for()
    looked_at(reviewer, "task")
    assert "YY-2026-001" in page.locator(".page-head").inner_text()
    page.get_by_role("radio", name="同意", exact=True).check()
    page.get_by_label("理由").fill("与来源一致，属实")
    page.keyboard.press("Control+Enter")
    page.locator(".page-head", has_text="YY-2026-002").wait_for()
    page.get_by_role("radio", name="不同意").check()
    page.get_by_label("理由").fill("与合同一致")
    page.get_by_role("button", name="提交", exact=True).click()
    page.wait_for_url("**/workflow/inbox?**")
    page.get_by_text("任务已办结").wait_for()


def stepped(analyst: Any, reply: str) -> None:
    """The worker has run the step of the upheld objection, which now waits at the next person's work."""
    page, rows = analyst.page, analyst.page.locator("#instances tbody tr")
    until(
        analyst,
        f"/workflow/instances?process={PROCESS}",
        lambda: rows.filter(has_text="YY-2026-001").filter(has_text="等待办理").count() == 1,
    )
    assert rows.filter(has_text="YY-2026-002").filter(has_text="已办结").count() == 1
    assert rows.filter(has_text="等待办理").count() == 3
    looked_at(analyst, "instances")
    page.get_by_role("link", name="YY-2026-001").click()
    page.locator(f'.djs-element.mark-waiting[data-element-id="{reply}"]').wait_for()
    looked_at(analyst, "instance")


def seen_as_heat(analyst: Any, review: str, reply: str) -> None:
    page = analyst.page
    page.get_by_role("link", name="流程洞察").click()
    for element, waiting in ((review, "2"), (reply, "1")):
        badge = page.locator(f'[data-container-id="{element}"] .heat-badge')
        badge.wait_for()
        assert badge.inner_text() == waiting
    looked_at(analyst, "insight")


def drawn_anew(analyst: Any, review: str, reply: str) -> None:
    """Version 2: the first step has another name, and the last one is no more."""
    page = analyst.page
    analyst.go(AT)
    page.locator(".page-actions .btn-primary").click()
    desk = Desk(analyst)
    desk.select(review)
    desk.call("核实异议并答复")
    desk.select(reply)
    page.keyboard.press("Delete")
    page.locator(f'[data-element-id="{reply}"]').wait_for(state="detached")
    desk.saved()
    desk.tab("用例")
    written = page.get_by_role("textbox", name="用例").input_value()
    desk.write_cases(without(written, reply), 2)
    desk.tab("对照")
    page.locator("#pane-diff .diff-side .djs-shape").first.wait_for()
    page.locator("#pane-diff .diff-removed").first.wait_for()
    looked_at_here(analyst, "compare")
    desk.submit("核实时一并答复，不再单设环节")


def without(cases_text: str, element: str) -> str:
    """The cases with an element taken out of their answers and paths, whichever way YAML writes them."""
    known = yaml.safe_load(cases_text)
    for case in known:
        case["answers"].pop(element, None)
        case["path"] = [each for each in case["path"] if each != element]
    return str(yaml.safe_dump(known, allow_unicode=True))


def taken_over(manager: Any, reply: str) -> None:
    """What waits goes over; what stands at the step that is no more stays, and is told to stay beforehand."""
    page = manager.page
    manager.go(AT)
    page.get_by_role("link", name="迁移在办实例到现行版本").click()
    page.locator(".migrate-sides > div:nth-child(2) .djs-shape").first.wait_for()
    assert page.get_by_label("从", exact=True).input_value() == "1"
    assert page.get_by_label("到", exact=True).input_value() == "2"
    dry = page.get_by_role("region", name="试算结果")
    assert dry.locator(".stat-value").all_inner_texts() == ["3", "2", "1"]
    dry.get_by_text("YY-2026-001").wait_for()
    page.locator('[data-pair-row] td:has-text("核实异议")').first.hover()
    page.locator(".migrate-sides > div:nth-child(2) .mark-current").wait_for()
    assert page.locator(f'[id="map-{reply}"]').input_value() == ""
    looked_at(manager, "migrate")
    page.get_by_label("理由").fill("新版本自今日起执行")
    page.get_by_role("button", name="迁移", exact=True).click()
    page.locator("#confirm-dialog").get_by_role("button", name="确认").click()
    page.wait_for_url(re.compile(r"/migrate/\d+$"))
    page.get_by_role("region", name="已迁移").wait_for()
    page.get_by_role("region", name="留在原版本").get_by_text("YY-2026-001").wait_for()
    looked_at(manager, "takeover")
    manager.go(f"/workflow/instances?process={PROCESS}&version=2")
    rows = page.locator("#instances tbody tr")
    assert sorted(rows.locator("td:first-child").all_inner_texts()) == ["YY-2026-003", "YY-2026-004"]
    assert all("第 2 版" in each for each in rows.all_inner_texts())
    looked_at(manager, "instances-2")
