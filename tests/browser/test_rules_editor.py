"""The editor of rulesets in a browser: a limit is changed in rows, its wording follows, a failing case shows it, all is kept."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.whole]

ONE = "/rules/sets/submission.personal_basic/draft"
RULE = "P110-008"


def test_a_limit_is_changed_in_rows_and_shown_by_a_case(visit: Any) -> None:
    window = visit(user="tang.jun", language="zh")
    page = window.page
    page.set_default_timeout(10_000)
    window.go(ONE)
    page.get_by_role("button", name="开始起草").click()
    page.locator("[data-studio][data-ready]").wait_for()
    page.get_by_label("查找规则").fill("其他标识个数")
    page.locator(f"[data-id={RULE}]").click()
    rule = page.locator("[data-rule]")
    rule.get_by_role("heading", level=2).wait_for()
    must = rule.get_by_role("group", name="必须满足", exact=True)
    must.get_by_label("值", exact=True).fill("1")
    must.locator(".wording", has_text="大于1").wait_for()
    page.locator("[data-saved][data-tone=success]").wait_for()
    assert "已改" in page.locator(f"[data-id={RULE}]").inner_text()

    rule.get_by_role("button", name="加用例").click()
    form = page.locator("dialog[open]")
    form.get_by_label("名称（中文）").fill("只有一个")
    form.get_by_label("名称（英文）").fill("Only one")
    form.get_by_label("期望").select_option("fires")
    form.get_by_role("button", name="加一项改动").click()
    item = form.get_by_role("combobox", name="数据项")
    item.fill("C.IDNm")
    item.press("Enter")
    form.get_by_label("值", exact=True).fill("1")
    assert window.serious_findings() == []
    form.get_by_role("button", name="保存").click()
    rule.get_by_text("只有一个", exact=True).wait_for()
    rule.get_by_role("button", name="运行全部用例").click()
    rule.locator(".case-good", has_text="只有一个").wait_for()
    assert window.serious_findings() == []
    assert window.fits()
    window.picture("rules-editor-zh-wide")

    page.locator("#tab-text").click()
    page.locator(".cm-content", has_text="personal_basic").wait_for()
    assert window.serious_findings() == []
    kept = page.evaluate("(address) => fetch(address).then((answer) => answer.json())", f"{ONE}/state")
    assert "C.IDNm > 1" in kept["text"]
    assert kept["text"].count("#") > 5, "remarks stay"
    page.locator("#tab-rules").click()
    page.get_by_role("button", name="撤销").click()
    rule.get_by_text("只有一个", exact=True).wait_for(state="detached")


LOOKS = [
    pytest.param({"language": "en", "theme": "dark", "narrow": True}, id="en-dark-narrow"),
]


@pytest.mark.parametrize("look", LOOKS)
def test_every_pane_is_accessible_and_fits(visit: Any, look: dict[str, Any]) -> None:
    window = visit(user="tang.jun", **look)
    page = window.page
    page.set_default_timeout(10_000)
    window.go("/rules/sets/submission.personal_family/draft")
    assert window.serious_findings() == []
    page.get_by_role("button", name="Begin a draft").click()
    page.locator("[data-studio][data-ready]").wait_for()
    for pane in ("rules", "try", "check", "text"):
        page.locator(f"#tab-{pane}").click()
        page.locator(f"#pane-{pane} > *").first.wait_for()
        assert window.serious_findings() == [], pane
        assert window.fits(), pane
        window.picture(f"rules-editor-{pane}-en-narrow")
