"""Which edition is in force on which day, where shipped editions follow each other; and texts that come back as they went in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import clock
from app.core.db import Database, unit_of_work
from app.rules.registry import drafts, edition, in_force, shipped, shipped_in_force
from app.rules.registry.editions import editions_of, remember_shipped
from app.rules.registry.files import read_files, write_files
from app.rules.registry.models import Release
from app.rules.registry.shipped import ROOT, shipped_ruleset
from app.rules.source import Texts
from app.submission.content import present_force

NAME = "submission.personal_family"
FOLDER = "submission/personal_family"
FILE = f"{FOLDER}/ruleset.yaml"
SOURCE = read_files(ROOT / FOLDER)


@pytest.fixture
def ship(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """`ship(old=new, …)` installs another delivery of the product with one ruleset so changed; its edition."""
    root = tmp_path / "product"
    monkeypatch.setattr(shipped, "ROOT", root)

    def deliver(**changes: str) -> str:
        text = SOURCE.files[FILE]
        for old, new in (change.split(" -> ") for change in changes.values()):
            assert old in text
            text = text.replace(old, new)
        write_files(Texts(FOLDER, {**SOURCE.files, FILE: text}), root)
        shipped.shipped.cache_clear()
        shipped._loaded.cache_clear()
        found = shipped_ruleset(NAME)
        with unit_of_work():
            remember_shipped(found)
        return found.edition

    yield deliver
    shipped.shipped.cache_clear()
    shipped._loaded.cache_clear()


def judging(day: date) -> str | None:
    with unit_of_work(reading=True):
        force = in_force(day)
        return force.ruleset(NAME).edition if NAME in force.places else None


def test_a_shipped_edition_for_later_leaves_the_present_one_in_force(
    database: Database, ship: Callable[..., str]
) -> None:
    first = ship()
    second = ship(day="'2022-10-01' -> '2026-12-01'", severity="severity: block -> severity: warn")

    assert first != second
    assert [judging(day) for day in (date(2022, 9, 30), date(2026, 11, 30), date(2026, 12, 1))] == [None, first, second]
    assert edition(first).rules[-1].severity == "block"
    third = ship(title="Pre-check of family -> Checks of family")
    assert judging(date(2026, 12, 1)) == third, "one that is no longer there is no longer published"
    with unit_of_work(reading=True):
        assert {row.number for row in editions_of(NAME)} == {1, 2, 3}


def test_a_release_of_the_console_stays_when_another_edition_is_shipped(
    database: Database, ship: Callable[..., str]
) -> None:
    first = ship()
    with unit_of_work() as session:
        act = {"ruleset": NAME, "approved_by": "xu.wen", "approved_at": clock.now()}
        session.add(Release(edition=first, effective_from=date(2026, 11, 5), request="RR-1", **act))
    second = ship(severity="severity: block -> severity: warn")
    assert [judging(date(2026, 11, day)) for day in (4, 5)] == [second, first]
    with unit_of_work() as session:
        session.add(Release(edition=None, effective_from=date(2026, 11, 9), request="RR-2", **act))
        session.add(Release(edition=second, effective_from=date(2026, 11, 7), request="RR-3", **act))
    assert [judging(date(2026, 11, day)) for day in (6, 7, 8, 9)] == [first, second, second, None]


def test_cases_and_remarks_may_change_without_another_edition(database: Database, ship: Callable[..., str]) -> None:
    first = ship()
    assert ship(remark="kind: check -> kind: check  # a remark") == first
    with unit_of_work(reading=True):
        assert [row.number for row in editions_of(NAME)] == [1]


def test_without_a_database_what_is_shipped_judges(tmp_path: Path) -> None:
    assert not (tmp_path / "data").exists()
    force = present_force()
    assert force.about_record("210") is not None
    assert force.subjects_of("510") == ("person", "organisation")
    assert not list(tmp_path.rglob("*.sqlite")), "asking has made no database"
    assert shipped_in_force(date(2000, 1, 1)).about_record("210") is None


_ANY = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=60)
_REMARK = st.text(st.characters(min_codepoint=32, max_codepoint=0x9FFF, exclude_categories=("Cs", "Cc")), max_size=40)


@st.composite
def any_texts(draw: st.DrawFn) -> Texts:
    """A ruleset of any words: only that it includes shared rules must be legible."""
    end = draw(st.sampled_from(["\n", "\r\n"]))
    head = f"# {draw(_REMARK)}{end}ruleset: area.made{end}include: [area.shared]{end}rules: []{end}"
    files = {"area/made/ruleset.yaml": head + draw(st.sampled_from(["", end, " "]))}
    for name in draw(st.sets(st.from_regex(r"[A-Z_][A-Za-z0-9-]{0,6}", fullmatch=True), max_size=4)):
        files[f"area/made/cases/{name}.yaml"] = draw(_ANY)
    files["area/shared/rules.yaml"] = draw(_ANY)
    return Texts("area/made", files)


@given(any_texts())
def test_what_is_exported_is_imported_as_it_was(tmp_path_factory: pytest.TempPathFactory, texts: Texts) -> None:
    root = tmp_path_factory.mktemp("files")
    write_files(Texts("area/made", {"area/made/cases/left_over.yaml": "of another edition"}), root)
    write_files(texts, root)
    assert read_files(root / "area" / "made") == texts


def test_a_draft_keeps_texts_as_they_are_written(database: Database, tmp_path: Path) -> None:
    odd = {
        f"{FOLDER}/cases/odd.yaml": "行尾 \r\n\ttab 😀 \\u0041 \x7f\n\n",
        FILE: SOURCE.files[FILE].replace("\n", "\r\n"),
    }
    given_ = Texts(FOLDER, {**SOURCE.files, **odd})
    with unit_of_work():
        drafts.import_texts(given_)
    with unit_of_work(reading=True):
        kept = drafts.content(drafts.find(NAME))
    assert kept == given_
    write_files(kept, tmp_path)
    assert read_files(tmp_path / FOLDER) == given_


def test_time_is_the_business_day_not_the_clock(sqlite_database: Database, ship: Callable[..., str]) -> None:
    first = ship()
    with clock.frozen(datetime(2040, 1, 1, tzinfo=clock.CHINA)):
        assert judging(date(2026, 11, 2)) == first
