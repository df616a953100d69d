"""Regular expressions that people write in rules: only those that mean the same, and stay fast, in every engine."""

from __future__ import annotations

import re
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parser  # type: ignore[attr-defined]
from typing import Any

from app.core.text import Text

MAX_PATTERN = 200
_MAX_OPEN_REPEATS = 2
_MAX_COUNT = 1000
_PLAIN = frozenset({sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN, sre.BRANCH, sre.SUBPATTERN, sre.MAX_REPEAT})


def pattern_fault(pattern: str) -> Text | None:
    """What makes the pattern unfit, or None. The whole value must match it, so anchors are neither needed nor taken."""
    if len(pattern) > MAX_PATTERN:
        return Text(f"正则表达式超过{MAX_PATTERN}个字符", f"the pattern is longer than {MAX_PATTERN} characters")
    if "(?" in re.sub(r"\\.", "", pattern).replace("(?:", ""):
        return Text("正则表达式只能用普通分组", "only plain groups may be used in a pattern")
    if re.search(r"\\[^dDwW.\\+*?()\[\]{}|^$/-]", pattern) or re.search(r"\[[^\]]*\[[:.=]", pattern):
        return Text("正则表达式含有不支持的转义", "the pattern has an escape that is not supported")
    try:
        tree = sre_parser.parse(pattern, re.ASCII)
        re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        return Text(f"正则表达式有误：{error}", f"the pattern is not valid: {error}")
    open_repeats = _count_open_repeats(tree, inside=False)
    if open_repeats is None:
        return Text(
            "正则表达式含有不支持的写法（锚点、反向引用、嵌套重复等）",
            "the pattern uses what is not supported (anchors, back references, repeats inside repeats)",
        )
    if open_repeats > _MAX_OPEN_REPEATS:
        return Text("正则表达式中不定次数的重复过多", "the pattern has too many repeats of open length")
    return None


def _count_open_repeats(tree: Any, inside: bool) -> int | None:
    """How many repeats of varying length the pattern has; None when it uses something unfit."""
    total = 0
    for operation, argument in tree:
        if operation not in _PLAIN:
            return None
        parts: list[Any] = []
        within = inside
        if operation is sre.MAX_REPEAT:
            least, most, body = argument
            varying = least != most
            if (most is not sre.MAXREPEAT and most > _MAX_COUNT) or (varying and inside):
                return None
            total += varying and most > 1
            within = inside or most > 1
            parts = [body]
        elif operation is sre.BRANCH:
            parts = list(argument[1])
        elif operation is sre.SUBPATTERN:
            parts = [argument[-1]]
        for part in parts:
            count = _count_open_repeats(part, within)
            if count is None:
                return None
            total += count
    return total
