"""The core banking system: a SQL database (SQLite) with customers and personal loans.

========================= =============================================================================================
cust_master               every personal customer, card holders included; *_chg_dt: when a block of data last changed
loan_master               contract side of a loan; prod PL non-revolving, RV revolving, SB under a limit, CL collection
loan_state                state of every loan on the business date (biz_dt)
loan_stmt                 state on the latest settlement day (stmt_dt); none before the first and for collection
loan_rebook, cust_merge, loan_void     loans under a new number, customers merged, accounts opened by mistake
guarantor, collateral_link, loan_txn   further parties, pledge contracts, special transactions
further tables            see `app.simulator.bank.core_beside`
========================= =============================================================================================

Dates are ISO text, amounts whole yuan, codes the system's own (see the dictionaries below).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb
import duckdb_extensions

from app.simulator.bank import core_beside
from app.simulator.bank.deliveries import quoted, recode, write_control
from app.simulator.bank.people import person_state
from app.simulator.bank.retail import retail_state

IDENTITY: Final = {"10": "ID"}
CATEGORY: Final = {"11": "L", "12": "C", "13": "B", "50": "A"}
GENDER: Final = {"1": "M", "2": "F"}
MARRIAGE: Final = {"10": "S", "20": "M", "21": "M1", "22": "M2", "30": "W", "40": "D"}
EDUCATION: Final = {"10": "MA", "20": "BA", "30": "JC", "40": "SE", "60": "HS", "70": "JH"}
DEGREE: Final = {"2": "D", "3": "M", "4": "B", "5": "N"}
WORK: Final = {
    "11": "CIV", "13": "PRO", "17": "CLK", "21": "MGR", "24": "WRK", "27": "FAR", "51": "FRE", "54": "SLF", "80": "RET",
}  # fmt: skip
EMPLOYER: Final = {"10": "GOV", "20": "SOE", "30": "FOR", "40": "PRV", "50": "OTH"}
OCCUPATION: Final = {"0": "HEAD", "1": "TECH", "3": "CLRK", "4": "SERV", "6": "OPER", "Y": "MISC"}
TITLE: Final = {"1": "H", "2": "M", "3": "S"}
TECH_TITLE: Final = {"0": "N", "1": "H", "2": "M", "3": "L"}
RESIDENCE: Final = {"1": "OWN", "2": "MTG", "5": "RENT", "6": "SHR", "11": "OWN2"}
PRODUCT: Final = {"D1": "PL", "R1": "RV", "R4": "SB", "C1": "CL"}
BUSINESS: Final = {"1": "LN", "5": "AD", "6": "AP"}
DETAIL: Final = {
    "11": "HOUSE", "21": "CAR", "41": "BIZ", "52": "FARM", "91": "CONS", "A1": "DSP", "B1": "SUBR",
}  # fmt: skip
MODE: Final = {"11": "EPI", "12": "EPP", "13": "BUL", "21": "END", "31": "REV"}
SECURITY: Final = {"2": "MTG", "3": "GUA", "4": "CRD", "5": "MIX"}
STATUS: Final = {"NORMAL": "NORM", "OVERDUE": "OVD", "CLOSED": "CLS", "BAD": "BAD", "WRITTEN_OFF": "WOF"}
COLLECTION_STATUS: Final = {"NORMAL": "COL", "CLOSED": "END"}
FIVE_CLASS: Final = {"1": "A", "2": "B", "3": "C", "4": "D", "5": "E"}
PAYMENT: Final = {
    "*": "X0", "N": "OK", "1": "D1", "2": "D2", "3": "D3", "4": "D4", "5": "D5", "6": "D6", "7": "D7", "C": "CL",
    "B": "BD",
}  # fmt: skip

AMOUNTS: Final[dict[str, tuple[str, ...]]] = {
    "cust_master": (),
    "loan_master": ("limit_amt", "loan_amt"),
    "loan_state": ("bal", "ovd_amt"),
    "loan_stmt": ("bal", "ovd_amt"),
    "guarantor": ("amt",),
    "collateral_link": (),
    "loan_txn": ("amt",),
    **core_beside.AMOUNTS,
    "loan_rebook": (),
    "cust_merge": (),
    "loan_void": (),
}

_LOAN: Final = "business_code('L', n)"


def core_tables(day: str) -> Iterator[tuple[str, str]]:
    """Name and SELECT of each table of the system on a day; needs the tables of `living_tables`."""
    yield "cust_master", _customers(day)
    yield "loan_master", _loans(day)
    yield "retail_now", retail_state("open_retail", day)
    yield "loan_state", _states("retail_now", "biz_dt", f"strftime({day}, '%Y-%m-%d')")
    yield "loan_stmt", _states(f"({retail_state('billed_retail', 'billed')})", "stmt_dt", "strftime(as_of, '%Y-%m-%d')")
    yield "guarantor", _GUARANTORS
    yield (
        "collateral_link",
        f"SELECT {_LOAN} AS loan_no, business_code('P', n) AS contract_no FROM open_retail"
        " WHERE product IN ('H', 'V', 'S', 'F')",
    )
    yield "loan_txn", _TRANSACTIONS
    yield from core_beside.beside_tables(day)


def write_core_delivery(bank: duckdb.DuckDBPyConnection, business_date: dt.date, folder: Path) -> None:
    """Write `core.sqlite` and the control file."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "core.sqlite"
    target.unlink(missing_ok=True)
    duckdb_extensions.import_extension("sqlite_scanner")
    bank.execute("LOAD sqlite_scanner")
    bank.execute(f"ATTACH {quoted(target)} AS core (TYPE sqlite, READ_WRITE)")
    bank.execute("BEGIN")
    for table in AMOUNTS:
        bank.execute(f"CREATE TABLE core.{table} AS SELECT * FROM {table}")
    bank.execute("COMMIT")
    bank.execute("DETACH core")
    write_control(bank, folder, "core_banking", "sql", business_date, AMOUNTS)


