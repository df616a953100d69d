"""A stored record as the rules room asks for it when somebody tries a draft: masked, and written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.audit import Thing, looked_at
from app.core.errors import NotFound, Refused
from app.core.text import Text
from app.rules.model import Ruleset
from app.submission.lake import lake
from app.submission.permissions import RECORDS
from app.submission.reading.explaining import Branch, CheckShown, RuleShown, explain_by
from app.submission.reading.lake_rows import seen
from app.submission.reading.personal import shown_key
from app.submission.tables import RECORD_TYPES, record_table
from app.web.access import may


class LakeRecords:
    """The records of this installation's lake."""

    def tried(self, ruleset: Ruleset, wanted: str, rules: tuple[str, ...]) -> Mapping[str, Any]:
        """Raises NotFound (`submission.record`), Refused (`web.forbidden`)."""
        if not may(RECORDS):
            raise Refused(
                "web.forbidden", Text("您的岗位不能查看记录明细", "your roles do not include looking at records")
            )
        code = ruleset.record_type or ""
        batch, record_id, key = _found(code, wanted)
        looked_at(Thing("record", f"{code}:{record_id}"), what="draft tried", view="masked")
        shown = explain_by(ruleset, batch, code, record_id, rules or tuple(rule.id for rule in ruleset.rules))
        return {
            "record": {"id": record_id, "key": shown_key(code, key), "batch": batch},
            "rules": [_rule(each, whole=bool(rules) or each.outcome == "violated") for each in shown],
        }


def _found(code: str, wanted: str) -> tuple[str, str, str]:
    """The newest stored record of that id or key."""
    rows: list[Any] = []
    if code in RECORD_TYPES and wanted:
        rows = lake().rows(
            f"SELECT batch, record_id, key FROM {record_table(code).path} WHERE (record_id = ? OR key = ?)"
            f" AND {seen('batch')} ORDER BY business_date DESC LIMIT 1",
            [wanted, wanted],
        )
    if not rows:
        raise NotFound("submission.record", Text("没有这条记录", "There is no such record"))
    batch, record_id, key = rows[0]
    return str(batch), str(record_id), str(key)


def _rule(shown: RuleShown, *, whole: bool) -> dict[str, Any]:
    title = shown.rule.title
    return {
        "rule": shown.rule.id,
        "title": {"zh": title.zh, "en": title.en},
        "severity": shown.rule.severity,
        "outcome": shown.outcome,
        "waiting": list(shown.waiting),
        "checks": [_check(each) for each in shown.checks] if whole else [],
    }


def _check(shown: CheckShown) -> dict[str, Any]:
    when = None
    if shown.when is not None and shown.when_words is not None:
        when = {"words": _pair(shown.when_words), "node": _branch(shown.when)}
    return {
        "violated": shown.violated,
        "blame": "",
        "when": when,
        "require": {"words": _pair(shown.require_words), "node": _branch(shown.require)},
    }


def _branch(branch: Branch) -> dict[str, Any]:
    return {
        "text": branch.text,
        "label": _pair(branch.label) if branch.label else None,
        "state": branch.state,
        "shown": branch.shown or None,
        "children": [_branch(each) for each in branch.children],
    }


def _pair(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
