"""Shared rules: fragments that several rulesets include, read from where `include` says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.core.text import Text
from app.rules.reading import Content, Key, read_content
from app.rules.source import RULES, Source

_TOP = frozenset({"title", "rules", "notes", "include"})
_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


class Fragments:
    """Gathers the fragments that a ruleset includes and those they include in turn, each once, the needed ones first.

    What is wrong with an `include` is told where it stands.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._open: list[str] = []
        self.contents: dict[str, Content] = {}

    def gather(self, content: Content) -> None:
        """Read all that the content includes into `contents`, by name."""
        for name, key in self._wanted(content):
            if name in self._open:
                circle = " → ".join((*self._open[self._open.index(name) :], name))
                content.wrong(Text(f"include成环：{circle}", f"include goes in a circle: {circle}"), *key)
            elif name not in self.contents:
                self._read(name, content, key)

    def _read(self, name: str, content: Content, key: Key) -> None:
        try:
            text = self._source.fragment(name)
        except OSError as error:
            content.wrong(
                Text(f"共用规则“{name}”无法读取", f"the shared rules “{name}” cannot be read: {error.strerror}"), *key
            )
            return
        if text is None:
            content.wrong(Text(f"没有共用规则“{name}”", f"there are no shared rules “{name}”"), *key)
            return
        found = read_content(lambda: text, f"{name.partition('.')[2]}/{RULES}")
        self._open.append(name)
        self.gather(found)
        self._open.pop()
        _check_head(found)
        self.contents[name] = found

    def _wanted(self, content: Content) -> Iterator[tuple[str, Key]]:
        data = content.data
        names = data.get("include", []) if isinstance(data, dict) else []
        if not isinstance(names, list):
            content.wrong(Text("include须是名称列表", "include must be a list of names"), "include")
            return
        for index, name in enumerate(names):
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                message = Text(f"“{name}”不是共用规则的名称", f"“{name}” is not a name of shared rules (area.folder)")
                content.wrong(message, "include", index)
            elif name in names[:index]:
                content.wrong(Text(f"“{name}”重复", f"“{name}” stands twice"), "include", index)
            else:
                yield name, ("include", index)


def _check_head(content: Content) -> None:
    if not isinstance(content.data, dict):
        if not content.faults:
            content.wrong(Text("共用规则须是键值结构", "shared rules must be a mapping"))
        return
    content.known_keys(content.data, _TOP)
    content.text_pair(content.data.get("title"), "title")
