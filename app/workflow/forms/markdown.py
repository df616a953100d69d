"""The small markup of explaining words: paragraphs, lists, headings, bold, emphasis, code, links. Never HTML."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup, escape

_INLINE: Final = (
    (re.compile(r"`([^`\n]{1,200})`"), "<code>{}</code>"),
    (re.compile(r"\*\*([^*\n]{1,500})\*\*"), "<strong>{}</strong>"),
    (re.compile(r"\*([^*\n]{1,500})\*"), "<em>{}</em>"),
)
_LINK: Final = re.compile(r"\[([^\[\]\n]{1,200})\]\(((?:https://|/(?![/\\]))[^\s()<>\\\"'`*]{0,300})\)")


def render(text: str) -> Markup:
    """The words as HTML. Whatever is not of the markup stands there as it was written."""
    blocks = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").strip())
    return Markup("").join(_block(block) for block in blocks if block.strip())


def _block(block: str) -> Markup:
    lines = [line.strip() for line in block.splitlines() if line.strip()]
    if all(line.startswith(("- ", "* ")) for line in lines):
        return Markup("<ul>{}</ul>").format(
            Markup("").join(Markup("<li>{}</li>").format(_inline(x[2:])) for x in lines)
        )
    if len(lines) == 1 and lines[0].startswith("#"):
        return Markup('<p class="form-heading">{}</p>').format(_inline(lines[0].lstrip("#").strip()))
    return Markup("<p>{}</p>").format(Markup("<br>").join(_inline(line) for line in lines))


def _inline(line: str) -> Markup:
    """Links first, each apart, so that what stands in an address is never read as markup."""
    parts: list[Markup] = []
    last = 0
    for found in _LINK.finditer(line):
        parts.append(_marked(line[last : found.start()]))
        parts.append(Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(found[2], _marked(found[1])))
        last = found.end()
    parts.append(_marked(line[last:]))
    return Markup("").join(parts)


def _marked(text: str, level: int = 0) -> Markup:
    if level == len(_INLINE):
        return escape(text)
    pattern, tag = _INLINE[level]
    parts: list[Markup] = []
    last = 0
    for found in pattern.finditer(text):
        inner = escape(found[1]) if level == 0 else _marked(found[1], level + 1)
        parts += [_marked(text[last : found.start()], level + 1), Markup(tag).format(inner)]  # noqa: S704 - our own tags
        last = found.end()
    parts.append(_marked(text[last:], level + 1))
    return Markup("").join(parts)
