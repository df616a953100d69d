"""The pages of notices: nothing serious for axe, nothing sticks out, and they work by keyboard alone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.core import clock
from app.core.db import current_session
from app.core.notices import Cause
from app.core.text import Text
from app.factory import assemble
from app.notices.contacts import Wishes, keep_wishes
from app.notices.models import Message
from app.notices.telling import open_cause

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.whole]

DAY = date(2026, 11, 22)
PAGES = {
    "lin.hai": {"own": "/notices", "own-none": "/notices?state=over", "settings": "/notices/settings"},
    "song.ke": {"messages": "/notices/messages", "messages-failed": "/notices/messages?state=failed"},
}
LOOKS = [
    pytest.param({"language": language, "theme": theme, "narrow": narrow}, id=f"{language}-{theme}-{width}")
    for language, theme, narrow, width in (
        ("zh", "light", False, "wide"),
        ("zh", "dark", True, "narrow"),
        ("en", "dark", False, "wide"),
        ("en", "light", True, "narrow"),
    )
]


@pytest.fixture(scope="module")
def told(server: Any) -> None:
    """Notices of every severity, addresses, and messages of every state."""
    assemble()  # so that it is known here, too, who holds which role
    with server.inside():
        keep_wishes("lin.hai", Wishes("lin.hai@example.cn", "13800000001", "own", "12:00", "14:00"))
        for number, severity in enumerate(("high", "normal", "low")):
            title = Text("当日数据应在报送时限内报完", "The data of the day should be reported within its deadline")
            link = "/operations/warnings"
            open_cause("submission.warning", Cause(str(number), severity, title, None, DAY, link))  # type: ignore[arg-type]
        for number, state in enumerate(("failed", "unknown", "waiting", "sent", "withdrawn")):
            failed = state in ("failed", "unknown")
            made = Message(
                id=f"m{number}", channel="mail" if number % 2 else "sms", person="lin.hai", kind="submission.warning",
                severity="high", count=number + 1, subject="s", body="b", state=state, due_at=clock.now(),
                created_at=clock.now(), day=DAY, attempts=number, error_zh="短信网关答复 400" if failed else "",
                error_en="the gateway answered 400" if failed else "",
            )  # fmt: skip
            current_session().add(made)


@pytest.mark.parametrize("look", LOOKS)
def test_pages_are_accessible_and_fit(visit: Any, told: None, look: dict[str, Any]) -> None:
    mark = f"{look['language']}-{look['theme']}-{'narrow' if look['narrow'] else 'wide'}"
    for user, pages in PAGES.items():
        window = visit(user=user, **look)
        window.choose(look["language"], look["theme"])
        for name, address in pages.items():
            window.go(address)
            window.picture(f"notices-{name}-{mark}")
            assert window.serious_findings() == [], name
            assert window.fits(), name


def test_a_notice_is_acknowledged_by_keyboard(visit: Any, told: None) -> None:
    window = visit(user="lin.hai", language="zh")
    page = window.page
    window.go("/operations/warnings")
    bell = page.locator(".topbar a[href='/notices']")
    before = int(bell.locator(".number > [aria-hidden=true]").inner_text())
    bell.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/notices")
    page.locator("#notices tbody button").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_load_state("load")
    page.wait_for_function(
        "(before) => (document.querySelector('.topbar a[href=\"/notices\"] .number > span')?.textContent ?? '0') != String(before)",
        arg=before,
    )
    assert before > 1
    assert bell.locator(".number > [aria-hidden=true]").inner_text() == str(before - 1)
