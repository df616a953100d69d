"""The corrections desk over reported days: groups, rows, one record on one screen, bulk, four eyes, export."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup

from app.core.actor import SYSTEM, acting
from app.core.db import unit_of_work
from app.core.people import directory
from app.submission.lake import lake
from app.submission.models import HeldNote, HeldRecord, OperationRequest
from app.submission.stages.hold import keep
from app.submission.stages.work import Work
from app.submission.tables import FEEDBACK, FILE_LINE, accepted_table, record_table

DESK = "/submission/corrections"


_FAULTS = {
    "110": ("blocked", ["P110-009", "ABE007", "FcsInfoUpDate"]),
    "210": ("rejected", ["", "BLR027", "RptDate"]),
    "310": ("blocked", ["CALL-I0000901", "ABE003", "Cimoc"]),
    "410": ("rejected", ["", "CLR029", "AcctBal"]),
}


@pytest.fixture(scope="module")
def world(own_world):
    """This module makes faults, which others would find in their lists."""
    return own_world


@pytest.fixture(autouse=True)
def faults(settled) -> None:
    """Two records of each type that the centre has taken are held once more, with a fault of their own."""
    for code, (kind, finding) in _FAULTS.items():
        rows = lake().rows(
            f"SELECT key, batch, record_id, content FROM {record_table(code).path}"
            f" WHERE key IN (SELECT key FROM {accepted_table(code).path}) ORDER BY key, business_date LIMIT 2"
        )
        with acting(SYSTEM), unit_of_work():
            for key, batch, record_id, content in rows:
                keep(Work.on(batch), code, key, kind, record_id, content, [finding])
        if kind == "rejected":
            _feedback(code, [record_id for _, _, record_id, *_ in rows], finding)


def _feedback(code: str, records: list[str], finding: list[str]) -> None:
    """The centre's own words about them, in the lake."""

    def store(connection: Any) -> None:
        connection.execute(
            f"DELETE FROM {FEEDBACK.path} WHERE list_contains($records::VARCHAR[], record_id)", {"records": records}
        )
        connection.execute(
            f"INSERT INTO {FEEDBACK.path} BY NAME SELECT file, record_type, record_id, key, $code AS code, $tag AS tag, content, line,"
            f" DATE '2026-10-30' AS received_on FROM {FILE_LINE.path} WHERE list_contains($records::VARCHAR[], record_id)",
            {"records": records, "code": finding[1], "tag": finding[2]},
        )

    lake().write(store)


def held(**filters: str) -> list[HeldRecord]:
    with unit_of_work(reading=True) as session:
        open_ones = session.query(HeldRecord).filter_by(**filters).filter(HeldRecord.status != "closed")
        return list(open_ones.order_by(HeldRecord.id).all())


def notes(number: int) -> list[str]:
    with unit_of_work(reading=True) as session:
        return [what for (what,) in session.query(HeldNote.what).filter_by(held_id=number).order_by(HeldNote.id)]


def test_groups_come_first_and_lead_to_their_rows(visitor):
    page = visitor("tang.jun").page(DESK)
    links = [a["href"] for a in BeautifulSoup(page, "html.parser").select("section.listing tbody a")]
    causes = {(each.record_type, each.kind, each.cause_rule, each.cause_code, each.cause_tag) for each in held()}
    assert len(links) == len(causes)
    rows = visitor("tang.jun").page(links[0])
    assert re.search(r'/submission/corrections/\d+"', rows)


def test_one_screen_leads_from_the_error_to_the_source_row(visitor):
    one = held(record_type="410", kind="rejected")[0]
    page = visitor("lin.hai").page(f"{DESK}/{one.id}")
    assert one.cause_code in page
    for part in ('id="suggestion"', "/why?", "/sources?", 'id="history-title"', 'id="blames-title"', "segment-B"):
        assert part in page


def test_a_key_of_a_person_is_masked_everywhere(visitor):
    one = held(record_type="210")[0]
    reader = visitor("xu.wen")
    for page in (
        reader.page(f"{DESK}/rows?type=210"),
        reader.page(f"{DESK}/{one.id}"),
        reader.page(f"{DESK}/rows.csv?type=210"),
    ):
        assert one.key not in page


