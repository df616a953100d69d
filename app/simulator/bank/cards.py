"""Credit cards (R2) and quasi-credit cards (R3): statement cycles, use, minimum payment, arrears, closing.

`card_account` holds the parameters of every card; `habit` tells how it is used: P pays in full, M pays the minimum and
rolls the rest, I idle, S not yet activated. What was spent in a cycle is drawn from the number of account and cycle, so
each statement is known without the ones before it. `card_state` gives the state on any day.
"""

from __future__ import annotations


def card_build(stock: int, future: int, persons: int, first_holder: int, first_new_person: int) -> tuple[str, ...]:
    """Statements that create `card_account`: `stock` cards in use on the first day and `future` ones issued later.

    Holders of the stock are taken in turn from number `first_holder` on, new customers from `first_new_person`.
    """
    return (
        f"""CREATE OR REPLACE TABLE card_account AS
        WITH drawn AS (
            SELECT n, n >= {stock} AS fresh,
                CASE WHEN n < {stock} THEN ({first_holder} + n) % {persons}
                    WHEN n % 2 = 0 THEN chance(n, 'card holder', {persons}) ELSE {first_new_person} + n - {stock} END
                    AS person,
                CASE WHEN chance(n, 'card type', 12) = 0 THEN 'R3' ELSE 'R2' END AS acct_type,
                (2 + chance(n, 'line', 98)) * 1000 AS credit_line,
                1 + chance(n, 'cycle', 28) AS drawn_day,
                ['P','P','P','P','M','M','M','I','I','S'][1 + chance(n, 'habit', 10)] AS habit,
                1 + chance(n, 'card age', 60) AS age,
                chance(n, 'card trouble', 100) < 10 AS troubled,
                chance(n, 'card end', 100) < 6 AS ending
            FROM range({stock + future}) t(n)),
        opened AS (
            SELECT *, CASE WHEN fresh THEN first_day() - 20 + ((n - {stock}) * 200 // {max(future, 1)})::INTEGER END
                AS fresh_opened FROM drawn),
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
                ELSE settlement_date(first_month - 1, settle_day) + 1 + chance(n, 'issued', 27)::INTEGER END AS opened,
                CASE WHEN NOT fresh AND troubled AND habit IN ('P', 'M')
                    THEN greatest(2, age + 3 - chance(n, 'card since', CASE WHEN chance(n, 'card lasts', 100) >= 85
                        THEN 20 ELSE 8 END)) END AS missed,
                CASE WHEN chance(n, 'card lasts', 100) < 45 THEN 1 WHEN chance(n, 'card lasts', 100) < 85
                    THEN 2 + chance(n, 'card length', 6) END AS lasts
            FROM monthly)
        SELECT n, person, acct_type, credit_line, settle_day, first_month, opened, missed, lasts,
            CASE WHEN missed IS NOT NULL AND lasts IS NOT NULL THEN due_date(first_month, settle_day,
                missed + lasts - 1) + 2 + chance(n, 'card cure', 24)::INTEGER END AS cured,
            CASE WHEN missed IS NULL AND NOT fresh AND ending
                THEN first_day() + 1 + chance(n, 'card closing', 180)::INTEGER END AS closed,
            habit, CASE WHEN habit = 'S' THEN first_day() + chance(n, 'activation', 240)::INTEGER END AS activated,
            acct_type = 'R2' AND chance(n, 'special', 10) = 0 AS special,
            acct_type = 'R2' AND chance(n, 'special only', 40) = 0 AS special_only,
            greatest(credit_line // 10,
                credit_line * (2 + chance(n * 1000 + coalesce(missed, 1) - 1, 'spent', 78)) // 100) AS stuck_balance,
            branch_number(n) AS branch
        FROM dated""",
    )


