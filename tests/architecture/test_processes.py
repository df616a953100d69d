"""Every case beside a process diagram is played through: the path it takes, where it ends, and the answers it needs."""

from __future__ import annotations

import pytest

from app.factory import assemble
from app.workflow.checking import check_content, run_cases
from app.workflow.definitions import Definition, definitions

PROCESSES = [pytest.param(defined, id=defined.process) for defined in definitions().values()]


@pytest.mark.parametrize("defined", PROCESSES)
def test_every_case_goes_as_it_says(defined: Definition) -> None:
    outcomes = run_cases(defined)
    assert len(outcomes) >= 2
    assert [fault for outcome in outcomes for fault in outcome.faults] == []


@pytest.mark.parametrize("defined", PROCESSES)
def test_every_node_is_on_the_path_of_a_case(defined: Definition) -> None:
    seen = {node for outcome in run_cases(defined) for node in outcome.passed}
    work = {node.id for node in defined.diagram.nodes if node.kind.endswith("Task") or node.kind == "endEvent"}
    assert work - seen == set()


@pytest.mark.parametrize("defined", PROCESSES)
def test_nothing_stands_in_the_way_of_publication(defined: Definition) -> None:
    registry = assemble()
    registry.check()
    report = check_content(defined.content, registry)
    assert report.problems == ()
    assert report.sound


@pytest.mark.parametrize("defined", PROCESSES)
def test_every_question_names_a_form_that_comes_with_it(defined: Definition) -> None:
    assert set(defined.content.forms) == defined.diagram.forms
