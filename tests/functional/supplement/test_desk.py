"""The desk as two people use it: one enters and hands in, another compares and approves; everything that is wrong is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from judged_anew import registry
from reported_days import ReportedDays
from supplemented import AUTHOR, REVIEWER, held, request_of, some, stored

from app.audit.models import AuditEntry
from app.core.actor import SYSTEM, acting
from app.core.db import unit_of_work
from app.core.jobs import Worker
from app.factory import create_app
from app.security.accounts import create_user
from app.submission.models import HeldRecord
from app.submission.supplement.models import Supplement

PASSWORD = "Harbour-Lamp-72"
_CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')


@dataclass
class Window:
    """Somebody at a browser."""

    client: FlaskClient
    token: str

    def page(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> Any:
        return self.client.post(path, data={**(data or {}), "csrf_token": self.token}, **options)

    def ask(self, path: str, given: dict[str, Any]) -> Any:
        return self.client.post(path, json=given, headers={"X-CSRFToken": self.token})


@pytest.fixture
def enter(reported: ReportedDays) -> Callable[[str], Window]:
    app = create_app()
    with acting(SYSTEM), unit_of_work():
        for person, role in ((AUTHOR, "operator"), (REVIEWER, "reviewer")):
            create_user(person.id, person.name, [role], PASSWORD, must_change=False)
        create_user("qiao.yu", "乔羽", ["analyst"], PASSWORD, must_change=False)

    def window(username: str) -> Window:
        client = app.test_client()
        found = _CSRF.search(client.get("/sign-in").text)
        assert found
        data = {"username": username, "password": PASSWORD, "csrf_token": found[1]}
        assert client.post("/sign-in", data=data).status_code == 302
        found = _CSRF.search(client.get("/account").text)
        assert found
        return Window(client, found[1])

    return window


def begun(window: Window, form: str, **key: str) -> str:
    answer = window.post("/submission/supplements/new", {"form": form, **{f"v.{n}": v for n, v in key.items()}})
    assert answer.status_code == 302, answer.text
    return str(answer.location).split("/")[-2]


def audited(action: str) -> int:
    with unit_of_work(reading=True) as session:
        return session.query(AuditEntry).filter_by(action=action).count()


def test_two_people_and_a_finding_that_goes_away_while_one_types(enter: Callable[[str], Window]) -> None:
    code = held("210", "Cy")
    author, reviewer = enter(AUTHOR.id), enter(REVIEWER.id)
    assert "还没有补录" in author.page("/submission/supplements")
    assert "业务标识" in author.page("/submission/supplements/new?form=personal_account")
    number = begun(author, "personal_account", AcctCode=code)
    at = f"/submission/supplements/{number}"
    page = author.page(f"{at}/edit")
    assert code not in page, "a key that names a person is masked"
    assert "币种" in page
    given = {"reason": "核对合同", "valid_from": "2026-11-01", "valid_until": "2027-02-01"}

    before = author.ask(f"{at}/check", given).json
    typed = author.ask(f"{at}/check", {**given, "v.Cy": "CNY"}).json
    wrong = author.ask(f"{at}/check", {**given, "v.Cy": "GOLD", "v.LoanAmt": "12.5"}).json

    assert [(each["tag"], each["severity"]) for each in before["said"]] == [("Cy", "block")]
    assert (before["items"]["Cy"]["needed"], before["items"]["OpenDate"]["needed"]) == (True, False)
    assert (typed["said"], typed["blocks"], typed["faults"]) == ([], 0, 0)
    assert typed["items"]["Cy"]["meaning"] == "人民币元"
    assert "不在代码表" in wrong["items"]["Cy"]["problem"]
    assert wrong["items"]["LoanAmt"]["problem"]
    assert not typed["items"]["AcctCredLine"]["shown"] or typed["items"]["LoanAmt"]["shown"]

    saved = author.ask(f"{at}/save", {**given, "v.Cy": "CNY", "lock": ""})
    assert author.ask(f"{at}/save", {**given, "lock": str(saved.json["lock"] - 1)}).status_code == 409
    refused = author.post(f"{at}/submit", {**given, "v.Cy": "CNY", "reason": "x"})
    assert refused.status_code == 422
    assert "请用 4–500 字说明理由" in refused.text
    assert author.post(f"{at}/submit", {**given, "v.Cy": "CNY"}).status_code == 302
    request = f"/submission/supplements/requests/{request_of(number).id}"
    assert stored(number).state == "submitted"
    own = author.post(request, {"decision": "approve", "comment": "自己批准"})
    assert own.status_code == 403, "a grant and a second pair of eyes are both needed"
    listed = reviewer.page("/submission/supplements/requests")
    assert request in listed
    shown = reviewer.page(request)
    assert "CNY" in shown
    assert code not in shown
    assert reviewer.post(request, {"decision": "approve", "comment": ""}).status_code == 422
    assert reviewer.post("/submission/supplements/requests", {"request": request.rpartition("/")[2]}).status_code == 302
    Worker(registry(), heartbeat=1.0, pause=0.05).run_until_idle()
    assert (stored(number).state, stored(number).reviewer) == ("approved", REVIEWER.id)
    assert "生效中" in author.page(at)
    for language in ("en", "zh"):
        reviewer.client.set_cookie("creditlink_language", language)
        assert ("In force" if language == "en" else "生效中") in reviewer.page("/submission/supplements")
    csv = author.client.get("/submission/supplements.csv")
    assert csv.status_code == 200
    assert number in csv.text
    assert code not in csv.text
    assert audited("submission.supplement.export") == 1
    ended = author.post(f"{at}/end", {"reason": "来源已经更正"})
    assert ended.status_code == 302
    assert stored(number).state == "withdrawn"
    outsider = enter("qiao.yu")
    assert outsider.client.get("/submission/supplements").status_code == 403
    assert outsider.ask(f"{at}/check", {}).status_code == 403


@pytest.mark.whole
def test_a_draft_is_its_authors_and_what_is_returned_can_be_mended(enter: Callable[[str], Window]) -> None:
    author, reviewer = enter(AUTHOR.id), enter(REVIEWER.id)
    with unit_of_work(reading=True) as session:
        exception = session.query(HeldRecord).filter_by(record_type="110").first()
        assert exception is not None
        number_of, key = exception.id, exception.key
    answer = author.post("/submission/supplements/new", {"form": "person", "exception": str(number_of)})
    number = str(answer.location).split("/")[-2]
    at = f"/submission/supplements/{number}"
    assert stored(number).key == key
    assert reviewer.client.get(at).status_code == 404
    again = author.post("/submission/supplements/new", {"form": "person", "exception": str(number_of)})
    assert again.status_code == 409
    given = {"v.Email": "a@bank.example", "reason": "核对资料", "valid_from": "2026-11-01", "valid_until": "2027-02-01"}
    assert author.post(f"{at}/submit", given).status_code == 302
    first = f"/submission/supplements/requests/{request_of(number).id}"
    assert author.post(f"{first}/withdraw").status_code == 302
    assert stored(number).state == "draft"
    assert author.post(f"{at}/submit", given).status_code == 302
    second = f"/submission/supplements/requests/{request_of(number).id}"
    assert reviewer.post(second, {"decision": "return", "comment": "邮箱写错了"}).status_code == 302
    Worker(registry(), heartbeat=1.0, pause=0.05).run_until_idle()
    assert stored(number).state == "returned"
    assert "邮箱写错了" in author.page(f"{at}/edit")
    assert author.post(f"{at}/discard").status_code == 302
    with unit_of_work(reading=True) as session:
        assert session.get_one(Supplement, number).open_mark is None
    assert begun(author, "person", IDType=some("person")["IDType"], IDNum=some("person")["IDNum"])
    bad = author.post("/submission/supplements/new", {"form": "person", "v.IDType": "99", "v.IDNum": ""})
    assert bad.status_code == 422
    assert "须填写" in bad.text
