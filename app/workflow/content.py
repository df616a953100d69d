"""What a process definition consists of, wherever it is kept: diagram, description, forms and cases.

Analysts own all four. Together they are one thing: published at once, known by one hash, and immutable from then on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from app.core.errors import Invalid
from app.core.text import Text
from app.language import Field, Kind, Scalar, Struct, Vocabulary
from app.workflow.engine import Diagram

_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True)
class Content:
    """A definition as it is written, right or wrong. `process` is `area.name`; `forms` are form-js schemas by `area/name`."""

    process: str
    description: Mapping[str, Any]
    xml: bytes
    forms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    cases: tuple[Mapping[str, Any], ...] = ()

    @cached_property
    def version(self) -> str:
        """The hash by which what it does is known; its cases are not part of that. 64 hex digits."""
        said = json.dumps([self.description, self.forms], ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(said.encode() + b"\0" + self.xml).hexdigest()


@dataclass(frozen=True, eq=False)
class Definition:
    """A definition that can be run."""

    content: Content
    title: Text
    purpose: Text
    owner: Text
    basis: tuple[str, ...]
    diagram: Diagram

    @property
    def process(self) -> str:
        return self.content.process

    @property
    def version(self) -> str:
        return self.content.version

    @property
    def xml(self) -> bytes:
        return self.content.xml

    @property
    def cases(self) -> tuple[Mapping[str, Any], ...]:
        return self.content.cases


def compiled(content: Content) -> Definition:
    """Make a definition runnable. Raises Invalid (`workflow.definition` and the codes of `Diagram`)."""
    given = content.description
    try:
        return Definition(
            content=content,
            title=Text.of(given["title"]),
            purpose=Text.of(given["purpose"]),
            owner=Text.of(given["owner"]),
            basis=tuple(given.get("basis", ())),
            diagram=Diagram(content.xml, content.process.rpartition(".")[2], vocabulary_of(given)),
        )
    except (KeyError, TypeError, AttributeError) as problem:
        raise Invalid(
            "workflow.definition",
            Text("流程 {name} 的说明有误：{why}", "The description of process {name} is wrong: {why}").format(
                name=content.process, why=problem
            ),
        ) from problem


def vocabulary_of(description: Mapping[str, Any]) -> Vocabulary:
    """The names that conditions of a process may use: its `facts`. Raises KeyError, TypeError and AttributeError."""
    return Vocabulary(
        {
            name: Field(name, Struct({key: _field(key, kind) for key, kind in fields.items()}), Text(name, name))
            for name, fields in (description.get("facts") or {}).items()
        }
    )


def _field(name: str, kind: str) -> Field:
    return Field(name, Scalar(_KINDS[kind]), Text(name, name), written=_KINDS[kind] not in (Kind.BOOL, Kind.NUMBER))
