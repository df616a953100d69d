"""Corporate loans: non-revolving in one or several drawings, discounts, revolving, under a limit, and collection.

`corporate_account` holds the parameters of every account, `corporate_state` the state on any day. Beyond what personal
loans know there are drawings in three parts (`flag` 2), partial prepayment, extension of a bullet loan (`extended` is
the day it was agreed, `extra_terms` the months gained, `terms` the whole life including them), downgrading of a loan
that is still paid (`watched`), and overdue days counted from the day after the due date.
"""

from __future__ import annotations


def corporate_build(stock: int, future: int, companies: int) -> tuple[str, ...]:
    """Statements that create `corporate_account`; `stock` accounts live on the first day, `future` ones open later."""
    return (
        f"""CREATE OR REPLACE TABLE corporate_account AS
        WITH drawn AS (
            SELECT n, n >= {stock} AS fresh,
                CASE WHEN n < {stock} THEN n % {companies} WHEN n % 2 = 0 THEN chance(n, 'borrower', {companies})
                    ELSE {companies} + n - {stock} END AS company,
                ['A','A','A','M','M','B','B','B','E','E','T','T','D','D','R','R','S','S','G','C']
                    [1 + chance(n, 'corporate product', 20)] AS product
            FROM range({stock + future}) t(n)),
        terms AS (
            SELECT *,
                CASE product WHEN 'D' THEN 'D2' WHEN 'R' THEN 'R1' WHEN 'S' THEN 'R4' WHEN 'C' THEN 'C1' ELSE 'D1' END
                    AS acct_type,
                CASE WHEN product = 'T' THEN '2' WHEN product = 'G' THEN '1'
                    WHEN product NOT IN ('D', 'R', 'S', 'C') THEN '0' END AS flag,
                CASE WHEN product = 'A' THEN '11' WHEN product IN ('M', 'C', 'S') THEN '12'
                    WHEN product IN ('E', 'D') THEN '21' WHEN product = 'R' THEN '31' ELSE '13' END AS mode,
                CASE product WHEN 'A' THEN [36, 60][1 + n % 2] WHEN 'M' THEN 24 WHEN 'T' THEN 48 WHEN 'D' THEN 6
                    WHEN 'R' THEN 24 WHEN 'G' THEN 84 ELSE 12 END AS base_terms,
                (10 + chance(n, 'corporate amount', 1990)) * 10000 AS amount,
                (280 + chance(n, 'corporate rate', 500)) / 120000.0 AS rate,
                [20, 21, 31, 10, 15, 28][1 + chance(n, 'corporate day', 6)] AS drawn_day
            FROM drawn),
        opened AS (
            SELECT *, CASE WHEN fresh THEN first_day() - 20 + ((n - {stock}) * 200 // {max(future, 1)})::INTEGER END
                AS fresh_opened, 1 + chance(n, 'corporate age', base_terms - 1) AS age,
                NOT fresh AND product NOT IN ('C', 'D', 'T') AND chance(n, 'corporate trouble', 100) < 12 AS troubled
            FROM terms),
        settled AS (
            SELECT *, CASE WHEN fresh THEN apart_from(drawn_day, fresh_opened) ELSE drawn_day END AS settle_day,
                CASE WHEN product IN ('B', 'E') AND NOT troubled AND NOT fresh AND chance(n, 'extension', 10) < 3
                    THEN 3 + chance(n, 'extra', 4) ELSE 0 END AS extra_terms
            FROM opened),
        monthly AS (
            SELECT *, base_terms + extra_terms AS terms, CASE WHEN fresh
                THEN first_month_after(fresh_opened, settle_day) ELSE month_number(first_day()) - age
                    + CASE WHEN first_day() >= settlement_date(month_number(first_day()), settle_day) THEN 1 ELSE 0 END
                END AS first_month
            FROM settled),
        dated AS (
            SELECT *, CASE WHEN fresh THEN fresh_opened
                ELSE settlement_date(first_month - 1, settle_day) + 1 + chance(n, 'lent', 27)::INTEGER END AS opened,
                CASE WHEN NOT troubled THEN NULL WHEN mode = '21' THEN terms
                    ELSE least(terms, greatest(1, age + 3 - chance(n, 'corporate since',
                        CASE WHEN chance(n, 'corporate lasts', 100) >= 85 THEN 20 ELSE 8 END))) END AS missed,
                CASE WHEN chance(n, 'corporate lasts', 100) < 45 THEN 1 WHEN chance(n, 'corporate lasts', 100) < 85
                    THEN 2 + chance(n, 'corporate length', 10) END AS lasts
            FROM monthly),
        eventful AS (
            SELECT *, CASE WHEN missed IS NOT NULL AND lasts IS NOT NULL THEN due_date(first_month, settle_day,
                    missed + lasts - 1) + 2 + chance(n, 'corporate cure', 24)::INTEGER END AS cured,
                CASE WHEN missed IS NULL AND product IN ('A', 'M', 'S') AND NOT fresh
                    AND chance(n, 'corporate early', 100) < 12
                    THEN first_day() + 1 + chance(n, 'corporate early day', 180)::INTEGER END AS early_drawn,
                CASE WHEN extra_terms > 0
                    THEN due_date(first_month, settle_day, base_terms - 1) + 1 + chance(n, 'agreed', 20)::INTEGER
                    END AS extended,
                CASE WHEN missed IS NULL AND product IN ('B', 'G') AND NOT fresh AND extra_terms = 0
                    AND chance(n, 'prepays', 100) < 30
                    THEN first_day() - 30 + chance(n, 'prepay day', 180)::INTEGER END AS prepaid_drawn,
                CASE WHEN missed IS NULL AND NOT fresh AND acct_type <> 'C1' AND chance(n, 'watch', 100) < 6
                    THEN first_day() - 60 + chance(n, 'watch day', 240)::INTEGER END AS watched_drawn
            FROM dated)
        SELECT n, company, product, acct_type, flag, mode, base_terms, extra_terms, terms, amount, rate, opened,
            settle_day, first_month, missed, lasts, cured, extended, settled_early,
            CASE WHEN prepaid_drawn > opened AND prepaid_drawn < due_date(first_month, settle_day, terms)
                THEN prepaid_drawn END AS prepaid,
            CASE WHEN watched_drawn > opened AND watched_drawn < due_date(first_month, settle_day, terms)
                THEN watched_drawn END AS watched,
            CASE WHEN settled_early IS NOT NULL THEN settled_early
                WHEN missed IS NOT NULL AND lasts IS NULL THEN NULL
                WHEN missed + lasts - 1 >= terms THEN cured
                ELSE due_date(first_month, settle_day, terms) END AS closed,
            CASE WHEN flag = '2' THEN due_date(first_month, settle_day, greatest(1, least(14, age + 1))) + 6 END AS
                drawn_2,
            CASE WHEN flag = '2' THEN due_date(first_month, settle_day, greatest(3, least(16, age + 3))) + 9 END AS
                drawn_3,
            CASE WHEN mode = '31' THEN greatest(amount // 10, amount * (5 + chance(n * 1000 + coalesce(missed, 1) - 1,
                'corporate drawn', 75)) // 100) END AS stuck_balance,
            branch_number(n) AS branch
        FROM (SELECT *, CASE WHEN early_drawn < due_date(first_month, settle_day, terms) THEN early_drawn END
            AS settled_early FROM eventful)""",
    )


