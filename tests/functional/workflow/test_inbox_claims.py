"""Who may take and do a task, at every door; races, stale pages and double submits; through HTTP on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from inbox_stage import GIVEN, Stage, Window

from app.core import clock
from app.core.db import Database, unit_of_work
from app.workflow.models import Act, ProcessTask


@pytest.fixture
def stage(sqlite_database: Database) -> Stage:
    return Stage()


@pytest.fixture
def each_stage(database: Database) -> Stage:
    """On each kind of database in turn: for what the database itself decides."""
    return Stage()


def checked(stage: Stage, window: Window) -> str:
    """The first question answered; the id of the second."""
    assert window.post(f"/workflow/tasks/{stage.task().id}/answer", GIVEN).status_code == 302
    return stage.task("B").id


def test_a_task_goes_from_claim_to_its_end(stage: Stage) -> None:
    stage.people("wu.fan", "xu.wen")
    stage.begin(by="lin.hai")
    operator = stage.window("wu.fan")
    task = stage.task().id

    assert operator.post(f"/workflow/tasks/{task}/claim").status_code == 302
    assert stage.task().assignee == "wu.fan"
    page = operator.page(f"/workflow/tasks/{task}")
    assert "核对申请" in page
    assert "张*" in page
    second = checked(stage, operator)
    done = stage.task()
    assert (done.status, done.finished_by, done.result) == ("done", "wu.fan", GIVEN)
    assert "已核对" in operator.page(f"/workflow/tasks/{task}")

    reviewer = stage.window("xu.wen")
    assert reviewer.post(f"/workflow/tasks/{second}/answer", {**GIVEN, "_then": "next"}).status_code == 302
    assert stage.task("B").assignee == "xu.wen", "who answers a task of nobody claims it on the way"
    assert [each["by"] for each in stage.events("task_answered")] == ["wu.fan", "xu.wen"]
    assert stage.events("task_seen")[0] == {"task": task, "process": "test.p", "by": "wu.fan"}


def test_four_eyes_hold_at_every_door(each_stage: Stage) -> None:
    stage = each_stage
    stage.people("wu.fan", "xu.wen", "he.lan", "gao.yi")
    stage.begin(by="xu.wen")
    checked(stage, stage.window("wu.fan"))
    task = stage.task("B")
    starter, other, manager = stage.window("xu.wen"), stage.window("he.lan"), stage.window("gao.yi")
    at = f"/workflow/tasks/{task.id}"
    to_starter = {"to": "xu.wen", "reason": "请办"}

    assert task.excluded == ["wu.fan", "xu.wen"]
    assert task.business_key not in starter.page("/workflow/inbox?tab=group")
    assert task.business_key in other.page("/workflow/inbox?tab=group")
    for door, given in (
        ("claim", {}),
        ("answer", GIVEN),
        ("draft", GIVEN),
        ("delegate", {"to": "he.lan", "reason": "请办"}),
    ):
        refused = starter.post(f"{at}/{door}", given)
        assert (refused.status_code, door) == (403, door)
        assert "四眼原则" in refused.text
    assert starter.post("/workflow/inbox/bulk", {"do": "claim", "_task": task.id}).text.count("四眼原则") == 1
    assert "xu.wen" not in manager.page(at).partition('id="reassign-to"')[2].partition("</select>")[0]
    assert manager.post(f"{at}/reassign", to_starter).status_code == 403
    assert other.post(f"{at}/delegate", to_starter).status_code == 403
    bulk = {"do": "assign", "_task": task.id, **to_starter}
    assert "参与过" in manager.post("/workflow/inbox/bulk", bulk).text
    # However it came to them: it is asked again when it is used.
    with unit_of_work() as session:
        session.get_one(ProcessTask, task.id).assignee = "xu.wen"
    assert starter.post(f"{at}/answer", GIVEN).status_code == 403
    assert stage.task("B").status == "open"


def test_a_substitute_is_kept_away_by_four_eyes_too(stage: Stage) -> None:
    stage.people("wu.fan", "xu.wen", "he.lan", "gao.yi")
    stage.begin(by="xu.wen")
    task = checked(stage, stage.window("wu.fan"))
    away = stage.window("he.lan")
    away.post(f"/workflow/tasks/{task}/claim")
    days = {"substitute": "xu.wen", "first_day": "2020-01-01", "last_day": "2099-01-01"}
    assert away.post("/workflow/inbox/absences", days).status_code == 422
    today = clock.today().isoformat()
    assert away.post("/workflow/inbox/absences", {**days, "first_day": today, "last_day": today}).status_code == 302

    starter = stage.window("xu.wen")
    assert "代 何岚 办理" in starter.page("/workflow/inbox")
    assert "K1" not in starter.page("/workflow/inbox?tab=mine").partition("<tbody>")[2]
    assert starter.post(f"/workflow/tasks/{task}/answer", GIVEN).status_code == 403


def test_of_fifty_who_claim_ten_tasks_ten_win(each_stage: Stage) -> None:
    stage = each_stage
    names = [f"op.{number}" for number in range(50)]
    stage.persons({name: (f"办理 {name}", "operator") for name in names})
    for number in range(10):
        stage.begin(f"K{number}")
    tasks = [stage.task(key=f"K{number}").id for number in range(10)]
    windows = stage.windows(*names)
    together = threading.Barrier(50)
    answers: list[tuple[int, str]] = []

    def claim(number: int) -> None:
        together.wait()
        answer = windows[number].post(f"/workflow/tasks/{tasks[number % 10]}/claim")
        answers.append((answer.status_code, answer.text))

    _all([lambda number=number: claim(number) for number in range(50)])  # type: ignore[misc]

    assert Counter(status for status, _ in answers) == {302: 10, 409: 40}
    assert all("该任务已由办理 " in text for status, text in answers if status == 409)
    claimed = stage.events("task_claimed")
    assert sorted(each["task"] for each in claimed) == sorted(tasks)
    for number in range(10):
        assert stage.task(key=f"K{number}").assignee == next(
            each["by"] for each in claimed if each["task"] == tasks[number]
        )


def _all(acts: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def test_a_stale_page_is_told_who_has_decided_what(stage: Stage) -> None:
    stage.people("wu.fan", "lin.hai", "gao.yi")
    stage.begin(by="gao.yi")
    first, late = stage.window("wu.fan"), stage.window("lin.hai")
    at = f"/workflow/tasks/{stage.task().id}"
    late.page(at)
    assert first.post(f"{at}/answer", GIVEN).status_code == 302

    told = late.post(f"{at}/answer", {"decision": "no", "reason": "不同意办理"})

    assert told.status_code == 409
    assert "该任务已由吴帆办理" in told.text
    assert "已核对" in told.text, "what was decided stands there"
    assert "不同意办理" not in told.text
    for door in ("claim", "release", "draft"):
        assert late.post(f"{at}/{door}", GIVEN).status_code == 409
    assert stage.task().result == GIVEN


def test_a_double_submit_counts_once(each_stage: Stage) -> None:
    stage = each_stage
    stage.people("wu.fan")
    stage.begin(by="gao.yi")
    window = stage.window("wu.fan")
    at = f"/workflow/tasks/{stage.task().id}/answer"
    other = Window(stage.app.test_client(), window.token)
    other.client.set_cookie("creditlink", window.client.get_cookie("creditlink").value)
    codes: list[int] = []
    together = threading.Barrier(2)

    def submit(client: Window) -> None:
        together.wait()
        codes.append(client.post(at, GIVEN).status_code)

    _all([lambda: submit(window), lambda: submit(other)])

    assert sorted(codes) == [302, 409]
    assert len(stage.events("task_answered")) == 1
    assert stage.task("B").status == "open"


def test_what_another_has_is_not_done_for_them(stage: Stage) -> None:
    stage.people("wu.fan", "lin.hai", "gao.yi")
    stage.begin(by="gao.yi")
    at = f"/workflow/tasks/{stage.task().id}"
    stage.window("wu.fan").post(f"{at}/claim")
    other = stage.window("lin.hai")

    for door, given in (
        ("claim", {}),
        ("answer", GIVEN),
        ("draft", GIVEN),
        ("delegate", {"to": "lin.hai", "reason": "好"}),
    ):
        told = other.post(f"{at}/{door}", given)
        assert (told.status_code, "该任务已由吴帆领取" in told.text) == (409, True), door
    assert other.post(f"{at}/release").status_code == 403
    assert other.post(f"{at}/reassign", {"to": "lin.hai", "reason": "好"}).status_code == 403
    assert stage.task().assignee == "wu.fan"


def test_who_leads_reassigns_and_whoever_has_it_hands_it_over(stage: Stage) -> None:
    stage.people("wu.fan", "lin.hai", "gao.yi", "xu.wen", "qiao.yu")
    stage.begin(by="gao.yi")
    at = f"/workflow/tasks/{stage.task().id}"
    operator, manager = stage.window("wu.fan"), stage.window("gao.yi")
    operator.post(f"{at}/claim")

    assert operator.post(f"{at}/delegate", {"to": "lin.hai", "reason": " "}).status_code == 422
    assert operator.post(f"{at}/delegate", {"to": "xu.wen", "reason": "忙"}).status_code == 403, "not in the role"
    assert operator.post(f"{at}/delegate", {"to": "nobody", "reason": "忙"}).status_code == 404
    assert operator.post(f"{at}/delegate", {"to": "lin.hai", "reason": "出差"}).status_code == 302
    assert stage.task().assignee == "lin.hai"
    assert manager.post(f"{at}/reassign", {"to": "wu.fan", "reason": "回来了"}).status_code == 302
    assert stage.task().assignee == "wu.fan"
    assert manager.post(f"{at}/release").status_code == 302
    assert stage.task().assignee is None

    with unit_of_work(reading=True) as session:
        kept = [(each.kind, each.actor, each.reason) for each in session.query(Act).order_by(Act.id)]
    assert kept == [("delegated", "wu.fan", "→ 林海：出差"), ("reassigned", "gao.yi", "→ 吴帆：回来了")]
    assert stage.events("task_reassigned")[0]["before"] == "lin.hai"
    assert "出差" in manager.page(at)
    assert stage.window("qiao.yu").get(at).status_code == 404, "a task of other roles is not to be seen"


def test_nobody_without_the_permission_gets_in(stage: Stage) -> None:
    stage.begin()
    stage.persons({"he.shen": ("何审", "admin_audit")})
    window = stage.window("he.shen")
    assert window.get("/workflow/inbox").status_code == 403
    assert window.get(f"/workflow/tasks/{stage.task().id}").status_code == 403
