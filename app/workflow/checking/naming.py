"""Rules about names: business people read the diagram, so every element says in their language what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from app.workflow.checking.graph import ACTIVITIES, EVENTS, Node
from app.workflow.checking.report import Problem
from app.workflow.checking.rule import Drawing

_HAN: Final = re.compile(r"[\u3400-\u9fff\U00020000-\U0003134f]")
_CAMEL: Final = re.compile(r"[a-z]+(?:[A-Z][a-z0-9]*)+|(?:[A-Z][a-z0-9]+){2,}")
_PLAIN: Final = re.compile(
    r"[A-Za-z]+_[A-Za-z0-9_]+|(?:task|activity|gateway|event|flow|step|node|element)[ _-]?\d*", re.IGNORECASE
)


def names_are_told(drawing: Drawing) -> Iterator[Problem]:
    for node in drawing.nodes:
        name = " ".join(node.name.split())
        if not name:
            if must := _needs_name(drawing, node):
                yield drawing.found(
                    "error" if must == "must" else "warning", "no-name", node.id,
                    "{kind} {id} 没有名称，请写明它在业务上是什么", "the {kind} {id} has no name; say what it is in the business",
                    kind=node.kind, id=node.id,
                )  # fmt: skip
        elif name == node.id or is_identifier(name):
            yield drawing.found("error", "identifier-as-name", node.id, "「{name}」是程序标识，不是业务名称",
                                "“{name}” is an identifier, not a name of the business")  # fmt: skip
        elif not _HAN.search(name):
            yield drawing.found("warning", "name-language", node.id, "「{name}」不是中文名称，业务人员先读中文",
                                "“{name}” is not in Chinese, which the business reads first")  # fmt: skip


def is_identifier(name: str) -> bool:
    """Whether a program rather than a person would call it so: `Task_1`, `checkLimit`, `Gateway 3`."""
    return bool(_PLAIN.fullmatch(name) or _CAMEL.fullmatch(name))


def _needs_name(drawing: Drawing, node: Node) -> str:
    """`must` for work and decisions, `should` for events, empty for gateways that only join or fork."""
    if node.kind in ACTIVITIES:
        return "must"
    if node.kind in ("exclusiveGateway", "inclusiveGateway"):
        return "must" if len(drawing.graph.out_of(node.id)) > 1 else ""
    return "should" if node.kind in EVENTS else ""


RULES: Final = (names_are_told,)
