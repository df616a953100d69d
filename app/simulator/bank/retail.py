"""Personal loans: non-revolving, revolving, drawn under a limit, and collection accounts.

`retail_account` holds one row of parameters for each account that ever exists in the world, later openings included:

========== =========================================================================================================
n          number of the account; person: number of its holder
acct_type  D1, R1, R4 or C1; business, detail: line of business and its detail, standard codes
mode       11 annuity, 12 equal principal, 13 bullet with monthly interest, 21 everything at the end, 31 revolving
terms      number of monthly instalments (or months of life); amount: loan or limit in yuan; rate: monthly
opened     first day; settle_day 1..28 or 31; first_month: month number of the first settlement
missed     number of the first instalment not paid, or NULL; lasts: how many stay unpaid, NULL = never cured
cured      day on which all arrears were paid; settled_early: day of an early settlement; closed: last day, or NULL
========== =========================================================================================================

`retail_state` turns these parameters into the state on any day by arithmetic alone.
"""

from __future__ import annotations

from typing import Final


def retail_build(stock: int, future: int, persons: int) -> tuple[str, ...]:
    """Statements that create `retail_account`: `stock` accounts in the middle of their life on the first day, and
    `future` ones opening evenly over the horizon (from shortly before the first day on)."""
    return (
        f"""CREATE OR REPLACE TEMP TABLE retail_draw AS SELECT n, n >= {stock} AS fresh,
            CASE WHEN n < {stock} THEN n % {persons}
                 WHEN n % 2 = 0 THEN chance(n, 'holder', {persons}) ELSE {persons} + n - {stock} END AS person,
            CASE WHEN n >= {stock} AND n % CASE WHEN n < {stock + future // 10} THEN 4 ELSE 16 END = 3 THEN 'C' ELSE
                ['H','H','H','H','H','V','V','V','P','P','P','P','B','B','E','R','R','S','S','F']
                [1 + chance(n, 'product', 20)] END AS product
            FROM range({stock + future}) t(n)""",
        f"""CREATE OR REPLACE TABLE retail_account AS
        WITH terms AS (
            SELECT *,
                CASE product WHEN 'R' THEN 'R1' WHEN 'S' THEN 'R4' WHEN 'C' THEN 'C1' ELSE 'D1' END AS acct_type,
                CASE product WHEN 'C' THEN ['5','6'][1 + n % 2] ELSE '1' END AS business,
                CASE product WHEN 'H' THEN '11' WHEN 'V' THEN '21' WHEN 'B' THEN '41' WHEN 'E' THEN '41'
                    WHEN 'F' THEN '52' WHEN 'C' THEN ['A1','B1'][1 + n % 2] ELSE '91' END AS detail,
                CASE product WHEN 'H' THEN ['11','12'][1 + chance(n, 'mode', 2)] WHEN 'B' THEN '13' WHEN 'E' THEN '21'
                    WHEN 'R' THEN '31' WHEN 'F' THEN '13' WHEN 'C' THEN '12' ELSE '11' END AS mode,
                CASE product WHEN 'H' THEN [120, 180, 240, 360][1 + chance(n, 'terms', 4)]
                    WHEN 'V' THEN [24, 36, 60][1 + chance(n, 'terms', 3)] WHEN 'R' THEN 36
                    WHEN 'C' THEN 2 + chance(n, 'terms', 5)
                    WHEN 'P' THEN [12, 24, 36][1 + chance(n, 'terms', 3)] ELSE 12 END AS terms,
                CASE product WHEN 'H' THEN (30 + chance(n, 'amount', 270)) * 10000
                    WHEN 'V' THEN (5 + chance(n, 'amount', 30)) * 10000
                    WHEN 'C' THEN (5 + chance(n, 'amount', 200)) * 100
                    ELSE (10 + chance(n, 'amount', 290)) * 1000 END AS amount,
                (300 + chance(n, 'rate', 700)) / 120000.0 AS rate,
                CASE WHEN chance(n, 'settle', 5) = 0 THEN 31 ELSE 1 + chance(n, 'settle', 28) END AS drawn_day
            FROM retail_draw),
        opened AS (
            SELECT *, CASE WHEN fresh THEN first_day() - 20 + ((n - {stock}) * 200 // {max(future, 1)})::INTEGER END
                AS fresh_opened,
                1 + chance(n, 'age', least(terms - 1, 180)) AS age
            FROM terms),
        settled AS (
            SELECT *, CASE WHEN fresh THEN apart_from(drawn_day, fresh_opened) ELSE drawn_day END AS settle_day
            FROM opened),
        monthly AS (
            SELECT *, CASE WHEN fresh THEN first_month_after(fresh_opened, settle_day)
                ELSE month_number(first_day()) - age
                    + CASE WHEN first_day() >= settlement_date(month_number(first_day()), settle_day) THEN 1 ELSE 0 END
                END AS first_month
            FROM settled),
        dated AS (
            SELECT *, CASE WHEN fresh THEN fresh_opened
                ELSE settlement_date(first_month - 1, settle_day) + 1 + chance(n, 'opened', 27)::INTEGER END AS opened,
                CASE WHEN fresh OR product = 'C' OR chance(n, 'trouble', 100) >= 12 THEN NULL
                    WHEN mode = '21' THEN terms
                    ELSE least(terms, greatest(1, age + 3 - chance(n, 'since', CASE WHEN chance(n, 'lasts', 100) >= 85
                        THEN 20 ELSE 8 END))) END AS missed,
                CASE WHEN chance(n, 'lasts', 100) < 45 THEN 1 WHEN chance(n, 'lasts', 100) < 85
                    THEN 2 + chance(n, 'length', 6) END AS lasts
            FROM monthly),
        ended AS (
            SELECT *, CASE WHEN missed IS NOT NULL AND lasts IS NOT NULL
                THEN due_date(first_month, settle_day, missed + lasts - 1) + 2 + chance(n, 'cure', 24)::INTEGER
                END AS cured,
                CASE WHEN missed IS NULL AND acct_type IN ('D1', 'R4') AND mode <> '21' AND NOT fresh
                    AND chance(n, 'early', 100) < 12 THEN first_day() + 1 + chance(n, 'early day', 180)::INTEGER END
                AS early_drawn
            FROM dated)
        SELECT n, person, acct_type, business, detail, product, mode, terms, amount, rate, opened, settle_day,
            first_month, missed, lasts, cured, settled_early, branch_number(n) AS branch,
            CASE WHEN settled_early IS NOT NULL THEN settled_early
                WHEN missed IS NOT NULL AND lasts IS NULL THEN NULL
                WHEN missed + lasts - 1 >= terms THEN cured
                ELSE due_date(first_month, settle_day, terms) END AS closed,
            -- A missed instalment of a revolving loan supposes that something had been drawn.
            CASE WHEN mode = '31' THEN greatest(amount // 10, amount * (5 + chance(n * 1000 + coalesce(missed, 1) - 1,
                'drawn', 75)) // 100) END AS stuck_balance
        FROM (SELECT *, CASE WHEN early_drawn < due_date(first_month, settle_day, terms) THEN early_drawn END
                AS settled_early FROM ended)""",
    )


