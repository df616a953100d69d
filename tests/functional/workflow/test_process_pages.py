"""The pages of process definitions through HTTP: begun, kept, refused, checked, reviewed by a second person, published."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.actor import SYSTEM, acting
from app.core.db import Database, unit_of_work
from app.factory import create_app
from app.security.accounts import create_user
from app.workflow import drafts
from app.workflow.models import Draft, Process, ProcessVersion

PASSWORD = "Harbour-Lamp-72"
NAME = "objection.intake"
ONE = f"/workflow/processes/{NAME}"
DAILY = "/workflow/processes/submission.daily_batch"
_CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')
DESCRIPTION = {
    "title": {"zh": "异议受理", "en": "Objection intake"},
    "owner": {"zh": "征信异议岗", "en": "Objection desk"},
    "purpose": {"zh": "受理异议", "en": "Take objections"},
    "basis": ["R-1"],
    "facts": {"verify": {"decision": "text"}},
    "data": [],
}
FORM = {
    "id": "objection_verify",
    "type": "default",
    "schemaVersion": 17,
    "title": {"zh": "核实", "en": "Verify"},
    "components": [
        {
            "type": "textfield",
            "key": "decision",
            "label": "意见",
            "label_en": "Decision",
            "validate": {"required": True},
        }
    ],
}
CASES = """
- name: {zh: 办结, en: Done}
  answers:
    Verify: {decision: 同意}
  path: [Verify]
  end: Done
"""
DRAWN = (
    """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
 xmlns:di="http://www.omg.org/spec/DD/20100524/DI"
 xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" id="D" targetNamespace="urn:creditlink:objection">
<bpmn:process id="intake" name="异议受理" isExecutable="true">
<bpmn:startEvent id="Begin" name="收到异议"><bpmn:outgoing>F1</bpmn:outgoing></bpmn:startEvent>
<bpmn:userTask id="Verify" name="核实"><bpmn:extensionElements><spiffworkflow:properties>
<spiffworkflow:property name="form" value="objection/verify"/><spiffworkflow:property name="role" value="reviewer"/>
<spiffworkflow:property name="result" value="verify"/></spiffworkflow:properties></bpmn:extensionElements>
<bpmn:incoming>F1</bpmn:incoming><bpmn:outgoing>F2</bpmn:outgoing></bpmn:userTask>
<bpmn:endEvent id="Done" name="办结"><bpmn:incoming>F2</bpmn:incoming></bpmn:endEvent>
<bpmn:sequenceFlow id="F1" sourceRef="Begin" targetRef="Verify"/>
<bpmn:sequenceFlow id="F2" sourceRef="Verify" targetRef="Done"/></bpmn:process>
<bpmndi:BPMNDiagram id="Diagram"><bpmndi:BPMNPlane id="Plane" bpmnElement="intake">"""
    + "".join(
        f'<bpmndi:BPMNShape id="{name}_di" bpmnElement="{name}"><dc:Bounds x="{x}" y="80" width="36" height="36"/>'
        "</bpmndi:BPMNShape>"
        for name, x in (("Begin", 100), ("Verify", 200), ("Done", 300))
    )
    + "".join(
        f'<bpmndi:BPMNEdge id="{name}_di" bpmnElement="{name}"><di:waypoint x="{x}" y="98"/>'
        f'<di:waypoint x="{x + 64}" y="98"/></bpmndi:BPMNEdge>'
        for name, x in (("F1", 136), ("F2", 236))
    )
    + "</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>"
)


@dataclass
class Window:
    """Somebody's browser."""

    client: FlaskClient
    token: str

    def page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, path: str, **data: str) -> TestResponse:
        return self.client.post(path, data={**data, "csrf_token": self.token})

    def send(self, path: str, body: Any, method: str = "POST") -> TestResponse:
        headers = {"X-CSRFToken": self.token, "Accept": "application/json"}
        return self.client.open(path, method=method, json=body, headers=headers)

    def put(self, **body: Any) -> TestResponse:
        return self.send(f"{ONE}/draft", body, "PUT")

    def draft(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"{ONE}/draft", headers={"Accept": "application/json"}).json
        return found


@pytest.fixture
def enter(sqlite_database: Database) -> Callable[[str, str], Window]:
    """`enter("qiao.yu", "analyst")`: a browser with somebody of that role signed in."""
    app = create_app()

    def open_window(username: str, role: str) -> Window:
        with acting(SYSTEM), unit_of_work():
            create_user(username, username, [role], PASSWORD, must_change=False)
        client = app.test_client()
        found = _CSRF.search(client.get("/sign-in").text)
        assert found
        client.post("/sign-in", data={"username": username, "password": PASSWORD, "csrf_token": found[1]})
        found = _CSRF.search(client.get("/account").text)
        assert found
        return Window(client, found[1])

    return open_window


