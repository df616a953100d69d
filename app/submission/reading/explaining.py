"""Why a rule found what it found: the record judged again by the explain evaluator, on the state the centre had then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import select

from app.core import clock
from app.core.config import settings
from app.core.db import current_session
from app.core.masking import Kind, mask
from app.core.text import Text
from app.language import Trace, word
from app.rules.explain import CheckExplained, RuleExplained, judge_of
from app.rules.model import Rule, Ruleset
from app.rules.registry import edition
from app.rules.vocabulary import BESIDE
from app.submission.content import judged_by
from app.submission.facts import fact_relation
from app.submission.lake import lake
from app.submission.models import Batch, StageRun
from app.submission.reading.personal import personal_kind
from app.submission.rulings import surroundings
from app.submission.tables import REPLACED, accepted_of, record_table, record_type, taken_of

_EACH: Final = "item"
_DEEPEST: Final = 12


@dataclass(frozen=True, slots=True)
class ReadValue:
    """A name that a rule looked at and what stood there; personal values come masked. `state`: value, empty, absent,
    true or false."""

    path: str
    label: Text
    shown: str
    state: str


@dataclass(frozen=True, slots=True)
class Branch:
    """One node of an explanation, ready to be shown. `state` is true, false, unknown, value or skipped."""

    text: str
    label: Text | None
    state: str
    shown: str
    children: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class CheckShown:
    """One check of a rule in words and as trees."""

    violated: bool
    when_words: Text | None
    when: Branch | None
    require_words: Text
    require: Branch
    values: tuple[ReadValue, ...]


@dataclass(frozen=True, slots=True)
class RuleShown:
    """One rule with the checks that decide."""

    rule: Rule
    outcome: str
    waiting: tuple[str, ...]
    checks: tuple[CheckShown, ...]


def judged_fact(batch: Batch, code: str, record_id: str) -> dict[str, Any] | None:
    """The fact that the rules saw: the segments, and beside them what the centre had taken before the business day.

    None where there is no such record.
    """
    day = f"DATE '{batch.business_date.isoformat()}'"
    rows = record_table(code).path
    # All records of the batch with the same key are needed: rules ask how many there are.
    same_key = f"(SELECT key FROM {rows} WHERE batch = '{batch.id}' AND record_id = ?)"
    records = f"(SELECT * FROM {rows} WHERE batch = '{batch.id}' AND key IN {same_key})"

    def before(other: str) -> str:
        return f"({accepted_of(other, batch.provider)} AND accepted_on < {day})"

    replaced = f"({taken_of(REPLACED.path, batch.provider)} AND accepted_on < {day})"
    found = lake().records(
        f"SELECT * FROM ({fact_relation(code, records, before(code), before, replaced)}) WHERE record_id = ?",
        [record_id, record_id],
    )
    if not found:
        return None
    given = surroundings(settings(), batch.provider)
    given = replace(given, created_on=batch.created_at.astimezone(clock.CHINA).date())
    return {**found[0], **given.constants(code)}


def explain_record(batch_id: str, code: str, record_id: str, rules: tuple[str, ...]) -> tuple[RuleShown, ...]:
    """How each of these rules came out on a record, in the order given; rules that are gone are left out."""
    batch = current_session().get(Batch, batch_id)
    if batch is None:
        return ()
    shown = [each for by in rulesets_of(batch, code) for each in explain_by(by, batch_id, code, record_id, rules)]
    return tuple(sorted(shown, key=lambda each: rules.index(each.rule.id)))


def explain_by(
    ruleset: Ruleset, batch_id: str, code: str, record_id: str, rules: tuple[str, ...]
) -> tuple[RuleShown, ...]:
    """As `explain_record`, by an edition of one's own choice."""
    batch = current_session().get(Batch, batch_id)
    fact = judged_fact(batch, code, record_id) if batch is not None else None
    if fact is None:
        return ()
    judge = judge_of(ruleset)
    known = {rule.id for rule in ruleset.rules}
    return tuple(
        _shown(explained, Veil(code))
        for rule in dict.fromkeys(rules)
        if rule in known
        for explained in judge.explain(fact, rule)
    )


