"""Process definitions from the `bpmn/` folder: the diagram, its words, and the names that its conditions may use."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from app.core.errors import Invalid, NotFound
from app.core.text import Text
from app.language import Field, Kind, Scalar, Struct, Vocabulary
from app.workflow.engine import Diagram

ROOT = Path(__file__).resolve().parents[2] / "bpmn"
_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """One version of a process; `version` is the hash of its diagram and description."""

    process: str
    title: Text
    purpose: Text
    owner: Text
    basis: tuple[str, ...]
    version: str
    xml: bytes
    diagram: Diagram
    cases: tuple[Mapping[str, Any], ...]


def definition(process: str) -> Definition:
    """The definition of a process. Raises NotFound."""
    found = definitions().get(process)
    if found is None:
        raise NotFound("workflow.process", Text("没有流程 {name}", "There is no process {name}").format(name=process))
    return found


@lru_cache
def definitions() -> Mapping[str, Definition]:
    """All processes by name. Raises Invalid with the file in which something is wrong."""
    return {each.process: each for path in sorted(ROOT.glob("*/*/process.yaml")) for each in [_read(path)]}


def _read(path: Path) -> Definition:
    raw = path.read_bytes()
    try:
        given = yaml.load(raw, Loader=yaml.CSafeLoader)
        xml = (path.parent / given["diagram"]).read_bytes()
        vocabulary = Vocabulary(
            {
                name: Field(name, Struct({key: _field(key, kind) for key, kind in fields.items()}), Text(name, name))
                for name, fields in (given.get("facts") or {}).items()
            }
        )
        cases = tuple(
            case
            for file in sorted((path.parent / "cases").glob("*.yaml"))
            for case in yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)["cases"]
        )
        return Definition(
            process=given["process"],
            title=Text.of(given["title"]),
            purpose=Text.of(given["purpose"]),
            owner=Text.of(given["owner"]),
            basis=tuple(given.get("basis", ())),
            version=hashlib.sha256(raw + b"\0" + xml).hexdigest(),
            xml=xml,
            diagram=Diagram(xml, str(given["process"]).rpartition(".")[2], vocabulary),
            cases=cases,
        )
    except (OSError, KeyError, TypeError, yaml.YAMLError) as problem:
        raise Invalid(
            "workflow.definition",
            Text("{file} 有误：{why}", "{file} is wrong: {why}").format(
                file=f"{path.parent.name}/process.yaml", why=problem
            ),
        ) from problem


def _field(name: str, kind: str) -> Field:
    return Field(name, Scalar(_KINDS[kind]), Text(name, name), written=_KINDS[kind] not in (Kind.BOOL, Kind.NUMBER))
