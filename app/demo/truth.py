"""Holding what the pre-check found against the truth about the injected defects."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from app.submission.lake import lake
from app.submission.tables import FEEDBACK, FINDING

Hit = tuple[str, str, str]
"""(record type, subject of the business key, rule id)"""


def hold_against_truth(batch: str, truth: Path) -> dict[str, Any]:
    """Counts of the day by rule: injected, found, missed, false alarms. Defects that only the centre can see are apart."""
    expected, centre_only = read_truth(truth)
    found = {
        (code, subject(key), rule)
        for code, key, rule in lake().rows(
            f"SELECT record_type, key, rule FROM {FINDING.path} WHERE batch = ? AND severity = 'block'", [batch]
        )
    }
    rejected = {
        (code, subject(key), error)
        for code, key, error in lake().rows(
            f"SELECT f.record_type, f.key, f.code FROM {FEEDBACK.path} f JOIN lake.record.file_line l"
            " ON l.file = f.file AND l.line = f.line WHERE l.batch = ?",
            [batch],
        )
    }
    rules = {
        rule: {"injected": 0, "found": 0, "missed": 0, "false_alarms": 0} for _, _, rule in sorted(expected | found)
    }
    for name, hits in (
        ("injected", expected),
        ("found", found & expected),
        ("missed", expected - found),
        ("false_alarms", found - expected),
    ):
        for rule, number in Counter(rule for _, _, rule in hits).items():
            rules[rule][name] = number
    return {
        "injected": len(expected),
        "found": len(found & expected),
        "missed": len(expected - found),
        "false_alarms": len(found - expected),
        "rules": rules,
        "centre_only": {"injected": len(centre_only), "rejected": len(centre_only & rejected)},
    }


def read_truth(path: Path) -> tuple[set[Hit], set[Hit]]:
    """Expected (record type, subject, rule) of the pre-check, and (record type, subject, code) that only the centre sees."""
    expected: set[Hit] = set()
    centre_only: set[Hit] = set()
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            truth = json.loads(line)
            for finding in truth["findings"]:
                if truth["centre_only"]:
                    centre_only.add((truth["record_type"], truth["record_key"], finding["code"]))
                else:
                    expected.add((truth["record_type"], truth["record_key"], finding["rule"]))
    return expected, centre_only


def subject(key: str) -> str:
    """The number that identifies the subject or account, without the document type before it; of what is known by more than a
    number, such as a statement, the whole key."""
    return key.rpartition("|")[2] if key.count("|") < 2 else key
