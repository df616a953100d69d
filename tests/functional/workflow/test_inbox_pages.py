"""The inbox as reviewers use it: lists and counts, drafts, bulk, comments, attachments, absences."""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import timedelta

import pytest
from inbox_stage import FORM, GIVEN, Stage, Window

from app.core import clock
from app.core.config import override
from app.core.db import Database, unit_of_work
from app.core.storage import storage
from app.workflow.models import Absence, Attachment, Comment, ProcessTask

PDF = b"%PDF-1.7\n1 0 obj\n"


@pytest.fixture
def stage(sqlite_database: Database) -> Stage:
    made = Stage()
    made.people("wu.fan", "lin.hai", "gao.yi")
    return made


def rows(page: str) -> str:
    return page.partition("<tbody>")[2].partition("</tbody>")[0]


def change(key: str, **values: object) -> None:
    with unit_of_work() as session:
        task = session.query(ProcessTask).filter_by(business_key=key, node="A").one()
        for name, value in values.items():
            setattr(task, name, value)


def test_the_lists_their_counts_filters_and_order(stage: Stage) -> None:
    for key, subject in (("K1", "张*"), ("K2", "李*"), ("K_3", "张*")):
        stage.begin(key, by="gao.yi", subject=subject)
    now = clock.now()
    change("K1", due_at=now - timedelta(days=2, minutes=1), priority=80)
    change("K2", due_at=now + timedelta(days=200), priority=10)
    change("K_3", due_at=None)
    window = stage.window("wu.fan")
    window.post(f"/workflow/tasks/{stage.task(key='K2').id}/claim")

    group = window.page("/workflow/inbox?tab=group")
    assert "K2" not in rows(window.page("/workflow/inbox?tab=all&q=K1")), "everybody's are for who leads"
    assert "tab=all" not in group
    assert "K2" in rows(stage.window("gao.yi").page("/workflow/inbox?tab=all"))
    assert [group.count(f">{each}</span></a>") for each in ("1", "3", "2", "0")] == [1, 1, 1, 1], (
        "mine, group, free, done"
    )
    assert rows(group).index("K1") < rows(group).index("K2") < rows(group).index("K_3"), "by due time, none last"
    assert "已逾期 2 天" in group
    assert "K2" not in rows(window.page("/workflow/inbox?tab=unassigned"))
    assert "K2" in rows(window.page("/workflow/inbox"))
    for given, found in (
        ("q=K_3", "K_3"),
        ("q=k_3", "K_3"),
        ("q=李", "K2"),
        ("due=overdue", "K1"),
        ("priority=high", "K1"),
        ("priority=low", "K2"),
        ("priority=normal", "K_3"),
    ):
        shown = rows(window.page(f"/workflow/inbox?tab=group&{given}"))
        assert [key for key in ("K1", "K2", "K_3") if key in shown] == [found], given
    assert "没有符合条件的记录" in window.page("/workflow/inbox?tab=group&q=%25")
    by_priority = rows(window.page("/workflow/inbox?tab=group&sort=-priority"))
    assert by_priority.index("K1") < by_priority.index("K_3") < by_priority.index("K2")
    window.speak("en")
    assert "2 days overdue" in window.page("/workflow/inbox?tab=group")
    assert "Once" in window.page("/workflow/inbox?tab=done") or "once you have" in window.page(
        "/workflow/inbox?tab=done"
    )


def test_one_goes_through_the_list_task_by_task(stage: Stage) -> None:
    for key in ("K1", "K2", "K3"):
        stage.begin(key, by="gao.yi")
    window = stage.window("wu.fan")
    first, second = stage.task(key="K1").id, stage.task(key="K2").id
    listed = {"_list": "tab=group&sort=opened"}

    page = window.page(f"/workflow/tasks/{first}?_list=tab%3Dgroup%26sort%3Dopened")
    assert f"/workflow/tasks/{second}?" in page
    answer = window.post(f"/workflow/tasks/{first}/answer", {**GIVEN, **listed, "_then": "next"})
    assert answer.location.startswith(f"/workflow/tasks/{second}?")
    last = stage.task(key="K3").id
    window.post(f"/workflow/tasks/{second}/answer", {**GIVEN, **listed})
    answer = window.post(f"/workflow/tasks/{last}/answer", {**GIVEN, **listed, "_then": "next"})
    assert answer.location.startswith("/workflow/inbox?tab=group")


def test_a_draft_waits_until_it_is_given(stage: Stage) -> None:
    stage.begin(by="gao.yi")
    window = stage.window("wu.fan")
    at = f"/workflow/tasks/{stage.task().id}"

    kept = window.post(f"{at}/draft", {"reason": "半句话", "strange": "x"}, headers={"HX-Request": "true"})
    assert (kept.status_code, kept.text.startswith("草稿已保存")) == (200, True)
    assert stage.task().draft == {"reason": "半句话"}
    assert stage.task().assignee == "wu.fan", "who begins has taken it"
    assert "半句话" in window.page(at)
    window.post(f"{at}/draft", {"reason": "一句话"})
    assert len(stage.events("task_drafted")) == 1
    refused = window.post(f"{at}/answer", {"reason": "一"})
    assert refused.status_code == 422
    assert "请选择一项" in refused.text
    assert stage.task().status == "open"
    window.post(f"{at}/answer", GIVEN)
    assert (stage.task().status, stage.task().draft) == ("done", None)


