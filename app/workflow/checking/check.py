"""All checks of a definition together, and the same for a file that somebody has sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from lxml import etree

from app.core.errors import CreditLinkError, Invalid
from app.core.registry import Registry
from app.core.text import Text
from app.language import Vocabulary
from app.workflow.checking.cases import run_cases
from app.workflow.checking.foreign import unsupported
from app.workflow.checking.graph import ACTIVITIES, Graph, read_graph
from app.workflow.checking.lint import lint
from app.workflow.checking.report import Problem, Report
from app.workflow.checking.rule import Drawing
from app.workflow.checking.soundness import Soundness, explore
from app.workflow.content import Content, compiled, vocabulary_of
from app.workflow.definitions import FORMS, definitions, read_content


def check_content(content: Content, registry: Registry, known: Iterable[str] = ()) -> Report:
    """Parse, lint, soundness, forms and cases of a definition. Never raises for what is wrong with it.

    `known` are processes that may be called beside those that are shipped.
    """
    try:
        graph = read_graph(content.xml)
    except Invalid as unreadable:
        return Report((Problem("error", "diagram", unreadable.message),))
    process = content.process.rpartition(".")[2]
    description: Mapping[str, Any] = content.description if isinstance(content.description, Mapping) else {}
    drawing = Drawing(
        graph,
        process,
        registry,
        description,
        _vocabulary(description),
        content.forms,
        _shipped() | {*known, content.process},
    )
    problems = [*lint(drawing), *_form_problems(content, registry)]
    played = explore(graph, process) if process in graph.processes else Soundness(None)
    problems += played.problems
    if not content.cases:
        problems.append(
            Problem(
                "error",
                "no-cases",
                Text(
                    "流程没有用例，无法证明它按预期走", "the process has no cases to show that it does what it should"
                ),
            )
        )
    elif not any(each.severity == "error" for each in problems):
        problems += _case_problems(content, graph)
    return _report(problems, graph, played, len(content.cases))


def check_graph(graph: Graph, registry: Registry) -> Report:
    """Lint and soundness of a bare file, each of its executable processes (or all, where none is marked so)."""
    wanted = [name for name, executable in graph.processes.items() if executable] or list(graph.processes)
    if not wanted:
        words = Text("文件中没有流程", "the file holds no process")
        return _report([Problem("error", "process-id", words)], graph, Soundness(None), 0)
    problems: list[Problem] = []
    played: list[Soundness] = []
    for process in wanted:
        drawing = Drawing(graph, process, registry, known=_shipped() | set(graph.processes))
        problems += [each for each in lint(drawing) if each not in problems]
        played.append(explore(graph, process))
        problems += [each for each in played[-1].problems if each not in problems]
    verdicts = [each.sound for each in played]
    sound = False if False in verdicts else None if None in verdicts else True
    return _report(problems, graph, Soundness(sound, (), sum(each.states for each in played)), 0)


def check_file(file: Path, registry: Registry) -> Report:
    """Check a diagram file; as a whole definition where it is the diagram of a process.yaml beside it.

    Raises Invalid (`workflow.diagram`) for what is no BPMN file, and OSError.
    """
    if file.stat().st_size > _LARGEST:
        raise Invalid("workflow.diagram", Text("流程图过大", "The diagram is too large"))
    graph = read_graph(file.read_bytes())
    description = file.parent / "process.yaml"
    if description.is_file() and _describes(description, file.name):
        try:
            return check_content(read_content(file.parent, _forms_of(file)), registry)
        except Invalid as wrong:
            found = check_graph(graph, registry)
            return replace(found, problems=(Problem("error", "definition", wrong.message), *found.problems))
    return check_graph(graph, registry)


_LARGEST = 4_000_000
"""Bytes; see `app.workflow.engine`. A file is not even read if it is larger."""


def _describes(description: Path, name: str) -> bool:
    try:
        given = yaml.load(description.read_bytes(), Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, OSError, ValueError):
        return True  # so that what is wrong with it is said
    return not isinstance(given, Mapping) or given.get("diagram") == name


def _forms_of(file: Path) -> Path:
    """The forms folder of the tree in which the diagram stands: beside its `bpmn` folder."""
    for parent in file.resolve().parents:
        if parent.name == "bpmn" and (parent.parent / "forms").is_dir():
            return parent.parent / "forms"
    return FORMS


def _report(problems: Iterable[Problem], graph: Graph, played: Soundness, cases: int) -> Report:
    ordered = sorted(problems, key=lambda each: each.severity != "error")
    return Report(tuple(ordered), unsupported(graph.root), cases, played.sound, played.states)


def _vocabulary(description: Mapping[str, Any]) -> Vocabulary | None:
    try:
        return vocabulary_of(description)
    except (KeyError, TypeError, AttributeError, ValueError):
        return None


def _shipped() -> frozenset[str]:
    try:
        return frozenset(definitions())
    except CreditLinkError:
        return frozenset()


def _form_problems(content: Content, registry: Registry) -> Iterator[Problem]:
    # Forms say what is wrong with them in the words of this package, so they can be loaded only after it.
    from app.workflow.forms import form_problems

    for name, schema in content.forms.items():
        yield from form_problems(name, schema, registry)


def _case_problems(content: Content, graph: Graph) -> Iterator[Problem]:
    """What the cases show; only asked of a definition in which nothing else is wrong."""
    try:
        outcomes = run_cases(compiled(content))
    except Invalid as wrong:
        yield Problem("error", "definition", wrong.message)
        return
    except (ValueError, TypeError, KeyError, AttributeError, etree.LxmlError) as wrong:
        yield Problem("error", "definition", Text(f"流程无法运行：{wrong}", f"the process cannot be run: {wrong}"))
        return
    passed: set[str] = set()
    for outcome in outcomes:
        passed.update(outcome.passed)
        for fault in outcome.faults:
            words = Text(f"用例“{outcome.name.zh}”：{fault.zh}", f"case “{outcome.name.en}”: {fault.en}")
            yield Problem("error", "case", words, outcome.name.en)
    for node in graph.nodes.values():
        if node.id not in passed and (node.kind in ACTIVITIES or node.kind == "endEvent"):
            name = graph.label(node.id)
            words = Text(f"没有用例走到「{name}」", f"no case comes to “{name}”")
            if node.kind not in ("subProcess",):
                yield Problem("warning", "not-in-a-case", words, node.id)
