"""What usually mends a fault: a table that the business owns, from error codes and rules to ways of mending.

Where the table is silent the rule itself tells: what disagrees with the centre's state is corrected there, what a code table could
not translate belongs to the mapping, anything else to the source.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from app.core import clock
from app.core.errors import Invalid
from app.core.text import Text
from app.rules.model import Rule
from app.standard import catalogue
from app.submission.content import ROOT, judged_by
from app.submission.judging import REFUSED_BEFORE
from app.submission.tables import operations_on, record_type
from app.workflow.clocks.limits import Limit, parse_limit

FIXES: Final[Mapping[str, Text]] = {
    "source": Text("更正来源数据", "Mend the source data"),
    "mapping": Text("修改映射或代码表", "Change the mapping or a code table"),
    "supplement": Text("补录", "Supplement"),
    "rule": Text("修改规则", "Change the rule"),
    "correction": Text("按段更正", "Correct a segment"),
    "deletion": Text("删除已入库信息", "Delete what the centre holds"),
    "resend": Text("原样重报", "Send again"),
}
"""The ways to mend a fault."""

OPERATIONS: Final = {"correction": ("correct_segment",), "deletion": ("delete_record", "delete_segment")}
"""The ways that need an operation on what the centre holds, and its kinds."""

_MATCHERS: Final = ("codes", "rules", "tags")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A way to mend a fault and why."""

    fix: str
    why: Text


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; patterns may hold `*`, and those that are not given match all."""

    suggestion: Suggestion
    codes: tuple[str, ...]
    rules: tuple[str, ...]
    tags: tuple[str, ...]

    def fits(self, rule: str, code: str, tag: str) -> bool:
        given = ((self.codes, code), (self.rules, rule), (self.tags, tag))
        return all(not patterns or any(fnmatchcase(value, each) for each in patterns) for patterns, value in given)


@dataclass(frozen=True, slots=True)
class Table:
    """The table with the limits within which faults are to be mended."""

    house: Limit
    bureau: Limit
    bureau_basis: str
    rows: tuple[Row, ...]


@lru_cache
def table() -> Table:
    """The shipped table."""
    return load_table(ROOT / "corrections" / "suggestions.yaml")


def load_table(path: Path) -> Table:
    """Read a table. Raises Invalid (`submission.suggestions`) with all that is wrong in it."""
    try:
        data = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    except (OSError, yaml.YAMLError) as problem:
        raise _unusable([Text(f"无法读取：{problem}", f"cannot be read: {problem}")]) from problem
    faults = list(_faults(data)) if isinstance(data, dict) else [Text("不是处理建议表", "is no table of suggestions")]
    if faults:
        raise _unusable(faults)
    clocks = data["clocks"]
    return Table(
        parse_limit(clocks["house"]["within"]),
        parse_limit(clocks["bureau"]["within"]),
        str(clocks["bureau"].get("basis", "")),
        tuple(
            Row(
                Suggestion(row["fix"], Text.of(row["why"])),
                *(tuple(map(str, row.get(name) or ())) for name in _MATCHERS),
            )
            for row in data["suggestions"]
        ),
    )


def _unusable(faults: list[Text]) -> Invalid:
    message = Text("；".join(each.zh for each in faults), "; ".join(each.en for each in faults))
    return Invalid("submission.suggestions", message)


def _faults(data: Mapping[str, Any]) -> Iterator[Text]:
    for name in ("house", "bureau"):
        limit = ((data.get("clocks") or {}).get(name) or {}).get("within")
        try:
            parse_limit(str(limit))
        except Invalid as problem:
            yield Text(f"clocks.{name}：{problem.message.zh}", f"clocks.{name}: {problem.message.en}")
    known_codes = catalogue.current().errors
    for number, row in enumerate(data.get("suggestions") or (), start=1):
        where = f"suggestions[{number}]"
        if row.get("fix") not in FIXES:
            yield _unknown(where, "处理方式", "way to mend", str(row.get("fix")), FIXES)
        why = row.get("why")
        if not isinstance(why, dict) or not (why.get("zh") and why.get("en")):
            yield Text(f"{where}：须有中英文理由", f"{where}: say why in zh and en")
        for name in row.keys() - {"fix", "why", *_MATCHERS}:
            yield _unknown(where, "条件", "condition", name, _MATCHERS)
        for code in map(str, row.get("codes") or ()):
            if not set("*[?") & set(code) and code not in known_codes:
                yield _unknown(where, "错误代码", "error code", code, known_codes)


def _unknown(where: str, zh: str, en: str, name: str, known: Any) -> Text:
    near = difflib.get_close_matches(name, list(known), 1)
    hint = Text(f"，是否指 {near[0]}？", f"; did you mean {near[0]}?") if near else Text("", "")
    return Text(f"{where}：没有名为 {name} 的{zh}{hint.zh}", f"{where}: there is no {en} named {name}{hint.en}")


def deadlines() -> tuple[datetime, datetime]:
    """Until when what is found now is to be mended: by the house, and by the credit centre."""
    now, limits = clock.now(), table()
    return limits.house.due(now).moment, limits.bureau.due(now).moment


def suggestion_for(code: str, rule: str, error: str, tag: str) -> Suggestion:
    """What to do about a fault of a record of type `code`."""
    for row in table().rows:
        if row.fits(rule, error, tag):
            return _possible(code, row.suggestion)
    return _possible(code, _by_rule(code, rule, error, tag))


def _possible(code: str, found: Suggestion) -> Suggestion:
    """A way that needs an operation which the record type does not have is not a way."""
    kinds = OPERATIONS.get(found.fix)
    if kinds and not any(record_type(each).kind in kinds for each in operations_on(code)):
        return Suggestion("source", _SOURCE)
    return found


_SOURCE: Final = Text(
    "由来源系统更正，送达后自动补报", "the source system mends it; what is delivered mended is sent by itself"
)


def _by_rule(code: str, rule: str, error: str, tag: str) -> Suggestion:
    if rule == REFUSED_BEFORE:
        return Suggestion(
            "source", Text("征信中心退回后内容未变，须先更正", "refused by the centre and unchanged since")
        )
    known = _rule_of(code, rule, error)
    if known is not None and known.stage == "accepted":
        return Suggestion(
            "correction",
            Text("与征信中心已入库信息不符，更正或删除已入库的部分", "it disagrees with what the centre holds"),
        )
    if any(item.tag == tag and item.codes for _, _, item in record_type(code).items()):
        return Suggestion(
            "mapping", Text("代码项取值不在代码表内，补充对照", "a coded item: the code table lacks its value")
        )
    return Suggestion("source", _SOURCE)


def _rule_of(code: str, rule: str, error: str) -> Rule | None:
    """The rule, or of a feedback error our rule for the same code."""
    rules = (each for ruleset in judged_by(code) for each in ruleset.rules)
    return next((each for each in rules if (each.id == rule if rule else each.code == error)), None)
