"""A rule and a case as forms hold them, read from the content and written back: what a form does not change stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import Invalid
from app.core.text import Text
from app.rules.editing.judging import read_each
from app.rules.editing.rendering import flow_text

ORDER: Final = (
    "id",
    "extends",
    "number",
    "code",
    "title",
    "severity",
    "confidence",
    "stage",
    "needs",
    "basis",
    "each",
    "when",
    "require",
    "blame",
    "checks",
    "note",
)
CASE_ORDER: Final = ("rule", "cases", "name", "base", "set", "expect", "exactly")
_CHECK: Final = ("each", "when", "require", "blame", "code")
_MOST_TEXT: Final = 4000
_MOST_CHECKS: Final = 200
_BLANKS: Final = dict.fromkeys(map(ord, "\n\t\u3000\xa0"))
"""Blanks that people type and that do not count as printable."""


def rule_form(raw: object) -> dict[str, Any]:
    """What a form shows of a rule as it stands in the content, whatever is wrong with it."""
    data = raw if isinstance(raw, dict) else {}
    several = data.get("checks")
    checks = (
        several if isinstance(several, list) else [data] if data.keys() & {"when", "require", "each", "blame"} else []
    )
    needs = data.get("needs")
    return {
        "id": _said(data.get("id") or data.get("extends")),
        "extends": "extends" in data,
        **{name: _said(data.get(name)) for name in ("number", "code", "severity", "confidence", "stage")},
        "title": pair_form(data.get("title")),
        "note": pair_form(data.get("note")),
        "needs": [_said(each) for each in needs] if isinstance(needs, list) else [],
        "checks": [_check_form(each, whole=each is data) for each in checks if isinstance(each, dict)],
    }


def _check_form(check: Mapping[str, Any], *, whole: bool) -> dict[str, str]:
    each = check.get("each")
    return {
        "each": flow_text(each).strip("{}") if isinstance(each, dict) else _said(each),
        **{name: _said(check.get(name)) for name in ("when", "require", "blame")},
        "code": "" if whole else _said(check.get("code")),
    }


def pair_form(value: object) -> dict[str, str]:
    data = value if isinstance(value, dict) else {}
    return {side: _said(data.get(side)) for side in ("zh", "en")}


def _said(value: object) -> str:
    return "" if value is None else str(value).strip()


def changed_rule(raw: dict[str, Any], given: object) -> dict[str, Any]:
    """The rule with what a form changes in it. Raises Invalid (`rules.request`) for what is no form."""
    form, old = _checked_form(given), rule_form(raw)
    made = dict(raw)
    name = "extends" if "extends" in raw else "id"
    if form["id"] != old["id"]:
        made[name] = form["id"]
    for key in ("number", "code", "severity", "confidence", "stage"):
        if form[key] != old[key]:
            _set(made, key, form[key])
    for key in ("title", "note"):
        if form[key] != old[key]:
            _set(made, key, form[key] if any(form[key].values()) else None)
    if form["needs"] != old["needs"]:
        _set(made, "needs", form["needs"] or None)
    if form["checks"] != old["checks"]:
        _set_checks(made, form["checks"], old["checks"])
    return made


def _set(data: dict[str, Any], key: str, value: object) -> None:
    if value in ("", None):
        data.pop(key, None)
    else:
        data[key] = value


def _set_checks(made: dict[str, Any], new: list[dict[str, str]], old: list[dict[str, str]]) -> None:
    several = isinstance(made.get("checks"), list)
    if several or len(new) > 1:
        raws = made["checks"] if several else [{key: made[key] for key in _CHECK[:-1] if key in made}] if old else []
        for key in _CHECK[:-1] if not several else ():
            made.pop(key, None)
        made["checks"] = [_check(raws[n] if n < len(raws) else {}, check) for n, check in enumerate(new)]
        return
    check = _check({key: made[key] for key in _CHECK[:-1] if key in made}, new[0]) if new else {}
    for key in _CHECK[:-1]:
        made.pop(key, None)
    made.update({key: value for key, value in check.items() if key != "code"})


def _check(raw: object, form: dict[str, str]) -> dict[str, Any]:
    made = dict(raw) if isinstance(raw, dict) else {}
    old = _check_form(made, whole=False)
    for key in _CHECK:
        if form[key] == old[key]:
            continue
        if key == "each" and form[key]:
            data, wrong = read_each(form[key])
            if wrong is not None:
                raise Invalid("rules.each", wrong)
            made[key] = data
        else:
            _set(made, key, form[key])
    return {key: made[key] for key in (*_CHECK, *(name for name in made if name not in _CHECK)) if key in made}


def _checked_form(given: object) -> dict[str, Any]:
    data = mapping(given)
    checks = data.get("checks")
    if not isinstance(checks, list) or len(checks) > _MOST_CHECKS:
        raise refused()
    return {
        **{name: text(data, name) for name in ("id", "number", "code", "severity", "confidence", "stage")},
        "title": pair_of(data.get("title")),
        "note": pair_of(data.get("note")),
        "needs": [text({"need": each}, "need") for each in listed(data.get("needs"))],
        "checks": [{name: text(mapping(each), name) for name in _CHECK} for each in checks],
    }


def refused() -> Invalid:
    return Invalid("rules.request", Text("请求内容不完整或格式不对", "what was sent is incomplete or malformed"))


def mapping(given: object) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise refused()
    return given


def listed(given: object) -> list[Any]:
    if not isinstance(given, list) or len(given) > 500:
        raise refused()
    return given


def text(given: Mapping[str, Any], name: str) -> str:
    """A text of a form, blanks and line breaks around it gone. Raises Invalid (`rules.request`)."""
    found = given.get(name, "")
    if not isinstance(found, str) or len(found) > _MOST_TEXT or not found.translate(_BLANKS).isprintable():
        raise refused()
    return found.strip()


def pair_of(given: object) -> dict[str, str]:
    return {side: text(mapping(given), side) for side in ("zh", "en")}
