"""What elements are called where pages are read in English."""

from __future__ import annotations

import re

import pytest
from inbox_stage import Stage
from sketch import sketch
from sqlalchemy import select

from app.core.actor import SYSTEM, acting
from app.core.db import Database, current_session, unit_of_work
from app.workflow import host, intervention
from app.workflow.definitions import definitions
from app.workflow.models import ProcessTask
from app.workflow.titles import read_names


@pytest.fixture
def stage(sqlite_database: Database) -> Stage:
    made = Stage()
    made.people("gao.yi")
    return made


def test_in_english_elements_have_the_names_of_their_diagram(stage: Stage) -> None:
    with acting(SYSTEM), unit_of_work():
        begun = host.start("security.access_request", "AR-1", {"request": "AR-1"})
        task = current_session().scalars(select(ProcessTask).filter_by(instance_id=begun)).one()
        intervention.move(task.id, "Approve", "by hand")
    window = stage.window("gao.yi")
    asked = "Approval by a manager"
    page = window.page(f"/workflow/instances/{begun}")
    assert ("主管审批" in page, asked in page) == (True, False)
    window.speak("en")
    page = window.page(f"/workflow/instances/{begun}")
    assert page.count(asked) >= 4, "among the tasks, in what happened, and twice in the lists of moving"
    assert "主管审批" not in page
    inbox = window.page("/workflow/inbox?tab=all")
    assert asked in inbox
    assert "主管审批" not in inbox
    (opened,) = re.findall(rf'href="([^"]+)" data-open>{asked}', inbox)
    task_page = window.page(opened.replace("&amp;", "&"))
    assert f"<h1>{asked}</h1>" in task_page or asked in task_page.partition("</title>")[0]
    assert "主管审批" not in task_page
    assert asked in window.page("/workflow/insight/security.access_request")


def test_the_chinese_name_stands_where_there_is_no_english_one() -> None:
    xml = sketch(
        "start S\nuser A name=核对 form=t/check name_en=Check\nuser B form=t/check\nsub P\n  user I name_en=In form=x\nend E"
    )
    found = read_names(xml)
    assert {name: (each.zh, each.en) for name, each in found.items()} == {
        "S": ("名S", ""),
        "A": ("核对", "Check"),
        "B": ("名B", ""),
        "P": ("名P", ""),
        "I": ("名I", "In"),
        "E": ("名E", ""),
    }


def test_every_element_that_is_shipped_has_an_english_name_or_calls_a_step() -> None:
    for process, defined in definitions().items():
        for name, each in read_names(defined.xml).items():
            drawn = each.zh != name and not name.startswith("Flow_")
            assert not drawn or each.en or each.step, (process, name)
