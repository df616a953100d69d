"""What the pre-check would say: the record that would be derived with an entry laid over, judged before anybody submits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from app.core import clock
from app.core.config import settings
from app.core.errors import NotFound
from app.core.text import Text
from app.language import word
from app.rules.explain import Judge, RuleFinding, judge_of
from app.rules.model import Ruleset
from app.submission.content import rules_of
from app.submission.entities.keeping import entity_of
from app.submission.rulings import surroundings
from app.submission.supplement.bench import Bench, Fact, bench
from app.submission.supplement.entry import EntryForm, entry_form
from app.submission.supplement.nearby import Nearby, Row, key_of_row, nearby, nearby_all
from app.submission.tables import SUPPLEMENTED

_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a legal entity to be judged: the row's key, and its items as they would be laid over."""

    provider: str
    form: str
    key: str
    subject: str
    items: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """A finding beside the item it blames; `why` says what the rule demands, in words."""

    rule: str
    code: str
    tag: str
    segment: str
    severity: str
    title: Text
    why: Text

    @property
    def triple(self) -> list[str]:
        return [self.rule, self.code, self.tag, self.severity]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of an entry. `due` is false where nothing would be reported of it now, and it was judged as a first
    report; `point` is the reporting point. `derived` is false where no record can be made of what there is."""

    derived: bool
    due: bool
    point: str
    said: tuple[Said, ...]
    fact: Mapping[str, Any]

    @property
    def blocks(self) -> int:
        return sum(each.severity == "block" for each in self.said)


def verdict(entry: Entry) -> Verdict:
    """Of one entry, in well under a tenth of a second where its subject has been looked at before."""
    code = entry_form(entry.form).record
    return _judged(code, [entry], nearby(entry.provider, code, entry.subject), few=True)[entry.subject]


def verdicts(form: EntryForm, entries: Sequence[Entry]) -> list[Verdict]:
    """Of many entries of a form and a legal entity, in their order; those of one subject are laid over together."""
    found: dict[str, Verdict] = {}
    of: dict[str, list[Entry]] = {}
    for each in entries:
        of.setdefault(each.subject, []).append(each)
    subjects = list(of)
    for start in range(0, len(subjects), _CHUNK):
        chunk = subjects[start : start + _CHUNK]
        mine = [each for subject in chunk for each in of[subject]]
        found |= _judged(form.record, mine, nearby_all(mine[0].provider, form.record, chunk), few=False)
    return [found[each.subject] for each in entries]


def _judged(code: str, entries: Sequence[Entry], near: Nearby, *, few: bool) -> dict[str, Verdict]:
    subjects = list(dict.fromkeys(each.subject for each in entries))
    engine = bench(code, near.day) if few else Bench(code, near.day, few=False)
    try:
        with engine.lock:
            due, facts = _derived(engine, laid_over(entries, near), near, subjects)
    finally:
        if not few:
            engine.close()
    ruleset = _ruleset(code, near.day)
    provider = entries[0].provider
    constants = surroundings(entity_of(provider).settings(settings()), provider).constants(code)
    constants["header"]["created_date"] = max(clock.today(), near.day).isoformat()
    found = {}
    for subject in subjects:
        fact = facts.get(subject)
        if fact is None or ruleset is None:
            found[subject] = Verdict(fact is not None, False, "", (), fact or {})
            continue
        said = _said(judge_of(ruleset), ruleset, {**fact, **constants})
        point = (fact.get("B") or {}).get("RptDateCode") or ""
        found[subject] = Verdict(True, subject in due, point, said, fact)
    return found


def _derived(
    engine: Bench, rows: Mapping[str, list[Row]], near: Nearby, subjects: Sequence[str]
) -> tuple[set[str], dict[str, Fact]]:
    """The subjects of whom a record is due, and a fact of each: of the others as if the centre had nothing of them."""
    engine.fill(rows, near)
    facts = engine.facts()
    due = set(facts)
    wanted = set(subjects) - due
    if wanted:
        facts |= {key: fact for key, fact in engine.facts(first=True).items() if key in wanted}
    return due, facts


def _ruleset(code: str, day: date) -> Ruleset | None:
    try:
        return rules_of(code, day=day)
    except NotFound:
        return None


def laid_over(entries: Sequence[Entry], near: Nearby) -> dict[str, list[Row]]:
    """The rows of the subjects with the entries laid over, as `overlay` does it for a whole day."""
    rows = {entity: [dict(row) for row in found] for entity, found in near.rows.items()}
    known: dict[str, dict[str, list[Row]]] = {}
    for entry in entries:
        form = entry_form(entry.form)
        mine = rows.setdefault(form.entity, [])
        if form.name not in known:
            known[form.name] = {}
            for row in mine:
                if (own := key_of_row(form, row)) is not None:
                    known[form.name].setdefault(own, []).append(row)
        given = {tag: value or None for tag, value in entry.items.items()}
        for row in known[form.name].get(entry.key, ()):
            row.update(given)
        if entry.key not in known[form.name]:
            mine.append(dict(form.fixed) | given | {"_source": SUPPLEMENTED, "_load": "", "_row": f"new:{len(mine)}"})
    return rows


def _said(judge: Judge, ruleset: Ruleset, fact: Mapping[str, Any]) -> tuple[Said, ...]:
    rules = {rule.id: rule for rule in ruleset.rules}

    def shown(finding: RuleFinding) -> Said:
        check = rules[finding.rule].checks[finding.check]
        letter, dot, _ = finding.blame.partition(".")
        return Said(
            finding.rule,
            finding.code or finding.rule,
            finding.tag,
            letter if dot else "",
            finding.severity,
            finding.message,
            word(check.require),
        )

    order = {"block": 0, "warn": 1}
    return tuple(sorted(map(shown, judge.judge(fact)), key=lambda each: order.get(each.severity, 2)))
