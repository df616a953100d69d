"""Cases begun by hand, through HTTP: who may, what is asked, what is refused, and once for each business number."""

from __future__ import annotations

import json
import re
from threading import Barrier, Thread
from typing import Any

import pytest
from inbox_stage import FORM, Stage, Window
from sketch import WORDS, sketch

from app.core.actor import SYSTEM, Actor, acting
from app.core.db import Database, unit_of_work
from app.core.registry import Registry
from app.workflow import starting
from app.workflow.content import Content
from app.workflow.inbox.doers import Doer
from app.workflow.instance import run_of
from app.workflow.models import Process, ProcessInstance
from app.workflow.permissions import START
from app.workflow.versions import remember

QUESTION = """
    start S
    user A role=operator form=t/check result=first
    end E
    S > A > E
"""
ASKED = {
    "id": "t_begin",
    "type": "default",
    "schemaVersion": 17,
    "title": {"zh": "登记异议", "en": "Enter an objection"},
    "components": [
        {
            "type": "radio",
            "key": "channel",
            "label": "渠道",
            "label_en": "Channel",
            "values": [
                {"label": "柜面", "label_en": "Counter", "value": "counter"},
                {"label": "其他", "label_en": "Other", "value": "other"},
            ],
            "validate": {"required": True},
        },
        {
            "type": "textfield",
            "key": "which",
            "label": "何种渠道",
            "label_en": "Which",
            "validate": {"required": True},
            "conditional": {"hide": "channel == 'counter'"},
        },
        {
            "type": "number",
            "key": "number",
            "label": "笔数",
            "label_en": "How many",
            "decimalDigits": 0,
            "validate": {"min": 1},
        },
    ],
}
PLAIN, DRAWN, ROOM = "t.plain", "t.drawn", "t.room"


def publish(process: str, **description: Any) -> None:
    told = {"process": process, "title": WORDS, "owner": WORDS, "purpose": WORDS, "facts": {}, **description}
    forms = {"t/check": FORM, "t/begin": ASKED}
    with acting(SYSTEM), unit_of_work() as session:
        made = remember(Content(process, told, sketch(QUESTION, process.rpartition(".")[2]), forms), "console")
        session.add(Process(name=process, live=made.version))


def announce() -> None:
    publish(PLAIN, title={"zh": "逐项", "en": "Plain"}, start={"role": "operator"}, data=["batch", "note"])
    publish(
        DRAWN, title={"zh": "异议", "en": "Objection"}, start={"form": "t/begin", "role": "operator"}, data=["channel"]
    )
    publish(ROOM, data=["batch"])


@pytest.fixture
def stage(sqlite_database: Database) -> Stage:
    made = Stage()
    made.people("wu.fan", "xu.wen", "qiao.yu")
    announce()
    return made


def at(process: str) -> str:
    return f"/workflow/processes/{process}/start"


def cases() -> list[ProcessInstance]:
    with unit_of_work(reading=True) as session:
        found = session.query(ProcessInstance).order_by(ProcessInstance.started_at).all()
        return list(found)


def known(instance: ProcessInstance) -> dict[str, Any]:
    with unit_of_work(reading=True):
        return dict(run_of(instance).data)


def suggestion(window: Window, process: str) -> str:
    found = re.search(r'name="_suggested" value="([^"]+)"', window.page(at(process)))
    assert found
    return found[1]


def test_the_doors_are_shown_to_who_may_go_through_them(stage: Stage) -> None:
    operator, reviewer, analyst = stage.windows("wu.fan", "xu.wen", "qiao.yu")
    inbox = operator.page("/workflow/inbox")
    assert "发起业务" in inbox
    assert [each in inbox for each in (at(PLAIN), at(DRAWN), at(ROOM), at("test.p"))] == [True, True, False, False]
    assert "发起业务" not in reviewer.page("/workflow/inbox"), "no process is begun by this role"
    assert at(PLAIN) in operator.page(f"/workflow/processes/{PLAIN}")
    for window, process in ((operator, ROOM), (reviewer, PLAIN), (analyst, PLAIN)):
        assert at(process) not in window.page(f"/workflow/processes/{process}")
        assert window.get(at(process)).status_code == 403
        assert window.post(at(process), {"_key": "K1", "batch": "B1", "note": "x"}).status_code == 403
    assert operator.get(at("t.none")).status_code == 404
    assert operator.post(at("t.none"), {"_key": "K1"}).status_code == 404
    assert cases() == []


def test_processes_that_rooms_begin_are_not_begun_by_hand(stage: Stage) -> None:
    (window,) = stage.windows("wu.fan")
    for process in ("submission.daily_batch", "security.access_request"):
        assert window.get(at(process)).status_code == 403
        answer = window.post(at(process), {"_key": "K1", "batch": "B1", "request": "R1"})
        assert (answer.status_code, "该流程不由人员发起" in answer.text) == (403, True)


