"""The packaged edition has the shape and the counts of the interface as published.

A number that changes here means that the facts changed, which is a new edition, not a correction in passing.
"""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from app.standard import catalogue
from app.standard.catalogue import Catalogue, RecordType

PERSON = [
    "110",
    "114",
    "120",
    "130",
    "134",
    "140",
    "210",
    "211",
    "212",
    "213",
    "214",
    "215",
    "220",
    "221",
    "222",
    "223",
    "224",
    "230",
    "231",
    "232",
    "233",
    "234",
    "510",
    "511",
    "514",
]
ORGANISATION = [
    "310",
    "314",
    "340",
    "350",
    "410",
    "411",
    "412",
    "413",
    "414",
    "420",
    "421",
    "422",
    "423",
    "424",
    "440",
    "441",
    "442",
    "443",
    "444",
    "510",
    "511",
    "514",
    "610",
    "614",
    "620",
    "624",
    "630",
    "634",
    "640",
    "644",
    "650",
    "654",
]


@pytest.fixture(scope="module")
def edition() -> Catalogue:
    return catalogue.load(catalogue.PACKAGED)


def records(edition: Catalogue, subject: str) -> list[RecordType]:
    return list(edition.by_subject[subject].values())  # type: ignore[index]


def items(record: RecordType) -> int:
    return sum(1 for _ in record.items())


def test_record_types_are_those_of_the_interface(edition: Catalogue) -> None:
    assert sorted(edition.by_subject["person"]) == PERSON
    assert sorted(edition.by_subject["organisation"]) == ORGANISATION
    assert sorted(edition.records) == sorted({*PERSON, *ORGANISATION})
    assert len(edition.records) == 54


def test_kinds_of_operation(edition: Catalogue) -> None:
    kinds = Counter(record.kind for record in edition.records.values())
    assert kinds == {
        "record": 19,
        "change_identifier": 7,
        "correct_segment": 6,
        "delete_segment": 6,
        "delete_record": 15,
        "special_event": 1,
    }


def test_operations_name_their_record(edition: Catalogue) -> None:
    for record in edition.records.values():
        assert (record.parent is None) == (record.kind == "record")
        if record.parent:
            assert record.parent == record.code[:2] + "0"
            assert edition.records[record.parent].kind == "record"


def test_roots_are_unique_and_agree_with_the_file_facts(edition: Catalogue) -> None:
    assert len(edition.roots()) == len(edition.records)
    for code, root in edition.layouts["personal"]["body"]["roots"].items():
        assert edition.record(code).root == root


@pytest.mark.parametrize(
    ("subject", "segments", "groups", "count"), [("person", 35, 10, 283), ("organisation", 47, 13, 823)]
)
def test_counts_of_segments_groups_and_items(
    edition: Catalogue, subject: str, segments: int, groups: int, count: int
) -> None:
    normal = [record for record in records(edition, subject) if record.kind == "record"]
    assert sum(len(record.segments) for record in normal) == segments
    assert sum(len(segment.groups) for record in normal for segment in record.segments) == groups
    assert sum(items(record) for record in normal) == count


@pytest.mark.parametrize(("subject", "count"), [("person", 65), ("organisation", 89)])
def test_count_of_items_of_operations(edition: Catalogue, subject: str, count: int) -> None:
    operations = [record for record in records(edition, subject) if record.kind != "record"]
    assert sum(items(record) for record in operations) == count


def test_counts_of_code_tables_and_error_codes(edition: Catalogue) -> None:
    person, organisation = edition.codes("person"), edition.codes("organisation")
    assert (sum(table.strict for table in person.values()), len(person)) == (78, 79)
    assert (sum(table.strict for table in organisation.values()), len(organisation)) == (81, 83)
    assert len(person["AdminDistrict"].values) == len(organisation["AdminDivision"].values) == 3518
    assert len(organisation["EcoIndusCate"].values) == 1973
    assert len(person["Nation"].values) == len(organisation["Nationality"].values) == 243
    shared = {code for code, error in edition.errors.items() if code[0] != "C"}
    assert len(shared) == 228
    assert len(edition.errors) == 432


