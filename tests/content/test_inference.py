"""Every shipped policy and watch loads, its rules fire and stay silent in cases, and both evaluators agree on spoiled facts."""

from __future__ import annotations

import copy
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.core.errors import CreditLinkError
from app.rules.inference.cases import run_inference_cases
from app.rules.inference.facts import read_facts
from app.rules.inference.inferring import infer_all
from app.rules.inference.policy_loading import load_policy
from app.rules.inference.reference import infer_plainly
from app.rules.loading import POLICY, find_inferring, find_rulesets

ROOT = Path(__file__).parents[2] / "rulesets"
POLICIES = find_rulesets(ROOT, POLICY)


@pytest.mark.parametrize("folder", find_inferring(ROOT), ids=lambda folder: folder.name)
def test_cases_of_policies_and_watches(folder: Path) -> None:
    report = run_inference_cases(folder)

    assert not report.faults, "\n" + "\n".join(map(str, report.faults))
    assert report.cases >= 2 * len(report.rules)


def spoiled(bases: dict[str, Any], chance: Random) -> dict[str, Any]:
    """Base facts brought together, with values changed to those of others, taken away, or shifted."""
    data: dict[str, list[dict[str, Any]]] = {}
    for base in bases.values():
        for kind, rows in copy.deepcopy(base).items():
            data.setdefault(kind, []).extend(rows)
    rows = [row for several in data.values() for row in several]
    keys = [next(iter(row.values())) for row in rows]
    for row in rows:
        for name in list(row)[1:]:
            if chance.random() < 0.4:
                value = row[name]
                choice: list[Any] = [None, chance.choice(rows).get(name, value)]
                if type(value) is int:
                    choice += [0, 91, 121, 181, 271, 361, value + 1, value * 2]
                elif isinstance(value, bool):
                    choice += [not value] * 3
                changed = chance.choice(choice)
                row[name] = changed if type(changed) is type(value) or changed is None else value
        if "account" in row and chance.random() < 0.5:
            row["repays"] = chance.choice(keys)
    return data


@pytest.mark.parametrize("folder", POLICIES, ids=lambda folder: folder.name)
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_engine_and_interpreter_agree_on_spoiled_facts(folder: Path, seed: int) -> None:
    policy, chance = load_policy(folder), Random(seed)
    bases = yaml.safe_load((folder / "cases" / "_base.yaml").read_text(encoding="utf-8"))
    several = [read_facts(policy.shapes, spoiled(bases, chance)) for _ in range(25)]

    plainly = [infer_plainly(policy, facts) for facts in several]

    matched = infer_all(policy, several)
    assert not [each for each in matched if isinstance(each, CreditLinkError)]
    assert matched == plainly
    assert sum(len(each.derivations) for each in plainly) > len(several)
