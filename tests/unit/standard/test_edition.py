"""Another edition of the interface is another folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.core.config import override
from app.core.errors import Invalid, NotFound
from app.standard import catalogue


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(catalogue.PACKAGED, tmp_path / "edition"))


def test_the_setting_chooses_the_edition(folder: Path) -> None:
    records = folder / "person" / "records.yaml"
    records.write_text(records.read_text("utf-8").replace("root: InAcctInf\n", "root: InAcctInfNew\n"), "utf-8")
    with override(standard_edition_dir=folder):
        assert catalogue.current().record("210").root == "InAcctInfNew"
        assert catalogue.current().digest != catalogue.load(catalogue.PACKAGED).digest
    assert catalogue.current().record("210").root == "InAcctInf"


def test_the_catalogue_is_loaded_once() -> None:
    assert catalogue.current() is catalogue.current()


def test_same_files_have_the_same_digest(folder: Path) -> None:
    assert catalogue.load(folder).digest == catalogue.load(catalogue.PACKAGED).digest


def test_an_unknown_record_type_is_answered_in_words() -> None:
    with pytest.raises(NotFound) as caught:
        catalogue.current().record("999")
    assert caught.value.code == "standard.record"
    assert "999" in caught.value.message.zh


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("edition.yaml", None),
        ("files.yaml", "[1, 2]"),
        ("person/records.yaml", "{unclosed"),
        ("person/records.yaml", "records: [{code: '110'}]"),
        ("errors.yaml", "error_codes: 7"),
        ("person/presence.yaml", "presence: {'210': {H: {ClosedDate: {empty_tag: true}}}}"),
    ],
)
def test_a_broken_edition_is_refused_in_words(folder: Path, name: str, content: str | None) -> None:
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(content, "utf-8")
    with pytest.raises(Invalid) as caught:
        catalogue.load(folder)
    assert caught.value.code == "standard.edition"


def test_long_national_tables_load_when_asked_for(folder: Path) -> None:
    (folder / "tables" / "AdminDivision.yaml").unlink()
    tables = catalogue.load(folder).codes("person")
    assert "AdminDistrict" in tables
    assert tables["Sex"].values["1"].en == "male"
    with pytest.raises(Invalid):
        tables["AdminDistrict"]
