"""What stands beside the accounts of persons: limits, pledge and mortgage contracts, events that leave a month out.

Everything is drawn from the number of the account it belongs to and a day of its own, so that the state on any day is a
closed form, as that of the accounts is. A limit begins with its account and ends with it; some are raised on one day. A
contract is appraised anew on one day of the year after the first.
"""

from __future__ import annotations

from typing import Final

WITH_LIMIT: Final = "(acct_type IN ('R1', 'R4') OR acct_type = 'D1' AND n % 10 = 3)"
WITH_COLLATERAL: Final = "product IN ('H', 'V', 'S', 'F')"

_DUE: Final = "due_date(first_month, settle_day, terms)"


def _over(day: str) -> str:
    return f"coalesce(closed <= {day}, FALSE)"


def loan_limits(day: str) -> str:
    """SELECT of the limits of personal loans on a day: n, person, branch, kind, loops, amount, begins, ends, over."""
    raised = "first_day() + 1 + chance(n, 'limit raised', 400)::INTEGER"
    return f"""
    SELECT n, person, branch, CASE WHEN acct_type = 'R1' THEN '10' ELSE '20' END AS kind, acct_type = 'R1' AS loops,
        CASE WHEN chance(n, 'limit moves', 3) = 0 AND {raised} > opened AND {raised} <= {day} THEN amount * 12 // 10
            ELSE amount END AS amount,
        opened AS begins, {_DUE} AS ends, {_over(day)} AS over
    FROM open_retail WHERE {WITH_LIMIT}"""


def card_limits(day: str) -> str:
    """SELECT of the limits of cards on a day, in the same columns."""
    raised = "first_day() + 1 + chance(n, 'card limit raised', 400)::INTEGER"
    return f"""
    SELECT n, person, branch, '31' AS kind, TRUE AS loops,
        CASE WHEN chance(n, 'card limit moves', 3) = 0 AND {raised} > opened AND {raised} <= {day}
            THEN credit_line * 15 // 10 ELSE credit_line END AS amount,
        opened AS begins, (opened + INTERVAL 10 YEAR)::DATE AS ends, {_over(day)} AS over
    FROM open_card WHERE acct_type = 'R3' OR NOT special_only"""


def contracts(day: str) -> str:
    """SELECT of the contracts on a day: n, person, branch, kind (1 mortgage, 2 pledge), amount, begins, ends, over, what is
    given (`thing`), its value and the day of the appraisal."""
    again = "first_day() + 1 + chance(n, 'appraisal', 365)::INTEGER"
    return f"""
    SELECT n, person, branch, CASE WHEN product = 'F' THEN '2' ELSE '1' END AS kind, amount, opened AS begins, {_DUE} AS ends,
        {_over(day)} AS over, product = 'H' AND n % 3 = 0 AS joint,
        CASE product WHEN 'V' THEN '13' WHEN 'F' THEN '26' ELSE '11' END AS thing,
        CASE WHEN {again} > opened AND {again} <= {day} THEN amount * (110 + chance(n, 'value', 40)) // 100
            ELSE amount * 15 // 10 END AS value,
        CASE WHEN {again} > opened AND {again} <= {day} THEN {again} ELSE opened END AS appraised
    FROM open_retail WHERE {WITH_COLLATERAL}"""


def living_cards(accounts: str) -> str:
    """SELECT of cards with the month (`skipped`) that one in thirty has no statement in, since its statement day was moved, and
    the day (`skip_known`) on which the bank books it: shortly before the statement would have come, within the month, after an
    earlier statement. Both are NULL for all others."""
    return f"""
    WITH drawn AS (
        SELECT *, CASE WHEN acct_type = 'R2' AND missed IS NULL AND closed IS NULL AND habit <> 'S'
            AND chance(n, 'skips', 30) = 0 THEN month_number(first_day()) + chance(n, 'skipped month', 4) END AS of
        FROM ({accounts})),
    dated AS (SELECT *, settlement_date(of, settle_day) AS usual FROM drawn),
    known AS (SELECT *, greatest(first_day() + 1, usual - 3) AS booked FROM dated),
    fitting AS (SELECT *, coalesce(booked < usual AND month_number(booked) = of AND first_month < of, FALSE) AS fits FROM known)
    SELECT * EXCLUDE (of, usual, booked, fits), CASE WHEN fits THEN of END AS skipped, CASE WHEN fits THEN booked END AS skip_known
    FROM fitting"""


_TRANSFER_DAY: Final = "(first_day() + 1 + chance(n, 'transfer day', 45)::INTEGER)"
TRANSFER: Final = f"""CASE WHEN acct_type = 'D1' AND missed IS NULL AND settled_early IS NULL AND chance(n, 'transfer', 12) = 0
    AND opened < first_day() - 40 AND first_month < month_number({_TRANSFER_DAY})
    AND {_TRANSFER_DAY} < settlement_date(month_number({_TRANSFER_DAY}), settle_day)
    AND coalesce({_TRANSFER_DAY} < closed, TRUE) THEN {_TRANSFER_DAY} END"""
"""The day on which a loan is sold, NULL for all others: before that month's settlement day, so that the month of the
transfer directly follows the last one reported."""
