"""Changes of a rule or a case in a text: nothing else moves by a byte, whatever rule of whatever shipped ruleset it is."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.rules.editing.changes import apply, id_of, rules_in
from app.rules.editing.forms import ORDER, changed_rule, rule_form
from app.rules.editing.outline import content_of
from app.rules.editing.splicing import Splicer
from app.rules.loading import find_rulesets, load_ruleset, texts_of
from app.rules.registry.shipped import ROOT
from app.rules.source import RULESET, Texts

SHIPPED = {folder.name: texts_of(folder) for folder in find_rulesets(ROOT) if folder.parent.name == "submission"}
RULES = [(name, index) for name, texts in SHIPPED.items() for index in range(len(rules_in(content_of(texts).data)))]
ACCOUNT = SHIPPED["personal_loan_account"]
FILE = f"{ACCOUNT.folder}/{RULESET}"


def own_text(texts: Texts) -> str:
    return texts.files[f"{texts.folder}/{RULESET}"]


def around(before: str, after: str) -> tuple[str, str]:
    """What of a text is gone and what has come, between the longest common beginning and end."""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return before[head : len(before) - tail], after[head : len(after) - tail]


def comments(text: str) -> list[str]:
    """The lines that are comments: a line of a text over several lines may begin with # as well."""
    words = {
        line
        for token in yaml.scan(text, Loader=yaml.CSafeLoader)
        if isinstance(token, yaml.ScalarToken)
        for line in range(token.start_mark.line + 1, token.end_mark.line + 1)
        if token.end_mark.line > line or token.end_mark.column
    }
    lines = enumerate(text.splitlines())
    return [line for number, line in lines if line.lstrip().startswith("#") and number not in words]


def change(form: dict[str, Any], what: str, words: str) -> None:
    match what:
        case "title":
            form["title"] = {"zh": words, "en": words}
        case "note":
            form["note"] = {"zh": words, "en": f"{words} {'long ' * 40}"}
        case "no note":
            form["note"] = {"zh": "", "en": ""}
        case "needs":
            form["needs"] = [*form["needs"], words]
        case "require":
            form["checks"] = [{**form["checks"][0], "require": f"filled({words})"}, *form["checks"][1:]]
        case "another check":
            blank = {"each": "", "when": "", "require": words, "blame": "", "code": ""}
            form["checks"] = [*form["checks"], blank]
        case "one check less":
            form["checks"] = form["checks"][1:]
        case _:
            form["severity"] = "info"


CHANGES = ("title", "note", "no note", "needs", "require", "another check", "one check less", "severity")
WORDS = st.text("账户关闭#:'\"{}[]&*!|>%@`, -?abcXYZ019", min_size=1, max_size=30).map(str.strip).filter(bool)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(RULES), st.sampled_from(CHANGES), WORDS)
@example(("corporate_balance_sheet", 0), "note", "#")
def test_a_change_stays_within_its_rule(place: tuple[str, int], what: str, words: str) -> None:
    texts = SHIPPED[place[0]]
    before = own_text(texts)
    splicer = Splicer(before)
    raw = rules_in(splicer.data())[place[1]]
    form = rule_form(raw)
    change(form, what, words)
    wanted = changed_rule(raw, form)

    splicer.put(("rules", place[1]), wanted, ORDER)

    found = rules_in(splicer.data())
    assert found[place[1]] == wanted
    assert [each for n, each in enumerate(found) if n != place[1]] == [
        each for n, each in enumerate(rules_in(content_of(texts).data)) if n != place[1]
    ]
    gone, come = around(before, splicer.text)
    assert comments(splicer.text) == comments(before) or what == "one check less"
    ids = [id_of(each) for n, each in enumerate(found) if n != place[1]]
    assert not any(f"id: {each}\n" in gone + come for each in ids)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_form_that_changes_nothing_changes_not_a_byte(name: str) -> None:
    texts = SHIPPED[name]
    splicer = Splicer(own_text(texts))
    rules = rules_in(splicer.data())
    assert [changed_rule(raw, rule_form(raw)) for raw in rules] == rules
    splicer.put(("rules",), rules, ORDER)
    assert splicer.text == own_text(texts)


@settings(max_examples=10, deadline=None)
@given(st.sampled_from([place for place in RULES if place[1]]))
def test_a_rule_that_comes_and_goes_leaves_no_trace(place: tuple[str, int]) -> None:
    before = own_text(SHIPPED[place[0]])
    splicer = Splicer(before)
    splicer.insert(("rules",), place[1], {"id": "N-1", "title": {"zh": "新", "en": "new"}, "require": "has(B)"})
    assert splicer.text != before
    splicer.remove(("rules", place[1]))
    assert splicer.text == before


PLAIN = st.one_of(
    st.text("ab账户 #:-'\"\n{}[],&*?|>!%", max_size=20),
    st.booleans(),
    st.integers(-5, 5000),
    st.none(),
    st.just("2026-10-20"),
)
DATA = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcde"), inner, max_size=3)
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from("abcde"), DATA, min_size=1, max_size=4), DATA, st.booleans(), st.data())
def test_any_value_can_stand_at_any_key(data: dict[str, Any], value: Any, flow: bool, draw: st.DataObject) -> None:
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, default_flow_style=flow or None)
    key = draw.draw(st.sampled_from([*data, "z"]))
    splicer = Splicer(text)
    try:
        splicer.put((key,), value)
    except Invalid:
        assert splicer.text == text
    else:
        assert splicer.data() == {**data, key: value}


