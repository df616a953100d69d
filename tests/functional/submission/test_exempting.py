"""Exemptions where records are judged: found and kept, held back no more, and the day judged again hash for hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import reported_days
from judged_anew import judge_anew, registry
from reported_days import DAYS, ReportedDays
from sqlalchemy import delete, select, text

from app.core import clock
from app.core.config import override
from app.core.db import database, unit_of_work
from app.rules.exemption import asking
from app.rules.exemption.applying import applying
from app.rules.exemption.models import Exemption, ExemptionSet
from app.rules.model import Ruleset
from app.rules.registry import edition
from app.rules.registry.backtest import Trial, backtest
from app.submission.counts import count_batch
from app.submission.judging import Basis, Part, find
from app.submission.lake import forget, lake
from app.submission.models import HeldRecord, StageRun
from app.submission.replay import replay
from app.submission.tables import FINDING, record_table

DAY = DAYS[2]
NAME = "submission.personal_loan_account"


@pytest.fixture
def reported(made_once, tmp_path: Path) -> Iterator[ReportedDays]:
    registry()  # who hears of reported records is announced with the rooms
    found = reported_days.copied(made_once(reported_days.build), tmp_path / "lender")
    with override(found.settings):
        yield found
        forget()
        database().dispose()


def granted(rule: str, scope: str, number: str, document: str = "") -> str:
    """An exemption that a second person has granted."""
    until = clock.today() + timedelta(days=30)
    with unit_of_work():
        wish = asking.Wish(NAME, rule, scope, document, number, until, "纸质合同已核实，系统下月改造")
        exemption = asking.ask(wish)
        asking.grant(exemption, "xu.wen", "已核对")
        return exemption.id


def findings(batch: str, code: str = "210") -> dict[tuple[str, str, str], str]:
    """Severity by record, rule and item."""
    rows = lake().rows(
        f"SELECT record_id, rule, tag, severity FROM {FINDING.path} WHERE batch = ? AND record_type = ?", [batch, code]
    )
    return {(record, rule, tag): severity for record, rule, tag, severity in rows}


def judged(batch: str, exemptions: str = "", ruleset: Ruleset | None = None) -> dict[tuple[str, str, str], str]:
    """The same of the batch's 210 records judged now, nothing written: on what they were judged, but for these."""
    with unit_of_work(reading=True) as session:
        kept = session.scalars(select(StageRun.detail).filter_by(batch_id=batch, stage="judge", part="210/0")).one()
    basis = replace(Basis.of(kept), exemptions=exemptions)
    with lake().read() as connection:
        found = find(connection, Part(batch, DAY, True, "210", 0), ruleset or edition(kept["edition"]), basis)
    rows = found.rows.to_pylist()
    return {(row["record_id"], row["rule"], row["tag"]): row["severity"] for row in rows}


def reproduced(day: date) -> bool:
    """Whether the 210 records of a day, judged again as they were, make the same findings hash for hash."""
    with unit_of_work() as session:
        session.execute(delete(StageRun).where(StageRun.stage == "judge", StageRun.part != "210/0"))
    return all(batch.parts and batch.reproduced for batch in replay(day))


def blocked_alone(batch: str) -> tuple[str, str, str]:
    """A record with a single blocking finding by one rule: its id, that rule, and the record's business key."""
    (row, *_) = lake().rows(
        f"""SELECT record_id, any_value(rule), any_value(key) FROM {FINDING.path}
            WHERE batch = ? AND record_type = '210' AND rule != 'CENTRE'
            GROUP BY record_id HAVING count(DISTINCT rule) = 1 AND bool_and(severity = 'block') ORDER BY record_id""",
        [batch],
    )
    return row[0], row[1], row[2]


