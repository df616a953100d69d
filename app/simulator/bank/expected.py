"""What a credit centre must hold of a bank: read from the bank's own books, by nobody who reports.

For every record type the subjects and accounts that it must know at the end of a day, and what its newest word on them must be:
the standing of base and status segments. It is read independently of any lender's platform, with a simple SELECT for each type,
so that both ends of a month can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.simulator.bank.card_delivery import FIVE_CLASS as CARD_CLASS
from app.simulator.bank.card_delivery import PAYMENT as CARD_PAYMENT
from app.simulator.bank.card_delivery import TYPE as CARD_TYPE
from app.simulator.bank.core_delivery import (
    EDUCATION,
    FIVE_CLASS,
    GENDER,
    MARRIAGE,
    PAYMENT,
    PRODUCT,
    RESIDENCE,
    WORK,
)
from app.simulator.bank.corporate_books import RELATION
from app.simulator.bank.corporate_delivery import CERTIFICATE, TYPE
from app.simulator.bank.corporate_delivery import FIVE_CLASS as CORPORATE_CLASS


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be held of one record type.

    `key` are the items by which a subject is known, `select` is a SELECT with a column for each of them and for what is known of
    the newest segments, named by letter and item (`H.AcctBal`); the letter is empty for records without segments. Everything is
    text as the interface has it, empty where the centre must have no value, NULL where nothing certain is known.
    """

    key: tuple[str, ...]
    select: str


_LOAN_STATUS: Final = {"NORM": "1", "OVD": "2", "CLS": "3", "BAD": "41", "WOF": "42"}
_CARD_STATUS: Final = {"0": "1", "9": "6", "C": "4", "B": "51", "W": "52"}
_CORPORATE_STATUS: Final = {"正常": "10", "关闭": "21", "已核销": "31", "待核销": "32"}
_OWN_LOAN_STATUS: Final = "CASE sts WHEN 'COL' THEN '1' WHEN 'END' THEN '2' END"
_HISTORY: Final = "strftime(first_day() - 30, '%Y/%m/%d')"
"""What had ended before this day when the bank began to report is history, and not reported."""


def _own(codes: Mapping[str, str], column: str) -> str:
    """SQL of the standard code behind a system's own; `codes` as the systems have them, standard to own."""
    return _coded({own: standard for standard, own in codes.items()}, column)


def _coded(codes: Mapping[str, str], column: str) -> str:
    branches = " ".join(f"WHEN '{own}' THEN '{standard}'" for own, standard in codes.items())
    return f"coalesce(CASE {column} {branches} END, '')"


def _text(column: str) -> str:
    return f"coalesce({column}::VARCHAR, '')"


def _yuan(fen: str) -> str:
    return f"coalesce(({fen} // 100)::VARCHAR, '')"


def _branch(column: str) -> str:
    return f"'Z99000000000' || right({column}, 2)"


def _compact(column: str) -> str:
    """SQL of a date that a system writes yyyymmdd."""
    return f"coalesce(strftime(strptime({column}, '%Y%m%d'), '%Y-%m-%d'), '')"


def _slashed(column: str) -> str:
    return f"coalesce(replace({column}, '/', '-'), '')"


_PERSONS: Final = f"""
    SELECT '10' AS "IDType", cert_no AS "IDNum", cust_nm AS "B.Name", {_branch("own_br")} AS "B.Cimoc",
        {_own(GENDER, "gender")} AS "D.Sex", {_text("birth")} AS "D.DOB", {_text("mobile")} AS "D.CellPhone",
        {_own(MARRIAGE, "marry")} AS "E.MariStatus", {_text("sp_cert_no")} AS "E.SpoIDNum", {_own(EDUCATION, "edu")} AS "F.EduLevel",
        {_own(WORK, "job_st")} AS "G.EmpStatus", {_own(RESIDENCE, "live_st")} AS "H.ResiStatus", {_text("live_addr")} AS "H.ResiAddr",
        {_text("mail_addr")} AS "I.MailAddr"
    FROM cust_master"""

_RELATIVES: Final = """
    SELECT cert_no AS "IDNum", rel_cert_no AS "FamMemCertNum", CASE rel WHEN 'SP' THEN '1' WHEN 'SON' THEN '2' ELSE '3' END AS ".FamRel",
        CASE valid WHEN 'Y' THEN '1' ELSE '0' END AS ".FamRelaAssFlag"
    FROM cust_family"""

_DOCUMENTS: Final = """
    SELECT cert_no AS "IDNum", from_dt AS ".IDEfctDate", to_dt AS ".IDDueDate", issuer_dist AS ".IDDist" FROM cust_document"""

