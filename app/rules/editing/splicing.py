"""Changes of single values in a YAML text: not a character outside of them moves, and the outcome is proved before it counts."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from app.rules.editing.places import (
    by_hand,
    column,
    compose,
    end_of,
    find,
    line_end,
    line_start,
    pair_of,
    require_here,
    start_of,
)
from app.rules.editing.rendering import after_colon, flow_text, item_text
from app.rules.reading import Key, read_content

Edit = tuple[int, int, str]
"""From, to, and what stands there instead."""


@dataclass
class Splicer:
    """A text under change. Every change is checked: the data read afterwards are those before with just this change.

    Raises Invalid (`rules.yaml`, `rules.by_hand`) and leaves the text as it was.
    """

    text: str

    def put(self, key: Key, value: object, order: Sequence[str] = ()) -> None:
        """Let a value stand at the key, changing as little of the text as can be; `order` says where new keys go."""
        wanted = _with(self.data(), key, value)
        before = self.text
        try:
            self._put(key, value, order)
        except (KeyError, IndexError):
            self.text = before
            raise by_hand() from None
        self._prove(wanted, before)

    def insert(self, key: Key, index: int, value: object) -> None:
        """Put an item into the list at the key, before the one that stands at the index."""
        wanted = self.data()
        before = self.text
        try:
            listed = _at(wanted, key)
            if not isinstance(listed, list) or not listed:
                return self.put(key, [value])
            listed.insert(index, copy.deepcopy(value))
            self._apply(self._inserted(key, index, value))
        except (KeyError, IndexError):
            raise by_hand() from None
        self._prove(wanted, before)

    def remove(self, key: Key) -> None:
        """Take a key out of a mapping or an item out of a list."""
        wanted = self.data()
        before = self.text
        try:
            holder = _at(wanted, key[:-1])
            del holder[key[-1]]
            if isinstance(holder, list) and not holder:
                return self.put(key[:-1], [])
            self._apply(self._removed(key))
        except (KeyError, IndexError, TypeError):
            raise by_hand() from None
        self._prove(wanted, before)

    def data(self) -> Any:
        """What the text says, as new plain values."""
        compose(self.text)
        content = read_content(self.text.encode, "")
        if content.data is None:
            raise by_hand()
        return copy.deepcopy(content.data)

    def _prove(self, wanted: object, before: str) -> None:
        found = read_content(self.text.encode, "").data
        if found != wanted:
            self.text = before
            raise by_hand()

    def _apply(self, edit: Edit) -> None:
        start, end, instead = edit
        line_break = "\r\n" if "\r\n" in self.text else "\n"
        self.text = self.text[:start] + instead.replace("\n", line_break) + self.text[end:]

    def _put(self, key: Key, value: object, order: Sequence[str]) -> None:
        root = compose(self.text)
        try:
            node = find(root, key)
        except KeyError:
            self._apply(self._added_key(key, value, order))
            return
        old = _at(self.data(), key)
        if old == value and type(old) is type(value):
            return
        block = isinstance(node, yaml.CollectionNode) and not node.flow_style
        if block and isinstance(old, dict) and isinstance(value, dict) and value and old.keys() & value.keys():
            for name in [name for name in old if name not in value]:
                self._apply(self._removed((*key, name)))
            for name in value:
                if name not in old or old[name] != value[name]:
                    self._put((*key, name), value[name], order or tuple(value))
        elif block and isinstance(old, list) and isinstance(value, list) and value and old:
            self._put_list(key, old, value, order)
        else:
            self._apply(self._replaced(_outer(root, key), value, key))

    def _put_list(self, key: Key, old: list[Any], new: list[Any], order: Sequence[str]) -> None:
        head = 0
        while head < min(len(old), len(new)) and old[head] == new[head]:
            head += 1
        tail = 0
        while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        both = min(len(old), len(new)) - head - tail
        for index in range(head, head + both):
            self._put((*key, index), new[index], order)
        for index in reversed(range(head + both, len(old) - tail)):
            self._apply(self._removed((*key, index)))
        for index in range(head + both, len(new) - tail):
            self._apply(self._inserted(key, index, new[index]))

    def _replaced(self, at: Key, value: object, key: Key) -> Edit:
        """The value at `key` replaced; where a value around it is written on one line, that is written anew."""
        if at != key:
            whole = _at(self.data(), at)
            value = _with(whole, key[len(at) :], value)
        text, root = self.text, compose(self.text)
        node = find(root, at)
        if isinstance(at[-1], int):
            flow = at != key and isinstance(node, yaml.CollectionNode)
            words = flow_text(value) if flow else item_text(value, column(text, start_of(node)))
            return start_of(node), end_of(text, node), words
        name, _ = pair_of(find(root, at[:-1]), at[-1])
        colon = text.index(":", int(name.end_mark.index)) + 1
        indent = column(text, start_of(name))
        words = f" {flow_text(value)}" if at != key else after_colon(value, indent, str(at[-1]))
        return colon, max(colon, end_of(text, node)), words

    def _added_key(self, key: Key, value: object, order: Sequence[str]) -> Edit:
        text, root = self.text, compose(self.text)
        holder = find(root, key[:-1])
        if not isinstance(holder, yaml.MappingNode) or not holder.value:
            raise KeyError(key)
        flow = _outer(root, key[:-1]) if key[:-1] else ()
        if holder.flow_style:
            return self._replaced(flow, {**_at(self.data(), key[:-1]), key[-1]: value}, key[:-1])
        names = [str(name.value) for name, _ in holder.value]
        rank = order.index(str(key[-1])) if key[-1] in order else len(order)
        before = [n for n, name in enumerate(names) if name in order and order.index(name) < rank]
        after = holder.value[before[-1] if before else (len(names) - 1 if key[-1] not in order else 0)]
        require_here(after[1], after[0])
        at = line_end(text, max(end_of(text, after[1]), int(after[0].end_mark.index)))
        indent = column(text, start_of(holder))
        return at, at, f"\n{' ' * indent}{flow_text(key[-1])}:{after_colon(value, indent, str(key[-1]))}"

    def _inserted(self, key: Key, index: int, value: object) -> Edit:
        text, node = self.text, find(compose(self.text), key)
        if not isinstance(node, yaml.SequenceNode) or node.flow_style:
            whole = list(_at(self.data(), key))
            whole.insert(index, value)
            return self._replaced(_outer(compose(text), key), whole, key)
        dashes = [text.rindex("-", 0, start_of(item)) for item in node.value]
        lead = column(text, dashes[0])
        words = f"{' ' * lead}- {item_text(value, lead + 2)}"
        apart = len(dashes) > 1 and "\n\n" in text[end_of(text, node.value[0]) : dashes[1]].replace("\r", "")
        if index == 0:
            at = line_start(text, dashes[0])
            return at, at, words + ("\n\n" if apart else "\n")
        at = line_end(text, end_of(text, node.value[index - 1]))
        return at, at, ("\n\n" if apart else "\n") + words

    def _removed(self, key: Key) -> Edit:
        text, root = self.text, compose(self.text)
        holder, name = find(root, key[:-1]), key[-1]
        if isinstance(holder, yaml.CollectionNode) and holder.flow_style:
            whole = copy.deepcopy(_at(self.data(), key[:-1]))
            del whole[name]
            return self._replaced(_outer(root, key[:-1]), whole, key[:-1])
        node = find(root, key)
        if isinstance(name, int):
            begin = text.rindex("-", 0, start_of(node))
        else:
            begin = start_of(pair_of(holder, name)[0])
        end = max(end_of(text, node), begin)
        if text[line_start(text, begin) : begin].strip():  # it shares its line with the dash of a list
            later = [start_of(other) for other, _ in holder.value if start_of(other) > begin]
            return begin, later[0], ""
        end = _next_line(text, line_end(text, end))
        if isinstance(name, int):  # one gap remains of the two around it
            while end < len(text) and not text[end : line_end(text, end)].strip():
                end = _next_line(text, line_end(text, end))
        return line_start(text, begin), end, ""


def _next_line(text: str, at: int) -> int:
    following = text.find("\n", at)
    return len(text) if following < 0 else following + 1


def _outer(root: yaml.Node, key: Key) -> Key:
    """The key of the outermost value around `key` that is written on one line; `key` itself where none is."""
    for length in range(1, len(key)):
        node = find(root, key[:length])
        if isinstance(node, yaml.CollectionNode) and node.flow_style:
            return key[:length]
    return key


def _at(data: Any, key: Key) -> Any:
    for part in key:
        data = data[part]
    return data


def _with(data: Any, key: Key, value: object) -> Any:
    """The data with another value at the key."""
    if not key:
        return copy.deepcopy(value)
    holder = _at(data, key[:-1])
    holder[key[-1]] = copy.deepcopy(value)
    return data
