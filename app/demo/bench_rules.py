"""The rules platform measured: the sweep over very many records, one record explained, the same rules on other engines.

The records are those that the cases of the ruleset start from, one in a hundred being a failing case of some rule.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from app.demo.bench_inference import bench_inference
from app.demo.bench_rules_peers import PEERS, Judging, Unavailable, Verdict, columns_of, read_record
from app.demo.bench_rules_words import simple_checks
from app.lake.connection import Connection, scratch, unoptimised
from app.rules.cases import load_bases, load_cases
from app.rules.explain import Judge
from app.rules.loading import find_rulesets, load_ruleset, read_head
from app.rules.model import Ruleset
from app.rules.sweep import Compiled, facts_to_relation
from app.submission.content import ROOT

RULESET: Final = "submission.personal_loan_account"
SAMPLE: Final = 1_200
DEFECTIVE: Final = 100
"""One record in so many has a defect."""
COMMON: Final = 40
"""How many rules are put to the other engines as well."""
SECONDS: Final = 5.0
"""An engine that judges record by record is given portions for so long, in a small run a tenth of it; what counts is its rate."""
PORTION: Final = 20

Fact = Mapping[str, Any]


def bench_rules(records: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Sweep `records` nested records by all rules of personal loan accounts; explain; race the same rules on other engines.

    Rates are per second of wall time on the cores there are; `peak_memory_mb` is this process's.
    """
    folder = next(each for each in find_rulesets(ROOT) if read_head(each).name == RULESET)
    ruleset = load_ruleset(folder)
    facts = sample(ruleset)
    common = _only(ruleset, COMMON)
    sets = facts[0]["sets"]
    constants = {"sets": sets} if all(fact["sets"] == sets for fact in facts) else {}
    with tempfile.TemporaryDirectory() as place, scratch() as connection:
        tell(f"writing {records:,} records")
        relation = _write(connection, ruleset, facts, records, Path(place))
        tell("the sweep, all rules")
        sweep = _sweep(connection, ruleset, relation, records, constants)
        peak = _peak_mb()
        tell(f"the sweep, {len(common.rules)} rules")
        swept = _sweep(connection, common, relation, records, constants)
    tell("explain")
    explained = _explain(ruleset, facts)
    tell("infer")
    inferred = bench_inference(customers=max(20, min(2_000, records // 500)))
    peers = _peers(common, facts, records, tell)
    rowwise = [each["records_per_second"] for each in peers.values() if each.get("way") == "record by record"]
    fastest = max(rowwise, default=0)
    return {
        "records": records,
        "ruleset": ruleset.name,
        "rules": len(ruleset.rules),
        "checks": len(ruleset.checks),
        "sweep": {**sweep, "peak_memory_mb": peak},
        "explain": explained,
        "infer": inferred,
        "common": {
            "rules": len(common.rules),
            "checks": len(common.checks),
            "sweep": swept,
            "peers": {
                name: {
                    **each,
                    "sweep_is_times": _ratio(swept, each),
                    "sweep_of_all_rules_is_times": _ratio(sweep, each),
                }
                for name, each in peers.items()
            },
            "fastest_row_wise": fastest,
            "ratio": round(swept["records_per_second"] / fastest, 1) if fastest else None,
        },
    }


def sample(ruleset: Ruleset) -> list[Fact]:
    """Facts as a good lender has them: the base facts under changing identifiers, a failing case now and then."""
    bases = list(load_bases(ruleset).values())
    failing = [case.fact for case in load_cases(ruleset) if case.expect]
    facts: list[Fact] = []
    for number in range(SAMPLE):
        if number % DEFECTIVE == DEFECTIVE - 1:
            facts.append(failing[(number // DEFECTIVE * 7) % len(failing)])
        else:
            fact = bases[number % len(bases)]
            account = {**fact["B"], "AcctCode": f"{fact['B']['AcctCode'][:14]}BENCH{number:06d}"}
            facts.append({**fact, "B": account})
    return facts


def _only(ruleset: Ruleset, count: int) -> Ruleset:
    """The first rules of which a check can be said in every engine, each with those checks alone."""
    said = simple_checks(ruleset)
    rules = [
        replace(rule, checks=tuple(check for check in rule.checks if check in said), needs=())
        for rule in ruleset.rules
        if any(check in said for check in rule.checks)
    ]
    return replace(ruleset, rules=tuple(rules[:count]), edition=f"{ruleset.edition}-bench")


def _write(connection: Connection, ruleset: Ruleset, facts: Sequence[Fact], records: int, place: Path) -> str:
    """The records as a file in the shape of the lake's; what may stand after FROM."""
    connection.execute("SET enable_progress_bar = false")
    query, parameters = facts_to_relation(ruleset.vocabulary, facts)
    connection.execute(f"CREATE TEMP TABLE sample AS SELECT * FROM {query}", parameters)
    path = place / "records.parquet"
    turns = -(-records // len(facts))
    connection.execute(
        f"COPY (SELECT t.turn * {len(facts)} + s.record_id AS record_id, s.* EXCLUDE (record_id) FROM range({turns}) AS t(turn)"
        f" CROSS JOIN sample s LIMIT {records}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 32768)"
    )
    return f"read_parquet('{path}')"


def _sweep(connection: Connection, ruleset: Ruleset, relation: str, records: int, constants: Fact) -> dict[str, Any]:
    """Both passes over stored records: who is suspect, then the exact judgement."""
    compiled = Compiled.of(ruleset)
    sweep, _ = compiled.of_stored, compiled.portions
    started = time.perf_counter()
    suspects = sweep.suspects(relation, constants=constants)
    made = connection.execute(f"CREATE OR REPLACE TEMP TABLE suspect AS {suspects}").fetchone()
    judged = compiled.judged("suspect", int(made[0] if made else 0))
    with unoptimised(connection):
        found = connection.execute(f"SELECT count(*), count(DISTINCT record_id) FROM ({judged})").fetchone()
    seconds = time.perf_counter() - started
    findings, with_findings = found or (0, 0)
    return {
        "seconds": round(seconds, 2),
        "records_per_second": round(records / seconds),
        "checks_per_second": round(records * len(sweep.rows) / seconds),
        "rules_per_second": round(records * len({row.rule for row in sweep.rows}) / seconds),
        "findings": findings,
        "records_with_findings": with_findings,
    }


def _explain(ruleset: Ruleset, facts: Sequence[Fact]) -> dict[str, Any]:
    """Milliseconds for one record with all rules: the findings alone, and every node with its value."""
    judge = Judge(ruleset)
    judge.explain(facts[0])
    return {
        "judge": _latency([_seconds(lambda fact=fact: judge.judge(fact)) for fact in facts]),  # type: ignore[misc]
        "explain": _latency([_seconds(lambda fact=fact: judge.explain(fact)) for fact in facts]),  # type: ignore[misc]
    }


def _latency(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "p50_ms": round(ordered[len(ordered) // 2] * 1000, 2),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 2),
    }


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _peers(common: Ruleset, facts: Sequence[Fact], records: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """The same checks on each engine, over records that have been read for it beforehand; the verdicts are compared."""
    columns = columns_of(common)
    read = [read_record(columns, fact) for fact in facts]
    judge = Judge(common)
    expected = [sorted({(each.rule, each.check) for each in judge.judge(fact)}) for fact in facts]
    results: dict[str, Any] = {}
    for name, make in PEERS.items():
        tell(name)
        try:
            judging: Judging = make(common, columns)
        except Unavailable as problem:
            results[name] = {"unavailable": str(problem)}
            continue
        size = PORTION if judging.rowwise else 100_000
        limit = SECONDS if records > SAMPLE else SECONDS / 10
        count, seconds = 0, 0.0
        found: list[Verdict] = []
        while count < records and seconds < limit and (judging.rowwise or not count):
            portion = range(count, min(count + size, records))
            given = judging.given([read[number % len(read)] for number in portion])
            started = time.perf_counter()
            found += judging.judge(given)
            seconds += time.perf_counter() - started
            count += len(portion)
        agreed = sum(sorted(verdict) == expected[number % len(facts)] for number, verdict in enumerate(found))
        results[name] = {
            "way": "record by record" if judging.rowwise else "column by column",
            "records": count,
            "records_per_second": round(count / seconds),
            "same_verdicts": agreed,
        }
    return results


def _ratio(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> float | None:
    rate = theirs.get("records_per_second")
    return round(ours["records_per_second"] / rate, 1) if rate else None


def _peak_mb() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / 1024 if sys.platform != "darwin" else peak / 1024 / 1024)
