"""Identity numbers of persons and organisations: their formats and check characters.

The algorithms are those of the national standards GB 11643 (citizen identity number), GB 11714 (organisation code)
and GB 32100 (unified social credit code), and of the collection specification's annex A (Zhongzheng code, the former
loan card code). Where public material knows no rule for a document type, any filled number of admissible length
passes. The functions are pure and take values exactly as they stand in the files; they judge one value and look
nothing up but the nationality of a passport.
"""

from __future__ import annotations

import re
from datetime import date

from app.core.text import Text
from app.standard.catalogue import current

LONGEST_PERSON_NUMBER = 20
LONGEST_ORGANISATION_NUMBER = 40

PERSON_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
PERSON_CHECKS = "10X98765432"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ZHONGZHENG_WEIGHTS = (1, 3, 5, 7, 11, 2, 13, 1, 1, 17, 19, 97, 23, 29)

_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PERSON = re.compile(r"[0-9]{17}[0-9Xx]")
_ORGANISATION = re.compile(r"[0-9A-Z]{8}[0-9X]")
_CREDIT = re.compile(rf"[{CREDIT_ALPHABET}]{{18}}")
_ZHONGZHENG = re.compile(r"[0-9A-Z]{14}[0-9]{2}")
_PASSPORT = re.compile(r"[0-9A-Z]{3}[0-9A-Za-z]{1,9}")
_HONG_KONG_MACAO = re.compile(r"[HM](?:[0-9]{8}|[0-9]{10})")
_TAIWAN = re.compile(r"[0-9]{8}|[0-9]{10}(?:\((?:[A-Z]|[0-9]{2})\))?")


def person_check(body: str) -> str:
    """The eighteenth character of a citizen identity number, from the first seventeen."""
    return PERSON_CHECKS[sum(int(digit) * weight for digit, weight in zip(body, PERSON_WEIGHTS, strict=True)) % 11]


def organisation_check(body: str) -> str:
    """The ninth character of an organisation code, from the first eight."""
    remainder = 11 - _weighed(body, _ALPHANUMERIC, ORGANISATION_WEIGHTS) % 11
    return {10: "X", 11: "0"}.get(remainder, str(remainder))


def credit_code_check(body: str) -> str:
    """The eighteenth character of a unified social credit code, from the first seventeen."""
    return CREDIT_ALPHABET[-_weighed(body, CREDIT_ALPHABET, CREDIT_WEIGHTS) % 31]


def zhongzheng_check(body: str) -> str:
    """The last two digits (01 to 97) of a Zhongzheng code, from the first fourteen characters."""
    return f"{_weighed(body, _ALPHANUMERIC, ZHONGZHENG_WEIGHTS) % 97 + 1:02}"


def _weighed(body: str, alphabet: str, weights: tuple[int, ...]) -> int:
    return sum(alphabet.index(sign) * weight for sign, weight in zip(body, weights, strict=True))


def valid_person_id(number: str) -> bool:
    """A citizen identity number: eighteen places, a real date of birth from 1901 to 2099, the right check character."""
    if not _PERSON.fullmatch(number):
        return False
    year, month, day = int(number[6:10]), int(number[10:12]), int(number[12:14])
    if not 1901 <= year <= 2099:
        return False
    try:
        date(year, month, day)
    except ValueError:
        return False
    return person_check(number[:17]) == number[17].upper()


def valid_organisation_code(number: str) -> bool:
    """An organisation code of nine characters, without the hyphen of its printed form."""
    return bool(_ORGANISATION.fullmatch(number)) and organisation_check(number[:8]) == number[8]


def valid_credit_code(number: str) -> bool:
    """A unified social credit code, the organisation code within it included."""
    return (
        bool(_CREDIT.fullmatch(number))
        and credit_code_check(number[:17]) == number[17]
        and valid_organisation_code(number[8:17])
    )


def valid_zhongzheng_code(number: str) -> bool:
    """A Zhongzheng code. Whether it has been issued only the centre knows."""
    return bool(_ZHONGZHENG.fullmatch(number)) and zhongzheng_check(number[:14]) == number[14:]


def valid_passport(number: str) -> bool:
    """A passport number as reported: at most twelve characters, the first three being the nationality."""
    return bool(_PASSPORT.fullmatch(number)) and number[:3] in current().codes("person")["Nation"].values


def valid_person_number(id_type: str, number: str) -> bool:
    """Whether a number fits its document type (code table IDType), as error ABE004 asks. An empty number never fits."""
    if not number.strip() or len(number) > LONGEST_PERSON_NUMBER:
        return False
    match id_type:
        case "10":
            return valid_person_id(number)
        case "2":
            return valid_passport(number)
        case "5":  # permit of Hong Kong and Macao residents
            return bool(_HONG_KONG_MACAO.fullmatch(number))
        case "6":  # permit of Taiwan residents
            return bool(_TAIWAN.fullmatch(number))
    return True


def valid_organisation_number(cert_type: str, number: str) -> bool:
    """Whether a number fits its identifier type (code table EntCertType), as error ABE004 asks. An empty number
    never fits.
    """
    if not number.strip() or len(number) > LONGEST_ORGANISATION_NUMBER:
        return False
    match cert_type:
        case "10":
            return valid_zhongzheng_code(number)
        case "20":
            return valid_credit_code(number)
        case "30":
            return valid_organisation_code(number)
    return True


def registration(credit_code: str) -> tuple[Text, Text] | None:
    """Registration department and category that the first two characters of a unified social credit code name.

    None for a pair the edition does not list; the list is not certain, so that is a reason to warn, never to reject.
    """
    departments = current().identifiers["identifiers"]["uscc"]["department_and_category"]["values"]
    department = departments.get(credit_code[:1], {})
    category = department.get("categories", {}).get(credit_code[1:2])
    return (Text.of(department), Text.of(category)) if category else None
