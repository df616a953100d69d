"""The pages of exemptions, shadows and statistics over reported days: nothing serious for axe, nothing sticks out."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import reported_days
from judged_anew import judge_anew, registry
from sqlalchemy import select

from app.core import clock
from app.core.actor import SYSTEM, Actor, acting
from app.core.config import override
from app.core.db import current_session, database, unit_of_work
from app.core.events import publish
from app.core.jobs import Worker
from app.rules.exemption import asking
from app.rules.exemption.models import Exemption
from app.rules.registry import drafts
from app.rules.shadow import running
from app.rules.shadow.events import DayJudged
from app.submission.lake import forget, lake
from app.submission.models import Batch
from app.submission.tables import FINDING

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.whole]

LOOKS = [
    pytest.param({"language": "zh", "theme": "light", "narrow": False}, id="zh-light-wide"),
    pytest.param({"language": "en", "theme": "dark", "narrow": True}, id="en-dark-narrow"),
]
NAME, FILE = "submission.personal_loan_account", "submission/personal_loan_account/ruleset.yaml"
OTHER = "submission.corporate_loan_account"
WRITER = Actor("tang.jun", "唐军", "person")


@pytest.fixture(scope="module")
def server(reported_server: Any) -> Any:
    """The console over the reported days."""
    return reported_server


@pytest.fixture(scope="module")
def pages(server: Any) -> dict[str, str]:
    """Names and addresses, once there is something to be seen on them."""
    registry()  # who hears of reported records is announced with the rooms
    with override(server.settings), acting(WRITER):
        try:
            return _furnished()
        finally:
            forget()
            database().dispose()


def _furnished() -> dict[str, str]:
    with unit_of_work(reading=True) as session:
        batches = dict(session.execute(select(Batch.business_date, Batch.id)).all())
    day, batch = max(batches.items())
    found = lake().rows(
        f"SELECT key, rule FROM {FINDING.path} WHERE batch = ? AND record_type = '210' AND severity = 'block'"
        " AND rule != 'CENTRE' ORDER BY key, rule LIMIT 3",
        [batch],
    )
    until = clock.today() + timedelta(days=60)
    with unit_of_work():
        for number, (key, rule) in enumerate(found):
            wish = asking.Wish(NAME, rule, "account", "", key, until, "纸质合同已核实无误，核心系统计划于下月改造")
            exemption = asking.ask(wish)
            if number:
                asking.grant(exemption, "xu.wen", "已核对纸质合同，期限合理")
    asked = {each.state: each.id for each in _all(Exemption)}
    with unit_of_work():
        draft = drafts.open_draft(NAME)
        text = re.sub(
            r"(?s)(  - id: P210-0\d\d\n(?:(?!  - id).)*?severity: )warn", r"\1info", draft.texts[FILE], count=3
        )
        removed = found[-1][1]
        text = re.sub(rf"\n  - id: {removed}\n.*?(?=\n  - id: |\Z)", "", text, flags=re.DOTALL)
        drafts.save(NAME, draft.lock, {FILE: text, f"submission/personal_loan_account/cases/{removed}.yaml": None})
        shadow = running.start(NAME, until, "看看去掉这条规则会怎样").id
    with acting(SYSTEM):
        judge_anew(batch)
        with unit_of_work():
            for earlier, name in batches.items():
                if earlier != day:
                    publish(DayJudged(name, earlier, ("210",)))
        Worker(registry()).run_until_idle()
    return {
        "shadows": "/rules/shadows",
        "shadow": f"/rules/shadows/{shadow}",
        "exemptions": "/rules/exemptions",
        "exemption-asked": f"/rules/exemptions/{asked['asked']}",
        "exemption-granted": f"/rules/exemptions/{asked['granted']}",
        "exemption-choose": "/rules/exemptions/new",
        "exemption-new": f"/rules/exemptions/new?ruleset={NAME}",
        "statistics": "/rules/statistics?found=yes",
        "statistic": f"/rules/statistics/{NAME}/{found[0][1]}",
        "process": "/workflow/processes/rules.rule_exemption",
        "day": f"/submission?day={reported_days.DAYS[2].isoformat()}",
        "findings": f"/submission/findings?batch={batch}",
        "exempt": f"/submission/batches/{batch}/records/210/exempt",
    }


def _all(model: Any) -> list[Any]:
    with unit_of_work(reading=True):
        return list(current_session().scalars(select(model)))


@pytest.mark.parametrize("look", LOOKS)
def test_pages_are_accessible_and_fit(visit: Any, pages: dict[str, str], look: dict[str, Any]) -> None:
    window = visit(user="tang.jun", **look)
    window.choose(look["language"], look["theme"])
    for name, address in pages.items():
        window.go(address)
        window.page.wait_for_load_state("networkidle")
        window.picture(f"rules-trials-{name}-{_mark(look)}")
        assert window.serious_findings() == [], name
        assert window.fits(), name


def test_a_shadow_is_started_and_stopped_by_hand(visit: Any, pages: dict[str, str], server: Any) -> None:
    with server.inside(WRITER):
        draft = drafts.open_draft(OTHER)
        file = next(each for each in draft.texts if each.endswith("corporate_loan_account/ruleset.yaml"))
        drafts.save(OTHER, draft.lock, {file: draft.texts[file].replace("severity: warn", "severity: info", 1)})
        until = (clock.today() + timedelta(days=9)).isoformat()
    window = visit(user="tang.jun", language="zh")
    window.go("/rules/shadows")
    window.page.locator("li", has_text=OTHER).get_by_role("button").click()
    window.page.locator("dialog[open] input[type=date]").fill(until)
    window.picture("rules-trials-shadow-dialog")
    assert window.serious_findings() == []
    window.page.locator("dialog[open] .btn-primary").click()
    window.page.wait_for_url("**/rules/shadows/SH-*")
    window.page.get_by_text("还没有比对过业务日").wait_for()
    window.picture("rules-trials-shadow-empty")
    window.page.get_by_role("button", name="停止").click()
    window.page.locator("#confirm-dialog [value=yes]").click()
    window.page.get_by_text("已停止").first.wait_for()


def _mark(look: dict[str, Any]) -> str:
    return f"{look['language']}-{look['theme']}-{'narrow' if look['narrow'] else 'wide'}"