@pytest.fixture
def analyst(enter: Callable[[str, str], Window]) -> Window:
    """An analyst who has begun a draft."""
    window = enter("qiao.yu", "analyst")
    words = {"title_zh": "异议受理", "title_en": "Objection intake", "owner_zh": "异议岗", "owner_en": "Objection desk"}
    answer = window.post("/workflow/processes", process=NAME, **words)
    assert answer.status_code == 302
    return window


def _complete(window: Window) -> int:
    answer = window.put(
        lock=window.draft()["lock"], xml=DRAWN, description=DESCRIPTION, forms={"objection/verify": FORM}, cases=CASES
    )
    assert answer.status_code == 200, answer.text
    return int(answer.json["lock"])


def test_shipped_processes_are_listed_without_being_written(enter: Callable[[str, str], Window]) -> None:
    window = enter("xu.wen", "reviewer")
    assert "日终报送批次" in window.page("/workflow/processes?q=submission")
    assert "随系统提供" in window.page(DAILY)
    assert window.client.get("/workflow/processes.csv").data.startswith(b"\xef\xbb\xbf")
    with unit_of_work(reading=True) as session:
        assert session.query(Process).count() == 0


def test_a_reviewer_may_look_and_not_draw(enter: Callable[[str, str], Window]) -> None:
    window = enter("xu.wen", "reviewer")
    assert window.post(f"{DAILY}/open").status_code == 403
    assert window.client.get(f"{DAILY}/edit").status_code == 403
    assert "新建流程" not in window.page("/workflow/processes")


def test_an_empty_draft_is_kept_and_read_back(analyst: Window) -> None:
    lock = _complete(analyst)
    found = analyst.draft()
    assert (found["lock"], found["description"]["title"]["zh"]) == (lock, "异议受理")
    assert found["forms"]["objection/verify"]["components"][0]["key"] == "decision"
    assert "Verify" in found["cases"]
    assert "data-editor" in analyst.page(f"{ONE}/edit")


def test_bad_or_taken_names_begin_nothing(analyst: Window) -> None:
    words = {"title_zh": "名", "title_en": "t", "owner_zh": "岗", "owner_en": "o"}
    for process in ("Objection", "objection.", "a/b.c", NAME, "submission.daily_batch"):
        assert analyst.post("/workflow/processes", process=process, **words).status_code in (409, 422), process
    with unit_of_work(reading=True) as session:
        assert session.query(Draft).count() == 1


def test_two_writers_cannot_both_win(analyst: Window, enter: Callable[[str, str], Window]) -> None:
    stale = analyst.draft()["lock"]
    second = enter("li.mo", "analyst")
    assert second.put(lock=stale, description={**DESCRIPTION, "basis": ["R-2"]}).status_code == 200
    answer = analyst.put(lock=stale, description=DESCRIPTION)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "workflow.draft_changed")
    assert analyst.draft()["description"]["basis"] == ["R-2"]
    assert analyst.draft()["others"] == ["li.mo"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"xml": "x" * (drafts.LARGEST + 1)}, "workflow.diagram"),
    ({"xml": 5}, "workflow.request"),
    ({"forms": {"../etc": {}}}, "workflow.form_name"),
    ({"forms": []}, "workflow.request"),
    ({"description": "x"}, "workflow.request"),
    ({"description": {"purpose": "x" * 1_100_000}}, "workflow.too_large"),
    ({"cases": "- name: [unclosed"}, "workflow.cases"),
    ({"cases": "a: &a [1]\nb: *a"}, "workflow.cases"),
    ({"cases": "just words"}, "workflow.cases"),
    ({"cases": "[" * 3_000}, "workflow.cases"),
]


def test_what_cannot_be_kept_is_refused_and_nothing_is_lost(analyst: Window) -> None:
    lock = _complete(analyst)
    for body, code in REFUSED:
        answer = analyst.put(lock=lock, **body)
        assert (answer.status_code, answer.json["error"]["code"]) == (422, code)
    found = analyst.draft()
    assert (found["lock"], found["xml"]) == (lock, DRAWN)


def test_twenty_megabytes_are_turned_away_at_the_door(analyst: Window) -> None:
    lock = _complete(analyst)
    answer = analyst.put(lock=lock, xml="x" * 20_000_000)
    assert answer.status_code in (413, 422)
    assert analyst.draft()["xml"] == DRAWN


WRONG = (
    "<a",
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    DRAWN.replace("<bpmn:userTask", "<bpmn:scriptTask").replace("</bpmn:userTask", "</bpmn:scriptTask"),
)


