"""An analyst draws a process from an empty canvas and has it published by somebody else, all through the pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROCESS = "objection.intake"
LOOKS = [
    pytest.param({"language": "zh", "theme": "light", "narrow": False}, id="zh-light-wide"),
    pytest.param({"language": "en", "theme": "dark", "narrow": True}, id="en-dark-narrow"),
]

_MIDDLE = """(id) => {
  const hit = document.querySelector(`.djs-element[data-element-id="${id}"] .djs-hit`);
  if (hit.getTotalLength && hit.tagName !== 'rect') {
    const half = hit.getPointAtLength(hit.getTotalLength() / 2).matrixTransform(hit.getScreenCTM());
    return [half.x, half.y];
  }
  const box = hit.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}"""


class Desk:
    """The editor as an analyst handles it."""

    def __init__(self, window: Any) -> None:
        self.window, self.page = window, window.page
        self.panel = self.page.locator("[data-panel]")

    def palette(self, entry: str, x: int, y: int) -> None:
        self.page.locator(f'.djs-palette [data-action="{entry}"]').click()
        box = self.page.locator("[data-canvas]").bounding_box()
        self.page.mouse.move(box["x"] + x - 5, box["y"] + y - 5)
        self.page.mouse.move(box["x"] + x, box["y"] + y)
        self.page.mouse.click(box["x"] + x, box["y"] + y)

    def append(self, entry: str) -> None:
        self.page.locator(f'.djs-context-pad [data-action="{entry}"]').click()
        self.page.keyboard.press("Escape")

    def select(self, element: str) -> None:
        """A click in the middle of a shape, or half way along a flow."""
        self.page.keyboard.press("Escape")
        x, y = self.page.evaluate(_MIDDLE, element)
        self.page.mouse.click(x, y)
        self.panel.get_by_text(element, exact=True).wait_for()

    def call(self, name: str) -> str:
        """Name what is selected; its id."""
        self.panel.get_by_label("名称", exact=True).fill(name)
        self.panel.get_by_label("名称", exact=True).press("Tab")
        return str(self.panel.locator(".panel-section .code").first.inner_text())

    def choose(self, label: str, value: str) -> None:
        self.panel.get_by_label(label, exact=True).select_option(value)

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def saved(self) -> None:
        self.page.locator("[data-saved][data-tone=success]").wait_for()


def test_from_an_empty_canvas_to_a_published_process(visit: Any) -> None:
    window = visit(user="qiao.yu", language="zh")
    page = window.page
    page.set_default_timeout(8_000)
    window.go("/workflow/processes")
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
    page.locator("[data-editor][data-ready]").wait_for()
    desk = Desk(window)
    desk.panel.get_by_label("名字", exact=True).fill("batch")
    for language, words in (("中文", "受理并核实异议"), ("英文", "Take and verify an objection")):
        desk.panel.get_by_label(f"用途（{language}）").fill(words)

    desk.palette("create.start-event", 120, 200)
    page.keyboard.press("Escape")
    start = desk.call("收到异议")
    assert start.startswith("Event_")
    desk.append("append.append-task")
    desk.panel.get_by_role("button", name="人工办理").click()
    review = desk.call("核实异议")
    desk.panel.get_by_role("button", name="新建表单").click()
    for label, value in (("中文标题", "核实异议"), ("英文标题", "Verify the objection"), ("代码", "objection/verify")):
        page.locator("dialog[open]").get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="新建", exact=True).click()
    page.locator(".drawn-form-editor .fjs-form-field-radio").wait_for()
    window.picture("modeler-forms-zh")
    assert window.serious_findings() == []
    desk.tab("流程图")
    desk.choose("办理岗位", "reviewer")
    assert desk.panel.get_by_label("答复存为").input_value() == "verify"

    desk.append("append.gateway")
    gateway = desk.call("异议成立？")
    desk.append("append.end-event")
    refused = desk.call("不予更正")
    desk.select(gateway)
    page.locator('.djs-context-pad [data-action="append"]').click()
    page.locator(".djs-popup-search input").fill("submission.stop")
    page.locator('.djs-popup [data-id="verb-submission.stop"]').click()
    desk.call("登记批次中止")
    stop = desk.panel.locator(".panel-section .code").first.inner_text()
    assert desk.panel.get_by_label(re.compile("^batch")).input_value() == "batch"
    desk.append("append.end-event")
    corrected = desk.call("已更正")

    flows = page.evaluate(
        "() => [...document.querySelectorAll('.djs-connection')].map((each) => each.dataset.elementId)"
    )
    to_refused, to_stop = flows[2], flows[3]
    desk.select(to_stop)
    desk.choose("数据", "verify.decision")
    desk.choose("值", "agree")
    desk.panel.get_by_role("button", name="填入条件").click()
    desk.panel.locator(".wording", has_text="等于").wait_for()
    assert desk.panel.get_by_label("条件", exact=True).input_value() == "verify.decision == 'agree'"
    page.locator(f'[data-container-id="{gateway}"] .bjsl-overlay, .bjsl-overlay').first.wait_for()

    page.get_by_role("button", name="检查", exact=True).click()
    report = page.locator("[data-report]")
    report.get_by_text("默认").first.wait_for()
    window.picture("modeler-diagram-zh")
    assert window.serious_findings() == []
    desk.select(to_refused)
    desk.panel.get_by_label("默认出线", exact=False).check()
    desk.saved()

    page.locator("[data-tools]").get_by_role("button", name="模拟").click()
    page.locator(".bts-context-pad").first.click()
    page.locator(".bts-token, .bts-token-count").first.wait_for()
    window.picture("modeler-simulation-zh")
    page.locator("[data-tools]").get_by_role("button", name="模拟").click()

    desk.tab("用例")
    page.get_by_role("textbox", name="用例").fill(
        f"- name: {{zh: 成立, en: Upheld}}\n  data: {{batch: B1}}\n  answers:\n"
        f"    {review}: {{decision: agree, reason: 属实}}\n  path: [{review}, {stop}]\n  end: {corrected}\n"
        f"- name: {{zh: 不成立, en: Refused}}\n  data: {{batch: B1}}\n  answers:\n"
        f"    {review}: {{decision: refuse, reason: 与合同一致}}\n  path: [{review}]\n  end: {refused}\n"
    )
    page.get_by_role("button", name="运行用例").click()
    page.locator(".cases-results").get_by_text("运行了 2 个用例，0 个不符").wait_for()
    window.picture("modeler-cases-zh")
    assert window.serious_findings() == []
    page.get_by_role("button", name="提交复核").click()
    page.locator("dialog[open] textarea").fill("新流程：异议受理")
    page.get_by_role("button", name="提交", exact=True).click()
    page.wait_for_url(f"**/workflow/processes/{PROCESS}")
    window.picture("modeler-process-zh")
    assert window.serious_findings() == []

    second = visit(user="tang.jun", language="zh")
    second.go(f"/workflow/processes/{PROCESS}/review")
    second.page.locator(".diagram .djs-shape").first.wait_for()
    second.picture("modeler-review-zh")
    assert second.serious_findings() == []
    second.page.get_by_role("button", name="发布").click()
    second.page.locator("#confirm-dialog").get_by_role("button", name="确认").click()
    second.page.wait_for_url(f"**/workflow/processes/{PROCESS}")
    second.page.get_by_text("第 1 版").first.wait_for()


@pytest.mark.parametrize("look", LOOKS)
def test_pages_are_accessible_and_fit(visit: Any, look: dict[str, Any]) -> None:
    window = visit(user="qiao.yu", **look)
    window.choose(look["language"], look["theme"])
    page = window.page
    page.set_default_timeout(8_000)
    mark = f"{look['language']}-{'narrow' if look['narrow'] else 'wide'}"
    daily = "/workflow/processes/submission.daily_batch"
    window.go(daily)
    page.locator(".page-actions .btn-primary").click()
    page.locator("[data-editor][data-ready]").wait_for()
    page.locator(".djs-shape").first.wait_for()
    assert window.serious_findings() == []
    assert window.fits()
    window.picture(f"modeler-editor-{mark}")
    page.locator("#tab-forms").click()
    page.locator("#pane-forms textarea, #pane-forms .fjs-form-field").first.wait_for()
    window.picture(f"modeler-forms-{mark}")
    page.locator("#tab-diff").click()
    page.locator("#pane-diff .diff-side .djs-shape").first.wait_for()
    window.picture(f"modeler-compare-{mark}")
    assert window.serious_findings() == []
    for name, address in (
        ("processes", "/workflow/processes"),
        ("one", daily),
        ("diff", f"{daily}/diff?a=live&b=draft"),
        ("review", f"{daily}/review"),
    ):
        window.go(address)
        page.wait_for_load_state("networkidle")
        window.picture(f"modeler-{name}-{mark}")
        assert window.serious_findings() == [], name
        assert window.fits(), name


BAD_FILES = (
    (b"<a", "XML"),
    (b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>', "实体"),
    (b" " * 20_000_000, "20.0 MB"),
)


def test_a_bad_file_is_refused_and_nothing_is_lost(visit: Any, tmp_path: Path) -> None:
    window = visit(user="qiao.yu", language="zh")
    page = window.page
    page.set_default_timeout(8_000)
    window.go("/workflow/processes/submission.daily_batch")
    page.locator(".page-actions .btn-primary").click()
    page.locator("[data-editor][data-ready]").wait_for()
    before = page.locator(".djs-shape").count()
    for content, words in BAD_FILES:
        with page.expect_file_chooser() as chooser:
            page.locator("[data-tools]").get_by_role("button", name="导入").click()
        file = tmp_path / "bad.bpmn"
        file.write_bytes(content)
        chooser.value.set_files(file)
        page.locator("dialog[open]").get_by_role("button", name="导入").click()
        page.locator("#toasts", has_text=words).wait_for()
        assert page.locator(".djs-shape").count() == before
        assert page.locator("[data-saved][data-tone=warning]").count() == 0


FOREIGN = b"""<?xml version="1.0"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
 xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" id="D" targetNamespace="x">
