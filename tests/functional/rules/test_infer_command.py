"""`creditlink rules infer`: outcomes with reasons, bad input told with every place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.core.errors import Invalid, NotFound
from app.rules.inference.content import policy_of
from app.rules.inference.supervision import engine
from app.submission.rule_commands import rules

POLICY = "risk.five_level_floor"
FACTS = {
    "customer": [{"id": "K", "retail": False}],
    "loan": [
        {"account": "A", "customer": "K", "card": False, "balance": 1, "overdue_days": 271},
        {"account": "B", "customer": "K", "card": False, "balance": 99, "repays": "A"},
    ],
}


def run(path: Path, facts: object, *options: str, policy: str = POLICY) -> Result:
    path.write_text(facts if isinstance(facts, str) else json.dumps(facts), encoding="utf-8")
    result = CliRunner().invoke(rules, ["infer", policy, str(path), *options])
    engine().close()
    return result


def test_outcomes_are_printed_with_their_reasons(tmp_path: Path) -> None:
    told = run(tmp_path / "facts.json", FACTS).output

    assert "贷款 B：4 可疑 Doubtful" in told
    assert "[FL-240]" in told
    assert "repaid.outcome = 4" in told


def test_programs_get_json(tmp_path: Path) -> None:
    told = json.loads(run(tmp_path / "facts.json", FACTS, "--json").output)

    assert (told["edition"], told["of"]) == (policy_of(POLICY).edition, "loan")
    assert [(each["key"], each["value"], each["rules"]) for each in told["outcomes"]] == [
        ("A", "4", ["FL-200"]),
        ("B", "4", ["FL-240"]),
    ]
    assert told["outcomes"][1]["reasons"][-1]["reads"][-1]["from"] == {
        "kind": "loan",
        "key": "A",
        "name": "outcome",
        "value": "4",
    }


def test_facts_that_do_not_fit_are_told_all_at_once(tmp_path: Path) -> None:
    told = run(tmp_path / "facts.json", {"loan": [{"account": "A", "overdue_days": "x"}, {"acount": "B"}]}, "--json")

    assert told.exit_code == 2
    places = [each["place"] for each in json.loads(told.output)["problems"]]
    assert places == ["loan[1].overdue_days", "loan[2].acount", "loan[2].account"]


@pytest.mark.parametrize(
    ("facts", "policy", "error"),
    [("{", POLICY, Invalid), ("[" * 100_000, POLICY, Invalid), (FACTS, "risk.none", NotFound)],
)
def test_what_cannot_be_read_or_found_is_told(
    tmp_path: Path, facts: object, policy: str, error: type[Exception]
) -> None:
    assert isinstance(run(tmp_path / "facts.json", facts, policy=policy).exception, error)
