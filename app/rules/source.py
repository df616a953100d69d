"""Where the texts of a ruleset come from: a folder on disk, or texts that are held elsewhere, such as in the database.

Either way a text is known by its path below the folder of all rulesets: `submission/personal_basic/ruleset.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

RULESET: Final = "ruleset.yaml"
RULES: Final = "rules.yaml"
CASES: Final = "cases"
PATH: Final = re.compile(
    r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*/(ruleset\.yaml|rules\.yaml|cases/[A-Za-z0-9_][A-Za-z0-9_.-]{0,80}\.yaml)"
)
"""The form of a text's path; nothing else is written to a disk."""


class Source(Protocol):
    """What the reading of a ruleset asks for. `name` is that of its folder, which stands before its files in faults."""

    @property
    def name(self) -> str: ...

    def read(self, file: str) -> bytes:
        """A file of the ruleset's own: `ruleset.yaml`, `cases/P210-001.yaml`. Raises OSError where it is not to be had."""

    def cases(self) -> tuple[str, ...]:
        """The files with cases, `cases/…`, sorted."""

    def fragment(self, name: str) -> bytes | None:
        """The text of the shared rules of that name (area.folder), or None. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A ruleset as it lies on disk, in `area/ruleset/` below the folder of all rulesets."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    def read(self, file: str) -> bytes:
        return (self.path / file).read_bytes()

    def cases(self) -> tuple[str, ...]:
        return tuple(f"{CASES}/{each.name}" for each in sorted((self.path / CASES).glob("*.yaml")))

    def fragment(self, name: str) -> bytes | None:
        area, _, folder = name.partition(".")
        path = self.path.parent.parent / area / folder / RULES
        return path.read_bytes() if path.is_file() else None


@dataclass(frozen=True, slots=True)
class Texts:
    """A ruleset as texts by path, exactly as they are written; `folder` is `area/ruleset`, where its own lie.

    Beside its own the texts hold those of the shared rules that it includes.
    """

    folder: str
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.folder.rpartition("/")[2]

    def read(self, file: str) -> bytes:
        text = self.files.get(f"{self.folder}/{file}")
        if text is None:
            raise FileNotFoundError(2, "there is no such text", file)
        return text.encode("utf-8")

    def cases(self) -> tuple[str, ...]:
        prefix = f"{self.folder}/{CASES}/"
        return tuple(path.removeprefix(f"{self.folder}/") for path in sorted(self.files) if path.startswith(prefix))

    def fragment(self, name: str) -> bytes | None:
        text = self.files.get(f"{name.replace('.', '/')}/{RULES}")
        return None if text is None else text.encode("utf-8")


def as_source(given: Source | Path) -> Source:
    """A folder's path stands for the ruleset that lies in it."""
    return Folder(given) if isinstance(given, Path) else given
