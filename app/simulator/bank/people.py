"""Customers of the bank: persons with all their circumstances, companies with members and shareholders.

Attributes are functions of the customer's number; what changes during a customer's life (mobile number, home address,
contact of a company) changes on one day of its own, so that the state on any day is again a closed form. `since` is the
opening day of the first account: a customer is known to the bank from then on.
"""

from __future__ import annotations

from typing import Final

from app.simulator.bank.circumstances import MARRIED, marriage_on, marriage_told_on

EMPLOYED: Final = "('11', '13', '17', '21', '24', '91')"
_DIVISIONS: Final = "['110000', '310000', '320000', '330000', '370000', '420000', '440000', '510000', '610000']"

CUSTOMER_TABLES: Final = (
    """CREATE OR REPLACE TABLE person AS
    SELECT person AS i, min(opened) AS since, CASE WHEN bool_or(loan) AND bool_or(card) THEN '13'
        WHEN bool_or(card) THEN '12' WHEN bool_or(collection) AND NOT bool_or(plain) THEN '50' ELSE '11' END AS category
    FROM (SELECT person, opened, TRUE AS loan, FALSE AS card, acct_type = 'C1' AS collection, acct_type <> 'C1' AS plain
            FROM retail_account
        UNION ALL SELECT person, opened, FALSE, TRUE, FALSE, FALSE FROM card_account)
    GROUP BY person""",
    """CREATE OR REPLACE TABLE company AS
    -- Who has a guarantee only, or had one before the first loan, is a customer from then on.
    SELECT company AS i, CASE WHEN lent <= first_day() THEN lent ELSE least(lent, guaranteed) END AS since FROM (
        SELECT company, min(opened) AS lent FROM corporate_account GROUP BY company) FULL JOIN (
        SELECT company, min(opened) AS guaranteed FROM corporate_guarantee WHERE closed > first_day() GROUP BY company)
        USING (company)""",
)


def person_state(as_of: str) -> str:
    """SELECT of all customers known on the day given by the SQL expression `as_of`, with their circumstances then."""
    return f"""
    WITH known AS (
        SELECT i, since, category, first_day() + 1 + chance(i, 'moves', 3000)::INTEGER AS moved,
            first_day() + 1 + chance(i, 'phones', 2000)::INTEGER AS phoned,
            {_DIVISIONS}[1 + chance(i, 'division', 9)] AS division
        FROM person WHERE since <= {as_of}),
    living AS (
        SELECT *, {marriage_on(as_of)} AS marriage, {marriage_told_on(as_of)} AS marriage_told,
            ['10', '20', '20', '30', '30', '40', '60', '70'][1 + chance(i, 'education', 8)] AS education,
            ['11', '13', '17', '17', '21', '24', '24', '27', '51', '54', '80'][1 + chance(i, 'work', 11)] AS work,
            moved > since AND moved <= {as_of} AS has_moved, phoned > since AND phoned <= {as_of} AS has_phoned
        FROM known)
    SELECT i, since, category, branch_number(i) AS branch, person_name(i) AS name, person_number(i) AS number,
        CASE WHEN i % 2 = 1 THEN '1' ELSE '2' END AS sex, person_birth(i) AS birth, 'CHN' AS nation,
        '样本路' || (1 + i % 999) || '号' AS house_address, division AS house_division,
        telephone(i + CASE WHEN has_phoned THEN 50000000 ELSE 0 END) AS mobile,
        CASE WHEN i % 3 = 0 THEN 'c' || i || '@example.com' END AS email,
        CASE WHEN has_phoned THEN phoned ELSE since END AS profile_updated,
        marriage, CASE WHEN marriage IN {MARRIED} THEN person_name(i + 5000000) END AS spouse_name,
        CASE WHEN marriage IN {MARRIED} THEN '10' END AS spouse_id_type,
        CASE WHEN marriage IN {MARRIED} THEN person_number(i + 5000000) END AS spouse_number,
        CASE WHEN marriage IN {MARRIED} AND i % 2 = 0 THEN telephone(i + 5000000) END AS spouse_telephone,
        marriage_told AS marriage_updated, education,
        CASE education WHEN '10' THEN ['2', '3', '3'][1 + i % 3] WHEN '20' THEN '4' ELSE '5' END AS degree,
        since AS education_updated, work,
        CASE WHEN work IN {EMPLOYED} THEN company_name(i % 997) END AS employer,
        CASE WHEN work = '11' THEN '10' WHEN work IN {EMPLOYED} THEN ['20', '30', '40', '50'][1 + i % 4] END AS
            employer_type,
        CASE WHEN work IN {EMPLOYED} THEN ['C', 'F', 'G', 'I', 'J', 'P', 'Q'][1 + i % 7] END AS industry,
        CASE WHEN work IN {EMPLOYED} THEN '示例大道' || (1 + i % 500) || '号' END AS employer_address,
        CASE WHEN work IN {EMPLOYED} THEN lpad((100000 + i % 800000)::VARCHAR, 6, '0') END AS employer_postcode,
        CASE WHEN work IN {EMPLOYED} THEN division END AS employer_division,
        CASE WHEN work IN {EMPLOYED} AND i % 2 = 0 THEN telephone(i + 7000000) END AS employer_telephone,
        CASE WHEN work IN {EMPLOYED} THEN ['0', '1', '3', '4', '6', 'Y'][1 + i % 6] END AS occupation,
        CASE WHEN work IN {EMPLOYED} THEN ['1', '2', '3', '3'][1 + i % 4] END AS title,
        CASE WHEN work IN {EMPLOYED} THEN ['0', '1', '2', '3'][1 + i % 4] END AS tech_title,
        CASE WHEN work IN {EMPLOYED} THEN (1990 + i % 30)::VARCHAR END AS work_start,
        since AS work_updated, ['1', '2', '5', '6', '11'][1 + i % 5] AS residence,
        '测试街' || (1 + (i + CASE WHEN has_moved THEN 400 ELSE 0 END) % 999) || '号' AS residence_address,
        lpad((100000 + i % 800000)::VARCHAR, 6, '0') AS residence_postcode, division AS residence_division,
        CASE WHEN i % 5 = 0 THEN telephone(i + 8000000) END AS home_telephone,
        CASE WHEN has_moved THEN moved ELSE since END AS residence_updated,
        '测试街' || (1 + i % 999) || '号' AS mail_address,
        lpad((100000 + i % 800000)::VARCHAR, 6, '0') AS mail_postcode,
        division AS mail_division, since AS mail_updated
    FROM living"""


