"""What the bank knows of a person beside the customer file: relatives, validity and further documents.

Marriages, divorces, renewals and new documents each happen on one day of a person's own. The customer file
(`app.simulator.bank.people`) tells the same marriages.
"""

from __future__ import annotations

from typing import Final

MARRIED: Final = "('20', '21', '22')"
WEDS: Final = "(first_day() + 1 + chance(i, 'weds', 1500)::INTEGER)"
"""The day on which a single customer marries, for most a day beyond the life of the world."""
PARTS: Final = "(first_day() + 1 + chance(i, 'parts', 6000)::INTEGER)"
"""The day on which a married one is divorced."""
FIRST_MARRIAGE: Final = "['10', '20', '20', '21', '22', '30', '40'][1 + chance(i, 'marriage', 7)]"


def marriage_on(day: str) -> str:
    """SQL for the marital status of the person `i`, known since `since`, on a day."""
    return f"""CASE WHEN {FIRST_MARRIAGE} = '10' AND {WEDS} > since AND {WEDS} <= {day} THEN '20'
        WHEN {FIRST_MARRIAGE} IN {MARRIED} AND {PARTS} > since AND {PARTS} <= {day} THEN '40' ELSE {FIRST_MARRIAGE} END"""


def marriage_told_on(day: str) -> str:
    """SQL for the day on which that status was told to the bank."""
    return f"""CASE WHEN {FIRST_MARRIAGE} = '10' AND {WEDS} > since AND {WEDS} <= {day} THEN {WEDS}
        WHEN {FIRST_MARRIAGE} IN {MARRIED} AND {PARTS} > since AND {PARTS} <= {day} THEN {PARTS} ELSE since END"""


def relatives(day: str) -> str:
    """SELECT of the relatives the bank has noted: of every third customer, and of all who marry while known."""
    known = f"SELECT i, since FROM person WHERE since <= {day}"
    return f"""
    SELECT i, 1 AS seq, i + 5000000 AS other, '1' AS relation, marriage IN {MARRIED} AS valid FROM (
        SELECT i, since, {marriage_on(day)} AS marriage FROM ({known}))
    WHERE ({FIRST_MARRIAGE} IN {MARRIED} AND i % 3 = 0) OR ({FIRST_MARRIAGE} = '10' AND marriage = '20')
    UNION ALL
    SELECT i, 2, i + 3000000, CASE WHEN i % 2 = 0 THEN '2' ELSE '3' END, TRUE FROM ({known}) WHERE i % 12 = 0"""


def documents(day: str) -> str:
    """SELECT of the identity document of every customer: from when until when it is valid, renewed once in a life."""
    renewed = "(first_day() + 1 + chance(i, 'renewal', 1500)::INTEGER)"
    return f"""
    SELECT i, branch_number(i) AS branch, CASE WHEN {renewed} <= {day} THEN {renewed}
            ELSE ({renewed} - INTERVAL 10 YEAR)::DATE END AS valid_from,
        CASE WHEN {renewed} > {day} THEN {renewed} + 30 WHEN i % 4 = 0 THEN DATE '2099-12-31'
            ELSE ({renewed} + INTERVAL 20 YEAR)::DATE END AS valid_to,
        ['110000', '310000', '320000', '330000'][1 + i % 4] AS division
    FROM person WHERE since <= {day}"""


def further_documents(day: str) -> str:
    """SELECT of the passports shown to the bank, some of them not valid any more."""
    shown = "(CASE WHEN i % 16 = 0 THEN since ELSE greatest(since, first_day() + 1 + chance(i, 'passport', 200)::INTEGER) END)"
    lost = "(first_day() + 1 + chance(i, 'passport lost', 1500)::INTEGER)"
    return f"""
    SELECT i, 'CHNE' || lpad((i % 10000000)::VARCHAR, 8, '0') AS number, {lost} <= {shown} OR {lost} > {day} AS valid
    FROM person WHERE since <= {day} AND i % 8 = 0 AND {shown} <= {day}"""
