"""Builds checked nodes from Python's syntax tree, gathering everything that is wrong on the way."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from app.core.text import Text
from app.language import calls
from app.language.nodes import (
    BOOL,
    NUMBER,
    Arithmetic,
    Comparison,
    Literal,
    Logic,
    Membership,
    Minus,
    Negation,
    Node,
    Path,
)
from app.language.numbers import MAX_DIGITS, number_size
from app.language.problems import Problem
from app.language.types import KIND_NAMES, CodeList, Field, Kind, ListOf, Scalar, SetOf, Struct, Type, Vocabulary
from app.language.values import NUMBER_DIGITS, NUMBER_SCALE, read_date, read_month

MAX_TEXT = 400
MAX_LIST = 500

_COMPARISONS: Final[Mapping[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_ARITHMETIC: Final[Mapping[type[ast.operator], str]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
_CODES = "codes"


class Builder:
    """Turns one syntax tree into nodes; `problems` collects what is wrong. A part that is wrong becomes None."""

    def __init__(
        self,
        text: str,
        vocabulary: Vocabulary,
        names: dict[str, tuple[str, ...]],
        variables: dict[str, Field],
        lists: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.text = text
        self.vocabulary = vocabulary
        self.names = names
        self.variables = variables
        self.lists = lists
        self.problems: list[Problem] = []
        self._bytes = text.encode("utf-8", "surrogatepass")

    # places

    def source(self, node: ast.expr) -> str:
        """The characters the syntax node was read from."""
        return self._bytes[node.col_offset : node.end_col_offset].decode("utf-8", "surrogatepass")

    def wrong(self, node: ast.expr, message: Text, nearest: str | None = None) -> None:
        """Note a problem at the node's place."""
        before = self._bytes[: node.col_offset].decode("utf-8", "surrogatepass")
        line = before.count("\n") + 1
        self.problems.append(Problem(line, len(before) - before.rfind("\n"), message, nearest))

    # nodes

    def build(self, node: ast.expr) -> Node | None:
        """The checked node, or None if something in it is wrong."""
        match node:
            case ast.BoolOp():
                return self._logic(node)
            case ast.UnaryOp(op=ast.Not()):
                term = self.condition(node.operand)
                return term and Negation(BOOL, self.source(node), term)
            case ast.UnaryOp(op=ast.USub()):
                return self._minus(node)
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Compare():
                return self._comparisons(node)
            case ast.Call():
                return calls.build_call(self, node)
            case ast.Name() | ast.Attribute():
                fixed = self.vocabulary.constants.get(self.source(node))
                return Literal(Scalar(Kind.TEXT), self.source(node), fixed) if fixed is not None else self.path(node)
            case ast.Constant():
                return self._constant(node)
            case _:
                self.wrong(node, Text("不支持这种写法", f"{type(node).__name__} is not part of the language"))
                return None

    def condition(self, node: ast.expr) -> Node | None:
        """The node, which must be true or false."""
        built = self.build(node)
        if built is not None and built.type != BOOL:
            self.wrong(
                node, Text(f"“{built.text}”不是条件", f"“{built.text}” is not a condition that is true or false")
            )
            return None
        return built

    def value(self, node: ast.expr, kind: Kind) -> Node | None:
        """The node as a value of a kind: paths are read as text where text is wanted, text literals as dates."""
        built = self.build(node)
        if built is None:
            return None
        fitted = fit(built, kind)
        if fitted is None:
            found = describe(built.type)
            wanted = KIND_NAMES[kind]
            self.wrong(
                node,
                Text(
                    f"这里需要{wanted.zh}，而“{built.text}”是{found.zh}",
                    f"{wanted.en} is needed, {built.text} is {found.en}",
                ),
            )
        return fitted

    def path(self, node: ast.expr) -> Path | None:
        """The node as a name of the vocabulary."""
        parts: list[str] = []
        walk: ast.expr = node
        while isinstance(walk, ast.Attribute):
            parts.append(walk.attr)
            walk = walk.value
        if not isinstance(walk, ast.Name):
            self.wrong(node, Text("这里需要名称", "a name is needed here"))
            return None
        parts.append(walk.id)
        parts.reverse()
        return self._resolve(node, parts)

    def _resolve(self, node: ast.expr, parts: list[str]) -> Path | None:
        if parts[0] in self.names:
            parts = [*self.names[parts[0]], *parts[1:]]
        variable = parts[0] in self.variables
        fields: Mapping[str, Field] = self.variables if variable else self.vocabulary.fields
        for index, part in enumerate(parts):
            field = fields.get(part)
            if field is None:
                self._unknown(node, parts, index, fields)
                return None
            if index + 1 == len(parts):
                return Path(field.type, self.source(node), tuple(parts), field, variable)
            if isinstance(field.type, ListOf):
                name = ".".join(parts[: index + 1])
                self.wrong(
                    node,
                    Text(
                        f"“{name}”会重复出现，须用all、any等逐个判断",
                        f"“{name}” repeats: ask about its elements with all(… for p in {name}), any, sum or count",
                    ),
                )
                return None
            fields = field.type.fields if isinstance(field.type, Struct) else {}
        return None

    def _unknown(self, node: ast.expr, parts: list[str], index: int, fields: Mapping[str, Field]) -> None:
        known = [*fields, *([*self.variables, *self.names, *self.vocabulary.fields] if index == 0 else [])]
        prefix = "".join(part + "." for part in parts[:index])
        elsewhere = [name for name in self.vocabulary.fields if self.vocabulary.find(f"{name}.{parts[index]}")]
        if elsewhere and index:
            nearest: str | None = f"{elsewhere[0]}.{parts[index]}"
        else:
            near = difflib.get_close_matches(parts[index], known, 1, 0.5)
            nearest = prefix + near[0] if near else None
        name = prefix + parts[index]
        hint = Text(f"，是否指“{nearest}”？", f"; did you mean “{nearest}”?") if nearest else Text("", "")
        self.wrong(node, Text(f"没有“{name}”这个名称{hint.zh}", f"there is no name “{name}”{hint.en}"), nearest)

    def _constant(self, node: ast.Constant) -> Node | None:
        value = node.value
        source = self.source(node)
        if isinstance(value, bool):
            return Literal(BOOL, source, value)
        if isinstance(value, str):
            if len(value) <= MAX_TEXT:
                return Literal(Scalar(Kind.TEXT), source, value)
            self.wrong(node, Text("文本太长", f"a text may have at most {MAX_TEXT} characters"))
            return None
        if isinstance(value, int | float) and len(source) <= NUMBER_DIGITS + NUMBER_SCALE + 1:
            whole, _, fraction = source.partition(".")
            if whole.isdigit() and len(whole) <= NUMBER_DIGITS and len(fraction) <= NUMBER_SCALE:
                return Literal(NUMBER, source, int(source) if "." not in source else Decimal(source))
        self.wrong(
            node,
            Text(
                "只能写文本、True、False或至多15位整数4位小数的数字",
                "only texts, True, False and plain numbers of at most 15 digits and 4 decimals can be written",
            ),
        )
        return None

    def _logic(self, node: ast.BoolOp) -> Node | None:
        terms = [self.condition(value) for value in node.values]
        known = tuple(term for term in terms if term is not None)
        operator = "and" if isinstance(node.op, ast.And) else "or"
        return Logic(BOOL, self.source(node), operator, known) if len(known) == len(terms) else None

    def _minus(self, node: ast.UnaryOp) -> Node | None:
        term = self.value(node.operand, Kind.NUMBER)
        return term and Minus(NUMBER, self.source(node), term)

    def _arithmetic(self, node: ast.BinOp) -> Node | None:
        left, right = self.value(node.left, Kind.NUMBER), self.value(node.right, Kind.NUMBER)
        operator = _ARITHMETIC.get(type(node.op))
        if operator is None:
            self.wrong(node, Text("算术只有 + - *", "arithmetic is + - * only"))
            return None
        if left is None or right is None:
            return None
        built = Arithmetic(NUMBER, self.source(node), operator, left, right)
        if sum(number_size(built)) > MAX_DIGITS:
            self.wrong(node, Text("计算结果可能过大", "the result could be too large to be exact"))
            return None
        return built

    def _comparisons(self, node: ast.Compare) -> Node | None:
        operands = [node.left, *node.comparators]
        terms: list[Node | None] = []
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            if isinstance(operator, ast.In | ast.NotIn):
                terms.append(self._membership(left, right, isinstance(operator, ast.NotIn)))
            elif type(operator) in _COMPARISONS:
                terms.append(self._comparison(left, _COMPARISONS[type(operator)], right))
            else:
                self.wrong(node, Text("不支持 is，请用 ==", "“is” is not part of the language, use =="))
                terms.append(None)
        known = tuple(term for term in terms if term is not None)
        if len(known) < len(terms):
            return None
        return known[0] if len(known) == 1 else Logic(BOOL, self.source(node), "and", known)

    def _comparison(self, left: ast.expr, operator: str, right: ast.expr) -> Node | None:
        first, second = self.build(left), self.build(right)
        if first is None or second is None:
            return None
        source = f"{first.text} {operator} {second.text}"
        fitted = (
            (first, second)
            if first.type == second.type
            else (first, fit_literal(second, first.type))
            if isinstance(second, Literal)
            else (fit_literal(first, second.type), second)
        )
        if fitted[0] is None or fitted[1] is None or not isinstance(first.type, Scalar):
            a, b = describe(first.type), describe(second.type)
            self.wrong(
                left,
                Text(
                    f"不能比较：“{first.text}”是{a.zh}，“{second.text}”是{b.zh}",
                    f"cannot compare: {first.text} is {a.en}, {second.text} is {b.en}",
                ),
            )
            return None
        if first.type == BOOL and operator not in ("==", "!="):
            self.wrong(left, Text("真假之间没有大小", "true and false have no order"))
            return None
        return Comparison(BOOL, source, operator, fitted[0], fitted[1])

    def _membership(self, left: ast.expr, right: ast.expr, negated: bool) -> Node | None:
        item = self.build(left)
        if item is not None and (item.type == BOOL or not isinstance(item.type, Scalar)):
            self.wrong(left, Text("“in”之前须是文本、数字或日期", "before “in” stands a text, a number or a date"))
            return None
        source = f"{self.source(left)} {'not in' if negated else 'in'} {self.source(right)}"
        if isinstance(right, ast.List | ast.Tuple | ast.Set):
            values = self._values(right, item)
            if item is None or values is None:
                return None
            return Membership(BOOL, source, item, values, negated)
        container = self.container(right)
        if isinstance(container, tuple) and not container:
            return item and Literal(BOOL, source, negated)
        if item is None or container is None:
            return None
        text = fit(item, Kind.TEXT)
        if text is None:
            self.wrong(left, Text("只有文本可以在表中查找", "only a text can be looked up in a table or set"))
            return None
        return Membership(BOOL, source, text, container, negated)

    def _values(self, node: ast.List | ast.Tuple | ast.Set, item: Node | None) -> tuple[Literal, ...] | None:
        if not 0 < len(node.elts) <= MAX_LIST:
            self.wrong(node, Text(f"列表须有1至{MAX_LIST}个值", f"a list needs 1 to {MAX_LIST} values"))
            return None
        values: list[Literal] = []
        for element in node.elts:
            built = self.build(element)
            if built is None or item is None:
                continue
            fitted = fit_literal(built, item.type) if isinstance(built, Literal) else None
            if isinstance(fitted, Literal):
                values.append(fitted)
            else:
                kind = describe(item.type)
                self.wrong(
                    element,
                    Text(f"列表中须是{kind.zh}的值", f"the list must hold literal values that are {kind.en}"),
                )
        return tuple(values) if len(values) == len(node.elts) else None

    def container(self, node: ast.expr) -> tuple[Literal, ...] | CodeList | Path | None:
        """The node as something a text can be looked up in: a code table, a set, a list of texts, a named list."""
        named = self.lists.get(self.source(node))
        if named is not None:
            return tuple(Literal(Scalar(Kind.TEXT), f"'{value}'", value) for value in named)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == _CODES:
            return self.table(node, node.attr)
        path = self.path(node)
        if path is None:
            return None
        if isinstance(path.type, SetOf) or path.type == ListOf(Scalar(Kind.TEXT)):
            return path
        self.wrong(node, Text("这里需要列表、代码表或集合", "a list, a code table or a set is needed after “in”"))
        return None

    def table(self, node: ast.expr, name: str) -> CodeList | None:
        """The code table of that name."""
        table = self.vocabulary.codes.get(name)
        if table is None:
            near = difflib.get_close_matches(name, self.vocabulary.codes, 1, 0.5)
            hint = Text(f"，是否指“{near[0]}”？", f"; did you mean “{near[0]}”?") if near else Text("", "")
            self.wrong(
                node,
                Text(f"没有代码表“{name}”{hint.zh}", f"there is no code table “{name}”{hint.en}"),
                near[0] if near else None,
            )
        return table


