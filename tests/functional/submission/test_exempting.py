"""Exemptions where records are judged: found and kept, held back no more, and the day judged again hash for hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import reported_days
from judged_anew import judge_anew
from reported_days import DAYS, ReportedDays
from sqlalchemy import delete, select, text

from app.core import clock
from app.core.config import override
from app.core.db import current_session, database, unit_of_work
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

    assert all(each.reproduced for each in replay(DAY))
    with unit_of_work():
        asking.end(asking.find(exemption), "系统已改造")
        current_session().execute(delete(Exemption))
    assert all(each.reproduced for each in replay(DAY)), "what applied is kept, whatever has become of the exemption"
    assert all(each.reproduced for day in DAYS[:2] for each in replay(day)), "days of before there were exemptions"

    other = applying(DAY, [NAME])
    assert other == {}
    judge_anew(batch)
    assert findings(batch) == before, "once it has ended the rule holds back again"


def test_what_applied_cannot_be_changed_unseen(reported: ReportedDays) -> None:
    batch = reported.waiting
    _, rule, key = blocked_alone(batch)
    granted(rule, "account", key)
    judge_anew(batch)
    with unit_of_work() as session:
        row = session.scalars(select(ExemptionSet)).one()
        assert key.encode() not in session.scalar(text("SELECT content FROM rules_exemption_set"))
        assert key.encode() not in session.scalar(text("SELECT value FROM rules_exemption"))
        assert key not in row.digest
        row.content = [[*row.content[0][:3], f"{key}0"]]

    (said,) = replay(DAY)

    told = {part.part: part.problem for part in said.parts if part.problem}
    assert told.keys() == {"210/0"}
    assert "changed" in told["210/0"].en
    with unit_of_work() as session:
        session.execute(delete(ExemptionSet))
    (said,) = replay(DAY)
    assert {part.part for part in said.parts if not part.reproduced} == {"210/0"}


def test_a_subject_and_a_branch(reported: ReportedDays) -> None:
    batch = reported.waiting
    before = findings(batch)
    table = record_table("210").path
    rows = {
        row[0]: row[1:]
        for row in lake().rows(
            f'SELECT record_id, "B"."IDType", "B"."IDNum", "B"."MngmtOrgCode" FROM {table} WHERE batch = ?', [batch]
        )
    }
    _, rule, _ = blocked_alone(batch)
    record = next(place[0] for place in sorted(before) if place[1] == rule)
    document, number, branch = rows[record]
    granted(rule, "subject", f" {number[:6]} {number[6:].lower()} ", document)
    judge_anew(batch)
    after = findings(batch)
    assert {place for place in before if after[place] == "exempt"} == {
        place for place in before if place[1] == rule and rows[place[0]][:2] == (document, number)
    }

    others = {place[1] for place in before if place[1] != rule}
    for each in sorted(others):
        granted(each, "branch", branch)
    judge_anew(batch)
    after = findings(batch)
    assert after.keys() == before.keys()
    here = {place for place in before if rows[place[0]][2] == branch and place[1] in others and place[1] != "CENTRE"}
    assert here
    assert all(after[place] == "exempt" for place in here)
    assert all(reproduced.reproduced for reproduced in replay(DAY))


def test_rules_that_need_an_exempt_one_stay_silent_as_before(reported: ReportedDays) -> None:
    batch = reported.waiting
    (record, rule, other, key), *_ = lake().rows(
        f"""SELECT record_id, min(rule), max(rule), any_value(key) FROM {FINDING.path}
            WHERE batch = ? AND record_type = '210' AND rule != 'CENTRE'
            GROUP BY record_id HAVING min(rule) != max(rule) ORDER BY record_id""",
        [batch],
    )
    with unit_of_work(reading=True) as session:
        kept = session.scalars(select(StageRun.detail).filter_by(batch_id=batch, stage="judge", part="210/0")).one()
        judged = edition(kept["edition"])
    needing = replace(
        judged,
        edition="needing",
        rules=tuple(each if each.id != other else replace(each, needs=(*each.needs, rule)) for each in judged.rules),
    )
    part, basis = Part(batch, DAY, True, "210", 0), Basis.of(kept)

    def found(ruleset: Ruleset, basis: Basis) -> dict[str, str]:
        rows = find(lake(), part, ruleset, basis).rows.to_pylist()
        return {row["rule"]: row["severity"] for row in rows if row["record_id"] == record}

    assert {rule, other} <= found(judged, basis).keys()
    silent = found(needing, basis)
    assert other not in silent
    granted(rule, "account", key)
    exempt = found(needing, replace(basis, exemptions=applying(DAY, [NAME])[NAME]))
    assert exempt == {**silent, rule: "exempt"}


def test_a_candidate_is_compared_with_the_same_exemptions(reported: ReportedDays) -> None:
    batch = reported.waiting
    _, rule, key = blocked_alone(batch)
    granted(rule, "account", key)
    judge_anew(batch)
    blocked = count_batch(batch)["210"].blocked
    with unit_of_work(reading=True) as session:
        kept = session.scalars(select(StageRun.detail).filter_by(batch_id=batch, stage="judge", part="210/0")).one()
        judged = edition(kept["edition"])
        # It says the same, but is judged anew: its needs are written otherwise.
        rules = tuple(each if each.id != rule else replace(each, needs=()) for each in judged.rules)
        found = backtest(Trial(NAME, replace(judged, edition="other", rules=rules), "210"), [DAY])
    centre = lake().value(
        f"SELECT count(DISTINCT record_id) FROM {FINDING.path} WHERE batch = ? AND record_type = '210'"
        " AND severity = 'block' AND rule = 'CENTRE'",
        [batch],
    )
    assert centre == 0
    assert found["before"]["blocked"] == found["after"]["blocked"] == blocked
    (line,) = [each for each in found["rules"] if each["rule"] == rule]
    assert line["severity"] == "block"