def test_a_code_with_two_meanings_keeps_both(edition: Catalogue) -> None:
    code = edition.errors["BPE000"]
    assert code.meaning("140").title != code.meaning("510").title
    assert code.meaning("140").rule_no == "I1400B01"


@pytest.mark.parametrize("subject", ["person", "organisation"])
def test_every_named_code_table_exists(edition: Catalogue, subject: str) -> None:
    tables = edition.codes(subject)  # type: ignore[arg-type]
    for record in records(edition, subject):
        for segment, _, item in record.items():
            for name in (*item.codes, *(table for table, _ in item.codes_when)):
                assert name in tables, (record.code, segment.code, item.tag, name)


@pytest.mark.parametrize("subject", ["person", "organisation"])
def test_every_value_of_a_closed_list_fits_its_item(edition: Catalogue, subject: str) -> None:
    tables = edition.codes(subject)  # type: ignore[arg-type]
    for record in records(edition, subject):
        for _, _, item in record.items():
            for name in item.codes:
                assert all(len(code) <= item.length for code in tables[name].values), (record.code, item.tag, name)


def test_groups_follow_their_count(edition: Catalogue) -> None:
    for record in edition.records.values():
        for segment in record.segments:
            for before, entry in zip(segment.items, segment.items[1:], strict=False):
                if isinstance(entry, catalogue.Group):
                    assert before.tag == entry.count_tag


def test_keys_are_items_of_the_record(edition: Catalogue) -> None:
    for record in edition.records.values():
        tags = {item.tag for _, _, item in record.items()}
        assert set(record.key) <= tags, record.code


def test_dates_are_of_fixed_width(edition: Catalogue) -> None:
    for record in edition.records.values():
        for _, _, item in record.items():
            if item.type in "DM":
                assert item.fixed
                assert item.length == {"D": 10, "M": 7}[item.type]


def test_presence_has_one_meaning_for_both_subjects(edition: Catalogue) -> None:
    for by_code in edition.by_subject.values():
        for record in by_code.values():
            for _, _, item in record.items():
                where = (record.code, item.tag)
                if item.presence == "M":
                    assert not item.empty_tag, where
                    assert item.accounts is None, where
                    assert item.present_when is None, where
                if item.presence == "O":
                    assert item.empty_tag, where
                    assert item.accounts is None, where
                if item.presence == "C" and not item.accounts and not item.present_when:
                    assert item.filled_when, where


@pytest.mark.parametrize(
    ("record", "segment", "group", "tag", "expected"),
    [
        ("110", "E", "", "SpoName", "E.MariStatus in ['20', '21', '22', '23']"),
        ("110", "G", "", "CpnName", "G.EmpStatus in ['11', '13', '17', '21', '24', '91']"),
        ("210", "C", "", "LoanConCode", "C.BusiDtlLines == '11'"),
        ("210", "D", "RltRepymtInf", "WartySign", "p.ArlpType in ['2', '3']"),
        ("410", "D", "RltRepymtInf", "WartySign", "p.ArlpType in ['2', '6']"),
    ],
)
def test_our_reading_of_conditional_items(
    edition: Catalogue, record: str, segment: str, group: str, tag: str, expected: str
) -> None:
    owner = edition.record(record).segment(segment)
    item = owner.group(group).item(tag) if group else owner.item(tag)
    assert item.presence == "C"
    assert item.present_when == expected


def test_account_types_of_items(edition: Catalogue) -> None:
    assert edition.record("210").segment("H").item("OvedrawBaOve180").accounts == {"R3"}
    assert edition.record("410").segment("C").item("LoanAmt").accounts == {"D1", "D2", "R4", "C1"}
    assert edition.record("410").segment("H").item("PymtPrd").accounts == {"R1"}
    assert edition.record("410").segment("H").item("CloseDate").accounts is None


