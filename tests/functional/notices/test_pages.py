"""The pages of notices as people use them, and the command that tries the channels."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from reached import DAY, OTHER, OWN, House, at
from werkzeug.test import TestResponse

from app.audit.models import AuditEntry
from app.cli import cli
from app.core import clock
from app.core.db import unit_of_work
from app.factory import create_app
from app.notices.contacts import contact_of
from app.notices.models import Message, NoticeCause

_CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')


@dataclass
class Visitor:
    client: FlaskClient

    def page(self, path: str, language: str = "zh") -> str:
        self.client.set_cookie("creditlink_language", language)
        answer = self.client.get(path, follow_redirects=True)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, path: str, **data: Any) -> TestResponse:
        found = _CSRF.search(self.page("/account"))
        assert found
        return self.client.post(path, data={**data, "csrf_token": found[1]})


@pytest.fixture
def visitor(staff: None) -> Callable[[str], Visitor]:
    """`visitor("lin.hai")`: a browser with one of the staff signed in."""
    app = create_app()

    def enter(name: str) -> Visitor:
        client = app.test_client()
        found = _CSRF.search(client.get("/sign-in").text)
        assert found
        data = {"username": name, "password": "Harbour-Lamp-72", "csrf_token": found[1]}
        assert client.post("/sign-in", data=data).status_code == 302
        return Visitor(client)

    return enter


def main(page: str) -> str:
    return page.partition("<main")[2]


def test_one_sees_and_acknowledges_ones_own(visitor: Callable[[str], Visitor]) -> None:
    here = House(None, None)  # type: ignore[arg-type]
    lin = visitor("lin.hai")
    empty = lin.page("/notices")
    assert "没有通知" in empty
    assert "尚未配置邮件和短信，通知只在控制台显示" in empty
    for mark in ("a", "b"):
        here.tell("23T10:00", mark, link="/operations/warnings/1")
    here.tell("23T10:00", "c", provider=OTHER, kind="submission.source_stopped")
    page = lin.page("/notices")
    assert "3 条未读" in page
    assert len(re.findall(r'action="/notices/\d+/read"', page)) == 3
    assert 'href="/operations/warnings/1"' in page
    assert "3 unread" in lin.page("/notices", "en")
    assert OTHER not in main(lin.page(f"/notices?entity={OWN}"))
    assert main(lin.page(f"/notices?kind=submission.delivery&day={DAY}")).count("<tr>") == 3
    number = re.search(r'action="/notices/(\d+)/read"', page)
    assert number
    assert lin.post(f"/notices/{number[1]}/read").status_code == 302
    assert "2 条未读" in lin.page("/notices?state=new")
    assert visitor("tang.jun").post(f"/notices/{number[1]}/read").status_code == 404, "not theirs"
    assert lin.post("/notices/read").status_code == 302
    assert "条未读" not in lin.page("/operations/warnings")
    with unit_of_work(reading=True) as session:
        assert {each.acknowledged_by for each in session.query(NoticeCause)} == {"lin.hai"}
    limited = visitor("xu.wen")
    assert OWN not in main(limited.page("/notices"))
    assert "1 条未读" in limited.page("/notices")


def test_ones_settings_are_kept_and_every_fault_said(visitor: Callable[[str], Visitor]) -> None:
    lin = visitor("lin.hai")
    page = lin.page("/notices/settings")
    assert "lin.hai@example.cn" not in page
    assert "138****0001" in page
    assert re.search(r'value="submission.warning\|sms"[^>]*disabled', page), "what must come is not a choice"
    wrong = lin.post("/notices/settings", mail="nobody", mobile="12", quiet="own", quiet_from="25:00", quiet_until="")
    assert wrong.status_code == 422
    assert wrong.text.count('class="problem"') == 4
    assert "有 4 处须更正" in wrong.text
    kept = lin.post(
        "/notices/settings", mail="lin@bank.example.cn", mobile_forget="yes", quiet="own", quiet_from="12:00",
        quiet_until="14:00", wanted=["submission.source_stopped|mail"],
    )  # fmt: skip
    assert kept.status_code == 302
    with unit_of_work(reading=True):
        found = contact_of("lin.hai")
        assert found
        assert (found.mail, found.mobile, found.quiet_from) == ("lin@bank.example.cn", None, "12:00")
        assert "submission.delivery|mail" in found.unwanted
        assert "submission.source_stopped|mail" not in found.unwanted
        assert not [each for each in found.unwanted if each.endswith("|sms") and each.startswith("submission.warning")]
    assert 'value="12:00"' in lin.page("/notices/settings", "en")
    assert lin.post("/notices/settings", quiet="none").status_code == 302
    assert re.search(r'id="quiet-none"[^>]*checked', lin.page("/notices/settings"))
    with unit_of_work(reading=True) as session:
        entries = session.query(AuditEntry).filter_by(action="notices.contact_changed", actor_id="lin.hai").count()
    assert entries == 2


def test_failures_are_seen_and_sent_again_by_who_may(visitor: Callable[[str], Visitor]) -> None:
    song = visitor("song.ke")
    assert "还没有发送过" in song.page("/notices/messages")
    assert "CREDITLINK_SMTP_HOST" in song.page("/notices/messages", "en")
    with at("23T10:00"), unit_of_work() as session:
        common = {"person": "lin.hai", "kind": "digest", "severity": "low", "count": 3, "subject": "s", "body": "b"}
        for number, (channel, state) in enumerate((("mail", "unknown"), ("sms", "failed"), ("mail", "sent"))):
            session.add(
                Message(id=f"m{number}", channel=channel, state=state, due_at=clock.now(), created_at=clock.now(),
                        error_zh="网关答复 400" if state == "failed" else "", error_en="answered 400", **common)
            )  # fmt: skip
    page = song.page("/notices/messages")
    assert main(page).count("重新发送<") == 2
    assert "网关答复 400" in page
    assert "林海" in page
    assert "每日汇总 × 3" in page
    assert main(song.page("/notices/messages?state=failed")).count("重新发送<") == 1
    assert song.post("/notices/messages/m1/again").status_code == 302
    assert song.post("/notices/messages/m2/again").status_code == 302, "told as a toast"
    assert song.post("/notices/messages/none/again").status_code == 404
    with unit_of_work(reading=True) as session:
        assert [each.state for each in session.query(Message).order_by(Message.id)] == ["unknown", "waiting", "sent"]
    lin = visitor("lin.hai")
    assert lin.client.get("/notices/messages").status_code == 403
    assert lin.post("/notices/messages/m0/again").status_code == 403
    assert "/notices/messages" not in lin.page("/notices")


def test_causes_that_reach_nobody_are_said(visitor: Callable[[str], Visitor]) -> None:
    House(None, None).tell("23T10:00", "x", "workflow.mention", people=("nobody",))  # type: ignore[arg-type]
    assert "有 1 件事没有任何人可通知" in visitor("song.ke").page("/notices/messages")


def test_commands_try_the_channels_and_keep_addresses(house: House, tmp_path: Path) -> None:
    run = CliRunner().invoke
    assert run(cli, ["notices", "contact", "gao.yi", "--mail", "gao@example.cn"]).exit_code == 0
    tried = run(cli, ["notices", "test", "--to", "gao.yi", "--json"])
    assert tried.exit_code == 0, tried.output
    assert [(each["channel"], each["went"], each["to"]) for each in json.loads(tried.output)] == [
        ("console", True, ""),
        ("mail", True, "g***@example.cn"),
        ("sms", True, "138****0001"),
    ]
    assert house.mail.mails()[0]["To"] == "gao@example.cn"
    house.sms.behave("refuse")
    shown = run(cli, ["notices", "test", "--to", "gao.yi"])
    assert shown.exit_code == 1
    assert "✗" in shown.output
    assert run(cli, ["keys", "secret", "sms-3"], input="another\n").exit_code == 0
