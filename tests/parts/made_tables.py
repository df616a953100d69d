"""Decision tables and facts made from a seed, with every type of column and every kind of cell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from app.core.text import Text
from app.language import CodeList, Field, Form, Kind, Scalar, Struct, Vocabulary
from app.rules.model import Ruleset
from app.rules.reading import Content
from app.rules.rule_reading import About
from app.rules.source import Folder
from app.rules.tables.checks import rules_of
from app.rules.tables.model import Table
from app.rules.tables.reading import read_table

LABEL = Text("项", "item")
LETTERS = CodeList("Letters", Text("字母", "letters"), frozenset({"A", "B", "C", "D", "10", "11"}))


def named(name: str, kind: Kind, form: Form | None = None, written: bool = True) -> Field:
    return Field(name, Scalar(kind), LABEL, form, written)


VOCABULARY = Vocabulary(
    {
        "B": Field(
            "B",
            Struct(
                {
                    field.name: field
                    for field in (
                        named("t", Kind.TEXT),
                        named("c", Kind.TEXT, Form("AN", 2, codes=(LETTERS,))),
                        named("n", Kind.NUMBER, Form("A", 15)),
                        named("m", Kind.MONTH),
                        named("d", Kind.DATE),
                        named("e", Kind.DATE),
                    )
                }
            ),
            LABEL,
        ),
        "accepted": Field(
            "accepted",
            Struct({f.name: f for f in (named("yes", Kind.BOOL, written=False), named("size", Kind.NUMBER, written=False))}),
            LABEL,
        ),
    },
    {"Letters": LETTERS},
)  # fmt: skip

COLUMNS: dict[str, list[str]] = {
    "text": ["B.t", "left(B.t, 1)", "B.n", "B.d"],
    "code": ["B.c"],
    "number": ["B.n", "B.n - accepted.size", "or_zero(B.n)", "2 * B.n"],
    "integer": ["accepted.size", "days(B.d, B.e)", "len(B.t)"],
    "date": ["B.d", "B.e"],
    "month": ["B.m", "month(B.d)"],
    "boolean": ["accepted.yes", "B.d <= B.e", "has(B)", "B.n > 5 and accepted.yes"],
}
LITERALS: dict[str, list[str]] = {
    "text": [
        "A",
        "AB",
        "张三",
        "12",
        "-",
        "empty",
        "not A",
        'x"y',
        "a, b",
        "=1+1",
        "2024-02-29",
        "无值",
        "..",
        "_x0041_",
    ],
    "code": ["A", "B", "C", "D", "10", "11"],
    "number": ["0", "1", "5", "12.5", "-3", "7.25", "999999999999999"],
    "integer": ["0", "1", "2", "5", "30", "-3"],
    "date": ["2024-02-29", "2024-03-01", "2024-01-31", "0001-01-01", "9999-12-31"],
    "month": ["2024-02", "2023-12", "2024-03", "0000-01"],
    "boolean": ["true", "false"],
}
SCALE = ["good", "fair", "bad"]


class Maker:
    """Makes tables and facts from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def literal(self, type_: str) -> str:
        return str(self.random.choice(LITERALS[type_]))

    def quoted(self, type_: str) -> str:
        value = self.literal(type_)
        return '"' + value.replace('"', '""') + '"' if type_ == "text" else value

    def part(self, type_: str, item: bool) -> str:
        if self.random.random() < 0.2:
            return str(self.pick("empty", "filled", "absent" if item else "empty", "无值"))
        if type_ == "code" and self.random.random() < 0.3:
            return str(self.pick("A..B", "B..D", "A..10", "10..11", "C..C"))
        if type_ in ("number", "integer", "date", "month") and self.random.random() < 0.7:
            low, high = sorted([self.literal(type_), self.literal(type_)], key=lambda text: _order(text, type_))
            if self.pick(True, False) or low == high:
                return f"{self.pick('<', '<=', '>', '>=', '=')} {low}"
            return f"{self.pick('[', '(')}{low}, {high}{self.pick(']', ')')}"
        return self.quoted(type_)

    def cell(self, type_: str, item: bool) -> Any:
        if self.random.random() < 0.25:
            return "-"
        if type_ != "boolean" and self.random.random() < 0.1:
            return [self.literal(type_) for _ in range(self.random.randint(1, 4))]
        parts = [self.part(type_, item) for _ in range(self.pick(1, 1, 1, 2, 3))]
        return self.pick("", "", "", "not ") + ", ".join(parts)

    def data(self, hit: str = "collect", rows: int = 6) -> dict[str, Any]:
        """The parts of a table as content holds them."""
        inputs = []
        for place in range(self.random.randint(1, 4)):
            type_ = self.pick(*COLUMNS)
            value = self.pick(*COLUMNS[type_])
            column = {
                "id": f"in{place}",
                "title": {"zh": f"列{place}", "en": f"column {place}"},
                "value": value,
                "type": type_,
            }
            if type_ == "code":
                column["codes"] = "Letters"
            if type_ in ("number", "integer") and self.pick(True, False, False):
                column["range"] = self.pick("[-10, 1000)", ">= 0", "< 12.5" if type_ == "number" else "< 12")
            if self.pick(True, False):
                column["optional"] = True
            inputs.append(column)
        outputs = [
            {"id": "grade", "title": {"zh": "级", "en": "grade"}, "type": "text", "scale": list(SCALE)},
            {"id": "rate", "title": {"zh": "率", "en": "rate"}, "type": "number"},
            {"id": "letter", "title": {"zh": "码", "en": "letter"}, "type": "code", "codes": "Letters"},
            {"id": "sure", "title": {"zh": "确定", "en": "sure"}, "type": "boolean"},
            {"id": "severity", "title": {"zh": "级别", "en": "severity"}, "type": "text"},
            {"id": "code", "title": {"zh": "代码", "en": "code"}, "type": "text"},
            {"id": "blame", "title": {"zh": "指向", "en": "blame"}, "type": "text"},
        ]
        made = []
        for place in range(self.random.randint(1, rows)):
            when = {
                column["id"]: self.cell(column["type"], column["value"] in ("B.t", "B.c", "B.n", "B.m", "B.d", "B.e"))
                for column in inputs
                if self.random.random() < 0.9
            }
            then = {
                "grade": self.pick(*SCALE),
                "rate": self.pick(0, 1, "0.25", -3, None),
                "letter": self.pick("A", "10", None),
                "sure": self.pick(True, False, None),
                "severity": self.pick("block", "warn", "info", None),
                "code": self.pick("X1", None),
                "blame": self.pick("B.n", "B", None),
            }
            note = {"zh": self.pick("说明", "=1+1", "第一行\n第二行"), "en": self.pick("a note", "-", "'quoted'")}
            made.append({"id": f"R{place}", "when": when, "then": then, "note": note, "basis": self.pick("", "C-6")})
        return {"hit": hit, "complete": False, "inputs": inputs, "outputs": outputs, "rows": made}

    def fact(self) -> dict[str, Any]:
        """A fact in which anything may be missing, blank or unreadable."""
        fields = {"t": "text", "c": "code", "n": "number", "m": "month", "d": "date", "e": "date"}
        segment = {name: self.written(type_) for name, type_ in fields.items() if self.random.random() < 0.85}
        accepted = {"yes": self.pick(True, False), "size": self.pick(0, 1, 5, -3, 30)}
        fact: dict[str, Any] = {"accepted": {k: v for k, v in accepted.items() if self.random.random() < 0.85}}
        if self.random.random() < 0.95:
            fact["B"] = segment
        return fact

    def written(self, type_: str) -> str:
        if self.random.random() < 0.15:
            return str(self.pick("", " ", "\u3000", "十", "2024-02-30", "1e3", "a|b"))
        return self.pick("", "", "", " ", "\u3000") + self.literal(self.pick(type_, type_, type_, "number", "text"))


def _order(text: str, type_: str) -> Any:
    return float(text) if type_ in ("number", "integer") else text


def read(data: dict[str, Any]) -> tuple[Table | None, list[str]]:
    """The table of such data and all that is wrong with it."""
    content = Content("t/ruleset.yaml", data)
    table = read_table(content, About(VOCABULARY, None))
    return table, [fault.message.en for fault in content.faults]


def ruleset_of(table: Table) -> Ruleset:
    """A ruleset that is this table."""
    return Ruleset(
        "t.made", "table", LABEL, (), "2024-01-01", "record.000", rules_of(table, None, "t"), "e", VOCABULARY,
        Folder(Path("rulesets/t/made")), table=table,
    )  # fmt: skip


def made_table(maker: Maker, hit: str, rows: int = 6) -> Table:
    """A table that is read as written; its policy is set afterwards, since chance rarely makes one that may stand."""
    while True:
        table, faults = read(maker.data(rows=rows))
        if table is not None and not faults:
            return replace(table, hit=hit)