def test_fields_that_the_form_does_not_have_are_refused(stage: Stage) -> None:
    stage.begin(by="gao.yi")
    window = stage.window("wu.fan")
    refused = window.post(f"/workflow/tasks/{stage.task().id}/answer", {**GIVEN, "approved": "yes"})
    assert refused.status_code == 422
    assert (stage.task().status, stage.task().assignee) == ("open", None), "nothing of it is kept"


def test_several_tasks_at_once(stage: Stage) -> None:
    for key in ("K1", "K2", "K3"):
        stage.begin(key, by="gao.yi")
    ids = [stage.task(key=key).id for key in ("K1", "K2", "K3")]
    window, other = stage.window("wu.fan"), stage.window("lin.hai")
    other.post(f"/workflow/tasks/{ids[2]}/claim")

    told = window.post("/workflow/inbox/bulk", {"do": "claim", "_task": ids})
    assert "已领取 2 件" in told.text
    assert "该任务已由林海领取" in told.text
    assert window.post("/workflow/inbox/bulk", {"do": "release", "_task": ids[:2]}).status_code == 302
    assert stage.task(key="K1").assignee is None

    asked = window.post("/workflow/inbox/bulk", {"do": "answer", "_task": ids})
    assert "全部提交" in window.page(asked.location)
    assert window.post("/workflow/inbox/answers", {"_task": ids, "reason": "一"}).status_code == 422
    told = window.post("/workflow/inbox/answers", {"_task": ids, **GIVEN})
    assert "已办结 2 件" in told.text
    assert "该任务已由林海领取" in told.text
    assert [stage.task(key=key).status for key in ("K1", "K2", "K3")] == ["done", "done", "open"]
    assert window.post("/workflow/inbox/bulk", {"do": "claim"}).status_code == 422
    manager = stage.window("gao.yi")
    given = {"do": "assign", "_task": ids[2], "to": "wu.fan", "reason": "分流"}
    assert manager.post("/workflow/inbox/bulk", given).status_code == 302
    assert stage.task(key="K3").assignee == "wu.fan"
    assert window.post("/workflow/inbox/bulk", given).text.count("您没有改派任务的权限") == 1


def test_answers_together_only_where_the_form_allows_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.begin(by="gao.yi")
    with unit_of_work() as session:
        from app.workflow import versions
        from app.workflow.models import ProcessVersion

        row = session.query(ProcessVersion).one()
        row.forms = {"t/check": {**FORM, "bulk": False}}
        monkeypatch.setattr(versions, "_known", {})
    refused = stage.window("wu.fan").get(f"/workflow/inbox/answers?_task={stage.task().id}")
    assert refused.status_code == 422
    assert "表单允许批量办理" in refused.text


def test_comments_are_sealed_and_say_to_whom(stage: Stage) -> None:
    stage.begin(by="gao.yi")
    window = stage.window("wu.fan")
    at = f"/workflow/tasks/{stage.task().id}"

    assert window.post(f"{at}/comments", {"text": "@林海请看 <b>合同</b>"}).status_code == 302
    page = window.page(at)
    assert "@林海请看 &lt;b&gt;合同" in page
    assert window.post(f"{at}/comments", {"text": "  "}).status_code == 422
    with unit_of_work(reading=True) as session:
        assert session.query(Comment).one().mentions == ["lin.hai"]
        raw = session.connection().exec_driver_sql("SELECT text FROM workflow_comment").scalar()
        assert "合同".encode() not in bytes(raw)
    (event,) = stage.events("comment_made")
    assert (event["mentioned"], "合同" in str(event)) == (["lin.hai"], False)


def test_who_is_named_in_a_comment_finds_it_until_it_is_read(stage: Stage) -> None:
    stage.people("xu.wen")
    stage.begin(by="gao.yi")
    task = stage.task().id
    stage.window("wu.fan").post(f"/workflow/tasks/{task}/comments", {"text": "@林海 @许文 请看合同"})
    named, outside, author = stage.windows("lin.hai", "xu.wen", "wu.fan")

    assert "提到我的 <span" in named.page("/workflow/inbox").replace("\n", " ")
    page = named.page("/workflow/inbox/mentions")
    assert "请看合同" in page
    assert f"/workflow/tasks/{task}" in page
    unseen = outside.page("/workflow/inbox/mentions")
    assert "请看合同" not in unseen, "a name in a comment is no right to see the case"
    assert "K1" in unseen
    assert "还没有人提到您" in author.page("/workflow/inbox/mentions")

    assert named.post("/workflow/inbox/mentions/seen").status_code == 302
    assert "未读" not in named.page("/workflow/inbox/mentions")
    assert "未读" in outside.page("/workflow/inbox/mentions")


