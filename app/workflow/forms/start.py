"""The form that is filled in to begin a process by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import NotFound
from app.core.text import Text
from app.workflow.forms.parts import Form
from app.workflow.forms.reading import read_form

_PLAIN: Final = "start"


def start_form(description: Mapping[str, Any], forms: Mapping[str, Any]) -> Form | None:
    """The form that `start` of the description names, else one field for each name of its `data`; None for no question.

    Raises NotFound and Invalid (`workflow.form`).
    """
    start = description.get("start")
    named = start.get("form") if isinstance(start, Mapping) else None
    if named:
        schema = forms.get(named) if isinstance(named, str) else None
        if schema is None:
            raise NotFound(
                "workflow.form", Text("没有表单 {name}", "There is no form {name}").format(name=str(named)[:80])
            )
        return read_form(named, schema)
    data = description.get("data") or ()
    titles: Mapping[Any, Any] = (
        data if isinstance(data, Mapping) else dict.fromkeys(data if isinstance(data, list) else ())
    )
    if not titles:
        return None
    return read_form(
        _PLAIN,
        {
            "title": {"zh": "发起数据", "en": "What it begins with"},
            "components": [_field(name, title) for name, title in titles.items()],
        },
    )


def _field(name: Any, title: Any) -> dict[str, Any]:
    words = title if isinstance(title, Mapping) else {}
    return {
        "type": "textfield",
        "key": name,
        "label": str(words.get("zh") or name),
        "label_en": str(words.get("en") or name),
        "validate": {"required": True},
    }
