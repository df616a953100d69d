"""Identities that are well formed and belong to nobody, computed set-wise in SQL from a running number.

Persons carry citizen numbers whose area code starts with 99, which no division has; companies carry unified social
credit codes with the same kind of division. Check characters follow GB 11643, GB 32100 and GB 11714, so that every
validator accepts them. Names are made from short syllable lists and look invented at first sight.

All functions are DuckDB macros of one connection: `chance(i, salt, below)` is the only source of variety and depends on
nothing but the seed, so every attribute of every subject can be recomputed from its number.
"""

from __future__ import annotations

from typing import Final

from app.standard.identifiers import (
    CREDIT_ALPHABET,
    CREDIT_WEIGHTS,
    ORGANISATION_WEIGHTS,
    PERSON_CHECKS,
    PERSON_WEIGHTS,
    ZHONGZHENG_WEIGHTS,
)

_BRANCHES: Final = 8


def institutions(first_branch: int) -> tuple[str, ...]:
    """Codes of head office and branches of a bank whose branches are numbered from `first_branch` on, 14 characters each."""
    return tuple(f"Z99000000000{first_branch + number:02d}" for number in range(_BRANCHES))


INSTITUTIONS: Final = institutions(1)
"""Head office and branches of the bank that is alone in the world."""

PROVIDER: Final = INSTITUTIONS[0]
"""Its section code as a data provider; every business identifier starts with the one of its bank."""

SURNAMES: Final = "测样拟虚例仿演练"
SYLLABLES: Final = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉"
TRADES: Final = ("贸易", "制造", "物流", "农业", "建设", "软件")

_ALPHANUMERIC: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _weighted(alphabet: str, weights: tuple[int, ...]) -> str:
    """SQL for the weighted sum of the characters of the text `t`, valued by their place in the alphabet."""
    return " + ".join(
        f"(strpos('{alphabet}', substr(t, {place}, 1)) - 1) * {weight}" for place, weight in enumerate(weights, start=1)
    )


def _weighted_digits(weights: tuple[int, ...]) -> str:
    """The same for a text of digits only, by integer arithmetic: several times faster, and persons are many."""
    return " + ".join(
        f"(t::BIGINT // {10 ** (len(weights) - place)}) % 10 * {weight}"
        for place, weight in enumerate(weights, start=1)
    )


def _pick(text_or_words: str | tuple[str, ...], salt: str) -> str:
    """SQL choosing one character or word by the number `i`."""
    words = ", ".join(f"'{word}'" for word in text_or_words)
    return f"[{words}][1 + chance(i, '{salt}', {len(text_or_words)})]"


def identity_macros(seed: int, first_branch: int = 1) -> tuple[str, ...]:
    """The statements that create all macros; run once on a connection."""
    return (
        f"CREATE OR REPLACE MACRO branch_number(i) AS {first_branch} + i % {_BRANCHES}",
        # hash() is stable within the pinned DuckDB version, which makes the whole bank a function of its seed.
        f"CREATE OR REPLACE MACRO chance(i, salt, below) AS (hash(i, salt, {int(seed)}) % below)::BIGINT",
        f"""CREATE OR REPLACE MACRO person_check(t) AS
            substr('{PERSON_CHECKS}', ((({_weighted_digits(PERSON_WEIGHTS)}) % 11) + 1)::BIGINT, 1)""",
        f"""CREATE OR REPLACE MACRO organisation_check(t) AS substr('0X987654321',
            ((({_weighted(_ALPHANUMERIC, ORGANISATION_WEIGHTS)}) % 11) + 1)::BIGINT, 1)""",
        f"""CREATE OR REPLACE MACRO credit_check(t) AS substr('{CREDIT_ALPHABET}',
            ((31 - ({_weighted(CREDIT_ALPHABET, CREDIT_WEIGHTS)}) % 31) % 31 + 1)::BIGINT, 1)""",
        f"""CREATE OR REPLACE MACRO loan_card_check(t) AS
            lpad(((({_weighted(_ALPHANUMERIC, ZHONGZHENG_WEIGHTS)}) % 97) + 1)::VARCHAR, 2, '0')""",
        f"CREATE OR REPLACE MACRO business_code(kind, i) AS '{institutions(first_branch)[0]}' || kind || lpad(i::VARCHAR, 9, '0')",
        "CREATE OR REPLACE MACRO person_birth(i) AS DATE '1950-01-01' + chance(i, 'birth', 12775)::INTEGER",
        """CREATE OR REPLACE MACRO person_stem(i) AS '99' || lpad((((i // 1000) % 10000))::VARCHAR, 4, '0')
            || strftime(person_birth(i), '%Y%m%d') || lpad((i % 1000)::VARCHAR, 3, '0')""",
        "CREATE OR REPLACE MACRO person_number(i) AS person_stem(i) || person_check(person_stem(i))",
        f"""CREATE OR REPLACE MACRO person_name(i) AS {_pick(SURNAMES, "surname")}
            || {_pick(SYLLABLES, "given")} || {_pick(SYLLABLES, "given2")}""",
        "CREATE OR REPLACE MACRO organisation_stem(i) AS 'Q' || lpad(i::VARCHAR, 7, '0')",
        "CREATE OR REPLACE MACRO organisation_code(i) AS organisation_stem(i)"
        " || organisation_check(organisation_stem(i))",
        """CREATE OR REPLACE MACRO credit_stem(i) AS '9199' || lpad(((i % 10000))::VARCHAR, 4, '0')
            || organisation_code(i)""",
        "CREATE OR REPLACE MACRO credit_code(i) AS credit_stem(i) || credit_check(credit_stem(i))",
        "CREATE OR REPLACE MACRO loan_card_stem(i) AS 'ZX0' || lpad(i::VARCHAR, 11, '0')",
        "CREATE OR REPLACE MACRO loan_card_code(i) AS loan_card_stem(i) || loan_card_check(loan_card_stem(i))",
        f"""CREATE OR REPLACE MACRO company_name(i) AS {_pick(SURNAMES, "firm")} || {_pick(SYLLABLES, "firm2")}
            || {_pick(SYLLABLES, "firm3")} || {_pick(TRADES, "trade")} || '样本有限公司'""",
        "CREATE OR REPLACE MACRO telephone(i) AS '12' || lpad((i % 1000000000)::VARCHAR, 9, '0')",
    )
