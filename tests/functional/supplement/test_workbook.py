"""Workbooks of supplements: every fault by its cell, nothing taken unless asked for, and hostile files refused unread."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import pytest
from judged_anew import registry
from openpyxl.utils import get_column_letter
from reported_days import ReportedDays
from supplemented import AUTHOR, REVIEWER, some

from app.core.actor import acting
from app.core.config import settings
from app.core.db import unit_of_work
from app.core.errors import Conflict, Invalid, NotFound
from app.core.jobs import Worker
from app.submission.supplement import deciding, uploads
from app.submission.supplement.entry import FORMS, entry_form
from app.submission.supplement.models import Supplement, SupplementRequest, SupplementUpload
from app.submission.supplement.sheets import ENTRIES, FAULTS, HEAD_ROWS, columns
from app.submission.supplement.workbook_in import read_sheet
from app.submission.supplement.workbook_out import template, with_faults

FORM = entry_form("person")
PLACES = {column.name: place for place, column in enumerate(columns(FORM), 1)}
BESIDE = {"_reason": "柜面核对", "_from": "2026-11-01", "_until": "2027-02-01"}


def filled(rows: list[dict[str, Any]]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(template(FORM)))
    for number, row in enumerate(rows, HEAD_ROWS + 1):
        for name, value in ({**BESIDE, **row}).items():
            book[ENTRIES].cell(number, PLACES[name]).value = value
    into = io.BytesIO()
    book.save(into)
    return into.getvalue()


def handed_in(content: bytes) -> SupplementUpload:
    with unit_of_work():
        number = uploads.hand_over(settings().provider_code or "", "person", "客户.xlsx", content).id
    return done(number)


def done(number: str) -> SupplementUpload:
    Worker(registry(), heartbeat=1.0, pause=0.05).run_until_idle()
    with unit_of_work(reading=True) as session:
        found = session.get_one(SupplementUpload, number)
        session.expunge(found)
        return found


def person(nth: int, **changes: Any) -> dict[str, Any]:
    found = some("person", nth)
    return {"IDType": found["IDType"], "IDNum": found["IDNum"], **changes}


def test_nothing_is_taken_from_what_is_wrong_unless_the_good_rows_are_asked_for(reported: ReportedDays) -> None:
    same = person(3)
    upload = handed_in(
        filled(
            [
                person(0, Sex="1 男性", Email="(空)"),
                person(1, Sex="7"),
                person(2, DOB="=1+1"),
                person(4, CellPhone="13800000000", _reason=""),
                {**same, "Email": "a@bank.example"},
                {**same, "Email": "b@bank.example"},
            ]
        )
    )
    places = {(row, column) for _, row, column, *_ in upload.faults}
    assert (upload.state, upload.rows, upload.good) == ("read", 6, 2)
    assert places == {
        (6, get_column_letter(PLACES["Sex"])),
        (7, get_column_letter(PLACES["DOB"])),
        (7, "A"),
        (8, get_column_letter(PLACES["_reason"])),
        (10, "A"),
    }
    assert all(zh and en for *_, zh, en in upload.faults)
    with unit_of_work(), pytest.raises(Conflict, match="upload_state"):
        uploads.take(uploads.find_upload(upload.id), good_only=False)
    with acting(REVIEWER), unit_of_work(reading=True), pytest.raises(NotFound):
        uploads.find_upload(upload.id)
    with unit_of_work(reading=True) as session:
        assert session.query(Supplement).count() == 0
        texts = read_sheet(FORM, uploads.content_of(upload)).texts
    marked = openpyxl.load_workbook(io.BytesIO(with_faults("person", texts, upload.faults)))
    assert marked[FAULTS].max_row == len(upload.faults) + 1
    assert "代码表" in marked[ENTRIES][f"{get_column_letter(PLACES['Sex'])}6"].comment.text

    with unit_of_work():
        uploads.take(uploads.find_upload(upload.id), good_only=True)
    taken = done(upload.id)
    assert (taken.state, taken.content) == ("taken", None), "what was handed in is not kept any longer"
    with unit_of_work() as session:
        request = session.query(SupplementRequest).one()
        assert (request.count, request.author, request.state) == (2, AUTHOR.id, "asked")
        (first, second) = deciding.supplements_of(request)
        assert {first.items.get("Sex"), second.items.get("Sex")} == {"1", None}
        assert "" in (first.items.get("Email"), second.items.get("Email"))
        first.blocks, second.blocks = 0, 1
        deciding.approve(request, REVIEWER.id, "只批准没有问题的", clean_only=True)
        assert sorted(each.state for each in (first, second)) == ["approved", "returned"]
    again = handed_in(filled([{**person(3), "Email": "c@bank.example"}, person(0, Email="c@bank.example")]))
    assert again.good == 1, "about the returned one somebody is still writing"


def test_a_template_of_each_form_reads_back_and_says_what_it_lacks(reported: ReportedDays) -> None:
    for name in ("person", "personal_party", "corporate_daily"):
        sheet = read_sheet(FORMS[name], template(FORMS[name]))
        assert [fault[3] for fault in sheet.faults] == ["第 5 行起没有任何内容"], name
    book = openpyxl.load_workbook(io.BytesIO(template(FORM)))
    book[ENTRIES].cell(3, 1).value = "Nonsense"
    book[ENTRIES].cell(5, 1).value = "x"
    into = io.BytesIO()
    book.save(into)
    told = [(fault[1], fault[2], fault[4]) for fault in read_sheet(FORM, into.getvalue()).faults]
    assert (3, "A", "there is no item named “Nonsense”") in told
    assert any("the column “" in text for *_, text in told)
    assert book[ENTRIES].data_validations.dataValidation, "codes are chosen from lists"


def rezipped(content: bytes, name: str, data: bytes) -> bytes:
    into = io.BytesIO(content)
    with zipfile.ZipFile(into, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, data)
    return into.getvalue()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("text", "不是.xlsx"),
        ("bomb", "压缩炸弹"),
        ("macro", "宏"),
        ("link", "链接到其他文件"),
        ("entity", "实体声明"),
        ("cut", "损坏"),
    ],
)
def test_hostile_workbooks_are_refused(what: str, words: str) -> None:
    sound = template(FORM)
    files = {
        "text": b"IDType,IDNum\n",
        "bomb": rezipped(sound, "xl/media/big.bin", b"\0" * 70_000_000) if what == "bomb" else b"",
        "macro": rezipped(sound, "xl/vbaProject.bin", b"x"),
        "link": rezipped(sound, "xl/externalLinks/externalLink1.xml", b"<x/>"),
        "entity": rezipped(sound, "xl/extra.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'),
        "cut": sound[: len(sound) // 2],
    }
    sheet = read_sheet(FORM, files[what])
    assert not sheet.readable
    assert words in sheet.faults[0][3]


def test_a_workbook_that_is_too_large_is_not_even_kept(reported: ReportedDays) -> None:
    for content in (b"", b"PK\x03\x04" + b"\0" * 8_000_000):
        with unit_of_work(), pytest.raises(Invalid, match=r"submission\.workbook"):
            uploads.hand_over(settings().provider_code or "", "person", "x.xlsx", content)
    with unit_of_work(reading=True) as session:
        assert session.query(SupplementUpload).count() == 0
