"""The reporting pages as people use them, over three days of a lender: look, follow a finding, reveal, trace."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.whole]

FIRST = "2026-10-29"
LOOKS = [
    pytest.param({"language": language, "theme": theme, "narrow": narrow}, id=f"{language}-{theme}-{width}")
    for language, theme, narrow, width in (
        ("zh", "light", False, "wide"),
        ("en", "dark", True, "narrow"),
    )
]
PAGES = {
    "day": f"/submission?day={FIRST}",
    "day-empty": "/submission?day=2026-11-20",
    "batches": "/submission/batches",
    "findings": "/submission/findings",
    "exceptions": "/submission/exceptions",
    "files": "/submission/files",
    "feedback": "/submission/files/feedback",
    "errors": "/submission/files/errors",
    "calendar": "/submission/calendar?month=2026-10",
    "calendar-year": "/submission/calendar?year=2026",
    "entities": "/submission/entities",
    "warnings": "/operations/warnings",
    "checks": "/submission/checks",
    "differences": "/submission/differences?state=unsettled",
    "volume": "/submission/volume",
    "quality": "/submission/quality",
    "sources": f"/submission/sources?day={FIRST}",
    "source": "/submission/sources/card_system",
    "mapping": "/submission/sources/card_system/mapping",
    "codes": "/submission/sources/card_system/mapping/codes/type",
}


@pytest.fixture(scope="module")
def server(reported_server: Any) -> Any:
    """The console over the reported days."""
    return reported_server


@pytest.mark.parametrize("look", LOOKS)
def test_pages_are_accessible_and_fit(visit: Any, look: dict[str, Any]) -> None:
    window = visit(user="xu.wen", **look)
    window.choose(look["language"], look["theme"])
    mark = f"{look['language']}-{look['theme']}-{'narrow' if look['narrow'] else 'wide'}"
    addresses = dict(PAGES)
    window.go("/submission/batches")
    addresses["batch"] = window.page.locator("#batches tbody tr:last-child td:first-child a").get_attribute("href")
    window.go("/submission/exceptions")
    addresses["exception"] = window.page.locator("#exceptions tbody a").first.get_attribute("href")
    addresses["record"] = window.page.locator('#exceptions tbody a[href*="/records/"]').first.get_attribute("href")
    window.go("/submission/files")
    addresses["file"] = window.page.locator("#files tbody a").first.get_attribute("href")
    for name, address in addresses.items():
        window.go(address)
        window.page.wait_for_load_state("networkidle")
        window.picture(f"submission-{name}-{mark}")
        assert window.serious_findings() == [], name
        assert window.fits(), name


def test_from_the_day_to_a_finding_and_its_reason(visit: Any) -> None:
    window = visit(user="tang.jun")
    page = window.page
    window.go(f"/submission?day={FIRST}")
    assert page.locator(".stage").count() == 8
    assert page.locator(".identities .tone-danger").count() == 0
    page.get_by_role("link", name="校验发现").click()
    page.wait_for_url("**/submission/findings?batch=*")
    page.get_by_label("业务日").select_option(label=FIRST)
    page.locator("#findings tbody a").first.click()
    page.wait_for_url("**rule=*")
    page.locator('#findings a[href*="/records/"]').first.click()
    page.locator("#blames-title").wait_for()
    page.locator(".why").first.wait_for()
    assert page.locator(".why .state-false").count() > 0
    page.locator(".source-row").first.wait_for()
    window.picture("submission-record-why")
    assert window.serious_findings() == []


def test_revealing_a_value_leaves_an_audit_entry(visit: Any) -> None:
    window = visit(user="tang.jun")
    page = window.page
    window.go("/submission/exceptions?type=110")
    page.locator('#exceptions tbody a[href*="/records/110/"]').first.click()
    item = page.locator(".item", has=page.locator("dt", has_text="IDNum")).first
    hidden = item.locator(".masked span").first.inner_text()
    assert "*" in hidden
    item.locator(".masked button").click()
    item.locator(".revealed").wait_for()
    clear = item.locator(".masked span").first.inner_text()
    assert "*" not in clear
    assert clear.endswith(hidden[-4:])
    found = re.search(r"/records/110/([0-9a-f]+)", page.url)
    assert found
    auditor = visit(user="he.lan")
    auditor.go(f"/audit/?q={found[1]}")
    entries = auditor.page.locator("#audit-entries tbody tr", has_text=found[1])
    assert entries.count() >= 2
    auditor.page.locator("#audit-entries tbody a").first.click()
    assert clear not in auditor.page.content()


def test_the_line_in_the_clear_asks_first(visit: Any) -> None:
    window = visit(user="tang.jun")
    page = window.page
    window.go("/submission/exceptions?type=110")
    page.locator('#exceptions tbody a[href*="/records/110/"]').first.click()
    page.get_by_role("button", name="显示明文").click()
    page.locator("#confirm-dialog").get_by_role("button", name="确认").click()
    page.locator("pre.line.revealed").wait_for()
    assert "*" not in page.locator("pre.line").inner_text()


def test_the_diagram_shows_the_way_taken(visit: Any) -> None:
    window = visit(user="xu.wen")
    window.go("/submission/batches")
    window.page.locator("#batches tbody tr:last-child td:first-child a").click()
    window.page.locator(".diagram .djs-element.mark-done").first.wait_for()
    marked = window.page.locator(".diagram .djs-shape.mark-done")
    assert marked.count() >= 10
    assert window.page.locator(".diagram .djs-connection.mark-done").count() >= 9
    assert window.page.locator(".diagram [data-element-id=Stop].mark-done").count() == 0


def test_filters_work_without_loading_the_page(visit: Any) -> None:
    window = visit(user="xu.wen")
    page = window.page
    window.go("/submission/exceptions")
    page.get_by_label("记录类型").select_option("210")
    page.wait_for_url("**type=210**")
    page.locator("#exceptions tbody tr").first.wait_for()
    assert set(page.locator("#exceptions tbody tr td:nth-child(3)").all_inner_texts()) == {"210"}


def test_the_keyboard_goes_from_page_to_page(visit: Any) -> None:
    window = visit(user="xu.wen")
    window.go("/submission")
    for key, path in (("b", "batches"), ("e", "exceptions"), ("d", "submission")):
        window.page.keyboard.press("g")
        window.page.keyboard.press(key)
        window.page.wait_for_url(f"**/{path}")


def test_a_mapping_is_drafted_by_keyboard_with_live_checks(visit: Any) -> None:
    window = visit(user="tang.jun")
    page = window.page
    window.go("/submission/sources/card_system/mapping")
    page.get_by_role("button", name="起草修改").press("Enter")
    page.locator("#grid input[name='value-Name']").wait_for()
    assert window.serious_findings() == []
    field = page.locator("#grid input[name='value-Name']")
    field.fill("CARD_BAL.HOLDER")
    field.press("Tab")
    page.locator("#faults", has_text="没有连接进来").wait_for()
    field.fill("HOLDER")
    field.press("Tab")
    page.locator("#faults", has_text="检查无误").wait_for()
    page.get_by_role("button", name="预览已保存的内容").press("Enter")
    page.locator("#preview table").wait_for()
    assert window.serious_findings() == []
    assert window.fits()
    page.get_by_role("button", name="保存", exact=True).press("Enter")
    page.wait_for_load_state("networkidle")
    window.go("/submission/sources/card_system/mapping/codes/type")
    assert window.serious_findings() == []
