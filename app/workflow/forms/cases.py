"""The cases that forms carry: answers that are accepted and answers that are refused, and by which rule.

`forms/<area>/cases/<name>.yaml` belongs to `forms/<area>/<name>.json`:

    cases:
    - name: {zh: …, en: …}
      given: {key: answer}
      accepted: {key: answer}     # or refused: {key: rule}
      known: {variable: value}    # what the process knows, if it matters
      choices: {key: [value]}     # what the rows offer, if it matters
      today: 2026-11-02           # if it matters
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import yaml

from app.core import clock
from app.core.errors import CreditLinkError
from app.core.text import Text
from app.workflow.definitions import FORMS
from app.workflow.forms.background import Background
from app.workflow.forms.parts import Choice, Form
from app.workflow.forms.reading import read_form
from app.workflow.forms.validation import FormErrors, validate


def run_form_cases(root: Path = FORMS) -> Iterator[str]:
    """Every shipped form is read and its cases run; one line for each thing that is wrong."""
    for file in sorted(root.glob("*/*.json")):
        name = f"{file.parent.name}/{file.stem}"
        try:
            form = read_form(name, json.loads(file.read_text(encoding="utf-8")))
            yield from _cases(form, file.parent / "cases" / f"{file.stem}.yaml")
        except (OSError, ValueError, yaml.YAMLError) as problem:
            yield f"forms/{name}: {problem}"
        except CreditLinkError as problem:
            yield f"forms/{name}: {problem.message.en}"


def _cases(form: Form, file: Path) -> Iterator[str]:
    given = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader) if file.is_file() else None
    cases = given.get("cases") if isinstance(given, Mapping) else None
    if not cases:
        yield f"forms/{form.name} has no cases: write {file.parent.name}/{file.name}"
        return
    yield from (f"forms/{form.name}: {each.en}" for each in case_faults(form, cases))


def case_faults(form: Form, cases: list[Mapping[str, Any]]) -> Iterator[Text]:
    """What came out differently from what the cases say. A form needs one that is accepted and one that is refused."""
    ends = set()
    for number, case in enumerate(cases, 1):
        try:
            name = case["name"]["en"]
            wanted = {end: case[end] for end in ("accepted", "refused") if end in case}
            if len(wanted) != 1:
                raise KeyError("accepted or refused, one of them")
            found = _run(form, case)
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            yield Text(f"第 {number} 个用例写法有误：{problem}", f"case {number} is not written as a case: {problem}")
            continue
        ends |= set(wanted)
        if found != wanted:
            yield Text(f"用例“{name}”：得到 {found}，应为 {wanted}", f"case “{name}”: came to {found}, not {wanted}")
    for end in ("accepted", "refused"):
        if end not in ends:
            yield Text(f"没有 {end} 的用例", f"no case is {end}")


def _run(form: Form, case: Mapping[str, Any]) -> dict[str, Any]:
    offered = {
        key: tuple(Choice(str(each), Text(str(each), str(each))) for each in values)
        for key, values in (case.get("choices") or {}).items()
    }
    background = Background(data=case.get("known") or {}, may=lambda name: False, offered=offered)
    with ExitStack() as stack:
        if isinstance(case.get("today"), date):
            stack.enter_context(clock.frozen(datetime.combine(case["today"], time(9), clock.CHINA)))
        try:
            return {"accepted": validate(form, case["given"], background=background)}
        except FormErrors as errors:
            return {"refused": {key: found[0].rule for key, found in errors.wrongs.items()}}
