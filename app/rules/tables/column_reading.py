"""Reads the columns of a decision table, and the answers that an output column may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from app.core.text import Text
from app.language import CodeList, Expression, ExpressionInvalid, parse
from app.language.building import describe, fit
from app.language.types import KIND_NAMES
from app.rules.model import SEVERITIES
from app.rules.reading import Content, Key
from app.rules.rule_reading import About
from app.rules.tables import cells
from app.rules.tables.cells import CellInvalid, Interval
from app.rules.tables.model import BLAME, CODE, KINDS, OUTPUT_TYPES, SEVERITY, Answer, Input, Output, Step
from app.standard import catalogue

_INPUT: Final = frozenset({"id", "title", "value", "type", "codes", "range", "optional"})
_OUTPUT: Final = frozenset({"id", "title", "type", "codes", "scale"})
_STEP: Final = frozenset({"value", "zh", "en"})
_COLUMN_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RESERVED: Final = frozenset({"row", "record_id", "number_"})
_IMPLIED: Final[Mapping[str, tuple[Step, ...]]] = {SEVERITY: tuple(Step(value) for value in reversed(SEVERITIES))}


class ColumnReading:
    """Reads single columns; what is wrong is noted in the content under the row in hand, if any."""

    def __init__(self, content: Content, about: About) -> None:
        self.content, self.about = content, about
        self.data: Mapping[str, Any] = content.data if isinstance(content.data, dict) else {}
        subject = about.record.subject if about.record else "person"
        self.tables = catalogue.current().codes(subject)
        self.row_id = ""

    def wrong(self, zh: str, en: str, *key: str | int) -> None:
        self.content.wrong(Text(zh, en), *key, rule=self.row_id)

    def broken(self, before: int) -> bool:
        return len(self.content.faults) > before

    def column_id(self, raw: dict[str, Any], key: Key) -> str:
        name = raw.get("id")
        if not isinstance(name, str) or not _COLUMN_ID.fullmatch(name) or name in _RESERVED:
            self.wrong(f"列id“{name}”须是小写字母、数字和下划线", f"a column id has small letters, digits and _: “{name}”",
                       *key, "id")  # fmt: skip
        return str(name)

    def input(self, raw: dict[str, Any], key: Key) -> Input | None:
        self.content.known_keys(raw, _INPUT, *key)
        before = len(self.content.faults)
        name, title = self.column_id(raw, key), self.content.text_pair(raw.get("title"), *key, "title")
        type_ = raw.get("type")
        if type_ not in cells.TYPES:
            self.wrong(
                f"type须是{'、'.join(cells.TYPES)}之一", f"type must be one of {', '.join(cells.TYPES)}", *key, "type"
            )
            type_ = ""
        expression = self.expression(raw.get("value"), str(type_), (*key, "value"))
        optional = raw.get("optional", False)
        if not isinstance(optional, bool):
            self.wrong("optional须是true或false", "optional must be true or false", *key, "optional")
        codes = self.codes(raw, str(type_), key, expression) if type_ else None
        range_ = self.range(raw.get("range"), str(type_), (*key, "range")) if type_ else None
        if expression is None or self.broken(before):
            return None
        return Input(name, title, expression, str(type_), codes, range_, optional, self.labels(codes))

    def expression(self, text: object, type_: str, key: Key) -> Expression | None:
        if not isinstance(text, str):
            self.wrong("缺少value（表达式文本）", "“value” is missing or not a text", *key)
            return None
        try:
            found = parse(text, self.about.vocabulary, kind=None)
        except ExpressionInvalid as error:
            for problem in error.problems:
                self.wrong(
                    f"第{problem.column}列：{problem.message.zh}",
                    f"column {problem.column}: {problem.message.en}",
                    *key,
                )
            return None
        if not type_:
            return None
        fitted = fit(found.root, KINDS[type_])
        if fitted is None:
            is_, wanted = describe(found.root.type), KIND_NAMES[KINDS[type_]]
            self.wrong(f"type为{type_}须是{wanted.zh}，而“{text}”是{is_.zh}",
                       f"the type {type_} needs {wanted.en}, {text} is {is_.en}", *key)  # fmt: skip
            return None
        return replace(found, text=text.strip(), root=fitted)

    def codes(self, raw: dict[str, Any], type_: str, key: Key, expression: Expression | None = None) -> CodeList | None:
        name = raw.get("codes")
        if type_ != "code":
            if name is not None:
                self.wrong("只有type为code的列写codes", "only a column of the type code has codes", *key, "codes")
            return None
        if name is None and expression is not None:
            form = getattr(getattr(expression.root, "field", None), "form", None)
            if form is not None and len(form.codes) == 1:
                return form.codes[0]  # type: ignore[no-any-return]
        known = self.about.vocabulary.codes
        if not isinstance(name, str) or name not in known:
            self.wrong(
                f"没有代码表“{name}”，请在codes写明",
                f"there is no code table “{name}”; name one under codes",
                *key,
                "codes",
            )
            return None
        return known[name]

    def labels(self, codes: CodeList | None) -> Mapping[str, Text]:
        table = self.tables.get(codes.name) if codes else None
        return dict(table.values) if table else {}

    def range(self, text: object, type_: str, key: Key) -> Interval | None:
        if text is None:
            return None
        try:
            if type_ not in cells.ORDERED:
                raise CellInvalid("只有数字、日期、月份可以写range", "only numbers, dates and months have a range")
            cell = cells.read_cell(str(text), type_)
            if cell.negated or len(cell.parts) != 1 or not isinstance(cell.parts[0], Interval):
                raise CellInvalid("range须是一个范围，如[0, 999]", "the range must be one range such as [0, 999]")
        except CellInvalid as refused:
            self.wrong(refused.message.zh, refused.message.en, *key)
            return None
        return cell.parts[0]

    def output(self, raw: dict[str, Any], key: Key) -> Output | None:
        self.content.known_keys(raw, _OUTPUT, *key)
        before = len(self.content.faults)
        name, title = self.column_id(raw, key), self.content.text_pair(raw.get("title"), *key, "title")
        type_ = raw.get("type")
        if type_ not in OUTPUT_TYPES:
            self.wrong(
                f"type须是{'、'.join(OUTPUT_TYPES)}之一", f"type must be one of {', '.join(OUTPUT_TYPES)}", *key, "type"
            )
            return None
        if name in (SEVERITY, CODE, BLAME) and type_ != "text":
            self.wrong(
                f"输出列{name}的type须是text", f"the output column {name} must be of the type text", *key, "type"
            )
        codes = self.codes(raw, str(type_), key)
        scale = tuple(self.scale(raw.get("scale"), str(type_), codes, key)) or _IMPLIED.get(name, ())
        return None if self.broken(before) else Output(name, title, str(type_), codes, scale, self.labels(codes))

    def scale(self, raw: object, type_: str, codes: CodeList | None, key: Key) -> Iterator[Step]:
        if raw is None:
            return
        if type_ not in ("text", "code") or not isinstance(raw, list) or not raw:
            self.wrong("scale须是text或code列的取值列表，从好到坏", "a scale lists the values of a text or code column from best to worst",
                       *key, "scale")  # fmt: skip
            return
        seen: set[str] = set()
        for place, entry in enumerate(raw):
            step = entry if isinstance(entry, dict) else {"value": entry}
            where = (*key, "scale", place)
            self.content.known_keys(step, _STEP, *where)
            value = self.answer(step.get("value"), Output("", Text("", ""), type_, codes), where)
            if not isinstance(value, str):
                self.wrong("scale的取值须是文本", "a value of a scale must be a text", *where)
                continue
            if value in seen:
                self.wrong(f"“{value}”重复", f"“{value}” stands twice", *where)
            seen.add(value)
            pair = {name: step[name] for name in ("zh", "en") if name in step}
            yield Step(value, self.content.text_pair(pair, *where) if pair else None)

    def answer(self, raw: object, output: Output, key: Key) -> Answer | None:
        if raw is None or raw == "-":
            return None
        try:
            return self.typed_answer(raw, output)
        except CellInvalid as refused:
            title = output.title
            prefix = Text(f"{title.zh}：", f"{title.en}: ") if title.zh else Text("", "")
            self.wrong(prefix.zh + refused.message.zh, prefix.en + refused.message.en, *key)
            return None

    def typed_answer(self, raw: object, output: Output) -> Answer:
        if output.type in ("text", "code"):
            if not isinstance(raw, str):
                raise CellInvalid("须是文本，请加引号", "must be a text, put it in quotes")
            value = cells.read_literal(raw.strip(), output.type)
            if output.codes is not None and value not in output.codes.values:
                raise CellInvalid(f"代码表中没有“{value}”", f"the code table has no “{value}”")
            scale = output.scale or _IMPLIED.get(output.id, ())
            if scale and value not in {step.value for step in scale}:
                allowed = ", ".join(step.value for step in scale)
                raise CellInvalid(f"须是{allowed}之一", f"must be one of {allowed}")
            return str(value)
        if isinstance(raw, bool) is not (output.type == "boolean") and not isinstance(raw, str):
            raise CellInvalid("值的类型不符", "the value is not of the column's type")
        return cells.read_literal(plain(raw).strip(), output.type)  # type: ignore[no-any-return]


def plain(value: object) -> str:
    """A value as YAML reads it, back as it was written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
