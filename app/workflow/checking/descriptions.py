"""Rules about the description beside the diagram (`process.yaml`): its words, facts and clocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.core.text import Text
from app.language import Kind
from app.workflow.checking.report import Problem
from app.workflow.checking.rule import Drawing
from app.workflow.clocks import faults

_KINDS: Final = frozenset({"bool", "number", "text", "date"}) & {kind.value for kind in Kind}


def words_are_there(drawing: Drawing) -> Iterator[Problem]:
    for key, zh, en in (("title", "名称", "title"), ("owner", "负责人", "owner"), ("purpose", "用途", "purpose")):
        given = (drawing.description or {}).get(key)
        if drawing.description is not None and not _in_both(given):
            yield drawing.found("error", "description", key, f"流程说明的{zh}（{key}）须有中文 zh 和英文 en",
                                f"the {en} of the description must be given in zh and en")  # fmt: skip


def _in_both(given: Any) -> bool:
    return isinstance(given, Mapping) and all(
        isinstance(given.get(language), str) and given[language].strip() for language in ("zh", "en")
    )


def facts_are_typed(drawing: Drawing) -> Iterator[Problem]:
    facts = (drawing.description or {}).get("facts") or {}
    if not isinstance(facts, Mapping):
        yield drawing.found(
            "error", "facts", "facts", "流程说明的 facts 须为映射", "facts of the description must be a mapping"
        )
        return
    for name, fields in facts.items():
        if not isinstance(fields, Mapping):
            yield drawing.found(
                "error",
                "facts",
                str(name),
                "facts.{fact} 须写成“字段: 类型”",
                "facts.{fact} must map fields to kinds",
                fact=name,
            )
            continue
        for key, kind in fields.items():
            if kind not in _KINDS:
                yield drawing.found(
                    "error", "facts", f"{name}.{key}", "facts.{fact} 的类型须为：{kinds}",
                    "the kind of facts.{fact} must be one of: {kinds}",
                    fact=f"{name}.{key}", kinds=", ".join(sorted(_KINDS)),
                )  # fmt: skip


def clocks_are_whole(drawing: Drawing) -> Iterator[Problem]:
    if drawing.description is None:
        return
    elements = {node.id for node in drawing.nodes}
    for fault in faults(drawing.description, elements, drawing.registry.roles):
        words = Text(f"{fault.place}：{fault.message.zh}", f"{fault.place}: {fault.message.en}")
        yield Problem("error", "clock", words, fault.place)


RULES: Final = (words_are_there, facts_are_typed, clocks_are_whole)
