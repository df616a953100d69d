"""Rules and rulesets as compliance staff read them: found, shown, compared, exported; and what hostile addresses get."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime

import pytest
from inbox_stage import Stage, Window
from sqlalchemy import select

from app.core import clock
from app.core.actor import Actor, acting
from app.core.clock import CHINA
from app.core.db import Database, unit_of_work
from app.core.outbox import OutboxEvent
from app.rules.reader.index import index
from app.rules.registry import drafts
from app.rules.registry.shipped import ROOT

NOW = datetime(2026, 11, 2, 9, tzinfo=CHINA)
LOANS = "submission.personal_loan_account"
NAME = "submission.personal_credit_agreement_deletion"
FOLDER = "submission/personal_credit_agreement_deletion"
FILE = f"{FOLDER}/ruleset.yaml"
PEOPLE = {
    "he.lan": ("何岚", "compliance"),
    "xu.wen": ("许文", "compliance"),
    "qiao.yu": ("乔羽", "analyst"),
    "gao.yi": ("高毅", "manager"),
    "song.ke": ("宋珂", "admin_system"),
}


@pytest.fixture
def stage(sqlite_database: Database) -> Iterator[Stage]:
    with clock.frozen(NOW):
        made = Stage()
        made.persons(PEOPLE)
        yield made


@pytest.fixture
def reader(stage: Stage) -> Window:
    return stage.window("gao.yi")


def write(old: str, new: str, person: str = "he.lan") -> int:
    """Somebody changes the draft of the small ruleset."""
    with acting(Actor(person, person, "person")), unit_of_work():
        draft = drafts.open_draft(NAME)
        assert old in draft.texts[FILE]
        return drafts.save(NAME, draft.lock, {FILE: draft.texts[FILE].replace(old, new)})


def ids(page: str) -> list[str]:
    return re.findall(r'<a class="code" href="[^"]*" data-open>([^<]+)</a>', page)


def test_a_rule_is_found_by_what_people_know_of_it(reader: Window) -> None:
    assert ids(reader.page("/rules?q=P210-050")) == ["P210-050"]
    assert ids(reader.page("/rules?q=BLE001"))[0] == "P210-050"
    by_words = ids(reader.page("/rules?q=关闭日期&kind=check&subject=person"))
    assert "P210-050" in by_words
    assert "P210-050" in ids(reader.page("/rules?item=CloseDate&subject=person&size=200"))
    assert "P210-050" in ids(reader.page("/rules?item=账户关闭日期&size=200"))
    assert ids(reader.page("/rules?kind=watch"))[0].startswith("UI-")
    assert ids(reader.page("/rules?q=Z01&kind=table")) == ["Z01"]
    assert "没有符合条件" in reader.page("/rules?q=没有这种字词")


def test_every_rule_in_force_stands_once_and_filters_narrow(reader: Window) -> None:
    with unit_of_work(reading=True):
        known = index()
    assert len(known.entries) == len({(each.fragment or each.home, each.id) for each in known.entries})
    assert sum(len(each.rulesets) for each in known.entries) == sum(len(each.rules) for each in known.rulesets.values())
    page = reader.page("/rules")
    assert f"共 {len(known.entries)} 条" in page
    warned = [each for each in known.entries if each.rule.severity == "warn"]
    assert f"共 {len(warned)} 条" in reader.page("/rules?severity=warn")
    own = [each for each in known.entries if LOANS in each.rulesets]
    assert f"共 {len(own)} 条" in reader.page(f"/rules?ruleset={LOANS}")
    assert ids(reader.page("/rules?sort=-rule"))[0] == max(each.id for each in known.entries)


def test_the_lists_go_into_a_spreadsheet(reader: Window) -> None:
    lines = reader.page("/rules/rules.csv?q=P210-050").splitlines()
    assert len(lines) == 2
    assert "BLE001" in lines[1]
    sets = reader.page("/rules/sets.csv").splitlines()
    assert len(sets) == 1 + len(list(ROOT.glob("*/*/ruleset.yaml")))


def test_rulesets_are_listed_with_their_work(stage: Stage, reader: Window) -> None:
    page = reader.page("/rules/sets")
    assert LOANS in page
    assert "risk.five_level_floor" in page
    assert NAME not in reader.page("/rules/sets?work=draft")
    write("severity: block", "severity: warn")
    drafted = reader.page("/rules/sets?work=draft")
    assert NAME in drafted
    assert "何岚" in drafted
    assert LOANS not in drafted
    assert LOANS not in reader.page("/rules/sets?subject=organisation")
    assert "没有符合条件" in reader.page("/rules/sets?work=retired")


@pytest.mark.parametrize("tab", ["rules", "coverage", "history", "requests", "trials"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_ruleset_shows_each_of_its_parts(reader: Window, tab: str, language: str) -> None:
    reader.speak(language)
    page = reader.page(f"/rules/sets/{LOANS}?tab={tab}")
    told = {
        "rules": "P210-050",
        "coverage": "InfRecType" if language == "zh" else "Items that no rule reads",
        "history": "随产品提供" if language == "zh" else "shipped",
        "requests": "还没有申请" if language == "zh" else "No requests yet",
        "trials": "还没有试跑过" if language == "zh" else "Not tried yet",
    }
    assert told[tab] in page
    assert ("个人借贷账户上报校验" if language == "zh" else "Pre-check of personal loan accounts") in page


def test_tables_policies_and_watches_have_their_pages(reader: Window) -> None:
    table = reader.page("/rules/sets/risk.overdue_to_five_level")
    assert "decision-grid" in table
    assert "2 关注" in table
    row = reader.page("/rules/sets/risk.overdue_to_five_level/rules/Z02")
    assert "借新还旧" in row
    assert "相符" in row
    policy = reader.page("/rules/sets/risk.five_level_floor/rules/FL-020")
    assert "loan.overdue_days &gt; 90" in policy
    assert "相符" in policy
    assert "不符" not in policy
    watch = reader.page("/rules/sets/security.unusual_inquiries/rules/UI-010")
    assert "同一查询人在10分钟内达到3次" in watch


def test_a_rule_says_what_it_reads_and_how_its_cases_come_out(reader: Window) -> None:
    page = reader.page(f"/rules/sets/{LOANS}/rules/P210-050")
    for told in ("H.CloseDate", "账户关闭日期", "BLE001", "关闭账户没有关闭日期", "filled(H.CloseDate)", "P000-015"):
        assert told in page or told == "P000-015", told
    assert page.count("相符") == 3
    assert "不符" not in page
    shared = reader.page(f"/rules/sets/{LOANS}/rules/P000-014")
    assert "submission.personal_general" in shared
    assert "也在这些规则集里" in shared


def test_the_draft_is_compared_word_by_word(stage: Stage, reader: Window) -> None:
    write("severity: block", "severity: warn")
    page = reader.page(f"/rules/sets/{NAME}/compare")
    assert "<del>拦截</del>" in page
    assert "<ins>提示</ins>" in page
    assert "1 条影响判断" in page.replace("其中 ", "")
    same = reader.page(f"/rules/sets/{NAME}/compare?from=live&to=live")
    assert "没有差别" in same
    turned = reader.page(f"/rules/sets/{NAME}/compare?from=draft&to=1")
    assert "<ins>拦截</ins>" in turned
    draft = reader.page(f"/rules/sets/{NAME}?edition=draft")
    assert "还没有生效" in draft


def test_a_draft_that_cannot_be_read_tells_every_fault(stage: Stage, reader: Window) -> None:
    write("severity: block", "severity: blok")
    for address in (f"/rules/sets/{NAME}?edition=draft", f"/rules/sets/{NAME}/compare"):
        page = reader.page(address)
        assert "severity须是block, warn, info之一" in page
        assert "personal_credit_agreement_deletion/ruleset.yaml" in page
    assert "P224-001" in reader.page(f"/rules/sets/{NAME}"), "what is in force is shown as ever"


def test_an_export_is_the_files_byte_for_byte_and_told(stage: Stage, reader: Window) -> None:
    answer = reader.get(f"/rules/sets/{NAME}/export.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert FILE in archive.namelist()
        for name in archive.namelist():
            assert archive.read(name) == (ROOT / name).read_bytes()
    write("severity: block", "severity: warn")
    answer = reader.get(f"/rules/sets/{NAME}/export.zip?edition=draft")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert b"severity: warn" in archive.read(FILE)
    assert reader.get("/rules/sets/risk.five_level_floor/export.zip").status_code == 200
    with unit_of_work(reading=True) as session:
        told = session.scalars(select(OutboxEvent).filter_by(name="rules.edition_exported")).all()
        assert [each.actor_id for each in told] == ["gao.yi"] * 3


def test_the_search_field_leads_to_rules_and_rulesets(reader: Window) -> None:
    hits = reader.page("/search/hits?q=P210-050")
    assert f"/rules/sets/{LOANS}/rules/P210-050" in hits
    assert f"/rules/sets/{LOANS}" in reader.page("/search/hits?q=个人借贷账户上报")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/rules/sets/submission.nothing", 404),
        (f"/rules/sets/{'x' * 3000}", 404),
        ("/rules/sets/..%2f..%2fetc", 404),
        (f"/rules/sets/{NAME}?edition=99", 404),
        (f"/rules/sets/{NAME}?edition=draft", 404),
        (f"/rules/sets/{NAME}?edition=%25", 404),
        ("/rules/sets/risk.five_level_floor?edition=1", 404),
        (f"/rules/sets/{NAME}/rules/P999-999", 404),
        (f"/rules/sets/{NAME}/compare?from=live&to=7", 404),
        (f"/rules/sets/{NAME}/compare?from=%00&to=live", 404),
        (f"/rules/sets/{NAME}/export.zip?edition=zz", 404),
        (f"/rules/sets/{NAME}?edition=%00", 404),
        ("/rules/sets/%00", 404),
        ("/rules/requests/%00", 404),
        ("/rules/backtests/BT-%00", 404),
        ("/rules/requests?q=%00x", 200),
        ("/rules/requests/RR-nothing", 404),
        ("/rules/backtests/BT-nothing", 404),
        (f"/rules?q={'a' * 5000}&item={'%00' * 50}&page=-1&sort=;drop&size=x", 200),
        ("/rules?severity=nothing&ruleset=nothing", 200),
        (f"/rules/sets/{NAME}?tab=nothing&by=nothing", 200),
        ("/rules/sets?work=nothing&area=%27", 200),
        ("/rules/requests?q=%25%27&state=nothing", 200),
    ],
)
def test_hostile_addresses_get_an_answer(reader: Window, path: str, status: int) -> None:
    assert reader.get(path).status_code == status


PAGES = ["/rules", "/rules/rules.csv", "/rules/sets", "/rules/sets.csv", f"/rules/sets/{NAME}",
         f"/rules/sets/{NAME}/rules/P224-001", f"/rules/sets/{NAME}/compare", f"/rules/sets/{NAME}/export.zip",
         "/rules/requests", "/rules/requests.csv"]  # fmt: skip


def test_who_may_not_see_rulesets_sees_none_and_only_writers_act(stage: Stage, reader: Window) -> None:
    stranger = stage.window("song.ke")
    for path in PAGES:
        assert stranger.get(path).status_code == 403, path
        assert reader.get(path).status_code == 200, path
    for act in ("submit", "retire", "backtest"):
        assert reader.post(f"/rules/sets/{NAME}/{act}").status_code == 403, act
    analyst = stage.window("qiao.yu")
    assert analyst.post(f"/rules/sets/{NAME}/submit").status_code == 403
    assert analyst.post(f"/rules/sets/{NAME}/backtest").status_code == 404, "may, but nothing is stored"
    page = reader.page(f"/rules/sets/{NAME}")
    assert "编辑草稿" not in page
    assert "停用" not in page
