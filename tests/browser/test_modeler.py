"""The editor of processes: every pane accessible, bad and foreign files, two people at one draft."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from desk import open_editor

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.whole]

LOOKS = [
    pytest.param({"language": "zh", "theme": "light", "narrow": False}, id="zh-light-wide"),
    pytest.param({"language": "en", "theme": "dark", "narrow": True}, id="en-dark-narrow"),
]


@pytest.mark.parametrize("look", LOOKS)
def test_pages_are_accessible_and_fit(visit: Any, look: dict[str, Any]) -> None:
    window = visit(user="qiao.yu", **look)
    window.choose(look["language"], look["theme"])
    page = window.page
    page.set_default_timeout(8_000)
    mark = f"{look['language']}-{'narrow' if look['narrow'] else 'wide'}"
    daily = "/workflow/processes/submission.daily_batch"
    open_editor(window, "submission.daily_batch")
    page.locator(".djs-shape").first.wait_for()
    assert window.serious_findings() == []
    assert window.fits()
    window.picture(f"modeler-editor-{mark}")
    page.locator("#tab-forms").click()
    page.locator("#pane-forms textarea, #pane-forms .fjs-form-field").first.wait_for()
    window.picture(f"modeler-forms-{mark}")
    page.locator("#tab-cases").click()
    page.locator("#pane-cases textarea").wait_for()
    window.picture(f"modeler-cases-{mark}")
    assert window.serious_findings() == []
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
    open_editor(window, "submission.daily_batch")
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
    open_editor(window, "submission.daily_batch")
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
    open_editor(first, "submission.daily_batch")
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


def test_evidence_is_chosen_and_the_description_is_undone(visit: Any) -> None:
    window = visit(user="qiao.yu", language="zh")
    page = window.page
    page.set_default_timeout(8_000)
    open_editor(window, "security.access_request")
    panel, undo = page.locator("[data-panel]"), page.get_by_role("button", name="撤销")
    rows = panel.locator(".panel-table tr")
    facts = rows.count()
    panel.get_by_role("button", name="删除 granted.to_review").click()
    assert rows.count() == facts - 1
    panel.get_by_role("button", name="添加时钟").locator("..").get_by_label("代码").fill("reply")
    panel.get_by_role("button", name="添加时钟").click()
    added = panel.locator("details", has_text="reply")
    added.get_by_label("期限", exact=True).fill("7")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="全图").focus()
    undo.click()
    assert added.locator("summary").inner_text() == "reply · 5 working days"
    undo.click()
    undo.click()
    assert (added.count(), rows.count()) == (0, facts)
    page.get_by_role("button", name="重做").click()
    assert rows.count() == facts - 1
    undo.click()
    page.locator("#tab-forms").click()
    page.locator(".drawn-form-list button", has_text="授予申请的岗位").click()
    shown = page.locator(".drawn-form-panels")
    shown.get_by_label("数据", exact=True).first.wait_for()
    page.locator("#pane-forms .fjs-form-field").first.wait_for()
    assert shown.get_by_label("数据", exact=True).count() == 2
    shown.get_by_role("button", name="加附件").click()
    shown.get_by_label("附件编号取自").fill("contract")
    page.keyboard.press("Tab")
    shown.locator("fieldset label.check").first.locator("input").uncheck()
    page.locator("[data-saved][data-tone=success]").wait_for()
    assert window.serious_findings() == []
    window.picture("modeler-evidence-zh-wide")
    kept = page.evaluate("() => fetch(location.pathname.replace('/edit', '/draft')).then((answer) => answer.json())")[
        "forms"
    ]["security/access_grant"]["components"]
    assert [each["type"] for each in kept[:3]] == ["evidence", "evidence", "document"]
    assert kept[2] == {"type": "document", "label": "附件", "label_en": "Attachment", "attachment": "contract"}
    assert kept[0]["params"]["request"] == "request"
    assert len(kept[0]["columns"]) >= 1
    assert [each["key"] for each in kept[3:] if "key" in each] == ["decision", "comment"]
