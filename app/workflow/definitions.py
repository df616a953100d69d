"""The definitions that are shipped in the `bpmn/` and `forms/` folders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from lxml import etree

from app.core.errors import Invalid, NotFound
from app.core.text import Text
from app.workflow.content import Content, Definition, compiled

ROOT = Path(__file__).resolve().parents[2] / "bpmn"
FORMS = ROOT.parent / "forms"


def definition(process: str) -> Definition:
    """The shipped definition of a process. Raises NotFound."""
    found = definitions().get(process)
    if found is None:
        raise NotFound("workflow.process", Text("没有流程 {name}", "There is no process {name}").format(name=process))
    return found


@lru_cache
def definitions() -> Mapping[str, Definition]:
    """All shipped processes by name. Raises Invalid with the file in which something is wrong."""
    found = (compiled(read_content(path.parent, FORMS)) for path in sorted(ROOT.glob("*/*/process.yaml")))
    return {each.process: each for each in found}


def read_content(folder: Path, forms: Path) -> Content:
    """What the folder of a process holds. Raises Invalid with the file in which something is wrong."""
    file = folder / "process.yaml"
    try:
        given = _yaml(file)
        file = folder / given["diagram"]
        xml = file.read_bytes()
        used = {}
        start = given.get("start")
        begun_with = {str(start["form"])} if isinstance(start, dict) and start.get("form") else set()
        for name in sorted(form_names(xml) | begun_with):
            file = forms / f"{name}.json"
            used[name] = json.loads(file.read_text(encoding="utf-8"))
        cases = []
        for file in sorted((folder / "cases").glob("*.yaml")):
            cases += _yaml(file)["cases"]
        return Content(given["process"], given, xml, used, tuple(cases))
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError, etree.XMLSyntaxError) as problem:
        raise Invalid(
            "workflow.definition",
            Text("{file} 有误：{why}", "{file} is wrong: {why}").format(file=f"{folder.name}/{file.name}", why=problem),
        ) from problem


def form_names(xml: bytes) -> set[str]:
    """The forms that a diagram's questions name. Raises etree.XMLSyntaxError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    found = etree.fromstring(xml, parser).iterfind(".//{*}property[@name='form']")
    return {value for each in found if (value := each.get("value"))}


def _yaml(file: Path) -> Any:
    return yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