_PASSPORTS: Final = """
    SELECT cert_no AS "IDNum", pass_no AS "OthIDNum", CASE valid WHEN 'Y' THEN '1' ELSE '0' END AS ".OthAssFlg" FROM cust_passport"""

_PERFORMANCE: Final = """
    WITH standing AS (
        SELECT * FROM loan_state WHERE sts = 'CLS'
        UNION ALL BY NAME
        SELECT s.* FROM loan_stmt s JOIN loan_state d USING (loan_no) WHERE d.sts <> 'CLS'),
    told AS (
        SELECT * FROM CARD_BAL WHERE STATUS = 'C'
        UNION ALL BY NAME
        SELECT s.* FROM CARD_BILL s JOIN CARD_BAL d USING (ACCT_NO) WHERE d.STATUS <> 'C')"""
"""The state that the newest monthly performance must tell: that of the end, else of the latest settlement; an account that has
had none has no row."""

_ACCOUNTS: Final = f"""{_PERFORMANCE}
    SELECT l.loan_no AS "AcctCode", {_own(PRODUCT, "prod")} AS "B.AcctType", c.cust_nm AS "B.Name", c.cert_no AS "B.IDNum",
        {_branch("l.br")} AS "B.MngmtOrgCode", l.open_dt AS "C.OpenDate", {_text("l.due_dt")} AS "C.DueDate",
        {_text("l.loan_amt")} AS "C.LoanAmt",
        CASE l.repay_freq WHEN 'M' THEN '03' WHEN 'ONCE' THEN '07' ELSE '' END AS "C.RepayFreqcy",
        CASE WHEN s.loan_no IS NOT NULL THEN {_coded(_LOAN_STATUS, "s.sts")} END AS "H.AcctStatus", s.bal::VARCHAR AS "H.AcctBal",
        CASE WHEN s.loan_no IS NOT NULL THEN {_own(FIVE_CLASS, "s.cls5")} END AS "H.FiveCate", s.ovd_amt::VARCHAR AS "H.TotOverd",
        CASE WHEN s.loan_no IS NOT NULL THEN {_own(PAYMENT, "s.pay_sts")} END AS "H.RpyStatus",
        CASE WHEN s.sts <> 'CLS' THEN s.paid_amt::VARCHAR END AS "H.ActRpyAmt", s.close_dt AS "H.CloseDate",
        CASE WHEN l.prod = 'CL' THEN d.sts_code END AS "J.AcctStatus", CASE WHEN l.prod = 'CL' THEN d.bal::VARCHAR END AS "J.AcctBal"
    FROM loan_master l JOIN cust_master c USING (cust_no) LEFT JOIN standing s ON s.loan_no = l.loan_no
        JOIN (SELECT *, {_OWN_LOAN_STATUS} AS sts_code FROM loan_state) d ON d.loan_no = l.loan_no
    UNION ALL BY NAME
    SELECT a.ACCT_NO AS "AcctCode", {_own(CARD_TYPE, "ACCT_TYPE")} AS "B.AcctType", a.HOLDER AS "B.Name", a.ID_NO AS "B.IDNum",
        {_branch("a.BRANCH")} AS "B.MngmtOrgCode", {_compact("a.OPEN_DT")} AS "C.OpenDate", {_compact("a.EXPIRE_DT")} AS "C.DueDate",
        {_yuan("a.CRD_LMT")} AS "C.AcctCredLine",
        CASE WHEN s.ACCT_NO IS NOT NULL THEN {_coded(_CARD_STATUS, "s.STATUS")} END AS "H.AcctStatus",
        CASE WHEN s.ACCT_NO IS NOT NULL THEN {_yuan("s.BAL")} END AS "H.AcctBal",
        CASE WHEN s.ACCT_NO IS NOT NULL THEN {_own(CARD_CLASS, "s.CLS")} END AS "H.FiveCate",
        CASE WHEN s.ACCT_NO IS NOT NULL THEN {_own(CARD_PAYMENT, "s.PAY_STS")} END AS "H.RpyStatus"
    FROM CARD_ACCT a LEFT JOIN told s USING (ACCT_NO)"""

_EVENTS: Final = """
    SELECT loan_no AS "AcctCode", '21' AS "OpetnType", evt_mon AS "Month", '1' AS ".Flag" FROM loan_event
    UNION ALL SELECT ACCT_NO, '11', EVT_MON, '1' FROM CARD_EVT"""

_LIMITS: Final = f"""
    SELECT limit_no AS "ContractCode", cert_no AS "B.IDNum", {_branch("br")} AS "B.MngmtOrgCode",
        CASE sts WHEN 'LIVE' THEN '1' ELSE '2' END AS "D.ConStatus", CASE sts WHEN 'LIVE' THEN amt::VARCHAR END AS "D.CreditLim",
        to_dt AS "D.ConExpDate" FROM limit_master
    UNION ALL
    SELECT LMT_NO, ID_NO, {_branch("BRANCH")}, CASE LMT_STS WHEN 'A' THEN '1' ELSE '2' END,
        CASE LMT_STS WHEN 'A' THEN {_yuan("LMT_AMT")} END, {_compact("LMT_TO")} FROM CARD_LMT"""

