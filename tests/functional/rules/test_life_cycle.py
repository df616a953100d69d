"""A ruleset from its draft to the day on which it judges, and out of force again: services, executor and pages, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from inbox_stage import Stage
from sqlalchemy import select

from app.core import clock
from app.core.actor import Actor, acting
from app.core.clock import CHINA
from app.core.db import Database, unit_of_work
from app.core.errors import Conflict, CreditLinkError, Invalid, NotFound
from app.core.jobs import Worker
from app.core.outbox import OutboxEvent
from app.rules.registry import drafts, in_force, requests
from app.rules.registry.editions import editions_of
from app.rules.registry.files import read_files, write_files
from app.rules.registry.models import ReleaseRequest, RulesetDraft
from app.rules.registry.shipped import ROOT, shipped_ruleset
from app.submission.content import rules_in
from app.submission.registry_commands import rules
from app.workflow.models import ProcessInstance, ProcessTask

NOW = datetime(2026, 11, 2, 9, tzinfo=CHINA)
TODAY, FROM = date(2026, 11, 2), date(2026, 11, 5)
NAME = "submission.personal_credit_agreement_deletion"
FOLDER = "submission/personal_credit_agreement_deletion"
FILE = f"{FOLDER}/ruleset.yaml"
PEOPLE = {
    "he.lan": ("何岚", "compliance"),
    "xu.wen": ("许文", "compliance"),
    "gao.yi": ("高毅", "compliance"),
    "wu.fan": ("吴帆", "operator"),
}
APPROVED = {"decision": "approve", "comment": "依据充分，影响可以接受"}


@dataclass
class House(Stage):
    """People who write and approve, and an executor that works when it is told to."""

    def __post_init__(self) -> None:
        self.persons(PEOPLE)

    def work(self) -> None:
        Worker(self.app.extensions["creditlink.registry"]).run_until_idle()

    def draft(self) -> RulesetDraft:
        with unit_of_work(reading=True):
            return drafts.find(NAME)

    def write(self, person: str, old: str, new: str) -> int:
        """Somebody changes the text of the ruleset."""
        with acting(Actor(person, person, "person")), unit_of_work():
            draft = drafts.open_draft(NAME)
            assert old in draft.texts[FILE]
            return drafts.save(NAME, draft.lock, {FILE: draft.texts[FILE].replace(old, new)})

    def submit(self, person: str = "he.lan", day: date = FROM) -> str:
        with acting(Actor(person, person, "person")), unit_of_work():
            request = requests.submit(NAME, drafts.find(NAME).lock, day, "按新口径改为提示")
        self.work()
        return request.id

    def request(self, number: str) -> ReleaseRequest:
        with unit_of_work(reading=True):
            return requests.find(number)

    def question(self) -> ProcessTask:
        with unit_of_work(reading=True) as session:
            return session.scalars(select(ProcessTask).filter_by(node="Approve", status="open")).one()

    def answer(self, person: str, given: dict[str, str], status: int = 302) -> str:
        told = self.window(person).post(f"/workflow/tasks/{self.question().id}/answer", given)
        assert told.status_code == status, told.text
        self.work()
        return told.text

    def path(self) -> list[str]:
        with unit_of_work(reading=True) as session:
            (instance,) = session.scalars(select(ProcessInstance))
            return [node for node in instance.path if node[0].isupper()]

    def heard(self) -> list[str]:
        with unit_of_work(reading=True) as session:
            names = session.scalars(select(OutboxEvent.name).order_by(OutboxEvent.id))
            return [name for name in names if name.startswith("rules.")]

    def severity(self, day: date) -> str | None:
        """Of the ruleset's own rule on a business day; None where no ruleset is in force."""
        with unit_of_work(reading=True):
            force = in_force(day)
            return force.ruleset(NAME).rules[-1].severity if NAME in force.places else None


@pytest.fixture
def standing_still() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def house(sqlite_database: Database, standing_still: None) -> House:
    return House()


@pytest.fixture
def each_house(database: Database, standing_still: None) -> House:
    """On each kind of database in turn."""
    return House()


OLD, NEW = "severity: block", "severity: warn"


def test_an_edition_is_written_checked_approved_and_judges_from_its_day(each_house: House) -> None:
    house = each_house
    shipped = shipped_ruleset(NAME).edition
    house.write("he.lan", OLD, NEW)

    number = house.submit()

    request = house.request(number)
    assert (request.state, request.checked["fit"], request.checked["failed"]) == ("tried", True, 0)
    assert request.checked["agreement"]["checked"] > 0
    assert request.checked["agreement"]["disagreements"] == 0
    assert request.edition not in (None, shipped)
    page = house.window("xu.wen").page(f"/workflow/tasks/{house.question().id}")
    assert all(words in page for words in (NAME, "2026-11-05", "按新口径改为提示", "何岚"))
    assert house.severity(FROM) == "block", "nothing judges by it before it is approved"

    house.answer("he.lan", APPROVED, 403)
    house.answer("wu.fan", APPROVED, 404)
    house.answer("xu.wen", APPROVED)

    assert house.request(number).state == "approved"
    assert (house.severity(FROM - timedelta(days=1)), house.severity(FROM)) == ("block", "warn")
    with unit_of_work(reading=True) as session:
        rows = editions_of(NAME)
        assert [(row.number, row.origin, row.authors) for row in rows] == [
            (2, "console", ["he.lan"]),
            (1, "shipped", []),
        ]
        assert rows[0].edition == request.edition
        assert rules_in(in_force(FROM), "224").edition == request.edition
        assert session.get(RulesetDraft, NAME) is None
    assert house.heard() == [
        "rules.draft_changed",
        *["rules.request_moved"] * 3,
        "rules.request_moved",
        "rules.edition_released",
    ]


