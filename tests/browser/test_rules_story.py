"""A limit of a rule is changed without a line of code: tried on reported days, run beside the edition in force for a day,
approved by a second officer, in force on the next day; and what was judged before is reproduced unchanged."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.actor import SYSTEM, acting
from app.core.config import PREFIX
from app.core.config import settings as current_settings
from app.core.db import current_session, database
from app.demo.stage import Stage, build_world, deliver, platform, running_centre
from app.rules.registry.models import RulesetEdition
from app.security.accounts import create_user
from app.simulator.bank import World
from app.submission.lake import forget
from app.submission.models import StageRun
from app.submission.service import begin_batch, find_batch, standing

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.whole]

NAME, RULE = "submission.personal_loan_account", "P210-067"
TODAY = clock.today()
FIRST, YESTERDAY = (TODAY - timedelta(days=days) for days in (27, 1))
"""The first load, in last month's reporting, and the last day before the new limit."""
LIMIT = "20"


@dataclasses.dataclass
class House:
    """A lender with its bank, its centre, its console and its worker, all in processes of their own."""

    stage: Stage
    bank: World
    server: Any

    def report(self, day: date) -> str:
        """A whole reporting day, carried out by the worker; the batch."""
        deliver(self.stage, self.bank, day, None)
        with self.server.inside():
            batch = begin_batch(day)
        self.until(lambda: standing(find_batch(batch)) in ("done", "incident"), f"the batch of {day}")
        with self.server.inside():
            assert standing(find_batch(batch)) == "done"
        return batch

    def until(self, true: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 120
        while True:
            with self.server.inside():
                if true():
                    return
            assert time.monotonic() < deadline, what
            time.sleep(0.3)

    def judged_by(self, batch: str) -> str:
        """The edition by which the personal loan accounts of a batch were judged."""
        with self.server.inside():
            found = select(StageRun.detail).filter_by(batch_id=batch, stage="judge", part="210/0")
            return str(current_session().scalars(found).one()["edition"])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[House]:
    shared = request.config.pluginmanager.get_plugin(str(Path(__file__).with_name("conftest.py")))
    assert shared is not None
    stage = Stage(tmp_path_factory.mktemp("lender"))
    stage.clear()
    stage.write_sources()
    bank = build_world(stage, 200, 5, 210, FIRST)
    with ExitStack() as stack:
        stack.enter_context(acting(SYSTEM))
        stack.enter_context(platform(stage, blocked_share_limit=1.0))
        stack.callback(forget)
        stack.callback(lambda: database().dispose())
        settings = stack.enter_context(running_centre(stage, current_settings()))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        values = {each.name: getattr(settings, each.name) for each in dataclasses.fields(settings)}
        given = {f"{PREFIX}{name.upper()}": str(value) for name, value in values.items() if value is not None}
        port = shared.free_port()
        server = shared.Server(f"http://127.0.0.1:{port}", kept | given, settings)
        server.employ()
        with server.inside():
            create_user("wu.fan", "吴帆", ["compliance"], shared.PASSWORD, must_change=False)
        log = stage.root / "console.log"
        process = stack.enter_context(server.running(log, "serve", "--port", str(port)))
        stack.enter_context(server.running(stage.root / "worker.log", "worker"))
        shared.wait_for(server.address, process, log)
        yield House(stage, bank, server)


@pytest.fixture(scope="module")
def server(house: House) -> Any:
    return house.server


def test_a_limit_from_its_draft_to_the_day_on_which_it_judges(house: House, visit: Any) -> None:
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

    assert house.judged_by(before) == edition(house, 1)
    assert house.judged_by(after) == edition(house, 2)
    for day in (FIRST, YESTERDAY):
        replayed = json.loads(house.server.command("rules", "replay", "--date", day.isoformat(), "--json"))
        assert replayed["reproduced"], day
    in_force(officer)


def edition(house: House, number: int) -> str:
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


def approved(window: Any, house: House) -> None:
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
