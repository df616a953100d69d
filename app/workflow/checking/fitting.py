"""Whether a form would take the answers that a case gives to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.text import Text
from app.workflow.content import Content


def misfit(content: Content, name: str, given: Mapping[str, Any], known: Mapping[str, Any]) -> Text | None:
    """Why the form would not take them, in words; a form that is not there takes anything, its lack is told elsewhere.

    `known` is what the process knows. Rows that the form offers are taken to hold what was chosen.
    """
    # Forms say what is wrong with them in the words of this package, so they can be loaded only after it.
    from app.workflow.forms import Background, Choice, FormErrors, read_form, validate

    schema = content.forms.get(name)
    if schema is None:
        return None
    form = read_form(name, schema)
    chosen = {key: given[key] for key, each in form.fields.items() if each.row_choices and key in given}
    offered = {
        key: tuple(
            Choice(str(each), Text(str(each), str(each))) for each in (value if isinstance(value, list) else [value])
        )
        for key, value in chosen.items()
    }
    try:
        validate(form, given, background=Background(data=known, may=lambda name: True, offered=offered))
    except FormErrors as wrong:
        return wrong.message
    return None
