"""Guarantees that the bank gives for persons (contracts of performance, of litigation, of another lender's loan).

`personal_guarantee` holds the parameters of every guarantee; `personal_guarantee_state` the state on any day: half of it is released
on one day, some are watched for a while, a term is extended, and in the end it lapses without having been drawn.
"""

from __future__ import annotations


def personal_guarantee_build(stock: int, future: int, persons: int) -> tuple[str, ...]:
    """Statements that create `personal_guarantee`: `stock` in force on the first day, `future` ones given later."""
    return (
        f"""CREATE OR REPLACE TABLE personal_guarantee AS
        WITH drawn AS (
            SELECT n, n >= {stock} AS fresh, (n * 7) % {persons} AS person, branch_number(n) AS branch,
                ['06', '07', '08', '09'][1 + chance(n, 'guarantee kind', 4)] AS detail,
                (5 + chance(n, 'guaranteed', 95)) * 10000 AS amount, n % 3 = 0 AS backed
            FROM range({stock + future}) t(n)),
        opened AS (
            SELECT *, CASE WHEN fresh THEN first_day() + ((n - {stock}) * 180 // {max(future, 1)})::INTEGER
                ELSE first_day() - 1 - chance(n, 'guaranteed since', 200)::INTEGER END AS opened FROM drawn)
        SELECT *, opened + 400 AS due,
            greatest(opened, first_day()) + 1 + chance(n, 'released', 60)::INTEGER AS released,
            CASE WHEN chance(n, 'watched', 4) = 0 THEN greatest(opened, first_day()) + 1 + chance(n, 'watch', 40)::INTEGER END
                AS watched,
            CASE WHEN chance(n, 'extended', 4) = 1 THEN greatest(opened, first_day()) + 1 + chance(n, 'extension', 40)::INTEGER
                END AS extended,
            greatest(opened, first_day()) + 62 + chance(n, 'lapses', 100)::INTEGER AS closed
        FROM opened""",
    )


def personal_guarantee_state(day: str) -> str:
    """SELECT of every guarantee given by a day, as it stands then."""
    return f"""
    SELECT n, person, branch, detail, amount, backed, opened,
        CASE WHEN extended <= {day} THEN due + 180 ELSE due END AS due, closed <= {day} AS over,
        CASE WHEN closed <= {day} THEN 0 WHEN released <= {day} THEN amount // 2 ELSE amount END AS balance,
        CASE WHEN closed <= {day} THEN closed WHEN released <= {day} THEN released ELSE opened END AS moved,
        CASE WHEN watched <= {day} AND {day} < watched + 20 THEN '2' ELSE '1' END AS five_class,
        CASE WHEN watched + 20 <= {day} THEN watched + 20 WHEN watched <= {day} THEN watched ELSE opened END AS classified,
        CASE WHEN closed <= {day} THEN closed END AS closed_on
    FROM personal_guarantee WHERE opened <= {day}"""
