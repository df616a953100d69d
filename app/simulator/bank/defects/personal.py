"""Defects in personal customers (record 110) and personal accounts (record 210)."""

from __future__ import annotations

from typing import Final

from app.core.text import Text
from app.simulator.bank.defects.kind import Kind, Rule

_NEW_PERSON: Final = "(is_first() OR since_dt = strftime(today(), '%Y-%m-%d'))"
_NEW_LOAN: Final = "(is_first() OR m.open_dt = strftime(today(), '%Y-%m-%d'))"
_NEW_CARD: Final = "(is_first() OR OPEN_DT = strftime(today(), '%Y%m%d'))"
_OLD_DAY: Final = "strftime(first_day() - 35, '%Y-%m-%d')"


def _person(name: str, zh: str, en: str, where: str, change: str, *findings: Rule, number: str = "cert_no") -> Kind:
    return Kind(
        name,
        Text(zh, en),
        "110",
        "first report",
        f"SELECT cust_no AS key, {number} AS record_key FROM cust_master WHERE {_NEW_PERSON} AND {where}",
        (f"UPDATE cust_master SET {change} WHERE cust_no = $key",),
        findings,
    )


def _loan(name: str, zh: str, en: str, where: str, change: str, *findings: Rule) -> Kind:
    return Kind(
        name,
        Text(zh, en),
        "210",
        "first report",
        f"SELECT m.loan_no AS key, m.loan_no AS record_key FROM loan_master m WHERE {_NEW_LOAN} AND {where}",
        (change,),
        findings,
    )


def _settled(name: str, zh: str, en: str, where: str, change: str, *findings: Rule, later: bool = False) -> Kind:
    occasion = "NOT is_first() AND" if later else ""
    return Kind(
        name,
        Text(zh, en),
        "210",
        "later report" if later else "settlement",
        f"""SELECT s.loan_no AS key, s.loan_no AS record_key FROM loan_stmt s JOIN loan_master m USING (loan_no)
            JOIN loan_state d USING (loan_no)
            WHERE {occasion} (is_first() OR s.stmt_dt = strftime(today(), '%Y-%m-%d')) AND d.sts <> 'CLS'
            AND m.open_dt < {_OLD_DAY} AND {where}""",
        (change,),
        findings,
    )


def _card(name: str, zh: str, en: str, where: str, change: str, *findings: Rule) -> Kind:
    return Kind(
        name,
        Text(zh, en),
        "210",
        "first report",
        f"SELECT ACCT_NO AS key, ACCT_NO AS record_key FROM CARD_ACCT WHERE {_NEW_CARD} AND {where}",
        (f"UPDATE CARD_ACCT SET {change} WHERE ACCT_NO = $key",),
        findings,
    )


def _billed(name: str, zh: str, en: str, where: str, change: str, *findings: Rule) -> Kind:
    return Kind(
        name,
        Text(zh, en),
        "210",
        "settlement",
        f"""SELECT ACCT_NO AS key, ACCT_NO AS record_key FROM CARD_BILL s JOIN CARD_ACCT a USING (ACCT_NO)
            JOIN CARD_BAL d USING (ACCT_NO) WHERE (is_first() OR s.AS_OF = strftime(today(), '%Y%m%d'))
            AND d.STATUS <> 'C' AND {where}""",
        (f"UPDATE CARD_BILL SET {change} WHERE ACCT_NO = $key",),
        findings,
    )


def _wrong_check(column: str) -> str:
    """SQL of an identity number whose last character has been mistaken."""
    return f"left({column}, 17) || CASE right({column}, 1) WHEN '5' THEN '6' ELSE '5' END"