@pytest.mark.parametrize(
    "words",
    [
        "has(B)\n  and has(C)\nor has(D)",
        " led and trailed \n by blanks ",
        "\n\nlate",
        "全角\u3000空格",
        "long " * 60 + "# no remark",
        "x: y - z",
        "line\x85break",
        "true",
        "0123",
        "- a",
        "",
    ],
)
def test_every_text_can_be_written_at_its_place(words: str) -> None:
    index = next(n for n, raw in enumerate(rules_in(content_of(ACCOUNT).data)) if "checks" in raw and "note" in raw)
    for key in (
        ("rules", index, "checks", 0, "require"),
        ("rules", index, "note", "zh"),
        ("title", "zh"),
        ("facts", "record"),
    ):
        splicer = Splicer(own_text(ACCOUNT))
        splicer.put(key, words)
        found = splicer.data()
        for part in key:
            found = found[part]
        assert found == words


def test_the_end_of_lines_and_what_stands_around_are_kept() -> None:
    text = "# head\r\nrules:\r\n  # first\r\n  - id: A\r\n    title: {zh: 甲, en: a}  # why\r\n\r\n  - id: B\r\n    needs: [A]\r\n# tail"
    splicer = Splicer(text)
    splicer.put(("rules", 0, "title", "zh"), "乙")
    assert splicer.text == text.replace("甲", "乙")
    splicer.put(("rules", 1, "note"), {"zh": "说", "en": "say"}, ORDER)
    assert "    note:\r\n      zh: 说\r\n      en: say\r\n# tail" in splicer.text
    splicer.remove(("rules", 0))
    assert splicer.text.startswith("# head\r\nrules:\r\n  # first\r\n  - id: B\r\n")


@pytest.mark.parametrize(
    "text",
    [
        "base: &b {a: 1}\nrules:\n  - *b\n  - id: B\n",
        "rules:\n  - id: &x A\n    title: *x\n  - id: B\n",
        "rules:\n  - id: A\n  - [",
        "\ufeffrules:\n  - id: A\n",
        "- " * 3000,
        "",
    ],
)
def test_what_has_no_safe_place_is_refused_and_nothing_changes(text: str) -> None:
    splicer = Splicer(text)
    with pytest.raises(Invalid) as refused:
        splicer.put(("rules", 0, "title"), "新")
    assert refused.value.code in ("rules.yaml", "rules.by_hand")
    assert splicer.text == text


def test_a_rule_is_added_renamed_and_removed_with_its_cases() -> None:
    made, rule = apply(ACCOUNT, {"what": "add_rule", "id": "", "after": "P210-003", "copy": ""})
    assert rule.startswith("P210-")
    texts = Texts(ACCOUNT.folder, {**ACCOUNT.files, **{path: text or "" for path, text in made.items()}})
    ids = [id_of(each) for each in rules_in(content_of(texts).data)]
    assert ids.index(rule) == ids.index("P210-003") + 1

    form = rule_form(rules_in(content_of(ACCOUNT).data)[ids.index("P210-003")])
    renamed, _ = apply(ACCOUNT, {"what": "rule", "id": "P210-003", "rule": {**form, "id": "P210-903"}})
    kept = Texts(
        ACCOUNT.folder, {path: text for path, text in {**ACCOUNT.files, **renamed}.items() if text is not None}
    )
    assert load_ruleset(kept).rule("P210-903").checks
    assert "rule: P210-903" in kept.files[f"{ACCOUNT.folder}/cases/P210-003.yaml"]

    gone, _ = apply(ACCOUNT, {"what": "remove_rule", "id": "P210-003"})
    assert gone[f"{ACCOUNT.folder}/cases/P210-003.yaml"] is None
    assert comments(gone[FILE] or "") == comments(ACCOUNT.files[FILE])


def test_cases_are_changed_one_by_one() -> None:
    path = f"{ACCOUNT.folder}/cases/P210-002.yaml"
    old = ACCOUNT.files[path]
    case = {
        "name": {"zh": "新", "en": "new"},
        "base": "d1_opened",
        "set": [["B.AcctType", "10"], ["H", None]],
        "expect": "fires",
    }
    added, _ = apply(ACCOUNT, {"what": "case", "id": "P210-002", "case": case})
    text = added[path] or ""
    assert text.startswith(old.rstrip("\n"))
    assert yaml.safe_load(text)["cases"][-1] == {
        "name": {"zh": "新", "en": "new"},
        "base": "d1_opened",
        "set": {"B.AcctType": "10", "H": None},
        "expect": ["P210-002"],
    }
    last = len(yaml.safe_load(text)["cases"]) - 1
    texts = Texts(ACCOUNT.folder, {**ACCOUNT.files, path: text})
    place = {"file": "cases/P210-002.yaml", "index": last}
    assert apply(texts, {"what": "remove_case", "id": "P210-002", "case": place})[0] == {path: old}
    unchanged = {**case, **place, "others": []}
    assert apply(texts, {"what": "case", "id": "P210-002", "case": unchanged})[0] == {}
