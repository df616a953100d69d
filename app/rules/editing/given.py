"""A record that somebody gives to try rules on: a line of a report file, or its values line by line, as a fact."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Final

from app.core import clock
from app.core.config import settings
from app.core.errors import Invalid
from app.core.text import Text
from app.language import Field, ListOf, Scalar, Struct
from app.language.types import Kind
from app.rules.rule_reading import About
from app.standard.files import read_line

MOST_TEXT: Final = 200_000
MOST_LINES: Final = 2000
_LINE: Final = re.compile(r"(?P<path>[A-Za-z0-9_.]{1,200})\s*[:：=]\s*(?P<value>.*)")
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}")
_TRUTHS: Final = {"true": True, "是": True, "yes": True, "false": False, "否": False, "no": False}


def fact_of(text: str, about: About, base: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The fact that a text gives: XML, or lines such as `B.AcctType: D1` put over `base`.

    What stands beside a record is as for a clean record that the centre has not seen before. Raises Invalid
    (`rules.given`) with everything that is wrong.
    """
    if len(text) > MOST_TEXT:
        raise Invalid("rules.given", Text("内容太长", "the text is too long"))
    beside = _beside(about)
    if text.lstrip().startswith("<"):
        return {**beside, **_from_xml(text, about)}
    fact = copy.deepcopy(dict(base)) if base is not None else beside
    wrong: list[Text] = []
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    for number, line in lines[:MOST_LINES]:
        problem = _take(fact, line, about)
        if problem is not None:
            wrong.append(Text(f"第{number}行：{problem.zh}", f"line {number}: {problem.en}"))
    if wrong or (not lines and base is None):
        told = wrong or [Text("还没有给出记录", "no record has been given")]
        raise Invalid("rules.given", Text("；".join(e.zh for e in told[:20]), "; ".join(e.en for e in told[:20])))
    return fact


def _beside(about: About) -> dict[str, Any]:
    record = about.record
    if record is None:
        return {}
    fields = about.vocabulary.fields
    header = {
        "provider": settings().provider_code or "",
        "created_date": clock.today().isoformat(),
        "record_type": record.code,
        "version": "2.0.0",
        "template": record.template,
    }
    nothing = {"exists": False, "same": False, "closed": False, "transferred": False, "replaced": False}
    accepted = fields["accepted"].type if "accepted" in fields else None
    known = accepted.fields if isinstance(accepted, Struct) else {}
    return {
        "header": header,
        "form": {"unknown": [], "repeated": [], "parsed": True},
        "batch": {"same_key": 1},
        "accepted": {name: value for name, value in nothing.items() if name in known},
    }


def _from_xml(text: str, about: About) -> dict[str, Any]:
    if about.record is None:
        raise Invalid("rules.given", Text("文件规则请逐行给出数据项", "give the items of a file line by line"))
    line = "".join(part.strip() for part in text.splitlines())
    if not line.startswith("<Document>"):
        line = f"<Document>{line}</Document>"
    read = read_line(line, 1, about.record)
    if read.fact is None:
        said = [finding.message for finding in read.findings[:5]]
        told = said or [Text("这不是一条记录", "this is not a record")]
        raise Invalid("rules.given", Text("；".join(e.zh for e in told), "; ".join(e.en for e in told)))
    form = {"unknown": list(read.form.unknown), "repeated": list(read.form.repeated), "parsed": read.form.parsed}
    return {**read.fact, "form": form}


def _take(fact: dict[str, Any], line: str, about: About) -> Text | None:
    """Put one line into the fact; what is wrong with it."""
    said = _LINE.fullmatch(line)
    if said is None:
        return Text("应形如 B.AcctType: D1", "write it like B.AcctType: D1")
    parts = said["path"].split(".")
    field = about.vocabulary.find(".".join(part for part in parts if not part.isdigit()))
    if field is None:
        return Text(f"没有“{said['path']}”这个名称", f"there is no name “{said['path']}”")
    if not isinstance(field.type, Scalar):
        return Text(f"“{said['path']}”不是单个数据项", f"“{said['path']}” is not a single item")
    value = _read(said["value"].strip().strip("'\""), field)
    if value is None:
        return Text(f"“{said['value'][:40]}”不合适", f"“{said['value'][:40]}” does not fit")
    try:
        return _put(fact, parts, value, about.vocabulary.fields)
    except (KeyError, TypeError, AttributeError):  # a number where nothing repeats, or a base record of another shape
        return Text(f"没有“{said['path']}”这个位置", f"there is no place “{said['path']}”")


def _read(value: str, field: Field) -> object:
    kind = field.type.kind if isinstance(field.type, Scalar) else Kind.TEXT
    if kind is Kind.BOOL:
        return _TRUTHS.get(value.casefold())
    if kind is Kind.NUMBER and not field.written:
        return int(value) if _WHOLE.fullmatch(value) else None
    return value


def _put(fact: dict[str, Any], parts: list[str], value: object, fields: Mapping[str, Field]) -> Text | None:
    """Groups are numbered from 0 or left out for the first; the next number adds an element."""
    holder: dict[str, Any] = fact
    at = 0
    while at < len(parts) - 1:
        field = fields[parts[at]]
        if isinstance(field.type, ListOf):
            elements = holder.setdefault(parts[at], [])
            numbered = parts[at + 1].isdigit()
            position = int(parts[at + 1][:6]) if numbered else 0
            if position > len(elements):
                return Text(f"{parts[at]}还没有第{len(elements)}条", f"{parts[at]} has no element {len(elements)} yet")
            if position == len(elements):
                elements.append({})
            holder = elements[position]
            at += 2 if numbered else 1
        else:
            if not isinstance(holder.get(parts[at]), dict):
                holder[parts[at]] = {}
            holder = holder[parts[at]]
            at += 1
        inner = field.type.element if isinstance(field.type, ListOf) else field.type
        fields = inner.fields if isinstance(inner, Struct) else {}
    if parts[-1] not in fields:
        raise KeyError(parts[-1])
    holder[parts[-1]] = value
    return None
