"""From an entry to the centre: what people supplement is laid over the sources, judged, sent and accepted, and ends by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from judged_anew import registry
from reported_days import PATIENCE, ReportedDays
from sqlalchemy import delete
from supplemented import (
    AUTHOR,
    DAY,
    LAST,
    NEXT,
    REVIEWER,
    approved,
    delivered_again,
    held,
    request_of,
    some,
    stored,
    wish,
    written,
)

from app.core import clock
from app.core.actor import acting
from app.core.config import settings
from app.core.db import unit_of_work
from app.core.errors import Conflict, Refused
from app.core.jobs import Worker
from app.demo.day import drive
from app.demo.stage import running_centre
from app.submission.lake import lake
from app.submission.models import HeldRecord, StageRun
from app.submission.reading.records import view_record
from app.submission.reading.sources import source_rows
from app.submission.service import begin_batch
from app.submission.stages.hold import key_print
from app.submission.stages.standardise import standardise
from app.submission.stages.work import Work
from app.submission.supplement import deciding, writing
from app.submission.supplement.overlay import lay_over
from app.submission.supplement.verdict import verdict
from app.submission.tables import OVERLAID, accepted_table, record_table, standard_tables
from app.workflow import host
from app.workflow.models import ProcessTask


def laid_over(reported: ReportedDays) -> None:
    """Lay what is in force over the newest day's standard layer, as if nobody had done it yet."""
    with unit_of_work() as session:
        for run in session.query(StageRun).filter_by(batch_id=reported.waiting, stage="standardise"):
            if run.part.startswith("supplement"):
                session.delete(run)
    lay_over(Work.on(reported.waiting))


def rows(entity: str, where: str, *values: object) -> list[dict[str, object]]:
    table = standard_tables()[entity]
    return lake().records(f"SELECT * FROM {table.path} WHERE business_date = ? AND {where}", [DAY, *values])


@pytest.mark.slow
@pytest.mark.whole
def test_an_entry_goes_all_the_way_to_the_centre(reported: ReportedDays) -> None:
    code = held("210", "Cy")
    with unit_of_work(reading=True):
        before = verdict(writing.look(wish("personal_account", {"AcctCode": code})).entry)
        seen = writing.look(wish("personal_account", {"AcctCode": code, "Cy": "CNY"}))
        after = verdict(seen.entry)
    assert [(each.rule, each.tag, each.segment, each.severity) for each in before.said] == [
        ("P000-020", "Cy", "C", "block")
    ]
    assert "币种" in before.said[0].why.zh
    assert (after.said, after.due, seen.whole) == ((), True, False)
    assert not seen.errors

    mine = written(wish("personal_account", {"AcctCode": code, "Cy": "CNY"}))
    with unit_of_work():
        writing.submit(deciding.find(mine))
    with unit_of_work() as session:
        task = session.query(ProcessTask).filter_by(instance_id=request_of(mine).instance_id, kind="question").one()
        assert (task.role, task.permission) == ("reviewer", "submission.supplement.review")
        with acting(REVIEWER):
            host.answer(task.id, {"decision": "approve", "comment": "已核对借款合同"})
    Worker(registry(), heartbeat=1.0, pause=0.05).run_until_idle()
    assert (stored(mine).state, stored(mine).reviewer, stored(mine).answer) == (
        "approved",
        REVIEWER.id,
        "已核对借款合同",
    )

    delivered_again(reported.stage)
    with running_centre(reported.stage, settings()):
        with unit_of_work():
            batch = begin_batch(NEXT)
        drive(registry(), batch, lambda words: None, limit=PATIENCE)
        (record,) = lake().records(
            f"SELECT * FROM {record_table('210').path} WHERE batch = ? AND key = ?", [batch, code]
        )
        taken = lake().value(
            f"SELECT max(file) FROM {accepted_table('210').path} WHERE record_id = ?", [record["record_id"]]
        )
    assert record["C"]["Cy"] == "CNY"
    assert taken, "the centre has accepted it"
    with unit_of_work(reading=True) as session:
        was = session.query(HeldRecord).filter_by(record_type="210", key_print=key_print("210", code)).all()
        assert {each.status for each in was} <= {"closed"}
    view = view_record("210", record["record_id"], batch)
    assert ("supplement", mine) in [(each.source, each.load) for each in view.origins]
    with unit_of_work(reading=True):
        laid, underneath, *_ = source_rows(view.origins, NEXT, settings().provider_code or "")
    assert {cell.column: cell.value for cell in laid.cells} == {"Cy": "CNY"}
    assert underneath.origin.source in ("core_banking", "card_system")
    assert code in [cell.value for cell in underneath.cells], "the source's row stays as it was delivered"


