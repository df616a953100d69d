"""The app shell as people meet it: sign-in, language, look, keyboard, narrow screens; axe finds nothing serious."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.whole]

PAGES = {
    "users": ("zhou.min", "/users"),
    "user": ("zhou.min", "/users/of/lin.hai"),
    "user-new": ("zhou.min", "/users/new"),
    "rights": ("zhou.min", "/users/rights"),
    "audit": ("he.lan", "/audit/"),
    "audit-entry": ("he.lan", "/audit/2"),
    "account": ("lin.hai", "/account"),
    "password": ("lin.hai", "/account/password"),
    "error-403": ("lin.hai", "/users"),
    "error-404": ("lin.hai", "/nowhere"),
}
LOOKS = [
    pytest.param({"language": language, "theme": theme, "narrow": narrow}, id=f"{language}-{theme}-{width}")
    for language, theme, narrow, width in (
        ("zh", "light", False, "wide"),
        ("en", "dark", False, "wide"),
        ("zh", "dark", True, "narrow"),
        ("en", "light", True, "narrow"),
    )
]


@pytest.mark.parametrize("look", LOOKS)
def test_sign_in_page_is_accessible(visit: Any, look: dict[str, Any]) -> None:
    window = visit(**look)
    window.go("/sign-in")
    window.picture(f"sign-in-{_look_name(look)}")
    assert window.serious_findings() == []
    assert window.fits()


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("user", sorted({user for user, _ in PAGES.values()}))
def test_pages_are_accessible_and_fit(visit: Any, look: dict[str, Any], user: str) -> None:
    window = visit(user=user, **look)
    for name, (whose, path) in PAGES.items():
        if whose == user:
            window.go(path)
            window.picture(f"{name}-{_look_name(look)}")
            assert window.serious_findings() == [], name
            assert window.fits(), name


def _look_name(look: dict[str, Any]) -> str:
    return f"{look['language']}-{look['theme']}-{'narrow' if look['narrow'] else 'wide'}"


def test_language_is_switched_and_kept_with_the_account(visit: Any) -> None:
    window = visit(user="xu.wen")
    window.go("/account")
    assert window.page.locator("h1").inner_text() == "我的账户"
    window.page.get_by_role("button", name="EN").click()
    assert window.page.locator("html").get_attribute("lang") == "en"
    assert window.page.locator("h1").inner_text() == "My account"
    elsewhere = visit(user="xu.wen", theme=None)
    elsewhere.go("/account")
    assert elsewhere.page.locator("h1").inner_text() == "My account"
    elsewhere.page.get_by_role("button", name="中文").click()
    assert elsewhere.page.locator("h1").inner_text() == "我的账户"


def test_dark_look_holds_from_the_first_paint(visit: Any) -> None:
    window = visit(theme=None)
    window.page.emulate_media(color_scheme="dark")
    window.go("/sign-in")
    assert window.page.locator("html").get_attribute("data-bs-theme") == "dark"
    window.page.emulate_media(color_scheme="light")
    expect(window.page.locator("html")).to_have_attribute("data-bs-theme", "light")
    window.page.locator("summary").click()
    window.page.get_by_role("button", name="深色").click()
    expect(window.page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_keyboard_searches_helps_and_goes(visit: Any) -> None:
    window = visit(user="zhou.min")
    page = window.page
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement.matches('[data-search]')")
    page.keyboard.type("岗位")
    page.locator(".search-hits a").first.wait_for()
    page.keyboard.press("Escape")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.locator("#keyboard-help").is_visible()
    window.picture("keyboard-help")
    page.keyboard.press("Escape")
    window.go("/account")
    page.evaluate("() => { performance.now = () => 600; }")  # a page that has just come
    page.keyboard.press("u")
    page.keyboard.press("g")
    assert page.url.endswith("/account")
    page.keyboard.press("u")
    page.wait_for_url("**/users")


def test_skip_link_comes_first(visit: Any) -> None:
    window = visit(user="lin.hai")
    window.page.keyboard.press("Tab")
    assert window.page.evaluate("() => document.activeElement.className") == "skip-link"


def test_navigation_opens_on_a_narrow_screen(visit: Any) -> None:
    window = visit(user="zhou.min", narrow=True)
    window.go("/users")
    link = window.page.get_by_role("navigation", name="主导航").get_by_role("link", name="用户与岗位")
    assert not link.is_visible()
    window.page.get_by_role("button", name="打开导航").click()
    link.wait_for(state="visible")
    window.page.wait_for_timeout(300)
    window.picture("navigation-narrow")
    assert window.serious_findings() == []


def test_wrong_password_is_told_without_details(visit: Any) -> None:
    window = visit()
    window.go("/sign-in")
    window.page.fill("#username", "lin.hai")
    window.page.fill("#password", "not the password")
    window.page.press("#password", "Enter")
    window.page.get_by_role("alert").wait_for()
    window.picture("sign-in-refused")
    assert window.serious_findings() == []


def test_a_list_is_filtered_while_typing_and_can_be_gone_back_from(visit: Any) -> None:
    window = visit(user="zhou.min")
    window.go("/users?sort=-username")
    page = window.page
    page.get_by_label("搜索", exact=True).last.fill("")
    page.get_by_label("搜索", exact=True).last.press_sequentially("lin", delay=40)
    page.wait_for_url("**/users?*q=lin*")
    page.wait_for_function("() => document.querySelectorAll('#users tbody tr').length === 1")
    assert page.evaluate("() => document.activeElement.name") == "q"
    assert "sort=-username" in page.url
    page.get_by_label("岗位").select_option("analyst")
    page.get_by_text("没有符合条件的记录").wait_for()
    window.picture("users-nothing-found")
    page.get_by_role("link", name="清除").click()
    page.wait_for_function("() => document.querySelectorAll('#users tbody tr').length > 5")
    page.get_by_role("link", name="用户名").click()
    page.locator("th[aria-sort=ascending]").wait_for()
    page.go_back()
    page.locator("th[aria-sort=descending]").wait_for()


def test_a_change_that_matters_is_confirmed_first(visit: Any) -> None:
    window = visit(user="zhou.min")
    window.go("/users/of/qiao.yu")
    page = window.page
    page.get_by_role("button", name="锁定").click()
    page.get_by_role("button", name="取消").click()
    assert page.get_by_role("button", name="解锁").count() == 0
    page.get_by_role("button", name="锁定").click()
    window.picture("confirmation")
    page.get_by_role("button", name="确认").click()
    page.get_by_role("status").get_by_text("账户已锁定。").wait_for()
    window.picture("toast")
    page.get_by_role("button", name="解锁").click()
    page.get_by_role("status").get_by_text("账户已解锁。").wait_for()


def test_it_prints_without_its_frame(visit: Any) -> None:
    window = visit(user="he.lan", theme="dark")
    window.go("/audit/")
    window.page.emulate_media(media="print")
    assert not window.page.locator(".shell-side").is_visible()
    assert not window.page.locator(".topbar").is_visible()
    window.picture("audit-printed")
