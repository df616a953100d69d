"""Every sentence of every template is said in both languages, and no template holds inline code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parents[3] / "app"
TEMPLATES = sorted(APP.rglob("templates/**/*.html"))
CALL = re.compile(r"\bt\(")
_SAID = r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
BOTH = re.compile(rf"\bt\(\s*{_SAID}\s*,\s*{_SAID}\s*\)")
# Words that the view hands over in both languages.
HANDED_OVER = re.compile(r"\bt\(\s*[\w.\[\]]+\s*,\s*[\w.\[\]]+\s*\)")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ALLOWED_BARE = {"中文"}  # a language is named in itself


def words_only(template: str) -> str:
    """The template without comments and without what `t()` says."""
    return BOTH.sub("", re.sub(r"\{#.*?#\}", "", template, flags=re.DOTALL))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_sentence_is_in_both_languages(path: Path) -> None:
    template = path.read_text(encoding="utf-8")
    calls = len(CALL.findall(template))
    assert len(BOTH.findall(template)) + len(HANDED_OVER.findall(template)) == calls
    for _, en in BOTH.findall(template):
        assert en.strip("'\""), template
    bare = words_only(template)
    for allowed in ALLOWED_BARE:
        bare = bare.replace(allowed, "")
    assert not CHINESE.search(bare)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_inline_code(path: Path) -> None:
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", path.read_text(encoding="utf-8"))