@pytest.mark.whole
def test_rows_are_laid_over_and_stand_aside_however_often(reported: ReportedDays) -> None:
    person, code = some("person"), some("personal_account")["AcctCode"]
    number = person["IDNum"]
    changed = {"IDType": person["IDType"], "IDNum": number, "Sex": "0", "Email": "a'b@bank.example"}
    mended = approved(wish("person", changed))
    blank = approved(
        writing.Wish(
            settings().provider_code or "",
            "personal_account",
            {"AcctCode": code},
            frozenset({"DueDate"}),
            "额度已注销",
            DAY,
            LAST,
        )
    )
    new = approved(wish("personal_collateral", {"AcctCode": code, "Ccc": "A1111111111111CC-9"}))
    future = approved(wish("personal_deed", {"AcctCode": code, "ChanTranType": "11", "TranDate": "2026-10-30",
                                             "TranAmt": "1", "DueTranMon": "1", "DetInfo": "展期"},
                           valid_from=NEXT + timedelta(days=1)))  # fmt: skip
    assert stored(new).whole
    assert not stored(mended).whole

    laid_over(reported)

    def look() -> list[tuple[object, ...]]:
        person = rows("person", '"IDNum" = ?', number)
        account = rows("personal_account", '"AcctCode" = ?', code)
        link = rows("collateral_link", '"Ccc" = ?', "A1111111111111CC-9")
        assert [(each["Sex"], each["Email"], each["_source"], each["_load"]) for each in person] == [
            ("0", "a'b@bank.example", "supplement", mended)
        ]
        assert str(person[0]["_row"]).startswith("core_banking|")
        assert [(each["DueDate"], each["_load"]) for each in account] == [(None, blank)]
        assert [(each["subject"], each["_load"]) for each in link] == [("person", new)]
        assert not rows("special_transaction", "_load = ?", future)
        aside = lake().rows(f"SELECT form, key FROM {OVERLAID.path} WHERE business_date = ? ORDER BY 1", [DAY])
        assert len(aside) == 2
        return [*aside, *(tuple(each.values()) for each in (*person, *account, *link))]

    once = look()
    count = f"SELECT count(*) FROM {standard_tables()['person'].path} WHERE business_date = ?"
    total = lake().value(count, [DAY])
    laid_over(reported)
    assert look() == once, "killed before its mark and done again, it leaves the same"
    assert lake().value(count, [DAY]) == total
    with unit_of_work(reading=True):
        source = writing.look(wish("person", changed)).source
    assert source is not None
    assert source["Sex"] == person["Sex"], "what the source says is still known"

    with unit_of_work() as session:
        session.execute(delete(StageRun).where(StageRun.batch_id == reported.waiting, StageRun.stage == "standardise"))
    standardise(Work.on(reported.waiting))
    assert look() == once, "as after the sources have been standardised anew, by this batch or another of the day"
    assert lake().value(count, [DAY]) == total
    with unit_of_work():
        deciding.find(mended).state = deciding.find(new).state = "withdrawn"
    laid_over(reported)
    as_delivered = rows("person", '"IDNum" = ?', number)
    assert [{**row, "_slot": person["_slot"]} for row in as_delivered] == [person], "derivation gives it a slot again"
    assert not rows("collateral_link", "_load = ?", new)
    assert rows("personal_account", '"AcctCode" = ?', code)[0]["_load"] == blank
    assert lake().value(count, [DAY]) == total


