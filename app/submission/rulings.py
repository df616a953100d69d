"""The rules as submission asks them: conditions of the catalogue as SQL, and the findings of a record type's ruleset."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import yaml

from app.core import clock
from app.core.config import Settings
from app.core.config import settings as installed
from app.core.errors import Invalid
from app.core.text import Text
from app.rules.model import Ruleset
from app.rules.registry import in_force
from app.rules.sweep import Compiled
from app.rules.sweep.condition import condition_sql as _condition_sql
from app.rules.vocabulary import record_vocabulary
from app.submission.content import rules_in
from app.submission.entities.keeping import entity_of
from app.submission.facts import Surroundings
from app.submission.tables import RECORD_TYPES


@lru_cache(maxsize=512)
def condition_sql(code: str, expression: str, group: str = "") -> str:
    """A condition of the catalogue as SQL over the columns B, C, …; inside `group` the occurrence is `p`."""
    return _condition_sql(expression, record_vocabulary(code), group)


def _compile(ruleset: Ruleset) -> Compiled:
    key = (ruleset.edition, id(ruleset.vocabulary))
    if key not in _compiled:
        while len(_compiled) >= _COMPILED_MOST:
            del _compiled[next(iter(_compiled))]
        # The ruleset is kept beside its sweep, so that no other can come to have its vocabulary's identity.
        _compiled[key] = Compiled.of(ruleset)
    return _compiled[key]


_COMPILED_MOST = 128
_compiled: dict[tuple[str, int], Compiled] = {}


def make_ready() -> None:
    """Read and compile the rules of all record types, which a process does once; a worker when it starts."""
    force = in_force(clock.today() - timedelta(days=1))
    for code in RECORD_TYPES:
        if force.about_record(code) is not None:
            _compile(rules_in(force, code))


def sweep_select(ruleset: Ruleset, relation: str, id_column: str, constants: Mapping[str, Any] | None = None) -> str:
    """SELECT of (id, rule, code, tag, severity) for every finding of the rules in `relation`."""
    statement = _compile(ruleset).sweep.sql(relation, id_column, constants=constants)
    return f'SELECT DISTINCT "{id_column}", "rule", "code", "tag", "severity" FROM ({statement})'


_CARRIED = ("key", "bucket")


def suspects_select(ruleset: Ruleset, facts: str, given: Surroundings) -> str:
    """SELECT of the records in the relation `facts` that `findings_select` has to judge; the others break no rule."""
    constants = given.constants(ruleset.record_type or "")
    return _compile(ruleset).sweep.suspects(facts, "record_id", _CARRIED, constants)


def findings_select(ruleset: Ruleset, suspects: str, batch: str, day: date, *, precheck: bool, count: int = 0) -> str:
    """SELECT in the shape of the finding table over a relation of suspects; of `count` of them where that is known and they
    are in a table. With the pre-check switched off nothing blocks, all is noted."""
    statement = _compile(ruleset).judged(suspects, count, "record_id", _CARRIED)
    severity = '"severity"' if precheck else "CASE WHEN \"severity\" = 'block' THEN 'noted' ELSE \"severity\" END"
    return f"""SELECT DISTINCT '{batch}' AS batch, '{ruleset.record_type}' AS record_type, record_id, key, "rule",
        coalesce(nullif("code", ''), "rule") AS code, "tag", {severity} AS severity,
        '{ruleset.edition}' AS edition, DATE '{day.isoformat()}' AS business_date, bucket
        FROM ({statement})"""


def surroundings(settings: Settings, provider: str) -> Surroundings:
    """What is known of a legal entity: its section codes and institutions. Raises Invalid when their list cannot be read."""
    own = entity_of(provider)
    if own.institutions:
        return Surroundings(provider, clock.today(), (provider, *own.sections), own.institutions)
    sections: tuple[str, ...] = (provider, *own.sections)
    institutions: tuple[str, ...] | None = None
    zhongzheng: tuple[str, ...] | None = None
    if settings.institutions_file is not None and provider == installed().provider_code:
        try:
            given = yaml.safe_load(settings.institutions_file.read_text(encoding="utf-8"))
            sections = tuple(dict.fromkeys((*map(str, given["sections"]), *own.sections)))
            institutions = tuple(map(str, given["institutions"]))
            if "zhongzheng" in given:
                zhongzheng = tuple(map(str, given["zhongzheng"]))
        except (OSError, KeyError, TypeError, yaml.YAMLError) as problem:
            raise Invalid(
                "submission.institutions",
                Text("机构清单无法读取：{why}", "The list of institutions cannot be read: {why}").format(why=problem),
            ) from problem
    return Surroundings(provider, clock.today(), sections, institutions, zhongzheng)
