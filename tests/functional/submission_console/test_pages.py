"""The pages of submission over a real day: numbers that add up and lead to their rows, in both languages, for each role."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import quote

import pytest

from app.core.db import unit_of_work
from app.submission.derive.reasons import REASONS
from app.submission.lake import lake
from app.submission.models import Batch, ReportFile
from app.submission.reading.reasons import reason_counts
from app.submission.tables import FINDING, RECORD_TYPES, record_table

pytestmark = [pytest.mark.slow, pytest.mark.whole]

LINK = re.compile(r'(?:href|hx-get)="(/submission[^"#]*)')
CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")


def _text(page: str) -> str:
    inner = re.sub(r"<(script|style|select|header|pre)\b.*?</\1>", " ", page, flags=re.DOTALL)
    inner = re.sub(r'<td class="code">.*?</td>', " ", inner, flags=re.DOTALL)  # values as the sources have them
    return html.unescape(re.sub(r"<[^>]+>", " ", inner))


def _links(page: str) -> list[str]:
    return list(dict.fromkeys(html.unescape(each) for each in LINK.findall(page)))


def test_the_day_shows_counts_that_add_up(world: Any, visitor: Any) -> None:
    page = visitor("xu.wen").page("/submission?day=2026-10-29")
    with unit_of_work(reading=True) as session:
        counts = session.get_one(Batch, world.first).counts
    total = {name: sum(each[name] for each in counts.values()) for name in counts["110"]}
    assert total["due"] == total["blocked"] + total["sent"] > 0
    assert f"{total['due']:,} = {total['blocked']:,} + {total['sent']:,}" in re.sub(r"\s+", " ", _text(page))
    assert page.count("相符") == 2
    assert total["lost"] == 0
    for code, each in counts.items():
        assert f"/records/{code}/blocked" in page or not each["blocked"]


def test_every_number_leads_to_as_many_rows(world: Any, visitor: Any) -> None:
    window = visitor("xu.wen")
    with unit_of_work(reading=True) as session:
        counts = session.get_one(Batch, world.first).counts
    for code, each in counts.items():
        for state in ("due", "blocked", "sent", "accepted", "rejected", "awaiting"):
            page = window.page(f"/submission/batches/{world.first}/records/{code}/{state}")
            shown = re.search(r"共 ([\d,]+) 条", page)
            assert (int(shown[1].replace(",", "")) if shown else 0) == each[state], (code, state)


def test_every_subject_has_a_reason_and_every_due_one_a_record(world: Any, visitor: Any) -> None:
    window = visitor("xu.wen")
    with unit_of_work(reading=True) as session:
        batch = session.get_one(Batch, world.second)
        told = {code: reason_counts(batch, code) for code in batch.counts}
        counts = batch.counts
    for code, each in counts.items():
        if code not in RECORD_TYPES:
            page = window.page(f"/submission/batches/{world.second}/reasons/{code}")
            assert f"/submission/batches/{world.second}/records/{code}/due" in page, (
                "operations are asked for, not derived"
            )
            continue
        assert sum(found.subjects for found in told[code]) == each["standardised"], code
        assert sum(found.subjects for found in told[code] if found.due) == each["due"], code
        page = window.page(f"/submission/batches/{world.second}/reasons/{code}")
        assert page.count("/records/") >= min(each["due"], 1)
        for found in told[code]:
            assert found.title.zh in page, code
    same = next(found for found in told["210"] if found.reason == "unchanged")
    page = window.page(f"/submission/batches/{world.second}/reasons/210?reason=unchanged")
    assert f"共 {same.subjects} 条" in page
    answer = window.get(f"/submission/batches/{world.second}/reasons/210.csv?reason=unchanged")
    assert len(answer.text.strip().splitlines()) == same.subjects + 1


def test_one_subject_is_asked_for_by_its_key(world: Any, visitor: Any) -> None:
    key = lake().value(f"SELECT key FROM {record_table('110').path} WHERE batch = ? LIMIT 1", [world.first])

    page = visitor("xu.wen").page(f"/submission/batches/{world.first}/reasons/110?key={quote(key)}")

    assert "共 1 条" in page
    assert "首次报送" in page
    assert key.split("|")[1] not in _text(page)


def test_a_record_says_why_it_was_due(world: Any, visitor: Any) -> None:
    record_id = lake().value(f"SELECT record_id FROM {record_table('210').path} WHERE batch = ? LIMIT 1", [world.first])
    part = visitor("xu.wen").page(f"/submission/records/210/{record_id}/reason?batch={world.first}")

    assert any(reason.title.zh in part for reason in REASONS.values() if reason.due)


def test_counts_by_reason_are_for_all_and_subjects_for_those_who_may(world: Any, visitor: Any) -> None:
    window = visitor("qiao.yu")

    page = window.page(f"/submission/batches/{world.first}/reasons/110")

    assert "首次报送" in page
    assert "/records/110/" not in page
    assert window.get(f"/submission/batches/{world.first}/reasons/110.csv").status_code == 403


def test_every_link_of_every_page_answers(world: Any, visitor: Any) -> None:
    window = visitor("xu.wen")
    waiting, seen, kinds = ["/submission?day=2026-10-29", "/submission"], set(), {}
    while waiting:
        path = waiting.pop()
        kind = re.sub(r"[0-9a-f]{32}|Z99[\w-]+|/\d+", "#", path.partition("?")[0])
        kinds[kind] = kinds.get(kind, 0) + 1
        if path in seen or kinds[kind] > 1:
            continue
        seen.add(path)
        answer = window.get(path)
        assert answer.status_code in (200, 302), f"{path}: {answer.status_code}"
        body = answer.text
        waiting += _links(body) if "html" in answer.content_type else []
    assert len(seen) > 25


@pytest.mark.parametrize(
    "path",
    [
        "/submission?day=2026-10-29",
        "/submission?day=2026-11-20",
        "/submission/batches",
        "/submission/batches/{first}",
        "/submission/batches/{waiting}",
        "/submission/findings?batch={first}",
        "/submission/exceptions",
        "/submission/files",
        "/submission/files/feedback",
        "/submission/files/errors",
    ],
)
def test_english_pages_hold_no_chinese_words(world: Any, visitor: Any, path: str) -> None:
    window = visitor("xu.wen")
    window.speak("en")
    page = window.page(path.format(first=world.first, waiting=world.waiting))
    inner = page[page.index("<main") : page.index("</main>")]
    assert CHINESE.findall(_text(inner)) == []


def test_a_day_without_a_batch_says_what_to_do(visitor: Any) -> None:
    assert "发起批次" in visitor("lin.hai").page("/submission?day=2026-11-20")
    page = visitor("qiao.yu").page("/submission?day=2026-11-20")
    assert "当日还没有批次" in page
    assert "/submission/begin" not in page


def test_findings_are_grouped_and_narrowed(world: Any, visitor: Any) -> None:
    window = visitor("tang.jun")
    (rule, code, number), *_ = lake().rows(
        f"SELECT rule, record_type, count(*) FROM {FINDING.path} WHERE batch = ? GROUP BY ALL ORDER BY 3 DESC",
        [world.first],
    )
    page = window.page(f"/submission/findings?batch={world.first}&rule={rule}&type={code}")
    assert f"共 {number:,} 条" in page
    assert "没有符合条件" in window.page(f"/submission/findings?batch={world.first}&rule=P999-999")


def test_findings_lead_with_the_newest_batch(world: Any, visitor: Any) -> None:
    answer = visitor("tang.jun").get("/submission/findings")
    assert answer.status_code == 302
    assert world.waiting in answer.headers["Location"]


def test_a_file_lists_its_lines_with_their_outcome(world: Any, visitor: Any) -> None:
    with unit_of_work(reading=True) as session:
        file = session.query(ReportFile).filter_by(batch_id=world.first, record_type="210").one()
        prefix, records = file.prefix, file.records
    page = visitor("xu.wen").page(f"/submission/files/{prefix}")
    assert f"共 {records:,} 条" in page
    assert "已入账" in page


@pytest.mark.parametrize(
    "path",
    [
        "/submission/batches/none",
        "/submission/files/none",
        "/submission/exceptions/999999",
        "/submission/records/210/none",
        "/submission/records/999/none",
        "/submission/batches/{first}/records/210/odd",
        "/submission/batches/{first}/landing/core_banking/odd",
        "/submission/batches/{first}/landing/x'y/z",
        "/submission/batches/{first}/entities/odd",
    ],
)
def test_what_is_not_there_is_not_found(world: Any, visitor: Any, path: str) -> None:
    assert visitor("xu.wen").get(path.format(first=world.first)).status_code == 404


@pytest.mark.parametrize(
    "query",
    ["?batch=' OR 1=1 --", "?rule=%25&tag=_", "?page=999999&size=abc&sort=nothing", "?key='", "?code=\\"],
)
def test_odd_queries_do_no_harm(visitor: Any, query: str) -> None:
    window = visitor("xu.wen")
    for path in ("/submission/findings", "/submission/exceptions", "/submission/files", "/submission/files/errors"):
        assert window.get(path + query).status_code == 200
    for day in ("2026-13-45", "x", "9999-12-31"):
        assert window.get(f"/submission?day={day}").status_code == 200


def test_programs_get_the_same_numbers(world: Any, visitor: Any) -> None:
    window = visitor("tang.jun")
    told = window.get(f"/api/submission/batches/{world.first}").get_json()
    assert told["status"] == "done"
    assert told["lost"] == 0
    assert [stage["state"] for stage in told["stages"]] == ["done"] * 8
    rules = window.get(f"/api/submission/batches/{world.first}/findings").get_json()["rules"]
    assert rules
    assert window.get("/api/submission/batches/none").get_json()["error"]["code"] == "submission.batch"
    assert len(window.get("/api/submission/batches").get_json()["batches"]) == 3


def test_the_search_finds_batches_and_files(world: Any, visitor: Any) -> None:
    window = visitor("xu.wen")
    assert world.first in window.page("/search?q=2026-10-29")
    assert "/submission/files/" in window.page("/search?q=Z99")
