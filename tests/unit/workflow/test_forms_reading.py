"""Schemas: what is read of them, and everything that is wrong with one told at once with its place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.core.registry import FormRows, Registry
from app.core.text import Text
from app.workflow.forms import FormErrors, FormInvalid, form_problems, read_form, validate
from app.workflow.forms.field_reading import FIELD_KINDS
from app.workflow.forms.markdown import render

TITLE = {"zh": "申请", "en": "Request"}


def field(key: str, kind: str = "textfield", **more: Any) -> dict[str, Any]:
    return {"type": kind, "key": key, "label": "名称", "label_en": "Name", **more}


def schema(*components: Any, **more: Any) -> dict[str, Any]:
    return {"type": "default", "schemaVersion": 17, "title": TITLE, "components": list(components), **more}


def wrong(*components: Any, **more: Any) -> list[tuple[str, str]]:
    """Rule and place of every fault."""
    with pytest.raises(FormInvalid) as refused:
        read_form("area/name", schema(*components, **more))
    assert refused.value.code == "workflow.form"
    return [(each.rule, each.place) for each in refused.value.faults if not each.warning]


def test_a_form_has_its_fields_in_order_and_what_stands_between_them() -> None:
    group = {"type": "group", "label": "分组", "label_en": "Group", "components": [field("b", "number")]}
    beside = {"type": "evidence", "label": "余额", "label_en": "Balance", "source": "lake.balances"}
    form = read_form("area/name", schema(field("a"), {"type": "separator"}, group, beside, bulk=True))

    assert list(form.fields) == ["a", "b"]
    assert [part.id for part, _ in form.placed] == ["0", "1", "2", "2-0", "3"]
    assert ([part.what for part in form.beside], form.bulk, form.warnings) == (["evidence"], True, ())


def test_a_form_is_read_once_for_the_same_content() -> None:
    assert read_form("area/name", schema(field("a"))) is read_form("area/name", schema(field("a")))
    assert read_form("area/name", schema(field("a"))) is not read_form("area/name", schema(field("b")))


def test_all_faults_come_at_once_with_their_places() -> None:
    found = wrong(
        {"type": "script", "key": "x"},
        field("class"),
        field("a"),
        field("a"),
        field("f", validate={"pattern": "(a+)+b", "least": 3}),
        field("s", "select"),
        field("h", conditional={"hide": "=missing == 'x'"}),
        {"type": "textfield", "key": "n"},
        "no component",
    )
    assert set(found) == {
        ("unknown_type", "components[0] x"),
        ("key", "components[1]"),
        ("key", "components[3]"),
        ("pattern", "components[4] f.validate"),
        ("unknown_rule", "components[4] f.validate"),
        ("values", "components[5] s"),
        ("condition", "components[6] h.conditional"),
        ("label", "components[7] n"),
        ("type", "components[8]"),
    }


@pytest.mark.parametrize(
    ("component", "rule"),
    [
        (field("a", validate={"minLength": 9, "maxLength": 3}), "range"),
        (field("a", "number", validate={"min": 9, "max": 3}), "range"),
        (field("a", "number", validate={"min": "much"}), "type"),
        (field("a", validate={"maxLength": 99_999}), "type"),
        (field("a", validate={"required": "yes"}), "type"),
        (field("a", validate={"pattern": "[0-9]{3}", "maxLength": 900}), "pattern"),
        (field("a", validate={"pattern": r"(x)\1"}), "pattern"),
        (field("a", validate={"validationType": "iban"}), "validationType"),
        (field("a", "datetime", subtype="time"), "subtype"),
        (field("a", "number", decimalDigits=9), "type"),
        (field("a", masked="secret"), "masked"),
        (field("a", "number", masked="phone"), "masked"),
        (field("a", readonly=True, validate={"required": True}), "required"),
        (field("a", "checkbox", defaultValue="maybe"), "default"),
        (field("a", "radio", values=[{"value": "x", "label": "甲"}], defaultValue="y"), "default"),
        (field("a", "radio", values=[{"value": "x", "label": "甲"}, {"value": "x", "label": "乙"}]), "values"),
        (field("a", "select", values=[{"value": "x", "label": "甲"}], valuesKey="list"), "values"),
        (field("a", "select", options={"rows": "lake.banks"}), "options"),
        (field("a.b"), "key"),
        (field("a", label="=now()"), "expression"),
        (field("a", label="甲" * 400), "length"),
        (field("a", label="甲\x00"), "type"),
        ({"type": "text", "text": ""}, "text"),
        ({"type": "evidence", "label": "余额", "columns": ["a", "a"]}, "columns"),
        ({"type": "document", "label": "附件"}, "attachment"),
        ({"type": "group", "components": "none"}, "type"),
    ],
)
def test_what_a_component_may_not_be(component: dict[str, Any], rule: str) -> None:
    assert rule in [found for found, _ in wrong(component)]


def test_conditions_may_not_go_round_in_a_circle() -> None:
    one = field("a", conditional={"hide": "filled(b)"})
    other = {"type": "group", "components": [field("b")], "conditional": {"hide": "a == 'x'"}}
    assert wrong(one, other) == [("circle", "")]


def test_size_and_depth_have_limits() -> None:
    deep: dict[str, Any] = field("a")
    for _ in range(9):
        deep = {"type": "group", "components": [deep]}
    assert ("depth", "components[0].components[0].components[0].components[0].components[0]") in wrong(deep)
    assert wrong(*(field(f"a{number}") for number in range(201)))[0][0] == "length"
    assert wrong(field("a"), note="x" * 600_000) == [("size", "")]
    abyss: Any = []
    for _ in range(100_000):
        abyss = [abyss]
    assert wrong(abyss) == [("json", "")]


def test_missing_english_is_a_warning() -> None:
    given = schema({"type": "textfield", "key": "a", "label": "名称"})
    form = read_form("area/name", given)
    assert [each.rule for each in form.warnings] == ["english"]
    assert form.fields["a"].label == Text("名称", "名称")
    (problem,) = form_problems("area/name", given, Registry())
    assert (problem.severity, problem.rule, problem.element) == ("warning", "form.english", "area/name")


def test_rows_and_their_columns_must_be_there_and_choices_hold_no_personal_data() -> None:
    registry = Registry()
    columns = {"id": Text("编号", "Number"), "name": Text("姓名", "Name")}
    registry.form_rows["lake.people"] = FormRows(
        "lake.people", Text("人", "People"), columns, lambda params, most: [], "lake.view", {"name": "name"}
    )
    given = schema(
        {"type": "evidence", "label": "人", "label_en": "People", "source": "lake.people", "columns": ["id", "age"]},
        {"type": "evidence", "label": "人", "label_en": "People", "source": "lake.nobody"},
        field("who", "select", options={"rows": "lake.people", "value": "id", "label": "name"}),
    )
    assert [(each.severity, each.rule) for each in form_problems("area/name", given, registry)] == [
        ("error", "form.column"),
        ("error", "form.rows"),
        ("error", "form.masked"),
    ]


def test_markup_is_never_html() -> None:
    words = render("# 说明\n\n- **一**\n- `a<b`\n\n<script>x</script> [页](https://a.cn/x?y=1&z=2) [坏](javascript:x)")
    assert words == (
        '<p class="form-heading">说明</p><ul><li><strong>一</strong></li><li><code>a&lt;b</code></li></ul>'
        "<p>&lt;script&gt;x&lt;/script&gt; "
        '<a href="https://a.cn/x?y=1&amp;z=2" rel="noopener noreferrer">页</a> [坏](javascript:x)</p>'
    )
    for address in ("//evil.cn", "/\\evil.cn", "data:x", "http://a.cn"):
        assert "<a" not in render(f"[页]({address})")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["a", "=", "(", "^"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PROPERTIES = (
    "type,key,label,validate,values,conditional,components,defaultValue,required,pattern,min,maxLength,hide,options,"
    "params,columns,source,readonly,decimalDigits,masked,text,title"
)
NAMES = st.sampled_from(PROPERTIES.split(","))
KINDS = st.sampled_from([*FIELD_KINDS, "text", "group", "evidence", "document"])
BENT = st.builds(
    lambda kind, given, bent: {**field("a", kind), "values": [{"value": "x", "label": "甲"}], **given, **bent},
    KINDS,
    st.just(
        {"validate": {"required": True}, "components": [field("b")], "text": "话", "source": "x", "attachment": "y"}
    ),
    st.dictionaries(NAMES, JSON | st.dictionaries(NAMES, JSON, max_size=3), max_size=3),
)


SCHEMAS = st.builds(
    lambda parts, more: {**schema(*parts), **more},
    st.lists(BENT | JSON, max_size=3),
    st.dictionaries(NAMES, JSON, max_size=1),
)


@settings(max_examples=150, deadline=None)
@given(JSON | SCHEMAS)
def test_whatever_is_given_is_a_form_or_refused(given_schema: Any) -> None:
    try:
        form = read_form("area/name", given_schema)
    except Invalid:
        return
    required = {key for key, asked in form.fields.items() if asked.rules.required}
    try:
        validate(form, {})
    except FormErrors as errors:
        assert set(errors.errors) <= required  # noqa: PT017 - a form without required fields is not refused
