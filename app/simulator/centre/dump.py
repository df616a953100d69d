"""The accepted state and the traffic in a canonical form, to compare two runs by."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.simulator.centre.store import Store

Row = tuple[str, str, str]


def dump(root: Path, full: bool = False) -> dict[str, Any]:
    """Accepted records per type (count and digest; with `full` every key with the digest of its content) and the
    files received.

    Two centres that accepted the same records, whatever the files and their order, have equal `records`. `files`
    tells how often each name and each content came; `sent_twice` lists the names and contents that came more than once,
    `received` by type the records that came in all files and those of them that had come before, word for word.
    """
    store = Store(root)
    try:
        records = {record_type: _records(store, record_type, full) for record_type in _types(store)}
        received = {code: {"records": number, "again": again} for code, (number, again) in store.receipts().items()}
        return {"records": records, "operations": _operations(store), "received": received, **_files(store)}
    finally:
        store.close()


def _types(store: Store) -> list[str]:
    return [row[0] for row in store.connection.execute("SELECT DISTINCT record_type FROM record ORDER BY 1")]


def _rows(store: Store, record_type: str) -> Iterator[Row]:
    yield from store.connection.execute(
        "SELECT subject, report_date, digest FROM record WHERE record_type = ? ORDER BY subject, report_date, digest",
        (record_type,),
    )


def _records(store: Store, record_type: str, full: bool) -> dict[str, Any]:
    digest = hashlib.sha256()
    count = 0
    for row in _rows(store, record_type):
        count += 1
        digest.update("\x1e".join(row).encode() + b"\n")
    told: dict[str, Any] = {"count": count, "digest": digest.hexdigest()}
    if full:
        told["keys"] = [
            {"subject": subject.split("\x1f"), "report_date": date, "digest": content}
            for subject, date, content in _rows(store, record_type)
        ]
    return told


def _operations(store: Store) -> dict[str, int]:
    """How many operations of each type were carried out; what they led to shows in the records."""
    rows = store.connection.execute("SELECT record_type, count(*) FROM operation GROUP BY 1 ORDER BY 1")
    return {record_type: int(number) for record_type, number in rows}


def _files(store: Store) -> dict[str, Any]:
    rows = store.connection.execute(
        "SELECT name, sha256, plain_sha256, flag, accepted, rejected FROM arrival ORDER BY name, id"
    ).fetchall()
    names = Counter(row[0] for row in rows)
    contents = Counter(row[2] or row[1] for row in rows)
    errors = store.connection.execute(
        "SELECT code, count(DISTINCT arrival || ':' || line) FROM fault GROUP BY code ORDER BY code"
    )
    return {
        "files": [
            {
                "name": name,
                "sha256": sealed,
                "content_sha256": plain,
                "flag": flag,
                "accepted": accepted,
                "rejected": rejected,
                "same_name": names[name],
                "same_content": contents[plain or sealed],
            }
            for name, sealed, plain, flag, accepted, rejected in rows
        ],
        "sent_twice": sorted({row[0] for row in rows if names[row[0]] > 1 or contents[row[2] or row[1]] > 1}),
        "errors": dict(errors.fetchall()),
    }