def test_a_wrong_draft_goes_back_with_every_reason(each_house: House) -> None:
    house = each_house
    house.write("he.lan", OLD, "severity: blok")

    number = house.submit()

    request, draft = house.request(number), house.draft()
    assert (request.state, draft.status) == ("returned", "editing")
    assert request.checked["fault_count"] >= 1
    assert "severity须是block, warn, info之一" in draft.answer
    assert FILE.partition("/")[2] in draft.answer, "each fault names its place"
    assert house.path()[-1] == "Returned"
    assert house.severity(FROM) == "block"
    house.write("he.lan", "severity: blok", NEW)
    assert house.request(house.submit()).state == "tried", "mended, it can be submitted again"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("facts: {record: record.224}", "facts: {record: record.214}", "facts"),
        (f"ruleset: {NAME}", "ruleset: submission.other", "ruleset须是"),
        ("kind: check", "kind: check  # nothing else", "没有差别"),
        ("from: '2022-10-01'", "from: soon", "effective.from"),
    ],
)
def test_what_is_right_by_itself_may_not_fit_its_place(house: House, old: str, new: str, told: str) -> None:
    house.write("he.lan", old, new)
    house.submit()
    assert told in house.draft().answer


def test_a_rule_without_its_cases_does_not_pass(house: House) -> None:
    with acting(Actor("he.lan", "何岚", "person")), unit_of_work():
        draft = drafts.open_draft(NAME)
        case = f"{FOLDER}/cases/P224-001.yaml"
        drafts.save(NAME, draft.lock, {case: None, FILE: draft.texts[FILE].replace(OLD, NEW)})
    request = house.request(house.submit())
    assert request.state == "returned"
    assert any(each["message"]["en"].startswith("the rule has no") for each in request.checked["faults"])


def test_whoever_wrote_any_of_it_does_not_approve_it(house: House) -> None:
    house.write("xu.wen", "kind: check", "kind: check  # looked through")
    house.write("he.lan", OLD, NEW)
    number = house.submit()

    house.answer("xu.wen", APPROVED)

    assert house.request(number).state == "tried", "an author's approval has no effect"
    assert house.severity(FROM) == "block"
    house.answer("gao.yi", APPROVED)
    assert house.severity(FROM) == "warn"


def test_it_is_sent_back_withdrawn_and_late(house: House) -> None:
    house.write("he.lan", OLD, NEW)
    first = house.submit()
    with pytest.raises(Conflict, match=r"rules\.draft_submitted"):
        house.write("he.lan", NEW, OLD)
    house.answer("xu.wen", {"decision": "return", "comment": "请补充依据"})
    assert (house.request(first).state, house.draft().answer) == ("returned", "请补充依据")

    second = house.submit()
    with unit_of_work():
        requests.withdraw(requests.find(second))
    house.work()
    assert (house.request(second).state, house.draft().status) == ("withdrawn", "editing")
    with pytest.raises(Conflict, match=r"rules\.not_withdrawable"), unit_of_work():
        requests.withdraw(requests.find(second))

    third = house.submit()
    with clock.frozen(NOW + timedelta(days=4)):
        house.answer("xu.wen", APPROVED)
        assert house.request(third).state == "returned"
        assert "rules.day_past" in house.draft().answer


def test_an_edition_that_came_between_is_noticed(house: House) -> None:
    house.write("he.lan", OLD, NEW)
    number = house.submit()
    with unit_of_work() as session:
        session.get_one(RulesetDraft, NAME).base = "0" * 64
    house.answer("xu.wen", APPROVED)
    assert house.request(number).state == "returned"
    assert "rules.base_moved" in house.draft().answer


def test_a_ruleset_is_retired_and_comes_back(each_house: House) -> None:
    house = each_house
    with acting(Actor("he.lan", "何岚", "person")), unit_of_work():
        number = requests.retire(NAME, FROM, "记录类型停止报送").id
        with pytest.raises(Conflict, match=r"rules\.request_open"):
            requests.retire(NAME, FROM, "再次停用")
    house.work()
    house.answer("xu.wen", APPROVED)

    assert house.request(number).state == "approved"
    assert (house.severity(FROM - timedelta(days=1)), house.severity(FROM)) == ("block", None)
    with unit_of_work(reading=True):
        assert in_force(FROM).about_record("224") is None
        with pytest.raises(NotFound):
            rules_in(in_force(FROM), "224")
    house.write("he.lan", OLD, NEW)
    house.submit(day=FROM + timedelta(days=5))
    house.answer("xu.wen", APPROVED)
    assert [house.severity(FROM + timedelta(days=day)) for day in (0, 4, 5)] == [None, None, "warn"]


