"""The cases of a rule as forms, and their files changed case by case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.core.errors import NotFound
from app.core.text import Text
from app.rules.cases import BASE
from app.rules.editing.forms import CASE_ORDER, listed, mapping, pair_form, pair_of, refused, text
from app.rules.editing.rendering import after_colon
from app.rules.editing.splicing import Splicer
from app.rules.reading import read_content
from app.rules.source import CASES, PATH, Texts

MOST_CHANGES: Final = 200
_DEEPEST: Final = 8
Change = dict[str, str | None]
"""Texts by path as they shall be; None takes one away."""


def case_files(texts: Texts) -> Iterator[tuple[str, dict[str, Any]]]:
    """The files with cases that can be read, and what they say."""
    for file in texts.cases():
        if file == BASE:
            continue
        data = read_content(lambda file=file: texts.read(file), file).data  # type: ignore[misc]
        if isinstance(data, dict):
            yield file, data


def bases_of(texts: Texts) -> dict[str, Any]:
    """The complete records that cases start from; none where they cannot be read."""
    try:
        data = read_content(lambda: texts.read(BASE), BASE).data
    except OSError:
        return {}
    return {str(name): fact for name, fact in data.items()} if isinstance(data, dict) else {}


def counts(texts: Texts) -> dict[str, dict[str, int]]:
    """How many cases of each rule must pass and must fire."""
    found: dict[str, dict[str, int]] = {}
    for _, data in case_files(texts):
        rule = str(data.get("rule", ""))
        for raw in _listed(data):
            kept = found.setdefault(rule, {"passes": 0, "fires": 0})
            kept["fires" if _fires(raw, rule) else "passes"] += 1
    return found


def cases_of(texts: Texts, rule: str) -> list[dict[str, Any]]:
    """The cases of a rule as forms, in the order of their files."""
    return [
        {"file": file, "index": index, **_form(raw, rule)}
        for file, data in case_files(texts)
        if str(data.get("rule", "")) == rule
        for index, raw in enumerate(_listed(data))
    ]


def _listed(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    cases = data.get("cases")
    return [each if isinstance(each, dict) else {} for each in cases] if isinstance(cases, list) else []


def _fires(raw: Mapping[str, Any], rule: str) -> bool:
    expect = raw.get("expect")
    return isinstance(expect, list) and rule in map(str, expect)


def _form(raw: Mapping[str, Any], rule: str) -> dict[str, Any]:
    changes, expect = raw.get("set"), raw.get("expect")
    return {
        "name": pair_form(raw.get("name")),
        "base": str(raw.get("base", "")),
        "set": [[str(path), _shown(value)] for path, value in changes.items()] if isinstance(changes, dict) else [],
        "expect": "fires" if _fires(raw, rule) else "passes",
        "others": [str(each) for each in expect if str(each) != rule] if isinstance(expect, list) else [],
        "exactly": raw.get("exactly") is True,
    }


def _shown(value: object) -> object:
    """A value that a case sets, as JSON can hold it: what is no text, number, truth, list or mapping as its text."""
    if isinstance(value, list):
        return [_shown(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _shown(each) for name, each in value.items()}
    return value if value is None or isinstance(value, str | bool | int) else str(value)


def put_case(texts: Texts, rule: str, given: object) -> Change:
    """A case as a form gives it, in the place of one that is there (`file`, `index`) or as a new one of the rule.

    Raises Invalid (`rules.request`, `rules.yaml`, `rules.by_hand`), NotFound (`rules.case`).
    """
    form = mapping(given)
    if form.get("file"):
        file, index, old = _place(texts, form)
        splicer = Splicer(texts.files[f"{texts.folder}/{file}"])
        splicer.put(("cases", index), _case(form, rule, old), CASE_ORDER)
        return {f"{texts.folder}/{file}": splicer.text}
    known = next((file for file, data in case_files(texts) if str(data.get("rule", "")) == rule), None)
    made = _case(form, rule, {})
    if known is None:
        path = f"{texts.folder}/{CASES}/{rule}.yaml"
        if not PATH.fullmatch(path) or path in texts.files:
            raise refused()
        return {path: f"rule:{after_colon(rule, 0)}\ncases:{after_colon([made], 0)}\n"}
    path = f"{texts.folder}/{known}"
    splicer = Splicer(texts.files[path])
    listed_now = splicer.data().get("cases")
    splicer.insert(("cases",), len(listed_now) if isinstance(listed_now, list) else 0, made)
    return {path: splicer.text}


def remove_case(texts: Texts, given: object) -> Change:
    """Without one case; a file without cases goes with its last. Raises as `put_case`."""
    file, index, _ = _place(texts, mapping(given))
    path = f"{texts.folder}/{file}"
    splicer = Splicer(texts.files[path])
    if len(splicer.data()["cases"]) == 1:
        return {path: None}
    splicer.remove(("cases", index))
    return {path: splicer.text}


def _place(texts: Texts, form: Mapping[str, Any]) -> tuple[str, int, dict[str, Any]]:
    file, index = form.get("file"), form.get("index")
    data = dict(case_files(texts)).get(str(file))
    cases = _listed(data) if data else []
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(cases):
        raise NotFound("rules.case", Text("没有这个用例", "there is no such case"))
    return str(file), index, cases[index]


def _case(form: Mapping[str, Any], rule: str, old: Mapping[str, Any]) -> dict[str, Any]:
    changes = listed(form.get("set", []))
    if len(changes) > MOST_CHANGES:
        raise refused()
    made: dict[str, Any] = {**old, "name": pair_of(form.get("name")), "base": text(form, "base")}
    made["set"] = {str(path).strip(): _value(value, 0) for path, value in (_two(each) for each in changes)}
    if not made["set"]:
        made.pop("set")
    others = [text({"rule": each}, "rule") for each in listed(form.get("others", []))]
    wanted = [rule, *others] if form.get("expect") == "fires" else others
    made["expect"] = old["expect"] if sorted(map(str, old.get("expect") or ["-"])) == sorted(wanted) else wanted
    if form.get("exactly") is True:
        made["exactly"] = True
    else:
        made.pop("exactly", None)
    return {name: made[name] for name in CASE_ORDER if name in made}


def _two(each: object) -> tuple[str, Any]:
    if not isinstance(each, list) or len(each) != 2 or not isinstance(each[0], str) or not 0 < len(each[0]) <= 200:
        raise refused()
    return each[0], each[1]


def _value(value: object, depth: int) -> object:
    """A value that a case may set: text, number, truth, nothing, or these in lists and mappings."""
    if depth > _DEEPEST:
        raise refused()
    if isinstance(value, str):
        return text({"value": value}, "value")
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, list):
        return [_value(each, depth + 1) for each in listed(value)]
    return {text({"name": name}, "name"): _value(each, depth + 1) for name, each in mapping(value).items()}
