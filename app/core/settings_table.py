"""The manual page of the settings, made from their declarations so that it cannot fall behind them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import get_args, get_type_hints

from app.core.config import PREFIX, Settings
from app.core.text import Text

_HEAD = """# 设置 · Settings

每项设置取自环境变量或工作目录下的 `.env` 文件，环境变量优先。
Each setting is read from the environment or from a `.env` file in the working directory; the environment wins.

This page is generated from `app/core/config.py`: `creditlink docs settings --out docs/settings.md`.

| 变量 variable | 类型 type | 默认 default | 含义 meaning |
| --- | --- | --- | --- |
"""


def _kind(kind: object) -> str:
    options = get_args(kind)
    if options and all(isinstance(option, str) for option in options):
        return " \\| ".join(f"`{option}`" for option in options)
    names = {bool: "true/false", int: "whole number", float: "number", str: "text"}
    return names.get(kind, "path") if isinstance(kind, type) else "path"


def _default(default: object, derived: Text | None, secret: bool) -> str:
    if derived is not None:
        return f"{derived.zh}<br>{derived.en}"
    if secret:
        return "仅供开发 for development only"
    if default in ("", None):
        return "–"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def settings_page() -> str:
    """The page as Markdown, one row a setting, in the order of declaration."""
    kinds = get_type_hints(Settings)
    rows = []
    for each in dataclasses.fields(Settings):
        meta = each.metadata
        doc: Text = meta["doc"]
        default = _default(each.default, meta["derived"], meta["secret"])
        rows.append(f"| `{PREFIX}{each.name.upper()}` | {_kind(kinds[each.name])} | {default} | {doc.zh}<br>{doc.en} |")
    return _HEAD + "\n".join(rows) + "\n"


def page_is_fresh(page: Path) -> bool:
    """Whether the file holds exactly what would be generated now."""
    return page.is_file() and page.read_text(encoding="utf-8") == settings_page()
