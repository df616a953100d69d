"""The comparison itself, set-wise and bucket by bucket: what is apart goes into the temporary table `apart`, all else is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.lake.connection import Connection, unoptimised
from app.submission.checking.digests import (
    SEGMENT_DIGITS,
    digests,
    held,
    items_apart,
    named,
    segments_apart,
    segments_of,
)
from app.submission.checking.tables import FOUND, STATED
from app.submission.tables import (
    APPLIED,
    FEEDBACK,
    FILE_LINE,
    REPLACED,
    accepted_table,
    of_provider,
    operations_on,
    record_table,
    record_type,
)

OUTCOMES: Final = ("only_ours", "only_theirs", "differs")
APART: Final = f"CREATE OR REPLACE TEMP TABLE apart AS SELECT * EXCLUDE (check_id, bucket) FROM {FOUND.path} LIMIT 0"
"""Makes the empty table that differences are added to."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One hash bucket of one record type of a legal entity, and the files whose records are not to be compared yet.

    `later` are files that left after the centre's moment, `unanswered` those without an answer.
    """

    provider: str
    record_type: str
    bucket: int
    buckets: int
    later: Sequence[str] = ()
    unanswered: Sequence[str] = ()

    def of(self, key: str) -> str:
        return f"hash({key}) % {self.buckets} = {self.bucket}" if self.buckets > 1 else "TRUE"

    @property
    def mine(self) -> str:
        """A condition on `file`: the record was accepted from this entity."""
        return of_provider("file", self.provider)


def compare(connection: Connection, check: str, bucket: Bucket) -> dict[str, int]:
    """Hold our accepted records against the centre's statement; numbers of same, only_ours, only_theirs, differs and
    travelling. Differences are added to `apart`.

    Records that one end has twice under one subject and date are paired by their digests, so that none counts twice.
    """
    record = record_type(bucket.record_type)
    compared = f"{bucket.mine} AND {_not_in('file', bucket.later)}"
    ours = f"SELECT * FROM ({held(record.code, compared)}) WHERE {bucket.of('subject')}"
    nth = 'row_number() OVER (PARTITION BY subject, "RptDate" ORDER BY digests)'
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE met AS
        WITH o AS (SELECT *, {nth} AS nth FROM (
                 SELECT subject, coalesce("RptDate", '') AS "RptDate", key, record_id, file, line,
                        {digests(record)} AS digests FROM ({ours}))),
             t AS (SELECT *, {nth} AS nth FROM (
                 SELECT subject, "RptDate", file, line, fields,
                        list_transform(fields, each -> left(each, {SEGMENT_DIGITS})) AS digests
                 FROM {STATED.path} WHERE check_id = '{check}' AND record_type = '{record.code}'
                      AND {bucket.of("subject")}))
        SELECT coalesce(o.subject, t.subject) AS subject, coalesce(o."RptDate", t."RptDate") AS "RptDate", o.key,
               o.record_id, o.file, o.line, o.digests AS ours, t.digests AS theirs, t.fields,
               CASE WHEN t.subject IS NULL THEN 'only_ours' WHEN o.subject IS NULL THEN 'only_theirs' ELSE 'differs' END
                   AS outcome
        FROM o FULL JOIN t ON o.subject = t.subject AND o."RptDate" = t."RptDate" AND o.nth = t.nth
        WHERE o.digests IS DISTINCT FROM t.digests""")
    travelling = _leave_out_travelling(connection, bucket)
    counts = dict.fromkeys(OUTCOMES, 0) | dict(
        connection.execute("SELECT outcome, count(*) FROM met GROUP BY outcome").fetchall()
    )
    total = connection.execute(f"SELECT count(*) FROM ({ours})").fetchone()
    met = counts["only_ours"] + counts["differs"]
    if any(counts.values()):
        _tell(connection, bucket.record_type)
    connection.execute("DROP TABLE met")
    return {"same": (int(total[0]) if total else 0) - met, **counts, "travelling": travelling}


def _leave_out_travelling(connection: Connection, bucket: Bucket) -> int:
    """What the centre has of files that we have no answer to yet is on its way; how many there are."""
    if not bucket.unanswered:
        return 0
    record = record_type(bucket.record_type)
    dates = f'SELECT l."RptDate" FROM {FILE_LINE.path} l WHERE {_in("l.file", bucket.unanswered)}'
    table = record_table(record.code)
    subjects = held(record.code, "TRUE").replace(accepted_table(record.code).path, table.path)
    gone = connection.execute(
        f'DELETE FROM met WHERE outcome = \'only_theirs\' AND "RptDate" IN ({dates}) AND (subject, "RptDate") IN ('
        f" SELECT (r.subject, coalesce(r.\"RptDate\", '')) FROM ({subjects}) r JOIN {FILE_LINE.path} l"
        f" ON l.record_id = r.record_id AND l.batch = r.batch WHERE {_in('l.file', bucket.unanswered)})"
    ).fetchone()
    return int(gone[0]) if gone else 0


def _tell(connection: Connection, code: str) -> None:
    """Add what was met to `apart`, with the segments and items that differ."""
    record = record_type(code)
    connection.execute(
        f"INSERT INTO apart SELECT '{code}', subject, key, \"RptDate\", outcome, [], [], record_id, file, line"
        " FROM met WHERE outcome <> 'differs'"
    )
    columns = ", ".join(f'h."{segment.code}"' for segment in segments_of(record))
    here = "file IN (SELECT file FROM met WHERE outcome = 'differs')"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE otherwise AS SELECT m.*, {columns} FROM met m JOIN ({held(code, here)}) h"
        " ON h.file = m.file AND h.line = m.line AND h.record_id = m.record_id WHERE m.outcome = 'differs'"
    )
    with unoptimised(connection):
        connection.execute(
            f"INSERT INTO apart SELECT '{code}', subject, key, \"RptDate\", outcome,"
            f" {segments_apart(record, 'ours', 'theirs')}, {items_apart(record, 'fields')}, record_id, file, line FROM otherwise"
        )
    connection.execute("DROP TABLE otherwise")


