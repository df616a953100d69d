"""From text to a checked expression: Python's own parser, a short list of allowed nodes, and types throughout.

Hostile input is refused, never run: length, depth, number of nodes and size of literals are limited, and only the node
classes named here pass.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping

from app.core.text import Text
from app.language.building import Builder
from app.language.nodes import Expression, Path
from app.language.problems import ExpressionInvalid, Problem
from app.language.types import Field, Kind, Scalar, Vocabulary

MAX_LENGTH = 4000
MAX_DEPTH = 40
MAX_NODES = 1500


def parse(
    text: str,
    vocabulary: Vocabulary,
    *,
    names: Mapping[str, tuple[str, ...]] | None = None,
    variables: Mapping[str, Field] | None = None,
    lists: Mapping[str, tuple[str, ...]] | None = None,
    kind: Kind | None = Kind.BOOL,
) -> Expression:
    """Parse and check an expression that answers with `kind` (None: any single value).

    `names` are further names that stand for paths, `variables` names of elements an outer quantifier stands on, `lists`
    names of fixed lists of texts that may follow `in`.
    Raises ExpressionInvalid with everything that is wrong.
    """
    tree = _read(text)
    builder = Builder(text, vocabulary, dict(names or {}), dict(variables or {}), lists or {})
    root = builder.build(tree.body)
    if root is not None and not builder.problems:
        if kind is not None and root.type != Scalar(kind):
            builder.wrong(tree.body, Text("这里需要一个条件（真或假）", "a condition (true or false) is needed here"))
        elif not isinstance(root.type, Scalar):
            builder.wrong(tree.body, Text("这里需要单个值", "a single value is needed here"))
    if builder.problems or root is None:
        raise ExpressionInvalid(text, tuple(sorted(builder.problems, key=lambda p: (p.line, p.column))))
    return Expression(text, root)


def parse_path(
    text: str,
    vocabulary: Vocabulary,
    *,
    names: Mapping[str, tuple[str, ...]] | None = None,
    variables: Mapping[str, Field] | None = None,
) -> Path:
    """Parse text that must be a name of the vocabulary and nothing else. Raises ExpressionInvalid."""
    tree = _read(text)
    builder = Builder(text, vocabulary, dict(names or {}), dict(variables or {}), {})
    path = builder.path(tree.body)
    if path is None:
        raise ExpressionInvalid(text, tuple(builder.problems))
    return path


def _read(text: str) -> ast.Expression:
    """Python's syntax tree of the text, within the limits."""
    if not text.strip():
        raise _refusal(text, Text("表达式为空", "the expression is empty"))
    if len(text) > MAX_LENGTH:
        raise _refusal(
            text, Text(f"表达式超过{MAX_LENGTH}个字符", f"the expression is longer than {MAX_LENGTH} characters")
        )
    flat = text.replace("\r", " ").replace("\n", " ")
    indent = len(flat) - len(flat.lstrip(" \t\f"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(flat.lstrip(" \t\f"), mode="eval")
    except SyntaxError as error:
        column = (error.offset or 1) + indent
        raise _refusal(text, Text("语法有误", f"syntax: {error.msg}"), column) from None
    except (ValueError, RecursionError, MemoryError, OverflowError):
        raise _refusal(text, Text("表达式无法解析", "the expression cannot be parsed")) from None
    _limit(text, tree)
    if indent:
        for node in ast.walk(tree):
            if isinstance(node, ast.expr):
                node.col_offset += indent
                node.end_col_offset = (node.end_col_offset or 0) + indent
    return tree


def _limit(text: str, tree: ast.Expression) -> None:
    count = 0
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH + 1):
        count += len(level)
        if count > MAX_NODES:
            raise _refusal(text, Text("表达式太长", "the expression has too many parts"))
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise _refusal(text, Text(f"表达式嵌套超过{MAX_DEPTH}层", f"the expression is nested deeper than {MAX_DEPTH}"))


def _refusal(text: str, message: Text, column: int = 1) -> ExpressionInvalid:
    flat_before = text[: max(0, column - 1)]
    line = flat_before.count("\n") + 1
    return ExpressionInvalid(text, (Problem(line, column - (flat_before.rfind("\n") + 1), message),))
