"""Defects in companies (record 310) and corporate accounts (record 410)."""

from __future__ import annotations

from typing import Final

from app.core.text import Text
from app.simulator.bank.defects.kind import Kind, Occasion, Rule

_TODAY: Final = "strftime(today(), '%Y/%m/%d')"
_NEW_COMPANY: Final = f"(is_first() OR k.建档日期 = {_TODAY})"
_NEW_LOAN: Final = f"(is_first() OR m.开户日 = {_TODAY})"


def _company(name: str, zh: str, en: str, where: str, change: str, *findings: Rule) -> Kind:
    return Kind(
        name,
        Text(zh, en),
        "310",
        "first report",
        f"SELECT k.客户号 AS key, k.证件号码 AS record_key FROM 企业客户 k WHERE {_NEW_COMPANY} AND {where}",
        (change,),
        findings,
    )


def _account(
    name: str,
    zh: str,
    en: str,
    where: str,
    change: str,
    *findings: Rule,
    occasion: Occasion = "first report",
    centre_only: bool = False,
) -> Kind:
    due = _NEW_LOAN if occasion == "first report" else "NOT is_first()"
    return Kind(
        name,
        Text(zh, en),
        "410",
        occasion,
        f"""SELECT m.借据号 AS key, m.借据号 AS record_key FROM 借据 m JOIN 还款表现 s USING (借据号)
            WHERE {due} AND {where}""",
        (change,),
        findings,
        centre_only,
    )


def _loan(change: str) -> str:
    return f"UPDATE 借据 SET {change} WHERE 借据号 = $key"


def _state(change: str) -> str:
    return f"UPDATE 还款表现 SET {change} WHERE 借据号 = $key"


_MEMBER: Final = "UPDATE 企业成员 SET {change} WHERE 客户号 = $key AND 职务 = '{position}'"

