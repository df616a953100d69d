"""What is said of a form before it may be published: the schema itself, and that the rows it names are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.core.registry import FormRows, Registry
from app.core.text import Text
from app.workflow.checking.report import Problem
from app.workflow.forms.parts import Evidence, Fault, Field, Form, FormInvalid, Part
from app.workflow.forms.reading import read_form


def form_problems(name: str, schema: Mapping[str, Any], registry: Registry) -> Iterator[Problem]:
    """Everything wrong with a form; rules are named `form.…`, the element is the form's name."""
    try:
        form = read_form(name, schema)
    except FormInvalid as invalid:
        yield from (_problem(name, each) for each in invalid.faults)
        return
    yield from (_problem(name, each) for each in form.warnings)
    yield from (_problem(name, each) for each in row_faults(form, registry))


def row_faults(form: Form, registry: Registry) -> Iterator[Fault]:
    """Rows and columns that the form names and the house does not have, or that hold what may not be shown there."""
    for part, _ in form.placed:
        if isinstance(part, Evidence):
            rows = registry.form_rows.get(part.source)
            yield from _known(part, part.source, rows, part.columns)
        elif isinstance(part, Field) and part.row_choices:
            wanted = part.row_choices
            rows = registry.form_rows.get(wanted.rows)
            yield from _known(part, wanted.rows, rows, (wanted.value, wanted.label))
            if rows and {wanted.value, wanted.label} & set(rows.masked):
                words = Text("选项不能取自个人信息列", "choices may not come from columns of personal data")
                yield Fault("masked", _place(part), words)


def _known(part: Part, name: str, rows: FormRows | None, columns: tuple[str, ...]) -> Iterator[Fault]:
    if rows is None:
        yield Fault("rows", _place(part), Text("没有数据行“{name}”", "there are no rows “{name}”").format(name=name))
        return
    for column in columns:
        if column not in rows.columns:
            words = Text("数据行“{name}”没有列“{column}”", "the rows “{name}” have no column “{column}”")
            yield Fault("column", _place(part), words.format(name=name, column=column))


def _place(part: Part) -> str:
    place = ".".join(f"components[{number}]" for number in part.id.split("-"))
    return f"{place} {part.key}" if isinstance(part, Field) else place


def _problem(name: str, fault: Fault) -> Problem:
    return Problem("warning" if fault.warning else "error", f"form.{fault.rule}", fault.told, name)
