"""Rows back as the text of a condition. What the browser sends is hostile until it has been read here."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final

from app.core.errors import Invalid
from app.core.text import Text
from app.language.functions import CONFORMITY, PRESENCE, SIGNATURES
from app.language.parsing import MAX_DEPTH, MAX_LENGTH
from app.language.types import Kind
from app.rules.editing.trees import Tree
from app.rules.vocabulary import FUNCTIONS

MOST: Final = 400
"""Rows and groups of one condition."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*){0,11}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,4})?")
_OPERATORS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
_TESTS: Final = frozenset(
    {*PRESENCE, *CONFORMITY, "known", *FUNCTIONS, *(n for n, s in SIGNATURES.items() if s.result is Kind.BOOL)}
)
_CALLS: Final = frozenset(
    {"or_zero", "count", *(name for name, each in SIGNATURES.items() if each.result is not Kind.BOOL)}
)


def text_of(tree: object) -> str:
    """The text of the rows. Raises Invalid (`rules.tree`) where they are no condition."""
    text = _Reading().condition(tree, 0, alone=True)
    if len(text) > MAX_LENGTH:
        raise _wrong(Text("条件太长", "the condition is too long"))
    return text


def _word(tree: Tree, name: str) -> str:
    """What the browser says of the tree under a name; '' where it is no text."""
    found = tree.get(name)
    return found if isinstance(found, str) else ""


def _wrong(message: Text) -> Invalid:
    return Invalid("rules.tree", message)


class _Reading:
    def __init__(self) -> None:
        self.count = 0

    def condition(self, tree: object, depth: int, alone: bool = False) -> str:
        """`alone`: nothing stands around it, so that no parentheses are needed."""
        self.count += 1
        if not isinstance(tree, dict) or depth > MAX_DEPTH or self.count > MOST:
            raise _wrong(Text("条件的内容不对或太多", "the rows are not a condition, or too many"))
        readers: Mapping[object, Callable[[Tree, int], str]] = {
            "each": self.each,
            "compare": self.compare,
            "member": self.member,
            "test": self.test,
        }
        kind = _word(tree, "kind")
        if kind == "group":
            return self.group(tree, depth, alone)
        if kind == "text":
            return self.written(tree.get("text"), ast.BoolOp, alone)
        if kind not in readers:
            raise _wrong(Text("没有这种条件", "there is no such kind of row"))
        return readers[kind](tree, depth)

    def group(self, tree: Tree, depth: int, alone: bool) -> str:
        terms, join = tree.get("terms"), tree.get("join")
        if not isinstance(terms, list) or join not in ("and", "or") or not terms:
            raise _wrong(Text("有一组条件还是空的", "a group of conditions is still empty"))
        negated = tree.get("negated") is True
        said = f" {join} ".join(
            self.condition(term, depth + 1, len(terms) == 1 and (alone or negated)) for term in terms
        )
        if negated:
            return f"not ({said})"
        return said if alone or len(terms) == 1 else f"({said})"

    def each(self, tree: Tree, depth: int) -> str:
        quantifier, variable = tree.get("quantifier"), tree.get("variable")
        if quantifier not in ("all", "any") or not isinstance(variable, str) or not variable.isidentifier():
            raise _wrong(Text("“每一条”的写法不对", "this question about every element is not right"))
        over = self.name(tree.get("over"))
        such = tree.get("such")
        condition = f" if {self.condition(such, depth + 1, alone=True)}" if such is not None else ""
        said = f"{quantifier}({self.condition(tree.get('body'), depth + 1, alone=True)} for {variable} in {over}{condition})"
        return self.turned(tree, said)

    def compare(self, tree: Tree, depth: int) -> str:
        if _word(tree, "operator") not in _OPERATORS:
            raise _wrong(Text("没有这种比较", "there is no such comparison"))
        left, right = self.operand(tree.get("left"), depth + 1), self.operand(tree.get("right"), depth + 1)
        return f"{left} {tree['operator']} {right}"

    def member(self, tree: Tree, depth: int) -> str:
        sign = "not in" if tree.get("negated") is True else "in"
        return f"{self.operand(tree.get('item'), depth + 1)} {sign} {self.container(tree)}"

    def container(self, tree: Tree) -> str:
        if "container" in tree:
            return self.name(tree["container"])
        values = tree.get("values")
        if not isinstance(values, list) or not values:
            raise _wrong(Text("还没有选取值", "no value has been chosen yet"))
        return f"[{', '.join(self.value(each, tree.get('type')) for each in values)}]"

    def test(self, tree: Tree, depth: int) -> str:
        operands, test = tree.get("operands"), _word(tree, "test")
        if not isinstance(operands, list) or not 1 <= len(operands) <= 4:
            raise _wrong(Text("还没有选数据项", "no item has been chosen yet"))
        said = [self.operand(each, depth + 1, inside=True) for each in operands]
        if test == "true":
            return self.turned(tree, said[0])
        if test not in _TESTS:
            raise _wrong(Text("没有这种判断", "there is no such question"))
        return self.turned(tree, f"{test}({', '.join(said)})")

    def turned(self, tree: Tree, said: str) -> str:
        return f"not {said}" if tree.get("negated") is True else said

    def operand(self, tree: object, depth: int, inside: bool = False) -> str:
        self.count += 1
        if not isinstance(tree, dict) or depth > MAX_DEPTH or self.count > 4 * MOST:
            raise _wrong(Text("还没有选数据项或值", "an item or a value has not been chosen yet"))
        match _word(tree, "kind"):
            case "item":
                return self.name(tree.get("path"))
            case "name":
                return self.name(tree.get("name"))
            case "value":
                return self.value(tree.get("value"), tree.get("type"))
            case "call" if _word(tree, "name") in _CALLS and isinstance(tree.get("operands"), list):
                return (
                    f"{tree['name']}({', '.join(self.operand(each, depth + 1, True) for each in tree['operands'][:4])})"
                )
            case "formula":
                return self.written(tree.get("text"), ast.BoolOp | ast.Compare | ast.UnaryOp, inside)
        raise _wrong(Text("没有这种数据", "there is no such kind of value"))

    def name(self, given: object) -> str:
        if not isinstance(given, str) or not _NAME.fullmatch(given):
            raise _wrong(Text("还没有选数据项", "no item has been chosen yet"))
        return given

    def value(self, given: object, kind: object) -> str:
        if not isinstance(given, str):
            raise _wrong(Text("还没有填值", "a value is missing"))
        if kind == Kind.NUMBER:
            if not _NUMBER.fullmatch(given.strip()):
                raise _wrong(Text("“{value}”不是数字", "“{value}” is not a number").format(value=given[:40]))
            return given.strip()
        if kind == Kind.BOOL:
            if given not in ("True", "False"):
                raise _wrong(Text("须是“是”或“否”", "it must be yes or no"))
            return given
        return repr(given)

    def written(self, given: object, weak: Any, alone: bool) -> str:
        """Text that somebody has written; in parentheses where it would fall apart among others."""
        if not isinstance(given, str) or not given.strip() or len(given) > MAX_LENGTH:
            raise _wrong(Text("还没有写条件", "the condition has not been written yet"))
        text = " ".join(given.split("\n")).strip()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                node = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise _wrong(Text("“{text}”语法有误", "“{text}” is not well formed").format(text=text[:80])) from None
        return f"({text})" if isinstance(node, weak) and not alone else text
