"""Where the values of a YAML text stand, to the character."""

from __future__ import annotations

from typing import Final

import yaml

from app.core.errors import Invalid
from app.core.text import Text
from app.rules.reading import MAX_BYTES, Key

_BY_HAND: Final = Text(
    "这一处的写法特殊，请在“全文”中修改",
    "this place is written in a special way; change it in the whole text",
)


def by_hand() -> Invalid:
    """The refusal of a change for which the text has no safe place (aliases, unusual layout)."""
    return Invalid("rules.by_hand", _BY_HAND)


def compose(text: str) -> yaml.Node:
    """The nodes of a text. Raises Invalid (`rules.yaml`) where it is no YAML."""
    try:
        if len(text) > MAX_BYTES:
            raise ValueError
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        mark = getattr(problem, "problem_mark", None)
        raise Invalid(
            "rules.yaml",
            Text(
                "全文第{line}行不是有效的YAML，请先在“全文”中改好",
                "line {line} of the text is not valid YAML; mend it in the whole text first",
            ).format(line=mark.line + 1 if mark else 1),
        ) from None
    if node is None:
        raise by_hand()
    return node


def start_of(node: yaml.Node) -> int:
    return int(node.start_mark.index)


def end_of(text: str, node: yaml.Node) -> int:
    """The place after the last character of a node; what YAML counts of the blank lines and remarks behind is left out."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        key, value = node.value[-1]
        require_here(value, key)
        return max(end_of(text, value), int(key.end_mark.index) + 1)
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return end_of(text, node.value[-1])
    end = int(node.end_mark.index)
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return start_of(node) + len(text[start_of(node) : end].rstrip())
    return end


def require_here(value: yaml.Node, after: yaml.Node) -> None:
    """An alias stands for a node that is written elsewhere; nothing is changed through it."""
    if start_of(value) < int(after.end_mark.index):
        raise by_hand()


def pair_of(node: yaml.Node, name: str | int) -> tuple[yaml.Node, yaml.Node]:
    """The nodes of a key and its value. Raises KeyError."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == name:
                require_here(value, key)
                return key, value
    raise KeyError(name)


def find(node: yaml.Node, key: Key) -> yaml.Node:
    """The node at a key. Raises KeyError."""
    for part in key:
        if isinstance(part, int):
            if not isinstance(node, yaml.SequenceNode) or not 0 <= part < len(node.value):
                raise KeyError(part)
            inner = node.value[part]
            if start_of(inner) < start_of(node):
                raise by_hand()
            node = inner
        else:
            node = pair_of(node, part)[1]
    return node


def line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """The place before the line break behind `at`, or the end of the text."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if end > at and text[end - 1] == "\r" else end


def column(text: str, at: int) -> int:
    return at - line_start(text, at)