@pytest.mark.whole
def test_a_source_that_catches_up_ends_it_and_one_that_moves_on_is_told(reported: ReportedDays) -> None:
    person, code = some("person"), some("personal_account")["AcctCode"]
    same = approved(wish("person", {tag: person[tag] for tag in ("IDType", "IDNum", "Nation")}))
    moved = approved(wish("personal_account", {"AcctCode": code, "MngmtOrgCode": "A1111111111111"}))
    gone = approved(wish("personal_collateral", {"AcctCode": code, "Ccc": "A1111111111111CC-9"}))
    with unit_of_work():
        told = deciding.find(moved)
        told.seen = {"MngmtOrgCode": "A1111111111999"}  # the source said something else when it was written
        missing = deciding.find(gone)
        missing.whole = False
    with unit_of_work() as session:
        session.execute(delete(StageRun).filter_by(batch_id=reported.waiting, stage="collect", part="core_banking"))
    laid_over(reported)
    assert stored(gone).conflict is None, "a source that was stopped today says nothing of the rows that are missing"
    with unit_of_work() as session:
        run = StageRun(batch_id=reported.waiting, stage="collect", part="core_banking", rows=1, seconds=0, detail={})
        run.finished_at = clock.now()
        session.add(run)

    laid_over(reported)

    assert stored(same).state == "matched"
    assert "来源已一致" in stored(same).ended_because
    assert stored(same).force_mark is None
    conflict = stored(moved)
    assert conflict.conflict_on == DAY
    assert conflict.conflict is not None
    assert rows("personal_account", '"AcctCode" = ?', code)[0]["MngmtOrgCode"] == "A1111111111111", (
        "until it is decided"
    )
    assert (stored(gone).conflict, stored(gone).conflict_on) == ({}, DAY), "its row is gone"
    with unit_of_work(), pytest.raises(Refused, match="four_eyes"):
        deciding.decide_conflict(deciding.find(moved), "source", "来源已经更正")
    with acting(REVIEWER), unit_of_work():
        deciding.decide_conflict(deciding.find(moved), "supplement", "以合同为准")
        deciding.decide_conflict(deciding.find(gone), "source", "账户已注销")
    assert (stored(moved).state, stored(moved).conflict_on) == ("approved", None)
    assert stored(moved).seen == {"MngmtOrgCode": conflict.conflict["MngmtOrgCode"]}
    assert stored(gone).state == "withdrawn"
    with acting(REVIEWER), unit_of_work(), pytest.raises(Conflict, match="no_conflict"):
        deciding.decide_conflict(deciding.find(moved), "source", "再裁定一次")


def test_whoever_wrote_it_does_not_approve_it_and_a_later_one_replaces_it(reported: ReportedDays) -> None:
    code = some("personal_account")["AcctCode"]
    mine = written(wish("personal_account", {"AcctCode": code, "Cy": "CNY"}))
    with unit_of_work(), pytest.raises(Conflict, match="supplement_open"):
        writing.save(wish("personal_account", {"AcctCode": code, "Cy": "USD"}))
    with unit_of_work():
        request = writing.submit(deciding.find(mine)).id
    with unit_of_work(), pytest.raises(Conflict, match="four_eyes"):
        deciding.approve(deciding.find_request(request), AUTHOR.id, "自己批准", clean_only=False)
    with unit_of_work():
        assert deciding.approve(deciding.find_request(request), REVIEWER.id, "已核对", clean_only=True) == (1, 0)
        assert deciding.approve(deciding.find_request(request), REVIEWER.id, "已核对", clean_only=True) == (0, 0)
    later = written(wish("personal_account", {"AcctCode": code, "Cy": "USD"}))
    with unit_of_work():
        request = writing.submit(deciding.find(later)).id
        deciding.approve(deciding.find_request(request), REVIEWER.id, "已核对", clean_only=False)
    assert (stored(mine).state, stored(later).state) == ("replaced", "approved")
    latest = written(wish("personal_account", {"AcctCode": code, "Cy": "EUR"}, valid_from=NEXT))
    with unit_of_work():
        request = writing.submit(deciding.find(latest)).id
        deciding.approve(deciding.find_request(request), REVIEWER.id, "已核对", clean_only=False)
    assert (stored(later).state, stored(later).valid_until) == ("approved", DAY), "until its successor begins"
