"""A ruleset loaded from texts is the ruleset that its folder gives: same edition, same cases, same faults at the same places."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.cases import run_cases
from app.rules.loading import edition_of, load_ruleset, read_facts, texts_of
from app.rules.model import Fault, RulesetInvalid
from app.rules.source import PATH, Texts

RULESETS = Path(__file__).parents[3] / "rulesets" / "submission"
BASIC = RULESETS / "personal_basic"


def faults_of(source: Path | Texts) -> tuple[Fault, ...]:
    with pytest.raises(RulesetInvalid) as refused:
        load_ruleset(source)
    return refused.value.faults


def test_texts_give_what_their_folder_gives() -> None:
    texts = texts_of(BASIC)
    here, there = load_ruleset(texts), load_ruleset(BASIC)

    assert (here.edition, here.rules, here.facts) == (there.edition, there.rules, there.facts)
    assert edition_of(texts) == here.edition
    assert read_facts(texts) == read_facts(BASIC) == ("record.110", None)
    mine, theirs = run_cases(here), run_cases(there)
    assert (mine.cases, mine.passing, mine.failing, mine.faults) == (
        theirs.cases,
        theirs.passing,
        theirs.failing,
        theirs.faults,
    )
    assert mine.cases > 50
    assert all(PATH.fullmatch(path) for path in texts.files)
    assert len({path.split("/")[1] for path in texts.files}) > 1, "the shared rules come with it"


def test_faults_are_told_alike_with_the_fragments_own_places(tmp_path: Path) -> None:
    texts = texts_of(BASIC)
    files = dict(texts.files)
    fragment = next(path for path in files if path.endswith("/rules.yaml"))
    files[fragment] = files[fragment].replace("require:", "requir:", 1)
    files["submission/personal_basic/ruleset.yaml"] += "\n  - {id: X}\n"
    for path, text in files.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
    broken = replace(texts, files=files)

    found = faults_of(broken)

    assert found == faults_of(tmp_path / "submission" / "personal_basic")
    assert {fault.file for fault in found} >= {"personal_basic/ruleset.yaml", fragment.removeprefix("submission/")}


def test_what_is_missing_is_told() -> None:
    texts = texts_of(BASIC)
    only = Texts(texts.folder, {path: text for path, text in texts.files.items() if not path.endswith("rules.yaml")})
    assert any("no shared rules" in fault.message.en for fault in faults_of(only))
    (fault,) = faults_of(Texts("submission/nothing", {}))
    assert "cannot be read" in fault.message.en


@given(st.text(alphabet="abc/.-_AZ09", max_size=40))
def test_no_path_leads_out_of_its_folder(path: str) -> None:
    if PATH.fullmatch(path):
        assert ".." not in path.split("/")
        assert not path.startswith("/")
