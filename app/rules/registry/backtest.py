"""The back-test: a candidate beside the edition in force on stored days, set-wise; what it would find and no longer find."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session, unit_of_work
from app.core.errors import NotFound
from app.core.events import publish
from app.core.text import Text
from app.lake.connection import Connection, unoptimised
from app.rules.accepted import ACCEPTED
from app.rules.model import Rule, Ruleset
from app.rules.registry.editions import edition
from app.rules.registry.events import BacktestDone
from app.rules.registry.force import in_force
from app.rules.registry.models import Backtest
from app.rules.registry.stored import StoredPart, stored_days
from app.rules.sweep import Compiled

SAMPLE: Final = 5
"""So many records of each rule and change are shown with their explanation."""
MOST_SHOWN: Final = 40
MOST_GROUPS: Final = 50
USUAL_DAYS: Final = 5
"""So many stored days a candidate is tried on where nobody chooses."""
_NEWLY, _GONE = "newly", "no_longer"


@dataclass(frozen=True, slots=True)
class Trial:
    """A candidate for a ruleset; None as the candidate is nothing at all, as after a retirement."""

    ruleset: str
    candidate: Ruleset | None
    code: str

    @classmethod
    def of(cls, ruleset: str, candidate: Ruleset | None, day: date) -> Trial:
        """Raises NotFound (`rules.untryable`) for a ruleset that makes no findings about stored records."""
        about = candidate or in_force(day).ruleset(ruleset)
        if about.record_type is None or not about.rules:
            raise NotFound(
                "rules.untryable",
                Text("只有判断记录的规则集可以试跑", "only rulesets about records can be tried on stored days"),
            )
        return cls(ruleset, candidate, about.record_type)


def usual_days(code: str) -> tuple[date, ...]:
    """The newest stored days, the earliest first."""
    return tuple(sorted(stored_days().days(code, USUAL_DAYS)))


def backtest(trial: Trial, days: Sequence[date], progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """Run the candidate over all records of the days, beside what the editions in force then have found; the comparison,
    fit for JSON. Rules that come out alike by both are not judged again.

    Raises NotFound (`rules.no_days`) naming the days of which nothing is stored.
    """
    started = time.monotonic()
    stored = stored_days()
    parts = {day: stored.parts(trial.code, day) for day in days}
    if missing := [day.isoformat() for day, each in parts.items() if not each]:
        raise NotFound(
            "rules.no_days",
            Text("没有这些业务日的记录：{days}", "no records are stored of {days}").format(days=", ".join(missing)),
        )
    bases = {day: edition(each[0].edition) if each[0].edition else None for day, each in parts.items()}
    changes = {day: Change.between(base, trial.candidate) for day, base in bases.items()}
    listed: list[dict[str, Any]] = []
    work = [(day, part) for day in days for part in parts[day]]
    with stored.connection() as connection:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE trial (batch VARCHAR, record_id VARCHAR, rule VARCHAR, side VARCHAR,"
            " severity VARCHAR, branch VARCHAR, product VARCHAR)"
        )
        for number, (day, part) in enumerate(work, start=1):
            _judge(connection, part, changes[day])
            if progress:
                progress(number, len(work))
        records = {day: sum(part.records for part in each) for day, each in parts.items()}
        for day, base in bases.items():
            batches = sorted({part.batch for part in parts[day]})
            told = {"records": records[day], "base": base.edition if base else None, "batches": batches}
            listed.append({"day": day.isoformat(), **told})
        _pair(connection)
        named = {rule.id: rule for each in (*bases.values(), trial.candidate) if each for rule in each.rules}
        result = {
            "ruleset": trial.ruleset,
            "candidate": trial.candidate.edition if trial.candidate else None,
            "days": listed,
            "records": sum(records.values()),
            **_totals(connection),
            "rules": _by_rule(connection, named),
            "branches": _groups(connection, "branch"),
            "products": _groups(connection, "product"),
        }
        sampled = _sampled(connection)
        connection.execute("DROP TABLE trial; DROP TABLE pair")
    result["judging_seconds"] = round(time.monotonic() - started, 3)
    days_of = {part.batch: day for day, part in work}
    result["samples"] = _samples(sampled, trial, bases, days_of)
    seconds = time.monotonic() - started
    result["seconds"] = round(seconds, 3)
    result["records_per_second"] = round(sum(records.values()) / max(seconds, 0.001))
    return result


def keep(trial: Trial, result: Mapping[str, Any], key: str | None = None) -> str:
    """Keep a result for the pages; its id. With a `key` it is kept once."""
    name = f"BT-{key[:32] if key else secrets.token_hex(8)}"
    with unit_of_work() as session:
        if session.get(Backtest, name) is None:
            session.add(
                Backtest(
                    id=name,
                    ruleset=trial.ruleset,
                    candidate=result["candidate"],
                    days=[each["day"] for each in result["days"]],
                    result=dict(result),
                    seconds=result["seconds"],
                    created_at=clock.now(),
                    created_by=current_actor().id,
                )
            )
            session.flush()
            publish(BacktestDone(trial.ruleset, name, result["candidate"] or ""))
    return name


def kept(name: str) -> Backtest | None:
    """A result that was kept."""
    return current_session().get(Backtest, name)


@dataclass(frozen=True, slots=True)
class Change:
    """What of a candidate must be judged, where another edition has judged before.

    `same` are the ids of the rules that come out alike by both; `compiled` judges the `changed` ones of the candidate, with the
    rules they need, and is None where there is none.
    """

    same: tuple[str, ...]
    changed: tuple[str, ...]
    compiled: Compiled | None

    @classmethod
    def between(cls, base: Ruleset | None, candidate: Ruleset | None) -> Change:
        if candidate is None:
            return cls((), (), None)
        before = {rule.id: rule for rule in base.rules} if base else {}
        conditions = candidate.conditions()
        former = base.conditions() if base else {}
        own = {rule.id for rule in candidate.rules if not _alike(before.get(rule.id), rule)}
        changed = {
            rule.id
            for rule in candidate.rules
            if rule.id in own or conditions[rule.id] != former[rule.id] or conditions[rule.id] & own
        }
        same = tuple(rule.id for rule in candidate.rules if rule.id not in changed)
        if not changed:
            return cls(same, (), None)
        asked = changed.union(*(conditions[rule_id] for rule_id in changed))
        reduced = replace(candidate, rules=tuple(rule for rule in candidate.rules if rule.id in asked))
        return cls(same, tuple(sorted(changed)), Compiled.of(reduced))


def _alike(one: Rule | None, other: Rule) -> bool:
    """Whether two rules judge alike and as severely; how they are titled and where they stand does not matter."""
    return one is not None and (one.checks, one.needs, one.severity) == (other.checks, other.needs, other.severity)


def _judge(connection: Connection, part: StoredPart, change: Change) -> None:
    """Add the findings of both sides of a part to the trial."""
    names = ("branch", "product")
    added = ", ".join(f"CAST({part.dimensions.get(name, 'NULL')} AS VARCHAR) AS {name}_" for name in names)
    place = f"SELECT record_id, {added} FROM ({part.bare}) WHERE record_id IN (SELECT record_id FROM found)"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE found AS SELECT DISTINCT * FROM ({part.found})")
    connection.execute(
        f"""INSERT INTO trial
            SELECT '{part.batch}', f.record_id, f.rule, side, f.severity, p.branch_, p.product_
            FROM found f CROSS JOIN (VALUES ('before'), ('after')) sides(side) LEFT JOIN ({place}) p USING (record_id)
            WHERE side = 'before' OR list_contains($same::VARCHAR[], f.rule)""",
        {"same": list(change.same)},
    )
    if change.compiled is not None:
        _sweep(connection, part, change, change.compiled, added)
        if part.exempt:
            connection.execute(
                f"UPDATE trial SET severity = 'exempt' WHERE batch = '{part.batch}' AND side = 'after'"
                f" AND (record_id, rule) IN (SELECT (record_id, rule) FROM ({part.exempt}))",
                part.exempt_values,
            )


def _sweep(connection: Connection, part: StoredPart, change: Change, compiled: Compiled, added: str) -> None:
    joined = ACCEPTED in compiled.sweep.columns
    source = part.facts if joined else part.bare
    extra = ("branch_", "product_")
    sweep = compiled.sweep if joined else compiled.of_stored
    suspects = sweep.suspects(f"(SELECT *, {added} FROM ({source}))", "record_id", extra, part.constants)
    made = connection.execute(f"CREATE OR REPLACE TEMP TABLE suspect AS {suspects}").fetchone()
    judged = compiled.judged("suspect", int(made[0] if made else 0), "record_id", extra)
    with unoptimised(connection):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE judged AS {judged}")
    connection.execute(
        f"""INSERT INTO trial SELECT DISTINCT '{part.batch}', record_id, rule, 'after', severity, branch_, product_
            FROM judged WHERE list_contains($changed::VARCHAR[], rule)""",
        {"changed": list(change.changed)},
    )
    connection.execute("DROP TABLE suspect; DROP TABLE judged")


def _pair(connection: Connection) -> None:
    """A row per record and rule that either side finds, with the severity on each side."""
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE pair AS
        SELECT batch, record_id, rule, any_value(branch) AS branch, any_value(product) AS product,
               any_value(severity) FILTER (side = 'before') AS before, any_value(severity) FILTER (side = 'after') AS after,
               CASE WHEN before IS NULL THEN 'newly' WHEN after IS NULL THEN 'no_longer' ELSE 'as_before' END AS change
        FROM trial GROUP BY batch, record_id, rule"""
    )


