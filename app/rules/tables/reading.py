"""Reads a decision table from content: columns, cells and rows are all checked, and what is wrong is told with its place."""

from __future__ import annotations

import re
import unicodedata
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
from app.rules.tables.analysis import analyse
from app.rules.tables.cells import ANY, Absence, Cell, CellInvalid, Interval
from app.rules.tables.model import (
    BLAME,
    CODE,
    HITS,
    KINDS,
    OUTPUT_TYPES,
    SEVERITY,
    Answer,
    Input,
    Output,
    Row,
    Step,
    Table,
)
from app.standard import catalogue

KIND: Final = "table"
PARTS: Final = ("hit", "inputs", "outputs", "rows")
KEYS: Final = frozenset({"ruleset", "kind", "title", "basis", "effective", "facts", "complete", *PARTS})
MAX_ROWS: Final = 5_000
MAX_COLUMNS: Final = 60
_INPUT: Final = frozenset({"id", "title", "value", "type", "codes", "range", "optional"})
_OUTPUT: Final = frozenset({"id", "title", "type", "codes", "scale"})
_ROW: Final = frozenset({"id", "when", "then", "note", "basis"})
_STEP: Final = frozenset({"value", "zh", "en"})
_COLUMN_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ROW_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_RESERVED: Final = frozenset({"row", "record_id", "number_"})
_IMPLIED: Final[Mapping[str, tuple[Step, ...]]] = {SEVERITY: tuple(Step(value) for value in reversed(SEVERITIES))}


def read_table(content: Content, about: About) -> Table | None:
    """The table of a ruleset's content, None where it has none that can be read. Faults are noted in the content."""
    return _TableReading(content, about).table()


