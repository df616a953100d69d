"""What rules may see of the centre's state: the same record, neighbours in time, months, deeds, whether it is closed."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import pytest

from app.lake.connection import Connection, Lake, unoptimised
from app.rules.explain import judge_of
from app.rules.registry import shipped_in_force
from app.standard.catalogue import Group, Item
from app.standard.layout import column_types
from app.submission.content import rules_in
from app.submission.facts import Surroundings, fact_relation
from app.submission.rulings import findings_select, suspects_select
from app.submission.tables import REPLACED, Table, accepted_table, record_table, record_type

rules_then = partial(rules_in, shipped_in_force(date(2026, 10, 31)))
GIVEN = Surroundings("A1111111111111", date(2026, 10, 31), ("A1111111111111",), ("A1111111111111",))


def accepted(code: str) -> str:
    """All that the centre has taken of a record type."""
    return accepted_table(code).path


class Rows:
    """Writes accepted and due records of one type from plain dictionaries of segments."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    def accepted(self, code: str, key: str, on: str, **segments: Any) -> None:
        self._insert(accepted_table(code), code, key, on, segments, {"file": "F1", "accepted_on": on})

    def due(self, code: str, key: str, on: str, **segments: Any) -> None:
        name = f"{key}-{on}-{len(segments)}"
        self._insert(record_table(code), code, key, on, segments, {"record_id": name, "batch": "B1", "bucket": "0"})

    def _insert(self, table: Table, code: str, key: str, on: str, segments: Any, head: dict[str, str]) -> None:
        kinds, record = column_types(code), record_type(code)
        if record.flat:
            given = {"key": key, "RptDate": on, "content": "c", **segments, **head}
            listed = ", ".join(f"'{value}' AS \"{name}\"" for name, value in given.items())
            statement = f"INSERT INTO {table.path} BY NAME SELECT {listed}"
            self.lake.write(lambda connection: connection.execute(statement))
            return
        segments = {"B": {}, **segments}
        segments["B"] = {"RptDate": on, **segments["B"]}
        values = {"key": key, "RptDate": on, "content": "c", **head}
        parts = [f"'{value}' AS \"{name}\"" for name, value in values.items()]
        parts += [
            f'CAST({_struct(record.segment(letter).items, held)} AS {kinds[letter]}) AS "{letter}"'
            for letter, held in segments.items()
        ]
        statement = f"INSERT INTO {table.path} BY NAME SELECT {', '.join(parts)}"
        self.lake.write(lambda connection: connection.execute(statement))

    def facts(self, code: str) -> list[dict[str, Any]]:
        """All due records with what lies beside them, in order of key and date."""
        relation = fact_relation(code, record_table(code).path, accepted(code), accepted, REPLACED.path)
        date_column = '"RptDate"' if record_type(code).flat else '"B"."RptDate"'
        return self.lake.records(f"SELECT * FROM ({relation}) ORDER BY key, {date_column}")

    def state(self, code: str) -> dict[str, Any]:
        (fact,) = self.facts(code)
        found: dict[str, Any] = fact["accepted"]
        return found


def _struct(entries: tuple[Item | Group, ...], held: dict[str, Any]) -> str:
    """A STRUCT with every tag of the segment, NULL where nothing is given."""
    return "{" + ", ".join(f"'{entry.tag}': {_value(entry, held.get(entry.tag))}" for entry in entries) + "}"