def test_without_a_form_each_name_of_the_data_is_asked_for(stage: Stage) -> None:
    (window,) = stage.windows("wu.fan")
    given = {"_key": " YY-1 ", "_subject": "王小明", "batch": "B1", "note": "急"}
    answer = window.post(at(PLAIN), given)
    (case,) = cases()
    assert (answer.status_code, answer.location) == (302, f"/workflow/instances/{case.id}")
    assert (case.process, case.business_key, case.subject, case.started_by) == (PLAIN, "YY-1", "王**", "wu.fan")
    assert known(case) == {"batch": "B1", "note": "急"}
    assert stage.events("instance_begun") == [
        {"instance": case.id, "process": PLAIN, "business_key": "YY-1", "by": "wu.fan"}
    ]
    assert "王小明" not in str(vars(case))


def test_everything_wrong_is_told_at_once_and_nothing_is_lost(stage: Stage) -> None:
    (window,) = stage.windows("wu.fan")
    answer = window.post(at(PLAIN), {"_key": "11010519491231002X", "_subject": "王" * 61, "batch": "", "note": "急<b>"})
    assert answer.status_code == 422
    for words in ("业务编号不能是证件号码或手机号", "至多 60 字", "请填写此项", "急&lt;b&gt;", "王" * 61):
        assert words in answer.text, words
    assert window.post(at(PLAIN), {"_key": "13800138000", "batch": "B", "note": "n"}).status_code == 422
    assert window.post(at(PLAIN), {"_key": "K" * 61, "batch": "B", "note": "n"}).status_code == 422
    assert window.post(at(PLAIN), {"_key": "K\u202e1", "batch": "B", "note": "n"}).status_code == 422
    assert window.post(at(PLAIN), {"_key": "", "batch": "B", "note": "n"}).status_code == 422
    assert window.post(at(PLAIN), {"_key": "K1", "batch": "B", "note": "n", "more": "x"}).status_code == 422
    assert cases() == []
    assert stage.events("instance_begun") == []


def test_the_form_of_the_description_is_asked_and_checked_as_those_of_tasks_are(stage: Stage) -> None:
    (window,) = stage.windows("wu.fan")
    page = window.page(at(DRAWN))
    assert "柜面" in page
    assert f'data-look="{at(DRAWN)}/look"' in page
    assert window.post(f"{at(DRAWN)}/look", {"channel": "counter"}).json == {"hidden": ["1"]}
    assert window.post(at(DRAWN), {"_look": "1", "channel": "other"}).status_code == 200
    answer = window.post(at(DRAWN), {"_key": "K1", "channel": "other", "number": "0"})
    assert answer.status_code == 422
    assert "何种渠道" in answer.text
    assert cases() == []
    window.speak("en")
    assert "Counter" in window.page(at(DRAWN))
    window.post(at(DRAWN), {"_key": "K1", "channel": "counter", "number": "3"})
    assert known(cases()[0]) == {"channel": "counter", "number": 3}


def test_a_number_is_begun_once_and_sent_twice_leads_to_the_one_case(stage: Stage) -> None:
    (window,) = stage.windows("wu.fan")
    given = {"_key": "YY-1", "batch": "B1", "note": "n"}
    first, second = window.post(at(PLAIN), given), window.post(at(PLAIN), {**given, "batch": "B2"})
    assert first.location == second.location
    assert json.dumps("已经发起过")[1:-1] in window.page(second.location)
    assert [known(each)["batch"] for each in cases()] == ["B1"]
    assert len(stage.events("instance_begun")) == 1
    suggested = suggestion(window, PLAIN)
    assert re.fullmatch(r"plain-\d{8}-[2-9A-Z]{6}", suggested)
    assert suggestion(window, PLAIN) != suggested
    for _ in range(2):
        window.post(at(PLAIN), {"_key": "", "_suggested": suggested, "batch": "B3", "note": "n"})
    assert [each.business_key for each in cases()] == ["YY-1", suggested]


def test_two_at_the_same_moment_are_led_to_one_case(database: Database) -> None:
    announce()
    me, wish = Doer("wu.fan", "吴帆", frozenset({"operator"}), frozenset({START})), starting.Wish("K1", "", {})
    publish("t.bare", start={})
    barrier, found = Barrier(2), []

    def begin() -> None:
        with acting(Actor("wu.fan", "吴帆", "person")), unit_of_work():
            barrier.wait(10)
            found.append(starting.begin(me, "t.bare", wish, Registry()))

    threads = [Thread(target=begin) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert len({instance for instance, _ in found}) == 1
    assert sorted(fresh for _, fresh in found) == [False, True]
    assert len(cases()) == 1