PERSONAL_KINDS: Final = (
    _person("sex_missing", "性别缺失", "The sex is missing", "TRUE", "gender = NULL", Rule("P000-020", "ABE000")),
    _person(
        "marriage_code_unknown", "婚姻状况代码未映射", "An unmapped code of marital status", "marry = 'S'",
        "marry = 'XX'", Rule("P000-021", "ABE001"),
    ),
    _person(
        "spouse_identical", "配偶证件与本人相同", "The spouse has the customer's own number", "sp_cert_no IS NOT NULL",
        "sp_cert_no = cert_no", Rule("P110-014", "BBD003"),
    ),
    _person(
        "spouse_number_missing", "配偶有证件类型无号码", "The spouse has a document type and no number",
        "sp_cert_no IS NOT NULL", "sp_cert_no = NULL", Rule("P110-010", "BBE002"),
    ),
    _person(
        "degree_contradicts", "大专学历却登记硕士学位", "A master's degree with junior college", "edu = 'JC'",
        "degree = 'M'",
        Rule("P110-011", "BBE004"),
    ),
    _person(
        "soldier_in_company", "私营单位员工登记为军人", "A soldier employed by a private firm", "emp_kind = 'PRV'",
        "occ = 'SOLD'", Rule("P110-012", "BBE005"),
    ),
    _person(
        "born_after_update", "出生日期晚于信息更新日期", "Born after the last update",
        "prof_chg_dt < strftime(today() - 1, '%Y-%m-%d')",
        "birth = strftime(prof_chg_dt::DATE + 1, '%Y-%m-%d')", Rule("P110-009", "BBE001"),
    ),
    _person(
        "residence_updated_tomorrow", "居住信息更新日期在将来", "The residence was updated in the future", "TRUE",
        "live_chg_dt = strftime(today() + 5, '%Y-%m-%d')", Rule("P110-001", "ABE007"),
    ),
    _person(
        "person_number_mistyped", "身份证校验位错误", "A mistyped identity number", "cust_cls = 'C'",
        f"cert_no = {_wrong_check('cert_no')}", Rule("P000-024", "ABE004"), number=_wrong_check("cert_no"),
    ),
    _person(
        "mobile_too_short", "手机号位数不足", "A mobile number that is too short", "mobile IS NOT NULL",
        "mobile = '12345'", Rule("P000-021", "ABE001"),
    ),
    _person(
        "branch_unknown", "维护机构未登记", "A branch that nobody knows", "TRUE", "own_br = '099'",
        Rule("P000-021", "ABE001"), Rule("P000-023", "ABE003"),
    ),
    _person(
        "mail_postcode_missing", "通讯邮编缺失", "The postcode of the mailing address is missing", "TRUE",
        "mail_zip = NULL", Rule("P000-020", "ABE000"),
    ),
    _loan(
        "loan_due_before_open", "到期日早于开户日", "Due before it was opened", "m.prod = 'PL'",
        "UPDATE loan_master SET due_dt = strftime(open_dt::DATE - 1, '%Y-%m-%d') WHERE loan_no = $key",
        Rule("P210-034", "BLE009"),
    ),
    _loan(
        "borrower_guarantees", "保证人即借款人", "The borrower guarantees the own loan",
        "m.loan_no IN (SELECT loan_no FROM guarantor WHERE party = 'P')",
        """UPDATE guarantor SET nm = c.cust_nm, cert_no = c.cert_no FROM loan_master m
            JOIN cust_master c USING (cust_no) WHERE m.loan_no = guarantor.loan_no AND guarantor.loan_no = $key""",
        Rule("P210-071", "BLE041"),
    ),
    _loan(
        "guarantor_missing", "保证贷款无保证人", "A guaranteed loan without a guarantor", "m.guar IN ('GUA', 'MIX')",
        "DELETE FROM guarantor WHERE loan_no = $key", Rule("P210-015", "BLR014"),
    ),
    _loan(
        "guaranteed_amount_missing", "保证金额缺失", "The guaranteed amount is missing",
        "m.loan_no IN (SELECT loan_no FROM guarantor WHERE role = 'GU')",
        "UPDATE guarantor SET amt = NULL WHERE loan_no = $key", Rule("P210-036", "BLE003"),
    ),
    _loan(
        "guarantor_number_mistyped", "保证人证件校验位错误", "A mistyped number of the guarantor",
        "m.loan_no IN (SELECT loan_no FROM guarantor WHERE party = 'P')",
        f"UPDATE guarantor SET cert_no = {_wrong_check('cert_no')} WHERE loan_no = $key", Rule("P000-024", "ABE004"),
    ),
    _loan(
        "currency_missing", "币种缺失", "The currency is missing", "TRUE",
        "UPDATE loan_master SET ccy = NULL WHERE loan_no = $key", Rule("P000-020", "ABE000"),
    ),
    _loan(
        "frequency_unknown", "还款频率代码未映射", "An unmapped repayment frequency", "m.prod IN ('PL', 'SB')",
        "UPDATE loan_master SET repay_freq = 'FN' WHERE loan_no = $key", Rule("P000-021", "ABE001"),
    ),
    _loan(
        "terms_on_bullet", "一次性还本付息却有期数", "Instalments on a loan repaid at once", "m.repay_mode = 'END'",
        "UPDATE loan_master SET terms = 12 WHERE loan_no = $key", Rule("P210-033", "BLE038"),
    ),
    _loan(
        "manager_unknown", "经办机构未登记", "A managing institution that nobody knows", "TRUE",
        "UPDATE loan_master SET br = '099' WHERE loan_no = $key",
        Rule("P000-021", "ABE001"), Rule("P000-023", "ABE003"),
    ),
    _loan(
        "collection_as_lending", "催收账户登记为贷款业务", "A collection account booked as lending", "m.prod = 'CL'",
        "UPDATE loan_master SET biz = 'LN' WHERE loan_no = $key",
        Rule("P210-032", "BLE036"), Rule("P210-063", "BLE035"),
    ),
    _settled(
        "overdue_without_amount", "逾期无金额", "Overdue without an amount", "s.pay_sts = 'OK' AND s.sts = 'NORM'",
        "UPDATE loan_stmt SET pay_sts = 'D2' WHERE loan_no = $key", Rule("P210-045", "BLE019"),
    ),
    _settled(
        "overdue_principal_above_total", "逾期本金大于逾期总额", "More overdue principal than overdue in all",
        "s.sts = 'NORM'", "UPDATE loan_stmt SET ovd_prin = ovd_amt + 100 WHERE loan_no = $key",
        Rule("P210-046", "BLE020"),
    ),
    _settled(
        "normal_with_arrears", "正常还款却有逾期", "Arrears although paid as agreed",
        "s.pay_sts = 'OK' AND s.sts = 'NORM'",
        "UPDATE loan_stmt SET ovd_terms = 1, ovd_amt = 800 WHERE loan_no = $key", Rule("P210-044", "BLE017"),
    ),
    _settled(
        "bad_debt_without_arrears", "呆账无逾期金额", "A bad debt without arrears", "s.sts = 'NORM'",
        "UPDATE loan_stmt SET sts = 'BAD' WHERE loan_no = $key", Rule("P210-041", "BLE013"),
    ),
    _settled(
        "repaid_in_future", "最近还款日期在将来", "Last repaid in the future", "s.sts = 'NORM'",
        "UPDATE loan_stmt SET last_pay_dt = strftime(stmt_dt::DATE + 3, '%Y-%m-%d') WHERE loan_no = $key",
        Rule("P210-001", "ABE007"),
    ),
    _settled(
        "classified_before_open", "分类日期早于开户日期", "Classified before it was opened", "is_first()",
        """UPDATE loan_stmt SET cls5_dt = strftime(m.open_dt::DATE - 10, '%Y-%m-%d') FROM loan_master m
            WHERE m.loan_no = loan_stmt.loan_no AND loan_stmt.loan_no = $key""",
        Rule("P210-065", "BLE005"),
    ),
    _settled(
        "classification_backwards", "五级分类认定日期倒退", "The classification date runs backwards", "TRUE",
        """UPDATE loan_stmt SET cls5_dt = strftime(m.open_dt::DATE - 5, '%Y-%m-%d') FROM loan_master m
            WHERE m.loan_no = loan_stmt.loan_no AND loan_stmt.loan_no = $key""",
        Rule("P210-022", "BLR022"), later=True,
    ),
    _settled(
        "account_type_changed", "账户类型改变", "The account type has changed", "m.prod = 'PL' AND m.draw_flag = '1'",
        "UPDATE loan_master SET prod = 'SB' WHERE loan_no = $key", Rule("P210-019", "BLR019"), later=True,
    ),
    Kind(
        "closed_with_balance",
        Text("结清账户仍有余额", "Closed with a balance"),
        "210",
        "closing",
        """SELECT loan_no AS key, loan_no AS record_key FROM loan_state JOIN loan_master m USING (loan_no)
            WHERE NOT is_first() AND sts = 'CLS' AND close_dt = strftime(today(), '%Y-%m-%d')""",
        (
            "UPDATE loan_state SET bal = 500 WHERE loan_no = $key",
            "UPDATE loan_stmt SET bal = 500 WHERE loan_no = $key AND sts = 'CLS'",
        ),
        (Rule("P210-047", "BLE026"),),
    ),
    _card(
        "card_number_mistyped", "持卡人证件校验位错误", "A mistyped number of the card holder", "TRUE",
        f"ID_NO = {_wrong_check('ID_NO')}", Rule("P000-024", "ABE004"),
    ),
    _card("card_tail_wrong", "卡片标识号格式错误", "A card mark of a wrong form", "TRUE", "CARD_TAIL = 'AB12'",
    Rule("P210-031", "BLE031")),
    _card(
        "instalment_reversed", "大额分期起止日期颠倒", "A special instalment that ends before it starts",
        "INST_FROM IS NOT NULL",
        "INST_TO = strftime(strptime(INST_FROM, '%Y%m%d') - INTERVAL 1 DAY, '%Y%m%d')",
        Rule("P210-052", "BLE007"), Rule("P210-065", "BLE005"),
    ),
    _billed(
        "percent_without_use", "未用卡却有还款百分比", "A repayment percentage without use",
        "s.PAY_STS = '-' AND a.ACCT_TYPE = 'CC'", "PAY_PCT = 50", Rule("P210-039", "BLE002"),
    ),
    _billed(
        "asleep_with_balance", "未激活卡有余额", "A balance on a card not activated",
        "s.STATUS = '9' AND a.ACCT_TYPE = 'CC'",
        "BAL = 100000", Rule("P210-042", "BLE014"),
    ),
    _billed(
        "quasi_card_contradiction", "准贷记卡未用却有余额", "A balance on an unused quasi-credit card",
        "s.PAY_STS = '-' AND s.STATUS = '0' AND a.ACCT_TYPE = 'QC'", "BAL = 300000", Rule("P210-060", "BLE023"),
    ),
)  # fmt: skip
