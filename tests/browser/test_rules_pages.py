"""Every page about rules and rulesets: nothing serious for axe, nothing sticks out; rules are walked through by keyboard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from app.core import clock
from app.core.actor import Actor
from app.core.config import override
from app.core.db import database
from app.core.jobs import Worker
from app.factory import assemble
from app.rules.registry import drafts, requests
from app.rules.registry.backtest import Trial, keep

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.whole]

LOOKS = [
    pytest.param({"language": "zh", "theme": "light", "narrow": False}, id="zh-light-wide"),
    pytest.param({"language": "en", "theme": "dark", "narrow": True}, id="en-dark-narrow"),
]
LOANS = "submission.personal_loan_account"
NAME = "submission.personal_credit_agreement_deletion"
BROKEN = "submission.personal_family"
WRITER = Actor("tang.jun", "唐军", "person")
SIDE = {"findings": 3, "records": 2, "blocked": 1}
FIGURES = {
    "candidate": None,
    "days": [{"day": "2026-10-30", "records": 20, "base": "a" * 64, "batches": ["B1"]}],
    "records": 20,
    "before": SIDE,
    "after": {"findings": 0, "records": 0, "blocked": 0},
    "newly": {"findings": 0, "records": 0},
    "no_longer": {"findings": 3, "records": 2},
    "severity_changed": 0,
    "rules": [
        {"rule": "P210-050", "before": 3, "after": 0, "newly": 0, "no_longer": 3, "severity": "block",
         "zh": "账户关闭或销户须有关闭日期", "en": "A closed or cancelled account needs its closing date"}
    ],
    "branches": [{"value": "Z9900000000001", "newly": 0, "no_longer": 3}],
    "products": [{"value": "D1", "newly": 0, "no_longer": 3}],
    "samples": [
        {"change": "no_longer", "rule": "P210-050", "day": "2026-10-30", "batch": "B1", "record": "r1", "key": "****0027",
         "explanation": [{"when": None, "require": {"zh": "账户关闭日期有值", "en": "account closing date is filled"},
                          "values": [{"path": "H.CloseDate", "zh": "账户关闭日期", "en": "account closing date",
                                      "shown": "", "state": "empty"}]}]}
    ],
    "seconds": 1.5,
    "records_per_second": 13,
}  # fmt: skip


@dataclass(frozen=True)
class Shelf:
    """A draft that differs, one that cannot be read, a request that waits for its approval, and a trial."""

    request: str
    trial: str


@pytest.fixture(scope="module")
def shelf(server: Any) -> Shelf:
    with server.inside(WRITER):
        for name, old, new in (
            (NAME, "severity: block", "severity: warn"),
            (LOANS, "require: filled(H.CloseDate)", "require: filled(H.CloseDate) and H.CloseDate <= B.RptDate"),
            (BROKEN, "severity: block", "severity: blok"),
        ):
            draft = drafts.open_draft(name)
            file = f"{draft.folder}/ruleset.yaml"
            drafts.save(name, draft.lock, {file: draft.texts[file].replace(old, new)})
        day = clock.today() + timedelta(days=3)
        request = requests.submit(NAME, drafts.find(NAME).lock, day, "按新口径改为提示，先观察一个月").id
        trial = keep(Trial(LOANS, None, "210"), FIGURES)
    with override(server.settings):
        Worker(assemble()).run_until_idle()
        database().dispose()
    return Shelf(request, trial)


def pages_of(shelf: Shelf) -> dict[str, str]:
    return {
        "rules": "/rules?q=关闭日期",
        "sets": "/rules/sets",
        "set": f"/rules/sets/{LOANS}",
        "set-history": f"/rules/sets/{NAME}?tab=history",
        "table": "/rules/sets/risk.overdue_to_five_level",
        "rule": f"/rules/sets/{LOANS}/rules/P210-050",
        "compare": f"/rules/sets/{LOANS}/compare",
        "faults": f"/rules/sets/{BROKEN}?edition=draft",
        "requests": "/rules/requests",
        "request": f"/rules/requests/{shelf.request}",
        "trial": f"/rules/backtests/{shelf.trial}",
    }


@pytest.mark.parametrize("look", LOOKS)
def test_pages_are_accessible_and_fit(visit: Any, shelf: Shelf, look: dict[str, Any]) -> None:
    window = visit(user="tang.jun", **look)
    window.choose(look["language"], look["theme"])
    for name, address in pages_of(shelf).items():
        window.go(address)
        if name == "trial":
            window.page.locator("[data-chart] svg").wait_for()
        window.picture(f"rules-{name}-{look['language']}-{look['theme']}-{'narrow' if look['narrow'] else 'wide'}")
        assert window.serious_findings() == [], name
        assert window.fits(), name


def test_rules_are_found_while_typing_and_walked_by_keyboard(visit: Any, shelf: Shelf) -> None:
    window = visit(user="tang.jun", language="zh")
    page = window.page
    window.go("/rules")
    page.locator("#rules-q").press_sequentially("P210-05")
    page.wait_for_function("() => document.querySelectorAll('[data-task-row]').length < 12")
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rules/P210-050")
    page.keyboard.press("n")
    page.wait_for_url(lambda url: "/rules/P" in url and not url.endswith("P210-050"))
    page.keyboard.press("p")
    page.wait_for_url("**/rules/P210-050")
    window.go(f"/rules/sets/{LOANS}")
    page.locator('[data-open-dialog="#submit-dialog"]').click()
    page.locator("#submit-dialog[open]").wait_for()
    assert window.serious_findings() == []