def _totals(connection: Connection) -> dict[str, Any]:
    row = (
        connection.execute(
            """SELECT count(before), count(DISTINCT record_id) FILTER (before IS NOT NULL),
                  count(DISTINCT record_id) FILTER (before = 'block'),
                  count(after), count(DISTINCT record_id) FILTER (after IS NOT NULL),
                  count(DISTINCT record_id) FILTER (after = 'block'),
                  count(*) FILTER (change = 'newly'), count(DISTINCT record_id) FILTER (change = 'newly'),
                  count(*) FILTER (change = 'no_longer'), count(DISTINCT record_id) FILTER (change = 'no_longer'),
                  count(*) FILTER (before != after)
           FROM pair"""
        ).fetchone()
        or (0,) * 11
    )
    side = ("findings", "records", "blocked")
    return {
        "before": dict(zip(side, row[0:3], strict=True)),
        "after": dict(zip(side, row[3:6], strict=True)),
        _NEWLY: {"findings": row[6], "records": row[7]},
        _GONE: {"findings": row[8], "records": row[9]},
        "severity_changed": row[10],
    }


def _by_rule(connection: Connection, named: Mapping[str, Rule]) -> list[dict[str, Any]]:
    """Counts of every rule that either side finds, the most changed first."""
    rows = connection.execute(
        """SELECT rule, count(before), count(after), count(*) FILTER (change = 'newly') AS newly,
                  count(*) FILTER (change = 'no_longer') AS gone
           FROM pair GROUP BY rule ORDER BY newly + gone DESC, rule"""
    ).fetchall()
    keys = ("rule", "before", "after", _NEWLY, _GONE)
    listed = []
    for row in rows:
        rule = named[row[0]]
        told = {"severity": rule.severity, "zh": rule.title.zh, "en": rule.title.en}
        listed.append({**dict(zip(keys, row, strict=True)), **told})
    return listed


