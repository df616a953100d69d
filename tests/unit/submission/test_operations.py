"""Operations on what the centre has taken: which are due, what they hold back, and what they change when accepted."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from app.lake.rendering import line_expression
from app.lake.tables import replace_rows
from app.rules.registry import shipped_in_force
from app.standard import catalogue
from app.standard.files import parse_record, render_record
from app.standard.layout import column_types
from app.submission.content import rules_in
from app.submission.derive import Scope
from app.submission.facts import Surroundings, fact_relation
from app.submission.operations.applying import apply_operations
from app.submission.operations.due import operations_due
from app.submission.rulings import condition_sql, findings_select, suspects_select
from app.submission.tables import (
    OPERATION_KINDS,
    RECORD_TYPES,
    REPLACED,
    accepted_table,
    operation_types,
    record_table,
    record_type,
)

PROVIDER = "A1111111111111"
TODAY, LATER = date(2026, 10, 20), date(2026, 11, 20)
LOAN = f"{PROVIDER}L1"
ACCOUNT = {
    "AcctCode": LOAN, "AcctType": "D1", "Name": "样例甲", "IDType": "10", "IDNum": "110000190101010001", "MngmtOrgCode": PROVIDER,
    "BusiLines": "1", "BusiDtlLines": "91", "OpenDate": "2026-01-05", "Cy": "CNY", "LoanAmt": "1000", "Flag": "0",
    "DueDate": "2027-10-05", "RepayMode": "11", "RepayFreqcy": "03", "RepayPrd": "12", "ApplyBusiDist": "", "GuarMode": "4",
    "OthRepyGuarWay": "0", "AssetTrandFlag": "0", "FundSou": "1", "LoanForm": "1",
}  # fmt: skip
MONTH = {
    "AcctCode": LOAN, "as_of": "2026-10-18", "SettDate": "2026-10-18", "AcctStatus": "1", "AcctBal": "900", "RemRepPrd": "11",
    "FiveCate": "1", "FiveCateAdjDate": "2026-10-01", "RpyStatus": "N", "OverdPrd": "0", "TotOverd": "0", "OverdPrinc": "0",
    "Oved31_60Princ": "0", "Oved61_90Princ": "0", "Oved91_180Princ": "0", "OvedPrinc180": "0", "CurRpyAmt": "100",
    "ActRpyAmt": "100", "LatRpyDate": "2026-10-18",
}  # fmt: skip


def accepted(code: str) -> str:
    """All that the centre holds of what a record or an operation is about."""
    return accepted_table(code).path


class Operator:
    """Derives operations, judges them by our rules and has them accepted."""

    def __init__(self, desk: Any) -> None:
        self.desk, self.lake = desk, desk.lake

    def book(
        self, day: date = TODAY, account: dict[str, str] | None = None, month: dict[str, str] | None = None
    ) -> None:
        """The loan as the systems have it on a day."""
        account = ACCOUNT | (account or {})
        month = MONTH | {"AcctCode": account["AcctCode"]} | (month or {})
        self.desk.put("personal_account", day, account)
        self.desk.put("personal_performance", day, month | {"kind": "D", "as_of": day.isoformat()})
        self.desk.put("personal_performance", day, month | {"kind": "S"})

    def report(self, day: date = TODAY) -> list[dict[str, Any]]:
        facts = self.desk.derive("210", day)
        self.desk.accept("210", f"F{day}")
        return facts

    def due(
        self, code: str, day: date, *asked: dict[str, str], unanswered: tuple[str, ...] = ()
    ) -> list[dict[str, Any]]:
        """The facts of what is due; every one is also written as a line and read back."""
        record, table = record_type(code), record_table(code)
        names = ("request", "record_type", "key", "new", "segment", "dated", "starts", "ends", "content", "record")
        rows = [dict.fromkeys(names, "") | {"request": "7", "record_type": code} | each for each in asked]
        requested = pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in names]))

        def store(connection: Any) -> None:
            connection.register("asked_for", requested)
            scope = Scope("B1", day, PROVIDER, 0, 1, unanswered, condition_sql)
            select = operations_due(code, scope, "asked_for" if asked else "")
            replace_rows(connection, table, "batch = 'B1'", select)
            connection.unregister("asked_for")

        self.lake.write(store)
        columns = ", ".join(f'"{name}"' for name in column_types(code))
        lines = self.lake.rows(
            f"SELECT {line_expression(record)} FROM {table.path} WHERE batch = 'B1' ORDER BY record_id"
        )
        facts = []
        for (line,) in lines:
            fact, findings = parse_record(line[:-2], record)
            assert findings == ()
            assert fact is not None
            assert render_record(record, fact) == line[:-2]
            facts.append(fact)
        assert len(facts) == len(self.lake.rows(f"SELECT {columns} FROM {table.path} WHERE batch = 'B1'"))
        return facts

    def codes(self, code: str) -> set[str]:
        """What our pre-check says of the operations derived last."""
        records = f"(SELECT * FROM {record_table(code).path} WHERE batch = 'B1')"
        facts = fact_relation(code, records, accepted(code), accepted, REPLACED.path)
        given = Surroundings(PROVIDER, LATER, (PROVIDER,), (PROVIDER,))
        ruleset = rules_in(shipped_in_force(LATER), code)
        with self.lake.read() as connection:
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE suspected AS {suspects_select(ruleset, f'({facts})', given)}"
            )
            found = connection.execute(findings_select(ruleset, "suspected", "B1", LATER, precheck=True)).fetchall()
            connection.execute("DROP TABLE suspected")
        return {row[5] for row in found if row[7] == "block"}

    def carry_out(self, code: str) -> None:
        taken = f"(SELECT r.*, 2 AS line FROM {record_table(code).path} r WHERE batch = 'B1')"
        self.lake.write(
            lambda connection: apply_operations(connection, code, taken, f"{PROVIDER}OP1", f"DATE '{LATER}'")
        )

    def held(self, columns: str = 'key, "RptDate", "B"."AcctCode", "H"."AcctBal"') -> list[tuple[Any, ...]]:
        return self.lake.rows(f'SELECT {columns} FROM {accepted_table("210").path} ORDER BY key, "RptDate"')


@pytest.fixture
def operator(desk: Any) -> Operator:
    found = Operator(desk)
    found.book()
    assert [fact["B"]["RptDate"] for fact in found.report()] == ["2026-10-18"]
    return found


def test_every_operation_on_a_daily_record_comes_by_declaration():
    known = catalogue.current().records.values()
    assert set(operation_types()) == {r.code for r in known if r.parent in RECORD_TYPES and r.kind in OPERATION_KINDS}
    kinds = [OPERATION_KINDS.index(record_type(code).kind) for code in operation_types()]
    assert kinds == sorted(kinds)


def test_nothing_is_due_where_nothing_has_changed(operator: Operator):
    operator.book(LATER)
    assert {code: operator.due(code, LATER) for code in operation_types()} == {code: [] for code in operation_types()}


def test_a_rebooked_loan_goes_by_its_new_number_before_anything_new_is_reported(operator: Operator):
    new = f"{PROVIDER}L2"
    operator.book(LATER, {"AcctCode": new}, {"as_of": "2026-11-18", "SettDate": "2026-11-18"})
    operator.desk.put("identifier_change", LATER, {"about": "210", "old": LOAN, "new": new, "changed_on": "2026-11-01"})
    facts = operator.due("211", LATER)
    assert facts == [{"InfRecType": "211", "OdBnesCode": LOAN, "NwBnesCode": new}]
    assert operator.codes("211") == set()
    assert operator.desk.derive("210", LATER) == []
    operator.carry_out("211")
    assert operator.held() == [(new, "2026-10-18", new, "900")]
    assert operator.due("211", LATER) == []
    assert [(f["B"]["AcctCode"], f["B"]["RptDateCode"]) for f in operator.desk.derive("210", LATER)] == [(new, "30")]


def test_an_old_number_cannot_be_changed_again_nor_given_to_another(operator: Operator):
    new, third = f"{PROVIDER}L2", f"{PROVIDER}L3"
    operator.due("211", LATER, {"key": LOAN, "new": new})
    operator.carry_out("211")
    operator.due("211", LATER, {"key": LOAN, "new": third})
    assert "BIE001" in operator.codes("211")
    operator.due("211", LATER, {"key": new, "new": LOAN})
    assert operator.codes("211") == set()


def test_a_restated_month_is_corrected_by_its_segment_alone(operator: Operator):
    operator.book(LATER)
    operator.desk.put("personal_restatement", LATER, MONTH | {"AcctBal": "880"})
    (fact,) = operator.due("212", LATER)
    assert fact["BsSgmt"] == {
        "InfRecType": "212", "ModRecCode": LOAN, "RptDate": "2026-10-18", "AcctType": "D1", "MdfcSgmtCode": "H",
    }  # fmt: skip
    assert set(fact["MdfcSgmt"]) == {"H"}
    assert fact["MdfcSgmt"]["H"]["AcctBal"] == "880"
    assert operator.codes("212") == set()
    operator.carry_out("212")
    assert operator.held() == [(LOAN, "2026-10-18", LOAN, "880")]
    assert operator.due("212", LATER) == []


def test_a_loan_that_belongs_to_somebody_else_has_its_base_segment_corrected(operator: Operator):
    operator.book(LATER, {"Name": "样例乙", "IDNum": "440000198506150005"})
    (fact,) = operator.due("212", LATER)
    assert fact["BsSgmt"]["MdfcSgmtCode"] == "B"
    expected = {"Name": "样例乙", "IDType": "10", "IDNum": "440000198506150005", "MngmtOrgCode": PROVIDER}
    assert fact["MdfcSgmt"]["B"] == expected
    assert operator.codes("212") == set()
    operator.carry_out("212")
    assert operator.held('"B"."Name", "B"."AcctCode"') == [("样例乙", LOAN)]
    assert operator.due("212", LATER) == []


def test_a_void_account_is_deleted_and_not_reported_again_while_it_is_void(operator: Operator):
    operator.book(LATER, month={"as_of": "2026-11-18", "SettDate": "2026-11-18"})
    operator.desk.put("voided", LATER, {"about": "210", "code": LOAN, "voided_on": "2026-11-20", "reason": "重复开立"})
    assert operator.due("214", LATER) == [{"InfRecType": "214", "DelRecCode": LOAN}]
    assert operator.codes("214") == set()
    operator.carry_out("214")
    assert operator.held() == []
    assert operator.due("214", LATER) == []
    assert operator.desk.derive("210", LATER) == []


def test_segments_are_deleted_within_their_interval_and_empty_points_go(operator: Operator):
    asked = {"key": LOAN, "segment": "H", "starts": "2026-10-01", "ends": "2026-10-31"}
    (fact,) = operator.due("213", LATER, asked)
    assert (fact["DelSgmtCode"], fact["DelStartDate"], fact["DelEndDate"]) == ("H", "2026-10-01", "2026-10-31")
    assert operator.codes("213") == set()
    operator.carry_out("213")
    assert operator.held('"H" IS NULL, "C" IS NULL') == [(True, False)]
    operator.due("213", LATER, asked | {"segment": "C"})
    operator.carry_out("213")
    assert operator.held() == []


def test_what_the_desk_writes_is_sent_as_it_was_written(operator: Operator):
    (current,) = operator.lake.records(f'SELECT "H" FROM {accepted_table("210").path}')
    content = {tag: value for tag, value in current["H"].items() if value is not None} | {"AcctBal": "850"}
    asked = {"key": LOAN, "segment": "H", "dated": "2026-10-18", "content": json.dumps({"H": content})}
    (fact,) = operator.due("212", LATER, asked)
    assert fact["MdfcSgmt"]["H"]["AcctBal"] == "850"
    assert operator.codes("212") == set()


def test_a_correction_asked_for_of_our_own_record_carries_its_segment(operator: Operator):
    (row,) = operator.lake.records(f"SELECT record_id FROM {record_table('210').path}")
    (fact,) = operator.due(
        "212", LATER, {"key": LOAN, "segment": "C", "dated": "2026-10-18", "record": row["record_id"]}
    )
    assert set(fact["MdfcSgmt"]) == {"C"}
    assert fact["MdfcSgmt"]["C"]["LoanAmt"] == "1000"
    assert operator.codes("212") == set()


def test_an_operation_waits_for_the_record_on_its_way_and_the_record_for_the_operation(operator: Operator):
    operator.book(LATER, month={"as_of": "2026-11-18", "SettDate": "2026-11-18"})
    operator.desk.put("personal_restatement", LATER, MONTH | {"AcctBal": "880"})
    operator.desk.travel("210", "OPEN")
    assert operator.due("212", LATER, unanswered=("OPEN",)) == []
    assert len(operator.due("212", LATER)) == 1
    assert operator.desk.derive("210", LATER) == []


def test_a_person_is_deleted_under_every_name_that_was_reported(desk: Any):
    operator = Operator(desk)
    person = {"Name": "样例甲", "IDType": "10", "IDNum": "110000190101010001", "Cimoc": PROVIDER, "CustomerType": "11"}
    desk.put("person", TODAY, person)
    desk.derive("110", TODAY)
    desk.accept("110")
    void = {"about": "110", "cert_type": "10", "cert_number": person["IDNum"], "voided_on": "2026-11-20"}
    desk.put("voided", LATER, void)
    (fact,) = operator.due("114", LATER)
    assert fact == {"InfRecType": "114", **{t: person[t] for t in ("Name", "IDType", "IDNum")}, "InfSurcCode": PROVIDER}
    assert operator.codes("114") == set()
    operator.carry_out("114")
    assert operator.lake.rows(f"SELECT key FROM {accepted_table('110').path}") == []


@pytest.mark.parametrize(
    ("code", "error"),
    [("211", "BIE001"), ("411", "CIR001"), ("212", "BMR007"), ("412", "CMR007"), ("213", "BSR000"), ("413", "CSR000")],
)
def test_what_the_centre_does_not_hold_is_blocked_by_its_code(desk: Any, code: str, error: str):
    operator = Operator(desk)
    content = json.dumps({"H": {"AcctStatus": "1"}})
    unheld = {
        "key": f"{PROVIDER}NONE",
        "new": f"{PROVIDER}N2",
        "segment": "H",
        "dated": "2026-10-18",
        "starts": "2026-10-01",
    }
    operator.due(code, LATER, unheld | {"content": content})
    assert error in operator.codes(code)
