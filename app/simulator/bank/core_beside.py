"""Tables of the core banking system beside its loans: relatives and documents of customers, limits, guarantees, contracts.

============================== ========================================================================================
cust_family                    relatives noted, valid Y or N
cust_document, cust_passport   validity of the identity document; passports shown, valid Y or N
limit_master, limit_party      limits of personal loans and who may draw on them besides
guar_master, guar_party        guarantees given for persons and who stands behind them
pledge_contract, pledge_party  mortgage (M) and pledge (P) contracts, further debtors
pledge_asset                   what is given, with its appraisal
loan_event                     loans sold, by month
============================== ========================================================================================

Every table names persons by their own copy of name and number, as signed, so that a slip in the customer file stays there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.simulator.bank.agreements import contracts, loan_limits
from app.simulator.bank.circumstances import documents, further_documents, relatives
from app.simulator.bank.personal_guarantees import personal_guarantee_state

AMOUNTS: Final[dict[str, tuple[str, ...]]] = {
    "cust_family": (),
    "cust_document": (),
    "cust_passport": (),
    "limit_master": ("amt",),
    "limit_party": (),
    "guar_master": ("amt", "bal"),
    "guar_party": ("amt",),
    "pledge_contract": ("amt",),
    "pledge_party": (),
    "pledge_asset": ("val",),
    "loan_event": (),
}


def beside_tables(day: str) -> Iterator[tuple[str, str]]:
    """Name and SELECT of each of these tables on a day; needs the tables of `living_tables`."""
    yield (
        "cust_family",
        f"""SELECT {_customer("i")}, seq, person_name(other) AS rel_nm, 'ID' AS rel_cert_tp, person_number(other) AS rel_cert_no,
            CASE relation WHEN '1' THEN 'SP' WHEN '2' THEN 'SON' ELSE 'DAU' END AS rel, {_yes("valid")} AS valid
        FROM ({relatives(day)})""",
    )
    yield (
        "cust_document",
        f"""SELECT {_customer("i")}, {_day("valid_from")} AS from_dt, {_day("valid_to")} AS to_dt, '样本市公安局' AS issuer,
            division AS issuer_dist, lpad(branch::VARCHAR, 3, '0') AS br FROM ({documents(day)})""",
    )
    yield (
        "cust_passport",
        f"""SELECT {_customer("i")}, person_name(i) AS pass_nm, number AS pass_no, {_yes("valid")} AS valid
        FROM ({further_documents(day)})""",
    )
    yield "limit_now", loan_limits(day)
    yield (
        "limit_master",
        f"""SELECT business_code('M', n) AS limit_no, {_party("person")}, lpad(branch::VARCHAR, 3, '0') AS br,
            CASE kind WHEN '10' THEN 'RV' ELSE 'NR' END AS limit_tp, {_yes("loops")} AS loops, amount AS amt, 'CNY' AS ccy,
            {_day("begins")} AS from_dt, {_day("ends")} AS to_dt, CASE WHEN over THEN 'END' ELSE 'LIVE' END AS sts
        FROM limit_now""",
    )
    yield (
        "limit_party",
        f"""SELECT business_code('M', n) AS limit_no, 1 AS seq, 'P' AS party, {_party("person + 5000000")}
        FROM limit_now WHERE kind = '20' AND n % 4 = 0""",
    )
    yield "personal_guarantee_now", personal_guarantee_state(day)
    yield (
        "guar_master",
        f"""SELECT business_code('B', n) AS guar_no, {_party("person")}, lpad(branch::VARCHAR, 3, '0') AS br,
            CASE detail WHEN '06' THEN 'FIN' ELSE 'NFI' END AS prod, CASE detail WHEN '06' THEN 'F' ELSE 'N' END AS line,
            CASE detail WHEN '06' THEN 'OTHF' WHEN '07' THEN 'SUIT' WHEN '08' THEN 'PERF' ELSE 'OTHN' END AS kind,
            {_day("opened")} AS open_dt, amount AS amt, 'CNY' AS ccy, {_day("due")} AS due_dt,
            CASE WHEN backed THEN 'GUA' ELSE 'NONE' END AS back, 20 AS deposit_pct, 'BH' || lpad(n::VARCHAR, 8, '0') AS text_no,
            CASE WHEN over THEN 'END' ELSE 'LIVE' END AS sts, balance AS bal, {_day("moved")} AS bal_dt, five_class AS cls5,
            {_day("classified")} AS cls5_dt, balance AS exposure, {_day("closed_on")} AS close_dt
        FROM personal_guarantee_now""",
    )
    yield (
        "guar_party",
        f"""SELECT business_code('B', n) AS guar_no, 1 AS seq, 'P' AS party, {_party("person + 11")}, 'BK' AS role, amount AS amt,
            'N' AS joint, business_code('G', 500000000 + n) AS contract_no FROM personal_guarantee_now WHERE backed""",
    )
    yield "pledge_now", contracts(day)
    yield (
        "pledge_contract",
        f"""SELECT business_code('P', n) AS contract_no, 'P' AS debtor, {_party("person")}, lpad(branch::VARCHAR, 3, '0') AS br,
            CASE kind WHEN '1' THEN 'M' ELSE 'P' END AS contract_tp, amount AS amt, 'CNY' AS ccy, {_day("begins")} AS from_dt,
            {_day("ends")} AS to_dt, 'N' AS maximum, CASE WHEN over THEN 'END' ELSE 'LIVE' END AS sts FROM pledge_now""",
    )
    yield (
        "pledge_party",
        f"""SELECT business_code('P', n) AS contract_no, 1 AS seq, 'P' AS party, {_party("person + 5000000")}
        FROM pledge_now WHERE joint""",
    )
    yield (
        "pledge_asset",
        f"""SELECT business_code('P', n) AS contract_no, 1 AS seq, CASE kind WHEN '1' THEN 'M' ELSE 'P' END AS asset_tp,
            CASE thing WHEN '11' THEN 'HSE' WHEN '13' THEN 'CAR' ELSE 'FRM' END AS thing,
            CASE thing WHEN '11' THEN 'DEED' WHEN '13' THEN 'VIN' END AS id_tp, 'SY' || lpad(n::VARCHAR, 10, '0') AS id_no,
            '310000' AS dist, value AS val, 'CNY' AS ccy, 'O' AS valued_by, {_day("appraised")} AS val_dt, 'P' AS owner,
            {_party("person")}, '样本' AS memo FROM pledge_now""",
    )
    yield (
        "loan_event",
        f"""SELECT business_code('L', n) AS loan_no, 'SOLD' AS evt_tp, strftime(transfer, '%Y-%m') AS evt_mon, 'Y' AS valid
        FROM open_retail WHERE transfer <= {day}""",
    )


def _customer(number: str) -> str:
    return f"'P' || lpad({number}::VARCHAR, 9, '0') AS cust_no, {_party(number)}"


def _party(number: str) -> str:
    return f"person_name({number}) AS nm, 'ID' AS cert_tp, person_number({number}) AS cert_no"


def _yes(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 'Y' ELSE 'N' END"


def _day(column: str) -> str:
    return f"strftime({column}, '%Y-%m-%d')"
