"""A form on a page of the whole console: shown, looked at again while it is filled in, refused with its errors, accepted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Blueprint, jsonify, render_template_string, request
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue

import app.workflow
from app.core.actor import SYSTEM, acting
from app.core.db import Database, unit_of_work
from app.core.registry import FormRows, Registry
from app.core.text import Text
from app.factory import create_app
from app.security.accounts import create_user
from app.web.access import permission
from app.workflow.forms import Attached, Background, FormErrors, answers_from, hidden_ids, read_form, validate

PASSWORD = "Harbour-Lamp-72"
CARD = "110101199003071234"
PAGE = """{% extends 'web/page.html' %}{% from 'workflow/form.html' import form_fields %}
{% block content %}<form method="post" action="/try">
{{ form_fields(form, values, errors, background, look='/try/look') }}</form>{% endblock %}"""
FORM = read_form(
    "area/correction",
    {
        "title": {"zh": "更正", "en": "Correction"},
        "components": [
            {"type": "text", "text": "请**逐项**核对。", "text_en": "Check **each** item."},
            {
                "type": "evidence",
                "label": "账户",
                "label_en": "Accounts",
                "source": "workflow.accounts",
                "params": {"who": "case.who"},
            },
            {"type": "document", "label": "证明", "label_en": "Proof", "attachment": "case.proof"},
            {
                "type": "textfield",
                "key": "id_number",
                "label": "证件号码",
                "label_en": "Identity number",
                "readonly": True,
                "masked": "id_number",
            },
            {
                "type": "radio",
                "key": "decision",
                "label": "结论",
                "label_en": "Decision",
                "validate": {"required": True},
                "values": [
                    {"value": "keep", "label": "维持", "label_en": "Keep"},
                    {"value": "mend", "label": "更正", "label_en": "Mend"},
                ],
            },
            {
                "type": "number",
                "key": "amount",
                "label": "正确金额",
                "label_en": "Right amount",
                "validate": {"required": True, "min": 0},
                "conditional": {"hide": "empty(decision) or decision != 'mend'"},
            },
        ],
    },
)


def accounts(params: Mapping[str, Any], most: int) -> list[dict[str, str]]:
    return [{"account": "6222020200112233", "balance": f"{number}.00 {params['who']}"} for number in range(most)]


@pytest.fixture
def desk(database: Database) -> FlaskClient:
    """Somebody who may use the console, at a page with the form."""
    registry = Registry()
    registry.form_rows["workflow.accounts"] = FormRows(
        "workflow.accounts",
        Text("账户", "Accounts"),
        {"account": Text("账号", "Account"), "balance": Text("余额", "Balance")},
        accounts,
        "web.console.use",
        {"account": "account"},
    )

    def background() -> Background:
        data = {"id_number": CARD, "case": {"who": "C7", "proof": 3}}
        attached = Attached("/files/3", "证明.png", "image/png")
        return Background(registry, data, ("task", "T1"), documents=lambda name: attached if name == 3 else None)

    def draw(values: Any = None, errors: Any = None) -> str:
        return render_template_string(PAGE, form=FORM, values=values, errors=errors, background=background())

    @permission("web.console.use")
    def page() -> ResponseReturnValue:
        return draw()

    @permission("web.console.use")
    def answer() -> ResponseReturnValue:
        typed = answers_from(FORM, request.form)
        try:
            return jsonify(validate(FORM, typed, background=background()))
        except FormErrors as wrong:
            return draw(typed, wrong.errors), wrong.status

    @permission("web.console.use")
    def look() -> ResponseReturnValue:
        return jsonify(hidden=hidden_ids(FORM, request.form, background()))

    console = create_app()
    templates = Path(str(app.workflow.__file__)).parent / "templates"
    trial = Blueprint("trial", __name__, template_folder=str(templates))
    trial.add_url_rule("/try", "page", page)
    trial.add_url_rule("/try", "answer", answer, methods=["POST"])
    trial.add_url_rule("/try/look", "look", look, methods=["POST"])
    console.register_blueprint(trial)
    with acting(SYSTEM), unit_of_work():
        create_user("xu.wen", "许文", ["reviewer"], PASSWORD, must_change=False)
    client = console.test_client()
    assert send(client, "/sign-in", {"username": "xu.wen", "password": PASSWORD}, at="/sign-in").status_code == 302
    return client


def send(client: FlaskClient, path: str, data: dict[str, str], at: str = "/try") -> Any:
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(at).text)
    assert found
    return client.post(path, data={**data, "csrf_token": found[1]})


def test_a_form_is_filled_in_and_accepted(desk: FlaskClient) -> None:
    page = BeautifulSoup(desk.get("/try").text, "html.parser")
    hidden = page.select_one("fieldset[data-part='5']")
    assert hidden is not None
    assert (hidden.has_attr("hidden"), hidden.has_attr("disabled")) == (True, True)
    assert page.select("[data-look='/try/look']")

    # While it is filled in the server says what to hide.
    assert send(desk, "/try/look", {"decision": "mend"}).json == {"hidden": []}
    assert send(desk, "/try/look", {"decision": "keep"}).json == {"hidden": ["5"]}

    refused = send(desk, "/try", {"decision": "mend", "amount": "１,２３", "power": "1"})
    assert refused.status_code == 422
    told = BeautifulSoup(refused.text, "html.parser")
    summary = told.select_one(".form-errors")
    assert summary is not None
    assert [each["href"] for each in summary.select("a")] == ["#field-amount"]
    assert "power" in summary.text
    amount = told.select_one("#field-amount")
    assert amount is not None
    assert (amount["value"], amount["aria-invalid"]) == ("1,23", "true")
    assert told.select_one("[name=decision][value=mend][checked]")

    assert send(desk, "/try", {"decision": "mend", "amount": "1,200.5"}).json == {
        "decision": "mend",
        "amount": "1200.5",
    }
    assert send(desk, "/try", {"decision": "keep", "amount": "1"}).json == {"decision": "keep"}


def test_evidence_stands_beside_and_personal_data_is_masked(desk: FlaskClient) -> None:
    page = desk.get("/try").text
    assert CARD not in page
    assert "110***********1234" in page
    assert "6222020200112233" not in page
    assert "************2233" in page
    assert "49.00 C7" in page
    assert "50.00 C7" not in page
    assert "只显示前 50 行" in page
    assert 'src="/files/3"' in page
    assert "<strong>逐项</strong>" in page
    desk.set_cookie("creditlink_language", "en")
    page = desk.get("/try").text
    assert "Identity number" in page
    assert "Only the first 50 rows are shown" in page


def test_what_is_read_only_cannot_be_posted(desk: FlaskClient) -> None:
    refused = send(desk, "/try", {"decision": "keep", "id_number": "1"})
    assert refused.status_code == 422
    assert "此项只读，不能修改" in refused.text