def attach(window: Window, at: str, name: str, content: bytes) -> tuple[int, str]:
    answer = window.post(f"{at}/attachments", {"file": (io.BytesIO(content), name)}, content_type="multipart/form-data")
    return answer.status_code, answer.text


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return made.getvalue()


def test_an_attachment_is_sealed_and_comes_back_as_it_was(stage: Stage) -> None:
    stage.people("xu.wen")
    stage.begin(by="gao.yi")
    window = stage.window("wu.fan")
    at = f"/workflow/tasks/{stage.task().id}"

    assert attach(window, at, "..\\借款 合同.pdf", PDF)[0] == 302
    with unit_of_work(reading=True) as session:
        kept = session.query(Attachment).one()
    assert (kept.name, kept.media_type, kept.size) == ("借款 合同.pdf", "application/pdf", len(PDF))
    with storage().read(kept.path) as file:
        assert PDF not in file.read()
    got = window.get(f"/workflow/attachments/{kept.id}")
    assert got.data == PDF
    assert got.headers["Content-Disposition"].startswith("attachment; filename")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert stage.events("attachment_seen")[0]["by"] == "wu.fan"
    assert stage.window("xu.wen").get(f"/workflow/attachments/{kept.id}").status_code == 404, (
        "no task of the case is theirs"
    )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pdf", b"MZ\x90\x00", "只接受这些类型"),
        ("a.html", b"<html><script>1</script>", "只接受这些类型"),
        ("a.svg", b"  <svg/>", "只接受这些类型"),
        ("a.docx", archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "不得含宏"),
        ("a.zip", archive("b.txt"), "只接受这些类型"),
        ("a.txt", PDF, "扩展名不符"),
        ("a.pdf", b"", "文件是空的"),
        ("...", PDF, "请选择文件"),
        ("a.pdf", PDF + b"x" * (1 << 20), "超过 1 MB"),
    ],
)
def test_what_is_not_taken_is_told_and_leaves_nothing(stage: Stage, name: str, content: bytes, words: str) -> None:
    stage.begin(by="gao.yi")
    window = stage.window("wu.fan")
    with override(attachment_megabytes=1):
        status, told = attach(window, f"/workflow/tasks/{stage.task().id}", name, content)
    assert (status, words in told) == (422, True)
    assert len(stage.events("attachment_refused")) == 1
    with unit_of_work(reading=True) as session:
        assert session.query(Attachment).count() == 0


def test_the_virus_scan_decides(stage: Stage) -> None:
    stage.begin(by="gao.yi")
    window = stage.window("wu.fan")
    at = f"/workflow/tasks/{stage.task().id}"
    scan = f"{sys.executable} -c \"import sys; sys.exit(b'EICAR' in sys.stdin.buffer.read())\""
    assert "未配置查毒" in window.page(at)
    with override(virus_scan_command=scan):
        assert "已启用查毒" in window.page(at)
        status, told = attach(window, at, "a.pdf", PDF + b"EICAR")
        assert (status, "带毒" in told) == (422, True)
        assert attach(window, at, "a.pdf", PDF)[0] == 302
    with override(virus_scan_command="/no/such/scanner"):
        assert attach(window, at, "a.pdf", PDF)[0] == 503, "what could not be looked at is not taken"
    assert [each["why"] for each in stage.events("attachment_refused")] == [
        "workflow.attachment_infected",
        "workflow.virus_scan",
    ]


def test_a_substitute_does_the_tasks_of_who_is_away(stage: Stage) -> None:
    stage.begin(by="gao.yi")
    away, substitute = stage.window("wu.fan"), stage.window("lin.hai")
    task = stage.task().id
    away.post(f"/workflow/tasks/{task}/claim")
    today = clock.today().isoformat()
    days = {"substitute": "lin.hai", "first_day": today, "last_day": today}
    assert substitute.post(f"/workflow/tasks/{task}/answer", GIVEN).status_code == 409

    assert away.post("/workflow/inbox/absences", days).status_code == 302
    assert away.post("/workflow/inbox/absences", days).status_code == 409, "entered twice"
    assert away.post("/workflow/inbox/absences", {**days, "person": "gao.yi"}).status_code == 403
    assert away.post("/workflow/inbox/absences", {**days, "substitute": "wu.fan"}).status_code == 422
    assert "代 吴帆 办理" in rows(substitute.page("/workflow/inbox"))
    assert substitute.post(f"/workflow/tasks/{task}/answer", GIVEN).status_code == 302

    assert stage.task().finished_by == "lin.hai"
    assert stage.events("task_answered")[0]["instead_of"] == "wu.fan"
    assert "K1" in rows(substitute.page("/workflow/inbox?tab=done"))
    with unit_of_work(reading=True) as session:
        number = session.query(Absence).one().id
    assert substitute.post(f"/workflow/inbox/absences/{number}/end").status_code == 403
    assert stage.window("gao.yi").post(f"/workflow/inbox/absences/{number}/end").status_code == 302
    assert "没有登记外出" in away.page("/workflow/inbox/absences")
