"""Values as the YAML that people would write by hand: short things on one line, long texts folded, the rest in blocks."""

from __future__ import annotations

import textwrap
from typing import Any, Final

import yaml

LINE: Final = 120
"""Characters after which a text is folded."""
_ON_ONE_LINE: Final = frozenset({"each", "needs", "include", "expect"})


class _Dumper(yaml.SafeDumper):
    """Writes texts with breaks or unseen characters in double quotes, so that each stays on its line."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = None if value.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def _dumped(value: object, *, flow: bool = False) -> str:
    said = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, default_flow_style=flow, width=10**9, sort_keys=False)
    return str(said)


def after_colon(value: object, indent: int, key: str = "") -> str:
    """What follows the `key:` that stands `indent` characters in: a space and the value, or lines of its own."""
    flow = flow_text(value) if isinstance(value, dict | list) else ""
    if not value and isinstance(value, dict | list):
        return f" {flow}"
    if isinstance(value, dict):
        short = indent + len(flow) <= LINE
        return f" {flow}" if key in _ON_ONE_LINE and short else "\n" + _mapping(value, indent + 2)
    if isinstance(value, list):
        plain = not any(isinstance(each, dict | list) for each in value)
        if indent + len(flow) <= LINE and (plain or key in _ON_ONE_LINE):
            return f" {flow}"
        return "\n" + _sequence(value, indent + 2)
    return " " + _scalar(value, indent)


def item_text(value: object, column: int) -> str:
    """What stands after the dash of a list, its first character in that column."""
    if isinstance(value, dict) and value:
        return _mapping(value, column)[column:]
    return flow_text(value) if isinstance(value, dict | list) else _scalar(value, column - 2)


def flow_text(value: object) -> str:
    """A value on one line."""
    return _dumped([value], flow=True).strip()[1:-1]


def _mapping(value: dict[Any, Any], indent: int) -> str:
    lead = " " * indent
    lines = (f"{lead}{flow_text(name)}:{after_colon(inner, indent, str(name))}" for name, inner in value.items())
    return "\n".join(lines)


def _sequence(value: list[Any], indent: int) -> str:
    return "\n".join(f"{' ' * indent}- {item_text(inner, indent + 2)}" for inner in value)


def _scalar(value: object, indent: int) -> str:
    if not isinstance(value, str):
        return _dumped({"k": value})[3:].rstrip("\n")
    lead, lines = " " * (indent + 2), value.split("\n")
    plain = all(line.isprintable() for line in lines) and value == value.rstrip() and not value.startswith((" ", "\n"))
    if not plain and not value.isprintable():
        return _dumped(value).rstrip("\n")
    if len(lines) > 1:
        return "|-\n" + "\n".join(lead + line if line else "" for line in lines)
    if len(value) > LINE - indent and plain and " " in value and " ".join(value.split()) == value:
        folded = textwrap.wrap(value, LINE - indent, break_long_words=False, break_on_hyphens=False)
        return ">-\n" + "\n".join(lead + line for line in folded)
    return _dumped({"k": value})[3:].rstrip("\n")
