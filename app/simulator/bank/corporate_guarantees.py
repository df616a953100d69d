"""Guarantee accounts: acceptances, letters of credit, letters of guarantee that the bank gives for companies.

`corporate_guarantee` holds the parameters, `corporate_guarantee_state` the state on any day. Most run to their due date; some are drawn
down on the way, classified lower, prolonged, paid by the bank in the end, or get a counter-guarantor later on: those that are
live on the first day within the weeks after it, so that a bank of any size shows it.
"""

from __future__ import annotations


def corporate_guarantee_build(stock: int, future: int, companies: int) -> tuple[str, ...]:
    """Statements that create `corporate_guarantee`; `stock` accounts live on the first day, `future` ones open later."""
    return (
        f"""CREATE OR REPLACE TABLE corporate_guarantee AS
        WITH lined AS (
            SELECT n, n % {companies} AS company, ['A', 'A', 'L', 'F', 'N'][1 + chance(n, 'guarantee line', 5)] AS line
            FROM range({stock + future}) t(n)),
        termed AS (
            SELECT *, CASE line WHEN 'A' THEN 180 WHEN 'L' THEN 90 ELSE 360 END AS term,
                (10 + chance(n, 'guarantee amount', 990)) * 10000 AS amount
            FROM lined),
        opened AS (
            SELECT *, CASE WHEN n < {stock} THEN first_day() - 1 - chance(n, 'guarantee age', term)::INTEGER
                ELSE first_day() - 2 + ((n - {stock}) * 200 // {max(future, 1)})::INTEGER END AS opened
            FROM termed),
        dated AS (
            SELECT *, opened + term AS first_due, line IN ('F', 'N') AND chance(n, 'prolonged', 100) < 15 AS prolongs
            FROM opened)
        SELECT n, company, line, amount, opened, first_due,
            CASE WHEN prolongs THEN first_due - 10 - chance(n, 'prolonged on', 60)::INTEGER END AS prolonged,
            first_due + CASE WHEN prolongs THEN 90 ELSE 0 END AS closed,
            CASE WHEN chance(n, 'drawn down', 100) < 40
                THEN opened + 5 + chance(n, 'drawn down on', term - 10)::INTEGER END AS reduced,
            CASE WHEN chance(n, 'guarantee watched', 100) < 10
                THEN opened + 3 + chance(n, 'guarantee watched on', term - 5)::INTEGER END AS watched,
            chance(n, 'advanced', 100) < 5 AS advanced,
            CASE WHEN line = 'F' THEN opened
                WHEN line = 'N' AND n % 3 = 0
                    THEN greatest(opened + 8, first_day() + 1) + chance(n, 'joins', 40)::INTEGER END AS guarantor_since,
            line = 'A' AND n % 3 = 0 AS secured, branch_number(n) AS branch
        FROM dated""",
    )


def corporate_guarantee_state(day: str) -> str:
    """SELECT of the accounts that have been opened and were not closed before the first day, as they stand on the day."""
    return f"""
    SELECT *, {day} >= closed AS over, CASE WHEN {day} >= prolonged THEN closed ELSE first_due END AS due,
        CASE WHEN {day} >= closed THEN 0 WHEN {day} >= reduced THEN amount * 6 // 10 ELSE amount END AS balance,
        CASE WHEN {day} >= closed THEN closed WHEN {day} >= reduced THEN reduced ELSE opened END AS balance_changed,
        CASE WHEN {day} >= watched THEN '2' ELSE '1' END AS five_class,
        CASE WHEN {day} >= watched THEN watched ELSE opened END AS five_class_date,
        coalesce({day} >= guarantor_since, FALSE) AS has_guarantor
    FROM corporate_guarantee WHERE opened <= {day} AND closed > first_day()"""
