"""Two judgements made apart agree: the centre's code and the platform's rulesets, on every case that the rulesets
carry."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.rules.cases import load_bases, load_cases
from app.rules.explain import judge_of
from app.rules.loading import load_ruleset
from app.simulator.centre.judge.case import Case, Event, Header, Institution, Stored
from app.simulator.centre.judge.verdict import JUDGED, judge
from app.standard import catalogue
from app.standard.layout import column_types
from app.standard.model import Item, RecordType

RULESETS = Path(__file__).parents[3] / "rulesets" / "submission"
RECORDS = {
    path.parent.name: found[1]
    for path in sorted(RULESETS.glob("*/ruleset.yaml"))
    if (found := re.search(r"facts: \{record: record\.(\d{3})\}", path.read_text(encoding="utf-8")))
    and found[1] in JUDGED
}
"""The rulesets about records that the centre judges: a type that it learns to judge comes in by itself."""
MANY = ("110", "210", "310", "410")
"""The record types whose rules are many."""
DORMANT = {"BLR015"}
"""Codes that the platform only warns of: the value they speak of is no longer in the code list, so ABE001 comes
anyway."""


def without_absent(value: Any) -> Any:
    """A case writes an absent tag as null."""
    if isinstance(value, dict):
        return {key: without_absent(inner) for key, inner in value.items() if inner is not None}
    return [without_absent(inner) for inner in value] if isinstance(value, list) else value


def stored_of(accepted: Mapping[str, Any]) -> Stored:
    """The centre's view of the accepted state that a case describes."""
    events = [Event(e["OpetnType"], e.get("Month", ""), e.get("RptDate", "")) for e in accepted.get("events") or ()]
    if accepted.get("transferred") and not any(event.kind == "21" for event in events):
        events.append(Event("21", "2020-01", "2020-01-01"))
    months = tuple((m["Month"], m.get("RptDate", "")) for m in accepted.get("months") or ())
    reopened = min((event.month for event in events if event.kind == "12"), default="")
    return Stored(
        exists=bool(accepted.get("exists")),
        same=bool(accepted.get("same")),
        replaced=bool(accepted.get("replaced")),
        report_date=accepted.get("RptDate"),
        event_date=accepted.get("event_RptDate"),
        account_type=accepted.get("AcctType"),
        flag=accepted.get("Flag"),
        org_type=accepted.get("OrgType"),
        closed=bool(accepted.get("closed")),
        closed_month=max((of for of, _ in months if of < reopened), default=None),
        months=months,
        transactions=frozenset((t["TranDate"], t["ChanTranType"]) for t in accepted.get("transactions") or ()),
        events=tuple(events),
        same_day=bool(accepted.get("same_day")),
        previous=accepted.get("previous") or {},
        following=accepted.get("next") or {},
        updates={tag: value for tag, value in accepted.items() if tag.endswith("UpDate") and value},
    )


def centre_codes(record: str, fact: Mapping[str, Any]) -> set[str]:
    form, sets, header = fact.get("form", {}), fact.get("sets", {}), fact.get("header", {})
    if not form.get("parsed", True):
        return {"ABR006"}
    zhongzheng = sets.get("zhongzheng")
    case = Case(
        record,
        without_absent({key: value for key, value in fact.items() if key in column_types(record)}),
        Header(
            header.get("record_type", ""),
            header.get("version", ""),
            (header.get("template") or "").strip(),
            header.get("provider", ""),
            header.get("created_date", ""),
        ),
        Institution(
            frozenset(sets.get("sections") or ()),
            frozenset(sets.get("institutions") or ()),
            frozenset(zhongzheng or ()),
        ),
        stored_of(without_absent(fact.get("accepted") or {})),
        (fact.get("batch") or {}).get("same_key", 1) > 1,
    )
    codes = {code for code, _ in judge(case)}
    if form.get("unknown") or form.get("repeated"):
        codes.add("ABR000")
    # a lender who does not know the centre's list of Zhongzheng codes cannot judge them
    return codes if zhongzheng is not None else codes - {"ABE005"}


def same(mine: set[str], other: set[str], accepted: Mapping[str, Any]) -> bool:
    difference = (mine ^ other) - DORMANT
    if "ABD001" in mine & other:
        # of an empty segment one may also say that its tags are missing
        difference -= {"ABD000", "CLD000", "BLD000"}
    if accepted.get("events"):
        # some cases give an event without the state that follows from it
        difference -= {"BLR025"}
    return not difference


def test_the_centre_judges_every_normal_record_of_persons() -> None:
    normal = {code for code, each in catalogue.current().by_subject["person"].items() if not each.parent}

    assert normal | {"215"} <= JUDGED.keys()
    assert set(RECORDS.values()) == set(JUDGED)


def test_every_code_of_a_judged_record_is_seen_to_be_given() -> None:
    """One sample that passes, and for each rule that blocks one that gets its code, from the rulesets' own cases."""
    for name, code in RECORDS.items():
        ruleset = load_ruleset(RULESETS / name)
        bases = load_bases(ruleset).values()
        assert any(not centre_codes(code, fact) for fact in bases), f"no valid sample of {code}"
        given = {(c.rule, each) for c in load_cases(ruleset) if c.expect for each in centre_codes(code, c.fact)}
        unseen = {
            (rule.id, rule.code)
            for rule in ruleset.rules
            if rule.severity == "block" and rule.code and rule.own and (rule.id, rule.code) not in given
        }
        assert not unseen, name