def corporate_state(accounts: str, as_of: str) -> str:
    """SELECT of the state of each account of relation `accounts` on the day given by the SQL expression `as_of`."""
    return f"""
    WITH moment AS (
        SELECT *, least({as_of}, coalesce(closed, {as_of})) AS t FROM {accounts}),
    counted AS (
        SELECT *, due_count(first_month, settle_day, t) AS dues, coalesce(t >= closed, FALSE) AS over,
            CASE WHEN extra_terms > 0 AND t < extended THEN base_terms ELSE terms END AS agreed_terms,
            {_outstanding("t")} AS outstanding,
            {_outstanding("due_date(first_month, settle_day, due_count(first_month, settle_day, t))")} AS
                outstanding_due
        FROM moment),
    troubled AS (
        SELECT *, NOT over AND coalesce(t >= due_date(first_month, settle_day, missed), FALSE)
            AND NOT coalesce(t >= cured, FALSE) AS unpaid, coalesce(t >= cured, FALSE) AS was_cured,
            least(dues, terms) AS due_now, missed - 1 AS paid_before,
            CASE WHEN over THEN 0 ELSE t - due_date(first_month, settle_day, missed) END AS days_missed
        FROM counted),
    planned AS (
        SELECT *, unpaid AND days_missed > 0 AS overdue,
            {_balance("due_now")} AS now_planned, {_balance("due_now - 1")} AS before_planned,
            CASE WHEN missed IS NOT NULL THEN {_balance("paid_before")} END AS owed_start,
            -- An instalment is overdue from the day after it was due.
            CASE WHEN missed IS NOT NULL THEN least(due_count(first_month, settle_day, t - 1), terms,
                missed + coalesce(lasts, 9999) - 1) END AS last_missed
        FROM troubled),
    amounts AS (
        SELECT *, CASE WHEN dues = 0 OR dues > terms THEN 0
                WHEN mode = '21' THEN CASE WHEN dues = terms THEN outstanding
                    + CASE WHEN acct_type = 'D2' THEN 0 ELSE round(outstanding * rate * terms) END ELSE 0 END
                WHEN acct_type = 'C1' THEN before_planned - now_planned
                WHEN mode = '31' THEN CASE WHEN dues = terms THEN before_planned ELSE 0 END
                    + round(before_planned * rate)
                WHEN mode = '13' THEN before_planned - now_planned + round(outstanding_due * rate)
                ELSE before_planned - now_planned + round(before_planned * rate) END::BIGINT AS instalment,
            CASE WHEN mode = '31' THEN CASE WHEN dues = terms THEN before_planned ELSE 0 END
                WHEN dues = 0 OR dues > terms THEN 0 ELSE before_planned - now_planned END::BIGINT AS
                    instalment_principal,
            CASE WHEN mode = '31' THEN CASE WHEN last_missed >= terms THEN stuck_balance ELSE 0 END
                ELSE owed_start - {_balance("last_missed")} END AS missed_principal,
            greatest(1, round(owed_start * rate * CASE WHEN mode = '21' THEN terms
                ELSE greatest(1, last_missed - missed + 1) END))::BIGINT AS missed_interest
        FROM planned),
    payment AS (
        SELECT *, was_cured AND cured > due_date(first_month, settle_day, due_now) AS just_cured,
            NOT over AND NOT unpaid AND coalesce(t >= prepaid AND prepaid > due_date(first_month, settle_day, dues),
                FALSE) AS just_prepaid,
            over AND settled_early IS NOT NULL AS ended_early
        FROM amounts),
    paid AS (
        SELECT *, CASE WHEN ended_early THEN settled_early WHEN just_cured THEN cured WHEN just_prepaid THEN prepaid
                WHEN unpaid AND paid_before >= 1 AND mode <> '21' THEN due_date(first_month, settle_day, paid_before)
                WHEN unpaid OR instalment = 0 THEN opened
                ELSE due_date(first_month, settle_day, dues) END AS last_paid,
            CASE WHEN ended_early THEN now_planned WHEN just_cured THEN missed_principal + missed_interest
                WHEN just_prepaid THEN amount // 4 WHEN unpaid OR instalment = 0 THEN 0 ELSE instalment END
                AS last_paid_amount,
            CASE WHEN ended_early THEN now_planned WHEN just_cured THEN missed_principal
                WHEN just_prepaid THEN amount // 4 WHEN unpaid OR instalment = 0 THEN 0
                ELSE instalment_principal END AS last_paid_principal
        FROM payment)
    SELECT n, {as_of} AS as_of, acct_type,
        CASE WHEN over THEN 'CLOSED' WHEN unpaid AND lasts IS NULL AND days_missed > 540 THEN 'WRITTEN_OFF'
            WHEN unpaid AND lasts IS NULL AND days_missed > 400 THEN 'BAD' ELSE 'NORMAL' END AS status,
        CASE WHEN over THEN 0 WHEN unpaid THEN owed_start ELSE now_planned END::BIGINT AS balance,
        CASE WHEN over THEN closed
            WHEN mode IN ('11', '12') AND just_cured THEN cured
            WHEN mode IN ('11', '12') AND unpaid THEN CASE WHEN paid_before >= 1
                THEN due_date(first_month, settle_day, paid_before) ELSE opened END
            WHEN mode = '31' AND just_cured THEN cured
            WHEN mode = '31' AND unpaid THEN CASE WHEN paid_before >= 1
                THEN due_date(first_month, settle_day, paid_before) ELSE opened END
            WHEN mode IN ('11', '12', '31') THEN CASE WHEN dues >= 1
                THEN due_date(first_month, settle_day, due_now) ELSE opened END
            ELSE greatest(opened, CASE WHEN prepaid <= t THEN prepaid ELSE opened END,
                CASE WHEN drawn_2 <= t THEN drawn_2 ELSE opened END,
                CASE WHEN drawn_3 <= t THEN drawn_3 ELSE opened END)
            END AS balance_changed,
        CASE WHEN acct_type = 'C1' THEN '5' WHEN overdue THEN CASE WHEN days_missed > 360 THEN '5'
                WHEN days_missed > 180 THEN '4' WHEN days_missed > 90 THEN '3' ELSE '2' END
            WHEN t >= watched THEN '2' ELSE '1' END AS five_class,
        CASE WHEN overdue THEN due_date(first_month, settle_day, missed) + CASE WHEN days_missed > 360 THEN 361
                WHEN days_missed > 180 THEN 181 WHEN days_missed > 90 THEN 91 ELSE 1 END
            WHEN was_cured THEN cured WHEN t >= watched THEN watched ELSE opened END AS five_class_date,
        greatest(0, terms - dues) AS remaining_months,
        CASE WHEN overdue THEN missed_principal + missed_interest ELSE 0 END::BIGINT AS overdue_total,
        CASE WHEN overdue THEN missed_principal ELSE 0 END::BIGINT AS overdue_principal,
        CASE WHEN overdue THEN least(999, days_missed) ELSE 0 END AS overdue_days,
        last_paid, last_paid_amount::BIGINT AS last_paid_amount, last_paid_principal::BIGINT AS last_paid_principal,
        CASE WHEN dues = 0 OR mode = '21' AND dues < terms THEN opened
            ELSE due_date(first_month, settle_day, dues) END AS last_agreed,
        CASE WHEN dues = 0 OR mode = '21' AND dues < terms THEN 0 WHEN dues > terms THEN 0 ELSE instalment END
            AS last_agreed_amount,
        CASE WHEN over THEN NULL WHEN mode = '21' AND dues < agreed_terms
                THEN due_date(first_month, settle_day, agreed_terms)
            ELSE due_date(first_month, settle_day, dues + 1) END AS next_agreed,
        CASE WHEN over THEN closed END AS closed_on,
        CASE WHEN drawn_3 <= t THEN drawn_3 WHEN drawn_2 <= t THEN drawn_2 ELSE opened END AS last_drawn,
        CASE WHEN t >= extended THEN extended END AS extended_on,
        due_date(first_month, settle_day, agreed_terms) AS due
    FROM paid"""


def _outstanding(day: str) -> str:
    """SQL for what is lent on a day, drawings and a partial prepayment considered, instalments not."""
    return (
        f"(amount - CASE WHEN coalesce({day} >= prepaid, FALSE) THEN amount // 4 ELSE 0 END"
        f" - CASE WHEN coalesce({day} < drawn_2, FALSE) THEN amount * 3 // 10 ELSE 0 END"
        f" - CASE WHEN coalesce({day} < drawn_3, FALSE) THEN amount * 3 // 10 ELSE 0 END)"
    )


def _balance(paid_up_to: str) -> str:
    """SQL for the balance once the instalments up to `paid_up_to` have been paid."""
    revolving = (
        f"CASE WHEN {paid_up_to} >= terms THEN 0 WHEN {paid_up_to} = missed - 1 THEN stuck_balance"
        f" ELSE amount * (5 + chance(n * 1000 + {paid_up_to}, 'corporate drawn', 75)) // 100 END"
    )
    return (
        f"(CASE WHEN mode = '31' THEN {revolving}"
        f" ELSE scheduled_balance(mode, outstanding, rate, terms, {paid_up_to}) END)::BIGINT"
    )