def company_state(as_of: str) -> str:
    """SELECT of all companies known on the day given by the SQL expression `as_of`."""
    return f"""
    WITH known AS (
        SELECT i, since, first_day() + 1 + chance(i, 'company contact', 1500)::INTEGER AS contacted,
            {_DIVISIONS}[1 + chance(i, 'company division', 9)] AS division
        FROM company WHERE since <= {as_of}),
    living AS (SELECT *, contacted > since AND contacted <= {as_of} AS has_contacted FROM known)
    SELECT i, since, branch_number(i) AS branch, company_name(i) AS name,
    CASE WHEN i % 10 = 9 THEN '30' ELSE '20' END AS id_type,
        CASE WHEN i % 10 = 9 THEN organisation_code(i) ELSE credit_code(i) END AS number,
        '2' AS category, '1' AS standing, CASE WHEN i % 12 = 5 THEN '51' ELSE
            ['11', '11', '11', '13', '17'][1 + i % 5] END AS organisation_type,
        'CHN' AS nation, '样本工业园' || (1 + i % 300) || '号' AS address, division,
        since - 400 - chance(i, 'founded', 3000)::INTEGER AS founded, DATE '2046-12-31' AS licence_ends,
        '样本业务的生产与销售' AS business,
        ['C13', 'C26', 'C33', 'E47', 'F51', 'G54', 'I65'][1 + i % 7] AS industry,
        ['159', '160', '173', '171'][1 + i % 4] AS economy, ['2', '3', '4', '4', '5'][1 + i % 5] AS scale,
        since AS profile_updated, since AS members_updated, 'CNY' AS capital_currency,
        (50 + chance(i, 'capital', 5000)) * 10000 AS capital, since AS shareholders_updated,
        division AS contact_division, '样本工业园' || (1 + i % 300) || '号办公楼' AS contact_address,
        telephone(i + 9000000 + CASE WHEN has_contacted THEN 400000 ELSE 0 END) AS contact_telephone,
        telephone(i + 9500000) AS finance_telephone,
        CASE WHEN has_contacted THEN contacted ELSE since END AS contact_updated
    FROM living"""


MEMBERS: Final = """
    SELECT c.i, c.id_type, c.number AS owner_number, position, person_name(p) AS name, '10' AS member_id_type,
        person_number(p) AS member_number
    FROM (SELECT k.*, m.position, 6000000 + k.i * 6 + m.position::BIGINT AS p FROM known_company k,
        (VALUES ('1'), ('2'), ('3'), ('4'), ('5')) m(position)) c"""

SHAREHOLDERS: Final = """
    SELECT c.i, c.id_type, c.number AS owner_number, 1 AS seq, '10' AS holder_type, '1' AS party,
        person_name(6000001 + c.i * 6) AS name, '10' AS holder_id_type,
        person_number(6000001 + c.i * 6) AS holder_number,
        '60.00' AS ratio
    FROM known_company c
    UNION ALL
    SELECT c.i, c.id_type, c.number, 2, '10', '2', company_name(c.i + 3000000), '20', credit_code(c.i + 3000000),
        '40.00'
    FROM known_company c"""
