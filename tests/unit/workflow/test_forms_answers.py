"""Answers: what is accepted and in which form it is kept, what is refused and by which rule."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from app.core import clock
from app.core.registry import FormRows, Registry
from app.core.text import Text
from app.workflow.forms import (
    Background,
    Form,
    FormErrors,
    answers_from,
    case_faults,
    draft_of,
    hidden_ids,
    read_form,
    run_form_cases,
    validate,
)

NOW = datetime(2026, 11, 22, 9, tzinfo=clock.CHINA)
VALUES = [{"value": "a", "label": "甲", "label_en": "A"}, {"value": "b", "label": "乙", "label_en": "B"}]


def form_of(*components: dict[str, Any]) -> Form:
    filled = ({"key": "x", "label": "内容", "label_en": "Content", **each} for each in components)
    return read_form("area/name", {"components": list(filled)})


def rules(form: Form, given: dict[str, Any], background: Background | None = None) -> dict[str, list[str]]:
    with pytest.raises(FormErrors) as refused:
        validate(form, given, background=background or Background())
    assert refused.value.status == 422
    assert set(refused.value.errors) == set(refused.value.wrongs)
    return {key: [each.rule for each in found] for key, found in refused.value.wrongs.items()}


@pytest.mark.parametrize(
    ("component", "given", "kept"),
    [
        ({"type": "textfield"}, "  张三 ", "张三"),
        ({"type": "textarea"}, "一\r\n二", "一\n二"),
        ({"type": "number"}, "12.50", "12.50"),
        ({"type": "number"}, 12.5, "12.5"),
        ({"type": "number"}, Decimal("0.1000"), "0.1000"),
        ({"type": "number", "decimalDigits": 0}, "12", 12),
        ({"type": "number", "decimalDigits": 0}, "-0", 0),
        ({"type": "number", "decimalDigits": 0, "serializeToString": True}, 12, "12"),
        ({"type": "number", "decimalDigits": 2}, "999999999999999.99", "999999999999999.99"),
        ({"type": "datetime"}, "2026-02-28", "2026-02-28"),
        ({"type": "datetime", "disallowPassedDates": True}, "2026-11-22", "2026-11-22"),
        ({"type": "checkbox"}, True, True),
        ({"type": "radio", "values": VALUES}, "a", "a"),
        ({"type": "taglist", "values": VALUES}, ["b", "a"], ["b", "a"]),
        ({"type": "textfield", "validate": {"validationType": "email"}}, "zhang@a.example.cn", "zhang@a.example.cn"),
        ({"type": "textfield", "validate": {"validationType": "phone"}}, "138 1234 5678", "138 1234 5678"),
        ({"type": "textfield", "validate": {"validationType": "phone"}}, "010-12345678", "010-12345678"),
        ({"type": "textfield", "validate": {"pattern": "^[A-Z]{2}[0-9]+$"}}, "AB7", "AB7"),
    ],
)
def test_what_is_accepted_is_kept_exactly(component: dict[str, Any], given: Any, kept: Any) -> None:
    with clock.frozen(NOW):
        (accepted,) = validate(form_of(component), {"x": given}).values()
    assert (accepted, type(accepted)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("component", "given", "rule"),
    [
        ({"type": "textfield"}, 5, "type"),
        ({"type": "textfield"}, ["a", "b"], "type"),
        ({"type": "textfield"}, "一\n二", "type"),
        ({"type": "textfield"}, "a\x00b", "type"),
        ({"type": "textfield"}, "a\ud800", "type"),
        ({"type": "textfield", "validate": {"minLength": 4}}, " 一二  ", "min_length"),
        ({"type": "textfield"}, "长" * 201, "max_length"),
        ({"type": "number"}, "1,20", "number"),
        ({"type": "number"}, True, "number"),
        ({"type": "number"}, float("nan"), "number"),
        ({"type": "number"}, "1e400", "number"),
        ({"type": "number"}, "1" * 16, "number"),
        ({"type": "number"}, "0.00001", "decimals"),
        ({"type": "number", "decimalDigits": 0}, "1.5", "decimals"),
        ({"type": "number", "validate": {"min": 0.1}}, "0.09", "min"),
        ({"type": "number", "validate": {"max": 5}}, "5.01", "max"),
        ({"type": "datetime"}, "2026-02-30", "date"),
        ({"type": "datetime"}, "22.11.2026", "date"),
        ({"type": "datetime", "disallowPassedDates": True}, "2026-11-21", "past"),
        ({"type": "checkbox"}, "perhaps", "type"),
        ({"type": "checkbox", "validate": {"required": True}}, False, "required"),
        ({"type": "radio", "values": VALUES}, "c", "choice"),
        ({"type": "checklist", "values": VALUES}, ["a", "c"], "choice"),
        ({"type": "checklist", "values": VALUES}, ["a", "a"], "choice"),
        ({"type": "checklist", "values": VALUES}, "a", "choice"),
        ({"type": "checklist", "values": VALUES, "validate": {"required": True}}, [], "required"),
        ({"type": "textfield", "validate": {"required": True}}, "　 ", "required"),
        ({"type": "textfield", "validate": {"validationType": "email"}}, "zhang@", "email"),
        ({"type": "textfield", "validate": {"validationType": "phone"}}, "12345", "phone"),
        ({"type": "textfield", "validate": {"pattern": "[0-9]{3}"}}, "1234", "pattern"),
        ({"type": "textfield", "readonly": True}, "changed", "readonly"),
    ],
)
def test_what_is_refused_says_why(component: dict[str, Any], given: Any, rule: str) -> None:
    with clock.frozen(NOW):
        assert rules(form_of(component), {"x": given}) == {"x": [rule]}


def test_everything_wrong_is_said_at_once_in_the_order_of_the_form() -> None:
    form = form_of(
        {"type": "number", "key": "amount", "validate": {"required": True}},
        {"type": "textfield", "key": "code", "validate": {"minLength": 3, "pattern": "[0-9]{3}"}},
        {"type": "select", "key": "kind", "values": VALUES},
    )
    given = {"stranger": 1, "kind": "z", "code": "x"}
    assert rules(form, given) == {
        "amount": ["required"],
        "code": ["min_length", "pattern"],
        "kind": ["choice"],
        "stranger": ["unknown"],
    }
    with pytest.raises(FormErrors) as refused:
        validate(form, given)
    assert list(refused.value.errors) == ["amount", "code", "kind", "stranger"]
    assert refused.value.errors["code"] == Text(
        "至少填写 3 个字符，现有 1 个；格式不符，请按说明填写",
        "This must have at least 3 characters; it has 1; This does not have the form that is asked for",
    )
    assert (refused.value.called("room.code").code, refused.value.code) == ("room.code", "workflow.answers")


CONDITIONAL = (
    {"type": "radio", "key": "decision", "values": VALUES, "validate": {"required": True}},
    {
        "type": "group",
        "conditional": {"hide": "=empty(decision) or decision != 'b'"},
        "components": [
            {"type": "textfield", "key": "why", "label": "为何", "label_en": "Why", "validate": {"required": True}},
            {"type": "checkbox", "key": "sure", "label": "确定", "label_en": "Sure"},
        ],
    },
    {"type": "textfield", "key": "last", "validate": {"required": True}, "conditional": {"hide": "empty(why)"}},
)


def test_hidden_questions_are_neither_asked_nor_kept() -> None:
    form = form_of(*CONDITIONAL)
    assert validate(form, {"decision": "a"}) == {"decision": "a"}
    # What was filled in before it was hidden is dropped, and with it what hangs on it.
    assert validate(form, {"decision": "a", "why": "旧", "last": "旧"}) == {"decision": "a"}
    assert rules(form, {"decision": "b"}) == {"why": ["required"]}
    assert rules(form, {"decision": "b", "why": "有"}) == {"last": ["required"]}
    assert validate(form, {"decision": "b", "why": "有", "last": "完"}) == {
        "decision": "b",
        "why": "有",
        "sure": False,
        "last": "完",
    }


def test_the_page_is_told_what_to_hide() -> None:
    form = form_of(*CONDITIONAL)
    assert hidden_ids(form, MultiDict({"decision": "a"})) == ["1", "1-0", "1-1", "2"]
    assert hidden_ids(form, MultiDict({"decision": "b", "csrf_token": "x"})) == ["2"]
    assert hidden_ids(form, MultiDict({"decision": "b", "why": "有"})) == []


@pytest.mark.parametrize(
    ("kind", "posted", "meant"),
    [
        ("number", "１，２００．５０", "1200.50"),
        ("number", " 1,234,567 ", "1234567"),
        ("number", "−3", "-3"),
        ("number", "1,20", "1,20"),
        ("number", "1 200", "1 200"),
        ("datetime", "2026年1月5日", "2026-01-05"),
        ("datetime", "2026/1/5", "2026-01-05"),
        ("datetime", "１９９９．１２．３１", "1999-12-31"),
        ("datetime", "5/1/2026", "5/1/2026"),
    ],
)
def test_numbers_and_dates_are_taken_as_meant_where_that_is_plain(kind: str, posted: str, meant: str) -> None:
    assert answers_from(form_of({"type": kind}), MultiDict({"x": posted})) == {"x": meant}


def test_what_a_browser_posts() -> None:
    form = form_of(
        {"type": "checkbox", "key": "tick"},
        {"type": "checklist", "key": "many", "values": VALUES},
        {"type": "textfield", "key": "one"},
        {"type": "textfield", "key": "shown", "readonly": True},
    )
    posted = MultiDict([("csrf_token", "t"), ("_save", "1"), ("many", "a"), ("many", "b"), ("one", "x"), ("else", "y")])
    assert answers_from(form, posted) == {"many": ["a", "b"], "one": "x", "else": ["y"], "tick": False}
    assert draft_of(form, posted) == {"many": ["a", "b"], "one": "x", "tick": False}
    assert answers_from(form, MultiDict({"tick": "true"})) == {"tick": True, "many": []}
    assert rules(form, answers_from(form, MultiDict([("one", "x"), ("one", "y"), ("shown", "z")]))) == {
        "one": ["type"],
        "shown": ["readonly"],
    }


def test_a_masked_answer_is_kept_unless_typed_anew() -> None:
    form = form_of({"type": "textfield", "key": "tel", "masked": "phone", "validate": {"required": True}})
    known = Background(data={"tel": "13812345678"})
    assert validate(form, {"tel": ""}, background=known) == {"tel": "13812345678"}
    assert validate(form, {"tel": "13900000000"}, background=known) == {"tel": "13900000000"}
    assert draft_of(form, MultiDict({"tel": ""}), {"tel": "13812345678"}) == {"tel": "13812345678"}


def test_choices_of_rows_are_those_that_the_person_may_see() -> None:
    registry = Registry()
    asked: list[dict[str, Any]] = []

    def read(params: Any, most: int) -> list[dict[str, str]]:
        asked.append(dict(params))
        return [{"id": "7", "title": "北京分行"}, {"id": "8", "title": "上海分行"}]

    registry.form_rows["lake.branches"] = FormRows(
        "lake.branches",
        Text("分行", "Branches"),
        {"id": Text("号", "No"), "title": Text("名", "Name")},
        read,
        "lake.see",
    )
    options = {"rows": "lake.branches", "value": "id", "label": "title", "params": {"region": "case.region"}}
    form = form_of({"type": "select", "options": options})
    may = Background(registry, {"case": {"region": "north"}}, may={"lake.see"}.__contains__)
    assert validate(form, {"x": "7"}, background=may) == {"x": "7"}
    assert asked == [{"region": "north"}]
    assert rules(form, {"x": "9"}, may) == {"x": ["choice"]}
    assert rules(form, {"x": "7"}, Background(registry, may=lambda name: False)) == {"x": ["choice"]}
    assert rules(form, {"x": "7"}) == {"x": ["choice"]}

    listed = form_of({"type": "checklist", "valuesKey": "case.open"})
    known = Background(data={"case": {"open": ["A1", {"value": "A2", "label": "账户二"}]}})
    assert validate(listed, {"x": ["A2", "A1"]}, background=known) == {"x": ["A2", "A1"]}
    assert rules(listed, {"x": ["A3"]}, known) == {"x": ["choice"]}


def test_conditions_see_what_the_process_knows_of_fields_that_are_only_shown() -> None:
    form = form_of(
        {"type": "number", "key": "share", "readonly": True},
        {"type": "textfield", "key": "why", "validate": {"required": True}, "conditional": {"hide": "share <= 0.5"}},
    )
    assert validate(form, {}, background=Background(data={"share": "0.3"})) == {}
    assert rules(form, {}, Background(data={"share": "0.7"})) == {"why": ["required"]}


def test_shipped_forms_are_right_and_have_their_cases() -> None:
    assert list(run_form_cases()) == []


def test_cases_tell_what_came_out_differently(tmp_path: Path) -> None:
    form = form_of({"type": "number", "decimalDigits": 0})
    cases: list[Any] = [
        {"name": {"zh": "一", "en": "one"}, "given": {"x": 1}, "accepted": {"x": 2}},
        {"name": {"zh": "二", "en": "two"}, "given": {"x": "?"}, "accepted": {"x": 2}},
        {"name": {"zh": "三", "en": "three"}, "given": {"x": 1}},
        "no case",
    ]
    found = [each.en for each in case_faults(form, cases)]
    assert found[0] == "case “one”: came to {'accepted': {'x': 1}}, not {'accepted': {'x': 2}}"
    assert found[1] == "case “two”: came to {'refused': {'x': 'number'}}, not {'accepted': {'x': 2}}"
    assert [each.split(":")[0] for each in found[2:]] == [
        "case 3 is not written as a case",
        "case 4 is not written as a case",
        "no case is refused",
    ]
    (tmp_path / "area").mkdir()
    (tmp_path / "area" / "ask.json").write_text('{"components": [')
    (tmp_path / "area" / "bare.json").write_text('{"components": [{"type": "spacer"}]}')
    broken, bare = run_form_cases(tmp_path)
    assert broken.startswith("forms/area/ask: ")
    assert bare == "forms/area/bare has no cases: write cases/bare.yaml"
