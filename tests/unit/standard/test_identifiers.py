"""Identity numbers: the published examples, the check-character makers, the document formats."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.standard import identifiers
from app.standard.catalogue import current

FACTS = current().identifiers["identifiers"]
CHECKS: dict[str, Callable[[str], bool]] = {
    "uscc": identifiers.valid_credit_code,
    "org_code": identifiers.valid_organisation_code,
    "zhongzheng_code": identifiers.valid_zhongzheng_code,
    "person_id": identifiers.valid_person_id,
}
VALID = [(kind, value) for kind, fact in FACTS.items() for value in fact["examples"]["valid"]]
INVALID = [(kind, entry["value"]) for kind, fact in FACTS.items() for entry in fact["examples"]["invalid"]]


@pytest.mark.parametrize(("kind", "number"), VALID)
def test_valid_examples(kind: str, number: str) -> None:
    assert CHECKS[kind](number)


@pytest.mark.parametrize(("kind", "number"), INVALID)
def test_invalid_examples(kind: str, number: str) -> None:
    assert not CHECKS[kind](number)


def test_constants_are_those_of_the_edition() -> None:
    assert list(identifiers.PERSON_WEIGHTS) == FACTS["person_id"]["weights"]
    assert FACTS["person_id"]["check_table"] == identifiers.PERSON_CHECKS
    assert list(identifiers.ORGANISATION_WEIGHTS) == FACTS["org_code"]["weights"]
    assert list(identifiers.CREDIT_WEIGHTS) == FACTS["uscc"]["weights"]
    assert FACTS["uscc"]["alphabet"] == identifiers.CREDIT_ALPHABET
    assert list(identifiers.ZHONGZHENG_WEIGHTS) == FACTS["zhongzheng_code"]["weights"]


@pytest.mark.parametrize(
    ("id_type", "number", "fits"),
    [
        ("10", "110000190101010001", True),
        ("10", "31000019910208000x", True),
        ("10", "110000190101010002", False),
        ("10", "11000020230229000X", False),
        ("10", "１10000190101010001", False),
        ("2", "CHNG12345678", True),
        ("2", "CHNG123456789", False),
        ("2", "QQQ12345", False),
        ("2", "CHN", False),
        ("5", "H12345678", True),
        ("5", "M1234567890", True),
        ("5", "H123456789", False),
        ("5", "A12345678", False),
        ("6", "12345678", True),
        ("6", "1234567890", True),
        ("6", "1234567890(B)", True),
        ("6", "1234567890(01)", True),
        ("6", "123456789", False),
        ("6", "1234567890(B", False),
        ("1", "any register 1", True),
        ("1", "", False),
        ("20", "　", False),
        ("X", "1" * 21, False),
    ],
)
def test_documents_of_persons(id_type: str, number: str, fits: bool) -> None:
    assert identifiers.valid_person_number(id_type, number) is fits


@pytest.mark.parametrize(
    ("cert_type", "number", "fits"),
    [
        ("10", "3301000000000149", True),
        ("10", "3301000000000150", False),
        ("10", "AB10000000000000", False),
        ("20", "91110000QQ0000012P", True),
        ("20", "91110000qq0000012p", False),
        ("20", "123100000000000100", False),
        ("30", "QQ0000012", True),
        ("30", "QQ000001-2", False),
        ("30", "99990002x", False),
        ("01", "310000400000001", True),
        ("42", " ", False),
        ("01", "1" * 41, False),
    ],
)
def test_identifiers_of_organisations(cert_type: str, number: str, fits: bool) -> None:
    assert identifiers.valid_organisation_number(cert_type, number) is fits


@given(st.dates(date(1901, 1, 1), date(2099, 12, 31)))
def test_made_person_numbers_are_valid_and_any_other_check_is_not(day: date) -> None:
    body = f"990000{day:%Y%m%d}000"
    made = body + identifiers.person_check(body)
    assert identifiers.valid_person_id(made)
    assert sum(identifiers.valid_person_id(body + sign) for sign in "0123456789X") == 1


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=16, max_size=16))
def test_made_credit_codes_are_valid(body: str) -> None:
    organisation = body[8:16]
    full = body[:8] + organisation + identifiers.organisation_check(organisation)
    made = full + identifiers.credit_code_check(full)
    assert identifiers.valid_credit_code(made)
    assert identifiers.valid_organisation_code(made[8:17])


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=14, max_size=14))
def test_made_zhongzheng_codes_are_valid(body: str) -> None:
    made = body + identifiers.zhongzheng_check(body)
    assert identifiers.valid_zhongzheng_code(made)
    assert len(made) == 16


@given(st.text(max_size=45), st.text(max_size=45))
def test_no_text_makes_the_checks_fail(kind: str, number: str) -> None:
    for checked in (kind, "10", "2", "5", "6", "20", "30"):
        assert identifiers.valid_person_number(checked, number) in (True, False)
        assert identifiers.valid_organisation_number(checked, number) in (True, False)


def test_registration_department() -> None:
    found = identifiers.registration("91110000QQ0000012P")
    assert found is not None
    assert found[1].zh == "企业"
    assert identifiers.registration("9Z110000QQ0000012P") is None
    assert identifiers.registration("") is None