def fit(node: Node, kind: Kind) -> Node | None:
    """The node read as a kind: unchanged, a path read as text, or a literal taken as a date or month."""
    if node.type == Scalar(kind):
        return node
    if isinstance(node, Path) and kind is Kind.TEXT and isinstance(node.type, Scalar) and node.type != BOOL:
        return Path(Scalar(kind), node.text, node.parts, node.field, node.variable)
    return fit_literal(node, Scalar(kind)) if isinstance(node, Literal) else None


def fit_literal(node: Node, wanted: Type) -> Node | None:
    """A literal as a value of the wanted type (text literals can be dates and months), or None."""
    if node.type == wanted:
        return node
    if not isinstance(node, Literal) or not isinstance(node.value, str) or not isinstance(wanted, Scalar):
        return None
    if wanted.kind is Kind.DATE and (day := read_date(node.value)) is not None:
        return Literal(wanted, node.text, day)
    if wanted.kind is Kind.MONTH and (month := read_month(node.value)) is not None:
        return Literal(wanted, node.text, month)
    return None


def describe(type_: Type) -> Text:
    """What a type is called in a sentence."""
    match type_:
        case Scalar(kind=kind):
            return KIND_NAMES[kind]
        case Struct():
            return Text("一个信息段", "a segment or group")
        case ListOf():
            return Text("重复出现的内容", "something that repeats")
        case _:
            return Text("集合", "a set")
