"""Reads a decision table from content: columns, cells and rows are all checked, and what is wrong is told with its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from app.core.text import Text
from app.rules.reading import Content, Key
from app.rules.rule_reading import About
from app.rules.tables import cells
from app.rules.tables.analysis import analyse
from app.rules.tables.cells import ANY, Absence, Cell, CellInvalid
from app.rules.tables.column_reading import ColumnReading, plain
from app.rules.tables.model import BLAME, HITS, SEVERITY, Answer, Input, Output, Row, Table

KIND: Final = "table"
PARTS: Final = ("hit", "inputs", "outputs", "rows")
KEYS: Final = frozenset({"ruleset", "kind", "title", "basis", "effective", "facts", "complete", *PARTS})
MAX_ROWS: Final = 5_000
MAX_COLUMNS: Final = 60
_ROW: Final = frozenset({"id", "when", "then", "note", "basis"})
_ROW_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")


def read_table(content: Content, about: About) -> Table | None:
    """The table of a ruleset's content, None where it has none that can be read. Faults are noted in the content."""
    return _TableReading(content, about).table()


def only_decides(data: Mapping[str, Any]) -> bool:
    """Whether content, as yet unchecked, is a table that makes no findings."""
    outputs = data.get("outputs")
    listed = outputs if isinstance(outputs, list) else []
    finds = any(isinstance(output, dict) and output.get("id") == SEVERITY for output in listed)
    return data.get("kind") == KIND and not finds


class _TableReading(ColumnReading):
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
        if not self.content.faults:
            self.analysed(table)
        return table

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
        elif isinstance(value, str) and len(value) > cells.MAX_TEXT:
            self.wrong(f"文本超过{cells.MAX_TEXT}个字符", f"a text may have at most {cells.MAX_TEXT} characters", *key)
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

    def row(self, raw: dict[str, Any], key: Key, inputs: list[Input], outputs: list[Output]) -> Row | None:
        before = len(self.content.faults)
        self.row_id = str(raw.get("id") or "")
        self.content.known_keys(raw, _ROW, *key, rule=self.row_id)
        if not isinstance(raw.get("id"), str) or not _ROW_ID.fullmatch(self.row_id):
            self.wrong(
                "行须有id（字母、数字、点、横线）", "a row needs an id of letters, digits, dots and dashes", *key, "id"
            )
        elif self.first_rows[self.row_id] != key[-1]:
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

    @cached_property
    def first_rows(self) -> dict[str, int]:
        """Where each row id stands first."""
        found: dict[str, int] = {}
        for place, raw in enumerate(self.data["rows"]):
            if isinstance(raw, dict):
                found.setdefault(str(raw.get("id")), place)
        return found

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
                return cells.list_cell([plain(each) for each in raw], input_.type, codes)
            if isinstance(raw, dict):
                raise CellInvalid("单元格须是文本或列表", "a cell must be a text or a list")
            cell = cells.read_cell(plain(raw), input_.type, codes)
            if Absence("absent") in cell.parts and input_.path is None:
                raise CellInvalid(
                    "absent只问数据项；算出的值请用empty", "absent asks about an item; of what is calculated ask empty"
                )
        except CellInvalid as refused:
            self.wrong(f"{input_.title.zh}：{refused.message.zh}", f"{input_.title.en}: {refused.message.en}", *key)
            return ANY
        return cell


def _unfit(sign: str) -> bool:
    return (unicodedata.category(sign) in ("Cc", "Cs") and sign != "\n") or sign in "\ufffe\uffff"
