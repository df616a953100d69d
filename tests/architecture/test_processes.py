"""Every case beside a process diagram is played through: the path it takes, where it ends, and the answers it needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from app.factory import assemble
from app.workflow.definitions import ROOT, Definition, definitions

CASES = [
    pytest.param(defined, case, id=f"{defined.process}: {case['name']['en']}")
    for defined in definitions().values()
    for case in defined.cases
]


@pytest.mark.parametrize(("defined", "case"), CASES)
def test_case(defined: Definition, case: Mapping[str, Any]) -> None:
    run = defined.diagram.start(case["data"])
    answers = dict(case.get("answers", {}))
    taken = []

    while not run.finished:
        due = [*run.steps(), *run.questions()]
        assert due, f"the process stands still at {run.waiting()}"
        for each in due:
            taken.append(each.node)
            step = getattr(each, "step", None)
            result = case.get("results", {}).get(step, {}) if step else answers.pop(each.node)
            run.complete(each.task_id, each.result, result)

    assert taken == case["path"]
    assert run.path()[-1] == case["end"]
    assert not answers, "answers to questions that were never asked"


def test_every_node_of_every_process_is_on_the_path_of_a_case() -> None:
    for defined in definitions().values():
        assert len(defined.cases) >= 2, defined.process
        seen = {node for case in defined.cases for node in (*case["path"], case["end"])}
        work = {node.id for node in defined.diagram.nodes if node.kind.endswith("Task") or node.kind == "endEvent"}
        assert work == seen, defined.process


def test_every_step_permission_and_role_of_a_diagram_is_known() -> None:
    registry = assemble()
    registry.check()
    for defined in definitions().values():
        run = defined.diagram
        assert run.step_names <= registry.steps.keys()
        assert run.permissions <= registry.permissions.keys()


def test_every_question_names_a_form_that_is_there() -> None:
    for defined in definitions().values():
        for case in defined.cases:
            run = defined.diagram.start(case["data"])
            answers = dict(case.get("answers", {}))
            while not run.finished:
                for call in list(run.steps()):
                    run.complete(call.task_id, call.result, case.get("results", {}).get(call.step, {}))
                for question in list(run.questions()):
                    assert (ROOT.parent / "forms" / f"{question.form}.json").is_file(), question
                    assert question.role in assemble().roles
                    assert question.permission, question
                    run.complete(question.task_id, question.result, answers[question.node])