@pytest.mark.parametrize("name", RECORDS)
def test_every_case_gets_the_same_codes(name):
    ruleset = load_ruleset(RULESETS / name)
    platform = judge_of(ruleset)
    blocking = {rule.id for rule in ruleset.rules if rule.severity == "block"}
    facts = list(load_bases(ruleset).items()) + [(f"{c.rule}: {c.name.en}", c.fact) for c in load_cases(ruleset)]
    if ruleset.subject == "person":
        # A contract for an organisation's debt is judged by the organisations' ruleset.
        facts = [(title, fact) for title, fact in facts if fact.get("B", {}).get("InfoIDType") != "2"]
    assert len(facts) > (90 if RECORDS[name] in MANY else 15)
    differences = []
    for title, fact in facts:
        other = {f.code for f in platform.judge(fact) if f.code and f.rule in blocking}
        mine = centre_codes(RECORDS[name], fact)
        if not same(mine, other, fact.get("accepted") or {}):
            differences.append((title, sorted(mine - other), sorted(other - mine)))
    assert differences == []


VALUES = {
    "D": [
        "2026-10-28",
        "2026-10-27",
        "2026-09-30",
        "2026-10-31",
        "2025-01-01",
        "1850-01-01",
        "2026-02-30",
        "2100-01-01",
    ],
    "M": ["2026-10", "2026-09", "2026-08", "2026-11", "2026-13"],
    "A": ["0", "1", "100", "999999", "-1", "1.5", "50000000", " 5 "],
    "N": ["0", "1", "2", "100", "-1", "1.5", "007"],
}
ODD = ["", " ", "\u3000", "x", "中文", "Ａ", "A B", "99", "x" * 200, "*", "NULL", "12345"]


class Spoiler:
    """Changes valid facts at random, but the same way every time."""

    def __init__(self, record: RecordType, bases: list[dict[str, Any]], seed: int) -> None:
        self.random = random.Random(seed)
        self.record, self.bases = record, bases
        self.tables = catalogue.current().codes(record.subject)
        self.columns = column_types(record.code)

    def spoiled(self) -> dict[str, Any]:
        fact = without_absent(copy.deepcopy(self.random.choice(self.bases)))
        ways = [self.item] * 4 + [self.segment, self.base, self.accepted]
        for _ in range(self.random.randint(1, 3)):
            self.random.choice(ways)(fact)
        return fact

    def letters(self, fact: Mapping[str, Any]) -> list[str]:
        return [key for key in fact if key in self.columns and fact[key]]

    def segment(self, fact: dict[str, Any]) -> None:
        """Take a segment away or put one of another record in."""
        other = self.random.choice(self.bases)
        if self.record.flat:
            return self.item(fact)
        letter = self.random.choice([letter for letter in self.letters(other) if letter != "B"])
        if self.random.random() < 0.5:
            fact.pop(letter, None)
        else:
            fact[letter] = without_absent(copy.deepcopy(other[letter]))

    def base(self, fact: dict[str, Any]) -> None:
        base, other = (each if self.record.flat else each["B"] for each in (fact, self.random.choice(self.bases)))
        tag = self.random.choice([tag for tag in base if self.record.flat is False or tag in self.columns])
        base[tag] = other.get(tag) or base[tag]

    def accepted(self, fact: dict[str, Any]) -> None:
        fact["accepted"] = without_absent(copy.deepcopy(self.random.choice(self.bases)["accepted"]))

    def item(self, fact: dict[str, Any]) -> None:
        """Take away, blank or replace one value, or repeat an occurrence of a group."""
        letter = "" if self.record.flat else self.random.choice(self.letters(fact))
        plan, holder = self.record.segment(letter), fact if self.record.flat else fact[letter]
        places: list[tuple[dict[str, Any], Item]] = [(holder, item) for item in plan.plain]
        for group in plan.groups:
            occurrences = holder.get(group.tag) or []
            places += [(occurrence, item) for occurrence in occurrences for item in group.items]
            if occurrences and self.random.random() < 0.1:
                occurrences.append(dict(occurrences[0]))
        where, item = self.random.choice(places)
        kind = self.random.random()
        if kind < 0.15:
            where.pop(item.tag, None)
        elif kind < 0.75 and item.codes:
            where[item.tag] = self.random.choice(list(self.tables[self.random.choice(item.codes)].values))
        elif kind < 0.75 and item.type in VALUES:
            where[item.tag] = self.random.choice(VALUES[item.type])
        else:
            where[item.tag] = self.random.choice(ODD)


@pytest.mark.parametrize("name", RECORDS)
def test_spoiled_records_get_the_same_codes(name):
    ruleset = load_ruleset(RULESETS / name)
    platform = judge_of(ruleset)
    blocking = {rule.id for rule in ruleset.rules if rule.severity == "block"}
    bases = [dict(fact) for fact in load_bases(ruleset).values()]
    spoiler = Spoiler(catalogue.current().record(RECORDS[name], ruleset.subject), bases, seed=20221001)
    refused = 0
    many = 400 if RECORDS[name] in MANY else 60
    for _ in range(many):
        fact = spoiler.spoiled()
        other = {f.code for f in platform.judge(fact) if f.code and f.rule in blocking}
        mine = centre_codes(RECORDS[name], fact)
        refused += bool(mine)
        assert same(mine, other, fact.get("accepted") or {}), (sorted(mine - other), sorted(other - mine), fact)
    assert refused > many * 3 // 8
