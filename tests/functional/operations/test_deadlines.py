"""The deadlines board over HTTP: what it shows, counts, filters and exports, who may pause, and how fast it is."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

from sqlalchemy import event, insert

from app.audit.models import AuditEntry
from app.audit.record import detail_of
from app.core import clock
from app.core.db import Database, unit_of_work
from app.core.outbox import OutboxEvent
from app.workflow.models import Clock

BOARD = "/operations/deadlines"
CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")
ORDER = ["gone", "unswept", "today", "near", "edge", "stopped", "far"]


def main_of(page: str) -> str:
    inner = page[page.index("<main") : page.index("</main>")]
    return re.sub(r"<(script|style|select)\b.*?</\1>", " ", inner, flags=re.DOTALL)


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", main_of(page))))


def names_of(page: str) -> list[str]:
    return re.findall(r">时限(\w+)</a>", page)


def stored(clock_id: int) -> Clock:
    with unit_of_work(reading=True) as session:
        return session.get_one(Clock, clock_id)


def test_open_deadlines_are_shown_earliest_first_with_how_near_they_are(visitor: Any, deadlines: Any) -> None:
    page = visitor("operator").page(BOARD)

    assert names_of(page) == ORDER
    told = re.findall(r'<td><span class="status tone-(\w+)">([^<]+)</span>', main_of(page))
    assert told == [
        ("danger", "已逾期 2 个工作日"),
        ("danger", "已逾期 1 分钟"),
        ("warning", "还剩 14 小时"),
        ("info", "还剩 2 个工作日"),
        ("info", "还剩 3 个工作日"),
        ("neutral", "已暂停，剩 9 个工作日"),
        ("neutral", "还剩 69 个工作日"),
    ]
    assert "2026-11-25 24:00" in page, "the end of a day is said of that day"
    assert page.count("暂定") == 1
    assert "张*" in page


def test_tiles_count_and_lead_to_as_many_rows(visitor: Any, deadlines: Any) -> None:
    window = visitor("operator")
    tiles = re.findall(
        r'<a class="stat[^"]*" href="([^"]+)">\s*<span class="stat-label">([^<]+)</span>\s*<span class="stat-value">(\d+)',
        window.page(BOARD),
    )

    assert [(label, count) for _, label, count in tiles] == [
        ("已逾期", "2"),
        ("今日到期", "1"),
        ("3 个工作日内到期", "3"),
        ("已暂停", "1"),
    ]
    for address, label, count in tiles:
        assert len(names_of(window.page(html.unescape(address)))) == int(count), label


FILTERS = {
    "kind=statutory": ["gone", "far"],
    "process=submission.daily_batch": [],
    "until=2026-11-25&state=running": ["today", "near"],
    "until=nonsense": ORDER,
    "until=9999-12-31": ORDER,
    "q=obj-2026-002": ["today"],
    "q=李": ["near"],
    "q=Deadline+edge": ["edge"],
    "q=%25": [],
    "sort=-due": ORDER[::-1],
    "kind=unknown": ORDER,
    "size=25&page=2": [],
}


def test_filters_narrow(visitor: Any, deadlines: Any) -> None:
    window = visitor("operator")
    assert {query: names_of(window.page(f"{BOARD}?{query}")) for query in FILTERS} == FILTERS


def test_an_export_holds_what_is_shown_and_is_recorded(visitor: Any, deadlines: Any) -> None:
    answer = visitor("operator").get(f"{BOARD}.csv?kind=statutory&q=OBJ")

    lines = answer.get_data().decode("utf-8-sig").splitlines()
    assert lines[0] == "到期,剩余,时限,类别,流程,业务编号,客户,起算,状态,依据"
    assert [line.split(",")[0] for line in lines[1:]] == ["2026-11-19 24:00", "2027-02-26 24:00"]
    assert "已逾期" in lines[1]
    with unit_of_work(reading=True) as session:
        entry = session.query(AuditEntry).filter_by(action="operations.deadline.export").one()
        assert detail_of(entry) == {"kind": "statutory"}


def test_nothing_to_show_says_so(visitor: Any, app: Any) -> None:
    window = visitor("compliance")
    assert "没有正在计时的时限" in window.page(BOARD)
    assert "没有符合条件" in window.page(f"{BOARD}?kind=house")


def test_english_pages_hold_no_chinese_words(visitor: Any, deadlines: Any) -> None:
    window = visitor("manager")
    for path in (BOARD, *(f"{BOARD}/{deadlines[name]}" for name in ("gone", "near", "stopped", "done"))):
        found = CHINESE.findall(words_of(window.page(path, "en")))
        assert found in ([], ["等待材料"]), path  # the reason is as somebody wrote it
    assert "2 working days overdue" in words_of(window.page(BOARD, "en"))
    assert "1 minute overdue" in words_of(window.page(BOARD, "en"))


def test_only_those_with_the_right_see_the_board(visitor: Any, deadlines: Any) -> None:
    window = visitor("admin_security")
    assert window.get(BOARD).status_code == 403
    assert window.get(f"{BOARD}.csv").status_code == 403
    assert "时限看板" not in window.page("/account")


def test_a_manager_pauses_and_resumes_with_a_reason(visitor: Any, deadlines: Any) -> None:
    number, window = deadlines["near"], visitor("manager")
    assert "暂停理由" in window.page(f"{BOARD}/{number}")

    assert window.post(f"{BOARD}/{number}/pause", reason=" 等待客户补件 ").status_code == 302
    paused = stored(number)
    assert (paused.state, paused.pause_reason) == ("paused", "等待客户补件")
    assert "等待客户补件" in window.page(f"{BOARD}/{number}")

    with clock.frozen(clock.now() + timedelta(minutes=5)):
        assert window.post(f"{BOARD}/{number}/resume").status_code == 302
    assert stored(number).state == "running"
    with unit_of_work(reading=True) as session:
        assert [row.name for row in session.query(OutboxEvent).filter(OutboxEvent.name.like("workflow.clock%"))] == [
            "workflow.clock_paused",
            "workflow.clock_resumed",
        ]
        entry = session.query(AuditEntry).filter_by(action="operations.deadline.pause").one()
        assert (entry.object_id, detail_of(entry)) == (str(number), {"reason": "等待客户补件"})


def test_what_cannot_be_changed_says_why_and_stays(visitor: Any, deadlines: Any) -> None:
    window = visitor("manager")
    for name, act, reason, status in (
        ("near", "pause", " ", 422),
        ("gone", "pause", "太晚了", 409),
        ("unswept", "pause", "太晚了", 409),
        ("done", "pause", "太晚了", 409),
        ("stopped", "pause", "再停一次", 409),
        ("near", "resume", "", 409),
    ):
        before = stored(deadlines[name])
        answer = window.post(f"{BOARD}/{deadlines[name]}/{act}", reason=reason)
        assert answer.status_code == status, (name, act)
        assert 'role="alert"' in answer.text
        assert stored(deadlines[name]).state == before.state


def test_others_may_look_and_not_touch(visitor: Any, deadlines: Any) -> None:
    window = visitor("operator")
    page = window.page(f"{BOARD}/{deadlines['near']}")
    assert "不能暂停或恢复" in page
    assert "<textarea" not in main_of(page)
    assert window.post(f"{BOARD}/{deadlines['near']}/pause", reason="等待材料").status_code == 403
    assert window.post(f"{BOARD}/{deadlines['stopped']}/resume").status_code == 403
    assert stored(deadlines["near"]).state == "running"


def test_there_is_no_deadline_of_that_number(visitor: Any, deadlines: Any) -> None:
    window = visitor("manager")
    assert window.get(f"{BOARD}/99999").status_code == 404
    assert window.post(f"{BOARD}/99999/pause", reason="没有").status_code == 404


def test_the_board_asks_no_more_of_the_database_with_many(visitor: Any, deadlines: Any, database: Database) -> None:
    window, asked = visitor("operator"), []
    window.page(BOARD)
    event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    window.page(BOARD)
    few = len(asked)
    far = stored(deadlines["far"])
    names = [column.name for column in Clock.__table__.columns if column.name not in ("id", "name")]
    shared = {name: getattr(far, name) for name in names}
    with unit_of_work() as session:
        session.execute(insert(Clock), [{**shared, "name": f"n{number}"} for number in range(2_000)])

    asked.clear()
    page = window.page(BOARD)

    assert "共 2,007 条" in page
    assert len(names_of(page)) == 50
    assert len(asked) == few < 25
