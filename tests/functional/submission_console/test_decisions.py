"""What people decide on batches: begin, release by a second person, retry; each guarded, and each in the audit record."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.db import unit_of_work
from app.submission.models import Batch
from app.workflow.models import ProcessTask

pytestmark = [pytest.mark.slow, pytest.mark.whole]


def _task(batch: str, node: str) -> str:
    with unit_of_work(reading=True) as session:
        instance = session.get_one(Batch, batch).instance_id
        return session.query(ProcessTask).filter_by(instance_id=instance, node=node).one().id


def test_the_diagram_marks_the_way_and_the_present_step(world: Any, visitor: Any) -> None:
    window = visitor("xu.wen")
    page = window.page(f"/submission/batches/{world.waiting}")
    assert "&quot;Release&quot;: &quot;waiting&quot;" in page or '"Release": "waiting"' in page.replace("&#34;", '"')
    drawing = window.get(f"/submission/batches/{world.waiting}/diagram.bpmn")
    assert drawing.mimetype == "application/xml"
    assert "复核并放行" in drawing.text
    window.speak("en")
    assert "Review and release" in window.get(f"/submission/batches/{world.waiting}/diagram.bpmn").text


def test_whoever_began_the_batch_may_not_release_it(world: Any, visitor: Any, noted: Any) -> None:
    window = visitor("xu.wen")
    assert "四眼原则" in window.page(f"/submission/batches/{world.waiting}")
    answer = window.post(f"/submission/batches/{world.waiting}/release", decision="release", reason="例行放行")
    assert answer.status_code == 403
    assert "发起批次的人不能复核同一批次" in answer.text
    assert [(each.action, each.outcome) for each in noted() if each.about.startswith("batch:")] == [
        ("submission.batch.release", "refused")
    ]
    with unit_of_work(reading=True) as session:
        assert session.get_one(ProcessTask, _task(world.waiting, "Release")).status == "open"


def test_a_reviewer_is_told_what_to_mend_in_the_form(world: Any, visitor: Any) -> None:
    with unit_of_work() as session:
        session.get_one(Batch, world.waiting).begun_by = "lin.hai"
    try:
        window = visitor("xu.wen")
        page = window.page(f"/submission/batches/{world.waiting}")
        assert 'id="release-decision" name="decision" required' in page
        assert 'name="reason" rows="3" maxlength="500" minlength="4" required' in page
        answer = window.post(f"/submission/batches/{world.waiting}/release", decision="perhaps", reason="可以")
        assert answer.status_code == 422
        assert 'href="#release-decision"' in answer.text
        assert "请从所列选项中选择" in answer.text
        assert "至少填写 4 个字符，现有 2 个" in answer.text
        assert ">\n可以</textarea>" in answer.text
    finally:
        with unit_of_work() as session:
            session.get_one(Batch, world.waiting).begun_by = "xu.wen"


def test_only_reviewers_may_release(world: Any, visitor: Any) -> None:
    for username in ("tang.jun", "lin.hai", "qiao.yu"):
        answer = visitor(username).post(
            f"/submission/batches/{world.waiting}/release", decision="release", reason="可以放行"
        )
        assert answer.status_code == 403, username


def test_a_finished_batch_has_nothing_to_release_or_retry(world: Any, visitor: Any) -> None:
    answer = visitor("xu.wen").post(f"/submission/batches/{world.first}/release", decision="release", reason="可以放行")
    assert answer.status_code == 409
    task = _task(world.first, "Collect")
    window = visitor("lin.hai")
    assert window.post(f"/submission/batches/{world.first}/tasks/{task}/retry").status_code == 409
    assert window.post(f"/submission/batches/{world.second}/tasks/{task}/retry").status_code == 404
    assert visitor("xu.wen").post(f"/submission/batches/{world.first}/tasks/{task}/retry").status_code == 403


def test_a_failed_step_is_shown_and_retried(world: Any, visitor: Any, noted: Any) -> None:
    task = _task(world.second, "Receive")
    with unit_of_work() as session:
        failed = session.get_one(ProcessTask, task)
        failed.status, failed.error = "failed", "征信中心无法连接 / the centre cannot be reached"
        session.get_one(Batch, world.second).status = "running"
    try:
        window = visitor("lin.hai")
        page = window.page(f"/submission/batches/{world.second}")
        assert "征信中心无法连接" in page
        assert f"/tasks/{task}/retry" in page
        answer = window.post(f"/submission/batches/{world.second}/tasks/{task}/retry")
        assert answer.status_code == 302
        with unit_of_work(reading=True) as session:
            assert session.get_one(ProcessTask, task).status == "open"
        assert ("submission.batch.retry", "done") in [(each.action, each.outcome) for each in noted()]
    finally:
        with unit_of_work() as session:
            mended = session.get_one(ProcessTask, task)
            mended.status, mended.error = "done", None
            session.get_one(Batch, world.second).status = "done"


def test_a_batch_is_begun_once_and_only_for_a_day_that_has_ended(visitor: Any, noted: Any) -> None:
    window = visitor("lin.hai")
    assert window.post("/submission/begin", day="2099-01-01").status_code == 422
    assert window.post("/submission/begin", day="nonsense").status_code == 422
    assert window.post("/submission/begin", day="2026-10-29").status_code == 302
    assert [each.action for each in noted() if each.action == "submission.batch.begin"] == []
    assert visitor("xu.wen").post("/submission/begin", day="2026-10-28").status_code == 403


def test_forms_need_their_token(world: Any, visitor: Any) -> None:
    window = visitor("lin.hai")
    assert window.client.post("/submission/begin", data={"day": "2026-10-28"}).status_code == 400


def test_the_live_part_stops_asking_when_all_is_done(world: Any, visitor: Any) -> None:
    window = visitor("xu.wen")
    done = window.page("/submission/live?day=2026-10-29")
    assert 'id="day-live"' in done
    assert "every 1s" not in done
    answer = window.get(f"/submission/batches/{world.first}/live?at=elsewhere")
    assert answer.headers["HX-Refresh"] == "true"
