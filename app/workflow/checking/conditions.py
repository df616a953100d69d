"""Rules about the conditions on flows: in our language, about names that the process knows, behind a gateway."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import Final

from app.core.text import Text
from app.language import ExpressionInvalid, parse
from app.workflow.checking.report import Problem
from app.workflow.checking.rule import Drawing

_DECIDING: Final = ("exclusiveGateway", "inclusiveGateway")
_LONGEST: Final = 4_000


def conditions_are_ours(drawing: Drawing) -> Iterator[Problem]:
    for flow in drawing.flows:
        source = drawing.graph.nodes.get(flow.source)
        if flow.condition is None:
            continue
        if source is not None and source.kind not in _DECIDING:
            yield drawing.found(
                "error", "condition-place", flow.id, "连线「{name}」的条件不起作用：只有排他或包容网关的出线可以有条件",
                "the condition on the flow “{name}” has no effect: only flows out of exclusive or inclusive gateways have one",
            )  # fmt: skip
        elif flow.condition and not (source is not None and source.default == flow.id):
            for words in _faults(drawing, flow.condition):
                yield drawing.found(
                    "error", "condition", flow.id, "连线「{name}」的条件“{condition}”有误：{why}",
                    "the condition “{condition}” on the flow “{name}” is wrong: {why_en}",
                    condition=flow.condition[:200], why=words.zh, why_en=words.en,
                )  # fmt: skip
    if drawing.description is None and any(flow.condition for flow in drawing.flows):
        yield drawing.found(
            "warning", "facts-unknown", "", "旁边没有 process.yaml，条件只查了语法，没有查用到的名字",
            "there is no process.yaml beside the file: conditions are read for syntax only, their names are not checked",
        )  # fmt: skip


def _faults(drawing: Drawing, condition: str) -> list[Text]:
    if condition.startswith(("${", "#{", "=")):
        return [
            Text(
                "这是别的工具的表达式；请用本平台的写法，如 judged.blocked > 3",
                "this is an expression of another tool; write it as here, such as judged.blocked > 3",
            )
        ]
    if drawing.vocabulary is None:
        return [] if _is_syntax(condition) else [Text("语法有误", "its syntax is wrong")]
    try:
        parse(condition, drawing.vocabulary)
    except ExpressionInvalid as wrong:
        return [
            Text(f"第 {each.column} 个字符：{each.message.zh}", f"at character {each.column}: {each.message.en}")
            for each in wrong.problems
        ]
    return []


def _is_syntax(condition: str) -> bool:
    """Whether it could be a condition if its names were known."""
    if len(condition) > _LONGEST:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(condition.replace("\n", " ").strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


RULES: Final = (conditions_are_ours,)
