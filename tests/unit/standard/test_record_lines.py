"""Record lines: every type and operation of the catalogue goes to a line and back, byte for byte."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.standard.catalogue import Group, Item, RecordType, Segment, current
from app.standard.files import parse_record, read_line, render_record
from app.standard.files.scan import diagnose

CODES = sorted(current().records)

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=12)


def values(item: Item) -> st.SearchStrategy[str]:
    """Any text a line can hold; the reader does not judge values."""
    return st.one_of(st.just(""), TEXTS, st.sampled_from([item.tag, "A&B <C> \"d\" 'e'", "（全角）　空格", "0"]))


def holder(entries: tuple[Item | Group, ...]) -> st.SearchStrategy[dict[str, Any]]:
    parts: dict[str, st.SearchStrategy[Any]] = {}
    for entry in entries:
        if isinstance(entry, Item):
            parts[entry.tag] = values(entry)
        else:
            parts[entry.tag] = st.lists(holder(entry.items), min_size=1, max_size=3)
    return st.fixed_dictionaries({}, optional=parts).map(lambda fact: in_order(entries, fact))


def in_order(entries: tuple[Item | Group, ...], fact: dict[str, Any]) -> dict[str, Any]:
    return {entry.tag: fact[entry.tag] for entry in entries if entry.tag in fact}


def segment_facts(segments: tuple[Segment, ...]) -> st.SearchStrategy[dict[str, Any]]:
    parts = {segment.code: holder(segment.items) for segment in segments}
    first = segments[0].code
    return st.fixed_dictionaries({first: parts.pop(first)}, optional=parts).map(
        lambda fact: {segment.code: fact[segment.code] for segment in segments if segment.code in fact}
    )


def facts(record: RecordType) -> st.SearchStrategy[dict[str, Any]]:
    if record.flat:
        return holder(record.segments[0].items).filter(bool)
    if record.corrections:
        corrected = st.sampled_from(record.corrections).flatmap(
            lambda segment: holder(segment.items).map(lambda fact: {segment.code: fact})
        )
        return st.tuples(holder(record.segment("BsSgmt").items), corrected).map(
            lambda pair: {"BsSgmt": pair[0], "MdfcSgmt": pair[1]}
        )
    return segment_facts(record.segments)


@pytest.mark.parametrize("code", CODES)
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_fact_comes_back_from_its_line(code: str, data: st.DataObject) -> None:
    record = current().record(code)
    fact = data.draw(facts(record))
    line = render_record(record, fact)
    read, findings = parse_record(line, record)
    assert findings == ()
    assert read == fact
    assert render_record(record, read or {}) == line
    # the second line of a shape is read by the plan made for the first
    assert parse_record(line, record) == (fact, ())
    # the slow reader, which finds places, reads the same
    slow = diagnose(line, 1, current().roots())
    assert (slow.fact, slow.findings, slow.record_type) == (fact, (), current().roots()[record.root])


@pytest.mark.parametrize("code", CODES)
def test_a_full_record_holds_every_item_in_order(code: str) -> None:
    record = current().record(code)
    if record.corrections:
        fact: dict[str, Any] = {
            "BsSgmt": full(record.segment("BsSgmt")),
            "MdfcSgmt": {record.corrections[-1].code: full(record.corrections[-1])},
        }
        expected = [*tags(record.segment("BsSgmt")), *tags(record.corrections[-1])]
    elif record.flat:
        fact, expected = full(record.segments[0]), tags(record.segments[0])
    else:
        fact = {segment.code: full(segment) for segment in record.segments}
        expected = [tag for segment in record.segments for tag in tags(segment)]
    line = render_record(record, fact)
    assert re.findall(r"<(\w+)>[^<]", line) == expected
    assert parse_record(line)[0] == fact


def full(segment: Segment) -> dict[str, Any]:
    return {
        entry.tag: "x" if isinstance(entry, Item) else [{item.tag: "y" for item in entry.items}]
        for entry in segment.items
    }


def tags(segment: Segment) -> list[str]:
    return [
        tag
        for entry in segment.items
        for tag in ([entry.tag] if isinstance(entry, Item) else [item.tag for item in entry.items])
    ]


def test_the_published_line_reads_as_the_contract_says() -> None:
    line = (
        "<Document><InAcctInf><AcctBsSgmt><InfRecType>210</InfRecType><AcctType>D1</AcctType></AcctBsSgmt>"
        "<RltRepymtInfSgmt><RltRepymtNm>2</RltRepymtNm><RltRepymtInf><InfoIDType>1</InfoIDType></RltRepymtInf>"
        "<RltRepymtInf><InfoIDType>2</InfoIDType><ArlpName>甲&amp;乙</ArlpName></RltRepymtInf></RltRepymtInfSgmt>"
        "<AcctMthlyBlgInfSgmt><SettDate></SettDate></AcctMthlyBlgInfSgmt></InAcctInf></Document>"
    )
    fact, findings = parse_record(line)
    assert findings == ()
    assert fact == {
        "B": {"InfRecType": "210", "AcctType": "D1"},
        "D": {"RltRepymtNm": "2", "RltRepymtInf": [{"InfoIDType": "1"}, {"InfoIDType": "2", "ArlpName": "甲&乙"}]},
        "H": {"SettDate": ""},
    }
    assert render_record(current().record("210"), fact) == line


def test_a_correction_keeps_segment_letters() -> None:
    line = (
        "<Document><InAcctMdfc><BsSgmt><InfRecType>212</InfRecType><MdfcSgmtCode>B</MdfcSgmtCode></BsSgmt>"
        "<MdfcSgmt><AcctBsSgmt><Name>甲</Name></AcctBsSgmt></MdfcSgmt></InAcctMdfc></Document>"
    )
    fact, findings = parse_record(line)
    assert findings == ()
    assert fact == {"BsSgmt": {"InfRecType": "212", "MdfcSgmtCode": "B"}, "MdfcSgmt": {"B": {"Name": "甲"}}}


def test_elements_in_another_order_come_back_unchanged_when_asked() -> None:
    line = (
        "<Document><InAcctInf><AcctCredSgmt><Mcc>1</Mcc></AcctCredSgmt><AcctBsSgmt><AcctType>D1</AcctType>"
        "<InfRecType>210</InfRecType></AcctBsSgmt></InAcctInf></Document>"
    )
    record = current().record("210")
    fact, findings = parse_record(line)
    assert findings == ()
    assert fact is not None
    assert render_record(record, fact, as_read=True) == line
    assert render_record(record, fact) != line


def test_the_performance_segment_of_440_is_written_last() -> None:
    record = current().record("440")
    line = render_record(record, {"D": {"AcctStatus": "1"}, "E": {"RltRepymtNm": "0"}, "B": {"AcctType": "G1"}})
    assert line.index("<RltRepymtInfSgmt>") < line.index("<GuarRltRepymtInfSgmt>")


@pytest.mark.parametrize(
    "fact",
    [
        {"Z": {}},
        {"B": {"Nope": "1"}},
        {"B": {"AcctType": 1}},
        {"B": {"AcctType": None}},
        {"B": "text"},
        {"D": {"RltRepymtInf": {"InfoIDType": "1"}}},
        {"B": {"Name": "two\r\nlines"}},
        {"B": {"Name": "\x00"}},
        {"B": {"Name": "\ud800"}},
    ],
)
def test_what_no_line_can_hold_is_not_written(fact: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        render_record(current().record("210"), fact)
    assert caught.value.code == "standard.render"


GOOD = "<Document><InAcctInf><AcctBsSgmt><InfRecType>210</InfRecType><Name>A</Name></AcctBsSgmt></InAcctInf></Document>"


def broken(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


BAD_LINES = [
    ("empty", "", "ABR006", 1),
    ("no document", "<InAcctInf></InAcctInf>", "ABR006", 1),
    ("text only", "210", "ABR006", 1),
    ("byte order mark", "\ufeff" + GOOD, "ABR006", 1),
    ("cut off", GOOD.removesuffix("</InAcctInf></Document>"), "ABR006", len(GOOD) - 22),
    ("cut off in a tag", GOOD[:-3], "ABR006", len(GOOD) - 10),
    ("something behind", GOOD + "x", "ABR006", len(GOOD) + 1),
    ("two records", GOOD + GOOD, "ABR006", len(GOOD) + 1),
    ("two roots", broken("</InAcctInf>", "</InAcctInf><InAcctInf></InAcctInf>"), "ABR006", None),
    ("empty document", "<Document></Document>", "ABR006", None),
    ("xml declaration", '<?xml version="1.0"?>' + GOOD, "ABR006", 1),
    ("document type", "<!DOCTYPE Document>" + GOOD, "ABR006", 1),
    ("entity declaration", '<!ENTITY x "y">' + GOOD, "ABR006", 1),
    ("own entity", broken(">A<", ">&x;<"), "ABR006", GOOD.index(">A<") + 2),
    ("character reference", broken(">A<", ">&#65;<"), "ABR006", GOOD.index(">A<") + 2),
    ("bare ampersand", broken(">A<", ">A & B<"), "ABR006", GOOD.index(">A<") + 4),
    ("comment", broken("<Name>", "<!-- x --><Name>"), "ABR006", GOOD.index("<Name>") + 1),
    ("cdata", broken(">A<", "><![CDATA[A]]><"), "ABR006", GOOD.index(">A<") + 2),
    ("processing instruction", broken("<Name>", "<?go?><Name>"), "ABR006", GOOD.index("<Name>") + 1),
    ("attribute", broken("<Name>", '<Name lang="zh">'), "ABR006", GOOD.index("<Name>") + 1),
    ("namespace", broken("<Name>", "<x:Name>"), "ABR006", GOOD.index("<Name>") + 1),
    ("default namespace", broken("<Document>", '<Document xmlns="urn:x">'), "ABR006", 1),
    ("space in tag", broken("</Name>", "</Name >"), "ABR006", None),
    ("blank between tags", broken("<Name>", " <Name>"), "ABR006", GOOD.index("<Name>") + 1),
    ("text in a segment", broken("<Name>", "text<Name>"), "ABR006", GOOD.index("<Name>") + 1),
    ("crossed tags", broken("</Name></AcctBsSgmt>", "</AcctBsSgmt></Name>"), "ABR006", None),
    ("control character", broken(">A<", ">\x07<"), "ABR006", GOOD.index(">A<") + 2),
    ("nul", broken(">A<", ">\x00<"), "ABR006", GOOD.index(">A<") + 2),
    ("lone angle", broken(">A<", ">A < B<"), "ABR006", None),
    ("too deep", "<Document><InAcctInf>" + "<x>" * 50_000, "ABR000", None),
    ("unknown root", "<Document><Nothing></Nothing></Document>", "ABR000", 11),
]


@pytest.mark.parametrize(("name", "line", "code", "position"), BAD_LINES, ids=[case[0] for case in BAD_LINES])
def test_a_bad_line_is_refused_with_its_place(name: str, line: str, code: str, position: int | None) -> None:
    fact, findings = parse_record(line, current().record("210"), 7)
    assert fact is None
    assert findings[0].code == code
    assert findings[0].line == 7
    assert position is None or findings[0].position == position
    assert findings[0].message.zh
    assert findings[0].message.en


def test_unknown_and_repeated_tags_are_all_named_and_the_rest_is_read() -> None:
    line = (
        "<Document><InAcctInf><AcctBsSgmt><Name>A</Name><Wrong><Name>x</Name></Wrong><Name>B</Name><Worse></Worse>"
        "</AcctBsSgmt><Extra></Extra><AcctBsSgmt><Name>C</Name></AcctBsSgmt><AcctCredSgmt><Mcc>1</Mcc></AcctCredSgmt>"
        "</InAcctInf></Document>"
    )
    parsed = read_line(line, 3)
    assert parsed.fact == {"B": {"Name": "A"}, "F": {"Mcc": "1"}}
    assert parsed.form.unknown == ("Wrong", "Worse", "Extra")
    assert parsed.form.repeated == ("Name", "AcctBsSgmt")
    assert parsed.form.parsed
    assert {found.code for found in parsed.findings} == {"ABR000"}
    assert [found.position for found in parsed.findings] == [
        line.index("<Wrong>") + 1,
        line.index("<Name>B") + 1,
        line.index("<Worse>") + 1,
        line.index("<Extra>") + 1,
        line.rindex("<AcctBsSgmt>") + 1,
    ]


def test_an_item_of_another_segment_is_unknown_here() -> None:
    line = broken("<Name>A</Name>", "<Mcc>1</Mcc>")
    assert read_line(line).form.unknown == ("Mcc",)


def test_elements_inside_an_item_are_unknown() -> None:
    parsed = read_line(broken(">A<", "><Deep></Deep><"))
    assert parsed.form.unknown == ("Deep",)
    assert parsed.fact == {"B": {"InfRecType": "210", "Name": ""}}


def test_a_record_of_another_type_is_not_taken() -> None:
    fact, findings = parse_record(GOOD, current().record("220"))
    assert fact is None
    assert [(found.code, found.position, found.expected) for found in findings] == [("ABR000", 11, "<InCtrctInf>")]


def test_an_empty_segment_is_read_as_present() -> None:
    parsed = read_line("<Document><InAcctInf><AcctBsSgmt></AcctBsSgmt><AcctCredSgmt/></InAcctInf></Document>")
    assert parsed.fact == {"B": {}, "F": {}}
    assert parsed.findings == ()


def test_findings_of_one_line_are_bounded() -> None:
    line = "<Document><InAcctInf>" + "<x></x>" * 100_000 + "</InAcctInf></Document>"
    parsed = read_line(line)
    assert len(parsed.findings) == 50
    assert parsed.findings[-1].code == "ABR006"
    assert parsed.fact is None


@given(st.text(max_size=300))
def test_no_text_makes_the_reader_fail(line: str) -> None:
    parsed = read_line(line)
    assert parsed.fact is None
    assert parsed.findings


@given(st.data())
def test_no_damage_makes_the_reader_fail(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD)))
    upto = data.draw(st.integers(at, len(GOOD)))
    line = GOOD[:at] + data.draw(st.text(st.sampled_from("<>/&;!?Ax \r\x00"), max_size=6)) + GOOD[upto:]
    parsed = read_line(line)
    slow = diagnose(line, 1, current().roots())
    assert (parsed.fact, parsed.findings) == (slow.fact if slow.record_type else None, slow.findings)
    if parsed.fact is not None and not parsed.findings:
        record = parsed.record_type
        assert record is not None
        assert parse_record(render_record(record, parsed.fact, as_read=True))[0] == parsed.fact


def test_hostile_lines_are_refused() -> None:
    # A reader that went back over what it has read would not end within the patience of whoever runs this.
    for piece in ("<", "<a", "<a>", "</a>", "&", "&amp;", "<a>&", "<!", "<a><b></a>", "<Document>"):
        line = (piece * (1_000_000 // len(piece)))[:1_000_000]
        assert read_line("<Document><InAcctInf>" + line, expected=current().record("210")).fact is None