def test_a_wrong_diagram_may_be_kept_and_is_not_published(analyst: Window) -> None:
    _complete(analyst)
    for xml in WRONG:
        lock = analyst.put(lock=analyst.draft()["lock"], xml=xml).json["lock"]
        report = analyst.send(f"{ONE}/check", {}).json
        assert [each for each in report["problems"] if each["severity"] == "error"]
        assert "root:" not in str(report)
        answer = analyst.send(f"{ONE}/submit", {"lock": lock, "note": ""})
        assert (answer.status_code, answer.json["error"]["code"]) == (422, "workflow.unfit")


def test_a_condition_is_read_aloud_or_told_what_is_wrong(analyst: Window) -> None:
    facts = DESCRIPTION["facts"]
    good = analyst.send(f"{ONE}/wording", {"expression": "verify.decision == 'a'", "facts": facts}).json
    assert "等于" in good["words"]["zh"]
    assert " is " in good["words"]["en"]
    bad = analyst.send(f"{ONE}/wording", {"expression": "verify.decisoin == 'a'", "facts": facts}).json
    assert (bad["problems"][0]["line"], bad["problems"][0]["nearest"]) == (1, "verify.decision")
    assert analyst.send(f"{ONE}/wording", {"expression": "__import__('os')", "facts": facts}).json["problems"]
    assert analyst.send(f"{ONE}/wording", {"expression": "a", "facts": {"a": {"b": "nonsense"}}}).status_code == 422


def test_the_cases_are_played_one_by_one(analyst: Window) -> None:
    _complete(analyst)
    found = analyst.send(f"{ONE}/check", {"outcomes": True}).json
    assert [each for each in found["problems"] if each["severity"] == "error"] == []
    assert found["sound"] is True
    assert found["outcomes"] == [{"name": {"zh": "办结", "en": "Done"}, "faults": []}]


def test_a_second_person_publishes_what_the_first_submits(analyst: Window, enter: Callable[[str, str], Window]) -> None:
    lock = _complete(analyst)
    assert analyst.send(f"{ONE}/submit", {"lock": lock, "note": "新流程"}).status_code == 200
    assert analyst.put(lock=lock, xml=DRAWN).status_code == 409
    assert analyst.client.get(f"{ONE}/edit").location == f"{ONE}/review"
    assert analyst.post(f"{ONE}/publish").status_code == 403
    second = enter("tang.jun", "compliance")
    page = second.page(f"{ONE}/review")
    assert "新流程" in page
    assert "发布" in page
    assert second.post(f"{ONE}/publish").status_code == 302
    assert second.post(f"{ONE}/publish").status_code == 404
    with unit_of_work(reading=True) as session:
        version = session.query(ProcessVersion).filter_by(process=NAME).one()
        assert (version.number, version.origin, version.note) == (1, "console", "新流程")
        assert session.query(Draft).count() == 0
    assert "第 1 版" in second.page(ONE)
    assert second.client.get(f"{ONE}/bpmn?of=1").data.decode() == DRAWN


def test_a_returned_draft_can_be_changed_again(analyst: Window, enter: Callable[[str, str], Window]) -> None:
    lock = _complete(analyst)
    analyst.send(f"{ONE}/submit", {"lock": lock, "note": ""})
    assert enter("tang.jun", "compliance").post(f"{ONE}/return").status_code == 302
    assert analyst.draft()["status"] == "editing"
    assert analyst.put(lock=analyst.draft()["lock"], xml=DRAWN.replace("核实", "查实")).status_code == 200


def test_a_draft_of_a_live_process_is_compared_with_it(enter: Callable[[str, str], Window]) -> None:
    window = enter("qiao.yu", "analyst")
    assert window.post(f"{DAILY}/open").location == f"{DAILY}/edit"
    lock = window.client.get(f"{DAILY}/draft").json["lock"]
    said = {**window.client.get(f"{DAILY}/draft").json["description"], "basis": ["R-99"]}
    assert window.send(f"{DAILY}/draft", {"lock": lock, "description": said}, "PUT").status_code == 200
    page = window.page(f"{DAILY}/diff?a=live&b=draft")
    assert "R-99" in page
    assert "line-added" in page
    assert window.page(f"{DAILY}/review")
    assert window.post(f"{DAILY}/discard").location == DAILY
    assert window.client.get(f"{DAILY}/diff?a=live&b=draft").status_code == 404


def test_what_does_not_exist_is_not_found(enter: Callable[[str, str], Window]) -> None:
    window = enter("qiao.yu", "analyst")
    for path in ("nothing.here", "nothing.here/edit", "nothing.here/diff", "submission.daily_batch/bpmn?of=77"):
        assert window.client.get(f"/workflow/processes/{path}").status_code == 404, path
