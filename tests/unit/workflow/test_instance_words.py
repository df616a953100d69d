"""What people type to repair a step, and how errors, lengths of time and heat are put."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.core.errors import Invalid
from app.core.text import Text
from app.workflow.insight import StepFigures
from app.workflow.views.instances.figures import heat
from app.workflow.views.instances.mending import MendField, typed
from app.workflow.views.instances.sight import known, readable, shape
from app.workflow.views.instances.wording import error_text, long_text

NOTHING = Text("", "")
PLAIN = some.recursive(
    some.none() | some.booleans() | some.integers(-(10**9), 10**9) | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def field(kind: str, name: str = "x") -> MendField:
    return MendField(name, kind, NOTHING)


@given(PLAIN)
@settings(max_examples=60, deadline=None)
def test_what_is_typed_as_json_comes_back_as_it_was(value: Any) -> None:
    assert typed((field("json"),), {"p-x": json.dumps(value)}, "p-") == {"x": value}


@given(some.integers(-(10**12), 10**12))
@settings(max_examples=30, deadline=None)
def test_numbers_may_have_their_thousands_marked(number: int) -> None:
    assert typed((field("number"),), {"p-x": f"{number:,}"}, "p-") == {"x": number}


@given(PLAIN)
@settings(max_examples=60, deadline=None)
def test_a_shape_tells_nothing_of_the_content(value: Any) -> None:
    told = shape(value)
    for text in (told.zh, told.en):
        assert not isinstance(value, str) or len(value) < 4 or value not in text
    assert [each.clear for each in known({"x": value}, clear=False)] == [None]
    assert [each.clear for each in known({"x": value}, clear=True)] == [readable(value)]


def test_all_that_is_wrong_is_said_at_once_and_empty_fields_are_left_out() -> None:
    fields = (field("number", "a"), field("bool", "b"), field("json", "c"), field("text", "d"), field("text", "e"))
    with pytest.raises(Invalid) as refused:
        typed(fields, {"a": "many", "b": "perhaps", "c": "{", "d": "fine"}, "")
    assert refused.value.message.zh == "“a”应为数字；“b”应为是或否；“c”应为合法的 JSON"
    assert typed(fields, {"a": "1.5", "b": "true", "d": " x ", "e": " ", "power": "1"}, "") == {
        "a": 1.5,
        "b": True,
        "d": "x",
    }
    for strange in ("NaN", "Infinity", "true", "1e999"):
        with pytest.raises(Invalid):
            typed((field("number"),), {"x": strange}, "")


def test_errors_of_steps_are_split_into_their_languages() -> None:
    assert error_text("NO_FILE: 没有 / none") == Text("NO_FILE: 没有", "NO_FILE: none")
    assert error_text("没有 / none") == Text("没有", "none")
    assert error_text("ValueError('x')") == Text("ValueError('x')", "ValueError('x')")
    assert error_text(None) == NOTHING


def test_long_times_are_told_in_days() -> None:
    assert [long_text(each) for each in (None, 90, 172_800)] == ["–", "1 分 30 秒", "2.0 天"]


def test_the_heat_is_relative_to_the_hottest() -> None:
    steps = [
        StepFigures(node, node, waiting, None, 0, None, None) for node, waiting in (("A", 100), ("B", 1), ("C", 0))
    ]
    levels = {node: figures["waiting"]["level"] for node, figures in heat(steps).items()}
    assert levels == {"A": 5, "B": 1, "C": 0}
    assert heat([]) == {}