def _day(column: str) -> str:
    return f"strftime({column}, '%Y-%m-%d')"


def _customers(day: str) -> str:
    return f"""
    SELECT 'P' || lpad(i::VARCHAR, 9, '0') AS cust_no, name AS cust_nm, 'ID' AS cert_tp, number AS cert_no,
        {recode("category", CATEGORY)} AS cust_cls, lpad(branch::VARCHAR, 3, '0') AS own_br,
        {_day("since")} AS since_dt,
        {recode("sex", GENDER)} AS gender, {_day("birth")} AS birth, nation AS ctry, house_address AS reg_addr,
        house_division AS reg_dist, mobile, email, {_day("profile_updated")} AS prof_chg_dt,
        {recode("marriage", MARRIAGE)} AS marry, spouse_name AS sp_nm,
        {recode("spouse_id_type", IDENTITY)} AS sp_cert_tp,
        spouse_number AS sp_cert_no, spouse_telephone AS sp_tel, NULL::VARCHAR AS sp_employer,
        {_day("marriage_updated")} AS marry_chg_dt, {recode("education", EDUCATION)} AS edu,
        {recode("degree", DEGREE)} AS degree, {_day("education_updated")} AS edu_chg_dt,
        {recode("work", WORK)} AS job_st,
        employer, {recode("employer_type", EMPLOYER)} AS emp_kind, industry AS emp_ind, employer_address AS emp_addr,
        employer_postcode AS emp_zip, employer_division AS emp_dist, employer_telephone AS emp_tel,
        {recode("occupation", OCCUPATION)} AS occ, {recode("title", TITLE)} AS duty,
        {recode("tech_title", TECH_TITLE)} AS tech, work_start AS work_from, {_day("work_updated")} AS job_chg_dt,
        {recode("residence", RESIDENCE)} AS live_st, residence_address AS live_addr, residence_postcode AS live_zip,
        residence_division AS live_dist, home_telephone AS live_tel, {_day("residence_updated")} AS live_chg_dt,
        mail_address AS mail_addr, mail_postcode AS mail_zip, mail_division AS mail_dist,
        {_day("mail_updated")} AS mail_chg_dt
    FROM ({person_state(day)})"""