def _value(entry: Item | Group, value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(entry, Group):
        return "[" + ", ".join(_struct(entry.items, each) for each in value) + "]"
    return f"'{value}'"


@pytest.fixture
def rows(memory: Lake) -> Rows:
    return Rows(memory)


@pytest.mark.parametrize("code", ["110", "210", "310", "410", "420", "440", "510", "610"])
def test_nothing_is_known_of_a_new_subject(rows: Rows, code: str) -> None:
    rows.accepted(code, "other", "2026-09-20")
    rows.due(code, "A1", "2026-10-20")

    state = rows.state(code)

    assert (state["exists"], state["same"], state["closed"]) == (False, False, False)
    assert {name: value for name, value in state.items() if value not in (None, False, [])} == {}


def h(balance: str, **items: str) -> dict[str, str]:
    return {"AcctStatus": "10", "AcctBal": balance, "LatRpyDate": "2026-08-01", **items}


def test_neighbours_in_time_of_a_corporate_account(rows: Rows) -> None:
    for on, balance in (("2026-08-20", "30"), ("2026-09-20", "20"), ("2026-10-20", "10")):
        rows.accepted("410", "A1", on, B={"AcctType": "D1"}, H=h(balance, FiveCateAdjDate=on, BalChgDate=on))
    rows.due("410", "A1", "2026-09-25")

    state = rows.state("410")

    assert (state["exists"], state["same"], state["RptDate"], state["AcctType"]) == (True, False, "2026-10-20", "D1")
    assert {name: state["previous"][name] for name in ("RptDate", "AcctBal", "FiveCateAdjDate", "BalChgDate")} == {
        "RptDate": "2026-09-20",
        "AcctBal": "20",
        "FiveCateAdjDate": "2026-09-20",
        "BalChgDate": "2026-09-20",
    }
    assert (state["next"]["RptDate"], state["next"]["AcctBal"]) == ("2026-10-20", "10")


def test_a_record_of_the_same_day_is_the_same_and_no_neighbour(rows: Rows) -> None:
    for on in ("2026-08-20", "2026-09-20"):
        rows.accepted("410", "A1", on, H=h("1"))
    rows.due("410", "A1", "2026-09-20")

    state = rows.state("410")

    assert state["same"] is True
    assert state["previous"]["RptDate"] == "2026-08-20"
    assert state["next"] is None


ENDS = {"420": ("D", "ConStatus"), "440": ("D", "AcctStatus"), "510": ("C", "CcStatus")}


@pytest.mark.parametrize(
    ("code", "account", "status", "closed"),
    [
        ("410", "D1", "21", True),
        ("410", "D1", "10", False),
        ("210", "D1", "3", True),
        ("210", "D1", "4", False),
        ("210", "R2", "4", True),
        ("210", "R3", "3", False),
        ("210", "R4", "3", True),
        ("210", "C1", "2", True),
        ("210", "D1", "2", False),
        ("420", "", "2", True),
        ("420", "", "1", False),
        ("440", "G1", "2", True),
        ("440", "G1", "1", False),
        ("510", "", "2", True),
        ("510", "", "1", False),
    ],
)
def test_closed_is_what_the_newest_record_says(rows: Rows, code: str, account: str, status: str, closed: bool) -> None:
    letter, item = ENDS.get(code, ("J" if account == "C1" else "H", "AcctStatus"))
    rows.accepted(code, "A1", "2026-08-20", B={"AcctType": account}, **{letter: {item: "1"}})
    rows.accepted(code, "A1", "2026-09-20", B={"AcctType": account}, **{letter: {item: status}})
    rows.due(code, "A1", "2026-10-20")

    assert rows.state(code)["closed"] is closed


def test_months_and_deeds_of_a_personal_account(rows: Rows) -> None:
    rows.accepted(
        "210",
        "A1",
        "2026-08-20",
        B={"AcctType": "D1", "RptDateCode": "10"},
        C={"Flag": "1"},
        H={"Month": "2026-08", "FiveCateAdjDate": "2026-08-02", "RpyStatus": "N"},
    )
    deed = {"ChanTranType": "11", "TranDate": "2026-09-18", "TranAmt": "5"}
    rows.accepted(
        "210",
        "A1",
        "2026-09-20",
        B={"AcctType": "D1"},
        H={"Month": "2026-09"},
        K={"CagOfTrdInf": [deed, {**deed, "TranDate": "2026-09-19"}]},
    )
    performance = {"FiveCateAdjDate": "2026-09-24", "TotOverd": "7"}
    rows.accepted("210", "A1", "2026-09-25", B={"AcctType": "D1"}, J=performance)
    rows.due("210", "A1", "2026-10-20")

    state = rows.state("210")

    assert sorted(state["months"], key=lambda each: each["Month"]) == [
        {"Month": "2026-08", "RptDate": "2026-08-20", "RpyStatus": "N"},
        {"Month": "2026-09", "RptDate": "2026-09-20", "RpyStatus": None},
    ]
    assert {"RptDateCode": "10", "RptDate": "2026-08-20"} in state["points"]
    assert len(state["points"]) == 3
    assert state["previous"]["TotOverd"] == "7"
    assert sorted(each["TranDate"] for each in state["transactions"]) == ["2026-09-18", "2026-09-19"]
    assert {each["ChanTranType"] for each in state["transactions"]} == {"11"}
    assert (state["Flag"], state["previous"]["RptDate"], state["previous"]["FiveCateAdjDate"]) == (
        "1",
        "2026-09-25",
        "2026-09-24",
    )


def test_the_newest_update_dates_of_a_subject(rows: Rows) -> None:
    rows.accepted("110", "10|1", "2026-08-20", D={"FcsInfoUpDate": "2026-08-01"}, H={"ResiInfoUpDate": "2026-08-02"})
    rows.accepted("110", "10|1", "2026-09-20", D={"FcsInfoUpDate": "2026-09-01"})
    rows.due("110", "10|1", "2026-09-20")

    state = rows.state("110")

    assert (state["FcsInfoUpDate"], state["ResiInfoUpDate"], state["same"]) == ("2026-09-01", "2026-08-02", True)
    assert state["RptDate"] == "2026-09-20"


def test_the_other_identities_of_a_person_are_the_newest_that_were_reported(rows: Rows) -> None:
    identity = {"OthIDType": "2", "OthIDNum": "CHN1"}
    rows.accepted("110", "10|1", "2026-08-20", C={"IDNm": "1", "IDRec": [{"OthIDType": "3", "OthIDNum": "X"}]})
    rows.accepted("110", "10|1", "2026-09-20", C={"IDNm": "1", "IDRec": [identity]})
    rows.accepted("110", "10|1", "2026-10-20", D={"FcsInfoUpDate": "2026-10-01"})
    rows.due("110", "10|1", "2026-10-25")

    assert [{tag: each[tag] for tag in identity} for each in rows.state("110")["identities"]] == [identity]


def test_the_kind_of_organisation_is_the_newest(rows: Rows) -> None:
    rows.accepted("310", "20|1", "2026-08-20", B={"OrgType": "1"}, D={"FcsInfoUpDate": "2026-08-01"})
    rows.accepted("310", "20|1", "2026-09-20", B={"OrgType": "2"})
    rows.due("310", "20|1", "2026-10-20")

    assert rows.state("310")["OrgType"] == "2"


def test_records_of_the_same_key_in_one_file_are_counted(rows: Rows) -> None:
    rows.due("210", "A1", "2026-10-20")
    rows.due("210", "A1", "2026-10-20", H={"AcctBal": "1"})
    rows.due("210", "A1", "2026-10-21")
    rows.due("210", "A2", "2026-10-20")

    assert [fact["batch"]["same_key"] for fact in rows.facts("210")] == [2, 2, 1, 1]


@pytest.mark.parametrize("code", ["110", "210", "310", "410"])
def test_sweep_and_explain_agree_on_rows_of_a_lake(rows: Rows, code: str) -> None:
    """Bare records offend against many rules, those of the accepted state among them; both evaluators must say the same."""
    segments: dict[str, Any] = (
        {"H": {"AcctStatus": "1", "AcctBal": "x"}} if code in ("210", "410") else {"D": {"FcsInfoUpDate": "2026-01-01"}}
    )
    for on in ("2026-08-20", "2026-09-20", "2026-10-20"):
        rows.accepted(code, "A1", on, B={"InfRecType": code}, **segments)
    for on in ("2026-08-01", "2026-09-20", "2026-10-25", "not a date"):
        rows.due(code, "A1", on, B={"InfRecType": code, "RptDateCode": "30"}, **segments)
        rows.due(code, "A2", on, **segments)
    rows.due(code, "A3", "2026-10-20", B={"AcctType": "D1", "RptDateCode": "10"})

    swept = _swept(rows.lake, code)

    judge, constants = judge_of(rules_then(code)), GIVEN.constants(code)
    explained = {
        (fact["record_id"], finding.rule, finding.tag)
        for fact in rows.facts(code)
        for finding in judge.judge({**fact, **constants})
    }
    assert swept == explained
    assert len(swept) > 30
    needing_state = {rule.id for rule in rules_then(code).rules if rule.stage == "accepted"}
    assert needing_state & {rule for _, rule, _ in swept}


def _swept(lake: Lake, code: str) -> set[tuple[str, str, str]]:
    relation = fact_relation(code, record_table(code).path, accepted(code), accepted, REPLACED.path)

    def sweep(connection: Connection) -> set[tuple[str, str, str]]:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE facts_swept AS {relation}")
        suspects = suspects_select(rules_then(code), "facts_swept", GIVEN)
        statement = findings_select(rules_then(code), f"({suspects})", "B1", date(2026, 10, 31), precheck=True)
        with unoptimised(connection):
            found = connection.execute(f"SELECT record_id, rule, tag FROM ({statement})").fetchall()
        return set(found)

    return lake.write(sweep)


EVENT = {"AcctCode": "A1", "OpetnType": "21", "Month": "2026-10", "Flag": "1"}
MONTHLY = {"Month": "2026-09", "AcctStatus": "1", "RpyStatus": "N"}


def event(rows: Any, on: str, **change: str) -> None:
    rows.accepted("215", "A1|21|2026-10", on, **{**EVENT, **change})


def test_an_event_sees_its_account(rows) -> None:
    rows.accepted("210", "A1", "2026-09-25", B={"AcctType": "D1"}, H=MONTHLY)
    rows.due("215", "A1|21|2026-10", "2026-10-20", **EVENT)

    (fact,) = rows.facts("215")

    state = fact["accepted"]
    assert (state["exists"], state["closed"], state["transferred"], state["same_day"]) == (True, False, False, False)
    assert (state["AcctType"], state["RptDate"], state["events"]) == ("D1", "2026-09-25", [])
    assert [month["Month"] for month in state["months"]] == ["2026-09"]


def test_an_event_of_an_unknown_account(rows) -> None:
    rows.due("215", "A1|21|2026-10", "2026-10-20", **EVENT)

    (fact,) = rows.facts("215")

    assert fact["accepted"]["exists"] is False
    assert fact["accepted"]["events"] == []


@pytest.mark.parametrize(("revoked", "transferred"), [(False, True), (True, False)])
def test_an_account_sees_its_events_in_effect(rows, revoked: bool, transferred: bool) -> None:
    rows.accepted("210", "A1", "2026-09-25", B={"AcctType": "D1"}, H=MONTHLY)
    event(rows, "2026-10-20")
    if revoked:
        event(rows, "2026-10-21", Flag="0")
    rows.due("210", "A1", "2026-10-25", H={"Month": "2026-10"})

    state = rows.state("210")

    assert state["transferred"] is transferred
    assert [each["Month"] for each in state["events"]] == (["2026-10"] if transferred else [])


def test_an_event_on_the_day_of_a_record(rows) -> None:
    rows.accepted("210", "A1", "2026-10-20", B={"AcctType": "R2"}, H={**MONTHLY, "AcctStatus": "4"})
    rows.due("215", "A1|12|2026-10", "2026-10-20", **{**EVENT, "OpetnType": "12"})

    (fact,) = rows.facts("215")

    assert (fact["accepted"]["same_day"], fact["accepted"]["closed"]) == (True, True)


@pytest.mark.parametrize(
    ("code", "letter", "tag"), [("220", "D", "ConStatus"), ("230", "D", "AcctStatus"), ("510", "C", "CcStatus")]
)
def test_what_has_ended_is_closed(rows, code: str, letter: str, tag: str) -> None:
    rows.accepted(code, "K", "2026-10-10", **{letter: {tag: "2"}})
    rows.due(code, "K", "2026-10-20")

    state = rows.state(code)

    assert (state["exists"], state["closed"], state["same"], state["RptDate"]) == (True, True, False, "2026-10-10")
