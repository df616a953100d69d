"""A draft tried on a stored record: nothing personal in the clear, every look written down, nobody without the grant."""

from __future__ import annotations

import re
from typing import Any

from app.audit.record import LOOKED
from app.submission.lake import lake
from app.submission.tables import FINDING, record_table

NAME = "submission.personal_basic"
ONE = f"/rules/sets/{NAME}/draft"


def _try(window: Any, **given: str) -> Any:
    found = re.search(r'name="csrf-token" content="([^"]+)"', window.page("/account"))
    assert found
    headers = {"X-CSRFToken": found[1], "Accept": "application/json"}
    return window.client.post(f"{ONE}/try", json=given, headers=headers)


def test_a_stored_record_is_tried_masked_and_the_look_is_noted(world: Any, visitor: Any, noted: Any) -> None:
    record_id, rule = lake().rows(
        f"SELECT record_id, rule FROM {FINDING.path} WHERE batch = ? AND record_type = '110' AND severity = 'block'"
        " ORDER BY rule, record_id LIMIT 1",
        [world.first],
    )[0]
    name, number, key = lake().rows(
        f'SELECT "B"."Name", "B"."IDNum", key FROM {record_table("110").path} WHERE record_id = ?', [record_id]
    )[0]
    window = visitor("tang.jun")
    assert window.post(f"{ONE}/begin").status_code == 302
    try:
        answer = _try(window, record=record_id)
        assert answer.status_code == 200, answer.text
        found = {each["rule"]: each for each in answer.json["rules"]}
        assert found[rule]["outcome"] == "violated"
        assert found[rule]["checks"]
        assert number not in answer.text
        assert name not in answer.text
        looks = [each for each in noted() if each.action == LOOKED]
        assert [(each.who, each.about) for each in looks] == [("tang.jun", f"record:110:{record_id}")]
        by_key = _try(window, record=key, rule=rule)
        assert [each["rule"] for each in by_key.json["rules"]] == [rule]
        assert number not in by_key.text
        assert _try(window, record="nothing").status_code == 404
    finally:
        window.post(f"{ONE}/discard")


def test_who_may_not_write_rulesets_may_not_try_them_on_records(visitor: Any) -> None:
    assert _try(visitor("lin.hai"), record="x").status_code == 403
