"""What the editor sends, brought into shape or refused with words; a draft may be wrong in any way but not of any size."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import yaml
from flask import request

from app.core.errors import Invalid
from app.core.text import Text
from app.workflow.drafts import LARGEST

_MOST_TEXT: Final = 1_000_000
"""Characters of description, of all forms, or of the cases."""
_FORM: Final = re.compile(r"[a-z][a-z0-9_]{0,39}/[a-z][a-z0-9_]{0,59}")


def body() -> dict[str, Any]:
    """The JSON object of the request. Raises Invalid (`workflow.request`)."""
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise Invalid("workflow.request", Text("请求内容不是 JSON 对象", "What was sent is not a JSON object"))
    return given


def lock(given: Mapping[str, Any]) -> int:
    found = given.get("lock")
    if not isinstance(found, int) or isinstance(found, bool):
        raise Invalid("workflow.request", Text("缺少草稿的锁号", "The lock of the draft is missing"))
    return found


def xml(given: Mapping[str, Any]) -> bytes | None:
    """The diagram, right or wrong. Raises Invalid (`workflow.diagram`) where it is too large."""
    found = given.get("xml")
    if found is None:
        return None
    if not isinstance(found, str):
        raise Invalid("workflow.request", Text("流程图须为文本", "The diagram must be text"))
    written = found.encode("utf-8", "replace")
    if len(written) > LARGEST:
        raise Invalid(
            "workflow.diagram",
            Text(
                "流程图过大：最多 {most} MB，未保存，原草稿不变",
                "The diagram is too large: {most} MB at most. It was not saved; the draft is as before",
            ).format(most=LARGEST // 1_000_000),
        )
    return written


def description(given: Mapping[str, Any]) -> dict[str, Any] | None:
    found = given.get("description")
    if found is None:
        return None
    if not isinstance(found, dict):
        raise Invalid("workflow.request", Text("流程说明须为对象", "The description must be an object"))
    return dict(_bounded(found, Text("流程说明", "The description")))


def forms(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """The forms by `area/name`. Raises Invalid (`workflow.form_name`)."""
    found = given.get("forms")
    if found is None:
        return None
    if not isinstance(found, dict) or not all(isinstance(schema, dict) for schema in found.values()):
        raise Invalid("workflow.request", Text("表单须为对象", "Forms must be objects"))
    wrong = [name for name in found if not _FORM.fullmatch(name)]
    if wrong:
        raise Invalid(
            "workflow.form_name",
            Text(
                "表单代码须形如 area/name（小写字母、数字、下划线）：{names}",
                "The code of a form must be like area/name (small letters, digits, underscores): {names}",
            ).format(names=", ".join(wrong)),
        )
    return dict(_bounded(found, Text("表单", "Forms")))


def cases(given: Mapping[str, Any]) -> Sequence[Mapping[str, Any]] | None:
    """The cases out of YAML text `cases`: a list, or a mapping with `cases`. Raises Invalid (`workflow.cases`)."""
    text = given.get("cases")
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > _MOST_TEXT:
        raise Invalid("workflow.cases", Text("用例须为不太长的文本", "The cases must be text, and not too long"))
    try:
        # An alias can make a few lines stand for gigabytes once they are written out.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.CSafeLoader)):
            raise Invalid("workflow.cases", Text("用例中不得使用别名（*）", "Cases may not use aliases (*)"))
        read = yaml.load(text, Loader=yaml.CSafeLoader)
        plain = json.loads(json.dumps(read, default=str))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as problem:
        mark = getattr(problem, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        why = getattr(problem, "problem", None) or type(problem).__name__
        raise Invalid(
            "workflow.cases",
            Text("用例第 {line} 行无法读取：{why}", "The cases cannot be read at line {line}: {why}").format(
                line=line, why=why
            ),
        ) from problem
    listed = plain.get("cases") if isinstance(plain, dict) else plain
    if listed is None:
        return ()
    if not isinstance(listed, list) or not all(isinstance(case, dict) for case in listed):
        raise Invalid("workflow.cases", Text("用例须为列表，每项一个用例", "The cases must be a list, one item a case"))
    return listed


def _bounded(found: dict[str, Any], what: Text) -> dict[str, Any]:
    if len(json.dumps(found, ensure_ascii=False)) > _MOST_TEXT:
        raise Invalid("workflow.too_large", Text(f"{what.zh}过大", f"{what.en} are too large"))
    return found
