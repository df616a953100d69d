"""With the pre-check switched off everything is sent, and the centre refuses exactly what our rules have noted."""

from __future__ import annotations

from app.submission.counts import count_batch
from app.submission.lake import lake
from app.submission.tables import FEEDBACK, FINDING

CENTRE_ALONE = {"ABE005"}
"""Codes that rest on a register which only the centre has."""
MOST_ERRORS = 5
"""So many errors of one record come back in a feedback file."""


def by_record(sql: str, batch: str) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for record_type, key, code in lake().rows(sql, [batch]):
        if code not in CENTRE_ALONE:
            found.setdefault((record_type, key), set()).add(code)
    return found


def test_the_centre_rejects_what_we_noted(lender, bank) -> None:
    batch = lender.begin(precheck=False)

    lender.run(batch)

    noted = by_record(f"SELECT record_type, key, code FROM {FINDING.path} WHERE batch = ? AND severity = 'noted'", batch)
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
    assert {record_type for record_type, _ in noted} == set(counts)
    for each in counts.values():
        assert (each.blocked, each.sent, each.awaiting, each.lost) == (0, each.due, 0, 0)
    assert sum(each.rejected for each in counts.values()) >= len(refused)