def _loans(day: str) -> str:
    due = "due_date(first_month, settle_day, terms)"
    return f"""
    SELECT {_LOAN} AS loan_no, 'P' || lpad(person::VARCHAR, 9, '0') AS cust_no,
        {recode("acct_type", PRODUCT)} AS prod, {recode("business", BUSINESS)} AS biz,
        {recode("detail", DETAIL)} AS biz_dtl,
        {_day("opened")} AS open_dt, 'CNY' AS ccy, CASE WHEN acct_type = 'R1' THEN amount END AS limit_amt,
        CASE WHEN acct_type <> 'R1' THEN amount END AS loan_amt,
        CASE WHEN acct_type = 'D1' THEN CASE WHEN n % 10 = 3 THEN '1' ELSE '0' END END AS draw_flag,
        CASE WHEN acct_type <> 'C1' THEN {_day(due)} END AS due_dt,
        CASE WHEN acct_type <> 'C1' THEN {recode("mode", MODE)} END AS repay_mode,
        CASE WHEN acct_type <> 'C1' THEN CASE WHEN mode = '21' THEN 'ONCE' ELSE 'M' END END AS repay_freq,
        CASE WHEN acct_type IN ('D1', 'R4') THEN CASE WHEN mode = '21' THEN 0 ELSE terms END END AS terms,
        CASE WHEN acct_type <> 'C1' THEN '310000' END AS apply_dist,
        CASE WHEN acct_type <> 'C1' THEN CASE WHEN product IN ('H', 'V', 'S') THEN 'MTG' WHEN product IN ('B', 'E')
            THEN 'GUA' WHEN product = 'F' THEN 'MIX' ELSE 'CRD' END END AS guar,
        CASE WHEN acct_type IN ('R1', 'R4') OR acct_type = 'D1' AND n % 10 = 3
            THEN business_code('M', n) END AS limit_no,
        lpad(branch::VARCHAR, 3, '0') AS br,
        CASE WHEN detail = '11' THEN 'HT' || lpad(n::VARCHAR, 9, '0') END AS contract_no,
        CASE WHEN detail = '11' THEN CASE WHEN n % 3 = 0 THEN 'N' ELSE 'Y' END END AS first_home,
        CASE WHEN acct_type = 'C1' THEN company_name(n % 97 + 20) END AS orig_nm,
        CASE WHEN acct_type = 'C1' THEN credit_code(n % 97 + 20) END AS orig_cd,
        CASE WHEN acct_type = 'C1' THEN CASE WHEN n % 2 = 0 THEN 'LN' ELSE 'CC' END END AS orig_cat,
        CASE WHEN acct_type = 'C1' THEN CASE WHEN business = '6' THEN 'AUTO' ELSE 'D7' END END AS orig_sts, settle_day
    FROM open_retail"""


def _states(relation: str, date_column: str, date: str) -> str:
    collection, lending = recode("status", COLLECTION_STATUS), recode("status", STATUS)
    status = f"CASE WHEN acct_type = 'C1' THEN {collection} ELSE {lending} END"
    return f"""
    SELECT {_LOAN} AS loan_no, {date} AS {date_column}, left({date}, 7) AS mon, {status} AS sts, balance AS bal,
        remaining_terms AS rem_terms, {recode("five_class", FIVE_CLASS)} AS cls5, {_day("five_class_date")} AS cls5_dt,
        {recode("pay_status", PAYMENT)} AS pay_sts, overdue_terms AS ovd_terms, overdue_total AS ovd_amt,
        overdue_principal AS ovd_prin, overdue_31 AS ovd_p31, overdue_61 AS ovd_p61, overdue_91 AS ovd_p91,
        overdue_181 AS ovd_p181, due_amount AS due_amt, paid_amount AS paid_amt, {_day("last_paid")} AS last_pay_dt,
        last_paid_amount AS last_pay_amt, {_day("closed_on")} AS close_dt
    FROM {relation}"""


_GUARANTORS: Final = f"""
    SELECT {_LOAN} AS loan_no, 1 AS seq, CASE WHEN n % 5 = 0 THEN 'O' ELSE 'P' END AS party,
        CASE WHEN n % 5 = 0 THEN company_name(8000000 + n % 1000000) ELSE person_name(person + 7) END AS nm,
        CASE WHEN n % 5 = 0 THEN 'USC' ELSE 'ID' END AS cert_tp,
        CASE WHEN n % 5 = 0 THEN credit_code(8000000 + n % 1000000) ELSE person_number(person + 7) END AS cert_no,
        CASE WHEN n % 5 = 0 THEN 'PG' ELSE 'GU' END AS role, amount AS amt,
        CASE WHEN n % 7 = 0 THEN 'Y' ELSE 'N' END AS joint, business_code('G', n) AS contract_no
    FROM open_retail WHERE product IN ('B', 'E', 'F')
    UNION ALL
    SELECT {_LOAN}, 1, 'P', person_name(person + 5000000), 'ID', person_number(person + 5000000), 'CO', NULL, NULL, NULL
    FROM open_retail WHERE product = 'H' AND n % 3 = 0"""

_TRANSACTIONS: Final = f"""
    SELECT {_LOAN} AS loan_no, 'EARLY' AS txn_tp, {_day("a.settled_early")} AS txn_dt, s.last_paid_amount AS amt,
    0 AS mon,
        '提前结清' AS memo
    FROM open_retail a JOIN retail_now s USING (n) WHERE s.status = 'CLOSED' AND a.settled_early IS NOT NULL
    UNION ALL
    SELECT {_LOAN}, 'WOFF', {_day("due_date(a.first_month, a.settle_day, a.missed + 11)")}, s.balance, 0, '核销'
    FROM open_retail a JOIN retail_now s USING (n) WHERE s.status = 'WRITTEN_OFF'"""
