"""The editor of drafts through HTTP: begun, changed rule by rule, judged, tried, checked; refused where it must be."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from inbox_stage import Stage, Window
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core import clock
from app.core.clock import CHINA
from app.core.db import Database, unit_of_work
from app.core.outbox import OutboxEvent
from app.rules.registry import drafts
from app.rules.registry.models import RulesetDraft
from app.rules.registry.shipped import ROOT

NAME = "submission.personal_credit_agreement"
ONE = f"/rules/sets/{NAME}/draft"
FILE = "submission/personal_credit_agreement/ruleset.yaml"
SHIPPED = (ROOT / FILE).read_text(encoding="utf-8")
RULE = "P220-001"
PEOPLE = {"he.lan": ("何岚", "compliance"), "xu.wen": ("许文", "compliance"), "lin.hai": ("林海", "reviewer")}
NOW = datetime(2026, 11, 2, 9, tzinfo=CHINA)


@dataclass
class Desk:
    """Somebody at the editor."""

    window: Window
    base: str = ONE

    def ask(self, what: str, body: Any = None, method: str = "POST") -> TestResponse:
        headers = {"X-CSRFToken": self.window.token, "Accept": "application/json"}
        address = f"{self.base}/{what}" if what else self.base
        return self.window.client.open(address, method=method, json=body, headers=headers)

    def good(self, what: str, body: Any = None, method: str = "POST") -> dict[str, Any]:
        answer = self.ask(what, body, method)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def state(self) -> dict[str, Any]:
        return self.good("state", method="GET")

    def change(self, **given: Any) -> dict[str, Any]:
        return self.good("change", {"lock": self.state()["lock"], **given})

    def rule(self, rule: str = RULE) -> dict[str, Any]:
        return self.good(f"rules/{rule}", method="GET")

    def refused(self, what: str, body: Any, method: str = "POST") -> tuple[int, str]:
        answer = self.ask(what, body, method)
        return answer.status_code, answer.get_json()["error"]["code"]


@pytest.fixture
def house(sqlite_database: Database) -> Iterator[Stage]:
    with clock.frozen(NOW):
        stage = Stage()
        stage.persons(PEOPLE)
        yield stage


@pytest.fixture
def desk(house: Stage) -> Desk:
    window = house.window("he.lan")
    assert window.post(f"{ONE}/begin").status_code == 302
    return Desk(window)


def first_own(state: dict[str, Any]) -> str:
    return str(next(each["id"] for each in state["rules"] if not each["extends"]))


def test_a_draft_begins_by_asking_and_shows_all_rules(house: Stage) -> None:
    window = house.window("he.lan")
    assert "开始起草" in window.page(ONE)
    with unit_of_work(reading=True) as session:
        assert session.get(RulesetDraft, NAME) is None, "to look begins nothing"
    assert window.post(f"{ONE}/begin").status_code == 302
    page = window.page(ONE)
    assert "data-studio" in page
    assert "新授信协议" in page or "授信协议" in page
    state = Desk(window).state()
    assert state["text"] == SHIPPED
    assert state["rules"]
    assert state["shared"]
    assert not state["faults"]
    assert not any(each["changed"] for each in state["rules"])
    assert window.get("/rules/sets/submission.none/draft").status_code == 404


def test_only_who_writes_rulesets_comes_in(house: Stage, desk: Desk) -> None:
    other = Desk(house.window("lin.hai"))
    assert other.window.get(ONE).status_code == 403
    for what in ("judge", "complete", "codes", "run", "try", "check", "change"):
        assert other.ask(what, {"lock": 1}).status_code == 403, what
    assert other.ask("", {"lock": 1, "texts": {}}, "PUT").status_code == 403
    for what in ("judge", "change", "check", "run"):
        assert desk.window.client.post(f"{ONE}/{what}", json={}).status_code == 400, f"{what} without the form token"
    assert desk.window.client.put(ONE, json={}).status_code == 400
    assert desk.window.client.post(f"{ONE}/discard").status_code == 400


def test_one_rule_is_changed_and_nothing_else_of_the_text(desk: Desk) -> None:
    rule = first_own(desk.state())
    form = desk.rule(rule)["form"]
    found = desk.change(
        what="rule", id=rule, rule={**form, "severity": "info", "title": {"zh": "改过", "en": "Changed"}}
    )
    old, new = SHIPPED.splitlines(), found["text"].splitlines()
    assert len(set(old) ^ set(new)) <= 8
    assert [line for line in new if line.lstrip().startswith("#")] == [
        line for line in old if line.lstrip().startswith("#")
    ]
    (line,) = [each for each in found["rules"] if each["changed"]]
    assert (line["id"], line["title"]["zh"], line["changed"]) == (rule, "改过", "changed")
    assert found["before"] == {FILE: SHIPPED}
    undone = desk.good("", {"lock": found["lock"], "texts": found["before"]}, "PUT")
    assert undone["text"] == SHIPPED
    assert not any(each["changed"] for each in undone["rules"])


def test_who_saves_second_is_told_who_was_first_and_nothing_is_lost(house: Stage, desk: Desk) -> None:
    second = Desk(house.window("xu.wen"))
    lock = desk.state()["lock"]
    rule = first_own(desk.state())
    form = desk.rule(rule)["form"]
    second.good("change", {"lock": lock, "what": "rule", "id": rule, "rule": {**form, "severity": "info"}})
    mine = {"lock": lock, "what": "rule", "id": rule, "rule": {**form, "severity": "warn"}}
    assert desk.refused("change", mine) == (409, "rules.draft_changed")
    assert desk.refused("", {"lock": lock, "texts": {FILE: "x"}}, "PUT") == (409, "rules.draft_changed")
    state = desk.state()
    assert state["updated_by"] == "许文"
    assert desk.rule(rule)["form"]["severity"] == "info"
    desk.change(what="rule", id=rule, rule={**form, "severity": "warn"})
    assert {"何岚", "许文"} <= set(desk.state()["authors"])
    with unit_of_work(reading=True) as session:
        heard = list(session.scalars(select(OutboxEvent.name).order_by(OutboxEvent.id)))
    assert heard.count("rules.draft_saved") == 1


def test_conditions_are_judged_in_rows_and_in_writing(desk: Desk) -> None:
    good = desk.good("judge", {"expression": "B.RptDateCode == '10' and filled(B.RptDate)"})
    assert good["words"]["zh"].startswith("报告时点说明代码等于“10”")
    assert good["tree"]["kind"] == "group"
    changed = {**good["tree"], "join": "or"}
    again = desk.good("judge", {"tree": changed})
    assert again["text"] == "B.RptDateCode == '10' or filled(B.RptDate)"
    bad = desk.good("judge", {"expression": "B.RptDateCod == '10'"})
    assert bad["tree"] is None
    assert bad["problems"][0]["nearest"] == "B.RptDateCode"
    assert desk.good("complete", {"expression": "B.RptDateCode == '", "at": 18})["options"][0]["detail"]["zh"]


HOSTILE = [
    {"expression": "__import__('os').system('id')"},
    {"expression": "(" * 3000},
    {"expression": "9 ** 9 ** 9 == 1"},
    {"expression": "matches(B.RptDate, '(a+)+$')"},
    {"expression": "[x for x in ().__class__.__base__.__subclasses__()]"},
    {"expression": "has(B)", "each": "a: &a [1, *a]"},
    {"expression": "has(B)", "each": "of: [[[[[[[["},
]


@pytest.mark.parametrize("body", HOSTILE)
def test_hostile_conditions_are_told_what_is_wrong(desk: Desk, body: dict[str, Any]) -> None:
    answer = desk.good("judge", body)
    assert answer["problems"]
    assert answer["tree"] is None


def test_what_is_no_request_of_the_editor_is_refused(desk: Desk) -> None:
    lock = desk.state()["lock"]
    for what, body, code in (
        ("judge", {"tree": {"kind": "group", "join": "and", "terms": []}}, "rules.tree"),
        ("judge", {"tree": 5}, "rules.tree"),
        ("judge", {"expression": "x" * 20_001}, "rules.request"),
        ("judge", [], "rules.request"),
        ("change", {"what": "rule"}, "rules.request"),
        ("change", {"lock": lock, "what": "drop"}, "rules.request"),
        ("change", {"lock": lock, "what": "rule", "id": first_own(desk.state()), "rule": {"id": 3}}, "rules.request"),
        ("change", {"lock": lock, "what": "add_rule", "id": "../x", "after": "", "copy": ""}, "rules.id"),
        ("change", {"lock": lock, "what": "case", "id": "../../x", "case": {"name": {}, "base": ""}}, "rules.request"),
        ("try", {"text": "B.RptDateCode 10"}, "rules.given"),
        ("try", {"text": "<Document><No/></Document>"}, "rules.given"),
        ("try", {"text": "x" * 199_999}, "rules.given"),
    ):
        assert desk.refused(what, body) == (422, code), (what, code)
    large = {"lock": lock, "texts": {FILE: "x" * (drafts.LARGEST + 1)}}
    assert desk.ask("", large, "PUT").status_code in (413, 422)
    for path, code in (
        ("../../etc/passwd", "rules.shared"),
        ("submission/personal_general/rules.yaml", "rules.shared"),
        (FILE.replace("ruleset.yaml", "../x.yaml"), "rules.texts"),
    ):
        assert desk.refused("", {"lock": lock, "texts": {path: "x"}}, "PUT") == (422, code), path
    assert desk.state()["lock"] == lock
    assert desk.state()["text"] == SHIPPED


def test_a_text_that_is_wrong_is_kept_and_told_at_its_line(desk: Desk) -> None:
    lock = desk.state()["lock"]
    broken = desk.good("", {"lock": lock, "texts": {FILE: SHIPPED + "\n  bad: ["}}, "PUT")
    assert broken["readable"] is False
    assert broken["faults"]
    rule = {"lock": broken["lock"], "what": "add_rule", "id": "", "after": "", "copy": ""}
    assert desk.refused("change", rule) == (422, "rules.yaml")
    assert desk.window.get(ONE).status_code == 200
    wrong = SHIPPED.replace("require: ", "require: nonsense and ", 1)
    told = desk.good("", {"lock": broken["lock"], "texts": {FILE: wrong}}, "PUT")
    assert any(fault["line"] > 10 and "nonsense" in fault["message"]["zh"] for fault in told["faults"])
    assert desk.good("run", {"rule": first_own(told)})["faults"]


@pytest.mark.parametrize(
    "text",
    [
        "rules: &a [*a]\n",
        "rules: 5\ntitle: []\nfacts: {record: [1]}\n",
        "rules:\n- {id: [1], title: {zh: 2026-10-20}, needs: x, checks: [1, {when: 2}], each: !!binary aGk=}\n",
        "[" * 3000,
        "",
        None,
        "effective: {from: 2026-13-45}\nrules: []\n",
    ],
)
def test_a_page_stands_whatever_the_text_is(desk: Desk, text: str | None) -> None:
    state = desk.good("", {"lock": desk.state()["lock"], "texts": {FILE: text}}, "PUT")
    assert state["faults"]
    assert desk.window.get(ONE).status_code == 200
    for what, body in (
        ("judge", {"expression": "has(B)"}),
        ("run", {"rule": "x"}),
        ("try", {"text": "B.RptDate: 1"}),
        ("check", {}),
    ):
        assert desk.ask(what, body).status_code in (200, 404, 422), what
    assert desk.ask(
        "change", {"lock": state["lock"], "what": "add_rule", "id": "", "after": "", "copy": ""}
    ).status_code in (200, 404, 422)


def test_cases_are_shown_whatever_they_set(desk: Desk) -> None:
    rule = first_own(desk.state())
    path = FILE.replace("ruleset.yaml", f"cases/{rule}.yaml")
    sets = "{a: 2026-10-20, b: 1.5, c: !!binary aGk=, d: [{e: null}]}"
    odd = f"rule: {rule}\ncases:\n- {{name: 5, base: [], set: {sets}, expect: no}}\n- 7\n"
    desk.good("", {"lock": desk.state()["lock"], "texts": {path: odd}}, "PUT")
    shown = desk.rule(rule)["cases"]
    assert shown[0]["set"] == [["a", "2026-10-20"], ["b", "1.5"], ["c", "b'hi'"], ["d", [{"e": None}]]]
    assert desk.good("run", {"rule": rule})["faults"]


def test_a_new_rule_with_its_cases_is_written_run_and_checked(desk: Desk) -> None:
    made = desk.change(what="add_rule", id="P220-900", after="", copy="")
    assert made["rule"] == "P220-900"
    assert any(fault["rule"] == "P220-900" for fault in made["faults"]), "it has no condition yet"
    form = desk.rule("P220-900")["form"]
    check = {"each": "", "when": "has(B)", "require": "B.RptDateCode != '99'", "blame": "B.RptDateCode", "code": ""}
    found = desk.change(what="rule", id="P220-900", rule={**form, "checks": [check]})
    assert not found["faults"]
    bases = desk.rule("P220-900")["bases"]
    case = {"name": {"zh": "通过", "en": "passes"}, "base": bases[0], "set": [], "expect": "passes"}
    desk.change(what="case", id="P220-900", case=case)
    check_now = desk.good("check", {})
    assert [fault["rule"] for fault in check_now["faults"]] == ["P220-900"], "it lacks a failing case"
    fires = {**case, "name": {"zh": "违反", "en": "fires"}, "set": [["B.RptDateCode", "99"]], "expect": "fires"}
    desk.change(what="case", id="P220-900", case=fires)
    run = desk.good("run", {"rule": "P220-900"})
    assert [each["good"] for each in run["outcomes"]] == [True, True]
    node = run["outcomes"][1]["explained"]["checks"][0]["require"]["node"]
    assert node["state"] == "false"
    assert node["children"][0]["shown"] == "99"
    assert desk.good("check", {})["fit"] is True
    assert {each["id"]: each["changed"] for each in desk.state()["rules"]}["P220-900"] == "new"


def test_a_rule_is_tried_on_what_somebody_pastes(desk: Desk) -> None:
    base = desk.rule(first_own(desk.state()))["bases"][0]
    all_of_it = desk.good("try", {"base": base, "text": ""})
    assert {each["outcome"] for each in all_of_it["rules"]} == {"held"}
    worse = desk.good("try", {"base": base, "text": "B.RptDate: 2199-01-01\nheader.created_date: 2026-10-21"})
    assert "violated" in {each["outcome"] for each in worse["rules"]}
    assert desk.ask("try", {"rule": "P220-nothing"}).status_code == 404
    assert desk.ask("try", {"record": "no-such-record"}).status_code in (404, 503)
    answer = desk.ask("try", {"text": "B.Nothing: 1\nB.RptDateCode: 10\nform.parsed: maybe"})
    assert answer.status_code == 422
    assert "第1行" in answer.text
    assert "第3行" in answer.text
    for line in (
        "B.0.RptDateCode: 1",
        "0.B.RptDateCode: 1",
        "C.CtrctCertRel.7.BrerType: 1",
        "B.RptDateCode.1: 1",
        "batch.same_key: --5",
    ):
        assert desk.refused("try", {"base": base, "text": line}) == (422, "rules.given"), line
    assert desk.good("try", {"base": base, "text": "C.CtrctCertRel.0.BrerType: 9\nbatch.same_key: 2"})["rules"]


def test_a_shared_rule_is_shown_with_the_reason_and_can_be_added_to(desk: Desk) -> None:
    shared = desk.state()["shared"][0]["id"]
    found = desk.rule(shared)
    assert found["form"] is None
    assert found["shared"]["fragment"].startswith("submission.personal_")
    made = desk.change(what="extend", id=shared)
    assert shared in {each["id"] for each in made["rules"] if each["extends"]}
    form = desk.rule(shared)["form"]
    check = {"each": "", "when": "", "require": "filled(B.RptDate)", "blame": "", "code": ""}
    assert not desk.change(what="rule", id=shared, rule={**form, "checks": [check]})["faults"]
    gone = desk.change(what="remove_rule", id=shared)
    assert shared in {each["id"] for each in gone["shared"]}
    assert gone["text"] == SHIPPED


def test_a_new_ruleset_begins_from_a_form(house: Stage) -> None:
    window = house.window("he.lan")
    assert "新建规则集" in window.page("/rules/new")
    words = {"zh": "本行补充校验", "en": "Checks of our own"}
    bad = window.post("/rules/new", {"name": "Bad name", "about": "nothing", **words})
    assert bad.status_code == 422
    assert "名称须形如" in bad.text
    assert "请选择判断对象" in bad.text
    made = window.post("/rules/new", {"name": "submission.house_checks", "about": "210/", **words})
    assert made.status_code == 302, made.text
    desk = Desk(window, "/rules/sets/submission.house_checks/draft")
    state = desk.state()
    assert state["head"]["title"]["zh"] == "本行补充校验"
    assert [each["id"] for each in state["rules"]] == ["N210-001"]
    assert window.post("/rules/new", {"name": "submission.house_checks", "about": "210/", **words}).status_code == 422
    assert window.post(f"{desk.base}/discard").status_code == 302
    assert window.get(desk.base).status_code == 404


def test_a_decision_table_goes_to_a_workbook_and_back(house: Stage) -> None:
    window = house.window("he.lan")
    desk = Desk(window, "/rules/sets/risk.overdue_to_five_level/draft")
    assert window.post(f"{desk.base}/begin").status_code == 302
    assert 'id="tab-text"' in window.page(desk.base)
    assert 'id="tab-rules"' not in window.page(desk.base)
    book = window.get(f"{desk.base}/workbook")
    assert book.status_code == 200
    before = desk.state()
    assert not before["faults"]

    def send(content: bytes, lock: int) -> TestResponse:
        data = {"lock": str(lock), "file": (io.BytesIO(content), "table.xlsx"), "csrf_token": window.token}
        headers = {"Accept": "application/json"}
        return window.client.post(
            f"{desk.base}/workbook", data=data, headers=headers, content_type="multipart/form-data"
        )

    back = send(book.data, before["lock"])
    assert back.status_code == 200, back.text
    after = desk.state()
    assert not after["faults"]
    assert after["text"].startswith(before["text"].splitlines()[0]), "remarks at the top stay"
    assert send(b"PK nonsense", after["lock"]).get_json()["faults"]
    assert send(book.data, before["lock"] + 99).status_code == 409
    assert send(book.data, -1).status_code == 422
    assert desk.state()["lock"] == after["lock"]
