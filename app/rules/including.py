"""Shared rules: fragments that several rulesets include, read from the folders that `include` names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from app.core.text import Text
from app.rules.reading import Content, Key, read_content

RULES = "rules.yaml"
_TOP = frozenset({"title", "rules", "notes", "include"})
_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


class Fragments:
    """Gathers the fragments that a ruleset includes and those they include in turn, each once, the needed ones first.

    `root` is the folder that holds the areas. What is wrong with an `include` is told where it stands.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
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
        area, _, folder = name.partition(".")
        path = self._root / area / folder / RULES
        if not path.is_file():
            content.wrong(Text(f"没有共用规则“{name}”", f"there are no shared rules “{name}”"), *key)
            return
        found = read_content(path, f"{folder}/{RULES}")
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