def card_state(accounts: str, as_of: str) -> str:
    """SELECT of the state of each card of relation `accounts` on the day given by the SQL expression `as_of`."""
    return f"""
    WITH moment AS (
        SELECT *, least({as_of}, coalesce(closed, {as_of})) AS t FROM {accounts}),
    counted AS (
        SELECT *, due_count(first_month, settle_day, t) AS dues, coalesce(t >= closed, FALSE) AS over,
            coalesce(t < activated, FALSE) AS asleep FROM moment),
    troubled AS (
        SELECT *, NOT over AND coalesce(t >= due_date(first_month, settle_day, missed), FALSE)
            AND NOT coalesce(t >= cured, FALSE) AS overdue, coalesce(t >= cured, FALSE) AS was_cured
        FROM counted),
    spent AS (
        SELECT *, CASE WHEN overdue THEN dues - missed + 1 ELSE 0 END AS periods,
            {_spent("dues")} AS this_bill, {_spent("dues - 1")} AS last_bill,
            least(stuck_balance, greatest(1, stuck_balance * least(10, coalesce(least(dues, missed
                + coalesce(lasts, 9999) - 1) - missed + 1, 0)) // 10)) AS arrears
        FROM troubled),
    billed AS (
        SELECT *, CASE WHEN over OR asleep OR acct_type = 'R3' AND NOT overdue THEN 0
                WHEN overdue THEN stuck_balance
                WHEN was_cured AND cured > due_date(first_month, settle_day, dues) THEN stuck_balance - arrears
                ELSE this_bill END AS balance,
            CASE WHEN over OR asleep OR dues = 0 THEN 0 ELSE (last_bill + 9) // 10 END AS minimum
        FROM spent),
    payment AS (
        SELECT *, CASE WHEN over THEN closed
                WHEN was_cured AND cured > due_date(first_month, settle_day, dues) THEN cured
                WHEN overdue THEN due_date(first_month, settle_day, missed - 1)
                WHEN NOT asleep AND dues >= 1 AND minimum > 0 THEN due_date(first_month, settle_day, dues)
                ELSE opened END AS last_paid,
            CASE WHEN over THEN this_bill
                WHEN was_cured AND cured > due_date(first_month, settle_day, dues) THEN arrears
                WHEN overdue OR asleep OR dues = 0 THEN 0
                WHEN habit = 'P' THEN last_bill ELSE greatest(minimum, last_bill - this_bill) END AS last_paid_amount
        FROM billed)
    SELECT n, t AS as_of, acct_type,
        CASE WHEN over THEN 'CLOSED' WHEN asleep THEN 'ASLEEP'
            WHEN overdue AND lasts IS NULL AND periods >= 12 THEN 'WRITTEN_OFF'
            WHEN overdue AND lasts IS NULL AND periods >= 10 THEN 'BAD' ELSE 'NORMAL' END AS status,
        balance, CASE WHEN over OR asleep THEN 0 ELSE balance END AS statement_balance, balance AS used,
        CASE WHEN special AND NOT over AND NOT asleep THEN credit_line // 5 ELSE 0 END AS unbilled,
        0 AS remaining_terms,
        CASE WHEN NOT overdue THEN '1' WHEN periods >= 10 THEN '5' WHEN periods >= 7 THEN '4' WHEN periods >= 4
            THEN '3' ELSE '2' END AS five_class,
        CASE WHEN was_cured THEN cured WHEN NOT overdue THEN opened
            ELSE due_date(first_month, settle_day, missed + CASE WHEN periods >= 10 THEN 9 WHEN periods >= 7 THEN 6
                WHEN periods >= 4 THEN 3 ELSE 0 END) END AS five_class_date,
        CASE WHEN over THEN 'C' WHEN overdue AND lasts IS NULL AND periods >= 10 THEN 'B'
            WHEN overdue THEN least(periods, 7)::VARCHAR
            WHEN asleep OR minimum = 0 AND balance = 0 AND NOT was_cured THEN '*' ELSE 'N' END AS pay_status,
        CASE WHEN overdue THEN 0 WHEN asleep OR over OR minimum = 0 AND balance = 0 AND NOT was_cured THEN NULL
            ELSE 100 END AS paid_percent,
        periods AS overdue_terms, CASE WHEN overdue THEN arrears ELSE 0 END AS overdue_total,
        CASE WHEN overdue AND periods >= 7 THEN balance ELSE 0 END AS overdraft_181,
        minimum AS due_amount,
        last_paid_amount AS paid_amount, last_paid, last_paid_amount, CASE WHEN over THEN closed END AS closed_on
    FROM payment"""


def _spent(cycle: str) -> str:
    """SQL for the bill of a cycle in whole yuan, as the habit has it; the last bill before arrears is never nothing."""
    drawn = f"(2 + chance(n * 1000 + {cycle}, 'spent', 78))"
    return (
        f"(CASE WHEN habit IN ('I', 'S') AND missed IS NULL OR {cycle} < 0 THEN 0"
        f" WHEN {cycle} >= missed - 1 AND {cycle} < missed + coalesce(lasts, 9999) THEN stuck_balance"
        f" WHEN habit = 'M' THEN credit_line * (20 + {drawn}) // 100 ELSE credit_line * {drawn} // 200 END)"
    )