def replay(connection: Connection, bucket: Bucket, answered: Sequence[str]) -> dict[str, int]:
    """Hold our accepted state against what file lines and feedback say must have been accepted: `theirs` is the replay.

    `answered` are the files that were answered and not refused as a whole. Keys that an accepted operation has changed since
    are not replayed: they are for the two-end check.
    """
    record = record_type(bucket.record_type)
    table, accepted = record_table(record.code), accepted_table(record.code)
    columns = [segment.code if not record.flat else "" for segment in record.segments]
    letters = columns if not record.flat else [member.tag for member in record.segments[0].items]
    names = (
        {letter: letter for letter in letters}
        if record.flat
        else {segment.code: named(record, segment) for segment in record.segments}
    )
    segments = ", ".join(
        f'CASE WHEN a."{letter}" IS DISTINCT FROM r."{letter}" THEN \'{name}\' END' for letter, name in names.items()
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE answered AS SELECT unnest(?::VARCHAR[]) AS file", [list(answered)])
    connection.execute(f"CREATE OR REPLACE TEMP TABLE operated AS {_operated(bucket)}")
    held_columns = ", ".join(f'"{letter}"' for letter in letters)
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE met AS
        WITH sent AS (
                 SELECT file, line, record_id, batch, key FROM {FILE_LINE.path}
                 WHERE record_type = '{record.code}' AND {bucket.of("key")} AND file IN (SELECT file FROM answered)),
             taken AS (
                 SELECT sent.* FROM sent ANTI JOIN {FEEDBACK.path} f ON f.file = sent.file AND f.line = sent.line
                 WHERE key NOT IN (FROM operated)),
             r AS (SELECT t.file, t.line, r.record_id, r.key, r."RptDate", {held_columns}
                   FROM taken t JOIN {table.path} r ON r.record_id = t.record_id AND r.batch = t.batch
                   WHERE {bucket.of("r.key")}),
             a AS (SELECT file, line, record_id, key, "RptDate", {held_columns}
                   FROM {accepted.path} WHERE {bucket.mine} AND {bucket.of("key")} AND key NOT IN (FROM operated))
        SELECT coalesce(a.key, r.key) AS subject, coalesce(a.key, r.key) AS key,
               coalesce(a."RptDate", r."RptDate", '') AS "RptDate", coalesce(a.record_id, r.record_id) AS record_id,
               coalesce(a.file, r.file) AS file, coalesce(a.line, r.line) AS line,
               CASE WHEN r.key IS NULL THEN 'only_ours' WHEN a.key IS NULL THEN 'only_theirs' ELSE 'differs' END AS outcome,
               CASE WHEN r.key IS NULL OR a.key IS NULL THEN []
                    ELSE list_filter([{segments}], each -> each IS NOT NULL) END AS segments
        FROM a FULL JOIN r ON a.file = r.file AND a.line = r.line AND a.key = r.key
        WHERE a.key IS NULL OR r.key IS NULL OR len(list_filter([{segments}], each -> each IS NOT NULL)) > 0""")
    counts = dict.fromkeys(OUTCOMES, 0) | dict(
        connection.execute("SELECT outcome, count(*) FROM met GROUP BY outcome").fetchall()
    )
    connection.execute(
        f"INSERT INTO apart SELECT '{record.code}', subject, key, \"RptDate\", outcome, segments, [], record_id, file, line"
        " FROM met"
    )
    total = connection.execute(
        f"SELECT count(*) FROM {accepted.path} WHERE {bucket.mine} AND {bucket.of('key')} AND key NOT IN (FROM operated)"
    ).fetchone()
    connection.execute("DROP TABLE met")
    connection.execute("DROP TABLE operated")
    met = counts["only_ours"] + counts["differs"]
    return {"same": (int(total[0]) if total else 0) - met, **counts, "travelling": 0}


def _operated(bucket: Bucket) -> str:
    """SELECT of the keys that accepted operations have named, and of those that they were changed to."""
    codes = ", ".join(f"'{code}'" for code in operations_on(bucket.record_type)) or "''"
    named = f"""SELECT key FROM {FILE_LINE.path} WHERE record_type IN ({codes}) AND {bucket.mine}
        AND file IN (SELECT file FROM {APPLIED.path})"""
    changed = f"SELECT new FROM {REPLACED.path} WHERE {bucket.mine} AND record_type = '{{}}'"
    if bucket.record_type == "215":  # an event goes with its account
        accounts = (
            f"SELECT old FROM {REPLACED.path} WHERE {bucket.mine} AND record_type = '210' UNION {changed.format('210')}"
        )
        events = accepted_table("215").path
        return f"""{named} UNION SELECT key FROM {record_table("215").path} WHERE "AcctCode" IN ({accounts})
            UNION SELECT key FROM {events} WHERE "AcctCode" IN ({accounts})"""
    return f"{named} UNION {changed.format(bucket.record_type)}"


def _in(column: str, values: Sequence[str]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})" if values else "FALSE"


def _not_in(column: str, values: Sequence[str]) -> str:
    return f"NOT ({_in(column, values)})" if values else "TRUE"