def _groups(connection: Connection, column: str) -> list[dict[str, Any]]:
    """Changes by a dimension, the most changed first; of records that have none under ''."""
    rows = connection.execute(
        f"""SELECT coalesce({column}, '') AS value, count(*) FILTER (change = 'newly') AS newly,
                   count(*) FILTER (change = 'no_longer') AS gone
            FROM pair WHERE change != 'as_before' GROUP BY 1 ORDER BY newly + gone DESC, value LIMIT {MOST_GROUPS}"""
    ).fetchall()
    return [dict(zip(("value", _NEWLY, _GONE), row, strict=True)) for row in rows]


def _sampled(connection: Connection) -> list[tuple[Any, ...]]:
    """A few records of each rule and change, always the same ones."""
    return connection.execute(
        f"""SELECT change, rule, batch, record_id FROM pair WHERE change != 'as_before'
            QUALIFY row_number() OVER (PARTITION BY change, rule ORDER BY hash(record_id), record_id) <= {SAMPLE}
            ORDER BY row_number() OVER (PARTITION BY change, rule ORDER BY hash(record_id), record_id), change, rule
            LIMIT {MOST_SHOWN}"""
    ).fetchall()


def _samples(
    sampled: Iterable[tuple[Any, ...]], trial: Trial, bases: Mapping[date, Ruleset | None], batches: Mapping[str, date]
) -> list[dict[str, Any]]:
    listed = []
    for change, rule, batch, record_id in sampled:
        day = batches[batch]
        ruleset = trial.candidate if change == _NEWLY else bases[day]
        shown = stored_days().shown(ruleset, batch, record_id, rule) if ruleset else {}
        place = {"change": change, "rule": rule, "day": day.isoformat(), "batch": batch, "record": record_id}
        listed.append({**place, **shown})
    return listed
