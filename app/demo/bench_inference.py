"""How many facts a second the inference on the engine judges, against the interpreter alone, on the shipped policy."""

from __future__ import annotations

import time
from random import Random
from typing import Any, Final

from app.core.errors import CreditLinkError
from app.rules.inference.content import policy_of
from app.rules.inference.facts import Facts, read_facts
from app.rules.inference.inferring import infer_all
from app.rules.inference.reference import infer_plainly
from app.rules.inference.supervision import Engine

POLICY: Final = "risk.five_level_floor"
_CHUNK: Final = 100


def bench_inference(customers: int = 2_000, loans: int = 4) -> dict[str, Any]:
    """Judge so many customers with so many loans each, and a twentieth of them by the interpreter alone.

    Gives `{"policy", "rules", "facts", "infer_facts_per_second", "interpreter_facts_per_second", "ratio", "verdicts",
    "disagreements", "restarts"}`.
    """
    policy, chance, engine = policy_of(POLICY), Random(20_261_031), Engine()  # noqa: S311 - made-up facts
    cases = [read_facts(policy.shapes, _customer(number, loans, chance)) for number in range(customers)]
    facts = customers * (loans + 1)
    try:
        infer_all(policy, cases[:1], engine)  # the process is started before the clock
        start = time.perf_counter()
        judged = [
            each for at in range(0, customers, _CHUNK) for each in infer_all(policy, cases[at : at + _CHUNK], engine)
        ]
        seconds = time.perf_counter() - start
    finally:
        engine.close()
    sample: list[Facts] = cases[: max(1, customers // 20)]
    start = time.perf_counter()
    plainly = [infer_plainly(policy, each) for each in sample]
    plain_seconds = time.perf_counter() - start
    rate, plain_rate = facts / seconds, len(sample) * (loans + 1) / plain_seconds
    return {
        "policy": POLICY,
        "rules": len(policy.rules),
        "facts": facts,
        "infer_facts_per_second": round(rate),
        "interpreter_facts_per_second": round(plain_rate),
        "ratio": round(rate / plain_rate, 1),
        "verdicts": sum(len(each.outcomes) for each in judged if not isinstance(each, CreditLinkError)),
        "disagreements": sum(mine != other for mine, other in zip(plainly, judged, strict=False)),
        "restarts": engine.restarts - 1,
    }


def _customer(number: int, loans: int, chance: Random) -> dict[str, Any]:
    """A customer whose loans are mostly sound; one in ten repays another."""
    return {
        "customer": [{"id": f"K{number}", "retail": chance.random() < 0.5, "bankrupt": False}],
        "loan": [
            {
                "account": f"{number}-{each}",
                "customer": f"K{number}",
                "card": chance.random() < 0.2,
                "balance": chance.randrange(100_000, 100_000_000),
                "overdue_days": chance.choice((0,) * 16 + (5, 40, 100, 300)),
                "impaired": False,
                "repays": f"{number}-{chance.randrange(loans)}" if chance.random() < 0.1 else "",
            }
            for each in range(loans)
        ],
    }
