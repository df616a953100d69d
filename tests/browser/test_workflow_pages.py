"""Every page of the workflow room, of deadlines and of access requests: nothing serious for axe, nothing sticks out."""

from __future__ import annotations

from typing import Any

import pytest
from busy_house import MANAGER, PROCESS, BusyHouse, furnish

from app.core.db import current_session
from app.workflow import intervention
from app.workflow.models import ProcessTask

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.whole]

LOOKS = [
    pytest.param({"language": "zh", "theme": "light", "narrow": False}, id="zh-light-wide"),
    pytest.param({"language": "en", "theme": "dark", "narrow": True}, id="en-dark-narrow"),
]
INSTANCES = "/workflow/instances"


@pytest.fixture(scope="module")
def house(server: Any, worker: None) -> BusyHouse:
    return furnish(server)


def pages_of(house: BusyHouse) -> dict[str, dict[str, str]]:
    """Names and addresses, by whoever opens them."""
    migrate = f"/workflow/processes/{PROCESS}/migrate"
    return {
        "gao.yi": {
            "inbox-empty": "/workflow/inbox",
            "inbox-all": "/workflow/inbox?tab=all",
            "task-evidence": f"/workflow/tasks/{house.approval}",
            "absences": "/workflow/inbox/absences",
            "instances": INSTANCES,
            "instances-nothing": f"{INSTANCES}?process={PROCESS}&q=zzz",
            "instance-late": f"{INSTANCES}/{house.late}",
            "instance-failed": f"{INSTANCES}/{house.failed}",
            "migrate": migrate,
            "migrate-nothing": "/workflow/processes/security.access_request/migrate",
            "takeover": f"{migrate}/{house.batch}",
            "insight": f"/workflow/insight/{PROCESS}",
            "deadlines": "/operations/deadlines",
            "deadline": f"/operations/deadlines/{house.paused}",
            "process": f"/workflow/processes/{PROCESS}",
        },
        "xu.wen": {
            "inbox-group": "/workflow/inbox?tab=group",
            "inbox-unassigned": "/workflow/inbox?tab=unassigned",
            "inbox-done": "/workflow/inbox?tab=done",
            "task": f"/workflow/tasks/{house.task}",
            "task-done": f"/workflow/tasks/{house.done}",
        },
        "lin.hai": {
            "inbox-doors": "/workflow/inbox",
            "process-begun": f"/workflow/processes/{PROCESS}",
            "start": f"/workflow/processes/{PROCESS}/start",
            "access": "/account/access",
            "access-new": "/account/access/new",
            "access-one": f"/account/access/of/{house.request}",
        },
    }


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("user", ["gao.yi", "xu.wen", "lin.hai"])
def test_pages_are_accessible_and_fit(visit: Any, house: BusyHouse, look: dict[str, Any], user: str) -> None:
    window = visit(user=user, **look)
    window.choose(look["language"], look["theme"])
    for name, address in pages_of(house)[user].items():
        window.go(address)
        for drawing in window.page.locator("[data-diagram]").all():
            drawing.locator(".djs-shape").first.wait_for()
        _looked_at(window, f"workflow-{name}-{_look_name(look)}")


def test_evidence_stays_within_its_card(visit: Any, house: BusyHouse) -> None:
    window = visit(user="gao.yi", language="zh")
    window.go(f"/workflow/tasks/{house.approval}")
    for width in (1600, 1360, 1240, 1100, 800):
        window.page.set_viewport_size({"width": width, "height": 900})
        over = window.page.evaluate(
            "() => { const sheet = document.querySelector('.form-sheet'); return sheet.scrollWidth - sheet.clientWidth; }"
        )
        assert over <= 0, width


def _looked_at(window: Any, name: str) -> None:
    window.picture(name)
    assert window.serious_findings() == [], name
    assert window.fits(), name


def _look_name(look: dict[str, Any]) -> str:
    return f"{look['language']}-{look['theme']}-{'narrow' if look['narrow'] else 'wide'}"


@pytest.mark.parametrize("look", LOOKS)
def test_several_tasks_at_once(visit: Any, server: Any, house: BusyHouse, look: dict[str, Any]) -> None:
    """One form for two tasks; then one of two is claimed, since the other has been called off meanwhile."""
    window = visit(user="xu.wen", **look)
    window.choose(look["language"], look["theme"])
    page = window.page
    window.go("/workflow/inbox?tab=unassigned&q=CY-2026")
    boxes = page.locator(".inbox-pick")
    for number in (-1, -2):
        boxes.nth(number).check()
    page.locator('[data-bulk] [value="answer"]').click()
    page.locator(".form-sheet").wait_for()
    _looked_at(window, f"workflow-answers-{_look_name(look)}")
    window.go("/workflow/inbox?tab=unassigned&q=CY-2026")
    for number in (-1, -2):
        boxes.nth(number).check()
    with server.inside(MANAGER):
        task = current_session().get_one(ProcessTask, boxes.last.get_attribute("value"))
        intervention.cancel(task.instance_id, "客户撤回")
    page.locator('[data-bulk] [value="claim"]').click()
    page.locator(".notice.tone-warning").wait_for()
    _looked_at(window, f"workflow-outcome-{_look_name(look)}")
