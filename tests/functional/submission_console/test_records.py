"""One record: nothing personal in the clear without a trace, the reason of every finding, and the way back to its source."""

from __future__ import annotations

import re
from typing import Any

from app.audit.record import LOOKED
from app.lake.rendering import line_expression
from app.submission.lake import lake
from app.submission.reading.records import line_of
from app.submission.tables import FEEDBACK, FILE_LINE, FINDING, RECORD_TYPES, record_table, record_type


def _blocked(batch: str, code: str) -> tuple[str, str, str]:
    return lake().rows(
        f"SELECT record_id, rule, tag FROM {FINDING.path} WHERE batch = ? AND record_type = ? AND severity = 'block'"
        " ORDER BY rule, record_id",
        [batch, code],
    )[0]


def _values(batch: str, record_id: str) -> tuple[str, str]:
    query = f'SELECT "B"."Name", "B"."IDNum" FROM {record_table("110").path} WHERE batch = ? AND record_id = ?'
    return lake().rows(query, [batch, record_id])[0]


def test_personal_values_are_masked_and_the_look_is_noted(world: Any, visitor: Any, noted: Any) -> None:
    record_id, rule, _ = _blocked(world.first, "110")
    name, number = _values(world.first, record_id)
    window = visitor("tang.jun")
    address = f"/submission/records/110/{record_id}"
    shown = window.page(f"{address}?batch={world.first}")
    shown += window.page(f"{address}/why?batch={world.first}&rules={rule}") + window.page(
        f"{address}/sources?batch={world.first}"
    )
    assert f">{number}<" not in shown
    assert number not in re.sub(r'hx-vals="[^"]*"', "", shown)
    assert name not in shown
    looks = [each for each in noted() if each.action == LOOKED]
    assert [(each.who, each.about, each.detail["what"]) for each in looks] == [
        ("tang.jun", f"record:110:{record_id}", "record"),
        ("tang.jun", f"record:110:{record_id}", "source rows"),
    ]


def test_the_line_in_the_clear_needs_the_grant_and_is_noted(world: Any, visitor: Any, noted: Any) -> None:
    record_id, _, _ = _blocked(world.first, "110")
    _, number = _values(world.first, record_id)
    address = f"/submission/records/110/{record_id}/line?batch={world.first}"
    assert visitor("qiao.yu").post(address).status_code == 403
    answer = visitor("tang.jun").post(address)
    assert number in answer.text
    clear = [each for each in noted() if each.action == LOOKED and each.detail.get("view") == "clear"]
    assert [(each.who, each.about) for each in clear] == [("tang.jun", f"record:110:{record_id}")]


def test_the_blamed_item_is_marked_and_explained(world: Any, visitor: Any) -> None:
    for code in ("110", "120", "130", "210", "220", "310", "410", "510"):
        record_id, rule, tag = _blocked(world.first, code)
        window = visitor("xu.wen")
        page = window.page(f"/submission/records/{code}/{record_id}?batch={world.first}")
        assert rule in page
        marked = "".join(re.findall(r'class="item blamed">.*?</div>', page, re.DOTALL))
        marked += "".join(re.findall(r'class="card segment blamed".*?</section>', page, re.DOTALL))
        assert tag == "0000" or tag in marked or f">{tag}<" in page
        why = window.page(f"/submission/records/{code}/{record_id}/why?batch={world.first}&rules={rule}")
        assert f'id="why-{rule}"' in why
        assert "不成立" in why


def test_every_blocking_finding_is_explained_as_violated(world: Any, settled: Any) -> None:
    from app.core.db import unit_of_work
    from app.submission.reading.explaining import explain_record

    rows = lake().rows(
        f"SELECT record_type, record_id, list(DISTINCT rule) FROM {FINDING.path} WHERE batch = ? GROUP BY ALL",
        [world.second],
    )
    assert rows
    with unit_of_work(reading=True):
        for code, record_id, rules in rows:
            outcomes = {
                each.rule.id: each.outcome for each in explain_record(world.second, code, record_id, tuple(rules))
            }
            assert outcomes == dict.fromkeys(rules, "violated"), (code, record_id)


def test_a_record_leads_to_its_source_rows(world: Any, visitor: Any) -> None:
    record_id, _, _ = _blocked(world.first, "410")
    page = visitor("xu.wen").page(f"/submission/records/410/{record_id}/sources?batch={world.first}")
    assert "对公信贷系统" in page
    assert "借据" in page
    assert "AcctCode" in page