_LAST: Final = "least(dues, terms)"


def retail_state(accounts: str, as_of: str) -> str:
    """SELECT of the state of each account of relation `accounts` on the day given by the SQL expression `as_of`.

    Accounts of the relation must be open on or before that day. Columns are the standard's tags in lower snake form;
    amounts are whole yuan; a closed account keeps the state of its last day.
    """
    return f"""
    WITH moment AS (
        SELECT *, least({as_of}, coalesce(closed, {as_of})) AS t FROM {accounts}),
    counted AS (
        SELECT *, due_count(first_month, settle_day, t) AS dues, coalesce(t >= closed, FALSE) AS over FROM moment),
    troubled AS (
        SELECT *, NOT over AND coalesce(t >= due_date(first_month, settle_day, missed), FALSE)
            AND NOT coalesce(t >= cured, FALSE) AS overdue,
            coalesce(t >= cured, FALSE) AS was_cured, missed - 1 AS paid_before
        FROM counted),
    counts AS (
        SELECT *, CASE WHEN overdue THEN dues - missed + 1 ELSE 0 END AS periods,
            CASE WHEN mode = '31' THEN CASE WHEN {_LAST} >= terms THEN 0 WHEN {_LAST} = paid_before THEN stuck_balance
                    ELSE amount * (5 + chance(n * 1000 + {_LAST}, 'drawn', 75)) // 100 END
                ELSE scheduled_balance(mode, amount, rate, terms, {_LAST}) END AS planned,
            CASE WHEN mode = '31' THEN CASE WHEN {_LAST} - 1 = paid_before THEN stuck_balance
                    ELSE amount * (5 + chance(n * 1000 + {_LAST} - 1, 'drawn', 75)) // 100 END
                ELSE scheduled_balance(mode, amount, rate, terms, {_LAST} - 1) END AS planned_before
        FROM troubled),
    arrears AS (
        SELECT *,
            {_owed("paid_before")} AS owed_start,
            {_owed("dues")} AS owed_now, {_owed("dues - 1")} AS owed_1, {_owed("dues - 2")} AS owed_2,
            {_owed("dues - 3")} AS owed_3, {_owed("dues - 6")} AS owed_6,
            CASE WHEN missed IS NULL THEN 0 ELSE least(dues, terms, missed + coalesce(lasts, 9999) - 1) - missed + 1
                END AS unpaid,
            CASE WHEN dues = 0 OR dues > terms THEN 0
                WHEN mode = '21' THEN CASE WHEN dues = terms THEN amount + round(amount * rate * terms) ELSE 0 END
                WHEN mode = '31' THEN CASE WHEN dues = terms THEN planned_before ELSE 0 END
                    + round(planned_before * rate)
                WHEN acct_type = 'C1' THEN planned_before - planned
                ELSE planned_before - planned + round(planned_before * rate) END::BIGINT AS instalment
        FROM counts),
    overdue_amounts AS (
        SELECT *, (CASE WHEN mode = '31' THEN CASE WHEN missed + unpaid - 1 >= terms THEN stuck_balance ELSE 0 END
                ELSE owed_start - scheduled_balance(mode, amount, rate, terms, missed + unpaid - 1) END
            + greatest(1, round(owed_start * rate * CASE WHEN mode = '21' THEN terms ELSE unpaid END)))::BIGINT
            AS arrears_total
        FROM arrears),
    payment AS (
        SELECT *, owed_start - owed_now AS overdue_principal,
            CASE WHEN over AND settled_early IS NOT NULL THEN settled_early
                WHEN was_cured AND cured > due_date(first_month, settle_day, {_LAST}) THEN cured
                WHEN overdue THEN CASE WHEN paid_before >= 1 AND mode <> '21'
                    THEN due_date(first_month, settle_day, paid_before) ELSE opened END
                WHEN instalment > 0 THEN due_date(first_month, settle_day, dues)
                ELSE opened END AS last_paid,
            CASE WHEN over AND settled_early IS NOT NULL THEN greatest(planned, 1)
                WHEN was_cured AND cured > due_date(first_month, settle_day, {_LAST}) THEN arrears_total
                WHEN overdue THEN 0
                ELSE instalment END AS last_paid_amount
        FROM overdue_amounts)
    SELECT n, t AS as_of, settle_day, acct_type, mode,
        CASE WHEN over THEN 'CLOSED' WHEN overdue AND lasts IS NULL AND periods >= 12 THEN 'WRITTEN_OFF'
            WHEN overdue AND lasts IS NULL AND periods >= 10 THEN 'BAD' WHEN overdue THEN 'OVERDUE' ELSE 'NORMAL' END
            AS status,
        CASE WHEN over THEN 0 WHEN overdue THEN owed_start ELSE planned END::BIGINT AS balance,
        CASE WHEN mode IN ('21') THEN 0 ELSE greatest(0, terms - CASE WHEN overdue AND mode <> '31' THEN paid_before
            WHEN over THEN terms ELSE {_LAST} END) END::BIGINT AS remaining_terms,
        CASE WHEN acct_type = 'C1' THEN '5' WHEN NOT overdue THEN '1' WHEN periods >= 10 THEN '5' WHEN periods >= 7
            THEN '4' WHEN periods >= 4 THEN '3' ELSE '2' END AS five_class,
        CASE WHEN was_cured THEN cured WHEN NOT overdue THEN opened
            ELSE due_date(first_month, settle_day, missed + CASE WHEN periods >= 10 THEN 9 WHEN periods >= 7 THEN 6
                WHEN periods >= 4 THEN 3 ELSE 0 END) END AS five_class_date,
        CASE WHEN over THEN 'C' WHEN overdue AND lasts IS NULL AND periods >= 10 THEN 'B'
            WHEN overdue THEN least(periods, 7)::VARCHAR
            WHEN instalment = 0 AND NOT (was_cured AND cured > due_date(first_month, settle_day, dues)) THEN '*'
            ELSE 'N' END AS pay_status,
        periods AS overdue_terms,
        CASE WHEN overdue THEN arrears_total ELSE 0 END AS overdue_total,
        CASE WHEN overdue THEN overdue_principal ELSE 0 END AS overdue_principal,
        CASE WHEN overdue THEN owed_2 - owed_1 ELSE 0 END AS overdue_31,
        CASE WHEN overdue THEN owed_3 - owed_2 ELSE 0 END AS overdue_61,
        CASE WHEN overdue THEN owed_6 - owed_3 ELSE 0 END AS overdue_91,
        CASE WHEN overdue THEN owed_start - owed_6 ELSE 0 END AS overdue_181,
        CASE WHEN over AND settled_early IS NOT NULL THEN 0 ELSE instalment END AS due_amount,
        CASE WHEN overdue THEN 0 WHEN last_paid_amount > 0 THEN last_paid_amount ELSE 0 END AS paid_amount,
        last_paid, last_paid_amount, CASE WHEN over THEN closed END AS closed_on
    FROM payment"""


def _owed(paid_up_to: str) -> str:
    """SQL for what would be owed in the current arrears had instalments up to `paid_up_to` been paid, never more than
    at their start."""
    paid = f"greatest(paid_before, least({paid_up_to}, terms))"
    return (
        f"(CASE WHEN missed IS NULL THEN 0 WHEN mode = '31' THEN CASE WHEN {paid} >= terms THEN 0 ELSE stuck_balance"
        f" END ELSE scheduled_balance(mode, amount, rate, terms, {paid}) END)"
    )
