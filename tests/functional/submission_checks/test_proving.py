"""The pre-check held against the centre's answers: kept as counted, counted anew when more is known, dear rules brought to people."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from click.testing import CliRunner
from reported_days import DAYS

from app.core.db import unit_of_work
from app.rules.statistics import Counts
from app.simulator.bank import PROVIDER
from app.submission.checking import proving, reviewing
from app.submission.checking.commands import prove
from app.submission.checking.models import ProvenDay, ProvenRule
from app.submission.checking.reviewing import PROCESS, Limit, Limits, ask_for_reviews, review_rows
from app.submission.lake import lake
from app.submission.outcomes import live_counts
from app.submission.service import batch_id_of
from app.submission.tables import FEEDBACK, FILE_LINE, FINDING, accepted_table, record_table
from app.workflow import host
from app.workflow.models import ProcessInstance, ProcessTask

pytestmark = pytest.mark.whole

LATER_KNOWN = ("mended", "unchanged")


def _kept(day: Any) -> dict[tuple[str, str], Counts]:
    return {(each.record_type, each.rule): each.counts for each in proving.kept_counts([day], [], narrow=False)}


def test_a_days_figures_were_kept_after_its_feedback_and_are_those_of_the_lake(world: Any) -> None:
    assert proving.kept_days(DAYS) == {(PROVIDER, day) for day in DAYS[:2]}, "the third day has had no feedback yet"
    for day in DAYS[:2]:
        live = {
            (each.record_type, each.rule): each.counts
            for each in live_counts({batch_id_of(PROVIDER, day): day}, proving._codes(day), narrow=False)
        }
        kept = _kept(day)
        assert kept.keys() == live.keys()
        for place, counts in live.items():
            for name in (each.name for each in fields(Counts) if each.name not in LATER_KNOWN):
                assert getattr(kept[place], name) == getattr(counts, name), (place, name)
    with unit_of_work(reading=True) as session:
        days = {(row.day, row.record_type): (row.passed, row.accepted) for row in session.query(ProvenDay)}
    sent = dict(
        lake().rows(
            f"SELECT record_type, count(*) FROM {FILE_LINE.path} WHERE batch = ? GROUP BY 1", [world.days.first]
        )
    )
    assert {code: passed for (day, code), (passed, _) in days.items() if day == DAYS[0] and passed} == sent


def test_late_feedback_and_the_fate_of_what_was_held_back_change_what_is_kept(world: Any) -> None:
    before = _kept(DAYS[0])
    mended = [place for place, counts in before.items() if counts.mended]
    assert mended, "what was held back on the first day and repaired was accepted on the second"
    (file, line, record_id, key, content, code) = lake().rows(
        f"SELECT file, line, record_id, key, content, record_type FROM {FILE_LINE.path} WHERE batch = ? AND record_type = '210'"
        f" AND record_id NOT IN (SELECT record_id FROM {FINDING.path}) ORDER BY line LIMIT 1",
        [world.days.first],
    )[0]
    rule = next(each for each in proving._codes(DAYS[0]) if each.record_type == "210" and len(each.code) == 6)
    held = lake().rows(
        f"SELECT f.rule, f.key, r.content FROM {FINDING.path} f JOIN {record_table('110').path} r USING (record_id, batch)"
        " WHERE f.batch = ? AND f.record_type = '110' AND f.severity = 'block' ORDER BY ALL LIMIT 1",
        [world.days.first],
    )[0]
    taken = accepted_table("110").path
    (was,) = lake().rows(f"SELECT content FROM {taken} WHERE key = ? AND accepted_on > DATE '{DAYS[0]}'", [held[1]])

    def change(writer: Any) -> None:
        writer.execute(
            f"INSERT INTO {FEEDBACK.path} BY NAME SELECT ? AS file, ? AS record_type, ? AS record_id, ? AS key, ? AS code,"
            f" 'X' AS tag, ? AS content, ? AS line, DATE '{DAYS[0]}' AS received_on",
            [file, code, record_id, key, rule.code, content, line],
        )
        writer.execute(f"UPDATE {taken} SET content = ? WHERE key = ?", [held[2], held[1]])

    def restore(writer: Any) -> None:
        writer.execute(f"DELETE FROM {FEEDBACK.path} WHERE record_id = ? AND tag = 'X'", [record_id])
        writer.execute(f"UPDATE {taken} SET content = ? WHERE key = ?", [was[0], held[1]])

    lake().write(change)
    try:
        answer = CliRunner().invoke(prove, [DAYS[0].isoformat(), "--json"])
        assert answer.exit_code == 0, answer.output
        told = {(each["record_type"], each["rule"]): each for each in json.loads(answer.output)["rules"]}
        after = _kept(DAYS[0])
        same_code = [each for each in proving._codes(DAYS[0]) if each.record_type == "210" and each.code == rule.code]
        for each in same_code:
            assert after["210", each.rule].missed == before.get(("210", each.rule), Counts()).missed + 1
        assert after["110", held[0]].unchanged == before["110", held[0]].unchanged + 1
        assert after["110", held[0]].mended == before["110", held[0]].mended - 1
        assert told["110", held[0]]["unchanged"] == after["110", held[0]].unchanged
        assert (after["110", held[0]].precision or 0) < 1
        for cell, place in (("unchanged", ("110", held[0], "")), ("missed", ("210", rule.rule, rule.code))):
            select, values = proving.records_select(cell, *place, [world.days.first])
            assert len(lake().rows(select, values)) == getattr(after[place[0], place[1]], cell), cell
    finally:
        lake().write(restore)
        proving.count_day(PROVIDER, DAYS[0])
        proving.follow_fates(PROVIDER, DAYS[0])
    assert _kept(DAYS[0]) == before


def test_a_dear_rule_comes_to_the_desk_once_until_it_was_looked_at(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = Limits(5, Limit(3, 0.5), Limit(3, 0.5))
    monkeypatch.setattr(reviewing, "limits", lambda: bounds)
    with unit_of_work() as session:
        rows = (
            session.query(ProvenRule).filter_by(day=DAYS[0], record_type="110").order_by(ProvenRule.rule).limit(2).all()
        )
        dear, cheap = (row.rule for row in rows)
        rows[0].unchanged, rows[0].mended = 3, 2
        rows[1].unchanged, rows[1].mended = 3, 9
    try:
        with unit_of_work():
            begun = ask_for_reviews(PROVIDER, DAYS[1])
        assert begun == [f"{PROVIDER}/110/{dear}/{DAYS[1]:%Y%m%d}"], f"{cheap} has cost as many, of many more"
        with unit_of_work():
            assert ask_for_reviews(PROVIDER, DAYS[1]) == []
        with unit_of_work(reading=True) as session:
            instance = session.query(ProcessInstance).filter_by(process=PROCESS).one()
            question = session.query(ProcessTask).filter_by(instance_id=instance.id, status="open").one()
            assert (question.role, question.permission) == ("compliance", "submission.rule.review")
        shown = review_rows({"provider": PROVIDER, "record_type": "110", "rule": dear, "day": DAYS[1].isoformat()}, 10)
        assert any("3 / 5" in row["content"] for row in shown)
        with unit_of_work():
            host.answer(question.id, {"decision": "change", "reason": "条件漏了一种情形"})
            assert ask_for_reviews(PROVIDER, DAYS[1]) == [], "days up to the review do not count again"
    finally:
        proving.count_day(PROVIDER, DAYS[0])
        with unit_of_work() as session:
            for row in session.query(ProvenRule).filter_by(day=DAYS[0], record_type="110"):
                row.unchanged = row.mended = 0
        proving.follow_fates(PROVIDER, DAYS[0])
