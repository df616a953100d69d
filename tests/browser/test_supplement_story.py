"""The supplement desk with two people: one enters what a source lacks and sees a finding go away while typing, another reviews,
the next batch reports it, and the pretend centre accepts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import reported_days
import supplemented
from story_house import House, running
from supplemented import NEXT

from app.core.db import current_session
from app.submission.lake import lake
from app.submission.supplement.models import Supplement
from app.submission.tables import accepted_table

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.whole]


@pytest.fixture(scope="module")
def house(
    made_once: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[House]:
    days = reported_days.copied(made_once(reported_days.build), tmp_path_factory.mktemp("lender"))
    with running(days.stage, days.settings, request) as house:
        yield house


@pytest.fixture(scope="module")
def server(house: House) -> Any:
    return house.server


def looked_at(window: Any, name: str) -> None:
    assert window.serious_findings() == [], name
    window.picture(f"supplement-{name}")
    assert window.fits(), name


def test_two_people_supplement_what_a_source_lacks(house: House, visit: Any) -> None:
    with house.server.inside():
        code = supplemented.held("210", "Cy")
    author = visit(user="lin.hai", language="zh")
    author.page.set_default_timeout(20_000)
    number = entered(author, code)
    looked_at_in_english(visit, number)
    reviewer = visit(user="xu.wen", language="zh")
    reviewer.page.set_default_timeout(20_000)
    approved(reviewer, house, number)

    supplemented.delivered_again(house.stage)
    batch = house.reported(NEXT)
    with house.server.inside():
        taken = lake().records(
            f'SELECT record_id, "C"."Cy" AS cy FROM {accepted_table("210").path} WHERE key = ?', [code]
        )
    assert [each["cy"] for each in taken] == ["CNY"], "the centre has accepted it"
    window = visit(user="tang.jun", language="zh")
    window.go(f"/submission/records/210/{taken[0]['record_id']}?batch={batch}")
    window.page.locator(".source-row", has_text="补录").first.wait_for()
    assert window.page.locator(".source-row").count() >= 2, "the source's row stands beside it"
    looked_at(window, "lineage")


def entered(window: Any, code: str) -> str:
    page = window.page
    window.go("/submission/supplements")
    looked_at(window, "list-empty")
    page.get_by_role("link", name="新补录").click()
    page.get_by_label("表单").select_option("personal_account")
    page.locator("#v-AcctCode").fill(code)
    looked_at(window, "new")
    page.get_by_role("button", name="打开表单").click()
    page.locator("[data-outcome=danger]").wait_for()
    said = page.locator("[data-entry=Cy] .entry-said")
    assert "P000-020" in said.inner_text()
    looked_at(window, "entry-with-finding")
    page.keyboard.press("Alt+n")
    assert page.evaluate("() => document.activeElement.id") == "v-Cy", "the keyboard goes to what is wrong"
    page.locator("#codes-Cy option").first.wait_for(state="attached")
    page.keyboard.type("CNY")
    page.locator("[data-outcome=success]").wait_for()
    assert said.count() == 0, "it went away while typing"
    assert "人民币" in page.locator("[data-entry=Cy] [data-meaning]").inner_text()
    page.locator("#reason").fill("核对借款合同原件")
    page.keyboard.press("Control+s")
    page.get_by_text("草稿已保存").wait_for()
    looked_at(window, "entry-clean")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: not url.endswith("/edit"))
    page.get_by_text("待复核").first.wait_for()
    looked_at(window, "submitted")
    return str(page.url).rsplit("/", 1)[-1]


def looked_at_in_english(visit: Any, number: str) -> None:
    window = visit(user="lin.hai", language="en", theme="dark", narrow=True)
    for name, address in {
        "one-en": f"/submission/supplements/{number}",
        "list-en": "/submission/supplements",
        "excel-en": "/submission/supplements/excel",
        "new-en": "/submission/supplements/new?form=person",
    }.items():
        window.go(address)
        looked_at(window, name)


def approved(window: Any, house: House, number: str) -> None:
    page = window.page
    window.go("/submission/supplements/requests")
    looked_at(window, "requests")
    page.locator("#requests tbody a").first.click()
    page.locator(".supplement-one").first.wait_for()
    assert "CNY" in page.locator(".supplement-one").first.inner_text()
    looked_at(window, "review")
    page.get_by_label("批准：依据充分，与凭证一致").check()
    page.locator("#comment").fill("已核对借款合同")
    page.get_by_role("button", name="登记意见").click()
    page.wait_for_url("**/supplements/requests")

    def in_force() -> bool:
        return current_session().get_one(Supplement, number).state == "approved"

    house.until(in_force, "the supplement takes effect")
    window.go(f"/submission/supplements/{number}")
    page.get_by_text("生效中").first.wait_for()
    looked_at(window, "in-force")