def test_an_error_of_the_centre_leads_to_record_rule_and_source(world: Any, visitor: Any) -> None:
    file, line, code, record_id, error = lake().rows(
        f"SELECT l.file, l.line, l.record_type, l.record_id, e.code FROM {FEEDBACK.path} e"
        f" JOIN {FILE_LINE.path} l ON l.file = e.file AND l.record_id = e.record_id WHERE l.batch = ?",
        [world.first],
    )[0]
    window = visitor("xu.wen")
    errors = window.page(f"/submission/files/errors?batch={world.first}")
    assert error in errors
    assert f"/submission/records/{code}/{record_id}" in errors
    lines = window.page(f"/submission/files/{file}?outcome=rejected")
    assert error in lines
    record = window.page(f"/submission/records/{code}/{record_id}?batch={world.first}")
    assert "征信中心" in record
    assert f"/submission/files/{file}?line={line}" in record
    assert window.page(f"/submission/records/{code}/{record_id}/sources?batch={world.first}")


def test_exceptions_lead_to_their_records(world: Any, visitor: Any) -> None:
    window = visitor("tang.jun")
    page = window.page("/submission/exceptions?kind=blocked")
    found = re.search(r"/submission/exceptions/(\d+)", page)
    assert found
    one = window.page(f"/submission/exceptions/{found[1]}")
    assert "/submission/records/" in one
    assert "下一步" in one or "办结" in one


def test_an_exception_is_found_by_its_whole_key(world: Any, visitor: Any) -> None:
    key = lake().value(
        f"SELECT key FROM {FINDING.path} WHERE batch = ? AND record_type = '410' AND severity = 'block'", [world.first]
    )
    window = visitor("tang.jun")
    assert "共 1 条" in window.page(f"/submission/exceptions?key={key}")
    assert "没有符合条件" in window.page(f"/submission/exceptions?key={key[:-1]}")


def test_exports_are_masked_and_noted(world: Any, visitor: Any, noted: Any) -> None:
    window = visitor("tang.jun")
    numbers = [
        row[0]
        for row in lake().rows(f'SELECT "B"."IDNum" FROM {record_table("110").path} WHERE batch = ?', [world.first])
    ]
    for path in (
        f"/submission/findings.csv?batch={world.first}",
        "/submission/exceptions.csv",
        f"/submission/batches/{world.first}/records/110/due.csv",
    ):
        answer = window.get(path)
        assert answer.data.startswith(b"\xef\xbb\xbf")
        body = answer.data.decode("utf-8-sig")
        assert body.count("\r\n") > 1
        assert not [number for number in numbers if number and number in body]
    assert window.get("/submission/files/errors.csv").status_code == 200
    assert window.get("/submission/files.csv").status_code == 200
    assert window.get("/submission/batches.csv").status_code == 200
    assert [each.action for each in noted() if each.action.endswith(".export")] == [
        "submission.finding.export",
        "submission.exception.export",
        "submission.record.export",
        "submission.feedback.export",
    ]


def test_who_may_not_see_records_sees_counts_only(world: Any, visitor: Any) -> None:
    window = visitor("qiao.yu")
    record_id, _, _ = _blocked(world.first, "110")
    page = window.page(f"/submission/findings?batch={world.first}")
    assert "按规则" in page
    assert "/submission/records/" not in page
    for path in (
        f"/submission/records/110/{record_id}",
        "/submission/exceptions",
        "/submission/findings.csv",
        f"/submission/batches/{world.first}/records/110/due",
        f"/submission/batches/{world.first}/landing/core_banking/cust_master",
        f"/submission/batches/{world.first}/entities/person",
    ):
        assert window.get(path).status_code == 403, path


def test_the_line_shown_is_the_line_that_was_written(world: Any, settled: Any) -> None:
    for code in set(RECORD_TYPES) - {"215"}:
        record = record_type(code)
        rows = lake().records(
            f"SELECT *, {line_expression(record)} AS written FROM {record_table(code).path} WHERE batch = ? LIMIT 20",
            [world.first],
        )
        assert rows
        assert [line_of(code, row) for row in rows] == [row["written"].rstrip("\r\n") for row in rows]