def test_a_record_is_assigned_explained_and_its_way_chosen(visitor, noted):
    one = held(record_type="310")[0]
    clerk = visitor("lin.hai")
    for given in (
        {"do": "assign", "owner": _id_of("lin.hai")},
        {"do": "choose", "fix": "mapping"},
        {"do": "explain", "text": "代码表缺值"},
    ):
        assert clerk.post(f"{DESK}/{one.id}", **given).status_code == 302
    with unit_of_work(reading=True) as session:
        found = session.get_one(HeldRecord, one.id)
        assert (found.owner, found.fix) == (_id_of("lin.hai"), "mapping")
    assert notes(one.id)[-3:] == ["assigned", "chosen", "comment"]
    actions = [each.action for each in noted() if each.action.startswith("submission.correction")]
    assert actions == ["submission.correction.assign", "submission.correction.choose", "submission.correction.explain"]


def _id_of(username: str) -> str:
    names = {"lin.hai": "林海", "tang.jun": "唐军"}
    return next(each.id for each in directory().everyone() if each.name == names[username])


def test_a_whole_group_is_handled_at_once(visitor):
    clerk = visitor("lin.hai")
    mine = [each for each in held(record_type="410") if each.status == "open"]
    assert clerk.post(f"{DESK}/rows?type=410", do="choose", fix="source").status_code == 302
    with unit_of_work(reading=True) as session:
        chosen = session.query(HeldRecord).filter(HeldRecord.id.in_([each.id for each in mine])).all()
        assert {each.fix for each in chosen} == {"source"}


def test_who_asks_for_an_operation_does_not_approve_it(visitor):
    one = held(record_type="410", cause_code="CLR029")[0]
    clerk, second = visitor("lin.hai"), visitor("xu.wen")
    asked = clerk.post(f"{DESK}/{one.id}", do="request", operation="414", reason="重复开立的账户")
    assert asked.status_code == 302, asked.text
    with unit_of_work(reading=True) as session:
        request = session.query(OperationRequest).filter_by(held_id=one.id).one()
        bundle = request.bundle
        assert (request.record_type, request.status) == ("414", "asked")
    address = f"{DESK}/requests/{bundle}"
    assert clerk.post(address, decision="approve").status_code == 403
    assert second.post(address, decision="refuse", why="").status_code == 422
    assert second.post(address, decision="approve").status_code == 302
    assert second.post(address, decision="approve").status_code == 409
    assert "重复开立的账户" in second.page(address)
    assert notes(one.id)[-2:] == ["asked", "approved"]
    again = clerk.post(f"{DESK}/{one.id}", do="request", operation="414", reason="再次申请")
    assert again.status_code == 409
    assert clerk.post(f"{address}/withdraw").status_code == 302


@pytest.mark.parametrize(
    ("operation", "given", "words"),
    [
        ("413", {"segment": "H"}, "起始日期"),
        ("413", {"segment": "Z", "starts": "2026-10-01"}, "信息段"),
        ("412", {"segment": "H", "reason": ""}, "理由"),
        ("214", {}, "没有这种操作"),
    ],
)
def test_what_cannot_be_asked_for_is_told_with_all_that_is_wrong(visitor, operation, given, words):
    one = held(record_type="410", cause_code="CLR029")[0]
    answer = visitor("lin.hai").post(
        f"{DESK}/{one.id}", **{"do": "request", "operation": operation, "reason": "核实有误"} | given
    )
    assert answer.status_code == 422
    assert words in answer.text


def test_an_export_is_written_down(visitor, noted):
    answer = visitor("tang.jun").get(f"{DESK}/rows.csv?type=410")
    assert answer.status_code == 200
    assert answer.data.decode("utf-8-sig").count("\r\n") == 1 + len(held(record_type="410"))
    assert "submission.correction.export" in [each.action for each in noted()]


def test_those_without_the_permission_do_not_handle(visitor):
    one = held(record_type="310")[0]
    assert visitor("xu.wen").post(f"{DESK}/{one.id}", do="choose", fix="rule").status_code == 403
    assert visitor("qiao.yu").get(DESK).status_code == 403
