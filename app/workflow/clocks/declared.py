"""The clocks that a process declares in its description (`clocks:`), read once and checked with all faults at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core.errors import Invalid
from app.core.text import Text
from app.workflow.clocks.limits import Limit, parse_limit

KINDS: Final = {
    "statutory": Text("法定", "Statutory"),
    "bureau": Text("征信中心", "Credit centre"),
    "step": Text("步骤", "Step"),
    "house": Text("内部", "House"),
}
START: Final = "start"
"""Stands in `from` for the start of the instance."""
_KEYS: Final = frozenset({"title", "kind", "from", "until", "within", "warn", "escalate", "basis"})
_LONGEST: Final = {"name": 80, "title": 200, "basis": 80, "escalate": 40}
_MOST_WARNINGS: Final = 10


@dataclass(frozen=True, slots=True)
class Declared:
    """A clock of a process. Entering `begins` starts it, leaving one of `until` meets it; none: the end of the instance."""

    name: str
    title: Text
    kind: str
    begins: str
    until: frozenset[str]
    within: Limit
    warn: tuple[Limit, ...] = ()
    escalate: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a declaration. `place` is like `clocks.answer.within`."""

    place: str
    message: Text


def declared(description: Mapping[str, Any]) -> tuple[Declared, ...]:
    """The clocks of a description. Raises Invalid (`workflow.clocks`) with all its faults and their places."""
    given = description.get("clocks")
    if not given:
        return ()
    if found := faults(description):
        raise Invalid(
            "workflow.clocks",
            Text(
                "；".join(f"{each.place}：{each.message.zh}" for each in found),
                "; ".join(f"{each.place}: {each.message.en}" for each in found),
            ),
        )
    return tuple(_read(name, entry) for name, entry in given.items())


def faults(
    description: Mapping[str, Any], nodes: Collection[str] | None = None, roles: Collection[str] | None = None
) -> tuple[Fault, ...]:
    """Everything wrong with `clocks:`. Elements and roles are looked for where `nodes` and `roles` are given."""
    given = description.get("clocks")
    if not given:
        return ()
    if not isinstance(given, Mapping):
        return (Fault("clocks", Text("须为“名称: 定义”的映射", "must map names to clocks")),)
    return tuple(fault for name, entry in given.items() for fault in _faults(name, entry, nodes, roles))


def _faults(
    name: object, entry: object, nodes: Collection[str] | None, roles: Collection[str] | None
) -> Iterator[Fault]:
    place = f"clocks.{name}"
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST["name"]:
        yield Fault(place, Text("名称须为 1–80 个字符的文字", "the name must be text of 1 to 80 characters"))
    if not isinstance(entry, Mapping):
        yield Fault(place, Text("须为映射", "must be a mapping"))
        return
    for key in sorted(str(key) for key in entry if key not in _KEYS):
        known = "、".join(sorted(_KEYS))
        yield Fault(
            f"{place}.{key}",
            Text(f"不认识这一项；可用：{known}", f"is not known; there are: {known.replace('、', ', ')}"),
        )
    yield from _title_faults(f"{place}.title", entry.get("title"))
    if entry.get("kind") not in KINDS:
        words = "、".join(KINDS)
        yield Fault(f"{place}.kind", Text(f"须为：{words}", f"must be one of {words.replace('、', ', ')}"))
    yield from _element_faults(place, entry, nodes)
    yield from _limit_faults(f"{place}.within", entry.get("within"))
    warn = entry.get("warn", [])
    if not isinstance(warn, list) or len(warn) > _MOST_WARNINGS:
        yield Fault(f"{place}.warn", Text("须为不超过 10 项的列表", "must be a list of at most 10"))
    else:
        for number, each in enumerate(warn):
            yield from _limit_faults(f"{place}.warn[{number}]", each)
    for key in ("escalate", "basis"):
        value, most = entry.get(key, ""), _LONGEST[key]
        if not isinstance(value, str) or len(value) > most:
            yield Fault(
                f"{place}.{key}", Text(f"须为不超过 {most} 字的文字", f"must be text of at most {most} characters")
            )
        elif key == "escalate" and value and roles is not None and value not in roles:
            yield Fault(f"{place}.escalate", Text(f"没有岗位 {value}", f"there is no role {value}"))


def _title_faults(place: str, title: object) -> Iterator[Fault]:
    words = [title.get("zh"), title.get("en")] if isinstance(title, Mapping) else [None]
    if not all(isinstance(each, str) and 0 < len(each) <= _LONGEST["title"] for each in words):
        yield Fault(place, Text("须有 zh 与 en 两种文字", "must have words in zh and en"))


def _element_faults(place: str, entry: Mapping[str, Any], nodes: Collection[str] | None) -> Iterator[Fault]:
    begins, until = entry.get("from"), entry.get("until", [])
    if not isinstance(begins, str) or not begins:
        yield Fault(
            f"{place}.from",
            Text("须为起算元素的编号，或 start", "must be the id of the element that starts it, or start"),
        )
    elif nodes is not None and begins != START and begins not in nodes:
        yield Fault(f"{place}.from", Text(f"流程图中没有元素 {begins}", f"the diagram has no element {begins}"))
    if not isinstance(until, list) or not all(isinstance(each, str) for each in until):
        yield Fault(f"{place}.until", Text("须为元素编号的列表", "must be a list of ids of elements"))
    elif nodes is not None:
        for each in until:
            if each not in nodes:
                yield Fault(f"{place}.until", Text(f"流程图中没有元素 {each}", f"the diagram has no element {each}"))


def _limit_faults(place: str, text: object) -> Iterator[Fault]:
    if not isinstance(text, str):
        yield Fault(place, Text("须写时限，如“15个工作日”", "must be a limit such as “15 working days”"))
        return
    try:
        parse_limit(text)
    except Invalid as problem:
        yield Fault(place, problem.message)


def _read(name: str, entry: Mapping[str, Any]) -> Declared:
    return Declared(
        name=name,
        title=Text.of(entry["title"]),
        kind=entry["kind"],
        begins=entry["from"],
        until=frozenset(entry.get("until", [])),
        within=parse_limit(entry["within"]),
        warn=tuple(parse_limit(each) for each in entry.get("warn", [])),
        escalate=entry.get("escalate", ""),
        basis=entry.get("basis", ""),
    )