CORPORATE_KINDS: Final = (
    _company(
        "head_missing", "缺少法定代表人", "No legal representative", "TRUE",
        "DELETE FROM 企业成员 WHERE 客户号 = $key AND 职务 = '法定代表人'", Rule("C310-I3100E02", "CBE001"),
    ),
    _company(
        "chairs_identical", "董事长与监事长同一人", "One person chairs board and supervisors", "TRUE",
        """UPDATE 企业成员 SET 姓名 = c.姓名, 证件号码 = c.证件号码 FROM 企业成员 c WHERE c.客户号 = 企业成员.客户号
            AND c.职务 = '董事长' AND 企业成员.职务 = '监事长' AND 企业成员.客户号 = $key""",
        Rule("C310-I3100E03", "CBE002"),
    ),
    _company(
        "two_chairs", "两名董事长", "Two chairs of the board", "TRUE",
        _MEMBER.format(change="职务 = '董事长'", position="总经理"), Rule("C310-I3100E01", "CBE000"),
    ),
    _company(
        "share_zero", "出资比例为零", "A shareholder without a share", "TRUE",
        "UPDATE 企业股东 SET 出资比例 = '0.00' WHERE 客户号 = $key AND 序号 = 1", Rule("C310-I3100F02", "CBE004"),
    ),
    _company(
        "holder_code_mistyped", "股东信用代码校验位错误", "A mistyped credit code of a shareholder", "TRUE",
        """UPDATE 企业股东 SET 证件号码 = left(证件号码, 17) || CASE right(证件号码, 1) WHEN '5' THEN '6' ELSE '5' END
            WHERE 客户号 = $key AND 序号 = 2""",
        Rule("CALL-I0000401", "ABE004"),
    ),
    _company(
        "address_missing", "境内企业无登记地址", "A domestic company without an address", "TRUE",
        "UPDATE 企业客户 SET 注册地址 = NULL WHERE 客户号 = $key", Rule("C310-I3100D01", "CBE013"),
    ),
    _company(
        "founded_after_update", "成立日期晚于信息更新日期", "Founded after the last update",
        "k.概况更新日 < strftime(today() - 2, '%Y/%m/%d')",
        """UPDATE 企业客户 SET 成立日期 = strftime(strptime(概况更新日, '%Y/%m/%d') + INTERVAL 1 DAY, '%Y/%m/%d')
            WHERE 客户号 = $key""",
        Rule("C310-I3100D02", "CBE011"),
    ),
    _company(
        "economy_unknown", "经济类型代码未映射", "An unmapped type of economy", "TRUE",
        "UPDATE 企业客户 SET 经济类型 = '合伙' WHERE 客户号 = $key", Rule("CALL-I0000201", "ABE001"),
    ),
    _company(
        "scale_missing", "企业规模缺失", "The size of the company is missing", "TRUE",
        "UPDATE 企业客户 SET 规模 = NULL WHERE 客户号 = $key", Rule("CALL-I0000101", "ABE000"),
    ),
    _account(
        "company_guarantees_itself", "保证人即借款企业", "The borrower guarantees the own loan",
        "m.借据号 IN (SELECT 借据号 FROM 担保人)",
        """UPDATE 担保人 SET 名称 = c.企业名称, 身份类别 = '机构', 证件类型 = c.证件类型, 证件号码 = c.证件号码
            FROM 借据 m JOIN 企业客户 c USING (客户号) WHERE m.借据号 = 担保人.借据号 AND 担保人.借据号 = $key""",
        Rule("C410-I4100A07", "CLE030"),
    ),
    _account(
        "corporate_guarantor_missing", "保证贷款无保证人", "A guaranteed loan without a guarantor",
        "m.担保方式 = '保证'",
        "DELETE FROM 担保人 WHERE 借据号 = $key", Rule("C410-R4100117", "CLR016"),
    ),
    _account(
        "pledge_missing", "抵押贷款无押品合同", "A mortgage loan without its contract",
        "m.担保方式 IN ('抵押', '质押')",
        "DELETE FROM 押品合同 WHERE 借据号 = $key", Rule("C410-R4100118", "CLR017"),
    ),
    _account(
        "loan_card_unknown", "责任人中征码在中心不存在", "A loan card code that the centre does not know",
        "m.借据号 IN (SELECT 借据号 FROM 担保人 WHERE 身份类别 = '机构')",
        """UPDATE 担保人 SET 证件类型 = '中征码', 证件号码 = loan_card_code(right(借据号, 9)::BIGINT)
            WHERE 借据号 = $key""",
        Rule("CALL-I0001402", "ABE005"), centre_only=True,
    ),
    _account(
        "overdue_without_days", "逾期无天数", "Overdue without days", "s.逾期总额 = 0 AND s.状态 = '正常'",
        _state("逾期总额 = 500"), Rule("C410-I4100H08", "CLE018"),
    ),
    _account(
        "corporate_principal_above_total", "逾期本金大于逾期总额", "More overdue principal than overdue in all",
        "s.逾期总额 = 0 AND s.状态 = '正常'", _state("逾期本金 = 100"), Rule("C410-I4100H06", "CLE016"),
    ),
    _account(
        "principal_above_payment", "归还本金大于还款额", "More principal repaid than paid", "s.状态 = '正常'",
        _state("最近还本额 = 最近还款额 + 100"), Rule("C410-I4100H07", "CLE017"),
    ),
    _account(
        "corporate_bad_debt_without_arrears", "呆账无逾期金额", "A bad debt without arrears",
        "s.逾期总额 = 0 AND s.状态 = '正常'", _state("状态 = '待核销'"), Rule("C410-I4100H04", "CLE014"),
    ),
    _account(
        "next_payment_past", "下次约定还款日已过", "The next agreed payment has passed",
        """is_first() AND s.下次约定日 IS NOT NULL AND greatest(m.开户日, s.余额变动日, s.最近还款日, s.最近约定日,
            s.分类日)
            < strftime(today() - 1, '%Y/%m/%d')""",
        _state("下次约定日 = strftime(today() - 1, '%Y/%m/%d')"), Rule("C410-I4100H12", "CLE031"),
    ),
    _account(
        "corporate_due_before_open", "到期日早于开户日", "Due before it was opened", "m.到期日 IS NOT NULL",
        _loan("到期日 = strftime(strptime(开户日, '%Y/%m/%d') - INTERVAL 1 DAY, '%Y/%m/%d')"),
        Rule("C410-I4100C02", "CLE001"), Rule("C410-I4100A01", "CLE024"),
    ),
    _account(
        "frequency_on_bullet", "一次性还本付息却按月还款", "Monthly payments on a loan repaid at once",
        "m.还款方式 = '到期一次还本付息'", _loan("还款频率 = '月'"), Rule("C410-I4100C04", "CLE003"),
    ),
    _account(
        "corporate_frequency_unknown", "还款频率代码未映射", "An unmapped repayment frequency", "m.还款频率 = '月'",
        _loan("还款频率 = '旬'"), Rule("CALL-I0000201", "ABE001"),
    ),
    _account(
        "corporate_currency_missing", "币种缺失", "The currency is missing", "TRUE", _loan("币种 = NULL"),
        Rule("CALL-I0000101", "ABE000"),
    ),
    _account(
        "balance_rising", "非循环账户余额上升", "The balance of a non-revolving account rises",
        """s.状态 = '正常' AND m.账户种类 <> '循环贷款' AND coalesce(m.分次放款, '0') <> '2'
            AND m.开户日 < strftime(first_day(), '%Y/%m/%d')""",
        _state("余额 = 100000 + (SELECT 借款金额 FROM 借据 m WHERE m.借据号 = 还款表现.借据号)"),
        Rule("C410-R4101211", "CLR029"), occasion="later report",
    ),
    _account(
        "corporate_classification_backwards", "五级分类认定日期倒退", "The classification date runs backwards",
        f"""s.状态 = '正常' AND m.账户种类 IN ('非循环贷款', '贴现', '额度项下贷款') AND s.最近约定日 = {_TODAY}
            AND s.展期日 IS NULL AND m.开户日 < strftime(first_day(), '%Y/%m/%d')""",
        """UPDATE 还款表现 SET 分类日 = strftime(strptime(m.开户日, '%Y/%m/%d') - INTERVAL 5 DAY, '%Y/%m/%d')
            FROM 借据 m WHERE m.借据号 = 还款表现.借据号 AND 还款表现.借据号 = $key""",
        Rule("C410-R4101206", "CLR024"), occasion="later report",
    ),
    _account(
        "corporate_closed_with_balance", "结清账户仍有余额", "Closed with a balance",
        f"s.状态 = '关闭' AND s.关闭日 = {_TODAY}",
        _state("余额 = 500"), Rule("C410-I4100H02", "CLE012"), occasion="closing",
    ),
)  # fmt: skip