class _TableReading:
    def __init__(self, content: Content, about: About) -> None:
        self.content, self.about = content, about
        self.data: Mapping[str, Any] = content.data if isinstance(content.data, dict) else {}
        subject = about.record.subject if about.record else "person"
        self.tables = catalogue.current().codes(subject)
        self.row_id = ""

    def wrong(self, zh: str, en: str, *key: str | int) -> None:
        self.content.wrong(Text(zh, en), *key, rule=self.row_id)

    def table(self) -> Table | None:
        before = len(self.content.faults)
        self.signs(self.data, ())
        hit = self.data.get("hit")
        if hit not in HITS:
            self.wrong(f"hit须是{'、'.join(HITS)}之一", f"hit must be one of {', '.join(HITS)}", "hit")
        inputs = [self.input(raw, key) for raw, key in self.listed("inputs", MAX_COLUMNS)]
        outputs = [self.output(raw, key) for raw, key in self.listed("outputs", MAX_COLUMNS)]
        self.ids([*self.data.get("inputs", []), *self.data.get("outputs", [])] if not self.broken(before) else [])
        known_inputs = [each for each in inputs if each is not None]
        known_outputs = [each for each in outputs if each is not None]
        if hit == "worst" and known_outputs and not known_outputs[0].scale:
            self.wrong(
                "worst须以第一个输出列的scale定好坏", "worst needs a scale on the first output column", "outputs", 0
            )
        rows = [self.row(raw, key, known_inputs, known_outputs) for raw, key in self.listed("rows", MAX_ROWS)]
        self.row_id = ""
        checks = any(output.id == SEVERITY for output in known_outputs)
        complete = self.data.get("complete", hit != "collect" and not checks)
        if not isinstance(complete, bool):
            self.wrong("complete须是true或false", "complete must be true or false", "complete")
        if self.broken(before) or len(rows) != sum(row is not None for row in rows):
            return None
        table = Table(str(hit), complete, tuple(known_inputs), tuple(known_outputs), tuple(r for r in rows if r))
        self.analysed(table)
        return table

    def broken(self, before: int) -> bool:
        return len(self.content.faults) > before

    def analysed(self, table: Table) -> None:
        places = {row.id: place for place, row in enumerate(table.rows)}
        for remark in analyse(table):
            if remark.fault:
                pair = remark.kind in ("contradiction", "doubled")
                last = remark.rows[-1 if pair else 0] if remark.rows else ""
                self.row_id = last
                key: Key = ("rows", places[last]) if last else ("rows",)
                columns = ", ".join(remark.columns)
                where = Text(f"（列 {columns}）", f" (columns {columns})") if columns else Text("", "")
                self.wrong(remark.message.zh + where.zh, remark.message.en + where.en, *key)

    def signs(self, value: object, key: Key) -> None:
        """No text holds signs that a sheet or a page cannot show."""
        if isinstance(value, dict):
            for name, inner in value.items():
                self.signs(inner, (*key, name))
        elif isinstance(value, list):
            for place, inner in enumerate(value):
                self.signs(inner, (*key, place))
        elif isinstance(value, str) and any(_unfit(sign) for sign in value):
            self.wrong("文本含有控制字符", "the text holds control characters", *key)

    def listed(self, name: str, most: int) -> Iterator[tuple[dict[str, Any], Key]]:
        found = self.data.get(name)
        if not isinstance(found, list) or not found:
            self.wrong(f"{name}须是列表，至少一项", f"{name} must be a list of at least one", name)
            return
        if len(found) > most:
            self.wrong(f"{name}至多{most}项", f"{name} may have at most {most} entries", name)
            return
        for place, raw in enumerate(found):
            if isinstance(raw, dict):
                yield raw, (name, place)
            else:
                self.wrong("须是键值结构", "must be a mapping", name, place)

    def ids(self, columns: list[Any]) -> None:
        seen: set[str] = set()
        inputs = len(self.data.get("inputs", []))
        for place, raw in enumerate(columns):
            name = str(raw.get("id"))
            key = ("inputs", place) if place < inputs else ("outputs", place - inputs)
            if name in seen:
                self.wrong(f"列id“{name}”重复", f"the column id “{name}” stands twice", *key, "id")
            seen.add(name)

    def column_id(self, raw: dict[str, Any], key: Key) -> str:
        name = raw.get("id")
        if not isinstance(name, str) or not _COLUMN_ID.fullmatch(name) or name in _RESERVED:
            self.wrong(f"列id“{name}”须是小写字母、数字和下划线", f"a column id has small letters, digits and _: “{name}”",
                       *key, "id")  # fmt: skip
        return str(name)

    # columns

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

    # rows

    def row(self, raw: dict[str, Any], key: Key, inputs: list[Input], outputs: list[Output]) -> Row | None:
        before = len(self.content.faults)
        self.row_id = str(raw.get("id") or "")
        self.content.known_keys(raw, _ROW, *key, rule=self.row_id)
        if not isinstance(raw.get("id"), str) or not _ROW_ID.fullmatch(self.row_id):
            self.wrong(
                "行须有id（字母、数字、点、横线）", "a row needs an id of letters, digits, dots and dashes", *key, "id"
            )
        elif self.row_id in self.seen_rows(key):
            self.wrong(f"行id“{self.row_id}”重复", f"the row id “{self.row_id}” stands twice", *key, "id")
        when, then = self.mapping(raw.get("when"), (*key, "when")), self.mapping(raw.get("then"), (*key, "then"))
        if len(inputs) == len(self.data["inputs"]) and len(outputs) == len(self.data["outputs"]):
            self.content.known_keys(when, [each.id for each in inputs], *key, "when", rule=self.row_id)
            self.content.known_keys(then, [each.id for each in outputs], *key, "then", rule=self.row_id)
        asked = tuple(self.cell(when.get(each.id), each, (*key, "when", each.id)) for each in inputs)
        answers = tuple(self.answer(then.get(each.id), each, (*key, "then", each.id)) for each in outputs)
        note, basis = raw.get("note"), raw.get("basis", "")
        if not isinstance(basis, str):
            self.wrong("basis须是文本", "basis must be a text", *key, "basis")
        pair = self.content.text_pair(note, *key, "note", rule=self.row_id) if note is not None else None
        self.meaningful(outputs, answers, pair, key)
        if self.broken(before):
            return None
        return Row(self.row_id, asked, answers, pair, str(basis).strip(), self.content.line(*key))

    def meaningful(
        self, outputs: list[Output], answers: tuple[Answer | None, ...], note: Text | None, key: Key
    ) -> None:
        if outputs and all(answer is None for answer in answers):
            self.wrong("行没有任何结论", "the row gives no answer", *key, "then")
        given = {output.id: answer for output, answer in zip(outputs, answers, strict=True)}
        if self.data.get("hit") == "worst" and answers and answers[0] is None:
            self.wrong(
                "worst的每一行须有第一个输出列的值",
                "under worst every row answers in the first output column",
                *key,
                "then",
            )
        if given.get(SEVERITY) is not None and note is None:
            self.wrong(
                "有severity的行须有note，作为发现的说明",
                "a row with a severity needs a note, which the finding says",
                *key,
            )
        blame = given.get(BLAME)
        if blame is not None and self.about.vocabulary.find(str(blame)) is None:
            self.wrong(f"没有“{blame}”这个名称", f"there is no name “{blame}”", *key, "then", BLAME)

    def seen_rows(self, key: Key) -> set[str]:
        rows = self.data["rows"]
        if not hasattr(self, "_first"):
            self._first: dict[str, int] = {}
            for place, raw in enumerate(rows):
                if isinstance(raw, dict):
                    self._first.setdefault(str(raw.get("id")), place)
        return {self.row_id} if self._first.get(self.row_id) != key[-1] else set()

    def mapping(self, raw: object, key: Key) -> dict[str, Any]:
        if raw is None:
            return {}
        if not isinstance(raw, dict):
            self.wrong("须是列id到单元格的键值结构", "must map column ids to cells", *key)
            return {}
        return raw

    def cell(self, raw: object, input_: Input, key: Key) -> Cell:
        codes = input_.codes.values if input_.codes else None
        try:
            if raw is None:
                return ANY
            if isinstance(raw, list):
                return cells.list_cell([_plain(each) for each in raw], input_.type, codes)
            if isinstance(raw, dict):
                raise CellInvalid("单元格须是文本或列表", "a cell must be a text or a list")
            cell = cells.read_cell(_plain(raw), input_.type, codes)
            if Absence("absent") in cell.parts and input_.path is None:
                raise CellInvalid(
                    "absent只问数据项；算出的值请用empty", "absent asks about an item; of what is calculated ask empty"
                )
        except CellInvalid as refused:
            self.wrong(f"{input_.title.zh}：{refused.message.zh}", f"{input_.title.en}: {refused.message.en}", *key)
            return ANY
        return cell

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
        return cells.read_literal(_plain(raw).strip(), output.type)  # type: ignore[no-any-return]


def _plain(value: object) -> str:
    """A value as YAML reads it, back as it was written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _unfit(sign: str) -> bool:
    return (unicodedata.category(sign) in ("Cc", "Cs") and sign != "\n") or sign in "\ufffe\uffff"