def test_exact_lengths_of_organisations_are_fixed(edition: Catalogue) -> None:
    assert edition.record("310").segment("B").item("EntCertType").fixed
    assert not edition.record("310").segment("B").item("EntName").fixed
    assert edition.record("310").segment("F").group("SharHodInf").item("InvRatio").decimals == 2
    assert edition.record("610").segment("C").plain[0].decimals == 2


def test_appearance_of_personal_accounts(edition: Catalogue) -> None:
    account = edition.record("210")
    opening = account.appears("10", "D1")
    assert opening is not None
    assert opening.required() == {"B", "C", "H"}
    assert opening.forbidden() == {"G", "I", "J", "K"}
    assert opening.segments["F"] == (("C.Flag == '0'", "X"), ("C.Flag in ['1','2']", "R"))
    combinations = {(row.point, row.account) for row in account.appearance}
    assert combinations == {
        (point, kind) for point in ("10", "20", "30", "31", "32", "40") for kind in ("D1", "R1", "R2", "R3", "R4", "C1")
    }
    monthly = account.appears("30", "C1")
    assert monthly is not None
    assert not monthly.usable


def test_appearance_of_organisations(edition: Catalogue) -> None:
    account = edition.record("410")
    opening = account.appears("10", "D1", "1")
    assert opening is not None
    assert opening.required() == {"B", "C", "F", "H"}
    revolving = account.appears("32", "R1")
    assert revolving is not None
    assert not revolving.usable
    company = edition.record("310").appears("10")
    assert company is not None
    assert company.required() == {"B", "D", "E", "I"}


def test_corrections_carry_what_their_code_table_names(edition: Catalogue) -> None:
    for record in edition.records.values():
        if record.kind != "correct_segment":
            assert record.corrections == ()
            continue
        table = record.segment("BsSgmt").item("MdfcSgmtCode").codes[0]
        codes = edition.codes(record.subject)[table].values
        assert {segment.code for segment in record.corrections} == set(codes)
        base = record.corrections[0]
        assert [item.tag for item in base.items] == ["Name", "IDType", "IDNum", "MngmtOrgCode"]


def test_detail_codes_know_their_parent(edition: Catalogue) -> None:
    assert edition.codes("person")["BusiDtlLines"].parents["11"] == "1"
    assert edition.codes("organisation")["GuarBusiDtilLines"].parents["51"] == "5"
    assert set(edition.codes("organisation")["EntBusiDtlLines12"].parents.values()) == {"12"}


def test_record_for_both_subjects_has_one_structure(edition: Catalogue) -> None:
    for code in ("510", "511", "514"):
        person, organisation = edition.record(code, "person"), edition.record(code, "organisation")
        assert person.shared
        assert organisation.shared
        assert person.root == organisation.root
        assert [item.tag for _, _, item in person.items()] == [item.tag for _, _, item in organisation.items()]


def test_line_limits(edition: Catalogue) -> None:
    assert edition.line_limit("110") == 10_000_000
    assert edition.line_limit("134") == 10_000_000
    assert edition.line_limit("210") == 100_000


def names_of(expression: str) -> set[tuple[str, str]]:
    """The (owner, tag) pairs an expression speaks of."""
    tree = ast.parse(expression, mode="eval")
    paths = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return {(node.value.id, node.attr) for node in paths if isinstance(node.value, ast.Name)}


def test_expressions_speak_of_items_that_exist(edition: Catalogue) -> None:
    for by_code in edition.by_subject.values():
        for record in by_code.values():
            known = {(segment.code, item.tag) for segment, group, item in record.items() if group is None}
            for row in record.appearance:
                for cases in row.segments.values():
                    for condition, _ in cases:
                        assert not condition or names_of(condition) <= known, (record.code, condition)
            for _, group, item in record.items():
                inside = {("p", each.tag) for each in group.items} if group else set()
                expressions = [item.present_when, item.filled_when, item.empty_when]
                for expression in [*expressions, *(when for _, when in item.codes_when)]:
                    assert not expression or names_of(expression) <= known | inside, (record.code, expression)


def test_every_table_has_a_title(edition: Catalogue) -> None:
    for tables in edition.tables.values():
        for name, table in tables.items():
            assert table.title.zh != name
            assert table.values