<process id="other" isExecutable="true"><userTask id="Ask" name="Ask" camunda:assignee="demo"><extensionElements>
<camunda:formData><camunda:formField id="a" type="string"/></camunda:formData></extensionElements></userTask></process>
<bpmndi:BPMNDiagram id="B"><bpmndi:BPMNPlane id="P" bpmnElement="other"><bpmndi:BPMNShape id="S" bpmnElement="Ask">
<dc:Bounds x="200" y="100" width="100" height="80"/></bpmndi:BPMNShape></bpmndi:BPMNPlane></bpmndi:BPMNDiagram></definitions>"""


def test_a_diagram_of_another_tool_opens_with_what_is_not_supported(visit: Any) -> None:
    window = visit(user="qiao.yu", language="zh")
    page = window.page
    page.set_default_timeout(8_000)
    window.go("/workflow/processes/submission.daily_batch")
    page.locator(".page-actions .btn-primary").click()
    page.locator("[data-editor][data-ready]").wait_for()
    before = page.locator(".djs-shape").count()
    with page.expect_file_chooser() as chooser:
        page.locator("[data-tools]").get_by_role("button", name="导入").click()
    chooser.value.set_files({"name": "other.bpmn", "mimeType": "application/xml", "buffer": FOREIGN})
    page.locator("dialog[open]").get_by_role("button", name="导入").click()
    page.locator("[data-report]").get_by_text("不支持").first.wait_for()
    assert "camunda" in page.locator("[data-report]").inner_text().lower()
    assert page.locator(".djs-shape").count() == 1
    page.get_by_role("button", name="还原导入前的流程图").click()
    page.locator('[data-element-id="Collect"]').first.wait_for()
    assert page.locator(".djs-shape").count() == before
    page.locator("[data-saved][data-tone=success]").wait_for()


def test_who_saves_second_is_told_and_loses_nothing(visit: Any) -> None:
    first, second = visit(user="qiao.yu", language="zh"), visit(user="qiao.yu", language="zh")
    daily = "/workflow/processes/submission.daily_batch"
    first.go(daily)
    first.page.locator(".page-actions .btn-primary").click()
    first.page.locator("[data-editor][data-ready]").wait_for()
    second.go(f"{daily}/edit")
    for window, words in ((first, "R-1"), (second, "R-2")):
        window.page.set_default_timeout(8_000)
        window.page.locator("[data-editor][data-ready]").wait_for()
        window.page.locator("[data-panel]").get_by_label("依据", exact=True).fill(words)
        window.page.keyboard.press("Tab")
        window.page.locator("[data-saved]:not([data-tone=warning])").wait_for()
    dialog = second.page.locator("dialog[open]")
    dialog.get_by_text("草稿已被他人修改").first.wait_for()
    dialog.get_by_role("button", name="载入最新草稿").click()
    second.page.locator("[data-editor][data-ready]").wait_for()
    assert second.page.locator("[data-panel]").get_by_label("依据", exact=True).input_value() == "R-1"