_GUARANTEES: Final = f"""
    SELECT guar_no AS "AcctCode", cert_no AS "B.IDNum", {_branch("br")} AS "B.MngmtOrgCode", open_dt AS "C.OpenDate",
        due_dt AS "C.DueDate", CASE sts WHEN 'LIVE' THEN '1' ELSE '2' END AS "D.AcctStatus", bal::VARCHAR AS "D.LoanAmt",
        cls5::VARCHAR AS "D.FiveCate", {_text("close_dt")} AS "D.CloseDate" FROM guar_master"""

_COMPANIES: Final = f"""
    SELECT {_own(CERTIFICATE, "证件类型")} AS "EntCertType", 证件号码 AS "EntCertNum", 企业名称 AS "B.EntName",
        {_branch("维护机构")} AS "B.Cimoc", 注册地址 AS "D.RegAdd", {_slashed("成立日期")} AS "D.EstablishDate",
        注册资本::VARCHAR AS "F.RegCap", 联系电话 AS "I.ConPhone", 联系地址 AS "I.ConAdd" FROM 企业客户"""

_IDENTIFIERS: Final = """
    SELECT c.证件号码 AS "EntCertNum", i.其他号码 AS "OthEntCertNum", CASE i.关系 WHEN '有效' THEN '1' ELSE '0' END AS ".CertAssFlg"
    FROM 企业标识 i JOIN 企业客户 c USING (客户号)"""

_RELATIONS: Final = f"""
    SELECT c.证件号码 AS "EntCertNum", r.关联证件号码 AS "AssoEntCertNum", {_own(RELATION, "r.关系类型")} AS ".AssoType",
        CASE r.状态 WHEN '存续' THEN '1' ELSE '0' END AS ".AssoSign"
    FROM 关联企业 r JOIN 企业客户 c USING (客户号)"""

_COMPANY_LOANS: Final = f"""
    SELECT l.借据号 AS "AcctCode", {_own(TYPE, "l.账户种类")} AS "B.AcctType", c.企业名称 AS "B.Name", c.证件号码 AS "B.IDNum",
        {_branch("l.经办机构")} AS "B.MngmtOrgCode", {_slashed("l.开户日")} AS "C.OpenDate", {_text("l.借款金额")} AS "C.LoanAmt",
        {_coded(_CORPORATE_STATUS, "p.状态")} AS "H.AcctStatus", p.余额::VARCHAR AS "H.AcctBal",
        {_own(CORPORATE_CLASS, "p.五级分类")} AS "H.FiveCate", p.逾期总额::VARCHAR AS "H.TotOverd",
        {_slashed("p.关闭日")} AS "H.CloseDate"
    FROM 借据 l JOIN 企业客户 c USING (客户号) JOIN 还款表现 p USING (借据号)"""

_COMPANY_LIMITS: Final = f"""
    SELECT a.协议号 AS "ContractCode", c.证件号码 AS "B.IDNum", {_branch("a.经办机构")} AS "B.MngmtOrgCode",
        CASE a.状态 WHEN '有效' THEN '1' ELSE '2' END AS "D.ConStatus",
        CASE a.状态 WHEN '有效' THEN a.授信额度::VARCHAR END AS "D.CreditLim",
        {_slashed("a.到期日")} AS "D.ConExpDate"
    FROM 授信协议 a JOIN 企业客户 c USING (客户号) WHERE a.状态 = '有效' OR a.到期日 >= {_HISTORY}"""

_COMPANY_GUARANTEES: Final = f"""
    SELECT a.担保号 AS "AcctCode", c.证件号码 AS "B.IDNum", {_branch("a.经办机构")} AS "B.MngmtOrgCode",
        {_slashed("a.开立日")} AS "C.OpenDate", CASE a.状态 WHEN '在保' THEN {_slashed("a.到期日")} END AS "C.DueDate",
        CASE a.状态 WHEN '在保' THEN '1' ELSE '2' END AS "D.AcctStatus", a.在保余额::VARCHAR AS "D.LoanAmt",
        CASE a.五级分类 WHEN '关注' THEN '2' ELSE '1' END AS "D.FiveCate", {_slashed("a.结清日")} AS "D.CloseDate"
    FROM 担保账户 a JOIN 企业客户 c USING (客户号)"""