def test_an_account_is_let_through_and_the_day_is_judged_again_alike(reported: ReportedDays) -> None:
    batch = reported.waiting
    before = findings(batch)
    record, rule, key = blocked_alone(batch)
    earlier = count_batch(batch)["210"]
    exemption = granted(rule, "account", key)

    said = judge_anew(batch)

    after = findings(batch)
    changed = {place for place in before if before[place] != after[place]}
    same_key = {row for (row,) in lake().rows(f"SELECT record_id FROM {record_table('210').path} WHERE key = ?", [key])}
    assert before.keys() == after.keys(), "what is exempt is found and kept all the same"
    assert changed == {place for place in before if place[0] in same_key and place[1] == rule}
    assert {after[place] for place in changed} == {"exempt"}
    counts = count_batch(batch)["210"]
    assert counts.exempt == said["exempt"]["210"] == len({place[0] for place in changed}) >= 1
    assert counts.blocked == earlier.blocked - counts.exempt
    with unit_of_work(reading=True) as session:
        held = session.scalars(select(HeldRecord).filter_by(last_batch_id=batch, status="open", kind="blocked"))
        assert record not in {each.record_id for each in held}
    assert_compared_alike(batch, rule, counts.blocked)

    with unit_of_work() as session:
        asking.end(asking.find(exemption), "系统已改造")
        assert key.encode() not in session.scalar(text("SELECT value FROM rules_exemption"))
        session.execute(delete(Exemption))
    assert reproduced(DAY), "what applied is kept, whatever has become of the exemption"
    assert reproduced(DAYS[1]), "a day of before there were exemptions"
    assert judged(batch) == before, "once it has ended the rule holds back again"

    with unit_of_work() as session:
        row = session.scalars(select(ExemptionSet)).one()
        assert key.encode() not in session.scalar(text("SELECT content FROM rules_exemption_set"))
        row.content = [[*row.content[0][:3], f"{key}0"]]
    (again,) = replay(DAY)
    told = {part.part: part.problem for part in again.parts if part.problem}
    assert told.keys() == {"210/0"}
    assert "changed" in told["210/0"].en


def assert_compared_alike(batch: str, rule: str, blocked: int) -> None:
    """A candidate that says the same, but is judged anew as its needs are written otherwise, lets the same through."""
    with unit_of_work(reading=True) as session:
        kept = session.scalars(select(StageRun.detail).filter_by(batch_id=batch, stage="judge", part="210/0")).one()
        present = edition(kept["edition"])
    rules = tuple(each if each.id != rule else replace(each, needs=()) for each in present.rules)
    found = backtest(Trial(NAME, replace(present, edition="other", rules=rules), "210"), [DAY])
    assert found["before"]["blocked"] == found["after"]["blocked"] == blocked
    (line,) = [each for each in found["rules"] if each["rule"] == rule]
    assert (line["severity"], line["newly"], line["no_longer"]) == ("block", 0, 0)


@pytest.mark.whole
def test_a_subject_a_branch_and_rules_that_need_an_exempt_one(reported: ReportedDays) -> None:
    batch = reported.waiting
    before = findings(batch)
    table = record_table("210").path
    rows = {
        row[0]: row[1:]
        for row in lake().rows(
            f'SELECT record_id, "B"."IDType", "B"."IDNum", "B"."MngmtOrgCode" FROM {table} WHERE batch = ?', [batch]
        )
    }
    record, rule, _ = blocked_alone(batch)
    document, number, branch = rows[record]
    granted(rule, "subject", f" {number[:6]} {number[6:].lower()} ", document)
    others = {place[1] for place in before if place[1] not in (rule, "CENTRE")}
    for each in sorted(others):
        granted(each, "branch", branch)

    after = judged(batch, applying(DAY, [NAME])[NAME])

    assert after.keys() == before.keys()
    exempt = {
        place
        for place in before
        if (place[1] == rule and rows[place[0]][:2] == (document, number))
        or (place[1] in others and rows[place[0]][2] == branch)
    }
    assert len({place[1] for place in exempt}) > 1
    assert {place for place in after if after[place] == "exempt"} == exempt
    assert all(after[place] == before[place] for place in before.keys() - exempt)

    (record, first, second), *_ = lake().rows(
        f"""SELECT record_id, min(rule), max(rule) FROM {FINDING.path}
            WHERE batch = ? AND record_type = '210' AND rule != 'CENTRE'
            GROUP BY record_id HAVING min(rule) != max(rule) ORDER BY record_id""",
        [batch],
    )
    with unit_of_work(reading=True) as session:
        kept = session.scalars(select(StageRun.detail).filter_by(batch_id=batch, stage="judge", part="210/0")).one()
        present = edition(kept["edition"])
    rules = tuple(each if each.id != second else replace(each, needs=(*each.needs, first)) for each in present.rules)
    needing = replace(present, edition="needing", rules=rules)
    silent = judged(batch, "", needing)
    assert {rule for name, rule, _ in silent if name == record}.isdisjoint({second})
    branch = rows[record][2]
    if first not in others or branch != rows[blocked_alone(batch)[0]][2]:
        granted(first, "branch", branch)
    still = judged(batch, applying(DAY, [NAME])[NAME], needing)
    assert still.keys() == silent.keys(), "a rule that needs an exempt one counts as before"
    assert {still[place] for place in still if place[:2] == (record, first)} == {"exempt"}
