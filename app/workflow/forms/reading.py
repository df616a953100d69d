"""From a form-js schema to a `Form`: everything wrong with it is found at once, and nothing in it is ever run.

Schemas are drawn by analysts with the form-js editor and come from files and uploads alike: any JSON may be given here.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from app.core.text import Text
from app.language import ExpressionInvalid
from app.workflow.forms.conditions import circle, read_hide, vocabulary_of
from app.workflow.forms.field_reading import FIELD_KINDS, read_field
from app.workflow.forms.parts import (
    Document,
    Evidence,
    Fault,
    Form,
    FormInvalid,
    Gap,
    Group,
    Hide,
    Part,
    Words,
)
from app.workflow.forms.properties import LONGEST_TEXT, Properties

MOST_PARTS: Final = 200
DEEPEST: Final = 5
_LARGEST: Final = 500_000
_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_TAKEN: Final = frozenset(
    {
        *(word.lower() for word in keyword.kwlist),
        "csrf_token",
        "codes",
        "meta",
        "all",
        "any",
        "sum",
        "count",
        "distinct",
    }
)
_BESIDE: Final = frozenset({"evidence", "document"})
_PLAIN: Final = frozenset({"text", "group", "separator", "spacer"})


def read_form(name: str, schema: Mapping[str, Any]) -> Form:
    """The form of a schema. Raises FormInvalid (`workflow.form`) with all faults and their places."""
    try:
        written = json.dumps(schema, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        raise FormInvalid(name, (_fault("json", "须为 JSON", "the schema must be JSON"),)) from None
    if len(written) > _LARGEST:
        raise FormInvalid(name, (_fault("size", "表单过大", "the schema is too large"),))
    try:
        return _read(name, written)
    except RecursionError:
        raise FormInvalid(name, (_fault("depth", "嵌套过深", "the schema is nested too deeply"),)) from None


@lru_cache(maxsize=512)
def _read(name: str, written: str) -> Form:
    schema = json.loads(written)
    faults: list[Fault] = []
    if not isinstance(schema, Mapping):
        raise FormInvalid(name, (_fault("type", "表单须为对象", "the schema must be an object"),))
    form = _Reader(faults).form(name, Properties(schema, "", faults))
    if any(not each.warning for each in faults):
        raise FormInvalid(name, tuple(sorted(faults, key=lambda each: each.warning)))
    if round_ := circle(form):
        way = " → ".join((*round_, round_[0]))
        raise FormInvalid(
            name, (_fault("circle", f"显示条件互相循环：{way}", f"the conditions go round in a circle: {way}"),)
        )
    return form


def _fault(rule: str, zh: str, en: str) -> Fault:
    return Fault(rule, "", Text(zh, en))


class _Reader:
    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        self.count = 0
        self.keys: dict[str, tuple[str, Text]] = {}
        self.vocabulary = vocabulary_of({})

    def form(self, name: str, schema: Properties) -> Form:
        if schema.text("type") not in ("", "default"):
            schema.wrong("type", "表单类型须为 default", "the type of the schema must be default")
        schema.whole("schemaVersion", 1, 30)
        title = schema.object("title")
        zh, en = title.text("zh"), title.text("en")
        if not zh or not en:
            title.wrong("title", "表单须有中英文标题", "the form needs a title in Chinese and English", warning=True)
        components = schema.list("components", MOST_PARTS)
        if not components:
            schema.wrong("empty", "表单没有任何组件", "the form has no components")
        self._collect(components, "components", 1)
        self.vocabulary = vocabulary_of(self.keys)
        parts = tuple(self._parts(components, "components", 1))
        if self.count > MOST_PARTS:
            schema.wrong("size", f"组件超过{MOST_PARTS}个", f"the form has more than {MOST_PARTS} components")
        warnings = tuple(each for each in self.faults if each.warning)
        return Form(name, Text(zh or name, en or zh or name), parts, schema.flag("bulk"), warnings)

    def _collect(self, components: list[Any], place: str, depth: int) -> None:
        """Note the keys of all fields first: conditions may name what stands further down."""
        for number, each in enumerate(components):
            self.count += 1
            if not isinstance(each, Mapping) or self.count > MOST_PARTS:
                continue
            kind, inside = each.get("type"), each.get("components")
            if kind == "group" and isinstance(inside, list) and depth < DEEPEST:
                self._collect(inside, f"{place}[{number}].components", depth + 1)
            elif isinstance(kind, str) and kind in FIELD_KINDS:
                self._note_key(each, FIELD_KINDS[kind], f"{place}[{number}]")

    def _note_key(self, given: Mapping[str, Any], kind: str, place: str) -> None:
        key, at = given.get("key"), Properties(given, place, self.faults)
        if not isinstance(key, str) or not key:
            at.wrong("key", "字段缺少键名（key）", "the field has no key")
        elif not _KEY.fullmatch(key):
            at.wrong(
                "key",
                "键名须以字母开头，只含字母、数字与下划线，至多60个字符",
                "a key begins with a letter and has only letters, digits and underscores, at most 60",
            )
        elif key.lower() in _TAKEN:
            at.wrong("key", f"键名“{key}”是保留字", f"the key “{key}” is reserved")
        elif key in self.keys:
            at.wrong("key", f"键名“{key}”重复", f"the key “{key}” is used twice")
        else:
            label = given.get("label")
            label = label if isinstance(label, str) else key
            english = given.get("label_en")
            self.keys[key] = (kind, Text(label, english if isinstance(english, str) else label))

    def _parts(self, components: list[Any], place: str, depth: int) -> Iterator[Part]:
        for number, each in enumerate(components):
            where = f"{place}[{number}]"
            if not isinstance(each, Mapping):
                self.faults.append(Fault("type", where, Text("组件须为对象", "a component must be an object")))
                continue
            key = each.get("key")
            marked = f"{where} {key}" if isinstance(key, str) and _KEY.fullmatch(key) else where
            part = self._part(Properties(each, marked, self.faults), where, depth)
            if part is not None:
                yield part

    def _part(self, given: Properties, where: str, depth: int) -> Part | None:
        kind, id_ = given.text("type"), "-".join(re.findall("[0-9]+", where))
        hide = self._hide(given)
        if kind in FIELD_KINDS:
            return read_field(given, id_, hide)
        if kind == "group":
            return self._group(given, id_, hide, where, depth)
        if kind == "text":
            words = given.words("text", LONGEST_TEXT)
            if words is None:
                given.wrong("text", "文字组件没有内容", "the text component is empty")
            return Words(id=id_, hide=hide, text=words or Text("", ""))
        if kind in ("separator", "spacer"):
            return Gap(id=id_, hide=hide, line=kind == "separator")
        if kind in _BESIDE:
            return self._beside(given, kind, id_, hide)
        near = ", ".join(sorted({*FIELD_KINDS, *_PLAIN, *_BESIDE}))
        given.wrong(
            "unknown_type",
            f"不支持的组件类型“{kind or '（无）'}”，可用：{near}",
            f"the component type “{kind or 'none'}” is not supported; there are: {near}",
        )
        return None

    def _group(self, given: Properties, id_: str, hide: Hide | None, where: str, depth: int) -> Part | None:
        if depth >= DEEPEST:
            given.wrong("depth", f"分组嵌套超过{DEEPEST}层", f"groups are nested deeper than {DEEPEST}")
            return None
        if given.given.get("path"):
            given.wrong("path", "不支持分组的 path", "the path of a group is not supported")
        inside = given.list("components", MOST_PARTS)
        return Group(
            id=id_,
            hide=hide,
            label=given.words("label"),
            parts=tuple(self._parts(inside, f"{where}.components", depth + 1)),
        )

    def _beside(self, given: Properties, kind: str, id_: str, hide: Hide | None) -> Part:
        label = given.words("label")
        if label is None:
            given.wrong("label", "缺少标题（label）", "the label is missing")
        needed = "source" if kind == "evidence" else "attachment"
        value = given.text(needed)
        if not value:
            given.wrong(needed, f"缺少“{needed}”", f"“{needed}” is missing")
        label = label or Text("", "")
        if kind == "document":
            return Document(id=id_, hide=hide, label=label, attachment=value)
        columns = tuple(each for each in given.list("columns", 20) if isinstance(each, str))
        if len(columns) != len(given.list("columns", 20)) or len(set(columns)) != len(columns):
            given.wrong("columns", "“columns”须为互不相同的列名", "“columns” must be names of columns, each once")
        return Evidence(id=id_, hide=hide, label=label, source=value, params=given.names("params"), columns=columns)

    def _hide(self, given: Properties) -> Hide | None:
        conditional = given.object("conditional")
        if not conditional.given:
            return None
        conditional.only("hide")
        text = conditional.text("hide", 1_000)
        if not text or text == "=":
            return None
        try:
            return read_hide(text, self.vocabulary)
        except ExpressionInvalid as problem:
            conditional.wrong("condition", problem.message.zh, problem.message.en)
            return None