def rulesets_of(batch: Batch, code: str) -> tuple[Ruleset, ...]:
    """What has judged a batch's records of a type, two rulesets where persons' and organisations' have each their own; before
    they are judged, what is in force on its day."""
    query = select(StageRun.detail["edition"].as_string()).where(
        StageRun.batch_id == batch.id, StageRun.stage == "judge", StageRun.part.startswith(f"{code}/")
    )
    judged = [edition(each) for each in current_session().scalars(query.distinct()) if each]
    return tuple(judged) or tuple(judged_by(code, batch.business_date))


def _shown(explained: RuleExplained, veil: Veil) -> RuleShown:
    checks = [each for each in explained.checks if each.violated] or list(explained.checks)
    return RuleShown(
        explained.rule, explained.outcome, explained.waiting, tuple(_shown_check(each, veil) for each in checks)
    )


def _shown_check(explained: CheckExplained, veil: Veil) -> CheckShown:
    check = explained.check
    veil = replace(veil, blamed=check.blame)
    traces = [each for each in (explained.when, explained.require) if each is not None]
    read = [value for trace in traces for value in _values(trace, veil)]
    return CheckShown(
        violated=explained.violated,
        when_words=word(check.when) if check.when else None,
        when=branch_of(explained.when, veil) if explained.when else None,
        require_words=word(check.require),
        require=branch_of(explained.require, veil),
        values=tuple(dict.fromkeys(read)),
    )


@dataclass(frozen=True, slots=True)
class Veil:
    """Hides what is personal in an explanation. `blamed` is the item that `item` stands for in rules made for every item."""

    code: str
    blamed: str = ""

    def path(self, text: str) -> str:
        return self.blamed if text == _EACH and self.blamed else text

    def value(self, text: str, value: str) -> str:
        """A value as it may be shown; what stands under a name that the standard does not have is hidden too."""
        kind = self._kind(text)
        return mask(kind, value) if kind else value

    def personal(self, trace: Trace) -> bool:
        """Whether something personal was read for this node."""
        return any(node.kind == "path" and self._kind(node.text) is not None for node in trace.walk())

    def _kind(self, text: str) -> Kind | None:
        path = self.path(text)
        root, _, rest = path.partition(".")
        if root in BESIDE or root == "accepted":
            return None
        tag = (rest or root).rpartition(".")[2]
        if tag not in _tags(self.code):
            return None if path in {segment.code for segment in record_type(self.code).segments} else "account"
        return personal_kind(tag, record_type(self.code).subject)


@lru_cache(maxsize=16)
def _tags(code: str) -> frozenset[str]:
    record = record_type(code)
    groups = {group.tag for segment in record.segments for group in segment.groups}
    return frozenset({item.tag for _, _, item in record.items()} | groups)


def _values(trace: Trace, veil: Veil) -> Iterator[ReadValue]:
    for node in trace.walk():
        if node.kind != "path" or node.label is None or node.state == "skipped":
            continue
        if node.read is None and node.value is None:
            if node.state == "unknown":
                yield ReadValue(veil.path(node.text), node.label, "", "absent")
            continue
        if node.read is None and isinstance(node.value, bool):
            yield ReadValue(veil.path(node.text), node.label, "", str(node.value).lower())
            continue
        shown = node.read if node.read is not None else str(node.value)
        yield ReadValue(veil.path(node.text), node.label, veil.value(node.text, shown), "value" if shown else "empty")


def branch_of(trace: Trace, veil: Veil, depth: int = 0) -> Branch:
    """A trace for showing. What is made of a personal value (a part of it, a date in it) is hidden altogether."""
    shown = trace.read if trace.read is not None else "" if trace.value is None else str(trace.value)
    if isinstance(trace.value, bool):
        shown = ""
    elif trace.kind == "path":
        shown = veil.value(trace.text, shown)
    elif shown and veil.personal(trace):
        shown = "***"
    children = trace.children if depth < _DEEPEST else ()
    below = tuple(branch_of(child, veil, depth + 1) for child in children if child.kind != "literal")
    return Branch(trace.text, trace.label, trace.state, shown, below)
