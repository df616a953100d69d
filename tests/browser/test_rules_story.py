"""A limit of a rule is changed without a line of code: tried on reported days, run beside the edition in force for a day,
approved by a second officer, in force on the next day; and what was judged before is reproduced unchanged."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from story_house import HouseWithBank, running_with_bank

from app.core import clock
from app.core.db import current_session
from app.rules.registry.models import RulesetEdition
from app.submission.models import StageRun

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.whole]

NAME, RULE = "submission.personal_loan_account", "P210-067"
TODAY = clock.today()
FIRST, YESTERDAY = (TODAY - timedelta(days=days) for days in (27, 1))
"""The first load, in last month's reporting, and the last day before the new limit."""
LIMIT = "20"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[HouseWithBank]:
    root = tmp_path_factory.mktemp("lender")
    with running_with_bank(root, request, persons=200, companies=5, seed=210, start=FIRST) as house:
        house.server.employ({"wu.fan": ("吴帆", "compliance")})
        yield house


@pytest.fixture(scope="module")
def server(house: HouseWithBank) -> Any:
    return house.server


def test_a_limit_from_its_draft_to_the_day_on_which_it_judges(house: HouseWithBank, visit: Any) -> None:
    house.report(FIRST)
    officer = visit(user="tang.jun", language="zh")
    officer.page.set_default_timeout(20_000)
    found_by_its_number(officer)
    changed(officer)
    tried_on_last_months_records(officer)
    shadowed(officer)
    before = house.report(YESTERDAY)
    compared(officer)
    submitted(officer)
    second = visit(user="wu.fan", language="zh")
    second.page.set_default_timeout(20_000)
    approved(second, house)
    after = house.report(TODAY)

    assert judged_by(house, before) == edition(house, 1)
    assert judged_by(house, after) == edition(house, 2)
    for day in (FIRST, YESTERDAY):
        replayed = json.loads(house.server.command("rules", "replay", "--date", day.isoformat(), "--json"))
        assert replayed["reproduced"], day
    in_force(officer)


def judged_by(house: HouseWithBank, batch: str) -> str:
    """The edition by which the personal loan accounts of a batch were judged."""
    with house.server.inside():
        found = select(StageRun.detail).filter_by(batch_id=batch, stage="judge", part="210/0")
        return str(current_session().scalars(found).one()["edition"])


def edition(house: HouseWithBank, number: int) -> str:
    with house.server.inside():
        found = select(RulesetEdition.edition).filter_by(ruleset=NAME, number=number)
        return str(current_session().scalars(found).one())


def looked_at(window: Any, name: str) -> None:
    assert window.serious_findings() == [], name
    assert window.fits(), name
    window.picture(f"rules-story-{name}")


def found_by_its_number(window: Any) -> None:
    page = window.page
    window.go(f"/rules?q={RULE}")
    looked_at(window, "search")
    page.locator("#rules tbody a", has_text=RULE).first.click()
    page.get_by_role("heading", level=1).wait_for()
    looked_at(window, "rule")


def changed(window: Any) -> None:
    page = window.page
    window.go(f"/rules/sets/{NAME}/draft")
    page.get_by_role("button", name="开始起草").click()
    page.locator("[data-studio][data-ready]").wait_for()
    page.get_by_label("查找规则").fill(RULE)
    page.locator(f"[data-id={RULE}]").click()
    rule = page.locator("[data-rule]")
    rule.get_by_role("heading", level=2, name="新开户").wait_for()
    must = rule.get_by_role("group", name="必须满足", exact=True)
    must.get_by_label("值", exact=True).last.fill(LIMIT)
    must.locator(".wording", has_text=LIMIT).wait_for()
    rule.get_by_role("button", name="运行全部用例").click()
    rule.locator(".case-bad", has_text="第29天").wait_for()
    looked_at(window, "case-fails")
    rule.get_by_role("button", name="修改用例：开户后第29天报告").click()
    form = page.locator("dialog[open]")
    form.get_by_label("期望").select_option("fires")
    form.get_by_role("button", name="保存").click()
    rule.get_by_role("button", name="运行全部用例").click()
    rule.locator(".case-good", has_text="第29天").wait_for()
    page.locator("[data-saved][data-tone=success]").wait_for()
    looked_at(window, "case-holds")


def tried_on_last_months_records(window: Any) -> None:
    page = window.page
    window.go(f"/rules/sets/{NAME}")
    page.get_by_role("button", name="历史试跑").click()
    form = page.locator("#try-dialog")
    form.get_by_role("radio", name="一段时间内的全部业务日").check()
    form.get_by_label("起", exact=True).fill(FIRST.isoformat())
    form.get_by_label("止", exact=True).fill(FIRST.isoformat())
    form.get_by_role("button", name="开始试跑").click()
    page.get_by_role("heading", name="样本与解释").wait_for()
    page.locator("figure svg").wait_for()
    row = page.locator("tbody tr", has_text=RULE).first
    assert int(row.locator("td").nth(4).inner_text().replace(",", "")) > 0, "newly found"
    looked_at(window, "trial")


def shadowed(window: Any) -> None:
    page = window.page
    window.go(f"/rules/sets/{NAME}")
    looked_at(window, "ruleset")
    page.get_by_role("button", name="用草稿开始影子运行").click()
    form = page.locator("dialog[open]")
    form.get_by_label("截止业务日").fill((TODAY + timedelta(days=20)).isoformat())
    form.get_by_role("button", name="开始", exact=True).click()
    page.get_by_text("还没有比对过业务日").wait_for()
    looked_at(window, "shadow-begun")


def compared(window: Any) -> None:
    page = window.page
    deadline = time.monotonic() + 60
    while page.get_by_role("heading", name="按业务日").count() == 0:
        assert time.monotonic() < deadline
        time.sleep(0.5)
        page.reload()
    assert YESTERDAY.isoformat() in page.locator("tbody").first.inner_text()
    looked_at(window, "shadow")
    page.get_by_role("button", name="停止").click()
    page.locator("dialog[open] .btn-primary, dialog[open] .btn-danger").first.click()
    page.get_by_text("已停止").first.wait_for()


def submitted(window: Any) -> None:
    page = window.page
    window.go(f"/rules/sets/{NAME}")
    page.get_by_role("button", name="提交生效").click()
    form = page.locator("#submit-dialog")
    form.get_by_label("起始业务日").fill(TODAY.isoformat())
    form.get_by_label("改了什么、为什么").fill("本行要求新开户在二十天内报告")
    form.get_by_role("button", name="提交", exact=True).click()
    deadline = time.monotonic() + 90
    while page.get_by_text("已试跑，待批准").count() == 0:
        assert time.monotonic() < deadline
        time.sleep(0.5)
        page.reload()
    looked_at(window, "request")


def approved(window: Any, house: HouseWithBank) -> None:
    page = window.page
    window.go("/workflow/inbox?tab=group")
    page.get_by_role("link", name="合规复核批准").click()
    page.locator("[data-task-form]").wait_for()
    looked_at(window, "approval")
    page.get_by_role("radio", name="批准：依据充分，影响可以接受").check()
    page.get_by_label("理由").fill("试跑与影子运行的影响可以接受")
    page.get_by_role("button", name="提交").click()
    page.get_by_text("任务已办结").wait_for()
    house.until(
        lambda: bool(current_session().scalar(select(RulesetEdition.edition).filter_by(ruleset=NAME, number=2))),
        "the new edition",
    )


def in_force(window: Any) -> None:
    page = window.page
    window.go(f"/rules/sets/{NAME}/rules/{RULE}")
    assert LIMIT in page.locator("main").inner_text()
    looked_at(window, "in-force")
