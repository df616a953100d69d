"""Reads what a policy or a watch declares: the kinds of facts with their fields, scales, derived names and lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.core.text import Text
from app.language import Field, Kind, Scalar
from app.rules.inference.policy import OUTCOME, Derived, Related, Scale, Shape
from app.rules.reading import Content, Key

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FIELD = frozenset({"type", "scale", "title"})
_SHAPE = frozenset({"title", "key", "fields", "derived", "lists"})
_LIST = frozenset({"of", "by", "title"})


class ShapeReading:
    """Reads declarations out of one content file; what is wrong is noted there."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.scales: dict[str, Scale] = {}

    def wrong(self, zh: str, en: str, *key: str | int) -> None:
        self.content.wrong(Text(zh, en), *key)

    def mapping(self, value: object, *key: str | int) -> dict[str, Any]:
        """The value as a mapping whose keys are names; a fault and nothing if it is not one."""
        if not isinstance(value, dict):
            self.wrong("须是键值结构", "must be a mapping", *key)
            return {}
        for name in value:
            if not NAME.fullmatch(name):
                self.wrong(
                    f"“{name}”不能作名称：小写字母开头，只含小写字母、数字、下划线",
                    f"“{name}” is not a name: lower-case letters, digits and underscores, a letter first",
                    *key,
                    name,
                )
        return {name: each for name, each in value.items() if NAME.fullmatch(name)}

    def read_scales(self, given: object) -> None:
        """The ordered scales, each a mapping of values to their titles from best to worst."""
        for name, raw in self.mapping(given, "scales").items():
            key: Key = ("scales", name)
            body = raw if isinstance(raw, dict) else {}
            self.content.known_keys(body, {"title", "values"}, *key)
            values = body.get("values")
            if not isinstance(values, dict) or len(values) < 2:
                self.wrong("values须是由好到坏的值及其名称", "values must map values, best first, to titles", *key)
                continue
            if list(values) != sorted(values):
                self.wrong(
                    "等级值须按文本顺序由好到坏",
                    "the values of a scale must rise in the order of text, best first",
                    *key,
                    "values",
                )
            titles = {v: self.content.text_pair(title, *key, "values", v) for v, title in values.items()}
            self.scales[name] = Scale(name, self.content.text_pair(body.get("title"), *key, "title"), titles)

    def read_shapes(self, given: object, top: str) -> dict[str, Shape]:
        """The kinds of facts by name."""
        shapes = {name: self._shape(name, raw, (top, name)) for name, raw in self.mapping(given, top).items()}
        if not shapes:
            self.wrong("至少声明一种事实", "at least one kind of fact must be declared", top)
        for shape in shapes.values():
            for related in shape.lists.values():
                self._check_list(shapes, related, (top, shape.name, "lists", related.name))
        return shapes

    def _shape(self, name: str, raw: object, key: Key) -> Shape:
        body = self.mapping(raw, *key)
        self.content.known_keys(body, _SHAPE, *key)
        fields: dict[str, Field] = {}
        scales: dict[str, Scale] = {}
        for each, declared in self.mapping(body.get("fields"), *key, "fields").items():
            derived = self.derived(each, declared, (*key, "fields", each))
            written = derived.kind not in (Kind.BOOL, Kind.NUMBER)
            fields[each] = Field(each, Scalar(derived.kind), derived.title, written=written)
            if derived.scale:
                scales[each] = derived.scale
        made = {
            each: self.derived(each, declared, (*key, "derived", each))
            for each, declared in self.mapping(body.get("derived", {}), *key, "derived").items()
        }
        lists = {
            each: self._list(each, declared, (*key, "lists", each))
            for each, declared in self.mapping(body.get("lists", {}), *key, "lists").items()
        }
        twice = (fields.keys() & made.keys()) | (fields.keys() & lists.keys()) | (made.keys() & lists.keys())
        for each in sorted(twice):
            self.wrong(f"“{each}”重复", f"“{each}” stands twice", *key)
        if OUTCOME in twice | fields.keys() | made.keys() | lists.keys():
            self.wrong("outcome是结论的名称，不能另作他用", "“outcome” is the verdict's own name", *key)
        own = str(body.get("key", ""))
        if own not in fields or fields[own].type != Scalar(Kind.TEXT):
            self.wrong("key须是一个文本字段的名称", "key must name a text field", *key, "key")
        return Shape(name, self.content.text_pair(body.get("title"), *key, "title"), own, fields, scales, made, lists)

    def derived(self, name: str, raw: object, key: Key) -> Derived:
        """A field or derived name: a type or a scale, and its title."""
        body = raw if isinstance(raw, dict) else {}
        self.content.known_keys(body, _FIELD, *key)
        title = self.content.text_pair(body.get("title"), *key, "title")
        if "scale" in body:
            scale = self.scales.get(str(body["scale"]))
            if scale is None:
                self.wrong(f"没有等级表“{body['scale']}”", f"there is no scale “{body['scale']}”", *key, "scale")
            return Derived(name, title, Kind.TEXT, scale)
        if body.get("type") not in set(Kind):
            choice = ", ".join(Kind)
            self.wrong(f"须写type（{choice}）或scale", f"needs a type ({choice}) or a scale", *key)
            return Derived(name, title, Kind.TEXT)
        return Derived(name, title, Kind(str(body["type"])))

    def _list(self, name: str, raw: object, key: Key) -> Related:
        body = raw if isinstance(raw, dict) else {}
        self.content.known_keys(body, _LIST, *key)
        title = self.content.text_pair(body.get("title"), *key, "title")
        return Related(name, title, str(body.get("of", "")), str(body.get("by", "")))

    def _check_list(self, shapes: Mapping[str, Shape], related: Related, key: Key) -> None:
        of = shapes.get(related.of)
        if of is None:
            self.wrong(f"没有事实“{related.of}”", f"there is no kind of fact “{related.of}”", *key, "of")
        elif related.by not in of.fields or of.fields[related.by].type != Scalar(Kind.TEXT):
            self.wrong(f"by须是{related.of}的文本字段", f"by must name a text field of {related.of}", *key, "by")
