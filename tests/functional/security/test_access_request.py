"""A role asked for, approved, granted, reviewed and taken back: through the pages, the executor and the sweep of clocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

import pytest
from inbox_stage import Stage, Window
from sqlalchemy import select, text

from app.audit.models import AuditEntry
from app.core import clock
from app.core.actor import SYSTEM, acting
from app.core.clock import CHINA
from app.core.db import Database, unit_of_work
from app.core.jobs import TaskContext, Worker
from app.core.schema import differences
from app.security import steps
from app.security.accounts import get_user, set_roles
from app.security.models import AccessRequest, RoleGrant
from app.workflow.clocks import sweep
from app.workflow.models import Clock, ProcessInstance, ProcessTask
from app.workflow.stepping import StepContext

NOW = datetime(2026, 3, 2, 9, tzinfo=CHINA)
UNTIL = date(2026, 8, 29)
APPROVED = {"decision": "approve", "comment": "项目期间需要"}
GRANTED = {"decision": "grant", "comment": "已核对"}
PEOPLE = {
    "wu.fan": ("吴帆", "operator"),
    "gao.yi": ("高毅", "manager"),
    "meng.qi": ("孟祺", "manager"),
    "an.ning": ("安宁", "admin_security"),
    "shi.jia": ("石嘉", "admin_security"),
}


@dataclass
class House(Stage):
    """People, their browsers, and an executor that works when it is told to."""

    def __post_init__(self) -> None:
        self.persons(PEOPLE)

    def at(self, person: str) -> Window:
        """A browser of the person, signed in just now."""
        return self.window(person)

    def work(self) -> None:
        """The executor does all that is due."""
        Worker(self.app.extensions["creditlink.registry"]).run_until_idle()

    def ask(self, person: str = "wu.fan", role: str = "reviewer", until: date = UNTIL) -> AccessRequest:
        given = {"role": role, "reason": "复核十一月批次", "until": until.isoformat()}
        answer = self.at(person).post("/account/access/new", given)
        assert answer.status_code == 302, answer.text
        self.work()
        return self.request(answer.location.rpartition("/")[2])

    def request(self, number: str | None = None) -> AccessRequest:
        """The one of that number; else the only one."""
        with unit_of_work(reading=True) as session:
            wanted = select(AccessRequest)
            return session.scalars(wanted.filter_by(id=number) if number else wanted).one()

    def question(self, node: str, status: str = "open") -> ProcessTask:
        with unit_of_work(reading=True) as session:
            return session.scalars(select(ProcessTask).filter_by(node=node, status=status, kind="question")).one()

    def answer(self, person: str, node: str, given: dict[str, str], status: int = 302) -> str:
        told = self.at(person).post(f"/workflow/tasks/{self.question(node).id}/answer", given)
        assert told.status_code == status, told.text
        self.work()
        return told.text

    def grant(self, until: date = UNTIL) -> AccessRequest:
        self.ask(until=until)
        self.answer("gao.yi", "Approve", APPROVED)
        self.answer("an.ning", "Authorise", GRANTED)
        return self.request()

    def roles(self, person: str = "wu.fan") -> set[str]:
        with unit_of_work(reading=True):
            return {role.value for role in get_user(person).roles}

    def held(self) -> RoleGrant | None:
        with unit_of_work(reading=True) as session:
            return session.scalar(select(RoleGrant).where(RoleGrant.request.is_not(None)))

    def instance(self) -> ProcessInstance:
        with unit_of_work(reading=True) as session:
            return session.scalars(select(ProcessInstance)).one()

    def clocks(self) -> dict[str, str]:
        with unit_of_work(reading=True) as session:
            return {each.name: each.state for each in session.scalars(select(Clock).order_by(Clock.id))}

    def recorded(self) -> set[str]:
        with unit_of_work(reading=True) as session:
            return set(session.scalars(select(AuditEntry.action)))


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


def test_a_role_is_granted_for_its_time_and_then_taken_back(each_house: House) -> None:
    house = each_house
    request = house.grant()

    assert request.state == "granted"
    assert house.roles() == {"operator", "reviewer"}
    held = house.held()
    assert held is not None
    assert (held.until, held.request, held.granted_by) == (UNTIL, request.id, "an.ning")
    assert house.instance().status == "waiting"
    assert house.clocks()["approval"] == "met"
    page = house.at("wu.fan").page("/account/access")
    assert "2026-08-29" in page
    assert "已授予" in page
    assert "至 2026-08-29" in house.at("shi.jia").page("/users/of/wu.fan")

    with clock.frozen(datetime(2026, 8, 15, 8, 59, tzinfo=CHINA)):
        assert sweep().set_off == 0
    with clock.frozen(datetime(2026, 8, 15, 9, tzinfo=CHINA)):
        assert sweep().set_off == 1
        house.answer("gao.yi", "Recertify", {"decision": "end", "comment": "项目结束"})
        assert house.roles() == {"operator", "reviewer"}, "it is held until its last day is over"
    with clock.frozen(datetime(2026, 8, 29, 23, 59, tzinfo=CHINA)):
        assert sweep().set_off == 0
    with clock.frozen(datetime(2026, 8, 30, tzinfo=CHINA)):
        window = house.at("wu.fan")
        assert sweep().set_off == 1
        house.work()
        assert window.get("/account/access").status_code == 302, "sessions with rights of before are over"
        assert house.roles() == {"operator"}
        assert "已到期收回" in house.at("wu.fan").page(f"/account/access/of/{request.id}")
    assert house.request().state == "ended"
    assert house.instance().status == "done"
    assert {"security.access_asked", "security.roles_changed", "security.access_ended"} <= house.recorded()


def test_a_review_prolongs_it_once_and_the_next_review_comes(house: House) -> None:
    house.grant()
    with clock.frozen(datetime(2026, 8, 15, 9, tzinfo=CHINA)):
        sweep()
        house.answer("gao.yi", "Recertify", {"decision": "keep", "comment": "项目延期"}, 422)
        house.answer("gao.yi", "Recertify", {"decision": "keep", "days": "30", "comment": "项目延期"})
        held = house.held()
        assert held is not None
        assert held.until == house.request().until == UNTIL + timedelta(days=30)
    with clock.frozen(datetime(2026, 8, 30, tzinfo=CHINA)):
        assert sweep().set_off == 0
        assert house.roles() == {"operator", "reviewer"}
    with clock.frozen(datetime(2026, 9, 14, 9, tzinfo=CHINA)):
        assert sweep().set_off == 1
        assert house.question("Recertify").due_at is not None
    with clock.frozen(datetime(2026, 9, 29, tzinfo=CHINA)):
        sweep()
        house.work()
        assert house.roles() == {"operator"}, "nobody has reviewed it in time"
    assert house.question("Recertify", "cancelled").result is None


def test_a_short_term_ends_without_review(house: House) -> None:
    house.grant(until=date(2026, 3, 9))
    with clock.frozen(datetime(2026, 3, 10, tzinfo=CHINA)):
        assert sweep().set_off == 1
        house.work()
    assert house.roles() == {"operator"}
    assert "Recertify" not in house.instance().path


def test_what_was_given_by_hand_is_never_taken_back(house: House) -> None:
    house.grant(until=date(2026, 3, 9))
    with acting(SYSTEM), unit_of_work():
        set_roles(get_user("wu.fan"), ["operator"])
    with acting(SYSTEM), unit_of_work():
        set_roles(get_user("wu.fan"), ["operator", "reviewer"])
    with clock.frozen(datetime(2026, 3, 10, tzinfo=CHINA)):
        sweep()
        house.work()
    assert house.request().state == "ended"
    assert house.roles() == {"operator", "reviewer"}


def test_the_asker_explains_and_the_manager_decides_anew(house: House) -> None:
    request = house.ask()
    page = house.at("gao.yi").page(f"/workflow/tasks/{house.question('Approve').id}")
    assert "复核十一月批次" in page
    assert "吴帆" in page
    house.answer("gao.yi", "Approve", {"decision": "ask", "comment": "请说明参与哪个批次"})

    task = house.question("Explain")
    assert (task.assignee, task.role) == ("wu.fan", "manager")
    asker = house.at("wu.fan")
    followed = asker.page(f"/account/access/of/{request.id}")
    assert "请说明参与哪个批次" in followed
    assert f"/workflow/tasks/{task.id}" in followed
    assert "请说明参与哪个批次" in asker.page(f"/workflow/tasks/{task.id}")
    house.answer("meng.qi", "Explain", {"comment": "替他说明一下"}, 409)
    house.answer("wu.fan", "Explain", {"comment": "参与十一月批次的复核"})
    assert "参与十一月批次的复核" in house.at("gao.yi").page(f"/workflow/tasks/{house.question('Approve').id}")
    house.answer("gao.yi", "Approve", {"decision": "refuse", "comment": "现有岗位已够用"})

    assert house.request().state == "refused"
    assert house.roles() == {"operator"}
    assert "现有岗位已够用" in house.at("wu.fan").page(f"/account/access/of/{request.id}")
    assert house.instance().status == "done"


def test_the_security_administrator_refuses(house: House) -> None:
    house.ask()
    house.answer("gao.yi", "Approve", APPROVED)
    page = house.at("an.ning").page(f"/workflow/tasks/{house.question('Authorise').id}")
    assert "申请人现有岗位" in page
    house.answer("an.ning", "Authorise", {"decision": "refuse", "comment": "期限过长"})
    found = house.request()
    assert (found.state, found.answer, found.open_mark) == ("refused", "期限过长", None)
    assert house.roles() == {"operator"}


def test_nobody_approves_their_own_request_nor_grants_what_they_approved(house: House) -> None:
    house.ask("gao.yi")
    assert "四眼原则" in house.answer("gao.yi", "Approve", APPROVED, 403)
    house.answer("wu.fan", "Approve", APPROVED, 404)
    house.answer("meng.qi", "Approve", APPROVED)
    assert "四眼原则" in house.answer("meng.qi", "Authorise", GRANTED, 403)
    with acting(SYSTEM), unit_of_work() as session:
        # The one who approved has become security administrator since: still not both.
        user = get_user("meng.qi")
        user.grants = [RoleGrant(role="admin_security", granted_by="system", granted_at=clock.now())]
        session.flush()
    assert "四眼原则" in house.answer("meng.qi", "Authorise", GRANTED, 403)
    house.answer("shi.jia", "Authorise", GRANTED)
    assert house.roles("gao.yi") == {"manager", "reviewer"}


def test_roles_that_conflict_are_told_and_end_it(house: House) -> None:
    request = house.ask("wu.fan", "admin_audit")
    assert request.state == "conflict"
    assert house.instance().path[-1] == "Conflicted"
    assert "岗位冲突" in house.at("wu.fan").page("/account/access")


def test_a_conflict_that_came_up_meanwhile_ends_it_too(house: House) -> None:
    house.ask()
    house.answer("gao.yi", "Approve", APPROVED)
    with acting(SYSTEM), unit_of_work():
        set_roles(get_user("wu.fan"), ["admin_audit"])
    house.answer("an.ning", "Authorise", GRANTED)
    assert (house.request().state, house.instance().path[-1]) == ("conflict", "NotGranted")
    assert house.roles() == {"admin_audit"}


def test_a_request_is_withdrawn_while_it_is_open_and_only_by_its_asker(house: House) -> None:
    request = house.ask()
    task = house.question("Approve").id
    address = f"/account/access/of/{request.id}/withdraw"
    assert house.at("gao.yi").post(address).status_code == 404
    asker = house.at("wu.fan")
    assert asker.post(address).status_code == 302
    assert asker.post(address).status_code == 409
    house.work()
    assert house.request().state == "withdrawn"
    assert house.instance().status == "done"
    assert house.at("gao.yi").post(f"/workflow/tasks/{task}/answer", APPROVED).status_code == 409
    assert house.roles() == {"operator"}
    assert house.ask().id != request.id, "one may ask again"


def test_approval_that_comes_too_late_is_noticed(house: House) -> None:
    house.ask()
    with clock.frozen(datetime(2026, 3, 5, tzinfo=CHINA)):
        assert sweep().missed >= 1
    with unit_of_work(reading=True) as session:
        found = session.scalars(select(Clock).filter_by(name="approval")).one()
    assert (found.state, found.escalate_to, found.kind) == ("missed", "admin_security", "house")


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"role": "reviewer", "reason": "复核十一月批次", "until": "2026-08-30"}, 422),
        ({"role": "reviewer", "reason": "复核十一月批次", "until": "2026-03-02"}, 422),
        ({"role": "reviewer", "reason": "复核十一月批次", "until": "soon"}, 422),
        ({"role": "reviewer", "reason": "要", "until": "2026-08-29"}, 422),
        ({"role": "emperor", "reason": "复核十一月批次", "until": "2026-08-29"}, 422),
        ({}, 422),
        ({"role": "operator", "reason": "复核十一月批次", "until": "2026-08-29"}, 409),
    ],
)
def test_what_cannot_be_asked_for(house: House, wish: dict[str, str], status: int) -> None:
    answer = house.at("wu.fan").post("/account/access/new", wish)
    assert answer.status_code == status
    with unit_of_work(reading=True) as session:
        assert session.scalars(select(AccessRequest)).all() == []


def test_every_fault_is_told_at_once_and_what_was_typed_stays(house: House) -> None:
    page = house.at("wu.fan").post("/account/access/new", {"reason": "要", "until": "2030-01-01"}).text
    assert len(re.findall('<p class="problem"', page)) == 3
    assert ">要</textarea>" in page


def test_the_same_role_is_asked_for_once_at_a_time(each_house: House) -> None:
    request = each_house.ask()
    again = {"role": "reviewer", "reason": "再次申请同一岗位", "until": UNTIL.isoformat()}
    answer = each_house.at("wu.fan").post("/account/access/new", again)
    assert answer.status_code == 409
    assert "不必重复提交" in answer.text
    with unit_of_work(reading=True) as session:
        assert [each.id for each in session.scalars(select(AccessRequest))] == [request.id]


def test_requests_of_others_are_not_seen(house: House) -> None:
    request = house.ask()
    assert house.at("gao.yi").get(f"/account/access/of/{request.id}").status_code == 404
    assert request.id not in house.at("gao.yi").page("/account/access")
    assert house.app.test_client().get("/account/access").status_code == 302


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_speak_both_languages(house: House, language: str) -> None:
    request = house.grant()
    window = house.at("wu.fan")
    window.speak(language)
    told = "我的权限" if language == "zh" else "My access"
    for path in ("/account/access", "/account/access/new", f"/account/access/of/{request.id}"):
        assert told in window.page(path)
    offered = window.page("/account/access/new")
    assert 'value="compliance"' in offered
    assert 'value="reviewer"' not in offered, "roles that are held are not offered"


def test_models_and_migrations_agree(database: Database) -> None:
    ours = ("security_access_request", "security_role_grant")
    assert [each for each in differences() if any(f"'{name}'" in each for name in ours)] == []


def test_lists_show_who_it_is_about_behind_a_mask(house: House) -> None:
    house.ask()
    assert house.instance().subject == "吴* · 复核岗"
    with unit_of_work(reading=True) as session:
        kept = session.execute(text("SELECT reason FROM security_access_request")).scalar_one()
    assert "复核".encode() not in bytes(kept)


def test_steps_that_run_a_second_time_change_nothing_more(house: House) -> None:
    request = house.grant()
    again = StepContext("the same step", 0, cast(TaskContext, None))
    renewal = steps.RenewalParams(request.id, {"decision": "keep", "days": "90"})

    first = steps.extend_role(again, renewal)
    assert steps.extend_role(again, renewal) == first
    assert first["until"] == (UNTIL + timedelta(days=90)).isoformat()
    assert steps.grant_role(again, steps.RequestParams(request.id)) == first
    assert steps.revoke_role(again, steps.RequestParams(request.id)) == {"revoked": True}
    assert steps.revoke_role(again, steps.RequestParams(request.id)) == {"revoked": False}
    assert house.roles() == {"operator"}
    assert house.request().state == "ended"
