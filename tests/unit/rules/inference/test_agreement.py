"""The engine and the interpreter come to the same inference, reasons included, on policies and facts made up at random."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from made_policies import Maker

from app.core.errors import CreditLinkError
from app.rules.inference.facts import read_facts
from app.rules.inference.inferring import Judged, infer_all
from app.rules.inference.policy_loading import load_policy
from app.rules.inference.reference import infer_plainly
from app.rules.inference.supervision import Engine
from app.rules.model import RulesetInvalid


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


def told(judged: Judged) -> object:
    return judged.code if isinstance(judged, CreditLinkError) else judged


@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_engine_and_interpreter_agree(engine: Engine, tmp_path: Path, seed: int) -> None:
    maker = Maker(seed)
    (tmp_path / "ruleset.yaml").write_text(maker.policy(), encoding="utf-8")
    try:
        policy = load_policy(tmp_path)
    except RulesetInvalid as refused:
        unexpected = [fault for fault in refused.faults if "lift each other" not in fault.message.en]
        if unexpected:
            raise
        return
    several = [read_facts(policy.shapes, maker.facts()) for _ in range(8)]

    plainly: list[object] = []
    for facts in several:
        try:
            plainly.append(infer_plainly(policy, facts))
        except CreditLinkError as error:
            plainly.append(error.code)

    assert [told(judged) for judged in infer_all(policy, several, engine)] == plainly
