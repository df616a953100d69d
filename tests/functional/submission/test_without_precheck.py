"""With the pre-check switched off everything is sent, and the centre refuses exactly what our rules have noted. The whole day
is run on PostgreSQL.
"""

from __future__ import annotations

from typing import Any

import pytest

from app.rules.explain import judge_of
from app.standard.catalogue import SUBJECTS
from app.submission.content import rules_of
from app.submission.counts import count_batch
from app.submission.facts import fact_relation
from app.submission.judging import of_subject
from app.submission.lake import lake
from app.submission.rulings import surroundings
from app.submission.tables import FEEDBACK, FINDING, RECORD_TYPES, REPLACED, accepted_table, record_table, record_type

CENTRE_ALONE = {"ABE005"}
"""Codes that rest on a register which only the centre has."""
MOST_ERRORS = 5
"""So many errors of one record come back in a feedback file."""


def by_record(sql: str, batch: str) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for code_of_type, key, code in lake().rows(sql, [batch]):
        if code not in CENTRE_ALONE:
            found.setdefault((code_of_type, key), set()).add(code)
    return found


@pytest.mark.whole
def test_the_centre_rejects_what_we_noted(lender_on_postgres: Any) -> None:
    lender = lender_on_postgres
    batch = lender.begin(precheck=False)

    lender.run(batch)

    noted = by_record(
        f"SELECT record_type, key, code FROM {FINDING.path} WHERE batch = ? AND severity = 'noted'", batch
    )
    refused = by_record(
        f"SELECT f.record_type, f.key, f.code FROM {FEEDBACK.path} f JOIN lake.record.file_line l"
        " ON l.file = f.file AND l.line = f.line WHERE l.batch = ?",
        batch,
    )
    counts = count_batch(batch)
    assert noted.keys() == refused.keys()
    for record, codes in refused.items():
        assert codes == noted[record] or (len(codes) == MOST_ERRORS and codes < noted[record]), record
    assert len(noted) >= 40
    spoiled = {record_type for record_type, _ in noted}
    assert spoiled <= {code for code, each in counts.items() if each.due}
    assert len(spoiled) >= 12
    for each in counts.values():
        assert (each.blocked, each.sent, each.awaiting, each.lost) == (0, each.due, 0, 0)
    assert sum(each.rejected for each in counts.values()) >= len(refused)
    assert_explain_agrees(lender, batch)


def nothing(code: str) -> str:
    return f"(SELECT * FROM {accepted_table(code).path} WHERE FALSE)"


def assert_explain_agrees(lender: Any, batch: str) -> None:
    """The explain evaluator, asked about every record of the day, finds what the sweep has noted."""
    given = surroundings(lender.settings, lender.settings.provider_code)
    for code in RECORD_TYPES:
        explained = set()
        for subject in SUBJECTS if record_type(code).shared else (None,):
            mine = f" AND {of_subject(code, subject)}" if subject else ""
            records = f"(SELECT * FROM {record_table(code).path} WHERE batch = '{batch}'{mine})"
            judge, constants = judge_of(rules_of(code, subject)), given.constants(code)
            explained |= {
                (fact["record_id"], finding.rule, finding.tag)
                for fact in lake().records(fact_relation(code, records, nothing(code), nothing, REPLACED.path))
                for finding in judge.judge({**fact, **constants})
            }
        swept = lake().rows(
            f"SELECT record_id, rule, tag FROM {FINDING.path} WHERE batch = ? AND record_type = ?", [batch, code]
        )
        assert set(swept) == explained
