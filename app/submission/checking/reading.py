"""What the pages of checks show: differences with their masked subjects, positions with their titles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Select, select

from app.core.db import current_session
from app.core.errors import NotFound
from app.core.masking import HIDDEN, mask
from app.core.text import Text
from app.submission.checking.digests import key_items
from app.submission.checking.models import EndCheck, VolumePosition
from app.submission.checking.tables import DIFFERENCE
from app.submission.reading.findings import Selection
from app.submission.reading.lake_rows import seen
from app.submission.reading.personal import personal_kind, shown_key
from app.submission.tables import record_type

DIFFERENCE_SORTS: Final = {
    "entity": "provider",
    "type": "record_type",
    "outcome": "outcome",
    "report_date": '"RptDate"',
    "found_on": "found_on",
    "state": "state",
}
CHECK_SORTS: Final = {"created_at": EndCheck.created_at}
POSITION_SORTS: Final = {"product": VolumePosition.product, "branch": VolumePosition.branch}
COUNTS: Final = ("same", "only_ours", "only_theirs", "differs", "travelling", "new", "settled")
COUNT_TITLES: Final[Mapping[str, Text]] = {
    "same": Text("一致", "Same"),
    "only_ours": Text("仅本方有", "Ours only"),
    "only_theirs": Text("仅中心有", "Theirs only"),
    "differs": Text("内容不同", "Differ"),
    "travelling": Text("在途", "On the way"),
    "new": Text("新发现", "New"),
    "settled": Text("已消除", "Settled"),
}


def find_check(check: str) -> EndCheck:
    """Raises NotFound."""
    found = current_session().get(EndCheck, check)
    if found is None:
        raise NotFound("submission.check", Text("没有这次核对", "There is no such check"))
    return found


def newest_check(provider: str, kind: str) -> EndCheck | None:
    """A legal entity's newest finished check of a kind."""
    query = select(EndCheck).filter_by(provider=provider, kind=kind, status="done").order_by(EndCheck.created_at.desc())
    return current_session().scalar(query.limit(1))


def selected_checks(filters: Mapping[str, str]) -> Select[EndCheck]:
    """Checks that fit the filters: kind, status."""
    statement = select(EndCheck)
    for name, column in (("kind", EndCheck.kind), ("status", EndCheck.status)):
        if value := filters.get(name):
            statement = statement.where(column == value)
    return statement


def selected_differences(filters: Mapping[str, str]) -> Selection:
    """Differences that fit the filters: kind, type, outcome, state, check (found by it), item, id."""
    conditions, values = [seen("provider")], []
    for name, column in (("kind", "kind"), ("type", "record_type"), ("outcome", "outcome"), ("id", "id")):
        if value := filters.get(name):
            conditions.append(f"{column} = ?")
            values.append(value)
    if (state := filters.get("state")) == "unsettled":
        conditions.append("state <> 'settled'")
    elif state:
        conditions.append("state = ?")
        values.append(state)
    if value := filters.get("check"):
        conditions.append("(first_check = ? OR last_check = ?)")
        values += [value, value]
    if value := filters.get("item"):
        conditions.append("(list_contains(items, ?) OR list_contains(segments, ?))")
        values += [value, value]
    return Selection(f"SELECT * FROM {DIFFERENCE.path} WHERE {' AND '.join(conditions)}", tuple(values))


def shown_subject(difference: Mapping[str, Any]) -> str:
    """The subject of a difference as lists show it: what names a person has its middle hidden."""
    code = difference["record_type"]
    if difference["key"]:
        return shown_key(code, difference["key"])
    record = record_type(code)
    items, parts = key_items(record), str(difference["subject"]).split("|")
    if len(items) != len(parts):
        return HIDDEN * 8
    kinds = (personal_kind(tag, record.subject) for tag in items)
    return " ".join(mask(kind, part) if kind else part for kind, part in zip(kinds, parts, strict=True))


def selected_positions(batch: str, side: str, filters: Mapping[str, str]) -> Select[VolumePosition]:
    """Positions of one side of a batch that fit the filters: product, branch, beyond (yes)."""
    statement = select(VolumePosition).filter_by(batch_id=batch, side=side)
    for name, column in (("product", VolumePosition.product), ("branch", VolumePosition.branch)):
        if value := filters.get(name):
            statement = statement.where(column == value)
    if filters.get("beyond"):
        # A list without anything in it is written the same by both databases.
        ids = [each.id for each in current_session().scalars(statement) if each.beyond]
        statement = statement.where(VolumePosition.id.in_(ids))
    return statement
