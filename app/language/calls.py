"""Builds the calls of an expression: functions of values, questions about presence, quantifiers."""

from __future__ import annotations

import ast
import difflib
from typing import TYPE_CHECKING

from app.core.text import Text
from app.language.functions import CONFORMITY, PRESENCE, QUANTIFIERS, SIGNATURES, Signature
from app.language.nodes import (
    BOOL,
    NUMBER,
    TEXT,
    Call,
    Conformity,
    Known,
    Literal,
    Node,
    OrZero,
    Parent,
    Path,
    Presence,
    Quantifier,
)
from app.language.numbers import MAX_DIGITS, number_size
from app.language.patterns import pattern_fault
from app.language.types import Field, Function, Kind, ListOf, Scalar, Struct

if TYPE_CHECKING:
    from app.language.building import Builder

_MAX_LENGTH_ARGUMENT = 1000


def build_call(builder: Builder, node: ast.Call) -> Node | None:
    """The checked call, or None with the problems noted."""
    if not isinstance(node.func, ast.Name):
        builder.wrong(node, Text("只能调用语言中的函数", "only the language's own functions can be called"))
        return None
    name = node.func.id
    if node.keywords:
        builder.wrong(node, Text("函数没有命名参数", "functions take no named arguments"))
        return None
    if name in PRESENCE:
        return _presence(builder, node, name)
    if name in CONFORMITY:
        return _conformity(builder, node, name)
    if name in QUANTIFIERS:
        return _quantifier(builder, node, name)
    if name == "or_zero":
        return _or_zero(builder, node)
    if name == "known":
        return _known(builder, node)
    if name == "parent":
        return _parent(builder, node)
    if name in SIGNATURES:
        return _call(builder, node, name, SIGNATURES[name])
    if name in builder.vocabulary.functions:
        return _added(builder, node, builder.vocabulary.functions[name])
    known = [
        *PRESENCE,
        *CONFORMITY,
        *QUANTIFIERS,
        "parent",
        "or_zero",
        "known",
        *SIGNATURES,
        *builder.vocabulary.functions,
    ]
    near = difflib.get_close_matches(name, known, 1, 0.5)
    hint = Text(f"，是否指“{near[0]}”？", f"; did you mean “{near[0]}”?") if near else Text("", "")
    builder.wrong(
        node,
        Text(f"没有函数“{name}”{hint.zh}", f"there is no function “{name}”{hint.en}"),
        near[0] if near else None,
    )
    return None


def _count_wrong(builder: Builder, node: ast.Call, usage: str) -> None:
    builder.wrong(node, Text(f"参数个数不对，应写作 {usage}", f"wrong number of arguments, write {usage}"))


def _presence(builder: Builder, node: ast.Call, name: str) -> Node | None:
    if len(node.args) != 1:
        _count_wrong(builder, node, f"{name}(x)")
        return None
    if builder.names.get(builder.source(node.args[0])) == ():
        # A name for the fact itself, which is there whenever something is judged.
        return Literal(BOOL, builder.source(node), name != "empty")
    path = builder.path(node.args[0])
    if path is None:
        return None
    if name == "has_items" and not isinstance(path.type, Struct):
        builder.wrong(node, Text("has_items只问信息段", "has_items(…) asks about a segment"))
        return None
    if name in ("filled", "empty") and not isinstance(path.type, Scalar):
        builder.wrong(node, Text("信息段和组只能用has", "of a segment or group only has(…) can be asked"))
        return None
    return Presence(BOOL, builder.source(node), name, path)


def _or_zero(builder: Builder, node: ast.Call) -> Node | None:
    if len(node.args) != 1:
        _count_wrong(builder, node, "or_zero(x)")
        return None
    path = builder.path(node.args[0])
    if path is not None and path.type != NUMBER:
        builder.wrong(node, Text("or_zero只问数字项", "or_zero(…) asks about a number"))
        return None
    return path and OrZero(NUMBER, builder.source(node), path)


def _known(builder: Builder, node: ast.Call) -> Node | None:
    if len(node.args) != 1:
        _count_wrong(builder, node, "known(x)")
        return None
    term = builder.build(node.args[0])
    if term is not None and not isinstance(term.type, Scalar):
        builder.wrong(node, Text("known只问单个值", "known(…) asks about a single value"))
        return None
    return term and Known(BOOL, builder.source(node), term)


def _conformity(builder: Builder, node: ast.Call, name: str) -> Node | None:
    if len(node.args) != 1:
        _count_wrong(builder, node, f"{name}(x)")
        return None
    path = builder.path(node.args[0])
    if path is None:
        return None
    form = path.field.form
    if form is None:
        builder.wrong(
            node,
            Text(f"标准没有规定“{path.text}”的格式", f"the standard prescribes no form for “{path.text}”"),
        )
        return None
    read = Path(TEXT, path.text, path.parts, path.field, path.variable)
    return Conformity(BOOL, builder.source(node), name, read, form)


def _parent(builder: Builder, node: ast.Call) -> Node | None:
    usage = "parent('BusiDtlLines', x)"
    if len(node.args) != 2:
        _count_wrong(builder, node, usage)
        return None
    name = node.args[0]
    if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
        builder.wrong(name, Text(f"应写作 {usage}", f"write {usage}"))
        return None
    table = builder.table(name, name.value)
    argument = builder.value(node.args[1], Kind.TEXT)
    if table is None or argument is None:
        return None
    if not table.parents:
        builder.wrong(name, Text(f"代码表“{table.name}”没有上级", f"the code table “{table.name}” has no levels"))
        return None
    return Parent(TEXT, builder.source(node), table, argument)


