"""Editions as files, the same that are kept under version control: written to a folder, read from one."""

from __future__ import annotations

from pathlib import Path

from app.core.errors import Invalid
from app.core.text import Text
from app.rules.loading import texts_of
from app.rules.source import CASES, PATH, Texts


def write_files(texts: Texts, root: Path) -> list[Path]:
    """Write all texts below the folder of all rulesets `root`, byte for byte; the files, sorted.

    Cases of the ruleset that are no more are taken away, so that the folder then holds exactly this edition. Raises Invalid
    (`rules.files`) where a file cannot be written.
    """
    written = []
    try:
        for path, text in sorted(texts.files.items()):
            if not PATH.fullmatch(path):
                raise ValueError(path)
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode("utf-8"))
            written.append(target)
        for old in (root / texts.folder / CASES).glob("*.yaml"):
            if old not in written:
                old.unlink()
    except (OSError, ValueError) as problem:
        raise _unusable(root, problem) from problem
    return written


def read_files(folder: Path) -> Texts:
    """The texts of the ruleset in a folder, right or wrong. Raises Invalid (`rules.files`) where they cannot be read."""
    try:
        return texts_of(folder.resolve())
    except (OSError, UnicodeDecodeError) as problem:
        raise _unusable(folder, problem) from problem


def _unusable(place: Path, problem: Exception) -> Invalid:
    return Invalid(
        "rules.files",
        Text("{place} 无法读写：{why}", "{place} cannot be used: {why}").format(place=place.name, why=problem),
    )
