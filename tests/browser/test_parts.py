"""The parts that pages are made of, drawn under the console's own content-security policy: charts, diagrams, lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import render_template_string

from app.core.config import Settings, override
from app.core.text import Text
from app.factory import create_app
from app.web.parts import TimelineEntry

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).parent
OPTIONS = {
    "xAxis": {"type": "category", "data": ["11-18", "11-19", "11-20", "11-21", "11-22"]},
    "yAxis": {"type": "value"},
    "legend": {"data": ["已入库", "被退回"]},
    "series": [
        {"name": "已入库", "type": "bar", "data": [5200, 4800, 5100, 5600, 5300]},
        {"name": "被退回", "type": "bar", "data": [32, 28, 12, 40, 9]},
    ],
}
SENT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
HAPPENED = [
    TimelineEntry(SENT, Text("批次已发送", "Batch sent"), "lin.hai", tone="success"),
    TimelineEntry(SENT - timedelta(minutes=12), Text("批次已生成", "Batch made"), text="210 · 5,312"),
]


def rendered(tmp_path: Path, language: str, theme: str) -> tuple[str, str]:
    """The page of parts and the policy it comes under, made by the application itself."""
    parts = (FOLDER / "parts.html").read_text(encoding="utf-8")
    with override(Settings(data_dir=tmp_path)):
        app = create_app()
        cookies = f"creditlink_language={language}; creditlink_theme={theme}"
        with app.test_request_context("/parts", headers={"Cookie": cookies}):
            page = render_template_string(parts, options=OPTIONS, happened=HAPPENED)
            answer = app.process_response(app.make_response(page))
    return page, answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("language", "theme", "narrow"), [("zh", "light", False), ("en", "dark", True)])
def test_parts_are_drawn_under_the_policy(visit: Any, tmp_path: Path, language: str, theme: str, narrow: bool) -> None:
    page, policy = rendered(tmp_path, language, theme)
    window = visit(language=language, theme=theme, narrow=narrow)
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
    window.page.route("**/parts", lambda route: route.fulfill(body=page, headers=headers))
    window.page.route("**/process.bpmn", lambda route: route.fulfill(path=FOLDER / "process.bpmn"))
    window.go("/parts")
    window.page.locator(".djs-element.mark-current").wait_for()
    window.page.locator(".chart-canvas svg").wait_for()
    window.page.wait_for_timeout(1200)
    window.picture(f"parts-{language}-{theme}-{'narrow' if narrow else 'wide'}")
    assert window.page.locator(".djs-element.mark-done").count() == 1
    assert window.serious_findings() == []
    assert window.fits()
