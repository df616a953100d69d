"""A draft tried on stored days from its page: asked for, run in the background, shown with figures and masked samples; or why not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
import reported_days
from inbox_stage import Stage, Window
from reported_days import DAYS, ReportedDays
from sqlalchemy import select

from app.core import clock
from app.core.actor import Actor, acting
from app.core.config import override
from app.core.db import database, unit_of_work
from app.core.errors import Invalid, NotFound
from app.core.jobs import Worker
from app.core.outbox import OutboxEvent
from app.rules.registry import drafts, trying
from app.submission.lake import forget, lake
from app.submission.tables import record_table

NAME = "submission.personal_loan_account"
FILE = "submission/personal_loan_account/ruleset.yaml"
ONE = f"/rules/sets/{NAME}"
ADDED = """
  - id: P210-900
    title: {zh: 试验规则, en: A rule on trial}
    severity: warn
    confidence: low
    stage: format
    when: has(B)
    require: B.AcctType != 'D1'
    blame: B.AcctType
"""
PEOPLE = {"he.lan": ("何岚", "compliance"), "qiao.yu": ("乔羽", "analyst"), "gao.yi": ("高毅", "manager")}


class House(Stage):
    def work(self) -> None:
        Worker(self.app.extensions["creditlink.registry"]).run_until_idle()

    def write(self, text: str) -> None:
        with acting(Actor("he.lan", "何岚", "person")), unit_of_work():
            draft = drafts.open_draft(NAME)
            drafts.save(NAME, draft.lock, {FILE: draft.texts[FILE].rstrip() + "\n" + text})


@pytest.fixture(scope="module")
def reported(made_once, tmp_path_factory: pytest.TempPathFactory) -> ReportedDays:
    return reported_days.copied(made_once(reported_days.build), tmp_path_factory.mktemp("lender") / "one")


@pytest.fixture(scope="module")
def furnished(reported: ReportedDays) -> House:
    with override(reported.settings):
        house = House()
        house.persons(PEOPLE)
        database().dispose()
    return house


@pytest.fixture
def house(reported: ReportedDays, furnished: House) -> Iterator[House]:
    with override(reported.settings):
        yield furnished
        with unit_of_work() as session:
            for row in session.scalars(select(drafts.RulesetDraft)):
                session.delete(row)
        forget()
        database().dispose()


def ask(window: Window, **given: str) -> str:
    answer = window.post(f"{ONE}/backtest", {"candidate": "draft", "days": "last", **given})
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def house_batch(address: str) -> str:
    """The only batch of a trial."""
    with unit_of_work(reading=True):
        row = trying.find(address.rpartition("/")[2]).row
    assert row is not None
    ((batch,),) = [day["batches"] for day in row.result["days"]]
    return str(batch)


def test_a_draft_is_tried_and_its_result_shown(house: House) -> None:
    house.write(ADDED)
    writer = house.window("he.lan")
    assert DAYS[2].isoformat() in writer.page(ONE), "the dialog says what is stored"
    address = ask(writer, days="range", first="2026-10-01", last="2026-10-30")
    waiting = writer.page(address)
    assert "等待后台执行" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    house.work()

    page = writer.page(address)
    assert 'hx-trigger="every 1s"' not in page
    with unit_of_work(reading=True):
        row = trying.find(address.rpartition("/")[2]).row
    assert row is not None
    assert [day["day"] for day in row.result["days"]] == [day.isoformat() for day in DAYS[:2]], "a month's records"
    assert row.created_by == "he.lan"
    for told in ("P210-900", f"{row.result['newly']['records']:,}", "data-chart", "账户类型", "D1", "打开记录"):
        assert told in page, told
    keys = {key for (key,) in lake().rows(f"SELECT DISTINCT key FROM {record_table('210').path}")}
    assert not any(key in page for key in keys)
    assert address.rpartition("/")[2] in writer.page(f"{ONE}?tab=trials")
    with unit_of_work(reading=True) as session:
        seen = session.scalars(select(OutboxEvent).filter_by(name="rules.samples_seen")).all()
    assert {each.actor_id for each in seen} == {"he.lan"}

    manager = house.window("gao.yi").page(address)
    assert "P210-900" in manager
    assert "打开记录" not in manager
    assert row.result["samples"][0]["key"] not in manager, "who may not try sees figures alone"
    analyst = house.window("qiao.yu").page(address)
    assert row.result["samples"][0]["key"] in analyst
    assert "打开记录" not in analyst, "records are for those who may look at records"


def test_a_retirement_and_an_edition_are_tried(house: House) -> None:
    window = house.window("qiao.yu")
    address = ask(window, candidate="nothing", days="last")
    house.work()
    page = window.page(address)
    assert f"/submission/findings?batch={house_batch(address)}&amp;type=210" in page, "figures lead to their rows"
    assert "不再判断" in page
    assert "→ 0" in page
    assert window.post(f"{ONE}/backtest", {"candidate": "77", "days": "last"}).status_code == 404


def test_a_failed_trial_tells_why_in_both_languages(house: House) -> None:
    house.write(ADDED)
    window = house.window("he.lan")
    address = ask(window)
    house.write("  # 又想到一条\n" + ADDED.replace("P210-900", "P210-901"))
    house.work()
    assert "试跑开始前草稿又有修改" in window.page(address)
    window.speak("en")
    assert "The draft was changed before the trial began" in window.page(address)
    assert "failed" in window.page(f"{ONE}?tab=trials")


def test_what_cannot_be_tried_is_refused_with_words(house: House) -> None:
    window = house.window("he.lan")
    for given, status in (
        ({"candidate": "draft", "days": "last"}, 404),
        ({"candidate": "nothing", "days": "range"}, 422),
        ({"candidate": "nothing", "days": "range", "first": "2026-10-30", "last": "2026-10-01"}, 422),
        ({"candidate": "nothing", "days": "range", "first": "2020-01-01", "last": "2020-02-01"}, 404),
        ({"candidate": "nothing", "days": "range", "first": "0000-00-00", "last": "x"}, 422),
    ):
        assert window.post(f"{ONE}/backtest", given).status_code == status, given
    assert window.post("/rules/sets/risk.five_level_floor/backtest", {"candidate": "nothing"}).status_code == 422
    house.write("  - id: [wrong")
    broken = window.post(f"{ONE}/backtest", {"candidate": "draft", "days": "last"})
    assert broken.status_code == 422
    with pytest.raises(NotFound, match=r"rules\.backtest"), unit_of_work(reading=True):
        trying.find("BT-' OR 1=1")
    with pytest.raises(Invalid, match=r"rules\.range"):
        trying.chosen_days("210", "range", date(2026, 1, 2), date(2026, 1, 1))
    with clock.frozen(datetime(2026, 11, 20, 9, tzinfo=clock.CHINA)):
        assert trying.chosen_days("210", "month") == DAYS
    with clock.frozen(datetime(2026, 10, 30, 9, tzinfo=clock.CHINA)), pytest.raises(NotFound, match=r"rules\.no_days"):
        trying.chosen_days("210", "month")
