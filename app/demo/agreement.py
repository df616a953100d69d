"""Our pre-check against the centre's own judgement: the records as they stand before blocking, judged by the centre's code.

This is the pre-check switched off: every due record is written to a file and judged on the state that the centre had before
the day. What it refuses must be what we blocked, code by code.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from app.core import clock
from app.lake.rendering import line_expression
from app.lake.streams import text_chunks
from app.standard.files import FileHeader, FileName
from app.submission.lake import lake
from app.submission.stages.build import file_order
from app.submission.stages.work import Work
from app.submission.tables import FINDING, record_table, record_type

Verdict = tuple[str, str, str]
"""(record type, business key, error code)"""


def compare_with_centre(batch: str, centre: Path, folder: Path) -> dict[str, Any]:
    """Both verdicts on all records due in a batch; counts by code and the verdicts that only one side gave."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    work = Work.on(batch)
    keys = {code: _write_unblocked(work, code, folder) for code in file_order()}
    theirs = _centre_verdicts(centre, folder, keys)
    ours = {
        (code, key, error)
        for code, key, error in lake().rows(
            f"SELECT record_type, key, code FROM {FINDING.path} WHERE batch = ? AND severity = 'block'", [batch]
        )
    }
    alone = [
        *(("ours", *verdict) for verdict in sorted(ours - theirs)),
        *(("centre", *v) for v in sorted(theirs - ours)),
    ]
    shutil.rmtree(folder, ignore_errors=True)
    return {
        "records": sum(len(each) for each in keys.values()),
        "agreed": len(ours & theirs),
        "by_code": dict(sorted(Counter(code for _, _, code in ours & theirs).items())),
        "centre_only": dict(sorted(Counter(code for _, _, code in theirs - ours).items())),
        "ours_only": dict(sorted(Counter(code for _, _, code in ours - theirs).items())),
        "disagreements": len([each for each in alone if each[3] not in REGISTER_CODES]),
        "differences": [{"side": side, "record_type": code, "code": error} for side, code, _, error in alone[:50]],
    }


REGISTER_CODES = frozenset({"ABE005"})
"""Codes that rest on a register only the centre has: known in advance to be its alone."""


def _write_unblocked(work: Work, code: str, folder: Path) -> list[str]:
    record = record_type(code)
    table = f"(SELECT * FROM {record_table(code).path} WHERE batch = '{work.batch}')"
    keys = [key for (key,) in lake().rows(f'SELECT key FROM {table} ORDER BY key, "RptDate"')]
    if keys:
        now = clock.local_now().replace(microsecond=0)
        name = FileName(work.provider, now.date(), code, "ZZZ")
        header = FileHeader(code, work.provider, now, len(keys), template=record.template)
        with (folder / f"{name.text}.txt").open("wb") as out, lake().read() as connection:
            out.write((header.text + "\r\n").encode())
            ordered = f'SELECT {line_expression(record)} FROM {table} ORDER BY key, "RptDate"'
            for chunk in text_chunks(connection, ordered):
                out.write(chunk)
    return keys


def _centre_verdicts(centre: Path, folder: Path, keys: dict[str, list[str]]) -> set[Verdict]:
    files = [file for code in file_order() for file in folder.glob(f"*{code}0ZZ*.txt") if file.name[22:25] == code]
    if not files:
        return set()
    command = [sys.executable, "-m", "app.simulator.centre", "judge", "--state", str(centre), *map(str, files)]
    told = subprocess.run(command, capture_output=True, check=False, timeout=300)  # noqa: S603 - our own command
    verdicts: set[Verdict] = set()
    for file in json.loads(told.stdout):
        code = file["file"][22:25]
        for record in file["records"]:
            for fault in record["faults"]:
                verdicts.add((code, keys[code][record["line"] - 2], fault["code"]))
        for fault in file["faults"]:
            verdicts.add((code, "", fault["code"]))
    return verdicts
