"""Pages of the two-end check, the volume check, the proof and the dashboard: figures lead to rows, doors are shut, exports are noted."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from app.core.db import unit_of_work
from app.lake.tables import replace_rows
from app.submission.checking.models import EndCheck, ProvenRule
from app.submission.checking.tables import DIFFERENCE
from app.submission.lake import lake

PAGES = (
    "/submission/checks",
    "/submission/differences?state=unsettled",
    "/submission/volume",
    "/submission/volume?side=accepted",
    "/submission/quality",
    "/submission/quality?days=30",
)


@pytest.fixture
def difference(settled: Any) -> str:
    """One open difference that nobody has looked at."""
    select = (
        "SELECT 'D1' AS id, 'P' AS provider, 'two_end' AS kind, '110' AS record_type, '张三丰|10|110101199001011234|B' AS subject,"
        " NULL AS key, '2026-10-31' AS \"RptDate\", 'only_theirs' AS outcome, [] AS segments, [] AS items, NULL AS record_id,"
        " NULL AS file, NULL AS line, 'C1' AS first_check, 'C1' AS last_check, DATE '2026-11-01' AS found_on, 'open' AS state,"
        " NULL AS settled_on"
    )
    lake().write(lambda writer: replace_rows(writer, DIFFERENCE, "id = 'D1'", select))
    return "D1"


def test_every_page_opens_in_both_languages_and_only_for_those_who_may(visitor: Any) -> None:
    window = visitor("lin.hai")
    for language in ("zh", "en"):
        window.speak(language)
        for address in PAGES:
            assert window.get(address).status_code == 200, address
    analyst = visitor("qiao.yu")
    assert analyst.get("/submission/quality").status_code == 200
    for address in (
        "/submission/differences",
        "/submission/differences.csv",
        "/submission/volume/rows",
        "/submission/proof",
    ):
        assert analyst.get(address).status_code == 403, address
    assert analyst.post("/submission/checks/begin", kind="replay").status_code == 403
    assert analyst.post("/submission/differences/correct", id="D1").status_code == 403


def test_a_difference_is_shown_masked_and_sent_to_correction_once(visitor: Any, difference: str, noted: Any) -> None:
    window = visitor("tang.jun")
    page = window.page("/submission/differences?state=open")
    assert f'value="{difference}"' in page
    assert "110101199001011234" not in page
    assert "张三丰" not in page
    export = window.get("/submission/differences.csv?state=open").text
    assert "110101199001011234" not in export
    assert window.post("/submission/differences/correct").status_code == 422
    assert window.post("/submission/differences/correct", id=difference).status_code == 302
    assert window.post("/submission/differences/correct", id=difference).status_code == 409
    assert {each.action for each in noted()} >= {"submission.check.export", "submission.difference.correct"}


def test_checks_are_begun_by_hand_and_by_upload(visitor: Any, settled: Any, noted: Any) -> None:
    window = visitor("lin.hai")
    answer = window.post("/submission/checks/begin", kind="replay")
    assert answer.status_code == 302
    page = window.page(answer.location)
    assert 'hx-trigger="every 2s"' in page
    assert "<progress" in page
    assert window.post("/submission/checks/begin", kind="magic").status_code == 422
    assert window.get("/submission/checks/none").status_code == 404
    token = re.search(r'name="csrf-token" content="([^"]+)"', window.page("/account"))
    assert token
    data = {"csrf_token": token[1], "kind": "two_end", "files": (io.BytesIO(b"x"), "../../etc/passwd")}
    assert window.client.post("/submission/checks/begin", data=data).status_code == 422
    data = {
        "csrf_token": token[1],
        "kind": "two_end",
        "files": (io.BytesIO(b"x"), "Z990000000000120261101410C0010.enc"),
    }
    assert window.client.post("/submission/checks/begin", data=data).status_code == 302
    with unit_of_work() as session:
        begun = session.query(EndCheck).filter(EndCheck.status == "waiting").all()
        assert {(each.kind, each.origin, each.begun_by) for each in begun} == {
            ("replay", "own", begun[0].begun_by),
            ("two_end", "given", begun[0].begun_by),
        }
    assert [each.action for each in noted()].count("submission.check.begin") == 2


def test_a_volume_leads_to_its_accounts_and_a_rule_to_its_records(
    visitor: Any, world: Any, settled: Any, noted: Any
) -> None:
    window = visitor("tang.jun")
    page = window.page(f"/submission/volume?batch={world.second}&beyond=yes")
    assert "超出容差" in page
    (link, *_) = [each.replace("&amp;", "&") for each in re.findall(r'href="(/submission/volume/rows[^"]+)"', page)]
    assert window.get(link).status_code == 200
    assert window.get(link.replace("side=standard", "side=moon")).status_code == 404
    export = window.get(f"/submission/volume.csv?batch={world.second}&side=accepted").text
    assert export.count("\n") > 10
    board = window.page("/submission/quality")
    assert f"/submission/volume?batch={world.second}" in board
    lines = window.get("/submission/quality.csv").text.splitlines()[1:]
    assert len({line.split(",")[1] for line in lines}) == 3
    assert {"110", "210", "310", "410"} <= {line.split(",")[2] for line in lines}
    assert all(line.startswith("Z9900000000001,") for line in lines)
    with unit_of_work(reading=True) as session:
        row = session.query(ProvenRule).filter(ProvenRule.mended > 0).order_by(ProvenRule.rule).first()
        code, rule, day, number = row.record_type, row.rule, row.day, row.mended
    page = window.page(f"/submission/proof?type={code}&rule={rule}&cell=mended&day={day}")
    assert f"共 {number} 条" in page
    assert window.get("/submission/proof?type=110&rule=none").status_code == 404
    assert {each.action for each in noted()} >= {"submission.volume.export", "submission.quality.export"}
