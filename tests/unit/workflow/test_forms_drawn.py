"""Generated forms with generated answers: what is accepted is drawn, and read back from the page it is the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Blueprint, Flask, render_template_string
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

import app.workflow
from app.core.registry import Registry
from app.core.text import Text
from app.web import shell
from app.workflow.forms import Background, Form, FormErrors, answers_from, draft_of, read_form, validate

PAGE = "{% from 'workflow/form.html' import form_fields %}{{ form_fields(form, values, errors, background, look='/look') }}"
VALUES = [{"value": each, "label": f"选项{each}", "label_en": f"Choice {each}"} for each in ("a", "b", "c<d")]


@pytest.fixture(scope="module")
def drawing() -> Iterator[None]:
    """Within a request of an app that has the shell and the workflow room's templates."""
    console = Flask("forms", static_folder=None)
    console.add_url_rule("/static/<path:filename>", "static", lambda filename: "")
    shell.install(console, Registry())
    templates = Path(str(app.workflow.__file__)).parent / "templates"
    console.register_blueprint(Blueprint("workflow_templates", __name__, template_folder=str(templates)))
    with console.test_request_context("/"):
        yield


def draw(form: Form, values: Any = None, errors: Any = None, background: Background | None = None) -> BeautifulSoup:
    page = render_template_string(PAGE, form=form, values=values, errors=errors, background=background)
    return BeautifulSoup(page, "html.parser")


def posted(page: BeautifulSoup) -> MultiDict[str, str]:
    """What a browser would send: nothing that is disabled, not ticked or not chosen."""
    pairs = []
    for each in page.select("input, textarea, select"):
        if any(parent.has_attr("disabled") for parent in each.parents if parent.name == "fieldset"):
            continue
        name = str(each["name"])
        if each.name == "textarea":
            pairs.append((name, each.text.removeprefix("\n")))
        elif each.name == "select":
            chosen = each.select_one("option[selected]")
            pairs.append((name, str(chosen["value"]) if chosen else ""))
        elif each.get("type") not in ("checkbox", "radio") or each.has_attr("checked"):
            pairs.append((name, str(each["value"])))
    return MultiDict(pairs)


RULES = st.fixed_dictionaries({"required": st.booleans()})
PRINTED = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12)
DAYS = st.dates().map(lambda day: day.isoformat())
NUMBERS = st.decimals(-999, 999, places=2).map(str)
ANSWERS: dict[str, st.SearchStrategy[Any]] = {
    "textfield": PRINTED.filter(lambda text: len(text.splitlines()) <= 1),
    "textarea": st.lists(PRINTED, max_size=3).map("\n".join),
    "number": NUMBERS,
    "datetime": DAYS,
    "checkbox": st.booleans(),
    "radio": st.sampled_from(["a", "b", "c<d"]),
    "select": st.sampled_from(["", "a", "c<d"]),
    "checklist": st.lists(st.sampled_from(["a", "b", "c<d"]), unique=True).map(sorted),
    "taglist": st.lists(st.sampled_from(["a", "b", "c<d"]), unique=True).map(sorted),
}
CONDITIONS = {"number": "{} > 3", "checkbox": "not {}", "checklist": "'a' in {}", "taglist": "'b' not in {}"}


@st.composite
def forms(draw_: st.DrawFn) -> tuple[Form, dict[str, Any]]:
    """A form of a few fields, some hidden by what stands before them, some in groups; and answers to it."""
    kinds = draw_(st.lists(st.sampled_from(sorted(ANSWERS)), min_size=1, max_size=5))
    components: list[dict[str, Any]] = []
    given: dict[str, Any] = {}
    for number, kind in enumerate(kinds):
        key = f"k{number}"
        part: dict[str, Any] = {"type": kind, "key": key, "label": f"第{number}项", "label_en": f"Item {number}"}
        part |= {"validate": draw_(RULES), "description": draw_(st.sampled_from(["", "说明"]))}
        if kind in ("radio", "select", "checklist", "taglist"):
            part["values"] = VALUES
        if number and draw_(st.booleans()):
            before = draw_(st.integers(0, number - 1))
            condition = CONDITIONS.get(kinds[before], "filled({})").format(f"k{before}")
            part["conditional"] = {"hide": condition}
        if draw_(st.booleans()):
            part = {"type": "group", "components": [part], "conditional": part.pop("conditional", {})}
        components.append(part)
        given[key] = draw_(ANSWERS[kind])
    return read_form("area/name", {"components": components}), given


