"""Reads YAML content with the line of every value, so that what is wrong can be pointed at; refuses hostile files."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from app.core.text import Text
from app.rules.model import Fault

MAX_BYTES = 4_000_000
MAX_NODES = 400_000
MAX_DEPTH = 40

Key = tuple[str | int, ...]
"""The way to a value from the top of the file: keys of mappings and positions in lists."""


@dataclass
class Content:
    """What a YAML file holds, the line of each value, and the faults found in it so far."""

    file: str
    data: object
    lines: dict[Key, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, *key: str | int) -> int:
        """The line of a value, or of the nearest value around it that has one."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def wrong(self, message: Text, *key: str | int, rule: str = "", offset: int = 0) -> None:
        """Note a fault at a value."""
        self.faults.append(Fault(self.file, self.line(*key) + offset, rule, message))

    def text_pair(self, value: object, *key: str | int, rule: str = "") -> Text:
        """A `{zh, en}` pair; a fault and an empty text if it is not one."""
        if isinstance(value, dict) and value.keys() == {"zh", "en"}:
            pair = Text(str(value["zh"] or "").strip(), str(value["en"] or "").strip())
            if pair.zh and pair.en:
                return pair
        self.wrong(Text("须同时写明zh和en", "must have both zh and en"), *key, rule=rule)
        return Text("", "")

    def known_keys(self, data: Mapping[str, object], known: Iterable[str], *key: str | int, rule: str = "") -> None:
        """Note a fault for each key of a mapping that is not known, with the nearest one that is."""
        for name in data.keys() - set(known):
            near = difflib.get_close_matches(name, known, 1, 0.5)
            hint = (f"，是否指“{near[0]}”？", f"; did you mean “{near[0]}”?") if near else ("", "")
            message = Text(f"没有“{name}”这一项{hint[0]}", f"there is no key “{name}”{hint[1]}")
            self.wrong(message, *key, name, rule=rule)


class _Refused(Exception):
    def __init__(self, line: int, message: Text) -> None:
        super().__init__(message.en)
        self.line = line
        self.message = message


def read_content(read: Callable[[], bytes], shown: str) -> Content:
    """Read one text, shown in faults as `shown`. What keeps it from being read is a fault in the answer, whose data is
    then None."""
    content = Content(shown, None)
    try:
        raw = read()
        if len(raw) > MAX_BYTES:
            raise _Refused(1, Text("文件过大", "the file is too large"))
        node = yaml.compose(raw.decode("utf-8"), Loader=yaml.CSafeLoader)
        content.data = _Building(content).value(node, (), 0) if node is not None else None
    except _Refused as refused:
        content.faults.append(Fault(content.file, refused.line, "", refused.message))
    except UnicodeDecodeError:
        content.wrong(Text("文件不是UTF-8编码", "the file is not UTF-8"))
    except OSError as error:
        content.wrong(Text("文件无法读取", f"the file cannot be read: {error.strerror}"))
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        message = Text("YAML格式有误", f"not valid YAML: {getattr(error, 'problem', None) or type(error).__name__}")
        content.faults.append(Fault(content.file, mark.line + 1 if mark else 1, "", message))
    return content


class _Building:
    """Makes plain values of YAML nodes; the count of values bounds what aliases can blow up."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.count = 0
        self.scalars = yaml.constructor.SafeConstructor()

    def value(self, node: yaml.Node, key: Key, depth: int) -> object:
        line = node.start_mark.line + 1
        self.count += 1
        if self.count > MAX_NODES or depth > MAX_DEPTH:
            raise _Refused(line, Text("内容过多或嵌套过深", "the file holds too much or is nested too deeply"))
        self.content.lines[key] = line
        if isinstance(node, yaml.MappingNode):
            return dict(self.pairs(node, key, depth))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(inner, (*key, index), depth + 1) for index, inner in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            if node.style in ("|", ">"):
                self.content.lines[key] = line + 1
            return self.scalar(node, line)
        raise _Refused(line, Text("不支持的YAML内容", "this kind of YAML is not supported"))

    def pairs(self, node: yaml.MappingNode, key: Key, depth: int) -> Iterator[tuple[str, object]]:
        seen: set[str] = set()
        for name_node, value_node in node.value:
            line = name_node.start_mark.line + 1
            if not isinstance(name_node, yaml.ScalarNode):
                raise _Refused(line, Text("键须是文本", "a key must be text"))
            name = str(name_node.value)
            if name in seen:
                self.content.faults.append(
                    Fault(self.content.file, line, "", Text(f"“{name}”重复", f"“{name}” stands twice"))
                )
            seen.add(name)
            yield name, self.value(value_node, (*key, name), depth + 1)

    def scalar(self, node: yaml.ScalarNode, line: int) -> object:
        try:
            return self.scalars.construct_object(node)
        except (ValueError, yaml.YAMLError):
            raise _Refused(line, Text("值无法读取", f"the value {node.value[:40]!r} cannot be read")) from None
