"""Rules about how a process may be begun by hand: `start` of the description, its form and its role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.core.errors import CreditLinkError, Invalid
from app.workflow.checking.report import Problem
from app.workflow.checking.rule import Drawing, nearest

_KEYS: Final = frozenset({"form", "role"})


def start_is_whole(drawing: Drawing) -> Iterator[Problem]:
    description = drawing.description or {}
    if "start" not in description:
        return
    start = description["start"]
    if not isinstance(start, Mapping):
        yield drawing.found("error", "start", "start", "start 须写成 {form: 表单, role: 岗位}",
                            "start must be written as {form: a form, role: a role}")  # fmt: skip
        return
    for key in sorted(map(str, start.keys() - _KEYS)):
        yield drawing.found("error", "start", "start", "start 中的 {key} 不起作用{hint}", "{key} in start has no effect{hint}",
                            key=key, hint=nearest(key, _KEYS))  # fmt: skip
    role, form = (str(start.get(key) or "") for key in ("role", "form"))
    if role and role not in drawing.registry.roles:
        yield drawing.found("error", "start", "start.role", "发起岗位：没有岗位 {role}{hint}",
                            "who begins it: there is no role {role}{hint}",
                            role=role, hint=nearest(role, drawing.registry.roles))  # fmt: skip
    if form and form not in drawing.forms:
        yield drawing.found("error", "start", "start.form", "发起表单：没有表单 {form}{hint}",
                            "start form: there is no form {form}{hint}",
                            form=form, hint=nearest(form, drawing.forms))  # fmt: skip
    elif form:
        yield from _gives_all(drawing, form)
    else:
        yield from _names_can_be_asked(drawing)


def _gives_all(drawing: Drawing, form: str) -> Iterator[Problem]:
    given = given_at_start(drawing)
    if given is None:
        return  # what is wrong with the form is told with the form
    data = (drawing.description or {}).get("data") or ()
    for name in data if isinstance(data, list | Mapping) else ():
        if name not in given:
            yield drawing.found("error", "start", "start.form", "发起表单 {form} 没有给出 data 中的 {key}{hint}",
                                "the start form {form} does not ask for {key}, which data names{hint}",
                                form=form, key=name, hint=nearest(str(name), given))  # fmt: skip


def _names_can_be_asked(drawing: Drawing) -> Iterator[Problem]:
    from app.workflow.forms import start_form

    try:
        start_form(drawing.description or {}, drawing.forms)
    except Invalid as wrong:
        yield drawing.found("error", "start", "data", "发起时的数据无法逐项填写：{why}",
                            "the data of the start cannot be asked for: {why_en}",
                            why=wrong.message.zh, why_en=wrong.message.en)  # fmt: skip


def given_at_start(drawing: Drawing) -> set[str] | None:
    """The names that who begins the process by hand gives; None where it is not begun so, or its form cannot be read."""
    # Forms say what is wrong with them in the words of this package, so they can be loaded only after it.
    from app.workflow.forms import start_form

    description: Mapping[str, Any] = drawing.description or {}
    if not isinstance(description.get("start"), Mapping):
        return None
    try:
        form = start_form(description, drawing.forms)
    except CreditLinkError:
        return None
    return {key for key, asked in form.fields.items() if not asked.readonly} if form else set()


RULES: Final = (start_is_whole,)
