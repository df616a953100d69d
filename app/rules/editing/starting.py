"""A ruleset from nothing: its texts with a name, what it is about and one rule that is still to be written."""

from __future__ import annotations

import re
from typing import Final

from app.core import clock
from app.core.errors import Invalid
from app.core.text import Text
from app.rules.editing.rendering import after_colon
from app.rules.source import CASES, RULESET, Texts
from app.standard import catalogue
from app.standard.catalogue import SUBJECTS

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,30}\.[a-z][a-z0-9_]{1,60}")


def about_choices() -> list[tuple[str, Text]]:
    """What a ruleset can be about: each record type, of a type for both subjects each of them apart."""
    choices = []
    for record in catalogue.current().records.values():
        for subject in SUBJECTS if record.shared else ("",):
            whose = {"person": Text("个人", "person"), "organisation": Text("企业", "organisation")}.get(subject)
            zh, en = (f"（{whose.zh}）", f" ({whose.en})") if whose else ("", "")
            choices.append(
                (
                    f"{record.code}/{subject}",
                    Text(f"{record.code} {record.title.zh}{zh}", f"{record.code} {record.title.en}{en}"),
                )
            )
    return choices


def new_texts(name: str, about: str, title: Text) -> Texts:
    """The texts of a new ruleset. Raises Invalid (`rules.new`) with everything that is wrong."""
    wrong: list[Text] = []
    if not _NAME.fullmatch(name):
        wrong.append(
            Text(
                "名称须形如 submission.my_checks（小写字母、数字、下划线）",
                "the name must be like submission.my_checks, in small letters, digits and _",
            )
        )
    if about not in dict(about_choices()):
        wrong.append(Text("请选择判断对象", "choose what it is about"))
    if not title.zh or not title.en or len(title.zh) > 200 or len(title.en) > 200:
        wrong.append(Text("请填写中英文标题", "give a title in Chinese and English"))
    if wrong:
        raise Invalid("rules.new", Text("；".join(each.zh for each in wrong), "; ".join(each.en for each in wrong)))
    code, _, subject = about.partition("/")
    facts = {"record": f"record.{code}", **({"subject": subject} if subject else {})}
    data = {
        "ruleset": name,
        "kind": "check",
        "title": {"zh": title.zh, "en": title.en},
        "basis": [],
        "effective": {"from": clock.today().isoformat()},
        "facts": facts,
        "rules": [
            {
                "id": f"N{code}-001",
                "title": {"zh": "新规则", "en": "A new rule"},
                "severity": "warn",
                "confidence": "high",
                "stage": "format",
            }
        ],
    }
    folder = name.replace(".", "/")
    text = "".join(f"{key}:{after_colon(value, 0)}\n" for key, value in data.items())
    return Texts(folder, {f"{folder}/{RULESET}": text, f"{folder}/{CASES}/_base.yaml": _base(code)})


def _base(code: str) -> str:
    """A record to start cases from, with nothing in it but that it can be read."""
    return (
        "# 用例的基础记录：在此补充一条完整记录的数据项。 The record that cases start from: add the items of a complete one.\n"
        f"record:\n  header: {{record_type: '{code}'}}\n"
        "  form: {unknown: [], repeated: [], parsed: true}\n  batch: {same_key: 1}\n"
    )
