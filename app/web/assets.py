"""Where the built front end lies: templates name `shell.js`, the build decides the hashed file."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import url_for
from markupsafe import Markup

BUILD: Final = Path(__file__).parent / "static" / "build"


@lru_cache(maxsize=1)
def _manifest(changed_at: float) -> dict[str, str]:
    names: dict[str, str] = json.loads((BUILD / "manifest.json").read_text(encoding="utf-8"))
    return names


def built() -> bool:
    """Whether the front end has been built (`npm run build`)."""
    return (BUILD / "manifest.json").is_file()


def asset(name: str) -> str:
    """The address of a built file. Without a build the plain name is given, so that pages still can be read."""
    names = _manifest((BUILD / "manifest.json").stat().st_mtime) if built() else {}
    return url_for("static", filename=f"build/{names.get(name, name)}")


def icon(name: str, label: str = "") -> Markup:
    """One icon of the sprite; decoration unless it has a `label`."""
    wording = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon" {}><use href="{}#{}"></use></svg>').format(wording, asset("icons.svg"), name)
