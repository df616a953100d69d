"""Exemptions, shadows and statistics through the doors that people use: pages, forms, the process, exports, permissions."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import reported_days
from inbox_stage import Stage
from judged_anew import judge_anew
from reported_days import DAYS, ReportedDays
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.core import clock
from app.core.actor import Actor, acting
from app.core.config import override
from app.core.db import database, unit_of_work
from app.core.jobs import Worker
from app.core.outbox import OutboxEvent
from app.rules import statistics
from app.rules.exemption import asking
from app.rules.exemption.models import Exemption
from app.rules.registry import drafts
from app.rules.shadow.models import Shadow
from app.simulator.bank import PROVIDER
from app.submission.checking.proving import count_day
from app.submission.lake import forget, lake
from app.submission.tables import FEEDBACK, FILE_LINE, FINDING, record_table
from app.workflow.models import ProcessTask

TODAY = clock.today()
UNTIL = TODAY + timedelta(days=40)
NAME, FOLDER = "submission.personal_loan_account", "submission/personal_loan_account"
PEOPLE = {
    "he.lan": ("何岚", "compliance"),
    "xu.wen": ("许文", "compliance"),
    "wu.fan": ("吴帆", "operator"),
    "lin.hai": ("林海", "reviewer"),
}
GIVEN = {"decision": "approve", "comment": "已核对纸质合同"}


@dataclass
class House(Stage):
    """People, and an executor that works when it is told to, over the reported days."""

    days: ReportedDays | None = None

    def __post_init__(self) -> None:
        self.persons(PEOPLE)

    def work(self) -> None:
        Worker(self.app.extensions["creditlink.registry"]).run_until_idle()

    def question(self) -> str:
        with unit_of_work(reading=True) as session:
            return session.scalars(
                select(ProcessTask.id).filter_by(name="rules/exemption_approval", status="open")
            ).one()

    def heard(self) -> list[str]:
        with unit_of_work(reading=True) as session:
            names = session.scalars(select(OutboxEvent.name).order_by(OutboxEvent.id))
            return [name for name in names if name.startswith(("rules.exemption", "rules.shadow"))]


@pytest.fixture
def house(made_once, tmp_path: Path) -> Iterator[House]:
    days = reported_days.copied(made_once(reported_days.build), tmp_path / "lender")
    with override(days.settings):
        yield House(days=days)
        forget()
        database().dispose()


def wish(key: str, rule: str, **changes: str) -> dict[str, str]:
    given = {"ruleset": NAME, "rule": rule, "scope": "account", "number": key, "until": UNTIL.isoformat()}
    return {**given, "reason": "纸质合同已核实，系统下月改造", **changes}


def account_with_a_finding(batch: str) -> tuple[str, str]:
    """The business key of an account and a rule that holds it back."""
    (row, *_) = lake().rows(
        f"SELECT key, rule FROM {FINDING.path} WHERE batch = ? AND record_type = '210' AND severity = 'block'"
        " AND rule != 'CENTRE' ORDER BY key, rule",
        [batch],
    )
    return row[0], row[1]


def exported(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_an_exemption_is_asked_for_granted_shown_and_ended(house: House) -> None:
    assert house.days
    key, rule = account_with_a_finding(house.days.waiting)
    asker, second = house.window("he.lan"), house.window("xu.wen")
    form = asker.page(f"/rules/exemptions/new?ruleset={NAME}&rule={rule}")
    assert f'value="{rule}" selected' in form

    told = asker.post("/rules/exemptions", wish(key, rule))

    assert told.status_code == 302, told.text
    with unit_of_work(reading=True) as session:
        exemption = session.scalars(select(Exemption)).one()
        assert (exemption.state, exemption.asked_by, exemption.value) == ("asked", "he.lan", key)
    one = f"/rules/exemptions/{exemption.id}"
    assert asker.post("/rules/exemptions", wish(f" {key[:3]} {key[3:]} ", rule)).status_code == 409
    page = second.page(f"/workflow/tasks/{house.question()}")
    assert all(words in page for words in (rule, key[-4:], "纸质合同已核实", "何岚", UNTIL.isoformat(), "准确率"))
    assert key not in page
    assert f"/workflow/tasks/{house.question()}" in second.page(one)
    assert f"/workflow/tasks/{house.question()}" not in asker.page(one), "who asked is not offered to decide"
    assert asker.post(f"/workflow/tasks/{house.question()}/answer", GIVEN).status_code in (403, 404)
    assert second.post(f"/workflow/tasks/{house.question()}/answer", GIVEN).status_code == 302
    house.work()
    assert "豁免中" in asker.page(one)
    assert "生效中的豁免 1 条" in asker.page(f"/rules/sets/{NAME}/rules/{rule}")
    for address in ("/rules/exemptions", one, "/rules/exemptions.csv", "/workflow/inbox?tab=done"):
        assert key not in second.page(address)
    (row,) = exported(second.page("/rules/exemptions.csv?state=granted"))
    assert (row["规则"], row["状态"], row["复核人"]) == (rule, "豁免中", "许文")
    assert row["豁免对象"].endswith(key[-4:])
    assert exported(second.page("/rules/exemptions.csv?state=expired")) == []
    house.work()
    with unit_of_work(reading=True) as session:
        taken = session.scalars(select(AuditEntry).filter_by(action="web.list_exported", actor_id="xu.wen")).all()
        assert {entry.object_id for entry in taken} == {"exemptions"}

    judge_anew(house.days.waiting)
    reader = house.window("lin.hai")
    reader.speak("en")
    assert "Exempt" in reader.page(f"/submission/findings?batch={house.days.waiting}&severity=exempt")
    counted = reader.page(f"/submission/batches/{house.days.waiting}/records/210/exempt")
    assert f"{key[-4:]}</a>" in counted
    assert f"/submission/batches/{house.days.waiting}/records/210/exempt" in reader.page("/submission?day=2026-10-31")
    line = next(each for each in statistics.of_all(5) if each.rule.id == rule and each.ruleset.name == NAME)
    assert line.counts.exempt >= 1

    assert asker.post(f"{one}/end", {"reason": "x"}).status_code == 422
    assert asker.post(f"{one}/end", {"reason": "系统已改造"}).status_code == 302
    assert asker.post(f"{one}/end", {"reason": "系统已改造"}).status_code == 409
    page = asker.page(one)
    assert all(words in page for words in ("已提前终止", "已核对纸质合同", "系统已改造"))
    assert house.heard() == ["rules.exemption_asked", "rules.exemption_granted", "rules.exemption_ended"]
    assert house.window("he.lan").post("/rules/exemptions", wish(key, rule)).status_code == 302, "it may be asked anew"


def test_every_fault_of_a_wish_is_told_at_once_and_requests_are_taken_back_or_refused(house: House) -> None:
    assert house.days
    key, rule = account_with_a_finding(house.days.waiting)
    asker, second = house.window("he.lan"), house.window("xu.wen")
    wrong = wish("'; DROP", "P999-999", scope="subject", until="2020-01-01", reason="x", document="?")
    told = asker.post("/rules/exemptions", wrong)
    assert told.status_code == 422
    assert told.text.count('class="problem"') == 5
    assert asker.post("/rules/exemptions", {**wrong, "ruleset": "none.at_all"}).status_code == 422
    asker.speak("en")
    assert "The ruleset has no such rule" in asker.post("/rules/exemptions", wrong).text

    asker.post("/rules/exemptions", wish(key, rule))
    with unit_of_work(reading=True) as session:
        one = f"/rules/exemptions/{session.scalars(select(Exemption.id)).one()}"
    assert asker.post(f"{one}/withdraw").status_code == 302
    assert asker.post(f"{one}/withdraw").status_code == 409
    asker.post("/rules/exemptions", wish(key, rule))
    refused = {"decision": "refuse", "comment": "应在来源系统更正"}
    assert second.post(f"/workflow/tasks/{house.question()}/answer", refused).status_code == 302
    house.work()
    states = [row["状态"] for row in exported(second.page("/rules/exemptions.csv"))]
    assert sorted(states) == sorted(["已撤回", "未批准"])
    assert house.heard()[-1] == "rules.exemption_refused"
    asker.post("/rules/exemptions", wish(key, rule, until=TODAY.isoformat()))
    second.post(f"/workflow/tasks/{house.question()}/answer", GIVEN)
    with clock.frozen(clock.now() + timedelta(days=1)):
        house.work()
    with unit_of_work(reading=True) as session:
        late = session.scalars(select(Exemption).order_by(Exemption.decided_at.desc())).first()
        assert (late.state, TODAY.isoformat() in late.answer) == ("refused", True), (
            "its day was over when it was to begin"
        )


def test_nobody_comes_in_without_the_permission(house: House) -> None:
    assert house.days
    key, rule = account_with_a_finding(house.days.waiting)
    operator, reviewer = house.window("wu.fan"), house.window("lin.hai")
    for address in ("/rules/exemptions", "/rules/exemptions.csv", "/rules/exemptions/new", "/rules/exemptions/EX-1"):
        assert operator.get(address).status_code == 403, address
    assert reviewer.get("/rules/exemptions").status_code == 200
    assert reviewer.get("/rules/exemptions/new").status_code == 403
    for address in ("/rules/exemptions", "/rules/exemptions/EX-1/end", "/rules/exemptions/EX-1/withdraw"):
        assert reviewer.post(address, wish(key, rule)).status_code == 403, address
    for address in (f"/rules/sets/{NAME}/shadow", "/rules/shadows/SH-1/stop"):
        assert reviewer.post(address, {"until": UNTIL.isoformat()}).status_code == 403, address
    for address in ("/rules/shadows/SH-1", "/rules/statistics/none/P1", f"/rules/statistics/{NAME}/P1"):
        assert operator.get(address).status_code == 404, address
    assert house.app.test_client().get("/rules/statistics").status_code in (302, 401)
    assert house.heard() == []


def test_a_shadow_is_started_from_the_draft_and_stopped(house: House) -> None:
    assert house.days
    writer = house.window("he.lan")
    start = f"/rules/sets/{NAME}/shadow"
    assert "还没有影子运行" in writer.page("/rules/shadows")
    assert writer.post(start, {"until": UNTIL.isoformat()}).status_code == 404
    with acting(Actor("he.lan", "何岚", "person")), unit_of_work():
        draft = drafts.open_draft(NAME)
        file = f"{FOLDER}/ruleset.yaml"
        good = draft.texts[file]
        drafts.save(NAME, draft.lock, {file: good.replace("severity: block", "severity: blok", 1)})
    told = writer.post(start, {"until": UNTIL.isoformat()})
    assert told.status_code == 422
    assert "ruleset.yaml:" in told.text
    assert writer.post(start, {"until": "soon"}).status_code == 422
    changed = re.sub(r"(?s)(  - id: P210-.*?severity: )warn", r"\1info", good, count=1)
    assert changed != good
    with acting(Actor("he.lan", "何岚", "person")), unit_of_work():
        drafts.save(NAME, drafts.find(NAME).lock, {file: changed})

    assert f'action="{start}"' in writer.page(f"/rules/sets/{NAME}")

    told = writer.post(start, {"until": UNTIL.isoformat(), "note": "改为参考"})

    assert told.status_code == 302, told.text
    with unit_of_work(reading=True) as session:
        shadow = session.scalars(select(Shadow)).one()
    one = f"/rules/shadows/{shadow.id}"
    page = writer.page(one)
    assert all(words in page for words in ("还没有比对过业务日", TODAY.isoformat(), "改为参考", "停止"))
    assert one in writer.page(f"/rules/sets/{NAME}")
    assert writer.post(start, {"until": UNTIL.isoformat()}).status_code == 409
    judge_anew(house.days.waiting)
    house.work()
    page = writer.page(one)
    (options,) = [json.loads(html.unescape(each)) for each in re.findall(r'data-options="([^"]*)"', page)]
    assert options["xAxis"]["data"] == ["10-31"]
    assert "停止后" not in house.window("wu.fan").page(one), "who may not stop it is not offered to"
    (row,) = exported(writer.page("/rules/shadows.csv?state=running"))
    assert (row["规则集"], row["已比对"], row["截止业务日"]) == (NAME, "1", UNTIL.isoformat())
    with unit_of_work(reading=True):
        rules = exported(writer.page(f"{one}/rules.csv"))
    assert sum(int(each["新增"]) for each in rules) == 0
    assert {each["规则"] for each in rules}
    assert writer.post(f"{one}/stop").status_code == 302
    assert writer.post(f"{one}/stop").status_code == 409
    writer.speak("en")
    assert "Stopped" in writer.page("/rules/shadows")
    assert house.heard() == ["rules.shadow_started", "rules.shadow_day_compared", "rules.shadow_stopped"]


def test_statistics_are_those_of_the_lake_and_the_centre(house: House) -> None:
    days = house.days
    assert days
    warned, missed = answered_records(days)
    for day in DAYS[:2]:
        count_day(PROVIDER, day)  # what the lake was told by hand no feedback has told

    listed = statistics.of_all(5)
    lines = {(each.ruleset.record_type, each.rule.id): each for each in listed}

    expected = counted_by_hand(days, {key: line.code for key, line in lines.items()})
    for place, line in lines.items():
        found = tuple(
            getattr(line.counts, name)
            for name in ("records", "findings", "held", "exempt", "confirmed", "accepted", "missed")
        )
        assert found == expected.get(place, (0,) * 7), place
    assert lines[warned].counts.confirmed == 1
    assert lines[missed].counts.missed >= 1
    assert (lines[missed].counts.recall or 0) < 1
    assert lines[warned].counts.precision == 1 / (1 + lines[warned].counts.accepted)
    assert {line.counts.days for line in lines.values()} == {3}
    for place in (warned, missed):
        line = lines[place]
        trend = statistics.of_rule(line.ruleset.name, line.rule.id, 5)
        assert trend.total == line.counts
        assert [day for day, _ in trend.days] == list(DAYS)

    window = house.window("wu.fan")
    page = window.page(f"/rules/statistics?q={warned[1]}&sort=-missed&days=5")
    assert f"/rules/statistics/{lines[warned].ruleset.name}/{warned[1]}?days=5" in page
    rows = exported(window.page("/rules/statistics.csv?days=5&sort=rule"))
    assert len(rows) == len(listed)
    assert sum(int(row["漏判"]) for row in rows) == sum(line.counts.missed for line in listed)
    one = f"/rules/statistics/{lines[warned].ruleset.name}/{warned[1]}"
    assert "2026-10-30" in window.page(f"{one}?days=5")
    assert [row["业务日"] for row in exported(window.page(f"{one}.csv?days=5"))] == [day.isoformat() for day in DAYS]
    for sort in ("precision", "-precision", "recall", "severity", "-records", "rule"):
        assert window.get(f"/rules/statistics?sort={sort}&found=yes").status_code == 200


def answered_records(days: ReportedDays) -> tuple[tuple[str, str], tuple[str, str]]:
    """Two answers of the centre beside those there are: it refuses a record that a rule has found, and one that no rule
    has found, with the codes of a rule each. The two rules."""
    sent = (
        f"{FILE_LINE.path} l WHERE l.batch = '{days.second}' AND NOT EXISTS"
        f" (SELECT 1 FROM {FEEDBACK.path} f WHERE f.file = l.file AND f.record_id = l.record_id)"
    )
    (row, *_) = lake().rows(
        f"SELECT l.record_type, g.rule, l.record_id, g.code FROM {FINDING.path} g JOIN (SELECT * FROM {sent}) l"
        " ON l.batch = g.batch AND l.record_id = g.record_id AND g.severity != 'block' AND g.code LIKE '_____%'"
        " ORDER BY ALL"
    )
    (other, *_) = lake().rows(
        f"SELECT l.record_id FROM (SELECT * FROM {sent}) l WHERE l.record_type = '210'"
        f" AND l.record_id NOT IN (SELECT record_id FROM {FINDING.path} WHERE batch = '{days.second}') ORDER BY 1"
    )
    rule = next(each for each in statistics.of_all(1) if each.ruleset.record_type == "210" and each.rule.code)
    for record, code in ((row[2], row[3]), (other[0], rule.code)):
        lake().write(
            lambda c, record=record, code=code: c.execute(
                f"INSERT INTO {FEEDBACK.path} BY NAME SELECT file, record_type, record_id, key, ? AS code, '' AS tag,"
                f" content, line, DATE '2026-10-31' AS received_on FROM {FILE_LINE.path} WHERE batch = ? AND record_id = ?",
                [code, days.second, record],
            )
        )
    return (row[0], row[1]), ("210", rule.rule.id)


def counted_by_hand(days: ReportedDays, codes: dict[tuple[str, str], str]) -> dict[tuple[str, str], tuple[int, ...]]:
    """Records, findings, held, exempt, confirmed, accepted and missed of each rule, row by row."""
    rows = lake().rows(
        f"SELECT batch, record_type, rule, record_id, code, severity FROM {FINDING.path} WHERE rule != 'CENTRE'"
    )
    sent = {(batch, record) for batch, record in lake().rows(f"SELECT batch, record_id FROM {FILE_LINE.path}")}
    refused: dict[tuple[str, str], set[str]] = {}
    types: dict[tuple[str, str], str] = {}
    for batch, kind, record, code in lake().rows(
        f"SELECT l.batch, f.record_type, f.record_id, f.code FROM {FEEDBACK.path} f JOIN {FILE_LINE.path} l"
        " ON l.file = f.file AND l.record_id = f.record_id"
    ):
        refused.setdefault((batch, record), set()).add(code)
        types[batch, record] = kind
    found: dict[tuple[str, str], dict[tuple[str, str], list[str]]] = {}
    seen: dict[tuple[str, str], set[str]] = {}
    for batch, kind, rule, record, code, severity in rows:
        found.setdefault((kind, rule), {}).setdefault((batch, record), []).append(severity)
        seen.setdefault((batch, record), set()).add(code)
    counted = {}
    for place, code in codes.items():
        hits = found.get(place, {})
        answered = [each for each in hits if each in sent]
        counted[place] = (
            len(hits),
            sum(map(len, hits.values())),
            sum("block" in severities for severities in hits.values()),
            sum("exempt" in severities for severities in hits.values()),
            sum(code in refused.get(each, ()) for each in answered),
            sum(each not in refused for each in answered),
            sum(
                code in given and types[each] == place[0] and code not in seen.get(each, ())
                for each, given in refused.items()
            ),
        )
    return counted


def test_tables_of_records_are_the_only_ones_that_can_be_exempt(house: House) -> None:
    with unit_of_work(), acting(Actor("he.lan", "何岚", "person")), pytest.raises(asking.WishRefused) as refused:
        asking.ask(asking.Wish("submission.personal_report_file", "F-1", "branch", "", "A1", UNTIL, "理由写在这里"))
    assert refused.value.errors.keys() == {"ruleset"}
    assert record_table("210").path