@pytest.mark.usefixtures("drawing")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(forms())
def test_what_is_accepted_is_drawn_and_reads_back_the_same(made: tuple[Form, dict[str, Any]]) -> None:
    form, given_answers = made
    try:
        accepted = validate(form, given_answers)
    except FormErrors as errors:
        page = draw(form, given_answers, errors.errors)
        assert {each["href"] for each in page.select(".form-errors a")} == {f"#field-{key}" for key in errors.errors}  # noqa: PT017
        assert all(page.select_one(str(each["href"])) for each in page.select(".form-errors a"))
        return
    page = draw(form, accepted)
    sent = posted(page)
    assert validate(form, answers_from(form, sent)) == accepted
    assert validate(form, draft_of(form, sent)) == accepted
    assert not page.select("[aria-invalid]")


@pytest.mark.usefixtures("drawing")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(forms(), st.booleans())
def test_what_is_hidden_is_never_asked_for(made: tuple[Form, dict[str, Any]], tick: bool) -> None:
    form, given_answers = made
    assume("checkbox" not in {asked.kind for asked in form.fields.values() if asked.rules.required})
    everything = {
        "components": [
            {"type": "checkbox", "key": "all_hidden", "label": "隐藏", "label_en": "Hide"},
            {
                "type": "group",
                "conditional": {"hide": "all_hidden"},
                "components": [
                    {"type": "textfield", "key": key, "label": "项", "label_en": "Item", "validate": {"required": True}}
                    for key in form.fields
                ],
            },
        ]
    }
    around = read_form("area/around", everything)
    if tick:
        assert validate(around, {**given_answers, "all_hidden": True}) == {"all_hidden": True}
        page = draw(around, {"all_hidden": True})
        assert list(posted(page)) == ["all_hidden"]
    else:
        with pytest.raises(FormErrors) as refused:
            validate(around, {})
        assert set(refused.value.errors) == set(form.fields)


def one(**more: Any) -> Form:
    return read_form("area/name", {"components": [{"key": "x", "label": "内容", "label_en": "Content", **more}]})


@pytest.mark.usefixtures("drawing")
def test_labels_marks_and_words_belong_to_their_field() -> None:
    form = one(type="textfield", description="说明", description_en="Hint", validate={"required": True, "maxLength": 9})
    page = draw(form, {"x": "<b>"}, {"x": Text("太短", "too short")})
    box = page.select_one("input#field-x")
    assert box is not None
    assert (box["value"], box["maxlength"], box["aria-invalid"], box.has_attr("required")) == ("<b>", "9", "true", True)
    words = page.select_one(f"#{box['aria-describedby']}")
    assert words is not None
    assert [each.text for each in words.select("p")] == ["太短。", "说明"]
    assert page.select_one("label[for=field-x]") is not None


@pytest.mark.usefixtures("drawing")
def test_personal_data_stays_behind_its_mask() -> None:
    number = "13812345678"
    for form in (one(type="textfield", masked="phone"), one(type="textfield", masked="phone", readonly=True)):
        for page in (draw(form, {"x": number}), draw(form, {}, {}, Background(data={"x": number}))):
            assert number not in str(page)
            assert "******" in page.text
    # What has just been typed comes back to be mended.
    assert number in str(draw(one(type="textfield", masked="phone"), {"x": number}, {"x": Text("错", "wrong")}))


@pytest.mark.usefixtures("drawing")
def test_a_readonly_field_is_shown_in_words() -> None:
    form = one(type="select", values=VALUES, readonly=True)
    page = draw(form, None, None, Background(data={"x": "c<d"}))
    assert "选项c<d" in page.text
    assert not page.select("input, select, textarea")


@pytest.mark.usefixtures("drawing")
def test_defaults_stand_there_at_first_and_not_after_they_were_taken_away() -> None:
    form = one(type="checklist", values=VALUES, defaultValue=["a"])
    assert posted(draw(form)).getlist("x") == ["a"]
    assert posted(draw(form, answers_from(form, MultiDict()))).getlist("x") == []


@pytest.mark.usefixtures("drawing")
def test_buttons_stand_under_the_fields() -> None:
    page = PAGE.replace("{{ form_fields(", "{% call form_fields(").replace(
        ") }}", ") %}<button>Go</button>{% endcall %}"
    )
    drawn = render_template_string(page, form=one(type="textfield"), values=None, errors=None, background=None)
    assert BeautifulSoup(drawn, "html.parser").select_one(".form-main > button") is not None