def _call(builder: Builder, node: ast.Call, name: str, signature: Signature) -> Node | None:
    if not signature.required <= len(node.args) <= len(signature.parameters):
        _count_wrong(builder, node, signature.usage)
        return None
    arguments = [builder.value(a, kind) for a, kind in zip(node.args, signature.parameters, strict=False)]
    known = tuple(argument for argument in arguments if argument is not None)
    if len(known) < len(arguments):
        return None
    for index in signature.constant:
        if index < len(known) and not _constant_fits(builder, node.args[index], known[index], name):
            return None
    return Call(Scalar(signature.result), builder.source(node), name, known)


def _constant_fits(builder: Builder, place: ast.expr, argument: Node, name: str) -> bool:
    if not isinstance(argument, Literal):
        builder.wrong(place, Text("这里须直接写出值", "this argument must be written as a literal value"))
        return False
    if name == "matches":
        fault = pattern_fault(str(argument.value))
        if fault is not None:
            builder.wrong(place, fault)
        return fault is None
    if isinstance(argument.value, int) and 0 <= argument.value <= _MAX_LENGTH_ARGUMENT:
        return True
    builder.wrong(
        place,
        Text(
            f"长度须在0至{_MAX_LENGTH_ARGUMENT}之间",
            f"a length must be a whole number from 0 to {_MAX_LENGTH_ARGUMENT}",
        ),
    )
    return False


def _added(builder: Builder, node: ast.Call, function: Function) -> Node | None:
    if len(node.args) != function.parameters:
        _count_wrong(builder, node, f"{function.name}({', '.join('xyz'[: function.parameters])})")
        return None
    arguments = [builder.value(argument, Kind.TEXT) for argument in node.args]
    known = tuple(argument for argument in arguments if argument is not None)
    if len(known) < len(arguments):
        return None
    return Call(BOOL, builder.source(node), function.name, known, function)


def _quantifier(builder: Builder, node: ast.Call, name: str) -> Node | None:
    usage = "count(G)" if name == "count" else f"{name}(… for p in G)"
    if len(node.args) != 1:
        _count_wrong(builder, node, usage)
        return None
    argument = node.args[0]
    if not isinstance(argument, ast.GeneratorExp | ast.ListComp):
        return _whole(builder, node, name, usage)
    if len(argument.generators) != 1:
        builder.wrong(node, Text("一次只能对一个组", "one group at a time; nest any or all for groups in groups"))
        return None
    generator = argument.generators[0]
    source = _source(builder, generator.iter)
    target = generator.target
    if not isinstance(target, ast.Name) or generator.is_async:
        builder.wrong(target, Text("for 之后须是一个名称", "a single name is needed after “for”"))
        return None
    if source is None or not isinstance(source.type, ListOf):
        return None
    if target.id in builder.variables:
        builder.wrong(target, Text(f"名称“{target.id}”已在使用", f"the name “{target.id}” is already in use"))
        return None
    element = Field(target.id, source.type.element, source.field.label, source.field.form, source.field.written)
    builder.variables[target.id] = element
    try:
        conditions = [builder.condition(test) for test in generator.ifs]
        body = _body(builder, argument.elt, name)
    finally:
        del builder.variables[target.id]
    if body is None or any(condition is None for condition in conditions):
        return None
    if len(conditions) > 1:
        builder.wrong(node, Text("只写一个 if，用 and 连接", "write one “if” and join conditions with “and”"))
        return None
    kind = NUMBER if name in ("sum", "count") else BOOL
    condition = conditions[0] if conditions else None
    return Quantifier(kind, builder.source(node), name, target.id, source, body, condition)


def _whole(builder: Builder, node: ast.Call, name: str, usage: str) -> Node | None:
    """`count(G)` and `distinct(G)`: about the elements themselves."""
    if name not in ("count", "distinct"):
        builder.wrong(node, Text(f"应写作 {usage}", f"write {usage}"))
        return None
    source = _source(builder, node.args[0])
    if source is None:
        return None
    kind = NUMBER if name == "count" else BOOL
    return Quantifier(kind, builder.source(node), name, "", source, (), None)


def _source(builder: Builder, node: ast.expr) -> Path | None:
    source = builder.path(node)
    if source is not None and not isinstance(source.type, ListOf):
        builder.wrong(node, Text(f"“{source.text}”不会重复出现", f"“{source.text}” does not repeat"))
        return None
    return source


def _body(builder: Builder, node: ast.expr, name: str) -> tuple[Node, ...] | None:
    if name in ("all", "any"):
        condition = builder.condition(node)
        return None if condition is None else (condition,)
    if name == "sum":
        return _sum_body(builder, node)
    if isinstance(node, ast.Name) and node.id in builder.variables:
        path = builder.path(node)
        if path is not None and not isinstance(path.type, Scalar):
            return ()
    if name == "count":
        builder.wrong(node, Text("应写作 count(p for p in G if …)", "write count(p for p in G if …)"))
        return None
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    built = [builder.value(part, Kind.TEXT) for part in parts]
    known = tuple(part for part in built if part is not None)
    return known if known and len(known) == len(built) else None


def _sum_body(builder: Builder, node: ast.expr) -> tuple[Node, ...] | None:
    term = builder.value(node, Kind.NUMBER)
    if term is None:
        return None
    whole, scale = number_size(term)
    if whole + scale + 7 > MAX_DIGITS:
        builder.wrong(node, Text("合计可能过大", "the sum could be too large to be exact"))
        return None
    return (term,)
