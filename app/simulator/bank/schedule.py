"""Time as arithmetic: the number of due dates up to any day, without walking through the days.

A month is counted as `year * 12 + month - 1`. An account settles on one day of each month (1 to 28, or 31 for the last
day); its first settlement lies strictly after it was opened, so `due_count` and `due_date` answer everything an account
needs to know about time in constant time. That is what lets ten million accounts be asked for their state on any date.
"""

from __future__ import annotations

from typing import Final

SCHEDULE_MACROS: Final = (
    "CREATE OR REPLACE MACRO month_number(d) AS (year(d) * 12 + month(d) - 1)::BIGINT",
    "CREATE OR REPLACE MACRO month_start(m) AS make_date((m // 12)::BIGINT, (m % 12 + 1)::BIGINT, 1::BIGINT)",
    """CREATE OR REPLACE MACRO settlement_date(m, settle_day) AS CASE WHEN settle_day > 28
        THEN last_day(month_start(m)) ELSE month_start(m) + (settle_day - 1)::INTEGER END""",
    """CREATE OR REPLACE MACRO due_count(first_month, settle_day, d) AS greatest(0, month_number(d) - first_month
        + CASE WHEN d >= settlement_date(month_number(d), settle_day) THEN 1 ELSE 0 END)""",
    "CREATE OR REPLACE MACRO due_date(first_month, settle_day, k) AS settlement_date(first_month + k - 1, settle_day)",
    # The settlement day must not fall on the opening day's place in the month: the gap to the first settlement stays
    # within 30 days, so that a new account always finds a reporting point (rule I2100A11).
    """CREATE OR REPLACE MACRO apart_from(settle_day, opened) AS CASE
        WHEN settle_day > 28 THEN CASE WHEN opened = last_day(opened) THEN 15 ELSE 31 END
        WHEN settle_day = day(opened) THEN settle_day % 28 + 1 ELSE settle_day END""",
    """CREATE OR REPLACE MACRO first_month_after(opened, settle_day) AS month_number(opened)
        + CASE WHEN settlement_date(month_number(opened), settle_day) <= opened THEN 1 ELSE 0 END""",
    # Balance after the first n of `terms` instalments; n at or beyond `terms` leaves nothing.
    """CREATE OR REPLACE MACRO scheduled_balance(mode, amount, rate, terms, n) AS CASE
        WHEN n >= terms THEN 0
        WHEN n <= 0 THEN amount
        WHEN mode = '11' THEN round(amount * (pow(1 + rate, terms) - pow(1 + rate, n)) / (pow(1 + rate, terms) - 1))
        WHEN mode = '12' THEN round(amount * (terms - n) / terms)
        ELSE amount END::BIGINT""",
)