def test_two_writers_cannot_both_win(each_house: House) -> None:
    house = each_house
    lock = house.write("he.lan", OLD, NEW)
    house.write("xu.wen", NEW, "severity: info")
    with pytest.raises(Conflict, match=r"rules\.draft_changed"), unit_of_work():
        drafts.save(NAME, lock, {FILE: "x"})
    with pytest.raises(Conflict, match=r"rules\.draft_changed"), unit_of_work():
        requests.submit(NAME, lock, FROM, "旧的版本")
    assert house.draft().authors == ["he.lan", "xu.wen"]
    with unit_of_work():
        drafts.discard(NAME)
    with pytest.raises(NotFound), unit_of_work():
        drafts.find(NAME)


@pytest.mark.parametrize(
    "texts",
    [
        {"../../etc/cron.d/x": "x"},
        {"submission/other/ruleset.yaml": "x"},
        {f"{FOLDER}/cases/a\x00.yaml": "x"},
        {FILE: "a\x00b"},
        {FILE: "x" * 9_000_000},
    ],
)
def test_what_cannot_be_a_text_of_it_is_refused(house: House, texts: dict[str, str | None]) -> None:
    lock = house.write("he.lan", OLD, NEW)
    with pytest.raises(Invalid, match=r"rules\.texts"), unit_of_work():
        drafts.save(NAME, lock, texts)


def test_days_and_notes_are_asked_for(house: House) -> None:
    lock = house.write("he.lan", OLD, NEW)
    for day, note, code in ((TODAY - timedelta(days=1), "补充", "rules.day_past"), (FROM, " ", "rules.note")):
        with pytest.raises(Invalid, match=code), unit_of_work():
            requests.submit(NAME, lock, day, note)
    with pytest.raises(NotFound), unit_of_work():
        requests.retire("submission.nothing", FROM, "没有这个规则集")


def test_a_new_ruleset_may_not_judge_what_another_judges(house: House, tmp_path: Path) -> None:
    write_files(read_files(ROOT / FOLDER), tmp_path)
    file = tmp_path / FILE
    file.write_text(file.read_text(encoding="utf-8").replace(NAME, "submission.second"), encoding="utf-8")
    with acting(Actor("he.lan", "何岚", "person")), unit_of_work():
        drafts.begin(read_files(tmp_path / FOLDER))
        requests.submit("submission.second", drafts.find("submission.second").lock, FROM, "第二个规则集")
    house.work()
    with unit_of_work(reading=True):
        assert f"已由规则集{NAME}判断" in drafts.find("submission.second").answer


def test_commands_list_show_export_and_import(house: House, tmp_path: Path) -> None:
    run = CliRunner()
    exported = run.invoke(rules, ["export", NAME, "--out", str(tmp_path)])
    assert exported.exit_code == 0, exported.output
    for line in exported.output.splitlines():
        assert (tmp_path / line).read_bytes() == (ROOT / line).read_bytes()
    assert FILE in exported.output

    file = tmp_path / FILE
    file.write_text(file.read_text(encoding="utf-8").replace(OLD, NEW), encoding="utf-8")
    assert run.invoke(rules, ["import", str(tmp_path / FOLDER), "--author", "he.lan"]).output.strip() == NAME
    nobody = run.invoke(rules, ["import", str(tmp_path / FOLDER), "--author", "nobody"])
    assert isinstance(nobody.exception, CreditLinkError)
    assert house.draft().authors == ["he.lan"]
    house.submit()
    house.answer("xu.wen", APPROVED)

    shown = run.invoke(rules, ["show", NAME, "--date", FROM.isoformat()])
    assert shown.exit_code == 0, shown.output
    assert "xu.wen" in shown.output
    again = tmp_path / "again"
    assert run.invoke(rules, ["export", NAME, "--edition", "2", "--out", str(again)]).exit_code == 0
    assert (again / FILE).read_bytes() == file.read_bytes()
    assert "rules.edition_exported" in house.heard()


def test_a_request_whose_process_has_failed_is_taken_back(house: House) -> None:
    house.write("he.lan", OLD, NEW)
    with acting(Actor("he.lan", "何岚", "person")), unit_of_work():
        number = requests.submit(NAME, drafts.find(NAME).lock, FROM, "按新口径改为提示").id
    with unit_of_work() as session:
        (instance,) = session.scalars(select(ProcessInstance))
        for task in session.scalars(select(ProcessTask).filter_by(instance_id=instance.id)):
            task.status = "failed"
        instance.status = "incident"
    with unit_of_work():
        requests.withdraw(requests.find(number))
    assert (house.request(number).state, house.draft().status) == ("withdrawn", "editing")
    with unit_of_work(reading=True) as session:
        assert [each.status for each in session.scalars(select(ProcessInstance))] == ["cancelled"]