_CONTRACTS: Final = f"""
    SELECT p.contract_no AS "CcCode", p.cert_no AS "B.CertNum", {_branch("p.br")} AS "B.MngmtOrgCode",
        CASE p.sts WHEN 'LIVE' THEN '1' ELSE '2' END AS "C.CcStatus", p.amt::VARCHAR AS "C.CcAmt",
        CASE WHEN p.sts = 'LIVE' AND a.asset_tp = 'M' THEN a.val::VARCHAR END AS "E.PleInf[0].PleValue",
        CASE WHEN p.sts = 'LIVE' AND a.asset_tp = 'P' THEN a.val::VARCHAR END AS "F.ImpInf[0].ImpVal"
    FROM pledge_contract p JOIN pledge_asset a ON a.contract_no = p.contract_no AND a.seq = 1
    UNION ALL
    SELECT a.合同号, c.证件号码, {_branch("a.经办机构")}, CASE a.状态 WHEN '有效' THEN '1' ELSE '2' END, a.担保金额::VARCHAR,
        CASE WHEN a.状态 = '有效' THEN m.评估价值::VARCHAR END, CASE WHEN a.状态 = '有效' THEN z.价值::VARCHAR END
    FROM 抵质押合同 a JOIN 企业客户 c USING (客户号)
        LEFT JOIN 抵押物 m ON m.合同号 = a.合同号 AND m.序号 = 1 LEFT JOIN 质物 z ON z.合同号 = a.合同号 AND z.序号 = 1
    WHERE a.状态 = '有效' OR a.到期日 >= {_HISTORY}"""


def _statement(sheet: str, old: str, old_figure: str, new_figure: str, tags: tuple[str, str]) -> Expected:
    """Statements of a sheet; `old` is its layout that fills segment C, the others fill D. The figures are columns of the sheet,
    the tags theirs."""
    return Expected(
        ("EntCertNum", "SheetYear", "SheetType"),
        f"""SELECT c.证件号码 AS "EntCertNum", s.年份 AS "SheetYear", CASE s.报表类型 WHEN '年报' THEN '10' ELSE '20' END AS "SheetType",
            {_text("s.事务所")} AS "B.AuditFirmName", CASE s.版式 WHEN '{old}' THEN s.{old_figure} END AS "C.{tags[0]}",
            CASE WHEN s.版式 <> '{old}' THEN s.{new_figure} END AS "D.{tags[1]}"
        FROM {sheet} s JOIN 企业客户 c USING (客户号)""",
    )


_TOTAL: Final = ("TotalAssets", "TotalAssets")
_CHANGE: Final = ("NetIncreaseInCashAndCashEquivalents", "NetIncreaseInCashAndCashEquivalents")
_ACCOUNT: Final = ("AcctCode",)

EXPECTED: Final[Mapping[str, Expected]] = {
    "110": Expected(("IDType", "IDNum"), _PERSONS),
    "120": Expected(("IDNum", "FamMemCertNum"), _RELATIVES),
    "130": Expected(("IDNum",), _DOCUMENTS),
    "140": Expected(("IDNum", "OthIDNum"), _PASSPORTS),
    "210": Expected(_ACCOUNT, _ACCOUNTS),
    "215": Expected(("AcctCode", "OpetnType", "Month"), _EVENTS),
    "220": Expected(("ContractCode",), _LIMITS),
    "230": Expected(_ACCOUNT, _GUARANTEES),
    "310": Expected(("EntCertType", "EntCertNum"), _COMPANIES),
    "340": Expected(("EntCertNum", "OthEntCertNum"), _IDENTIFIERS),
    "350": Expected(("EntCertNum", "AssoEntCertNum"), _RELATIONS),
    "410": Expected(_ACCOUNT, _COMPANY_LOANS),
    "420": Expected(("ContractCode",), _COMPANY_LIMITS),
    "440": Expected(_ACCOUNT, _COMPANY_GUARANTEES),
    "510": Expected(("CcCode",), _CONTRACTS),
    "610": _statement("资产负债表", "2002版", "资产总计", "资产总计", _TOTAL),
    "620": _statement("利润表", "2002版", "利润总额", "净利润", ("TotalProfit", "NetProfit")),
    "630": _statement("现金流量表", "2002版", "现金净增加额", "现金净增加额", _CHANGE),
    "640": _statement("事业资产负债表", "旧版", "资产总计", "资产总计", _TOTAL),
    "650": _statement("事业收支表", "旧版", "财政拨款收入", "本期收入", ("FinancialSubsidyRevenue", "CurrentRevenue")),
}
"""By record type; operations have no state of their own, what they lead to shows here."""

MERGED: Final = "SELECT cert_no FROM cust_merge"
"""Numbers of customers who were merged into another. Relatives and further documents reported of them stay with the centre, which
knows no request that deletes these (see the supplement to the interface); whoever compares leaves them aside."""
